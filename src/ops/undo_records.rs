//! Taking back what happened to records: what each of them was is found out first, with everything that stands in the way; then all of it is written.

use super::access;
use super::cascade;
use super::changes::{Entry, log, name_of};
use super::guard;
use super::records::unique_groups;
use super::undo::{Conflict, Work};
use super::undo_clashes::look;
use super::undo_names::Names;
use super::undo_retyped::read_again;
use super::undo_schemas::Turns;
use super::validate;
use crate::field;
use crate::model::change::{ChangeKind, Logged};
use crate::model::error::{Error, Result};
use crate::model::field::{Field, Kind};
use crate::model::plan::Cond;
use crate::model::principal::{Action, Scope, UserId};
use crate::model::record::{Record, RecordId};
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records::{self as rows, Kept};
use crate::store::tables::{history, users};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) type Place = (SchemaId, RecordId);

/// What happened to a record.
#[derive(Clone, Copy)]
pub(super) enum Step<'e> {
    Made(&'e Logged),
    Changed(&'e Logged),
    Gone(&'e Logged),
}

/// What becomes of a record.
pub(super) struct Fate {
    pub(super) old: Option<Record>,
    pub(super) before: Option<Map<String, Value>>,
    /// `None`: it goes.
    pub(super) target: Option<Map<String, Value>>,
    /// Of one that comes back.
    pub(super) kept: Option<(String, Option<UserId>, i64)>,
    /// Others that still refer to it are done to as their fields say.
    pub(super) is_cascade: bool,
}

/// A table as this work sees it.
pub(super) struct Sight {
    pub(super) schema: Arc<Schema>,
    /// What the caller sees of it: conflicts tell of nothing else.
    pub(super) seen: Arc<Schema>,
    pub(super) names: Arc<Names>,
    pub(super) scopes: BTreeMap<&'static str, Scope>,
}

/// Puts records back to what they were before the entries.
pub fn put_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>, turns: &Turns) -> Result<()> {
    if work.is_refused() {
        return Ok(());
    }
    let steps = gathered(work, turns)?;
    let mut sights: BTreeMap<SchemaId, Sight> = BTreeMap::new();
    let mut plans: BTreeMap<Place, Fate> = BTreeMap::new();
    let ids: BTreeSet<SchemaId> = steps.keys().map(|(schema, _)| *schema).collect();
    for id in ids {
        match tx.catalog().schema_by_id(id) {
            Some(schema) => drop(sights.insert(id, Sight::of(tx, turns, &schema)?)),
            None => drop(work.meet(Conflict { schema: None, ..Conflict::new("gone", "", "The table of these records is gone") })),
        }
    }
    for (place, steps) in &steps {
        if let Some(sight) = sights.get_mut(&place.0)
            && let Some(plan) = planned(tx, work, turns, sight, place.1, steps)?
        {
            plans.insert(*place, plan);
        }
    }
    read_again(tx, work, turns, &steps, &mut sights, &mut plans)?;
    look(tx, work, turns, &sights, &mut plans)?;
    if work.is_refused() { Ok(()) } else { write(tx, work, &mut sights, plans) }
}

/// What happened to each record, oldest first.
fn gathered<'e>(work: &Work<'e>, turns: &Turns) -> Result<BTreeMap<Place, Vec<Step<'e>>>> {
    let entries: &'e [Logged] = work.entries;
    let mut steps: BTreeMap<Place, Vec<Step<'e>>> = BTreeMap::new();
    let mut count = 0;
    for entry in entries {
        let Some(schema) = entry.schema.filter(|schema| !turns.goes(*schema)) else { continue };
        let step = match entry.kind.as_str() {
            "create" => Step::Made(entry),
            "update" => Step::Changed(entry),
            "delete" => Step::Gone(entry),
            "import" => {
                for id in imported(entry) {
                    count += 1;
                    if count > work.limits.undo_entries_max {
                        let most = work.limits.undo_entries_max;
                        return Err(Error::TooLarge(format!("This is more than can be taken back at once: at most {most} records are")));
                    }
                    steps.entry((schema, RecordId(id))).or_default().push(Step::Made(entry));
                }
                continue;
            }
            _ => continue,
        };
        if let Some(record) = entry.record {
            steps.entry((schema, record)).or_default().push(step);
        }
    }
    Ok(steps)
}

