//! Roles in an app: what whoever has one may do with the records of each schema, and which of their fields exist for them. Storing them is in
//! `store/tables/roles`; what follows from them is asked in `ops/access`.

use super::app::AppId;
use super::expr::{Op, Operator};
use super::field::{Field, Kind};
use super::formula::{Computation, Formula, Need};
use super::plan::{Cell, Column, Cond};
use super::principal::{Action, UserId};
use super::schema::{Schema, SchemaId};
use super::search::Wanted;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Roles that every app has: everything with the app itself, everything with its records, reading them.
pub const OWNER: &str = "owner";
pub const EDITOR: &str = "editor";
pub const VIEWER: &str = "viewer";
/// With what people read.
pub const BUILT_IN: [(&str, &str); 3] = [(OWNER, "Owner"), (EDITOR, "Editor"), (VIEWER, "Viewer")];
/// The role of whoever has none, if the app defines it.
pub const GUEST: &str = "guest";

/// A role that people of an app have made.
#[derive(Debug, Clone, PartialEq)]
pub struct AppRole {
    pub id: i64,
    pub app: AppId,
    pub slug: String,
    pub name: String,
    /// A schema that is not there gives nothing.
    pub rights: BTreeMap<SchemaId, Rights>,
}

/// What a role may do with the records of one schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rights {
    pub list: Allowed,
    pub read: Allowed,
    pub create: Allowed,
    pub update: Allowed,
    pub delete: Allowed,
    pub export: Allowed,
    /// Slugs of fields that do not exist for it, and of those that it sees and may not change.
    pub hidden: Vec<String>,
    pub read_only: Vec<String>,
    /// The schema as it is seen with that; made when the catalog is loaded.
    pub seen: Option<Arc<Schema>>,
}

/// On which records an action may be done.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Allowed {
    #[default]
    None,
    All,
    Where(Rule),
}

/// An expression over a record, as it was written and as it is meant. One that means nothing any more lets nothing through.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub text: String,
    pub meaning: Option<Arc<Computation>>,
}

impl Rights {
    pub fn of(&self, action: Action) -> &Allowed {
        match action {
            Action::List => &self.list,
            Action::Read => &self.read,
            Action::Create => &self.create,
            Action::Update => &self.update,
            Action::Delete => &self.delete,
            Action::Export => &self.export,
            Action::Manage => &Allowed::None,
        }
    }

    pub fn of_mut(&mut self, action: Action) -> Option<&mut Allowed> {
        match action {
            Action::List => Some(&mut self.list),
            Action::Read => Some(&mut self.read),
            Action::Create => Some(&mut self.create),
            Action::Update => Some(&mut self.update),
            Action::Delete => Some(&mut self.delete),
            Action::Export => Some(&mut self.export),
            Action::Manage => None,
        }
    }

    /// Whether it lets anything be done at all.
    pub fn is_any(&self) -> bool {
        Action::OF_RECORDS.into_iter().any(|action| *self.of(action) != Allowed::None)
    }

    /// What it says, as people write it and as it is stored; `from_json` reads it back.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        for action in Action::OF_RECORDS {
            let said = match self.of(action) {
                Allowed::None => continue,
                Allowed::All => Value::Bool(true),
                Allowed::Where(rule) => Value::from(rule.text.as_str()),
            };
            map.insert(action.name().to_owned(), said);
        }
        let hidden = self.hidden.iter().map(|slug| (slug.clone(), json!({"readable": false})));
        let fields: Map<String, Value> =
            hidden.chain(self.read_only.iter().map(|slug| (slug.clone(), json!({"writable": false})))).collect();
        if !fields.is_empty() {
            map.insert("fields".to_owned(), Value::Object(fields));
        }
        Value::Object(map)
    }

    /// Reads what `to_json` wrote; what its rules mean is not known yet.
    pub fn from_json(value: &Value) -> Self {
        let mut rights = Self::default();
        for action in Action::OF_RECORDS {
            let said = match value.get(action.name()) {
                Some(Value::Bool(true)) => Allowed::All,
                Some(Value::String(text)) => Allowed::Where(Rule { text: text.clone(), meaning: None }),
                _ => Allowed::None,
            };
            if let Some(allowed) = rights.of_mut(action) {
                *allowed = said;
            }
        }
        for (slug, said) in value.get("fields").and_then(Value::as_object).into_iter().flatten() {
            let is_off = |key: &str| said.get(key) == Some(&Value::Bool(false));
            if is_off("readable") {
                rights.hidden.push(slug.clone());
            } else if is_off("writable") {
                rights.read_only.push(slug.clone());
            }
        }
        rights
    }

    /// Every rule in it, with the action that it is for.
    pub fn rules(&self) -> impl Iterator<Item = (Action, &Rule)> {
        Action::OF_RECORDS.into_iter().filter_map(|action| match self.of(action) {
            Allowed::Where(rule) => Some((action, rule)),
            Allowed::None | Allowed::All => None,
        })
    }
}

