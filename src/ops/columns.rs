//! Where the columns of a file go: the table, which is drawn up when it is not there, and its fields. Reading rows is in `transfer`.

use super::define;
use super::infer::{Days, Inference, keep_headers};
use super::naming::slug_from;
use super::ways::{self, Way};
use crate::field;
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Import;
use crate::model::name::{is_slug, label_from, model_from, quoted};
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
    /// Columns of a new table that a person may want as dates.
    pub days: Vec<Days>,
}

/// The key of an import that finds records by their ids. No field is called so.
pub const ID: &str = "id";

/// A column of the file and the field that it is.
pub struct Column {
    pub heading: String,
    /// Of a column that is no field, one without a slug, or `id`.
    pub field: Field,
    /// How its cells are written, where a person has said so.
    pub way: Option<Way>,
    pub purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The values of a field.
    Field,
    /// The ids of the records that the rows change.
    Id,
    /// Nothing: somebody said to leave it out.
    Skipped,
}

impl Column {
    /// Whether its cells are taken in as values.
    pub fn is_taken(&self) -> bool {
        self.purpose == Purpose::Field && !self.field.is_given()
    }

    fn no_field(heading: &str, purpose: Purpose) -> Self {
        let slug = if purpose == Purpose::Id { ID } else { "" };
        Self { heading: heading.to_owned(), field: Field::plain(slug, field::FIELD_TYPES[0]), way: None, purpose }
    }
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
        return Ok(Target { app, app_slug: job.app.clone(), schema: (*schema).clone(), is_new: false, notes, days: Vec::new() });
    }
    if inference.rows == 0 && headings.is_empty() {
        return Err(Error::invalid(Problem::new("empty", "The file has no rows: there is nothing to make a table of")));
    }
    let mut fields = inference.fields(headings);
    notes.extend(inference.surprises(headings, &fields, !job.file.as_os_str().is_empty()));
    let said = |heading: &str| job.types.iter().any(|(typed, _)| typed == heading);
    notes.extend(inference.days(headings, &fields).iter().filter(|days| !said(&days.heading)).map(|days| days.note()));
    notes.extend(inference.others(headings, &fields).into_iter().filter(|(heading, _)| !said(heading)).map(|(_, note)| note));
    retype(&mut fields, headings, job)?;
    let is_skipped = |heading: &str| job.skip.iter().any(|skipped| skipped == heading);
    let days = inference.days(headings, &fields).into_iter().filter(|days| !is_skipped(&days.heading)).collect();
    keep_headers(&mut fields, headings);
    let mut taken = headings.iter().map(|heading| !is_skipped(heading));
    fields.retain(|_| taken.next().unwrap_or(true));
    if fields.is_empty() && !headings.is_empty() {
        return Err(Error::invalid(Problem::new("empty", "Every column is left out: there is nothing to make a table of")));
    }
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
    Ok(Target { app, app_slug: job.app.clone(), schema, is_new: true, notes, days })
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
        let (type_name, _) = ways::apart(type_name)?;
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

fn place(headings: &[String], heading: &str) -> Option<usize> {
    headings.iter().position(|known| known == heading)
}

fn no_heading(heading: &str, headings: &[String]) -> Error {
    let problem = Problem::new("unknown_column", format!("The file has no column {}", quoted(heading)));
    Error::invalid(problem.did_you_mean(heading, headings.iter().map(String::as_str)))
}

/// Which field each column of the file is, in the file's order.
pub fn columns(target: &Target, job: &Import, headings: &[String]) -> Result<Vec<Column>> {
    if let Some(heading) = job.skip.iter().find(|heading| place(headings, heading).is_none()) {
        return Err(no_heading(heading, headings));
    }
    let is_skipped = |heading: &str| job.skip.iter().any(|skipped| skipped == heading);
    let way = |heading: &str| {
        let said = job.types.iter().find(|(typed, _)| typed == heading);
        said.map_or(Ok(None), |(_, type_name)| ways::apart(type_name).map(|(_, way)| way))
    };
    if !target.is_new {
        return Known { schema: &target.schema, job, headings }.columns(is_skipped, way);
    }
    let mut drawn = target.schema.fields.iter();
    let column = |heading: &String| {
        let field = if is_skipped(heading) { None } else { drawn.next() };
        let Some(field) = field.cloned() else { return Ok(Column::no_field(heading, Purpose::Skipped)) };
        Ok(Column { heading: heading.clone(), field, way: way(heading)?, purpose: Purpose::Field })
    };
    headings.iter().map(column).collect()
}

