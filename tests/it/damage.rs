//! Data files with faults: damage stops the writes wherever it is found; what is only out of order is told, stops no backup and no restore, and is mended.

use crate::harness::{Harness, OWNER};
use carryall::model::backup::Reason;
use carryall::model::error::Error;
use carryall::model::job::{Job, unwatched};
use carryall::ops::ctx::Ctx;
use carryall::ops::{backups, jobs, records, sessions};
use carryall::store::backup;
use carryall::store::engine::Store;
use serde_json::json;
use std::path::Path;

const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";
const COMPANIES: usize = 2_000;

/// A data file whose pages of companies are noise, opened.
fn damaged(folder: &Path) -> Ctx {
    let harness = Harness::crm();
    let catalog = harness.ctx.store.catalog();
    let made = harness.ctx.store.write_alone(move |tx| {
        for number in 0..COMPANIES {
            let draft = json!({"name": format!("company {number} {}", "x".repeat(200))}).as_object().unwrap().clone();
            records::create(tx, &OWNER, &records::prepare_create(&catalog, &OWNER, "my-crm", "companies", &draft)?)?;
        }
        Ok(())
    });
    made.unwrap();
    let (how, path) = (harness.ctx.store.opening().clone(), folder.join("damaged.db"));
    harness.ctx.store.stop();
    let mut bytes = std::fs::read(harness.ctx.store.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64 * 1024].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let Ok(store) = Store::open(&path, &how) else { panic!("what is sane should be readable") };
    Ctx::new(store, harness.ctx.random.clone(), how.limits, sessions::no_control())
}

fn write(ctx: &Ctx) -> Result<(), Error> {
    ctx.store.write(|_| Ok(()))
}

#[test]
fn a_check_that_finds_damage_stops_the_writes() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = damaged(folder.path());
    write(&ctx).unwrap();
    let outcome = jobs::run(&ctx, &OWNER, &Job::Check, &unwatched()).unwrap();
    assert!(outcome["problems"][0].as_str().unwrap().starts_with("The file is damaged"), "{outcome}");
    assert!(matches!(write(&ctx), Err(Error::Damaged(_))));
}

#[test]
fn a_backup_that_meets_damage_stops_the_writes() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = damaged(folder.path());
    let failed = jobs::run(&ctx, &OWNER, &Job::Backup(Reason::Asked), &unwatched());
    assert!(matches!(failed, Err(Error::Damaged(_))), "{failed:?}");
    assert!(matches!(write(&ctx), Err(Error::Damaged(_))));
    assert_eq!(backup::kept(ctx.store.path()), []);
}

#[test]
fn nothing_is_mended_in_a_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = damaged(folder.path());
    let outcome = jobs::run(&ctx, &OWNER, &Job::Mend, &unwatched()).unwrap();
    assert_eq!(outcome["mended"], json!([]));
    assert!(outcome["problems"][0].as_str().unwrap().starts_with("The file is damaged"), "{outcome}");
}

/// Does something to the data file that the program never would.
fn meddled(harness: &Harness, sql: &str) {
    let conn = rusqlite::Connection::open(harness.ctx.store.path()).unwrap();
    conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    conn.execute_batch(&sql.replace("CONTACTS", &table(harness, "contacts"))).unwrap();
    // Connections that are open know the tables as they were.
    conn.close().unwrap();
}

fn table(harness: &Harness, slug: &str) -> String {
    let catalog = harness.ctx.store.catalog();
    let app = catalog.app("my-crm").unwrap().id;
    format!("r{}", catalog.schemas(app).find(|schema| schema.slug == slug).unwrap().id.0)
}

#[test]
fn a_counter_that_is_wrong_is_told_and_stops_neither_backup_nor_restore() {
    let harness = Harness::crm();
    meddled(&harness, "UPDATE schema SET records = records + 1 WHERE slug = 'contacts'");
    let made = backups::make(&harness.ctx, &OWNER, Reason::Daily, &unwatched()).unwrap();
    assert!(made["problems"][0].as_str().unwrap().starts_with("Table 'contacts' counts"), "{made}");
    let restored = backups::restore(&harness.ctx, &OWNER, made["name"].as_str().unwrap(), &unwatched()).unwrap();
    assert!(restored["problems"][0].as_str().unwrap().starts_with("Table 'contacts' counts"), "{restored}");
    let mended = jobs::run(&harness.ctx, &OWNER, &Job::Mend, &unwatched()).unwrap();
    assert_eq!(mended["problems"], json!([]));
    assert!(mended["mended"][0].as_str().unwrap().starts_with("Table 'contacts' counts"), "{mended}");
}

#[test]
fn a_copy_that_contradicts_itself_is_no_backup_but_writes_go_on() {
    let harness = Harness::crm();
    meddled(&harness, "INSERT INTO session (hash, user, created_at, expires_s) VALUES (x'00', 99, '', 0)");
    let refused = backups::make(&harness.ctx, &OWNER, Reason::Daily, &unwatched());
    assert!(matches!(&refused, Err(Error::Malformed(problem)) if problem.message.contains("contradicts itself")), "{refused:?}");
    write(&harness.ctx).unwrap();
}

/// A table with a set, so that there is a link table.
const NOTES: &str = r#"{"carryall": 1, "app": {"slug": "notes", "name": "Notes"}, "schemas": [{"slug": "notes", "name": "Notes", "fields":
    [{"slug": "title", "type": "text", "index": true}, {"slug": "tags", "type": "multiselect", "options": ["a", "b"]}]}],
    "records": {"notes": [{"title": "One", "tags": ["a", "b"]}, {"title": "Two", "tags": ["b"]}]}}"#;

