//! Long pieces of work: run one here, or start one in the background and ask how far it is.

use super::ctx::Ctx;
use super::job_board::State;
use super::{access, apply, sessions, transfer, users};
use crate::model::error::{Error, Result};
use crate::model::job::{Job, Outcome};
use crate::model::principal::Caller;
use serde_json::json;
use std::sync::Arc;

/// Does a job to its end.
pub fn run(ctx: &Ctx, who: &Caller, job: &Job, report: transfer::Report<'_>) -> Result<Outcome> {
    match job {
        Job::Import(import) => transfer::import(ctx, who, import, report),
        Job::Apply { text, dry_run, prune } => apply::apply(ctx, who, text, *dry_run, *prune),
        Job::AdminCreate { email, password } => {
            users::create_admin(ctx, who, email, password).map(|user| json!({"id": user.id.0, "email": user.email}))
        }
        Job::Link { user } => sessions::issue_link(ctx, who, user.as_deref()).map(|token| json!({"token": token})),
    }
}

/// Starts a job on a thread of its own; gives its number.
pub fn start(ctx: &Arc<Ctx>, who: &Caller, job: Job) -> Result<u64> {
    access::may_control(who)?;
    let id = ctx.jobs.add(ctx.limits.jobs_running_max)?;
    let (ctx, who) = (ctx.clone(), who.clone());
    std::thread::spawn(move || {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run(&ctx, &who, &job, &|progress| ctx.jobs.set(id, State::Running(progress)))
        }));
        let done = done.unwrap_or_else(|panic| Err(Error::Internal(crate::model::error::panic_text(&*panic))));
        if let Err(Error::Internal(cause)) = &done {
            log::error!("job {id}: {cause}");
        }
        ctx.jobs.set(id, done.map_or_else(State::Failed, State::Done));
    });
    Ok(id)
}

/// How far a job is.
pub fn state(ctx: &Ctx, who: &Caller, id: u64) -> Result<State> {
    access::may_control(who)?;
    ctx.jobs.get(id).ok_or_else(|| Error::not_found(format!("There is no job {id}")))
}
