//! Copies of a data file: made from one snapshot while others write, and good only after they have been opened and checked; put back by a rename.
//! They lie in `FILE.backups/`, with the time first in their names; what was there before a restore lies there, too.

use super::check::{self, Report};
use super::engine::{OpenError, Opening, Store};
use super::migrate;
use super::place::{folder_of, sync_folder, with_ending};
use crate::model::error::{Error, Result};
use crate::model::limits::Limits;
use crate::model::time::Moment;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Why a backup was made; the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked for it: kept until somebody takes it away.
    Asked,
    Daily,
    BeforeMigration,
    BeforeImport,
    /// What a restore replaced: never looked through, and kept.
    BeforeRestore,
}

impl Reason {
    const ALL: [Reason; 5] = [Reason::Asked, Reason::Daily, Reason::BeforeMigration, Reason::BeforeImport, Reason::BeforeRestore];

    pub fn name(self) -> &'static str {
        match self {
            Reason::Asked => "asked",
            Reason::Daily => "daily",
            Reason::BeforeMigration => "before-migration",
            Reason::BeforeImport => "before-import",
            Reason::BeforeRestore => "before-restore",
        }
    }

    /// Whether the oldest ones go when there are many.
    fn is_passing(self) -> bool {
        matches!(self, Reason::Daily | Reason::BeforeMigration | Reason::BeforeImport)
    }
}

/// A backup that lies with its data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    pub name: String,
    /// As in its name: `2026-01-31T12-00-00Z`.
    pub at: String,
    pub reason: Reason,
    pub bytes: u64,
}

/// The backups of a data file, newest first.
pub fn kept(data: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(with_ending(data, ".backups")).into_iter().flatten().flatten();
    let mut all: Vec<Kept> = entries.filter_map(|entry| named(&entry)).collect();
    all.sort_by(|one, other| other.name.cmp(&one.name));
    all
}

fn named(entry: &std::fs::DirEntry) -> Option<Kept> {
    let name = entry.file_name().into_string().ok()?;
    let (at, rest) = name.strip_suffix(".db")?.split_once("Z-")?;
    let word = rest.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('.');
    let reason = Reason::ALL.into_iter().find(|reason| reason.name() == word)?;
    let at = format!("{at}Z");
    Some(Kept { path: entry.path(), at, reason, bytes: entry.metadata().ok()?.len(), name })
}

/// The newest backup that can be trusted.
pub fn newest(data: &Path) -> Option<PathBuf> {
    kept(data).into_iter().find(|kept| kept.reason != Reason::BeforeRestore).map(|kept| kept.path)
}

/// A free name among the backups of a data file; makes their folder, for its owner only.
pub fn name_for(data: &Path, reason: Reason, now: &Moment) -> Result<PathBuf> {
    let folder = with_ending(data, ".backups");
    let unwritten = |error: io::Error| Error::malformed(format!("{} cannot be made: {error}", folder.display()));
    if !folder.exists() {
        create_private(&folder).map_err(unwritten)?;
        sync_folder(&folder, None).map_err(unwritten)?;
    }
    let stem = format!("{}-{}", now.text.replace(':', "-"), reason.name());
    let names = std::iter::once(format!("{stem}.db")).chain((2..).map(|number| format!("{stem}.{number}.db")));
    Ok(names.map(|name| folder.join(name)).find(|path| !path.exists()).unwrap_or_else(|| folder.join(stem)))
}

/// Takes away the oldest of those that come by themselves.
pub fn forget(data: &Path, keep: usize) -> Result<()> {
    for old in kept(data).iter().filter(|kept| kept.reason.is_passing()).skip(keep) {
        std::fs::remove_file(&old.path).map_err(Error::internal)?;
    }
    Ok(())
}

/// Copies `from` to `to`, which must not be there, and checks the copy. Reads one snapshot: nobody who writes waits for it.
pub fn back_up(from: &Path, to: &Path, how: &Opening) -> Result<Report> {
    if to.exists() {
        return Err(Error::malformed(format!("{} is there already; choose another name", to.display())));
    }
    let unwritten = |error: io::Error| unwritten(to, &error);
    // Under another name until it is known to be good: a backup that is there can be trusted.
    let beside = tempfile::Builder::new().prefix(".backup-").tempfile_in(folder_of(to)).map_err(unwritten)?;
    copy(from, beside.path())?;
    let report = verified(beside.path(), how)?;
    beside.as_file().sync_all().map_err(unwritten)?;
    beside.persist_noclobber(to).map_err(|error| unwritten(error.error))?;
    sync_folder(to, how.fault).map_err(unwritten)?;
    Ok(report)
}

/// Puts a backup in the place of a data file that nobody has open. What was there is kept; gives its name.
///
/// # Errors
/// When the backup is not good, before anything is touched.
pub fn restore(backup: &Path, to: &Path, kept_as: &Path, how: &Opening) -> Result<(Report, Option<PathBuf>)> {
    verified(backup, how)?;
    let unwritten = |error: io::Error| unwritten(to, &error);
    let beside = tempfile::Builder::new().prefix(".restore-").tempfile_in(folder_of(to)).map_err(unwritten)?;
    copy(backup, beside.path())?;
    let report = verified(beside.path(), how)?;
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
    sync_folder(kept_as, how.fault).and_then(|()| sync_folder(to, how.fault)).map_err(unwritten)?;
    beside.persist(to).map_err(|error| unwritten(error.error))?;
    sync_folder(to, how.fault).map_err(unwritten)?;
    Ok((report, was_there.then(|| kept_as.to_owned())))
}

/// One file with what a snapshot of `from` holds, without holes, readable by its owner only.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let unread = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => Error::malformed(format!("{} cannot be written: the disk is full", to.display())),
        _ => Error::malformed(format!("{} cannot be copied: {error}", from.display())),
    };
    migrate::create(to, None).map_err(Error::internal)?;
    let conn = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(unread)?;
    conn.execute_batch("PRAGMA busy_timeout = 5000").map_err(unread)?;
    conn.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(unread)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| unwritten(to, &error))
}

fn unwritten(to: &Path, error: &io::Error) -> Error {
    Error::malformed(format!("{} cannot be written: {error}", to.display()))
}

/// Opens a copy and looks through all of it; one with a fault is no backup.
fn verified(path: &Path, how: &Opening) -> Result<Report> {
    let unusable = |why: &str| Error::malformed(format!("{} is no good copy: {why}", path.display()));
    let patient = Limits { read_timeout_ms: u64::from(u32::MAX), ..how.limits.clone() };
    let store = Store::open_for_reading(path, &Opening { limits: patient, ..how.clone() }).map_err(|error| match error {
        OpenError::Unusable(why) => unusable(&why),
        OpenError::Held(_) => unusable("a server has it open"),
    })?;
    let report = store.read(check::check)?;
    match report.problems.first() {
        None => Ok(report),
        Some(problem) => Err(unusable(problem)),
    }
}

#[cfg(unix)]
fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder)
}
