//! A field has its old type again, or leads to its old table. What records hold in it that no entry speaks of is read as that type holds it, and what
//! leads nowhere is found: what becomes of that is told by `undo_clashes`.

use super::undo::{Conflict, OnConflict, Work};
use super::undo_records::{Fate, Place, Sight, Step, may, speak_of, standing};
use super::undo_schemas::Turns;
use crate::field;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Plans what becomes of values that cannot stay as they stand.
pub(super) fn read_again(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    turns: &Turns,
    steps: &BTreeMap<Place, Vec<Step<'_>>>,
    sights: &mut BTreeMap<SchemaId, Sight>,
    plans: &mut BTreeMap<Place, Fate>,
) -> Result<()> {
    for (id, turn) in turns.all().iter().filter(|(_, turn)| !turn.goes && !turn.fresh.is_empty()) {
        let Some(schema) = tx.catalog().schema_by_id(*id) else { continue };
        if !sights.contains_key(id) {
            sights.insert(*id, Sight::of(tx, turns, &schema)?);
        }
        let Some(sight) = sights.get_mut(id) else { continue };
        for field in schema.stored().filter(|field| turn.fresh.contains(&field.slug) && !field.is_given()) {
            let found = match turn.led.contains(&field.slug) {
                true => led_elsewhere(tx, work, (sight, field), steps, plans)?,
                false => unread(tx, (&schema, field), plans)?,
            };
            if found.len() > work.limits.undo_entries_max {
                let most = work.limits.undo_entries_max;
                return Err(Error::TooLarge(format!("This is more than can be taken back at once: at most {most} records are")));
            }
            for (record, value) in found {
                let mut plan = match plans.remove(&(*id, record)) {
                    Some(plan) => plan,
                    None => standing(tx, work, sight, record)?,
                };
                // As if it held none: that is the most that may become of it.
                plan.target.as_mut().map(|target| target.insert(field.slug.clone(), Value::Null));
                may(tx, work, sight, record, &plan)?;
                plan.target.as_mut().map(|target| target.insert(field.slug.clone(), value));
                plans.insert((*id, record), plan);
            }
        }
    }
    Ok(())
}

/// What is to be in the place of values that are not as the field holds them, and those that lead nowhere.
fn unread(tx: &ReadTx<'_>, (schema, field): (&Schema, &Field), plans: &BTreeMap<Place, Fate>) -> Result<Vec<(RecordId, Value)>> {
    let pointed = pointed(tx, schema, field);
    let mut found = Vec::new();
    rows::each_value(tx, schema, field, &mut |record, text| {
        let value = match plans.get(&(schema.id, record)) {
            Some(plan) => plan.target.as_ref().and_then(|target| target.get(&field.slug)).cloned().unwrap_or_default(),
            None => serde_json::from_str(text).map_err(Error::internal)?,
        };
        // What is none at all stands in the way once all is done.
        let Some(read) = Some(&value).filter(|value| !value.is_null()).and_then(|value| field::clean(field, value).ok()) else {
            return Ok(());
        };
        let is_there = |id| match plans.get(&id) {
            Some(plan) => Ok(plan.target.is_some()),
            None => pointed.as_ref().map_or(Ok(true), |pointed| rows::exists(tx, pointed, id.1)),
        };
        let leads_on = match &pointed {
            Some(pointed) => ids(&read).map(|id| is_there((pointed.id, id))).collect::<Result<Vec<bool>>>()?.into_iter().all(|is| is),
            None => true,
        };
        if read != value || !leads_on {
            found.push((record, read));
        }
        Ok(())
    })?;
    Ok(found)
}

/// Links that were written since, into a table to which the field will not lead any more.
fn led_elsewhere(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    (sight, field): (&Sight, &Field),
    steps: &BTreeMap<Place, Vec<Step<'_>>>,
    plans: &BTreeMap<Place, Fate>,
) -> Result<Vec<(RecordId, Value)>> {
    let (schema, mut found) = (&sight.schema, Vec::new());
    rows::each_value(tx, schema, field, &mut |record, text| {
        let place = (schema.id, record);
        let goes = plans.get(&place).is_some_and(|plan| plan.target.is_none());
        let is_told = steps.get(&place).is_some_and(|steps| speak_of(steps, &sight.names, &field.slug));
        if text != "[]" && !goes && !is_told {
            found.push((record, serde_json::from_str::<Value>(text).map_err(Error::internal)?));
        }
        Ok(())
    })?;
    let none = if field.kind == Kind::Links { json!([]) } else { Value::Null };
    let mut emptied = Vec::new();
    for (record, value) in found {
        let message = format!("'{}' of {} leads to a record of another table", field.slug, record.text());
        if work.on_conflict == OnConflict::Skip {
            let problem = Problem::of(&field.slug, "reference", format!("Table '{}': {message}", schema.slug));
            return Err(Error::Conflict(problem.hint("It was written since; empty it first")));
        }
        let conflict = Conflict::new("reference", &schema.slug, message).of(record).field(&field.slug);
        work.meet(conflict.between(none.clone(), value));
        emptied.push((record, none.clone()));
    }
    Ok(emptied)
}

/// The table to which a field leads.
fn pointed(tx: &ReadTx<'_>, schema: &Schema, field: &Field) -> Option<Arc<Schema>> {
    tx.catalog().target(schema, field).filter(|_| matches!(field.kind, Kind::Reference | Kind::Links))
}

/// The records that a link names.
fn ids(value: &Value) -> impl Iterator<Item = RecordId> + '_ {
    let all = match value {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    all.iter().filter_map(|id| id.as_str().and_then(RecordId::parse))
}

/// Refuses values that a field may not hold: of another form, or leading nowhere. What was written since may be so.
pub(super) fn fits(tx: &ReadTx<'_>, schema: &Schema, field: &Field) -> Result<()> {
    let pointed = pointed(tx, schema, field);
    let refused = |id: RecordId, problem: Problem| {
        let message = format!("Table '{}', {}: {}", schema.slug, id.text(), problem.message);
        Err(Error::Conflict(Problem { message, ..problem }.hint("It was written since; change it first")))
    };
    rows::each_value(tx, schema, field, &mut |id, text| {
        let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
        if let Err(refusal) = field::clean(field, &value) {
            return refused(id, refusal.of(&field.slug));
        }
        for other in ids(&value) {
            if let Some(pointed) = &pointed
                && !rows::exists(tx, pointed, other)?
            {
                let message = format!("'{}' leads to {}, which is gone", field.slug, other.text());
                return refused(id, Problem::of(&field.slug, "reference", message));
            }
        }
        Ok(())
    })
}
