//! Moments of an app that have a name. Going back to one is in `undo`. [house]

use crate::model::change::Checkpoint;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::ops::checkpoints;
use crate::ops::ctx::Ctx;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `{"checkpoints": [checkpoint]}`, newest first.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let all = ctx.read(|tx| checkpoints::list(tx, &call.caller, call.param(0)))?;
    Ok(reply::json(200, &json!({"checkpoints": all.iter().map(told).collect::<Vec<_>>()})))
}

/// `POST …/checkpoints` with `{"name"}`: 201.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let body = call.body.object(&call.limits)?;
    if let Some(key) = body.keys().find(|key| *key != "name") {
        let problem = Problem::of(key, "unknown_field", format!("There is no key {} here", quoted(key)));
        return Err(Error::invalid(problem.did_you_mean(key, ["name"].into_iter())));
    }
    let Some(name) = body.get("name").and_then(Value::as_str).map(str::to_owned) else {
        let problem = Problem::of("name", "required", "'name' must be a text");
        return Err(Error::invalid(problem.hint("{\"name\": \"before the demo\"}")));
    };
    let (caller, app, limits) = (call.caller.clone(), call.param(0).to_owned(), ctx.limits.clone());
    let made = ctx.write(|| Ok(()), move |tx, ()| checkpoints::create(tx, &caller, &app, &name, &limits))?;
    Ok(reply::json(201, &told(&made)))
}

/// `DELETE …/checkpoints/{checkpoint}`: what it was for stays what it is.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (caller, app, id) = (call.caller.clone(), call.param(0).to_owned(), number(call)?);
    ctx.write(|| Ok(()), move |tx, ()| checkpoints::remove(tx, &caller, &app, id))?;
    Ok(reply::json(200, &json!({"success": true, "id": id})))
}

/// The number of the checkpoint that an address names.
pub fn number(call: &Call<'_>) -> Result<i64> {
    let missing = || Error::not_found(format!("A checkpoint has a number; there is none {}", quoted(call.param(1))));
    call.param(1).parse().map_err(|_| missing())
}

fn told(point: &Checkpoint) -> Value {
    json!({"id": point.id, "name": point.name, "change": point.seq, "at": point.at, "by": point.by})
}
