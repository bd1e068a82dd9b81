//! What goes out comes in again, and what cannot be taken in is told with the way out: json in cells, ids, equal headings, numbers and truths as people
//! write them. Workbooks are made in `spreadsheets`.

use crate::harness::Harness;
use crate::transfer::{LATER, Place, counts, told};
use carryall::format::file::Format;
use carryall::model::error::Error;
use carryall::model::job::{Import, Outcome, unwatched};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

fn notes(outcome: &Value) -> Vec<&str> {
    outcome["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect()
}

fn types(outcome: &Value) -> Vec<&str> {
    outcome["fields"].as_array().unwrap().iter().map(|field| field["type"].as_str().unwrap()).collect()
}

/// An import with types and fields that a person names, as `HEADER=VALUE`.
fn with(place: &Place, name: &str, text: &str, said: impl FnOnce(&mut Import)) -> Result<Outcome, Error> {
    let mut job = place.job(name, text);
    said(&mut job);
    place.run(job, &unwatched())
}

fn pair(heading: &str, value: &str) -> Vec<(String, String)> {
    vec![(heading.to_owned(), value.to_owned())]
}

// --- json in cells ---------------------------------------------------------------------------------------------------

fn documents(schemas: [&str; 2]) -> Value {
    let schema = |slug: &str| json!({"slug": slug, "fields": [{"slug": "n", "type": "integer"}, {"slug": "doc", "type": "json"}]});
    json!(schemas.map(schema))
}

#[test]
fn a_cell_of_json_is_what_it_was_in_every_format() {
    let place = Place::with_schemas(&documents(["t", "u"]));
    let rows = json!([
        {"n": 1, "doc": {"theme": "dark"}}, {"n": 2, "doc": 0}, {"n": 3, "doc": "0"}, {"n": 4, "doc": true}, {"n": 5, "doc": "true"},
        {"n": 6, "doc": "plain"}, {"n": 7, "doc": "=1+1"}, {"n": 8, "doc": ""}, {"n": 9, "doc": null}, {"n": 10, "doc": "null"},
        {"n": 11, "doc": [1, 2.5, "x"]}, {"n": 12, "doc": "\"quoted\""}, {"n": 13, "doc": 5.0}, {"n": 14, "doc": "12345678901234567890123"},
        {"n": 15, "doc": "{\"a\": 1, \"a\": 2}"}, {"n": 16, "doc": -7}, {"n": 17, "doc": " 5"},
    ]);
    place.import("t.json", rows.to_string()).unwrap();
    let text = place.export("t", Format::Csv);
    let wanted = ["2,0", "3,\"\"\"0\"\"\"", "4,true", "6,plain", "7,'=1+1", "8,\"\"\"\"\"\"", "9,", "14,12345678901234567890123", "16,-7"];
    for line in wanted {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    for format in Format::ALL {
        place.import(&format!("u.{}", format.name()), place.bytes("t", format).unwrap()).unwrap();
    }
    let came = place.rows("u");
    let came = came.as_array().unwrap();
    assert_eq!(came.len(), 4 * 17);
    for (at, row) in came.iter().enumerate() {
        assert_eq!(*row, rows[at % 17], "{:?}", Format::ALL[at / 17]);
    }
    let refused = told(place.import("u.csv", "doc\n\"{\"\"a\"\": 1, \"\"a\"\": 2}\"\n"));
    assert_eq!(refused, ["Row 1 (line 2): Field 'doc' holds JSON with the key 'a' twice. To have it as a text, write it in JSON's quotes"]);
}

#[test]
fn any_json_survives_a_csv_and_a_workbook() {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e300..1e300_f64).prop_map(Value::from),
        (-1e3..1e3_f64).prop_map(|number| Value::from(number.round())),
        "['=+@\\t\\r\\n_x0-9. eE<>&\"\\[\\]{}:,-]{0,8}|true|null|\\PC{0,12}|[\\x01-\\x7f]{1,6}".prop_map(Value::from),
    ];
    let any = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,4}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let mut runner = TestRunner::new(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() });
    let place = Place::new();
    let at = std::cell::Cell::new(0);
    let result = runner.run(&proptest::collection::vec(any, 40), |documents_sent| {
        at.set(at.get() + 1);
        let (from, into) = (format!("a{}", at.get()), format!("b{}", at.get()));
        let file = json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": documents([&from, &into])});
        place.harness.apply(&file.to_string(), false, false).unwrap();
        let rows: Vec<Value> = documents_sent.iter().enumerate().map(|(n, doc)| json!({"n": n, "doc": doc})).collect();
        place.import(&format!("{from}.json"), Value::from(rows.clone()).to_string()).unwrap();
        for format in [Format::Xlsx, Format::Csv] {
            place.import(&format!("{into}.{}", format.name()), place.bytes(&from, format).unwrap()).unwrap();
        }
        let twice: Vec<Value> = rows.iter().chain(&rows).cloned().collect();
        prop_assert_eq!(place.rows(&into), Value::from(twice));
        Ok(())
    });
    result.unwrap();
}

