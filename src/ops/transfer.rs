//! Files in: rows into a schema, all or nothing. The file is read twice: once to see its columns, once to check every row and stage it;
//! then the writer takes the stage in with one statement.

use super::access::may;
use super::changes::{log_definition, log_import};
use super::ctx::Ctx;
use super::infer::Inference;
use super::plan::cell;
use super::records::unique_groups;
use super::validate;
use crate::field;
use crate::format::file::Format;
use crate::format::rows::Row;
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind, Refusal};
use crate::model::job::{Import, Outcome, Progress};
use crate::model::name::{is_slug, label_from, model_from, quoted, slug_from};
use crate::model::nearest::nearest;
use crate::model::principal::{Action, Caller};
use crate::model::record::{Clean, Draft};
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::WriteTx;
use crate::store::records as rows;
use crate::store::stage::Stage;
use crate::store::tables::schemas;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where rows will lie: a schema that is there, or one that the import makes.
struct Target {
    app: Option<Arc<App>>,
    app_slug: String,
    schema: Schema,
    is_new: bool,
    /// For an app that the import makes.
    fresh_uuid: String,
    notes: Vec<String>,
}

/// Called from time to time.
pub type Report<'a> = &'a (dyn Fn(Progress) + Sync);

const REPORT_EVERY_ROWS: u64 = 1_000;
const UPDATE_ROWS: usize = 1_000;

/// Runs an import. Answers `{app, schema, rows, created, updated, dry_run, fields, notes}`.
pub fn import(ctx: &Ctx, who: &Caller, job: &Import, report: Report<'_>) -> Result<Outcome> {
    may(who, Action::Manage)?;
    let format = Format::of(&job.file)?;
    let bytes_total =
        std::fs::metadata(&job.file).map_err(|error| Error::malformed(format!("{} cannot be read: {error}", job.file.display())))?.len();
    let meter = Meter { bytes: Arc::new(AtomicU64::new(0)), bytes_total, report };

    let mut inference = Inference::default();
    let headings = format.read(&job.file, &meter.bytes, &mut |_, row| {
        inference.see(&row, format.is_textual());
        meter.tell("reading", row.number);
        Ok(())
    })?;
    let fresh_uuid = uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string();
    let target = Arc::new(target(&ctx.store.catalog(), job, &headings, &inference, fresh_uuid)?);
    let columns = columns(&target, job, &headings)?;

    let (stage, staged) = stage(ctx, job, format, &target, &columns, &meter)?;
    meter.tell("writing", staged);
    let finish = finish(who, job, &target, &columns, ctx.limits.import_problems_shown_max);
    let taken = if job.dry_run { ctx.store.rehearse_staged(&stage, finish) } else { ctx.store.write_staged(&stage, finish) }?;
    let fields: Vec<Value> =
        columns.iter().map(|(heading, field)| json!({"slug": field.slug, "header": heading, "type": field.type_name})).collect();
    Ok(json!({
        "app": target.app_slug, "schema": target.schema.slug, "rows": staged, "created": taken.created, "updated": taken.updated,
        "dry_run": job.dry_run, "new_app": target.app.is_none(), "new_schema": target.is_new, "fields": fields, "notes": target.notes,
    }))
}

struct Meter<'a> {
    bytes: Arc<AtomicU64>,
    bytes_total: u64,
    report: Report<'a>,
}

impl Meter<'_> {
    fn tell(&self, stage: &'static str, rows: u64) {
        if rows.is_multiple_of(REPORT_EVERY_ROWS) || stage == "writing" {
            (self.report)(Progress {
                stage,
                rows,
                bytes: self.bytes.load(Ordering::Relaxed).min(self.bytes_total),
                bytes_total: self.bytes_total,
            });
        }
    }
}

