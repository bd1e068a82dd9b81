//! What stands between a socket and hyper. It hands on a request only when its whole head has come and is beyond doubt (`head`), follows the body to its
//! end (`chunks`), and holds every wait to a deadline: a head that does not end, an idle connection, a client that does not take its answer.
//!
//! Nothing is handed on beyond the end of a request before hyper asks for the next one, so a connection can be taken from hyper between two
//! requests: an idle one costs a socket and this struct.

use super::chunks::Chunks;
use super::gate::Pass;
use super::head::{self, Framing};
use crate::model::error::{Error, Problem, Refusal};
use crate::model::limits::Limits;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A first read takes in most requests whole.
const READ_BYTES: usize = 8 * 1024;
/// Empty lines before a request, which some clients send after a body (RFC 9112 2.2).
const EMPTY_LINES_MAX: usize = 2;

/// Why hyper is told that nothing more comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The client closed its side, or fell silent for too long.
    Gone,
    /// Nobody asked anything for a moment: hyper's buffers can be given back.
    Parked,
    /// The next head is not to be answered but with this. Boxed: every idle connection has room for it.
    Refused(Box<Error>),
}

/// What waiting for a head comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrived {
    Request,
    /// The client speaks HTTP/2 without having been asked (RFC 9113 3.3).
    Http2,
    Nothing(Ended),
}

/// How long a wait for a head may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Until the connection can be parked.
    Short,
    /// For a first byte as long as the gate lets it: it ends who is idle for too long.
    Long,
}

#[derive(Debug)]
enum Phase {
    Head,
    Length(u64),
    Chunked(Chunks),
    /// HTTP/2: bytes pass.
    Open,
}

