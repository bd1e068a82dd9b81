//! The query string of a list: which records, in which order, which of them, how much of each. [seed: page per_page sort filter; house: the rest]

use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{Expr, Op};
use crate::model::limits::Limits;
use crate::model::name::{is_field_slug, is_slug, quoted};
use crate::model::principal::Action;
use crate::model::query::{Count, Query, Sort, Window};
use crate::ops::ctx::Ctx;
use crate::ops::search;
use crate::wire::call::Call;
use crate::wire::query::{self, brackets};
use std::sync::Arc;

pub struct Asked {
    pub query: Query,
    pub form: Form,
    /// What was used in place of something larger: `per_page=100`.
    pub clamped: Option<String>,
    pub explains: bool,
    searches: bool,
}

/// How the window was asked for, which the answer says in the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Page { page: i64, per_page: i64 },
    Offset { limit: i64, offset: i64 },
    Cursor { limit: i64 },
}

/// Names a list takes, to find the one that was meant.
const NAMES: [&str; 15] = [
    "page",
    "per_page",
    "limit",
    "offset",
    "cursor",
    "count",
    "sort",
    "q",
    "fields",
    "expand",
    "names",
    "view",
    "explain",
    "filter",
    "filter[field]",
];
/// Those that say which part of a list.
pub const WINDOW: [&str; 6] = ["page", "per_page", "limit", "offset", "cursor", "count"];

/// The parts of a list's query string as they are read.
#[derive(Default)]
struct Parts {
    page: Option<i64>,
    per_page: Option<i64>,
    limit: Option<i64>,
    offset: Option<i64>,
    cursor: Option<String>,
    count: Option<Count>,
    sort: Vec<Sort>,
    fields: Option<Vec<String>>,
    expand: Vec<String>,
    names: Option<i64>,
    explains: bool,
    terms: Vec<(String, Op, Vec<String>)>,
    written: Option<String>,
    words: Option<String>,
    view: Option<String>,
}

impl Asked {
    pub fn parse(pairs: &[(String, String)], limits: &Limits) -> Result<Self> {
        let (mut parts, mut problems) = (Parts::default(), Vec::new());
        for (name, value) in pairs {
            problems.extend(parts.take(name, value).err());
        }
        for name in NAMES {
            if pairs.iter().filter(|(known, _)| known == name).count() > 1 {
                problems.push(Problem::of(name, "twice", format!("'{name}' stands twice; send it once")));
            }
        }
        if pairs.len() > limits.filter_terms_max {
            problems.push(Problem::of("filter", "too_many", format!("At most {} parameters are possible", limits.filter_terms_max)));
        }
        problems.extend(parts.mixed());
        if problems.is_empty() { Ok(parts.asked(limits)) } else { Err(Error::Invalid(problems)) }
    }

    /// What is searched must be ready for it.
    pub fn make_ready(&self, ctx: &Arc<Ctx>, call: &Call<'_>, action: Action) -> Result<()> {
        if self.searches { search::make_ready(ctx, &call.caller, call.param(0), call.param(1), action) } else { Ok(()) }
    }
}

/// What is shown of one record: `fields` and `expand`.
pub fn view(query: &query::Query) -> Result<Query> {
    let mut parts = Parts::default();
    for name in ["fields", "expand"] {
        if let Some(value) = query.once(name)? {
            parts.take(name, value).map_err(Error::invalid)?;
        }
    }
    Ok(Query { fields: parts.fields, expand: parts.expand, ..Query::default() })
}

impl Parts {
    fn take(&mut self, name: &str, value: &str) -> std::result::Result<(), Problem> {
        match name {
            "page" => self.page = Some(count(name, value, 1)?),
            "per_page" => self.per_page = Some(count(name, value, 1)?),
            "limit" => self.limit = Some(count(name, value, 1)?),
            "offset" => self.offset = Some(count(name, value, 0)?),
            "cursor" => self.cursor = Some(value.to_owned()),
            "count" => self.count = Some(how_counted(value)?),
            "sort" => self.sort = sort_keys(value)?,
            "fields" => self.fields = Some(names(name, value, false)?),
            "expand" => self.expand = names(name, value, true)?,
            "names" => self.names = Some(count(name, value, 1)?),
            "filter" if value.trim().is_empty() => {
                return Err(Problem::of(name, "empty", "'filter' is empty").hint("filter=status = 'lead' && age > 30, or no filter at all"));
            }
            "filter" => self.written = Some(value.to_owned()),
            "view" => self.view = Some(view_name(value)?),
            "q" => self.words = Some(value.to_owned()),
            "explain" if value == "1" => self.explains = true,
            "explain" => return Err(Problem::of(name, "range", "'explain' can only be 1")),
            "_" => {}
            _ if name.starts_with("utm_") => {}
            _ => return term(name, value, &mut self.terms),
        }
        Ok(())
    }

