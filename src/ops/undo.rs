//! Taking an act back, whatever it was and through whichever door: as new writes, one batch of the change log that says what it undoes. So an undo can be
//! undone, which is what redo is. What an act meant for records is in `undo_records`, for tables in `undo_schemas`, for views in `undo_views`, for roles in
//! `undo_roles`, for the app in `undo_apps`.

use super::access;
use super::alter::settle;
use super::changes::{log_definition, one_batch};
use super::ctx::{Ctx, Way};
use super::{undo_apps, undo_records, undo_roles, undo_schemas, undo_shapes, undo_views};
use crate::model::app::AppId;
use crate::model::change::Logged;
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{changes, history};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// What is done where something stands now that the act did not leave there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Nothing at all is taken back.
    #[default]
    Refuse,
    /// It stays; the rest is taken back.
    Skip,
    /// What the act found is put there.
    Overwrite,
}

/// Something that stands in the way, with both values.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// `changed`, `gone`, `there`, `unique`, `reference`, `referenced`, `invalid`, `records`.
    pub code: &'static str,
    pub message: String,
    /// Slug of the table.
    pub schema: Option<String>,
    pub record: Option<RecordId>,
    pub field: Option<String>,
    /// What would be put there.
    pub mine: Value,
    /// What stands there now.
    pub theirs: Value,
    /// Who put that there, when and by which entry of the log, if it tells.
    pub since: Option<(String, String, i64)>,
}

impl Conflict {
    pub fn new(code: &'static str, schema: &str, message: impl Into<String>) -> Self {
        let (schema, message) = (Some(schema.to_owned()), message.into());
        Self { code, message, schema, record: None, field: None, mine: Value::Null, theirs: Value::Null, since: None }
    }

    pub fn of(self, record: RecordId) -> Self {
        Self { record: Some(record), ..self }
    }

    pub fn field(self, slug: &str) -> Self {
        Self { field: Some(slug.to_owned()), ..self }
    }

    pub fn between(self, mine: Value, theirs: Value) -> Self {
        Self { mine, theirs, ..self }
    }

    pub fn since(self, entry: Option<&Logged>) -> Self {
        Self { since: entry.map(|entry| (entry.principal.clone(), entry.at.clone(), entry.seq)), ..self }
    }
}

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub created: usize,
    pub updated: usize,
    pub deleted: usize,
    /// Apps, tables, roles.
    pub definitions: usize,
}

/// What came of it.
#[derive(Debug, Clone)]
pub enum Outcome {
    Done(Done),
    /// Nothing was written.
    Refused(Vec<Conflict>),
}

#[derive(Debug, Clone)]
pub struct Done {
    /// The act that took the other one back; `None` when there was nothing to write.
    pub change: Option<i64>,
    pub undoes: Option<i64>,
    /// What was taken back, in words.
    pub label: String,
    pub tally: Tally,
    /// What was left or written over.
    pub conflicts: Vec<Conflict>,
}

/// What is to be taken back.
#[derive(Debug, Clone)]
pub enum Aim {
    /// An entry of the log, with its whole act or alone.
    Undo { change: i64, is_whole: bool },
    /// What took this one back.
    Redo { change: i64, is_whole: bool },
    /// All that happened since a checkpoint.
    Return { checkpoint: i64 },
    /// A deleted app, by the entry that says so.
    App { change: i64 },
}

/// Takes something back in one transaction, all of it or as far as `on_conflict` says. An entry: it opens the transaction.
pub fn run(ctx: &Ctx, who: &Caller, app: &str, aim: &Aim, on_conflict: OnConflict, is_rehearsal: bool) -> Result<Outcome> {
    let entries = ctx.read(|tx| found(tx, who, app, aim, &ctx.limits))?.entries.iter().map(undo_records::weight).sum::<usize>();
    let way = match is_rehearsal {
        true => Way::Rehearsed,
        false if entries >= ctx.limits.records_alone_min || matches!(aim, Aim::Return { .. }) => Way::Alone,
        false => Way::Shared,
    };
    // A refusal takes everything back, and what it was for would be lost with it.
    let kept: Arc<Mutex<Vec<Conflict>>> = Arc::default();
    let (who, app, aim, limits, refused) = (who.clone(), app.to_owned(), aim.clone(), ctx.limits.clone(), kept.clone());
    let done = ctx.write_by(
        way,
        || Ok(()),
        move |tx, ()| {
            let (done, conflicts) = write(tx, &who, &app, &aim, on_conflict, &limits)?;
            match done {
                Some(done) => Ok(done),
                None => {
                    *refused.lock().unwrap_or_else(PoisonError::into_inner) = conflicts;
                    Err(Error::Conflict(Problem::new("conflict", "Something else was changed since")))
                }
            }
        },
    );
    let conflicts = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    match done {
        Err(Error::Conflict(_)) if !conflicts.is_empty() => Ok(Outcome::Refused(conflicts)),
        other => other.map(Outcome::Done),
    }
}

