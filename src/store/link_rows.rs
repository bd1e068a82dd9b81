//! The link table of a schema, `l<number>`: what its sets hold, a row for each element, `(field, target, record)`. The text in `data` is what is
//! answered; these rows are what is searched by. Both are written in the same transaction.
//!
//! `target` is the record's number for links and the text itself for sets of texts.

use super::sql::{links, table};
use super::sqlite::OrFailed;
use super::tx::{ReadTx, WriteTx};
use crate::model::error::Result;
use crate::model::field::{Field, Kind};
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use serde_json::{Map, Value};

/// Makes the table when the schema has sets, takes it away when it has none any more.
pub fn settle(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    let name = links(schema.id);
    let sql = if sets(schema).next().is_none() {
        format!("DROP TABLE IF EXISTS {name}")
    } else {
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (field TEXT NOT NULL, target ANY NOT NULL, record INTEGER NOT NULL,
                 PRIMARY KEY (field, target, record)) STRICT, WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS {name}_record ON {name} (record);"
        )
    };
    tx.conn().execute_batch(&sql).or_failed()
}

/// What the values of a record hold now; of a record that had others before when `is_new` is false.
pub fn write(tx: &mut WriteTx<'_>, schema: &Schema, id: RecordId, values: &Map<String, Value>, is_new: bool) -> Result<()> {
    let name = links(schema.id);
    for field in sets(schema) {
        let Some(value) = values.get(&field.slug) else { continue };
        if !is_new {
            let mut delete = tx.conn().prepare_cached(&format!("DELETE FROM {name} WHERE record = ?1 AND field = ?2")).or_failed()?;
            delete.execute((id.0, &field.slug)).or_failed()?;
        }
        if value.as_array().is_some_and(|elements| !elements.is_empty()) {
            let sql = format!("INSERT INTO {name} SELECT ?1, {}, ?2 FROM json_each(?3) e", target("e", field));
            let mut insert = tx.conn().prepare_cached(&sql).or_failed()?;
            insert.execute((&field.slug, id.0, value.to_string())).or_failed()?;
        }
    }
    Ok(())
}

/// A record is gone.
pub fn remove(tx: &mut WriteTx<'_>, schema: &Schema, id: RecordId) -> Result<()> {
    if sets(schema).next().is_none() {
        return Ok(());
    }
    let mut delete = tx.conn().prepare_cached(&format!("DELETE FROM {} WHERE record = ?1", links(schema.id))).or_failed()?;
    delete.execute([id.0]).or_failed().map(drop)
}

/// The same for all records from `first` on, by what lies in them.
pub fn write_from(tx: &mut WriteTx<'_>, schema: &Schema, first: RecordId) -> Result<()> {
    for field in sets(schema) {
        write_field(tx, schema, field, first)?;
    }
    Ok(())
}

/// What the records hold that were changed from a stage.
pub fn write_merged(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    let name = links(schema.id);
    for field in sets(schema) {
        let changed = format!("SELECT record FROM staged.merged WHERE data IS NOT NULL AND body->'$.after.{}' IS NOT NULL", field.slug);
        let sql = format!("DELETE FROM main.{name} WHERE field = ?1 AND record IN ({changed})");
        tx.conn().execute(&sql, [&field.slug]).or_failed()?;
        let (target, elements) = (target("e", field), elements(schema, field));
        let sql = format!("INSERT INTO main.{name} SELECT ?1, {target}, r.id FROM {elements} WHERE r.id IN ({changed})");
        tx.conn().execute(&sql, [&field.slug]).or_failed()?;
    }
    Ok(())
}

/// One field of all records from `first` on.
pub fn write_field(tx: &mut WriteTx<'_>, schema: &Schema, field: &Field, first: RecordId) -> Result<()> {
    let sql = format!(
        "INSERT INTO main.{} SELECT ?1, {}, r.id FROM {} WHERE r.id >= ?2",
        links(schema.id),
        target("e", field),
        elements(schema, field)
    );
    tx.conn().execute(&sql, (&field.slug, first.0)).or_failed().map(drop)
}

/// Another text stands in the place of one, or none.
pub fn replace(tx: &mut WriteTx<'_>, schema: &Schema, field: &str, was: &str, now: Option<&str>) -> Result<()> {
    let name = links(schema.id);
    if let Some(now) = now {
        let sql = format!("INSERT OR IGNORE INTO {name} SELECT field, ?3, record FROM {name} WHERE field = ?1 AND target = ?2");
        tx.conn().execute(&sql, (field, was, now)).or_failed()?;
    }
    tx.conn().execute(&format!("DELETE FROM {name} WHERE field = ?1 AND target = ?2"), (field, was)).or_failed().map(drop)
}

/// A field has another name.
pub fn rename(tx: &mut WriteTx<'_>, schema: &Schema, was: &str, now: &str) -> Result<()> {
    let sql = format!("UPDATE {} SET field = ?2 WHERE field = ?1", links(schema.id));
    tx.conn().execute(&sql, (was, now)).or_failed().map(drop)
}

/// A field is gone.
pub fn forget(tx: &mut WriteTx<'_>, schema: &Schema, field: &str) -> Result<()> {
    tx.conn().execute(&format!("DELETE FROM {} WHERE field = ?1", links(schema.id)), [field]).or_failed().map(drop)
}

/// Where data and link rows differ: `(record, what the text says, what the rows say)` as counts; at most `limit`.
pub fn differing(tx: &ReadTx<'_>, schema: &Schema, field: &Field, limit: usize) -> Result<Vec<RecordId>> {
    let (name, target) = (links(schema.id), target("e", field));
    let sql = format!(
        "SELECT r.id FROM {elements} WHERE NOT EXISTS (SELECT 1 FROM {name} l WHERE l.field = ?1 AND l.target = {target} AND l.record = r.id)
         UNION SELECT l.record FROM {name} l WHERE l.field = ?1 AND NOT EXISTS
             (SELECT 1 FROM {elements} WHERE r.id = l.record AND {target} = l.target) LIMIT {limit}",
        elements = elements(schema, field),
    );
    let mut statement = tx.conn().prepare(&sql).or_failed()?;
    let rows = statement.query_map([&field.slug], |row| row.get(0).map(RecordId)).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

/// Records that link to one that is not there; at most `limit`.
pub fn dangling(tx: &ReadTx<'_>, schema: &Schema, field: &Field, pointed: &Schema, limit: usize) -> Result<Vec<(RecordId, i64)>> {
    let sql = format!(
        "SELECT record, target FROM {} WHERE field = ?1 AND NOT EXISTS (SELECT 1 FROM {} t WHERE t.id = target) LIMIT {limit}",
        links(schema.id),
        table(pointed.id)
    );
    let mut statement = tx.conn().prepare(&sql).or_failed()?;
    let rows = statement.query_map([&field.slug], |row| Ok((RecordId(row.get(0)?), row.get(1)?))).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

fn sets(schema: &Schema) -> impl Iterator<Item = &Field> {
    schema.fields.iter().filter(|field| field.kind.is_set())
}

/// A row for each element of a field: `r` is the record, `e` the element.
fn elements(schema: &Schema, field: &Field) -> String {
    format!("main.{} r JOIN json_each(coalesce(r.data->'$.{}', '[]')) e ON e.type = 'text'", table(schema.id), field.slug)
}

/// An element as it is searched by.
fn target(alias: &str, field: &Field) -> String {
    match field.kind {
        Kind::Links => format!("CAST(substr({alias}.value, 5) AS INTEGER)"),
        _ => format!("{alias}.value"),
    }
}
