//! Signing in and out, and the sessions that there are. What takes time or chance (hashing, new secrets) is done before the transaction.

use super::access::may;
use super::changes::log_account;
use super::credentials::session_used_s;
use super::ctx::{Ctx, Random, moment_at};
use super::{me, users as people};
use crate::auth::control::Control;
use crate::auth::{link, session};
use crate::model::error::{Error, Result};
use crate::model::name::quoted;
use crate::model::principal::{Account, Action, Caller, Role, User, UserId, Visitor};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::links::Purpose;
use crate::store::tables::{links, sessions, users};

/// A session that is about to begin: the key is the cookie's value and known to its holder only.
#[derive(Clone)]
pub struct Beginning {
    whose: Whose,
    key: String,
    hash: [u8; 32],
    seconds: i64,
    visitor: Visitor,
}

#[derive(Clone)]
enum Whose {
    /// Known by a password, which has not changed since as long as the number of their JWTs has not.
    Known(Account),
    Link([u8; 32]),
    /// Somebody is named when it begins.
    Open,
}

/// A session that has begun.
pub struct Opened {
    pub user: User,
    pub key: String,
}

/// A session as people see it.
pub struct Shown {
    pub id: String,
    pub created_at: String,
    pub expires_at: String,
    pub used_at: String,
    pub visitor: Visitor,
    /// The one by which they ask.
    pub is_current: bool,
}

/// A one-time link that is about to be made.
#[derive(Clone)]
pub struct NewLink {
    user: User,
    token: String,
    hash: [u8; 32],
    seconds: i64,
}

/// Whose an e-mail address and its password are. An unknown address, somebody who is suspended and a wrong password cost the same and get the same
/// answer; so they are counted. A right password is never refused for failures before it.
pub fn check_password(ctx: &Ctx, email: &str, password: &str, visitor: &Visitor) -> Result<Account> {
    let stored = ctx.read(|tx| users::by_email(tx, email))?;
    let hash = stored.as_ref().map(|stored| stored.password_hash.as_str()).filter(|hash| !hash.is_empty());
    // What is longer than any password is compared with nobody's, so that it costs the same.
    let is_short = password.len() <= ctx.limits.password_bytes_max;
    let (password, hash) = if is_short { (password, hash) } else { ("", None) };
    let fits = ctx.credentials.passwords.verify(password, hash)?;
    let user = stored.as_ref().map(|stored| stored.account.user.id);
    match stored {
        Some(stored) if fits && !stored.account.is_suspended => {
            ctx.credentials.attempts.succeeded(stored.account.user.id);
            Ok(stored.account)
        }
        _ => Err(failed(ctx, user, email, visitor, wrong_password())),
    }
}

/// The answer to a failure, which is counted: what is wrong, or for how long to wait.
pub fn failed(ctx: &Ctx, user: Option<UserId>, email: &str, visitor: &Visitor, wrong: Error) -> Error {
    let now_s = ctx.store.now().epoch_seconds;
    match ctx.credentials.attempts.failed(&ctx.limits, user, email, &visitor.address, now_s) {
        Some(retry_after_s) => Error::TooMany {
            message: format!("Too many sign-ins failed; try again in {retry_after_s} seconds. The right password is let in at once"),
            retry_after_s,
        },
        None => wrong,
    }
}

/// The part of `open` before the transaction: an e-mail address and its password.
pub fn verify(ctx: &Ctx, email: &str, password: &str, visitor: &Visitor) -> Result<Beginning> {
    let account = check_password(ctx, email, password, visitor)?;
    Ok(Beginning { whose: Whose::Known(account), ..beginning(ctx, visitor) })
}

/// The part of `open` before the transaction: a one-time link, looked at without using it up.
pub fn verify_link(ctx: &Ctx, token: &str, visitor: &Visitor) -> Result<Beginning> {
    let (hash, now_s) = (link::digest(token), ctx.store.now().epoch_seconds);
    match ctx.read(|tx| links::find(tx, &hash, now_s))? {
        Some((_, Purpose::SignIn)) => Ok(Beginning { whose: Whose::Link(hash), ..beginning(ctx, visitor) }),
        _ => Err(used_link()),
    }
}

/// Opens the session; a link is used up in the same transaction. Always a new id: one from before the sign-in is never taken over.
pub fn open(tx: &mut WriteTx<'_>, new: &Beginning) -> Result<Opened> {
    let user = match &new.whose {
        Whose::Known(known) => {
            let same = |account: &Account| account.generation == known.generation && !account.is_suspended;
            // Compared again with what there is now.
            users::find(tx, known.user.id)?.filter(same).ok_or(Error::Stale)?.user
        }
        Whose::Link(hash) => links::take(tx, hash, &[Purpose::SignIn])?.ok_or_else(used_link)?,
        Whose::Open => return Err(used_link()),
    };
    open_as(tx, new, user)
}

/// Opens a session that is this user's.
pub fn open_as(tx: &mut WriteTx<'_>, new: &Beginning, user: User) -> Result<Opened> {
    let expires_s = tx.now().epoch_seconds + new.seconds;
    sessions::insert(tx, &new.hash, user.id, expires_s, &new.visitor)?;
    Ok(Opened { user, key: new.key.clone() })
}

