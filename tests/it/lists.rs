//! Lists: windows that follow each other show every record once, in every order, whatever is written in between, and an index finds them; records beside
//! records; totals that are counted as far as that is cheap.

use crate::harness::Harness;
use carryall::model::limits::Limits;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const THINGS: &str = "/api/apps/shelf/schemas/things";

/// Things of few values each, many of them missing, and boxes that they lie in.
fn shelf(limits: Limits) -> Harness {
    let harness = Harness::with_limits(limits);
    let app = json!({"carryall": 1, "app": {"slug": "shelf", "name": "Shelf"}, "schemas": [
        {"slug": "rooms", "fields": [{"slug": "name", "type": "text"}]},
        {"slug": "boxes", "fields": [
            {"slug": "name", "type": "text"}, {"slug": "room", "type": "reference", "target": "rooms"},
            {"slug": "things", "type": "lines", "target": "things", "via": "box"},
        ]},
        {"slug": "things", "fields": [
            {"slug": "name", "type": "text"}, {"slug": "size", "type": "integer", "index": true}, {"slug": "color", "type": "text"},
            {"slug": "weight", "type": "decimal", "scale": 2}, {"slug": "ratio", "type": "number"}, {"slug": "good", "type": "boolean"},
            {"slug": "day", "type": "date"}, {"slug": "at", "type": "datetime"}, {"slug": "more", "type": "json"},
            {"slug": "box", "type": "reference", "target": "boxes"}, {"slug": "near", "type": "references", "target": "boxes"},
            {"slug": "double", "type": "computed", "formula": "size * 1.5"},
        ]},
    ]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled();
    assert_eq!(harness.ask("POST", "/api/apps/shelf/schemas/rooms/records", r#"[{"name": "Attic"}, {"name": "Cellar"}]"#).0, 201);
    let boxes = r#"[{"name": "A", "room": 1}, {"name": "B", "room": 2}, {"name": "C"}]"#;
    assert_eq!(harness.ask("POST", "/api/apps/shelf/schemas/boxes/records", boxes).0, 201);
    let things: Vec<Value> = (0..60).map(thing).collect();
    assert_eq!(harness.ask("POST", &format!("{THINGS}/records"), &Value::Array(things).to_string()).0, 201);
    harness
}

/// Values that repeat, each of them missing now and then.
fn thing(at: usize) -> Value {
    let or_none = |every: usize, value: Value| if at.is_multiple_of(every) { Value::Null } else { value };
    json!({
        "name": format!("thing {at}"), "size": or_none(7, json!((at * 31) % 5)), "color": or_none(5, json!(["", "red", "blue"][at % 3])),
        "weight": or_none(4, json!(((at * 17) % 9) as f64 / 4.0)), "ratio": or_none(11, json!(0.1 + ((at * 13) % 6) as f64 / 3.0)),
        "good": or_none(6, json!(at.is_multiple_of(2))), "day": or_none(8, json!(format!("2025-01-{:02}", 1 + at % 9))),
        "at": or_none(9, json!(format!("2025-01-01T00:00:{:02}{}Z", at % 4, [".5", ""][at % 2]))),
        "more": or_none(3, [json!(at % 4), json!("x"), json!([1, at % 2])][at % 3].clone()),
        "box": or_none(2, json!(1 + at % 3)), "near": [1 + at % 3, 1 + (at + 1) % 3],
    })
}

fn ids(answer: &Value) -> Vec<String> {
    answer["records"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer}"))
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

/// From window to window to the end; `between` is done after each.
fn walked(harness: &Harness, query: &str, limit: usize, between: &mut dyn FnMut()) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let (status, answer) = harness.ask("GET", &format!("{THINGS}/records?fields=id&limit={limit}&cursor={cursor}&{query}"), "");
        assert_eq!(status, 200, "{answer}");
        let window = ids(&answer);
        assert!(window.len() == limit || answer["next_cursor"].is_null(), "{answer}");
        found.extend(window);
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return found,
        }
        between();
    }
}

const SORTS: [&str; 20] = [
    "",
    "sort=id",
    "sort=-id",
    "sort=size",
    "sort=-size",
    "sort=color",
    "sort=-color",
    "sort=-weight,size",
    "sort=weight,-ratio",
    "sort=-good,-day",
    "sort=good,day,-size",
    "sort=at,-color",
    "sort=-at,more",
    "sort=-more",
    "sort=double,-color",
    "sort=-double",
    "sort=box,-size",
    "sort=created_at,-size",
    "sort=size,id,color&filter[good]=true",
    "sort=-size&filter[color]=red",
];

#[test]
fn windows_that_follow_each_other_make_the_whole_list_in_every_order() {
    let harness = shelf(Limits::default());
    for sort in SORTS {
        let (_, whole) = harness.ask("GET", &format!("{THINGS}/records?fields=id&limit=1000&{sort}"), "");
        let whole = ids(&whole);
        assert!(whole.len() > 5, "{sort}");
        for limit in [1, 7, whole.len()] {
            assert_eq!(walked(&harness, sort, limit, &mut || ()), whole, "{sort}, {limit} at a time");
        }
    }
}

#[test]
fn what_is_written_between_windows_neither_repeats_nor_hides_a_record() {
    let harness = shelf(Limits::default());
    for sort in ["sort=size,-color", "sort=-weight", "sort=color"] {
        let (_, before) = harness.ask("GET", &format!("{THINGS}/records?fields=name&limit=1000&{sort}"), "");
        let before = ids(&before);
        // The last of the list go, others come to every place; those in the middle stay as they are.
        let (mut at, mut gone) = (0, BTreeSet::new());
        let found = walked(&harness, sort, 5, &mut || {
            at += 1;
            let id = &before[before.len() - at];
            gone.insert(id.clone());
            assert_eq!(harness.ask("DELETE", &format!("{THINGS}/records/{id}"), "").0, 200);
            assert_eq!(harness.ask("POST", &format!("{THINGS}/records"), &thing(at * 3).to_string()).0, 201);
        });
        let once: BTreeSet<&String> = found.iter().collect();
        assert_eq!(once.len(), found.len(), "{sort}: one was shown twice");
        let stayed: Vec<&String> = before.iter().filter(|id| !gone.contains(*id)).collect();
        let met: Vec<&String> = found.iter().filter(|id| before.contains(id) && !gone.contains(*id)).collect();
        assert_eq!(met, stayed, "{sort}");
    }
}

#[test]
fn a_record_that_is_gone_still_says_where_its_window_ended() {
    let harness = shelf(Limits::default());
    let (_, first) = harness.ask("GET", &format!("{THINGS}/records?limit=3&sort=-size"), "");
    let last = ids(&first)[2].clone();
    assert_eq!(harness.ask("DELETE", &format!("{THINGS}/records/{last}"), "").0, 200);
    let next = first["next_cursor"].as_str().unwrap();
    let (_, second) = harness.ask("GET", &format!("{THINGS}/records?limit=3&sort=-size&cursor={next}"), "");
    let (_, whole) = harness.ask("GET", &format!("{THINGS}/records?limit=5&sort=-size"), "");
    assert_eq!(ids(&second), ids(&whole)[2..]);
}

#[test]
fn an_index_finds_what_lies_behind_a_cursor_however_deep_it_is() {
    let harness = shelf(Limits::default());
    let many: Vec<Value> =
        (0..3_000).map(|at| json!({"name": "x", "size": if at % 3 == 0 { Value::Null } else { json!(at % 4) }})).collect();
    assert_eq!(harness.ask("POST", &format!("{THINGS}/records"), &Value::Array(many).to_string()).0, 201);
    for sort in ["sort=size", "sort=-size", "sort=id", "sort=-id"] {
        let (mut cursor, mut windows) = (String::new(), 0);
        loop {
            let address = format!("{THINGS}/records?limit=500&cursor={cursor}&{sort}");
            let (_, explained) = harness.ask("GET", &format!("{address}&explain=1"), "");
            let statements = explained["explain"]["statements"].as_array().unwrap().clone();
            for told in statements.iter().filter(|_| !cursor.is_empty()) {
                let plan = told["plan"].to_string();
                assert!(plan.contains("SEARCH r3") && !plan.contains("SCAN r3") && told["sorted_apart"] == json!(false), "{sort}: {told}");
                assert!(told["rows_read"].as_i64().unwrap() <= 500, "{sort}: {told}");
            }
            windows += 1;
            match harness.ask("GET", &address, "").1["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(windows, 7, "{sort}");
    }
    // Without an index the table is walked once, not once for each part.
    let (_, first) = harness.ask("GET", &format!("{THINGS}/records?limit=5&sort=color,-day"), "");
    let next = first["next_cursor"].as_str().unwrap();
    let (_, explained) = harness.ask("GET", &format!("{THINGS}/records?limit=5&sort=color,-day&cursor={next}&explain=1"), "");
    assert_eq!(explained["explain"]["statements"].as_array().unwrap().len(), 1, "{explained}");
}

#[test]
fn a_value_that_is_too_long_for_an_address_makes_no_cursor() {
    let harness = shelf(Limits::default());
    let body = json!([{"name": "z".repeat(2_000)}, {"name": "zz".repeat(2_000)}]);
    assert_eq!(harness.ask("POST", &format!("{THINGS}/records"), &body.to_string()).0, 201);
    let (status, refused) = harness.ask("GET", &format!("{THINGS}/records?limit=1&sort=-name"), "");
    assert_eq!((status, &refused["error"]["details"][0]["code"]), (400, &json!("too_long")), "{refused}");
    assert_eq!(harness.ask("GET", &format!("{THINGS}/records?limit=1&offset=0&sort=-name"), "").0, 200, "where nobody asks for one");
}

#[test]
fn what_records_lead_to_stands_beside_them() {
    let harness = shelf(Limits::default());
    let (status, answer) = harness.ask("GET", &format!("{THINGS}/records?fields=name&limit=4&expand=box.room,near,box"), "");
    assert_eq!(status, 200, "{answer}");
    let (_, boxes) = harness.ask("GET", "/api/apps/shelf/schemas/boxes/records", "");
    let (_, rooms) = harness.ask("GET", "/api/apps/shelf/schemas/rooms/records", "");
    let in_room = |number: usize| {
        let mut found = boxes["records"][number - 1].clone();
        let room = if number == 3 { Value::Null } else { rooms["records"][number - 1].clone() };
        found.as_object_mut().unwrap().insert("expand".to_owned(), json!({"room": room}));
        found
    };
    for (at, record) in answer["records"].as_array().unwrap().iter().enumerate() {
        let keys: Vec<&String> = record.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "name", "expand"]);
        assert_eq!(record["expand"]["box"], if at % 2 == 0 { Value::Null } else { in_room(1 + at % 3) });
        let near: Vec<&Value> = [at % 3, (at + 1) % 3].iter().map(|number| &boxes["records"][*number]).collect();
        assert_eq!(record["expand"]["near"], json!(near));
    }
    // Lines, there and back again.
    let (status, answer) = harness.ask("GET", "/api/apps/shelf/schemas/boxes/records/rec_2?expand=things.box", "");
    assert_eq!(status, 200, "{answer}");
    let things = answer["expand"]["things"].as_array().unwrap();
    assert!(things.len() > 5 && things.iter().all(|thing| thing["expand"]["box"] == boxes["records"][1]), "{answer}");
    let listed: Vec<Value> = things.iter().map(|thing| thing["id"].clone()).collect();
    assert_eq!(answer["things"], Value::Array(listed));
}

#[test]
fn what_is_beside_an_answer_has_a_limit() {
    let harness = shelf(Limits { expand_bytes_max: 100_000, ..Limits::default() });
    let whole = "/api/apps/shelf/schemas/boxes/records?expand=things";
    assert_eq!(harness.ask("GET", whole, "").0, 200);
    // Each thing shows its box with all things in it: what is held once is written many times.
    let (status, refused) = harness.ask("GET", &format!("{whole}.box.things.box.things"), "");
    assert_eq!((status, &refused["error"]["details"][0]["code"]), (400, &json!("too_large")), "{refused}");
    let paths: Vec<String> = (0..21).map(|at| format!("f{at}")).collect();
    assert_eq!(harness.ask("GET", &format!("{THINGS}/records?expand={}", paths.join(",")), "").0, 400);
}

#[test]
fn a_field_called_expand_is_not_covered_by_another() {
    let harness = Harness::crm();
    let path = "/api/apps/my-crm/schemas/contacts";
    assert_eq!(harness.ask("POST", &format!("{path}/fields"), r#"{"slug": "expand", "type": "text"}"#).0, 201);
    let (status, refused) = harness.ask("GET", &format!("{path}/records?expand=company"), "");
    assert_eq!((status, &refused["error"]["details"][0]["code"]), (400, &json!("taken")));
}

#[test]
fn a_long_list_is_counted_as_far_as_that_is_cheap() {
    let harness = shelf(Limits { count_auto_rows_max: 10, ..Limits::default() });
    let counts = |query: &str| {
        let (status, answer) = harness.ask("GET", &format!("{THINGS}/records?fields=id&{query}"), "");
        assert_eq!(status, 200, "{answer}");
        (answer["total"].clone(), answer["total_pages"].clone(), answer["total_is_capped"].clone())
    };
    assert_eq!(counts("count=auto&filter[good]=true"), (json!(10), Value::Null, json!(true)));
    assert_eq!(counts("count=exact&filter[good]=true"), (json!(20), json!(1), Value::Null));
    assert_eq!(counts("count=auto&filter[size]=0&filter[good]=true"), (json!(4), json!(1), Value::Null));
    assert_eq!(counts("count=auto"), (json!(60), json!(2), Value::Null), "the whole table has a counter");
    assert_eq!(counts("count=none"), (Value::Null, Value::Null, Value::Null));
}

#[test]
fn fields_that_are_not_shown_are_not_worked_out() {
    let harness = shelf(Limits::default());
    let sql =
        |query: &str| harness.ask("GET", &format!("{THINGS}/records?explain=1&{query}"), "").1["explain"]["statements"][0]["sql"].clone();
    assert!(sql("").as_str().unwrap().contains("$.double") && !sql("fields=name").as_str().unwrap().contains("$.double"));
    let (_, answer) = harness.ask("GET", &format!("{THINGS}/records/rec_2?fields=double,name"), "");
    let keys: Vec<&String> = answer.as_object().map(Map::keys).unwrap().collect();
    assert_eq!(keys, ["id", "name", "double"], "in the order in which they always stand");
}
