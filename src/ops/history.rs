//! The change log to look through: newest first, of an app, of a record, of what was deleted; and a record as it was. Whoever changes an app sees all of
//! its log; others what happened to records of tables that they may read, in fields that they see. Where a rule says which records those are, nobody can
//! tell whether it would have let them see what was there before: they see what they did themselves. Guests see nothing: the log names people.
//! The feed is in `feed`, taking back in `undo`.

use super::access;
use super::undo::{can_be_undone, missing};
use super::undo_names::Names;
use super::undo_records::rolled_back;
use super::views::without_own;
use crate::model::app::App;
use crate::model::change::{Edge, Logged, Sought};
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Principal, Scope};
use crate::model::record::{Record, RecordId};
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use crate::store::tables::{changes, history};
use serde_json::{Map, Value};
use std::sync::Arc;

/// An entry with what is to be known of it.
pub struct Told {
    pub entry: Logged,
    /// What was done, in words.
    pub sentence: String,
    /// Slug of the table, if it is there.
    pub schema: Option<String>,
    /// How many entries its act has.
    pub entries: i64,
    pub undone_by: Option<i64>,
    /// The log holds what it takes, and it is not taken back yet.
    pub can_undo: bool,
}

/// A piece of the log, newest first.
pub struct Page {
    pub entries: Vec<Told>,
    /// What to ask with as `before` for what comes next; `None` at the end.
    pub next: Option<i64>,
}

/// Rows that are looked at for one answer, for each that it may have.
const LOOKED_AT_FACTOR: usize = 10;

/// What somebody looks for, by the names that they use.
#[derive(Default)]
pub struct Asked {
    pub sought: Sought,
    /// Slug of a table.
    pub table: Option<String>,
}

/// Acts of an app that the caller may know of, newest first.
pub fn list(tx: &ReadTx<'_>, who: &Caller, app: &str, asked: &Asked, limit: usize) -> Result<Page> {
    let app = app_of(tx, who, app)?;
    let mut sought = asked.sought.clone();
    if let Some(table) = &asked.table {
        sought.schema = Some(access::schema(tx.catalog(), who, &app.slug, table)?.id);
    }
    if sought.record.is_some() && sought.schema.is_none() {
        let problem = Problem::of("record", "required", "A record is one of a table: 'table' says of which");
        return Err(Error::invalid(problem.hint("?table=contacts&record=rec_7")));
    }
    if sought.who.as_deref() == Some("me") {
        sought.who = Some(who.principal.label());
    }
    sought.is_by_act = sought.record.is_none();
    page(tx, who, &app, sought, limit, &|_| Ok(true))
}

/// Records that were deleted and are not there again, newest first.
pub fn deleted(tx: &ReadTx<'_>, who: &Caller, app: &str, asked: &Asked, limit: usize) -> Result<Page> {
    let app = app_of(tx, who, app)?;
    let mut sought = Sought { kind: Some("delete".to_owned()), ..asked.sought.clone() };
    if let Some(table) = &asked.table {
        sought.schema = Some(access::schema(tx.catalog(), who, &app.slug, table)?.id);
    }
    page(tx, who, &app, sought, limit, &|entry| {
        let Some((schema, record)) = entry.schema.and_then(|id| tx.catalog().schema_by_id(id)).zip(entry.record) else { return Ok(false) };
        if rows::exists(tx, &schema, record)? {
            return Ok(false);
        }
        // Deleted, brought back and deleted again, it is there once.
        let later = history::of_record(tx, schema.id, record, entry.seq, 1)?;
        Ok(later.is_empty())
    })
}

