//! App file to app: what is missing is made, what differs is changed, and the difference is told. Everything in one transaction, or nothing.

use super::access::may;
use super::changes::log_definition;
use super::ctx::Ctx;
use super::define;
use super::records;
use super::validate;
use crate::format::app_file::{AppFile, parse};
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Outcome;
use crate::model::name::{is_slug, quoted};
use crate::model::principal::{Action, Caller};
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use crate::store::engine::WriteTx;
use crate::store::records as rows;
use crate::store::tables::{apps, schemas};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Applies an app file's text. Answers `{app, dry_run, changes: ["create table contacts (6 fields)", …], records}`.
pub fn apply(ctx: &Ctx, who: &Caller, text: &str, dry_run: bool, prune: bool) -> Result<Outcome> {
    may(who, Action::Manage)?;
    let file = Arc::new(parse(text)?);
    check(&file)?;
    let uuid = uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string();
    let who = who.clone();
    let work = move |tx: &mut WriteTx<'_>| run(tx, &who, &file, &uuid, prune);
    let mut outcome = if dry_run { ctx.store.rehearse(work) } else { ctx.store.write(work) }?;
    if let Some(outcome) = outcome.as_object_mut() {
        outcome.insert("dry_run".to_owned(), Value::Bool(dry_run));
    }
    Ok(outcome)
}

