//! Taking back whatever was done, by whomever and through whichever door: everything is what it was, and again what it became; what others did since is
//! told with both values and never lost by the way. Any acts in any order are in `undo_any`.

use crate::harness::Harness;
use crate::transcript::Ask;
use carryall::model::job::unwatched;
use serde_json::{Value, json};

pub const APP: &str = "/api/apps/work";
pub const SCHEMAS: &str = "/api/apps/work/schemas";

pub fn work() -> Harness {
    let harness = Harness::crm();
    let app = json!({"carryall": 1, "app": {"slug": "work", "name": "Work"}, "schemas": [
        {"slug": "people", "display_field": "name", "fields": [
            {"slug": "name", "type": "text", "required": true, "unique": true}, {"slug": "age", "type": "integer"}]},
        {"slug": "projects", "display_field": "name", "fields": [
            {"slug": "name", "type": "text", "unique": true},
            {"slug": "state", "type": "select", "options": ["new", "open", "done"], "default": "new"},
            {"slug": "tags", "type": "multiselect", "options": ["red", "green", "blue"]},
            {"slug": "lead", "type": "reference", "target": "people", "on_delete": "set_null"},
            {"slug": "team", "type": "references", "target": "people", "on_delete": "set_null"},
            {"slug": "budget", "type": "decimal"}]},
        {"slug": "tasks", "fields": [
            {"slug": "title", "type": "text"},
            {"slug": "project", "type": "reference", "target": "projects", "on_delete": "cascade"},
            {"slug": "number", "type": "sequence"}]},
    ], "records": {
        "people": [{"$ref": "ann", "name": "Ann", "age": 31}, {"$ref": "bo", "name": "Bo"}, {"name": "Cy", "age": 50}],
        "projects": [
            {"$ref": "p", "name": "Pilot", "tags": ["red", "blue"], "lead": {"$ref": "ann"}, "team": [{"$ref": "ann"}, {"$ref": "bo"}], "budget": 12.5},
            {"$ref": "q", "name": "Quest", "state": "open", "lead": {"$ref": "bo"}}],
        "tasks": [{"title": "one", "project": {"$ref": "p"}}, {"title": "two", "project": {"$ref": "p"}}, {"title": "three", "project": {"$ref": "q"}}],
    }});
    harness.apply(&app.to_string(), false, false).unwrap();
    harness
}

/// All that an app is: its tables and every record under its id.
pub fn state(harness: &Harness) -> Value {
    let (status, mut schemas) = harness.ask("GET", SCHEMAS, "");
    assert_eq!(status, 200, "{schemas}");
    let mut tables = schemas["schemas"].take();
    for table in tables.as_array_mut().unwrap() {
        let slug = table["slug"].as_str().unwrap().to_owned();
        let (status, list) = harness.ask("GET", &format!("{SCHEMAS}/{slug}/records?sort=id&per_page=100"), "");
        assert_eq!(status, 200, "{list}");
        let table = table.as_object_mut().unwrap();
        // How often it was changed, and under which names it is found besides, is no part of what it is.
        table.retain(|key, _| !matches!(key.as_str(), "version" | "aliases" | "index_list"));
        table.insert("all".to_owned(), list["records"].clone());
        table.insert("total".to_owned(), list["total"].clone());
    }
    tables.as_array_mut().unwrap().sort_by_key(|table| table["slug"].as_str().map(str::to_owned));
    tables
}