    /// Two ways to say which window.
    fn mixed(&self) -> Option<Problem> {
        let first = |all: [(&'static str, bool); 2]| all.into_iter().find(|(_, is_there)| *is_there).map(|(name, _)| name);
        let page = first([("page", self.page.is_some()), ("per_page", self.per_page.is_some())]);
        let window = first([("offset", self.offset.is_some()), ("cursor", self.cursor.is_some())]);
        let other = window.or(self.limit.map(|_| "limit"));
        let (one, other) = match (page, other) {
            (Some(page), Some(other)) => (page, other),
            _ if self.offset.is_some() && self.cursor.is_some() => ("offset", "cursor"),
            _ => return None,
        };
        let problem = Problem::of(other, "mixed", format!("'{one}' and '{other}' do not go together: each says where a window begins"));
        Some(problem.hint("page and per_page, or limit and offset, or limit and cursor"))
    }

    fn asked(self, limits: &Limits) -> Asked {
        let is_window = self.limit.is_some() || self.offset.is_some() || self.cursor.is_some();
        let (name, most) = if is_window { ("limit", limits.limit_rows_max) } else { ("per_page", limits.page_rows_max) };
        let wanted = self.limit.or(self.per_page).unwrap_or(limits.page_rows_default);
        let limit = wanted.min(most);
        let page = self.page.unwrap_or(1);
        let (form, offset) = match self.offset {
            Some(offset) => (Form::Offset { limit, offset }, offset),
            None if is_window => (Form::Cursor { limit }, 0),
            None => (Form::Page { page, per_page: limit }, (page - 1).saturating_mul(limit)),
        };
        let is_begun = self.cursor.as_deref().is_some_and(|cursor| !cursor.is_empty());
        // Whoever goes on from window to window has heard how many there are.
        let count = self.count.unwrap_or(if is_begun { Count::None } else { Count::Exact });
        let cursor = matches!(form, Form::Cursor { .. }).then(|| self.cursor.unwrap_or_default());
        let window = Window { offset, limit };
        let query = Query {
            filter: all(filter(self.terms), self.written, self.words),
            sort: self.sort,
            window,
            cursor,
            count,
            fields: self.fields,
            expand: self.expand,
            names: self.names.map(|most| usize::try_from(most.min(limits.names_of_value_max)).unwrap_or_default()),
            view: self.view,
        };
        let too_many = |(_, wanted, most): &(&str, i64, i64)| wanted > most;
        let clamped =
            [(name, wanted, most), ("names", self.names.unwrap_or_default(), limits.names_of_value_max)].into_iter().filter(too_many);
        let clamped: Vec<String> = clamped.map(|(name, _, most)| format!("{name}={most}")).collect();
        let clamped = (!clamped.is_empty()).then(|| clamped.join(", "));
        Asked { searches: query.filter.has_words(), query, form, clamped, explains: self.explains }
    }
}

fn how_counted(value: &str) -> std::result::Result<Count, Problem> {
    match value {
        "none" => Ok(Count::None),
        "exact" => Ok(Count::Exact),
        "auto" => Ok(Count::Auto),
        _ => {
            let problem = Problem::of("count", "range", format!("'count' must be none, exact or auto, not {}", quoted(value)));
            Err(problem.hint("auto counts as far as that is cheap; none counts nothing"))
        }
    }
}

/// `name,status`; with points between the steps of a path.
fn names(name: &str, value: &str, are_paths: bool) -> std::result::Result<Vec<String>, Problem> {
    let names: Vec<String> = value.split(',').map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| if are_paths { name.split('.').all(is_field_slug) } else { is_field_slug(name) };
    if names.iter().all(is_name) {
        return Ok(names);
    }
    let what = if are_paths { "paths" } else { "names" };
    let problem = Problem::of(name, "form", format!("'{name}' takes {what} of fields with commas between them, not {}", quoted(value)));
    Err(problem.hint(if are_paths { "expand=company, or expand=company.owner,tags" } else { "fields=name,status" }))
}

/// The slug of a saved view, or its number.
pub fn view_name(value: &str) -> std::result::Result<String, Problem> {
    let problem = || Problem::of("view", "form", format!("'view' must be the slug or the number of a saved view, not {}", quoted(value)));
    if is_slug(value) { Ok(value.to_owned()) } else { Err(problem().hint("view=open-deals; GET …/views lists them")) }
}

pub fn count(name: &str, value: &str, least: i64) -> std::result::Result<i64, Problem> {
    let number = value.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| Problem::of(name, "range", format!("'{name}' must be a whole number from {least}, not {}", quoted(value))))
}

/// The filters of a report: `filter=` and `filter[field]=`.
#[derive(Default)]
pub struct FilterParts(Parts);

impl FilterParts {
    pub fn take(&mut self, name: &str, value: &str) -> std::result::Result<(), Problem> {
        self.0.take(name, value)
    }

