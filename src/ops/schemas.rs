//! Schemas: their description and how many records there are; making, changing, deleting, duplicating them. Fields are in `fields`.

use super::access;
use super::access::Seen;
use super::alter::{alter, objections, settle};
use super::changes::{log_all_deleted, log_definition, one_batch};
use super::choices;
use super::define;
use super::indexes::{self, Listed};
use super::plan::everything;
use super::shared_views;
use crate::expr::resolve::resolve;
use crate::format::parts::SchemaPart;
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::name::{copy_of, model_from, numbered};
use crate::model::principal::{Action, Caller};
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::{Search, Wanted};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records::{counter, last_id, total_within};
use crate::store::tables::{apps, schemas};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the records of a table are counted for its description, and those of all tables of an app. The rules of a role may be dear.
const COUNT: Duration = Duration::from_millis(100);
const COUNTS: Duration = Duration::from_secs(1);

/// A schema and its number of records.
pub struct Described {
    pub schema: Arc<Schema>,
    /// `None` when to count them takes too long.
    pub records: Option<i64>,
    pub indexes: Vec<Listed>,
    /// Slugs of fields that the caller may not write.
    pub read_only: Vec<String>,
    /// Which actions the caller may do, on some records at least.
    pub can: Vec<(Action, bool)>,
}

/// The schemas of an app in the order of their creation.
pub fn list(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Vec<Described>> {
    let app = access::app(tx.catalog(), who, app)?;
    let known = access::schemas(tx.catalog(), who, app.id);
    // A guest whom the app lets in sees what it lets them see.
    let until = Instant::now() + COUNTS;
    let most = || COUNT.min(until.saturating_duration_since(Instant::now()));
    known.iter().map(|schema| described_within(tx, who, schema, most())).collect()
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str) -> Result<Described> {
    described(tx, who, &access::schema(tx.catalog(), who, app, schema)?)
}

/// A schema as the caller sees it, by its slug.
pub fn seen(catalog: &Catalog, who: &Caller, app: &str, schema: &str) -> Result<Arc<Schema>> {
    let schema = access::schema(catalog, who, app, schema)?;
    Ok(access::sight(catalog, who, &schema).schema)
}

/// All of an app, as the caller sees them.
pub fn all_seen(catalog: &Catalog, who: &Caller, app: &str) -> Result<Vec<Arc<Schema>>> {
    let app = access::app(catalog, who, app)?;
    Ok(access::schemas(catalog, who, app.id).iter().map(|schema| access::sight(catalog, who, schema).schema).collect())
}

/// A schema as the caller sees it; of its records those are counted that it may list.
pub fn described(tx: &ReadTx<'_>, who: &Caller, schema: &Arc<Schema>) -> Result<Described> {
    described_within(tx, who, schema, COUNT)
}

fn described_within(tx: &ReadTx<'_>, who: &Caller, schema: &Arc<Schema>, most: Duration) -> Result<Described> {
    let Seen { schema: seen, read_only, can } = access::sight(tx.catalog(), who, schema);
    let records = match access::scope_of(tx.catalog(), who, schema, Action::List) {
        Some(scope) => total_within(tx, &everything(&scope.seen, &scope.rows), most)?,
        None => Some(0),
    };
    // What others ask by, and how many records there are, is for those who look after the table.
    let manages = can.contains(&(Action::Manage, true));
    let indexes = indexes::list(&seen).into_iter().filter(|index| manages || !index.is_automatic).collect();
    Ok(Described { records, indexes, schema: seen, read_only, can })
}

/// Makes a schema; without a slug it gets one from its name.
pub fn add(tx: &mut WriteTx<'_>, who: &Caller, app: &str, part: &SchemaPart) -> Result<Described> {
    let app = access::managed(tx.catalog(), who, app)?;
    let part = SchemaPart { slug: free_slug(tx, &app, &part.slug, part.name.as_deref())?, ..part.clone() };
    let new = define::schema(app.id, &part, None).map_err(Error::Invalid)?;
    let new = with_choices(tx, app.id, &part, new)?;
    let id = schemas::insert(tx, &new)?;
    let body = json!({"after": schemas::described(&new)});
    one_batch(tx, |tx| {
        log_definition(tx, who, app.id, Some(id), format!("made the table {}", new.slug), Some(body))?;
        settle(tx, who, app.id)?;
        shared_views::apply(tx, who, app.id, std::slice::from_ref(&part), false, &mut Vec::new())
    })?;
    let made = tx.catalog().schema_by_id(id).ok_or_else(|| Error::internal("a new schema is missing"))?;
    described(tx, who, &made)
}

/// Gives the options of a part their ids, and refuses ids that are taken.
pub fn with_choices(tx: &mut WriteTx<'_>, app: AppId, part: &SchemaPart, new: Schema) -> Result<Schema> {
    let parts = std::slice::from_ref(part);
    let problems = choices::check(tx.catalog(), parts, app, apps::next_choice_id(tx, app)?);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    choices::reserve(tx, parts, app)?;
    Ok(Schema { fields: choices::number(tx, app, new.fields)?, ..new })
}

/// What is to be another about a schema; what is `None` stays. `order` names fields in the order in which people see them.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub slug: Option<String>,
    pub name: Option<String>,
    pub model: Option<String>,
    pub display_field: Option<String>,
    pub order: Option<Vec<String>>,
    pub unique: Option<Vec<Vec<String>>>,
    pub indexes: Option<Vec<Vec<String>>>,
    pub search: Option<Wanted>,
}

