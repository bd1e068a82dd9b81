//! Draft to clean: every rule of every field, all problems at once. The only maker of a `Clean`. What needs rows (unique, references) is asked in `records`, inside the transaction.

use super::modify;
use crate::field;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::name::quoted;
use crate::model::principal::Scope;
use crate::model::record::{Clean, Draft};
use crate::model::schema::{SYSTEM_KEYS, Schema, SchemaId};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Checked values, and the keys that were sent and have no say (`id`, stamps): clients read a record, change it and send it back whole.
#[derive(Debug, Clone)]
pub struct Checked {
    pub clean: Clean,
    pub ignored: Vec<String>,
    /// What changes stored values, by keys such as `amount+`; none but in a change.
    pub modifiers: Map<String, Value>,
}

/// What becomes of keys that the caller cannot set: of no field that it sees, or of one that it may not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strays {
    Refused,
    /// They have no say, as other keys that were read and are sent back.
    Dropped,
}

impl Strays {
    /// A draft without those that are dropped, and their names.
    pub fn sift<'d>(self, scope: &Scope, draft: &'d Draft) -> (Cow<'d, Draft>, Vec<String>) {
        let is_stray = |key: &str| match scope.seen.field(key) {
            Some(field) => field.is_given() || scope.read_only.iter().any(|slug| slug == key),
            None => !SYSTEM_KEYS.contains(&key),
        };
        if self == Strays::Refused || !draft.keys().any(|key| is_stray(key)) {
            return (Cow::Borrowed(draft), Vec::new());
        }
        let (strays, kept): (Vec<_>, Vec<_>) = draft.iter().partition(|(key, _)| is_stray(key));
        let kept = kept.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        (Cow::Owned(kept), strays.into_iter().map(|(key, _)| key.clone()).collect())
    }
}

/// Values of a whole record that the change log held: clean when it took them, and `undo_records` has asked the fields of those that change once more.
pub fn of_log(schema: &Schema, values: Map<String, Value>) -> Clean {
    Clean { schema: schema.id, schema_version: schema.version, values }
}

/// The number that the program gives a record in a field that counts by itself.
pub fn numbered(schema: &Schema, field: &Field, number: i64) -> Clean {
    of_log(schema, Map::from_iter([(field.slug.clone(), Value::from(number))]))
}

/// What was checked of many records, as text: as values it would take many times the memory, and wait there for the writer.
pub struct Pack {
    schema: SchemaId,
    schema_version: i64,
    text: String,
    ends: Vec<usize>,
}

impl Pack {
    pub fn new(schema: &Schema) -> Self {
        Self { schema: schema.id, schema_version: schema.version, text: String::new(), ends: Vec::new() }
    }

    /// Adds the values of one that was checked against the same schema.
    pub fn add(&mut self, checked: &Checked) -> Result<()> {
        self.text.push_str(&serde_json::to_string(&(&checked.clean.values, &checked.modifiers)).map_err(Error::internal)?);
        self.ends.push(self.text.len());
        Ok(())
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Result<Checked>> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let (values, modifiers) = serde_json::from_str(self.text.get(begin..*end).unwrap_or_default()).map_err(Error::internal)?;
            begin = *end;
            let clean = Clean { schema: self.schema, schema_version: self.schema_version, values };
            Ok(Checked { clean, ignored: Vec::new(), modifiers })
        })
    }
}

/// A whole new record: what is missing takes its default.
pub fn create(schema: &Schema, draft: &Draft) -> Result<Checked> {
    create_as(schema, schema, draft)
}

