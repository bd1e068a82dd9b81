//! The Concord dialect: what each of its routes needs, by the table of all; and what its search, its fields and its associations tell of what is hidden.

use super::oracle::{APPS, Class, NO_RECORD, Need, Place};
use super::principals::PRINCIPALS;
use super::world::{canaries, whole, world};
use super::{Sent, Tongue};
use crate::harness::Harness;
use crate::transcript::{Ask, Reply};

pub const CONCORD: Tongue = Tongue { id: "concord", needs: NEEDS, places, request, refuses, changes: writes, goes_on: adds_or_takes };

const NEEDS: &[(&str, Need)] = &[
    ("PUT /api/associations/{resource}/{id}", Need::Update),
    ("POST /api/associations/{resource}/{id}", Need::Update),
    ("DELETE /api/associations/{resource}/{id}", Need::Update),
    ("GET /api/custom-fields", Need::App),
    ("POST /api/custom-fields", Need::Owner),
    ("GET /api/custom-fields/{field}", Need::Schema),
    ("PUT /api/custom-fields/{field}", Need::Owner),
    ("DELETE /api/custom-fields/{field}", Need::Owner),
    ("GET /api/personal-access-tokens", Need::Oneself),
    ("POST /api/personal-access-tokens", Need::TokenMaker),
    ("DELETE /api/personal-access-tokens/{token}", Need::SignedIn),
    ("GET /api/{resource}", Need::List),
    ("POST /api/{resource}", Need::Create),
    ("GET /api/{resource}/search", Need::List),
    ("GET /api/{resource}/{id}", Need::Read),
    ("PUT /api/{resource}/{id}", Need::Update),
    ("PATCH /api/{resource}/{id}", Need::Update),
    ("DELETE /api/{resource}/{id}", Need::Delete),
];

fn places(route: &str) -> Vec<Place> {
    let mut found = Vec::new();
    if route.contains("custom-fields") || route.contains("tokens") {
        return super::nowhere(route);
    }
    if route.contains("associations") {
        return (1..=4).map(|record| Place { app: "one", schema: "deals", record }).collect();
    }
    for (app, schemas) in APPS {
        for (schema, rows) in schemas {
            let last = if route.contains("{resource}/{id}") { *rows } else { 0 };
            found.extend((1..=last).chain([NO_RECORD]).map(|record| Place { app, schema, record }));
        }
    }
    found
}

fn request(route: &str, Place { app, schema, record }: Place) -> Sent {
    let (method, pattern) = route.split_once(' ').unwrap();
    let body = match (method, pattern) {
        ("GET", _) => String::new(),
        (_, "/api/custom-fields") => {
            format!("{{\"label\": \"X\", \"field_id\": \"fresh\", \"field_type\": \"Text\", \"resource_name\": \"{schema}\"}}")
        }
        ("PUT", "/api/custom-fields/{field}") => r#"{"label": "Another"}"#.to_owned(),
        (_, "/api/personal-access-tokens") => r#"{"name": "Another"}"#.to_owned(),
        ("POST", "/api/{resource}") => new_values(schema).to_owned(),
        _ if pattern.contains("associations") => r#"{"teams": [1]}"#.to_owned(),
        _ => "{}".to_owned(),
    };
    let url = pattern.replace("{resource}", schema).replace("{id}", &record.to_string()).replace("{token}", "99");
    let url = url.replace("{field}", &format!("{schema}.title"));
    Sent { method: method.to_owned(), url, kind: "application/json", body, app: Some(app) }
}

fn refuses(class: Class, reply: &Reply) -> bool {
    match class {
        Class::Allow => false,
        Class::Hidden | Class::HiddenAmongMany => reply.status == 404,
        Class::Denied => reply.status == 403,
        Class::SignIn => reply.status == 401,
    }
}

/// Nothing can be rehearsed: that what is allowed is done is seen by the tests below and the transcripts.
fn adds_or_takes(route: &str) -> bool {
    route.starts_with("POST") || route.starts_with("DELETE")
}

