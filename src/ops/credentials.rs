//! Who a credential belongs to, of every scheme, and what it lets through. Those in use are remembered, so that a request need not ask the data file;
//! what was remembered holds for one version of the store's credentials, so that what was ended is ended at the next request.

use super::ctx::{Ctx, moment_at};
use crate::auth::jwt::{self, Kind};
use crate::auth::{control, keysecret, session, token};
use crate::model::error::{Error, Result};
use crate::model::principal::{Account, Caller, Credential, Principal, Token, User, UserId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::key;
use crate::store::tables::{refresh, sessions, settings, tokens, users};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const KNOWN_MAX: usize = 10_000;
const USED_MAX: usize = 10_000;
/// When a credential was used last is known to the minute.
pub(super) const USED_STEP_S: i64 = 60;

/// Who asks, and the token that they came by.
pub type Identity = (Principal, Option<Arc<Token>>);

/// Credentials in use.
#[derive(Default)]
pub struct Cache(Mutex<Cached>);

#[derive(Default)]
struct Cached {
    version: u64,
    known: HashMap<(Scheme, [u8; 32]), Known>,
    /// Kept until they stand in the data file.
    used: HashMap<Row, i64>,
    signing_key: Option<[u8; key::KEY_BYTES]>,
}

/// The same hash under two schemes is not the same credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Scheme {
    Session,
    Personal,
    Pair,
    Jwt,
}

#[derive(Debug, Clone)]
struct Known {
    user: User,
    token: Option<Arc<Token>>,
    expires_s: i64,
    /// Where it stands when it was used last; a JWT stands nowhere.
    row: Option<Row>,
    used_s: i64,
    /// It ends when nobody uses it for so long.
    idle_s: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Row {
    Session([u8; 32]),
    Token(i64),
}

/// The credential that a bearer token is, by its shape.
pub fn of_bearer(bearer: &str) -> Credential {
    if control::is_control(bearer) {
        Credential::Control(bearer.to_owned())
    } else if let Some((id, secret)) = token::parse(bearer) {
        Credential::Personal(id, secret.to_owned())
    } else if jwt::has_shape(bearer) {
        Credential::Jwt(bearer.to_owned())
    } else {
        Credential::Unknown
    }
}

/// Who a request comes from. No credential is a guest, and so is a session that has ended; any other credential that is not good is refused.
pub fn identify(ctx: &Ctx, credential: &Credential) -> Result<Identity> {
    let refused = |message: &str| Err(Error::Unauthenticated(message.to_owned()));
    let known = match credential {
        Credential::None => return Ok((Principal::Guest, None)),
        Credential::Session(cookie) => {
            let known = of_session(ctx, &session::digest(cookie))?;
            return Ok(known.map_or((Principal::Guest, None), |known| (Principal::User(known.user), None)));
        }
        Credential::Control(secret) if ctx.credentials.control.verify(secret) => return Ok((Principal::Control, None)),
        Credential::Control(_) | Credential::Unknown => {
            return refused("The Authorization header holds no credential that is known here");
        }
        Credential::Personal(id, secret) => of_personal(ctx, *id, secret)?,
        Credential::Pair { key, secret } if key.is_empty() || secret.is_empty() => {
            return refused("x-api-key and x-api-secret go together");
        }
        Credential::Pair { key, secret } => of_pair(ctx, key, secret)?,
        Credential::Jwt(text) => of_jwt(ctx, text)?,
    };
    match known {
        Some(known) => Ok((Principal::User(known.user), known.token)),
        None => refused("This token is not good: it is not known here, has expired, or was ended"),
    }
}

/// Asks in the transaction of a write whether the token that somebody came by still is one; what they may is asked by the catalog anyway.
pub fn still_lets_in(tx: &WriteTx<'_>, who: &Caller) -> Result<()> {
    let Some(token) = &who.token else { return Ok(()) };
    let is_there = tokens::find(tx, token.id)?.is_some_and(|found| found.expires_s.is_none_or(|end_s| tx.now().epoch_seconds < end_s));
    if is_there { Ok(()) } else { Err(Error::Unauthenticated("The token was ended meanwhile: nothing was changed".to_owned())) }
}

/// Whether somebody may come by what programs sign in with.
pub fn lets_programs_in(account: &Account) -> bool {
    account.has_api_access && !account.is_suspended
}

/// The key that JWTs are signed with, made if it is missing.
pub fn signing_key(ctx: &Ctx) -> Result<[u8; key::KEY_BYTES]> {
    let mut cached = ctx.credentials.known.lock();
    let unusable = |error: std::io::Error| Error::internal(format!("the key file beside {}: {error}", ctx.store.path().display()));
    let key = match cached.signing_key {
        Some(key) => key,
        None => match key::read(ctx.store.path()).map_err(unusable)? {
            Some(key) => key,
            None => {
                let fresh = ctx.random();
                key::write(ctx.store.path(), &fresh).map_err(unusable)?;
                fresh
            }
        },
    };
    cached.signing_key = Some(key);
    Ok(key)
}

/// When a session was used last, if that is newer than what its row says.
pub fn session_used_s(ctx: &Ctx, hash: &[u8; 32], stored_s: i64) -> i64 {
    ctx.credentials.known.used_s(Row::Session(*hash), stored_s)
}

/// The same of a token.
pub fn token_used_s(ctx: &Ctx, id: i64, stored_s: Option<i64>) -> Option<i64> {
    Some(ctx.credentials.known.used_s(Row::Token(id), stored_s.unwrap_or_default())).filter(|used_s| *used_s > 0)
}

/// Writes down when credentials were used last. An entry: it opens a transaction.
pub fn note_used(ctx: &Ctx) -> Result<()> {
    let used: Vec<(Row, i64)> = ctx.credentials.known.lock().used.iter().map(|(row, used_s)| (*row, *used_s)).collect();
    if used.is_empty() {
        return Ok(());
    }
    let noted = used.clone();
    ctx.store.write(move |tx: &mut WriteTx<'_>| {
        noted.iter().try_for_each(|(row, used_s)| match row {
            Row::Session(hash) => sessions::note_used(tx, hash, *used_s),
            Row::Token(id) => tokens::note_used(tx, *id, *used_s),
        })
    })?;
    let mut cached = ctx.credentials.known.lock();
    used.iter().for_each(|(row, used_s)| {
        if cached.used.get(row) == Some(used_s) {
            cached.used.remove(row);
        }
    });
    Ok(())
}

