//! `datetime`: an instant. Read as RFC 3339 with any offset (none means UTC; a space may stand for the T), stored in UTC with `Z`, fractions only when they are not zero.

use crate::model::field::{Field, FieldType, Kind, Refusal, described};
use crate::model::name::quoted;
use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::Value;

pub struct Datetime;

impl FieldType for Datetime {
    fn name(&self) -> &'static str {
        "datetime"
    }

    fn kind(&self) -> Kind {
        Kind::Datetime
    }

    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        let Value::String(text) = value else {
            return Err(Refusal::new("type", format!("must be a date and time, not {}", described(value)))
                .hint("Write it as \"2024-12-31T18:30:00Z\""));
        };
        match instant(text) {
            Some(instant) => Ok(Value::String(instant.to_string())),
            None => Err(Refusal::new("type", format!("must be a date and time as 2024-12-31T18:30:00Z, not {}", quoted(text)))),
        }
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let dated = text.len() >= 16 && text.as_bytes().get(4) == Some(&b'-') && matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' '));
    // Names of time zones in brackets are no part of RFC 3339; years past 9999 would not sort as text.
    if !dated || text.contains('[') {
        return None;
    }
    let read = text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<civil::DateTime>().ok()?;
        local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })?;
    (0..=9999).contains(&read.to_zoned(TimeZone::UTC).year()).then_some(read)
}
