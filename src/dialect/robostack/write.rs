//! Creating, updating and deleting records. Each request is one transaction: all of it or nothing.

use super::body::{Given, Keys, objects};
use super::layout::Layout;
use super::results::Results;
use super::{find, place, selection};
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::Expr;
use crate::model::json::Elements;
use crate::model::name::is_field_slug;
use crate::model::principal::Action;
use crate::model::query::Query;
use crate::model::record::{Draft, RecordId, RecordRef};
use crate::ops::bulk::{self, Batch, Done};
use crate::ops::by_filter::{self, Aim};
use crate::ops::ctx::{Ctx, Way};
use crate::ops::joined;
use crate::ops::pairs::{self, Pair};
use crate::ops::showing;
use crate::ops::validate::Strays;
use crate::wire::body::Sent;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const UPDATION: &str = "updation";
/// Names of keys without a say that are told.
const IGNORED_MAX: usize = 20;

/// `PUT …` with an object or an array of them: 201 `{"results": […], "count": n}`, in their order.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, resource) = place(ctx, call)?;
    let sent = call.body.one_or_many(&call.limits)?;
    let batch = match &sent {
        Sent::One(draft) => Batch::One(draft),
        Sent::Many(all) => Batch::Many(all),
    };
    if batch.is_empty() {
        ctx.read(|tx| joined::open(tx.catalog(), &call.caller, [&app, resource], Action::Create).map(drop))?;
        return Ok(reply::json(200, &json!({"results": [], "count": 0})));
    }
    let caller = call.caller.clone();
    let done = showing::write(
        ctx,
        way(ctx, batch.len()),
        || bulk::prepare_create_by(Strays::Dropped, &ctx.store.catalog(), &call.caller, [&app, resource], batch, &call.limits),
        move |tx, new| bulk::store(tx, &caller, new),
    )?;
    answer(ctx, call, 201, &done)
}

/// `PATCH …` with `{"selection": …, "updation": …}`: 200 `{"results": […], "count": n}`, each record once.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, resource) = place(ctx, call)?;
    let keys = Keys::read(call)?;
    no_window(&keys)?;
    let pairs = Pairs::read(&keys, call)?;
    let caller = call.caller.clone();
    let done = showing::write_choosing(
        ctx,
        |new: &pairs::Prepared| way(ctx, new.len()),
        || {
            ctx.read(|tx| {
                let all = &mut pairs.iter(call);
                pairs::prepare(tx, &call.caller, [&app, resource], all, pairs.are_several(), Strays::Dropped, &call.limits)
            })
        },
        move |tx, new| pairs::update(tx, &caller, new),
    )?;
    answer(ctx, call, 200, &done)
}

/// `DELETE …` with `{"selection": …}`: 200 `{"results": [{"id": 4}, …], "count": n}`.
pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, resource) = place(ctx, call)?;
    let keys = Keys::read(call)?;
    no_window(&keys)?;
    let filter = match keys.given(selection::KEY, &call.limits)? {
        None => return Err(keys.missing(selection::KEY, "{\"selection\": {\"id\": 1}}")),
        Some(Given::One(object)) => selection::one(&object, &call.limits)?,
        Some(Given::Many(all)) => selection::union(&all, &call.limits)?,
    };
    let query = Query { filter: selection::must_select(filter)?, ..Query::default() };
    let aim = Aim { app: &app, schema: resource, query: &query, affected_max: call.limits.affected_records_max, passes_over: true };
    let caller = call.caller.clone();
    let gone = ctx.write_choosing(
        |gone: &by_filter::Deletion| way(ctx, gone.len()),
        || ctx.read(|tx| by_filter::prepare_delete(tx, &call.caller, &aim, &call.limits)).map_err(of_selection),
        move |tx, gone| by_filter::delete(tx, &caller, gone),
    )?;
    let results: Vec<Value> = gone.iter().map(|RecordId(id)| json!({"id": id})).collect();
    Ok(reply::json(200, &json!({"results": results, "count": gone.len()})))
}

