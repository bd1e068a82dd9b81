//! `carryall version`.

use super::outcome::{Ended, json_arg, result};
use clap::{ArgMatches, Command};
use serde_json::json;

pub fn command() -> Command {
    Command::new("version").about("Print the version").arg(json_arg())
}

pub fn run(matches: &ArgMatches) -> Ended {
    let version = env!("CARGO_PKG_VERSION");
    result(matches.get_flag("json"), &json!({"name": "carryall", "version": version}), |_| format!("carryall {version}"));
    Ok(())
}
