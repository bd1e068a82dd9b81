//! Values of a field that gets another type: what a stage holds of them beside what the records hold. Taking them in is in `tables/schemas`.

use super::records::{grouped, numbers};
use super::sql::{column, field_column, table};
use super::sqlite::OrFailed;
use super::tx::{ReadTx, WriteTx};
use crate::model::error::Result;
use crate::model::field::Field;
use crate::model::plan::Column;
use crate::model::record::RecordId;
use crate::model::schema::Schema;

/// What is held of a field that is of another type when it is taken in, and was not staged, or as something else: record and JSON text. Staged
/// values of records that hold none any more are taken out.
pub fn unstaged_values(tx: &mut WriteTx<'_>, schema: &Schema, field: &Field) -> Result<Vec<(RecordId, String)>> {
    let (table, slug) = (table(schema.id), &field.slug);
    let gone = format!(
        "DELETE FROM staged.row WHERE NOT EXISTS (SELECT 1 FROM main.{table} r WHERE r.id = n AND r.data->>'$.{slug}' IS NOT NULL)"
    );
    tx.conn().execute(&gone, []).or_failed()?;
    let sql = format!(
        "SELECT r.id, r.data->'$.{slug}' FROM main.{table} r LEFT JOIN staged.row s ON s.n = r.id
         WHERE r.data->>'$.{slug}' IS NOT NULL AND s.sent IS NOT r.data->'$.{slug}'"
    );
    let mut statement = tx.conn().prepare(&sql).or_failed()?;
    let rows = statement.query_map([], |row| Ok((RecordId(row.get(0)?), row.get(1)?))).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

/// Stages the value that a record will hold in the place of the one it holds, both as JSON text.
pub fn stage_value(tx: &mut WriteTx<'_>, id: RecordId, after: &str, before: &str) -> Result<()> {
    let mut insert = tx.conn().prepare_cached("INSERT OR REPLACE INTO staged.row (n, data, sent) VALUES (?1, ?2, ?3)").or_failed()?;
    insert.execute((id.0, after, before)).or_failed().map(drop)
}

/// Records whose staged value of a field is none, or as good as none; at most `limit`.
pub fn staged_empty(tx: &ReadTx<'_>, field: &Field, limit: usize) -> Result<Vec<RecordId>> {
    let empty = if field.kind.is_set() { "'null', '\"\"', '[]'" } else { "'null', '\"\"'" };
    let sql = format!("SELECT n FROM staged.row WHERE data IN ({empty}) ORDER BY n LIMIT {limit}");
    Ok(numbers(tx, &sql)?.into_iter().map(RecordId).collect())
}

/// How many records lose the value that they hold.
pub fn staged_lost(tx: &ReadTx<'_>) -> Result<u64> {
    let lost = tx.conn().query_row("SELECT count(*) FROM staged.row WHERE data = 'null'", [], |row| row.get::<_, i64>(0)).or_failed()?;
    Ok(u64::try_from(lost).unwrap_or_default())
}

/// Records of which no value is staged: they hold none; at most `limit`.
pub fn unstaged(tx: &ReadTx<'_>, schema: &Schema, limit: usize) -> Result<Vec<RecordId>> {
    let table = table(schema.id);
    let sql = format!("SELECT id FROM main.{table} WHERE id NOT IN (SELECT n FROM staged.row) ORDER BY id LIMIT {limit}");
    Ok(numbers(tx, &sql)?.into_iter().map(RecordId).collect())
}

/// `same_values` with the staged values of the field `slug` in the place of those that the records hold.
pub fn staged_same(tx: &ReadTx<'_>, schema: &Schema, slug: &str, group: &[String], limit: usize) -> Result<Vec<(Vec<RecordId>, i64)>> {
    let places: Vec<(String, Column)> = group.iter().filter_map(|name| Some((name.clone(), field_column(schema, name)?))).collect();
    let columns: Vec<String> =
        places.iter().map(|(name, place)| if name == slug { "s.data->>'$'".to_owned() } else { column(place, "r.") }).collect();
    grouped(tx, &format!("main.{} r JOIN staged.row s ON s.n = r.id", table(schema.id)), "r.id", &columns, limit)
}
