//! Rows out: the records of a schema in one snapshot, under the headings it was imported with.

use super::access;
use super::columns::{self, ID};
use super::filter::Asking;
use super::plan::{chosen, everything, plan};
use super::views;
use crate::field;
use crate::format::file::Format;
use crate::format::guard;
use crate::format::rows::{OutColumn, OutRow};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::limits::Limits;
use crate::model::principal::{Action, Caller};
use crate::model::query::Query;
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::Value;
use std::io::Write;

/// What is to be written: all records of a schema, or those that a list would show, in its order.
pub struct Export<'q> {
    pub app: &'q str,
    pub schema: &'q str,
    pub format: Format,
    /// `None` for all in the order of ids.
    pub query: Option<&'q Query>,
    /// The ids come first, under `id`.
    pub has_ids: bool,
}

/// Writes the records to `out`; gives how many there were. `tell` hears the count from time to time, and may end it.
pub fn export(
    tx: &ReadTx<'_>,
    who: &Caller,
    asked: &Export<'_>,
    limits: &Limits,
    out: Box<dyn Write + '_>,
    tell: &dyn Fn(u64) -> Result<()>,
) -> Result<u64> {
    let scope = access::scope(tx.catalog(), who, asked.app, asked.schema, Action::Export)?;
    let schema = scope.seen.clone();
    let query = asked.query.map(|query| views::applied(tx, who, &scope, query, limits)).transpose()?;
    let query = query.as_deref();
    let fields = fields(&schema, query)?;
    let mut plan = query.map_or_else(|| Ok(everything(&schema, &scope.rows)), |query| plan(&Asking::of(tx, who), &scope, query, limits))?;
    plan.shown = Some(fields.iter().map(|field| field.slug.clone()).collect());
    let has_ids = asked.has_ids || query.and_then(|query| query.fields.as_ref()).is_some_and(|names| names.iter().any(|name| name == ID));
    let headings = headings(&schema, &fields, asked.format, has_ids);
    let column = |(field, heading): (&&Field, &String)| OutColumn { heading: heading.clone(), kind: field.kind };
    let ids = has_ids.then(|| OutColumn { heading: ID.to_owned(), kind: Kind::Reference });
    let columns: Vec<OutColumn> = ids.into_iter().chain(fields.iter().zip(&headings).map(column)).collect();
    let mut writer = asked.format.write(out, &columns)?;
    let mut count = 0;
    rows::each(tx, &plan, &mut |record| {
        let mut stored = rows::values_of(record.data)?;
        let mut row = OutRow { values: Vec::new(), texts: Vec::new() };
        if has_ids {
            row.texts.push(record.id.text());
            row.values.push(Value::from(record.id.text()));
        }
        for field in &fields {
            let value = stored.get_mut(&field.slug).map(Value::take).unwrap_or_default();
            if asked.format.wants_texts() {
                row.texts.push(text(asked.format, field, &value));
            }
            if asked.format.wants_values() {
                row.values.push(value);
            }
        }
        count += 1;
        if count % 1_000 == 0 {
            tell(count)?;
        }
        writer.row(&row)
    })?;
    writer.finish()?;
    Ok(count)
}

/// The text of a cell, harmless in a spreadsheet.
fn text(format: Format, field: &Field, value: &Value) -> String {
    let text = field::write_cell(field, value);
    if format == Format::Csv && guard::wants(field.kind, value) { guard::guarded(&text).into_owned() } else { text }
}

/// The columns: the fields that were chosen, in the order in which they were named, or all as people see them.
fn fields<'s>(schema: &'s Schema, query: Option<&Query>) -> Result<Vec<&'s Field>> {
    let Some(names) = query.and_then(|query| query.fields.as_deref()) else { return Ok(schema.shown()) };
    let chosen = chosen(schema, names)?;
    if let Some(name) = names.iter().find(|name| !chosen.contains(name) && *name != ID) {
        let message = format!("'{name}' is no field: a file holds the fields of the table '{}', and its id, without stamps", schema.slug);
        return Err(Error::invalid(Problem::of("fields", "unknown_field", message)));
    }
    Ok(chosen.iter().filter_map(|slug| schema.field(slug)).collect())
}

/// The heading of every field: those that they were imported under, if an import would find each field by its own.
fn headings(schema: &Schema, shown: &[&Field], format: Format, has_ids: bool) -> Vec<String> {
    // A sheet has no column before the first heading.
    let own = |field: &&Field| {
        Some(field.heading()).filter(|heading| format == Format::Csv || !heading.is_empty()).unwrap_or(&field.slug).to_owned()
    };
    let own: Vec<String> = shown.iter().map(own).collect();
    if format.wants_texts() && columns::finds(schema, &own, shown, has_ids) { own } else { different(schema, shown, has_ids) }
}

/// No two the same: a header that another field has too, or has as its slug, gives way to the slug.
fn different(schema: &Schema, shown: &[&Field], has_ids: bool) -> Vec<String> {
    let heading = |field: &&Field| {
        let Some(header) = &field.header else { return field.slug.clone() };
        let clash = |other: &&Field| other.slug != field.slug && (other.header.as_ref() == Some(header) || other.slug == *header);
        let is_shared = (has_ids && header == ID) || schema.fields.iter().any(|other| clash(&other));
        if is_shared { field.slug.clone() } else { header.clone() }
    };
    shown.iter().map(heading).collect()
}
