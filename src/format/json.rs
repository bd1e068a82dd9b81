//! JSON in and out: one array of objects, streamed. A number that JSON readers would round comes in as the text of its digits.

use super::rows::{Headings, OutRow, Row, RowWriter, Take, unwritten};
use crate::model::error::{Error, Problem, Result};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufReader, Read, Write};

pub fn read(source: impl Read, take: &mut Take<'_>) -> Result<Vec<String>> {
    let mut source = serde_json::Deserializer::from_reader(BufReader::with_capacity(256 * 1024, source));
    let mut rows = Rows { headings: Headings::default(), number: 0, take, refused: None };
    let read = (&mut source).deserialize_seq(&mut rows).and_then(|()| source.end());
    if let Some(refused) = rows.refused.take() {
        return Err(refused);
    }
    read.map_err(|error| unreadable(&error, "The file must hold one array of objects: [{\"name\": \"Ann\"}, …]"))?;
    Ok(rows.headings.names)
}

/// A JSON reader's complaint in our words.
pub fn unreadable(error: &serde_json::Error, wanted: &str) -> Error {
    let place = format!("line {}, column {}", error.line(), error.column());
    Error::Malformed(Problem::new("malformed", format!("The file is no good JSON at {place}")).hint(wanted.to_owned()))
}

struct Rows<'r, 't> {
    headings: Headings,
    number: u64,
    take: &'r mut Take<'t>,
    /// Our own refusal, which a JSON reader's error cannot carry.
    refused: Option<Error>,
}

impl<'de> Visitor<'de> for &mut Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<(), A::Error> {
        while let Some(object) = seq.next_element::<Object>()? {
            self.number += 1;
            let row = object.into_row(self.number, &mut self.headings);
            if let Err(error) = row.and_then(|row| (self.take)(&self.headings.names, row)) {
                self.refused = Some(error);
                return Err(serde::de::Error::custom("refused"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Rows<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> std::result::Result<(), D::Error> {
        source.deserialize_seq(self)
    }
}

/// One object with its numbers as they were written.
pub struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Object, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Object(pairs))
            }
        }
        source.deserialize_map(Pairs)
    }
}

impl Object {
    /// Refuses a key that stands twice: one of the two values would be lost.
    pub fn into_row(self, number: u64, headings: &mut Headings) -> Result<Row> {
        let mut row = Row { number, line: None, cells: Vec::with_capacity(self.0.len()), long_numbers: Vec::new() };
        for (key, raw) in self.0 {
            let place = headings.place(&key);
            if row.cells.iter().any(|(known, _)| *known == place) {
                return Err(Error::Malformed(Problem::new("malformed", format!("Row {number} has the key '{key}' twice"))));
            }
            let mut value: Value = serde_json::from_str(raw.get()).map_err(|error| unreadable(&error, "One of the values is no JSON"))?;
            if value.as_number().is_some_and(|number| is_rounded(raw.get(), number)) {
                row.long_numbers.push(place);
                value = Value::String(raw.get().to_owned());
            }
            row.cells.push((place, value));
        }
        Ok(row)
    }
}

/// True when the number that was read no longer has the digits that were written.
fn is_rounded(text: &str, number: &serde_json::Number) -> bool {
    let digits = |text: &str| {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        mantissa.trim_start_matches('-').replace('.', "").trim_matches('0').to_owned()
    };
    // Few digits always survive; more are compared with what would be written again.
    text.len() > 15 && digits(text) != digits(&number.to_string())
}

pub struct Writer<'w> {
    out: Box<dyn Write + 'w>,
    empty: bool,
}

impl<'w> Writer<'w> {
    pub fn start(out: Box<dyn Write + 'w>) -> Result<Self> {
        Ok(Self { out, empty: true })
    }
}

impl RowWriter for Writer<'_> {
    /// One record a line, so that differences read well.
    fn row(&mut self, row: &OutRow) -> Result<()> {
        let before: &[u8] = if self.empty { b"[\n" } else { b",\n" };
        self.empty = false;
        self.out.write_all(before).map_err(unwritten)?;
        serde_json::to_writer(&mut self.out, &row.values).map_err(unwritten)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let end: &[u8] = if self.empty { b"[]\n" } else { b"\n]\n" };
        self.out.write_all(end).and_then(|()| self.out.flush()).map_err(unwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_would_be_rounded_comes_in_as_its_digits() {
        let read = |text: &str| {
            let mut values = Vec::new();
            super::read(text.as_bytes(), &mut |_, row| {
                values.extend(row.cells.into_iter().map(|(_, value)| value));
                Ok(())
            })
            .map(|_| values)
        };
        let values =
            read(r#"[{"a": 12345678901234567890123, "b": 9007199254740993, "c": 0.1000000000000000, "d": 1.23456789012345678, "e": 1e2}]"#)
                .expect("good JSON");
        assert_eq!(values.first(), Some(&Value::from("12345678901234567890123")));
        assert_eq!(values.get(1), Some(&Value::from(9_007_199_254_740_993_i64)));
        assert_eq!(values.get(2), Some(&Value::from(0.1)));
        assert_eq!(values.get(3), Some(&Value::from("1.23456789012345678")));
        assert_eq!(values.get(4), Some(&Value::from(100.0)));
        for bad in ["", "{}", "[1]", "[{}] x", "[{\"a\":1,\"a\":2}]", "[{\"a\":1},", "nonsense"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
