//! The expression language in filters. What SQL finds for made-up expressions over made-up records is what a plain evaluator of this file finds; a
//! comparison of a field with a value asks what `filter[field]` asks, so that the same index serves; nothing is told of what the caller does not see.

use crate::harness::Harness;
use crate::transcript::Ask;
use carryall::expr::parse;
use carryall::model::expr::{Node, Operator, Term};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write;

const ITEMS: &str = "/api/apps/lab/schemas/items";

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut address, byte| {
        write!(address, "%{byte:02x}").unwrap();
        address
    })
}

fn lab() -> Harness {
    let harness = Harness::empty();
    let app = json!({"carryall": 1, "app": {"slug": "lab", "name": "Lab"}, "schemas": [
        {"slug": "makers", "fields": [{"slug": "name", "type": "text"}, {"slug": "size", "type": "integer"}]},
        {"slug": "items", "fields": [
            {"slug": "n", "type": "integer", "index": true}, {"slug": "d", "type": "decimal", "scale": 2}, {"slug": "t", "type": "text", "index": true},
            {"slug": "b", "type": "boolean"}, {"slug": "day", "type": "date", "index": true}, {"slug": "at", "type": "datetime", "index": true},
            {"slug": "kind", "type": "select", "options": ["new", "old"], "index": true}, {"slug": "more", "type": "json"},
            {"slug": "tags", "type": "multiselect", "options": ["red", "blue"]},
            {"slug": "maker", "type": "reference", "target": "makers", "inverse": "items"},
            {"slug": "makers", "type": "references", "target": "makers"},
            {"slug": "half", "type": "computed", "formula": "n * 0.5"},
        ]},
    ]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled();
    let makers = r#"[{"name": "Ann", "size": 3}, {"name": "bo%b", "size": null}, {"name": null, "size": 0}]"#;
    assert_eq!(harness.ask("POST", "/api/apps/lab/schemas/makers/records", makers).0, 201);
    let items: Vec<Value> = (0..80).map(item).collect();
    assert_eq!(harness.ask("POST", &format!("{ITEMS}/records"), &Value::Array(items).to_string()).0, 201);
    harness
}

fn item(at: usize) -> Value {
    let tags: &[&str] = [&["red"][..], &["red", "blue"], &[]][at % 3];
    let or_none = |every: usize, value: Value| if at.is_multiple_of(every) { Value::Null } else { value };
    json!({
        "n": or_none(5, json!(((at * 37) % 7) as i64 - 2)), "d": or_none(4, json!(((at * 13) % 11) as f64 / 4.0 - 1.0)),
        "t": or_none(6, json!(["", "Ann", "ann b", "x_y", "50%", "O'Hara\\"][at % 6])), "b": or_none(3, json!(at.is_multiple_of(2))),
        "day": or_none(7, json!(format!("2025-01-{:02}", 10 + at % 9))),
        "at": or_none(8, json!(format!("2025-01-15T10:{:02}:00{}Z", 28 + at % 5, ["", ".5"][at % 2]))),
        "kind": or_none(9, json!(["new", "old"][at % 2])), "more": or_none(2, json!(at % 3)),
        "tags": tags, "maker": or_none(4, json!(1 + at % 3)), "makers": [1 + at % 2],
    })
}

fn found(harness: &Harness, query: &str) -> (u16, Value) {
    harness.ask("GET", &format!("{ITEMS}/records?limit=1000&{query}"), "")
}

// An evaluator as plain as it can be ---------------------------------------------------------------------------------

/// `Null` where there is no value; numbers as doubles, which is exact for the few that stand here.
fn value(term: &Term, record: &Value) -> Value {
    let of = |term: &Term| value(term, record);
    let holds = |term: &Term| value(term, record) == json!(true);
    let number = |value: &Value| value.as_f64();
    match &term.node {
        Node::Null => Value::Null,
        Node::Bool(bool) => json!(bool),
        Node::Number(digits) => json!(digits.parse::<f64>().unwrap()),
        Node::Text(text) => json!(text),
        Node::Path(names) => {
            let found = names.iter().try_fold(record, |value, name| value.get(name)).cloned().unwrap_or_default();
            found.as_f64().map_or(found, |number| json!(number))
        }
        Node::Not(inner) => json!(!holds(inner)),
        Node::Negate(inner) => number(&of(inner)).map_or(Value::Null, |number| json!(-number)),
        Node::Binary(Operator::And, left, right) => json!(holds(left) && holds(right)),
        Node::Binary(Operator::Or, left, right) => json!(holds(left) || holds(right)),
        Node::Binary(operator @ (Operator::Add | Operator::Subtract | Operator::Multiply), left, right) => {
            let (Some(left), Some(right)) = (number(&of(left)), number(&of(right))) else { return Value::Null };
            json!(match operator {
                Operator::Add => left + right,
                Operator::Subtract => left - right,
                _ => left * right,
            })
        }
        Node::Binary(operator, left, right) => json!(compared(*operator, &of(left), &of(right), is_null(left) || is_null(right))),
        Node::In(one, terms) => json!(terms.iter().any(|term| compared(Operator::Eq, &of(one), &of(term), is_null(one) || is_null(term)))),
        Node::Between(one, least, most) => {
            json!(compared(Operator::Gte, &of(one), &of(least), false) && compared(Operator::Lte, &of(one), &of(most), false))
        }
        Node::Call(name, terms) => called(name, &terms.iter().map(of).collect::<Vec<_>>()),
        other => panic!("{other:?}"),
    }
}

fn is_null(term: &Term) -> bool {
    term.node == Node::Null
}

/// Two-valued: with a missing value only `!=` can hold, unless `null` itself is asked for.
fn compared(operator: Operator, left: &Value, right: &Value, asks_for_null: bool) -> bool {
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => left.trim_end_matches('Z').partial_cmp(right.trim_end_matches('Z')),
        (Value::Bool(left), Value::Bool(right)) => left.partial_cmp(right),
        _ => left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right)),
    };
    match operator {
        Operator::Eq if asks_for_null => left.is_null() && right.is_null(),
        Operator::Eq => order.is_some_and(|order| order.is_eq()),
        Operator::Ne => {
            if left.is_null() || right.is_null() {
                left.is_null() != right.is_null()
            } else {
                order.is_some_and(|order| order.is_ne())
            }
        }
        Operator::Gt => order.is_some_and(|order| order.is_gt()),
        Operator::Gte => order.is_some_and(|order| order.is_ge()),
        Operator::Lt => order.is_some_and(|order| order.is_lt()),
        Operator::Lte => order.is_some_and(|order| order.is_le()),
        Operator::Match => matched(left, right),
        Operator::NoMatch => !matched(left, right),
        other => panic!("{other:?}"),
    }
}

