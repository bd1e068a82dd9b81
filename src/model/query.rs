//! A question about records as it was asked, all by name. `ops/plan` turns it into a `Plan`.

use super::expr::Expr;

#[derive(Debug, Clone, Default)]
pub struct Query {
    pub filter: Expr,
    pub sort: Vec<Sort>,
    pub window: Window,
    /// Where the window begins, as the one before it told; empty for the beginning. `None` when nobody wants to know where it ends.
    pub cursor: Option<String>,
    pub count: Count,
    /// Fields that are shown; `None` for all.
    pub fields: Option<Vec<String>>,
    /// Paths of fields that lead to other records, which are shown beside: `company.owner`.
    pub expand: Vec<String>,
    /// Of how many records that each value refers to the names are wanted.
    pub names: Option<usize>,
    /// A saved view, by its slug or number: what it says holds where the question says nothing.
    pub view: Option<String>,
}

/// One sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub field: String,
    pub descending: bool,
}

impl Sort {
    /// `-name`
    pub fn text(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.field)
    }

    pub fn from_text(text: &str) -> Self {
        match text.trim().strip_prefix('-') {
            Some(field) => Self { field: field.to_owned(), descending: true },
            None => Self { field: text.trim().to_owned(), descending: false },
        }
    }
}

/// Which rows of the whole list; all of them when nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub offset: i64,
    pub limit: i64,
}

/// Whether the whole list is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Count {
    #[default]
    None,
    Exact,
    /// Up to a limit.
    Auto,
}

impl Default for Window {
    fn default() -> Self {
        Self { offset: 0, limit: i64::MAX }
    }
}
