//! Files in: rows into a schema, all or nothing. The file is read twice: once to see its columns, once to check every row and stage it;
//! then the writer takes the stage in with one statement.

use super::access;
use super::bulk::{self, Batch};
use super::changes::{log_definition, log_import};
use super::columns::{Column, Target, check_count, columns, key_field, ordered, target};
use super::ctx::Ctx;
use super::guard;
use super::infer::Inference;
use super::merge;
use super::plan::cell;
use super::records::unique_groups;
use super::row_problems::Problems;
use super::validate;
use crate::field;
use crate::format::day::DayOrder;
use crate::format::file::{Format, Found, Input};
use crate::format::guard::{is_free, unguarded};
use crate::format::rows::Row;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind, Refusal};
use crate::model::job::{Import, Outcome, Progress, Report};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Clean, Draft};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::stage::{Stage, Staging};
use crate::store::tables::{changes, schemas};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const REPORT_EVERY_ROWS: u64 = 1_000;

/// A file whose rows are checked as far as that goes without the table, and staged.
pub struct Ready {
    target: Target,
    stage: Stage,
    key: Option<Field>,
    rows: u64,
    /// What was looked up in the table, if there was one to look at.
    seen: Option<Seen>,
    columns: Vec<Column>,
    /// Columns of a new table that a person may want as dates, as the outcome tells them.
    days: Vec<Value>,
    /// For somebody who may not do everything in the table: the rows as a request of many records, each judged by itself.
    judged: Option<bulk::Prepared>,
    is_judged: bool,
    /// For an app that the import makes.
    fresh_uuid: String,
    dry_run: bool,
    problems_shown_max: usize,
}

/// What a snapshot told of staged rows.
struct Seen {
    /// The last number of its change log.
    newest: i64,
    updated: i64,
}

impl Ready {
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What the transaction has to have attached.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    fn outcome(&self, created: i64, updated: i64) -> Outcome {
        let target = &self.target;
        let field = |Column { heading, field, .. }: &Column| json!({"slug": field.slug, "header": heading, "type": field.type_name});
        let fields: Vec<Value> = self.columns.iter().map(field).collect();
        json!({
            "app": target.app_slug, "schema": target.schema.slug, "rows": self.rows, "created": created, "updated": updated,
            "dry_run": self.dry_run, "new_app": target.app.is_none(), "new_schema": target.is_new, "fields": fields, "days": self.days,
            "notes": target.notes,
        })
    }
}

