//! `url`: an absolute address of the web, `http` or `https`, with a host; at most 2,048 characters, kept as it is.

use crate::model::field::{Field, FieldType, Kind, Refusal};
use crate::model::texts::{not_a, text};
use serde_json::Value;

pub struct Url;

const CHARS_MAX: u64 = 2_048;

impl FieldType for Url {
    fn name(&self) -> &'static str {
        "url"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["max_length", "pattern"]
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let address = text(field, value, "a web address", CHARS_MAX)?;
        // The parser mends what browsers mend; here the text is kept, so only what needs no mending is taken.
        let plain = !address.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
        let written_out = ["http://", "https://"].iter().any(|scheme| {
            address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
                && !address.get(scheme.len()..).unwrap_or_default().starts_with('/')
        });
        match ::url::Url::parse(address) {
            Ok(read) if plain && written_out && read.has_host() => Ok(value.clone()),
            _ => Err(not_a("a web address such as https://example.com", address)),
        }
    }
}
