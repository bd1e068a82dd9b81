//! Who may do what. `world` has the apps and who may see which of their values; here every principal asks by every route, and what they get is compared
//! with a table of the test's own. Masks, rules and narrowed tokens are in `scopes`.

mod dear;
mod scopes;
mod world;

use crate::harness::Harness;
use crate::transcript::Reply;
use carryall::dialect::DIALECTS;
use std::collections::BTreeSet;
use world::{Canary, PRINCIPALS, ask, canaries, leaks, whole, world};

/// What a route takes.
#[derive(Clone, Copy, PartialEq)]
enum Need {
    /// Nothing: it is about nobody's data.
    Open,
    /// A list of what is there for the caller.
    Apps,
    SignedIn,
    Admin,
    /// The app is there for the caller.
    App,
    /// The caller may change it.
    Owner,
    /// The app is named in the query or the body, and the workspace in the path.
    OwnerOfNamed,
    /// The caller may change it, or make it.
    Maker,
    /// May take all of it away as a file.
    AppFile,
    Schema,
    /// The schema is named in the query.
    SchemaOfNamed,
    List,
    Create,
    Upsert,
    Export,
    Read,
    Update,
    UpdateMany,
    Delete,
    DeleteMany,
}

/// One line for every route of the house dialect.
const NEEDS: &[(&str, Need)] = &[
    ("GET /auth/login", Need::Open),
    ("POST /auth/login", Need::Open),
    ("GET /auth/logout", Need::Open),
    ("POST /auth/logout", Need::Open),
    ("POST /auth/link", Need::Open),
    ("POST /auth/start", Need::Open),
    ("GET /api/openapi.json", Need::Open),
    // Each of its requests asks for itself: `batch`.
    ("POST /api/batch", Need::Open),
    ("GET /api/apps", Need::Apps),
    ("POST /api/apps", Need::Admin),
    ("GET /api/apps/{app}", Need::App),
    ("PATCH /api/apps/{app}", Need::Owner),
    ("DELETE /api/apps/{app}", Need::Owner),
    ("POST /api/apps/{app}/duplicate", Need::Admin),
    ("GET /api/apps/{app}/app-file", Need::AppFile),
    ("PUT /api/apps/{app}/app-file", Need::Maker),
    ("GET /api/apps/{app}/changes", Need::Owner),
    ("GET /api/apps/{app}/openapi.json", Need::App),
    ("GET /api/apps/{app}/search", Need::App),
    ("GET /api/apps/{app}/postman/{dialect}", Need::App),
    // What is tried asks for itself: `tries`.
    ("GET /api/workspaces/{workspace}/dialects", Need::SignedIn),
    ("POST /api/workspaces/{workspace}/try", Need::SignedIn),
    // Nothing is kept of it.
    ("POST /api/workspaces/{workspace}/rows", Need::SignedIn),
    ("GET /api/apps/{app}/roles", Need::Owner),
    ("POST /api/apps/{app}/roles", Need::Owner),
    ("GET /api/apps/{app}/roles/{role}", Need::Owner),
    ("PATCH /api/apps/{app}/roles/{role}", Need::Owner),
    ("DELETE /api/apps/{app}/roles/{role}", Need::Owner),
    ("GET /api/apps/{app}/schemas", Need::App),
    ("POST /api/apps/{app}/schemas", Need::Owner),
    ("GET /api/apps/{app}/schemas/{schema}", Need::Schema),
    ("PATCH /api/apps/{app}/schemas/{schema}", Need::Owner),
    ("DELETE /api/apps/{app}/schemas/{schema}", Need::Owner),
    ("POST /api/apps/{app}/schemas/{schema}/duplicate", Need::Owner),
    ("POST /api/apps/{app}/schemas/{schema}/fields", Need::Owner),
    ("PATCH /api/apps/{app}/schemas/{schema}/fields/{field}", Need::Owner),
    ("DELETE /api/apps/{app}/schemas/{schema}/fields/{field}", Need::Owner),
    ("POST /api/apps/{app}/schemas/{schema}/fields/{field}/options", Need::Owner),
    ("PATCH /api/apps/{app}/schemas/{schema}/fields/{field}/options/{option}", Need::Owner),
    ("DELETE /api/apps/{app}/schemas/{schema}/fields/{field}/options/{option}", Need::Owner),
    ("POST /api/apps/{app}/schemas/{schema}/indexes", Need::Owner),
    ("DELETE /api/apps/{app}/schemas/{schema}/indexes/{fields}", Need::Owner),
    ("GET /api/apps/{app}/schemas/{schema}/records", Need::List),
    ("POST /api/apps/{app}/schemas/{schema}/records", Need::Create),
    ("PUT /api/apps/{app}/schemas/{schema}/records", Need::Upsert),
    ("PATCH /api/apps/{app}/schemas/{schema}/records", Need::UpdateMany),
    ("DELETE /api/apps/{app}/schemas/{schema}/records", Need::DeleteMany),
    ("GET /api/apps/{app}/schemas/{schema}/lookup", Need::List),
    ("POST /api/apps/{app}/schemas/{schema}/import", Need::Create),
    ("GET /api/apps/{app}/schemas/{schema}/export", Need::Export),
    ("GET /api/apps/{app}/schemas/{schema}/aggregate", Need::List),
    ("POST /api/apps/{app}/schemas/{schema}/aggregate", Need::List),
    ("GET /api/apps/{app}/schemas/{schema}/records/{id}", Need::Read),
    ("PUT /api/apps/{app}/schemas/{schema}/records/{id}", Need::Update),
    ("PATCH /api/apps/{app}/schemas/{schema}/records/{id}", Need::Update),
    ("DELETE /api/apps/{app}/schemas/{schema}/records/{id}", Need::Delete),
    ("GET /api/workspaces", Need::SignedIn),
    ("GET /api/workspaces/{workspace}", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/apps", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/me", Need::SignedIn),
    ("PATCH /api/workspaces/{workspace}/me", Need::SignedIn),
    ("POST /api/workspaces/{workspace}/me/password", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/users", Need::Admin),
    ("POST /api/workspaces/{workspace}/users", Need::Admin),
    ("GET /api/workspaces/{workspace}/users/{person}", Need::Admin),
    ("PATCH /api/workspaces/{workspace}/users/{person}", Need::Admin),
    ("DELETE /api/workspaces/{workspace}/users/{person}", Need::Admin),
    ("POST /api/workspaces/{workspace}/users/{person}/reset", Need::Admin),
    ("GET /api/workspaces/{workspace}/invitations", Need::Admin),
    ("DELETE /api/workspaces/{workspace}/invitations/{person}", Need::Admin),
    ("POST /api/workspaces/{workspace}/invitations/accept", Need::Open),
    ("POST /api/workspaces/{workspace}/resets/accept", Need::Open),
    ("GET /api/workspaces/{workspace}/sessions", Need::SignedIn),
    ("DELETE /api/workspaces/{workspace}/sessions", Need::SignedIn),
    ("DELETE /api/workspaces/{workspace}/sessions/{session}", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/tokens", Need::SignedIn),
    ("POST /api/workspaces/{workspace}/tokens", Need::SignedIn),
    ("DELETE /api/workspaces/{workspace}/tokens/{token}", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/settings", Need::Admin),
    ("PATCH /api/workspaces/{workspace}/settings", Need::Admin),
    ("GET /api/workspaces/{workspace}/roles", Need::OwnerOfNamed),
    ("GET /api/workspaces/{workspace}/grants", Need::SignedIn),
    ("POST /api/workspaces/{workspace}/grants", Need::OwnerOfNamed),
    ("DELETE /api/workspaces/{workspace}/grants", Need::OwnerOfNamed),
    ("GET /api/workspaces/{workspace}/explain", Need::SchemaOfNamed),
    ("POST /api/workspaces/{workspace}/jobs", Need::Admin),
    ("GET /api/workspaces/{workspace}/jobs", Need::Admin),
    ("GET /api/workspaces/{workspace}/jobs/{job}", Need::Admin),
    ("DELETE /api/workspaces/{workspace}/jobs/{job}", Need::Admin),
    ("POST /api/workspaces/{workspace}/samples/{sample}", Need::Admin),
    ("GET /api/workspaces/{workspace}/backups", Need::Admin),
    ("POST /api/workspaces/{workspace}/backups", Need::Admin),
    ("GET /api/workspaces/{workspace}/backups/{backup}", Need::Admin),
    ("DELETE /api/workspaces/{workspace}/backups/{backup}", Need::Admin),
    ("POST /api/workspaces/{workspace}/backups/{backup}/restore", Need::Admin),
];

/// What a cell must be answered with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    Allow,
    /// As what is not there.
    Hidden,
    Denied,
    SignIn,
    /// Of many records: told as a problem of one, as if it were not there.
    HiddenAmongMany,
}

/// What a request is about.
#[derive(Clone, Copy, Debug)]
struct Place {
    app: &'static str,
    schema: &'static str,
    record: i64,
}

const APPS: [(&str, &[(&str, i64)]); 4] = [
    ("one", &[("deals", 4), ("notes", 1), ("teams", 2), ("vaultzq", 1), ("nosuch", 0)]),
    ("two", &[("things", 1), ("nosuch", 0)]),
    ("open", &[("posts", 2), ("inner", 1), ("nosuch", 0)]),
    ("nowhere", &[("nosuch", 0)]),
];
/// A record that no table has.
const NO_RECORD: i64 = 99;

/// The oracle: who may do what, without a word of the product.
mod oracle {
    use super::{Class, NO_RECORD, Need, Place};

    #[derive(Clone, Copy, PartialEq)]
    pub enum Act {
        List,
        Read,
        Create,
        Update,
        Delete,
        Export,
    }

    fn is_guest(who: &str, app: &str) -> bool {
        match (who, app) {
            ("owner", _) | ("boss" | "editor" | "viewer" | "seller", "one") | ("other", "two") => false,
            (_, app) => app == "open",
        }
    }

    pub fn knows_app(who: &str, app: &str) -> bool {
        app != "nowhere"
            && (who == "owner"
                || is_guest(who, app)
                || matches!((who, app), ("boss" | "editor" | "viewer" | "seller", "one") | ("other", "two")))
    }

    pub fn owns(who: &str, app: &str) -> bool {
        who == "owner" && app != "nowhere" || matches!((who, app), ("boss", "one") | ("other", "two"))
    }

    pub fn knows_schema(who: &str, place: Place) -> bool {
        if place.schema == "nosuch" || !knows_app(who, place.app) {
            return false;
        }
        match (who, place.app) {
            ("seller", "one") => ["deals", "teams", "notes"].contains(&place.schema),
            (who, "open") if is_guest(who, "open") => place.schema == "posts",
            _ => true,
        }
    }

    pub fn may(who: &str, place: Place, act: Act) -> bool {
        if !knows_schema(who, place) {
            return false;
        }
        if owns(who, place.app) {
            return true;
        }
        match (who, place.app) {
            ("editor", "one") => true,
            ("viewer", "one") => matches!(act, Act::List | Act::Read | Act::Export),
            ("seller", "one") => match place.schema {
                "deals" => true,
                "teams" => matches!(act, Act::List | Act::Read),
                _ => matches!(act, Act::List | Act::Read | Act::Create),
            },
            _ => matches!(act, Act::List | Act::Read | Act::Create),
        }
    }

    /// Whether a record is there for somebody.
    pub fn sees(who: &str, place: Place) -> bool {
        place.record != NO_RECORD
            && match (who, place.schema) {
                ("seller", "deals") => place.record != 3,
                ("seller", "teams") => place.record == 1,
                (who, "posts") if is_guest(who, "open") => place.record == 1,
                _ => true,
            }
    }

    fn acts(who: &str, place: Place, act: Act) -> bool {
        match (who, place.schema, act) {
            ("seller", "deals", Act::Update) => matches!(place.record, 1 | 4),
            // The first has a note, which would go, too.
            ("seller", "deals", Act::Delete) => place.record == 4,
            _ => true,
        }
    }

    pub fn class(who: &str, need: Need, place: Place) -> Class {
        // Who is suspended is nobody.
        let who = if who == "gone" { "guest" } else { who };
        let found = answer(who, need, place);
        match found {
            // Whoever is not signed in is told to: hidden or not.
            Class::Hidden | Class::Denied if who == "guest" => {
                let is_record = matches!(need, Need::Read) && may(who, place, Act::Read);
                if is_record { found } else { Class::SignIn }
            }
            other => other,
        }
    }

    fn answer(who: &str, need: Need, place: Place) -> Class {
        let yes = |is_it: bool| if is_it { Class::Allow } else { Class::Denied };
        let schema = |act: Act| match (knows_schema(who, place), may(who, place, act)) {
            (false, _) => Class::Hidden,
            (true, may) => yes(may),
        };
        let record = |act: Act, many: bool| match schema(act) {
            Class::Allow if !sees(who, place) => {
                if many {
                    Class::HiddenAmongMany
                } else {
                    Class::Hidden
                }
            }
            Class::Allow => yes(acts(who, place, act)),
            other => other,
        };
        let app = |is_it: bool| if knows_app(who, place.app) { yes(is_it) } else { Class::Hidden };
        let signed_in = who != "guest";
        match need {
            Need::Open | Need::Apps => Class::Allow,
            Need::SignedIn => yes(signed_in),
            Need::Admin => yes(who == "owner"),
            Need::App => app(true),
            // Asked of the app before the schema is looked for.
            Need::Owner | Need::OwnerOfNamed => app(owns(who, place.app)),
            Need::Maker => yes(owns(who, place.app) || who == "owner"),
            Need::AppFile => app(owns(who, place.app) || matches!((who, place.app), ("editor" | "viewer", "one"))),
            Need::Schema => schema_known(who, place),
            Need::SchemaOfNamed => {
                if signed_in {
                    schema_known(who, place)
                } else {
                    Class::Denied
                }
            }
            Need::List => schema(Act::List),
            Need::Create => schema(Act::Create),
            Need::Export => schema(Act::Export),
            Need::Read => record(Act::Read, false),
            Need::Update => record(Act::Update, false),
            Need::UpdateMany => record(Act::Update, true),
            Need::Delete => record(Act::Delete, false),
            Need::DeleteMany => record(Act::Delete, true),
            Need::Upsert => match (schema(Act::Create), schema(Act::Update)) {
                (Class::Allow, other) | (other, _) => other,
            },
        }
    }

    fn schema_known(who: &str, place: Place) -> Class {
        if knows_schema(who, place) { Class::Allow } else { Class::Hidden }
    }
}

/// A request by a route about a place.
struct Sent {
    method: String,
    url: String,
    kind: &'static str,
    body: String,
}

fn request(route: &str, place: Place) -> Sent {
    let (method, pattern) = route.split_once(' ').unwrap();
    let Place { app, schema, record } = place;
    let mut url = pattern.to_owned();
    let field = match schema {
        "deals" => "stage",
        "teams" => "name",
        "notes" => "text",
        "posts" => "title",
        _ => "word",
    };
    for (name, value) in [
        ("{app}", app),
        ("{schema}", schema),
        ("{id}", &record.to_string()),
        ("{field}", field),
        ("{fields}", field),
        ("{option}", "won"),
        ("{role}", "seller"),
        ("{workspace}", "default"),
        ("{job}", "77"),
        ("{sample}", "nosample"),
        ("{backup}", "nobackup"),
        ("{person}", "77"),
        ("{session}", "nosession"),
        ("{token}", "77"),
    ] {
        url = url.replace(name, value);
    }
    let known =
        DIALECTS.iter().flat_map(|dialect| dialect.routes).find(|known| known.method == method && known.pattern == pattern).unwrap();
    let mut query: Vec<String> = Vec::new();
    // Those that take filters, too, look at their query themselves.
    let takes_filters = matches!(method, "PATCH" | "DELETE") && pattern.ends_with("/records");
    if takes_filters || known.query.is_some_and(|names| names.contains(&"dry_run")) {
        query.push("dry_run=true".to_owned());
    }
    let values = match schema {
        "deals" => r#""title": "new", "owner": 2"#,
        "teams" => r#""name": "new""#,
        "notes" => r#""text": "new""#,
        "posts" => r#""title": "new", "public": false"#,
        _ => r#""word": "new""#,
    };
    let (key, text) = match schema {
        "deals" => ("title", "zq-deals-1-title"),
        "teams" => ("name", "new"),
        "notes" => ("text", "new"),
        "posts" => ("title", "new"),
        _ => ("word", "new"),
    };
    let mut kind = "application/json";
    let body = match route.split_once("/{schema}").map_or(route, |(_, rest)| rest) {
        "/aggregate" if method == "POST" => r#"{"pipeline": [{"group": {"by": ["id"], "values": {"n": "count()"}}}]}"#.to_owned(),
        "/records" if method == "POST" => format!("{{{values}}}"),
        "/records" if method == "PUT" => {
            query.push(format!("key={key}"));
            format!("{{\"{key}\": \"{text}\"}}")
        }
        "/records" if method == "PATCH" => format!("[{{\"id\": {record}, \"{key}\": \"changed\"}}]"),
        "/records" if method == "DELETE" => format!("{{\"ids\": [{record}]}}"),
        "/records/{id}" if method != "DELETE" => format!("{{\"{key}\": \"changed\"}}"),
        "/import" => {
            kind = "text/csv";
            let (head, row) = if schema == "deals" { ("title,owner", "new,2") } else { (key, "new") };
            format!("{head}\n{row}\n")
        }
        "/fields" => r#"{"slug": "fresh", "type": "text"}"#.to_owned(),
        "/fields/{field}" => r#"{"name": "Another"}"#.to_owned(),
        "/fields/{field}/options" => r#"{"value": "lost"}"#.to_owned(),
        "/fields/{field}/options/{option}" if method == "PATCH" => r#"{"label": "Won!"}"#.to_owned(),
        "/indexes" => format!("{{\"fields\": [\"{field}\"]}}"),
        "" if method == "PATCH" => r#"{"name": "Another"}"#.to_owned(),
        "POST /api/apps" => r#"{"name": "Fresh"}"#.to_owned(),
        "PATCH /api/apps/{app}" => r#"{"name": "Another"}"#.to_owned(),
        "PUT /api/apps/{app}/app-file" => format!("{{\"carryall\": 1, \"app\": {{\"slug\": \"{app}\"}}}}"),
        "POST /api/apps/{app}/schemas" => r#"{"slug": "fresh"}"#.to_owned(),
        "POST /api/apps/{app}/roles" => r#"{"slug": "fresh"}"#.to_owned(),
        "PATCH /api/apps/{app}/roles/{role}" => r#"{"name": "Another"}"#.to_owned(),
        "POST /api/workspaces/{workspace}/grants" => {
            format!("{{\"user\": \"nobody@example.com\", \"app\": \"{app}\", \"role\": \"viewer\"}}")
        }
        "POST /api/workspaces/{workspace}/users" => r#"{"email": "no address"}"#.to_owned(),
        "PATCH /api/workspaces/{workspace}/users/{person}" => r#"{"name": "Another"}"#.to_owned(),
        "PATCH /api/workspaces/{workspace}/settings" => r#"{"refresh_rotation": false}"#.to_owned(),
        "POST /api/workspaces/{workspace}/jobs" => r#"{"kind": "check"}"#.to_owned(),
        _ => String::new(),
    };
    match route {
        "GET /api/apps/{app}/changes" => query.push("since=0".to_owned()),
        "GET /api/apps/{app}/app-file" => query.push("records=true".to_owned()),
        // Every canary begins so.
        "GET /api/apps/{app}/search" | "GET /api/apps/{app}/schemas/{schema}/lookup" => query.push("q=zq&limit=100".to_owned()),
        "GET /api/workspaces/{workspace}/roles" => query.push(format!("app={app}")),
        "DELETE /api/workspaces/{workspace}/grants" => query.push(format!("app={app}&user=viewer@example.com")),
        "GET /api/workspaces/{workspace}/explain" => query.push(format!("app={app}&schema={schema}&action=read&record={record}")),
        _ => {}
    }
    if !query.is_empty() {
        url = format!("{url}?{}", query.join("&"));
    }
    Sent { method: method.to_owned(), url, kind, body }
}

/// The places that matter to a route.
fn places(route: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (app, schemas) in APPS {
        for (schema, rows) in schemas {
            let records: Vec<i64> =
                if route.contains("{id}") || route.ends_with("/records") { (1..=*rows).chain([NO_RECORD]).collect() } else { vec![1] };
            for record in records {
                found.push(Place { app, schema, record });
            }
            if !route.contains("{schema}") && !route.contains("explain") {
                break;
            }
        }
        if !route.contains("{app}") && !route.contains("grants") && !route.contains("/roles") && !route.contains("explain") {
            break;
        }
    }
    found
}

/// Where an answer is not what it must be.
fn verdict(class: Class, reply: &Reply) -> Result<(), String> {
    let fits = match class {
        // What nobody may be told apart from what is wrong with the request: it came through.
        Class::Allow => !matches!(reply.status, 401 | 403) && reply.status < 500,
        Class::Hidden => reply.status == 404,
        Class::Denied => reply.status == 403,
        Class::SignIn => reply.status == 401,
        Class::HiddenAmongMany => reply.status == 400 && String::from_utf8_lossy(&reply.body).contains("There is no record"),
    };
    if fits { Ok(()) } else { Err(format!("{class:?} is wanted, and this is {}: {}", reply.status, String::from_utf8_lossy(&reply.body))) }
}

/// All rows of all tables, in order.
fn dump(path: &std::path::Path) -> String {
    let file = rusqlite::Connection::open(path).unwrap();
    let mut names = file.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut text = String::new();
    for name in names {
        let mut rows = file.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let width = rows.column_count();
        let mut rows = rows.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..width).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            text.push_str(&format!("{name}: {}\n", cells.join(" ")));
        }
    }
    text
}

