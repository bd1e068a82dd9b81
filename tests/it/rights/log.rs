//! The change log and taking back, by people who may not everything: what is hidden from them stays so, whatever happened to it, and nothing is taken back
//! that they could not have written.

use super::principals::PRINCIPALS;
use super::world::{ask, canaries, whole, world};
use crate::harness::Harness;
use serde_json::Value;

const DEALS: &str = "/api/apps/one/schemas/deals/records";

fn sent(world: &Harness, who: &str, method: &str, url: &str, body: &str) -> (u16, Value) {
    let reply = ask(world, who, method, url, "application/json", body);
    let leaked = leaks(who, &format!("{url}{body}"), &whole(&reply));
    assert!(leaked.is_empty(), "{who} {method} {url} leaks {leaked:?}: {}", whole(&reply));
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

fn leaks(who: &str, question: &str, answer: &str) -> Vec<String> {
    PRINCIPALS.iter().find(|one| one.name == who).unwrap().leaks(&canaries(), question, answer)
}

/// The newest act, as the owner of the data file sees it.
fn last(world: &Harness) -> i64 {
    let (_, list) = sent(world, "owner", "GET", "/api/apps/one/changes?order=newest&limit=1", "");
    list["changes"][0]["seq"].as_i64().unwrap()
}

fn undo(world: &Harness, who: &str, change: i64) -> (u16, Value) {
    sent(world, who, "POST", &format!("/api/apps/one/changes/{change}/undo"), "")
}

#[test]
fn an_editor_takes_back_what_happened_to_records_and_a_viewer_nothing() {
    let world = world();
    assert_eq!(sent(&world, "boss", "PATCH", &format!("{DEALS}/1"), r#"{"amount": 5}"#).0, 200);
    let change = last(&world);
    assert_eq!(undo(&world, "viewer", change).0, 403);
    assert_eq!(undo(&world, "editor", change).0, 200);
    assert_eq!(sent(&world, "boss", "DELETE", &format!("{DEALS}/2"), "").0, 200);
    let change = last(&world);
    assert_eq!(undo(&world, "viewer", change).0, 403);
    assert_eq!(undo(&world, "other", change).0, 404);
    assert_eq!(undo(&world, "editor", change).0, 200);
    let field = r#"{"slug": "fresh", "type": "text"}"#;
    assert_eq!(sent(&world, "boss", "POST", "/api/apps/one/schemas/deals/fields", field).0, 201);
    let change = last(&world);
    // Of tables only those know who change them.
    assert_eq!(undo(&world, "editor", change).0, 404);
    assert_eq!(undo(&world, "boss", change).0, 200);
}

#[test]
fn whom_a_rule_lets_read_some_records_sees_and_takes_back_what_they_did() {
    let world = world();
    assert_eq!(sent(&world, "boss", "PATCH", &format!("{DEALS}/1"), r#"{"secretzq": "zq-deals-1-secretzq!", "amount": 6}"#).0, 200);
    let by_boss = last(&world);
    assert_eq!(sent(&world, "seller", "PATCH", &format!("{DEALS}/1"), r#"{"amount": 7}"#).0, 200);
    let own = last(&world);
    for url in [
        "/api/apps/one/changes?order=newest",
        "/api/apps/one/changes?table=deals",
        "/api/apps/one/changes?who=me",
        "/api/apps/one/schemas/deals/records/1/history",
    ] {
        let (status, list) = sent(&world, "seller", "GET", url, "");
        let deals = list["changes"].as_array().unwrap().iter().filter(|change| change["schema"] == "deals");
        let seen: Vec<i64> = deals.map(|change| change["seq"].as_i64().unwrap()).collect();
        assert_eq!((status, seen), (200, vec![own]), "{url} {list}");
    }
    assert_eq!(sent(&world, "seller", "GET", &format!("/api/apps/one/changes/{by_boss}"), "").0, 404);
    assert_eq!(undo(&world, "seller", by_boss).0, 404);
    assert_eq!(sent(&world, "seller", "GET", &format!("{DEALS}/1?at={by_boss}"), "").0, 403);
    assert_eq!(sent(&world, "viewer", "GET", &format!("{DEALS}/1?at={own}"), "").1["amount"], 7);
    assert_eq!(undo(&world, "seller", own).0, 200);
    assert_eq!(sent(&world, "boss", "GET", &format!("{DEALS}/1"), "").1["amount"], 6);
}

#[test]
fn what_held_hidden_values_comes_back_by_those_who_see_them() {
    let world = world();
    assert_eq!(sent(&world, "seller", "DELETE", &format!("{DEALS}/4"), "").0, 200);
    let change = last(&world);
    assert_eq!(sent(&world, "seller", "GET", "/api/apps/one/deleted", "").1["changes"][0]["seq"], change);
    assert_eq!(undo(&world, "seller", change).0, 403);
    assert_eq!(undo(&world, "editor", change).0, 200);
    let deal = sent(&world, "editor", "GET", &format!("{DEALS}/4"), "").1;
    assert_eq!((&deal["secretzq"], &deal["amount"]), (&"zq-deals-4-secretzq".into(), &7_100_004.into()));
}

#[test]
fn a_token_for_reading_takes_nothing_back() {
    let world = world();
    let made = sent(
        &world,
        "boss",
        "POST",
        "/api/workspaces/default/tokens",
        r#"{"kind": "personal", "name": "r", "abilities": ["read", "list"]}"#,
    )
    .1;
    assert_eq!(sent(&world, "boss", "PATCH", &format!("{DEALS}/1"), r#"{"amount": 5}"#).0, 200);
    let url = format!("/api/apps/one/changes/{}/undo", last(&world));
    let headers = vec![("Authorization".to_owned(), format!("Bearer {}", made["token"].as_str().unwrap()))];
    let reply = world.answer(&crate::transcript::Ask { method: "POST".to_owned(), url, headers, body: Vec::new() });
    assert_eq!(reply.status, 403, "{}", whole(&reply));
}
