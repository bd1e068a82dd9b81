//! Concord's face of every error: `{"message"}`, and of what breaks rules `{"message", "errors": {field: [message]}}`, as Laravel makes them. [convention]

use crate::dialect::contract::ids;
use crate::dialect::contract::{refusal_status, with_error_headers};
use crate::model::error::{Error, Problem};
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};

/// Says in a header what the body, whose words are fixed, does not.
const REASON: &str = "X-Carryall-Reason";
const REASON_CHARS_MAX: usize = 500;
/// Of a problem that concerns no field.
const NO_FIELD: &str = "record";

pub fn render(error: &Error) -> Response {
    let (status, fixed) = kind(error);
    let response = match (error, fixed) {
        (Error::Invalid(problems), _) => reply::json(status, &invalid(problems)),
        (Error::Conflict(problem), _) => reply::json(status, &invalid(std::slice::from_ref(problem))),
        (_, Some(words)) => {
            reply::json(status, &json!({"message": words})).with_additional_header(REASON, in_header(&plain_ids(&error.message())))
        }
        (Error::MethodNotAllowed { method, allow }, None) => {
            let message = format!("The {method} method is not supported for this route. Supported methods: {allow}.");
            reply::json(status, &json!({"message": message}))
        }
        (_, None) => reply::json(status, &json!({"message": plain_ids(&error.sentences().concat())})),
    };
    with_error_headers(response, error)
}

/// Status, and the framework's own words where it has some.
fn kind(error: &Error) -> (u16, Option<&'static str>) {
    match error {
        Error::Malformed(_) => (400, None),
        Error::Invalid(_) | Error::Conflict(_) => (422, None),
        Error::NotSignedIn | Error::Unauthenticated(_) => (401, Some("Unauthenticated.")),
        Error::Forbidden(_) => (403, Some("This action is unauthorized.")),
        Error::CrossOrigin(_) => (419, Some("CSRF token mismatch.")),
        Error::NotFound(_) => (404, None),
        Error::MethodNotAllowed { .. } => (405, None),
        Error::Gone(_) => (410, None),
        Error::Changed { .. } => (412, None),
        Error::TooLarge(_) => (413, None),
        Error::Refused(refusal, _) => (refusal_status(*refusal), None),
        Error::TooMany { .. } => (429, Some("Too Many Attempts.")),
        Error::Internal(_) | Error::Logged(_) => (500, Some("Server Error")),
        Error::Busy { .. } | Error::Damaged(_) | Error::Stale | Error::NothingYet { .. } => (503, Some("Service Unavailable")),
    }
}

/// All problems by their fields, and the first one with the number of the others.
fn invalid(problems: &[Problem]) -> Value {
    let mut errors: Map<String, Value> = Map::new();
    let mut first = None;
    for problem in problems {
        let (key, sentence) = told(problem);
        first.get_or_insert_with(|| sentence.clone());
        if let Some(all) = errors.entry(key).or_insert_with(|| json!([])).as_array_mut() {
            all.push(Value::from(sentence));
        }
    }
    let first = first.unwrap_or_else(|| "The given data was invalid.".to_owned());
    let message = match problems.len().saturating_sub(1) {
        0 => first,
        1 => format!("{first} (and 1 more error)"),
        more => format!("{first} (and {more} more errors)"),
    };
    json!({"message": message, "errors": errors})
}

/// The key of a problem and its sentence.
fn told(problem: &Problem) -> (String, String) {
    let field = problem.field.as_deref().unwrap_or(NO_FIELD);
    let rest = problem.message.strip_prefix(&format!("Field '{field}' ")).map(str::to_owned);
    let (key, rest) = match rest.as_deref().and_then(|rest| item(field, rest)) {
        Some((key, rest)) => (key, Some(rest)),
        None => (field.to_owned(), rest),
    };
    let label = key.replace('_', " ");
    let sentence = match (problem.code, rest) {
        ("unique", Some(_)) => format!("The {label} has already been taken."),
        (_, Some(rest)) => format!("The {label} field {}.", rest.trim_end_matches('.')),
        (_, None) => format!("{}.", problem.message.trim_end_matches('.')),
    };
    let sentence = match &problem.hint {
        Some(hint) => format!("{sentence} {hint}"),
        None => sentence,
    };
    (key, plain_ids(&sentence))
}

/// `has an item 0 whose 'number' is required` of `phones` is `phones.0.number` and `is required`.
fn item(field: &str, rest: &str) -> Option<(String, String)> {
    let (at, rest) = rest.strip_prefix("has an item ")?.split_once(" whose '")?;
    let (slug, rest) = rest.split_once("' ")?;
    Some((format!("{field}.{at}.{slug}"), rest.to_owned()))
}

/// `rec_5` is 5 here.
fn plain_ids(text: &str) -> String {
    ids::rewritten(text, |_| "")
}

fn in_header(text: &str) -> String {
    text.chars().take(REASON_CHARS_MAX).map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_stands_with_the_number_of_the_others() {
        let of = |field: &str, code, rest: &str| Problem::of(field, code, format!("Field '{field}' {rest}"));
        let required = of("first_name", "required", "is required");
        let item = of("phones", "required", "has an item 2 whose 'number' is required");
        let taken = of("email", "unique", "must be unique: rec_3 has this value already");
        let other = Problem::new("rule", "Nothing of rec_7 in 'rec_7' of direc_5 fits");
        for (problems, message) in [
            (vec![required.clone()], "The first name field is required."),
            (vec![required.clone(), taken.clone()], "The first name field is required. (and 1 more error)"),
            (vec![taken.clone(), required.clone(), item.clone()], "The email has already been taken. (and 2 more errors)"),
            (vec![item.clone()], "The phones.2.number field is required."),
            (vec![other.clone()], "Nothing of 7 in 'rec_7' of direc_5 fits."),
        ] {
            assert_eq!(invalid(&problems)["message"], message);
        }
        let errors = &invalid(&[required, item, taken, other])["errors"];
        let keys: Vec<&String> = errors.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["first_name", "phones.2.number", "email", "record"]);
    }
}
