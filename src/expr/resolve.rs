//! A tree by name to a computation: every name becomes a column, every part gets a type. Every refusal tells the byte and the nearest name.

use super::parse;
use crate::model::error::Problem;
use crate::model::expr::{Node, Operator, Term};
use crate::model::field::{Field, Kind};
use crate::model::formula::{Computation, Digits, Formula, Function, Inverse, Rollup};
use crate::model::name::quoted;
use crate::model::schema::Schema;
use std::cell::Cell;

/// Parts of an expression, with those of the computed fields that stand in it.
const PARTS_MAX: usize = 2_000;
/// Tables that one expression may go through, and computed fields that may stand in each other.
const STEPS_MAX: usize = 6;
/// Digits after the point of what is divided, and of numbers that say nothing of theirs.
const SCALE_DEFAULT: u64 = 6;
const SCALE_MAX: u64 = 12;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Number(Digits),
    Text,
    Bool,
    Date,
    Datetime,
    /// `null`: fits everywhere.
    Nothing,
}

type Typed = (Formula, Type);

/// What a field of `schema` computes, or lists. `schemas` are all of its app.
pub fn resolve<S: AsRef<Schema>>(field: &Field, schema: &Schema, schemas: &[S]) -> Result<Computation, Problem> {
    let schemas: Vec<&Schema> = schemas.iter().map(AsRef::as_ref).collect();
    if field.kind == Kind::Lines {
        let from = lines(field, schema, &schemas)?;
        return Ok(Computation { schema: schema.id, formula: Formula::Lines(from), kind: Kind::Lines, scale: 0, reads_others: true });
    }
    let text = field.rules.formula.as_deref().unwrap_or_default();
    let parts = Cell::new(0);
    let scope = Scope { schema, schemas: &schemas, prefix: None, steps: 0, parts: &parts };
    let (formula, type_) = scope.field_formula(field, text)?;
    let (kind, scale) = match type_ {
        Type::Number(Digits::Whole) => (Kind::Integer, 0),
        Type::Number(Digits::Fixed(scale)) => (Kind::Decimal, field.rules.scale.unwrap_or(scale.min(SCALE_MAX))),
        Type::Number(Digits::Loose) => (Kind::Decimal, field.rules.scale.unwrap_or(SCALE_DEFAULT)),
        Type::Text | Type::Nothing => (Kind::Text, 0),
        Type::Bool => (Kind::Boolean, 0),
        Type::Date => (Kind::Date, 0),
        Type::Datetime => (Kind::Datetime, 0),
    };
    let reads_others = reads_others(&formula);
    Ok(Computation { schema: schema.id, formula, kind, scale, reads_others })
}

fn reads_others(formula: &Formula) -> bool {
    match formula {
        Formula::Lookup { .. } | Formula::Rollup { .. } | Formula::Lines(_) => true,
        Formula::Not(inner) | Formula::Negate(inner) => reads_others(inner),
        Formula::Binary(_, left, right) => reads_others(left) || reads_others(right),
        Formula::Call(_, parts) => parts.iter().any(reads_others),
        _ => false,
    }
}

/// The records of the target that point here by the field `via`.
fn lines(field: &Field, schema: &Schema, schemas: &[&Schema]) -> Result<Inverse, Problem> {
    let (target, via) = (field.rules.target.as_deref().unwrap_or_default(), field.rules.via.as_deref().unwrap_or_default());
    let Some(other) = schemas.iter().find(|other| other.slug == target) else {
        let problem = Problem::of(
            &field.slug,
            "target",
            format!("Field '{}' lists records of the table {}, which is not there", field.slug, quoted(target)),
        );
        return Err(problem.did_you_mean(target, schemas.iter().map(|other| other.slug.as_str())));
    };
    let pointing =
        |known: &&Field| matches!(known.kind, Kind::Reference | Kind::Links) && known.rules.target.as_deref() == Some(&schema.slug);
    match other.fields.iter().find(|known| known.slug == via) {
        Some(known) if pointing(&known) => Ok(Inverse { schema: other.id, via: via.to_owned(), is_set: known.kind == Kind::Links }),
        _ => {
            let message =
                format!("Field '{}' wants a reference from table '{target}' to '{}', and {} is none", field.slug, schema.slug, quoted(via));
            let known: Vec<&str> = other.fields.iter().filter(pointing).map(|known| known.slug.as_str()).collect();
            let problem = Problem::of(&field.slug, "via", message);
            Err(if known.is_empty() { problem } else { problem.hint(format!("\"via\": \"{}\"", known.join("\" or \""))) })
        }
    }
}

