//! Records: read, create, update, delete.

use super::access::may;
use super::cascade;
use super::changes::{Entry, log, name_of};
use super::plan::{cell, column};
use super::showing;
use super::validate::{self, Checked};
use crate::model::catalog::Catalog;
use crate::model::change::ChangeKind;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::limits::Limits;
use crate::model::plan::{Cell, Column};
use crate::model::principal::{Action, Caller, Scope, UserId};
use crate::model::record::{Clean, Draft, Expected, Record, RecordId, Revision};
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::tables::users;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// A record that may be made or changed, checked as far as that goes without rows.
pub struct Prepared {
    pub schema: Arc<Schema>,
    pub scope: Scope,
    pub checked: Checked,
}

/// A record and which state of it this is.
pub struct Shown {
    pub record: Record,
    pub revision: Revision,
    /// Whether the revision tells every change: not when something of it is found in other records.
    pub is_all_its_own: bool,
}

/// A stored record and the keys of the request that had no say.
pub struct Written {
    pub schema: Arc<Schema>,
    pub shown: Shown,
    pub ignored: Vec<String>,
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str, id: &str, expected: &Expected) -> Result<Shown> {
    let scope = may(who, Action::Read)?;
    let schema = find_schema(tx.catalog(), app, schema)?;
    let record = RecordId::parse(id).map(|id| rows::show(tx, &schema, &scope.rows, id)).transpose()?.flatten();
    let record = record.ok_or_else(|| missing(&schema, id))?;
    expected.check(&schema, &record)?;
    Ok(shown(&schema, record))
}

/// The pure part of `create`.
pub fn prepare_create(catalog: &Catalog, who: &Caller, app: &str, schema: &str, draft: &Draft) -> Result<Prepared> {
    let scope = may(who, Action::Create)?;
    let schema = find_schema(catalog, app, schema)?;
    let checked = validate::create(&schema, draft)?;
    Ok(Prepared { schema, scope, checked })
}

