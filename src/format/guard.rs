//! The guard of a CSV cell: a text that a spreadsheet would calculate gets an apostrophe before it on its way out, and loses it on its way in. The rule
//! gives every text back: `=x` goes out as `'=x`, and `'=x` as `''=x`. A plain number such as `-5` or `+49123` needs no guard.

use crate::model::field::Kind;
use serde_json::Value;
use std::borrow::Cow;

/// The text as it goes into a cell.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that a cell stands for: without the apostrophe, where `guarded` puts one.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

/// Whether cells of this kind are texts that somebody wrote.
pub fn is_free(kind: Kind) -> bool {
    !matches!(kind, Kind::Integer | Kind::Decimal | Kind::Boolean | Kind::Date | Kind::Datetime | Kind::Reference | Kind::Links)
}

/// Whether the cell of a stored value gets a guard, where it needs one: numbers stay numbers, also among json.
pub fn wants(kind: Kind, value: &Value) -> bool {
    is_free(kind) && !value.is_number()
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number(text)
}

/// A sign, digits, and a point between digits.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_be_calculated_gets_an_apostrophe_and_nothing_else_does() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+49 123", "'+49 123"),
            ("-", "'-"),
            ("-a", "'-a"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("-2+3", "'-2+3"),
            ("-5", "-5"),
            ("+49123", "+49123"),
            ("-0.50", "-0.50"),
            ("'-5", "'-5"),
            ("'tis", "'tis"),
            ("x=1", "x=1"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), cell);
            assert_eq!(unguarded(cell), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_none_goes_out_as_a_formula(text in "['=+@\t\r0-9.a -]{0,8}|.{0,12}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), text.as_str());
            prop_assert!(!is_formula(&cell));
        }
    }
}
