//! Transactions as functions see them: a snapshot to read, a job's part of a group to write, and what all of them share.

use super::asked::Asked;
use super::sqlite::OrFailed;
use super::tables::catalog;
use super::totals::Totals;
use super::touched::Touched;
use crate::model::catalog::Catalog;
use crate::model::error::Result;
use crate::model::fault::Fault;
use crate::model::schema::SchemaId;
use crate::model::time::Moment;
use rusqlite::Connection;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Reads the clock; each transaction does so once.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// A clock that goes back further than this was wrong before, and is believed.
const SET_BACK_S_MAX: i64 = 3_600;

/// How long the rules by which one job of the writer asks may look at other records, all of them together: everybody waits for it.
const RULES: Duration = Duration::from_millis(500);

/// What the writer publishes and readers see, after each commit.
pub struct Shared {
    catalog: RwLock<Arc<Catalog>>,
    /// Counts up when any session, password or user changed: caches of credentials hold for one value of it.
    credentials: AtomicU64,
    clock: Clock,
    memory: Memory,
    on_commit: OnceLock<Box<dyn Fn() + Send + Sync>>,
    /// Why nothing is written any more, and whether that was said aloud.
    halted: OnceLock<String>,
    is_halt_told: AtomicBool,
    /// Everything is being replaced: what would be written now could be in neither the old nor the new.
    is_paused: AtomicBool,
    /// Nothing but jobs that are at work writes any more.
    is_stopping: AtomicBool,
    /// Nothing is read any more.
    is_ended: AtomicBool,
    fault: Option<Fault>,
    last_moment: Mutex<Moment>,
    /// When a transaction was last committed.
    written: Mutex<Instant>,
    touched: Touched,
}

/// What reads remember for each other.
#[derive(Default)]
pub(super) struct Memory {
    pub totals: Totals,
    pub asked: Asked,
}

impl Shared {
    pub(super) fn new(catalog: Catalog, clock: Clock, fault: Option<Fault>) -> Self {
        Self {
            catalog: RwLock::new(Arc::new(catalog)),
            credentials: AtomicU64::new(0),
            clock,
            memory: Memory::default(),
            last_moment: Mutex::new(Moment { epoch_seconds: i64::MIN / 2, text: String::new() }),
            written: Mutex::new(Instant::now()),
            touched: Touched::default(),
            on_commit: OnceLock::new(),
            halted: OnceLock::new(),
            is_halt_told: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
            is_ended: AtomicBool::new(false),
            fault,
        }
    }

    /// From now on nothing is written.
    pub(super) fn halt(&self, what: &str) {
        let _ = self.halted.set(what.to_owned());
    }

    /// True for the first who is to tell that nothing is written any more.
    pub(super) fn tells_halt(&self) -> bool {
        self.halted().is_some() && !self.is_halt_told.swap(true, Ordering::AcqRel)
    }

    /// Until the value is dropped nothing is written but by who has it; `None` while somebody else does.
    pub(super) fn pause(&self) -> Option<Paused<'_>> {
        self.is_paused.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).ok().map(|_| Paused(self))
    }

    pub(super) fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    pub(super) fn begin_to_stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
    }

    /// Ends what is being read.
    pub(super) fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    pub(super) fn halted(&self) -> Option<&str> {
        self.halted.get().map(String::as_str)
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_catalog(&self, catalog: Arc<Catalog>) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = catalog;
    }

    pub(super) fn credentials(&self) -> u64 {
        self.credentials.load(Ordering::Acquire)
    }

    /// The time by the clock; when that was set back a little, the last time that was read, so that stamps keep their order.
    pub(super) fn now(&self) -> Moment {
        let read = (self.clock)();
        let mut last = self.last_moment.lock().unwrap_or_else(PoisonError::into_inner);
        let back_s = last.epoch_seconds - read.epoch_seconds;
        if !(1..=SET_BACK_S_MAX).contains(&back_s) {
            *last = read;
        }
        last.clone()
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What the writer's transaction has written to.
    pub(super) fn touched(&self) -> &Touched {
        &self.touched
    }

    /// How long nobody has written.
    pub(super) fn idle(&self) -> Duration {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    pub(super) fn set_on_commit(&self, tell: Box<dyn Fn() + Send + Sync>) {
        let _ = self.on_commit.set(tell);
    }

    /// Everything is another than before.
    pub(super) fn publish_all(&self, catalog: Catalog, newest: i64, given: i64) {
        self.memory.totals.begin(newest, Some(given));
        self.set_catalog(Arc::new(catalog));
        self.credentials.fetch_add(1, Ordering::AcqRel);
        if let Some(tell) = self.on_commit.get() {
            tell();
        }
    }

    pub(super) fn publish(&self, tx: WriteTx<'_>) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.memory.totals.wrote(&tx.logged.schemas, tx.logged.newest);
        if tx.catalog_changed {
            self.set_catalog(tx.read.catalog);
        }
        if tx.credentials_changed {
            self.credentials.fetch_add(1, Ordering::AcqRel);
        }
        if let Some(tell) = self.on_commit.get() {
            tell();
        }
    }
}

/// Writes are paused as long as this lives.
pub(super) struct Paused<'s>(&'s Shared);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        self.0.is_paused.store(false, Ordering::Release);
    }
}

