//! Taking back what happened to an app itself, to its roles and to who has them; and a deleted app with everything.

use super::access;
use super::changes::log_definition;
use super::undo::{Conflict, Work};
use super::undo_names::renamed;
use super::{apps, roles};
use crate::format::role_part;
use crate::model::app::{App, AppId};
use crate::model::change::Logged;
use crate::model::error::{Error, Result};
use crate::model::principal::UserId;
use crate::model::role::AppRole;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{apps as rows, roles as role_rows, schemas, users};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
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

fn gone(entry: &Logged) -> Option<Map<String, Value>> {
    let is_such = entry.kind == "define" && entry.schema.is_none();
    let body: Value = serde_json::from_str(entry.body.as_deref().filter(|_| is_such)?).ok()?;
    let before = body.get("before").filter(|_| body.get("after").is_none())?.as_object()?;
    before.get("schemas").is_some_and(Value::is_array).then(|| before.clone())
}

/// What comes before tables and records.
pub fn put_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>) -> Result<()> {
    for entry in work.entries.iter().rev().filter(|entry| entry.kind == "define" && entry.schema.is_none()) {
        if let Some(told) = gone(entry) {
            app_again(tx, work, entry, &told)?;
            continue;
        }
        let Some(Value::Object(body)) = entry.body.as_deref().and_then(|text| serde_json::from_str(text).ok()) else { continue };
        let is_role = |key: &str| body.get(key).and_then(|said| said.get("schemas")).is_some_and(Value::is_object);
        if body.contains_key("user") {
            // Who may do what is not put back with records: nobody gets back by the way what was taken from them.
            if !work.is_return {
                grant(tx, work, &body)?;
            }
        } else if is_role("before") || is_role("after") {
            if !work.is_return {
                role(tx, work, &body)?;
            }
        } else if ["before", "after"].iter().all(|key| is_of_app(body.get(*key))) {
            app(tx, work, &body)?;
        }
    }
    Ok(())
}

/// What comes after them: of an app that is there again, its roles and who had them.
pub fn finish(tx: &mut WriteTx<'_>, work: &mut Work<'_>) -> Result<()> {
    let Some(told) = work.entries.iter().find_map(gone).filter(|_| !work.is_refused()) else { return Ok(()) };
    let app = now(tx, work.app)?;
    let said = told.get("roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let parts = said.map(|said| role_part::read(said, role_part::role)).collect::<std::result::Result<Vec<_>, _>>();
    roles::apply(tx, work.who, app.id, Some(&parts.map_err(Error::Invalid)?), false, &mut Vec::new())?;
    for grant in told.get("grants").and_then(Value::as_array).into_iter().flatten() {
        let named = grant.get("user").and_then(Value::as_i64).zip(grant.get("role").and_then(Value::as_str));
        let Some((user, role)) = named else { continue };
        // Who is gone or suspended by now gets nothing.
        if users::find(tx, UserId(user))?.is_some_and(|account| !account.is_suspended) {
            roles::grant(tx, work.who, &user.to_string(), &app.slug, role)?;
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

fn now(tx: &ReadTx<'_>, app: AppId) -> Result<Arc<App>> {
    tx.catalog().apps().iter().find(|known| known.id == app).cloned().ok_or_else(|| Error::internal("an app is missing"))
}

fn text(told: &Map<String, Value>, key: &str) -> String {
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

/// Somebody has the role that they had, or none.
fn grant(tx: &mut WriteTx<'_>, work: &mut Work<'_>, body: &Map<String, Value>) -> Result<()> {
    let Some(user) = body.get("user").and_then(Value::as_i64) else { return Ok(()) };
    let role = |key: &str| body.get(key).and_then(Value::as_str);
    let app = now(tx, work.app)?;
    let stands = tx.catalog().granted(UserId(user), app.id).map(str::to_owned);
    if stands.as_deref() != role("after") && stands.as_deref() != role("before") {
        let conflict = Conflict { schema: None, ..Conflict::new("changed", "", "They have another role by now") };
        if !work.meet(conflict.between(json!(role("before")), json!(stands))) {
            return Ok(());
        }
    }
    match role("before") {
        Some(before) => drop(roles::grant(tx, work.who, &user.to_string(), &app.slug, before)?),
        None if stands.is_some() => roles::revoke(tx, work.who, &user.to_string(), &app.slug)?,
        None => {}
    }
    work.tally.definitions += 1;
    Ok(())
}

/// A role lets through what it did.
fn role(tx: &mut WriteTx<'_>, work: &mut Work<'_>, body: &Map<String, Value>) -> Result<()> {
    access::as_whole(work.who)?;
    let said = |key: &str| body.get(key).and_then(Value::as_object);
    let app = now(tx, work.app)?;
    access::managed(tx.catalog(), work.who, &app.slug)?;
    let slug = said("before").or(said("after")).map(|said| text(said, "slug")).unwrap_or_default();
    let stands = roles::described(tx.catalog(), app.id).into_iter().find(|role| role.get("slug").and_then(Value::as_str) == Some(&slug));
    if stands.as_ref().and_then(Value::as_object) != said("after") {
        let conflict = Conflict { schema: None, ..Conflict::new("changed", "", format!("The role '{slug}' was changed again since")) };
        let told = |said: Option<&Map<String, Value>>| said.cloned().map_or(Value::Null, Value::Object);
        if !work.meet(conflict.between(told(said("before")), stands.clone().unwrap_or_default())) {
            return Ok(());
        }
    }
    match said("before") {
        Some(before) => {
            let part = role_part::read(before, role_part::role).map_err(Error::Invalid)?;
            roles::apply(tx, work.who, app.id, Some(&[part]), false, &mut Vec::new())?;
        }
        None if stands.is_some() => roles::remove(tx, work.who, &app.slug, &slug)?,
        None => {}
    }
    work.tally.definitions += 1;
    tx.catalog_changed()
}
