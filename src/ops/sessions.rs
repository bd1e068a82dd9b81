//! Signing in and out, and who a credential belongs to. What takes time or chance (hashing, new secrets) is done before the transaction.

use super::access::may;
use super::ctx::{Ctx, Random};
use crate::auth::control::{self, Control};
use crate::auth::{link, session};
use crate::model::error::{Error, Result};
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller, Credential, Principal, User};
use crate::store::engine::WriteTx;
use crate::store::tables::{links, sessions, users};

/// A session that is about to begin: the key is the cookie's value and known to its holder only.
#[derive(Clone)]
pub struct Beginning {
    /// `None` when a link says whose it is.
    user: Option<User>,
    link: Option<[u8; 32]>,
    key: String,
    hash: [u8; 32],
    seconds: i64,
}

/// A session that has begun.
pub struct Opened {
    pub user: User,
    pub key: String,
}

/// A one-time link that is about to be made.
#[derive(Clone)]
pub struct NewLink {
    user: User,
    token: String,
    hash: [u8; 32],
    seconds: i64,
}

/// Who a request comes from. No credential is a guest, and so is a session that has ended; a credential of no known form is refused.
pub fn identify(ctx: &Ctx, credential: &Credential) -> Result<Principal> {
    match credential {
        Credential::None => Ok(Principal::Guest),
        Credential::Session(key) => Ok(ctx.credentials.sessions.verify(&ctx.store, key)?.map_or(Principal::Guest, Principal::User)),
        Credential::Control(secret) if ctx.credentials.control.verify(secret) => Ok(Principal::Control),
        Credential::Control(_) | Credential::Unknown => {
            Err(Error::Unauthenticated("The Authorization header holds no credential that is known here".to_owned()))
        }
    }
}

/// The part of `open` before the transaction: an e-mail address and its password. An unknown address takes as long as a wrong password
/// and gets the same answer.
pub fn verify(ctx: &Ctx, email: &str, password: &str) -> Result<Beginning> {
    let wrong = || Error::Unauthenticated("E-mail or password is wrong".to_owned());
    if password.len() > ctx.limits.password_bytes_max {
        return Err(wrong());
    }
    let stored = ctx.read(|tx| users::by_email(tx, email))?;
    let fits = ctx.credentials.passwords.verify(password, stored.as_ref().map(|stored| stored.password_hash.as_str()))?;
    match stored {
        Some(stored) if fits => Ok(beginning(ctx, Some(stored.user), None)),
        _ => Err(wrong()),
    }
}

/// The part of `open` before the transaction: a one-time link, looked at without using it up.
pub fn verify_link(ctx: &Ctx, token: &str) -> Result<Beginning> {
    let hash = link::digest(token);
    if ctx.read(|tx| links::exists(tx, &hash))? { Ok(beginning(ctx, None, Some(hash))) } else { Err(used_link()) }
}

/// Opens the session; a link is used up in the same transaction. Always a new id: one from before the sign-in is never taken over.
pub fn open(tx: &mut WriteTx<'_>, new: &Beginning) -> Result<Opened> {
    let user = match (&new.user, &new.link) {
        (Some(user), _) => user.clone(),
        (None, Some(hash)) => links::take(tx, hash)?.ok_or_else(used_link)?,
        (None, None) => return Err(used_link()),
    };
    open_as(tx, new, user)
}

/// Opens a session that is this user's.
pub fn open_as(tx: &mut WriteTx<'_>, new: &Beginning, user: User) -> Result<Opened> {
    let expires_s = tx.now().epoch_seconds + new.seconds;
    sessions::insert(tx, &new.hash, user.id, expires_s)?;
    Ok(Opened { user, key: new.key.clone() })
}

/// Ends a session; one that has ended already is no fault.
pub fn close(tx: &mut WriteTx<'_>, key: &str) -> Result<()> {
    sessions::remove(tx, &session::digest(key))
}

/// The part of `issue_link` before the transaction: for this user, or the first admin.
pub fn prepare_link(ctx: &Ctx, who: &Caller, email: Option<&str>) -> Result<NewLink> {
    may(who, Action::Manage)?;
    let user = ctx.read(|tx| match email {
        Some(email) => Ok(users::by_email(tx, email)?.map(|stored| stored.user)),
        None => users::first_admin(tx),
    })?;
    let missing = || match email {
        Some(email) => format!("There is no user {}", quoted(email)),
        None => "There is no user yet. Make the first one: carryall admin create --email you@example.com".to_owned(),
    };
    let user = user.ok_or_else(|| Error::not_found(missing()))?;
    let (token, hash) = link::issue(ctx.random());
    Ok(NewLink { user, token, hash, seconds: ctx.limits.link_seconds })
}

/// Keeps the link's hash; gives the token for the address.
pub fn issue_link(tx: &mut WriteTx<'_>, new: &NewLink) -> Result<String> {
    let expires_s = tx.now().epoch_seconds + new.seconds;
    links::insert(tx, &new.hash, new.user.id, expires_s)?;
    Ok(new.token.clone())
}

/// Whether a bearer token has the shape of the running server's control secret.
pub fn is_control(token: &str) -> bool {
    control::is_control(token)
}

/// For a process that serves nobody.
pub fn no_control() -> Control {
    Control::none()
}

/// A control secret for this run, and what knows it again.
pub fn issue_control(random: &Random) -> (String, Control) {
    let mut bytes = [0; 32];
    random(&mut bytes);
    Control::issue(bytes)
}

/// A session with a new secret: this user's, or whose a link says.
pub fn beginning(ctx: &Ctx, user: Option<User>, link: Option<[u8; 32]>) -> Beginning {
    let (key, hash) = session::issue(ctx.random());
    Beginning { user, link, key, hash, seconds: ctx.limits.session_seconds }
}

pub fn used_link() -> Error {
    Error::Unauthenticated("This link has been used or has expired. Run `carryall link` for a new one".to_owned())
}
