//! `computed`: what an expression over the record gives, such as `price * quantity` or `sum(lines.total)`. Nothing is stored and nothing can be sent;
//! the kind of the value is what the expression has. The language is in `expr`.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use serde_json::Value;

pub struct Computed;

impl FieldType for Computed {
    fn name(&self) -> &'static str {
        "computed"
    }

    /// Until the expression was read.
    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["formula", "scale"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        match rules.formula.as_deref().map(str::trim) {
            None | Some("") => Err(Refusal::new("formula", "needs a formula").hint("\"formula\": \"price * quantity\"")),
            Some(_) if rules.scale.is_some_and(|scale| scale > 12) => Err(Refusal::new("scale", "has a scale above 12")),
            Some(_) => Ok(()),
        }
    }

    fn clean(&self, _field: &Field, _value: &Value) -> Result<Value, Refusal> {
        Err(Refusal::new("read_only", "is computed and cannot be set"))
    }
}
