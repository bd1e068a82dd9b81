//! Apps as a caller sees them.

use super::access::may;
use super::changes::log_definition;
use crate::model::app::{App, AppId};
use crate::model::error::Result;
use crate::model::name::label_from;
use crate::model::principal::{Action, Caller};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::apps;
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

/// Makes an app and logs it.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, slug: &str, uuid: &str, name: Option<&str>, description: Option<&str>) -> Result<AppId> {
    let name = name.map_or_else(|| label_from(slug), str::to_owned);
    let id = apps::insert(tx, uuid, slug, &name, description.unwrap_or_default())?;
    log_definition(tx, who, id, None, format!("made the app {slug}"), None)?;
    tx.catalog_changed()?;
    Ok(id)
}
