//! `text`: any text, kept as it is. No trimming, no normalising.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::texts::{LENGTH_MAX, check_length, text};
use serde_json::Value;

pub struct Text;

impl FieldType for Text {
    fn name(&self) -> &'static str {
        "text"
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
