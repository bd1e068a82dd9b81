//! Links by which somebody chooses a password: invitations of who is new, resets of who has forgotten it. Each is used once.

use super::changes::log_account;
use super::ctx::{Ctx, moment_at};
use super::me::become_known_by;
use super::sessions::{self, Beginning, Opened};
use super::users;
use crate::auth::link;
use crate::model::error::{Error, Result};
use crate::model::principal::{Account, Caller, Principal, UserId, Visitor};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::links::{self, Purpose};
use crate::store::tables::{tokens, users as user_rows};

/// A link that is about to be given out.
#[derive(Clone)]
pub struct Invitation {
    token: String,
    hash: [u8; 32],
    purpose: Purpose,
    expires_s: i64,
}

/// What a link that is good lets somebody do.
pub struct Look {
    pub account: Account,
    /// `invitation` or `reset`.
    pub purpose: &'static str,
}

/// A password that somebody chose by a link.
#[derive(Clone)]
pub struct Chosen {
    hash: [u8; 32],
    purpose: Purpose,
    name: Option<String>,
    password_hash: String,
    session: Beginning,
    door: &'static str,
}

impl Invitation {
    pub fn draw(ctx: &Ctx) -> Self {
        Self::with(ctx, Purpose::Invitation, ctx.limits.invitation_seconds)
    }

    fn with(ctx: &Ctx, purpose: Purpose, seconds: i64) -> Self {
        let (token, hash) = link::issue(ctx.random());
        Self { token, hash, purpose, expires_s: ctx.store.now().epoch_seconds + seconds }
    }

    /// Keeps its hash, in the place of those before it.
    pub fn keep(&self, tx: &mut WriteTx<'_>, user: UserId) -> Result<()> {
        links::remove_passwordless(tx, user)?;
        links::insert(tx, &self.hash, user, self.purpose, self.expires_s)
    }

    /// `invitation` or `reset`.
    pub fn purpose(&self) -> &'static str {
        self.purpose.name()
    }

    /// Where it leads, behind the server's address.
    pub fn path(&self) -> String {
        format!("/_/{}#t={}", self.purpose.name(), self.token)
    }

    pub fn expires_at(&self) -> String {
        moment_at(self.expires_s).text
    }
}

/// The invitations that nobody has taken up: whom, until when.
pub fn list(ctx: &Ctx, who: &Caller) -> Result<Vec<(Account, String)>> {
    let now_s = ctx.store.now().epoch_seconds;
    ctx.read(|tx| {
        users::may_look_after(tx.catalog(), who)?;
        let open = links::invitations(tx, now_s)?;
        open.into_iter().map(|(user, expires_s)| Ok((users::read(tx, who, user)?, moment_at(expires_s).text))).collect()
    })
}

/// Ends somebody's invitation. They stay, and can be invited again.
pub fn revoke(tx: &mut WriteTx<'_>, who: &Caller, user: UserId) -> Result<()> {
    let account = users::to_change(tx, who, user)?;
    if links::remove_passwordless(tx, user)? == 0 || account.is_active {
        return Err(Error::not_found(format!("{} has no open invitation", account.user.email)));
    }
    log_account(tx, who, format!("took back the invitation of {}", account.user.email)).map(drop)
}

/// Both links that somebody may need: they have a password, or never had one.
pub fn prepare_reset(ctx: &Ctx) -> [Invitation; 2] {
    [Invitation::draw(ctx), Invitation::with(ctx, Purpose::Reset, ctx.limits.reset_seconds)]
}

/// Gives a link by which somebody chooses another password. The one before goes on until then.
pub fn reset(tx: &mut WriteTx<'_>, who: &Caller, user: UserId, [invitation, reset]: &[Invitation; 2]) -> Result<Invitation> {
    let account = users::to_change(tx, who, user)?;
    if account.is_suspended {
        return Err(Error::Forbidden(format!("{} is suspended: nothing lets them in", account.user.email)));
    }
    let given = if account.is_active { reset } else { invitation };
    given.keep(tx, user)?;
    log_account(tx, who, format!("gave {} a link to choose a password", account.user.email))?;
    Ok(given.clone())
}

/// What a link is for, if it is good now. Looking does not use it up.
pub fn look(ctx: &Ctx, token: &str) -> Result<Option<Look>> {
    let (hash, now_s) = (link::digest(token), ctx.store.now().epoch_seconds);
    ctx.read(|tx| {
        let found = links::find(tx, &hash, now_s)?.filter(|(_, purpose)| *purpose != Purpose::SignIn);
        let Some((user, purpose)) = found else { return Ok(None) };
        Ok(user_rows::find(tx, user.id)?.map(|account| Look { account, purpose: purpose.name() }))
    })
}

/// The part of `accept` before the transaction, of an invitation.
pub fn prepare(ctx: &Ctx, who: &Caller, token: &str, name: Option<&str>, password: &str, visitor: &Visitor) -> Result<Chosen> {
    choose(ctx, who, Purpose::Invitation, token, name, password, visitor)
}

/// The same, of a reset.
pub fn prepare_other(ctx: &Ctx, who: &Caller, token: &str, password: &str, visitor: &Visitor) -> Result<Chosen> {
    choose(ctx, who, Purpose::Reset, token, None, password, visitor)
}

/// Nobody without a good link gets a password hashed here.
fn choose(ctx: &Ctx, who: &Caller, purpose: Purpose, token: &str, name: Option<&str>, password: &str, visitor: &Visitor) -> Result<Chosen> {
    if look(ctx, token)?.is_none_or(|look| look.purpose != purpose.name()) {
        return Err(used(purpose));
    }
    let problems = [users::check_password(ctx, "password", password), name.and_then(|name| users::check_name(ctx, name))];
    let problems: Vec<_> = problems.into_iter().flatten().collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(Chosen {
        hash: link::digest(token),
        purpose,
        name: name.map(str::to_owned),
        password_hash: ctx.credentials.passwords.hash(password)?,
        session: sessions::beginning(ctx, visitor),
        door: who.door,
    })
}

/// Sets the password and signs in; the link is used up, and whatever was opened with another password ends. A reset is for who has lost hold of the
/// account: it ends their tokens, too, which somebody else may have made.
pub fn accept(tx: &mut WriteTx<'_>, chosen: &Chosen) -> Result<Opened> {
    let user = links::take(tx, &chosen.hash, &[chosen.purpose])?.ok_or_else(|| used(chosen.purpose))?;
    let account = account(tx, user.id)?;
    become_known_by(tx, &account, &chosen.password_hash, None)?;
    if chosen.purpose == Purpose::Reset {
        tokens::remove_all(tx, user.id)?;
    }
    if let Some(name) = &chosen.name {
        user_rows::update(tx, &Account { name: name.clone(), ..account })?;
    }
    let who = Caller { principal: Principal::User(user.clone()), door: chosen.door, token: None, tab: None };
    let label = match chosen.purpose {
        Purpose::Invitation => format!("{} took up the invitation", user.email),
        Purpose::Reset | Purpose::SignIn => format!("{} chose a new password", user.email),
    };
    log_account(tx, &who, label)?;
    sessions::open_as(tx, &chosen.session, user)
}

fn account(tx: &ReadTx<'_>, id: UserId) -> Result<Account> {
    user_rows::find(tx, id)?.ok_or_else(|| Error::internal("a user is missing"))
}

fn used(purpose: Purpose) -> Error {
    let word = if purpose == Purpose::Reset { "link" } else { "invitation" };
    Error::Unauthenticated(format!("This {word} has been used, was taken back, or has expired. Ask an admin for another one"))
}
