//! The command line: one file per command. A command that writes does its job here, or hands it to the server that has the file (`job`).
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the data file cannot be used, 4 another process has it.

mod admin;
mod apply;
mod backup;
mod check;
mod demo;
mod export;
mod host;
mod import;
mod job;
mod lan;
mod licenses;
mod link;
mod listen;
mod logging;
mod open;
mod openapi;
mod outcome;
mod progress;
mod restore;
mod serve;
mod token;
mod version;

use crate::format::file::Format;
use clap::{Arg, ArgMatches, Command};
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

type Define = fn() -> Command;
type Run = fn(&ArgMatches) -> outcome::Ended;

/// Every command: its definition and what it does.
const COMMANDS: [(Define, Run); 15] = [
    (serve::command, serve::run),
    (demo::command, demo::run),
    (open::command, open::run),
    (apply::command, apply::run),
    (import::command, import::run),
    (export::command, export::run),
    (backup::command, backup::run),
    (restore::command, restore::run),
    (check::command, check::run),
    (admin::command, admin::run),
    (link::command, link::run),
    (token::command, token::run),
    (openapi::command, openapi::run),
    (licenses::command, licenses::run),
    (version::command, version::run),
];

/// Runs the command that the arguments name; without one, `serve`.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = with_command(args.collect());
    let matches = match definition().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let Some((name, matches)) = matches.subcommand() else { return ExitCode::from(2) };
    let found = COMMANDS.iter().find(|(command, _)| command().get_name() == name);
    let ended = found.map_or(Ok(()), |(_, run)| run(matches));
    outcome::exit(ended)
}

fn definition() -> Command {
    let db = Arg::new("db").long("db").value_name("FILE").global(true).help("The data file [default: carryall.db, or CARRYALL_DB]");
    Command::new("carryall")
        .about("An app backend you can carry: one executable, one data file, an admin page and a REST API")
        .after_help("Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the data file cannot be used, 4 another process has it.\n\nA spreadsheet as an API in one command: carryall films.csv")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg(db)
        .subcommands(COMMANDS.iter().map(|(command, _)| command()))
}

/// `carryall --db x` means `carryall serve --db x`, and `carryall films.csv` means `carryall open films.csv`: the command is put in where nobody
/// named one.
fn with_command(mut args: Vec<OsString>) -> Vec<OsString> {
    let names: Vec<String> = COMMANDS.iter().map(|(command, _)| command().get_name().to_owned()).collect();
    let asks = |arg: &OsString| arg == "--help" || arg == "-h" || arg == "--version" || arg == "-V" || arg == "help";
    let is_command = |arg: &OsString| names.iter().any(|name| arg == name.as_str());
    let is_file = |arg: &OsString| Format::of(Path::new(arg)).is_ok();
    // Before any command: behind one, files are its own.
    let opened = args.iter().skip(1).take_while(|arg| !is_command(arg)).any(is_file);
    let named = args.iter().skip(1).any(|arg| asks(arg) || is_command(arg));
    let first_is_word = args.get(1).is_some_and(|first| !first.to_string_lossy().starts_with('-'));
    if opened {
        args.insert(1, OsString::from("open"));
    } else if !named && !first_is_word {
        args.insert(args.len().min(1), OsString::from("serve"));
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_put_in_where_nobody_named_one() {
        for (line, whole) in [
            ("carryall", "carryall serve"),
            ("carryall --db x.db", "carryall serve --db x.db"),
            ("carryall films.csv", "carryall open films.csv"),
            ("carryall --db x.db films.XLSX --no-open", "carryall open --db x.db films.XLSX --no-open"),
            ("carryall import films.csv --app a", "carryall import films.csv --app a"),
            ("carryall --db x.db import films.csv", "carryall --db x.db import films.csv"),
            ("carryall films.csv --help", "carryall open films.csv --help"),
            ("carryall nonsense", "carryall nonsense"),
            ("carryall --help", "carryall --help"),
        ] {
            let args = with_command(line.split(' ').map(OsString::from).collect());
            assert_eq!(args, whole.split(' ').map(OsString::from).collect::<Vec<_>>());
        }
    }
}
