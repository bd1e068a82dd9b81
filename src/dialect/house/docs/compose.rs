//! From entries to an OpenAPI 3.1 document: paths, parameters, answers. What is said of which route is in `entries`, shapes of tables in `tables`.

use super::entries::{Content, ENTRIES, Entry, GROUPS};
use super::number_entries::NUMBER_ENTRIES;
use super::role_entries::ROLE_ENTRIES;
use super::search_entries::SEARCH_ENTRIES;
use super::tables::Table;
use crate::model::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;

/// What lies in `components.json`, with the answers that every refusal has.
pub static COMPONENTS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let mut components: Map<String, Value> = serde_json::from_str(include_str!("components.json")).unwrap_or_default();
    let answer = |what: &str| json!({"description": what, "content": {"application/json": {"schema": reference("schemas", "Error")}}});
    let responses = PROBLEMS.iter().map(|(_, name, what)| ((*name).to_owned(), answer(what)));
    components.insert("responses".to_owned(), Value::Object(responses.collect()));
    let session = json!({"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Set by POST /auth/login"});
    components.insert("securitySchemes".to_owned(), json!({"session": session}));
    components
});

/// The refusals that documents name; a component for each.
const PROBLEMS: [(u16, &str, &str); 10] = [
    (400, "Invalid", "A rule is broken or the request cannot be read: nothing was done"),
    (401, "Unauthorized", "Nobody is signed in, or the credential is wrong"),
    (403, "Forbidden", "Who is signed in may not do this, or a foreign page asks with a cookie"),
    (404, "NotFound", "There is no such thing; the nearest name is told"),
    (409, "Conflict", "What is there stands against it"),
    (410, "Gone", "The change log no longer goes back so far"),
    (412, "Outdated", "The record has changed meanwhile"),
    (413, "TooLarge", "The body is too long"),
    (429, "TooMany", "Try again after Retry-After seconds"),
    (503, "Busy", "Try again after Retry-After seconds"),
];

/// `#/components/schemas/App`.
pub fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

/// A document with these paths; components that nothing in them needs are left out.
pub fn document(title: &str, about: &str, paths: Map<String, Value>, tables: &[Table<'_>]) -> Value {
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    let used: HashSet<&str> = operations.filter_map(|operation| operation.pointer("/tags/0")?.as_str()).collect();
    let own = tables.iter().map(|table| (table.group.as_str(), "A table of this app"));
    let groups = GROUPS.into_iter().chain(own).filter(|(group, _)| used.contains(group));
    let tags: Vec<Value> = groups.map(|(name, what)| json!({"name": name, "description": what})).collect();
    let mut components = COMPONENTS.clone();
    if let Some(schemas) = components.get_mut("schemas").and_then(Value::as_object_mut) {
        schemas.extend(tables.iter().flat_map(Table::components));
    }
    keep_used(&mut components, &paths);
    json!({
        "openapi": "3.1.0",
        "info": {"title": title, "version": env!("CARGO_PKG_VERSION"), "description": about},
        "servers": [{"url": "/"}],
        "security": [{"session": []}],
        "tags": tags,
        "paths": paths,
        "components": components,
    })
}

/// Adds what an entry says to the paths. With a table its names and shapes stand for the open ones.
pub fn add(paths: &mut Map<String, Value>, entry: &Entry, app: Option<&str>, table: Option<&Table<'_>>) -> Result<()> {
    let (method, pattern) = entry.route.split_once(' ').ok_or_else(|| Error::internal(format!("no route: {}", entry.route)))?;
    let mut path = pattern.to_owned();
    if let Some(app) = app {
        path = path.replace("{app}", app);
    }
    if let Some(table) = table {
        path = path.replace("{schema}", &table.shapes.schema.slug);
    }
    let operation = operation(entry, &path, table);
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item.as_object_mut().map(|item| item.insert(method.to_ascii_lowercase(), operation));
    Ok(())
}

/// One for every route.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().chain(&NUMBER_ENTRIES).chain(&ROLE_ENTRIES).chain(&SEARCH_ENTRIES)
}

/// Entries of the document of an app.
pub fn of_app() -> impl Iterator<Item = &'static Entry> {
    all().filter(|entry| entry.route.contains("/api/apps/{app}") || entry.group == "Session")
}

/// Whether an entry is said anew for every table.
pub fn is_about_records(entry: &Entry) -> bool {
    entry.group == "Records"
}

