//! The Robostack dialect beside the house dialect: what one writes the other reads, pairs are what their parts are one after the other, long answers are
//! whole or none, long selections are read. What single requests answer is in its transcripts.

use crate::harness::Harness;
use carryall::model::limits::Limits;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const UUID: &str = "7b0c4d52-91a3-4e6f-8b2d-0f1e2d3c4b5a";
const APP: &str = r#"{"carryall": 1, "app": {"slug": "all", "uuid": "7b0c4d52-91a3-4e6f-8b2d-0f1e2d3c4b5a"}, "schemas": [
  {"slug": "groups", "fields": [{"slug": "name", "type": "text"}, {"slug": "level", "type": "integer"}, {"slug": "parent", "type": "reference", "target": "groups"},
    {"slug": "things", "type": "lines", "target": "things", "via": "group"}]},
  {"slug": "things", "fields": [
    {"slug": "text", "type": "text"}, {"slug": "area", "type": "textarea"}, {"slug": "email", "type": "email"}, {"slug": "phone", "type": "phone"},
    {"slug": "url", "type": "url"}, {"slug": "color", "type": "color"}, {"slug": "timezone", "type": "timezone"}, {"slug": "integer", "type": "integer"},
    {"slug": "decimal", "type": "decimal", "scale": 3}, {"slug": "money", "type": "money", "currency": "EUR"}, {"slug": "number", "type": "number"},
    {"slug": "boolean", "type": "boolean"}, {"slug": "date", "type": "date"}, {"slug": "datetime", "type": "datetime"},
    {"slug": "select", "type": "select", "options": ["new", "old"]}, {"slug": "radio", "type": "radio", "options": ["yes", "no"]},
    {"slug": "multiselect", "type": "multiselect", "options": ["a", "b", "c"]}, {"slug": "checklist", "type": "checklist", "options": ["x", "y"]},
    {"slug": "group", "type": "reference", "target": "groups"}, {"slug": "groups", "type": "references", "target": "groups"},
    {"slug": "user", "type": "user"}, {"slug": "json", "type": "json"}, {"slug": "sequence", "type": "sequence"},
    {"slug": "twice", "type": "computed", "formula": "integer * 2"}, {"slug": "group_level", "type": "text"}]}],
 "records": {"groups": [{"name": "One", "level": 1}, {"$ref": "two", "name": "Two", "level": 2}, {"name": "Three \"3\", }{", "parent": {"$ref": "two"}}]}}"#;

fn all() -> Harness {
    all_with(Limits::default())
}

fn all_with(limits: Limits) -> Harness {
    let harness = Harness::crm_with(limits);
    harness.apply(APP, false, false).unwrap();
    harness
}

fn robo(harness: &Harness, method: &str, resource: &str, body: &Value) -> (u16, Value) {
    harness.ask(method, &format!("/external/api/{UUID}/{resource}"), &body.to_string())
}

fn house(harness: &Harness, id: i64) -> Map<String, Value> {
    let (status, record) = harness.ask("GET", &format!("/api/apps/all/schemas/things/records/rec_{id}"), "");
    assert_eq!(status, 200, "{record}");
    record.as_object().unwrap().clone()
}

/// A record of this dialect as it must be, from what the house says of it.
fn spoken(house: &Map<String, Value>) -> Map<String, Value> {
    let number = |id: &Value| id.as_str().map_or(Value::Null, |id| json!(id.trim_start_matches("rec_").parse::<i64>().unwrap()));
    let numbers = |ids: &Value| ids.as_array().map_or(Value::Null, |ids| ids.iter().map(number).collect());
    let mut record = Map::new();
    for (key, value) in house.iter().filter(|(key, _)| !["created_at", "updated_at"].contains(&key.as_str())) {
        let value = match key.as_str() {
            "id" | "group" => number(value),
            "groups" => numbers(value),
            _ => value.clone(),
        };
        record.insert(key.clone(), value);
    }
    // `group_level` is the table's own field, and `group_things` would be asked of every record anew.
    let (name, parent) = match record["group"].as_i64() {
        Some(1) => (json!("One"), Value::Null),
        Some(2) => (json!("Two"), Value::Null),
        Some(_) => (json!("Three \"3\", }{"), json!(2)),
        None => (Value::Null, Value::Null),
    };
    for (key, value) in [("group_id", record["group"].clone()), ("group_name", name), ("group_parent", parent)] {
        record.insert(key.to_owned(), value);
    }
    record
}

