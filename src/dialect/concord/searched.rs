//! What a list is searched by: `q`, `search_fields=email:like;phones.number:=`, `search_match=and`. Conditions that say what `field op value` cannot are
//! written in the expression language. Texts are compared whatever their case. [docs: the parameters; convention: their meaning]

use super::asked::{no_field, parts};
use super::numbers::rounded;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{Expr, Node, Operator, Term};
use crate::model::field::{Field, Kind};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use crate::ops::schemas;
use crate::wire::query::Query;
use std::sync::Arc;

const FIELDS_MAX: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Equal,
    Like,
    In,
    Between,
}

/// A field that is looked into, at the end of a path.
struct Place {
    names: Vec<String>,
    /// Where several values are, any of them will do.
    is_several: bool,
    leaf: Leaf,
}

enum Leaf {
    /// Of a record, or of each object that a field lists.
    Field(Box<Field>),
    Id,
    Stamp,
}

/// The condition of a query string.
pub fn filter(sent: &Query, catalog: &Catalog, who: &Caller, schema: &Schema, limits: &Limits) -> Result<Expr> {
    let Some(q) = sent.get("q").map(str::trim).filter(|q| !q.is_empty()) else { return Ok(Expr::True) };
    if q.chars().count() > limits.search_chars_max {
        return Err(bad("q", format!("'q' is longer than {} characters", limits.search_chars_max)));
    }
    let wanted = match sent.get("search_fields").filter(|text| !text.trim().is_empty()) {
        Some(text) => parts(text).map(|part| condition(catalog, who, schema, part)).collect::<Result<Vec<_>>>()?,
        None => by_default(schema),
    };
    if wanted.len() > FIELDS_MAX {
        return Err(bad("search_fields", format!("At most {FIELDS_MAX} fields can be searched")));
    }
    let values = by_field(q, &wanted);
    let conditions = wanted.iter().filter_map(|(name, place, how)| match &values {
        None => Some(holds(place, *how, q)),
        Some(values) => values.iter().find(|(known, _)| known == name).map(|(_, value)| holds(place, *how, value)),
    });
    let conditions = conditions.collect::<Result<Vec<_>>>()?;
    match sent.get("search_match").map(str::to_ascii_lowercase).as_deref() {
        Some("and") => Ok(Expr::All(conditions)),
        None | Some("or" | "") => Ok(Expr::Any(conditions)),
        Some(other) => Err(bad("search_match", format!("'search_match' can be and or or, not {}", quoted(other)))),
    }
}

fn bad(parameter: &str, message: String) -> Error {
    Error::Malformed(Problem::of(parameter, "form", message))
}

/// `email:ann@x.y;name:ann`: for each field its own value. Any other text is looked for as a whole.
fn by_field<'q>(q: &'q str, wanted: &[(String, Place, How)]) -> Option<Vec<(&'q str, &'q str)>> {
    let pair = |part: &'q str| {
        let (name, value) = part.split_once(':')?;
        wanted.iter().any(|(known, ..)| known == name.trim()).then_some((name.trim(), value.trim()))
    };
    parts(q).map(pair).collect()
}

/// Every text of a record, and the texts of what its fields list.
fn by_default(schema: &Schema) -> Vec<(String, Place, How)> {
    let is_text = |field: &&Field| field.is_stored() && field.kind == Kind::Text && field.rules.choices.is_empty();
    let texts = schema.fields.iter().filter(is_text).map(|field| (vec![field.slug.clone()], field, false));
    let items = schema.fields.iter().flat_map(|field| {
        let texts = field.rules.items.iter().filter(is_text);
        texts.map(|item| (vec![field.slug.clone(), item.slug.clone()], item, true))
    });
    let place = |(names, field, is_several): (Vec<String>, &Field, bool)| {
        (names.join("."), Place { names, is_several, leaf: Leaf::Field(Box::new(field.clone())) }, How::Like)
    };
    texts.chain(items).take(FIELDS_MAX).map(place).collect()
}