pub fn is_well(harness: &Harness) {
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

pub fn newest(harness: &Harness) -> i64 {
    harness.ask("GET", &format!("{APP}/changes"), "").1["last"].as_i64().unwrap()
}

/// The acts after a number, newest first.
pub fn acts(harness: &Harness, after: i64) -> Vec<i64> {
    let (status, list) = harness.ask("GET", &format!("{APP}/changes?order=newest&after={after}&limit=1000"), "");
    assert_eq!(status, 200, "{list}");
    list["changes"].as_array().unwrap().iter().map(|change| change["seq"].as_i64().unwrap()).collect()
}

pub fn post(harness: &Harness, target: &str, body: &str) -> Value {
    let (status, answer) = harness.ask("POST", target, body);
    assert_eq!(status, 200, "{target} {body} {answer}");
    answer
}

/// The last act, taken back.
fn undone(harness: &Harness) -> Value {
    let last = acts(harness, 0)[0];
    post(harness, &format!("{APP}/changes/{last}/undo"), "")
}

#[test]
fn a_deleted_record_comes_back_with_what_hung_on_it_and_with_what_led_to_it() {
    let harness = work();
    let first = state(&harness);
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/people/records/rec_1"), "").0, 200);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/projects/records/rec_1"), "").1["team"], json!(["rec_2"]));
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/projects/records/rec_1"), "").0, 200);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/tasks/records"), "").1["total"], 1);
    let told = undone(&harness);
    assert_eq!((&told["created"], &told["updated"]), (&json!(3), &json!(0)), "{told}");
    let first_act = acts(&harness, 0)[2];
    post(&harness, &format!("{APP}/changes/{first_act}/undo"), "");
    assert_eq!(state(&harness), first);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/projects/records?filter[team]=rec_1"), "").1["total"], 1);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/people/records?q=Ann"), "").1["total"], 1);
    is_well(&harness);
}