fn operation(entry: &Entry, path: &str, table: Option<&Table<'_>>) -> Value {
    let id = table.map_or_else(|| entry.id.to_owned(), |table| format!("{}_of_{}", entry.id, table.suffix));
    let group = table.map_or(entry.group, |table| table.group.as_str());
    let mut operation = Map::from_iter([
        ("operationId".to_owned(), Value::from(id)),
        ("tags".to_owned(), json!([group])),
        ("summary".to_owned(), Value::from(entry.summary)),
    ]);
    if !entry.about.is_empty() {
        operation.insert("description".to_owned(), Value::from(entry.about));
    }
    let parameters = parameters(entry, path, table);
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if !matches!(entry.body, Content::Nothing) {
        // An empty form comes back to be filled in.
        let is_required = !matches!(entry.body, Content::Form(_)) && !entry.may_lack_body;
        operation.insert("requestBody".to_owned(), json!({"required": is_required, "content": content(entry.body, table)}));
    }
    operation.insert("responses".to_owned(), Value::Object(answers(entry, path, table)));
    if entry.is_open {
        operation.insert("security".to_owned(), json!([]));
    }
    Value::Object(operation)
}

fn parameters(entry: &Entry, path: &str, table: Option<&Table<'_>>) -> Vec<Value> {
    let names = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = names.map(|name| reference("parameters", name)).collect();
    for name in entry.query {
        match (*name, table) {
            ("sort", Some(table)) => parameters.push(table.sort()),
            ("filter", Some(table)) => parameters.extend(table.filters()),
            _ => parameters.push(reference("parameters", name)),
        }
    }
    parameters
}

fn answers(entry: &Entry, path: &str, table: Option<&Table<'_>>) -> Map<String, Value> {
    let mut answers = Map::new();
    for (status, sent) in std::iter::once(&entry.answer).chain(entry.more) {
        let mut answer = Map::from_iter([("description".to_owned(), Value::from(if *status == 302 { "To another page" } else { "Done" }))]);
        let headers: Map<String, Value> = entry.headers.iter().map(|name| ((*name).to_owned(), reference("headers", name))).collect();
        if !headers.is_empty() {
            answer.insert("headers".to_owned(), Value::Object(headers));
        }
        if !matches!(sent, Content::Nothing) {
            answer.insert("content".to_owned(), content(*sent, table));
        }
        answers.insert(status.to_string(), Value::Object(answer));
    }
    let always = [
        (400, true),
        (401, !entry.is_open),
        (403, !entry.is_open),
        (404, path.contains('{') || table.is_some() || entry.route.contains("{app}")),
    ];
    let with_body = [(413, !matches!(entry.body, Content::Nothing)), (503, true)];
    let may =
        |status: u16| always.iter().chain(&with_body).any(|(known, may)| *known == status && *may) || entry.problems.contains(&status);
    let refused = PROBLEMS.iter().filter(|(status, _, _)| may(*status));
    answers.extend(refused.map(|(status, name, _)| (status.to_string(), reference("responses", name))));
    answers
}

fn content(content: Content, table: Option<&Table<'_>>) -> Value {
    let named = |name: &str| table.and_then(|table| table.named(name)).unwrap_or_else(|| name.to_owned());
    let all = media(content).into_iter().map(|(kind, name)| (kind.to_owned(), json!({"schema": reference("schemas", &named(name))})));
    Value::Object(all.collect())
}

fn media(content: Content) -> Vec<(&'static str, &'static str)> {
    match content {
        Content::Nothing => Vec::new(),
        Content::Json(name) => vec![("application/json", name)],
        Content::Form(name) => vec![("application/json", name), ("application/x-www-form-urlencoded", "Form")],
        Content::Media(all) => all.to_vec(),
    }
}

/// Leaves the components out that neither the paths nor other components name.
fn keep_used(components: &mut Map<String, Value>, paths: &Map<String, Value>) {
    let (mut used, mut todo) = (HashSet::new(), Vec::new());
    paths.values().for_each(|path| names(path, &mut todo));
    while let Some(name) = todo.pop() {
        if let Some(shape) = name.split_once('/').and_then(|(kind, name)| components.get(kind)?.get(name)).filter(|_| !used.contains(&name))
        {
            names(shape, &mut todo);
            used.insert(name);
        }
    }
    for (kind, all) in components.iter_mut().filter(|(kind, _)| *kind != "securitySchemes") {
        if let Some(all) = all.as_object_mut() {
            all.retain(|name, _| used.contains(&format!("{kind}/{name}")));
        }
    }
}

/// Adds the components that a piece of a document names: `schemas/App`.
fn names(piece: &Value, found: &mut Vec<String>) {
    match piece {
        Value::Object(map) => {
            let name = map.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/components/"));
            found.extend(name.map(str::to_owned));
            map.values().for_each(|piece| names(piece, found));
        }
        Value::Array(pieces) => pieces.iter().for_each(|piece| names(piece, found)),
        _ => {}
    }
}
