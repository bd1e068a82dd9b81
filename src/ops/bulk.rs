//! Many records in one act: made, changed, either by a key, or deleted; all or nothing, one batch in the change log. What is wrong is told with its
//! place in what was sent. One record is in `records`.

use super::access;
use super::cascade;
use super::columns::check_key;
use super::guard;
use super::plan::cell;
use super::records::{self, cells, change, check_rows, counted, current, log_created, shown, unique_groups};
use super::validate::{self, Checked, Pack, Strays};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, described};
use crate::model::json::Elements;
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::Cell;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Draft, Record, RecordId, Records};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What a request holds: one record, of which is spoken as such, or an array, of which each problem tells the place.
#[derive(Clone, Copy)]
pub enum Batch<'d> {
    One(&'d Draft),
    Many(&'d Elements),
    /// Rows of a file.
    Rows(&'d [Draft]),
}

/// Called for every place of a request: a draft, or what was sent in the place of one.
pub type Visit<'v> = dyn FnMut(usize, std::result::Result<&Draft, &Value>) -> Result<()> + 'v;

impl Batch<'_> {
    /// Every record, in order.
    pub fn each(self, visit: &mut Visit<'_>) -> Result<()> {
        match self {
            Batch::One(draft) => visit(0, Ok(draft)),
            Batch::Rows(all) => all.iter().enumerate().try_for_each(|(index, draft)| visit(index, Ok(draft))),
            Batch::Many(all) => {
                for (index, value) in all.values().enumerate() {
                    let value = value?;
                    visit(index, value.as_object().ok_or(&value))?;
                }
                Ok(())
            }
        }
    }

    pub fn len(self) -> usize {
        match self {
            Batch::One(_) => 1,
            Batch::Many(all) => all.len(),
            Batch::Rows(all) => all.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    fn is_array(self) -> bool {
        !matches!(self, Batch::One(_))
    }
}

/// Records that may be stored, checked as far as that goes without rows.
pub struct Prepared {
    /// For records that are changed, or made where none are.
    scope: Scope,
    /// For records that are made.
    makes: Scope,
    aims: Vec<Aim>,
    /// What was sent, for each aim.
    pack: Pack,
    key: Option<Field>,
    ignored: BTreeSet<String>,
    is_array: bool,
    problems_shown_max: usize,
}

/// What became of them, in the order in which they were sent.
pub struct Done {
    pub scope: Scope,
    pub records: Records,
    pub created: usize,
    /// Keys of the request that had no say.
    pub ignored: Vec<String>,
}

/// Which record what was sent is meant for.
enum Aim {
    New,
    Known(RecordId),
    /// The one with this value of the key, or a new one.
    Keyed(Cell),
}

impl Done {
    /// The only record of a request that held one.
    pub fn single(self) -> Result<records::Written> {
        let record = self.records.iter().next().ok_or_else(|| Error::internal("a record was not stored"))?.to_record();
        Ok(records::Written { shown: shown(&self.scope, record), scope: self.scope, ignored: self.ignored })
    }
}

/// The pure part of making records.
pub fn prepare_create(catalog: &Catalog, who: &Caller, app: &str, schema: &str, batch: Batch<'_>, limits: &Limits) -> Result<Prepared> {
    prepare_create_by(Strays::Refused, catalog, who, [app, schema], batch, limits)
}

/// The same, with what becomes of keys that the caller cannot set.
pub fn prepare_create_by(
    strays: Strays,
    catalog: &Catalog,
    who: &Caller,
    [app, schema]: [&str; 2],
    batch: Batch<'_>,
    limits: &Limits,
) -> Result<Prepared> {
    let scope = access::scope(catalog, who, app, schema, Action::Create)?;
    let read = |scope: &Scope, draft: &Draft| {
        let (draft, dropped) = strays.sift(scope, draft);
        let mut checked = validate::create_as(&scope.whole, &scope.seen, &draft)?;
        checked.ignored.extend(dropped);
        guard::sets_only_writable(scope, &checked)?;
        Ok((Aim::New, checked))
    };
    prepare(scope.clone(), scope, None, batch, limits, &read)
}

/// `prepare_create` for a schema that is only drawn up; `renamed` gives a draft under the slugs of its fields.
pub fn prepare_new(schema: Arc<Schema>, batch: Batch<'_>, limits: &Limits, renamed: &dyn Fn(&Draft) -> Draft) -> Result<Prepared> {
    let read = |scope: &Scope, draft: &Draft| Ok((Aim::New, validate::create(&scope.whole, &renamed(draft))?));
    let scope = Scope::all(schema, Action::Create);
    prepare(scope.clone(), scope, None, batch, limits, &read)
}

/// The pure part of changing records that are named by their `id`.
pub fn prepare_update(catalog: &Catalog, who: &Caller, app: &str, schema: &str, batch: Batch<'_>, limits: &Limits) -> Result<Prepared> {
    let scope = access::scope(catalog, who, app, schema, Action::Update)?;
    let read = |scope: &Scope, draft: &Draft| {
        let named = draft.get("id").ok_or_else(|| {
            let message = "Key 'id' is required: it says which record is meant";
            Error::invalid(Problem::of("id", "required", message).hint("{\"id\": \"rec_5\", …}"))
        });
        let id = named.and_then(|id| record_id(id).map_err(Error::invalid));
        match (id, validate::change(&scope.seen, draft)) {
            (Ok(id), Ok(mut checked)) => {
                checked.ignored.retain(|key| key != "id");
                Ok((Aim::Known(id), checked))
            }
            (Err(Error::Invalid(mut first)), Err(Error::Invalid(second))) => {
                first.extend(second);
                Err(Error::Invalid(first))
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    };
    prepare(scope.clone(), scope, None, batch, limits, &read)
}

/// The pure part of changing the records that have the same value in the field `key`, and of making those that nobody has.
pub fn prepare_upsert(
    catalog: &Catalog,
    who: &Caller,
    app: &str,
    schema: &str,
    key: &str,
    batch: Batch<'_>,
    limits: &Limits,
) -> Result<Prepared> {
    let makes = access::scope(catalog, who, app, schema, Action::Create)?;
    let scope = access::scope(catalog, who, app, schema, Action::Update)?;
    let field = key_field(&scope.seen, key)?.clone();
    let read = |scope: &Scope, draft: &Draft| {
        let sent = validate::update(&scope.seen, draft)?;
        let key = sent.clean.values.get(key).filter(|value| value.as_str() != Some("")).and_then(|value| cell(field.kind, value));
        let key = key.ok_or_else(|| {
            let message = format!("Field '{}' is the key: it must have a value", field.slug);
            Error::invalid(Problem::of(&field.slug, "required", message))
        })?;
        Ok((Aim::Keyed(key), sent))
    };
    prepare(makes, scope, Some(field.clone()), batch, limits, &read)
}

/// Stores what was prepared. Every problem that can be found is told, and nothing stays if there is one.
pub fn store(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Done> {
    for scope in [&new.scope, &new.makes] {
        current(tx, who, scope, new.scope.whole.version)?;
    }
    store_by(tx, who, &new.scope, &new.makes, new)
}

/// `store` into the schema that was only drawn up when the records were checked against it.
pub fn store_into(tx: &mut WriteTx<'_>, who: &Caller, schema: &Arc<Schema>, new: &Prepared) -> Result<Done> {
    let scope = Scope::all(schema.clone(), Action::Create);
    store_by(tx, who, &scope, &scope, new)
}

fn store_by(tx: &mut WriteTx<'_>, who: &Caller, scope: &Scope, makes: &Scope, new: &Prepared) -> Result<Done> {
    let schema = &scope.whole;
    let mut found = Found::new(new.is_array, new.problems_shown_max);
    let steps = steps(tx, scope, new)?;
    let created = steps.iter().filter(|step| matches!(step, Step::Make)).count();
    let mut next = if created == 0 { RecordId(0) } else { rows::reserve(tx, schema, created)? };
    let mut done = Records::default();
    // The first entry's number names the batch, as in a cascade.
    let mut batch = None;
    for (index, (step, sent)) in steps.into_iter().zip(new.pack.iter()).enumerate() {
        if found.is_full() {
            break;
        }
        let sent = sent?;
        let written = match step {
            Step::Make => {
                let id = next;
                next.0 += 1;
                whole(makes, new, sent).and_then(|whole| make(tx, who, makes, id, &whole, batch))
            }
            Step::Change(id) => alter(tx, who, scope, id, &sent, batch),
        };
        match written {
            Ok((record, seq)) => {
                batch = batch.or(seq.filter(|_| new.is_array));
                done.push(&record);
            }
            Err(Error::Invalid(problems)) => found.add(index, problems),
            Err(Error::Forbidden(why)) if new.is_array => return Err(Error::Forbidden(format!("At index {index}: {why}"))),
            Err(other) => return Err(other),
        }
    }
    found.refuse()?;
    Ok(Done { scope: scope.clone(), records: done, created, ignored: new.ignored.iter().cloned().collect() })
}

/// Records that may be deleted, as far as that can be said without rows.
pub struct Deletion {
    ids: Vec<RecordId>,
    scope: Scope,
    limits: Limits,
}

/// The pure part of `delete`.
pub fn prepare_delete(catalog: &Catalog, who: &Caller, app: &str, schema: &str, ids: &[Value], limits: &Limits) -> Result<Deletion> {
    let scope = access::scope(catalog, who, app, schema, Action::Delete)?;
    let mut found = Found::new(true, limits.problems_shown_max);
    let (mut read, mut places) = (Vec::with_capacity(ids.len()), HashMap::new());
    for (index, id) in ids.iter().enumerate() {
        match record_id(id) {
            Ok(id) => match places.insert(id, index) {
                Some(first) => found.add(index, vec![twice(id, first)]),
                None => read.push(id),
            },
            Err(problem) => found.add(index, vec![problem]),
        }
    }
    found.refuse()?;
    Ok(Deletion { ids: read, scope, limits: limits.clone() })
}

/// Deletes them all and does to those that refer to them what their fields say.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, gone: &Deletion) -> Result<Vec<RecordId>> {
    access::renew(tx.catalog(), who, &gone.scope)?;
    let schema = &gone.scope.whole;
    let mut found = Found::new(true, gone.limits.problems_shown_max);
    for (index, id) in gone.ids.iter().enumerate() {
        if !rows::is_among(tx, schema, &gone.scope.rows, *id)? {
            found.add(index, vec![missing(schema, *id)]);
        }
    }
    found.refuse()?;
    for id in &gone.ids {
        guard::must_act(tx, &gone.scope, *id)?;
    }
    cascade::delete(tx, who, schema, &gone.ids, &gone.limits)?;
    Ok(gone.ids.clone())
}

/// The field by which records are told apart.
fn key_field<'s>(schema: &'s Schema, key: &str) -> Result<&'s Field> {
    let Some(field) = schema.field(key) else {
        let problem = Problem::of("key", "unknown_field", format!("Key {}: table '{}' has no such field", quoted(key), schema.slug));
        return Err(Error::invalid(match key {
            "id" => problem.hint("Records are changed by their ids with PATCH: [{\"id\": \"rec_5\", …}]"),
            _ => problem.did_you_mean(key, schema.fields.iter().map(|field| field.slug.as_str())),
        }));
    };
    check_key(field)?;
    Ok(field)
}

/// What a draft is meant for, and what it says.
type Read<'r> = dyn Fn(&Scope, &Draft) -> Result<(Aim, Checked)> + 'r;

fn prepare(makes: Scope, scope: Scope, key: Option<Field>, batch: Batch<'_>, limits: &Limits, read: &Read<'_>) -> Result<Prepared> {
    if batch.is_empty() {
        return Err(Error::invalid(Problem::new("empty", "The array is empty: there is nothing to do").hint("[{\"name\": \"Ann\"}, …]")));
    }
    let mut found = Found::new(batch.is_array(), limits.problems_shown_max);
    let schema = &scope.whole;
    let mut twins = Twins::new(&scope, key.as_ref());
    let (mut aims, mut pack, mut ignored) = (Vec::with_capacity(batch.len()), Pack::new(schema), BTreeSet::new());
    batch.each(&mut |index, draft| {
        let read = match draft {
            Ok(draft) => read(&scope, draft),
            Err(other) => {
                let message = format!("A record must be a JSON object, not {}", described(other));
                Err(Error::invalid(Problem::new("type", message).hint("[{\"name\": \"Ann\"}, …]")))
            }
        };
        match read {
            Ok((aim, sent)) => {
                found.add(index, twins.see(schema, index, &aim, &sent.clean.values));
                pack.add(&sent)?;
                ignored.extend(sent.ignored);
                aims.push(aim);
            }
            Err(Error::Invalid(problems)) => found.add(index, problems),
            Err(Error::Forbidden(why)) if batch.is_array() => return Err(Error::Forbidden(format!("At index {index}: {why}"))),
            Err(other) => return Err(other),
        }
        Ok(())
    })?;
    found.refuse()?;
    Ok(Prepared { makes, scope, aims, pack, key, ignored, is_array: batch.is_array(), problems_shown_max: limits.problems_shown_max })
}

/// Values of a group of fields, spelled, and where they were met first.
type Places = HashMap<Vec<String>, usize>;

/// What the elements of an array forbid each other: the same record twice, the same unique values.
struct Twins {
    ids: HashMap<RecordId, usize>,
    by_key: Option<Vec<String>>,
    /// The groups of fields whose values are unique together.
    groups: Vec<(Vec<String>, Places)>,
}

impl Twins {
    fn new(scope: &Scope, key: Option<&Field>) -> Self {
        let by_key = key.map(|key| vec![key.slug.clone()]);
        // Of fields that the caller does not see nothing was sent.
        let unique = unique_groups(&scope.seen).into_iter().filter(|group| Some(group) != by_key.as_ref());
        let groups = by_key.clone().into_iter().chain(unique).map(|group| (group, HashMap::new())).collect();
        Self { ids: HashMap::new(), by_key, groups }
    }

    fn see(&mut self, schema: &Schema, index: usize, aim: &Aim, sent: &Map<String, Value>) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Aim::Known(id) = aim {
            match self.ids.get(id) {
                Some(first) => problems.push(twice(*id, *first)),
                None => drop(self.ids.insert(*id, index)),
            }
        }
        for (group, places) in &mut self.groups {
            let Some(cells) = cells(schema, group, sent) else { continue };
            let same: Vec<String> = cells.iter().map(|(_, cell)| spelled(cell)).collect();
            match places.get(&same) {
                Some(first) => problems.push(same_values(group, *first, self.by_key.as_ref() == Some(group))),
                None => drop(places.insert(same, index)),
            }
        }
        problems
    }
}

fn same_values(group: &[String], first: usize, is_key: bool) -> Problem {
    let slug = group.first().map(String::as_str).unwrap_or_default();
    let message = match group {
        [_] if is_key => format!("Field '{slug}' is the key: index {first} has the same value"),
        [_] => format!("Field '{slug}' must be unique: index {first} has the same value"),
        _ => format!("Fields {} must be unique together: index {first} has the same values", group.join(", ")),
    };
    Problem::of(slug, "unique", message)
}

/// A cell as a text that is equal when SQLite calls the cells equal.
fn spelled(cell: &Cell) -> String {
    match cell {
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => format!("\"{text}"),
    }
}

/// What is done with one element.
enum Step {
    Make,
    Change(RecordId),
}

/// Decides for each element, by the rows that are there before any of them is touched.
fn steps(tx: &ReadTx<'_>, scope: &Scope, new: &Prepared) -> Result<Vec<Step>> {
    let holders = match &new.key {
        Some(key) => holders(tx, scope, key, new)?,
        None => HashMap::new(),
    };
    let step = |(index, aim): (usize, &Aim)| match aim {
        Aim::New => Ok(Step::Make),
        Aim::Known(id) => Ok(Step::Change(*id)),
        Aim::Keyed(key) => match holders.get(&spelled(key)).map(Vec::as_slice) {
            None | Some([]) => Ok(Step::Make),
            Some([id]) => Ok(Step::Change(*id)),
            Some(several) => {
                let problem = ambiguous(new, several);
                Err(Error::Conflict(if new.is_array { problem.told_at(index) } else { problem }))
            }
        },
    };
    new.aims.iter().enumerate().map(step).collect()
}

type Holders = HashMap<String, Vec<RecordId>>;

/// The records that exist for the caller and have one of the keys.
fn holders(tx: &ReadTx<'_>, scope: &Scope, key: &Field, new: &Prepared) -> Result<Holders> {
    let key_of = |aim: &Aim| if let Aim::Keyed(key) = aim { Some(key.clone()) } else { None };
    let keys: Vec<Cell> = new.aims.iter().filter_map(key_of).collect();
    let mut holders = Holders::new();
    for (cell, id) in rows::holders_of_any(tx, &scope.whole, key, &keys)? {
        if rows::is_among_all(tx, &scope.whole, &scope.rows, id)? {
            holders.entry(spelled(&cell)).or_default().push(id);
        }
    }
    Ok(holders)
}

fn ambiguous(new: &Prepared, holders: &[RecordId]) -> Problem {
    let slug = new.key.as_ref().map(|field| field.slug.as_str()).unwrap_or_default();
    let some: Vec<String> = holders.iter().take(3).map(|id| id.text()).collect();
    let more = if holders.len() > some.len() { ", …" } else { "" };
    let message = format!("{} records have this {slug} ({}{more}): which of them is meant is not clear", holders.len(), some.join(", "));
    Problem::of(slug, "ambiguous", message).hint("Use a key whose values differ, or PATCH them by their ids")
}

/// What was sent as a record of its own. Without a key it was checked as one.
fn whole(scope: &Scope, new: &Prepared, sent: Checked) -> Result<Checked> {
    let Some(key) = &new.key else { return Ok(sent) };
    let because = format!("(no record has this {}, so this would be a new one)", key.slug);
    let told = |problem: Problem| Problem { message: format!("{} {because}", problem.message), ..problem };
    let whole = validate::create_as(&scope.whole, &scope.seen, &sent.clean.values).map_err(|error| match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(told).collect()),
        other => other,
    })?;
    guard::sets_only_writable(scope, &whole)?;
    Ok(whole)
}

