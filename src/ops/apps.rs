//! Apps as a caller sees them.

use super::access::may;
use crate::model::app::App;
use crate::model::error::Result;
use crate::model::principal::{Action, Caller};
use crate::store::engine::ReadTx;
use std::sync::Arc;

/// All apps, by name.
pub fn list(tx: &ReadTx<'_>, who: &Caller) -> Result<Vec<Arc<App>>> {
    may(who, Action::Read)?;
    Ok(tx.catalog().apps().to_vec())
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Arc<App>> {
    may(who, Action::Read)?;
    tx.catalog().app(app)
}
