//! What a running server does by itself, now and then: keeps the change log within its limits, makes the daily backup.

use super::ctx::{Ctx, SELF};
use super::{backups, feed, jobs};
use crate::model::backup::Reason;
use crate::model::error::Result;
use crate::model::job::Job;
use std::sync::Arc;

/// Does what is due. An entry: it opens transactions and starts jobs.
pub fn tend(ctx: &Arc<Ctx>) {
    told("the change log could not be shortened", feed::prune(ctx));
    if ctx.backs_up && backups::is_due(ctx) {
        told("the daily backup could not begin", jobs::start(ctx, &SELF, Job::Backup(Reason::Daily)).map(drop));
    }
}

fn told(what: &str, result: Result<()>) {
    if let Err(error) = result {
        log::warn!("{what}: {}", error.message());
    }
}
