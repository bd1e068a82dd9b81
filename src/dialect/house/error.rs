//! The house's face of every error: `{"error": {code, message, field?, details?}}` (seed: code, message, field).

use crate::dialect::contract::{refusal_status, with_error_headers};
use crate::model::error::{Error, Problem};
use crate::wire::reply;
use crate::wire::tags;
use rouille::Response;
use serde_json::{Map, Value, json};

/// More are counted, not listed.
const DETAILS_MAX: usize = 50;
const ECHO_CHARS_MAX: usize = 300;

/// Status and body. `details` stands there only when there is more than one problem, or an index, position or hint to tell.
pub fn render(error: &Error) -> Response {
    let (status, code) = kind(error);
    let mut body = Map::from_iter([("code".to_owned(), Value::from(code)), ("message".to_owned(), Value::from(message(error)))]);
    let problems = problems(error);
    if let Some(field) = problems.first().and_then(|problem| problem.field.as_deref()) {
        body.insert("field".to_owned(), Value::from(short(field)));
    }
    let more = |problem: &Problem| problem.index.is_some() || problem.position.is_some() || problem.hint.is_some();
    if problems.len() > 1 || problems.iter().any(more) {
        let mut details: Vec<Value> = problems.iter().take(DETAILS_MAX).map(detail).collect();
        if problems.len() > DETAILS_MAX {
            details.push(detail(&Problem::new("more", format!("… and {} more problems", problems.len() - DETAILS_MAX))));
        }
        body.insert("details".to_owned(), Value::Array(details));
    }
    let response = match error {
        Error::Changed { record, revision } => {
            let mut text = String::new();
            super::records::render(&mut text, (**record).as_ref());
            let body = format!("{{\"error\":{},\"record\":{text}}}", Value::Object(body));
            reply::raw_json(status, body).with_additional_header("ETag", tags::tag(*revision))
        }
        _ => reply::json(status, &json!({"error": body})),
    };
    with_error_headers(response, error)
}

fn message(error: &Error) -> String {
    match error {
        Error::NotSignedIn => "You are not signed in. POST username and password to /auth/login/ and send the cookie back".to_owned(),
        _ => error.message(),
    }
}

fn kind(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Malformed(_) => (400, "bad_request"),
        Error::Invalid(_) => (400, "validation_error"),
        Error::NotSignedIn | Error::Unauthenticated(_) => (401, "unauthorized"),
        Error::Forbidden(_) => (403, "forbidden"),
        Error::CrossOrigin(_) => (403, "csrf_failed"),
        Error::NotFound(_) => (404, "not_found"),
        Error::MethodNotAllowed { .. } => (405, "method_not_allowed"),
        Error::Conflict(_) => (409, "conflict"),
        Error::Gone(_) => (410, "gone"),
        Error::Changed { .. } => (412, "precondition_failed"),
        Error::TooLarge(_) => (413, "too_large"),
        Error::Refused(refusal, _) => (refusal_status(*refusal), "bad_request"),
        Error::TooMany { .. } => (429, "too_many_requests"),
        Error::Internal(_) | Error::Logged(_) => (500, "internal_error"),
        Error::Damaged(_) => (503, "damaged"),
        Error::Busy { .. } | Error::Stale | Error::NothingYet { .. } => (503, "busy"),
    }
}

fn problems(error: &Error) -> &[Problem] {
    match error {
        Error::Invalid(problems) => problems,
        Error::Malformed(problem) | Error::NotFound(problem) | Error::Conflict(problem) | Error::Gone(problem) => {
            std::slice::from_ref(problem)
        }
        _ => &[],
    }
}

/// What somebody sent comes back in part: an answer is never longer than the question for that.
fn short(text: &str) -> String {
    match text.char_indices().nth(ECHO_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn detail(problem: &Problem) -> Value {
    let mut detail =
        Map::from_iter([("code".to_owned(), Value::from(problem.code)), ("message".to_owned(), Value::from(problem.message.as_str()))]);
    let mut put = |key: &str, value: Option<Value>| value.map(|value| detail.insert(key.to_owned(), value));
    put("field", problem.field.as_deref().map(|field| Value::from(short(field))));
    put("index", problem.index.map(Value::from));
    put("position", problem.position.map(Value::from));
    put("hint", problem.hint.as_deref().map(|hint| Value::from(short(hint))));
    put("oldest", problem.bounds.map(|(oldest, _)| Value::from(oldest)));
    put("newest", problem.bounds.map(|(_, newest)| Value::from(newest)));
    Value::Object(detail)
}