/// No pattern stands here on purpose: those have a table of their own below.
fn matched(left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_str(), right.as_str()) else { return false };
    left.to_ascii_lowercase().contains(&right.to_ascii_lowercase())
}

fn called(name: &str, values: &[Value]) -> Value {
    let text = |at: usize| values[at].as_str();
    match name {
        "length" => text(0).map_or(Value::Null, |text| json!(text.chars().count() as f64)),
        "lower" => text(0).map_or(Value::Null, |text| json!(text.to_ascii_lowercase())),
        "abs" => values[0].as_f64().map_or(Value::Null, |number| json!(number.abs())),
        "coalesce" => values.iter().find(|value| !value.is_null()).cloned().unwrap_or_default(),
        "if" => values[if values[0] == json!(true) { 1 } else { 2 }].clone(),
        "concat" => json!(values.iter().filter_map(Value::as_str).collect::<String>()),
        "contains" => json!(text(0).zip(text(1)).is_some_and(|(text, part)| text.contains(part))),
        "starts_with" => json!(text(0).zip(text(1)).is_some_and(|(text, part)| text.starts_with(part))),
        other => panic!("{other}"),
    }
}

fn number() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["n", "d", "half", "maker.size", "0", "1", "2.5", "-1", "null"]).prop_map(str::to_owned);
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop::sample::select(vec!["+", "-", "*"]), inner.clone())
                .prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            inner.clone().prop_map(|one| format!("abs({one})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("coalesce({one}, {other})")),
            text().prop_map(|text| format!("length({text})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> + Clone {
    let leaf = prop::sample::select(vec!["t", "maker.name", "kind", "''", "'ann'", "'Ann'", "'_'", "'new'", "'O\\'Hara\\\\'"])
        .prop_map(str::to_owned);
    let made = |leaf: BoxedStrategy<String>| {
        prop_oneof![
            4 => leaf.clone(),
            1 => leaf.clone().prop_map(|one| format!("lower({one})")),
            1 => (leaf.clone(), leaf.clone()).prop_map(|(one, other)| format!("concat({one}, {other})")),
            1 => (leaf.clone(), leaf).prop_map(|(one, other)| format!("if(b, {one}, {other})")),
        ]
    };
    made(leaf.boxed())
}

/// What is compared with what.
fn truth() -> impl Strategy<Value = String> {
    let op = || prop::sample::select(vec!["=", "!=", "<", "<=", ">", ">="]);
    let day = || prop::sample::select(vec!["day", "'2025-01-12'", "'2025-01-15'"]);
    let at = || prop::sample::select(vec!["at", "'2025-01-15T10:30:00Z'", "'2025-01-15T10:31:00.5Z'"]);
    let leaf = prop_oneof![
        (number(), op(), number()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (text(), op(), text()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (text(), prop::sample::select(vec!["~", "!~"]), text()).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (number(), number(), number()).prop_map(|(one, least, most)| format!("{one} between {least} and {most}")),
        (number(), prop::collection::vec(number(), 1..4)).prop_map(|(one, all)| format!("{one} in ({})", all.join(", "))),
        (text(), prop::collection::vec(text(), 1..4)).prop_map(|(one, all)| format!("{one} in ({})", all.join(", "))),
        (text(), text()).prop_map(|(one, other)| format!("starts_with({one}, {other})")),
        (text(), text()).prop_map(|(one, other)| format!("contains({one}, {other})")),
        (day(), op(), Just("day")).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (at(), op(), Just("at")).prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (prop::sample::select(vec!["n", "t", "b", "day", "kind", "d", "at"]), prop::sample::select(vec!["=", "!="]))
            .prop_map(|(field, op)| format!("{field} {op} null")),
        prop::sample::select(vec!["b", "b = true", "b != false", "true", "false"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 10, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} && {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} || {right})")),
            inner.prop_map(|one| format!("!({one})")),
        ]
    })
}

#[test]
fn sql_finds_what_a_plain_evaluator_finds() {
    let harness = lab();
    let (_, makers) = harness.ask("GET", "/api/apps/lab/schemas/makers/records", "");
    let (_, all) = found(&harness, "");
    let records: Vec<Value> = all["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            // A path leads on from the record that a reference names.
            let mut record = record.clone();
            let led = makers["records"].as_array().unwrap().iter().find(|maker| maker["id"] == record["maker"]).cloned();
            record["maker"] = led.unwrap_or_default();
            record
        })
        .collect();
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&truth(), |text| {
        let (status, answer) = found(&harness, &format!("fields=id&filter={}", encoded(&text)));
        // Two texts, or two nulls, on both sides of what wants a number: refused as such.
        if status == 400 && answer["error"]["details"][0]["code"] != "internal" {
            prop_assert!(answer["error"]["details"][0]["position"].is_number(), "{text}: {answer}");
            return Ok(());
        }
        prop_assert_eq!(status, 200, "{}: {}", text, answer);
        let term = parse(&text).unwrap();
        let expected: Vec<&Value> =
            records.iter().filter(|record| value(&term, record) == json!(true)).map(|record| &record["id"]).collect();
        let found: Vec<&Value> = answer["records"].as_array().unwrap().iter().map(|record| &record["id"]).collect();
        prop_assert_eq!(found, expected, "{}", text);
        Ok(())
    });
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// The statements by which a list is found.
fn sql(harness: &Harness, query: &str) -> Vec<String> {
    let (status, told) = found(harness, &format!("explain=1&{query}"));
    assert_eq!(status, 200, "{query}: {told}");
    let statements = told["explain"]["statements"].as_array().unwrap();
    statements.iter().map(|statement| format!("{} {}", statement["sql"], statement["plan"])).collect()
}

#[test]
fn a_comparison_of_a_field_with_a_value_asks_what_brackets_ask() {
    let harness = lab();
    for (text, brackets) in [
        ("kind = 'new'", "filter[kind]=new"),
        ("'new' = kind", "filter[kind]=new"),
        ("kind = \"new\" && n > 2", "filter[kind]=new&filter[n][gt]=2"),
        ("2 < n", "filter[n][gt]=2"),
        ("n >= -1", "filter[n][gte]=-1"),
        ("n in (1, 2)", "filter[n]=1&filter[n]=2"),
        ("n = 1 || n = 2 || n = 3", "filter[n]=1&filter[n]=2&filter[n]=3"),
        ("t != 'Ann'", "filter[t][ne]=Ann"),
        ("day <= '2025-01-12'", "filter[day][lte]=2025-01-12"),
        ("at > '2025-01-15T11:30:00+01:00'", "filter[at][gt]=2025-01-15T11:30:00%2B01:00"),
        ("b = false", "filter[b]=false"),
        ("maker = 'rec_2'", "filter[maker]=rec_2"),
        ("maker = 2", "filter[maker]=2"),
        ("tags ?= 'red'", "filter[tags]=red"),
        ("makers ?= 'rec_1'", "filter[makers]=1"),
        ("half > 1.5", "filter[half][gt]=1.5"),
        ("id > 'rec_5'", "filter[id][gt]=5"),
        ("created_at >= '2025-01-15T10:30:00Z'", "filter[created_at][gte]=2025-01-15T10:30:00Z"),
    ] {
        let (written, bracketed) = (format!("filter={}", encoded(text)), brackets.to_owned());
        assert_eq!(sql(&harness, &written), sql(&harness, &bracketed), "{text}");
        assert_eq!(found(&harness, &written).1["records"], found(&harness, &bracketed).1["records"], "{text}");
    }
}

#[test]
fn an_index_serves_what_stands_beside_a_computation() {
    let harness = lab();
    for text in [
        "kind = 'new' && t ~ 'an'",
        "n between 1 and 2 && length(t) > 1",
        "day = null && maker.name = 'Ann'",
        "t in ('Ann', '') && !(n = 1)",
    ] {
        let statements = sql(&harness, &format!("filter={}", encoded(text)));
        for statement in &statements {
            assert!(statement.contains("INDEX i2.") && !statement.contains("SCAN r2"), "{text}: {statement}");
        }
    }
}

#[test]
fn a_pattern_is_one_only_when_a_percent_stands_in_it() {
    let harness = lab();
    let names = |text: &str| {
        let (status, answer) =
            harness.ask("GET", &format!("/api/apps/lab/schemas/makers/records?fields=name&filter={}", encoded(text)), "");
        assert_eq!(status, 200, "{text}: {answer}");
        answer["records"].as_array().unwrap().iter().map(|record| record["name"].clone()).collect::<Vec<_>>()
    };
    for (text, expected) in [
        ("name ~ 'A'", &["Ann"][..]),
        ("name ~ 'a%'", &["Ann"]),
        ("name ~ '%n'", &["Ann"]),
        ("name ~ 'n%'", &[]),
        ("name ~ '_'", &[]),
        ("name ~ '_n%'", &["Ann"]),
        ("name ~ 'o\\\\%b'", &[]),
        ("name ~ 'BO\\\\%B'", &["bo%b"]),
        ("name ~ '%\\\\%%'", &["bo%b"]),
        ("name ~ ''", &["Ann", "bo%b"]),
        ("name ~ name", &["Ann", "bo%b"]),
    ] {
        assert_eq!(names(text), expected.iter().map(|name| json!(name)).collect::<Vec<_>>(), "{text}");
    }
    assert_eq!(names("name !~ 'a'"), [json!("bo%b"), Value::Null], "what has no name is not like it");
}

#[test]
fn dates_are_counted_as_people_count_them() {
    let harness = lab();
    assert_eq!(harness.ask("PATCH", &format!("{ITEMS}/records/1"), r#"{"day": "2024-01-31", "at": "2024-02-29T12:00:00Z"}"#).0, 200);
    let holds = |text: &str| {
        let (status, answer) = found(&harness, &format!("fields=id&filter={}", encoded(&format!("id = 'rec_1' && {text}"))));
        assert_eq!(status, 200, "{text}: {answer}");
        answer["total"] == json!(1)
    };
    for text in [
        "date_add(day, 1, 'month') = '2024-02-29'",
        "date_add(day, -1, 'day') = '2024-01-30'",
        "date_add(day, 2, 'week') = '2024-02-14'",
        "date_add(day, 1, 'year') = '2025-01-31'",
        "date_add(at, 1, 'year') = '2025-02-28T12:00:00Z'",
        "date_add(at, -90, 'second') = '2024-02-29T11:58:30Z'",
        "date_add(at, 36, 'hour') = '2024-03-02T00:00:00Z'",
        "date_diff(at, day, 'day') = 29",
        "date_diff(day, at, 'day') = -29",
        "date_diff(at, day, 'month') = 0",
        "date_diff(date_add(day, 1, 'month'), day, 'month') = 0",
        "date_diff(date_add(day, 2, 'month'), day, 'month') = 2",
        "date_diff(at, day, 'year') = 0 && date_diff(date_add(day, 1, 'year'), day, 'year') = 1",
        "date_diff(at, day, 'week') = 4",
        "date_diff(day, null, 'day') = null",
        "day < @today && day < @now && at < @yesterday && @today = '2025-01-15'",
        "date_add(@today, 1, 'day') = @tomorrow && @month_start < @now && @now <= @monthEnd",
        "day < at && at >= day && @today = @today_start",
        "@year = 2025 && @month = 1 && @day = 15 && @hour = 10 && @minute = 30 && @second = 0 && @weekday = 3",
    ] {
        assert!(holds(text), "{text}");
    }
}

#[test]
fn bounds_bind_what_is_written() {
    let harness = lab();
    let refused = |text: &str| {
        let (status, answer) = found(&harness, &format!("filter={}", encoded(text)));
        assert_eq!(status, 400, "{text}: {answer}");
        answer["error"]["details"][0].clone()
    };
    for (text, position, hint) in [
        ("dayy = null", 0, "Did you mean 'day'?"),
        ("maker.nmae = 'x'", 6, "Did you mean 'name'?"),
        ("n > 1 && lenght(t) > 1", 9, "Did you mean 'length'?"),
        ("tags = 'red'", 0, "tags ?= 'one of them'"),
        ("tags ?= 'rde'", 8, "Did you mean 'red'?"),
        ("t ?= 'x'", 0, "t = …"),
        ("maker > 'rec_1'", 0, "maker.name"),
        ("date_add(day, 1, 'days') = day", 17, "'second', 'minute', 'hour', 'day', 'week', 'month', 'year'"),
        ("date_add(day, 1, 'hour') = day", 17, "'day', 'week', 'month', 'year'"),
        ("n ~ '1'", 0, "~ looks for a part of a text"),
        ("t ~ 'é", 4, "Close it with the mark that opens it"),
        ("id = 'x'", 5, ""),
        ("maker.items.n = 1", 6, "items.n ?= …"),
    ] {
        let problem = refused(text);
        assert_eq!((&problem["position"], problem["hint"].as_str().unwrap_or_default()), (&json!(position), hint), "{text}: {problem}");
    }
    for text in [format!("n = 1{}", " || n = 1".repeat(400)), format!("{}n = 1{}", "(".repeat(40), ")".repeat(40)), "t = 'x'".repeat(400)] {
        refused(&text);
    }
}

#[test]
fn a_stored_expression_knows_no_clock() {
    let harness = lab();
    let (status, refused) =
        harness.ask("POST", &format!("{ITEMS}/fields"), r#"{"slug": "old", "type": "computed", "formula": "day < @today"}"#);
    assert_eq!((status, &refused["error"]["details"][0]["position"]), (400, &json!(6)), "{refused}");
    let body = r#"{"slug": "late", "type": "computed", "formula": "if(n in (1, 2) && t ~ 'ann', date_add(day, 1, 'week'), null)"}"#;
    assert_eq!(harness.ask("POST", &format!("{ITEMS}/fields"), body).0, 201);
    // Renames are followed in what is new in the language, too.
    assert_eq!(harness.ask("PATCH", &format!("{ITEMS}/fields/n"), r#"{"slug": "number"}"#).0, 200);
    let (_, schema) = harness.ask("GET", ITEMS, "");
    let late = schema["fields"].as_array().unwrap().iter().find(|field| field["slug"] == "late").unwrap();
    assert_eq!(late["formula"], "if(number in (1, 2) && t ~ 'ann', date_add(day, 1, 'week'), null)");
}

/// What the fuzzer of `tests/fuzz` begins with, and what it has found, by the same rules.
#[test]
fn what_the_fuzzer_keeps_is_read_or_refused() {
    let folder = crate::harness::root().join("tests/fuzz/corpus/expression");
    let (mut read, mut refused) = (0, 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        match parse(&text) {
            Ok(term) => {
                let printed = term.to_string();
                assert_eq!(parse(&printed).map(|again| again.to_string()).as_ref(), Ok(&printed), "{text}");
                read += 1;
            }
            Err(problem) => {
                let lies_within = |at: usize| at <= text.len() && text.is_char_boundary(at);
                assert!(problem.position.is_none_or(lies_within), "{text}: {problem:?}");
                refused += 1;
            }
        }
    }
    assert!(read >= 8 && refused >= 4, "{read} {refused}");
}

// What is hidden -----------------------------------------------------------------------------------------------------

/// Somebody who sees the items of one kind, without their texts, and one maker.
fn with_member() -> (Harness, String) {
    let harness = lab();
    let role = r#"{"slug": "some", "name": "Some", "schemas": {
        "items": {"list": true, "read": "kind = 'new'", "export": true, "fields": {"t": {"readable": false}}},
        "makers": {"list": true, "read": "name = 'Ann'"}}}"#;
    assert_eq!(harness.ask("POST", "/api/apps/lab/roles", role).0, 201);
    let token = "c1".repeat(32);
    let session = carryall::auth::session::digest(&token);
    let made = harness.ctx.store.write(move |tx| {
        let member = carryall::store::tables::users::insert(tx, "member@example.com", "x", carryall::model::principal::Role::Member)?;
        carryall::store::tables::sessions::insert(tx, &session, member.id, crate::harness::NOW_S + 1_000, &Default::default())
    });
    made.unwrap();
    let grant = r#"{"user": "member@example.com", "app": "lab", "role": "some"}"#;
    assert!(harness.ask("POST", "/api/workspaces/default/grants", grant).0 < 300);
    (harness, token)
}

#[test]
fn nothing_is_told_of_what_is_hidden() {
    let (harness, token) = with_member();
    let ask = |url: &str| {
        let headers = vec![("Cookie".to_owned(), format!("sessionid={token}"))];
        let reply = harness.answer(&Ask { method: "GET".to_owned(), url: url.to_owned(), headers, body: Vec::new() });
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap_or_default())
    };
    let (status, all) = ask(&format!("{ITEMS}/records?limit=100"));
    assert_eq!(status, 200, "{all}");
    assert!(all["records"].as_array().unwrap().iter().all(|record| record["kind"] == "new" && record.get("t").is_none()));
    let total = all["total"].as_i64().unwrap();
    // The rows are narrowed before anything else is asked, however it is said.
    for text in ["true", "kind = 'old' || n = null || n != null", "!(kind = 'old')", "id > 'rec_1' || id = 'rec_1'"] {
        let (_, found) = ask(&format!("{ITEMS}/records?limit=100&filter={}", encoded(text)));
        assert_eq!(found["total"], json!(total), "{text}: {found}");
    }
    // A field that is hidden does not exist, in whatever place; a path tells nothing of records that are.
    for query in [
        format!("filter={}", encoded("t = 'Ann'")),
        format!("filter={}", encoded("length(t) > 1")),
        "fields=t".to_owned(),
        "fields=id,t".to_owned(),
        "sort=t".to_owned(),
        "expand=t".to_owned(),
        format!("filter={}", encoded("maker.name = 'Ann'")),
        format!("filter={}", encoded("makers.name ?= 'Ann'")),
        format!("filter={}", encoded("maker.items.t ?= 'Ann'")),
    ] {
        let (status, refused) = ask(&format!("{ITEMS}/records?{query}"));
        assert_eq!(status, 400, "{query}: {refused}");
    }
    // What is beside a record is narrowed as well.
    let (status, expanded) = ask(&format!("{ITEMS}/records?limit=100&fields=maker&expand=maker,makers"));
    assert_eq!(status, 200, "{expanded}");
    for record in expanded["records"].as_array().unwrap() {
        let is_seen = record["maker"] == "rec_1";
        assert_eq!(record["expand"]["maker"]["name"], if is_seen { json!("Ann") } else { Value::Null }, "{record}");
        assert!(record["expand"]["makers"].as_array().unwrap().iter().all(|maker| maker["name"] == "Ann"), "{record}");
    }
    // The cursor of somebody else leads to no more than one's own rows, and a state of theirs is not known here.
    let (_, owners) = found(&harness, "sort=-n");
    assert!(owners["total"].as_i64().unwrap() > total);
    let (_, first) = harness.ask("GET", &format!("{ITEMS}/records?limit=2&sort=-n"), "");
    let (_, rest) = ask(&format!("{ITEMS}/records?limit=100&sort=-n&cursor={}", first["next_cursor"].as_str().unwrap()));
    assert!(rest["records"].as_array().unwrap().iter().all(|record| record["kind"] == "new"), "{rest}");
}

/// The objects in a json field with `items`: any of them will do, by keys of every type, also along a reference; what else lies there is passed over.
#[test]
fn what_a_json_field_lists_is_asked_by_its_keys() {
    let harness = Harness::crm();
    let app = json!({"carryall": 1, "app": {"slug": "book"}, "schemas": [
        {"slug": "people", "fields": [{"slug": "name", "type": "text"}, {"slug": "lines", "type": "json", "items": [
            {"slug": "t", "type": "text"}, {"slug": "n", "type": "integer"}, {"slug": "d", "type": "decimal", "scale": 2}, {"slug": "b", "type": "boolean"},
            {"slug": "day", "type": "date"}, {"slug": "at", "type": "datetime"}, {"slug": "kinds", "type": "multiselect", "options": ["x"]}]},
            {"slug": "any", "type": "json"}]},
        {"slug": "calls", "fields": [{"slug": "who", "type": "reference", "target": "people", "inverse": "calls"}]}],
        "roles": [{"slug": "guest", "schemas": {"people": {"list": true, "read": "lines.n ?> 5"}}}],
        "records": {"people": [
            {"$ref": "a", "name": "a", "lines": [{"t": "One", "n": 1, "d": 1.5, "b": true, "day": "2025-01-01", "at": "2025-01-01T10:00:00Z"}, {"t": "Two", "n": 7}]},
            {"name": "b", "lines": []}, {"name": "c"}, {"name": "d", "lines": [{"n": 5, "b": false}], "any": [{"t": "One"}]}],
            "calls": [{"who": {"$ref": "a"}}, {"who": null}]}});
    harness.apply(&app.to_string(), false, false).unwrap();
    let found = |table: &str, filter: &str| {
        let (status, told) = harness.ask("GET", &format!("/api/apps/book/schemas/{table}/records?filter={}", encoded(filter)), "");
        assert_eq!(status, 200, "{filter}: {told}");
        told["records"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()[4..].to_owned()).collect::<Vec<_>>().join(" ")
    };
    for (filter, wanted) in [
        ("lines.t ?= 'One'", "1"),
        ("lines.t ?~ 'tw'", "1"),
        ("lines.t ?= null", "4"),
        ("lines.n ?> 4", "1 4"),
        ("lines.n ?= 1 && lines.t ?= 'Two'", "1"),
        ("lines.d ?= 1.50", "1"),
        ("lines.b ?= false", "4"),
        ("lines.day ?< '2025-01-02'", "1"),
        ("lines.at ?= '2025-01-01T10:00:00Z'", "1"),
        ("!(lines.n ?> 0)", "2 3"),
        ("lines.t ?= name || name = 'b'", "2"),
    ] {
        assert_eq!(found("people", filter), wanted, "{filter}");
    }
    assert_eq!((found("calls", "who.lines.n ?= 7"), found("calls", "who.lines.t ?~ 'zzz'")), ("1".to_owned(), String::new()));
    for (filter, position, word) in [
        ("lines.dya ?= 1", 6, "Did you mean 'day'?"),
        ("lines.nn ?= 1", 6, "It has: t, n, d, b"),
        ("lines.n = 1", 0, "lines.n ?= …"),
        ("lines.t.x ?= 1", 6, "has no 't.x'"),
        ("lines.kinds ?= 'x'", 6, "of the type multiselect"),
        ("lines.n ?= 'x'", 11, "a number is wanted here"),
        ("any.t ?= 'One'", 0, "no reference"),
    ] {
        let (status, told) = harness.ask("GET", &format!("/api/apps/book/schemas/people/records?filter={}", encoded(filter)), "");
        let detail = &told["error"]["details"][0];
        assert_eq!((status, detail["position"].as_u64()), (400, Some(position)), "{filter}: {told}");
        assert!(detail.to_string().contains(word), "{filter}: {told}");
    }
    // A rule can be made of it, and then its key stays.
    let guest = harness.answer(&Ask {
        method: "GET".to_owned(),
        url: "/api/apps/book/schemas/people/records?fields=name".to_owned(),
        ..Ask::default()
    });
    let told: Value = serde_json::from_slice(&guest.body).unwrap();
    assert_eq!((guest.status, &told["records"]), (200, &json!([{"id": "rec_1", "name": "a"}])));
    let fewer = r#"{"items": [{"slug": "t", "type": "text"}]}"#;
    assert_eq!(harness.ask("PATCH", "/api/apps/book/schemas/people/fields/lines", fewer).0, 400);
}
