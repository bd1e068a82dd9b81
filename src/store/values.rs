//! The values in a record's stored text: all of them, or some without the cost of the others. Not here: what they mean (`field/`).

use super::sqlite::damaged;
use crate::model::error::{Error, Result};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The values by field of a stored text.
pub fn values_of(data: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(data).map_err(damaged)
}

/// The same, of these fields only: what stands between them is passed over, which is several times as quick.
pub fn some_values_of(data: &str, fields: &[&str]) -> Result<Map<String, Value>> {
    let mut text = serde_json::Deserializer::from_str(data);
    Fields(fields).deserialize(&mut text).map_err(damaged)
}

/// The text that is stored for these values.
pub fn text_of(values: &Map<String, Value>) -> Result<String> {
    serde_json::to_string(values).map_err(Error::internal)
}

/// The fields that are wanted.
struct Fields<'f>(&'f [&'f str]);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> std::result::Result<Self::Value, D::Error> {
        text.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Self::Value, A::Error> {
        let mut found = Map::new();
        while let Some(wanted) = entries.next_key_seed(Name(self.0))? {
            match wanted {
                Some(field) => drop(found.insert(field.to_owned(), entries.next_value()?)),
                None => drop(entries.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// A key, if it is one of these.
struct Name<'f>(&'f [&'f str]);

impl<'de, 'f> DeserializeSeed<'de> for Name<'f> {
    type Value = Option<&'f str>;

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> std::result::Result<Self::Value, D::Error> {
        text.deserialize_str(self)
    }
}

impl<'f> Visitor<'_> for Name<'f> {
    type Value = Option<&'f str>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a field's name")
    }

    fn visit_str<E>(self, key: &str) -> std::result::Result<Self::Value, E> {
        Ok(self.0.iter().find(|field| **field == key).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_values_are_the_same_as_among_all() {
        let data = r#"{"a":{"b":[1,{"c":null}]},"c":"x\"y","d":12345678901234567890.5,"b":null}"#;
        let all = values_of(data).expect("read");
        for fields in [&[][..], &["b"], &["d", "a", "nobody"], &["a", "b", "c", "d"]] {
            let expected: Map<_, _> =
                all.iter().filter(|(key, _)| fields.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect();
            assert_eq!(some_values_of(data, fields).expect("read"), expected, "{fields:?}");
        }
        for damaged in ["", "[]", r#"{"a":"#, r#"{"a":1"#] {
            assert!(some_values_of(damaged, &["a"]).is_err(), "{damaged}");
        }
    }
}