/// The key as it is; a process without one has signed nothing.
fn known_key(ctx: &Ctx) -> Result<Option<[u8; key::KEY_BYTES]>> {
    let mut cached = ctx.credentials.known.lock();
    if cached.signing_key.is_none() {
        let unusable = |error: std::io::Error| Error::internal(format!("the key file beside {}: {error}", ctx.store.path().display()));
        cached.signing_key = key::read(ctx.store.path()).map_err(unusable)?;
    }
    Ok(cached.signing_key)
}

/// What a JWT of this kind says, if it was signed here and is good at this second.
pub fn signed_claims(ctx: &Ctx, text: &str, kind: Kind) -> Result<Option<jwt::Claims>> {
    let now_s = ctx.store.now().epoch_seconds;
    Ok(known_key(ctx)?.and_then(|key| jwt::verify(&key, text, kind, now_s)))
}

/// Whose it is, if nothing has ended it since: a new password, another role, that its owner is another person under the same number, or that all tokens of
/// its sign-in were ended.
pub fn jwt_owner(tx: &ReadTx<'_>, claims: &jwt::Claims) -> Result<Option<Account>> {
    let account = users::find(tx, UserId(claims.user))?;
    let is_good = |account: &Account| {
        account.generation == claims.generation
            && lets_programs_in(account)
            && moment_at(claims.issued_s).text.as_str() >= account.created_at.as_str()
    };
    let is_ended = match &claims.family {
        Some(family) => !refresh::has_family(tx, UserId(claims.user), family)?,
        None => false,
    };
    Ok(account.filter(|account| is_good(account) && !is_ended))
}

fn of_session(ctx: &Ctx, hash: &[u8; 32]) -> Result<Option<Known>> {
    remembered(ctx, (Scheme::Session, *hash), |tx| {
        let idle_s = settings::read(tx)?.session_idle_minutes.map(|minutes| minutes * 60);
        let found = sessions::find(tx, hash)?;
        Ok(found.map(|(user, expires_s, used_s)| Known { user, token: None, expires_s, row: Some(Row::Session(*hash)), used_s, idle_s }))
    })
}

