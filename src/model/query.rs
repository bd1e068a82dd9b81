//! A question about records as it was asked, all by name. `ops/plan` turns it into a `Plan`.

use super::expr::Expr;

#[derive(Debug, Clone)]
pub struct Query {
    pub filter: Expr,
    pub sort: Vec<Sort>,
    pub window: Window,
}

/// One sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub field: String,
    pub descending: bool,
}

/// Which rows of the whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub offset: i64,
    pub limit: i64,
}
