//! App file to app: what is missing is made, what differs is changed, and the difference is told. Everything in one transaction, or nothing.

use super::access::may;
use super::changes::{log_all_cleared, log_all_deleted, log_definition};
use super::choices;
use super::ctx::Ctx;
use super::define;
use super::fill;
use crate::format::app_file::{AppFile, parse};
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::job::Outcome;
use crate::model::name::{is_slug, quoted};
use crate::model::principal::{Action, Caller};
use crate::model::schema::Schema;
use crate::store::engine::WriteTx;
use crate::store::records as rows;
use crate::store::tables::{apps, schemas};
use serde_json::json;
use std::sync::Arc;

/// An app file that makes sense as far as that can be said without the data file.
#[derive(Clone)]
pub struct Ready {
    file: Arc<AppFile>,
    /// For an app that brings none, or one that is taken.
    fresh_uuid: String,
}

/// The part of `apply` before the transaction.
pub fn prepare(ctx: &Ctx, who: &Caller, text: &str) -> Result<Ready> {
    may(who, Action::Manage)?;
    let file = Arc::new(parse(text, ctx.limits.json_depth_max)?);
    check(&file)?;
    Ok(Ready { file, fresh_uuid: uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string() })
}

/// Makes and changes what differs. Answers `{app, changes: ["create table contacts (6 fields)", …], records}`.
pub fn apply(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready, prune: bool) -> Result<Outcome> {
    let file = &ready.file;
    let mut told = Vec::new();
    let app = settle_app(tx, who, file, &ready.fresh_uuid, &mut told)?;
    settle_schemas(tx, who, file, app, prune, &mut told)?;
    tx.catalog_changed()?;
    check_targets(tx, file, app)?;
    let records = fill::fill(tx, who, file, app, &mut told)?;
    Ok(json!({"app": file.app.slug, "changes": told, "records": records}))
}

