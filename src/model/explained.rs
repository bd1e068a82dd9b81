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
    /// Rows of the table that were looked at, found by an index or one after the other.
    pub rows_read: i64,
    pub rows_found: i64,
    pub is_sorted_apart: bool,
    pub took: Duration,
}