/// Refuses keys that would leave something out of a find: whoever sends them means fewer records than would be written.
fn no_window(keys: &Keys) -> Result<()> {
    let refused = find::KEYS.into_iter().filter(|key| keys.names().any(|name| name == *key));
    let problems: Vec<Problem> = refused
        .map(|key| {
            let message = format!("'{key}' goes with a find only: here everything that the selection finds is written");
            Problem::of(key, "not_possible", message)
                .hint("Find the records first and select them by their ids: {\"selection\": {\"id\": [1, 2]}}")
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// Which records get what.
enum Pairs {
    /// One selection, or several of which any will do.
    One(Expr, Draft),
    Several(Elements, Elements),
}

impl Pairs {
    fn read(keys: &Keys, call: &Call<'_>) -> Result<Self> {
        const FORM: &str = "{\"selection\": {\"id\": 1}, \"updation\": {\"status\": \"done\"}}";
        let given = |key: &str| keys.given(key, &call.limits)?.ok_or_else(|| keys.missing(key, FORM));
        match (given(selection::KEY)?, given(UPDATION)?) {
            (Given::One(object), Given::One(draft)) => {
                Ok(Pairs::One(selection::must_select(selection::one(&object, &call.limits)?)?, draft))
            }
            (Given::Many(all), Given::One(draft)) => Ok(Pairs::One(selection::must_select(selection::union(&all, &call.limits)?)?, draft)),
            (Given::Many(all), Given::Many(drafts)) if all.len() != drafts.len() => {
                let message = format!("'selection' holds {} objects and 'updation' {}: they must be pairs", all.len(), drafts.len());
                let problem = Problem::of(UPDATION, "length", message);
                Err(Error::invalid(problem.hint("One 'updation' that is no array goes for all selections")))
            }
            (Given::Many(all), Given::Many(_)) if all.is_empty() => Err(selection::nothing_selected()),
            (Given::Many(all), Given::Many(drafts)) => Ok(Pairs::Several(all, drafts)),
            (Given::One(_), Given::Many(_)) => {
                let message = "'updation' is an array, so 'selection' must be one, too: each says which records get which";
                Err(Error::invalid(Problem::of(UPDATION, "type", message).hint(FORM)))
            }
        }
    }

    fn are_several(&self) -> bool {
        matches!(self, Pairs::Several(..))
    }

    fn iter<'p>(&'p self, call: &'p Call<'_>) -> Box<dyn Iterator<Item = Result<Pair>> + 'p> {
        match self {
            Pairs::One(filter, draft) => Box::new(std::iter::once(Ok(Pair { filter: filter.clone(), draft: draft.clone() }))),
            Pairs::Several(all, drafts) => {
                Box::new(objects(selection::KEY, all).zip(objects(UPDATION, drafts)).map(|(selected, draft)| {
                    let selected: Map<String, Value> = selected?;
                    Ok(Pair { filter: selection::must_select(selection::one(&selected, &call.limits)?)?, draft: draft? })
                }))
            }
        }
    }
}

/// How so many are written.
fn way(ctx: &Ctx, records: usize) -> Way {
    if records >= ctx.limits.records_alone_min { Way::Alone } else { Way::Shared }
}

/// What was found too much is called by another name here.
fn of_selection(error: Error) -> Error {
    match error {
        Error::Conflict(problem) if problem.code == "too_many" => {
            Error::Conflict(Problem { message: problem.message.replace("The filter", "The selection"), hint: None, ..problem })
        }
        other => other,
    }
}

/// The records as they are found. They are written: what cannot be read in time of where they lead is left out.
fn answer(ctx: &Ctx, call: &Call<'_>, status: u16, done: &Done) -> Result<Response> {
    let read = ctx.read(|tx| {
        let joined = joined::of(tx.catalog(), &call.caller, done.scope.clone());
        let layout = Layout::new(&joined, None, &call.limits)?;
        let make = |lead, record: RecordRef<'_>| layout.beside(lead, record);
        let mut results = Results::new(ctx);
        let show = &mut |record: RecordRef<'_>, beside: &[Option<&str>]| results.push(&layout, record, beside);
        joined.each(tx, &done.records, &layout.follows(), &call.limits, &make, show)?;
        results.end(status)
    });
    let response = match read {
        Ok(response) => response,
        Err(damage @ Error::Damaged(_)) => return Err(damage),
        Err(_) => {
            let layout = Layout::new(&joined::alone(done.scope.clone()), None, &call.limits)?;
            let mut results = Results::new(ctx);
            done.records.iter().try_for_each(|record| results.push(&layout, record, &[]))?;
            results.end(status)?
        }
    };
    let named: Vec<&str> = done.ignored.iter().map(String::as_str).filter(|key| is_field_slug(key)).take(IGNORED_MAX).collect();
    Ok(if named.is_empty() { response } else { response.with_additional_header("X-Ignored", named.join(", ")) })
}
