//! The app file: one app, its schemas and optionally records, as JSON that people write and read. Here is its form (its parts are in `parts`);
//! whether it makes sense is decided in `ops/apply`.

use super::parts::{self, AppPart, SchemaPart};
use super::reader::Reader;
use super::role_part::{self, RolePart};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::json;
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default)]
pub struct AppFile {
    pub app: AppPart,
    pub schemas: Vec<SchemaPart>,
    /// By schema slug; `$ref` names a record inside the file, `{"$ref": "acme"}` points to it.
    pub records: Map<String, Value>,
    /// `None` when the file says nothing of roles: those that are there stay.
    pub roles: Option<Vec<RolePart>>,
}

/// Version of the form.
pub const VERSION: u64 = 1;

/// Reads an app file; the refusal says where in the file the form is not right.
pub fn parse(text: &str, depth_max: usize) -> Result<AppFile> {
    let value = json::parse(text.as_bytes(), depth_max).map_err(|error| located(error, text))?;
    let Value::Object(map) = &value else {
        return Err(Error::invalid(Problem::new("type", format!("The app file must be an object, not {}", described(&value)))));
    };
    match map.get("carryall") {
        Some(version) if version.as_u64() == Some(VERSION) => {}
        Some(other) => {
            let problem = Problem::new("version", format!("The app file has the form {other}; this program knows form {VERSION}"));
            return Err(Error::invalid(problem.hint("\"carryall\": 1")));
        }
        None => {
            let problem = Problem::new("version", "The app file does not begin with its form");
            return Err(Error::invalid(problem.hint("\"carryall\": 1")));
        }
    }
    parts::read(map, "The app file", file).map_err(Error::Invalid)
}

fn file(reader: &mut Reader<'_>) -> AppFile {
    reader.wants("app");
    let app = reader.object("app").and_then(|map| reader.within(&map, "app", parts::app)).unwrap_or_default();
    let roles = reader.has("roles").then(|| reader.each("roles", role_part::role));
    let records = reader.object("records").unwrap_or_default();
    let file = AppFile { app, schemas: reader.each("schemas", parts::schema), records, roles };
    reader.only(&["carryall", "app", "schemas", "roles", "records"]);
    file
}

/// The strict reader tells a byte; people look for a line.
fn located(error: Error, text: &str) -> Error {
    let Error::Malformed(problem) = error else { return error };
    let before = text.get(..problem.position.unwrap_or_default()).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let why = problem.message.replace("The body", "The app file").replace("the body", "the app file");
    Error::Malformed(Problem { message: format!("{why} (line {line})"), ..problem })
}
