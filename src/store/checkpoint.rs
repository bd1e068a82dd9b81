//! Moves the write-ahead log into the data file, on a thread and a connection of its own, so that no reader waits for it, and a writer only while a log of over 64 MB is cut.

use super::sqlite::open_checkpointer;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

const PASSIVE_OVER_BYTES: u64 = 4 * 1024 * 1024;
const TRUNCATE_OVER_BYTES: u64 = 64 * 1024 * 1024;
/// A page of 4096 bytes and its head.
const FRAME_BYTES: u64 = 4_120;

pub struct Checkpointer {
    nudge: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    pub fn start(path: &Path) -> rusqlite::Result<(Self, SyncSender<()>)> {
        let conn = open_checkpointer(path)?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let (nudge, nudged) = sync_channel(1);
        let thread = std::thread::spawn(move || run(&conn, &PathBuf::from(wal), &nudged));
        Ok((Self { nudge: Some(nudge.clone()), thread: Some(thread) }, nudge))
    }

    /// Ends the thread; with everything else closed this leaves the data file alone, without a log beside it.
    pub fn stop(&mut self) {
        self.nudge = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(conn: &Connection, wal: &Path, nudged: &Receiver<()>) {
    while nudged.recv().is_ok() {
        // The log's length never shrinks by itself, so beyond a first glance only what is not yet moved counts.
        let bytes = std::fs::metadata(wal).map(|data| data.len()).unwrap_or_default();
        if bytes >= PASSIVE_OVER_BYTES && waiting_bytes(conn) >= PASSIVE_OVER_BYTES {
            checkpoint(conn, if bytes >= TRUNCATE_OVER_BYTES { "TRUNCATE" } else { "PASSIVE" });
        }
    }
    checkpoint(conn, "TRUNCATE");
}

/// Bytes of the log that are not in the data file yet; asking moves nothing.
fn waiting_bytes(conn: &Connection) -> u64 {
    let frames = conn.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?));
    u64::try_from(frames.unwrap_or_default()).unwrap_or_default() * FRAME_BYTES
}

/// A busy database is no fault: the next commit nudges again.
fn checkpoint(conn: &Connection, mode: &str) {
    let done = conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0));
    if let Err(error) = done
        && error.sqlite_error_code() != Some(rusqlite::ErrorCode::DatabaseBusy)
    {
        log::error!("checkpoint: {error}");
    }
}
