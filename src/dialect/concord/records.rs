//! Records: create, read, partial change, delete. One record stands alone, without anything around it. [guess]

use super::asked::{View, bad_question};
use super::drafts;
use super::painter::Painter;
use super::place::{self, Place};
use super::via;
use crate::model::error::{Error, Result};
use crate::model::listed::Row;
use crate::model::record::Expected;
use crate::ops::ctx::{Ctx, Way};
use crate::ops::records::{self, Written};
use crate::ops::{lists, made_at, schemas, showing};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use std::sync::Arc;

pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let place = place::find(ctx, call)?;
    let body = call.body.object_or_none(&call.limits)?;
    let check = || {
        let catalog = ctx.store.catalog();
        let [app, schema] = place.slugs();
        let seen = schemas::seen(&catalog, &call.caller, app, schema)?;
        let mut drafted = drafts::read(&seen, &body);
        let at = via::read(&seen, &body).and_then(|asked| {
            asked.map(|asked| made_at::prepare(&catalog, &call.caller, app, &seen, asked, &mut drafted.draft)).transpose()
        });
        let new = drafted.checked(records::prepare_create(&catalog, &call.caller, app, schema, &drafted.draft));
        both(new, at)
    };
    let (caller, limits) = (call.caller.clone(), ctx.limits.clone());
    let written = showing::write(ctx, Way::Shared, check, move |tx, (new, at)| made_at::create(tx, &caller, new, at.as_ref(), &limits))?;
    answered(ctx, 201, &written)
}

/// Two things that were checked, or what is wrong with either.
fn both<A, B>(one: Result<A>, other: Result<B>) -> Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(Error::Invalid(mut problems)), Err(Error::Invalid(others))) => {
            problems.extend(others);
            Err(Error::Invalid(problems))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// With `select` and `with` as in a list.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let place = place::find(ctx, call)?;
    shown(ctx, call, &place)
}

/// A record as it is now.
pub fn shown(ctx: &Arc<Ctx>, call: &Call<'_>, place: &Place) -> Result<Response> {
    let catalog = ctx.store.catalog();
    let view = View::parse(&call.query, &catalog, &place.schema);
    let painter = Painter::new(&catalog, &place.schema, &view.with, view.chosen.clone());
    let ([app, schema], mut body) = (place.slugs(), String::new());
    let read = ctx.read(|tx| {
        let show = &mut |row: &Row<'_>| painter.paint(&mut body, row);
        lists::read(tx, &call.caller, [app, schema, call.param(1)], &Expected::Any, &view.query(&place.schema), &ctx.limits, show)
    });
    read.map_err(bad_question)?;
    Ok(reply::raw_json(200, body))
}

pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let place = place::find(ctx, call)?;
    let body = call.body.object_or_none(&call.limits)?;
    let (caller, id) = (call.caller.clone(), call.param(1).to_owned());
    let check = || {
        let catalog = ctx.store.catalog();
        let [app, schema] = place.slugs();
        let drafted = drafts::read(&*schemas::seen(&catalog, &call.caller, app, schema)?, &body);
        drafted.checked(records::prepare_update(&catalog, &call.caller, app, schema, &drafted.draft))
    };
    let written = showing::write(ctx, Way::Shared, check, move |tx, new| records::update(tx, &caller, &id, &Expected::Any, new))?;
    answered(ctx, 200, &written)
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let place = place::find(ctx, call)?;
    let ([app, schema], caller) = (place.slugs(), call.caller.clone());
    ctx.write(
        || records::prepare_delete(&ctx.store.catalog(), &call.caller, app, schema, call.param(1), &Expected::Any, &ctx.limits),
        move |tx, gone| records::delete(tx, &caller, gone),
    )?;
    Ok(reply::empty(204))
}

fn answered(ctx: &Ctx, status: u16, written: &Written) -> Result<Response> {
    let painter = Painter::new(&ctx.store.catalog(), &written.scope.seen, &[], None);
    let mut body = String::with_capacity(written.shown.record.data.len() + 200);
    painter.paint(&mut body, &Row::whole(written.shown.record.as_ref()))?;
    Ok(reply::raw_json(status, body))
}
