//! The workspace of a data file and its apps.

use crate::model::error::Result;
use crate::ops::ctx::Ctx;
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let only = workspace::read(&call.caller, workspace::SLUG)?;
    Ok(reply::json(200, &json!({"workspaces": [rendered(ctx, only)]})))
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    Ok(reply::json(200, &rendered(ctx, workspace::read(&call.caller, call.param(0))?)))
}

/// The same list as `/api/apps`.
pub fn apps(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    super::apps::list(ctx, call)
}

/// `demo` is told of a data file that lives no longer than this process.
pub fn rendered(ctx: &Ctx, slug: &str) -> Value {
    let mut body = json!({"slug": slug, "name": "Default"});
    if let Some(body) = body.as_object_mut().filter(|_| !ctx.backs_up) {
        body.insert("demo".to_owned(), Value::Bool(true));
    }
    body
}
