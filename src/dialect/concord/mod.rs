//! The Concord CRM dialect: every table by its slug, in the manner of Laravel.
//!
//! Source: Concord CRM's "App CRM API" introduction (seed 004), its documentation of single resources, and what Laravel and Sanctum do. Marks below:
//! [seed] stated there, [docs] elsewhere in its documentation, [convention] of the framework, [guess] nothing public found.
//!
//! | method | pattern | what | source |
//! |---|---|---|---|
//! | GET | /api/{resource} | list: `page per_page order select q search_fields search_match with` | [seed], [docs] |
//! | GET | /api/{resource}/search | the same | [docs], path [guess] |
//! | POST | /api/{resource} | create, 201; `via_resource via_resource_id` link it | [seed], [docs] |
//! | GET | /api/{resource}/{id} | read: `with select` | [seed] |
//! | PUT, PATCH | /api/{resource}/{id} | change what is sent | [seed] |
//! | DELETE | /api/{resource}/{id} | delete, 204 | [seed] |
//! | PUT | /api/associations/{resource}/{id} | attach: `{"contacts": [1, 2]}` | [docs], path [guess] |
//! | POST | /api/associations/{resource}/{id} | attach these and detach all others | [docs], path [guess] |
//! | DELETE | /api/associations/{resource}/{id} | detach | [docs], path [guess] |
//! | GET | /api/custom-fields | fields with their ids and their options': `resource` | [guess] |
//! | POST | /api/custom-fields | add a field, 201 | [guess], owners of the app |
//! | GET | /api/custom-fields/{field} | one, by its field ID or `contacts.cf_x` | [guess] |
//! | PUT | /api/custom-fields/{field} | change `label is_unique options` | [guess], owners of the app |
//! | DELETE | /api/custom-fields/{field} | delete it with its values, 204 | [guess], owners of the app |
//! | GET | /api/personal-access-tokens | one's tokens | [guess] |
//! | POST | /api/personal-access-tokens | make one, 201: `name` | [guess], who is signed in |
//! | DELETE | /api/personal-access-tokens/{token} | end one, 204 | [guess] |
//!
//! The addresses name no app: `dialect/which_app` says which one is meant. A table whose slug is a word of another dialect has no address here.
//!
//! Records are flat: whole numbers as ids, also in references; options by their ids, in and out; `display_name`; stamps with six digits of a second. What is
//! sent is trimmed, the empty text is null, unknown keys are passed over, numbers may come as texts. Numbers of fixed digits are rounded half up.
//!
//! Sixty requests in a minute, by user or by address; `X-RateLimit-Limit` and `-Remaining` in every answer. Whoever asks under `/api` with a personal
//! token for what is not there is answered in this form. A page of this server's own that sends no CSRF token is refused (419).
//!
//! Known differences: tokens make no tokens; ids of custom fields are texts; a search by `=` through a list, of records or of objects, minds the case; a custom field's type
//! stays; `X-Carryall-Reason` says more than the bodies of 401, 403, 419, 429 and 503 do.

mod about;
mod asked;
mod associations;
mod custom_fields;
mod definitions;
mod drafts;
mod envelope;
mod error;
mod gate;
mod lists;
mod numbers;
mod painter;
mod place;
mod records;
mod searched;
mod tokens;
mod via;

use super::contract::{Dialect, Gate, Pool, Route, delete, get, patch, post, put};
use crate::model::limits::DialectLimits;

pub const CONCORD: Dialect = Dialect {
    id: "concord",
    routes: &ROUTES,
    roots: &[],
    render_error: error::render,
    open: None,
    limits: LIMITS,
    about: about::ABOUT,
    gate: Some(Gate { claims: gate::claims, guard: gate::guard }),
};

/// `per_page` 15, at most 100 [seed]. Of bodies it says nothing.
const LIMITS: DialectLimits = DialectLimits {
    page_rows_default: 15,
    page_rows_max: 100,
    body_bytes_max: 1024 * 1024,
    records_body_bytes_max: 1024 * 1024,
    records_sent_max: 1_000,
    rows_body_bytes_max: 1024 * 1024,
};

const ROUTES: [Route; 18] = [
    open(put("/api/associations/{resource}/{id}", Pool::Writes, associations::attach)),
    open(post("/api/associations/{resource}/{id}", Pool::Writes, associations::sync)),
    open(delete("/api/associations/{resource}/{id}", Pool::Writes, associations::detach)),
    open(get("/api/custom-fields", Pool::Reads, custom_fields::list)),
    open(post("/api/custom-fields", Pool::Slow, custom_fields::create)),
    open(get("/api/custom-fields/{field}", Pool::Reads, custom_fields::read)),
    open(put("/api/custom-fields/{field}", Pool::Slow, custom_fields::update)),
    open(delete("/api/custom-fields/{field}", Pool::Slow, custom_fields::delete)),
    open(get("/api/personal-access-tokens", Pool::Reads, tokens::list)),
    open(post("/api/personal-access-tokens", Pool::Writes, tokens::create)),
    open(delete("/api/personal-access-tokens/{token}", Pool::Writes, tokens::delete)),
    open(get("/api/{resource}", Pool::Reads, lists::list)),
    open(post("/api/{resource}", Pool::Writes, records::create)),
    open(get("/api/{resource}/search", Pool::Reads, lists::list)),
    open(get("/api/{resource}/{id}", Pool::Reads, records::read)),
    open(put("/api/{resource}/{id}", Pool::Writes, records::update)),
    open(patch("/api/{resource}/{id}", Pool::Writes, records::update)),
    open(delete("/api/{resource}/{id}", Pool::Writes, records::delete)),
];

/// Unknown parameters are passed over [convention].
const fn open(route: Route) -> Route {
    Route { query: None, ..route }
}
