//! Replies that all dialects build alike.

use rouille::{Response, ResponseBody};
use serde_json::Value;

/// A JSON value with a status.
pub fn json(status: u16, value: &Value) -> Response {
    text(status, "application/json", value.to_string())
}

/// Text that is JSON already.
pub fn raw_json(status: u16, text_of_json: String) -> Response {
    text(status, "application/json", text_of_json)
}

/// An answer that holds a secret which was just made, for one reader: nobody keeps it, and the door does not pack it, for how long it is then would
/// tell of what is in it.
pub fn secret(status: u16, value: &Value) -> Response {
    json(status, value).with_additional_header("Cache-Control", "no-store")
}

pub fn html(status: u16, page: String) -> Response {
    text(status, "text/html; charset=utf-8", page)
}

pub fn empty(status: u16) -> Response {
    Response { status_code: status, headers: Vec::new(), data: ResponseBody::empty(), upgrade: None }
}

/// A redirect after a form: the next request is a GET.
pub fn redirect(to: &str) -> Response {
    empty(302).with_additional_header("Location", one_line(to))
}

/// A file to be kept by the client under a name.
pub fn file(kind: &'static str, name: &str, body: ResponseBody) -> Response {
    let disposition = format!("attachment; filename=\"{}\"", one_line(name).replace('"', ""));
    Response {
        status_code: 200,
        headers: vec![("Content-Type".into(), kind.into()), ("Content-Disposition".into(), disposition.into())],
        data: body,
        upgrade: None,
    }
}

/// Without control characters: no text of anybody may begin a header of its own.
pub fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn text(status: u16, kind: &'static str, body: String) -> Response {
    Response {
        status_code: status,
        headers: vec![("Content-Type".into(), kind.into())],
        data: ResponseBody::from_string(body),
        upgrade: None,
    }
}
