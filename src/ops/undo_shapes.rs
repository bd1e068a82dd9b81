//! A table becomes what it was: its fields at once, so that its records can be put back (`undo_records`); what is required, unique, or of another type
//! when all of them are. One that comes back does so empty, one that goes is the last. What each is to be is found out in `undo_schemas`.

use super::access;
use super::alter::twins;
use super::changes::{log_all_cleared, log_all_deleted, log_definition};
use super::define::is_narrower;
use super::fields;
use super::records::unique_groups;
use super::shared_views;
use super::undo::{Conflict, Work};
use super::undo_merge::same;
use super::undo_names::Names;
use super::undo_retyped::fits;
use super::undo_schemas::{Definition, Turns};
use super::{undo_apps, undo_records};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::principal::Action;
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::tables::{history, schemas};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What becomes of a table.
#[derive(Default)]
pub struct Turn {
    /// It was made by what is taken back.
    pub goes: bool,
    /// What it is before the last step, and afterwards.
    last: Option<(Schema, Schema)>,
    /// Fields whose values are not what people left there: they came back, are of another type, or lead to another table.
    pub fresh: BTreeSet<String>,
    /// Those that lead to another table, and did so to this one.
    pub led: BTreeSet<String>,
    /// Those among all fields that came back.
    pub came: BTreeSet<String>,
    /// Of a table that is there again: the entry by which it went, and what that says of it.
    pub went: Option<(i64, Value)>,
}

impl Turn {
    pub fn going(goes: bool) -> Self {
        Self { goes, ..Self::default() }
    }
}

/// Fields that would go stay where records hold in them what was written since, unless that is to be lost.
pub fn keep_newer(tx: &ReadTx<'_>, work: &mut Work<'_>, current: &Schema, wanted: &mut Schema) -> Result<()> {
    let last = work.entries.last().map_or(0, |entry| entry.seq);
    let going: Vec<&Field> = current.stored().filter(|field| wanted.field(&field.slug).is_none()).collect();
    if going.is_empty() || !history::any_record_since(tx, current.id, last)? {
        return Ok(());
    }
    // As things are called now: nothing is taken back yet of what the records say.
    let names = Names::of(tx, current.id, last + 1)?;
    let imported = undo_records::made(&history::imports_since(tx, current.id, last)?, current.id);
    for field in going {
        let mut newer = Vec::new();
        rows::each_value(tx, current, field, &mut |id, text| {
            let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
            let is_told = newer.len() >= NEWER_TOLD_MAX || value == field.default || value == json!([]);
            if !is_told && (imported.contains(&id) || !undo_records::holds_as_left(tx, current, &names, (id, last), (&field.slug, &value))?)
            {
                newer.push((id, value));
            }
            Ok(())
        })?;
        let mut stays = false;
        for (id, value) in newer {
            let message = format!("'{}' of {} was written since, and the field would go", field.slug, id.text());
            stays |= !work.meet(Conflict::new("changed", &current.slug, message).of(id).field(&field.slug).between(Value::Null, value));
        }
        if stays {
            wanted.fields.push(field.clone());
        }
    }
    let place = |field: &Field| current.fields.iter().position(|other| other.slug == field.slug);
    if wanted.fields.iter().all(|field| place(field).is_some()) {
        wanted.fields.sort_by_key(place);
    }
    Ok(())
}

/// Records with newer values that are told of one field.
const NEWER_TOLD_MAX: usize = 100;

/// A table that goes again, if its records are those that were made with it, and as they were left.
pub fn leave(tx: &ReadTx<'_>, work: &mut Work<'_>, schema: &Schema) -> Result<Turn> {
    let others = strangers(tx, work, schema)?;
    let goes = others == 0 || {
        let message = format!("Records were written to the table '{}' since", schema.slug);
        work.meet(Conflict::new("records", &schema.slug, message).between(Value::Null, json!(others)))
    };
    Ok(Turn::going(goes))
}

/// How many records of a table are not what the entries left there.
pub fn strangers(tx: &ReadTx<'_>, work: &Work<'_>, schema: &Schema) -> Result<i64> {
    let last = work.entries.last().map_or(0, |entry| entry.seq);
    let mut others = rows::counter(tx, schema)?;
    if others == 0 || !history::any_record_since(tx, schema.id, last)? {
        return Ok(0);
    }
    // As things are called now: nothing is taken back yet of what the records say.
    let (names, made) = (Names::of(tx, schema.id, last + 1)?, undo_records::made(work.entries, schema.id));
    // More than are looked at one by one.
    if made.len() > work.limits.undo_entries_max {
        return Ok(others);
    }
    for id in made {
        others -= i64::from(undo_records::is_as_left(tx, schema, &names, id, last)?);
    }
    Ok(others)
}

