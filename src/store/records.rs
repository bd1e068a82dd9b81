//! The rows of people's schemas: reading by plan, writing one, taking in a stage. The counter of a schema moves with them, in the same transaction.

use super::computed::{asked, for_a_moment};
use super::link_rows;
use super::sql::{self, Statement, column, field_column, links, table};
use super::sqlite::{OrFailed, damaged};
use super::stage::{self, First};
use super::tx::{ReadTx, WriteTx, move_counter};
pub use super::values::{some_values_of, text_of, values_of};
use crate::model::error::{Error, Result};
use crate::model::expr::Op;
use crate::model::field::{Field, Kind};
use crate::model::plan::{Cell, Column, Cond, Plan};
use crate::model::principal::UserId;
use crate::model::query::Count;
use crate::model::record::{Clean, Record, RecordId, RecordRef, Visit};
use crate::model::schema::Schema;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params_from_iter};
use serde_json::{Map, Value};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// One window of a list: every row goes to `visit`. It is made of parts of the plan, one after the other, until it is full. Gives how many rows the whole
/// list has.
pub fn list(tx: &ReadTx<'_>, plan: &Plan, parts: &[Plan], count: Count, most: i64, visit: &mut Visit<'_>) -> Result<Total> {
    let begun = Instant::now();
    let is_whole = plan.filter != Cond::True && plan.window.offset == 0 && matches!(parts, [part] if part.filter == plan.filter);
    let mut left = plan.window.limit;
    for part in parts {
        let mut part = part.clone();
        part.window.limit = left;
        if left > 0 {
            each(tx, &part, &mut |record| {
                left -= 1;
                visit(record)
            })?;
        }
    }
    // A window that is not full has them all: no second walk tells how many there are.
    let total = match count {
        Count::Exact | Count::Auto if is_whole && left > 0 => Total::of(plan.window.limit - left, count, most),
        _ => counted(tx, plan, count, most)?,
    };
    if let Some(memory) = tx.memory() {
        memory.asked.see(plan, begun.elapsed());
    }
    Ok(total)
}

/// A name for what a list would show in this snapshot, its count included: as long as it is the same, so is the list. `None` when that is not known.
pub fn state(tx: &ReadTx<'_>, plan: &Plan) -> Result<Option<String>> {
    let Some(memory) = tx.memory() else { return Ok(None) };
    let select = sql::select(plan);
    // The same words may mean another question later: what the clock says stands in it.
    let mut mark = DefaultHasher::new();
    format!("{} {:?}", select.text, select.cells).hash(&mut mark);
    Ok(memory.totals.state(tx.conn(), &select.text)?.map(|state| format!("{state}-{:x}", mark.finish())))
}

/// How many rows a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// `None` when nobody wants to know.
    pub rows: Option<i64>,
    /// There are more.
    pub is_capped: bool,
}

impl Total {
    /// All of `rows`, unless only `most` were to be counted.
    fn of(rows: i64, count: Count, most: i64) -> Self {
        let is_capped = count == Count::Auto && rows > most;
        Self { rows: Some(if is_capped { most } else { rows }), is_capped }
    }
}

/// How many rows the whole list of a plan has, its window apart.
pub fn total(tx: &ReadTx<'_>, plan: &Plan) -> Result<i64> {
    match plan.filter {
        Cond::True => counter(tx, &plan.schema),
        _ => number(tx, &plan.schema, &sql::count(plan)),
    }
}

/// The same as far as it is asked; with `Count::Auto` no more than `most` are counted.
fn counted(tx: &ReadTx<'_>, plan: &Plan, count: Count, most: i64) -> Result<Total> {
    match count {
        Count::None => Ok(Total { rows: None, is_capped: false }),
        Count::Auto if plan.filter != Cond::True => {
            let rows = number(tx, &plan.schema, &sql::count_up_to(plan, most + 1))?;
            Ok(Total::of(rows, count, most))
        }
        Count::Auto | Count::Exact => Ok(Total { rows: Some(total(tx, plan)?), is_capped: false }),
    }
}

