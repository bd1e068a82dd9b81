//! Which indexes a schema has, and making them so. An index is an expression over `data`, word for word what `sql::column` gives to filters and sorts.

use super::sql::{column, index_column, table};
use super::sqlite::OrFailed;
use super::tx::WriteTx;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Kind;
use crate::model::schema::Schema;
use std::collections::BTreeMap;

/// Name to statement of every index this schema should have: unique fields and groups, indexed and reference fields, index groups.
pub fn wanted(schema: &Schema) -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::new();
    let mut add = |prefix: &str, unique: bool, slugs: &[String]| {
        let columns: Option<Vec<String>> = slugs.iter().map(|slug| index_column(schema, slug).map(|place| column(&place, ""))).collect();
        if let Some(columns) = columns {
            // A point cannot be in a slug, so no two groups share a name; it must be quoted in SQL.
            let name = format!("{prefix}{}.{}", schema.id.0, slugs.join(".").to_lowercase());
            let unique = if unique { "UNIQUE " } else { "" };
            let sql = format!("CREATE {unique}INDEX \"{name}\" ON {} ({})", table(schema.id), columns.join(", "));
            wanted.insert(name, sql);
        }
    };
    for field in &schema.fields {
        let slugs = std::slice::from_ref(&field.slug);
        if field.unique {
            add("u", true, slugs);
        } else if field.kind.is_set() {
            // Its link table is one.
        } else if field.indexed || matches!(field.kind, Kind::Reference | Kind::Sequence) {
            add("i", false, slugs);
        }
    }
    // One that was declared since is the same one.
    schema.automatic.iter().for_each(|index| add("i", false, std::slice::from_ref(&index.field)));
    schema.unique.iter().for_each(|group| add("u", true, group));
    schema.indexes.iter().for_each(|group| add("i", false, group));
    wanted
}

/// Makes the indexes of a schema's table those that it wants. Dirty data under a new unique index refuses the whole change.
pub fn settle(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    let conn = tx.conn();
    let mut statement = conn
        .prepare_cached("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL")
        .or_failed()?;
    let rows = statement.query_map([table(schema.id)], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    let present: BTreeMap<String, String> = rows.collect::<rusqlite::Result<_>>().or_failed()?;
    let wanted = wanted(schema);
    for (name, sql) in &present {
        if wanted.get(name) != Some(sql) {
            conn.execute_batch(&format!("DROP INDEX \"{name}\"")).or_failed()?;
        }
    }
    for (name, sql) in &wanted {
        if present.get(name) != Some(sql) {
            conn.execute_batch(sql).map_err(|error| refused(schema, name, error))?;
        }
    }
    Ok(())
}

fn refused(schema: &Schema, index: &str, error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation) {
        return super::sqlite::failed(error);
    }
    let fields = index.split_once('.').map_or(index, |(_, fields)| fields).replace('.', " and ");
    Error::Conflict(Problem::new(
        "unique",
        format!("Table '{}' holds records with the same {fields}: make them differ before {fields} can be unique", schema.slug),
    ))
}

#[cfg(test)]
pub(super) mod tests {
    use crate::model::app::AppId;
    use crate::model::expr::Op;
    use crate::model::field::{Field, Kind, Rules};
    use crate::model::limits::Limits;
    use crate::model::plan::{Cell, Column, Cond, Order, Plan};
    use crate::model::query::Window;
    use crate::model::schema::{Schema, SchemaId};
    use crate::model::search::Search;
    use crate::model::time::Moment;
    use crate::store::engine::{Durability, Opening, Store};
    use crate::store::sql::{self, Statement};
    use crate::store::tables::{apps, schemas};
    use serde_json::Value;
    use std::sync::Arc;

    pub const KINDS: [Kind; 10] = [
        Kind::Text,
        Kind::Integer,
        Kind::Decimal,
        Kind::Boolean,
        Kind::Date,
        Kind::Datetime,
        Kind::Reference,
        Kind::Json,
        Kind::User,
        Kind::Sequence,
    ];

    fn field(kind: Kind) -> Field {
        let (slug, type_name) = (kind.name().to_owned(), kind.name().to_owned());
        let rules = Rules::default();
        Field {
            name: slug.clone(),
            slug,
            header: None,
            type_name,
            kind,
            required: false,
            unique: false,
            indexed: true,
            default: Value::Null,
            rules,
            rank: 0,
            formula: None,
        }
    }

    pub fn cell(kind: Kind) -> Cell {
        match kind {
            Kind::Integer | Kind::Boolean | Kind::User | Kind::Sequence => Cell::Integer(1),
            Kind::Decimal => Cell::Real(1.5),
            _ => Cell::Text("x".to_owned()),
        }
    }

