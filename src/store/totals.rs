//! How many rows filtered lists have, remembered until a table that the question names is written to. A total is good for one state of the file, named
//! by the change log's last number in the same snapshot, for every write has an entry there; and for every other state between which and its own no
//! entry is about these tables. Which entries there were is known up to the last commit.

use super::sql::Statement;
use super::sqlite::OrFailed;
use crate::model::error::Result;
use crate::model::schema::SchemaId;
use rusqlite::Connection;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError, RwLock};

/// Questions that are remembered at one time; with one more, all are forgotten.
const QUESTIONS_MAX: usize = 1_000;

#[derive(Default)]
pub struct Totals {
    known: Mutex<HashMap<String, Total>>,
    written: RwLock<Written>,
}

#[derive(Clone, Copy)]
struct Total {
    state: i64,
    rows: i64,
}

/// Which tables were written to, by the numbers of the log.
struct Written {
    /// Told apart from those of every other file and every other time that one was opened.
    era: u64,
    /// The last number that is known of; below 0 when nobody tells.
    newest: i64,
    /// Any table may have been written to up to this number.
    floor: i64,
    last: HashMap<SchemaId, i64>,
}

impl Default for Written {
    fn default() -> Self {
        Self { era: 0, newest: -1, floor: 0, last: HashMap::new() }
    }
}

impl Written {
    /// Whether these tables hold the same in two states of the file.
    fn is_same(&self, mut schemas: impl Iterator<Item = SchemaId>, one: i64, other: i64) -> bool {
        let unchanged = |schema| *self.last.get(&schema).unwrap_or(&self.floor) <= one.min(other);
        one.max(other) <= self.newest && schemas.all(unchanged)
    }
}

