//! Settings of the data file: `/api/workspaces/{workspace}/settings`. For owners and admins.

use crate::format::parts;
use crate::model::app::App;
use crate::model::error::{Error, Result};
use crate::model::setting::Settings;
use crate::ops::ctx::Ctx;
use crate::ops::settings::{self, Changes};
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `{"default_app", "refresh_rotation", "session_idle_minutes"}`
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    Ok(reply::json(200, &rendered(ctx.read(|tx| settings::read(tx, &call.caller))?)))
}

/// `PATCH` with some of them; null puts one back to what it is by itself.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let body = call.body.object(&call.limits)?;
    let read = parts::read(&body, "The settings", |reader| {
        let (app, minutes) = (reader.text("default_app"), reader.number("session_idle_minutes"));
        let changes = Changes {
            default_app: body.contains_key("default_app").then_some(app),
            has_refresh_rotation: body.contains_key("refresh_rotation").then(|| reader.flag("refresh_rotation")),
            session_idle_minutes: body.contains_key("session_idle_minutes").then_some(minutes),
        };
        reader.only(&["default_app", "refresh_rotation", "session_idle_minutes"]);
        changes
    });
    let (changes, caller) = (read.map_err(Error::Invalid)?, call.caller.clone());
    Ok(reply::json(200, &rendered(ctx.write(|| Ok(()), move |tx, ()| settings::change(tx, &caller, &changes))?)))
}

fn rendered((settings, app): (Settings, Option<Arc<App>>)) -> Value {
    json!({
        "default_app": app.map(|app| app.slug.clone()),
        "refresh_rotation": settings.has_refresh_rotation,
        "session_idle_minutes": settings.session_idle_minutes,
    })
}
