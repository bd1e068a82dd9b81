//! Pools of plain threads with bounded queues: reads, writes (which wait for commits), slow work, hashes (in the order of `turns`); and the thread
//! for what the server does by itself. A full queue refuses at once.

use super::system;
use super::turns::{Asker, Turns};
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

pub type Task = Box<dyn FnOnce(Turn) + Send>;

/// What becomes of a task that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is to be done.
    Come,
    /// Its place is another's: it is not done.
    Lost,
}

pub struct Pools {
    reads: Threads<Line>,
    writes: Threads<Line>,
    slow: Threads<Line>,
    hash: Threads<Turns<Task>>,
    upkeep: Threads<Line>,
}

impl Pools {
    pub fn start(limits: &Limits, read_threads: usize, hash_threads: usize) -> std::io::Result<Self> {
        Ok(Self {
            reads: Threads::start("read", read_threads, Line::new(limits.queue_reads_max), || {})?,
            writes: Threads::start("write", limits.write_threads, Line::new(limits.queue_writes_max), || {})?,
            slow: Threads::start("slow", limits.slow_threads, Line::new(limits.queue_slow_max), system::step_back)?,
            hash: Threads::start("hash", hash_threads, Turns::new(limits.hash_queue_max), system::step_back)?,
            upkeep: Threads::start("upkeep", 1, Line::new(UPKEEP_MAX), || {})?,
        })
    }

    /// False when the queue is full: the task was not taken.
    pub fn submit(&self, pool: Pool, asker: Asker, task: Task) -> bool {
        let in_line = |threads: &Threads<Line>, task| threads.submit(|line| line.offer(task));
        match pool {
            Pool::Reads => in_line(&self.reads, task),
            Pool::Writes => in_line(&self.writes, task),
            Pool::Slow => in_line(&self.slow, task),
            Pool::Hash => match self.hash.submit(|turns| turns.offer(asker, task)) {
                Ok(left) => {
                    if let Some(task) = left {
                        task(Turn::Lost);
                    }
                    true
                }
                Err(_) => false,
            },
        }
    }

    /// Like `submit`, for what nobody asked for.
    pub fn tend(&self, task: Box<dyn FnOnce() + Send>) -> bool {
        self.upkeep.submit(|line| line.offer(Box::new(|_| task())))
    }

    /// Finishes what is queued and ends the threads; what takes longer than `within` is left to end with the process.
    pub fn stop(self, within: Duration) {
        let until = Instant::now() + within;
        let Self { reads, writes, slow, hash, upkeep } = self;
        [&reads, &writes, &slow, &upkeep].into_iter().for_each(Threads::close);
        hash.close();
        let lines = [reads, writes, slow, upkeep].into_iter().flat_map(|threads| threads.handles);
        for thread in lines.chain(hash.handles) {
            while !thread.is_finished() && Instant::now() < until {
                std::thread::sleep(LOOK);
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
    }
}

/// Tasks that wait for a thread, in some order.
trait Waiting: Send + 'static {
    fn is_empty(&self) -> bool;
    fn next(&mut self) -> Option<Task>;
}

/// First come, first served.
struct Line {
    tasks: VecDeque<Task>,
    tasks_max: usize,
}

impl Line {
    fn new(tasks_max: usize) -> Self {
        Self { tasks: VecDeque::new(), tasks_max }
    }

    fn offer(&mut self, task: Task) -> bool {
        let has_room = self.tasks.len() < self.tasks_max;
        if has_room {
            self.tasks.push_back(task);
        }
        has_room
    }
}

impl Waiting for Line {
    fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    fn next(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }
}

impl Waiting for Turns<Task> {
    fn is_empty(&self) -> bool {
        Turns::is_empty(self)
    }

    fn next(&mut self) -> Option<Task> {
        self.take()
    }
}

struct Threads<W> {
    queue: Arc<Queue<W>>,
    handles: Vec<JoinHandle<()>>,
}

struct Queue<W> {
    /// Those who wait; whether the threads are to end.
    tasks: Mutex<(W, bool)>,
    arrived: Condvar,
}

impl<W: Waiting> Threads<W> {
    fn start(name: &str, count: usize, waiting: W, begin: fn()) -> std::io::Result<Self> {
        let queue = Arc::new(Queue { tasks: Mutex::new((waiting, false)), arrived: Condvar::new() });
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

    /// Has the queue take a task; what it says of it.
    fn submit<T>(&self, offer: impl FnOnce(&mut W) -> T) -> T {
        let mut tasks = self.queue.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = tasks.0.is_empty();
        let taken = offer(&mut tasks.0);
        drop(tasks);
        // Whoever was woken for the task before this one looks here next, and wakes another if it leaves something behind:
        // waking a thread for every request of a burst costs more than the requests.
        if was_empty {
            self.queue.arrived.notify_one();
        }
        taken
    }

    fn close(&self) {
        self.queue.tasks.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.queue.arrived.notify_all();
    }
}

impl<W: Waiting> Queue<W> {
    fn work(&self) {
        while let Some(task) = self.next() {
            // Handlers catch their own panics; this keeps the thread whatever happens around them.
            if catch_unwind(AssertUnwindSafe(|| task(Turn::Come))).is_err() {
                log::error!("a task panicked outside its handler");
            }
        }
    }

    fn next(&self) -> Option<Task> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tasks =
            self.arrived.wait_while(tasks, |(tasks, stopping)| tasks.is_empty() && !*stopping).unwrap_or_else(PoisonError::into_inner);
        let task = tasks.0.next();
        let left = !tasks.0.is_empty();
        drop(tasks);
        if left {
            self.arrived.notify_one();
        }
        task
    }
}
