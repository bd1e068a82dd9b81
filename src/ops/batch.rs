//! Several writes of records as one: in their order, in one transaction, as one batch of the change log; what one of them makes, those behind it can
//! name. When one fails, nothing of any stays. Each is the operation that its own address calls, with the same questions about rights.

use super::bulk::{self, Batch, Done};
use super::changes::one_batch;
use super::ctx::{Ctx, Way};
use super::records::{self, Written};
use super::showing::Completes;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::principal::Caller;
use crate::model::record::{Draft, Expected, RecordId, RecordRef};
use crate::store::engine::WriteTx;
use crate::store::records as rows;
use serde_json::{Map, Value, json};

/// One of the writes. Its names and values may speak of what those before it gave: `$0.id`.
#[derive(Debug, Clone)]
pub struct Request {
    pub app: String,
    pub schema: String,
    pub act: Act,
    pub body: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A record, or an array of them.
    Create,
    /// The record with this id.
    Update(String),
    /// An array of records with their ids.
    UpdateMany,
    /// A record or an array, by the field that is their key.
    Upsert(String),
    /// The record with this id.
    Delete(String),
    /// `{"ids": […]}`
    DeleteMany,
}

/// What one of them came to.
pub enum Outcome {
    Made(Written),
    Changed(Written),
    /// Made by an array, or changed by one.
    Many {
        done: Done,
        is_new: bool,
    },
    Gone(RecordId),
    AllGone(Vec<RecordId>),
}

/// What all of them came to, in their order.
pub struct Outcomes(pub Vec<Outcome>);

/// How so many are written.
pub fn way(requests: &[Request], limits: &Limits, is_rehearsal: bool) -> Way {
    match requests.iter().map(|request| request.body.as_array().map_or(1, Vec::len)).sum::<usize>() {
        _ if is_rehearsal => Way::Rehearsed,
        many if many >= limits.records_alone_min => Way::Alone,
        _ => Way::Shared,
    }
}

/// Runs all of them, or none.
pub fn run(tx: &mut WriteTx<'_>, who: &Caller, requests: &[Request], limits: &Limits) -> Result<Outcomes> {
    one_batch(tx, |tx| {
        let (mut outcomes, mut given) = (Vec::with_capacity(requests.len()), Vec::with_capacity(requests.len()));
        for (index, request) in requests.iter().enumerate() {
            let done = resolved(request, &given).and_then(|request| one(tx, who, &request, limits)).map_err(|error| told(index, error))?;
            given.push(gives(&done)?);
            outcomes.push(done);
        }
        Ok(Outcomes(outcomes))
    })
}

impl Completes for Outcomes {
    fn complete_in(&mut self, tx: &WriteTx<'_>) -> Result<()> {
        self.0.iter_mut().try_for_each(|outcome| match outcome {
            Outcome::Made(written) | Outcome::Changed(written) => written.complete_in(tx),
            Outcome::Many { done, .. } => done.complete_in(tx),
            Outcome::Gone(_) | Outcome::AllGone(_) => Ok(()),
        })
    }

    fn complete_after(&mut self, ctx: &Ctx) {
        self.0.iter_mut().for_each(|outcome| match outcome {
            Outcome::Made(written) | Outcome::Changed(written) => written.complete_after(ctx),
            Outcome::Many { done, .. } => done.complete_after(ctx),
            Outcome::Gone(_) | Outcome::AllGone(_) => {}
        });
    }
}

