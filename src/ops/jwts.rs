//! Signing in of programs that want JWTs: a short one beside a refresh token, or a long one alone. Knowing one again is in `credentials`.

use super::credentials::{jwt_owner, lets_programs_in, signed_claims, signing_key};
use super::ctx::{Ctx, moment_at};
use super::sessions::check_password;
use crate::auth::jwt::{self, Claims, Kind};
use crate::model::error::{Error, Result};
use crate::model::principal::{Account, Visitor};
use crate::store::engine::WriteTx;
use crate::store::tables::refresh::{self, Given};
use crate::store::tables::{settings, users};
use serde_json::{Map, Value};

/// What somebody holds after signing in, or after a refresh.
#[derive(Clone)]
pub struct Pair {
    pub access: String,
    pub refresh: String,
    /// Of the access token.
    pub expires_at: String,
}

/// A pair that is about to be given out.
#[derive(Clone)]
pub struct NewPair {
    pair: Pair,
    given: Given,
    /// Under which it was signed.
    generation: i64,
}

/// A refresh that is about to be granted.
#[derive(Clone)]
pub struct Renewal {
    claims: Claims,
    /// For those whose refresh tokens are spent by use.
    next: NewPair,
    /// The refresh token that was sent.
    sent: String,
}

/// The part of `keep` before the transaction: an e-mail address and its password.
pub fn prepare(ctx: &Ctx, email: &str, password: &str, visitor: &Visitor) -> Result<NewPair> {
    let account = let_in(check_password(ctx, email, password, visitor)?)?;
    let family = ctx.random::<16>().to_vec();
    draw(ctx, &account, family)
}

/// Keeps what its refresh token is known by.
pub fn keep(tx: &mut WriteTx<'_>, new: &NewPair) -> Result<Pair> {
    if users::find(tx, new.given.user)?.is_none_or(|account| account.generation != new.generation) {
        // The password is compared again with what there is now.
        return Err(Error::Stale);
    }
    refresh::insert(tx, &new.given)?;
    Ok(new.pair.clone())
}

/// The part of `renew` before the transaction.
pub fn prepare_renewal(ctx: &Ctx, sent: &str) -> Result<Renewal> {
    let claims = signed_claims(ctx, sent, Kind::Refresh)?.ok_or_else(ended)?;
    let jti = jwt::digest(claims.id.as_bytes());
    let found = ctx.read(|tx| Ok(jwt_owner(tx, &claims)?.zip(refresh::find(tx, &jti)?)))?;
    let (account, given) = found.ok_or_else(ended)?;
    let next = draw(ctx, &account, given.family)?;
    Ok(Renewal { claims, next, sent: sent.to_owned() })
}

/// A new access token; with `refresh_rotation` also another refresh token, and who uses one a second time ends all that go back to the same sign-in,
/// access tokens among them: one of the two who have it has stolen it. `None`: nothing is given any more.
pub fn renew(tx: &mut WriteTx<'_>, renewal: &Renewal) -> Result<Option<Pair>> {
    let jti = jwt::digest(renewal.claims.id.as_bytes());
    let now_s = tx.now().epoch_seconds;
    let Some(given) = refresh::find(tx, &jti)?.filter(|given| now_s < given.expires_s) else { return Ok(None) };
    if jwt_owner(tx, &renewal.claims)?.is_none() {
        return Ok(None);
    }
    if given.is_spent {
        refresh::remove_family(tx, &given.family)?;
        return Ok(None);
    }
    if !settings::read(tx)?.has_refresh_rotation {
        return Ok(Some(Pair { refresh: renewal.sent.clone(), ..renewal.next.pair.clone() }));
    }
    refresh::spend(tx, &jti)?;
    keep(tx, &renewal.next).map(Some)
}

/// A token that is good for long, and whose it is; `more` are claims that the client wants to read in it.
pub fn issue_long(
    ctx: &Ctx,
    email: &str,
    password: &str,
    visitor: &Visitor,
    more: impl FnOnce(&Account) -> Map<String, Value>,
) -> Result<(Account, String)> {
    let account = let_in(check_password(ctx, email, password, visitor)?)?;
    let claims = claims(ctx, &account, Kind::Access, ctx.limits.jwt_long_seconds);
    let token = jwt::sign(&signing_key(ctx)?, &claims, &more(&account));
    Ok((account, token))
}

pub fn ended() -> Error {
    Error::Unauthenticated("This refresh token is not good: it is not known here, has expired, or was ended. Sign in again".to_owned())
}

fn let_in(account: Account) -> Result<Account> {
    if lets_programs_in(&account) {
        return Ok(account);
    }
    Err(Error::Unauthenticated("API access is off for this account: an admin turns it on".to_owned()))
}

fn draw(ctx: &Ctx, account: &Account, family: Vec<u8>) -> Result<NewPair> {
    let key = signing_key(ctx)?;
    let access = Claims { family: Some(family.clone()), ..claims(ctx, account, Kind::Access, ctx.limits.jwt_access_seconds) };
    let refresh = claims(ctx, account, Kind::Refresh, ctx.limits.jwt_refresh_seconds);
    let jti = jwt::digest(refresh.id.as_bytes());
    let given = Given { jti, user: account.user.id, family, expires_s: refresh.expires_s, is_spent: false };
    let pair = Pair {
        access: jwt::sign(&key, &access, &Map::new()),
        refresh: jwt::sign(&key, &refresh, &Map::new()),
        expires_at: moment_at(access.expires_s).text,
    };
    Ok(NewPair { pair, given, generation: account.generation })
}

fn claims(ctx: &Ctx, account: &Account, kind: Kind, seconds: i64) -> Claims {
    let issued_s = ctx.store.now().epoch_seconds;
    let id = uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string();
    Claims { user: account.user.id.0, kind, generation: account.generation, issued_s, expires_s: issued_s + seconds, id, family: None }
}
