//! `carryall check`: looks through the whole data file. It only reads, so it works beside a running server; with `--mend` it makes anew what counts
//! and finds the records.

use super::job::{self, data_file, patient};
use super::outcome::{Ended, Failure, counted, json_arg, result, tell, unopened};
use super::progress::Bar;
use crate::model::job::Job;
use crate::store::engine::Store;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::path::Path;

pub fn command() -> Command {
    let mend = Arg::new("mend").long("mend").action(ArgAction::SetTrue);
    Command::new("check")
        .about("Look through the whole data file: damage, counters, references, indexes, change log")
        .args([json_arg(), mend.help("Make counters, indexes and what lists are found by anew from the records")])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let (path, as_json) = (data_file(matches), matches.get_flag("json"));
    if matches.get_flag("mend") {
        return mend(&path, as_json);
    }
    let store = Store::open_for_reading(&path, &patient()?).map_err(|error| unopened(&path, error))?;
    let bar = Bar::new();
    let done = store.check(&bar.report());
    bar.end();
    let report = done?;
    let outcome = json!({"apps": report.apps, "tables": report.tables, "records": report.records, "problems": report.problems});
    told(&path, as_json, &outcome)
}

fn mend(path: &Path, as_json: bool) -> Ended {
    if !path.exists() {
        return Err(Failure::new(3, format!("{} cannot be used: there is no such file", path.display())));
    }
    let outcome = job::run(path, &Job::Mend, &json!({"kind": "mend"}))?;
    if !as_json {
        sentences(&outcome, "mended").iter().for_each(|mended| tell(mended));
    }
    told(path, as_json, &outcome)
}

fn told(path: &Path, as_json: bool, outcome: &Value) -> Ended {
    let problems = sentences(outcome, "problems");
    if !problems.is_empty() {
        return Err(Failure { code: 1, lines: problems });
    }
    let count = |key: &str, what: &str| counted(outcome.get(key).and_then(Value::as_u64).unwrap_or_default(), what);
    let looked_at = [count("apps", "app"), count("tables", "table"), count("records", "record")];
    result(as_json, outcome, |_| format!("{} is well: {}", path.display(), looked_at.join(", ")));
    Ok(())
}

fn sentences(outcome: &Value, key: &str) -> Vec<String> {
    let all = outcome.get(key).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}
