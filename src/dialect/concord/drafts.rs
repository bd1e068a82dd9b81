//! What is sent, as operations take it. Laravel's habits: texts are trimmed, the empty one is null, unknown keys are passed over, numbers may come as texts.
//! Options come by their ids. [seed: the fourteen types; convention: the habits]

use super::numbers::rounded;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind, described};
use crate::model::name::quoted;
use crate::model::record::Draft;
use crate::model::schema::Schema;
use serde_json::{Map, Value};

/// Options that a refusal names.
const OPTIONS_SHOWN_MAX: usize = 10;

/// A body in the form of operations, and what is wrong with it that only this dialect knows.
pub struct Drafted {
    pub draft: Draft,
    problems: Vec<Problem>,
}

/// Reads a body for a table as the caller sees it.
pub fn read(schema: &Schema, body: &Map<String, Value>) -> Drafted {
    let mut drafted = Drafted { draft: Draft::new(), problems: Vec::new() };
    for (key, sent) in body {
        let Some(field) = schema.field(key).filter(|field| !field.is_given()) else { continue };
        match value(field, trimmed(sent)) {
            Ok(value) => drop(drafted.draft.insert(key.clone(), value)),
            Err(problem) => drafted.problems.push(problem),
        }
    }
    drafted
}

impl Drafted {
    /// What became of the draft, with the problems of both; a field that could not be read has that problem only.
    pub fn checked<T>(&self, outcome: Result<T>) -> Result<T> {
        if self.problems.is_empty() {
            return outcome;
        }
        let mut problems = self.problems.clone();
        match outcome {
            Ok(_) => {}
            Err(Error::Invalid(others)) => {
                let is_other = |other: &Problem| !self.problems.iter().any(|problem| problem.field == other.field);
                problems.extend(others.into_iter().filter(is_other));
            }
            Err(error) => return Err(error),
        }
        Err(Error::Invalid(problems))
    }
}

/// Every text without the blanks around it, null in place of the empty one, however deep it stands.
pub fn trimmed(sent: &Value) -> Value {
    match sent {
        Value::String(text) => match text.trim() {
            "" => Value::Null,
            text => Value::from(text),
        },
        Value::Array(all) => all.iter().map(trimmed).collect(),
        Value::Object(all) => Value::Object(all.iter().map(|(key, value)| (key.clone(), trimmed(value))).collect()),
        other => other.clone(),
    }
}

fn value(field: &Field, sent: Value) -> std::result::Result<Value, Problem> {
    match (field.kind, &sent) {
        (_, Value::Null) => Ok(sent),
        (Kind::Text, _) if !field.rules.choices.is_empty() => option(field, &sent),
        (Kind::Set, Value::Array(ids)) => ids.iter().map(|id| option(field, id)).collect(),
        (Kind::Set | Kind::Links, sent) if !sent.is_array() => {
            Err(problem(field, "type", format!("must be an array of ids, not {}", described(sent))))
        }
        (Kind::Integer | Kind::User, Value::String(text)) => Ok(whole(text).unwrap_or(sent)),
        (Kind::Decimal, Value::String(text)) => Ok(rounded(text, field.rules.scale).map_or(sent, Value::from)),
        (Kind::Decimal, Value::Number(number)) if field.rules.scale.is_some() => {
            Ok(rounded(&number.to_string(), field.rules.scale).map_or(sent, Value::from))
        }
        _ => Ok(sent),
    }
}

/// `"200"` and `"200.0"` are whole numbers.
fn whole(text: &str) -> Option<Value> {
    rounded(text, None)?.parse::<i64>().ok().map(Value::from)
}

/// The option of an id.
fn option(field: &Field, id: &Value) -> std::result::Result<Value, Problem> {
    let wanted = id.as_i64().or_else(|| id.as_str().and_then(|text| text.parse().ok()));
    let found = field.rules.choices.iter().find(|choice| Some(choice.id) == wanted);
    found.map(|choice| Value::from(choice.value.as_str())).ok_or_else(|| {
        let shown: Vec<String> =
            field.rules.choices.iter().take(OPTIONS_SHOWN_MAX).map(|choice| format!("{} {}", choice.id, quoted(&choice.label))).collect();
        let more = if field.rules.choices.len() > shown.len() { ", …" } else { "" };
        let sent = id.as_i64().map_or_else(|| described(id), |id| id.to_string());
        let refused = problem(field, "option", format!("has no option with the id {sent}"));
        refused.hint(format!("Options are sent by their ids: {}{more}", shown.join(", ")))
    })
}

fn problem(field: &Field, code: &'static str, rest: String) -> Problem {
    Problem::of(&field.slug, code, format!("Field '{}' {rest}", field.slug))
}
