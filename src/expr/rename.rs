//! A field has another name: the expressions that use it, with the new one.

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
    let term = parse(text).ok()?;
    let schemas: Vec<&Schema> = schemas.iter().map(AsRef::as_ref).collect();
    let after = Walk { schemas, change }.term(&term, schema, None);
    (after != term).then(|| after.to_string())
}

struct Walk<'w> {
    schemas: Vec<&'w Schema>,
    change: &'w Renamed<'w>,
}

impl Walk<'_> {
    /// `inside`: the name by which paths begin in a roll-up, and the schema that it leads to.
    fn term(&self, term: &Term, schema: &Schema, inside: Option<(&str, &Schema)>) -> Term {
        let same = |inner: &Term| Box::new(self.term(inner, schema, inside));
        let node = match &term.node {
            Node::Path(names) => Node::Path(self.path(names, schema, inside)),
            Node::Not(inner) => Node::Not(same(inner)),
            Node::Negate(inner) => Node::Negate(same(inner)),
            Node::Binary(operator, left, right) => Node::Binary(*operator, same(left), same(right)),
            Node::Call(name, terms) => {
                let rollup = crate::model::formula::Rollup::ALL.iter().any(|(known, _)| known == name);
                let inverse = terms.first().and_then(super::resolve::first_name).map(|(name, _)| name.to_owned()).filter(|_| rollup);
                let there = inverse.as_deref().and_then(|name| Some((name, self.inverse(name, schema)?)));
                Node::Call(name.clone(), terms.iter().map(|inner| self.term(inner, schema, there.or(inside))).collect())
            }
            other => other.clone(),
        };
        Term { at: term.at, node }
    }

    fn path(&self, names: &[String], schema: &Schema, inside: Option<(&str, &Schema)>) -> Vec<String> {
        let mut names = names.to_vec();
        let mut here = Some(schema);
        for (at, name) in names.iter_mut().enumerate() {
            let Some(schema) = here else { break };
            let leads_inside = inside.filter(|(first, _)| at == 0 && first == name);
            here = match leads_inside {
                Some((_, there)) => Some(there),
                None => schema.field(name).and_then(|field| self.target(field)),
            };
            if schema.id == self.change.schema && name == self.change.was && schema.field(name).is_some() {
                self.change.now.clone_into(name);
            }
        }
        names
    }

    fn target(&self, field: &Field) -> Option<&Schema> {
        let target = field.rules.target.as_deref()?;
        self.schemas.iter().find(|schema| schema.slug == target).copied()
    }

    fn inverse(&self, name: &str, schema: &Schema) -> Option<&Schema> {
        if let Some(field) = schema.field(name).filter(|field| field.kind == Kind::Lines) {
            return self.target(field);
        }
        let points = |field: &Field| field.rules.inverse.as_deref() == Some(name) && field.rules.target.as_deref() == Some(&schema.slug);
        self.schemas.iter().find(|other| other.fields.iter().any(points)).copied()
    }
}
