//! Jobs that a command hands to the server which has the data file open. For the holder of the control secret only: files are named by their path.

use crate::model::error::{Error, Problem, Result};
use crate::model::job::{Import, Job};
use crate::ops::ctx::Ctx;
use crate::ops::job_board::State;
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
}

pub fn start(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    jobs::may_start(&call.caller)?;
    let body = Value::Object(call.body.object(&ctx.limits)?);
    let sent: Sent =
        serde_json::from_value(body).map_err(|error| Error::invalid(Problem::new("job", format!("The job cannot be read: {error}"))))?;
    let id = jobs::start(ctx, &call.caller, job(sent)?)?;
    Ok(reply::json(201, &json!({"id": id})))
}

/// `{"id", "state": "running" | "done" | "failed", "progress"?, "outcome"?, "messages"?}`
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let id = call.param(1).parse().map_err(|_| Error::not_found("There is no such job"))?;
    let body = match jobs::state(ctx, &call.caller, id)? {
        State::Running(progress) => json!({
            "id": id, "state": "running",
            "progress": {"stage": progress.stage, "rows": progress.rows, "bytes": progress.bytes, "bytes_total": progress.bytes_total},
        }),
        State::Done(outcome) => json!({"id": id, "state": "done", "outcome": outcome}),
        State::Failed(error) => json!({"id": id, "state": "failed", "messages": error.sentences()}),
    };
    Ok(reply::json(200, &body))
}

fn job(sent: Sent) -> Result<Job> {
    Ok(match sent {
        Sent::Import { file, app, schema, schema_given, map, types, key, dry_run } => {
            Job::Import(Import { file, app, schema, schema_given, map, types, key, dry_run, must_exist: false })
        }
        Sent::Apply { file, dry_run, prune } => Job::Apply { text: jobs::app_file(&file)?, dry_run, prune },
        Sent::AdminCreate { email, password } => Job::AdminCreate { email, password },
        Sent::Link { user } => Job::Link { user },
    })
}
