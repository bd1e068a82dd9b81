//! Staged rows that change stored records: what each record holds afterwards is found out on the stage, in a snapshot, and written with one statement.
//! A record that somebody else has changed since is merged anew.

use super::link_rows;
use super::sql::{column, field_column, table};
use super::sqlite::OrFailed;
use super::stage::{self, First};
use super::tx::{ReadTx, WriteTx};
use crate::model::error::{Error, Result};
use crate::model::field::{Field, Kind};
use crate::model::plan::Column;
use crate::model::principal::UserId;
use crate::model::record::{Record, RecordId};
use crate::model::schema::Schema;

/// A staged row with the stored record that it belongs to, as it is now.
pub struct Unmerged {
    pub row: i64,
    pub old: Record,
    /// What was sent, as JSON.
    pub sent: String,
}

/// What a record holds afterwards, and what the change log says of it.
pub struct Noted {
    pub data: String,
    pub label: String,
    pub body: String,
}

/// Staged rows after number `after` whose records have not been merged as they are now; at most `limit`.
pub fn unmerged(tx: &ReadTx<'_>, schema: &Schema, after: i64, limit: usize) -> Result<Vec<Unmerged>> {
    let sql = format!(
        "SELECT s.n, s.sent, r.id, r.data, r.created_at, r.updated_at, r.version FROM staged.row s CROSS JOIN main.{} r ON r.id = s.record
         WHERE s.n > ?1 AND NOT EXISTS (SELECT 1 FROM staged.merged c WHERE c.n = s.n AND c.record = r.id AND c.version = r.version)
         ORDER BY s.n LIMIT {limit}",
        table(schema.id)
    );
    let mut statement = tx.conn().prepare_cached(&sql).or_failed()?;
    let rows = statement.query_map([after], |row| {
        let id = RecordId(row.get(2)?);
        let old = Record { id, data: row.get(3)?, created_at: row.get(4)?, updated_at: row.get(5)?, version: row.get(6)? };
        Ok(Unmerged { row: row.get(0)?, sent: row.get(1)?, old })
    });
    rows.or_failed()?.collect::<rusqlite::Result<_>>().or_failed()
}

/// Notes on the stage what a record holds afterwards; `None` when nothing about it changes.
pub fn put(tx: &ReadTx<'_>, row: i64, old: &Record, new: Option<&Noted>) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO staged.merged (n, record, version, data, label, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let mut insert = tx.conn().prepare_cached(sql).or_failed()?;
    let values = (row, old.id.0, old.version, new.map(|new| &new.data), new.map(|new| &new.label), new.map(|new| &new.body));
    insert.execute(values).or_failed().map(drop)
}

/// Forgets what was noted of rows that no longer have their record.
pub fn forget_unmatched(tx: &ReadTx<'_>) -> Result<()> {
    let sql = "DELETE FROM staged.merged WHERE NOT EXISTS (SELECT 1 FROM staged.row s WHERE s.n = merged.n AND s.record = merged.record)";
    tx.conn().execute(sql, []).or_failed().map(drop)
}

/// Changed records whose values in these fields another record has and keeps, with its id.
pub fn taken(tx: &ReadTx<'_>, schema: &Schema, group: &[String], limit: usize) -> Result<First<i64>> {
    let question = format!(
        "SELECT c.n AS n, x.id AS other FROM {} AND NOT EXISTS (SELECT 1 FROM staged.merged y WHERE y.record = x.id AND y.data IS NOT NULL)",
        clashes(schema, group)
    );
    stage::first(tx.conn(), "staged.row", &question, limit)
}

/// Changed records `c`, each with another record `x` that has the same values in these fields as yet.
fn clashes(schema: &Schema, group: &[String]) -> String {
    let columns: Vec<Column> = group.iter().filter_map(|slug| field_column(schema, slug)).collect();
    let same: Vec<String> = columns.iter().map(|place| format!("{} = {}", column(place, "x."), column(place, "c."))).collect();
    let main = table(schema.id);
    format!("staged.merged c CROSS JOIN main.{main} x ON {} WHERE c.data IS NOT NULL AND x.id <> c.record", same.join(" AND "))
}

/// Staged rows, new records and changed ones, that would have the same values in these fields as an earlier one, with the first one's number.
pub fn twins(tx: &ReadTx<'_>, schema: &Schema, group: &[String], limit: usize) -> Result<First<i64>> {
    let all = "(SELECT n, NULL AS record, data FROM staged.row WHERE record IS NULL
                UNION ALL SELECT n, NULL, data FROM staged.merged WHERE data IS NOT NULL)";
    stage::twins(tx.conn(), ("staged.row", all), &stage::columns(schema, group), limit)
}

/// Changed records whose reference, or one of them, points to nothing, with where it points.
pub fn dangling(tx: &ReadTx<'_>, field: &Field, target: &Schema, limit: usize) -> Result<First<String>> {
    let (from, id) = match field.kind {
        Kind::Links => (
            format!("staged.merged c JOIN json_each(coalesce(c.data->'$.{}', '[]')) e ON e.type = 'text'", field.slug),
            "e.value".to_owned(),
        ),
        _ => ("staged.merged c".to_owned(), column(&Column::of(field), "c.")),
    };
    let question = format!(
        "SELECT DISTINCT c.n AS n, {id} AS other FROM {from} WHERE c.data IS NOT NULL AND {id} IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM main.{} t WHERE t.id = CAST(substr({id}, 5) AS INTEGER))",
        table(target.id)
    );
    stage::first(tx.conn(), "staged.row", &question, limit)
}

/// Changed records that name a user who is not there, with the user's number.
pub fn unknown_users(tx: &ReadTx<'_>, field: &Field, limit: usize) -> Result<First<i64>> {
    let place = column(&Column::of(field), "c.");
    let question = format!(
        "SELECT c.n AS n, {place} AS other FROM staged.merged c WHERE c.data IS NOT NULL AND {place} IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM main.user u WHERE u.id = {place})"
    );
    stage::first(tx.conn(), "staged.row", &question, limit)
}

/// Writes all changed records; `unique` are the groups of fields whose values together are unique.
///
/// # Errors
/// `Stale` when a record is no longer what it was merged with.
pub fn apply(tx: &mut WriteTx<'_>, schema: &Schema, unique: &[Vec<String>], by: Option<UserId>) -> Result<()> {
    let main = table(schema.id);
    // A value that goes from one record to another is free before it is taken.
    for group in unique {
        let Some(first) = group.first() else { continue };
        let free = format!(
            "UPDATE main.{main} SET data = json_set(data, '$.{first}', NULL) WHERE id IN (SELECT x.id FROM {})",
            clashes(schema, group)
        );
        tx.conn().execute(&free, []).or_failed()?;
    }
    let due: i64 = tx.conn().query_row("SELECT count(*) FROM staged.merged WHERE data IS NOT NULL", [], |row| row.get(0)).or_failed()?;
    let sql = format!(
        "UPDATE main.{main} SET data = c.data, updated_at = ?1, updated_by = ?2, version = {main}.version + 1
         FROM staged.merged c WHERE c.record = {main}.id AND c.data IS NOT NULL AND c.version = {main}.version"
    );
    let done = tx.conn().execute(&sql, (&tx.now().text, by.map(|user| user.0))).or_failed()?;
    if i64::try_from(done) != Ok(due) {
        return Err(Error::Stale);
    }
    link_rows::write_merged(tx, schema)
}
