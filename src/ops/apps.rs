//! Apps: list, read, make, change, delete, duplicate.

use super::access::{self, may_now};
use super::alter::settle;
use super::changes::{log_all_deleted, log_definition, one_batch};
use super::ctx::Ctx;
use super::define::{self, check_slug, is_reserved_app};
use super::shared_views;
use crate::format::parts::AppPart;
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::{copy_of, label_from, numbered, quoted};
use crate::model::principal::{Action, Caller};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records::counter;
use crate::store::tables::{apps, schemas};
use serde_json::json;
use std::sync::Arc;

/// All apps that are there for the caller, by name.
pub fn list(tx: &ReadTx<'_>, who: &Caller) -> Result<Vec<Arc<App>>> {
    access::apps(tx.catalog(), who)
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Arc<App>> {
    access::app(tx.catalog(), who, app)
}

/// For an app that brings none.
pub fn fresh_uuid(ctx: &Ctx) -> String {
    uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string()
}

/// Makes an app and logs it. Its slug, if another app had it before, leads to this one from here on.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, slug: &str, uuid: &str, name: Option<&str>, description: Option<&str>) -> Result<AppId> {
    let name = name.map_or_else(|| label_from(slug), str::to_owned);
    let id = apps::insert(tx, uuid, slug, &name, description.unwrap_or_default())?;
    log_definition(tx, who, id, None, format!("made the app {slug}"), None)?;
    take_over(tx, who, id, &[slug])?;
    tx.catalog_changed()?;
    Ok(id)
}

/// Makes the app that somebody describes; without a slug it gets one from its name.
pub fn add(tx: &mut WriteTx<'_>, who: &Caller, part: &AppPart, fresh_uuid: &str) -> Result<Arc<App>> {
    may_now(tx.catalog(), who, Action::Manage)?;
    let slug = free_slug(tx.catalog(), who, &part.slug, part.name.as_deref())?;
    define::check_names(part.name.as_deref(), None).map_err(Error::invalid)?;
    let uuid = part.uuid.as_deref().map_or(Ok(fresh_uuid.to_owned()), |uuid| free_uuid(tx.catalog(), uuid))?;
    let id = create(tx, who, &slug, &uuid, part.name.as_deref(), part.description.as_deref())?;
    by_id(tx, id)
}

/// What is to be another about an app; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub slug: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
}

/// Changes an app. Under the slug that it had before it is still found.
pub fn change(tx: &mut WriteTx<'_>, who: &Caller, app: &str, changes: &Changes) -> Result<Arc<App>> {
    let old = access::managed(tx.catalog(), who, app)?;
    let mut new = App::clone(&old);
    if let Some(slug) = changes.slug.as_ref().filter(|slug| **slug != old.slug) {
        check(tx.catalog(), who, Some(old.id), slug)?;
        new.aliases.retain(|alias| alias != slug);
        new.aliases.push(std::mem::replace(&mut new.slug, slug.clone()));
    }
    new.name = changes.name.clone().unwrap_or(new.name);
    new.description = changes.description.clone().unwrap_or(new.description);
    if new.name.trim().is_empty() {
        return Err(Error::invalid(Problem::of("name", "required", "An app needs a name")));
    }
    if new == *old {
        return Ok(old);
    }
    apps::update(tx, &new)?;
    take_over(tx, who, new.id, &[&new.slug])?;
    let told = |app: &App| json!({"slug": app.slug, "name": app.name, "description": app.description});
    let body = json!({"before": told(&old), "after": told(&new)});
    log_definition(tx, who, old.id, None, format!("changed the app {}", old.slug), Some(body))?;
    tx.catalog_changed()?;
    by_id(tx, old.id)
}

/// Refuses a slug that an app or a table had before, where it must be the one that it has.
pub fn is_called_so(what: &str, slug: &str, asked: &str) -> Result<()> {
    if slug == asked {
        return Ok(());
    }
    let problem =
        Problem::new("not_found", format!("There is no {what} {}: the one that had this slug before is '{slug}' now", quoted(asked)));
    Err(Error::NotFound(problem.hint(format!("To delete it, name it '{slug}'"))))
}

/// Deletes an app with its tables and all their records; the log keeps them. Gives how many records there were. A slug that it had before does not do:
/// whoever deletes twice would delete another one.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, asked: &str) -> Result<i64> {
    let app = access::managed(tx.catalog(), who, asked)?;
    is_called_so("app", &app.slug, asked)?;
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(app.id).cloned().collect();
    let kept = all.iter().map(|schema| shared_views::kept(tx, schema)).collect::<Result<Vec<_>>>()?;
    let grants: Vec<_> = tx.catalog().grants(app.id).into_iter().map(|(user, role)| json!({"user": user.0, "role": role})).collect();
    let body = json!({"before": {"slug": app.slug, "uuid": app.uuid, "name": app.name, "description": app.description,
        "created_at": app.created_at, "aliases": app.aliases, "next_choice_id": apps::next_choice_id(tx, app.id)?,
        "schemas": kept, "roles": super::roles::described(tx.catalog(), app.id), "grants": grants}});
    let batch = log_definition(tx, who, app.id, None, format!("deleted the app {}", app.slug), Some(body))?;
    let mut records = 0;
    for schema in &all {
        records += counter(tx, schema)?;
        log_all_deleted(tx, who, schema, batch)?;
        schemas::remove(tx, schema)?;
    }
    apps::remove(tx, app.id)?;
    tx.catalog_changed()?;
    Ok(records)
}

