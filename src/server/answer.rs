//! From a routed request to a response: runs the handler, catches a panic, gives every error the dialect's face, logs one line.

use super::cors;
use super::fault;
use super::gzip::{self, Wish};
use super::log_line;
use super::relay;
use super::router::{self, Place, Routed};
use crate::dialect::contract::{self, Arrival, Dialect};
use crate::model::error::{Error, NO_ADDRESS, Result, panic_text};
use crate::ops::credentials::Identity;
use crate::ops::ctx::Ctx;
use crate::ops::rates::Spent;
use crate::wire::body::Body;
use crate::wire::call::Patience;
use crate::wire::inward::Inward;
use crate::wire::reply;
use rouille::{Request, Response};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The head of a request, as the transport read it.
#[derive(Debug, Clone)]
pub struct Head {
    pub peer: SocketAddr,
    /// By TLS, here or in the proxy that `--public-url` tells of.
    pub is_secure: bool,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    /// The app that its listener stands for.
    pub app: Option<Arc<str>>,
    /// Of a request that a handler sends within this process: who that is, instead of a credential.
    pub who: Option<Identity>,
}

/// Answers a routed request. Runs on a pool's thread.
pub fn answer(ctx: &Arc<Ctx>, head: Head, routed: Routed, body: Body) -> Response {
    match attempt(ctx, head, routed, body, Patience::default()) {
        Attempt::Done(response) => response,
        Attempt::NotYet { .. } => reply::empty(204),
    }
}

/// What a request that may wait comes to.
pub enum Attempt {
    Done(Response),
    /// To be tried again after the next commit, for so long, from this number on.
    NotYet {
        wait: Duration,
        seen: i64,
    },
}

/// Answers a routed request, or says that what it waits for has not happened yet.
pub fn attempt(ctx: &Arc<Ctx>, head: Head, routed: Routed, body: Body, patience: Patience) -> Attempt {
    let started = Instant::now();
    let id = log_line::request_id();
    let (method, target, is_secure, who) = (head.method.clone(), head.target.clone(), head.is_secure, head.who.clone());
    let (wish, app) = (Wish::of(&head), head.app.clone());
    let (request, is_inward) = (request(head), who.is_some());
    let relay = |inward: Inward| if is_inward { Err(relay::nested()) } else { relay::send(ctx, &request, app.clone(), inward) };
    let Routed { dialect, route, params } = routed;
    let mut spent = None;
    let entered = catch_unwind(AssertUnwindSafe(|| {
        let met = contract::meet(ctx, dialect, &request, who);
        spent = met.spent;
        fault::strike(ctx, &request);
        contract::enter(ctx, dialect, route, Arrival { request: &request, params, body, patience, app: app.clone(), met, relay: &relay })
    }));
    let result = entered.unwrap_or_else(|panic| Err(Error::Internal(panic_text(&*panic))));
    if let (Err(Error::NothingYet { wait_s, seen }), true) = (&result, patience.may_wait) {
        return Attempt::NotYet { wait: Duration::from_secs(u64::from(*wait_s)), seen: *seen };
    }
    let (face, result) = match result {
        Err(Error::NotFound(problem)) if problem.code == NO_ADDRESS => (router::unclaimed(&target), Err(router::nothing_at(&target))),
        other => (dialect, other),
    };
    let mut response = contract::with_rate(rendered(face, result, &id), spent.as_ref().filter(|_| face.gate.is_some()));
    if is_secure {
        secure_cookies(&mut response);
    }
    log_line::access(&id, &method, &target, response.status_code, started.elapsed(), is_inward);
    let packed = gzip::packed(&wish, response, ctx.limits.reply_memory_bytes_max);
    Attempt::Done(sealed(opened(dialect, packed), id))
}

/// A cookie that was set over https never travels without it.
fn secure_cookies(response: &mut Response) {
    for (name, value) in &mut response.headers {
        if name.eq_ignore_ascii_case("Set-Cookie") {
            *value = format!("{value}; Secure").into();
        }
    }
}

/// Whether a request may send a long body, from its head alone.
pub fn admit(ctx: &Arc<Ctx>, head: Head) -> Result<()> {
    let request = request(head);
    let asked = catch_unwind(AssertUnwindSafe(|| contract::admit(ctx, &request)));
    asked.unwrap_or_else(|panic| Err(Error::Internal(panic_text(&*panic))))
}

/// An answer that no dialect made: gets its id and its line in the log.
pub fn logged(response: Response, method: &str, target: &str, started: Instant) -> Response {
    let id = log_line::request_id();
    log_line::access(&id, method, target, response.status_code, started.elapsed(), false);
    response.with_additional_header("X-Request-Id", id).with_additional_header("X-Content-Type-Options", "nosniff")
}

