//! The Robostack dialect, whole.
//!
//! Source: Robostack's "Rest API" page (seed 002), and public programs that call it. Marks below: [seed] stated there, [observed] relied on by such
//! programs, [guess] nothing public found, [ours].
//!
//! | method | pattern | what | source |
//! |---|---|---|---|
//! | POST | /external/api/{app}/{resource} | find: `selection`, and `fields sort limit offset page perPage` | [seed], all but `selection` [ours] |
//! | PUT | /external/api/{app}/{resource} | create an object or an array of them, 201 | [seed], 201 [guess] |
//! | PATCH | /external/api/{app}/{resource} | update: `selection` and `updation`, both objects, or arrays that are pairs | [seed] |
//! | DELETE | /external/api/{app}/{resource} | delete what a `selection` in the body finds | [seed] |
//! | POST | /external/api/{app}/{resource}/aggregation | a pipeline of stages: `pipeline` | [seed] "coming soon", stages [ours] |
//!
//! `{app}` is the app's uuid, `{resource}` a table's slug. Every answer is `{"results": [record, …], "count": n}` [observed `results`]. A record has its
//! number as `id` [seed], references as numbers, and of each record that it refers to every field under `<field>_<name>` [observed]. A selection is AND
//! within an object and OR between them; an array as a value means any of them, `""` no value or the empty text, `null` no value [seed: `""`]. Keys of
//! a record that nobody may set have no say, in silence [seed: "the fields that you have access to"]; `X-Ignored` names them.
//!
//! Pages of any origin may call it [observed], with a credential in a header: `x-api-key` and `x-api-secret` [seed], or any other. The cookie lets no page
//! of another site in.
//!
//! Known differences: `total` and `count` stand beside `results`; a field that is not there is 400 in a selection, for a misspelt one would find
//! everything; without a selection nothing is updated or deleted, nor with the keys of a window (`limit`, `sort` and such), which a write does not have.

mod about;
mod aggregation;
mod body;
mod error;
mod find;
mod layout;
mod results;
mod selection;
mod write;

use super::contract::{BodyMax, Dialect, Open, Pool, Route, delete, patch, post, put};
use crate::model::error::Result;
use crate::model::limits::DialectLimits;
use crate::ops::access;
use crate::ops::ctx::Ctx;
use crate::wire::call::Call;

pub const ROBOSTACK: Dialect = Dialect {
    id: "robostack",
    routes: &ROUTES,
    roots: &["external"],
    render_error: error::render,
    open: Some(OPEN),
    limits: LIMITS,
    about: about::ABOUT,
    gate: None,
};

const OPEN: Open = Open { methods: "POST, PUT, PATCH, DELETE, OPTIONS", headers: "content-type, x-api-key, x-api-secret, authorization" };

/// `perPage` alone is ours. Nothing is said of bodies; these are what the server takes.
const LIMITS: DialectLimits = DialectLimits {
    page_rows_default: 50,
    page_rows_max: i64::MAX,
    body_bytes_max: 1024 * 1024,
    records_body_bytes_max: 32 * 1024 * 1024,
    records_sent_max: 50_000,
    rows_body_bytes_max: 64 * 1024 * 1024,
};

/// Stray names in a query string have no effect, as stray keys in a body [observed].
const ROUTES: [Route; 5] = [
    Route { query: None, body: BodyMax::Records, ..post("/external/api/{app}/{resource}", Pool::Reads, find::find) },
    Route { query: None, body: BodyMax::Records, ..put("/external/api/{app}/{resource}", Pool::Writes, write::create) },
    Route { query: None, body: BodyMax::Records, ..patch("/external/api/{app}/{resource}", Pool::Writes, write::update) },
    Route { query: None, body: BodyMax::Records, ..delete("/external/api/{app}/{resource}", Pool::Writes, write::delete) },
    Route { query: None, ..post("/external/api/{app}/{resource}/aggregation", Pool::Reads, aggregation::aggregate) },
];

/// The slugs of the app and the table that an address names.
fn place<'c>(ctx: &Ctx, call: &'c Call<'_>) -> Result<(String, &'c str)> {
    let app = access::app_of_uuid(&ctx.store.catalog(), &call.caller, call.param(0))?;
    Ok((app.slug.clone(), call.param(1)))
}
