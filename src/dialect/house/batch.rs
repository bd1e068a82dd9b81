//! Several writes of records in one request. [house]

use super::once;
use super::records::{rehearsed, render};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::name::quoted;
use crate::ops::batch::{self, Act, Outcome, Outcomes, Request};
use crate::ops::ctx::Ctx;
use crate::ops::idempotency::{self, Once};
use crate::wire::call::Call;
use crate::wire::paper::Paper;
use crate::wire::path;
use crate::wire::prefer;
use crate::wire::query::Query;
use crate::wire::tags;
use rouille::Response;
use serde_json::{Map, Value};
use std::sync::Arc;

const FORM: &str =
    "{\"requests\": [{\"method\": \"POST\", \"url\": \"/api/apps/crm/schemas/deals/records\", \"body\": {\"name\": \"Ann\"}}]}";
/// What can be done so; a `{}` is a name.
const ALLOWED: &str =
    "POST, PATCH, PUT (with key=) and DELETE of /api/apps/{app}/schemas/{schema}/records; PATCH, PUT and DELETE of …/records/{id}";

/// `POST /api/batch` with `{"requests": [{"method", "url", "body"}]}`: 200 `{"results": [{"status", "body", "ignored"?}]}`.
pub fn run(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    for name in ["If-Match", "If-None-Match"] {
        tags::refuse(call.request, name, "it speaks of one record, and a batch of many")?;
    }
    let is_rehearsal = call.query.flag("dry_run")?;
    let requests = requests(call.body.object(&call.limits)?, ctx.limits.batch_requests_max)?;
    let (caller, telling) = (call.caller.clone(), ctx.clone());
    let outcomes = idempotency::write(
        ctx,
        batch::way(&requests, &ctx.limits, is_rehearsal),
        once::key(call)?,
        || Ok((requests.clone(), ctx.limits.clone())),
        move |tx, (requests, limits)| batch::run(tx, &caller, requests, limits),
        move |outcomes| once::told(results(&telling, &outcomes)?),
    )?;
    let response = match outcomes {
        Once::Done(outcomes) => rehearsed(results(ctx, &outcomes)?, is_rehearsal),
        Once::Answered { answer, is_repeated } => once::given(&answer, is_repeated)?,
    };
    Ok(prefer::answered(call.request, response))
}

fn results(ctx: &Ctx, Outcomes(outcomes): &Outcomes) -> Result<Response> {
    let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
    paper.text().push_str("{\"results\":[");
    for (at, outcome) in outcomes.iter().enumerate() {
        if at > 0 {
            paper.text().push(',');
        }
        write(&mut paper, outcome)?;
    }
    paper.text().push_str("]}");
    paper.json(200)
}

fn write(paper: &mut Paper, outcome: &Outcome) -> Result<()> {
    let status = if matches!(outcome, Outcome::Made(_) | Outcome::Many { is_new: true, .. }) { 201 } else { 200 };
    paper.text().push_str(&format!("{{\"status\":{status},\"body\":"));
    match outcome {
        Outcome::Made(written) | Outcome::Changed(written) => render(paper.text(), written.shown.record.as_ref()),
        Outcome::Many { done, .. } => {
            paper.text().push_str("{\"records\":[");
            for (at, record) in done.records.iter().enumerate() {
                if at > 0 {
                    paper.text().push(',');
                }
                render(paper.text(), record);
                paper.settle()?;
            }
            paper.text().push_str("]}");
        }
        Outcome::Gone(id) => paper.text().push_str(&format!("{{\"success\":true,\"id\":\"{}\"}}", id.text())),
        Outcome::AllGone(ids) => {
            let ids: Vec<String> = ids.iter().map(|id| format!("\"{}\"", id.text())).collect();
            paper.text().push_str(&format!("{{\"success\":true,\"ids\":[{}]}}", ids.join(",")));
        }
    }
    let ignored: &[String] = match outcome {
        Outcome::Made(written) | Outcome::Changed(written) => &written.ignored,
        Outcome::Many { done, .. } => &done.ignored,
        Outcome::Gone(_) | Outcome::AllGone(_) => &[],
    };
    if !ignored.is_empty() {
        paper.text().push_str(&format!(",\"ignored\":{}", Value::from(ignored.to_vec())));
    }
    paper.text().push('}');
    paper.settle()
}

