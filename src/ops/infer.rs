//! Which field a column of a file is. One rule: a column has a type only if every value, read by the type and written again, is the very same;
//! so nothing is lost: leading zeros stay text, long digits stay exact, `Jun 12 1998` stays what it is.

use super::naming::field_slug_from;
use crate::field;
use crate::format::comma;
use crate::format::day::DayOrder;
use crate::format::guard::{is_free, unguarded};
use crate::format::rows::Row;
use crate::model::expr::VALUES;
use crate::model::field::{EXACT_INTEGER_MAX, Field, FieldType};
use crate::model::name::{is_field_slug, label_from, quoted};
use crate::model::schema::SYSTEM_KEYS;
use serde_json::Value;
use std::collections::HashSet;

/// `text` without a rule of its own holds this many characters.
const TEXT_CHARS: u64 = 100_000;
/// What boolean fields read of files beside `1` and `0`.
const TRUTHS: [&str; 4] = ["true", "false", "yes", "no"];
/// In order of preference. A decimal comes twice: in its own form, and with as many digits after the point in every cell.
const CANDIDATES: [(&str, Form); 10] = [
    ("boolean", Form::Plain),
    ("integer", Form::Plain),
    ("decimal", Form::Plain),
    ("decimal", Form::FixedScale),
    ("number", Form::Plain),
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
    /// Cells that came in as their exact JSON text.
    rounded: u64,
    /// The orders of day, month and year in which every value so far is a day.
    orders: [bool; 3],
    /// The first text.
    example: Option<String>,
    /// The same of moments: days with a time behind them.
    moments: [bool; 3],
    /// The first text that is no day.
    moment_example: Option<String>,
    /// Whether every value so far is `TRUE`, `no` and the like in any case.
    truths: bool,
    /// Whether every value so far is a number where the comma is the decimal mark, and the first that has one.
    commas: bool,
    comma_example: Option<String>,
}

/// A column of texts that are days, as people write them.
pub struct Days {
    pub heading: String,
    pub orders: Vec<DayOrder>,
    pub example: String,
}

impl Days {
    /// What a person may make of it.
    pub fn note(&self) -> String {
        let (heading, example) = (quoted(&self.heading), quoted(&self.example));
        let flag = |order: &DayOrder| format!("--type \"{}=date:{}\"", self.heading, order.name());
        match self.orders.as_slice() {
            [order] => format!("{heading} looks like dates {} ({example}): {} reads them as dates", order.words(), flag(order)),
            orders => {
                let reading = |order: &DayOrder| format!("{} ({})", order.read(&self.example).unwrap_or_default(), flag(order));
                let readings: Vec<String> = orders.iter().map(reading).collect();
                format!("{heading} holds dates that can be read in two ways, so it stays text: {example} is {}", readings.join(" or "))
            }
        }
    }
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
                    rounded: 0,
                    orders: [true; 3],
                    example: None,
                    moments: [true; 3],
                    moment_example: None,
                    truths: true,
                    commas: true,
                    comma_example: None,
                });
            }
            if let Some(column) = self.columns.get_mut(*at).filter(|_| !value.is_null()) {
                column.see(value, textual, row.days.contains(at));
                column.rounded += u64::from(row.rounded.contains(at));
            }
        }
    }

    /// A field for every heading, with a slug of its own and without a header.
    pub fn fields(&self, headings: &[String]) -> Vec<Field> {
        let named = headings.iter().zip(slugs(headings)).enumerate();
        named
            .map(|(at, (heading, slug))| {
                let column = self.columns.get(at);
                let mut field = column.map_or_else(|| Field::plain(&slug, text()), |column| column.field(&slug, heading));
                field.name = if heading.trim().is_empty() { label_from(&slug) } else { heading.trim().to_owned() };
                field
            })
            .collect()
    }

    /// What may surprise in the fields that were made of these headings; with `by_command`, what a command takes to have it otherwise.
    pub fn surprises(&self, headings: &[String], fields: &[Field], by_command: bool) -> Vec<String> {
        let advice = |heading: &str| format!(" (--type {}=text makes all of it text)", quoted(heading));
        let columns = headings.iter().zip(fields).zip(&self.columns);
        columns
            .filter(|((_, field), column)| field.type_name == "json" && column.numbers > 0 && column.texts > 0)
            .map(|((heading, _), column)| {
                format!(
                    "{} holds {} texts and {} numbers: it became json, which keeps both as they are{}",
                    quoted(heading),
                    column.texts,
                    column.numbers,
                    if by_command { advice(heading) } else { String::new() }
                )
            })
            .collect()
    }

    /// Which texts are days, in which orders.
    pub fn days(&self, headings: &[String], fields: &[Field]) -> Vec<Days> {
        let columns = headings.iter().zip(fields).zip(&self.columns).filter(|((_, field), _)| field.type_name == "text");
        let found = columns.filter_map(|((heading, _), column)| {
            let orders = DayOrder::ALL.into_iter().zip(column.orders).filter(|(_, alive)| *alive).map(|(order, _)| order).collect();
            Some(Days { heading: heading.clone(), orders, example: column.example.clone()? })
        });
        found.filter(|days| !days.orders.is_empty()).collect()
    }

    /// Columns of texts that a person may want as something else, each with what is said of it.
    pub fn others(&self, headings: &[String], fields: &[Field]) -> Vec<(String, String)> {
        let columns =
            headings.iter().zip(fields).zip(&self.columns).filter(|((_, field), column)| field.type_name == "text" && column.values > 0);
        let note = |heading: &String, column: &Column| {
            let name = quoted(heading);
            if let Some(note) = column.moments(heading) {
                return Some(note);
            }
            match &column.comma_example {
                _ if column.truths => {
                    Some(format!("{name} holds only words for true and false: --type \"{heading}=boolean\" reads them as such"))
                }
                Some(example) if column.commas => Some(format!(
                    "{name} looks like numbers with a decimal comma ({}): --type \"{heading}=decimal:comma\" reads them as numbers",
                    quoted(example)
                )),
                _ => None,
            }
        };
        columns.filter_map(|((heading, _), column)| Some((heading.clone(), note(heading, column)?))).collect()
    }

    /// Which columns hold numbers that came in as texts.
    pub fn rounded(&self, headings: &[String]) -> Vec<String> {
        let columns = headings.iter().zip(&self.columns).filter(|(_, column)| column.rounded > 0);
        columns
            .map(|(heading, column)| {
                format!(
                    "{} holds {} values with numbers of more digits than JSON readers keep: they became text, every digit kept",
                    quoted(heading),
                    column.rounded
                )
            })
            .collect()
    }
}