    /// One schema with an indexed field of every kind, sets which need no index, and a group of two.
    pub fn store() -> (tempfile::TempDir, Store, Arc<Schema>) {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(|| Moment { epoch_seconds: 0, text: "2025-01-01T00:00:00Z".to_owned() });
        let path = folder.path().join("t.db");
        let how = Opening { durability: Durability::Relaxed, readers: 1, limits: Limits::default(), clock, fault: None };
        let Ok(store) = Store::open(&path, &how) else { panic!("no store") };
        let schema = store.write(|tx| {
            let app = apps::insert(tx, "u", "a", "A", "")?;
            let sets = [Kind::Set, Kind::Links].map(|kind| Field { indexed: false, ..field(kind) });
            let fields = KINDS.into_iter().map(field).chain(sets).collect();
            let text = |text: &str| text.to_owned();
            let indexes = vec![vec![text("text"), text("integer")]];
            let schema = Schema {
                id: SchemaId(0),
                app: AppId(app.0),
                slug: text("s"),
                name: text("S"),
                model: text("S"),
                display_field: None,
                version: 1,
                fields,
                unique: Vec::new(),
                indexes,
                automatic: Vec::new(),
                aliases: Vec::new(),
                hidden: Vec::new(),
                search: Search::default(),
            };
            let id = schemas::insert(tx, &schema)?;
            tx.catalog_changed()?;
            Ok(tx.catalog().schema_by_id(id).unwrap())
        });
        (folder, store, schema.unwrap())
    }

    /// What SQLite means to do, a line for each step.
    pub fn steps(store: &Store, statement: &Statement) -> String {
        let explained = store.read(|tx| {
            let mut explain = tx.conn().prepare(&format!("EXPLAIN QUERY PLAN {}", statement.text)).unwrap();
            let rows = explain.query_map(rusqlite::params_from_iter(&statement.cells), |row| row.get::<_, String>(3)).unwrap();
            Ok(rows.map(Result::unwrap).collect::<Vec<_>>().join("; "))
        });
        explained.unwrap()
    }

    pub fn plan(schema: &Arc<Schema>, filter: Cond, column: Column, descending: bool) -> Plan {
        let mut order = vec![Order { column: column.clone(), descending }];
        if column != Column::Id {
            order.push(Order { column: Column::Id, descending });
        }
        Plan { schema: schema.clone(), filter, order, window: Window { offset: 0, limit: 50 }, shown: None }
    }

    #[test]
    fn an_index_serves_every_comparison_and_every_sort_of_every_kind() {
        let (_folder, store, schema) = store();
        for kind in KINDS {
            let column = Column::Field { slug: kind.name().to_owned(), kind };
            let index = format!("USING INDEX i{}.{}", schema.id.0, kind.name());
            // With an equality the rows of the index lie in the order of ids; with a range in the order of the column.
            for (op, order) in [
                (Op::Eq, Column::Id),
                (Op::Gt, column.clone()),
                (Op::Gte, column.clone()),
                (Op::Lt, column.clone()),
                (Op::Lte, column.clone()),
            ] {
                let filter = Cond::Compare { column: column.clone(), op, cell: cell(kind) };
                let asked = steps(&store, &sql::select(&plan(&schema, filter, order, false)));
                let served = asked.contains("SEARCH")
                    && (asked.contains(&index) || asked.contains("i1.text.integer"))
                    && !asked.contains("TEMP B-TREE");
                assert!(served, "{kind:?} {op:?}: {asked}");
            }
            for descending in [false, true] {
                let asked = steps(&store, &sql::select(&plan(&schema, Cond::True, column.clone(), descending)));
                assert!(asked.contains(&index) && !asked.contains("TEMP B-TREE"), "{kind:?} sorted: {asked}");
            }
        }
    }

    #[test]
    fn a_list_by_id_and_one_record_need_no_other_index() {
        let (_folder, store, schema) = store();
        let listed = steps(&store, &sql::select(&plan(&schema, Cond::True, Column::Id, true)));
        assert_eq!(listed, format!("SCAN r{}", schema.id.0));
        let filter = Cond::Compare { column: Column::Id, op: Op::Eq, cell: Cell::Integer(1) };
        assert!(steps(&store, &sql::select(&plan(&schema, filter, Column::Id, false))).contains("USING INTEGER PRIMARY KEY"));
    }

    #[test]
    fn a_group_serves_a_filter_by_its_first_field_with_a_sort_by_its_second() {
        let (_folder, store, schema) = store();
        let column = |kind: Kind| Column::Field { slug: kind.name().to_owned(), kind };
        let filter = Cond::Compare { column: column(Kind::Text), op: Op::Eq, cell: cell(Kind::Text) };
        let asked = steps(&store, &sql::select(&plan(&schema, filter, column(Kind::Integer), true)));
        assert!(asked.contains("i1.text.integer") && !asked.contains("TEMP B-TREE"), "{asked}");
    }

    #[test]
    fn several_values_of_one_field_are_looked_up_in_its_index() {
        let (_folder, store, schema) = store();
        let column = Column::Field { slug: "date".to_owned(), kind: Kind::Date };
        let one = |text: &str| Cond::Compare { column: column.clone(), op: Op::Eq, cell: Cell::Text(text.to_owned()) };
        let asked = steps(&store, &sql::count(&plan(&schema, Cond::Any(vec![one("a"), one("b")]), Column::Id, false)));
        assert!(asked.contains("SEARCH") && asked.contains("i1.date"), "{asked}");
    }
}
