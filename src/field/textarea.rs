//! `textarea`: text of several lines, kept as it is. The same as `text` but for the widget in which people write it.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::texts::{LENGTH_MAX, check_length, text};
use serde_json::Value;

pub struct Textarea;

impl FieldType for Textarea {
    fn name(&self) -> &'static str {
        "textarea"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["max_length", "pattern"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        check_length(rules.max_length)
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        text(field, value, "text", LENGTH_MAX).map(|_| value.clone())
    }
}