/// What a counting question gives, from memory if nothing was written since.
fn number(tx: &ReadTx<'_>, schema: &Schema, question: &Statement) -> Result<i64> {
    let count = || {
        let mut statement = tx.conn().prepare_cached(&question.text).or_failed()?;
        asked(schema, statement.query_row(params_from_iter(&question.cells), |row| row.get(0)))
    };
    match tx.memory() {
        Some(memory) => memory.totals.get(tx.conn(), question, count),
        None => count(),
    }
}

/// `total`, where an answer does not wait for it longer than that: `None` if it takes longer.
pub fn total_within(tx: &ReadTx<'_>, plan: &Plan, most: Duration) -> Result<Option<i64>> {
    tx.within(most, || total(tx, plan))
}

/// What a plan sorts by, of one record; nothing when it is not there.
pub fn keys_of(tx: &ReadTx<'_>, plan: &Plan, id: RecordId) -> Result<Vec<Option<Cell>>> {
    let mut statement = tx.conn().prepare_cached(&sql::keys(plan)).or_failed()?;
    let mut rows = statement.query([id.0]).or_failed()?;
    let Some(row) = asked(&plan.schema, rows.next())? else { return Ok(Vec::new()) };
    (0..plan.order.len()).map(|at| row.get_ref(at).map(cell).or_failed()).collect()
}

