//! Rules that look at many other records: what they may cost, and whom.

use super::give;
use super::world::ask;
use crate::harness::Harness;
use carryall::model::limits::Limits;
use serde_json::{Value, json};

/// Whether it holds is found out after all items of the group of a record have been looked at.
const DEAR: &str = "!(group.items.score ?< 0)";
const ITEMS: usize = 3_000;
const PAPERS: usize = 1_000;
const TABLES: &str = "/api/apps/app/schemas";

fn world() -> Harness {
    let limits = Limits { read_timeout_ms: 3_000, ..Limits::default() };
    let world = Harness::crm_with(limits).with_people(&["ann"]);
    let items: Vec<Value> = (0..ITEMS).map(|_| json!({"score": 1, "group": {"$ref": "g"}})).collect();
    let papers: Vec<Value> = (0..PAPERS).map(|at| json!({"owner": 2, "text": at.to_string(), "group": {"$ref": "g"}})).collect();
    let file = json!({"carryall": 1, "app": {"slug": "app"}, "schemas": [
        {"slug": "groups", "fields": [{"slug": "name", "type": "text"}, {"slug": "items", "type": "lines", "target": "items", "via": "group"}]},
        {"slug": "items", "fields": [{"slug": "score", "type": "integer"}, {"slug": "group", "type": "reference", "target": "groups"}]},
        {"slug": "papers", "fields": [{"slug": "owner", "type": "user"}, {"slug": "text", "type": "text"}, {"slug": "group", "type": "reference", "target": "groups"}]}],
        "roles": [{"slug": "held", "schemas": {
            "papers": {"list": true, "read": DEAR, "create": DEAR, "update": DEAR, "delete": DEAR},
            "groups": {"list": true, "read": "name = 'g'"}, "items": {"list": true, "read": true}}}],
        "records": {"groups": [{"$ref": "g", "name": "g"}], "items": items, "papers": papers}});
    world.apply(&file.to_string(), false, false).unwrap();
    give(&world, "ann", "app", "held");
    world
}

fn anns(world: &Harness, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let reply = ask(world, "ann", method, url, "application/json", &body);
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// Everybody who writes waits for a job: the time for its rules is one for all of its records.
#[test]
fn a_dear_rule_holds_nobody_up_however_many_records_are_sent() {
    let world = world();
    let records = format!("{TABLES}/papers/records");
    let ids = || (1..=PAPERS).map(|id| format!("rec_{id}"));
    let changed: Vec<Value> = ids().map(|id| json!({"id": id, "text": "new"})).collect();
    let made: Vec<Value> = ids().map(|_| json!({"owner": 2, "text": "new", "group": "rec_1"})).collect();
    let all: Vec<String> = ids().collect();
    for (method, body) in [("PATCH", json!(changed)), ("POST", json!(made)), ("DELETE", json!({"ids": all}))] {
        let (status, answer) = anns(&world, method, &records, &body);
        assert_eq!(status, 503, "{method}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("nothing was changed. Send fewer records at once"), "{method}: {message}");
    }
    let (_, list) = world.ask("GET", &format!("{records}?filter[text]=new"), "");
    let (_, table) = world.ask("GET", &format!("{TABLES}/papers"), "");
    assert_eq!((&list["total"], &table["records"]), (&json!(0), &json!(PAPERS)));
    // A few are let through, one job after the other.
    for few in changed.chunks(3).take(5) {
        assert_eq!(anns(&world, "PATCH", &records, &json!(few)).0, 200);
    }
}

#[test]
fn a_dear_rule_leaves_the_app_to_be_found() {
    let world = world();
    let (status, app) = anns(&world, "GET", TABLES, &Value::Null);
    let told: Vec<(&str, &Value)> =
        app["schemas"].as_array().unwrap().iter().map(|table| (table["slug"].as_str().unwrap(), &table["records"])).collect();
    assert_eq!((status, told), (200, vec![("groups", &json!(1)), ("items", &json!(ITEMS)), ("papers", &Value::Null)]), "{app}");
    let (status, table) = anns(&world, "GET", &format!("{TABLES}/papers"), &Value::Null);
    assert_eq!((status, &table["records"]), (200, &Value::Null));
    // Who has no such rule is told.
    assert_eq!(world.ask("GET", &format!("{TABLES}/papers"), "").1["records"], PAPERS);
}