/// Takes a field out at once that was added, and is in the way of another.
pub fn take_field(tx: &mut WriteTx<'_>, work: &mut Work<'_>, current: &Arc<Schema>, slug: &str) -> Result<()> {
    let mut wanted = fields::without(current, slug);
    keep_newer(tx, work, current, &mut wanted)?;
    if !work.is_refused() && wanted.field(slug).is_none() {
        become_other(tx, work, current, wanted, Value::Null)?;
        tx.catalog_changed()?;
    }
    Ok(())
}

/// A table that was deleted, empty as yet, under its own id.
pub fn again(tx: &mut WriteTx<'_>, work: &mut Work<'_>, wanted: Schema, went: Option<&Definition<'_>>, back: Value) -> Result<Turn> {
    if tx.catalog().schemas(wanted.app).any(|other| other.slug == wanted.slug) {
        let message = format!("There is another table '{}' now: rename that one first", wanted.slug);
        work.meet(Conflict::new("unique", &wanted.slug, message));
        return Ok(Turn::default());
    }
    let told = went.and_then(|definition| definition.body.get("before")?.get("next_id")?.as_i64());
    let next_id = told.unwrap_or_default().max(history::last_record(tx, wanted.id)? + 1);
    schemas::put_back(tx, &Schema { version: wanted.version + 1, ..wanted.clone() }, next_id)?;
    let body = json!({"after": schemas::described(&wanted), "back": back});
    log_definition(tx, work.who, wanted.app, Some(wanted.id), format!("brought back the table {}", wanted.slug), Some(body))?;
    work.tally.definitions += 1;
    let fresh: BTreeSet<String> = wanted.stored().map(|field| field.slug.clone()).collect();
    let went = went.map(|definition| (definition.entry.seq, definition.body.get("before").cloned().unwrap_or_default()));
    Ok(Turn { came: fresh.clone(), fresh, went, ..Turn::default() })
}

/// A table that becomes what it was: its fields at once, what only all records can tell later.
pub fn become_other(tx: &mut WriteTx<'_>, work: &mut Work<'_>, current: &Arc<Schema>, wanted: Schema, back: Value) -> Result<Turn> {
    if same(current, &wanted) {
        return Ok(Turn::default());
    }
    let is_led = |field: &&Field| {
        let was = current.field(&field.slug).and_then(|was| was.rules.target.as_ref());
        was.is_some_and(|was| field.rules.target.as_ref().is_some_and(|target| target != was))
    };
    let led: BTreeSet<String> = wanted.stored().filter(is_led).map(|field| field.slug.clone()).collect();
    let is_fresh =
        |field: &&Field| led.contains(&field.slug) || current.field(&field.slug).is_none_or(|was| was.type_name != field.type_name);
    let fresh: BTreeSet<String> = wanted.stored().filter(is_fresh).map(|field| field.slug.clone()).collect();
    let mut loose = wanted.clone();
    for field in loose.fields.iter_mut().filter(|field| fresh.contains(&field.slug)) {
        (field.required, field.unique, field.default) = (false, false, Value::Null);
    }
    let is_kept = |group: &Vec<String>| current.unique.contains(group) && !group.iter().any(|slug| fresh.contains(slug));
    loose.unique.retain(is_kept);
    for field in &mut loose.fields {
        field.unique &= current.field(&field.slug).is_some_and(|was| was.unique);
    }
    let came = wanted.fields.iter().map(|field| field.slug.clone()).filter(|slug| current.field(slug).is_none()).collect();
    let gone = current.fields.iter().map(|field| field.slug.clone()).filter(|slug| wanted.field(slug).is_none()).collect();
    let masks = undo_apps::masks(tx, current, &gone);
    let body =
        json!({"before": schemas::described(current), "after": schemas::described(&wanted), "renamed": [], "masks": masks, "back": back});
    let label = format!("put back the table {}", wanted.slug);
    let batch = log_definition(tx, work.who, work.app, Some(current.id), label, Some(body))?;
    for gone in current.stored().filter(|field| wanted.field(&field.slug).is_none()) {
        log_all_cleared(tx, work.who, current, &gone.slug, batch)?;
    }
    schemas::replace(tx, current, &loose, &[])?;
    rename_options(tx, current, &loose)?;
    work.tally.definitions += 1;
    Ok(Turn { last: Some((loose, wanted)), fresh, led, came, ..Turn::default() })
}

