//! Custom fields: which there are, with their ids and those of their options, and for owners of the app how they are made and changed. [guess]

use super::definitions::{changed, declared, renamed, told};
use super::drafts::trimmed;
use crate::dialect::which_app;
use crate::format::parts;
use crate::model::app::App;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::name::quoted;
use crate::model::schema::Schema;
use crate::ops::ctx::{Ctx, Way};
use crate::ops::{fields, jobs, schemas};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value};
use std::sync::Arc;

const RESOURCE: &str = "resource";

/// `[field]` of one table, or of all.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let app = which_app::find(ctx, call)?;
    let tables = tables(ctx, call, &app, call.query.get(RESOURCE))?;
    let all: Vec<Value> = tables.iter().flat_map(|schema| schema.shown().into_iter().map(|field| told(schema, field))).collect();
    Ok(reply::json(200, &Value::Array(all)))
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (_, schema, field) = find(ctx, call)?;
    Ok(reply::json(200, &told(&schema, &field)))
}

/// `POST` with `{"label", "field_id", "field_type", "resource_name", "is_unique"?, "is_required"?, "options"?}`: 201. Records get no value.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let app = which_app::find(ctx, call)?;
    let body = body(call)?;
    let resource = body.get("resource_name").and_then(Value::as_str).or(call.query.get(RESOURCE)).map(str::to_owned);
    let named = declared(&body);
    let Some(resource) = resource else {
        let problem = Problem::of("resource_name", "required", "Field 'resource_name' is required");
        return Err(match named {
            Err(Error::Invalid(mut problems)) => {
                problems.push(problem);
                Error::Invalid(problems)
            }
            _ => Error::invalid(problem),
        });
    };
    let schema = schemas::seen(&ctx.store.catalog(), &call.caller, &app.slug, &resource).map_err(|error| match error {
        Error::NotFound(problem) => Error::invalid(Problem { field: Some("resource_name".to_owned()), ..problem }),
        other => other,
    })?;
    let part = parts::read(&named?, "The field", parts::field).map_err(|problems| renamed("", Error::Invalid(problems)))?;
    let (caller, app, slug, field) = (call.caller.clone(), app.slug.clone(), schema.slug.clone(), part.slug.clone());
    let made = ctx.write_by(Way::Alone, || Ok(()), move |tx, ()| fields::add(tx, &caller, &app, &slug, &part));
    let made = made.map_err(|error| renamed(&field, error))?;
    Ok(reply::json(201, &told(&schema, &made)))
}

/// What is sent of `label is_unique is_required options` changes.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, schema, field) = find(ctx, call)?;
    let body = changed(Some(&field), &body(call)?)?;
    if body.is_empty() {
        return Ok(reply::json(200, &told(&schema, &field)));
    }
    let path = [app.slug.as_str(), schema.slug.as_str(), field.slug.as_str()];
    let now = jobs::change_field(ctx, &call.caller, Way::Alone, path, &body).map_err(|error| renamed(&field.slug, error))?;
    Ok(reply::json(200, &told(&schema, &now.field)))
}

/// With its values: 204.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, schema, field) = find(ctx, call)?;
    let (caller, path) = (call.caller.clone(), [app.slug.clone(), schema.slug.clone(), field.slug]);
    ctx.write_by(Way::Alone, || Ok(()), move |tx, ()| fields::remove(tx, &caller, &path[0], &path[1], &path[2]))?;
    Ok(reply::empty(204))
}

fn body(call: &Call<'_>) -> Result<Map<String, Value>> {
    let body = call.body.object_or_none(&call.limits)?;
    Ok(body.iter().map(|(key, value)| (key.clone(), trimmed(value))).filter(|(_, value)| !value.is_null()).collect())
}

/// The table that is named, or all of the app.
fn tables(ctx: &Ctx, call: &Call<'_>, app: &App, resource: Option<&str>) -> Result<Vec<Arc<Schema>>> {
    let catalog = ctx.store.catalog();
    match resource.filter(|resource| !resource.is_empty()) {
        Some(resource) => Ok(vec![schemas::seen(&catalog, &call.caller, &app.slug, resource)?]),
        None => schemas::all_seen(&catalog, &call.caller, &app.slug),
    }
}

/// The field of the address: `contacts.cf_x`, or `cf_x` where one table has it, or `resource` says which.
fn find(ctx: &Ctx, call: &Call<'_>) -> Result<(Arc<App>, Arc<Schema>, Field)> {
    let app = which_app::find(ctx, call)?;
    let asked = call.param(0);
    let (resource, slug) = asked.split_once('.').map_or((call.query.get(RESOURCE), asked), |(resource, slug)| (Some(resource), slug));
    let tables = tables(ctx, call, &app, resource)?;
    let mut found = tables.iter().filter_map(|schema| schema.field(slug).map(|field| (schema, field)));
    match (found.next(), found.next()) {
        (Some((schema, field)), None) => Ok((app, schema.clone(), field.clone())),
        (Some((one, _)), Some((other, _))) => {
            let message = format!("The tables '{}' and '{}' both have a field {}", one.slug, other.slug, quoted(slug));
            Err(Error::Malformed(
                Problem::of(RESOURCE, "ambiguous", message).hint(format!("Ask for {}.{slug}, or with resource={}", one.slug, one.slug)),
            ))
        }
        (None, _) => {
            let known = tables.iter().flat_map(|schema| schema.fields.iter().map(|field| field.slug.as_str()));
            Err(Error::NotFound(Problem::new("not_found", format!("There is no field {}", quoted(slug))).did_you_mean(slug, known)))
        }
    }
}
