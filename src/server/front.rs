//! From a parsed request to its reply: whom it is for, which dialect, its body, its pool. Runs on the I/O thread and never blocks it.

use super::answer::{self, Attempt, Head};
use super::assets;
use super::cors;
use super::gate::Gate;
use super::gzip;
use super::head;
use super::intake::{Intake, Taken, too_large};
use super::outflow::{self, Budget, Busy, Outflow, Reply, put};
use super::pools::{Pools, Turn};
use super::public::{Public, Wish};
use super::router::{self, Place, Routed};
use super::tls::Tls;
use super::turns::Asker;
use crate::dialect::contract::{BodyMax, Pool};
use crate::model::error::{Error, Refusal};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::ops::attempts;
use crate::ops::ctx::Ctx;
use crate::wire::body::Body;
use crate::wire::call::Patience;
use crate::wire::call::wanted_file;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{ACCEPT, ACCEPT_ENCODING, COOKIE, HOST, HeaderName, HeaderValue, LOCATION, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, Version};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot, watch};

/// What every connection needs.
pub struct Door {
    pub ctx: Arc<Ctx>,
    pub limits: Arc<Limits>,
    pub pools: Pools,
    pub intake: Intake,
    pub gate: Arc<Gate>,
    /// So many of those who found no place may be told so at one time.
    pub turned_away: Arc<Semaphore>,
    pub tls: Option<Tls>,
    pub public: Option<Arc<Public>>,
    /// Told after every commit, for those who wait for one; true when the server stops.
    pub commits: Arc<watch::Sender<bool>>,
    pub replies: Arc<Budget>,
}

/// Where a request came in.
#[derive(Debug, Clone)]
pub struct Link {
    pub peer: SocketAddr,
    /// The address of this machine that it came in by.
    pub local: IpAddr,
    pub is_tls: bool,
    /// The app of the listener: `--listen ADDR=APP`.
    pub app: Option<Arc<str>>,
}

const NEWS_GATHERED: Duration = Duration::from_millis(20);
/// Browsers that came by a name with HTTPS come back with HTTPS.
const HSTS: &str = "max-age=31536000";
/// The methods that some address here takes: the answer to `OPTIONS *`.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// One request, from wherever it came.
struct Asked {
    method: String,
    /// Path and query.
    target: String,
    host: String,
    is_secure: bool,
    is_head_or_get: bool,
}

/// Answers one request.
pub async fn serve(door: Arc<Door>, link: Arc<Link>, request: hyper::Request<Incoming>) -> Reply {
    let (parts, mut incoming) = request.into_parts();
    let host = match parts.uri.authority() {
        Some(authority) => authority.as_str(),
        None => text_of(&parts, &HOST),
    };
    let site = &door.ctx.site;
    let public = site.public_for(host).filter(|public| public.is_https);
    let asked = Asked {
        method: parts.method.as_str().to_owned(),
        target: target(&parts.uri),
        host: host.to_owned(),
        is_secure: link.is_tls || public.is_some(),
        is_head_or_get: matches!(parts.method, Method::GET | Method::HEAD),
    };
    let mut is_read = incoming.is_end_stream();
    let mut reply = routed(&door, &link, &parts, &asked, &mut incoming, &mut is_read).await;
    // What nobody read must not become the next request; the sender still gets the answer (`connection::end`).
    if !is_read && parts.version < Version::HTTP_2 {
        put(&mut reply, "Connection", "close");
    } else if !is_read {
        tokio::spawn(read_on(incoming, door.limits.clone()));
    }
    if parts.method == Method::HEAD {
        leave_away(&mut reply);
    }
    cors::allow(site, parts.headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()), &mut reply);
    // A year of https for every port of localhost would break other programs there.
    if public.is_some_and(|public| !public.is_this_machine()) {
        put(&mut reply, "Strict-Transport-Security", HSTS);
    }
    name_location(&mut reply, site.public_for(host).map(|public| public.text()));
    reply
}

/// Path and query; of an absolute target without a path, the root (RFC 9112 3.2.2).
fn target(uri: &hyper::Uri) -> String {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    if target.starts_with('?') { format!("/{target}") } else { target.to_owned() }
}

/// A stream of HTTP/2 that is reset because nobody reads it takes its answer with it at some clients: for a while what they send is read.
async fn read_on(mut incoming: Incoming, limits: Arc<Limits>) {
    let mut left = limits.linger_bytes_max;
    let reading = async {
        while let Some(Ok(frame)) = incoming.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            if bytes > left {
                return;
            }
            left -= bytes;
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(limits.linger_timeout_ms), reading).await;
}

