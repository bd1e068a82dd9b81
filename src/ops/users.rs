//! People: making, inviting, changing, removing them. For owners and admins; what everybody sees of themselves is in `me`.

use super::access::may;
use super::changes::log_account;
use super::ctx::Ctx;
use super::invitations::Invitation;
use super::me;
use crate::field;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, FieldType};
use crate::model::name::quoted;
use crate::model::principal::{Account, Action, Caller, Principal, Role, User, UserId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{links, sessions, users};
use serde_json::Value;

/// An admin that is about to be made.
#[derive(Clone)]
pub struct NewAdmin {
    email: String,
    password_hash: String,
}

/// Somebody who is to be made.
#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Without one they are invited.
    pub password: Option<String>,
}

/// The same, about to be made.
#[derive(Clone)]
pub struct ReadyUser {
    new: NewUser,
    password_hash: String,
    invitation: Option<Invitation>,
}

/// What is to be said of somebody from now on; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub email: Option<String>,
    pub name: Option<String>,
    pub role: Option<Role>,
    pub is_suspended: Option<bool>,
    pub has_api_access: Option<bool>,
}

/// Asks whether somebody may look after people: the role that they do it with.
pub fn may_look_after(catalog: &Catalog, who: &Caller) -> Result<Role> {
    let role = match &who.principal {
        Principal::Control => Role::Owner,
        _ => catalog.person(me::whole(who)?.id).ok_or(Error::NotSignedIn)?,
    };
    if role == Role::Member {
        return Err(Error::Forbidden("Owners and admins look after people and settings; you are a member".to_owned()));
    }
    may(who, Action::Manage)?;
    Ok(role)
}

/// The part of `create_admin` before the transaction: checks, and hashes the password.
pub fn prepare_admin(ctx: &Ctx, who: &Caller, email: &str, password: &str) -> Result<NewAdmin> {
    may(who, Action::Manage)?;
    refused([check_email(email), check_password(ctx, "password", password)])?;
    Ok(NewAdmin { email: email.to_owned(), password_hash: ctx.credentials.passwords.hash(password)? })
}

/// Makes an admin; the first of all is the owner.
pub fn create_admin(tx: &mut WriteTx<'_>, who: &Caller, new: &NewAdmin) -> Result<User> {
    let role = if users::first_admin(tx)?.is_none() { Role::Owner } else { Role::Admin };
    let user = users::insert(tx, &new.email, &new.password_hash, role)?;
    log_account(tx, who, format!("made {} an admin", new.email))?;
    Ok(user)
}

/// Whether anybody can sign in.
pub fn has_admin(ctx: &Ctx) -> Result<bool> {
    ctx.read(users::first_admin).map(|admin| admin.is_some())
}

/// Everybody, by their addresses.
pub fn list(tx: &ReadTx<'_>, who: &Caller) -> Result<Vec<Account>> {
    may_look_after(tx.catalog(), who)?;
    users::all(tx)
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, id: UserId) -> Result<Account> {
    may_look_after(tx.catalog(), who)?;
    users::find(tx, id)?.ok_or_else(|| Error::not_found(format!("There is no user {}", id.0)))
}

/// Somebody whom the caller may change: an owner is changed by owners only.
pub fn to_change(tx: &ReadTx<'_>, who: &Caller, id: UserId) -> Result<Account> {
    let account = read(tx, who, id)?;
    if account.user.role == Role::Owner && may_look_after(tx.catalog(), who)? != Role::Owner {
        return Err(Error::Forbidden(format!("{} is an owner, whom only owners change", account.user.email)));
    }
    Ok(account)
}

/// The part of `create` before the transaction.
pub fn prepare(ctx: &Ctx, who: &Caller, new: NewUser) -> Result<ReadyUser> {
    may_grant(&ctx.store.catalog(), who, new.role)?;
    let password = new.password.as_deref();
    refused([
        check_email(&new.email),
        check_name(ctx, &new.name),
        password.and_then(|password| check_password(ctx, "password", password)),
    ])?;
    let password_hash = password.map(|password| ctx.credentials.passwords.hash(password)).transpose()?.unwrap_or_default();
    let invitation = password.is_none().then(|| Invitation::draw(ctx));
    Ok(ReadyUser { new: NewUser { password: None, ..new }, password_hash, invitation })
}

/// Makes somebody; the link of their invitation, if they have no password.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, ready: &ReadyUser) -> Result<(Account, Option<Invitation>)> {
    let ReadyUser { new, password_hash, invitation } = ready;
    may_grant(tx.catalog(), who, new.role)?;
    let user = users::insert(tx, &new.email, password_hash, new.role)?;
    let account = Account { name: new.name.clone(), ..read(tx, who, user.id)? };
    users::update(tx, &account)?;
    if let Some(invitation) = invitation {
        invitation.keep(tx, user.id)?;
    }
    let verb = if invitation.is_some() { "invited" } else { "made" };
    log_account(tx, who, format!("{verb} {} as {}", new.email, new.role.name()))?;
    Ok((account, invitation.clone()))
}

/// The part of `change` before the transaction.
pub fn check_changes(ctx: &Ctx, changes: &Changes) -> Result<()> {
    refused([changes.email.as_deref().and_then(check_email), changes.name.as_deref().and_then(|name| check_name(ctx, name))])
}

