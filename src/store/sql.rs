//! Plans to SQL text and bound values. `column` is the only producer of a field's SQL: filters, sorts and indexes use its literal text, so an index always fits.

use super::asked::{comes_in_order, is_led_by_its_order};
use super::sqlite::SQL_BYTES_MAX;
use super::{formula, found};
use crate::model::expr::Op;
use crate::model::field::Kind;
use crate::model::plan::{Cell, Column, Cond, Order, Plan};
use crate::model::principal::UserId;
use crate::model::schema::{Schema, SchemaId};
use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use std::borrow::Cow;

/// The table of a schema's records. The number is ours: no text of anybody reaches a table's name.
pub fn table(schema: SchemaId) -> String {
    format!("r{}", schema.0)
}

/// The table of what a schema's sets hold.
pub fn links(schema: SchemaId) -> String {
    format!("l{}", schema.0)
}

/// The SQL of a column; `alias` is empty or `t.`. Field slugs are `[A-Za-z][A-Za-z0-9_]*` by `model::field::is_field_slug`, so the JSON path needs no quoting.
pub fn column(column: &Column, alias: &str) -> String {
    match column {
        Column::Id => format!("{alias}id"),
        // Like datetimes, so that they compare with instants that have a fraction.
        Column::CreatedAt => format!("rtrim({alias}created_at,'Z')"),
        Column::UpdatedAt => format!("rtrim({alias}updated_at,'Z')"),
        Column::Field { slug, kind } => {
            let raw = format!("{alias}data->>'$.{slug}'");
            match kind {
                // '…05Z' and '…05.5Z' compare as times once the Z is gone.
                Kind::Datetime => format!("rtrim({raw},'Z')"),
                // The JSON text itself, so that true, 1 and "1" differ and no SQLite spells a number its own way;
                // without the closing quote, so that texts sort as texts.
                Kind::Json => format!("rtrim(nullif({alias}data->'$.{slug}','null'),'\"')"),
                // No element is no value.
                Kind::Set | Kind::Links => format!("nullif({raw},'[]')"),
                Kind::Text
                | Kind::Integer
                | Kind::Decimal
                | Kind::Boolean
                | Kind::Date
                | Kind::Reference
                | Kind::User
                | Kind::Sequence
                | Kind::Lines => raw,
            }
        }
        Column::Computed { computation, .. } => match computation.kind {
            Kind::Datetime => format!("rtrim({},'Z')", formula::value(computation, alias)),
            _ => formula::value(computation, alias),
        },
    }
}

/// Values that one call of a function takes in.
const SET_AT_ONCE: usize = 50;

/// The text of a record: what is stored, and what is found out when it is read, unless nobody wants to see it.
pub fn data(schema: &Schema, shown: Option<&[String]>) -> Cow<'static, str> {
    let computed: Vec<String> = schema
        .fields
        .iter()
        .filter(|field| !field.is_stored() && shown.is_none_or(|shown| shown.contains(&field.slug)))
        .map(|field| {
            let value = field.formula.as_ref().map_or_else(|| "NULL".to_owned(), |computation| formula::as_json(computation, ""));
            format!(",'$.{}',{value}", field.slug)
        })
        .collect();
    let hidden: Vec<String> = schema.hidden.iter().map(|slug| format!(",'$.{slug}'")).collect();
    let take = |data: Cow<'static, str>, paths: &[String]| Cow::Owned(format!("json_remove({data}{})", paths.concat()));
    let seen = hidden.chunks(SET_AT_ONCE).fold(Cow::Borrowed("data"), take);
    let set = |data: Cow<'static, str>, values: &[String]| Cow::Owned(format!("json_set({data}{})", values.concat()));
    computed.chunks(SET_AT_ONCE).fold(seen, set)
}

/// The text to look into: of json, the value as people write it and not its JSON.
fn text_of(column: &Column, place: &str) -> String {
    match column {
        Column::Field { slug, kind: Kind::Json } => format!("data->>'$.{slug}'"),
        _ => place.to_owned(),
    }
}

/// The column of a field by its slug; `None` when the schema has no such field.
pub fn field_column(schema: &Schema, slug: &str) -> Option<Column> {
    schema.field(slug).map(Column::of)
}

/// The column that an index can be on: a stored field's, or one of the two stamps, whose names no field may have.
pub fn index_column(schema: &Schema, slug: &str) -> Option<Column> {
    match slug {
        "created_at" => Some(Column::CreatedAt),
        "updated_at" => Some(Column::UpdatedAt),
        _ => schema.field(slug).filter(|field| field.is_stored()).map(Column::of),
    }
}

/// SQL text under construction with the values bound so far.
#[derive(Debug, Default)]
pub struct Statement {
    pub text: String,
    pub cells: Vec<Cell>,
    /// Whether the number of who asks is bound already: however often it is asked for, it is one parameter.
    knows_me: bool,
    /// Whether rows are looked for among all of a table, so that a condition about other records begins with those.
    seeks: bool,
}

