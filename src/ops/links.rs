//! Links between records, whichever of them holds the field: attached, detached, or made to be just these. Each is a change of the record that holds the
//! field, with its rights and its entry in the log; all of one request are one act.

use super::access;
use super::changes::one_batch;
use super::records;
use super::schemas::seen;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller};
use crate::model::record::{Draft, Expected, RecordId};
use crate::model::schema::Schema;
use crate::store::engine::WriteTx;
use crate::store::records as rows;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Attach,
    Detach,
    /// These, and no others.
    Sync,
}

/// What is to be linked to one record.
#[derive(Debug, Clone)]
pub struct Request {
    pub app: String,
    pub schema: String,
    pub id: String,
    pub wish: Wish,
    /// By the other table's slug, or the name of the field or inverse that leads there.
    pub links: Vec<(String, Vec<RecordId>)>,
}

/// Records that one request may name.
const IDS_MAX: usize = 1_000;

/// Which field links two tables, and which of them has it.
struct Relation {
    field: Field,
    /// The table that has the field, when it is the other one.
    holder: Option<Arc<Schema>>,
}

/// The field by which records of a table are linked with those of another, called by its slug or as they call each other; `None` when it is a field of the
/// other table.
pub fn own_field(catalog: &Catalog, who: &Caller, app: &str, schema: &Arc<Schema>, name: &str) -> Result<Option<Field>> {
    let relation = relation(catalog, who, app, schema, name)?;
    Ok(if relation.holder.is_none() { Some(relation.field) } else { None })
}

pub fn run(tx: &mut WriteTx<'_>, who: &Caller, request: &Request, limits: &Limits) -> Result<()> {
    one_batch(tx, |tx| run_within(tx, who, request, limits))
}

/// The same as a part of an act.
pub fn run_within(tx: &mut WriteTx<'_>, who: &Caller, request: &Request, limits: &Limits) -> Result<()> {
    let count: usize = request.links.iter().map(|(_, ids)| ids.len()).sum();
    check_count(count)?;
    let Request { app, schema, id, .. } = request;
    let own = records::read(tx, who, app, schema, id, &Expected::Any)?.record.id;
    let schema = seen(tx.catalog(), who, app, schema)?;
    request.links.iter().try_for_each(|(name, ids)| {
        let relation = relation(tx.catalog(), who, app, &schema, name)?;
        let linking = Linking { who, app, own, schema: &schema, wish: request.wish, limits };
        linking.link(tx, &relation, ids).map_err(|error| in_key(name, error))
    })
}

/// Refuses a request that names too many records: may be asked before the names are read.
pub fn check_count(count: usize) -> Result<()> {
    if count <= IDS_MAX {
        return Ok(());
    }
    Err(Error::TooLarge(format!("{count} records are named; at most {IDS_MAX} can be linked at once")))
}

/// What goes wrong with a link is told under the key that asked for it.
pub(super) fn in_key(name: &str, error: Error) -> Error {
    let place = |problem: Problem| Problem { field: Some(name.to_owned()), ..problem };
    match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(place).collect()),
        Error::NotFound(problem) => Error::invalid(place(problem)),
        other => other,
    }
}

/// A set on either side goes before a single reference, the other table's before one's own.
fn relation(catalog: &Catalog, who: &Caller, app: &str, schema: &Arc<Schema>, name: &str) -> Result<Relation> {
    let leads = |field: &&Field| matches!(field.kind, Kind::Reference | Kind::Links);
    if let Some(field) = schema.field(name).filter(leads) {
        return Ok(Relation { field: field.clone(), holder: None });
    }
    let whole = catalog.schema_by_id(schema.id).ok_or(Error::Stale)?;
    let others = catalog.referrers(&whole).into_iter().filter_map(|(other, field)| {
        let other = seen(catalog, who, app, &other.slug).ok()?;
        let field = other.field(&field.slug)?.clone();
        Some((other, field))
    });
    let others: Vec<(Arc<Schema>, Field)> = others.collect();
    let named = |(_, field): &&(Arc<Schema>, Field)| field.rules.inverse.as_deref() == Some(name);
    if let Some((other, field)) = others.iter().find(named) {
        return Ok(Relation { field: field.clone(), holder: Some(other.clone()) });
    }
    let target = seen(catalog, who, app, name).map_err(|_| no_relation(schema, name, &others))?;
    let own = |kind: Kind| schema.fields.iter().find(|field| field.kind == kind && field.rules.target.as_deref() == Some(&target.slug));
    let theirs = |kind: Kind| others.iter().find(|(other, field)| other.id == target.id && field.kind == kind);
    let of_own = |field: &Field| Relation { field: field.clone(), holder: None };
    let of_theirs = |(other, field): &(Arc<Schema>, Field)| Relation { field: field.clone(), holder: Some(other.clone()) };
    let found = own(Kind::Links).map(of_own).or_else(|| theirs(Kind::Links).map(of_theirs));
    let found = found.or_else(|| theirs(Kind::Reference).map(of_theirs)).or_else(|| own(Kind::Reference).map(of_own));
    found.ok_or_else(|| no_relation(schema, name, &others))
}

fn no_relation(schema: &Schema, name: &str, others: &[(Arc<Schema>, Field)]) -> Error {
    let own = schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links));
    let own = own.filter_map(|field| field.rules.target.as_deref());
    let known = own.chain(others.iter().map(|(other, _)| other.slug.as_str()));
    let problem = Problem::of(name, "relation", format!("Table '{}' is not linked with {}", schema.slug, quoted(name)));
    Error::invalid(problem.did_you_mean(name, known))
}

