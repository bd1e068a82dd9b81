//! The first records of a table that is not there: it is made of what they hold, as an import makes one of a file.

use super::access::may_make_by_writing;
use super::bulk::{self, Batch, Done};
use super::changes::one_batch;
use super::columns::{self, Target};
use super::ctx::Ctx;
use super::infer::Inference;
use super::naming::slug_from;
use super::transfer::settle;
use crate::format::rows::{Headings, Row};
use crate::model::error::{Error, Problem, Result};
use crate::model::job::Import;
use crate::model::name::{is_slug, quoted};
use crate::model::principal::Caller;
use crate::model::record::Draft;
use crate::store::engine::WriteTx;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Checked records, and the table that is to be made for them if it is not there.
pub struct Prepared {
    records: bulk::Prepared,
    drawn: Option<Drawn>,
}

struct Drawn {
    target: Target,
    fresh_uuid: String,
    notes: Vec<String>,
}

/// What was stored, and the table that was made for it.
pub struct Stored {
    pub done: Done,
    pub made: Option<Made>,
}

/// A table as it was inferred.
pub struct Made {
    pub app: String,
    pub schema: String,
    /// Slug and type.
    pub fields: Vec<(String, String)>,
    /// What may surprise, and how to have it otherwise.
    pub notes: Vec<String>,
}

/// The part before the transaction: finds the table, or draws it up from the records.
pub fn prepare(ctx: &Ctx, who: &Caller, is_local: bool, app: &str, schema: &str, batch: Batch<'_>) -> Result<Prepared> {
    let catalog = ctx.store.catalog();
    may_make_by_writing(&catalog, who, app, is_local)?;
    match catalog.app(app).and_then(|app| catalog.schema(&app, schema)) {
        Ok(_) => {
            let records = bulk::prepare_create(&catalog, who, app, schema, batch, &ctx.limits).map_err(no_more_fields)?;
            Ok(Prepared { records, drawn: None })
        }
        Err(Error::NotFound(_)) => draw_up(ctx, app, schema, batch),
        Err(other) => Err(other),
    }
}

/// The part inside the transaction.
pub fn store(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Stored> {
    let Some(Drawn { target, fresh_uuid, notes }) = &new.drawn else {
        return Ok(Stored { done: bulk::store(tx, who, &new.records)?, made: None });
    };
    let (schema, done) = one_batch(tx, |tx| {
        let schema = settle(tx, who, target, fresh_uuid)?;
        let done = bulk::store_into(tx, who, &schema, &new.records)?;
        Ok((schema, done))
    })?;
    let fields = schema.fields.iter().map(|field| (field.slug.clone(), field.type_name.clone())).collect();
    Ok(Stored { done, made: Some(Made { app: target.app_slug.clone(), schema: schema.slug.clone(), fields, notes: notes.clone() }) })
}

/// In a table that is there an unknown key is a slip like everywhere.
fn no_more_fields(error: Error) -> Error {
    let told = |problem: Problem| match (problem.code, &problem.hint) {
        ("unknown_field", None) => problem.hint("The table is there already: create=schema makes no further fields"),
        _ => problem,
    };
    match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(told).collect()),
        other => other,
    }
}

fn draw_up(ctx: &Ctx, app: &str, schema: &str, batch: Batch<'_>) -> Result<Prepared> {
    if !is_slug(schema) {
        let problem = Problem::new(
            "slug",
            format!("The table slug {} must be lower-case words joined by - or _, of 64 characters at most", quoted(schema)),
        );
        return Err(Error::invalid(slug_from(schema).map_or(problem.clone(), |slug| problem.hint(format!("Use '{slug}'")))));
    }
    let (mut headings, mut inference, mut filled) = (Headings::default(), Inference::default(), HashSet::new());
    batch.each(&mut |_, draft| {
        let Ok(draft) = draft else { return Ok(()) };
        let cells: Vec<(usize, Value)> = draft.iter().map(|(key, value)| (headings.place(key), value.clone())).collect();
        filled.extend(cells.iter().filter(|(_, value)| !value.is_null()).map(|(at, _)| *at));
        columns::check_count(&headings.names)?;
        inference.see(&Row { number: inference.rows + 1, cells, ..Row::default() }, false);
        Ok(())
    })?;
    let headings = headings.names;
    if headings.is_empty() {
        let message = format!("There is no table {} yet, and nothing was sent to make its fields of", quoted(schema));
        return Err(Error::invalid(Problem::new("empty", message).hint("{\"name\": \"Ann\"}")));
    }
    let job = Import { app: app.to_owned(), schema: schema.to_owned(), schema_given: true, ..Import::default() };
    let target = columns::target(&ctx.store.catalog(), &job, &headings, &inference)?;
    let fields = headings.iter().zip(&target.schema.fields);
    let slugs: HashMap<&str, &str> = fields.map(|(heading, field)| (heading.as_str(), field.slug.as_str())).collect();
    let renamed = |draft: &Draft| -> Draft {
        let slug = |key: &String| slugs.get(key.as_str()).copied().unwrap_or(key).to_owned();
        draft.iter().map(|(key, value)| (slug(key), value.clone())).collect()
    };
    let records = bulk::prepare_new(Arc::new(target.schema.clone()), batch, &ctx.limits, &renamed)?;
    let notes = notes(&target, &headings, &filled);
    let fresh_uuid = uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string();
    Ok(Prepared { records, drawn: Some(Drawn { target, fresh_uuid, notes }) })
}

/// `filled` are the places of headings under which anything was sent.
fn notes(target: &Target, headings: &[String], filled: &HashSet<usize>) -> Vec<String> {
    let mut notes = target.notes.clone();
    for (at, (heading, field)) in headings.iter().zip(&target.schema.fields).enumerate() {
        if *heading != field.slug {
            notes.push(format!("{} became the field '{}': send it under that name from now on", quoted(heading), field.slug));
        }
        if !filled.contains(&at) {
            notes.push(format!("'{}' has no value yet: it became text", field.slug));
        }
    }
    let app = &target.app_slug;
    notes.push(format!(
        "The types were inferred from what was sent. To have them otherwise: carryall export --app {app} --format app -o {app}.json, \
         change the types there, carryall apply {app}.json"
    ));
    notes
}
