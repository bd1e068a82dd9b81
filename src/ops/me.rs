//! Who is signed in: what they see and change of themselves. Other people are in `users`.

use super::access::as_whole;
use super::changes::log_account;
use super::credentials::still_lets_in;
use super::ctx::Ctx;
use super::sessions::failed;
use super::users::{check_name, check_password};
use crate::auth::session;
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Account, Caller, Principal, User, Visitor};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{links, sessions, users};

/// The person who asks.
pub fn user(who: &Caller) -> Result<&User> {
    match &who.principal {
        Principal::User(user) => Ok(user),
        Principal::Guest => Err(Error::NotSignedIn),
        Principal::Control => {
            Err(Error::Forbidden("A command of the data file's owner is no person and has nothing of its own".to_owned()))
        }
    }
}

/// The person who asks, when they do so with all that they may: a token that lets a part through makes no token that lets more through, and ends nothing.
pub fn whole(who: &Caller) -> Result<&User> {
    let user = user(who)?;
    as_whole(who)?;
    Ok(user)
}

/// Their account; none for a command.
pub fn read(tx: &ReadTx<'_>, who: &Caller) -> Result<Option<Account>> {
    match &who.principal {
        Principal::Control => Ok(None),
        _ => account(tx, who).map(Some),
    }
}

/// Changes their name.
pub fn rename(tx: &mut WriteTx<'_>, who: &Caller, name: &str) -> Result<Account> {
    whole(who)?;
    let account = Account { name: name.to_owned(), ..account_now(tx, who)? };
    users::update(tx, &account)?;
    log_account(tx, who, format!("changed {}", account.user.email))?;
    Ok(account)
}

/// The part of `rename` before the transaction.
pub fn prepare_name(ctx: &Ctx, name: &str) -> Result<String> {
    check_name(ctx, name).map_or_else(|| Ok(name.to_owned()), |problem| Err(Error::invalid(problem)))
}

/// Another password, about to be set.
#[derive(Clone)]
pub struct NewPassword {
    hash: String,
    /// Under which the old one was compared.
    generation: i64,
    /// The session that goes on.
    kept: Option<[u8; 32]>,
}

/// The part of `set_password` before the transaction: compares the old one. `current_session` is the cookie that they ask with.
pub fn prepare_password(
    ctx: &Ctx,
    who: &Caller,
    current: &str,
    new: &str,
    current_session: Option<&str>,
    visitor: &Visitor,
) -> Result<NewPassword> {
    let user = whole(who)?;
    if let Some(problem) = check_password(ctx, "new", new) {
        return Err(Error::invalid(problem));
    }
    let stored = ctx.read(|tx| users::by_id(tx, user.id))?.ok_or(Error::NotSignedIn)?;
    let hash = Some(stored.password_hash.as_str()).filter(|hash| !hash.is_empty() && current.len() <= ctx.limits.password_bytes_max);
    if !ctx.credentials.passwords.verify(current, hash)? {
        let wrong = Error::invalid(Problem::of("current", "wrong", "The current password is wrong"));
        return Err(failed(ctx, Some(user.id), &user.email, visitor, wrong));
    }
    let hash = ctx.credentials.passwords.hash(new)?;
    Ok(NewPassword { hash, generation: stored.account.generation, kept: current_session.map(session::digest) })
}

/// Sets it; other sessions, JWTs and links that would set another end.
pub fn set_password(tx: &mut WriteTx<'_>, who: &Caller, new: &NewPassword) -> Result<()> {
    let account = account_now(tx, who)?;
    if account.generation != new.generation {
        // Compared again with what there is now.
        return Err(Error::Stale);
    }
    become_known_by(tx, &account, &new.hash, new.kept.as_ref())?;
    log_account(tx, who, format!("changed the password of {}", account.user.email)).map(drop)
}

/// From now on somebody has this password and nothing that was opened with the one before.
pub fn become_known_by(tx: &mut WriteTx<'_>, account: &Account, password_hash: &str, kept: Option<&[u8; 32]>) -> Result<()> {
    let id = account.user.id;
    users::set_password(tx, id, password_hash)?;
    users::end_jwts(tx, id)?;
    links::remove_all(tx, id)?;
    sessions::remove_others(tx, id, kept).map(drop)
}

/// The same in a write: whoever was suspended since they came in, or whose token was ended, changes nothing.
fn account_now(tx: &WriteTx<'_>, who: &Caller) -> Result<Account> {
    still_lets_in(tx, who)?;
    let account = account(tx, who)?;
    if account.is_suspended { Err(Error::NotSignedIn) } else { Ok(account) }
}

fn account(tx: &ReadTx<'_>, who: &Caller) -> Result<Account> {
    users::find(tx, user(who)?.id)?.ok_or(Error::NotSignedIn)
}
