//! Which field of a table an entry of the change log means, whatever it is called by then: what each was called from entry to entry, and what it is called
//! now, or once other entries are taken back. A field that comes back is the one that went.

use crate::model::change::Logged;
use crate::model::error::Result;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::ReadTx;
use crate::store::tables::history;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The fields of a table from some entry on.
#[derive(Default)]
pub struct Names {
    /// Its definitions, oldest first.
    steps: Vec<Step>,
    now: BTreeMap<FieldId, Now>,
    next: usize,
}

/// One field, through all its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FieldId(usize);

/// What a definition found, and what it left.
struct Step {
    seq: i64,
    before: BTreeMap<String, Known>,
    after: BTreeMap<String, Known>,
}

#[derive(Clone)]
struct Known {
    id: FieldId,
    options: Options,
}

struct Now {
    slug: String,
    options: Options,
    /// It is not there yet: what is taken back brings it back.
    is_expected: bool,
}

/// The numbers and values of the options of a field.
type Options = Vec<(i64, String)>;

/// The side of a definition on which something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

impl Names {
    /// As things are called now.
    pub fn of(tx: &ReadTx<'_>, schema: SchemaId, from: i64) -> Result<Self> {
        let mut names = Self::default();
        history::definitions(tx, schema, from)?.iter().for_each(|entry| names.take(entry));
        Ok(names)
    }