fn page(
    tx: &ReadTx<'_>,
    who: &Caller,
    app: &App,
    mut sought: Sought,
    limit: usize,
    wanted: &dyn Fn(&Logged) -> Result<bool>,
) -> Result<Page> {
    let (mut entries, mut next, mut looked_at) = (Vec::new(), None, 0);
    while entries.len() < limit && looked_at < limit.saturating_mul(LOOKED_AT_FACTOR) {
        let found = history::newest_first(tx, app.id, &sought, limit + 1)?;
        let count = found.len();
        next = None;
        for (at, entry) in found.into_iter().enumerate() {
            if at == limit || entries.len() == limit {
                next = Some(entry.seq + 1);
                break;
            }
            looked_at += 1;
            let seq = entry.seq;
            if wanted(&entry)?
                && let Some(entry) = seen(tx, who, app, entry)?
            {
                entries.push(told(tx, who, app, entry)?);
            }
            next = Some(seq);
        }
        match next {
            Some(edge) if count > limit => sought.before = Some(Edge::Number(edge)),
            _ => {
                next = next.filter(|_| count > limit);
                break;
            }
        }
    }
    Ok(Page { entries, next })
}

/// The app, for somebody who is signed in.
pub fn app_of(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Arc<App>> {
    if who.principal == Principal::Guest {
        return Err(Error::NotSignedIn);
    }
    access::app(tx.catalog(), who, app)
}

/// One entry, and the entries of its act, oldest first.
pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, change: i64, limit: usize) -> Result<(Told, Vec<Logged>)> {
    let app = app_of(tx, who, app)?;
    let found = history::one(tx, change)?.filter(|entry| entry.app == Some(app.id));
    let entry = found.map(|entry| seen(tx, who, &app, entry)).transpose()?.flatten().ok_or_else(|| missing(change))?;
    let mut all = Vec::new();
    for entry in history::of_act(tx, entry.act(), limit)?.into_iter().filter(|entry| entry.app == Some(app.id)) {
        all.extend(seen(tx, who, &app, entry)?);
    }
    Ok((told(tx, who, &app, entry)?, all))
}

/// What happened to one record, newest first.
pub fn of_record(tx: &ReadTx<'_>, who: &Caller, path: [&str; 3], before: Option<i64>, limit: usize) -> Result<Page> {
    let [app_slug, schema, id] = path;
    let app = app_of(tx, who, app_slug)?;
    let scope = access::scope(tx.catalog(), who, app_slug, schema, Action::Read)?;
    let record = RecordId::parse(id).ok_or_else(|| no_record(&scope, id))?;
    let is_there = rows::is_among(tx, &scope.whole, &scope.rows, record)?;
    let before = before.map(Edge::Number);
    let sought = Sought { schema: Some(scope.whole.id), record: Some(record), before, ..Sought::default() };
    let page = page(tx, who, &app, sought, limit, &|_| Ok(true))?;
    if page.entries.is_empty() && !is_there { Err(no_record(&scope, id)) } else { Ok(page) }
}

fn no_record(scope: &Scope, id: &str) -> Error {
    Error::not_found(format!("There is no record {} in table '{}'", quoted(id), scope.whole.slug))
}

