//! The records of an app file into tables that never had any. References inside the file may point forward.

use super::changes::log_import;
use super::records;
use super::relative;
use super::row_problems::Tally;
use super::validate;
use crate::format::app_file::AppFile;
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{EXACT_INTEGER_MAX, Kind};
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
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
    /// A problem that says which record of the file it is about.
    fn placed(&self, problem: Problem) -> Problem {
        Problem { message: format!("{}: {}", self.place, problem.message), ..problem }
    }
}

/// The records of the file that have a `$ref`: table and id.
type Named = HashMap<String, (String, RecordId)>;

/// Makes the records, for somebody who may change the app; gives how many. A table that has or had records is left alone: its people decide about it now.
///
/// All ids are known before the first record is written, so records may point to each other, and to themselves. What is wrong with the records is told
/// of all of them, up to `shown_max` problems.
pub fn fill(tx: &mut WriteTx<'_>, who: &Caller, file: &AppFile, app: AppId, told: &mut Vec<String>, shown_max: usize) -> Result<usize> {
    let mut found = Tally::new(shown_max);
    let (list, left_alone) = collect(tx, file, app, told, &mut found)?;
    let mut counts: BTreeMap<SchemaId, (Arc<Schema>, usize)> = BTreeMap::new();
    for pending in &list {
        counts.entry(pending.schema.id).or_insert_with(|| (pending.schema.clone(), 0)).1 += 1;
    }
    let mut next = HashMap::new();
    for (id, (schema, count)) in &counts {
        next.insert(*id, rows::reserve(tx, schema, *count)?);
    }
    let ids: Vec<RecordId> = list.iter().filter_map(|pending| next.get_mut(&pending.schema.id).map(take)).collect();
    let mut named = Named::new();
    for (pending, id) in list.iter().zip(&ids) {
        if let Some(name) = &pending.name
            && named.insert(name.clone(), (pending.schema.slug.clone(), *id)).is_some()
        {
            found.add(Problem::new("twice", format!("The $ref {} stands twice in the file", quoted(name))));
        }
    }
    for (pending, id) in list.iter().zip(&ids) {
        let lost: Vec<&str> = references(pending).map(|(_, name)| name).filter(|name| !named.contains_key(*name)).collect();
        lost.iter().for_each(|wanted| found.add(points_nowhere(pending, wanted, left_alone)));
        if !lost.is_empty() {
            continue;
        }
        match insert(tx, who, pending, *id, &named) {
            Err(Error::Invalid(problems)) => problems.into_iter().for_each(|problem| found.add(pending.placed(problem))),
            done => done?,
        }
    }
    found.refuse(None)?;
    for (id, (schema, count)) in counts {
        let last = next.get(&id).map_or(0, |next| next.0 - 1);
        let first = last + 1 - i64::try_from(count).map_err(Error::internal)?;
        log_import(tx, who, &schema, Some((RecordId(first), RecordId(last))), 0)?;
    }
    Ok(list.len())
}

fn take(next: &mut RecordId) -> RecordId {
    let id = *next;
    next.0 += 1;
    id
}

/// The records of all tables to fill, and whether any table was left alone.
fn collect(tx: &mut WriteTx<'_>, file: &AppFile, app: AppId, told: &mut Vec<String>, found: &mut Tally) -> Result<(Vec<Pending>, bool)> {
    let (mut all, mut left_alone) = (Vec::new(), false);
    for (slug, list) in &file.records {
        let Some(schema) = tx.catalog().schemas(app).find(|schema| schema.slug == *slug).cloned() else { continue };
        let wrong = |place: &str, what: &str| Problem::new("type", format!("{place} must be {what}"));
        let Some(list) = list.as_array() else {
            found.add(wrong(&format!("records.{slug}"), "an array"));
            continue;
        };
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
            let Some(mut draft) = value.as_object().cloned() else {
                found.add(wrong(&place, "an object"));
                continue;
            };
            let name = match draft.shift_remove("$ref") {
                None => None,
                Some(Value::String(name)) => Some(name),
                Some(_) => {
                    found.add(wrong(&format!("{place}.$ref"), "a text"));
                    None
                }
            };
            all.push(Pending { schema: schema.clone(), name, draft, place });
        }
    }
    Ok((all, left_alone))
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

