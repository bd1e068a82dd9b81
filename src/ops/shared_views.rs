//! Shared views as a part of their app: in app files and copies, and what becomes of views when fields are renamed, changed or deleted. Making and
//! changing them one by one is in `views`.

use super::define;
use super::filter::{self, Asking, Reader};
use super::undo_roles::kept_rights;
use super::view_sense::{ANYBODY, check_slug, everything, problems, tidy};
use super::views::{Sides, VIEWS_MAX, log, made, said, said_of};
use crate::expr::parse;
use crate::expr::rename::{Renamed, renamed};
use crate::expr::resolve::condition;
use crate::format::parts::SchemaPart;
use crate::format::view_part::{ViewPart, view_json};
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::formula::Computation;
use crate::model::principal::Caller;
use crate::model::schema::{Schema, SchemaId};
use crate::model::view::{SavedView, ViewKind};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{schemas, views};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The shared views of a schema, as app files describe them.
pub fn described(tx: &ReadTx<'_>, schema: SchemaId) -> Result<Vec<Value>> {
    Ok(views::of_schema(tx, schema, None)?.iter().map(|view| Value::Object(view_json(view))).collect())
}

/// The description of a schema, with its shared views if it has some.
pub fn with_views(tx: &ReadTx<'_>, schema: SchemaId, mut described: Value) -> Result<Value> {
    let views = self::described(tx, schema)?;
    if let Some(described) = described.as_object_mut().filter(|_| !views.is_empty()) {
        described.insert("views".to_owned(), Value::Array(views));
    }
    Ok(described)
}

/// A schema that goes, for the change log: with its views, whoever's they are, and with what roles let through in it.
pub fn kept(tx: &ReadTx<'_>, schema: &Schema) -> Result<Value> {
    let mut kept = schemas::kept(tx, schema)?;
    let of_view = |view: &SavedView| {
        let mut said = said(view);
        said.insert("id".to_owned(), Value::from(view.id));
        Value::Object(said)
    };
    let (own, shared): (Vec<SavedView>, Vec<SavedView>) =
        views::all_of_schema(tx, schema.id)?.into_iter().partition(|view| view.owner.is_some());
    let parts = [("views", shared.iter().map(of_view).collect()), ("own_views", own.iter().map(of_view).collect())];
    if let Some(kept) = kept.as_object_mut() {
        let parts = parts.into_iter().chain([("rights", kept_rights(tx, schema))]);
        kept.extend(
            parts.filter(|(_, part): &(&str, Vec<Value>)| !part.is_empty()).map(|(key, part)| (key.to_owned(), Value::Array(part))),
        );
    }
    Ok(kept)
}

/// The views in what `kept` wrote.
pub fn kept_views(schema: SchemaId, kept: &Value) -> Vec<SavedView> {
    let all = ["views", "own_views"].into_iter().filter_map(|key| kept.get(key)?.as_array()).flatten();
    let read = |said: &Value| {
        let said = said.as_object()?;
        let mut whole = Map::from_iter([("kind".to_owned(), Value::from(ViewKind::default().name()))]);
        whole.extend(said.clone());
        // Of before views were known by their number.
        let id = said.get("id").and_then(Value::as_i64).unwrap_or_default();
        Some(SavedView { id, ..said_of(schema, &whole)? })
    };
    let mut views: Vec<SavedView> = all.filter_map(read).collect();
    views.sort_by_key(|view| view.id);
    views
}

/// Makes and changes the views that the tables of a file describe. Those of which it says nothing stay, unless `prune` takes them away; a table that does
/// not speak of views says nothing of any.
pub fn apply(tx: &mut WriteTx<'_>, who: &Caller, app: AppId, parts: &[SchemaPart], prune: bool, told: &mut Vec<String>) -> Result<()> {
    let mut found = Vec::new();
    for part in parts {
        let Some(views) = &part.views else { continue };
        let Some(schema) = tx.catalog().schemas(app).find(|schema| schema.slug == part.slug).cloned() else { continue };
        found.extend(apply_to(tx, who, &schema, views, prune, told)?);
    }
    if found.is_empty() { Ok(()) } else { Err(Error::Invalid(found)) }
}

fn apply_to(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Arc<Schema>,
    parts: &[ViewPart],
    prune: bool,
    told: &mut Vec<String>,
) -> Result<Vec<Problem>> {
    let known = views::of_schema(tx, schema.id, None)?;
    let (mut named, mut problems) = (Vec::new(), Vec::new());
    for part in parts {
        let given = part.slug.as_deref().unwrap_or_default();
        let slug = define::free_slug("view", given, part.name.as_deref(), |_| Ok(()))?;
        let old = known.iter().find(|view| view.slug == slug);
        let new = made(old.map_or(0, |old| old.id), schema, None, slug.clone(), part);
        let mut found: Vec<Problem> = check_slug(&slug).into_iter().chain(without_sense(tx, schema, &new)?).collect();
        if named.contains(&slug) {
            found.push(Problem::of("views", "twice", "it stands twice"));
        }
        named.push(slug);
        if !found.is_empty() {
            problems.extend(found.into_iter().map(|problem| placed(schema, &new, problem)));
            continue;
        }
        match old {
            Some(old) if *old == new => {}
            Some(old) => {
                told.push(format!("change view {}/{}", schema.slug, new.slug));
                views::update(tx, &new)?;
                log(tx, who, schema, "changed", Sides { before: Some(old), after: Some(&new), ..Sides::default() })?;
            }
            None => {
                told.push(format!("create view {}/{}", schema.slug, new.slug));
                let id = views::insert(tx, &new)?;
                log(tx, who, schema, "made", Sides { after: Some(&SavedView { id, ..new }), ..Sides::default() })?;
            }
        }
    }
    for view in known.iter().filter(|view| !named.contains(&view.slug)) {
        if prune {
            told.push(format!("delete view {}/{}", schema.slug, view.slug));
            views::remove(tx, view.id)?;
            log(tx, who, schema, "deleted", Sides { before: Some(view), ..Sides::default() })?;
        } else {
            told.push(format!("keep view {}/{}, which is not in the file (--prune deletes it)", schema.slug, view.slug));
        }
    }
    if views::of_schema(tx, schema.id, None)?.len() > VIEWS_MAX {
        problems.push(Problem::of("views", "too_many", format!("Table '{}': at most {VIEWS_MAX} views are shared", schema.slug)));
    }
    Ok(problems)
}