/// The same for somebody who sees no more of the schema than `seen`.
pub fn create_as(schema: &Schema, seen: &Schema, draft: &Draft) -> Result<Checked> {
    let mut problems = unknown_keys(seen, draft);
    let mut values = Map::new();
    let mut lacks_hidden = false;
    for field in schema.stored() {
        if seen.field(&field.slug).is_none() {
            lacks_hidden |= required(field, &field.default).is_err();
            values.insert(field.slug.clone(), field.default.clone());
            continue;
        }
        // Given when the record is written.
        let sent = draft.get(&field.slug).filter(|_| !field.is_given());
        let value = match sent {
            None => required(field, &field.default).map(|()| field.default.clone()),
            Some(value) => required(field, value).and_then(|()| clean(field, value)),
        };
        match value {
            Ok(value) => drop(values.insert(field.slug.clone(), value)),
            Err(problem) => problems.push(problem),
        }
    }
    if lacks_hidden && problems.is_empty() {
        let message = format!("A record of the table '{}' needs a value that you cannot give it", schema.slug);
        return Err(Error::Forbidden(message));
    }
    checked(seen, draft, values, problems)
}

/// Some fields of a record that is there.
pub fn update(schema: &Schema, draft: &Draft) -> Result<Checked> {
    let problems = unknown_keys(schema, draft);
    update_by(schema, draft, problems)
}

/// The same, by modifiers too: what they make of the record is known where it is found.
pub fn change(schema: &Schema, draft: &Draft) -> Result<Checked> {
    let (modifiers, mut problems) = modify::read(schema, draft);
    let plain: Draft =
        draft.iter().filter(|(key, _)| modify::modified(schema, key).is_none()).map(|(key, value)| (key.clone(), value.clone())).collect();
    problems.extend(unknown_keys(schema, &plain));
    Ok(Checked { modifiers, ..update_by(schema, &plain, problems)? })
}

fn update_by(schema: &Schema, draft: &Draft, mut problems: Vec<Problem>) -> Result<Checked> {
    let mut values = Map::new();
    for field in schema.fields.iter().filter(|field| !field.is_given()) {
        if let Some(sent) = draft.get(&field.slug) {
            match required(field, sent).and_then(|()| clean(field, sent)) {
                Ok(value) => drop(values.insert(field.slug.clone(), value)),
                Err(problem) => problems.push(problem),
            }
        }
    }
    checked(schema, draft, values, problems)
}

/// One value by its field's type, in stored form.
pub fn clean(field: &Field, value: &Value) -> std::result::Result<Value, Problem> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    field::clean(field, value).map_err(|refusal| refusal.of(&field.slug))
}

/// One value, with the question whether there must be one.
pub fn whole(field: &Field, value: &Value) -> std::result::Result<Value, Problem> {
    required(field, value).and_then(|()| clean(field, value))
}

/// Asked before the type is: whoever sends nothing, null or the empty text left the field out.
fn required(field: &Field, value: &Value) -> std::result::Result<(), Problem> {
    let empty = value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty) && field.kind.is_set();
    if field.required && empty { Err(Problem::of(&field.slug, "required", format!("Field '{}' is required", field.slug))) } else { Ok(()) }
}

fn checked(schema: &Schema, draft: &Draft, values: Map<String, Value>, problems: Vec<Problem>) -> Result<Checked> {
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let has_no_say = |key: &&String| SYSTEM_KEYS.contains(&key.as_str()) || schema.field(key).is_some_and(Field::is_given);
    let ignored = draft.keys().filter(has_no_say).cloned().collect();
    Ok(Checked { clean: Clean { schema: schema.id, schema_version: schema.version, values }, ignored, modifiers: Map::new() })
}

fn unknown_keys(schema: &Schema, draft: &Draft) -> Vec<Problem> {
    let unknown = draft.keys().filter(|key| schema.field(key).is_none() && !SYSTEM_KEYS.contains(&key.as_str()));
    unknown
        .map(|key| {
            let problem = Problem::of(key, "unknown_field", format!("Table '{}' has no field {}", schema.slug, quoted(key)));
            let is_wrapper = draft.len() == 1 && draft.get(key).is_some_and(|value| value.is_object() || value.is_array());
            match is_wrapper {
                _ if modify::modified(schema, key).is_some() => {
                    problem.hint("A value that is stored is changed so by PATCH, by the record's id or a filter")
                }
                true => problem.hint(format!("Send what is in it, without {} around it", quoted(key))),
                false => problem.did_you_mean(key, schema.fields.iter().map(|field| field.slug.as_str())),
            }
        })
        .collect()
}
