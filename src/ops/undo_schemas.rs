//! Taking back what happened to tables: which definitions there are, and what each table is to be. It is made so in two steps by `undo_shapes`: first as far
//! as records need it, and once these are put back (`undo_records`) what only holds of all of them together.

use super::access;
use super::undo::{Conflict, Work};
use super::undo_merge::merge;
use super::undo_names::{Names, Side, renamed};
use super::undo_retold::Retold;
use super::undo_shapes::{self, Turn};
use super::{fields, schemas as tables, undo_apps};
use crate::model::change::Logged;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::name::numbered;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{history, schemas};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What becomes of the tables.
#[derive(Default)]
pub struct Turns {
    all: BTreeMap<SchemaId, Turn>,
    first: i64,
    /// Of the tables whose definitions are among the entries.
    names: BTreeMap<SchemaId, Arc<Names>>,
}

/// An entry about a table, with what it says.
pub struct Definition<'e> {
    pub entry: &'e Logged,
    pub body: Value,
    before: Option<Schema>,
    after: Option<Schema>,
}

impl Turns {
    pub fn names(&self, tx: &ReadTx<'_>, schema: SchemaId) -> Result<Arc<Names>> {
        match self.names.get(&schema) {
            Some(names) => Ok(names.clone()),
            None => Names::of(tx, schema, self.first).map(Arc::new),
        }
    }

    /// Whether a table goes with all its records.
    pub fn goes(&self, schema: SchemaId) -> bool {
        self.all.get(&schema).is_some_and(|turn| turn.goes)
    }

    /// Whether what a field holds was left there by nobody.
    pub fn is_fresh(&self, schema: SchemaId, slug: &str) -> bool {
        self.all.get(&schema).is_some_and(|turn| turn.came.contains(slug))
    }

    /// Whether a field came back, has another type or leads to another table.
    pub fn is_other(&self, schema: SchemaId, slug: &str) -> bool {
        self.all.get(&schema).is_some_and(|turn| turn.fresh.contains(slug))
    }

    pub fn all(&self) -> &BTreeMap<SchemaId, Turn> {
        &self.all
    }
}

/// The definitions that are taken back, and how far that is.
pub struct Course<'e> {
    all: BTreeMap<SchemaId, Vec<Definition<'e>>>,
    names: BTreeMap<SchemaId, Names>,
    /// What each of the tables is called, or is to be called when it comes back.
    slugs: BTreeMap<SchemaId, String>,
    /// Tables that go by another name for a while, for theirs is taken in between: that one, and what they would be called.
    stand_ins: BTreeMap<SchemaId, (String, String)>,
    first: i64,
}

/// Puts back what tables and fields were, loosely: values come later.
pub fn begin(tx: &mut WriteTx<'_>, work: &mut Work<'_>) -> Result<Turns> {
    let all = definitions(work);
    let first = work.entries.first().map_or(0, |entry| entry.seq);
    let mut turns = Turns { first, ..Turns::default() };
    if all.is_empty() {
        return Ok(turns);
    }
    if !access::manages(tx.catalog(), work.who, work.app) {
        return Err(Error::Forbidden("Only owners of the app and admins may take this back: it changed tables".to_owned()));
    }
    let mut course = Course { all: BTreeMap::new(), names: BTreeMap::new(), slugs: BTreeMap::new(), stand_ins: BTreeMap::new(), first };
    for (id, chain) in &all {
        // As the log is now: what is written from here on is no part of it.
        course.names.insert(*id, Names::of(tx, *id, first)?);
        let there = tx.catalog().schema_by_id(*id).map(|schema| schema.slug.clone());
        let gone = || chain.iter().rev().find_map(|definition| definition.before.as_ref()).map(|schema| schema.slug.clone());
        course.slugs.extend(there.or_else(gone).map(|slug| (*id, slug)));
    }
    course.all = all;
    make_room(tx, work, &mut course)?;
    let mut order: Vec<(i64, SchemaId)> =
        course.all.iter().flat_map(|(id, chain)| chain.iter().map(|definition| (definition.entry.seq, *id))).collect();
    order.sort_unstable();
    for (seq, id) in order.into_iter().rev() {
        call_back(tx, work, &mut course, id, seq)?;
    }
    let ids: Vec<SchemaId> = course.all.keys().copied().collect();
    for id in ids {
        let turn = turn(tx, work, &mut course, id)?;
        turns.all.insert(id, turn);
    }
    let Course { all, names, .. } = course;
    turns.names = names.into_iter().map(|(id, names)| (id, Arc::new(names))).collect();
    if !work.is_refused() {
        tx.catalog_changed()?;
        for (id, turn) in turns.all.iter().filter(|(_, turn)| !turn.came.is_empty()) {
            let told: Vec<&Value> = all.get(id).into_iter().flatten().rev().map(|definition| &definition.body).collect();
            undo_apps::mask_again(tx, (work.app, *id), &turn.came, &told)?;
        }
    }
    Ok(turns)
}

