//! What lists ask by: which index would serve a plan, how often one was missed, which of the automatic ones are used. In memory only; deciding what
//! to do about it is `ops/upkeep`.

use super::formula;
use crate::model::expr::Op;
use crate::model::field::Kind;
use crate::model::plan::{Column, Cond, Order, Plan};
use crate::model::schema::{Schema, SchemaId};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Different wishes that are remembered at one time; with one more, all are forgotten.
const WISHES_MAX: usize = 1_000;

/// An index that lists missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub schema: SchemaId,
    /// One field, or several that have to stand together.
    pub fields: Vec<String>,
    pub is_filtered: bool,
    pub times: u64,
    pub took: Duration,
    last: Instant,
}

#[derive(Default)]
pub struct Asked(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    wishes: HashMap<(SchemaId, Vec<String>), Wish>,
    used: HashSet<(SchemaId, String)>,
}

impl Asked {
    /// A list was answered in so much time.
    pub fn see(&self, plan: &Plan, took: Duration) {
        let used: Vec<&str> = served_by(plan).filter(|slug| plan.schema.automatic.iter().any(|index| index.field == *slug)).collect();
        let lacking = lacking(plan);
        if used.is_empty() && lacking.is_none() {
            return;
        }
        let mut memory = self.memory();
        memory.used.extend(used.into_iter().map(|slug| (plan.schema.id, slug.to_owned())));
        let Some(fields) = lacking else { return };
        if memory.wishes.len() >= WISHES_MAX {
            memory.wishes.clear();
        }
        let (schema, is_filtered) = (plan.schema.id, plan.filter != Cond::True);
        let now = Instant::now();
        let fresh = Wish { schema, fields: fields.clone(), is_filtered, times: 0, took: Duration::ZERO, last: now };
        let wish = memory.wishes.entry((schema, fields)).or_insert(fresh);
        wish.times += 1;
        wish.took += took;
        wish.last = now;
    }

    /// What was missed at least so often, the dearest first. What nobody has missed for `apart_max` is no habit and is forgotten.
    pub fn wishes(&self, times_min: u64, apart_max: Duration) -> Vec<Wish> {
        let mut memory = self.memory();
        memory.wishes.retain(|_, wish| wish.last.elapsed() <= apart_max);
        let mut wishes: Vec<Wish> = memory.wishes.values().filter(|wish| wish.times >= times_min).cloned().collect();
        wishes.sort_by_key(|wish| std::cmp::Reverse(wish.took));
        wishes
    }

    /// A wish that was seen to, or that has become none.
    pub fn forget(&self, wish: &Wish) {
        self.memory().wishes.remove(&(wish.schema, wish.fields.clone()));
    }

