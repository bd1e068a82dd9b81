//! The change log looked through from its end: of an app, of a record, of what was deleted; and a record as it was. [house]

use super::{changes, records};
use crate::model::change::{Edge, Logged, Sought};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::record::RecordId;
use crate::ops::ctx::{Ctx, moment_of};
use crate::ops::history::{self, Asked, Page, Told};
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What `GET …/changes` takes, as a feed and as a history.
pub const ASKED: [&str; 12] = ["since", "limit", "wait", "before", "after", "table", "record", "who", "via", "kind", "tab", "order"];
const OF_FEEDS: [&str; 2] = ["since", "wait"];
/// Entries of one act that are told with it.
const ACT_ENTRIES_MAX: usize = 100;

/// Whether a request looks back, rather than for news.
pub fn is_meant(call: &Call<'_>) -> bool {
    ASKED.iter().skip(3).any(|name| call.query.get(name).is_some())
}

/// `GET …/changes?order=newest&before=120&table=deals&who=me&via=house&kind=update&tab=t-4f2a&limit=100`:
/// `{"changes": […], "more": bool, "before": N}`, newest first, each the first entry of its act. Ask again with `before`.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    if let Some(name) = OF_FEEDS.iter().find(|name| call.query.get(name).is_some()) {
        let message = format!("'{name}' asks for news, oldest first; it does not go with what looks back");
        return Err(Error::invalid(Problem::of(name, "together", message).hint("?order=newest&before=120, or ?since=120")));
    }
    if let Some(order) = call.query.once("order")?.filter(|order| *order != "newest") {
        let message = format!("Parameter 'order' must be newest, not {}; without it, and with since, the oldest come first", quoted(order));
        return Err(Error::invalid(Problem::of("order", "choice", message)));
    }
    let (limit, clamped) = limit(ctx, call)?;
    let text = |name: &str| call.query.once(name).map(|text| text.filter(|text| !text.is_empty()).map(str::to_owned));
    let record = call.query.once("record")?.map(|id| RecordId::parse(id).ok_or_else(|| bad_record(id))).transpose()?;
    let sought = Sought {
        before: edge(call, "before")?,
        after: edge(call, "after")?,
        record,
        who: text("who")?,
        via: text("via")?,
        kind: text("kind")?,
        tab: text("tab")?,
        ..Sought::default()
    };
    let asked = Asked { sought, table: text("table")? };
    let page = ctx.read(|tx| history::list(tx, &call.caller, call.param(0), &asked, limit))?;
    Ok(clamped(paged(&page)))
}

/// `GET …/deleted?table=deals&before=120&limit=100`: records that are gone, in the same form; each is brought back by its change's undo.
pub fn deleted(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (limit, clamped) = limit(ctx, call)?;
    let sought = Sought { before: edge(call, "before")?, ..Sought::default() };
    let asked = Asked { sought, table: call.query.once("table")?.map(str::to_owned) };
    let page = ctx.read(|tx| history::deleted(tx, &call.caller, call.param(0), &asked, limit))?;
    Ok(clamped(paged(&page)))
}

/// `GET …/changes/{change}`: it, and under `act` all entries of its act, oldest first, up to a hundred.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let number = number(call)?;
    let (told, all) = ctx.read(|tx| history::read(tx, &call.caller, call.param(0), number, ACT_ENTRIES_MAX))?;
    let catalog = ctx.store.catalog();
    let slug = |entry: &Logged| entry.schema.and_then(|id| catalog.schema_by_id(id)).map(|schema| schema.slug.clone());
    let act: Vec<Value> = all.iter().map(|entry| Value::Object(changes::told(entry, slug(entry)))).collect();
    let mut body = rendered(&told);
    body.insert("act".to_owned(), Value::Array(act));
    Ok(reply::json(200, &Value::Object(body)))
}

/// `GET …/records/{id}/history?before=120&limit=100`: what happened to it, in the same form; also of one that is gone.
pub fn of_record(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (limit, clamped) = limit(ctx, call)?;
    let before = match edge(call, "before")? {
        Some(Edge::Time(_)) => {
            return Err(Error::invalid(Problem::of("before", "integer", "Parameter 'before' must be the number of a change here")));
        }
        Some(Edge::Number(number)) => Some(number),
        None => None,
    };
    let path = [call.param(0), call.param(1), call.param(2)];
    let page = ctx.read(|tx| history::of_record(tx, &call.caller, path, before, limit))?;
    Ok(clamped(paged(&page)))
}

