//! Changes in pairs: what each filter finds is changed in its way, one pair after the other, and the later ones see what the earlier ones did. All or none,
//! one batch in the change log. The records are looked for in a snapshot, so that nobody waits for that; in the transaction that writes each is asked
//! again whether it is still meant, and those that earlier pairs changed, whether they are meant now. Records that the caller may not change are not meant.
//! One filter alone, without an answer that shows the records, is `by_filter`.

use super::access;
use super::bulk::Done;
use super::by_filter::of_record;
use super::filter::Asking;
use super::guard;
use super::plan::plan;
use super::records::{change, current};
use super::validate::{self, Checked, Strays};
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::Expr;
use crate::model::limits::Limits;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::query::Query;
use crate::model::record::{Draft, RecordId, Records};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Which records are meant, and what they get.
pub struct Pair {
    pub filter: Expr,
    pub draft: Draft,
}

/// Pairs whose records were found, checked as far as that goes without them.
pub struct Prepared {
    scope: Scope,
    steps: Vec<Step>,
    ignored: BTreeSet<String>,
    are_several: bool,
    limits: Limits,
}

struct Step {
    /// What is asked, and the same within the rows that the caller may change.
    asked: Cond,
    filter: Cond,
    ids: Vec<RecordId>,
    checked: Checked,
    /// Earlier steps change what this one asks by.
    asks_anew: bool,
}

impl Prepared {
    /// How many records were found, each as often as it was.
    pub fn len(&self) -> usize {
        self.steps.iter().map(|step| step.ids.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Finds the records that are to change. Of several pairs each problem tells the place.
pub fn prepare(
    tx: &ReadTx<'_>,
    who: &Caller,
    [app, schema]: [&str; 2],
    pairs: &mut dyn Iterator<Item = Result<Pair>>,
    are_several: bool,
    strays: Strays,
    limits: &Limits,
) -> Result<Prepared> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::Update)?;
    let (mut steps, mut changed, mut ignored) = (Vec::new(), HashSet::new(), BTreeSet::new());
    let mut left = limits.records_sent_max;
    for (index, pair) in pairs.enumerate() {
        let step = pair.and_then(|pair| step(tx, who, &scope, pair, (strays, &changed, &mut ignored), left, limits));
        let step = step.map_err(|error| if are_several { of_pair(index, error) } else { error })?;
        left = left.saturating_sub(step.ids.len());
        changed.extend(step.checked.clean.values.keys().cloned());
        steps.push(step);
    }
    Ok(Prepared { scope, steps, ignored, are_several, limits: limits.clone() })
}

/// What becomes of keys that the caller cannot set, the fields that earlier pairs change, and keys that had no say.
type Before<'b> = (Strays, &'b HashSet<String>, &'b mut BTreeSet<String>);

fn step(
    tx: &ReadTx<'_>,
    who: &Caller,
    scope: &Scope,
    pair: Pair,
    (strays, changed, ignored): Before<'_>,
    most: usize,
    limits: &Limits,
) -> Result<Step> {
    if pair.filter == Expr::True {
        return Err(Error::invalid(Problem::of("filter", "required", "A filter must say which records are meant")));
    }
    let asks_anew = asks_by(&pair.filter, &scope.seen, changed);
    let (draft, dropped) = strays.sift(scope, &pair.draft);
    let checked = validate::update(&scope.seen, &draft)?;
    ignored.extend(dropped.into_iter().chain(checked.ignored.iter().cloned()));
    let all = Scope { rows: Cond::True, ..scope.clone() };
    let own = Scope { rows: scope.rows.clone().and(scope.acts.clone()), ..scope.clone() };
    let query = Query { filter: pair.filter, ..Query::default() };
    let asking = Asking::of(tx, who);
    let (asked, mut plan) = (plan(&asking, &all, &query, limits)?.filter, plan(&asking, &own, &query, limits)?);
    plan.shown = Some(Vec::new());
    let mut ids = Vec::new();
    rows::each(tx, &plan, &mut |record| {
        if ids.len() == most {
            let message = format!("More than {} records would change at once: nothing was done", limits.records_sent_max);
            return Err(Error::Conflict(Problem::new("too_many", message).hint("Narrow what is selected, and do it in parts")));
        }
        ids.push(record.id);
        Ok(())
    })?;
    Ok(Step { asked, filter: plan.filter, ids, checked, asks_anew })
}

/// Whether one of these fields is asked by, or what is found out of a record.
fn asks_by(filter: &Expr, schema: &Schema, changed: &HashSet<String>) -> bool {
    let is_asked = |slug: &String| match schema.field(slug) {
        Some(field) => !field.is_stored() || changed.contains(slug),
        None => slug != "id",
    };
    let found = match filter {
        Expr::True => false,
        Expr::All(all) | Expr::Any(all) => all.iter().any(|filter| asks_by(filter, schema, changed)),
        Expr::Compare { field, .. } | Expr::Equal { field, .. } | Expr::Blank { field } | Expr::Present { field } => is_asked(field),
        Expr::Words { .. } | Expr::Written { .. } => true,
    };
    found && !changed.is_empty()
}

/// Changes them. Each record is answered once, where it was met first, as it is in the end.
pub fn update(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Done> {
    let scope = &new.scope;
    for step in &new.steps {
        current(tx, who, scope, step.checked.clean.schema_version)?;
    }
    let (mut places, mut order, mut batch, mut asked) = (HashMap::new(), Vec::new(), None, 0);
    for (index, step) in new.steps.iter().enumerate() {
        let mut ids: BTreeSet<RecordId> = step.ids.iter().copied().collect();
        if step.asks_anew {
            asked += order.len();
            if asked > new.limits.steps_asked_max {
                return Err(Error::TooLarge(
                    "So many pairs, of which the later ones ask by what the earlier ones change, are too much".to_owned(),
                ));
            }
            rows::by_ids(tx, &scope.whole, Some(&[]), &step.asked, &order, &mut |record| {
                ids.insert(record.id);
                Ok(())
            })?;
        }
        for id in ids {
            let Some(old) = rows::find(tx, &scope.whole, &step.filter, id)? else { continue };
            let changed = change(tx, who, scope, &old, &step.checked, batch);
            let (_, seq) = changed.map_err(|error| match of_record(id, error) {
                error if new.are_several => of_pair(index, error),
                error => error,
            })?;
            batch = batch.or(seq);
            places.entry(id).or_insert_with(|| {
                order.push(id);
                order.len()
            });
        }
    }
    done(tx, new, &order)
}

fn done(tx: &WriteTx<'_>, new: &Prepared, order: &[RecordId]) -> Result<Done> {
    let mut records = Records::default();
    for id in order {
        if let Some(record) = rows::find(tx, &new.scope.whole, &Cond::True, *id)? {
            records.push(&guard::as_seen(tx, &new.scope, record)?);
        }
    }
    Ok(Done { scope: new.scope.clone(), records, created: 0, ignored: new.ignored.iter().cloned().collect() })
}

/// What is wrong with a pair, told with its place.
fn of_pair(index: usize, error: Error) -> Error {
    match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(|problem| problem.told_at(index)).collect()),
        Error::Malformed(problem) => Error::Malformed(problem.told_at(index)),
        Error::Forbidden(why) => Error::Forbidden(format!("At index {index}: {why}")),
        other => other,
    }
}