/// How many records an entry speaks of.
pub fn weight(entry: &Logged) -> usize {
    if entry.kind == "import" { imported(entry).count() } else { 1 }
}

/// The records of a table that entries say were made.
pub fn made(entries: &[Logged], schema: SchemaId) -> BTreeSet<RecordId> {
    let of_table = entries.iter().filter(|entry| entry.schema == Some(schema));
    let ids = of_table.flat_map(|entry| match entry.kind.as_str() {
        "create" => entry.record.into_iter().collect(),
        "import" => imported(entry).map(RecordId).collect(),
        _ => Vec::new(),
    });
    ids.collect()
}

/// Whether a record is there and holds what it held after an entry.
pub fn is_as_left(tx: &ReadTx<'_>, schema: &Schema, names: &Names, id: RecordId, seq: i64) -> Result<bool> {
    let Some(stands) = rows::find(tx, schema, &Cond::True, id)? else { return Ok(false) };
    let stands = rows::values_of(&stands.data)?;
    let since = history::of_record(tx, schema.id, id, seq, SINCE_MAX)?;
    let left = rolled_back(names, Some(stands.clone()), &since);
    Ok(left.is_some_and(|left| is_same(&left, &stands)))
}

/// Whether what a record held is what stands there. What a field held that is gone, or came since, is nobody's change.
fn is_same(left: &Map<String, Value>, stands: &Map<String, Value>) -> bool {
    left.iter().all(|(slug, value)| stands.get(slug).is_none_or(|stands| stands == value))
}

/// Whether a field of a record holds what it held after an entry.
pub fn holds_as_left(
    tx: &ReadTx<'_>,
    schema: &Schema,
    names: &Names,
    (id, seq): (RecordId, i64),
    (slug, value): (&str, &Value),
) -> Result<bool> {
    let since = history::of_record(tx, schema.id, id, seq, SINCE_MAX)?;
    let stands = Map::from_iter([(slug.to_owned(), value.clone())]);
    Ok(rolled_back(names, Some(stands), &since).is_some_and(|left| left.get(slug) == Some(value)))
}

/// The ids that an import gave.
fn imported(entry: &Logged) -> std::ops::RangeInclusive<i64> {
    let body = body(entry);
    match (body.get("first").and_then(Value::as_i64), body.get("last").and_then(Value::as_i64)) {
        (Some(first), Some(last)) => first..=last,
        _ => std::ops::RangeInclusive::new(1, 0),
    }
}

