//! The query string of a list: `page per_page order select q search_fields search_match with`. What is wrong with it is a bad request. [seed: pages;
//! docs: the rest]

use super::searched;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::name::{is_field_slug, quoted};
use crate::model::principal::Caller;
use crate::model::query::{Count, Query, Sort, Window};
use crate::model::schema::{SYSTEM_KEYS, Schema};
use crate::wire::query;

/// A list as it is asked for.
pub struct Asked {
    pub query: Query,
    pub page: i64,
    pub per_page: i64,
    /// The page lies further away than records are looked at: it can only be empty.
    pub is_beyond: bool,
    pub view: View,
}

/// What is shown of each record.
#[derive(Default)]
pub struct View {
    pub chosen: Option<Vec<String>>,
    /// Paths, of each step the field and the name that it is asked by.
    pub with: Vec<Vec<(String, String)>>,
}

/// The field that a record's name is taken from.
const DISPLAY_NAME: &str = "display_name";

impl Asked {
    pub fn parse(sent: &query::Query, catalog: &Catalog, who: &Caller, schema: &Schema, limits: &Limits) -> Result<Self> {
        let number = |name: &str| sent.get(name).and_then(|text| text.trim().parse::<i64>().ok()).filter(|number| *number > 0);
        let page = number("page").unwrap_or(1);
        let per_page = number("per_page").unwrap_or(limits.page_rows_default).min(limits.page_rows_max);
        let offset = (page - 1).saturating_mul(per_page);
        let is_beyond = offset > limits.page_offset_max;
        let view = View::parse(sent, catalog, schema);
        let query = Query {
            filter: searched::filter(sent, catalog, who, schema, limits)?,
            sort: sent.get("order").map(|text| order(schema, text)).transpose()?.unwrap_or_default(),
            window: Window { offset: offset.min(limits.page_offset_max), limit: if is_beyond { 0 } else { per_page } },
            cursor: None,
            count: Count::Exact,
            ..view.query(schema)
        };
        Ok(Self { query, page, per_page, is_beyond, view })
    }
}

impl View {
    /// `select` and `with`.
    pub fn parse(sent: &query::Query, catalog: &Catalog, schema: &Schema) -> Self {
        let words = |name: &str| sent.get(name).map(|text| parts(text).map(str::to_owned).collect::<Vec<String>>());
        let with = words("with").unwrap_or_default().iter().map(|path| steps(catalog, schema, path)).collect();
        Self { chosen: words("select").filter(|chosen| !chosen.is_empty()), with }
    }

    /// The same as operations are asked: a record's name comes with the field that it is taken from.
    pub fn query(&self, schema: &Schema) -> Query {
        let field = |name: &String| match (name.as_str(), &schema.display_field) {
            (DISPLAY_NAME, Some(field)) if schema.field(field).is_some() => Some(field.clone()),
            (DISPLAY_NAME, _) => None,
            _ => Some(name.clone()),
        };
        let fields = self.chosen.as_ref().map(|chosen| chosen.iter().filter_map(field).collect());
        let path = |path: &Vec<(String, String)>| path.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>().join(".");
        Query { fields, expand: self.with.iter().map(path).collect(), ..Query::default() }
    }
}

/// What breaks a rule in a query string is no bad value of a record.
pub fn bad_question(error: Error) -> Error {
    match error {
        Error::Invalid(problems) => problems.into_iter().next().map_or(Error::Invalid(Vec::new()), Error::Malformed),
        other => other,
    }
}

/// `a;b`
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// That a table has no such field, with the nearest that it has.
pub fn no_field(schema: &Schema, name: &str, parameter: &str) -> Error {
    let known = schema.fields.iter().map(|field| field.slug.as_str()).chain(["id", "created_at", "updated_at"]);
    let message = format!("'{parameter}' names {}, which is no field of '{}'", quoted(name), schema.slug);
    Error::Malformed(Problem::of(parameter, "unknown_field", message).did_you_mean(name, known))
}

/// The steps of `company.owner`. A reference `company_id` is also known as `company`.
fn steps(catalog: &Catalog, schema: &Schema, path: &str) -> Vec<(String, String)> {
    let mut steps = Vec::new();
    let mut here = Some(schema.clone());
    for name in path.split('.') {
        let with_id = format!("{name}_id");
        let found = here.as_ref().and_then(|here| here.field(name).or_else(|| here.field(&with_id)));
        let slug = found.map_or(name, |field| field.slug.as_str()).to_owned();
        let there = here.as_ref().zip(found).and_then(|(here, field)| catalog.target(here, field));
        here = there.map(|there| Schema::clone(&there));
        steps.push((slug, name.to_owned()));
    }
    steps
}

/// `name`, `created_at|desc`, several with semicolons.
fn order(schema: &Schema, text: &str) -> Result<Vec<Sort>> {
    let key = |part: &str| {
        let (name, way) = part.split_once('|').map_or((part, "asc"), |(name, way)| (name.trim(), way.trim()));
        let descending = match way.to_ascii_lowercase().as_str() {
            "asc" | "" => false,
            "desc" => true,
            _ => {
                let problem = Problem::of("order", "form", format!("'order' can go asc or desc, not {}", quoted(way)));
                return Err(Error::Malformed(problem.hint("order=created_at|desc;name")));
            }
        };
        let name = if name == DISPLAY_NAME { schema.display_field.as_deref().unwrap_or("id") } else { name };
        let is_known = schema.field(name).is_some() || SYSTEM_KEYS.iter().take(3).any(|known| *known == name);
        if !is_known || !is_field_slug(name) {
            return Err(no_field(schema, name, "order"));
        }
        Ok(Sort { field: name.to_owned(), descending })
    };
    parts(text).map(key).collect()
}
