//! `carryall openapi`: the document of an app, as the server gives it. It only reads, so it works beside a running server.

use super::job::{data_file, opening};
use super::outcome::{Ended, Failure, print, say, unopened};
use crate::model::limits::Limits;
use crate::ops::ctx::{self, Ctx};
use crate::ops::sessions;
use crate::server::answer::{self, Head};
use crate::store::engine::Store;
use clap::{Arg, ArgMatches, Command};
use serde_json::Value;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

pub fn command() -> Command {
    Command::new("openapi").about("Write the OpenAPI document of an app, with its tables' fields").args([
        Arg::new("app").long("app").value_name("SLUG").required(true).help("The app"),
        Arg::new("output").short('o').long("output").value_name("FILE").help("Where to write [default: stdout]"),
    ])
}

pub fn run(matches: &ArgMatches) -> Ended {
    let path = data_file(matches);
    let how = opening()?;
    let store = Store::open_for_reading(&path, &how).map_err(|error| unopened(&path, error))?;
    let app = matches.get_one::<String>("app").map_or("", String::as_str);
    let slug = store.catalog().app(app)?.slug.clone();
    let text = asked(store, how.limits, &format!("/api/apps/{slug}/openapi.json"))?;
    match matches.get_one::<String>("output") {
        None => print(&text),
        Some(file) => {
            std::fs::write(file, &text).map_err(|error| Failure::new(1, format!("{file} cannot be written: {error}")))?;
            say(&format!("{file} is the document of {slug}"));
            Ok(())
        }
    }
}

/// What the server would answer to the owner, on many lines for people and for `diff`.
fn asked(store: Store, limits: Limits, target: &str) -> Result<String, Failure> {
    let random = ctx::random();
    let (secret, control) = sessions::issue_control(&random);
    let ctx = Arc::new(Ctx::new(store, random, limits, control));
    let head = Head {
        peer: SocketAddr::from(([127, 0, 0, 1], 0)),
        is_secure: false,
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers: vec![("Authorization".to_owned(), format!("Bearer {secret}"))],
        app: None,
        who: None,
    };
    let response = answer::in_process(&ctx, head, Vec::new());
    let mut body = Vec::new();
    let unread = |error: &dyn std::fmt::Display| Failure::new(1, format!("The document cannot be made: {error}"));
    response.data.into_reader_and_size().0.read_to_end(&mut body).map_err(|error| unread(&error))?;
    let document: Value = serde_json::from_slice(&body).map_err(|error| unread(&error))?;
    match document.pointer("/error/message").and_then(Value::as_str) {
        Some(message) => Err(Failure::new(1, message)),
        None => serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(|error| unread(&error)),
    }
}
