//! Taking back what happened to an app itself, and a deleted app; its roles and who has them are in `undo_roles`.

use super::access;
use super::apps;
use super::changes::log_definition;
use super::undo::{Conflict, Work};
use super::undo_names::renamed;
use crate::model::app::{App, AppId};
use crate::model::change::Logged;
use crate::model::error::{Error, Result};
use crate::model::role::AppRole;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{apps as rows, history, roles as role_rows, schemas};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whether an entry says that an app was deleted.
pub fn is_gone_app(entry: &Logged) -> bool {
    gone(entry).is_some()
}

/// The tables of an app that an entry says was deleted, each with what the entry says of it.
pub fn gone_schemas(entry: &Logged) -> Option<Vec<(Schema, Value)>> {
    let (app, told) = (entry.app?, gone(entry)?);
    let read = |told: &Value| {
        let id = SchemaId(told.get("id")?.as_i64()?);
        Some((schemas::read_described(id, app, told)?, told.clone()))
    };
    Some(told.get("schemas")?.as_array()?.iter().filter_map(read).collect())
}

pub(super) fn gone(entry: &Logged) -> Option<Map<String, Value>> {
    let is_such = entry.kind == "define" && entry.schema.is_none();
    let body: Value = serde_json::from_str(entry.body.as_deref().filter(|_| is_such)?).ok()?;
    let before = body.get("before").filter(|_| body.get("after").is_none())?.as_object()?;
    before.get("schemas").is_some_and(Value::is_array).then(|| before.clone())
}

/// What comes before tables and records.
pub fn put_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>) -> Result<()> {
    let entries = work.entries;
    for entry in entries.iter().rev().filter(|entry| entry.kind == "define" && entry.schema.is_none()) {
        if let Some(told) = gone(entry) {
            app_again(tx, work, entry, &told)?;
            continue;
        }
        let Some(Value::Object(body)) = entry.body.as_deref().and_then(|text| serde_json::from_str(text).ok()) else { continue };
        if ["before", "after"].iter().all(|key| is_of_app(body.get(*key))) {
            app(tx, work, &body)?;
        }
    }
    Ok(())
}

/// What roles hide, or keep from being changed, of fields that go: their entry keeps it, for these fields may come back.
pub fn masks(tx: &ReadTx<'_>, schema: &Schema, gone: &BTreeSet<String>) -> Vec<Value> {
    let cut = |slugs: &[String]| slugs.iter().filter(|slug| gone.contains(*slug)).cloned().collect::<Vec<_>>();
    let of_role = |role: &Arc<AppRole>| {
        let rights = role.rights.get(&schema.id)?;
        let (hidden, read_only) = (cut(&rights.hidden), cut(&rights.read_only));
        let is_any = !hidden.is_empty() || !read_only.is_empty();
        is_any.then(|| json!({"role": role.slug, "hidden": hidden, "read_only": read_only}))
    };
    tx.catalog().roles(schema.app).filter_map(of_role).collect()
}

/// Hides fields that came back from the roles that they were hidden from, by what the entries say, which are the newest first.
pub fn mask_again(tx: &mut WriteTx<'_>, (app, schema): (AppId, SchemaId), came: &BTreeSet<String>, told: &[&Value]) -> Result<()> {
    let all: Vec<Arc<AppRole>> = tx.catalog().roles(app).cloned().collect();
    for role in all {
        let mut new = AppRole::clone(&role);
        let Some(rights) = new.rights.get_mut(&schema) else { continue };
        for (key, slugs) in [("hidden", &mut rights.hidden), ("read_only", &mut rights.read_only)] {
            let masked = masked(told, &role.slug, key);
            let again: Vec<String> = came.intersection(&masked).filter(|slug| !slugs.contains(slug)).cloned().collect();
            slugs.extend(again);
        }
        if new.rights != role.rights {
            role_rows::update(tx, &role, &new)?;
            tx.catalog_changed()?;
        }
    }
    Ok(())
}

/// The fields that entries say were masked, by every name that they had.
fn masked(told: &[&Value], role: &str, key: &str) -> BTreeSet<String> {
    let mut masked = BTreeSet::new();
    for body in told {
        for (was, is) in renamed(body) {
            if masked.contains(&is) {
                masked.insert(was);
            }
        }
        let masks = body.get("masks").and_then(Value::as_array).into_iter().flatten();
        let of_role = masks.filter(|mask| mask.get("role").and_then(Value::as_str) == Some(role));
        let slugs = of_role.filter_map(|mask| mask.get(key)?.as_array()).flatten();
        masked.extend(slugs.filter_map(Value::as_str).map(str::to_owned));
    }
    masked
}