fn writes(route: &str) -> bool {
    !route.starts_with("GET")
}

fn new_values(schema: &str) -> &'static str {
    match schema {
        "deals" => r#"{"title": "new", "owner": 2}"#,
        "teams" => r#"{"name": "new"}"#,
        "notes" => r#"{"text": "new"}"#,
        "posts" => r#"{"title": "new"}"#,
        _ => r#"{"word": "new"}"#,
    }
}

fn ask(world: &Harness, who: &str, app: &str, method: &str, url: &str, body: &str) -> Reply {
    let mut headers = vec![("X-Carryall-App".to_owned(), app.to_owned())];
    if who != "guest" {
        headers.push(("As".to_owned(), who.to_owned()));
    }
    world.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

fn leaks(canaries: &[super::Canary], who: &str, question: &str, answer: &str) -> Vec<String> {
    PRINCIPALS.iter().find(|one| one.name == who).unwrap().leaks(canaries, question, answer)
}

#[test]
fn what_is_hidden_is_found_by_no_search_no_order_no_field() {
    let (world, canaries) = (world(), canaries());
    let asked = [
        "/api/deals?order=secretzq",
        "/api/deals?select=secretzq",
        "/api/deals?q=zq-deals-1-secretzq&search_fields=secretzq:=",
        "/api/deals?q=zq-deals&search_fields=secretzq:like",
        "/api/deals?q=zq-deals-1&search_fields=leakzq:like",
        "/api/notes?q=zq-deals-1&search_fields=deal.secretzq:like",
        "/api/notes?q=zq-deals-3&search_fields=deal.title:like",
        "/api/teams?q=zq&search_fields=members.nick:like",
        "/api/vaultzq?q=zq&search_fields=word:like",
        "/api/deals?with=team.members",
        "/api/deals/3?with=team",
        "/api/custom-fields?resource=deals",
        "/api/custom-fields?resource=vaultzq",
        "/api/custom-fields",
        "/api/custom-fields/secretzq",
        "/api/custom-fields/vaultzq.word",
    ];
    for url in asked {
        for who in ["guest", "nobody", "seller", "other"] {
            let reply = ask(&world, who, "one", "GET", url, "");
            let leaked = leaks(&canaries, who, url, &whole(&reply));
            assert!(leaked.is_empty() && reply.status != 500, "{who}: {url}: {}: {leaked:?}", reply.status);
        }
    }
    // As if they were not there.
    let told = |url: &str| String::from_utf8(ask(&world, "seller", "one", "GET", url, "").body).unwrap();
    for (hidden, missing) in [("secretzq", "nosuchzq"), ("leakzq", "nosuchx")] {
        for form in ["/api/deals?order={}", "/api/deals?select={}", "/api/deals?q=a&search_fields={}:like", "/api/custom-fields/{}"] {
            let [hidden, missing] = [hidden, missing].map(|name| told(&form.replace("{}", name)).replace(name, "X"));
            assert_eq!(hidden.split("Did you mean").next(), missing.split("Did you mean").next(), "{form}");
        }
    }
}

#[test]
fn links_and_fields_are_changed_by_those_who_may() {
    let world = world();
    let count = || world.ask("GET", "/api/apps/one/changes?since=0&limit=1000", "").1["changes"].as_array().map_or(0, Vec::len);
    let before = count();
    let cases = [
        // A deal that is the seller's, and the team that it sees.
        ("seller", "PUT", "/api/associations/deals/1", r#"{"teams": [1]}"#, 200),
        ("seller", "PUT", "/api/associations/deals/2", r#"{"teams": [1]}"#, 403),
        ("seller", "PUT", "/api/associations/deals/3", r#"{"teams": [1]}"#, 404),
        ("seller", "PUT", "/api/associations/deals/1", r#"{"teams": [2]}"#, 422),
        // Another table has the field, which the seller may not change.
        ("seller", "PUT", "/api/associations/deals/1", r#"{"notes": [1]}"#, 403),
        ("seller", "POST", "/api/associations/deals/1", r#"{"vaultzq": [1]}"#, 422),
        ("viewer", "DELETE", "/api/associations/deals/1", r#"{"teams": [1]}"#, 403),
        ("nobody", "PUT", "/api/associations/deals/1", r#"{"teams": [1]}"#, 404),
        ("guest", "PUT", "/api/associations/deals/1", r#"{"teams": [1]}"#, 401),
        ("gone", "PUT", "/api/associations/deals/1", r#"{"teams": [1]}"#, 401),
        ("editor", "POST", "/api/custom-fields", r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "deals"}"#, 403),
        ("seller", "POST", "/api/custom-fields", r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "deals"}"#, 403),
        (
            "seller",
            "POST",
            "/api/custom-fields",
            r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "vaultzq"}"#,
            422,
        ),
        ("other", "POST", "/api/custom-fields", r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "deals"}"#, 404),
        ("guest", "POST", "/api/custom-fields", r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "deals"}"#, 401),
        ("editor", "PUT", "/api/custom-fields/stage", r#"{"label": "X"}"#, 403),
        ("editor", "DELETE", "/api/custom-fields/stage", "", 403),
        ("seller", "DELETE", "/api/custom-fields/secretzq", "", 404),
    ];
    for (who, method, url, body, wanted) in cases {
        let reply = ask(&world, who, "one", method, url, body);
        assert_eq!(reply.status, wanted, "{who}: {method} {url} {body}: {}", whole(&reply));
    }
    // What a record is made at is there for whoever makes it, or it is not made.
    for (body, wanted) in [
        (r#"{"title": "x", "owner": 2, "via_resource": "teams", "via_resource_id": 2}"#, 422),
        (r#"{"title": "x", "owner": 2, "via_resource": "teams", "via_resource_id": 99}"#, 422),
        (r#"{"title": "x", "owner": 2, "via_resource": "vaultzq", "via_resource_id": 1}"#, 422),
        (r#"{"title": "x", "owner": 2, "via_resource": "notes", "via_resource_id": 1}"#, 403),
        (r#"{"title": "x", "owner": 3, "via_resource": "teams", "via_resource_id": 1}"#, 403),
    ] {
        let reply = ask(&world, "seller", "one", "POST", "/api/deals", body);
        assert_eq!(reply.status, wanted, "{body}: {}", whole(&reply));
        let missing = body.replace("vaultzq", "nosuchx").replace("_id\": 2", "_id\": 98");
        let told = [body, &missing].map(|body| String::from_utf8(ask(&world, "seller", "one", "POST", "/api/deals", body).body).unwrap());
        let [hidden, missing] = told.map(|told| told.replace("vaultzq", "X").replace("nosuchx", "X").replace(" 98", " 2"));
        assert_eq!(hidden.split("Did you mean").next(), missing.split("Did you mean").next());
    }
    assert_eq!(count(), before, "the link was there before, and nothing else was allowed");
    for (who, method, url, body, wanted) in [
        ("seller", "POST", "/api/deals", r#"{"title": "x", "owner": 2, "via_resource": "teams", "via_resource_id": 1}"#, 201),
        ("editor", "POST", "/api/associations/deals/1", r#"{"teams": [], "notes": []}"#, 200),
        ("boss", "POST", "/api/custom-fields", r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "deals"}"#, 201),
        ("boss", "PUT", "/api/custom-fields/x", r#"{"label": "Y"}"#, 200),
        ("boss", "DELETE", "/api/custom-fields/x", "", 204),
    ] {
        let reply = ask(&world, who, "one", method, url, body);
        assert_eq!(reply.status, wanted, "{who}: {method} {url} {body}: {}", whole(&reply));
    }
}
