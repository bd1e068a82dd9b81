//! Fields that hold several values: what is answered and what is found by stay the same thing, whatever happens to a record.

use crate::harness::{Harness, OWNER};
use carryall::model::job::{Job, unwatched};
use carryall::ops::jobs;
use serde_json::{Value, json};

const NOTES: &str = "/api/apps/my-crm/schemas/notes";
const TAGS: &str = "/api/apps/my-crm/schemas/tags";

fn schemas(on_delete: &str, more: &[Value]) -> Value {
    let mut fields = vec![
        json!({"slug": "text", "type": "text"}),
        json!({"slug": "colors", "type": "multiselect", "options": ["red", "green", "blue"]}),
        json!({"slug": "tags", "type": "references", "target": "tags", "on_delete": on_delete}),
    ];
    fields.extend_from_slice(more);
    json!({"carryall": 1, "app": {"slug": "my-crm", "name": "My CRM"}, "schemas": [
        {"slug": "tags", "name": "Tags", "fields": [{"slug": "name", "type": "text"}]},
        {"slug": "notes", "name": "Notes", "fields": fields},
    ], "records": {
        "tags": [{"$ref": "a", "name": "A"}, {"$ref": "b", "name": "B"}, {"$ref": "c", "name": "C"}],
        "notes": [
            {"text": "one", "colors": ["red", "blue"], "tags": [{"$ref": "a"}, {"$ref": "b"}]},
            {"text": "two", "colors": ["blue"], "tags": [{"$ref": "b"}]},
            {"text": "three"},
        ],
    }})
}

fn harness(on_delete: &str) -> Harness {
    let harness = Harness::crm();
    harness.apply(&schemas(on_delete, &[]).to_string(), false, false).unwrap();
    harness
}

/// The texts of the notes that a question finds, in the order of their ids.
fn found(harness: &Harness, query: &str) -> Vec<String> {
    let (status, list) = harness.ask("GET", &format!("{NOTES}/records?{query}"), "");
    assert_eq!(status, 200, "{list}");
    list["records"].as_array().unwrap().iter().map(|record| record["text"].as_str().unwrap().to_owned()).collect()
}

fn refusal(harness: &Harness, method: &str, target: &str, body: &str) -> String {
    let (status, told) = harness.ask(method, target, body);
    assert!((400..500).contains(&status), "{status} {told}");
    told["error"]["message"].as_str().unwrap().to_owned()
}

