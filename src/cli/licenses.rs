//! `carryall licenses`: whose work is compiled in, and on what terms. The text is made by `.ci/licenses`; a test compares it with Cargo.lock.

use super::outcome::{Ended, Failure};
use clap::{ArgMatches, Command};
use std::io::{ErrorKind, Write};

const THIRD_PARTY: &str = include_str!("../../THIRD-PARTY.txt");

pub fn command() -> Command {
    Command::new("licenses").about("Print whose work is compiled in, with the texts of the licences")
}

pub fn run(_: &ArgMatches) -> Ended {
    match std::io::stdout().write_all(THIRD_PARTY.as_bytes()) {
        // Who pipes into `head` has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(1, format!("The text cannot be written: {error}"))),
        _ => Ok(()),
    }
}