fn or_null(values: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 4 => values].boxed()
}

fn one_of(values: Value) -> BoxedStrategy<Value> {
    or_null(proptest::sample::select(values.as_array().unwrap().clone()))
}

/// Any good values of any fields.
fn drafts() -> impl Strategy<Value = Map<String, Value>> {
    let texts = "[ -~äß€😀\n\t\"\\\\]{0,20}";
    let fields: Vec<(&str, BoxedStrategy<Value>)> = vec![
        ("text", or_null(texts.prop_map(|text| json!(text.replace('\n', " "))))),
        ("area", or_null(texts.prop_map(Value::from))),
        ("email", one_of(json!(["a@b.example", "x.y+z@mail.example"]))),
        ("phone", one_of(json!(["+49 30 123", "555"]))),
        ("url", one_of(json!(["https://a.example/?b=c#d"]))),
        ("color", one_of(json!(["#2f6feb", "#000000"]))),
        ("timezone", one_of(json!(["Europe/Berlin", "UTC"]))),
        ("integer", or_null(any::<i32>().prop_map(Value::from))),
        ("decimal", or_null((-1_000_000_i64..1_000_000).prop_map(|n| json!(n as f64 / 1_000.0)))),
        ("money", one_of(json!([0, 0.1, -5.25, 123_456_789.99]))),
        ("number", or_null((-1e12_f64..1e12).prop_map(Value::from))),
        ("boolean", one_of(json!([true, false]))),
        ("date", one_of(json!(["2024-02-29", "1999-12-31"]))),
        ("datetime", one_of(json!(["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.5Z"]))),
        ("select", one_of(json!(["new", "old"]))),
        ("radio", one_of(json!(["yes", "no"]))),
        ("multiselect", one_of(json!([[], ["a"], ["c", "a"]]))),
        ("checklist", one_of(json!([["x", "y"], ["y"]]))),
        ("group", one_of(json!([1, 2, 3]))),
        ("groups", one_of(json!([[], [3], [2, 1]]))),
        ("user", one_of(json!([1]))),
        ("json", one_of(json!([{"a": [1, "rec_5", null]}, "rec_5", [], 5.5, false]))),
        ("group_level", one_of(json!(["own", ""]))),
    ];
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(slug, values)| proptest::option::of(values).prop_map(move |value| value.map(|value| (slug.to_owned(), value))))
        .collect();
    fields.prop_map(|pairs| pairs.into_iter().flatten().collect())
}

