//! `lines`: the records of another table that point to this one, as an array of their ids. Nothing is stored and nothing can be sent: the other
//! table's reference says it, and this is the same link seen from here. At most 1,000 are listed; a filter on the other table finds them all.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::several::joined;
use serde_json::Value;

pub struct Lines;

impl FieldType for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn kind(&self) -> Kind {
        Kind::Lines
    }

    fn rules(&self) -> &'static [&'static str] {
        &["target", "via"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        match (&rules.target, &rules.via) {
            (Some(_), Some(_)) => Ok(()),
            _ => Err(Refusal::new("target", "needs a target and the reference there that points to here")
                .hint("\"target\": \"order-lines\", \"via\": \"order\"")),
        }
    }

    fn clean(&self, _field: &Field, _value: &Value) -> Result<Value, Refusal> {
        Err(Refusal::new("read_only", "lists other records: set the reference in them instead"))
    }

    fn write_text(&self, _field: &Field, value: &Value) -> String {
        joined(value)
    }
}
