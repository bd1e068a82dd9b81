//! Where the columns of a file go: the table, which is drawn up when it is not there, and its fields. Reading rows is in `transfer`.

use super::define;
use super::infer::{Inference, keep_headers};
use crate::field;
use crate::format::day::DayOrder;
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Import;
use crate::model::name::{is_slug, label_from, model_from, quoted, slug_from};
use crate::model::nearest::nearest;
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::Search;
use std::sync::Arc;

/// Where rows will lie: a schema that is there, or one that the import makes.
pub struct Target {
    pub app: Option<Arc<App>>,
    pub app_slug: String,
    pub schema: Schema,
    pub is_new: bool,
    pub notes: Vec<String>,
}

/// A column of the file and the field that it is.
pub struct Column {
    pub heading: String,
    pub field: Field,
    /// How its days are written, where a person has said so.
    pub order: Option<DayOrder>,
}

/// Refuses a file that no table could take, before its columns fill the memory.
pub fn check_count(headings: &[String]) -> Result<()> {
    if headings.len() <= define::FIELDS_MAX {
        return Ok(());
    }
    let message = format!("The file has more than {0} columns; a table has at most {0} fields", define::FIELDS_MAX);
    Err(Error::invalid(Problem::new("too_many", message)))
}

/// Finds the app and the schema, or draws up the schema from the columns.
pub fn target(catalog: &Catalog, job: &Import, headings: &[String], inference: &Inference) -> Result<Target> {
    let app = match catalog.app(&job.app) {
        Ok(app) => Some(app),
        Err(_) if !is_slug(&job.app) => return Err(bad_app(&job.app)),
        Err(_) if define::is_reserved_app(&job.app) => {
            let message = format!("The app slug '{}' is an address of the API or of the admin page; choose another", job.app);
            return Err(Error::invalid(Problem::new("reserved", message)));
        }
        Err(_) => None,
    };
    let slug = schema_slug(job)?;
    let known = app.as_ref().and_then(|app| catalog.schema(app, &slug).ok());
    let mut notes = inference.rounded(headings);
    // A slug close to one that is there may be a slip, or the next year's: it is made, and said.
    if app.is_none() {
        let like = nearest(&job.app, catalog.apps().iter().map(|app| app.slug.as_str()));
        notes.extend(like.map(|near| format!("{} is a new app; there is also '{near}'", quoted(&job.app))));
    }
    if let Some(schema) = known {
        return Ok(Target { app, app_slug: job.app.clone(), schema: (*schema).clone(), is_new: false, notes });
    }
    if inference.rows == 0 && headings.is_empty() {
        return Err(Error::invalid(Problem::new("empty", "The file has no rows: there is nothing to make a table of")));
    }
    let mut fields = inference.fields(headings);
    notes.extend(inference.surprises(headings, &fields, !job.file.as_os_str().is_empty()));
    let said = |heading: &str| job.types.iter().any(|(typed, _)| typed == heading);
    notes.extend(inference.days(headings, &fields).iter().filter(|days| !said(&days.heading)).map(|days| days.note()));
    retype(&mut fields, headings, job)?;
    keep_headers(&mut fields, headings);
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
        automatic: Vec::new(),
        aliases: Vec::new(),
        hidden: Vec::new(),
        search: Search::default(),
    };
    Ok(Target { app, app_slug: job.app.clone(), schema, is_new: true, notes })
}

/// The slug of the table. One that is an address of the API is refused when a person gave it; a guess moves aside.
pub fn schema_slug(job: &Import) -> Result<String> {
    let slug = slug_from(&job.schema).ok_or_else(|| {
        Error::invalid(Problem::new("slug", format!("No table name can be made of {}; give one with --schema", quoted(&job.schema))))
    })?;
    match define::RESERVED.contains(&slug.as_str()) {
        false => Ok(slug),
        true if job.schema_given => {
            Err(Error::invalid(Problem::new("reserved", format!("The table slug '{slug}' is an address of the API; choose another"))))
        }
        true => Ok(format!("{slug}-2")),
    }
}

fn bad_app(slug: &str) -> Error {
    Error::invalid(Problem::new(
        "slug",
        format!("The app slug {} must be lower-case words joined by - or _, of 64 characters at most", quoted(slug)),
    ))
}

/// Applies `--map` (heading to slug) and `--type` (heading to type) to fields that were drawn up.
fn retype(fields: &mut [Field], headings: &[String], job: &Import) -> Result<()> {
    for (heading, type_name) in &job.types {
        let type_name = &order(type_name)?.map_or(type_name.as_str(), |_| "date").to_owned();
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
            field.slug.clone_from(slug);
        }
    }
    Ok(())
}

/// The order that `date:dmy` names.
fn order(type_name: &str) -> Result<Option<DayOrder>> {
    let Some(("date", name)) = type_name.split_once(':') else { return Ok(None) };
    let unknown = || {
        let problem = Problem::new("type", format!("There is no order {} of the parts of a date", quoted(name)));
        Error::invalid(problem.hint("date:dmy (31/12/2024), date:mdy (12/31/2024) or date:ymd (2024/12/31)"))
    };
    DayOrder::from_name(name).map(Some).ok_or_else(unknown)
}

