//! Tables that are changed while they hold records: nothing is lost, and the file is well afterwards.

use crate::harness::Harness;
use carryall::model::job::unwatched;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

const SCHEMAS: &str = "/api/apps/my-crm/schemas";

fn ok(harness: &Harness, method: &str, path: &str, body: Value) -> Value {
    let (status, answer) = harness.ask(method, path, &body.to_string());
    assert!((200..300).contains(&status), "{method} {path} {body}: {status} {answer}");
    answer
}

fn assert_well(harness: &Harness) {
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn values_that_are_written_while_a_field_is_converted_are_converted_too() {
    let harness = Harness::crm();
    ok(&harness, "POST", SCHEMAS, json!({"slug": "readings", "fields": [{"slug": "n", "type": "integer"}, {"slug": "t", "type": "text"}]}));
    let records = format!("{SCHEMAS}/readings/records");
    for first in [0, 10_000] {
        let many: Vec<Value> = (first..first + 10_000).map(|n| json!({"n": n})).collect();
        ok(&harness, "POST", &records, json!(many));
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut made = 0;
            while !over.load(Ordering::Relaxed) {
                // Either type takes this text; which one the field has is not known here.
                let (status, answer) = harness.ask("POST", &records, r#"{"t": "x", "n": null}"#);
                assert_eq!(status, 201, "{answer}");
                let changed = harness.ask("PATCH", &format!("{records}/rec_{}", 1 + made % 20_000), &json!({"t": "changed"}).to_string());
                assert_eq!(changed.0, 200, "{}", changed.1);
                let deleted = harness.ask("DELETE", &format!("{records}/rec_{}", 20_000 - made), "");
                assert_eq!(deleted.0, 200, "{}", deleted.1);
                made += 1;
            }
            made
        });
        for (type_, wanted) in [("text", json!("7")), ("decimal", json!(7)), ("integer", json!(7))] {
            let changed = ok(&harness, "PATCH", &format!("{SCHEMAS}/readings/fields/n"), json!({"type": type_}));
            assert_eq!(changed["converted"]["lost"], 0);
            let (_, record) = harness.ask("GET", &format!("{records}/rec_8"), "");
            assert_eq!(record["n"], wanted, "{type_}");
        }
        over.store(true, Ordering::Relaxed);
        assert!(writer.join().unwrap() > 0, "nobody wrote meanwhile: this proves little");
    });
    assert_well(&harness);
}

#[test]
fn every_way_of_changing_a_table_leaves_a_file_that_is_well() {
    let harness = Harness::crm();
    let contacts = format!("{SCHEMAS}/contacts");
    let fields = format!("{contacts}/fields");
    ok(&harness, "PATCH", &contacts, json!({"indexes": []}));
    ok(&harness, "PATCH", &format!("{fields}/status"), json!({"type": "checklist"}));
    assert_well(&harness);
    ok(&harness, "PATCH", &format!("{fields}/status"), json!({"slug": "states"}));
    ok(&harness, "PATCH", &format!("{fields}/states/options/lead"), json!({"value": "new lead"}));
    let (_, found) = harness.ask("GET", &format!("{contacts}/records?filter[states]=new%20lead"), "");
    assert_eq!(found["total"], 82);
    ok(&harness, "DELETE", &format!("{fields}/states/options/customer?replace=new%20lead"), json!(null));
    let (_, found) = harness.ask("GET", &format!("{contacts}/records?filter[states]=new%20lead"), "");
    assert_eq!(found["total"], 123);
    ok(&harness, "PATCH", &format!("{fields}/company"), json!({"type": "references", "target": "companies"}));
    assert_well(&harness);
    let (_, found) = harness.ask("GET", &format!("{contacts}/records?filter[company]=rec_2"), "");
    assert_eq!(found["total"], 49);
    ok(&harness, "PATCH", &format!("{fields}/company"), json!({"type": "reference", "target": "companies", "on_delete": "restrict"}));
    ok(&harness, "PATCH", &format!("{SCHEMAS}/companies"), json!({"slug": "firms"}));
    let (status, held) = harness.ask("DELETE", &format!("{SCHEMAS}/firms/records/rec_2"), "");
    assert!(status == 409 && held.to_string().contains("refers to it"), "{held}");
    ok(&harness, "POST", &format!("{contacts}/duplicate"), json!({"slug": "people", "records": true}));
    ok(&harness, "POST", "/api/apps/my-crm/duplicate", json!({"slug": "other", "records": true}));
    ok(&harness, "DELETE", &format!("{fields}/states"), json!(null));
    assert_well(&harness);
}

#[test]
fn an_app_file_makes_the_same_app_again() {
    let harness = Harness::crm();
    let sample = std::fs::read_to_string(crate::harness::root().join("static/samples/inventory.json")).unwrap();
    harness.apply(&sample, false, false).unwrap();
    let file = |app: &str| {
        let reply = harness.send("GET", &format!("/api/apps/{app}/app-file?records=true"), "", "");
        assert_eq!(reply.status, 200);
        String::from_utf8(reply.body).unwrap()
    };
    for app in ["my-crm", "inventory"] {
        let first = file(app);
        let mut copy: Value = serde_json::from_str(&first).unwrap();
        copy["app"]["slug"] = json!("copy");
        copy["app"].as_object_mut().unwrap().remove("uuid");
        let told = harness.apply(&copy.to_string(), false, false).unwrap();
        assert!(told["records"].as_u64().unwrap() > 10, "{told}");
        let mut again: Value = serde_json::from_str(&file("copy")).unwrap();
        again["app"] = json!(null);
        let mut wanted: Value = serde_json::from_str(&first).unwrap();
        wanted["app"] = json!(null);
        assert_eq!(without_ids(again), without_ids(wanted));
        ok(&harness, "DELETE", "/api/apps/copy", json!(null));
    }
    assert_well(&harness);
}

/// Ids of records follow the order in which they could be made: names that stand for them are as good as the values behind them.
fn without_ids(mut file: Value) -> Value {
    for (_, records) in file["records"].as_object_mut().unwrap() {
        let records = records.as_array_mut().unwrap();
        records.iter_mut().for_each(|record| {
            let record = record.as_object_mut().unwrap();
            record.remove("$ref");
            record.retain(|_, value| !value.is_object() && !value.as_array().is_some_and(|list| list.iter().any(Value::is_object)));
        });
        records.sort_by_key(Value::to_string);
    }
    file
}