    /// One more definition.
    fn take(&mut self, entry: &Logged) {
        let Some(body) = entry.body.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()) else { return };
        let (told_before, told_after) = (fields(&body, "before"), fields(&body, "after"));
        if told_before.is_none() && told_after.is_none() {
            return;
        }
        let found = told_before.unwrap_or_else(|| self.now.values().map(|now| (now.slug.clone(), now.options.clone())).collect());
        let mut before = BTreeMap::new();
        for (slug, options) in found {
            let id = self.called(&slug).unwrap_or_else(|| self.fresh());
            before.insert(slug, Known { id, options });
        }
        // A table that goes keeps its fields, for whoever brings it back.
        let left = told_after.unwrap_or_else(|| before.iter().map(|(slug, known)| (slug.clone(), known.options.clone())).collect());
        let renames = renamed(&body);
        let mut after = BTreeMap::new();
        for (slug, options) in left {
            let was = renames.iter().find(|(_, now)| *now == slug).map(|(was, _)| was);
            let is_same = !renames.iter().any(|(was, _)| *was == slug);
            let stays = was.or(Some(&slug).filter(|_| is_same)).and_then(|slug| before.get(slug)).map(|known| known.id);
            let id = self.came_back(&body, &slug).or(stays).or_else(|| self.buried(entry, &slug)).unwrap_or_else(|| self.fresh());
            after.insert(slug, Known { id, options });
        }
        let now =
            |(slug, known): (&String, &Known)| (known.id, Now { slug: slug.clone(), options: known.options.clone(), is_expected: false });
        self.now = after.iter().map(now).collect();
        self.steps.push(Step { seq: entry.seq, before, after });
    }

    fn fresh(&mut self) -> FieldId {
        self.next += 1;
        FieldId(self.next)
    }

    fn called(&self, slug: &str) -> Option<FieldId> {
        self.now.iter().find(|(_, now)| now.slug == slug).map(|(id, _)| *id)
    }

    /// The field that a definition says it brings back under this name.
    fn came_back(&self, body: &Value, slug: &str) -> Option<FieldId> {
        let told = body.get("back")?.get(slug)?;
        let (was, seq) = (told.get(0)?.as_str()?, told.get(1)?.as_i64()?);
        self.step(seq)?.before.get(was).map(|known| known.id)
    }

    /// The last field of this name that went, for a definition that takes another one back and does not say what it brings.
    fn buried(&self, entry: &Logged, slug: &str) -> Option<FieldId> {
        entry.undoes?;
        let gone = |step: &Step| {
            let known = step.before.get(slug)?;
            (!step.after.values().any(|left| left.id == known.id) && !self.now.contains_key(&known.id)).then_some(known.id)
        };
        self.steps.iter().rev().find_map(gone)
    }

    fn step(&self, seq: i64) -> Option<&Step> {
        self.steps.iter().find(|step| step.seq == seq)
    }

    /// The field that an entry means, and the last definition before it. What a table loses is logged behind its definition, and under the old names.
    fn known(&self, slug: &str, seq: i64) -> Option<(&Known, usize)> {
        let at = self.steps.partition_point(|step| step.seq <= seq);
        match at.checked_sub(1).and_then(|last| self.steps.get(last)) {
            Some(step) => step.after.get(slug).or_else(|| step.before.get(slug)).map(|known| (known, at)),
            None => self.steps.first()?.before.get(slug).map(|known| (known, 0)),
        }
    }

    /// What a field is called that an entry names; `None` when there is no such field any more.
    pub fn now(&self, slug: &str, seq: i64) -> Option<String> {
        if self.steps.is_empty() {
            return Some(slug.to_owned());
        }
        self.known(slug, seq).and_then(|(known, _)| self.now.get(&known.id)).map(|now| now.slug.clone())
    }

    /// A value that an entry names, under the name of its field: options are what they are called by now.
    pub fn held(&self, slug: &str, seq: i64, value: Value) -> Option<(String, Value)> {
        if self.steps.is_empty() {
            return Some((slug.to_owned(), value));
        }
        let (known, at) = self.known(slug, seq)?;
        let now = self.now.get(&known.id)?;
        Some((now.slug.clone(), self.option(known, at, value)))
    }

    fn option(&self, known: &Known, at: usize, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let of = |options: &Options| options.iter().find(|(_, value)| *value == text).map(|(id, _)| *id);
                let before = || {
                    let step = at.checked_sub(1).and_then(|last| self.steps.get(last))?;
                    of(&step.before.values().find(|other| other.id == known.id)?.options)
                };
                let Some(id) = of(&known.options).or_else(before) else { return Value::String(text) };
                let called = |options: &Options| options.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone());
                let now = self.now.get(&known.id).and_then(|now| called(&now.options));
                let later = || {
                    let later = self.steps.get(at..).unwrap_or_default().iter().rev();
                    later.filter_map(|step| step.after.values().find(|other| other.id == known.id)).find_map(|known| called(&known.options))
                };
                now.or_else(later).map_or(Value::String(text), Value::String)
            }
            Value::Array(all) => Value::Array(all.into_iter().map(|one| self.option(known, at, one)).collect()),
            other => other,
        }
    }

    /// What the field is called that a definition left under this name.
    pub fn since(&self, slug: &str, seq: i64) -> Option<String> {
        let id = self.step(seq)?.after.get(slug)?.id;
        self.now.get(&id).map(|now| now.slug.clone())
    }

    // As things are taken back ---------------------------------------------------------------------------------------

    /// What a definition took out of the table is to come back.
    pub fn expect(&mut self, seq: i64) {
        let Some(step) = self.steps.iter().find(|step| step.seq == seq) else { return };
        for (slug, known) in &step.before {
            let stays = step.after.values().any(|left| left.id == known.id);
            if !stays && !self.now.contains_key(&known.id) {
                self.now.insert(known.id, Now { slug: slug.clone(), options: known.options.clone(), is_expected: true });
            }
        }
    }

    /// A table that went is to come back with the fields that it had then.
    pub fn restore(&mut self, seq: i64) {
        let Some(step) = self.steps.iter().find(|step| step.seq == seq) else { return };
        let now =
            |(slug, known): (&String, &Known)| (known.id, Now { slug: slug.clone(), options: known.options.clone(), is_expected: false });
        self.now = step.before.iter().map(now).collect();
    }

    /// A field is called otherwise from here on.
    pub fn rename(&mut self, was: &str, now: &str) {
        if let Some(field) = self.now.values_mut().find(|field| field.slug == was && !field.is_expected) {
            now.clone_into(&mut field.slug);
        }
    }

    /// The field that a definition renamed, which is not there, is to come back under the name that it had before.
    pub fn rename_expected(&mut self, seq: i64, was: &str, now: &str) {
        let Some(id) = self.step(seq).and_then(|step| step.after.get(now)).map(|known| known.id) else { return };
        if let Some(field) = self.now.get_mut(&id).filter(|field| field.slug == now) {
            was.clone_into(&mut field.slug);
        }
    }

    /// The table is this from here on.
    pub fn settle(&mut self, schema: &Schema) {
        let there: Vec<String> = self.now.values().filter(|now| !now.is_expected).map(|now| now.slug.clone()).collect();
        self.now.retain(|_, now| schema.field(&now.slug).is_some() && !(now.is_expected && there.contains(&now.slug)));
        for now in self.now.values_mut() {
            now.is_expected = false;
            if let Some(field) = schema.field(&now.slug) {
                now.options = field.rules.choices.iter().map(|choice| (choice.id, choice.value.clone())).collect();
            }
        }
    }

    /// Of fields that come back: which they were, by what the log calls them. For `back` in the entry that brings them.
    pub fn origins<'s>(&self, came: impl Iterator<Item = &'s String>) -> Map<String, Value> {
        let origin = |slug: &String| {
            let id = self.called(slug)?;
            let last = |step: &Step| Some((step.before.iter().find(|(_, known)| known.id == id)?.0.clone(), step.seq));
            let (was, seq) = self.steps.iter().rev().find_map(last)?;
            Some((slug.clone(), json!([was, seq])))
        };
        came.filter_map(origin).collect()
    }

    /// What a definition added, and the table has no more, is nobody's field any more; unless it was there before one of these older ones, too.
    pub fn drop_added(&mut self, seq: i64, older: &[i64], schema: &Schema) {
        let Some(step) = self.steps.iter().find(|step| step.seq == seq) else { return };
        let knows = |step: &Step, id: FieldId| step.before.values().any(|was| was.id == id);
        let comes = |id: FieldId| self.steps.iter().any(|step| older.contains(&step.seq) && knows(step, id));
        let added = step.after.values().filter(|known| !knows(step, known.id) && !comes(known.id));
        for known in added.cloned().collect::<Vec<Known>>() {
            if self.now.get(&known.id).is_some_and(|now| schema.field(&now.slug).is_none()) {
                self.now.remove(&known.id);
            }
        }
    }

    /// The field that a definition added and that is there, by the name that it has, if another had that name before one of these older definitions.
    pub fn added_in_the_way(&self, seq: i64, older: &[i64]) -> Vec<String> {
        let Some(step) = self.step(seq) else { return Vec::new() };
        let added = step.after.values().map(|known| known.id).filter(|id| !step.before.values().any(|was| was.id == *id));
        let there = added.filter_map(|id| Some((id, self.now.get(&id).filter(|now| !now.is_expected)?)));
        let in_the_way = |(id, now): &(FieldId, &Now)| {
            let mut older = older.iter().filter_map(|seq| self.step(*seq));
            older.any(|step| step.before.get(&now.slug).is_some_and(|known| known.id != *id))
        };
        there.filter(in_the_way).map(|(_, now)| now.slug.clone()).collect()
    }

    /// What the fields of a definition are called: the old name, and the one of now. Those that are gone keep theirs.
    pub fn pairs(&self, seq: i64, side: Side) -> Vec<(String, String)> {
        let Some(step) = self.step(seq) else { return Vec::new() };
        self.named(if side == Side::Before { &step.before } else { &step.after })
    }

    /// The same of the fields that there were when an entry was written.
    pub fn pairs_at(&self, seq: i64) -> Vec<(String, String)> {
        let at = self.steps.partition_point(|step| step.seq <= seq);
        let last = at.checked_sub(1).and_then(|last| self.steps.get(last)).map(|step| &step.after);
        last.or_else(|| self.steps.first().map(|step| &step.before)).map(|all| self.named(all)).unwrap_or_default()
    }

    fn named(&self, all: &BTreeMap<String, Known>) -> Vec<(String, String)> {
        let now =
            |(slug, known): (&String, &Known)| (slug.clone(), self.now.get(&known.id).map_or_else(|| slug.clone(), |now| now.slug.clone()));
        all.iter().map(now).collect()
    }
}

/// The fields of a table that a side of a body tells of; `None` when it tells of none, or of something else than a table.
fn fields(body: &Value, side: &str) -> Option<BTreeMap<String, Options>> {
    let told = body.get(side).filter(|told| told.get("model").is_some())?;
    let fields = told.get("fields")?.as_array()?;
    Some(fields.iter().filter_map(|field| Some((field.get("slug")?.as_str()?.to_owned(), options(field)))).collect())
}

fn options(field: &Value) -> Options {
    let choices = field.get("rules").and_then(|rules| rules.get("choices")).and_then(Value::as_array).into_iter().flatten();
    choices.filter_map(|choice| Some((choice.get("id")?.as_i64()?, choice.get("value")?.as_str()?.to_owned()))).collect()
}

/// Which fields a definition calls otherwise: what they were called, and are.
pub fn renamed(body: &Value) -> Vec<(String, String)> {
    let pairs = body.get("renamed").and_then(Value::as_array).into_iter().flatten();
    pairs.filter_map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()))).collect()
}
