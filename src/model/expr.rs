//! Trees as they were asked for, by name: `Expr`, a condition that a dialect's filter becomes and `ops/plan` resolves; `Term`, an expression that
//! people write, which `expr` reads and resolves.

use serde_json::Value;
use std::fmt;

/// A condition over one record.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Expr {
    /// Holds for every record.
    #[default]
    True,
    All(Vec<Expr>),
    Any(Vec<Expr>),
    /// `field op text`: the text is read by the field's type.
    Compare {
        field: String,
        op: Op,
        text: String,
    },
    /// The field holds this value, as JSON has it: a text field no number, a set this element; null for no value. What no record can have as its id is
    /// simply not found.
    Equal {
        field: String,
        value: Value,
    },
    /// No value, or the empty text.
    Blank {
        field: String,
    },
    /// The opposite of `Blank`.
    Present {
        field: String,
    },
    /// Words as people write them: all of them are somewhere in the record.
    Words {
        text: String,
    },
    /// In the expression language, as it was written.
    Written {
        text: String,
    },
}

impl Expr {
    /// Whether words are among what is asked.
    pub fn has_words(&self) -> bool {
        match self {
            Expr::Words { .. } => true,
            Expr::All(all) => all.iter().any(Expr::has_words),
            _ => false,
        }
    }
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

/// Words that are values in an expression: no field may take their names.
pub const VALUES: [&str; 3] = ["null", "true", "false"];

/// The number in an id, as a function that nobody can write.
pub const NUMBER_OF: &str = "number of";

/// An expression as it was written, with the byte at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub at: usize,
    pub node: Node,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Null,
    Bool(bool),
    /// Its digits.
    Number(String),
    Text(String),
    /// `company.name`.
    Path(Vec<String>),
    /// `@me`: who asks.
    Me,
    /// `@today`
    Clock(Clock),
    Not(Box<Term>),
    Negate(Box<Term>),
    Binary(Operator, Box<Term>, Box<Term>),
    /// `members.user ?= @me`: the comparison holds for any of the values that a path through lists leads to.
    Any(Operator, Box<Term>, Box<Term>),
    /// `status in ('new', 'open')`
    In(Box<Term>, Vec<Term>),
    /// `age between 18 and 25`, both included.
    Between(Box<Term>, Box<Term>, Box<Term>),
    Call(String, Vec<Term>),
}

/// What the clock says when the question is asked, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    Now,
    Today,
    Yesterday,
    Tomorrow,
    TodayStart,
    TodayEnd,
    MonthStart,
    MonthEnd,
    YearStart,
    YearEnd,
    Second,
    Minute,
    Hour,
    Day,
    Weekday,
    Month,
    Year,
}

impl Clock {
    /// By the word behind the `@`.
    pub const ALL: [(&'static str, Clock); 17] = [
        ("now", Clock::Now),
        ("today", Clock::Today),
        ("yesterday", Clock::Yesterday),
        ("tomorrow", Clock::Tomorrow),
        ("today_start", Clock::TodayStart),
        ("today_end", Clock::TodayEnd),
        ("month_start", Clock::MonthStart),
        ("month_end", Clock::MonthEnd),
        ("year_start", Clock::YearStart),
        ("year_end", Clock::YearEnd),
        ("second", Clock::Second),
        ("minute", Clock::Minute),
        ("hour", Clock::Hour),
        ("day", Clock::Day),
        ("weekday", Clock::Weekday),
        ("month", Clock::Month),
        ("year", Clock::Year),
    ];

    pub fn name(self) -> &'static str {
        Clock::ALL.iter().find(|(_, clock)| *clock == self).map_or("now", |(name, _)| name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
    /// A part of a text, or a pattern, whatever the case of its letters.
    Match,
    NoMatch,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub const ALL: [(&'static str, Operator); 15] = [
        ("||", Operator::Or),
        ("&&", Operator::And),
        ("=", Operator::Eq),
        ("!=", Operator::Ne),
        (">", Operator::Gt),
        (">=", Operator::Gte),
        ("<", Operator::Lt),
        ("<=", Operator::Lte),
        ("~", Operator::Match),
        ("!~", Operator::NoMatch),
        ("+", Operator::Add),
        ("-", Operator::Subtract),
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Remainder),
    ];

    pub fn symbol(self) -> &'static str {
        Operator::ALL.iter().find(|(_, operator)| *operator == self).map_or("?", |(symbol, _)| symbol)
    }

    /// How strongly it holds its sides: of two, the stronger takes what stands between.
    pub fn strength(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Eq
            | Operator::Ne
            | Operator::Gt
            | Operator::Gte
            | Operator::Lt
            | Operator::Lte
            | Operator::Match
            | Operator::NoMatch => 3,
            Operator::Add | Operator::Subtract => 4,
            Operator::Multiply | Operator::Divide | Operator::Remainder => 5,
        }
    }
}

impl Term {
    /// The first byte of what stands in it; brackets apart.
    pub fn begin(&self) -> usize {
        match &self.node {
            Node::Binary(_, left, _) | Node::Any(_, left, _) | Node::In(left, _) | Node::Between(left, ..) => left.begin().min(self.at),
            _ => self.at,
        }
    }
}

/// In a form that reads as the same expression.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.node {
            Node::Null => f.write_str("null"),
            Node::Bool(bool) => write!(f, "{bool}"),
            Node::Number(digits) => f.write_str(digits),
            Node::Text(text) => write!(f, "'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            Node::Path(names) => f.write_str(&names.join(".")),
            Node::Me => f.write_str("@me"),
            Node::Clock(clock) => write!(f, "@{}", clock.name()),
            Node::Not(term) => write!(f, "!{}", InBrackets(term)),
            Node::Negate(term) => write!(f, "-{}", InBrackets(term)),
            Node::Binary(operator, left, right) => write!(f, "{} {} {}", InBrackets(left), operator.symbol(), InBrackets(right)),
            Node::Any(operator, left, right) => write!(f, "{} ?{} {}", InBrackets(left), operator.symbol(), InBrackets(right)),
            Node::In(term, terms) => write!(f, "{} in ({})", InBrackets(term), listed(terms)),
            Node::Between(term, least, most) => {
                write!(f, "{} between {} and {}", InBrackets(term), InBrackets(least), InBrackets(most))
            }
            Node::Call(name, terms) => write!(f, "{name}({})", listed(terms)),
        }
    }
}

fn listed(terms: &[Term]) -> String {
    terms.iter().map(Term::to_string).collect::<Vec<_>>().join(", ")
}

/// A part of an expression; where it is more than a word, in brackets.
struct InBrackets<'t>(&'t Term);

impl fmt::Display for InBrackets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.node {
            Node::Binary(..) | Node::Any(..) | Node::In(..) | Node::Between(..) | Node::Not(_) | Node::Negate(_) => {
                write!(f, "({})", self.0)
            }
            _ => write!(f, "{}", self.0),
        }
    }
}