/// The answer to a HEAD: its length is told, its bytes are not sent.
fn leave_away(reply: &mut Reply) {
    let has_length = !matches!(reply.status().as_u16(), 204 | 304);
    if let Some(length) = reply.body().size_hint().exact().filter(|_| has_length) {
        put(reply, "Content-Length", &length.to_string());
    }
    *reply.body_mut() = Outflow::whole(Bytes::new());
}

/// A request that hyper found where the screen saw none: never answered as one.
pub fn unexpected(door: &Door) -> Reply {
    log::error!("a request was found inside the body of another; its connection was closed");
    let error = Error::malformed("The request does not begin where the one before it ends");
    let mut reply = outflow::reply(answer::refuse_unread(None, "-", "-", error), door.limits.reply_memory_bytes_max);
    put(&mut reply, "Connection", "close");
    reply
}

/// `/_/` of this server, under the name by which the world knows it.
fn name_location(reply: &mut Reply, origin: Option<String>) {
    let Some(origin) = origin else { return };
    let path = reply.headers().get(LOCATION).and_then(|location| location.to_str().ok()).filter(|path| path.starts_with('/'));
    if let Some(whole) = path.map(|path| format!("{origin}{path}")) {
        reply.headers_mut().remove(LOCATION);
        put(reply, "Location", &whole);
    }
}

async fn routed(door: &Arc<Door>, link: &Link, parts: &Parts, asked: &Asked, incoming: &mut Incoming, is_read: &mut bool) -> Reply {
    let refuse = |error: Error| {
        let head = as_read(link, parts, asked);
        let head = Head { target: short(&head.target), ..head };
        outflow::reply(answer::refuse(&door.ctx, head, error), door.limits.reply_memory_bytes_max)
    };
    if parts.version >= Version::HTTP_2
        && let Err(error) = head::bounded(&parts.headers, &door.limits)
    {
        return refuse(error);
    }
    if let Some(asset) = assets::health(parts.uri.path()).filter(|_| asked.is_head_or_get) {
        return asset.reply(false);
    }
    if let Err(error) = expected(door, link, parts, asked) {
        return refuse(error);
    }
    match cors::preflight(&door.ctx.site, parts).filter(|_| router::owner(&asked.target).open.is_none()) {
        Some(Ok(response)) => {
            let response = answer::standing(&door.ctx, as_read(link, parts, asked), response);
            return outflow::reply(response, door.limits.reply_memory_bytes_max);
        }
        Some(Err(error)) => return refuse(error),
        None => {}
    }
    if parts.uri.path() == "/"
        && asked.is_head_or_get
        && let Some(reply) = own_front_end(door, parts, asked).await
    {
        return reply;
    }
    let app = link.app.as_deref().or_else(|| door.ctx.site.app_of(&asked.host));
    let asset = assets::health(parts.uri.path()).or_else(|| assets::find(parts.uri.path(), text_of(parts, &ACCEPT), app));
    let place = match (asset, asked.target.as_str()) {
        (Some(asset), _) if asked.is_head_or_get => return asset.reply(takes_gzip(parts)),
        (Some(_), _) => router::only(&asked.method, "GET, HEAD, OPTIONS"),
        (None, "*") => Ok(Place::Options(METHODS.to_owned())),
        (None, target) => router::find(&asked.method, target),
    };
    let routed = match place {
        Ok(Place::Route(routed)) => routed,
        Ok(Place::Options(allow)) => {
            return outflow::reply(answer::options(&door.ctx, as_read(link, parts, asked), &allow), door.limits.reply_memory_bytes_max);
        }
        Err(error) => {
            let own = if matches!(error, Error::NotFound(_)) { own_front_end(door, parts, asked).await } else { None };
            return match (own, router::only(&asked.method, "GET, HEAD, OPTIONS")) {
                (None, _) => refuse(error),
                (Some(reply), _) if asked.is_head_or_get => reply,
                (Some(_), Ok(_)) => outflow::reply(answer::options(&door.ctx, as_read(link, parts, asked), "GET, HEAD, OPTIONS"), 0),
                (Some(_), Err(error)) => refuse(error),
            };
        }
    };
    let head = as_read(link, parts, asked);
    match receive(door, &head, &routed, incoming).await {
        Ok(taken) => {
            *is_read = true;
            if routed.route.waits { patiently(door, head, routed).await } else { dispatch(door, head, routed, taken).await }
        }
        Err(error) => refuse(error),
    }
}

fn takes_gzip(parts: &Parts) -> bool {
    let lines = parts.headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    gzip::taken(&lines.collect::<Vec<_>>().join(",")).0
}

