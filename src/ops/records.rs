//! Records: read, create, update, delete.

use super::access;
use super::cascade;
use super::changes::{Entry, log, name_of};
use super::guard;
use super::modify;
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
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::tables::users;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A record that may be made or changed, checked as far as that goes without rows.
pub struct Prepared {
    pub scope: Scope,
    pub checked: Checked,
}

/// A record and which state of it this is.
pub struct Shown {
    pub record: Record,
    pub revision: Revision,
    /// Whether the revision tells every change: not when something of it is found in other records, or not shown to everybody.
    pub is_all_its_own: bool,
}

/// A stored record, as who stored it may see it, and the keys of the request that had no say.
pub struct Written {
    pub scope: Scope,
    pub shown: Shown,
    pub ignored: Vec<String>,
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str, id: &str, expected: &Expected) -> Result<Shown> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::Read)?;
    let record = RecordId::parse(id).map(|id| rows::show(tx, &scope.seen, &scope.rows, id)).transpose()?.flatten();
    let record = record.ok_or_else(|| missing(&scope.whole, id))?;
    expected.check(&scope.whole, &record)?;
    Ok(shown(&scope, record))
}

/// The pure part of `create`.
pub fn prepare_create(catalog: &Catalog, who: &Caller, app: &str, schema: &str, draft: &Draft) -> Result<Prepared> {
    let scope = access::scope(catalog, who, app, schema, Action::Create)?;
    let checked = validate::create_as(&scope.whole, &scope.seen, draft)?;
    guard::sets_only_writable(&scope, &checked)?;
    Ok(Prepared { scope, checked })
}

