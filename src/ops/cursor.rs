//! Cursors: where a window of a list ended, as a text that nobody needs to read; and the parts of a plan that begin behind it. A cursor holds what the
//! list sorts by of its last record, so a page begins where the one before ended, whatever was written in between.

use crate::model::error::{Error, Problem, Result};
use crate::model::expr::Op;
use crate::model::plan::{Cell, Column, Cond, Order, Plan};
use crate::model::query::Query;
use crate::model::record::RecordId;
use crate::store::asked::leads;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use serde_json::{Value, json};
use std::fmt::Write;

/// Of the values in a cursor: it goes into an address.
const BYTES_MAX: usize = 1_500;

/// The cursor of the window that ends with this record.
pub fn after(tx: &ReadTx<'_>, plan: &Plan, query: &Query, last: RecordId) -> Result<String> {
    let keys: Vec<Value> = rows::keys_of(tx, plan, last)?.iter().map(written).collect();
    let (sort, filter) = marks(plan, query);
    let text = json!([sort, filter, keys]).to_string();
    if text.len() > BYTES_MAX {
        let message = format!("{} has a value in a field of the sort that is too long for a cursor", last.text());
        return Err(Error::invalid(Problem::of("cursor", "too_long", message).hint("Sort by a shorter field, or page with offset")));
    }
    Ok(text.bytes().fold(String::with_capacity(text.len() * 2), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// The parts of which the rows behind a cursor are made, in their order: each is found by an index on what the list sorts by. Without a cursor the plan
/// itself.
pub fn parts(plan: &Plan, query: &Query) -> Result<Vec<Plan>> {
    let Some(cursor) = query.cursor.as_deref().filter(|cursor| !cursor.is_empty()) else { return Ok(vec![plan.clone()]) };
    let keys = read(plan, query, cursor)?;
    let behind = behind(&plan.order, &keys);
    // Without an index every part would walk the whole table.
    let is_led = plan.order.first().and_then(|key| slug_of(&key.column)).is_none_or(|slug| leads(&plan.schema, slug));
    if !is_led {
        let any = behind.into_iter().map(|(_, cond)| cond).collect();
        return Ok(vec![part(plan, 0, Cond::Any(any))]);
    }
    Ok(behind.into_iter().map(|(fixed, cond)| part(plan, fixed, cond)).collect())
}

/// The rows of a plan for which a condition holds, when so many of the first keys are the same in all of them.
fn part(plan: &Plan, fixed: usize, cond: Cond) -> Plan {
    let mut part = plan.clone();
    part.order.drain(..fixed);
    part.filter = match part.filter {
        Cond::True => cond,
        filter => Cond::All(vec![filter, cond]),
    };
    part
}

/// What lies behind these keys, the nearest first: what has the same keys but for the last, which is behind; then but for the last two; and so on.
/// Each with the number of keys that are the same.
fn behind(order: &[Order], keys: &[Option<Cell>]) -> Vec<(usize, Cond)> {
    let mut conds = Vec::new();
    for length in (0..order.len().min(keys.len())).rev() {
        let same = order.iter().zip(keys).take(length).map(|(key, cell)| equal(&key.column, cell));
        let Some((key, cell)) = order.iter().zip(keys).nth(length) else { continue };
        for further in further(key, cell) {
            let fixed = length + usize::from(matches!(further, Cond::Absent { .. }));
            let mut all: Vec<Cond> = same.clone().collect();
            all.push(further);
            conds.push((fixed, if all.len() == 1 { all.swap_remove(0) } else { Cond::All(all) }));
        }
    }
    conds
}

fn equal(column: &Column, cell: &Option<Cell>) -> Cond {
    match cell {
        Some(cell) => Cond::Compare { column: column.clone(), op: Op::Eq, cell: cell.clone() },
        None => Cond::Absent { column: column.clone() },
    }
}

/// What comes after a value of one key: no value comes first when it ascends, last when it descends.
fn further(key: &Order, cell: &Option<Cell>) -> Vec<Cond> {
    let compare = |op, cell| Cond::Compare { column: key.column.clone(), op, cell };
    match (key.descending, cell) {
        (false, Some(cell)) => vec![compare(Op::Gt, cell.clone())],
        // Any value at all, said so that an index finds the first.
        (false, None) => vec![compare(Op::Gte, Cell::Real(f64::NEG_INFINITY))],
        (true, Some(cell)) if may_lack(&key.column) => {
            vec![compare(Op::Lt, cell.clone()), Cond::Absent { column: key.column.clone() }]
        }
        (true, Some(cell)) => vec![compare(Op::Lt, cell.clone())],
        (true, None) => Vec::new(),
    }
}

fn may_lack(column: &Column) -> bool {
    matches!(column, Column::Field { .. } | Column::Computed { .. })
}

fn slug_of(column: &Column) -> Option<&str> {
    match column {
        Column::Id => None,
        Column::CreatedAt => Some("created_at"),
        Column::UpdatedAt => Some("updated_at"),
        Column::Field { slug, .. } | Column::Computed { slug, .. } => Some(slug),
    }
}

fn read(plan: &Plan, query: &Query, cursor: &str) -> Result<Vec<Option<Cell>>> {
    let refused = |message: &str, hint: &str| Error::invalid(Problem::of("cursor", "cursor", message).hint(hint));
    let unknown = || refused("'cursor' is none that a list gave", "Take next_cursor from the answer as it is, or begin with cursor=");
    let text = text_of(cursor).ok_or_else(unknown)?;
    let (sort, filter, keys): (u64, u64, Vec<Value>) = serde_json::from_str(&text).map_err(|_| unknown())?;
    let keys: Vec<Option<Cell>> = keys.iter().map(cell_of).collect::<Option<_>>().ok_or_else(unknown)?;
    let (own_sort, own_filter) = marks(plan, query);
    let what = match (sort == own_sort, filter == own_filter) {
        (true, true) if keys.len() == plan.order.len() => return Ok(keys),
        (true, true) => return Err(unknown()),
        (true, false) => "filter",
        (false, true) => "sort",
        (false, false) => "sort and another filter",
    };
    Err(refused(
        &format!("'cursor' is of a list with another {what}"),
        "Send it with the sort and the filter of the request whose answer gave it, or begin with cursor=",
    ))
}

/// By which the sort and the filter of a list are known again.
fn marks(plan: &Plan, query: &Query) -> (u64, u64) {
    let sort: Vec<_> = plan.order.iter().map(|key| (slug_of(&key.column), key.column.kind(), key.descending)).collect();
    (mark(&format!("{:?} {sort:?}", plan.schema.id)), mark(&format!("{:?} {:?}", plan.schema.id, query.filter)))
}

/// FNV-1a: the same in every build of the program.
fn mark(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Doubles by their bits, so that they come back as they are.
fn written(cell: &Option<Cell>) -> Value {
    match cell {
        None => Value::Null,
        Some(Cell::Integer(number)) => json!(number),
        Some(Cell::Real(number)) => json!([number.to_bits()]),
        Some(Cell::Text(text)) => json!(text),
    }
}

fn cell_of(value: &Value) -> Option<Option<Cell>> {
    Some(match value {
        Value::Null => None,
        Value::Number(number) => Some(Cell::Integer(number.as_i64()?)),
        Value::String(text) => Some(Cell::Text(text.clone())),
        Value::Array(bits) => Some(Cell::Real(bits.first()?.as_u64().map(f64::from_bits).filter(|number| number.is_finite())?)),
        Value::Bool(_) | Value::Object(_) => return None,
    })
}

fn text_of(hex: &str) -> Option<String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? * 16 + digit(low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = hex.as_bytes().chunks(2).map(byte).collect();
    bytes.filter(|bytes| bytes.len() <= BYTES_MAX).and_then(|bytes| String::from_utf8(bytes).ok())
}
