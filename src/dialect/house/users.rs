//! People: `/api/workspaces/{workspace}/users`. For owners and admins. AppBuilder has nothing like it.

use super::invitations::link;
use super::session::warned;
use crate::dialect::contract::origin;
use crate::format::parts;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::principal::{Account, Role, UserId};
use crate::ops::ctx::Ctx;
use crate::ops::users::{self, Changes, NewUser};
use crate::ops::{invitations, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `{"users": [user]}`, by e-mail.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let all: Vec<Value> = ctx.read(|tx| users::list(tx, &call.caller))?.iter().map(account).collect();
    Ok(reply::json(200, &json!({"users": all})))
}

/// `POST` with `{"email", "name"?, "role"?, "password"?}`: 201; without a password with `invitation: {"url", "expires_at"}`.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let read = parts::read(&call.body.object(&call.limits)?, "The user", |reader| {
        let (email, name) = (reader.needed("email"), reader.text("name").unwrap_or_default());
        let (role, password) = (reader.text("role"), reader.text("password"));
        reader.only(&["email", "name", "role", "password"]);
        (email, name, role, password)
    });
    let (email, name, role, password) = read.map_err(Error::Invalid)?;
    let role = role.as_deref().map_or(Ok(Role::Member), role_of)?;
    let (new, caller) = (NewUser { email, name, role, password: password.clone() }, call.caller.clone());
    let (made, invitation) =
        ctx.write(|| users::prepare(ctx, &call.caller, new.clone()), move |tx, ready| users::create(tx, &caller, ready))?;
    let mut body = Map::from_iter([("user".to_owned(), account(&made))]);
    body.extend(invitation.map(|invitation| ("invitation".to_owned(), link(&origin(ctx, call.request), &invitation))));
    let at = format!("/api/workspaces/{}/users/{}", call.param(0), made.user.id.0);
    let response = reply::secret(201, &Value::Object(body)).with_additional_header("Location", at);
    Ok(match &password {
        Some(password) => warned(ctx, response, password),
        None => response,
    })
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let id = id(call.param(1))?;
    Ok(reply::json(200, &json!({"user": account(&ctx.read(|tx| users::read(tx, &call.caller, id))?)})))
}

/// `PATCH` with some of `email name role suspended api_access`.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let id = id(call.param(1))?;
    let body = call.body.object(&call.limits)?;
    let read = parts::read(&body, "The user", |reader| {
        let role = reader.text("role");
        let mut flag = |key: &str| reader.has(key).then(|| reader.flag(key));
        let (is_suspended, has_api_access) = (flag("suspended"), flag("api_access"));
        let changes = Changes { email: reader.text("email"), name: reader.text("name"), role: None, is_suspended, has_api_access };
        reader.only(&["email", "name", "role", "suspended", "api_access"]);
        (changes, role)
    });
    let (changes, role) = read.map_err(Error::Invalid)?;
    let (changes, caller) = (Changes { role: role.as_deref().map(role_of).transpose()?, ..changes }, call.caller.clone());
    users::check_changes(ctx, &changes)?;
    let changed = ctx.write(|| Ok(()), move |tx, ()| users::change(tx, &caller, id, &changes))?;
    Ok(reply::json(200, &json!({"user": account(&changed)})))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (id, caller) = (id(call.param(1))?, call.caller.clone());
    ctx.write(|| Ok(()), move |tx, ()| users::remove(tx, &caller, id))?;
    Ok(reply::empty(204))
}

/// `POST …/users/{id}/reset`: 201 with a link by which they choose another password: `reset: {"url", "expires_at"}`, or an `invitation` when they never
/// had one.
pub fn reset(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (id, caller) = (id(call.param(1))?, call.caller.clone());
    let given = ctx.write(|| Ok(invitations::prepare_reset(ctx)), move |tx, links| invitations::reset(tx, &caller, id, links))?;
    Ok(reply::secret(201, &json!({given.purpose(): link(&origin(ctx, call.request), &given)})))
}

/// A person as an admin sees them, and as they see themselves.
pub fn account(account: &Account) -> Value {
    let Account { user, name, is_suspended, has_api_access, is_active, created_at, .. } = account;
    json!({
        "id": user.id.0, "username": user.email, "email": user.email, "name": name, "role": user.role.name(), "suspended": is_suspended,
        "api_access": has_api_access, "invited": !is_active, "created_at": created_at,
    })
}

/// The number of a person in an address or a query.
pub fn id(text: &str) -> Result<UserId> {
    text.parse().map(UserId).map_err(|_| Error::not_found(format!("There is no user {}", quoted(text))))
}

fn role_of(name: &str) -> Result<Role> {
    Role::from_name(name).ok_or_else(|| {
        let names = Role::ALL.map(Role::name);
        let problem = Problem::of("role", "option", format!("There is no role {} here; write owner, admin or member", quoted(name)));
        Error::invalid(problem.did_you_mean(name, names.into_iter()))
    })
}
