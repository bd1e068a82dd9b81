//! A temporary database for the rows of an import: filled and checked before the writer sees it, gone when this value is dropped.

use super::sql::{column, field_column};
use super::sqlite::OrFailed;
use crate::model::error::{Error, Result};
use crate::model::plan::Cell;
use crate::model::schema::Schema;
use rusqlite::Connection;
use std::path::PathBuf;

pub struct Stage {
    conn: Connection,
    folder: tempfile::TempDir,
}

impl Stage {
    /// An empty stage in the system's folder for temporary files, readable by its owner only.
    pub fn create() -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Error::internal)?;
        let conn = Connection::open(folder.path().join("stage.db")).or_failed()?;
        conn.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             CREATE TABLE row (n INTEGER PRIMARY KEY, data TEXT NOT NULL, k, record INTEGER); BEGIN;",
        )
        .or_failed()?;
        Ok(Self { conn, folder })
    }

    /// One checked row. `n` counts from 1; `data` is canonical JSON with every field; `key` is what upserts look for.
    pub fn add(&self, n: i64, data: &str, key: Option<&Cell>) -> Result<()> {
        let mut insert = self.conn.prepare_cached("INSERT INTO row (n, data, k) VALUES (?1, ?2, ?3)").or_failed()?;
        insert.execute((n, data, key)).or_failed().map(drop)
    }

    /// Pairs of rows of the file that have the same values in these fields: the earlier and the later one's number. At most `limit`.
    pub fn twins(&self, schema: &Schema, group: &[String], limit: usize) -> Result<Vec<(i64, i64)>> {
        let columns: Vec<String> = group.iter().filter_map(|slug| field_column(schema, slug)).map(|place| column(&place, "")).collect();
        let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let sql = format!(
            "SELECT min(n), max(n) FROM row WHERE {} GROUP BY {} HAVING count(*) > 1 ORDER BY 2 LIMIT {limit}",
            present.join(" AND "),
            columns.join(", ")
        );
        let mut statement = self.conn.prepare(&sql).or_failed()?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
        rows.collect::<rusqlite::Result<_>>().or_failed()
    }

    /// To be called after the last row: the writer opens the same file.
    pub fn finish(&self) -> Result<()> {
        self.conn.execute_batch("COMMIT; CREATE INDEX row_record ON row (record);").or_failed()
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("stage.db")
    }
}
