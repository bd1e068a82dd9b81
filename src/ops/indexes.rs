//! Indexes: those that a server makes and drops by itself, the proposals it leaves to people, and why each one is there.
//!
//! A field that lists keep asking by gets an index at once in a small table, in a quiet moment in a larger one, and is proposed in a very large one,
//! for nobody can write while it is made. Indexes on several fields are proposed only.

use super::access::{managed, may};
use super::changes::log_definition;
use super::ctx::Ctx;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Outcome;
use crate::model::name::quoted;
use crate::model::nearest::nearest;
use crate::model::principal::{Action, Caller};
use crate::model::schema::{AutoIndex, Schema, SchemaId};
use crate::store::asked::{Wish, leads};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records::counter;
use crate::store::sql::index_column;
use crate::store::tables::{auto_indexes, schemas};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// An index as the description of a schema lists it.
pub struct Listed {
    pub fields: Vec<String>,
    pub is_unique: bool,
    /// A sentence.
    pub why: String,
    pub is_automatic: bool,
}

/// An index that lists miss and that is not made without being asked for.
pub struct Proposal {
    pub fields: Vec<String>,
    /// A sentence.
    pub why: String,
}

/// Every index of a schema, and why it is there.
pub fn list(schema: &Schema) -> Vec<Listed> {
    let one =
        |slug: &str, is_unique, why: &str| Listed { fields: vec![slug.to_owned()], is_unique, why: why.to_owned(), is_automatic: false };
    let of_field = |field: &Field| {
        if field.unique {
            Some(one(&field.slug, true, "The field is unique"))
        } else if field.indexed {
            Some(one(&field.slug, false, "The field is declared with an index"))
        } else if field.kind == Kind::Reference {
            Some(one(&field.slug, false, "The field refers to records"))
        } else if field.kind == Kind::Sequence {
            Some(one(&field.slug, false, "The field puts records in order"))
        } else {
            None
        }
    };
    let group =
        |fields: &Vec<String>, is_unique, why: &str| Listed { fields: fields.clone(), is_unique, why: why.to_owned(), is_automatic: false };
    let automatic = schema.automatic.iter().filter(|index| !is_declared(schema, &index.field)).map(|index| Listed {
        fields: vec![index.field.clone()],
        is_unique: false,
        why: format!("{} Writers waited {} ms for it; last used on {}", index.why, index.stall_ms, index.used_at),
        is_automatic: true,
    });
    schema
        .fields
        .iter()
        .filter_map(of_field)
        .chain(schema.unique.iter().map(|fields| group(fields, true, "The fields are unique together")))
        .chain(schema.indexes.iter().map(|fields| group(fields, false, "The index is declared")))
        .chain(automatic)
        .collect()
}

/// What lists miss in a schema and only people may have made.
pub fn proposals(ctx: &Ctx, schema: &Schema, records: i64) -> Vec<Proposal> {
    let limits = &ctx.limits;
    let wishes = wishes(ctx).into_iter().filter(|wish| wish.schema == schema.id);
    let left = wishes.filter(|wish| is_missing(schema, wish) && records >= limits.index_records_min);
    let asked = left.filter(|wish| wish.fields.len() > 1 || records > limits.index_records_max || is_unwanted(ctx, wish));
    asked.map(|wish| Proposal { why: why(&wish, records), fields: wish.fields }).collect()
}

/// Makes an index that somebody asked for. Alone in its transaction: nobody writes meanwhile. Answers `{fields}`.
pub fn add(ctx: &Ctx, who: &Caller, app: &str, slug: &str, fields: &[String]) -> Result<Outcome> {
    ctx.read(|tx| check(tx, who, app, slug, fields))?;
    let (me, app, slug, names) = (who.clone(), app.to_owned(), slug.to_owned(), fields.to_vec());
    ctx.store.write_alone(move |tx| {
        let old = check(tx, &me, &app, &slug, &names)?;
        let mut new = Schema::clone(&old);
        match names.as_slice() {
            [one] if old.field(one).is_some() => {
                new.fields.iter_mut().filter(|field| field.slug == *one).for_each(|field| field.indexed = true);
            }
            others => new.indexes.push(others.to_vec()),
        }
        change(tx, &me, &old, &new, &format!("made an index on {} of {slug}", names.join(" and ")))?;
        // It is there because somebody wants it, from now on, whatever it was before.
        let automatic: Vec<AutoIndex> = old.automatic.iter().filter(|index| names != [index.field.as_str()]).cloned().collect();
        auto_indexes::keep(tx, old.id, &automatic)?;
        auto_indexes::want(tx, old.id, &names)?;
        tx.catalog_changed()
    })?;
    Ok(json!({"fields": fields}))
}

