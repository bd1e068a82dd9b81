//! An app as an app file: its description, its tables, and its records if they are wanted, so that `apply` makes the same app of it elsewhere.

use super::access;
use super::ctx::Ctx;
use super::plan::everything;
use super::roles;
use super::shared_views;
use crate::format::app_file::{VERSION, parse};
use crate::format::parts::{app_json, schema_json};
use crate::model::error::{Error, Result};
use crate::model::field::{Field, Kind};
use crate::model::limits::Limits;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller};
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

/// Writes the file; gives how many records it holds. For whoever may change the app, and without its roles for whoever may export all of it.
pub fn write(tx: &ReadTx<'_>, who: &Caller, app: &str, with_records: bool, out: &mut dyn Write) -> Result<u64> {
    let found = access::app(tx.catalog(), who, app)?;
    let schemas: Vec<Arc<Schema>> = tx.catalog().schemas(found.id).cloned().collect();
    let manages = access::manages(tx.catalog(), who, found.id);
    let exports = |schema| access::scope_of(tx.catalog(), who, schema, Action::Export).is_some_and(|scope| scope.is_all());
    if !manages && (schemas.is_empty() || !schemas.iter().all(exports)) {
        access::managed(tx.catalog(), who, app)?;
    }
    if with_records {
        access::may_also(who, Action::Export)?;
    }
    let app = found;
    let described = |schema: &Arc<Schema>| shared_views::with_views(tx, schema.id, Value::Object(schema_json(schema)));
    let described: Vec<Value> = schemas.iter().map(described).collect::<Result<_>>()?;
    let mut head = Map::from_iter([("carryall".to_owned(), json!(VERSION)), ("app".to_owned(), Value::Object(app_json(&app)))]);
    head.insert("schemas".to_owned(), Value::Array(described));
    let said = if manages { roles::described(tx.catalog(), app.id) } else { Vec::new() };
    if !said.is_empty() {
        head.insert("roles".to_owned(), Value::Array(said));
    }
    let head = serde_json::to_string_pretty(&head).map_err(Error::internal)?;
    let head = head.trim_end().trim_end_matches('}').trim_end();
    put(out, head)?;
    let count = if with_records { records(tx, &schemas, out)? } else { 0 };
    put(out, "\n}\n")?;
    Ok(count)
}

/// Asks whether somebody may send an app file for this app, before it is read.
pub fn may_put(ctx: &Ctx, who: &Caller, slug: &str) -> Result<()> {
    access::may(who, Action::Read)?;
    access::may_make(&ctx.store.catalog(), who, slug)
}

/// Which app a file describes.
pub fn slug_of(text: &str, limits: &Limits) -> Result<String> {
    parse(text, limits.json_depth_max).map(|file| file.app.slug)
}

/// One line a record.
fn records(tx: &ReadTx<'_>, schemas: &[Arc<Schema>], out: &mut dyn Write) -> Result<u64> {
    let targets: HashSet<&str> =
        schemas.iter().flat_map(|schema| schema.stored()).filter_map(|field| field.rules.target.as_deref()).collect();
    let mut count = 0;
    put(out, ",\n  \"records\": {")?;
    for (at, schema) in schemas.iter().enumerate() {
        put(out, &format!("{}\n    {}: [", if at > 0 { "," } else { "" }, Value::from(schema.slug.as_str())))?;
        let mut is_first = true;
        // Without what is computed: only what lies in the records is written.
        let bare = Arc::new(Schema { fields: schema.stored().cloned().collect(), ..Schema::clone(schema) });
        rows::each(tx, &everything(&bare, &Cond::True), &mut |record| {
            let record = described(schema, record.id, record.data, targets.contains(schema.slug.as_str()))?;
            let comma = if std::mem::take(&mut is_first) { "" } else { "," };
            count += 1;
            put(out, &format!("{comma}\n      {}", Value::Object(record)))
        })?;
        put(out, if is_first { "]" } else { "\n    ]" })?;
    }
    put(out, "\n  }")?;
    Ok(count)
}

/// A record with a name, if others may point to it, and with names in place of the ids to which it points.
fn described(schema: &Schema, id: RecordId, data: &str, is_named: bool) -> Result<Map<String, Value>> {
    let mut values = rows::values_of(data)?;
    let mut record = Map::new();
    if is_named {
        record.insert("$ref".to_owned(), Value::from(name(&schema.slug, id)));
    }
    for field in schema.stored() {
        let value = values.get_mut(&field.slug).map(Value::take).unwrap_or_default();
        // What is left out takes the default: where there is one, no value must be said.
        if !value.is_null() || !field.default.is_null() {
            record.insert(field.slug.clone(), pointed(field, value));
        }
    }
    Ok(record)
}

fn pointed(field: &Field, value: Value) -> Value {
    let target = field.rules.target.as_deref().unwrap_or_default();
    let named = |value: Value| match value.as_str().and_then(RecordId::parse) {
        Some(id) => json!({"$ref": name(target, id)}),
        None => value,
    };
    match (field.kind, value) {
        (Kind::Reference, value) => named(value),
        (Kind::Links, Value::Array(ids)) => ids.into_iter().map(named).collect(),
        (_, value) => value,
    }
}

/// `companies-12`: unique in the app, for slugs are.
fn name(schema: &str, id: RecordId) -> String {
    format!("{schema}-{}", id.0)
}

fn put(out: &mut dyn Write, text: &str) -> Result<()> {
    out.write_all(text.as_bytes()).map_err(crate::format::rows::unwritten)
}
