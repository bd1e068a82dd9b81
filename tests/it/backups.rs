//! Backups through the API: made, listed, sent, put back while the server goes on, kept in number.

use crate::harness::{Harness, OWNER};
use carryall::model::backup::Reason;
use carryall::model::error::Error;
use carryall::model::job::{Job, Report, unwatched};
use carryall::ops::{backups, jobs, upkeep};
use carryall::store::backup;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";

fn records(harness: &Harness) -> i64 {
    let app = harness.ctx.store.catalog();
    let schema = app.schemas(app.app("my-crm").unwrap().id).find(|schema| schema.slug == "contacts").unwrap().clone();
    harness.ctx.read(|tx| carryall::store::records::counter(tx, &schema)).unwrap()
}

#[test]
fn a_backup_comes_back_while_the_server_goes_on_and_nothing_is_given_twice() {
    let harness = Harness::crm();
    let before = records(&harness);
    let made = harness.done("/api/workspaces/default/backups", "");
    let name = made["name"].as_str().unwrap().to_owned();
    assert!(name.ends_with("-asked.db"), "{name}");
    let (_, listed) = harness.ask("GET", "/api/workspaces/default/backups", "");
    assert_eq!(listed["backups"][0]["name"], json!(name));
    let sent = harness.send("GET", &format!("/api/workspaces/default/backups/{name}"), "text/plain", "");
    assert!(sent.status == 200 && sent.body.starts_with(b"SQLite format 3"), "{}", sent.status);

    assert_eq!(harness.ask("POST", CONTACTS, r#"{"name": "Later", "email": "later@example.com"}"#).0, 201);
    let (_, feed) = harness.ask("GET", "/api/apps/my-crm/changes", "");
    assert_eq!(records(&harness), before + 1);

    let restored = harness.done(&format!("/api/workspaces/default/backups/{name}/restore"), "");
    assert!(restored["kept"].as_str().unwrap().contains("-before-restore"), "{restored}");
    assert_eq!(records(&harness), before);
    // Who was signed in signs in again, for the right may have been taken away since.
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 401);
    // A reader of the log from before hears that it must begin anew, and no number is given twice.
    let since = feed["last"].as_i64().unwrap();
    let after = harness.ctx.read(|tx| carryall::ops::feed::after(tx, &OWNER, "my-crm", Some(since - 1), 10));
    assert!(matches!(after, Err(Error::Gone(_))));
    let (_, newest) = harness.ctx.read(carryall::store::tables::changes::bounds).unwrap();
    assert!(newest > since, "{newest} {since}");
    // What the restore replaced is there, with the record that came later.
    let kept = backup::kept(harness.ctx.store.path());
    let before_restore = kept.iter().find(|kept| kept.reason == Reason::BeforeRestore).unwrap();
    backups::restore(&harness.ctx, &OWNER, &before_restore.name, &unwatched()).unwrap();
    assert_eq!(records(&harness), before + 1);
    let report = harness.ctx.store.check(&unwatched()).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}

#[test]
fn the_oldest_of_those_that_come_by_themselves_go_and_those_that_were_asked_for_stay() {
    let harness = Harness::crm();
    backups::make(&harness.ctx, &OWNER, Reason::Asked, &unwatched()).unwrap();
    // Many imports push no daily one out.
    for _ in 0..9 {
        backups::make(&harness.ctx, &OWNER, Reason::Daily, &unwatched()).unwrap();
        backups::make(&harness.ctx, &OWNER, Reason::BeforeImport, &unwatched()).unwrap();
    }
    let first = backup::kept(harness.ctx.store.path()).into_iter().find(|kept| kept.reason == Reason::Asked).unwrap().name;
    (0..9).for_each(|_| drop(backups::restore(&harness.ctx, &OWNER, &first, &unwatched()).unwrap()));
    let kept = backup::kept(harness.ctx.store.path());
    let count = |reason: Reason| kept.iter().filter(|kept| kept.reason == reason).count();
    let most = harness.ctx.limits.backups_kept_max;
    assert_eq!(
        (count(Reason::Asked), count(Reason::Daily), count(Reason::BeforeImport), count(Reason::BeforeRestore)),
        (1, most, most, most)
    );
}

#[test]
fn backups_of_one_second_find_each_a_name() {
    let harness = Harness::crm();
    let names: std::collections::BTreeSet<String> = std::thread::scope(|threads| {
        let make = || backups::make(&harness.ctx, &OWNER, Reason::Asked, &unwatched()).unwrap()["name"].as_str().unwrap().to_owned();
        let makers: Vec<_> = (0..6).map(|_| threads.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert_eq!(names.len(), 6, "{names:?}");
}

#[test]
fn a_day_brings_a_backup_when_something_was_written_and_none_when_not() {
    let harness = Harness::crm();
    assert!(backups::is_due(&harness.ctx), "there is none at all");
    upkeep::tend(&harness.ctx);
    harness.ctx.jobs.finish();
    assert!(backup::kept(harness.ctx.store.path()).iter().any(|kept| kept.reason == Reason::Daily));
    assert!(!backups::is_due(&harness.ctx), "it was made just now");
}

#[test]
fn a_backup_that_is_cancelled_leaves_nothing() {
    let harness = Harness::crm();
    let reports = Arc::new(AtomicUsize::new(0));
    let heard = reports.clone();
    let stop: Report = Arc::new(move |_| {
        heard.fetch_add(1, Ordering::Relaxed);
        Err(Error::malformed("enough"))
    });
    let ended = jobs::run(&harness.ctx, &OWNER, &Job::Backup(Reason::Asked), &stop);
    assert!(ended.is_err() && reports.load(Ordering::Relaxed) > 0, "{ended:?}");
    assert_eq!(backup::kept(harness.ctx.store.path()), []);
    let folder = harness.ctx.store.path().with_file_name("test.db.backups");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn a_file_of_version_1_is_copied_and_brought_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../fixtures/version-1.sql")).unwrap();
    old.close().unwrap();
    let how = Harness::crm().ctx.store.opening().clone();
    let Ok(store) = carryall::store::engine::Store::open(&path, &how) else { panic!("the old file does not open") };
    let report = store.check(&unwatched()).unwrap();
    assert_eq!((report.records, report.problems), (3, Vec::new()));
    let kept = backup::kept(&path);
    assert!(kept.len() == 1 && kept[0].reason == Reason::BeforeMigration, "{kept:?}");
    assert_eq!(std::fs::read(&kept[0].path).unwrap()[60..64], [0, 0, 0, 1]);
}
