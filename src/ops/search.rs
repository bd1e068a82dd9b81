//! Searching by words: making tables ready for it, lists in the order of what fits best, a whole app, and look-ups of one record by its name. What is typed
//! is read in `search_words`.

use super::access;
use super::ctx::Ctx;
use super::job_board::State as JobState;
use super::jobs;
use super::plan::everything;
use super::search_words::{check_length, found, not_ready, words};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::{Outcome, Progress, Report};
use crate::model::limits::Limits;
use crate::model::plan::{Cell, Column, Cond, Plan};
use crate::model::principal::{Action, Caller, Scope};
use crate::model::query::{Count, Query, Window};
use crate::model::record::{RecordId, Visit};
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::{Found, Manner, State, Wanted, Word};
use crate::store::engine::ReadTx;
use crate::store::found::{self as index, Hit, Passage};
use crate::store::records::{self as rows, Total};
use crate::store::search::{self as indexes, Step};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// The kind of the job that makes tables ready.
const JOB: &str = "search";

/// Sees to it that a table can be searched: a short one at once, a long one by a job, until whose end it cannot.
///
/// # Errors
/// `Busy` until then, and a refusal when the table's schema says that it is not searched.
pub fn make_ready(ctx: &Arc<Ctx>, who: &Caller, app: &str, schema: &str, action: Action) -> Result<()> {
    let catalog = ctx.store.catalog();
    let schema = access::scope(&catalog, who, app, schema, action)?.whole;
    let mut left = ctx.limits.search_records_at_once_max;
    if is_ready(ctx, &schema, &mut left)? { Ok(()) } else { Err(not_ready(&schema.slug)) }
}

/// `left` is how many records the caller waits for yet.
fn is_ready(ctx: &Arc<Ctx>, schema: &Arc<Schema>, left: &mut i64) -> Result<bool> {
    if schema.search.wanted == Wanted::No {
        let message = format!("Table '{}' is not searched: its schema says \"search\": false", schema.slug);
        return Err(Error::invalid(
            Problem::of("q", "off", message).hint("An owner of the app can set it to true, or to the fields to be searched"),
        ));
    }
    if schema.searched().next().is_none() || schema.search.index.as_ref().is_some_and(|index| index.state == State::Ready) {
        return Ok(true);
    }
    let records = ctx.read(|tx| rows::counter(tx, schema))?;
    if records <= *left {
        *left -= records;
        make(ctx, schema.id, &mut |_| Ok(()))?;
        return Ok(true);
    }
    make_by_itself(ctx, schema.id)?;
    Ok(false)
}

/// Takes records into the index of a schema until all are in it.
fn make(ctx: &Ctx, schema: SchemaId, tell: &mut dyn FnMut(&Step) -> Result<()>) -> Result<()> {
    loop {
        let step = ctx.store.write(move |tx| match tx.catalog().schema_by_id(schema) {
            Some(schema) if schema.search.wanted != Wanted::No => indexes::step(tx, &schema),
            _ => Ok(Step { is_done: true, upto: 0 }),
        })?;
        if step.is_done {
            return Ok(());
        }
        tell(&step)?;
    }
}

/// Begins a job that makes a table ready, unless one is at it.
fn make_by_itself(ctx: &Arc<Ctx>, schema: SchemaId) -> Result<()> {
    if ctx.jobs.all().iter().any(|entry| entry.kind == JOB && matches!(entry.state, JobState::Running)) {
        return Ok(());
    }
    let doing = ctx.clone();
    jobs::start_as(ctx, &super::ctx::SELF, JOB, move |report| make_all(&doing, schema, report)).map(drop)
}

/// Makes one table ready, then all others whose index is not whole. Answers `{tables: [slug]}`.
fn make_all(ctx: &Ctx, first: SchemaId, report: &Report) -> Result<Outcome> {
    let (mut next, mut tables) = (Some(first), Vec::new());
    while let Some(id) = next {
        let Some(schema) = ctx.store.catalog().schema_by_id(id) else { break };
        let last = ctx.read(|tx| rows::last_id(tx, &schema))?;
        make(ctx, id, &mut |step| {
            let number = |number: i64| u64::try_from(number).unwrap_or_default();
            report(Progress {
                stage: "reading words",
                done: number(step.upto),
                total: Some(number(last)),
                unit: "records",
                rows: number(step.upto),
            })
        })?;
        tables.push(schema.slug.clone());
        next = ctx.read(|tx| Ok(indexes::unfinished(tx)))?.into_iter().find(|left| *left != id);
    }
    Ok(json!({"tables": tables}))
}

