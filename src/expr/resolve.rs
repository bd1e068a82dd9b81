//! A tree by name to a computation: every name becomes a column, every part gets a type. Every refusal tells the byte and the nearest name.

use super::parser::{parse, too_many_levels};
use super::typing::{
    SCALE_DEFAULT, SCALE_MAX, Type, Typed, UNITS, arithmetic, arity, clock_type, comparable, compared, digits, fits, named, number, same,
    spelled, unfit,
};
use super::{LEVELS_MAX, TABLE_CHARS_MAX};
use crate::model::error::Problem;
use crate::model::expr::{Clock, NUMBER_OF, Node, Operator, Term};
use crate::model::field::{Field, Kind};
use crate::model::formula::{Computation, Digits, Formula, Function, Inverse, Rollup, Step};
use crate::model::name::quoted;
use crate::model::schema::{Schema, SchemaId};
use crate::model::texts::LENGTH_MAX;
use std::cell::{Cell, RefCell};

/// Parts of an expression, with those of the computed fields that stand in it.
const PARTS_MAX: usize = 2_000;
/// Tables that one expression may go through, and computed fields that may stand in each other.
const STEPS_MAX: usize = 6;
/// Roll-ups that may stand in each other: each one reads as many records as all those around it together, times its own.
const ROLLUPS_MAX: usize = 2;
/// The code of a problem that tells all the fields it goes through.
const LOOP: &str = "loop";

/// What a field of `schema` computes, or lists. `schemas` are all of its app.
pub fn resolve<S: AsRef<Schema>>(field: &Field, schema: &Schema, schemas: &[S]) -> Result<Computation, Problem> {
    let schemas: Vec<&Schema> = schemas.iter().map(AsRef::as_ref).collect();
    if field.kind == Kind::Lines {
        let from = lines(field, schema, &schemas)?;
        return Ok(Computation {
            schema: schema.id,
            formula: Formula::Lines(from),
            kind: Kind::Lines,
            scale: 0,
            reads_others: true,
            parts: 1,
            chars_max: 0,
            through: Vec::new(),
        });
    }
    let text = field.rules.formula.as_deref().unwrap_or_default();
    let walk = Walk::default();
    let scope = Scope { schema, schemas: &schemas, prefix: None, steps: 0, rollups: 0, walk: &walk, clock: None };
    let (formula, type_) = scope.field_formula(field, text)?;
    let (kind, scale) = kind_of(type_, field.rules.scale);
    let reads_others = reads_others(&formula);
    let chars_max = if kind == Kind::Text { chars_max(&formula, schema, &schemas) } else { 0 };
    let (parts, through) = (walk.parts.get(), walk.through.take());
    Ok(Computation { schema: schema.id, formula, kind, scale, reads_others, parts, chars_max, through })
}

/// The kind of a type's values, and the digits to which its decimals are rounded.
fn kind_of(type_: Type, scale: Option<u64>) -> (Kind, u64) {
    match type_ {
        Type::Number(Digits::Whole) => (Kind::Integer, 0),
        Type::Number(Digits::Fixed(digits)) => (Kind::Decimal, scale.unwrap_or(digits.min(SCALE_MAX))),
        Type::Number(Digits::Loose) => (Kind::Decimal, scale.unwrap_or(SCALE_DEFAULT)),
        Type::Text | Type::Nothing => (Kind::Text, 0),
        Type::Bool => (Kind::Boolean, 0),
        Type::Date => (Kind::Date, 0),
        Type::Datetime => (Kind::Datetime, 0),
        Type::User => (Kind::User, 0),
    }
}

