//! Records that were written, as they are answered: with what is computed of them. That is found out in a snapshot after the commit, for nobody else's
//! write is to wait for it; a rehearsal, of which nothing stays, has a moment for it. What cannot be found out in time is left out: the write has
//! happened all the same.

use super::bulk::Done;
use super::ctx::{Ctx, Way};
use super::first_write::Stored;
use super::guard;
use super::records::{Written, shown};
use crate::model::error::{Error, Result};
use crate::model::field::Field;
use crate::model::principal::Scope;
use crate::model::record::{Record, RecordId, Records};
use crate::model::schema::Schema;
use crate::store::computed::show_until;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a transaction that writes may look for what is computed.
const IN_WRITE: Duration = Duration::from_millis(200);
/// How long an answer to a write waits for it.
const AFTER_WRITE: Duration = Duration::from_secs(2);

/// Finds out how a record is read; `None` when that takes too long.
pub type Show<'s> = dyn FnMut(RecordId) -> Option<Record> + 's;

/// What a write answers of records.
pub trait Answer {
    fn scope(&self) -> &Scope;
    /// Puts what `show` gives in the place of what was stored.
    fn complete(&mut self, show: &mut Show<'_>);
}

/// What can be completed with what is computed.
pub trait Completes {
    /// In the transaction that writes: of a rehearsal, of which nothing stays, and of an answer that is kept there.
    fn complete_in(&mut self, tx: &WriteTx<'_>) -> Result<()>;
    /// After the commit.
    fn complete_after(&mut self, ctx: &Ctx);
}

impl<T: Answer> Completes for T {
    fn complete_in(&mut self, tx: &WriteTx<'_>) -> Result<()> {
        complete_in(tx, self)
    }

    fn complete_after(&mut self, ctx: &Ctx) {
        complete_after(ctx, self);
    }
}

/// `Ctx::write_by` for an operation whose answer shows records.
pub fn write<P, T>(
    ctx: &Ctx,
    way: Way,
    check: impl Fn() -> Result<P>,
    run: impl Fn(&mut WriteTx<'_>, &P) -> Result<T> + Clone + Send + 'static,
) -> Result<T>
where
    P: Send + 'static,
    T: Completes + Send + 'static,
{
    let is_rehearsal = way == Way::Rehearsed;
    let mut done = ctx.write_by(way, check, move |tx, checked| {
        let mut done = run(tx, checked)?;
        if is_rehearsal {
            done.complete_in(tx)?;
        }
        Ok(done)
    })?;
    if !is_rehearsal {
        done.complete_after(ctx);
    }
    Ok(done)
}

/// The same of a write whose way is known when it was checked.
pub fn write_choosing<P, T>(
    ctx: &Ctx,
    choose: impl Fn(&P) -> Way,
    check: impl Fn() -> Result<P>,
    run: impl Fn(&mut WriteTx<'_>, &P) -> Result<T> + Clone + Send + 'static,
) -> Result<T>
where
    P: Send + 'static,
    T: Completes + Send + 'static,
{
    let mut done = ctx.write_choosing(choose, check, run)?;
    done.complete_after(ctx);
    Ok(done)
}

fn complete_in(tx: &WriteTx<'_>, done: &mut impl Answer) -> Result<()> {
    if !computes(&done.scope().seen) {
        return Ok(());
    }
    let (scope, until) = (done.scope().clone(), Instant::now() + IN_WRITE);
    complete(done, |id| show_until(tx, &scope.seen, &scope.rows, id, until))
}

fn complete_after(ctx: &Ctx, done: &mut impl Answer) {
    if !computes(&done.scope().seen) {
        return;
    }
    let scope = done.scope().clone();
    // That this failed is no answer to a write that did not.
    let most = AFTER_WRITE.min(Duration::from_millis(ctx.limits.read_timeout_ms));
    let _ = ctx.store.read_within(most, |tx| match same(tx, &scope) {
        Some(schema) => complete(done, |id| rows::show(tx, &schema, &scope.rows, id)),
        None => Ok(()),
    });
}

/// A record as it is read, in the middle of a write that is refused because of it.
pub fn in_write(tx: &WriteTx<'_>, scope: &Scope, record: Record) -> Result<Record> {
    let record = guard::as_seen(tx, scope, record)?;
    if !computes(&scope.seen) {
        return Ok(record);
    }
    match show_until(tx, &scope.seen, &scope.rows, record.id, Instant::now() + IN_WRITE) {
        Err(damage @ Error::Damaged(_)) => Err(damage),
        shown => Ok(shown.ok().flatten().unwrap_or(record)),
    }
}

/// Once one record cannot be shown, the others are not tried. Only damage is an error.
fn complete(done: &mut impl Answer, mut show: impl FnMut(RecordId) -> Result<Option<Record>>) -> Result<()> {
    let mut failure = None;
    done.complete(&mut |id| match &failure {
        Some(_) => None,
        None => show(id).unwrap_or_else(|error| {
            failure = Some(error);
            None
        }),
    });
    failure.filter(|error| matches!(error, Error::Damaged(_))).map_or(Ok(()), Err)
}

fn computes(schema: &Schema) -> bool {
    !schema.fields.iter().all(Field::is_stored)
}

/// The schema as it was written to, with the meaning that its expressions have in this snapshot.
fn same(tx: &ReadTx<'_>, scope: &Scope) -> Option<Arc<Schema>> {
    let now = tx.catalog().schema_by_id(scope.whole.id).filter(|now| now.version == scope.whole.version)?;
    Some(if scope.is_masked() { scope.seen.clone() } else { now })
}

impl Answer for Written {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn complete(&mut self, show: &mut Show<'_>) {
        if let Some(record) = show(self.shown.record.id) {
            self.shown = shown(&self.scope, record);
        }
    }
}

impl Answer for Done {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn complete(&mut self, show: &mut Show<'_>) {
        let mut all = Records::default();
        for record in self.records.iter() {
            all.push(&show(record.id).unwrap_or_else(|| record.to_record()));
        }
        self.records = all;
    }
}

impl Answer for Stored {
    fn scope(&self) -> &Scope {
        self.done.scope()
    }

    fn complete(&mut self, show: &mut Show<'_>) {
        self.done.complete(show);
    }
}