/// Takes away an index that was declared or made by itself. Unique fields and references keep theirs.
pub fn remove(ctx: &Ctx, who: &Caller, app: &str, slug: &str, fields: &[String]) -> Result<()> {
    let (me, app, slug, names) = (who.clone(), app.to_owned(), slug.to_owned(), fields.to_vec());
    ctx.store.write(move |tx| {
        let old = find(tx, &me, &app, &slug)?;
        let mut new = Schema::clone(&old);
        let label = format!("took the index on {} of {slug} away", names.join(" and "));
        if let [one] = names.as_slice() {
            if old.automatic.iter().any(|index| index.field == *one) && !is_declared(&old, one) {
                auto_indexes::drop(tx, &old, one)?;
                auto_indexes::unwant(tx, old.id, one)?;
                tx.catalog_changed()?;
                return log_definition(tx, &me, old.app, Some(old.id), label, None).map(drop);
            }
            new.fields.iter_mut().filter(|field| field.slug == *one).for_each(|field| field.indexed = false);
        }
        new.indexes.retain(|group| *group != names);
        if new == *old {
            let named = names.join(".");
            let known: Vec<String> = list(&old).into_iter().filter(|index| !index.is_unique).map(|index| index.fields.join(".")).collect();
            let hint = nearest(&named, known.iter().map(String::as_str)).map(|near| format!("Did you mean {near}?"));
            let problem = Problem::new("not_found", format!("Table '{slug}' has no index on {} that can be taken away", quoted(&named)));
            return Err(Error::NotFound(hint.into_iter().fold(problem, Problem::hint)));
        }
        if let [one] = names.as_slice() {
            new.automatic.retain(|index| index.field != *one);
            auto_indexes::keep(tx, old.id, &new.automatic)?;
            auto_indexes::unwant(tx, old.id, one)?;
        }
        change(tx, &me, &Schema { automatic: new.automatic.clone(), ..Schema::clone(&old) }, &new, &label)
    })
}

/// Whether an index on one field, or on a stamp, is there because the schema says so.
fn is_declared(schema: &Schema, slug: &str) -> bool {
    let has_its_own = |field: &Field| field.unique || field.indexed || matches!(field.kind, Kind::Reference | Kind::Sequence);
    let of_field = schema.field(slug).is_some_and(has_its_own);
    of_field || schema.indexes.iter().chain(&schema.unique).any(|group| group.as_slice() == [slug])
}

/// What lists keep missing.
fn wishes(ctx: &Ctx) -> Vec<Wish> {
    let limits = &ctx.limits;
    ctx.store.asked().wishes(limits.index_wished_times_min, Duration::from_secs(limits.index_wishes_apart_s_max))
}

/// Whether somebody took away the index that was made for a wish: it is not made again unless somebody asks for it.
fn is_unwanted(ctx: &Ctx, wish: &Wish) -> bool {
    wish.fields.iter().any(|field| ctx.read(|tx| auto_indexes::is_unwanted(tx, wish.schema, field)).unwrap_or(true))
}

/// A wish that the server may see to now, if there is one.
pub fn due(ctx: &Ctx) -> Option<(Arc<Schema>, Wish)> {
    let asked = ctx.store.asked();
    wishes(ctx).into_iter().find_map(|wish| {
        let schema = ctx.store.catalog().schema_by_id(wish.schema).filter(|schema| is_missing(schema, &wish));
        let Some(schema) = schema else {
            asked.forget(&wish);
            return None;
        };
        let records = ctx.read(|tx| counter(tx, &schema)).ok()?;
        let is_quiet = || ctx.store.idle() >= Duration::from_millis(ctx.limits.index_quiet_ms);
        let may_now = records <= ctx.limits.index_records_at_once_max || records <= ctx.limits.index_records_max && is_quiet();
        let may_be = wish.fields.len() == 1 && records >= ctx.limits.index_records_min && may_now;
        (may_be && !is_unwanted(ctx, &wish)).then_some((schema, wish))
    })
}

/// Makes the index that was wished for. Answers `{fields, stall_ms}`.
pub fn make(ctx: &Ctx, who: &Caller, schema: SchemaId, wish: &Wish) -> Result<Outcome> {
    may(who, Action::Manage)?;
    ctx.store.asked().forget(wish);
    let (me, wish) = (who.clone(), wish.clone());
    let made = ctx.store.write_alone(move |tx| {
        let Some((schema, field)) = tx.catalog().schema_by_id(schema).zip(wish.fields.first()) else { return Ok(None) };
        if !is_missing(&schema, &wish) {
            return Ok(None);
        }
        let index = auto_indexes::make(tx, &schema, field, &why(&wish, counter(tx, &schema)?))?;
        tx.catalog_changed()?;
        let label = format!("made an index on {field} of {} by itself", schema.slug);
        log_definition(tx, &me, schema.app, Some(schema.id), label, None)?;
        Ok(Some(index))
    })?;
    Ok(made.map_or_else(|| json!({}), |index| json!({"fields": [index.field], "stall_ms": index.stall_ms})))
}

