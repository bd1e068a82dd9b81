//! Taking back what became of saved views: of shared ones by whoever looks after the app, of one's own by oneself; what became of views because their table
//! or its fields went comes back with these, whoever's they are.

use super::access;
use super::shared_views::kept_views;
use super::undo::{Conflict, Work};
use super::undo_names::Side;
use super::undo_retold::Retold;
use super::undo_schemas::Turns;
use super::views::{self, said_of};
use crate::model::change::Logged;
use crate::model::error::{Error, Result};
use crate::model::schema::{Schema, SchemaId};
use crate::model::view::SavedView;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{users, views as rows};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What an entry says of a view.
struct Said {
    id: Option<i64>,
    before: Option<SavedView>,
    after: Option<SavedView>,
    /// It was no act of its own: a field that it named went.
    is_settled: bool,
}

/// Puts views back. To be called when tables and fields are what they are to be.
pub fn put_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>, turns: &Turns) -> Result<()> {
    if work.is_refused() {
        return Ok(());
    }
    for (id, turn) in turns.all() {
        if let (Some((seq, told)), Some(schema)) = (&turn.went, tx.catalog().schema_by_id(*id)) {
            again(tx, turns, &schema, *seq, told)?;
        }
    }
    let entries = work.entries;
    for entry in entries.iter().rev() {
        if let Some(said) = said(entry) {
            one(tx, work, turns, entry, said)?;
        }
    }
    Ok(())
}

/// Whether an entry tells of a view.
pub fn is_of_view(entry: &Logged) -> bool {
    entry.kind == "define" && entry.schema.is_some() && said(entry).is_some()
}

fn said(entry: &Logged) -> Option<Said> {
    let (schema, text) = (entry.schema?, entry.body.as_deref()?);
    if entry.kind != "define" {
        return None;
    }
    let body: Value = serde_json::from_str(text).ok()?;
    let side = |key: &str| body.get(key)?.as_object().and_then(|said| said_of(schema, said));
    let (before, after) = (side("before"), side("after"));
    if before.is_none() && after.is_none() {
        return None;
    }
    let id = body.get("view").and_then(Value::as_i64);
    Some(Said { id, before, after, is_settled: body.get("settled") == Some(&Value::Bool(true)) })
}

/// The views of a table that is there again.
fn again(tx: &mut WriteTx<'_>, turns: &Turns, schema: &Arc<Schema>, seq: i64, told: &Value) -> Result<()> {
    let pairs = turns.names(tx, schema.id)?.pairs(seq, Side::Before);
    let retold = Retold::from_now(tx, schema, pairs);
    for view in kept_views(schema.id, told) {
        let view = retold.view(view);
        if is_homeless(tx, &view)? || is_taken(tx, &view)? {
            continue;
        }
        rows::put_back(tx, &view)?;
    }
    Ok(())
}

/// Whether whose view it is is gone.
fn is_homeless(tx: &ReadTx<'_>, view: &SavedView) -> Result<bool> {
    view.owner.map_or(Ok(false), |owner| users::exists(tx, owner).map(|is_there| !is_there))
}

/// Whether another view has its slug, or its number.
fn is_taken(tx: &ReadTx<'_>, view: &SavedView) -> Result<bool> {
    let all = rows::of_schema(tx, view.schema, view.owner)?;
    Ok(all.iter().any(|other| other.id != view.id && other.owner == view.owner && other.slug == view.slug))
}

fn find(tx: &ReadTx<'_>, schema: SchemaId, said: &Said) -> Result<Option<SavedView>> {
    if let Some(id) = said.id {
        return Ok(rows::find(tx, id)?.filter(|view| view.schema == schema));
    }
    // An entry of before views were known by their number.
    let named = said.after.as_ref().or(said.before.as_ref());
    let shared = rows::of_schema(tx, schema, None)?;
    Ok(named.and_then(|named| shared.into_iter().find(|view| view.slug == named.slug)))
}

fn one(tx: &mut WriteTx<'_>, work: &mut Work<'_>, turns: &Turns, entry: &Logged, said: Said) -> Result<()> {
    let Some(id) = entry.schema else { return Ok(()) };
    let Some(schema) = tx.catalog().schema_by_id(id) else {
        if !turns.all().contains_key(&id) {
            work.meet(Conflict { schema: None, ..Conflict::new("gone", "", "The table of this view is gone") });
        }
        return Ok(());
    };
    let me = work.who.user_id();
    let owners: Vec<_> = [&said.before, &said.after].into_iter().flatten().map(|view| view.owner).collect();
    let is_anothers = owners.iter().any(|owner| owner.is_some() && *owner != me);
    // What people keep for themselves does not go back with the records of all.
    let is_own = owners.iter().all(Option::is_some);
    if work.is_return && !said.is_settled && is_own {
        return Ok(());
    }
    if is_anothers && is_own && !said.is_settled {
        return Err(Error::Forbidden("This became of a view that somebody keeps for themselves: they take it back".to_owned()));
    }
    if owners.contains(&None) && !access::manages(tx.catalog(), work.who, work.app) {
        return Err(Error::Forbidden("Only owners of the app and admins may take this back: it changed a shared view".to_owned()));
    }
    let retold = Retold::from_now(tx, &schema, turns.names(tx, id)?.pairs_at(entry.seq));
    let said = Said { before: said.before.map(|view| retold.view(view)), after: said.after.map(|view| retold.view(view)), ..said };
    let now = find(tx, id, &said)?;
    // Of what somebody keeps for themselves nobody else is told; it stays.
    let mut conflicts = Vec::new();
    let target = aimed(tx, &schema, &said, now.as_ref(), &mut conflicts)?;
    let has_met = !conflicts.is_empty();
    let mut is_over = !has_met || !is_anothers;
    for conflict in conflicts.into_iter().filter(|_| !is_anothers) {
        is_over &= work.meet(conflict);
    }
    let wanted = if has_met && !is_over { target.skipped } else { target.wanted };
    if wanted == now || work.is_refused() {
        return Ok(());
    }
    write(tx, work, &schema, now, wanted, said.is_settled)
}