/// Whether the request is for this server at all, and short enough to be looked at.
fn expected(door: &Door, link: &Link, parts: &Parts, asked: &Asked) -> Result<(), Error> {
    let most = door.limits.target_bytes_max;
    if asked.target.len() > most {
        return Err(Error::Refused(Refusal::AddressTooLong, format!("The address is longer than {most} bytes")));
    }
    let hosts = parts.headers.get_all(HOST);
    let is_other = |host: &HeaderValue| !host.as_bytes().eq_ignore_ascii_case(asked.host.as_bytes());
    // RFC 9113 8.3.1; in HTTP/1 the screen has seen to it, and the target goes before the header (RFC 9112 3.2.2).
    if parts.version >= Version::HTTP_2 && (hosts.iter().count() > 1 || hosts.iter().any(is_other)) {
        return Err(Error::malformed("The Host header and :authority name different servers"));
    }
    if !asked.target.starts_with('/') && parts.method != Method::OPTIONS {
        return Err(Error::malformed("The address must begin with a slash"));
    }
    // Old programs name nobody; a browser always does.
    let is_nameless = asked.host.is_empty() && parts.version == Version::HTTP_10;
    if is_nameless || door.ctx.site.is_own_at(&asked.host, link.local) {
        return Ok(());
    }
    let message = format!(
        "This server is not known as {}. Start it with --public-url http://NAME if that is its name, with --app-host NAME=APP if it stands for an app, \
         or with --lan to answer to this machine's own names and addresses",
        quoted(&short(&asked.host))
    );
    Err(Error::Refused(Refusal::WrongHost, message))
}

/// The body, if the route takes one so long from whoever sends it.
async fn receive(door: &Arc<Door>, head: &Head, routed: &Routed, incoming: &mut Incoming) -> Result<Taken, Error> {
    let (kind, most) = (routed.route.body, routed.route.body.bytes(&door.limits.spoken(&routed.dialect.limits)));
    let announced = usize::try_from(incoming.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > most {
        return Err(too_large(most));
    }
    // A short body is cheaper than the question who sends it; one of unknown length may be long.
    let is_short = incoming
        .size_hint()
        .upper()
        .is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|bytes| bytes <= door.limits.guest_body_bytes_max));
    if kind != BodyMax::Guest && !is_short {
        admitted(door, head.clone()).await?;
    }
    door.intake.take(incoming, most, matches!(kind, BodyMax::Records | BodyMax::Rows)).await
}

/// Whether somebody may send a long body: a look at the sessions, on a thread that may wait for it.
async fn admitted(door: &Arc<Door>, head: Head) -> Result<(), Error> {
    let ctx = door.ctx.clone();
    on_pool(door, Pool::Reads, head.peer, move || answer::admit(&ctx, head)).await?
}

/// Hands the request to its pool and waits for the answer.
async fn dispatch(door: &Arc<Door>, head: Head, routed: Routed, taken: Taken) -> Reply {
    let (ctx, replies, most) = (door.ctx.clone(), door.replies.clone(), door.limits.reply_memory_bytes_max);
    // Many records are long work: whoever writes or reads one does not wait behind them.
    let accept = head.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept")).map(|(_, value)| value.as_str());
    let is_long = match routed.route.has_files {
        true => accept.and_then(wanted_file).is_some(),
        false => routed.route.pool == Pool::Writes && matches!(taken.body, Body::Spool(_)),
    };
    let pool = if is_long { Pool::Slow } else { routed.route.pool };
    let (asked, peer) = (head.clone(), head.peer);
    // What the body took is given back when the task is done.
    let work = move || {
        let Taken { body, room: _room } = taken;
        fitting(answer::answer(&ctx, head, routed, body), &replies)
    };
    match on_pool(door, pool, peer, work).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(error)) => outflow::reply(answer::refuse_met(&door.ctx, asked, error), most),
        Err(error) => {
            // Only the connection waits, no thread.
            if pool == Pool::Hash {
                tokio::time::sleep(Duration::from_millis(door.limits.hash_refusal_ms)).await;
            }
            outflow::reply(answer::refuse(&door.ctx, asked, error), most)
        }
    }
}

/// Does a piece of work on a thread of a pool.
async fn on_pool<T: Send + 'static>(
    door: &Door,
    pool: Pool,
    peer: SocketAddr,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (done, result) = oneshot::channel();
    // A client that has gone no longer waits for its answer.
    let task = move |turn| drop(done.send(if turn == Turn::Come { Ok(work()) } else { Err(busy(pool)) }));
    if !door.pools.submit(pool, asker(door, pool, peer), Box::new(task)) {
        return Err(busy(pool));
    }
    result.await.unwrap_or_else(|_| Err(Error::internal("a task ended without an answer")))
}

/// Where a request comes from; whether sign-ins from there failed too often is asked only where it matters.
fn asker(door: &Door, pool: Pool, peer: SocketAddr) -> Asker {
    let address = attempts::network(peer.ip());
    let has_failed = pool == Pool::Hash && door.ctx.credentials.attempts.is_over(address, door.ctx.store.now().epoch_seconds);
    Asker { address, has_failed }
}

