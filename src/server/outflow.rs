//! Answers on their way out: short ones whole, long ones read piece by piece at the client's pace.

use crate::model::limits::Limits;
use hyper::StatusCode;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{HeaderName, HeaderValue};
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

pub type Reply = hyper::Response<Outflow>;

/// What one read takes.
const PIECE_BYTES: usize = 64 * 1024;
const STREAM_PIECE_BYTES: usize = 16 * 1024;

pub struct Outflow {
    source: Source,
    /// Told in the head, and kept: a source that ends early ends the connection, never a short answer.
    left: Option<u64>,
    /// Held as long as the answer is on its way: when the client last took a piece.
    taken: Option<Arc<Mutex<Instant>>>,
    piece_bytes: usize,
    /// Given back with the answer.
    _room: Option<OwnedSemaphorePermit>,
}

enum Source {
    Whole(Bytes),
    Idle(Box<dyn Read + Send>),
    Reading(JoinHandle<(io::Result<Bytes>, Box<dyn Read + Send>)>),
    Done,
}

impl Outflow {
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let left = u64::try_from(bytes.len()).ok();
        Self {
            source: if bytes.is_empty() { Source::Done } else { Source::Whole(bytes) },
            left,
            taken: None,
            piece_bytes: PIECE_BYTES,
            _room: None,
        }
    }

    pub fn streamed(reader: Box<dyn Read + Send>, size: Option<u64>) -> Self {
        Self {
            source: if size == Some(0) { Source::Done } else { Source::Idle(reader) },
            left: size,
            taken: None,
            piece_bytes: PIECE_BYTES,
            _room: None,
        }
    }

    /// For a stream of HTTP/2, which hyper asks for another piece only when the client took the last: tells when that was, for as long as there
    /// is one. Smaller pieces, so that a slow client is seen to take them.
    pub fn watched(&mut self) -> Weak<Mutex<Instant>> {
        self.piece_bytes = STREAM_PIECE_BYTES;
        Arc::downgrade(self.taken.insert(Arc::new(Mutex::new(Instant::now()))))
    }

    fn handed_on(&self, bytes: Bytes) -> Frame<Bytes> {
        if let Some(taken) = &self.taken {
            *taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
        Frame::data(bytes)
    }

    fn short(&self) -> io::Error {
        io::Error::new(io::ErrorKind::UnexpectedEof, format!("an answer ended {} bytes early", self.left.unwrap_or_default()))
    }
}

impl Body for Outflow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.source, Source::Done) {
                Source::Done => return Poll::Ready(None),
                Source::Whole(bytes) => {
                    this.left = Some(0);
                    return Poll::Ready(Some(Ok(this.handed_on(bytes))));
                }
                Source::Idle(reader) => {
                    let most = this.left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX).min(this.piece_bytes);
                    this.source = Source::Reading(tokio::task::spawn_blocking(move || piece(reader, most)));
                }
                Source::Reading(mut reading) => {
                    let Poll::Ready(read) = Pin::new(&mut reading).poll(cx) else {
                        this.source = Source::Reading(reading);
                        return Poll::Pending;
                    };
                    return Poll::Ready(this.took(read.map_err(io::Error::other)).transpose());
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Done)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

