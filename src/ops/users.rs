//! People: making the first admins.

use super::access::may;
use super::changes::log_account;
use super::ctx::Ctx;
use crate::field;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, FieldType};
use crate::model::principal::{Action, Caller, Role, User};
use crate::store::engine::WriteTx;
use crate::store::tables::users;
use serde_json::Value;

/// An admin that is about to be made.
#[derive(Clone)]
pub struct NewAdmin {
    email: String,
    password_hash: String,
}

/// The part of `create_admin` before the transaction: checks, and hashes the password.
pub fn prepare_admin(ctx: &Ctx, who: &Caller, email: &str, password: &str) -> Result<NewAdmin> {
    may(who, Action::Manage)?;
    check(ctx, email, password)?;
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

fn check(ctx: &Ctx, email: &str, password: &str) -> Result<()> {
    let mut problems = Vec::new();
    let address = field::find("email").map(|type_: &dyn FieldType| type_.clean(&Field::plain("email", type_), &Value::from(email)));
    if !matches!(address, Some(Ok(_))) {
        problems.push(Problem::of(
            "email",
            "type",
            format!("The sign-in name must be an e-mail address such as ann@example.com, not {}", crate::model::name::quoted(email)),
        ));
    }
    let (shortest, longest) = (ctx.limits.password_chars_min, ctx.limits.password_bytes_max);
    if password.chars().count() < shortest {
        problems.push(Problem::of("password", "min_length", format!("The password must have at least {shortest} characters")));
    }
    if password.len() > longest {
        problems.push(Problem::of("password", "max_length", format!("The password may have at most {longest} bytes")));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
