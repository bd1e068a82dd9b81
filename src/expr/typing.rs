//! What the parts of an expression are, and what follows from it: which fit together, how exact a sum of them is, what functions take.

use crate::model::error::Problem;
use crate::model::expr::{Clock, Operator, Term};
use crate::model::formula::{Digits, Formula, Function};

/// Digits after the point of what is divided, and of numbers that say nothing of theirs.
pub const SCALE_DEFAULT: u64 = 6;
pub const SCALE_MAX: u64 = 12;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Number(Digits),
    Text,
    Bool,
    Date,
    Datetime,
    /// Somebody who may sign in. In rules only.
    User,
    /// `null`: fits everywhere.
    Nothing,
}

pub type Typed = (Formula, Type);

pub fn number(digits: &str, at: usize) -> Result<Typed, Problem> {
    if digits.bytes().filter(u8::is_ascii_digit).count() > 15 {
        return Err(Problem::new("formula", "A number has at most 15 digits").at(at));
    }
    let exact = match digits.split_once('.') {
        Some((_, fraction)) => Digits::Fixed(u64::try_from(fraction.len()).unwrap_or(SCALE_MAX)),
        None => Digits::Whole,
    };
    Ok((Formula::Number(digits.to_owned()), Type::Number(exact)))
}

/// Both sides of a comparison, so that what is shown as the same is the same: numbers with the digits that they have, instants without their `Z`.
pub fn compared((first, one): Typed, (second, other): Typed) -> (Formula, Formula) {
    if one == Type::Nothing || other == Type::Nothing {
        return (first, second);
    }
    if one == Type::Datetime || other == Type::Datetime {
        // A date is its first moment.
        let instant =
            |formula, type_| if type_ == Type::Date { Formula::Midnight(Box::new(formula)) } else { Formula::Bare(Box::new(formula)) };
        return (instant(first, one), instant(second, other));
    }
    let (Type::Number(left), Type::Number(right)) = (one, other) else { return (first, second) };
    let scale = match arithmetic(Operator::Add, left, right) {
        Digits::Whole => return (first, second),
        Digits::Fixed(scale) => scale,
        Digits::Loose => SCALE_MAX,
    };
    let rounded = |formula: Formula, digits: Digits| match formula {
        Formula::Field { .. } | Formula::Number(_) if digits != Digits::Loose => formula,
        _ if digits == Digits::Whole => formula,
        _ => Formula::Call(Function::Round, vec![formula, Formula::Number(scale.to_string())]),
    };
    (rounded(first, left), rounded(second, right))
}

/// A number in a text.
pub fn spelled(formula: Formula, digits: Digits) -> Formula {
    match digits {
        Digits::Whole => formula,
        Digits::Fixed(scale) => Formula::Spelled(Box::new(formula), scale.min(SCALE_MAX)),
        Digits::Loose => Formula::Spelled(Box::new(formula), SCALE_DEFAULT),
    }
}

pub fn digits(type_: Type, at: usize) -> Result<Digits, Problem> {
    match type_ {
        Type::Number(digits) => Ok(digits),
        Type::Nothing => Ok(Digits::Whole),
        other => Err(unfit(other, "a number", at)),
    }
}

pub fn arithmetic(operator: Operator, left: Digits, right: Digits) -> Digits {
    let scale = |digits| match digits {
        Digits::Whole => Some(0),
        Digits::Fixed(scale) => Some(scale),
        Digits::Loose => None,
    };
    match (operator, left, right) {
        (Operator::Divide, ..) => Digits::Loose,
        (_, Digits::Whole, Digits::Whole) => Digits::Whole,
        (Operator::Multiply, ..) => scale(left).zip(scale(right)).map_or(Digits::Loose, |(left, right)| Digits::Fixed(left + right)),
        _ => scale(left).zip(scale(right)).map_or(Digits::Loose, |(left, right)| Digits::Fixed(left.max(right))),
    }
}

/// The type that all values from a place on have.
pub fn same(parts: &[Typed], from: usize, terms: &[Term]) -> Result<Type, Problem> {
    let mut common = Type::Nothing;
    for ((_, type_), term) in parts.iter().zip(terms).skip(from) {
        common = match (common, *type_) {
            (Type::Nothing, type_) | (type_, Type::Nothing) => type_,
            (Type::Number(one), Type::Number(other)) => Type::Number(arithmetic(Operator::Add, one, other)),
            (one, other) if one == other => one,
            (one, other) => return Err(unfit(other, named(one), term.at).hint("All values must be of one kind")),
        };
    }
    Ok(common)
}

pub fn fits(type_: Type, wanted: Type) -> bool {
    type_ == wanted || type_ == Type::Nothing || matches!((type_, wanted), (Type::Number(_), Type::Number(_)))
}

/// Dates compare with texts that are written as such.
pub fn comparable(one: Type, other: Type) -> bool {
    let dated = |type_| matches!(type_, Type::Date | Type::Datetime);
    let both = dated(one) && dated(other);
    both || fits(one, other) || fits(other, one) || (dated(one) && other == Type::Text) || (dated(other) && one == Type::Text)
}

pub fn named(type_: Type) -> &'static str {
    match type_ {
        Type::Number(_) => "a number",
        Type::Text => "a text",
        Type::Bool => "true or false",
        Type::Date => "a date",
        Type::Datetime => "a date and time",
        Type::User => "a user",
        Type::Nothing => "null",
    }
}

pub fn unfit(found: Type, wanted: &str, at: usize) -> Problem {
    Problem::new("formula", format!("{wanted} is wanted here, and this is {}", named(found))).at(at)
}

/// What a reading of the clock is.
pub fn clock_type(clock: Clock) -> Type {
    match clock {
        Clock::Now | Clock::TodayStart | Clock::TodayEnd | Clock::MonthStart | Clock::MonthEnd | Clock::YearStart | Clock::YearEnd => {
            Type::Datetime
        }
        Clock::Today | Clock::Yesterday | Clock::Tomorrow => Type::Date,
        Clock::Second | Clock::Minute | Clock::Hour | Clock::Day | Clock::Weekday | Clock::Month | Clock::Year => {
            Type::Number(Digits::Whole)
        }
    }
}

/// In which a time is measured.
pub const UNITS: [&str; 7] = ["second", "minute", "hour", "day", "week", "month", "year"];

/// The least and the most values that a function takes, and an example.
pub fn arity(function: Function) -> (usize, usize, &'static str) {
    match function {
        Function::Abs => (1, 1, "abs(balance)"),
        Function::Coalesce => (2, 20, "coalesce(nickname, name)"),
        Function::Concat => (1, 20, "concat(first_name, ' ', last_name)"),
        Function::Contains => (2, 2, "contains(name, 'ann')"),
        Function::DateAdd => (3, 3, "date_add(due, 7, 'day')"),
        Function::DateDiff => (3, 3, "date_diff(due, begun, 'day')"),
        Function::Day => (1, 1, "day(due)"),
        Function::If => (3, 3, "if(stock < 5, 'low', 'ok')"),
        Function::Length => (1, 1, "length(name)"),
        Function::Lower => (1, 1, "lower(email)"),
        Function::Month => (1, 1, "month(due)"),
        Function::NumberOf => (1, 1, "company"),
        Function::Round => (1, 2, "round(price * 1.19, 2)"),
        Function::StartsWith => (2, 2, "starts_with(code, 'A-')"),
        Function::Upper => (1, 1, "upper(code)"),
        Function::Year => (1, 1, "year(due)"),
    }
}
