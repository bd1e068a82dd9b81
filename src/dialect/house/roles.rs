//! Roles of an app, who has them, and why somebody may do something. For owners of the app and admins. [house]

use crate::format::role_part;
use crate::model::error::{Error, Problem, Result};
use crate::ops::ctx::Ctx;
use crate::ops::reasons::{self, Question};
use crate::ops::roles::{self, Grant, Listed};
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `{"roles": [role]}`: those that every app has, then its own.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    listed(ctx, call, call.param(0))
}

/// The same list: `GET /api/workspaces/default/roles?app=crm`.
pub fn of_app(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    listed(ctx, call, needed(call, "app")?)
}

fn listed(ctx: &Arc<Ctx>, call: &Call<'_>, app: &str) -> Result<Response> {
    let all = ctx.read(|tx| roles::list(tx, &call.caller, app))?;
    Ok(reply::json(200, &json!({"roles": all.iter().map(rendered).collect::<Vec<_>>()})))
}

pub fn read(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let role = ctx.read(|tx| roles::read(tx, &call.caller, call.param(0), call.param(1)))?;
    Ok(reply::json(200, &rendered(&role)))
}

/// `POST …/roles` with `{"slug", "name"?, "schemas"?}`: 201.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let part = role_part::read(&call.body.object(&call.limits)?, role_part::role).map_err(Error::Invalid)?;
    let (caller, app) = (call.caller.clone(), call.param(0).to_owned());
    let made = ctx.write(|| Ok(()), move |tx, ()| roles::create(tx, &caller, &app, &part))?;
    let address = format!("/api/apps/{}/roles/{}", call.param(0), made.slug);
    Ok(reply::json(201, &rendered(&made)).with_additional_header("Location", address))
}

/// `PATCH …/roles/{role}` with some of `name schemas`: what it says of a table stands in the place of what was said; null takes it away.
pub fn update(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let part = role_part::read(&call.body.object(&call.limits)?, role_part::changes).map_err(Error::Invalid)?;
    let (caller, app, slug) = (call.caller.clone(), call.param(0).to_owned(), call.param(1).to_owned());
    let changed = ctx.write(|| Ok(()), move |tx, ()| roles::change(tx, &caller, &app, &slug, &part))?;
    Ok(reply::json(200, &rendered(&changed)))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (caller, app, slug) = (call.caller.clone(), call.param(0).to_owned(), call.param(1).to_owned());
    ctx.write(|| Ok(()), move |tx, ()| roles::remove(tx, &caller, &app, &slug))?;
    Ok(reply::empty(204))
}

/// `GET …/grants?app=&user=`: `{"grants": [{"user", "app", "role"}]}`.
pub fn grants(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (app, user) = (call.query.once("app")?, call.query.once("user")?);
    let all = ctx.read(|tx| roles::grants(tx, &call.caller, app, user))?;
    Ok(reply::json(200, &json!({"grants": all.iter().map(granted).collect::<Vec<_>>()})))
}

/// `POST …/grants` with `{"user": id or e-mail, "app", "role"}`: 200. Somebody has one role in an app: the last one that was given.
pub fn grant(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let body = call.body.object(&call.limits)?;
    let [user, app, role] = sent(&body)?;
    let caller = call.caller.clone();
    let given = ctx.write(|| Ok(()), move |tx, ()| roles::grant(tx, &caller, &user, &app, &role))?;
    Ok(reply::json(200, &granted(&given)))
}

/// `DELETE …/grants?app=&user=`: 204.
pub fn revoke(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let (app, user, caller) = (needed(call, "app")?.to_owned(), needed(call, "user")?.to_owned(), call.caller.clone());
    ctx.write(|| Ok(()), move |tx, ()| roles::revoke(tx, &caller, &user, &app))?;
    Ok(reply::empty(204))
}

/// `GET …/explain?app=&schema=&action=&user=&record=`: which role and which rule decide, and what follows.
pub fn explain(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let asked = Question {
        user: call.query.once("user")?,
        app: needed(call, "app")?,
        schema: needed(call, "schema")?,
        action: needed(call, "action")?,
        record: call.query.once("record")?,
    };
    let reason = ctx.read(|tx| reasons::explain(tx, &call.caller, &asked))?;
    let mut body = json!({
        "user": reason.user, "app": asked.app, "schema": asked.schema, "action": reason.action.name(), "role": reason.role,
        "allowed": reason.is_allowed, "rule": reason.rule, "why": reason.why,
        "fields": {"readable": reason.readable, "writable": reason.writable},
    });
    if let (Some(record), Some(is_allowed), Some(body)) = (asked.record, reason.record, body.as_object_mut()) {
        body.insert("record".to_owned(), json!({"id": record, "allowed": is_allowed}));
    }
    Ok(reply::json(200, &body))
}

/// What the caller may, in the answers of `me` and `overview`.
pub fn can(can: roles::Can) -> Value {
    let apps: Map<String, Value> = can.apps.into_iter().map(|(app, role)| (app, Value::from(role))).collect();
    json!({"manage": can.manages, "apps": apps})
}

fn needed<'c>(call: &'c Call<'_>, name: &str) -> Result<&'c str> {
    let missing = || Error::invalid(Problem::of(name, "required", format!("Parameter '{name}' is required")));
    call.query.once(name)?.filter(|text| !text.is_empty()).ok_or_else(missing)
}

fn sent(body: &Map<String, Value>) -> Result<[String; 3]> {
    const KEYS: [&str; 3] = ["user", "app", "role"];
    let mut problems = Vec::new();
    for key in body.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        let problem = Problem::of(key, "unknown_key", format!("A grant has no key {}", crate::model::name::quoted(key)));
        problems.push(problem.did_you_mean(key, KEYS.into_iter()));
    }
    let read = KEYS.map(|key| match body.get(key) {
        Some(Value::String(text)) if !text.is_empty() => text.clone(),
        Some(Value::Number(number)) if key == "user" => number.to_string(),
        _ => {
            let example = "{\"user\": \"ann@example.com\", \"app\": \"crm\", \"role\": \"editor\"}";
            problems.push(Problem::of(key, "required", format!("Key '{key}' is required")).hint(example));
            String::new()
        }
    });
    if problems.is_empty() { Ok(read) } else { Err(Error::Invalid(problems)) }
}

fn rendered(role: &Listed) -> Value {
    let mut body = json!({"slug": role.slug, "name": role.name, "built_in": role.is_built_in});
    if let Some(body) = body.as_object_mut().filter(|_| !role.is_built_in) {
        body.insert("schemas".to_owned(), Value::Object(role.schemas.clone()));
    }
    body
}

fn granted(grant: &Grant) -> Value {
    json!({"user": {"id": grant.user.id.0, "email": grant.user.email}, "app": grant.app, "role": grant.role})
}
