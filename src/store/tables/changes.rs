//! The table `change`: the log of everything that was done.

use crate::model::app::AppId;
use crate::model::change::{Change, Logged};
use crate::model::error::{Error, Result};
use crate::model::field::Field;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::records::option_replaced;
use crate::store::sql::{links, table};
use crate::store::sqlite::OrFailed;
use crate::store::totals;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::BTreeSet;

/// Logs every record of a schema as deleted, with its whole row, in one batch named by `change.batch`.
pub fn insert_all_deleted(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId) -> Result<()> {
    let sql = format!(
        "INSERT INTO change (at, principal, dialect, token, app, schema, record, kind, batch, label, undoes, tab, body)
         SELECT ?1, ?2, ?3, ?9, ?4, ?5, id, ?6, ?7, ?8, ?10, ?11, json_object('before', json(data), 'created_at', created_at, 'created_by', created_by, 'updated_at', updated_at, 'version', version)
         FROM {}",
        table(schema)
    );
    all(tx, change, schema, &sql)
}

/// Logs for every record of a schema that it loses a field, with the value that it had.
pub fn insert_all_cleared(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId, field: &str) -> Result<()> {
    let sql = format!(
        "INSERT INTO change (at, principal, dialect, token, app, schema, record, kind, batch, label, undoes, tab, body)
         SELECT ?1, ?2, ?3, ?9, ?4, ?5, id, ?6, ?7, ?8, ?10, ?11, json_object('before', json_object('{field}', data->'$.{field}'), 'after', json('{{}}'))
         FROM {} WHERE data->>'$.{field}' IS NOT NULL",
        table(schema)
    );
    all(tx, change, schema, &sql)
}

/// Logs every record that was changed from a stage, each with the label and the body that were noted there.
pub fn insert_all_merged(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId) -> Result<()> {
    let sql = "INSERT INTO main.change (at, principal, dialect, token, app, schema, record, kind, batch, label, undoes, tab, body)
         SELECT ?1, ?2, ?3, ?9, ?4, ?5, record, ?6, ?7, coalesce(label, ?8), ?10, ?11, body FROM staged.merged WHERE data IS NOT NULL ORDER BY n";
    all(tx, change, schema, sql)
}

/// The schemas that entries after a number are about; `None` when some of these entries are gone.
pub fn schemas_since(tx: &ReadTx<'_>, since: i64) -> Result<Option<BTreeSet<SchemaId>>> {
    let (oldest, _) = bounds(tx)?;
    let mut statement = tx.conn().prepare_cached("SELECT DISTINCT schema FROM change WHERE seq > ?1 AND schema IS NOT NULL").or_failed()?;
    let rows = statement.query_map([since], |row| row.get(0).map(SchemaId)).or_failed()?;
    let schemas = rows.collect::<rusqlite::Result<_>>().or_failed()?;
    Ok((oldest <= since + 1).then_some(schemas))
}

/// Logs for every record whose staged value of a field is another one what it was and becomes.
pub fn insert_all_converted(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId, field: &str) -> Result<()> {
    let sql = format!(
        "INSERT INTO change (at, principal, dialect, token, app, schema, record, kind, batch, label, undoes, tab, body)
         SELECT ?1, ?2, ?3, ?9, ?4, ?5, n, ?6, ?7, ?8, ?10, ?11, json_object('before', json_object('{field}', json(sent)), 'after', json_object('{field}', json(data)))
         FROM staged.row WHERE data IS NOT sent"
    );
    all(tx, change, schema, &sql)
}

/// Logs for every record that holds an option what its field was and becomes: another option in its place, or none.
pub fn insert_all_replaced(
    tx: &mut WriteTx<'_>,
    change: &Change,
    schema: &Schema,
    field: &Field,
    (was, now): (&str, Option<&str>),
) -> Result<()> {
    let slug = &field.slug;
    let (after, holds) = if field.kind.is_set() {
        (
            option_replaced(slug, "?12", "?13"),
            format!("id IN (SELECT record FROM {} WHERE field = '{slug}' AND target = ?12)", links(schema.id)),
        )
    } else {
        ("?13".to_owned(), format!("data->>'$.{slug}' = ?12"))
    };
    let sql = format!(
        "INSERT INTO change (at, principal, dialect, token, app, schema, record, kind, batch, label, undoes, tab, body)
         SELECT ?1, ?2, ?3, ?9, ?4, ?5, id, ?6, ?7, ?8, ?10, ?11,
             json_object('before', json_object('{slug}', data->'$.{slug}'), 'after', json_object('{slug}', {after}))
         FROM {} WHERE {holds}",
        table(schema.id),
    );
    let app = change.app.map(|app| app.0);
    let (at, id, kind, batch, undoes) = (&tx.now().text, schema.id.0, change.kind.name(), tx.batch(change.batch), tx.undoes());
    let Change { principal, dialect, label, token, tab, .. } = change;
    let values = params![at, principal, dialect, app, id, kind, batch, label, token, undoes, tab, was, now];
    tx.conn().execute(&sql, values).or_failed()?;
    let newest = totals::newest(tx.conn())?;
    tx.logged(Some(schema.id), newest);
    Ok(())
}

fn all(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId, sql: &str) -> Result<()> {
    let app = change.app.map(|app| app.0);
    let (now, kind) = (&tx.now().text, change.kind.name());
    let (batch, undoes) = (tx.batch(change.batch), tx.undoes());
    let values = params![now, change.principal, change.dialect, app, schema.0, kind, batch, change.label, change.token, undoes, change.tab];
    tx.conn().execute(sql, values).or_failed()?;
    let newest = totals::newest(tx.conn())?;
    tx.logged(Some(schema), newest);
    Ok(())
}

