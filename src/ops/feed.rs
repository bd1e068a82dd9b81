//! The change log to read: what happened in an app after a number, and how long the log remembers.

use super::access::{managed, may, may_also};
use super::ctx::{Ctx, SELF};
use super::views::without_own;
use crate::model::change::Logged;
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Action, Caller};
use crate::store::engine::ReadTx;
use crate::store::tables::changes;

/// A piece of the log.
pub struct Feed {
    /// Oldest first.
    pub entries: Vec<Logged>,
    /// What to ask with next: every entry up to here has been told.
    pub last: i64,
    /// There are further ones already.
    pub more: bool,
}

/// Rows that one transaction takes out: the writers after it wait no longer for that.
const PRUNED_ROWS_MAX: i64 = 2_000;
/// An answer holds no further entry once it is so long.
const PIECE_BYTES_MAX: usize = 1024 * 1024;
const DAY_SECONDS: i64 = 24 * 3_600;

/// At most `limit` entries of an app, for whoever may change it and read its records, after number `since`; without one, none: from now on.
///
/// # Errors
/// `Gone` when the log no longer goes back so far, or does not go so far (the data file was restored).
pub fn after(tx: &ReadTx<'_>, who: &Caller, app: &str, since: Option<i64>, limit: i64) -> Result<Feed> {
    let app = managed(tx.catalog(), who, app)?.id;
    may_also(who, Action::Read)?;
    let (kept, newest) = changes::bounds(tx)?;
    let oldest = kept.max(changes::since_restore(tx)?);
    let Some(since) = since else { return Ok(Feed { entries: Vec::new(), last: newest, more: false }) };
    if since > newest || since < oldest - 1 {
        let message = format!("The change log goes from {oldest} to {newest}: what came after {since} cannot be told");
        let problem = Problem::of("since", "gone", message).between(oldest, newest);
        return Err(Error::Gone(problem.hint(format!("Read everything anew, then ask with since={newest}"))));
    }
    let (entries, is_all) = changes::after(tx, app, since, limit, PIECE_BYTES_MAX)?;
    let entries: Vec<Logged> = entries.into_iter().map(|entry| without_own(who, entry)).collect();
    let last = if is_all { newest } else { entries.last().map_or(since, |entry| entry.seq) };
    Ok(Feed { entries, last, more: !is_all })
}

/// The number of the last entry that somebody caused; 0 without any. What the server does by itself, such as making an index, is nobody's.
pub fn last_of_somebody(tx: &ReadTx<'_>, who: &Caller) -> Result<i64> {
    may(who, Action::Manage)?;
    changes::newest_not_through(tx, SELF.door)
}

/// Takes out of the log what is too old or too much, in small pieces. An entry: it opens the transactions.
pub fn prune(ctx: &Ctx) -> Result<()> {
    let oldest_kept_s = ctx.store.now().epoch_seconds - ctx.limits.changes_days_max * DAY_SECONDS;
    let before = super::ctx::moment_at(oldest_kept_s).text;
    let bytes_max = ctx.limits.changes_bytes_max;
    loop {
        let before = before.clone();
        let pruned = ctx.store.write(move |tx| changes::prune(tx, &before, bytes_max, PRUNED_ROWS_MAX))?;
        if pruned < PRUNED_ROWS_MAX {
            return Ok(());
        }
    }
}
