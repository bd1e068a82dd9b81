//! How records are written: the number as `id`, references as numbers, and of each record that a reference leads to its fields under `<field>_<name>`. What
//! lies in a record goes out as it lies; nothing is read as a value.

use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::json::members;
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::record::RecordRef;
use crate::model::schema::Schema;
use crate::ops::joined::{Follow, Joined};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

const STAMPS: [&str; 2] = ["created_at", "updated_at"];

/// Which keys a record has here, and in which form.
pub struct Layout {
    /// Fields that are shown, by their slugs.
    own: HashMap<String, Form>,
    stamps: [bool; 2],
    /// What is shown of where the references lead.
    flat: Vec<Flat>,
    /// Everything is shown as it lies.
    is_plain: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    AsItLies,
    /// `"rec_5"`, to be 5.
    Id,
    /// `["rec_5"]`, to be [5].
    Ids,
}

struct Flat {
    lead: usize,
    field: String,
    /// The key of the other record's number, if it is shown.
    id: Option<String>,
    /// Its fields by their slugs, with their keys here.
    keys: HashMap<String, (String, Form)>,
    /// All of these keys without a value.
    absent: String,
}

impl Layout {
    /// All keys that a record can have, or those that are named: keys of the record, or `<field>_<name>`. `id` is always there.
    pub fn new(joined: &Joined, names: Option<&[String]>, limits: &Limits) -> Result<Self> {
        let schema = joined.seen();
        let named: Option<HashSet<&str>> = names.map(|names| names.iter().map(String::as_str).collect());
        let is_named = |key: &str| named.as_ref().is_none_or(|named| named.contains(key));
        let own = schema.fields.iter().filter(|field| is_named(&field.slug)).map(|field| (field.slug.clone(), form(field))).collect();
        let (mut flat, mut known): (Vec<Flat>, Vec<String>) = (Vec::new(), Vec::new());
        for (at, lead) in joined.leads().iter().enumerate() {
            let key = |name: &str| format!("{}_{name}", lead.field);
            let is_free = |key: &String| schema.field(key).is_none() && !STAMPS.contains(&key.as_str());
            // What leads back would be asked of every record anew.
            let fields = lead.seen().fields.iter().filter(|field| field.kind != Kind::Lines);
            let all: Vec<(&Field, String)> = fields.map(|field| (field, key(&field.slug))).filter(|(_, key)| is_free(key)).collect();
            let id = Some(key("id")).filter(is_free);
            known.extend(id.iter().cloned().chain(all.iter().map(|(_, key)| key.clone())));
            let id = id.filter(|key| is_named(key));
            let all: Vec<(&Field, String)> = all.into_iter().filter(|(_, key)| is_named(key)).collect();
            let absent = id.iter().chain(all.iter().map(|(_, key)| key)).fold(String::new(), |text, key| format!("{text},\"{key}\":null"));
            if !absent.is_empty() {
                let keys = all.into_iter().map(|(field, key)| (field.slug.clone(), (key, form(field)))).collect();
                flat.push(Flat { lead: at, field: lead.field.clone(), id, keys, absent });
            }
        }
        check(schema, names, &known, limits)?;
        let stamps = STAMPS.map(|stamp| names.is_some() && is_named(stamp));
        let is_plain = names.is_none() && flat.is_empty() && schema.fields.iter().all(|field| form(field) == Form::AsItLies);
        Ok(Self { own, stamps, flat, is_plain })
    }

    /// Which references are to be followed.
    pub fn follows(&self) -> Vec<Follow> {
        self.flat.iter().map(|flat| Follow { lead: flat.lead, shown: flat.keys.keys().cloned().collect() }).collect()
    }

    /// The fields that have to be read of each record; `None` for all.
    pub fn wanted(&self, names: Option<&[String]>) -> Option<Vec<String>> {
        names.map(|_| self.own.keys().cloned().chain(self.flat.iter().map(|flat| flat.field.clone())).collect())
    }

    /// What is shown of a record that a lead leads to.
    pub fn beside(&self, lead: usize, record: RecordRef<'_>) -> String {
        let Some(flat) = self.flat.iter().find(|flat| flat.lead == lead) else { return String::new() };
        let mut text = String::with_capacity(record.data.len() + 16 * flat.keys.len());
        if let Some(key) = &flat.id {
            // Writing to a String cannot fail.
            let _ = write!(text, ",\"{key}\":{}", record.id.0);
        }
        for (slug, value) in members(record.data) {
            if let Some((key, form)) = flat.keys.get(slug) {
                push(&mut text, key, *form, value);
            }
        }
        text
    }

    /// A record, with what was made of where it leads.
    pub fn show(&self, body: &mut String, record: RecordRef<'_>, beside: &[Option<&str>]) {
        let _ = write!(body, "{{\"id\":{}", record.id.0);
        if self.is_plain {
            let fields = record.data.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
            if !fields.is_empty() {
                body.push(',');
                body.push_str(fields);
            }
            body.push('}');
            return;
        }
        for (slug, value) in members(record.data) {
            if let Some(form) = self.own.get(slug) {
                push(body, slug, *form, value);
            }
            for (flat, made) in self.flat.iter().zip(beside) {
                if flat.field == slug {
                    body.push_str(made.unwrap_or(&flat.absent));
                }
            }
        }
        let stamps = STAMPS.into_iter().zip([record.created_at, record.updated_at]).zip(self.stamps);
        for ((key, value), _) in stamps.filter(|(_, is_shown)| *is_shown) {
            let _ = write!(body, ",\"{key}\":\"{value}\"");
        }
        body.push('}');
    }
}

fn form(field: &Field) -> Form {
    match field.formula.as_ref().map_or(field.kind, |formula| formula.kind) {
        Kind::Reference => Form::Id,
        Kind::Links | Kind::Lines => Form::Ids,
        _ => Form::AsItLies,
    }
}

fn push(body: &mut String, key: &str, form: Form, value: &str) {
    // Keys are slugs of fields, which nothing has to be escaped in.
    for piece in [",\"", key, "\":"] {
        body.push_str(piece);
    }
    match form {
        Form::AsItLies => body.push_str(value),
        Form::Id | Form::Ids => value.split('"').for_each(|piece| body.push_str(piece.strip_prefix("rec_").unwrap_or(piece))),
    }
}

/// Refuses names of no key.
fn check(schema: &Schema, names: Option<&[String]>, flat: &[String], limits: &Limits) -> Result<()> {
    let own = || schema.fields.iter().map(|field| field.slug.as_str()).chain(["id"]).chain(STAMPS);
    let known = || own().chain(flat.iter().map(String::as_str));
    let all: HashSet<&str> = known().collect();
    // To look for the nearest name takes long: those that nobody is told of are not looked at.
    let problems: Vec<Problem> = names
        .unwrap_or_default()
        .iter()
        .filter(|name| !all.contains(name.as_str()))
        .take(limits.problems_shown_max)
        .map(|name| {
            let message = format!("Table '{}' has no field {}", schema.slug, quoted(name));
            Problem::of("fields", "unknown_field", message).did_you_mean(name, known())
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