fn of_personal(ctx: &Ctx, id: i64, secret: &str) -> Result<Option<Known>> {
    remembered(ctx, (Scheme::Personal, token::digest(&format!("{id}|{secret}"))), |tx| {
        let found = tokens::personal(tx, id)?.filter(|found| found.hash == token::digest(secret));
        Ok(found.map(of_token))
    })
}

fn of_pair(ctx: &Ctx, key: &str, secret: &str) -> Result<Option<Known>> {
    remembered(ctx, (Scheme::Pair, keysecret::digest_both(key, secret)), |tx| {
        let found = tokens::pair(tx, key)?.filter(|found| found.hash == keysecret::digest(secret));
        Ok(found.map(of_token))
    })
}

fn of_token(found: tokens::Found) -> Known {
    let row = Some(Row::Token(found.token.id));
    let (expires_s, used_s) = (found.expires_s.unwrap_or(i64::MAX), found.used_s.unwrap_or_default());
    Known { user: found.user, token: Some(Arc::new(found.token)), expires_s, row, used_s, idle_s: None }
}

fn of_jwt(ctx: &Ctx, text: &str) -> Result<Option<Known>> {
    remembered(ctx, (Scheme::Jwt, jwt::digest(text.as_bytes())), |tx| {
        let Some(claims) = signed_claims(ctx, text, Kind::Access)? else { return Ok(None) };
        let known =
            |account: Account| Known { user: account.user, token: None, expires_s: claims.expires_s, row: None, used_s: 0, idle_s: None };
        Ok(jwt_owner(tx, &claims)?.map(known))
    })
}

/// A credential that is good now, from memory or as the data file has it.
fn remembered(ctx: &Ctx, key: (Scheme, [u8; 32]), find: impl FnOnce(&ReadTx<'_>) -> Result<Option<Known>>) -> Result<Option<Known>> {
    let cache = &ctx.credentials.known;
    // Read before the data: an entry made from older rows can only be too old, never too new.
    let version = ctx.store.credentials_version();
    let now_s = ctx.store.now().epoch_seconds;
    let found = match cache.get(version, &key) {
        Some(found) => Some(found),
        None => {
            let mut found = ctx.read(find)?;
            if let Some(found) = &mut found {
                found.used_s = found.row.map_or(0, |row| cache.used_s(row, found.used_s));
                cache.put(version, key, found.clone());
            }
            found
        }
    };
    let Some(found) = found else { return Ok(None) };
    let used_s = found.used_s;
    let is_idle = found.idle_s.is_some_and(|idle_s| used_s > 0 && now_s - used_s >= idle_s + USED_STEP_S);
    if now_s >= found.expires_s || is_idle {
        return Ok(None);
    }
    if let Some(row) = found.row.filter(|_| now_s - used_s >= USED_STEP_S) {
        cache.touch(&key, row, now_s);
    }
    Ok(Some(found))
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Cached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, version: u64, key: &(Scheme, [u8; 32])) -> Option<Known> {
        let cached = self.lock();
        cached.known.get(key).filter(|_| cached.version == version).cloned()
    }

    fn put(&self, version: u64, key: (Scheme, [u8; 32]), found: Known) {
        let mut cached = self.lock();
        if cached.version > version {
            return;
        }
        if cached.version < version || cached.known.len() >= KNOWN_MAX {
            cached.version = version;
            cached.known.clear();
        }
        cached.known.insert(key, found);
    }

    fn used_s(&self, row: Row, stored_s: i64) -> i64 {
        self.lock().used.get(&row).copied().unwrap_or_default().max(stored_s)
    }

    /// Notes it for the data file, and in what is remembered: the note goes when it is written down.
    fn touch(&self, key: &(Scheme, [u8; 32]), row: Row, now_s: i64) {
        let mut cached = self.lock();
        if let Some(known) = cached.known.get_mut(key) {
            known.used_s = now_s;
        }
        if cached.used.len() < USED_MAX || cached.used.contains_key(&row) {
            cached.used.insert(row, now_s);
        }
    }
}
