//! The API's own description, as OpenAPI 3.1: of the whole server, and of an app with its tables' fields. [house] The page that shows it is
//! `server/docs`. How a route gets its entry is said in `entries`.

mod compose;
mod entries;
mod number_entries;
mod role_entries;
mod search_entries;
mod tables;

use crate::model::error::Result;
use crate::ops::ctx::Ctx;
use crate::ops::describe::{self, Described};
use crate::wire::call::Call;
use crate::wire::reply;
use compose::{add, all, document, is_about_records, of_app};
use rouille::Response;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tables::{Table, Taken};

const ABOUT: &str = "Sign in at [/auth/login/](/auth/login/), or by `POST /auth/login` and send the cookie `sessionid` back. \
                     Every address under /api also answers under /v1, with and without a slash at its end. \
                     A refusal changes nothing and says what, where and how to mend it: `{\"error\": {code, message, field, details}}`. \
                     Every answer carries `X-Request-Id`.";

/// `GET /api/openapi.json`: the same for everybody, for it names nothing that somebody made.
pub fn server(_: &Arc<Ctx>, _: &Call<'_>) -> Result<Response> {
    let mut paths = Map::new();
    for entry in all() {
        add(&mut paths, entry, None, None)?;
    }
    Ok(reply::json(200, &document("Carryall", ABOUT, paths, &[])))
}

/// `GET /api/apps/{app}/openapi.json`: an app's addresses, each table with its fields.
pub fn app(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let described = ctx.read(|tx| describe::app(tx, &call.caller, call.param(0)))?;
    Ok(reply::json(200, &app_document(&described)?))
}

fn app_document(described: &Described) -> Result<Value> {
    let app = &described.app;
    let mut taken = Taken::by_others();
    let tables: Vec<Table<'_>> = described.shapes.iter().map(|shapes| Table::new(shapes, &mut taken)).collect();
    let mut paths = Map::new();
    for entry in of_app().filter(|entry| !is_about_records(entry)) {
        add(&mut paths, entry, Some(&app.slug), None)?;
    }
    for table in &tables {
        for entry in of_app().filter(|entry| is_about_records(entry)) {
            add(&mut paths, entry, Some(&app.slug), Some(table))?;
        }
    }
    let about = if app.description.is_empty() { ABOUT.to_owned() } else { format!("{}\n\n{ABOUT}", app.description) };
    let mut document = document(&app.name, &about, paths, &tables);
    let slugs: Vec<&str> = tables.iter().map(|table| table.shapes.schema.slug.as_str()).collect();
    if let Some(named) = document.pointer_mut("/components/parameters/schema/schema").filter(|_| !slugs.is_empty()) {
        *named = json!({"type": "string", "enum": slugs});
    }
    Ok(document)
}