fn body(entry: &Logged) -> Map<String, Value> {
    entry.body.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn part(body: &Map<String, Value>, key: &str) -> Map<String, Value> {
    body.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What a record is to be; `None` when it stays what it is.
fn planned(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    turns: &Turns,
    sight: &mut Sight,
    id: RecordId,
    steps: &[Step<'_>],
) -> Result<Option<Fate>> {
    let mut plan = standing(tx, work, sight, id)?;
    for (at, step) in steps.iter().enumerate().rev() {
        let is_last = at + 1 == steps.len();
        match step {
            Step::Made(entry) => unmake(tx, work, sight, id, (*entry, is_last), &mut plan)?,
            Step::Changed(entry) => unchange(tx, work, turns, sight, id, entry, &mut plan)?,
            Step::Gone(entry) => undelete(work, sight, id, entry, &mut plan),
        }
    }
    if plan.target == plan.before {
        return Ok(None);
    }
    may(tx, work, sight, id, &plan)?;
    let is_good = fitting(tx, work, sight, id, &mut plan)?;
    Ok(Some(plan).filter(|plan| is_good && plan.target != plan.before))
}

/// A record that stays what it is, as yet.
pub(super) fn standing(tx: &ReadTx<'_>, work: &Work<'_>, sight: &mut Sight, id: RecordId) -> Result<Fate> {
    let old = rows::find(tx, &sight.schema, &Cond::True, id)?;
    let read = sight.scope(tx, work, Action::Read)?;
    if old.is_some() && !rows::is_among_all(tx, &read.whole, &read.rows, id)? {
        return Err(unseen(&read.whole));
    }
    sight.seen = read.seen.clone();
    let before = old.as_ref().map(|old| rows::values_of(&old.data)).transpose()?;
    Ok(Fate { old, target: before.clone(), before, kept: None, is_cascade: false })
}

/// Whether what happened to a record says what a field of it held.
pub(super) fn speak_of(steps: &[Step<'_>], names: &Names, slug: &str) -> bool {
    let speaks = |step: &Step<'_>| {
        let (Step::Changed(entry) | Step::Gone(entry)) = step else { return false };
        let held = part(&body(entry), "before").into_iter().filter_map(|(key, value)| names.held(&key, entry.seq, value));
        held.map(|(called, _)| called).any(|called| called == slug)
    };
    steps.iter().any(speaks)
}

/// A record that was made goes, if it is what was made.
fn unmake(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    sight: &Sight,
    id: RecordId,
    (entry, is_last): (&Logged, bool),
    plan: &mut Fate,
) -> Result<()> {
    let Some(stands) = &plan.target else { return Ok(()) };
    if is_last {
        let since = history::of_record(tx, sight.schema.id, id, entry.seq, SINCE_MAX)?;
        let made = rolled_back(&sight.names, Some(stands.clone()), &since);
        if !since.is_empty() && !made.is_some_and(|made| is_same(&made, stands)) {
            let message = format!("{} was changed since it was made", name_of(&sight.seen, stands, id));
            let conflict = Conflict::new("changed", &sight.schema.slug, message).of(id).since(since.first());
            let told = stands.iter().filter(|(slug, _)| sight.seen.field(slug).is_some());
            let told = told.map(|(slug, value)| (slug.clone(), value.clone())).collect();
            if !work.meet(conflict.between(Value::Null, Value::Object(told))) {
                return Ok(());
            }
        }
    }
    plan.target = None;
    Ok(())
}

/// Entries about one record that are looked at to find out who changed it.
const SINCE_MAX: usize = 1_000;

/// What a record held before these entries, which are the newest first.
pub fn rolled_back(names: &Names, now: Option<Map<String, Value>>, entries: &[Logged]) -> Option<Map<String, Value>> {
    let mut state = now;
    for entry in entries {
        let body = body(entry);
        match entry.kind.as_str() {
            "create" => state = None,
            "delete" => state = Some(renamed(names, part(&body, "before"), entry.seq)),
            "update" => {
                if let Some(state) = &mut state {
                    state.extend(renamed(names, part(&body, "before"), entry.seq));
                }
            }
            _ => {}
        }
    }
    state
}

/// Values under the names that their fields and options have now; those of fields that are gone are left out.
fn renamed(names: &Names, values: Map<String, Value>, seq: i64) -> Map<String, Value> {
    values.into_iter().filter_map(|(slug, value)| names.held(&slug, seq, value)).collect()
}

/// Values that were changed are what they were, if they still are what they became.
fn unchange(
    tx: &ReadTx<'_>,
    work: &mut Work<'_>,
    turns: &Turns,
    sight: &Sight,
    id: RecordId,
    entry: &Logged,
    plan: &mut Fate,
) -> Result<()> {
    let body = body(entry);
    let (before, after) = (part(&body, "before"), part(&body, "after"));
    let schema = &sight.schema;
    let Some(target) = &mut plan.target else {
        work.meet(Conflict::new("gone", &schema.slug, format!("{} is gone", id.text())).of(id));
        return Ok(());
    };
    for (key, was) in before {
        let Some((slug, was)) = sight.names.held(&key, entry.seq, was) else { continue };
        let Some(field) = schema.field(&slug).filter(|field| field.is_stored()) else { continue };
        if sight.seen.field(&field.slug).is_none() {
            return Err(unseen(schema));
        }
        let stands = target.get(&field.slug).cloned().unwrap_or_default();
        let left =
            after.get(&key).and_then(|left| sight.names.held(&key, entry.seq, left.clone())).map(|(_, left)| left).unwrap_or_default();
        if stands != left && stands != was && !turns.is_fresh(schema.id, &field.slug) {
            let since = history::of_record(tx, schema.id, id, entry.seq, SINCE_MAX)?;
            let touches = |other: &&Logged| part(&self::body(other), "after").contains_key(&key);
            let message = format!("'{}' of {} was changed again since", field.slug, name_of(&sight.seen, target, id));
            let conflict = Conflict::new("changed", &schema.slug, message).of(id).field(&field.slug);
            if !work.meet(conflict.between(was.clone(), stands).since(since.iter().find(touches))) {
                continue;
            }
        }
        target.insert(field.slug.clone(), was);
    }
    Ok(())
}

/// A record that was deleted is there again.
fn undelete(work: &mut Work<'_>, sight: &Sight, id: RecordId, entry: &Logged, plan: &mut Fate) {
    if let Some(stands) = &plan.target {
        let message = format!("{} is there again", name_of(&sight.seen, stands, id));
        work.meet(Conflict::new("there", &sight.schema.slug, message).of(id));
        return;
    }
    let body = body(entry);
    let mut held = renamed(&sight.names, part(&body, "before"), entry.seq);
    // Fields that came since hold what they hold in every record.
    let value = |field: &Field| (field.slug.clone(), held.remove(&field.slug).unwrap_or_else(|| field.default.clone()));
    plan.target = Some(sight.schema.stored().map(value).collect());
    let made_at = body.get("created_at").and_then(Value::as_str).unwrap_or(&entry.at).to_owned();
    let made_by = body.get("created_by").and_then(Value::as_i64).map(UserId);
    plan.kept = Some((made_at, made_by, body.get("version").and_then(Value::as_i64).unwrap_or(1)));
}

impl Sight {
    pub(super) fn of(tx: &ReadTx<'_>, turns: &Turns, schema: &Arc<Schema>) -> Result<Self> {
        let (schema, names) = (schema.clone(), turns.names(tx, schema.id)?);
        Ok(Self { seen: schema.clone(), schema, names, scopes: BTreeMap::new() })
    }

    /// What the caller may do with the records of this table by an action.
    fn scope(&mut self, tx: &ReadTx<'_>, work: &Work<'_>, action: Action) -> Result<&Scope> {
        if !self.scopes.contains_key(action.name()) {
            let scope = access::scope_of(tx.catalog(), work.who, &self.schema, action).ok_or_else(|| {
                let message = format!("To take this back you would have to {} records of the table '{}'", action.name(), self.schema.slug);
                Error::Forbidden(format!("{message}, which you may not"))
            })?;
            self.scopes.insert(action.name(), scope);
        }
        self.scopes.get(action.name()).ok_or_else(|| Error::internal("a scope is missing"))
    }
}

/// Asks what the writes themselves would ask, as far as that can be asked before.
pub(super) fn may(tx: &ReadTx<'_>, work: &Work<'_>, sight: &mut Sight, id: RecordId, plan: &Fate) -> Result<()> {
    let action = match (&plan.before, &plan.target) {
        (None, _) => Action::Create,
        (Some(_), None) => Action::Delete,
        (Some(_), Some(_)) => Action::Update,
    };
    let scope = sight.scope(tx, work, action)?;
    let changed: Vec<&String> = match (&plan.before, &plan.target) {
        (Some(before), Some(target)) => {
            target.iter().filter(|(slug, value)| before.get(*slug) != Some(value)).map(|(slug, _)| slug).collect()
        }
        (None, Some(target)) => {
            let differs = |(slug, value): &(&String, &Value)| scope.whole.field(slug).is_none_or(|field| field.default != **value);
            target.iter().filter(differs).map(|(slug, _)| slug).collect()
        }
        _ => Vec::new(),
    };
    if changed.iter().any(|slug| scope.seen.field(slug).is_none()) {
        return Err(unseen(&scope.whole));
    }
    guard::changes_only_writable(scope, changed.into_iter())?;
    if plan.old.is_some() {
        if !rows::is_among_all(tx, &scope.whole, &scope.rows, id)? {
            return Err(unseen(&scope.whole));
        }
        guard::must_act(tx, scope, id)?;
    }
    Ok(())
}

pub(super) fn unseen(schema: &Schema) -> Error {
    Error::Forbidden(format!("Some of this happened to records or fields of the table '{}' that you cannot see", schema.slug))
}

/// Whether what a record is to hold is what its fields may hold today; values that are not stay what they are.
fn fitting(tx: &ReadTx<'_>, work: &mut Work<'_>, sight: &Sight, id: RecordId, plan: &mut Fate) -> Result<bool> {
    let Some(target) = &mut plan.target else { return Ok(true) };
    let mut is_good = true;
    for field in sight.schema.stored() {
        let value = target.get(&field.slug).cloned().unwrap_or_default();
        let stands = plan.before.as_ref().map(|before| before.get(&field.slug).cloned().unwrap_or_default());
        if stands.as_ref() == Some(&value) {
            continue;
        }
        let is_blank = value.is_null() || value.as_str() == Some("");
        let why = match is_blank {
            true => field.required.then(|| format!("'{}' is required now", field.slug)),
            false if field.kind == Kind::User => {
                let user = value.as_i64().map(UserId);
                (!user.is_some_and(|user| users::exists(tx, user).unwrap_or_default()))
                    .then(|| format!("'{}' names somebody who is gone", field.slug))
            }
            false if field.is_given() => None,
            false => field::clean(field, &value).err().map(|refusal| refusal.of(&field.slug).message),
        };
        if let Some(why) = why {
            if sight.seen.field(&field.slug).is_none() {
                return Err(unseen(&sight.schema));
            }
            let conflict = Conflict::new("invalid", &sight.schema.slug, format!("{}: {why}", id.text())).of(id).field(&field.slug);
            work.meet(conflict.between(value, stands.clone().unwrap_or_default()));
            // What is not there cannot keep what it holds.
            target.insert(field.slug.clone(), stands.unwrap_or_default());
            is_good &= plan.before.is_some() || !field.required;
        }
    }
    Ok(is_good)
}

// What only all of them together tell --------------------------------------------------------------------------------

fn write(tx: &mut WriteTx<'_>, work: &mut Work<'_>, sights: &mut BTreeMap<SchemaId, Sight>, plans: BTreeMap<Place, Fate>) -> Result<()> {
    let by = work.who.user_id();
    // What goes and what is given up is free before anything takes it.
    for ((id, record), plan) in plans.iter().filter(|(_, plan)| plan.target.is_some()) {
        let Some((sight, before)) = sights.get(id).zip(plan.before.as_ref()) else { continue };
        for group in unique_groups(&sight.schema) {
            let changed = group.iter().find(|slug| plan.target.as_ref().and_then(|target| target.get(*slug)) != before.get(*slug));
            if let Some(slug) = changed {
                rows::free(tx, &sight.schema, slug, *record)?;
            }
        }
    }
    for ((id, record), plan) in plans.iter().filter(|(_, plan)| plan.target.is_none()) {
        let Some((sight, old)) = sights.get(id).zip(plan.old.as_ref()) else { continue };
        // Another that went took it along.
        if !rows::exists(tx, &sight.schema, *record)? {
            continue;
        }
        let values = plan.before.clone().unwrap_or_default();
        if plan.is_cascade {
            cascade::delete(tx, work.who, &sight.schema, &[*record], work.limits)?;
        } else {
            cascade::remove(tx, work.who, &sight.schema, old, &values, None)?;
        }
        work.tally.deleted += 1;
    }
    let is_followed = plans.values().any(|plan| plan.is_cascade);
    for ((id, record), plan) in plans {
        let (Some(sight), Some(target)) = (sights.get_mut(&id), plan.target) else { continue };
        let schema = sight.schema.clone();
        let action = match (plan.old, plan.kept) {
            (Some(old), _) => {
                // What went may have taken it along, or cleared what it held.
                let old = if is_followed { rows::find(tx, &schema, &Cond::True, record)? } else { Some(old) };
                let Some(old) = old else { continue };
                change(tx, work, &schema, &old, target)?;
                work.tally.updated += 1;
                Action::Update
            }
            (None, Some((created_at, created_by, version))) => {
                let label = format!("brought back {}", name_of(&schema, &target, record));
                rows::put_back(tx, &schema, record, &Kept { values: target, created_at, created_by, version }, by)?;
                log(tx, work.who, &schema, Entry { kind: ChangeKind::Create, record, batch: None, label, body: None })?;
                work.tally.created += 1;
                Action::Create
            }
            (None, None) => continue,
        };
        guard::must_act(tx, sight.scope(tx, work, action)?, record)?;
    }
    Ok(())
}

fn change(tx: &mut WriteTx<'_>, work: &Work<'_>, schema: &Schema, old: &Record, target: Map<String, Value>) -> Result<()> {
    let label = format!("put back {}", name_of(schema, &target, old.id));
    let rows::Updated { before, after, .. } = rows::update(tx, schema, old, &validate::of_log(schema, target), work.who.user_id())?;
    if after.is_empty() {
        return Ok(());
    }
    let body = Some(json!({"before": before, "after": after}));
    log(tx, work.who, schema, Entry { kind: ChangeKind::Update, record: old.id, batch: None, label, body }).map(drop)
}