/// Gives a copy of a schema the shared views of the original, as far as they mean something there.
pub fn copy(tx: &mut WriteTx<'_>, who: &Caller, from: SchemaId, to: SchemaId) -> Result<()> {
    let Some(schema) = tx.catalog().schema_by_id(to) else { return Ok(()) };
    for view in views::of_schema(tx, from, None)? {
        let mut new = SavedView { id: 0, schema: to, ..view };
        if let Some(scope) = everything(tx.catalog(), &schema) {
            tidy(&Reader::new(&asking(tx), &scope), &mut new);
        }
        if without_sense(tx, &schema, &new)?.is_empty() {
            let id = views::insert(tx, &new)?;
            log(tx, who, &schema, "made", Sides { after: Some(&SavedView { id, ..new }), ..Sides::default() })?;
        }
    }
    Ok(())
}

/// Has the views of an app name a field anew, whoever's they are. `all` are its schemas before that.
pub fn follow(tx: &mut WriteTx<'_>, all: &[Arc<Schema>], change: &Renamed<'_>) -> Result<()> {
    let Some(app) = all.first().map(|schema| schema.app) else { return Ok(()) };
    for old in views::of_app(tx, app)? {
        let Some(schema) = all.iter().find(|schema| schema.id == old.schema) else { continue };
        let mut new = old.clone();
        for text in new.filter.iter_mut().chain(&mut new.group) {
            if let Some(now) = renamed(text, schema, all, change) {
                *text = now;
            }
        }
        if schema.id == change.schema {
            let names = new.sort.iter_mut().map(|key| &mut key.field).chain(new.fields.iter_mut().flatten());
            names.filter(|slug| *slug == change.was).for_each(|slug| change.now.clone_into(slug));
        }
        let is_own = schema.id == change.schema;
        new.reword_options(&|word| match word {
            word if is_own && word == change.was => Some(change.now.to_owned()),
            word => renamed(word, schema, all, change),
        });
        if new != old {
            views::update(tx, &new)?;
        }
    }
    Ok(())
}

/// After a change of an app's schemas: takes out of its views what they say of fields that are gone, and refuses the change where the filter of a shared
/// view would mean nothing any more. Nobody is kept from a change by what somebody keeps for themselves.
pub fn settle(tx: &mut WriteTx<'_>, who: &Caller, app: AppId) -> Result<()> {
    let mut found = Vec::new();
    for old in views::of_app(tx, app)? {
        let Some(schema) = tx.catalog().schema_by_id(old.schema) else { continue };
        let Some(scope) = everything(tx.catalog(), &schema) else { continue };
        let mut new = old.clone();
        tidy(&Reader::new(&asking(tx), &scope), &mut new);
        if old.fields.as_ref().is_some_and(|fields| !fields.is_empty()) && new.fields.as_ref().is_some_and(Vec::is_empty) {
            new.fields = None;
        }
        if let Some(text) = new.filter.as_deref().filter(|_| new.owner.is_none())
            && let Err(error) = filter::read(&asking(tx), &scope, text)
        {
            let message = format!(
                "The filter of the view '{}' of the table '{}' would mean nothing any more. {}",
                new.slug,
                schema.slug,
                error.message()
            );
            found.push(Problem::of("filter", "view", message).hint("Change that view first"));
        }
        if new != old {
            views::update(tx, &new)?;
            log(tx, who, &schema, "changed", Sides { before: Some(&old), after: Some(&new), is_settled: true })?;
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Error::Invalid(found)) }
}

/// A shared view whose filter has a meaning of which this holds, in words.
pub fn filter_with(tx: &ReadTx<'_>, app: AppId, holds: &dyn Fn(&Computation) -> bool) -> Result<Option<String>> {
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(app).cloned().collect();
    let known: Vec<&Schema> = all.iter().map(Arc::as_ref).collect();
    for view in views::of_app(tx, app)?.into_iter().filter(|view| view.owner.is_none()) {
        let (Some(text), Some(schema)) = (&view.filter, known.iter().find(|schema| schema.id == view.schema)) else { continue };
        let meaning = parse(text).and_then(|term| condition(&term, schema, &known, Some(&|_| String::new())));
        if meaning.is_ok_and(|meaning| holds(&meaning)) {
            return Ok(Some(format!("the filter of the view '{}' (table '{}')", view.slug, schema.slug)));
        }
    }
    Ok(None)
}

fn without_sense(tx: &WriteTx<'_>, schema: &Arc<Schema>, view: &SavedView) -> Result<Vec<Problem>> {
    let scope = everything(tx.catalog(), schema).ok_or_else(|| Error::internal("the data file's owner does not see a table"))?;
    Ok(problems(&asking(tx), &scope, view))
}

fn asking<'a>(tx: &'a WriteTx<'_>) -> Asking<'a> {
    Asking { catalog: tx.catalog(), who: &ANYBODY, now: Some(tx.now().clone()) }
}

fn placed(schema: &Schema, view: &SavedView, problem: Problem) -> Problem {
    Problem { message: format!("Table '{}', view '{}': {}", schema.slug, view.slug, problem.message), ..problem }
}