/// Whether a file with these headings, and ids before them, would be read with each of them as the field that it stands over.
pub fn finds(schema: &Schema, headings: &[String], fields: &[&Field], has_ids: bool) -> bool {
    let ids = has_ids.then(|| ID.to_owned());
    let headings: Vec<String> = ids.iter().chain(headings).cloned().collect();
    let job = Import { key: ids, ..Import::default() };
    let found = Known { schema, job: &job, headings: &headings }.columns(|_| false, |_| Ok(None));
    let is_id = |column: &&Column| column.purpose == Purpose::Id;
    found.is_ok_and(|columns| {
        let own = columns.iter().filter(|column| !is_id(column)).map(|column| &column.field.slug);
        columns.iter().filter(is_id).count() == usize::from(has_ids) && own.eq(fields.iter().map(|field| &field.slug))
    })
}

/// The columns of a file for a table that is there.
struct Known<'j> {
    schema: &'j Schema,
    job: &'j Import,
    headings: &'j [String],
}

impl Known<'_> {
    fn columns(&self, is_skipped: impl Fn(&str) -> bool, way: impl Fn(&str) -> Result<Option<Way>>) -> Result<Vec<Column>> {
        let Known { schema, job, headings } = *self;
        for (heading, type_name) in &job.types {
            if ways::apart(type_name)?.1.is_none() {
                let message = format!("Table '{}' is there already: --type {heading}={type_name} cannot change its fields", schema.slug);
                return Err(Error::invalid(Problem::new("type", message)));
            }
        }
        if let Some((heading, _)) = job.map.iter().chain(&job.types).find(|(heading, _)| place(headings, heading).is_none()) {
            return Err(no_heading(heading, headings));
        }
        let mut problems = Vec::new();
        let mut columns: Vec<Column> = Vec::new();
        for heading in headings {
            if is_skipped(heading) {
                columns.push(Column::no_field(heading, Purpose::Skipped));
                continue;
            }
            let mapped = job.map.iter().find(|(from, _)| from == heading).map(|(_, slug)| slug.as_str());
            let way = way(heading)?;
            let found = if mapped.is_none() && self.holds_ids(heading) {
                self.ids(heading)
            } else {
                let is_free = |field: &Field| !columns.iter().any(|known| known.field.slug == field.slug);
                let column = |field| Column { heading: heading.clone(), field, way, purpose: Purpose::Field };
                self.field(heading, mapped, &is_free).map(column)
            };
            match found {
                Ok(Column { field, .. }) if columns.iter().any(|known| known.field.slug == field.slug) => {
                    problems.push(Problem::of(&field.slug, "twice", format!("Two columns of the file are the field '{}'", field.slug)));
                }
                Ok(column) => match way.and_then(|way| way.misses(&column.field)) {
                    Some(problem) => problems.push(problem),
                    None => columns.push(column),
                },
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(columns) } else { Err(Error::Invalid(problems)) }
    }

    /// Whether a column has the ids of records: not when a field was imported under that heading, unless it stands there under another one.
    fn holds_ids(&self, heading: &str) -> bool {
        let is_named = |field: &&Field, name: &str| field.slug == name || field.header.as_deref() == Some(name);
        let elsewhere = |field: &&Field| self.headings.iter().any(|other| other != ID && is_named(field, other));
        let named = |field: &&Field| field.header.as_deref() == Some(ID) || field.name.eq_ignore_ascii_case(ID);
        heading == ID && !self.schema.fields.iter().any(|field| named(&field) && !elsewhere(&field))
    }

    fn ids(&self, heading: &str) -> std::result::Result<Column, Problem> {
        if self.job.key.as_deref() == Some(ID) {
            return Ok(Column::no_field(heading, Purpose::Id));
        }
        let message = "Column 'id' holds the ids of records, which are given by the program: it cannot be taken in";
        let hint = "--key id updates the records that have them, --skip id leaves the column out (over HTTP key=id and skip=id)";
        Err(Problem::of(ID, "reserved", message).hint(hint))
    }

    /// By `--map`; else by slug, by the heading it was imported under, by name. Of several with the same heading the first one that is free.
    fn field(&self, heading: &str, mapped: Option<&str>, is_free: &dyn Fn(&Field) -> bool) -> std::result::Result<Field, Problem> {
        let Schema { slug: table, fields, .. } = self.schema;
        if let Some(wanted) = mapped {
            return self.schema.field(wanted).cloned().ok_or_else(|| {
                let problem = Problem::of(wanted, "unknown_field", format!("There is no field {} in table '{table}'", quoted(wanted)));
                problem.did_you_mean(wanted, fields.iter().map(|field| field.slug.as_str()))
            });
        }
        let exact = || {
            let by_header = fields.iter().filter(|field| field.slug != heading && field.header.as_deref() == Some(heading));
            self.schema.field(heading).into_iter().chain(by_header)
        };
        let wanted = heading.trim();
        let alike = |field: &&Field| field.name.eq_ignore_ascii_case(wanted) || field.slug.eq_ignore_ascii_case(wanted);
        let found = exact().find(|field| is_free(field)).or_else(|| exact().next()).or_else(|| fields.iter().find(alike));
        found.cloned().ok_or_else(|| {
            let problem = Problem::of(heading, "unknown_field", format!("Table '{table}' has no field for the column {}", quoted(heading)));
            let out = format!("leave it out: --skip \"{heading}\"");
            match nearest(heading, fields.iter().map(|field| field.slug.as_str())) {
                Some(near) => {
                    problem.hint(format!("Call the column {near}, or map it on the command line: --map \"{heading}={near}\"; or {out}"))
                }
                None => {
                    problem.hint(format!("Call the column as a field, or map it on the command line: --map \"{heading}=FIELD\"; or {out}"))
                }
            }
        })
    }
}

