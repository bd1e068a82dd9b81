//! Long pieces of work: run one here, or start one in the background and ask how far it is.

use super::access::{may, may_as_whole, may_control, scope};
use super::ctx::{Ctx, STALE_RETRIES_MAX, Way};
use super::fields::{self, Changed};
use super::job_board::{Entry, State};
use super::tokens::{self, Draft};
use super::{apply, backups, changes, credentials, indexes, me, sessions, start, transfer, users};
use crate::format::file::Input;
use crate::model::backup::Reason;
use crate::model::error::{Error, Result};
use crate::model::job::{Import, Job, NewToken, Outcome, Progress, Report, unwatched};
use crate::model::principal::{Action, Caller, Principal};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::{records, rehearsal};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// An app file with records: more is a data file.
const APP_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// From here on a job is one transaction: it can no longer be cancelled, and how far it is cannot be told.
const WRITING: Progress = Progress { stage: "writing", done: 0, total: None, unit: "", rows: 0 };

/// Does a job to its end. An entry, like a dialect: it opens the transactions.
pub fn run(ctx: &Ctx, who: &Caller, job: &Job, report: &Report) -> Result<Outcome> {
    let me = who.clone();
    match job {
        Job::Import(job) => import(ctx, who, job, &Input::at(&job.file, job.sheet.as_deref())?, report),
        Job::Apply { text, dry_run, prune } => {
            let (ready, prune) = (apply::prepare(ctx, who, text)?, *prune);
            report(WRITING)?;
            let work = move |tx: &mut WriteTx<'_>| credentials::still_lets_in(tx, &me).and_then(|()| apply::apply(tx, &me, &ready, prune));
            let mut outcome = if *dry_run { rehearsal::rehearse(&ctx.store, work) } else { ctx.store.write_alone(work) }?;
            if let Some(outcome) = outcome.as_object_mut() {
                outcome.insert("dry_run".to_owned(), Value::Bool(*dry_run));
            }
            Ok(outcome)
        }
        Job::AdminCreate { email, password } => {
            let made = ctx.write(|| users::prepare_admin(ctx, who, email, password), move |tx, new| users::create_admin(tx, &me, new));
            made.map(|user| match users::weakness(ctx, password) {
                None => json!({"id": user.id.0, "email": user.email}),
                Some(warning) => json!({"id": user.id.0, "email": user.email, "warning": warning}),
            })
        }
        Job::Link { user } => {
            let made = if user.is_none() && !users::has_admin(ctx)? {
                ctx.write(|| start::prepare_link(ctx, who), start::issue_link)
            } else {
                ctx.write(|| sessions::prepare_link(ctx, who, user.as_deref()), sessions::issue_link)
            };
            made.map(|token| json!({"url": format!("{}/_/start#t={token}", ctx.site.base_url), "token": token}))
        }
        Job::TokenCreate(new) => make_token(ctx, who, new),
        Job::Backup(reason) => backups::make(ctx, who, *reason, report),
        Job::Restore(name) => backups::restore(ctx, who, name, report),
        Job::Check => check(ctx, who, report),
        Job::Mend => mend(ctx, who, report),
        Job::Index { app, schema, fields } => {
            report(WRITING)?;
            indexes::add(ctx, who, app, schema, fields)
        }
    }
}

/// Answers `{id, kind, name, apps: [{slug, uuid}]}`.
fn make_token(ctx: &Ctx, who: &Caller, new: &NewToken) -> Result<Outcome> {
    let (apps, expires) = ((!new.apps.is_empty()).then(|| new.apps.clone()), new.expires.clone());
    let draft = Draft { kind: new.kind.clone(), name: new.name.clone(), apps, expires, ..Draft::default() };
    let me = who.clone();
    let made = ctx.write(
        || tokens::prepare(ctx, who, draft.clone(), Some(&new.user), new.key.clone(), new.hash),
        move |tx, ready| tokens::create(tx, &me, ready),
    )?;
    let apps: Vec<Value> = made.apps.iter().flatten().map(|part| json!({"slug": part.app.slug, "uuid": part.app.uuid})).collect();
    Ok(json!({"id": made.listed.id, "kind": made.listed.kind.name(), "name": made.listed.name, "apps": apps}))
}