/// What makes an answer that is allowed change the world, or take long, though nothing is rehearsed.
fn changes(route: &str) -> bool {
    let always = ["/auth/", "/jobs", "/samples", "/backups", "/indexes"];
    let unrehearsed = (route.contains("/roles") || route.contains("/grants")) && !route.starts_with("GET");
    unrehearsed || always.iter().any(|part| route.contains(part))
}

/// What goes on after its answer, or signs somebody out: that it is allowed is seen elsewhere.
fn is_a_job(route: &str) -> bool {
    !route.starts_with("GET")
        && ["/auth/", "/jobs", "/samples", "/backups", "POST /api/apps/{app}/schemas/{schema}/indexes"]
            .iter()
            .any(|part| route.contains(part))
}

#[test]
fn every_route_has_a_line_in_the_table_of_needs() {
    let house = DIALECTS.iter().find(|dialect| dialect.id == "house").unwrap();
    let routes: BTreeSet<String> = house.routes.iter().map(|route| format!("{} {}", route.method, route.pattern)).collect();
    let told: BTreeSet<String> = NEEDS.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(routes, told, "say in NEEDS who may use a new route");
    assert_eq!(told.len(), NEEDS.len());
}

#[test]
fn every_principal_gets_by_every_route_what_the_table_says_and_nothing_more() {
    let (canaries, mut world) = (canaries(), world());
    let (mut before, mut wrong, mut cells) = (dump(world.ctx.store.path()), Vec::new(), 0);
    for (route, need) in NEEDS {
        for place in places(route) {
            for who in PRINCIPALS {
                let class = oracle::class(who, *need, place);
                let sent = request(route, place);
                if class == Class::Allow && is_a_job(route) {
                    continue;
                }
                let reply = ask(&world, who, &sent.method, &sent.url, sent.kind, &sent.body);
                cells += 1;
                let mut told = |what: String| wrong.push(format!("{who}: {} {} {}\n    {what}", sent.method, sent.url, sent.body));
                if let Err(what) = verdict(class, &reply) {
                    told(what);
                }
                let leaked = leaks(&canaries, who, &format!("{}{}", sent.url, sent.body), &whole(&reply));
                if !leaked.is_empty() {
                    told(format!("leaks {leaked:?}: {}", whole(&reply)));
                }
                let after = dump(world.ctx.store.path());
                if after != before {
                    if class != Class::Allow || !changes(route) {
                        told("the file has changed".to_owned());
                    }
                    world = self::world();
                    before = dump(world.ctx.store.path());
                }
            }
        }
    }
    assert!(cells > 1_500, "{cells}");
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n  {}", wrong.len(), wrong.join("\n  "));
}

