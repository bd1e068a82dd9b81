//! What stands in the way of records that are to be as they were: unique values that others have now, references that lead nowhere, records that others
//! refer to. What becomes of each record is planned in `undo_records`.

use super::access;
use super::records::{cells, unique_groups};
use super::undo::{Conflict, OnConflict, Work};
use super::undo_records::{Fate, Place, Sight, unseen};
use super::undo_schemas::Turns;
use crate::model::error::{Error, Result};
use crate::model::field::Kind;
use crate::model::principal::Action;
use crate::model::record::RecordId;
use crate::model::schema::SchemaId;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Finds out what stands in the way of all plans together. What is left out may stand in the way of others: so until nothing is left out.
pub(super) fn look(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    turns: &Turns,
    sights: &BTreeMap<SchemaId, Sight>,
    plans: &mut BTreeMap<Place, Fate>,
) -> Result<()> {
    loop {
        let places: Vec<Place> = plans.keys().copied().collect();
        let tables: BTreeSet<SchemaId> = places.iter().map(|(schema, _)| *schema).collect();
        let mut left_out = Vec::new();
        for place in places {
            let Some(sight) = sights.get(&place.0) else { continue };
            let is_good = match plans.get(&place).map(|plan| plan.target.is_some()) {
                Some(true) => is_unique(tx, work, sight, place, plans)? && leads_on(tx, work, turns, (sight, &tables), place, plans)?,
                _ => is_let_go(tx, work, turns, sight, place, plans)?,
            };
            if !is_good {
                left_out.push(place);
            }
        }
        if left_out.is_empty() || work.is_refused() {
            return Ok(());
        }
        left_out.iter().for_each(|place| drop(plans.remove(place)));
    }
}