/// Changes somebody. Whoever is suspended is out at once; another role ends their JWTs and holds for their sessions from the next request on. Links that
/// were given out end with another role or address.
pub fn change(tx: &mut WriteTx<'_>, who: &Caller, id: UserId, changes: &Changes) -> Result<Account> {
    let old = to_change(tx, who, id)?;
    let new = Account {
        user: User {
            id,
            email: changes.email.clone().unwrap_or_else(|| old.user.email.clone()),
            role: changes.role.unwrap_or(old.user.role),
        },
        name: changes.name.clone().unwrap_or_else(|| old.name.clone()),
        is_suspended: changes.is_suspended.unwrap_or(old.is_suspended),
        has_api_access: changes.has_api_access.unwrap_or(old.has_api_access),
        ..old.clone()
    };
    if new == old {
        return Ok(old);
    }
    if new.user.role != old.user.role {
        may_grant(tx.catalog(), who, new.user.role)?;
    }
    if new.is_suspended && who.user_id() == Some(id) {
        return Err(Error::Forbidden("Nobody suspends themselves: another admin does it".to_owned()));
    }
    if new.is_suspended || new.user.role != Role::Owner {
        keep_an_owner(tx, &old)?;
    }
    users::update(tx, &new)?;
    if new.user.role != old.user.role || new.is_suspended != old.is_suspended || new.has_api_access != old.has_api_access {
        users::end_jwts(tx, id)?;
    }
    if new.is_suspended {
        sessions::remove_others(tx, id, None)?;
    }
    // A link was given to who they were: what they may now, or where their mail goes now, its holder was never to have.
    if new.is_suspended || new.user.role != old.user.role || new.user.email != old.user.email {
        links::remove_all(tx, id)?;
    }
    log_account(tx, who, told(&old, &new))?;
    read(tx, who, id)
}

/// Takes somebody away with their sessions and tokens. What they made stays.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, id: UserId) -> Result<()> {
    let account = to_change(tx, who, id)?;
    if who.user_id() == Some(id) {
        return Err(Error::Forbidden("Nobody deletes themselves: another admin does it".to_owned()));
    }
    keep_an_owner(tx, &account)?;
    users::remove(tx, id)?;
    log_account(tx, who, format!("deleted {}", account.user.email)).map(drop)
}

/// Asks whether somebody may give a role: owners are made by owners.
fn may_grant(catalog: &Catalog, who: &Caller, role: Role) -> Result<()> {
    match (may_look_after(catalog, who)?, role) {
        (Role::Owner, _) | (_, Role::Admin | Role::Member) => Ok(()),
        (_, Role::Owner) => Err(Error::Forbidden("Owners are made by owners only".to_owned())),
    }
}

/// Refuses to lose the last owner who can sign in.
fn keep_an_owner(tx: &ReadTx<'_>, old: &Account) -> Result<()> {
    let is_one = old.user.role == Role::Owner && old.is_active && !old.is_suspended;
    if is_one && users::active_owners(tx)? == 1 {
        let problem = Problem::new("last_owner", format!("{} is the last owner: make somebody else one first", old.user.email));
        return Err(Error::Conflict(problem));
    }
    Ok(())
}

/// What changed, in words.
fn told(old: &Account, new: &Account) -> String {
    let mut parts = Vec::new();
    if old.user.email != new.user.email {
        parts.push(format!("e-mail {}", new.user.email));
    }
    if old.name != new.name {
        parts.push("name".to_owned());
    }
    if old.user.role != new.user.role {
        parts.push(format!("role {}", new.user.role.name()));
    }
    if old.is_suspended != new.is_suspended {
        parts.push(if new.is_suspended { "suspended" } else { "no longer suspended" }.to_owned());
    }
    if old.has_api_access != new.has_api_access {
        parts.push(format!("API access {}", if new.has_api_access { "on" } else { "off" }));
    }
    format!("changed {}: {}", old.user.email, parts.join(", "))
}

/// All that is wrong at once.
fn refused<const N: usize>(problems: [Option<Problem>; N]) -> Result<()> {
    let problems: Vec<Problem> = problems.into_iter().flatten().collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn check_email(email: &str) -> Option<Problem> {
    let address = field::find("email").map(|type_: &dyn FieldType| type_.clean(&Field::plain("email", type_), &Value::from(email)));
    (!matches!(address, Some(Ok(_)))).then(|| {
        let message = format!("The sign-in name must be an e-mail address such as ann@example.com, not {}", quoted(email));
        Problem::of("email", "type", message)
    })
}

pub fn check_name(ctx: &Ctx, name: &str) -> Option<Problem> {
    let most = ctx.limits.name_chars_max;
    let is_good = name.chars().count() <= most && !name.chars().any(char::is_control);
    (!is_good).then(|| Problem::of("name", "max_length", format!("A name has at most {most} characters, on one line")))
}

/// Whether a password will do, under the name of the field that it came in. A short one does where nobody else can try it.
pub fn check_password(ctx: &Ctx, field: &str, password: &str) -> Option<Problem> {
    let (shortest, longest) = (ctx.limits.password_chars_min, ctx.limits.password_bytes_max);
    if password.is_empty() || ctx.site.is_open && is_short(ctx, password) {
        return Some(Problem::of(field, "min_length", format!("The password must have at least {shortest} characters")));
    }
    (password.len() > longest).then(|| Problem::of(field, "max_length", format!("The password may have at most {longest} bytes")))
}

/// What is to be said of a password that was taken although it is short.
pub fn weakness(ctx: &Ctx, password: &str) -> Option<String> {
    let shortest = ctx.limits.password_chars_min;
    is_short(ctx, password).then(|| {
        format!("The password has fewer than {shortest} characters. It is good while this machine alone can reach the server; choose a longer one before others can")
    })
}

fn is_short(ctx: &Ctx, password: &str) -> bool {
    password.chars().count() < ctx.limits.password_chars_min
}
