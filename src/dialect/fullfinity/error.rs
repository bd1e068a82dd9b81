//! Fullfinity's face of every error: `{"detail", "error"}` (seed), `error` being the name of a class.

use crate::dialect::contract::{refusal_status, with_error_headers};
use crate::model::error::Error;
use crate::wire::reply;
use rouille::Response;
use serde_json::json;

pub fn render(error: &Error) -> Response {
    let (status, class) = kind(error);
    let detail = match error {
        // The framework's own words [convention].
        Error::MethodNotAllowed { .. } => "Method Not Allowed".to_owned(),
        Error::NotSignedIn => "Not authenticated".to_owned(),
        _ => error.message(),
    };
    let response = reply::json(status, &json!({"detail": detail, "error": class}));
    match error {
        Error::NotSignedIn | Error::Unauthenticated(_) => response.with_additional_header("WWW-Authenticate", "Bearer"),
        _ => with_error_headers(response, error),
    }
}

fn kind(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Malformed(_) | Error::Invalid(_) => (400, "ValidationError"),
        Error::NotSignedIn | Error::Unauthenticated(_) => (401, "AuthenticationError"),
        Error::Forbidden(_) | Error::CrossOrigin(_) => (403, "AccessError"),
        Error::NotFound(_) => (404, "MissingError"),
        Error::MethodNotAllowed { .. } => (405, "UserError"),
        Error::Conflict(_) => (400, "UserError"),
        Error::Gone(_) => (410, "UserError"),
        Error::Changed { .. } => (412, "UserError"),
        Error::TooLarge(_) => (413, "UserError"),
        Error::Refused(refusal, _) => (refusal_status(*refusal), "UserError"),
        Error::TooMany { .. } => (429, "UserError"),
        Error::Internal(_) | Error::Logged(_) => (500, "InternalError"),
        Error::Busy { .. } | Error::Damaged(_) | Error::Stale | Error::NothingYet { .. } => (503, "InternalError"),
    }
}
