//! Pools of plain threads with bounded queues: reads, writes (which wait for commits), slow work, hashes; and the thread for what the server does by
//! itself. A full queue refuses at once.

use super::system;
use crate::dialect::contract::Pool;
use crate::model::limits::Limits;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a stopping server looks whether a thread has ended.
const LOOK: Duration = Duration::from_millis(2);
/// More than there are kinds of upkeep, each of which waits for its last turn to end.
const UPKEEP_MAX: usize = 8;

pub type Task = Box<dyn FnOnce() + Send>;

pub struct Pools {
    reads: Threads,
    writes: Threads,
    slow: Threads,
    hash: Threads,
    upkeep: Threads,
}

impl Pools {
    pub fn start(limits: &Limits, read_threads: usize, hash_threads: usize) -> std::io::Result<Self> {
        Ok(Self {
            reads: Threads::start("read", read_threads, limits.queue_reads_max, || {})?,
            writes: Threads::start("write", limits.write_threads, limits.queue_writes_max, || {})?,
            slow: Threads::start("slow", limits.slow_threads, limits.queue_slow_max, system::step_back)?,
            hash: Threads::start("hash", hash_threads, limits.hash_queue_max, system::step_back)?,
            upkeep: Threads::start("upkeep", 1, UPKEEP_MAX, || {})?,
        })
    }

    /// False when the queue is full: the task was not taken.
    pub fn submit(&self, pool: Pool, task: Task) -> bool {
        match pool {
            Pool::Reads => self.reads.submit(task),
            Pool::Writes => self.writes.submit(task),
            Pool::Slow => self.slow.submit(task),
            Pool::Hash => self.hash.submit(task),
        }
    }

    /// Like `submit`, for what nobody asked for.
    pub fn tend(&self, task: Task) -> bool {
        self.upkeep.submit(task)
    }

    /// Finishes what is queued and ends the threads; what takes longer than `within` is left to end with the process.
    pub fn stop(self, within: Duration) {
        let until = Instant::now() + within;
        let all = [self.reads, self.writes, self.slow, self.hash, self.upkeep];
        all.iter().for_each(Threads::close);
        for thread in all.into_iter().flat_map(|threads| threads.handles) {
            while !thread.is_finished() && Instant::now() < until {
                std::thread::sleep(LOOK);
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}

struct Threads {
    queue: Arc<Queue>,
    handles: Vec<JoinHandle<()>>,
}

struct Queue {
    tasks: Mutex<(VecDeque<Task>, bool)>,
    arrived: Condvar,
    tasks_max: usize,
}

impl Threads {
    fn start(name: &str, count: usize, tasks_max: usize, begin: fn()) -> std::io::Result<Self> {
        let queue = Arc::new(Queue { tasks: Mutex::new((VecDeque::new(), false)), arrived: Condvar::new(), tasks_max });
        let thread = |at: usize| {
            let queue = queue.clone();
            std::thread::Builder::new().name(format!("{name} {at}")).stack_size(1024 * 1024).spawn(move || {
                begin();
                queue.work();
            })
        };
        let handles = (1..=count).map(thread).collect::<std::io::Result<_>>()?;
        Ok(Self { queue, handles })
    }

    fn submit(&self, task: Task) -> bool {
        let mut tasks = self.queue.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = tasks.0.len();
        let room = waiting < self.queue.tasks_max && !tasks.1;
        if room {
            tasks.0.push_back(task);
            drop(tasks);
            // Whoever was woken for the task before this one looks here next, and wakes another if it leaves something behind:
            // waking a thread for every request of a burst costs more than the requests.
            if waiting == 0 {
                self.queue.arrived.notify_one();
            }
        }
        room
    }

    fn close(&self) {
        self.queue.tasks.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.queue.arrived.notify_all();
    }
}

impl Queue {
    fn work(&self) {
        while let Some(task) = self.next() {
            // Handlers catch their own panics; this keeps the thread whatever happens around them.
            if catch_unwind(AssertUnwindSafe(task)).is_err() {
                log::error!("a task panicked outside its handler");
            }
        }
    }

    fn next(&self) -> Option<Task> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tasks =
            self.arrived.wait_while(tasks, |(tasks, stopping)| tasks.is_empty() && !*stopping).unwrap_or_else(PoisonError::into_inner);
        let task = tasks.0.pop_front();
        let left = !tasks.0.is_empty();
        drop(tasks);
        if left {
            self.arrived.notify_one();
        }
        task
    }
}
