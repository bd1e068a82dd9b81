//! A record put behind another one, in the order of a field that counts by itself. The records between its old place and the new one pass their numbers
//! on, so that a move costs its distance and not the table; where numbers are missing or stand twice, the stretch is numbered anew. Records that are not
//! there for the caller keep theirs.

use super::access;
use super::bulk::Done;
use super::changes::{Entry, log, name_of};
use super::guard;
use super::records::{check_rows, current, unique_groups};
use super::validate;
use crate::model::catalog::Catalog;
use crate::model::change::ChangeKind;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{EXACT_INTEGER_MAX, Field, Kind};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Record, RecordId, Records};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::sequence::{Stand, between};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Which record is to stand where.
#[derive(Debug, Clone)]
pub struct Aim {
    pub record: RecordId,
    /// First of all, if there is none.
    pub after: Option<RecordId>,
    /// May be left out where a table has one such field.
    pub field: Option<String>,
}

/// A move, checked as far as that goes without rows.
pub struct Prepared {
    scope: Scope,
    field: Field,
    aim: Aim,
    affected_max: usize,
}

/// The pure part of `run`.
pub fn prepare(catalog: &Catalog, who: &Caller, [app, schema]: [&str; 2], aim: &Aim, limits: &Limits) -> Result<Prepared> {
    let scope = access::scope(catalog, who, app, schema, Action::Update)?;
    let field = field(&scope.seen, aim.field.as_deref())?.clone();
    if scope.read_only.contains(&field.slug) {
        return Err(guard::not_writable(&field.slug));
    }
    if aim.after == Some(aim.record) {
        let problem = Problem::of("after", "same", format!("{} cannot stand behind itself", aim.record.text()));
        return Err(Error::invalid(problem.hint("\"after\" names the record that it is to stand behind, or is null: first of all")));
    }
    Ok(Prepared { scope, field, aim: aim.clone(), affected_max: limits.affected_records_max })
}

/// How many records a move is about, as far as that can be said in a snapshot.
pub fn distance(tx: &ReadTx<'_>, who: &Caller, address: [&str; 2], aim: &Aim, limits: &Limits) -> Result<usize> {
    let new = prepare(tx.catalog(), who, address, aim, limits)?;
    let (me, after) = (stand(tx, &new, "record", new.aim.record)?, new.after(tx)?);
    stretch(tx, &new, me, after).map(|stretch| stretch.places.len())
}

