//! Carryall: an app backend you can carry. One executable, one data file, APIs in several dialects over one store, an admin page.
//!
//! # The map
//!
//! Rooms in the order in which they stand on each other; a room uses only what the table allows (`tests/it/tidy` enforces it).
//!
//! | room | what lives there | may use |
//! |---|---|---|
//! | [`model`] | nouns: app, schema, field, record, query, plan, principal, change, error | nothing |
//! | [`field`] | the field types, one file each | model |
//! | [`expr`] | the expression language: reading it, what its names mean | model |
//! | [`format`] | CSV, JSON, NDJSON, the app file: rows in and out | model |
//! | [`wire`] | HTTP as values: call, query string, body, cookies, reply | model |
//! | [`store`] | rows and SQL: engine, writer, tables, indexes | model, expr |
//! | [`auth`] | credentials, one file per scheme | model, store |
//! | [`ops`] | everything the product can do, one file per noun | model, field, expr, format, store, auth |
//! | [`dialect`] | the tongues; each translates HTTP to operations and back | model, format, wire, ops |
//! | [`server`] | the door: sockets, router, threads, answers, the embedded page | model, wire, dialect, ops |
//! | [`cli`] | the commands, one file each | config, model, format, ops, store, server |
//!
//! Foreign crates have one door each: hyper and tokio in `server`, rusqlite in `store`, rouille in `wire`, `dialect` and `server`,
//! bcrypt in `auth/password`, and so on.
//!
//! # The walk of a request
//!
//! `PUT /api/apps/crm/schemas/deals/records/rec_7` with `{"stage": "won"}`:
//!
//! 1. `server/transport` accepts the connection if `server/gate` has a place; `server/connection` holds it. `server/screen` reads the head
//!    strictly (`head`, `chunks`) before hyper sees it. `server/front`, on the same one thread, asks whether the request is for this server,
//!    asks `server/router` for the route, has the whole body read within its limit (`intake`), and hands the request to the pool that the
//!    route names. A full queue is refused with 503 at once.
//! 2. On that pool's thread `server/answer` makes a `rouille::Request` and asks `dialect/contract::meet` who that is: it finds the
//!    credential by its shape, refuses a foreign page's use of the cookie, and learns from `ops/credentials` whose it is; a dialect with a gate
//!    counts the request (`ops/rates`). `enter` calls the handler.
//! 3. The handler, `dialect/house/records::update`, parses the body and calls one operation in its two parts.
//! 4. The pure part runs here: `ops/records::prepare_update` asks `ops/access` for the caller's scope and lets `ops/validate` turn the
//!    draft into a `Clean`, with every problem found at once.
//! 5. The other part, `ops/records::update`, is queued for `store/writer`, the one thread that writes: it finds the record within the
//!    scope, checks what only rows can tell (unique values, references), stores the new text, moves the counter and writes the change
//!    log, all in one savepoint. Up to 64 such jobs share one COMMIT and so one fsync; only then is anybody answered.
//! 6. The handler renders the record: the stored text goes out as it lies. `server/answer` logs a line; `server/outflow` sends it.
//!
//! A list goes the same way with `ops/plan` in place of `validate` (names become columns, texts become typed cells, the scope becomes a
//! condition) and one snapshot of `store/engine` in place of the writer.
//!
//! # What must stay true
//!
//! - Values change type as they become trusted: `Query` to `Plan` to `Page`, `Draft` to `Clean` to `Record`, `Credential` to `Principal`.
//!   The store takes only `Plan` and `Clean`, so an unchecked or unscoped question cannot reach SQL.
//! - A 2xx means that the data is on the disk (`--durability full`).
//! - Rights are asked in `ops/access`, before the first read. The answer is a scope: the rows that exist for the caller, and the schema as it sees it, in
//!   which fields that it may not read are not there. The store has never heard of a role; handlers never ask.
//! - One error type without status codes; each dialect gives it its face. A cause is logged once and never shown.
//! - A vendor's words stay in its dialect.

pub mod auth;
pub mod cli;
pub mod config;
pub mod dialect;
pub mod expr;
pub mod field;
pub mod format;
pub mod model;
pub mod ops;
pub mod server;
pub mod store;
pub mod wire;
