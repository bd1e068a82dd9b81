//! Pages of other origins (the Fetch standard's CORS protocol): off, but for the origins that `--allow-origin` names, and with `--dev` those of this machine. A dialect
//! that is open to all pages says so in its answers (`answer`).

use super::outflow::{Reply, put};
use crate::model::error::{Error, Result};
use crate::model::name::quoted;
use crate::model::site::{Site, is_this_machines};
use crate::wire::reply;
use hyper::Method;
use hyper::http::request::Parts;
use rouille::Response;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
pub const READABLE: &str = "X-Request-Id, X-Clamped, X-Ignored, X-Warning, Retry-After, ETag, Location, Allow";
/// The header by which a page learns that it may read an answer.
pub const ALLOWED: &str = "Access-Control-Allow-Origin";
/// How long a browser may keep the answer to a preflight.
pub const KEPT_SECONDS: &str = "600";

/// The answer to a preflight: a browser asks whether a page elsewhere may send a request.
pub fn preflight(site: &Site, parts: &Parts) -> Option<Result<Response>> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (origin, _) = (header("Origin")?, header("Access-Control-Request-Method")?);
    if parts.method != Method::OPTIONS {
        return None;
    }
    if !site.lets_in(origin) {
        let hint = if is_this_machines(origin) { ", or with --dev" } else { "" };
        let origin = quoted(origin);
        return Some(Err(Error::CrossOrigin(format!(
            "Pages of {origin} may not call this server. Start it with --allow-origin{hint} to let them"
        ))));
    }
    let mut response = reply::empty(204).with_additional_header("Access-Control-Allow-Methods", METHODS);
    response = response.with_additional_header("Access-Control-Max-Age", KEPT_SECONDS);
    if let Some(wanted) = header("Access-Control-Request-Headers") {
        response = response.with_additional_header("Access-Control-Allow-Headers", wanted.to_owned());
    }
    if header("Access-Control-Request-Private-Network") == Some("true") {
        response = response.with_additional_header("Access-Control-Allow-Private-Network", "true");
    }
    Some(Ok(response))
}

/// Lets the page read an answer, if its origin may.
pub fn allow(site: &Site, origin: Option<&str>, reply: &mut Reply) {
    // An answer that every page may read holds nothing that a cookie let out.
    if reply.headers().contains_key(ALLOWED) || (site.origins.is_empty() && !site.is_dev) {
        return;
    }
    put(reply, "Vary", "Origin");
    if let Some(origin) = origin.filter(|origin| site.lets_in(origin)) {
        put(reply, ALLOWED, origin);
        put(reply, "Access-Control-Allow-Credentials", "true");
        put(reply, "Access-Control-Expose-Headers", READABLE);
    }
}
