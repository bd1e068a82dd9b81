//! `carryall FILE`: from a spreadsheet to an API with one command. The data file and the table are made, the rows taken in, then it serves.

use super::host;
use super::job::{self, OWNER, Work, data_file, import_form, pairs, patient, texts, whole};
use super::listen;
use super::outcome::{Ended, Failure, describe_import, import_sentence, say, unopened};
use crate::config::first_admin;
use crate::model::job::{Import, Job, unwatched};
use crate::model::name::quoted;
use crate::ops::columns::schema_slug;
use crate::ops::ctx::Ctx;
use crate::ops::naming::slug_from;
use crate::ops::{define, jobs, sessions, users};
use crate::store::engine::Store;
use crate::store::lock::holder;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::Value;
use std::path::Path;

const EMAIL: &str = "owner@example.com";

pub fn command() -> Command {
    let many = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value).action(ArgAction::Append);
    Command::new("open")
        .hide(true)
        .about("Make a table of a CSV, TSV, XLSX, JSON or NDJSON file and serve it: one command from spreadsheet to API")
        .override_usage("carryall FILE [OPTIONS]")
        .arg(Arg::new("file").required(true).value_name("FILE").help("A .csv, .tsv, .xlsx, .json, .ndjson or .jsonl file"))
        .arg(Arg::new("app").long("app").value_name("SLUG").help("The app [default: the file's name]"))
        .arg(Arg::new("schema").long("schema").value_name("SLUG").help("The table [default: the file's name]"))
        .arg(many("map", "HEADER=FIELD").help("Which field a column is"))
        .arg(many("type", "HEADER=TYPE").help("The type of a column, in place of the guess"))
        .arg(many("skip", "HEADER").help("Leave a column out"))
        .arg(
            Arg::new("blank-errors")
                .long("blank-errors")
                .action(ArgAction::SetTrue)
                .help("Read cells of a sheet with errors (#N/A) as empty ones"),
        )
        .arg(
            Arg::new("key").long("key").value_name("FIELD").help("If the table is there: update records with the same value in this field"),
        )
        .arg(Arg::new("sheet").long("sheet").value_name("NAME").help("The sheet of a workbook [default: the first]"))
        .args(listen::args())
}

pub fn run(matches: &ArgMatches) -> Ended {
    let (path, import) = (data_file(matches), import(matches)?);
    let wanted = !is_there(&path, &import)? || import.key.is_some();
    if !wanted {
        let (app, schema) = (&import.app, schema_slug(&import)?);
        say(&format!("The table {app}/{schema} is there already: nothing is imported again (--key FIELD brings it up to date)."));
    }
    if let Some(address) = holder(&path).and_then(|holder| holder.address) {
        if wanted {
            told(&job::run(&path, &Job::Import(import.clone()), &import_form(&import))?);
        }
        say(&format!("{} is open in the server at {address}: {address}/_/", path.display()));
        return Ok(());
    }
    let (existed, config) = (path.exists(), listen::config(matches, path.clone(), false)?);
    let served = host::host(&config, |ctx| if wanted { take_in(ctx, &import) } else { Ok(()) }, |ctx, url| greet(ctx, &path, &import, url));
    // A file that this command made and put nothing into was not asked for.
    if served.is_err() && !existed && Store::open_for_reading(&path, &patient()?).is_ok_and(|store| store.catalog().apps().is_empty()) {
        let _ = std::fs::remove_file(&path);
    }
    served.map(drop)
}

/// App and table are called as the file is, unless somebody says otherwise.
fn import(matches: &ArgMatches) -> Result<Import, Failure> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let name = text("file").unwrap_or_default();
    let file = whole(&name)?;
    if !file.is_file() {
        return Err(Failure::new(1, format!("There is no file {name}")));
    }
    let stem = Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let guess = || slug_from(&stem).map(|slug| if define::is_reserved_app(&slug) { format!("{slug}-2") } else { slug });
    let unnamed = || Failure::new(2, format!("No app's name can be made of {}; give one with --app", quoted(&stem)));
    Ok(Import {
        file,
        app: text("app").or_else(guess).ok_or_else(unnamed)?,
        schema: text("schema").unwrap_or(stem),
        schema_given: text("schema").is_some(),
        map: pairs(matches, "map")?,
        types: pairs(matches, "type")?,
        key: text("key"),
        skip: texts(matches, "skip"),
        blank_errors: matches.get_flag("blank-errors"),
        sheet: text("sheet"),
        ..Import::default()
    })
}

fn is_there(path: &Path, import: &Import) -> Result<bool, Failure> {
    if !path.exists() {
        return Ok(false);
    }
    let store = Store::open_for_reading(path, &patient()?).map_err(|error| unopened(path, error))?;
    let (catalog, schema) = (store.catalog(), schema_slug(import)?);
    Ok(catalog.app(&import.app).and_then(|app| catalog.schema(&app, &schema)).is_ok())
}

fn take_in(ctx: &Ctx, import: &Import) -> Ended {
    let work = Work::begin();
    let done = jobs::run(ctx, &OWNER, &Job::Import(import.clone()), &work.report());
    work.end();
    told(&done?);
    Ok(())
}

fn told(outcome: &Value) {
    describe_import(outcome);
    say(&import_sentence(outcome));
}

/// Says how to get in. The curl works when it is pasted.
fn greet(ctx: &Ctx, path: &Path, import: &Import, url: &str) -> Result<String, Failure> {
    let made = if users::has_admin(ctx)? { None } else { Some(first_admin().unwrap_or_else(|| (EMAIL.to_owned(), host::password(ctx)))) };
    if let Some((email, password)) = &made {
        host::first_admin_once(ctx, email.clone(), password.clone())?;
    }
    let link = format!("{url}/_/start#t={}", token(ctx)?);
    let asked = token(ctx)?;
    let key = ctx.write(|| sessions::verify_link(ctx, &asked), sessions::open)?.key;
    say(&format!("\n{} is open.\n\n  Open     {link}\n           (signs you in; works once)", path.display()));
    if let Some((email, password)) = &made {
        say(&format!("  Sign in  {email}  {password}"));
    }
    let (app, schema) = (&import.app, schema_slug(import)?);
    say(&format!("  Try      curl -b sessionid={key} '{url}/api/apps/{app}/schemas/{schema}/records?per_page=2'"));
    say("\nCtrl-C stops it; the data stays in the file.");
    Ok(link)
}

/// A fresh link's secret.
fn token(ctx: &Ctx) -> Result<String, Failure> {
    let issued = jobs::run(ctx, &OWNER, &Job::Link { user: None }, &unwatched())?;
    Ok(issued.get("token").and_then(Value::as_str).unwrap_or_default().to_owned())
}
