//! `phone`: a telephone number as people write it: digits, spaces and `+ - . ( ) /`, at most 32 characters, kept as it is.

use crate::model::field::{Field, FieldType, Kind, Refusal};
use crate::model::texts::{not_a, text};
use serde_json::Value;

pub struct Phone;

const CHARS_MAX: u64 = 32;

impl FieldType for Phone {
    fn name(&self) -> &'static str {
        "phone"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["pattern"]
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let number = text(field, value, "a telephone number", CHARS_MAX)?;
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let plain = number.bytes().enumerate().all(|(at, byte)| match byte {
            b'0'..=b'9' | b' ' | b'-' | b'.' | b'(' | b')' | b'/' => true,
            b'+' => at == 0,
            _ => false,
        });
        if plain && digits >= 2 && number.trim() == number {
            Ok(value.clone())
        } else {
            Err(not_a("a telephone number such as +49 30 123456", number))
        }
    }
}
