//! App file to app: what is missing is made, what differs is changed, and the difference is told. Everything in one transaction, or nothing.

use super::access::{may, may_also, may_make};
use super::alter::{alter, objections, settle};
use super::changes::{log_all_deleted, log_definition, one_batch};
use super::choices;
use super::ctx::Ctx;
use super::define;
use super::fill;
use super::roles;
use super::row_problems::Tally;
use super::shared_views;
use crate::format::app_file::{AppFile, parse};
use crate::model::app::{App, AppId};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Outcome;
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller};
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::Wanted;
use crate::store::engine::WriteTx;
use crate::store::tables::{apps, schemas};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;

/// An app file that makes sense as far as that can be said without the data file.
#[derive(Clone)]
pub struct Ready {
    file: Arc<AppFile>,
    /// For an app that brings none, or one that is taken.
    fresh_uuid: String,
    problems_shown_max: usize,
}

/// The part of `apply` before the transaction.
pub fn prepare(ctx: &Ctx, who: &Caller, text: &str) -> Result<Ready> {
    may(who, Action::Read)?;
    let shown_max = ctx.limits.problems_shown_max;
    let file = Arc::new(parse(text, ctx.limits.json_depth_max).or_else(|error| refuse(error, shown_max))?);
    may_make(&ctx.store.catalog(), who, &file.app.slug)?;
    check(&file).or_else(|error| refuse(error, shown_max))?;
    let fresh_uuid = uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string();
    Ok(Ready { file, fresh_uuid, problems_shown_max: shown_max })
}

/// Makes and changes what differs. Answers `{app, changes: ["create table contacts (6 fields)", …], records}`.
pub fn apply(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready, prune: bool) -> Result<Outcome> {
    let file = &ready.file;
    may_make(tx.catalog(), who, &file.app.slug)?;
    if file.records.values().any(|records| records.as_array().is_none_or(|list| !list.is_empty())) {
        may_also(who, Action::Create)?;
    }
    if tx.catalog().app(&file.app.slug).is_ok() {
        return one_batch(tx, |tx| apply_all(tx, who, ready, prune));
    }
    apply_all(tx, who, ready, prune)
}

/// That an app was made is an act of its own; all else that a file brings is one.
fn apply_all(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready, prune: bool) -> Result<Outcome> {
    let (file, mut told) = (&ready.file, Vec::new());
    let app = settle_app(tx, who, file, &ready.fresh_uuid, &mut told)?;
    let records = one_batch(tx, |tx| apply_to(tx, who, ready, app, prune, &mut told))?;
    let slug = tx.catalog().apps().iter().find(|known| known.id == app).map(|app| app.slug.clone());
    Ok(json!({"app": slug, "changes": told, "records": records}))
}

fn apply_to(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready, app: AppId, prune: bool, told: &mut Vec<String>) -> Result<usize> {
    let (file, shown_max) = (&ready.file, ready.problems_shown_max);
    settle_schemas(tx, who, file, app, prune, told).or_else(|error| refuse(error, shown_max))?;
    tx.catalog_changed()?;
    roles::apply(tx, who, app, file.roles.as_deref(), prune, told)?;
    shared_views::apply(tx, who, app, &file.schemas, prune, told).or_else(|error| refuse(error, shown_max))?;
    settle(tx, who, app).or_else(|error| refuse(error, shown_max))?;
    fill::fill(tx, who, file, app, told, shown_max)
}

/// A refusal whose first problems are told and whose others are counted.
fn refuse<T>(error: Error, shown_max: usize) -> Result<T> {
    let Error::Invalid(problems) = error else { return Err(error) };
    Tally::of(problems, shown_max).refuse(None)?;
    Err(Error::internal("an app file was refused without a problem"))
}

