//! The index by which the words of a schema's records are found: an FTS5 table `f<number>` with a column for each field, so that a question can leave out
//! those that somebody may not read. How far it is stands in the table `search`. What is asked of it is in `found`, whether it is right in `search_check`.
//!
//! - Contentless, and rows can be deleted without what they held before (`contentless_delete`). With a view as its content it could show passages by
//!   itself, but a row could be taken out only by its old texts, which are gone when the index is brought up to date: FTS5 writes what it has gathered
//!   at every savepoint, and every job of a group is one, so the index waits for the last of them. Passages are cut in memory instead (`found`).
//! - Brought up to date once for each transaction, after its last job and before COMMIT, by what SQLite says was written to (`touched`). So a record and
//!   its words are committed together or not at all. Measured on a busy machine, without waiting for the disk: with 1 to 8 clients two thirds as many
//!   creates as without an index, with 64 nine tenths; waiting for the disk, no difference at 64. An update that changes no words costs nothing.
//! - Made step by step (`upto`), so that nobody waits long to write; what is above `upto` is not its business yet. After a restart it goes on there.
//! - When it cannot be kept up, the write goes on without it, and it is marked as failed: nobody is answered from it before it is made anew.
//! - `v<number>` lists the words that are in it: for words within words, and for checks.
//!
//! Nothing here is needed to read the records with another program; one that knows FTS5 (from SQLite 3.43 on) can use the index.

use super::records::counter;
use super::sql::table;
use super::sqlite::{OrFailed, failed};
use super::tables::searches;
use super::touched::Rows;
use super::tx::{ReadTx, WriteTx};
use crate::model::error::Result;
use crate::model::field::{Choice, Field, Kind};
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::{State, Wanted};
use rusqlite::{Connection, ErrorCode};
use serde_json::json;

/// Records of one step: some hundredths of a second.
const STEP_RECORDS: i64 = 1_000;
/// Up to so many records are taken in by the transaction that changes the schema, or has just written them; more are left to steps.
const AT_ONCE_MAX: i64 = 5_000;
/// A word of nobody's: the end of a name, so that those who are called just so are found without a look at all whose names begin so.
pub(super) const END: char = '\u{e000}';
/// Words are compared without case and without accents.
pub(super) const TOKENIZER: &str = "unicode61 remove_diacritics 2";

/// The table of a schema's index.
pub fn index(schema: SchemaId) -> String {
    format!("f{}", schema.0)
}

/// The list of its words.
pub fn words(schema: SchemaId) -> String {
    format!("v{}", schema.0)
}

/// How far an index is.
pub struct Step {
    pub is_done: bool,
    pub upto: i64,
}

/// What a field holds in words, as SQL over a record. Of an option also what people see in its place.
pub(super) fn words_of(field: &Field) -> String {
    let slug = &field.slug;
    match field.kind {
        Kind::Set => {
            format!("(SELECT group_concat({}, ' ') FROM json_each(data, '$.{slug}') e)", labelled("e.value", &field.rules.choices))
        }
        // The texts in it, without its keys.
        Kind::Json => format!("(SELECT group_concat(e.value, ' ') FROM json_tree(data, '$.{slug}') e WHERE e.type = 'text')"),
        _ => labelled(&format!("data->>'$.{slug}'"), &field.rules.choices),
    }
}

fn labelled(value: &str, choices: &[Choice]) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let more = choices.iter().filter(|choice| choice.label.to_lowercase() != choice.value.to_lowercase());
    let cases: String =
        more.map(|choice| format!(" WHEN {} THEN {}", quoted(&choice.value), quoted(&format!(" {}", choice.label)))).collect();
    if cases.is_empty() { value.to_owned() } else { format!("{value} || CASE {value}{cases} ELSE '' END") }
}

/// What stands in each column of the index, as SQL over a record: the words of a field; behind those that name the record, their end.
pub(super) fn texts(schema: &Schema) -> Vec<String> {
    let is_name = |field: &Field| schema.display_field.as_ref() == Some(&field.slug);
    let text = |field: &Field| if is_name(field) { format!("{} || ' {END}'", words_of(field)) } else { words_of(field) };
    schema.searched().map(text).collect()
}

/// What tells one index from another: its columns, and what is in them.
pub(super) fn definition(schema: &Schema) -> Option<String> {
    let columns: Vec<(&str, String)> = schema.searched().map(|field| field.slug.as_str()).zip(texts(schema)).collect();
    (!columns.is_empty()).then(|| json!(columns).to_string())
}

/// The columns of an index: `c0,c1`.
pub(super) fn columns(count: usize) -> String {
    (0..count).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",")
}

