//! A copy of the data file that lies with it. Making and finding them is `store/backup`.

use std::path::PathBuf;

/// Why a backup was made; the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody asked for it: kept until somebody takes it away.
    Asked,
    Daily,
    BeforeMigration,
    BeforeImport,
    /// What a restore replaced.
    BeforeRestore,
}

impl Reason {
    pub const ALL: [Reason; 5] = [Reason::Asked, Reason::Daily, Reason::BeforeMigration, Reason::BeforeImport, Reason::BeforeRestore];

    pub fn name(self) -> &'static str {
        match self {
            Reason::Asked => "asked",
            Reason::Daily => "daily",
            Reason::BeforeMigration => "before-migration",
            Reason::BeforeImport => "before-import",
            Reason::BeforeRestore => "before-restore",
        }
    }

    /// Whether the oldest ones go when there are many.
    pub fn is_passing(self) -> bool {
        self != Reason::Asked
    }
}

/// A backup that lies with its data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    /// `2026-01-31T12-00-00Z-daily.db`
    pub name: String,
    /// RFC 3339.
    pub at: String,
    /// Counts those of one second.
    pub number: u32,
    pub reason: Reason,
    pub bytes: u64,
    /// In hexadecimal digits, as it was noted when the backup was made.
    pub sha256: Option<String>,
}
