//! Filters in the expression language: `status = 'lead' && company.name ~ 'nord'`. What compares a field with a value becomes the same condition as
//! `filter[status]=lead`, which an index serves; all else becomes a computation. Names are looked for in what the caller sees; a path may go only
//! through tables of whose records the caller sees every one, for it would tell of the others.

use super::access;
use super::clock::reading;
use super::plan::{cell, read as cells};
use crate::expr::parse;
use crate::expr::resolve::{Within, condition, reported};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{Clock, Node, Op, Operator, Term};
use crate::model::field::{Field, Kind};
use crate::model::formula::{Computation, Digits, Need};
use crate::model::plan::{Cell, Column, Cond};
use crate::model::principal::{Action, Caller, Scope, UserId};
use crate::model::schema::{Schema, SchemaId};
use crate::model::time::Moment;
use crate::store::engine::ReadTx;
use serde_json::{Number, Value};
use std::sync::Arc;

/// Who asks a question, of what, and when.
pub struct Asking<'a> {
    pub catalog: &'a Catalog,
    pub who: &'a Caller,
    /// `None` where no clock is known.
    pub now: Option<Moment>,
}

impl<'a> Asking<'a> {
    pub fn of(tx: &'a ReadTx<'_>, who: &'a Caller) -> Self {
        Self { catalog: tx.catalog(), who, now: tx.asked_at() }
    }
}

/// The condition that a text says. A refusal tells the byte.
pub fn read(asking: &Asking<'_>, scope: &Scope, text: &str) -> Result<Cond> {
    of_parameter("filter", parse(text).and_then(|term| Reader::new(asking, scope).cond(&term)))
}

/// A refusal as that of a parameter.
pub fn of_parameter<T>(name: &str, read: std::result::Result<T, Problem>) -> Result<T> {
    read.map_err(|problem| {
        let code = if problem.code == "formula" { "expression" } else { problem.code };
        Error::invalid(Problem { code, field: Some(name.to_owned()), ..problem })
    })
}

type Found<T> = std::result::Result<T, Problem>;

/// Reads terms about the records of a scope.
pub struct Reader<'r> {
    asking: &'r Asking<'r>,
    pub schema: &'r Schema,
    /// Every schema of the app that the caller reads, as it is seen.
    schemas: Vec<Arc<Schema>>,
    /// Those of which every record is seen.
    open: Vec<SchemaId>,
}

/// A value that stands in a filter as it is.
enum Literal {
    Null,
    Bool(bool),
    /// With its sign.
    Number(String),
    Text(String),
    Me,
}

impl<'r> Reader<'r> {
    pub fn new(asking: &'r Asking<'r>, scope: &'r Scope) -> Self {
        let schema = &scope.seen;
        let readable = |schema: &Arc<Schema>| access::scope_of(asking.catalog, asking.who, schema, Action::Read);
        let scopes: Vec<Scope> = asking.catalog.schemas(schema.app).filter_map(readable).collect();
        let open = scopes.iter().filter(|scope| scope.rows == Cond::True).map(|scope| scope.whole.id).collect();
        Self { asking, schema, schemas: scopes.into_iter().map(|scope| scope.seen).collect(), open }
    }

    pub fn cond(&self, term: &Term) -> Found<Cond> {
        match &term.node {
            Node::Binary(Operator::And, left, right) => Ok(self.cond(left)?.and(self.cond(right)?)),
            Node::Binary(Operator::Or, left, right) => {
                let mut any = match self.cond(left)? {
                    Cond::Any(conds) if matches!(left.node, Node::Binary(Operator::Or, ..)) => conds,
                    cond => vec![cond],
                };
                any.push(self.cond(right)?);
                Ok(Cond::Any(any))
            }
            Node::Not(inner) => Ok(Cond::Not(Box::new(self.cond(inner)?))),
            Node::Binary(operator, left, right) => self.plain(*operator, left, right)?.map_or_else(|| self.computed(term), Ok),
            Node::Any(Operator::Eq, left, right) => self.element(left, right)?.map_or_else(|| self.computed(term), Ok),
            Node::In(one, terms) => {
                let all = terms.iter().map(|other| self.plain(Operator::Eq, one, other));
                let all = all.collect::<Found<Vec<Option<Cond>>>>()?.into_iter().collect::<Option<Vec<Cond>>>();
                all.map_or_else(|| self.computed(term), |conds| Ok(Cond::Any(conds)))
            }
            Node::Between(one, least, most) => match (self.plain(Operator::Gte, one, least)?, self.plain(Operator::Lte, one, most)?) {
                (Some(least), Some(most)) => Ok(least.and(most)),
                _ => self.computed(term),
            },
            _ => self.computed(term),
        }
    }