/// Ends a session; one that has ended already is no fault.
pub fn close(tx: &mut WriteTx<'_>, key: &str) -> Result<()> {
    sessions::remove(tx, &session::digest(key))
}

/// Somebody's sessions: one's own, or for those who may look after people another's. `current` is the cookie that they ask with.
pub fn list(ctx: &Ctx, who: &Caller, other: Option<UserId>, current: Option<&str>) -> Result<Vec<Shown>> {
    let (current, now_s) = (current.map(session::digest), ctx.store.now().epoch_seconds);
    let listed = ctx.read(|tx| sessions::of_user(tx, whose(tx, who, other, false)?, now_s))?;
    let shown = |listed: sessions::Listed| {
        let hash: Option<[u8; 32]> = listed.hash.as_slice().try_into().ok();
        let used_s = hash.map_or(listed.used_s, |hash| session_used_s(ctx, &hash, listed.used_s));
        Shown {
            id: session::name(&listed.hash),
            created_at: listed.created_at,
            expires_at: moment_at(listed.expires_s).text,
            used_at: moment_at(used_s).text,
            visitor: listed.visitor,
            is_current: hash.is_some() && hash == current,
        }
    };
    Ok(listed.into_iter().map(shown).collect())
}

/// Ends one session by its id.
pub fn end(tx: &mut WriteTx<'_>, who: &Caller, other: Option<UserId>, id: &str) -> Result<()> {
    let user = whose(tx, who, other, true)?;
    let found = sessions::of_user(tx, user, 0)?.into_iter().find(|listed| session::name(&listed.hash) == id);
    let found = found.ok_or_else(|| Error::not_found(format!("There is no session {}", quoted(id))))?;
    sessions::remove(tx, &found.hash)?;
    log_ended(tx, who, user, 1)
}

/// Ends all sessions but the one by which they ask; how many there were.
pub fn end_others(tx: &mut WriteTx<'_>, who: &Caller, other: Option<UserId>, current: Option<&str>) -> Result<usize> {
    let user = whose(tx, who, other, true)?;
    let ended = sessions::remove_others(tx, user, current.map(session::digest).as_ref())?;
    log_ended(tx, who, user, ended)?;
    Ok(ended)
}

fn log_ended(tx: &mut WriteTx<'_>, who: &Caller, user: UserId, ended: usize) -> Result<()> {
    if ended == 0 {
        return Ok(());
    }
    let email = users::find(tx, user)?.map(|account| account.user.email).unwrap_or_default();
    let sessions = if ended == 1 { "a session".to_owned() } else { format!("{ended} sessions") };
    log_account(tx, who, format!("ended {sessions} of {email}")).map(drop)
}

/// Whose sessions they may see, or end.
fn whose(tx: &ReadTx<'_>, who: &Caller, other: Option<UserId>, to_change: bool) -> Result<UserId> {
    match other {
        Some(id) if who.user_id() != Some(id) && to_change => Ok(people::to_change(tx, who, id)?.user.id),
        Some(id) if who.user_id() != Some(id) => Ok(people::read(tx, who, id)?.user.id),
        _ => Ok(me::whole(who)?.id),
    }
}

/// The part of `issue_link` before the transaction: for this user, or the first admin.
pub fn prepare_link(ctx: &Ctx, who: &Caller, email: Option<&str>) -> Result<NewLink> {
    may(who, Action::Manage)?;
    let account = ctx.read(|tx| match email {
        Some(email) => Ok(users::by_email(tx, email)?.map(|stored| stored.account)),
        None => {
            let admins = users::all(tx)?.into_iter().filter(|account| account.user.role != Role::Member && !account.is_suspended);
            Ok(admins.min_by_key(|account| account.user.id.0))
        }
    })?;
    let missing = || match email {
        Some(email) => format!("There is no user {}", quoted(email)),
        None => "There is no user yet. Make the first one: carryall admin create --email you@example.com".to_owned(),
    };
    let Account { user, is_suspended, .. } = account.ok_or_else(|| Error::not_found(missing()))?;
    if is_suspended {
        return Err(Error::Forbidden(format!("{} is suspended: nothing lets them in", user.email)));
    }
    let (token, hash) = link::issue(ctx.random());
    Ok(NewLink { user, token, hash, seconds: ctx.limits.link_seconds })
}

/// Keeps the link's hash; gives the token for the address.
pub fn issue_link(tx: &mut WriteTx<'_>, new: &NewLink) -> Result<String> {
    let expires_s = tx.now().epoch_seconds + new.seconds;
    links::insert(tx, &new.hash, new.user.id, Purpose::SignIn, expires_s)?;
    Ok(new.token.clone())
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

/// A session with a new secret, of whoever is named when it begins.
pub fn beginning(ctx: &Ctx, visitor: &Visitor) -> Beginning {
    let (key, hash) = session::issue(ctx.random());
    Beginning { whose: Whose::Open, key, hash, seconds: ctx.limits.session_seconds, visitor: visitor.clone() }
}

fn wrong_password() -> Error {
    Error::Unauthenticated("E-mail or password is wrong".to_owned())
}

pub fn used_link() -> Error {
    Error::Unauthenticated("This link has been used or has expired. Run `carryall link` for a new one".to_owned())
}