/// What can be seen without the data file.
fn check(file: &AppFile) -> Result<()> {
    let mut problems = Vec::new();
    if !is_slug(&file.app.slug) {
        problems.push(Problem::new("slug", format!("The app slug {} must be lower-case words joined by - or _", quoted(&file.app.slug))));
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

fn run(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, fresh_uuid: &str, prune: bool) -> Result<Outcome> {
    let mut told = Vec::new();
    let app = settle_app(tx, who, file, fresh_uuid, &mut told)?;
    settle_schemas(tx, who, file, app, prune, &mut told)?;
    tx.catalog_changed()?;
    check_targets(tx, file, app)?;
    let records = insert_records(tx, who, file, app, &mut told)?;
    Ok(json!({"app": file.app.slug, "changes": told, "records": records}))
}

fn settle_app(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, fresh_uuid: &str, told: &mut Vec<String>) -> Result<AppId> {
    let part = &file.app;
    let Ok(known) = tx.catalog().app(&part.slug) else {
        told.push(format!("create app {}", part.slug));
        let taken = |uuid: &str| tx.catalog().apps().iter().any(|app| app.uuid == uuid);
        let uuid = part.uuid.as_deref().map(str::to_lowercase).filter(|uuid| !taken(uuid)).unwrap_or_else(|| fresh_uuid.to_owned());
        return super::apps::create(tx, who, &part.slug, &uuid, part.name.as_deref(), part.description.as_deref());
    };
    let mut app = (*known).clone();
    app.name = part.name.clone().unwrap_or(app.name);
    app.description = part.description.clone().unwrap_or(app.description);
    if app != *known {
        told.push(format!("change app {}", app.slug));
        apps::update(tx, &app)?;
        log_definition(tx, who, app.id, None, format!("changed the app {}", app.slug))?;
    }
    Ok(app.id)
}

fn settle_schemas(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, prune: bool, told: &mut Vec<String>) -> Result<()> {
    let mut problems = Vec::new();
    for part in &file.schemas {
        let old = tx.catalog().schemas(app).find(|schema| schema.slug == part.slug).cloned();
        match define::schema(app, part, old.as_deref()) {
            Ok(new) => {
                let new = Schema { fields: number_choices(tx, app, new.fields)?, ..new };
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
            schemas::remove(tx, &schema)?;
            log_definition(tx, who, app, Some(schema.id), format!("deleted the table {}", schema.slug))?;
        } else {
            told.push(format!("keep table {}, which is not in the file (--prune deletes it)", schema.slug));
        }
    }
    Ok(())
}

fn create_schema(tx: &mut WriteTx<'_>, who: &Caller, new: &Schema, told: &mut Vec<String>) -> Result<()> {
    told.push(format!("create table {} ({} fields)", new.slug, new.fields.len()));
    let id = schemas::insert(tx, new)?;
    log_definition(tx, who, new.app, Some(id), format!("made the table {}", new.slug))
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
            Some(before) if before != field => told.push(format!("change field {}.{}", old.slug, field.slug)),
            Some(_) => {}
        }
    }
    if problems.is_empty() && new != *old {
        schemas::replace(tx, old, &new)?;
        log_definition(tx, who, old.app, Some(old.id), format!("changed the table {}", old.slug))?;
        let same_fields = new.fields == old.fields;
        if same_fields {
            told.push(format!("change table {}", old.slug));
        }
    }
    Ok(problems)
}

/// Gives ids to options that have none.
fn number_choices(tx: &mut WriteTx<'_>, app: AppId, mut fields: Vec<Field>) -> Result<Vec<Field>> {
    for choice in fields.iter_mut().flat_map(|field| field.rules.choices.iter_mut()) {
        match choice.id {
            0 => choice.id = apps::take_choice_ids(tx, app, 1)?,
            given => apps::reserve_choice_id(tx, app, given)?,
        }
    }
    Ok(fields)
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

/// A record of the file that waits for its references.
struct Pending {
    schema: Arc<Schema>,
    draft: Map<String, Value>,
    place: String,
}

/// Puts the file's records into tables that have none. References inside the file may point forward: they are set when both ends are there.
fn insert_records(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, told: &mut Vec<String>) -> Result<usize> {
    let mut waiting = Vec::new();
    for (slug, list) in &file.records {
        let Some(schema) = tx.catalog().schemas(app).find(|schema| schema.slug == *slug).cloned() else { continue };
        let list =
            list.as_array().ok_or_else(|| Error::invalid(Problem::new("type", format!("The records of '{slug}' must be an array"))))?;
        if rows::counter(tx, &schema)? > 0 {
            told.push(format!("leave the records of {slug} alone: it has some already"));
            continue;
        }
        told.push(format!("add {} records to {slug}", list.len()));
        for (at, value) in list.iter().enumerate() {
            let place = format!("records.{slug}[{at}]");
            let draft =
                value.as_object().cloned().ok_or_else(|| Error::invalid(Problem::new("type", format!("{place} must be an object"))))?;
            waiting.push(Pending { schema: schema.clone(), draft, place });
        }
    }
    let count = waiting.len();
    let mut names: HashMap<String, String> = HashMap::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for pending in waiting {
            match resolved(&pending, &names)? {
                Some((name, draft)) => {
                    let id = insert(tx, who, &pending, &draft)?;
                    names.extend(name.map(|name| (name, id.text())));
                }
                None => later.push(pending),
            }
        }
        if later.len() == before {
            let places: Vec<&str> = later.iter().take(5).map(|pending| pending.place.as_str()).collect();
            return Err(Error::invalid(Problem::new(
                "reference",
                format!("{} point by $ref to records that are not in the file, or in a circle", places.join(", ")),
            )));
        }
        waiting = later;
    }
    Ok(count)
}

type Resolved = (Option<String>, Map<String, Value>);

/// The draft with every `{"$ref": …}` replaced by an id; `None` while one of them is not there yet.
fn resolved(pending: &Pending, names: &HashMap<String, String>) -> Result<Option<Resolved>> {
    let mut draft = pending.draft.clone();
    let name = match draft.shift_remove("$ref") {
        Some(Value::String(name)) if names.contains_key(&name) => {
            return Err(Error::invalid(Problem::new(
                "twice",
                format!("{}: the $ref {} stands twice in the file", pending.place, quoted(&name)),
            )));
        }
        Some(Value::String(name)) => Some(name),
        None => None,
        Some(_) => return Err(Error::invalid(Problem::new("type", format!("{}: $ref must be a text", pending.place)))),
    };
    for field in pending.schema.fields.iter().filter(|field| field.kind == Kind::Reference) {
        if let Some(slot) = draft.get_mut(&field.slug)
            && let Some(wanted) = slot.get("$ref").and_then(Value::as_str)
        {
            match names.get(wanted) {
                Some(id) => *slot = Value::from(id.clone()),
                None => return Ok(None),
            }
        }
    }
    Ok(Some((name, draft)))
}

fn insert(tx: &mut WriteTx<'_>, who: &Caller, pending: &Pending, draft: &Map<String, Value>) -> Result<RecordId> {
    let placed = |error: Error| match error {
        Error::Invalid(problems) => Error::Invalid(
            problems.into_iter().map(|problem| Problem { message: format!("{}: {}", pending.place, problem.message), ..problem }).collect(),
        ),
        other => other,
    };
    let scope = may(who, Action::Create)?;
    let checked = validate::create(&pending.schema, draft).map_err(placed)?;
    let prepared = records::Prepared { schema: pending.schema.clone(), scope, checked };
    records::create(tx, who, &prepared).map_err(placed).map(|written| written.record.id)
}
