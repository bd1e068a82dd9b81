//! Files in: rows into a schema, all or nothing. The file is read twice: once to see its columns, once to check every row and stage it;
//! then the writer takes the stage in with one statement.

use super::access;
use super::bulk::{self, Batch};
use super::changes::{log_definition, log_import, one_batch};
use super::columns::{Column, ID, Purpose, Target, check_count, columns, key_field, passed_over, target};
use super::ctx::Ctx;
use super::guard;
use super::infer::Inference;
use super::merge;
use super::plan::cell;
use super::records::{no_user, unique_groups};
use super::row_problems::{Problems, Sent};
use super::validate;
use super::ways;
use crate::field;
use crate::format::day::DayOrder;
use crate::format::file::{Format, Found, Input};
use crate::format::guard::{is_free, unguarded};
use crate::format::rows::{Row, cell_name};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind, Refusal};
use crate::model::job::{Import, Outcome, Progress, Report};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::{Cell, Cond};
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Clean, Draft, RecordId};
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
    sheet_column: Option<u32>,
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
        let fields: Vec<Value> = self.columns.iter().filter(|column| column.purpose == Purpose::Field).map(field).collect();
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
        access::may_make_with_records(&catalog, who, &job.app)
            .or_else(|error| access::schema(&catalog, who, &job.app, &job.schema).map(drop).map_err(|_| error))?;
    }
    let mut target = target(&catalog, job, &headings, &inference)?;
    target.notes.splice(0..0, notes);
    let scope = held_back(&catalog, who, job, &target)?;
    if let Some(scope) = &scope {
        target.schema = Schema::clone(&scope.seen);
    }
    let columns = columns(&target, job, &headings)?;
    target.notes.extend(ways::notes(&columns));
    target.notes.extend(passed_over(&columns));
    let is_read_only =
        |column: &&Column| column.is_taken() && scope.as_ref().is_some_and(|scope| scope.read_only.contains(&column.field.slug));
    if let Some(column) = columns.iter().find(is_read_only) {
        return Err(guard::not_writable(&column.field.slug));
    }
    // A file without a row and a heading has nothing to find a record by, and need not.
    let wanted = job.key.as_deref().filter(|_| inference.rows > 0 || !headings.is_empty());
    let key = wanted.map(|key| key_field(&target, &columns, key)).transpose()?.cloned();

    let intake = Intake { input, schema: &target.schema, columns: &columns, key: key.as_ref(), blank_errors: job.blank_errors };
    let shown_max = ctx.limits.import_problems_shown_max;
    let (Staged { stage, rows, sheet_column, notes }, judged) = match &scope {
        None => (intake.stage(ctx.store.path(), &meter, shown_max)?, None),
        Some(_) => {
            let (drafts, notes) = intake.drafts(&meter, shown_max, ctx.limits.records_sent_max)?;
            let judged = if drafts.is_empty() { None } else { Some(judge(&catalog, who, job, key.as_ref(), &drafts, &ctx.limits)?) };
            let rows = u64::try_from(drafts.len()).unwrap_or(u64::MAX);
            (Staged { stage: Staging::create(ctx.store.path())?.finish()?, rows, sheet_column: None, notes }, judged)
        }
    };
    target.notes.extend(notes);
    // Without a key there is nothing to prepare: all rows are new, and looked at in the transaction.
    let looks = scope.is_none() && !target.is_new && (key.is_some() || job.dry_run);
    let seen = looks.then(|| meet(ctx, &intake, &stage, (rows, sheet_column), report)).transpose()?;
    meter.tell("writing", rows)?;
    let days = std::mem::take(&mut target.days);
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
        sheet_column,
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
fn meet(ctx: &Ctx, intake: &Intake<'_>, stage: &Stage, (total, sheet_column): (u64, Option<u32>), report: &Report) -> Result<Seen> {
    let Intake { schema, columns, key, .. } = *intake;
    ctx.store.read_staged(stage, |tx| {
        let schema = tx.catalog().schema_by_id(schema.id).filter(|known| known.version == schema.version).ok_or(Error::Stale)?;
        let mut found = Problems::new(columns, sheet_column, ctx.limits.import_problems_shown_max);
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
    one_batch(tx, |tx| take_in(tx, who, ready))
}

/// A table that is made for it, and its records.
fn take_in(tx: &mut WriteTx<'_>, who: &Caller, ready: &Ready) -> Result<Outcome> {
    let schema = settle(tx, who, &ready.target, &ready.fresh_uuid)?;
    let still = match &ready.seen {
        Some(seen) => !merge::is_touched(tx, &schema, seen.newest)?,
        None => false,
    };
    if !still {
        let mut found = Problems::new(&ready.columns, ready.sheet_column, ready.problems_shown_max);
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
    // Whether they may still make a table is asked where it is made.
    if ready.target.is_new {
        return access::may_make_with_records(tx.catalog(), who, &ready.target.app_slug);
    }
    let schema = tx.catalog().schema_by_id(ready.target.schema.id).ok_or(Error::Stale)?;
    for action in needed(ready.key.as_ref().map(|key| key.slug.as_str())) {
        access::scope_of(tx.catalog(), who, &schema, *action).filter(|scope| is_open(tx.catalog(), who, scope)).ok_or(Error::Stale)?;
    }
    Ok(())
}

/// What somebody may make in a table that is there, who may not do everything with it. `None` for whoever may, so that all rows can be taken in at once.
fn held_back(catalog: &Catalog, who: &Caller, job: &Import, target: &Target) -> Result<Option<Scope>> {
    if target.is_new {
        return access::may_make_with_records(catalog, who, &job.app).map(|()| None);
    }
    let scope = |action: &Action| access::scope(catalog, who, &job.app, &target.schema.slug, *action);
    let scopes = needed(job.key.as_deref()).iter().map(scope).collect::<Result<Vec<Scope>>>()?;
    let is_all = scopes.iter().all(|scope| is_open(catalog, who, scope));
    Ok(scopes.into_iter().next().filter(|_| !is_all))
}

/// What the rows do to records: those with an id are changed, those with another key changed or made.
pub fn needed(key: Option<&str>) -> &'static [Action] {
    match key {
        None => &[Action::Create],
        Some(ID) => &[Action::Update],
        Some(_) => &[Action::Create, Action::Update],
    }
}

/// Whether nothing of a table, nor of those that it refers to, is held back.
fn is_open(catalog: &Catalog, who: &Caller, scope: &Scope) -> bool {
    let targets = scope.whole.stored().filter_map(|field| catalog.target(&scope.whole, field));
    let is_read = |schema: &Arc<Schema>| access::scope_of(catalog, who, schema, Action::Read).is_some_and(|read| read.rows == Cond::True);
    scope.is_all() && is_read(&scope.whole) && targets.into_iter().all(|target| is_read(&target))
}

/// The rows of a file as a request of many records.
fn judge(catalog: &Catalog, who: &Caller, job: &Import, key: Option<&Field>, drafts: &[Draft], limits: &Limits) -> Result<bulk::Prepared> {
    let batch = Batch::Rows(drafts);
    match key.map(|key| key.slug.as_str()) {
        Some(ID) => bulk::prepare_update(catalog, who, &job.app, &job.schema, batch, limits),
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
    blank_errors: bool,
}

/// A stage that was filled, and what was met on the way.
struct Staged {
    stage: Stage,
    rows: u64,
    sheet_column: Option<u32>,
    notes: Vec<String>,
}

/// A row that may be taken in: as a new record, or with what was sent into the one that has its key.
struct Taken {
    /// `None` when it is no whole record: then there must be one to update.
    whole: Option<Clean>,
    /// `None` without a key.
    sent: Option<Clean>,
    key: Option<Cell>,
}

impl Intake<'_> {
    /// Checks every row and puts it on a stage. All problems are counted, the first ones told.
    fn stage(&self, data: &Path, meter: &Meter<'_>, shown_max: usize) -> Result<Staged> {
        let staging = Staging::create(data)?;
        let mut found = Problems::new(self.columns, None, shown_max);
        let (mut rows, mut blanked) = (0, Blanked::default());
        meter.bytes.store(0, Ordering::Relaxed);
        let Found { headings, .. } = self.input.read(&meter.bytes, &mut |_, row| {
            rows = row.number;
            found.sheet_column = row.column;
            meter.tell("checking", row.number)?;
            if self.blank_errors {
                blanked.see(&row, self.columns);
            }
            match self.check(&row) {
                Ok(taken) => self.put(&staging, &row, &taken),
                Err(problems) => {
                    found.add(number(row.number), row.line, problems);
                    Ok(())
                }
            }
        })?;
        if !headings.iter().eq(self.columns.iter().map(|column| &column.heading)) {
            let changed = Problem::new("changed", "The file changed while it was read: its columns are no longer those it began with");
            return Err(Error::invalid(changed.hint("Import it again when nobody writes to it")));
        }
        let sheet_column = found.sheet_column;
        self.twins(&staging, found)?;
        Ok(Staged { stage: staging.finish()?, rows, sheet_column, notes: blanked.note().into_iter().collect() })
    }

    /// Rows of the file that cannot stand beside each other; then all that was found so far is told.
    fn twins(&self, staging: &Staging, mut found: Problems<'_>) -> Result<()> {
        match self.key {
            Some(key) => {
                let group = std::slice::from_ref(&key.slug);
                found.add_met(staging.same_keys(found.shown_max())?, |met, sent| Ok(vec![same_as(met.other, group, sent)]))?;
            }
            None => {
                for group in unique_groups(self.schema) {
                    let twins = staging.twins(self.schema, &group, found.shown_max())?;
                    found.add_met(twins, |met, sent| Ok(vec![same_as(met.other, &group, sent)]))?;
                }
            }
        }
        let looks = |column: &Column| column.field.unique || matches!(column.field.kind, Kind::Reference | Kind::Links | Kind::User);
        let has_more = self.key.is_some() || !self.schema.unique.is_empty() || self.columns.iter().any(looks);
        let later =
            Problem::new("later", "What only the table can tell (references, unique values, keys) is looked at when these are mended");
        found.tally.refuse(has_more.then_some(later))
    }

    /// Every row as what a request would send, and what is said of the cells.
    fn drafts(&self, meter: &Meter<'_>, shown_max: usize, rows_max: usize) -> Result<(Vec<Draft>, Vec<String>)> {
        let (mut found, mut drafts, mut blanked) = (Problems::new(self.columns, None, shown_max), Vec::new(), Blanked::default());
        meter.bytes.store(0, Ordering::Relaxed);
        self.input.read(&meter.bytes, &mut |_, row| {
            found.sheet_column = row.column;
            meter.tell("checking", row.number)?;
            if self.blank_errors {
                blanked.see(&row, self.columns);
            }
            match self.draft(&row).and_then(|draft| self.named(&row, draft)) {
                Ok(draft) => drafts.push(draft),
                Err(problems) => found.add(number(row.number), row.line, problems),
            }
            if drafts.len() > rows_max {
                return Err(Error::TooLarge(format!("Your role takes in at most {rows_max} rows at once, for each is judged by itself")));
            }
            Ok(())
        })?;
        found.refuse()?;
        Ok((drafts, blanked.note().into_iter().collect()))
    }

    /// With the id of the record that is meant, where the key is that.
    fn named(&self, row: &Row, mut draft: Draft) -> std::result::Result<Draft, Vec<Problem>> {
        if self.key.is_some_and(|key| key.slug == ID) {
            let id = self.id(row).map_err(|problem| vec![problem])?;
            draft.insert(ID.to_owned(), Value::from(id.text()));
        }
        Ok(draft)
    }

    fn put(&self, staging: &Staging, row: &Row, taken: &Taken) -> Result<()> {
        let text = |clean: &Option<Clean>| clean.as_ref().map(|clean| rows::text_of(&clean.values)).transpose();
        let (whole, sent) = (text(&taken.whole)?, text(&taken.sent)?);
        staging.add(number(row.number), row.line.map(number), whole.as_deref(), sent.as_deref(), taken.key.as_ref())
    }

    /// Without a key a row must be a whole record. With one it is enough that what it sends is right: whether it must be whole
    /// is known when its record has been looked for. By its id a record is changed, and none is made.
    fn check(&self, row: &Row) -> std::result::Result<Taken, Vec<Problem>> {
        let draft = self.draft(row)?;
        let Some(key) = self.key else {
            let whole = validate::create(self.schema, &draft).map_err(problems_of)?.clean;
            return Ok(Taken { whole: Some(whole), sent: None, key: None });
        };
        let sent = validate::update(self.schema, &draft).map_err(problems_of)?.clean;
        if key.slug == ID {
            let id = self.id(row).map_err(|problem| vec![problem])?;
            return Ok(Taken { whole: None, sent: Some(sent), key: Some(Cell::Integer(id.0)) });
        }
        let value = sent.values.get(&key.slug).and_then(|value| cell(key.kind, value));
        let Some(value) = value else {
            return Err(vec![Problem::of(&key.slug, "required", format!("Field '{}' is the key and has no value", key.slug))]);
        };
        let whole = validate::create(self.schema, &draft).ok().map(|checked| checked.clean);
        Ok(Taken { whole, sent: Some(sent), key: Some(value) })
    }

    /// Which record a row is about.
    fn id(&self, row: &Row) -> std::result::Result<RecordId, Problem> {
        let is_id = |at: usize| self.columns.get(at).is_some_and(|column| column.purpose == Purpose::Id);
        let id = match row.cells.iter().find(|(at, _)| is_id(*at)).map(|(_, value)| value) {
            None | Some(Value::Null) => return Err(Problem::of(ID, "required", "The id is the key and has no value")),
            Some(Value::String(text)) => RecordId::parse(text.trim()).ok_or_else(|| quoted(text)),
            Some(other) => other.as_i64().filter(|id| *id > 0).map(RecordId).ok_or_else(|| other.to_string()),
        };
        id.map_err(|sent| Problem::of(ID, "type", format!("The id must be a record's, such as rec_5, not {sent}")))
    }

    /// A cell as the field's type reads it: texts as text, what JSON or a sheet has typed as it is.
    fn read(&self, column: &Column, value: &Value, is_day: bool) -> std::result::Result<Value, Refusal> {
        let Column { field, way, .. } = column;
        let format = self.input.format;
        match (value, way) {
            (Value::String(text), _) if is_day && field.kind == Kind::Datetime => Ok(Value::String(format!("{text}T00:00:00Z"))),
            (Value::String(text), Some(way)) if !is_day => match way.read(field, text) {
                // What a sheet has as a moment came in as such.
                Err(refusal) if format == Format::Xlsx => field::read_cell(field, text).map_err(|_| refusal),
                read => read,
            },
            (Value::String(text), _) if format.is_textual() && is_free(field.kind) => field::read_cell(field, unguarded(text)),
            (Value::String(text), _) if format.is_textual() || format == Format::Xlsx => {
                field::read_cell(field, text).map_err(|refusal| ways::hinted(refusal, column, text))
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
            if !column.is_taken() {
                continue;
            }
            let slug = &column.field.slug;
            let why = row.refused.iter().find(|(refused, _)| refused == at).map(|(_, why)| Refusal::new("cell", why));
            let error = row.errors.iter().find(|(refused, _)| refused == at).filter(|_| !self.blank_errors);
            let why = why.or_else(|| error.map(|(_, error)| is_error(error)));
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

/// Cells with errors that were read as empty ones.
#[derive(Default)]
struct Blanked {
    count: u64,
    first: Option<String>,
}

impl Blanked {
    fn see(&mut self, row: &Row, columns: &[Column]) {
        let taken = row.errors.iter().filter(|(at, _)| columns.get(*at).is_some_and(Column::is_taken));
        for (at, error) in taken {
            self.count += 1;
            let name = || Some(cell_name(row.column? + u32::try_from(*at).ok()?, row.line?));
            self.first = self.first.take().or_else(|| Some(format!("{error} in {}", name()?)));
        }
    }

    fn note(self) -> Option<String> {
        let first = self.first?;
        let others = if self.count > 1 { format!(", and {} more with errors", self.count - 1) } else { String::new() };
        Some(format!("Read as empty: {first}{others}"))
    }
}

fn is_error(error: &str) -> Refusal {
    Refusal::new("cell", format!("holds the error {error}"))
        .hint("--blank-errors reads such cells as empty ones (over HTTP blank_errors=true)")
}

pub fn problems_of(error: Error) -> Vec<Problem> {
    match error {
        Error::Invalid(problems) => problems,
        other => vec![Problem::new("invalid", other.message())],
    }
}

pub fn same_as(row: i64, group: &[String], sent: &Sent) -> Problem {
    let names = group.join(" and ");
    let slug = group.first().map(String::as_str).unwrap_or_default();
    Problem::of(slug, "unique", format!("has the same {names}{} as row {row}", sent.told(group)))
}

/// What only the table's rows can tell of new records: values that must be unique, records that must be there.
fn check_new(tx: &ReadTx<'_>, schema: &Schema, keyed: bool, found: &mut Problems<'_>) -> Result<()> {
    for group in unique_groups(schema) {
        let first = group.first().map(String::as_str).unwrap_or_default();
        let taken = rows::staged_taken(tx, schema, &group, found.shown_max())?;
        found.add_met(taken, |_, sent| {
            let message = format!("a record with the same {}{} is there already", group.join(" and "), sent.told(&group));
            let problem = Problem::of(first, "unique", message);
            let alone = group.len() == 1 && !keyed;
            Ok(vec![if alone { problem.hint(format!("An import with the key {first} updates it")) } else { problem }])
        })?;
    }
    for field in schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links)) {
        let Some(pointed) = tx.catalog().target(schema, field) else { continue };
        let dangling = if field.kind == Kind::Links { rows::staged_dangling_links } else { rows::staged_dangling };
        let dangling = dangling(tx, field, &pointed, found.shown_max())?;
        found.add_met(dangling, |met, _| Ok(vec![points_nowhere(field, &met.other, &pointed)]))?;
    }
    for field in schema.fields.iter().filter(|field| field.kind == Kind::User) {
        let unknown = rows::staged_unknown_users(tx, field, found.shown_max())?;
        found.add_met(unknown, |met, _| Ok(vec![no_user(field, met.other)]))?;
    }
    Ok(())
}

pub fn points_nowhere(field: &Field, id: &str, target: &Schema) -> Problem {
    let message = format!("Field '{}' points to {id}, which is not in table '{}'", field.slug, target.slug);
    Problem::of(&field.slug, "reference", message)
}

/// The schema in this transaction, made if it is new, with its app if that is, by who may still do so.
pub fn settle(tx: &mut WriteTx<'_>, who: &Caller, target: &Target, fresh_uuid: &str) -> Result<Arc<Schema>> {
    if !target.is_new {
        return tx.catalog().schema_by_id(target.schema.id).filter(|schema| schema.version == target.schema.version).ok_or(Error::Stale);
    }
    access::may_make(tx.catalog(), who, &target.app_slug)?;
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