/// `GET …/records/{id}?at=120`, or a time: what it held then, without what is computed.
pub fn at(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    if let Some(name) = ["fields", "expand"].iter().find(|name| call.query.get(name).is_some()) {
        let message = format!("'{name}' does not go with 'at': what stands beside a record is what it is today");
        return Err(Error::invalid(Problem::of(name, "together", message)));
    }
    let moment = edge(call, "at")?.unwrap_or(Edge::Number(0));
    let path = [call.param(0), call.param(1), call.param(2)];
    let record = ctx.read(|tx| history::at(tx, &call.caller, path, &moment, &ctx.limits))?;
    let mut body = String::new();
    records::render(&mut body, record.as_ref());
    Ok(reply::raw_json(200, body))
}

/// `GET …/deleted` of the workspace: `{"apps": [{"change", "slug", "name", "at", "by"}]}`.
pub fn gone_apps(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let gone = ctx.read(|tx| history::gone_apps(tx, &call.caller, ACT_ENTRIES_MAX))?;
    let told = |entry: &Logged| {
        let body: Value = entry.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let said = |key: &str| body.get("before").and_then(|before| before.get(key)).cloned().unwrap_or_default();
        json!({"change": entry.seq, "slug": said("slug"), "name": said("name"), "at": entry.at, "by": entry.principal})
    };
    Ok(reply::json(200, &json!({"apps": gone.iter().map(told).collect::<Vec<_>>()})))
}

/// The number of the change that an address names.
pub fn number(call: &Call<'_>) -> Result<i64> {
    call.param(1).parse().map_err(|_| Error::not_found(format!("A change has a number; there is none {}", quoted(call.param(1)))))
}

/// The entry with what is to be known of it.
fn rendered(told: &Told) -> Map<String, Value> {
    let Told { entry, sentence, schema, entries, undone_by, can_undo } = told;
    let mut body = changes::told(entry, schema.clone());
    let more = [
        ("token", json!(entry.token)),
        ("tab", json!(entry.tab)),
        ("sentence", json!(sentence)),
        ("entries", json!(entries)),
        ("undoes", json!(entry.undoes.map(i64::abs))),
        ("undone_by", json!(undone_by)),
        ("can_undo", json!(can_undo)),
    ];
    body.extend(more.map(|(key, value)| (key.to_owned(), value)));
    body
}

fn paged(page: &Page) -> Response {
    let changes: Vec<Value> = page.entries.iter().map(|told| Value::Object(rendered(told))).collect();
    reply::json(200, &json!({"changes": changes, "more": page.next.is_some(), "before": page.next}))
}

/// How many are wanted, and what says so when there may not be so many.
fn limit(ctx: &Ctx, call: &Call<'_>) -> Result<(usize, impl Fn(Response) -> Response)> {
    let wanted = match call.query.once("limit")? {
        None => ctx.limits.changes_rows_default,
        Some(text) => text
            .parse::<i64>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| Error::invalid(Problem::of("limit", "integer", "Parameter 'limit' must be a whole number from 1 on")))?,
    };
    let given = wanted.min(ctx.limits.changes_rows_max);
    let told = move |response: Response| match given < wanted {
        true => response.with_additional_header("X-Clamped", format!("limit={given}")),
        false => response,
    };
    Ok((usize::try_from(given).unwrap_or(1), told))
}

/// A change or a time.
fn edge(call: &Call<'_>, name: &str) -> Result<Option<Edge>> {
    let Some(text) = call.query.once(name)? else { return Ok(None) };
    if let Some(number) = text.parse::<i64>().ok().filter(|number| *number >= 0) {
        return Ok(Some(Edge::Number(number)));
    }
    moment_of(text).map(|time| Some(Edge::Time(time))).ok_or_else(|| {
        let message = format!("Parameter '{name}' must be the number of a change or a time, not {}", quoted(text));
        Error::invalid(Problem::of(name, "moment", message).hint(format!("{name}=120, or {name}=2025-01-15T10:30:00Z")))
    })
}

fn bad_record(id: &str) -> Error {
    Error::invalid(Problem::of("record", "id", format!("{} is no id of a record", quoted(id))).hint("record=rec_7"))
}
