//! The house dialect: what each of its routes needs, and a request by it about a place.

use super::oracle::{APPS, Class, NO_RECORD, Need, Place};
use super::{Sent, Tongue};
use crate::transcript::Reply;
use carryall::dialect::DIALECTS;
use serde_json::Value;

pub const HOUSE: Tongue = Tongue { id: "house", needs: NEEDS, places, request, refuses, changes, goes_on };

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
    ("GET /api/apps/{app}/changes/{change}", Need::Log),
    ("POST /api/apps/{app}/changes/{change}/undo", Need::Log),
    ("POST /api/apps/{app}/changes/{change}/redo", Need::Log),
    ("GET /api/apps/{app}/deleted", Need::Log),
    ("GET /api/apps/{app}/checkpoints", Need::Owner),
    ("POST /api/apps/{app}/checkpoints", Need::Owner),
    ("DELETE /api/apps/{app}/checkpoints/{checkpoint}", Need::Owner),
    ("POST /api/apps/{app}/checkpoints/{checkpoint}/return", Need::Owner),
    ("GET /api/apps/{app}/schemas/{schema}/records/{id}/history", Need::LogOfRecord),
    ("GET /api/workspaces/{workspace}/deleted", Need::Admin),
    ("POST /api/workspaces/{workspace}/deleted/{change}/restore", Need::Admin),
    ("GET /api/apps/{app}/openapi.json", Need::App),
    ("GET /api/apps/{app}/search", Need::App),
    ("GET /api/apps/{app}/postman/{dialect}", Need::App),
    // What is tried asks for itself: `tries`.
    ("GET /api/workspaces/{workspace}/dialects", Need::SignedIn),
    ("POST /api/workspaces/{workspace}/try", Need::SignedIn),
    // Nothing is kept of it.
    ("POST /api/workspaces/{workspace}/rows", Need::SignedIn),
    ("GET /api/apps/{app}/roles", Need::Owner),
    ("POST /api/apps/{app}/roles", Need::OwnerOfRoles),
    ("GET /api/apps/{app}/roles/{role}", Need::Owner),
    ("PATCH /api/apps/{app}/roles/{role}", Need::OwnerOfRoles),
    ("DELETE /api/apps/{app}/roles/{role}", Need::OwnerOfRoles),
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
    ("POST /api/apps/{app}/schemas/{schema}/resequence", Need::UpdateMany),
    ("GET /api/apps/{app}/schemas/{schema}/lookup", Need::List),
    ("POST /api/apps/{app}/schemas/{schema}/import", Need::Create),
    ("GET /api/apps/{app}/schemas/{schema}/export", Need::Export),
    ("GET /api/apps/{app}/schemas/{schema}/aggregate", Need::List),
    ("POST /api/apps/{app}/schemas/{schema}/aggregate", Need::List),
    ("GET /api/apps/{app}/schemas/{schema}/records/{id}", Need::Read),
    ("PUT /api/apps/{app}/schemas/{schema}/records/{id}", Need::Update),
    ("PATCH /api/apps/{app}/schemas/{schema}/records/{id}", Need::Update),
    ("DELETE /api/apps/{app}/schemas/{schema}/records/{id}", Need::Delete),
    ("GET /api/apps/{app}/schemas/{schema}/views", Need::List),
    // One that all share; of one's own, and of those that are there: `views`.
    ("POST /api/apps/{app}/schemas/{schema}/views", Need::Owner),
    ("GET /api/apps/{app}/schemas/{schema}/views/{view}", Need::List),
    ("PATCH /api/apps/{app}/schemas/{schema}/views/{view}", Need::List),
    ("DELETE /api/apps/{app}/schemas/{schema}/views/{view}", Need::List),
    ("GET /api/workspaces", Need::SignedIn),
    ("GET /api/workspaces/{workspace}", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/apps", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/overview", Need::SchemaOfNamed),
    ("GET /api/workspaces/{workspace}/me", Need::SignedIn),
    ("PATCH /api/workspaces/{workspace}/me", Need::Oneself),
    ("POST /api/workspaces/{workspace}/me/password", Need::Oneself),
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
    ("GET /api/workspaces/{workspace}/sessions", Need::Oneself),
    ("DELETE /api/workspaces/{workspace}/sessions", Need::Oneself),
    ("DELETE /api/workspaces/{workspace}/sessions/{session}", Need::Oneself),
    ("GET /api/workspaces/{workspace}/tokens", Need::Oneself),
    ("POST /api/workspaces/{workspace}/tokens", Need::TokenMaker),
    ("DELETE /api/workspaces/{workspace}/tokens/{token}", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/settings", Need::Admin),
    ("PATCH /api/workspaces/{workspace}/settings", Need::Admin),
    ("GET /api/workspaces/{workspace}/roles", Need::Owner),
    ("GET /api/workspaces/{workspace}/grants", Need::SignedIn),
    ("POST /api/workspaces/{workspace}/grants", Need::OwnerOfRoles),
    ("DELETE /api/workspaces/{workspace}/grants", Need::OwnerOfRoles),
    ("GET /api/workspaces/{workspace}/explain", Need::SchemaOfNamed),
    ("POST /api/workspaces/{workspace}/jobs", Need::Admin),
    ("GET /api/workspaces/{workspace}/jobs", Need::SignedIn),
    ("GET /api/workspaces/{workspace}/jobs/{job}", Need::Admin),
    ("DELETE /api/workspaces/{workspace}/jobs/{job}", Need::Admin),
    ("POST /api/workspaces/{workspace}/samples/{sample}", Need::Admin),
    ("GET /api/workspaces/{workspace}/backups", Need::Admin),
    ("POST /api/workspaces/{workspace}/backups", Need::Admin),
    ("GET /api/workspaces/{workspace}/backups/{backup}", Need::Admin),
    ("DELETE /api/workspaces/{workspace}/backups/{backup}", Need::Admin),
    ("POST /api/workspaces/{workspace}/backups/{backup}/restore", Need::Admin),
];

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
        ("{change}", "7777"),
        ("{checkpoint}", "77"),
        ("{view}", "noview"),
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
        // Past no record that the caller may see and not change.
        "/resequence" => match (schema, record) {
            (_, 1) => r#"{"record": 1, "after": null}"#.to_owned(),
            ("deals", 4) => r#"{"record": 4, "after": 2}"#.to_owned(),
            (_, NO_RECORD) => format!("{{\"record\": {record}, \"after\": 1}}"),
            _ => format!("{{\"record\": {record}, \"after\": {}}}", record - 1),
        },
        "/import" => {
            kind = "text/csv";
            let (head, row) = if schema == "deals" { ("title,owner", "new,2") } else { (key, "new") };
            format!("{head}\n{row}\n")
        }
        "POST /api/workspaces/{workspace}/rows" => {
            kind = "text/csv";
            "name\nnew\n".to_owned()
        }
        "/fields" => r#"{"slug": "fresh", "type": "text"}"#.to_owned(),
        "/fields/{field}" => r#"{"name": "Another"}"#.to_owned(),
        "/fields/{field}/options" => r#"{"value": "lost"}"#.to_owned(),
        "/fields/{field}/options/{option}" if method == "PATCH" => r#"{"label": "Won!"}"#.to_owned(),
        "/views" if method == "POST" => r#"{"name": "Fresh", "shared": true}"#.to_owned(),
        "/views/{view}" if method == "PATCH" => r#"{"name": "Another"}"#.to_owned(),
        "/indexes" => format!("{{\"fields\": [\"{field}\"]}}"),
        "" if method == "PATCH" => r#"{"name": "Another"}"#.to_owned(),
        "POST /api/apps" => r#"{"name": "Fresh"}"#.to_owned(),
        "PATCH /api/apps/{app}" => r#"{"name": "Another"}"#.to_owned(),
        "PUT /api/apps/{app}/app-file" => format!("{{\"carryall\": 1, \"app\": {{\"slug\": \"{app}\"}}}}"),
        "POST /api/apps/{app}/schemas" => r#"{"slug": "fresh"}"#.to_owned(),
        "POST /api/apps/{app}/checkpoints" => r#"{"name": "now"}"#.to_owned(),
        "POST /api/apps/{app}/roles" => r#"{"slug": "fresh"}"#.to_owned(),
        "PATCH /api/apps/{app}/roles/{role}" => r#"{"name": "Another"}"#.to_owned(),
        "POST /api/workspaces/{workspace}/grants" => {
            format!("{{\"user\": \"nobody@example.com\", \"app\": \"{app}\", \"role\": \"viewer\"}}")
        }
        "PATCH /api/workspaces/{workspace}/me" => r#"{"name": "Another"}"#.to_owned(),
        "POST /api/workspaces/{workspace}/me/password" => r#"{"current": "wrong", "new": "battery staple"}"#.to_owned(),
        "POST /api/workspaces/{workspace}/tokens" => r#"{"kind": "personal", "name": "Another"}"#.to_owned(),
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
        "GET /api/apps/{app}/schemas/{schema}/records" => query.push("names=3".to_owned()),
        "GET /api/workspaces/{workspace}/overview" => query.push(format!("app={app}&schema={schema}")),
        "GET /api/workspaces/{workspace}/roles" => query.push(format!("app={app}")),
        "DELETE /api/workspaces/{workspace}/grants" => query.push(format!("app={app}&user=viewer@example.com")),
        "GET /api/workspaces/{workspace}/explain" => query.push(format!("app={app}&schema={schema}&action=read&record={record}")),
        _ => {}
    }
    if !query.is_empty() {
        url = format!("{url}?{}", query.join("&"));
    }
    Sent { method: method.to_owned(), url, kind, body, app: None }
}

