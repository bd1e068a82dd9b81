//! Sessions: `/api/workspaces/{workspace}/sessions`. Everybody's own; with `?user=` for admins another's. Signing in and out is in `session`.

use super::users::id;
use crate::dialect::contract::{is_relayed, own_session};
use crate::model::error::{Error, Result};
use crate::model::principal::UserId;
use crate::ops::ctx::Ctx;
use crate::ops::sessions::{self, Shown};
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `{"sessions": [{"id", "created_at", "expires_at", "used_at", "agent", "address", "current"}]}`, the newest first.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let all = sessions::list(ctx, &call.caller, asked_user(call)?, own_session(call.request))?;
    Ok(reply::json(200, &json!({"sessions": all.iter().map(rendered).collect::<Vec<_>>()})))
}

pub fn end(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (caller, user, id) = (call.caller.clone(), asked_user(call)?, call.param(1).to_owned());
    ctx.write(|| Ok(()), move |tx, ()| sessions::end(tx, &caller, user, &id))?;
    Ok(reply::empty(204))
}

/// `DELETE …/sessions`: all but the one that asks; `{"ended"}`.
pub fn end_others(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    if is_relayed(call.request, &call.caller) {
        let message =
            "A request that is tried has no session of its own, so it would end the one that tries it, too: send it to the address itself";
        return Err(Error::malformed(message));
    }
    let (caller, user, current) = (call.caller.clone(), asked_user(call)?, own_session(call.request).map(str::to_owned));
    let ended = ctx.write(|| Ok(()), move |tx, ()| sessions::end_others(tx, &caller, user, current.as_deref()))?;
    Ok(reply::json(200, &json!({"ended": ended})))
}

/// Whose things are asked for, when not one's own.
pub fn asked_user(call: &Call<'_>) -> Result<Option<UserId>> {
    call.query.once("user")?.map(id).transpose()
}

fn rendered(session: &Shown) -> Value {
    json!({
        "id": session.id, "created_at": session.created_at, "expires_at": session.expires_at, "used_at": session.used_at,
        "agent": session.visitor.agent, "address": session.visitor.address, "current": session.is_current,
    })
}
