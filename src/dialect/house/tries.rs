//! `POST /api/workspaces/{workspace}/try`: a request of any dialect, answered in this process, with what came back as data. What the page's API panel
//! sends; never with more rights than the caller has. [house]

use crate::format::parts;
use crate::format::reader::Reader;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::name::quoted;
use crate::model::principal::Principal;
use crate::ops::credentials::Identity;
use crate::ops::ctx::Ctx;
use crate::ops::{me, tokens, workspace};
use crate::wire::call::Call;
use crate::wire::inward::{self, Inward};
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Instant;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// What says who asks, and what says how the bytes travel: neither is the request's own here.
const HEADERS_REFUSED: [&str; 10] = [
    "authorization",
    "x-api-key",
    "x-api-secret",
    "cookie",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "upgrade",
    "expect",
];

#[derive(Default)]
struct Draft {
    dialect: Option<String>,
    as_whom: Option<Value>,
    request: Map<String, Value>,
}

struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// `{"dialect"?, "as"?, "request": {"method", "path", "headers"?, "body"?}}`: 200 `{"status", "headers": [[name, value]], "body" | "body_base64", "ms"}`,
/// whatever the address answers. `as` is `caller`, `guest`, or the number of a token of one's own.
pub fn run(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let draft = parts::read(&call.body.object(&call.limits)?, "The try", draft).map_err(Error::Invalid)?;
    let who = who(ctx, call, draft.as_whom.as_ref())?;
    let sent = parts::read(&draft.request, "The request", sent).map_err(Error::Invalid)?;
    let Sent { method, target, mut headers, body } = sent;
    headers.extend(call.request.header("Host").map(|host| ("Host".to_owned(), host.to_owned())));
    let started = Instant::now();
    let response = (call.relay)(Inward { dialect: draft.dialect, method, target, headers, body, who })?;
    // What was tried may have made a secret.
    Ok(reply::secret(200, &inward::told(response, started.elapsed(), ctx.limits.inward_reply_bytes_max)?))
}

fn who(ctx: &Ctx, call: &Call<'_>, as_whom: Option<&Value>) -> Result<Identity> {
    if call.caller.principal != Principal::Control {
        me::user(&call.caller)?;
    }
    match as_whom {
        None => Ok((call.caller.principal.clone(), call.caller.token.clone())),
        Some(Value::String(word)) if word == "caller" => Ok((call.caller.principal.clone(), call.caller.token.clone())),
        Some(Value::String(word)) if word == "guest" => Ok((Principal::Guest, None)),
        Some(other) => match other.as_i64().or_else(|| other.as_str()?.parse().ok()) {
            Some(id) => tokens::stand_in(ctx, &call.caller, id),
            None => {
                let problem = Problem::of("as", "option", format!("'as' cannot be {}", described(other)));
                Err(Error::invalid(problem.hint("caller, guest, or the number of a token of yours")))
            }
        },
    }
}

fn draft(reader: &mut Reader<'_>) -> Draft {
    reader.wants("request");
    let draft =
        Draft { dialect: reader.text("dialect"), as_whom: reader.value("as"), request: reader.object("request").unwrap_or_default() };
    reader.only(&["dialect", "as", "request"]);
    draft
}

fn sent(reader: &mut Reader<'_>) -> Sent {
    let (method, target) = (reader.needed("method"), reader.needed("path"));
    if reader.has("method") && !METHODS.contains(&method.as_str()) {
        reader.refuse("method", format!("there is no method {}; there are {}", quoted(&method), METHODS.join(", ")));
    }
    let is_path = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
    if reader.has("path") && !is_path {
        reader.refuse("path", format!("{} is no path: it begins with / and has everything else percent-encoded", quoted(&target)));
    }
    let mut headers = headers(reader);
    let body = match reader.value("body") {
        None => Vec::new(),
        // Another kind than JSON is text already.
        Some(Value::String(text)) if has(&headers, "content-type") => text.into_bytes(),
        Some(value) => {
            if !has(&headers, "content-type") {
                headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
            }
            value.to_string().into_bytes()
        }
    };
    reader.only(&["method", "path", "headers", "body"]);
    Sent { method, target, headers, body }
}

fn headers(reader: &mut Reader<'_>) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for (name, value) in reader.object("headers").unwrap_or_default() {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let is_plain = |text: &str| text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if HEADERS_REFUSED.contains(&name.to_ascii_lowercase().as_str()) {
            reader.refuse("headers", format!("the header {} cannot be tried: who asks is said by 'as'", quoted(&name)));
        } else if has(&headers, &name) {
            reader.refuse("headers", format!("the header {} stands twice", quoted(&name)));
        } else if let (true, Some(text)) = (is_name, value.as_str().filter(|text| is_plain(text))) {
            headers.push((name, text.to_owned()));
        } else {
            reader.refuse(
                "headers",
                format!("the header {} must be a name with a text of one line, not {}", quoted(&name), described(&value)),
            );
        }
    }
    headers
}

fn has(headers: &[(String, String)], name: &str) -> bool {
    headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
}
