//! The table `change` read backwards: one act, what happened to one record, what was last. Writing it, and the feed, are in `changes`.

use super::changes::{LOGGED, logged};
use crate::model::app::AppId;
use crate::model::change::{Edge, Logged, Sought};
use crate::model::error::Result;
use crate::model::record::RecordId;
use crate::model::schema::SchemaId;
use crate::store::sqlite::OrFailed;
use crate::store::tx::ReadTx;
use rusqlite::types::Value as Bound;
use rusqlite::{OptionalExtension, Params, params_from_iter};

/// The entry with this number.
pub fn one(tx: &ReadTx<'_>, seq: i64) -> Result<Option<Logged>> {
    Ok(all(tx, &format!("SELECT {LOGGED} FROM change WHERE seq = ?1"), [seq])?.pop())
}

/// The entries of an act, oldest first; at most `limit`. They follow each other, for one job writes at a time.
pub fn of_act(tx: &ReadTx<'_>, act: i64, limit: usize) -> Result<Vec<Logged>> {
    let sql = format!("SELECT {LOGGED} FROM change WHERE seq >= ?1 AND seq < ?2 ORDER BY seq LIMIT {limit}");
    all(tx, &sql, (act, end_of_act(tx, act)?))
}

/// How many entries an act has.
pub fn act_len(tx: &ReadTx<'_>, act: i64) -> Result<i64> {
    let mut statement = tx.conn().prepare_cached("SELECT count(*) FROM change WHERE seq >= ?1 AND seq < ?2").or_failed()?;
    statement.query_row((act, end_of_act(tx, act)?), |row| row.get(0)).or_failed()
}

/// The number of the first entry after an act.
fn end_of_act(tx: &ReadTx<'_>, act: i64) -> Result<i64> {
    let sql = "SELECT seq FROM change WHERE seq > ?1 AND batch IS NOT ?1 ORDER BY seq LIMIT 1";
    Ok(tx.conn().prepare_cached(sql).or_failed()?.query_row([act], |row| row.get(0)).optional().or_failed()?.unwrap_or(i64::MAX))
}

/// The act that took this one back, if that was not taken back itself. The first entry of an act, taken back alone, goes by its number below zero.
pub fn undone_by(tx: &ReadTx<'_>, act: i64) -> Result<Option<i64>> {
    let sql = "SELECT seq FROM change WHERE undoes = ?1 AND undoes IS NOT NULL AND batch IS NULL ORDER BY seq DESC LIMIT 1";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let mut last = |act: i64| statement.query_row([act], |row| row.get::<_, i64>(0)).optional().or_failed();
    let Some(undo) = last(act)? else { return Ok(None) };
    // Taken back, and brought back, and so on: an odd number of times.
    let (mut newest, mut is_undone) = (undo, true);
    while let Some(next) = last(newest)? {
        (newest, is_undone) = (next, !is_undone);
    }
    Ok(is_undone.then_some(undo))
}

/// What was said of a schema from an entry on, oldest first.
pub fn definitions(tx: &ReadTx<'_>, schema: SchemaId, from: i64) -> Result<Vec<Logged>> {
    let sql = format!("SELECT {LOGGED} FROM change WHERE kind = 'define' AND schema = ?1 AND seq >= ?2 ORDER BY seq");
    all(tx, &sql, (schema.0, from))
}

/// What happened to a record after an entry, newest first; at most `limit`.
pub fn of_record(tx: &ReadTx<'_>, schema: SchemaId, record: RecordId, after: i64, limit: usize) -> Result<Vec<Logged>> {
    let sql = format!(
        "SELECT {LOGGED} FROM change WHERE schema = ?1 AND record = ?2 AND record IS NOT NULL AND seq > ?3 ORDER BY seq DESC LIMIT {limit}"
    );
    all(tx, &sql, (schema.0, record.0, after))
}

/// Whether anything happened to records of a schema after an entry.
pub fn any_record_since(tx: &ReadTx<'_>, schema: SchemaId, after: i64) -> Result<bool> {
    let one = "SELECT 1 FROM change WHERE schema = ?1 AND record IS NOT NULL AND seq > ?2 LIMIT 1";
    // An import is one entry for all that it made.
    let many = "SELECT 1 FROM change WHERE schema = ?1 AND kind = 'import' AND seq > ?2 LIMIT 1";
    let is_any = |sql: &str| tx.conn().prepare_cached(sql).or_failed()?.exists((schema.0, after)).or_failed();
    Ok(is_any(one)? || is_any(many)?)
}

