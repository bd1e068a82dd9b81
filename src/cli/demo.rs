//! `carryall demo`: sample apps in a file that is thrown away unless somebody changed something, and everything that is needed to try them.

use super::host::{self, host};
use super::job::{OWNER, opening};
use super::listen;
use super::outcome::{Ended, Failure, called, say};
use crate::config::{Config, first_admin};
use crate::model::error::Error;
use crate::model::job::unwatched;
use crate::model::principal::Visitor;
use crate::ops::ctx::Ctx;
use crate::ops::{feed, samples, sessions};
use crate::store::backup;
use clap::{Arg, ArgMatches, Command};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const EMAIL: &str = "demo@example.com";
const ALL: &str = "all";
/// What a demo is kept in when somebody changed it; the next ones are `carryall-demo-2.db` and so on.
const KEPT_AS: &str = "carryall-demo";
/// What to ask each sample first, and the first record of one's own: sample, question, table, record.
const TRIES: [(&str, &str, &str, &str); 4] = [
    ("crm", "deals/records?per_page=2&sort=-amount", "deals", r#"{"name": "My first deal"}"#),
    ("inventory", "products/records?per_page=2&sort=-price", "products", r#"{"sku": "MY-1", "name": "My first product"}"#),
    ("projects", "tasks/records?per_page=2&sort=due", "projects", r#"{"name": "My first project"}"#),
    ("events", "signups/records?per_page=2&sort=-signed_up_at", "events", r#"{"title": "My first event"}"#),
];

pub fn command() -> Command {
    let names: Vec<&str> = samples::NAMES.into_iter().chain([ALL]).collect();
    Command::new("demo")
        .about("Try a sample app: signed in at once; kept only if you changed something")
        .args(listen::args())
        .arg(Arg::new("sample").long("sample").value_name("NAME").value_parser(names).default_value("crm").help("Which sample"))
        .arg(Arg::new("keep").long("keep").value_name("FILE").help("Keep the data in this file"))
}

pub fn run(matches: &ArgMatches) -> Ended {
    if matches.get_one::<String>("db").is_some() {
        return Err(Failure::new(2, "demo throws its data away; --keep FILE keeps it in a file"));
    }
    let wanted = matches.get_one::<String>("sample").map_or("crm", String::as_str);
    let names: Vec<&str> = samples::NAMES.into_iter().filter(|name| wanted == ALL || *name == wanted).collect();
    let keep = matches.get_one::<String>("keep").map(PathBuf::from);
    // Lives as long as the server, and takes the data with it.
    let folder = tempfile::tempdir().map_err(|error| Failure::new(1, format!("No temporary folder can be made: {error}")))?;
    let data_file = keep.clone().unwrap_or_else(|| folder.path().join("demo.db"));
    let config = Config { is_thrown_away: keep.is_none(), ..listen::config(matches, data_file.clone(), false)? };
    let filled = Cell::new(None);
    let ended = host(
        &config,
        |ctx| fill(ctx, &names),
        |ctx, url| {
            let link = greet(ctx, &names, keep.as_deref(), url)?;
            filled.set(Some(ctx.read(|tx| feed::last_of_somebody(tx, &OWNER))?));
            Ok(link)
        },
    );
    match (keep, filled.get(), &ended) {
        (None, Some(filled), Ok(last)) if *last == filled => say("\nNothing was changed, so nothing is kept."),
        // Also when the server fell: what was answered is in the file.
        (None, Some(_), _) => save(folder, &data_file)?,
        (Some(file), Some(_), _) => say(&format!("\nTo go on: {} serve --db {}", called(), file.display())),
        (_, None, _) => {}
    }
    ended.map(drop)
}

/// Makes the apps that are not in the file yet; what somebody made of one in a file that was kept stays so.
fn fill(ctx: &Ctx, names: &[&str]) -> Ended {
    for name in names {
        match samples::make(ctx, &OWNER, name) {
            Ok(_) | Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Says how to get in, three ways. The curls work when they are pasted.
fn greet(ctx: &Ctx, names: &[&str], keep: Option<&Path>, url: &str) -> Result<String, Failure> {
    let (email, password) = first_admin().unwrap_or_else(|| (EMAIL.to_owned(), host::password(ctx)));
    host::first_admin_once(ctx, email.clone(), password.clone())?;
    let link = host::link(ctx, url)?;
    let (what, is) = if names.len() == 1 { ("the sample", "is") } else { ("the samples", "are") };
    let all = names.join(", ");
    match keep {
        Some(file) => say(&format!("Demo: {what} {all} {is} in {}.", file.display())),
        None => say(&format!("Demo: {what} {all}. What you change is kept in a file when this stops; else nothing is.")),
    }
    say(&format!("\n  Open     {link}\n           (signs you in; works once)"));
    // A file that was kept has its admin already, whose password we do not know.
    if let Ok(opened) = ctx.write(|| sessions::verify(ctx, &email, &password, &Visitor::command()), sessions::open) {
        say(&format!("  Sign in  {email}  {password}"));
        if let Some((app, question, table, record)) = TRIES.iter().find(|(app, ..)| names.contains(app)) {
            let (curl, schemas) = (format!("curl -b sessionid={}", opened.key), format!("{url}/api/apps/{app}/schemas"));
            say(&format!("  Try      {curl} '{schemas}/{question}'"));
            say(&format!("  Add      {curl} -d '{record}' '{schemas}/{table}/records'"));
        }
    }
    say("\nCtrl-C stops it.");
    Ok(link)
}

/// Puts the data beside where the demo was started, and says how to go on with it. Where that cannot be, it stays where it is.
fn save(folder: TempDir, data_file: &Path) -> Ended {
    let file = free_name();
    match backup::back_up(data_file, &file, &opening()?, &unwatched()) {
        Ok(_) => {
            let (file, carryall) = (file.display(), called());
            say(&format!(
                "\nWhat you changed is kept in {file}. To go on with it, with the same name and password:\n\n  {carryall} serve --db {file}"
            ));
            Ok(())
        }
        Err(error) => {
            let kept = folder.keep().join("demo.db");
            let lines = vec![error.message(), format!("What you changed is in {0}: {1} serve --db {0}", kept.display(), called())];
            Err(Failure { code: 1, lines })
        }
    }
}

/// Never the name of a file that is there.
fn free_name() -> PathBuf {
    let names = std::iter::once(format!("{KEPT_AS}.db")).chain((2_u32..).map(|number| format!("{KEPT_AS}-{number}.db")));
    names.map(PathBuf::from).find(|name| name.symlink_metadata().is_err()).unwrap_or_default()
}
