//! Sockets: hyper on one thread reads and writes HTTP, the pools do the work in between. Nothing here blocks but by a deadline.

use super::answer::{self, Head};
use super::assets;
use super::pools::Pools;
use super::router::{self, Place, Routed};
use crate::model::error::{Error, Problem};
use crate::model::limits::Limits;
use crate::ops::ctx::Ctx;
use crate::wire::body::Body;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore, oneshot};

type Reply = hyper::Response<Full<Bytes>>;

/// What every connection needs.
struct Door {
    ctx: Arc<Ctx>,
    pools: Pools,
    connections: Arc<Semaphore>,
}

/// Serves until the process is asked to stop (SIGTERM, SIGHUP, Ctrl-C); then finishes running requests and returns.
/// `ready` is called once when requests are answered.
pub fn run(ctx: Arc<Ctx>, listeners: Vec<TcpListener>, read_threads: usize, ready: impl FnOnce()) -> io::Result<()> {
    let stop = Arc::new(Notify::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let limits = ctx.limits.clone();
    let pools = Pools::start(&limits, read_threads)?;
    let jobs = ctx.clone();
    let door = Arc::new(Door { ctx, pools, connections: Arc::new(Semaphore::new(limits.connections_max)) });
    runtime.block_on(async {
        let graceful = Arc::new(GracefulShutdown::new());
        let mut accepting = Vec::new();
        for listener in listeners {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            accepting.push(tokio::spawn(accept(listener, door.clone(), graceful.clone())));
        }
        watch_signals(stop.clone())?;
        ready();
        stop.notified().await;
        // Jobs go on to their end, and whoever waits for one can still hear of it; new ones are refused.
        let finishing = tokio::task::spawn_blocking(move || jobs.jobs.finish());
        if matches!(finishing.await, Ok(true)) {
            tokio::time::sleep(Duration::from_millis(limits.job_linger_ms)).await;
        }
        for accepting in accepting {
            accepting.abort();
            let _ = accepting.await;
        }
        if let Ok(graceful) = Arc::try_unwrap(graceful) {
            let _ = tokio::time::timeout(Duration::from_millis(limits.stop_timeout_ms), graceful.shutdown()).await;
        }
        Ok::<(), io::Error>(())
    })?;
    drop(runtime);
    if let Ok(door) = Arc::try_unwrap(door) {
        door.pools.stop();
    }
    Ok(())
}

/// Every signal that asks a program to end notifies `stop`.
fn watch_signals(stop: Arc<Notify>) -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
            let mut signal = signal(kind)?;
            let stop = stop.clone();
            tokio::spawn(async move {
                signal.recv().await;
                stop.notify_one();
                // Who asks twice does not want to wait; what was answered is on the disk.
                signal.recv().await;
                std::process::exit(1);
            });
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        stop.notify_one();
    });
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, door: Arc<Door>, graceful: Arc<GracefulShutdown>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connect(stream, peer, door.clone(), &graceful),
            Err(error) => {
                // Out of descriptors: those in use will be given back.
                log::warn!("accept: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

fn connect(stream: TcpStream, peer: SocketAddr, door: Arc<Door>, graceful: &GracefulShutdown) {
    let Ok(place) = door.connections.clone().try_acquire_owned() else { return };
    // A reply in two packets must not wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let limits = &door.ctx.limits;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.head_timeout_ms))
        .max_buf_size(limits.head_bytes_max.max(8 * 1024))
        .max_headers(limits.headers_max)
        .serve_connection(TokioIo::new(stream), {
            let door = door.clone();
            service_fn(move |request| serve(door.clone(), peer, request))
        });
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            log::debug!("connection of {peer}: {error}");
        }
        drop(place);
    });
}

async fn serve(door: Arc<Door>, peer: SocketAddr, request: hyper::Request<Incoming>) -> Result<Reply, Infallible> {
    let (parts, mut incoming) = request.into_parts();
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let method = parts.method.as_str().to_owned();
    let limits = &door.ctx.limits;
    if target.len() > limits.target_bytes_max {
        let short: String = target.chars().take(100).collect();
        let error = Error::AddressTooLong(format!("The address is longer than {} bytes", limits.target_bytes_max));
        return Ok(unread(incoming, &parts, limits, answer::refuse(&method, &short, error)).await);
    }
    let header = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if matches!(parts.method, Method::GET | Method::HEAD)
        && let Some(asset) = assets::find(parts.uri.path(), header(hyper::header::ACCEPT))
    {
        return Ok(from_asset(asset));
    }
    let routed = match router::find(&method, &target) {
        Ok(Place::Route(routed)) => routed,
        Ok(Place::Options(allow)) => return Ok(unread(incoming, &parts, limits, answer::options(&allow)).await),
        Err(error) => return Ok(unread(incoming, &parts, limits, answer::refuse(&method, &target, error)).await),
    };
    if announced(&incoming) > limits.body_bytes_max {
        let error = too_large(limits);
        return Ok(unread(incoming, &parts, limits, answer::refuse(&method, &target, error)).await);
    }
    let body = match read_body(&mut incoming, limits).await {
        Ok(body) => body,
        Err(error) => return Ok(unread(incoming, &parts, limits, answer::refuse(&method, &target, error)).await),
    };
    // Header values that are no text (RFC 9110: opaque bytes) are read as Latin-1, so that none is lost.
    let text = |value: &HeaderValue| value.as_bytes().iter().map(|byte| char::from(*byte)).collect::<String>();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let head = Head { peer, method, target, headers };
    Ok(dispatch(&door, head, routed, body).await)
}

