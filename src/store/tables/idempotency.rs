//! The table `idempotency`: answers that are given again to who asks again under the same key, for a while.

use crate::model::error::Result;
use crate::model::principal::UserId;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;

/// An answer, and by what the request is known again that it was given to.
pub struct Kept {
    pub request: Vec<u8>,
    pub answer: String,
}

pub fn find(tx: &WriteTx<'_>, user: UserId, key: &str) -> Result<Option<Kept>> {
    let sql = "SELECT request, answer FROM idempotency WHERE user = ?1 AND key = ?2 AND expires_s > ?3";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let kept = |row: &rusqlite::Row<'_>| Ok(Kept { request: row.get(0)?, answer: row.get(1)? });
    statement.query_row((user.0, key, tx.now().epoch_seconds), kept).optional().or_failed()
}

/// How many a user has.
pub fn count(tx: &ReadTx<'_>, user: UserId) -> Result<i64> {
    let mut statement = tx.conn().prepare_cached("SELECT count(*) FROM idempotency WHERE user = ?1").or_failed()?;
    statement.query_row([user.0], |row| row.get(0)).or_failed()
}

pub fn insert(tx: &mut WriteTx<'_>, user: UserId, key: &str, kept: &Kept, expires_s: i64) -> Result<()> {
    let sql = "INSERT INTO idempotency (user, key, request, answer, expires_s) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    statement.execute((user.0, key, &kept.request, &kept.answer, expires_s)).or_failed().map(drop)
}

/// Forgets those whose time is over.
pub fn sweep(tx: &mut WriteTx<'_>) -> Result<()> {
    let mut statement = tx.conn().prepare_cached("DELETE FROM idempotency WHERE expires_s <= ?1").or_failed()?;
    statement.execute([tx.now().epoch_seconds]).or_failed().map(drop)
}
