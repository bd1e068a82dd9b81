//! Rows out: the records of a schema in one snapshot, under the headings it was imported with.

use super::access;
use super::filter::Asking;
use super::plan::{chosen, everything, plan};
use crate::field;
use crate::format::file::Format;
use crate::format::guard;
use crate::format::rows::{OutColumn, OutRow};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::limits::Limits;
use crate::model::principal::{Action, Caller};
use crate::model::query::Query;
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::{Map, Value};
use std::io::Write;

/// What is to be written: all records of a schema, or those that a list would show, in its order.
pub struct Export<'q> {
    pub app: &'q str,
    pub schema: &'q str,
    pub format: Format,
    /// `None` for all in the order of ids.
    pub query: Option<&'q Query>,
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
    let fields = fields(&schema, asked.query)?;
    let mut plan =
        asked.query.map_or_else(|| Ok(everything(&schema, &scope.rows)), |query| plan(&Asking::of(tx, who), &scope, query, limits))?;
    plan.shown = Some(fields.iter().map(|field| field.slug.clone()).collect());
    let headings = headings(&schema, &fields);
    let kinds = fields.iter().map(|field| field.kind);
    let columns: Vec<OutColumn> = headings.iter().cloned().zip(kinds).map(|(heading, kind)| OutColumn { heading, kind }).collect();
    let mut writer = asked.format.write(out, &columns)?;
    let mut count = 0;
    rows::each(tx, &plan, &mut |record| {
        let mut stored = rows::values_of(record.data)?;
        let mut row = OutRow { values: Map::new(), texts: Vec::new() };
        for (field, heading) in fields.iter().zip(&headings) {
            let value = stored.get_mut(&field.slug).map(Value::take).unwrap_or_default();
            if asked.format.wants_texts() {
                row.texts.push(text(asked.format, field, &value));
            }
            if asked.format.wants_values() {
                row.values.insert(heading.clone(), value);
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
    let Some(type_) = field::find(&field.type_name).filter(|_| !value.is_null()) else { return String::new() };
    let text = type_.write_text(field, value);
    if format == Format::Csv && guard::wants(field.kind, value) { guard::guarded(&text).into_owned() } else { text }
}

/// The columns: the fields that were chosen, in the order in which they were named, or all as people see them.
fn fields<'s>(schema: &'s Schema, query: Option<&Query>) -> Result<Vec<&'s Field>> {
    let Some(names) = query.and_then(|query| query.fields.as_deref()) else { return Ok(schema.shown()) };
    let chosen = chosen(schema, names)?;
    if let Some(name) = names.iter().find(|name| !chosen.contains(name)) {
        let message = format!("'{name}' is no field: a file holds the fields of the table '{}', without ids and stamps", schema.slug);
        return Err(Error::invalid(Problem::of("fields", "unknown_field", message)));
    }
    Ok(chosen.iter().filter_map(|slug| schema.field(slug)).collect())
}

/// The heading of every field, no two the same: a header that another field has too, or has as its slug, gives way to the slug.
fn headings(schema: &Schema, fields: &[&Field]) -> Vec<String> {
    let heading = |field: &&Field| {
        let clash =
            |other: &&Field| other.slug != field.slug && (other.header == field.header || Some(&other.slug) == field.header.as_ref());
        let shared = field.header.is_some() && schema.fields.iter().any(|other| clash(&other));
        if shared { field.slug.clone() } else { field.heading().to_owned() }
    };
    fields.iter().map(heading).collect()
}
