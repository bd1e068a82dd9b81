//! Apps: the list of the seed, one app; making, changing, duplicating, deleting them. App files are in `app_files`.

use super::fields::way;
use super::records::rehearsed;
use crate::format::parts::{self, AppPart};
use crate::model::app::App;
use crate::model::error::{Error, Result};
use crate::ops::apps::{self, Changes};
use crate::ops::ctx::Ctx;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let apps = ctx.read(|tx| apps::list(tx, &call.caller))?;
    Ok(reply::json(200, &json!({"apps": all(&apps)})))
}

pub fn all(apps: &[Arc<App>]) -> Vec<Value> {
    apps.iter().map(|app| listed(app)).collect()
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let app = ctx.read(|tx| apps::read(tx, &call.caller, call.param(0)))?;
    Ok(reply::json(200, &whole(&app)))
}

/// `POST /api/apps` with `{"name"?, "slug"?, "description"?, "uuid"?}`: 201.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let part = parts::read(&call.body.object(&call.limits)?, "The app", parts::new_app).map_err(Error::Invalid)?;
    let (caller, uuid) = (call.caller.clone(), apps::fresh_uuid(ctx));
    let made = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| apps::add(tx, &caller, &part, &uuid))?;
    Ok(created(&made, is_rehearsal))
}

/// `PATCH /api/apps/{app}` with some of `slug name description`. Under its old slug it is still found.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let changes = parts::read(&call.body.object(&call.limits)?, "The app", |reader| {
        let changes = Changes { slug: reader.text("slug"), name: reader.text("name"), description: reader.text("description") };
        reader.only(&["slug", "name", "description"]);
        changes
    });
    let (changes, caller, app) = (changes.map_err(Error::Invalid)?, call.caller.clone(), call.param(0).to_owned());
    let changed = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| apps::change(tx, &caller, &app, &changes))?;
    Ok(rehearsed(reply::json(200, &whole(&changed)), is_rehearsal))
}

/// `DELETE /api/apps/{app}`: with its tables and their records, which the change log keeps.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let (caller, app, slug) = (call.caller.clone(), call.param(0).to_owned(), call.param(0));
    let records = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| apps::remove(tx, &caller, &app))?;
    Ok(rehearsed(reply::json(200, &json!({"success": true, "slug": slug, "records": records})), is_rehearsal))
}

/// `POST /api/apps/{app}/duplicate` with `{"name"?, "slug"?, "description"?, "records"?}`: 201.
pub fn duplicate(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let body = call.body.object_or_none(&call.limits)?;
    let read = parts::read(&body, "The copy", |reader| {
        let (slug, name, description) = (reader.text("slug").unwrap_or_default(), reader.text("name"), reader.text("description"));
        let with_records = reader.flag("records");
        reader.only(&["slug", "name", "description", "records"]);
        (AppPart { slug, name, description, ..AppPart::default() }, with_records)
    });
    let ((part, with_records), caller) = (read.map_err(Error::Invalid)?, call.caller.clone());
    let (app, uuid) = (call.param(0).to_owned(), apps::fresh_uuid(ctx));
    let made = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| apps::duplicate(tx, &caller, &app, &part, with_records, &uuid))?;
    Ok(created(&made, is_rehearsal))
}

fn created(app: &App, is_rehearsal: bool) -> Response {
    let response = rehearsed(reply::json(if is_rehearsal { 200 } else { 201 }, &whole(app)), is_rehearsal);
    response.with_additional_header("Location", format!("/api/apps/{}", app.slug))
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