/// Where names are looked for.
struct Scope<'s> {
    schema: &'s Schema,
    schemas: &'s [&'s Schema],
    /// Inside a roll-up: the name by which every path begins.
    prefix: Option<&'s str>,
    steps: usize,
    parts: &'s Cell<usize>,
}

impl<'s> Scope<'s> {
    fn deeper(&self, schema: &'s Schema, prefix: Option<&'s str>, at: usize) -> Result<Self, Problem> {
        if self.steps == STEPS_MAX {
            let problem = Problem::new("formula", format!("The expression leads through itself, or through more than {STEPS_MAX} others"));
            return Err(problem.at(at));
        }
        Ok(Self { schema, schemas: self.schemas, prefix, steps: self.steps + 1, parts: self.parts })
    }

    /// The formula of a computed field, wherever it is used. Its bytes are its own.
    fn field_formula(&self, field: &Field, text: &str) -> Result<Typed, Problem> {
        let told = |problem: Problem| Problem {
            message: format!("Field '{}': {}", field.slug, problem.message),
            field: Some(field.slug.clone()),
            ..problem
        };
        parse(text).and_then(|term| self.term(&term)).map_err(told)
    }

    fn term(&self, term: &Term) -> Result<Typed, Problem> {
        self.parts.set(self.parts.get() + 1);
        if self.parts.get() > PARTS_MAX {
            return Err(Problem::new("formula", format!("The expression has more than {PARTS_MAX} parts, with those of the fields in it"))
                .at(term.at));
        }
        Ok(match &term.node {
            Node::Null => (Formula::Null, Type::Nothing),
            Node::Bool(bool) => (Formula::Bool(*bool), Type::Bool),
            Node::Number(digits) => number(digits, term.at)?,
            Node::Text(text) if text.contains('\0') => {
                return Err(Problem::new("formula", "A text cannot hold a NUL character").at(term.at));
            }
            Node::Text(text) => (Formula::Text(text.clone()), Type::Text),
            Node::Path(names) => self.path(names, term.at)?,
            Node::Not(inner) => (Formula::Not(Box::new(self.of_type(inner, Type::Bool)?)), Type::Bool),
            Node::Negate(inner) => {
                let (formula, type_) = self.term(inner)?;
                (Formula::Negate(Box::new(formula)), Type::Number(digits(type_, inner.at)?))
            }
            Node::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            Node::Call(name, terms) => self.call(name, terms, term.at)?,
        })
    }

    fn of_type(&self, term: &Term, wanted: Type) -> Result<Formula, Problem> {
        let (formula, type_) = self.term(term)?;
        if fits(type_, wanted) { Ok(formula) } else { Err(unfit(type_, named(wanted), term.at)) }
    }

    fn binary(&self, operator: Operator, left: &Term, right: &Term) -> Result<Typed, Problem> {
        if matches!(operator, Operator::Or | Operator::And) {
            let (left, right) = (self.of_type(left, Type::Bool)?, self.of_type(right, Type::Bool)?);
            return Ok((Formula::Binary(operator, Box::new(left), Box::new(right)), Type::Bool));
        }
        let ((first, one), (second, other)) = (self.term(left)?, self.term(right)?);
        let is_comparison = operator.strength() == Operator::Eq.strength();
        let type_ = if is_comparison {
            if !comparable(one, other) {
                return Err(unfit(other, named(one), right.at).hint("Both sides of a comparison must be of one kind"));
            }
            Type::Bool
        } else {
            let wanted = |type_, at| {
                digits(type_, at).map_err(|problem| if type_ == Type::Text { problem.hint("concat(a, b) joins texts") } else { problem })
            };
            Type::Number(arithmetic(operator, wanted(one, left.at)?, wanted(other, right.at)?))
        };
        Ok((Formula::Binary(operator, Box::new(first), Box::new(second)), type_))
    }

