//! Apps: the list of the seed, and one app.

use crate::model::app::App;
use crate::model::error::Result;
use crate::ops::apps;
use crate::ops::ctx::Ctx;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let apps = ctx.read(|tx| apps::list(tx, &call.caller))?;
    let apps: Vec<Value> = apps.iter().map(|app| listed(app)).collect();
    Ok(reply::json(200, &json!({"apps": apps})))
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let app = ctx.read(|tx| apps::read(tx, &call.caller, call.param(0)))?;
    Ok(reply::json(200, &whole(&app)))
}

/// An app alone: what the list tells of it, and its UUID.
pub fn whole(app: &App) -> Value {
    let mut body = listed(app);
    if let Some(body) = body.as_object_mut() {
        body.insert("uuid".to_owned(), Value::from(app.uuid.as_str()));
    }
    body
}

/// The four keys of the seed.
fn listed(app: &App) -> Value {
    json!({"slug": app.slug, "name": app.name, "description": app.description, "created_at": app.created_at})
}
