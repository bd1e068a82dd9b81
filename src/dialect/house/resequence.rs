//! A record put behind another one by a field that counts by itself. [house]

use super::bulk::{answered, collection, many, way};
use super::once;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::name::quoted;
use crate::model::record::RecordId;
use crate::ops::ctx::Ctx;
use crate::ops::idempotency;
use crate::ops::resequence::{self, Aim};
use crate::wire::call::Call;
use rouille::Response;
use serde_json::{Map, Value};
use std::sync::Arc;

const KEYS: [&str; 3] = ["record", "after", "field"];
const FORM: &str = "{\"record\": \"rec_7\", \"after\": \"rec_3\"}; after null: first of all";

/// `POST …/resequence` with `{"record", "after", "field"?}`: 200 `{"records"}`, those that have another number now.
pub fn run(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = collection(call)?;
    let aim = aim(call.body.object(&call.limits)?)?;
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    // A long way would hold the others up. What is wrong with it is told where it is gone.
    let distance = ctx.read(|tx| resequence::distance(tx, &call.caller, [app, schema], &aim, &ctx.limits)).unwrap_or_default();
    let telling = ctx.clone();
    let done = idempotency::write(
        ctx,
        way(ctx, distance, is_rehearsal),
        once::key(call)?,
        || resequence::prepare(&ctx.store.catalog(), &call.caller, [app, schema], &aim, &ctx.limits),
        move |tx, new| resequence::run(tx, &caller, new),
        move |done| once::told(many(&telling, 200, &done, "", false)?),
    )?;
    answered(ctx, call, 200, done, is_rehearsal)
}

fn aim(body: Map<String, Value>) -> Result<Aim> {
    let mut problems: Vec<Problem> = body
        .keys()
        .filter(|key| !KEYS.contains(&key.as_str()))
        .map(|key| {
            let problem = Problem::of(key, "unknown_field", format!("There is no key {} here", quoted(key)));
            let near = problem.clone().did_you_mean(key, KEYS.into_iter());
            if near.hint.is_some() { near } else { problem.hint(FORM) }
        })
        .collect();
    let mut read = |key: &str, may_be_none: bool| match body.get(key) {
        Some(Value::Null) if may_be_none => None,
        Some(value) => {
            let id = record_id(value);
            if id.is_none() {
                let message = format!("Key '{key}' must be a record's id such as \"rec_5\", not {}", described(value));
                problems.push(Problem::of(key, "type", message).hint(FORM));
            }
            id
        }
        None => {
            problems.push(Problem::of(key, "required", format!("Key '{key}' is required")).hint(FORM));
            None
        }
    };
    let (record, after) = (read("record", false), read("after", true));
    let field = match body.get("field") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name.clone()),
        Some(other) => {
            let message = format!("Key 'field' must be the name of a field, not {}", described(other));
            problems.push(Problem::of("field", "type", message));
            None
        }
    };
    match record {
        Some(record) if problems.is_empty() => Ok(Aim { record, after, field }),
        _ => Err(Error::Invalid(problems)),
    }
}

/// An id as it stands in JSON.
fn record_id(value: &Value) -> Option<RecordId> {
    match value {
        Value::String(text) => RecordId::parse(text),
        Value::Number(number) => number.as_i64().filter(|number| *number > 0).map(RecordId),
        _ => None,
    }
}
