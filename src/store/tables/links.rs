//! The table `link`: hashes of one-time tokens that sign somebody in, or let them choose a password.

use super::users::{known, user};
use crate::model::error::Result;
use crate::model::principal::{User, UserId};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    SignIn,
    /// Somebody who is new chooses a password.
    Invitation,
    /// Somebody who has one chooses another.
    Reset,
}

impl Purpose {
    const ALL: [Purpose; 3] = [Purpose::SignIn, Purpose::Invitation, Purpose::Reset];

    pub fn name(self) -> &'static str {
        match self {
            Purpose::SignIn => "sign_in",
            Purpose::Invitation => "invitation",
            Purpose::Reset => "reset",
        }
    }
}

pub fn insert(tx: &mut WriteTx<'_>, hash: &[u8; 32], user: UserId, purpose: Purpose, expires_s: i64) -> Result<()> {
    tx.conn().execute("DELETE FROM link WHERE expires_s <= ?1", [tx.now().epoch_seconds]).or_failed()?;
    let sql = "INSERT INTO link (hash, user, expires_s, purpose) VALUES (?1, ?2, ?3, ?4)";
    tx.conn().execute(sql, (hash.as_slice(), user.0, expires_s, purpose.name())).or_failed().map(drop)
}

/// Whose a link is and what for, if it is good at this second. A link of somebody who is suspended is not.
pub fn find(tx: &ReadTx<'_>, hash: &[u8; 32], now_s: i64) -> Result<Option<(User, Purpose)>> {
    let sql = "SELECT u.id, u.email, u.role, l.purpose FROM link l JOIN user u ON u.id = l.user
               WHERE l.hash = ?1 AND l.expires_s > ?2 AND NOT u.suspended";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let found = statement.query_row((hash.as_slice(), now_s), |row| Ok((user(row)?, row.get::<_, String>(3)?))).optional().or_failed()?;
    let Some((user, purpose)) = found else { return Ok(None) };
    let purpose = Purpose::ALL.into_iter().find(|known| known.name() == purpose);
    purpose.map(|purpose| Ok((known(user)?, purpose))).transpose()
}

/// Uses a link up: whose it was, if it was good and for one of these purposes.
pub fn take(tx: &mut WriteTx<'_>, hash: &[u8; 32], purposes: &[Purpose]) -> Result<Option<User>> {
    let now_s = tx.now().epoch_seconds;
    let found = find(tx, hash, now_s)?.filter(|(_, purpose)| purposes.contains(purpose));
    if found.is_some() {
        tx.conn().execute("DELETE FROM link WHERE hash = ?1", [hash.as_slice()]).or_failed()?;
    }
    Ok(found.map(|(user, _)| user))
}

/// Invitations that nobody has taken up and that are good still: whose, until when.
pub fn invitations(tx: &ReadTx<'_>, now_s: i64) -> Result<Vec<(UserId, i64)>> {
    let sql = "SELECT user, expires_s FROM link WHERE purpose = 'invitation' AND expires_s > ?1 ORDER BY user";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let rows = statement.query_map([now_s], |row| Ok((UserId(row.get(0)?), row.get(1)?))).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

/// Ends links of somebody that let them choose a password; how many there were.
pub fn remove_passwordless(tx: &mut WriteTx<'_>, user: UserId) -> Result<usize> {
    tx.conn().execute("DELETE FROM link WHERE user = ?1 AND purpose <> 'sign_in'", [user.0]).or_failed()
}

/// Ends all links of somebody.
pub fn remove_all(tx: &mut WriteTx<'_>, user: UserId) -> Result<()> {
    tx.conn().execute("DELETE FROM link WHERE user = ?1", [user.0]).or_failed().map(drop)
}
