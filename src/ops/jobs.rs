//! Long pieces of work: run one here, or start one in the background and ask how far it is.

use super::ctx::{Ctx, STALE_RETRIES_MAX};
use super::job_board::State;
use super::{access, apply, schemas, sessions, transfer, users};
use crate::format::file::Input;
use crate::model::error::{Error, Result};
use crate::model::job::{Import, Job, Outcome};
use crate::model::principal::Caller;
use crate::store::engine::WriteTx;
use serde_json::{Value, json};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// An app file with records: more is a data file.
const APP_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Does a job to its end. An entry, like a dialect: it opens the transactions.
pub fn run(ctx: &Ctx, who: &Caller, job: &Job, report: transfer::Report<'_>) -> Result<Outcome> {
    let me = who.clone();
    match job {
        Job::Import(job) => import(ctx, who, job, &Input::at(&job.file)?, report),
        Job::Apply { text, dry_run, prune } => {
            let (ready, prune) = (apply::prepare(ctx, who, text)?, *prune);
            let work = move |tx: &mut WriteTx<'_>| apply::apply(tx, &me, &ready, prune);
            let mut outcome = if *dry_run { ctx.store.rehearse(work) } else { ctx.store.write_alone(work) }?;
            if let Some(outcome) = outcome.as_object_mut() {
                outcome.insert("dry_run".to_owned(), Value::Bool(*dry_run));
            }
            Ok(outcome)
        }
        Job::AdminCreate { email, password } => {
            let made = ctx.write(|| users::prepare_admin(ctx, who, email, password), move |tx, new| users::create_admin(tx, &me, new));
            made.map(|user| json!({"id": user.id.0, "email": user.email}))
        }
        Job::Link { user } => {
            let made = ctx.write(|| sessions::prepare_link(ctx, who, user.as_deref()), sessions::issue_link);
            made.map(|token| json!({"url": format!("{}/_/start#t={token}", ctx.site.base_url), "token": token}))
        }
    }
}

/// Takes the rows that somebody sent into a schema that is there.
pub fn take_in(ctx: &Ctx, who: &Caller, job: &Import, input: &Input) -> Result<Outcome> {
    ctx.read(|tx| schemas::read(tx, who, &job.app, &job.schema))?;
    import(ctx, who, job, input, &|_| {})
}

/// When the table changed between the checks and the transaction, everything is checked again.
fn import(ctx: &Ctx, who: &Caller, job: &Import, input: &Input, report: transfer::Report<'_>) -> Result<Outcome> {
    for _ in 0..STALE_RETRIES_MAX {
        let ready = Arc::new(transfer::prepare(ctx, who, job, input, report)?);
        let (me, inside) = (who.clone(), ready.clone());
        let work = move |tx: &mut WriteTx<'_>| transfer::finish(tx, &me, &inside);
        let done = if job.dry_run { ctx.store.rehearse_staged(ready.stage(), work) } else { ctx.store.write_staged(ready.stage(), work) };
        match done {
            Err(Error::Stale) => {}
            other => return other,
        }
    }
    Err(Error::Busy { message: Error::Stale.message(), retry_after_s: 1 })
}

/// Whether somebody may hand over a job at all; asked before its body is read.
pub fn may_start(who: &Caller) -> Result<()> {
    access::may_control(who)
}

/// The text of an app file on this machine, within its limit.
pub fn app_file(path: &Path) -> Result<String> {
    let unread = |error: std::io::Error| Error::malformed(format!("{} cannot be read: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(unread)?;
    let mut text = String::new();
    let read = file.take(APP_FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unread)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > APP_FILE_BYTES_MAX {
        return Err(Error::TooLarge(format!("{} is larger than {APP_FILE_BYTES_MAX} bytes", path.display())));
    }
    Ok(text)
}

/// Starts a job on a thread of its own; gives its number.
pub fn start(ctx: &Arc<Ctx>, who: &Caller, job: Job) -> Result<u64> {
    access::may_control(who)?;
    let id = ctx.jobs.add(ctx.limits.jobs_running_max)?;
    let (ctx, who) = (ctx.clone(), who.clone());
    let jobs = ctx.clone();
    let spawned = std::thread::Builder::new().name(format!("job {id}")).spawn(move || {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            run(&ctx, &who, &job, &|progress| ctx.jobs.set(id, State::Running(progress)))
        }));
        let done = done.unwrap_or_else(|panic| Err(Error::Internal(crate::model::error::panic_text(&*panic))));
        if let Err(Error::Internal(cause)) = &done {
            log::error!("job {id}: {cause}");
        }
        ctx.jobs.set(id, done.map_or_else(State::Failed, State::Done));
    });
    match spawned {
        Ok(handle) => jobs.jobs.keep(handle),
        Err(error) => {
            jobs.jobs.set(id, State::Failed(Error::Busy { message: format!("The system has no thread left: {error}"), retry_after_s: 5 }))
        }
    }
    Ok(id)
}

/// How far a job is.
pub fn state(ctx: &Ctx, who: &Caller, id: u64) -> Result<State> {
    access::may_control(who)?;
    ctx.jobs.get(id).ok_or_else(|| Error::not_found(format!("There is no job {id}")))
}