/// Whether nobody else has the values of a record that must be unique.
fn is_unique(tx: &ReadTx<'_>, work: &mut Work<'_>, sight: &Sight, place: Place, plans: &BTreeMap<Place, Fate>) -> Result<bool> {
    let schema = &sight.schema;
    let Some((plan, target)) = plans.get(&place).and_then(|plan| Some((plan, plan.target.as_ref()?))) else { return Ok(true) };
    for group in unique_groups(schema) {
        let changes = |slug: &String| plan.before.as_ref().is_none_or(|before| before.get(slug) != target.get(slug));
        if !group.iter().any(changes) {
            continue;
        }
        let Some(cells) = cells(schema, &group, target) else { continue };
        let Some(holder) = rows::holder_of(tx, schema, &cells, Some(place.1))? else { continue };
        let gives_up = plans
            .get(&(place.0, holder))
            .is_some_and(|other| other.target.as_ref().is_none_or(|theirs| group.iter().any(|slug| theirs.get(slug) != target.get(slug))));
        if !gives_up {
            let read = sight.scopes.get(Action::Read.name()).ok_or_else(|| Error::internal("a scope is missing"))?;
            let seen: Vec<&str> = group.iter().map(String::as_str).filter(|slug| read.seen.field(slug).is_some()).collect();
            let is_known = seen.len() == group.len() && rows::is_among_all(tx, &read.whole, &read.rows, holder)?;
            let theirs = if is_known { json!(holder.text()) } else { Value::Null };
            let holder = theirs.as_str().unwrap_or("another record");
            let what = if seen.is_empty() { "A value".to_owned() } else { seen.join(" and ") };
            let message = format!("{what} of {} must be unique, and {holder} has it now", place.1.text());
            let conflict = Conflict::new("unique", &schema.slug, message).of(place.1);
            let conflict = match seen.first() {
                Some(first) => conflict.field(first).between(target.get(*first).cloned().unwrap_or_default(), theirs),
                None => conflict,
            };
            work.meet(conflict);
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether what a record refers to is there, or comes back; else it refers to nothing there, where that may be.
fn leads_on(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    turns: &Turns,
    (sight, tables): (&Sight, &BTreeSet<SchemaId>),
    place: Place,
    plans: &mut BTreeMap<Place, Fate>,
) -> Result<bool> {
    let schema = &sight.schema;
    for field in schema.stored().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links)) {
        let Some(pointed) = tx.catalog().target(schema, field) else { continue };
        let held = |plan: &Fate| plan.target.as_ref().and_then(|target| target.get(&field.slug)).cloned().unwrap_or_default();
        let Some((value, before)) =
            plans.get(&place).map(|plan| (held(plan), plan.before.as_ref().and_then(|before| before.get(&field.slug)).cloned()))
        else {
            continue;
        };
        if before.as_ref() == Some(&value) && !tables.contains(&pointed.id) && !turns.is_other(schema.id, &field.slug) {
            continue;
        }
        let is_there = |id: &Value| -> Result<bool> {
            let Some(id) = id.as_str().and_then(RecordId::parse) else { return Ok(true) };
            match plans.get(&(pointed.id, id)) {
                Some(plan) => Ok(plan.target.is_some()),
                None => rows::exists(tx, &pointed, id),
            }
        };
        let led = |value: &Value| -> Result<Value> {
            Ok(match value {
                Value::Array(ids) => Value::Array(
                    ids.iter().map(|id| Ok(is_there(id)?.then(|| id.clone()))).filter_map(Result::transpose).collect::<Result<_>>()?,
                ),
                one if !is_there(one)? => Value::Null,
                one => one.clone(),
            })
        };
        let mut left = led(&value)?;
        if left == value {
            continue;
        }
        if sight.seen.field(&field.slug).is_none() {
            return Err(unseen(schema));
        }
        // What stands there by now stays, where that leads on; unless it is of another type.
        let may_stay = work.on_conflict != OnConflict::Overwrite && !turns.is_other(schema.id, &field.slug);
        if let Some(stands) = before.filter(|stands| may_stay && *stands != value) {
            left = led(&stands)?;
        }
        let message = format!("'{}' of {} leads to a record that is gone", field.slug, place.1.text());
        work.meet(Conflict::new("reference", &schema.slug, message).of(place.1).field(&field.slug).between(value, left.clone()));
        if field.required && left.is_null() {
            return Ok(false);
        }
        if let Some(target) = plans.get_mut(&place).and_then(|plan| plan.target.as_mut()) {
            target.insert(field.slug.clone(), left);
        }
    }
    Ok(true)
}

/// Whether a record may go: nobody refers to it who stays.
fn is_let_go(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    turns: &Turns,
    sight: &Sight,
    place: Place,
    plans: &mut BTreeMap<Place, Fate>,
) -> Result<bool> {
    if plans.get(&place).is_some_and(|plan| plan.is_cascade) {
        return Ok(true);
    }
    // Of a table that goes, too, nothing stays.
    for (from, field) in tx.catalog().referrers(&sight.schema).into_iter().filter(|(from, _)| !turns.goes(from.id)) {
        for referring in rows::referring(tx, &from, &field, place.1, work.limits.cascade_records_max + 1)? {
            let refers = match plans.get(&(from.id, referring)) {
                Some(plan) => plan.target.as_ref().is_some_and(|target| names(target.get(&field.slug), place.1)),
                None => true,
            };
            if !refers {
                continue;
            }
            let read = access::scope_of(tx.catalog(), work.who, &from, Action::Read);
            let is_known = match read.filter(|read| read.seen.field(&field.slug).is_some()) {
                Some(read) => rows::is_among_all(tx, &read.whole, &read.rows, referring)?,
                None => false,
            };
            let theirs = if is_known { json!({"table": from.slug, "record": referring.text(), "field": field.slug}) } else { Value::Null };
            let who = if is_known { format!("{} of table '{}'", referring.text(), from.slug) } else { "Another record".to_owned() };
            let conflict = Conflict::new("referenced", &sight.schema.slug, format!("{who} refers to {} now", place.1.text())).of(place.1);
            if !work.meet(conflict.between(Value::Null, theirs)) {
                return Ok(false);
            }
            plans.entry(place).and_modify(|plan| plan.is_cascade = true);
            return Ok(true);
        }
    }
    Ok(true)
}

fn names(value: Option<&Value>, id: RecordId) -> bool {
    let text = id.text();
    value.is_some_and(|value| match value {
        Value::Array(ids) => ids.iter().any(|one| one.as_str() == Some(&text)),
        one => one.as_str() == Some(&text),
    })
}
