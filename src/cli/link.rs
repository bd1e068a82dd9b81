//! `carryall link`: a fresh one-time sign-in link.

use super::job::{self, data_file};
use super::outcome::{Ended, Failure, json_arg, result};
use crate::model::job::Job;
use clap::{Arg, ArgMatches, Command};
use serde_json::{Value, json};

pub fn command() -> Command {
    Command::new("link")
        .about("A fresh link that signs in once, within half an hour")
        .arg(json_arg())
        .arg(Arg::new("user").long("user").value_name("E-MAIL").help("Whom it signs in [default: the first admin]"))
}

pub fn run(matches: &ArgMatches) -> Ended {
    let path = data_file(matches);
    if !path.exists() {
        return Err(Failure::new(3, format!("{} cannot be used: there is no such file", path.display())));
    }
    let user = matches.get_one::<String>("user").cloned();
    let sent = json!({"kind": "link", "user": user});
    let outcome = job::run(&path, &Job::Link { user }, &sent)?;
    result(matches.get_flag("json"), &outcome, |outcome| {
        let token = outcome.get("token").and_then(Value::as_str).unwrap_or_default();
        let url = outcome.get("url").and_then(Value::as_str).filter(|url| !url.starts_with('/'));
        match url {
            Some(url) => url.to_owned(),
            None => format!("/_/start#t={token}  (behind the server's address, once it runs)"),
        }
    });
    Ok(())
}
