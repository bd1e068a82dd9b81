//! The store as the rest of the house sees it: open a file, read a snapshot, write in a transaction.

use super::asked::Asked;
use super::checkpoint::Checkpointer;
use super::lock::{Holder, Lock, Refused};
use super::place::{real, with_ending};
use super::sqlite::{DAMAGED, OrFailed, open_beside, prepare_reader};
use super::tables::catalog;
use super::tx::{Hurry, Shared};
use super::writer::{self, Exchange, Job, Manner, Ticket, Work};
use super::{backup, check, mend, migrate, search_check, stage, stage::Stage, totals};
use crate::model::catalog::Catalog;
use crate::model::change::Change;
use crate::model::error::{Error, Result};
use crate::model::fault::Fault;
use crate::model::job::Report;
use crate::model::limits::Limits;
use crate::model::time::Moment;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, InterruptHandle, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

pub use super::checkpoint::Unmoved;
pub use super::sqlite::Durability;
pub use super::tx::{Clock, ReadTx, WriteTx};

/// Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond.
const PROGRESS_STEPS: i32 = 5_000;
/// Between two looks at whether the writer has come to its end.
const STOP_LOOK: Duration = Duration::from_millis(1);
/// How long a stop waits for readers that were told to end.
const READERS_END: Duration = Duration::from_secs(1);
const LONG_READ: Duration = Duration::from_millis(2);

/// An open data file.
pub struct Store {
    shared: Arc<Shared>,
    readers: r2d2::Pool<SqliteConnectionManager>,
    queue: Mutex<Option<SyncSender<Job>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Ends what the writer is at, if it must be.
    interrupt: Option<InterruptHandle>,
    checkpointer: Mutex<Option<Checkpointer>>,
    /// `None` for a store that only reads.
    lock: Mutex<Option<Lock>>,
    path: PathBuf,
    was_torn_off: bool,
    how: Opening,
}

/// How a data file is opened.
#[derive(Clone)]
pub struct Opening {
    pub durability: Durability,
    /// Connections that read.
    pub readers: u32,
    pub limits: Limits,
    pub clock: Clock,
    pub fault: Option<Fault>,
}

/// Why a file could not be opened.
pub enum OpenError {
    /// Another process writes to it.
    Held(Holder),
    /// A sentence that reads on from `FILE cannot be used: …`.
    Unusable(String),
}

impl Store {
    /// Opens a file for reading and writing and takes its lock.
    pub fn open(path: &Path, how: &Opening) -> std::result::Result<Self, OpenError> {
        let uncreated = |error: std::io::Error| OpenError::Unusable(format!("the data file cannot be created: {error}"));
        migrate::create(path, how.fault).map_err(uncreated)?;
        let path = &real(path);
        // A log beside the file has something in it only when whoever wrote last did not come to its end.
        let was_torn_off = std::fs::metadata(with_ending(path, "-wal")).is_ok_and(|log| log.len() > 0);
        let lock = Lock::acquire(path).map_err(|refused| match refused {
            Refused::Held(holder) => OpenError::Held(holder),
            Refused::Failed(error) => OpenError::Unusable(format!("its lock file cannot be made: {error}")),
        })?;
        backup::sweep(path);
        stage::sweep(path);
        let unusable = |error: rusqlite::Error| OpenError::Unusable(error.to_string());
        let mut conn = migrate::open(path, how).map_err(OpenError::Unusable)?;
        let catalog = catalog::load_first(&conn).map_err(|error| OpenError::Unusable(unloaded(&error)))?;
        let (checkpointer, nudge, last_touch) = Checkpointer::start(path).map_err(unusable)?;
        let shared = Arc::new(Shared::new(catalog, how.clock.clone(), how.fault));
        let newest = totals::newest(&conn).map_err(|error| OpenError::Unusable(unloaded(&error)))?;
        shared.memory().totals.begin(newest, None);
        let interrupt = conn.get_interrupt_handle();
        let (queue, queued) = sync_channel(how.limits.writer_queue_max);
        let for_writer = shared.clone();
        let writer = std::thread::spawn(move || writer::run(&mut conn, &for_writer, &queued, &nudge, &last_touch));
        let mut store = Self::with_readers(path, how, shared).map_err(OpenError::Unusable)?;
        store.queue = Mutex::new(Some(queue));
        store.writer = Mutex::new(Some(writer));
        store.interrupt = Some(interrupt);
        store.checkpointer = Mutex::new(Some(checkpointer));
        store.lock = Mutex::new(Some(lock));
        store.was_torn_off = was_torn_off;
        Ok(store)
    }

