//! Request bodies as the transport hands them over, whole; read as JSON or as a form.

use super::query::Query;
use crate::model::error::{Error, Problem, Result};
use crate::model::json;
use crate::model::limits::Limits;
use serde_json::{Map, Value};

/// A body that arrived completely.
#[derive(Debug, Clone, Default)]
pub enum Body {
    #[default]
    Empty,
    Memory(Vec<u8>),
}

impl Body {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Body::Empty => &[],
            Body::Memory(bytes) => bytes,
        }
    }

    pub fn is_json(&self, request: &rouille::Request) -> bool {
        content_type(request).is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"))
    }

    /// Reads the body as one JSON object, whatever its Content-Type says.
    pub fn object(&self, limits: &Limits) -> Result<Map<String, Value>> {
        match self.bytes() {
            [] => Err(Error::malformed("The body is empty; send a JSON object such as {\"name\": \"Ann\"}")),
            bytes => match json::parse(bytes, limits.json_depth_max)? {
                Value::Object(object) => Ok(object),
                other => Err(Error::Malformed(
                    Problem::new("malformed", format!("The body must be a JSON object, not {}", crate::model::field::described(&other)))
                        .hint("{\"name\": \"Ann\"}"),
                )),
            },
        }
    }

    /// Reads the body as a form, or as a JSON object whose values are texts.
    pub fn form(&self, request: &rouille::Request, limits: &Limits) -> Result<Query> {
        if self.is_json(request) {
            let text = |(name, value): (String, Value)| match value {
                Value::String(text) => Ok((name, text)),
                other => Err(Error::invalid(Problem::of(
                    &name,
                    "type",
                    format!("Field '{name}' must be text, not {}", crate::model::field::described(&other)),
                ))),
            };
            return self.object(limits)?.into_iter().map(text).collect::<Result<_>>().map(Query::from_pairs);
        }
        match content_type(request).as_deref() {
            Some("application/x-www-form-urlencoded") | None => {}
            Some(other) => {
                let short: String = other.chars().take(60).collect();
                return Err(Error::malformed(format!(
                    "A body of the type {short} cannot be read here; send application/x-www-form-urlencoded or application/json"
                )));
            }
        }
        let text = std::str::from_utf8(self.bytes()).map_err(|_| Error::malformed("The form is not UTF-8 text"))?;
        Query::parse(text)
    }
}

/// The media type in lower case, without its parameters.
fn content_type(request: &rouille::Request) -> Option<String> {
    let header = request.header("Content-Type")?;
    header.split(';').next().map(|kind| kind.trim().to_lowercase())
}