/// Imports into a schema after an entry, oldest first.
pub fn imports_since(tx: &ReadTx<'_>, schema: SchemaId, after: i64) -> Result<Vec<Logged>> {
    let sql = format!("SELECT {LOGGED} FROM change WHERE schema = ?1 AND kind = 'import' AND seq > ?2 ORDER BY seq");
    all(tx, &sql, (schema.0, after))
}

/// All entries of an app after one, oldest first; at most `limit`.
pub fn since(tx: &ReadTx<'_>, app: AppId, after: i64, limit: usize) -> Result<Vec<Logged>> {
    all(tx, &format!("SELECT {LOGGED} FROM change WHERE seq > ?1 AND app = ?2 ORDER BY seq LIMIT {limit}"), (after, app.0))
}

/// The first entry of each act of an app after an entry, oldest first.
pub fn acts_since(tx: &ReadTx<'_>, app: AppId, after: i64) -> Result<Vec<Logged>> {
    all(tx, &format!("SELECT {LOGGED} FROM change WHERE seq > ?1 AND app = ?2 AND batch IS NULL ORDER BY seq"), (after, app.0))
}

/// The number of the newest entry from before a time, or at it; 0 without any.
pub fn newest_until(tx: &ReadTx<'_>, at: &str) -> Result<i64> {
    let sql = "SELECT seq FROM change WHERE at <= ?1 ORDER BY seq DESC LIMIT 1";
    Ok(tx.conn().prepare_cached(sql).or_failed()?.query_row([at], |row| row.get(0)).optional().or_failed()?.unwrap_or_default())
}

/// The highest id that the log knows of a record of a schema.
pub fn last_record(tx: &ReadTx<'_>, schema: SchemaId) -> Result<i64> {
    let sql = "SELECT coalesce(max(record), 0) FROM change WHERE schema = ?1 AND record IS NOT NULL";
    tx.conn().prepare_cached(sql).or_failed()?.query_row([schema.0], |row| row.get(0)).or_failed()
}

/// Apps that were taken away, newest first, each as it went last.
pub fn gone_apps(tx: &ReadTx<'_>, limit: usize) -> Result<Vec<Logged>> {
    let sql = format!(
        "SELECT {LOGGED} FROM change WHERE seq IN (SELECT max(seq) FROM change WHERE kind = 'define' AND schema IS NULL AND app IS NOT NULL
         AND body->'$.before.uuid' IS NOT NULL AND body->'$.after' IS NULL AND app NOT IN (SELECT id FROM app) GROUP BY app)
         ORDER BY seq DESC LIMIT {limit}"
    );
    all(tx, &sql, [])
}

/// Entries of an app that are sought, newest first; at most `limit`.
pub fn newest_first(tx: &ReadTx<'_>, app: AppId, sought: &Sought, limit: usize) -> Result<Vec<Logged>> {
    let (mut sql, mut bound) = (String::new(), vec![Bound::from(app.0)]);
    let mut put = |text: &str, value: Bound| {
        bound.push(value);
        sql.push_str(&text.replace('?', &format!("?{}", bound.len())));
    };
    let edge = |edge: &Edge| match edge {
        Edge::Number(number) => ("seq", Bound::from(*number)),
        Edge::Time(time) => ("at", Bound::from(time.clone())),
    };
    for (value, sign) in [(&sought.before, "<"), (&sought.after, ">")] {
        if let Some((column, value)) = value.as_ref().map(edge) {
            put(&format!(" AND {column} {sign} ?"), value);
        }
    }
    for (value, text) in [(sought.schema.map(|id| id.0), " AND schema = ?"), (sought.record.map(|id| id.0), " AND record = ?")] {
        if let Some(value) = value {
            put(text, Bound::from(value));
        }
    }
    for (value, text) in [
        (&sought.who, " AND principal = ?"),
        (&sought.via, " AND (dialect = ? OR token = ?)"),
        (&sought.kind, " AND kind = ?"),
        (&sought.tab, " AND tab = ?"),
    ] {
        if let Some(value) = value {
            put(text, Bound::from(value.clone()));
        }
    }
    if sought.is_by_act {
        sql.push_str(" AND batch IS NULL");
    }
    // A record's entries have an index of their own; all others lie in the order in which they are asked for.
    let by = if sought.record.is_some() && sought.schema.is_some() { " INDEXED BY change_record" } else { " NOT INDEXED" };
    let known = if sought.record.is_some() { " AND record IS NOT NULL" } else { "" };
    let sql = format!("SELECT {LOGGED} FROM change{by} WHERE app = ?1{known}{sql} ORDER BY seq DESC LIMIT {limit}");
    all(tx, &sql, params_from_iter(bound))
}

fn all(tx: &ReadTx<'_>, sql: &str, values: impl Params) -> Result<Vec<Logged>> {
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let rows = statement.query_map(values, logged).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}
