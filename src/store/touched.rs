//! Which records a transaction has written to, by table: SQLite itself tells, so that no way of writing can forget to. Records that a job wrote to and
//! took back are among them, too: whoever goes by this looks at what is there now.

use crate::model::error::Result;
use crate::model::schema::SchemaId;
use crate::store::sqlite::OrFailed;
use rusqlite::Connection;
use rusqlite::hooks::Action;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Records that are told one by one; with one more, it is the whole table.
pub const TOLD_MAX: usize = 5_000;

/// What was written to in one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// Changed or deleted.
    pub ids: BTreeSet<i64>,
    /// More than could be told.
    pub is_all: bool,
    /// The first and the last of those that are new.
    pub new: Option<(i64, i64)>,
}

#[derive(Clone, Default)]
pub struct Touched(Arc<Mutex<BTreeMap<i64, Rows>>>);

impl Touched {
    /// Has a connection tell from now on.
    pub fn listen(&self, conn: &Connection) -> Result<()> {
        let told = self.clone();
        conn.update_hook(Some(move |action: Action, _: &str, table: &str, id: i64| {
            if let Some(schema) = table.strip_prefix('r').and_then(|number| number.parse().ok()) {
                told.rows().entry(schema).or_default().note(action, id);
            }
        }))
        .or_failed()
    }

    /// A transaction begins.
    pub fn clear(&self) {
        self.rows().clear();
    }

    /// What was written to since, all of it, once.
    pub fn take(&self) -> Vec<(SchemaId, Rows)> {
        std::mem::take(&mut *self.rows()).into_iter().map(|(schema, rows)| (SchemaId(schema), rows)).collect()
    }

    /// What was written to in one table so far.
    pub fn of(&self, schema: SchemaId) -> Rows {
        self.rows().get(&schema.0).cloned().unwrap_or_default()
    }

    /// Whether a record was changed or deleted.
    pub fn has(&self, schema: SchemaId, id: i64) -> bool {
        self.rows().get(&schema.0).is_some_and(|rows| rows.is_all || rows.ids.contains(&id))
    }

    /// A change of a record that nobody needs to know of.
    pub fn forget(&self, schema: SchemaId, id: i64) {
        if let Some(rows) = self.rows().get_mut(&schema.0) {
            rows.ids.remove(&id);
        }
    }

    /// Between which ids those of a table lie that are new so far.
    pub fn new_of(&self, schema: SchemaId) -> Option<(i64, i64)> {
        self.rows().get(&schema.0).and_then(|rows| rows.new)
    }

    /// A record that was just put in is an old one: it lies among others, and is no part of a range of new ones.
    pub fn is_old(&self, schema: SchemaId, id: i64, new: Option<(i64, i64)>) {
        if let Some(rows) = self.rows().get_mut(&schema.0) {
            rows.new = new;
            rows.note(Action::SQLITE_UPDATE, id);
        }
    }

    /// Nothing but this was written to in one table, as far as anybody needs to know.
    pub fn put(&self, schema: SchemaId, rows: Rows) {
        self.rows().insert(schema.0, rows);
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<i64, Rows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn note(&mut self, action: Action, id: i64) {
        if self.is_all {
        } else if action == Action::SQLITE_INSERT {
            let (first, last) = self.new.unwrap_or((id, id));
            self.new = Some((first.min(id), last.max(id)));
        } else if self.ids.len() < TOLD_MAX {
            self.ids.insert(id);
        } else {
            self.is_all = true;
            self.ids.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_tells_of_every_way_to_write_to_a_table_of_records() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE r7 (id INTEGER PRIMARY KEY, data TEXT); CREATE TABLE r8 (id INTEGER PRIMARY KEY, data TEXT); CREATE TABLE rest (id INTEGER PRIMARY KEY)")
            .unwrap();
        let touched = Touched::default();
        touched.listen(&conn).unwrap();
        let after = |sql: &str| {
            touched.clear();
            conn.execute_batch(sql).unwrap();
            touched.take()
        };
        let rows = |ids: &[i64], new| Rows { ids: ids.iter().copied().collect(), is_all: false, new };
        assert_eq!(
            after("INSERT INTO r7 VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO rest VALUES (1)"),
            [(SchemaId(7), rows(&[], Some((1, 3))))]
        );
        assert_eq!(after("INSERT INTO r8 SELECT * FROM r7"), [(SchemaId(8), rows(&[], Some((1, 3))))]);
        assert_eq!(after("UPDATE r7 SET data = 'x' WHERE id > 1; DELETE FROM r7 WHERE id = 1"), [(SchemaId(7), rows(&[1, 2, 3], None))]);
        let staged = "CREATE TEMP TABLE s (n INTEGER PRIMARY KEY, data TEXT); INSERT INTO s VALUES (2, 'y')";
        assert_eq!(
            after(&format!("{staged}; UPDATE r7 SET data = s.data FROM temp.s WHERE s.n = r7.id")),
            [(SchemaId(7), rows(&[2], None))]
        );
        let many = "WITH n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO r7 SELECT i, '' FROM n";
        conn.execute_batch(many).unwrap();
        assert!(after("UPDATE r7 SET data = 'z'")[0].1.is_all);
    }
}
