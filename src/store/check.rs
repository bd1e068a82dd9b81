//! Looks through a whole data file in one snapshot: SQLite's own check, and what only this program can know. Every finding is a sentence that says what
//! is wrong, where, and how to mend it. Nothing is changed; `mend` does that.

use super::sql::{links as link_table, table};
use super::sqlite::OrFailed;
use super::tx::ReadTx;
use super::{indexes, link_rows, search, search_check};
use crate::model::error::{Error, Result};
use crate::model::field::Kind;
use crate::model::job::{self, Progress};
use crate::model::schema::Schema;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Findings of one kind that are told one by one.
const TOLD_MAX: usize = 5;
/// Steps of SQLite's machine between two looks at whether it is to go on.
const LOOK_STEPS: i32 = 100_000;
/// What counts, finds and numbers the records is made anew from them.
const MEND: &str = "'carryall check --mend' puts that in order";
/// The form of every time that the store writes, as SQLite's functions name it.
const STAMP: &str = "%Y-%m-%dT%H:%M:%SZ";
/// Tables whose numbers are given once for ever.
pub(super) const COUNTED_ON: [(&str, &str); 4] = [("change", "seq"), ("schema", "id"), ("user", "id"), ("saved_view", "id")];

/// What was looked at, and what is wrong; nothing, if all is well.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    pub apps: u64,
    pub tables: u64,
    pub records: u64,
    pub problems: Vec<String>,
    /// The pages are not what SQLite wrote: nothing more should be written to them.
    pub is_damaged: bool,
    /// A row has lost what it belongs to.
    pub is_torn: bool,
}

/// Checks the file of this snapshot. An error of `watch` ends it.
pub fn check(tx: &ReadTx<'_>, watch: &job::Report) -> Result<Report> {
    let (apps, conn) = (tx.catalog().apps(), tx.conn());
    let total: usize = apps.iter().map(|app| tx.catalog().schemas(app.id).count()).sum();
    let told =
        Arc::new(Told { total: u64::try_from(total).ok(), done: AtomicU64::new(0), watch: watch.clone(), stopped: Mutex::default() });
    told.tell()?;
    let inside = told.clone();
    conn.progress_handler(LOOK_STEPS, Some(move || inside.is_over())).or_failed()?;
    let found = look(tx, &told);
    conn.progress_handler(0, None::<fn() -> bool>).or_failed()?;
    match told.stopped.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error),
        None => found,
    }
}

/// How far a check is, told also from within a long statement.
struct Told {
    total: Option<u64>,
    done: AtomicU64,
    watch: job::Report,
    stopped: Mutex<Option<Error>>,
}

impl Told {
    fn tell(&self) -> Result<()> {
        let done = self.done.load(Ordering::Relaxed);
        (self.watch)(Progress { stage: "checking", done, total: self.total, unit: "tables", rows: 0 })
    }

    /// Keeps why, for the statement that is ended here has no better word for it than that it was interrupted.
    fn is_over(&self) -> bool {
        let Err(error) = self.tell() else { return false };
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        true
    }
}

fn look(tx: &ReadTx<'_>, told: &Told) -> Result<Report> {
    let conn = tx.conn();
    let mut report = Report { problems: structure(conn), ..Report::default() };
    // In a damaged file every further look could stumble over the damage.
    if !report.problems.is_empty() {
        report.is_damaged = true;
        return Ok(report);
    }
    report.problems = torn(conn);
    report.is_torn = !report.problems.is_empty();
    let present = tables(conn)?;
    for app in tx.catalog().apps() {
        report.apps += 1;
        for schema in tx.catalog().schemas(app.id) {
            told.done.store(report.tables, Ordering::Relaxed);
            told.tell()?;
            report.tables += 1;
            if !present.contains(&table(schema.id)) {
                report.problems.push(format!("Table '{}' has lost all its records: restore a backup", schema.slug));
                continue;
            }
            records(conn, schema, &mut report)?;
            references(tx, schema, &present, &mut report)?;
            links(tx, schema, &present, &mut report)?;
            if let Some(fault) = search_check::fault(tx, schema)? {
                report.problems.push(format!("Table '{}' {fault}: {MEND}", schema.slug));
            }
            for fields in missing_indexes(conn, schema)? {
                report.problems.push(format!("Table '{}' lacks its index on {fields}: {MEND}", schema.slug));
            }
        }
    }
    strangers(tx, &present, &mut report);
    numbers(conn, &mut report)?;
    log(conn, &mut report)?;
    Ok(report)
}

