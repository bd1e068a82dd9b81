//! The jobs of this run of the server: how far each is, how it ended. Doing them is in `jobs`.

use crate::model::error::{Error, Result};
use crate::model::job::{Outcome, Progress};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// Jobs of this run of the server; finished ones are kept for a while so that whoever asked can hear the end.
#[derive(Default)]
pub struct Jobs(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    last: u64,
    states: BTreeMap<u64, State>,
    threads: Vec<JoinHandle<()>>,
    is_closing: bool,
}

#[derive(Debug, Clone)]
pub enum State {
    Running(Progress),
    Done(Outcome),
    Failed(Error),
}

const JOBS_KEPT_MAX: usize = 100;

impl Jobs {
    /// A new job, unless too many run already.
    pub fn add(&self, running_max: usize) -> Result<u64> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_closing {
            return Err(Error::Busy { message: "The server is stopping".to_owned(), retry_after_s: 5 });
        }
        if kept.states.values().filter(|state| matches!(state, State::Running(_))).count() >= running_max {
            return Err(Error::Busy {
                message: format!("{running_max} jobs are running already; try again when one is done"),
                retry_after_s: 5,
            });
        }
        kept.last += 1;
        let id = kept.last;
        kept.states.insert(id, State::Running(Progress::default()));
        while kept.states.len() > JOBS_KEPT_MAX {
            let oldest = kept.states.iter().find(|(_, state)| !matches!(state, State::Running(_))).map(|(id, _)| *id);
            match oldest {
                Some(oldest) => drop(kept.states.remove(&oldest)),
                None => break,
            }
        }
        Ok(id)
    }

    pub fn set(&self, id: u64, state: State) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).states.insert(id, state);
    }

    /// The thread that does a job; `finish` waits for it.
    pub fn keep(&self, thread: JoinHandle<()>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.threads.retain(|thread| !thread.is_finished());
        kept.threads.push(thread);
    }

    /// Refuses new jobs and waits until nothing runs any more: a stop must not tear one apart.
    /// True when there was something to wait for.
    pub fn finish(&self) -> bool {
        let threads = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.is_closing = true;
            std::mem::take(&mut kept.threads)
        };
        let waits = threads.iter().any(|thread| !thread.is_finished());
        for thread in threads {
            let _ = thread.join();
        }
        waits
    }

    pub fn get(&self, id: u64) -> Option<State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).states.get(&id).cloned()
    }
}
