//! All records that a filter finds, changed or deleted in one act: all or none, one batch in the change log. They are looked for in a snapshot, so that
//! nobody waits for that, and each is asked again whether it is still one of them in the transaction that writes.

use super::access;
use super::cascade;
use super::filter::Asking;
use super::guard;
use super::plan::plan;
use super::records::{change, current};
use super::validate::{self, Checked};
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::Expr;
use crate::model::limits::Limits;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::query::{Query, Window};
use crate::model::record::{Draft, RecordId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;

/// Which records are meant, and how many there may be.
pub struct Aim<'a> {
    pub app: &'a str,
    pub schema: &'a str,
    pub query: &'a Query,
    pub affected_max: usize,
    /// Records on which the caller may not act are not meant; else one of them refuses all.
    pub passes_over: bool,
}

/// Records that were found.
pub struct Found {
    scope: Scope,
    filter: Cond,
    ids: Vec<RecordId>,
}

/// A change of records that were found, checked as far as that goes without them.
pub struct Prepared {
    found: Found,
    checked: Checked,
}

/// A deletion of records that were found.
pub struct Deletion {
    found: Found,
    limits: Limits,
}

impl Deletion {
    /// How many records were found.
    pub fn len(&self) -> usize {
        self.found.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a change did.
pub struct Done {
    pub ids: Vec<RecordId>,
    /// Keys of the request that had no say.
    pub ignored: Vec<String>,
}

/// Finds the records that are to change. `draft` holds what each of them gets.
pub fn prepare_update(tx: &ReadTx<'_>, who: &Caller, aim: &Aim<'_>, draft: &Draft, limits: &Limits) -> Result<Prepared> {
    let scope = access::scope(tx.catalog(), who, aim.app, aim.schema, Action::Update)?;
    let checked = validate::change(&scope.seen, draft)?;
    if checked.clean.values.is_empty() && checked.modifiers.is_empty() {
        let problem = Problem::new("empty", "The body names no field that could change: there is nothing to do");
        return Err(Error::invalid(problem.hint("{\"status\": \"customer\"}")));
    }
    Ok(Prepared { found: find(tx, who, scope, aim, limits)?, checked })
}

pub fn update(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared) -> Result<Done> {
    let (scope, checked) = (&new.found.scope, &new.checked);
    current(tx, who, scope, checked.clean.schema_version)?;
    let (mut ids, mut batch) = (Vec::with_capacity(new.found.ids.len()), None);
    for id in &new.found.ids {
        let Some(old) = rows::find(tx, &scope.whole, &new.found.filter, *id)? else { continue };
        guard::must_act(tx, scope, *id)?;
        let (_, seq) = change(tx, who, scope, &old, checked, batch).map_err(|error| of_record(*id, error))?;
        batch = batch.or(seq);
        ids.push(*id);
    }
    Ok(Done { ids, ignored: checked.ignored.clone() })
}

/// Finds the records that are to go.
pub fn prepare_delete(tx: &ReadTx<'_>, who: &Caller, aim: &Aim<'_>, limits: &Limits) -> Result<Deletion> {
    let scope = access::scope(tx.catalog(), who, aim.app, aim.schema, Action::Delete)?;
    Ok(Deletion { found: find(tx, who, scope, aim, limits)?, limits: limits.clone() })
}

/// Deletes them and does to those that refer to them what their fields say.
pub fn delete(tx: &mut WriteTx<'_>, who: &Caller, gone: &Deletion) -> Result<Vec<RecordId>> {
    let scope = &gone.found.scope;
    current(tx, who, scope, gone.found.scope.whole.version)?;
    let mut ids = Vec::with_capacity(gone.found.ids.len());
    for id in &gone.found.ids {
        if rows::is_among(tx, &scope.whole, &gone.found.filter, *id)? {
            guard::must_act(tx, scope, *id)?;
            ids.push(*id);
        }
    }
    if !ids.is_empty() {
        cascade::delete(tx, who, &scope.whole, &ids, &gone.limits)?;
    }
    Ok(ids)
}

fn find(tx: &ReadTx<'_>, who: &Caller, scope: Scope, aim: &Aim<'_>, limits: &Limits) -> Result<Found> {
    if aim.query.filter == Expr::True {
        let problem = Problem::of("filter", "required", "A filter must say which records are meant");
        return Err(Error::invalid(problem.hint("?filter[status]=lead; every record has an id: filter[id][gte]=rec_1")));
    }
    let window = Window { offset: 0, limit: i64::try_from(aim.affected_max).unwrap_or(i64::MAX) };
    let query = Query { window, filter: aim.query.filter.clone(), ..Query::default() };
    let rows = if aim.passes_over { scope.rows.clone().and(scope.acts.clone()) } else { scope.rows.clone() };
    let meant = Scope { rows, ..scope.clone() };
    let plan = plan(&Asking::of(tx, who), &meant, &query, limits)?;
    let total = usize::try_from(rows::total(tx, &plan)?).unwrap_or(usize::MAX);
    if total > aim.affected_max {
        return Err(Error::Conflict(too_many(total, aim, limits)));
    }
    let mut ids = Vec::with_capacity(total);
    rows::each(tx, &plan, &mut |record| {
        ids.push(record.id);
        Ok(())
    })?;
    Ok(Found { scope, filter: plan.filter, ids })
}

fn too_many(total: usize, aim: &Aim<'_>, limits: &Limits) -> Problem {
    let message = format!("The filter finds {total} records, and at most {} may be affected: nothing was done", aim.affected_max);
    let problem = Problem::of("max_affected", "too_many", message);
    match limits.affected_records_max {
        most if total <= most => problem.hint(format!("If all of them are meant, max_affected={total}")),
        most => problem.hint(format!("At most {most} are possible at once: narrow the filter")),
    }
}

/// What is wrong with what would become of a record, told of it.
pub(super) fn of_record(id: RecordId, error: Error) -> Error {
    match error {
        Error::Invalid(problems) => {
            let told = |problem: Problem| Problem { message: format!("{}: {}", id.text(), problem.message), ..problem };
            Error::Invalid(problems.into_iter().map(told).collect())
        }
        other => other,
    }
}
