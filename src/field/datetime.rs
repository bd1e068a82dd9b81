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
            Some(instant) => Ok(Value::String(instant)),
            None => Err(Refusal::new("type", format!("must be a date and time as 2024-12-31T18:30:00Z, not {}", quoted(text)))),
        }
    }
}

fn instant(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let at = |place: usize, wanted: &[u8]| bytes.get(place).is_some_and(|byte| wanted.contains(byte));
    let seconds = bytes.len() == 16 || at(16, b":Zz+-");
    let dated = at(4, b"-") && at(10, b"Tt ") && at(13, b":") && seconds && !text.contains(',');
    // Names of time zones in brackets are no part of RFC 3339; a second 60 would be stored as another.
    if !dated || text.contains('[') || text.get(17..19) == Some("60") {
        return None;
    }
    let time = text.get(11..)?;
    let in_utc = text.strip_suffix(['Z', 'z']).or_else(|| (!time.contains(['+', '-'])).then_some(text));
    if let Some(plain) = in_utc {
        return plain.parse::<civil::DateTime>().ok().filter(|at| at.year() >= 0).map(|at| format!("{at}Z"));
    }
    let offset = time.rsplit(['+', '-']).next().filter(|offset| offset.len() == 5 && offset.get(2..3) == Some(":"))?;
    let hours: u32 = offset.get(..2)?.parse().ok()?;
    let at = text.parse::<Timestamp>().ok().filter(|_| hours < 24)?;
    let year = at.to_zoned(TimeZone::UTC).year();
    (0..=9999).contains(&year).then(|| at.to_string())
}