/// Makes an app that has the tables of another, and its records if they are wanted; ids stay what they are.
pub fn duplicate(tx: &mut WriteTx<'_>, who: &Caller, app: &str, part: &AppPart, with_records: bool, fresh_uuid: &str) -> Result<Arc<App>> {
    may_now(tx.catalog(), who, Action::Manage)?;
    if with_records {
        access::may_also(who, Action::Read).and_then(|()| access::may_also(who, Action::Create))?;
    }
    let source = tx.catalog().app(app)?;
    let slug = if part.slug.is_empty() && part.name.is_none() {
        let base = copy_of(&source.slug);
        numbered(&base).find(|slug| check_unused(tx.catalog(), slug).is_ok()).ok_or_else(|| taken(&base))?
    } else {
        free_slug(tx.catalog(), who, &part.slug, part.name.as_deref())?
    };
    define::check_names(part.name.as_deref(), None).map_err(Error::invalid)?;
    let name = part.name.clone().unwrap_or_else(|| format!("{} (copy)", source.name));
    let description = part.description.as_ref().unwrap_or(&source.description);
    let id = apps::insert(tx, fresh_uuid, &slug, &name, description)?;
    apps::copy_next_choice_id(tx, source.id, id)?;
    log_definition(tx, who, id, None, format!("made the app {slug} as a copy of {}", source.slug), None)?;
    take_over(tx, who, id, &[&slug])?;
    one_batch(tx, |tx| copy_all(tx, who, source.id, id, with_records))?;
    by_id(tx, id)
}

/// Fills a new app with what another one has.
fn copy_all(tx: &mut WriteTx<'_>, who: &Caller, from: AppId, to: AppId, with_records: bool) -> Result<()> {
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(from).cloned().collect();
    let mut copies = Vec::with_capacity(all.len());
    for schema in &all {
        copies.push((schema.id, super::schemas::copy(tx, who, schema, Schema { app: to, ..Schema::clone(schema) }, with_records)?));
    }
    tx.catalog_changed()?;
    super::roles::copy(tx, who, from, to)?;
    settle(tx, who, to)?;
    copies.into_iter().try_for_each(|(from, to)| super::shared_views::copy(tx, who, from, to))
}

fn by_id(tx: &ReadTx<'_>, id: AppId) -> Result<Arc<App>> {
    tx.catalog().apps().iter().find(|app| app.id == id).cloned().ok_or_else(|| Error::internal("an app is missing"))
}

/// The slug that was given, if it is free; else one from the name, which takes no other app's address.
fn free_slug(catalog: &Catalog, who: &Caller, given: &str, name: Option<&str>) -> Result<String> {
    define::free_slug(
        "app",
        given,
        name,
        |slug| if given.is_empty() { check_unused(catalog, slug) } else { check(catalog, who, None, slug) },
    )
}

fn check_unused(catalog: &Catalog, slug: &str) -> Result<()> {
    check_word(slug)?;
    if catalog.app(slug).is_ok() { Err(taken(slug)) } else { Ok(()) }
}

fn check(catalog: &Catalog, who: &Caller, own: Option<AppId>, slug: &str) -> Result<()> {
    check_word(slug)?;
    check_address(catalog, who, own, "slug", slug)
}

fn check_word(slug: &str) -> Result<()> {
    check_slug("app", slug, is_reserved_app(slug)).map_or(Ok(()), |problem| Err(Error::invalid(problem)))
}

/// Refuses a slug that is another app's. One that it had before goes to whoever manages that app, too; to others it still leads there.
pub fn check_address(catalog: &Catalog, who: &Caller, own: Option<AppId>, field: &'static str, slug: &str) -> Result<()> {
    let others = || catalog.apps().iter().filter(|app| Some(app.id) != own);
    if others().any(|app| app.slug == slug) {
        return Err(Error::Conflict(Problem::of(field, "unique", format!("There is an app '{slug}' already"))));
    }
    let is_kept = |app: &Arc<App>| app.aliases.iter().any(|alias| alias == slug) && !access::manages(catalog, who, app.id);
    if others().any(is_kept) {
        let problem = Problem::of(field, "unique", format!("Another app had the slug '{slug}' before, and is still found by it"));
        return Err(Error::Conflict(problem.hint("Take another one, or ask an admin of the workspace: they may take it over")));
    }
    Ok(())
}

/// Has slugs lead to this app only, which another had before.
pub fn take_over(tx: &mut WriteTx<'_>, who: &Caller, own: AppId, slugs: &[&str]) -> Result<()> {
    let others: Vec<Arc<App>> = tx.catalog().apps().iter().filter(|app| app.id != own).cloned().collect();
    for other in others {
        let (gone, kept): (Vec<String>, Vec<String>) = other.aliases.iter().cloned().partition(|alias| slugs.contains(&alias.as_str()));
        if !gone.is_empty() {
            let label = format!("the app {} is no longer found by {}", other.slug, gone.join(", "));
            apps::update(tx, &App { aliases: kept, ..App::clone(&other) })?;
            log_definition(tx, who, other.id, None, label, None)?;
        }
    }
    Ok(())
}

fn taken(slug: &str) -> Error {
    Error::Conflict(Problem::of("slug", "unique", format!("There is an app '{slug}' already")))
}

fn free_uuid(catalog: &Catalog, text: &str) -> Result<String> {
    let refused = |code, message: String| Error::invalid(Problem::of("uuid", code, message));
    let uuid = uuid::Uuid::try_parse(text).map_err(|_| refused("uuid", format!("{} is no UUID", quoted(text))))?.to_string();
    if catalog.apps().iter().any(|app| app.uuid == uuid) {
        return Err(refused("unique", format!("There is an app with the UUID {uuid} already")));
    }
    Ok(uuid)
}
