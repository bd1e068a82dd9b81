//! Listening and stopping: one thread accepts connections and reads and writes them all, the pools do the work in between.

use super::connection;
use super::front::{Door, Link};
use super::gate::Gate;
use super::intake::Intake;
use super::outflow::Budget;
use super::pools::Pools;
use super::public::Public;
use super::signals::Signals;
use super::system;
use super::tls::Tls;
use crate::ops::ctx::Ctx;
use crate::ops::upkeep;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, oneshot, watch};

/// Threads for the disk: long bodies, files of `--public`, long replies.
const DISK_THREADS: usize = 8;
const TURNED_AWAY_MAX: usize = 16;
/// When the system has no descriptor left: those in use will be given back.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);
const SWEPT_EVERY: Duration = Duration::from_secs(1);
/// For threads that are at work when nobody waits for them any more.
const LAST_MOMENT: Duration = Duration::from_millis(500);
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// An address to listen on.
pub struct Listener {
    pub socket: TcpListener,
    /// `--listen ADDR=APP`.
    pub app: Option<String>,
}

/// What a server serves, besides what `Ctx` holds.
pub struct Setup {
    pub listeners: Vec<Listener>,
    pub read_threads: usize,
    pub hash_threads: usize,
    pub tls: Option<Tls>,
    pub public: Option<Public>,
}

