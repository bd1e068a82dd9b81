//! People: making the first admins.

use super::access::may;
use super::ctx::Ctx;
use crate::field;
use crate::model::change::{Change, ChangeKind};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, FieldType};
use crate::model::principal::{Action, Caller, Role, User};
use crate::store::engine::WriteTx;
use crate::store::tables::{changes, users};
use serde_json::Value;

/// Makes an admin. The password is hashed before the transaction begins.
pub fn create_admin(ctx: &Ctx, who: &Caller, email: &str, password: &str) -> Result<User> {
    may(who, Action::Manage)?;
    check(ctx, email, password)?;
    let hash = ctx.credentials.passwords.hash(password)?;
    let (who, email) = (who.clone(), email.to_owned());
    ctx.store.write(move |tx| insert(tx, &who, &email, &hash))
}

/// Makes the first admin if there is none; says whether it did.
pub fn create_first_admin(ctx: &Ctx, who: &Caller, email: &str, password: &str) -> Result<bool> {
    if has_admin(ctx)? {
        return Ok(false);
    }
    create_admin(ctx, who, email, password).map(|_| true)
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

fn insert(tx: &mut WriteTx<'_>, who: &Caller, email: &str, hash: &str) -> Result<User> {
    let user = users::insert(tx, email, hash, Role::Admin)?;
    let label = format!("made {email} an admin");
    let change = Change {
        kind: ChangeKind::Account,
        principal: who.principal.label(),
        dialect: who.door,
        app: None,
        schema: None,
        record: None,
        batch: None,
        label,
        body: None,
    };
    changes::insert(tx, &change)?;
    Ok(user)
}
