//! `carryall import`: a file of rows into a table, all or nothing.

use super::job::{self, data_file, whole};
use super::outcome::{Ended, Failure, counted, json_arg, result, say};
use crate::model::job::{Import, Job};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::path::Path;

pub fn command() -> Command {
    let repeated = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
    Command::new("import").about("Import a CSV, TSV, JSON or NDJSON file into a table, which is made if it is missing").args([
        json_arg(),
        Arg::new("file").required(true).value_name("FILE").help("A .csv, .tsv, .json, .ndjson or .jsonl file"),
        Arg::new("app").long("app").value_name("SLUG").required(true).help("The app; made if it is missing"),
        Arg::new("schema").long("schema").value_name("SLUG").help("The table [default: the file's name]"),
        repeated("map").value_name("HEADER=FIELD").help("Which field a column is"),
        repeated("type").value_name("HEADER=TYPE").help("The type of a column of a new table, in place of the guess"),
        Arg::new("key").long("key").value_name("FIELD").help("Update records with the same value in this field"),
        Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Check everything and change nothing"),
    ])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let name = text("file").unwrap_or_default();
    let file = whole(&name)?;
    if !file.is_file() {
        return Err(Failure::new(1, format!("There is no file {name}")));
    }
    let stem = Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let import = Import {
        file,
        app: text("app").unwrap_or_default(),
        schema: text("schema").unwrap_or(stem),
        schema_given: text("schema").is_some(),
        map: pairs(matches, "map")?,
        types: pairs(matches, "type")?,
        key: text("key"),
        must_exist: false,
        dry_run: matches.get_flag("dry-run"),
    };
    let sent = json!({
        "kind": "import", "file": import.file, "app": import.app, "schema": import.schema, "schema_given": import.schema_given,
        "map": import.map, "types": import.types, "key": import.key, "dry_run": import.dry_run,
    });
    let outcome = job::run(&data_file(matches), &Job::Import(import), &sent)?;
    describe(&outcome);
    result(matches.get_flag("json"), &outcome, sentence);
    Ok(())
}

/// `HEADER=FIELD`: cut at the last `=`, for a heading may hold one and a slug may not.
fn pairs(matches: &ArgMatches, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let given = matches.get_many::<String>(name).into_iter().flatten();
    given
        .map(|pair| {
            let (heading, slug) =
                pair.rsplit_once('=').ok_or_else(|| Failure::new(2, format!("--{name} wants HEADER=VALUE, not '{pair}'")))?;
            Ok((heading.to_owned(), slug.to_owned()))
        })
        .collect()
}

/// What was made of the columns of a new table, for people.
fn describe(outcome: &Value) {
    let flag = |key: &str| outcome.get(key).and_then(Value::as_bool).unwrap_or_default();
    let list = |key: &str| outcome.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    if flag("new_schema") {
        for field in list("fields") {
            let get = |key: &str| field.get(key).and_then(Value::as_str).unwrap_or_default();
            say(&format!(
                "  {:<12} {}",
                get("type"),
                if get("slug") == get("header") { get("slug").to_owned() } else { format!("{} ({})", get("slug"), get("header")) }
            ));
        }
    }
    list("notes").iter().filter_map(Value::as_str).for_each(|note| say(&format!("  note: {note}")));
}

fn sentence(outcome: &Value) -> String {
    let text = |key: &str| outcome.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| outcome.get(key).and_then(Value::as_u64).unwrap_or_default();
    let flag = |key: &str| outcome.get(key).and_then(Value::as_bool).unwrap_or_default();
    let done = if flag("dry_run") { "would be imported (dry run: nothing was)" } else { "imported" };
    let made = if flag("new_schema") { ", a new table" } else { "" };
    format!(
        "{} {done} into {}/{}{made}: {} created, {} updated",
        counted(number("rows"), "row"),
        text("app"),
        text("schema"),
        number("created"),
        number("updated")
    )
}