fn one(tx: &mut WriteTx<'_>, who: &Caller, request: &Request, limits: &Limits) -> Result<Outcome> {
    let (catalog, Request { app, schema, act, body }) = (tx.catalog().clone(), request);
    let many = |tx: &mut WriteTx<'_>, is_new: bool, prepare: &dyn Fn(&Catalog, Batch<'_>) -> Result<bulk::Prepared>| {
        let drafts = drafts(body)?;
        let done = bulk::store(tx, who, &prepare(&catalog, Batch::Rows(&drafts))?)?;
        Ok(Outcome::Many { done, is_new })
    };
    match act {
        Act::Create if body.is_array() => many(tx, true, &|catalog, batch| bulk::prepare_create(catalog, who, app, schema, batch, limits)),
        Act::Create => {
            let new = records::prepare_create(&catalog, who, app, schema, object(body)?)?;
            records::create(tx, who, &new).map(Outcome::Made)
        }
        Act::Update(id) => {
            let new = records::prepare_update(&catalog, who, app, schema, object(body)?)?;
            records::update(tx, who, id, &Expected::Any, &new).map(Outcome::Changed)
        }
        Act::UpdateMany => many(tx, false, &|catalog, batch| bulk::prepare_update(catalog, who, app, schema, batch, limits)),
        Act::Upsert(key) if body.is_array() => {
            many(tx, false, &|catalog, batch| bulk::prepare_upsert(catalog, who, app, schema, key, batch, limits))
        }
        Act::Upsert(key) => {
            let new = bulk::prepare_upsert(&catalog, who, app, schema, key, Batch::One(object(body)?), limits)?;
            let done = bulk::store(tx, who, &new)?;
            let is_new = done.created > 0;
            done.single().map(if is_new { Outcome::Made } else { Outcome::Changed })
        }
        Act::Delete(id) => {
            let gone = records::prepare_delete(&catalog, who, app, schema, id, &Expected::Any, limits)?;
            records::delete(tx, who, &gone).map(Outcome::Gone)
        }
        Act::DeleteMany => {
            let gone = bulk::prepare_delete(&catalog, who, app, schema, ids(body)?, limits)?;
            bulk::delete(tx, who, &gone).map(Outcome::AllGone)
        }
    }
}

fn object(body: &Value) -> Result<&Draft> {
    let refused = || Problem::of("body", "type", format!("The body must be a JSON object, not {}", described(body)));
    body.as_object().ok_or_else(|| Error::invalid(refused().hint("{\"name\": \"Ann\"}")))
}

fn drafts(body: &Value) -> Result<Vec<Draft>> {
    let refused = |other: &Value| {
        let problem = Problem::of("body", "type", format!("The body must be an array of JSON objects; there is {}", described(other)));
        Error::invalid(problem.hint("[{\"name\": \"Ann\"}, …]"))
    };
    let all = body.as_array().ok_or_else(|| refused(body))?;
    all.iter().map(|one| one.as_object().cloned().ok_or_else(|| refused(one))).collect()
}

fn ids(body: &Value) -> Result<&[Value]> {
    let named = body.as_object().filter(|body| body.len() == 1).and_then(|body| body.get("ids")).and_then(Value::as_array);
    let refused = || Problem::of("body", "type", "The body must say which records go, and nothing else");
    named
        .filter(|ids| !ids.is_empty())
        .map(Vec::as_slice)
        .ok_or_else(|| Error::invalid(refused().hint("{\"ids\": [\"rec_5\", \"rec_6\"]}")))
}

/// What went wrong, with the place of the request that it went wrong in.
fn told(index: usize, error: Error) -> Error {
    let sentence = |message: String| format!("In request {index}: {message}");
    let place = |problem: Problem| Problem { message: sentence(problem.message), index: Some(index), ..problem };
    match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(place).collect()),
        Error::Malformed(problem) => Error::Malformed(place(problem)),
        Error::NotFound(problem) => Error::NotFound(place(problem)),
        Error::Conflict(problem) => Error::Conflict(place(problem)),
        Error::Forbidden(message) => Error::Forbidden(sentence(message)),
        Error::TooLarge(message) => Error::TooLarge(sentence(message)),
        other => other,
    }
}

/// What requests behind one can name of its outcome: the same as its answer.
fn gives(outcome: &Outcome) -> Result<Value> {
    Ok(match outcome {
        Outcome::Made(written) | Outcome::Changed(written) => record(written.shown.record.as_ref())?,
        Outcome::Many { done, .. } => json!({"records": done.records.iter().map(record).collect::<Result<Vec<_>>>()?}),
        Outcome::Gone(id) => json!({"id": id.text()}),
        Outcome::AllGone(ids) => json!({"ids": ids.iter().map(|id| id.text()).collect::<Vec<_>>()}),
    })
}

