//! The app file: one app, its schemas and optionally records, as JSON that people write and read. Here is its form; whether it makes sense is decided in `ops/apply`.

use crate::model::error::{Error, Problem, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

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
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
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

/// Reads an app file; the refusal says where in the file the form is not right.
pub fn parse(text: &str) -> Result<AppFile> {
    let file: AppFile = serde_json::from_str(text).map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        Error::Malformed(Problem::new(
            "malformed",
            format!("The app file is not right at line {}, column {}: {why}", error.line(), error.column()),
        ))
    })?;
    match file.carryall {
        1 => Ok(file),
        other => Err(Error::invalid(
            Problem::new("version", format!("The app file has the form {other}; this program knows form 1")).hint("\"carryall\": 1"),
        )),
    }
}
