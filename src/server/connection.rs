//! One connection from its first byte to its last: TLS or not, HTTP/1 or HTTP/2, parked while nothing is asked, ended so that the client gets
//! its last answer.

use super::answer;
use super::front::{self, Door, Link};
use super::gate::Pass;
use super::head;
use super::outflow::{self, Reply};
use super::screen::{Arrived, Ended, Patience, Screen};
use super::tls::{self, Stream};
use crate::model::error::Error;
use crate::model::limits::Limits;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

/// Boxed: it moves between hyper and here all the time, and every idle connection holds one.
type Wire = Box<Screen<Stream>>;

/// Bytes that hyper buffers of a connection: more than any head that passes the screen.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How often an HTTP/2 connection is looked at for idling and stalling.
const HTTP2_LOOK: Duration = Duration::from_millis(250);
/// So many times the longest head is read of a HTTP/2 request before its connection is told in HTTP/2's own way.
const HTTP2_HEAD_ROOM: usize = 4;
const HTTP2_PING: Duration = Duration::from_secs(20);
const TURNED_AWAY_WITHIN: Duration = Duration::from_millis(500);

/// Serves a connection until it ends. `_open` is how the stopping server sees that it has not ended yet.
pub async fn hold(door: Arc<Door>, stream: TcpStream, link: Arc<Link>, pass: Pass, _open: watch::Receiver<()>) {
    // A reply in two packets must not wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let limits = door.limits.clone();
    let opened = match &door.tls {
        None => tls::Opened::Plain(Stream::Plain(stream)),
        Some(tls) => {
            let place = pass.place();
            let mut opening = Box::pin(tls.open(stream, link.peer, Duration::from_millis(limits.head_timeout_ms)));
            let mut given_up = pin!(place.ended());
            poll_fn(|cx| match given_up.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(tls::Opened::Gone),
                Poll::Pending => opening.as_mut().poll(cx),
            })
            .await
        }
    };
    match opened {
        tls::Opened::Plain(stream) => converse(door, link, Box::new(Screen::new(stream, limits, pass))).await,
        tls::Opened::Secure { stream, speaks_http2 } => {
            let link = Arc::new(Link { is_tls: true, ..Link::clone(&link) });
            let mut screen = Box::new(Screen::new(stream, limits, pass));
            if speaks_http2 {
                screen.open();
                Box::pin(many_at_once(door, link, screen)).await;
            } else {
                converse(door, link, screen).await;
            }
        }
        tls::Opened::Refused(stream, error) => {
            Box::pin(end(Box::new(Screen::new(stream, limits, pass)), Some(Ended::Refused(Box::new(error))), &link, &door)).await;
        }
        tls::Opened::Gone => {}
    }
}

/// HTTP/1: one request after the other.
async fn converse(door: Arc<Door>, link: Arc<Link>, mut screen: Wire) {
    let place = screen.pass.place();
    loop {
        screen.pass.idle();
        screen.rest();
        let arrived = {
            let mut given_up = pin!(place.ended());
            // Whose place is given away has none to answer in.
            poll_fn(|cx| match given_up.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Arrived::Nothing(Ended::Gone)),
                Poll::Pending => screen.poll_head(cx, Patience::Long),
            })
            .await
        };
        let ended = match arrived {
            Arrived::Request => {
                screen.pass.busy();
                let (back, ended) = Box::pin(burst(&door, &link, screen)).await;
                screen = back;
                ended
            }
            Arrived::Http2 => {
                screen.open();
                return Box::pin(many_at_once(door, link, screen)).await;
            }
            Arrived::Nothing(ended) => Some(ended),
        };
        if ended != Some(Ended::Parked) {
            return Box::pin(end(screen, ended, &link, &door)).await;
        }
    }
}

