//! `date`: a day of the calendar without a time, `YYYY-MM-DD`.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, described};
use crate::model::name::quoted;
use jiff::civil;
use serde_json::Value;

pub struct Date;

impl FieldType for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn kind(&self) -> Kind {
        Kind::Date
    }

    fn rules(&self) -> &'static [&'static str] {
        &["min", "max"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        let bound = |name: &'static str, value: &Option<Value>| match value.as_ref().map(|value| (value, value.as_str())) {
            None => Ok(None),
            Some((_, Some(text))) if is_day(text) => Ok(Some(text.to_owned())),
            Some((value, _)) => {
                Err(Refusal::new(name, format!("has a {name} that is no day: {}", described(value))).hint("Write it as 2024-12-31"))
            }
        };
        match (bound("min", &rules.min)?, bound("max", &rules.max)?) {
            (Some(min), Some(max)) if min > max => Err(Refusal::new("min", format!("has a min of {min} after its max of {max}"))),
            _ => Ok(()),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let Value::String(text) = value else {
            return Err(Refusal::new("type", format!("must be a date, not {}", described(value))).hint("Write it as \"2024-12-31\""));
        };
        if !is_day(text) {
            return Err(Refusal::new("type", format!("must be a day of the calendar as YYYY-MM-DD, not {}", quoted(text))));
        }
        // The form is fixed, so text order is time order.
        let bound = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
        if let Some(min) = bound(&field.rules.min).filter(|min| text < min) {
            return Err(Refusal::new("min", format!("must not be before {min}, but is {text}")));
        }
        if let Some(max) = bound(&field.rules.max).filter(|max| text > max) {
            return Err(Refusal::new("max", format!("must not be after {max}, but is {text}")));
        }
        Ok(value.clone())
    }
}

/// Exactly four, two and two digits that name a day which exists.
fn is_day(text: &str) -> bool {
    let form = text.len() == 10 && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    form && text.parse::<civil::Date>().is_ok()
}
