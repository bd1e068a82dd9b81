//! The house dialect: AppBuilder's API, in its style, with everything native. The admin page uses it like any client.
//!
//! Source: AppBuilder's "API Reference" page (seed 000). Marks below: [seed] stated there, [house] ours, in its style.
//!
//! | method | pattern | what | source |
//! |---|---|---|---|
//! | GET | /auth/login | a form for people | Django's way |
//! | POST | /auth/login | sign in: form or JSON, `username` (or `email`) and `password` | [seed] |
//! | GET, POST | /auth/logout | sign out; a page elsewhere can have a browser do it that does not say where it comes from (plain http by a name) | Django's way |
//! | POST | /auth/link | sign in by a one-time token; that of a start link, an invitation or a reset is told what it is for | [house] |
//! | POST | /auth/start | make the first admin by a start link, 201: `token email password` | [house] |
//! | GET | /api/apps | all apps | [seed] |
//! | POST | /api/apps | make one, 201: `name slug description uuid` | [house], admins |
//! | GET | /api/apps/{app} | one app | [house] |
//! | PATCH | /api/apps/{app} | change `slug name description`; its old slug still finds it | [house], owners of the app |
//! | DELETE | /api/apps/{app} | delete it with its tables | [house], owners of the app |
//! | POST | /api/apps/{app}/duplicate | a copy, 201: `name slug description records` | [house], admins |
//! | GET | /api/apps/{app}/app-file | the app as an app file, with `records=true` with its records | [house] |
//! | PUT | /api/apps/{app}/app-file | make or change it to match one: `dry_run prune` | [house], admins |
//! | GET | /api/apps/{app}/changes | what happened after `since`: `limit wait` | [house] |
//! | | the same with `before after table record who via kind tab order` | what happened, newest first | [house] |
//! | GET | /api/apps/{app}/changes/{change} | one change with all of its act | [house] |
//! | POST | /api/apps/{app}/changes/{change}/undo | take it back: `batch on_conflict`; 409 with both values | [house] |
//! | POST | /api/apps/{app}/changes/{change}/redo | take back what took it back: the same | [house] |
//! | GET | /api/apps/{app}/deleted | records that were deleted: `table before limit` | [house] |
//! | GET | /api/apps/{app}/checkpoints | moments that have a name | [house], owners of the app |
//! | POST | /api/apps/{app}/checkpoints | name this one, 201: `name` | [house], owners of the app |
//! | DELETE | /api/apps/{app}/checkpoints/{checkpoint} | forget one | [house], owners of the app |
//! | POST | /api/apps/{app}/checkpoints/{checkpoint}/return | put the app back to what it was then: `on_conflict` | [house], owners of the app |
//! | GET, POST | /api/apps/{app}/roles | roles; make one, 201: `slug name schemas` | [house], owners of the app |
//! | GET, PATCH, DELETE | /api/apps/{app}/roles/{role} | one role; change `name schemas`; take it away | [house], owners of the app |
//! | GET | /api/apps/{app}/schemas | schemas with their fields | [seed] |
//! | POST | /api/apps/{app}/schemas | make one, in the form of app files, 201 | [house], owners of the app |
//! | GET | /api/apps/{app}/schemas/{schema} | one schema | [house] |
//! | PATCH | /api/apps/{app}/schemas/{schema} | change `slug name model display_field order unique indexes search` | [house], owners of the app |
//! | DELETE | /api/apps/{app}/schemas/{schema} | delete it with its records | [house], owners of the app |
//! | POST | /api/apps/{app}/schemas/{schema}/duplicate | a copy, 201: `name slug records` | [house], owners of the app |
//! | POST | /api/apps/{app}/schemas/{schema}/fields | add a field, 201 | [house], owners of the app |
//! | PATCH | /api/apps/{app}/schemas/{schema}/fields/{field} | change or rename it; another `type` converts every value | [house], owners of the app |
//! | DELETE | /api/apps/{app}/schemas/{schema}/fields/{field} | delete it with its values | [house], owners of the app |
//! | POST | /api/apps/{app}/schemas/{schema}/fields/{field}/options | add an option, 201 | [house], owners of the app |
//! | PATCH | /api/apps/{app}/schemas/{schema}/fields/{field}/options/{option} | change or rename it: `value label color position` | [house], owners of the app |
//! | DELETE | /api/apps/{app}/schemas/{schema}/fields/{field}/options/{option} | delete it: `replace` | [house], owners of the app |
//! | GET | /api/apps/{app}/schemas/{schema}/records | list: `page per_page sort filter[field]` | [seed] |
//! | | the same with more | `q filter limit offset cursor count fields expand names view` | [house] |
//! | | the same with `Accept: text/csv` or `application/x-ndjson` | the whole list as a file | [house] |
//! | | the same with `explain=1` | how it is found: SQL, plan, rows, time, the index that is missing | [house], admins |
//! | POST | /api/apps/{app}/schemas/{schema}/indexes | make an index, 201 with its job | [house], owners of the app |
//! | DELETE | /api/apps/{app}/schemas/{schema}/indexes/{fields} | take one away: `status.name` | [house], owners of the app |
//! | POST | /api/apps/{app}/schemas/{schema}/records | create, 201; an array creates all: `{"records"}` | [seed], the array [house] |
//! | | the same with `create=schema` | from this machine: makes the table, and the app, if they are not there | [house], admins |
//! | PUT | /api/apps/{app}/schemas/{schema}/records | with `key`: change the record with that value, or create one; or an array | [house] |
//! | PATCH | /api/apps/{app}/schemas/{schema}/records | change an array of records by their `id` | [house] |
//! | | the same with a filter | change all records that it finds: an object, `filter filter[field] max_affected` | [house] |
//! | DELETE | /api/apps/{app}/schemas/{schema}/records | delete `{"ids": […]}` | [house] |
//! | | the same with a filter | delete all records that it finds: `filter filter[field] max_affected` | [house] |
//! | POST | /api/apps/{app}/schemas/{schema}/import | rows as CSV, NDJSON, JSON or XLSX, all or nothing: `key dry_run skip blank_errors sheet` | [house] |
//! | GET | /api/apps/{app}/schemas/{schema}/export | the records as a file: `format ids fields sort view filter filter[field]` | [house] |
//! | GET | /api/apps/{app}/schemas/{schema}/records/{id} | read: `fields expand` | [seed], the two [house] |
//! | | the same with `at` | as it was at a change or a time | [house] |
//! | GET | /api/apps/{app}/schemas/{schema}/records/{id}/history | what happened to it, newest first: `before limit` | [house] |
//! | PUT, PATCH | /api/apps/{app}/schemas/{schema}/records/{id} | change the fields that are sent | [seed] |
//! | DELETE | /api/apps/{app}/schemas/{schema}/records/{id} | delete, 200 | [seed] |
//! | POST | /api/apps/{app}/schemas/{schema}/resequence | put a record behind another by a sequence field: `record after field` | [house] |
//! | POST | /api/batch | several writes of records, all or none: `{"requests": [{"method", "url", "body"}]}`, `"$0.id"` | [house] |
//! | GET | /api/apps/{app}/schemas/{schema}/aggregate | numbers by groups: `group count sum avg min max count_distinct having sort limit view filter` | [house] |
//! | POST | /api/apps/{app}/schemas/{schema}/aggregate | numbers by a pipeline of `match group project sort limit skip lookup` | [house] |
//! | GET | /api/apps/{app}/schemas/{schema}/lookup | records by their name, for pickers: `q limit` | [house] |
//! | GET | /api/apps/{app}/search | words in all tables of an app: `q schemas limit` | [house] |
//! | GET | /api/apps/{app}/schemas/{schema}/views | saved views: shared ones and one's own | [house] |
//! | POST | /api/apps/{app}/schemas/{schema}/views | save one, 201: `name slug kind filter sort fields group options shared` | [house], shared ones owners of the app |
//! | GET | /api/apps/{app}/schemas/{schema}/views/{view} | one, by its slug or number | [house] |
//! | PATCH, DELETE | /api/apps/{app}/schemas/{schema}/views/{view} | change it, with the same keys; take it away | [house], shared ones owners of the app |
//! | GET | /api/openapi.json | this table as an OpenAPI 3.1 document, for everybody | [house] |
//! | GET | /api/apps/{app}/openapi.json | the same for an app, with its tables' fields | [house] |
//! | GET | /api/workspaces | the one workspace of a data file | [house] |
//! | GET | /api/workspaces/{workspace} | the same, alone | [house] |
//! | GET | /api/workspaces/{workspace}/apps | like /api/apps | the product's second page |
//! | GET | /api/workspaces/{workspace}/overview | what a client asks for when it begins, in one answer: `app schema` | [house] |
//! | GET | /api/workspaces/{workspace}/me | who is signed in | [house] |
//! | PATCH | /api/workspaces/{workspace}/me | change one's `name` | [house] |
//! | POST | /api/workspaces/{workspace}/me/password | another password, 204: `current new`; other sessions and JWTs end, tokens stay | [house] |
//! | GET | /api/workspaces/{workspace}/users | people | [house], admins |
//! | POST | /api/workspaces/{workspace}/users | make or invite one, 201: `email name role password` | [house], admins |
//! | GET | /api/workspaces/{workspace}/users/{person} | one | [house], admins |
//! | PATCH | /api/workspaces/{workspace}/users/{person} | change `email name role suspended api_access` | [house], admins |
//! | DELETE | /api/workspaces/{workspace}/users/{person} | take one away | [house], admins |
//! | POST | /api/workspaces/{workspace}/users/{person}/reset | a link to choose a password, 201 | [house], admins |
//! | GET | /api/workspaces/{workspace}/invitations | those that nobody has taken up | [house], admins |
//! | DELETE | /api/workspaces/{workspace}/invitations/{person} | take one back | [house], admins |
//! | POST | /api/workspaces/{workspace}/invitations/accept | choose a password by an invitation, and sign in: `token name password` | [house] |
//! | POST | /api/workspaces/{workspace}/resets/accept | choose another by a reset, and sign in: `token password`; all that let them in before ends, tokens too | [house] |
//! | GET | /api/workspaces/{workspace}/sessions | one's sessions; `user` | [house], another's admins |
//! | DELETE | /api/workspaces/{workspace}/sessions | end all but this one; `user` | [house], another's admins |
//! | DELETE | /api/workspaces/{workspace}/sessions/{session} | end one; `user` | [house], another's admins |
//! | GET | /api/workspaces/{workspace}/tokens | one's tokens; `user` | [house], another's admins |
//! | POST | /api/workspaces/{workspace}/tokens | make one, 201: `kind name apps schemas abilities expires` | [house] |
//! | DELETE | /api/workspaces/{workspace}/tokens/{token} | end one | [house], another's admins |
//! | GET, PATCH | /api/workspaces/{workspace}/settings | `default_app refresh_rotation session_idle_minutes` | [house], admins |
//! | GET | /api/workspaces/{workspace}/roles | the roles of `app` | [house], owners of the app |
//! | GET, POST, DELETE | /api/workspaces/{workspace}/grants | who has which role; give one: `user app role`; take it away | [house], owners of the app |
//! | GET | /api/workspaces/{workspace}/explain | why `user` may do `action` with records of `app` and `schema`, or with `record` | [house], admins, or oneself |
//! | GET | /api/workspaces/{workspace}/jobs | long pieces of work, newest first: all for admins, one's own for others | [house] |
//! | POST | /api/workspaces/{workspace}/jobs | begin one; those with files come from commands, by the control secret | [house] |
//! | GET | /api/workspaces/{workspace}/jobs/{job} | how far it is | [house], admins |
//! | DELETE | /api/workspaces/{workspace}/jobs/{job} | ask it to end, 202 | [house], admins |
//! | POST | /api/workspaces/{workspace}/samples/{sample} | an app that comes with the program, 201 | [house], admins |
//! | GET, POST | /api/workspaces/{workspace}/backups | copies of the data file; make one, 201 with its job | [house], admins |
//! | GET, DELETE | /api/workspaces/{workspace}/backups/{backup} | the file; take it away | [house], admins |
//! | POST | /api/workspaces/{workspace}/backups/{backup}/restore | put it back, 201 with its job | [house], admins |
//! | GET | /api/workspaces/{workspace}/deleted | apps that were deleted | [house], admins |
//! | POST | /api/workspaces/{workspace}/deleted/{change}/restore | bring one back, with everything | [house], admins |
//! | POST | /api/workspaces/{workspace}/rows | what is in a file of rows, as data; nothing is kept: `sheet` | [house] |
//! | GET | /api/workspaces/{workspace}/dialects | the dialects as data | [house] |
//! | POST | /api/workspaces/{workspace}/try | answer a request of any dialect here: `dialect as request` | [house] |
//! | GET | /api/apps/{app}/postman/{dialect} | an app in a dialect as a collection for Postman | [house] |
//!
//! Each has an entry in `docs/entries`, from which the documents are made; the page at /api/docs, which shows them, is `server/assets`.
//! Every path under /api also answers under /v1 [seed: both stand there], with and without a trailing slash, never by a redirect.
//!
//! Every write of records, apps, tables, fields, options and views takes `dry_run=true`: all is checked and done and taken back; the same answer with status 200 and `X-Dry-Run: true`.
//! Of many records all are written or none, as one batch of the change log; what is wrong is told with its zero-based `index`.
//!
//! One record has an `ETag`, `"7-3"`: its own version and its table's. `If-None-Match` on GET: 304. `If-Match` on GET, PUT, PATCH, DELETE: 412 with
//! the `record` as it is now beside the `error`.
//!
//! `Idempotency-Key` on POST, PATCH of records and PUT of one, on moves by a sequence and on batches: sent again within a day, the same answer, `Idempotency-Replayed: true`.
//!
//! `X-Carryall-Tab: t-4f2a` on a write names the page's tab; it stands with the change, so that a tab can take back its own last one.
//!
//! Headers of ours: `X-Request-Id` on every answer; `X-Clamped: per_page=100` when more was asked; `X-Ignored` names keys that have no
//! say in a body (`id`, stamps: clients send back what they read); `X-Warning` says of a password that is short that it will do on this machine only;
//! `Retry-After` with 429 and 503.
//!
//! Any credential lets in: the session's cookie, a personal token, a pair of key and secret, a JWT of another dialect. A header goes before the cookie,
//! and one that is not good is 401. After some failed sign-ins of one account or from one address a further failure is 429; a right password is let in.
//!
//! Known differences: a bad `page` or `per_page` is 400 instead of being guessed; several problems are told at once in `details`.

