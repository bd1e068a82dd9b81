//! A value that a field takes, made up: for documents and collections that are to work as they stand. What cannot be made up (a record that must be there)
//! is left to whoever asks.

use crate::field;
use crate::model::field::{Field, Kind};
use serde_json::{Value, json};
use std::iter::Peekable;
use std::str::Chars;

/// In the form in which it is sent; `None` when there is none that is sure to be taken.
pub fn of(field: &Field) -> Option<Value> {
    let rules = &field.rules;
    let least = |otherwise: Value| rules.min.clone().or_else(|| rules.max.clone()).unwrap_or(otherwise);
    let option = || rules.choices.first().map(|choice| Value::from(choice.value.as_str()));
    let made = match field.kind {
        Kind::Text if !rules.choices.is_empty() => option(),
        Kind::Text => text(field).map(Value::from),
        Kind::Integer | Kind::Decimal => Some(least(1.into())),
        Kind::Boolean => Some(true.into()),
        Kind::Date => Some(least("2026-01-31".into())),
        Kind::Datetime => Some("2026-01-31T10:30:00Z".into()),
        Kind::Set => option().map(|option| json!([option])),
        Kind::Json if field.required && rules.items.is_empty() => Some(json!({})),
        Kind::User if field.required => Some(1.into()),
        Kind::Json | Kind::User | Kind::Reference | Kind::Links | Kind::Sequence | Kind::Lines => None,
    };
    made.filter(|value| field::clean(field, value).is_ok())
}

fn text(field: &Field) -> Option<String> {
    if let Some(pattern) = &field.rules.pattern {
        return Pattern(pattern.chars().peekable()).sequence(0);
    }
    let known = match field.type_name.as_str() {
        "email" => "ann@example.com",
        "url" => "https://example.com/",
        "phone" => "+49 30 901820",
        "color" => "#1e90ff",
        "timezone" => "Europe/Berlin",
        _ => {
            let most = field.rules.max_length.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
            return Some(format!("Example {}", field.name).chars().take(most).collect());
        }
    };
    Some(known.to_owned())
}

const DEPTH_MAX: usize = 20;
const REPEATS_MAX: usize = 200;

/// Reads a pattern and writes the shortest plain text that it takes: the first branch, the first letter of a class, as few repetitions as may be.
/// What it does not know of makes no text, or one that the check of the field refuses.
struct Pattern<'p>(Peekable<Chars<'p>>);

impl Pattern<'_> {
    /// To the end, or to the bracket that closes it.
    fn sequence(&mut self, depth: usize) -> Option<String> {
        let (mut made, mut is_first) = (String::new(), true);
        while let Some(c) = self.0.next() {
            let atom = match c {
                ')' if depth > 0 => return Some(made),
                '|' => {
                    is_first = false;
                    continue;
                }
                '^' | '$' => continue,
                '(' if depth < DEPTH_MAX => self.group(depth)?,
                '[' => self.class()?.to_string(),
                '\\' => escaped(self.0.next()?).to_string(),
                '.' => "a".to_owned(),
                other => other.to_string(),
            };
            let times = self.times()?;
            if is_first {
                made.push_str(&atom.repeat(times));
            }
        }
        (depth == 0).then_some(made)
    }

    fn group(&mut self, depth: usize) -> Option<String> {
        // What stands behind a question mark says how a group is kept or named, up to a colon or the name's end.
        if self.0.next_if_eq(&'?').is_some() {
            while !matches!(self.0.next()?, ':' | '>') {}
        }
        self.sequence(depth + 1)
    }

    fn class(&mut self) -> Option<char> {
        let first = match self.0.next()? {
            '^' => return None,
            '\\' => escaped(self.0.next()?),
            other => other,
        };
        while self.0.next()? != ']' {}
        Some(first)
    }

    /// How often at least; once when nothing is said.
    fn times(&mut self) -> Option<usize> {
        let times = match self.0.peek() {
            Some('?' | '*') => 0,
            Some('{') => {
                let inside: String = self.0.by_ref().skip(1).take_while(|c| *c != '}').collect();
                return inside.split(',').next()?.parse().ok().filter(|times| *times <= REPEATS_MAX);
            }
            Some('+') => 1,
            _ => return Some(1),
        };
        self.0.next();
        self.0.next_if_eq(&'?');
        Some(times)
    }
}

fn escaped(c: char) -> char {
    match c {
        'd' => '1',
        'w' => 'a',
        's' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::{Choice, FieldType};

    fn of_pattern(pattern: &str) -> Option<Value> {
        let mut field = Field::plain("x", field::find("text").expect("a type"));
        field.rules.pattern = Some(pattern.to_owned());
        of(&field)
    }

    #[test]
    fn a_pattern_makes_a_text_that_it_takes() {
        for (pattern, text) in [
            ("[A-Z]{2}-[0-9]{1,4}", "AA-0"),
            ("(?:DE|AT)\\d+(x|y)?", "DE1"),
            ("a*b+?c.{3}", "bcaaa"),
            ("(ab){2}", "abab"),
            ("^\\w\\.txt$", "a.txt"),
        ] {
            assert_eq!(of_pattern(pattern), Some(Value::from(text)), "{pattern}");
        }
        for unknown in ["[^a]", "\\p{Greek}", "a{0,0}\\bb{300}"] {
            assert_eq!(of_pattern(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_type_has_an_example_whose_value_is_its_own() {
        let has_none = |type_: &&&'static dyn FieldType| {
            let mut field = Field::plain("x", **type_);
            field.required = true;
            let takes_options = type_.rules().contains(&"options");
            let lead = Choice { id: 1, value: "lead".into(), label: "Lead".into(), color: None };
            field.rules.choices = Vec::from_iter(takes_options.then_some(lead));
            of(&field).is_none()
        };
        let without: Vec<&str> = field::FIELD_TYPES.iter().filter(has_none).map(|type_| type_.name()).collect();
        assert_eq!(without, ["reference", "references", "lines", "file", "sequence", "computed"]);
    }
}
