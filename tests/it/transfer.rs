//! Files of rows in and out, through the operations. Real data through the executable is in `tests/data/real.py`.

use crate::harness::{Harness, OWNER};
use carryall::format::file::Format;
use carryall::model::error::Error;
use carryall::model::job::{Import, Job, Outcome, Report, unwatched};
use carryall::model::limits::Limits;
use carryall::model::record::Expected;
use carryall::ops::export::{self, Export};
use carryall::ops::{jobs, records};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server and a folder for files.
pub struct Place {
    pub harness: Harness,
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { harness: Harness::empty(), folder: tempfile::tempdir().unwrap() }
    }

    /// With the app `crm` and one table `t` of these fields.
    pub fn with_table(fields: &Value) -> Self {
        Self::with_schemas(&json!([{"slug": "t", "fields": fields}]))
    }

    pub fn with_schemas(schemas: &Value) -> Self {
        let place = Self::new();
        let text = json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": schemas}).to_string();
        let job = Job::Apply { text, dry_run: false, prune: false };
        jobs::run(&place.harness.ctx, &OWNER, &job, &unwatched()).unwrap();
        place
    }

    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn job(&self, name: &str, text: impl AsRef<[u8]>) -> Import {
        let file = self.file(name, text);
        let schema = file.file_stem().unwrap().to_string_lossy().into_owned();
        let app = "crm".to_owned();
        Import { file, app, schema, schema_given: false, ..Import::default() }
    }

    pub fn run(&self, import: Import, report: &Report) -> Result<Outcome, Error> {
        jobs::run(&self.harness.ctx, &OWNER, &Job::Import(import), report)
    }

    pub fn import(&self, name: &str, text: impl AsRef<[u8]>) -> Result<Outcome, Error> {
        self.run(self.job(name, text), &unwatched())
    }

    pub fn upsert(&self, name: &str, text: impl AsRef<[u8]>, key: &str) -> Result<Outcome, Error> {
        self.run(Import { key: Some(key.to_owned()), ..self.job(name, text) }, &unwatched())
    }

    pub fn export(&self, schema: &str, format: Format) -> String {
        String::from_utf8(self.bytes(schema, format).unwrap()).unwrap()
    }

    pub fn bytes(&self, schema: &str, format: Format) -> Result<Vec<u8>, Error> {
        self.written(schema, format, false)
    }

    pub fn bytes_with_ids(&self, schema: &str, format: Format) -> Result<Vec<u8>, Error> {
        self.written(schema, format, true)
    }

    fn written(&self, schema: &str, format: Format, has_ids: bool) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        let asked = Export { app: "crm", schema, format, query: None, has_ids };
        let limits = Limits::default();
        self.harness.ctx.read(|tx| export::export(tx, &OWNER, &asked, &limits, Box::new(&mut out), &|_| Ok(())))?;
        Ok(out)
    }

    pub fn rows(&self, schema: &str) -> Value {
        serde_json::from_str(&self.export(schema, Format::Json)).unwrap()
    }

    /// Bodies of the log's entries about imports.
    fn logged(&self) -> Vec<Value> {
        let path = self.harness.ctx.store.path().to_owned();
        let conn = rusqlite::Connection::open(path).unwrap();
        let mut statement = conn.prepare("SELECT body FROM change WHERE kind = 'import' ORDER BY seq").unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
    }
}

/// The sentences of a refusal.
pub fn told(refused: Result<Outcome, Error>) -> Vec<String> {
    refused.expect_err("a refusal").sentences()
}

pub fn counts(outcome: &Outcome) -> (i64, i64, i64) {
    let count = |key: &str| outcome[key].as_i64().unwrap();
    (count("rows"), count("created"), count("updated"))
}

/// What is said when problems of cells hide those of the table.
pub const LATER: &str = "What only the table can tell (references, unique values, keys) is looked at when these are mended";

// --- headings --------------------------------------------------------------------------------------------------------