/// The draft with ids in place of `$ref`s.
fn resolved(pending: &Pending, named: &Named) -> Result<Map<String, Value>> {
    let mut draft = pending.draft.clone();
    for (slug, name) in references(pending) {
        let target = pending.schema.field(slug).and_then(|field| field.rules.target.as_deref()).unwrap_or_default();
        match named.get(name) {
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
                let message = format!("field '{slug}' points to table '{target}', but {} is a record of '{table}'", quoted(name));
                return Err(Error::invalid(Problem::of(slug, "reference", message)));
            }
            None => {}
        }
    }
    Ok(draft)
}

fn points_nowhere(pending: &Pending, wanted: &str, left_alone: bool) -> Problem {
    let message = format!("{} points by $ref to {}, which is not in the file", pending.place, quoted(wanted));
    let problem = Problem::new("reference", message);
    if left_alone { problem.hint("Or it is in a table that was left alone because it has or had records") } else { problem }
}

fn insert(tx: &mut WriteTx<'_>, who: &Caller, pending: &Pending, id: RecordId, named: &Named) -> Result<()> {
    let schema = &pending.schema;
    let mut draft = resolved(pending, named)?;
    relative::resolve(tx.now(), schema, &mut draft).map_err(Error::invalid)?;
    let numbers = numbers(schema, &mut draft)?;
    let checked = validate::create(schema, &draft)?;
    if let Some(key) = checked.ignored.first() {
        let message = format!("'{key}' is given by the program; leave it out, and name the record with $ref where others point to it");
        return Err(Error::invalid(Problem::of(key, "reserved", message)));
    }
    check_rows(tx, who, pending, &checked.clean.values)?;
    let mut clean = records::counted(tx, schema, &checked.clean)?.into_owned();
    clean.values.extend(numbers);
    rows::insert_under(tx, schema, id, &clean, who.user_id()).map(drop)
}

/// Takes the numbers out that the file says of fields that count by themselves: a record that comes back keeps its place.
fn numbers(schema: &Schema, draft: &mut Map<String, Value>) -> Result<Map<String, Value>> {
    let mut numbers = Map::new();
    for field in schema.fields.iter().filter(|field| field.kind == Kind::Sequence) {
        let Some(value) = draft.shift_remove(&field.slug).filter(|value| !value.is_null()) else { continue };
        let value = validate::clean(field, &value).map_err(Error::invalid)?;
        if value.as_i64().is_none_or(|number| number.abs() > EXACT_INTEGER_MAX) {
            let message =
                format!("Field '{}' has the number {value}; it lies between -{EXACT_INTEGER_MAX} and {EXACT_INTEGER_MAX}", field.slug);
            return Err(Error::invalid(Problem::of(&field.slug, "max", message)));
        }
        numbers.insert(field.slug.clone(), value);
    }
    Ok(numbers)
}

/// `records::check_rows`, but for what points into the file: those records are made with this one.
fn check_rows(tx: &ReadTx<'_>, who: &Caller, pending: &Pending, values: &Map<String, Value>) -> Result<()> {
    let schema = &pending.schema;
    let within: HashSet<&str> = references(pending).map(|(slug, _)| slug).collect();
    let mut others = values.clone();
    for slug in &within {
        match pending.draft.get(*slug) {
            // Elements that are ids as they stand are looked for.
            Some(Value::Array(sent)) => {
                let ids = sent.iter().filter(|value| name_in(value).is_none()).cloned().collect();
                others.insert((*slug).to_owned(), Value::Array(ids));
            }
            _ => drop(others.shift_remove(*slug)),
        }
    }
    records::check_rows(tx, who, &Scope::all(schema.clone(), Action::Create), &others, None)?;
    let groups = records::unique_groups(schema).into_iter().filter(|group| group.iter().any(|slug| within.contains(slug.as_str())));
    for group in groups {
        if let Some(cells) = records::cells(schema, &group, values)
            && let Some(holder) = rows::holder_of(tx, schema, &cells, None)?
        {
            return Err(Error::invalid(records::taken(&group, holder)));
        }
    }
    Ok(())
}