fn definitions<'e>(work: &Work<'e>) -> BTreeMap<SchemaId, Vec<Definition<'e>>> {
    let mut all: BTreeMap<SchemaId, Vec<Definition<'_>>> = BTreeMap::new();
    let entries = work.entries;
    for entry in entries.iter().filter(|entry| entry.kind == "define") {
        // A deleted app's entry speaks of all its tables.
        if let Some(gone) = undo_apps::gone_schemas(entry) {
            for (schema, told) in gone {
                let body = json!({"before": told});
                all.entry(schema.id).or_default().push(Definition { entry, body, before: Some(schema), after: None });
            }
        }
        let (Some(id), Some(app), Some(text)) = (entry.schema, entry.app, entry.body.as_deref()) else { continue };
        let Ok(body) = serde_json::from_str::<Value>(text) else { continue };
        let said = |key: &str| body.get(key).and_then(|told| schemas::read_described(id, app, told));
        let (before, after) = (said("before"), said("after"));
        if before.is_some() || after.is_some() {
            all.entry(id).or_default().push(Definition { entry, body, before, after });
        }
    }
    all
}

impl<'e> Course<'e> {
    fn chain(&self, id: SchemaId) -> &[Definition<'e>] {
        self.all.get(&id).map(Vec::as_slice).unwrap_or_default()
    }

