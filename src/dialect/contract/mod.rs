//! What a dialect is, and what happens to a request of any dialect before its handler: who asks, and whether a foreign page misuses a cookie.

pub mod about;
pub mod ids;

use crate::model::error::{Error, Refusal, Result};
use crate::model::limits::{DialectLimits, Limits};
use crate::model::principal::{Caller, Credential, Principal, UserId, Visitor};
use crate::ops::credentials::{self, Identity};
use crate::ops::ctx::Ctx;
use crate::ops::rates::{Spent, Who};
use crate::wire::body::Body;
use crate::wire::call::{Call, Patience};
use crate::wire::cookie;
use crate::wire::inward::Relay;
use crate::wire::query::Query;
use rouille::{Request, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Which threads a route's handler runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Reads a snapshot and answers.
    Reads,
    /// Waits for a commit.
    Writes,
    /// Imports, reports: long work that must not hold up the others.
    Slow,
    /// Compares a password: a core's whole work for a moment, so only as many at a time as leave a core to everybody else.
    Hash,
}

/// How long a request's body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyMax {
    /// `guest_body_bytes_max`: what somebody who is not signed in yet has to send.
    Guest,
    /// `body_bytes_max`: one record. More than a guest may send is taken in from who is signed in only, which is asked before.
    One,
    /// `records_body_bytes_max`: an array of them.
    Records,
    /// `rows_body_bytes_max`: a file of them.
    Rows,
}

impl BodyMax {
    /// In a dialect's limits.
    pub fn bytes(self, limits: &Limits) -> usize {
        match self {
            BodyMax::Guest => limits.guest_body_bytes_max,
            BodyMax::One => limits.body_bytes_max,
            BodyMax::Records => limits.records_body_bytes_max,
            BodyMax::Rows => limits.rows_body_bytes_max,
        }
    }
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
    pub body: BodyMax,
    /// May answer `NothingYet`.
    pub waits: bool,
    /// Answers with a file when `Accept` asks for one (`Call::wanted_file`): that is slow work, whatever its pool.
    pub has_files: bool,
}

pub struct Dialect {
    /// In the change log and in the list of dialects.
    pub id: &'static str,
    pub routes: &'static [Route],
    /// First words of paths that are its own: what is asked there and not found is refused in its form.
    pub roots: &'static [&'static str],
    pub render_error: fn(&Error) -> Response,
    /// Pages of any origin may call it, by what they put into a header; the cookie lets none of them in. `None`: those that the server names.
    pub open: Option<Open>,
    /// What it bounds itself: handlers find it, within what the server bounds, in `Call::limits`.
    pub limits: DialectLimits,
    /// `None`: all are taken in alike, and nobody is counted.
    pub gate: Option<Gate>,
    pub about: about::About,
}

/// What pages elsewhere may send to a dialect that is open to all of them.
#[derive(Debug, Clone, Copy)]
pub struct Open {
    pub methods: &'static str,
    pub headers: &'static str,
}

/// What a dialect asks of every request before it is looked at. A dialect that has one counts requests, and says so in every answer.
pub struct Gate {
    /// Whether somebody who asks for what is not there, at an address under `/api` that no other dialect has, is answered by this one.
    pub claims: fn(&Request) -> bool,
    /// Refuses what it takes from nobody.
    pub guard: fn(&Ctx, &Request) -> Result<()>,
}

/// Who sends a request, and where they stand in their minute.
pub struct Met {
    identity: Result<Identity>,
    pub spent: Option<Spent>,
}

/// Routes that take no query and at most one record.
pub const fn get(pattern: &'static str, pool: Pool, handler: Handler) -> Route {
    Route { method: "GET", pattern, pool, handler, query: Some(&[]), body: BodyMax::One, waits: false, has_files: false }
}

pub const fn post(pattern: &'static str, pool: Pool, handler: Handler) -> Route {
    Route { method: "POST", ..get(pattern, pool, handler) }
}

pub const fn put(pattern: &'static str, pool: Pool, handler: Handler) -> Route {
    Route { method: "PUT", ..get(pattern, pool, handler) }
}

pub const fn patch(pattern: &'static str, pool: Pool, handler: Handler) -> Route {
    Route { method: "PATCH", ..get(pattern, pool, handler) }
}

pub const fn delete(pattern: &'static str, pool: Pool, handler: Handler) -> Route {
    Route { method: "DELETE", ..get(pattern, pool, handler) }
}

pub const SESSION_COOKIE: &str = "sessionid";

/// What HTTP itself wants to be told in headers, the same in every dialect (RFC 9110 10.2.1, 10.2.3).
pub fn with_error_headers(response: Response, error: &Error) -> Response {
    match error {
        Error::MethodNotAllowed { allow, .. } => response.with_additional_header("Allow", allow.clone()),
        Error::TooMany { retry_after_s, .. } | Error::Busy { retry_after_s, .. } => {
            response.with_additional_header("Retry-After", retry_after_s.to_string())
        }
        _ => response,
    }
}