impl Outflow {
    /// A piece was read: hands it on, and says what comes next.
    fn took(&mut self, read: io::Result<(io::Result<Bytes>, Box<dyn Read + Send>)>) -> io::Result<Option<Frame<Bytes>>> {
        let (bytes, reader) = read?;
        let bytes = bytes?;
        if bytes.is_empty() {
            return if self.left.is_some_and(|left| left > 0) { Err(self.short()) } else { Ok(None) };
        }
        self.left = self.left.map(|left| left.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
        if self.left != Some(0) {
            self.source = Source::Idle(reader);
        }
        Ok(Some(self.handed_on(bytes)))
    }
}

fn piece(mut reader: Box<dyn Read + Send>, most: usize) -> (io::Result<Bytes>, Box<dyn Read + Send>) {
    let mut bytes = vec![0; most];
    let read = loop {
        match reader.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    let bytes = read.map(|count| {
        bytes.truncate(count);
        Bytes::from(bytes)
    });
    (bytes, reader)
}

/// What all answers on their way may take together: a client that asks for much and takes nothing must not fill the server.
pub struct Budget {
    /// In KiB.
    memory: Arc<Semaphore>,
    files: Arc<Semaphore>,
    memory_bytes_max: usize,
}

impl Budget {
    /// `files_max`: what the system has to spare.
    pub fn new(limits: &Limits, files_max: usize) -> Self {
        Self {
            memory: Arc::new(Semaphore::new(limits.replies_memory_bytes_max / 1024)),
            files: Arc::new(Semaphore::new(limits.replies_files_max.min(files_max))),
            memory_bytes_max: limits.reply_memory_bytes_max,
        }
    }

    /// Room for an answer; short ones, refusals among them, always have it.
    fn room(&self, bytes: Option<u64>) -> Result<Option<OwnedSemaphorePermit>, Busy> {
        let kib = bytes.and_then(|bytes| u32::try_from(bytes / 1024).ok());
        let taken = match kib {
            Some(..FREE_KIB) => return Ok(None),
            Some(kib) if usize::try_from(kib).is_ok_and(|kib| kib * 1024 <= self.memory_bytes_max) => {
                self.memory.clone().try_acquire_many_owned(kib)
            }
            _ => self.files.clone().try_acquire_owned(),
        };
        taken.map(Some).map_err(|_| Busy)
    }
}

/// There is no room for an answer at this moment.
pub struct Busy;

/// Answers shorter than this are not counted.
const FREE_KIB: u32 = 32;

/// `reply` within a budget.
pub fn within(response: rouille::Response, budget: &Budget) -> Result<Reply, Busy> {
    let (reader, size) = response.data.into_reader_and_size();
    let bytes = size.and_then(|size| u64::try_from(size).ok());
    let room = budget.room(bytes)?;
    let data = match size {
        Some(size) => rouille::ResponseBody::from_reader_and_size(reader, size),
        None => rouille::ResponseBody::from_reader(reader),
    };
    let mut reply = reply(rouille::Response { data, ..response }, budget.memory_bytes_max);
    reply.body_mut()._room = room;
    Ok(reply)
}

/// A handler's response as a reply. Runs where it may block: up to `memory_bytes_max` are read here.
pub fn reply(response: rouille::Response, memory_bytes_max: usize) -> Reply {
    let (mut reader, size) = response.data.into_reader_and_size();
    let size = size.and_then(|size| u64::try_from(size).ok());
    let memory_max = u64::try_from(memory_bytes_max).unwrap_or(u64::MAX);
    let outflow = if size.is_some_and(|size| size > memory_max) {
        Ok(Outflow::streamed(reader, size))
    } else {
        let mut start = Vec::with_capacity(size.and_then(|size| usize::try_from(size).ok()).unwrap_or_default());
        match reader.by_ref().take(memory_max.saturating_add(1)).read_to_end(&mut start) {
            Ok(read) if size.is_some_and(|size| u64::try_from(read).is_ok_and(|read| read < size)) => {
                Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended early"))
            }
            Ok(_) if start.len() <= memory_bytes_max => Ok(Outflow::whole(start)),
            Ok(_) => Ok(Outflow::streamed(Box::new(io::Cursor::new(start).chain(reader)), size)),
            Err(error) => Err(error),
        }
    };
    let mut reply = match outflow {
        Ok(outflow) => hyper::Response::new(outflow),
        Err(error) => {
            log::error!("a response could not be read: {error}");
            return status(500, hyper::Response::new(Outflow::whole(Bytes::new())));
        }
    };
    for (name, value) in response.headers {
        put(&mut reply, &name, &value);
    }
    status(response.status_code, reply)
}

pub fn status(code: u16, mut reply: Reply) -> Reply {
    *reply.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    reply
}

/// Adds a header. One that is none is left out rather than sent broken.
pub fn put(reply: &mut Reply, name: &str, value: &str) {
    match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        (Ok(name), Ok(value)) => drop(reply.headers_mut().append(name, value)),
        _ => log::error!("a response held the bad header {name:?}"),
    }
}

/// A whole answer as HTTP/1.1 bytes, for a connection that hyper has left; it ends with them.
pub fn bytes(response: rouille::Response, with_body: bool) -> Vec<u8> {
    let (mut reader, _) = response.data.into_reader_and_size();
    let mut body = Vec::new();
    let _ = reader.read_to_end(&mut body);
    let code = StatusCode::from_u16(response.status_code).unwrap_or(StatusCode::BAD_REQUEST);
    let reason = code.canonical_reason().unwrap_or("Refused");
    let mut text = format!("HTTP/1.1 {} {reason}\r\nConnection: close\r\nContent-Length: {}\r\n", code.as_str(), body.len());
    text.push_str(&format!("Date: {}\r\n", httpdate::fmt_http_date(std::time::SystemTime::now())));
    for (name, value) in &response.headers {
        match (HeaderName::try_from(name.as_bytes()), HeaderValue::try_from(value.as_bytes())) {
            (Ok(_), Ok(_)) => text.push_str(&format!("{name}: {value}\r\n")),
            _ => log::error!("a response held the bad header {name:?}"),
        }
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    if with_body {
        bytes.extend_from_slice(&body);
    }
    bytes
}
