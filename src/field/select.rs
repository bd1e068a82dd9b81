//! `select`: one of the field's choices, stored and answered as the choice's value.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, described};
use crate::model::name::quoted;
use crate::model::nearest::nearest;
use serde_json::Value;
use std::collections::HashSet;

pub struct Select;

const CHOICES_MAX: usize = 1_000;

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
        let mut seen = HashSet::new();
        if let Some(twice) = rules.choices.iter().find(|choice| !seen.insert(choice.value.as_str())) {
            return Err(Refusal::new("options", format!("has the option {} twice", quoted(&twice.value))));
        }
        if rules.choices.iter().any(|choice| choice.value.is_empty()) {
            return Err(Refusal::new("options", "has an empty option; leave the value out instead (null)"));
        }
        match rules.choices.len() {
            0 => Err(Refusal::new("options", "has no options").hint("\"options\": [\"lead\", \"customer\"]")),
            1..=CHOICES_MAX => Ok(()),
            more => Err(Refusal::new("options", format!("has {more} options; at most {CHOICES_MAX} are possible"))),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let values = || field.rules.choices.iter().map(|choice| choice.value.as_str());
        let Value::String(text) = value else {
            return Err(Refusal::new("option", format!("must be one of its options, not {}", described(value))));
        };
        if values().any(|known| known == text) {
            return Ok(value.clone());
        }
        let shown: Vec<&str> = values().take(10).collect();
        let more = if field.rules.choices.len() > shown.len() { ", …" } else { "" };
        let refusal = Refusal::new("option", format!("has no option {}; options are: {}{more}", quoted(text), shown.join(", ")));
        Err(match nearest(text, values()) {
            Some(near) => refusal.hint(format!("Did you mean '{near}'?")),
            None => refusal,
        })
    }
}