mod about;
mod app_files;
mod apps;
mod asked;
mod backups;
mod batch;
mod bulk;
mod by_filter;
mod changes;
mod checkpoints;
mod collection;
mod dialects;
mod docs;
mod error;
mod exports;
mod fields;
mod history;
mod imports;
mod invitations;
mod jobs;
mod lists;
mod me;
mod numbers;
mod once;
mod options;
mod overview;
mod records;
mod resequence;
mod roles;
mod rows;
mod samples;
mod schemas;
mod search;
mod session;
mod sessions;
mod settings;
mod tokens;
mod tries;
mod undo;
mod users;
mod views;
mod workspace;

use super::contract::{BodyMax, Dialect, Pool, Route, delete, get, patch, post, put};
use crate::model::limits::DialectLimits;

pub const HOUSE: Dialect = Dialect {
    id: "house",
    routes: &ROUTES,
    roots: &[],
    render_error: error::render,
    limits: LIMITS,
    about: about::ABOUT,
    open: None,
    gate: None,
};

/// AppBuilder: `per_page` 50, at most 100. Of bodies it says nothing; these are what the server takes.
const LIMITS: DialectLimits = DialectLimits {
    page_rows_default: 50,
    page_rows_max: 100,
    body_bytes_max: 1024 * 1024,
    records_body_bytes_max: 32 * 1024 * 1024,
    records_sent_max: 50_000,
    rows_body_bytes_max: 64 * 1024 * 1024,
};

