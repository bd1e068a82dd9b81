//! `carryall serve`: the server.

use super::host::{self, host};
use super::job::data_file;
use super::listen;
use super::outcome::{Ended, say};
use crate::ops::users;
use clap::{Arg, ArgMatches, Command};

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
            if users::has_admin(ctx)? {
                return Ok(format!("{url}/_/"));
            }
            let link = host::link(ctx, url)?;
            say(&format!(
                "There is no admin yet. This link makes the first one, within half an hour:\n\n  {link}\n\ncarryall link gives another."
            ));
            Ok(link)
        },
    );
    ended.map(drop)
}
