//! Tokens for programs: `/api/workspaces/{workspace}/tokens`. Everybody's own; with `?user=` for admins another's. AppBuilder has none; any of them lets
//! in here as well as in the dialects whose forms they have.

use super::sessions::asked_user;
use crate::dialect::contract::origin;
use crate::format::parts;
use crate::format::reader::Reader;
use crate::model::error::{Error, Result};
use crate::model::field::described;
use crate::model::name::quoted;
use crate::model::principal::{Action, TokenKind};
use crate::ops::ctx::Ctx;
use crate::ops::tokens::{self, Draft, SchemaDraft, Secret, Shown, ShownApp};
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `{"tokens": [token]}`, the newest first; never with a secret.
pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let all = tokens::list(ctx, &call.caller, asked_user(call)?)?;
    Ok(reply::json(200, &json!({"tokens": all.iter().map(rendered).collect::<Vec<_>>()})))
}

/// `POST` with `{"kind", "name", "apps"?, "schemas"?, "abilities"?, "expires"?}`: 201 with the token and, this once, its secret: `token`, or `key` and
/// `secret`. `schemas` is `{"crm": ["contacts", {"schema": "deals", "fields": ["title"]}]}`.
pub fn create(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let draft = parts::read(&call.body.object(&call.limits)?, "The token", draft).map_err(Error::Invalid)?;
    let (caller, kind) = (call.caller.clone(), tokens::kind(&draft.kind)?);
    let secret = tokens::draw(&ctx.random, kind);
    let made = ctx.write(
        || tokens::prepare(ctx, &call.caller, draft.clone(), None, secret.key.clone(), secret.hash),
        move |tx, ready| tokens::create(tx, &caller, ready),
    )?;
    let at = format!("/api/workspaces/{}/tokens/{}", call.param(0), made.listed.id);
    Ok(reply::secret(201, &told_once(&made, &secret, &origin(ctx, call.request))).with_additional_header("Location", at))
}

pub fn delete(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    workspace::read(&call.caller, call.param(0))?;
    let id = call.param(1).parse().map_err(|_| Error::not_found(format!("There is no token {}", quoted(call.param(1)))))?;
    let caller = call.caller.clone();
    ctx.write(|| Ok(()), move |tx, ()| tokens::remove(tx, &caller, id))?;
    Ok(reply::empty(204))
}

fn draft(reader: &mut Reader<'_>) -> Draft {
    let mut list = |key: &str| reader.has(key).then(|| reader.texts(key));
    let (apps, abilities) = (list("apps"), list("abilities"));
    let schemas = reader.object("schemas").unwrap_or_default();
    if apps.is_none() && reader.has("schemas") && schemas.is_empty() {
        reader.refuse(
            "schemas",
            "'schemas' is empty: it names no table of any app. Leave it out for a token that is good for all".to_owned(),
        );
    }
    let draft = Draft {
        kind: reader.needed("kind"),
        name: reader.needed("name"),
        apps,
        schemas: schemas.iter().map(|(app, tables)| (app.clone(), drafts(reader, app, tables))).collect(),
        abilities,
        expires: reader.text("expires"),
    };
    reader.only(&["kind", "name", "apps", "schemas", "abilities", "expires"]);
    draft
}

/// The tables of one app.
fn drafts(reader: &mut Reader<'_>, app: &str, tables: &Value) -> Vec<SchemaDraft> {
    let Value::Array(tables) = tables else {
        reader.refuse("schemas", format!("schemas.{app} must be an array of tables, not {}", described(tables)));
        return Vec::new();
    };
    let part = |reader: &mut Reader<'_>| {
        let schema = reader.needed("schema");
        let fields = reader.has("fields").then(|| reader.texts("fields"));
        reader.only(&["schema", "fields"]);
        SchemaDraft { schema, fields }
    };
    let mut drafts = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        match table {
            Value::String(schema) => drafts.push(SchemaDraft { schema: schema.clone(), fields: None }),
            Value::Object(map) => drafts.extend(reader.within(map, &format!("schemas.{app}[{at}]"), part)),
            other => reader.refuse(
                "schemas",
                format!(
                    "schemas.{app}[{at}] must be a table's slug, or {{\"schema\": \"deals\", \"fields\": [\"title\"]}}, not {}",
                    described(other)
                ),
            ),
        }
    }
    drafts
}

/// The only time that a secret is told.
fn told_once(made: &Shown, secret: &Secret, origin: &str) -> Value {
    let mut body = rendered(made);
    let (bearer, headers) = match &secret.key {
        None => {
            let token = format!("{}|{}", made.listed.id, secret.secret);
            let header = format!("-H 'Authorization: Bearer {token}'");
            (Some(token), header)
        }
        Some(key) => (None, format!("-H 'x-api-key: {key}' -H 'x-api-secret: {}'", secret.secret)),
    };
    let path = match made.apps.as_ref().and_then(|apps| apps.first()) {
        Some(part) => format!("/api/apps/{}/schemas", part.app.slug),
        None => "/api/apps".to_owned(),
    };
    if let Some(body) = body.as_object_mut() {
        match bearer {
            Some(token) => drop(body.insert("token".to_owned(), Value::from(token))),
            None => drop(body.insert("secret".to_owned(), Value::from(secret.secret.as_str()))),
        }
        body.insert("curl".to_owned(), Value::from(format!("curl {headers} {origin}{path}")));
    }
    body
}

fn rendered(token: &Shown) -> Value {
    let Shown { listed, apps, expires_at, used_at } = token;
    let abilities = match &listed.narrowing.actions {
        None => json!(["*"]),
        Some(actions) => actions.iter().copied().map(Action::name).map(Value::from).collect(),
    };
    let app = |part: &ShownApp| json!({"slug": part.app.slug, "uuid": part.app.uuid});
    let tables = |part: &ShownApp| {
        let schemas = part.schemas.as_ref()?.iter().map(|part| match &part.fields {
            None => Value::from(part.schema.slug.as_str()),
            Some(fields) => json!({"schema": part.schema.slug, "fields": fields}),
        });
        Some((part.app.slug.clone(), schemas.collect::<Value>()))
    };
    let schemas: Map<String, Value> = apps.iter().flatten().filter_map(tables).collect();
    let mut body = json!({"id": listed.id, "kind": listed.kind.name(), "name": listed.name});
    if let (TokenKind::KeySecret, Some(body)) = (listed.kind, body.as_object_mut()) {
        body.insert("key".to_owned(), json!(listed.key));
    }
    let rest = json!({
        "user": listed.user.0, "abilities": abilities, "apps": apps.as_ref().map(|apps| apps.iter().map(app).collect::<Vec<_>>()),
        "schemas": schemas, "created_at": listed.created_at, "expires_at": expires_at, "used_at": used_at,
    });
    if let (Some(body), Value::Object(rest)) = (body.as_object_mut(), rest) {
        body.extend(rest);
    }
    body
}
