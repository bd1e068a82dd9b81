//! `carryall import`: a file of rows into a table, all or nothing.

use super::job::{self, data_file, import_form, pairs, texts, whole};
use super::outcome::{Ended, Failure, describe_import, import_sentence, json_arg, result};
use crate::format::day::DayOrder;
use crate::format::file::Input;
use crate::model::job::{Import, Job, unwatched};
use crate::model::name::quoted;
use crate::ops::transfer;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::path::Path;

pub fn command() -> Command {
    let repeated = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
    Command::new("import")
        .about("Import a CSV, TSV, XLSX, JSON or NDJSON file into a table, which is made if it is missing")
        .after_help(AFTER)
        .args([
            json_arg(),
            Arg::new("file").required(true).value_name("FILE").help("A .csv, .tsv, .xlsx, .json, .ndjson or .jsonl file"),
            Arg::new("app").long("app").value_name("SLUG").required(true).help("The app; made if it is missing"),
            Arg::new("schema").long("schema").value_name("SLUG").help("The table [default: the file's name]"),
            repeated("map").value_name("HEADER=FIELD").help("Which field a column is"),
            repeated("type")
                .value_name("HEADER=TYPE")
                .help("The type of a column of a new table, in place of the guess; date:dmy, date:mdy, date:ymd, the same of datetime, and decimal:comma say how cells are written, also for a table that is there"),
            repeated("skip").value_name("HEADER").help("Leave a column out"),
            Arg::new("key").long("key").value_name("FIELD").help("Update records with the same value in this field; id: those with these ids"),
            Arg::new("blank-errors")
                .long("blank-errors")
                .action(ArgAction::SetTrue)
                .help("Read cells of a sheet with errors (#N/A) as empty ones"),
            Arg::new("sheet").long("sheet").value_name("NAME").help("The sheet of a workbook [default: the first]"),
            Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Check everything and change nothing"),
        ])
}

const AFTER: &str = "All or nothing: a row that breaks a rule refuses the file, and every problem is told with its row, line or cell, and column.\n\
    In CSV an apostrophe before a formula ('=1+1) is taken for the guard that an export puts there, and taken away.";

pub fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let name = text("file").unwrap_or_default();
    let file = whole(&name)?;
    if !file.is_file() {
        return Err(Failure::new(1, format!("There is no file {name}")));
    }
    let stem = Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut import = Import {
        file,
        app: text("app").unwrap_or_default(),
        schema: text("schema").unwrap_or(stem),
        schema_given: text("schema").is_some(),
        map: pairs(matches, "map")?,
        types: pairs(matches, "type")?,
        key: text("key"),
        skip: texts(matches, "skip"),
        blank_errors: matches.get_flag("blank-errors"),
        sheet: text("sheet"),
        must_exist: false,
        dry_run: matches.get_flag("dry-run"),
    };
    let path = data_file(matches);
    import.types.extend(asked_days(&path, &import)?);
    let outcome = job::run(&path, &Job::Import(import.clone()), &import_form(&import))?;
    describe_import(&outcome);
    result(matches.get_flag("json"), &outcome, import_sentence);
    Ok(())
}

/// On a terminal, asks how the days of a new table are written. Whether the table is new, and which columns they are, a rehearsal tells.
fn asked_days(path: &Path, import: &Import) -> Result<Vec<(String, String)>, Failure> {
    let is_watched = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !is_watched || !transfer::may_hold_days(&Input::at(&import.file, import.sheet.as_deref())?, &unwatched())? {
        return Ok(Vec::new());
    }
    let rehearsal = Import { dry_run: true, ..import.clone() };
    let outcome = job::run(path, &Job::Import(rehearsal.clone()), &import_form(&rehearsal))?;
    let all = outcome.get("days").and_then(Value::as_array).cloned().unwrap_or_default();
    let said = |heading: &str| import.types.iter().any(|(typed, _)| typed == heading);
    let text = |days: &Value, key: &str| days.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let columns = all.iter().map(|days| (text(days, "header"), text(days, "example"), days));
    let asked = columns.filter(|(heading, ..)| !said(heading)).filter_map(|(heading, example, days)| {
        let orders = days.get("orders").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let order = ask(&heading, &example, &orders.filter_map(DayOrder::from_name).collect::<Vec<_>>())?;
        Some((heading, format!("date:{}", order.name())))
    });
    Ok(asked.collect())
}

/// `None` for text, which is also what no answer means.
fn ask(heading: &str, example: &str, orders: &[DayOrder]) -> Option<DayOrder> {
    let letter = |order: &DayOrder| order.words().get(..1).unwrap_or_default();
    let offer = |order: &DayOrder| format!("{} = {} ({})", letter(order), order.words(), order.read(example).unwrap_or_default());
    let offers: Vec<String> = orders.iter().map(offer).collect();
    loop {
        let _ =
            write!(std::io::stderr(), "{} holds dates such as {}: {}, t = text [t] ", quoted(heading), quoted(example), offers.join(", "));
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer).unwrap_or_default();
        let answer = answer.trim().to_lowercase();
        if read == 0 || answer.is_empty() || answer == "t" {
            return None;
        }
        if let Some(order) = orders.iter().find(|order| letter(order) == answer) {
            return Some(*order);
        }
    }
}
