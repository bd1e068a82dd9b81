//! Robostack's face of every error: `{"error", "message", "details"?}` [guess], `details` being what is wrong with which field. Ids are numbers here.

use crate::dialect::contract::ids;
use crate::dialect::contract::{refusal_status, with_error_headers};
use crate::model::error::{Error, Problem};
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};

/// More are counted, not listed.
const DETAILS_MAX: usize = 50;
const ECHO_CHARS_MAX: usize = 300;
const HEADERS: &str = "Send the headers x-api-key and x-api-secret: the key and the secret of a token that was given this app";

pub fn render(error: &Error) -> Response {
    let (status, name) = kind(error);
    let mut body = Map::from_iter([("error".to_owned(), Value::from(name)), ("message".to_owned(), Value::from(message(error)))]);
    if let Error::Invalid(problems) = error {
        let mut details: Vec<Value> = problems.iter().take(DETAILS_MAX).map(detail).collect();
        if problems.len() > DETAILS_MAX {
            details.push(json!({"message": format!("… and {} more problems", problems.len() - DETAILS_MAX)}));
        }
        body.insert("details".to_owned(), Value::Array(details));
    }
    with_error_headers(reply::json(status, &Value::Object(body)), error)
}

fn message(error: &Error) -> String {
    match error {
        Error::NotSignedIn => HEADERS.to_owned(),
        Error::CrossOrigin(_) => format!("{HEADERS}. A cookie does not count from a page of another site"),
        Error::Malformed(problem) | Error::NotFound(problem) | Error::Conflict(problem) | Error::Gone(problem) => sentence(problem),
        Error::Invalid(problems) => problems.first().map_or_else(|| error.message(), sentence),
        other => numbered(&other.message()),
    }
}

fn kind(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Malformed(_) => (400, "BadRequest"),
        Error::Invalid(_) => (400, "ValidationError"),
        Error::NotSignedIn | Error::Unauthenticated(_) | Error::CrossOrigin(_) => (401, "Unauthorized"),
        Error::Forbidden(_) => (403, "Forbidden"),
        Error::NotFound(_) => (404, "NotFound"),
        Error::MethodNotAllowed { .. } => (405, "MethodNotAllowed"),
        Error::Conflict(_) => (409, "Conflict"),
        Error::Gone(_) => (410, "Gone"),
        Error::Changed { .. } => (412, "PreconditionFailed"),
        Error::TooLarge(_) => (413, "TooLarge"),
        Error::Refused(refusal, _) => (refusal_status(*refusal), "BadRequest"),
        Error::TooMany { .. } => (429, "TooManyRequests"),
        Error::Internal(_) | Error::Logged(_) => (500, "InternalError"),
        Error::Busy { .. } | Error::Damaged(_) | Error::Stale | Error::NothingYet { .. } => (503, "Unavailable"),
    }
}

fn detail(problem: &Problem) -> Value {
    let mut detail = Map::new();
    if let Some(field) = &problem.field {
        detail.insert("field".to_owned(), Value::from(short(field)));
    }
    detail.insert("message".to_owned(), Value::from(sentence(problem)));
    if let Some(index) = problem.index {
        detail.insert("index".to_owned(), Value::from(index));
    }
    Value::Object(detail)
}

/// What is wrong and how to mend it.
fn sentence(problem: &Problem) -> String {
    let hint = problem.hint.as_deref().filter(|hint| is_spoken_here(hint));
    numbered(&match hint {
        Some(hint) => format!("{}. {hint}", problem.message),
        None => problem.message.clone(),
    })
}

/// Other dialects have parameters and addresses that this one has not.
fn is_spoken_here(hint: &str) -> bool {
    !["filter[", "sort=", "fields=", "expand", "cursor", "limit=", "PATCH", "PUT", "POST", "…/"].iter().any(|form| hint.contains(form))
}

/// What somebody sent comes back in part: an answer is never longer than the question for that.
fn short(text: &str) -> String {
    match text.char_indices().nth(ECHO_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A text with the ids of records as they are here: `rec_5` is record 5, and where only an id can stand 5.
fn numbered(text: &str) -> String {
    const BARE: [&str; 5] = ["\"", "record ", "such as ", "[", "points to "];
    ids::rewritten(text, |before| match before {
        "" => "Record ",
        before if BARE.iter().any(|bare| before.ends_with(bare)) => "",
        _ => "record ",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_and_other_words_stay() {
        for (text, numbered_text) in [
            ("There is no record rec_5 in 'direc_5'", "There is no record 5 in 'direc_5'"),
            ("Field 'a' has no option 'rec_5'", "Field 'a' has no option 'rec_5'"),
            ("At index 1: rec_3: a value that rec_1 has", "At index 1: record 3: a value that record 1 has"),
            ("an id such as \"rec_5\", rec_ rec_x", "an id such as \"5\", rec_ rec_x"),
            ("'rec_5th', 'my_rec_5', rec_5_b", "'rec_5th', 'my_rec_5', rec_5_b"),
            ("rec_3 cannot go", "Record 3 cannot go"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(numbered(text), numbered_text);
        }
    }
}
