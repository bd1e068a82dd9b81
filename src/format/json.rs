//! JSON in and out: one array of objects, streamed. A cell with a number that JSON readers would round comes in as its exact text.

use super::rows::{Headings, OutColumn, OutRow, Row, RowWriter, Take, unwritten, write_object};
use crate::model::error::{Error, Problem, Result};
use crate::model::json::{self, Fault};
use crate::model::name::quoted;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};

/// Levels of one cell: with the record around it as deep as the body of a request may be.
const DEPTH_MAX: usize = 63;

pub fn read(source: impl Read, take: &mut Take<'_>) -> Result<Vec<String>> {
    let mut source = BufReader::with_capacity(256 * 1024, source);
    begin(&mut source)?;
    let mut source = serde_json::Deserializer::from_reader(source);
    let mut rows = Rows { headings: Headings::default(), number: 0, take, refused: None };
    let read = (&mut source).deserialize_seq(&mut rows).and_then(|()| source.end());
    if let Some(refused) = rows.refused.take() {
        return Err(refused);
    }
    read.map_err(|error| unreadable(&error, "The file must hold one array of objects: [{\"name\": \"Ann\"}, …]"))?;
    Ok(rows.headings.names)
}

/// Skips a byte-order mark, and refuses what is no array before a reader calls good JSON bad.
fn begin(source: &mut impl BufRead) -> Result<()> {
    let unread = |error: std::io::Error| Error::malformed(format!("The file cannot be read: {error}"));
    if source.fill_buf().map_err(unread)?.starts_with(b"\xef\xbb\xbf") {
        source.consume(3);
    }
    let first = source.fill_buf().map_err(unread)?.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    match first {
        Some(b'{') => Err(Error::Malformed(
            Problem::new("malformed", "The file holds one object, not an array of objects")
                .hint("Import the array inside it: [{\"name\": \"Ann\"}, …]; or one object a line, in a file that ends in .ndjson"),
        )),
        _ => Ok(()),
    }
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
    /// Refuses a key that stands twice, here or further in: one of the two values would be lost.
    pub fn into_row(self, number: u64, headings: &mut Headings) -> Result<Row> {
        let mut row = Row { number, cells: Vec::with_capacity(self.0.len()), ..Row::default() };
        let mut seen = HashSet::new();
        for (key, raw) in self.0 {
            let place = headings.place(&key);
            if !seen.insert(place) {
                return Err(refused(number, &format!("has the key {} twice", quoted(&key))));
            }
            let value = match json::read(raw.get(), DEPTH_MAX) {
                Ok(value) => value,
                Err(Fault::Rounded(_)) => {
                    row.rounded.push(place);
                    Value::String(raw.get().to_owned())
                }
                Err(Fault::Twice { key: inner, .. }) => {
                    return Err(refused(number, &format!("has the key {} twice inside {}", quoted(&inner), quoted(&key))));
                }
                Err(Fault::TooDeep(_)) => return Err(refused(number, &format!("is nested too deep at the key {}", quoted(&key)))),
                Err(Fault::NoJson { why, .. }) => {
                    return Err(refused(number, &format!("has no good JSON at the key {}: {why}", quoted(&key))));
                }
            };
            row.cells.push((place, value));
        }
        Ok(row)
    }
}

fn refused(row: u64, why: &str) -> Error {
    let problem = Problem::new("malformed", format!("Row {row} {why}"));
    Error::Malformed(Problem { index: usize::try_from(row.saturating_sub(1)).ok(), ..problem })
}

pub struct Writer<'w> {
    out: Box<dyn Write + 'w>,
    columns: Vec<OutColumn>,
    empty: bool,
}

impl<'w> Writer<'w> {
    pub fn start(out: Box<dyn Write + 'w>, columns: &[OutColumn]) -> Result<Self> {
        Ok(Self { out, columns: columns.to_vec(), empty: true })
    }
}

impl RowWriter for Writer<'_> {
    /// One record a line, so that differences read well.
    fn row(&mut self, row: &OutRow) -> Result<()> {
        let before: &[u8] = if self.empty { b"[\n" } else { b",\n" };
        self.empty = false;
        self.out.write_all(before).map_err(unwritten)?;
        write_object(&mut self.out, &self.columns, &row.values)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let end: &[u8] = if self.empty { b"[]\n" } else { b"\n]\n" };
        self.out.write_all(end).and_then(|()| self.out.flush()).map_err(unwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        read(text.as_bytes(), &mut |_, row| {
            values.extend(row.cells.into_iter().map(|(_, value)| value));
            Ok(())
        })
        .map(|_| values)
    }

    #[test]
    fn a_cell_that_would_be_rounded_comes_in_as_its_exact_text() {
        for (cell, value) in [
            ("12345678901234567890123", Value::from("12345678901234567890123")),
            ("9007199254740993", Value::from(9_007_199_254_740_993_i64)),
            ("0.1000000000000000", Value::from(0.1)),
            ("1.23456789012345678", Value::from("1.23456789012345678")),
            ("1e2", Value::from(100.0)),
            ("1e-400", Value::from("1e-400")),
            ("1e999", Value::from("1e999")),
            (r#"{"x": [1.10, 12345678901234567890123]}"#, Value::from(r#"{"x": [1.10, 12345678901234567890123]}"#)),
            (r#"{"x": [1.10, 2]}"#, serde_json::json!({"x": [1.10, 2]})),
        ] {
            assert_eq!(cells(&format!(r#"[{{"a": {cell}}}]"#)).as_deref(), Ok([value].as_slice()), "{cell}");
        }
    }

    #[test]
    fn what_is_no_array_of_objects_without_loss_is_refused() {
        for bad in ["", "{}", "[1]", "[{}] x", "[{\"a\":1},", "nonsense"] {
            assert!(cells(bad).is_err(), "{bad}");
        }
        for bad in [r#"{"a": 1, "a": 2}"#, r#"{"a": {"b": [{"c": 1, "c": 2}]}}"#, r#"{"a": {"b": 1e-400, "b": 2}}"#] {
            let told = cells(&format!("[{{}}, {bad}]")).expect_err(bad).message();
            assert!(told.starts_with("Row 2 has the key"), "{told}");
        }
        let deep = format!(r#"[{{"a": {}{}}}]"#, "[".repeat(64), "]".repeat(64));
        assert!(cells(&deep).expect_err("too deep").message().starts_with("Row 1 is nested too deep"));
    }
}
