//! A temporary database for the rows of an import and what becomes of stored records by them: filled and checked before the writer sees it, gone when its value is dropped.

use super::migrate;
use super::sql::{column, field_column};
use super::sqlite::OrFailed;
use crate::model::error::{Error, Result};
use crate::model::plan::Cell;
use crate::model::schema::Schema;
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension};
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
             CREATE TABLE row (n INTEGER PRIMARY KEY, line INTEGER, data TEXT, sent TEXT, k, record INTEGER);
             CREATE TABLE merged (n INTEGER PRIMARY KEY, record INTEGER NOT NULL, version INTEGER NOT NULL, data TEXT, label TEXT, body TEXT);
             CREATE INDEX merged_record ON merged (record); BEGIN;",
        )
        .or_failed()?;
        Ok(Self { conn, folder })
    }

    /// One checked row. `n` counts from 1, `line` is where it stands in the file; `data` is the whole new record in canonical JSON; `sent` is what an
    /// update sets, `key` what it looks for.
    pub fn add(&self, n: i64, line: Option<i64>, data: Option<&str>, sent: Option<&str>, key: Option<&Cell>) -> Result<()> {
        let mut insert = self.conn.prepare_cached("INSERT INTO row (n, line, data, sent, k) VALUES (?1, ?2, ?3, ?4, ?5)").or_failed()?;
        insert.execute((n, line, data, sent, key)).or_failed().map(drop)
    }

    /// Rows of the file that are new records with the same values in these fields as an earlier one, with the first one's number.
    pub fn twins(&self, schema: &Schema, group: &[String], limit: usize) -> Result<First<i64>> {
        twins(&self.conn, ("row", "row"), &columns(schema, group), limit)
    }

    /// Rows of the file that look for the same record as an earlier one, with the first one's number.
    pub fn same_keys(&self, limit: usize) -> Result<First<i64>> {
        twins(&self.conn, ("row", "row"), &["k".to_owned()], limit)
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

/// How the folders of a data file's stages begin. Two servers may each have a `carryall.db` in a folder of its own, so the whole path counts.
fn name(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    std::path::absolute(data).unwrap_or_else(|_| data.to_owned()).hash(&mut hasher);
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

/// A row of a stage of which something is to be told, what was sent in it as JSON, and what it meets.
pub struct Met<T> {
    pub row: i64,
    pub line: Option<i64>,
    pub sent: String,
    pub other: T,
}

/// The first rows of their kind, in their order, and how many there are in all.
pub struct First<T> {
    pub rows: Vec<Met<T>>,
    pub total: usize,
}

/// SQL of these fields' values in a stage.
pub(super) fn columns(schema: &Schema, group: &[String]) -> Vec<String> {
    group.iter().filter_map(|slug| field_column(schema, slug)).map(|place| column(&place, "")).collect()
}

/// Rows that are to be new records and have the same values in these columns as an earlier one. `stage` is the stage's table, and what is looked
/// through of it.
pub(super) fn twins(conn: &Connection, (stage, rows): (&str, &str), columns: &[String], limit: usize) -> Result<First<i64>> {
    let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let (present, columns) = (present.join(" AND "), columns.join(", "));
    // Mostly there are none, and then this is all that has to be asked.
    let any = format!("SELECT 1 FROM {rows} WHERE record IS NULL AND {present} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1");
    if conn.query_row(&any, [], |_| Ok(())).optional().or_failed()?.is_none() {
        return Ok(First { rows: Vec::new(), total: 0 });
    }
    let question = format!(
        "SELECT n, first AS other FROM (SELECT n, min(n) OVER (PARTITION BY {columns}) AS first FROM {rows} WHERE record IS NULL AND {present})
         WHERE n > first"
    );
    first(conn, stage, &question, limit)
}

/// The first rows that a question for `n` and `other` has; `stage` is the stage's table.
pub(super) fn first<T: FromSql>(conn: &Connection, stage: &str, question: &str, limit: usize) -> Result<First<T>> {
    let sql = format!(
        "SELECT q.n, q.other, q.total, o.line, coalesce(iif(o.record IS NULL, o.data, NULL), o.sent, '{{}}')
         FROM (SELECT n, other, count(*) OVER () AS total FROM ({question}) ORDER BY n LIMIT {limit}) q JOIN {stage} o ON o.n = q.n ORDER BY q.n"
    );
    let mut statement = conn.prepare(&sql).or_failed()?;
    let mut total = 0;
    let rows = statement.query_map([], |row| {
        total = usize::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
        Ok(Met { row: row.get(0)?, other: row.get(1)?, line: row.get(3)?, sent: row.get(4)? })
    });
    let rows = rows.or_failed()?.collect::<rusqlite::Result<_>>().or_failed()?;
    Ok(First { rows, total })
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

    #[test]
    fn a_file_of_the_same_name_in_another_folder_is_another_file() {
        let name_alone = Path::new("carryall.db");
        assert_eq!(name(name_alone), name(&std::env::current_dir().unwrap().join(name_alone)));
        assert_ne!(name(name_alone), name(Path::new("/elsewhere/carryall.db")));
    }
}