/// Goes on with what is being made: after a restart, an import, a change of fields. Called now and then by the server. Where that has failed before, it
/// waits until somebody searches.
pub fn go_on(ctx: &Arc<Ctx>) -> Result<()> {
    if ctx.jobs.all().iter().find(|entry| entry.kind == JOB).is_some_and(|entry| matches!(entry.state, JobState::Failed(_))) {
        return Ok(());
    }
    let catalog = ctx.store.catalog();
    let schemas = catalog.apps().iter().flat_map(|app| catalog.schemas(app.id));
    let is_left = |schema: &&Arc<Schema>| schema.search.index.as_ref().is_some_and(|index| index.state == State::Making);
    schemas.into_iter().find(is_left).map_or(Ok(()), |schema| make_by_itself(ctx, schema.id))
}

/// A window of a list in the order of what fits best.
pub struct Ranked {
    hits: Vec<Hit>,
    total: i64,
}

/// The order of what fits best, of a list that words were asked of and no other order; `None` where too many do, or the caller may not be told.
pub fn ranked(tx: &ReadTx<'_>, scope: &Scope, plan: &Plan, query: &Query, limits: &Limits) -> Result<Option<Ranked>> {
    let has_order = !query.sort.is_empty() || query.cursor.is_some();
    let Some((found, rest)) = apart(&plan.filter).filter(|_| !has_order && is_ranked(scope)) else { return Ok(None) };
    let total = rows::total(tx, plan)?;
    if total > limits.search_ranked_max {
        return Ok(None);
    }
    Ok(Some(Ranked { hits: index::ranked(tx, plan, &found, &rest, plan.window)?, total }))
}

impl Ranked {
    /// Every record goes to `visit`. Gives how many there are, if that is asked.
    pub fn show(&self, tx: &ReadTx<'_>, plan: &Plan, count: Count, visit: &mut Visit<'_>) -> Result<Total> {
        for hit in &self.hits {
            rows::by_ids(tx, &plan.schema, plan.shown.as_deref(), &Cond::True, &[hit.id], visit)?;
        }
        Ok(Total { rows: (count != Count::None).then_some(self.total), is_capped: false })
    }
}

/// Whether a scope lets the order of what fits best be seen: it tells how long all texts of a record are, also those that are hidden. Records that are
/// hidden have no part in it but by averages over the whole table.
fn is_ranked(scope: &Scope) -> bool {
    !scope.is_masked()
}

/// The words of a condition, and what else it asks.
pub fn apart(filter: &Cond) -> Option<(Arc<Found>, Cond)> {
    match filter {
        Cond::Found(found) => Some((found.clone(), Cond::True)),
        Cond::All(conds) => {
            let at = conds.iter().position(|cond| apart(cond).is_some())?;
            let (found, within) = apart(conds.get(at)?)?;
            let others = conds.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, cond)| cond.clone());
            Some((found, others.fold(within, Cond::and)))
        }
        _ => None,
    }
}

/// What a search of an app found.
pub struct Results {
    pub hits: Vec<Match>,
    /// Slugs of tables that are not ready yet, so that nothing of them is among the results.
    pub preparing: Vec<String>,
}

/// One record of the results of an app.
pub struct Match {
    pub schema: String,
    pub id: RecordId,
    /// What the record is called.
    pub display: String,
    pub passage: Option<Passage>,
}

/// What is asked of an app.
pub struct Asked<'a> {
    pub text: &'a str,
    /// Slugs; all tables that are searched when there is none.
    pub schemas: &'a [String],
    pub limit: i64,
}

