//! `radio`: one of the field's choices, all of them in sight. The same as `select` but for the widget.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::several::{check_choices, choice};
use serde_json::Value;

pub struct Radio;

impl FieldType for Radio {
    fn name(&self) -> &'static str {
        "radio"
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