fn requests(mut body: Map<String, Value>, most: usize) -> Result<Vec<Request>> {
    let sent = body.shift_remove("requests");
    if let Some(key) = body.keys().next() {
        let problem = Problem::of(key, "unknown_field", format!("There is no key {} here", quoted(key)));
        let near = problem.clone().did_you_mean(key, std::iter::once("requests"));
        return Err(Error::invalid(if near.hint.is_some() { near } else { problem.hint(FORM) }));
    }
    let refused = |code, message: String| Err(Error::invalid(Problem::of("requests", code, message).hint(FORM)));
    match sent {
        None => refused("required", "Key 'requests' is required: it says what is to be done".to_owned()),
        Some(Value::Array(all)) if all.is_empty() => {
            refused("empty", "Key 'requests' is an empty array: there is nothing to do".to_owned())
        }
        Some(Value::Array(all)) if all.len() > most => {
            refused("too_many", format!("The batch holds {} requests; at most {most} are taken at once", all.len()))
        }
        Some(Value::Array(all)) => {
            let (mut requests, mut problems) = (Vec::with_capacity(all.len()), Vec::new());
            for (index, one) in all.into_iter().enumerate() {
                match request(one) {
                    Ok(request) => requests.push(request),
                    Err(problem) => {
                        problems.push(Problem { message: format!("In request {index}: {}", problem.message), ..problem.row(index) })
                    }
                }
            }
            if problems.is_empty() { Ok(requests) } else { Err(Error::Invalid(problems)) }
        }
        Some(other) => refused("type", format!("Key 'requests' must be an array, not {}", described(&other))),
    }
}

fn request(sent: Value) -> std::result::Result<Request, Problem> {
    let Value::Object(mut sent) = sent else {
        return Err(Problem::of("requests", "type", format!("A request must be a JSON object, not {}", described(&sent))).hint(FORM));
    };
    let [method, url, body] = ["method", "url", "body"].map(|key| sent.shift_remove(key));
    if let Some(key) = sent.keys().next() {
        let problem = Problem::of(key, "unknown_field", format!("There is no key {} in a request", quoted(key)));
        let near = problem.clone().did_you_mean(key, ["method", "url", "body"].into_iter());
        return Err(if near.hint.is_some() { near } else { problem.hint("A request has: method, url, body") });
    }
    let text = |key: &str, value: Option<Value>| match value {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(Problem::of(key, "type", format!("Key '{key}' must be text, not {}", described(&other)))),
        None => Err(Problem::of(key, "required", format!("Key '{key}' is required"))),
    };
    let (method, url) = (text("method", method)?, text("url", url)?);
    let (app, schema, act) = act(&method, &url)?;
    let body = body.unwrap_or_default();
    match act {
        Act::Delete(_) if !body.is_null() => Err(Problem::of("body", "unknown_field", "A delete of one record takes no body")),
        _ => Ok(Request { app, schema, act, body }),
    }
}

fn act(method: &str, url: &str) -> std::result::Result<(String, String, Act), Problem> {
    let unreadable = |error: Error| Problem::of("url", "malformed", error.message());
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let query = Query::parse(query).map_err(unreadable)?;
    let segments = path::segments(address).into_iter().map(path::decode).collect::<Result<Vec<String>>>().map_err(unreadable)?;
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let refused =
        || Problem::of("url", "not_allowed", format!("{} {} cannot be part of a batch", quoted(method), quoted(url))).hint(ALLOWED);
    let (app, schema, id) = match segments.as_slice() {
        ["api", "apps", app, "schemas", schema, "records"] => (app, schema, None),
        ["api", "apps", app, "schemas", schema, "records", id] => (app, schema, Some((*id).to_owned())),
        _ => return Err(refused()),
    };
    let key = query.once("key").map_err(unreadable)?;
    let act = match (method, id, key) {
        ("POST", None, None) => Act::Create,
        ("PUT", None, Some(key)) => Act::Upsert(key.to_owned()),
        ("PATCH", None, None) => Act::UpdateMany,
        ("DELETE", None, None) => Act::DeleteMany,
        ("PUT" | "PATCH", Some(id), None) => Act::Update(id),
        ("DELETE", Some(id), None) => Act::Delete(id),
        _ => return Err(refused()),
    };
    let names: &[&str] = if key.is_some() { &["key"] } else { &[] };
    match query.pairs().iter().find(|(name, _)| !names.contains(&name.as_str())) {
        None => Ok(((*app).to_owned(), (*schema).to_owned(), act)),
        Some((name, _)) => {
            let problem = Problem::of("url", "unknown_parameter", format!("There is no parameter {} in a batch", quoted(name)));
            Err(problem.hint("dry_run=true stands at the whole batch; a write by a filter is a request of its own"))
        }
    }
}
