//! What a running server does by itself: keeps the change log within its limits, forgets ended sessions, makes the daily backup, makes and drops indexes.

use super::ctx::{Ctx, SELF};
use super::job_board::is_cancelled;
use super::{backups, credentials, feed, indexes, jobs, search};
use crate::model::backup::Reason;
use crate::model::error::Result;
use crate::model::job::{Outcome, Report};
use crate::store::engine::WriteTx;
use crate::store::tables::{sessions, settings};
use serde_json::json;
use std::sync::Arc;

/// Does what is due now and then. An entry: it opens transactions and starts jobs.
pub fn tend(ctx: &Arc<Ctx>) {
    told("the change log could not be shortened", feed::prune(ctx));
    note_used(ctx);
    let sweep = |tx: &mut WriteTx<'_>| {
        let idle_s = settings::read(tx)?.session_idle_minutes.map(|minutes| minutes * 60);
        let unused_since_s = idle_s.map(|idle_s| tx.now().epoch_seconds - idle_s);
        sessions::sweep(tx, unused_since_s)
    };
    told("ended sessions could not be forgotten", ctx.store.write(sweep));
    told("the indexes could not be looked at", indexes::sift(ctx, &SELF));
    if ctx.backs_up && backups::is_due(ctx) {
        let doing = ctx.clone();
        by_itself(ctx, "backup", "the daily backup", move |report| {
            backups::make_if_room(&doing, &SELF, Reason::Daily, report).map(|()| json!({}))
        });
    }
}

/// What is only remembered and would be lost with the end of the server. An entry, like `tend`.
pub fn leave(ctx: &Arc<Ctx>) {
    told("which indexes were used could not be noted", indexes::note_used(ctx, &SELF));
    note_used(ctx);
}

/// Writes down when credentials were used last. An entry, like `tend`.
pub fn note_used(ctx: &Arc<Ctx>) {
    told("when credentials were used could not be noted", credentials::note_used(ctx));
}

/// Goes on with what searches wait for; begins to make an index that lists miss, if there is one that may be made now. An entry, like `tend`.
pub fn serve_lists(ctx: &Arc<Ctx>) {
    told("what is searched could not be made ready", search::go_on(ctx));
    let Some((schema, wish)) = indexes::due(ctx) else { return };
    let doing = ctx.clone();
    by_itself(ctx, "index", "an index by itself", move |_| indexes::make(&doing, &SELF, schema.id, &wish));
}

/// Starts a job that nobody asked for: nobody but the log hears how it fails.
fn by_itself(ctx: &Arc<Ctx>, kind: &'static str, what: &'static str, work: impl FnOnce(&Report) -> Result<Outcome> + Send + 'static) {
    let heard = move |report: &Report| {
        let done = work(report);
        if let Err(error) = done.as_ref()
            && !is_cancelled(error)
        {
            log::error!("{what} failed: {}", error.message());
        }
        done
    };
    if let Err(error) = jobs::start_as(ctx, kind, heard) {
        log::warn!("{what} could not begin: {}", error.message());
    }
}

fn told(what: &str, result: Result<()>) {
    if let Err(error) = result {
        log::warn!("{what}: {}", error.message());
    }
}
