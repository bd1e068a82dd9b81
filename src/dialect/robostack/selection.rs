//! Selections: which records are meant. The fields of an object all hold, of several objects any.

use super::body::{Given, Keys, objects};
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::Expr;
use crate::model::json::Elements;
use crate::model::limits::Limits;
use serde_json::{Map, Value};

pub const KEY: &str = "selection";

/// What a find looks for; everything when nothing is said.
pub fn of_find(keys: &Keys, limits: &Limits) -> Result<Expr> {
    match keys.given(KEY, limits)? {
        None => Ok(Expr::True),
        Some(Given::One(object)) => one(&object, limits),
        Some(Given::Many(all)) => union(&all, limits),
    }
}

/// The records that any of several selections finds.
pub fn union(all: &Elements, limits: &Limits) -> Result<Expr> {
    let (mut any, mut values) = (Vec::with_capacity(all.len()), 0);
    for (index, object) in objects(KEY, all).enumerate() {
        let told = |error| match error {
            Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(|problem| problem.told_at(index)).collect()),
            other => other,
        };
        let object = object.map_err(told)?;
        values += count(&object);
        check(values, limits)?;
        any.push(of_object(&object));
    }
    // An alternative that asks nothing finds all.
    Ok(if any.contains(&Expr::True) { Expr::True } else { Expr::Any(any) })
}

/// The records for which everything in an object holds.
pub fn one(object: &Map<String, Value>, limits: &Limits) -> Result<Expr> {
    check(count(object), limits)?;
    Ok(of_object(object))
}

/// A selection by which something is changed: it has to say which records are meant.
pub fn must_select(selection: Expr) -> Result<Expr> {
    match selection {
        Expr::True => Err(nothing_selected()),
        Expr::Any(any) if any.is_empty() => Err(nothing_selected()),
        other => Ok(other),
    }
}

/// Why a write without a selection is refused.
pub fn nothing_selected() -> Error {
    let problem = Problem::of(KEY, "required", "'selection' is empty: it must say which records are meant");
    Error::invalid(problem.hint("{\"selection\": {\"id\": 1}}, or for the records without a value {\"selection\": {\"status\": \"\"}}"))
}

/// How many values an object names.
pub fn count(object: &Map<String, Value>) -> usize {
    object.values().map(|value| value.as_array().map_or(1, |values| values.len().max(1))).sum()
}

fn check(values: usize, limits: &Limits) -> Result<()> {
    if values <= limits.filter_values_max {
        return Ok(());
    }
    let message = format!("A selection names at most {} values", limits.filter_values_max);
    Err(Error::invalid(Problem::of(KEY, "too_many", message).hint("Send it in parts")))
}

fn of_object(object: &Map<String, Value>) -> Expr {
    let mut all: Vec<Expr> = object.iter().map(|(field, value)| of_value(field, value)).collect();
    match all.len() {
        0 => Expr::True,
        1 => all.pop().unwrap_or_default(),
        _ => Expr::All(all),
    }
}

/// What a field is asked by: one value, or any of several.
pub fn of_value(field: &str, value: &Value) -> Expr {
    match value {
        Value::Array(values) => Expr::Any(values.iter().map(|value| of_single(field, value)).collect()),
        other => of_single(field, other),
    }
}

/// The empty text stands for no value, too.
fn of_single(field: &str, value: &Value) -> Expr {
    let field = field.to_owned();
    match value {
        Value::String(text) if text.is_empty() => Expr::Blank { field },
        value => Expr::Equal { field, value: value.clone() },
    }
}
