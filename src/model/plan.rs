//! A question about records after every name became a column, every text a typed cell and the caller's scope a condition. Made by `ops/plan` only; the store takes nothing else.

use super::field::{Field, Kind};
use super::formula::Computation;
use super::principal::UserId;
use super::query::Window;
use super::schema::Schema;
use super::search::Found;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub struct Plan {
    pub schema: Arc<Schema>,
    pub filter: Cond,
    /// The id is always the last key, in the direction of the one before.
    pub order: Vec<Order>,
    pub window: Window,
    /// Slugs of the fields that are wanted of each record; `None` for all.
    pub shown: Option<Vec<String>>,
}

/// A resolved condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Cond {
    True,
    All(Vec<Cond>),
    Any(Vec<Cond>),
    Compare {
        column: Column,
        op: super::expr::Op,
        cell: Cell,
    },
    Blank {
        column: Column,
    },
    Present {
        column: Column,
    },
    /// No value; the empty text is one.
    Absent {
        column: Column,
    },
    Not(Box<Cond>),
    /// Words that the record has, by the schema's index of them.
    Found(Arc<Found>),
    /// A rule of a role, or what a filter says that nothing else here says, for the user who asks; `None` for a guest.
    Rule {
        rule: Arc<Computation>,
        me: Option<UserId>,
    },
}

impl Cond {
    /// Holds for no record.
    pub const NEVER: Cond = Cond::Any(Vec::new());

    /// Whether other records are looked at for it.
    pub fn reads_others(&self) -> bool {
        match self {
            Cond::All(all) | Cond::Any(all) => all.iter().any(Cond::reads_others),
            Cond::Not(cond) => cond.reads_others(),
            Cond::Rule { rule, .. } => rule.reads_others,
            Cond::Absent { .. } | Cond::True | Cond::Compare { .. } | Cond::Blank { .. } | Cond::Present { .. } | Cond::Found(_) => false,
        }
    }

    /// Both at once.
    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::True, cond) | (cond, Cond::True) => cond,
            (Cond::All(mut all), cond) => {
                all.push(cond);
                Cond::All(all)
            }
            (one, other) => Cond::All(vec![one, other]),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub column: Column,
    pub descending: bool,
}

/// A place in a record's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    Id,
    CreatedAt,
    UpdatedAt,
    Field {
        slug: String,
        kind: Kind,
    },
    /// A value that is found out when the row is read.
    Computed {
        slug: String,
        computation: Arc<Computation>,
    },
}

impl Column {
    pub fn of(field: &Field) -> Self {
        match &field.formula {
            Some(computation) => Column::Computed { slug: field.slug.clone(), computation: computation.clone() },
            None => Column::Field { slug: field.slug.clone(), kind: field.kind },
        }
    }

    /// Of a field, stored or computed.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Column::Field { kind, .. } => Some(*kind),
            Column::Computed { computation, .. } => Some(computation.kind),
            Column::Id | Column::CreatedAt | Column::UpdatedAt => None,
        }
    }
}

/// A value in the SQL type of its column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Integer(i64),
    Real(f64),
    Text(String),
}