struct Linking<'l> {
    who: &'l Caller,
    app: &'l str,
    own: RecordId,
    schema: &'l Schema,
    wish: Wish,
    limits: &'l Limits,
}

impl Linking<'_> {
    fn link(&self, tx: &mut WriteTx<'_>, relation: &Relation, ids: &[RecordId]) -> Result<()> {
        match &relation.holder {
            None => self.link_own(tx, &relation.field, ids),
            Some(holder) => self.link_theirs(tx, holder, &relation.field, ids),
        }
    }

    /// The field is this record's.
    fn link_own(&self, tx: &mut WriteTx<'_>, field: &Field, ids: &[RecordId]) -> Result<()> {
        let texts: Vec<String> = ids.iter().map(|id| id.text()).collect();
        let draft = match (field.kind, self.wish) {
            (Kind::Links, Wish::Attach) => one(&format!("{}+", field.slug), json!(texts)),
            (Kind::Links, Wish::Detach) => one(&format!("{}-", field.slug), json!(texts)),
            (Kind::Links, Wish::Sync) => one(&field.slug, json!(texts)),
            (_, Wish::Detach) => {
                let now = self.value(tx, self.schema, self.own, field)?;
                let is_held = now.as_str().is_some_and(|now| texts.iter().any(|id| id == now));
                // Whether they may is asked of those, too, who would change nothing.
                if is_held { one(&field.slug, Value::Null) } else { Draft::default() }
            }
            (_, Wish::Attach | Wish::Sync) => match texts.as_slice() {
                [] if self.wish == Wish::Attach => Draft::default(),
                [] => one(&field.slug, Value::Null),
                [id] => one(&field.slug, json!(id)),
                _ => return Err(only_one(field)),
            },
        };
        self.change(tx, self.schema, self.own, &draft)
    }

    /// The field is that of the records that are named.
    fn link_theirs(&self, tx: &mut WriteTx<'_>, holder: &Arc<Schema>, field: &Field, ids: &[RecordId]) -> Result<()> {
        // Also when nothing is left to be changed.
        access::scope(tx.catalog(), self.who, self.app, &holder.slug, Action::Update)?;
        let held: HashSet<RecordId> = self.holding(tx, holder, field)?.into_iter().collect();
        let wanted: HashSet<RecordId> = ids.iter().copied().collect();
        let (attached, detached): (Vec<RecordId>, Vec<RecordId>) = match self.wish {
            Wish::Attach => (ids.to_vec(), Vec::new()),
            Wish::Detach => (Vec::new(), ids.to_vec()),
            Wish::Sync => (ids.to_vec(), held.difference(&wanted).copied().collect()),
        };
        for id in attached.into_iter().filter(|id| !held.contains(id)) {
            let draft = match field.kind {
                Kind::Links => one(&format!("{}+", field.slug), json!([self.own.text()])),
                _ => one(&field.slug, json!(self.own.text())),
            };
            self.change(tx, holder, id, &draft)?;
        }
        for id in detached {
            if !held.contains(&id) {
                // Whether it is there is told all the same.
                records::read(tx, self.who, self.app, &holder.slug, &id.0.to_string(), &Expected::Any)?;
                continue;
            }
            let draft = match field.kind {
                Kind::Links => one(&format!("{}-", field.slug), json!([self.own.text()])),
                _ => one(&field.slug, Value::Null),
            };
            self.change(tx, holder, id, &draft)?;
        }
        Ok(())
    }

    /// Records that point to this one, of those that the caller sees.
    fn holding(&self, tx: &WriteTx<'_>, holder: &Arc<Schema>, field: &Field) -> Result<Vec<RecordId>> {
        let whole = tx.catalog().schema_by_id(holder.id).ok_or(Error::Stale)?;
        let Some(scope) = access::scope_of(tx.catalog(), self.who, &whole, Action::Read) else { return Ok(Vec::new()) };
        let most = self.limits.cascade_records_max;
        let found = rows::referring(tx, &whole, field, self.own, most + 1)?;
        if found.len() > most {
            return Err(Error::TooLarge(format!("More than {most} records of '{}' are linked with this one", holder.slug)));
        }
        let mut seen = Vec::new();
        for id in found {
            if rows::is_among_all(tx, &whole, &scope.rows, id)? {
                seen.push(id);
            }
        }
        Ok(seen)
    }

    fn value(&self, tx: &WriteTx<'_>, schema: &Schema, id: RecordId, field: &Field) -> Result<Value> {
        let shown = records::read(tx, self.who, self.app, &schema.slug, &id.text(), &Expected::Any)?;
        Ok(rows::values_of(&shown.record.data)?.get(&field.slug).cloned().unwrap_or_default())
    }

    fn change(&self, tx: &mut WriteTx<'_>, schema: &Schema, id: RecordId, draft: &Draft) -> Result<()> {
        let catalog = tx.catalog().clone();
        let new = records::prepare_update(&catalog, self.who, self.app, &schema.slug, draft)?;
        records::update(tx, self.who, &id.0.to_string(), &Expected::Any, &new).map(drop)
    }
}

fn one(key: &str, value: Value) -> Draft {
    Draft::from_iter([(key.to_owned(), value)])
}

fn only_one(field: &Field) -> Error {
    Error::invalid(Problem::of(&field.slug, "count", format!("Field '{}' leads to one record; several were sent", field.slug)))
}