/// HTTP's own numbers for what the door refuses, the same in every dialect (RFC 9110 15.5, RFC 6585 5).
pub fn refusal_status(refusal: Refusal) -> u16 {
    match refusal {
        Refusal::TooSlow => 408,
        Refusal::AddressTooLong => 414,
        Refusal::Expectation => 417,
        Refusal::WrongHost => 421,
        Refusal::HeadTooLarge => 431,
        Refusal::Coding => 501,
        Refusal::Version => 505,
    }
}

/// Whether a request may send a long body: asked with its head only, before any of the body is taken in.
pub fn admit(ctx: &Arc<Ctx>, request: &Request) -> Result<()> {
    match identify(ctx, request)?.0 {
        Principal::Guest => Err(Error::NotSignedIn),
        _ => Ok(()),
    }
}

/// Finds out who sends a request, and counts it where the dialect does.
/// `who` is known already when a handler sends it from within this process: it carries no credential, and is counted nowhere.
pub fn meet(ctx: &Ctx, dialect: &Dialect, request: &Request, who: Option<Identity>) -> Met {
    if let Some(identity) = who {
        return Met { identity: Ok(identity), spent: None };
    }
    let identity = identify(ctx, request);
    let user = identity.as_ref().ok().and_then(|(principal, _)| principal.user_id());
    Met { spent: spend(ctx, dialect, request, user), identity }
}

/// Counts a request that no handler will see. Nothing is asked of the data file: whoever is not remembered counts by their address.
pub fn spend_unmet(ctx: &Ctx, dialect: &Dialect, request: &Request) -> Option<Spent> {
    dialect.gate.as_ref()?;
    spend(ctx, dialect, request, credentials::remembered_user(ctx, &credential(request)))
}

/// Where somebody stands who asks for nothing that is counted: which methods an address takes, or once more for an answer there is no room for.
pub fn stand_unmet(ctx: &Ctx, dialect: &Dialect, request: &Request) -> Option<Spent> {
    dialect.gate.as_ref()?;
    stand(ctx, dialect, credentials::remembered_user(ctx, &credential(request)), request.remote_addr().ip())
}

/// The same of a user, or of an address of whose request nothing more is known.
pub fn stand(ctx: &Ctx, dialect: &Dialect, user: Option<UserId>, address: IpAddr) -> Option<Spent> {
    dialect.gate.as_ref()?;
    let who = Who::of(user, address);
    Some(ctx.rates.stand(dialect.id, who, ctx.limits.requests_per_minute_max, ctx.store.now().epoch_seconds))
}

fn spend(ctx: &Ctx, dialect: &Dialect, request: &Request, user: Option<UserId>) -> Option<Spent> {
    dialect.gate.as_ref()?;
    let who = Who::of(user, request.remote_addr().ip());
    Some(ctx.rates.count(dialect.id, who, ctx.limits.requests_per_minute_max, ctx.store.now().epoch_seconds))
}

/// Says in an answer where its caller stands.
pub fn with_rate(response: Response, spent: Option<&Spent>) -> Response {
    let Some(spent) = spent else { return response };
    let response = response
        .with_additional_header("X-RateLimit-Limit", spent.requests_max.to_string())
        .with_additional_header("X-RateLimit-Remaining", spent.left.to_string());
    if spent.is_over && response.status_code == TOO_MANY {
        response.with_additional_header("X-RateLimit-Reset", spent.ends_s.to_string())
    } else {
        response
    }
}

/// A request at the door of its dialect.
pub struct Arrival<'r> {
    pub request: &'r Request,
    pub params: Vec<String>,
    pub body: Body,
    pub patience: Patience,
    /// The app of the listener.
    pub app: Option<Arc<str>>,
    pub met: Met,
    pub relay: &'r Relay<'r>,
}

/// Runs a route's handler for a request. Every failure comes back as an error; the caller renders it in the dialect.
pub fn enter(ctx: &Arc<Ctx>, dialect: &'static Dialect, route: &Route, arrival: Arrival<'_>) -> Result<Response> {
    let Arrival { request, params, body, patience, app: listener_app, met, relay } = arrival;
    if let Some(spent) = met.spent.filter(|spent| spent.is_over) {
        let message = format!("At most {} requests are taken in a minute; wait {} seconds", spent.requests_max, spent.wait_s);
        return Err(Error::TooMany { message, retry_after_s: spent.wait_s });
    }
    if let Some(gate) = &dialect.gate {
        (gate.guard)(ctx, request)?;
    }
    let query = Query::parse(request.raw_query_string())?;
    if let Some(names) = route.query {
        query.only(names)?;
    }
    if request.header("Content-Encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Error::malformed("A body with a Content-Encoding cannot be read here; send it as it is"));
    }
    let (principal, token) = met.identity?;
    let caller = Caller { principal, door: dialect.id, token, tab: tab(request)? };
    let limits = ctx.limits.spoken(&dialect.limits);
    (route.handler)(ctx, &Call { request, params, query, body, caller, patience, listener_app, limits, relay })
}

