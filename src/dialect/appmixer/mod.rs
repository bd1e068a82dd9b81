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

use super::contract::{BodyMax, Dialect, Pool, Route, get, post};

pub const APPMIXER: Dialect = Dialect { id: "appmixer", routes: &ROUTES, roots: &["user"], render_error: error::render };

const ROUTES: [Route; 2] = [
    Route { body: BodyMax::Guest, ..post("/user/auth", Pool::Hash, user::authenticate) },
    Route { query: None, ..get("/user", Pool::Reads, user::read) },
];
