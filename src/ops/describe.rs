//! What the records of an app look like, as JSON Schema (2020-12): one for what goes out, one for a create, one for a change. Which addresses take
//! and give them is a dialect's to say.
//!
//! A field's kind says most of it. A type that needs a word more has a line in `REFINED`.

use super::access;
use crate::field::{DECIMAL_DIGITS_MAX, FIELD_TYPES, TEXT_CHARS_MAX};
use crate::model::app::App;
use crate::model::error::Result;
use crate::model::field::{Field, Kind};
use crate::model::principal::Caller;
use crate::model::schema::{SYSTEM_KEYS, Schema};
use crate::store::engine::ReadTx;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// An app and the shapes of its records, in the order of the schemas.
pub struct Described {
    pub app: Arc<App>,
    pub shapes: Vec<Shapes>,
}

/// JSON Schemas of one schema's records.
pub struct Shapes {
    pub schema: Arc<Schema>,
    /// As it goes out.
    pub record: Value,
    /// As it comes in to be created, and to be changed.
    pub create: Value,
    pub change: Value,
    /// By field: the text in a query string by which records are found.
    pub asked: Vec<(String, Value)>,
    /// Names a list can be sorted by.
    pub sortable: Vec<String>,
}

/// What a type says beyond its kind.
struct Refined {
    type_name: &'static str,
    format: Option<&'static str>,
    example: Option<&'static str>,
}

const REFINED: [Refined; 5] = [
    refined("email", Some("email"), Some("ann@example.com")),
    refined("url", Some("uri"), Some("https://example.com/")),
    refined("phone", None, Some("+49 30 901820")),
    refined("color", None, Some("#1e90ff")),
    refined("timezone", None, Some("Europe/Berlin")),
];

const fn refined(type_name: &'static str, format: Option<&'static str>, example: Option<&'static str>) -> Refined {
    Refined { type_name, format, example }
}

/// The id of a record as it goes out, and every form in which one comes in.
const ID: &str = "^rec_[1-9][0-9]*$";
const ID_SENT: &str = "^(rec_)?[1-9][0-9]*$";

/// The field types, in the order in which they are offered.
pub fn type_names() -> impl Iterator<Item = &'static str> {
    FIELD_TYPES.iter().map(|type_| type_.name())
}

/// The shapes of an app's records.
pub fn app(tx: &ReadTx<'_>, who: &Caller, slug: &str) -> Result<Described> {
    let app = access::app(tx.catalog(), who, slug)?;
    let known = access::schemas(tx.catalog(), who, app.id);
    let shapes = known.iter().map(|schema| {
        let seen = access::sight(tx.catalog(), who, schema);
        shapes(&seen.schema, &seen.read_only)
    });
    let shapes = shapes.collect();
    Ok(Described { app, shapes })
}

fn shapes(schema: &Arc<Schema>, read_only: &[String]) -> Shapes {
    let fields = || schema.fields.iter();
    let can_be_asked = |field: &&Field| field.kind != Kind::Lines;
    let asked = fields().filter(can_be_asked).map(|field| (field.slug.clone(), asked(field))).collect();
    let stamps = ["id", "created_at", "updated_at"].map(str::to_owned);
    let sortable =
        fields().filter(can_be_asked).filter(|field| !field.kind.is_set()).map(|field| field.slug.clone()).chain(stamps).collect();
    Shapes {
        schema: schema.clone(),
        record: record(schema),
        create: sent(schema, read_only, true),
        change: sent(schema, read_only, false),
        asked,
        sortable,
    }
}

fn record(schema: &Schema) -> Value {
    let stamp = |what: &str| json!({"type": "string", "format": "date-time", "readOnly": true, "description": what});
    let mut properties = Map::new();
    properties.insert("id".to_owned(), json!({"type": "string", "pattern": ID, "readOnly": true, "examples": ["rec_7"]}));
    for field in &schema.fields {
        let shape = if field.required && !is_read_only(field) { stored(field) } else { nullable(stored(field)) };
        properties.insert(field.slug.clone(), described(field, shape));
    }
    properties.insert("created_at".to_owned(), stamp("When it was made"));
    properties.insert("updated_at".to_owned(), stamp("When it was last changed"));
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "description": format!("A record of the table {}", schema.name), "required": required, "properties": properties})
}

