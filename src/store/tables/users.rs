//! The table `user`.

use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Account, Role, User, UserId};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::HashMap;

const COLUMNS: &str = "id, email, role, name, suspended, api_access, password_hash <> '', created_at, generation";

/// A person with the hash of the password, which goes no further than `auth`.
pub struct Stored {
    pub account: Account,
    /// Empty until an invitation is taken up.
    pub password_hash: String,
}

pub fn by_email(tx: &ReadTx<'_>, email: &str) -> Result<Option<Stored>> {
    stored(tx, "email = ?1", email)
}

pub fn by_id(tx: &ReadTx<'_>, id: UserId) -> Result<Option<Stored>> {
    stored(tx, "id = ?1", id.0)
}

fn stored(tx: &ReadTx<'_>, condition: &str, value: impl rusqlite::ToSql) -> Result<Option<Stored>> {
    let mut statement = tx.conn().prepare_cached(&format!("SELECT {COLUMNS}, password_hash FROM user WHERE {condition}")).or_failed()?;
    let found = statement.query_row([value], |row| Ok((account(row)?, row.get(9)?))).optional().or_failed()?;
    found.map(|(account, password_hash)| Ok(Stored { account: trusted(account)?, password_hash })).transpose()
}

pub fn find(tx: &ReadTx<'_>, id: UserId) -> Result<Option<Account>> {
    let mut statement = tx.conn().prepare_cached(&format!("SELECT {COLUMNS} FROM user WHERE id = ?1")).or_failed()?;
    statement.query_row([id.0], account).optional().or_failed()?.map(trusted).transpose()
}

/// All people, by their addresses.
pub fn all(tx: &ReadTx<'_>) -> Result<Vec<Account>> {
    let mut statement = tx.conn().prepare_cached(&format!("SELECT {COLUMNS} FROM user ORDER BY email, id")).or_failed()?;
    let rows = statement.query_map([], account).or_failed()?.collect::<rusqlite::Result<Vec<_>>>().or_failed()?;
    rows.into_iter().map(trusted).collect()
}

/// What people are in the workspace, of those who may come in.
pub(super) fn roles(conn: &Connection) -> Result<HashMap<UserId, Role>> {
    let mut statement = conn.prepare_cached("SELECT id, email, role FROM user WHERE NOT suspended").or_failed()?;
    let rows = statement.query_map([], user).or_failed()?.collect::<rusqlite::Result<Vec<_>>>().or_failed()?;
    rows.into_iter().map(|raw| known(raw).map(|user| (user.id, user.role))).collect()
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

/// Owners who can sign in.
pub fn active_owners(tx: &ReadTx<'_>) -> Result<i64> {
    let sql = "SELECT count(*) FROM user WHERE role = 'owner' AND NOT suspended AND password_hash <> ''";
    tx.conn().prepare_cached(sql).or_failed()?.query_row([], |row| row.get(0)).or_failed()
}

pub fn insert(tx: &mut WriteTx<'_>, email: &str, password_hash: &str, role: Role) -> Result<User> {
    let sql = "INSERT INTO user (email, password_hash, role, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING RETURNING id";
    let id = tx.conn().query_row(sql, (email, password_hash, role.name(), &tx.now().text), |row| row.get(0)).optional().or_failed()?;
    let id = id.ok_or_else(|| taken(email))?;
    tx.catalog_changed()?;
    Ok(User { id: UserId(id), email: email.to_owned(), role })
}

/// Writes what is said of somebody, but for the password. Another role holds at once, in what goes on already, too.
pub fn update(tx: &mut WriteTx<'_>, account: &Account) -> Result<()> {
    let sql = "UPDATE OR IGNORE user SET email = ?2, role = ?3, name = ?4, suspended = ?5, api_access = ?6 WHERE id = ?1";
    let Account { user, name, is_suspended, has_api_access, .. } = account;
    let changed = tx.conn().execute(sql, (user.id.0, &user.email, user.role.name(), name, is_suspended, has_api_access)).or_failed()?;
    tx.credentials_changed();
    if changed == 0 { Err(taken(&user.email)) } else { tx.catalog_changed() }
}

pub fn set_password(tx: &mut WriteTx<'_>, id: UserId, password_hash: &str) -> Result<()> {
    tx.credentials_changed();
    tx.conn().execute("UPDATE user SET password_hash = ?2 WHERE id = ?1", (id.0, password_hash)).or_failed().map(drop)
}

/// Ends every JWT of somebody, refresh tokens among them.
pub fn end_jwts(tx: &mut WriteTx<'_>, id: UserId) -> Result<()> {
    tx.credentials_changed();
    tx.conn().execute("UPDATE user SET generation = generation + 1 WHERE id = ?1", [id.0]).or_failed()?;
    tx.conn().execute("DELETE FROM refresh WHERE user = ?1", [id.0]).or_failed().map(drop)
}

/// Takes somebody away with all that lets them in.
pub fn remove(tx: &mut WriteTx<'_>, id: UserId) -> Result<()> {
    tx.credentials_changed();
    tx.conn().execute("DELETE FROM user WHERE id = ?1", [id.0]).or_failed()?;
    // What they may goes with them.
    tx.catalog_changed()
}

fn taken(email: &str) -> Error {
    Error::Conflict(Problem::of("email", "unique", format!("There is a user with the e-mail {email} already")))
}

pub(super) type RawUser = (i64, String, String);

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<RawUser> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

pub(super) fn known((id, email, role): RawUser) -> Result<User> {
    let role = Role::from_name(&role).ok_or_else(|| Error::internal(format!("unknown role {role}")))?;
    Ok(User { id: UserId(id), email, role })
}

fn account(row: &Row<'_>) -> rusqlite::Result<(RawUser, Account)> {
    // The role's name is looked at in `trusted`.
    let user = User { id: UserId(0), email: String::new(), role: Role::Member };
    let account = Account {
        user,
        name: row.get(3)?,
        is_suspended: row.get(4)?,
        has_api_access: row.get(5)?,
        is_active: row.get(6)?,
        created_at: row.get(7)?,
        generation: row.get(8)?,
    };
    Ok((self::user(row)?, account))
}

fn trusted((raw, account): (RawUser, Account)) -> Result<Account> {
    Ok(Account { user: known(raw)?, ..account })
}
