//! The person who is signed in, and signing in.

use crate::dialect::contract::visitor;
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::{Account, Role};
use crate::ops::ctx::Ctx;
use crate::ops::{jwts, me};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `POST /user/auth` with `{"username" | "email", "password"}`: `{"user", "token"}`.
pub fn authenticate(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let body = call.body.object(&call.limits)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let missing = |name: &str| Error::invalid(Problem::of(name, "required", format!("Field '{name}' is required, as text")));
    let username = text("username").or_else(|| text("email")).ok_or_else(|| missing("username"))?;
    let password = text("password").ok_or_else(|| missing("password"))?;
    let issued = jwts::issue_long(ctx, username, password, &visitor(call.request), claims);
    let (account, token) = issued.map_err(|error| match error {
        // Programs try 403 to find out whether they have to sign somebody up [docs].
        Error::Unauthenticated(message) => Error::Forbidden(message),
        other => other,
    })?;
    Ok(reply::secret(200, &json!({"user": user(&account), "token": token})))
}

/// `GET /user`.
pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    match ctx.read(|tx| me::read(tx, &call.caller))? {
        Some(account) => Ok(reply::json(200, &user(&account))),
        None => Err(Error::Forbidden("A command of the data file's owner is no person".to_owned())),
    }
}

/// What its tools read in a token.
fn claims(account: &Account) -> Map<String, Value> {
    Map::from_iter([("id".to_owned(), Value::from(id(account))), ("scope".to_owned(), scope(account))])
}

fn user(account: &Account) -> Value {
    json!({
        "id": id(account), "username": account.user.email, "email": account.user.email, "isActive": !account.is_suspended,
        "scope": scope(account), "plan": "free", "metadata": {},
    })
}

/// 24 hexadecimal digits [docs].
fn id(account: &Account) -> String {
    format!("{:024x}", account.user.id.0)
}

fn scope(account: &Account) -> Value {
    match account.user.role {
        Role::Owner | Role::Admin => json!(["user", "admin"]),
        Role::Member => json!(["user"]),
    }
}
