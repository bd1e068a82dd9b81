//! `sequence`: a whole number that new records get by themselves, one more than the highest that is there; people put records in order by it. The number of
//! the highest record is given again once that record is deleted: a sequence is no id. When the field is added to a table, the records that are there are
//! numbered in the order of their ids. What is sent for it is passed over: it is given where rows are written; only an app file brings its own.

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
