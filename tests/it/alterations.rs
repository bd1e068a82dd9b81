//! Tables that are changed while they hold records: nothing is lost, and the file is well afterwards.

use crate::harness::Harness;
use carryall::model::job::{Report, unwatched};
use carryall::ops::ctx::Way;
use serde_json::{Value, json};
use std::sync::Arc;
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

fn refused(harness: &Harness, method: &str, path: &str, body: Value) -> (u16, String) {
    let (status, answer) = harness.ask(method, path, &body.to_string());
    assert!((400..500).contains(&status), "{method} {path} {body}: {status} {answer}");
    (status, answer["error"]["details"][0]["message"].as_str().or_else(|| answer["error"]["message"].as_str()).unwrap().to_owned())
}

#[test]
fn a_table_that_refers_to_itself_is_renamed() {
    let harness = Harness::crm();
    let fields = json!([{"slug": "name", "type": "text"}, {"slug": "boss", "type": "reference", "target": "emp"},
        {"slug": "staff", "type": "lines", "target": "emp", "via": "boss"}]);
    ok(&harness, "POST", SCHEMAS, json!({"slug": "emp", "fields": fields}));
    ok(&harness, "POST", &format!("{SCHEMAS}/emp/records"), json!({"name": "Ann"}));
    ok(&harness, "POST", &format!("{SCHEMAS}/emp/records"), json!({"name": "Bo", "boss": "rec_1"}));
    let now = ok(&harness, "PATCH", &format!("{SCHEMAS}/emp"), json!({"slug": "people"}));
    assert_eq!((&now["fields"][1]["target"], &now["fields"][2]["target"]), (&json!("people"), &json!("people")));
    let (_, ann) = harness.ask("GET", &format!("{SCHEMAS}/people/records/rec_1"), "");
    assert_eq!(ann["staff"], json!(["rec_2"]));
    assert_well(&harness);
}

#[test]
fn links_keep_their_table_when_they_become_one_or_several() {
    let harness = Harness::crm();
    let company = format!("{SCHEMAS}/contacts/fields/company");
    let (_, why) = refused(&harness, "PATCH", &company, json!({"type": "references", "target": "contracts"}));
    assert!(why.contains("cannot lead to another table"), "{why}");
    let now = ok(&harness, "PATCH", &company, json!({"type": "references"}));
    assert_eq!((&now["target"], &now["converted"]["lost"]), (&json!("companies"), &json!(0)));
    refused(&harness, "PATCH", &company, json!({"type": "reference", "target": "contracts"}));
    let now = ok(&harness, "PATCH", &company, json!({"type": "reference"}));
    assert_eq!((&now["target"], &now["inverse"]), (&json!("companies"), &json!("contacts")));
    assert_well(&harness);
}

#[test]
fn a_field_that_becomes_required_with_another_type_holds_a_value_everywhere() {
    let harness = Harness::crm();
    let fields = json!([{"slug": "t", "type": "text"}, {"slug": "u", "type": "text"}, {"slug": "v", "type": "text"}]);
    ok(&harness, "POST", SCHEMAS, json!({"slug": "notes", "fields": fields}));
    let records = format!("{SCHEMAS}/notes/records");
    ok(&harness, "POST", &records, json!([{"t": "1", "u": "x", "v": "7"}, {"t": null, "u": "", "v": "7"}, {"t": "3", "u": "y", "v": "8"}]));
    let fields = format!("{SCHEMAS}/notes/fields");
    let (_, why) = refused(&harness, "PATCH", &format!("{fields}/t"), json!({"type": "integer", "required": true}));
    assert_eq!(why, "Field 't' is required, but rec_2 holds none");
    let (_, why) = refused(&harness, "PATCH", &format!("{fields}/u"), json!({"type": "textarea", "required": true}));
    assert_eq!(why, "Field 'u' is required, but the values of rec_2 are none of the type textarea");
    let (status, why) = refused(&harness, "PATCH", &format!("{fields}/v"), json!({"type": "integer", "unique": true}));
    assert_eq!((status, why.as_str()), (400, "Table 'notes' holds records with the same v: rec_1, rec_2"));
    ok(&harness, "PATCH", &format!("{records}/rec_2"), json!({"t": "2", "u": "z", "v": "9"}));
    for (field, type_) in [("t", "integer"), ("u", "textarea"), ("v", "integer")] {
        ok(&harness, "PATCH", &format!("{fields}/{field}"), json!({"type": type_, "required": true, "unique": true}));
    }
    assert_well(&harness);
}