/// Takes the rows that somebody sent into a schema that is there. They wait for the end; others see it among the jobs, and may end it.
pub fn take_in(ctx: &Arc<Ctx>, who: &Caller, job: &Import, input: &Input) -> Result<Outcome> {
    // Before a long file is read for nothing.
    let needed = transfer::needed(job.key.as_deref());
    ctx.read(|tx| needed.iter().try_for_each(|action| scope(tx.catalog(), who, &job.app, &job.schema, *action).map(drop)))?;
    let (id, report) = listed(ctx, who, "import")?;
    let done = caught(|| import(ctx, who, job, input, &report));
    ctx.jobs.end(id, done.clone());
    done
}

/// Makes or changes an app by an app file that somebody sent; among the jobs as long as it lasts.
pub fn apply(ctx: &Arc<Ctx>, who: &Caller, job: &Job) -> Result<Outcome> {
    may(who, Action::Read)?;
    let (id, report) = listed(ctx, who, job.kind())?;
    let done = caught(|| run(ctx, who, job, &report));
    ctx.jobs.end(id, done.clone());
    done
}

/// Changes a field. Another type is another value in every record: that stands among the jobs, and can be ended until it is taken in.
pub fn change_field(ctx: &Arc<Ctx>, who: &Caller, way: Way, path: [&str; 3], body: &Map<String, Value>) -> Result<Changed> {
    let [app, schema, _] = path;
    ctx.read(|tx| fields::find(tx, who, app, schema))?;
    if !body.contains_key("type") {
        return fields::change(ctx, who, way, path, body, &unwatched());
    }
    let (id, report) = listed(ctx, who, "change_field")?;
    let done = caught(|| fields::change(ctx, who, way, path, body, &report));
    ctx.jobs.end(id, done.as_ref().map(|changed| json!({"field": changed.field.slug})).map_err(Error::clone));
    done
}

/// A new entry on the board, and the report that keeps it.
fn listed(ctx: &Arc<Ctx>, who: &Caller, kind: &'static str) -> Result<(u64, Report)> {
    let id = ctx.jobs.add(kind, who, &ctx.store.now().text, ctx.limits.jobs_running_max)?;
    let board = ctx.clone();
    Ok((id, Arc::new(move |progress| board.jobs.report(id, progress))))
}

/// A panic is an error like any other: the entry on the board must come to an end.
fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| Err(Error::Internal(crate::model::error::panic_text(&*panic))))
}

/// When the table changed between the checks and the transaction, everything is checked again.
fn import(ctx: &Ctx, who: &Caller, job: &Import, input: &Input, report: &Report) -> Result<Outcome> {
    for _ in 0..STALE_RETRIES_MAX {
        let ready = match transfer::prepare(ctx, who, job, input, report) {
            Err(Error::Stale) => continue,
            ready => Arc::new(ready?),
        };
        if ctx.backs_up && !job.dry_run && ready.rows() >= ctx.limits.backup_import_rows && ctx.read(has_records)? {
            backups::make_if_room(ctx, Reason::BeforeImport, report)?;
        }
        let (me, inside) = (who.clone(), ready.clone());
        let work = move |tx: &mut WriteTx<'_>| credentials::still_lets_in(tx, &me).and_then(|()| transfer::finish(tx, &me, &inside));
        let done = if job.dry_run { transfer::rehearse(ctx, who, &ready) } else { ctx.store.write_staged(ready.stage(), work) };
        match done {
            Err(Error::Stale) => {}
            other => return other,
        }
    }
    Err(Error::Busy { message: Error::Stale.message(), retry_after_s: 1 })
}