/// Notes which automatic indexes were used, and drops those that have not been for long.
pub fn sift(ctx: &Ctx, who: &Caller) -> Result<()> {
    may(who, Action::Manage)?;
    let mut used: Vec<(SchemaId, String)> = ctx.store.asked().take_used().into_iter().collect();
    used.sort();
    let last_day = ctx.store.now().epoch_seconds - ctx.limits.index_unused_days_max * 24 * 3_600;
    let last_day = auto_indexes::day(&super::ctx::moment_at(last_day).text);
    let is_old = |schema: &Arc<Schema>| {
        schema.automatic.iter().any(|index| index.used_at < last_day && !used.contains(&(schema.id, index.field.clone())))
    };
    let catalog = ctx.store.catalog();
    let some_are_old = catalog.apps().iter().flat_map(|app| catalog.schemas(app.id)).any(is_old);
    if used.is_empty() && !some_are_old {
        return Ok(());
    }
    let me = who.clone();
    ctx.store.write(move |tx| {
        for (schema, field) in &used {
            auto_indexes::used(tx, *schema, field)?;
        }
        let catalog = tx.catalog().clone();
        for schema in catalog.apps().iter().flat_map(|app| catalog.schemas(app.id)) {
            let unused =
                schema.automatic.iter().filter(|index| index.used_at < last_day && !used.contains(&(schema.id, index.field.clone())));
            // One at a time: the next one is dropped from what is left.
            if let Some(index) = unused.clone().next() {
                auto_indexes::drop(tx, schema, &index.field)?;
                let label = format!("dropped the index on {} of {}, unused since {}", index.field, schema.slug, index.used_at);
                log_definition(tx, &me, schema.app, Some(schema.id), label, None)?;
            }
        }
        tx.catalog_changed()
    })
}

fn change(tx: &mut WriteTx<'_>, who: &Caller, old: &Schema, new: &Schema, label: &str) -> Result<()> {
    schemas::replace(tx, old, new, &[])?;
    tx.catalog_changed()?;
    let body = json!({"before": schemas::described(old), "after": schemas::described(new)});
    log_definition(tx, who, old.app, Some(old.id), label.to_owned(), Some(body)).map(drop)
}

/// Notes which automatic indexes were used, when there is no time to look for those that were not.
pub fn note_used(ctx: &Ctx, who: &Caller) -> Result<()> {
    may(who, Action::Manage)?;
    let used = ctx.store.asked().take_used();
    if used.is_empty() {
        return Ok(());
    }
    ctx.store.write(move |tx| used.iter().try_for_each(|(schema, field)| auto_indexes::used(tx, *schema, field)))
}

/// The schema, if the fields can have an index together and have none.
pub fn check(tx: &ReadTx<'_>, who: &Caller, app: &str, slug: &str, fields: &[String]) -> Result<Arc<Schema>> {
    let schema = find(tx, who, app, slug)?;
    let mut problems = Vec::new();
    if fields.is_empty() || fields.len() > FIELDS_MAX {
        problems.push(Problem::of("fields", "count", format!("'fields' must name 1 to {FIELDS_MAX} fields")));
    }
    for (at, name) in fields.iter().enumerate() {
        if schema.field(name).is_some_and(|field| !field.is_stored()) {
            let message = format!("Field '{name}' is computed when it is read: it cannot have an index");
            problems.push(Problem::of("fields", "computed", message));
        } else if index_column(&schema, name).is_none() {
            let known = schema.fields.iter().map(|field| field.slug.as_str()).chain(["created_at", "updated_at"]);
            let hint = nearest(name, known).map(|near| format!("Did you mean '{near}'?"));
            let problem = Problem::of("fields", "unknown_field", format!("Table '{slug}' has no field {}", quoted(name)));
            problems.push(hint.into_iter().fold(problem, Problem::hint));
        } else if schema.field(name).is_some_and(|field| field.kind.is_set()) {
            let message = format!("Field '{name}' holds several values, and is found by each of them without an index");
            problems.push(Problem::of("fields", "several", message));
        } else if fields.iter().take(at).any(|before| before == name) {
            problems.push(Problem::of("fields", "twice", format!("Field '{name}' stands twice")));
        }
    }
    let is_there = match fields {
        [one] => is_declared(&schema, one),
        several => schema.indexes.iter().chain(&schema.unique).any(|group| group == several),
    };
    if problems.is_empty() && is_there {
        problems.push(Problem::of("fields", "taken", format!("Table '{slug}' has an index on {} already", fields.join(" and "))));
    }
    if problems.is_empty() { Ok(schema) } else { Err(Error::Invalid(problems)) }
}

const FIELDS_MAX: usize = 8;

fn find(tx: &ReadTx<'_>, who: &Caller, app: &str, slug: &str) -> Result<Arc<Schema>> {
    let app = managed(tx.catalog(), who, app)?;
    tx.catalog().schema(&app, slug)
}

fn is_missing(schema: &Schema, wish: &Wish) -> bool {
    match wish.fields.as_slice() {
        [one] => index_column(schema, one).is_some() && !leads(schema, one),
        several => {
            several.iter().all(|slug| index_column(schema, slug).is_some())
                && !schema.indexes.iter().chain(&schema.unique).any(|group| group.starts_with(several))
        }
    }
}

fn why(wish: &Wish, records: i64) -> String {
    let what = if wish.is_filtered { "filtered" } else { "sorted" };
    let mean_ms = wish.took.as_millis() / u128::from(wish.times.max(1));
    format!("{} lists of {records} records were {what} by {}, in {mean_ms} ms on average.", wish.times, wish.fields.join(" and "))
}