/// An answer, if there is room for it.
fn fitting(response: rouille::Response, replies: &Budget) -> Result<Reply, Error> {
    outflow::within(response, replies).map_err(|Busy| Error::Busy {
        message: "Too many answers wait for their clients at this moment; try again".to_owned(),
        retry_after_s: 5,
    })
}

/// Tries again after each commit until there is something to tell, the time is over, or the server stops. Between two tries nothing is held but
/// the connection.
async fn patiently(door: &Arc<Door>, head: Head, routed: Routed) -> Reply {
    let mut commits = door.commits.subscribe();
    let (most, pool) = (door.limits.reply_memory_bytes_max, routed.route.pool);
    let mut until: Option<tokio::time::Instant> = None;
    let mut patience = Patience::default();
    loop {
        let is_stopping = *commits.borrow_and_update();
        patience.may_wait = !is_stopping && until.is_none_or(|until| tokio::time::Instant::now() < until);
        let (ctx, replies, asked, routed) = (door.ctx.clone(), door.replies.clone(), head.clone(), routed.clone());
        let attempt = on_pool(door, pool, head.peer, move || match answer::attempt(&ctx, asked, routed, Body::Empty, patience) {
            Attempt::Done(response) => Ok(fitting(response, &replies)),
            Attempt::NotYet { wait, seen } => Err((wait, seen)),
        });
        match attempt.await {
            Ok(Ok(Ok(reply))) => return reply,
            Ok(Ok(Err(error))) => return outflow::reply(answer::refuse_met(&door.ctx, head, error), most),
            Ok(Err((wait, seen))) => {
                patience.seen = Some(seen);
                let until =
                    *until.get_or_insert_with(|| tokio::time::Instant::now() + wait.min(Duration::from_millis(door.limits.wait_ms_max)));
                let _ = tokio::time::timeout_at(until, commits.changed()).await;
                // Many commits in a moment are one piece of news.
                tokio::time::sleep_until(until.min(tokio::time::Instant::now() + NEWS_GATHERED)).await;
            }
            Err(error) => return outflow::reply(answer::refuse(&door.ctx, head, error), most),
        }
    }
}

fn busy(pool: Pool) -> Error {
    match pool {
        Pool::Hash => Error::TooMany { message: "Too many sign-ins at this moment; try again".to_owned(), retry_after_s: 2 },
        _ => Error::Busy { message: "Too many requests are waiting; try again".to_owned(), retry_after_s: 1 },
    }
}

/// The user's own front end, from the disk.
async fn own_front_end(door: &Arc<Door>, parts: &Parts, asked: &Asked) -> Option<Reply> {
    let public = door.public.clone()?;
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let wish = Wish {
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        accepts_html: text_of(parts, &ACCEPT).contains("text/html"),
        range: header("Range").filter(|_| parts.method == Method::GET),
        if_range: header("If-Range"),
        if_none_match: header("If-None-Match"),
        if_modified_since: header("If-Modified-Since"),
    };
    let (started, most, replies) = (Instant::now(), door.limits.reply_memory_bytes_max, door.replies.clone());
    let (method, target) = (asked.method.clone(), asked.target.clone());
    let found = tokio::task::spawn_blocking(move || {
        public.answer(&wish).map(|response| {
            let reply = fitting(answer::logged(response, &method, &target, started), &replies);
            reply.unwrap_or_else(|error| outflow::reply(answer::refuse_unread(None, "-", "-", error), most))
        })
    });
    found.await.unwrap_or_else(|error| {
        log::error!("the folder of --public: {error}");
        None
    })
}

/// The head as handlers see it. Values that are no text (RFC 9110: opaque bytes) are read as Latin-1, so that none is lost; what HTTP/2 says in other
/// words is said in HTTP/1's.
fn as_read(link: &Link, parts: &Parts, asked: &Asked) -> Head {
    let text = |value: &[u8]| value.iter().map(|byte| char::from(*byte)).collect::<String>();
    let others = parts.headers.iter().filter(|(name, _)| !matches!(**name, HOST | COOKIE));
    let mut headers: Vec<(String, String)> = others.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
    headers.push((HOST.as_str().to_owned(), asked.host.clone()));
    let cookies: Vec<String> = parts.headers.get_all(COOKIE).iter().map(|value| text(value.as_bytes())).collect();
    if !cookies.is_empty() {
        headers.push((COOKIE.as_str().to_owned(), cookies.join("; ")));
    }
    let (method, target) = (asked.method.clone(), asked.target.clone());
    Head { peer: link.peer, is_secure: asked.is_secure, method, target, headers, app: link.app.clone(), who: None }
}

fn text_of<'p>(parts: &'p Parts, name: &HeaderName) -> &'p str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