/// A value as it lies in a row.
fn cell(value: ValueRef<'_>) -> Option<Cell> {
    match value {
        ValueRef::Integer(number) => Some(Cell::Integer(number)),
        ValueRef::Real(number) => Some(Cell::Real(number)),
        ValueRef::Text(text) => Some(Cell::Text(String::from_utf8_lossy(text).into_owned())),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// The records with these ids, of those that a condition leaves, as far as their fields are wanted.
pub fn by_ids(
    tx: &ReadTx<'_>,
    schema: &Schema,
    shown: Option<&[String]>,
    rows: &Cond,
    ids: &[RecordId],
    visit: &mut Visit<'_>,
) -> Result<()> {
    let ids = Value::Array(ids.iter().map(|id| Value::from(id.0)).collect()).to_string();
    let select = sql::select_by_ids(schema, shown, rows, ids);
    let mut statement = tx.conn().prepare_cached(&select.text).or_failed()?;
    let mut rows = statement.query(params_from_iter(&select.cells)).or_failed()?;
    while let Some(row) = asked(schema, rows.next())? {
        visit(borrowed(row).or_failed()?)?;
    }
    Ok(())
}

/// Hands every row of a plan's window to `visit`, in order, one at a time.
pub fn each(tx: &ReadTx<'_>, plan: &Plan, visit: &mut Visit<'_>) -> Result<()> {
    let select = sql::select(plan);
    let mut statement = tx.conn().prepare_cached(&select.text).or_failed()?;
    let mut rows = statement.query(params_from_iter(&select.cells)).or_failed()?;
    while let Some(row) = asked(&plan.schema, rows.next())? {
        visit(borrowed(row).or_failed()?)?;
    }
    Ok(())
}

/// How many records a schema has.
pub fn counter(tx: &ReadTx<'_>, schema: &Schema) -> Result<i64> {
    let mut statement = tx.conn().prepare_cached("SELECT records FROM schema WHERE id = ?1").or_failed()?;
    let records = statement.query_row([schema.id.0], |row| row.get(0)).optional().or_failed()?;
    records.ok_or_else(|| damaged("the counter of a table is not there"))
}

/// The highest id there is.
pub fn last_id(tx: &ReadTx<'_>, schema: &Schema) -> Result<i64> {
    let sql = format!("SELECT coalesce(max(id), 0) FROM {}", table(schema.id));
    tx.conn().prepare_cached(&sql).or_failed()?.query_row([], |row| row.get(0)).or_failed()
}

/// Whether a schema has or ever had records.
pub fn ever_had_any(tx: &ReadTx<'_>, schema: &Schema) -> Result<bool> {
    let mut statement = tx.conn().prepare_cached("SELECT next_id > 1 FROM schema WHERE id = ?1").or_failed()?;
    statement.query_row([schema.id.0], |row| row.get(0)).or_failed()
}

/// The first record without a value, or with the empty text, in a field.
pub fn first_blank(tx: &ReadTx<'_>, schema: &Schema, field: &Field) -> Result<Option<RecordId>> {
    let place = column(&Column::of(field), "");
    let sql = format!("SELECT id FROM {} WHERE {place} IS NULL OR {place} = '' ORDER BY id LIMIT 1", table(schema.id));
    tx.conn().query_row(&sql, [], |row| row.get(0).map(RecordId)).optional().or_failed()
}

/// Hands every value of a field, as JSON text, to `visit`, in the order of ids.
pub fn each_value(tx: &ReadTx<'_>, schema: &Schema, field: &Field, visit: &mut dyn FnMut(RecordId, &str) -> Result<()>) -> Result<()> {
    let sql = format!("SELECT id, data->'$.{0}' FROM {1} WHERE data->>'$.{0}' IS NOT NULL ORDER BY id", field.slug, table(schema.id));
    let mut statement = tx.conn().prepare(&sql).or_failed()?;
    let mut rows = statement.query([]).or_failed()?;
    while let Some(row) = rows.next().or_failed()? {
        visit(RecordId(row.get(0).or_failed()?), row.get_ref(1).or_failed()?.as_str().map_err(damaged)?)?;
    }
    Ok(())
}

/// Records that have the same values in these fields: the first ids of each such group, and how many there are in it; at most `limit` groups.
pub fn same_values(tx: &ReadTx<'_>, schema: &Schema, group: &[String], limit: usize) -> Result<Vec<(Vec<RecordId>, i64)>> {
    let columns: Vec<String> = group.iter().filter_map(|slug| field_column(schema, slug)).map(|place| column(&place, "")).collect();
    grouped(tx, &table(schema.id), "id", &columns, limit)
}

/// The same of any rows, with SQL for their ids and columns.
pub(super) fn grouped(tx: &ReadTx<'_>, rows: &str, id: &str, columns: &[String], limit: usize) -> Result<Vec<(Vec<RecordId>, i64)>> {
    let present: Vec<String> = columns.iter().map(|place| format!("{place} IS NOT NULL")).collect();
    let sql = format!(
        "SELECT group_concat({id} ORDER BY {id}), count(*) FROM {rows} WHERE {} GROUP BY {} HAVING count(*) > 1 ORDER BY min({id}) LIMIT {limit}",
        present.join(" AND "),
        columns.join(", ")
    );
    let mut statement = tx.conn().prepare(&sql).or_failed()?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).or_failed()?;
    let ids = |text: String| text.split(',').take(IDS_TOLD_MAX).filter_map(|id| id.parse().ok().map(RecordId)).collect();
    rows.map(|row| row.map(|(text, count)| (ids(text), count))).collect::<rusqlite::Result<_>>().or_failed()
}

/// Ids that are told of a group of records.
const IDS_TOLD_MAX: usize = 5;

/// How many records hold an option, and the first of them.
pub fn option_holders(tx: &ReadTx<'_>, schema: &Schema, field: &Field, value: &str) -> Result<(i64, Vec<RecordId>)> {
    let holding = holding(schema, field);
    let sql = format!("SELECT count(*) FROM {} WHERE {holding}", table(schema.id));
    let count = tx.conn().prepare_cached(&sql).or_failed()?.query_row([value], |row| row.get(0)).or_failed()?;
    let sql = format!("SELECT id FROM {} WHERE {holding} ORDER BY id LIMIT {IDS_TOLD_MAX}", table(schema.id));
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    let ids = statement.query_map([value], |row| row.get(0).map(RecordId)).or_failed()?;
    Ok((count, ids.collect::<rusqlite::Result<_>>().or_failed()?))
}

/// The condition that a record holds the option `?1` in a field.
fn holding(schema: &Schema, field: &Field) -> String {
    match field.kind.is_set() {
        true => format!("id IN (SELECT record FROM {} WHERE field = '{}' AND target = ?1)", links(schema.id), field.slug),
        false => format!("{} = ?1", column(&Column::of(field), "")),
    }
}

/// SQL of a set with another option in the place of one, or none: each option once, in the order in which they stood.
pub(super) fn option_replaced(slug: &str, was: &str, now: &str) -> String {
    format!(
        "json((SELECT json_group_array(v) FROM (SELECT v FROM (SELECT min(key) AS k, iif(value = {was}, {now}, value) AS v
         FROM json_each(data, '$.{slug}') GROUP BY v) WHERE v IS NOT NULL ORDER BY k)))"
    )
}

