//! What a dialect says of itself, as data: for people who choose one, for the page that shows requests in it, and for the collections that are made of it.

use crate::model::field::Field;
use serde_json::Value;

pub struct About {
    /// The product whose programs it serves.
    pub name: &'static str,
    /// What all its addresses of records begin with. Written in them: `{app}` is an app's slug, `{uuid}` its UUID, `{schema}` a table's slug, `{id}` a
    /// record's.
    pub base: &'static str,
    pub auth: Auth,
    /// What can be done with the records of a table, in an order in which it all works: what is read was created before, what is deleted is last.
    pub operations: &'static [Operation],
    /// Our name of a field type, and what it is called there; left out when its clients know no names.
    pub types: &'static [(&'static str, &'static str)],
    /// What cannot be said in it, in sentences.
    pub lacks: &'static [&'static str],
    /// A value of the house's form, in the form that it is sent in here.
    pub value: fn(&Field, Value) -> Value,
}

/// How its own programs say who they are. Any other credential works as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `x-api-key` and `x-api-secret`.
    Pair,
}

impl Auth {
    pub fn name(self) -> &'static str {
        match self {
            Auth::Bearer => "bearer",
            Auth::Pair => "key-secret",
        }
    }
}

pub struct Operation {
    pub id: &'static str,
    pub name: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    /// JSON, in which `$record` stands for a record to be created, `$change` for some of its fields, `$id` for the number of the one in question.
    pub body: Option<&'static str>,
    /// Of a good answer.
    pub status: u16,
    /// Where in the answer to a create the new record's id is: `results.0.id`.
    pub id_at: Option<&'static str>,
    /// Where it is written down that it is so.
    pub source: &'static str,
}

pub const fn operation(id: &'static str, name: &'static str, method: &'static str, path: &'static str, status: u16) -> Operation {
    Operation { id, name, method, path, body: None, status, id_at: None, source: "" }
}

/// A dialect that sends what the house sends.
pub fn as_it_is(_: &Field, value: Value) -> Value {
    value
}