    fn call(&self, name: &str, terms: &[Term], at: usize) -> Result<Typed, Problem> {
        if let Some((_, how)) = Rollup::ALL.into_iter().find(|(known, _)| *known == name) {
            return self.rollup(how, name, terms, at);
        }
        let Some((_, function)) = Function::ALL.into_iter().find(|(known, _)| *known == name) else {
            let known = Function::ALL.iter().map(|(name, _)| *name).chain(Rollup::ALL.iter().map(|(name, _)| *name));
            let problem = Problem::new("formula", format!("There is no function {}", quoted(name))).at(at);
            let names: Vec<&str> = known.clone().collect();
            let near = problem.clone().did_you_mean(name, known);
            return Err(if near.hint.is_some() { near } else { problem.hint(format!("Functions are: {}", names.join(", "))) });
        };
        let (least, most, example) = arity(function);
        if terms.len() < least || terms.len() > most {
            let problem = Problem::new("formula", format!("{name} does not take {} values", terms.len())).at(at);
            return Err(problem.hint(example));
        }
        let parts = terms.iter().map(|term| self.term(term)).collect::<Result<Vec<_>, _>>()?;
        let type_ = self.result(function, &parts, terms)?;
        Ok((Formula::Call(function, parts.into_iter().map(|(formula, _)| formula).collect()), type_))
    }

    /// Checks what a function is given; the type of what it gives.
    fn result(&self, function: Function, parts: &[Typed], terms: &[Term]) -> Result<Type, Problem> {
        let at = |place: usize| terms.get(place).map_or(0, |term| term.at);
        let type_ = |place: usize| parts.get(place).map_or(Type::Nothing, |(_, type_)| *type_);
        let check = |place: usize, wanted: Type| {
            if fits(type_(place), wanted) { Ok(()) } else { Err(unfit(type_(place), named(wanted), at(place))) }
        };
        Ok(match function {
            Function::Abs => Type::Number(digits(type_(0), at(0))?),
            Function::Coalesce => same(parts, 0, terms)?,
            Function::Concat => Type::Text,
            Function::If => {
                check(0, Type::Bool)?;
                same(parts, 1, terms)?
            }
            Function::Length => {
                check(0, Type::Text)?;
                Type::Number(Digits::Whole)
            }
            Function::Lower | Function::Upper => {
                check(0, Type::Text)?;
                Type::Text
            }
            Function::Day | Function::Month | Function::Year => match type_(0) {
                Type::Date | Type::Datetime | Type::Nothing => Type::Number(Digits::Whole),
                other => return Err(unfit(other, "a date", at(0))),
            },
            Function::Round => {
                digits(type_(0), at(0))?;
                match terms.get(1).map(|term| &term.node) {
                    None => Type::Number(Digits::Fixed(0)),
                    Some(Node::Number(places)) if places.parse::<u64>().is_ok_and(|places| places <= SCALE_MAX) => {
                        Type::Number(Digits::Fixed(places.parse().unwrap_or_default()))
                    }
                    Some(_) => {
                        return Err(Problem::new("formula", format!("round wants the digits as a number from 0 to {SCALE_MAX}")).at(at(1)));
                    }
                }
            }
        })
    }

    /// `sum(lines.total)`, `count(lines)`: the first name is the same in every path, and stands for the records that point here.
    fn rollup(&self, how: Rollup, name: &str, terms: &[Term], at: usize) -> Result<Typed, Problem> {
        let [term] = terms else {
            let problem = Problem::new("formula", format!("{name} takes one value")).at(at);
            return Err(problem.hint("sum(lines.total), count(lines)"));
        };
        let Some((inverse, place)) = first_name(term) else {
            let problem = Problem::new("formula", format!("{name} must go over the records that point to this one")).at(term.at);
            return Err(problem.hint("sum(lines.total), where 'lines' is a field of the type lines"));
        };
        if self.prefix.is_some() {
            return Err(Problem::new("formula", format!("{name} cannot stand in another roll-up")).at(at));
        }
        let (from, schema) = self.inverse(inverse, place)?;
        if how == Rollup::Count {
            if !matches!(&term.node, Node::Path(names) if names.len() == 1) {
                return Err(Problem::new("formula", "count counts records, not values").at(term.at).hint(format!("count({inverse})")));
            }
            return Ok((Formula::Rollup { how, from, of: Box::new(Formula::Null), digits: Digits::Whole }, Type::Number(Digits::Whole)));
        }
        let (of, type_) = self.deeper(schema, Some(inverse), at)?.term(term)?;
        let is_number = matches!(type_, Type::Number(_));
        let type_ = match how {
            Rollup::Sum => Type::Number(digits(type_, term.at)?),
            Rollup::Avg => {
                digits(type_, term.at)?;
                Type::Number(Digits::Loose)
            }
            Rollup::Min | Rollup::Max | Rollup::Count => type_,
        };
        let digits = if is_number { digits(type_, term.at)? } else { Digits::Loose };
        Ok((Formula::Rollup { how, from, of: Box::new(of), digits }, type_))
    }