// --- ids -------------------------------------------------------------------------------------------------------------

fn firms() -> Place {
    let place = Place::with_schemas(&json!([
        {"slug": "firms", "fields": [{"slug": "name", "type": "text"}, {"slug": "city", "type": "text", "default": "Ulm"}]},
        {"slug": "people", "fields": [{"slug": "name", "type": "text"}, {"slug": "firm", "type": "reference", "target": "firms"}]},
    ]));
    place.import("firms.csv", "name,city\nAcme,Bonn\nBolt,Bern\nCold,Rom\n").unwrap();
    place
}

#[test]
fn an_export_with_ids_goes_back_to_its_records() {
    let place = firms();
    for format in Format::ALL {
        let bytes = place.bytes_with_ids("firms", format).unwrap();
        let name = format!("firms.{}", format.name());
        assert_eq!(counts(&place.upsert(&name, &bytes, "id").unwrap()), (3, 0, 3), "{format:?}");
        let refused = told(place.import(&name, &bytes));
        let way = "Column 'id' holds the ids of records, which are given by the program: it cannot be taken in. \
                   --key id updates the records that have them, --skip id leaves the column out (over HTTP key=id and skip=id)";
        assert_eq!(refused, [way], "{format:?}");
    }
    let text = String::from_utf8(place.bytes_with_ids("firms", Format::Csv).unwrap()).unwrap();
    assert_eq!(text, "id,name,city\nrec_1,Acme,Bonn\nrec_2,Bolt,Bern\nrec_3,Cold,Rom\n");
    assert_eq!(place.rows("firms").as_array().unwrap().len(), 3);

    // What is not sent stays; a number is an id, too.
    assert_eq!(counts(&place.upsert("firms.csv", "id,name\n3,Kalt\nrec_1,Acme\n", "id").unwrap()), (2, 0, 2));
    assert_eq!(place.export("firms", Format::Csv), "name,city\nAcme,Bonn\nBolt,Bern\nKalt,Rom\n");
    let rehearsed = with(&place, "firms.csv", "id,name\n2,Bolz\n", |job| {
        (job.key, job.dry_run) = (Some("id".to_owned()), true);
    });
    assert_eq!(counts(&rehearsed.unwrap()), (1, 0, 1));
    let skipped = with(&place, "firms.csv", "id,name\nrec_1,Dorn\n", |job| job.skip = vec!["id".to_owned()]).unwrap();
    assert_eq!(counts(&skipped), (1, 1, 0));
    assert_eq!(place.export("firms", Format::Csv), "name,city\nAcme,Bonn\nBolt,Bern\nKalt,Rom\nDorn,Ulm\n");
}

#[test]
fn an_id_that_is_not_there_makes_no_record() {
    let place = firms();
    let refused = told(place.upsert("firms.csv", "id,name\nrec_1,A\nrec_9,B\n77,C\n", "id"));
    let new = "Rows of new records go into a file without ids";
    assert_eq!(
        refused,
        [
            format!("Row 2 (line 3): There is no record rec_9 in table 'firms'. {new}"),
            format!("Row 3 (line 4): There is no record rec_77 in table 'firms'. {new}"),
        ]
    );
    let refused = told(place.upsert("firms.csv", "id,name\nfirst,A\n,B\nrec_1,C\nrec_1,D\n", "id"));
    assert_eq!(
        refused,
        [
            "Row 1 (line 2): The id must be a record's, such as rec_5, not 'first'",
            "Row 2 (line 3): The id is the key and has no value",
            "Row 4 (line 5): has the same id as row 3",
            LATER,
        ]
    );
    assert_eq!(place.rows("firms")[0]["name"], "Acme");
}

