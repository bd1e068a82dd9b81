//! How many rows filtered lists have, remembered until the next write. A total is good for exactly one state of the file, and the change log's last
//! number, read in the same snapshot, names that state: every write has an entry there.

use super::sql::Statement;
use super::sqlite::OrFailed;
use crate::model::error::Result;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Questions that are remembered at one time; with one more, all are forgotten.
const QUESTIONS_MAX: usize = 1_000;

#[derive(Default)]
pub struct Totals(Mutex<HashMap<String, Total>>);

#[derive(Clone, Copy)]
struct Total {
    state: i64,
    rows: i64,
}

impl Totals {
    /// The answer to `question` in this snapshot, from memory or from `count`.
    pub fn get(&self, conn: &Connection, question: &Statement, count: impl FnOnce() -> Result<i64>) -> Result<i64> {
        let state = state(conn)?;
        let key = format!("{} {:?}", question.text, question.cells);
        if let Some(total) = self.known().get(&key).filter(|total| total.state == state) {
            return Ok(total.rows);
        }
        let rows = count()?;
        let mut known = self.known();
        if known.len() >= QUESTIONS_MAX {
            known.clear();
        }
        known.insert(key, Total { state, rows });
        Ok(rows)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Total>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last number of the change log: one look at the end of its table.
fn state(conn: &Connection) -> Result<i64> {
    let mut statement = conn.prepare_cached("SELECT max(seq) FROM change").or_failed()?;
    statement.query_row([], |row| row.get::<_, Option<i64>>(0)).or_failed().map(Option::unwrap_or_default)
}
