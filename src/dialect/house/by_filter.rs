//! All records that a filter finds: changed alike, or deleted. [house]

use super::asked::{Asked, WINDOW};
use super::{once, records};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::query::Query;
use crate::model::record::RecordId;
use crate::ops::by_filter::{self, Aim};
use crate::ops::ctx::{Ctx, Way};
use crate::wire::body::{Body, Sent};
use crate::wire::call::Call;
use crate::wire::{prefer, reply};
use rouille::Response;
use serde_json::json;
use std::sync::Arc;

const MAX_AFFECTED: &str = "max_affected";
/// What else a list takes, and no write.
const OF_LISTS: [&str; 7] = ["sort", "q", "fields", "expand", "names", "view", "explain"];

/// Whether a request to the collection speaks of the records that a filter finds.
pub fn is_meant(call: &Call<'_>) -> bool {
    call.query.pairs().iter().any(|(name, _)| name.starts_with("filter") || name == MAX_AFFECTED)
}

/// `PATCH …/records?filter[status]=lead&max_affected=100` with the fields that change: 200 `{"count", "ids"}`.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>, is_rehearsal: bool) -> Result<Response> {
    once::refuse(call)?;
    let asked = asked(ctx, call)?;
    let Sent::One(draft) = call.body.one_or_many(&call.limits)? else {
        let problem = Problem::new("malformed", "With a filter the body is one object: what each of the records gets");
        return Err(Error::Malformed(problem.hint("{\"status\": \"customer\"}; an array of records by their ids goes without a filter")));
    };
    let (aim, caller) = (asked.aim(call), call.caller.clone());
    let done = ctx.write_by(
        way(ctx, asked.affected_max, is_rehearsal),
        || ctx.read(|tx| by_filter::prepare_update(tx, &call.caller, &aim, &draft, &ctx.limits)),
        move |tx, new| by_filter::update(tx, &caller, new),
    )?;
    let response = reply::json(200, &json!({"count": done.ids.len(), "ids": texts(&done.ids)}));
    let response = records::rehearsed(records::with_ignored(response, &done.ignored), is_rehearsal);
    Ok(prefer::answered(call.request, response))
}

/// `DELETE …/records?filter[status]=lead&max_affected=100`: 200 `{"success": true, "count", "ids"}`.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>, is_rehearsal: bool) -> Result<Response> {
    once::refuse(call)?;
    let asked = asked(ctx, call)?;
    if !matches!(call.body, Body::Empty) {
        let problem = Problem::new("malformed", "Records are deleted by a filter or by their ids, not by both");
        return Err(Error::Malformed(problem.hint("Send no body with a filter, or {\"ids\": […]} without one")));
    }
    let (aim, caller) = (asked.aim(call), call.caller.clone());
    let ids = ctx.write_by(
        way(ctx, asked.affected_max, is_rehearsal),
        || ctx.read(|tx| by_filter::prepare_delete(tx, &call.caller, &aim, &ctx.limits)),
        move |tx, gone| by_filter::delete(tx, &caller, gone),
    )?;
    let body = json!({"success": true, "count": ids.len(), "ids": texts(&ids)});
    Ok(prefer::answered(call.request, records::rehearsed(reply::json(200, &body), is_rehearsal)))
}

/// The query string of such a request.
struct Meant {
    query: Query,
    affected_max: usize,
}

impl Meant {
    fn aim<'a>(&'a self, call: &'a Call<'_>) -> Aim<'a> {
        Aim { app: call.param(0), schema: call.param(1), query: &self.query, affected_max: self.affected_max, passes_over: false }
    }
}

fn asked(ctx: &Ctx, call: &Call<'_>) -> Result<Meant> {
    let is_mine = |name: &str| name == MAX_AFFECTED || name == "dry_run";
    let others: Vec<(String, String)> = call.query.pairs().iter().filter(|(name, _)| !is_mine(name)).cloned().collect();
    if let Some((name, _)) = others.iter().find(|(name, _)| WINDOW.contains(&name.as_str()) || OF_LISTS.contains(&name.as_str())) {
        let message = format!("A write by a filter has no '{name}': all records that it finds are meant");
        return Err(Error::invalid(Problem::of(name, "unknown_parameter", message)));
    }
    let most = ctx.limits.affected_records_max;
    let affected_max = match call.query.once(MAX_AFFECTED)? {
        None => ctx.limits.affected_records_default,
        Some(text) => text.parse().ok().filter(|number| (1..=most).contains(number)).ok_or_else(|| {
            let message = format!("'{MAX_AFFECTED}' must be a whole number from 1 to {most}, not {}", quoted(text));
            Error::invalid(Problem::of(MAX_AFFECTED, "range", message))
        })?,
    };
    Ok(Meant { query: Asked::parse(&others, &call.limits)?.query, affected_max })
}

/// As many as there may be decide it: how many there are is known only then.
fn way(ctx: &Ctx, affected_max: usize, is_rehearsal: bool) -> Way {
    match is_rehearsal {
        false if affected_max > ctx.limits.records_alone_min => Way::Alone,
        _ => records::way(is_rehearsal),
    }
}

fn texts(ids: &[RecordId]) -> Vec<String> {
    ids.iter().map(|id| id.text()).collect()
}