/// Serves until the process is asked to stop (SIGTERM, SIGHUP, Ctrl-C); then finishes running requests and returns.
/// `ready` is called once when requests are answered.
pub fn run(ctx: Arc<Ctx>, setup: Setup, ready: impl FnOnce()) -> io::Result<()> {
    let limits = Arc::new(ctx.limits.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(DISK_THREADS).build()?;
    let folder = ctx.store.path().parent().map(std::path::Path::to_owned).unwrap_or_default();
    let descriptors_max = system::raise();
    let commits = Arc::new(watch::Sender::new(false));
    let told = commits.clone();
    ctx.store.on_commit(Box::new(move || told.send_modify(|_| {})));
    let door = Arc::new(Door {
        commits,
        replies: Arc::new(Budget::new(&limits, descriptors_max / 8)),
        pools: Pools::start(&limits, setup.read_threads, setup.hash_threads)?,
        intake: Intake::new(limits.clone(), if folder.as_os_str().is_empty() { ".".into() } else { folder }, descriptors_max / 8),
        gate: Arc::new(Gate::new(&limits, descriptors_max)),
        turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
        tls: setup.tls,
        public: setup.public.map(Arc::new),
        limits: limits.clone(),
        ctx,
    });
    runtime.block_on(until_stopped(&door, setup.listeners, ready))?;
    // Whoever was not answered by now never will be: what they sent must not be done behind their back.
    door.ctx.store.close();
    runtime.shutdown_timeout(LAST_MOMENT);
    if let Ok(door) = Arc::try_unwrap(door) {
        door.pools.stop(LAST_MOMENT);
    }
    Ok(())
}

async fn until_stopped(door: &Arc<Door>, listeners: Vec<Listener>, ready: impl FnOnce()) -> io::Result<()> {
    let asked = Arc::new(Notify::new());
    let (open, one) = watch::channel(());
    let mut accepting = Vec::new();
    for Listener { socket, app } in listeners {
        system::lengthen_queue(&socket);
        socket.set_nonblocking(true)?;
        let socket = tokio::net::TcpListener::from_std(socket)?;
        accepting.push(tokio::spawn(accept(socket, app.map(Arc::from), door.clone(), one.clone())));
    }
    drop(one);
    accepting.push(tokio::spawn(sweep(door.clone())));
    accepting.push(tokio::spawn(now_and_then(door.clone(), door.limits.upkeep_first_ms, door.limits.upkeep_every_ms, upkeep::tend)));
    let every_ms = door.limits.index_look_every_ms;
    accepting.push(tokio::spawn(now_and_then(door.clone(), every_ms, every_ms, upkeep::serve_lists)));
    let every_ms = door.limits.used_noted_every_ms;
    accepting.push(tokio::spawn(now_and_then(door.clone(), every_ms, every_ms, upkeep::note_used)));
    watch_signals(asked.clone())?;
    ready();
    asked.notified().await;
    // Jobs that have changed nothing yet end; one that is writing comes to its end, if that is near. Whoever waits for one can still hear of it, but
    // nothing else is written meanwhile.
    let (ctx, most) = (door.ctx.clone(), Duration::from_millis(door.limits.jobs_stop_timeout_ms));
    if ctx.jobs.is_busy() {
        ctx.store.begin_to_stop();
    }
    let finishing = tokio::task::spawn_blocking(move || ctx.jobs.end_all(most));
    if matches!(finishing.await, Ok(true)) {
        tokio::time::sleep(Duration::from_millis(door.limits.job_linger_ms)).await;
    }
    for accepting in accepting {
        accepting.abort();
        let _ = accepting.await;
    }
    let leaving = door.ctx.clone();
    let _ = tokio::task::spawn_blocking(move || upkeep::leave(&leaving)).await;
    // Who waits for news hears that there is none.
    door.commits.send_replace(true);
    door.gate.close();
    // Every connection holds a receiver.
    let _ = tokio::time::timeout(Duration::from_millis(door.limits.stop_timeout_ms), open.closed()).await;
    Ok(())
}

/// Every signal that asks a program to end notifies `asked`. On a thread of its own, which outlives the server: who asks twice does not want to
/// wait, whatever it is that takes so long; what was answered is on the disk.
fn watch_signals(asked: Arc<Notify>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Caught from here on, before anybody is told that the server listens.
    let mut signals = {
        let _inside = runtime.enter();
        Signals::catch()?
    };
    std::thread::Builder::new().name("signals".to_owned()).stack_size(256 * 1024).spawn(move || {
        runtime.block_on(async move {
            signals.next().await;
            asked.notify_one();
            signals.next().await;
            std::process::exit(1);
        });
    })?;
    Ok(())
}

/// Ends connections that nobody has used for long.
async fn sweep(door: Arc<Door>) {
    let mut every = tokio::time::interval(SWEPT_EVERY);
    loop {
        every.tick().await;
        door.gate.sweep(door.limits.idle_timeout_ms);
    }
}

/// What the server does by itself, on the thread for that: among those for temporary files it would wake each in its turn, so that none ever ended.
async fn now_and_then(door: Arc<Door>, first_ms: u64, every_ms: u64, work: fn(&Arc<Ctx>)) {
    let first = tokio::time::Instant::now() + Duration::from_millis(first_ms);
    let mut every = tokio::time::interval_at(first, Duration::from_millis(every_ms));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let (ctx, (done, ended)) = (door.ctx.clone(), oneshot::channel());
        let task = move || {
            work(&ctx);
            let _ = done.send(());
        };
        // A panic in it is in the log already, and the next turn comes all the same.
        if door.pools.tend(Box::new(task)) {
            let _ = ended.await;
        }
    }
}

async fn accept(socket: tokio::net::TcpListener, app: Option<Arc<str>>, door: Arc<Door>, open: watch::Receiver<()>) {
    let mut told: Option<Instant> = None;
    loop {
        let (stream, peer) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() > TOLD_EVERY) {
                    log::warn!("no connection can be accepted: {error}");
                    told = Some(Instant::now());
                }
                // Others are the fault of whoever was connecting.
                if system::is_out_of_descriptors(&error) {
                    door.gate.make_room();
                    tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
                }
                continue;
            }
        };
        match door.gate.admit(peer.ip().to_canonical()) {
            Some(pass) => {
                let local = stream.local_addr().map_or(peer.ip(), |address| address.ip());
                let link = Arc::new(Link { peer, local, is_tls: false, app: app.clone() });
                tokio::spawn(connection::hold(door.clone(), stream, link, pass, open.clone()));
            }
            None => {
                // In plain words, which a client of TLS could not read.
                if door.tls.is_none()
                    && let Ok(place) = door.turned_away.clone().try_acquire_owned()
                {
                    tokio::spawn(connection::turn_away(stream, place));
                }
            }
        }
    }
}
