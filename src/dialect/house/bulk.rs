//! The collection of a table's records: one record or an array made, many changed by their ids, upserted by a key, deleted; tables made by their first
//! record. [house, but for the one record]

use super::{by_filter, once, records};
use crate::model::error::{Error, Problem, Result};
use crate::ops::bulk::{self, Batch, Done};
use crate::ops::ctx::{Ctx, Way};
use crate::ops::first_write::{self, Made, Stored};
use crate::ops::idempotency::{self, Once};
use crate::ops::showing;
use crate::wire::body::{Body, Sent};
use crate::wire::call::Call;
use crate::wire::paper::Paper;
use crate::wire::{prefer, reply, tags};
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

const ONE: &str = "a JSON object such as {\"name\": \"Ann\"}";

/// `POST …/records`: an object, 201 with the record; an array, 201 `{"records"}`. With `create=schema` the table is made if it is not there: 201
/// `{"records"}`, and under `created_schema` what was made.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = collection(call)?;
    let makes_table = match call.query.once("create")? {
        None => false,
        Some("schema") => true,
        Some(_) => {
            let problem = Problem::of("create", "range", "Parameter 'create' can only be schema");
            return Err(Error::invalid(problem.hint("create=schema makes the table if it is not there")));
        }
    };
    let sent = sent(call, ONE)?;
    let batch = match &sent {
        _ if makes_table => return first(ctx, call, batch(&sent), is_rehearsal),
        Sent::One(draft) => return records::create(ctx, call, draft, is_rehearsal),
        Sent::Many(_) => batch(&sent),
    };
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let telling = ctx.clone();
    let done = idempotency::write(
        ctx,
        way(ctx, batch.len(), is_rehearsal),
        once::key(call)?,
        || bulk::prepare_create(&ctx.store.catalog(), &call.caller, app, schema, batch, &ctx.limits),
        move |tx, new| bulk::store(tx, &caller, new),
        move |done| once::told(many(&telling, 201, &done, "", false)?),
    )?;
    answered(ctx, call, 201, done, is_rehearsal)
}

/// `PATCH …/records` with an object and a filter: `by_filter`. With an array of `{"id", …}`: 200 `{"records"}`.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = collection(call)?;
    if by_filter::is_meant(call) {
        return by_filter::update(ctx, call, is_rehearsal);
    }
    call.query.only(&["dry_run"])?;
    let Sent::Many(all) = sent(call, "an array such as [{\"id\": \"rec_5\", \"name\": \"Ann\"}]")? else {
        let problem = Problem::new("malformed", "The body must be an array of records, each with its id");
        return Err(Error::Malformed(problem.hint("[{\"id\": \"rec_5\", …}], or PATCH …/records/rec_5 for one")));
    };
    let batch = Batch::Many(&all);
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let telling = ctx.clone();
    let done = idempotency::write(
        ctx,
        way(ctx, batch.len(), is_rehearsal),
        once::key(call)?,
        || bulk::prepare_update(&ctx.store.catalog(), &call.caller, app, schema, batch, &ctx.limits),
        move |tx, new| bulk::store(tx, &caller, new),
        move |done| once::told(many(&telling, 200, &done, "", false)?),
    )?;
    answered(ctx, call, 200, done, is_rehearsal)
}

/// What is kept under a key is the full answer: how much of it is wanted is said anew each time.
pub(super) fn answered(ctx: &Ctx, call: &Call<'_>, status: u16, done: Once<Done>, is_rehearsal: bool) -> Result<Response> {
    let response = match done {
        Once::Done(done) => many(ctx, status, &done, "", is_rehearsal)?,
        Once::Answered { answer, is_repeated } => once::given(&answer, is_repeated)?,
    };
    Ok(prefer::answered(call.request, response))
}

/// `PUT …/records?key=`: the record that has the same value in that field is changed, or made if nobody has. An object, 201 or 200 with the
/// record; an array, 200 `{"records", "created", "updated"}`.
pub fn upsert(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = collection(call)?;
    once::refuse(call)?;
    let key = call.query.once("key")?.filter(|key| !key.is_empty()).ok_or_else(|| {
        let problem = Problem::of("key", "required", "Parameter 'key' must name the field by which records are told apart");
        Error::invalid(problem.hint("PUT …/records?key=email, or PUT …/records/rec_5 for one that is known"))
    })?;
    let sent = sent(call, ONE)?;
    let batch = batch(&sent);
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let done = showing::write(
        ctx,
        way(ctx, batch.len(), is_rehearsal),
        || bulk::prepare_upsert(&ctx.store.catalog(), &call.caller, app, schema, key, batch, &ctx.limits),
        move |tx, new| bulk::store(tx, &caller, new),
    )?;
    let (created, updated) = (done.created, done.records.len() - done.created);
    let response = match (matches!(sent, Sent::Many(_)), created) {
        (true, _) => many(ctx, 200, &done, &format!(",\"created\":{created},\"updated\":{updated}"), is_rehearsal)?,
        (false, 0) => records::changed(&done.single()?, is_rehearsal),
        (false, _) => records::made(&records::collection(call), &done.single()?, is_rehearsal),
    };
    Ok(prefer::answered(call.request, response))
}

