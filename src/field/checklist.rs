//! `checklist`: several of the field's choices, all of them in sight, each with a box to tick. The same as `multiselect` but for the widget.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::several::{check_choices, choice, elements, joined, split};
use serde_json::Value;

pub struct Checklist;

impl FieldType for Checklist {
    fn name(&self) -> &'static str {
        "checklist"
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

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        elements(value, |element| choice(field, element))
    }

    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        self.clean(field, &split(text))
    }

    fn write_text(&self, _field: &Field, value: &Value) -> String {
        joined(value)
    }
}
