//! Long pieces of work: run one here, or start one in the background and ask how far it is.

use super::ctx::Ctx;
use super::{access, apply, sessions, transfer, users};
use crate::model::error::{Error, Result};
use crate::model::job::{Job, Outcome, Progress};
use crate::model::principal::Caller;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Jobs of this run of the server; finished ones are kept for a while so that whoever asked can hear the end.
#[derive(Default)]
pub struct Jobs(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    states: BTreeMap<u64, State>,
}

#[derive(Debug, Clone)]
pub enum State {
    Running(Progress),
    Done(Outcome),
    Failed(Error),
}

const JOBS_KEPT_MAX: usize = 100;

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
    let kept = ctx.jobs.0.lock().unwrap_or_else(PoisonError::into_inner);
    kept.states.get(&id).cloned().ok_or_else(|| Error::not_found(format!("There is no job {id}")))
}

impl Jobs {
    fn add(&self, running_max: usize) -> Result<u64> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.states.values().filter(|state| matches!(state, State::Running(_))).count() >= running_max {
            return Err(Error::Busy {
                message: format!("{running_max} jobs are running already; try again when one is done"),
                retry_after_s: 5,
            });
        }
        kept.last += 1;
        let id = kept.last;
        kept.states.insert(id, State::Running(Progress::default()));
        while kept.states.len() > JOBS_KEPT_MAX {
            let oldest = kept.states.iter().find(|(_, state)| !matches!(state, State::Running(_))).map(|(id, _)| *id);
            match oldest {
                Some(oldest) => drop(kept.states.remove(&oldest)),
                None => break,
            }
        }
        Ok(id)
    }

    fn set(&self, id: u64, state: State) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).states.insert(id, state);
    }
}