/// Hands the request to its pool and waits for the answer.
async fn dispatch(door: &Arc<Door>, head: Head, routed: Routed, body: Body) -> Reply {
    let (answered, answer) = oneshot::channel();
    let pool = routed.route.pool;
    let (method, target) = (head.method.clone(), head.target.clone());
    let ctx = door.ctx.clone();
    let task = Box::new(move || {
        // A client that has gone no longer waits for its answer.
        let _ = answered.send(convert(answer::answer(&ctx, head, routed, body)));
    });
    let refused = |message: &str| Error::Busy { message: message.to_owned(), retry_after_s: 1 };
    if !door.pools.submit(pool, task) {
        return convert(answer::refuse(&method, &target, refused("Too many requests are waiting; try again")));
    }
    match answer.await {
        Ok(reply) => reply,
        Err(_) => convert(answer::refuse(&method, &target, Error::internal("a task ended without an answer"))),
    }
}

/// A reply to a request whose body nobody wants. Clients that are still sending must get it, so the rest is read and dropped, within
/// bounds; beyond them, or when the client waits for `100 Continue`, the connection ends with the reply.
async fn unread(mut incoming: Incoming, parts: &Parts, limits: &Limits, response: rouille::Response) -> Reply {
    let mut reply = convert(response);
    let drained = match parts.headers.contains_key(hyper::header::EXPECT) {
        true => Ok(false),
        false => tokio::time::timeout(Duration::from_millis(limits.drain_timeout_ms), drain(&mut incoming, limits.drain_bytes_max)).await,
    };
    if !matches!(drained, Ok(true)) {
        put(&mut reply, "Connection", "close");
    }
    reply
}

/// Reads a body away; false when it is longer than `most` or broken.
async fn drain(incoming: &mut Incoming, most: usize) -> bool {
    let mut bytes = 0;
    while let Some(frame) = incoming.frame().await {
        let Ok(frame) = frame else { return false };
        bytes += frame.data_ref().map_or(0, Bytes::len);
        if bytes > most {
            return false;
        }
    }
    true
}

/// The length that a head announces; 0 when it does not.
fn announced(incoming: &Incoming) -> usize {
    usize::try_from(hyper::body::Body::size_hint(incoming).lower()).unwrap_or(usize::MAX)
}

fn too_large(limits: &Limits) -> Error {
    Error::TooLarge(format!("The body is longer than {} bytes", limits.body_bytes_max))
}

/// Reads a body to its end, within its limit and its time.
async fn read_body(incoming: &mut Incoming, limits: &Limits) -> Result<Body, Error> {
    let reading = Limited::new(incoming, limits.body_bytes_max).collect();
    match tokio::time::timeout(Duration::from_millis(limits.body_timeout_ms), reading).await {
        Ok(Ok(body)) => {
            let bytes = body.to_bytes();
            Ok(if bytes.is_empty() { Body::Empty } else { Body::Memory(Vec::from(bytes)) })
        }
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large(limits)),
        Ok(Err(_)) => Err(Error::Malformed(Problem::new("malformed", "The body ended before its end"))),
        Err(_) => Err(Error::Timeout("The body took too long to arrive; nothing was changed".to_owned())),
    }
}

/// A handler's response as bytes for the wire.
fn convert(response: rouille::Response) -> Reply {
    let (mut reader, size) = response.data.into_reader_and_size();
    let mut body = Vec::with_capacity(size.unwrap_or_default());
    if let Err(error) = reader.read_to_end(&mut body) {
        log::error!("a response could not be read: {error}");
        return hyper::Response::builder().status(StatusCode::INTERNAL_SERVER_ERROR).body(Full::default()).unwrap_or_default();
    }
    let mut reply = hyper::Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = StatusCode::from_u16(response.status_code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in response.headers {
        put(&mut reply, &name, &value);
    }
    reply
}

fn from_asset(asset: assets::Asset) -> Reply {
    let mut reply = hyper::Response::new(Full::new(Bytes::from(asset.body)));
    *reply.status_mut() = StatusCode::from_u16(asset.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in asset.headers {
        put(&mut reply, name, &value);
    }
    reply
}

/// A header that is not one is left out rather than sent broken.
fn put(reply: &mut Reply, name: &str, value: &str) {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => drop(reply.headers_mut().append(name, value)),
        _ => log::error!("a response held the bad header {name:?}"),
    }
}