/// What a client may send: every field but those that the server fills in; a create has what is required.
fn sent(schema: &Schema, read_only: &[String], is_create: bool) -> Value {
    let is_read_only = |field: &Field| is_read_only(field) || read_only.contains(&field.slug);
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in schema.fields.iter().filter(|field| !is_read_only(field)) {
        let mut shape = taken(field);
        if !field.required {
            shape = nullable(shape);
        } else if field.default.is_null() {
            required.push(field.slug.as_str());
        }
        let mut shape = described(field, shape);
        if let Some(shape) = shape.as_object_mut().filter(|_| is_create && !field.default.is_null()) {
            shape.insert("default".to_owned(), field.default.clone());
        }
        properties.insert(field.slug.clone(), shape);
        if !is_create && field.kind.takes_steps() {
            for (sign, what) in [('+', "Added to"), ('-', "Taken away from")] {
                let mut shape = if field.kind.is_set() { taken(field) } else { stepped(field) };
                if let Some(shape) = shape.as_object_mut() {
                    shape.insert("description".to_owned(), Value::from(format!("{what} what is stored")));
                }
                properties.insert(format!("{}{sign}", field.slug), shape);
            }
        }
    }
    let read_only = schema.fields.iter().filter(|field| is_read_only(field)).map(|field| field.slug.as_str());
    for key in SYSTEM_KEYS.into_iter().chain(read_only) {
        properties
            .insert(key.to_owned(), json!({"description": "Taken and ignored, so that what was read may be sent back", "readOnly": true}));
    }
    let mut shape = json!({"type": "object", "additionalProperties": false, "properties": properties});
    if let Some(shape) = shape.as_object_mut().filter(|_| is_create && !required.is_empty()) {
        shape.insert("required".to_owned(), Value::from(required));
    }
    shape
}

/// By what a number changes: its bounds are for the result.
fn stepped(field: &Field) -> Value {
    json!({"type": if field.kind == Kind::Integer { "integer" } else { "number" }})
}

/// A value as it lies in the data, when there is one.
fn stored(field: &Field) -> Value {
    let options = || field.rules.choices.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>();
    let length = || json!({"type": "string", "maxLength": field.rules.max_length.unwrap_or(TEXT_CHARS_MAX)});
    let mut shape = match field.kind {
        Kind::Text if !field.rules.choices.is_empty() => json!({"type": "string", "enum": options()}),
        Kind::Text => length(),
        Kind::Integer => json!({"type": "integer", "format": "int64"}),
        Kind::Decimal => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Date => json!({"type": "string", "format": "date", "examples": ["2024-12-31"]}),
        Kind::Datetime => json!({"type": "string", "format": "date-time", "examples": ["2024-12-31T18:30:00Z"]}),
        Kind::Reference => json!({"type": "string", "pattern": ID, "examples": ["rec_1"]}),
        Kind::Json => json!({}),
        Kind::Set if field.rules.choices.is_empty() => json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true}),
        Kind::Set => json!({"type": "array", "items": {"type": "string", "enum": options()}, "uniqueItems": true}),
        Kind::Links | Kind::Lines => {
            json!({"type": "array", "items": {"type": "string", "pattern": ID}, "uniqueItems": true, "examples": [["rec_1"]]})
        }
        Kind::User => json!({"type": "integer", "minimum": 1, "examples": [1]}),
        Kind::Sequence => json!({"type": "integer", "format": "int64"}),
    };
    let Some(map) = shape.as_object_mut() else { return shape };
    if matches!(field.kind, Kind::Integer | Kind::Decimal) {
        let bounds = [("minimum", &field.rules.min), ("maximum", &field.rules.max)];
        map.extend(bounds.into_iter().filter_map(|(key, bound)| Some((key.to_owned(), bound.clone()?))));
    }
    if let Some(refined) = REFINED.iter().find(|refined| refined.type_name == field.type_name) {
        map.extend(refined.format.map(|format| ("format".to_owned(), Value::from(format))));
        map.extend(refined.example.map(|example| ("examples".to_owned(), json!([example]))));
    }
    map.extend(is_read_only(field).then(|| ("readOnly".to_owned(), Value::Bool(true))));
    shape
}

/// A value as it may be sent: more forms than are stored.
fn taken(field: &Field) -> Value {
    let mut shape = stored(field);
    match field.kind {
        Kind::Reference => {
            json!({"anyOf": [{"type": "string", "pattern": ID_SENT}, {"type": "integer", "minimum": 1}], "examples": ["rec_1"]})
        }
        Kind::Links => {
            let id = json!({"anyOf": [{"type": "string", "pattern": ID_SENT}, {"type": "integer", "minimum": 1}]});
            several(id, field.required)
        }
        Kind::Set => several(shape.get("items").cloned().unwrap_or_default(), field.required),
        Kind::Boolean => json!({"anyOf": [{"type": "boolean"}, {"enum": [0, 1, "0", "1", "true", "false"]}]}),
        Kind::Decimal => json!({"anyOf": [shape, {"type": "string", "pattern": "^\\s*-?[0-9]+(\\.[0-9]+)?\\s*$"}]}),
        // An offset may be left out, and a space stand for the T: RFC 3339 is what is promised.
        Kind::Text if field.required && field.rules.choices.is_empty() => {
            shape.as_object_mut().map(|map| map.insert("minLength".to_owned(), Value::from(1)));
            shape
        }
        Kind::User => json!({"anyOf": [shape, {"type": "string", "pattern": "^[1-9][0-9]*$"}]}),
        Kind::Text | Kind::Integer | Kind::Date | Kind::Datetime | Kind::Json | Kind::Sequence | Kind::Lines => shape,
    }
}