fn has_records(tx: &ReadTx<'_>) -> Result<bool> {
    let schemas = tx.catalog().apps().iter().flat_map(|app| tx.catalog().schemas(app.id));
    for schema in schemas {
        if records::counter(tx, schema)? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Looks through the whole file. Answers `{apps, tables, records, problems: [sentence]}`; the log has them, too, for nobody may be waiting.
fn check(ctx: &Ctx, who: &Caller, report: &Report) -> Result<Outcome> {
    may(who, Action::Manage)?;
    let found = ctx.store.check(report)?;
    found.problems.iter().for_each(|problem| log::error!("{}: {problem}", ctx.store.path().display()));
    Ok(json!({"apps": found.apps, "tables": found.tables, "records": found.records, "problems": found.problems}))
}

/// Makes anew what counts and finds the records, then looks through the whole file. Answers as `check`, and `mended: [sentence]`.
fn mend(ctx: &Ctx, who: &Caller, report: &Report) -> Result<Outcome> {
    may(who, Action::Manage)?;
    // What is damaged can only be restored: nothing is written into it.
    let found = ctx.store.check(report)?;
    let mut mended = Vec::new();
    if !found.problems.is_empty() && !found.is_damaged {
        report(WRITING)?;
        let me = who.clone();
        mended = ctx.store.mend(move |mended| changes::of_mending(&me, mended))?;
    }
    let mut outcome = check(ctx, who, report)?;
    if let Some(outcome) = outcome.as_object_mut() {
        outcome.insert("mended".to_owned(), json!(mended));
    }
    Ok(outcome)
}

/// Whether somebody may hand over this job. Most name files by their path, or persons.
pub fn may_start(who: &Caller, job: &Job) -> Result<()> {
    match job {
        Job::Backup(_) | Job::Restore(_) => may_as_whole(who, Action::Manage),
        Job::Check | Job::Mend => may(who, Action::Manage),
        // Asked by the job itself, which knows the app.
        Job::Index { .. } => may(who, Action::Read),
        Job::Import(_) | Job::Apply { .. } | Job::AdminCreate { .. } | Job::Link { .. } | Job::TokenCreate(_) => may_control(who),
    }
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
    may_start(who, &job)?;
    let (doing, me) = (ctx.clone(), who.clone());
    start_as(ctx, who, job.kind(), move |report| run(&doing, &me, &job, report))
}

/// Does something on a thread of its own, as a job of this kind; gives its number.
pub fn start_as(
    ctx: &Arc<Ctx>,
    who: &Caller,
    kind: &'static str,
    work: impl FnOnce(&Report) -> Result<Outcome> + Send + 'static,
) -> Result<u64> {
    let (id, report) = listed(ctx, who, kind)?;
    let (ctx, jobs) = (ctx.clone(), ctx.clone());
    let spawned = std::thread::Builder::new().name(format!("job {id}")).spawn(move || {
        let done = caught(|| work(&report));
        if let Err(Error::Internal(cause)) = &done {
            log::error!("job {id}: {cause}");
        }
        ctx.jobs.end(id, done);
    });
    match spawned {
        Ok(handle) => jobs.jobs.keep(handle),
        Err(error) => {
            jobs.jobs.end(id, Err(Error::Busy { message: format!("The system has no thread left: {error}"), retry_after_s: 5 }));
        }
    }
    Ok(id)
}

/// How far a job is: for admins, and for whoever began it.
pub fn state(ctx: &Ctx, who: &Caller, id: u64) -> Result<Entry> {
    may_watch(ctx, who, id)?;
    ctx.jobs.get(id).map(|entry| seen_by(who, entry)).ok_or_else(|| none(id))
}

/// The jobs of this run of the server, newest first; of those that have ended, the last ones. Whoever is no admin has their own.
pub fn list(ctx: &Ctx, who: &Caller) -> Result<Vec<Entry>> {
    let is_admin = may(who, Action::Manage).is_ok();
    if !is_admin {
        me::user(who)?;
    }
    let seen = ctx.jobs.all().into_iter().filter(|entry| is_admin || entry.is_of(who));
    Ok(seen.map(|entry| seen_by(who, entry)).collect())
}

fn may_watch(ctx: &Ctx, who: &Caller, id: u64) -> Result<()> {
    match ctx.jobs.get(id) {
        Some(entry) if entry.is_of(who) => Ok(()),
        _ => may(who, Action::Manage),
    }
}

/// Asks a job to end before it changes anything.
pub fn cancel(ctx: &Ctx, who: &Caller, id: u64) -> Result<Entry> {
    may_watch(ctx, who, id)?;
    ctx.jobs.cancel(id).map(|entry| seen_by(who, entry)).ok_or_else(|| none(id))
}

/// A link signs somebody in: it is for whoever asked for it at the terminal.
fn seen_by(who: &Caller, mut entry: Entry) -> Entry {
    if entry.kind == "link" && matches!(entry.state, State::Done(_)) && who.principal != Principal::Control {
        entry.state = State::Done(json!({}));
    }
    entry
}

fn none(id: u64) -> Error {
    Error::not_found(format!("There is no job {id}"))
}