/// Puts another option in the place of one in all records that hold it, or none.
pub fn replace_option(tx: &mut WriteTx<'_>, schema: &Schema, field: &Field, was: &str, now: Option<&str>) -> Result<()> {
    let slug = &field.slug;
    let value = if field.kind.is_set() { option_replaced(slug, "?1", "?2") } else { "?2".to_owned() };
    let sql = format!("UPDATE {} SET data = json_set(data, '$.{slug}', {value}) WHERE {}", table(schema.id), holding(schema, field));
    tx.conn().execute(&sql, (was, now)).or_failed()?;
    if field.kind.is_set() { link_rows::replace(tx, schema, slug, was, now) } else { Ok(()) }
}

/// The record with this id among the rows that exist for the caller, as it is stored.
pub fn find(tx: &ReadTx<'_>, schema: &Schema, rows: &Cond, id: RecordId) -> Result<Option<Record>> {
    let select = format!("SELECT id, data, created_at, updated_at, version FROM {}", table(schema.id));
    for_a_moment(tx, rows, || one(tx, schema, rows, id, select))
}

/// The same as it is read, with what is computed.
pub fn show(tx: &ReadTx<'_>, schema: &Schema, rows: &Cond, id: RecordId) -> Result<Option<Record>> {
    one(tx, schema, rows, id, sql::select_rows(schema))
}

fn one(tx: &ReadTx<'_>, schema: &Schema, rows: &Cond, id: RecordId, select: String) -> Result<Option<Record>> {
    let mut sql = Statement::new(format!("{select} WHERE id = ?"), vec![Cell::Integer(id.0)]);
    if *rows != Cond::True {
        sql.text.push_str(" AND ");
        sql.push_cond(schema.id, rows);
    }
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    asked(schema, statement.query_row(params_from_iter(&sql.cells), record).optional())
}

/// Stores a new record under the schema's next id.
pub fn insert(tx: &mut WriteTx<'_>, schema: &Schema, clean: &Clean, by: Option<UserId>) -> Result<Record> {
    let id = take_ids(tx, schema, 1)?;
    insert_under(tx, schema, RecordId(id), clean, by)
}

/// Reserves ids for so many records that are to be stored, and counts them. Gives the first one.
pub fn reserve(tx: &mut WriteTx<'_>, schema: &Schema, count: usize) -> Result<RecordId> {
    take_ids(tx, schema, i64::try_from(count).map_err(Error::internal)?).map(RecordId)
}

/// Stores a new record under an id that was reserved for it.
pub fn insert_under(tx: &mut WriteTx<'_>, schema: &Schema, RecordId(id): RecordId, clean: &Clean, by: Option<UserId>) -> Result<Record> {
    let data = text_of(&clean.values)?;
    let now = tx.now().text.clone();
    let sql = format!(
        "INSERT INTO {} (id, data, created_at, created_by, updated_at, updated_by, version) VALUES (?1, ?2, ?3, ?4, ?3, ?4, 1)",
        table(schema.id)
    );
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    statement.execute((id, &data, &now, by.map(|user| user.0))).or_failed()?;
    drop(statement);
    link_rows::write(tx, schema, RecordId(id), &clean.values, true)?;
    Ok(Record { id: RecordId(id), data, created_at: now.clone(), updated_at: now, version: 1 })
}

/// A record after a change, as it is stored, and what the changed keys held before and hold now; both are empty when nothing changed.
pub struct Updated {
    pub record: Record,
    pub before: Map<String, Value>,
    pub after: Map<String, Value>,
}