#[test]
fn a_copy_takes_no_slug_that_could_not_be_reached_and_a_second_one_gets_a_number() {
    let harness = Harness::crm();
    for slug in ["Bad Slug!", "../x", "batch", "a--b"] {
        assert_eq!(refused(&harness, "POST", &format!("{SCHEMAS}/contacts/duplicate"), json!({"slug": slug})).0, 400, "{slug}");
        assert_eq!(refused(&harness, "POST", "/api/apps/my-crm/duplicate", json!({"slug": slug})).0, 400, "{slug}");
    }
    refused(&harness, "POST", &format!("{SCHEMAS}/contacts/duplicate"), json!({"slug": "x", "name": " "}));
    for wanted in ["companies-copy", "companies-copy-2"] {
        assert_eq!(ok(&harness, "POST", &format!("{SCHEMAS}/companies/duplicate"), json!({}))["slug"], wanted);
    }
    for wanted in ["my-crm-copy", "my-crm-copy-2"] {
        assert_eq!(ok(&harness, "POST", "/api/apps/my-crm/duplicate", json!({}))["slug"], wanted);
    }
    assert_well(&harness);
}

#[test]
fn a_delete_that_is_sent_twice_takes_nothing_else() {
    let harness = Harness::crm();
    ok(&harness, "PATCH", &format!("{SCHEMAS}/visits"), json!({"slug": "calls"}));
    let (status, why) = refused(&harness, "DELETE", &format!("{SCHEMAS}/visits"), json!(null));
    assert_eq!((status, why.as_str()), (404, "There is no table 'visits': the one that had this slug before is 'calls' now"));
    ok(&harness, "PATCH", "/api/apps/my-crm", json!({"slug": "our-crm"}));
    assert_eq!(refused(&harness, "DELETE", "/api/apps/my-crm", json!(null)).0, 404);
    assert_eq!(refused(&harness, "DELETE", &format!("{SCHEMAS}/calls"), json!(null)).0, 404);
    let gone = ok(&harness, "DELETE", "/api/apps/our-crm/schemas/calls", json!(null));
    assert_eq!(gone["slug"], "calls");
}

#[test]
fn records_that_are_there_are_numbered_when_a_sequence_is_added() {
    let harness = Harness::crm();
    ok(&harness, "DELETE", &format!("{SCHEMAS}/contacts/records/rec_2"), json!(null));
    ok(&harness, "POST", &format!("{SCHEMAS}/contacts/fields"), json!({"slug": "place", "type": "sequence"}));
    let place = |id: &str| harness.ask("GET", &format!("{SCHEMAS}/contacts/records/{id}"), "").1["place"].clone();
    assert_eq!([place("rec_1"), place("rec_3"), place("rec_123")], [1, 2, 122].map(|number| json!(number)));
    let made = ok(&harness, "POST", &format!("{SCHEMAS}/contacts/records"), json!({"name": "New", "email": "new@example.com"}));
    assert_eq!(made["place"], 123);
    assert_well(&harness);
}

#[test]
fn options_have_ids_of_their_own_that_are_never_used_up() {
    let harness = Harness::crm();
    let options = format!("{SCHEMAS}/contacts/fields/status/options");
    let (_, why) = refused(&harness, "POST", &options, json!({"value": "far", "id": 9_007_199_254_740_991_i64}));
    assert!(why.contains("far above the next one; take one from 12 to 1000012"), "{why}");
    ok(&harness, "POST", &options, json!({"value": "near", "id": 1_000_012}));
    // Also those of the keys of json.
    let item = |slug: &str, options: Value| json!({"slug": slug, "type": "select", "options": options});
    let twice = json!({"slug": "lines", "type": "json", "items": [item("a", json!(["x"])), item("a", json!(["y"]))]});
    refused(&harness, "POST", &format!("{SCHEMAS}/contacts/fields"), twice);
    let lines = json!({"slug": "lines", "type": "json", "items": [item("a", json!(["x", "y"])), item("b", json!(["x"]))]});
    let made = ok(&harness, "POST", &format!("{SCHEMAS}/contacts/fields"), lines);
    let id = |field: &Value, item: usize, at: usize| field["items"][item]["choices"][at]["id"].as_i64().unwrap();
    assert_eq!([id(&made, 0, 0), id(&made, 0, 1), id(&made, 1, 0)], [1_000_013, 1_000_014, 1_000_015]);
    let items = json!([item("a", json!(["new", "x"])), item("b", json!(["x"]))]);
    let changed = ok(&harness, "PATCH", &format!("{SCHEMAS}/contacts/fields/lines"), json!({"items": items}));
    assert_eq!([id(&changed, 0, 0), id(&changed, 0, 1), id(&changed, 1, 0)], [1_000_016, 1_000_013, 1_000_015]);
    let renamed = ok(&harness, "PATCH", &format!("{SCHEMAS}/contacts/fields/lines"), json!({"slug": "rows"}));
    assert_eq!([id(&renamed, 0, 0), id(&renamed, 1, 0)], [1_000_016, 1_000_015]);
    let file = harness.send("GET", "/api/apps/my-crm/app-file", "", "");
    assert_eq!(harness.apply(&String::from_utf8(file.body).unwrap(), false, true).unwrap()["changes"], json!([]));
}

