//! How a list was found. Asking for it is `store/explain`.

use std::time::Duration;

pub struct Explained {
    pub statements: Vec<Told>,
    /// Fields of an index that would serve it better.
    pub missing_index: Option<Vec<String>>,
    /// Records of the table.
    pub records: i64,
}

pub struct Told {
    pub sql: String,
    /// SQLite's own words, a line for each step.
    pub steps: Vec<String>,
    /// Rows looked at one after the other; those that an index found are not among them.
    pub rows_scanned: i64,
    pub rows_found: i64,
    pub is_sorted_apart: bool,
    pub took: Duration,
}
