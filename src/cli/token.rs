//! `carryall token create`: a token for a program. The secret is drawn here and told here only; the data file, and the server that has it open, get its
//! hash.

use super::job::{self, data_file};
use super::outcome::{Ended, Failure, json_arg, say, tell};
use crate::model::job::{Job, NewToken};
use crate::ops::{ctx, tokens};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

pub fn command() -> Command {
    let create = Command::new("create").about("Make a token; its secret is printed this once").args([
        json_arg(),
        Arg::new("user").long("user").required(true).value_name("E-MAIL").help("Whose it is: it may no more than they may"),
        Arg::new("kind")
            .long("kind")
            .required(true)
            .value_parser(["personal", "key-secret"])
            .help("personal: one text for Authorization: Bearer; key-secret: a pair for x-api-key and x-api-secret"),
        Arg::new("name").long("name").required(true).help("How lists and the change log call it"),
        Arg::new("app")
            .long("app")
            .value_name("SLUG")
            .action(ArgAction::Append)
            .help("An app that it is for; may stand several times [default: all, of personal ones]"),
        Arg::new("expires").long("expires").value_name("30d").help("When it ends: 30d, 12h, or a time [default: never]"),
    ]);
    Command::new("token").about("Tokens for programs").subcommand_required(true).subcommand(create)
}

pub fn run(matches: &ArgMatches) -> Ended {
    let Some(("create", matches)) = matches.subcommand() else {
        return Err(Failure::new(2, "carryall token create --user E-MAIL --kind KIND --name NAME"));
    };
    let path = data_file(matches);
    if !path.exists() {
        return Err(Failure::new(3, format!("{} cannot be used: there is no such file", path.display())));
    }
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let kind = text("kind").unwrap_or_default();
    let secret = tokens::draw(&ctx::random(), tokens::kind(&kind)?);
    let new = NewToken {
        user: text("user").unwrap_or_default(),
        kind,
        name: text("name").unwrap_or_default(),
        apps: matches.get_many::<String>("app").into_iter().flatten().cloned().collect(),
        expires: text("expires"),
        key: secret.key.clone(),
        hash: secret.hash,
    };
    let sent = json!({
        "kind": "token_create", "user": new.user, "of_kind": new.kind, "name": new.name, "apps": new.apps, "expires": new.expires,
        "key": new.key, "hash": new.hash,
    });
    let outcome = job::run(&path, &Job::TokenCreate(new), &sent)?;
    let part = |name: &str| outcome.get(name).cloned().unwrap_or_default();
    let told = match &secret.key {
        None => {
            let id = part("id");
            json!({"id": id, "kind": part("kind"), "name": part("name"), "token": format!("{id}|{}", secret.secret)})
        }
        Some(key) => json!({
            "id": part("id"), "kind": part("kind"), "name": part("name"), "key": key, "secret": secret.secret, "apps": part("apps"),
        }),
    };
    if matches.get_flag("json") {
        tell(&told.to_string());
    } else {
        lines(&told).iter().for_each(|line| tell(line));
        say("Keep it: it is not told again.");
    }
    Ok(())
}

fn lines(told: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    if told.get("token").is_some() {
        return vec![text(told, "token")];
    }
    let apps = told.get("apps").and_then(Value::as_array).cloned().unwrap_or_default();
    let pair = [format!("x-api-key: {}", text(told, "key")), format!("x-api-secret: {}", text(told, "secret"))];
    pair.into_iter().chain(apps.iter().map(|app| format!("app {}: {}", text(app, "slug"), text(app, "uuid")))).collect()
}
