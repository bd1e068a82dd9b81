//! Signing in and out, and who a credential belongs to.

use super::access::may;
use super::ctx::{Ctx, Random};
use crate::auth::control::Control;
use crate::auth::{link, session};
use crate::model::error::{Error, Result};
use crate::model::principal::{Action, Caller, Credential, Principal, User};
use crate::store::tables::{links, sessions, users};

/// A new session: the cookie's value is known to its holder only.
pub struct Opened {
    pub user: User,
    pub key: String,
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

/// Opens a session for an e-mail address and its password. An unknown address takes as long as a wrong password and gets the same answer.
pub fn open(ctx: &Ctx, email: &str, password: &str) -> Result<Opened> {
    let wrong = || Error::Unauthenticated("E-mail or password is wrong".to_owned());
    if password.len() > ctx.limits.password_bytes_max {
        return Err(wrong());
    }
    let stored = ctx.read(|tx| users::by_email(tx, email))?;
    let fits = ctx.credentials.passwords.verify(password, stored.as_ref().map(|stored| stored.password_hash.as_str()))?;
    match stored {
        Some(stored) if fits => start(ctx, stored.user),
        _ => Err(wrong()),
    }
}

/// Opens a session by a one-time link, which is used up.
pub fn open_by_link(ctx: &Ctx, token: &str) -> Result<Opened> {
    let hash = link::digest(token);
    let user = ctx.store.write(move |tx| links::take(tx, &hash))?;
    let user =
        user.ok_or_else(|| Error::Unauthenticated("This link has been used or has expired. Run `carryall link` for a new one".to_owned()))?;
    start(ctx, user)
}

/// A new session, whatever the request carried: an id from before the sign-in is never taken over.
fn start(ctx: &Ctx, user: User) -> Result<Opened> {
    let (key, hash) = session::issue(ctx.random());
    let seconds = ctx.limits.session_seconds;
    let id = user.id;
    ctx.store.write(move |tx| {
        let expires_s = tx.now().epoch_seconds + seconds;
        sessions::insert(tx, &hash, id, expires_s)
    })?;
    Ok(Opened { user, key })
}

/// Ends a session; one that has ended already is no fault.
pub fn close(ctx: &Ctx, key: &str) -> Result<()> {
    let hash = session::digest(key);
    ctx.store.write(move |tx| sessions::remove(tx, &hash))
}

/// A token for a one-time sign-in link of this user, or of the first admin.
pub fn issue_link(ctx: &Ctx, who: &Caller, email: Option<&str>) -> Result<String> {
    may(who, Action::Manage)?;
    let user = ctx.read(|tx| match email {
        Some(email) => Ok(users::by_email(tx, email)?.map(|stored| stored.user)),
        None => users::first_admin(tx),
    })?;
    let missing = || match email {
        Some(email) => format!("There is no user {}", crate::model::name::quoted(email)),
        None => "There is no user yet. Make the first one: carryall admin create --email you@example.com".to_owned(),
    };
    let user = user.ok_or_else(|| Error::not_found(missing()))?;
    let (token, hash) = link::issue(ctx.random());
    let seconds = ctx.limits.link_seconds;
    ctx.store.write(move |tx| {
        let expires_s = tx.now().epoch_seconds + seconds;
        links::insert(tx, &hash, user.id, expires_s)
    })?;
    Ok(token)
}

/// Whether a bearer token has the shape of the running server's control secret.
pub fn is_control(token: &str) -> bool {
    crate::auth::control::is_control(token)
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
