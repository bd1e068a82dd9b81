//! The table `session`: hashes of cookies, whose they are and until when.

use super::users::{known, user};
use crate::model::error::Result;
use crate::model::principal::{User, UserId};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;

/// Who holds this session, and when it ends (seconds since 1970).
pub fn find(tx: &ReadTx<'_>, hash: &[u8; 32]) -> Result<Option<(User, i64)>> {
    let sql = "SELECT u.id, u.email, u.role, s.expires_s FROM session s JOIN user u ON u.id = s.user WHERE s.hash = ?1";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let found = statement.query_row([hash.as_slice()], |row| Ok((user(row)?, row.get(3)?))).optional().or_failed()?;
    found.map(|(user, expires_s)| Ok((known(user)?, expires_s))).transpose()
}

/// Forgets the sessions that have ended: a clock that is set back must not bring them back.
pub fn sweep(tx: &mut WriteTx<'_>) -> Result<()> {
    let gone = tx.conn().execute("DELETE FROM session WHERE expires_s <= ?1", [tx.now().epoch_seconds]).or_failed()?;
    if gone > 0 {
        tx.credentials_changed();
    }
    Ok(())
}

/// Opens a session and forgets those that have ended.
pub fn insert(tx: &mut WriteTx<'_>, hash: &[u8; 32], user: UserId, expires_s: i64) -> Result<()> {
    sweep(tx)?;
    let sql = "INSERT INTO session (hash, user, created_at, expires_s) VALUES (?1, ?2, ?3, ?4)";
    tx.conn().execute(sql, (hash.as_slice(), user.0, &tx.now().text, expires_s)).or_failed().map(drop)
}

pub fn remove(tx: &mut WriteTx<'_>, hash: &[u8; 32]) -> Result<()> {
    let gone = tx.conn().execute("DELETE FROM session WHERE hash = ?1", [hash.as_slice()]).or_failed()?;
    if gone > 0 {
        tx.credentials_changed();
    }
    Ok(())
}
