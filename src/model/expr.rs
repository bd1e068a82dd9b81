//! The tree of a condition as it was asked, by name. Every dialect's filter becomes one of these; `ops/plan` resolves it.

/// A condition over one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Holds for every record.
    True,
    All(Vec<Expr>),
    Any(Vec<Expr>),
    /// `field op text`: the text is read by the field's type.
    Compare {
        field: String,
        op: Op,
        text: String,
    },
    /// No value, or the empty text.
    Blank {
        field: String,
    },
    /// The opposite of `Blank`.
    Present {
        field: String,
    },
}

/// Comparisons. A comparison with a missing value is false, but for `Ne`: two-valued logic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    Contains,
}
