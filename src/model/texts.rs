//! What types share that hold text: it is text, it fits, it can be kept.

use super::field::{Field, Refusal, described};
use super::name::quoted;
use serde_json::Value;

/// In characters, when the field says nothing.
pub const LENGTH_MAX: u64 = 100_000;

/// The text of a value, within the field's `max_length` or else `chars_max`. `what` reads on from `must be`.
pub fn text<'v>(field: &Field, value: &'v Value, what: &str, chars_max: u64) -> Result<&'v str, Refusal> {
    let Value::String(text) = value else {
        return Err(Refusal::new("type", format!("must be {what}, not {}", described(value))).hint("Put the value in quotes"));
    };
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let most = field.rules.max_length.unwrap_or(chars_max);
    if length > most {
        return Err(Refusal::new("max_length", format!("has {length} characters; at most {most} fit")));
    }
    // No engine promises to keep it.
    if text.contains('\0') {
        return Err(Refusal::new("type", "contains a NUL character"));
    }
    Ok(text)
}

/// The refusal of a text that is not of the form that a type wants.
pub fn not_a(what: &str, text: &str) -> Refusal {
    Refusal::new("type", format!("must be {what}, not {}", quoted(text)))
}

/// Whether a `max_length` makes sense.
pub fn check_length(max_length: Option<u64>) -> Result<(), Refusal> {
    match max_length {
        Some(0) => Err(Refusal::new("max_length", "has a max_length of 0: nothing would fit")),
        _ => Ok(()),
    }
}
