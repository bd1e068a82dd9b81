//! A collection for Postman (form 2.1) of one app in one dialect: every operation on every table, with values that its fields take, in an order in which
//! all of them succeed. It cleans up after itself.

use crate::dialect::contract::Dialect;
use crate::dialect::contract::about::{Auth, Operation};
use crate::model::field::{Field, Kind};
use crate::model::schema::Schema;
use crate::ops::describe::{Described, Shapes};
use crate::ops::example;
use serde_json::{Map, Value, json};

const FORM: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
/// What Postman puts a new number for, each time.
const FRESH_NUMBER: &str = "{{$randomInt}}";
/// The same with a text that nobody has.
const FRESH_TEXT: &str = "{{$guid}}";

/// A little more than a window of requests lasts.
const MINUTE_MS: &str = "60500";

pub fn of(described: &Described, dialect: &Dialect, origin: &str) -> Value {
    let app = &described.app;
    let tables = in_order(&described.shapes);
    let writer = Writer { dialect, app: &app.slug, uuid: &app.uuid };
    let is_last = |one: &&Operation| one.method == "DELETE";
    let is_of_tables = |one: &&Operation| one.path.contains("{schema}");
    let folder = |shapes: &Shapes| {
        let operations = dialect.about.operations.iter().filter(is_of_tables).filter(|one| !is_last(one));
        json!({"name": shapes.schema.name, "item": operations.map(|one| writer.item(one, Some(shapes), one.name)).collect::<Vec<_>>()})
    };
    let alone = dialect.about.operations.iter().filter(|one| !is_of_tables(one)).map(|one| writer.item(one, None, one.name));
    let mut items: Vec<Value> = alone.collect();
    items.extend(tables.iter().map(|shapes| folder(shapes)));
    let deletes: Vec<&Operation> = dialect.about.operations.iter().filter(is_of_tables).filter(is_last).collect();
    // Those that others point to go after them.
    let gone = tables
        .iter()
        .rev()
        .flat_map(|shapes| deletes.iter().map(|one| writer.item(one, Some(shapes), &format!("{} from {}", one.name, shapes.schema.name))));
    if !deletes.is_empty() {
        items.push(json!({"name": "Clean up", "item": gone.collect::<Vec<_>>()}));
    }
    let mut collection = json!({
        "info": {"name": format!("{} ({})", app.name, dialect.about.name), "description": about(dialect), "schema": FORM},
        "auth": auth(dialect.about.auth),
        "variable": variables(dialect, origin),
        "item": items,
    });
    if let Some(collection) = collection.as_object_mut().filter(|_| dialect.gate.is_some()) {
        collection.insert("event".to_owned(), pace());
    }
    collection
}

/// Before a request that would be one too many a minute is waited: the answer before told that none is left. Scripts of a whole collection are run at each
/// request, and a request is sent when the timers of its script have run out, in Postman as in Newman.
fn pace() -> Value {
    let script = |listen: &str, exec: &[&str]| json!({"listen": listen, "script": {"type": "text/javascript", "exec": exec}});
    json!([
        script(
            "prerequest",
            &[
                "// None is left in this minute: the next one is waited for.",
                "if (pm.collectionVariables.get('requestsLeft') === '0') setTimeout(() => {}, Number(pm.variables.get('minute')));",
            ],
        ),
        script("test", &["pm.collectionVariables.set('requestsLeft', pm.response.headers.get('X-RateLimit-Remaining') || '');"]),
    ])
}

fn about(dialect: &Dialect) -> String {
    let how = match dialect.about.auth {
        Auth::Bearer => "Set the variable token to a personal token",
        Auth::Pair => "Set the variables key and secret to those of a token of the kind key-secret",
    };
    let pace = match dialect.gate {
        Some(_) => {
            " So many requests are answered in a minute; when none is left, which X-RateLimit-Remaining tells, the next one waits for the time in the \
             variable minute, in milliseconds. An app of more than ten tables takes more than a minute for that."
        }
        None => "",
    };
    format!(
        "{how} (POST /api/workspaces/default/tokens). Run from the top: it creates a record in every table and deletes them at its end.{pace}"
    )
}

