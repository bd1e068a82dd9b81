//! Runs every transcript in `tests/http/<dialect>/`, each against a fresh server.

use crate::harness::{Harness, root};
use crate::transcript;
use carryall::model::limits::Limits;
use serde_json::Value;
use std::path::PathBuf;

#[test]
fn the_house_answers_as_its_transcripts_say() {
    run_all("house");
}

#[test]
fn the_other_dialects_answer_as_their_transcripts_say() {
    run_all("robostack");
    run_all("fullfinity");
    run_all("appmixer");
    run_all("concord");
}

fn run_all(dialect: &str) {
    let folder = root().join("tests/http").join(dialect);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let failures: Vec<String> = files.iter().filter_map(|file| run_one(file).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// All files run even when one fails, so that one run tells everything.
fn run_one(file: &std::path::Path) -> Result<(), String> {
    // The first minutes begin without an admin and with the start link that the terminal shows.
    let harness = match file.file_name().and_then(|name| name.to_str()) {
        Some("start.http") => Harness::unclaimed().0,
        Some("overview.http" | "roles.http" | "rights_more.http") => Harness::crm().with_people(&["ann", "ben"]),
        Some("limits.http") => Harness::crm_with(Limits { requests_per_minute_max: 4, ..Limits::default() }),
        // More than anybody may send in a minute, which does not end here.
        Some(name) if name != "seed.http" && file.parent().is_some_and(|folder| folder.ends_with("concord")) => {
            Harness::crm_with(Limits { requests_per_minute_max: 1_000, ..Limits::default() })
        }
        _ => Harness::crm(),
    };
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| transcript::run(file, &mut |ask| harness.answer(ask))));
    run.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn what_is_put_into_a_collection_is_not_looked_into_again() {
    let harness = Harness::crm();
    let app = r#"{"carryall": 1, "app": {"slug": "spare"}, "schemas": [{"slug": "parts", "fields": [{"slug": "name", "name": "Spare $change and $id", "type": "text"}]}]}"#;
    harness.apply(app, false, false).unwrap();
    let (status, collection) = harness.ask("GET", "/api/apps/spare/postman/house", "");
    assert_eq!(status, 200, "{collection}");
    let bodies = bodies(&collection);
    assert!(bodies.iter().any(|body| body.contains("Spare $change and $id")), "{bodies:?}");
    for body in bodies {
        let body = body.replace("{{", "").replace("}}", "");
        assert!(serde_json::from_str::<Value>(&body).is_ok(), "{body}");
    }
}

/// Every `raw` in a collection.
fn bodies(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("body").and_then(|body| body.get("raw")).and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(bodies)).collect()
        }
        Value::Array(all) => all.iter().flat_map(bodies).collect(),
        _ => Vec::new(),
    }
}