/// What is said of columns whose values the program finds itself.
pub fn passed_over(columns: &[Column]) -> Vec<String> {
    let given = columns.iter().filter(|column| column.purpose == Purpose::Field && column.field.is_given());
    given.map(|column| format!("Column {} was not taken: {}", quoted(&column.heading), origin(&column.field))).collect()
}

/// Where the values of such a field come from.
fn origin(field: &Field) -> &'static str {
    match field.kind {
        Kind::Sequence => "it is a sequence, which counts by itself",
        Kind::Lines => "it lists the records of another table",
        _ => "it is computed",
    }
}

/// The field by which an upsert finds its records: by slug, or by the heading of its column.
pub fn key_field<'c>(target: &Target, columns: &'c [Column], key: &str) -> Result<&'c Field> {
    let used = || columns.iter().filter(|column| column.purpose != Purpose::Skipped);
    let found =
        used().find(|column| column.field.slug == key).or_else(|| used().find(|column| column.heading == key)).ok_or_else(|| {
            let problem = Problem::of(
                key,
                "unknown_field",
                format!("Key {}: the file has no column for such a field of table '{}'", quoted(key), target.schema.slug),
            );
            Error::invalid(problem.did_you_mean(key, used().flat_map(|column| [column.field.slug.as_str(), column.heading.as_str()])))
        })?;
    check_key(&found.field)?;
    Ok(&found.field)
}

/// Whether the values of a field can tell records apart.
pub fn check_key(field: &Field) -> Result<()> {
    let slug = &field.slug;
    let why = match field.kind {
        // The text of a document is no identity: 1 and "1" have the same one.
        Kind::Json => format!("Key {}: a field of the type json cannot be a key", quoted(slug)),
        Kind::Set | Kind::Links => format!("Key {}: a field that holds several values cannot be a key", quoted(slug)),
        _ if field.is_given() => format!("Key {} cannot be a key: {}", quoted(slug), origin(field)),
        _ => return Ok(()),
    };
    Err(Error::invalid(Problem::of(slug, "type", why).hint("Use a field such as an e-mail address or a number of your own")))
}
