//! The one error of the house: what went wrong, in kinds. No status codes and no vendor's body live here; a dialect gives each kind its face.

use super::name::quoted_whole;
use super::record::{Record, Revision};

/// Every fallible function above `std` answers with this.
pub type Result<T> = std::result::Result<T, Error>;

/// The code of the problem that an address is nobody's after all: the door answers then as it does where no route fits.
pub const NO_ADDRESS: &str = "no_address";

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The broken rule as a machine word: `required`, `type`, `unknown_field`, `unique`, …
    pub code: &'static str,
    /// A sentence for the person: what, where, how to mend it.
    pub message: String,
    /// Slug of the field to blame, if there is one.
    pub field: Option<String>,
    /// Zero-based place in an array that was sent.
    pub index: Option<usize>,
    /// Zero-based byte offset in a text that was sent.
    pub position: Option<usize>,
    /// What to write instead.
    pub hint: Option<String>,
    /// Of a number: the oldest and the newest that would have done.
    pub bounds: Option<(i64, i64)>,
}

impl Problem {
    /// A problem that concerns no single field.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, index: None, position: None, hint: None, bounds: None }
    }

    /// A problem of one field.
    pub fn of(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(code, message) }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the nearest valid name as a hint, if one is near.
    pub fn did_you_mean<'a>(self, wrong: &str, known: impl Iterator<Item = &'a str>) -> Self {
        match super::nearest::nearest(wrong, known) {
            Some(near) => self.hint(format!("Did you mean {}?", quoted_whole(near))),
            None => self,
        }
    }

    pub fn at(mut self, position: usize) -> Self {
        self.position = Some(position);
        self
    }

    pub fn between(mut self, oldest: i64, newest: i64) -> Self {
        self.bounds = Some((oldest, newest));
        self
    }

    pub fn row(mut self, index: usize) -> Self {
        self.index = Some(index);
        self
    }

    /// `row`, said in the sentence too.
    pub fn told_at(self, index: usize) -> Self {
        Self { message: format!("At index {index}: {}", self.message), ..self }.row(index)
    }
}

/// The kinds of failure. `Internal`'s cause is logged once, at the door, and never shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The request could not be read at all (bad JSON, bad path, bad query).
    Malformed(Problem),
    /// The request was read and breaks rules: every problem that could be found.
    Invalid(Vec<Problem>),
    /// Nobody is signed in; the dialect says how to.
    NotSignedIn,
    /// The credential is not good.
    Unauthenticated(String),
    /// Somebody is signed in and may not do this.
    Forbidden(String),
    /// A browser page of another origin tried to use the caller's cookie.
    CrossOrigin(String),
    /// There is no such thing, or the caller may not know that there is.
    NotFound(Problem),
    /// The path exists, the method does not; `allow` names those that do.
    MethodNotAllowed { method: String, allow: String },
    /// The state of the data forbids it.
    Conflict(Problem),
    /// It was there once; the caller has to begin anew.
    Gone(Problem),
    /// The record is no longer what the caller knows: what it is now.
    Changed { record: Box<Record>, revision: Revision },
    /// More than a named limit allows.
    TooLarge(String),
    /// The door refused it before any route was looked for.
    Refused(Refusal, String),
    /// Too many attempts; try again after so many seconds.
    TooMany { message: String, retry_after_s: u32 },
    /// The server has no room at this moment; try again after so many seconds.
    Busy { message: String, retry_after_s: u32 },
    /// The data file or its disk has a fault: this cannot be read, or nothing is written any more.
    Damaged(String),
    /// A schema changed between check and write: the operation runs again. Never reaches a caller.
    Stale,
    /// What the caller waits for has not happened up to this number of the change log: the door runs the operation again after the next commit, for
    /// so many seconds. Never reaches a caller.
    NothingYet { wait_s: u32, seen: i64 },
    /// Our own fault: the cause.
    Internal(String),
    /// Our own fault, whose cause stands in the log under this request's id.
    Logged(String),
}

/// Why the door refuses a request that no handler will see, where HTTP tells the reasons apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    AddressTooLong,
    HeadTooLarge,
    /// What was announced did not arrive in time.
    TooSlow,
    /// Sent to a name that is not this server's.
    WrongHost,
    /// An `Expect` that nobody here can meet.
    Expectation,
    /// A transfer coding other than chunked.
    Coding,
    /// A version of HTTP that is not spoken here.
    Version,
}

impl Error {
    /// One problem as a whole refusal.
    pub fn invalid(problem: Problem) -> Self {
        Error::Invalid(vec![problem])
    }

    pub fn malformed(message: impl Into<String>) -> Self {
        Error::Malformed(Problem::new("malformed", message))
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Error::NotFound(Problem::new("not_found", message))
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Error::Internal(cause.to_string())
    }

    /// Every problem as a sentence with its hint: what a command prints.
    pub fn sentences(&self) -> Vec<String> {
        let told = |problem: &Problem| match &problem.hint {
            Some(hint) => format!("{}. {hint}", problem.message),
            None => problem.message.clone(),
        };
        match self {
            Error::Invalid(problems) => problems.iter().map(told).collect(),
            Error::Malformed(problem) | Error::NotFound(problem) | Error::Conflict(problem) | Error::Gone(problem) => vec![told(problem)],
            other => vec![other.message()],
        }
    }

    /// The sentence for a person; an internal cause stays inside.
    pub fn message(&self) -> String {
        match self {
            Error::Malformed(problem) | Error::NotFound(problem) | Error::Conflict(problem) | Error::Gone(problem) => {
                problem.message.clone()
            }
            Error::Invalid(problems) => {
                problems.first().map_or_else(|| "The data breaks a rule".to_owned(), |problem| problem.message.clone())
            }
            Error::Unauthenticated(message) | Error::Forbidden(message) | Error::CrossOrigin(message) | Error::TooLarge(message) => {
                message.clone()
            }
            Error::Refused(_, message) | Error::Damaged(message) => message.clone(),
            Error::Changed { record, revision } => {
                format!("{} is no longer what was expected: it is at {} now", record.id.text(), revision.text())
            }
            Error::NotSignedIn => "You are not signed in".to_owned(),
            Error::TooMany { message, .. } | Error::Busy { message, .. } => message.clone(),
            Error::MethodNotAllowed { method, allow } => format!("{method} is not possible here; this address takes {allow}"),
            Error::NothingYet { .. } => "Nothing has happened yet".to_owned(),
            Error::Stale => "The table changed at the same moment; send the request again".to_owned(),
            Error::Internal(_) => "Something went wrong here".to_owned(),
            Error::Logged(request) => format!("Something went wrong on the server; its log says what, under {request}"),
        }
    }
}

/// What a caught panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panic: {}", text.unwrap_or_default())
}