#[test]
fn what_somebody_else_changed_since_is_told_with_both_values_and_stays_unless_it_is_said() {
    let harness = work();
    let pilot = format!("{SCHEMAS}/projects/records/rec_1");
    harness.ask("PATCH", &pilot, r#"{"budget": 20, "state": "open"}"#);
    let mine = acts(&harness, 0)[0];
    harness.ask("PATCH", &pilot, r#"{"budget": 30}"#);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{mine}/undo"), "");
    assert_eq!(status, 409, "{told}");
    let conflict = &told["error"]["conflicts"][0];
    assert_eq!((&conflict["mine"], &conflict["theirs"], &conflict["field"]), (&json!(12.5), &json!(30), &json!("budget")), "{told}");
    assert_eq!((&conflict["record"], &conflict["by"], &conflict["change"]), (&json!("rec_1"), &json!("your@email.com"), &json!(mine + 1)));
    assert_eq!(harness.ask("GET", &pilot, "").1["state"], "open", "nothing was taken back");
    let told = post(&harness, &format!("{APP}/changes/{mine}/undo"), r#"{"on_conflict": "skip"}"#);
    let now = harness.ask("GET", &pilot, "").1;
    assert_eq!((&now["budget"], &now["state"], &told["conflicts_total"]), (&json!(30), &json!("new"), &json!(1)));
    post(&harness, &format!("{APP}/changes/{mine}/redo"), "");
    post(&harness, &format!("{APP}/changes/{mine}/undo"), r#"{"on_conflict": "overwrite"}"#);
    assert_eq!(harness.ask("GET", &pilot, "").1["budget"], 12.5);
}

#[test]
fn a_unique_value_that_is_taken_by_now_stands_in_the_way() {
    let harness = work();
    harness.ask("DELETE", &format!("{SCHEMAS}/projects/records/rec_2"), "");
    let gone = acts(&harness, 0)[0];
    assert_eq!(harness.ask("POST", &format!("{SCHEMAS}/projects/records"), r#"{"name": "Quest"}"#).0, 201);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{gone}/undo"), "");
    assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("unique")), "{told}");
    // The record stays away, and so does what hangs on it, as far as it must.
    post(&harness, &format!("{APP}/changes/{gone}/undo"), r#"{"on_conflict": "skip"}"#);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/projects/records/rec_2"), "").0, 404);
    is_well(&harness);
}

#[test]
fn records_that_swapped_a_unique_value_swap_it_back() {
    let harness = work();
    let first = state(&harness);
    let people = format!("{SCHEMAS}/people/records");
    let swap = json!({"requests": [
        {"method": "PATCH", "url": format!("{people}/rec_1"), "body": {"name": "X"}},
        {"method": "PATCH", "url": format!("{people}/rec_2"), "body": {"name": "Ann"}},
        {"method": "PATCH", "url": format!("{people}/rec_1"), "body": {"name": "Bo"}},
    ]});
    let (status, told) = harness.ask("POST", "/api/batch", &swap.to_string());
    assert_eq!(status, 200, "{told}");
    undone(&harness);
    assert_eq!(state(&harness), first);
    is_well(&harness);
}

#[test]
fn an_import_of_ten_thousand_rows_is_taken_back_and_done_again() {
    let harness = work();
    let first = state(&harness);
    let rows: String = (0..10_000).map(|n| format!("person {n},{}\n", n % 90)).collect();
    let imported = harness.send("POST", &format!("{SCHEMAS}/people/import"), "text/csv", &format!("name,age\n{rows}"));
    assert_eq!(imported.status, 201);
    let act = acts(&harness, 0)[0];
    let begun = std::time::Instant::now();
    let told = post(&harness, &format!("{APP}/changes/{act}/undo"), "");
    eprintln!("undo of 10,000 rows: {:?}", begun.elapsed());
    assert_eq!(told["deleted"], 10_000);
    assert_eq!(state(&harness), first);
    is_well(&harness);
    let begun = std::time::Instant::now();
    let told = post(&harness, &format!("{APP}/changes/{act}/redo"), "");
    eprintln!("redo of 10,000 rows: {:?}", begun.elapsed());
    assert_eq!(told["created"], 10_000);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/people/records"), "").1["total"], 10_003);
    is_well(&harness);
    // What was written to an imported record since is not lost.
    harness.ask("PATCH", &format!("{SCHEMAS}/people/records/rec_100"), r#"{"age": 99}"#);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{act}/undo"), "");
    assert_eq!((status, &told["error"]["conflicts"][0]["record"]), (409, &json!("rec_100")), "{told}");
    let told = post(&harness, &format!("{APP}/changes/{act}/undo"), r#"{"on_conflict": "skip"}"#);
    assert_eq!(told["deleted"], 9_999);
}

#[test]
fn a_deleted_field_comes_back_with_its_values_while_the_table_went_on() {
    let harness = work();
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/people/fields/age"), "").0, 200);
    let gone = acts(&harness, 0)[0];
    harness.ask("POST", &format!("{SCHEMAS}/people/fields"), r#"{"slug": "town", "type": "text"}"#);
    harness.ask("PATCH", &format!("{SCHEMAS}/people/fields/town"), r#"{"slug": "city"}"#);
    harness.ask("PATCH", &format!("{SCHEMAS}/people/records/rec_1"), r#"{"city": "Oslo"}"#);
    harness.ask("DELETE", &format!("{SCHEMAS}/people/records/rec_3"), "");
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{gone}/undo"), "");
    assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("gone")), "{told}");
    post(&harness, &format!("{APP}/changes/{gone}/undo"), r#"{"on_conflict": "skip"}"#);
    let ann = harness.ask("GET", &format!("{SCHEMAS}/people/records/rec_1"), "").1;
    assert_eq!((&ann["age"], &ann["city"]), (&json!(31), &json!("Oslo")));
    // A change from before a field was renamed is found under its new name.
    harness.ask("PATCH", &format!("{SCHEMAS}/people/records/rec_1"), r#"{"age": 32}"#);
    let aged = acts(&harness, 0)[0];
    harness.ask("PATCH", &format!("{SCHEMAS}/people/fields/age"), r#"{"slug": "years"}"#);
    post(&harness, &format!("{APP}/changes/{aged}/undo"), "");
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/people/records/rec_1"), "").1["years"], 31);
    is_well(&harness);
}

#[test]
fn a_field_that_lost_values_by_another_type_has_them_again() {
    let harness = work();
    let first = state(&harness);
    let (status, told) = harness.ask("PATCH", &format!("{SCHEMAS}/projects/fields/name"), r#"{"type": "integer"}"#);
    assert_eq!((status, &told["converted"]["lost"]), (200, &json!(2)), "{told}");
    undone(&harness);
    assert_eq!(state(&harness), first);
    let (status, told) = harness.ask("PATCH", &format!("{SCHEMAS}/projects/fields/tags"), r#"{"type": "text"}"#);
    assert_eq!(status, 200, "{told}");
    undone(&harness);
    assert_eq!(state(&harness), first);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/projects/records?filter[tags]=blue"), "").1["total"], 1);
    is_well(&harness);
}

#[test]
fn a_deleted_app_comes_back_with_everything_and_who_could_do_what() {
    let harness = work().with_people(&["ann"]);
    let grant = r#"{"user": "ann@example.com", "app": "work", "role": "keeper"}"#;
    let role = r#"{"slug": "keeper", "name": "Keeper", "schemas": {"people": {"read": true, "list": true, "update": "age > 18"}}}"#;
    assert_eq!(harness.ask("POST", &format!("{APP}/roles"), role).0, 201);
    let (status, told) = harness.ask("POST", "/api/workspaces/default/grants", grant);
    assert!(status < 300, "{told}");
    let (first, app) = (state(&harness), harness.ask("GET", APP, "").1);
    let roles = harness.ask("GET", &format!("{APP}/roles"), "").1;
    assert_eq!(harness.ask("DELETE", APP, "").0, 200);
    // Another app that is made meanwhile has nothing of it.
    assert_eq!(harness.ask("POST", "/api/apps", r#"{"name": "Other"}"#).0, 201);
    assert_eq!(harness.ask("GET", "/api/apps/other/changes?order=newest", "").1["changes"].as_array().unwrap().len(), 1);
    let (_, gone) = harness.ask("GET", "/api/workspaces/default/deleted", "");
    assert_eq!(gone["apps"][0]["slug"], "work");
    let told = post(&harness, &format!("/api/workspaces/default/deleted/{}/restore", gone["apps"][0]["change"]), "");
    assert_eq!(told["created"], 8, "{told}");
    assert_eq!((state(&harness), harness.ask("GET", APP, "").1), (first, app));
    assert_eq!(harness.ask("GET", &format!("{APP}/roles"), "").1, roles);
    let headers = vec![("As".to_owned(), "ann".to_owned())];
    let ask = Ask { method: "GET".to_owned(), url: format!("{SCHEMAS}/people/records"), headers, body: Vec::new() };
    assert_eq!(harness.answer(&ask).status, 200);
    is_well(&harness);
}

#[test]
fn a_rehearsed_undo_tells_and_writes_nothing_and_one_that_is_torn_off_is_whole() {
    let harness = work();
    harness.ask("DELETE", &format!("{SCHEMAS}/projects/records/rec_1"), "");
    let (last, act) = (state(&harness), acts(&harness, 0)[0]);
    let told = post(&harness, &format!("{APP}/changes/{act}/undo?dry_run=true"), "");
    assert_eq!((&told["created"], &told["change"]), (&json!(3), &Value::Null), "{told}");
    assert_eq!(state(&harness), last);
    post(&harness, &format!("{APP}/changes/{act}/undo"), "");
    let whole = state(&harness);
    let torn = harness.torn();
    let now = state(&torn);
    assert!(now == last || now == whole);
    is_well(&torn);
}

#[test]
fn roles_and_who_has_them_are_taken_back() {
    let harness = work().with_people(&["ann"]);
    let role = r#"{"slug": "keeper", "name": "Keeper", "schemas": {"people": {"read": true}}}"#;
    assert_eq!(harness.ask("POST", &format!("{APP}/roles"), role).0, 201);
    let before = harness.ask("GET", &format!("{APP}/roles"), "").1;
    harness.ask("PATCH", &format!("{APP}/roles/keeper"), r#"{"schemas": {"people": {"read": "age > 18", "list": true}}}"#);
    undone(&harness);
    assert_eq!(harness.ask("GET", &format!("{APP}/roles"), "").1, before);
    harness.ask("POST", "/api/workspaces/default/grants", r#"{"user": "ann@example.com", "app": "work", "role": "keeper"}"#);
    undone(&harness);
    assert_eq!(harness.ask("GET", "/api/workspaces/default/grants?app=work", "").1["grants"], json!([]));
}

#[test]
fn a_field_that_comes_back_is_hidden_from_those_whom_it_was_hidden_from() {
    let harness = work().with_people(&["ann"]);
    let role = r#"{"slug": "keeper", "name": "Keeper", "schemas": {"people": {"read": true, "list": true, "fields": {"age": {"readable": false}}}}}"#;
    assert_eq!(harness.ask("POST", &format!("{APP}/roles"), role).0, 201);
    harness.ask("POST", "/api/workspaces/default/grants", r#"{"user": "ann@example.com", "app": "work", "role": "keeper"}"#);
    let seen_by_ann = || {
        let headers = vec![("As".to_owned(), "ann".to_owned())];
        let ask = Ask { method: "GET".to_owned(), url: format!("{SCHEMAS}/people/records/rec_1"), headers, body: Vec::new() };
        serde_json::from_slice::<Value>(&harness.answer(&ask).body).unwrap()
    };
    let roles = harness.ask("GET", &format!("{APP}/roles"), "").1;
    assert_eq!(seen_by_ann().get("age"), None);
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/people/fields/age"), "").0, 200);
    let gone = acts(&harness, 0)[0];
    for way in ["undo", "redo", "undo"] {
        post(&harness, &format!("{APP}/changes/{gone}/{way}"), "");
        assert_eq!(seen_by_ann().get("age"), None, "{way}");
    }
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/people/records/rec_1"), "").1["age"], 31);
    assert_eq!(harness.ask("GET", &format!("{APP}/roles"), "").1, roles);
    is_well(&harness);
}

#[test]
fn a_table_does_not_go_again_with_what_was_written_to_it_since() {
    let records = format!("{SCHEMAS}/tasks/records");
    for (method, target, body) in
        [("POST", records.clone(), r#"{"title": "new"}"#), ("PATCH", format!("{records}/rec_1"), r#"{"title": "other"}"#)]
    {
        let harness = work();
        assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/tasks"), "").0, 200);
        let gone = acts(&harness, 0)[0];
        post(&harness, &format!("{APP}/changes/{gone}/undo"), "");
        assert!(harness.ask(method, &target, body).0 < 300);
        let (status, told) = harness.ask("POST", &format!("{APP}/changes/{gone}/redo"), "");
        assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("records")), "{told}");
        undone(&harness);
        post(&harness, &format!("{APP}/changes/{gone}/redo"), "");
        assert_eq!(harness.ask("GET", &records, "").0, 404);
        is_well(&harness);
    }
}

#[test]
fn a_table_that_was_made_does_not_go_with_what_was_imported_since() {
    let harness = work();
    assert_eq!(harness.ask("POST", SCHEMAS, r#"{"slug": "notes", "fields": [{"slug": "text", "type": "text"}]}"#).0, 201);
    let made = acts(&harness, 0)[0];
    assert_eq!(harness.send("POST", &format!("{SCHEMAS}/notes/import"), "text/csv", "text\none\ntwo\n").status, 201);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{made}/undo"), "");
    assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("records")), "{told}");
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/notes/records"), "").1["total"], 2);
}

#[test]
fn the_first_entry_of_an_act_is_taken_back_alone_like_any_other() {
    let harness = work();
    let first = state(&harness);
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/projects/records/rec_1"), "").0, 200);
    let act = acts(&harness, 0)[0];
    let alone = |what: &str| harness.ask("POST", &format!("{APP}/changes/{act}/{what}"), r#"{"batch": false}"#);
    assert_eq!(harness.ask("POST", &format!("{APP}/changes/{act}/redo"), r#"{"batch": false}"#).0, 409, "nothing is taken back yet");
    let (status, told) = alone("undo");
    assert_eq!((status, &told["created"], &told["undoes"]), (200, &json!(1), &json!(act)), "{told}");
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/projects/records/rec_1"), "").0, 200);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/tasks/records"), "").1["total"], 1);
    assert_eq!(alone("undo").0, 409, "it is taken back already");
    assert_eq!(alone("redo").0, 200);
    assert_eq!(harness.ask("GET", &format!("{SCHEMAS}/projects/records/rec_1"), "").0, 404);
    // The act as a whole is another thing.
    let told = &harness.ask("GET", &format!("{APP}/changes/{act}"), "").1;
    assert_eq!((&told["undone_by"], &told["can_undo"]), (&Value::Null, &json!(true)));
    assert_eq!(post(&harness, &format!("{APP}/changes/{act}/undo"), "")["created"], 3);
    assert_eq!(state(&harness), first);
    is_well(&harness);
}

#[test]
fn what_stands_stays_where_what_was_there_is_gone() {
    let harness = work();
    let quest = format!("{SCHEMAS}/projects/records/rec_2");
    assert_eq!(harness.ask("PATCH", &quest, r#"{"lead": "rec_1"}"#).0, 200);
    let act = acts(&harness, 0)[0];
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/people/records/rec_2"), "").0, 200);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{act}/undo"), "");
    assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("reference")), "{told}");
    post(&harness, &format!("{APP}/changes/{act}/undo"), r#"{"on_conflict": "skip"}"#);
    assert_eq!(harness.ask("GET", &quest, "").1["lead"], "rec_1");
    is_well(&harness);
}

#[test]
fn what_became_of_a_view_is_taken_back_but_not_what_was_changed_in_it_since() {
    let harness = work();
    let views = format!("{SCHEMAS}/people/views");
    let (status, told) = harness.ask("POST", &views, r#"{"name": "Old ones", "shared": true, "sort": ["-age"]}"#);
    assert_eq!(status, 201, "{told}");
    let old = harness.ask("GET", &views, "").1;
    assert_eq!(harness.ask("PATCH", &format!("{views}/old-ones"), r#"{"name": "Elders", "sort": ["name"]}"#).0, 200);
    let changed = acts(&harness, 0)[0];
    assert_eq!(harness.ask("PATCH", &format!("{views}/old-ones"), r#"{"sort": ["age"]}"#).0, 200);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{changed}/undo"), "");
    let conflict = &told["error"]["conflicts"][0];
    assert_eq!((status, &conflict["mine"], &conflict["theirs"]), (409, &json!(["-age"]), &json!(["age"])), "{told}");
    post(&harness, &format!("{APP}/changes/{changed}/undo"), r#"{"on_conflict": "skip"}"#);
    let now = &harness.ask("GET", &format!("{views}/old-ones"), "").1;
    assert_eq!((&now["name"], &now["sort"]), (&json!("Old ones"), &json!(["age"])));
    undone(&harness);
    post(&harness, &format!("{APP}/changes/{changed}/undo"), r#"{"on_conflict": "overwrite"}"#);
    assert_eq!(harness.ask("GET", &views, "").1, old);
    assert_eq!(harness.ask("DELETE", &format!("{views}/old-ones"), "").0, 204);
    let gone = acts(&harness, 0)[0];
    post(&harness, &format!("{APP}/changes/{gone}/undo"), "");
    assert_eq!(harness.ask("GET", &views, "").1, old);
    post(&harness, &format!("{APP}/changes/{gone}/redo"), "");
    assert_eq!(harness.ask("POST", &views, r#"{"slug": "old-ones", "shared": true}"#).0, 201);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{gone}/undo"), "");
    assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("unique")), "{told}");
}

#[test]
fn a_table_comes_back_with_its_views_and_with_what_roles_let_through_in_it() {
    let harness = work().with_people(&["ann"]);
    let role = r#"{"slug": "keeper", "name": "Keeper", "schemas": {"tasks": {"read": "title != null", "list": true, "fields": {"number": {"readable": false}}}}}"#;
    assert_eq!(harness.ask("POST", &format!("{APP}/roles"), role).0, 201);
    harness.ask("POST", "/api/workspaces/default/grants", r#"{"user": "ann@example.com", "app": "work", "role": "keeper"}"#);
    let views = format!("{SCHEMAS}/tasks/views");
    let by_ann = |method: &str, target: &str, body: &str| {
        let headers = vec![("As".to_owned(), "ann".to_owned())];
        let reply = harness.answer(&Ask { method: method.to_owned(), url: target.to_owned(), headers, body: body.as_bytes().to_vec() });
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap_or_default())
    };
    assert_eq!(harness.ask("POST", &views, r#"{"slug": "all", "shared": true, "filter": "title != 'x'"}"#).0, 201);
    assert_eq!(by_ann("POST", &views, r#"{"slug": "own", "name": "Only mine"}"#).0, 201);
    let whole = || (state(&harness), harness.ask("GET", &format!("{APP}/roles"), "").1, by_ann("GET", &views, ""));
    let first = whole();
    assert_eq!(first.2.1["views"].as_array().unwrap().len(), 2);
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/tasks"), "").0, 200);
    let gone = acts(&harness, 0)[0];
    assert_eq!(by_ann("GET", &views, "").0, 404);
    for _ in 0..2 {
        post(&harness, &format!("{APP}/changes/{gone}/undo"), "");
        assert_eq!(whole(), first);
        post(&harness, &format!("{APP}/changes/{gone}/redo"), "");
        assert_eq!(by_ann("GET", &views, "").0, 404);
    }
    // What somebody keeps for themselves is told to nobody else.
    for target in
        [format!("{APP}/changes/{gone}"), format!("{APP}/changes?since=0&limit=1000"), format!("{APP}/changes?order=newest&limit=1000")]
    {
        let told = harness.ask("GET", &target, "").1.to_string();
        assert!(told.contains("title != 'x'") && !told.contains("Only mine"), "{told}");
    }
    is_well(&harness);
}

#[test]
fn a_view_names_a_field_again_that_came_back() {
    let harness = work().with_people(&["ann"]);
    harness.ask("POST", "/api/workspaces/default/grants", r#"{"user": "ann@example.com", "app": "work", "role": "editor"}"#);
    let views = format!("{SCHEMAS}/people/views");
    let by_ann = |method: &str, target: &str, body: &str| {
        let headers = vec![("As".to_owned(), "ann".to_owned())];
        let reply = harness.answer(&Ask { method: method.to_owned(), url: target.to_owned(), headers, body: body.as_bytes().to_vec() });
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap_or_default())
    };
    assert_eq!(harness.ask("POST", &views, r#"{"slug": "all", "shared": true, "sort": ["-age"], "fields": ["name", "age"]}"#).0, 201);
    assert_eq!(by_ann("POST", &views, r#"{"slug": "own", "group": ["age"]}"#).0, 201);
    let first = by_ann("GET", &views, "").1;
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/people/fields/age"), "").0, 200);
    let gone = acts(&harness, 0)[0];
    assert_eq!(by_ann("GET", &views, "").1["views"][0]["fields"], json!(["name"]));
    post(&harness, &format!("{APP}/changes/{gone}/undo"), "");
    assert_eq!(by_ann("GET", &views, "").1, first);
    // What ann did to a view of her own is hers to take back.
    assert_eq!(by_ann("PATCH", &format!("{views}/own"), r#"{"name": "Another"}"#).0, 200);
    let act = acts(&harness, 0)[0];
    assert_eq!(harness.ask("POST", &format!("{APP}/changes/{act}/undo"), "").0, 403, "that is hers alone");
    assert_eq!(by_ann("POST", &format!("{APP}/changes/{act}/undo"), "").0, 200);
    assert_eq!(by_ann("GET", &views, "").1, first);
}

#[test]
fn an_app_that_came_back_is_deleted_again_unless_it_was_changed_since() {
    let harness = work();
    let first = state(&harness);
    assert_eq!(harness.ask("DELETE", APP, "").0, 200);
    let deleted = "/api/workspaces/default/deleted";
    let gone = harness.ask("GET", deleted, "").1["apps"][0]["change"].clone();
    post(&harness, &format!("{deleted}/{gone}/restore"), "");
    let back = acts(&harness, 0)[0];
    assert_eq!(harness.ask("PATCH", &format!("{SCHEMAS}/people/records/rec_1"), r#"{"age": 32}"#).0, 200);
    for target in [format!("{APP}/changes/{gone}/redo"), format!("{APP}/changes/{back}/undo")] {
        let (status, told) = harness.ask("POST", &target, "");
        assert_eq!((status, &told["error"]["conflicts"][0]["code"]), (409, &json!("changed")), "{told}");
    }
    undone(&harness);
    assert_eq!(post(&harness, &format!("{APP}/changes/{gone}/redo"), "")["deleted"], 8);
    assert_eq!(harness.ask("GET", APP, "").0, 404);
    // It is listed once, as it went last.
    let apps = harness.ask("GET", deleted, "").1["apps"].clone();
    assert_eq!(apps.as_array().unwrap().len(), 1, "{apps}");
    post(&harness, &format!("{deleted}/{}/restore", apps[0]["change"]), "");
    assert_eq!(state(&harness), first);
    is_well(&harness);
}

#[test]
fn what_went_with_another_is_deleted_once() {
    let harness = work();
    let records = format!("{SCHEMAS}/projects/records");
    let made = json!({"requests": [
        {"method": "POST", "url": records, "body": {"name": "Late"}},
        {"method": "POST", "url": format!("{SCHEMAS}/tasks/records"), "body": {"title": "of it", "project": "rec_3"}}]});
    assert_eq!(harness.ask("POST", "/api/batch", &made.to_string()).0, 200);
    let act = acts(&harness, 0)[0];
    assert_eq!(harness.ask("POST", &format!("{SCHEMAS}/tasks/records"), r#"{"title": "late", "project": "rec_3"}"#).0, 201);
    let last = state(&harness);
    let told = post(&harness, &format!("{APP}/changes/{act}/undo"), r#"{"on_conflict": "overwrite"}"#);
    is_well(&harness);
    post(&harness, &format!("{APP}/changes/{act}/redo"), "");
    assert_eq!(state(&harness), last, "{told}");
    is_well(&harness);
}

#[test]
fn a_field_does_not_go_with_what_was_written_to_it_since() {
    let harness = work();
    let people = format!("{SCHEMAS}/people/records");
    assert_eq!(harness.ask("POST", &format!("{SCHEMAS}/people/fields"), r#"{"slug": "town", "type": "text"}"#).0, 201);
    let made = acts(&harness, 0)[0];
    assert_eq!(harness.ask("PATCH", &format!("{people}/rec_1"), r#"{"town": "Oslo"}"#).0, 200);
    assert_eq!(harness.send("POST", &format!("{SCHEMAS}/people/import"), "text/csv", "name,town\nDi,Rome\n").status, 201);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{made}/undo"), "");
    let conflicts = told["error"]["conflicts"].as_array().unwrap();
    let told_of: Vec<(&Value, &Value)> = conflicts.iter().map(|conflict| (&conflict["record"], &conflict["theirs"])).collect();
    assert_eq!((status, told_of), (409, vec![(&json!("rec_1"), &json!("Oslo")), (&json!("rec_4"), &json!("Rome"))]), "{told}");
    post(&harness, &format!("{APP}/changes/{made}/undo"), r#"{"on_conflict": "skip"}"#);
    assert_eq!(harness.ask("GET", &format!("{people}/rec_1"), "").1["town"], "Oslo");
    is_well(&harness);
}

#[test]
fn a_field_has_its_old_type_again_but_not_instead_of_what_was_written_since() {
    let harness = work();
    let ann = format!("{SCHEMAS}/people/records/rec_1");
    assert_eq!(harness.ask("PATCH", &format!("{SCHEMAS}/people/fields/age"), r#"{"type": "text"}"#).0, 200);
    let act = acts(&harness, 0)[0];
    assert_eq!(harness.ask("PATCH", &ann, r#"{"age": "about 32"}"#).0, 200);
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{act}/undo"), "");
    let conflict = &told["error"]["conflicts"][0];
    assert_eq!((status, &conflict["record"], &conflict["theirs"]), (409, &json!("rec_1"), &json!("about 32")), "{told}");
    assert_eq!(harness.ask("GET", &ann, "").1["age"], "about 32");
    post(&harness, &format!("{APP}/changes/{act}/undo"), r#"{"on_conflict": "overwrite"}"#);
    assert_eq!(harness.ask("GET", &ann, "").1["age"], 31);
    is_well(&harness);
}

#[test]
fn a_name_that_a_table_had_in_between_is_another_ones_by_now() {
    let harness = work();
    let first = state(&harness);
    let (status, point) = harness.ask("POST", &format!("{APP}/checkpoints"), r#"{"name": "begun"}"#);
    assert_eq!(status, 201, "{point}");
    let back = format!("{APP}/checkpoints/{}/return", point["id"]);
    assert_eq!(harness.ask("DELETE", &format!("{SCHEMAS}/tasks"), "").0, 200);
    assert_eq!(harness.ask("PATCH", &format!("{SCHEMAS}/people"), r#"{"slug": "tasks"}"#).0, 200);
    post(&harness, &back, "");
    let all = acts(&harness, 0)[..3].to_vec();
    all.iter().for_each(|change| drop(post(&harness, &format!("{APP}/changes/{change}/undo"), "")));
    all.iter().rev().for_each(|change| drop(post(&harness, &format!("{APP}/changes/{change}/redo"), "")));
    post(&harness, &back, "");
    assert_eq!(state(&harness), first);
    is_well(&harness);
}
