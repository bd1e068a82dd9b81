//! The field types, one file each; those that differ in their widget alone share one. What a type accepts, in which form it is stored, how it reads
//! and writes text. Storage knows only a type's `Kind`.
//!
//! A new type is a new file and one line in `FIELD_TYPES`. What holds for values of all types (a `pattern`) is here.

mod boolean;
mod color;
mod computed;
mod date;
mod datetime;
mod decimal;
mod email;
mod file;
mod integer;
mod json;
mod lines;
mod multiselect;
mod number;
mod phone;
mod reference;
mod references;
mod select;
mod sequence;
mod text;
mod timezone;
mod url;
mod user;

use crate::model::field::{Field, FieldType, Refusal, Rules, Step};
use crate::model::name::quoted;
use crate::model::nearest::nearest;
use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

pub use crate::model::texts::LENGTH_MAX as TEXT_CHARS_MAX;
pub use decimal::PRECISION_MAX as DECIMAL_DIGITS_MAX;

/// Every type, in the order in which they are offered.
pub const FIELD_TYPES: [&dyn FieldType; 26] = [
    &text::Text("text"),
    &text::Text("textarea"),
    &email::Email,
    &phone::Phone,
    &url::Url,
    &color::Color,
    &timezone::Timezone,
    &integer::Integer,
    &number::Number,
    &decimal::Decimal,
    &decimal::Money,
    &boolean::Boolean,
    &date::Date,
    &datetime::Datetime,
    &select::Select("select"),
    &select::Select("radio"),
    &multiselect::Multiselect("multiselect"),
    &multiselect::Multiselect("checklist"),
    &reference::Reference,
    &references::References,
    &lines::Lines,
    &user::User,
    &json::Json,
    &file::File,
    &sequence::Sequence,
    &computed::Computed,
];

/// The type with this name.
pub fn find(name: &str) -> Option<&'static dyn FieldType> {
    FIELD_TYPES.into_iter().find(|type_| type_.name() == name)
}

/// The type's name that was meant, or all of them.
pub fn suggestion(name: &str) -> String {
    let names = || FIELD_TYPES.iter().map(|type_| type_.name());
    match nearest(name, names()) {
        Some(near) => format!("Did you mean '{near}'?"),
        None => format!("Types are: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// A value that was sent, in the form in which the field stores it. `null` is no value and never comes here.
pub fn clean(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let clean = type_of(field)?.clean(field, value)?;
    fits_pattern(field, &clean).map(|()| clean)
}

/// By what a stored value is to change, in stored form: the field's bounds are for the result.
pub fn clean_amount(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let open = Field { rules: Rules { min: None, max: None, ..field.rules.clone() }, ..field.clone() };
    type_of(field)?.clean(&open, value)
}

/// A stored value, `null` for none, and what is added to it or taken away.
pub fn step(field: &Field, now: &Value, step: Step, amount: &Value) -> Result<Value, Refusal> {
    type_of(field)?.step(field, now, step, amount)
}

/// The same for a text: a value in a query string, or one of another type.
pub fn read_text(field: &Field, text: &str) -> Result<Value, Refusal> {
    let read = type_of(field)?.read_text(field, text)?;
    fits_pattern(field, &read).map(|()| read)
}

/// The same for the text of a cell in a file; `null` where it says that there is no value.
pub fn read_cell(field: &Field, text: &str) -> Result<Value, Refusal> {
    let read = type_of(field)?.read_cell(field, text)?;
    fits_pattern(field, &read).map(|()| read)
}

/// A stored value as the text of a cell.
pub fn write_cell(field: &Field, value: &Value) -> String {
    match type_of(field) {
        Ok(type_) if !value.is_null() => type_.write_cell(field, value),
        _ => String::new(),
    }
}

/// A stored value as a text.
pub fn write_text(field: &Field, value: &Value) -> String {
    match type_of(field) {
        Ok(type_) if !value.is_null() => type_.write_text(field, value),
        _ => String::new(),
    }
}

/// Whether a `pattern` can be used.
pub fn check_pattern(pattern: &str) -> Result<(), Refusal> {
    if pattern.chars().count() > PATTERN_CHARS_MAX {
        return Err(Refusal::new("pattern", format!("has a pattern of more than {PATTERN_CHARS_MAX} characters")));
    }
    let refused = |error| Refusal::new("pattern", format!("has a pattern that cannot be read: {error}"));
    compiled(pattern).map(drop).map_err(|error| refused(error).hint("A whole value must match it, as in [A-Z]{2}-[0-9]+"))
}

const PATTERN_CHARS_MAX: usize = 500;
const PATTERN_BYTES_MAX: usize = 1024 * 1024;
const PATTERNS_KEPT_MAX: usize = 256;

/// Patterns that were read before: to read one takes a hundred times as long as to match it.
static PATTERNS: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> = LazyLock::new(Mutex::default);

fn compiled(pattern: &str) -> Result<Arc<Regex>, regex_lite::Error> {
    let mut kept = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(pattern) {
        return Ok(known.clone());
    }
    // Read alone first, so that no bracket in it closes the one around it.
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build()?;
    let whole = Arc::new(RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES_MAX).build()?);
    if kept.len() >= PATTERNS_KEPT_MAX {
        kept.clear();
    }
    kept.insert(pattern.to_owned(), whole.clone());
    Ok(whole)
}

fn fits_pattern(field: &Field, value: &Value) -> Result<(), Refusal> {
    let Some((pattern, text)) = field.rules.pattern.as_deref().zip(value.as_str()) else { return Ok(()) };
    let matches = compiled(pattern).is_ok_and(|known| known.is_match(text));
    if matches { Ok(()) } else { Err(Refusal::new("pattern", format!("must match the pattern {pattern}, not be {}", quoted(text)))) }
}

fn type_of(field: &Field) -> Result<&'static dyn FieldType, Refusal> {
    find(&field.type_name).ok_or_else(|| Refusal::new("type", format!("has the unknown type '{}'", field.type_name)))
}
