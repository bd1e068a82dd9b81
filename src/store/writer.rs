//! The one thread that writes: group commit.
//!
//! It never waits for more: it takes what is queued, up to `GROUP_JOBS_MAX` jobs or `GROUP_WORK`, each in a savepoint, commits once, then answers.
//! So an answer means that the data is on the disk. When an error has rolled the whole transaction back (a full disk, an interrupt), nobody
//! has been answered yet, and the group runs again one by one. Heavy jobs run alone.

use super::checkpoint::touch;
use super::search;
use super::sqlite::{OrFailed, failed};
use super::tables::catalog;
use super::totals;
use super::tx::{ReadTx, Shared, WriteTx, move_counter};
use crate::model::error::{Error, Result};
use crate::model::fault::Fault;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

const GROUP_JOBS_MAX: usize = 64;
const GROUP_WORK: Duration = Duration::from_millis(2);

/// May run twice.
pub type Work = Box<dyn FnMut(&mut WriteTx<'_>) -> Result<()> + Send>;

/// Gives the file whose content is to be all there is; sees what is there now, which nobody changes any more.
pub type Exchange = Box<dyn FnOnce(&Connection) -> Result<NamedTempFile> + Send>;

pub struct Job {
    pub work: Work,
    pub done: SyncSender<Result<()>>,
    pub ticket: Arc<Ticket>,
    pub manner: Manner,
}

pub enum Manner {
    /// In one transaction with others.
    Grouped,
    /// In a transaction of its own, with this database attached as `staged`.
    Alone(Option<PathBuf>),
    /// Nothing but the content of the file that this makes stays, in one transaction. The work is not run.
    Exchanged(Exchange),
}

impl Job {
    fn is_alone(&self) -> bool {
        matches!(self.manner, Manner::Alone(_) | Manner::Exchanged(_))
    }
}

/// Lets a caller give up on a job that has not begun.
#[derive(Default)]
pub struct Ticket(AtomicU8);

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const GIVEN_UP: u8 = 2;

impl Ticket {
    /// True when the job will now never run.
    pub fn give_up(&self) -> bool {
        self.0.compare_exchange(WAITING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn take(&self) -> bool {
        self.0.compare_exchange(WAITING, TAKEN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// The writer's loop; ends when all senders are gone.
pub fn run(conn: &mut Connection, shared: &Shared, queue: &Receiver<Job>, nudge: &SyncSender<()>, last_touch: &AtomicBool) {
    if let Err(error) = shared.touched().listen(conn) {
        return shared.halt(&error.message());
    }
    let mut kept = None;
    loop {
        let Some(first) = kept.take().or_else(|| queue.recv().ok()) else { return };
        if !first.ticket.take() {
            continue;
        }
        if let Some(error) = halted(shared) {
            answer(first, Err(error));
            continue;
        }
        if first.is_alone() {
            alone(conn, shared, first);
        } else {
            kept = group(conn, shared, first, queue);
        }
        touch(conn, last_touch);
        let _ = nudge.try_send(());
    }
}

/// Runs a group that begins with `first`. Gives back a heavy job that it met.
fn group(conn: &Connection, shared: &Shared, first: Job, queue: &Receiver<Job>) -> Option<Job> {
    let started = Instant::now();
    let mut kept = None;
    let mut finished: Vec<(Job, Result<()>)> = Vec::new();
    let mut tx = match begin(conn, shared) {
        Ok(tx) => tx,
        Err(error) => {
            answer(first, Err(error));
            return None;
        }
    };
    let mut next = Some(first);
    while let Some(mut job) = next.take() {
        let result = in_savepoint(&mut tx, &mut job.work);
        let is_damaged = matches!(result, Err(Error::Damaged(_)));
        finished.push((job, result));
        if is_damaged {
            break;
        }
        if conn.is_autocommit() {
            return one_by_one(conn, shared, finished);
        }
        while finished.len() < GROUP_JOBS_MAX && started.elapsed() < GROUP_WORK {
            match queue.try_recv() {
                Ok(job) if !job.ticket.take() => continue,
                Ok(job) if job.is_alone() => kept = Some(untake(job)),
                Ok(job) => next = Some(job),
                Err(_) => {}
            }
            break;
        }
    }
    if shared.has(Fault::AcknowledgeEarly) {
        finished.iter().filter(|(_, result)| result.is_ok()).for_each(|(job, _)| drop(job.done.try_send(Ok(()))));
        std::thread::sleep(Duration::from_millis(5));
    }
    // Where one of them met damage, nothing of what the others did is trusted to it.
    let met = finished.iter().find_map(|(_, result)| result.as_ref().err().filter(|error| matches!(error, Error::Damaged(_))).cloned());
    match met.map_or_else(|| commit(conn, shared, tx), Err) {
        Ok(()) => finished.into_iter().for_each(|(job, result)| answer(job, result)),
        // Nothing is tried again on a disk that loses what it was given.
        Err(error @ Error::Damaged(_)) => {
            halt_on(shared, &error);
            roll_back(conn);
            finished.into_iter().for_each(|(job, result)| answer(job, result.and(Err(error.clone()))));
        }
        Err(_) => {
            roll_back(conn);
            one_by_one(conn, shared, finished);
        }
    }
    kept
}

/// A heavy job goes back to the front of the line as if nobody had touched it.
fn untake(job: Job) -> Job {
    job.ticket.0.store(WAITING, Ordering::Release);
    job
}

/// The group's transaction is gone. Jobs that failed on their own keep their answer; the others run again, each in a transaction of its own.
fn one_by_one(conn: &Connection, shared: &Shared, jobs: Vec<(Job, Result<()>)>) -> Option<Job> {
    for (mut job, result) in jobs {
        let result = result.and_then(|()| halted(shared).map_or_else(|| single(conn, shared, &mut job.work), Err));
        answer(job, result);
    }
    None
}

fn single(conn: &Connection, shared: &Shared, work: &mut Work) -> Result<()> {
    let mut tx = begin(conn, shared)?;
    let result = in_savepoint(&mut tx, work).and_then(|()| commit(conn, shared, tx));
    if let Err(error) = &result {
        halt_on(shared, error);
        roll_back(conn);
    }
    result
}

/// Before anybody is answered: what is queued behind would else be written to a file that is not what it was.
fn halt_on(shared: &Shared, error: &Error) {
    if let Error::Damaged(what) = error {
        shared.halt(what);
    }
}

fn halted(shared: &Shared) -> Option<Error> {
    shared.halted().map(|what| Error::Damaged(what.to_owned()))
}

fn alone(conn: &mut Connection, shared: &Shared, job: Job) {
    let Job { mut work, done, manner, .. } = job;
    let result = match manner {
        Manner::Exchanged(make) => exchange(conn, shared, make),
        Manner::Alone(stage) => with_stage(conn, shared, stage, &mut work),
        Manner::Grouped => single(conn, shared, &mut work),
    };
    let _ = done.send(result);
}

fn with_stage(conn: &Connection, shared: &Shared, stage: Option<PathBuf>, work: &mut Work) -> Result<()> {
    let staged = stage.map(|path| path.to_string_lossy().into_owned());
    let attached = staged.as_ref().map_or(Ok(0), |path| conn.execute("ATTACH DATABASE ?1 AS staged", [path]));
    let result = attached.or_failed().and_then(|_| single(conn, shared, work));
    if staged.is_some()
        && let Err(error) = conn.execute_batch("DETACH DATABASE staged")
    {
        log::error!("detach: {error}");
    }
    result
}

fn exchange(conn: &mut Connection, shared: &Shared, make: Exchange) -> Result<()> {
    let made = catch_unwind(AssertUnwindSafe(|| make(conn)));
    let with = made.unwrap_or_else(|panic| Err(Error::Internal(crate::model::error::panic_text(&*panic))))?;
    let result = replace(conn, shared, with.path());
    if let Err(error) = &result {
        halt_on(shared, error);
    }
    result
}

/// Page by page, as one transaction: whoever reads sees the old content or the new, and a power cut leaves one of them.
fn replace(conn: &mut Connection, shared: &Shared, with: &Path) -> Result<()> {
    let from = Connection::open_with_flags(with, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX).or_failed()?;
    let step = Backup::new(&from, conn).and_then(|backup| backup.step(-1)).or_failed()?;
    if step != StepResult::Done {
        return Err(Error::Busy { message: "The data file is busy: nothing was changed".to_owned(), retry_after_s: 5 });
    }
    shared.publish_all(catalog::load(conn)?, totals::newest(conn)?, totals::given(conn)?);
    Ok(())
}

fn begin<'c>(conn: &'c Connection, shared: &Shared) -> Result<WriteTx<'c>> {
    conn.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).or_failed()?;
    shared.touched().clear();
    Ok(WriteTx::new(ReadTx::new(conn, shared.catalog()), shared))
}

/// Brings what records are searched by up to date, commits, then tells the rest of the house.
fn commit(conn: &Connection, shared: &Shared, mut tx: WriteTx<'_>) -> Result<()> {
    search::catch_up(&mut tx)?;
    match conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])) {
        Err(error) if shared.has(Fault::SwallowFull) && error.sqlite_error_code() == Some(ErrorCode::DiskFull) => roll_back(conn),
        other => drop(other.or_failed()?),
    }
    for (schema, more) in tx.take_counts_outside() {
        move_counter(conn, schema, more)?;
    }
    shared.publish(tx);
    Ok(())
}