/// Sets the checked values on a stored record; the others stay.
pub fn update(tx: &mut WriteTx<'_>, schema: &Schema, old: &Record, clean: &Clean, by: Option<UserId>) -> Result<Updated> {
    let Merged { values, before, after } = merged(old, &clean.values)?;
    if after.is_empty() {
        return Ok(Updated { record: old.clone(), before, after });
    }
    let new = Record { data: text_of(&values)?, updated_at: tx.now().text.clone(), version: old.version + 1, ..old.clone() };
    let sql = format!("UPDATE {} SET data = ?2, updated_at = ?3, updated_by = ?4, version = ?5 WHERE id = ?1", table(schema.id));
    let is_told = tx.touched().has(schema.id, new.id.0);
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    statement.execute((new.id.0, &new.data, &new.updated_at, by.map(|user| user.0), new.version)).or_failed()?;
    drop(statement);
    // Its words are what they were.
    if !is_told && !schema.searched().any(|field| after.contains_key(&field.slug)) {
        tx.touched().forget(schema.id, new.id.0);
    }
    link_rows::write(tx, schema, new.id, &after, false)?;
    Ok(Updated { record: new, before, after })
}

/// The values of a record after a change, and what the changed keys held before and hold then.
pub struct Merged {
    pub values: Map<String, Value>,
    pub before: Map<String, Value>,
    pub after: Map<String, Value>,
}

/// What a record holds when these values are set on it; the others stay.
pub fn merged(old: &Record, sent: &Map<String, Value>) -> Result<Merged> {
    let mut values = values_of(&old.data)?;
    let (mut before, mut after) = (Map::new(), Map::new());
    for (key, value) in sent {
        let was = values.insert(key.clone(), value.clone()).unwrap_or(Value::Null);
        if was != *value {
            before.insert(key.clone(), was);
            after.insert(key.clone(), value.clone());
        }
    }
    Ok(Merged { values, before, after })
}

/// Takes a record away; gives who made it, which the change log keeps.
pub fn remove(tx: &mut WriteTx<'_>, schema: &Schema, id: RecordId) -> Result<Option<UserId>> {
    let sql = format!("DELETE FROM {} WHERE id = ?1 RETURNING created_by", table(schema.id));
    let mut delete = tx.conn().prepare_cached(&sql).or_failed()?;
    let gone = delete.query_row([id.0], |row| row.get::<_, Option<i64>>(0)).optional().or_failed()?;
    drop(delete);
    link_rows::remove(tx, schema, id)?;
    let fewer = tx.counted(schema.id, -i64::from(gone.is_some()));
    move_counter(tx.conn(), schema.id, fewer)?;
    Ok(gone.flatten().map(UserId))
}

/// A record that was taken away, as the change log keeps it.
pub struct Kept {
    pub values: Map<String, Value>,
    pub created_at: String,
    pub created_by: Option<UserId>,
    /// Of the state in which it went.
    pub version: i64,
}

/// Puts a record that was taken away back under its own id.
pub fn put_back(tx: &mut WriteTx<'_>, schema: &Schema, id: RecordId, kept: &Kept, by: Option<UserId>) -> Result<Record> {
    let (data, now, version) = (text_of(&kept.values)?, tx.now().text.clone(), kept.version + 1);
    let sql = format!(
        "INSERT INTO {} (id, data, created_at, created_by, updated_at, updated_by, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        table(schema.id)
    );
    let new = tx.touched().new_of(schema.id);
    let mut insert = tx.conn().prepare_cached(&sql).or_failed()?;
    let made_by = kept.created_by.map(|user| user.0);
    insert.execute((id.0, &data, &kept.created_at, made_by, &now, by.map(|user| user.0), version)).or_failed()?;
    drop(insert);
    tx.touched().is_old(schema.id, id.0, new);
    link_rows::write(tx, schema, id, &kept.values, true)?;
    let more = tx.counted(schema.id, 1);
    let mut count =
        tx.conn().prepare_cached("UPDATE schema SET records = records + ?2, next_id = max(next_id, ?3 + 1) WHERE id = ?1").or_failed()?;
    count.execute((schema.id.0, more, id.0)).or_failed()?;
    Ok(Record { id, data, created_at: kept.created_at.clone(), updated_at: now, version })
}

/// Takes the value of a unique field from a record that gets another one: what one gives up is free before another takes it.
pub fn free(tx: &mut WriteTx<'_>, schema: &Schema, slug: &str, id: RecordId) -> Result<()> {
    let sql = format!("UPDATE {} SET data = json_set(data, '$.{slug}', NULL) WHERE id = ?1", table(schema.id));
    tx.conn().prepare_cached(&sql).or_failed()?.execute([id.0]).or_failed().map(drop)
}

