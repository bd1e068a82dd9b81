//! `carryall backup`: a checked copy of the data file, made while a server writes to it.

use super::job::data_file;
use super::outcome::{Ended, Failure, counted, json_arg, result};
use crate::model::limits::Limits;
use crate::ops::ctx;
use crate::store::backup;
use clap::{Arg, ArgMatches, Command};
use serde_json::json;
use std::path::PathBuf;

pub fn command() -> Command {
    let output = Arg::new("output").short('o').long("output").value_name("FILE");
    Command::new("backup")
        .about("Copy the data file, also while a server has it open, and check the copy")
        .args([output.help("Where to [default: the data file's name with the time]"), json_arg()])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let path = data_file(matches);
    if !path.exists() {
        return Err(Failure::new(3, format!("{} cannot be used: there is no such file", path.display())));
    }
    let output = matches.get_one::<String>("output").map(PathBuf::from).unwrap_or_else(|| super::job::dated(&path, "backup"));
    let report = backup::back_up(&path, &output, &Limits::default(), &ctx::clock())?;
    let outcome = json!({"file": output, "apps": report.apps, "tables": report.tables, "records": report.records});
    let records = counted(report.records, "record");
    result(matches.get_flag("json"), &outcome, |_| format!("{} holds {records}, and was checked", output.display()));
    Ok(())
}
