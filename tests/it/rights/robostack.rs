//! Who may do what in the Robostack dialect: everybody by every verb, beside a table of this test's own. Records that somebody may not change are passed
//! over here, and fields that somebody may not write are left out, in silence.

use super::world::{ask, canaries, whole, world};
use crate::harness::Harness;
use crate::transcript::Ask;
use serde_json::{Value, json};

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

fn address(world: &Harness, app: &str, table: &str) -> String {
    let (_, answer) = world.ask("GET", &format!("/api/apps/{app}"), "");
    format!("/external/api/{}/{table}", answer["uuid"].as_str().unwrap())
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
        let url = address(&world, app, table);
        for who in EVERYBODY {
            let (status, answer) = sent(&world, who, "POST", &url, &json!({}));
            let found = if status == 200 { Ok(ids(&answer)) } else { Err(status) };
            assert_eq!(found, finds(who, app, table), "{who} {app}/{table}: {answer}");
            let (counted, rows) = sent(&world, who, "POST", &format!("{url}/aggregation"), &json!([{"group": {"n": {"count": true}}}]));
            let count = if counted == 200 { Ok(rows["results"][0]["n"].as_u64().unwrap_or_default() as usize) } else { Err(counted) };
            assert_eq!(count, finds(who, app, table).map(|ids| ids.len()), "{who} {app}/{table}: {rows}");
        }
    }
    let url = address(&world, "one", "deals");
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
        let (deals, notes) = (address(&world, "one", "deals"), address(&world, "one", "notes"));
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
    let (deals, notes, posts) = (address(&world, "one", "deals"), address(&world, "one", "notes"), address(&world, "open", "posts"));
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
    let deals = address(&world, "one", "deals");
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
    assert_eq!(asked("POST", &address(&world, "two", "things"), json!({})).0, 403);
    assert_eq!(asked("POST", &address(&world, "one", "notes"), json!({})).0, 404);
}
