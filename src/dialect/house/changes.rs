//! The change log of an app as a feed: what happened after a number, oldest first; `wait` holds the request until something does. To look through it
//! from its end is `history`. [house]

use super::history;
use crate::model::change::Logged;
use crate::model::error::{Error, Problem, Result};
use crate::ops::ctx::Ctx;
use crate::ops::feed;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `GET …/changes?since=N&limit=100&wait=25`: `{"changes": […], "last": N, "more": bool}`. Ask again with `since=last`; without `since` it begins now.
/// With `wait` (seconds) and nothing to tell, the answer comes with the next change, or empty when the time is over. 410 when the log no longer
/// goes back to `since`; its `details` hold the `oldest` and `newest` numbers that it has.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    if history::is_meant(call) {
        return history::list(ctx, call);
    }
    let number = |name: &str, least: i64| match call.query.once(name)? {
        None => Ok(None),
        Some(text) => match text.parse::<i64>() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => Err(Error::invalid(Problem::of(name, "integer", format!("Parameter '{name}' must be a whole number from {least} on")))),
        },
    };
    let (since, wait_s) = (number("since", 0)?, number("wait", 0)?.unwrap_or_default());
    let limit = number("limit", 1)?.unwrap_or(ctx.limits.changes_rows_default);
    let clamped = limit.min(ctx.limits.changes_rows_max);
    // Asked again, it goes on from where nothing was found: the log may have been shortened up to there meanwhile.
    let since = since.map(|since| call.patience.seen.map_or(since, |seen| seen.max(since)));
    let feed = ctx.read(|tx| feed::after(tx, &call.caller, call.param(0), since, clamped))?;
    if feed.entries.is_empty() && since.is_some() && wait_s > 0 && call.patience.may_wait {
        return Err(Error::NothingYet { wait_s: u32::try_from(wait_s).unwrap_or(u32::MAX), seen: feed.last });
    }
    let catalog = ctx.store.catalog();
    let slug = |entry: &Logged| entry.schema.and_then(|id| catalog.schema_by_id(id)).map(|schema| schema.slug.clone());
    let changes: Vec<Value> = feed.entries.iter().map(|entry| Value::Object(told(entry, slug(entry)))).collect();
    let response = reply::json(200, &json!({"changes": changes, "last": feed.last, "more": feed.more}));
    Ok(if clamped < limit { response.with_additional_header("X-Clamped", format!("limit={clamped}")) } else { response })
}

/// `data` by kind: of an update what was before and after, of a delete what was there, of an import the ids from first to last.
pub fn told(entry: &Logged, schema: Option<String>) -> Map<String, Value> {
    let data = entry.body.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
    Map::from_iter(
        [
            ("seq", json!(entry.seq)),
            ("at", json!(entry.at)),
            ("by", json!(entry.principal)),
            ("via", json!(entry.dialect)),
            ("kind", json!(entry.kind)),
            ("label", json!(entry.label)),
            ("schema", json!(schema)),
            ("record", json!(entry.record.map(|record| record.text()))),
            ("batch", json!(entry.batch)),
            ("data", json!(data)),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    )
}
