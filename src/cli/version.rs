//! `carryall version`.

use super::outcome::{Ended, tell};
use clap::{ArgMatches, Command};

pub fn command() -> Command {
    Command::new("version").about("Print the version")
}

pub fn run(_: &ArgMatches) -> Ended {
    tell(&format!("carryall {}", env!("CARGO_PKG_VERSION")));
    Ok(())
}