type Written = (Record, Option<i64>);

fn make(tx: &mut WriteTx<'_>, who: &Caller, scope: &Scope, id: RecordId, new: &Checked, batch: Option<i64>) -> Result<Written> {
    let schema = &scope.whole;
    check_rows(tx, who, scope, &new.clean.values, None)?;
    let clean = counted(tx, schema, &new.clean)?;
    let record = rows::insert_under(tx, schema, id, &clean, who.user_id())?;
    guard::must_act(tx, scope, id)?;
    let seq = log_created(tx, who, schema, new, id, batch)?;
    Ok((guard::as_seen(tx, scope, record)?, Some(seq)))
}

fn alter(tx: &mut WriteTx<'_>, who: &Caller, scope: &Scope, id: RecordId, new: &Checked, batch: Option<i64>) -> Result<Written> {
    let schema = &scope.whole;
    let old = rows::find(tx, schema, &scope.rows, id)?.ok_or_else(|| Error::invalid(missing(schema, id)))?;
    guard::must_act(tx, scope, id)?;
    let (record, seq) = change(tx, who, scope, &old, new, batch)?;
    Ok((guard::as_seen(tx, scope, record)?, seq))
}

/// An id as it stands in JSON.
fn record_id(value: &Value) -> std::result::Result<RecordId, Problem> {
    let id = match value {
        Value::String(text) => RecordId::parse(text),
        Value::Number(number) => number.as_i64().filter(|number| *number > 0).map(RecordId),
        _ => None,
    };
    id.ok_or_else(|| Problem::of("id", "type", format!("An id must be a record's id such as \"rec_5\", not {}", described(value))))
}