/// The part before the transaction: reads the file, finds or draws up the table, checks and stages every row.
pub fn prepare(ctx: &Ctx, who: &Caller, job: &Import, input: &Input, report: &Report) -> Result<Ready> {
    let meter = Meter { bytes: Arc::new(AtomicU64::new(0)), bytes_total: input.bytes_total()?, report };

    let (inference, Found { headings, notes }) = look(input, &meter)?;
    let catalog = ctx.store.catalog();
    if job.must_exist {
        access::schema(&catalog, who, &job.app, &job.schema)?;
    } else {
        access::may_make(&catalog, who, &job.app)
            .or_else(|error| access::schema(&catalog, who, &job.app, &job.schema).map(drop).map_err(|_| error))?;
    }
    let mut target = target(&catalog, job, &headings, &inference)?;
    target.notes.splice(0..0, notes);
    let scope = held_back(&catalog, who, job, &target)?;
    if let Some(scope) = &scope {
        target.schema = Schema::clone(&scope.seen);
    }
    let columns = columns(&target, job, &headings)?;
    target.notes.extend(ordered(&columns));
    let is_read_only = |column: &&Column| scope.as_ref().is_some_and(|scope| scope.read_only.contains(&column.field.slug));
    if let Some(column) = columns.iter().find(is_read_only) {
        return Err(guard::not_writable(&column.field.slug));
    }
    let key = job.key.as_deref().map(|key| key_field(&target, &columns, key)).transpose()?.cloned();

    let intake = Intake { input, schema: &target.schema, columns: &columns, key: key.as_ref() };
    let shown_max = ctx.limits.import_problems_shown_max;
    let (stage, rows, judged) = match &scope {
        None => {
            let (stage, rows) = intake.stage(ctx.store.path(), &meter, shown_max)?;
            (stage, rows, None)
        }
        Some(_) => {
            let drafts = intake.drafts(&meter, shown_max, ctx.limits.records_sent_max)?;
            let judged = if drafts.is_empty() { None } else { Some(judge(&catalog, who, job, &drafts, &ctx.limits)?) };
            (Staging::create(ctx.store.path())?.finish()?, u64::try_from(drafts.len()).unwrap_or(u64::MAX), judged)
        }
    };
    // Without a key there is nothing to prepare: all rows are new, and looked at in the transaction.
    let looks = scope.is_none() && !target.is_new && (key.is_some() || job.dry_run);
    let seen = looks.then(|| meet(ctx, &intake, &stage, rows, report)).transpose()?;
    meter.tell("writing", rows)?;
    let days = if target.is_new { inference.days(&headings, &target.schema.fields) } else { Vec::new() };
    let orders = |orders: &[DayOrder]| orders.iter().map(|order| order.name()).collect::<Vec<_>>();
    Ok(Ready {
        target,
        stage,
        key,
        rows,
        seen,
        judged,
        is_judged: scope.is_some(),
        columns,
        days: days.iter().map(|days| json!({"header": days.heading, "orders": orders(&days.orders), "example": days.example})).collect(),
        fresh_uuid: uuid::Builder::from_random_bytes(ctx.random()).into_uuid().to_string(),
        dry_run: job.dry_run,
        problems_shown_max: ctx.limits.import_problems_shown_max,
    })
}

/// The first reading: what the columns hold.
fn look(input: &Input, meter: &Meter<'_>) -> Result<(Inference, Found)> {
    let mut inference = Inference::default();
    let found = input.read(&meter.bytes, &mut |headings, row| {
        check_count(headings)?;
        inference.see(&row, input.format.is_textual());
        meter.tell("reading", row.number)
    })?;
    check_count(&found.headings)?;
    Ok((inference, found))
}

/// Whether a file has columns that a person may want as dates: asked before somebody is.
pub fn may_hold_days(input: &Input, report: &Report) -> Result<bool> {
    let meter = Meter { bytes: Arc::new(AtomicU64::new(0)), bytes_total: input.bytes_total()?, report };
    let (inference, Found { headings, .. }) = look(input, &meter)?;
    Ok(!inference.days(&headings, &inference.fields(&headings)).is_empty())
}

/// Looks in a snapshot what the rows meet in the table, and refuses what cannot be. Nobody who writes waits for it.
fn meet(ctx: &Ctx, intake: &Intake<'_>, stage: &Stage, total: u64, report: &Report) -> Result<Seen> {
    let Intake { schema, columns, key, .. } = *intake;
    ctx.store.read_staged(stage, |tx| {
        let schema = tx.catalog().schema_by_id(schema.id).filter(|known| known.version == schema.version).ok_or(Error::Stale)?;
        let mut found = Problems::new(columns, ctx.limits.import_problems_shown_max);
        if let Some(key) = key {
            let tell = |done| report(Progress { stage: "checking", done, total: Some(total), unit: "rows", rows: total });
            merge::prepare(tx, &schema, key, &mut found, &tell)?;
            merge::check(tx, &schema, &mut found)?;
        }
        check_new(tx, &schema, key.is_some(), &mut found)?;
        found.refuse()?;
        Ok(Seen { newest: changes::bounds(tx)?.1, updated: rows::staged_matches(tx)? })
    })
}