#[test]
fn headings_that_are_twice_lose_no_column_in_any_format() {
    let place = Place::new();
    place.import("t.csv", "name,name,a b,a_b,Name\n1,2,3,4,5\n").unwrap();
    assert_eq!(place.rows("t"), json!([{"name": 1, "name_2": 2, "a b": 3, "a_b": 4, "Name": 5}]));
    assert_eq!(place.export("t", Format::Csv), "name,name,a b,a_b,Name\n1,2,3,4,5\n");
    // What came out goes in again, each column into its own field.
    for (name, format) in [("t.json", Format::Json), ("t.csv", Format::Csv), ("t.ndjson", Format::Ndjson)] {
        let text = place.export("t", format);
        place.import(name, &text).unwrap();
    }
    let rows = place.rows("t");
    let rows = rows.as_array().unwrap();
    assert!(rows.len() == 8 && rows.iter().all(|row| *row == rows[0]), "{rows:?}");
}

#[test]
fn a_mapped_slug_takes_the_heading_from_nobody() {
    let place = Place::new();
    let job = place.job("t.csv", "x,y\n1,2\n");
    place.run(Import { map: vec![("x".to_owned(), "y_2".to_owned()), ("y".to_owned(), "x".to_owned())], ..job }, &unwatched()).unwrap();
    // The heading `x` would be the slug of the other field.
    assert_eq!(place.rows("t"), json!([{"y_2": 1, "y": 2}]));
}

#[test]
fn a_later_column_finds_the_field_of_that_slug_before_another_fields_heading() {
    let place = Place::new();
    place.import("t.csv", "First Name,b\nAnn,1\n").unwrap();
    place.import("t.csv", "first_name,b\nBo,2\n").unwrap();
    place.import("t.csv", "First Name,b\nCy,3\n").unwrap();
    assert_eq!(place.export("t", Format::Csv), "First Name,b\nAnn,1\nBo,2\nCy,3\n");
}

// --- JSON without loss -----------------------------------------------------------------------------------------------

