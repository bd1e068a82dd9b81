//! Signals that ask a program to end: what catches them, and the wish of whoever stops a command at work.

#[cfg(unix)]
use super::system;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether somebody wants the command that works to end. It does at its next step, and takes back what it did; who asks twice does not wait.
#[derive(Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

/// What shells give a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

impl Interrupt {
    /// Signals are caught from here on.
    pub fn watch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::catch()?
        };
        let interrupt = Self::default();
        let watched = interrupt.clone();
        std::thread::Builder::new().name("interrupt".to_owned()).stack_size(256 * 1024).spawn(move || {
            runtime.block_on(async move {
                loop {
                    signals.next().await;
                    if watched.over.load(Ordering::Relaxed) {
                        return;
                    }
                    if watched.asked.swap(true, Ordering::Relaxed) {
                        std::process::exit(INTERRUPTED);
                    }
                }
            });
        })?;
        Ok(interrupt)
    }

    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// The work is done: from here on somebody else looks after signals.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// SIGXFSZ, the same number on Linux and macOS.
#[cfg(unix)]
const FILE_TOO_LONG: i32 = 25;

/// SIGTERM, Ctrl-C, and SIGHUP unless whoever started the program wants it to outlive the terminal (nohup).
#[cfg(unix)]
pub struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    pub fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // A file that may grow no further (`ulimit -f`) is a write that fails, and not the end of the program.
        drop(signal(SignalKind::from_raw(FILE_TOO_LONG))?);
        let hangup = (!system::ignores_hangup()).then(SignalKind::hangup);
        let kinds = [Some(SignalKind::terminate()), Some(SignalKind::interrupt()), hangup];
        kinds.into_iter().flatten().map(signal).collect::<io::Result<_>>().map(Self)
    }

    pub async fn next(&mut self) {
        use std::task::Poll;
        std::future::poll_fn(|cx| match self.0.iter_mut().any(|signal| signal.poll_recv(cx).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub fn catch() -> io::Result<Self> {
        Ok(Self)
    }

    pub async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