impl Allowed {
    /// The rows on which the action may be done; `None` for no row at all.
    pub fn rows(&self, me: Option<UserId>) -> Option<Cond> {
        match self {
            Allowed::None => None,
            Allowed::All => Some(Cond::True),
            Allowed::Where(rule) => rule.meaning.as_ref().map(|rule| cond(rule, me)),
        }
    }
}

/// A rule as a condition. What it says of single fields stands as a filter on them would, for there may be an index; if it says no more, that is all.
fn cond(rule: &Arc<Computation>, me: Option<UserId>) -> Cond {
    let mut said = Vec::new();
    let is_all = equalities(&rule.formula, me, &mut said);
    let said = said.into_iter().fold(Cond::True, Cond::and);
    if is_all { said } else { said.and(Cond::Rule { rule: rule.clone(), me }) }
}

/// The equalities that hold wherever the formula does; whether it says nothing else.
fn equalities(formula: &Formula, me: Option<UserId>, found: &mut Vec<Cond>) -> bool {
    match formula {
        Formula::Binary(Operator::And, left, right) => {
            let sides = [left, right].map(|side| equalities(side, me, found));
            sides == [true, true]
        }
        Formula::Binary(Operator::Eq, left, right) => {
            let ((Formula::Field { slug }, value) | (value, Formula::Field { slug })) = (&**left, &**right) else { return false };
            let (kind, cell) = match (value, me) {
                (Formula::Me, Some(UserId(me))) => (Kind::User, Cell::Integer(me)),
                (Formula::Text(text), _) => (Kind::Text, Cell::Text(text.clone())),
                _ => return false,
            };
            found.push(Cond::Compare { column: Column::Field { slug: slug.clone(), kind }, op: Op::Eq, cell });
            true
        }
        _ => false,
    }
}

/// What somebody is let see of the schemas of an app.
pub struct Sight<'s> {
    /// All schemas of the app.
    pub schemas: &'s [Arc<Schema>],
    pub sees_field: &'s dyn Fn(SchemaId, &str) -> bool,
    /// Whether every record of a schema is seen.
    pub sees_all: &'s dyn Fn(SchemaId) -> bool,
    /// Whether a schema is known at all.
    pub knows: &'s dyn Fn(SchemaId) -> bool,
}

impl Sight<'_> {
    /// A schema as it is seen: without the fields that are not, and without those whose values tell of such fields, or of records that are not.
    pub fn of(&self, schema: &Arc<Schema>) -> Arc<Schema> {
        let is_seen = |field: &Field| (self.sees_field)(schema.id, &field.slug) && self.sees_what_it_needs(field);
        let leads_away = |field: &Field| {
            let target = field.rules.target.as_deref();
            target.is_some_and(|target| !self.schemas.iter().any(|known| known.slug == target && (self.knows)(known.id)))
        };
        if schema.fields.iter().all(|field| is_seen(field) && !leads_away(field)) {
            return schema.clone();
        }
        let mut seen = Schema::clone(schema);
        seen.fields.retain(&is_seen);
        for field in seen.fields.iter_mut().filter(|field| leads_away(field)) {
            (field.rules.target, field.rules.inverse) = (None, None);
        }
        let fields: Vec<String> = seen.fields.iter().map(|field| field.slug.clone()).collect();
        let is_there = |slug: &String| fields.contains(slug) || schema.field(slug).is_none();
        seen.hidden = schema.stored().map(|field| field.slug.clone()).filter(|slug| !fields.contains(slug)).collect();
        for groups in [&mut seen.unique, &mut seen.indexes] {
            groups.retain(|group| group.iter().all(is_there));
        }
        seen.automatic.retain(|index| is_there(&index.field));
        // The index itself has the columns that it has.
        if let Wanted::Fields(slugs) = &mut seen.search.wanted {
            slugs.retain(is_there);
        }
        seen.display_field = seen.display_field.filter(is_there);
        Arc::new(seen)
    }

    fn sees_what_it_needs(&self, field: &Field) -> bool {
        let mut sees = true;
        if let Some(computation) = &field.formula {
            computation.needs(&mut |need| {
                sees &= match need {
                    Need::Field(of, slug) => (self.sees_field)(of, slug),
                    // Of records of the table itself, too, for others than the one that is read may be met.
                    Need::Records(of) => (self.sees_all)(of),
                };
            });
        }
        sees
    }
}
