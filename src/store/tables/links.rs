//! The table `link`: hashes of one-time sign-in tokens.

use super::users::{known, user};
use crate::model::error::Result;
use crate::model::principal::{User, UserId};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;

pub fn insert(tx: &mut WriteTx<'_>, hash: &[u8; 32], user: UserId, expires_s: i64) -> Result<()> {
    tx.conn().execute("DELETE FROM link WHERE expires_s <= ?1", [tx.now().epoch_seconds]).or_failed()?;
    tx.conn()
        .execute("INSERT INTO link (hash, user, expires_s) VALUES (?1, ?2, ?3)", (hash.as_slice(), user.0, expires_s))
        .or_failed()
        .map(drop)
}

/// Whether there is such a link: asked before a transaction is spent on it.
pub fn exists(tx: &ReadTx<'_>, hash: &[u8; 32]) -> Result<bool> {
    tx.conn().prepare_cached("SELECT 1 FROM link WHERE hash = ?1").and_then(|mut link| link.exists([hash.as_slice()])).or_failed()
}

/// Uses a link up: whose it was, if it was good.
pub fn take(tx: &mut WriteTx<'_>, hash: &[u8; 32]) -> Result<Option<User>> {
    let sql = "SELECT u.id, u.email, u.role FROM link l JOIN user u ON u.id = l.user WHERE l.hash = ?1 AND l.expires_s > ?2";
    let found = tx.conn().query_row(sql, (hash.as_slice(), tx.now().epoch_seconds), user).optional().or_failed()?;
    tx.conn().execute("DELETE FROM link WHERE hash = ?1", [hash.as_slice()]).or_failed()?;
    found.map(known).transpose()
}
