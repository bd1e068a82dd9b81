//! `references`: several records of the target table, stored as an array of their ids, `["rec_5", "rec_7"]`, each once, in the order in which they
//! were sent. That the records exist is checked where rows are read.

use crate::model::field::{Field, FieldType, Kind, OnDelete, Refusal, Rules, Step, described};
use crate::model::record::RecordId;
use crate::model::several::{elements, joined, split, stepped};
use serde_json::Value;

pub struct References;

impl FieldType for References {
    fn name(&self) -> &'static str {
        "references"
    }

    fn kind(&self) -> Kind {
        Kind::Links
    }

    fn rules(&self) -> &'static [&'static str] {
        &["target", "inverse", "on_delete"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        if rules.target.is_none() {
            return Err(Refusal::new("target", "has no target").hint("\"target\": \"tags\", the slug of a table"));
        }
        match rules.on_delete {
            OnDelete::Cascade => Err(Refusal::new("on_delete", "holds several records, so none of them alone can take this one with it")
                .hint("set_null takes the record that goes out of the list; restrict keeps it")),
            OnDelete::SetNull | OnDelete::Restrict => Ok(()),
        }
    }

    /// Accepts an array of `"rec_5"`, `5` and `"5"`; one alone is an array of one.
    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        elements(value, |element| {
            let id = match element {
                Value::String(text) => RecordId::parse(text),
                Value::Number(number) => number.as_i64().filter(|id| *id > 0).map(RecordId),
                _ => None,
            };
            let refused = || Refusal::new("type", format!("must be records' ids such as [\"rec_5\"], not {}", described(element)));
            id.map(|id| Value::String(id.text())).ok_or_else(refused)
        })
    }

    /// `rec_5;rec_7`, or an array in JSON.
    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        self.clean(field, &split(text))
    }

    fn write_text(&self, _field: &Field, value: &Value) -> String {
        joined(value)
    }

    fn step(&self, _field: &Field, now: &Value, step: Step, amount: &Value) -> Result<Value, Refusal> {
        Ok(stepped(now, step, amount))
    }
}
