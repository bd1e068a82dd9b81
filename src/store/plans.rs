//! Tests of the plan of every statement about records and the change log, by kind of field: no table is walked where an index serves, nothing is sorted
//! that lies in order. Comparisons and sorts of single kinds are in `indexes`.

#[cfg(test)]
mod tests {
    use crate::model::expr::{Op, Operator};
    use crate::model::field::{Field, Kind};
    use crate::model::formula::{Computation, Formula};
    use crate::model::plan::{Cell, Column, Cond};
    use crate::model::record::RecordId;
    use crate::model::schema::Schema;
    use crate::store::engine::ReadTx;
    use crate::store::indexes::tests::{KINDS, cell, plan, steps, store};
    use crate::store::stage::{Stage, Staging};
    use crate::store::tables::changes;
    use crate::store::{link_rows, merge, records, sql};
    use rusqlite::Connection;
    use rusqlite::trace::{TraceEvent, TraceEventCodes};
    use std::cell::RefCell;
    use std::sync::Arc;

    thread_local! {
        static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// Every statement that `work` has run on a connection, with its plan.
    fn plans_of(conn: &Connection, work: impl FnOnce()) -> Vec<(String, String)> {
        let note = |event: TraceEvent<'_>| {
            if let TraceEvent::Stmt(_, sql) = event {
                SAID.with_borrow_mut(|said| said.push(sql.to_owned()));
            }
        };
        conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
        work();
        conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, None);
        let said = SAID.take();
        let plan = |sql: &String| {
            let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = rusqlite::params_from_iter(vec![rusqlite::types::Null; explain.parameter_count()]);
            let rows = explain.query_map(values, |row| row.get::<_, String>(3)).unwrap();
            rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
        };
        // Pieces of a statement that SQLite runs within itself begin with `--`; what defines has no plan.
        let asks = |sql: &&String| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|word| sql.trim_start().starts_with(word));
        said.iter().filter(asks).map(|sql| (sql.clone(), plan(sql))).collect()
    }

    fn walks(plan: &str, table: &str) -> bool {
        plan.split("; ").any(|step| step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} ")))
    }

    fn column(kind: Kind) -> Column {
        Column::Field { slug: kind.name().to_owned(), kind }
    }

    fn compare(kind: Kind, op: Op) -> Cond {
        let cell = if kind == Kind::Links { Cell::Integer(1) } else { cell(kind) };
        Cond::Compare { column: column(kind), op, cell }
    }

    fn of_kind(schema: &Schema, kind: Kind) -> Field {
        schema.field(kind.name()).unwrap().clone()
    }

    #[test]
    fn a_total_is_counted_with_the_index_of_every_kind() {
        let (_folder, store, schema) = store();
        for kind in KINDS {
            let one_of = Cond::Any(vec![compare(kind, Op::Eq), compare(kind, Op::Eq)]);
            let compared = [Op::Eq, Op::Gt, Op::Gte, Op::Lt, Op::Lte].map(|op| compare(kind, op));
            let blank = Cond::Blank { column: column(kind) };
            for filter in compared.into_iter().chain([one_of, blank]) {
                let plan = steps(&store, &sql::count(&plan(&schema, filter.clone(), Column::Id, false)));
                assert!(plan.contains("SEARCH") && plan.contains("INDEX i1.") && !walks(&plan, "r1"), "{kind:?} {filter:?}: {plan}");
            }
        }
    }

    #[test]
    fn what_no_index_helps_is_walked_in_the_order_of_ids_and_never_sorted() {
        let (_folder, store, schema) = store();
        for kind in KINDS.into_iter().chain([Kind::Set, Kind::Links]) {
            let mut filters = vec![compare(kind, Op::Ne), Cond::Present { column: column(kind) }];
            if !kind.is_set() {
                filters.push(compare(kind, Op::Contains));
            }
            for filter in filters {
                let plan = steps(&store, &sql::select(&plan(&schema, filter.clone(), Column::Id, true)));
                assert!(walks(&plan, "r1") && !plan.contains("TEMP B-TREE"), "{kind:?} {filter:?}: {plan}");
            }
        }
    }

    #[test]
    fn several_values_are_found_in_the_index_and_only_their_ids_are_sorted() {
        let (_folder, store, schema) = store();
        for kind in KINDS {
            for filter in [Cond::Any(vec![compare(kind, Op::Eq), compare(kind, Op::Eq)]), Cond::Blank { column: column(kind) }] {
                let plan = steps(&store, &sql::select(&plan(&schema, filter, Column::Id, false)));
                let (outer, inner) = plan.split_once("; LIST SUBQUERY").unwrap();
                assert_eq!(outer, "SEARCH r1 USING INTEGER PRIMARY KEY (rowid=?)", "{kind:?}: {plan}");
                assert!(inner.contains("INDEX i1.") && !walks(inner, "r1"), "{kind:?}: {plan}");
            }
        }
    }

    #[test]
    fn a_sort_that_no_index_gives_holds_ids_and_no_rows() {
        let (_folder, store, schema) = store();
        let by_stamp = steps(&store, &sql::select(&plan(&schema, Cond::True, Column::CreatedAt, true)));
        let (outer, inner) = by_stamp.split_once("; LIST SUBQUERY").unwrap();
        assert_eq!(outer, "SEARCH r1 USING INTEGER PRIMARY KEY (rowid=?)");
        assert!(inner.contains("SCAN r1; USE TEMP B-TREE FOR ORDER BY"), "{inner}");
        // A filter with an index and a sort with another: whichever SQLite takes, it sorts no rows.
        let filter = compare(Kind::Date, Op::Gt);
        let both = steps(&store, &sql::select(&plan(&schema, filter, column(Kind::Integer), false)));
        assert!(both.starts_with("SEARCH r1 USING INTEGER PRIMARY KEY (rowid=?); LIST SUBQUERY"), "{both}");
    }

    #[test]
    fn what_is_computed_is_worked_out_for_ids_and_then_for_one_page() {
        let (_folder, store, schema) = store();
        let of = Formula::Lookup {
            reference: "reference".to_owned(),
            schema: schema.id,
            of: Box::new(Formula::Field { slug: "integer".to_owned() }),
        };
        let computation = Computation {
            schema: schema.id,
            formula: of,
            kind: Kind::Integer,
            scale: 0,
            reads_others: true,
            parts: 1,
            chars_max: 0,
            through: Vec::new(),
        };
        let column = Column::Computed { slug: "computed".to_owned(), computation: Arc::new(computation) };
        let filter = Cond::Compare { column: column.clone(), op: Op::Gt, cell: Cell::Integer(1) };
        for filter in [Cond::True, filter] {
            let plan = steps(&store, &sql::select(&plan(&schema, filter, column.clone(), true)));
            let (outer, inner) = plan.split_once("; LIST SUBQUERY").unwrap();
            assert_eq!(outer, "SEARCH r1 USING INTEGER PRIMARY KEY (rowid=?)", "{plan}");
            // The record that is pointed to is looked up.
            assert!(inner.contains("SEARCH t1 USING INTEGER PRIMARY KEY") && !walks(inner, "t1"), "{inner}");
        }
    }

    #[test]
    fn what_references_lead_to_is_found_first_and_then_who_refers_to_it() {
        let (_folder, store, schema) = store();
        let lookup = |of: Formula| Formula::Lookup { reference: "reference".to_owned(), schema: schema.id, of: Box::new(of) };
        let field = || Formula::Field { slug: "integer".to_owned() };
        for path in [lookup(field()), lookup(lookup(field()))] {
            let rule = |operator, path: &Formula, other| Cond::Rule {
                rule: Arc::new(Computation {
                    schema: schema.id,
                    formula: Formula::Binary(operator, Box::new(path.clone()), Box::new(other)),
                    kind: Kind::Boolean,
                    scale: 0,
                    reads_others: true,
                    parts: 1,
                    chars_max: 0,
                    through: Vec::new(),
                }),
                me: None,
            };
            let seven = || Formula::Number("7".to_owned());
            let equal = rule(Operator::Eq, &path, seven());
            for statement in [sql::count, sql::select] {
                let plan = steps(&store, &statement(&plan(&schema, equal.clone(), Column::Id, false)));
                assert!(plan.contains("SEARCH r1 USING COVERING INDEX i1.reference"), "{plan}");
                assert!(!plan.contains("CORRELATED") && !walks(&plan, "r1"), "{plan}");
            }
            // Rows that come in their order are looked at until there are enough; what holds for a missing value is not looked for.
            let by_date = steps(&store, &sql::select(&plan(&schema, equal, column(Kind::Date), false)));
            assert!(by_date.contains("USING INDEX i1.date") && by_date.contains("CORRELATED"), "{by_date}");
            for missing in [rule(Operator::Ne, &path, seven()), rule(Operator::Eq, &path, Formula::Null)] {
                let plan = steps(&store, &sql::count(&plan(&schema, missing, Column::Id, false)));
                assert!(plan.contains("CORRELATED"), "{plan}");
            }
        }
    }

    #[test]
    fn what_a_set_holds_is_found_by_the_key_of_its_link_table() {
        let (_folder, store, schema) = store();
        for kind in [Kind::Set, Kind::Links] {
            for statement in [sql::count, sql::select] {
                let plan = steps(&store, &statement(&plan(&schema, compare(kind, Op::Eq), Column::Id, true)));
                assert!(
                    plan.contains("SEARCH r1 USING INTEGER PRIMARY KEY") && plan.contains("SEARCH l1 USING PRIMARY KEY"),
                    "{kind:?}: {plan}"
                );
                assert!(!plan.contains("TEMP B-TREE"), "{kind:?}: {plan}");
            }
        }
    }

    #[test]
    fn one_record_its_rivals_and_those_that_refer_to_it_are_looked_up() {
        let (_folder, store, schema) = store();
        let plans = store.read(|tx| {
            Ok(plans_of(tx.conn(), || {
                records::find(tx, &schema, &Cond::True, RecordId(1)).unwrap();
                records::exists(tx, &schema, RecordId(1)).unwrap();
                records::counter(tx, &schema).unwrap();
                for kind in KINDS {
                    records::holder_of(tx, &schema, &[(column(kind), cell(kind))], Some(RecordId(1))).unwrap();
                    records::first_blank(tx, &schema, &of_kind(&schema, kind)).unwrap();
                }
                for kind in [Kind::Reference, Kind::Links] {
                    records::referring(tx, &schema, &of_kind(&schema, kind), RecordId(1), 10).unwrap();
                }
            }))
        });
        let plans = plans.unwrap();
        assert_eq!(plans.len(), 3 + 2 * KINDS.len() + 2);
        for (sql, plan) in plans {
            // The first record without a value is the first that is met in the order of ids, or the first of an index.
            let may_walk = sql.contains("ORDER BY id LIMIT 1") && !sql.contains("LIMIT 10");
            assert!(may_walk || plan.starts_with("SEARCH ") && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
        }
    }

    #[test]
    fn the_change_log_is_read_from_a_number_on_and_cut_at_its_end() {
        let (_folder, store, schema) = store();
        let app = schema.app;
        let read = store.read(|tx| {
            Ok(plans_of(tx.conn(), || {
                changes::bounds(tx).unwrap();
                changes::since_restore(tx).unwrap();
                changes::after(tx, app, 0, 10, 1_000).unwrap();
                changes::schemas_since(tx, 0).unwrap();
            }))
        });
        let cut = store.write(|tx| {
            let conn = tx_conn(tx);
            Ok(plans_of(conn, || assert_eq!(changes::prune(tx, "2025", 1_000, 10), Ok(0))))
        });
        let plans: Vec<(String, String)> = read.unwrap().into_iter().chain(cut.unwrap()).collect();
        assert!(plans.len() >= 8, "{plans:?}");
        for (sql, plan) in plans {
            // The newest thousand are looked at from the end.
            let is_estimate = sql.contains("avg(");
            assert!(is_estimate || !walks(&plan, "change"), "{sql}: {plan}");
            assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{sql}: {plan}");
        }
    }

    /// A connection that outlives the borrow of its transaction.
    fn tx_conn<'c>(tx: &ReadTx<'c>) -> &'c Connection {
        tx.conn()
    }

    fn staged(key: Kind) -> Stage {
        let staging = Staging::create(std::path::Path::new("plans.db")).unwrap();
        staging.add(1, None, Some("{}"), Some("{}"), Some(&cell(key))).unwrap();
        staging.finish().unwrap()
    }

    #[test]
    fn a_stage_meets_a_table_by_its_indexes_only() {
        let (_folder, store, schema) = store();
        for key in KINDS {
            let looked = store.read_staged(&staged(key), |tx| Ok(plans_of(tx.conn(), || look(tx, &schema, key))));
            let inside = schema.clone();
            let written = store.write_staged(&staged(key), move |tx| {
                let conn = tx_conn(tx);
                Ok(plans_of(conn, || {
                    records::insert_staged(tx, &inside, None).unwrap();
                    merge::apply(tx, &inside, &[vec![key.name().to_owned()]], None).unwrap();
                    link_rows::write_from(tx, &inside, RecordId(5)).unwrap();
                }))
            });
            let plans: Vec<(String, String)> = looked.unwrap().into_iter().chain(written.unwrap()).collect();
            assert!(plans.len() > 12, "{plans:?}");
            for (sql, plan) in plans {
                assert!(!walks(&plan, "r1") && !walks(&plan, "r") && !walks(&plan, "x") && !walks(&plan, "t"), "{key:?}: {sql}: {plan}");
            }
        }
    }

    /// What an import asks before it writes.
    fn look(tx: &ReadTx<'_>, schema: &Arc<Schema>, key: Kind) {
        let group = [key.name().to_owned()];
        records::match_staged(tx, schema, key.name()).unwrap();
        records::staged_ambiguous(tx, 5).unwrap();
        records::staged_unknown(tx, 5).unwrap();
        records::staged_taken(tx, schema, &group, 5).unwrap();
        records::staged_dangling(tx, &of_kind(schema, Kind::Reference), schema, 5).unwrap();
        records::staged_dangling_links(tx, &of_kind(schema, Kind::Links), schema, 5).unwrap();
        merge::unmerged(tx, schema, 0, 5).unwrap();
        merge::forget_unmatched(tx).unwrap();
        merge::taken(tx, schema, &group, 5).unwrap();
        merge::twins(tx, schema, &group, 5).unwrap();
        merge::dangling(tx, &of_kind(schema, Kind::Reference), schema, 5).unwrap();
        merge::dangling(tx, &of_kind(schema, Kind::Links), schema, 5).unwrap();
        records::staged_unknown_users(tx, &of_kind(schema, Kind::User), 5).unwrap();
        merge::unknown_users(tx, &of_kind(schema, Kind::User), 5).unwrap();
    }
}