/// A record as it was at a moment, as far as the caller sees it: what its fields held that are there today.
pub fn at(tx: &ReadTx<'_>, who: &Caller, path: [&str; 3], moment: &Edge, limits: &Limits) -> Result<Record> {
    let [app, schema, id] = path;
    app_of(tx, who, app)?;
    let scope = access::scope(tx.catalog(), who, app, schema, Action::Read)?;
    let missing = || no_record(&scope, id);
    let record = RecordId::parse(id).ok_or_else(missing)?;
    let (oldest, newest) = changes::bounds(tx)?;
    let oldest = oldest.max(changes::since_restore(tx)?);
    let seq = match moment {
        Edge::Number(seq) => *seq,
        Edge::Time(time) => history::newest_until(tx, time)?,
    };
    let now = rows::find(tx, &scope.whole, &scope.rows, record)?;
    if scope.rows != Cond::True {
        let message =
            format!("A rule says which records of the table '{}' you may read; what they were before is not shown", scope.whole.slug);
        return Err(if now.is_some() { Error::Forbidden(message) } else { missing() });
    }
    if seq < oldest - 1 || seq > newest {
        let message = format!("The change log goes from {oldest} to {newest}: what was there at that moment cannot be told");
        return Err(Error::Gone(Problem::of("at", "gone", message).between(oldest, newest)));
    }
    let since = history::of_record(tx, scope.whole.id, record, seq, limits.undo_entries_max)?;
    let names = Names::of(tx, scope.whole.id, seq)?;
    let values = now.as_ref().map(|now| rows::values_of(&now.data)).transpose()?;
    let held = rolled_back(&names, values, &since).ok_or_else(missing)?;
    // When it was made, if not one by one: an import says so only by its time.
    let made = now.as_ref().map(|now| now.created_at.clone()).or_else(|| since.iter().find_map(made_at)).unwrap_or_default();
    let is_before = match moment {
        Edge::Time(time) => made.as_str() > time.as_str(),
        Edge::Number(seq) => history::one(tx, *seq)?.is_some_and(|entry| made > entry.at),
    };
    if is_before {
        return Err(missing());
    }
    let shown = scope.seen.stored().map(|field| (field.slug.clone(), held.get(&field.slug).cloned().unwrap_or_default()));
    let data = rows::text_of(&shown.collect())?;
    let last = history::newest_first(tx, scope.whole.app, &of_until(&scope, record, seq), 1)?;
    let updated_at = last.first().map_or_else(|| made.clone(), |entry| entry.at.clone());
    Ok(Record { id: record, data, created_at: made, updated_at, version: 0 })
}

fn of_until(scope: &Scope, record: RecordId, seq: i64) -> Sought {
    let before = seq.checked_add(1).map(Edge::Number);
    Sought { schema: Some(scope.whole.id), record: Some(record), before, ..Sought::default() }
}

fn made_at(entry: &Logged) -> Option<String> {
    body(entry).get("created_at").and_then(Value::as_str).map(str::to_owned)
}

