//! Rows out: every record of a schema in one snapshot, under the headings it was imported with.

use super::access::may;
use super::plan::everything;
use super::records::find_schema;
use crate::field;
use crate::format::file::Format;
use crate::format::rows::OutRow;
use crate::model::error::Result;
use crate::model::field::Field;
use crate::model::principal::{Action, Caller};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::{Map, Value};
use std::io::Write;

/// Writes all records of a schema to `out`; gives how many there were. `tell` hears the count from time to time.
pub fn export(
    tx: &ReadTx<'_>,
    who: &Caller,
    app: &str,
    schema: &str,
    format: Format,
    out: Box<dyn Write + '_>,
    tell: &dyn Fn(u64),
) -> Result<u64> {
    let scope = may(who, Action::Read)?;
    let schema = find_schema(tx.catalog(), app, schema)?;
    let headings = headings(&schema);
    let mut writer = format.write(out, &headings)?;
    let mut count = 0;
    rows::each(tx, &everything(&schema, &scope), &mut |record| {
        let mut stored = rows::values_of(record.data)?;
        let mut row = OutRow { values: Map::new(), texts: Vec::new() };
        for (field, heading) in schema.shown().into_iter().zip(&headings) {
            let value = stored.get_mut(&field.slug).map(Value::take).unwrap_or_default();
            if format.is_textual() {
                row.texts.push(field::write_text(field, &value));
            } else {
                row.values.insert(heading.clone(), value);
            }
        }
        count += 1;
        if count % 1_000 == 0 {
            tell(count);
        }
        writer.row(&row)
    })?;
    writer.finish()?;
    Ok(count)
}

/// The heading of every field, no two the same: a header that another field has too, or has as its slug, gives way to the slug.
fn headings(schema: &Schema) -> Vec<String> {
    let heading = |field: &Field| {
        let clash =
            |other: &&Field| other.slug != field.slug && (other.header == field.header || Some(&other.slug) == field.header.as_ref());
        let shared = field.header.is_some() && schema.fields.iter().any(|other| clash(&other));
        if shared { field.slug.clone() } else { field.heading().to_owned() }
    };
    schema.shown().into_iter().map(heading).collect()
}