/// What the import would do. Of the writer it takes no more than the time to see whether a new table could be made.
pub fn rehearse(ctx: &Ctx, who: &Caller, ready: &Arc<Ready>) -> Result<Outcome> {
    if ready.is_judged {
        let (me, inside) = (who.clone(), ready.clone());
        return ctx.store.rehearse(move |tx| finish(tx, &me, &inside));
    }
    let Some(seen) = &ready.seen else {
        let (me, inside) = (who.clone(), ready.clone());
        ctx.store.rehearse(move |tx| settle(tx, &me, &inside.target, &inside.fresh_uuid).map(drop))?;
        return Ok(ready.outcome(number(ready.rows), 0));
    };
    Ok(ready.outcome(number(ready.rows) - seen.updated, seen.updated))
}

/// The part inside the transaction: makes what is missing, updates what has the same key, takes in the rest.
/// Answers `{app, schema, rows, created, updated, dry_run, new_app, new_schema, fields, days, notes}`.
pub fn finish(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready) -> Result<Outcome> {
    if ready.is_judged && ready.rows == 0 {
        return Ok(ready.outcome(0, 0));
    }
    if let Some(judged) = &ready.judged {
        let done = bulk::store(tx, who, judged)?;
        return Ok(ready.outcome(counted(done.created), counted(done.records.len() - done.created)));
    }
    may_still(tx, who, ready)?;
    let schema = settle(tx, who, &ready.target, &ready.fresh_uuid)?;
    let still = match &ready.seen {
        Some(seen) => !merge::is_touched(tx, &schema, seen.newest)?,
        None => false,
    };
    if !still {
        let mut found = Problems::new(&ready.columns, ready.problems_shown_max);
        if let Some(key) = &ready.key {
            merge::prepare(tx, &schema, key, &mut found, &|_| Ok(()))?;
            merge::check(tx, &schema, &mut found)?;
        }
        check_new(tx, &schema, ready.key.is_some(), &mut found)?;
        found.refuse()?;
    }
    let updated = rows::staged_matches(tx)?;
    let ids = rows::insert_staged(tx, &schema, who.user_id())?;
    let batch = log_import(tx, who, &schema, ids, updated)?;
    if updated > 0 {
        merge::finish(tx, who, &schema, batch)?;
    }
    Ok(ready.outcome(ids.map_or(0, |(first, last)| last.0 - first.0 + 1), updated))
}

/// Whether the caller may still do all that the import takes.
fn may_still(tx: &ReadTx<'_>, who: &Caller, ready: &Ready) -> Result<()> {
    if ready.target.is_new {
        return access::may_make(tx.catalog(), who, &ready.target.app_slug);
    }
    let schema = tx.catalog().schema_by_id(ready.target.schema.id).ok_or(Error::Stale)?;
    let actions = [Action::Create, Action::Update].into_iter().filter(|action| *action == Action::Create || ready.key.is_some());
    for action in actions {
        access::scope_of(tx.catalog(), who, &schema, action).filter(|scope| is_open(tx.catalog(), who, scope)).ok_or(Error::Stale)?;
    }
    Ok(())
}

/// What somebody may make in a table that is there, who may not do everything with it. `None` for whoever may, so that all rows can be taken in at once.
fn held_back(catalog: &Catalog, who: &Caller, job: &Import, target: &Target) -> Result<Option<Scope>> {
    if target.is_new {
        return access::may_make(catalog, who, &job.app).map(|()| None);
    }
    let scope = |action| access::scope(catalog, who, &job.app, &target.schema.slug, action);
    let makes = scope(Action::Create)?;
    let changes = job.key.as_ref().map(|_| scope(Action::Update)).transpose()?;
    let is_all = is_open(catalog, who, &makes) && changes.is_none_or(|changes| is_open(catalog, who, &changes));
    Ok((!is_all).then_some(makes))
}

/// Whether nothing of a table, nor of those that it refers to, is held back.
fn is_open(catalog: &Catalog, who: &Caller, scope: &Scope) -> bool {
    let targets = scope.whole.stored().filter_map(|field| catalog.target(&scope.whole, field));
    let is_read = |schema: &Arc<Schema>| access::scope_of(catalog, who, schema, Action::Read).is_some_and(|read| read.rows == Cond::True);
    scope.is_all() && is_read(&scope.whole) && targets.into_iter().all(|target| is_read(&target))
}

