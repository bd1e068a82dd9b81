//! Schemas with their field definitions: the seed's keys, and what else there is to know beside them; making, changing, duplicating, deleting them.
//! Their fields are in `fields`.

use super::fields::way;
use super::jobs;
use super::records::rehearsed;
use crate::format::parts::{self, SchemaPart};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Choice, Field, Kind};
use crate::model::job::Job;
use crate::model::principal::Action;
use crate::model::schema::Schema;
use crate::model::search::Search;
use crate::ops::ctx::Ctx;
use crate::ops::indexes;
use crate::ops::schemas::{self, Changes, Described};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let schemas = ctx.read(|tx| schemas::list(tx, &call.caller, call.param(0)))?;
    Ok(reply::json(200, &json!({"schemas": all(&schemas)})))
}

pub fn all(schemas: &[Described]) -> Vec<Value> {
    schemas.iter().map(schema).collect()
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let described = ctx.read(|tx| schemas::read(tx, &call.caller, call.param(0), call.param(1)))?;
    let mut body = schema(&described);
    // For those who may have them made.
    let manages = described.can.contains(&(Action::Manage, true));
    let proposals = if manages { indexes::proposals(ctx, &described.schema, described.records.unwrap_or_default()) } else { Vec::new() };
    if let Some(body) = body.as_object_mut().filter(|_| !proposals.is_empty()) {
        let proposals: Vec<Value> = proposals.iter().map(|proposal| json!({"fields": proposal.fields, "why": proposal.why})).collect();
        body.insert("index_proposals".to_owned(), Value::Array(proposals));
    }
    Ok(reply::json(200, &body))
}

/// `POST …/schemas` with a table as app files describe it, its slug or name and its fields: 201.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let part = parts::read(&call.body.object(&call.limits)?, "The table", parts::new_schema).map_err(Error::Invalid)?;
    let (caller, app) = (call.caller.clone(), call.param(0).to_owned());
    let made = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| schemas::add(tx, &caller, &app, &part))?;
    Ok(created(call, &made, is_rehearsal))
}

/// `PATCH …/schemas/{schema}` with some of `slug name model display_field order unique indexes search`. Under its old slug it is still found.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let body = call.body.object(&call.limits)?;
    if body.is_empty() {
        let problem = Problem::new("empty", "The body says nothing that could change");
        return Err(Error::invalid(problem.hint("{\"name\": \"Contacts\", \"display_field\": \"email\"}")));
    }
    let changes = parts::read(&body, "The table", |reader| {
        let changes = Changes {
            slug: reader.text("slug"),
            name: reader.text("name"),
            model: reader.text("model"),
            display_field: reader.text("display_field"),
            order: reader.has("order").then(|| reader.texts("order")),
            unique: reader.has("unique").then(|| reader.groups("unique")),
            indexes: reader.has("indexes").then(|| reader.groups("indexes")),
            search: parts::search(reader),
        };
        reader.only(&["slug", "name", "model", "display_field", "order", "unique", "indexes", "search"]);
        changes
    });
    let (changes, caller) = (changes.map_err(Error::Invalid)?, call.caller.clone());
    let (app, slug) = (call.param(0).to_owned(), call.param(1).to_owned());
    let changed = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| schemas::change(tx, &caller, &app, &slug, &changes))?;
    Ok(rehearsed(reply::json(200, &schema(&changed)), is_rehearsal))
}

/// `DELETE …/schemas/{schema}`: with its records, which the change log keeps. A table to which others lead stays.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let (caller, app, slug) = (call.caller.clone(), call.param(0).to_owned(), call.param(1).to_owned());
    let records = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| schemas::remove(tx, &caller, &app, &slug))?;
    Ok(rehearsed(reply::json(200, &json!({"success": true, "slug": call.param(1), "records": records})), is_rehearsal))
}

/// `POST …/schemas/{schema}/duplicate` with `{"name"?, "slug"?, "records"?}`: 201.
pub fn duplicate(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let body = call.body.object_or_none(&call.limits)?;
    let read = parts::read(&body, "The copy", |reader| {
        let (slug, name, with_records) = (reader.text("slug").unwrap_or_default(), reader.text("name"), reader.flag("records"));
        reader.only(&["slug", "name", "records"]);
        (SchemaPart { slug, name, ..SchemaPart::default() }, with_records)
    });
    let ((part, with_records), caller) = (read.map_err(Error::Invalid)?, call.caller.clone());
    let (app, slug) = (call.param(0).to_owned(), call.param(1).to_owned());
    let made =
        ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| schemas::duplicate(tx, &caller, &app, &slug, &part, with_records))?;
    Ok(created(call, &made, is_rehearsal))
}