fn place(headings: &[String], heading: &str) -> Option<usize> {
    headings.iter().position(|known| known == heading)
}

fn no_heading(heading: &str, headings: &[String]) -> Error {
    let problem = Problem::new("unknown_column", format!("The file has no column {}", quoted(heading)));
    Error::invalid(problem.did_you_mean(heading, headings.iter().map(String::as_str)))
}

/// Which field each column of the file is, in the file's order.
pub fn columns(target: &Target, job: &Import, headings: &[String]) -> Result<Vec<Column>> {
    let ordered = |heading: &String| {
        let said = job.types.iter().find(|(typed, _)| typed == heading);
        said.map_or(Ok(None), |(_, type_name)| order(type_name))
    };
    if target.is_new {
        let drawn = headings.iter().zip(&target.schema.fields);
        return drawn
            .map(|(heading, field)| Ok(Column { heading: heading.clone(), field: field.clone(), order: ordered(heading)? }))
            .collect();
    }
    if let Some((heading, type_name)) = job.types.iter().find(|(_, type_name)| !type_name.starts_with("date:")) {
        return Err(Error::invalid(Problem::new(
            "type",
            format!("Table '{}' is there already: --type {heading}={type_name} cannot change its fields", target.schema.slug),
        )));
    }
    if let Some((heading, _)) = job.map.iter().chain(&job.types).find(|(heading, _)| place(headings, heading).is_none()) {
        return Err(no_heading(heading, headings));
    }
    let mut problems = Vec::new();
    let mut columns: Vec<Column> = Vec::new();
    for heading in headings {
        let mapped = job.map.iter().find(|(from, _)| from == heading).map(|(_, slug)| slug.as_str());
        let order = ordered(heading)?;
        match column(&target.schema, heading, mapped) {
            Ok(field) if columns.iter().any(|known| known.field.slug == field.slug) => {
                problems.push(Problem::of(&field.slug, "twice", format!("Two columns of the file are the field '{}'", field.slug)));
            }
            Ok(field) if order.is_some() && field.kind != Kind::Date => {
                let message = format!("Field '{}' is {}, not date: the order of a date says nothing of it", field.slug, field.type_name);
                problems.push(Problem::of(&field.slug, "type", message));
            }
            Ok(field) => columns.push(Column { heading: heading.clone(), field, order }),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(columns) } else { Err(Error::Invalid(problems)) }
}

/// What is said of columns whose days were read in an order that a person gave.
pub fn ordered(columns: &[Column]) -> Vec<String> {
    let read = columns.iter().filter_map(|column| Some((column, column.order?)));
    read.map(|(column, order)| {
        format!("{} was read as dates, {}; exports write them as 2024-12-31", quoted(&column.heading), order.words())
    })
    .collect()
}

/// By `--map`; else by slug, by the heading it was imported under, by name.
fn column(schema: &Schema, heading: &str, mapped: Option<&str>) -> std::result::Result<Field, Problem> {
    let wanted = mapped.unwrap_or(heading);
    let fields = || schema.fields.iter();
    let alike = |field: &&Field| field.name.eq_ignore_ascii_case(wanted.trim()) || field.slug.eq_ignore_ascii_case(wanted.trim());
    let found = schema.field(wanted).or_else(|| match mapped {
        Some(_) => None,
        None => fields().find(|field| field.header.as_deref() == Some(heading)).or_else(|| fields().find(alike)),
    });
    found.cloned().ok_or_else(|| {
        let problem =
            Problem::of(wanted, "unknown_field", format!("Table '{}' has no field for the column {}", schema.slug, quoted(heading)));
        match nearest(wanted, fields().map(|field| field.slug.as_str())) {
            Some(near) => problem.hint(format!("Call the column {near}, or map it on the command line: --map \"{heading}={near}\"")),
            None => problem.hint(format!("Call the column as a field, or map it on the command line: --map \"{heading}=FIELD\"")),
        }
    })
}

/// The field by which an upsert finds its records.
pub fn key_field<'c>(target: &Target, columns: &'c [Column], key: &str) -> Result<&'c Field> {
    let found = columns.iter().map(|column| &column.field).find(|field| field.slug == key).ok_or_else(|| {
        let problem = Problem::of(
            key,
            "unknown_field",
            format!("Key {}: the file has no column for such a field of table '{}'", quoted(key), target.schema.slug),
        );
        Error::invalid(problem.did_you_mean(key, columns.iter().map(|column| column.field.slug.as_str())))
    })?;
    check_key(found)?;
    Ok(found)
}

/// Whether the values of a field can tell records apart.
pub fn check_key(field: &Field) -> Result<()> {
    let slug = &field.slug;
    let why = match field.kind {
        // The text of a document is no identity: 1 and "1" have the same one.
        Kind::Json => format!("Key {}: a field of the type json cannot be a key", quoted(slug)),
        Kind::Set | Kind::Links => format!("Key {}: a field that holds several values cannot be a key", quoted(slug)),
        _ => return Ok(()),
    };
    Err(Error::invalid(Problem::of(slug, "type", why).hint("Use a field such as an e-mail address or a number of your own")))
}
