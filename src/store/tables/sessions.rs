//! The table `session`: hashes of cookies, whose they are and until when.

use super::users::{known, user};
use crate::model::error::Result;
use crate::model::principal::{User, UserId, Visitor};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;

/// A session as lists show it.
pub struct Listed {
    pub hash: Vec<u8>,
    pub created_at: String,
    pub expires_s: i64,
    /// To the minute.
    pub used_s: i64,
    pub visitor: Visitor,
}

/// Who holds this session, when it ends and when it was used last (seconds since 1970); nobody, when they are suspended.
pub fn find(tx: &ReadTx<'_>, hash: &[u8; 32]) -> Result<Option<(User, i64, i64)>> {
    let sql = "SELECT u.id, u.email, u.role, s.expires_s, s.used_s FROM session s JOIN user u ON u.id = s.user WHERE s.hash = ?1 AND NOT u.suspended";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let found = statement.query_row([hash.as_slice()], |row| Ok((user(row)?, row.get(3)?, row.get(4)?))).optional().or_failed()?;
    found.map(|(user, expires_s, used_s)| Ok((known(user)?, expires_s, used_s))).transpose()
}

/// Somebody's sessions, the one that was opened last first.
pub fn of_user(tx: &ReadTx<'_>, user: UserId, now_s: i64) -> Result<Vec<Listed>> {
    let sql = "SELECT hash, created_at, expires_s, used_s, agent, address FROM session WHERE user = ?1 AND expires_s > ?2
               ORDER BY created_at DESC, hash";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let rows = statement.query_map((user.0, now_s), |row| {
        let visitor = Visitor { agent: row.get(4)?, address: row.get(5)? };
        Ok(Listed { hash: row.get(0)?, created_at: row.get(1)?, expires_s: row.get(2)?, used_s: row.get(3)?, visitor })
    });
    rows.or_failed()?.collect::<rusqlite::Result<_>>().or_failed()
}

/// Forgets the sessions that have ended: a clock that is set back must not bring them back. Those too that nobody has used since `unused_since_s`.
pub fn sweep(tx: &mut WriteTx<'_>, unused_since_s: Option<i64>) -> Result<()> {
    let sql = "DELETE FROM session WHERE expires_s <= ?1 OR (used_s > 0 AND used_s < ?2)";
    let gone = tx.conn().execute(sql, (tx.now().epoch_seconds, unused_since_s.unwrap_or(0))).or_failed()?;
    if gone > 0 {
        tx.credentials_changed();
    }
    Ok(())
}

/// Opens a session and forgets those that have ended.
pub fn insert(tx: &mut WriteTx<'_>, hash: &[u8; 32], user: UserId, expires_s: i64, visitor: &Visitor) -> Result<()> {
    sweep(tx, None)?;
    let sql = "INSERT INTO session (hash, user, created_at, expires_s, used_s, agent, address) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let now = tx.now();
    let values = (hash.as_slice(), user.0, &now.text, expires_s, now.epoch_seconds, &visitor.agent, &visitor.address);
    tx.conn().execute(sql, values).or_failed().map(drop)
}

pub fn remove(tx: &mut WriteTx<'_>, hash: &[u8]) -> Result<()> {
    let gone = tx.conn().execute("DELETE FROM session WHERE hash = ?1", [hash]).or_failed()?;
    if gone > 0 {
        tx.credentials_changed();
    }
    Ok(())
}

/// Ends all sessions of somebody but one; how many there were.
pub fn remove_others(tx: &mut WriteTx<'_>, user: UserId, but: Option<&[u8; 32]>) -> Result<usize> {
    tx.credentials_changed();
    let kept = but.map(<[u8; 32]>::as_slice).unwrap_or_default();
    tx.conn().execute("DELETE FROM session WHERE user = ?1 AND hash <> ?2", (user.0, kept)).or_failed()
}

/// Notes when a session was used last.
pub fn note_used(tx: &mut WriteTx<'_>, hash: &[u8; 32], used_s: i64) -> Result<()> {
    let sql = "UPDATE session SET used_s = max(used_s, ?2) WHERE hash = ?1";
    tx.conn().prepare_cached(sql).or_failed()?.execute((hash.as_slice(), used_s)).or_failed().map(drop)
}
