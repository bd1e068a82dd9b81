//! Field types: what is accepted comes back equal, what is refused says why.

use crate::harness::{Harness, OWNER};
use carryall::field::{FIELD_TYPES, find};
use carryall::model::field::{Field, FieldType};
use carryall::ops::{apply, validate};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// One field and what it makes of values. Everything is JSON text, because the spelling of numbers counts: 5 is not 5.0 here.
struct Table {
    type_name: &'static str,
    slug: &'static str,
    /// The rules as they stand in an app file.
    rules: &'static str,
    /// As sent, as stored.
    accepted: &'static [(&'static str, &'static str)],
    /// As sent, the rule that is broken.
    refused: &'static [(&'static str, &'static str)],
    /// The text of a CSV cell or a query, as stored; none when it is refused as `type`.
    texts: &'static [(&'static str, Option<&'static str>)],
}

const TABLES: &[Table] = &[
    Table {
        type_name: "text",
        slug: "words",
        rules: "{}",
        accepted: &[
            (r#""""#, r#""""#),
            (r#"" two  spaces ""#, r#"" two  spaces ""#),
            (r#""a\r\nb\tc""#, r#""a\r\nb\tc""#),
            (r#""é é 😀""#, r#""é é 😀""#),
            (r#""\u00e9 \ud83d\ude00""#, r#""é 😀""#),
            (r#""'; DROP TABLE r1; --""#, r#""'; DROP TABLE r1; --""#),
            (r#""007""#, r#""007""#),
        ],
        refused: &[
            ("5", "type"),
            ("5.5", "type"),
            ("true", "type"),
            (r#"["a"]"#, "type"),
            (r#"{"a": 1}"#, "type"),
            (r#""a\u0000b""#, "type"),
        ],
        texts: &[("", Some(r#""""#)), (" a ", Some(r#"" a ""#)), ("a\0b", None)],
    },
    Table {
        type_name: "text",
        slug: "short",
        rules: r#"{"max_length": 5}"#,
        accepted: &[(r#""12345""#, r#""12345""#), (r#""ééé😀😀""#, r#""ééé😀😀""#)],
        refused: &[(r#""123456""#, "max_length"), (r#""ééé😀😀😀""#, "max_length")],
        texts: &[],
    },
    Table {
        type_name: "integer",
        slug: "whole",
        rules: "{}",
        accepted: &[
            ("0", "0"),
            ("-1", "-1"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9007199254740993", "9007199254740993"),
            ("5.0", "5"),
            ("-0.0", "0"),
            ("1e3", "1000"),
        ],
        refused: &[
            ("5.5", "type"),
            ("9223372036854775808", "type"),
            ("1e300", "type"),
            (r#""5""#, "type"),
            (r#""""#, "type"),
            ("true", "type"),
            ("[1]", "type"),
            ("{}", "type"),
        ],
        texts: &[
            ("42", Some("42")),
            (" -42 ", Some("-42")),
            ("007", Some("7")),
            ("9223372036854775807", Some("9223372036854775807")),
            ("9223372036854775808", None),
            ("5.0", None),
            ("1e3", None),
            ("1,000", None),
            ("", None),
            ("five", None),
        ],
    },
    Table {
        type_name: "integer",
        slug: "percent",
        rules: r#"{"min": 0, "max": 100}"#,
        accepted: &[("0", "0"), ("100", "100"), ("100.0", "100")],
        refused: &[("-1", "min"), ("101", "max"), ("-9223372036854775808", "min")],
        texts: &[("100", Some("100"))],
    },
    Table {
        type_name: "decimal",
        slug: "exact",
        rules: "{}",
        accepted: &[
            ("5", "5"),
            ("5.0", "5.0"),
            ("-0.1", "-0.1"),
            ("12.50", "12.5"),
            ("999999999999999", "999999999999999"),
            ("-99999999999999.9", "-99999999999999.9"),
            ("0.000000000000001", "1e-15"),
            (r#""12.50""#, "12.5"),
            (r#"" 7 ""#, "7"),
            (r#""-0.10""#, "-0.1"),
        ],
        refused: &[
            ("1000000000000000", "precision"),
            ("9223372036854775807", "precision"),
            ("0.1234567890123456", "precision"),
            ("1e300", "type"),
            (r#""1e3""#, "type"),
            (r#""1,50""#, "type"),
            (r#""+1""#, "type"),
            (r#""1.""#, "type"),
            (r#"".5""#, "type"),
            (r#""NaN""#, "type"),
            (r#""""#, "type"),
            ("true", "type"),
            ("[1]", "type"),
        ],
        texts: &[
            ("12.50", Some("12.5")),
            (" -3 ", Some("-3")),
            ("0.5", Some("0.5")),
            ("", None),
            ("1 000", None),
            ("0x10", None),
            ("--1", None),
            ("1.2.3", None),
        ],
    },
    Table {
        type_name: "decimal",
        slug: "price",
        rules: r#"{"precision": 6, "scale": 2, "min": -1000, "max": 9999.99}"#,
        accepted: &[("9999.99", "9999.99"), ("-1000", "-1000"), ("0.01", "0.01"), (r#""9.90""#, "9.9"), ("1.500", "1.5")],
        refused: &[("0.001", "scale"), ("1.005", "scale"), ("10000", "precision"), ("-1000.01", "min"), ("-999999", "precision")],
        texts: &[("9.90", Some("9.9"))],
    },
    Table {
        type_name: "boolean",
        slug: "flag",
        rules: "{}",
        accepted: &[
            ("true", "true"),
            ("false", "false"),
            ("1", "true"),
            ("0", "false"),
            (r#""true""#, "true"),
            (r#""false""#, "false"),
            (r#""1""#, "true"),
            (r#""0""#, "false"),
        ],
        refused: &[("2", "type"), ("-1", "type"), ("0.5", "type"), (r#""yes""#, "type"), (r#""""#, "type"), ("[]", "type")],
        texts: &[("true", Some("true")), ("0", Some("false")), ("yes", None), ("TRUE", None), ("", None)],
    },
    Table {
        type_name: "date",
        slug: "day",
        rules: "{}",
        accepted: &[
            (r#""2024-02-29""#, r#""2024-02-29""#),
            (r#""0000-01-01""#, r#""0000-01-01""#),
            (r#""9999-12-31""#, r#""9999-12-31""#),
            (r#""1582-10-10""#, r#""1582-10-10""#),
        ],
        refused: &[
            (r#""2023-02-29""#, "type"),
            (r#""2024-13-01""#, "type"),
            (r#""2024-00-10""#, "type"),
            (r#""2024-1-1""#, "type"),
            (r#""24-01-01""#, "type"),
            (r#""12/31/2024""#, "type"),
            (r#""2024-01-01T00:00:00Z""#, "type"),
            (r#"" 2024-01-01""#, "type"),
            (r#""-001-01-01""#, "type"),
            (r#""""#, "type"),
            ("20240101", "type"),
            ("true", "type"),
        ],
        texts: &[("2024-12-31", Some(r#""2024-12-31""#)), ("2024-12-32", None), ("", None)],
    },
    Table {
        type_name: "date",
        slug: "year",
        rules: r#"{"min": "2024-01-01", "max": "2024-12-31"}"#,
        accepted: &[(r#""2024-01-01""#, r#""2024-01-01""#), (r#""2024-12-31""#, r#""2024-12-31""#)],
        refused: &[(r#""2023-12-31""#, "min"), (r#""2025-01-01""#, "max")],
        texts: &[],
    },
    Table {
        type_name: "datetime",
        slug: "instant",
        rules: "{}",
        accepted: &[
            (r#""2024-12-31T18:30:00Z""#, r#""2024-12-31T18:30:00Z""#),
            (r#""2024-12-31T18:30:00+02:00""#, r#""2024-12-31T16:30:00Z""#),
            (r#""2024-12-31T23:30:00-05:30""#, r#""2025-01-01T05:00:00Z""#),
            (r#""2024-12-31 18:30:00""#, r#""2024-12-31T18:30:00Z""#),
            (r#""2024-12-31T18:30""#, r#""2024-12-31T18:30:00Z""#),
            (r#""2024-12-31t18:30:00z""#, r#""2024-12-31T18:30:00Z""#),
            (r#""2024-12-31T18:30:00.000Z""#, r#""2024-12-31T18:30:00Z""#),
            (r#""2024-12-31T18:30:00.120Z""#, r#""2024-12-31T18:30:00.12Z""#),
            (r#""2024-12-31T18:30:00.123456789Z""#, r#""2024-12-31T18:30:00.123456789Z""#),
            (r#""0000-01-01T00:00:00Z""#, r#""0000-01-01T00:00:00Z""#),
            (r#""9999-12-30T22:00:00Z""#, r#""9999-12-30T22:00:00Z""#),
        ],
        refused: &[
            (r#""2024-12-31""#, "type"),
            (r#""2024-12-31T25:00:00Z""#, "type"),
            (r#""2024-02-30T10:00:00Z""#, "type"),
            (r#""2024-12-31T18:30:00[Europe/Berlin]""#, "type"),
            (r#""2024-12-31T18:30:00+02:00[Europe/Berlin]""#, "type"),
            (r#""-00001-12-31T18:30:00Z""#, "type"),
            (r#""0000-01-01T00:30:00+01:00""#, "type"),
            (r#""tomorrow at noon""#, "type"),
            (r#""""#, "type"),
            ("1735669800", "type"),
        ],
        texts: &[("2024-12-31 18:30:00", Some(r#""2024-12-31T18:30:00Z""#)), ("18:30", None), ("", None)],
    },
    Table {
        type_name: "email",
        slug: "mail",
        rules: "{}",
        accepted: &[
            (r#""ann@example.com""#, r#""ann@example.com""#),
            (r#""Ann.O'Neil+tag@Mail.Example.co.uk""#, r#""Ann.O'Neil+tag@Mail.Example.co.uk""#),
            (r#""root@localhost""#, r#""root@localhost""#),
            (r#""jürgen@müller.example""#, r#""jürgen@müller.example""#),
        ],
        refused: &[
            (r#""ann""#, "type"),
            (r#""ann@""#, "type"),
            (r#""@example.com""#, "type"),
            (r#""ann@host""#, "type"),
            (r#""ann@@example.com""#, "type"),
            (r#""ann..b@example.com""#, "type"),
            (r#""Ann <ann@example.com>""#, "type"),
            (r#""ann@[127.0.0.1]""#, "type"),
            (r#"" ann@example.com""#, "type"),
            (r#""ann@example.com\n""#, "type"),
            (r#""a@b.example, c@d.example""#, "type"),
            (r#""""#, "type"),
            ("5", "type"),
        ],
        texts: &[("ann@example.com", Some(r#""ann@example.com""#)), ("ann", None), ("", None)],
    },
    Table {
        type_name: "select",
        slug: "status",
        rules: r#"{"options": ["lead", {"value": "key account", "label": "Key"}, "gewonnen ✓"]}"#,
        accepted: &[(r#""lead""#, r#""lead""#), (r#""key account""#, r#""key account""#), (r#""gewonnen ✓""#, r#""gewonnen ✓""#)],
        refused: &[
            (r#""Lead""#, "option"),
            (r#""Key""#, "option"),
            (r#""lead ""#, "option"),
            (r#""""#, "option"),
            ("1", "option"),
            (r#"["lead"]"#, "option"),
        ],
        texts: &[("key account", Some(r#""key account""#))],
    },
    Table {
        type_name: "reference",
        slug: "other",
        rules: r#"{"target": "others"}"#,
        accepted: &[(r#""rec_1""#, r#""rec_1""#), ("2", r#""rec_2""#), (r#""3""#, r#""rec_3""#)],
        refused: &[
            ("0", "type"),
            ("-1", "type"),
            ("1.0", "type"),
            ("1.5", "type"),
            (r#""rec_0""#, "type"),
            (r#""rec_01""#, "type"),
            (r#""REC_1""#, "type"),
            (r#""one""#, "type"),
            (r#""""#, "type"),
            ("true", "type"),
            (r#"{"id": 1}"#, "type"),
            (r#""rec_9223372036854775808""#, "type"),
        ],
        texts: &[("rec_7", Some(r#""rec_7""#)), ("7", Some(r#""rec_7""#)), ("x", None), ("", None)],
    },
    Table {
        type_name: "json",
        slug: "document",
        rules: "{}",
        accepted: &[
            ("true", "true"),
            ("5", "5"),
            ("5.0", "5.0"),
            (r#""""#, r#""""#),
            ("[]", "[]"),
            (r#"{"b": 1, "a": [null, {"c": "😀"}]}"#, r#"{"b":1,"a":[null,{"c":"😀"}]}"#),
        ],
        refused: &[],
        texts: &[("{not json", Some(r#""{not json""#)), ("5", Some(r#""5""#))],
    },
];

/// A server with one table that has a field for every entry of `TABLES`, and three records to refer to.
fn harness() -> Harness {
    let field = |table: &Table| {
        let mut field = Map::from_iter([("slug".to_owned(), json!(table.slug)), ("type".to_owned(), json!(table.type_name))]);
        field.extend(parsed(table.rules).as_object().cloned().unwrap());
        Value::Object(field)
    };
    let fields: Vec<Value> = TABLES.iter().map(field).collect();
    let file = json!({
        "carryall": 1,
        "app": {"slug": "app"},
        "schemas": [{"slug": "values", "fields": fields}, {"slug": "others"}],
        "records": {"others": [{}, {}, {}]},
    });
    let harness = Harness::crm();
    apply::apply(&harness.ctx, &OWNER, &file.to_string(), false, false).unwrap();
    harness
}

/// The fields of `TABLES` as the catalog has them: what an app file makes of them is what is tested.
fn fields() -> Vec<Field> {
    let catalog = harness().ctx.store.catalog();
    let app = catalog.app("app").unwrap();
    catalog.schema(&app, "values").unwrap().fields.clone()
}

fn field(slug: &str) -> Field {
    fields().into_iter().find(|field| field.slug == slug).unwrap()
}

fn type_of(field: &Field) -> &'static dyn FieldType {
    find(&field.type_name).unwrap()
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// A value as it comes back from the data file, where it lies as JSON text.
fn stored(value: &Value) -> Value {
    parsed(&value.to_string())
}

/// Fails unless the value of this field, stored and read, cleans to itself, in spelling too.
fn assert_settled(field: &Field, value: &Value) {
    let again = validate::clean(field, &stored(value));
    assert_eq!(again.map(|again| again.to_string()).map_err(|problem| problem.message), Ok(value.to_string()), "{}", field.slug);
}

/// Fails unless the value of this field comes back from the text of a CSV cell, in spelling too.
fn assert_reads_back(field: &Field, value: &Value) {
    let text = type_of(field).write_text(field, value);
    let read = type_of(field).read_text(field, &text);
    let read = read.map(|read| read.to_string()).map_err(|refusal| refusal.message);
    assert_eq!(read, Ok(value.to_string()), "{} by way of the text {text:?}", field.slug);
}

#[test]
fn every_type_has_a_table_that_accepts_and_refuses() {
    for type_ in FIELD_TYPES {
        let rows = |of: fn(&Table) -> usize| TABLES.iter().filter(|table| table.type_name == type_.name()).map(of).sum::<usize>();
        assert!(rows(|table| table.accepted.len()) > 0, "no table says what {} accepts", type_.name());
        assert!(rows(|table| table.texts.len()) > 0, "no table says how {} reads text", type_.name());
        // Any document is good JSON.
        assert!(rows(|table| table.refused.len()) > 0 || type_.name() == "json", "no table says what {} refuses", type_.name());
    }
    let unknown: Vec<&str> = TABLES.iter().map(|table| table.type_name).filter(|name| find(name).is_none()).collect();
    assert!(unknown.is_empty(), "tables without a type: {unknown:?}");
}

#[test]
fn what_is_accepted_is_stored_as_the_tables_say() {
    for (table, field) in TABLES.iter().zip(fields()) {
        for (sent, wanted) in table.accepted {
            let clean = validate::clean(&field, &parsed(sent)).unwrap_or_else(|problem| panic!("{sent}: {}", problem.message));
            assert_eq!(clean.to_string(), *wanted, "{} {sent}", table.slug);
            assert_settled(&field, &clean);
        }
        assert_eq!(validate::clean(&field, &Value::Null), Ok(Value::Null), "no value is no fault of {}", table.slug);
    }
}

#[test]
fn what_is_refused_names_the_rule_and_the_field() {
    for (table, field) in TABLES.iter().zip(fields()) {
        for (sent, rule) in table.refused {
            let problem = validate::clean(&field, &parsed(sent)).expect_err(sent);
            assert_eq!((problem.code, problem.field.as_deref()), (*rule, Some(table.slug)), "{sent}: {}", problem.message);
            assert!(problem.message.starts_with(&format!("Field '{}' ", table.slug)), "{}", problem.message);
        }
    }
}

#[test]
fn texts_are_read_as_the_tables_say() {
    for (table, field) in TABLES.iter().zip(fields()) {
        for (text, wanted) in table.texts {
            let read = type_of(&field).read_text(&field, text).map(|value| value.to_string()).map_err(|refusal| refusal.code);
            assert_eq!(read, wanted.map(str::to_owned).ok_or("type"), "{} {text:?}", table.slug);
        }
    }
}

#[test]
fn values_go_through_the_whole_server_as_the_tables_say() {
    let harness = harness();
    let records = "/api/apps/app/schemas/values/records";
    for table in TABLES {
        for (sent, wanted) in table.accepted {
            let (status, made) = harness.ask("POST", records, &format!("{{\"{}\": {sent}}}", table.slug));
            assert_eq!(status, 201, "{} {sent}: {made}", table.slug);
            let (_, read) = harness.ask("GET", &format!("{records}/{}", made["id"].as_str().unwrap()), "");
            assert_eq!(read[table.slug].to_string(), *wanted, "{} {sent}", table.slug);
            assert_eq!(read, made);
        }
        let (_, before) = harness.ask("GET", records, "");
        for (sent, _) in table.refused {
            let (status, answer) = harness.ask("POST", records, &format!("{{\"{}\": {sent}}}", table.slug));
            assert_eq!(status, 400, "{} {sent}: {answer}", table.slug);
            // JSON that would lose digits is refused before any field sees it.
            let refusal = answer["error"]["code"].as_str();
            assert!(refusal == Some("bad_request") || answer["error"]["field"] == table.slug, "{sent}: {answer}");
        }
        let (_, after) = harness.ask("GET", records, "");
        assert_eq!(before["total"], after["total"], "a refusal left a record");
    }
}
