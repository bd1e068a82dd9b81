//! Many records in one request: all or nothing, one batch, by the thousand; states that two callers fight for; rehearsals that leave nothing.

use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use carryall::model::job::unwatched;
use carryall::model::limits::Limits;
use serde_json::{Value, json};

const COMPANIES: &str = "/api/apps/my-crm/schemas/companies/records";
const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";
const VISITS: &str = "/api/apps/my-crm/schemas/visits/records";
const CONTRACTS: &str = "/api/apps/my-crm/schemas/contracts/records";

fn total(harness: &Harness, records: &str) -> u64 {
    harness.ask("GET", records, "").1["total"].as_u64().unwrap()
}

/// The entries of the log after number `since`.
fn entries(harness: &Harness, since: u64) -> Vec<Value> {
    let (status, feed) = harness.ask("GET", &format!("/api/apps/my-crm/changes?since={since}&limit=1000"), "");
    assert_eq!(status, 200, "{feed}");
    feed["changes"].as_array().unwrap().clone()
}

fn newest(harness: &Harness) -> u64 {
    harness.ask("GET", "/api/apps/my-crm/changes", "").1["last"].as_u64().unwrap()
}

fn is_well(harness: &Harness) {
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

fn with_header(harness: &Harness, method: &str, url: &str, header: (&str, &str), body: &str) -> Reply {
    let headers = [("As", "owner"), header].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

fn etag(reply: &Reply) -> String {
    reply.headers.iter().find(|(name, _)| name == "ETag").unwrap().1.clone()
}

fn message(told: &Value) -> &str {
    told["error"]["message"].as_str().unwrap()
}

#[test]
fn records_that_hang_on_each_other_go_together() {
    let harness = Harness::crm();
    // Company 3 is held by contract 1: alone it stays, and a contract that goes with it is no obstacle.
    assert_eq!(harness.ask("POST", CONTRACTS, r#"[{"company": 3, "title": "A"}, {"company": 1, "title": "B"}]"#).0, 201);
    assert_eq!(harness.ask("DELETE", COMPANIES, r#"{"ids": [1, 3]}"#).0, 409);
    assert_eq!(harness.ask("DELETE", CONTRACTS, r#"{"ids": [1, 2, 3]}"#).0, 200);
    assert_eq!(harness.ask("POST", VISITS, r#"[{"contact": 2, "day": "2025-01-01"}, {"contact": 4, "day": "2025-01-01"}]"#).0, 201);
    // Contacts 2 and 4 are at company 2, each with a visit that goes with it.
    let since = newest(&harness);
    let (status, gone) = harness.ask("DELETE", CONTACTS, r#"{"ids": ["rec_2", "rec_4"]}"#);
    assert_eq!((status, &gone["ids"]), (200, &json!(["rec_2", "rec_4"])));
    let told = entries(&harness, since);
    let first = &told[0]["seq"];
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0]["batch"].is_null() && told[1..].iter().all(|entry| entry["batch"] == *first), "{told:?}");
    assert_eq!(total(&harness, VISITS), 0);
    // A record that stays is cleared once, whichever of those that go it pointed to.
    let since = newest(&harness);
    assert_eq!(harness.ask("DELETE", COMPANIES, r#"{"ids": [2, 1, 3]}"#).0, 200);
    let told = entries(&harness, since);
    let records: std::collections::BTreeSet<String> = told.iter().map(|entry| format!("{} {}", entry["schema"], entry["record"])).collect();
    assert_eq!(records.len(), told.len());
    assert_eq!(total(&harness, &format!("{CONTACTS}?filter[company][ne]=")), 0);
    is_well(&harness);
}

#[test]
fn a_record_and_the_one_that_holds_it_go_together() {
    let harness = Harness::crm();
    let schema = json!({"carryall": 1, "app": {"slug": "tree"}, "schemas": [{"slug": "nodes", "fields": [
        {"slug": "name", "type": "text"}, {"slug": "parent", "type": "reference", "target": "nodes", "on_delete": "restrict"}]}]});
    harness.apply(&schema.to_string(), false, false).unwrap();
    let nodes = "/api/apps/tree/schemas/nodes/records";
    assert_eq!(harness.ask("POST", nodes, r#"[{"name": "a"}, {"name": "b"}]"#).0, 201);
    assert_eq!(harness.ask("PATCH", nodes, r#"[{"id": 1, "parent": 2}, {"id": 2, "parent": 1}]"#).0, 200);
    assert_eq!(harness.ask("DELETE", nodes, r#"{"ids": [1]}"#).0, 409);
    assert_eq!(harness.ask("DELETE", nodes, r#"{"ids": [1, 2]}"#).0, 200);
    assert_eq!(total(&harness, nodes), 0);
}

#[test]
fn a_cascade_counts_all_that_goes_and_is_cleared() {
    // 80 contacts are at company 1 or 2.
    let few = |most: usize| Harness::crm_with(Limits { cascade_records_max: most, ..Limits::default() });
    let harness = few(40);
    assert_eq!(harness.ask("DELETE", CONTACTS, &json!({"ids": (1..=40).collect::<Vec<_>>()}).to_string()).0, 200);
    let (status, told) = harness.ask("DELETE", CONTACTS, &json!({"ids": (41..=81).collect::<Vec<_>>()}).to_string());
    assert_eq!((status, message(&told)), (413, "More than 40 records would go or be changed; delete fewer of them at once"));
    let (status, told) = harness.ask("DELETE", COMPANIES, r#"{"ids": [1, 2]}"#);
    assert_eq!((status, message(&told)), (413, "More than 40 records would go or be changed; delete fewer of them at once"));
    assert_eq!((total(&harness, COMPANIES), total(&harness, CONTACTS)), (3, 83));
}

#[test]
fn thousands_are_one_batch() {
    let harness = Harness::crm();
    let since = newest(&harness);
    let contacts = |age: u64| -> Vec<Value> {
        (0..10_000)
            .map(|n| json!({"name": format!("N {n}"), "email": format!("n{n}@many.example"), "age": age, "company": n % 2 + 1}))
            .collect()
    };
    let reply = harness.send("POST", CONTACTS, "application/json", &Value::Array(contacts(1)).to_string());
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body[..reply.body.len().min(500)]));
    let made: Value = serde_json::from_slice(&reply.body).unwrap();
    let made = made["records"].as_array().unwrap();
    assert_eq!((made.len(), &made[0]["id"], &made[9_999]["id"]), (10_000, &json!("rec_124"), &json!("rec_10123")));
    // The key has an index or the table is walked once: not once for each record.
    let (status, done) = harness.ask("PUT", &format!("{CONTACTS}?key=name"), &Value::Array(contacts(2)).to_string());
    assert_eq!((status, &done["created"], &done["updated"]), (200, &json!(0), &json!(10_000)));
    assert_eq!(total(&harness, CONTACTS), 10_123);
    let ids: Vec<Value> = (124..5_124).map(Value::from).collect();
    assert_eq!(harness.ask("DELETE", CONTACTS, &json!({"ids": ids}).to_string()).0, 200);
    let told = entries(&harness, since);
    assert!(told[1..].iter().all(|entry| entry["batch"] == told[0]["seq"]));
    is_well(&harness);
}

#[test]
fn what_is_too_much_is_refused_before_anything_is_done() {
    let limits = Limits { records_sent_max: 3, records_body_bytes_max: 4_000, body_bytes_max: 1_000, ..Limits::default() };
    let harness = Harness::crm_with(limits);
    let refusal = |body: &Value| {
        let (status, told) = harness.ask("POST", COMPANIES, &body.to_string());
        assert_eq!(status, 413, "{told}");
        message(&told).to_owned()
    };
    let named = |name: &str| json!({"name": name});
    assert_eq!(
        refusal(&json!([named("a"), named("b"), named("c"), named("d")])),
        "The array holds 4 records; at most 3 are taken at once: send it in parts, or as a file to …/import"
    );
    assert_eq!(refusal(&named(&"x".repeat(1_001))), "The body is longer than 1000 bytes");
    assert_eq!(refusal(&json!([named("a"), named(&"x".repeat(1_001))])), "The record at index 1 is longer than 1000 bytes");
    assert_eq!(refusal(&json!([named(&"x".repeat(4_001))])), "The body is longer than 4000 bytes");
    assert_eq!(harness.ask("POST", COMPANIES, &json!([named("a"), named("b")]).to_string()).0, 201);
    assert_eq!(total(&harness, COMPANIES), 5);
}

#[test]
fn problems_are_told_up_to_a_limit_and_then_counted() {
    let harness = Harness::crm();
    let bad = vec![json!({"name": "x", "age": 1}); 100];
    let (_, told) = harness.ask("POST", COMPANIES, &Value::Array(bad).to_string());
    let details = told["error"]["details"].as_array().unwrap();
    assert_eq!((details.len(), &details[39]["index"]), (41, &json!(39)));
    assert_eq!(details[40]["message"], "… and at least 60 more problems");
    let taken: Vec<Value> = (0..100).map(|n| json!({"name": format!("N{n}"), "email": "x@example.com"})).collect();
    let (_, told) = harness.ask("POST", CONTACTS, &Value::Array(taken).to_string());
    assert_eq!(message(&told), "At index 1: Field 'email' must be unique: index 0 has the same value");
    let twice: Vec<Value> = (1..=123).map(|n| json!({"id": n, "company": 99})).collect();
    let (_, told) = harness.ask("PATCH", CONTACTS, &Value::Array(twice).to_string());
    assert_eq!(message(&told), "At index 0: Field 'company' points to rec_99, which is not in table 'companies'");
    assert_eq!(total(&harness, &format!("{CONTACTS}?filter[company]=99")), 0);
}

#[test]
fn of_two_who_change_the_same_state_one_wins() {
    let harness = Harness::crm();
    let url = format!("{COMPANIES}/1");
    let tag = etag(&with_header(&harness, "GET", &url, ("Accept", "*/*"), ""));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let change =
            |n: usize| with_header(&harness, "PATCH", &url, ("If-Match", &tag), &json!({"name": format!("N{n}")}).to_string()).status;
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || change(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 7, "{statuses:?}");
}

#[test]
fn another_schema_is_another_state() {
    let harness = Harness::crm();
    let url = format!("{COMPANIES}/1");
    let before = etag(&with_header(&harness, "GET", &url, ("Accept", "*/*"), ""));
    let more = json!({"carryall": 1, "app": {"slug": "my-crm"}, "schemas": [{"slug": "companies", "fields": [
        {"slug": "name", "type": "text", "required": true, "unique": true}, {"slug": "founded", "type": "date"},
        {"slug": "active", "type": "boolean", "default": true}, {"slug": "city", "type": "text"}]}]});
    harness.apply(&more.to_string(), false, false).unwrap();
    let after = with_header(&harness, "GET", &url, ("If-None-Match", &before), "");
    assert_eq!(after.status, 200);
    assert_ne!(etag(&after), before);
    assert_eq!(with_header(&harness, "PATCH", &url, ("If-Match", &before), r#"{"city": "Bonn"}"#).status, 412);
    assert_eq!(with_header(&harness, "PATCH", &url, ("If-Match", &etag(&after)), r#"{"city": "Bonn"}"#).status, 200);
}

#[test]
fn several_lines_of_a_header_are_one_list() {
    let harness = Harness::crm();
    let headers = [("As", "owner"), ("If-Match", "\"9-9\""), ("if-match", "\"1-1\"")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let ask = Ask { method: "PUT".into(), url: format!("{COMPANIES}/1"), headers, body: br#"{"active": false}"#.to_vec() };
    assert_eq!(harness.answer(&ask).status, 200);
}

#[test]
fn a_rehearsal_of_everything_leaves_the_file_as_it_was() {
    let harness = Harness::crm();
    let rows = |harness: &Harness| {
        let (_, all) = harness.ask("GET", &format!("{CONTACTS}?per_page=100"), "");
        (all, newest(harness), harness.ctx.store.catalog().version)
    };
    let before = rows(&harness);
    let many: Vec<Value> = (0..2_000).map(|n| json!({"name": format!("N{n}"), "email": format!("n{n}@example.com")})).collect();
    let many = Value::Array(many).to_string();
    for (method, url, body) in [
        ("POST", CONTACTS.to_owned(), many.as_str()),
        ("PUT", format!("{CONTACTS}?key=email"), many.as_str()),
        ("PATCH", CONTACTS.to_owned(), r#"[{"id": 1, "age": 5}, {"id": 2, "age": 6}]"#),
        ("DELETE", CONTACTS.to_owned(), r#"{"ids": [1, 2, 3]}"#),
        ("DELETE", format!("{CONTACTS}/4"), ""),
        ("POST", "/api/apps/new/schemas/things/records?create=schema".to_owned(), r#"[{"a": 1}]"#),
    ] {
        let mark = if url.contains('?') { '&' } else { '?' };
        let reply = harness.send(method, &format!("{url}{mark}dry_run=true"), "application/json", body);
        let said = reply.headers.iter().any(|(name, value)| name == "X-Dry-Run" && value == "true");
        assert!(reply.status == 200 && said, "{method} {url}: {} {}", reply.status, String::from_utf8_lossy(&reply.body));
    }
    assert_eq!(rows(&harness), before);
    assert_eq!(harness.ask("GET", "/api/apps/new", "").0, 404);
    assert_eq!(harness.ask("POST", CONTACTS, r#"{"name": "A", "email": "a@example.com"}"#).1["id"], "rec_124");
    is_well(&harness);
}

#[test]
fn a_key_tells_apart_what_only_looks_alike() {
    let harness = Harness::crm();
    let things = "/api/apps/keys/schemas/things/records";
    let made = harness.ask(
        "POST",
        &format!("{things}?create=schema"),
        r#"[{"code": "5", "number": 5, "price": 1.5}, {"code": "05", "number": 6, "price": 2}]"#,
    );
    assert_eq!(made.0, 201, "{}", made.1);
    let upsert = |key: &str, body: Value| {
        let (status, done) = harness.ask("PUT", &format!("{things}?key={key}"), &body.to_string());
        assert_eq!(status, 200, "{done}");
        done["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(upsert("code", json!([{"code": "05"}, {"code": "5"}, {"code": "5 "}])), ["rec_2", "rec_1", "rec_3"]);
    assert_eq!(upsert("number", json!([{"number": 6}, {"number": 5}])), ["rec_2", "rec_1"]);
    assert_eq!(upsert("price", json!([{"price": 2.0}, {"price": "1.50"}, {"price": 3}])), ["rec_2", "rec_1", "rec_4"]);
    is_well(&harness);
}
