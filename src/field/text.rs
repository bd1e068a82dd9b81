//! `text`: any text, kept as it is. No trimming, no normalising; NUL is refused because no engine promises to keep it.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, described};
use serde_json::Value;

pub struct Text;

/// In characters, when the field says nothing.
pub const LENGTH_MAX: u64 = 100_000;

impl FieldType for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["max_length"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        match rules.max_length {
            Some(0) => Err(Refusal::new("max_length", "has a max_length of 0: nothing would fit")),
            _ => Ok(()),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let Value::String(text) = value else {
            return Err(Refusal::new("type", format!("must be text, not {}", described(value))).hint("Put the value in quotes"));
        };
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let most = field.rules.max_length.unwrap_or(LENGTH_MAX);
        if length > most {
            return Err(Refusal::new("max_length", format!("has {length} characters; at most {most} fit")));
        }
        if text.contains('\0') {
            return Err(Refusal::new("type", "contains a NUL character"));
        }
        Ok(value.clone())
    }
}