pub struct Screen<S> {
    stream: S,
    limits: Arc<Limits>,
    /// Came in and is not handed on.
    held: Vec<u8>,
    /// Of `held`, what belongs to the request that hyper reads.
    released: usize,
    /// Of the head in `held`: where its present line begins, how far it was looked through, lines so far.
    line_start: usize,
    scanned: usize,
    lines: usize,
    phase: Phase,
    is_waiting: bool,
    waiting_since: Instant,
    ended: Option<Ended>,
    heads: Option<Arc<AtomicU64>>,
    written: Option<Arc<AtomicU64>>,
    is_first: bool,
    reading: Deadline,
    writing: Deadline,
    write_stalls_at: Option<Instant>,
    /// The place that this connection holds.
    pub pass: Pass,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Screen<S> {
    pub fn new(stream: S, limits: Arc<Limits>, pass: Pass) -> Self {
        Self {
            stream,
            limits,
            held: Vec::new(),
            released: 0,
            line_start: 0,
            scanned: 0,
            lines: 0,
            phase: Phase::Head,
            is_waiting: false,
            waiting_since: Instant::now(),
            ended: None,
            heads: None,
            written: None,
            is_first: true,
            reading: Deadline::default(),
            writing: Deadline::default(),
            write_stalls_at: None,
            pass,
        }
    }

    /// Counts from now on how many requests are handed on, the one that waits included: hyper must never see more.
    pub fn count_heads(&mut self) -> Arc<AtomicU64> {
        let waiting = u64::from(self.released > 0);
        self.heads.insert(Arc::new(AtomicU64::new(waiting))).clone()
    }

    /// Why hyper was told that nothing more comes; `None` when it ended the connection itself.
    pub fn take_ended(&mut self) -> Option<Ended> {
        self.ended.take()
    }

    /// Counts from now on how many bytes went out.
    pub fn count_written(&mut self) -> Arc<AtomicU64> {
        self.written.get_or_insert_default().clone()
    }

    fn wrote(&self, done: &Poll<io::Result<usize>>) {
        if let (Some(written), Poll::Ready(Ok(count))) = (&self.written, done) {
            written.fetch_add(u64::try_from(*count).unwrap_or_default(), Ordering::Relaxed);
        }
    }

    /// What came in and was not handed on.
    pub fn held(&self) -> &[u8] {
        &self.held
    }

    /// From here on bytes pass as they are: the preface, then HTTP/2.
    pub fn open(&mut self) {
        self.phase = Phase::Open;
        self.released = self.held.len();
    }

    /// Gives back what an idle connection does not need.
    pub fn rest(&mut self) {
        if self.held.is_empty() {
            self.held = Vec::new();
        }
        self.reading = Deadline::default();
        self.heads = None;
    }

    /// Waits for a whole head. `Request`: hyper finds it here.
    pub fn poll_head(&mut self, cx: &mut Context<'_>, patience: Patience) -> Poll<Arrived> {
        loop {
            match self.look() {
                Ok(Some(arrived)) => return Poll::Ready(arrived),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Arrived::Nothing(Ended::Refused(Box::new(error)))),
            }
            match self.fill(cx) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(_) => return Poll::Ready(Arrived::Nothing(Ended::Gone)),
                Poll::Pending => return self.wait(cx, patience).map(Arrived::Nothing),
            }
        }
    }

    /// Looks for the end of a head in what is held.
    fn look(&mut self) -> Result<Option<Arrived>, Error> {
        if self.is_first && self.held.starts_with(head::HTTP2_PREFACE_HEAD) {
            return match self.held.get(..head::HTTP2_PREFACE.len()) {
                Some(head::HTTP2_PREFACE) => Ok(Some(Arrived::Http2)),
                None if head::HTTP2_PREFACE.starts_with(&self.held) => Ok(None),
                _ => Err(Error::Malformed(Problem::new("malformed", "The preface of HTTP/2 does not end as RFC 9113 3.4 says"))),
            };
        }
        while let Some(end) = self.held.get(self.scanned..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n')) {
            let end = self.scanned + end;
            self.scanned = end + 1;
            let line = self.held.get(self.line_start..end).unwrap_or_default();
            if line.last() != Some(&b'\r') {
                return Err(Error::Malformed(Problem::new("malformed", "A line of the request ends without CR LF (RFC 9112 2.2)")));
            }
            let (is_empty, starts_at) = (line.len() == 1, self.line_start);
            self.line_start = self.scanned;
            if is_empty && starts_at == self.lines * 2 && self.lines < EMPTY_LINES_MAX {
                self.lines += 1;
                continue;
            }
            if is_empty {
                return self.accept().map(Some);
            }
            self.lines += 1;
            if self.lines > self.limits.headers_max + 1 + EMPTY_LINES_MAX {
                return Err(head::too_many(&self.limits));
            }
        }
        self.scanned = self.held.len();
        let is_line_too_long = self.lines == 0 && self.held.len() > head::first_line_bytes_max(&self.limits);
        if is_line_too_long || self.held.len() > self.limits.head_bytes_max {
            return Err(head::too_large(&self.held, &self.limits));
        }
        Ok(None)
    }

    /// A head is whole: checks it and lets it go.
    fn accept(&mut self) -> Result<Arrived, Error> {
        let size = self.scanned;
        if size > self.limits.head_bytes_max {
            return Err(head::too_large(&self.held, &self.limits));
        }
        let whole = self.held.get(..size).unwrap_or_default();
        let mut head = whole;
        while let Some(rest) = head.strip_prefix(b"\r\n") {
            head = rest;
        }
        let framing = head::check(head, &self.limits)?;
        if let Some(head) = self.held.get_mut(..size) {
            head::decline_upgrade(head);
        }
        self.phase = match framing {
            Framing::Length(0) => Phase::Head,
            Framing::Length(length) => Phase::Length(length),
            Framing::Chunked => Phase::Chunked(Chunks::default()),
        };
        self.released = size;
        (self.line_start, self.scanned, self.lines, self.is_first) = (0, 0, 0, false);
        if let Some(heads) = &self.heads {
            heads.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Arrived::Request)
    }

    /// Takes in what the socket has; false at its end.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut space = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        // The clock of a head begins with its first byte.
        self.is_waiting &= !self.held.is_empty();
        self.held.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(!buffer.filled().is_empty()))
    }

    /// Nothing came: how long that may go on.
    fn wait(&mut self, cx: &mut Context<'_>, patience: Patience) -> Poll<Ended> {
        let (most_ms, ended) = match (self.held.is_empty(), patience) {
            (true, Patience::Short) => (self.limits.parked_after_ms, Ended::Parked),
            (true, Patience::Long) => return Poll::Pending,
            (false, _) => {
                let slow = Error::Refused(Refusal::TooSlow, "The head of the request took too long to arrive".to_owned());
                (self.limits.head_timeout_ms, Ended::Refused(Box::new(slow)))
            }
        };
        if !self.is_waiting {
            (self.is_waiting, self.waiting_since) = (true, Instant::now());
        }
        let until = self.waiting_since + Duration::from_millis(most_ms);
        ready!(self.reading.poll(cx, until));
        Poll::Ready(ended)
    }

    /// Hands on what is released.
    fn hand_on(&mut self, out: &mut ReadBuf<'_>) {
        let count = self.released.min(out.remaining());
        out.put_slice(self.held.get(..count).unwrap_or_default());
        self.held.drain(..count);
        self.released -= count;
        self.is_waiting = false;
    }

    /// Releases what is held of the body.
    fn release_body(&mut self) -> io::Result<()> {
        match &mut self.phase {
            Phase::Length(left) => {
                self.released = usize::try_from(*left).unwrap_or(usize::MAX).min(self.held.len());
                *left -= u64::try_from(self.released).unwrap_or(*left);
                if *left == 0 {
                    self.phase = Phase::Head;
                }
            }
            Phase::Chunked(chunks) => {
                // The refusal is the body's: whoever reads it hears of it.
                self.released = chunks.follow(&self.held).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.message()))?;
                if chunks.is_done() {
                    self.phase = Phase::Head;
                }
            }
            Phase::Head | Phase::Open => self.released = self.held.len(),
        }
        Ok(())
    }

    /// A write that waits for the client has so long to go on.
    fn not_stalled<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(written) = &done {
            self.write_stalls_at = None;
            if written.is_err() {
                self.ended = Some(Ended::Gone);
            }
            return done;
        }
        let most = Duration::from_millis(self.limits.write_stall_timeout_ms);
        let until = *self.write_stalls_at.get_or_insert_with(|| Instant::now() + most);
        ready!(self.writing.poll(cx, until));
        // Nobody is there to be waited for.
        self.ended = Some(Ended::Gone);
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer")))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Screen<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.released > 0 {
                this.hand_on(out);
                return Poll::Ready(Ok(()));
            }
            if this.ended.is_some() {
                return Poll::Ready(Ok(()));
            }
            match &mut this.phase {
                Phase::Head => match ready!(this.poll_head(cx, Patience::Short)) {
                    Arrived::Request => {}
                    // A preface in the midst of HTTP/1 is no request.
                    Arrived::Http2 => this.ended = Some(Ended::Gone),
                    Arrived::Nothing(ended) => this.ended = Some(ended),
                },
                // Long bodies and HTTP/2 go straight to the reader.
                Phase::Length(_) | Phase::Open if this.held.is_empty() => return this.poll_through(cx, out),
                Phase::Length(_) | Phase::Chunked(_) | Phase::Open => {
                    if this.held.is_empty() && !ready!(this.fill(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                    this.release_body()?;
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Screen<S> {
    fn poll_through(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Phase::Length(left) = &mut self.phase else { return Pin::new(&mut self.stream).poll_read(cx, out) };
        let most = usize::try_from(*left).unwrap_or(usize::MAX).min(out.remaining());
        let mut part = ReadBuf::new(out.initialize_unfilled_to(most));
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let count = part.filled().len();
        out.advance(count);
        *left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        if *left == 0 {
            self.phase = Phase::Head;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Screen<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(&done);
        this.not_stalled(cx, done)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.wrote(&done);
        this.not_stalled(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_flush(cx);
        this.not_stalled(cx, done)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The end of an HTTP/1 connection is not hyper's: there may be another request, or a refusal still to be sent.
        let done = match this.phase {
            Phase::Open => Pin::new(&mut this.stream).poll_shutdown(cx),
            _ => Pin::new(&mut this.stream).poll_flush(cx),
        };
        this.not_stalled(cx, done)
    }
}

/// A timer that is set anew only when it has run out: most deadlines move on long before they are reached.
#[derive(Default)]
struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    fn poll(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        loop {
            if sleep.deadline() > until {
                sleep.as_mut().reset(until);
            }
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }
}