fn body(entry: &Logged) -> Map<String, Value> {
    entry.body.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// An entry as far as the caller may know of it.
pub fn seen(tx: &ReadTx<'_>, who: &Caller, app: &App, entry: Logged) -> Result<Option<Logged>> {
    if access::manages(tx.catalog(), who, app.id) {
        access::may_also(who, Action::Read)?;
        return Ok(Some(without_own(who, entry)));
    }
    let entry = without_own(who, entry);
    // Of what tables were they know nothing, but of views that they keep for themselves.
    let is_known = entry.kind != "define" || is_own_view(who, &entry);
    let Some(schema) = entry.schema.and_then(|id| tx.catalog().schema_by_id(id)).filter(|_| is_known) else { return Ok(None) };
    let Some(scope) = access::scope_of(tx.catalog(), who, &schema, Action::Read) else { return Ok(None) };
    let is_own = || entry.principal == who.principal.label();
    let is_seen = scope.rows == Cond::True
        || entry.kind == "define"
        || match entry.record {
            Some(record) => is_own() && (entry.kind == "delete" || rows::is_among(tx, &schema, &scope.rows, record)?),
            None => false,
        };
    if !is_seen {
        return Ok(None);
    }
    if !scope.is_masked() {
        return Ok(Some(entry));
    }
    if entry.kind == "define" {
        return Ok(Some(Logged { body: None, ..entry }));
    }
    masked(tx, &scope, entry)
}

/// Whether an entry tells of nothing but a view that the caller keeps for themselves.
fn is_own_view(who: &Caller, entry: &Logged) -> bool {
    let Some(me) = who.user_id() else { return false };
    let body = body(entry);
    let sides: Vec<&Value> = ["before", "after"].iter().filter_map(|side| body.get(*side).filter(|said| !said.is_null())).collect();
    let is_mine = |said: &&Value| said.get("kind").is_some() && said.get("owner").and_then(Value::as_i64) == Some(me.0);
    !sides.is_empty() && sides.iter().all(is_mine)
}

/// Without what happened in fields that are not there for the caller; nothing, if nothing else happened.
fn masked(tx: &ReadTx<'_>, scope: &Scope, mut entry: Logged) -> Result<Option<Logged>> {
    let names = Names::of(tx, scope.whole.id, entry.seq)?;
    let shown = |slug: &String| names.now(slug, entry.seq).is_some_and(|now| scope.seen.field(&now).is_some());
    let mut body = body(&entry);
    for part in ["before", "after"] {
        if let Some(values) = body.get_mut(part).and_then(Value::as_object_mut) {
            values.retain(|slug, _| shown(slug));
        }
    }
    let is_empty = |part: &str| body.get(part).and_then(Value::as_object).is_none_or(Map::is_empty);
    if entry.kind == "update" && is_empty("before") && is_empty("after") {
        return Ok(None);
    }
    // The label names a record by the field by which it was shown at that time, which may be none that is there for the caller.
    if let Some(record) = entry.record {
        entry.label = format!("{} {} in {}", past(&entry.kind), record.text(), scope.whole.slug);
    }
    entry.body = entry.body.is_some().then(|| Value::Object(body).to_string());
    Ok(Some(entry))
}

fn past(kind: &str) -> &str {
    match kind {
        "create" => "created",
        "update" => "changed",
        "delete" => "deleted",
        "import" => "imported",
        other => other,
    }
}

fn told(tx: &ReadTx<'_>, who: &Caller, app: &App, entry: Logged) -> Result<Told> {
    let undone_by = match history::undone_by(tx, entry.act())? {
        None if entry.seq != entry.act() => history::undone_by(tx, entry.seq)?,
        found => found,
    };
    let entries = history::act_len(tx, entry.act())?;
    let schema = entry.schema.and_then(|id| tx.catalog().schema_by_id(id)).map(|schema| schema.slug.clone());
    let can_undo = undone_by.is_none() && (can_be_undone(&entry) || entries > 1);
    let sentence = sentence(tx, who, app, &entry, entries)?;
    Ok(Told { entry, sentence, schema, entries, undone_by, can_undo })
}

/// `changed Pilot in deals: amount 12000 → 15500`.
fn sentence(tx: &ReadTx<'_>, who: &Caller, app: &App, entry: &Logged, entries: i64) -> Result<String> {
    let known = |seq: i64| match history::one(tx, seq.abs())? {
        Some(entry) => seen(tx, who, app, entry),
        None => Ok(None),
    };
    let undone = entry.undoes.filter(|_| entry.seq == entry.act()).map(known).transpose()?.flatten();
    if let Some(undone) = undone {
        let again = if undone.undoes.is_some() { "brought back" } else { "took back" };
        let label = undone.undoes.map(known).transpose()?.flatten().map_or(undone.label, |first| first.label);
        return Ok(format!("{again}: {label}"));
    }
    if entries > 1 && entry.batch.is_none() {
        return Ok(format!("{}, and {} more", entry.label, entries - 1));
    }
    let body = body(entry);
    let part = |key: &str| body.get(key).and_then(Value::as_object);
    match (entry.kind.as_str(), part("before"), part("after")) {
        ("update", Some(before), Some(after)) if after.len() == 1 => {
            let Some((slug, now)) = after.iter().next() else { return Ok(entry.label.clone()) };
            let was = before.get(slug).map(short).unwrap_or_default();
            Ok(format!("{}: {slug} {was} → {}", entry.label, short(now)))
        }
        ("update", _, Some(after)) if after.len() > 1 => {
            let slugs: Vec<&str> = after.keys().map(String::as_str).take(SLUGS_TOLD_MAX).collect();
            let more = if after.len() > SLUGS_TOLD_MAX { ", …" } else { "" };
            Ok(format!("{}: {}{more}", entry.label, slugs.join(", ")))
        }
        _ => Ok(entry.label.clone()),
    }
}

const SLUGS_TOLD_MAX: usize = 5;
const VALUE_CHARS_MAX: usize = 60;

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Apps that were deleted and can be brought back, newest first.
pub fn gone_apps(tx: &ReadTx<'_>, who: &Caller, limit: usize) -> Result<Vec<Logged>> {
    access::may(who, Action::Manage)?;
    access::as_whole(who)?;
    history::gone_apps(tx, limit)
}
