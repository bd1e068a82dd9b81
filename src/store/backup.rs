//! Copies of a data file: made from one snapshot while others write, and good only after they have been opened and checked; put back by a rename.
//! They lie in `FILE.backups/`, with the time first in their names; what was there before a restore lies there, too.

use super::check;
use super::engine::{OpenError, Opening, Store};
use super::migrate;
use super::place::{folder_of, free_bytes, sync_folder, with_ending};
use crate::model::backup::{Kept, Reason};
use crate::model::error::{Error, Result};
use crate::model::job::{Progress, Report, unwatched};
use crate::model::limits::Limits;
use crate::model::time::Moment;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Steps of SQLite's machine between two looks at how far a copy is.
const LOOK_STEPS: i32 = 100_000;

/// The backups of a data file, newest first.
pub fn kept(data: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(with_ending(data, ".backups")).into_iter().flatten().flatten();
    let mut all: Vec<Kept> = entries.filter_map(|entry| named(&entry)).collect();
    all.sort_by(|one, other| (&other.at, other.number).cmp(&(&one.at, one.number)));
    all
}

fn named(entry: &std::fs::DirEntry) -> Option<Kept> {
    let name = entry.file_name().into_string().ok()?;
    let (at, rest) = name.strip_suffix(".db")?.split_once("Z-")?;
    let (word, number) = rest.split_once('.').unwrap_or((rest, "1"));
    let number = number.parse().ok()?;
    let reason = Reason::ALL.into_iter().find(|reason| reason.name() == word)?;
    let (day, time) = at.split_once('T')?;
    let at = format!("{day}T{}Z", time.replace('-', ":"));
    Some(Kept { path: entry.path(), number, at, reason, bytes: entry.metadata().ok()?.len(), name })
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
    // Of one second, the later one has the higher number, also when earlier ones are gone.
    let last = kept(data).iter().filter(|kept| kept.at == now.text).map(|kept| kept.number).max();
    Ok(folder.join(last.map_or_else(|| format!("{stem}.db"), |last| format!("{stem}.{}.db", last + 1))))
}

/// When a data file, or its log, was last written to.
pub fn written_at(data: &Path) -> Option<SystemTime> {
    let at = |path: PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    at(with_ending(data, "-wal")).max(at(data.to_owned()))
}

pub fn remove(kept: &Kept) -> Result<()> {
    std::fs::remove_file(&kept.path).map_err(Error::internal)
}

/// Takes away the oldest of those that come by themselves.
pub fn forget(data: &Path, keep: usize) -> Result<()> {
    for old in kept(data).iter().filter(|kept| kept.reason.is_passing()).skip(keep) {
        remove(old)?;
    }
    Ok(())
}

/// Whether the disk can take a copy and still has as much left: a backup must not be what fills it.
pub fn has_room(data: &Path) -> bool {
    let bytes: u64 =
        ["", "-wal"].iter().filter_map(|ending| std::fs::metadata(with_ending(data, ending)).ok()).map(|data| data.len()).sum();
    free_bytes(data).is_none_or(|free| free / 2 >= bytes)
}

/// Copies `from` to `to`, which must not be there, and checks the copy. Reads one snapshot: nobody who writes waits for it. `watch` hears how far it is.
pub fn back_up(from: &Path, to: &Path, how: &Opening, watch: &Report) -> Result<check::Report> {
    if to.exists() {
        return Err(Error::malformed(format!("{} is there already; choose another name", to.display())));
    }
    let unwritten = |error: io::Error| unwritten(to, &error);
    // Under another name until it is known to be good: a backup that is there can be trusted.
    let beside = tempfile::Builder::new().prefix(".backup-").tempfile_in(folder_of(to)).map_err(unwritten)?;
    copy(from, beside.path(), Some(watch))?;
    let report = verified(beside.path(), how, watch)?;
    beside.as_file().sync_all().map_err(unwritten)?;
    beside.persist_noclobber(to).map_err(|error| unwritten(error.error))?;
    sync_folder(to, how.fault).map_err(unwritten)?;
    Ok(report)
}

/// A copy of a file whose version this program cannot check: SQLite reads all of it to make one.
pub fn copy_aside(from: &Path, to: &Path, how: &Opening) -> Result<()> {
    let unwritten = |error: io::Error| unwritten(to, &error);
    let beside = tempfile::Builder::new().prefix(".backup-").tempfile_in(folder_of(to)).map_err(unwritten)?;
    copy(from, beside.path(), None)?;
    beside.persist_noclobber(to).map_err(|error| unwritten(error.error))?;
    sync_folder(to, how.fault).map_err(unwritten)
}

/// What was given away before a restore and is not given again: readers of the change log and of the tables go by these numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reached {
    seq: i64,
    catalog_version: i64,
}

impl Reached {
    /// In a data file; nothing, where it cannot be read.
    pub fn of(data: &Path) -> Self {
        let Ok(conn) = Connection::open_with_flags(data, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX) else {
            return Self::default();
        };
        let number = |sql: &str| conn.query_row(sql, [], |row| row.get(0)).unwrap_or_default();
        Self {
            seq: number("SELECT seq FROM sqlite_sequence WHERE name = 'change'"),
            catalog_version: number("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'catalog_version'"),
        }
    }
}

