//! The workspace: a data file has one, `default`. Server-wide things stand under it.

use super::session::user;
use crate::model::error::{Error, Result};
use crate::model::principal::{Action, Principal};
use crate::ops::access;
use crate::ops::ctx::Ctx;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

const SLUG: &str = "default";

pub fn list(_: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    access::may(&call.caller, Action::Read)?;
    Ok(reply::json(200, &json!({"workspaces": [workspace()]})))
}

pub fn read(_: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    access::may(&call.caller, Action::Read)?;
    known(call)?;
    Ok(reply::json(200, &workspace()))
}

/// The same list as `/api/apps`.
pub fn apps(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    access::may(&call.caller, Action::Read)?;
    known(call)?;
    super::apps::list(ctx, call)
}

pub fn me(_: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    access::may(&call.caller, Action::Read)?;
    known(call)?;
    let who = match &call.caller.principal {
        Principal::User(person) => user(person),
        Principal::Guest | Principal::Control => Value::Null,
    };
    Ok(reply::json(200, &json!({"user": who})))
}

/// Refuses the name of any other workspace.
pub fn known(call: &Call<'_>) -> Result<()> {
    match call.param(0) {
        SLUG => Ok(()),
        other => {
            Err(Error::not_found(format!("There is no workspace {}; a data file has one, 'default'", crate::model::name::quoted(other))))
        }
    }
}

fn workspace() -> Value {
    json!({"slug": SLUG, "name": "Default"})
}
