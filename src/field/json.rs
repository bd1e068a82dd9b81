//! `json`: any JSON document, kept as it is. Imports use it for columns that no other type can keep without loss.

use crate::model::field::{Field, FieldType, Kind, Refusal};
use serde_json::Value;

pub struct Json;

impl FieldType for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn kind(&self) -> Kind {
        Kind::Json
    }

    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        Ok(value.clone())
    }

    /// Filters compare with the text form of the stored value, so the text itself is the value.
    fn read_text(&self, _field: &Field, text: &str) -> Result<Value, Refusal> {
        Ok(Value::String(text.to_owned()))
    }
}