/// A copy of a backup in the folder of `to`, of this program's version, checked, and made ready to go on after what was there.
///
/// # Errors
/// When the backup is not good.
pub fn made_ready(
    backup: &Path,
    to: &Path,
    reached: Reached,
    how: &Opening,
    watch: &Report,
) -> Result<(tempfile::NamedTempFile, check::Report)> {
    let unwritten = |error: io::Error| unwritten(to, &error);
    let beside = tempfile::Builder::new().prefix(".restore-").tempfile_in(folder_of(to)).map_err(unwritten)?;
    copy(backup, beside.path(), Some(watch))?;
    let unusable = |why: String| no_good(backup, &why);
    let conn = migrate::bring_up_copy(beside.path()).map_err(unusable)?;
    // Who was signed in then may have lost that right since.
    let go_on = "BEGIN; DELETE FROM session; DELETE FROM link;
         INSERT INTO sqlite_sequence (name, seq) SELECT 'change', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'change');
         UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'change';
         INSERT OR REPLACE INTO meta (key, value) SELECT 'changes_from', seq + 1 FROM sqlite_sequence WHERE name = 'change';
         UPDATE meta SET value = max(CAST(value AS INTEGER), ?2) + 1 WHERE key = 'catalog_version'; COMMIT;"
        .replace("?1", &reached.seq.to_string())
        .replace("?2", &reached.catalog_version.to_string());
    conn.execute_batch(&go_on).map_err(|error| unusable(error.to_string()))?;
    conn.close().map_err(|(_, error)| unusable(error.to_string()))?;
    let report = verified(beside.path(), how, watch).map_err(|error| unusable(error.message()))?;
    beside.as_file().sync_all().map_err(unwritten)?;
    Ok((beside, report))
}

/// Puts a backup in the place of a data file that nobody has open. What was there is kept; gives its name.
///
/// # Errors
/// When the backup is not good, before anything is touched.
pub fn restore(backup: &Path, to: &Path, kept_as: &Path, how: &Opening) -> Result<(check::Report, Option<PathBuf>)> {
    let unwritten = |error: io::Error| unwritten(to, &error);
    let (beside, report) = made_ready(backup, to, Reached::of(to), how, &unwatched())?;
    let was_there = to.exists();
    // As one file if it can be read at all; damaged, it is kept as it lies, log and all.
    let is_copied = was_there && copy(to, kept_as, None).is_ok();
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

/// One file with what a snapshot of `from` holds, without holes, readable by its owner only. An error of `watch` ends it.
fn copy(from: &Path, to: &Path, watch: Option<&Report>) -> Result<()> {
    let unread = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::malformed(format!("{} cannot be written: the disk is full", to.display())),
        _ => no_good(from, &error.to_string()),
    };
    migrate::create(to, None).map_err(Error::internal)?;
    let conn = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(unread)?;
    conn.execute_batch("PRAGMA busy_timeout = 5000").map_err(unread)?;
    let stopped: Arc<Mutex<Option<Error>>> = Arc::default();
    if let Some(watch) = watch {
        let (watch, written, stopped) = (watch.clone(), to.to_owned(), stopped.clone());
        let total = std::fs::metadata(from).ok().map(|data| data.len());
        let look = move || {
            let done = std::fs::metadata(&written).map(|data| data.len()).unwrap_or_default();
            let told =
                watch(Progress { stage: "copying", done: total.map_or(done, |total| done.min(total)), total, unit: "bytes", rows: 0 });
            let is_over = told.is_err();
            *stopped.lock().unwrap_or_else(PoisonError::into_inner) = told.err();
            is_over
        };
        conn.progress_handler(LOOK_STEPS, Some(look)).map_err(unread)?;
    }
    let copied = conn.execute("VACUUM INTO ?1", [to.to_string_lossy()]);
    if let Some(error) = stopped.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    copied.map_err(unread)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| unwritten(to, &error))
}

fn no_good(path: &Path, why: &str) -> Error {
    Error::malformed(format!("{} is no good copy: {why}", path.display()))
}

fn unwritten(to: &Path, error: &io::Error) -> Error {
    Error::malformed(format!("{} cannot be written: {error}", to.display()))
}

/// Opens a copy and looks through all of it; one with a fault is no backup.
fn verified(path: &Path, how: &Opening, watch: &Report) -> Result<check::Report> {
    let unusable = |why: &str| no_good(path, why);
    let patient = Limits { read_timeout_ms: u64::from(u32::MAX), ..how.limits.clone() };
    let store = Store::open_for_reading(path, &Opening { limits: patient, ..how.clone() }).map_err(|error| match error {
        OpenError::Unusable(why) => unusable(&why),
        OpenError::Held(_) => unusable("a server has it open"),
    })?;
    let report = store.read(|tx| check::check(tx, watch))?;
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