pub fn create(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Written> {
    let record = make(tx, who, &new.scope, &new.checked)?;
    log_created(tx, who, &new.scope.whole, &new.checked, record.id, None)?;
    written(tx, &new.scope, record, &new.checked)
}

fn written(tx: &ReadTx<'_>, scope: &Scope, record: Record, checked: &Checked) -> Result<Written> {
    let record = guard::as_seen(tx, scope, record)?;
    Ok(Written { shown: shown(scope, record), scope: scope.clone(), ignored: checked.ignored.clone() })
}

/// Makes a record without an entry in the log.
fn make(tx: &mut WriteTx<'_>, who: &Caller, scope: &Scope, new: &Checked) -> Result<Record> {
    current(tx, who, scope, new.clean.schema_version)?;
    check_rows(tx, who, scope, &new.clean.values, None)?;
    let clean = counted(tx, &scope.whole, &new.clean)?;
    let record = rows::insert(tx, &scope.whole, &clean, who.user_id())?;
    guard::must_act(tx, scope, record.id)?;
    Ok(record)
}

/// The entry about a record that was made; gives its number.
pub fn log_created(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, new: &Checked, id: RecordId, batch: Option<i64>) -> Result<i64> {
    let label = format!("created {}", name_of(schema, &new.clean.values, id));
    log(tx, who, schema, Entry { kind: ChangeKind::Create, record: id, batch, label, body: None })
}

/// Refuses a record that is no longer what the caller knows, with what it is now.
fn expect(tx: &WriteTx<'_>, scope: &Scope, expected: &Expected, record: &Record) -> Result<()> {
    expected.check(&scope.whole, record).map_err(|error| match error {
        Error::Changed { record, revision } => match showing::in_write(tx, scope, *record) {
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
    let scope = access::scope(catalog, who, app, schema, Action::Update)?;
    let checked = validate::change(&scope.seen, draft)?;
    Ok(Prepared { scope, checked })
}

pub fn update(tx: &mut WriteTx<'_>, who: &Caller, id: &str, expected: &Expected, new: &Prepared) -> Result<Written> {
    current(tx, who, &new.scope, new.checked.clean.schema_version)?;
    let old = stored(tx, &new.scope, id)?;
    guard::must_act(tx, &new.scope, old.id)?;
    expect(tx, &new.scope, expected, &old)?;
    let (record, _) = change(tx, who, &new.scope, &old, &new.checked, None)?;
    written(tx, &new.scope, record, &new.checked)
}

/// Sets checked values on a record that was found and on which the caller may act, and logs it; gives the entry's number, if there was anything to log.
pub fn change(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    scope: &Scope,
    old: &Record,
    new: &Checked,
    batch: Option<i64>,
) -> Result<(Record, Option<i64>)> {
    let schema = &scope.whole;
    let before = rows::values_of(&old.data)?;
    let clean = modify::settled(schema, &before, new)?;
    let mut merged = before.clone();
    merged.extend(clean.values.clone());
    // Before the rows are asked: whoever may not write a field learns nothing of the values that others have in it.
    let changes = |(slug, value): &(&String, &Value)| before.get(*slug).unwrap_or(&Value::Null) != *value;
    guard::changes_only_writable(scope, clean.values.iter().filter(changes).map(|(slug, _)| slug))?;
    check_rows(tx, who, scope, &merged, Some((old.id, &before)))?;
    let rows::Updated { record, before, after } = rows::update(tx, schema, old, &clean, who.user_id())?;
    if after.is_empty() {
        return Ok((record, None));
    }
    guard::must_act(tx, scope, old.id)?;
    let label = format!("changed {}", name_of(schema, &merged, old.id));
    let body = Some(json!({"before": before, "after": after}));
    let seq = log(tx, who, schema, Entry { kind: ChangeKind::Update, record: old.id, batch, label, body })?;
    Ok((record, Some(seq)))
}

/// A record that may be deleted, as far as that can be said without rows.
#[derive(Clone)]
pub struct Deletion {
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
    let scope = access::scope(catalog, who, app, schema, Action::Delete)?;
    Ok(Deletion { id: id.to_owned(), expected: expected.clone(), scope, limits: limits.clone() })
}

/// Deletes a record and does to those that refer to it what their fields say.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, gone: &Deletion) -> Result<RecordId> {
    access::renew(tx.catalog(), who, &gone.scope)?;
    let record = stored(tx, &gone.scope, &gone.id)?;
    guard::must_act(tx, &gone.scope, record.id)?;
    expect(tx, &gone.scope, &gone.expected, &record)?;
    let id = record.id;
    cascade::delete(tx, who, &gone.scope.whole, &[id], &gone.limits)?;
    Ok(id)
}

/// What only rows can tell: values that must be unique, records that must be there. All problems at once. `old` is the record that has these values
/// from now on, with those that it had: where it pointed before, it may go on to point.
pub fn check_rows(
    tx: &ReadTx<'_>,
    who: &Caller,
    scope: &Scope,
    values: &Map<String, Value>,
    old: Option<(RecordId, &Map<String, Value>)>,
) -> Result<()> {
    let (schema, mut problems) = (&scope.whole, Vec::new());
    for field in schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links)) {
        let before = old.and_then(|(_, before)| before.get(&field.slug));
        problems.extend(dangling(tx, who, schema, field, values, before)?);
    }
    for field in schema.fields.iter().filter(|field| field.kind == Kind::User) {
        let id = values.get(&field.slug).and_then(Value::as_i64);
        if let Some(id) = id.filter(|id| !users::exists(tx, UserId(*id)).unwrap_or_default()) {
            problems.push(no_user(field, id));
        }
    }
    for group in unique_groups(schema) {
        if let Some(cells) = cells(schema, &group, values)
            && let Some(holder) = rows::holder_of(tx, schema, &cells, old.map(|(id, _)| id))?
        {
            problems.push(guard::taken(tx, scope, &group, holder)?);
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

fn dangling(
    tx: &ReadTx<'_>,
    who: &Caller,
    schema: &Schema,
    field: &Field,
    values: &Map<String, Value>,
    before: Option<&Value>,
) -> Result<Option<Problem>> {
    let elements = |value: Option<&Value>| -> Vec<RecordId> {
        let all = value.into_iter().flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
        all.filter_map(Value::as_str).filter_map(RecordId::parse).collect()
    };
    let before = elements(before);
    let sent: Vec<RecordId> = elements(values.get(&field.slug)).into_iter().filter(|id| !before.contains(id)).collect();
    if sent.is_empty() {
        return Ok(None);
    }
    let target = tx.catalog().target(schema, field);
    let read = target.as_ref().and_then(|target| access::scope_of(tx.catalog(), who, target, Action::Read));
    for id in sent {
        let there = match &read {
            Some(read) => rows::is_among(tx, &read.whole, &read.rows, id)?,
            None => false,
        };
        if !there {
            return Ok(Some(guard::dangling(tx, who, schema, field, id)));
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

/// Refuses, as `Stale`, what was checked against another schema than the one of this transaction, or with other rights.
pub fn current(tx: &ReadTx<'_>, who: &Caller, scope: &Scope, version: i64) -> Result<()> {
    if scope.whole.version != version {
        return Err(Error::Stale);
    }
    access::renew(tx.catalog(), who, scope)
}

/// A record, as it is seen, with the tag of its state.
pub fn shown(scope: &Scope, record: Record) -> Shown {
    let revision = record.revision(&scope.whole);
    let own = scope.seen.fields.iter().all(|field| field.formula.as_ref().is_none_or(|computation| !computation.reads_others));
    Shown { record, revision, is_all_its_own: own && !scope.is_masked() }
}

fn stored(tx: &ReadTx<'_>, scope: &Scope, id: &str) -> Result<Record> {
    let found = RecordId::parse(id).map(|id| rows::find(tx, &scope.whole, &scope.rows, id)).transpose()?.flatten();
    found.ok_or_else(|| missing(&scope.whole, id))
}

fn missing(schema: &Schema, id: &str) -> Error {
    Error::not_found(format!("There is no record {} in table '{}'", crate::model::name::quoted(id), schema.slug))
}
