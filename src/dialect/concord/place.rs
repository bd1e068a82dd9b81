//! Where a request is: the app that it means, and the table of its address as the caller sees it.

use super::gate;
use crate::dialect::which_app;
use crate::model::app::App;
use crate::model::error::{Error, NO_ADDRESS, Problem, Result};
use crate::model::schema::Schema;
use crate::ops::ctx::Ctx;
use crate::ops::schemas;
use crate::wire::call::Call;
use std::sync::Arc;

#[derive(Clone)]
pub struct Place {
    pub app: Arc<App>,
    pub schema: Arc<Schema>,
}

impl Place {
    /// App and table as operations take them.
    pub fn slugs(&self) -> [&str; 2] {
        [&self.app.slug, &self.schema.slug]
    }
}

/// The table of the address's first name. For whoever speaks another dialect an address without a table is nobody's.
pub fn find(ctx: &Ctx, call: &Call<'_>) -> Result<Place> {
    let app = which_app::find(ctx, call)?;
    match schemas::seen(&ctx.store.catalog(), &call.caller, &app.slug, call.param(0)) {
        Ok(schema) => Ok(Place { app, schema }),
        Err(Error::NotFound(problem)) if !gate::claims(call.request) => Err(Error::NotFound(Problem { code: NO_ADDRESS, ..problem })),
        Err(error) => Err(error),
    }
}