pub fn create(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Written> {
    let (schema, record) = make(tx, who, new)?;
    log_created(tx, who, &schema, &new.checked, record.id, None)?;
    Ok(written(schema, record, &new.checked))
}

fn written(schema: Arc<Schema>, record: Record, checked: &Checked) -> Written {
    Written { shown: shown(&schema, record), schema, ignored: checked.ignored.clone() }
}

/// Makes a record without an entry in the log: for who makes many and writes one entry for all.
pub fn make(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<(Arc<Schema>, Record)> {
    let schema = current(tx, new.schema.id, new.schema.version)?;
    check_rows(tx, &schema, &new.checked.clean.values, None)?;
    let clean = counted(tx, &schema, &new.checked.clean)?;
    let record = rows::insert(tx, &schema, &clean, who.user_id())?;
    Ok((schema, record))
}

/// The entry about a record that was made; gives its number.
pub fn log_created(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, new: &Checked, id: RecordId, batch: Option<i64>) -> Result<i64> {
    let label = format!("created {}", name_of(schema, &new.clean.values, id));
    log(tx, who, schema, Entry { kind: ChangeKind::Create, record: id, batch, label, body: None })
}

/// Refuses a record that is no longer what the caller knows, with what it is now.
fn expect(tx: &WriteTx<'_>, schema: &Schema, expected: &Expected, record: &Record) -> Result<()> {
    expected.check(schema, record).map_err(|error| match error {
        Error::Changed { record, revision } => match showing::in_write(tx, schema, *record) {
            Ok(record) => Error::Changed { record: Box::new(record), revision },
            Err(error) => error,
        },
        other => other,
    })
}

/// With the numbers that a new record gets by itself.
pub fn counted<'c>(tx: &ReadTx<'_>, schema: &Schema, clean: &'c Clean) -> Result<Cow<'c, Clean>> {
    let mut clean = Cow::Borrowed(clean);
    for field in schema.fields.iter().filter(|field| field.kind == Kind::Sequence) {
        let number = rows::next_in_sequence(tx, schema, field)?;
        clean.to_mut().values.insert(field.slug.clone(), Value::from(number));
    }
    Ok(clean)
}

/// The pure part of `update`.
pub fn prepare_update(catalog: &Catalog, who: &Caller, app: &str, schema: &str, draft: &Draft) -> Result<Prepared> {
    let scope = may(who, Action::Update)?;
    let schema = find_schema(catalog, app, schema)?;
    let checked = validate::update(&schema, draft)?;
    Ok(Prepared { schema, scope, checked })
}

pub fn update(tx: &mut WriteTx<'_>, who: &Caller, id: &str, expected: &Expected, new: &Prepared) -> Result<Written> {
    let schema = current(tx, new.schema.id, new.schema.version)?;
    let old = stored(tx, &schema, &new.scope, id)?;
    expect(tx, &schema, expected, &old)?;
    let (record, _) = change(tx, who, &schema, &old, &new.checked, None)?;
    Ok(written(schema, record, &new.checked))
}

/// Sets checked values on a record that was found, and logs it; gives the entry's number, if there was anything to log.
pub fn change(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Schema,
    old: &Record,
    new: &Checked,
    batch: Option<i64>,
) -> Result<(Record, Option<i64>)> {
    let mut merged = rows::values_of(&old.data)?;
    merged.extend(new.clean.values.clone());
    check_rows(tx, schema, &merged, Some(old.id))?;
    let rows::Updated { record, before, after } = rows::update(tx, schema, old, &new.clean, who.user_id())?;
    if after.is_empty() {
        return Ok((record, None));
    }
    let label = format!("changed {}", name_of(schema, &merged, old.id));
    let body = Some(json!({"before": before, "after": after}));
    let seq = log(tx, who, schema, Entry { kind: ChangeKind::Update, record: old.id, batch, label, body })?;
    Ok((record, Some(seq)))
}

/// A record that may be deleted, as far as that can be said without rows.
#[derive(Clone)]
pub struct Deletion {
    app: String,
    schema: String,
    id: String,
    expected: Expected,
    scope: Scope,
    limits: Limits,
}

/// The pure part of `delete`.
pub fn prepare_delete(
    catalog: &Catalog,
    who: &Caller,
    app: &str,
    schema: &str,
    id: &str,
    expected: &Expected,
    limits: &Limits,
) -> Result<Deletion> {
    let scope = may(who, Action::Delete)?;
    find_schema(catalog, app, schema)?;
    let (app, schema, id, expected) = (app.to_owned(), schema.to_owned(), id.to_owned(), expected.clone());
    Ok(Deletion { app, schema, id, expected, scope, limits: limits.clone() })
}

/// Deletes a record and does to those that refer to it what their fields say.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, gone: &Deletion) -> Result<RecordId> {
    let schema = find_schema(tx.catalog(), &gone.app, &gone.schema)?;
    let record = stored(tx, &schema, &gone.scope, &gone.id)?;
    expect(tx, &schema, &gone.expected, &record)?;
    let id = record.id;
    cascade::delete(tx, who, &schema, &[id], &gone.limits)?;
    Ok(id)
}

/// App and schema by their slugs.
pub fn find_schema(catalog: &Catalog, app: &str, schema: &str) -> Result<Arc<Schema>> {
    catalog.schema(&*catalog.app(app)?, schema)
}

/// What only rows can tell: values that must be unique, records that must be there. All problems at once.
pub fn check_rows(tx: &ReadTx<'_>, schema: &Schema, values: &Map<String, Value>, except: Option<RecordId>) -> Result<()> {
    let mut problems = Vec::new();
    for field in schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links)) {
        problems.extend(dangling(tx, schema, field, values)?);
    }
    for field in schema.fields.iter().filter(|field| field.kind == Kind::User) {
        let id = values.get(&field.slug).and_then(Value::as_i64);
        if let Some(id) = id.filter(|id| !users::exists(tx, UserId(*id)).unwrap_or_default()) {
            problems.push(no_user(field, id));
        }
    }
    for group in unique_groups(schema) {
        if let Some(cells) = cells(schema, &group, values)
            && let Some(holder) = rows::holder_of(tx, schema, &cells, except)?
        {
            problems.push(taken(&group, holder));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// Why a value names nobody.
pub fn no_user(field: &Field, id: i64) -> Problem {
    Problem::of(&field.slug, "user", format!("Field '{}' names the user {id}, who is not there", field.slug))
}

/// Groups of field slugs whose values together are unique; a unique field is a group of one.
pub fn unique_groups(schema: &Schema) -> Vec<Vec<String>> {
    let single = schema.fields.iter().filter(|field| field.unique).map(|field| vec![field.slug.clone()]);
    single.chain(schema.unique.iter().cloned()).collect()
}

fn dangling(tx: &ReadTx<'_>, schema: &Schema, field: &Field, values: &Map<String, Value>) -> Result<Option<Problem>> {
    let pointed = tx.catalog().target(schema, field);
    let target = field.rules.target.as_deref().unwrap_or_default();
    let ids = values.get(&field.slug).into_iter().flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    for id in ids.filter_map(Value::as_str).filter_map(RecordId::parse) {
        let there = match &pointed {
            Some(target) => rows::exists(tx, target, id)?,
            None => false,
        };
        if !there {
            let message = format!("Field '{}' points to {}, which is not in table '{target}'", field.slug, id.text());
            return Ok(Some(Problem::of(&field.slug, "reference", message)));
        }
    }
    Ok(None)
}

/// The cells of a group; `None` when one of them has no value, for then nothing clashes.
pub fn cells(schema: &Schema, group: &[String], values: &Map<String, Value>) -> Option<Vec<(Column, Cell)>> {
    group
        .iter()
        .map(|slug| {
            let field = schema.field(slug)?;
            Some((column(field), cell(field.kind, values.get(slug)?)?))
        })
        .collect()
}

/// Why a value cannot be given twice.
pub fn taken(group: &[String], holder: RecordId) -> Problem {
    let first = group.first().map(String::as_str).unwrap_or_default();
    match group {
        [_] => Problem::of(first, "unique", format!("Field '{first}' must be unique: {} has this value already", holder.text())),
        _ => Problem::of(
            first,
            "unique",
            format!("Fields {} must be unique together: {} has these values already", group.join(", "), holder.text()),
        ),
    }
}

/// The schema as it is in this transaction; `Stale` when it is no longer the one the values were checked against.
pub fn current(tx: &ReadTx<'_>, id: SchemaId, version: i64) -> Result<Arc<Schema>> {
    tx.catalog().schema_by_id(id).filter(|schema| schema.version == version).ok_or(Error::Stale)
}

/// A record with the tag of its state.
pub fn shown(schema: &Schema, record: Record) -> Shown {
    let revision = record.revision(schema);
    let is_all_its_own = schema.fields.iter().all(|field| field.formula.as_ref().is_none_or(|computation| !computation.reads_others));
    Shown { record, revision, is_all_its_own }
}

fn stored(tx: &ReadTx<'_>, schema: &Schema, scope: &Scope, id: &str) -> Result<Record> {
    let found = RecordId::parse(id).map(|id| rows::find(tx, schema, &scope.rows, id)).transpose()?.flatten();
    found.ok_or_else(|| missing(schema, id))
}

fn missing(schema: &Schema, id: &str) -> Error {
    Error::not_found(format!("There is no record {} in table '{}'", crate::model::name::quoted(id), schema.slug))
}
