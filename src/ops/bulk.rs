//! Many records in one act: made, changed, either by a key, or deleted; all or nothing, one batch in the change log. What is wrong is told with its
//! place in what was sent. One record is in `records`.

use super::access::may;
use super::cascade;
use super::columns::check_key;
use super::plan::cell;
use super::records::{self, cells, change, check_rows, counted, current, find_schema, log_created, shown, unique_groups};
use super::validate::{self, Checked};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, described};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::Cell;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Draft, Record, RecordId};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What a request holds: one record, of which is spoken as such, or an array, of which each problem tells the place.
#[derive(Clone, Copy)]
pub struct Batch<'d> {
    pub drafts: &'d [Value],
    pub is_array: bool,
}

/// Records that may be stored, checked as far as that goes without rows.
pub struct Prepared {
    schema: Arc<Schema>,
    scope: Scope,
    items: Vec<Item>,
    key: Option<Field>,
    is_array: bool,
    problems_shown_max: usize,
}

/// What became of them, in the order in which they were sent.
pub struct Done {
    pub schema: Arc<Schema>,
    pub records: Vec<Record>,
    pub created: usize,
    /// Keys of the request that had no say.
    pub ignored: Vec<String>,
}

enum Item {
    New(Checked),
    Known(RecordId, Checked),
    /// `whole` is `None` when it is no whole record: then there must be one to change.
    Keyed {
        key: Cell,
        sent: Checked,
        whole: Option<Checked>,
    },
}

impl Done {
    /// The only record of a request that held one.
    pub fn single(mut self) -> Result<records::Written> {
        let record = self.records.pop().ok_or_else(|| Error::internal("a record was not stored"))?;
        Ok(records::Written { shown: shown(&self.schema, record), ignored: self.ignored })
    }
}

/// The pure part of making records.
pub fn prepare_create(catalog: &Catalog, who: &Caller, app: &str, schema: &str, batch: Batch<'_>, limits: &Limits) -> Result<Prepared> {
    let scope = may(who, Action::Create)?;
    prepare_new(find_schema(catalog, app, schema)?, scope, batch, limits)
}

/// `prepare_create` for a schema that need not be there yet.
pub fn prepare_new(schema: Arc<Schema>, scope: Scope, batch: Batch<'_>, limits: &Limits) -> Result<Prepared> {
    let read = |schema: &Schema, draft: &Draft| validate::create(schema, draft).map(Item::New);
    prepare(schema, scope, None, batch, limits, &read)
}