    /// The automatic indexes that lists have used since the last time this was asked.
    pub fn take_used(&self) -> HashSet<(SchemaId, String)> {
        std::mem::take(&mut self.memory().used)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fields of the index that a plan lacks: of its filter by equality, else by a range; of its sort when it has no filter. When an index finds the
/// rows but not their order, the two together. `None` when nothing is missing or no index helps.
pub fn lacking(plan: &Plan) -> Option<Vec<String>> {
    let schema = &plan.schema;
    let sorted = plan.order.first().and_then(|order| slug_of(&order.column));
    let compared = compared(&plan.filter);
    let Some(first) = compared.iter().find(|(_, is_equal)| *is_equal).or(compared.first()).map(|(slug, _)| *slug) else {
        let is_whole = plan.filter == Cond::True;
        return sorted.filter(|slug| is_whole && !leads(schema, slug)).map(|slug| vec![slug.to_owned()]);
    };
    if let Some((found, is_equal)) = compared.iter().find(|(slug, _)| leads(schema, slug)) {
        // Rows found by one value of an index lie in the order of their ids.
        let sorted = sorted.filter(|slug| *is_equal && slug != found)?;
        let both = [(*found).to_owned(), sorted.to_owned()];
        let is_there = groups(schema).any(|group| group.starts_with(&both));
        return (!is_there).then(|| both.to_vec());
    }
    Some(vec![first.to_owned()])
}

/// Whether some index begins with a field, or with one of the two stamps.
pub fn leads(schema: &Schema, slug: &str) -> bool {
    has_its_own(schema, slug) || groups(schema).any(|group| group.first().is_some_and(|first| first == slug))
}

/// Whether a field has an index for itself alone, in which the rows of one value lie in the order of their ids.
fn has_its_own(schema: &Schema, slug: &str) -> bool {
    let declared = schema.field(slug).is_some_and(|field| {
        field.unique || field.indexed || matches!(field.kind, Kind::Reference | Kind::Sequence) || field.kind.is_set()
    });
    declared
        || schema.automatic.iter().any(|index| index.field == slug)
        || groups(schema).any(|group| matches!(group.as_slice(), [one] if one == slug))
}

fn groups(schema: &Schema) -> impl Iterator<Item = &Vec<String>> {
    schema.unique.iter().chain(&schema.indexes)
}

/// Whether the rows of a plan are sure to be met in their order, so that nothing is sorted.
pub fn comes_in_order(plan: &Plan) -> bool {
    let schema = &plan.schema;
    match plan.order.as_slice() {
        [Order { column: Column::Id, .. }] => keeps_ids_in_order(schema, &plan.filter),
        [first, Order { column: Column::Id, descending }] if first.descending == *descending => {
            let Some(slug) = slug_of(&first.column) else { return false };
            match &plan.filter {
                Cond::True => has_its_own(schema, slug),
                Cond::Compare { column, op: Op::Eq, .. } => {
                    slug_of(column).is_some_and(|found| groups(schema).any(|group| group.as_slice() == [found, slug]))
                }
                Cond::Compare { column, op: Op::Gt | Op::Gte | Op::Lt | Op::Lte, .. } => {
                    *column == first.column && has_its_own(schema, slug)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether an index on what a plan sorts by may give its rows in their order.
pub fn is_led_by_its_order(plan: &Plan) -> bool {
    plan.order.first().and_then(|order| slug_of(&order.column)).is_some_and(|slug| leads(&plan.schema, slug))
}

/// Whether rows that a filter leaves are met in the order of their ids, whichever index finds them.
fn keeps_ids_in_order(schema: &Schema, filter: &Cond) -> bool {
    match filter {
        Cond::Rule { rule, .. } => !formula::is_led(rule),
        Cond::True | Cond::Present { .. } | Cond::Not(_) => true,
        Cond::Found(_) => false,
        Cond::All(conds) => conds.iter().all(|cond| keeps_ids_in_order(schema, cond)),
        Cond::Any(conds) => {
            conds.iter().all(|cond| keeps_ids_in_order(schema, cond) && compared(cond).iter().all(|(slug, _)| !leads(schema, slug)))
        }
        Cond::Compare { op: Op::Ne | Op::Contains, .. } => true,
        Cond::Compare { column, op: Op::Eq, .. } | Cond::Absent { column } => {
            slug_of(column).is_none_or(|slug| !leads(schema, slug) || has_its_own(schema, slug))
        }
        Cond::Compare { column, .. } | Cond::Blank { column } => slug_of(column).is_none_or(|slug| !leads(schema, slug)),
    }
}

/// The fields whose index may find or order the rows of a plan.
fn served_by(plan: &Plan) -> impl Iterator<Item = &str> {
    compared(&plan.filter).into_iter().map(|(slug, _)| slug).chain(plan.order.first().and_then(|order| slug_of(&order.column)))
}

/// Fields that every row of the filter is found by, and whether by one value.
fn compared(filter: &Cond) -> Vec<(&str, bool)> {
    match filter {
        Cond::All(conds) => conds.iter().flat_map(compared).collect(),
        Cond::Compare { column, op: Op::Eq, .. } => slug_of(column).map(|slug| (slug, true)).into_iter().collect(),
        Cond::Compare { column, op: Op::Gt | Op::Gte | Op::Lt | Op::Lte, .. } => {
            slug_of(column).map(|slug| (slug, false)).into_iter().collect()
        }
        Cond::Any(conds) => {
            let all: Vec<_> = conds.iter().map(compared).collect();
            let first = all.first().cloned().unwrap_or_default();
            // Several values of one field are found by its index; of several fields they are not.
            if all.iter().all(|one| *one == first) && first.len() == 1 {
                first.into_iter().map(|(slug, _)| (slug, false)).collect()
            } else {
                Vec::new()
            }
        }
        Cond::True
        | Cond::Compare { .. }
        | Cond::Blank { .. }
        | Cond::Present { .. }
        | Cond::Absent { .. }
        | Cond::Not(_)
        | Cond::Found(_)
        | Cond::Rule { .. } => Vec::new(),
    }
}

fn slug_of(column: &Column) -> Option<&str> {
    match column {
        Column::Field { slug, .. } => Some(slug),
        Column::CreatedAt => Some("created_at"),
        Column::UpdatedAt => Some("updated_at"),
        Column::Id | Column::Computed { .. } => None,
    }
}
