//! App file to app: what is missing is made, what differs is changed, and the difference is told. Everything in one transaction, or nothing.

use super::access::may;
use super::alter::{alter, dangling, objections};
use super::changes::{log_all_deleted, log_definition};
use super::choices;
use super::ctx::Ctx;
use super::define;
use super::fill;
use crate::format::app_file::{AppFile, parse};
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Outcome;
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller};
use crate::model::schema::Schema;
use crate::store::engine::WriteTx;
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
    let problems = dangling(tx, app);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let records = fill::fill(tx, who, file, app, &mut told)?;
    Ok(json!({"app": file.app.slug, "changes": told, "records": records}))
}

/// What can be seen without the data file.
fn check(file: &AppFile) -> Result<()> {
    let slug = &file.app.slug;
    let mut problems: Vec<Problem> = define::check_slug("app", slug, define::is_reserved_app(slug)).into_iter().collect();
    problems.extend(file.app.aliases.iter().filter_map(|alias| define::check_slug("app", alias, false)));
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
    app.aliases.extend(part.aliases.iter().filter(|alias| **alias != known.slug && !known.aliases.contains(alias)).cloned());
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
    let mut problems = choices::check(tx.catalog(), &file.schemas, app, apps::next_choice_id(tx, app)?);
    if problems.is_empty() {
        choices::reserve(tx, &file.schemas, app)?;
    }
    for part in &file.schemas {
        let named = |slug: &str| tx.catalog().schemas(app).find(|schema| schema.slug == slug).cloned();
        // A table that the file knows by another name than before.
        let old = named(&part.slug).or_else(|| part.aliases.iter().find_map(|alias| named(alias)));
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
    for field in &old.fields {
        match new.field(&field.slug) {
            Some(after) if after.type_name != field.type_name => {
                let message = format!(
                    "Table '{}': field '{}' is {} and cannot become {} here",
                    old.slug, field.slug, field.type_name, after.type_name
                );
                let hint = "PATCH …/fields/NAME changes the type, and with dry_run=true says before what becomes of the values";
                problems.push(Problem::of(&field.slug, "change", message).hint(hint));
            }
            Some(_) => {}
            None if prune => told.push(format!("delete field {}.{} with its values", old.slug, field.slug)),
            None => {
                told.push(format!("keep field {}.{}, which is not in the file (--prune deletes it)", old.slug, field.slug));
                new.fields.push(field.clone());
            }
        }
    }
    new.fields.sort_by_key(|field| old.fields.iter().position(|known| known.slug == field.slug).unwrap_or(usize::MAX));
    problems.extend(objections(tx, old, &new, &[])?);
    if !problems.is_empty() || new == plain(old) {
        return Ok(problems);
    }
    for field in &new.fields {
        match old.field(&field.slug) {
            None => told.push(format!("add field {}.{} ({})", old.slug, field.slug, field.type_name)),
            Some(before) if plain_field(before) != *field => told.push(format!("change field {}.{}", old.slug, field.slug)),
            Some(_) => {}
        }
    }
    alter(tx, who, old, &new, &[], format!("changed the table {}", old.slug))?;
    let before = plain(old);
    let apart = Schema { fields: before.fields.clone(), ..new };
    if apart != before {
        told.push(format!("change table {}", old.slug));
    }
    Ok(problems)
}

/// A schema as it was declared: without what was read out of its expressions.
fn plain(schema: &Schema) -> Schema {
    Schema { fields: schema.fields.iter().map(plain_field).collect(), ..schema.clone() }
}

fn plain_field(field: &Field) -> Field {
    let kind = if field.rules.formula.is_some() { Kind::Text } else { field.kind };
    Field { formula: None, kind, ..field.clone() }
}