#[test]
fn what_one_dialect_writes_the_other_reads_and_what_is_read_can_be_sent_back() {
    let harness = all();
    proptest!(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }, |(draft in drafts(), other in drafts())| {
        // Made here, read there.
        let (status, made) = robo(&harness, "PUT", "things", &json!(draft));
        prop_assert_eq!(status, 201, "{}", made);
        let record = made["results"][0].as_object().unwrap();
        let id = record["id"].as_i64().unwrap();
        prop_assert_eq!(record, &spoken(&house(&harness, id)));
        for (key, sent) in &draft {
            prop_assert!(record[key] == *sent || record[key].as_f64() == sent.as_f64() && sent.is_number(), "{}: {} {}", key, record[key], sent);
        }
        // Made there, read here.
        let mut foreign = other.clone();
        for key in ["group", "groups"] {
            let text = |id: &Value| json!(format!("rec_{id}"));
            foreign.entry(key).and_modify(|value| match value {
                Value::Number(_) => *value = text(value),
                Value::Array(ids) => ids.iter_mut().for_each(|id| *id = text(id)),
                _ => {}
            });
        }
        let (status, theirs) = harness.ask("POST", "/api/apps/all/schemas/things/records", &json!(foreign).to_string());
        prop_assert_eq!(status, 201, "{}", theirs);
        let number: i64 = theirs["id"].as_str().unwrap().trim_start_matches("rec_").parse().unwrap();
        let (_, found) = robo(&harness, "POST", "things", &json!({"selection": {"id": number}}));
        prop_assert_eq!(found["results"][0].as_object().unwrap(), &spoken(theirs.as_object().unwrap()));
        prop_assert_eq!(&found["total"], 1);
        // Sent back as it was read, it stays; and each of its values finds it.
        let before = house(&harness, id);
        let (status, kept) = robo(&harness, "PATCH", "things", &json!({"selection": {"id": id}, "updation": record}));
        prop_assert_eq!(status, 200, "{}", kept);
        prop_assert_eq!(&kept["results"][0], &json!(record));
        prop_assert_eq!(&before, &house(&harness, id));
        for (key, value) in record.iter().filter(|(key, _)| key.as_str() == "group_level" || !key.starts_with("group_")) {
            let elements = value.as_array().filter(|_| key != "json");
            let selections: Vec<Value> = elements.map_or_else(|| vec![value.clone()], |all| all.iter().map(|one| json!(one)).collect());
            for selected in selections {
                let selected = if key == "json" && selected.is_array() { json!([selected]) } else { selected };
                let (status, found) = robo(&harness, "POST", "things", &json!({"selection": {"id": id, key: selected}}));
                prop_assert_eq!(status, 200, "{}", found);
                prop_assert_eq!(&found["count"], 1, "{} {}", key, value);
            }
        }
    });
}

#[test]
fn pairs_do_what_each_does_after_the_other() {
    let (name, level) = (|n: u8| ["a", "b", "c", ""][usize::from(n % 4)], |n: u8| i64::from(n % 3));
    let selection = move |n: u8| match n % 5 {
        0 => json!({"name": name(n / 5)}),
        1 => json!({"level": level(n / 5)}),
        2 => json!({"name": [name(n / 5), null], "level": level(n / 20)}),
        3 => json!({"id": [1, n % 9, 7]}),
        _ => json!({"name": ""}),
    };
    let updation = move |n: u8| match n % 3 {
        0 => json!({"name": name(n / 3)}),
        1 => json!({"level": level(n / 3), "name": null}),
        _ => json!({"level": level(n / 3)}),
    };
    let rows: Vec<Value> = (0..8_u8).map(|n| json!({"name": name(n), "level": level(n / 2)})).collect();
    let (together, apart) = (all(), all());
    proptest!(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() }, |(pairs in proptest::collection::vec(any::<(u8, u8)>(), 1..6))| {
        for harness in [&together, &apart] {
            robo(harness, "DELETE", "groups", &json!({"selection": {"level": [0, 1, 2, null]}}));
            let (status, made) = robo(harness, "PUT", "groups", &json!(rows));
            prop_assert_eq!(status, 201, "{}", made);
        }
        let (selections, updations): (Vec<Value>, Vec<Value>) = pairs.iter().map(|(a, b)| (selection(*a), updation(*b))).unzip();
        let (status, done) = robo(&together, "PATCH", "groups", &json!({"selection": selections, "updation": updations}));
        prop_assert_eq!(status, 200, "{}", done);
        let mut met: Vec<Value> = Vec::new();
        for (selected, updated) in selections.iter().zip(&updations) {
            let (status, one) = robo(&apart, "PATCH", "groups", &json!({"selection": selected, "updation": updated}));
            prop_assert_eq!(status, 200, "{}", one);
            for record in one["results"].as_array().unwrap() {
                if !met.contains(&record["id"]) {
                    met.push(record["id"].clone());
                }
            }
        }
        let [left, right] = [&together, &apart].map(|harness| robo(harness, "POST", "groups", &json!({})).1);
        prop_assert_eq!(&left, &right);
        // Each once, where it was met first, as it is in the end.
        let ids: Vec<Value> = done["results"].as_array().unwrap().iter().map(|record| record["id"].clone()).collect();
        prop_assert_eq!(ids, met);
        for record in done["results"].as_array().unwrap() {
            prop_assert!(left["results"].as_array().unwrap().contains(record), "{}", record);
        }
    });
}