fn auth(auth: Auth) -> Value {
    match auth {
        Auth::Bearer => json!({"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]}),
        // Two headers are more than Postman's own form of a key can say: every request has them.
        Auth::Pair => json!({"type": "noauth"}),
    }
}

fn variables(dialect: &Dialect, origin: &str) -> Value {
    let secrets: &[&str] = match dialect.about.auth {
        Auth::Bearer => &["token"],
        Auth::Pair => &["key", "secret"],
    };
    let variable = |key: &str, value: &str| json!({"key": key, "value": value, "type": "string"});
    let minute = dialect.gate.as_ref().map(|_| variable("minute", MINUTE_MS));
    std::iter::once(variable("baseUrl", origin)).chain(secrets.iter().map(|key| variable(key, ""))).chain(minute).collect()
}

/// Tables before those whose records need one of theirs.
fn in_order(all: &[Shapes]) -> Vec<&Shapes> {
    let mut left: Vec<&Shapes> = all.iter().collect();
    let mut ordered: Vec<&Shapes> = Vec::new();
    while !left.is_empty() {
        let needs = |shapes: &Shapes| {
            let targets = shapes.schema.fields.iter().filter(|field| field.required).filter_map(|field| field.rules.target.as_deref());
            targets.filter(|target| *target != shapes.schema.slug).any(|target| left.iter().any(|other| other.schema.slug == *target))
        };
        // Those that need each other cannot be put in order.
        let next = left.iter().position(|shapes| !needs(shapes)).unwrap_or_default();
        ordered.push(left.remove(next));
    }
    ordered
}

struct Writer<'w> {
    dialect: &'w Dialect,
    app: &'w str,
    uuid: &'w str,
}

impl Writer<'_> {
    fn item(&self, one: &Operation, shapes: Option<&Shapes>, name: &str) -> Value {
        let slug = shapes.map_or("", |shapes| shapes.schema.slug.as_str());
        let path = one.path.replace("{app}", self.app).replace("{uuid}", self.uuid);
        let path = path.replace("{schema}", slug).replace("{id}", &id_of(slug));
        let mut request = json!({"method": one.method, "header": self.headers(one), "url": url(&path)});
        if let (Some(request), Some(template)) = (request.as_object_mut(), one.body) {
            let raw = shapes.map_or_else(|| template.to_owned(), |shapes| self.filled(template, shapes));
            request.insert("body".to_owned(), json!({"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}));
        }
        let script = std::iter::once(format!("pm.test('{}', () => pm.response.to.have.status({}));", one.status, one.status));
        let keep = one.id_at.map(|at| format!("pm.collectionVariables.set('{}', pm.response.json(){});", variable(slug), accessor(at)));
        let exec: Vec<String> = script.chain(keep).collect();
        json!({
            "name": name, "request": request,
            "event": [{"listen": "test", "script": {"type": "text/javascript", "exec": exec}}],
        })
    }

    fn headers(&self, one: &Operation) -> Value {
        let mut headers = Vec::new();
        if one.body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        if self.dialect.about.auth == Auth::Pair {
            headers.extend([("x-api-key", "{{key}}"), ("x-api-secret", "{{secret}}")]);
        }
        if one.path.contains("{schema}") && !one.path.contains("{app}") && !one.path.contains("{uuid}") {
            headers.push(("X-Carryall-App", self.app));
        }
        headers.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
    }

    fn filled(&self, template: &str, shapes: &Shapes) -> String {
        let record = self.record(shapes);
        let is_plain = |field: &Field| field.kind == Kind::Text && !field.unique;
        let fields = || sent(shapes).filter(|field| record.contains_key(&field.slug));
        let changed = fields().find(|field| is_plain(field)).or_else(|| fields().next());
        let change: Map<String, Value> =
            changed.and_then(|field| Some((field.slug.clone(), record.get(&field.slug)?.clone()))).into_iter().collect();
        let places = [
            ("record", Value::Object(record.clone()).to_string()),
            ("change", Value::Object(change).to_string()),
            ("id", id_of(&shapes.schema.slug)),
        ];
        // One pass: what is put in may hold the word of a place.
        let mut pieces = template.split('$');
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let found = places.iter().find_map(|(word, value)| piece.strip_prefix(word).map(|rest| (value.as_str(), rest)));
            let (value, rest) = found.unwrap_or(("$", piece));
            text.push_str(value);
            text.push_str(rest);
        }
        text.replace(&format!("\"{FRESH_NUMBER}\""), FRESH_NUMBER)
    }

    fn record(&self, shapes: &Shapes) -> Map<String, Value> {
        let value = |field: &Field| Some((field.slug.clone(), (self.dialect.about.value)(field, example(field)?)));
        sent(shapes).filter_map(value).collect()
    }
}

/// Fields that the caller may fill.
fn sent(shapes: &Shapes) -> impl Iterator<Item = &Field> {
    let schema: &Schema = &shapes.schema;
    let taken = shapes.create.get("properties").and_then(Value::as_object);
    let is_taken = move |field: &&Field| {
        let shape = taken.and_then(|taken| taken.get(&field.slug));
        shape.is_some_and(|shape| shape.get("readOnly") != Some(&Value::Bool(true)))
    };
    schema.fields.iter().filter(is_taken)
}

/// A value that the field takes; none when it can stay empty and none is sure to be taken. What must be new each time is Postman's to make up.
fn example(field: &Field) -> Option<Value> {
    let target = || field.rules.target.as_deref().filter(|_| field.required).map(|target| Value::from(id_of(target)));
    let fresh = |form: &str| Some(Value::from(form.replace("{}", FRESH_TEXT)));
    match (field.kind, field.type_name.as_str()) {
        (Kind::Reference, _) => target(),
        (Kind::Links, _) => target().map(|id| json!([id])),
        (Kind::Integer | Kind::Decimal, _) if field.unique => Some(FRESH_NUMBER.into()),
        (Kind::Text, _) if !field.unique || field.rules.pattern.is_some() => example::of(field),
        (Kind::Text, "email") => fresh("{}@example.com"),
        (Kind::Text, "url") => fresh("https://example.com/{}"),
        (Kind::Text, "text" | "textarea") => fresh("{}"),
        _ => example::of(field),
    }
}

fn variable(slug: &str) -> String {
    format!("{slug}_id")
}

fn id_of(slug: &str) -> String {
    format!("{{{{{}}}}}", variable(slug))
}

/// `results.0.id` as JavaScript.
fn accessor(path: &str) -> String {
    path.split('.')
        .map(|step| if step.bytes().all(|byte| byte.is_ascii_digit()) { format!("[{step}]") } else { format!(".{step}") })
        .collect()
}

fn url(path: &str) -> Value {
    let (address, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<&str> = address.trim_start_matches('/').split('/').collect();
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let query: Vec<Value> = pairs.map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({"raw": format!("{{{{baseUrl}}}}{path}"), "host": ["{{baseUrl}}"], "path": segments, "query": query})
}