#[test]
fn what_makes_no_sense_of_options_and_tables_is_refused_in_words() {
    let harness = Harness::crm();
    let options = format!("{SCHEMAS}/contacts/fields/status/options");
    let long = "x".repeat(201);
    for option in [
        json!({"value": "  "}),
        json!({"value": long}),
        json!({"value": "a\u{0}b"}),
        json!({"value": "a", "label": long}),
        json!({"value": "a", "label": " "}),
        json!({"value": "a", "color": "</style>"}),
        json!({"value": "a", "color": "#12"}),
    ] {
        assert_eq!(refused(&harness, "POST", &options, option).0, 400);
    }
    ok(&harness, "POST", &options, json!({"value": "-", "color": "#00AA44"}));
    let contacts = format!("{SCHEMAS}/contacts");
    for (body, wanted) in [
        (json!({}), "says nothing"),
        (json!({"order": ["name", "name"]}), "'order' names the field 'name' twice"),
        (json!({"unique": [["name", "name"]]}), "names the field 'name' twice"),
        (json!({"indexes": [["age"], ["name"], ["age"]]}), "the group age in 'indexes' twice"),
        (json!({"display_field": "notes"}), "cannot name a record"),
        (json!({"name": " "}), "'name' is blank"),
        (json!({"model": ""}), "'model' is blank"),
    ] {
        let (status, why) = refused(&harness, "PATCH", &contacts, body);
        assert!(status == 400 && why.contains(wanted), "{why}");
    }
}

#[test]
fn a_table_may_have_no_fields_until_it_gets_some() {
    let harness = Harness::crm();
    ok(&harness, "POST", SCHEMAS, json!({"slug": "bare"}));
    ok(&harness, "POST", &format!("{SCHEMAS}/bare/records"), json!({}));
    ok(&harness, "POST", &format!("{SCHEMAS}/bare/fields"), json!({"slug": "a", "type": "text", "default": "x"}));
    ok(&harness, "DELETE", &format!("{SCHEMAS}/bare/fields/a"), json!(null));
    let (status, page) = harness.ask("GET", &format!("{SCHEMAS}/bare/records"), "");
    assert_eq!((status, &page["total"]), (200, &json!(1)));
    ok(&harness, "POST", &format!("{SCHEMAS}/bare/fields"), json!({"slug": "b", "type": "integer"}));
    assert_well(&harness);
}

#[test]
fn what_an_expression_needs_is_not_converted_and_no_value_is_read_for_that() {
    let harness = Harness::crm();
    let fields = format!("{SCHEMAS}/contacts/fields");
    ok(&harness, "POST", &fields, json!({"slug": "twice", "type": "computed", "formula": "age * 2"}));
    let age = ["my-crm", "contacts", "age"];
    let seen = Arc::new(AtomicBool::new(false));
    let report: Report = {
        let seen = seen.clone();
        Arc::new(move |_| {
            seen.store(true, Ordering::Relaxed);
            Ok(())
        })
    };
    let body = json!({"type": "text"}).as_object().unwrap().clone();
    let told = carryall::ops::fields::change(&harness.ctx, &crate::harness::OWNER, Way::Alone, age, &body, &report);
    assert!(told.is_err_and(|error| error.sentences()[0].contains("twice")));
    assert!(!seen.load(Ordering::Relaxed), "values were converted for nothing");
}
