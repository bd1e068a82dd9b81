//! The Appmixer dialect: signing in, for now.
//!
//! Source: Appmixer's API documentation and the requests of its own command line. Marks below: [docs], [client] of its tools, [guess] nothing public found.
//!
//! | method | pattern | what | source |
//! |---|---|---|---|
//! | POST | /user/auth | sign in: `username` or `email`, `password`; a token for 30 days | [docs], `email` [client] |
//! | GET | /user | who is signed in; its tools ask this before nearly every command | [docs] |
//!
//! The ids of people are 24 hexadecimal digits [docs]. A wrong password is 403 [docs], a missing or bad token 401.
//!
//! Known differences: `plan` is always `free`; after some failed sign-ins a further failure is 429.

mod error;
mod user;

use super::contract::about::{About, Auth, Operation, as_it_is, operation};
use super::contract::{BodyMax, Dialect, Pool, Route, get, post};
use crate::model::limits::DialectLimits;

pub const APPMIXER: Dialect = Dialect {
    id: "appmixer",
    routes: &ROUTES,
    roots: &["user"],
    render_error: error::render,
    limits: LIMITS,
    about: ABOUT,
    open: None,
    gate: None,
};

/// `limit` 100; clients ask for up to 1,000. A flow may have 2 MiB.
const LIMITS: DialectLimits = DialectLimits {
    page_rows_default: 100,
    page_rows_max: 1_000,
    body_bytes_max: 2 * 1024 * 1024,
    records_body_bytes_max: 32 * 1024 * 1024,
    records_sent_max: 50_000,
    rows_body_bytes_max: 64 * 1024 * 1024,
};

const ABOUT: About = About {
    name: "Appmixer",
    base: "/user",
    auth: Auth::Bearer,
    operations: &[Operation {
        source: "Authentication",
        body: Some("{\"username\": \"{{email}}\", \"password\": \"{{password}}\"}"),
        ..operation("authenticate", "Sign in", "POST", "/user/auth", 200)
    }],
    types: &[],
    lacks: &["Its programs can sign in here, and use their token in any other dialect; flows are not there yet."],
    value: as_it_is,
    manner: None,
};

const ROUTES: [Route; 2] = [
    Route { body: BodyMax::Guest, ..post("/user/auth", Pool::Hash, user::authenticate) },
    Route { query: None, ..get("/user", Pool::Reads, user::read) },
];
