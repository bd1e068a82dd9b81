//! The table `search`: what is said of searching each schema, and how far its index is. The index itself is `store/search`.

use crate::model::error::Result;
use crate::model::schema::SchemaId;
use crate::model::search::{Index, Search, State, Wanted};
use crate::store::sqlite::{OrFailed, damaged};
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;
use std::collections::HashMap;

pub struct Said {
    pub search: Search,
    /// Of the index.
    pub definition: Option<String>,
}

pub fn all(conn: &Connection) -> Result<HashMap<SchemaId, Said>> {
    let mut statement = conn.prepare("SELECT schema, wanted, definition, upto IS NULL, is_failed FROM search").or_failed()?;
    let rows = statement.query_map([], |row| {
        let text: (String, Option<String>) = (row.get(1)?, row.get(2)?);
        Ok((SchemaId(row.get(0)?), text, row.get::<_, bool>(3)?, row.get::<_, bool>(4)?))
    });
    let mut found = HashMap::new();
    for row in rows.or_failed()? {
        let (schema, (wanted, definition), is_whole, is_failed) = row.or_failed()?;
        let wanted = serde_json::from_str(&wanted).ok().and_then(|value| Wanted::from_json(&value));
        let wanted = wanted.ok_or_else(|| damaged("what is said of searching"))?;
        let state = match (is_failed, is_whole) {
            (true, _) => State::Failed,
            (false, true) => State::Ready,
            (false, false) => State::Making,
        };
        let index = definition.as_deref().map(|text| Ok(Index { fields: slugs(text)?, state })).transpose()?;
        found.insert(schema, Said { search: Search { wanted, index }, definition });
    }
    Ok(found)
}

fn slugs(definition: &str) -> Result<Vec<String>> {
    let columns: Vec<(String, String)> = serde_json::from_str(definition).map_err(damaged)?;
    Ok(columns.into_iter().map(|(slug, _)| slug).collect())
}

/// The definition of the index that is there, and whether it is good.
pub fn defined(conn: &Connection, schema: SchemaId) -> Result<Option<(String, bool)>> {
    let mut statement = conn.prepare_cached("SELECT definition, is_failed = 0 FROM search WHERE schema = ?1").or_failed()?;
    let found = statement.query_row([schema.0], |row| Ok((row.get::<_, Option<String>>(0)?, row.get(1)?))).optional().or_failed()?;
    Ok(found.and_then(|(definition, is_good)| Some((definition?, is_good))))
}

/// Records up to which id are in the index; `None` for all.
pub fn upto(conn: &Connection, schema: SchemaId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT upto FROM search WHERE schema = ?1")?.query_row([schema.0], |row| row.get(0))
}

pub fn say(conn: &Connection, schema: SchemaId, wanted: &Value) -> Result<()> {
    let sql = "INSERT INTO search (schema, wanted) VALUES (?1, ?2) ON CONFLICT (schema) DO UPDATE SET wanted = excluded.wanted";
    conn.execute(sql, (schema.0, wanted.to_string())).or_failed().map(drop)
}

/// There is another index now, or none.
pub fn define(conn: &Connection, schema: SchemaId, definition: Option<&str>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO search (schema, wanted, definition, upto) VALUES (?1, 'null', ?2, 0)
               ON CONFLICT (schema) DO UPDATE SET definition = excluded.definition, upto = 0, is_failed = 0";
    conn.execute(sql, (schema.0, definition)).map(drop)
}

/// Records up to this id are in the index; `None` for all.
pub fn reach(conn: &Connection, schema: SchemaId, upto: Option<i64>) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE search SET upto = ?2 WHERE schema = ?1")?.execute((schema.0, upto)).map(drop)
}

pub fn fail(conn: &Connection, schema: SchemaId) -> Result<()> {
    conn.execute("UPDATE search SET is_failed = 1 WHERE schema = ?1", [schema.0]).or_failed().map(drop)
}