/// What can be seen without the data file.
fn check(file: &AppFile) -> Result<()> {
    let mut problems = Vec::new();
    if !is_slug(&file.app.slug) {
        problems.push(Problem::new("slug", format!("The app slug {} must be lower-case words joined by - or _", quoted(&file.app.slug))));
    }
    if define::is_reserved_app(&file.app.slug) {
        let message = format!("The app slug '{}' is an address of the API or of the admin page; choose another", file.app.slug);
        problems.push(Problem::new("reserved", message));
    }
    if let Some(uuid) = &file.app.uuid
        && uuid::Uuid::try_parse(uuid).is_err()
    {
        problems.push(Problem::new("uuid", format!("{} is no UUID", quoted(uuid))));
    }
    let slugs: Vec<&str> = file.schemas.iter().map(|schema| schema.slug.as_str()).collect();
    for (at, slug) in slugs.iter().enumerate() {
        if slugs.get(..at).is_some_and(|before| before.contains(slug)) {
            problems.push(Problem::new("twice", format!("The table '{slug}' stands twice in the file")));
        }
    }
    for slug in file.records.keys().filter(|slug| !slugs.contains(&slug.as_str())) {
        let problem = Problem::new("unknown_table", format!("The file has records for {}, which it does not describe", quoted(slug)));
        problems.push(problem.did_you_mean(slug, slugs.iter().copied()));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn settle_app(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, fresh_uuid: &str, told: &mut Vec<String>) -> Result<AppId> {
    let part = &file.app;
    let Ok(known) = tx.catalog().app(&part.slug) else {
        told.push(format!("create app {}", part.slug));
        let taken = |uuid: &str| tx.catalog().apps().iter().any(|app| app.uuid == uuid);
        let uuid = part
            .uuid
            .as_deref()
            .and_then(|text| uuid::Uuid::try_parse(text).ok())
            .map(|uuid| uuid.to_string())
            .filter(|uuid| !taken(uuid))
            .unwrap_or_else(|| fresh_uuid.to_owned());
        return super::apps::create(tx, who, &part.slug, &uuid, part.name.as_deref(), part.description.as_deref());
    };
    let mut app = (*known).clone();
    app.name = part.name.clone().unwrap_or(app.name);
    app.description = part.description.clone().unwrap_or(app.description);
    if app != *known {
        told.push(format!("change app {}", app.slug));
        apps::update(tx, &app)?;
        let body = json!({"before": {"name": known.name, "description": known.description}, "after": {"name": app.name, "description": app.description}});
        log_definition(tx, who, app.id, None, format!("changed the app {}", app.slug), Some(body))?;
    }
    Ok(app.id)
}

fn settle_schemas(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, prune: bool, told: &mut Vec<String>) -> Result<()> {
    let mut problems = choices::check(tx.catalog(), file, app, apps::next_choice_id(tx, app)?);
    if problems.is_empty() {
        choices::reserve(tx, file, app)?;
    }
    for part in &file.schemas {
        let old = tx.catalog().schemas(app).find(|schema| schema.slug == part.slug).cloned();
        match define::schema(app, part, old.as_deref()) {
            Ok(new) => {
                let new = Schema { fields: choices::number(tx, app, new.fields)?, ..new };
                match old {
                    None => create_schema(tx, who, &new, told)?,
                    Some(old) => problems.extend(change_schema(tx, who, &old, new, prune, told)?),
                }
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let extra: Vec<Arc<Schema>> =
        tx.catalog().schemas(app).filter(|schema| !file.schemas.iter().any(|part| part.slug == schema.slug)).cloned().collect();
    for schema in extra {
        if prune {
            told.push(format!("delete table {} with its records", schema.slug));
            let body = json!({"before": schemas::described(&schema)});
            let batch = log_definition(tx, who, app, Some(schema.id), format!("deleted the table {}", schema.slug), Some(body))?;
            log_all_deleted(tx, who, &schema, batch)?;
            schemas::remove(tx, &schema)?;
        } else {
            told.push(format!("keep table {}, which is not in the file (--prune deletes it)", schema.slug));
        }
    }
    Ok(())
}

fn create_schema(tx: &mut WriteTx<'_>, who: &Caller, new: &Schema, told: &mut Vec<String>) -> Result<()> {
    told.push(format!("create table {} ({})", new.slug, fill::counted(new.fields.len(), "field")));
    let id = schemas::insert(tx, new)?;
    log_definition(tx, who, new.app, Some(id), format!("made the table {}", new.slug), Some(json!({"after": schemas::described(new)})))
        .map(drop)
}

fn change_schema(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    old: &Schema,
    mut new: Schema,
    prune: bool,
    told: &mut Vec<String>,
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let mut kept: Vec<Field> = Vec::new();
    for field in &old.fields {
        match new.field(&field.slug) {
            Some(after) => problems.extend(
                define::is_compatible(field, after)
                    .err()
                    .map(|why| Problem::of(&field.slug, "change", format!("Table '{}': {why}", old.slug))),
            ),
            None if prune => told.push(format!("delete field {}.{} with its values", old.slug, field.slug)),
            None => {
                told.push(format!("keep field {}.{}, which is not in the file (--prune deletes it)", old.slug, field.slug));
                kept.push(field.clone());
            }
        }
    }
    new.fields.extend(kept);
    new.fields.sort_by_key(|field| old.fields.iter().position(|known| known.slug == field.slug).unwrap_or(usize::MAX));
    for field in &new.fields {
        match old.field(&field.slug) {
            None if field.required && field.default.is_null() && rows::counter(tx, old)? > 0 => problems.push(Problem::of(
                &field.slug,
                "required",
                format!("Table '{}' has records: the new field '{}' cannot be required without a default", old.slug, field.slug),
            )),
            None => told.push(format!("add field {}.{} ({})", old.slug, field.slug, field.type_name)),
            Some(before) if field.required && !before.required => {
                if let Some(id) = rows::first_blank(tx, old, field)? {
                    let message =
                        format!("Table '{}': {} has no {}; fill it in before it can be required", old.slug, id.text(), field.slug);
                    problems.push(Problem::of(&field.slug, "required", message));
                }
                told.push(format!("change field {}.{}", old.slug, field.slug));
            }
            Some(before) if before != field => told.push(format!("change field {}.{}", old.slug, field.slug)),
            Some(_) => {}
        }
    }
    if problems.is_empty() && new != *old {
        let body = json!({"before": schemas::described(old), "after": schemas::described(&new)});
        let batch = log_definition(tx, who, old.app, Some(old.id), format!("changed the table {}", old.slug), Some(body))?;
        for gone in old.fields.iter().filter(|field| new.field(&field.slug).is_none()) {
            log_all_cleared(tx, who, old, &gone.slug, batch)?;
        }
        schemas::replace(tx, old, &new)?;
        let apart = Schema { fields: old.fields.clone(), ..new.clone() };
        if apart != *old {
            told.push(format!("change table {}", old.slug));
        }
    }
    Ok(problems)
}

/// Every reference must point to a table of the app.
fn check_targets(tx: &WriteTx<'_>, file: &AppFile, app: AppId) -> Result<()> {
    let mut problems = Vec::new();
    let known: Vec<String> = tx.catalog().schemas(app).map(|schema| schema.slug.clone()).collect();
    for (schema, field) in file.schemas.iter().flat_map(|schema| schema.fields.iter().map(move |field| (schema, field))) {
        if let Some(target) = field.target.as_deref().filter(|target| !known.iter().any(|slug| slug == target)) {
            let problem = Problem::of(
                &field.slug,
                "target",
                format!("Table '{}': field '{}' points to the table {}, which is not there", schema.slug, field.slug, quoted(target)),
            );
            problems.push(problem.did_you_mean(target, known.iter().map(String::as_str)));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
