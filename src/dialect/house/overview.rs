//! What a client asks for when it begins: `/api/workspaces/{workspace}/overview`. AppBuilder has nothing like it.

use super::{apps, me, schemas, views, workspace as house};
use crate::model::error::Result;
use crate::ops::ctx::Ctx;
use crate::ops::{overview, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `{"user", "can", "workspace", "apps"}`; with `app` also `"app", "schemas"`; with `schema` also its `"views"`, null where its records may not be listed.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let slug = workspace::read(&call.caller, call.param(0))?;
    let (app, schema) = (call.query.once("app")?, call.query.once("schema")?);
    let seen = ctx.read(|tx| overview::read(tx, &call.caller, app, schema))?;
    let mut body =
        Map::from_iter([("workspace".to_owned(), house::rendered(ctx, slug)), ("apps".to_owned(), Value::Array(apps::all(&seen.apps)))]);
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    if let Some(opened) = &seen.opened {
        put("app", apps::whole(&opened.app));
        put("schemas", Value::Array(schemas::all(&opened.schemas)));
        if schema.is_some() {
            put("views", opened.views.as_deref().map_or(Value::Null, |shown| json!(views::all(shown))));
        }
    }
    let mut told = me::told(seen.user.as_ref(), seen.can);
    if let Some(told) = told.as_object_mut() {
        told.extend(body);
    }
    Ok(reply::json(200, &told))
}
