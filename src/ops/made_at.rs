//! A record that is made at another one, as a note is at a contact: the two are linked in the same act, whichever of them holds the field.

use super::changes::one_batch;
use super::links::{self, Request, Wish, in_key};
use super::records::{self, Prepared, Written};
use super::schemas;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::limits::Limits;
use crate::model::principal::Caller;
use crate::model::record::{Draft, Expected, RecordId};
use crate::model::schema::Schema;
use crate::store::engine::WriteTx;
use serde_json::{Value, json};
use std::sync::Arc;

/// What somebody asks for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub table: String,
    pub id: RecordId,
    /// What the table and the id were sent under: there a refusal is told.
    pub keys: [&'static str; 2],
    /// Whether it may be a record of a table with which there is no link.
    pub may_be_apart: bool,
}

/// The same, when it makes sense.
#[derive(Debug, Clone)]
pub struct At {
    asked: Asked,
    app: String,
    schema: String,
    /// Whether the link is a field of the other table.
    is_theirs: bool,
}

/// Before the record is prepared: where the link is a field of its own, it is put into the draft.
pub fn prepare(catalog: &Catalog, who: &Caller, app: &str, schema: &Arc<Schema>, asked: Asked, draft: &mut Draft) -> Result<At> {
    let [table, _] = asked.keys;
    let there = schemas::seen(catalog, who, app, &asked.table).map_err(|error| in_key(table, error))?;
    let is_theirs = match links::own_field(catalog, who, app, schema, &there.slug) {
        Ok(Some(field)) => {
            put(draft, &field, asked.id);
            false
        }
        Ok(None) => true,
        Err(_) if asked.may_be_apart => false,
        Err(error) => return Err(in_key(table, error)),
    };
    let asked = Asked { table: there.slug.clone(), ..asked };
    Ok(At { asked, app: app.to_owned(), schema: schema.slug.clone(), is_theirs })
}

/// What was sent under the field's own name goes before.
fn put(draft: &mut Draft, field: &Field, id: RecordId) {
    let sent = draft.get(&field.slug).filter(|sent| !sent.is_null());
    let value = match (field.kind, sent) {
        (Kind::Links, Some(Value::Array(all))) => all.iter().cloned().chain([json!(id.text())]).collect(),
        (Kind::Links, None) => json!([id.text()]),
        (_, None) => json!(id.text()),
        (_, Some(_)) => return,
    };
    draft.insert(field.slug.clone(), value);
}

pub fn create(tx: &mut WriteTx<'_>, who: &Caller, new: &Prepared, at: Option<&At>, limits: &Limits) -> Result<Written> {
    let Some(At { asked, app, schema, is_theirs }) = at else { return records::create(tx, who, new) };
    let [_, key] = asked.keys;
    if let Err(error) = records::read(tx, who, app, &asked.table, &asked.id.text(), &Expected::Any) {
        return Err(match error {
            Error::NotFound(_) => {
                let message = format!("Field '{key}' points to {}, which is not in '{}'", asked.id.text(), asked.table);
                Error::invalid(Problem::of(key, "reference", message))
            }
            other => other,
        });
    }
    if !is_theirs {
        return records::create(tx, who, new);
    }
    one_batch(tx, |tx| {
        let made = records::create(tx, who, new)?;
        let links = vec![(asked.table.clone(), vec![asked.id])];
        let request = Request { app: app.clone(), schema: schema.clone(), id: made.shown.record.id.text(), wish: Wish::Attach, links };
        links::run_within(tx, who, &request, limits).map_err(|error| in_key(key, error))?;
        Ok(made)
    })
}
