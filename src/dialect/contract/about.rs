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
    /// `None`: it does not speak of records.
    pub manner: Option<Manner>,
}

/// How lists are asked and values are written, as data: with it a page says in the dialect what somebody does in another one. Names are keys of the
/// body of the operation `list` where it has one, else of its query.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Records are called by numbers, else as the house does.
    pub has_numbers: bool,
    /// Options are sent by their ids, else by their values.
    pub has_option_ids: bool,
    /// How many records a list gives.
    pub size: &'static str,
    pub sort: Order,
    /// Words to look for.
    pub words: Option<&'static str>,
    pub filter: Filter,
}

#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub name: &'static str,
    /// A field the other way round: `-{field}`.
    pub down: &'static str,
    /// What stands between several; without it they are an array.
    pub between: Option<&'static str>,
}

#[derive(Debug, Clone, Copy)]
pub enum Filter {
    /// In the expression language.
    Expression { name: &'static str },
    /// An object of fields with the value, or the values, that they have; in an array of them any will do.
    Equal { name: &'static str },
    /// `fields` is `name:like;price:=`, with `= like in`; `values` is `name:tea;price:3`; `all` says with `and` that all must hold.
    Pairs { fields: &'static str, values: &'static str, all: &'static str },
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
    /// The same of several records at once.
    pub many: Option<Many>,
}

#[derive(Debug, Clone, Copy)]
pub struct Many {
    pub method: &'static str,
    pub path: &'static str,
    /// JSON, in which `$records` stands for new records, `$changed` for changed fields with the record's id among them, `$selections` and `$changes` for
    /// the ids, each in an object, and the changed fields, `$ids` for the ids.
    pub body: &'static str,
}

pub const fn operation(id: &'static str, name: &'static str, method: &'static str, path: &'static str, status: u16) -> Operation {
    Operation { id, name, method, path, body: None, status, id_at: None, source: "", many: None }
}

/// A dialect that sends what the house sends.
pub fn as_it_is(_: &Field, value: Value) -> Value {
    value
}
