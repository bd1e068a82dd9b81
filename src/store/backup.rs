//! Copies of a data file: made from one snapshot while others write, and good only after they have been opened and checked. They lie in
//! `FILE.backups/`, with the time first in their names, each with its SHA-256 beside it; what was there before a restore lies there, too.
//! Putting one back is in `restore`.

use super::check;
use super::engine::{OpenError, Opening, Store};
use super::migrate;
use super::place::{folder_of, free_bytes, is_running, sync_folder, with_ending};
use super::sqlite::{DAMAGED, open_untouched};
use crate::model::backup::{Kept, Reason};
use crate::model::error::{Error, Result};
use crate::model::job::{Progress, Report};
use crate::model::limits::Limits;
use crate::model::time::Moment;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tempfile::{NamedTempFile, TempDir};

/// Steps of SQLite's machine between two looks at how far a copy is.
const LOOK_STEPS: i32 = 100_000;
/// Names that are tried when others make backups in the same second.
const NAMES_MAX: usize = 100;
/// What a copy that is being made begins with, before the number of the process that makes it: who opens the data file later takes away what a
/// killed process left.
const UNFINISHED: [&str; 4] = [".backup-", ".restore-", ".key-", REHEARSAL];
/// The folder of a copy on which something is tried out.
const REHEARSAL: &str = ".rehearsal-";

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
    let sha256 = noted_hash(&entry.path());
    Some(Kept { path: entry.path(), number, at, reason, bytes: entry.metadata().ok()?.len(), sha256, name })
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
        match create_private(&folder) {
            // Another backup of this moment was quicker.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            made => made.map_err(unwritten)?,
        }
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
    std::fs::remove_file(&kept.path).map_err(Error::internal)?;
    // A damaged file was kept with its log.
    for ending in [".sha256", "-wal", "-shm"] {
        match std::fs::remove_file(with_ending(&kept.path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::internal(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Takes away the oldest of those that come by themselves; of every reason the newest stay, so that many of one push none of another out.
pub fn forget(data: &Path, keep: usize) -> Result<()> {
    let all = kept(data);
    for reason in Reason::ALL.into_iter().filter(|reason| reason.is_passing()) {
        for old in all.iter().filter(|kept| kept.reason == reason).skip(keep) {
            remove(old)?;
        }
    }
    Ok(())
}

/// Takes away what killed processes left of copies that they were making of this data file, or for it.
pub fn sweep(data: &Path) {
    for folder in [with_ending(data, ".backups"), folder_of(data)] {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_str().and_then(maker_of).is_some_and(|maker| maker == std::process::id() || !is_running(maker)) {
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                let gone = if is_folder { std::fs::remove_dir_all(entry.path()) } else { std::fs::remove_file(entry.path()) };
                match gone {
                    Ok(()) => log::info!("{}: left by a process that was killed, and taken away", entry.path().display()),
                    Err(error) => log::warn!("{} cannot be taken away: {error}", entry.path().display()),
                }
            }
        }
    }
}

/// The process that makes a copy under this name, if it is the name of an unfinished one.
fn maker_of(name: &str) -> Option<u32> {
    UNFINISHED.iter().find_map(|beginning| name.strip_prefix(beginning))?.split_once('-')?.0.parse().ok()
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
    // Under another name until it is known to be good: a backup that is there can be trusted.
    let beside = unfinished(to, UNFINISHED[0])?;
    copy(from, beside.path(), Some(watch))?;
    let report = verified(beside.path(), how, watch)?;
    beside.as_file().sync_all().map_err(|error| unwritten(to, &error))?;
    beside.persist_noclobber(to).map_err(|error| unwritten(to, &error.error))?;
    sync_folder(to, how.fault).map_err(|error| unwritten(to, &error))?;
    Ok(report)
}

/// The same among the backups of a data file; gives its name, too.
pub fn keep(data: &Path, reason: Reason, how: &Opening, watch: &Report) -> Result<(PathBuf, check::Report)> {
    let now = (how.clock)();
    let beside = unfinished(&name_for(data, reason, &now)?, UNFINISHED[0])?;
    copy(data, beside.path(), Some(watch))?;
    let report = verified(beside.path(), how, watch)?;
    Ok((named_among(beside, data, reason, &now, how)?, report))
}

/// A copy as it is, for what is about to be replaced or changed: whatever this program could find wrong with it, it is all there is.
pub fn keep_as_it_is(data: &Path, reason: Reason, how: &Opening, watch: Option<&Report>) -> Result<PathBuf> {
    let now = (how.clock)();
    let beside = unfinished(&name_for(data, reason, &now)?, UNFINISHED[0])?;
    copy(data, beside.path(), watch)?;
    named_among(beside, data, reason, &now, how)
}

/// A copy, under a name that `name_for` gave, of a file whose version this program cannot read: SQLite itself looks through the copy.
pub fn copy_aside(data: &Path, to: &Path, how: &Opening) -> Result<()> {
    let failed = |error: io::Error| unwritten(to, &error);
    let beside = unfinished(to, UNFINISHED[0])?;
    copy(data, beside.path(), None)?;
    let conn = open_untouched(beside.path()).map_err(|error| no_good(data, &error.to_string()))?;
    if let Some(damage) = check::structure(&conn).first() {
        return Err(no_good(data, damage));
    }
    conn.close().map_err(|(_, error)| no_good(data, &error.to_string()))?;
    let hash = hash_of(beside.path())?;
    beside.as_file().sync_all().map_err(failed)?;
    beside.persist_noclobber(to).map_err(|error| failed(error.error))?;
    note_hash(to, &hash).and_then(|()| sync_folder(to, how.fault)).map_err(failed)?;
    forget(data, how.limits.backups_kept_max)
}

/// A file that is being made beside `to`.
fn unfinished(to: &Path, beginning: &str) -> Result<NamedTempFile> {
    let prefix = format!("{beginning}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempfile_in(folder_of(to)).map_err(|error| unwritten(to, &error))
}

/// A folder beside a data file for a copy of it that nobody is to keep.
pub(super) fn rehearsal_folder(data: &Path) -> Result<TempDir> {
    let prefix = format!("{REHEARSAL}{}-", std::process::id());
    tempfile::Builder::new().prefix(&prefix).tempdir_in(folder_of(data)).map_err(Error::internal)
}

/// A file that is being made to be put in the place of a data file.
pub(super) fn unfinished_restore(to: &Path) -> Result<NamedTempFile> {
    unfinished(to, UNFINISHED[1])
}

/// Gives a finished copy the next free name among the backups, and notes its hash. Somebody else may take the same name in between.
pub(super) fn named_among(mut beside: NamedTempFile, data: &Path, reason: Reason, now: &Moment, how: &Opening) -> Result<PathBuf> {
    let hash = hash_of(beside.path())?;
    beside.as_file().sync_all().map_err(|error| unwritten(beside.path(), &error))?;
    for _ in 0..NAMES_MAX {
        let to = name_for(data, reason, now)?;
        match beside.persist_noclobber(&to) {
            Ok(_) => {
                note_hash(&to, &hash).and_then(|()| sync_folder(&to, how.fault)).map_err(|error| unwritten(&to, &error))?;
                return Ok(to);
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => beside = error.file,
            Err(error) => return Err(unwritten(&to, &error.error)),
        }
    }
    Err(Error::Busy { message: "Too many backups are made in this second; try again".to_owned(), retry_after_s: 1 })
}

/// SHA-256 of a file, in hexadecimal digits.
pub fn hash_of(path: &Path) -> Result<String> {
    let unread = |error: io::Error| Error::malformed(format!("{} cannot be read: {error}", path.display()));
    let mut file = File::open(path).map_err(unread)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 256 * 1024]);
    loop {
        match file.read(&mut piece).map_err(unread)? {
            0 => break,
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

/// The hash that was noted when a backup was made, in the form of `sha256sum`.
pub fn noted_hash(backup: &Path) -> Option<String> {
    let text = std::fs::read_to_string(with_ending(backup, ".sha256")).ok()?;
    text.split_whitespace().next().filter(|hash| hash.len() == 64).map(str::to_owned)
}

fn note_hash(backup: &Path, hash: &str) -> io::Result<()> {
    let name = backup.file_name().unwrap_or_default().to_string_lossy();
    let note = with_ending(backup, ".sha256");
    std::fs::write(&note, format!("{hash}  {name}\n"))?;
    File::open(&note)?.sync_all()
}

/// One file with what a snapshot of `from` holds, without holes, readable by its owner only. An error of `watch` ends it.
///
/// # Errors
/// `Damaged` when SQLite finds `from` to be so.
pub(super) fn copy(from: &Path, to: &Path, watch: Option<&Report>) -> Result<()> {
    let unread = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::malformed(format!("{} cannot be written: the disk is full", to.display())),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged(DAMAGED.to_owned()),
        _ => no_good(from, &error.to_string()),
    };
    migrate::create(to, None).map_err(|error| unwritten(to, &error))?;
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

pub(super) fn no_good(path: &Path, why: &str) -> Error {
    Error::malformed(format!("{} is no good copy: {why}", path.display()))
}

pub(super) fn unwritten(to: &Path, error: &io::Error) -> Error {
    Error::malformed(format!("{} cannot be written: {error}", to.display()))
}

/// Opens a copy and looks through all of it. One that is damaged, or contradicts itself, is no backup; what else is wrong was so before it was copied, and
/// is told.
pub(super) fn verified(path: &Path, how: &Opening, watch: &Report) -> Result<check::Report> {
    let unusable = |why: &str| no_good(path, why);
    let patient = Limits { read_timeout_ms: u64::from(u32::MAX), ..how.limits.clone() };
    let store = Store::open_for_reading(path, &Opening { limits: patient, ..how.clone() }).map_err(|error| match error {
        OpenError::Unusable(why) => unusable(&why),
        OpenError::Held(_) => unusable("a server has it open"),
    })?;
    let report = store.check(watch).map_err(|error| match error {
        Error::Damaged(why) => unusable(&why),
        other => other,
    })?;
    match report.problems.first() {
        Some(problem) if report.is_damaged || report.is_torn => Err(unusable(problem)),
        _ => Ok(report),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_that_is_gone_has_left_is_taken_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data.db");
        let names = [".rehearsal-4294967295-x", ".rehearsal-1-x", ".rehearsal-notes", "kept"];
        for name in names {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("copy.db"), "copy").unwrap();
        }
        for name in [".restore-4294967295-x", ".key-4294967295-x"] {
            std::fs::write(folder.path().join(name), "copy").unwrap();
        }
        sweep(&data);
        let mut left: Vec<String> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        // Number 1 runs as long as the system does; elsewhere nobody is asked.
        let running: &[&str] = if cfg!(unix) { &[".rehearsal-1-x"] } else { &[] };
        assert_eq!(left, [running, &[".rehearsal-notes", "kept"]].concat());
    }
}
