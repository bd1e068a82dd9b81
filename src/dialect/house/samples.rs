//! Samples: an app that comes with the program, made in the data file.

use super::apps;
use crate::model::error::Result;
use crate::ops::ctx::Ctx;
use crate::ops::{samples, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use std::sync::Arc;

pub fn make(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let app = samples::make(ctx, &call.caller, call.param(1))?;
    Ok(reply::json(201, &apps::whole(&app)))
}
