//! A temporary database for the rows of an import and what becomes of stored records by them: filled and checked before the writer sees it, gone when its value is dropped.

use super::migrate;
use super::sql::{column, field_column};
use super::sqlite::OrFailed;
use crate::model::error::{Error, Result};
use crate::model::plan::Cell;
use crate::model::schema::Schema;
use rusqlite::{Connection, Params};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A stage that is being filled.
pub struct Staging {
    conn: Connection,
    folder: TempDir,
}

/// A full stage: closed, for the writer opens the same file.
pub struct Stage {
    folder: TempDir,
}

impl Staging {
    /// An empty stage for this data file in the system's folder for temporary files, its owner's only.
    pub fn create(data: &Path) -> Result<Self> {
        let folder = private(tempfile::Builder::new().prefix(&name(data))).tempdir().map_err(no_room)?;
        migrate::create(&path(&folder), None).map_err(no_room)?;
        let conn = Connection::open(path(&folder)).or_failed()?;
        conn.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE row (n INTEGER PRIMARY KEY, data TEXT, sent TEXT, k, record INTEGER);
             CREATE TABLE merged (n INTEGER PRIMARY KEY, record INTEGER NOT NULL, version INTEGER NOT NULL, data TEXT, label TEXT, body TEXT);
             CREATE INDEX merged_record ON merged (record); BEGIN;",
        )
        .or_failed()?;
        Ok(Self { conn, folder })
    }

    /// One checked row. `n` counts from 1; `data` is the whole new record in canonical JSON; `sent` is what an update sets, `key` what it looks for.
    pub fn add(&self, n: i64, data: Option<&str>, sent: Option<&str>, key: Option<&Cell>) -> Result<()> {
        let mut insert = self.conn.prepare_cached("INSERT INTO row (n, data, sent, k) VALUES (?1, ?2, ?3, ?4)").or_failed()?;
        insert.execute((n, data, sent, key)).or_failed().map(drop)
    }

    /// Pairs of rows of the file that are new records with the same values in these fields: the earlier and the later one's number. At most `limit`.
    pub fn twins(&self, schema: &Schema, group: &[String], limit: usize) -> Result<Vec<(i64, i64)>> {
        pairs(&self.conn, &twins("row", schema, group, limit), [])
    }

    /// Pairs of rows of the file that look for the same record. At most `limit`.
    pub fn same_keys(&self, limit: usize) -> Result<Vec<(i64, i64)>> {
        let sql = format!("SELECT min(n), max(n) FROM row WHERE k IS NOT NULL GROUP BY k HAVING count(*) > 1 ORDER BY 2 LIMIT {limit}");
        pairs(&self.conn, &sql, [])
    }

    /// To be called after the last row.
    pub fn finish(self) -> Result<Stage> {
        self.conn.execute_batch("COMMIT").or_failed()?;
        self.conn.close().map_err(|(_, error)| error).or_failed()?;
        Ok(Stage { folder: self.folder })
    }
}

/// Takes away the stages of a killed process: whoever holds the lock of a data file is the only one who has any for it.
pub fn sweep(data: &Path) {
    let beginning = name(data);
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&beginning)) {
            match std::fs::remove_dir_all(entry.path()) {
                Ok(()) => log::info!("{}: left by a process that was killed, and taken away", entry.path().display()),
                Err(error) => log::warn!("{} cannot be taken away: {error}", entry.path().display()),
            }
        }
    }
}

/// How the folders of a data file's stages begin.
fn name(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    format!("carryall-stage-{:016x}-", hasher.finish())
}

#[cfg(unix)]
fn private<'b, 'p, 's>(builder: &'b mut tempfile::Builder<'p, 's>) -> &'b mut tempfile::Builder<'p, 's> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private<'b, 'p, 's>(builder: &'b mut tempfile::Builder<'p, 's>) -> &'b mut tempfile::Builder<'p, 's> {
    builder
}

impl Stage {
    pub(super) fn path(&self) -> PathBuf {
        path(&self.folder)
    }
}

/// The system's folder for temporary files takes no more.
fn no_room(why: impl std::fmt::Display) -> Error {
    log::error!("a stage: {why}");
    let message =
        "There is no room for the rows at this moment: nothing was changed. Make room on the disk of temporary files, then try again";
    Error::Busy { message: message.to_owned(), retry_after_s: 30 }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("stage.db")
}

/// The question for rows of a stage that are to be new records and have the same values in these fields.
pub(super) fn twins(stage: &str, schema: &Schema, group: &[String], limit: usize) -> String {
    let columns: Vec<String> = group.iter().filter_map(|slug| field_column(schema, slug)).map(|place| column(&place, "")).collect();
    let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    format!(
        "SELECT min(n), max(n) FROM {stage} WHERE record IS NULL AND {} GROUP BY {} HAVING count(*) > 1 ORDER BY 2 LIMIT {limit}",
        present.join(" AND "),
        columns.join(", ")
    )
}

/// Two numbers of every row that a question has.
pub(super) fn pairs(conn: &Connection, sql: &str, values: impl Params) -> Result<Vec<(i64, i64)>> {
    let mut statement = conn.prepare(sql).or_failed()?;
    let rows = statement.query_map(values, |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_taken_away_and_nothing_else() {
        let (data, other) = (Path::new("/nowhere/swept.db"), Path::new("/nowhere/other.db"));
        let [left, stays] = [data, other].map(|data| Staging::create(data).unwrap().finish().unwrap().folder.keep());
        sweep(data);
        assert!(!left.exists() && stays.join("stage.db").exists());
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&stays).unwrap().permissions()) & 0o777, 0o700);
        sweep(other);
        assert!(!stays.exists());
    }
}
