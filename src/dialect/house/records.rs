//! Records: list, create, read, partial change, delete. Stored text goes out as it lies.

use super::once;
use crate::model::error::{Error, Problem, Result};
use crate::model::explained::Told;
use crate::model::expr::{Expr, Op};
use crate::model::limits::Limits;
use crate::model::name::is_field_slug;
use crate::model::query::{Query, Sort, Window};
use crate::model::record::{Draft, Expected, RecordId, RecordRef};
use crate::ops::ctx::{Ctx, Way};
use crate::ops::idempotency::{self, Once};
use crate::ops::records::{self, Shown, Written};
use crate::wire::call::Call;
use crate::wire::paper::Paper;
use crate::wire::query::brackets;
use crate::wire::reply;
use crate::wire::tags;
use rouille::Response;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let asked = Asked::parse(call.query.pairs(), &ctx.limits)?;
    if asked.explains {
        return explain(ctx, call, &asked);
    }
    let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
    paper.text().push_str("{\"records\":[");
    let mut is_first = true;
    let total = ctx.read(|tx| {
        records::list(tx, &call.caller, call.param(0), call.param(1), &asked.query, &ctx.limits, &mut |record| {
            if !std::mem::take(&mut is_first) {
                paper.text().push(',');
            }
            render(paper.text(), record);
            paper.settle()
        })
    })?;
    let pages = (total + asked.per_page - 1) / asked.per_page;
    let (page, per_page) = (asked.page, asked.per_page);
    paper.text().push_str(&format!("],\"page\":{page},\"per_page\":{per_page},\"total\":{total},\"total_pages\":{pages}}}"));
    let response = paper.json(200)?;
    Ok(if asked.clamped { response.with_additional_header("X-Clamped", format!("per_page={}", asked.per_page)) } else { response })
}

/// `{"explain": {"statements": [{"sql", "plan": [step], "rows_read", "rows_found", "sorted_apart", "ms"}], "records", "missing_index"}}`
fn explain(ctx: &Arc<Ctx>, call: &Call<'_>, asked: &Asked) -> Result<Response> {
    let explained = ctx.read(|tx| records::explain(tx, &call.caller, call.param(0), call.param(1), &asked.query, &ctx.limits))?;
    let told = |told: &Told| {
        json!({
            "sql": told.sql, "plan": told.steps, "rows_read": told.rows_read, "rows_found": told.rows_found,
            "sorted_apart": told.is_sorted_apart, "ms": (told.took.as_secs_f64() * 1e6).round() / 1e3,
        })
    };
    let statements: Vec<Value> = explained.statements.iter().map(told).collect();
    let body = json!({"statements": statements, "records": explained.records, "missing_index": explained.missing_index});
    Ok(reply::json(200, &json!({"explain": body})))
}

/// One record of a body that may hold many: `bulk` has looked.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>, draft: &Draft, is_rehearsal: bool) -> Result<Response> {
    let (app, schema, caller) = (call.param(0), call.param(1), call.caller.clone());
    let records = collection(call);
    let written = idempotency::write(
        ctx,
        way(is_rehearsal),
        once::key(ctx, call)?,
        || records::prepare_create(&ctx.store.catalog(), &call.caller, app, schema, draft),
        move |tx, new| records::create(tx, &caller, new),
        move |written| once::told(made(&records, &written, false)),
    )?;
    match written {
        Once::Done(written) => Ok(made(&collection(call), &written, is_rehearsal)),
        Once::Answered { answer, is_repeated } => once::given(&answer, is_repeated),
    }
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let expected = tags::if_match(call.request)?;
    let shown = ctx.read(|tx| records::read(tx, &call.caller, call.param(0), call.param(1), call.param(2), &expected))?;
    if tags::is_known(call.request, shown.revision)? && shown.is_all_its_own {
        return Ok(reply::empty(304).with_additional_header("ETag", tags::tag(shown.revision)));
    }
    Ok(one(200, &shown, &[]))
}

pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (expected, is_rehearsal) = conditions(call)?;
    let draft = call.body.object(&ctx.limits)?;
    let (app, schema, id, caller) = (call.param(0), call.param(1), call.param(2).to_owned(), call.caller.clone());
    let written = idempotency::write(
        ctx,
        way(is_rehearsal),
        once::key(ctx, call)?,
        || records::prepare_update(&ctx.store.catalog(), &call.caller, app, schema, &draft),
        move |tx, new| records::update(tx, &caller, &id, &expected, new),
        |written| once::told(changed(&written, false)),
    )?;
    match written {
        Once::Done(written) => Ok(changed(&written, is_rehearsal)),
        Once::Answered { answer, is_repeated } => once::given(&answer, is_repeated),
    }
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (expected, is_rehearsal) = conditions(call)?;
    let (app, schema, id, caller) = (call.param(0), call.param(1), call.param(2), call.caller.clone());
    let id = ctx.write_by(
        way(is_rehearsal),
        || records::prepare_delete(&ctx.store.catalog(), &call.caller, app, schema, id, &expected, &ctx.limits),
        move |tx, gone| records::delete(tx, &caller, gone),
    )?;
    Ok(rehearsed(reply::json(200, &json!({"success": true, "id": id.text()})), is_rehearsal))
}