/// One snapshot. Handed to every function that reads.
pub struct ReadTx<'c> {
    conn: &'c Connection,
    catalog: Arc<Catalog>,
    /// `None` inside a write, which sees what nobody else does.
    shared: Option<&'c Shared>,
    /// What is left to a job of the writer of the time for its rules; `None` where nobody waits for it.
    rules_left: Option<Cell<Duration>>,
    hurry: Hurry,
}

/// A moment after which a single question of a read is over.
#[derive(Clone, Default)]
pub(super) struct Hurry(Arc<Mutex<Hurried>>);

#[derive(Default)]
struct Hurried {
    until: Option<Instant>,
    was_late: bool,
}

impl Hurry {
    pub fn is_over(&self) -> bool {
        let mut hurried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = hurried.until.is_some_and(|until| Instant::now() > until);
        hurried.was_late |= is_over;
        is_over
    }

    /// Whether the question that was hurried until now was late.
    fn set(&self, until: Option<Instant>) -> bool {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), Hurried { until, was_late: false }).was_late
    }
}

impl<'c> ReadTx<'c> {
    pub(super) fn new(conn: &'c Connection, catalog: Arc<Catalog>) -> Self {
        Self { conn, catalog, shared: None, rules_left: None, hurry: Hurry::default() }
    }

    /// `hurry` is looked at while questions of this snapshot are at work.
    pub(super) fn with_hurry(self, hurry: Hurry) -> Self {
        Self { hurry, ..self }
    }

    /// Asks a question that may take so long at most; `None` if it takes longer. In a transaction that writes nothing is hurried.
    pub(super) fn within<T>(&self, most: Duration, ask: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        self.hurry.set(Some(Instant::now() + most));
        let asked = ask();
        let was_late = self.hurry.set(None);
        if was_late && asked.is_err() { Ok(None) } else { asked.map(Some) }
    }

    pub(super) fn rules_left(&self) -> Option<&Cell<Duration>> {
        self.rules_left.as_ref()
    }

    pub(super) fn with_shared(self, shared: &'c Shared) -> Self {
        Self { shared: Some(shared), ..self }
    }

    pub(super) fn memory(&self) -> Option<&'c Memory> {
        self.shared.map(Shared::memory)
    }

    /// The time at which somebody asks; a transaction that writes has one reading of the clock, its own.
    pub fn asked_at(&self) -> Option<Moment> {
        self.shared.map(Shared::now)
    }

    pub(super) fn conn(&self) -> &'c Connection {
        self.conn
    }

    /// Apps and schemas of this snapshot.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }
}

#[cfg(test)]
impl ReadTx<'_> {
    /// How many statements `work` runs here.
    pub fn statements_of(&self, work: impl FnOnce()) -> usize {
        use rusqlite::trace::{TraceEvent, TraceEventCodes};
        use std::sync::atomic::{AtomicUsize, Ordering};
        thread_local! {
            static RUN: AtomicUsize = const { AtomicUsize::new(0) };
        }
        let note = |event: TraceEvent<'_>| {
            // Pieces of a statement that SQLite runs within itself begin with `--`.
            if matches!(event, TraceEvent::Stmt(_, sql) if !sql.starts_with("--")) {
                RUN.with(|run| run.fetch_add(1, Ordering::Relaxed));
            }
        };
        self.conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
        work();
        self.conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, None);
        RUN.with(|run| run.swap(0, Ordering::Relaxed))
    }
}

/// One job's part of a transaction. Handed to every function that writes; reads go through the same value.
pub struct WriteTx<'c> {
    read: ReadTx<'c>,
    now: Moment,
    catalog_changed: bool,
    credentials_changed: bool,
    logged: Logged,
    /// Of an act whose entries in the change log are one batch: the first of them, once there is one.
    batch: Option<Option<i64>>,
    /// Of an act that takes another one back: which.
    undoes: Option<i64>,
    touched: Touched,
    /// With the fault `CounterOutside`: what is left out of this transaction.
    counts_outside: Option<Vec<(SchemaId, i64)>>,
}

