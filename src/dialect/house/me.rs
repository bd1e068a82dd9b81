//! Who is signed in: `/api/workspaces/{workspace}/me`. AppBuilder has nothing like it.

use super::roles::can as rendered;
use super::session::{missing, warned};
use super::users::account;
use crate::dialect::contract::{own_session, visitor};
use crate::format::parts;
use crate::model::error::{Error, Result};
use crate::model::principal::Account;
use crate::ops::ctx::Ctx;
use crate::ops::{me, roles, workspace};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `{"user", "can"}`; null for a command of the data file's owner.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (who, can) = ctx.read(|tx| Ok((me::read(tx, &call.caller)?, roles::of_caller(tx.catalog(), &call.caller)?)))?;
    Ok(reply::json(200, &told(who.as_ref(), can)))
}

/// Who is signed in and what they may.
pub fn told(who: Option<&Account>, can: roles::Can) -> Value {
    json!({"user": who.map_or(Value::Null, account), "can": rendered(can)})
}

/// `PATCH` with `{"name"}`.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let read = parts::read(&call.body.object(&call.limits)?, "You", |reader| {
        let name = reader.needed("name");
        reader.only(&["name"]);
        name
    });
    let (name, caller) = (read.map_err(Error::Invalid)?, call.caller.clone());
    let changed = ctx.write(|| me::prepare_name(ctx, &name), move |tx, name| me::rename(tx, &caller, name))?;
    Ok(reply::json(200, &json!({"user": account(&changed)})))
}

/// `POST …/me/password` with `{"current", "new"}`: 204. Other sessions, JWTs and refresh tokens end; tokens that were made go on.
pub fn password(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let read = parts::read(&call.body.object(&call.limits)?, "The change", |reader| {
        let both = (reader.needed("current"), reader.needed("new"));
        reader.only(&["current", "new"]);
        both
    });
    let (current, new) = read.map_err(Error::Invalid)?;
    if new.is_empty() {
        return Err(Error::invalid(missing("new")));
    }
    let (caller, kept, visitor) = (call.caller.clone(), own_session(call.request), visitor(call.request));
    ctx.write(
        || me::prepare_password(ctx, &call.caller, &current, &new, kept, &visitor),
        move |tx, ready| me::set_password(tx, &caller, ready),
    )?;
    Ok(warned(ctx, reply::empty(204), &new))
}
