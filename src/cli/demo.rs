//! `carryall demo`: a sample app in a file that is thrown away, and everything that is needed to try it.

use super::host;
use super::job::OWNER;
use super::listen;
use super::outcome::{Ended, Failure, say};
use crate::config::{Config, first_admin};
use crate::model::job::{Job, unwatched};
use crate::ops::ctx::Ctx;
use crate::ops::{jobs, sessions};
use crate::server::assets;
use clap::{Arg, ArgMatches, Command};
use serde_json::Value;
use std::path::PathBuf;

const EMAIL: &str = "demo@example.com";
const SAMPLES: [&str; 1] = ["crm"];

pub fn command() -> Command {
    Command::new("demo")
        .about("Try a sample app: signed in at once, thrown away when it stops")
        .args(listen::args())
        .arg(Arg::new("sample").long("sample").value_name("NAME").value_parser(SAMPLES).default_value("crm").help("Which sample"))
        .arg(Arg::new("keep").long("keep").value_name("FILE").help("Keep the data in this file"))
}

pub fn run(matches: &ArgMatches) -> Ended {
    if matches.get_one::<String>("db").is_some() {
        return Err(Failure::new(2, "demo throws its data away; --keep FILE keeps it in a file"));
    }
    let sample = matches.get_one::<String>("sample").map_or("crm", String::as_str);
    let keep = matches.get_one::<String>("keep").map(PathBuf::from);
    // Lives as long as the server, and takes the data with it.
    let folder = tempfile::tempdir().map_err(|error| Failure::new(1, format!("No temporary folder can be made: {error}")))?;
    let data_file = keep.clone().unwrap_or_else(|| folder.path().join("demo.db"));
    let config = Config { is_thrown_away: keep.is_none(), ..listen::config(matches, data_file, false)? };
    host::host(&config, |ctx| fill(ctx, sample), |ctx, url| greet(ctx, sample, keep.as_ref(), url))
}

fn fill(ctx: &Ctx, sample: &str) -> Ended {
    let text = assets::sample(sample).ok_or_else(|| Failure::new(1, format!("There is no sample '{sample}'")))?;
    jobs::run(ctx, &OWNER, &Job::Apply { text: text.to_owned(), dry_run: false, prune: false }, &unwatched())?;
    Ok(())
}

/// Says how to get in, three ways. The curl works when it is pasted.
fn greet(ctx: &Ctx, sample: &str, keep: Option<&PathBuf>, url: &str) -> Result<String, Failure> {
    let (email, password) = first_admin().unwrap_or_else(|| (EMAIL.to_owned(), host::password(ctx)));
    host::first_admin_once(ctx, email.clone(), password.clone())?;
    let issued = jobs::run(ctx, &OWNER, &Job::Link { user: None }, &unwatched())?;
    let link = format!("{url}/_/start#t={}", issued.get("token").and_then(Value::as_str).unwrap_or_default());
    match keep {
        Some(file) => say(&format!("The sample '{sample}' is in {}.", file.display())),
        None => say(&format!("Demo: the sample '{sample}', thrown away when this stops (--keep FILE keeps it).")),
    }
    say(&format!("\n  Open     {link}\n           (signs you in; works once)"));
    // A file that was kept has its admin already, whose password we do not know.
    if let Ok(opened) = ctx.write(|| sessions::verify(ctx, &email, &password), sessions::open) {
        say(&format!("  Sign in  {email}  {password}"));
        say(&format!(
            "  Try      curl -b sessionid={} '{url}/api/apps/{sample}/schemas/deals/records?per_page=2&sort=-amount'",
            opened.key
        ));
    }
    say("\nCtrl-C stops it.");
    Ok(link)
}