/// SQLite's own look at the pages and indexes: a sentence for each thing that is wrong.
pub(super) fn structure(conn: &Connection) -> Vec<String> {
    search_check::look_anew(conn);
    let found = lines(conn, "PRAGMA integrity_check(100)");
    let told = |line: &String| format!("The file is damaged: {line}. Restore a backup; what can be read can be exported before");
    found.iter().filter(|line| is_damage(line)).map(told).collect()
}

/// Whether a line of SQLite's look is about more than an index of words, which is looked at by itself.
pub(super) fn is_damage(line: &str) -> bool {
    line != "ok" && !line.to_lowercase().contains("fts5")
}

/// Rows that belong to others which are not there.
fn torn(conn: &Connection) -> Vec<String> {
    let sql = "SELECT \"table\" || coalesce(' row ' || rowid, '') || ' has lost its ' || parent FROM pragma_foreign_key_check";
    let found = lines(conn, sql);
    found
        .iter()
        .map(|line| format!("The file contradicts itself: {line}. Restore a backup; what can be read can be exported before"))
        .collect()
}

fn lines(conn: &Connection, sql: &str) -> Vec<String> {
    let found = conn.prepare(sql).and_then(|mut statement| {
        let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0))?;
        rows.take(TOLD_MAX).map(|line| line.map(Option::unwrap_or_default)).collect::<rusqlite::Result<Vec<_>>>()
    });
    // Where the damage stops the look itself, that is what was found.
    found.unwrap_or_else(|error| vec![error.to_string()])
}

/// The names of all tables that are there.
pub(super) fn tables(conn: &Connection) -> Result<BTreeSet<String>> {
    let mut statement = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").or_failed()?;
    statement.query_map([], |row| row.get(0)).or_failed()?.collect::<rusqlite::Result<_>>().or_failed()
}

/// What a schema says of its table, and what is so: records, and the id of the next one.
pub(super) struct Counted {
    pub told: i64,
    pub found: i64,
    pub next: i64,
    pub last: i64,
}