/// What a view is to be, if what stands in the way is written over, and if it stays.
struct Aimed {
    wanted: Option<SavedView>,
    skipped: Option<SavedView>,
}

fn aimed(tx: &ReadTx<'_>, schema: &Schema, said: &Said, now: Option<&SavedView>, conflicts: &mut Vec<Conflict>) -> Result<Aimed> {
    let told = |view: &SavedView| Value::Object(views::said(view));
    let mut meet = |code: &'static str, message: String, mine: Value, theirs: Value| {
        conflicts.push(Conflict::new(code, &schema.slug, message).between(mine, theirs));
    };
    let stays = || Aimed { wanted: now.cloned(), skipped: now.cloned() };
    Ok(match (&said.before, &said.after, now) {
        (None, _, None) => stays(),
        (None, after, Some(now)) => {
            if after.as_ref().map(told) != Some(told(now)) {
                meet("changed", format!("The view '{}' was changed since it was made", now.slug), Value::Null, told(now));
            }
            Aimed { wanted: None, skipped: Some(now.clone()) }
        }
        (Some(before), None, None) => {
            let back = SavedView { id: said.id.unwrap_or_default(), ..before.clone() };
            if is_homeless(tx, &back)? {
                return Ok(stays());
            }
            if is_taken(tx, &back)? {
                meet("unique", format!("There is another view '{}' now", back.slug), told(&back), Value::Null);
                return Ok(stays());
            }
            Aimed { wanted: Some(back), skipped: None }
        }
        (Some(before), None, Some(now)) => {
            if told(before) != told(now) {
                meet("there", format!("The view '{}' is there again", now.slug), told(before), told(now));
            }
            stays()
        }
        (Some(before), Some(_), None) => {
            meet("gone", format!("The view '{}' is gone", before.slug), told(before), Value::Null);
            stays()
        }
        (Some(before), Some(after), Some(now)) => {
            let (was, left, stands) = (views::said(before), views::said(after), views::said(now));
            let (mut wanted, mut skipped) = (stands.clone(), stands.clone());
            let keys = was.keys().chain(left.keys());
            for key in keys.filter(|key| was.get(*key) != left.get(*key) && was.get(*key) != stands.get(*key)) {
                let value = was.get(key).cloned();
                if stands.get(key) == left.get(key) {
                    put(&mut skipped, key, value.clone());
                } else {
                    let message = format!("'{key}' of the view '{}' was changed again since", now.slug);
                    meet("changed", message, json!(value), json!(stands.get(key)));
                }
                put(&mut wanted, key, value);
            }
            let read = |said: &Map<String, Value>| said_of(schema.id, said).map(|view| SavedView { id: now.id, ..view });
            let (wanted, skipped) = (read(&wanted), read(&skipped));
            if let Some(view) = wanted.as_ref().filter(|view| view.slug != now.slug || view.owner != now.owner)
                && is_taken(tx, view)?
            {
                meet("unique", format!("There is another view '{}' now", view.slug), told(view), Value::Null);
                return Ok(stays());
            }
            Aimed { wanted, skipped }
        }
    })
}

fn put(said: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(said.insert(key.to_owned(), value)),
        None => drop(said.shift_remove(key)),
    }
}

fn write(
    tx: &mut WriteTx<'_>,
    work: &mut Work<'_>,
    schema: &Schema,
    now: Option<SavedView>,
    wanted: Option<SavedView>,
    is_settled: bool,
) -> Result<()> {
    let did = match (&now, &wanted) {
        (None, Some(view)) => {
            rows::put_back(tx, view)?;
            "brought back"
        }
        (Some(_), Some(view)) => {
            rows::update(tx, view)?;
            "put back"
        }
        (Some(view), None) => {
            rows::remove(tx, view.id)?;
            "took away"
        }
        (None, None) => return Ok(()),
    };
    views::log(tx, work.who, schema, did, views::Sides { before: now.as_ref(), after: wanted.as_ref(), is_settled })?;
    work.tally.definitions += 1;
    Ok(())
}