/// The address of the records that a request is about.
pub fn collection(call: &Call<'_>) -> String {
    format!("/api/apps/{}/schemas/{}/records", call.param(0), call.param(1))
}

/// The answer about a record that was made, in the collection with this address.
pub fn made(collection: &str, written: &Written, is_rehearsal: bool) -> Response {
    if is_rehearsal {
        return changed(written, is_rehearsal);
    }
    let address = format!("{collection}/{}", written.shown.record.id.text());
    one(201, &written.shown, &written.ignored).with_additional_header("Location", address)
}

/// The answer about a record that was changed, or would be.
pub fn changed(written: &Written, is_rehearsal: bool) -> Response {
    let response = one(200, &written.shown, &written.ignored);
    // Nobody will ever find the record in the state of a rehearsal.
    if is_rehearsal { rehearsed(response.without_header("ETag"), true) } else { response }
}

/// Says when nothing of what the answer tells has happened.
pub fn rehearsed(response: Response, is_rehearsal: bool) -> Response {
    if is_rehearsal { response.with_additional_header("X-Dry-Run", "true") } else { response }
}

/// How one record is written.
pub fn way(is_rehearsal: bool) -> Way {
    if is_rehearsal { Way::Rehearsed } else { Way::Shared }
}

/// Which state of the record a write is meant for, and whether it is a rehearsal.
fn conditions(call: &Call<'_>) -> Result<(Expected, bool)> {
    tags::refuse(call.request, "If-None-Match", "a write takes If-Match, with the ETag of the state that it is meant for")?;
    Ok((tags::if_match(call.request)?, call.query.flag("dry_run")?))
}

/// A record as an answer, with the tag of its state.
fn one(status: u16, shown: &Shown, ignored: &[String]) -> Response {
    let mut body = String::with_capacity(shown.record.data.len() + 110);
    render(&mut body, shown.record.as_ref());
    let response = reply::raw_json(status, body).with_additional_header("ETag", tags::tag(shown.revision));
    with_ignored(response, ignored)
}

pub fn with_ignored(response: Response, ignored: &[String]) -> Response {
    if ignored.is_empty() { response } else { response.with_additional_header("X-Ignored", ignored.join(", ")) }
}

/// `{"id":"rec_7", …the stored text…, "created_at":"…","updated_at":"…"}`
pub fn render(body: &mut String, record: RecordRef<'_>) {
    let fields = record.data.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    let comma = if fields.is_empty() { "" } else { "," };
    let RecordRef { id: RecordId(id), created_at, updated_at, .. } = record;
    // Writing to a String cannot fail.
    let _ = write!(body, "{{\"id\":\"rec_{id}\",{fields}{comma}\"created_at\":\"{created_at}\",\"updated_at\":\"{updated_at}\"}}");
}

/// The query string of a list.
pub(super) struct Asked {
    pub(super) query: Query,
    page: i64,
    per_page: i64,
    clamped: bool,
    explains: bool,
}

/// Names a list takes, to find the one that was meant.
const NAMES: [&str; 5] = ["page", "per_page", "sort", "explain", "filter[field]"];

