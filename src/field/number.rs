//! `number`: any number that a double holds, without a promise of exact digits in sums; `decimal` makes that promise.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, Step, described};
use crate::model::json::is_rounded;
use crate::model::name::quoted;
use serde_json::{Number as Json, Value};

pub struct Number;

impl FieldType for Number {
    fn name(&self) -> &'static str {
        "number"
    }

    fn kind(&self) -> Kind {
        Kind::Decimal
    }

    fn rules(&self) -> &'static [&'static str] {
        &["min", "max"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        let bound = |name: &'static str, value: &Option<Value>| match value {
            None => Ok(None),
            Some(value) => {
                value.as_f64().map(Some).ok_or_else(|| Refusal::new(name, format!("has a {name} that is no number: {}", described(value))))
            }
        };
        match (bound("min", &rules.min)?, bound("max", &rules.max)?) {
            (Some(min), Some(max)) if min > max => Err(Refusal::new("min", format!("has a min of {min} above its max of {max}"))),
            _ => Ok(()),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        match value {
            Value::Number(_) => within(field, value.clone()),
            Value::String(text) => self.read_text(field, text),
            _ => Err(Refusal::new("type", format!("must be a number, not {}", described(value)))),
        }
    }

    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        let plain = text.trim();
        let written = plain.strip_prefix('-').unwrap_or(plain);
        let is_number = written.starts_with(|c: char| c.is_ascii_digit())
            && written.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'))
            && !is_rounded(plain);
        let read = match plain.parse::<i64>() {
            Ok(whole) => Some(Value::from(whole)),
            Err(_) => plain.parse().ok().and_then(Json::from_f64).map(Value::Number),
        };
        match read.filter(|_| is_number) {
            Some(read) => within(field, read),
            None => Err(Refusal::new("type", format!("must be a number such as 12.5, not {}", quoted(text)))),
        }
    }

    /// Whole numbers stay whole.
    fn step(&self, _field: &Field, now: &Value, step: Step, amount: &Value) -> Result<Value, Refusal> {
        let zero = Value::from(0);
        let now = if now.is_null() { &zero } else { now };
        let whole = now.as_i64().zip(amount.as_i64()).and_then(|(now, amount)| match step {
            Step::Add => now.checked_add(amount),
            Step::Remove => now.checked_sub(amount),
        });
        if let Some(whole) = whole {
            return Ok(Value::from(whole));
        }
        let (now, amount) = (now.as_f64().unwrap_or_default(), amount.as_f64().unwrap_or_default());
        let stepped = if step == Step::Add { now + amount } else { now - amount };
        let refused = || Refusal::new("range", "would be more than a number holds");
        Json::from_f64(stepped).map(Value::Number).ok_or_else(refused)
    }
}

fn within(field: &Field, value: Value) -> Result<Value, Refusal> {
    let number = value.as_f64().unwrap_or_default();
    let bound = |bound: &Option<Value>| bound.as_ref().and_then(Value::as_f64);
    if let Some(min) = bound(&field.rules.min).filter(|min| number < *min) {
        return Err(Refusal::new("min", format!("must be at least {min}, not {value}")));
    }
    if let Some(max) = bound(&field.rules.max).filter(|max| number > *max) {
        return Err(Refusal::new("max", format!("must be at most {max}, not {value}")));
    }
    Ok(value)
}
