//! Appmixer's face of every error: `{"statusCode", "error", "message"}`, as the framework under it makes them [docs]; its command line prints `message`.

use crate::dialect::contract::{refusal_status, with_error_headers};
use crate::model::error::Error;
use crate::wire::reply;
use rouille::Response;
use serde_json::json;

pub fn render(error: &Error) -> Response {
    let (status, name) = kind(error);
    let response = reply::json(status, &json!({"statusCode": status, "error": name, "message": error.message()}));
    with_error_headers(response, error)
}

/// The names are HTTP's own.
fn kind(error: &Error) -> (u16, &'static str) {
    match error {
        Error::Malformed(_) | Error::Invalid(_) => (400, "Bad Request"),
        Error::NotSignedIn | Error::Unauthenticated(_) => (401, "Unauthorized"),
        Error::Forbidden(_) | Error::CrossOrigin(_) => (403, "Forbidden"),
        Error::NotFound(_) => (404, "Not Found"),
        Error::MethodNotAllowed { .. } => (405, "Method Not Allowed"),
        Error::Conflict(_) => (409, "Conflict"),
        Error::Gone(_) => (410, "Gone"),
        Error::Changed { .. } => (412, "Precondition Failed"),
        Error::TooLarge(_) => (413, "Request Entity Too Large"),
        Error::Refused(refusal, _) => (refusal_status(*refusal), "Bad Request"),
        Error::TooMany { .. } => (429, "Too Many Requests"),
        Error::Internal(_) | Error::Logged(_) => (500, "Internal Server Error"),
        Error::Busy { .. } | Error::Damaged(_) | Error::Stale | Error::NothingYet { .. } => (503, "Service Unavailable"),
    }
}
