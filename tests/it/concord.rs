//! Concord CRM's dialect over the store: every value of every type goes from the house to it and back unchanged, either way; requests are counted by the
//! clock; an answer costs about what it costs in the house. Its forms are in its transcripts, its rights in `rights/concord`.

use crate::harness::{Harness, NOW_S};
use crate::transcript::{Ask, Reply};
use carryall::model::limits::Limits;
use carryall::ops::ctx;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The fourteen types, and what else records hold.
const APP: &str = r#"{"carryall": 1, "app": {"slug": "types", "name": "Types"}, "schemas": [
  {"slug": "others", "fields": [{"slug": "name", "type": "text"}]},
  {"slug": "things", "fields": [
    {"slug": "boolean", "type": "boolean"}, {"slug": "swatch", "type": "color"},
    {"slug": "checkbox", "type": "checklist", "options": ["a", "b;c", "d \"e\""]}, {"slug": "date", "type": "date"}, {"slug": "datetime", "type": "datetime"},
    {"slug": "multiselect", "type": "multiselect", "options": ["10", "x", "Ä"]}, {"slug": "number", "type": "integer"},
    {"slug": "numeric", "type": "decimal", "precision": 15, "scale": 3}, {"slug": "radio", "type": "radio", "options": ["1", "2", "rec_3"]},
    {"slug": "url", "type": "url"}, {"slug": "select", "type": "select", "options": ["new", "old"]}, {"slug": "text", "type": "text"},
    {"slug": "textarea", "type": "textarea"}, {"slug": "timezone", "type": "timezone"}, {"slug": "email", "type": "email"},
    {"slug": "other", "type": "reference", "target": "others"}, {"slug": "others", "type": "references", "target": "others"},
    {"slug": "double", "type": "number"}, {"slug": "json", "type": "json"}, {"slug": "count", "type": "sequence"},
    {"slug": "twice", "type": "computed", "formula": "number + number"}]}],
 "records": {"others": [{"name": "one"}, {"name": "two"}, {"name": "three"}]}}"#;

const HOUSE: &str = "/api/apps/types/schemas/things/records";