    fn definition(&self, id: SchemaId, seq: i64) -> Option<&Definition<'e>> {
        self.chain(id).iter().find(|definition| definition.entry.seq == seq)
    }

    fn older(&self, id: SchemaId, seq: i64) -> Vec<i64> {
        self.chain(id).iter().map(|definition| definition.entry.seq).filter(|older| *older < seq).collect()
    }

    /// Refuses to have a field lead to a table again that is another one by now, made since under the same name.
    fn leads_back(&self, tx: &ReadTx<'_>, definition: &Definition<'_>, wanted: &Schema) -> Result<()> {
        let (Some(before), seq) = (&definition.before, definition.entry.seq) else { return Ok(()) };
        let left = |slug: &str| definition.after.as_ref().and_then(|after| after.field(slug));
        let comes = |field: &&Field| {
            left(&field.slug).is_none_or(|left| left.type_name != field.type_name || left.rules.target != field.rules.target)
                && wanted.field(&field.slug).is_some_and(|now| now.type_name == field.type_name)
        };
        for field in before.stored().filter(comes) {
            let Some(target) = &field.rules.target else { continue };
            let (Some(id), slug) = self.table(tx, before, target, seq, Side::Before) else { continue };
            let first = history::definitions(tx, id, 0)?.into_iter().next();
            let said = |entry: &Logged| entry.body.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
            let is_made = |entry: &Logged| entry.seq > seq && said(entry).get("before").is_none_or(Value::is_null);
            if first.as_ref().is_some_and(is_made) {
                let message = format!("Field '{}.{}' led to another table '{target}': '{slug}' was made since", wanted.slug, field.slug);
                let problem = Problem::of(&field.slug, "target", message);
                return Err(Error::Conflict(problem.hint("Rename that one and bring back the other first")));
            }
        }
        Ok(())
    }

    /// Whether a table is called otherwise again by what is taken back later than a definition.
    fn is_renamed_before(&self, id: SchemaId, seq: i64) -> bool {
        let renames = |definition: &Definition<'_>| {
            let sides = definition.before.as_ref().zip(definition.after.as_ref());
            definition.entry.seq < seq && sides.is_some_and(|(before, after)| before.slug != after.slug)
        };
        self.chain(id).iter().any(renames)
    }

    /// What a table is called, or would be.
    fn called(&self, now: &Schema) -> String {
        let meant = self.stand_ins.get(&now.id).filter(|(stand_in, _)| *stand_in == now.slug);
        meant.map_or(&now.slug, |(_, meant)| meant).clone()
    }

    fn names(&mut self, id: SchemaId) -> &mut Names {
        self.names.entry(id).or_default()
    }

    /// Whether the table was made by what is taken back.
    fn is_made(&self, id: SchemaId) -> bool {
        self.chain(id).first().is_some_and(|definition| definition.before.is_none())
    }

    /// A table that a definition tells of, as things are called once all is taken back.
    fn told(&self, tx: &ReadTx<'_>, told: &Schema, seq: i64, side: Side) -> Result<Schema> {
        let own = self.names.get(&told.id).map(|names| names.pairs(seq, side)).unwrap_or_default();
        let mut schema = Retold::of(tx, told, own).schema();
        for field in &mut schema.fields {
            let Some(target) = &field.rules.target else { continue };
            let (id, slug) = self.table(tx, told, target, seq, side);
            if let (Some(via), Some(id)) = (&field.rules.via, id) {
                let seq = if side == Side::Before { seq - 1 } else { seq };
                let now = match self.names.get(&id) {
                    Some(names) => names.now(via, seq),
                    None => Names::of(tx, id, self.first)?.now(via, seq),
                };
                field.rules.via = now.or_else(|| field.rules.via.clone());
            }
            field.rules.target = Some(slug);
        }
        Ok(schema)
    }

    /// Which table a definition means by a slug, and what that is called now: what was called so then, else what is called so, or was before.
    fn table(&self, tx: &ReadTx<'_>, of: &Schema, slug: &str, seq: i64, side: Side) -> (Option<SchemaId>, String) {
        let then = |chain: &[Definition<'_>]| {
            let is_past = |definition: &&Definition<'_>| {
                definition.entry.seq < seq || (definition.entry.seq == seq && (side == Side::After || definition.after.is_none()))
            };
            match chain.iter().rev().find(is_past) {
                Some(last) => last.after.as_ref().or(last.before.as_ref()).map(|schema| schema.slug.clone()),
                None => chain.first().and_then(|first| first.before.as_ref()).map(|schema| schema.slug.clone()),
            }
        };
        let known = self.all.iter().find(|(_, chain)| then(chain).as_deref() == Some(slug));
        if let Some((id, now)) = known.and_then(|(id, _)| Some((*id, self.slugs.get(id)?))) {
            return (Some(id), now.clone());
        }
        let there = || tx.catalog().schemas(of.app);
        let by_slug = there().find(|schema| schema.slug == slug);
        let found = by_slug.or_else(|| there().find(|schema| schema.aliases.iter().any(|alias| alias == slug)));
        found.map_or_else(|| (None, slug.to_owned()), |schema| (Some(schema.id), schema.slug.clone()))
    }
}

