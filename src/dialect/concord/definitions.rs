//! Custom fields in this dialect's words: its fourteen types, and fields as they are told and declared. [seed: the types; guess: the rest]

use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::name::{label_from, quoted};
use crate::model::schema::Schema;
use serde_json::{Map, Value, json};

/// Our field types, each with its name here.
pub const TYPES: [(&str, &str); 14] = [
    ("boolean", "Boolean"),
    ("color", "ColorSwatch"),
    ("checklist", "Checkbox"),
    ("date", "Date"),
    ("datetime", "DateTime"),
    ("multiselect", "MultiSelect"),
    ("integer", "Number"),
    ("decimal", "Numeric"),
    ("radio", "Radio"),
    ("url", "URL"),
    ("select", "Select"),
    ("text", "Text"),
    ("textarea", "Textarea"),
    ("timezone", "Timezone"),
];

/// decimal(15,3) [seed].
const DIGITS: u64 = 15;
const DIGITS_AFTER_POINT: u64 = 3;
/// Of a Text [convention].
const TEXT_CHARS_MAX: u64 = 255;

/// A field as it is told.
pub fn told(schema: &Schema, field: &Field) -> Value {
    let option = |choice: &crate::model::field::Choice| json!({"id": choice.id, "name": choice.label, "swatch_color": choice.color});
    json!({
        "id": format!("{}.{}", schema.slug, field.slug), "field_id": field.slug, "label": field.name, "field_type": type_of(field),
        "resource_name": schema.slug, "is_unique": field.unique, "is_required": field.required,
        "options": field.rules.choices.iter().map(option).collect::<Vec<_>>(),
    })
}

/// A type of this dialect; of a field that is of none of them, the house's word with a capital.
fn type_of(field: &Field) -> String {
    let alike = match field.type_name.as_str() {
        "email" | "phone" => "text",
        "money" | "number" => "decimal",
        "sequence" => "integer",
        other => other,
    };
    TYPES.iter().find(|(house, _)| *house == alike).map_or_else(|| label_from(alike), |(_, own)| (*own).to_owned())
}

/// A new field as it is declared in an app file.
pub fn declared(body: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut problems = Vec::new();
    let slug = text(body, "field_id", &mut problems);
    let label = text(body, "label", &mut problems);
    let wanted = text(body, "field_type", &mut problems);
    let is_id = |id: &str| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if slug.as_deref().is_some_and(|slug| !is_id(slug)) {
        problems.push(Problem::of("field_id", "form", "Field 'field_id' must be lower-case letters, digits and _").hint("cf_budget"));
    }
    let house =
        wanted.as_deref().and_then(|wanted| TYPES.iter().find(|(_, own)| own.eq_ignore_ascii_case(wanted)).map(|(house, _)| *house));
    if let (Some(wanted), None) = (&wanted, house) {
        let names = TYPES.map(|(_, own)| own);
        let problem =
            Problem::of("field_type", "option", format!("Field 'field_type' cannot be {}; there are {}", quoted(wanted), names.join(", ")));
        problems.push(problem.did_you_mean(wanted, names.into_iter()));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let house = house.unwrap_or("text");
    let mut declared = changed(None, body)?;
    declared.extend([("slug".to_owned(), json!(slug)), ("name".to_owned(), json!(label)), ("type".to_owned(), json!(house))]);
    match house {
        "decimal" => declared.extend([("precision".to_owned(), json!(DIGITS)), ("scale".to_owned(), json!(DIGITS_AFTER_POINT))]),
        "text" => drop(declared.insert("max_length".to_owned(), json!(TEXT_CHARS_MAX))),
        _ => {}
    }
    Ok(declared)
}

/// What changes of a field, in the form of app files. Options that have an id keep the value that records hold.
pub fn changed(field: Option<&Field>, body: &Map<String, Value>) -> Result<Map<String, Value>> {
    let mut changed = Map::new();
    for (own, house) in [("label", "name"), ("is_unique", "unique"), ("is_required", "required")] {
        if let Some(value) = body.get(own).filter(|value| !value.is_null()) {
            changed.insert(house.to_owned(), flag(value));
        }
    }
    match body.get("options") {
        None | Some(Value::Null) => {}
        Some(Value::Array(options)) => {
            let options = options.iter().enumerate().map(|(at, sent)| option(field, options, at, sent)).collect::<Result<Vec<_>>>()?;
            changed.insert("options".to_owned(), Value::Array(options));
        }
        Some(_) => {
            return Err(Error::invalid(Problem::of("options", "type", "Field 'options' must be an array").hint("[{\"name\": \"Red\"}]")));
        }
    }
    Ok(changed)
}

/// Problems with the field of this slug under the keys that were sent.
pub fn renamed(slug: &str, error: Error) -> Error {
    let place = |problem: Problem| {
        let key = match problem.field.as_deref() {
            Some("name") => "label",
            Some("type") => "field_type",
            Some("unique") => "is_unique",
            Some("required") => "is_required",
            Some("options") => "options",
            Some(field) if field == slug && matches!(problem.code, "options" | "option") => "options",
            Some(field) if field == slug && problem.code == "required" => "is_required",
            Some(field) if field == slug || field == "slug" => "field_id",
            _ => return problem,
        };
        // What table it is in is known.
        let message = match problem.message.split_once("': Field '") {
            Some((_, rest)) if problem.message.starts_with("Table '") => format!("Field '{rest}"),
            _ => problem.message,
        };
        Problem { field: Some(key.to_owned()), message, ..problem }
    };
    match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(place).collect()),
        Error::Conflict(problem) => Error::Conflict(place(problem)),
        other => other,
    }
}

