//! The app file: one app, its schemas and optionally records, as JSON that people write and read. Here is its form; whether it makes sense is decided in `ops/apply`.

use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::json;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::fmt;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppFile {
    /// Version of the form; 1.
    pub carryall: u32,
    pub app: AppPart,
    #[serde(default)]
    pub schemas: Vec<SchemaPart>,
    /// By schema slug; `$ref` names a record inside the file, `{"$ref": "acme"}` points to it.
    #[serde(default)]
    pub records: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppPart {
    pub slug: String,
    pub uuid: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaPart {
    pub slug: String,
    pub name: Option<String>,
    pub model: Option<String>,
    pub display_field: Option<String>,
    #[serde(default)]
    pub fields: Vec<FieldPart>,
    #[serde(default)]
    pub unique: Vec<Vec<String>>,
    #[serde(default)]
    pub indexes: Vec<Vec<String>>,
    #[serde(default)]
    pub aliases: Value,
    #[serde(default)]
    pub rules: Value,
    #[serde(default)]
    pub methods: Value,
    #[serde(default)]
    pub effects: Value,
    #[serde(default)]
    pub views: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldPart {
    pub slug: String,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub unique: bool,
    #[serde(default)]
    pub index: bool,
    #[serde(default)]
    pub default: Value,
    pub options: Option<Vec<OptionPart>>,
    pub max_length: Option<u64>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    pub precision: Option<u64>,
    pub scale: Option<u64>,
    pub target: Option<String>,
    pub inverse: Option<String>,
    pub on_delete: Option<String>,
}

/// `"lead"`, or `{"value": "lead", "label": "Lead", "color": "green", "id": 10}`.
#[derive(Debug, Clone)]
pub enum OptionPart {
    Value(String),
    Full(FullOption),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullOption {
    pub value: String,
    pub label: Option<String>,
    pub color: Option<String>,
    pub id: Option<i64>,
}

impl<'de> Deserialize<'de> for OptionPart {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Self, D::Error> {
        struct Part;
        impl<'de> Visitor<'de> for Part {
            type Value = OptionPart;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an option: a text, or an object such as {\"value\": \"lead\", \"label\": \"Lead\"}")
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<OptionPart, E> {
                Ok(OptionPart::Value(value.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<OptionPart, A::Error> {
                FullOption::deserialize(MapAccessDeserializer::new(map)).map(OptionPart::Full)
            }
        }
        source.deserialize_any(Part)
    }
}

/// Reads an app file; the refusal says where in the file the form is not right.
pub fn parse(text: &str, depth_max: usize) -> Result<AppFile> {
    let value = json::parse(text.as_bytes(), depth_max).map_err(|error| located(error, text))?;
    match value.get("carryall").and_then(Value::as_u64) {
        Some(1) | None => {}
        Some(other) => {
            let problem = Problem::new("version", format!("The app file has the form {other}; this program knows form 1"));
            return Err(Error::invalid(problem.hint("\"carryall\": 1")));
        }
    }
    objects(&value)?;
    let file: AppFile = serde_json::from_str(text).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Error::Malformed(Problem::new(
            "malformed",
            format!("The app file is not right at line {}, column {}: {why}", error.line(), error.column()),
        ))
    })?;
    file.schemas.iter().try_for_each(not_yet)?;
    Ok(file)
}

/// The strict reader tells a byte; people look for a line.
fn located(error: Error, text: &str) -> Error {
    let Error::Malformed(problem) = error else { return error };
    let before = text.get(..problem.position.unwrap_or_default()).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let why = problem.message.replace("The body", "The app file").replace("the body", "the app file");
    Error::Malformed(Problem { message: format!("{why} (line {line})"), ..problem })
}

/// A reader of structures takes arrays for objects; people who write one made a slip.
fn objects(value: &Value) -> Result<()> {
    let list = |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let schemas = list(value, "schemas");
    let fields: Vec<Value> = schemas.iter().flat_map(|schema| list(schema, "fields")).collect();
    let named = [("The app file", Some(value)), ("'app'", value.get("app"))].into_iter();
    let named = named
        .chain(schemas.iter().map(|schema| ("Each of 'schemas'", Some(schema))))
        .chain(fields.iter().map(|field| ("Each of 'fields'", Some(field))));
    let wrong = named.filter_map(|(name, value)| Some((name, value?))).find(|(_, value)| !value.is_object());
    wrong.map_or(Ok(()), |(name, value)| {
        Err(Error::invalid(Problem::new("type", format!("{name} must be an object, not {}", described(value)))))
    })
}

/// Parts of the form that this program does not fill with life yet may stand there empty.
fn not_yet(schema: &SchemaPart) -> Result<()> {
    let parts = [
        ("aliases", &schema.aliases),
        ("rules", &schema.rules),
        ("methods", &schema.methods),
        ("effects", &schema.effects),
        ("views", &schema.views),
    ];
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    match parts.into_iter().find(|(_, value)| !empty(value)) {
        Some((name, _)) => Err(Error::invalid(Problem::new(
            "not_yet",
            format!("Table '{}' has {name}, which this version does not know yet; take them out", schema.slug),
        ))),
        None => Ok(()),
    }
}