/// The places that matter to a route.
fn places(route: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (app, schemas) in APPS {
        for (schema, rows) in schemas {
            let records: Vec<i64> = if route.contains("{id}") || route.ends_with("/records") || route.ends_with("/resequence") {
                (1..=*rows).chain([NO_RECORD]).collect()
            } else {
                vec![1]
            };
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

/// How it says no.
fn refuses(class: Class, reply: &Reply) -> bool {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let told = (reply.status, body["error"]["code"].as_str().unwrap_or_default());
    match class {
        Class::Allow => false,
        Class::Hidden => told == (404, "not_found"),
        Class::Denied => told == (403, "forbidden"),
        Class::SignIn => told == (401, "unauthorized"),
        // Where the field is hidden by which records are moved no record is looked for.
        Class::HiddenAmongMany => {
            let body = String::from_utf8_lossy(&reply.body);
            told.0 == 400 && ["There is no record", "has no field of the type sequence"].iter().any(|words| body.contains(words))
        }
    }
}

/// What makes an answer that is allowed change the world, or take long, though nothing is rehearsed.
fn changes(route: &str) -> bool {
    let always = ["/auth/", "/jobs", "/samples", "/backups", "/indexes"];
    let unrehearsed = ["/roles", "/grants", "/views", "/checkpoints", "/me", "/tokens", "/sessions"];
    !route.starts_with("GET") && unrehearsed.iter().any(|part| route.contains(part)) || always.iter().any(|part| route.contains(part))
}

/// What goes on after its answer, or signs somebody out: that it is allowed is seen elsewhere.
fn goes_on(route: &str) -> bool {
    !route.starts_with("GET")
        && ["/auth/", "/jobs", "/samples", "/backups", "POST /api/apps/{app}/schemas/{schema}/indexes"]
            .iter()
            .any(|part| route.contains(part))
}
