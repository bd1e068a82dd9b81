//! The workspace of a data file, its apps, and who is signed in.

use super::roles;
use super::session::user;
use crate::model::error::Result;
use crate::ops::ctx::Ctx;
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn list(_: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let only = workspace::read(&call.caller, workspace::SLUG)?;
    Ok(reply::json(200, &json!({"workspaces": [rendered(only)]})))
}

pub fn read(_: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    Ok(reply::json(200, &rendered(workspace::read(&call.caller, call.param(0))?)))
}

/// The same list as `/api/apps`.
pub fn apps(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    super::apps::list(ctx, call)
}

pub fn me(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let who = workspace::me(&call.caller, call.param(0))?;
    let can = roles::of_caller(ctx, call)?;
    Ok(reply::json(200, &json!({"user": who.map_or(Value::Null, user), "can": can})))
}

fn rendered(slug: &str) -> Value {
    json!({"slug": slug, "name": "Default"})
}
