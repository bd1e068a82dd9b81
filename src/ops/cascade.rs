//! Deleting records that others refer to: one plan, one batch in the log, all or nothing.

use super::access;
use super::changes::{Entry, log, name_of};
use super::validate::{self, Checked};
use crate::model::change::ChangeKind;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, OnDelete};
use crate::model::limits::Limits;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Draft, Record, RecordId};
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A record of some table.
type Place = (SchemaId, RecordId);

/// What a delete brings with it. Numbers only: a record is read when it is its turn.
#[derive(Default)]
struct Consequences {
    /// The records that somebody wants to delete.
    begun: HashSet<Place>,
    /// In the order in which they go.
    deleted: Vec<(Arc<Schema>, RecordId)>,
    /// The same, to ask whether one is among them.
    goes: HashSet<Place>,
    /// Records that stay and lose references, with the fields they lose.
    cleared: BTreeMap<Place, BTreeSet<String>>,
    /// Records that forbid it, unless they go too: the field that refers, and to which record.
    holding: BTreeMap<Place, (String, RecordId)>,
    /// References that were followed.
    links: usize,
}

/// Deletes records of one schema and does to those that refer to them what their fields say: clear, follow, or refuse. Whether the caller may delete the
/// first ones was asked before; here it is asked of those that follow. References to them are cleared whoever may change the records that hold them, for
/// they would lead nowhere.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, schema: &Arc<Schema>, records: &[RecordId], limits: &Limits) -> Result<()> {
    let all = consequences(tx, who, schema, records, limits)?;
    may_follow(tx, who, &all)?;
    let mut batch = None;
    let alone = all.deleted.len() + all.cleared.len() == 1;
    for (schema, id) in &all.deleted {
        let Some(record) = rows::find(tx, schema, &Cond::True, *id)? else { continue };
        let values = rows::values_of(&record.data)?;
        let seq = remove(tx, who, schema, &record, &values, batch)?;
        // The first entry's number names the batch; the first entry itself is found by it.
        batch = batch.or(Some(seq).filter(|_| !alone));
    }
    for ((schema, id), fields) in all.cleared {
        let Some(schema) = tx.catalog().schema_by_id(schema) else { continue };
        let Some(record) = rows::find(tx, &schema, &Cond::True, id)? else { continue };
        let draft = emptied(tx, &all.goes, &schema, &record, &fields)?;
        clear(tx, who, &schema, &record, &validate::update(&schema, &draft)?, batch)?;
    }
    Ok(())
}

/// Takes a record away and logs all that it held; gives the entry's number.
pub fn remove(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Schema,
    record: &Record,
    values: &Map<String, Value>,
    batch: Option<i64>,
) -> Result<i64> {
    let made_by = rows::remove(tx, schema, record.id)?.map(|user| user.0);
    let label = format!("deleted {}", name_of(schema, values, record.id));
    let Record { created_at, updated_at, version, .. } = record;
    let body = json!({"before": values, "created_at": created_at, "created_by": made_by, "updated_at": updated_at, "version": version});
    log(tx, who, schema, Entry { kind: ChangeKind::Delete, record: record.id, batch, label, body: Some(body) })
}

/// Refuses when records would go that the caller may not delete.
fn may_follow(tx: &ReadTx<'_>, who: &Caller, all: &Consequences) -> Result<()> {
    let mut scopes: HashMap<SchemaId, Option<Scope>> = HashMap::new();
    for (schema, id) in all.deleted.iter().filter(|(schema, id)| !all.begun.contains(&(schema.id, *id))) {
        let scope = scopes.entry(schema.id).or_insert_with(|| access::scope_of(tx.catalog(), who, schema, Action::Delete));
        let may = match scope {
            Some(scope) => rows::is_among_all(tx, schema, &scope.rows.clone().and(scope.acts.clone()), *id)?,
            None => false,
        };
        if !may {
            let message = "Records hang on this that your role does not let you delete, and they would go with it";
            return Err(Error::Forbidden(message.to_owned()));
        }
    }
    Ok(())
}

