//! `sequence`: a whole number that new records get by themselves, one more than the highest so far; people put records in order by it. What is sent
//! for it is passed over: it is given where rows are written.

use crate::model::field::{Field, FieldType, Kind, Refusal, described};
use crate::model::name::quoted;
use serde_json::Value;

pub struct Sequence;

impl FieldType for Sequence {
    fn name(&self) -> &'static str {
        "sequence"
    }

    fn kind(&self) -> Kind {
        Kind::Sequence
    }

    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        match value.as_i64() {
            Some(_) => Ok(value.clone()),
            None => Err(Refusal::new("type", format!("must be a whole number, not {}", described(value)))),
        }
    }

    fn read_text(&self, _field: &Field, text: &str) -> Result<Value, Refusal> {
        let read = text.trim().parse::<i64>().map(Value::from);
        read.map_err(|_| Refusal::new("type", format!("must be a whole number, not {}", quoted(text))))
    }
}
