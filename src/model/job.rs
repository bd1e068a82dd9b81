//! A long piece of work as a value: the command line runs it here, or hands it to the server that has the file. `ops/jobs` does it.

use serde_json::Value;
use std::path::PathBuf;

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
    /// A fresh one-time sign-in link for a user, or for the first admin.
    Link {
        user: Option<String>,
    },
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
    /// Heading in the file to field type, in place of the guess.
    pub types: Vec<(String, String)>,
    /// Update the record with the same value in this field instead of making another.
    pub key: Option<String>,
    pub dry_run: bool,
    /// Refuse rather than make a table.
    pub must_exist: bool,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is happening now, as a word that reads on: `reading`, `checking`, `writing`.
    pub stage: &'static str,
    pub rows: u64,
    /// Of the input file; the share done is `bytes / bytes_total`.
    pub bytes: u64,
    pub bytes_total: u64,
}

/// What a job answers when it is done: JSON for `--json`, of which each command makes its sentence.
pub type Outcome = Value;