pub(super) fn now(tx: &ReadTx<'_>, app: AppId) -> Result<Arc<App>> {
    tx.catalog().apps().iter().find(|known| known.id == app).cloned().ok_or_else(|| Error::internal("an app is missing"))
}

pub(super) fn text(told: &Map<String, Value>, key: &str) -> String {
    told.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn app_again(tx: &mut WriteTx<'_>, work: &mut Work<'_>, entry: &Logged, told: &Map<String, Value>) -> Result<()> {
    access::as_whole(work.who)?;
    let (slug, uuid) = (text(told, "slug"), text(told, "uuid"));
    if tx.catalog().apps().iter().any(|app| app.id == work.app || app.slug == slug || app.uuid == uuid) {
        let problem = crate::model::error::Problem::of("slug", "unique", format!("There is an app '{slug}' already"));
        return Err(Error::Conflict(problem.hint("Rename that one first")));
    }
    let aliases = told.get("aliases").and_then(Value::as_array).into_iter().flatten();
    let aliases = aliases.filter_map(Value::as_str).filter(|alias| tx.catalog().app(alias).is_err()).map(str::to_owned).collect();
    let made = Some(text(told, "created_at")).filter(|made| !made.is_empty()).unwrap_or_else(|| entry.at.clone());
    let app = App { id: work.app, uuid, slug, name: text(told, "name"), description: text(told, "description"), created_at: made, aliases };
    let next_choice_id = told.get("next_choice_id").and_then(Value::as_i64).unwrap_or(1);
    rows::put_back(tx, &app, next_choice_id)?;
    log_definition(tx, work.who, app.id, None, format!("brought back the app {}", app.slug), None)?;
    work.tally.definitions += 1;
    tx.catalog_changed()
}

/// Whether this is what an entry says of an app, and of nothing that stands in it.
fn is_of_app(said: Option<&Value>) -> bool {
    let known = |key: &String| matches!(key.as_str(), "slug" | "name" | "description");
    said.and_then(Value::as_object).is_some_and(|said| !said.is_empty() && said.keys().all(known))
}

/// An app is called and described as it was.
fn app(tx: &mut WriteTx<'_>, work: &mut Work<'_>, body: &Map<String, Value>) -> Result<()> {
    let said = |key: &str| body.get(key).and_then(Value::as_object);
    let (Some(before), Some(after)) = (said("before"), said("after")) else { return Ok(()) };
    let app = now(tx, work.app)?;
    let mut put = |key: &str, stands: &str| -> Option<String> {
        let (was, left) = (before.get(key)?.as_str()?, after.get(key)?.as_str()?);
        if was == left || stands == was {
            return None;
        }
        let is_put = stands == left || {
            let message = format!("'{key}' of the app was changed again since");
            let conflict = Conflict { schema: None, ..Conflict::new("changed", "", message) };
            work.meet(conflict.field(key).between(json!(was), json!(stands)))
        };
        is_put.then(|| was.to_owned())
    };
    let changes =
        apps::Changes { slug: put("slug", &app.slug), name: put("name", &app.name), description: put("description", &app.description) };
    if !work.is_refused() {
        apps::change(tx, work.who, &app.slug, &changes)?;
        work.tally.definitions += 1;
    }
    Ok(())
}

/// Deletes an app that came back once more, if nothing became of it since that is not taken back.
pub fn remove_again(tx: &mut WriteTx<'_>, work: &mut Work<'_>) -> Result<()> {
    let app = now(tx, work.app)?;
    access::managed(tx.catalog(), work.who, &app.slug)?;
    let came = work.entries.last().map_or(0, |entry| entry.seq);
    if let Some(other) = changed_since(tx, work.app, came)? {
        let message = format!("The app '{}' was changed since it was brought back: {}", app.slug, other.label);
        let conflict = Conflict { schema: None, ..Conflict::new("changed", "", message) };
        if !work.meet(conflict.since(Some(&other))) {
            return Ok(());
        }
    }
    let records = apps::remove(tx, work.who, &app.slug)?;
    work.tally.deleted += usize::try_from(records).unwrap_or_default();
    work.tally.definitions += 1;
    Ok(())
}

/// The newest act in an app after an entry of which something is left: what was done and taken back, or taken back and done again, leaves nothing.
fn changed_since(tx: &ReadTx<'_>, app: AppId, after: i64) -> Result<Option<Logged>> {
    let mut left: BTreeMap<i64, Logged> = BTreeMap::new();
    for act in history::acts_since(tx, app, after)? {
        let mut root = act.seq;
        let mut undone = act.undoes;
        while let Some(number) = undone {
            root = number.abs();
            undone = history::one(tx, root)?.and_then(|entry| entry.undoes);
        }
        if left.remove(&root).is_none() {
            left.insert(root, act);
        }
    }
    Ok(left.into_values().max_by_key(|act| act.seq))
}