/// The field's name, if its values are found in the link table.
fn set_slug(column: &Column) -> Option<&str> {
    match column {
        Column::Field { slug, kind } if kind.is_set() => Some(slug),
        _ => None,
    }
}

/// The beginning of every question for whole records.
pub fn select_rows(schema: &Schema) -> String {
    select_shown(schema, None)
}

fn select_shown(schema: &Schema, shown: Option<&[String]>) -> String {
    format!("SELECT id, {}, created_at, updated_at, version FROM {}", data(schema, shown), table(schema.id))
}

/// Whether the question for a schema's records leaves room for conditions and an order by what is computed.
pub fn is_askable(schema: &Schema) -> bool {
    select_rows(schema).len() <= SQL_BYTES_MAX / 2
}

/// The function that is called for every row that a counting question looks at; `explain` makes it.
pub const ROW_READ: &str = "row_read";

/// The rows of a list, in order, one window of it. Where SQLite has to sort, it sorts ids: whole rows, up to the end of a deep page, would have to
/// be held somewhere.
pub fn select(plan: &Plan) -> Statement {
    selected(plan, false)
}

/// The same, and every row that is looked at for it is counted.
pub fn select_counting(plan: &Plan) -> Statement {
    selected(plan, true)
}

fn selected(plan: &Plan, counts: bool) -> Statement {
    let mut sql = Statement::new(select_shown(&plan.schema, plan.shown.as_deref()), Vec::new());
    if comes_in_order(plan) {
        sql.push_window(plan, counts);
        return sql;
    }
    sql.text.push_str(&format!(" WHERE id IN (SELECT id FROM {}", table(plan.schema.id)));
    sql.push_window(plan, counts);
    sql.text.push(')');
    sql.push_order(&plan.order);
    sql
}

/// How many rows the whole list has; only for lists with a filter, the others have a counter.
pub fn count(plan: &Plan) -> Statement {
    counted(plan, false)
}

/// The same, and every row that is looked at for it is counted.
pub fn count_counting(plan: &Plan) -> Statement {
    counted(plan, true)
}

/// The same, but no more than `most` are counted.
pub fn count_up_to(plan: &Plan, most: i64) -> Statement {
    let mut sql = Statement::seeking(format!("SELECT count(*) FROM (SELECT 1 FROM {}", table(plan.schema.id)), Vec::new());
    sql.push_filter(plan, false);
    sql.text.push_str(&format!(" LIMIT {most})"));
    sql
}

/// What a plan sorts by, of one record.
pub fn keys(plan: &Plan) -> String {
    let columns: Vec<String> = plan.order.iter().map(|key| column(&key.column, "")).collect();
    format!("SELECT {} FROM {} WHERE id = ?1", columns.join(", "), table(plan.schema.id))
}

/// The records with the ids in a JSON array, of those that a condition leaves.
pub fn select_by_ids(schema: &Schema, shown: Option<&[String]>, rows: &Cond, ids: String) -> Statement {
    let text = format!("{} WHERE id IN (SELECT value FROM json_each(?))", select_shown(schema, shown));
    let mut sql = Statement::new(text, vec![Cell::Text(ids)]);
    if *rows != Cond::True {
        sql.text.push_str(" AND ");
        sql.push_cond(schema.id, rows);
    }
    sql
}

fn counted(plan: &Plan, counts: bool) -> Statement {
    // Without a look at the records.
    if let (Cond::Found(found), false) = (&plan.filter, counts) {
        return found::count(plan.schema.id, found);
    }
    let mut sql = Statement::seeking(format!("SELECT count(*) FROM {}", table(plan.schema.id)), Vec::new());
    sql.push_filter(plan, counts);
    sql
}

impl Statement {
    pub fn new(text: String, cells: Vec<Cell>) -> Self {
        Self { text, cells, knows_me: false, seeks: false }
    }

    /// The same, rows being looked for among all of a table.
    pub fn seeking(text: String, cells: Vec<Cell>) -> Self {
        Self { seeks: true, ..Self::new(text, cells) }
    }

    fn push_window(&mut self, plan: &Plan, counts: bool) {
        // Rows that an index gives in their order are looked at one by one until there are enough.
        self.seeks = !is_led_by_its_order(plan);
        self.push_filter(plan, counts);
        self.push_order(&plan.order);
        // A bare LIMIT ? would have SQLite plan the statement anew whenever another number is bound.
        self.text.push_str(" LIMIT ? + 0 OFFSET ? + 0");
        self.cells.extend([Cell::Integer(plan.window.limit), Cell::Integer(plan.window.offset)]);
    }