/// `DELETE …/records` with a filter: `by_filter`. With `{"ids": […]}`: 200 `{"success": true, "ids"}`.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = collection(call)?;
    if by_filter::is_meant(call) {
        return by_filter::delete(ctx, call, is_rehearsal);
    }
    call.query.only(&["dry_run"])?;
    once::refuse(call)?;
    let ids = ids(call)?;
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let gone = ctx.write_by(
        way(ctx, ids.len(), is_rehearsal),
        || bulk::prepare_delete(&ctx.store.catalog(), &call.caller, app, schema, &ids, &ctx.limits),
        move |tx, gone| bulk::delete(tx, &caller, gone),
    )?;
    let gone: Vec<String> = gone.into_iter().map(|id| id.text()).collect();
    let response = records::rehearsed(reply::json(200, &json!({"success": true, "ids": gone})), is_rehearsal);
    Ok(prefer::answered(call.request, response))
}

/// What every write of the collection has in common: no condition, and whether it is a rehearsal.
pub(super) fn collection(call: &Call<'_>) -> Result<bool> {
    for name in ["If-Match", "If-None-Match"] {
        tags::refuse(call.request, name, "it speaks of one record, which has an address of its own: …/records/rec_5")?;
    }
    call.query.flag("dry_run")
}

/// What the body holds; `form` is told to whoever sent none.
fn sent(call: &Call<'_>, form: &str) -> Result<Sent> {
    match &call.body {
        Body::Empty => Err(Error::malformed(format!("The body is empty; send {form}"))),
        body => body.one_or_many(&call.limits),
    }
}

fn batch(sent: &Sent) -> Batch<'_> {
    match sent {
        Sent::One(draft) => Batch::One(draft),
        Sent::Many(all) => Batch::Many(all),
    }
}

fn ids(call: &Call<'_>) -> Result<Vec<Value>> {
    const FORM: &str = "{\"ids\": [\"rec_5\", \"rec_6\"]}";
    let refused = |code, message: String| Err(Error::invalid(Problem::of("ids", code, message).hint(FORM)));
    let Sent::One(mut body) = sent(call, FORM)? else {
        return Err(Error::Malformed(Problem::new("malformed", "The body must be an object that holds the ids").hint(FORM)));
    };
    let ids = body.shift_remove("ids");
    if let Some(key) = body.keys().next() {
        let problem = Problem::of(key, "unknown_field", format!("There is no key {} here", crate::model::name::quoted(key)));
        return Err(Error::invalid(problem.hint(FORM)));
    }
    match ids {
        Some(Value::Array(ids)) if !ids.is_empty() => Ok(ids),
        Some(Value::Array(_)) => refused("empty", "Key 'ids' is an empty array: there is nothing to delete".to_owned()),
        Some(other) => refused("type", format!("Key 'ids' must be an array of ids, not {}", crate::model::field::described(&other))),
        None => refused("required", "Key 'ids' is required: it says which records go".to_owned()),
    }
}

/// How so many are written.
pub(super) fn way(ctx: &Ctx, records: usize, is_rehearsal: bool) -> Way {
    match is_rehearsal {
        false if records >= ctx.limits.records_alone_min => Way::Alone,
        _ => records::way(is_rehearsal),
    }
}

/// `{"records": […]` and `more`, in the order in which they were sent.
pub(super) fn many(ctx: &Ctx, status: u16, done: &Done, more: &str, is_rehearsal: bool) -> Result<Response> {
    let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
    paper.text().push_str("{\"records\":[");
    for (at, record) in done.records.iter().enumerate() {
        if at > 0 {
            paper.text().push(',');
        }
        records::render(paper.text(), record);
        paper.settle()?;
    }
    paper.text().push(']');
    paper.text().push_str(more);
    paper.text().push('}');
    let response = paper.json(if is_rehearsal { 200 } else { status })?;
    Ok(records::rehearsed(records::with_ignored(response, &done.ignored), is_rehearsal))
}

/// Records into a table that is made for them.
fn first(ctx: &Arc<Ctx>, call: &Call<'_>, batch: Batch<'_>, is_rehearsal: bool) -> Result<Response> {
    once::refuse(call)?;
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let is_local = call.is_local() && ctx.site.public_for(call.request.header("Host").unwrap_or_default()).is_none();
    let Stored { done, made } = showing::write(
        ctx,
        if is_rehearsal { Way::Rehearsed } else { Way::Alone },
        || first_write::prepare(ctx, &call.caller, is_local, app, schema, batch),
        move |tx, new| first_write::store(tx, &caller, new),
    )?;
    let more = made.map(|made| format!(",\"created_schema\":{}", described(&made))).unwrap_or_default();
    Ok(prefer::answered(call.request, many(ctx, 201, &done, &more, is_rehearsal)?))
}

fn described(made: &Made) -> Value {
    let fields: Vec<Value> = made.fields.iter().map(|(slug, type_name)| json!({"slug": slug, "type": type_name})).collect();
    json!({"app": made.app, "schema": made.schema, "fields": fields, "notes": made.notes})
}
