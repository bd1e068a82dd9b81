//! Backups of the data file: `/api/workspaces/{workspace}/backups`. For admins. AppBuilder has nothing like it; the form follows its other lists.

use super::jobs;
use crate::model::backup::{Kept, Reason};
use crate::model::error::{Error, Result};
use crate::model::job::Job;
use crate::ops::ctx::Ctx;
use crate::ops::{backups, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::{Response, ResponseBody};
use serde_json::{Value, json};
use std::fs::File;
use std::sync::Arc;

/// `{"backups": [{"name", "at", "reason", "bytes", "sha256"}]}`, newest first.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let all: Vec<Value> = backups::list(ctx, &call.caller)?.iter().map(rendered).collect();
    Ok(reply::json(200, &json!({"backups": all})))
}

/// Begins a job: 201 `{"id"}`.
pub fn make(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    jobs::started(ctx, call, Job::Backup(Reason::Asked))
}

/// The file itself: an SQLite database.
pub fn download(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let kept = backups::find(ctx, &call.caller, call.param(1))?;
    let file = File::open(&kept.path).map_err(Error::internal)?;
    Ok(reply::file("application/vnd.sqlite3", &kept.name, ResponseBody::from_file(file)))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    backups::remove(ctx, &call.caller, call.param(1))?;
    Ok(reply::empty(204))
}

/// Begins a job: 201 `{"id"}`. What is there is backed up, then everything becomes what it was; everybody signs in again.
pub fn restore(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let kept = backups::find(ctx, &call.caller, call.param(1))?;
    jobs::started(ctx, call, Job::Restore(kept.name))
}

fn rendered(kept: &Kept) -> Value {
    json!({"name": kept.name, "at": kept.at, "reason": kept.reason.name(), "bytes": kept.bytes, "sha256": kept.sha256})
}
