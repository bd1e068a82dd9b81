//! The table `change`: the log of everything that was done.

use crate::model::change::Change;
use crate::model::error::Result;
use crate::store::sqlite::OrFailed;
use crate::store::tx::WriteTx;

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
