//! The beginning of a data file: a one-time link that makes the first admin. It is good only while there is none; later links sign somebody in
//! (`sessions`).

use super::access::may;
use super::ctx::Ctx;
use super::sessions::{self, Beginning, Opened};
use super::users::{self, NewAdmin};
use crate::auth::link;
use crate::model::error::Result;
use crate::model::principal::{Action, Caller, Principal, Visitor};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{starts, users as user_rows};

/// A start link that is about to be made.
#[derive(Clone)]
pub struct NewLink {
    token: String,
    hash: [u8; 32],
    seconds: i64,
}

/// A first admin who is about to be made, and signed in.
#[derive(Clone)]
pub struct First {
    hash: [u8; 32],
    owner: Caller,
    admin: NewAdmin,
    session: Beginning,
}

/// The part of `issue_link` before the transaction.
pub fn prepare_link(ctx: &Ctx, who: &Caller) -> Result<NewLink> {
    may(who, Action::Manage)?;
    let (token, hash) = link::issue(ctx.random());
    Ok(NewLink { token, hash, seconds: ctx.limits.link_seconds })
}

/// Keeps the link's hash; gives the token for the address.
pub fn issue_link(tx: &mut WriteTx<'_>, new: &NewLink) -> Result<String> {
    let expires_s = tx.now().epoch_seconds + new.seconds;
    starts::insert(tx, &new.hash, expires_s)?;
    Ok(new.token.clone())
}

/// How many apps wait for their first admin, if this is the token of a start link that is good now. Looking does not use it up.
pub fn look(ctx: &Ctx, token: &str) -> Result<Option<usize>> {
    let now_s = ctx.store.now().epoch_seconds;
    ctx.read(|tx| Ok(is_good(tx, &link::digest(token), now_s)?.then(|| tx.catalog().apps().len())))
}

/// The part of `make_admin` before the transaction. Whoever holds the link stands for the owner of the data file, who was shown it in the terminal;
/// nobody else gets a password hashed here.
pub fn prepare_admin(ctx: &Ctx, who: &Caller, token: &str, email: &str, password: &str, visitor: &Visitor) -> Result<First> {
    if look(ctx, token)?.is_none() {
        return Err(sessions::used_link());
    }
    let owner = Caller { principal: Principal::Control, door: who.door, token: None, tab: None };
    let admin = users::prepare_admin(ctx, &owner, email, password)?;
    Ok(First { hash: link::digest(token), owner, admin, session: sessions::beginning(ctx, visitor) })
}

/// Makes the first admin, signed in; every start link is used up.
pub fn make_admin(tx: &mut WriteTx<'_>, new: &First) -> Result<Opened> {
    let now_s = tx.now().epoch_seconds;
    if !is_good(tx, &new.hash, now_s)? {
        return Err(sessions::used_link());
    }
    starts::remove_all(tx)?;
    let user = users::create_admin(tx, &new.owner, &new.admin)?;
    sessions::open_as(tx, &new.session, user)
}

fn is_good(tx: &ReadTx<'_>, hash: &[u8; 32], now_s: i64) -> Result<bool> {
    Ok(user_rows::first_admin(tx)?.is_none() && starts::is_good(tx, hash, now_s)?)
}
