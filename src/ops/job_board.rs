//! The jobs of this run of the server: how far each is, how it ended. Doing them is in `jobs`.

use crate::model::error::{Error, Problem, Result};
use crate::model::job::{Outcome, Progress};
use crate::model::principal::{Caller, UserId};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Jobs of this run of the server; finished ones are kept for a while so that whoever asked can hear the end.
#[derive(Default)]
pub struct Jobs(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    entries: BTreeMap<u64, Entry>,
    threads: Vec<JoinHandle<()>>,
    is_closing: bool,
}

/// A job as it stands at this moment.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: u64,
    pub kind: &'static str,
    pub state: State,
    /// As far as it came.
    pub progress: Progress,
    pub begun_at: String,
    begun_by: Option<Beginner>,
    stage_begun: Instant,
    /// Somebody wants it to end.
    pub is_cancelled: bool,
}

/// Whoever began a job, and the token that they came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Beginner {
    user: UserId,
    token: Option<i64>,
}

impl Beginner {
    fn of(who: &Caller) -> Option<Self> {
        Some(Self { user: who.user_id()?, token: who.token.as_ref().map(|token| token.id) })
    }
}

#[derive(Debug, Clone)]
pub enum State {
    Running,
    Done(Outcome),
    Failed(Error),
    /// Before it had changed anything.
    Cancelled,
}

impl Entry {
    /// Whether this is who began it, by the same token or by none.
    pub fn is_of(&self, who: &Caller) -> bool {
        match (self.begun_by, Beginner::of(who)) {
            (Some(begun), Some(now)) => begun.user == now.user && (now.token.is_none() || now.token == begun.token),
            _ => false,
        }
    }

    /// Seconds that a running job still takes for what it does now (`stage`), if it goes on as so far; `None` when that cannot be told.
    pub fn left_s(&self) -> Option<u64> {
        let (done, total) = (self.progress.done, self.progress.total?);
        if !matches!(self.state, State::Running) || done == 0 || done >= total {
            return None;
        }
        let taken_ms = u64::try_from(self.stage_begun.elapsed().as_millis()).ok()?;
        Some(taken_ms.saturating_mul(total - done) / done / 1_000)
    }
}

const JOBS_KEPT_MAX: usize = 100;
/// Between two looks at whether the last job has ended.
const END_LOOK: Duration = Duration::from_millis(5);

impl Jobs {
    /// A new job, unless too many run already.
    pub fn add(&self, kind: &'static str, who: &Caller, now: &str, running_max: usize) -> Result<u64> {
        let mut kept = self.kept();
        if kept.is_closing {
            return Err(Error::Busy { message: "The server is stopping".to_owned(), retry_after_s: 5 });
        }
        if kept.entries.values().filter(|entry| matches!(entry.state, State::Running)).count() >= running_max {
            return Err(Error::Busy {
                message: format!("{running_max} jobs are running already; try again when one is done"),
                retry_after_s: 5,
            });
        }
        kept.last += 1;
        let id = kept.last;
        let progress = Progress::default();
        let begun_at = now.to_owned();
        let (begun_by, stage_begun) = (Beginner::of(who), Instant::now());
        kept.entries.insert(id, Entry { id, kind, state: State::Running, progress, begun_at, begun_by, stage_begun, is_cancelled: false });
        while kept.entries.len() > JOBS_KEPT_MAX {
            let oldest = kept.entries.values().find(|entry| !matches!(entry.state, State::Running)).map(|entry| entry.id);
            match oldest {
                Some(oldest) => drop(kept.entries.remove(&oldest)),
                None => break,
            }
        }
        Ok(id)
    }

    /// How far a job is.
    ///
    /// # Errors
    /// When it is to end: the job gives that back, and so undoes itself.
    pub fn report(&self, id: u64, progress: Progress) -> Result<()> {
        let mut kept = self.kept();
        let Some(entry) = kept.entries.get_mut(&id) else { return Ok(()) };
        if entry.progress.stage != progress.stage {
            entry.stage_begun = Instant::now();
        }
        entry.progress = progress;
        if entry.is_cancelled { Err(cancelled()) } else { Ok(()) }
    }

    /// How a job ended.
    pub fn end(&self, id: u64, ended: Result<Outcome>) {
        if let Some(entry) = self.kept().entries.get_mut(&id) {
            entry.state = match ended {
                Ok(outcome) => State::Done(outcome),
                Err(error) if entry.is_cancelled && is_cancelled(&error) => State::Cancelled,
                Err(error) => State::Failed(error),
            };
        }
    }

    /// Asks a job to end. It does at its next report; one that is in its last step comes to its end instead.
    pub fn cancel(&self, id: u64) -> Option<Entry> {
        let mut kept = self.kept();
        let entry = kept.entries.get_mut(&id)?;
        entry.is_cancelled |= matches!(entry.state, State::Running);
        Some(entry.clone())
    }

    /// The thread that does a job; `finish` waits for it.
    pub fn keep(&self, thread: JoinHandle<()>) {
        let mut kept = self.kept();
        kept.threads.retain(|thread| !thread.is_finished());
        kept.threads.push(thread);
    }

    /// Refuses new jobs and waits until nothing runs any more.
    pub fn finish(&self) {
        let threads = {
            let mut kept = self.kept();
            kept.is_closing = true;
            std::mem::take(&mut kept.threads)
        };
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// Whether any job runs.
    pub fn is_busy(&self) -> bool {
        let kept = self.kept();
        kept.entries.values().any(|entry| matches!(entry.state, State::Running)) || kept.threads.iter().any(|thread| !thread.is_finished())
    }

    /// Refuses new jobs, asks those that run to end, and waits for that, at most so long: who stops a server does not wait for a check of all that
    /// is there, and what is being written must not be torn apart. True when there was something to wait for.
    pub fn end_all(&self, most: Duration) -> bool {
        {
            let mut kept = self.kept();
            kept.is_closing = true;
            kept.entries.values_mut().for_each(|entry| entry.is_cancelled |= matches!(entry.state, State::Running));
        }
        let (waits, begun) = (self.is_busy(), Instant::now());
        while self.is_busy() && begun.elapsed() < most {
            std::thread::sleep(END_LOOK);
        }
        waits
    }

    pub fn get(&self, id: u64) -> Option<Entry> {
        self.kept().entries.get(&id).cloned()
    }

    /// All that are kept, newest first.
    pub fn all(&self) -> Vec<Entry> {
        self.kept().entries.values().rev().cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a job ended because somebody wanted it to.
pub fn is_cancelled(error: &Error) -> bool {
    *error == cancelled()
}

fn cancelled() -> Error {
    Error::Conflict(Problem::new("cancelled", "The job was cancelled: nothing was changed"))
}