    /// The records that point to this one under a name: a field of the type lines, or the `inverse` of a reference.
    fn inverse(&self, name: &str, at: usize) -> Result<(Inverse, &'s Schema), Problem> {
        let by_id = |from: Inverse| self.schemas.iter().find(|schema| schema.id == from.schema).map(|schema| (from, *schema));
        if let Some(field) = self.schema.field(name).filter(|field| field.kind == Kind::Lines) {
            let from = lines(field, self.schema, self.schemas)?;
            return by_id(from).ok_or_else(|| Problem::new("formula", format!("{} leads nowhere", quoted(name))).at(at));
        }
        let pointing =
            |field: &&Field| field.rules.target.as_deref() == Some(&self.schema.slug) && field.rules.inverse.is_some() && field.is_stored();
        let all = || self.schemas.iter().flat_map(|schema| schema.fields.iter().filter(pointing).map(move |field| (*schema, field)));
        if let Some((schema, field)) = all().find(|(_, field)| field.rules.inverse.as_deref() == Some(name)) {
            return Ok((Inverse { schema: schema.id, via: field.slug.clone(), is_set: field.kind == Kind::Links }, schema));
        }
        let problem =
            Problem::new("formula", format!("Nothing points to table '{}' under the name {}", self.schema.slug, quoted(name))).at(at);
        let lines = self.schema.fields.iter().filter(|field| field.kind == Kind::Lines).map(|field| field.slug.as_str());
        let known: Vec<&str> = all().filter_map(|(_, field)| field.rules.inverse.as_deref()).chain(lines).collect();
        let near = problem.clone().did_you_mean(name, known.iter().copied());
        Err(if near.hint.is_some() { near } else { problem.hint("Make a field of the type lines, or give the reference there an inverse") })
    }

    fn path(&self, names: &[String], at: usize) -> Result<Typed, Problem> {
        match (self.prefix, names) {
            (Some(prefix), [first, rest @ ..]) if first == prefix && !rest.is_empty() => self.plain_path(rest, at),
            (Some(prefix), _) => {
                let problem = Problem::new("formula", format!("Inside a roll-up every name begins with '{prefix}.'")).at(at);
                Err(problem.hint(format!("{prefix}.{}", names.join("."))))
            }
            (None, names) => self.plain_path(names, at),
        }
    }

    fn plain_path(&self, names: &[String], at: usize) -> Result<Typed, Problem> {
        let Some((name, rest)) = names.split_first() else { return Ok((Formula::Null, Type::Nothing)) };
        match name.as_str() {
            "created_at" if rest.is_empty() => return Ok((Formula::CreatedAt, Type::Datetime)),
            "updated_at" if rest.is_empty() => return Ok((Formula::UpdatedAt, Type::Datetime)),
            _ => {}
        }
        let Some(field) = self.schema.field(name) else {
            let problem = Problem::new("formula", format!("Table '{}' has no field {}", self.schema.slug, quoted(name))).at(at);
            return Err(problem.did_you_mean(name, self.schema.fields.iter().map(|field| field.slug.as_str())));
        };
        if !rest.is_empty() {
            return self.lookup(field, rest, at);
        }
        if let Some(text) = &field.rules.formula {
            return self.deeper(self.schema, None, at)?.field_formula(field, text);
        }
        let type_ = match field.kind {
            Kind::Text => Type::Text,
            Kind::Integer | Kind::Sequence => Type::Number(Digits::Whole),
            Kind::Decimal => Type::Number(field.rules.scale.map_or(Digits::Loose, Digits::Fixed)),
            Kind::Boolean => Type::Bool,
            Kind::Date => Type::Date,
            Kind::Datetime => Type::Datetime,
            Kind::Reference => {
                let problem = Problem::new("formula", format!("'{name}' leads to a record: say which field of it is meant")).at(at);
                return Err(problem.hint(format!("{name}.name")));
            }
            Kind::Lines => {
                let problem = Problem::new("formula", format!("'{name}' lists records: say what is to be made of them")).at(at);
                return Err(problem.hint(format!("count({name})")));
            }
            Kind::Json | Kind::Set | Kind::Links | Kind::User => {
                return Err(Problem::new(
                    "formula",
                    format!("'{name}' is of the type {}, which an expression cannot use", field.type_name),
                )
                .at(at));
            }
        };
        Ok((Formula::Field { slug: field.slug.clone() }, type_))
    }