/// Characters that a value may come to: of a text that a field holds, as many as its rules let in; of what is no text, a few.
fn chars_max(formula: &Formula, schema: &Schema, schemas: &[&Schema]) -> u64 {
    const SHORT: u64 = 40;
    let there = |id: SchemaId| schemas.iter().find(|other| other.id == id);
    let all = |parts: &[Formula]| parts.iter().map(|part| chars_max(part, schema, schemas)).collect::<Vec<_>>();
    match formula {
        Formula::Text(text) => u64::try_from(text.len()).unwrap_or(u64::MAX),
        Formula::Field { slug } => match schema.field(slug) {
            Some(field) if field.kind == Kind::Text => field.rules.max_length.unwrap_or(LENGTH_MAX),
            _ => SHORT,
        },
        Formula::Lookup { schema: id, of, .. } => there(*id).map_or(SHORT, |other| chars_max(of, other, schemas)),
        Formula::Rollup { from, of, .. } => there(from.schema).map_or(SHORT, |other| chars_max(of, other, schemas)),
        Formula::Call(Function::Concat, parts) => all(parts).into_iter().fold(0, u64::saturating_add),
        Formula::Call(_, parts) => all(parts).into_iter().max().unwrap_or(SHORT),
        _ => SHORT,
    }
}

/// Characters that the texts which are joined anywhere in a formula may come to together.
fn chars_joined(formula: &Formula, schema: &Schema, schemas: &[&Schema]) -> u64 {
    let there = |id: SchemaId, of: &Formula| {
        let other = schemas.iter().find(|other| other.id == id);
        other.map_or(0, |other| chars_joined(of, other, schemas))
    };
    match formula {
        Formula::Call(Function::Concat, _) => chars_max(formula, schema, schemas),
        Formula::Lookup { schema: id, of, .. } => there(*id, of),
        Formula::Rollup { from, of, .. } => there(from.schema, of),
        Formula::Any { steps, of, other, .. } => {
            let of = steps.last().map_or(0, |step| there(step.schema(), of));
            of.saturating_add(chars_joined(other, schema, schemas))
        }
        _ => formula.parts().into_iter().map(|part| chars_joined(part, schema, schemas)).fold(0, u64::saturating_add),
    }
}

/// What a rule over records of `schema` means: a truth, in which `@me` and users may stand. `schemas` are all of its app.
pub fn rule<S: AsRef<Schema>>(text: &str, schema: &Schema, schemas: &[S]) -> Result<Computation, Problem> {
    let schemas: Vec<&Schema> = schemas.iter().map(AsRef::as_ref).collect();
    condition(&parse(text)?, schema, &schemas, None)
}

/// What the clock says, as digits, `YYYY-MM-DD` or RFC 3339 with `Z`.
pub type Reading<'r> = &'r dyn Fn(Clock) -> String;

/// The same of a tree that was read before, and of a filter, which knows what the clock says.
pub fn condition(term: &Term, schema: &Schema, schemas: &[&Schema], clock: Option<Reading<'_>>) -> Result<Computation, Problem> {
    let walk = Walk { is_rule: true, ..Walk::default() };
    let scope = Scope { schema, schemas, prefix: None, steps: 0, rollups: 0, walk: &walk, clock };
    let formula = match scope.term(term)? {
        (formula, Type::Bool) => formula,
        (_, other) => {
            let (what, example) = if clock.is_some() { ("a condition", "status = 'lead'") } else { ("a rule", "owner = @me") };
            return Err(unfit(other, &format!("{what} that is true or false"), term.at).hint(example));
        }
    };
    let reads_others = reads_others(&formula);
    let chars_max = chars_joined(&formula, schema, schemas);
    if chars_max > TABLE_CHARS_MAX {
        let message =
            format!("The texts that it joins of one record may come to {chars_max} characters; at most {TABLE_CHARS_MAX} are possible");
        let hint = "Give the texts that they are made of a max_length: without one it is 100000";
        return Err(Problem::new("formula", message).at(term.at).hint(hint));
    }
    let (parts, through) = (walk.parts.get(), walk.through.take());
    Ok(Computation { schema: schema.id, formula, kind: Kind::Boolean, scale: 0, reads_others, parts, chars_max, through })
}

