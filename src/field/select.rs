//! `select`: one of the field's choices, stored and answered as the choice's value.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::several::{check_choices, choice};
use serde_json::Value;

pub struct Select;

impl FieldType for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["options"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        check_choices(rules)
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        choice(field, value)
    }
}