/// Laravel's `boolean`: 1 and 0 will do.
fn flag(value: &Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64() == Some(1) => Value::Bool(true),
        Value::Number(number) if number.as_i64() == Some(0) => Value::Bool(false),
        other => other.clone(),
    }
}

fn text(body: &Map<String, Value>, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let found = body.get(key).and_then(Value::as_str).map(str::to_owned);
    if found.is_none() {
        problems.push(Problem::of(key, "required", format!("Field '{key}' is required")));
    }
    found
}

/// The value of a new option: its name, unless records hold that for an option that stays under another name.
fn new_value(field: Option<&Field>, all: &[Value], name: &str) -> String {
    let choices = field.map(|field| field.rules.choices.as_slice()).unwrap_or_default();
    let stays = |id: i64| all.iter().any(|sent| sent.get("id").and_then(number) == Some(id));
    let is_taken = |value: &str| choices.iter().any(|choice| choice.value == value && (value != name || stays(choice.id)));
    let others = (2_u64..).map(|number| format!("{name} {number}"));
    std::iter::once(name.to_owned()).chain(others).find(|value| !is_taken(value)).unwrap_or_default()
}

/// A whole number, which may come as a text [convention].
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// `{"id"?, "name", "swatch_color"?}`, or the name alone.
fn option(field: Option<&Field>, all: &[Value], at: usize, sent: &Value) -> Result<Value> {
    let key = format!("options.{at}");
    let refused = |rest: &str| Error::invalid(Problem::of(&key, "type", format!("Field '{key}' {rest}")).hint("{\"name\": \"Red\"}"));
    let (id, name, color) = match sent {
        Value::String(name) => (None, Some(name.as_str()), None),
        Value::Object(option) => {
            let text = |key: &str| option.get(key).and_then(Value::as_str);
            let id = option.get("id").filter(|id| !id.is_null());
            // An id that cannot be read never means a new option: the one that was meant would go.
            let id = id.map(|id| number(id).ok_or_else(|| refused("has an id that is no whole number"))).transpose()?;
            (id, text("name"), text("swatch_color"))
        }
        _ => return Err(refused("must be an object with a name")),
    };
    let known = id.and_then(|id| field?.rules.choices.iter().find(|choice| choice.id == id));
    let name = name.or(known.map(|known| known.label.as_str())).ok_or_else(|| refused("must have a name"))?;
    let value = match (id, known) {
        (Some(_), None) => return Err(refused("has an id that is no option of this field")),
        (_, Some(known)) => known.value.clone(),
        (None, None) => new_value(field, all, name),
    };
    let color = color.or(known.and_then(|known| known.color.as_deref()));
    Ok(match color {
        Some(color) => json!({"value": value, "label": name, "color": color}),
        None => json!({"value": value, "label": name}),
    })
}
