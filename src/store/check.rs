//! Looks through a whole data file in one snapshot: SQLite's own check, and what only this program can know. Every finding is a sentence that says what
//! is wrong, where, and how to mend it. Nothing is changed.

use super::sql::table;
use super::sqlite::OrFailed;
use super::tx::ReadTx;
use super::{indexes, link_rows};
use crate::model::error::Result;
use crate::model::field::Kind;
use crate::model::job::{self, Progress};
use crate::model::schema::Schema;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Findings of one kind that are told one by one.
const TOLD_MAX: usize = 5;

/// What was looked at, and what is wrong; nothing, if all is well.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    pub apps: u64,
    pub tables: u64,
    pub records: u64,
    pub problems: Vec<String>,
}

/// Checks the file of this snapshot. An error of `watch` ends it.
pub fn check(tx: &ReadTx<'_>, watch: &job::Report) -> Result<Report> {
    let conn = tx.conn();
    let mut report = Report::default();
    let total: usize = tx.catalog().apps().iter().map(|app| tx.catalog().schemas(app.id).count()).sum();
    let tell = |done: u64| watch(Progress { stage: "checking", done, total: u64::try_from(total).ok(), unit: "tables", rows: 0 });
    tell(0)?;
    structure(conn, &mut report);
    // In a damaged file every further look could stumble over the damage.
    if !report.problems.is_empty() {
        return Ok(report);
    }
    for app in tx.catalog().apps() {
        report.apps += 1;
        for schema in tx.catalog().schemas(app.id) {
            tell(report.tables)?;
            report.tables += 1;
            records(conn, schema, &mut report)?;
            references(tx, schema, &mut report)?;
            links(tx, schema, &mut report)?;
            present_indexes(conn, schema, &mut report)?;
        }
    }
    Ok(report)
}

/// SQLite's integrity and foreign keys: pages, indexes, what belongs to what.
fn structure(conn: &Connection, report: &mut Report) {
    let mut lines = |sql: &str, words: &str| {
        let found = conn.prepare(sql).and_then(|mut statement| {
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            rows.take(TOLD_MAX).collect::<rusqlite::Result<Vec<_>>>()
        });
        // Where the damage stops the look itself, that is what was found.
        for line in found.unwrap_or_else(|error| vec![error.to_string()]).iter().filter(|line| *line != "ok") {
            report.problems.push(format!("{words}: {line}. Restore a backup; what can be read can be exported before"));
        }
    };
    lines("PRAGMA integrity_check(100)", "The file is damaged");
    lines(
        "SELECT \"table\" || ' row ' || rowid || ' has lost its ' || parent FROM pragma_foreign_key_check",
        "The file contradicts itself",
    );
}

/// The counter, the next id, and that every record is whole.
fn records(conn: &Connection, schema: &Schema, report: &mut Report) -> Result<()> {
    let (told, next): (i64, i64) = conn
        .query_row("SELECT records, next_id FROM schema WHERE id = ?1", [schema.id.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .or_failed()?;
    let sql = format!("SELECT count(*), coalesce(max(id), 0) FROM {}", table(schema.id));
    let (found, last): (i64, i64) = conn.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    report.records += u64::try_from(found).unwrap_or_default();
    let slug = &schema.slug;
    if told != found {
        report.problems.push(format!("Table '{slug}' counts {told} records and has {found}: export it, and import it into a new file"));
    }
    if last >= next {
        report.problems.push(format!(
            "Table '{slug}' would give the id {next} again, for its last is {last}: export it, and import it into a new file"
        ));
    }
    let broken = format!("SELECT id FROM {} WHERE json_valid(data) = 0 OR json_type(data) <> 'object' LIMIT {TOLD_MAX}", table(schema.id));
    let mut statement = conn.prepare(&broken).or_failed()?;
    for id in statement.query_map([], |row| row.get::<_, i64>(0)).or_failed()? {
        report.problems.push(format!("Record rec_{} of table '{slug}' is no JSON object: delete it, or restore a backup", id.or_failed()?));
    }
    Ok(())
}

/// References that lead to no record.
fn references(tx: &ReadTx<'_>, schema: &Schema, report: &mut Report) -> Result<()> {
    for field in schema.fields.iter().filter(|field| field.kind == Kind::Reference) {
        let Some(target) = tx.catalog().target(schema, field) else {
            report.problems.push(format!("Field '{}.{}' points to a table that is not there: delete the field", schema.slug, field.slug));
            continue;
        };
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
fn links(tx: &ReadTx<'_>, schema: &Schema, report: &mut Report) -> Result<()> {
    for field in schema.fields.iter().filter(|field| field.kind.is_set()) {
        let (slug, name) = (&schema.slug, &field.slug);
        for id in link_rows::differing(tx, schema, field, TOLD_MAX)? {
            let words =
                format!("The list '{name}' of {} in table '{slug}' is not what it is found by: change it and change it back", id.text());
            report.problems.push(words);
        }
        let Some(target) = tx.catalog().target(schema, field).filter(|_| field.kind == Kind::Links) else { continue };
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

/// Indexes that are missing, or are others than the schema wants.
fn present_indexes(conn: &Connection, schema: &Schema, report: &mut Report) -> Result<()> {
    let mut statement =
        conn.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL").or_failed()?;
    let rows = statement.query_map([table(schema.id)], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    let present: BTreeMap<String, String> = rows.collect::<rusqlite::Result<_>>().or_failed()?;
    for (name, sql) in indexes::wanted(schema) {
        if present.get(&name) != Some(&sql) {
            let fields = name.split_once('.').map_or(name.as_str(), |(_, fields)| fields);
            let words = format!("Table '{}' lacks its index on {fields}: apply its app file again, and it is made anew", schema.slug);
            report.problems.push(words);
        }
    }
    Ok(())
}