/// Has tables that are to go give up their names, where others are to have these again.
fn make_room(tx: &mut WriteTx<'_>, work: &mut Work<'_>, course: &mut Course<'_>) -> Result<()> {
    let made: Vec<SchemaId> = course.all.keys().copied().filter(|id| course.is_made(*id)).collect();
    for id in made {
        let Some(now) = tx.catalog().schema_by_id(id) else { continue };
        let had = |definition: &Definition<'_>| definition.before.as_ref().is_some_and(|schema| schema.slug == now.slug);
        let is_wanted = course.all.iter().any(|(other, chain)| *other != id && chain.iter().any(had));
        if !is_wanted || undo_shapes::strangers(tx, work, &now)? > 0 {
            continue;
        }
        let is_free = |slug: &String| !tx.catalog().schemas(now.app).any(|schema| schema.slug == *slug);
        let Some(free) = numbered(&now.slug).find(is_free) else { continue };
        tables::rename(tx, work.who, &now, &free)?;
        tx.catalog_changed()?;
        course.slugs.insert(id, free);
    }
    Ok(())
}

/// Has a table and its fields go by the names that they had before a definition, and everything that names them follow.
fn call_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>, course: &mut Course<'_>, id: SchemaId, seq: i64) -> Result<()> {
    let Some(definition) = course.definition(id, seq) else { return Ok(()) };
    let (Some(before), Some(after)) = (&definition.before, &definition.after) else {
        if definition.after.is_none() && tx.catalog().schema_by_id(id).is_none() {
            course.names(id).restore(seq);
        }
        return Ok(());
    };
    let (was, left, renames) = (before.slug.clone(), after.slug.clone(), renamed(&definition.body));
    course.names(id).expect(seq);
    let Some(now) = tx.catalog().schema_by_id(id) else {
        // It comes back under the name that it had before all of this.
        if course.slugs.get(&id) == Some(&left) {
            course.slugs.insert(id, was);
        }
        renames.iter().for_each(|(was, is)| course.names(id).rename_expected(seq, was, is));
        return Ok(());
    };
    call_table_back(tx, work, course, &now, (&was, &left, seq))?;
    let older = course.older(id, seq);
    for (was, is) in &renames {
        let Some(now) = tx.catalog().schema_by_id(id) else { continue };
        let slug = course.names(id).since(is, seq);
        let Some(slug) = slug.filter(|slug| now.field(slug).is_some()) else {
            course.names(id).rename_expected(seq, was, is);
            continue;
        };
        if slug == *was {
            continue;
        }
        if slug != *is {
            let message = format!("The field '{is}' of table '{}' is called '{slug}' now", now.slug);
            if !work.meet(Conflict::new("changed", &now.slug, message).field(&slug).between(json!(was), json!(slug))) {
                continue;
            }
        }
        if now.fields.iter().any(|field| field.slug != slug && field.slug.eq_ignore_ascii_case(was)) {
            let message = format!("Table '{}' has another field '{was}' now", now.slug);
            work.meet(Conflict::new("unique", &now.slug, message).field(was).between(json!(was), json!(slug)));
            continue;
        }
        fields::rename(tx, work.who, &now, &slug, was)?;
        course.names(id).rename(&slug, was);
        work.tally.definitions += 1;
    }
    // What was added since is out of the way before something else has its name again.
    for slug in course.names(id).added_in_the_way(seq, &older) {
        let Some(now) = tx.catalog().schema_by_id(id) else { continue };
        undo_shapes::take_field(tx, work, &now, &slug)?;
        if let Some(now) = tx.catalog().schema_by_id(id) {
            course.names(id).drop_added(seq, &older, &now);
        }
    }
    Ok(())
}