impl Totals {
    /// The answer to `question` in this snapshot, from memory or from `count`.
    pub fn get(&self, conn: &Connection, question: &Statement, count: impl FnOnce() -> Result<i64>) -> Result<i64> {
        let state = newest(conn)?;
        let key = format!("{} {:?}", question.text, question.cells);
        let known = self.known().get(&key).copied();
        if let Some(total) = known.filter(|total| self.is_same(&question.text, total.state, state)) {
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

    /// A commit has written to these tables; its last entry has this number.
    pub fn wrote(&self, schemas: &BTreeSet<SchemaId>, newest: i64) {
        let mut written = self.written.write().unwrap_or_else(PoisonError::into_inner);
        written.newest = written.newest.max(newest);
        written.last.extend(schemas.iter().map(|schema| (*schema, newest)));
    }

    /// From here on it is told what is written: what was before number `newest`, or had it, is not known. In place of a file that had given `given`
    /// numbers there may be another: what was remembered of that one is worth nothing.
    pub fn begin(&self, newest: i64, given: Option<i64>) {
        let floor = given.map_or(newest, |given| given + 1);
        *self.written.write().unwrap_or_else(PoisonError::into_inner) =
            Written { era: RandomState::new().hash_one(newest), newest, floor, last: HashMap::new() };
    }

    /// A name for what the tables that a question names hold in this snapshot: as long as it is the same, so is the answer. `None` when it is not known
    /// what was written last.
    pub fn state(&self, conn: &Connection, sql: &str) -> Result<Option<String>> {
        let state = newest(conn)?;
        let written = self.written.read().unwrap_or_else(PoisonError::into_inner);
        let last = tables_in(sql).map(|schema| *written.last.get(&schema).unwrap_or(&written.floor)).max().unwrap_or(written.floor);
        let is_of_now = state == written.newest || (written.floor..=written.newest).contains(&state);
        let is_known = is_of_now && last <= state.max(written.floor);
        Ok(is_known.then(|| format!("{:x}-{last}", written.era)))
    }

    fn is_same(&self, sql: &str, one: i64, other: i64) -> bool {
        self.written.read().unwrap_or_else(PoisonError::into_inner).is_same(tables_in(sql), one, other)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Total>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The schemas whose tables a question names, `r5` or `l5`; a field of such a name does no harm.
fn tables_in(sql: &str) -> impl Iterator<Item = SchemaId> {
    let words = sql.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter_map(|word| word.strip_prefix(['r', 'l', 'f'])?.parse().ok().map(SchemaId))
}

/// The last number of the change log: one look at the end of its table.
pub fn newest(conn: &Connection) -> Result<i64> {
    let mut statement = conn.prepare_cached("SELECT max(seq) FROM change").or_failed()?;
    statement.query_row([], |row| row.get::<_, Option<i64>>(0)).or_failed().map(Option::unwrap_or_default)
}

/// The highest number that was ever given, also to entries that are gone.
pub fn given(conn: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'change'";
    conn.query_row(sql, [], |row| row.get(0)).or_failed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(totals: &Totals, log: &Connection, sql: &str) -> bool {
        let mut counted = false;
        let question = Statement::new(sql.to_owned(), Vec::new());
        let answer = totals.get(log, &question, || {
            counted = true;
            Ok(7)
        });
        assert_eq!(answer, Ok(7));
        counted
    }

    /// A log with the number 10, and nothing else.
    fn log() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE change (seq INTEGER PRIMARY KEY); INSERT INTO change VALUES (10);").unwrap();
        conn
    }

    fn write(totals: &Totals, log: &Connection, schema: i64, number: i64) {
        log.execute("INSERT INTO change VALUES (?1)", [number]).unwrap();
        totals.wrote(&BTreeSet::from([SchemaId(schema)]), number);
    }

    const ONE: &str = "SELECT count(*) FROM r1 WHERE data->>'$.a' = ?";
    const BOTH: &str = "SELECT count(*) FROM r1 WHERE id IN (SELECT record FROM l2 WHERE field = 'tags')";

    #[test]
    fn a_total_is_forgotten_when_its_own_table_is_written_to_and_not_with_others() {
        let (totals, log) = (Totals::default(), log());
        totals.begin(10, None);
        assert!(counts(&totals, &log, ONE) && counts(&totals, &log, BOTH));
        assert!(!counts(&totals, &log, ONE) && !counts(&totals, &log, BOTH));
        write(&totals, &log, 2, 11);
        assert!(!counts(&totals, &log, ONE) && counts(&totals, &log, BOTH));
        write(&totals, &log, 1, 12);
        assert!(counts(&totals, &log, ONE) && counts(&totals, &log, BOTH));
    }

    #[test]
    fn what_was_committed_and_not_yet_told_is_counted() {
        let (totals, log) = (Totals::default(), log());
        totals.begin(10, None);
        assert!(counts(&totals, &log, ONE));
        log.execute_batch("INSERT INTO change VALUES (11)").unwrap();
        assert!(counts(&totals, &log, ONE) && counts(&totals, &log, ONE), "number 11 may be about this table");
        // A snapshot from before must not be given what was counted after.
        log.execute_batch("DELETE FROM change WHERE seq = 11").unwrap();
        assert!(counts(&totals, &log, ONE));
        log.execute_batch("INSERT INTO change VALUES (11)").unwrap();
        totals.wrote(&BTreeSet::from([SchemaId(1)]), 11);
        assert!(counts(&totals, &log, ONE) && !counts(&totals, &log, ONE));
    }

    #[test]
    fn a_state_has_one_name_until_its_table_is_written_to() {
        let (totals, log) = (Totals::default(), log());
        assert_eq!(totals.state(&log, ONE), Ok(None), "nobody tells what is written");
        totals.begin(10, None);
        let (one, both) = (totals.state(&log, ONE).unwrap().unwrap(), totals.state(&log, BOTH).unwrap().unwrap());
        write(&totals, &log, 2, 11);
        assert_eq!(totals.state(&log, ONE).unwrap().as_ref(), Some(&one));
        let later = totals.state(&log, BOTH).unwrap().unwrap();
        assert_ne!(later, both);
        // A snapshot from before number 11 is not what was told of it.
        log.execute_batch("DELETE FROM change WHERE seq = 11").unwrap();
        assert_eq!(totals.state(&log, BOTH), Ok(None));
        assert_eq!(totals.state(&log, ONE).unwrap().as_ref(), Some(&one));
        // One that nobody has told of yet has no name.
        log.execute_batch("INSERT INTO change VALUES (12)").unwrap();
        assert_eq!(totals.state(&log, ONE), Ok(None));
        // Another file, or the same one opened again, shares no name.
        totals.begin(12, None);
        assert_ne!(totals.state(&log, ONE).unwrap(), Some(one));
    }

    #[test]
    fn nothing_is_taken_over_from_the_file_that_was_there_before_or_when_nobody_tells() {
        let (totals, log) = (Totals::default(), log());
        assert!(counts(&totals, &log, ONE) && counts(&totals, &log, ONE), "somebody else may write");
        totals.begin(10, None);
        assert!(!counts(&totals, &log, ONE));
        // Restored: what came after number 10 is gone, 20 numbers were given, the log goes on after them.
        totals.begin(10, Some(20));
        assert!(counts(&totals, &log, ONE));
        write(&totals, &log, 2, 21);
        assert!(counts(&totals, &log, ONE) && !counts(&totals, &log, ONE));
    }
}