fn is_well(harness: &Harness) {
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn records_are_found_by_each_of_their_values_and_by_none() {
    let harness = harness("set_null");
    assert_eq!(found(&harness, "filter[colors]=blue"), ["one", "two"]);
    assert_eq!(found(&harness, "filter[colors][ne]=blue"), ["three"]);
    assert_eq!(found(&harness, "filter[colors][contains]=red"), ["one"]);
    assert_eq!(found(&harness, "filter[colors]=red;blue"), ["one", "two"]);
    assert_eq!(found(&harness, "filter[tags]=rec_2"), ["one", "two"]);
    assert_eq!(found(&harness, "filter[tags]=1&filter[text]=one"), ["one"]);
    assert_eq!(found(&harness, "filter[colors]="), ["three"]);
    let sorted = refusal(&harness, "GET", &format!("{NOTES}/records?sort=colors"), "");
    assert_eq!(sorted, "Field 'colors' holds several values: there is no order by it");
    let greater = refusal(&harness, "GET", &format!("{NOTES}/records?filter[tags][gt]=1"), "");
    assert_eq!(greater, "Field 'tags' holds several values, which have no order to compare by");
    // Through the link table's own key, whatever the size of the table.
    let (_, explained) = harness.ask("GET", &format!("{NOTES}/records?filter[colors]=blue&explain=1"), "");
    let plan = explained["explain"]["statements"][1]["plan"].to_string();
    assert!(plan.contains("USING INTEGER PRIMARY KEY") && plan.contains("USING PRIMARY KEY (field=? AND target=?)"), "{plan}");
    is_well(&harness);
}

#[test]
fn a_change_moves_both_and_bad_values_move_nothing() {
    let harness = harness("set_null");
    let changed = harness.ask("PATCH", &format!("{NOTES}/records/rec_2"), r#"{"colors": ["green", "green", "red"], "tags": "rec_3"}"#);
    assert_eq!((changed.0, &changed.1["colors"], &changed.1["tags"]), (200, &json!(["green", "red"]), &json!(["rec_3"])));
    assert_eq!(found(&harness, "filter[colors]=blue"), ["one"]);
    assert_eq!(found(&harness, "filter[colors]=green"), ["two"]);
    let refused = |body: &str| refusal(&harness, "PATCH", &format!("{NOTES}/records/rec_2"), body);
    assert_eq!(refused(r#"{"colors": ["green", "grene"]}"#), "Field 'colors' has no option 'grene'; options are: red, green, blue");
    assert_eq!(refused(r#"{"tags": [1, 9]}"#), "Field 'tags' points to rec_9, which is not in table 'tags'");
    assert_eq!(refused(r#"{"tags": {"id": 1}}"#), "Field 'tags' must be records' ids such as [\"rec_5\"], not an object");
    assert_eq!(found(&harness, "filter[tags]=rec_3"), ["two"]);
    assert_eq!(harness.ask("PATCH", &format!("{NOTES}/records/rec_2"), r#"{"colors": [], "tags": null}"#).1["colors"], json!([]));
    assert_eq!(found(&harness, "filter[colors]="), ["two", "three"]);
    assert_eq!(harness.ask("DELETE", &format!("{NOTES}/records/rec_1"), "").0, 200);
    assert_eq!(found(&harness, "filter[colors]=red"), Vec::<String>::new());
    is_well(&harness);
}

#[test]
fn a_record_that_goes_is_taken_out_of_the_lists_or_stays_when_they_hold_it() {
    let clearing = harness("set_null");
    assert_eq!(clearing.ask("DELETE", &format!("{TAGS}/records/rec_2"), "").0, 200);
    let (_, list) = clearing.ask("GET", &format!("{NOTES}/records"), "");
    assert_eq!((&list["records"][0]["tags"], &list["records"][1]["tags"]), (&json!(["rec_1"]), &json!([])));
    assert_eq!(found(&clearing, "filter[tags]=rec_2"), Vec::<String>::new());
    is_well(&clearing);
    let holding = harness("restrict");
    assert!(refusal(&holding, "DELETE", &format!("{TAGS}/records/rec_2"), "").starts_with("rec_2 cannot go: "));
    assert_eq!(holding.ask("DELETE", &format!("{TAGS}/records/rec_3"), "").0, 200);
    is_well(&holding);
    let told = Harness::crm().apply(&schemas("cascade", &[]).to_string(), false, false).unwrap_err().sentences().join(" ");
    assert!(told.contains("holds several records, so none of them alone can take this one with it"), "{told}");
}

#[test]
fn sets_come_in_and_go_out_with_files() {
    let harness = harness("set_null");
    let csv = "text,colors,tags\nfour,red; green,1\nfive,,\"rec_2;rec_3\"\n";
    let reply = harness.send("POST", &format!("{NOTES}/import"), "text/csv", csv);
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(found(&harness, "filter[colors]=green"), ["four"]);
    assert_eq!(found(&harness, "filter[tags]=2"), ["one", "two", "five"]);
    let reply = harness.send(
        "POST",
        &format!("{NOTES}/import?key=text"),
        "application/json",
        r#"[{"text": "five", "tags": [1], "colors": ["blue"]}]"#,
    );
    assert_eq!(reply.status, 201, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(found(&harness, "filter[tags]=1"), ["one", "four", "five"]);
    let reply = harness.send("POST", &format!("{NOTES}/import"), "text/csv", "text,tags\nsix,rec_77\n");
    assert!(reply.status == 400 && String::from_utf8_lossy(&reply.body).contains("which is not in table 'tags'"));
    is_well(&harness);
}

#[test]
fn a_list_that_is_added_is_found_by_its_default_and_one_that_goes_leaves_nothing() {
    let harness = harness("set_null");
    let more = json!({"slug": "sizes", "type": "multiselect", "options": ["s", "m", "l"], "default": ["m"]});
    harness.apply(&schemas("set_null", &[more]).to_string(), false, false).unwrap();
    assert_eq!(found(&harness, "filter[sizes]=m"), ["one", "two", "three"]);
    is_well(&harness);
    let bare =
        json!({"carryall": 1, "app": {"slug": "my-crm"}, "schemas": [{"slug": "notes", "fields": [{"slug": "text", "type": "text"}]}]});
    jobs::run(&harness.ctx, &OWNER, &Job::Apply { text: bare.to_string(), dry_run: false, prune: true }, &unwatched()).unwrap();
    assert_eq!(found(&harness, "filter[text]=one"), ["one"]);
    is_well(&harness);
    let unique = json!({"slug": "sizes", "type": "multiselect", "options": ["s"], "unique": true});
    let told = harness.apply(&schemas("set_null", &[unique]).to_string(), false, false).unwrap_err().sentences().join(" ");
    assert!(told.contains("Field 'sizes' holds several values: it cannot be unique"), "{told}");
}

#[test]
fn check_sees_a_list_that_is_not_what_it_is_found_by() {
    let harness = harness("set_null");
    let id = harness.ctx.store.catalog();
    let id = id.schemas(id.app("my-crm").unwrap().id).find(|schema| schema.slug == "notes").unwrap().id.0;
    let file = rusqlite::Connection::open(harness.ctx.store.path()).unwrap();
    file.execute_batch(&format!("DELETE FROM l{id} WHERE target = 'red'; INSERT INTO l{id} VALUES ('tags', 9, 2);")).unwrap();
    let problems = harness.ctx.store.check(&unwatched()).unwrap().problems;
    assert!(problems[0].starts_with("The list 'colors' of rec_1 in table 'notes'"), "{problems:?}");
    assert!(problems[1].starts_with("The list 'tags' of rec_2 in table 'notes'"), "{problems:?}");
    assert!(problems[2].starts_with("Record rec_2 of table 'notes' points by 'tags' to rec_9"), "{problems:?}");
}
