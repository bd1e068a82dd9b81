//! Fields of a table: add, change, delete. In bodies a field has the form that it has in app files; answers are those of the table's description. [house]

use super::records::rehearsed;
use super::schemas::field as described;
use crate::format::parts;
use crate::model::error::{Error, Result};
use crate::model::record::RecordId;
use crate::ops::convert::Tally;
use crate::ops::ctx::{Ctx, Way};
use crate::ops::{fields, jobs};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// How definitions are changed: alone, or only to see what would happen.
pub fn way(is_rehearsal: bool) -> Way {
    if is_rehearsal { Way::Rehearsed } else { Way::Alone }
}

/// `POST …/fields`: 201 with the field. Every record gets its default.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let part = parts::read(&call.body.object(&call.limits)?, "The field", parts::field).map_err(Error::Invalid)?;
    let (caller, app, schema) = (call.caller.clone(), call.param(0).to_owned(), call.param(1).to_owned());
    let made = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| fields::add(tx, &caller, &app, &schema, &part))?;
    Ok(rehearsed(reply::json(if is_rehearsal { 200 } else { 201 }, &described(&made)), is_rehearsal))
}

/// `PATCH …/fields/{field}`: only what is sent changes. With another `type` every value is read as one of it: `converted` says how many were, and
/// which hold none afterwards.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let body = call.body.object(&call.limits)?;
    let path = [call.param(0), call.param(1), call.param(2)];
    let changed = jobs::change_field(ctx, &call.caller, way(is_rehearsal), path, &body)?;
    let mut answer = described(&changed.field);
    if let Some((answer, tally)) = answer.as_object_mut().zip(changed.converted) {
        answer.insert("converted".to_owned(), converted(&tally));
    }
    Ok(rehearsed(reply::json(200, &answer), is_rehearsal))
}

/// `{values, lost, examples: [{id, before, after}], lost_examples: [{id, before}]}`
fn converted(tally: &Tally) -> Value {
    let kept = |(id, before, after): &(RecordId, Value, Value)| json!({"id": id.text(), "before": before, "after": after});
    let lost = |(id, before): &(RecordId, Value)| json!({"id": id.text(), "before": before});
    json!({
        "values": tally.values, "lost": tally.lost,
        "examples": tally.examples.iter().map(kept).collect::<Vec<_>>(),
        "lost_examples": tally.lost_examples.iter().map(lost).collect::<Vec<_>>(),
    })
}

/// `DELETE …/fields/{field}`: with its values.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let (caller, path) = (call.caller.clone(), [call.param(0), call.param(1), call.param(2)].map(str::to_owned));
    let slug = call.param(2);
    ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| fields::remove(tx, &caller, &path[0], &path[1], &path[2]))?;
    Ok(rehearsed(reply::json(200, &json!({"success": true, "slug": slug})), is_rehearsal))
}
