//! Entries of the change log: who did what, through which door, in words and in JSON.

use crate::model::app::AppId;
use crate::model::change::{Change, ChangeKind};
use crate::model::error::Result;
use crate::model::field::Field;
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::WriteTx;
use crate::store::tables::changes;
use serde_json::{Map, Value, json};

/// What happened to one record.
pub struct Entry {
    pub kind: ChangeKind,
    pub record: RecordId,
    /// The same number on all entries of one act.
    pub batch: Option<i64>,
    /// A few words for people.
    pub label: String,
    pub body: Option<Value>,
}

/// Writes an entry of the change log about one record; gives its number.
pub fn log(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, entry: Entry) -> Result<i64> {
    let Entry { kind, record, batch, label, body } = entry;
    let change = Change {
        kind,
        principal: who.principal.label(),
        dialect: who.door,
        token: who.token.as_ref().map(|token| token.name.clone()),
        app: Some(schema.app),
        schema: Some(schema.id),
        record: Some(record),
        batch,
        label,
        body: body.map(|body| body.to_string()),
        tab: who.tab.clone(),
    };
    changes::insert(tx, &change)
}

/// Runs what is one act: all its entries are one batch. Within another act it is a part of that.
pub fn one_batch<T>(tx: &mut WriteTx<'_>, act: impl FnOnce(&mut WriteTx<'_>) -> Result<T>) -> Result<T> {
    if tx.is_in_batch() {
        return act(tx);
    }
    tx.begin_batch();
    let done = act(tx);
    tx.end_batch();
    done
}

/// An entry about an app or a schema; `body` holds its definitions `{"before"?, "after"?}`.
pub fn log_definition(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    app: AppId,
    schema: Option<SchemaId>,
    label: String,
    body: Option<Value>,
) -> Result<i64> {
    changes::insert(
        tx,
        &Change { app: Some(app), schema, body: body.map(|body| body.to_string()), ..plain(who, ChangeKind::Define, label) },
    )
}

/// The entry that everything is what a backup held.
pub fn of_restore(who: &Caller, backup: &str) -> Change {
    plain(who, ChangeKind::Restore, format!("restored {backup}"))
}

/// The entry that what counts and finds the records was made anew.
pub fn of_mending(who: &Caller, mended: &[String]) -> Change {
    Change { body: Some(json!({"mended": mended}).to_string()), ..plain(who, ChangeKind::Define, "mended the data file".to_owned()) }
}

/// An entry about a person; never with a secret.
pub fn log_account(tx: &mut WriteTx<'_>, who: &Caller, label: String) -> Result<i64> {
    changes::insert(tx, &plain(who, ChangeKind::Account, label))
}

/// One entry for each record of a schema that goes, in one batch.
pub fn log_all_deleted(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, batch: i64) -> Result<()> {
    let change = Change {
        app: Some(schema.app),
        batch: Some(batch),
        ..plain(who, ChangeKind::Delete, format!("deleted with the table {}", schema.slug))
    };
    changes::insert_all_deleted(tx, &change, schema.id)
}

/// One entry for each record that loses the value of a field that goes, in one batch.
pub fn log_all_cleared(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, field: &str, batch: i64) -> Result<()> {
    let change = Change {
        app: Some(schema.app),
        batch: Some(batch),
        ..plain(who, ChangeKind::Update, format!("lost the field {}.{field}", schema.slug))
    };
    changes::insert_all_cleared(tx, &change, schema.id, field)
}

/// One entry for each record that an import changed, as noted on its stage.
pub fn log_merged(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, batch: Option<i64>) -> Result<()> {
    let change = Change { app: Some(schema.app), batch, ..plain(who, ChangeKind::Update, format!("changed in {}", schema.slug)) };
    changes::insert_all_merged(tx, &change, schema.id)
}

/// One entry for all records that came with a copy of a table: those from the first id to the last.
pub fn log_copied(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, last: RecordId, batch: i64) -> Result<()> {
    let label = format!("copied all records into {}", schema.slug);
    let body = Some(json!({"first": 1, "last": last.0}).to_string());
    let change =
        Change { app: Some(schema.app), schema: Some(schema.id), batch: Some(batch), body, ..plain(who, ChangeKind::Import, label) };
    changes::insert(tx, &change).map(drop)
}

/// One entry for each record whose value of a field is of another type now, in one batch.
pub fn log_all_converted(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, field: &Field, batch: i64) -> Result<()> {
    let change = Change {
        app: Some(schema.app),
        batch: Some(batch),
        ..plain(who, ChangeKind::Update, format!("changed {}.{} to {}", schema.slug, field.slug, field.type_name))
    };
    changes::insert_all_converted(tx, &change, schema.id, &field.slug)
}

/// One entry for each record that loses an option, in one batch.
pub fn log_all_replaced(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Schema,
    field: &Field,
    (was, now): (&str, Option<&str>),
    batch: i64,
) -> Result<()> {
    let change = Change {
        app: Some(schema.app),
        batch: Some(batch),
        ..plain(who, ChangeKind::Update, format!("lost the option {was} of {}.{}", schema.slug, field.slug))
    };
    changes::insert_all_replaced(tx, &change, schema, field, (was, now))
}

fn plain(who: &Caller, kind: ChangeKind, label: String) -> Change {
    Change {
        kind,
        principal: who.principal.label(),
        dialect: who.door,
        token: who.token.as_ref().map(|token| token.name.clone()),
        app: None,
        schema: None,
        record: None,
        batch: None,
        label,
        body: None,
        tab: who.tab.clone(),
    }
}

/// One entry for all new records of an import, `{"first", "last", "created", "updated"}`; its number is the batch of the updates that come with it.
pub fn log_import(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Schema,
    ids: Option<(RecordId, RecordId)>,
    updated: i64,
) -> Result<Option<i64>> {
    let created = ids.map_or(0, |(first, last)| last.0 - first.0 + 1);
    let label = match updated {
        0 => format!("imported {created} records into {}", schema.slug),
        _ => format!("imported {created} new records into {} and {updated} over others", schema.slug),
    };
    let body = json!({"first": ids.map(|(first, _)| first.0), "last": ids.map(|(_, last)| last.0), "created": created, "updated": updated});
    let change =
        Change { app: Some(schema.app), schema: Some(schema.id), body: Some(body.to_string()), ..plain(who, ChangeKind::Import, label) };
    changes::insert(tx, &change).map(Some)
}

/// What a record is called in a label: the value of its display field, else its id.
pub fn name_of(schema: &Schema, values: &Map<String, Value>, id: RecordId) -> String {
    let shown = schema.display_field.as_deref().and_then(|slug| values.get(slug)).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = shown.map_or_else(|| id.text(), |text| text.chars().take(80).collect());
    format!("{name} in {}", schema.slug)
}
