//! `boolean`: true or false. `0`, `1`, `"true"` and `"false"` are read as well, as the dialects' clients send them; in files also `yes` and `no`, and all of
//! them in any case, as spreadsheets write `TRUE`.

use crate::model::field::{Field, FieldType, Kind, Refusal, described};
use crate::model::name::quoted;
use serde_json::Value;

pub struct Boolean;

impl FieldType for Boolean {
    fn name(&self) -> &'static str {
        "boolean"
    }

    fn kind(&self) -> Kind {
        Kind::Boolean
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::Number(number) if number.as_f64() == Some(0.0) => Ok(Value::Bool(false)),
            Value::Number(number) if number.as_f64() == Some(1.0) => Ok(Value::Bool(true)),
            Value::String(text) => self.read_text(field, text),
            _ => Err(Refusal::new("type", format!("must be true or false, not {}", described(value)))),
        }
    }

    fn read_text(&self, _field: &Field, text: &str) -> Result<Value, Refusal> {
        match text {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(Refusal::new("type", format!("must be true or false, not {}", quoted(text)))),
        }
    }

    fn read_cell(&self, _field: &Field, text: &str) -> Result<Value, Refusal> {
        match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err(Refusal::new("type", format!("must be true or false (yes, no, 1 and 0 will do), not {}", quoted(text)))),
        }
    }
}
