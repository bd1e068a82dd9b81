//! The table `auto_index`: indexes that nobody declared, why they are there, and whether they are used.

use crate::model::error::Result;
use crate::model::schema::{AutoIndex, Schema, SchemaId};
use crate::store::indexes;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::Connection;
use std::collections::HashMap;
use std::time::Instant;

pub fn all(conn: &Connection) -> Result<HashMap<SchemaId, Vec<AutoIndex>>> {
    let mut statement =
        conn.prepare("SELECT schema, field, made_at, why, stall_ms, used_at FROM auto_index ORDER BY schema, field").or_failed()?;
    let rows = statement.query_map([], |row| {
        let index = AutoIndex { field: row.get(1)?, made_at: row.get(2)?, why: row.get(3)?, stall_ms: row.get(4)?, used_at: row.get(5)? };
        Ok((SchemaId(row.get(0)?), index))
    });
    let mut found: HashMap<SchemaId, Vec<AutoIndex>> = HashMap::new();
    for row in rows.or_failed()? {
        let (schema, index) = row.or_failed()?;
        found.entry(schema).or_default().push(index);
    }
    Ok(found)
}

/// Makes an index and notes why, and how long that took: nobody could write meanwhile.
pub fn make(tx: &mut WriteTx<'_>, schema: &Schema, field: &str, why: &str) -> Result<AutoIndex> {
    let begun = Instant::now();
    let now = tx.now().text.clone();
    let mut index = AutoIndex { field: field.to_owned(), made_at: now.clone(), why: why.to_owned(), stall_ms: 0, used_at: day(&now) };
    let automatic = schema.automatic.iter().cloned().chain([index.clone()]).collect();
    indexes::settle(tx, &Schema { automatic, ..schema.clone() })?;
    index.stall_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    tx.conn()
        .execute(
            "INSERT INTO auto_index (schema, field, made_at, why, stall_ms, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (schema.id.0, &index.field, &index.made_at, &index.why, index.stall_ms, &index.used_at),
        )
        .or_failed()?;
    Ok(index)
}

/// Takes away the index on a field.
pub fn drop(tx: &mut WriteTx<'_>, schema: &Schema, field: &str) -> Result<()> {
    let automatic: Vec<AutoIndex> = schema.automatic.iter().filter(|index| index.field != field).cloned().collect();
    keep(tx, schema.id, &automatic)?;
    indexes::settle(tx, &Schema { automatic, ..schema.clone() })
}

/// Forgets all but these.
pub fn keep(tx: &mut WriteTx<'_>, schema: SchemaId, kept: &[AutoIndex]) -> Result<()> {
    let fields: Vec<&str> = kept.iter().map(|index| index.field.as_str()).collect();
    tx.conn()
        .execute(
            "DELETE FROM auto_index WHERE schema = ?1 AND field NOT IN (SELECT value FROM json_each(?2))",
            (schema.0, serde_json::json!(fields).to_string()),
        )
        .or_failed()
        .map(std::mem::drop)
}

/// Notes the day on which a list used it.
pub fn used(tx: &mut WriteTx<'_>, schema: SchemaId, field: &str) -> Result<()> {
    let today = day(&tx.now().text);
    tx.conn()
        .execute("UPDATE auto_index SET used_at = ?3 WHERE schema = ?1 AND field = ?2 AND used_at <> ?3", (schema.0, field, today))
        .or_failed()
        .map(std::mem::drop)
}

/// Somebody does not want an index on a field: it is not made again by itself.
pub fn unwant(tx: &mut WriteTx<'_>, schema: SchemaId, field: &str) -> Result<()> {
    let today = day(&tx.now().text);
    tx.conn()
        .execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", (unwanted(schema, field), today))
        .or_failed()
        .map(std::mem::drop)
}

/// Somebody wants one, after all.
pub fn want(tx: &mut WriteTx<'_>, schema: SchemaId, fields: &[String]) -> Result<()> {
    for field in fields {
        tx.conn().execute("DELETE FROM meta WHERE key = ?1", [unwanted(schema, field)]).or_failed()?;
    }
    Ok(())
}

pub fn is_unwanted(tx: &ReadTx<'_>, schema: SchemaId, field: &str) -> Result<bool> {
    let mut statement = tx.conn().prepare_cached("SELECT 1 FROM meta WHERE key = ?1").or_failed()?;
    statement.exists([unwanted(schema, field)]).or_failed()
}

/// The key in `meta`.
fn unwanted(schema: SchemaId, field: &str) -> String {
    format!("unwanted_index {} {field}", schema.0)
}

/// The day of an RFC 3339 time.
pub fn day(time: &str) -> String {
    time.split('T').next().unwrap_or_default().to_owned()
}