/// Lets hyper answer requests for as long as they follow each other.
async fn burst(door: &Arc<Door>, link: &Arc<Link>, mut screen: Wire) -> (Wire, Option<Ended>) {
    let (heads, place) = (screen.count_heads(), screen.pass.place());
    let seen = AtomicU64::new(0);
    let service = service_fn(|request| {
        // hyper must find as many requests as the screen let pass: one more would be a body that is read as a request.
        let is_expected = seen.fetch_add(1, Ordering::Relaxed) < heads.load(Ordering::Relaxed);
        let (door, link) = (door.clone(), link.clone());
        Box::pin(async move {
            Ok::<_, Infallible>(if is_expected { front::serve(door, link, request).await } else { front::unexpected(&door) })
        })
    });
    let mut connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES_MAX)
        .max_headers(door.limits.headers_max)
        .serve_connection(TokioIo::new(screen), service);
    let mut is_stopping = false;
    {
        let mut stopped = pin!(place.ended());
        let done = poll_fn(|cx| {
            if let Poll::Ready(done) = Pin::new(&mut connection).poll(cx) {
                return Poll::Ready(done);
            }
            if !is_stopping && stopped.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
                return Pin::new(&mut connection).poll(cx);
            }
            Poll::Pending
        });
        if let Err(error) = done.await {
            log::debug!("connection of {}: {error}", link.peer);
        }
    }
    let mut screen = connection.into_parts().io.into_inner();
    let ended = screen.take_ended();
    // That it is to end was heard here: nobody says it twice.
    (screen, if is_stopping && ended == Some(Ended::Parked) { Some(Ended::Gone) } else { ended })
}

/// HTTP/2: many requests at a time on one connection.
async fn many_at_once(door: Arc<Door>, link: Arc<Link>, mut screen: Wire) {
    screen.pass.busy();
    let written = screen.count_written();
    let (limits, place) = (door.limits.clone(), screen.pass.place());
    let watch = Http2Watch::default();
    let inside = watch.clone();
    let service = service_fn(move |request| {
        let (door, link, watch) = (door.clone(), link.clone(), inside.clone());
        async move {
            watch.served.fetch_add(1, Ordering::Relaxed);
            let mut reply = front::serve(door, link, request).await;
            watch.watch(&mut reply);
            Ok::<_, Infallible>(reply)
        }
    });
    let connection = http2_builder(&limits).serve_connection(TokioIo::new(screen), service);
    let (mut connection, mut ended) = (pin!(connection), pin!(place.ended()));
    let mut look = tokio::time::interval(HTTP2_LOOK);
    let (mut ending_since, mut served): (Option<Instant>, u64) = (None, 0);
    let mut flowed = (0, Instant::now());
    poll_fn(|cx| {
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            while look.poll_tick(cx).is_ready() {
                let waiting = watch.look();
                // Requests that came and went between two looks count, too.
                let now = watch.served.load(Ordering::Relaxed);
                if now != served {
                    (served, _) = (now, place.mark(false));
                }
                place.mark(waiting.is_none());
                let is_stalled = waiting.is_some_and(|waiting| waiting >= Duration::from_millis(limits.write_stall_timeout_ms));
                // What hyper holds of an answer cannot be seen, but that it goes out.
                let bytes = written.load(Ordering::Relaxed);
                if bytes != flowed.0 {
                    flowed = (bytes, Instant::now());
                }
                // hyper ends the connection when the client has all its answers and says so; nobody waits long for who says nothing.
                let is_silent = waiting.is_none() && flowed.1.elapsed() >= Duration::from_millis(limits.farewell_timeout_ms);
                let is_over = |since: Instant| is_silent || since.elapsed() >= Duration::from_millis(limits.stop_timeout_ms);
                if is_stalled || ending_since.is_some_and(is_over) {
                    return Poll::Ready(());
                }
            }
            if ending_since.is_some() || ended.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            ending_since = Some(Instant::now());
            connection.as_mut().graceful_shutdown();
        }
    })
    .await;
}

fn http2_builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams_max)
        // Beyond what `front` refuses in words, so that the refusal has them.
        .max_header_list_size(u32::try_from(limits.head_bytes_max.saturating_mul(HTTP2_HEAD_ROOM)).unwrap_or(u32::MAX))
        .initial_stream_window_size(256 * 1024)
        .initial_connection_window_size(1024 * 1024)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(HTTP2_PING)
        .keep_alive_timeout(HTTP2_PING);
    builder
}

