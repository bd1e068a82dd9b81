//! `select`: one of the field's choices, stored and answered as the choice's value.
//! `radio` is the same with all of them in sight.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::several::{check_choices, choice};
use serde_json::Value;

/// Under the name it goes by.
pub struct Select(pub &'static str);

impl FieldType for Select {
    fn name(&self) -> &'static str {
        self.0
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
