//! Bodies on their way in: within their limit, at a rate that no sleeper keeps up, short ones in memory and long ones in a file that has no name
//! and so is gone with its last reader, whatever happens to this process.

use crate::model::error::{Error, Problem, Refusal};
use crate::model::limits::Limits;
use crate::wire::body::{Body, Spool};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

const KIB: usize = 1024;
/// What is gathered before it goes to the file.
const PIECE_BYTES: usize = 64 * KIB;

/// The room that all bodies share.
pub struct Intake {
    folder: PathBuf,
    limits: Arc<Limits>,
    /// In KiB.
    memory: Arc<Semaphore>,
    disk: Arc<Semaphore>,
    files: Arc<Semaphore>,
}

/// A body and the room it takes up until its handler is done.
pub struct Taken {
    pub body: Body,
    /// Given back when it is dropped.
    pub room: Vec<OwnedSemaphorePermit>,
}

impl Intake {
    /// Long bodies are kept in `folder`, in so many files at one time.
    pub fn new(limits: Arc<Limits>, folder: PathBuf, files_max: usize) -> Self {
        let memory = Arc::new(Semaphore::new(limits.bodies_memory_bytes_max / KIB));
        let disk = Arc::new(Semaphore::new(limits.bodies_spool_bytes_max / KIB));
        Self { folder, limits, memory, disk, files: Arc::new(Semaphore::new(files_max)) }
    }

    /// Reads a body of at most so many bytes to its end; a long one may take its time.
    ///
    /// # Errors
    /// `TooLarge`, `Malformed` when it ends early or is badly formed, `Refused` when it is too slow, `Busy` when there is no room.
    pub async fn take(&self, incoming: &mut Incoming, most: usize, may_be_long: bool) -> Result<Taken, Error> {
        let timeout_ms = if may_be_long { self.limits.rows_body_timeout_ms } else { self.limits.body_timeout_ms };
        let mut pace = Pace { started: Instant::now(), timeout: Duration::from_millis(timeout_ms), bytes: 0, limits: &self.limits };
        let announced = hyper::body::Body::size_hint(incoming).upper().and_then(|bytes| usize::try_from(bytes).ok());
        let bytes_max = announced.unwrap_or(usize::MAX).min(most);
        let mut taking = Taking { intake: self, room: Vec::new(), memory_kib: 0, held: Vec::new(), file: None, bytes: 0, bytes_max };
        while let Some(data) = pace.next(incoming).await? {
            pace.bytes += data.len();
            if pace.bytes > most {
                return Err(too_large(most));
            }
            taking.add(data).await?;
        }
        taking.finish().await
    }
}

/// A body of more than so many bytes.
pub fn too_large(most: usize) -> Error {
    Error::TooLarge(format!("The body is longer than {most} bytes"))
}

/// How fast a body must come.
struct Pace<'l> {
    started: Instant,
    timeout: Duration,
    bytes: usize,
    limits: &'l Limits,
}

impl Pace<'_> {
    async fn next(&self, incoming: &mut Incoming) -> Result<Option<Bytes>, Error> {
        loop {
            let grace = Duration::from_millis(self.limits.body_grace_ms);
            let seconds = self.bytes / self.limits.body_bytes_per_second_min.max(1);
            let earned = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
            let until = self.started + self.timeout.min(grace.saturating_add(earned));
            let frame = match tokio::time::timeout_at(until, incoming.frame()).await {
                Ok(Some(frame)) => frame.map_err(|error| unreadable(&error))?,
                Ok(None) => return Ok(None),
                Err(_) => return Err(Error::Refused(Refusal::TooSlow, "The body took too long to arrive; nothing was changed".to_owned())),
            };
            // Trailers are nobody's business here.
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }
}

/// A body in the making.
struct Taking<'i> {
    intake: &'i Intake,
    room: Vec<OwnedSemaphorePermit>,
    memory_kib: usize,
    held: Vec<u8>,
    file: Option<File>,
    bytes: usize,
    /// It will not become longer.
    bytes_max: usize,
}

impl Taking<'_> {
    async fn add(&mut self, data: Bytes) -> Result<(), Error> {
        self.bytes += data.len();
        if self.held.is_empty() {
            self.held = Vec::from(data);
        } else {
            self.held.extend_from_slice(&data);
        }
        let fits = self.file.is_none() && self.bytes <= self.intake.limits.body_bytes_max && self.has_memory();
        if !fits && (self.file.is_none() || self.held.len() >= PIECE_BYTES) { self.spill().await } else { Ok(()) }
    }

    /// Whether memory may hold what has come so far.
    fn has_memory(&mut self) -> bool {
        let missing = self.bytes.div_ceil(KIB).saturating_sub(self.memory_kib);
        let permit = u32::try_from(missing).ok().and_then(|missing| self.intake.memory.clone().try_acquire_many_owned(missing).ok());
        permit
            .map(|permit| {
                self.memory_kib += missing;
                self.room.push(permit);
            })
            .is_some()
    }

    /// Moves what is held to the file, on a thread that may wait for the disk.
    async fn spill(&mut self) -> Result<(), Error> {
        let file = match self.file.take() {
            Some(file) => Some(file),
            None => {
                self.reserve()?;
                None
            }
        };
        let (piece, folder) = (std::mem::take(&mut self.held), self.intake.folder.clone());
        let written = tokio::task::spawn_blocking(move || {
            let mut file = file.map_or_else(|| tempfile::tempfile_in(folder), Ok)?;
            file.write_all(&piece)?;
            Ok::<_, io::Error>(file)
        });
        self.file = Some(written.await.map_err(Error::internal)?.map_err(no_room)?);
        Ok(())
    }

    /// Room on the disk for the longest that this body may become; what it took of memory is given back.
    fn reserve(&mut self) -> Result<(), Error> {
        let kib = u32::try_from(self.bytes_max.div_ceil(KIB)).unwrap_or(u32::MAX);
        let permit = self.intake.disk.clone().try_acquire_many_owned(kib);
        let full = |_| Error::Busy { message: "Too many uploads at this moment; try again".to_owned(), retry_after_s: 5 };
        self.room = vec![permit.map_err(full)?, self.intake.files.clone().try_acquire_owned().map_err(full)?];
        Ok(())
    }

    async fn finish(mut self) -> Result<Taken, Error> {
        if self.file.is_some() && !self.held.is_empty() {
            self.spill().await?;
        }
        let body = match self.file {
            Some(mut file) => {
                file.rewind().map_err(no_room)?;
                Body::Spool(Spool::new(file, self.bytes))
            }
            None if self.held.is_empty() => Body::Empty,
            None => Body::Memory(self.held),
        };
        Ok(Taken { body, room: self.room })
    }
}

fn no_room(error: io::Error) -> Error {
    log::error!("a body could not be kept: {error}");
    Error::Busy { message: "There is no room for the body at this moment; nothing was changed".to_owned(), retry_after_s: 5 }
}

/// The screen's own words when it found the body badly formed.
fn unreadable(error: &hyper::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>().filter(|error| error.kind() == io::ErrorKind::InvalidData) {
            return Error::Malformed(Problem::new("malformed", error.to_string()));
        }
        cause = error.source();
    }
    Error::Malformed(Problem::new("malformed", "The body ended before its end; nothing was changed"))
}
