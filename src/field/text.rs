//! `text`: any text, kept as it is. No trimming, no normalising.
//! `textarea` is the same with a larger widget.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::texts::{LENGTH_MAX, check_length, text};
use serde_json::Value;

/// Under the name it goes by.
pub struct Text(pub &'static str);

impl FieldType for Text {
    fn name(&self) -> &'static str {
        self.0
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