/// Finds the app and the schema, or draws up the schema from the columns.
fn target(catalog: &Catalog, job: &Import, headings: &[String], inference: &Inference, fresh_uuid: String) -> Result<Target> {
    let app = match catalog.app(&job.app) {
        Ok(app) => Some(app),
        // A slug close to one that is there is more likely a slip than a wish for another app.
        Err(Error::NotFound(problem)) if problem.hint.is_some() || !is_slug(&job.app) => return Err(bad_app(&job.app, problem)),
        Err(_) => None,
    };
    let schema_slug = slug_from(&job.schema).ok_or_else(|| {
        Error::invalid(Problem::new("slug", format!("No table name can be made of {}; give one with --schema", quoted(&job.schema))))
    })?;
    let known = app.as_ref().and_then(|app| catalog.schema(app, &schema_slug).ok());
    if let Some(schema) = known {
        return Ok(Target { app, app_slug: job.app.clone(), schema: (*schema).clone(), is_new: false, fresh_uuid, notes: Vec::new() });
    }
    let slug = if super::define::RESERVED.contains(&schema_slug.as_str()) { format!("{schema_slug}-2") } else { schema_slug };
    if inference.rows == 0 && headings.is_empty() {
        return Err(Error::invalid(Problem::new("empty", "The file has no rows: there is nothing to make a table of")));
    }
    let (mut fields, notes) = inference.fields(headings);
    retype(&mut fields, headings, job)?;
    let display_field = fields.iter().find(|field| field.kind == Kind::Text).or(fields.first()).map(|field| field.slug.clone());
    let app_id = app.as_ref().map_or(AppId(0), |app| app.id);
    let (name, model) = (label_from(&slug), model_from(&slug));
    let schema = Schema {
        id: SchemaId(0),
        app: app_id,
        slug,
        name,
        model,
        display_field,
        version: 1,
        fields,
        unique: Vec::new(),
        indexes: Vec::new(),
    };
    Ok(Target { app, app_slug: job.app.clone(), schema, is_new: true, fresh_uuid, notes })
}

fn bad_app(slug: &str, problem: Problem) -> Error {
    if is_slug(slug) {
        return Error::NotFound(problem);
    }
    Error::invalid(Problem::new("slug", format!("The app slug {} must be lower-case words joined by - or _", quoted(slug))))
}

/// Applies `--map` (heading to slug) and `--type` (heading to type) to fields that were drawn up.
fn retype(fields: &mut [Field], headings: &[String], job: &Import) -> Result<()> {
    for (heading, type_name) in &job.types {
        let type_ = field::find(type_name).ok_or_else(|| {
            Error::invalid(Problem::new("type", format!("There is no field type {}", quoted(type_name))).hint(field::suggestion(type_name)))
        })?;
        if !type_.rules().is_empty() && matches!(type_.name(), "select" | "reference") {
            return Err(Error::invalid(Problem::new(
                "type",
                format!("A column cannot be made {type_name} by an import: describe the table in an app file and apply it first"),
            )));
        }
        let field = place(headings, heading).and_then(|at| fields.get_mut(at)).ok_or_else(|| no_heading(heading, headings))?;
        field.rules = Default::default();
        (field.type_name, field.kind) = (type_.name().to_owned(), type_.kind());
    }
    for (heading, slug) in &job.map {
        if !crate::model::name::is_field_slug(slug) || crate::model::schema::SYSTEM_KEYS.contains(&slug.to_lowercase().as_str()) {
            return Err(Error::invalid(Problem::new(
                "slug",
                format!("{} is no field slug: a letter, then letters, digits and _; not id or a stamp", quoted(slug)),
            )));
        }
        let at = place(headings, heading).ok_or_else(|| no_heading(heading, headings))?;
        if fields.iter().enumerate().any(|(other, field)| other != at && field.slug.eq_ignore_ascii_case(slug)) {
            return Err(Error::invalid(Problem::new("twice", format!("Two columns would become the field '{slug}'"))));
        }
        if let Some(field) = fields.get_mut(at) {
            field.header = (heading != slug).then(|| heading.clone());
            field.slug.clone_from(slug);
        }
    }
    Ok(())
}