/// Gives each field the heading it came from, by which it is found again. Where that is the slug of a field with another heading, or one of several
/// that are empty, its own slug has to do.
pub fn keep_headers(fields: &mut [Field], headings: &[String]) {
    let slugs: Vec<String> = fields.iter().map(|field| field.slug.clone()).collect();
    for (field, heading) in fields.iter_mut().zip(headings) {
        let is_anothers = slugs.iter().zip(headings).any(|(slug, other)| slug == heading && other != heading);
        let is_one_of_the_empty = heading.is_empty() && headings.iter().filter(|other| *other == heading).count() > 1;
        field.header = (!is_anothers && !is_one_of_the_empty && field.slug != *heading).then(|| heading.clone());
    }
}

impl Column {
    fn see(&mut self, value: &Value, textual: bool, is_day: bool) {
        self.values += 1;
        for (order, alive) in DayOrder::ALL.into_iter().zip(&mut self.orders) {
            *alive = *alive && value.as_str().is_some_and(|text| order.read(text).is_some());
        }
        if self.example.is_none() && self.orders.contains(&true) {
            self.example = value.as_str().map(str::to_owned);
        }
        let moment = value.as_str().filter(|text| text.contains(':'));
        for (order, alive) in DayOrder::ALL.into_iter().zip(&mut self.moments) {
            *alive = *alive && moment.is_some_and(|text| order.read_moment(text).is_some());
        }
        if self.moment_example.is_none() && self.moments.contains(&true) {
            self.moment_example = moment.map(str::to_owned);
        }
        self.truths = self.truths && value.as_str().is_some_and(|text| TRUTHS.contains(&text.to_lowercase().as_str()));
        self.commas = self.commas && value.as_str().is_some_and(|text| comma::read(text).is_some());
        if self.comma_example.is_none() && self.commas {
            self.comma_example = value.as_str().filter(|text| text.contains(',')).map(str::to_owned);
        }
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
                && !(is_day && *name == "datetime")
                && let Some(slot) = self.alive.get_mut(at)
            {
                *slot = false;
            }
        }
    }

    /// What is said of texts that are moments.
    fn moments(&self, heading: &str) -> Option<String> {
        let example = self.moment_example.as_ref()?;
        let orders = DayOrder::ALL.into_iter().zip(self.moments).filter(|(_, alive)| *alive).map(|(order, _)| order);
        let flag = |order: DayOrder| format!("{} (--type \"{heading}=datetime:{}\")", order.words(), order.name());
        let flags: Vec<String> = orders.map(flag).collect();
        (!flags.is_empty())
            .then(|| format!("{} looks like moments ({}): {} reads them so", quoted(heading), quoted(example), flags.join(" or ")))
    }

    fn keeps(&self, name: &str, form: Form, value: &Value, textual: bool) -> bool {
        let Some(type_) = field::find(name) else { return false };
        let mut field = Field::plain("column", type_);
        field.rules.max_length = Some(u64::MAX);
        if form == Form::FixedScale {
            field.rules.scale = self.scale.filter(|scale| *scale > 0);
            if field.rules.scale.is_none() || !textual || type_.check_rules(&field.rules).is_err() {
                return false;
            }
        }
        // `true` and `1` are read as booleans, but written only as the former: the comparison sees to that.
        match value {
            Value::String(cell) if textual => {
                let cell = if is_free(type_.kind()) { unguarded(cell) } else { cell };
                type_.read_cell(&field, cell).is_ok_and(|read| type_.write_cell(&field, &read) == cell && is_safe(name, &read))
            }
            _ => type_.clean(&field, value).is_ok_and(|clean| clean == *value),
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
    name == "json" || value.as_i64().is_none_or(|number| number.abs() <= EXACT_INTEGER_MAX)
}

fn text() -> &'static dyn FieldType {
    field::find("text").unwrap_or(field::FIELD_TYPES[0])
}

