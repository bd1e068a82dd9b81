//! A long piece of work as a value: the command line runs it here, or hands it to the server that has the file. `ops/jobs` does it.

use super::backup::Reason;
use super::error::Result;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    Import(Import),
    /// Make or change an app so that it matches an app file.
    Apply {
        text: String,
        dry_run: bool,
        prune: bool,
    },
    AdminCreate {
        email: String,
        password: String,
    },
    /// A fresh one-time sign-in link for a user, or for the first admin; without an admin, one that makes the first.
    Link {
        user: Option<String>,
    },
    /// A checked copy among the backups of the data file.
    Backup(Reason),
    /// What a backup holds in the place of what is there; the backup's name.
    Restore(String),
    /// A look through the whole file.
    Check,
    /// The same, and what counts and finds the records made anew.
    Mend,
    /// An index that somebody asked for.
    Index {
        app: String,
        schema: String,
        fields: Vec<String>,
    },
}

impl Job {
    /// Its name for clients.
    pub fn kind(&self) -> &'static str {
        match self {
            Job::Import(_) => "import",
            Job::Apply { .. } => "apply",
            Job::AdminCreate { .. } => "admin_create",
            Job::Link { .. } => "link",
            Job::Backup(_) => "backup",
            Job::Restore(_) => "restore",
            Job::Check => "check",
            Job::Mend => "mend",
            Job::Index { .. } => "index",
        }
    }
}

/// A file of rows into one schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Absolute: the server may stand elsewhere. Empty when the rows were sent.
    pub file: PathBuf,
    pub app: String,
    pub schema: String,
    /// A person named the schema; else it is guessed from the file's name.
    pub schema_given: bool,
    /// Heading in the file to field slug.
    pub map: Vec<(String, String)>,
    /// Heading in the file to field type, in place of the guess; `date:dmy` says in which order the parts of a day stand, `decimal:comma` which mark
    /// numbers have.
    pub types: Vec<(String, String)>,
    /// Update the record with the same value in this field, or with this `id`, instead of making another.
    pub key: Option<String>,
    /// Headings of columns that are left out.
    pub skip: Vec<String>,
    /// Cells of a sheet that hold an error, such as `#N/A`, are read as empty ones.
    pub blank_errors: bool,
    /// Which sheet of a workbook; the first one when nobody said.
    pub sheet: Option<String>,
    pub dry_run: bool,
    /// Refuse rather than make a table.
    pub must_exist: bool,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is happening now, as a word that reads on: `reading`, `checking`, `writing`.
    pub stage: &'static str,
    /// Of the whole, in `unit`; the whole is not always known.
    pub done: u64,
    pub total: Option<u64>,
    /// `bytes`, `tables`; empty of what cannot be measured, and before the first report.
    pub unit: &'static str,
    /// Rows so far, where there are rows.
    pub rows: u64,
}

/// Called from time to time by who does a job; an error is to end it.
pub type Report = Arc<dyn Fn(Progress) -> Result<()> + Send + Sync>;

/// For jobs that nobody watches.
pub fn unwatched() -> Report {
    Arc::new(|_| Ok(()))
}

/// What a job answers when it is done: JSON for `--json`, of which each command makes its sentence.
pub type Outcome = Value;
