//! `carryall restore`: a backup in the place of the data file. What was there is kept.

use super::job::{OWNER, data_file, opening};
use super::outcome::{Ended, Failure, counted, json_arg, result, say, unopened};
use super::progress::Bar;
use crate::ops::changes;
use crate::store::engine::OpenError;
use crate::store::lock::{Lock, Refused};
use crate::store::restore::{self, Restored};
use crate::store::{backup, place};
use clap::{Arg, ArgMatches, Command};
use serde_json::json;
use std::path::Path;

pub fn command() -> Command {
    Command::new("restore")
        .about("Put a backup in the place of the data file; what was there is kept beside it")
        .args([Arg::new("backup").value_name("FILE").required(true).help("The backup"), json_arg()])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let path = data_file(matches);
    let from = matches.get_one::<String>("backup").map(Path::new).unwrap_or(Path::new(""));
    if !from.is_file() {
        return Err(Failure::new(2, format!("{}: there is no such file", from.display())));
    }
    // Nobody may open the file while it is exchanged.
    let _lock = Lock::acquire(&path).map_err(|refused| match refused {
        Refused::Held(holder) => unopened(&path, OpenError::Held(holder)),
        Refused::Failed(error) => Failure::new(3, format!("{} cannot be used: its lock file cannot be made: {error}", path.display())),
    })?;
    if let Some(doubt) = place::doubt(&path) {
        say(&format!("{doubt}."));
    }
    backup::sweep(&path);
    let entry = changes::of_restore(&OWNER, &from.file_name().unwrap_or_default().to_string_lossy());
    let bar = Bar::new();
    let done = restore::restore(from, &path, &entry, &opening()?, &bar.report());
    bar.end();
    let Restored { report, kept, people } = done?;
    report.problems.iter().chain(&people).for_each(|sentence| say(sentence));
    let outcome = json!({"file": path, "kept": kept, "records": report.records, "problems": report.problems, "people": people});
    let kept = kept.map_or_else(String::new, |kept| format!("; what was there is {}", kept.display()));
    result(matches.get_flag("json"), &outcome, |_| {
        format!("{} holds {} of the backup{kept}", path.display(), counted(report.records, "record"))
    });
    Ok(())
}
