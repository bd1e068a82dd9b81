//! Saved views of a table: those that all share, and one's own. Lists, exports and reports are asked by one with `view=`. [house]

use super::records::{rehearsed, way};
use crate::format::{parts, view_part};
use crate::model::error::{Error, Result};
use crate::ops::ctx::Ctx;
use crate::ops::view_sense::Shown;
use crate::ops::views;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `{"views": [view]}`, in the order of their making.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let shown = ctx.read(|tx| views::list(tx, &call.caller, call.param(0), call.param(1)))?;
    Ok(reply::json(200, &json!({"views": all(&shown)})))
}

pub fn all(shown: &[Shown]) -> Vec<Value> {
    shown.iter().map(rendered).collect()
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let shown = ctx.read(|tx| views::read(tx, &call.caller, call.param(0), call.param(1), call.param(2)))?;
    Ok(reply::json(200, &rendered(&shown)))
}

/// `POST …/views` with `{"name", "slug"?, "kind"?, "filter"?, "sort"?, "fields"?, "group"?, "options"?, "shared"?}`: 201.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let part = parts::read(&call.body.object(&call.limits)?, "The view", view_part::new_view).map_err(Error::Invalid)?;
    let (caller, app, schema) = (call.caller.clone(), call.param(0).to_owned(), call.param(1).to_owned());
    let made = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| views::create(tx, &caller, &app, &schema, &part))?;
    if is_rehearsal {
        return Ok(rehearsed(reply::json(200, &rendered(&made)), true));
    }
    let address = format!("/api/apps/{}/schemas/{}/views/{}", call.param(0), call.param(1), made.view.slug);
    Ok(reply::json(201, &rendered(&made)).with_additional_header("Location", address))
}

/// `PATCH …/views/{view}` with some of the same keys; what is null is said no more.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let body = call.body.object(&call.limits)?;
    let (caller, path) = (call.caller.clone(), path(call));
    let changed =
        ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| views::change(tx, &caller, path.each_ref().map(String::as_str), &body))?;
    Ok(rehearsed(reply::json(200, &rendered(&changed)), is_rehearsal))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let (caller, path) = (call.caller.clone(), path(call));
    ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| views::remove(tx, &caller, path.each_ref().map(String::as_str)))?;
    if is_rehearsal {
        return Ok(rehearsed(reply::json(200, &json!({"success": true, "slug": call.param(2)})), true));
    }
    Ok(reply::empty(204))
}

fn path(call: &Call<'_>) -> [String; 3] {
    [call.param(0), call.param(1), call.param(2)].map(str::to_owned)
}

fn rendered(shown: &Shown) -> Value {
    let mut body = Map::from_iter([("id".to_owned(), Value::from(shown.view.id))]);
    body.extend(shown.view.to_json());
    body.insert("shared".to_owned(), Value::Bool(shown.view.owner.is_none()));
    if let Some(problem) = &shown.problem {
        body.insert("problem".to_owned(), Value::from(problem.as_str()));
    }
    Value::Object(body)
}
