//! `carryall admin create`: a person who may everything.

use super::job::{self, data_file};
use super::outcome::{Ended, Failure, json_arg, result, say};
use crate::model::job::Job;
use crate::ops::ctx;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::io::Read;

/// More than any password may have: what is read from stdin at most.
const STDIN_BYTES_MAX: u64 = 4_096;

pub fn command() -> Command {
    let create = Command::new("create").about("Make an admin; without --password-stdin the password is made up and printed").args([
        json_arg(),
        Arg::new("email").long("email").required(true).value_name("E-MAIL").help("The name to sign in with"),
        Arg::new("password-stdin").long("password-stdin").action(ArgAction::SetTrue).help("Read the password from the first line of stdin"),
    ]);
    Command::new("admin").about("People who may everything").subcommand_required(true).subcommand(create)
}

pub fn run(matches: &ArgMatches) -> Ended {
    let Some(("create", matches)) = matches.subcommand() else { return Err(Failure::new(2, "carryall admin create --email E-MAIL")) };
    let email = matches.get_one::<String>("email").cloned().unwrap_or_default();
    let given = matches.get_flag("password-stdin");
    let password = if given { from_stdin()? } else { made_up() };
    let sent = json!({"kind": "admin_create", "email": email, "password": password});
    let mut outcome = job::run(&data_file(matches), &Job::AdminCreate { email, password: password.clone() }, &sent)?;
    if let Some(warning) = outcome.get("warning").and_then(Value::as_str) {
        say(warning);
    }
    if let Some(outcome) = outcome.as_object_mut().filter(|_| !given) {
        outcome.insert("password".to_owned(), Value::from(password.as_str()));
    }
    result(matches.get_flag("json"), &outcome, |outcome| {
        let email = outcome.get("email").and_then(Value::as_str).unwrap_or_default();
        if given { format!("{email} is an admin") } else { format!("{email} is an admin; password: {password}") }
    });
    Ok(())
}

fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(STDIN_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(1, format!("stdin cannot be read: {error}")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// 24 hexadecimal digits: 96 bits of chance.
fn made_up() -> String {
    let mut bytes = [0; 12];
    ctx::random()(&mut bytes);
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
