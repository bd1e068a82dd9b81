//! A backup in the place of a data file: by the server that has it open, in one transaction of its writer, or by a command while nobody has, by a
//! rename. What was there is kept among the backups either way.

use super::backup::{copy, hash_of, keep_as_it_is, named_among, no_good, noted_hash, unfinished_restore, unwritten, verified};
use super::check;
use super::engine::{Opening, Store};
use super::migrate;
use super::people::People;
use super::place::{folder_of, sync_folder, with_ending};
use super::sqlite::{OrFailed, open_untouched};
use super::tables::changes;
use super::tx::{ReadTx, Shared, WriteTx};
use crate::model::backup::Reason;
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::error::{Error, Result};
use crate::model::job::Report;
use rusqlite::Connection;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Read and written at a time.
const COPIED_BYTES: usize = 256 * 1024;

/// A copy of a backup beside the data file whose place it is to take, of this program's version and checked.
pub struct Ready {
    copy: NamedTempFile,
    pub report: check::Report,
}

/// Copies a backup and checks the copy.
///
/// # Errors
/// When the backup is not good, or not the one whose hash was noted.
pub fn ready(backup: &Path, to: &Path, how: &Opening, watch: &Report) -> Result<Ready> {
    let unusable = |why: &str| no_good(backup, why);
    if let Some(noted) = noted_hash(backup)
        && noted != hash_of(backup)?
    {
        let note = with_ending(backup, ".sha256");
        return Err(unusable(&format!("it is not the file that was made, by the hash in {}", note.display())));
    }
    let beside = unfinished_restore(to)?;
    copy(backup, beside.path(), Some(watch)).map_err(|error| match error {
        Error::Damaged(_) => unusable("it is damaged"),
        other => other,
    })?;
    let conn = migrate::bring_up_copy(beside.path()).map_err(|why| unusable(&why))?;
    conn.close().map_err(|(_, error)| unusable(&error.to_string()))?;
    let report = verified(beside.path(), how, watch).map_err(|error| match error {
        Error::Malformed(problem) => unusable(&problem.message),
        other => other,
    })?;
    Ok(Ready { copy: beside, report })
}

/// What came of a restore.
pub struct Restored {
    pub report: check::Report,
    /// What was there before.
    pub kept: Option<PathBuf>,
    /// A sentence for each person who may less than when the backup was made.
    pub people: Vec<String>,
}

/// Puts a copy in the place of all that an open store holds, which is kept. Nobody writes meanwhile, and who asks to
/// is told to come again: so what was acknowledged is in the one or in the other. `restored` is the entry of the change log.
pub fn exchange(store: &Store, ready: Ready, restored: Change, watch: &Report) -> Result<Restored> {
    let Ready { copy, report } = ready;
    let (data, how, watch) = (store.path().to_owned(), store.opening().clone(), watch.clone());
    let (kept, people) = store.exchange(move |live| {
        let kept = keep_as_it_is(&data, Reason::BeforeRestore, &how, Some(&watch))?;
        let people = go_on_after(copy.path(), &Reached::of(live), &restored, &how)?;
        Ok(((kept, people), copy))
    })?;
    Ok(Restored { report, kept: Some(kept), people })
}

