//! Request bodies as the transport hands them over, whole; read as JSON or as a form.

use super::query::Query;
use crate::model::error::{Error, Problem, Result};
use crate::model::json::{self, Elements, Parts};
use crate::model::limits::Limits;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;

/// A body that arrived completely.
#[derive(Debug, Clone, Default)]
pub enum Body {
    #[default]
    Empty,
    Memory(Vec<u8>),
    /// Too long for memory, or there was none left.
    Spool(Spool),
}

/// A body in a file without a name. It may be read several times, by one reader at a time.
#[derive(Debug, Clone)]
pub struct Spool {
    file: Arc<File>,
    bytes: usize,
}

impl Spool {
    pub fn new(file: File, bytes: usize) -> Self {
        Self { file: Arc::new(file), bytes }
    }

    pub fn file(&self) -> Arc<File> {
        self.file.clone()
    }

    fn read(&self, most: usize) -> Result<Vec<u8>> {
        if self.bytes > most {
            return Err(Error::TooLarge(format!("The body is longer than {most} bytes")));
        }
        let mut bytes = Vec::with_capacity(self.bytes);
        let mut file = &*self.file;
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(Error::internal)?;
        Ok(bytes)
    }
}

/// What a body of records holds.
pub enum Sent {
    One(Map<String, Value>),
    Many(Elements),
}

impl Body {
    /// The whole body, from memory or from its file; longer than one document may be is `TooLarge`.
    pub fn bytes(&self, limits: &Limits) -> Result<Cow<'_, [u8]>> {
        match self {
            Body::Empty => Ok(Cow::Borrowed(&[])),
            Body::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Body::Spool(spool) => spool.read(limits.body_bytes_max).map(Cow::Owned),
        }
    }

    pub fn is_json(&self, request: &rouille::Request) -> bool {
        content_type(request).is_some_and(|kind| kind == "application/json" || kind.ends_with("+json"))
    }

    /// Reads the body as one JSON object, whatever its Content-Type says.
    pub fn object_or_none(&self, limits: &Limits) -> Result<Map<String, Value>> {
        if matches!(self, Body::Empty) { Ok(Map::new()) } else { self.object(limits) }
    }

    /// A JSON object.
    pub fn object(&self, limits: &Limits) -> Result<Map<String, Value>> {
        object(&self.bytes(limits)?, limits)
    }

    /// Reads the body as one JSON object, as long as an array of records may be, whose members are read when they are asked for; `None` when it is empty.
    pub fn parts(&self, limits: &Limits) -> Result<Option<Parts>> {
        let bytes = match self {
            Body::Empty => return Ok(None),
            Body::Memory(bytes) => bytes.clone(),
            Body::Spool(spool) => spool.read(limits.records_body_bytes_max)?,
        };
        if bytes.len() > limits.records_body_bytes_max {
            return Err(Error::TooLarge(format!("The body is longer than {} bytes", limits.records_body_bytes_max)));
        }
        Parts::parse(bytes, limits.json_depth_max).map(Some)
    }

    /// Reads the body as one JSON object or an array of them, whatever its Content-Type says. Longer than one record may be is an array only.
    pub fn one_or_many(&self, limits: &Limits) -> Result<Sent> {
        let most = limits.records_body_bytes_max;
        let bytes = match self {
            Body::Empty => Vec::new(),
            Body::Memory(bytes) => bytes.clone(),
            Body::Spool(spool) => spool.read(most)?,
        };
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
            return object(&bytes, limits).map(Sent::One);
        }
        if bytes.len() > most {
            return Err(Error::TooLarge(format!("The body is longer than {most} bytes")));
        }
        let all = Elements::parse(bytes, limits.json_depth_max)?;
        if all.len() > limits.records_sent_max {
            let message = format!("The array holds {} records; at most {} are taken at once", all.len(), limits.records_sent_max);
            return Err(Error::TooLarge(format!("{message}: send it in parts, or as a file to …/import")));
        }
        let long = all.lengths().position(|length| length > limits.body_bytes_max);
        match long {
            Some(index) => Err(Error::TooLarge(format!("The record at index {index} is longer than {} bytes", limits.body_bytes_max))),
            None => Ok(Sent::Many(all)),
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
        let bytes = self.bytes(limits)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::malformed("The form is not UTF-8 text"))?;
        Query::parse(text)
    }
}

fn object(bytes: &[u8], limits: &Limits) -> Result<Map<String, Value>> {
    if bytes.is_empty() {
        return Err(Error::malformed("The body is empty; send a JSON object such as {\"name\": \"Ann\"}"));
    }
    if bytes.len() > limits.body_bytes_max {
        return Err(Error::TooLarge(format!("The body is longer than {} bytes", limits.body_bytes_max)));
    }
    match json::parse(bytes, limits.json_depth_max)? {
        Value::Object(object) => Ok(object),
        other => Err(Error::Malformed(
            Problem::new("malformed", format!("The body must be a JSON object, not {}", crate::model::field::described(&other)))
                .hint("{\"name\": \"Ann\"}"),
        )),
    }
}

/// The media type in lower case, without its parameters.
pub fn content_type(request: &rouille::Request) -> Option<String> {
    let header = request.header("Content-Type")?;
    header.split(';').next().map(|kind| kind.trim().to_lowercase())
}
