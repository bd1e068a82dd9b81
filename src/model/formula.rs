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
    /// Characters that a text of it may come to; of a rule, those of all the texts that are made on the way.
    pub chars_max: u64,
    /// Fields that are not stored and whose meaning stands in the formula in place of their names.
    pub through: Vec<(SchemaId, String)>,
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
    /// Who made the record: the number of a user.
    CreatedBy,
    /// Its id as it goes out, `rec_5`.
    Id,
    /// The number of the user who asks; none for a guest.
    Me,
    Not(Box<Formula>),
    Negate(Box<Formula>),
    Binary(Operator, Box<Formula>, Box<Formula>),
    Call(Function, Vec<Formula>),
    /// A datetime without its `Z`: only so do two of them compare as instants. And one that has it again.
    Bare(Box<Formula>),
    Stamped(Box<Formula>),
    /// A date as its first moment.
    Midnight(Box<Formula>),
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
    /// Whether a comparison holds for any of the values at the end of a path.
    Any {
        operator: Operator,
        steps: Vec<Step>,
        /// Of the record to which the last step leads.
        of: Box<Formula>,
        other: Box<Formula>,
    },
    /// The element of a set that the last step of a path stands at.
    Element,
    /// What one of the objects in a field's JSON, at which the last step of a path stands, has under a key.
    Item {
        key: String,
    },
}

/// From a record to others, or to the elements of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Reference {
        slug: String,
        schema: SchemaId,
    },
    /// By a field that holds several ids, which lies in records of the schema `from`.
    Links {
        slug: String,
        from: SchemaId,
        schema: SchemaId,
    },
    Lines(Inverse),
    Elements {
        slug: String,
        of: SchemaId,
    },
    /// To the objects in a field that holds a list of them.
    Items {
        slug: String,
        of: SchemaId,
    },
}

/// What a computation has to be let see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need<'f> {
    Field(SchemaId, &'f str),
    /// Whichever records of another table it meets.
    Records(SchemaId),
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
    Contains,
    DateAdd,
    DateDiff,
    Day,
    If,
    Length,
    Lower,
    Month,
    /// The number in a record's id. Nobody writes it: comparisons of ids become it.
    NumberOf,
    Round,
    StartsWith,
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

impl Computation {
    /// Tells everything that the value depends on.
    pub fn needs(&self, see: &mut dyn FnMut(Need<'_>)) {
        self.through.iter().for_each(|(schema, slug)| see(Need::Field(*schema, slug)));
        self.formula.needs(self.schema, see);
    }

    /// Whether it looks at a field and has this text in it, however written: the two may be compared.
    pub fn may_compare(&self, schema: SchemaId, slug: &str, text: &str) -> bool {
        let mut looks = false;
        self.needs(&mut |need| looks |= need == Need::Field(schema, slug));
        looks && self.formula.says(&text.to_lowercase())
    }

    /// Whether it asks who asks.
    pub fn asks_who(&self) -> bool {
        self.formula.asks_who()
    }
}

impl Formula {
    fn needs(&self, schema: SchemaId, see: &mut dyn FnMut(Need<'_>)) {
        match self {
            Formula::Field { slug } => see(Need::Field(schema, slug)),
            Formula::Lookup { reference, schema: there, of } => {
                see(Need::Field(schema, reference));
                see(Need::Records(*there));
                of.needs(*there, see);
            }
            Formula::Rollup { from, of, .. } => {
                from.needs(see);
                of.needs(from.schema, see);
            }
            Formula::Lines(from) => from.needs(see),
            Formula::Any { steps, of, other, .. } => {
                let mut here = schema;
                for step in steps {
                    here = step.needs(here, see);
                }
                of.needs(here, see);
                other.needs(schema, see);
            }
            _ => self.parts().into_iter().for_each(|part| part.needs(schema, see)),
        }
    }

    fn asks_who(&self) -> bool {
        match self {
            Formula::Me => true,
            Formula::Lookup { of, .. } | Formula::Rollup { of, .. } => of.asks_who(),
            Formula::Any { of, other, .. } => of.asks_who() || other.asks_who(),
            _ => self.parts().into_iter().any(Formula::asks_who),
        }
    }

    /// Whether a text stands in it, in lower case.
    fn says(&self, text: &str) -> bool {
        match self {
            Formula::Text(said) => said.to_lowercase() == text,
            Formula::Lookup { of, .. } | Formula::Rollup { of, .. } => of.says(text),
            Formula::Any { of, other, .. } => of.says(text) || other.says(text),
            _ => self.parts().into_iter().any(|part| part.says(text)),
        }
    }

    /// What stands in it about the same record. Named one by one, so that no new part of the language is overlooked where rights depend on it.
    pub fn parts(&self) -> Vec<&Formula> {
        match self {
            Formula::Not(inner)
            | Formula::Negate(inner)
            | Formula::Bare(inner)
            | Formula::Stamped(inner)
            | Formula::Midnight(inner)
            | Formula::Spelled(inner, _)
            | Formula::Worded(inner) => vec![inner],
            Formula::Binary(_, left, right) => vec![left, right],
            Formula::Call(_, parts) => parts.iter().collect(),
            Formula::Null
            | Formula::Bool(_)
            | Formula::Number(_)
            | Formula::Text(_)
            | Formula::Field { .. }
            | Formula::CreatedAt
            | Formula::UpdatedAt
            | Formula::CreatedBy
            | Formula::Id
            | Formula::Me
            | Formula::Element
            | Formula::Item { .. }
            | Formula::Lookup { .. }
            | Formula::Rollup { .. }
            | Formula::Lines(_)
            | Formula::Any { .. } => Vec::new(),
        }
    }
}

impl Inverse {
    fn needs(&self, see: &mut dyn FnMut(Need<'_>)) {
        see(Need::Records(self.schema));
        see(Need::Field(self.schema, &self.via));
    }
}

impl Step {
    /// The schema to whose records it leads, or in whose the elements lie.
    pub fn schema(&self) -> SchemaId {
        match self {
            Step::Reference { schema, .. } | Step::Links { schema, .. } => *schema,
            Step::Lines(from) => from.schema,
            Step::Elements { of, .. } | Step::Items { of, .. } => *of,
        }
    }

    /// Where it leads.
    fn needs(&self, here: SchemaId, see: &mut dyn FnMut(Need<'_>)) -> SchemaId {
        match self {
            Step::Reference { slug, schema } | Step::Links { slug, schema, .. } => {
                see(Need::Field(here, slug));
                see(Need::Records(*schema));
                *schema
            }
            Step::Lines(from) => {
                from.needs(see);
                from.schema
            }
            Step::Elements { slug, .. } | Step::Items { slug, .. } => {
                see(Need::Field(here, slug));
                here
            }
        }
    }
}

impl Function {
    pub const ALL: [(&'static str, Function); 15] = [
        ("abs", Function::Abs),
        ("coalesce", Function::Coalesce),
        ("concat", Function::Concat),
        ("contains", Function::Contains),
        ("date_add", Function::DateAdd),
        ("date_diff", Function::DateDiff),
        ("day", Function::Day),
        ("if", Function::If),
        ("length", Function::Length),
        ("lower", Function::Lower),
        ("month", Function::Month),
        ("round", Function::Round),
        ("starts_with", Function::StartsWith),
        ("upper", Function::Upper),
        ("year", Function::Year),
    ];
}

impl Rollup {
    pub const ALL: [(&'static str, Rollup); 5] =
        [("avg", Rollup::Avg), ("count", Rollup::Count), ("max", Rollup::Max), ("min", Rollup::Min), ("sum", Rollup::Sum)];
}