/// Puts a backup in the place of a data file that nobody has open. What was there is kept.
///
/// # Errors
/// When the backup is not good, before anything is touched.
pub fn restore(backup: &Path, to: &Path, restored: &Change, how: &Opening, watch: &Report) -> Result<Restored> {
    let failed = |error: io::Error| unwritten(to, &error);
    let Ready { copy, report } = ready(backup, to, how, watch)?;
    let reached = open_untouched(to).map(|conn| Reached::of(&conn)).unwrap_or_default();
    let people = go_on_after(copy.path(), &reached, restored, how)?;
    copy.as_file().sync_all().map_err(failed)?;
    let kept = if to.exists() { Some(set_aside(to, how, watch)?) } else { None };
    // A log belongs to one file: beside another it would be played into it.
    for ending in ["-wal", "-shm"] {
        match std::fs::remove_file(with_ending(to, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    sync_folder(to, how.fault).map_err(failed)?;
    copy.persist(to).map_err(|error| failed(error.error))?;
    sync_folder(to, how.fault).map_err(failed)?;
    Ok(Restored { report, kept, people })
}

/// A copy of what is there, as one file if it can be read at all; damaged, as it lies, log and all. The original stays until it is replaced.
fn set_aside(to: &Path, how: &Opening, watch: &Report) -> Result<PathBuf> {
    match keep_as_it_is(to, Reason::BeforeRestore, how, Some(watch)) {
        Ok(kept) => return Ok(kept),
        Err(error @ (Error::Conflict(_) | Error::Busy { .. })) => return Err(error),
        Err(_) => {}
    }
    let now = (how.clock)();
    let kept_as = super::backup::name_for(to, Reason::BeforeRestore, &now)?;
    let as_it_lies = |from: &Path| -> io::Result<NamedTempFile> {
        let beside = tempfile::Builder::new().prefix(&format!(".backup-{}-", std::process::id())).tempfile_in(folder_of(&kept_as))?;
        let (mut file, mut piece) = (File::open(from)?, vec![0; COPIED_BYTES]);
        loop {
            match file.read(&mut piece)? {
                0 => break,
                read => beside.as_file().write_all(piece.get(..read).unwrap_or_default())?,
            }
        }
        beside.as_file().sync_all()?;
        Ok(beside)
    };
    let unkept = |error: io::Error| Error::malformed(format!("{} cannot be kept as {}: {error}", to.display(), kept_as.display()));
    let file = as_it_lies(to).map_err(unkept)?;
    let log = with_ending(to, "-wal");
    let log = if log.exists() { Some(as_it_lies(&log).map_err(unkept)?) } else { None };
    let kept = named_among(file, to, Reason::BeforeRestore, &now, how)?;
    if let Some(log) = log {
        log.persist(with_ending(&kept, "-wal")).map_err(|error| unkept(error.error))?;
    }
    sync_folder(&kept, how.fault).map_err(unkept)?;
    Ok(kept)
}

/// What was given away before a restore and is not given again: readers of the change log and of the tables go by these numbers.
#[derive(Debug, Clone, Default)]
struct Reached {
    /// Of every table that counts on for ever: its name, its last number.
    sequences: Vec<(String, i64)>,
    /// Of every schema, the id of its next record; of every app, that of its next choice.
    next_ids: Vec<(i64, i64)>,
    next_choice_ids: Vec<(i64, i64)>,
    schema_version: i64,
    catalog_version: i64,
    /// The tokens that were good, and the highest number that anybody's JWTs were made under.
    tokens: Vec<(i64, i64)>,
    generation: i64,
    people: People,
}

impl Reached {
    /// In a data file; of one that is damaged, what can be read.
    fn of(conn: &Connection) -> Self {
        let number = |sql: &str| conn.query_row(sql, [], |row| row.get(0)).unwrap_or_default();
        Self {
            sequences: rows(conn, "SELECT name, seq FROM sqlite_sequence"),
            next_ids: rows(conn, "SELECT id, next_id FROM schema"),
            next_choice_ids: rows(conn, "SELECT id, next_choice_id FROM app"),
            schema_version: number("SELECT coalesce(max(version), 0) FROM schema"),
            catalog_version: number("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'catalog_version'"),
            tokens: rows(conn, "SELECT id, user FROM token"),
            generation: number("SELECT coalesce(max(generation), 0) FROM user"),
            people: People::of(conn),
        }
    }
}

fn rows<K: rusqlite::types::FromSql>(conn: &Connection, sql: &str) -> Vec<(K, i64)> {
    let found = conn.prepare(sql).and_then(|mut statement| {
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    });
    found.unwrap_or_default()
}

/// Makes a copy go on after what was there: nothing that was given away is given again, whoever was signed in is so no longer (who was signed in then
/// may have lost that right since), nobody may more than they did at last, and the log says what happened. Gives a sentence for each who may less than
/// in the copy.
fn go_on_after(copy: &Path, reached: &Reached, restored: &Change, how: &Opening) -> Result<Vec<String>> {
    let conn = open_untouched(copy).or_failed()?;
    conn.execute_batch("BEGIN IMMEDIATE; DELETE FROM session; DELETE FROM link; DELETE FROM refresh;").or_failed()?;
    conn.execute("UPDATE user SET generation = max(generation, ?1) + 1", [reached.generation]).or_failed()?;
    let given = |of: &str| reached.sequences.iter().find(|(table, _)| table == of).map_or(0, |(_, seq)| *seq);
    let people = reached.people.hold_back(&conn, given("user"))?;
    // A token that was made before and is gone was ended by somebody.
    let live: Vec<String> = reached.tokens.iter().map(|(id, _)| id.to_string()).collect();
    conn.execute(&format!("DELETE FROM token WHERE id <= ?1 AND id NOT IN ({})", live.join(",")), [given("token")]).or_failed()?;
    for (table, seq) in &reached.sequences {
        conn.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
            [table],
        )
        .or_failed()?;
        conn.execute("UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1", (table, seq)).or_failed()?;
    }
    for (schema, next) in &reached.next_ids {
        conn.execute("UPDATE schema SET next_id = max(next_id, ?2) WHERE id = ?1", (schema, next)).or_failed()?;
    }
    for (app, next) in &reached.next_choice_ids {
        conn.execute("UPDATE app SET next_choice_id = max(next_choice_id, ?2) WHERE id = ?1", (app, next)).or_failed()?;
    }
    // What was checked against a table as it was before the restore is checked again.
    conn.execute("UPDATE schema SET version = max(version, ?1) + 1", [reached.schema_version]).or_failed()?;
    conn.execute("UPDATE meta SET value = max(CAST(value AS INTEGER), ?1) + 1 WHERE key = 'catalog_version'", [reached.catalog_version])
        .or_failed()?;
    let shared = Shared::new(Catalog::default(), how.clock.clone(), None);
    let mut tx = WriteTx::new(ReadTx::new(&conn, shared.catalog()), &shared);
    let seq = changes::insert(&mut tx, restored)?;
    // Who has read all there was begins anew, too.
    conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('changes_from', ?1)", [(seq + 1).to_string()]).or_failed()?;
    conn.execute_batch("COMMIT").or_failed()?;
    conn.close().map_err(|(_, error)| error).or_failed()?;
    Ok(people)
}