/// Records enough for several turns, every third without a group.
fn many(harness: &Harness, count: usize) {
    let row = |n: usize| {
        let group = [json!(1), json!(3), Value::Null][n % 3].clone();
        json!({"text": format!("thing {n} {}", "x".repeat(200)), "group": group})
    };
    let rows: Vec<Value> = (0..count).map(row).collect();
    let (status, made) = robo(harness, "PUT", "things", &json!(rows));
    assert_eq!((status, &made["count"]), (201, &json!(count)));
    assert_all(&made, count);
}

fn assert_all(answer: &Value, count: usize) {
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), count);
    for (n, record) in results.iter().enumerate() {
        let (group, name) = [(json!(1), json!("One")), (json!(3), json!("Three \"3\", }{")), (Value::Null, Value::Null)][n % 3].clone();
        assert_eq!((&record["id"], &record["group"], &record["group_name"], &record["group_id"]), (&json!(n + 1), &group, &name, &group));
    }
}

#[test]
fn everything_is_found_however_much_it_is_and_how_little_may_be_held() {
    for limits in [Limits::default(), Limits { expand_bytes_max: 300, reply_memory_bytes_max: 1_000, ..Limits::default() }] {
        let harness = all_with(limits);
        many(&harness, 1_300);
        let (status, found) = robo(&harness, "POST", "things", &json!({}));
        assert_eq!((status, &found["count"], &found["total"]), (200, &json!(1_300), &json!(1_300)));
        assert_all(&found, 1_300);
        // A page is a part of it.
        let (_, page) = robo(&harness, "POST", "things", &json!({"limit": 50, "offset": 600}));
        assert_eq!(page["results"].as_array().unwrap()[..], found["results"].as_array().unwrap()[600..650]);
        assert_eq!((&page["count"], &page["total"]), (&json!(50), &json!(1_300)));
    }
}

#[test]
fn without_the_time_to_find_everything_nothing_is_answered_as_if_it_were_all() {
    let harness = all_with(Limits { read_timeout_ms: 0, ..Limits::default() });
    let rows: Vec<Value> = (0..3_000).map(|n| json!({"integer": n})).collect();
    assert_eq!(robo(&harness, "PUT", "things", &json!(rows)).0, 201);
    let (status, answer) = robo(&harness, "POST", "things", &json!({}));
    assert_eq!((status, &answer["error"], &answer["results"]), (503, &json!("Unavailable"), &Value::Null), "{answer}");
}

