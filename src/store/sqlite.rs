//! Connections and the driver's errors. Pragmas and error codes stand here and nowhere else.

use super::found::WITHIN_MAX;
use super::pick;
use crate::model::error::{Error, Problem, Result};
use crate::model::fault::Fault;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi, limits::Limit};
use std::path::Path;

/// How much a 2xx promises: `Full` survives a power cut, `Relaxed` may lose the last moments but never tears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    Full,
    Relaxed,
}

/// A connection on which nothing is set yet: opening it changes nothing in the file.
pub fn open_untouched(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Makes an open connection the one that writes. There is one, in the writer's thread.
pub fn prepare_writer(conn: &Connection, durability: Durability, fault: Option<Fault>) -> rusqlite::Result<()> {
    let synchronous = match durability {
        _ if fault == Some(Fault::SyncOff) => "OFF",
        Durability::Full => "FULL",
        Durability::Relaxed => "NORMAL",
    };
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;
         PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;"
    ))?;
    settle(conn)
}

/// Makes an open connection one that reads. It does not go through the cells of a page before it takes one of them: a page of a mapped file is a new one at
/// every visit, and fifty records far apart took twice the time. Who writes, copies or checks does.
pub fn prepare_reader(conn: &mut Connection) -> rusqlite::Result<()> {
    settle(conn)?;
    conn.execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA mmap_size = 268435456; PRAGMA cell_size_check = OFF;")
}

/// A connection that reads the data file and writes to what is attached to it: nothing that is run on it writes to the file.
pub fn open_beside(path: &Path) -> rusqlite::Result<Connection> {
    let conn = open_untouched(path)?;
    conn.execute_batch("PRAGMA busy_timeout = 5000; PRAGMA mmap_size = 268435456;")?;
    settle(&conn)?;
    Ok(conn)
}

/// A third connection that moves the write-ahead log into the file and waits for nobody.
pub fn open_checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.execute_batch("PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 0; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;")?;
    Ok(conn)
}

/// What a sort, a new index or a savepoint cannot hold in some megabytes goes to a file: in memory it would know no bound.
fn settle(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("PRAGMA cache_size = -16384; PRAGMA temp_store = FILE; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    pick::begin(conn)?;
    conn.set_prepared_statement_cache_capacity(256);
    conn.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, i32::try_from(SQL_BYTES_MAX).unwrap_or(i32::MAX))?;
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 2)?;
    Ok(())
}

/// Bytes of one value: more than what was sent and what it replaces can come to together, and less than a formula could make of it.
const VALUE_BYTES_MAX: i32 = 128 * 1024 * 1024;
/// Bytes of one statement.
pub const SQL_BYTES_MAX: usize = 1_000_000;

pub const DAMAGED: &str = "The data file is damaged";
pub const UNSYNCED: &str = "The disk did not keep what was written";

/// A column of an index of words that is never there: `found` names it to say that too many words would have to be looked up.
pub(super) const TOO_MANY_WORDS: &str = "too_many_words_have_it";

/// Translates a driver's error by its code. There is no `From`: no driver error leaves this room by accident.
pub fn failed(error: rusqlite::Error) -> Error {
    if is_too_long(&error) {
        let problem = Problem::new("too_long", "With what is computed in it the question is too long for the data file");
        return Error::invalid(problem.hint("Ask by fewer computed fields at once"));
    }
    if error.to_string().contains(TOO_MANY_WORDS) {
        let message = format!("What stands behind * is within more than {WITHIN_MAX} different words here");
        return Error::invalid(
            Problem::of("q", "too_many", message).hint("Type more letters of it, or the beginning of the word without *"),
        );
    }
    if is_of_index(&error) {
        log::error!("an index of words: {error}");
        let message = "The index that this table is searched by is damaged: 'carryall check --mend' makes it anew";
        return Error::Busy { message: message.to_owned(), retry_after_s: 30 };
    }
    if is_damage(&error) {
        log::error!("the data file: {error}");
        return Error::Damaged(DAMAGED.to_owned());
    }
    let busy = |message: &str, retry_after_s| Error::Busy { message: message.to_owned(), retry_after_s };
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => busy("The data file is busy; try again", 1),
        Some(ErrorCode::DiskFull) => busy("The disk is full: nothing was changed. Make room, then try again", 30),
        Some(ErrorCode::OperationInterrupted) => {
            busy("The question took too long and was stopped. Ask for less, or add an index to the field", 1)
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged(DAMAGED.to_owned()),
        Some(ErrorCode::SystemIoFailure) if is_sync_failure(&error) => Error::Damaged(UNSYNCED.to_owned()),
        Some(ErrorCode::SystemIoFailure) => {
            log::error!("the disk: {error}");
            busy("The disk failed: nothing was changed. Look at the disk, then try again", 30)
        }
        Some(ErrorCode::OutOfMemory) => busy("There is no memory for this at the moment; try again", 5),
        Some(ErrorCode::ReadOnly) => busy("The data file cannot be written: nothing was changed", 30),
        Some(ErrorCode::ConstraintViolation) => {
            Error::Conflict(Problem::new("conflict", "The change breaks a rule of the table: nothing was changed"))
        }
        _ => Error::internal(error),
    }
}

/// What no program of ours wrote: a value of another type than its column's, text that is none, JSON that is none, a length beyond all bounds.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, SqliteFailure, Utf8Error};
    match error {
        InvalidColumnType(..) | FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | Utf8Error(..) => true,
        SqliteFailure(code, _) if code.code == ErrorCode::TooBig => !is_too_long(error),
        SqliteFailure(_, message) => message.as_deref() == Some("malformed JSON"),
        _ => false,
    }
}

/// What FTS5 keeps is not what it wrote: an index of words, which is made anew from the records.
pub fn is_of_index(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == ffi::SQLITE_CORRUPT_VTAB)
}

/// A statement, not a value.
fn is_too_long(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, Some(message)) if code.code == ErrorCode::TooBig && message.contains("statement too long"))
}

/// Whether a value was longer than SQLite takes.
pub fn is_too_big(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::TooBig) && !is_too_long(error)
}

/// The refusal of what was stored and cannot be read.
pub fn damaged(what: impl std::fmt::Display) -> Error {
    log::error!("the data file: {what}");
    Error::Damaged(DAMAGED.to_owned())
}

/// What was written may be lost although the system took it; to try again would be to trust it (the kernel forgets that pages failed).
fn is_sync_failure(error: &rusqlite::Error) -> bool {
    const DIR_FSYNC: i32 = ffi::SQLITE_IOERR_DIR_FSYNC;
    matches!(error, rusqlite::Error::SqliteFailure(error, _) if matches!(error.extended_code, ffi::SQLITE_IOERR_FSYNC | DIR_FSYNC))
}

/// `?` over a driver's result, through `failed`.
pub trait OrFailed<T> {
    fn or_failed(self) -> Result<T>;
}

impl<T> OrFailed<T> for rusqlite::Result<T> {
    fn or_failed(self) -> Result<T> {
        self.map_err(failed)
    }
}