/// What the page calls the tab that sends a request: kept with what is changed by it.
fn tab(request: &Request) -> Result<Option<String>> {
    let Some(text) = request.header("X-Carryall-Tab") else { return Ok(None) };
    let is_good =
        (1..=TAB_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_good {
        return Ok(Some(text.to_owned()));
    }
    Err(Error::malformed(format!("X-Carryall-Tab is a short name: up to {TAB_CHARS_MAX} letters, digits, - and _, such as t-4f2a")))
}

const TAB_CHARS_MAX: usize = 32;

/// Who sends a request, and whether a foreign page misuses a cookie. What a program puts into a header no page sends by itself.
fn identify(ctx: &Ctx, request: &Request) -> Result<Identity> {
    if let Some(name) = HEADERS.iter().find(|name| request.headers().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count() > 1) {
        // Programs on the way might take the other one for what counts.
        return Err(Error::malformed(format!("There are two {name} headers: send the one that counts")));
    }
    let credential = credential(request);
    if matches!(credential, Credential::None | Credential::Session(_)) {
        same_origin(ctx, request)?;
    }
    credentials::identify(ctx, &credential)
}

/// The session cookie of a request.
pub fn session_key(request: &Request) -> Option<&str> {
    request.header("Cookie").and_then(|header| cookie::find(header, SESSION_COOKIE)).filter(|key| !key.is_empty())
}

/// The session cookie, when it is by this that the caller is known.
pub fn own_session(request: &Request) -> Option<&str> {
    session_key(request).filter(|_| HEADERS.iter().all(|name| request.header(name).is_none()))
}

/// Whether a handler sent a request from within this process: somebody is known who shows nothing to be known by.
pub fn is_relayed(request: &Request, caller: &Caller) -> bool {
    matches!(credential(request), Credential::None) && caller.principal != Principal::Guest
}

/// Where somebody signs in from. The address is the connection's: a header could name any.
pub fn visitor(request: &Request) -> Visitor {
    let agent = request.header("User-Agent").unwrap_or_default();
    Visitor {
        agent: agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARS_MAX).collect(),
        address: request.remote_addr().ip().to_canonical().to_string(),
    }
}

/// What links begin with that are handed on to other people: the public name, else the one by which the caller came.
pub fn origin(ctx: &Ctx, request: &Request) -> String {
    match (&ctx.site.public, request.header("Host")) {
        (None, Some(host)) => format!("{}://{host}", if request.is_secure() { "https" } else { "http" }),
        _ => ctx.site.base_url.clone(),
    }
}

/// Headers that a credential comes in; the first that is there counts, and the cookie only when none is.
const HEADERS: [&str; 3] = ["Authorization", "x-api-key", "x-api-secret"];
const AGENT_CHARS_MAX: usize = 200;
/// RFC 6585 4.
const TOO_MANY: u16 = 429;

/// Whether a request carries what looks like a personal token, good or not: `Authorization: Bearer 12|secret`.
pub fn has_personal_token(request: &Request) -> bool {
    let bearer = request.header("Authorization").and_then(|header| header.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, bearer)| bearer.trim());
    let id = bearer.and_then(|bearer| bearer.split_once('|')).map(|(id, _)| id);
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a request carries, by shape. A header that is not known is never passed over in favour of the cookie, and nothing is taken from the address.
fn credential(request: &Request) -> Credential {
    let [authorization, key, secret] = HEADERS.map(|name| request.header(name));
    let text = |header: Option<&str>| header.unwrap_or_default().trim().to_owned();
    match (authorization, key, secret) {
        (Some(header), _, _) => match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => credentials::of_bearer(token.trim()),
            _ => Credential::Unknown,
        },
        (None, None, None) => session_key(request).map_or(Credential::None, |key| Credential::Session(key.to_owned())),
        (None, key, secret) => Credential::Pair { key: text(key), secret: text(secret) },
    }
}

/// A browser says which page sent an unsafe request: only pages of this origin, and those that `--allow-origin` names, may use the cookie.
/// Scripts send neither header and pass.
fn same_origin(ctx: &Ctx, request: &Request) -> Result<()> {
    if matches!(request.method(), "GET" | "HEAD" | "OPTIONS") {
        return Ok(());
    }
    let host = request.header("Host").unwrap_or_default();
    let is_foreign = request.header("Sec-Fetch-Site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site"));
    match request.header("Origin").or_else(|| request.header("Referer")) {
        Some(page) if ctx.site.lets_in(page) => return Ok(()),
        Some(page) if !is_foreign && ctx.site.is_same(page, host, request.is_secure()) => return Ok(()),
        None if !is_foreign => return Ok(()),
        _ => {}
    }
    let hint = "Only pages of this server may use its cookie. A page elsewhere is let in by --allow-origin, a development server's by --dev; \
                behind a proxy, --public-url says the server's own name";
    Err(Error::CrossOrigin(format!("The request comes from a page of another site. {hint}")))
}
