//! What a client asks for when it begins, from one moment: who asks, what they may, what there is for them. Each part is the operation that its own
//! address calls, with the same questions about rights.

use super::schemas::{self, Described};
use super::view_sense::Shown;
use super::{apps, me, roles, views};
use crate::model::app::App;
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Account, Caller};
use crate::store::engine::ReadTx;
use std::sync::Arc;

pub struct Overview {
    /// None for a command of the data file's owner.
    pub user: Option<Account>,
    pub can: roles::Can,
    pub apps: Vec<Arc<App>>,
    pub opened: Option<Opened>,
}

/// An app that was named.
pub struct Opened {
    pub app: Arc<App>,
    pub schemas: Vec<Described>,
    /// Of a schema that was named; none where the caller may not list its records.
    pub views: Option<Vec<Shown>>,
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: Option<&str>, schema: Option<&str>) -> Result<Overview> {
    let (user, can, apps) = (me::read(tx, who)?, roles::of_caller(tx.catalog(), who)?, apps::list(tx, who)?);
    let opened = match (app, schema) {
        (None, Some(_)) => {
            let problem = Problem::of("schema", "required", "Parameter 'schema' names a table of an app, and 'app' is missing");
            return Err(Error::invalid(problem.hint("app=crm&schema=deals")));
        }
        (None, None) => None,
        (Some(app), schema) => Some(open(tx, who, app, schema)?),
    };
    Ok(Overview { user, can, apps, opened })
}

fn open(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: Option<&str>) -> Result<Opened> {
    let views = match schema.map(|schema| views::list(tx, who, app, schema)) {
        None | Some(Err(Error::Forbidden(_))) => None,
        Some(views) => Some(views?),
    };
    Ok(Opened { app: apps::read(tx, who, app)?, schemas: schemas::list(tx, who, app)?, views })
}
