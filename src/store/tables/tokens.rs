//! The table `token`: hashes of personal tokens and of pairs of key and secret, and what each lets through. A part of an app, a schema or a field that
//! goes takes that part of every token along.

use super::users::{known, user};
use crate::model::app::AppId;
use crate::model::error::{Error, Result};
use crate::model::principal::{Narrowing, Token, TokenKind, User, UserId};
use crate::model::schema::{Schema, SchemaId};
use crate::store::sqlite::OrFailed;
use crate::store::tables::schemas::Renames;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{OptionalExtension, Row};

/// A token that is about to be kept.
#[derive(Debug, Clone)]
pub struct New {
    pub kind: TokenKind,
    pub user: UserId,
    pub name: String,
    /// Of a pair.
    pub key: Option<String>,
    pub hash: [u8; 32],
    pub narrowing: Narrowing,
    pub expires_s: Option<i64>,
}

/// A token as lists show it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: i64,
    pub kind: TokenKind,
    pub user: UserId,
    pub name: String,
    pub key: Option<String>,
    pub narrowing: Narrowing,
    pub created_at: String,
    pub expires_s: Option<i64>,
    /// To the minute.
    pub used_s: Option<i64>,
}

/// A token whose secret is still to be compared, and whose it is.
pub struct Found {
    pub user: User,
    pub token: Token,
    pub hash: Vec<u8>,
    pub expires_s: Option<i64>,
    pub used_s: Option<i64>,
}

const LISTED: &str = "id, kind, user, name, key, narrowing, created_at, expires_s, used_s";

/// A personal token, if its owner may use it.
pub fn personal(tx: &ReadTx<'_>, id: i64) -> Result<Option<Found>> {
    found(tx, "t.id = ?1 AND t.kind = 'personal'", id)
}

/// A pair, if its owner may use it.
pub fn pair(tx: &ReadTx<'_>, key: &str) -> Result<Option<Found>> {
    found(tx, "t.key = ?1 AND t.kind = 'key-secret'", key)
}

/// Either, if its owner may use it; for those whose it is, who need no secret.
pub fn usable(tx: &ReadTx<'_>, id: i64) -> Result<Option<Found>> {
    found(tx, "t.id = ?1", id)
}

fn found(tx: &ReadTx<'_>, condition: &str, value: impl rusqlite::ToSql) -> Result<Option<Found>> {
    let sql = format!(
        "SELECT u.id, u.email, u.role, t.id, t.name, t.narrowing, t.hash, t.expires_s, t.used_s FROM token t JOIN user u ON u.id = t.user
         WHERE {condition} AND u.api_access AND NOT u.suspended"
    );
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    let found = statement.query_row([value], |row| {
        let token = Token { id: row.get(3)?, name: row.get(4)?, narrowing: Narrowing::from_text(&row.get::<_, String>(5)?) };
        Ok((user(row)?, token, row.get(6)?, row.get(7)?, row.get(8)?))
    });
    let found = found.optional().or_failed()?;
    found.map(|(user, token, hash, expires_s, used_s)| Ok(Found { user: known(user)?, token, hash, expires_s, used_s })).transpose()
}

pub fn insert(tx: &mut WriteTx<'_>, new: &New) -> Result<i64> {
    let sql = "INSERT INTO token (kind, user, name, key, hash, narrowing, created_at, expires_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id";
    let narrowing = new.narrowing.to_json().to_string();
    let values = (new.kind.name(), new.user.0, &new.name, &new.key, new.hash.as_slice(), narrowing, &tx.now().text, new.expires_s);
    tx.conn().query_row(sql, values, |row| row.get(0)).or_failed()
}

/// Somebody's tokens, the newest first.
pub fn of_user(tx: &ReadTx<'_>, user: UserId) -> Result<Vec<Listed>> {
    let mut statement = tx.conn().prepare_cached(&format!("SELECT {LISTED} FROM token WHERE user = ?1 ORDER BY id DESC")).or_failed()?;
    let rows = statement.query_map([user.0], listed).or_failed()?.collect::<rusqlite::Result<Vec<_>>>().or_failed()?;
    rows.into_iter().map(trusted).collect()
}

pub fn find(tx: &ReadTx<'_>, id: i64) -> Result<Option<Listed>> {
    let mut statement = tx.conn().prepare_cached(&format!("SELECT {LISTED} FROM token WHERE id = ?1")).or_failed()?;
    statement.query_row([id], listed).optional().or_failed()?.map(trusted).transpose()
}

pub fn remove(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    tx.credentials_changed();
    tx.conn().execute("DELETE FROM token WHERE id = ?1", [id]).or_failed().map(drop)
}

/// Ends all tokens of somebody.
pub fn remove_all(tx: &mut WriteTx<'_>, user: UserId) -> Result<()> {
    tx.credentials_changed();
    tx.conn().execute("DELETE FROM token WHERE user = ?1", [user.0]).or_failed().map(drop)
}

/// Notes when a token was used last.
pub fn note_used(tx: &mut WriteTx<'_>, id: i64, used_s: i64) -> Result<()> {
    let sql = "UPDATE token SET used_s = max(coalesce(used_s, 0), ?2) WHERE id = ?1";
    tx.conn().prepare_cached(sql).or_failed()?.execute((id, used_s)).or_failed().map(drop)
}

/// Takes an app that goes out of all tokens.
pub(super) fn forget_app(tx: &mut WriteTx<'_>, app: AppId) -> Result<()> {
    narrow(tx, |narrowing| narrowing.forget_app(app))
}

/// Takes a schema that goes out of all tokens.
pub(super) fn forget_schema(tx: &mut WriteTx<'_>, schema: SchemaId) -> Result<()> {
    narrow(tx, |narrowing| narrowing.forget_schema(schema))
}

/// Has tokens name the fields of a schema as they are called now, and forget those that are gone.
pub(super) fn follow_fields(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema, renames: &Renames) -> Result<()> {
    let now = |slug: &str| {
        let now = renames.iter().find(|(was, _)| was == slug).map_or(slug, |(_, now)| now);
        new.field(now).map(|field| field.slug.clone())
    };
    narrow(tx, |narrowing| narrowing.rename_fields(old.id, now))
}

fn narrow(tx: &mut WriteTx<'_>, change: impl Fn(&mut Narrowing)) -> Result<()> {
    let mut statement = tx.conn().prepare_cached("SELECT id, narrowing FROM token WHERE narrowing LIKE '%\"apps\"%'").or_failed()?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).or_failed()?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>().or_failed()?;
    for (id, text) in rows {
        let mut narrowing = Narrowing::from_text(&text);
        let before = narrowing.clone();
        change(&mut narrowing);
        if narrowing != before {
            let sql = "UPDATE token SET narrowing = ?2 WHERE id = ?1";
            tx.conn().execute(sql, (id, narrowing.to_json().to_string())).or_failed()?;
            tx.credentials_changed();
        }
    }
    Ok(())
}

type Raw = (String, Listed);

fn listed(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let listed = Listed {
        id: row.get(0)?,
        kind: TokenKind::Personal,
        user: UserId(row.get(2)?),
        name: row.get(3)?,
        key: row.get(4)?,
        narrowing: Narrowing::from_text(&row.get::<_, String>(5)?),
        created_at: row.get(6)?,
        expires_s: row.get(7)?,
        used_s: row.get(8)?,
    };
    Ok((row.get(1)?, listed))
}

fn trusted((kind, listed): Raw) -> Result<Listed> {
    let kind = TokenKind::from_name(&kind).ok_or_else(|| Error::internal(format!("unknown kind of token {kind}")))?;
    Ok(Listed { kind, ..listed })
}
