//! `reference`: one record of the target table, stored as that record's id, `rec_5`. That the record exists is checked where rows are read.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, described};
use crate::model::record::RecordId;
use serde_json::Value;

pub struct Reference;

impl FieldType for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn kind(&self) -> Kind {
        Kind::Reference
    }

    fn rules(&self) -> &'static [&'static str] {
        &["target", "inverse", "on_delete"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        match rules.target {
            Some(_) => Ok(()),
            None => Err(Refusal::new("target", "has no target").hint("\"target\": \"companies\", the slug of a table")),
        }
    }

    /// Accepts `"rec_5"`, `5` and `"5"`.
    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        let id = match value {
            Value::String(text) => RecordId::parse(text),
            Value::Number(number) => number.as_i64().filter(|id| *id > 0).map(RecordId),
            _ => None,
        };
        match id {
            Some(id) => Ok(Value::String(id.text())),
            None => Err(Refusal::new("type", format!("must be a record's id such as \"rec_5\", not {}", described(value)))),
        }
    }
}
