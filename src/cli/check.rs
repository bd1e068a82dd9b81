//! `carryall check`: looks through the whole data file. It only reads, so it works beside a running server.

use super::job::{data_file, patient};
use super::outcome::{Ended, Failure, counted, json_arg, result, unopened};
use super::progress::Bar;
use crate::store::engine::Store;
use clap::{ArgMatches, Command};
use serde_json::json;

pub fn command() -> Command {
    Command::new("check").about("Look through the whole data file: damage, counters, references, indexes").arg(json_arg())
}

pub fn run(matches: &ArgMatches) -> Ended {
    let path = data_file(matches);
    let store = Store::open_for_reading(&path, &patient()?).map_err(|error| unopened(&path, error))?;
    let bar = Bar::new();
    let done = store.check(&bar.report());
    bar.end();
    let report = done?;
    if !report.problems.is_empty() {
        return Err(Failure { code: 1, lines: report.problems });
    }
    let outcome = json!({"apps": report.apps, "tables": report.tables, "records": report.records, "problems": []});
    let looked_at = [(report.apps, "app"), (report.tables, "table"), (report.records, "record")].map(|(count, what)| counted(count, what));
    result(matches.get_flag("json"), &outcome, |_| format!("{} is well: {}", path.display(), looked_at.join(", ")));
    Ok(())
}