/// What an HTTP/2 connection is doing, seen from outside: hyper has no deadlines of its own for it.
#[derive(Clone, Default)]
struct Http2Watch {
    /// Held by every request until its reply is made.
    open: Arc<()>,
    /// So many requests so far.
    served: Arc<AtomicU64>,
    /// Of every reply that is on its way, when the client last took a piece of it.
    replies: Arc<Mutex<Vec<Weak<Mutex<Instant>>>>>,
}

impl Http2Watch {
    fn watch(&self, reply: &mut Reply) {
        self.replies().push(reply.body_mut().watched());
    }

    fn replies(&self) -> MutexGuard<'_, Vec<Weak<Mutex<Instant>>>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the client has been letting a reply wait, the longest of them; `None` when there is no request and no reply.
    fn look(&self) -> Option<Duration> {
        let mut replies = self.replies();
        replies.retain(|reply| reply.strong_count() > 0);
        let since =
            |reply: &Weak<Mutex<Instant>>| reply.upgrade().map(|taken| taken.lock().unwrap_or_else(PoisonError::into_inner).elapsed());
        let longest = replies.iter().filter_map(since).max();
        // Besides this one, the service holds one.
        if Arc::strong_count(&self.open) > 2 { Some(longest.unwrap_or_default()) } else { longest }
    }
}

/// The last answer, then the end. What a client is still sending is read for a while: a connection that is closed with bytes unread takes the
/// answer with it.
async fn end(mut screen: Wire, ended: Option<Ended>, link: &Link, door: &Door) {
    let limits = &door.limits;
    if let Some(Ended::Refused(error)) = &ended {
        let refusal = refusal(&screen, link, door, Error::clone(error));
        if screen.write_all(&refusal).await.is_err() || screen.flush().await.is_err() {
            return;
        }
    }
    screen.open();
    if screen.shutdown().await.is_err() || ended == Some(Ended::Gone) {
        return;
    }
    screen.pass.idle();
    let place = screen.pass.place();
    let mut space = vec![0; 16 * 1024];
    let mut bytes = 0;
    // Nobody waits when the server stops.
    let is_stopping = *door.commits.borrow();
    let silence = Duration::from_millis(if is_stopping { limits.farewell_timeout_ms } else { limits.linger_timeout_ms });
    let lingering = async {
        while let Ok(Ok(count @ 1..)) = timeout(silence, screen.read(&mut space)).await {
            bytes += count;
            if bytes > limits.linger_bytes_max {
                return;
            }
        }
    };
    let (mut lingering, mut evicted) = (pin!(lingering), pin!(place.ended()));
    let either = poll_fn(|cx| match (lingering.as_mut().poll(cx), evicted.as_mut().poll(cx)) {
        (Poll::Pending, Poll::Pending) => Poll::Pending,
        _ => Poll::Ready(()),
    });
    let most = if is_stopping { silence } else { Duration::from_millis(limits.idle_timeout_ms) };
    let _ = timeout(most, either).await;
}

/// A refusal as bytes. What can be read of the head goes to the log.
fn refusal(screen: &Wire, link: &Link, door: &Door, error: Error) -> Vec<u8> {
    let (method, target) = head::glimpse(screen.held());
    let peer = Some((&*door.ctx, link.peer.ip()));
    outflow::bytes(answer::refuse_unread(peer, &method, &target, error), method != "HEAD")
}

/// A connection that there is no place for is told so. Only a few at a time: beyond them, being closed has to say it.
pub async fn turn_away(mut stream: TcpStream, _place: OwnedSemaphorePermit) {
    let error = Error::Busy { message: "All connections are taken; try again".to_owned(), retry_after_s: 1 };
    let told = async {
        stream.write_all(&outflow::bytes(answer::refuse_unread(None, "-", "-", error), true)).await?;
        stream.shutdown().await?;
        let mut space = [0; 1024];
        while stream.read(&mut space).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    let _ = timeout(TURNED_AWAY_WITHIN, told).await;
}
