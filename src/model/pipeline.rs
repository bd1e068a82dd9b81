//! Numbers over many records: the stages that somebody asks for, by name, and what they are once every name is a column. `ops/numbers` makes the one of
//! the other; `store/numbers` writes it as SQL.

use super::expr::Expr;
use super::field::Kind;
use super::formula::{Computation, Digits};
use super::plan::Cond;
use super::query::Sort;
use super::schema::{Schema, SchemaId};
use std::sync::Arc;

/// What is asked: the records that a filter leaves go through the stages, one after the other.
#[derive(Debug, Clone)]
pub struct Asked {
    pub filter: Expr,
    /// A saved view whose filter must hold, too.
    pub view: Option<String>,
    pub stages: Vec<AskedStage>,
    /// Rows of the answer.
    pub limit: i64,
}

/// One stage, with the name of the parameter or the place in the body where it stands.
#[derive(Debug, Clone)]
pub struct AskedStage {
    pub place: String,
    pub what: AskedWhat,
}

#[derive(Debug, Clone)]
pub enum AskedWhat {
    /// A condition.
    Match(String),
    /// One row for all rows with the same keys. Both are names and expressions; a value is `count()`, `sum(amount)`.
    Group {
        keys: Vec<(String, String)>,
        values: Vec<AskedValue>,
    },
    /// These columns in the place of those that were there.
    Project(Vec<(String, String)>),
    Sort(Vec<Sort>),
    Limit(i64),
    Skip(i64),
    /// More columns, from the record of a table whose id stands in a column.
    Lookup {
        from: String,
        key: String,
        columns: Vec<(String, String)>,
    },
}

/// What is made of many rows: the name of its column, and its expression.
#[derive(Debug, Clone)]
pub struct AskedValue {
    pub name: String,
    pub text: String,
    /// Of one that was asked for in another form, `sum=amount`: the parameter, and how many bytes further on in its text everything stands.
    pub asked_by: Option<(String, isize)>,
}

/// The same, trusted. Made by `ops/numbers` only.
#[derive(Debug, Clone)]
pub struct Pipeline {
    pub schema: Arc<Schema>,
    pub filter: Cond,
    pub stages: Vec<Stage>,
    /// Of the rows in the end.
    pub columns: Vec<Column>,
    pub limit: i64,
}

#[derive(Debug, Clone)]
pub enum Stage {
    Match(Computation),
    Group { keys: Vec<Made>, values: Vec<Gathered> },
    Project(Vec<Made>),
    Sort(Vec<SortKey>),
    Limit(i64),
    Skip(i64),
    Lookup { from: SchemaId, key: String, columns: Vec<Made> },
}

/// A column: what people call it, and what SQL does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub ident: String,
    pub kind: Kind,
    /// How exact its numbers are.
    pub digits: Option<Digits>,
    /// Its texts are ids of records, `rec_5`.
    pub has_ids: bool,
}

/// A column to sort by.
#[derive(Debug, Clone)]
pub struct SortKey {
    pub ident: String,
    pub descending: bool,
    /// By the numbers in them.
    pub has_ids: bool,
}

/// A column that is computed from a row.
#[derive(Debug, Clone)]
pub struct Made {
    pub ident: String,
    pub value: Computation,
}

/// A column that is computed from many.
#[derive(Debug, Clone)]
pub struct Gathered {
    pub ident: String,
    pub how: How,
    /// `None` where rows are counted.
    pub of: Option<Computation>,
    pub digits: Digits,
    /// What comes of it are ids of records.
    pub has_ids: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Avg,
    Count,
    CountDistinct,
    Max,
    Min,
    Sum,
}

impl How {
    pub const ALL: [(&'static str, How); 6] = [
        ("avg", How::Avg),
        ("count", How::Count),
        ("count_distinct", How::CountDistinct),
        ("max", How::Max),
        ("min", How::Min),
        ("sum", How::Sum),
    ];
}