/// A slug for every heading, all different. A heading that is a slug keeps it, wherever it stands: it is found again by it.
fn slugs(headings: &[String]) -> Vec<String> {
    let is_free = |heading: &str| !SYSTEM_KEYS.contains(&heading) && !VALUES.contains(&heading);
    let is_plain = |heading: &str| is_field_slug(heading) && heading.to_lowercase() == heading && is_free(heading);
    let mut taken: HashSet<String> = SYSTEM_KEYS.iter().map(|key| (*key).to_owned()).collect();
    taken.extend(headings.iter().filter(|heading| is_plain(heading)).cloned());
    let mut kept = HashSet::new();
    let slug = |heading: &String| {
        if is_plain(heading) && kept.insert(heading.clone()) {
            return heading.clone();
        }
        let base = field_slug_from(heading);
        let numbered = (2_u64..).map(|number| format!("{base}_{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|slug| !taken.contains(slug)).unwrap_or(base);
        taken.insert(free.clone());
        free
    };
    headings.iter().map(slug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn typed(values: &[Value], textual: bool) -> String {
        let mut inference = Inference::default();
        for (at, value) in values.iter().enumerate() {
            inference.see(&Row { number: at as u64 + 1, cells: vec![(0, value.clone())], ..Row::default() }, textual);
        }
        let fields = inference.fields(&["Column".to_owned()]);
        let field = fields.first().expect("one field");
        field.rules.scale.map_or_else(|| field.type_name.clone(), |scale| format!("{}/{scale}", field.type_name))
    }

    #[test]
    fn a_column_of_texts_is_typed_only_when_writing_it_back_gives_the_same_text() {
        for (cells, type_) in [
            (vec!["1", "-20", "0"], "integer"),
            (vec!["007", "1"], "text"),
            (vec!["9007199254740993"], "text"),
            (vec!["9007199254740993", "0.5"], "text"),
            (vec!["0.3333333333333333", "0.25"], "number"),
            (vec!["TRUE", "FALSE"], "text"),
            (vec!["yes", "no"], "text"),
            (vec!["1e-7"], "number"),
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
            (vec![json!(9_007_199_254_740_993_i64), json!(i64::MAX)], "integer"),
            (vec![json!(0.333_333_333_333_333_3)], "number"),
            (vec![json!(1e15), json!(1e20)], "number"),
            (vec![json!(1), json!(1e300)], "number"),
            (vec![json!(1e300), json!("x")], "json"),
        ] {
            assert_eq!(typed(&values, false), type_, "{values:?}");
        }
    }

    #[test]
    fn every_heading_gets_a_slug_of_its_own_and_keeps_itself_where_it_is_alone() {
        for (headings, slugs, headers) in [
            (vec!["name", "name"], vec!["name", "name_2"], vec!["name", "name"]),
            (vec!["Name", "name"], vec!["name_2", "name"], vec!["Name", "name"]),
            (vec!["a b", "a_b", "A B"], vec!["a_b_2", "a_b", "a_b_3"], vec!["a b", "a_b", "A B"]),
            (vec!["a", "a", "a_2"], vec!["a", "a_3", "a_2"], vec!["a", "a", "a_2"]),
            (
                vec!["", "id", "ID", "IMDB Rating", ""],
                vec!["field", "id_2", "id_3", "imdb_rating", "field_2"],
                vec!["field", "id", "ID", "IMDB Rating", "field_2"],
            ),
        ] {
            let headings: Vec<String> = headings.into_iter().map(str::to_owned).collect();
            let mut fields = Inference::default().fields(&headings);
            keep_headers(&mut fields, &headings);
            assert_eq!(fields.iter().map(|field| field.slug.as_str()).collect::<Vec<_>>(), slugs);
            assert_eq!(fields.iter().map(Field::heading).collect::<Vec<_>>(), headers);
        }
    }
}