fn missing(schema: &Schema, id: RecordId) -> Problem {
    Problem::of("id", "not_found", format!("There is no record {} in table '{}'", quoted(&id.text()), schema.slug))
}

fn twice(id: RecordId, first: usize) -> Problem {
    Problem::of("id", "twice", format!("{} stands at index {first} already", id.text()))
}

/// What is wrong with the elements of a request, each told with its place.
struct Found {
    shown: Vec<Problem>,
    count: usize,
    shown_max: usize,
    is_array: bool,
}

impl Found {
    fn new(is_array: bool, shown_max: usize) -> Self {
        Self { shown: Vec::new(), count: 0, shown_max, is_array }
    }

    fn add(&mut self, index: usize, problems: Vec<Problem>) {
        for problem in problems {
            self.count += 1;
            if self.shown.len() < self.shown_max {
                self.shown.push(if self.is_array { problem.told_at(index) } else { problem });
            }
        }
    }

    /// Whether nothing more would be told: the writer has better things to do than to go on.
    fn is_full(&self) -> bool {
        self.count > self.shown_max
    }

    fn refuse(mut self) -> Result<()> {
        let more = self.count - self.shown.len();
        if more > 0 {
            self.shown.push(Problem::new("more", format!("… and at least {more} more problems")));
        }
        if self.shown.is_empty() { Ok(()) } else { Err(Error::Invalid(self.shown)) }
    }
}
