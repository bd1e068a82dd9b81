//! Taking back: a change, what took it back, everything since a checkpoint, the end of an app. [house]

use super::history::number;
use super::records::rehearsed;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::ops::ctx::Ctx;
use crate::ops::undo::{self, Aim, Conflict, OnConflict, Outcome};
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Conflicts that are told one by one.
const CONFLICTS_MAX: usize = 50;
const WAYS: [(&str, OnConflict); 3] = [("refuse", OnConflict::Refuse), ("skip", OnConflict::Skip), ("overwrite", OnConflict::Overwrite)];

/// `POST …/changes/{change}/undo` with `{"batch"?: true, "on_conflict"?: "refuse"}`: 200 with what was written, 409 with what stands in the way.
pub fn undo(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (is_whole, on_conflict) = said(call, true)?;
    run(ctx, call, call.param(0), &Aim::Undo { change: number(call)?, is_whole }, on_conflict)
}

/// `POST …/changes/{change}/redo`: takes back what took this change back.
pub fn redo(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (is_whole, on_conflict) = said(call, true)?;
    run(ctx, call, call.param(0), &Aim::Redo { change: number(call)?, is_whole }, on_conflict)
}

/// `POST …/checkpoints/{checkpoint}/return`: everything of the app is what it was then, as one act.
pub fn back(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (_, on_conflict) = said(call, false)?;
    run(ctx, call, call.param(0), &Aim::Return { checkpoint: super::checkpoints::number(call)? }, on_conflict)
}

/// `POST …/deleted/{change}/restore` of the workspace: an app with its tables, records, roles, and who had them.
pub fn app(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (_, on_conflict) = said(call, false)?;
    run(ctx, call, "", &Aim::App { change: number(call)? }, on_conflict)
}

/// What the body says, which may be left out.
fn said(call: &Call<'_>, knows_batch: bool) -> Result<(bool, OnConflict)> {
    let body = call.body.object_or_none(&call.limits)?;
    let names: &[&str] = if knows_batch { &["batch", "on_conflict"] } else { &["on_conflict"] };
    let unknown = body.keys().filter(|key| !names.contains(&key.as_str()));
    let problems: Vec<Problem> = unknown
        .map(|key| {
            Problem::of(key, "unknown_field", format!("There is no key {} here", quoted(key))).did_you_mean(key, names.iter().copied())
        })
        .collect();
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let is_whole = match body.get("batch") {
        None => true,
        Some(Value::Bool(is_whole)) => *is_whole,
        Some(_) => return Err(Error::invalid(Problem::of("batch", "boolean", "'batch' must be true or false"))),
    };
    let on_conflict = match body.get("on_conflict") {
        None => OnConflict::default(),
        Some(said) => WAYS.into_iter().find(|(name, _)| said.as_str() == Some(name)).map(|(_, way)| way).ok_or_else(|| {
            let problem = Problem::of("on_conflict", "choice", "'on_conflict' must be refuse, skip or overwrite");
            Error::invalid(problem.did_you_mean(said.as_str().unwrap_or_default(), WAYS.into_iter().map(|(name, _)| name)))
        })?,
    };
    Ok((is_whole, on_conflict))
}

fn run(ctx: &Arc<Ctx>, call: &Call<'_>, app: &str, aim: &Aim, on_conflict: OnConflict) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    match undo::run(ctx, &call.caller, app, aim, on_conflict, is_rehearsal)? {
        Outcome::Refused(conflicts) => Ok(refused(&conflicts)),
        Outcome::Done(done) => {
            let tally = done.tally;
            let body = json!({
                "change": done.change.filter(|_| !is_rehearsal), "undoes": done.undoes.map(i64::abs), "label": done.label,
                "created": tally.created, "updated": tally.updated, "deleted": tally.deleted, "definitions": tally.definitions,
                "conflicts": told(&done.conflicts), "conflicts_total": done.conflicts.len(),
            });
            Ok(rehearsed(reply::json(200, &body), is_rehearsal))
        }
    }
}

/// 409: what stands in the way, with both values; nothing was written.
fn refused(conflicts: &[Conflict]) -> Response {
    let first = conflicts.first().map(|conflict| conflict.message.as_str()).unwrap_or_default();
    let more = if conflicts.len() > 1 { format!(", and {} more stand in the way", conflicts.len() - 1) } else { String::new() };
    let hint = "Send on_conflict: skip to leave what was changed since, or overwrite to put back what was there";
    let detail = json!({"code": "conflict", "message": first, "hint": hint});
    let error = json!({
        "code": "conflict", "message": format!("{first}{more}: nothing was taken back"), "details": [detail],
        "conflicts": told(conflicts), "conflicts_total": conflicts.len(),
    });
    reply::json(409, &json!({"error": error}))
}

fn told(conflicts: &[Conflict]) -> Vec<Value> {
    conflicts.iter().take(CONFLICTS_MAX).map(conflict).collect()
}

fn conflict(conflict: &Conflict) -> Value {
    let Conflict { code, message, schema, record, field, mine, theirs, since } = conflict;
    let mut told = Map::from_iter([("code".to_owned(), json!(code)), ("message".to_owned(), json!(message))]);
    let more = [
        ("schema", json!(schema)),
        ("record", json!(record.map(|record| record.text()))),
        ("field", json!(field)),
        ("mine", mine.clone()),
        ("theirs", theirs.clone()),
        ("by", json!(since.as_ref().map(|(by, _, _)| by))),
        ("at", json!(since.as_ref().map(|(_, at, _)| at))),
        ("change", json!(since.as_ref().map(|(_, _, change)| change))),
    ];
    told.extend(more.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(told)
}