/// Makes the link rows of a field anew, by what lies in the records.
pub fn relink(tx: &mut WriteTx<'_>, schema: &Schema, field: &Field) -> Result<()> {
    link_rows::forget(tx, schema, &field.slug)?;
    link_rows::write_field(tx, schema, field, RecordId(0))
}

/// The record that already has these values together, if any but `except` has.
pub fn holder_of(tx: &ReadTx<'_>, schema: &Schema, values: &[(Column, Cell)], except: Option<RecordId>) -> Result<Option<RecordId>> {
    let mut conds: Vec<Cond> =
        values.iter().map(|(column, cell)| Cond::Compare { column: column.clone(), op: Op::Eq, cell: cell.clone() }).collect();
    if let Some(id) = except {
        conds.push(Cond::Compare { column: Column::Id, op: Op::Ne, cell: Cell::Integer(id.0) });
    }
    let mut sql = Statement::new(format!("SELECT id FROM {}", table(schema.id)), Vec::new());
    sql.push_where(schema.id, &Cond::All(conds));
    sql.text.push_str(" LIMIT 1");
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    statement.query_row(params_from_iter(&sql.cells), |row| row.get(0).map(RecordId)).optional().or_failed()
}

/// The records that have one of these values in a field, with the value, in the order of their ids: the table is walked once, or its index asked.
pub fn holders_of_any(tx: &ReadTx<'_>, schema: &Schema, field: &Field, values: &[Cell]) -> Result<Vec<(Cell, RecordId)>> {
    let place = column(&Column::Field { slug: field.slug.clone(), kind: field.kind }, "");
    let json = |cell: &Cell| match cell {
        Cell::Integer(number) => Value::from(*number),
        Cell::Real(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.as_str()),
    };
    let wanted = Value::Array(values.iter().map(json).collect()).to_string();
    let sql = format!("SELECT {place}, id FROM {} WHERE {place} IN (SELECT value FROM json_each(?1)) ORDER BY id", table(schema.id));
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    let mut rows = statement.query([wanted]).or_failed()?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().or_failed()? {
        if let Some(value) = cell(row.get_ref(0).or_failed()?) {
            found.push((value, RecordId(row.get(1).or_failed()?)));
        }
    }
    Ok(found)
}

pub fn exists(tx: &ReadTx<'_>, schema: &Schema, id: RecordId) -> Result<bool> {
    let mut statement = tx.conn().prepare_cached(&format!("SELECT 1 FROM {} WHERE id = ?1", table(schema.id))).or_failed()?;
    statement.exists([id.0]).or_failed()
}

/// Whether there is a record of this id among these rows.
pub fn is_among(tx: &ReadTx<'_>, schema: &Schema, among: &Cond, id: RecordId) -> Result<bool> {
    if *among == Cond::True {
        return exists(tx, schema, id);
    }
    let mut sql = Statement::new(format!("SELECT 1 FROM {} WHERE id = ? AND ", table(schema.id)), vec![Cell::Integer(id.0)]);
    sql.push_cond(schema.id, among);
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    for_a_moment(tx, among, || asked(schema, statement.exists(params_from_iter(&sql.cells))))
}

/// The same of a record that is known to be there.
pub fn is_among_all(tx: &ReadTx<'_>, schema: &Schema, among: &Cond, id: RecordId) -> Result<bool> {
    Ok(*among == Cond::True || is_among(tx, schema, among, id)?)
}