impl Asked {
    pub(super) fn parse(pairs: &[(String, String)], limits: &Limits) -> Result<Self> {
        let (mut page, mut per_page, mut sort) = (1, limits.page_rows_default, Vec::new());
        let mut terms: Vec<(String, Op, Vec<String>)> = Vec::new();
        let (mut problems, mut explains) = (Vec::new(), false);
        for (name, value) in pairs {
            let read = match name.as_str() {
                "page" => count(name, value).map(|number| page = number),
                "per_page" => count(name, value).map(|number| per_page = number),
                "sort" => sort_keys(value).map(|keys| sort = keys),
                "explain" if value == "1" => {
                    explains = true;
                    Ok(())
                }
                "explain" => Err(Problem::of(name, "range", "'explain' can only be 1")),
                "_" => Ok(()),
                _ if name.starts_with("utm_") => Ok(()),
                _ => term(name, value, &mut terms),
            };
            problems.extend(read.err());
        }
        for name in ["page", "per_page", "sort"] {
            if pairs.iter().filter(|(known, _)| known == name).count() > 1 {
                problems.push(Problem::of(name, "twice", format!("'{name}' stands twice; send it once")));
            }
        }
        if pairs.len() > limits.filter_terms_max {
            problems.push(Problem::of("filter", "too_many", format!("At most {} parameters are possible", limits.filter_terms_max)));
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let clamped = per_page > limits.page_rows_max;
        let per_page = per_page.min(limits.page_rows_max);
        let window = Window { offset: (page - 1).saturating_mul(per_page), limit: per_page };
        Ok(Self { query: Query { filter: filter(terms), sort, window }, page, per_page, clamped, explains })
    }
}

fn count(name: &str, value: &str) -> std::result::Result<i64, Problem> {
    let number = value.parse().ok().filter(|number| *number >= 1);
    number.ok_or_else(|| {
        Problem::of(name, "range", format!("'{name}' must be a whole number from 1, not {}", crate::model::name::quoted(value)))
    })
}

/// `name`, `-name`, several with commas.
fn sort_keys(value: &str) -> std::result::Result<Vec<Sort>, Problem> {
    let key = |text: &str| match text.trim().strip_prefix('-') {
        Some(field) => Sort { field: field.to_owned(), descending: true },
        None => Sort { field: text.trim().to_owned(), descending: false },
    };
    let keys: Vec<Sort> = value.split(',').map(key).collect();
    if keys.iter().any(|key| !key.field.is_empty() && !is_field_slug(&key.field)) {
        let message = format!("'sort' takes names of fields with commas between them, not {}", crate::model::name::quoted(value));
        return Err(Problem::of("sort", "form", message).hint("sort=name, or sort=-name,age for descending by name, then by age"));
    }
    if keys.iter().any(|key| key.field.is_empty()) {
        return Err(Problem::of("sort", "empty", "'sort' must name a field").hint("sort=name, or sort=-name for descending"));
    }
    Ok(keys)
}

/// `filter[field]=value`, `filter[field][op]=value`. The same key several times means any of the values.
fn term(name: &str, value: &str, terms: &mut Vec<(String, Op, Vec<String>)>) -> std::result::Result<(), Problem> {
    let unknown =
        || Problem::of(name, "unknown_parameter", format!("There is no parameter {}", crate::model::name::quoted(name))).hint(meant(name));
    let (field, op) = match brackets(name).as_deref() {
        Some(["filter", field]) if !field.is_empty() => ((*field).to_owned(), Op::Eq),
        Some(["filter", field, op]) if !field.is_empty() => ((*field).to_owned(), operator(field, op)?),
        Some(["filter", ..]) => return Err(Problem::of(name, "filter", "A filter needs a field").hint("filter[status]=lead")),
        _ => return Err(unknown()),
    };
    match terms.iter_mut().find(|(known, known_op, _)| *known == field && *known_op == op) {
        Some((_, _, values)) => values.push(value.to_owned()),
        None => terms.push((field, op, vec![value.to_owned()])),
    }
    Ok(())
}

/// What was meant by a parameter that is none: other programs call the same things otherwise.
fn meant(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "limit" | "size" | "page_size" | "pagesize" | "perpage" => "The number of records on a page is per_page".to_owned(),
        "offset" | "skip" | "start" => "Pages are asked for: page=2, with per_page records each".to_owned(),
        "order" | "order_by" | "orderby" | "ordering" | "sort_by" | "sortby" => {
            "The order is sort: sort=name, or sort=-name for descending".to_owned()
        }
        "q" | "query" | "search" => "A part of a text is found by filter[name][contains]=ann".to_owned(),
        _ if is_field_slug(name) => format!("A list takes: {}. Records are found by a field with filter[{name}]=…", NAMES.join(", ")),
        _ => format!("A list takes: {}", NAMES.join(", ")),
    }
}

fn operator(field: &str, op: &str) -> std::result::Result<Op, Problem> {
    const OPERATORS: [(&str, Op); 7] =
        [("eq", Op::Eq), ("ne", Op::Ne), ("gt", Op::Gt), ("gte", Op::Gte), ("lt", Op::Lt), ("lte", Op::Lte), ("contains", Op::Contains)];
    let found = OPERATORS.into_iter().find(|(name, _)| *name == op).map(|(_, op)| op);
    found.ok_or_else(|| {
        Problem::of(field, "operator", format!("There is no operator {}", crate::model::name::quoted(op)))
            .hint("eq, ne, gt, gte, lt, lte or contains")
    })
}

fn filter(terms: Vec<(String, Op, Vec<String>)>) -> Expr {
    let one = |field: &str, op: Op, text: String| match (op, text.is_empty()) {
        (Op::Eq, true) => Expr::Blank { field: field.to_owned() },
        (Op::Ne, true) => Expr::Present { field: field.to_owned() },
        _ => Expr::Compare { field: field.to_owned(), op, text },
    };
    let mut all: Vec<Expr> = terms
        .into_iter()
        .map(|(field, op, mut values)| match values.len() {
            1 => one(&field, op, values.pop().unwrap_or_default()),
            // "Not a, not b" excludes both; every other operator asks for either.
            _ if op == Op::Ne => Expr::All(values.into_iter().map(|value| one(&field, op, value)).collect()),
            _ => Expr::Any(values.into_iter().map(|value| one(&field, op, value)).collect()),
        })
        .collect();
    match all.len() {
        0 => Expr::True,
        1 => all.pop().unwrap_or(Expr::True),
        _ => Expr::All(all),
    }
}
