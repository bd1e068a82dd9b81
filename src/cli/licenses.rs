//! `carryall licenses`: whose work is compiled in, and on what terms. The text is made by `.ci/licenses`; a test compares it with Cargo.lock.

use super::outcome::{Ended, print};
use clap::{ArgMatches, Command};

const THIRD_PARTY: &str = include_str!("../../THIRD-PARTY.txt");

pub fn command() -> Command {
    Command::new("licenses").about("Print whose work is compiled in, with the texts of the licences")
}

pub fn run(_: &ArgMatches) -> Ended {
    print(THIRD_PARTY)
}
