//! Deleting records that others refer to: one plan, one batch in the log, all or nothing.

use super::changes::{Entry, log, name_of};
use super::validate::{self, Checked};
use crate::model::change::ChangeKind;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::OnDelete;
use crate::model::limits::Limits;
use crate::model::plan::Cond;
use crate::model::principal::Caller;
use crate::model::record::{Draft, Record, RecordId};
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// What a delete brings with it, in the order in which it is done.
#[derive(Default)]
struct Plan {
    deleted: Vec<(Arc<Schema>, Record)>,
    /// Records that stay and lose references, with the fields they lose.
    cleared: BTreeMap<(SchemaId, RecordId), Vec<String>>,
    /// Records that forbid it, unless they go too: where they are, and the field that refers.
    holding: Vec<(Arc<Schema>, RecordId, String, RecordId)>,
}

/// Deletes records of one schema and does to those that refer to them what their fields say: clear, follow, or refuse.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, schema: &Arc<Schema>, records: Vec<Record>, limits: &Limits) -> Result<()> {
    let plan = plan(tx, schema, records, limits.cascade_records_max)?;
    let gone: HashSet<(&str, String)> = plan.deleted.iter().map(|(from, record)| (from.slug.as_str(), record.id.text())).collect();
    let mut batch = None;
    let alone = plan.deleted.len() + plan.cleared.len() == 1;
    for (schema, record) in &plan.deleted {
        let values = rows::values_of(&record.data)?;
        rows::remove(tx, schema, record.id)?;
        let label = format!("deleted {}", name_of(schema, &values, record.id));
        let body = json!({"before": values, "created_at": record.created_at, "updated_at": record.updated_at, "version": record.version});
        let seq = log(tx, who, schema, Entry { kind: ChangeKind::Delete, record: record.id, batch, label, body: Some(body) })?;
        // The first entry's number names the batch; the first entry itself is found by it.
        batch = batch.or(Some(seq).filter(|_| !alone));
    }
    for ((schema, id), fields) in &plan.cleared {
        let Some(schema) = tx.catalog().schema_by_id(*schema) else { continue };
        let Some(record) = rows::find(tx, &schema, &Cond::True, *id)? else { continue };
        let draft = emptied(&gone, &schema, &record, fields)?;
        clear(tx, who, &schema, &record, &validate::update(&schema, &draft)?, batch)?;
    }
    Ok(())
}

/// What a record's fields hold once they no longer lead to records that go: nothing, or in a list the others.
fn emptied(gone: &HashSet<(&str, String)>, schema: &Schema, record: &Record, fields: &[String]) -> Result<Draft> {
    let values = rows::values_of(&record.data)?;
    let left = |slug: &String| {
        let target = schema.field(slug).and_then(|field| field.rules.target.as_deref()).unwrap_or_default();
        let goes = |id: &Value| gone.contains(&(target, id.as_str().unwrap_or_default().to_owned()));
        let list = values.get(slug).and_then(Value::as_array);
        list.map_or(Value::Null, |list| list.iter().filter(|id| !goes(id)).cloned().collect())
    };
    Ok(fields.iter().map(|field| (field.clone(), left(field))).collect())
}

/// Like `records::change` without its checks: a null is never taken and points nowhere.
fn clear(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, record: &Record, checked: &Checked, batch: Option<i64>) -> Result<()> {
    let rows::Updated { before, after, .. } = rows::update(tx, schema, record, &checked.clean, who.user_id())?;
    let label = format!("cleared {}", name_of(schema, &rows::values_of(&record.data)?, record.id));
    let body = Some(json!({"before": before, "after": after}));
    log(tx, who, schema, Entry { kind: ChangeKind::Update, record: record.id, batch, label, body }).map(drop)
}

fn plan(tx: &ReadTx<'_>, schema: &Arc<Schema>, records: Vec<Record>, records_max: usize) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut seen: HashSet<(SchemaId, RecordId)> = records.iter().map(|record| (schema.id, record.id)).collect();
    let too_many = match records.len() {
        1 => format!("More than {records_max} records hang on this one; delete some of them first"),
        _ => format!("More than {records_max} records would go or be changed; delete fewer of them at once"),
    };
    if seen.len() > records_max {
        return Err(Error::TooLarge(too_many));
    }
    let mut waiting: Vec<(Arc<Schema>, Record)> = records.into_iter().rev().map(|record| (schema.clone(), record)).collect();
    while let Some((schema, record)) = waiting.pop() {
        for (from, field) in tx.catalog().referrers(&schema) {
            for referring in rows::referring(tx, &from, &field, record.id, records_max + 1)? {
                // A record that points to itself, or to another that goes too, is no obstacle.
                if seen.contains(&(from.id, referring)) {
                    continue;
                }
                match field.rules.on_delete {
                    OnDelete::Cascade => {
                        seen.insert((from.id, referring));
                        let found = rows::find(tx, &from, &Cond::True, referring)?;
                        waiting.extend(found.map(|record| (from.clone(), record)));
                    }
                    OnDelete::SetNull if !field.required => {
                        let fields = plan.cleared.entry((from.id, referring)).or_default();
                        if !fields.contains(&field.slug) {
                            fields.push(field.slug.clone());
                        }
                    }
                    OnDelete::SetNull | OnDelete::Restrict => plan.holding.push((from.clone(), referring, field.slug.clone(), record.id)),
                }
                if seen.len() + plan.cleared.len() > records_max {
                    return Err(Error::TooLarge(too_many));
                }
            }
        }
        plan.deleted.push((schema, record));
    }
    // Judged at the end: in which order tables were made must not decide.
    plan.cleared.retain(|key, _| !seen.contains(key));
    match plan.holding.iter().find(|(schema, record, ..)| !seen.contains(&(schema.id, *record))) {
        Some((schema, record, field, target)) => Err(held(tx, schema, *record, field, *target)?),
        None => Ok(plan),
    }
}

fn held(tx: &ReadTx<'_>, schema: &Schema, record: RecordId, field: &str, target: RecordId) -> Result<Error> {
    let found = rows::find(tx, schema, &Cond::True, record)?.ok_or_else(|| Error::internal("a record that refers is missing"))?;
    let holder = name_of(schema, &rows::values_of(&found.data)?, record);
    let message = format!("{} cannot go: {holder} refers to it (field '{field}')", target.text());
    Ok(Error::Conflict(Problem::of(field, "referenced", message).hint("Delete or change that record first")))
}