fn record(record: RecordRef<'_>) -> Result<Value> {
    let mut values = Map::from_iter([("id".to_owned(), Value::from(record.id.text()))]);
    values.extend(rows::values_of(record.data)?);
    values.insert("created_at".to_owned(), Value::from(record.created_at));
    values.insert("updated_at".to_owned(), Value::from(record.updated_at));
    Ok(Value::Object(values))
}

/// A request with the values in it that others gave.
fn resolved(request: &Request, given: &[Value]) -> Result<Request> {
    let name = |text: &str| match value(text, "url", given)? {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(other) => {
            let message = format!("{} is {}, which cannot stand in an address", quoted(text), described(&other));
            Err(Error::invalid(Problem::of("url", "reference", message)))
        }
        None => Ok(text.to_owned()),
    };
    Ok(Request {
        app: name(&request.app)?,
        schema: name(&request.schema)?,
        act: match &request.act {
            Act::Update(id) => Act::Update(name(id)?),
            Act::Delete(id) => Act::Delete(name(id)?),
            other => other.clone(),
        },
        body: filled(&request.body, "body", given)?,
    })
}

fn filled(body: &Value, place: &str, given: &[Value]) -> Result<Value> {
    Ok(match body {
        Value::String(text) => match value(text, place, given)? {
            Some(value) => value,
            // Two stand for one, where a text is meant that looks like a reference.
            None if text.starts_with("$$") && parts(text.trim_start_matches('$')).is_some() => {
                Value::from(text.get(1..).unwrap_or_default())
            }
            None => body.clone(),
        },
        Value::Array(all) => {
            let each = all.iter().enumerate().map(|(at, one)| filled(one, &format!("{place}.{at}"), given));
            Value::Array(each.collect::<Result<_>>()?)
        }
        Value::Object(all) => {
            let each = all.iter().map(|(key, one)| Ok((key.clone(), filled(one, &format!("{place}.{key}"), given)?)));
            Value::Object(each.collect::<Result<_>>()?)
        }
        _ => body.clone(),
    })
}

/// What `$0.id` stands for; `None` when a text is no reference. The message of a refusal names the place.
fn value(text: &str, place: &str, given: &[Value]) -> Result<Option<Value>> {
    let Some((number, path)) = text.strip_prefix('$').and_then(parts) else { return Ok(None) };
    let refused = |why: String, hint: String| {
        let problem = Problem::of(place, "reference", format!("{} leads to nothing: {why}", quoted(text)));
        Err(Error::invalid(problem.hint(hint)))
    };
    let Some(found) = number.parse::<usize>().ok().and_then(|number| given.get(number)) else {
        let hint = match given.len() {
            0 => "The first request has none before it".to_owned(),
            1 => "$0 can be named here".to_owned(),
            more => format!("$0 to ${} can be named here", more - 1),
        };
        return refused(format!("request {number} does not stand before this one"), hint);
    };
    let mut found = found;
    for part in path.split('.') {
        let next = match found {
            Value::Array(all) => part.parse::<usize>().ok().and_then(|at| all.get(at)),
            Value::Object(all) => all.get(part),
            _ => None,
        };
        let Some(next) = next else {
            let names = match found {
                Value::Object(all) => all.keys().cloned().collect::<Vec<_>>().join(", "),
                Value::Array(all) => format!("{} elements, counted from 0", all.len()),
                other => described(other),
            };
            return refused(format!("there is no {} in what request {number} gave", quoted(part)), format!("There is: {names}"));
        };
        found = next;
    }
    Ok(Some(found.clone()))
}

/// `0.id`: the number of a request, and a path that begins with a name. `5.00` is an amount.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (number, path) = text.split_once('.')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_path = path.starts_with(|c: char| c.is_ascii_alphabetic())
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
    (is_number && is_path).then_some((number, path))
}