/// The rows of a file as a request of many records.
fn judge(catalog: &Catalog, who: &Caller, job: &Import, drafts: &[Draft], limits: &Limits) -> Result<bulk::Prepared> {
    let batch = Batch::Rows(drafts);
    match &job.key {
        Some(key) => bulk::prepare_upsert(catalog, who, &job.app, &job.schema, key, batch, limits),
        None => bulk::prepare_create(catalog, who, &job.app, &job.schema, batch, limits),
    }
}

fn counted(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

struct Meter<'a> {
    bytes: Arc<AtomicU64>,
    bytes_total: u64,
    report: &'a Report,
}

impl Meter<'_> {
    fn tell(&self, stage: &'static str, rows: u64) -> Result<()> {
        if !rows.is_multiple_of(REPORT_EVERY_ROWS) && stage != "writing" {
            return Ok(());
        }
        let done = self.bytes.load(Ordering::Relaxed).min(self.bytes_total);
        (self.report)(Progress { stage, done, total: Some(self.bytes_total), unit: "bytes", rows })
    }
}

/// The second reading of a file: what its rows are checked against.
struct Intake<'a> {
    input: &'a Input,
    schema: &'a Schema,
    columns: &'a [Column],
    key: Option<&'a Field>,
}

/// A row that may be taken in: as a new record, or with what was sent into the one that has its key.
struct Taken {
    /// `None` when it is no whole record: then there must be one to update.
    whole: Option<Clean>,
    /// `None` without a key.
    sent: Option<Clean>,
}

