//! `carryall serve`: the server.

use super::host::{self, host};
use super::job::data_file;
use super::listen;
use super::outcome::{Ended, called, say};
use crate::config::DATA_FILE;
use crate::ops::ctx::Ctx;
use crate::ops::users;
use clap::{Arg, ArgMatches, Command};
use std::path::Path;

pub fn command() -> Command {
    let durability = Arg::new("durability").long("durability").value_name("LEVEL").value_parser(["full", "relaxed"]).default_value("full");
    Command::new("serve")
        .about("Serve the API and the admin page [the default command]")
        .args(listen::args())
        .arg(durability.help("full: an answer survives a power cut; relaxed: faster, a power cut may take the last moments"))
}

pub fn run(matches: &ArgMatches) -> Ended {
    let relaxed = matches.get_one::<String>("durability").is_some_and(|word| word == "relaxed");
    let config = listen::config(matches, data_file(matches), relaxed)?;
    let ended = host(
        &config,
        |_| Ok(()),
        |ctx, url| {
            say(&format!("{} is open. Admin page: {url}/_/", config.data_file.display()));
            if users::has_admin(ctx)? { Ok(format!("{url}/_/")) } else { Ok(first_link(ctx, url, &config.data_file)) }
        },
    );
    ended.map(drop)
}

/// Tells the link that makes the first admin; gives the address for the browser.
fn first_link(ctx: &Ctx, url: &str, data_file: &Path) -> String {
    match host::link(ctx, url) {
        Ok(link) => {
            let db = if data_file == Path::new(DATA_FILE) { String::new() } else { format!(" --db {}", data_file.display()) };
            say(&format!(
                "There is no admin yet. This link makes the first one, within half an hour:\n\n  {link}\n\n{} link{db} gives another.",
                called()
            ));
            link
        }
        // A full disk or a damaged file is no reason not to serve what can be read.
        Err(failure) => {
            say(&format!("There is no admin yet, and no link for the first one can be made: {}", failure.lines.join(". ")));
            format!("{url}/_/")
        }
    }
}