#[test]
fn long_selections_are_read_up_to_their_limit() {
    let harness = all();
    let rows: Vec<Value> = (0..30)
        .map(|n| json!({"integer": n, "text": format!("t{n}"), "multiselect": if n % 2 == 0 { json!(["a"]) } else { json!([]) }}))
        .collect();
    assert_eq!(robo(&harness, "PUT", "things", &json!(rows)).0, 201);
    let count = |selection: Value| {
        let (status, found) = robo(&harness, "POST", "things", &json!({"selection": selection, "fields": ["id"]}));
        if status == 200 { found["count"].as_i64().unwrap() } else { panic!("{found}") }
    };
    assert_eq!(count(json!({"id": (0..10_000).collect::<Vec<_>>()})), 30);
    assert_eq!(count(json!((0..10_000).map(|id| json!({"id": id})).collect::<Vec<_>>())), 30);
    assert_eq!(count(json!((0..5_000).map(|n| json!({"integer": n, "text": format!("t{n}")})).collect::<Vec<_>>())), 30);
    assert_eq!(count(json!((0..2_500).map(|n| json!({"multiselect": "a", "integer": n})).collect::<Vec<_>>())), 15);
    assert_eq!(count(json!([{"multiselect": ["a", "b"]}, {"multiselect": ""}])), 30);
    let (status, refused) = robo(&harness, "POST", "things", &json!({"selection": {"id": (0..10_001).collect::<Vec<_>>()}}));
    assert_eq!((status, &refused["details"][0]["field"]), (400, &json!("selection")), "{refused}");
    // Pairs that do not ask by what others change are as many as an array may hold records.
    let (selection, updation): (Vec<Value>, Vec<Value>) = (0..3_000).map(|n| (json!({"id": n % 40}), json!({"integer": n}))).unzip();
    let (status, done) = robo(&harness, "PATCH", "things", &json!({"selection": selection, "updation": updation}));
    assert_eq!((status, &done["count"]), (200, &json!(30)), "{done}");
}

#[test]
fn what_is_too_much_is_refused_whole() {
    let limits = Limits { records_sent_max: 10, affected_records_max: 5, steps_asked_max: 20, ..Limits::default() };
    let harness = all_with(limits);
    let rows = |count: usize| json!(vec![json!({"integer": 1}); count]);
    let (status, refused) = robo(&harness, "PUT", "things", &rows(11));
    assert_eq!((status, &refused["error"]), (413, &json!("TooLarge")), "{refused}");
    for _ in 0..2 {
        assert_eq!(robo(&harness, "PUT", "things", &rows(6)).0, 201);
    }
    let (status, refused) = robo(&harness, "PATCH", "things", &json!({"selection": {"integer": 1}, "updation": {"integer": 2}}));
    assert_eq!((status, &refused["error"]), (409, &json!("Conflict")), "{refused}");
    let (status, refused) = robo(&harness, "DELETE", "things", &json!({"selection": {"integer": 1}}));
    assert_eq!((status, &refused["error"]), (409, &json!("Conflict")), "{refused}");
    assert!(refused["message"].as_str().unwrap().starts_with("The selection finds 12 records"), "{refused}");
    // Pairs of which each asks by what the one before changes.
    let (mut selection, mut updation) = (vec![json!({"id": [1, 2, 3]})], vec![json!({"text": "0"})]);
    for step in 0..9 {
        selection.push(json!({"text": step.to_string()}));
        updation.push(json!({"text": (step + 1).to_string()}));
    }
    let (status, refused) = robo(&harness, "PATCH", "things", &json!({"selection": selection, "updation": updation}));
    assert_eq!((status, &refused["error"]), (413, &json!("TooLarge")), "{refused}");
    let (_, found) = robo(&harness, "POST", "things", &json!({"selection": {"integer": 1, "text": null}}));
    assert_eq!(found["count"], 12);
}