impl Intake<'_> {
    /// Checks every row and puts it on a stage. All problems are counted, the first ones told.
    fn stage(&self, data: &Path, meter: &Meter<'_>, shown_max: usize) -> Result<(Stage, u64)> {
        let staging = Staging::create(data)?;
        let mut found = Problems::new(self.columns, shown_max);
        let mut rows = 0;
        meter.bytes.store(0, Ordering::Relaxed);
        let Found { headings, .. } = self.input.read(&meter.bytes, &mut |_, row| {
            rows = row.number;
            meter.tell("checking", row.number)?;
            match self.check(&row) {
                Ok(taken) => self.put(&staging, &row, &taken),
                Err(problems) => {
                    found.add(number(row.number), Some(&row), problems);
                    Ok(())
                }
            }
        })?;
        if !headings.iter().eq(self.columns.iter().map(|column| &column.heading)) {
            let changed = Problem::new("changed", "The file changed while it was read: its columns are no longer those it began with");
            return Err(Error::invalid(changed.hint("Import it again when nobody writes to it")));
        }
        match self.key {
            Some(key) => {
                for (first, second) in staging.same_keys(shown_max)? {
                    found.add(second, None, vec![same_as(first, std::slice::from_ref(&key.slug))]);
                }
            }
            None => {
                for group in unique_groups(self.schema) {
                    for (first, second) in staging.twins(self.schema, &group, shown_max)? {
                        found.add(second, None, vec![same_as(first, &group)]);
                    }
                }
            }
        }
        found.refuse()?;
        Ok((staging.finish()?, rows))
    }

    /// Every row as what a request would send.
    fn drafts(&self, meter: &Meter<'_>, shown_max: usize, rows_max: usize) -> Result<Vec<Draft>> {
        let (mut found, mut drafts) = (Problems::new(self.columns, shown_max), Vec::new());
        meter.bytes.store(0, Ordering::Relaxed);
        self.input.read(&meter.bytes, &mut |_, row| {
            meter.tell("checking", row.number)?;
            match self.draft(&row) {
                Ok(draft) => drafts.push(draft),
                Err(problems) => found.add(number(row.number), Some(&row), problems),
            }
            if drafts.len() > rows_max {
                return Err(Error::TooLarge(format!("Your role takes in at most {rows_max} rows at once, for each is judged by itself")));
            }
            Ok(())
        })?;
        found.refuse()?;
        Ok(drafts)
    }

    fn put(&self, staging: &Staging, row: &Row, taken: &Taken) -> Result<()> {
        let text = |clean: &Option<Clean>| clean.as_ref().map(|clean| rows::text_of(&clean.values)).transpose();
        let value = |key: &Field| taken.sent.as_ref().and_then(|sent| cell(key.kind, sent.values.get(&key.slug)?));
        staging.add(number(row.number), text(&taken.whole)?.as_deref(), text(&taken.sent)?.as_deref(), self.key.and_then(value).as_ref())
    }

    /// Without a key a row must be a whole record. With one it is enough that what it sends is right: whether it must be whole
    /// is known when its record has been looked for.
    fn check(&self, row: &Row) -> std::result::Result<Taken, Vec<Problem>> {
        let draft = self.draft(row)?;
        let Some(key) = self.key else {
            let whole = validate::create(self.schema, &draft).map_err(problems_of)?.clean;
            return Ok(Taken { whole: Some(whole), sent: None });
        };
        let sent = validate::update(self.schema, &draft).map_err(problems_of)?.clean;
        if sent.values.get(&key.slug).is_none_or(Value::is_null) {
            return Err(vec![Problem::of(&key.slug, "required", format!("Field '{}' is the key and has no value", key.slug))]);
        }
        let whole = validate::create(self.schema, &draft).ok().map(|checked| checked.clean);
        Ok(Taken { whole, sent: Some(sent) })
    }

    /// A cell as the field's type reads it: texts as text, what JSON or a sheet has typed as it is.
    fn read(&self, column: &Column, value: &Value, is_day: bool) -> std::result::Result<Value, Refusal> {
        let Column { field, order, .. } = column;
        let format = self.input.format;
        match (value, order) {
            (Value::String(text), Some(order)) => read_day(*order, text),
            (Value::String(text), None) if is_day && field.kind == Kind::Datetime => Ok(Value::String(format!("{text}T00:00:00Z"))),
            (Value::String(text), None) if format.is_textual() && is_free(field.kind) => field::read_text(field, unguarded(text)),
            (Value::String(text), None) if format.is_textual() || format == Format::Xlsx => {
                field::read_text(field, text).map_err(|refusal| with_order(refusal, column, text))
            }
            (other, _) => Ok(other.clone()),
        }
    }

    fn draft(&self, row: &Row) -> std::result::Result<Draft, Vec<Problem>> {
        let mut draft = Draft::new();
        let mut problems = Vec::new();
        for (at, value) in &row.cells {
            // A column that was not there before: the whole file is refused when it has been read.
            let Some(column) = self.columns.get(*at) else { continue };
            if column.field.is_given() {
                continue;
            }
            let slug = &column.field.slug;
            let why = row.refused.iter().find(|(refused, _)| refused == at).map(|(_, why)| Refusal::new("cell", why));
            match why.map_or_else(|| self.read(column, value, row.days.contains(at)), Err) {
                Ok(value) => drop(draft.insert(slug.clone(), value)),
                Err(refusal) => problems.push(refusal.of(slug)),
            }
        }
        if problems.is_empty() {
            return Ok(draft);
        }
        // The other cells have their say too; what is only missing because it could not be read has not.
        let others = if self.key.is_some() { validate::update(self.schema, &draft) } else { validate::create(self.schema, &draft) };
        let others = others.err().map_or_else(Vec::new, problems_of);
        let told: Vec<Option<String>> = problems.iter().map(|problem| problem.field.clone()).collect();
        problems.extend(others.into_iter().filter(|problem| !told.contains(&problem.field)));
        Err(problems)
    }
}