/// The pure part of changing records that are named by their `id`.
pub fn prepare_update(catalog: &Catalog, who: &Caller, app: &str, schema: &str, batch: Batch<'_>, limits: &Limits) -> Result<Prepared> {
    let scope = may(who, Action::Update)?;
    let read = |schema: &Schema, draft: &Draft| {
        let named = draft.get("id").ok_or_else(|| {
            let message = "Key 'id' is required: it says which record is meant";
            Error::invalid(Problem::of("id", "required", message).hint("{\"id\": \"rec_5\", …}"))
        });
        let id = named.and_then(|id| record_id(id).map_err(Error::invalid));
        match (id, validate::update(schema, draft)) {
            (Ok(id), Ok(mut checked)) => {
                checked.ignored.retain(|key| key != "id");
                Ok(Item::Known(id, checked))
            }
            (Err(Error::Invalid(mut first)), Err(Error::Invalid(second))) => {
                first.extend(second);
                Err(Error::Invalid(first))
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    };
    prepare(find_schema(catalog, app, schema)?, scope, None, batch, limits, &read)
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
    may(who, Action::Create)?;
    let scope = may(who, Action::Update)?;
    let schema = find_schema(catalog, app, schema)?;
    let field = key_field(&schema, key)?.clone();
    let read = |schema: &Schema, draft: &Draft| {
        let sent = validate::update(schema, draft)?;
        let key = sent.clean.values.get(key).filter(|value| value.as_str() != Some("")).and_then(|value| cell(field.kind, value));
        let key = key.ok_or_else(|| {
            let message = format!("Field '{}' is the key: it must have a value", field.slug);
            Error::invalid(Problem::of(&field.slug, "required", message))
        })?;
        Ok(Item::Keyed { key, sent, whole: validate::create(schema, draft).ok() })
    };
    prepare(schema, scope, Some(field.clone()), batch, limits, &read)
}

/// Stores what was prepared. Every problem that can be found is told, and nothing stays if there is one.
pub fn store(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Done> {
    let schema = current(tx, new.schema.id, new.schema.version)?;
    store_into(tx, who, &schema, new)
}

/// `store` into the schema that was only drawn up when the records were checked against it.
pub fn store_into(tx: &mut WriteTx<'_>, who: &Caller, schema: &Arc<Schema>, new: &Prepared) -> Result<Done> {
    let mut found = Found::new(new.is_array, new.problems_shown_max);
    let steps = steps(tx, schema, new, &mut found)?;
    let created = steps.iter().filter(|(_, step)| matches!(step, Step::Make(_))).count();
    let mut next = if created == 0 { RecordId(0) } else { rows::reserve(tx, schema, created)? };
    let mut done = Vec::with_capacity(steps.len());
    // The first entry's number names the batch, as in a cascade.
    let mut batch = None;
    for (index, step) in steps {
        if found.is_full() {
            break;
        }
        let written = match step {
            Step::Make(checked) => {
                let id = next;
                next.0 += 1;
                make(tx, who, schema, id, checked, batch)
            }
            Step::Change(id, checked) => alter(tx, who, schema, &new.scope, id, checked, batch),
        };
        match written {
            Ok((record, seq)) => {
                batch = batch.or(seq.filter(|_| new.items.len() > 1));
                done.push(record);
            }
            Err(Error::Invalid(problems)) => found.add(index, problems),
            Err(other) => return Err(other),
        }
    }
    found.refuse()?;
    let ignored: BTreeSet<&String> = new.items.iter().flat_map(|item| &item.sent().ignored).collect();
    Ok(Done { schema: schema.clone(), records: done, created, ignored: ignored.into_iter().cloned().collect() })
}

/// Records that may be deleted, as far as that can be said without rows.
pub struct Deletion {
    app: String,
    schema: String,
    ids: Vec<RecordId>,
    scope: Scope,
    limits: Limits,
}

/// The pure part of `delete`.
pub fn prepare_delete(catalog: &Catalog, who: &Caller, app: &str, schema: &str, ids: &[Value], limits: &Limits) -> Result<Deletion> {
    let scope = may(who, Action::Delete)?;
    find_schema(catalog, app, schema)?;
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
    Ok(Deletion { app: app.to_owned(), schema: schema.to_owned(), ids: read, scope, limits: limits.clone() })
}

/// Deletes them all and does to those that refer to them what their fields say.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, gone: &Deletion) -> Result<Vec<RecordId>> {
    let schema = find_schema(tx.catalog(), &gone.app, &gone.schema)?;
    let mut found = Found::new(true, gone.limits.problems_shown_max);
    let mut records = Vec::with_capacity(gone.ids.len());
    for (index, id) in gone.ids.iter().enumerate() {
        match rows::find(tx, &schema, &gone.scope.rows, *id)? {
            Some(record) => records.push(record),
            None => found.add(index, vec![missing(&schema, *id)]),
        }
    }
    found.refuse()?;
    cascade::delete(tx, who, &schema, records, &gone.limits)?;
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

fn prepare(
    schema: Arc<Schema>,
    scope: Scope,
    key: Option<Field>,
    batch: Batch<'_>,
    limits: &Limits,
    read: &dyn Fn(&Schema, &Draft) -> Result<Item>,
) -> Result<Prepared> {
    if batch.drafts.is_empty() {
        return Err(Error::invalid(Problem::new("empty", "The array is empty: there is nothing to do").hint("[{\"name\": \"Ann\"}, …]")));
    }
    let mut found = Found::new(batch.is_array, limits.problems_shown_max);
    let mut items = Vec::with_capacity(batch.drafts.len());
    for (index, value) in batch.drafts.iter().enumerate() {
        let Value::Object(draft) = value else {
            let message = format!("A record must be a JSON object, not {}", described(value));
            found.add(index, vec![Problem::new("type", message).hint("[{\"name\": \"Ann\"}, …]")]);
            continue;
        };
        match read(&schema, draft) {
            Ok(item) => items.push((index, item)),
            Err(Error::Invalid(problems)) => found.add(index, problems),
            Err(other) => return Err(other),
        }
    }
    if batch.is_array {
        twins(&schema, key.as_ref(), &items, &mut found);
    }
    found.refuse()?;
    let items = items.into_iter().map(|(_, item)| item).collect();
    Ok(Prepared { schema, scope, items, key, is_array: batch.is_array, problems_shown_max: limits.problems_shown_max })
}

/// What the elements of an array forbid each other: the same record twice, the same unique values.
fn twins(schema: &Schema, key: Option<&Field>, items: &[(usize, Item)], found: &mut Found) {
    let mut named = HashMap::new();
    for (index, item) in items {
        let Item::Known(id, _) = item else { continue };
        match named.get(id) {
            Some(first) => found.add(*index, vec![twice(*id, *first)]),
            None => drop(named.insert(*id, *index)),
        }
    }
    let by_key = key.map(|key| vec![key.slug.clone()]);
    let groups = unique_groups(schema).into_iter().filter(|group| Some(group) != by_key.as_ref());
    for group in by_key.clone().into_iter().chain(groups) {
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        for (index, item) in items {
            let Some(cells) = cells(schema, &group, item.values()) else { continue };
            let same: Vec<String> = cells.iter().map(|(_, cell)| spelled(cell)).collect();
            match places.get(&same) {
                Some(first) => found.add(*index, vec![same_values(&group, *first, by_key.as_ref() == Some(&group))]),
                None => drop(places.insert(same, *index)),
            }
        }
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

impl Item {
    /// What was sent and checked.
    fn sent(&self) -> &Checked {
        match self {
            Item::New(checked) | Item::Known(_, checked) | Item::Keyed { sent: checked, .. } => checked,
        }
    }

    fn values(&self) -> &Map<String, Value> {
        &self.sent().clean.values
    }
}

/// What is done with one element.
enum Step<'p> {
    Make(&'p Checked),
    Change(RecordId, &'p Checked),
}

/// Decides for each element, by the rows that are there before any of them is touched.
fn steps<'p>(tx: &ReadTx<'_>, schema: &Schema, new: &'p Prepared, found: &mut Found) -> Result<Vec<(usize, Step<'p>)>> {
    let holders = match &new.key {
        Some(key) => holders(tx, schema, key, new)?,
        None => HashMap::new(),
    };
    let mut steps = Vec::with_capacity(new.items.len());
    for (index, item) in new.items.iter().enumerate() {
        let step = match item {
            Item::New(checked) => Step::Make(checked),
            Item::Known(id, checked) => Step::Change(*id, checked),
            Item::Keyed { key, sent, whole } => match (holders.get(&spelled(key)).map(Vec::as_slice), whole) {
                (Some([id]), _) => Step::Change(*id, sent),
                (Some([_, ..]), _) => return Err(Error::Conflict(found.placed(index, ambiguous(new, &holders, key)))),
                (Some([]) | None, Some(whole)) => Step::Make(whole),
                (Some([]) | None, None) => {
                    found.add(index, incomplete(schema, new.key.as_ref(), sent));
                    continue;
                }
            },
        };
        steps.push((index, step));
    }
    Ok(steps)
}

type Holders = HashMap<String, Vec<RecordId>>;

/// The records that exist for the caller and have one of the keys.
fn holders(tx: &ReadTx<'_>, schema: &Schema, key: &Field, new: &Prepared) -> Result<Holders> {
    let keys: Vec<Cell> =
        new.items.iter().filter_map(|item| if let Item::Keyed { key, .. } = item { Some(key.clone()) } else { None }).collect();
    let mut holders = Holders::new();
    for (cell, id) in rows::holders_of_any(tx, schema, key, &keys)? {
        if rows::find(tx, schema, &new.scope.rows, id)?.is_some() {
            holders.entry(spelled(&cell)).or_default().push(id);
        }
    }
    Ok(holders)
}

fn ambiguous(new: &Prepared, holders: &Holders, key: &Cell) -> Problem {
    let slug = new.key.as_ref().map(|field| field.slug.as_str()).unwrap_or_default();
    let all = holders.get(&spelled(key)).map(Vec::as_slice).unwrap_or_default();
    let some: Vec<String> = all.iter().take(3).map(|id| id.text()).collect();
    let more = if all.len() > some.len() { ", …" } else { "" };
    let message = format!("{} records have this {slug} ({}{more}): which of them is meant is not clear", all.len(), some.join(", "));
    Problem::of(slug, "ambiguous", message).hint("Use a key whose values differ, or PATCH them by their ids")
}

/// Why what was sent cannot be a record of its own.
fn incomplete(schema: &Schema, key: Option<&Field>, sent: &Checked) -> Vec<Problem> {
    let slug = key.map(|field| field.slug.as_str()).unwrap_or_default();
    let because = format!("(no record has this {slug}, so this would be a new one)");
    match validate::create(schema, &sent.clean.values) {
        Err(Error::Invalid(problems)) => {
            problems.into_iter().map(|problem| Problem { message: format!("{} {because}", problem.message), ..problem }).collect()
        }
        _ => Vec::new(),
    }
}

type Written = (Record, Option<i64>);

fn make(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, id: RecordId, new: &Checked, batch: Option<i64>) -> Result<Written> {
    check_rows(tx, schema, &new.clean.values, None)?;
    let clean = counted(tx, schema, &new.clean)?;
    let record = rows::insert_under(tx, schema, id, &clean, who.user_id())?;
    let seq = log_created(tx, who, schema, new, id, batch)?;
    Ok((record, Some(seq)))
}

fn alter(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    schema: &Schema,
    scope: &Scope,
    id: RecordId,
    new: &Checked,
    batch: Option<i64>,
) -> Result<Written> {
    let old = rows::find(tx, schema, &scope.rows, id)?.ok_or_else(|| Error::invalid(missing(schema, id)))?;
    change(tx, who, schema, &old, new, batch)
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

    fn placed(&self, index: usize, problem: Problem) -> Problem {
        if self.is_array { problem.told_at(index) } else { problem }
    }

    fn add(&mut self, index: usize, problems: Vec<Problem>) {
        for problem in problems {
            self.count += 1;
            if self.shown.len() < self.shown_max {
                self.shown.push(self.placed(index, problem));
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
