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