/// The records whose reference field points to this one; at most `limit`.
pub fn referring(tx: &ReadTx<'_>, schema: &Schema, field: &Field, id: RecordId, limit: usize) -> Result<Vec<RecordId>> {
    let cell = if field.kind == Kind::Links { Cell::Integer(id.0) } else { Cell::Text(id.text()) };
    let place = Column::of(field);
    let mut sql = Statement::new(format!("SELECT id FROM {}", table(schema.id)), Vec::new());
    sql.push_where(schema.id, &Cond::Compare { column: place, op: Op::Eq, cell });
    sql.text.push_str(&format!(" ORDER BY id LIMIT {limit}"));
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    let rows = statement.query_map(params_from_iter(&sql.cells), |row| row.get(0).map(RecordId)).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

/// Finds for every staged row the record that has the same key: the slug of a field, or `id`.
pub fn match_staged(tx: &ReadTx<'_>, schema: &Schema, key: &str) -> Result<()> {
    let place = key_column(schema, key)?;
    // The table is walked once, or its index asked; without this copy it would be walked for every row of the file.
    let sql = format!(
        "DROP TABLE IF EXISTS staged.held;
         CREATE TABLE staged.held (k, id INTEGER NOT NULL);
         INSERT INTO staged.held SELECT {place}, id FROM main.{} WHERE {place} IN (SELECT k FROM staged.row);
         CREATE INDEX staged.held_k ON held (k, id);
         UPDATE staged.row SET record = (SELECT min(id) FROM staged.held WHERE held.k = row.k);",
        table(schema.id)
    );
    tx.conn().execute_batch(&sql).or_failed()
}

/// How many staged rows belong to stored records.
pub fn staged_matches(tx: &ReadTx<'_>) -> Result<i64> {
    tx.conn().query_row("SELECT count(*) FROM staged.row WHERE record IS NOT NULL", [], |row| row.get(0)).or_failed()
}

/// Staged rows whose key several records have, with of how many.
pub fn staged_ambiguous(tx: &ReadTx<'_>, limit: usize) -> Result<First<i64>> {
    let question =
        "SELECT n, (SELECT count(*) FROM staged.held WHERE held.k = s.k) AS other FROM staged.row s WHERE record IS NOT NULL AND other > 1";
    stage::first(tx.conn(), STAGED, question, limit)
}

/// Staged rows that look by its number for a record which is not there, with the number.
pub fn staged_unknown(tx: &ReadTx<'_>, limit: usize) -> Result<First<i64>> {
    stage::first(tx.conn(), STAGED, "SELECT n, CAST(k AS INTEGER) AS other FROM staged.row WHERE record IS NULL", limit)
}

/// Staged rows that have no record and are no whole one.
pub fn staged_incomplete(tx: &ReadTx<'_>, limit: usize) -> Result<First<i64>> {
    stage::first(tx.conn(), STAGED, "SELECT n, n AS other FROM staged.row WHERE record IS NULL AND data IS NULL", limit)
}

/// Staged rows without a record whose values in these fields a stored record has already, with its id.
pub fn staged_taken(tx: &ReadTx<'_>, schema: &Schema, group: &[String], limit: usize) -> Result<First<i64>> {
    let columns: Vec<Column> = group.iter().filter_map(|slug| field_column(schema, slug)).collect();
    let same: Vec<String> = columns.iter().map(|place| format!("{} = {}", column(place, ""), column(place, "s."))).collect();
    let question = format!(
        "SELECT n, (SELECT id FROM main.{} WHERE {} LIMIT 1) AS other FROM staged.row s WHERE record IS NULL AND other IS NOT NULL",
        table(schema.id),
        same.join(" AND ")
    );
    stage::first(tx.conn(), STAGED, &question, limit)
}

/// Staged rows without a record whose reference points to nothing, with where it points.
pub fn staged_dangling(tx: &ReadTx<'_>, field: &Field, target: &Schema, limit: usize) -> Result<First<String>> {
    let place = column(&Column::of(field), "s.");
    let question = format!(
        "SELECT n, {place} AS other FROM staged.row s WHERE record IS NULL AND {place} IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM main.{} WHERE id = CAST(substr({place}, 5) AS INTEGER))",
        table(target.id)
    );
    stage::first(tx.conn(), STAGED, &question, limit)
}

/// The same of a field that holds several: each that points to nothing.
pub fn staged_dangling_links(tx: &ReadTx<'_>, field: &Field, target: &Schema, limit: usize) -> Result<First<String>> {
    let question = format!(
        "SELECT DISTINCT n, e.value AS other FROM staged.row s JOIN json_each(coalesce(s.data->'$.{}', '[]')) e ON e.type = 'text'
         WHERE record IS NULL AND NOT EXISTS (SELECT 1 FROM main.{} WHERE id = CAST(substr(e.value, 5) AS INTEGER))",
        field.slug,
        table(target.id)
    );
    stage::first(tx.conn(), STAGED, &question, limit)
}

/// Staged rows without a record that name a user who is not there, with the user's number.
pub fn staged_unknown_users(tx: &ReadTx<'_>, field: &Field, limit: usize) -> Result<First<i64>> {
    let place = column(&Column::of(field), "s.");
    let question = format!(
        "SELECT n, {place} AS other FROM staged.row s WHERE record IS NULL AND {place} IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM main.user u WHERE u.id = {place})"
    );
    stage::first(tx.conn(), STAGED, &question, limit)
}

/// The rows of a stage that is attached.
const STAGED: &str = "staged.row";

/// Takes all staged rows without a record in, in their order, with one statement. Gives the first and the last new id.
pub fn insert_staged(tx: &mut WriteTx<'_>, schema: &Schema, by: Option<UserId>) -> Result<Option<(RecordId, RecordId)>> {
    let count: i64 = tx.conn().query_row("SELECT count(*) FROM staged.row WHERE record IS NULL", [], |row| row.get(0)).or_failed()?;
    if count == 0 {
        return Ok(None);
    }
    let first = take_ids(tx, schema, count)?;
    let mut data = "data".to_owned();
    for field in schema.fields.iter().filter(|field| field.kind == Kind::Sequence) {
        let before = next_in_sequence(tx, schema, field)? - 1;
        data = format!("json_set({data}, '$.{}', {before} + row_number() OVER (ORDER BY n))", field.slug);
    }
    let sql = format!(
        "INSERT INTO main.{} (id, data, created_at, created_by, updated_at, updated_by, version)
         SELECT ?1 - 1 + row_number() OVER (ORDER BY n), {data}, ?2, ?3, ?2, ?3, 1 FROM staged.row WHERE record IS NULL ORDER BY n",
        table(schema.id)
    );
    tx.conn().execute(&sql, (first, &tx.now().text, by.map(|user| user.0))).or_failed()?;
    link_rows::write_from(tx, schema, RecordId(first))?;
    Ok(Some((RecordId(first), RecordId(first + count - 1))))
}

/// The number that the next record gets in a field that counts by itself.
pub fn next_in_sequence(tx: &ReadTx<'_>, schema: &Schema, field: &Field) -> Result<i64> {
    let sql = format!("SELECT max({}) FROM {}", column(&Column::of(field), ""), table(schema.id));
    let highest: Option<i64> = tx.conn().prepare_cached(&sql).or_failed()?.query_row([], |row| row.get(0)).or_failed()?;
    highest.unwrap_or_default().checked_add(1).ok_or_else(|| Error::internal("a sequence has come to its end"))
}

/// Reserves ids and counts the rows that will have them.
pub fn take_ids(tx: &mut WriteTx<'_>, schema: &Schema, count: i64) -> Result<i64> {
    let more = tx.counted(schema.id, count);
    let mut statement = tx
        .conn()
        .prepare_cached("UPDATE schema SET next_id = next_id + ?2, records = records + ?3 WHERE id = ?1 RETURNING next_id - ?2")
        .or_failed()?;
    statement.query_row((schema.id.0, count, more), |row| row.get(0)).or_failed()
}

/// No field is called `id`: it is the record's own.
fn key_column(schema: &Schema, slug: &str) -> Result<String> {
    let place = if slug == "id" { Some(Column::Id) } else { field_column(schema, slug) };
    place.map(|place| column(&place, "")).ok_or_else(|| Error::internal("the key is no field"))
}

/// The first column of every row that a question has.
pub(super) fn numbers(tx: &ReadTx<'_>, sql: &str) -> Result<Vec<i64>> {
    let mut statement = tx.conn().prepare(sql).or_failed()?;
    let rows = statement.query_map([], |row| row.get(0)).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

fn record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record { id: RecordId(row.get(0)?), data: row.get(1)?, created_at: row.get(2)?, updated_at: row.get(3)?, version: row.get(4)? })
}

fn borrowed<'r>(row: &'r Row<'_>) -> rusqlite::Result<RecordRef<'r>> {
    Ok(RecordRef {
        id: RecordId(row.get(0)?),
        data: row.get_ref(1)?.as_str()?,
        created_at: row.get_ref(2)?.as_str()?,
        updated_at: row.get_ref(3)?.as_str()?,
        version: row.get(4)?,
    })
}