/// What can be seen without the data file.
fn check(file: &AppFile) -> Result<()> {
    let slug = &file.app.slug;
    let mut problems: Vec<Problem> = define::check_slug("app", slug, define::is_reserved_app(slug)).into_iter().collect();
    problems.extend(define::check_names(file.app.name.as_deref(), None).err());
    problems.extend(file.app.aliases.iter().filter_map(|alias| define::check_slug("app", alias, false)));
    if let Some(uuid) = &file.app.uuid
        && uuid::Uuid::try_parse(uuid).is_err()
    {
        problems.push(Problem::new("uuid", format!("{} is no UUID", quoted(uuid))));
    }
    if file.schemas.len() > define::SCHEMAS_MAX {
        return Err(Error::invalid(define::too_many_schemas(file.schemas.len())));
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
    if problems.is_empty() {
        return Ok(());
    }
    // Without the tables that are there: what they allow is seen when all of this is mended.
    problems.extend(file.schemas.iter().filter_map(|part| define::schema(AppId(0), part, None).err()).flatten());
    Err(Error::Invalid(problems))
}

fn settle_app(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, fresh_uuid: &str, told: &mut Vec<String>) -> Result<AppId> {
    let part = &file.app;
    let known = tx.catalog().app(&part.slug).ok();
    for alias in &part.aliases {
        super::apps::check_address(tx.catalog(), who, known.as_ref().map(|app| app.id), "aliases", alias)?;
    }
    let aliases: Vec<&str> = part.aliases.iter().map(String::as_str).collect();
    let Some(known) = known else {
        told.push(format!("create app {}", part.slug));
        let taken = |uuid: &str| tx.catalog().apps().iter().any(|app| app.uuid == uuid);
        let uuid = part
            .uuid
            .as_deref()
            .and_then(|text| uuid::Uuid::try_parse(text).ok())
            .map(|uuid| uuid.to_string())
            .filter(|uuid| !taken(uuid))
            .unwrap_or_else(|| fresh_uuid.to_owned());
        let id = super::apps::create(tx, who, &part.slug, &uuid, part.name.as_deref(), part.description.as_deref())?;
        if let Some(made) = tx.catalog().apps().iter().find(|app| app.id == id).filter(|_| !part.aliases.is_empty()) {
            let mut made = App::clone(made);
            add_aliases(&mut made, &part.aliases);
            apps::update(tx, &made)?;
            super::apps::take_over(tx, who, id, &aliases)?;
        }
        return Ok(id);
    };
    let mut app = (*known).clone();
    app.name = part.name.clone().unwrap_or(app.name);
    add_aliases(&mut app, &part.aliases);
    app.description = part.description.clone().unwrap_or(app.description);
    if app != *known {
        told.push(format!("change app {}", app.slug));
        apps::update(tx, &app)?;
        super::apps::take_over(tx, who, app.id, &aliases)?;
        let body = json!({"before": {"name": known.name, "description": known.description}, "after": {"name": app.name, "description": app.description}});
        log_definition(tx, who, app.id, None, format!("changed the app {}", app.slug), Some(body))?;
    }
    Ok(app.id)
}

/// Slugs that the file says the app had before.
fn add_aliases(app: &mut App, said: &[String]) {
    for alias in said {
        if *alias != app.slug && !app.aliases.contains(alias) {
            app.aliases.push(alias.clone());
        }
    }
}

fn settle_schemas(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, prune: bool, told: &mut Vec<String>) -> Result<()> {
    let matched = rename_schemas(tx, who, file, app, told)?;
    let mut problems = choices::check(tx.catalog(), &file.schemas, app, apps::next_choice_id(tx, app)?);
    if problems.is_empty() {
        choices::reserve(tx, &file.schemas, app)?;
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
    // The catalog is still the one of before: tables that were just made are not in it.
    let extra: Vec<Arc<Schema>> = tx.catalog().schemas(app).filter(|schema| !matched.contains(&schema.id)).cloned().collect();
    for schema in extra {
        if prune {
            told.push(format!("delete table {} with its records", schema.slug));
            let body = json!({"before": shared_views::kept(tx, &schema)?});
            let batch = log_definition(tx, who, app, Some(schema.id), format!("deleted the table {}", schema.slug), Some(body))?;
            log_all_deleted(tx, who, &schema, batch)?;
            schemas::remove(tx, &schema)?;
        } else {
            told.push(format!("keep table {}, which is not in the file (--prune deletes it)", schema.slug));
        }
    }
    Ok(())
}

/// Finds the table of every part, by its slug, else by one that it had before: then it goes by the new one from here on. Gives all that were found.
fn rename_schemas(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, told: &mut Vec<String>) -> Result<HashSet<SchemaId>> {
    let known: Vec<Arc<Schema>> = tx.catalog().schemas(app).cloned().collect();
    let named = |slug: &String| known.iter().find(|schema| schema.slug == *slug);
    let mut matched: HashSet<SchemaId> = file.schemas.iter().filter_map(|part| named(&part.slug)).map(|schema| schema.id).collect();
    let (mut renamed, mut problems) = (Vec::new(), Vec::new());
    for part in file.schemas.iter().filter(|part| named(&part.slug).is_none() && define::check_slug("table", &part.slug, false).is_none()) {
        let Some(old) = part.aliases.iter().find_map(named) else { continue };
        if matched.insert(old.id) {
            renamed.push((old, &part.slug));
        } else {
            let message = format!(
                "The table '{}' has the alias '{}', which is another table of the file: which of the two it is cannot be told",
                part.slug, old.slug
            );
            problems.push(Problem::of("aliases", "twice", message).hint("Take the alias out, or the other table"));
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    for (old, slug) in renamed {
        told.push(format!("rename table {} to {slug}", old.slug));
        // One that was renamed before this one may have changed its references.
        let old = tx.catalog().schema_by_id(old.id).ok_or_else(|| Error::internal("a table is missing"))?;
        super::schemas::rename(tx, who, &old, slug)?;
        tx.catalog_changed()?;
    }
    Ok(matched)
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
                new.fields.push(plain_field(field));
            }
        }
    }
    // Groups of which the file says nothing stay, but for those of fields that go.
    let is_there = |slug: &String| old.field(slug).is_none() || new.fields.iter().any(|field| field.slug == *slug);
    new.unique.retain(|group| group.iter().all(is_there));
    new.indexes.retain(|group| group.iter().all(is_there));
    if let Wanted::Fields(slugs) = &mut new.search.wanted {
        slugs.retain(is_there);
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
