//! A field has another name: the expressions that use it, with the new one. All else in them stays as people wrote it.

use super::lexer::{Token, tokens};
use super::parse;
use crate::model::expr::{Node, Term};
use crate::model::field::{Field, Kind};
use crate::model::schema::{Schema, SchemaId};

/// What happened: the field `was` of a schema is `now`.
pub struct Renamed<'r> {
    pub schema: SchemaId,
    pub was: &'r str,
    pub now: &'r str,
}

/// The text of an expression of `schema` after the change; `None` when it is the same. `schemas` are those of the app before it.
pub fn renamed<S: AsRef<Schema>>(text: &str, schema: &Schema, schemas: &[S], change: &Renamed<'_>) -> Option<String> {
    let (term, tokens) = (parse(text).ok()?, tokens(text).ok()?);
    let schemas: Vec<&Schema> = schemas.iter().map(AsRef::as_ref).collect();
    let mut walk = Walk { schemas, change, tokens, found: Vec::new() };
    walk.term(&term, schema, None);
    walk.found.sort_unstable();
    let (mut after, mut end) = (String::with_capacity(text.len()), 0);
    for at in &walk.found {
        after.push_str(text.get(end..*at)?);
        after.push_str(change.now);
        end = at + change.was.len();
    }
    after.push_str(text.get(end..)?);
    (!walk.found.is_empty()).then_some(after)
}

struct Walk<'w> {
    schemas: Vec<&'w Schema>,
    change: &'w Renamed<'w>,
    tokens: Vec<(usize, Token)>,
    /// Where the old name begins.
    found: Vec<usize>,
}

impl<'w> Walk<'w> {
    /// `inside`: the name by which paths begin in a roll-up, and the schema that it leads to.
    fn term(&mut self, term: &Term, schema: &'w Schema, inside: Option<(&str, &'w Schema)>) {
        match &term.node {
            Node::Path(names) => self.path(names, term.at, schema, inside),
            Node::Not(inner) | Node::Negate(inner) => self.term(inner, schema, inside),
            Node::Binary(_, left, right) | Node::Any(_, left, right) => {
                self.term(left, schema, inside);
                self.term(right, schema, inside);
            }
            Node::Call(name, terms) => {
                let rollup = crate::model::formula::Rollup::ALL.iter().any(|(known, _)| known == name);
                let inverse = terms.first().and_then(super::resolve::first_name).map(|(name, _)| name).filter(|_| rollup);
                let there = inverse.and_then(|name| Some((name, self.inverse(name, schema)?)));
                terms.iter().for_each(|inner| self.term(inner, schema, there.or(inside)));
            }
            Node::In(one, terms) => std::iter::once(&**one).chain(terms).for_each(|inner| self.term(inner, schema, inside)),
            Node::Between(one, least, most) => [one, least, most].into_iter().for_each(|inner| self.term(inner, schema, inside)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Me | Node::Clock(_) => {}
        }
    }

    fn path(&mut self, names: &[String], at: usize, schema: &'w Schema, inside: Option<(&str, &'w Schema)>) {
        let mut here = Some(schema);
        // Between two words of a path there is nothing but a point.
        let words = self.tokens.iter().skip_while(|(begin, _)| *begin < at).step_by(2).map(|(begin, _)| *begin);
        let words: Vec<usize> = words.take(names.len()).collect();
        for (place, (name, begin)) in names.iter().zip(words).enumerate() {
            let Some(schema) = here else { break };
            let leads_inside = inside.filter(|(first, _)| place == 0 && first == name);
            here = match leads_inside {
                Some((_, there)) => Some(there),
                // A list that has no field is known by what those that point here call it.
                None => schema.field(name).map_or_else(|| self.inverse(name, schema), |field| self.target(field)),
            };
            if schema.id == self.change.schema && name == self.change.was && schema.field(name).is_some() {
                self.found.push(begin);
            }
        }
    }

    fn target(&self, field: &Field) -> Option<&'w Schema> {
        let target = field.rules.target.as_deref()?;
        self.schemas.iter().find(|schema| schema.slug == target).copied()
    }

    fn inverse(&self, name: &str, schema: &Schema) -> Option<&'w Schema> {
        if let Some(field) = schema.field(name).filter(|field| field.kind == Kind::Lines) {
            return self.target(field);
        }
        let points = |field: &Field| field.rules.inverse.as_deref() == Some(name) && field.rules.target.as_deref() == Some(&schema.slug);
        self.schemas.iter().find(|other| other.fields.iter().any(points)).copied()
    }
}
