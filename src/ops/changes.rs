//! Entries of the change log: who did what, through which door, in words and in JSON.

use crate::model::app::AppId;
use crate::model::change::{Change, ChangeKind};
use crate::model::error::Result;
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::WriteTx;
use crate::store::tables::changes;
use serde_json::{Map, Value, json};

/// Writes an entry of the change log about one record.
#[allow(clippy::too_many_arguments)]
pub fn log(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Schema,
    kind: ChangeKind,
    record: RecordId,
    batch: Option<i64>,
    label: String,
    body: Option<Value>,
) -> Result<i64> {
    let change = Change {
        kind,
        principal: who.principal.label(),
        dialect: who.door,
        app: Some(schema.app),
        schema: Some(schema.id),
        record: Some(record),
        batch,
        label,
        body: body.map(|body| body.to_string()),
    };
    changes::insert(tx, &change)
}

/// An entry of the change log about an app or a schema.
pub fn log_definition(tx: &mut WriteTx<'_>, who: &Caller, app: AppId, schema: Option<SchemaId>, label: String) -> Result<()> {
    let change = Change {
        kind: ChangeKind::Define,
        principal: who.principal.label(),
        dialect: who.door,
        app: Some(app),
        schema,
        record: None,
        batch: None,
        label,
        body: None,
    };
    changes::insert(tx, &change).map(drop)
}

/// One entry for all new records of an import; its number is the batch of the updates that come with it.
pub fn log_import(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, ids: Option<(RecordId, RecordId)>) -> Result<Option<i64>> {
    let (body, label) = match ids {
        Some((first, last)) => {
            (json!({"first": first.0, "last": last.0}), format!("imported {} records into {}", last.0 - first.0 + 1, schema.slug))
        }
        None => (json!({}), format!("imported into {}", schema.slug)),
    };
    let change = Change {
        kind: ChangeKind::Import,
        principal: who.principal.label(),
        dialect: who.door,
        app: Some(schema.app),
        schema: Some(schema.id),
        record: None,
        batch: None,
        label,
        body: Some(body.to_string()),
    };
    changes::insert(tx, &change).map(Some)
}

/// What a record is called in a label: the value of its display field, else its id.
pub fn name_of(schema: &Schema, values: &Map<String, Value>, id: RecordId) -> String {
    let shown = schema.display_field.as_deref().and_then(|slug| values.get(slug)).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = shown.map_or_else(|| id.text(), |text| text.chars().take(80).collect());
    format!("{name} in {}", schema.slug)
}