/// An array; one alone is an array of one.
fn several(element: Value, is_required: bool) -> Value {
    let many = json!({"type": "array", "items": element, "maxItems": 1_000, "minItems": u8::from(is_required)});
    json!({"anyOf": [many, element]})
}

/// In a query string a value is a text; no text at all asks for records without one.
fn asked(field: &Field) -> Value {
    let shape = stored(field);
    let scalar = shape.get("items").unwrap_or(&shape);
    let mut map = Map::new();
    for key in ["type", "enum", "format", "pattern"] {
        map.extend(scalar.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    match field.kind {
        Kind::Json | Kind::Lines => json!({"type": "string"}),
        Kind::Text if field.rules.choices.is_empty() && !map.contains_key("format") => Value::Object(map),
        Kind::Reference | Kind::Links => json!({"type": "string", "pattern": format!("^$|{ID_SENT}")}),
        Kind::Boolean => json!({"type": "string", "enum": ["true", "false", "1", "0", ""]}),
        _ => json!({"anyOf": [Value::Object(map), {"type": "string", "const": ""}]}),
    }
}

fn is_read_only(field: &Field) -> bool {
    field.is_given()
}

/// The same with `null` for no value.
fn nullable(mut shape: Value) -> Value {
    let Some(map) = shape.as_object_mut() else { return shape };
    if let Some(kind) = map.get("type").cloned() {
        map.insert("type".to_owned(), json!([kind, "null"]));
    }
    if let Some(options) = map.get_mut("enum").and_then(Value::as_array_mut) {
        options.push(Value::Null);
    }
    if let Some(forms) = map.get_mut("anyOf").and_then(Value::as_array_mut) {
        forms.push(json!({"type": "null"}));
    }
    shape
}

/// With the field's name, and in words what a JSON Schema cannot say.
fn described(field: &Field, mut shape: Value) -> Value {
    let rules = &field.rules;
    let mut words = Vec::new();
    words.extend(rules.target.as_ref().map(|target| format!("References {target}.")));
    words.extend(field.unique.then(|| "Unique.".to_owned()));
    if field.kind == Kind::Decimal {
        words.push(format!("Exact, at most {} digits.", rules.precision.unwrap_or(DECIMAL_DIGITS_MAX)));
        words.extend(rules.scale.map(|scale| format!("At most {scale} of them after the point.")));
    }
    if field.kind == Kind::Date {
        words.extend(rules.min.as_ref().and_then(Value::as_str).map(|min| format!("Not before {min}.")));
        words.extend(rules.max.as_ref().and_then(Value::as_str).map(|max| format!("Not after {max}.")));
    }
    if let Some(map) = shape.as_object_mut() {
        map.insert("title".to_owned(), Value::from(field.name.as_str()));
        if !words.is_empty() {
            map.insert("description".to_owned(), Value::from(words.join(" ")));
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field;
    use crate::model::field::Choice;

    fn of(type_name: &str, change: impl FnOnce(&mut Field)) -> Field {
        let mut field = Field::plain("x", field::find(type_name).expect("a type"));
        change(&mut field);
        field
    }

    #[test]
    fn a_rule_of_a_field_is_a_word_of_its_schema() {
        let choice = |value: &str| Choice { id: 1, value: value.into(), label: value.into(), color: None };
        let select = of("select", |field| field.rules.choices = vec![choice("lead"), choice("won")]);
        assert_eq!(nullable(stored(&select)), json!({"type": ["string", "null"], "enum": ["lead", "won", null]}));
        let age = of("integer", |field| (field.rules.min, field.rules.max) = (Some(json!(0)), Some(json!(150))));
        assert_eq!(stored(&age), json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": 150}));
        let name = of("text", |field| (field.required, field.rules.max_length) = (true, Some(60)));
        assert_eq!(taken(&name), json!({"type": "string", "maxLength": 60, "minLength": 1}));
        let email = of("email", |_| {});
        assert_eq!(stored(&email).get("format"), Some(&json!("email")));
        let company = of("reference", |field| field.rules.target = Some("companies".into()));
        assert_eq!(described(&company, stored(&company)).get("description"), Some(&json!("References companies.")));
    }

    #[test]
    fn every_type_has_a_shape_and_only_types_of_the_plan_are_refined() {
        for type_ in FIELD_TYPES {
            let field = Field::plain("x", type_);
            for shape in [stored(&field), taken(&field), asked(&field)] {
                assert!(shape.is_object(), "{}: {shape}", type_.name());
            }
        }
    }
}