#[test]
fn a_field_under_the_heading_id_stays_apart_from_the_ids() {
    let place = Place::new();
    place.import("t.csv", "id,name\n7,Ann\n8,Bo\n").unwrap();
    assert_eq!(place.export("t", Format::Csv), "id,name\n7,Ann\n8,Bo\n");
    // By its heading it is the key.
    assert_eq!(counts(&place.upsert("t.csv", "id,name\n8,Bob\n9,Cy\n", "id").unwrap()), (2, 1, 1));
    for format in Format::ALL {
        let bytes = place.bytes_with_ids("t", format).unwrap();
        assert_eq!(counts(&place.upsert(&format!("t.{}", format.name()), bytes, "id").unwrap()), (3, 0, 3), "{format:?}");
    }
    let text = String::from_utf8(place.bytes_with_ids("t", Format::Csv).unwrap()).unwrap();
    assert_eq!(text, "id,id_2,name\nrec_1,7,Ann\nrec_2,8,Bob\nrec_3,9,Cy\n");
}

#[test]
fn a_record_that_goes_while_its_row_waits_is_told() {
    let place = firms();
    let ctx = place.harness.ctx.clone();
    let meddle: carryall::model::job::Report = std::sync::Arc::new(move |progress| {
        if progress.stage == "writing" {
            let harness = &ctx;
            let gone = || {
                let expected = carryall::model::record::Expected::default();
                carryall::ops::records::prepare_delete(
                    &harness.store.catalog(),
                    &crate::harness::OWNER,
                    "crm",
                    "firms",
                    "rec_2",
                    &expected,
                    &harness.limits,
                )
            };
            harness.write(gone, |tx, gone| carryall::ops::records::delete(tx, &crate::harness::OWNER, gone))?;
        }
        Ok(())
    });
    let job = Import { key: Some("id".to_owned()), ..place.job("firms.csv", "id,name\nrec_1,A\nrec_2,B\n") };
    let refused = told(place.run(job, &meddle));
    assert!(refused[0].starts_with("Row 2 (line 3): There is no record rec_2"), "{refused:?}");
    assert_eq!(place.export("firms", Format::Csv), "name,city\nAcme,Bonn\nCold,Rom\n");
}

// --- numbers ---------------------------------------------------------------------------------------------------------