fn ask(harness: &Harness, method: &str, url: &str, body: &str) -> Reply {
    let headers = [("As", "owner"), ("X-Carryall-App", "types")].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

fn told(harness: &Harness, method: &str, url: &str, body: &str, status: u16) -> Value {
    let reply = ask(harness, method, url, body);
    assert_eq!(reply.status, status, "{method} {url} {body}: {}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

/// Texts that Laravel leaves as they are: without blanks at their ends.
fn text() -> impl Strategy<Value = String> {
    "[^\\pC\\pZ]([^\\pC]{0,20}[^\\pC\\pZ])?"
}

fn some_of(options: &'static [&'static str]) -> impl Strategy<Value = Value> {
    proptest::sample::subsequence(options, 0..=options.len()).prop_shuffle().prop_map(|chosen| json!(chosen))
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A value of each type, in the house's form.
fn values() -> impl Strategy<Value = Map<String, Value>> {
    let of = |slug: &'static str, values: BoxedStrategy<Value>| {
        prop_oneof![1 => Just(Value::Null), 4 => values].prop_map(move |value| (slug.to_owned(), value)).boxed()
    };
    let all = vec![
        of("boolean", any::<bool>().prop_map(Value::from).boxed()),
        of("swatch", "#[0-9a-fA-F]{6}".prop_map(Value::from).boxed()),
        of("checkbox", some_of(&["a", "b;c", "d \"e\""]).boxed()),
        of("date", "20[0-9]{2}-0[1-9]-[12][0-8]".prop_map(Value::from).boxed()),
        of("datetime", "20[0-9]{2}-0[1-9]-[12][0-8]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,8}[1-9])?Z".prop_map(Value::from).boxed()),
        of("multiselect", some_of(&["10", "x", "Ä"]).boxed()),
        of("number", any::<i32>().prop_map(Value::from).boxed()),
        of("numeric", (-999_999_999_999_999_i64..=999_999_999_999_999).prop_map(thousandths).boxed()),
        of("radio", proptest::sample::select(vec!["1", "2", "rec_3"]).prop_map(Value::from).boxed()),
        of(
            "url",
            "https://[a-z]{1,8}\\.example/[a-z0-9?=&%]{0,8}"
                .prop_filter("no broken escapes", |url| !url.contains('%'))
                .prop_map(Value::from)
                .boxed(),
        ),
        of("select", proptest::sample::select(vec!["new", "old"]).prop_map(Value::from).boxed()),
        of("text", text().prop_map(Value::from).boxed()),
        of("textarea", (text(), text()).prop_map(|(one, other)| Value::from(format!("{one}\n\n{other}"))).boxed()),
        of("timezone", proptest::sample::select(vec!["America/Toronto", "Europe/Berlin", "UTC"]).prop_map(Value::from).boxed()),
        of("email", "[a-z]{1,8}@[a-z]{1,8}\\.example".prop_map(Value::from).boxed()),
        of("other", (1..=3).prop_map(|id| Value::from(format!("rec_{id}"))).boxed()),
        of("others", some_of(&["rec_1", "rec_2", "rec_3"]).boxed()),
        of("double", any::<i32>().prop_map(|number| json!(f64::from(number) / 64.0)).boxed()),
        of("json", any_json().boxed()),
    ];
    all.prop_map(|pairs| pairs.into_iter().collect())
}

fn thousandths(number: i64) -> Value {
    let (sign, number) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let text = format!("{sign}{}.{:03}", number / 1_000, number % 1_000);
    serde_json::from_str(&text).unwrap()
}

/// What tells a record from its copy.
fn apart(mut record: Value) -> Value {
    for key in ["id", "count"] {
        record.as_object_mut().unwrap().remove(key);
    }
    record
}

#[test]
fn every_value_goes_from_the_house_and_back_unchanged() {
    let harness = Harness::crm_with(Limits { requests_per_minute_max: u32::MAX, ..Limits::default() });
    harness.apply(APP, false, false).unwrap();
    let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(values in values())| {
        let made = told(&harness, "POST", HOUSE, &Value::Object(values).to_string(), 201);
        let address = format!("{HOUSE}/{}", made["id"].as_str().unwrap());
        let tag = |reply: Reply| reply.headers.into_iter().find(|(name, _)| name == "ETag").map(|(_, value)| value);
        let before = tag(ask(&harness, "GET", &address, ""));

        // Read here and sent back, nothing has changed, not even the record's version.
        let own = format!("/api/things/{}", &made["id"].as_str().unwrap()[4..]);
        let read = told(&harness, "GET", &own, "", 200);
        prop_assert_eq!(&told(&harness, "PUT", &own, &read.to_string(), 200), &read);
        prop_assert_eq!(&told(&harness, "GET", &address, "", 200), &made);
        prop_assert_eq!(tag(ask(&harness, "GET", &address, "")), before);

        // Made anew of what was read, it is the same record for the house.
        let copy = told(&harness, "POST", "/api/things", &read.to_string(), 201);
        let copied = told(&harness, "GET", &format!("{HOUSE}/rec_{}", copy["id"]), "", 200);
        prop_assert_eq!(apart(copied), apart(made.clone()));

        // And the list shows what the record alone does.
        let list = told(&harness, "GET", &format!("/api/things?q={}&search_fields=id", read["id"]), "", 200);
        prop_assert_eq!(&list["data"], &json!([read]));
    });
}

#[test]
fn the_minute_begins_with_the_first_request_and_ends() {
    let time = Arc::new(AtomicI64::new(NOW_S));
    let read = time.clone();
    let clock = Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)));
    let harness = Harness::with_clock(Limits::default(), clock).filled();
    let header = |reply: &Reply, wanted: &str| reply.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let get = || {
        let headers = vec![("As".to_owned(), "owner".to_owned())];
        harness.answer(&Ask { method: "GET".to_owned(), url: "/api/companies/1".to_owned(), headers, body: Vec::new() })
    };
    for left in (0..60).rev() {
        let reply = get();
        assert_eq!((reply.status, header(&reply, "X-RateLimit-Remaining")), (200, Some(left.to_string())));
        assert_eq!(header(&reply, "X-RateLimit-Limit").as_deref(), Some("60"));
    }
    time.fetch_add(59, Ordering::Relaxed);
    let over = get();
    assert_eq!((over.status, header(&over, "Retry-After").as_deref()), (429, Some("1")));
    assert_eq!(header(&over, "X-RateLimit-Reset"), Some((NOW_S + 60).to_string()));
    time.fetch_add(1, Ordering::Relaxed);
    assert_eq!(header(&get(), "X-RateLimit-Remaining").as_deref(), Some("59"));
    // The house counts nobody, and neither does it tell.
    let (status, _) = harness.ask("GET", "/api/apps/my-crm/schemas/companies/records/rec_1", "");
    assert_eq!(status, 200);
}

#[test]
fn a_request_that_is_tried_from_within_is_not_counted() {
    let harness = Harness::crm_with(Limits { requests_per_minute_max: 2, ..Limits::default() });
    let body = r#"{"dialect": "concord", "request": {"method": "GET", "path": "/api/companies/1"}}"#;
    for _ in 0..5 {
        let (status, told) = harness.ask("POST", "/api/workspaces/default/try", body);
        assert_eq!((status, &told["status"]), (200, &json!(200)), "{told}");
        assert!(told["body"].to_string().contains("Acme"), "{told}");
    }
}