/// Where a value of a report is found out: in a record, or in a row of columns that were made before.
pub struct Within<'w> {
    pub schema: &'w Schema,
    pub schemas: &'w [&'w Schema],
    pub clock: Option<Reading<'w>>,
    /// The number of who asks.
    pub me: Option<i64>,
    /// The fields of the schema are columns, and nothing else is known of a row.
    pub is_flat: bool,
}

/// What a part of a report means, and how exact its numbers are. References are their ids in it.
pub fn reported(term: &Term, within: &Within<'_>) -> Result<(Computation, Option<Digits>), Problem> {
    let counting = Counting { me: within.me, is_flat: within.is_flat };
    let walk = Walk { is_rule: true, counting: Some(counting), ..Walk::default() };
    let (schema, schemas) = (within.schema, within.schemas);
    let scope = Scope { schema, schemas, prefix: None, steps: 0, rollups: 0, walk: &walk, clock: within.clock };
    let (formula, type_) = scope.term(term)?;
    let (kind, scale) = kind_of(type_, None);
    let digits = if let Type::Number(digits) = type_ { Some(digits) } else { None };
    let reads_others = reads_others(&formula);
    let (parts, through) = (walk.parts.get(), walk.through.take());
    Ok((Computation { schema: schema.id, formula, kind, scale, reads_others, parts, chars_max: 0, through }, digits))
}

fn reads_others(formula: &Formula) -> bool {
    let is_elsewhere = matches!(formula, Formula::Lookup { .. } | Formula::Rollup { .. } | Formula::Lines(_) | Formula::Any { .. });
    is_elsewhere || formula.parts().into_iter().any(reads_others)
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
    /// Roll-ups around this place.
    rollups: usize,
    walk: &'s Walk,
    clock: Option<Reading<'s>>,
}

/// What one expression and the fields in it have in common.
#[derive(Default)]
struct Walk {
    parts: Cell<usize>,
    /// How deep in the tree this is.
    level: Cell<usize>,
    /// The computed fields around this place.
    trail: RefCell<Vec<(SchemaId, String)>>,
    /// Fields that are not stored and that it came through.
    through: RefCell<Vec<(SchemaId, String)>>,
    /// Whether it may ask who asks.
    is_rule: bool,
    counting: Option<Counting>,
}

/// What is particular to reports.
#[derive(Clone, Copy)]
struct Counting {
    me: Option<i64>,
    is_flat: bool,
}

impl<'s> Scope<'s> {
    fn deeper(&self, schema: &'s Schema, prefix: Option<&'s str>, at: usize) -> Result<Self, Problem> {
        if self.steps == STEPS_MAX {
            return Err(Problem::new("formula", format!("The expression leads through more than {STEPS_MAX} others")).at(at));
        }
        Ok(Self { schema, prefix, steps: self.steps + 1, ..*self })
    }

    /// The formula of a computed field, wherever it is used. Its bytes are its own.
    fn field_formula(&self, field: &Field, text: &str) -> Result<Typed, Problem> {
        let told = |problem: Problem| match problem.code {
            LOOP if self.steps > 0 => problem,
            _ => Problem { message: format!("Field '{}': {}", field.slug, problem.message), field: Some(field.slug.clone()), ..problem },
        };
        self.walk.trail.borrow_mut().push((self.schema.id, field.slug.clone()));
        let found = parse(text).and_then(|term| self.term(&term)).map_err(told);
        self.walk.trail.borrow_mut().pop();
        found
    }

    fn term(&self, term: &Term) -> Result<Typed, Problem> {
        let (parts, level) = (&self.walk.parts, &self.walk.level);
        parts.set(parts.get() + 1);
        if level.get() == LEVELS_MAX {
            return Err(too_many_levels(term.at));
        }
        level.set(level.get() + 1);
        let found = self.part(term);
        level.set(level.get() - 1);
        found
    }