    /// What only a computation says.
    fn computed(&self, term: &Term) -> Found<Cond> {
        let now = self.asking.now.as_ref();
        let clock = |clock: Clock| now.map(|now| reading(now, clock)).unwrap_or_default();
        let schemas: Vec<&Schema> = self.schemas.iter().map(Arc::as_ref).collect();
        let rule = condition(term, self.schema, &schemas, now.map(|_| &clock as _))?;
        self.must_see(&rule, term)?;
        Ok(Cond::Rule { rule: Arc::new(rule), me: self.asking.who.user_id() })
    }

    /// What a part of a report about these records means, and how exact its numbers are.
    pub fn reported(&self, term: &Term) -> Found<(Computation, Option<Digits>)> {
        self.within(self.schema, false, |within| {
            let found = reported(term, within)?;
            self.must_see(&found.0, term)?;
            Ok(found)
        })
    }

    /// The same of columns that were made before, as the fields of a schema.
    pub fn reported_of(&self, columns: &Schema, term: &Term) -> Found<(Computation, Option<Digits>)> {
        self.within(columns, true, |within| reported(term, within))
    }

    /// A table that the caller sees every record of.
    pub fn open(&self, slug: &str) -> Found<Arc<Schema>> {
        let found = self.schemas.iter().find(|schema| schema.slug == slug && self.open.contains(&schema.id));
        found.cloned().ok_or_else(|| {
            let known = self.schemas.iter().filter(|schema| self.open.contains(&schema.id)).map(|schema| schema.slug.as_str());
            let message = format!("There is no table {} of which you may read every record", crate::model::name::quoted(slug));
            Problem::new("formula", message).did_you_mean(slug, known)
        })
    }

    /// The same of the records of such a table.
    pub fn reported_in(&self, there: &Schema, term: &Term) -> Found<(Computation, Option<Digits>)> {
        self.within(there, false, |within| {
            let found = reported(term, within)?;
            self.must_see(&found.0, term)?;
            Ok(found)
        })
    }

