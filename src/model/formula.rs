//! What a computed field's expression means once every name is a column and every part has a type. `expr` makes it; `store/formula` writes it as SQL.

use super::expr::Operator;
use super::field::Kind;
use super::schema::SchemaId;

/// A value that is found out when a record is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computation {
    /// The schema whose records have it.
    pub schema: SchemaId,
    pub formula: Formula,
    pub kind: Kind,
    /// Digits after the point to which a decimal is rounded.
    pub scale: u64,
    /// Whether the value may change while its record does not.
    pub reads_others: bool,
    /// Parts of the expression, with those of the computed fields that stand in it.
    pub parts: usize,
    /// Characters that a text of it may come to.
    pub chars_max: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formula {
    Null,
    Bool(bool),
    /// Its digits.
    Number(String),
    Text(String),
    /// A stored field of the record.
    Field {
        slug: String,
    },
    CreatedAt,
    UpdatedAt,
    Not(Box<Formula>),
    Negate(Box<Formula>),
    Binary(Operator, Box<Formula>, Box<Formula>),
    Call(Function, Vec<Formula>),
    /// A datetime without its `Z`: only so do two of them compare as instants. And one that has it again.
    Bare(Box<Formula>),
    Stamped(Box<Formula>),
    /// A number as people read it in a text, with so many digits after the point at most.
    Spelled(Box<Formula>, u64),
    /// A truth as people read it in a text: `true`, `false`, or no value.
    Worded(Box<Formula>),
    /// Of the record that a reference leads to.
    Lookup {
        reference: String,
        schema: SchemaId,
        of: Box<Formula>,
    },
    /// Over the records that point to this one.
    Rollup {
        how: Rollup,
        from: Inverse,
        of: Box<Formula>,
        digits: Digits,
    },
    /// Their ids.
    Lines(Inverse),
}

/// The records of a schema that point to one of another by a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inverse {
    pub schema: SchemaId,
    pub via: String,
    /// Whether the field holds several, found by the link table.
    pub is_set: bool,
}

/// How exact a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digits {
    /// A whole number of 64 bits.
    Whole,
    /// So many digits after the point.
    Fixed(u64),
    /// A double.
    Loose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Abs,
    Coalesce,
    Concat,
    Day,
    If,
    Length,
    Lower,
    Month,
    Round,
    Upper,
    Year,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollup {
    Avg,
    Count,
    Max,
    Min,
    Sum,
}

impl Function {
    pub const ALL: [(&'static str, Function); 11] = [
        ("abs", Function::Abs),
        ("coalesce", Function::Coalesce),
        ("concat", Function::Concat),
        ("day", Function::Day),
        ("if", Function::If),
        ("length", Function::Length),
        ("lower", Function::Lower),
        ("month", Function::Month),
        ("round", Function::Round),
        ("upper", Function::Upper),
        ("year", Function::Year),
    ];
}

impl Rollup {
    pub const ALL: [(&'static str, Rollup); 5] =
        [("avg", Rollup::Avg), ("count", Rollup::Count), ("max", Rollup::Max), ("min", Rollup::Min), ("sum", Rollup::Sum)];
}