    fn part(&self, term: &Term) -> Result<Typed, Problem> {
        if self.walk.parts.get() > PARTS_MAX {
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
            Node::Me if let Some(counting) = self.walk.counting => {
                // A guest is nobody: what nothing equals, and not the word `null`, which an empty field equals.
                let nobody = || Formula::Negate(Box::new(Formula::Null));
                (counting.me.map_or_else(nobody, |me| Formula::Number(me.to_string())), Type::User)
            }
            Node::Me if self.walk.is_rule => (Formula::Me, Type::User),
            Node::Me => return Err(Problem::new("formula", "Only rules and filters know who asks").at(term.at)),
            Node::Any(operator, left, right) => self.any(*operator, left, right)?,
            Node::Clock(clock) => self.reading(*clock, term.at)?,
            Node::In(one, terms) => self.one_of(one, terms)?,
            Node::Between(one, least, most) => {
                let (least, most) = (self.compare(Operator::Gte, one, least)?, self.compare(Operator::Lte, one, most)?);
                (Formula::Binary(Operator::And, Box::new(least), Box::new(most)), Type::Bool)
            }
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
        if operator.strength() == Operator::Eq.strength() {
            return Ok((self.compare(operator, left, right)?, Type::Bool));
        }
        let ((first, one), (second, other)) = (self.term(left)?, self.term(right)?);
        let wanted = |type_, term: &Term| {
            let digits = digits(type_, term.at);
            let digits = digits.map_err(|problem| if type_ == Type::Text { problem.hint("concat(a, b) joins texts") } else { problem })?;
            if operator == Operator::Remainder && !matches!(digits, Digits::Whole | Digits::Fixed(0)) {
                let problem = Problem::new("formula", "% takes whole numbers, and this one has digits after its point").at(term.at);
                return Err(problem.hint("round(price) % 2"));
            }
            Ok(digits)
        };
        let type_ = Type::Number(arithmetic(operator, wanted(one, left)?, wanted(other, right)?));
        Ok((Formula::Binary(operator, Box::new(first), Box::new(second)), type_))
    }

    fn compare(&self, operator: Operator, left: &Term, right: &Term) -> Result<Formula, Problem> {
        let (first, second) = sides(operator, (self.term(left)?, left.at), (self.term(right)?, right.at))?;
        Ok(Formula::Binary(operator, Box::new(first), Box::new(second)))
    }

    /// Any of several equalities, as flat a tree as they make.
    fn one_of(&self, one: &Term, terms: &[Term]) -> Result<Typed, Problem> {
        let mut all = terms.iter().map(|term| self.compare(Operator::Eq, one, term)).collect::<Result<Vec<_>, _>>()?;
        while all.len() > 1 {
            let mut rest = all.into_iter();
            let mut joined = Vec::new();
            while let Some(left) = rest.next() {
                joined.push(match rest.next() {
                    Some(right) => Formula::Binary(Operator::Or, Box::new(left), Box::new(right)),
                    None => left,
                });
            }
            all = joined;
        }
        Ok((all.pop().unwrap_or(Formula::Bool(false)), Type::Bool))
    }

    fn reading(&self, clock: Clock, at: usize) -> Result<Typed, Problem> {
        let Some(read) = self.clock else {
            let problem =
                Problem::new("formula", format!("@{} is known to filters only: what is stored here knows no clock", clock.name()));
            return Err(problem.at(at));
        };
        Ok(match clock_type(clock) {
            Type::Number(digits) => (Formula::Number(read(clock)), Type::Number(digits)),
            type_ => (Formula::Text(read(clock)), type_),
        })
    }

    fn call(&self, name: &str, terms: &[Term], at: usize) -> Result<Typed, Problem> {
        if let Some((_, how)) = Rollup::ALL.into_iter().find(|(known, _)| *known == name) {
            return self.rollup(how, name, terms, at);
        }
        let of_ids = [(NUMBER_OF, Function::NumberOf)];
        let Some((_, function)) = Function::ALL.into_iter().chain(of_ids).find(|(known, _)| *known == name) else {
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
        let given = |(formula, type_): Typed| match type_ {
            Type::Number(digits) if function == Function::Concat => spelled(formula, digits),
            Type::Bool if function == Function::Concat => Formula::Worded(Box::new(formula)),
            _ => formula,
        };
        let is_instant = type_ == Type::Datetime;
        let mut parts: Vec<Formula> = parts.into_iter().map(given).collect();
        if function == Function::DateAdd {
            parts.push(Formula::Bool(is_instant));
        }
        let call = Formula::Call(function, parts);
        Ok((if function == Function::DateAdd && is_instant { Formula::Stamped(Box::new(call)) } else { call }, type_))
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
            Function::Length | Function::NumberOf => {
                check(0, Type::Text)?;
                Type::Number(Digits::Whole)
            }
            Function::Lower | Function::Upper => {
                check(0, Type::Text)?;
                Type::Text
            }
            Function::Contains | Function::StartsWith => {
                check(0, Type::Text)?;
                check(1, Type::Text)?;
                Type::Bool
            }
            Function::DateAdd | Function::DateDiff => {
                let dated = |place: usize| match type_(place) {
                    type_ @ (Type::Date | Type::Datetime | Type::Nothing) => Ok(type_),
                    other => Err(unfit(other, "a date", at(place))),
                };
                let unit = terms.get(2).map(|term| &term.node);
                let known = |text: &str| UNITS.contains(&text);
                if !matches!(unit, Some(Node::Text(text)) if known(text)) {
                    let problem = Problem::new("formula", "A unit of time is wanted here, as a text").at(at(2));
                    return Err(problem.hint(format!("'{}'", UNITS.join("', '"))));
                }
                if function == Function::DateDiff {
                    dated(0)?;
                    dated(1)?;
                    return Ok(Type::Number(Digits::Whole));
                }
                if digits(type_(1), at(1))? != Digits::Whole {
                    return Err(Problem::new("formula", "A whole number is wanted here").at(at(1)).hint("round(days)"));
                }
                let is_short = matches!(unit, Some(Node::Text(text)) if matches!(text.as_str(), "second" | "minute" | "hour"));
                match dated(0)? {
                    Type::Date if is_short => {
                        let problem = Problem::new("formula", "To a date only days, weeks, months and years can be added").at(at(2));
                        return Err(problem.hint("'day', 'week', 'month', 'year'"));
                    }
                    type_ => type_,
                }
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
        if self.rollups == ROLLUPS_MAX {
            let message =
                format!("{name} stands in {ROLLUPS_MAX} other roll-ups; more are not possible, for they would read too many records");
            return Err(Problem::new("formula", message).at(at));
        }
        let (from, schema) = self.inverse(inverse, place)?;
        if how == Rollup::Count {
            if !matches!(&term.node, Node::Path(names) if names.len() == 1) {
                return Err(Problem::new("formula", "count counts records, not values").at(term.at).hint(format!("count({inverse})")));
            }
            return Ok((Formula::Rollup { how, from, of: Box::new(Formula::Null), digits: Digits::Whole }, Type::Number(Digits::Whole)));
        }
        let mut inside = self.deeper(schema, Some(inverse), at)?;
        inside.rollups += 1;
        let (of, type_) = inside.term(term)?;
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
        if type_ == Type::Datetime {
            let bare = Formula::Rollup { how, from, of: Box::new(Formula::Bare(Box::new(of))), digits };
            return Ok((Formula::Stamped(Box::new(bare)), type_));
        }
        Ok((Formula::Rollup { how, from, of: Box::new(of), digits }, type_))
    }

    /// The records that point to this one under a name: a field of the type lines, or the `inverse` of a reference.
    fn inverse(&self, name: &str, at: usize) -> Result<(Inverse, &'s Schema), Problem> {
        let by_id = |from: Inverse| self.schemas.iter().find(|schema| schema.id == from.schema).map(|schema| (from, *schema));
        if let Some(field) = self.schema.field(name).filter(|field| field.kind == Kind::Lines) {
            self.walk.through.borrow_mut().push((self.schema.id, field.slug.clone()));
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
            (Some(prefix), [first, rest @ ..]) if first == prefix && !rest.is_empty() => self.plain_path(rest, behind(first, at)),
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
            _ if self.walk.counting.is_some_and(|counting| counting.is_flat) => {}
            "created_at" if rest.is_empty() => return Ok((Formula::CreatedAt, Type::Datetime)),
            "updated_at" if rest.is_empty() => return Ok((Formula::UpdatedAt, Type::Datetime)),
            "id" if rest.is_empty() && self.walk.is_rule && self.schema.field(name).is_none() => return Ok((Formula::Id, Type::Text)),
            "created_by" if rest.is_empty() && self.walk.is_rule => return Ok((Formula::CreatedBy, Type::User)),
            _ => {}
        }
        let Some(field) = self.schema.field(name) else {
            if self.walk.is_rule && self.inverse(name, at).is_ok() {
                return Err(several(name, rest, at));
            }
            let problem = Problem::new("formula", format!("Table '{}' has no field {}", self.schema.slug, quoted(name))).at(at);
            return Err(problem.did_you_mean(name, self.schema.fields.iter().map(|field| field.slug.as_str())));
        };
        if !rest.is_empty() {
            return self.lookup(field, rest, at);
        }
        if let Some(text) = &field.rules.formula {
            let here = (self.schema.id, field.slug.clone());
            if self.walk.trail.borrow().contains(&here) {
                let trail = self.walk.trail.borrow();
                let chain: Vec<&str> = trail.iter().chain([&here]).map(|(_, slug)| slug.as_str()).collect();
                return Err(Problem::new(LOOP, format!("The expression leads through itself: {}", chain.join(", "))).at(at));
            }
            self.walk.through.borrow_mut().push(here);
            return self.deeper(self.schema, None, at)?.field_formula(field, text);
        }
        let type_ = match field.kind {
            Kind::Text => Type::Text,
            Kind::Integer | Kind::Sequence => Type::Number(Digits::Whole),
            Kind::Decimal => Type::Number(field.rules.scale.map_or(Digits::Loose, Digits::Fixed)),
            Kind::Boolean => Type::Bool,
            Kind::Date => Type::Date,
            Kind::Datetime => Type::Datetime,
            Kind::Reference if self.walk.counting.is_some() => Type::Text,
            Kind::Reference => {
                let problem = Problem::new("formula", format!("'{name}' leads to a record: say which field of it is meant")).at(at);
                return Err(problem.hint(format!("{name}.name")));
            }
            Kind::Lines => {
                let problem = Problem::new("formula", format!("'{name}' lists records: say what is to be made of them")).at(at);
                return Err(problem.hint(format!("count({name})")));
            }
            Kind::User if self.walk.is_rule => Type::User,
            Kind::Set | Kind::Links if self.walk.is_rule => {
                let problem = Problem::new("formula", format!("'{name}' holds several values: say that any of them will do")).at(at);
                return Err(problem.hint(format!("{name} ?= 'one of them'")));
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

    /// `team.members.user ?= @me`: a path through lists, and what any of its values is compared with.
    fn any(&self, operator: Operator, left: &Term, right: &Term) -> Result<Typed, Problem> {
        if !self.walk.is_rule || self.prefix.is_some() {
            let message = format!("?{} stands in rules and filters only, and there not in a roll-up", operator.symbol());
            return Err(Problem::new("formula", message).at(left.at));
        }
        let Node::Path(names) = &left.node else {
            let problem = Problem::new("formula", format!("?{} wants a path through a list on its left", operator.symbol())).at(left.at);
            return Err(problem.hint("team.members.user ?= @me"));
        };
        self.walk.parts.set(self.walk.parts.get() + names.len());
        let (steps, (of, one)) = self.steps(names, left.at)?;
        if steps.iter().all(|step| matches!(step, Step::Reference { .. })) {
            let problem = Problem::new("formula", format!("'{}' leads to one value, not to several", names.join("."))).at(left.at);
            return Err(problem.hint(format!("{} {} …", names.join("."), operator.symbol())));
        }
        let (of, other) = sides(operator, ((of, one), left.at), (self.term(right)?, right.at))?;
        Ok((Formula::Any { operator, steps, of: Box::new(of), other: Box::new(other) }, Type::Bool))
    }

    fn steps(&self, names: &[String], at: usize) -> Result<(Vec<Step>, Typed), Problem> {
        let Some((name, rest)) = names.split_first() else { return Ok((Vec::new(), (Formula::Null, Type::Nothing))) };
        let field = self.schema.field(name);
        let target = |field: &Field| {
            let slug = field.rules.target.as_deref().unwrap_or_default();
            let found = self.schemas.iter().find(|schema| schema.slug == slug).copied();
            found.ok_or_else(|| Problem::new("formula", format!("'{}' leads to a table that is not there", field.slug)).at(at))
        };
        let (step, there) = match field.map(|field| (field, field.kind)) {
            Some((field, Kind::Set)) if rest.is_empty() => {
                return Ok((vec![Step::Elements { slug: field.slug.clone(), of: self.schema.id }], (Formula::Element, Type::Text)));
            }
            Some((field, Kind::Json)) if !rest.is_empty() && !field.rules.items.is_empty() => {
                let step = Step::Items { slug: field.slug.clone(), of: self.schema.id };
                return Ok((vec![step], item(field, rest, behind(&field.slug, at))?));
            }
            Some((field, Kind::Links)) => {
                let there = target(field)?;
                (Step::Links { slug: field.slug.clone(), from: self.schema.id, schema: there.id }, there)
            }
            Some((field, Kind::Reference)) if !rest.is_empty() => {
                let there = target(field)?;
                (Step::Reference { slug: field.slug.clone(), schema: there.id }, there)
            }
            Some((_, Kind::Lines)) => {
                let (from, there) = self.inverse(name, at)?;
                (Step::Lines(from), there)
            }
            None if self.inverse(name, at).is_ok() => {
                let (from, there) = self.inverse(name, at)?;
                (Step::Lines(from), there)
            }
            _ => return Ok((Vec::new(), self.plain_path(names, at)?)),
        };
        let (mut steps, end) = match rest {
            [] => (Vec::new(), (Formula::Id, Type::Text)),
            rest => self.deeper(there, None, at)?.steps(rest, at)?,
        };
        steps.insert(0, step);
        Ok((steps, end))
    }

    fn lookup(&self, field: &Field, rest: &[String], at: usize) -> Result<Typed, Problem> {
        if self.walk.is_rule && matches!(field.kind, Kind::Links | Kind::Lines) {
            return Err(several(&field.slug, rest, at));
        }
        if self.walk.is_rule && field.kind == Kind::Json && !field.rules.items.is_empty() {
            let message = format!("'{}' holds a list: say that any in it will do", field.slug);
            return Err(Problem::new("formula", message).at(at).hint(format!("{}.{} ?= …", field.slug, rest.join("."))));
        }
        if field.kind != Kind::Reference {
            let problem = Problem::new("formula", format!("'{}' is no reference: nothing can follow its point", field.slug)).at(at);
            return Err(if field.kind == Kind::Lines { problem.hint(format!("sum({}.{})", field.slug, rest.join("."))) } else { problem });
        }
        let target = field.rules.target.as_deref().unwrap_or_default();
        let Some(schema) = self.schemas.iter().find(|schema| schema.slug == target) else {
            return Err(Problem::new("formula", format!("'{}' leads to a table that is not there", field.slug)).at(at));
        };
        let (of, type_) = self.deeper(schema, None, at)?.plain_path(rest, behind(&field.slug, at))?;
        Ok((Formula::Lookup { reference: field.slug.clone(), schema: schema.id, of: Box::new(of) }, type_))
    }
}

/// What the objects in a field have under the only name that is left of a path.
fn item(field: &Field, rest: &[String], at: usize) -> Result<Typed, Problem> {
    let key = rest.join(".");
    let Some(found) = field.rules.items.iter().find(|item| item.slug == key) else {
        let problem = Problem::new("formula", format!("What '{}' lists has no {}", field.slug, quoted(&key))).at(at);
        let known: Vec<&str> = field.rules.items.iter().map(|item| item.slug.as_str()).collect();
        let near = problem.clone().did_you_mean(&key, known.iter().copied());
        return Err(if near.hint.is_some() { near } else { problem.hint(format!("It has: {}", known.join(", "))) });
    };
    let type_ = match found.kind {
        Kind::Text => Type::Text,
        Kind::Integer => Type::Number(Digits::Whole),
        Kind::Decimal => Type::Number(found.rules.scale.map_or(Digits::Loose, Digits::Fixed)),
        Kind::Boolean => Type::Bool,
        Kind::Date => Type::Date,
        Kind::Datetime => Type::Datetime,
        _ => {
            let message = format!("'{}' of '{}' is of the type {}, which an expression cannot use", key, field.slug, found.type_name);
            return Err(Problem::new("formula", message).at(at));
        }
    };
    Ok((Formula::Item { key }, type_))
}

/// Where a path goes on that stands at a byte and begins with this name: nothing but a point is between the two.
fn behind(name: &str, at: usize) -> usize {
    at + name.len() + 1
}

/// Both sides of a comparison, each with where it stands, so that SQL can compare them.
fn sides(operator: Operator, (first, at): (Typed, usize), (second, there): (Typed, usize)) -> Result<(Formula, Formula), Problem> {
    let (one, other) = (first.1, second.1);
    if matches!(operator, Operator::Match | Operator::NoMatch) {
        for (type_, at) in [(one, at), (other, there)] {
            if !fits(type_, Type::Text) {
                return Err(unfit(type_, "a text", at).hint("~ looks for a part of a text"));
            }
        }
        return Ok((first.0, second.0));
    }
    if !comparable(one, other) {
        return Err(unfit(other, named(one), there).hint("Both sides of a comparison must be of one kind"));
    }
    Ok(compared(first, second))
}

/// Why a path through a list cannot be compared as one value.
fn several(name: &str, rest: &[String], at: usize) -> Problem {
    let path: Vec<&str> = std::iter::once(name).chain(rest.iter().map(String::as_str)).collect();
    let problem = Problem::new("formula", format!("'{name}' leads to several records: say that any of them will do")).at(at);
    problem.hint(format!("{} ?= …", path.join(".")))
}

/// The name by which the first path of an expression begins, and where it stands.
pub(super) fn first_name(term: &Term) -> Option<(&str, usize)> {
    match &term.node {
        Node::Path(names) => names.first().map(|name| (name.as_str(), term.at)),
        Node::Not(inner) | Node::Negate(inner) => first_name(inner),
        Node::Binary(_, left, right) => first_name(left).or_else(|| first_name(right)),
        Node::Call(_, terms) => terms.iter().find_map(first_name),
        Node::In(one, terms) => first_name(one).or_else(|| terms.iter().find_map(first_name)),
        Node::Between(one, least, most) => [one, least, most].into_iter().find_map(|term| first_name(term)),
        _ => None,
    }
}
