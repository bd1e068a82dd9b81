//! The table `refresh`: the refresh tokens that were given out and are good still.

use crate::model::error::Result;
use crate::model::principal::UserId;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;

/// How long one is kept after its end: access tokens that were given for it last a little longer, and ask for it.
const KEPT_SECONDS: i64 = 24 * 3_600;

/// A refresh token that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// SHA-256 of the token's id.
    pub jti: [u8; 32],
    pub user: UserId,
    /// The sign-in that it goes back to.
    pub family: Vec<u8>,
    pub expires_s: i64,
    /// Another one was given for it.
    pub is_spent: bool,
}

pub fn find(tx: &ReadTx<'_>, jti: &[u8; 32]) -> Result<Option<Given>> {
    let sql = "SELECT user, family, expires_s, is_spent FROM refresh WHERE jti = ?1";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let found = statement.query_row([jti.as_slice()], |row| {
        Ok(Given { jti: *jti, user: UserId(row.get(0)?), family: row.get(1)?, expires_s: row.get(2)?, is_spent: row.get(3)? })
    });
    found.optional().or_failed()
}

/// Whether one of somebody is kept that goes back to this sign-in.
pub fn has_family(tx: &ReadTx<'_>, user: UserId, family: &[u8]) -> Result<bool> {
    let sql = "SELECT 1 FROM refresh WHERE user = ?1 AND family = ?2";
    tx.conn().prepare_cached(sql).or_failed()?.exists((user.0, family)).or_failed()
}

/// Keeps one, and forgets those that ended long ago.
pub fn insert(tx: &mut WriteTx<'_>, given: &Given) -> Result<()> {
    tx.conn().execute("DELETE FROM refresh WHERE expires_s <= ?1", [tx.now().epoch_seconds - KEPT_SECONDS]).or_failed()?;
    let sql = "INSERT INTO refresh (jti, user, family, expires_s, is_spent) VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = (given.jti.as_slice(), given.user.0, &given.family, given.expires_s, given.is_spent);
    tx.conn().execute(sql, values).or_failed().map(drop)
}

pub fn spend(tx: &mut WriteTx<'_>, jti: &[u8; 32]) -> Result<()> {
    tx.conn().execute("UPDATE refresh SET is_spent = 1 WHERE jti = ?1", [jti.as_slice()]).or_failed().map(drop)
}

/// Ends all that go back to one sign-in.
pub fn remove_family(tx: &mut WriteTx<'_>, family: &[u8]) -> Result<()> {
    tx.credentials_changed();
    tx.conn().execute("DELETE FROM refresh WHERE family = ?1", [family]).or_failed().map(drop)
}
