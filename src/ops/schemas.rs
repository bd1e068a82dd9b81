//! Schemas as a caller sees them: the description and how many records there are.

use super::access::may;
use super::indexes::{self, Listed};
use crate::model::error::Result;
use crate::model::principal::{Action, Caller};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records::counter;
use std::sync::Arc;

/// A schema and its number of records.
pub struct Described {
    pub schema: Arc<Schema>,
    pub records: i64,
    pub indexes: Vec<Listed>,
}

/// The schemas of an app in the order of their creation.
pub fn list(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Vec<Described>> {
    may(who, Action::Read)?;
    let app = tx.catalog().app(app)?;
    tx.catalog().schemas(app.id).map(|schema| described(tx, schema)).collect()
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str) -> Result<Described> {
    may(who, Action::Read)?;
    let app = tx.catalog().app(app)?;
    described(tx, &tx.catalog().schema(&app, schema)?)
}

fn described(tx: &ReadTx<'_>, schema: &Arc<Schema>) -> Result<Described> {
    Ok(Described { schema: schema.clone(), records: counter(tx, schema)?, indexes: indexes::list(schema) })
}