/// Records hold options by what these are called: one that has another name again has it in them, too.
fn rename_options(tx: &mut WriteTx<'_>, was: &Schema, now: &Schema) -> Result<()> {
    for field in now.stored().filter(|field| was.field(&field.slug).is_some_and(|old| old.kind == field.kind)) {
        let olds = was.field(&field.slug).map(|old| old.rules.choices.clone()).unwrap_or_default();
        let named = |id: i64| field.rules.choices.iter().find(|choice| choice.id == id).map(|choice| choice.value.clone());
        let renamed: Vec<(String, String)> =
            olds.into_iter().filter_map(|old| Some((old.value, named(old.id)?))).filter(|(was, now)| was != now).collect();
        // By a name that no option has: two may have changed theirs with each other.
        for (at, (old, _)) in renamed.iter().enumerate() {
            rows::replace_option(tx, now, field, old, Some(&format!("\u{1}{at}")))?;
        }
        for (at, (_, new)) in renamed.iter().enumerate() {
            rows::replace_option(tx, now, field, &format!("\u{1}{at}"), Some(new))?;
        }
    }
    Ok(())
}

/// What holds of all records together, and what goes. To be called when records are what they are to be.
pub fn finish(tx: &mut WriteTx<'_>, work: &mut Work<'_>, turns: &Turns) -> Result<()> {
    if work.is_refused() || turns.all().is_empty() {
        return Ok(());
    }
    for (id, turn) in turns.all() {
        if let Some((loose, wanted)) = &turn.last {
            let now = tx.catalog().schema_by_id(*id).ok_or_else(|| Error::internal("a table is missing"))?;
            tighten(tx, &now, loose, wanted, &turn.fresh)?;
        }
    }
    tx.catalog_changed()?;
    let going: Vec<Arc<Schema>> =
        turns.all().iter().filter(|(_, turn)| turn.goes).filter_map(|(id, _)| tx.catalog().schema_by_id(*id)).collect();
    for schema in &going {
        access::may_also(work.who, Action::Delete)?;
        remove(tx, work, schema, &going)?;
    }
    if going.is_empty() { Ok(()) } else { tx.catalog_changed() }
}

/// Has a table say all that it is to say, once its records allow it.
fn tighten(tx: &mut WriteTx<'_>, now: &Arc<Schema>, loose: &Schema, wanted: &Schema, fresh: &BTreeSet<String>) -> Result<()> {
    for field in wanted.stored() {
        let was = now.field(&field.slug);
        if was.is_none_or(|was| fresh.contains(&field.slug) || is_narrower(was, field)) {
            fits(tx, now, field)?;
        }
        if field.required
            && let Some(id) = rows::first_blank(tx, now, field)?
        {
            let message = format!("Table '{}': {} has no {}, which would be required again", now.slug, id.text(), field.slug);
            return Err(Error::Conflict(Problem::of(&field.slug, "required", message).hint("Fill it in first")));
        }
        if field.kind.is_set() && fresh.contains(&field.slug) {
            rows::relink(tx, now, field)?;
        }
    }
    for group in unique_groups(wanted).iter().filter(|group| !unique_groups(loose).contains(group)) {
        if let Some(problem) = twins(tx, now, group)? {
            return Err(Error::Conflict(problem));
        }
    }
    if loose == wanted { Ok(()) } else { schemas::replace(tx, now, wanted, &[]) }
}

fn remove(tx: &mut WriteTx<'_>, work: &mut Work<'_>, schema: &Arc<Schema>, going: &[Arc<Schema>]) -> Result<()> {
    let stays = |other: &&Arc<Schema>| !going.iter().any(|gone| gone.id == other.id);
    for other in tx.catalog().schemas(schema.app).filter(stays) {
        if let Some(field) = other.fields.iter().find(|field| field.rules.target.as_deref() == Some(&schema.slug)) {
            let message = format!("Table '{}' cannot go: field '{}.{}' leads to it", schema.slug, other.slug, field.slug);
            return Err(Error::Conflict(Problem::of(&field.slug, "referenced", message).hint("Delete that field first")));
        }
    }
    let body = json!({"before": shared_views::kept(tx, schema)?});
    let batch = log_definition(tx, work.who, schema.app, Some(schema.id), format!("took away the table {}", schema.slug), Some(body))?;
    work.tally.deleted += usize::try_from(rows::counter(tx, schema)?).unwrap_or_default();
    log_all_deleted(tx, work.who, schema, batch)?;
    schemas::remove(tx, schema)?;
    work.tally.definitions += 1;
    Ok(())
}
