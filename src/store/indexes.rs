//! Which indexes a schema has, and making them so. An index is an expression over `data`, word for word what `sql::column` gives to filters and sorts.

use super::engine::WriteTx;
use super::sql::{column, field_column, table};
use super::sqlite::OrFailed;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Kind;
use crate::model::schema::Schema;
use std::collections::BTreeMap;

/// Name to statement of every index this schema should have: unique fields and groups, indexed and reference fields, index groups.
pub fn wanted(schema: &Schema) -> BTreeMap<String, String> {
    let mut wanted = BTreeMap::new();
    let mut add = |prefix: &str, unique: bool, slugs: &[String]| {
        let columns: Option<Vec<String>> = slugs.iter().map(|slug| field_column(schema, slug).map(|place| column(&place, ""))).collect();
        if let Some(columns) = columns {
            let name = format!("{prefix}{}_{}", schema.id.0, slugs.join("__").to_lowercase());
            let unique = if unique { "UNIQUE " } else { "" };
            let sql = format!("CREATE {unique}INDEX {name} ON {} ({})", table(schema.id), columns.join(", "));
            wanted.insert(name, sql);
        }
    };
    for field in &schema.fields {
        let slugs = std::slice::from_ref(&field.slug);
        if field.unique {
            add("u", true, slugs);
        } else if field.indexed || field.kind == Kind::Reference {
            add("i", false, slugs);
        }
    }
    schema.unique.iter().for_each(|group| add("u", true, group));
    schema.indexes.iter().for_each(|group| add("i", false, group));
    wanted
}

/// Makes the indexes of a schema's table those that it wants. Dirty data under a new unique index refuses the whole change.
pub fn settle(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    let conn = tx.conn();
    let mut statement = conn
        .prepare_cached("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL")
        .or_failed()?;
    let rows = statement.query_map([table(schema.id)], |row| Ok((row.get(0)?, row.get(1)?))).or_failed()?;
    let present: BTreeMap<String, String> = rows.collect::<rusqlite::Result<_>>().or_failed()?;
    let wanted = wanted(schema);
    for (name, sql) in &present {
        if wanted.get(name) != Some(sql) {
            conn.execute_batch(&format!("DROP INDEX {name}")).or_failed()?;
        }
    }
    for (name, sql) in &wanted {
        if present.get(name) != Some(sql) {
            conn.execute_batch(sql).map_err(|error| refused(schema, name, error))?;
        }
    }
    Ok(())
}

fn refused(schema: &Schema, index: &str, error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() != Some(rusqlite::ErrorCode::ConstraintViolation) {
        return super::sqlite::failed(error);
    }
    let fields = index.split_once('_').map_or(index, |(_, fields)| fields).replace("__", " and ");
    Error::Conflict(Problem::new(
        "unique",
        format!("Table '{}' holds records with the same {fields}: make them differ before {fields} can be unique", schema.slug),
    ))
}