/// What was written to the change log.
#[derive(Debug, Clone, Default)]
struct Logged {
    schemas: BTreeSet<SchemaId>,
    newest: i64,
}

/// What a failed job must give back besides its rows.
pub(super) struct Mark {
    catalog: Arc<Catalog>,
    catalog_changed: bool,
    credentials_changed: bool,
    logged: Logged,
}

impl<'c> WriteTx<'c> {
    pub(super) fn new(read: ReadTx<'c>, shared: &Shared) -> Self {
        let counts_outside = shared.has(Fault::CounterOutside).then(Vec::new);
        let read = ReadTx { rules_left: Some(Cell::new(RULES)), ..read };
        let touched = shared.touched().clone();
        Self {
            read,
            now: shared.now(),
            catalog_changed: false,
            credentials_changed: false,
            logged: Logged::default(),
            batch: None,
            undoes: None,
            touched,
            counts_outside,
        }
    }

    /// By how much a schema's counter is to move in this transaction when it has so many records more: by that.
    pub(super) fn counted(&mut self, schema: SchemaId, more: i64) -> i64 {
        match &mut self.counts_outside {
            Some(counts) => {
                counts.push((schema, more));
                0
            }
            None => more,
        }
    }

    /// What the fault `CounterOutside` left out.
    pub(super) fn take_counts_outside(&mut self) -> Vec<(SchemaId, i64)> {
        self.counts_outside.take().unwrap_or_default()
    }

    /// Another job of the group begins.
    pub(super) fn begin_job(&mut self) {
        self.read.rules_left = Some(Cell::new(RULES));
    }

    /// Which records were written to.
    pub(super) fn touched(&self) -> &Touched {
        &self.touched
    }

    /// The one reading of the clock of this transaction.
    pub fn now(&self) -> &Moment {
        &self.now
    }

    /// To be called after any change of an app, schema or field: raises the version and loads the catalog anew.
    pub fn catalog_changed(&mut self) -> Result<()> {
        catalog::raise_version(self.conn())?;
        self.read.catalog = Arc::new(catalog::load(self.conn())?);
        self.catalog_changed = true;
        Ok(())
    }

    /// To be called after any change that ends or alters a credential.
    pub fn credentials_changed(&mut self) {
        self.credentials_changed = true;
    }

    /// From now on the entries of the change log are one batch, whatever they say of themselves.
    pub fn begin_batch(&mut self) {
        self.batch = Some(None);
    }

    pub fn is_in_batch(&self) -> bool {
        self.batch.is_some()
    }

    pub fn end_batch(&mut self) {
        self.batch = None;
    }

    /// From now on the entries of the change log say that they take back this one.
    pub fn begin_undo(&mut self, change: i64) {
        self.undoes = Some(change);
    }

    pub fn end_undo(&mut self) {
        self.undoes = None;
    }

    pub(super) fn undoes(&self) -> Option<i64> {
        self.undoes
    }

    /// The number of the first entry of the batch that is being written.
    pub fn batch_begun(&self) -> Option<i64> {
        self.batch.flatten()
    }

    /// The batch of an entry that would be of this one by itself.
    pub(super) fn batch(&self, own: Option<i64>) -> Option<i64> {
        self.batch.unwrap_or(own)
    }

    /// An entry with this number was written to the change log.
    pub(super) fn logged(&mut self, schema: Option<SchemaId>, seq: i64) {
        if self.batch == Some(None) {
            self.batch = Some(Some(seq));
        }
        self.logged.newest = seq;
        self.logged.schemas.extend(schema);
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            catalog: self.read.catalog.clone(),
            catalog_changed: self.catalog_changed,
            credentials_changed: self.credentials_changed,
            logged: self.logged.clone(),
        }
    }

    pub(super) fn restore(&mut self, mark: Mark) {
        self.read.catalog = mark.catalog;
        self.catalog_changed = mark.catalog_changed;
        self.credentials_changed = mark.credentials_changed;
        self.logged = mark.logged;
        self.batch = None;
        self.undoes = None;
    }
}

/// Moves a schema's counter of records.
pub(super) fn move_counter(conn: &Connection, schema: SchemaId, more: i64) -> Result<()> {
    let mut count = conn.prepare_cached("UPDATE schema SET records = records + ?2 WHERE id = ?1").or_failed()?;
    count.execute((schema.0, more)).or_failed().map(drop)
}

impl<'c> Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.read
    }
}