/// The same question about what is hidden and about what never was: the answers differ in the name that was asked for, and in nothing else.
#[test]
fn what_is_hidden_is_answered_like_what_is_not_there() {
    let world = world();
    let mut compared = 0;
    for (route, need) in NEEDS {
        for place in places(route) {
            for who in PRINCIPALS {
                if !matches!(oracle::class(who, *need, place), Class::Hidden | Class::HiddenAmongMany) {
                    continue;
                }
                let is_record = oracle::knows_schema(who, place);
                let other = if is_record {
                    Place { record: NO_RECORD, ..place }
                } else if oracle::knows_app(who, place.app) {
                    Place { schema: "nosuch", ..place }
                } else {
                    Place { app: "nowhere", ..place }
                };
                let answers = [place, other].map(|place| {
                    let sent = request(route, place);
                    let reply = ask(&world, who, &sent.method, &sent.url, sent.kind, &sent.body);
                    let mut text = whole(&reply);
                    for name in [
                        format!("rec_{}", place.record),
                        format!("'{}'", place.record),
                        format!("'{}'", place.app),
                        format!("'{}'", place.schema),
                    ] {
                        text = text.replace(&name, "IT");
                    }
                    (reply.status, text)
                });
                assert_eq!(answers[0], answers[1], "{who} {route} {place:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

/// A proof that the matrix can fail: the answers that an admin gets, taken for everybody's, are found out wherever they are more than somebody may have.
#[test]
fn a_check_that_was_dropped_would_be_found() {
    let (canaries, world) = (canaries(), world());
    for (route, need) in NEEDS.iter().filter(|(route, need)| *need != Need::Open && !changes(route)) {
        let mut found = 0;
        for place in places(route) {
            let sent = request(route, place);
            let reply = ask(&world, "owner", &sent.method, &sent.url, sent.kind, &sent.body);
            for who in PRINCIPALS.into_iter().filter(|who| *who != "owner") {
                let is_wrong = verdict(oracle::class(who, *need, place), &reply).is_err();
                let leaks = leaks(&canaries, who, &sent.url, &whole(&reply));
                found += usize::from(is_wrong || !leaks.is_empty());
            }
        }
        assert!(found > 0, "{route} could lose its check unseen");
    }
}

/// Of the canaries every one is met by somebody who may see it: otherwise their absence would prove nothing.
#[test]
fn every_canary_sings() {
    let world = world();
    let mut sung = whole(&ask(&world, "owner", "GET", "/api/apps", "", ""));
    for (app, schemas) in APPS {
        sung += &whole(&ask(&world, "owner", "GET", &format!("/api/apps/{app}/app-file?records=true"), "", ""));
        for (schema, _) in schemas {
            sung += &whole(&ask(&world, "owner", "GET", &format!("/api/apps/{app}/schemas/{schema}/records"), "", ""));
        }
    }
    let silent: Vec<&str> = canaries_of(&sung);
    assert_eq!(silent, Vec::<&str>::new());
}

fn canaries_of(text: &str) -> Vec<&'static str> {
    let all: Vec<Canary> = canaries();
    all.into_iter().filter(|canary| !text.contains(&canary.text)).map(|canary| &*canary.text.leak()).collect()
}

/// Whoever's role is changed has the new one with the next request, wherever they are.
pub fn give(world: &Harness, user: &str, app: &str, role: &str) {
    let body = format!("{{\"user\": \"{user}@example.com\", \"app\": \"{app}\", \"role\": \"{role}\"}}");
    let (status, answer) = world.ask("POST", "/api/workspaces/default/grants", &body);
    assert_eq!(status, 200, "{answer}");
}