/// Writes an entry and gives its sequence number.
pub fn insert(tx: &mut WriteTx<'_>, change: &Change) -> Result<i64> {
    let sql = "INSERT INTO change (at, principal, dialect, token, app, schema, record, kind, batch, label, undoes, tab, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let values = rusqlite::params![
        tx.now().text,
        change.principal,
        change.dialect,
        change.token,
        change.app.map(|app| app.0),
        change.schema.map(|schema| schema.0),
        change.record.map(|record| record.0),
        change.kind.name(),
        tx.batch(change.batch),
        change.label,
        tx.undoes(),
        change.tab,
        change.body
    ];
    let seq = statement.insert(values).or_failed()?;
    drop(statement);
    tx.logged(change.schema, seq);
    Ok(seq)
}

/// The numbers of the oldest and the newest entry; the newest one is never taken out. Without any, 1 and 0.
pub fn bounds(tx: &ReadTx<'_>) -> Result<(i64, i64)> {
    // Two questions: SQLite looks up one end of a table, but walks it for both in one.
    let end = |sql: &str| -> Result<Option<i64>> { tx.conn().prepare_cached(sql).or_failed()?.query_row([], |row| row.get(0)).or_failed() };
    let newest = end("SELECT max(seq) FROM change")?.unwrap_or_default();
    Ok((end("SELECT min(seq) FROM change")?.unwrap_or(newest + 1), newest))
}

/// The number of the newest entry of any door but this one; 0 without any. Reads the log from its end.
pub fn newest_not_through(tx: &ReadTx<'_>, door: &str) -> Result<i64> {
    let sql = "SELECT seq FROM change WHERE dialect <> ?1 ORDER BY seq DESC LIMIT 1";
    Ok(tx.conn().prepare_cached(sql).or_failed()?.query_row([door], |row| row.get(0)).optional().or_failed()?.unwrap_or_default())
}

/// The first number that goes on from what is there now: a restore put in its place what had been said before.
pub fn since_restore(tx: &ReadTx<'_>) -> Result<i64> {
    let mut statement = tx.conn().prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'changes_from'").or_failed()?;
    Ok(statement.query_row([], |row| row.get(0)).optional().or_failed()?.unwrap_or(1))
}

/// Entries of an app after a number, oldest first: at most `limit`, and no more once they hold `bytes_max`. True when they end at the newest.
pub fn after(tx: &ReadTx<'_>, app: AppId, since: i64, limit: i64, bytes_max: usize) -> Result<(Vec<Logged>, bool)> {
    let sql = format!("SELECT {LOGGED} FROM change WHERE seq > ?1 AND app = ?2 ORDER BY seq LIMIT ?3 + 1");
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    let mut rows = statement.query((since, app.0, limit)).or_failed()?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next().or_failed()? {
        if i64::try_from(entries.len()).is_ok_and(|found| found >= limit) || bytes >= bytes_max {
            return Ok((entries, false));
        }
        let entry = logged(row).or_failed()?;
        bytes += entry.body.as_ref().map_or(0, String::len) + entry.label.len();
        entries.push(entry);
    }
    Ok((entries, true))
}

/// What `logged` reads.
pub(super) const LOGGED: &str = "seq, at, principal, dialect, kind, schema, record, batch, label, body, token, app, undoes, tab";

pub(super) fn logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    Ok(Logged {
        seq: row.get(0)?,
        at: row.get(1)?,
        principal: row.get(2)?,
        dialect: row.get(3)?,
        kind: row.get(4)?,
        schema: row.get::<_, Option<i64>>(5)?.map(SchemaId),
        record: row.get::<_, Option<i64>>(6)?.map(RecordId),
        batch: row.get(7)?,
        label: row.get(8)?,
        body: row.get(9)?,
        token: row.get(10)?,
        app: row.get::<_, Option<i64>>(11)?.map(AppId),
        undoes: row.get(12)?,
        tab: row.get(13)?,
    })
}

/// Takes out the oldest entries, at most `rows_max`: those from before a time, and as many as the log is longer than `bytes_max`. How many were
/// taken out. Its length is estimated from its newest entries, for to measure it would be to read it all.
pub fn prune(tx: &mut WriteTx<'_>, before: &str, bytes_max: i64, rows_max: i64) -> Result<i64> {
    let (oldest, newest) = bounds(tx)?;
    let mean = "SELECT CAST(coalesce(avg(length(label) + length(coalesce(body, '')) + 100), 100) AS INTEGER) FROM (SELECT label, body FROM change ORDER BY seq DESC LIMIT 1000)";
    let entry_bytes: i64 = tx.conn().query_row(mean, [], |row| row.get(0)).or_failed()?;
    let entries_max = bytes_max / entry_bytes.max(1);
    let keep_from = (newest - entries_max + 1).max(oldest);
    let sql = "DELETE FROM change WHERE seq IN
               (SELECT seq FROM change WHERE seq < ?1 AND (seq < ?2 OR at < ?3) ORDER BY seq LIMIT ?4 + 0)";
    // Times grow with the numbers but for a clock that was set back: the oldest entries are looked at, and what is new ends the search.
    let last = newest.min(oldest + rows_max * 2);
    let pruned = tx.conn().execute(sql, (last, keep_from, before, rows_max)).or_failed()?;
    i64::try_from(pruned).map_err(Error::internal)
}
