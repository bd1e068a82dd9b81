//! `color`: a colour as `#rrggbb` in hexadecimal, of either case, kept as it is.

use crate::model::field::{Field, FieldType, Kind, Refusal};
use crate::model::texts::{not_a, text};
use serde_json::Value;

pub struct Color;

impl FieldType for Color {
    fn name(&self) -> &'static str {
        "color"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let color = text(field, value, "a colour", u64::MAX)?;
        let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6);
        match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(_) => Ok(value.clone()),
            None => Err(not_a("a colour such as #2f6feb", color)),
        }
    }
}
