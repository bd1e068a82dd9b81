//! The field types, one file each: what a type accepts, in which form it is stored, how it reads and writes text. Storage knows only a type's `Kind`.
//!
//! A new type is a new file and one line in `FIELD_TYPES`.

mod boolean;
mod date;
mod datetime;
mod decimal;
mod email;
mod integer;
mod json;
mod multiselect;
mod reference;
mod references;
mod select;
mod text;

use crate::model::field::FieldType;

use crate::model::nearest::nearest;
pub use decimal::PRECISION_MAX as DECIMAL_DIGITS_MAX;
pub use text::LENGTH_MAX as TEXT_CHARS_MAX;

/// Every type, in the order in which they are offered.
pub const FIELD_TYPES: [&dyn FieldType; 12] = [
    &text::Text,
    &integer::Integer,
    &decimal::Decimal,
    &boolean::Boolean,
    &date::Date,
    &datetime::Datetime,
    &email::Email,
    &select::Select,
    &multiselect::Multiselect,
    &reference::Reference,
    &references::References,
    &json::Json,
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