/// What a record's fields hold once they no longer lead to records that go: nothing, or in a list the others.
fn emptied(tx: &ReadTx<'_>, goes: &HashSet<Place>, schema: &Schema, record: &Record, fields: &BTreeSet<String>) -> Result<Draft> {
    let values = rows::values_of(&record.data)?;
    let left = |slug: &String| {
        let target = schema.field(slug).and_then(|field| tx.catalog().target(schema, field)).map(|target| target.id);
        let is_gone =
            |id: &Value| id.as_str().and_then(RecordId::parse).zip(target).is_some_and(|(id, target)| goes.contains(&(target, id)));
        let list = values.get(slug).and_then(Value::as_array);
        list.map_or(Value::Null, |list| list.iter().filter(|id| !is_gone(id)).cloned().collect())
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

fn consequences(tx: &ReadTx<'_>, who: &Caller, schema: &Arc<Schema>, records: &[RecordId], limits: &Limits) -> Result<Consequences> {
    let goes: HashSet<Place> = records.iter().map(|record| (schema.id, *record)).collect();
    let mut all = Consequences { begun: goes.clone(), goes, ..Consequences::default() };
    all.check(limits)?;
    let mut referrers: HashMap<SchemaId, Vec<(Arc<Schema>, Field)>> = HashMap::new();
    // The last one is taken first.
    let mut waiting: Vec<(Arc<Schema>, RecordId)> = records.iter().rev().map(|record| (schema.clone(), *record)).collect();
    while let Some((schema, record)) = waiting.pop() {
        for (from, field) in referrers.entry(schema.id).or_insert_with(|| tx.catalog().referrers(&schema)) {
            for referring in rows::referring(tx, from, field, record, limits.cascade_records_max + 1)? {
                if all.meet(from, field, referring, record) {
                    waiting.push((from.clone(), referring));
                }
                all.check(limits)?;
            }
        }
        all.deleted.push((schema, record));
    }
    // Judged at the end: in which order tables were made must not decide.
    let Consequences { goes, cleared, holding, .. } = &mut all;
    cleared.retain(|place, _| !goes.contains(place));
    match holding.iter().find(|(place, _)| !goes.contains(place)) {
        Some(((schema, id), (field, target))) => Err(held(tx, who, *schema, *id, field, *target)?),
        None => Ok(all),
    }
}

impl Consequences {
    /// Notes what becomes of a record that refers to one that goes; whether it goes, too, and has not been met before.
    fn meet(&mut self, from: &Schema, field: &Field, referring: RecordId, target: RecordId) -> bool {
        self.links += 1;
        let place = (from.id, referring);
        // A record that points to itself, or to another that goes too, is no obstacle.
        if self.goes.contains(&place) {
            return false;
        }
        match field.rules.on_delete {
            OnDelete::Cascade => return self.goes.insert(place),
            OnDelete::SetNull if !field.required => {
                let fields = self.cleared.entry(place).or_default();
                if !fields.contains(&field.slug) {
                    fields.insert(field.slug.clone());
                }
            }
            OnDelete::SetNull | OnDelete::Restrict => {
                self.holding.entry(place).or_insert_with(|| (field.slug.clone(), target));
            }
        }
        false
    }

    /// Nobody else can write while this goes on: it may not become too much.
    fn check(&self, limits: &Limits) -> Result<()> {
        let (records_max, links_max) = (limits.cascade_records_max, limits.cascade_links_max);
        let is_one = self.begun.len() == 1;
        if self.goes.len() + self.cleared.len() > records_max {
            return Err(Error::TooLarge(match is_one {
                true => format!("More than {records_max} records hang on this one; delete some of them first"),
                false => format!("More than {records_max} records would go or be changed; delete fewer of them at once"),
            }));
        }
        if self.links > links_max {
            return Err(Error::TooLarge(match is_one {
                true => {
                    format!("More than {links_max} references lead to the records that would go with this one; delete some of them first")
                }
                false => format!("More than {links_max} references lead to the records that would go; delete fewer of them at once"),
            }));
        }
        Ok(())
    }
}

fn held(tx: &ReadTx<'_>, who: &Caller, schema: SchemaId, record: RecordId, field: &str, target: RecordId) -> Result<Error> {
    let read = tx.catalog().schema_by_id(schema).and_then(|schema| access::scope_of(tx.catalog(), who, &schema, Action::Read));
    let is_seen = match read.filter(|read| read.seen.field(field).is_some() && read.seen.display_field == read.whole.display_field) {
        Some(read) => rows::is_among_all(tx, &read.whole, &read.rows, record)?,
        None => false,
    };
    if !is_seen {
        let message = format!("{} cannot go: a record that you cannot see refers to it", target.text());
        return Ok(Error::Conflict(Problem::new("referenced", message)));
    }
    let holder = match tx.catalog().schema_by_id(schema) {
        Some(schema) => {
            let found = rows::find(tx, &schema, &Cond::True, record)?;
            let values = found.map(|record| rows::values_of(&record.data)).transpose()?.unwrap_or_default();
            name_of(&schema, &values, record)
        }
        None => record.text(),
    };
    let message = format!("{} cannot go: {holder} refers to it (field '{field}')", target.text());
    Ok(Error::Conflict(Problem::of(field, "referenced", message).hint("Delete or change that record first")))
}
