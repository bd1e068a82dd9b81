//! Taking back what became of an app's roles, and of who has them; and what roles let through in a table that comes back.

use super::access;
use super::roles;
use super::undo::{Conflict, Work};
use super::undo_apps::{gone, now, text};
use super::undo_names::Side;
use super::undo_retold::Retold;
use super::undo_schemas::Turns;
use crate::expr::resolve::rule;
use crate::format::role_part;
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Action, UserId};
use crate::model::role::{Allowed, AppRole, Rights};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{roles as role_rows, users};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What roles let through in a table that goes, for its entry in the change log.
pub fn kept_rights(tx: &ReadTx<'_>, schema: &Schema) -> Vec<Value> {
    let of_role = |role: &Arc<AppRole>| Some(json!({"role": role.slug, "rights": role.rights.get(&schema.id)?.to_json()}));
    tx.catalog().roles(schema.app).filter_map(of_role).collect()
}

/// Puts roles back, and who has them. To be called when tables and fields are what they are to be.
pub fn put_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>, turns: &Turns) -> Result<()> {
    if work.is_refused() {
        return Ok(());
    }
    for (id, turn) in turns.all() {
        if let (Some((seq, told)), Some(schema)) = (&turn.went, tx.catalog().schema_by_id(*id)) {
            rights_again(tx, work, turns, &schema, (*seq, told))?;
        }
    }
    let entries = work.entries;
    for entry in entries.iter().rev().filter(|entry| entry.kind == "define" && entry.schema.is_none()) {
        if let Some(told) = gone(entry) {
            all_again(tx, work, &told)?;
            continue;
        }
        // Who may do what is not put back with records: nobody gets back by the way what was taken from them.
        if work.is_return {
            continue;
        }
        let Some(Value::Object(body)) = entry.body.as_deref().and_then(|text| serde_json::from_str(text).ok()) else { continue };
        let is_role = |key: &str| body.get(key).and_then(|said| said.get("schemas")).is_some_and(Value::is_object);
        if body.contains_key("user") {
            grant(tx, work, &body)?;
        } else if is_role("before") || is_role("after") {
            role(tx, work, &body)?;
        }
    }
    Ok(())
}

/// What roles let through in a table that is there again. What has no meaning any more lets nothing through.
fn rights_again(tx: &mut WriteTx<'_>, work: &mut Work<'_>, turns: &Turns, schema: &Arc<Schema>, (seq, told): (i64, &Value)) -> Result<()> {
    let retold = Retold::from_now(tx, schema, turns.names(tx, schema.id)?.pairs(seq, Side::Before));
    for said in told.get("rights").and_then(Value::as_array).into_iter().flatten() {
        let named = said.get("role").and_then(Value::as_str).zip(said.get("rights"));
        let Some((slug, rights)) = named else { continue };
        let Some(role) = tx.catalog().role(schema.app, slug).cloned() else { continue };
        if role.rights.contains_key(&schema.id) {
            continue;
        }
        let all: Vec<Arc<Schema>> = tx.catalog().schemas(schema.app).cloned().collect();
        let mut rights = retold.rights(Rights::from_json(rights));
        for action in Action::OF_RECORDS {
            let Some(allowed) = rights.of_mut(action) else { continue };
            if let Allowed::Where(said) = allowed
                && let Err(problem) = rule(&said.text, schema, &all)
            {
                let message = format!("A rule of the role '{slug}' means nothing any more. {}", problem.message);
                work.meet(Conflict::new("invalid", &schema.slug, message).between(json!(said.text), Value::Null));
                *allowed = Allowed::None;
            }
        }
        let mut new = AppRole::clone(&role);
        new.rights.insert(schema.id, rights);
        role_rows::settle(&mut new, &all);
        role_rows::update(tx, &role, &new)?;
        tx.catalog_changed()?;
    }
    Ok(())
}

/// Of an app that is there again, its roles and who had them.
fn all_again(tx: &mut WriteTx<'_>, work: &mut Work<'_>, told: &Map<String, Value>) -> Result<()> {
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

/// What stands in the way of a role is a conflict, not a mistake of whoever takes something back.
fn as_conflict(error: Error) -> Error {
    match error {
        Error::Invalid(problems) => {
            Error::Conflict(problems.into_iter().next().unwrap_or_else(|| Problem::new("conflict", "The role means nothing any more")))
        }
        other => other,
    }
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
        Some(before) => drop(roles::grant(tx, work.who, &user.to_string(), &app.slug, before).map_err(as_conflict)?),
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
            let mut part = role_part::read(before, role_part::role).map_err(Error::Invalid)?;
            let tables: Vec<String> = tx.catalog().schemas(app.id).map(|schema| schema.slug.clone()).collect();
            let (there, gone) = part.schemas.into_iter().partition(|(table, _)| tables.contains(table));
            part.schemas = there;
            for (table, _) in gone {
                let message = format!("The role '{slug}' let something through in the table '{table}', which is gone or called otherwise");
                work.meet(Conflict { schema: None, ..Conflict::new("gone", "", message) });
            }
            roles::apply(tx, work.who, app.id, Some(&[part]), false, &mut Vec::new()).map_err(as_conflict)?;
        }
        None if stands.is_some() => roles::remove(tx, work.who, &app.slug, &slug)?,
        None => {}
    }
    work.tally.definitions += 1;
    tx.catalog_changed()
}