/// A text in the order that a person gave.
fn read_day(order: DayOrder, text: &str) -> std::result::Result<Value, Refusal> {
    let refused = || Refusal::new("type", format!("must be a day, {}, not {}", order.words(), quoted(text)));
    order.read(text).map(Value::String).ok_or_else(refused)
}

/// Says how a day can be read that is not written as the API writes days.
fn with_order(refusal: Refusal, column: &Column, text: &str) -> Refusal {
    match DayOrder::ALL.into_iter().find(|order| column.field.kind == Kind::Date && order.read(text).is_some()) {
        Some(order) => {
            let (heading, name) = (&column.heading, order.name());
            refusal.hint(format!("The command line says in which order its parts stand: --type \"{heading}=date:{name}\""))
        }
        None => refusal,
    }
}

pub fn problems_of(error: Error) -> Vec<Problem> {
    match error {
        Error::Invalid(problems) => problems,
        other => vec![Problem::new("invalid", other.message())],
    }
}

pub fn same_as(row: i64, group: &[String]) -> Problem {
    let names = group.join(" and ");
    Problem::of(group.first().map(String::as_str).unwrap_or_default(), "unique", format!("has the same {names} as row {row}"))
}

/// What only the table's rows can tell of new records: values that must be unique, records that must be there.
fn check_new(tx: &ReadTx<'_>, schema: &Schema, keyed: bool, found: &mut Problems<'_>) -> Result<()> {
    for group in unique_groups(schema) {
        let first = group.first().map(String::as_str).unwrap_or_default();
        for row in rows::staged_taken(tx, schema, &group, found.shown_max)? {
            let problem = Problem::of(first, "unique", format!("a record with the same {} is there already", group.join(" and ")));
            let alone = group.len() == 1 && !keyed;
            found.add(row, None, vec![if alone { problem.hint(format!("An import with the key {first} updates it")) } else { problem }]);
        }
    }
    for field in schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links)) {
        let Some(pointed) = tx.catalog().target(schema, field) else { continue };
        let dangling = if field.kind == Kind::Links { rows::staged_dangling_links } else { rows::staged_dangling };
        for row in dangling(tx, field, &pointed, found.shown_max)? {
            let message = format!("Field '{}' points to a record that is not in table '{}'", field.slug, pointed.slug);
            found.add(row, None, vec![Problem::of(&field.slug, "reference", message)]);
        }
    }
    for field in schema.fields.iter().filter(|field| field.kind == Kind::User) {
        for row in rows::staged_unknown_users(tx, field, found.shown_max)? {
            let message = format!("Field '{}' names a user who is not there", field.slug);
            found.add(row, None, vec![Problem::of(&field.slug, "user", message)]);
        }
    }
    Ok(())
}

/// The schema in this transaction, made if it is new, with its app if that is.
pub fn settle(tx: &mut WriteTx<'_>, who: &Caller, target: &Target, fresh_uuid: &str) -> Result<Arc<Schema>> {
    if !target.is_new {
        return tx.catalog().schema_by_id(target.schema.id).filter(|schema| schema.version == target.schema.version).ok_or(Error::Stale);
    }
    let app = match tx.catalog().app(&target.app_slug) {
        Ok(app) => app.id,
        Err(_) => super::apps::create(tx, who, &target.app_slug, fresh_uuid, None, None)?,
    };
    let schema = Schema { app, ..target.schema.clone() };
    // Made by somebody else since: the rows have to be checked against that one.
    if tx.catalog().schemas(app).any(|known| known.slug == schema.slug) {
        return Err(Error::Stale);
    }
    let id = schemas::insert(tx, &schema)?;
    log_definition(tx, who, app, Some(id), format!("made the table {}", schema.slug), Some(json!({"after": schemas::described(&schema)})))?;
    tx.catalog_changed()?;
    tx.catalog().schema_by_id(id).ok_or_else(|| Error::internal("a new schema is missing"))
}

/// No file has more rows than that.
fn number(row: u64) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}