#[test]
fn numbers_get_a_type_that_holds_them_and_texts_one_that_keeps_them() {
    let place = Place::new();
    let outcome =
        place.import("t.json", r#"[{"whole": 1234567890123456789, "part": 0.3333333333333333, "far": 1e20, "few": 0.5}]"#).unwrap();
    assert_eq!((types(&outcome), notes(&outcome).len()), (vec!["integer", "number", "number", "decimal"], 0));
    assert_eq!(place.rows("t"), json!([{"whole": 1234567890123456789_i64, "part": 0.3333333333333333, "far": 1e20, "few": 0.5}]));
    for format in Format::ALL {
        place.import(&format!("t.{}", format.name()), place.bytes("t", format).unwrap()).unwrap();
    }
    let rows = place.rows("t");
    assert!(rows.as_array().unwrap().iter().all(|row| *row == rows[0]), "{rows}");
    let outcome = place.import("c.csv", "whole,part\n9007199254740993,0.3333333333333333\n").unwrap();
    assert_eq!(types(&outcome), ["text", "number"]);
    let refused = told(with(&place, "d.csv", "Share\n0.3333333333333333\n", |job| job.types = pair("Share", "decimal")));
    let words = "Row 1 (line 2, column 'Share'): Field 'share' has more than the 15 digits that are kept exactly. \
                 A field of the type number keeps any double, one of the type text every digit";
    assert_eq!(refused, [words]);
}

#[test]
fn numbers_with_a_comma_are_offered_and_read_on_request() {
    let place = Place::new();
    let text = "Preis,Menge\n\"1.234,50\",1\n\"-0,5\",2\n7,3\n";
    let outcome = place.import("t.csv", text).unwrap();
    assert_eq!(types(&outcome), ["text", "integer"]);
    let note = "'Preis' looks like numbers with a decimal comma ('1.234,50'): --type \"Preis=decimal:comma\" reads them as numbers";
    assert_eq!(notes(&outcome), [note]);
    for type_name in ["decimal", "number", "money"] {
        let outcome =
            with(&place, &format!("{type_name}.csv"), text, |job| job.types = pair("Preis", &format!("{type_name}:comma"))).unwrap();
        assert_eq!(notes(&outcome), ["'Preis' was read as numbers with a decimal comma; exports write them as 12.50"]);
        let values: Vec<f64> = place.rows(type_name).as_array().unwrap().iter().map(|row| row["Preis"].as_f64().unwrap()).collect();
        assert_eq!(values, [1234.5, -0.5, 7.0]);
    }
    let outcome = with(&place, "integer.csv", "n\n1.234\n-5\n", |job| job.types = pair("n", "integer:comma")).unwrap();
    assert_eq!((types(&outcome), place.export("integer", Format::Csv)), (vec!["integer"], "n\n1234\n-5\n".to_owned()));
    // The table is there by now: the refusal says how, and that way works.
    let refused = told(place.import("decimal.csv", "Preis\n\"12,5\"\n"));
    assert!(
        refused[0].ends_with("The command line says that the comma is the decimal mark: --type \"Preis=decimal:comma\""),
        "{refused:?}"
    );
    with(&place, "decimal.csv", "Preis\n\"12,5\"\n", |job| job.types = pair("Preis", "decimal:comma")).unwrap();
    let refused = told(with(&place, "decimal.csv", "Preis\n12.5\n", |job| job.types = pair("Preis", "decimal:comma")));
    assert!(refused[0].ends_with("Field 'preis' must be a number with a decimal comma, such as 12,50, not '12.5'"), "{refused:?}");
    let refused = told(with(&place, "x.csv", text, |job| job.types = pair("Preis", "decimal:point")));
    assert_eq!(refused, ["There is no way 'point' of writing the type decimal. decimal:comma (1.234,50)"]);
    let refused = told(with(&place, "x.csv", text, |job| job.types = pair("Preis", "text:comma")));
    assert!(refused[0].starts_with("There is no field type 'text:comma'"), "{refused:?}");
    let refused = told(with(&place, "t.csv", text, |job| job.types = pair("Preis", "decimal:comma")));
    assert_eq!(refused, ["Field 'preis' is text, not a number: a decimal comma says nothing of it"]);
}

#[test]
fn moments_as_people_write_them_are_read_on_request() {
    let place = Place::new();
    let text = "At\n31.12.2024 18:30\n1.2.2025\n";
    let outcome = place.import("s.csv", "At,On\n31.12.2024 18:30,1.2.2025 8:00\n").unwrap();
    assert_eq!(
        notes(&outcome),
        [
            "'At' looks like moments ('31.12.2024 18:30'): day first (--type \"At=datetime:dmy\") reads them so",
            "'On' looks like moments ('1.2.2025 8:00'): day first (--type \"On=datetime:dmy\") or month first (--type \"On=datetime:mdy\") reads them so",
        ]
    );
    let outcome = with(&place, "t.csv", text, |job| job.types = pair("At", "datetime:dmy")).unwrap();
    assert_eq!(notes(&outcome), ["'At' was read as moments, day first, in UTC; exports write them as 2024-12-31T18:30:00Z"]);
    assert_eq!(place.export("t", Format::Csv), "At\n2024-12-31T18:30:00Z\n2025-02-01T00:00:00Z\n");
    let refused = told(place.import("t.csv", "At\n31.12.2024 18:30\n"));
    assert!(refused[0].ends_with("in which order its parts stand: --type \"At=datetime:dmy\""), "{refused:?}");
    with(&place, "t.csv", "At\n31.12.2024 18:30\n", |job| job.types = pair("At", "datetime:dmy")).unwrap();
    let refused = told(with(&place, "t.csv", "At\n12/31/2024 18:30\n", |job| job.types = pair("At", "datetime:dmy")));
    assert_eq!(refused, ["Row 1 (line 2, column 'At'): Field 'at' must be a day, day first, and a time, not '12/31/2024 18:30'"]);
    let refused = told(with(&place, "x.csv", text, |job| job.types = pair("At", "datetime:dym")));
    assert!(refused[0].starts_with("There is no order 'dym' of the parts of a datetime. datetime:dmy"), "{refused:?}");
}

#[test]
fn words_for_true_and_false_are_read_where_the_field_is_one_of_them() {
    let place = Place::new();
    let outcome = place.import("t.csv", "a,b\nTRUE,yes\nFalse,No\n").unwrap();
    assert_eq!(types(&outcome), ["text", "text"]);
    assert_eq!(notes(&outcome)[0], "'a' holds only words for true and false: --type \"a=boolean\" reads them as such");
    assert_eq!(place.export("t", Format::Csv), "a,b\nTRUE,yes\nFalse,No\n");
    let said = [("a", "boolean"), ("b", "boolean")].map(|(heading, type_name)| (heading.to_owned(), type_name.to_owned()));
    let outcome = with(&place, "u.csv", "a,b\nTRUE,yes\nFalse,No\n1,0\n", |job| job.types = said.to_vec()).unwrap();
    assert!(notes(&outcome).is_empty());
    assert_eq!(place.rows("u"), json!([{"a": true, "b": true}, {"a": false, "b": false}, {"a": true, "b": false}]));
    let refused = told(place.import("u.csv", "a\non\n"));
    assert_eq!(refused, ["Row 1 (line 2): Field 'a' must be true or false (yes, no, 1 and 0 will do), not 'on'"]);
    // Nothing of the kind in JSON, which has true and false of its own.
    let reply = place.harness.send("POST", "/api/apps/crm/schemas/u/records", "application/json", r#"{"a": "TRUE"}"#);
    assert_eq!(reply.status, 401);
}

// --- columns ---------------------------------------------------------------------------------------------------------

fn counted() -> Place {
    let place = Place::with_table(&json!([
        {"slug": "name", "type": "text"}, {"slug": "n", "type": "integer"}, {"slug": "no", "type": "sequence"},
        {"slug": "double", "type": "computed", "formula": "n * 2"},
    ]));
    place.import("t.csv", "name,n\nAnn,1\nBo,2\n").unwrap();
    place
}

#[test]
fn a_column_whose_values_the_program_finds_is_said_to_be_passed_over() {
    let place = counted();
    let text = place.export("t", Format::Csv);
    assert_eq!(text, "name,n,no,double\nAnn,1,1,2\nBo,2,2,4\n");
    let said = ["Column 'no' was not taken: it is a sequence, which counts by itself", "Column 'double' was not taken: it is computed"];
    assert_eq!(notes(&place.import("t.csv", &text).unwrap()), said);
    for (key, why) in [("no", "it is a sequence, which counts by itself"), ("double", "it is computed")] {
        let why = format!("Key '{key}' cannot be a key: {why}. Use a field such as an e-mail address or a number of your own");
        assert_eq!(told(place.upsert("t.csv", &text, key)), [why]);
    }
}

#[test]
fn the_api_says_of_a_key_that_it_is_none() {
    let harness = Harness::crm();
    let fields = json!([{"slug": "name", "type": "text"}, {"slug": "no", "type": "sequence"}]);
    let file = json!({"carryall": 1, "app": {"slug": "queue"}, "schemas": [{"slug": "t", "fields": fields}]});
    harness.apply(&file.to_string(), false, false).unwrap();
    let (status, body) = harness.ask("PUT", "/api/apps/queue/schemas/t/records?key=no", r#"{"no": 1, "name": "Ann"}"#);
    let message = "Key 'no' cannot be a key: it is a sequence, which counts by itself";
    assert_eq!((status, &body["error"]["message"]), (400, &json!(message)), "{body}");
}

#[test]
fn a_key_is_found_by_its_heading_and_a_field_that_is_none_is_named() {
    let place = Place::new();
    place.import("t.csv", "Id,Full Name\n1,Ann\n").unwrap();
    assert_eq!(counts(&place.upsert("t.csv", "Id,Full Name\n1,Anna\n2,Bo\n", "Id").unwrap()), (2, 1, 1));
    assert_eq!(counts(&place.upsert("t.csv", "Id,Full Name\n1,Ann\n", "id_2").unwrap()), (1, 0, 1));
    let refused = told(place.upsert("t.csv", "Id,Full Name\n1,Ann\n", "Full Nam"));
    assert_eq!(refused, ["Key 'Full Nam': the file has no column for such a field of table 't'. Did you mean 'Full Name'?"]);
    let refused = told(with(&place, "t.csv", "Id,Name\n1,Ann\n", |job| job.map = pair("Name", "ful_name")));
    assert_eq!(refused, ["There is no field 'ful_name' in table 't'. Did you mean 'full_name'?"]);
    let refused = told(place.import("t.csv", "Id,Nme\n1,Ann\n"));
    let way = "Call the column as a field, or map it on the command line: --map \"Nme=FIELD\"; or leave it out: --skip \"Nme\"";
    assert_eq!(refused, [format!("Table 't' has no field for the column 'Nme'. {way}")]);
}

#[test]
fn a_column_that_is_left_out_is_no_field() {
    let place = Place::new();
    let outcome = with(&place, "t.csv", "a,b,c\n1,x,3.5\n", |job| job.skip = vec!["b".to_owned()]).unwrap();
    assert_eq!(types(&outcome), ["integer", "decimal"]);
    with(&place, "t.csv", "b,a,c\nno such field,2,4.5\n", |job| job.skip = vec!["b".to_owned()]).unwrap();
    assert_eq!(place.export("t", Format::Csv), "a,c\n1,3.5\n2,4.5\n");
    let refused = told(with(&place, "t.csv", "a\n1\n", |job| job.skip = vec!["aa".to_owned()]));
    assert_eq!(refused, ["The file has no column 'aa'"]);
    let refused = told(with(&place, "u.csv", "a\n1\n", |job| job.skip = vec!["a".to_owned()]));
    assert_eq!(refused, ["Every column is left out: there is nothing to make a table of"]);
}

#[test]
fn equal_headings_come_back_and_find_their_fields() {
    let place = Place::new();
    let text = "name,Note,name,Note,\n1,a,2,b,x\n";
    place.import("t.csv", text).unwrap();
    assert_eq!(place.export("t", Format::Csv), text);
    place.import("t.csv", text).unwrap();
    for format in Format::ALL {
        place.import(&format!("t.{}", format.name()), place.bytes("t", format).unwrap()).unwrap();
    }
    let rows = place.rows("t");
    assert_eq!(rows[0], json!({"name": 1, "note": "a", "name_2": 2, "note_2": "b", "": "x"}));
    assert!(rows.as_array().unwrap().len() == 32 && rows.as_array().unwrap().iter().all(|row| *row == rows[0]), "{rows}");
    let refused = told(place.import("t.csv", "name,name,name\n1,2,3\n"));
    assert_eq!(refused, ["Two columns of the file are the field 'name'"]);
}

// --- every problem ---------------------------------------------------------------------------------------------------

#[test]
fn every_row_that_repeats_a_value_is_told_oldest_first_and_the_rest_counted() {
    let place = Place::with_table(&json!([{"slug": "code", "type": "text", "unique": true}, {"slug": "n", "type": "integer"}]));
    let refused = told(place.import("t.csv", "code,n\na,1\nb,2\na,3\na,4\nb,5\n"));
    assert_eq!(
        refused,
        [
            "Row 3 (line 4): has the same code ('a') as row 1",
            "Row 4 (line 5): has the same code ('a') as row 1",
            "Row 5 (line 6): has the same code ('b') as row 2",
            LATER,
        ]
    );
    let many = |code: &str| format!("code\n{}", format!("{code}\n").repeat(101));
    for refused in [told(place.import("t.csv", many("a"))), told(place.upsert("t.csv", many("a"), "code"))] {
        assert_eq!((refused.len(), refused[20].as_str(), refused[21].as_str()), (22, "… and 80 more problems", LATER), "{refused:?}");
        assert!(refused[19].starts_with("Row 21 (line 22): has the same code"), "{refused:?}");
    }
    // The same of what the table has.
    place.import("t.csv", "code\na\n").unwrap();
    let refused = told(place.import("t.csv", "code,n\nx,1\na,2\ny,z\n"));
    assert_eq!(refused, ["Row 3 (line 4): Field 'n' must be a whole number, not 'z'", LATER]);
}

#[test]
fn what_points_nowhere_is_told_with_its_cell_and_all_of_it_counted() {
    let place = firms();
    let rows: String = (0..50).map(|n| format!("P{n},rec_{}\n", 100 + n)).collect();
    let refused = told(place.import("people.csv", format!("name,firm\n{rows}")));
    assert_eq!(refused[0], "Row 1 (line 2): Field 'firm' points to rec_100, which is not in table 'firms'");
    assert_eq!((refused.len(), refused[20].as_str()), (21, "… and 30 more problems"));
}

#[test]
fn an_app_file_tells_every_record_that_cannot_be_taken() {
    let place = Place::new();
    let records: Vec<Value> = (0..60).map(|n| json!({"name": if n % 2 == 0 { json!("x") } else { json!(n) }})).collect();
    let fields = json!([{"slug": "name", "type": "text"}, {"slug": "next", "type": "reference", "target": "t"}]);
    let file = |records: &Value| {
        let file = json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": [{"slug": "t", "fields": fields}], "records": {"t": records}});
        place.harness.apply(&file.to_string(), false, false).expect_err("a refusal").sentences()
    };
    let few = file(&json!([{"name": 5}, {"nam": "x"}, 7, {"name": "x", "next": {"$ref": "nobody"}}, {"$ref": 5}, {"name": true}]));
    assert_eq!(
        few,
        [
            "records.t[2] must be an object",
            "records.t[4].$ref must be a text",
            "records.t[0]: Field 'name' must be text, not the number 5. Put the value in quotes",
            "records.t[1]: Table 't' has no field 'nam'. Did you mean 'name'?",
            "records.t[3] points by $ref to 'nobody', which is not in the file",
            "records.t[5]: Field 'name' must be text, not true. Put the value in quotes",
        ]
    );
    // 30 are wrong, within what is told; of 90 the first 40.
    assert_eq!(file(&Value::from(records.clone())).len(), 30);
    let many: Vec<Value> = (0..90).map(|n| json!({"name": n})).collect();
    let told = file(&Value::from(many));
    assert_eq!((told.len(), told[40].as_str()), (41, "… and 50 more problems"));
    assert!(place.harness.ctx.store.catalog().apps().is_empty());
}

#[test]
fn an_app_file_tells_every_definition_that_cannot_be_so() {
    let place = Place::new();
    let refused = |file: &Value| place.harness.apply(&file.to_string(), false, false).expect_err("a refusal").sentences();
    let bad = json!({
        "carryall": 1, "app": {"slug": "crm", "aliases": ["C R M"]},
        "schemas": [
            {"slug": "t one", "fields": [{"slug": "9a", "type": "text"}, {"slug": "b", "type": "txt"}]},
            {"slug": "u", "fields": [{"slug": "n", "type": "integer", "default": "x"}]},
        ],
    });
    assert_eq!(
        refused(&bad),
        [
            "The app slug 'C R M' must be lower-case words joined by - or _, of 64 characters at most. Did you mean 'c-r-m'?",
            "The table slug 't one' must be lower-case words joined by - or _, of 64 characters at most. Did you mean 't-one'?",
            "Table 't one': Field '9a' needs another slug: a letter, then letters, digits and _, at most 64",
            "Table 't one': Field 'b' has the unknown type 'txt'. Did you mean 'text'?",
            "Table 'u': Field 'n' must be a whole number, not the text 'x' (its default). Send digits without quotes, such as 42",
        ]
    );
    let fields =
        |key: &str, value: &str| -> Value { (0..90).map(|n| json!({"slug": format!("f{n}"), "type": "text", key: value})).collect() };
    let file = |fields: Value| json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": [{"slug": "t", "fields": fields}]});
    // Of the form, of the sense, and of what the fields point to: the first 40.
    let nowhere: Value = (0..90).map(|n| json!({"slug": format!("f{n}"), "type": "reference", "target": "nowhere"})).collect();
    for fields in [fields("required", "yes"), fields("pattern", "["), nowhere] {
        let told = refused(&file(fields));
        assert_eq!((told.len(), told[40].as_str()), (41, "… and 50 more problems"), "{told:?}");
    }
}

// --- over HTTP -------------------------------------------------------------------------------------------------------

#[test]
fn an_export_of_an_empty_table_is_an_import_of_nothing() {
    let harness = Harness::crm();
    let file = json!({"carryall": 1, "app": {"slug": "my-crm"}, "schemas": [{"slug": "empty", "fields": [{"slug": "a", "type": "text"}]}]});
    harness.apply(&file.to_string(), false, false).unwrap();
    let table = "/api/apps/my-crm/schemas/empty";
    for format in [Format::Csv, Format::Json, Format::Ndjson] {
        let out = harness.send("GET", &format!("{table}/export?format={}", format.name()), "text/plain", "");
        let text = String::from_utf8(out.body).unwrap();
        for key in ["", "?key=a"] {
            let kind = format.media_type();
            let reply = harness.send("POST", &format!("{table}/import{key}"), kind, &text);
            assert_eq!(reply.status, 201, "{format:?} {key}: {}", String::from_utf8_lossy(&reply.body));
        }
    }
    assert_eq!(harness.ask("GET", &format!("{table}/records"), "").1["total"], 0);
}
