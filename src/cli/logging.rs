//! The log: lines on stderr by one thread, so that a terminal that does not keep up never holds a request.

use crate::config::variable;
use crate::model::error::panic_text;
use crate::ops::ctx;
use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};

/// Lines that may wait; more are dropped.
const LINES_MAX: usize = 10_000;

/// Starts the log. `CARRYALL_LOG` is env_logger's filter; by default every request is told, with `quiet` only trouble.
pub fn start(quiet: bool) {
    let filter = variable("CARRYALL_LOG").unwrap_or_else(|| if quiet { "warn" } else { "info" }.to_owned());
    let (lines, queued) = sync_channel::<Vec<u8>>(LINES_MAX);
    std::thread::spawn(move || {
        let mut stderr = io::stderr();
        for line in queued {
            let _ = stderr.write_all(&line);
        }
    });
    let target = env_logger::Target::Pipe(Box::new(Queued(lines)));
    // A second start in one process keeps the first log.
    let _ = env_logger::Builder::new()
        .parse_filters(&filter)
        .target(target)
        .format(|out, record| match record.target() {
            // A whole JSON object already, with its time.
            "access" => writeln!(out, "{}", record.args()),
            place => writeln!(out, "{} {} {place}: {}", ctx::now().text, record.level(), record.args()),
        })
        .try_init();
    tell_panics_here();
}

/// A panic is a line of the log like any other, not a write to the terminal by the thread that answers; who asks for a backtrace gets the standard
/// report.
fn tell_panics_here() {
    if variable("RUST_BACKTRACE").is_some() {
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        log::error!("a thread panicked at {place}: {}", panic_text(panic.payload()));
    }));
}

struct Queued(SyncSender<Vec<u8>>);

impl Write for Queued {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = self.0.try_send(line.to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
