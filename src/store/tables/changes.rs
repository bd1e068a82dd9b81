//! The table `change`: the log of everything that was done.

use crate::model::change::Change;
use crate::model::error::Result;
use crate::model::schema::SchemaId;
use crate::store::sql::table;
use crate::store::sqlite::OrFailed;
use crate::store::tx::WriteTx;

/// Logs every record of a schema as deleted, with its whole row, in one batch named by `change.batch`.
pub fn insert_all_deleted(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId) -> Result<()> {
    let sql = format!(
        "INSERT INTO change (at, principal, dialect, app, schema, record, kind, batch, label, body)
         SELECT ?1, ?2, ?3, ?4, ?5, id, ?6, ?7, ?8, json_object('before', json(data), 'created_at', created_at, 'updated_at', updated_at, 'version', version)
         FROM {}",
        table(schema)
    );
    all(tx, change, schema, &sql)
}

/// Logs for every record of a schema that it loses a field, with the value that it had.
pub fn insert_all_cleared(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId, field: &str) -> Result<()> {
    let sql = format!(
        "INSERT INTO change (at, principal, dialect, app, schema, record, kind, batch, label, body)
         SELECT ?1, ?2, ?3, ?4, ?5, id, ?6, ?7, ?8, json_object('before', json_object('{field}', data->'$.{field}'), 'after', json('{{}}'))
         FROM {} WHERE data->>'$.{field}' IS NOT NULL",
        table(schema)
    );
    all(tx, change, schema, &sql)
}

fn all(tx: &mut WriteTx<'_>, change: &Change, schema: SchemaId, sql: &str) -> Result<()> {
    let app = change.app.map(|app| app.0);
    let values = (&tx.now().text, &change.principal, change.dialect, app, schema.0, change.kind.name(), change.batch, &change.label);
    tx.conn().execute(sql, values).or_failed().map(drop)
}

/// Writes an entry and gives its sequence number.
pub fn insert(tx: &mut WriteTx<'_>, change: &Change) -> Result<i64> {
    let sql = "INSERT INTO change (at, principal, dialect, app, schema, record, kind, batch, label, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let values = rusqlite::params![
        tx.now().text,
        change.principal,
        change.dialect,
        change.app.map(|app| app.0),
        change.schema.map(|schema| schema.0),
        change.record.map(|record| record.0),
        change.kind.name(),
        change.batch,
        change.label,
        change.body
    ];
    statement.insert(values).or_failed()
}