fn call_table_back(
    tx: &mut WriteTx<'_>,
    work: &mut Work<'_>,
    course: &mut Course<'_>,
    now: &Schema,
    (was, left, seq): (&str, &str, i64),
) -> Result<()> {
    let called = course.called(now);
    if was == left || called == was || course.is_made(now.id) {
        return Ok(());
    }
    if called != left {
        let message = format!("The table '{left}' is called '{}' now", now.slug);
        if !work.meet(Conflict::new("changed", &now.slug, message).between(json!(was), json!(now.slug))) {
            return Ok(());
        }
    }
    let is_free = |slug: &str| !tx.catalog().schemas(now.app).any(|other| other.id != now.id && other.slug == slug);
    let mut slug = was.to_owned();
    if !is_free(was) && course.is_renamed_before(now.id, seq) {
        // It is not what the table is to be called in the end.
        slug = numbered(was).find(|slug| is_free(slug)).unwrap_or(slug);
        course.stand_ins.insert(now.id, (slug.clone(), was.to_owned()));
    }
    if !is_free(&slug) {
        let message = format!("There is another table '{was}' now");
        work.meet(Conflict::new("unique", &now.slug, message).between(json!(was), json!(now.slug)));
        return Ok(());
    }
    tables::rename(tx, work.who, now, &slug)?;
    tx.catalog_changed()?;
    course.slugs.insert(now.id, slug);
    work.tally.definitions += 1;
    Ok(())
}

/// Finds out what a table is to be, and makes it so as far as that can be before its records are put back.
fn turn(tx: &mut WriteTx<'_>, work: &mut Work<'_>, course: &mut Course<'_>, id: SchemaId) -> Result<Turn> {
    let current = tx.catalog().schema_by_id(id);
    let mut wanted = current.as_deref().cloned();
    for seq in course.chain(id).iter().rev().map(|definition| definition.entry.seq).collect::<Vec<i64>>() {
        let Some(definition) = course.definition(id, seq) else { continue };
        let told = |schema: &Option<Schema>, side: Side| schema.as_ref().map(|told| course.told(tx, told, seq, side)).transpose();
        match (told(&definition.before, Side::Before)?, told(&definition.after, Side::After)?) {
            (None, _) => wanted = None,
            (Some(before), None) if wanted.is_none() => {
                let again = Schema { slug: course.slugs.get(&id).cloned().unwrap_or_default(), ..before };
                course.leads_back(tx, definition, &again)?;
                wanted = Some(again);
            }
            (Some(before), None) => drop(work.meet(Conflict::new("there", &before.slug, "The table is there again"))),
            (Some(before), Some(after)) => match &mut wanted {
                None => {
                    work.meet(Conflict::new("gone", &before.slug, format!("The table '{}' is gone", before.slug)));
                }
                Some(now) => {
                    merge(work, now, &before, &after);
                    course.leads_back(tx, definition, now)?;
                    let older: Vec<i64> = course.older(id, seq);
                    course.names.entry(id).or_default().drop_added(seq, &older, now);
                }
            },
        }
    }
    if work.is_refused() {
        return Ok(Turn::default());
    }
    match (current, wanted) {
        // It was made by what is taken back, and is gone already.
        (None, None) => Ok(Turn::going(course.is_made(id))),
        (Some(current), None) => undo_shapes::leave(tx, work, &current),
        (None, Some(wanted)) => {
            let names = course.names(id);
            names.settle(&wanted);
            let back = names.origins(wanted.fields.iter().map(|field| &field.slug));
            let went = course.chain(id).iter().rev().find(|definition| definition.after.is_none());
            undo_shapes::again(tx, work, wanted, went, Value::Object(back))
        }
        (Some(current), Some(mut wanted)) => {
            undo_shapes::keep_newer(tx, work, &current, &mut wanted)?;
            if work.is_refused() {
                return Ok(Turn::default());
            }
            let names = course.names(id);
            names.settle(&wanted);
            let came: BTreeSet<String> =
                wanted.fields.iter().map(|field| field.slug.clone()).filter(|slug| current.field(slug).is_none()).collect();
            let back = names.origins(came.iter());
            undo_shapes::become_other(tx, work, &current, wanted, Value::Object(back))
        }
    }
}