#[test]
fn a_renamed_table_and_a_renamed_app_are_still_found() {
    let harness = all();
    assert_eq!(harness.ask("PATCH", "/api/apps/all/schemas/things", r#"{"slug": "items"}"#).0, 200);
    assert_eq!(harness.ask("PATCH", "/api/apps/all", r#"{"slug": "everything"}"#).0, 200);
    for resource in ["items", "things"] {
        let (status, made) = robo(&harness, "PUT", resource, &json!({"integer": 5}));
        assert_eq!((status, &made["results"][0]["twice"]), (201, &json!(10)), "{made}");
    }
    let upper = UUID.to_uppercase();
    assert_eq!(harness.ask("POST", &format!("/external/api/{upper}/items"), "{}").1["count"], 2);
}

#[test]
fn questions_without_end_are_refused_at_once() {
    let harness = all();
    let names: Vec<String> = (0..20_000).map(|number| format!("no_such_field_{number}")).collect();
    let (status, told) = robo(&harness, "POST", "things", &json!({"fields": names}));
    assert_eq!((status, &told["details"][0]["field"]), (400, &json!("fields")), "{told}");
    let (status, told) = robo(&harness, "POST", "things", &json!({"fields": names[..2_000]}));
    assert_eq!((status, told["details"].as_array().unwrap().len()), (400, harness.ctx.limits.problems_shown_max));
    let matches = |many: usize| json!({"pipeline": vec![json!({"match": {"text": "a"}}); many]});
    assert_eq!(robo(&harness, "POST", "things/aggregation", &matches(20)).0, 200);
    let (status, told) = robo(&harness, "POST", "things/aggregation", &matches(2_000));
    assert_eq!((status, &told["details"][0]["field"]), (400, &json!("pipeline")), "{told}");
    let values: Vec<usize> = (0..6_000).collect();
    for stage in [json!({"match": {"integer": values}}), json!({"match": {"integer": {"eq": values}}})] {
        assert_eq!(robo(&harness, "POST", "things/aggregation", &json!({"pipeline": [stage]})).0, 200);
        let (status, told) = robo(&harness, "POST", "things/aggregation", &json!({"pipeline": [stage, stage]}));
        assert_eq!((status, &told["details"][0]["field"]), (400, &json!("pipeline.1")), "{told}");
    }
}

#[test]
fn ids_are_compared_and_ordered_as_numbers_in_every_stage() {
    let harness = all();
    let made: Vec<Value> = (0..12).map(|number| json!({"text": format!("t{number}"), "group": 1 + number % 2})).collect();
    assert_eq!(robo(&harness, "PUT", "things", &json!(made)).0, 201);
    let rows = |pipeline: Value| {
        let (status, told) = robo(&harness, "POST", "things/aggregation", &json!({"pipeline": pipeline}));
        assert_eq!(status, 200, "{told}");
        told["results"].clone()
    };
    assert_eq!(rows(json!([{"group": {"last": {"max": "id"}, "first": {"min": "id"}}}])), json!([{"last": 12, "first": 1}]));
    assert_eq!(rows(json!([{"sort": "-id"}, {"limit": 4}, {"project": ["id"]}])), json!([{"id": 9}, {"id": 10}, {"id": 11}, {"id": 12}]));
    let last = rows(json!([{"project": ["id"]}, {"sort": "-id"}, {"limit": 2}]));
    assert_eq!(last, json!([{"id": 12}, {"id": 11}]));
    assert_eq!(rows(json!([{"sort": "id"}, {"match": {"id": 10}}, {"project": ["id", "group"]}])), json!([{"id": 10, "group": 2}]));
    assert_eq!(
        rows(json!([{"group": {"by": ["group"], "n": {"count": true}}}, {"match": {"group": [2, 7]}}])),
        json!([{"group": 2, "n": 6}])
    );
    // In a later match, too: 1, 2 and 10 are no texts; the least that can be asked for is less than any.
    assert_eq!(
        rows(
            json!([{"sort": "id"}, {"match": {"id": {"gt": 2, "lte": 10}, "group": {"gte": "2", "lt": 3}}}, {"group": {"last": {"max": "id"}, "n": {"count": true}}}])
        ),
        json!([{"last": 10, "n": 4}])
    );
    assert_eq!(rows(json!([{"sort": "id"}, {"match": {"id": {"gt": -1, "lt": 2}}}, {"project": ["id"]}])), json!([{"id": 1}]));
    let not_two = json!([{"group": {"by": "group", "n": {"count": true}}}, {"match": {"group": {"ne": "2"}, "n": {"lt": 1e3}}}]);
    assert_eq!(rows(not_two), json!([{"group": 1, "n": 6}]));
}