    fn lookup(&self, field: &Field, rest: &[String], at: usize) -> Result<Typed, Problem> {
        if field.kind != Kind::Reference {
            let problem = Problem::new("formula", format!("'{}' is no reference: nothing can follow its point", field.slug)).at(at);
            return Err(if field.kind == Kind::Lines { problem.hint(format!("sum({}.{})", field.slug, rest.join("."))) } else { problem });
        }
        let target = field.rules.target.as_deref().unwrap_or_default();
        let Some(schema) = self.schemas.iter().find(|schema| schema.slug == target) else {
            return Err(Problem::new("formula", format!("'{}' leads to a table that is not there", field.slug)).at(at));
        };
        let (of, type_) = self.deeper(schema, None, at)?.plain_path(rest, at)?;
        Ok((Formula::Lookup { reference: field.slug.clone(), schema: schema.id, of: Box::new(of) }, type_))
    }
}

/// The name by which the first path of an expression begins, and where it stands.
pub(super) fn first_name(term: &Term) -> Option<(&str, usize)> {
    match &term.node {
        Node::Path(names) => names.first().map(|name| (name.as_str(), term.at)),
        Node::Not(inner) | Node::Negate(inner) => first_name(inner),
        Node::Binary(_, left, right) => first_name(left).or_else(|| first_name(right)),
        Node::Call(_, terms) => terms.iter().find_map(first_name),
        _ => None,
    }
}

fn number(digits: &str, at: usize) -> Result<Typed, Problem> {
    if digits.bytes().filter(u8::is_ascii_digit).count() > 15 {
        return Err(Problem::new("formula", "A number has at most 15 digits").at(at));
    }
    let exact = match digits.split_once('.') {
        Some((_, fraction)) => Digits::Fixed(u64::try_from(fraction.len()).unwrap_or(SCALE_MAX)),
        None => Digits::Whole,
    };
    Ok((Formula::Number(digits.to_owned()), Type::Number(exact)))
}

fn digits(type_: Type, at: usize) -> Result<Digits, Problem> {
    match type_ {
        Type::Number(digits) => Ok(digits),
        Type::Nothing => Ok(Digits::Whole),
        other => Err(unfit(other, "a number", at)),
    }
}

fn arithmetic(operator: Operator, left: Digits, right: Digits) -> Digits {
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
fn same(parts: &[Typed], from: usize, terms: &[Term]) -> Result<Type, Problem> {
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

fn fits(type_: Type, wanted: Type) -> bool {
    type_ == wanted || type_ == Type::Nothing || matches!((type_, wanted), (Type::Number(_), Type::Number(_)))
}

/// Dates compare with texts that are written as such.
fn comparable(one: Type, other: Type) -> bool {
    let dated = |type_| matches!(type_, Type::Date | Type::Datetime);
    fits(one, other) || fits(other, one) || (dated(one) && other == Type::Text) || (dated(other) && one == Type::Text)
}

fn named(type_: Type) -> &'static str {
    match type_ {
        Type::Number(_) => "a number",
        Type::Text => "a text",
        Type::Bool => "true or false",
        Type::Date => "a date",
        Type::Datetime => "a date and time",
        Type::Nothing => "null",
    }
}

fn unfit(found: Type, wanted: &str, at: usize) -> Problem {
    Problem::new("formula", format!("{wanted} is wanted here, and this is {}", named(found))).at(at)
}

/// The least and the most values that a function takes, and an example.
fn arity(function: Function) -> (usize, usize, &'static str) {
    match function {
        Function::Abs => (1, 1, "abs(balance)"),
        Function::Coalesce => (2, 20, "coalesce(nickname, name)"),
        Function::Concat => (1, 20, "concat(first_name, ' ', last_name)"),
        Function::Day => (1, 1, "day(due)"),
        Function::If => (3, 3, "if(stock < 5, 'low', 'ok')"),
        Function::Length => (1, 1, "length(name)"),
        Function::Lower => (1, 1, "lower(email)"),
        Function::Month => (1, 1, "month(due)"),
        Function::Round => (1, 2, "round(price * 1.19, 2)"),
        Function::Upper => (1, 1, "upper(code)"),
        Function::Year => (1, 1, "year(due)"),
    }
}
