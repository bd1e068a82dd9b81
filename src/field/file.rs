//! `file`: what is known of a file: `{"name", "size", "type"}`, size in bytes. Its bytes cannot be kept here yet, and whoever sends them is told so.

use crate::model::field::{Field, FieldType, Kind, Refusal, described};
use crate::model::name::quoted;
use serde_json::{Map, Value};

pub struct File;

const NAME_CHARS_MAX: usize = 255;
const KEYS: [&str; 3] = ["name", "size", "type"];

impl FieldType for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn kind(&self) -> Kind {
        Kind::Json
    }

    /// Answers the three keys in one order, `null` where nothing was sent.
    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        let Value::Object(sent) = value else {
            let refusal = Refusal::new("type", format!("must be what is known of a file, not {}", described(value)));
            return Err(
                refusal.hint("Files cannot be uploaded yet; send {\"name\": \"plan.pdf\", \"size\": 1024, \"type\": \"application/pdf\"}")
            );
        };
        if let Some(unknown) = sent.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let refusal = Refusal::new("type", format!("has the unknown key {}", quoted(unknown)));
            return Err(refusal.hint("A file's keys are name, size and type; its bytes cannot be uploaded yet"));
        }
        let text = |key: &str| sent.get(key).filter(|value| !value.is_null());
        let name = text("name").and_then(Value::as_str).filter(|name| is_name(name));
        let name =
            name.ok_or_else(|| Refusal::new("type", "needs the file's \"name\", without a folder and at most 255 characters long"))?;
        let size = text("size")
            .map(|size| size.as_u64().ok_or_else(|| Refusal::new("type", "has a \"size\" that is no number of bytes")))
            .transpose()?;
        let kind = text("type")
            .map(|kind| {
                kind.as_str()
                    .filter(|kind| is_media_type(kind))
                    .ok_or_else(|| Refusal::new("type", "has a \"type\" that is no media type such as image/png"))
            })
            .transpose()?;
        let known = [("name", Value::from(name)), ("size", size.into()), ("type", kind.into())];
        Ok(Value::Object(known.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>()))
    }

    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        let read = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        self.clean(field, &read)
    }
}

fn is_name(name: &str) -> bool {
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    fits && !name.contains(|c: char| c == '/' || c == '\\' || c.is_control()) && name != "." && name != ".."
}

fn is_media_type(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    text.len() <= NAME_CHARS_MAX && text.split_once('/').is_some_and(|(kind, sub)| word(kind) && word(sub))
}