/// Makes the index of a schema the one that it wants, if any. `before` is what was written to its records when nothing of their words has changed since.
pub fn settle(tx: &mut WriteTx<'_>, schema: &Schema, before: Option<Rows>) -> Result<()> {
    let wanted = &schema.search.wanted;
    searches::say(tx.conn(), schema.id, &wanted.to_json())?;
    let present = searches::defined(tx.conn(), schema.id)?;
    let fits = |definition: &String| *wanted != Wanted::No && (*wanted != Wanted::Unsaid || present.is_some()) && !definition.is_empty();
    match (definition(schema).filter(fits), present) {
        (Some(wanted), Some((there, true))) if wanted == there => {
            if let Some(rows) = before {
                tx.touched().put(schema.id, rows);
            }
            Ok(())
        }
        (Some(_), _) => make(tx, schema),
        (None, Some(_)) => {
            unmake(tx.conn(), schema.id).or_failed()?;
            searches::define(tx.conn(), schema.id, None).or_failed()
        }
        (None, None) => Ok(()),
    }
}

/// Makes an index anew; that of a short table to its end.
fn make(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    begin(tx.conn(), schema).or_failed()?;
    if counter(tx, schema)? <= AT_ONCE_MAX { finish(tx, schema) } else { Ok(()) }
}

/// An index with nothing in it, in the place of the one that may be there.
fn begin(conn: &Connection, schema: &Schema) -> rusqlite::Result<()> {
    let (index, words) = (index(schema.id), words(schema.id));
    unmake(conn, schema.id)?;
    conn.execute_batch(&format!(
        "CREATE VIRTUAL TABLE {index} USING fts5({}, content = '', contentless_delete = 1, tokenize = '{TOKENIZER}');
         CREATE VIRTUAL TABLE {words} USING fts5vocab('{index}', 'col');",
        columns(schema.searched().count())
    ))?;
    searches::define(conn, schema.id, definition(schema).as_deref())
}

fn unmake(conn: &Connection, schema: SchemaId) -> rusqlite::Result<()> {
    conn.execute_batch(&format!("DROP TABLE IF EXISTS {}; DROP TABLE IF EXISTS {};", words(schema), index(schema)))
}

/// Makes an index anew, to its end.
pub(super) fn remake(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    begin(tx.conn(), schema).or_failed()?;
    finish(tx, schema)
}

fn finish(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    take_in(tx.conn(), schema, "1").or_failed()?;
    searches::reach(tx.conn(), schema.id, None).or_failed()?;
    tx.touched().put(schema.id, Rows::default());
    Ok(())
}

/// With the schema goes its index.
pub fn remove(tx: &mut WriteTx<'_>, schema: SchemaId) -> Result<()> {
    unmake(tx.conn(), schema).or_failed()?;
    tx.conn().execute("DELETE FROM search WHERE schema = ?1", [schema.0]).or_failed().map(drop)
}

/// Takes some more records in; begins with an index where there is none, or none that is good. The catalog is loaded again when that changes what can be
/// asked.
pub fn step(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<Step> {
    let there = searches::defined(tx.conn(), schema.id)?;
    if there.is_none_or(|(there, is_good)| !is_good || Some(there) != definition(schema)) {
        begin(tx.conn(), schema).or_failed()?;
        tx.catalog_changed()?;
    }
    let Some(upto) = searches::upto(tx.conn(), schema.id).or_failed()? else { return Ok(Step { is_done: true, upto: 0 }) };
    let next =
        format!("SELECT max(id), count(*) FROM (SELECT id FROM {} WHERE id > ?1 ORDER BY id LIMIT {STEP_RECORDS})", table(schema.id));
    let row = tx.conn().query_row(&next, [upto], |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?))).or_failed()?;
    let last = row.0.unwrap_or(upto);
    take_in(tx.conn(), schema, &format!("id BETWEEN {} AND {last}", upto + 1)).or_failed()?;
    let is_done = row.1 < STEP_RECORDS;
    searches::reach(tx.conn(), schema.id, (!is_done).then_some(last)).or_failed()?;
    if is_done {
        tx.catalog_changed()?;
    }
    Ok(Step { is_done, upto: last })
}

/// Takes in the records that a condition leaves, as they are now.
fn take_in(conn: &Connection, schema: &Schema, which: &str) -> rusqlite::Result<usize> {
    let texts = texts(schema);
    let sql = format!(
        "INSERT OR REPLACE INTO {} (rowid, {}) SELECT id, {} FROM {} WHERE {which}",
        index(schema.id),
        columns(texts.len()),
        texts.join(", "),
        table(schema.id)
    );
    conn.prepare_cached(&sql)?.execute([])
}