fn request(head: Head) -> Request {
    let make = if head.is_secure { Request::fake_https_from } else { Request::fake_http_from };
    make(head.peer, head.method, head.target, head.headers, Vec::new())
}

/// Answers a request that no handler will see: no route, a body that is too long, a full queue.
pub fn refuse(ctx: &Ctx, head: Head, error: Error) -> Response {
    refused(ctx, head, error, contract::spend_unmet)
}

/// The same of a request that a handler has seen, so that it was counted: its answer cannot be sent.
pub fn refuse_met(ctx: &Ctx, head: Head, error: Error) -> Response {
    refused(ctx, head, error, contract::stand_unmet)
}

fn refused(ctx: &Ctx, head: Head, error: Error, spend: fn(&Ctx, &Dialect, &Request) -> Option<Spent>) -> Response {
    let (id, method, target, is_inward) = (log_line::request_id(), head.method.clone(), head.target.clone(), head.who.is_some());
    let request = request(head);
    let face = router::face(&target, &error, |gate| (gate.claims)(&request));
    let spent = if is_inward { None } else { spend(ctx, face, &request) };
    let response = opened(face, contract::with_rate(rendered(face, Err(error), &id), spent.as_ref()));
    log_line::access(&id, &method, &target, response.status_code, Duration::ZERO, is_inward);
    sealed(response, id)
}

/// The same of a request whose head was not read, or not to its end: by its peer is known where it stands.
pub fn refuse_unread(peer: Option<(&Ctx, IpAddr)>, method: &str, target: &str, error: Error) -> Response {
    let id = log_line::request_id();
    let face = router::face(target, &error, |_| false);
    let spent = peer.and_then(|(ctx, address)| contract::stand(ctx, face, None, address));
    let response = opened(face, contract::with_rate(rendered(face, Err(error), &id), spent.as_ref()));
    log_line::access(&id, method, target, response.status_code, Duration::ZERO, false);
    sealed(response, id)
}

/// The methods of a known path; where pages of any origin may call, what they may send, too.
pub fn options(ctx: &Ctx, head: Head, allow: &str) -> Response {
    let dialect = router::owner(&head.target);
    let mut response = opened(dialect, reply::empty(204).with_additional_header("Allow", allow.to_owned()));
    if let Some(open) = dialect.open {
        response = response
            .with_additional_header("Access-Control-Allow-Methods", open.methods)
            .with_additional_header("Access-Control-Allow-Headers", open.headers)
            .with_additional_header("Access-Control-Allow-Private-Network", "true")
            .with_additional_header("Access-Control-Max-Age", cors::KEPT_SECONDS);
    }
    standing(ctx, head, response)
}

/// An answer that asks nobody anything and is counted nowhere. Where requests are counted it says how many are left.
pub fn standing(ctx: &Ctx, head: Head, response: Response) -> Response {
    let (method, target, is_inward) = (head.method.clone(), head.target.clone(), head.who.is_some());
    let dialect = router::owner(&target);
    let spent = if is_inward { None } else { contract::stand_unmet(ctx, dialect, &request(head)) };
    logged(contract::with_rate(response, spent.as_ref()), &method, &target, Instant::now())
}

/// Lets pages of any origin read what a dialect answers that is open to them, without their cookies.
fn opened(dialect: &Dialect, response: Response) -> Response {
    match dialect.open {
        Some(_) => {
            response.with_additional_header(cors::ALLOWED, "*").with_additional_header("Access-Control-Expose-Headers", cors::READABLE)
        }
        None => response,
    }
}

/// The whole way of a request in this process, without sockets and pools: what the transcripts use.
pub fn in_process(ctx: &Arc<Ctx>, head: Head, body: Vec<u8>) -> Response {
    match router::find(&head.method, &head.target) {
        Ok(Place::Route(routed)) => answer(ctx, head, routed, if body.is_empty() { Body::Empty } else { Body::Memory(body) }),
        Ok(Place::Options(allow)) => options(ctx, head, &allow),
        Err(error) => refuse(ctx, head, error),
    }
}

fn rendered(dialect: &Dialect, result: Result<Response>, id: &str) -> Response {
    result.unwrap_or_else(|error| match error {
        Error::Internal(cause) => {
            log::error!("request {id}: {cause}");
            (dialect.render_error)(&Error::Logged(id.to_owned()))
        }
        other => (dialect.render_error)(&other),
    })
}

/// What every answer of an API carries.
fn sealed(response: Response, id: String) -> Response {
    response
        .with_additional_header("X-Request-Id", id)
        .with_unique_header("Cache-Control", "no-store")
        .with_additional_header("X-Content-Type-Options", "nosniff")
        .with_additional_header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
}