/// Moves the record. What is given back are the records that changed, the moved one before the others; none, if it stands there already.
pub fn run(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Done> {
    let (scope, schema) = (&new.scope, &new.scope.whole);
    current(tx, who, scope, schema.version)?;
    let (me, after) = (stand(tx, new, "record", new.aim.record)?, new.after(tx)?);
    guard::must_act(tx, scope, me.id)?;
    let stretch = stretch(tx, new, me, after)?;
    let mut changed = if stretch.places.len() > 1 { numbered(tx, new, stretch)? } else { Vec::new() };
    // The act is told by its first entry.
    changed.sort_by_key(|(id, _)| *id != me.id);
    let old = changed.iter().map(|(id, _)| movable(tx, scope, *id)).collect::<Result<Vec<Record>>>()?;
    let is_unique = unique_groups(schema).iter().any(|group| group.contains(&new.field.slug));
    if is_unique {
        changed.iter().try_for_each(|(id, _)| rows::free(tx, schema, &new.field.slug, *id))?;
    }
    let (mut written, mut batch) = (Vec::with_capacity(changed.len()), None);
    for (old, (_, number)) in old.iter().zip(&changed) {
        let clean = validate::numbered(schema, &new.field, *number);
        let mut values = rows::values_of(&old.data)?;
        let label = format!("{} {}", if old.id == me.id { "moved" } else { "changed" }, name_of(schema, &values, old.id));
        if is_unique {
            let before = values.clone();
            values.extend(clean.values.clone());
            check_rows(tx, who, scope, &values, Some((old.id, &before)))?;
        }
        let rows::Updated { record, before, after } = rows::update(tx, schema, old, &clean, who.user_id())?;
        let body = Some(json!({"before": before, "after": after}));
        let seq = log(tx, who, schema, Entry { kind: ChangeKind::Update, record: old.id, batch, label, body })?;
        batch = batch.or(Some(seq));
        written.push(record);
    }
    // Now that all of them stand where they are to stand.
    let mut records = Records::default();
    for record in written {
        guard::must_act(tx, scope, record.id)?;
        records.push(&guard::as_seen(tx, scope, record)?);
    }
    Ok(Done { scope: scope.clone(), records, created: 0, ignored: Vec::new() })
}

/// A record that the caller sees and may change.
fn movable(tx: &ReadTx<'_>, scope: &Scope, id: RecordId) -> Result<Record> {
    guard::must_act(tx, scope, id)?;
    rows::find(tx, &scope.whole, &scope.rows, id)?.ok_or_else(|| Error::internal("a record went while it was moved"))
}

impl Prepared {
    fn after(&self, tx: &ReadTx<'_>) -> Result<Option<Stand>> {
        self.aim.after.map(|id| stand(tx, self, "after", id)).transpose()
    }

    /// Records that the caller sees, behind a place and up to another one.
    fn between(&self, tx: &ReadTx<'_>, after: Option<Stand>, until: Stand, most: usize) -> Result<Vec<Stand>> {
        between(tx, &self.scope.whole, &self.field, &self.scope.rows, after, until, most)
    }

    fn too_many(&self) -> Error {
        let most = self.affected_max;
        let message = format!("Between its place and the new one stand more than {most} records: nothing was done");
        Error::Conflict(Problem::of("after", "too_many", message).hint(format!("Move it in steps of less than {most} places")))
    }
}

/// The field that is meant.
fn field<'s>(seen: &'s Schema, name: Option<&str>) -> Result<&'s Field> {
    let all: Vec<&Field> = seen.fields.iter().filter(|field| field.kind == Kind::Sequence).collect();
    let names = || all.iter().map(|field| field.slug.as_str());
    let listed = || names().collect::<Vec<_>>().join(", ");
    let refused = |code, message| Problem::of("field", code, message);
    let problem = match (name, all.as_slice()) {
        (None, [one]) => return Ok(one),
        (None, []) | (Some(_), []) => refused(
            "no_sequence",
            format!("Table '{}' has no field of the type sequence: its records have no order of their own", seen.slug),
        ),
        (None, _) => {
            let message = format!("Key 'field' is required: table '{}' has several fields of the type sequence", seen.slug);
            refused("required", message).hint(format!("One of: {}", listed()))
        }
        (Some(name), _) => match (all.iter().find(|field| field.slug == name), seen.field(name)) {
            (Some(one), _) => return Ok(one),
            (None, Some(other)) => {
                let message =
                    format!("Field '{name}' has the type {}: records are put in order by one of the type sequence", other.type_name);
                refused("type", message).hint(format!("One of: {}", listed()))
            }
            (None, None) => {
                let problem = refused("unknown_field", format!("Table '{}' has no field {}", seen.slug, quoted(name)));
                problem.did_you_mean(name, names())
            }
        },
    };
    Err(Error::invalid(problem))
}

/// Where a record stands that is named by a key of the body.
fn stand(tx: &ReadTx<'_>, new: &Prepared, key: &str, id: RecordId) -> Result<Stand> {
    let schema = &new.scope.whole;
    let record = rows::find(tx, schema, &new.scope.rows, id)?.ok_or_else(|| {
        let message = format!("There is no record {} in table '{}'", quoted(&id.text()), schema.slug);
        Error::invalid(Problem::of(key, "not_found", message))
    })?;
    let values = rows::some_values_of(&record.data, &[&new.field.slug])?;
    Ok(Stand { number: values.get(&new.field.slug).and_then(Value::as_i64), id })
}

/// The stretch that a move turns by one place.
struct Stretch {
    /// Where they stood, in order.
    places: Vec<Stand>,
    /// In the order in which they are to stand.
    ids: Vec<RecordId>,
    /// The lowest number that the first of them may get, so that it stays behind the one before it.
    least: Option<i64>,
}

