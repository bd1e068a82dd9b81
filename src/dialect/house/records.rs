//! Records: create, read, partial change, delete. Stored text goes out as it lies.

use super::{asked, once};
use crate::model::error::Result;
use crate::model::listed::{Linked, Node, Row};
use crate::model::record::{Draft, Expected, RecordId, RecordRef};
use crate::ops::ctx::{Ctx, Way};
use crate::ops::idempotency::{self, Once};
use crate::ops::lists;
use crate::ops::records::{self, Shown, Written};
use crate::wire::call::Call;
use crate::wire::prefer;
use crate::wire::reply;
use crate::wire::tags::{self, Known};
use rouille::Response;
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;

/// One record of a body that may hold many: `bulk` has looked.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>, draft: &Draft, is_rehearsal: bool) -> Result<Response> {
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let records = collection(call);
    let written = idempotency::write(
        ctx,
        way(is_rehearsal),
        once::key(call)?,
        || records::prepare_create(&ctx.store.catalog(), &call.caller, app, schema, draft),
        move |tx, new| records::create(tx, &caller, new),
        move |written| once::told(made(&records, &written, false)),
    )?;
    let response = match written {
        Once::Done(written) => made(&collection(call), &written, is_rehearsal),
        Once::Answered { answer, is_repeated } => once::given(&answer, is_repeated)?,
    };
    Ok(prefer::answered(call.request, response))
}

/// With `fields` and `expand` as in a list.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    if call.query.get("at").is_some() {
        return super::history::at(ctx, call);
    }
    let expected = tags::if_match(call.request)?;
    let query = asked::view(&call.query)?;
    let mut body = String::new();
    let shown = ctx.read(|tx| {
        let show = &mut |row: &Row<'_>| {
            render_row(&mut body, row);
            Ok(())
        };
        lists::read(tx, &call.caller, [call.param(0), call.param(1), call.param(2)], &expected, &query, &ctx.limits, show)
    })?;
    if Known::of(call.request)?.has(&shown.revision.text()) && shown.is_all_its_own {
        return Ok(reply::empty(304).with_additional_header("ETag", tags::tag(shown.revision)));
    }
    Ok(reply::raw_json(200, body).with_additional_header("ETag", tags::tag(shown.revision)))
}

pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (expected, is_rehearsal) = conditions(call)?;
    let draft = call.body.object(&call.limits)?;
    let (app, schema, id, caller) = (call.param(0), call.param(1), call.param(2).to_owned(), call.caller.clone());
    let written = idempotency::write(
        ctx,
        way(is_rehearsal),
        once::key(call)?,
        || records::prepare_update(&ctx.store.catalog(), &call.caller, app, schema, &draft),
        move |tx, new| records::update(tx, &caller, &id, &expected, new),
        |written| once::told(changed(&written, false)),
    )?;
    let response = match written {
        Once::Done(written) => changed(&written, is_rehearsal),
        Once::Answered { answer, is_repeated } => once::given(&answer, is_repeated)?,
    };
    Ok(prefer::answered(call.request, response))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (expected, is_rehearsal) = conditions(call)?;
    once::refuse(call)?;
    let (app, schema, id, caller) = (call.param(0), call.param(1), call.param(2), call.caller.clone());
    let id = ctx.write_by(
        way(is_rehearsal),
        || records::prepare_delete(&ctx.store.catalog(), &call.caller, app, schema, id, &expected, &ctx.limits),
        move |tx, gone| records::delete(tx, &caller, gone),
    )?;
    let response = reply::json(200, &json!({"success": true, "id": id.text()}));
    Ok(prefer::answered(call.request, rehearsed(response, is_rehearsal)))
}

/// The address of the records that a request is about.
pub fn collection(call: &Call<'_>) -> String {
    format!("/api/apps/{}/schemas/{}/records", call.param(0), call.param(1))
}

/// The answer about a record that was made, in the collection with this address.
pub fn made(collection: &str, written: &Written, is_rehearsal: bool) -> Response {
    if is_rehearsal {
        return changed(written, is_rehearsal);
    }
    let address = format!("{collection}/{}", written.shown.record.id.text());
    one(201, &written.shown, &written.ignored).with_additional_header("Location", address)
}

/// The answer about a record that was changed, or would be.
pub fn changed(written: &Written, is_rehearsal: bool) -> Response {
    let response = one(200, &written.shown, &written.ignored);
    // Nobody will ever find the record in the state of a rehearsal.
    if is_rehearsal { rehearsed(response.without_header("ETag"), true) } else { response }
}

/// Says when nothing of what the answer tells has happened.
pub fn rehearsed(response: Response, is_rehearsal: bool) -> Response {
    if is_rehearsal { response.with_additional_header("X-Dry-Run", "true") } else { response }
}

/// How one record is written.
pub fn way(is_rehearsal: bool) -> Way {
    if is_rehearsal { Way::Rehearsed } else { Way::Shared }
}

/// Which state of the record a write is meant for, and whether it is a rehearsal.
fn conditions(call: &Call<'_>) -> Result<(Expected, bool)> {
    tags::refuse(call.request, "If-None-Match", "a write takes If-Match, with the ETag of the state that it is meant for")?;
    Ok((tags::if_match(call.request)?, call.query.flag("dry_run")?))
}

/// A record as an answer, with the tag of its state.
fn one(status: u16, shown: &Shown, ignored: &[String]) -> Response {
    let mut body = String::with_capacity(shown.record.data.len() + 110);
    render(&mut body, shown.record.as_ref());
    let response = reply::raw_json(status, body).with_additional_header("ETag", tags::tag(shown.revision));
    with_ignored(response, ignored)
}

pub fn with_ignored(response: Response, ignored: &[String]) -> Response {
    if ignored.is_empty() { response } else { response.with_additional_header("X-Ignored", ignored.join(", ")) }
}

/// `{"id":"rec_7", …the stored text…, "created_at":"…","updated_at":"…"}`
pub fn render(body: &mut String, record: RecordRef<'_>) {
    render_row(body, &Row::whole(record));
}

/// The same as far as it is shown, and under `expand` what stands beside it.
pub fn render_row(body: &mut String, row: &Row<'_>) {
    let RecordRef { id: RecordId(id), data, created_at, updated_at, .. } = row.record;
    // Writing to a String cannot fail.
    let _ = write!(body, "{{\"id\":\"rec_{id}\"");
    let fields = data.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    if !fields.is_empty() {
        body.push(',');
        body.push_str(fields);
    }
    if row.stamps.created_at {
        let _ = write!(body, ",\"created_at\":\"{created_at}\"");
    }
    if row.stamps.updated_at {
        let _ = write!(body, ",\"updated_at\":\"{updated_at}\"");
    }
    for (at, beside) in row.beside.iter().enumerate() {
        let _ = write!(body, "{}\"{}\":", if at == 0 { ",\"expand\":{" } else { "," }, beside.field);
        match &beside.linked {
            Linked::One(None) => body.push_str("null"),
            Linked::One(Some(node)) => render_node(body, node),
            Linked::Many(nodes) => {
                body.push('[');
                for (at, node) in nodes.iter().enumerate() {
                    if at > 0 {
                        body.push(',');
                    }
                    render_node(body, node);
                }
                body.push(']');
            }
        }
    }
    body.push_str(if row.beside.is_empty() { "}" } else { "}}" });
}

fn render_node(body: &mut String, node: &Node) {
    render_row(body, &Row { beside: &node.beside, ..Row::whole(node.record.as_ref()) });
}