/// Searches all tables of an app that the caller may list, or some: those that fit best first.
pub fn app(ctx: &Arc<Ctx>, who: &Caller, app: &str, asked: &Asked<'_>) -> Result<Results> {
    let words = words(asked.text, "q", &ctx.limits)?;
    let catalog = ctx.store.catalog();
    let scopes: Vec<Scope> = if asked.schemas.is_empty() {
        let known = access::schemas(&catalog, who, access::app(&catalog, who, app)?.id);
        let searched = known.iter().filter(|schema| schema.search.wanted != Wanted::No);
        searched.filter_map(|schema| access::scope_of(&catalog, who, schema, Action::List)).collect()
    } else {
        asked.schemas.iter().map(|slug| access::scope(&catalog, who, app, slug, Action::List)).collect::<Result<_>>()?
    };
    let (mut ready, mut preparing, mut left) = (Vec::new(), Vec::new(), ctx.limits.search_records_at_once_max);
    for scope in &scopes {
        if is_ready(ctx, &scope.whole, &mut left)? { ready.push(scope.whole.id) } else { preparing.push(scope.whole.slug.clone()) }
    }
    let hits = ctx.read(|tx| search(tx, who, &ready, &words, asked.limit, &ctx.limits))?;
    Ok(Results { hits, preparing })
}

/// The same in one snapshot, of tables that are ready.
fn search(tx: &ReadTx<'_>, who: &Caller, schemas: &[SchemaId], words: &[Word], limit: i64, limits: &Limits) -> Result<Vec<Match>> {
    let mut hits: Vec<(f64, usize, Hit)> = Vec::new();
    let mut tables = Vec::new();
    for id in schemas {
        // As they are in this snapshot.
        let schema = tx.catalog().schema_by_id(*id);
        let Some(scope) = schema.and_then(|schema| access::scope_of(tx.catalog(), who, &schema, Action::List)) else { continue };
        let Some(found) = found(&scope.seen, words.to_vec())? else { continue };
        let at = tables.len();
        hits.extend(best(tx, &scope, &found, limit, limits)?.into_iter().map(|hit| (hit.rank, at, hit)));
        tables.push((scope.seen, found));
    }
    hits.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    hits.truncate(usize::try_from(limit).unwrap_or_default());
    let mut passages = Vec::new();
    for (at, (schema, found)) in tables.iter().enumerate() {
        let ids: Vec<RecordId> = hits.iter().filter(|hit| hit.1 == at).map(|hit| hit.2.id).collect();
        passages.push(index::passages(tx, schema, found, &ids)?);
    }
    let mut results = Vec::with_capacity(hits.len());
    for (_, at, Hit { id, .. }) in hits {
        let Some(((schema, _), passages)) = tables.get(at).zip(passages.get_mut(at)) else { continue };
        results.push(Match { schema: schema.slug.clone(), id, display: display(tx, schema, id)?, passage: passages.remove(&id) });
    }
    Ok(results)
}

/// The records of a table that fit best; where too many do to tell, or the caller may not, the first ones.
fn best(tx: &ReadTx<'_>, scope: &Scope, found: &Found, limit: i64, limits: &Limits) -> Result<Vec<Hit>> {
    let plan = everything(&scope.seen, &scope.rows);
    let most = limits.search_ranked_max + 1;
    let few = || index::first(tx, &plan, found, &scope.rows, most).map(|ids| i64::try_from(ids.len()).unwrap_or(most) < most);
    if is_ranked(scope) && few()? {
        return index::ranked(tx, &plan, found, &scope.rows, Window { offset: 0, limit });
    }
    let ids = index::first(tx, &plan, found, &scope.rows, limit)?;
    Ok(ids.into_iter().map(|id| Hit { id, rank: 0.0 }).collect())
}

/// What a record is called: what it holds in the field that names records, else its id.
fn display(tx: &ReadTx<'_>, schema: &Schema, id: RecordId) -> Result<String> {
    let named = schema.display_field.as_deref().filter(|slug| schema.field(slug).is_some());
    let Some((slug, record)) = named.zip(rows::show(tx, schema, &Cond::True, id)?) else { return Ok(id.text()) };
    let name = match rows::values_of(&record.data)?.remove(slug) {
        Some(Value::String(text)) => text,
        None | Some(Value::Null) => String::new(),
        Some(other) => other.to_string(),
    };
    Ok(if name.is_empty() { id.text() } else { name })
}

/// A record that a look-up offers, and why.
pub struct Offered {
    pub id: RecordId,
    pub display: String,
    /// `exact`, `beginning`, `word`, `within`; nothing when nothing was typed.
    pub fits: Option<&'static str>,
}