    pub fn into_filter(self) -> Expr {
        all(filter(self.0.terms), self.0.written, None)
    }
}

/// `-sum(amount),status`: columns of a report, by their names.
pub fn sort_keys_of(text: &str) -> std::result::Result<Vec<Sort>, Problem> {
    let (mut keys, mut depth, mut begin) = (Vec::new(), 0_usize, 0);
    let ends = text.char_indices().filter_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (c == ',' && depth == 0).then_some(at)
    });
    for end in ends.chain([text.len()]) {
        let name = text.get(begin..end).unwrap_or_default().trim();
        let (field, descending) = name.strip_prefix('-').map_or((name, false), |name| (name.trim(), true));
        if field.is_empty() {
            return Err(Problem::of("sort", "empty", "'sort' must name columns").hint("sort=-count,status"));
        }
        keys.push(Sort { field: field.to_owned(), descending });
        begin = end + 1;
    }
    Ok(keys)
}

/// `name`, `-name`, several with commas.
fn sort_keys(value: &str) -> std::result::Result<Vec<Sort>, Problem> {
    let key = |text: &str| match text.trim().strip_prefix('-') {
        Some(field) => Sort { field: field.to_owned(), descending: true },
        None => Sort { field: text.trim().to_owned(), descending: false },
    };
    let keys: Vec<Sort> = value.split(',').map(key).collect();
    if keys.iter().any(|key| !key.field.is_empty() && !is_field_slug(&key.field)) {
        let message = format!("'sort' takes names of fields with commas between them, not {}", quoted(value));
        return Err(Problem::of("sort", "form", message).hint("sort=name, or sort=-name,age for descending by name, then by age"));
    }
    if keys.iter().any(|key| key.field.is_empty()) {
        return Err(Problem::of("sort", "empty", "'sort' must name a field").hint("sort=name, or sort=-name for descending"));
    }
    Ok(keys)
}

/// `filter[field]=value`, `filter[field][op]=value`. The same key several times means any of the values.
fn term(name: &str, value: &str, terms: &mut Vec<(String, Op, Vec<String>)>) -> std::result::Result<(), Problem> {
    let unknown = || Problem::of(name, "unknown_parameter", format!("There is no parameter {}", quoted(name))).hint(meant(name));
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
        "size" | "page_size" | "pagesize" | "perpage" => "The number of records on a page is per_page".to_owned(),
        "skip" | "start" => "Pages are asked for by page=2, windows by limit=50&offset=100".to_owned(),
        "after" | "page_token" | "next" => "Windows follow each other by cursor, with next_cursor of the answer before".to_owned(),
        "select" | "columns" | "field" => "What is shown is said by fields: fields=name,status".to_owned(),
        "include" | "with" | "embed" | "populate" | "related" => "Records that others lead to are shown by expand=company".to_owned(),
        "skiptotal" => "A list is not counted with count=none".to_owned(),
        "order" | "order_by" | "orderby" | "ordering" | "sort_by" | "sortby" => {
            "The order is sort: sort=name, or sort=-name for descending".to_owned()
        }
        "query" | "search" => "Words are found by q=ann, a part of a text by filter[name][contains]=ann".to_owned(),
        _ if is_field_slug(name) => format!("A list takes: {}. Records are found by a field with filter[{name}]=…", NAMES.join(", ")),
        _ => format!("A list takes: {}", NAMES.join(", ")),
    }
}

fn operator(field: &str, op: &str) -> std::result::Result<Op, Problem> {
    const OPERATORS: [(&str, Op); 7] =
        [("eq", Op::Eq), ("ne", Op::Ne), ("gt", Op::Gt), ("gte", Op::Gte), ("lt", Op::Lt), ("lte", Op::Lte), ("contains", Op::Contains)];
    let found = OPERATORS.into_iter().find(|(name, _)| *name == op).map(|(_, op)| op);
    found.ok_or_else(|| {
        Problem::of(field, "operator", format!("There is no operator {}", quoted(op))).hint("eq, ne, gt, gte, lt, lte or contains")
    })
}

/// What single fields must hold, what is written in the expression language, and words.
fn all(fields: Expr, written: Option<String>, words: Option<String>) -> Expr {
    let written = written.map(|text| Expr::Written { text });
    let words = words.map(|text| Expr::Words { text });
    let mut all: Vec<Expr> = Some(fields).filter(|fields| *fields != Expr::True).into_iter().chain(written).chain(words).collect();
    match all.len() {
        0 => Expr::True,
        1 => all.pop().unwrap_or_default(),
        _ => Expr::All(all),
    }
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
