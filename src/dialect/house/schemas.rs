//! Schemas with their field definitions: the seed's keys, and what else there is to know beside them.

use crate::model::error::Result;
use crate::model::field::{Choice, Field};
use crate::ops::ctx::Ctx;
use crate::ops::schemas::{self, Described};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let schemas = ctx.read(|tx| schemas::list(tx, &call.caller, call.param(0)))?;
    let schemas: Vec<Value> = schemas.iter().map(schema).collect();
    Ok(reply::json(200, &json!({"schemas": schemas})))
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let described = ctx.read(|tx| schemas::read(tx, &call.caller, call.param(0), call.param(1)))?;
    Ok(reply::json(200, &schema(&described)))
}

fn schema(described: &Described) -> Value {
    let schema = &described.schema;
    let fields: Vec<Value> = schema.fields.iter().map(field).collect();
    json!({
        "slug": schema.slug, "name": schema.name, "model": schema.model, "display_field": schema.display_field,
        "records": described.records, "fields": fields, "unique": schema.unique, "indexes": schema.indexes,
    })
}

/// `options` is an array of strings, as in the seed; their details stand beside it in `choices`.
fn field(field: &Field) -> Value {
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
    for (key, value) in field.rules.to_json() {
        if key != "choices" {
            put(&key, value);
        }
    }
    Value::Object(body)
}
