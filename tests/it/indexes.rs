//! Indexes: made and dropped by themselves, proposed, asked for, taken away, and explained.

use crate::harness::{Harness, OWNER};
use carryall::model::job::{Job, unwatched};
use carryall::model::limits::Limits;
use carryall::ops::{jobs, upkeep};
use serde_json::{Value, json};
use std::fmt::Write;

const TABLE: &str = "/api/apps/my-crm/schemas/things";

/// A table with so many records; what is quiet and what is large as said.
fn table(records: usize, limits: Limits) -> Harness {
    let harness = Harness::crm_with(limits);
    let app = json!({"carryall": 1, "app": {"slug": "my-crm", "name": "My CRM"}, "schemas": [{"slug": "things", "name": "Things", "fields": [
        {"slug": "name", "type": "text"}, {"slug": "color", "type": "text"}, {"slug": "size", "type": "integer"},
    ]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let mut rows = String::from("name,color,size\n");
    for at in 0..records {
        writeln!(rows, "thing {at},color {},{}", at % 97, at % 1009).unwrap();
    }
    let reply = harness.send("POST", &format!("{TABLE}/import"), "text/csv", &rows);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    harness
}

fn lists(harness: &Harness, query: &str, times: usize) -> Value {
    let ask = || harness.ask("GET", &format!("{TABLE}/records?{query}"), "").1;
    (1..times).for_each(|_| drop(ask()));
    ask()
}

fn explained(harness: &Harness, query: &str) -> Value {
    harness.ask("GET", &format!("{TABLE}/records?{query}&explain=1"), "").1["explain"].clone()
}

/// Lets the server do what it does by itself, to the end.
fn served(harness: &Harness) {
    let before = harness.ctx.jobs.all().len();
    upkeep::serve_lists(&harness.ctx);
    for entry in harness.ctx.jobs.all().into_iter().take(harness.ctx.jobs.all().len() - before) {
        harness.outcome(entry.id);
    }
}

fn automatic(harness: &Harness) -> Vec<String> {
    let (_, schema) = harness.ask("GET", TABLE, "");
    let indexes = schema["index_list"].as_array().unwrap().iter().filter(|index| index["automatic"] == json!(true));
    indexes.map(|index| index["fields"][0].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_field_that_lists_keep_asking_by_gets_an_index_and_the_same_answers() {
    let harness = table(3_000, Limits::default());
    let before = explained(&harness, "filter[color]=color%203");
    assert_eq!((&before["missing_index"], &before["statements"][0]["rows_read"]), (&json!(["color"]), &json!(3_000)));
    assert!(before["statements"][0]["plan"][0].as_str().unwrap().starts_with("SCAN"), "{before}");
    let slow = lists(&harness, "filter[color]=color%203", 4);
    served(&harness);
    assert_eq!(automatic(&harness), Vec::<String>::new(), "four lists are no habit");
    lists(&harness, "filter[color]=color%203", 1);
    served(&harness);
    assert_eq!(automatic(&harness), ["color"]);
    let after = explained(&harness, "filter[color]=color%203");
    assert_eq!((&after["missing_index"], &after["statements"][0]["rows_read"]), (&Value::Null, &json!(31)), "{after}");
    // A page of what an index finds ends with its last row; one that is sorted looks at all of them.
    let (paged, sorted) = (explained(&harness, "filter[color]=color%203&per_page=5"), explained(&harness, "sort=-size&per_page=5"));
    assert_eq!((&paged["statements"][1]["rows_read"], &sorted["statements"][0]["rows_read"]), (&json!(5), &json!(3_000)));
    assert_eq!(lists(&harness, "filter[color]=color%203", 1), slow);
    let (_, schema) = harness.ask("GET", TABLE, "");
    let why = schema["index_list"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("5 lists of 3000 records were filtered by color, in ") && why.contains("Writers waited "), "{why}");
    // A sort without a filter is served, too.
    lists(&harness, "sort=-size", 5);
    served(&harness);
    assert_eq!(automatic(&harness), ["color", "size"]);
    assert_eq!(explained(&harness, "sort=-size")["statements"][0]["sorted_apart"], json!(false));
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_small_table_gets_none_and_contains_is_helped_by_none() {
    let harness = table(900, Limits::default());
    lists(&harness, "filter[color]=color%203", 9);
    served(&harness);
    assert_eq!(automatic(&harness), Vec::<String>::new());
    let harness = table(3_000, Limits::default());
    lists(&harness, "filter[name][contains]=9", 9);
    served(&harness);
    assert_eq!(automatic(&harness), Vec::<String>::new());
    assert_eq!(explained(&harness, "filter[name][contains]=9")["missing_index"], Value::Null);
}

#[test]
fn a_larger_table_waits_for_a_quiet_moment_and_a_very_large_one_for_somebody_who_asks() {
    let busy = Limits { index_records_at_once_max: 1_000, index_quiet_ms: 3_600_000, ..Limits::default() };
    let harness = table(3_000, busy.clone());
    lists(&harness, "filter[color]=color%203", 6);
    served(&harness);
    assert_eq!(automatic(&harness), Vec::<String>::new(), "somebody has just written");
    let quiet = Limits { index_quiet_ms: 0, ..busy };
    let harness = table(3_000, quiet.clone());
    lists(&harness, "filter[color]=color%203", 6);
    served(&harness);
    assert_eq!(automatic(&harness), ["color"]);

    let harness = table(3_000, Limits { index_records_max: 2_000, ..quiet });
    lists(&harness, "filter[color]=color%203&sort=size", 6);
    served(&harness);
    assert_eq!(automatic(&harness), Vec::<String>::new());
    let (_, schema) = harness.ask("GET", TABLE, "");
    assert_eq!(schema["index_proposals"][0]["fields"], json!(["color"]));
    let made = harness.done(&format!("{TABLE}/indexes"), r#"{"fields": ["color"]}"#);
    assert_eq!(made, json!({"fields": ["color"]}));
    // The rows are found now, and their order is what is missing: two fields together, which are only ever proposed.
    lists(&harness, "filter[color]=color%203&sort=size", 6);
    served(&harness);
    let (_, schema) = harness.ask("GET", TABLE, "");
    assert_eq!(schema["index_proposals"], json!([{"fields": ["color", "size"], "why": schema["index_proposals"][0]["why"]}]));
    harness.done(&format!("{TABLE}/indexes"), r#"{"fields": ["color", "size"]}"#);
    assert_eq!(explained(&harness, "filter[color]=color%203&sort=size")["statements"][1]["sorted_apart"], json!(false));
    assert_eq!(harness.ask("GET", TABLE, "").1.get("index_proposals"), None);
    assert_eq!(harness.ask("DELETE", &format!("{TABLE}/indexes/color.size"), "").0, 204);
    assert_eq!(explained(&harness, "filter[color]=color%203&sort=size")["statements"][1]["sorted_apart"], json!(true));
}

#[test]
fn the_newest_first_is_found_by_an_index_like_any_other_order() {
    let harness = table(3_000, Limits::default());
    let before = explained(&harness, "sort=-created_at");
    assert_eq!((&before["missing_index"], &before["statements"][0]["sorted_apart"]), (&json!(["created_at"]), &json!(true)));
    let slow = lists(&harness, "sort=-created_at", 5);
    served(&harness);
    assert_eq!(automatic(&harness), ["created_at"]);
    let after = explained(&harness, "sort=-created_at");
    assert_eq!((&after["missing_index"], &after["statements"][0]["sorted_apart"]), (&Value::Null, &json!(false)), "{after}");
    assert_eq!(lists(&harness, "sort=-created_at", 1), slow);
    // It stays when the table gets another field, and one that is declared.
    let app = json!({"carryall": 1, "app": {"slug": "my-crm"}, "schemas": [{"slug": "things", "indexes": [["size", "created_at"]], "fields": [
        {"slug": "name", "type": "text"}, {"slug": "color", "type": "text"}, {"slug": "size", "type": "integer"},
        {"slug": "more", "type": "text"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    assert_eq!(automatic(&harness), ["created_at"]);
    assert_eq!(explained(&harness, "filter[size]=3&sort=-created_at")["statements"][1]["sorted_apart"], json!(false));
    assert_eq!(harness.ask("DELETE", &format!("{TABLE}/indexes/size.created_at"), "").0, 204);
    // Asked for, alone and with a field, and taken away.
    harness.done(&format!("{TABLE}/indexes"), r#"{"fields": ["updated_at"]}"#);
    harness.done(&format!("{TABLE}/indexes"), r#"{"fields": ["color", "updated_at"]}"#);
    let (_, schema) = harness.ask("GET", TABLE, "");
    assert_eq!(schema["indexes"], json!([["updated_at"], ["color", "updated_at"]]));
    assert_eq!(explained(&harness, "sort=updated_at")["statements"][0]["sorted_apart"], json!(false));
    assert_eq!(explained(&harness, "filter[color]=color%203&sort=-updated_at")["statements"][1]["sorted_apart"], json!(false));
    assert_eq!(harness.ask("DELETE", &format!("{TABLE}/indexes/updated_at"), "").0, 204);
    assert_eq!(harness.ask("GET", TABLE, "").1["indexes"], json!([["color", "updated_at"]]));
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn an_index_that_somebody_took_away_is_proposed_and_not_made_again_by_itself() {
    let harness = table(3_000, Limits::default());
    lists(&harness, "filter[color]=color%203", 5);
    served(&harness);
    assert_eq!(harness.ask("DELETE", &format!("{TABLE}/indexes/color"), "").0, 204);
    lists(&harness, "filter[color]=color%203", 9);
    served(&harness);
    assert_eq!(automatic(&harness), Vec::<String>::new());
    assert_eq!(harness.ask("GET", TABLE, "").1["index_proposals"][0]["fields"], json!(["color"]));
    // Asked for, it is declared; taken away again, it is gone at once.
    harness.done(&format!("{TABLE}/indexes"), r#"{"fields": ["color"]}"#);
    assert_eq!(harness.ask("GET", TABLE, "").1["index_list"].as_array().map(Vec::len), Some(1));
    assert_eq!(harness.ask("DELETE", &format!("{TABLE}/indexes/color"), "").0, 204);
    assert_eq!(harness.ask("GET", TABLE, "").1["index_list"], json!([]));
}

#[test]
fn an_automatic_index_that_is_asked_for_becomes_a_declared_one() {
    let harness = table(3_000, Limits::default());
    lists(&harness, "filter[color]=color%203", 5);
    served(&harness);
    harness.done(&format!("{TABLE}/indexes"), r#"{"fields": ["color"]}"#);
    let (_, schema) = harness.ask("GET", TABLE, "");
    assert_eq!(schema["index_list"].as_array().map(Vec::len), Some(1));
    assert_eq!(schema["index_list"][0]["why"], "The field is declared with an index");
    assert_eq!(harness.ask("DELETE", &format!("{TABLE}/indexes/color"), "").0, 204);
    assert_eq!(harness.ask("GET", TABLE, "").1["index_list"], json!([]));
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn lists_that_are_far_apart_are_no_habit() {
    let harness = table(3_000, Limits { index_wishes_apart_s_max: 0, ..Limits::default() });
    for _ in 0..9 {
        lists(&harness, "filter[color]=color%203", 1);
        served(&harness);
    }
    assert_eq!(automatic(&harness), Vec::<String>::new());
}

#[test]
fn what_has_an_index_or_needs_none_gets_no_other() {
    let harness = Harness::crm();
    let app = json!({"carryall": 1, "app": {"slug": "my-crm"}, "schemas": [
        {"slug": "tags", "fields": [{"slug": "name", "type": "text"}]},
        {"slug": "things", "fields": [{"slug": "name", "type": "text"}, {"slug": "tag", "type": "reference", "target": "tags"},
            {"slug": "tags", "type": "references", "target": "tags"}, {"slug": "colors", "type": "multiselect", "options": ["red"]}]},
    ]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let refused = |fields: &Value| {
        harness.ask("POST", &format!("{TABLE}/indexes"), &json!({"fields": fields}).to_string()).1["error"]["message"].clone()
    };
    assert_eq!(refused(&json!(["tag"])), "Table 'things' has an index on tag already");
    for set in ["tags", "colors"] {
        let words = format!("Field '{set}' holds several values, and is found by each of them without an index");
        assert_eq!((refused(&json!([set])), refused(&json!(["name", set]))), (json!(words), json!(words)));
    }
}

#[test]
fn a_page_too_deep_is_refused_in_words_that_lead_on() {
    let harness = table(30, Limits { page_offset_max: 20, ..Limits::default() });
    assert_eq!(harness.ask("GET", &format!("{TABLE}/records?per_page=10&page=3"), "").0, 200);
    let (status, told) = harness.ask("GET", &format!("{TABLE}/records?per_page=10&page=4"), "");
    assert_eq!((status, told["error"]["message"].as_str()), (400, Some("A page can begin after at most 20 records")));
    let (_, next) = harness.ask("GET", &format!("{TABLE}/records?per_page=10&sort=id&filter[id][gt]=rec_30"), "");
    assert_eq!(next["records"], json!([]));
}

#[test]
fn an_index_that_no_list_uses_any_more_is_dropped() {
    // As if today were past the last day of those made today.
    let harness = table(3_000, Limits { index_unused_days_max: -1, ..Limits::default() });
    lists(&harness, "filter[color]=color%203", 5);
    lists(&harness, "sort=size", 5);
    served(&harness);
    served(&harness);
    assert_eq!(automatic(&harness), ["color", "size"]);
    harness.ctx.store.asked().take_used();
    lists(&harness, "filter[color]=color%203", 1);
    upkeep::tend(&harness.ctx);
    assert_eq!(automatic(&harness), ["color"]);
    assert!(explained(&harness, "sort=size")["statements"][0]["sorted_apart"] == json!(true));
    // It is there again as soon as it is missed again, and goes with its field.
    let app =
        json!({"carryall": 1, "app": {"slug": "my-crm"}, "schemas": [{"slug": "things", "fields": [{"slug": "name", "type": "text"}]}]});
    jobs::run(&harness.ctx, &OWNER, &Job::Apply { text: app.to_string(), dry_run: false, prune: true }, &unwatched()).unwrap();
    assert_eq!(automatic(&harness), Vec::<String>::new());
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}
