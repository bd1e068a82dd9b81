//! Checkpoints: moments of an app that have a name. Going back to one is in `undo`.

use super::access;
use crate::model::app::AppId;
use crate::model::change::Checkpoint;
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::principal::Caller;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{changes, checkpoints as rows};

const NAME_CHARS_MAX: usize = 100;

/// Notes this moment.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, app: &str, name: &str, limits: &Limits) -> Result<Checkpoint> {
    let app = access::managed(tx.catalog(), who, app)?;
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let message = format!("'name' must be one line of 1 to {NAME_CHARS_MAX} characters");
        return Err(Error::invalid(Problem::of("name", "length", message).hint("{\"name\": \"before the demo\"}")));
    }
    if rows::all(tx, app.id)?.len() >= limits.checkpoints_max {
        let problem = Problem::new("too_many", format!("An app has at most {} checkpoints", limits.checkpoints_max));
        return Err(Error::Conflict(problem.hint("Delete one that is not needed any more")));
    }
    let (_, newest) = changes::bounds(tx)?;
    rows::insert(tx, app.id, name, newest, &who.principal.label())
}

/// Those of an app, newest first.
pub fn list(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Vec<Checkpoint>> {
    let app = access::managed(tx.catalog(), who, app)?;
    rows::all(tx, app.id)
}

/// Forgets one; nothing else changes.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, app: &str, id: i64) -> Result<()> {
    let app = access::managed(tx.catalog(), who, app)?;
    if rows::remove(tx, app.id, id)? { Ok(()) } else { Err(missing(id)) }
}

pub fn known(tx: &ReadTx<'_>, app: AppId, id: i64) -> Result<Checkpoint> {
    rows::find(tx, app, id)?.ok_or_else(|| missing(id))
}

fn missing(id: i64) -> Error {
    Error::not_found(format!("There is no checkpoint {id} of this app"))
}
