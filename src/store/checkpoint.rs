//! Moves the write-ahead log into the data file, on a thread and a connection of its own, so that no reader
//! waits for it. The writer moves the last small rest itself: else the log could never begin anew while writes go on.

use super::sqlite::open_checkpointer;
use rusqlite::{Connection, ErrorCode};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

const PASSIVE_OVER_BYTES: u64 = 4 * 1024 * 1024;
const TRUNCATE_OVER_BYTES: u64 = 64 * 1024 * 1024;
/// The second pass moves what was written during the first.
const PASSES: usize = 2;
/// A page of 4096 bytes and its head.
const FRAME_BYTES: u64 = 4_120;

/// Why part of the data is still in the log when all has come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmoved {
    /// Somebody else reads the file.
    Read,
    DiskFull,
    /// In the driver's words.
    Failed(String),
}

pub struct Checkpointer {
    nudge: Option<SyncSender<()>>,
    thread: Option<JoinHandle<Option<Unmoved>>>,
}

impl Checkpointer {
    /// Gives what the writer needs besides: whom to nudge after a commit, and the flag for `touch`.
    pub fn start(path: &Path) -> rusqlite::Result<(Self, SyncSender<()>, Arc<AtomicBool>)> {
        let conn = open_checkpointer(path)?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let (nudge, nudged) = sync_channel(1);
        let last_touch = Arc::new(AtomicBool::new(false));
        let flag = last_touch.clone();
        let thread = std::thread::spawn(move || run(&conn, &PathBuf::from(wal), &nudged, &flag));
        Ok((Self { nudge: Some(nudge.clone()), thread: Some(thread) }, nudge, last_touch))
    }

    /// Ends the thread; with everything else closed this leaves the data file alone, without a log beside it, or says why not.
    pub fn stop(&mut self) -> Option<Unmoved> {
        self.nudge = None;
        self.thread.take().and_then(|thread| thread.join().ok().flatten())
    }
}

fn run(conn: &Connection, wal: &Path, nudged: &Receiver<()>, last_touch: &AtomicBool) -> Option<Unmoved> {
    while nudged.recv().is_ok() {
        // The log's length never shrinks by itself, so beyond a first glance only what is not yet moved counts.
        let bytes = std::fs::metadata(wal).map(|data| data.len()).unwrap_or_default();
        if bytes >= PASSIVE_OVER_BYTES && waiting_bytes(conn) >= PASSIVE_OVER_BYTES {
            for _ in 0..PASSES {
                checkpoint(conn, "PASSIVE");
            }
            // While writes go on there is always a rest; only the writer can move that, and then begin the log anew.
            last_touch.store(true, Ordering::Release);
            if bytes >= TRUNCATE_OVER_BYTES {
                checkpoint(conn, "TRUNCATE");
            }
        }
    }
    checkpoint(conn, "TRUNCATE")
}

/// The writer's part, between two groups: moves the small rest, so that its next transaction begins the log anew.
pub fn touch(conn: &Connection, last_touch: &AtomicBool) {
    if last_touch.swap(false, Ordering::AcqRel) {
        checkpoint(conn, "PASSIVE");
    }
}

/// Bytes of the log that are not in the data file yet; asking moves nothing.
fn waiting_bytes(conn: &Connection) -> u64 {
    let frames = conn.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?));
    u64::try_from(frames.unwrap_or_default()).unwrap_or_default() * FRAME_BYTES
}

/// A busy database is no fault: the next commit nudges again.
fn checkpoint(conn: &Connection, mode: &str) -> Option<Unmoved> {
    let error = match conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0)) {
        Ok(busy) => return (busy != 0).then_some(Unmoved::Read),
        Err(error) => error,
    };
    if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
        return Some(Unmoved::Read);
    }
    log::error!("checkpoint: {error}");
    Some(if error.sqlite_error_code() == Some(ErrorCode::DiskFull) { Unmoved::DiskFull } else { Unmoved::Failed(error.to_string()) })
}