    /// Opens a file for reading only, whoever writes to it.
    pub fn open_for_reading(path: &Path, how: &Opening) -> std::result::Result<Self, OpenError> {
        if !path.exists() {
            return Err(OpenError::Unusable("there is no such file".to_owned()));
        }
        let path = &real(path);
        migrate::check_readable(path).map_err(OpenError::Unusable)?;
        let shared = Shared::new(Catalog::default(), how.clock.clone(), how.fault);
        let store = Self::with_readers(path, &Opening { readers: 1, ..how.clone() }, Arc::new(shared)).map_err(OpenError::Unusable)?;
        let loaded = store.reader().and_then(|conn| catalog::load_first(&conn));
        let loaded = loaded.map_err(|error| OpenError::Unusable(unloaded(&error)))?;
        store.shared.set_catalog(Arc::new(loaded));
        Ok(store)
    }

    fn with_readers(path: &Path, how: &Opening, shared: Arc<Shared>) -> std::result::Result<Self, String> {
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(prepare_reader);
        let pool = r2d2::Pool::builder()
            .max_size(how.readers)
            .max_lifetime(None)
            .idle_timeout(None)
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(2))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build(manager)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            shared,
            readers: pool,
            queue: Mutex::new(None),
            writer: Mutex::new(None),
            interrupt: None,
            checkpointer: Mutex::new(None),
            lock: Mutex::new(None),
            path: path.to_owned(),
            was_torn_off: false,
            how: how.clone(),
        })
    }

    /// Apps and schemas as of the last commit.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.shared.catalog()
    }

    /// See `Shared::credentials`.
    pub fn credentials_version(&self) -> u64 {
        self.shared.credentials()
    }

    /// Has this called after every commit, by the writer: it must be quick. Set once.
    pub fn on_commit(&self, tell: Box<dyn Fn() + Send + Sync>) {
        self.shared.set_on_commit(tell);
    }

    pub fn now(&self) -> Moment {
        self.shared.now()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it was opened: its copies are opened likewise.
    pub fn opening(&self) -> &Opening {
        &self.how
    }

    /// Whether the last one who wrote to the file ended without stopping: a power cut, a kill.
    pub fn was_torn_off(&self) -> bool {
        self.was_torn_off
    }

    /// Looks through the whole file for as long as it takes.
    pub fn check(&self, watch: &Report) -> Result<check::Report> {
        let report = self.read_within(Duration::MAX, |tx| check::check(tx, watch))?;
        if report.is_damaged {
            self.halt(DAMAGED);
        }
        Ok(report)
    }

    /// Puts in order what can be made anew from the records: a sentence for each thing that was.
    pub fn mend(&self, entry: impl Fn(&[String]) -> Change + Send + 'static) -> Result<Vec<String>> {
        self.write_alone(move |tx| mend::mend(tx, &entry))
    }

    /// Has SQLite look through the pages for at most so long. Halts the writes when it finds damage; whether it came to the end.
    pub fn look_through(&self, most: Duration) -> Result<bool> {
        let conn = self.reader()?;
        let begun = Instant::now();
        conn.progress_handler(PROGRESS_STEPS, Some(move || is_over(begun.elapsed(), most))).or_failed()?;
        search_check::look_anew(&conn);
        let found = conn.prepare("PRAGMA quick_check(10)").and_then(|mut look| {
            let lines = look.query_map([], |row| row.get::<_, String>(0))?;
            lines.collect::<rusqlite::Result<Vec<String>>>()
        });
        match found.or_failed() {
            Ok(lines) if !lines.iter().any(|line| check::is_damage(line)) => Ok(true),
            Ok(_) | Err(Error::Damaged(_)) => {
                self.halt(DAMAGED);
                Ok(true)
            }
            Err(_) if begun.elapsed() >= most => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets commands find the server that has this file.
    pub fn announce(&self, address: &str, secret: &str) -> std::result::Result<(), OpenError> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let announced = lock.as_mut().map_or(Ok(()), |lock| lock.announce(address, secret));
        announced.map_err(|error| OpenError::Unusable(format!("its lock file cannot be written: {error}")))
    }

    /// Runs `ask` on one snapshot: everything it sees is of one moment. Ends with the limit `read_timeout_ms`.
    pub fn read<T>(&self, ask: impl FnOnce(&ReadTx<'_>) -> Result<T>) -> Result<T> {
        self.read_within(Duration::from_millis(self.how.limits.read_timeout_ms), ask)
    }

    /// The same with the limit `long_read_timeout_ms`, for what reads all of a table.
    pub fn read_long<T>(&self, ask: impl FnOnce(&ReadTx<'_>) -> Result<T>) -> Result<T> {
        self.read_within(Duration::from_millis(self.how.limits.long_read_timeout_ms), ask)
    }

    /// The same with a limit of its own.
    pub fn read_within<T>(&self, most: Duration, ask: impl FnOnce(&ReadTx<'_>) -> Result<T>) -> Result<T> {
        let conn = self.reader()?;
        let (begun, shared) = (Instant::now(), self.shared.clone());
        let hurry = Hurry::default();
        let hurried = hurry.clone();
        let is_late = move || is_over(begun.elapsed(), most) || hurried.is_over() || shared.is_ended();
        conn.progress_handler(PROGRESS_STEPS, Some(is_late)).or_failed()?;
        let snapshot = Snapshot::begin(&conn)?;
        // The first question fixes the snapshot; it may be newer than the catalog that was published when we looked.
        let mut catalog = self.catalog();
        let result = catalog::version(&conn).and_then(|version| {
            if version != catalog.version {
                catalog = Arc::new(catalog::load(&conn)?);
            }
            ask(&ReadTx::new(&conn, catalog).with_shared(&self.shared).with_hurry(hurry))
        });
        drop(snapshot);
        self.watched(result)
    }

    /// One snapshot with what was staged attached. Only the stage can be written to, so nobody waits for it, however long it takes.
    pub fn read_staged<T>(&self, stage: &Stage, ask: impl FnOnce(&ReadTx<'_>) -> Result<T>) -> Result<T> {
        let conn = open_beside(&self.path).or_failed()?;
        conn.execute("ATTACH DATABASE ?1 AS staged", [stage.path().to_string_lossy()]).or_failed()?;
        conn.execute_batch("PRAGMA staged.journal_mode = OFF; PRAGMA staged.synchronous = OFF").or_failed()?;
        let snapshot = Snapshot::begin(&conn)?;
        let result = catalog::load(&conn).and_then(|catalog| ask(&ReadTx::new(&conn, Arc::new(catalog))));
        drop(snapshot);
        self.watched(result)
    }

    /// Sees to it that nothing is written any more once damage was met.
    pub fn watched<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|error| match error {
            Error::Damaged(what) => {
                self.halt(&what);
                Error::Damaged(format!("{what}. {}", self.way_back()))
            }
            other => other,
        })
    }

    /// Takes no writes any more: what is there is worth more than what may come. Says so once. Who only reads has nothing to halt.
    pub fn halt(&self, what: &str) {
        if self.lock.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return;
        }
        self.shared.halt(what);
        if self.shared.tells_halt() {
            let (file, newest) = (self.path.display(), backup::newest(&self.path));
            let way = newest.map_or("there is no backup".to_owned(), |newest| format!("carryall restore {} --db {file}", newest.display()));
            log::error!("{file}: {what}. Nothing is written any more. Stop the server, then: {way}");
        }
    }

    fn way_back(&self) -> String {
        let name = backup::newest(&self.path).and_then(|newest| newest.file_name().map(|name| name.to_string_lossy().into_owned()));
        name.map_or_else(|| "There is no backup".to_owned(), |name| format!("The newest backup is {name}"))
    }

    fn reader(&self) -> Result<r2d2::PooledConnection<SqliteConnectionManager>> {
        self.readers.get().map_err(|_| Error::Busy { message: "All readers are at work; try again".to_owned(), retry_after_s: 1 })
    }

    /// Runs `work` in a transaction and answers when it is on the disk. `work` may run twice.
    pub fn write<T: Send + 'static>(&self, work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.submit(Manner::Grouped, work)
    }

    /// Like `write`, alone in its transaction: for work that would hold up everybody who shares it.
    pub fn write_alone<T: Send + 'static>(&self, work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.submit(Manner::Alone(None), work)
    }

    /// `write_alone` with what was staged attached.
    pub fn write_staged<T: Send + 'static>(
        &self,
        stage: &Stage,
        work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.submit(Manner::Alone(Some(stage.path())), work)
    }

    /// Puts the content of the file that `make` gives in the place of all there is, in one transaction. `make` runs when nothing is being written and
    /// nothing will be before the end: what it sees is all that was ever acknowledged.
    pub(super) fn exchange<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Connection) -> Result<(T, NamedTempFile)> + Send + 'static,
    ) -> Result<T> {
        let _paused = self.shared.pause().ok_or_else(paused)?;
        let slot = Arc::new(Mutex::new(None));
        let filled = slot.clone();
        let make: Exchange = Box::new(move |live| {
            let (value, with) = make(live)?;
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(with)
        });
        self.hand_over(Manner::Exchanged(make), Box::new(|_| Ok(())))?;
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| Error::internal("an exchange ended without a value"))
    }

    /// Runs `work` and takes everything back: what would happen, without its happening.
    pub fn rehearse<T: Send + 'static>(&self, work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        self.rehearsed(Manner::Alone(None), work)
    }

    /// `rehearse` with a stage.
    pub fn rehearse_staged<T: Send + 'static>(
        &self,
        stage: &Stage,
        work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.rehearsed(Manner::Alone(Some(stage.path())), work)
    }

    fn rehearsed<T: Send + 'static>(
        &self,
        manner: Manner,
        mut work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let slot = Arc::new(Mutex::new(None));
        let filled = slot.clone();
        // A job that fails leaves nothing behind; this one fails after it has told what it did.
        let failed = self.submit(manner, move |tx| -> Result<()> {
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(work(tx)?);
            Err(Error::Stale)
        });
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (failed, value) {
            (Err(Error::Stale), Some(value)) => Ok(value),
            (Err(error), _) => Err(error),
            (Ok(()), _) => Err(Error::internal("a rehearsal was committed")),
        }
    }

    fn submit<T: Send + 'static>(&self, manner: Manner, mut work: impl FnMut(&mut WriteTx<'_>) -> Result<T> + Send + 'static) -> Result<T> {
        let slot = Arc::new(Mutex::new(None));
        let filled = slot.clone();
        let work: Work = Box::new(move |tx| {
            let value = work(tx)?;
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            Ok(())
        });
        self.hand_over(manner, work)?;
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| Error::internal("a write ended without a value"))
    }

    /// Gives the writer a job and waits for its end.
    fn hand_over(&self, manner: Manner, work: Work) -> Result<()> {
        if let Some(what) = self.shared.halted() {
            let message = format!("{what}: nothing is written any more. What can be read can be exported. {}", self.way_back());
            return Err(Error::Damaged(message));
        }
        // Only so that nobody waits in vain: the writer takes one job after the other, whoever comes in between.
        if self.shared.is_paused() && !matches!(manner, Manner::Exchanged(_)) {
            return Err(paused());
        }
        if self.shared.is_stopping() && matches!(manner, Manner::Grouped) {
            return Err(stopped());
        }
        let (done, answer) = sync_channel(1);
        let ticket = Arc::new(Ticket::default());
        let patient = !matches!(manner, Manner::Grouped);
        self.enqueue(Job { work, done, ticket: ticket.clone(), manner })?;
        let answered = match answer.recv_timeout(Duration::from_millis(self.how.limits.write_wait_ms)) {
            Err(RecvTimeoutError::Timeout) if !patient && ticket.give_up() => return Err(overloaded(5)),
            Err(RecvTimeoutError::Timeout) => answer.recv().map_err(|_| stopped()),
            other => other.map_err(|_| stopped()),
        };
        self.watched(answered?)
    }

    fn enqueue(&self, job: Job) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(stopped)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => overloaded(1),
            TrySendError::Disconnected(_) => stopped(),
        })
    }

    /// Takes no further requests' writes; jobs that are at work come to their end.
    pub fn begin_to_stop(&self) {
        self.shared.begin_to_stop();
    }

    /// Takes no further writes: what is not queued by now is refused. Reads go on.
    pub fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What lists ask by.
    pub fn asked(&self) -> &Asked {
        &self.shared.memory().asked
    }

    /// How long nobody has written.
    pub fn idle(&self) -> Duration {
        self.shared.idle()
    }

    /// Finishes what is queued, moves the log into the file, gives the lock back. Called once; dropping does it too. What takes longer than the limit
    /// `stop_timeout_ms` is taken back. Says why the log is still needed, if it is.
    pub fn stop(&self) -> Option<Unmoved> {
        self.close();
        let until = Instant::now() + Duration::from_millis(self.how.limits.stop_timeout_ms);
        let is_busy = || self.writer.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(|thread| !thread.is_finished());
        while is_busy() {
            if Instant::now() > until
                && let Some(interrupt) = &self.interrupt
            {
                interrupt.interrupt();
            }
            std::thread::sleep(STOP_LOOK);
        }
        if let Some(thread) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
        // A reader that is still at work would keep the log from being moved.
        self.shared.end();
        let until = Instant::now() + READERS_END;
        while self.readers.state().idle_connections < self.readers.state().connections && Instant::now() < until {
            std::thread::sleep(STOP_LOOK);
        }
        let checkpointer = self.checkpointer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let unmoved = checkpointer.and_then(|mut checkpointer| checkpointer.stop());
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
        unmoved
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Called now and then in a read: whether it has taken too long. One that is long lets the others go first, who would else wait for the end of its
/// slice of the processor.
fn is_over(taken: Duration, most: Duration) -> bool {
    if taken > LONG_READ {
        std::thread::yield_now();
    }
    taken > most
}

/// A reader's open transaction; ended whatever happens, or the connection would go back to the pool with its old snapshot.
struct Snapshot<'c>(&'c Connection);

