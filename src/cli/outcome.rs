//! How commands end: what they print and the exit code.

use crate::model::error::Error;
use crate::store::backup;
use crate::store::engine::OpenError;
use clap::{Arg, ArgAction};
use serde_json::Value;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

/// Why a command failed: the lines to print and the exit code.
#[derive(Debug)]
pub struct Failure {
    pub lines: Vec<String>,
    pub code: u8,
}

pub type Ended = Result<(), Failure>;

impl Failure {
    pub fn new(code: u8, line: impl Into<String>) -> Self {
        Self { code, lines: vec![line.into()] }
    }
}

impl From<Error> for Failure {
    /// A cause that would never reach a client is shown here: the person at the terminal owns the file.
    fn from(error: Error) -> Self {
        match error {
            Error::Internal(cause) => Self::new(1, cause),
            other => Self { code: 1, lines: other.sentences() },
        }
    }
}

/// Why a data file could not be opened.
pub fn unopened(path: &Path, error: OpenError) -> Failure {
    match error {
        OpenError::Unusable(why) => {
            let mut failure = Failure::new(3, format!("{} cannot be used: {why}", path.display()));
            if why.contains("damaged")
                && let Some(newest) = backup::newest(path)
            {
                let words = format!("The newest backup is put back by: carryall restore {} --db {}", newest.display(), path.display());
                failure.lines.push(words);
            }
            failure
        }
        OpenError::Held(holder) => match holder.address {
            Some(address) => Failure::new(4, format!("{} is open in the server at {address}", path.display())),
            None => Failure::new(4, format!("{} is being used by another command; try again when it is done", path.display())),
        },
    }
}

/// Prints the failure, if any; gives the exit code.
pub fn exit(ended: Ended) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            for line in failure.lines {
                say(&format!("carryall: {line}"));
            }
            ExitCode::from(failure.code)
        }
    }
}

/// The program as it was called, so that a command that is shown works when it is pasted.
pub fn called() -> String {
    let first = std::env::args_os().next().and_then(|name| name.into_string().ok());
    // What a shell would take apart is not shown.
    first.filter(|name| !name.is_empty() && !name.contains([' ', '\'', '"'])).unwrap_or_else(|| "carryall".to_owned())
}

/// `1 row`, `2 rows`.
pub fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A line for people, on stderr. A closed pipe is nobody's fault.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A line of the result, on stdout.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A whole text on stdout. Who pipes into `head` has seen enough.
pub fn print(text: &str) -> Ended {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(1, format!("The text cannot be written: {error}"))),
        _ => Ok(()),
    }
}

/// `--json`, for commands whose result programs read.
pub fn json_arg() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the result as JSON")
}

/// The result as JSON, or as the sentence that `words` makes of it.
pub fn result(as_json: bool, outcome: &Value, words: impl Fn(&Value) -> String) {
    if as_json { tell(&outcome.to_string()) } else { tell(&words(outcome)) }
}

/// What was made of the columns of a new table, for people.
pub fn describe_import(outcome: &Value) {
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

/// What an import did, in a line.
pub fn import_sentence(outcome: &Value) -> String {
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