const ROUTES: [Route; 113] = [
    Route { query: Some(&["next"]), ..get("/auth/login", Pool::Reads, session::form) },
    Route { query: Some(&["next"]), body: BodyMax::Guest, ..post("/auth/login", Pool::Hash, session::login) },
    get("/auth/logout", Pool::Writes, session::logout),
    Route { body: BodyMax::Guest, ..post("/auth/logout", Pool::Writes, session::logout) },
    Route { body: BodyMax::Guest, ..post("/auth/link", Pool::Writes, session::link) },
    Route { body: BodyMax::Guest, ..post("/auth/start", Pool::Hash, session::start) },
    get("/api/apps", Pool::Reads, apps::list),
    rehearsable(post("/api/apps", Pool::Slow, apps::create)),
    get("/api/apps/{app}", Pool::Reads, apps::read),
    rehearsable(patch("/api/apps/{app}", Pool::Slow, apps::update)),
    rehearsable(delete("/api/apps/{app}", Pool::Slow, apps::delete)),
    rehearsable(post("/api/apps/{app}/duplicate", Pool::Slow, apps::duplicate)),
    Route { query: Some(&["records"]), ..get("/api/apps/{app}/app-file", Pool::Slow, app_files::read) },
    Route { query: Some(&["dry_run", "prune"]), body: BodyMax::Records, ..put("/api/apps/{app}/app-file", Pool::Slow, app_files::apply) },
    Route { query: Some(&history::ASKED), waits: true, ..get("/api/apps/{app}/changes", Pool::Reads, changes::list) },
    get("/api/apps/{app}/changes/{change}", Pool::Reads, history::read),
    rehearsable(post("/api/apps/{app}/changes/{change}/undo", Pool::Slow, undo::undo)),
    rehearsable(post("/api/apps/{app}/changes/{change}/redo", Pool::Slow, undo::redo)),
    Route { query: Some(&["table", "before", "limit"]), ..get("/api/apps/{app}/deleted", Pool::Reads, history::deleted) },
    get("/api/apps/{app}/checkpoints", Pool::Reads, checkpoints::list),
    post("/api/apps/{app}/checkpoints", Pool::Writes, checkpoints::create),
    delete("/api/apps/{app}/checkpoints/{checkpoint}", Pool::Writes, checkpoints::delete),
    rehearsable(post("/api/apps/{app}/checkpoints/{checkpoint}/return", Pool::Slow, undo::back)),
    get("/api/apps/{app}/roles", Pool::Reads, roles::list),
    post("/api/apps/{app}/roles", Pool::Writes, roles::create),
    get("/api/apps/{app}/roles/{role}", Pool::Reads, roles::read),
    patch("/api/apps/{app}/roles/{role}", Pool::Writes, roles::update),
    delete("/api/apps/{app}/roles/{role}", Pool::Writes, roles::delete),
    get("/api/apps/{app}/schemas", Pool::Reads, schemas::list),
    rehearsable(post("/api/apps/{app}/schemas", Pool::Slow, schemas::create)),
    get("/api/apps/{app}/schemas/{schema}", Pool::Reads, schemas::read),
    rehearsable(patch("/api/apps/{app}/schemas/{schema}", Pool::Slow, schemas::update)),
    rehearsable(delete("/api/apps/{app}/schemas/{schema}", Pool::Slow, schemas::delete)),
    rehearsable(post("/api/apps/{app}/schemas/{schema}/duplicate", Pool::Slow, schemas::duplicate)),
    rehearsable(post("/api/apps/{app}/schemas/{schema}/fields", Pool::Slow, fields::create)),
    rehearsable(patch("/api/apps/{app}/schemas/{schema}/fields/{field}", Pool::Slow, fields::update)),
    rehearsable(delete("/api/apps/{app}/schemas/{schema}/fields/{field}", Pool::Slow, fields::delete)),
    rehearsable(post("/api/apps/{app}/schemas/{schema}/fields/{field}/options", Pool::Slow, options::create)),
    rehearsable(patch("/api/apps/{app}/schemas/{schema}/fields/{field}/options/{option}", Pool::Slow, options::update)),
    Route {
        query: Some(&["dry_run", "replace"]),
        ..delete("/api/apps/{app}/schemas/{schema}/fields/{field}/options/{option}", Pool::Slow, options::delete)
    },
    post("/api/apps/{app}/schemas/{schema}/indexes", Pool::Slow, schemas::add_index),
    delete("/api/apps/{app}/schemas/{schema}/indexes/{fields}", Pool::Writes, schemas::drop_index),
    Route { query: None, has_files: true, ..get("/api/apps/{app}/schemas/{schema}/records", Pool::Reads, lists::list) },
    Route {
        query: Some(&["dry_run", "create"]),
        body: BodyMax::Records,
        ..post("/api/apps/{app}/schemas/{schema}/records", Pool::Writes, bulk::create)
    },
    Route {
        query: Some(&["dry_run", "key"]),
        body: BodyMax::Records,
        ..put("/api/apps/{app}/schemas/{schema}/records", Pool::Writes, bulk::upsert)
    },
    Route { query: None, body: BodyMax::Records, ..patch("/api/apps/{app}/schemas/{schema}/records", Pool::Writes, bulk::update) },
    Route { query: None, ..delete("/api/apps/{app}/schemas/{schema}/records", Pool::Writes, bulk::delete) },
    Route {
        query: Some(&["key", "dry_run", "skip", "blank_errors", "sheet"]),
        body: BodyMax::Rows,
        ..post("/api/apps/{app}/schemas/{schema}/import", Pool::Slow, imports::rows)
    },
    Route { query: None, ..get("/api/apps/{app}/schemas/{schema}/export", Pool::Slow, exports::rows) },
    Route { query: Some(&["fields", "expand", "at"]), ..get("/api/apps/{app}/schemas/{schema}/records/{id}", Pool::Reads, records::read) },
    Route {
        query: Some(&["before", "limit"]),
        ..get("/api/apps/{app}/schemas/{schema}/records/{id}/history", Pool::Reads, history::of_record)
    },
    Route { query: Some(&["dry_run"]), ..put("/api/apps/{app}/schemas/{schema}/records/{id}", Pool::Writes, records::update) },
    Route { query: Some(&["dry_run"]), ..patch("/api/apps/{app}/schemas/{schema}/records/{id}", Pool::Writes, records::update) },
    Route { query: Some(&["dry_run"]), ..delete("/api/apps/{app}/schemas/{schema}/records/{id}", Pool::Writes, records::delete) },
    rehearsable(post("/api/apps/{app}/schemas/{schema}/resequence", Pool::Writes, resequence::run)),
    rehearsable(post("/api/batch", Pool::Writes, batch::run)),
    Route { query: None, ..get("/api/apps/{app}/schemas/{schema}/aggregate", Pool::Slow, numbers::by_group) },
    post("/api/apps/{app}/schemas/{schema}/aggregate", Pool::Slow, numbers::by_pipeline),
    Route { query: Some(&["q", "limit"]), ..get("/api/apps/{app}/schemas/{schema}/lookup", Pool::Reads, search::look_up) },
    Route { query: Some(&["q", "schemas", "limit"]), ..get("/api/apps/{app}/search", Pool::Reads, search::app) },
    get("/api/apps/{app}/schemas/{schema}/views", Pool::Reads, views::list),
    rehearsable(post("/api/apps/{app}/schemas/{schema}/views", Pool::Writes, views::create)),
    get("/api/apps/{app}/schemas/{schema}/views/{view}", Pool::Reads, views::read),
    rehearsable(patch("/api/apps/{app}/schemas/{schema}/views/{view}", Pool::Writes, views::update)),
    rehearsable(delete("/api/apps/{app}/schemas/{schema}/views/{view}", Pool::Writes, views::delete)),
    get("/api/openapi.json", Pool::Reads, docs::server),
    get("/api/apps/{app}/openapi.json", Pool::Slow, docs::app),
    get("/api/workspaces", Pool::Reads, workspace::list),
    get("/api/workspaces/{workspace}", Pool::Reads, workspace::read),
    get("/api/workspaces/{workspace}/apps", Pool::Reads, workspace::apps),
    Route { query: Some(&["app", "schema"]), ..get("/api/workspaces/{workspace}/overview", Pool::Reads, overview::read) },
    get("/api/workspaces/{workspace}/me", Pool::Reads, me::read),
    patch("/api/workspaces/{workspace}/me", Pool::Writes, me::update),
    Route { body: BodyMax::Guest, ..post("/api/workspaces/{workspace}/me/password", Pool::Hash, me::password) },
    get("/api/workspaces/{workspace}/users", Pool::Reads, users::list),
    Route { body: BodyMax::Guest, ..post("/api/workspaces/{workspace}/users", Pool::Hash, users::create) },
    get("/api/workspaces/{workspace}/users/{person}", Pool::Reads, users::read),
    patch("/api/workspaces/{workspace}/users/{person}", Pool::Writes, users::update),
    delete("/api/workspaces/{workspace}/users/{person}", Pool::Writes, users::delete),
    post("/api/workspaces/{workspace}/users/{person}/reset", Pool::Writes, users::reset),
    get("/api/workspaces/{workspace}/invitations", Pool::Reads, invitations::list),
    delete("/api/workspaces/{workspace}/invitations/{person}", Pool::Writes, invitations::revoke),
    Route { body: BodyMax::Guest, ..post("/api/workspaces/{workspace}/invitations/accept", Pool::Hash, invitations::accept) },
    Route { body: BodyMax::Guest, ..post("/api/workspaces/{workspace}/resets/accept", Pool::Hash, invitations::accept_reset) },
    Route { query: Some(&["user"]), ..get("/api/workspaces/{workspace}/sessions", Pool::Reads, sessions::list) },
    Route { query: Some(&["user"]), ..delete("/api/workspaces/{workspace}/sessions", Pool::Writes, sessions::end_others) },
    Route { query: Some(&["user"]), ..delete("/api/workspaces/{workspace}/sessions/{session}", Pool::Writes, sessions::end) },
    Route { query: Some(&["user"]), ..get("/api/workspaces/{workspace}/tokens", Pool::Reads, tokens::list) },
    post("/api/workspaces/{workspace}/tokens", Pool::Writes, tokens::create),
    delete("/api/workspaces/{workspace}/tokens/{token}", Pool::Writes, tokens::delete),
    get("/api/workspaces/{workspace}/settings", Pool::Reads, settings::read),
    patch("/api/workspaces/{workspace}/settings", Pool::Writes, settings::update),
    Route { query: Some(&["app"]), ..get("/api/workspaces/{workspace}/roles", Pool::Reads, roles::of_app) },
    Route { query: Some(&["app", "user"]), ..get("/api/workspaces/{workspace}/grants", Pool::Reads, roles::grants) },
    post("/api/workspaces/{workspace}/grants", Pool::Writes, roles::grant),
    Route { query: Some(&["app", "user"]), ..delete("/api/workspaces/{workspace}/grants", Pool::Writes, roles::revoke) },
    Route {
        query: Some(&["app", "schema", "action", "user", "record"]),
        ..get("/api/workspaces/{workspace}/explain", Pool::Reads, roles::explain)
    },
    post("/api/workspaces/{workspace}/jobs", Pool::Slow, jobs::start),
    get("/api/workspaces/{workspace}/jobs", Pool::Reads, jobs::list),
    get("/api/workspaces/{workspace}/jobs/{job}", Pool::Reads, jobs::read),
    delete("/api/workspaces/{workspace}/jobs/{job}", Pool::Reads, jobs::cancel),
    post("/api/workspaces/{workspace}/samples/{sample}", Pool::Slow, samples::make),
    get("/api/workspaces/{workspace}/backups", Pool::Reads, backups::list),
    post("/api/workspaces/{workspace}/backups", Pool::Slow, backups::make),
    get("/api/workspaces/{workspace}/backups/{backup}", Pool::Slow, backups::download),
    delete("/api/workspaces/{workspace}/backups/{backup}", Pool::Slow, backups::delete),
    post("/api/workspaces/{workspace}/backups/{backup}/restore", Pool::Slow, backups::restore),
    get("/api/workspaces/{workspace}/deleted", Pool::Reads, history::gone_apps),
    rehearsable(post("/api/workspaces/{workspace}/deleted/{change}/restore", Pool::Slow, undo::app)),
    Route { query: Some(&["sheet"]), body: BodyMax::Rows, ..post("/api/workspaces/{workspace}/rows", Pool::Slow, rows::read) },
    get("/api/workspaces/{workspace}/dialects", Pool::Reads, dialects::list),
    post("/api/workspaces/{workspace}/try", Pool::Slow, tries::run),
    get("/api/apps/{app}/postman/{dialect}", Pool::Reads, dialects::postman),
];

/// Takes `dry_run=true`.
const fn rehearsable(route: Route) -> Route {
    Route { query: Some(&["dry_run"]), ..route }
}