#[test]
fn too_many_links_are_refused_before_they_are_read() {
    let harness = Harness::crm();
    harness.apply(APP, false, false).unwrap();
    told(&harness, "POST", "/api/things", "{}", 201);
    let ids: Vec<usize> = (1..=140_000).collect();
    let begun = std::time::Instant::now();
    let body = json!({"others": ids}).to_string();
    let refused = told(&harness, "PUT", "/api/associations/things/1", &body, 413);
    assert!(refused["message"].as_str().unwrap().starts_with("140000 records are named"), "{refused}");
    assert!(begun.elapsed().as_secs() < 10);
    let few = told(&harness, "PUT", "/api/associations/things/1", r#"{"others": [1, 2, 1, "2"]}"#, 200);
    assert_eq!(few["id"], 1);
}

#[test]
fn nobody_ends_others_tokens_nor_pairs() {
    let harness = Harness::crm().with_people(&["ben"]);
    let by = |who: &str, method: &str, url: &str, body: &str| {
        let headers = vec![("As".to_owned(), who.to_owned())];
        harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
    };
    let body = |reply: &Reply| serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    let made = by("ben", "POST", "/api/personal-access-tokens", r#"{"name": "Ben's"}"#);
    assert_eq!(made.status, 201);
    let address = format!("/api/personal-access-tokens/{}", body(&made)["accessToken"]["id"]);
    let refused = by("owner", "DELETE", &address, "");
    let unknown = by("owner", "DELETE", "/api/personal-access-tokens/99", "");
    assert_eq!((refused.status, unknown.status), (404, 404));
    let told = |reply: &Reply, id: &str| String::from_utf8_lossy(&reply.body).replace(id, "X");
    assert_eq!(told(&refused, &format!("'{}'", address.rsplit('/').next().unwrap())), told(&unknown, "'99'"), "as if it were not there");
    assert_eq!(body(&by("ben", "GET", "/api/personal-access-tokens", "")).as_array().map(Vec::len), Some(1));
    // Whoever looks after people does so in the house.
    assert_eq!(by("ben", "DELETE", &address, "").status, 204);
}

/// The cost of a search is that of looking at every record once, however many keys the lists in it have.
#[test]
fn a_search_looks_at_each_record_once_and_at_values_only() {
    let harness = Harness::crm_with(Limits { requests_per_minute_max: u32::MAX, ..Limits::default() });
    let app = json!({"carryall": 1, "app": {"slug": "types"}, "schemas": [{"slug": "people", "fields": [
        {"slug": "name", "type": "text"},
        {"slug": "phones", "type": "json", "items": [
            {"slug": "number", "type": "text"}, {"slug": "type", "type": "text"}, {"slug": "rank", "type": "integer"}, {"slug": "on", "type": "boolean"}]},
        {"slug": "notes", "type": "json"}]}],
        "records": {"people": [
            {"name": "Ann", "phones": [{"number": "12 \"3\" {4}", "type": "Work", "rank": 5, "on": true}, {"number": "9"}], "notes": {"number": "x"}},
            {"name": "Number", "phones": []}, {"name": "Bo", "phones": [{"number": "100%", "type": "null"}]}, {"name": null}]}});
    harness.apply(&app.to_string(), false, false).unwrap();
    let found = |query: &str| {
        let list = told(&harness, "GET", &format!("/api/people?select=id&{query}"), "", 200);
        list["data"].as_array().unwrap().iter().map(|one| one["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    for (query, wanted) in [
        ("q=number", vec![2]),
        ("q=type", vec![]),
        ("q=work", vec![1]),
        ("q=%223%22%20%7B4", vec![1]),
        ("q=%22,%22type%22", vec![]),
        ("q=null", vec![3]),
        ("q=100%25", vec![3]),
        ("q=9&search_fields=phones.number:=", vec![1]),
        ("q=WORK&search_fields=phones.type:like", vec![1]),
        ("q=5&search_fields=phones.rank:=", vec![1]),
        ("q=5,7&search_fields=phones.rank:in", vec![1]),
        ("q=4,6&search_fields=phones.rank:between", vec![1]),
        ("q=true&search_fields=phones.on:=", vec![1]),
        ("q=ann;12&search_fields=name:like;phones.number:like&search_match=and", vec![]),
        ("q=name:ann;phones.number:12&search_fields=name:like;phones.number:like&search_match=and", vec![1]),
    ] {
        assert_eq!(found(query), wanted, "{query}");
    }
    // One walk through the records, and in each one through its own lists: no other table, no sorting.
    let url = "/api/apps/types/schemas/people/records?explain=1&filter=phones.number%20?~%20'12'%20||%20phones.type%20?~%20'12'%20||%20name%20~%20'12'";
    let (status, told) = harness.ask("GET", url, "");
    assert_eq!(status, 200, "{told}");
    for statement in told["explain"]["statements"].as_array().unwrap() {
        let plan = statement["plan"].to_string();
        let each = plan.matches("VIRTUAL TABLE").count();
        assert_eq!((plan.matches("SCAN r").count(), each, statement["rows_read"].as_i64()), (1, 2, Some(4)), "{plan}");
        assert!(!plan.contains("B-TREE"), "{plan}");
    }
}
