//! `multiselect`: several of the field's choices, stored and answered as an array of their values, each once, in the order in which they were sent.
//! `checklist` is the same with all of them in sight, each with a box to tick.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, Step};
use crate::model::several::{check_choices, choice, elements, joined, split, stepped};
use serde_json::Value;

/// Under the name it goes by.
pub struct Multiselect(pub &'static str);

impl FieldType for Multiselect {
    fn name(&self) -> &'static str {
        self.0
    }

    fn kind(&self) -> Kind {
        Kind::Set
    }

    fn rules(&self) -> &'static [&'static str] {
        &["options"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        check_choices(rules)
    }

    /// Accepts an array of choices; one alone is an array of one.
    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        elements(value, |element| choice(field, element))
    }

    /// `red;blue`, or an array in JSON.
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
