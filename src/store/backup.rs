//! Copies of a data file: made from one snapshot while others write, and good only after they have been opened and checked; put back by a rename.

use super::check::{self, Report};
use super::engine::{Clock, Store};
use super::migrate;
use crate::model::error::{Error, Result};
use crate::model::limits::Limits;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Copies `from` to `to`, which must not be there, and checks the copy. Reads one snapshot: nobody who writes waits for it.
pub fn back_up(from: &Path, to: &Path, limits: &Limits, clock: &Clock) -> Result<Report> {
    if to.exists() {
        return Err(Error::malformed(format!("{} is there already; choose another name", to.display())));
    }
    let folder = folder_of(to);
    let unwritten = |error: io::Error| Error::malformed(format!("{} cannot be written: {error}", to.display()));
    // Under another name until it is known to be good: a backup that is there can be trusted.
    let beside = tempfile::Builder::new().prefix(".backup-").tempfile_in(&folder).map_err(unwritten)?;
    copy(from, beside.path())?;
    let report = verified(beside.path(), limits, clock)?;
    beside.as_file().sync_all().map_err(unwritten)?;
    beside.persist_noclobber(to).map_err(|error| unwritten(error.error))?;
    sync_folder(&folder).map_err(unwritten)?;
    Ok(report)
}

/// Puts a backup in the place of a data file that nobody has open. What was there is kept beside it; gives its name.
///
/// # Errors
/// When the backup is not good, before anything is touched.
pub fn restore(backup: &Path, to: &Path, kept_as: &Path, limits: &Limits, clock: &Clock) -> Result<(Report, Option<PathBuf>)> {
    verified(backup, limits, clock)?;
    let folder = folder_of(to);
    let unwritten = |error: io::Error| Error::malformed(format!("{} cannot be written: {error}", to.display()));
    let beside = tempfile::Builder::new().prefix(".restore-").tempfile_in(&folder).map_err(unwritten)?;
    copy(backup, beside.path())?;
    let report = verified(beside.path(), limits, clock)?;
    beside.as_file().sync_all().map_err(unwritten)?;
    let was_there = to.exists();
    // As one file if it can be read at all; damaged, it is kept as it lies, log and all.
    let is_copied = was_there && copy(to, kept_as).is_ok();
    for ending in ["-wal", "-shm", ""].into_iter().filter(|ending| !(is_copied && ending.is_empty())) {
        let (old, kept) = (with_ending(to, ending), with_ending(kept_as, ending));
        match if is_copied { std::fs::remove_file(old) } else { std::fs::rename(old, kept) } {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritten(error)),
            _ => {}
        }
    }
    sync_folder(&folder).map_err(unwritten)?;
    beside.persist(to).map_err(|error| unwritten(error.error))?;
    sync_folder(&folder).map_err(unwritten)?;
    Ok((report, was_there.then(|| kept_as.to_owned())))
}

/// One file with what a snapshot of `from` holds, without holes, readable by its owner only.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let unread = |error: rusqlite::Error| Error::malformed(format!("{} cannot be copied: {error}", from.display()));
    migrate::create(to).map_err(Error::internal)?;
    let conn = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(unread)?;
    conn.execute_batch("PRAGMA busy_timeout = 5000").map_err(unread)?;
    conn.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(unread)?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| Error::malformed(format!("{} cannot be written: {error}", to.display())))
}

/// Opens a copy and looks through all of it; one with a fault is no backup.
fn verified(path: &Path, limits: &Limits, clock: &Clock) -> Result<Report> {
    let unusable = |why: &str| Error::malformed(format!("{} is no good copy: {why}", path.display()));
    let patient = Limits { read_timeout_ms: u64::from(u32::MAX), ..limits.clone() };
    let store = Store::open_for_reading(path, &patient, clock.clone()).map_err(|error| match error {
        super::engine::OpenError::Unusable(why) => unusable(&why),
        super::engine::OpenError::Held(_) => unusable("a server has it open"),
    })?;
    let report = store.read(check::check)?;
    match report.problems.first() {
        None => Ok(report),
        Some(problem) => Err(unusable(problem)),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// A new name is on the disk only when its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