impl<'c> Snapshot<'c> {
    fn begin(conn: &'c Connection) -> Result<Self> {
        conn.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).or_failed()?;
        Ok(Self(conn))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        let ended = self.0.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
        if let Err(error) = ended {
            log::warn!("the end of a read: {error}");
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}

/// Why the tables of a file that was opened cannot be read.
fn unloaded(error: &Error) -> String {
    match error {
        Error::Damaged(_) => "it is damaged. Restore a backup".to_owned(),
        Error::Busy { message, .. } => message.clone(),
        _ => "it is not a Carryall data file".to_owned(),
    }
}

fn overloaded(retry_after_s: u32) -> Error {
    Error::Busy { message: "The server is busy writing: nothing was changed; try again".to_owned(), retry_after_s }
}

fn paused() -> Error {
    Error::Busy { message: "A backup is being put back: nothing was changed; try again".to_owned(), retry_after_s: 5 }
}

fn stopped() -> Error {
    Error::Busy { message: "The server is stopping: nothing was changed".to_owned(), retry_after_s: 5 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(path: &Path) -> Store {
        let clock = Arc::new(|| Moment { epoch_seconds: 0, text: "2025-01-01T00:00:00Z".to_owned() });
        let how = Opening { durability: Durability::Relaxed, readers: 1, limits: Limits::default(), clock, fault: None };
        Store::open(path, &how).unwrap_or_else(|_| panic!("no store"))
    }

    #[cfg(unix)]
    #[test]
    fn the_log_of_a_file_that_is_reached_by_a_link_is_found_and_moved_into_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (data, link) = (folder.path().join("data.db"), folder.path().join("link.db"));
        std::os::unix::fs::symlink(&data, &link).unwrap();
        let store = opened(&link);
        assert_eq!(store.path(), data.canonicalize().unwrap());
        store.write(|tx| tx.conn().execute_batch("CREATE TABLE filler (text TEXT)").or_failed()).unwrap();
        let bytes = |path: &Path| std::fs::metadata(path).map(|data| data.len()).unwrap_or_default();
        let empty = bytes(&data);
        // Only a checkpoint makes the file itself larger while it is open. One is due with every 4 MB.
        let moved = (0..500).any(|_| {
            store.write(|tx| tx.conn().execute("INSERT INTO filler VALUES (hex(zeroblob(500000)))", []).or_failed().map(drop)).unwrap();
            bytes(&data) > empty + 1_000_000
        });
        assert!(moved, "{} bytes in the log", bytes(&with_ending(&data, "-wal")));
        store.stop();
        assert!(!opened(&link).was_torn_off());
        std::fs::write(with_ending(&data, "-wal"), "torn").unwrap();
        assert!(opened(&link).was_torn_off());
    }

    #[test]
    fn what_is_sorted_or_indexed_may_lie_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = opened(&folder.path().join("data.db"));
        let place = |conn: &Connection| conn.query_row("PRAGMA temp_store", [], |row| row.get::<_, i64>(0)).or_failed();
        assert_eq!((store.read(|tx| place(tx.conn())), store.write(move |tx| place(tx.conn()))), (Ok(1), Ok(1)));
    }
}
