//! The Robostack dialect: what each of its routes needs, and what it does beside refusing. Records that somebody may not change are passed over here, and
//! fields that somebody may not write are left out, in silence.

use super::oracle::{APPS, Class, NO_RECORD, Need, Place};
use super::world::{ask, canaries, whole, world};
use super::{Sent, Tongue};
use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use serde_json::{Value, json};

pub const ROBOSTACK: Tongue = Tongue { id: "robostack", needs: NEEDS, places, request, refuses, changes: writes, goes_on: writes };

const NEEDS: &[(&str, Need)] = &[
    ("POST /external/api/{app}/{resource}", Need::List),
    ("PUT /external/api/{app}/{resource}", Need::Create),
    ("PATCH /external/api/{app}/{resource}", Need::UpdateMany),
    ("DELETE /external/api/{app}/{resource}", Need::DeleteMany),
    ("POST /external/api/{app}/{resource}/aggregation", Need::List),
];

/// The uuid of an app of `world`; of one that is not there, another.
pub fn uuid(app: &str) -> &'static str {
    match app {
        "one" => "11111111-1111-4111-8111-111111111111",
        "two" => "22222222-2222-4222-8222-222222222222",
        "open" => "33333333-3333-4333-8333-333333333333",
        _ => "99999999-9999-4999-8999-999999999999",
    }
}

fn places(route: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (app, schemas) in APPS {
        for (schema, rows) in schemas {
            let records = if route.starts_with('P') && !route.starts_with("PATCH") { 1..=1 } else { 1..=*rows };
            found.extend(records.chain([NO_RECORD]).map(|record| Place { app, schema, record }));
        }
    }
    found
}

fn request(route: &str, Place { app, schema, record }: Place) -> Sent {
    let (method, pattern) = route.split_once(' ').unwrap();
    let key = match schema {
        "deals" | "posts" => "title",
        "teams" => "name",
        "notes" => "text",
        _ => "word",
    };
    let body = match method {
        "PUT" if schema == "deals" => json!({"title": "new", "owner": 2}),
        "PUT" if schema == "posts" => json!({"title": "new", "public": false}),
        "PUT" => json!({key: "new"}),
        "PATCH" => json!({"selection": {"id": record}, "updation": {key: "changed"}}),
        "DELETE" => json!({"selection": {"id": record}}),
        _ if pattern.ends_with("aggregation") => json!({"pipeline": [{"group": {"by": ["id"], "n": {"count": true}}}]}),
        _ => json!({}),
    };
    let url = pattern.replace("{app}", uuid(app)).replace("{resource}", schema);
    Sent { method: method.to_owned(), url, kind: "application/json", body: body.to_string() }
}

/// How it says no. Records that are not there for somebody, or that they may not change, are simply not among those that are meant.
fn refuses(class: Class, reply: &Reply) -> bool {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let told = (reply.status, body["error"].as_str().unwrap_or_default());
    let did_nothing = reply.status == 200 && body == json!({"results": [], "count": 0});
    match class {
        Class::Allow => false,
        Class::Hidden => told == (404, "NotFound"),
        Class::Denied => told == (403, "Forbidden") || did_nothing,
        Class::SignIn => told == (401, "Unauthorized"),
        Class::HiddenAmongMany => did_nothing,
    }
}

/// What is allowed is done, for nothing can be rehearsed: that it is, the tests below see.
fn writes(route: &str) -> bool {
    !route.starts_with("POST")
}

const EVERYBODY: [&str; 9] = ["guest", "nobody", "gone", "seller", "viewer", "editor", "boss", "other", "owner"];
const TABLES: [(&str, &str); 8] = [
    ("one", "people"),
    ("one", "teams"),
    ("one", "deals"),
    ("one", "notes"),
    ("one", "vaultzq"),
    ("two", "things"),
    ("open", "posts"),
    ("open", "inner"),
];

/// Which records of a table somebody finds, or why not.
fn finds(who: &str, app: &str, table: &str) -> Result<Vec<i64>, u16> {
    let all = match (app, table) {
        ("one", "people" | "teams") | ("open", "posts") => 1..=2,
        ("one", "deals") => 1..=4,
        _ => 1..=1,
    };
    let stranger = if matches!(who, "guest" | "gone") { 401 } else { 404 };
    match (who, app, table) {
        ("owner", ..) | ("boss" | "editor" | "viewer", "one", _) | ("other", "two", _) => Ok(all.collect()),
        ("seller", "one", "deals") => Ok(vec![1, 2, 4]),
        ("seller", "one", "teams" | "notes") => Ok(vec![1]),
        // Whoever has no role there is what its guests are, and so is who was suspended.
        (_, "open", "posts") => Ok(vec![1]),
        _ => Err(stranger),
    }
}

