//! What a dialect is, and what happens to a request of any dialect before its handler: who asks, and whether a foreign page misuses a cookie.

use crate::model::error::{Error, Result};
use crate::model::principal::{Caller, Credential};
use crate::ops::ctx::Ctx;
use crate::ops::sessions;
use crate::wire::body::Body;
use crate::wire::call::Call;
use crate::wire::cookie;
use crate::wire::query::Query;
use rouille::{Request, Response};
use std::sync::Arc;

/// Which threads a route's handler runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Reads a snapshot and answers.
    Reads,
    /// Waits for a commit.
    Writes,
    /// Hashes, reports: long work that must not hold up the others.
    Slow,
}

/// Parses, calls one operation, renders.
pub type Handler = fn(&Arc<Ctx>, &Call<'_>) -> Result<Response>;

pub struct Route {
    pub method: &'static str,
    /// `/api/apps/{app}`: fixed segments and named ones.
    pub pattern: &'static str,
    pub pool: Pool,
    pub handler: Handler,
    /// Names that its query string takes, when the handler does not look at them itself; every other is refused.
    pub query: Option<&'static [&'static str]>,
}

pub struct Dialect {
    /// In the change log and in the list of dialects.
    pub id: &'static str,
    pub routes: &'static [Route],
    pub render_error: fn(&Error) -> Response,
}

pub const SESSION_COOKIE: &str = "sessionid";

/// Runs a route's handler for a request. Every failure comes back as an error; the caller renders it in the dialect.
pub fn enter(
    ctx: &Arc<Ctx>,
    dialect: &'static Dialect,
    route: &Route,
    request: &Request,
    params: Vec<String>,
    body: Body,
) -> Result<Response> {
    let query = Query::parse(request.raw_query_string())?;
    if let Some(names) = route.query {
        query.only(names)?;
    }
    if request.header("Content-Encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Error::malformed("A body with a Content-Encoding cannot be read here; send it as it is"));
    }
    let credential = credential(request);
    if !matches!(credential, Credential::Control(_)) {
        same_origin(request)?;
    }
    let principal = sessions::identify(ctx, &credential)?;
    let caller = Caller { principal, door: dialect.id };
    (route.handler)(ctx, &Call { request, params, query, body, caller })
}

/// The session cookie of a request.
pub fn session_key(request: &Request) -> Option<&str> {
    request.header("Cookie").and_then(|header| cookie::find(header, SESSION_COOKIE)).filter(|key| !key.is_empty())
}

/// What a request carries, by shape. A header that is not known is never passed over in favour of the cookie.
fn credential(request: &Request) -> Credential {
    match request.header("Authorization") {
        Some(header) => match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && sessions::is_control(token.trim()) => {
                Credential::Control(token.trim().to_owned())
            }
            _ => Credential::Unknown,
        },
        None => session_key(request).map_or(Credential::None, |key| Credential::Session(key.to_owned())),
    }
}

/// A browser says which page sent an unsafe request: only pages of this origin may use the cookie. Scripts send neither header and pass.
fn same_origin(request: &Request) -> Result<()> {
    if matches!(request.method(), "GET" | "HEAD" | "OPTIONS") {
        return Ok(());
    }
    let refused = |what: &str| Err(Error::CrossOrigin(format!("{what}: only pages of this server may use its cookie")));
    if request.header("Sec-Fetch-Site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site")) {
        return refused("The request comes from a page of another site");
    }
    let host = request.header("Host").unwrap_or_default();
    let from = request.header("Origin").or_else(|| request.header("Referer"));
    match from.map(authority) {
        Some(Some(authority)) if authority.eq_ignore_ascii_case(host) => Ok(()),
        None => Ok(()),
        Some(_) => refused("The request's Origin is not this server"),
    }
}

/// `host:port` of an address.
fn authority(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}
