//! Reports: sums to the last digit, what counting by hand finds, bounds, and nothing of what the caller does not see.

use crate::harness::Harness;
use crate::transcript::Ask;
use carryall::model::limits::Limits;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SALES: &str = "/api/apps/till/schemas/sales";

fn till(limits: Limits) -> Harness {
    let harness = Harness::with_limits(limits);
    let app = json!({"carryall": 1, "app": {"slug": "till", "name": "Till"}, "schemas": [
        {"slug": "shops", "fields": [{"slug": "town", "type": "text"}, {"slug": "boss", "type": "text"}]},
        {"slug": "sales", "fields": [
            {"slug": "kind", "type": "select", "options": ["tea", "cup"], "index": true}, {"slug": "amount", "type": "decimal", "scale": 2},
            {"slug": "pieces", "type": "integer"}, {"slug": "ratio", "type": "number"}, {"slug": "day", "type": "date"}, {"slug": "at", "type": "datetime"},
            {"slug": "paid", "type": "boolean"}, {"slug": "shop", "type": "reference", "target": "shops"}, {"slug": "secret", "type": "text"},
        ]},
    ]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled();
    let shops = r#"[{"town": "Kiel", "boss": "Ann"}, {"town": "Bonn", "boss": "Bo"}]"#;
    assert_eq!(harness.ask("POST", "/api/apps/till/schemas/shops/records", shops).0, 201);
    let sales: Vec<Value> = (0..300).map(sale).collect();
    assert_eq!(harness.ask("POST", &format!("{SALES}/records"), &Value::Array(sales).to_string()).0, 201);
    harness
}

/// In cents, for the sums that are made by hand.
fn cents(at: usize) -> Option<i64> {
    (!at.is_multiple_of(7)).then_some(((at as i64 * 7_919) % 10_007) - 3_000)
}

fn sale(at: usize) -> Value {
    let (kind, shop) = [(Some("tea"), Some(1)), (Some("cup"), Some(2)), (None, None)][at % 3];
    json!({
        "kind": kind, "amount": cents(at).map(|cents| cents as f64 / 100.0), "pieces": at % 11,
        "ratio": 0.1, "day": format!("2025-{:02}-{:02}", 1 + at % 12, 1 + at % 28), "paid": at.is_multiple_of(2),
        "at": format!("2025-01-01T00:00:{:02}{}Z", at % 3, ["", ".5"][at % 2]), "shop": shop, "secret": format!("s{at}"),
    })
}

fn rows(harness: &Harness, query: &str) -> Vec<Value> {
    let (status, answer) = harness.ask("GET", &format!("{SALES}/aggregate?{query}"), "");
    assert_eq!(status, 200, "{query}: {answer}");
    answer["rows"].as_array().unwrap().clone()
}

fn piped(harness: &Harness, stages: &Value) -> (u16, Value) {
    harness.ask("POST", &format!("{SALES}/aggregate"), &json!({"pipeline": stages}).to_string())
}

#[test]
fn sums_are_exact_to_the_last_digit() {
    let harness = till(Limits::default());
    let mut by_hand: BTreeMap<(String, i64), (i64, i64, i64)> = BTreeMap::new();
    for at in 0..300 {
        let kind = ["tea", "cup", ""][at % 3].to_owned();
        let group = by_hand.entry((kind, 1 + (at as i64 % 12))).or_default();
        group.0 += 1;
        group.1 += cents(at).unwrap_or_default();
        group.2 += i64::from(cents(at).is_some());
    }
    let found = rows(&harness, "group=kind,month(day)&sum=amount,pieces&avg=amount");
    assert_eq!(found.len(), by_hand.len());
    for row in found {
        let key = (row["kind"].as_str().unwrap_or_default().to_owned(), row["month(day)"].as_i64().unwrap());
        let (count, cents, values) = by_hand[&key];
        assert_eq!(
            (row["count"].as_i64(), row["sum(amount)"].to_string()),
            (Some(count), json!(cents as f64 / 100.0).to_string().trim_end_matches(".0").to_owned()),
            "{row}"
        );
        let average = (cents as f64 / 100.0) / values as f64;
        assert!((row["avg(amount)"].as_f64().unwrap() - average).abs() <= 0.000_000_6, "{row}");
    }
    // 0.1 three hundred times: of decimals it is exact, also of what is computed with them.
    let whole = rows(&harness, "sum=amount%20-%20amount%20%2B%200.1,amount*3");
    assert_eq!(whole[0]["sum((amount - amount) + 0.1)"], json!((0..300).filter(|at| cents(*at).is_some()).count() as f64 / 10.0));
    assert_eq!(whole[0]["sum(amount * 3)"], json!((0..300).filter_map(cents).sum::<i64>() as f64 * 3.0 / 100.0));
}

#[test]
fn a_report_of_nothing_is_one_row_of_nothing() {
    let harness = till(Limits::default());
    let none = rows(&harness, "filter=pieces%20%3E%20100&sum=amount&avg=amount&min=day&count_distinct=kind");
    assert_eq!(none, [json!({"count": 0, "sum(amount)": 0, "avg(amount)": null, "min(day)": null, "count_distinct(kind)": 0})]);
    assert_eq!(rows(&harness, "filter=pieces%20%3E%20100&group=kind"), Vec::<Value>::new());
    let ends = rows(&harness, "min=at,day,paid&max=at,kind,shop.town&count_distinct=shop,at");
    let expected = json!({"count": 300, "min(at)": "2025-01-01T00:00:00Z", "min(day)": "2025-01-01", "min(paid)": false, "max(at)": "2025-01-01T00:00:02.5Z",
        "max(kind)": "tea", "max(shop.town)": "Kiel", "count_distinct(shop)": 2, "count_distinct(at)": 6});
    assert_eq!(ends, [expected]);
}

#[test]
fn stages_go_on_with_what_the_one_before_left() {
    let harness = till(Limits::default());
    let stages = json!([
        {"match": "kind != null"}, {"match": "pieces in (1, 2, 3)"},
        {"group": {"by": {"kind": "kind", "shop": "shop"}, "values": {"n": "count()", "sum": "sum(amount)"}}},
        {"project": {"label": "concat(kind, ' in ', shop)", "shop": "shop", "n": "n", "each": "round(sum / n, 2)"}},
        {"lookup": {"from": "shops", "key": "shop", "take": {"town": "town", "loud": "upper(boss)"}}},
        {"match": "town ~ 'k' || n > 0"}, {"sort": ["-label"]}, {"skip": 1}, {"limit": 5},
    ]);
    let (status, answer) = piped(&harness, &stages);
    assert_eq!(status, 200, "{answer}");
    let found = answer["rows"].as_array().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["label"], &found[0]["town"], &found[0]["loud"]), (&json!("cup in rec_2"), &json!("Bonn"), &json!("BO")));
    // The order holds for what is cut behind it; skip and limit mean what comes first in their order.
    let first = |cut: Value| {
        let mut stages = vec![json!({"group": {"by": ["pieces"]}}), json!({"sort": "-pieces"})];
        stages.extend(cut.as_array().unwrap().clone());
        stages.push(json!({"group": {"values": {"least": "min(pieces)", "most": "max(pieces)", "n": "count()"}}}));
        piped(&harness, &Value::Array(stages)).1["rows"][0].clone()
    };
    assert_eq!(first(json!([{"limit": 4}, {"skip": 1}])), json!({"least": 7, "most": 9, "n": 3}));
    assert_eq!(first(json!([{"skip": 1}, {"limit": 4}])), json!({"least": 6, "most": 9, "n": 4}));
    assert_eq!(first(json!([{"limit": 4}, {"skip": 9}])), json!({"least": null, "most": null, "n": 0}));
    // A column keeps what it is: truths, dates and instants compare as such.
    let stages = json!([{"group": {"by": ["paid"], "values": {"first": "min(at)", "day": "min(day)"}}},
        {"match": "paid && first < @now && day = '2025-01-01' && date_add(day, 1, 'day') > day"}]);
    assert_eq!(piped(&harness, &stages).1["rows"].as_array().unwrap().len(), 1);
}

