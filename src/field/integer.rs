//! `integer`: a whole number of 64 bits with sign.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, Step, described};
use crate::model::name::quoted;
use serde_json::Value;

pub struct Integer;

impl FieldType for Integer {
    fn name(&self) -> &'static str {
        "integer"
    }

    fn kind(&self) -> Kind {
        Kind::Integer
    }

    fn rules(&self) -> &'static [&'static str] {
        &["min", "max"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        let bound = |name: &'static str, value: &Option<Value>| match value {
            None => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| Refusal::new(name, format!("has a {name} that is no whole number: {}", described(value)))),
        };
        match (bound("min", &rules.min)?, bound("max", &rules.max)?) {
            (Some(min), Some(max)) if min > max => Err(Refusal::new("min", format!("has a min of {min} above its max of {max}"))),
            _ => Ok(()),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let number = match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            _ => None,
        };
        match number {
            Some(number) => within(field, number),
            None => Err(refusal(value)),
        }
    }

    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        let number = text.trim().parse().map_err(|_| Refusal::new("type", format!("must be a whole number, not {}", quoted(text))))?;
        within(field, number)
    }

    fn step(&self, _field: &Field, now: &Value, step: Step, amount: &Value) -> Result<Value, Refusal> {
        let (now, amount) = (now.as_i64().unwrap_or_default(), amount.as_i64().unwrap_or_default());
        let stepped = match step {
            Step::Add => now.checked_add(amount),
            Step::Remove => now.checked_sub(amount),
        };
        let refused = || Refusal::new("range", format!("would leave the whole numbers from {} to {}", i64::MIN, i64::MAX));
        stepped.map(Value::from).ok_or_else(refused)
    }
}

/// Why a value is no whole number, or none that fits.
fn refusal(value: &Value) -> Refusal {
    let digits = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => String::new(),
    };
    let is_whole = !digits.is_empty() && digits.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
    let refusal = Refusal::new("type", format!("must be a whole number, not {}", described(value)));
    match digits.parse::<i64>() {
        Err(_) if is_whole => Refusal::new("type", format!("must be a whole number from {} to {}, not {digits}", i64::MIN, i64::MAX))
            .hint("A text field holds longer ones"),
        _ => refusal.hint("Send digits without quotes, such as 42"),
    }
}

/// `5.0` is five; `5.5` and numbers past the exact range of a double are no integers.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

fn within(field: &Field, number: i64) -> Result<Value, Refusal> {
    let bound = |value: &Option<Value>| value.as_ref().and_then(Value::as_i64);
    if let Some(min) = bound(&field.rules.min).filter(|min| number < *min) {
        return Err(Refusal::new("min", format!("must be at least {min}, not {number}")));
    }
    if let Some(max) = bound(&field.rules.max).filter(|max| number > *max) {
        return Err(Refusal::new("max", format!("must be at most {max}, not {number}")));
    }
    Ok(Value::from(number))
}