fn roll_back(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("ROLLBACK")
    {
        log::error!("rollback: {error}");
    }
}

/// One job inside a group: on any failure, a panic included, nothing of it stays.
fn in_savepoint(tx: &mut WriteTx<'_>, work: &mut Work) -> Result<()> {
    let statement =
        |tx: &WriteTx<'_>, sql: &str| tx.conn().prepare_cached(sql).and_then(|mut statement| statement.execute([])).map_err(failed);
    let before = tx.mark();
    tx.begin_job();
    statement(tx, "SAVEPOINT job")?;
    let result =
        catch_unwind(AssertUnwindSafe(|| work(tx))).unwrap_or_else(|panic| Err(Error::Internal(crate::model::error::panic_text(&*panic))));
    match result {
        Ok(()) => statement(tx, "RELEASE job").map(drop),
        Err(error) => {
            tx.restore(before);
            if !tx.conn().is_autocommit() {
                statement(tx, "ROLLBACK TO job")?;
                statement(tx, "RELEASE job")?;
            }
            Err(error)
        }
    }
}

/// A caller that has gone is no fault.
fn answer(job: Job, result: Result<()>) {
    let _ = job.done.send(result);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalog::Catalog;
    use crate::model::error::Problem;
    use crate::model::time::Moment;
    use proptest::prelude::*;
    use std::sync::mpsc::sync_channel;

    /// What a job of the test does, besides storing its number.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Kind {
        Good,
        /// Stores its row, then refuses.
        Refuses,
        Panics,
        /// Stores more than the file may hold: SQLite takes the whole transaction back.
        FillsTheDisk,
        /// Ends the transaction that it shares, as an interrupt does.
        LosesTheTransaction,
        /// Reads what is not what was written.
        MeetsDamage,
    }

    fn shared() -> Shared {
        Shared::new(Catalog::default(), Arc::new(|| Moment { epoch_seconds: 0, text: String::new() }), None)
    }

    fn file() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE t (k INTEGER PRIMARY KEY, filler TEXT); PRAGMA max_page_count = 40;").unwrap();
        conn
    }

    fn work(number: i64, kind: Kind) -> Work {
        Box::new(move |tx| {
            let insert = |filler: &str| tx.conn().execute("INSERT INTO t VALUES (?1, ?2)", (number, filler)).map_err(failed);
            match kind {
                Kind::FillsTheDisk => insert(&"x".repeat(1_000_000)).map(drop),
                _ => insert("").map(drop),
            }?;
            match kind {
                Kind::Refuses => Err(Error::invalid(Problem::new("test", "no"))),
                Kind::Panics => panic!("as told"),
                Kind::LosesTheTransaction => tx.conn().execute_batch("ROLLBACK").map_err(failed).and(Err(Error::internal("interrupted"))),
                Kind::MeetsDamage => Err(Error::Damaged("noise".to_owned())),
                Kind::Good | Kind::FillsTheDisk => Ok(()),
            }
        })
    }

    /// Queues all jobs at once and runs the writer until nothing is left: the rows that stay, and every job's answer.
    fn run_all(conn: &mut Connection, kinds: &[Kind]) -> (Vec<i64>, Vec<Result<()>>) {
        let (queue, queued) = sync_channel(kinds.len().max(1));
        let (nudge, _nudged) = sync_channel(1);
        let mut answers = Vec::new();
        for (number, kind) in (0..).zip(kinds) {
            let (done, answer) = sync_channel(1);
            queue.try_send(Job { work: work(number, *kind), done, ticket: Arc::default(), manner: Manner::Grouped }).ok().unwrap();
            answers.push(answer);
        }
        drop(queue);
        run(conn, &shared(), &queued, &nudge, &AtomicBool::new(false));
        let mut statement = conn.prepare("SELECT k FROM t ORDER BY k").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap().map(std::result::Result::unwrap).collect();
        (rows, answers.into_iter().map(|answer| answer.recv().unwrap()).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_mix_of_jobs_leaves_what_the_good_ones_alone_would_leave(kinds in prop::collection::vec(prop_oneof![
            6 => Just(Kind::Good), 2 => Just(Kind::Refuses), 1 => Just(Kind::Panics), 1 => Just(Kind::FillsTheDisk), 1 => Just(Kind::LosesTheTransaction),
        ], 0..150)) {
            std::panic::set_hook(Box::new(|_| {}));
            let (rows, answers) = run_all(&mut file(), &kinds);
            let good: Vec<i64> = (0..).zip(&kinds).filter(|(_, kind)| **kind == Kind::Good).map(|(number, _)| number).collect();
            prop_assert_eq!(&rows, &good);
            for (number, answer) in answers.iter().enumerate() {
                prop_assert_eq!(answer.is_ok(), kinds[number] == Kind::Good, "job {} was told {:?}", number, answer);
            }
        }
    }

    #[test]
    fn a_full_disk_is_told_as_such_to_the_job_that_met_it_and_to_nobody_else() {
        let (rows, answers) = run_all(&mut file(), &[Kind::Good, Kind::FillsTheDisk, Kind::Good]);
        assert_eq!(rows, [0, 2]);
        assert!(matches!(&answers[1], Err(Error::Busy { message, .. }) if message.contains("disk is full")));
    }

    #[test]
    fn damage_that_a_job_meets_stops_those_beside_it_and_behind_it() {
        let kinds: Vec<Kind> =
            std::iter::repeat_n(Kind::Good, 3).chain([Kind::MeetsDamage]).chain(std::iter::repeat_n(Kind::Good, 200)).collect();
        let (rows, answers) = run_all(&mut file(), &kinds);
        let acknowledged: Vec<i64> = (0..).zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(number, _)| number).collect();
        assert_eq!(rows, acknowledged);
        assert!(answers.iter().skip(3).all(|answer| matches!(answer, Err(Error::Damaged(_)))));
    }

    #[test]
    fn a_job_that_was_given_up_never_runs_and_one_that_runs_cannot_be_given_up() {
        let mut conn = file();
        let (queue, queued) = sync_channel(2);
        let (nudge, _nudged) = sync_channel(1);
        let (done, answer) = sync_channel(1);
        let ticket = Arc::new(Ticket::default());
        queue.try_send(Job { work: work(1, Kind::Good), done, ticket: ticket.clone(), manner: Manner::Grouped }).ok().unwrap();
        assert!(ticket.give_up());
        let (done, second) = sync_channel(1);
        let taken = Arc::new(Ticket::default());
        queue.try_send(Job { work: work(2, Kind::Good), done, ticket: taken.clone(), manner: Manner::Grouped }).ok().unwrap();
        drop(queue);
        run(&mut conn, &shared(), &queued, &nudge, &AtomicBool::new(false));
        assert!(answer.recv().is_err() && second.recv() == Ok(Ok(())));
        assert!(!taken.give_up());
        assert_eq!(conn.query_row("SELECT group_concat(k) FROM t", [], |row| row.get::<_, String>(0)), Ok("2".to_owned()));
    }
}