#[test]
fn a_report_has_bounds() {
    let harness =
        till(Limits { report_rows_max: 20, report_rows_default: 5, report_stages_max: 3, report_columns_max: 4, ..Limits::default() });
    let many = |query: &str| {
        let (_, answer) = harness.ask("GET", &format!("{SALES}/aggregate?{query}"), "");
        (answer["rows"].as_array().unwrap().len(), answer["has_more"].clone())
    };
    assert_eq!(many("group=pieces"), (5, json!(true)));
    assert_eq!(many("group=pieces&limit=11"), (11, json!(false)));
    assert_eq!(many("group=secret&limit=1000"), (20, json!(true)));
    let limit = || json!({"limit": 1});
    assert_eq!(piped(&harness, &json!([{"group": {"by": ["kind"]}}, limit(), limit(), limit()])).0, 400);
    assert_eq!(piped(&harness, &json!([{"project": ["kind", "pieces", "day", "at", "paid"]}])).0, 400);
    for query in ["group=kind&group=day", "limit=0", "sort=-", "group=kind,", "sum=", "group=tags", "group=kind%2C%2Cday"] {
        let status = harness.ask("GET", &format!("{SALES}/aggregate?{query}"), "").0;
        assert_eq!(status, if query == "sum=" { 200 } else { 400 }, "{query}");
    }
}

