//! Finding records: all that a selection finds, or a window of them. However many there are, all of them come; when there is no time for that, none.

use super::body::Keys;
use super::layout::Layout;
use super::results::Results;
use super::{place, selection};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::principal::Action;
use crate::model::query::{Count, Query, Sort, Window};
use crate::model::record::RecordRef;
use crate::ops::ctx::Ctx;
use crate::ops::joined;
use crate::wire::call::Call;
use rouille::Response;
use serde_json::Value;
use std::sync::Arc;

/// What a find takes beside its selection.
pub const KEYS: [&str; 6] = ["limit", "offset", "page", "perPage", "sort", "fields"];

type Found<T> = std::result::Result<T, Problem>;

/// `POST …` with `{"selection": …}`: `{"results": […], "count": n, "total": n}`.
pub fn find(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, resource) = place(ctx, call)?;
    let query = asked(&Keys::read(call)?, &call.limits)?;
    let mut results = Results::new(ctx);
    let total = ctx.read(|tx| {
        let joined = joined::open(tx.catalog(), &call.caller, [&app, resource], Action::List)?;
        let layout = Layout::new(&joined, query.fields.as_deref(), &call.limits)?;
        let query = Query { fields: layout.wanted(query.fields.as_deref()), ..query.clone() };
        let make = |lead, record: RecordRef<'_>| layout.beside(lead, record);
        let show = &mut |record: RecordRef<'_>, beside: &[Option<&str>]| results.push(&layout, record, beside);
        joined.list((tx, &call.caller), &query, &layout.follows(), &call.limits, &make, show)
    })?;
    results.end_of(total)
}

fn asked(keys: &Keys, limits: &Limits) -> Result<Query> {
    let filter = selection::of_find(keys, limits)?;
    let mut problems = Vec::new();
    let mut number = |key: &str, least: i64| -> Result<Option<i64>> {
        let read = keys.value(key)?.map(|value| from(least, key, &value)).transpose();
        Ok(read.unwrap_or_else(|problem| {
            problems.push(problem);
            None
        }))
    };
    let asked = [number("limit", 1)?, number("offset", 0)?, number("page", 1)?, number("perPage", 1)?];
    let fields = keys.value("fields")?.map(|value| fields(&value, limits)).transpose();
    let sort = keys.value("sort")?.map(|value| sort_keys(&value)).transpose();
    match (window(asked, limits), fields, sort) {
        (Ok(window), Ok(fields), Ok(sort)) if problems.is_empty() => {
            // Whoever gets all of them can count.
            let count = if window == Window::default() { Count::None } else { Count::Exact };
            Ok(Query { filter, sort: sort.unwrap_or_default(), window, count, fields, ..Query::default() })
        }
        (window, fields, sort) => {
            problems.extend(window.err().into_iter().chain(fields.err()).chain(sort.err()));
            Err(Error::Invalid(problems))
        }
    }
}

fn window([limit, offset, page, per_page]: [Option<i64>; 4], limits: &Limits) -> Found<Window> {
    let is_window = limit.is_some() || offset.is_some();
    if is_window && (page.is_some() || per_page.is_some()) {
        let problem = Problem::of("page", "mixed", "'page' and 'perPage' do not go together with 'limit' and 'offset'");
        return Err(problem.hint("{\"page\": 2, \"perPage\": 50} or {\"limit\": 50, \"offset\": 50}"));
    }
    let window = match (page, per_page) {
        (None, None) => Window { offset: offset.unwrap_or_default(), limit: limit.unwrap_or(i64::MAX) },
        (page, per_page) => {
            let limit = per_page.unwrap_or(limits.page_rows_default);
            Window { offset: (page.unwrap_or(1) - 1).saturating_mul(limit), limit }
        }
    };
    if window.offset <= limits.page_offset_max {
        return Ok(window);
    }
    let name = if page.is_some() { "page" } else { "offset" };
    let message = format!("'{name}' can pass over at most {} records", limits.page_offset_max);
    Err(Problem::of(name, "range", message).hint("Without a limit all of them come at once"))
}

fn from(least: i64, key: &str, value: &Value) -> Found<i64> {
    value.as_i64().filter(|number| *number >= least).ok_or_else(|| {
        let message = format!("'{key}' must be a whole number from {least}, not {}", described(value));
        Problem::of(key, "range", message).hint(format!("Without '{key}' nothing is left out"))
    })
}

/// `["name", "company_name"]`
fn fields(value: &Value, limits: &Limits) -> Found<Vec<String>> {
    if let Some(many) = value.as_array().map(Vec::len).filter(|many| *many > limits.fields_named_max) {
        let message = format!("'fields' names {many} fields; at most {} are possible", limits.fields_named_max);
        return Err(Problem::of("fields", "too_many", message).hint("Without 'fields' all of them come"));
    }
    let names = match value {
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>(),
        Value::String(name) => Some(vec![name.clone()]),
        _ => None,
    };
    names.ok_or_else(|| {
        let message = format!("'fields' must be an array of names, not {}", described(value));
        Problem::of("fields", "type", message).hint("{\"fields\": [\"name\", \"status\"]}")
    })
}

/// `"name"`, `"-name"`, an array of them, or `{"name": "asc"}`, in which 1 and -1 will do.
pub fn sort_keys(value: &Value) -> Found<Vec<Sort>> {
    let one = |text: &str| match text.strip_prefix('-') {
        Some(field) => Sort { field: field.to_owned(), descending: true },
        None => Sort { field: text.to_owned(), descending: false },
    };
    match value {
        Value::String(text) => Ok(vec![one(text)]),
        Value::Array(texts) => texts.iter().map(|text| text.as_str().map(one).ok_or_else(|| no_sort(value))).collect(),
        Value::Object(keys) => keys
            .iter()
            .map(|(field, way)| {
                let descending = match (way.as_str(), way.as_i64()) {
                    (Some("asc"), _) | (_, Some(1)) => false,
                    (Some("desc"), _) | (_, Some(-1)) => true,
                    _ => {
                        let message = format!("'sort' takes asc or desc of {}, not {}", quoted(field), described(way));
                        return Err(Problem::of("sort", "range", message).hint("{\"sort\": {\"name\": \"desc\"}}"));
                    }
                };
                Ok(Sort { field: field.clone(), descending })
            })
            .collect(),
        _ => Err(no_sort(value)),
    }
}

fn no_sort(value: &Value) -> Problem {
    let message = format!("'sort' must name fields, not {}", described(value));
    Problem::of("sort", "type", message)
        .hint("{\"sort\": \"-name\"}, {\"sort\": [\"status\", \"-name\"]} or {\"sort\": {\"name\": \"desc\"}}")
}
