//! Whether an index of words is what the records make it: which of them are in it, how long their texts are, which words it has. Looked at by `check` and
//! `mend`; a new one is made in a temporary file to compare with.

use super::search::{TOKENIZER, columns, index, texts, words};
use super::sql::table;
use super::sqlite::OrFailed;
use super::tables::searches;
use super::tx::ReadTx;
use crate::model::error::Result;
use crate::model::schema::Schema;
use crate::model::search::State;
use rusqlite::types::Value;
use rusqlite::{Connection, Statement};

/// Why the index of a schema is not to be trusted: a sentence that reads on from `Table 'x' `.
pub fn fault(tx: &ReadTx<'_>, schema: &Schema) -> Result<Option<&'static str>> {
    let conn = tx.conn();
    match schema.search.index.as_ref().map(|index| index.state) {
        None => return Ok(None),
        Some(State::Failed) => return Ok(Some("cannot be searched, for its index could not be kept up")),
        // What is missing of it is known, and nobody is answered from it.
        Some(State::Making) => return Ok(None),
        Some(State::Ready) => {}
    }
    if searches::upto(conn, schema.id).or_failed()?.is_some() {
        return Ok(None);
    }
    // An index that cannot even be read is not right.
    Ok(match differs(conn, schema) {
        Ok(false) => None,
        Ok(true) => Some("is searched by an index that is not what its records hold"),
        Err(error) if super::search::is_of_all(&error) => return Err(super::sqlite::failed(error)),
        Err(_) => Some("is searched by an index that cannot be read"),
    })
}

/// Has FTS5 look at what is there, for SQLite's checks go by what a connection remembers of an index from its last question, whatever was written since.
pub(super) fn look_anew(conn: &Connection) {
    let names =
        conn.prepare("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE f% USING fts5(%'").and_then(|mut statement| {
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            names.collect::<rusqlite::Result<Vec<String>>>()
        });
    for name in names.unwrap_or_default() {
        // One that cannot be asked is found out by the check itself.
        let _ = conn.prepare(&format!("SELECT 1 FROM {name} WHERE {name} MATCH '\"\"'")).and_then(|mut ask| ask.exists([]));
    }
}

fn differs(conn: &Connection, schema: &Schema) -> rusqlite::Result<bool> {
    let (index, words) = (index(schema.id), words(schema.id));
    // SQLite's own look at it.
    let own: Option<String> = conn.query_row(&format!("PRAGMA quick_check({index})"), [], |row| row.get(0))?;
    if own.as_deref() != Some("ok") {
        return Ok(true);
    }
    let fresh = fresh(conn, schema)?;
    let sizes = |name: &str| format!("SELECT id, sz FROM {name}_docsize ORDER BY id");
    let listed = |name: &str| format!("SELECT term, col, doc, cnt FROM {name}");
    Ok(!is_same(&mut conn.prepare(&sizes(&index))?, &mut fresh.prepare(&sizes("f"))?, 2)?
        || !is_same(&mut conn.prepare(&listed(&words))?, &mut fresh.prepare(&listed("v"))?, 4)?)
}

/// The index as it should be, in a file that nobody else sees.
fn fresh(conn: &Connection, schema: &Schema) -> rusqlite::Result<Connection> {
    let texts = texts(schema);
    let fresh = Connection::open("")?;
    fresh.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         CREATE VIRTUAL TABLE f USING fts5({}, content = '', contentless_delete = 1, tokenize = '{TOKENIZER}');
         CREATE VIRTUAL TABLE v USING fts5vocab('f', 'col'); BEGIN;",
        columns(texts.len())
    ))?;
    let marks = vec!["?"; texts.len() + 1].join(", ");
    let mut put = fresh.prepare(&format!("INSERT INTO f (rowid, {}) VALUES ({marks})", columns(texts.len())))?;
    let mut read = conn.prepare(&format!("SELECT id, {} FROM {}", texts.join(", "), table(schema.id)))?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        for at in 0..=texts.len() {
            put.raw_bind_parameter(at + 1, row.get::<_, Value>(at)?)?;
        }
        put.raw_execute()?;
    }
    drop(put);
    fresh.execute_batch("COMMIT")?;
    Ok(fresh)
}

/// Whether two questions have the same rows in the same order.
fn is_same(one: &mut Statement<'_>, other: &mut Statement<'_>, width: usize) -> rusqlite::Result<bool> {
    let (mut ones, mut others) = (one.query([])?, other.query([])?);
    loop {
        match (ones.next()?, others.next()?) {
            (None, None) => return Ok(true),
            (Some(one), Some(other)) => {
                for at in 0..width {
                    if one.get_ref(at)? != other.get_ref(at)? {
                        return Ok(false);
                    }
                }
            }
            _ => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::search::{Search, Wanted};
    use crate::store::indexes::tests::store;
    use crate::store::tables::schemas;

    #[test]
    fn an_index_is_right_whatever_is_written_and_a_check_sees_when_it_is_not() {
        let (_folder, store, schema) = store();
        let id = schema.id;
        let now = |tx: &ReadTx<'_>| tx.catalog().schema_by_id(id).unwrap();
        store
            .write(move |tx| {
                let old = tx.catalog().schema_by_id(id).unwrap();
                let search = Search { wanted: Wanted::All, index: None };
                schemas::replace(tx, &old, &Schema { search, ..Schema::clone(&old) }, &[])?;
                tx.catalog_changed()
            })
            .unwrap();
        let run = |sql: &str| {
            let sql = sql.replace("RECORDS", &table(id)).replace("WORDS", &index(id));
            store.write(move |tx| tx.conn().execute_batch(&sql).or_failed()).unwrap();
            store.read(|tx| fault(tx, &now(tx))).unwrap()
        };
        let insert = |ids: &str| {
            format!(
                "INSERT INTO RECORDS SELECT value, '{{\"text\":\"word ' || value || '\"}}', '', NULL, '', NULL, 1 FROM json_each('[{ids}]')"
            )
        };
        for sql in [
            insert("1,2,3,4,5,6,7,8,9"),
            "DELETE FROM RECORDS WHERE id IN (3, 5)".to_owned(),
            // A record that comes back, between others that go and change.
            format!(
                "{}; DELETE FROM RECORDS WHERE id = 6; UPDATE RECORDS SET data = json_set(data, '$.text', 'other') WHERE id IN (2, 7)",
                insert("3,12")
            ),
            format!("{}; DELETE FROM RECORDS WHERE id = 14; DELETE FROM RECORDS WHERE id = 1", insert("13,14")),
            "UPDATE RECORDS SET data = json_set(data, '$.text', nullif(id % 2, 1))".to_owned(),
        ] {
            assert_eq!(run(&sql), None, "{sql}");
        }
        for sql in ["DELETE FROM WORDS WHERE rowid = 3", "UPDATE WORDS_data SET block = x'00' WHERE id = 10"] {
            assert!(run(sql).is_some(), "{sql}");
            store.mend(|_| entry()).unwrap();
            assert_eq!(store.read(|tx| fault(tx, &now(tx))).unwrap(), None);
        }
    }

    fn entry() -> crate::model::change::Change {
        let kind = crate::model::change::ChangeKind::Define;
        let (principal, label) = ("test".to_owned(), "mended".to_owned());
        crate::model::change::Change {
            kind,
            principal,
            dialect: "test",
            token: None,
            app: None,
            schema: None,
            record: None,
            batch: None,
            label,
            body: None,
            tab: None,
        }
    }
}
