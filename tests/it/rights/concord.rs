//! Concord CRM's addresses for every principal, beside the same table as the house's; and what its search, its fields and its associations tell of what is
//! hidden.

use super::oracle::class;
use super::world::{PRINCIPALS, canaries, leaks, whole, world};
use super::{Class, NO_RECORD, Need, Place};
use crate::harness::Harness;
use crate::transcript::{Ask, Reply};

/// Those whose deletes take others along stand behind them.
const PLACES: [(&str, &[(&str, i64)]); 4] = [
    ("one", &[("notes", 1), ("teams", 2), ("vaultzq", 1), ("deals", 4), ("nosuch", 0)]),
    ("two", &[("things", 1), ("nosuch", 0)]),
    ("open", &[("posts", 2), ("inner", 1), ("nosuch", 0)]),
    ("nowhere", &[("nosuch", 0)]),
];

fn ask(world: &Harness, who: &str, app: &str, method: &str, url: &str, body: &str) -> Reply {
    let mut headers = vec![("X-Carryall-App".to_owned(), app.to_owned())];
    if who != "guest" {
        headers.push(("As".to_owned(), who.to_owned()));
    }
    world.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

fn status(class: Class, good: u16) -> u16 {
    match class {
        Class::Allow => good,
        Class::Hidden | Class::HiddenAmongMany => 404,
        Class::Denied => 403,
        Class::SignIn => 401,
    }
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

/// The verbs of a table and of its records: what is needed, the good answer, and what is sent.
const OF_TABLES: [(&str, &str, Need, u16); 4] = [
    ("GET", "", Need::List, 200),
    ("GET", "/search?q=zq", Need::List, 200),
    ("GET", "?q=zq&search_match=and&per_page=100", Need::List, 200),
    ("POST", "", Need::Create, 201),
];
const OF_RECORDS: [(&str, Need, u16); 4] =
    [("GET", Need::Read, 200), ("PUT", Need::Update, 200), ("PATCH", Need::Update, 200), ("DELETE", Need::Delete, 204)];

#[test]
fn everybody_may_what_they_may_in_the_house() {
    let canaries = canaries();
    let (mut wrong, mut cells) = (Vec::new(), 0);
    let mut look = |who: &str, question: String, reply: &Reply, wanted: u16| {
        cells += 1;
        let answer = whole(reply);
        if reply.status != wanted {
            wrong.push(format!("{who}: {question}: {} instead of {wanted}: {answer:.300}", reply.status));
        }
        let leaked = leaks(&canaries, who, &question, &answer);
        if !leaked.is_empty() {
            wrong.push(format!("{who}: {question}: tells {}", leaked.join(", ")));
        }
    };
    for who in PRINCIPALS {
        let world = world();
        for (app, schemas) in PLACES {
            for (schema, records) in schemas {
                for (method, rest, need, good) in OF_TABLES {
                    let place = Place { app, schema, record: NO_RECORD };
                    let url = format!("/api/{schema}{rest}");
                    let body = if method == "POST" { new_values(schema) } else { "" };
                    let reply = ask(&world, who, app, method, &url, body);
                    look(who, format!("{app} {method} {url} {body}"), &reply, status(class(who, need, place), good));
                }
                for record in (1..=*records).chain([NO_RECORD]) {
                    for (method, need, good) in OF_RECORDS {
                        let (place, url) = (Place { app, schema, record }, format!("/api/{schema}/{record}"));
                        let reply = ask(&world, who, app, method, &url, if method == "GET" || method == "DELETE" { "" } else { "{}" });
                        look(who, format!("{app} {method} {url}"), &reply, status(class(who, need, place), good));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells > 700, "{cells}");
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
    assert_eq!(count(), before, "the link was there before, and nothing else was allowed");
    for (who, method, url, body, wanted) in [
        ("editor", "POST", "/api/associations/deals/1", r#"{"teams": [], "notes": []}"#, 200),
        ("boss", "POST", "/api/custom-fields", r#"{"label": "X", "field_id": "x", "field_type": "Text", "resource_name": "deals"}"#, 201),
        ("boss", "PUT", "/api/custom-fields/x", r#"{"label": "Y"}"#, 200),
        ("boss", "DELETE", "/api/custom-fields/x", "", 204),
    ] {
        let reply = ask(&world, who, "one", method, url, body);
        assert_eq!(reply.status, wanted, "{who}: {method} {url} {body}: {}", whole(&reply));
    }
}