/// Records whose name is, begins with, or has what somebody types, in this order; without a text the first ones. Also by an id.
pub fn look_up(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str, text: &str, limit: i64, limits: &Limits) -> Result<Vec<Offered>> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    let mut offers = Offers { tx, plan: everything(&scope.seen, &scope.rows), limit, seen: HashSet::new(), found: Vec::new() };
    let text = text.trim();
    check_length(text, "q", limits)?;
    if text.is_empty() {
        offers.plan.window.limit = limit;
        let plan = offers.plan.clone();
        rows::each(tx, &plan, &mut |record| {
            offers.found.push((record.id, None));
            Ok(())
        })?;
        return offers.named();
    }
    if let Some(id) = RecordId::parse(text).filter(|_| text.starts_with("rec_")) {
        let there = rows::show(tx, &scope.seen, &scope.rows, id)?;
        offers.add(there.map(|record| record.id).into_iter().collect(), "exact");
    }
    let Some(field) = scope.seen.display_field.as_deref().and_then(|slug| scope.seen.field(slug)) else { return offers.named() };
    let column = scope.seen.search.index.as_ref().and_then(|index| index.fields.iter().position(|slug| *slug == field.slug));
    match column {
        Some(column) => offers.by_index(&scope, column, text, limits)?,
        None if scope.seen.searched().any(|searched| searched.slug == field.slug) => return Err(not_ready(&scope.whole.slug)),
        None => offers.by_walking(field, text)?,
    }
    offers.named()
}

struct Offers<'t, 'c> {
    tx: &'t ReadTx<'c>,
    plan: Plan,
    limit: i64,
    seen: HashSet<RecordId>,
    found: Vec<(RecordId, Option<&'static str>)>,
}

impl Offers<'_, '_> {
    fn by_index(&mut self, scope: &Scope, column: usize, text: &str, limits: &Limits) -> Result<()> {
        let mut typed = words(text, "q", limits)?;
        typed.iter_mut().filter(|word| word.manner == Manner::Within).for_each(|word| word.manner = Manner::WithinSome);
        let Some(all) = found(&scope.seen, typed.clone())? else { return Ok(()) };
        let narrowed = |words: Vec<Word>| Found { words, columns: vec![column], ..all.clone() };
        let as_typed = |manner| vec![Word { text: text.replace(|letter: char| letter.is_control(), " "), manner }];
        let stages = [("exact", as_typed(Manner::All)), ("beginning", as_typed(Manner::First)), ("word", typed), ("within", within(text)?)];
        for (fits, words) in stages {
            if words.is_empty() || self.left() == 0 {
                continue;
            }
            // Those that were found before are found again.
            let most = self.left() + i64::try_from(self.seen.len()).unwrap_or_default();
            let ids = index::first(self.tx, &self.plan, &narrowed(words), &scope.rows, most)?;
            self.add(ids, fits);
        }
        Ok(())
    }

    /// Where the name is computed: every record is looked at.
    fn by_walking(&mut self, field: &Field, text: &str) -> Result<()> {
        let column = Column::of(field);
        if column.kind() != Some(Kind::Text) {
            return Ok(());
        }
        let cond = Cond::Compare { column, op: crate::model::expr::Op::Contains, cell: Cell::Text(text.to_owned()) };
        let mut plan = self.plan.clone();
        plan.filter = plan.filter.and(cond);
        plan.window.limit = self.left();
        let mut ids = Vec::new();
        rows::each(self.tx, &plan, &mut |record| {
            ids.push(record.id);
            Ok(())
        })?;
        self.add(ids, "within");
        Ok(())
    }

    fn left(&self) -> i64 {
        self.limit - i64::try_from(self.found.len()).unwrap_or(self.limit)
    }

    fn add(&mut self, ids: Vec<RecordId>, fits: &'static str) {
        for id in ids {
            if self.left() > 0 && self.seen.insert(id) {
                self.found.push((id, Some(fits)));
            }
        }
    }

    fn named(self) -> Result<Vec<Offered>> {
        let one = |(id, fits)| Ok(Offered { id, display: display(self.tx, &self.plan.schema, id)?, fits });
        self.found.into_iter().map(one).collect()
    }
}

/// Every word of a text, wherever it stands within another.
fn within(text: &str) -> Result<Vec<Word>> {
    let parts = index::spelled(text)?;
    let is_enough = parts.iter().all(|part| part.chars().count() > 1);
    Ok(parts.into_iter().filter(|_| is_enough).map(|text| Word { text, manner: Manner::WithinSome }).collect())
}
