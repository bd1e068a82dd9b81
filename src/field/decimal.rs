//! `decimal`: an exact number of at most 15 significant digits, so that every JSON reader gets the digits that were sent. `money` is one with two
//! digits after the point, unless it says otherwise, and a currency.
//!
//! With a `scale` the digits after the point are limited, a number is stored in its shortest form, and text forms always show that many. Without one a number keeps its own form: 5 stays 5, 5.0 stays 5.0.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, Step, described};
use crate::model::name::quoted;
use rust_decimal::Decimal as Exact;
use serde_json::{Number, Value};

pub struct Decimal;

pub struct Money;

/// Digits after the point of an amount of money.
const MONEY_SCALE: u64 = 2;

/// Digits that every JSON reader keeps.
pub const PRECISION_MAX: u64 = 15;

impl FieldType for Decimal {
    fn name(&self) -> &'static str {
        "decimal"
    }

    fn kind(&self) -> Kind {
        Kind::Decimal
    }

    fn rules(&self) -> &'static [&'static str] {
        &["precision", "scale", "min", "max"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        check_rules(rules)
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        clean(field, value)
    }

    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        read_text(field, text)
    }

    fn write_text(&self, field: &Field, value: &Value) -> String {
        write_text(field, value)
    }

    fn step(&self, _field: &Field, now: &Value, by: Step, amount: &Value) -> Result<Value, Refusal> {
        step(now, by, amount)
    }
}

impl FieldType for Money {
    fn name(&self) -> &'static str {
        "money"
    }

    fn kind(&self) -> Kind {
        Kind::Decimal
    }

    fn rules(&self) -> &'static [&'static str] {
        &["precision", "scale", "min", "max", "currency"]
    }

    fn settle_rules(&self, rules: &mut Rules) {
        rules.scale = rules.scale.or(Some(MONEY_SCALE));
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        match &rules.currency {
            Some(code) if !is_code(code) => {
                let refusal = Refusal::new("currency", format!("has the currency {}", quoted(code)));
                Err(refusal.hint("A currency is three capital letters, as in EUR"))
            }
            _ => check_rules(rules),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        clean(field, value)
    }

    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        read_text(field, text)
    }

    fn write_text(&self, field: &Field, value: &Value) -> String {
        write_text(field, value)
    }

    fn step(&self, _field: &Field, now: &Value, by: Step, amount: &Value) -> Result<Value, Refusal> {
        step(now, by, amount)
    }
}

fn check_rules(rules: &Rules) -> Result<(), Refusal> {
    let precision = rules.precision.unwrap_or(PRECISION_MAX);
    if precision == 0 || precision > PRECISION_MAX {
        return Err(Refusal::new("precision", format!("has a precision of {precision}; 1 to {PRECISION_MAX} digits are possible")));
    }
    if rules.scale.is_some_and(|scale| scale > precision) {
        return Err(Refusal::new("scale", format!("has a scale above its precision of {precision}")));
    }
    let bound = |name: &'static str, value: &Option<Value>| match value {
        None => Ok(None),
        Some(value) => {
            exact(value).map(Some).ok_or_else(|| Refusal::new(name, format!("has a {name} that is no number: {}", described(value))))
        }
    };
    match (bound("min", &rules.min)?, bound("max", &rules.max)?) {
        (Some(min), Some(max)) if min > max => Err(Refusal::new("min", format!("has a min of {min} above its max of {max}"))),
        _ => Ok(()),
    }
}

fn clean(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let number = match value {
        Value::Number(_) => exact(value),
        Value::String(text) => return read_text(field, text),
        _ => None,
    };
    let Some(number) = number else {
        let refusal = Refusal::new("type", format!("must be a decimal number, not {}", described(value)));
        return Err(if value.is_number() {
            refusal.hint("It has more digits than a decimal holds; a field of the type number takes it")
        } else {
            refusal
        });
    };
    check(field, number)?;
    Ok(if field.rules.scale.is_some() { short(number).unwrap_or_else(|| value.clone()) } else { value.clone() })
}