#[test]
fn nothing_is_counted_that_the_caller_does_not_see() {
    let harness = till(Limits::default());
    let role = r#"{"slug": "some", "name": "Some", "schemas": {
        "sales": {"list": true, "read": "kind = 'tea'", "fields": {"secret": {"readable": false}}}, "shops": {"list": true, "read": "town = 'Kiel'"}}}"#;
    assert_eq!(harness.ask("POST", "/api/apps/till/roles", role).0, 201);
    let token = "d2".repeat(32);
    let session = carryall::auth::session::digest(&token);
    let made = harness.ctx.store.write(move |tx| {
        let member = carryall::store::tables::users::insert(tx, "member@example.com", "x", carryall::model::principal::Role::Member)?;
        carryall::store::tables::sessions::insert(tx, &session, member.id, crate::harness::NOW_S + 1_000, &Default::default())
    });
    made.unwrap();
    assert!(
        harness.ask("POST", "/api/workspaces/default/grants", r#"{"user": "member@example.com", "app": "till", "role": "some"}"#).0 < 300
    );
    let ask = |method: &str, query: &str, body: &str| {
        let headers = vec![("Cookie".to_owned(), format!("sessionid={token}"))];
        let url = format!("{SALES}/aggregate{query}");
        let reply = harness.answer(&Ask { method: method.to_owned(), url, headers, body: body.as_bytes().to_vec() });
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap_or_default())
    };
    let (status, answer) = ask("GET", "?group=kind", "");
    assert_eq!((status, &answer["rows"]), (200, &json!([{"kind": "tea", "count": 100}])));
    let (_, answer) =
        ask("POST", "", r#"{"pipeline": [{"match": "kind = null || kind != null"}, {"group": {"values": {"n": "count()"}}}]}"#);
    assert_eq!(answer["rows"], json!([{"n": 100}]));
    for query in ["?group=secret", "?max=secret", "?count_distinct=length(secret)", "?group=shop.town", "?filter=secret%20~%20's1'"] {
        assert_eq!(ask("GET", query, "").0, 400, "{query}");
    }
    for stages in [
        r#"[{"project": {"x": "secret"}}]"#,
        r#"[{"group": {"by": ["shop"]}}, {"lookup": {"from": "shops", "key": "shop", "take": {"town": "town"}}}]"#,
        r#"[{"group": {"by": ["kind"]}}, {"match": "secret = 's1'"}]"#,
    ] {
        assert_eq!(ask("POST", "", &format!("{{\"pipeline\": {stages}}}")).0, 400, "{stages}");
    }
}
