//! The table `checkpoint`: moments of an app that have a name.

use crate::model::app::AppId;
use crate::model::change::Checkpoint;
use crate::model::error::Result;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{OptionalExtension, Row};

const COLUMNS: &str = "id, name, seq, at, principal";

/// Stores a moment; its time comes from the transaction.
pub fn insert(tx: &mut WriteTx<'_>, app: AppId, name: &str, seq: i64, who: &str) -> Result<Checkpoint> {
    let sql = format!("INSERT INTO checkpoint (app, name, seq, at, principal) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING {COLUMNS}");
    tx.conn().query_row(&sql, (app.0, name, seq, &tx.now().text, who), read).or_failed()
}

/// Those of an app, newest first.
pub fn all(tx: &ReadTx<'_>, app: AppId) -> Result<Vec<Checkpoint>> {
    let sql = format!("SELECT {COLUMNS} FROM checkpoint WHERE app = ?1 ORDER BY id DESC");
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    let rows = statement.query_map([app.0], read).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

pub fn find(tx: &ReadTx<'_>, app: AppId, id: i64) -> Result<Option<Checkpoint>> {
    let sql = format!("SELECT {COLUMNS} FROM checkpoint WHERE app = ?1 AND id = ?2");
    tx.conn().prepare_cached(&sql).or_failed()?.query_row((app.0, id), read).optional().or_failed()
}

/// Whether there was one.
pub fn remove(tx: &mut WriteTx<'_>, app: AppId, id: i64) -> Result<bool> {
    tx.conn().execute("DELETE FROM checkpoint WHERE app = ?1 AND id = ?2", (app.0, id)).or_failed().map(|gone| gone > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Checkpoint> {
    Ok(Checkpoint { id: row.get(0)?, name: row.get(1)?, seq: row.get(2)?, at: row.get(3)?, by: row.get(4)? })
}
