//! Jobs that a command hands to the server which has the data file open. For the holder of the control secret: files are named by their path.
//! Backups and checks are begun by admins, too; all jobs are listed to them, and ended. Whoever began a job has it in the list, looks at it and ends it.

use crate::model::backup::Reason;
use crate::model::error::{Error, Problem, Result};
use crate::model::job::{Import, Job, NewToken};
use crate::ops::ctx::Ctx;
use crate::ops::job_board::{Entry, State};
use crate::ops::{jobs, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;

/// The body of a job; `kind` tells them apart.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Sent {
    Import {
        file: PathBuf,
        app: String,
        schema: String,
        #[serde(default)]
        schema_given: bool,
        #[serde(default)]
        map: Vec<(String, String)>,
        #[serde(default)]
        types: Vec<(String, String)>,
        key: Option<String>,
        #[serde(default)]
        skip: Vec<String>,
        #[serde(default)]
        blank_errors: bool,
        sheet: Option<String>,
        #[serde(default)]
        dry_run: bool,
    },
    Apply {
        file: PathBuf,
        #[serde(default)]
        dry_run: bool,
        #[serde(default)]
        prune: bool,
    },
    AdminCreate {
        email: String,
        password: String,
    },
    Link {
        user: Option<String>,
    },
    TokenCreate {
        user: String,
        of_kind: String,
        name: String,
        #[serde(default)]
        apps: Vec<String>,
        expires: Option<String>,
        key: Option<String>,
        /// SHA-256 of the secret.
        hash: [u8; 32],
    },
    Backup {},
    Check {},
    Mend {},
}

/// 201 `{"id"}`.
pub fn start(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    jobs::may_start(&call.caller, &Job::Check)?;
    let body = Value::Object(call.body.object(&call.limits)?);
    let sent: Sent =
        serde_json::from_value(body).map_err(|error| Error::invalid(Problem::new("job", format!("The job cannot be read: {error}"))))?;
    // Files are opened for those only who may name them.
    if !matches!(sent, Sent::Backup {} | Sent::Check {} | Sent::Mend {}) {
        jobs::may_start(&call.caller, &Job::Link { user: None })?;
    }
    started(ctx, call, job(sent)?)
}

/// The answer to whoever began a job.
pub fn started(ctx: &Arc<Ctx>, call: &Call<'_>, job: Job) -> Result<Response> {
    let id = jobs::start(ctx, &call.caller, job)?;
    Ok(reply::json(201, &json!({"id": id})))
}

/// `{"jobs": [job]}`, newest first.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let all: Vec<Value> = jobs::list(ctx, &call.caller)?.iter().map(rendered).collect();
    // What one came to may be a link that signs in.
    Ok(reply::secret(200, &json!({"jobs": all})))
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    Ok(reply::secret(200, &rendered(&jobs::state(ctx, &call.caller, id(call)?)?)))
}

/// Asks a job to end: 202 with how it stands; what it becomes is asked by its id.
pub fn cancel(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    Ok(reply::secret(202, &rendered(&jobs::cancel(ctx, &call.caller, id(call)?)?)))
}

fn id(call: &Call<'_>) -> Result<u64> {
    call.param(1).parse().map_err(|_| Error::not_found("There is no such job"))
}

/// `{"id", "kind", "state": "running" | "cancelling" | "done" | "failed" | "cancelled", "stage", "done", "total", "unit", "rows", "left_s",
/// "begun_at", "outcome", "error", "messages"?}`
fn rendered(entry: &Entry) -> Value {
    let (state, outcome, error) = match &entry.state {
        State::Running if entry.is_cancelled => ("cancelling", None, None),
        State::Running => ("running", None, None),
        State::Done(outcome) => ("done", Some(outcome), None),
        State::Failed(error) => ("failed", None, Some(error)),
        State::Cancelled => ("cancelled", None, None),
    };
    let progress = entry.progress;
    let mut body = json!({
        "id": entry.id, "kind": entry.kind, "state": state, "stage": progress.stage, "done": progress.done, "total": progress.total,
        "unit": progress.unit, "rows": progress.rows, "left_s": entry.left_s(), "begun_at": entry.begun_at, "outcome": outcome,
        "error": error.map(|error| error.message()),
    });
    if let (Some(error), Some(body)) = (error, body.as_object_mut()) {
        body.insert("messages".to_owned(), json!(error.sentences()));
    }
    body
}

fn job(sent: Sent) -> Result<Job> {
    Ok(match sent {
        Sent::Import { file, app, schema, schema_given, map, types, key, skip, blank_errors, sheet, dry_run } => {
            Job::Import(Import { file, app, schema, schema_given, map, types, key, skip, blank_errors, sheet, dry_run, must_exist: false })
        }
        Sent::Apply { file, dry_run, prune } => Job::Apply { text: jobs::app_file(&file)?, dry_run, prune },
        Sent::AdminCreate { email, password } => Job::AdminCreate { email, password },
        Sent::Link { user } => Job::Link { user },
        Sent::TokenCreate { user, of_kind, name, apps, expires, key, hash } => {
            Job::TokenCreate(NewToken { user, kind: of_kind, name, apps, expires, key, hash })
        }
        Sent::Backup {} => Job::Backup(Reason::Asked),
        Sent::Check {} => Job::Check,
        Sent::Mend {} => Job::Mend,
    })
}
