//! Runs every transcript in `tests/http/<dialect>/`, each against a fresh server.

use crate::harness::{Harness, root};
use crate::transcript;
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
        Some("roles.http" | "rights_more.http") => Harness::crm().with_people(&["ann", "ben"]),
        _ => Harness::crm(),
    };
    let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| transcript::run(file, &mut |ask| harness.answer(ask))));
    run.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}