#[test]
fn a_cell_that_json_readers_would_round_is_kept_as_its_exact_text() {
    let place = Place::new();
    let nested = r#"{"x": [1, 12345678901234567890123]}"#;
    let outcome = place.import("t.json", format!(r#"[{{"a": {nested}, "b": 1e-400, "c": 1}}]"#)).unwrap();
    assert_eq!(place.rows("t"), json!([{"a": nested, "b": "1e-400", "c": 1}]));
    let notes = outcome["notes"].as_array().unwrap();
    assert!(notes.len() == 2 && notes[0].as_str().unwrap().contains("'a' holds 1 values with numbers of more digits"), "{notes:?}");
    // The table is there by now: the person is told all the same.
    let again = place.import("t.json", r#"[{"a": 1e-400, "b": "x", "c": 1}]"#).unwrap();
    assert_eq!(again["notes"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_that_stands_twice_anywhere_refuses_the_file_with_its_row() {
    let place = Place::new();
    for bad in [r#"{"a": 1, "a": 2}"#, r#"{"a": {"b": [{"c": 1, "c": 2}]}}"#] {
        for (name, text) in [("t.json", format!("[{{}}, {bad}]")), ("t.ndjson", format!("{{}}\n{bad}\n"))] {
            let told = told(place.import(name, &text));
            assert!(told[0].starts_with("Row 2 has the key"), "{told:?}");
        }
    }
}

#[test]
fn a_trace_that_would_become_zero_is_refused_by_the_api_at_its_byte() {
    let (status, body) = Harness::crm().ask("POST", "/api/apps/my-crm/schemas/contacts/records", r#"{"name": "A", "budget": 1e-400}"#);
    assert_eq!((status, &body["error"]["details"][0]["position"]), (400, &json!(24)), "{body}");
}

// --- upserts ---------------------------------------------------------------------------------------------------------

#[test]
fn an_upsert_by_a_field_without_index_does_not_walk_the_table_for_every_row() {
    const ROWS: usize = 10_000;
    let fields = |index: bool| json!([{"slug": "code", "type": "text", "index": index}, {"slug": "n", "type": "integer"}]);
    let place = Place::with_schemas(&json!([{"slug": "quick", "fields": fields(true)}, {"slug": "plain", "fields": fields(false)}]));
    let text = |n: i64| (0..ROWS).fold("code,n\n".to_owned(), |text, row| text + &format!("c{row},{n}\n"));
    let [quick, plain] = ["quick.csv", "plain.csv"].map(|name| {
        place.import(name, text(1)).unwrap();
        let begun = std::time::Instant::now();
        assert_eq!(counts(&place.upsert(name, text(2), "code").unwrap()), (10_000, 0, 10_000));
        begun.elapsed()
    });
    // Row by row it would be a hundred million comparisons.
    assert!(plain < quick * 4, "{plain:?} against {quick:?} with an index");
}

#[test]
fn a_key_that_several_records_have_is_refused_in_words() {
    let place = Place::new();
    place.import("t.csv", "name,n\nAnn,1\nBo,2\nBo,3\nBo,4\n").unwrap();
    let refused = told(place.upsert("t.csv", "name,n\nAnn,5\nBo,6\nCy,7\n", "name"));
    assert_eq!(
        refused,
        [
            "Row 2 (line 3): 3 records have this name ('Bo'): which of them is meant is not clear. Use a key whose values differ, or their ids"
        ]
    );
    assert_eq!(place.export("t", Format::Csv), "name,n\nAnn,1\nBo,2\nBo,3\nBo,4\n");
}

fn people() -> Place {
    let place = Place::with_table(&json!([
        {"slug": "email", "type": "email", "required": true, "unique": true},
        {"slug": "name", "type": "text", "required": true},
        {"slug": "city", "type": "text", "default": "Ulm"},
        {"slug": "badge", "type": "integer", "unique": true},
    ]));
    place.import("t.csv", "email,name,city,badge\nann@x.com,Ann,Bonn,1\nbo@x.com,Bo,Bern,2\n").unwrap();
    place
}

#[test]
fn an_upsert_sets_what_is_sent_and_needs_a_whole_record_only_where_there_is_none() {
    let place = people();
    let outcome = place.upsert("t.csv", "email,badge\nbo@x.com,20\n", "email").unwrap();
    assert_eq!(counts(&outcome), (1, 0, 1));
    // Keys that a row of JSON does not have are not sent, whatever the other rows have.
    let mixed = r#"[{"email": "ann@x.com", "city": "Rom"}, {"email": "cy@x.com", "name": "Cy"}, {"email": "bo@x.com", "badge": null}]"#;
    assert_eq!(counts(&place.upsert("t.json", mixed, "email").unwrap()), (3, 1, 2));
    let rows = "email,name,city,badge\nann@x.com,Ann,Rom,1\nbo@x.com,Bo,Bern,\ncy@x.com,Cy,Ulm,\n";
    assert_eq!(place.export("t", Format::Csv), rows);

    let job = place.job("t.csv", "email,name\nann@x.com,Anna\ndee@x.com,Dee\n");
    let rehearsed = place.run(Import { key: Some("email".to_owned()), dry_run: true, ..job }, &unwatched()).unwrap();
    assert_eq!((counts(&rehearsed), &rehearsed["dry_run"]), ((2, 1, 1), &json!(true)));
    assert_eq!(place.export("t", Format::Csv), rows);

    let refused = told(place.upsert("t.csv", "email,badge\nann@x.com,7\ndee@x.com,8\n", "email"));
    assert_eq!(refused, ["Row 2 (line 3): Field 'name' is required (no record has this email ('dee@x.com'), so this would be a new one)"]);
    // An update may not clear what is required, and its row is told with the line.
    let refused = told(place.upsert("t.csv", "email,name\nbo@x.com,\n", "email"));
    assert_eq!(refused, ["Row 1 (line 2): Field 'name' is required", LATER]);
    assert_eq!(place.export("t", Format::Csv), rows);
}

#[test]
fn a_user_who_is_not_there_is_in_no_row_of_a_file() {
    let place = Place::with_table(&json!([{"slug": "name", "type": "text"}, {"slug": "owner", "type": "user"}]));
    place.import("t.csv", "name,owner\nann,\n").unwrap();
    let nobody = ["Row 1 (line 2): Field 'owner' names the user 999, who is not there"];
    assert_eq!(told(place.import("t.csv", "name,owner\nbo,999\n")), nobody);
    assert_eq!(told(place.upsert("t.csv", "name,owner\nbo,999\n", "name")), nobody);
    assert_eq!(told(place.upsert("t.csv", "name,owner\nann,999\n", "name")), nobody);
    assert_eq!(place.export("t", Format::Csv), "name,owner\nann,\n");
}

#[test]
fn an_upsert_over_what_others_write_meanwhile_keeps_both() {
    let place = people();
    let (ctx, once) = (place.harness.ctx.clone(), Mutex::new(Some(())));
    let meddle: Report = Arc::new(move |progress| {
        // All rows have been merged with their records, and nothing is written yet.
        if progress.stage == "writing" && once.lock().unwrap().take().is_some() {
            let draft = |value: Value| value.as_object().unwrap().clone();
            let (city, dee) = (draft(json!({"city": "Rom"})), draft(json!({"email": "dee@x.com", "name": "Dee", "city": "Oslo"})));
            let catalog = || ctx.store.catalog();
            let changed = || records::prepare_update(&catalog(), &OWNER, "crm", "t", &city);
            ctx.write(changed, |tx, new| records::update(tx, &OWNER, "rec_1", &Expected::default(), new))?;
            let gone = || records::prepare_delete(&catalog(), &OWNER, "crm", "t", "rec_2", &Expected::default(), &ctx.limits);
            ctx.write(gone, |tx, gone| records::delete(tx, &OWNER, gone))?;
            ctx.write(|| records::prepare_create(&catalog(), &OWNER, "crm", "t", &dee), |tx, new| records::create(tx, &OWNER, new))?;
        }
        Ok(())
    });
    let job = place.job("t.csv", "email,name\nann@x.com,Anna\nbo@x.com,Bob\ndee@x.com,Dora\n");
    let outcome = place.run(Import { key: Some("email".to_owned()), ..job }, &meddle).unwrap();
    assert_eq!(counts(&outcome), (3, 1, 2));
    let rows = "email,name,city,badge\nann@x.com,Anna,Rom,1\ndee@x.com,Dora,Oslo,\nbo@x.com,Bob,Ulm,\n";
    assert_eq!(place.export("t", Format::Csv), rows);
    assert_eq!(place.harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn while_somebody_writes_for_long_an_upsert_is_made_ready_and_a_dry_run_comes_to_its_end() {
    const PATIENCE: Duration = Duration::from_secs(30);
    let place = people();
    let (let_go, held) = channel::<()>();
    let (tell, told) = channel::<&str>();
    let upsert =
        |dry_run| Import { key: Some("email".to_owned()), dry_run, ..place.job("t.csv", "email,name\nann@x.com,Anna\ncy@x.com,Cy\n") };
    let (dry, wet) = (upsert(true), upsert(false));
    std::thread::scope(|threads| {
        let place = &place;
        let begun = tell.clone();
        threads.spawn(move || {
            place.harness.ctx.store.write(move |_| {
                begun.send("writing").unwrap();
                let _ = held.recv();
                Ok(())
            })
        });
        assert_eq!(told.recv_timeout(PATIENCE), Ok("writing"));
        let rehearsed = tell.clone();
        threads.spawn(move || {
            assert_eq!(counts(&place.run(dry, &unwatched()).unwrap()), (2, 1, 1));
            rehearsed.send("rehearsed").unwrap();
        });
        assert_eq!(told.recv_timeout(PATIENCE), Ok("rehearsed"));
        let applied = tell.clone();
        threads.spawn(move || {
            let file =
                json!({"carryall": 1, "app": {"slug": "crm"}, "schemas": [{"slug": "more", "fields": [{"slug": "n", "type": "integer"}]}]});
            let dry = Job::Apply { text: file.to_string(), dry_run: true, prune: false };
            let outcome = jobs::run(&place.harness.ctx, &OWNER, &dry, &unwatched()).unwrap();
            assert_eq!(outcome["changes"][0], "create table more (1 field)");
            applied.send("tried").unwrap();
        });
        assert_eq!(told.recv_timeout(PATIENCE), Ok("tried"));
        assert_eq!(place.harness.ctx.store.catalog().apps().len(), 1);
        let stages: Report = Arc::new(move |progress| {
            // Told in rows: those that have been merged with their records.
            if progress.stage == "checking" && progress.unit == "rows" {
                tell.send("merged").unwrap();
            }
            Ok(())
        });
        let written = threads.spawn(move || place.run(wet, &stages));
        assert_eq!(told.recv_timeout(PATIENCE), Ok("merged"));
        drop(let_go);
        assert_eq!(counts(&written.join().unwrap().unwrap()), (2, 1, 1));
    });
}

#[test]
fn an_upsert_logs_what_it_made_and_what_it_changed() {
    let place = people();
    place.upsert("t.csv", "email,name\nann@x.com,Anna\ncy@x.com,Cy\ndee@x.com,Dee\n", "email").unwrap();
    place.upsert("t.csv", "email,name\nann@x.com,Ann\n", "email").unwrap();
    assert_eq!(
        place.logged(),
        [
            json!({"first": 1, "last": 2, "created": 2, "updated": 0}),
            json!({"first": 3, "last": 4, "created": 2, "updated": 1}),
            json!({"first": null, "last": null, "created": 0, "updated": 1}),
        ]
    );
}

#[test]
fn a_key_must_be_one_that_tells_records_apart() {
    let place = Place::with_table(&json!([{"slug": "doc", "type": "json"}, {"slug": "n", "type": "decimal"}]));
    let refused = told(place.upsert("t.json", r#"[{"doc": {"a": 1}}]"#, "doc"));
    let why = "Key 'doc': a field of the type json cannot be a key. Use a field such as an e-mail address or a number of your own";
    assert_eq!(refused, [why]);
    let refused = told(place.upsert("t.json", r#"[{"n": 1}, {"doc": 1}, {"n": 1.0}]"#, "n"));
    assert_eq!(refused, ["Row 2: Field 'n' is the key and has no value", "Row 3: has the same n (1.0) as row 1", LATER]);
    // 5 and 5.0 are one number.
    place.import("t.json", r#"[{"n": 5.0, "doc": "old"}]"#).unwrap();
    assert_eq!(counts(&place.upsert("t.json", r#"[{"n": 5, "doc": "new"}]"#, "n").unwrap()), (1, 0, 1));
}

#[test]
fn what_only_the_table_can_tell_is_told_with_its_row() {
    let place = people();
    let again = "email,name,badge\ncy@x.com,Cy,3\nbo@x.com,Bo,4\n";
    assert_eq!(
        told(place.import("t.csv", again)),
        ["Row 2 (line 3): a record with the same email ('bo@x.com') is there already. An import with the key email updates it"]
    );
    // A new record and a changed one that want the badge of somebody else; two new ones that want the same.
    let refused = told(place.upsert("t.csv", "email,name,badge\ncy@x.com,Cy,2\n", "email"));
    assert_eq!(refused, ["Row 1 (line 2): a record with the same badge (2) is there already"]);
    let refused = told(place.upsert("t.csv", "email,badge\nbo@x.com,9\nann@x.com,9\n", "email"));
    assert_eq!(refused, ["Row 2 (line 3): has the same badge (9) as row 1"]);
    let refused = told(place.upsert("t.csv", "email,badge\nbo@x.com,1\n", "email"));
    assert_eq!(refused, ["Row 1 (line 2): Field 'badge' must be unique: rec_1 has this value already (1)"]);
    // What one gives away another may take, in whichever order they stand.
    assert_eq!(counts(&place.upsert("t.csv", "email,badge\nann@x.com,2\nbo@x.com,1\n", "email").unwrap()), (2, 0, 2));
    assert_eq!(counts(&place.upsert("t.csv", "email,badge\nann@x.com,1\nbo@x.com,2\n", "email").unwrap()), (2, 0, 2));
    let refused = told(place.upsert("t.csv", "email,name,badge\nx@x.com,X,5\nann@x.com,Ann,1\ny@x.com,Y,5\n", "email"));
    assert_eq!(refused, ["Row 3 (line 4): has the same badge (5) as row 1"]);
    // The unique value of a record that is only updated may stand in the file.
    assert_eq!(counts(&place.upsert("t.csv", "email,name,badge\nann@x.com,Ann,1\nz@x.com,Z,\n", "email").unwrap()), (2, 1, 1));
}

#[test]
fn a_reference_to_nothing_is_told_with_its_row() {
    let place = Place::with_schemas(&json!([
        {"slug": "firms", "fields": [{"slug": "name", "type": "text"}]},
        {"slug": "t", "fields": [{"slug": "name", "type": "text"}, {"slug": "firm", "type": "reference", "target": "firms"}]},
    ]));
    place.import("firms.csv", "name\nAcme\n").unwrap();
    let nowhere = ["Row 2 (line 3): Field 'firm' points to rec_9, which is not in table 'firms'"];
    assert_eq!(told(place.import("t.csv", "name,firm\nAnn,rec_1\nBo,rec_9\n")), nowhere);
    place.import("t.csv", "name,firm\nAnn,rec_1\nBo,1\n").unwrap();
    let refused = told(place.upsert("t.csv", "name,firm\nAnn,rec_1\nBo,rec_9\n", "name"));
    assert_eq!(refused, nowhere);
}

// --- where a file goes -----------------------------------------------------------------------------------------------

#[test]
fn a_file_whose_name_is_an_address_of_the_api_goes_to_the_same_table_every_time() {
    let place = Place::new();
    for created in [true, false] {
        let outcome = place.import("export.csv", "n\n1\n").unwrap();
        assert_eq!((&outcome["schema"], &outcome["new_schema"]), (&json!("export-2"), &json!(created)));
    }
    assert_eq!(place.export("export-2", Format::Csv), "n\n1\n1\n");
    let job = Import { schema: "batch".to_owned(), schema_given: true, ..place.job("n.csv", "n\n1\n") };
    assert_eq!(told(place.run(job, &unwatched())), ["The table slug 'batch' is an address of the API; choose another"]);
    let job = Import { app: "tokens".to_owned(), ..place.job("n.csv", "n\n1\n") };
    assert!(told(place.run(job, &unwatched()))[0].starts_with("The app slug 'tokens' is an address"));
}

#[test]
fn a_column_that_appears_between_the_two_readings_refuses_the_file() {
    let place = Place::new();
    let text = "{\"a\": 1}\n".repeat(1_000);
    let job = place.job("t.ndjson", &text);
    let (path, more) = (job.file.clone(), Mutex::new(Some(format!("{text}{{\"a\": 1, \"b\": 2}}\n"))));
    let change: Report = Arc::new(move |progress| {
        // The second reading is at the last row of the first one.
        if let Some(text) = more.lock().unwrap().take_if(|_| progress.stage == "checking") {
            std::fs::write(&path, text).unwrap();
        }
        Ok(())
    });
    let refused = told(place.run(job, &change));
    assert!(refused[0].starts_with("The file changed while it was read"), "{refused:?}");
    assert!(place.harness.ctx.store.catalog().apps().is_empty());
}

#[test]
fn a_file_of_more_columns_than_a_table_may_have_is_refused() {
    let place = Place::new();
    let headings = |count: usize| (0..count).map(|at| format!("c{at}")).collect::<Vec<_>>();
    let keys = headings(501).iter().map(|key| format!("{{\"{key}\": 1}}\n")).collect::<String>();
    for (name, text) in [("t.csv", headings(501).join(",") + "\n"), ("t.ndjson", keys)] {
        assert_eq!(told(place.import(name, &text)), ["The file has more than 500 columns; a table has at most 500 fields"]);
    }
    place.import("t.csv", &(headings(500).join(",") + "\n")).unwrap();
}

#[test]
fn an_import_that_is_cancelled_leaves_the_table_as_it_was() {
    let harness = Harness::crm();
    let text = (0..60_000).fold(String::from("name\n"), |text, at| text + &format!("company {at}\n"));
    let table = "/api/apps/my-crm/schemas/companies";
    let (_, before) = harness.ask("GET", table, "");
    let (reply, entry) = std::thread::scope(|threads| {
        let sender = threads.spawn(|| harness.send("POST", &format!("{table}/import"), "text/csv", &text));
        let id = loop {
            match harness.ctx.jobs.all().first() {
                Some(entry) if entry.progress.done > 0 => break entry.id,
                _ => std::thread::yield_now(),
            }
        };
        let (status, entry) = harness.ask("DELETE", &format!("/api/workspaces/default/jobs/{id}"), "");
        assert_eq!((status, &entry["kind"], &entry["unit"]), (202, &json!("import"), &json!("bytes")), "{entry}");
        assert!(entry["total"].as_u64() == Some(u64::try_from(text.len()).unwrap()) && entry["done"].as_u64() > Some(0), "{entry}");
        (sender.join().unwrap(), harness.ask("GET", &format!("/api/workspaces/default/jobs/{id}"), "").1)
    });
    let told = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(reply.status == 409 && told.contains("The job was cancelled: nothing was changed"), "{} {told}", reply.status);
    assert_eq!(entry["state"], json!("cancelled"));
    assert_eq!(harness.ask("GET", table, "").1["records"], before["records"]);
}
