//! Associations: attach, detach, or make them just these, by `{"contacts": [1, 2]}`. The fields may be those of either table. [docs: the operations; guess: their
//! addresses]

use super::drafts::trimmed;
use super::place;
use super::records::shown;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::record::RecordId;
use crate::ops::ctx::Ctx;
use crate::ops::links::{self, Request, Wish};
use crate::wire::call::Call;
use rouille::Response;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;

pub fn attach(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    linked(ctx, call, Wish::Attach)
}

pub fn sync(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    linked(ctx, call, Wish::Sync)
}

pub fn detach(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    linked(ctx, call, Wish::Detach)
}

/// 200 with the record.
fn linked(ctx: &Arc<Ctx>, call: &Call<'_>, wish: Wish) -> Result<Response> {
    let place = place::find(ctx, call)?;
    let mut problems = Vec::new();
    let body = call.body.object_or_none(&call.limits)?;
    links::check_count(body.values().map(|sent| sent.as_array().map_or(1, Vec::len)).sum())?;
    let links = body.iter().map(|(name, sent)| (name.clone(), ids(name, &trimmed(sent), &mut problems))).collect::<Vec<_>>();
    if links.is_empty() {
        problems.push(Problem::new("required", "The body must name the records to be linked").hint("{\"contacts\": [1, 2]}"));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let [app, schema] = place.slugs().map(str::to_owned);
    let request = Request { app, schema, id: call.param(1).to_owned(), wish, links };
    let (caller, limits) = (call.caller.clone(), ctx.limits.clone());
    ctx.write(|| Ok(()), move |tx, ()| links::run(tx, &caller, &request, &limits))?;
    shown(ctx, call, &place)
}

fn ids(name: &str, sent: &Value, problems: &mut Vec<Problem>) -> Vec<RecordId> {
    let Value::Array(all) = sent else {
        problems.push(Problem::of(name, "type", format!("Field '{name}' must be an array of ids, not {}", described(sent))));
        return Vec::new();
    };
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    for (at, one) in all.iter().enumerate() {
        let id = match one {
            Value::Number(number) => RecordId::parse(&number.to_string()),
            Value::String(text) => RecordId::parse(text),
            _ => None,
        };
        match id {
            Some(id) if known.insert(id) => found.push(id),
            Some(_) => {}
            None => {
                let key = format!("{name}.{at}");
                problems.push(Problem::of(&key, "type", format!("Field '{key}' must be a record's id such as 5, not {}", described(one))));
            }
        }
    }
    found
}
