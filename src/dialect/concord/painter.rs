//! Records as they are answered: flat, with numbers as ids, options by their ids, stamps with six digits of a second. The stored text goes out as it lies where
//! it can. [seed: the types; convention: stamps; guess: the shape]

use crate::model::catalog::Catalog;
use crate::model::error::{Error, Result};
use crate::model::field::{Choice, Field, Kind};
use crate::model::listed::{Beside, Linked, Node, Row};
use crate::model::record::{RecordId, RecordRef};
use crate::model::schema::Schema;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::fmt::Write;

/// How the records of a table are shown, and of those beside them.
pub struct Painter {
    fields: Vec<(String, Paint)>,
    display_field: Option<String>,
    model: String,
    /// `None`: everything.
    chosen: Option<Vec<String>>,
    /// By the field that leads there, with the name under which it is shown.
    beside: Vec<(String, String, Painter)>,
}

/// What becomes of a stored value.
enum Paint {
    AsIs,
    Id,
    Ids,
    /// By the JSON text of each option's value.
    Option(Vec<(String, i64)>),
    Options(Vec<(String, i64)>),
    Moment,
}

impl Painter {
    /// `with`: paths of fields that are followed, each with the name under which what it leads to is shown.
    pub fn new(catalog: &Catalog, schema: &Schema, with: &[Vec<(String, String)>], chosen: Option<Vec<String>>) -> Self {
        let mut beside: Vec<(String, String, Painter)> = Vec::new();
        for (field, name) in with.iter().filter_map(|path| path.first()) {
            let target = schema.field(field).and_then(|field| catalog.target(schema, field));
            if let Some(target) = target.filter(|_| !beside.iter().any(|(known, ..)| known == field)) {
                let is_deeper = |path: &&Vec<(String, String)>| path.first().is_some_and(|(first, _)| first == field);
                let deeper: Vec<Vec<(String, String)>> =
                    with.iter().filter(is_deeper).map(|path| path.iter().skip(1).cloned().collect()).collect();
                beside.push((field.clone(), name.clone(), Painter::new(catalog, &target, &deeper, None)));
            }
        }
        Self {
            fields: schema.fields.iter().map(|field| (field.slug.clone(), Paint::of(field))).collect(),
            display_field: schema.display_field.clone(),
            model: schema.model.clone(),
            chosen,
            beside,
        }
    }

    /// `{"id":7, …, "display_name":"…","created_at":"…","updated_at":"…"}`
    pub fn paint(&self, out: &mut String, row: &Row<'_>) -> Result<()> {
        let RecordRef { id: RecordId(id), data, created_at, updated_at, .. } = row.record;
        // Writing to a String cannot fail.
        let _ = write!(out, "{{\"id\":{id}");
        let mut display = None;
        let mut at = 0;
        each(data, |key, raw| {
            if self.display_field.as_deref() == Some(key) {
                display = Some(raw.to_owned());
            }
            if !self.shows(key) || self.is_beside(key, row.beside) {
                return;
            }
            let _ = write!(out, ",\"{key}\":");
            self.paint_of(key, &mut at).write(out, raw);
        })?;
        if self.shows("display_name") {
            let _ = write!(out, ",\"display_name\":{}", self.display_name(display.as_deref(), id));
        }
        for (name, stamp) in [("created_at", created_at), ("updated_at", updated_at)] {
            if self.shows(name) {
                let _ = write!(out, ",\"{name}\":\"{}\"", stamped(stamp));
            }
        }
        for beside in row.beside {
            self.paint_beside(out, beside)?;
        }
        out.push('}');
        Ok(())
    }

    fn paint_beside(&self, out: &mut String, beside: &Beside) -> Result<()> {
        let Some((_, name, painter)) = self.beside.iter().find(|(field, ..)| *field == beside.field) else { return Ok(()) };
        let _ = write!(out, ",\"{name}\":");
        match &beside.linked {
            Linked::One(None) => out.push_str("null"),
            Linked::One(Some(node)) => painter.paint_node(out, node)?,
            Linked::Many(nodes) => {
                out.push('[');
                for (at, node) in nodes.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    painter.paint_node(out, node)?;
                }
                out.push(']');
            }
        }
        Ok(())
    }

    fn paint_node(&self, out: &mut String, node: &Node) -> Result<()> {
        self.paint(out, &Row { beside: &node.beside, ..Row::whole(node.record.as_ref()) })
    }

    /// The name of a record for people.
    fn display_name(&self, display: Option<&str>, id: i64) -> String {
        match display.filter(|raw| *raw != "null" && *raw != "\"\"") {
            Some(raw) if raw.starts_with('"') => raw.to_owned(),
            Some(raw) => serde_json::Value::from(raw).to_string(),
            None => serde_json::Value::from(format!("{} {id}", self.model)).to_string(),
        }
    }

    fn shows(&self, name: &str) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.iter().any(|known| known == name))
    }

    /// Whether what a field leads to is shown in its place.
    fn is_beside(&self, key: &str, beside: &[Beside]) -> bool {
        !beside.is_empty() && self.beside.iter().any(|(field, name, _)| field == key && name == key)
    }

    /// Fields come in the order of the schema, but for those that are computed.
    fn paint_of(&self, key: &str, at: &mut usize) -> &Paint {
        let from = self.fields.iter().skip(*at).position(|(slug, _)| slug == key).map(|place| place + *at);
        let found = from.or_else(|| self.fields.iter().position(|(slug, _)| slug == key));
        *at = found.map_or(*at, |place| place + 1);
        found.and_then(|place| self.fields.get(place)).map_or(&Paint::AsIs, |(_, paint)| paint)
    }
}