fn place(headings: &[String], heading: &str) -> Option<usize> {
    headings.iter().position(|known| known == heading)
}

fn no_heading(heading: &str, headings: &[String]) -> Error {
    let problem = Problem::new("unknown_column", format!("The file has no column {}", quoted(heading)));
    Error::invalid(problem.did_you_mean(heading, headings.iter().map(String::as_str)))
}

/// Which field each column of the file is, in the file's order.
fn columns(target: &Target, job: &Import, headings: &[String]) -> Result<Vec<(String, Field)>> {
    if target.is_new {
        return Ok(headings.iter().cloned().zip(target.schema.fields.iter().cloned()).collect());
    }
    if let Some((heading, _)) = job.types.first() {
        return Err(Error::invalid(Problem::new(
            "type",
            format!("Table '{}' is there already: --type {heading}=… cannot change its fields", target.schema.slug),
        )));
    }
    if let Some((heading, _)) = job.map.iter().find(|(heading, _)| place(headings, heading).is_none()) {
        return Err(no_heading(heading, headings));
    }
    let mut problems = Vec::new();
    let mut columns: Vec<(String, Field)> = Vec::new();
    for heading in headings {
        let mapped = job.map.iter().find(|(from, _)| from == heading).map(|(_, slug)| slug.as_str());
        match column(&target.schema, heading, mapped) {
            Ok(field) if columns.iter().any(|(_, known)| known.slug == field.slug) => {
                problems.push(Problem::of(&field.slug, "twice", format!("Two columns of the file are the field '{}'", field.slug)));
            }
            Ok(field) => columns.push((heading.clone(), field)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(columns) } else { Err(Error::Invalid(problems)) }
}

/// By `--map`, by the heading it was imported under, by slug, by name.
fn column(schema: &Schema, heading: &str, mapped: Option<&str>) -> std::result::Result<Field, Problem> {
    let wanted = mapped.unwrap_or(heading);
    let fields = || schema.fields.iter();
    let found = fields()
        .find(|field| mapped.is_none() && field.header.as_deref() == Some(heading))
        .or_else(|| schema.field(wanted))
        .or_else(|| {
            fields().find(|field| {
                mapped.is_none() && (field.name.eq_ignore_ascii_case(wanted.trim()) || field.slug.eq_ignore_ascii_case(wanted.trim()))
            })
        });
    found.cloned().ok_or_else(|| {
        let problem =
            Problem::of(wanted, "unknown_field", format!("Table '{}' has no field for the column {}", schema.slug, quoted(heading)));
        match nearest(wanted, fields().map(|field| field.slug.as_str())) {
            Some(near) => problem.hint(format!("--map \"{heading}={near}\"")),
            None => problem.hint(format!("--map \"{heading}=FIELD\"")),
        }
    })
}

/// Checks every row and puts it on a stage. All problems are counted, the first ones told.
fn stage(ctx: &Ctx, job: &Import, format: Format, target: &Target, columns: &[(String, Field)], meter: &Meter<'_>) -> Result<(Stage, u64)> {
    let key = job.key.as_deref().map(|key| key_field(target, columns, key)).transpose()?;
    let stage = Stage::create()?;
    let mut found = Problems { shown: Vec::new(), count: 0, shown_max: ctx.limits.import_problems_shown_max };
    let mut rows = 0;
    meter.bytes.store(0, Ordering::Relaxed);
    format.read(&job.file, &meter.bytes, &mut |_, row| {
        rows = row.number;
        meter.tell("checking", row.number);
        match check(&target.schema, columns, &row, format.is_textual()) {
            Ok(clean) => {
                let looked_for = key.as_ref().and_then(|key| cell(key.kind, clean.values.get(&key.slug)?));
                if key.is_some() && looked_for.is_none() {
                    found.add(
                        row.number,
                        row.line,
                        vec![Problem::of(job.key.as_deref().unwrap_or_default(), "required", "has no value in the key column")],
                    );
                    return Ok(());
                }
                stage.add(i64::try_from(row.number).map_err(Error::internal)?, &rows::text_of(&clean.values)?, looked_for.as_ref())
            }
            Err(problems) => {
                found.add(row.number, row.line, problems);
                Ok(())
            }
        }
    })?;
    let mut groups = unique_groups(&target.schema);
    groups.extend(key.iter().filter(|key| !key.unique).map(|key| vec![key.slug.clone()]));
    for group in groups {
        for (first, second) in stage.twins(&target.schema, &group, ctx.limits.import_problems_shown_max)? {
            let second = u64::try_from(second).unwrap_or_default();
            let names = group.join(" and ");
            found.add(
                second,
                None,
                vec![Problem::of(
                    group.first().map(String::as_str).unwrap_or_default(),
                    "unique",
                    format!("has the same {names} as row {first}"),
                )],
            );
        }
    }
    found.refuse()?;
    stage.finish()?;
    Ok((stage, rows))
}

fn key_field<'c>(target: &Target, columns: &'c [(String, Field)], key: &str) -> Result<&'c Field> {
    let found = columns.iter().map(|(_, field)| field).find(|field| field.slug == key);
    found.ok_or_else(|| {
        let problem = Problem::of(
            key,
            "unknown_field",
            format!("--key {}: the file has no column for such a field of table '{}'", quoted(key), target.schema.slug),
        );
        Error::invalid(problem.did_you_mean(key, columns.iter().map(|(_, field)| field.slug.as_str())))
    })
}

