//! `carryall backup`: a checked copy of the data file, made while a server writes to it.

use super::job::{data_file, opening};
use super::outcome::{Ended, Failure, counted, json_arg, result, say, unopened};
use super::progress::Bar;
use crate::model::backup::Reason;
use crate::model::error::Error;
use crate::store::backup;
use crate::store::engine::OpenError;
use clap::{Arg, ArgMatches, Command};
use serde_json::json;
use std::path::PathBuf;

pub fn command() -> Command {
    let output = Arg::new("output").short('o').long("output").value_name("FILE");
    Command::new("backup")
        .about("Copy the data file, also while a server has it open, and check the copy")
        .args([output.help("Where to [default: the time, in the folder FILE.backups]"), json_arg()])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let path = data_file(matches);
    if !path.exists() {
        return Err(Failure::new(3, format!("{} cannot be used: there is no such file", path.display())));
    }
    let bar = Bar::new();
    let (how, watch) = (opening()?, bar.report());
    let done = match matches.get_one::<String>("output").map(PathBuf::from) {
        Some(output) => backup::back_up(&path, &output, &how, &watch).map(|report| (output, report)),
        None => backup::keep(&path, Reason::Asked, &how, &watch),
    };
    bar.end();
    let (output, report) = done.map_err(|error| match error {
        Error::Damaged(_) => unopened(&path, OpenError::Unusable("it is damaged".to_owned())),
        other => other.into(),
    })?;
    let (sha256, problems) = (backup::hash_of(&output)?, &report.problems);
    problems.iter().for_each(|problem| say(problem));
    let outcome = json!({
        "file": output, "sha256": sha256, "apps": report.apps, "tables": report.tables, "records": report.records, "problems": problems,
    });
    let records = counted(report.records, "record");
    result(matches.get_flag("json"), &outcome, |_| format!("{} holds {records}, and was checked", output.display()));
    Ok(())
}
