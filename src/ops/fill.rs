//! The records of an app file into tables that never had any. References inside the file may point forward.

use super::access::may;
use super::changes::log_import;
use super::records;
use super::relative;
use super::validate;
use crate::format::app_file::AppFile;
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Kind;
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller};
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::WriteTx;
use crate::store::records as rows;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// A record of the file.
struct Pending {
    schema: Arc<Schema>,
    /// Its `$ref`, by which others point to it.
    name: Option<String>,
    draft: Map<String, Value>,
    /// Where it stands, for refusals: `records.contacts[3]`.
    place: String,
}

impl Pending {
    /// A refusal that says which record of the file it is about.
    fn placed(&self, error: Error) -> Error {
        match error {
            Error::Invalid(problems) => Error::Invalid(
                problems
                    .into_iter()
                    .map(|problem| Problem { message: format!("{}: {}", self.place, problem.message), ..problem })
                    .collect(),
            ),
            other => other,
        }
    }
}

/// Records that are there by now: table and id by `$ref`.
type Made = HashMap<String, (String, RecordId)>;

/// Makes the records; gives how many. A table that has or had records is left alone: its people decide about it now.
pub fn fill(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, told: &mut Vec<String>) -> Result<usize> {
    let (mut queue, left_alone) = collect(tx, file, app, told)?;
    let count = queue.len();
    let mut names = HashSet::new();
    if let Some(twice) = queue.iter().filter_map(|pending| pending.name.as_ref()).find(|name| !names.insert((*name).clone())) {
        return Err(Error::invalid(Problem::new("twice", format!("The $ref {} stands twice in the file", quoted(twice)))));
    }
    let mut made = Made::new();
    // The first and the last id of each table: nobody else makes records meanwhile.
    let mut ids: BTreeMap<SchemaId, (Arc<Schema>, RecordId, RecordId)> = BTreeMap::new();
    let mut waiting: HashMap<String, Vec<Pending>> = HashMap::new();
    while let Some(pending) = queue.pop_front() {
        match missing(&pending, &made) {
            Some(wanted) if names.contains(&wanted) => waiting.entry(wanted).or_default().push(pending),
            Some(wanted) => return Err(points_nowhere(&pending, &wanted, left_alone)),
            None => {
                let mut draft = resolved(&pending, &made)?;
                relative::resolve(tx.now(), &pending.schema, &mut draft).map_err(|problem| pending.placed(Error::invalid(problem)))?;
                let id = insert(tx, who, &pending, draft)?;
                ids.entry(pending.schema.id).or_insert_with(|| (pending.schema.clone(), id, id)).2 = id;
                if let Some(name) = pending.name {
                    queue.extend(waiting.remove(&name).unwrap_or_default());
                    made.insert(name, (pending.schema.slug.clone(), id));
                }
            }
        }
    }
    if let Some(place) = waiting.into_values().flatten().map(|pending| pending.place).min() {
        let message = format!("{place} points by $ref to itself, by way of others or directly");
        return Err(Error::invalid(Problem::new("reference", message)));
    }
    for (schema, first, last) in ids.into_values() {
        log_import(tx, who, &schema, Some((first, last)), 0)?;
    }
    Ok(count)
}

/// The records of all tables to fill, and whether any table was left alone.
fn collect(tx: &mut WriteTx<'_>, file: &AppFile, app: AppId, told: &mut Vec<String>) -> Result<(VecDeque<Pending>, bool)> {
    let (mut queue, mut left_alone) = (VecDeque::new(), false);
    for (slug, list) in &file.records {
        let Some(schema) = tx.catalog().schemas(app).find(|schema| schema.slug == *slug).cloned() else { continue };
        let wrong = |place: &str, what: &str| Error::invalid(Problem::new("type", format!("{place} must be {what}")));
        let list = list.as_array().ok_or_else(|| wrong(&format!("records.{slug}"), "an array"))?;
        if list.is_empty() {
            continue;
        }
        if rows::ever_had_any(tx, &schema)? {
            told.push(format!("leave the records of {slug} alone: it has or had some"));
            left_alone = true;
            continue;
        }
        told.push(format!("add {} to {slug}", counted(list.len(), "record")));
        for (at, value) in list.iter().enumerate() {
            let place = format!("records.{slug}[{at}]");
            let mut draft = value.as_object().cloned().ok_or_else(|| wrong(&place, "an object"))?;
            let name = match draft.shift_remove("$ref") {
                None => None,
                Some(Value::String(name)) => Some(name),
                Some(_) => return Err(wrong(&format!("{place}.$ref"), "a text")),
            };
            queue.push_back(Pending { schema: schema.clone(), name, draft, place });
        }
    }
    Ok((queue, left_alone))
}

/// `1 record`, `2 records`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The references of a record by `$ref`: field and name.
fn references(pending: &Pending) -> impl Iterator<Item = (&str, &str)> {
    let fields = pending.schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links));
    fields.flat_map(move |field| {
        let value = pending.draft.get(&field.slug);
        let all = value.into_iter().flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
        all.filter_map(|value| Some((field.slug.as_str(), name_in(value)?)))
    })
}

/// The name in `{"$ref": name}`. Any other key beside it leaves the value what it is: no reference, and refused as such.
fn name_in(value: &Value) -> Option<&str> {
    value.as_object().filter(|object| object.len() == 1)?.get("$ref")?.as_str()
}

fn missing(pending: &Pending, made: &Made) -> Option<String> {
    references(pending).map(|(_, name)| name).find(|name| !made.contains_key(*name)).map(str::to_owned)
}

/// The draft with ids in place of `$ref`s.
fn resolved(pending: &Pending, made: &Made) -> Result<Map<String, Value>> {
    let mut draft = pending.draft.clone();
    for (slug, name) in references(pending) {
        let target = pending.schema.field(slug).and_then(|field| field.rules.target.as_deref()).unwrap_or_default();
        match made.get(name) {
            Some((table, id)) if table == target => {
                let id = Value::from(id.text());
                match draft.get_mut(slug) {
                    Some(Value::Array(all)) => {
                        all.iter_mut().filter(|value| name_in(value) == Some(name)).for_each(|value| *value = id.clone())
                    }
                    Some(one) => *one = id,
                    None => {}
                }
            }
            Some((table, _)) => {
                let message =
                    format!("{}: field '{slug}' points to table '{target}', but {} is a record of '{table}'", pending.place, quoted(name));
                return Err(Error::invalid(Problem::of(slug, "reference", message)));
            }
            None => {}
        }
    }
    Ok(draft)
}

fn points_nowhere(pending: &Pending, wanted: &str, left_alone: bool) -> Error {
    let message = format!("{} points by $ref to {}, which is not in the file", pending.place, quoted(wanted));
    let problem = Problem::new("reference", message);
    Error::invalid(if left_alone { problem.hint("Or it is in a table that was left alone because it has or had records") } else { problem })
}

fn insert(tx: &mut WriteTx<'_>, who: &Caller, pending: &Pending, draft: Map<String, Value>) -> Result<RecordId> {
    let placed = |error: Error| pending.placed(error);
    let scope = may(who, Action::Create)?;
    let checked = validate::create(&pending.schema, &draft).map_err(placed)?;
    if let Some(key) = checked.ignored.first() {
        let message = format!("'{key}' is given by the program; leave it out, and name the record with $ref where others point to it");
        return Err(placed(Error::invalid(Problem::of(key, "reserved", message))));
    }
    let prepared = records::Prepared { schema: pending.schema.clone(), scope, checked };
    records::make(tx, who, &prepared).map_err(placed).map(|(_, record)| record.id)
}
