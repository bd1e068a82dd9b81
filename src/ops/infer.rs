//! Which field a column of a file is. One rule: a column has a type only if every value, read by the type and written again, is the very same;
//! so nothing is lost: leading zeros stay text, long digits stay exact, `Jun 12 1998` stays what it is.

use crate::field;
use crate::format::rows::Row;
use crate::model::field::{Field, FieldType};
use crate::model::name::{field_slug_from, is_field_slug, label_from, quoted};
use crate::model::schema::SYSTEM_KEYS;
use serde_json::Value;

/// Beyond this JavaScript rounds: such a column is no number.
const SAFE_INTEGER_MAX: i64 = 9_007_199_254_740_991;
/// `text` without a rule of its own holds this many characters.
const TEXT_CHARS: u64 = 100_000;
/// In order of preference. A decimal comes twice: in its own form, and with as many digits after the point in every cell.
const CANDIDATES: [(&str, Form); 9] = [
    ("boolean", Form::Plain),
    ("integer", Form::Plain),
    ("decimal", Form::Plain),
    ("decimal", Form::FixedScale),
    ("date", Form::Plain),
    ("datetime", Form::Plain),
    ("email", Form::Plain),
    ("text", Form::Plain),
    ("json", Form::Plain),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    FixedScale,
}

/// What is known of one column so far.
struct Column {
    /// The candidates that every value so far has passed.
    alive: [bool; CANDIDATES.len()],
    values: u64,
    chars_max: u64,
    /// Digits after the point, as long as all values agree.
    scale: Option<u64>,
    numbers: u64,
    texts: u64,
    /// Numbers that came in as the text of their digits.
    long_numbers: u64,
}

/// Looks at every row of a file once.
#[derive(Default)]
pub struct Inference {
    columns: Vec<Column>,
    pub rows: u64,
}

impl Inference {
    pub fn see(&mut self, row: &Row, textual: bool) {
        self.rows += 1;
        for (at, value) in &row.cells {
            while self.columns.len() <= *at {
                self.columns.push(Column {
                    alive: [true; CANDIDATES.len()],
                    values: 0,
                    chars_max: 0,
                    scale: None,
                    numbers: 0,
                    texts: 0,
                    long_numbers: 0,
                });
            }
            if let Some(column) = self.columns.get_mut(*at).filter(|_| !value.is_null()) {
                column.see(value, textual);
                column.long_numbers += u64::from(row.long_numbers.contains(at));
            }
        }
    }

    /// A field for every heading, with a slug of its own, and notes on what may surprise.
    pub fn fields(&self, headings: &[String]) -> (Vec<Field>, Vec<String>) {
        let (mut fields, mut notes): (Vec<Field>, Vec<String>) = (Vec::new(), Vec::new());
        for (at, heading) in headings.iter().enumerate() {
            let slug = free_slug(heading, &fields);
            let column = self.columns.get(at);
            let mut field = column.map_or_else(|| Field::plain(&slug, text()), |column| column.field(&slug, heading));
            field.name = if heading.trim().is_empty() { label_from(&slug) } else { heading.trim().to_owned() };
            field.header = (*heading != slug).then(|| heading.clone());
            if let Some(column) = column.filter(|column| field.type_name == "json" && column.numbers > 0 && column.texts > 0) {
                notes.push(format!(
                    "{} holds {} texts and {} numbers: it became json, which keeps both as they are (--type {}=text makes all of it text)",
                    quoted(heading),
                    column.texts,
                    column.numbers,
                    quoted(heading)
                ));
            }
            if let Some(column) = column.filter(|column| column.long_numbers > 0) {
                notes.push(format!(
                    "{} holds {} numbers of more digits than JSON readers keep: they became text, every digit kept",
                    quoted(heading),
                    column.long_numbers
                ));
            }
            fields.push(field);
        }
        (fields, notes)
    }
}

impl Column {
    fn see(&mut self, value: &Value, textual: bool) {
        self.values += 1;
        match value {
            Value::Number(_) => self.numbers += 1,
            Value::String(text) => {
                self.texts += 1;
                self.chars_max = self.chars_max.max(u64::try_from(text.chars().count()).unwrap_or(u64::MAX));
                let scale = text.split_once('.').map_or(0, |(_, fraction)| u64::try_from(fraction.len()).unwrap_or(0));
                self.scale = if self.values == 1 || self.scale == Some(scale) { Some(scale) } else { None };
            }
            _ => {}
        }
        for (at, (name, form)) in CANDIDATES.iter().enumerate() {
            let alive = self.alive.get(at).copied().unwrap_or(false);
            if alive
                && !self.keeps(name, *form, value, textual)
                && let Some(slot) = self.alive.get_mut(at)
            {
                *slot = false;
            }
        }
    }

