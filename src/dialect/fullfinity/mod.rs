//! The Fullfinity dialect: signing in, for now.
//!
//! Source: Fullfinity's developer site, `/api/overview/` (seed 003). Marks below: [seed] stated there, [guess] nothing public found.
//!
//! | method | pattern | what | source |
//! |---|---|---|---|
//! | POST | /auth/authenticate | sign in: `email password`; an access token and a refresh token | [seed] |
//! | POST | /auth/refresh | another access token: `refresh_token` | [seed] |
//!
//! Access tokens last an hour, refresh tokens a week [guess]; those who want each refresh token to be spent by its use set `refresh_rotation` in the
//! house dialect's settings, else the same one comes back. A refresh token is never taken for an access token, nor the other way round [guess].
//!
//! Known differences: the claims of the tokens are our own; after some failed sign-ins a further failure is 429.

mod error;
mod sign_in;

use super::contract::about::{About, Auth, Operation, as_it_is, operation};
use super::contract::{BodyMax, Dialect, Pool, Route, post};
use crate::model::limits::DialectLimits;

pub const FULLFINITY: Dialect = Dialect {
    id: "fullfinity",
    routes: &ROUTES,
    roots: &[],
    render_error: error::render,
    limits: LIMITS,
    about: ABOUT,
    open: None,
    gate: None,
};

/// Without `limit` it answers with all; a cap keeps that safe. Of bodies it says nothing.
const LIMITS: DialectLimits = DialectLimits {
    page_rows_default: 10_000,
    page_rows_max: 10_000,
    body_bytes_max: 1024 * 1024,
    records_body_bytes_max: 32 * 1024 * 1024,
    records_sent_max: 50_000,
    rows_body_bytes_max: 64 * 1024 * 1024,
};

const ABOUT: About = About {
    name: "Fullfinity",
    base: "/auth",
    auth: Auth::Bearer,
    operations: &[Operation {
        source: "/api/overview/",
        body: Some("{\"email\": \"{{email}}\", \"password\": \"{{password}}\"}"),
        ..operation("authenticate", "Sign in", "POST", "/auth/authenticate", 200)
    }],
    types: &[],
    lacks: &["Its programs can sign in here, and use their token in any other dialect; records are not spoken in it yet."],
    value: as_it_is,
    manner: None,
};

const ROUTES: [Route; 2] = [
    Route { body: BodyMax::Guest, ..post("/auth/authenticate", Pool::Hash, sign_in::authenticate) },
    Route { body: BodyMax::Guest, ..post("/auth/refresh", Pool::Writes, sign_in::refresh) },
];