/// `email:like`, `email`
fn condition(catalog: &Catalog, who: &Caller, schema: &Schema, part: &str) -> Result<(String, Place, How)> {
    let (name, how) = part.split_once(':').map_or((part, "="), |(name, how)| (name.trim(), how.trim()));
    let found = match how.to_ascii_lowercase().as_str() {
        "=" | "" => How::Equal,
        "like" | "ilike" => How::Like,
        "in" => How::In,
        "between" => How::Between,
        _ => {
            let problem = Problem::of("search_fields", "operator", format!("'search_fields' has no condition {}", quoted(how)));
            return Err(Error::Malformed(problem.hint("There are =, like, ilike, in and between: search_fields=email:like;name:=")));
        }
    };
    Ok((name.to_owned(), place(catalog, who, schema, name)?, found))
}

fn place(catalog: &Catalog, who: &Caller, schema: &Schema, path: &str) -> Result<Place> {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    let (mut here, mut is_several) = (Arc::new(schema.clone()), false);
    for (at, name) in names.iter().enumerate() {
        let rest = names.get(at + 1..).unwrap_or_default();
        let field = here.field(name);
        if let (Some(field), [key]) = (field.filter(|field| field.kind == Kind::Json), rest) {
            let item = field.rules.items.iter().find(|item| item.slug == *key).ok_or_else(|| no_field(schema, path, "search_fields"))?;
            return Ok(Place { is_several: true, leaf: Leaf::Field(Box::new(item.clone())), names });
        }
        if rest.is_empty() {
            let leaf = match (field, name.as_str()) {
                (Some(field), _) if field.kind == Kind::Lines => return Err(no_field(schema, path, "search_fields")),
                (Some(field), _) => Leaf::Field(Box::new(field.clone())),
                (None, "id") => Leaf::Id,
                (None, "created_at" | "updated_at") => Leaf::Stamp,
                (None, _) => return Err(no_field(&here, name, "search_fields")),
            };
            is_several |= field.is_some_and(|field| field.kind.is_set());
            return Ok(Place { names, is_several, leaf });
        }
        is_several |= field.is_none_or(|field| field.kind != Kind::Reference);
        let target = match field {
            Some(field) => catalog.target(&here, field).map(|target| target.slug.clone()),
            None => catalog
                .referrers(&here)
                .into_iter()
                .find(|(_, field)| field.rules.inverse.as_deref() == Some(name))
                .map(|(from, _)| from.slug.clone()),
        };
        let app = catalog.apps().iter().find(|app| app.id == here.app);
        let there = app.zip(target).and_then(|(app, target)| schemas::seen(catalog, who, &app.slug, &target).ok());
        here = there.ok_or_else(|| no_field(&here, name, "search_fields"))?;
    }
    Err(no_field(schema, path, "search_fields"))
}

/// The condition that a value is in a place.
fn holds(place: &Place, how: How, value: &str) -> Result<Expr> {
    match how {
        How::Equal | How::Like => Ok(one(place, how, value)),
        How::In => Ok(Expr::Any(value.split(',').map(str::trim).map(|value| one(place, How::Equal, value)).collect())),
        How::Between => match value.split(',').map(str::trim).collect::<Vec<_>>().as_slice() {
            [least, most] => Ok(between(place, least, most)),
            _ => Err(bad("q", "'between' takes two values with a comma between them".to_owned())),
        },
    }
}

/// What holds for no record.
const NEVER: Expr = Expr::Any(Vec::new());