    fn keeps(&self, name: &str, form: Form, value: &Value, textual: bool) -> bool {
        let Some(type_) = field::find(name) else { return false };
        let mut field = Field::plain("column", type_);
        field.rules.max_length = Some(u64::MAX);
        if form == Form::FixedScale {
            field.rules.scale = self.scale.filter(|scale| *scale > 0);
            if field.rules.scale.is_none() || !textual {
                return false;
            }
        }
        // `true` and `1` are read as booleans, but written only as the former: the comparison sees to that.
        match value {
            Value::String(cell) if textual => {
                type_.read_text(&field, cell).is_ok_and(|read| type_.write_text(&field, &read) == *cell && is_safe(name, &read))
            }
            _ => type_.clean(&field, value).is_ok_and(|clean| clean == *value && is_safe(name, &clean)),
        }
    }

    fn field(&self, slug: &str, heading: &str) -> Field {
        let fits = |at: usize, name: &str| {
            let alive = self.alive.get(at).copied().unwrap_or(false);
            alive && (name != "email" || heading.to_lowercase().contains("mail"))
        };
        let best = CANDIDATES.iter().enumerate().find(|(at, (name, _))| self.values > 0 && fits(*at, name));
        let Some((_, (name, form))) = best else { return Field::plain(slug, text()) };
        let mut field = Field::plain(slug, field::find(name).unwrap_or(text()));
        if *form == Form::FixedScale {
            field.rules.scale = self.scale;
        }
        if *name == "text" && self.chars_max > TEXT_CHARS {
            field.rules.max_length = Some(self.chars_max);
        }
        field
    }
}

fn is_safe(name: &str, value: &Value) -> bool {
    name == "json" || value.as_i64().is_none_or(|number| number.abs() <= SAFE_INTEGER_MAX)
}

fn text() -> &'static dyn FieldType {
    field::find("text").unwrap_or(field::FIELD_TYPES[0])
}

/// The heading as a slug that no field and no system key has yet.
fn free_slug(heading: &str, fields: &[Field]) -> String {
    let base = if is_field_slug(heading) && heading.to_lowercase() == heading { heading.to_owned() } else { field_slug_from(heading) };
    let taken = |slug: &str| SYSTEM_KEYS.contains(&slug) || fields.iter().any(|field| field.slug.eq_ignore_ascii_case(slug));
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|slug| !taken(slug)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn typed(values: &[Value], textual: bool) -> String {
        let mut inference = Inference::default();
        for (at, value) in values.iter().enumerate() {
            inference.see(&Row { number: at as u64 + 1, line: None, cells: vec![(0, value.clone())], long_numbers: Vec::new() }, textual);
        }
        let (fields, _) = inference.fields(&["Column".to_owned()]);
        let field = fields.first().expect("one field");
        field.rules.scale.map_or_else(|| field.type_name.clone(), |scale| format!("{}/{scale}", field.type_name))
    }

    #[test]
    fn a_column_of_texts_is_typed_only_when_writing_it_back_gives_the_same_text() {
        for (cells, type_) in [
            (vec!["1", "-20", "0"], "integer"),
            (vec!["007", "1"], "text"),
            (vec!["9007199254740993"], "text"),
            (vec!["12345678901234567890"], "text"),
            (vec!["1", "2.5"], "decimal"),
            (vec!["5.0", "12.8"], "decimal"),
            (vec!["0.10", "0.25"], "decimal/2"),
            (vec!["0.1", "0.10"], "text"),
            (vec!["1e5"], "text"),
            (vec!["+1"], "text"),
            (vec![" 1"], "text"),
            (vec!["-0"], "text"),
            (vec!["0.00001", "2.5"], "decimal"),
            (vec!["true", "false"], "boolean"),
            (vec!["TRUE"], "text"),
            (vec!["1", "true"], "text"),
            (vec!["2024-02-29"], "date"),
            (vec!["2023-02-29"], "text"),
            (vec!["2024-02-29T10:00:00Z"], "datetime"),
            (vec!["2024-02-29T10:00:00+01:00"], "text"),
            (vec!["Jun 12 1998"], "text"),
            (vec!["ann@example.com"], "text"),
            (vec![], "text"),
        ] {
            let values: Vec<Value> = cells.iter().map(|cell| json!(cell)).collect();
            assert_eq!(typed(&values, true), type_, "{cells:?}");
        }
    }

    #[test]
    fn a_column_of_json_keeps_the_json_types() {
        for (values, type_) in [
            (vec![json!(1), json!(null), json!(2)], "integer"),
            (vec![json!(1), json!(2.5)], "decimal"),
            (vec![json!("1"), json!("2")], "text"),
            (vec![json!("x"), json!(1776)], "json"),
            (vec![json!(true), json!(1)], "json"),
            (vec![json!({"a": 1})], "json"),
            (vec![json!("2024-01-01")], "date"),
            (vec![json!(9_007_199_254_740_993_i64)], "json"),
        ] {
            assert_eq!(typed(&values, false), type_, "{values:?}");
        }
    }
}