fn read_text(field: &Field, text: &str) -> Result<Value, Refusal> {
    let plain = text.trim();
    let number = parse(plain).ok_or_else(|| Refusal::new("type", format!("must be a number such as 12.50, not {}", quoted(text))))?;
    check(field, number)?;
    let read = match field.rules.scale {
        Some(_) => short(number),
        None if plain.contains('.') => plain.parse().ok().and_then(Number::from_f64).map(Value::Number),
        None => plain.parse::<i64>().ok().map(Value::from),
    };
    read.ok_or_else(|| Refusal::new("type", format!("must be a number such as 12.50, not {}", quoted(text))))
}

/// Exact: 0.1 and 0.2 are 0.3.
fn step(now: &Value, by: Step, amount: &Value) -> Result<Value, Refusal> {
    let now = if now.is_null() { Some(Exact::ZERO) } else { exact(now) };
    let stepped = now.zip(exact(amount)).and_then(|(now, amount)| match by {
        Step::Add => now.checked_add(amount),
        Step::Remove => now.checked_sub(amount),
    });
    let fits = stepped.filter(|stepped| significant(stepped.normalize()) <= PRECISION_MAX);
    let refused = || Refusal::new("precision", format!("would have more than the {PRECISION_MAX} digits that are kept exactly"));
    fits.and_then(short).ok_or_else(refused)
}

fn write_text(field: &Field, value: &Value) -> String {
    match (field.rules.scale, exact(value)) {
        (Some(scale), Some(mut number)) => {
            number.rescale(u32::try_from(scale).unwrap_or_default());
            number.to_string()
        }
        // Digits in place of the exponent in which doubles below 0.00001 print.
        (None, Some(number)) if value.to_string().contains('e') => number.to_string(),
        _ => value.to_string(),
    }
}

/// The digits of a JSON number. Exponents of doubles (`1e21`, `1e-7`) are beyond what 15 digits are for, or read by way of their digits.
fn exact(value: &Value) -> Option<Exact> {
    let text = value.as_number()?.to_string();
    if text.contains(['e', 'E']) { Exact::from_scientific(&text).ok() } else { text.parse().ok() }
}

/// The one form of a number whose digits after the point are limited: 463.00, 463.0 and 463 are all 463.
fn short(number: Exact) -> Option<Value> {
    let text = number.normalize().to_string();
    if text.contains('.') {
        text.parse().ok().and_then(Number::from_f64).map(Value::Number)
    } else {
        text.parse::<i64>().ok().map(Value::from)
    }
}

/// Digits with at most one point inside: no exponent, no plus, no bare point.
fn parse(text: &str) -> Option<Exact> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (plain(whole) && plain(fraction)).then(|| Exact::from_str_exact(text).ok()).flatten()
}

fn check(field: &Field, number: Exact) -> Result<(), Refusal> {
    let rules = &field.rules;
    let short = number.normalize();
    let digits = significant(short);
    let precision = rules.precision.unwrap_or(PRECISION_MAX);
    if let Some(scale) = rules.scale.filter(|scale| u64::from(short.scale()) > *scale) {
        return Err(Refusal::new("scale", format!("has {} digits after the point; at most {scale} are kept", short.scale()))
            .hint("Round it before sending"));
    }
    let whole_max = precision - rules.scale.unwrap_or(0).min(precision);
    let whole = u64::try_from(number.trunc().abs().to_string().trim_start_matches('0').len()).unwrap_or(u64::MAX);
    if digits > precision || (rules.scale.is_some() && whole > whole_max) {
        return Err(Refusal::new("precision", format!("has more than the {precision} digits that are kept exactly"))
            .hint("A field of the type number keeps any double, one of the type text every digit"));
    }
    let bound = |value: &Option<Value>| value.as_ref().and_then(exact);
    if let Some(min) = bound(&rules.min).filter(|min| number < *min) {
        return Err(Refusal::new("min", format!("must be at least {min}, not {number}")));
    }
    if let Some(max) = bound(&rules.max).filter(|max| number > *max) {
        return Err(Refusal::new("max", format!("must be at most {max}, not {number}")));
    }
    Ok(())
}

fn significant(number: Exact) -> u64 {
    let digits = number.mantissa().unsigned_abs().to_string();
    u64::try_from(digits.trim_start_matches('0').len()).unwrap_or(u64::MAX)
}
