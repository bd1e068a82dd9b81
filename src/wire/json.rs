//! Strict JSON: no key twice, no number that would be rounded, no depth without end. What passes here lost nothing on the way in.

use crate::model::error::{Error, Problem, Result};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Reads a whole body. The refusal tells the byte.
pub fn parse(body: &[u8], depth_max: usize) -> Result<Value> {
    let text = std::str::from_utf8(body).map_err(|error| malformed("The body is not UTF-8 text", error.valid_up_to()))?;
    if let Some(position) = rounded_number(text) {
        return Err(malformed("A number in the body has more digits than JSON readers keep; send it as a text, in quotes", position));
    }
    let mut source = serde_json::Deserializer::from_str(text);
    let read = Strict { depth_left: depth_max }.deserialize(&mut source).and_then(|value| source.end().map(|()| value));
    read.map_err(|error| {
        let why = error.to_string();
        let why = why.split(" at line ").next().unwrap_or_default();
        malformed(&format!("The body is no good JSON: {why}"), offset(text, error.line(), error.column()))
    })
}

fn malformed(message: &str, position: usize) -> Error {
    Error::Malformed(Problem::new("malformed", message).at(position))
}

/// Line and column (both from 1) as a byte offset.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

/// Where the first number stands whose digits do not survive reading.
fn rounded_number(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut quoted) = (0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b'-' | b'0'..=b'9' if !quoted => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
                let number = text.get(at..at + length).unwrap_or_default();
                if length > 15 && is_rounded(number) {
                    return Some(at);
                }
                at += length.saturating_sub(1);
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn is_rounded(number: &str) -> bool {
    let digits = |text: &str| {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        mantissa.trim_start_matches('-').replace('.', "").trim_matches('0').to_owned()
    };
    let Ok(read) = number.parse::<f64>() else { return false };
    let whole = number.parse::<i64>().is_ok();
    !whole && Number::from_f64(read).is_none_or(|read| digits(&read.to_string()) != digits(number))
}

#[derive(Clone, Copy)]
struct Strict {
    depth_left: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> std::result::Result<Self, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or_else(|| E::custom("it is nested too deep"))?;
        Ok(Self { depth_left })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> std::result::Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(inner)?;
            if values.contains_key(&key) {
                return Err(A::Error::custom(format!("the key '{key}' stands twice")));
            }
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_would_lose_something_is_refused_at_its_byte() {
        let position = |text: &str| match parse(text.as_bytes(), 4) {
            Err(Error::Malformed(problem)) => problem.position,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            parse(br#"{"a": [1, -2.5, "x\"9999999999999999999999", true, null]}"#, 4),
            Ok(json!({"a": [1, -2.5, "x\"9999999999999999999999", true, null]}))
        );
        assert_eq!(parse(b"9007199254740993", 4), Ok(json!(9_007_199_254_740_993_i64)));
        assert_eq!(position(r#"{"a": 12345678901234567890123}"#), Some(6));
        assert_eq!(position("0.12345678901234567890"), Some(0));
        for bad in ["", "{", "{\"a\":1,\"a\":2}", "[[[[[1]]]]]", "[1] 2", "1e999", "NaN", "'a'", "{\"a\":1,}"] {
            assert!(position(bad).is_some(), "{bad}");
        }
        assert!(parse(b"\"\xff\"", 4).is_err());
    }
}
