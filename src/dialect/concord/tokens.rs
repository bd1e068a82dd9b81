//! Personal access tokens: one's own. The secret is told once. [guess: the addresses; convention: the form]

use super::drafts::trimmed;
use crate::model::error::{Error, Result};
use crate::model::name::quoted;
use crate::model::principal::{Action, TokenKind};
use crate::ops::ctx::Ctx;
use crate::ops::tokens::{self, Draft, Shown};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `[token]`, the newest first.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let all = tokens::list(ctx, &call.caller, None)?;
    let personal = all.iter().filter(|token| token.listed.kind == TokenKind::Personal);
    Ok(reply::json(200, &personal.map(told).collect()))
}

/// `POST` with `{"name"}`: 201 with `{"accessToken", "plainTextToken": "1|…"}`.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let body = trimmed(&Value::Object(call.body.object_or_none(&call.limits)?));
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let draft = Draft { kind: TokenKind::Personal.name().to_owned(), name, ..Draft::default() };
    let (caller, secret) = (call.caller.clone(), tokens::draw(&ctx.random, TokenKind::Personal));
    let made = ctx.write(
        || tokens::prepare(ctx, &call.caller, draft.clone(), None, None, secret.hash),
        move |tx, ready| tokens::create(tx, &caller, ready),
    )?;
    let plain = format!("{}|{}", made.listed.id, secret.secret);
    Ok(reply::json(201, &json!({"accessToken": told(&made), "plainTextToken": plain})))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let unknown = || Error::not_found(format!("There is no token {}", quoted(call.param(0))));
    let id: i64 = call.param(0).parse().map_err(|_| unknown())?;
    // Whoever looks after people could end others' as well, and pairs of a key and a secret; here there are one's own personal ones only.
    if !tokens::list(ctx, &call.caller, None)?.iter().any(|token| token.listed.id == id && token.listed.kind == TokenKind::Personal) {
        return Err(unknown());
    }
    let caller = call.caller.clone();
    ctx.write(|| Ok(()), move |tx, ()| tokens::remove(tx, &caller, id))?;
    Ok(reply::empty(204))
}

fn told(token: &Shown) -> Value {
    let abilities = match &token.listed.narrowing.actions {
        None => json!(["*"]),
        Some(actions) => actions.iter().copied().map(Action::name).map(Value::from).collect(),
    };
    json!({
        "id": token.listed.id, "name": token.listed.name, "abilities": abilities, "last_used_at": token.used_at,
        "expires_at": token.expires_at, "created_at": token.listed.created_at,
    })
}
