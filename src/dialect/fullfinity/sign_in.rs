//! Signing in by e-mail and password, and going on by a refresh token.

use crate::dialect::contract::visitor;
use crate::model::error::{Error, Problem, Result};
use crate::ops::ctx::Ctx;
use crate::ops::jwts::{self, Pair};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `POST /auth/authenticate` with `{"email", "password"}`.
pub fn authenticate(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let body = call.body.object(&call.limits)?;
    let (email, password) = (text(&body, "email")?, text(&body, "password")?);
    let pair = ctx.write(|| jwts::prepare(ctx, email, password, &visitor(call.request)), jwts::keep)?;
    Ok(given("Authenticated", &pair))
}

/// `POST /auth/refresh` with `{"refresh_token"}`.
pub fn refresh(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let body = call.body.object(&call.limits)?;
    let sent = text(&body, "refresh_token")?;
    let pair = ctx.write(|| jwts::prepare_renewal(ctx, sent), jwts::renew)?;
    Ok(given("Token refreshed", &pair.ok_or_else(jwts::ended)?))
}

/// The five keys of the seed.
fn given(message: &str, pair: &Pair) -> Response {
    // 2025-01-15 10:30:00 UTC
    let expires_at = pair.expires_at.replace('T', " ").replace('Z', " UTC");
    reply::secret(
        200,
        &json!({
            "message": message, "access_token": pair.access, "refresh_token": pair.refresh, "token_type": "bearer", "expires_at": expires_at,
        }),
    )
}

fn text<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b str> {
    let found = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or_else(|| Error::invalid(Problem::of(name, "required", format!("Field '{name}' is required, as text"))))
}