#[test]
fn a_check_looks_at_the_log_the_numbers_and_every_table_and_what_can_be_is_mended() {
    let harness = Harness::crm();
    harness.apply(NOTES, false, false).unwrap();
    assert_eq!(harness.ask("POST", CONTACTS, r#"{"name": "First", "email": "first@example.com"}"#).0, 201);
    let id = {
        let catalog = harness.ctx.store.catalog();
        catalog.schemas(catalog.app("notes").unwrap().id).next().unwrap().id.0
    };
    let faults = format!(
        "UPDATE change SET body = '{{broken' WHERE seq = 2;
         UPDATE change SET record = 999999 WHERE seq = (SELECT min(seq) FROM change WHERE record IS NOT NULL);
         DELETE FROM sqlite_sequence WHERE name = 'change'; DROP INDEX l{id}_record; DROP INDEX \"i{id}.title\"; CREATE TABLE r77 (id INTEGER PRIMARY KEY);"
    );
    meddled(&harness, &faults);
    let problems = harness.ctx.store.check(&unwatched()).unwrap().problems;
    let says = |words: &str| assert!(problems.iter().any(|problem| problem.contains(words)), "{words}: {problems:#?}");
    says("Entry 2 of the change log holds no JSON");
    says("is about a record that its table never had");
    says("give numbers of its table 'change' again, from 1 to");
    says(&format!("lacks the index l{id}_record"));
    says("Table 'notes' lacks its index on title: 'carryall check --mend'");
    says("The file holds r77");
    assert_eq!(problems.len(), 6, "{problems:#?}");

    let outcome = jobs::run(&harness.ctx, &OWNER, &Job::Mend, &unwatched()).unwrap();
    let left = outcome["problems"].as_array().unwrap();
    assert!(left.len() == 3 && left.iter().all(|left| !left.as_str().unwrap().contains("--mend")), "{left:#?}");
    let (_, newest) = harness.ctx.read(carryall::store::tables::changes::bounds).unwrap();
    assert_eq!(harness.ask("POST", CONTACTS, r#"{"name": "Next", "email": "next@example.com"}"#).0, 201);
    assert_eq!(harness.ctx.read(carryall::store::tables::changes::bounds).unwrap().1, newest + 1);
}

#[test]
fn a_time_that_the_clock_never_wrote_is_told() {
    let harness = Harness::crm();
    for at in ["2026-02-30T10:00:00Z", "2026-01-01T10:00:00", "2026-01-01T10:00:00\"", ""] {
        meddled(&harness, &format!("UPDATE CONTACTS SET updated_at = '{at}' WHERE id = (SELECT min(id) FROM CONTACTS)"));
        let problems = harness.ctx.store.check(&unwatched()).unwrap().problems;
        assert!(problems.len() == 1 && problems[0].contains("has no time in updated_at"), "{at}: {problems:?}");
    }
    let stamps = "updated_at = '2028-02-29T23:59:59Z', created_at = '2028-02-29T24:00:00Z'";
    meddled(&harness, &format!("UPDATE CONTACTS SET {stamps} WHERE id = (SELECT min(id) FROM CONTACTS)"));
    let problems = harness.ctx.store.check(&unwatched()).unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("has no time in created_at"), "{problems:?}");
}

#[test]
fn a_link_table_that_is_gone_is_told_and_made_anew() {
    let harness = Harness::crm();
    harness.apply(NOTES, false, false).unwrap();
    let id = {
        let catalog = harness.ctx.store.catalog();
        catalog.schemas(catalog.app("notes").unwrap().id).next().unwrap().id.0
    };
    let found = || harness.ask("GET", "/api/apps/notes/schemas/notes/records?filter%5Btags%5D=b", "").1["total"].clone();
    assert_eq!(found(), json!(2));
    meddled(&harness, &format!("DROP TABLE l{id}"));
    let problems = harness.ctx.store.check(&unwatched()).unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains(&format!("lacks the table l{id}")), "{problems:?}");
    assert_eq!(jobs::run(&harness.ctx, &OWNER, &Job::Mend, &unwatched()).unwrap()["problems"], json!([]));
    assert_eq!(found(), json!(2));
}

#[test]
fn what_killed_processes_left_of_copies_goes_at_the_next_start_and_nothing_else() {
    let harness = Harness::crm();
    let (how, path) = (harness.ctx.store.opening().clone(), harness.ctx.store.path().to_owned());
    let backups = path.with_file_name("test.db.backups");
    std::fs::create_dir(&backups).unwrap();
    // Nobody has this number.
    let dead = 2_000_000_000;
    let left = [
        backups.join(format!(".backup-{dead}-abc")),
        backups.join(format!(".backup-{dead}-abc-journal")),
        path.with_file_name(format!(".restore-{dead}-x")),
    ];
    let others = [backups.join(".backup-1-abc"), path.with_file_name(".backup-of-mine"), path.with_file_name(".restored-1-x")];
    left.iter().chain(&others).for_each(|file| std::fs::write(file, "x").unwrap());
    harness.ctx.store.stop();
    let Ok(store) = Store::open(&path, &how) else { panic!("the store does not open") };
    store.write(|_| Ok(())).unwrap();
    assert!(left.iter().all(|file| !file.exists()));
    assert!(others.iter().all(|file| file.exists()), "one is being made, two are somebody's");
}