fn created(call: &Call<'_>, made: &Described, is_rehearsal: bool) -> Response {
    let response = rehearsed(reply::json(if is_rehearsal { 200 } else { 201 }, &schema(made)), is_rehearsal);
    response.with_additional_header("Location", format!("/api/apps/{}/schemas/{}", call.param(0), made.schema.slug))
}

/// Begins to make an index: `{"fields": ["status", "name"]}`; 201 with its job.
pub fn add_index(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let body = call.body.object(&call.limits)?;
    let (app, schema) = (call.param(0).to_owned(), call.param(1).to_owned());
    let names = |value: &Value| value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>();
    let fields = body.get("fields").and_then(names).filter(|_| body.len() == 1);
    let fields = fields.ok_or_else(|| {
        let example = "Send {\"fields\": [\"status\"]}";
        Error::invalid(Problem::of("fields", "required", "'fields' must be a list of field names, and nothing else").hint(example))
    })?;
    // Refused now, not in the job that nobody may look at.
    ctx.read(|tx| indexes::check(tx, &call.caller, &app, &schema, &fields))?;
    jobs::started(ctx, call, Job::Index { app, schema, fields })
}

/// Takes an index away: `status`, or `status.name`.
pub fn drop_index(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let fields: Vec<String> = call.param(2).split('.').map(str::to_owned).collect();
    indexes::remove(ctx, &call.caller, call.param(0), call.param(1), &fields)?;
    Ok(reply::empty(204))
}

fn schema(described: &Described) -> Value {
    let schema = &described.schema;
    let shown = |known: &Field| {
        let mut body = field(known);
        if let Some(body) = body.as_object_mut().filter(|_| described.read_only.contains(&known.slug)) {
            body.insert("writable".to_owned(), Value::Bool(false));
        }
        body
    };
    let fields: Vec<Value> = schema.shown().into_iter().map(shown).collect();
    let can: Map<String, Value> = described.can.iter().map(|(action, can)| (action.name().to_owned(), Value::Bool(*can))).collect();
    let indexes: Vec<Value> = described
        .indexes
        .iter()
        .map(|index| json!({"fields": index.fields, "unique": index.is_unique, "automatic": index.is_automatic, "why": index.why}))
        .collect();
    let mut body = json!({
        "slug": schema.slug, "name": schema.name, "model": schema.model, "display_field": schema.display_field,
        "records": described.records, "fields": fields, "unique": schema.unique, "indexes": schema.indexes, "index_list": indexes,
        "can": can,
    });
    if let Some(body) = body.as_object_mut().filter(|_| schema.search != Search::default()) {
        body.insert("search".to_owned(), search(schema));
    }
    body
}

/// What the schema says of being searched, and the index that it is done by, as far as its fields are seen.
fn search(schema: &Schema) -> Value {
    let index = schema.search.index.as_ref().map(|index| {
        let fields: Vec<&str> = index.fields.iter().map(String::as_str).filter(|slug| schema.field(slug).is_some()).collect();
        json!({"fields": fields, "state": index.state.name()})
    });
    json!({"wanted": schema.search.wanted.to_json(), "index": index})
}

/// `options` is an array of strings, as in the seed; their details stand beside it in `choices`.
pub fn field(field: &Field) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    put("slug", Value::from(field.slug.as_str()));
    put("name", Value::from(field.name.as_str()));
    put("type", Value::from(field.type_name.as_str()));
    put("required", Value::from(field.required));
    put("unique", Value::from(field.unique));
    put("index", Value::from(field.indexed));
    if !field.default.is_null() {
        put("default", field.default.clone());
    }
    if !field.rules.choices.is_empty() {
        put("options", field.rules.choices.iter().map(|choice| choice.value.as_str()).collect());
        put("choices", field.rules.choices.iter().map(Choice::to_json).collect());
    }
    // What a formula gives is not in its text.
    if let Some(computation) = field.formula.as_ref().filter(|_| field.kind != Kind::Lines) {
        put("result", Value::from(computation.kind.name()));
    }
    for (key, value) in field.rules.to_json() {
        let _ = match key.as_str() {
            "choices" => None,
            "items" => put("items", field.rules.items.iter().map(self::field).collect()),
            _ => put(&key, value),
        };
    }
    Value::Object(body)
}
