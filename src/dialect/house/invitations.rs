//! Invitations and resets: `/api/workspaces/{workspace}/invitations`, and where somebody without a password chooses one by a link.

use super::session::{missing, signed_in, user, warned};
use super::users::{account, id};
use crate::dialect::contract::visitor;
use crate::model::error::{Error, Result};
use crate::ops::ctx::Ctx;
use crate::ops::invitations::{self, Invitation};
use crate::ops::{sessions::Opened, workspace};
use crate::wire::call::Call;
use crate::wire::query::Query;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `{"invitations": [{"id", "user", "expires_at"}]}`: the id is that of the person.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let open = invitations::list(ctx, &call.caller)?;
    let open: Vec<Value> =
        open.iter().map(|(whom, expires_at)| json!({"id": whom.user.id.0, "user": account(whom), "expires_at": expires_at})).collect();
    Ok(reply::json(200, &json!({"invitations": open})))
}

pub fn revoke(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (id, caller) = (id(call.param(1))?, call.caller.clone());
    ctx.write(|| Ok(()), move |tx, ()| invitations::revoke(tx, &caller, id))?;
    Ok(reply::empty(204))
}

/// `POST …/invitations/accept` with `{"token", "name"?, "password"}`: signs in, 200.
pub fn accept(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::is_called(call.param(0))?;
    let form = call.body.form(call.request, &call.limits)?;
    let (token, password) = both(&form)?;
    let name = form.get("name").filter(|name| !name.is_empty());
    let visitor = visitor(call.request);
    let opened = ctx.write(|| invitations::prepare(ctx, &call.caller, token, name, password, &visitor), invitations::accept)?;
    Ok(answer(ctx, &opened, password))
}

/// `POST …/resets/accept` with `{"token", "password"}`: signs in, 200.
pub fn accept_reset(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::is_called(call.param(0))?;
    let form = call.body.form(call.request, &call.limits)?;
    let (token, password) = both(&form)?;
    let visitor = visitor(call.request);
    let opened = ctx.write(|| invitations::prepare_other(ctx, &call.caller, token, password, &visitor), invitations::accept)?;
    Ok(answer(ctx, &opened, password))
}

/// A link as it is handed on.
pub fn link(origin: &str, invitation: &Invitation) -> Value {
    json!({"url": format!("{origin}{}", invitation.path()), "expires_at": invitation.expires_at()})
}

fn answer(ctx: &Ctx, opened: &Opened, password: &str) -> Response {
    signed_in(ctx, warned(ctx, reply::json(200, &json!({"user": user(&opened.user)})), password), opened)
}

fn both(form: &Query) -> Result<(&str, &str)> {
    let [token, password] = ["token", "password"].map(|name| form.get(name).filter(|text| !text.is_empty()).ok_or(name));
    match (token, password) {
        (Ok(token), Ok(password)) => Ok((token, password)),
        (token, password) => Err(Error::Invalid([token, password].into_iter().filter_map(|part| part.err().map(missing)).collect())),
    }
}