fn stretch(tx: &ReadTx<'_>, new: &Prepared, me: Stand, after: Option<Stand>) -> Result<Stretch> {
    let most = new.affected_max;
    let is_down = after.is_some_and(|after| me < after);
    let (mut places, until) = match after.filter(|_| is_down) {
        Some(after) => (vec![me], after),
        None => (Vec::new(), me),
    };
    places.extend(new.between(tx, if is_down { Some(me) } else { after }, until, most + 1)?);
    if places.len() > most {
        return Err(new.too_many());
    }
    let mut ids: Vec<RecordId> = places.iter().map(|stand| stand.id).collect();
    match ids.len() {
        0 | 1 => {}
        _ if is_down => ids.rotate_left(1),
        _ => ids.rotate_right(1),
    }
    // Among equal numbers the id decides, and it is another one that comes first now.
    let is_behind = |first: RecordId, number: i64| match after.filter(|_| !is_down) {
        Some(after) => Ok(after.number != Some(number) || after.id < first),
        None if is_down => {
            let (first, me) = (Stand { number: Some(number), id: first }, Stand { number: Some(number), id: RecordId(me.id.0 - 1) });
            new.between(tx, Some(first), me, 1).map(|found| found.is_empty())
        }
        None => Ok(true),
    };
    let least = match (places.first().and_then(|stand| stand.number), ids.first()) {
        (Some(number), Some(first)) if !is_behind(*first, number)? => Some(following(number)?),
        (number, _) => number,
    };
    Ok(Stretch { places, ids, least })
}

fn following(number: i64) -> Result<i64> {
    number.checked_add(1).ok_or_else(|| Error::internal("a sequence has come to its end"))
}

/// Places that are looked at together past the end of a stretch.
const AT_ONCE: usize = 200;

/// The numbers that records get, each with its record, but for those that keep theirs.
fn numbered(tx: &ReadTx<'_>, new: &Prepared, stretch: Stretch) -> Result<Vec<(RecordId, i64)>> {
    let Stretch { mut places, mut ids, least } = stretch;
    let old = |places: &[Stand]| places.iter().map(|stand| (stand.id, stand.number)).collect::<HashMap<_, _>>();
    // Those without a number stand before all that have one: whoever stands behind one that gets one needs one, too.
    if let Some(last) = places.last().copied().filter(|last| last.number.is_none()) {
        let none = Stand { number: None, id: RecordId(i64::MAX) };
        let more = new.between(tx, Some(last), none, new.affected_max)?;
        ids.extend(more.iter().map(|stand| stand.id));
        places.extend(more);
    }
    let mut next = match least {
        Some(least) => least,
        None => first_number(tx, new, &places)?,
    };
    let mut numbers = Vec::with_capacity(places.len());
    let mut end = Stand { number: None, id: RecordId(0) };
    for (stand, id) in places.iter().zip(&ids) {
        let number = stand.number.map_or(next, |number| number.max(next));
        next = following(number)?;
        end = Stand { number: Some(number), id: *id };
        numbers.push(number);
    }
    // Past its end, as long as the next one would stand before the last.
    'on: while let Some(last) = places.last().copied().filter(|last| *last < end) {
        let more = new.between(tx, Some(last), end, AT_ONCE)?;
        if more.is_empty() {
            break;
        }
        for stand in more {
            if stand > end {
                break 'on;
            }
            let number = stand.number.map_or(next, |number| number.max(next));
            next = following(number)?;
            end = Stand { number: Some(number), id: stand.id };
            numbers.push(number);
            ids.push(stand.id);
            places.push(stand);
        }
        if places.len() > new.affected_max {
            break;
        }
    }
    if places.len() > new.affected_max {
        return Err(new.too_many());
    }
    let old = old(&places);
    if numbers.iter().any(|number| number.unsigned_abs() > EXACT_INTEGER_MAX.unsigned_abs()) {
        let message = format!("There are no more numbers for an order like this: they would go past {EXACT_INTEGER_MAX}");
        return Err(Error::Conflict(
            Problem::new("out_of_range", message).hint("Make the field anew, which numbers the records from 1 on"),
        ));
    }
    let changes = |(id, number): &(RecordId, i64)| old.get(id).is_none_or(|was| *was != Some(*number));
    Ok(ids.into_iter().zip(numbers).filter(changes).collect())
}

/// The number with which those begin that have none: low enough that the first one behind them keeps its own.
fn first_number(tx: &ReadTx<'_>, new: &Prepared, places: &[Stand]) -> Result<i64> {
    let none = places.iter().take_while(|stand| stand.number.is_none()).count();
    let behind = match (places.get(none), places.last()) {
        (Some(stand), _) => stand.number,
        (None, last) => {
            let end = Stand { number: Some(i64::MAX), id: RecordId(i64::MAX) };
            new.between(tx, last.copied(), end, 1)?.first().and_then(|stand| stand.number)
        }
    };
    let room = i64::try_from(none).map_err(Error::internal)?;
    Ok(behind.map_or(1, |behind| behind.saturating_sub(room).min(1)))
}