/// One row as a whole clean record.
fn check(schema: &Schema, columns: &[(String, Field)], row: &Row, textual: bool) -> std::result::Result<Clean, Vec<Problem>> {
    let mut draft = Draft::new();
    let mut problems = Vec::new();
    for (at, value) in &row.cells {
        let Some((_, field)) = columns.get(*at) else { continue };
        let read = match value {
            Value::String(text) if textual => read_cell(field, text),
            other => Ok(other.clone()),
        };
        match read {
            Ok(value) => drop(draft.insert(field.slug.clone(), value)),
            Err(refusal) => problems.push(refusal.of(&field.slug)),
        }
    }
    match validate::create(schema, &draft) {
        Ok(checked) if problems.is_empty() => Ok(checked.clean),
        Err(Error::Invalid(more)) => {
            problems.extend(more);
            Err(problems)
        }
        _ => Err(problems),
    }
}

fn read_cell(field: &Field, text: &str) -> std::result::Result<Value, Refusal> {
    match field::find(&field.type_name) {
        Some(type_) => type_.read_text(field, text),
        None => Err(Refusal::new("type", "has an unknown type")),
    }
}

struct Problems {
    shown: Vec<Problem>,
    count: usize,
    shown_max: usize,
}

impl Problems {
    fn add(&mut self, row: u64, line: Option<u64>, problems: Vec<Problem>) {
        let place = line.map_or_else(|| format!("Row {row}"), |line| format!("Row {row} (line {line})"));
        for problem in problems {
            self.count += 1;
            if self.shown.len() < self.shown_max {
                let index = usize::try_from(row.saturating_sub(1)).ok();
                self.shown.push(Problem { message: format!("{place}: {}", problem.message), index, ..problem });
            }
        }
    }

    fn refuse(mut self) -> Result<()> {
        let more = self.count - self.shown.len();
        if more > 0 {
            self.shown.push(Problem::new("more", format!("… and {more} more problems")));
        }
        if self.shown.is_empty() { Ok(()) } else { Err(Error::Invalid(self.shown)) }
    }
}

struct Taken {
    created: i64,
    updated: usize,
}

