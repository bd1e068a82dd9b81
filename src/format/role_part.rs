//! A role as people and programs write it, in app files and in bodies of the API: what it may do with the records of each table, and with which of their
//! fields. Whether that makes sense is decided in `ops/roles`.

use super::reader::Reader;
use crate::model::error::Problem;
use crate::model::field::described;
use crate::model::principal::Action;
use serde_json::Value;

#[derive(Debug, Clone, Default)]
pub struct RolePart {
    pub slug: String,
    pub name: Option<String>,
    /// By slug of the table; `None` takes all rights in it away.
    pub schemas: Vec<(String, Option<RightsPart>)>,
}

#[derive(Debug, Clone, Default)]
pub struct RightsPart {
    pub actions: Vec<(Action, AllowedPart)>,
    pub fields: Vec<FieldPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedPart {
    Flag(bool),
    Rule(String),
}

#[derive(Debug, Clone, Default)]
pub struct FieldPart {
    pub slug: String,
    pub readable: Option<bool>,
    pub writable: Option<bool>,
}

/// A role with its slug.
pub fn role(reader: &mut Reader<'_>) -> RolePart {
    let part = RolePart { slug: reader.needed("slug"), name: reader.text("name"), schemas: schemas(reader) };
    reader.only(&["slug", "name", "schemas"]);
    part
}

/// What is to be another about a role that is there.
pub fn changes(reader: &mut Reader<'_>) -> RolePart {
    let part = RolePart { slug: String::new(), name: reader.text("name"), schemas: schemas(reader) };
    reader.only(&["name", "schemas"]);
    part
}

fn schemas(reader: &mut Reader<'_>) -> Vec<(String, Option<RightsPart>)> {
    let mut found = Vec::new();
    for (slug, said) in reader.object("schemas").unwrap_or_default() {
        match said {
            Value::Null => found.push((slug, None)),
            Value::Object(map) => {
                let read = reader.within(&map, &format!("schemas.{slug}"), rights);
                found.extend(read.map(|rights| (slug, Some(rights))));
            }
            other => {
                reader.refuse("schemas", format!("schemas.{slug} must be an object such as {{\"read\": true}}, not {}", described(&other)))
            }
        }
    }
    found
}

fn rights(reader: &mut Reader<'_>) -> RightsPart {
    let mut part = RightsPart::default();
    for action in Action::OF_RECORDS {
        match reader.value(action.name()) {
            None => {}
            Some(Value::Bool(flag)) => part.actions.push((action, AllowedPart::Flag(flag))),
            Some(Value::String(rule)) => part.actions.push((action, AllowedPart::Rule(rule))),
            Some(other) => {
                let message =
                    format!("'{}' must be true, false or a rule such as \"owner = @me\", not {}", action.name(), described(&other));
                reader.refuse(action.name(), message);
            }
        }
    }
    for (slug, said) in reader.object("fields").unwrap_or_default() {
        match said {
            Value::Object(map) => part.fields.extend(reader.within(&map, &format!("fields.{slug}"), |reader| field(reader, &slug))),
            other => reader
                .refuse("fields", format!("fields.{slug} must be an object such as {{\"readable\": false}}, not {}", described(&other))),
        }
    }
    let known: Vec<&str> = Action::OF_RECORDS.into_iter().map(Action::name).chain(["fields"]).collect();
    reader.only(&known);
    part
}

fn field(reader: &mut Reader<'_>, slug: &str) -> FieldPart {
    let part = FieldPart { slug: slug.to_owned(), readable: reader.switch("readable"), writable: reader.switch("writable") };
    reader.only(&["readable", "writable"]);
    part
}

/// Reads a role of a body.
pub fn read(map: &serde_json::Map<String, Value>, part: impl FnOnce(&mut Reader<'_>) -> RolePart) -> Result<RolePart, Vec<Problem>> {
    super::parts::read(map, "The role", part)
}