/// Brings every index up to date with what this transaction has written to. To be called after its last job.
///
/// # Errors
/// When the transaction cannot go on. What only an index has met is no error: the index is marked.
pub fn catch_up(tx: &mut WriteTx<'_>) -> Result<()> {
    for (id, rows) in tx.touched().take() {
        let Some(schema) = tx.catalog().schema_by_id(id) else { continue };
        if schema.search.index.as_ref().is_none_or(|index| index.state == State::Failed) {
            continue;
        }
        let conn = tx.conn();
        conn.prepare_cached("SAVEPOINT search").and_then(|mut begin| begin.execute([])).or_failed()?;
        // FTS5 writes what it has gathered when a savepoint begins: then what it meets can still be taken back.
        let followed = follow(tx, &schema, &rows).and_then(|is_whole| {
            conn.prepare_cached("SAVEPOINT written")?.execute([])?;
            conn.prepare_cached("RELEASE written")?.execute([])?;
            Ok(is_whole)
        });
        match followed {
            Ok(is_whole) => {
                conn.prepare_cached("RELEASE search").and_then(|mut end| end.execute([])).or_failed()?;
                if !is_whole {
                    tx.catalog_changed()?;
                }
            }
            Err(error) if conn.is_autocommit() || is_of_all(&error) => return Err(failed(error)),
            Err(error) => {
                log::error!("the index of table '{}': {error}; it is to be made anew", schema.slug);
                conn.execute_batch("ROLLBACK TO search; RELEASE search").or_failed()?;
                searches::fail(conn, id)?;
                tx.catalog_changed()?;
            }
        }
    }
    Ok(())
}

/// Whether an error concerns more than the index: the disk, the memory, somebody who ends the work.
pub(super) fn is_of_all(error: &rusqlite::Error) -> bool {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, OperationInterrupted, OutOfMemory, ReadOnly, SystemIoFailure};
    let of_all = [DatabaseBusy, DatabaseLocked, DiskFull, OperationInterrupted, OutOfMemory, ReadOnly, SystemIoFailure];
    error.sqlite_error_code().is_some_and(|code| of_all.contains(&code)) || is_damage(error)
}

/// Damage of the file itself, and not of what FTS5 keeps in it.
fn is_damage(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) && !super::sqlite::is_of_index(error)
}

/// Whether all records are in the index as before.
fn follow(tx: &WriteTx<'_>, schema: &Schema, rows: &Rows) -> rusqlite::Result<bool> {
    let conn = tx.conn();
    if rows.is_all {
        begin(conn, schema)?;
        return Ok(false);
    }
    let upto = searches::upto(conn, schema.id)?;
    let is_in = |id: i64| upto.is_none_or(|upto| id <= upto);
    if let Some((first, last)) = rows.new.filter(|(first, _)| is_in(*first)) {
        if last - first >= AT_ONCE_MAX {
            change(conn, schema, rows.ids.iter().filter(|id| is_in(**id)))?;
            searches::reach(conn, schema.id, Some(first - 1))?;
            return Ok(false);
        }
        take_in(conn, schema, &format!("id BETWEEN {first} AND {}", upto.map_or(last, |upto| last.min(upto))))?;
    }
    change(conn, schema, rows.ids.iter().filter(|id| is_in(**id)))?;
    Ok(true)
}

/// Records that were written to: their words as they are now, or none.
fn change<'i>(conn: &Connection, schema: &Schema, ids: impl Iterator<Item = &'i i64>) -> rusqlite::Result<()> {
    let texts = texts(schema);
    let (index, columns, table) = (index(schema.id), columns(texts.len()), table(schema.id));
    let mut exists = conn.prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?;
    let mut put = conn.prepare_cached(&format!(
        "INSERT OR REPLACE INTO {index} (rowid, {columns}) SELECT id, {} FROM {table} WHERE id = ?1",
        texts.join(", ")
    ))?;
    let mut delete = conn.prepare_cached(&format!("DELETE FROM {index} WHERE rowid = ?1"))?;
    for id in ids {
        if exists.exists([id])? {
            put.execute([id])?
        } else {
            delete.execute([id])?
        };
    }
    Ok(())
}

/// Schemas whose index is being made.
pub fn unfinished(tx: &ReadTx<'_>) -> Vec<SchemaId> {
    let schemas = tx.catalog().apps().iter().flat_map(|app| tx.catalog().schemas(app.id));
    schemas
        .filter(|schema| schema.search.index.as_ref().is_some_and(|index| index.state == State::Making))
        .map(|schema| schema.id)
        .collect()
}
