//! The log: lines on stderr by one thread, so that a terminal that does not keep up never holds a request.

use crate::config::variable;
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