/// The part inside the transaction: makes what is missing, updates what has the same key, takes in the rest.
fn finish(
    who: &Caller,
    job: &Import,
    target: &Arc<Target>,
    columns: &[(String, Field)],
    shown_max: usize,
) -> impl FnMut(&mut WriteTx<'_>) -> Result<Taken> + Send + 'static {
    let (who, job, target) = (who.clone(), job.clone(), target.clone());
    let slugs: Vec<String> = columns.iter().map(|(_, field)| field.slug.clone()).collect();
    move |tx| {
        let schema = settle(tx, &who, &target)?;
        if let Some(key) = &job.key {
            rows::match_staged(tx, &schema, key)?;
        }
        let mut found = Problems { shown: Vec::new(), count: 0, shown_max };
        for group in unique_groups(&schema) {
            let names = group.join(" and ");
            for row in rows::staged_taken(tx, &schema, &group, shown_max)? {
                let first = group.first().map(String::as_str).unwrap_or_default();
                found.add(
                    u64::try_from(row).unwrap_or_default(),
                    None,
                    vec![
                        Problem::of(first, "unique", format!("a record with the same {names} is there already"))
                            .hint(format!("--key {first} updates it")),
                    ],
                );
            }
        }
        for field in schema.fields.iter().filter(|field| field.kind == Kind::Reference) {
            let Some(pointed) = tx.catalog().target(&schema, field) else { continue };
            for row in rows::staged_dangling(tx, field, &pointed, shown_max)? {
                found.add(
                    u64::try_from(row).unwrap_or_default(),
                    None,
                    vec![Problem::of(
                        &field.slug,
                        "reference",
                        format!("Field '{}' points to a record that is not in table '{}'", field.slug, pointed.slug),
                    )],
                );
            }
        }
        found.refuse()?;
        let ids = rows::insert_staged(tx, &schema, who.user_id())?;
        let batch = log_import(tx, &who, &schema, ids)?;
        let updated = update_staged(tx, &who, &schema, &slugs, batch)?;
        Ok(Taken { created: ids.map_or(0, |(first, last)| last.0 - first.0 + 1), updated })
    }
}

/// The schema in this transaction, made if it is new.
fn settle(tx: &mut WriteTx<'_>, who: &Caller, target: &Target) -> Result<Arc<Schema>> {
    if !target.is_new {
        return tx.catalog().schema_by_id(target.schema.id).filter(|schema| schema.version == target.schema.version).ok_or(Error::Stale);
    }
    let app = match tx.catalog().app(&target.app_slug) {
        Ok(app) => app.id,
        Err(_) => super::apps::create(tx, who, &target.app_slug, &target.fresh_uuid, None, None)?,
    };
    let schema = Schema { app, ..target.schema.clone() };
    let id = schemas::insert(tx, &schema)?;
    log_definition(tx, who, app, Some(id), format!("made the table {}", schema.slug))?;
    tx.catalog_changed()?;
    tx.catalog().schema_by_id(id).ok_or_else(|| Error::internal("a new schema is missing"))
}

/// Updates the records that staged rows belong to, with the file's columns only.
fn update_staged(tx: &mut WriteTx<'_>, who: &Caller, schema: &Arc<Schema>, slugs: &[String], batch: Option<i64>) -> Result<usize> {
    let (mut after, mut updated) = (0, 0);
    loop {
        let staged = rows::staged_updates(tx, after, UPDATE_ROWS)?;
        let Some((last, ..)) = staged.last() else { return Ok(updated) };
        after = *last;
        for (row, id, data) in staged {
            let whole: Map<String, Value> = serde_json::from_str(&data).map_err(Error::internal)?;
            let draft: Draft = whole.into_iter().filter(|(slug, _)| slugs.contains(slug)).collect();
            let Some(old) = rows::find(tx, schema, &crate::model::plan::Cond::True, id)? else { continue };
            let checked = validate::update(schema, &draft)?;
            super::records::change(tx, who, schema, &old, &checked, batch).map_err(|error| at_row(error, row))?;
            updated += 1;
        }
    }
}

fn at_row(error: Error, row: i64) -> Error {
    match error {
        Error::Invalid(problems) => Error::Invalid(
            problems.into_iter().map(|problem| Problem { message: format!("Row {row}: {}", problem.message), ..problem }).collect(),
        ),
        other => other,
    }
}