fn one(place: &Place, how: How, value: &str) -> Expr {
    let field = match &place.leaf {
        Leaf::Id => return literal_number(value).map_or(NEVER, |value| compared(place, Operator::Eq, value)),
        Leaf::Stamp => return literal_time(value).map_or(NEVER, |value| compared(place, Operator::Eq, value)),
        Leaf::Field(field) => field,
    };
    if !field.rules.choices.is_empty() {
        let all = options(field, how, value).map(|value| compared(place, Operator::Eq, text(value)));
        return Expr::Any(all.collect());
    }
    let kind = field.formula.as_ref().map_or(field.kind, |computation| computation.kind);
    let literal = match kind {
        Kind::Text if how == How::Like => return like(place, value),
        Kind::Text => return same(place, value),
        Kind::Integer | Kind::Decimal | Kind::User | Kind::Sequence => literal_number(value),
        Kind::Boolean => literal_boolean(value),
        Kind::Date | Kind::Datetime => literal_time(value),
        Kind::Reference | Kind::Links => RecordId::parse(value).map(|id| text(&id.text())),
        Kind::Json | Kind::Set | Kind::Lines => None,
    };
    literal.map_or(NEVER, |literal| compared(place, Operator::Eq, literal))
}

/// Options by id; by what they say, too, or a part of it.
fn options<'f>(field: &'f Field, how: How, value: &str) -> impl Iterator<Item = &'f str> {
    let (id, wanted) = (value.parse::<i64>().ok(), value.to_lowercase());
    let fits = move |said: &str| if how == How::Like { said.to_lowercase().contains(&wanted) } else { said.to_lowercase() == wanted };
    let is_meant = move |choice: &&crate::model::field::Choice| id == Some(choice.id) || fits(&choice.label) || fits(&choice.value);
    field.rules.choices.iter().filter(is_meant).map(|choice| choice.value.as_str())
}

fn like(place: &Place, value: &str) -> Expr {
    // A text with a % in it is a pattern for the whole value.
    let pattern = if value.contains('%') { format!("%{value}%") } else { value.to_owned() };
    compared(place, Operator::Match, text(&pattern))
}

/// Equal, whatever the case.
fn same(place: &Place, value: &str) -> Expr {
    if place.is_several {
        return compared(place, Operator::Eq, text(value));
    }
    let lower = |of: Term| term(Node::Call("lower".to_owned(), vec![of]));
    written(Node::Binary(Operator::Eq, Box::new(lower(path(place))), Box::new(lower(text(value)))))
}

fn between(place: &Place, least: &str, most: &str) -> Expr {
    let kind = match &place.leaf {
        Leaf::Field(field) => field.formula.as_ref().map_or(field.kind, |computation| computation.kind),
        Leaf::Id => Kind::Integer,
        Leaf::Stamp => Kind::Datetime,
    };
    let read = |value: &str| match kind {
        Kind::Integer | Kind::Decimal | Kind::Sequence => literal_number(value),
        Kind::Date | Kind::Datetime => literal_time(value),
        Kind::Text => Some(text(value)),
        _ => None,
    };
    match (read(least), read(most)) {
        (Some(least), Some(most)) => Expr::All(vec![compared(place, Operator::Gte, least), compared(place, Operator::Lte, most)]),
        _ => NEVER,
    }
}

fn compared(place: &Place, operator: Operator, value: Term) -> Expr {
    let (left, right) = (Box::new(path(place)), Box::new(value));
    written(if place.is_several { Node::Any(operator, left, right) } else { Node::Binary(operator, left, right) })
}

fn written(node: Node) -> Expr {
    Expr::Written { text: term(node).to_string() }
}

fn path(place: &Place) -> Term {
    term(Node::Path(place.names.clone()))
}

fn text(value: &str) -> Term {
    term(Node::Text(value.to_owned()))
}

fn term(node: Node) -> Term {
    Term { at: 0, node }
}

fn literal_number(value: &str) -> Option<Term> {
    let digits = rounded(value, None)?;
    Some(match digits.strip_prefix('-') {
        Some(digits) => term(Node::Negate(Box::new(term(Node::Number(digits.to_owned()))))),
        None => term(Node::Number(digits)),
    })
}

fn literal_boolean(value: &str) -> Option<Term> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" => Some(term(Node::Bool(true))),
        "0" | "false" => Some(term(Node::Bool(false))),
        _ => None,
    }
}

/// What begins like `2024-12-31`; whether there is such a day is asked by the field.
fn literal_time(value: &str) -> Option<Term> {
    let is_day = value.len() >= 10
        && value.bytes().take(10).enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    is_day.then(|| text(value))
}
