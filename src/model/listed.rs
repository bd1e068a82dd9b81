//! A list as it is answered: its rows, each with what stands beside it, and what holds for all of them. Nothing here says how that is written.

use super::error::Result;
use super::record::{Record, RecordId, RecordRef};
use std::sync::Arc;

/// One record of a list, or one that is read alone.
#[derive(Debug, Clone, Copy)]
pub struct Row<'r> {
    pub record: RecordRef<'r>,
    pub stamps: Stamps,
    pub beside: &'r [Beside],
}

/// Which stamps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    pub created_at: bool,
    pub updated_at: bool,
}

/// What a field of a record leads to.
#[derive(Debug, Clone)]
pub struct Beside {
    pub field: String,
    pub linked: Linked,
}

#[derive(Debug, Clone)]
pub enum Linked {
    /// `None` when there is none, or none that exists for the caller.
    One(Option<Arc<Node>>),
    Many(Vec<Arc<Node>>),
}

/// A record that another leads to, with what it leads to itself. However many lead to it, it is held once.
#[derive(Debug)]
pub struct Node {
    pub record: Record,
    pub beside: Vec<Beside>,
}

/// What records of one table are called that a list refers to: the value of the field that says so, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub schema: String,
    pub names: Vec<(RecordId, String)>,
}

/// What holds for a list as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// How many rows it has; `None` when that was not asked.
    pub total: Option<i64>,
    /// There are more than `total`.
    pub is_capped: bool,
    /// Where the next window begins; `None` when nothing follows, or nobody asked.
    pub next_cursor: Option<String>,
    /// `None` when that was not asked.
    pub called: Option<Vec<Called>>,
    /// A name for this answer to this caller, when there is one.
    pub state: Option<String>,
    /// The caller has it already: no row was shown.
    pub is_known: bool,
}

/// Called for every row of a list, in order.
pub type Show<'s> = dyn FnMut(&Row<'_>) -> Result<()> + 's;

impl Stamps {
    pub const BOTH: Stamps = Stamps { created_at: true, updated_at: true };
}

impl<'r> Row<'r> {
    /// A record with all its fields and nothing beside it.
    pub fn whole(record: RecordRef<'r>) -> Self {
        Self { record, stamps: Stamps::BOTH, beside: &[] }
    }
}