pub(super) fn counted(conn: &Connection, schema: &Schema) -> Result<Counted> {
    let (told, next) = conn
        .query_row("SELECT records, next_id FROM schema WHERE id = ?1", [schema.id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .or_failed()?;
    let sql = format!("SELECT count(*), coalesce(max(id), 0) FROM {}", table(schema.id));
    let (found, last) = conn.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    Ok(Counted { told, found, next, last })
}

/// The counter, the next id, and that every record is whole with its stamps.
fn records(conn: &Connection, schema: &Schema, report: &mut Report) -> Result<()> {
    let Counted { told, found, next, last } = counted(conn, schema)?;
    report.records += u64::try_from(found).unwrap_or_default();
    let slug = &schema.slug;
    if told != found {
        report.problems.push(format!("Table '{slug}' counts {told} records and has {found}: {MEND}"));
    }
    if last >= next {
        report.problems.push(format!("Table '{slug}' would give the id {next} again, for its last is {last}: {MEND}"));
    }
    let broken = format!("SELECT id FROM {} WHERE json_valid(data) = 0 OR json_type(data) <> 'object' LIMIT {TOLD_MAX}", table(schema.id));
    let mut statement = conn.prepare(&broken).or_failed()?;
    for id in statement.query_map([], |row| row.get::<_, i64>(0)).or_failed()? {
        report.problems.push(format!("Record rec_{} of table '{slug}' is no JSON object: delete it, or restore a backup", id.or_failed()?));
    }
    stamps(conn, schema, report)
}

/// Times are sent as they lie, so they must be what the clock writes.
fn stamps(conn: &Connection, schema: &Schema, report: &mut Report) -> Result<()> {
    for column in ["created_at", "updated_at"] {
        let sql = format!("SELECT id FROM {} WHERE {column} IS NOT strftime('{STAMP}', {column}) LIMIT {TOLD_MAX}", table(schema.id));
        let mut statement = conn.prepare(&sql).or_failed()?;
        for id in statement.query_map([], |row| row.get::<_, i64>(0)).or_failed()? {
            let (id, slug) = (id.or_failed()?, &schema.slug);
            report.problems.push(format!("Record rec_{id} of table '{slug}' has no time in {column}: delete it, or restore a backup"));
        }
    }
    Ok(())
}

/// References that lead to no record.
fn references(tx: &ReadTx<'_>, schema: &Schema, present: &BTreeSet<String>, report: &mut Report) -> Result<()> {
    for field in schema.fields.iter().filter(|field| field.kind == Kind::Reference) {
        let Some(target) = tx.catalog().target(schema, field) else {
            report.problems.push(format!("Field '{}.{}' points to a table that is not there: delete the field", schema.slug, field.slug));
            continue;
        };
        if !present.contains(&table(target.id)) {
            continue;
        }
        let sql = format!(
            "SELECT s.id, s.data->>'$.{0}' FROM {1} s WHERE s.data->>'$.{0}' IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM {2} t WHERE t.id = CAST(substr(s.data->>'$.{0}', 5) AS INTEGER)) LIMIT {TOLD_MAX}",
            field.slug,
            table(schema.id),
            table(target.id)
        );
        let mut statement = tx.conn().prepare(&sql).or_failed()?;
        let found = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).or_failed()?;
        for row in found {
            let (id, to) = row.or_failed()?;
            let (slug, name) = (&schema.slug, &field.slug);
            report
                .problems
                .push(format!("Record rec_{id} of table '{slug}' points by '{name}' to {to}, which is not there: set it to null"));
        }
    }
    Ok(())
}

/// Sets whose link rows say something else than their records, and links that lead to no record.
fn links(tx: &ReadTx<'_>, schema: &Schema, present: &BTreeSet<String>, report: &mut Report) -> Result<()> {
    let slug = &schema.slug;
    if let Some(what) = lacking_links(tx.conn(), schema, present)? {
        report.problems.push(format!("Table '{slug}' lacks {what}, by which what its lists hold is found: {MEND}"));
    }
    if !present.contains(&link_table(schema.id)) {
        return Ok(());
    }
    for field in schema.fields.iter().filter(|field| field.kind.is_set()) {
        let name = &field.slug;
        for id in link_rows::differing(tx, schema, field, TOLD_MAX)? {
            report.problems.push(format!("The list '{name}' of {} in table '{slug}' is not what it is found by: {MEND}", id.text()));
        }
        let target = tx.catalog().target(schema, field).filter(|target| field.kind == Kind::Links && present.contains(&table(target.id)));
        let Some(target) = target else { continue };
        for (id, to) in link_rows::dangling(tx, schema, field, &target, TOLD_MAX)? {
            let words = format!(
                "Record {} of table '{slug}' points by '{name}' to rec_{to}, which is not there: take it out of the list",
                id.text()
            );
            report.problems.push(words);
        }
    }
    Ok(())
}

/// What is missing of the link table that a schema with sets has.
pub(super) fn lacking_links(conn: &Connection, schema: &Schema, present: &BTreeSet<String>) -> Result<Option<String>> {
    let name = link_table(schema.id);
    if !schema.fields.iter().any(|field| field.kind.is_set()) {
        return Ok(None);
    }
    if !present.contains(&name) {
        return Ok(Some(format!("the table {name}")));
    }
    let index = format!("{name}_record");
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?1 AND tbl_name = ?2";
    let found: i64 = conn.query_row(sql, (&index, &name), |row| row.get(0)).or_failed()?;
    Ok((found == 0).then(|| format!("the index {index}")))
}

/// The fields of indexes that are missing, or are others than the schema wants.
pub(super) fn missing_indexes(conn: &Connection, schema: &Schema) -> Result<Vec<String>> {
    let mut statement =
        conn.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL").or_failed()?;
    let rows = statement.query_map([table(schema.id)], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    let present: BTreeMap<String, String> = rows.collect::<rusqlite::Result<_>>().or_failed()?;
    let wanted = indexes::wanted(schema).into_iter();
    let missing = wanted.filter(|(name, sql)| present.get(name) != Some(sql));
    Ok(missing.map(|(name, _)| name.split_once('.').map_or(name.clone(), |(_, fields)| fields.to_owned())).collect())
}

/// Tables that look like a schema's and belong to none.
fn strangers(tx: &ReadTx<'_>, present: &BTreeSet<String>, report: &mut Report) {
    let schemas = tx.catalog().apps().iter().flat_map(|app| tx.catalog().schemas(app.id));
    let known: BTreeSet<String> = schemas
        .flat_map(|schema| {
            let has_sets = schema.fields.iter().any(|field| field.kind.is_set());
            let found_by = schema.search.index.as_ref().map(|_| [search::index(schema.id), search::words(schema.id)]);
            let own = [Some(table(schema.id)), has_sets.then(|| link_table(schema.id))];
            own.into_iter().flatten().chain(found_by.into_iter().flatten())
        })
        .collect();
    let is_ours = |name: &str| {
        name.strip_prefix(['r', 'l', 'f', 'v']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    for name in present.iter().filter(|name| is_ours(name) && !known.contains(*name)) {
        report.problems.push(format!(
            "The file holds {name}, which belongs to no table of an app: look at it with a program for SQLite, and drop it there, or restore a backup"
        ));
    }
}

/// Numbers that would be given again.
fn numbers(conn: &Connection, report: &mut Report) -> Result<()> {
    for (table, column) in COUNTED_ON {
        let (given, last) = numbered(conn, table, column)?;
        if given < last {
            report.problems.push(format!("The file would give numbers of its table '{table}' again, from {} to {last}: {MEND}", given + 1));
        }
    }
    Ok(())
}

/// The last number that SQLite knows to have given in a table, and the last that is there.
pub(super) fn numbered(conn: &Connection, table: &str, column: &str) -> Result<(i64, i64)> {
    let sql = format!(
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0), (SELECT coalesce(max({column}), 0) FROM {table})"
    );
    conn.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()
}

/// Entries of the change log that cannot be what was written.
fn log(conn: &Connection, report: &mut Report) -> Result<()> {
    let mut told = |sql: &str, words: &str| -> Result<()> {
        let mut statement = conn.prepare(&format!("{sql} LIMIT {TOLD_MAX}")).or_failed()?;
        for seq in statement.query_map([], |row| row.get::<_, i64>(0)).or_failed()? {
            report.problems.push(format!("Entry {} of the change log {words}", seq.or_failed()?));
        }
        Ok(())
    };
    told(
        "SELECT seq FROM change WHERE body IS NOT NULL AND json_valid(body) = 0",
        "holds no JSON: who reads the log gets it without its data; a backup has it",
    )?;
    told(
        "SELECT seq FROM change c JOIN schema s ON s.id = c.schema WHERE c.record IS NOT NULL AND c.record NOT BETWEEN 1 AND s.next_id - 1",
        "is about a record that its table never had: who reads the log finds none; a backup may have the right entry",
    )?;
    told(
        "SELECT seq FROM change WHERE schema NOT BETWEEN 1 AND
             max((SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'schema'), (SELECT coalesce(max(id), 0) FROM schema))",
        "is about a table that there never was: a backup may have the right entry",
    )
}
