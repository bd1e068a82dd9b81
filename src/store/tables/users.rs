//! The table `user`.

use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Role, User, UserId};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{OptionalExtension, Row};

/// A user with the hash of the password, which goes no further than `auth`.
pub struct Stored {
    pub user: User,
    pub password_hash: String,
}

pub fn by_email(tx: &ReadTx<'_>, email: &str) -> Result<Option<Stored>> {
    let mut statement = tx.conn().prepare_cached("SELECT id, email, role, password_hash FROM user WHERE email = ?1").or_failed()?;
    let found = statement.query_row([email], |row| Ok((user(row)?, row.get(3)?))).optional().or_failed()?;
    found.map(|(user, password_hash)| Ok(Stored { user: known(user)?, password_hash })).transpose()
}

pub fn exists(tx: &ReadTx<'_>, id: UserId) -> Result<bool> {
    tx.conn().prepare_cached("SELECT 1 FROM user WHERE id = ?1").or_failed()?.exists([id.0]).or_failed()
}

/// The first admin that was made.
pub fn first_admin(tx: &ReadTx<'_>) -> Result<Option<User>> {
    let mut statement =
        tx.conn().prepare_cached("SELECT id, email, role FROM user WHERE role IN ('owner', 'admin') ORDER BY id LIMIT 1").or_failed()?;
    statement.query_row([], user).optional().or_failed()?.map(known).transpose()
}

pub fn insert(tx: &mut WriteTx<'_>, email: &str, password_hash: &str, role: Role) -> Result<User> {
    let sql = "INSERT INTO user (email, password_hash, role, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING RETURNING id";
    let id = tx.conn().query_row(sql, (email, password_hash, role.name(), &tx.now().text), |row| row.get(0)).optional().or_failed()?;
    let id =
        id.ok_or_else(|| Error::Conflict(Problem::of("email", "unique", format!("There is a user with the e-mail {email} already"))))?;
    Ok(User { id: UserId(id), email: email.to_owned(), role })
}

pub(super) type RawUser = (i64, String, String);

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<RawUser> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

pub(super) fn known((id, email, role): RawUser) -> Result<User> {
    let role = Role::from_name(&role).ok_or_else(|| Error::internal(format!("unknown role {role}")))?;
    Ok(User { id: UserId(id), email, role })
}