/// Changes a schema, but for its fields. Under the slug that it had before it is still found, and references go on to lead to it.
pub fn change(tx: &mut WriteTx<'_>, who: &Caller, app: &str, schema: &str, changes: &Changes) -> Result<Described> {
    let app = access::managed(tx.catalog(), who, app)?;
    let old = tx.catalog().schema(&app, schema)?;
    let part = SchemaPart {
        slug: changes.slug.clone().unwrap_or_else(|| old.slug.clone()),
        name: changes.name.clone(),
        model: changes.model.clone(),
        display_field: changes.display_field.clone(),
        order: changes.order.clone().unwrap_or_default(),
        unique: changes.unique.clone(),
        indexes: changes.indexes.clone(),
        search: changes.search.clone(),
        fields: super::fields::parts(&old)?,
        aliases: Vec::new(),
        views: None,
    };
    let mut new = define::schema(app.id, &part, Some(&old)).map_err(Error::Invalid)?;
    let mut before = Schema::clone(&old);
    if new.slug != old.slug {
        check_free(tx, &app, &new.slug)?;
        lead_on(tx, &old, &new.slug)?;
        // A table that refers to itself does so under its new slug: that is no other target.
        retarget(&mut new.fields, &old.slug, &new.slug);
        retarget(&mut before.fields, &old.slug, &new.slug);
    }
    let problems = objections(tx, &before, &new, &[])?;
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let label = if new.slug == old.slug {
        format!("changed the table {}", old.slug)
    } else {
        format!("renamed the table {} to {}", old.slug, new.slug)
    };
    one_batch(tx, |tx| {
        alter(tx, who, &old, &new, &[], label)?;
        settle(tx, who, app.id)
    })?;
    let now = tx.catalog().schema_by_id(old.id).ok_or_else(|| Error::internal("a schema is missing"))?;
    described(tx, who, &now)
}

/// Has the references of an app lead to a schema under its new slug.
fn lead_on(tx: &mut WriteTx<'_>, target: &Schema, slug: &str) -> Result<()> {
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(target.app).filter(|schema| schema.id != target.id).cloned().collect();
    for schema in all {
        let mut new = Schema::clone(&schema);
        retarget(&mut new.fields, &target.slug, slug);
        if new != *schema {
            schemas::describe(tx, &schema, &new)?;
        }
    }
    Ok(())
}

fn retarget(fields: &mut [Field], was: &str, now: &str) {
    for field in fields.iter_mut().filter(|field| field.rules.target.as_deref() == Some(was)) {
        field.rules.target = Some(now.to_owned());
    }
}

/// Has a schema go by another slug, which is free, and everything in its app lead to it under that. The catalog is the caller's to load again.
pub fn rename(tx: &mut WriteTx<'_>, who: &Caller, old: &Schema, slug: &str) -> Result<()> {
    lead_on(tx, old, slug)?;
    let mut new = Schema { slug: slug.to_owned(), ..old.clone() };
    new.aliases.retain(|alias| alias != slug);
    new.aliases.push(old.slug.clone());
    retarget(&mut new.fields, &old.slug, slug);
    alter(tx, who, old, &new, &[], format!("renamed the table {} to {slug}", old.slug))
}

/// Deletes a schema with all its records; the log keeps them. What refers to it must go first. A slug that it had before does not do: whoever deletes
/// twice would delete another one.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, asked_app: &str, asked: &str) -> Result<i64> {
    let app = access::managed(tx.catalog(), who, asked_app)?;
    super::apps::is_called_so("app", &app.slug, asked_app)?;
    let schema = tx.catalog().schema(&app, asked)?;
    super::apps::is_called_so("table", &schema.slug, asked)?;
    let referring = |other: &&Arc<Schema>| other.id != schema.id;
    for other in tx.catalog().schemas(app.id).filter(referring) {
        if let Some(field) = other.fields.iter().find(|field| field.rules.target.as_deref() == Some(&schema.slug)) {
            let message = format!("Table '{}' cannot go: field '{}.{}' leads to it", schema.slug, other.slug, field.slug);
            return Err(Error::Conflict(Problem::of(&field.slug, "referenced", message).hint("Delete that field first")));
        }
    }
    let records = counter(tx, &schema)?;
    let body = json!({"before": shared_views::kept(tx, &schema)?});
    one_batch(tx, |tx| {
        let batch = log_definition(tx, who, app.id, Some(schema.id), format!("deleted the table {}", schema.slug), Some(body))?;
        log_all_deleted(tx, who, &schema, batch)?;
        schemas::remove(tx, &schema)?;
        settle(tx, who, app.id)
    })?;
    Ok(records)
}