impl Paint {
    fn of(field: &Field) -> Self {
        let ids = |choices: &[Choice]| {
            choices.iter().map(|choice| (serde_json::Value::from(choice.value.as_str()).to_string(), choice.id)).collect()
        };
        match field.formula.as_ref().map_or(field.kind, |computation| computation.kind) {
            Kind::Reference => Paint::Id,
            Kind::Links | Kind::Lines => Paint::Ids,
            Kind::Datetime => Paint::Moment,
            Kind::Text if !field.rules.choices.is_empty() => Paint::Option(ids(&field.rules.choices)),
            Kind::Set => Paint::Options(ids(&field.rules.choices)),
            _ => Paint::AsIs,
        }
    }

    fn write(&self, out: &mut String, raw: &str) {
        let bare = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        match (self, bare) {
            (Paint::Id, Some(id)) => out.push_str(id.strip_prefix("rec_").unwrap_or(id)),
            (Paint::Ids, None) => out.push_str(&raw.replace("\"rec_", "").replace('"', "")),
            (Paint::Option(ids), Some(_)) => push_option(out, ids, raw),
            (Paint::Options(ids), None) if raw.starts_with('[') => {
                let values: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    push_option(out, ids, value.get());
                }
                out.push(']');
            }
            // 2020-11-26T06:00:00Z
            (Paint::Moment, Some(moment)) => {
                let _ = write!(out, "\"{}\"", moment.replacen('T', " ", 1).trim_end_matches('Z'));
            }
            _ => out.push_str(raw),
        }
    }
}

fn push_option(out: &mut String, ids: &[(String, i64)], raw: &str) {
    match ids.iter().find(|(value, _)| value == raw) {
        Some((_, id)) => {
            let _ = write!(out, "{id}");
        }
        None => out.push_str(raw),
    }
}

/// `2020-11-26T06:00:00.000000Z`
fn stamped(stamp: &str) -> String {
    let plain = stamp.trim_end_matches('Z');
    let (seconds, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    format!("{seconds}.{fraction}Z")
}

/// Every key of an object with its value's text, in their order.
fn each(data: &str, visit: impl FnMut(&str, &str)) -> Result<()> {
    let mut reader = serde_json::Deserializer::from_str(data);
    reader.deserialize_map(Entries(visit)).map_err(Error::internal)
}

struct Entries<F>(F);

impl<'d, F: FnMut(&str, &str)> Visitor<'d> for Entries<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'d>>(mut self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<&'d str, &'d RawValue>()? {
            (self.0)(key, value.get());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_has_six_digits_of_a_second() {
        for (stamp, wanted) in [
            ("2025-01-15T10:30:00Z", "2025-01-15T10:30:00.000000Z"),
            ("2025-01-15T10:30:00.5Z", "2025-01-15T10:30:00.500000Z"),
            ("2025-01-15T10:30:00.123456789Z", "2025-01-15T10:30:00.123456Z"),
        ] {
            assert_eq!(stamped(stamp), wanted);
        }
    }

    #[test]
    fn values_change_their_form_and_null_stays() {
        let options = || vec![("\"a \\\"b\\\"\"".to_owned(), 7), ("\"c\"".to_owned(), 9)];
        for (paint, raw, wanted) in [
            (Paint::Id, "\"rec_5\"", "5"),
            (Paint::Id, "null", "null"),
            (Paint::Ids, "[\"rec_5\",\"rec_12\"]", "[5,12]"),
            (Paint::Ids, "[]", "[]"),
            (Paint::Ids, "null", "null"),
            (Paint::Option(options()), "\"a \\\"b\\\"\"", "7"),
            (Paint::Option(options()), "null", "null"),
            (Paint::Options(options()), "[\"c\",\"a \\\"b\\\"\"]", "[9,7]"),
            (Paint::Options(options()), "null", "null"),
            (Paint::Moment, "\"2020-11-26T06:00:00Z\"", "\"2020-11-26 06:00:00\""),
            (Paint::Moment, "\"2020-11-26T06:00:00.25Z\"", "\"2020-11-26 06:00:00.25\""),
            (Paint::AsIs, "\"rec_5\"", "\"rec_5\""),
        ] {
            let mut out = String::new();
            paint.write(&mut out, raw);
            assert_eq!(out, wanted);
        }
    }
}
