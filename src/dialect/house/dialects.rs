//! The dialects as data: `/api/workspaces/{workspace}/dialects`; and each as a collection for Postman with an app's real fields. [house]

use super::collection;
use crate::dialect::DIALECTS;
use crate::dialect::contract::about::{Filter, Manner, Operation};
use crate::dialect::contract::{Dialect, origin};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::ops::ctx::Ctx;
use crate::ops::{describe, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::{Response, ResponseBody};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `{"dialects": [{"id", "name", "base", "auth", "operations", "types", "lacks", "manner", "requests_per_minute_max"}]}`.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    Ok(reply::json(200, &json!({"dialects": DIALECTS.iter().map(|dialect| rendered(ctx, dialect)).collect::<Vec<_>>()})))
}

/// `GET /api/apps/{app}/postman/{dialect}`: a collection, form 2.1, to be kept as a file. What it needs to know besides are its variables.
pub fn postman(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let described = ctx.read(|tx| describe::app(tx, &call.caller, call.param(0)))?;
    let wanted = call.param(1);
    let Some(dialect) = DIALECTS.iter().find(|dialect| dialect.id == wanted) else {
        let problem = Problem::new("not_found", format!("There is no dialect {}", quoted(wanted)));
        return Err(Error::NotFound(problem.did_you_mean(wanted, DIALECTS.iter().map(|dialect| dialect.id))));
    };
    let text = collection::of(&described, dialect, &origin(ctx, call.request)).to_string();
    let name = format!("{}.{}.postman_collection.json", described.app.slug, dialect.id);
    Ok(reply::file("application/json", &name, ResponseBody::from_string(text)))
}

fn rendered(ctx: &Ctx, dialect: &Dialect) -> Value {
    let about = &dialect.about;
    let named = |own: &'static str| about.types.iter().find(|(ours, _)| *ours == own).map_or(own, |(_, theirs)| theirs);
    let types: Map<String, Value> = describe::type_names().map(|own| (own.to_owned(), named(own).into())).collect();
    let operations: Vec<Value> = about.operations.iter().map(operation).collect();
    json!({
        "id": dialect.id, "name": about.name, "base": about.base, "auth": about.auth.name(), "operations": operations,
        "types": types, "lacks": about.lacks, "manner": about.manner.as_ref().map(manner),
        "requests_per_minute_max": dialect.gate.as_ref().map(|_| ctx.limits.requests_per_minute_max),
    })
}

fn operation(one: &Operation) -> Value {
    json!({
        "id": one.id, "name": one.name, "method": one.method, "path": one.path, "body": one.body, "status": one.status, "source": one.source,
        "many": one.many.map(|many| json!({"method": many.method, "path": many.path, "body": many.body})),
    })
}

fn manner(one: &Manner) -> Value {
    let filter = match one.filter {
        Filter::Expression { name } => json!({"form": "expression", "name": name}),
        Filter::Equal { name } => json!({"form": "equal", "name": name}),
        Filter::Pairs { fields, values, all } => json!({"form": "pairs", "name": fields, "values": values, "all": all}),
    };
    json!({
        "records": if one.has_numbers { "number" } else { "text" }, "options": if one.has_option_ids { "id" } else { "value" },
        "size": one.size, "sort": {"name": one.sort.name, "down": one.sort.down, "between": one.sort.between}, "words": one.words, "filter": filter,
    })
}