/// Makes a schema that has the fields of another, and its records if they are wanted.
pub fn duplicate(tx: &mut WriteTx<'_>, who: &Caller, app: &str, schema: &str, part: &SchemaPart, with_records: bool) -> Result<Described> {
    let app = access::managed(tx.catalog(), who, app)?;
    if with_records {
        access::may_also(who, Action::Read).and_then(|()| access::may_also(who, Action::Create))?;
    }
    let source = tx.catalog().schema(&app, schema)?;
    let slug = if part.slug.is_empty() && part.name.is_none() {
        let base = copy_of(&source.slug);
        numbered(&base).find(|slug| check_free(tx, &app, slug).is_ok()).ok_or_else(|| taken(&base))?
    } else {
        free_slug(tx, &app, &part.slug, part.name.as_deref())?
    };
    define::check_names(part.name.as_deref(), None).map_err(Error::invalid)?;
    let mut new = Schema { slug: slug.clone(), model: model_from(&slug), ..Schema::clone(&source) };
    new.name = part.name.clone().unwrap_or_else(|| format!("{} (copy)", source.name));
    for field in &mut new.fields {
        // Ids of options are unique in their app; a link to the table itself is one to the copy.
        field.rules.choices.iter_mut().for_each(|choice| choice.id = 0);
        if field.rules.target.as_deref() == Some(&source.slug) {
            field.rules.target = Some(slug.clone());
        }
        // Two references cannot be seen from the other side under one name.
        field.rules.inverse = None;
    }
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(app.id).cloned().collect();
    without_what_leads_nowhere(&mut new, all);
    new.fields = choices::number(tx, app.id, new.fields)?;
    let id = one_batch(tx, |tx| {
        let id = copy(tx, who, &source, new, with_records)?;
        settle(tx, who, app.id)?;
        shared_views::copy(tx, who, source.id, id)?;
        Ok(id)
    })?;
    let made = tx.catalog().schema_by_id(id).ok_or_else(|| Error::internal("a new schema is missing"))?;
    described(tx, who, &made)
}

/// Nothing points to a copy yet: lines of it, and what is computed of them, would have no meaning.
fn without_what_leads_nowhere(copy: &mut Schema, others: Vec<Arc<Schema>>) {
    loop {
        let known: Vec<Arc<Schema>> = others.iter().cloned().chain([Arc::new(copy.clone())]).collect();
        let lost = copy.fields.iter().position(|field| !field.is_stored() && resolve(field, copy, &known).is_err());
        match lost {
            Some(at) => drop(copy.fields.remove(at)),
            None => return,
        }
    }
}

/// Stores a copy of a schema; the catalog is the caller's to load again.
pub fn copy(tx: &mut WriteTx<'_>, who: &Caller, source: &Schema, new: Schema, with_records: bool) -> Result<SchemaId> {
    let search = Search { index: None, ..new.search.clone() };
    let new = Schema { automatic: Vec::new(), aliases: Vec::new(), search, ..new };
    let id = schemas::insert(tx, &new)?;
    let new = Schema { id, ..new };
    let body = json!({"after": schemas::described(&new), "copy_of": source.slug, "records": with_records});
    let label = format!("made the table {} as a copy of {}", new.slug, source.slug);
    let batch = log_definition(tx, who, new.app, Some(id), label, Some(body))?;
    if with_records {
        schemas::copy_records(tx, source, &new)?;
        let last = RecordId(last_id(tx, &new)?);
        super::changes::log_copied(tx, who, &new, last, batch)?;
    }
    Ok(id)
}

/// The slug that was given, if it is free; else one from the name.
fn free_slug(tx: &ReadTx<'_>, app: &App, given: &str, name: Option<&str>) -> Result<String> {
    define::free_slug("table", given, name, |slug| check_free(tx, app, slug))
}

fn check_free(tx: &ReadTx<'_>, app: &App, slug: &str) -> Result<()> {
    if let Some(problem) = define::check_slug("table", slug, define::RESERVED.contains(&slug)) {
        return Err(Error::invalid(problem));
    }
    if tx.catalog().schemas(app.id).any(|schema| schema.slug == slug) { Err(taken(slug)) } else { Ok(()) }
}

fn taken(slug: &str) -> Error {
    Error::Conflict(Problem::of("slug", "unique", format!("There is a table '{slug}' already")))
}
