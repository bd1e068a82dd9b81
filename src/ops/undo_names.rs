//! What the fields of a table were called when an entry of the change log was written, and what they are called once other entries are taken back.

use crate::model::change::Logged;
use crate::model::error::Result;
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::Wanted;
use crate::store::engine::ReadTx;
use crate::store::tables::history;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The definitions of a table from some entry on.
#[derive(Default)]
pub struct Names(Vec<Definition>);

struct Definition {
    seq: i64,
    act: i64,
    /// The act that it takes back.
    undoes: Option<i64>,
    /// It is taken back.
    is_undone: bool,
    /// What a field was called before, and after.
    renamed: Vec<(String, String)>,
    before: Fields,
    after: Fields,
}

/// The fields of a table, each with the numbers and values of its options.
type Fields = BTreeMap<String, Vec<(i64, String)>>;

impl Names {
    pub fn of(tx: &ReadTx<'_>, schema: SchemaId, from: i64, undone: &BTreeSet<i64>) -> Result<Self> {
        let all = history::definitions(tx, schema, from)?;
        Ok(Self(all.iter().filter_map(|entry| definition(entry, undone)).collect()))
    }

    /// What a field is called that an entry names; `None` when there is no such field any more.
    pub fn now(&self, slug: &str, seq: i64) -> Option<String> {
        let mut name = slug.to_owned();
        for definition in self.0.iter().rev().filter(|definition| definition.is_undone && definition.seq < seq) {
            // What a table loses is logged behind its definition, and under the old names.
            if let Some((was, _)) = definition.renamed.iter().find(|(_, now)| *now == name) {
                name.clone_from(was);
            } else if !definition.before.contains_key(&name) {
                return None;
            }
        }
        self.since(&name, seq)
    }

    /// The definitions after an entry that stay, but for those that were taken back since: of these nothing is left.
    fn later(&self, seq: i64) -> Vec<&Definition> {
        let mut left: Vec<&Definition> = Vec::new();
        for definition in self.0.iter().filter(|definition| !definition.is_undone && definition.seq > seq) {
            let taken_back = |other: &&Definition| definition.undoes == Some(other.act);
            if left.iter().any(taken_back) {
                left.retain(|other| !taken_back(other));
            } else {
                left.push(definition);
            }
        }
        left
    }

    /// A value that an entry names, under the name of its field: options are what they are called once all is taken back.
    pub fn held(&self, slug: &str, seq: i64, value: Value) -> Option<(String, Value)> {
        let now = self.now(slug, seq)?;
        let (mut name, mut value) = (slug.to_owned(), value);
        for definition in self.0.iter().rev().filter(|definition| definition.is_undone && definition.seq < seq) {
            let was = definition.renamed.iter().find(|(_, now)| *now == name).map_or(&name, |(was, _)| was).clone();
            swap(&mut value, definition.after.get(&name), definition.before.get(&was));
            name = was;
        }
        for definition in self.later(seq) {
            let now = definition.renamed.iter().find(|(was, _)| *was == name).map_or(&name, |(_, now)| now).clone();
            swap(&mut value, definition.before.get(&name), definition.after.get(&now));
            name = now;
        }
        Some((now, value))
    }

    /// What became of the name of a field by what stays.
    pub fn since(&self, slug: &str, seq: i64) -> Option<String> {
        let mut name = slug.to_owned();
        for definition in self.later(seq) {
            if let Some((_, now)) = definition.renamed.iter().find(|(was, _)| *was == name) {
                name.clone_from(now);
            } else if definition.before.contains_key(&name) && !definition.after.contains_key(&name) {
                return None;
            }
        }
        Some(name)
    }

    /// A schema as a definition tells of it, with its fields under the names that they have once all is taken back.
    pub fn translated(&self, told: &Schema, seq: i64) -> Schema {
        let mut schema = told.clone();
        let swap = |slug: &mut String| {
            if let Some(now) = self.now(slug, seq).or_else(|| self.since(slug, seq - 1)) {
                *slug = now;
            }
        };
        schema.fields.iter_mut().for_each(|field| swap(&mut field.slug));
        schema.unique.iter_mut().chain(&mut schema.indexes).flatten().for_each(swap);
        schema.display_field.iter_mut().for_each(swap);
        if let Wanted::Fields(slugs) = &mut schema.search.wanted {
            slugs.iter_mut().for_each(swap);
        }
        schema
    }
}

fn definition(entry: &Logged, undone: &BTreeSet<i64>) -> Option<Definition> {
    let body: Value = serde_json::from_str(entry.body.as_deref()?).ok()?;
    let fields = |key: &str| -> Option<Fields> {
        let fields = body.get(key)?.get("fields")?.as_array()?;
        Some(fields.iter().filter_map(|field| Some((field.get("slug")?.as_str()?.to_owned(), options(field)))).collect())
    };
    let (before, after) = (fields("before")?, fields("after")?);
    Some(Definition {
        seq: entry.seq,
        act: entry.act(),
        undoes: entry.undoes,
        is_undone: undone.contains(&entry.seq),
        renamed: renamed(&body),
        before,
        after,
    })
}

fn options(field: &Value) -> Vec<(i64, String)> {
    let choices = field.get("rules").and_then(|rules| rules.get("choices")).and_then(Value::as_array).into_iter().flatten();
    choices.filter_map(|choice| Some((choice.get("id")?.as_i64()?, choice.get("value")?.as_str()?.to_owned()))).collect()
}

/// Has a value hold options by what they are called afterwards.
fn swap(value: &mut Value, from: Option<&Vec<(i64, String)>>, to: Option<&Vec<(i64, String)>>) {
    let (Some(from), Some(to)) = (from, to) else { return };
    match value {
        Value::String(text) => {
            let id = from.iter().find(|(_, value)| value == text).map(|(id, _)| *id);
            if let Some((_, now)) = to.iter().find(|(known, _)| Some(*known) == id) {
                text.clone_from(now);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| swap(one, Some(from), Some(to))),
        _ => {}
    }
}

/// Which fields a definition calls otherwise: what they were called, and are.
pub fn renamed(body: &Value) -> Vec<(String, String)> {
    let pairs = body.get("renamed").and_then(Value::as_array).into_iter().flatten();
    pairs.filter_map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()))).collect()
}