/// What is to be taken back, found.
struct Found {
    app: AppId,
    entries: Vec<Logged>,
    /// The entry that the new ones name.
    undoes: Option<i64>,
    label: String,
    /// What is taken back is that a deleted app came back: it is deleted once more.
    is_app_again: bool,
}

fn found(tx: &ReadTx<'_>, who: &Caller, app: &str, aim: &Aim, limits: &Limits) -> Result<Found> {
    let bounded = |entries: Vec<Logged>| match entries.len() > limits.undo_entries_max {
        false => Ok(entries),
        true => Err(Error::TooLarge(format!(
            "This is more than can be taken back at once: at most {} entries of the change log are",
            limits.undo_entries_max
        ))),
    };
    let most = limits.undo_entries_max + 1;
    match aim {
        Aim::App { change } => {
            access::may_now(tx.catalog(), who, crate::model::principal::Action::Manage)?;
            let gone = history::one(tx, *change)?.filter(undo_apps::is_gone_app).ok_or_else(|| missing(*change))?;
            let app = gone.app.ok_or_else(|| missing(*change))?;
            let (undoes, label) = (Some(gone.act()), gone.label.clone());
            let all = history::of_act(tx, gone.act(), most)?;
            let entries = bounded(all.into_iter().filter(|entry| entry.app == Some(app) && entry.seq >= gone.seq).collect())?;
            Ok(Found { app, entries, undoes, label, is_app_again: false })
        }
        Aim::Return { checkpoint } => {
            let app = access::managed(tx.catalog(), who, app)?;
            let point = super::checkpoints::known(tx, app.id, *checkpoint)?;
            let (oldest, _) = changes::bounds(tx)?;
            let oldest = oldest.max(changes::since_restore(tx)?);
            if oldest > point.seq + 1 {
                let message = format!("The change log goes back to {oldest} only, and '{}' is at {}", point.name, point.seq);
                return Err(Error::Gone(Problem::new("gone", message).hint("Nothing was changed; a backup from that day may help")));
            }
            let entries = bounded(history::since(tx, app.id, point.seq, most)?)?;
            Ok(Found { app: app.id, entries, undoes: None, label: format!("all since {}", point.name), is_app_again: false })
        }
        Aim::Undo { change, is_whole } => {
            let (app, entry) = entry(tx, who, app, *change)?;
            let act = taken_as(tx, &entry, *is_whole)?;
            if let Some(undo) = history::undone_by(tx, act)? {
                let problem = Problem::new("undone", format!("Change {change} is taken back already, by {undo}"));
                return Err(Error::Conflict(problem.hint(format!("POST …/changes/{change}/redo brings it back"))));
            }
            of_act(tx, app, entry, act, *is_whole, most).and_then(|found| Ok(Found { entries: bounded(found.entries)?, ..found }))
        }
        Aim::Redo { change, is_whole } => {
            let (app, entry) = entry(tx, who, app, *change)?;
            let act = taken_as(tx, &entry, *is_whole)?;
            let Some(undo) = history::undone_by(tx, act)? else {
                let problem = Problem::new("not_undone", format!("Change {change} is not taken back: there is nothing to do again"));
                return Err(Error::Conflict(problem.hint(format!("POST …/changes/{change}/undo takes it back"))));
            };
            let (undo, label) = (history::one(tx, undo)?.ok_or_else(|| missing(undo))?, entry.label);
            let act = undo.act();
            of_act(tx, app, undo, act, true, most).and_then(|found| Ok(Found { entries: bounded(found.entries)?, label, ..found }))
        }
    }
}

