//! Records that a filter finds: changed alike or deleted, all or none, never more than was meant, never those of others.

use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use carryall::model::job::unwatched;
use serde_json::{Value, json};

const TASKS: &str = "/api/apps/work/schemas/tasks/records";

/// Nine tasks: the first six are open, of which ann owns the first three; each has a number and a note.
fn work() -> Harness {
    let harness = Harness::empty();
    let app = json!({"carryall": 1, "app": {"slug": "work"}, "schemas": [
        {"slug": "tasks", "fields": [
            {"slug": "title", "type": "text", "unique": true},
            {"slug": "state", "type": "select", "options": ["open", "done"]},
            {"slug": "owner", "type": "text"},
            {"slug": "effort", "type": "integer", "max": 100},
            {"slug": "double", "type": "computed", "formula": "effort * 2"}]},
        {"slug": "notes", "fields": [{"slug": "task", "type": "reference", "target": "tasks", "on_delete": "cascade"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled().with_people(&["ann"]);
    let state = |n: i64| if n <= 6 { "open" } else { "done" };
    let owner = |n: i64| if n <= 3 { "ann" } else { "ben" };
    let tasks: Vec<Value> =
        (1..=9).map(|n| json!({"title": format!("T{n}"), "state": state(n), "owner": owner(n), "effort": n * 10})).collect();
    assert_eq!(harness.ask("POST", TASKS, &json!(tasks).to_string()).0, 201);
    let notes: Vec<Value> = (1..=9).map(|n| json!({"task": n})).collect();
    assert_eq!(harness.ask("POST", "/api/apps/work/schemas/notes/records", &json!(notes).to_string()).0, 201);
    harness
}

fn by(harness: &Harness, who: &str, method: &str, url: &str, body: &str) -> (u16, Value) {
    let reply: Reply = harness.answer(&Ask {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![("As".to_owned(), who.to_owned())],
        body: body.as_bytes().to_vec(),
    });
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

fn total(harness: &Harness, records: &str) -> u64 {
    harness.ask("GET", records, "").1["total"].as_u64().unwrap()
}

fn everything(harness: &Harness) -> Value {
    harness.ask("GET", TASKS, "").1
}

#[test]
fn all_that_are_found_change_in_one_batch_and_no_other() {
    let harness = work();
    let since = harness.ask("GET", "/api/apps/work/changes", "").1["last"].as_u64().unwrap();
    let url = format!("{TASKS}?filter[state]=open&filter[effort][gte]=40");
    let (status, done) = harness.ask("PATCH", &url, r#"{"state": "done", "effort+": 5}"#);
    assert_eq!((status, &done), (200, &json!({"count": 3, "ids": ["rec_4", "rec_5", "rec_6"]})));
    assert_eq!(harness.ask("PATCH", &url, r#"{"state": "done"}"#).1, json!({"count": 0, "ids": []}));
    assert_eq!(total(&harness, &format!("{TASKS}?filter[state]=open")), 3);
    assert_eq!(harness.ask("GET", &format!("{TASKS}/5"), "").1["double"], 110);
    let told = harness.ask("GET", &format!("/api/apps/work/changes?since={since}"), "").1;
    let told = told["changes"].as_array().unwrap();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[1..].iter().all(|entry| entry["batch"] == told[0]["seq"]), "{told:?}");
    // What is computed finds, too.
    let (status, done) = harness.ask("DELETE", &format!("{TASKS}?filter[double][lte]=40"), "");
    assert_eq!((status, &done), (200, &json!({"success": true, "count": 2, "ids": ["rec_1", "rec_2"]})));
    assert_eq!((total(&harness, TASKS), total(&harness, "/api/apps/work/schemas/notes/records")), (7, 7));
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn what_is_not_clear_or_too_much_does_nothing() {
    let harness = work();
    let before = everything(&harness);
    for (method, query, body, status, word) in [
        ("PATCH", "max_affected=5", r#"{"state": "done"}"#, 400, "A filter must say"),
        ("DELETE", "max_affected=5", "", 400, "A filter must say"),
        ("PATCH", "filter[state]=open&max_affected=5", r#"{"state": "done"}"#, 409, "finds 6 records, and at most 5"),
        ("DELETE", "filter[state]=open&max_affected=5", "", 409, "finds 6 records, and at most 5"),
        ("DELETE", "filter[state]=open&max_affected=0", "", 400, "from 1 to 10000"),
        ("DELETE", "filter[state]=open&max_affected=10001", "", 400, "from 1 to 10000"),
        ("DELETE", "filter[state]=open&max_affected=5&max_affected=6", "", 400, "twice"),
        ("DELETE", "filter[stat]=open", "", 400, "no field 'stat'"),
        ("DELETE", "filter[state]=open&page=2", "", 400, "has no 'page'"),
        ("DELETE", "filter[state]=open&sort=title", "", 400, "has no 'sort'"),
        ("DELETE", "filter=effort > 90&cursor=", "", 400, "has no 'cursor'"),
        ("DELETE", "filter[state]=open&q=one", "", 400, "has no 'q'"),
        ("DELETE", "q=one&max_affected=5", "", 400, "has no 'q'"),
        ("PATCH", "filter[state]=open&fields=title", r#"{"state": "done"}"#, 400, "has no 'fields'"),
        ("PATCH", "filter[state]=open&expand=owner", r#"{"state": "done"}"#, 400, "has no 'expand'"),
        ("DELETE", "filter=", "", 400, "'filter' is empty"),
        ("DELETE", "filter=stat = 'open'", "", 400, "stat"),
        ("DELETE", "filter[state]=open", r#"{"ids": [1]}"#, 400, "not by both"),
        ("PATCH", "filter[state]=open", "", 400, "body is empty"),
        ("PATCH", "filter[state]=open", "{}", 400, "nothing to do"),
        ("PATCH", "filter[state]=open", r#"[{"id": 1}]"#, 400, "one object"),
        ("PATCH", "filter[state]=open", r#"{"staet": "done"}"#, 400, "no field 'staet'"),
        ("PATCH", "filter[state]=open", r#"{"effort+": 50}"#, 400, "rec_6: Field 'effort' must be at most 100"),
        ("PATCH", "filter[state]=open", r#"{"title": "same"}"#, 400, "rec_2: Field 'title' must be unique"),
        ("PATCH", "filter[state]=open&dry_run=perhaps", r#"{"state": "done"}"#, 400, "true or false"),
        ("DELETE", "fitler[state]=open", r#"{"ids": [1]}"#, 400, "no parameter"),
    ] {
        let (got, answer) = harness.ask(method, &format!("{TASKS}?{query}"), body);
        assert_eq!(got, status, "{method} {query} {body}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(word), "{method} {query} {body}: {answer}");
        assert_eq!(everything(&harness), before, "{method} {query} {body}");
    }
    for (method, body) in [("PATCH", r#"{"state": "done"}"#), ("DELETE", "")] {
        let (status, told) = harness.ask(method, &format!("{TASKS}?filter[state]=open&dry_run=true"), body);
        assert_eq!((status, &told["count"]), (200, &json!(6)));
        assert_eq!(everything(&harness), before);
    }
}

#[test]
fn a_written_filter_finds_them_alone_and_beside_others() {
    let harness = work();
    let (status, done) = harness.ask("PATCH", &format!("{TASKS}?filter=double <= 40&filter[state]=open"), r#"{"effort+": 1}"#);
    let ids = done["ids"].clone();
    assert_eq!((status, &done), (200, &json!({"count": ids.as_array().unwrap().len(), "ids": ids})));
    assert!(ids.as_array().is_some_and(|ids| !ids.is_empty()), "{done}");
    let all = total(&harness, TASKS);
    let (status, done) = harness.ask("DELETE", &format!("{TASKS}?filter=title = 'nothing' || effort * 2 > 150"), "");
    assert_eq!(status, 200, "{done}");
    let gone = done["count"].as_u64().unwrap();
    assert!(gone > 0 && total(&harness, TASKS) == all - gone, "{done}");
    assert_eq!(total(&harness, &format!("{TASKS}?filter=effort > 75")), 0);
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_filter_finds_what_its_caller_sees_and_writes_what_it_may() {
    let harness = work();
    let role = json!({"slug": "worker", "schemas": {"tasks": {"list": true, "read": "state = 'open'", "update": "owner = 'ann'",
        "delete": "owner = 'ann'", "fields": {"effort": {"readable": false}}}}});
    assert_eq!(harness.ask("POST", "/api/apps/work/roles", &role.to_string()).0, 201);
    let grant = json!({"user": "ann@example.com", "app": "work", "role": "worker"});
    assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", &grant.to_string()).0, 200);
    let before = everything(&harness);
    // Tasks 4 to 6 are seen and belong to ben: one of them forbids the whole.
    for (method, body) in [("PATCH", r#"{"title+": 1}"#), ("PATCH", r#"{"owner": "ann"}"#), ("DELETE", "")] {
        let (status, answer) = by(&harness, "ann", method, &format!("{TASKS}?filter[state]=open"), body);
        assert!(matches!(status, 400 | 403), "{method} {body}: {answer}");
        assert_eq!(everything(&harness), before);
    }
    let (status, answer) = by(&harness, "ann", "DELETE", &format!("{TASKS}?filter[effort][gt]=0"), "");
    assert_eq!((status, answer["error"]["message"].as_str().unwrap().contains("no field 'effort'")), (400, true), "{answer}");
    let (status, answer) = by(&harness, "ann", "PATCH", &format!("{TASKS}?filter[owner]=ann"), r#"{"effort+": 1}"#);
    assert_eq!((status, answer["error"]["message"].as_str().unwrap().contains("no field 'effort+'")), (400, true), "{answer}");
    // Tasks 7 to 9 are done: nothing of them is counted.
    let (status, answer) =
        by(&harness, "ann", "PATCH", &format!("{TASKS}?filter[owner]=ann&filter[id][gte]=rec_2"), r#"{"state": "done"}"#);
    assert_eq!((status, &answer["ids"]), (200, &json!(["rec_2", "rec_3"])), "{answer}");
    assert_eq!(by(&harness, "ann", "PATCH", &format!("{TASKS}?filter[state]=done"), r#"{"owner": "ann"}"#).1["count"], 0);
}

#[test]
fn eight_who_claim_the_same_never_get_it_twice() {
    let harness = work();
    let counts: Vec<u64> = std::thread::scope(|scope| {
        let claims: Vec<_> = (0..8)
            .map(|n| {
                let harness = &harness;
                scope.spawn(move || {
                    loop {
                        let (status, done) = harness.ask(
                            "PATCH",
                            &format!("{TASKS}?filter[state]=open"),
                            &json!({"state": "done", "owner": format!("w{n}")}).to_string(),
                        );
                        if status == 200 {
                            return done["count"].as_u64().unwrap();
                        }
                    }
                })
            })
            .collect();
        claims.into_iter().map(|claim| claim.join().unwrap()).collect()
    });
    assert_eq!(counts.iter().sum::<u64>(), 6, "{counts:?}");
}
