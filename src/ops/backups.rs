//! Backups of the data file that lie with it: listing, making, putting back, taking away. Copying and checking are in `store/backup`.

use super::access::may_as_whole;
use super::changes;
use super::ctx::Ctx;
use crate::model::backup::{Kept, Reason};
use crate::model::error::{Error, Problem, Result};
use crate::model::job::{Outcome, Report};
use crate::model::name::quoted;
use crate::model::nearest::nearest;
use crate::model::principal::{Action, Caller};
use crate::store::{backup, restore};
use serde_json::json;
use std::path::Path;

/// All of them, newest first.
pub fn list(ctx: &Ctx, who: &Caller) -> Result<Vec<Kept>> {
    may_as_whole(who, Action::Manage)?;
    Ok(backup::kept(ctx.store.path()))
}

/// The backup of this name.
pub fn find(ctx: &Ctx, who: &Caller, name: &str) -> Result<Kept> {
    let all = list(ctx, who)?;
    all.iter().find(|kept| kept.name == name).cloned().ok_or_else(|| {
        let near = nearest(name, all.iter().map(|kept| kept.name.as_str())).map(|near| format!("Did you mean {near}?"));
        let hint = near.unwrap_or_else(|| "GET …/backups lists them".to_owned());
        Error::NotFound(Problem::new("not_found", format!("There is no backup {}", quoted(name))).hint(hint))
    })
}

/// Takes one away.
pub fn remove(ctx: &Ctx, who: &Caller, name: &str) -> Result<()> {
    backup::remove(&find(ctx, who, name)?)
}

/// Makes one that nobody asked for, if the disk has room for it and to spare; else what is to follow goes without, and the log says so.
pub fn make_if_room(ctx: &Ctx, reason: Reason, report: &Report) -> Result<()> {
    if backup::has_room(ctx.store.path()) {
        return keep(ctx, reason, report).map(drop);
    }
    log::warn!("no {} backup: the disk has too little room", reason.name());
    Ok(())
}

/// Makes one, and takes the oldest of the automatic ones away. Answers `{name, at, reason, bytes, sha256, apps, tables, records,
/// problems: [sentence]}`.
pub fn make(ctx: &Ctx, who: &Caller, reason: Reason, report: &Report) -> Result<Outcome> {
    may_as_whole(who, Action::Manage)?;
    keep(ctx, reason, report)
}

fn keep(ctx: &Ctx, reason: Reason, report: &Report) -> Result<Outcome> {
    let data = ctx.store.path();
    let (to, found) = ctx.store.watched(backup::keep(data, reason, ctx.store.opening(), report))?;
    let kept = backup::kept(data).into_iter().find(|kept| kept.path == to).ok_or_else(|| Error::internal("a backup is gone"))?;
    backup::forget(data, ctx.limits.backups_kept_max)?;
    // A copy of what is not in order is better than none; whoever can mend it should hear of it.
    found.problems.iter().for_each(|problem| log::warn!("{} was made, and holds this: {problem}", kept.name));
    Ok(json!({
        "name": kept.name, "at": kept.at, "reason": kept.reason.name(), "bytes": kept.bytes, "sha256": kept.sha256,
        "apps": found.apps, "tables": found.tables, "records": found.records, "problems": found.problems,
    }))
}

/// Puts one back while the server goes on: all its content at once, in the place of all there is, which is backed up before. Whoever is signed in
/// signs in again, and nobody may more than at last. Answers `{name, kept, apps, tables, records, problems: [sentence], people: [sentence]}`. An entry: it opens the transactions.
pub fn restore(ctx: &Ctx, who: &Caller, name: &str, report: &Report) -> Result<Outcome> {
    let from = find(ctx, who, name)?;
    let data = ctx.store.path();
    let ready = restore::ready(&from.path, data, ctx.store.opening(), report)?;
    let done = restore::exchange(&ctx.store, ready, changes::of_restore(who, &from.name), report)?;
    let (found, kept) = (done.report, done.kept.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy()));
    found.problems.iter().for_each(|problem| log::warn!("{} was restored, and holds this: {problem}", from.name));
    // It is done, whatever becomes of older ones.
    if let Err(error) = backup::forget(data, ctx.limits.backups_kept_max) {
        log::warn!("the oldest backups stay: {error:?}");
    }
    Ok(json!({
        "name": from.name, "kept": kept, "apps": found.apps, "tables": found.tables, "records": found.records,
        "problems": found.problems, "people": done.people,
    }))
}

/// Whether a day has gone by since the last one, with something written in it.
pub fn is_due(ctx: &Ctx) -> bool {
    let data = ctx.store.path();
    let newest = backup::kept(data).into_iter().find(|kept| kept.reason != Reason::BeforeRestore);
    let (written, age) = (backup::written_at(data), newest.as_ref().and_then(|kept| backup::written_at(&kept.path)));
    let Some(written) = written else { return false };
    let every = std::time::Duration::from_secs(ctx.limits.backup_every_s);
    // A clock that was set back makes no backup late.
    age.is_none_or(|at| written > at && at.elapsed().map_or(true, |age| age >= every))
}