/// The number by which an entry is taken back: with its act, of which nothing may be missing, or alone.
fn taken_as(tx: &ReadTx<'_>, entry: &Logged, is_whole: bool) -> Result<i64> {
    let (seq, act) = (entry.seq, entry.act());
    if is_whole && history::one(tx, act)?.is_none() {
        let message = format!("Change {seq} belongs to the act {act}, which is no longer whole in the change log");
        return Err(Error::Gone(Problem::new("gone", message).hint(r#"{"batch": false} takes back this entry alone"#)));
    }
    // The number of the first entry is that of its act: alone it goes by another one.
    let is_first = seq == act && history::act_len(tx, act)? > 1;
    Ok(match is_whole {
        true => act,
        false if is_first => -seq,
        false => seq,
    })
}

fn of_act(tx: &ReadTx<'_>, app: AppId, entry: Logged, act: i64, is_whole: bool, most: usize) -> Result<Found> {
    let label = entry.label.clone();
    let is_app_again = match entry.undoes {
        Some(first) => history::of_act(tx, first, most)?.iter().any(|entry| entry.app == Some(app) && undo_apps::is_gone_app(entry)),
        None => false,
    };
    // As it stands in the log, whatever the caller sees of it: each write that this comes to is asked about.
    let entries =
        if is_whole || is_app_again { history::of_act(tx, act.abs(), most)? } else { history::one(tx, entry.seq)?.into_iter().collect() };
    // One act may write to several apps; each is taken back by those who look after it.
    let entries = entries.into_iter().filter(|entry| entry.app == Some(app)).collect();
    Ok(Found { app, entries, undoes: Some(act), label, is_app_again })
}

/// An entry of an app that the caller may know of. Whether it may take it back is asked of every write that this comes to.
fn entry(tx: &ReadTx<'_>, who: &Caller, app: &str, change: i64) -> Result<(AppId, Logged)> {
    let app = super::history::app_of(tx, who, app)?;
    let found = history::one(tx, change)?.filter(|entry| entry.app == Some(app.id));
    let found = match found {
        Some(entry) => super::history::seen(tx, who, &app, entry)?,
        None => None,
    };
    let (oldest, _) = changes::bounds(tx)?;
    match found {
        Some(entry) => Ok((app.id, entry)),
        None if change < oldest && change > 0 => {
            Err(Error::Gone(Problem::new("gone", format!("The change log begins with {oldest}: change {change} is no longer in it"))))
        }
        None => Err(missing(change)),
    }
}

pub fn missing(change: i64) -> Error {
    Error::not_found(format!("There is no change {change} in this app's log"))
}

/// Whether the log holds what is needed to take an entry back.
pub fn can_be_undone(entry: &Logged) -> bool {
    match entry.kind.as_str() {
        "create" | "update" | "delete" => true,
        "import" => entry.body.is_some(),
        "define" => entry.body.as_deref().is_some_and(|body| is_of_definition(entry, body)),
        _ => false,
    }
}

/// Whether an entry says what an app, a role, a table or a view was or became.
fn is_of_definition(entry: &Logged, body: &str) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return false };
    let says = |said: &Value| !said.is_null() && (entry.schema.is_none() || said.get("model").is_some());
    ["before", "after"].iter().filter_map(|key| body.get(key)).any(says) || undo_views::is_of_view(entry)
}

/// A piece of work on its way.
pub struct Work<'w> {
    pub who: &'w Caller,
    pub app: AppId,
    pub on_conflict: OnConflict,
    pub limits: &'w Limits,
    /// Oldest first.
    pub entries: &'w [Logged],
    /// Everything of the app since a moment is taken back: people's roles stay what they are.
    pub is_return: bool,
    pub conflicts: Vec<Conflict>,
    pub tally: Tally,
}

impl Work<'_> {
    /// Notes what stands in the way; whether it is written over.
    pub fn meet(&mut self, conflict: Conflict) -> bool {
        self.conflicts.push(conflict);
        self.on_conflict == OnConflict::Overwrite
    }

    /// Whether nothing is to be written any more.
    pub fn is_refused(&self) -> bool {
        self.on_conflict == OnConflict::Refuse && !self.conflicts.is_empty()
    }
}

/// `None` with the conflicts for which everything is to be taken back.
fn write(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    app: &str,
    aim: &Aim,
    on_conflict: OnConflict,
    limits: &Limits,
) -> Result<(Option<Done>, Vec<Conflict>)> {
    let Found { app, entries, undoes, label, is_app_again } = found(tx, who, app, aim, limits)?;
    let is_return = matches!(aim, Aim::Return { .. });
    if !is_return && !entries.iter().any(|entry| can_be_undone(entry) || entry.undoes.is_some()) {
        let problem = Problem::new("not_undoable", format!("This cannot be taken back: {label}"));
        return Err(Error::Conflict(
            problem
                .hint("What is taken back is what became of records, tables, views, roles and the app, as far as the change log holds it"),
        ));
    }
    let mut work = Work { who, app, on_conflict, limits, entries: &entries, is_return, conflicts: Vec::new(), tally: Tally::default() };
    if let Some(undoes) = undoes {
        tx.begin_undo(undoes);
    }
    let change = one_batch(tx, |tx| {
        if is_app_again {
            undo_apps::remove_again(tx, &mut work)?
        } else {
            take_back(tx, &mut work)?
        }
        match tx.batch_begun() {
            // Where everything is so already, that it was taken back is still to be known.
            None if undoes.is_some() && !work.is_refused() => {
                log_definition(tx, who, app, None, format!("took back, with nothing to change: {label}"), None).map(Some)
            }
            begun => Ok(begun),
        }
    });
    tx.end_undo();
    let change = change?;
    let Work { conflicts, tally, .. } = work;
    if on_conflict == OnConflict::Refuse && !conflicts.is_empty() {
        return Ok((None, conflicts));
    }
    Ok((Some(Done { change, undoes, label, tally, conflicts }), Vec::new()))
}

fn take_back(tx: &mut WriteTx<'_>, work: &mut Work<'_>) -> Result<()> {
    undo_apps::put_back(tx, work)?;
    let turns = undo_schemas::begin(tx, work)?;
    undo_records::put_back(tx, work, &turns)?;
    undo_shapes::finish(tx, work, &turns)?;
    undo_views::put_back(tx, work, &turns)?;
    undo_roles::put_back(tx, work, &turns)?;
    if work.is_refused() || work.tally.definitions == 0 {
        return Ok(());
    }
    settle(tx, work.who, work.app).map_err(|error| match error {
        Error::Invalid(problems) => {
            Error::Conflict(problems.into_iter().next().unwrap_or_else(|| Problem::new("conflict", "It leads nowhere")))
        }
        other => other,
    })
}