    fn push_filter(&mut self, plan: &Plan, counts: bool) {
        if !counts {
            return self.push_where(plan.schema.id, &plan.filter);
        }
        // First of all conditions, and said to be always true, so that it sees every row and changes no plan.
        self.text.push_str(&format!(" WHERE likelihood({ROW_READ}(), 1.0)"));
        if plan.filter != Cond::True {
            self.text.push_str(" AND ");
            self.push_cond(plan.schema.id, &plan.filter);
        }
    }

    pub fn push_where(&mut self, schema: SchemaId, cond: &Cond) {
        if *cond != Cond::True {
            self.text.push_str(" WHERE ");
            self.push_cond(schema, cond);
        }
    }

    pub fn push_cond(&mut self, schema: SchemaId, cond: &Cond) {
        match cond {
            Cond::True => self.text.push('1'),
            Cond::All(conds) => self.push_joined(schema, conds, " AND ", "1"),
            Cond::Any(conds) => self.push_any(schema, conds),
            Cond::Compare { column: place, op, cell } => match set_slug(place) {
                Some(slug) => self.push_element(schema, slug, *op, cell),
                None => self.push_compare(place, *op, cell),
            },
            Cond::Present { column: place } => {
                let place = column(place, "");
                self.text.push_str(&format!("({place} IS NOT NULL AND {place} <> '')"));
            }
            Cond::Blank { column: place } => {
                let place = column(place, "");
                self.text.push_str(&format!("({place} IS NULL OR {place} = '')"));
            }
            Cond::Found(found) => self.push_found(schema, found),
            Cond::Absent { column: place } => self.text.push_str(&format!("{} IS NULL", column(place, ""))),
            Cond::Not(cond) => {
                self.text.push_str("NOT coalesce(");
                self.push_cond(schema, cond);
                self.text.push_str(",0)");
            }
            Cond::Rule { rule, me } => {
                if let Some(UserId(me)) = me.filter(|_| rule.asks_who() && !self.knows_me) {
                    self.knows_me = true;
                    self.cells.push(Cell::Integer(me));
                }
                let found = if self.seeks { formula::found_by(rule, "", me.is_none()) } else { None };
                self.text.push_str(&found.unwrap_or_else(|| formula::holds(rule, "", me.is_none())));
            }
        }
    }

    /// Several equalities on one column become one IN, which an index serves.
    fn push_any(&mut self, schema: SchemaId, conds: &[Cond]) {
        let first = match conds.first() {
            Some(Cond::Compare { column, op: Op::Eq, .. }) => Some(column).filter(|column| set_slug(column).is_none()),
            _ => None,
        };
        let same = |cond: &Cond| matches!(cond, Cond::Compare { column, op: Op::Eq, .. } if Some(column) == first);
        let Some(place) = first.filter(|_| conds.iter().all(same)) else {
            return self.push_joined(schema, conds, " OR ", "0");
        };
        let marks = vec!["?"; conds.len()].join(",");
        self.text.push_str(&format!("{} IN ({marks})", column(place, "")));
        self.cells.extend(conds.iter().filter_map(|cond| match cond {
            Cond::Compare { cell, .. } => Some(cell.clone()),
            _ => None,
        }));
    }

    fn push_joined(&mut self, schema: SchemaId, conds: &[Cond], word: &str, empty: &str) {
        if conds.is_empty() {
            return self.text.push_str(empty);
        }
        self.text.push('(');
        for (at, cond) in conds.iter().enumerate() {
            if at > 0 {
                self.text.push_str(word);
            }
            self.push_cond(schema, cond);
        }
        self.text.push(')');
    }

    /// The records whose set holds a value, or does not.
    fn push_element(&mut self, schema: SchemaId, slug: &str, op: Op, cell: &Cell) {
        let not = if op == Op::Ne { "NOT " } else { "" };
        self.text.push_str(&format!("id {not}IN (SELECT record FROM {} WHERE field = '{slug}' AND target = ?)", links(schema)));
        self.cells.push(cell.clone());
    }

    fn push_compare(&mut self, column_of: &Column, op: Op, cell: &Cell) {
        let place = column(column_of, "");
        let (before, after) = match op {
            Op::Eq => (format!("{place} = "), ""),
            Op::Ne => (format!("{place} IS NOT "), ""),
            Op::Gt => (format!("{place} > "), ""),
            Op::Gte => (format!("{place} >= "), ""),
            Op::Lt => (format!("{place} < "), ""),
            Op::Lte => (format!("{place} <= "), ""),
            Op::Contains => (format!("instr({}, ", text_of(column_of, &place)), ") > 0"),
        };
        self.text.push_str(&before);
        self.text.push('?');
        self.text.push_str(after);
        self.cells.push(cell.clone());
    }

    fn push_order(&mut self, order: &[Order]) {
        for (at, key) in order.iter().enumerate() {
            self.text.push_str(if at == 0 { " ORDER BY " } else { ", " });
            self.text.push_str(&column(&key.column, ""));
            if key.descending {
                self.text.push_str(" DESC");
            }
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}
