//! `carryall apply`: an app file to an app.

use super::job::{self, data_file, whole};
use super::outcome::{Ended, Failure, json_arg, result, tell};
use crate::model::job::Job;
use crate::ops::jobs;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

pub fn command() -> Command {
    Command::new("apply").about("Make or change an app so that it matches an app file").args([
        json_arg(),
        Arg::new("file").required(true).value_name("APPFILE.json").help("The app file: slug, tables, fields, records (see the README)"),
        Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Tell the difference and change nothing"),
        Arg::new("prune").long("prune").action(ArgAction::SetTrue).help("Delete tables and fields that are not in the file"),
    ])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let name = matches.get_one::<String>("file").map_or("", String::as_str);
    let file = whole(name)?;
    if !file.is_file() {
        return Err(Failure::new(1, format!("There is no file {name}")));
    }
    let text = jobs::app_file(&file)?;
    let (dry_run, prune) = (matches.get_flag("dry-run"), matches.get_flag("prune"));
    let sent = json!({"kind": "apply", "file": file, "dry_run": dry_run, "prune": prune});
    let outcome = job::run(&data_file(matches), &Job::Apply { text, dry_run, prune }, &sent)?;
    let as_json = matches.get_flag("json");
    let changes = outcome.get("changes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !as_json {
        changes.iter().filter_map(Value::as_str).for_each(|change| tell(&format!("  {change}")));
    }
    result(as_json, &outcome, |outcome| {
        let app = outcome.get("app").and_then(Value::as_str).unwrap_or_default();
        match (changes.is_empty(), dry_run) {
            (true, _) => format!("app {app} matches the file already"),
            (false, true) => format!("app {app} would be changed so (dry run: nothing was)"),
            (false, false) => format!("app {app} now matches the file"),
        }
    });
    Ok(())
}