    fn within<T>(&self, schema: &Schema, is_flat: bool, read: impl FnOnce(&Within<'_>) -> Found<T>) -> Found<T> {
        let now = self.asking.now.as_ref();
        let clock = |clock: Clock| now.map(|now| reading(now, clock)).unwrap_or_default();
        let schemas: Vec<&Schema> = self.schemas.iter().map(Arc::as_ref).collect();
        let clock = now.map(|_| &clock as &dyn Fn(Clock) -> String);
        read(&Within { schema, schemas: &schemas, clock, me: self.asking.who.user_id().map(|user| user.0), is_flat })
    }

    /// Refuses what would tell of records that the caller does not see.
    pub fn must_see(&self, meaning: &Computation, term: &Term) -> Found<()> {
        let mut closed = None;
        meaning.needs(&mut |need| {
            if let Need::Records(schema) = need
                && !self.open.contains(&schema)
            {
                closed = Some(schema);
            }
        });
        let Some(id) = closed else { return Ok(()) };
        let name = self.schemas.iter().find(|schema| schema.id == id).map(|schema| format!("'{}', ", schema.slug)).unwrap_or_default();
        let message = format!("This leads through a table, {name}of whose records you may not read every one");
        Err(Problem::new("formula", message).at(term.at))
    }

    /// `field = value`, `value < field`; `None` when it is no such comparison.
    fn plain(&self, operator: Operator, left: &Term, right: &Term) -> Found<Option<Cond>> {
        let Some(op) = op_of(operator) else { return Ok(None) };
        let (place, literal, op, at) = match (self.column(left), literal(right), self.column(right), literal(left)) {
            (Some(place), Some(literal), ..) => (place, literal, op, right.at),
            (_, _, Some(place), Some(literal)) => (place, literal, turned(op), left.at),
            _ => return Ok(None),
        };
        let (column, field) = place;
        let absent = || Cond::Absent { column: column.clone() };
        Ok(match (&literal, op) {
            (Literal::Null, Op::Eq) => Some(absent()),
            (Literal::Null, Op::Ne) => Some(Cond::Not(Box::new(absent()))),
            (Literal::Null, _) => None,
            _ => {
                let cell = self.cell(&column, field, &literal, op).map_err(|problem| problem.at(at))?;
                cell.map(|cell| Cond::Compare { column, op, cell })
            }
        })
    }

    /// `tags ?= 'red'`
    fn element(&self, left: &Term, right: &Term) -> Found<Option<Cond>> {
        let (Some((column, Some(field))), Some(Literal::Text(text))) = (self.column(left), literal(right)) else { return Ok(None) };
        if !field.kind.is_set() {
            return Ok(None);
        }
        let found = cells(&column, Some(field), &text).map_err(|refusal| refusal.of(&field.slug).at(right.at))?;
        Ok(match found.as_slice() {
            [one] => Some(Cond::Compare { column, op: Op::Eq, cell: one.clone() }),
            _ => None,
        })
    }

    /// The column of a name that stands alone.
    fn column(&self, term: &Term) -> Option<(Column, Option<&'r Field>)> {
        let Node::Path(names) = &term.node else { return None };
        let [name] = names.as_slice() else { return None };
        match (self.schema.field(name), name.as_str()) {
            (Some(field), _) => (field.kind != Kind::Lines).then(|| (Column::of(field), Some(field))),
            (None, "id") => Some((Column::Id, None)),
            (None, "created_at") => Some((Column::CreatedAt, None)),
            (None, "updated_at") => Some((Column::UpdatedAt, None)),
            (None, _) => None,
        }
    }

    /// A value as it lies in a column; `None` when it can only be computed with, or not at all.
    fn cell(&self, column: &Column, field: Option<&Field>, literal: &Literal, op: Op) -> Found<Option<Cell>> {
        let is_equality = matches!(op, Op::Eq | Op::Ne);
        let has_options = field.is_some_and(|field| !field.rules.choices.is_empty());
        let text = match (column.kind(), literal) {
            (Some(Kind::Boolean), Literal::Bool(bool)) if is_equality => return Ok(Some(Cell::Integer(i64::from(*bool)))),
            (Some(Kind::Integer | Kind::Decimal | Kind::Sequence), Literal::Number(digits)) => return Ok(number(digits)),
            (Some(Kind::User), Literal::Number(digits)) if is_equality => return Ok(number(digits)),
            (Some(Kind::User), Literal::Me) if is_equality => return Ok(self.asking.who.user_id().map(|UserId(me)| Cell::Integer(me))),
            (Some(Kind::Json), Literal::Text(text)) if is_equality => return Ok(cell(Kind::Json, &Value::from(text.as_str()))),
            (Some(Kind::Json), Literal::Bool(bool)) if is_equality => return Ok(cell(Kind::Json, &Value::from(*bool))),
            (Some(Kind::Json), Literal::Number(digits)) if is_equality => {
                return Ok(digits.parse::<Number>().ok().and_then(|number| cell(Kind::Json, &Value::Number(number))));
            }
            (Some(Kind::Text), Literal::Text(text)) if !has_options => return Ok(Some(Cell::Text(text.clone()))),
            (Some(Kind::Text | Kind::Date | Kind::Datetime), Literal::Text(text)) => text,
            (Some(Kind::Reference), Literal::Text(text) | Literal::Number(text)) if is_equality => text,
            (None, Literal::Number(text)) if *column == Column::Id => text,
            (None, Literal::Text(text)) => text,
            _ => return Ok(None),
        };
        let name = field.map_or(if *column == Column::Id { "id" } else { "created_at" }, |field| field.slug.as_str());
        let found = cells(column, field, text).map_err(|refusal| refusal.of(name))?;
        Ok(found.into_iter().next())
    }
}

fn literal(term: &Term) -> Option<Literal> {
    Some(match &term.node {
        Node::Null => Literal::Null,
        Node::Bool(bool) => Literal::Bool(*bool),
        Node::Number(digits) => Literal::Number(digits.clone()),
        Node::Negate(inner) => match &inner.node {
            Node::Number(digits) => Literal::Number(format!("-{digits}")),
            _ => return None,
        },
        Node::Text(text) if !text.contains('\0') => Literal::Text(text.clone()),
        Node::Me => Literal::Me,
        _ => return None,
    })
}

/// A whole number when it is one that fits, else the nearest double.
fn number(digits: &str) -> Option<Cell> {
    let whole = digits.parse().ok().map(Cell::Integer);
    whole.or_else(|| digits.parse().ok().filter(|number: &f64| number.is_finite()).map(Cell::Real))
}

fn op_of(operator: Operator) -> Option<Op> {
    Some(match operator {
        Operator::Eq => Op::Eq,
        Operator::Ne => Op::Ne,
        Operator::Gt => Op::Gt,
        Operator::Gte => Op::Gte,
        Operator::Lt => Op::Lt,
        Operator::Lte => Op::Lte,
        _ => return None,
    })
}

/// The same with its sides exchanged.
fn turned(op: Op) -> Op {
    match op {
        Op::Gt => Op::Lt,
        Op::Gte => Op::Lte,
        Op::Lt => Op::Gt,
        Op::Lte => Op::Gte,
        other => other,
    }
}
