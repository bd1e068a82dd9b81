//! Options of a field: add, change, delete. An option is named by its value or its id; every answer is the field as it is then. [house]

use super::fields::way;
use super::records::rehearsed;
use super::schemas::field as described;
use crate::format::parts;
use crate::model::error::{Error, Result};
use crate::ops::ctx::Ctx;
use crate::ops::options::{self, Changes};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use std::sync::Arc;

/// `POST …/options` with `{"value", "label"?, "color"?, "id"?}`: 201.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let part = parts::read(&call.body.object(&call.limits)?, "The option", parts::option).map_err(Error::Invalid)?;
    let (caller, path) = (call.caller.clone(), path(call));
    let field = ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| options::add(tx, &caller, borrowed(&path), &part))?;
    Ok(rehearsed(reply::json(if is_rehearsal { 200 } else { 201 }, &described(&field)), is_rehearsal))
}

/// `PATCH …/options/{option}` with some of `value label color position`: records that hold it hold the new value.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let changes = parts::read(&call.body.object(&call.limits)?, "The option", |reader| {
        let position = reader.count("position").and_then(|position| usize::try_from(position).ok());
        let changes = Changes { value: reader.text("value"), label: reader.text("label"), color: reader.text("color"), position };
        reader.only(&["value", "label", "color", "position"]);
        changes
    });
    let (changes, option) = (changes.map_err(Error::Invalid)?, call.param(3).to_owned());
    let (caller, path) = (call.caller.clone(), path(call));
    let field =
        ctx.write_by(way(is_rehearsal), || Ok(()), move |tx, ()| options::change(tx, &caller, borrowed(&path), &option, &changes))?;
    Ok(rehearsed(reply::json(200, &described(&field)), is_rehearsal))
}

/// `DELETE …/options/{option}?replace=other`: records that hold it hold the other; `replace=` leaves them none. Without it they forbid the delete.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let is_rehearsal = call.query.flag("dry_run")?;
    let replacement = call.query.once("replace")?.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty()));
    let (caller, path, option) = (call.caller.clone(), path(call), call.param(3).to_owned());
    let field = ctx.write_by(
        way(is_rehearsal),
        || Ok(()),
        move |tx, ()| options::remove(tx, &caller, borrowed(&path), &option, replacement.clone()),
    )?;
    Ok(rehearsed(reply::json(200, &described(&field)), is_rehearsal))
}

/// App, table and field of the address.
fn path(call: &Call<'_>) -> [String; 3] {
    [call.param(0), call.param(1), call.param(2)].map(str::to_owned)
}

fn borrowed(path: &[String; 3]) -> [&str; 3] {
    [&path[0], &path[1], &path[2]]
}
