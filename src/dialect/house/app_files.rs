//! An app as an app file, and an app made or changed to match one. [house]

use super::records::rehearsed;
use crate::model::error::{Error, Problem, Result};
use crate::model::job::Job;
use crate::ops::ctx::Ctx;
use crate::ops::{app_file, apps, jobs};
use crate::wire::body::Body;
use crate::wire::call::Call;
use crate::wire::paper::Sheets;
use crate::wire::reply;
use rouille::Response;
use std::sync::Arc;

/// `GET …/app-file?records=true`: the file, as a download.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let with_records = call.query.flag("records")?;
    let mut sheets = Sheets::new(ctx.limits.reply_memory_bytes_max);
    let slug = ctx.read(|tx| apps::read(tx, &call.caller, call.param(0)))?.slug.clone();
    let written = ctx.read(|tx| app_file::write(tx, &call.caller, call.param(0), with_records, &mut &mut sheets));
    sheets.response(written, "application/json", &format!("{slug}.app.json"))
}

/// `PUT …/app-file?dry_run=&prune=`: 200 `{app, changes: ["create table contacts (6 fields)", …], records, dry_run}`.
pub fn apply(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (dry_run, prune) = (call.query.flag("dry_run")?, call.query.flag("prune")?);
    if matches!(call.body, Body::Empty) {
        return Err(Error::malformed("The body is empty; send the app file: curl -X PUT --data-binary @my-crm.app.json …"));
    }
    app_file::may_put(ctx, &call.caller, call.param(0))?;
    let text =
        String::from_utf8(call.body.bytes(&call.limits)?.into_owned()).map_err(|_| Error::malformed("The app file is not UTF-8 text"))?;
    let slug = app_file::slug_of(&text, &ctx.limits)?;
    let is_known = ctx.read(|tx| apps::read(tx, &call.caller, call.param(0))).is_ok_and(|app| app.slug == slug);
    if slug != call.param(0) && !is_known {
        let message =
            format!("The app file describes the app '{slug}', and the address names {}", crate::model::name::quoted(call.param(0)));
        return Err(Error::invalid(Problem::of("slug", "slug", message).hint(format!("PUT /api/apps/{slug}/app-file"))));
    }
    let outcome = jobs::apply(ctx, &call.caller, &Job::Apply { text, dry_run, prune })?;
    Ok(rehearsed(reply::json(200, &outcome), dry_run))
}