fn address(app: &str, table: &str) -> String {
    format!("/external/api/{}/{table}", uuid(app))
}

fn sent(world: &Harness, who: &str, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let reply = ask(world, who, method, url, "application/json", &body);
    let text = whole(&reply);
    let leaked: Vec<String> = canaries()
        .iter()
        .filter(|canary| !canary.is_seen_by(who) && text.contains(&canary.text) && !body.contains(canary.text.trim_matches('"')))
        .map(|canary| canary.text.clone())
        .collect();
    assert_eq!(leaked, Vec::<String>::new(), "{who} {method} {url} {body}: {text}");
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

fn ids(answer: &Value) -> Vec<i64> {
    answer["results"].as_array().map(|all| all.iter().filter_map(|record| record["id"].as_i64()).collect()).unwrap_or_default()
}

#[test]
fn everybody_finds_what_is_there_for_them() {
    let world = world();
    for (app, table) in TABLES {
        let url = address(app, table);
        for who in EVERYBODY {
            let (status, answer) = sent(&world, who, "POST", &url, &json!({}));
            let found = if status == 200 { Ok(ids(&answer)) } else { Err(status) };
            assert_eq!(found, finds(who, app, table), "{who} {app}/{table}: {answer}");
            let (counted, rows) = sent(&world, who, "POST", &format!("{url}/aggregation"), &json!([{"group": {"n": {"count": true}}}]));
            let count = if counted == 200 { Ok(rows["results"][0]["n"].as_u64().unwrap_or_default() as usize) } else { Err(counted) };
            assert_eq!(count, finds(who, app, table).map(|ids| ids.len()), "{who} {app}/{table}: {rows}");
        }
    }
    let url = address("one", "deals");
    for hidden in ["secretzq", "leakzq", "teamnamezq", "flagzq", "flaggedzq"] {
        for body in [json!({"selection": {hidden: "x"}}), json!({"sort": hidden}), json!({"fields": [hidden]})] {
            assert_eq!(sent(&world, "seller", "POST", &url, &body).0, 400, "{body}");
            assert_ne!(sent(&world, "boss", "POST", &url, &body).0, 404, "{body}");
        }
        let by = json!([{"group": {"by": [hidden], "n": {"count": true}}}]);
        assert_eq!(sent(&world, "seller", "POST", &format!("{url}/aggregation"), &by).0, 400);
    }
    // What a reference leads to is shown as far as it may be read: the seller is in the first team only.
    let (_, deals) = sent(&world, "seller", "POST", &url, &json!({"fields": ["team", "team_name", "team_id"]}));
    let teams: Vec<_> =
        deals["results"].as_array().unwrap().iter().map(|deal| (&deal["team"], &deal["team_name"], &deal["team_id"])).collect();
    assert_eq!(teams[0], (&json!(1), &json!("zq-teams-1-name"), &json!(1)));
    assert_eq!(teams[1], (&json!(2), &Value::Null, &Value::Null));
}

/// What came of a write: the records that it answers, or why not.
fn written(world: &Harness, who: &str, method: &str, url: &str, body: &Value) -> Result<Vec<i64>, u16> {
    let before = everything(world);
    let (status, answer) = sent(world, who, method, url, body);
    if status < 300 {
        return Ok(ids(&answer));
    }
    assert_eq!(everything(world), before, "{who} {method} {url} {body}: {answer}");
    Err(status)
}

fn everything(world: &Harness) -> Vec<Value> {
    TABLES.iter().map(|(app, table)| world.ask("GET", &format!("/api/apps/{app}/schemas/{table}/records"), "").1).collect()
}

/// Whoever has no part in an app, or no right there.
fn refused(who: &str) -> u16 {
    match who {
        "guest" | "gone" => 401,
        "viewer" | "seller" => 403,
        _ => 404,
    }
}

#[test]
fn everybody_changes_and_deletes_what_they_may() {
    for who in EVERYBODY {
        let world = world();
        let (deals, notes) = (address("one", "deals"), address("one", "notes"));
        let may_all = matches!(who, "owner" | "boss" | "editor");
        let own = |all: &[i64], sellers: &[i64]| match who {
            _ if may_all => Ok(all.to_vec()),
            "seller" => Ok(sellers.to_vec()),
            _ => Err(refused(who)),
        };
        let updation = if who == "seller" { json!({"amount": 5, "code": null, "secretzq": "zz"}) } else { json!({"amount": 5}) };
        let update = json!({"selection": {"stage": ["open", "won"]}, "updation": updation});
        assert_eq!(written(&world, who, "PATCH", &deals, &update), own(&[1, 2, 3, 4], &[1, 4]), "{who}");
        if who == "seller" {
            let (_, now) = world.ask("GET", "/api/apps/one/schemas/deals/records/rec_1", "");
            assert_eq!(
                (&now["amount"], &now["code"], &now["secretzq"]),
                (&json!(5), &json!("zq-deals-1-code"), &json!("zq-deals-1-secretzq"))
            );
            // Not given away, for then it would be no longer his.
            let away = json!({"selection": {"id": 4}, "updation": {"owner": 3}});
            assert_eq!(written(&world, who, "PATCH", &deals, &away), Err(403));
            // With the first one a note would go.
            assert_eq!(written(&world, who, "DELETE", &deals, &json!({"selection": {"id": [1, 4]}})), Err(403));
        }
        let one = if may_all { own(&[4], &[]) } else { own(&[], &[4]) };
        assert_eq!(written(&world, who, "DELETE", &deals, &json!({"selection": {"id": 4}})), one, "{who}");
        assert_eq!(written(&world, who, "DELETE", &deals, &json!({"selection": {"id": [2, 3]}})), own(&[2, 3], &[]), "{who}");
        let note = if who == "seller" { Err(403) } else { own(&[1], &[]) };
        assert_eq!(written(&world, who, "DELETE", &notes, &json!({"selection": {"text": "zq-notes-1-text"}})), note, "{who}");
    }
}

#[test]
fn everybody_makes_what_they_may() {
    let world = world();
    let (deals, notes, posts) = (address("one", "deals"), address("one", "notes"), address("open", "posts"));
    let mut next = 5;
    for who in EVERYBODY {
        let (mine, foreign) = (json!([{"title": "Made", "owner": 2, "code": who, "secretzq": who}]), json!({"title": "Made", "owner": 3}));
        let may_all = matches!(who, "owner" | "boss" | "editor");
        let made = |id: i64, may: bool| if may { Ok(vec![id]) } else { Err(refused(who)) };
        assert_eq!(written(&world, who, "PUT", &deals, &mine), made(next, may_all || who == "seller"), "{who}");
        if may_all || who == "seller" {
            let (_, now) = world.ask("GET", &format!("/api/apps/one/schemas/deals/records/rec_{next}"), "");
            let kept = if who == "seller" { Value::Null } else { json!(who) };
            assert_eq!((&now["code"], &now["secretzq"]), (&kept, &kept), "{who}");
            next += 1;
        }
        assert_eq!(written(&world, who, "PUT", &deals, &foreign), made(next, may_all), "{who}");
        next += i64::from(may_all);
        let is_noted = written(&world, who, "PUT", &notes, &json!({"text": "n"})).is_ok();
        assert_eq!(is_noted, may_all || who == "seller", "{who}");
        assert_eq!(written(&world, who, "PUT", &deals, &json!([])).is_ok(), may_all || who == "seller", "{who}");
        // Guests make drafts that they do not see afterwards.
        let draft = written(&world, who, "PUT", &posts, &json!({"title": "d", "public": false}));
        assert!(draft.is_ok(), "{who}");
    }
}

#[test]
fn a_token_goes_as_far_as_it_was_given() {
    let world = world();
    let grant = json!({"kind": "key-secret", "name": "Part", "schemas": {"one": [{"schema": "deals", "fields": ["title", "stage"]}]}, "abilities": ["list", "read"]});
    let (status, token) = world.ask("POST", "/api/workspaces/default/tokens", &grant.to_string());
    assert_eq!(status, 201, "{token}");
    let headers: Vec<(String, String)> = [("x-api-key", &token["key"]), ("x-api-secret", &token["secret"])]
        .map(|(name, value)| (name.to_owned(), value.as_str().unwrap().to_owned()))
        .to_vec();
    let asked = |method: &str, url: &str, body: Value| {
        let reply = world.answer(&Ask {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.clone(),
            body: body.to_string().into_bytes(),
        });
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let deals = address("one", "deals");
    let (status, found) = asked("POST", &deals, json!({"selection": {"id": 1}}));
    assert_eq!((status, &found["results"]), (200, &json!([{"id": 1, "title": "zq-deals-1-title", "stage": "open"}])), "{found}");
    assert_eq!(asked("POST", &deals, json!({"selection": {"amount": 1}})).0, 400);
    for (method, body) in [
        ("PUT", json!({"title": "x"})),
        ("PATCH", json!({"selection": {"id": 1}, "updation": {"title": "x"}})),
        ("DELETE", json!({"selection": {"id": 1}})),
    ] {
        assert_eq!(asked(method, &deals, body).0, 403, "{method}");
    }
    assert_eq!(asked("POST", &address("two", "things"), json!({})).0, 403);
    assert_eq!(asked("POST", &address("one", "notes"), json!({})).0, 404);
}
