//! Restores by the server while others write: what was acknowledged is in the data file or in the copy of what the restore replaced; no id and no number
//! of the change log is given twice; who reads along hears that it must begin anew.

use crate::harness::{Harness, OWNER};
use carryall::model::backup::Reason;
use carryall::model::error::Error;
use carryall::model::expr::{Expr, Op};
use carryall::model::job::{Report, unwatched};
use carryall::model::query::{Count, Query, Window};
use carryall::ops::ctx::Ctx;
use carryall::ops::{backups, feed, lists, records};
use carryall::store::backup;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const WRITERS: usize = 4;
const RESTORES: usize = 5;

/// What was asked for, and what came of it.
type Ledger = Vec<(String, Result<i64, Error>)>;

/// Makes a company; its id, if that was acknowledged.
fn made(ctx: &Ctx, name: &str) -> Result<i64, Error> {
    let draft = json!({"name": name}).as_object().unwrap().clone();
    let check = || records::prepare_create(&ctx.store.catalog(), &OWNER, "my-crm", "companies", &draft);
    ctx.write(check, |tx, new| records::create(tx, &OWNER, new)).map(|written| written.shown.record.id.0)
}

/// The data file and every copy of what a restore replaced.
fn files(harness: &Harness) -> Vec<PathBuf> {
    let data = harness.ctx.store.path().to_owned();
    let kept = backup::kept(&data).into_iter().filter(|kept| kept.reason == Reason::BeforeRestore).map(|kept| kept.path);
    kept.chain([data.clone()]).collect()
}

/// The names of all companies that are in one of these files.
fn companies(files: &[PathBuf]) -> BTreeSet<String> {
    let named = |file: &PathBuf| {
        let conn = rusqlite::Connection::open(file).unwrap();
        let table: String = conn.query_row("SELECT 'r' || id FROM schema WHERE slug = 'companies'", [], |row| row.get(0)).unwrap();
        let mut statement = conn.prepare(&format!("SELECT data->>'$.name' FROM {table}")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect::<Vec<String>>()
    };
    files.iter().flat_map(named).collect()
}

/// What every number of the change log stands for; falls when one stands for two things.
#[derive(Default)]
struct Numbers(BTreeMap<i64, String>);

impl Numbers {
    fn hear(&mut self, seq: i64, label: &str) {
        let known = self.0.entry(seq).or_insert_with(|| label.to_owned());
        assert_eq!(known, label, "the number {seq} was given twice");
    }

    fn read(&mut self, file: &PathBuf) {
        let conn = rusqlite::Connection::open(file).unwrap();
        let mut statement = conn.prepare("SELECT seq, label FROM change").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))).unwrap();
        rows.for_each(|row| row.map(|(seq, label)| self.hear(seq, &label)).unwrap());
    }
}

fn a_backup(harness: &Harness) -> String {
    backups::make(&harness.ctx, &OWNER, Reason::Asked, &unwatched()).unwrap()["name"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_acknowledged_at_any_step_of_a_restore_is_in_the_file_or_in_the_copy() {
    let harness = Harness::crm();
    let name = a_backup(&harness);
    let told: Arc<Mutex<Ledger>> = Arc::default();
    let (ctx, ledger) = (harness.ctx.clone(), told.clone());
    // Whoever writes does so whenever the restore tells how far it is, from its first step to its last.
    let watch: Report = Arc::new(move |progress| {
        let mut ledger = ledger.lock().unwrap();
        let company = format!("{} {}", progress.stage, ledger.len());
        let answer = made(&ctx, &company);
        ledger.push((company, answer));
        Ok(())
    });
    backups::restore(&harness.ctx, &OWNER, &name, &watch).unwrap();
    let there = companies(&files(&harness));
    let told = std::mem::take(&mut *told.lock().unwrap());
    let acknowledged: Vec<&String> = told.iter().filter(|(_, answer)| answer.is_ok()).map(|(company, _)| company).collect();
    assert!(!acknowledged.is_empty(), "{told:?}");
    assert_eq!(acknowledged.into_iter().filter(|company| !there.contains(*company)).collect::<Vec<_>>(), Vec::<&String>::new());
    for (_, answer) in &told {
        assert!(matches!(answer, Ok(_) | Err(Error::Busy { retry_after_s: 5, .. })), "{answer:?}");
    }
    assert!(made(&harness.ctx, "after all").is_ok(), "writes are paused no longer than that");
}

#[test]
fn writers_beside_restores_lose_nothing_and_no_number_is_given_twice() {
    let harness = Harness::crm();
    let name = a_backup(&harness);
    let (ctx, is_over) = (&harness.ctx, &AtomicBool::new(false));
    let write = |writer: usize| {
        let mut acknowledged = Vec::new();
        for turn in 0.. {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let company = format!("writer {writer} company {turn}");
            match made(ctx, &company) {
                Ok(id) => acknowledged.push((company, id)),
                Err(Error::Busy { .. }) => std::thread::yield_now(),
                Err(other) => panic!("{other:?}"),
            }
        }
        acknowledged
    };
    let follow = || {
        let (mut numbers, mut since, mut begun_anew) = (Numbers::default(), None, 0);
        while !is_over.load(Ordering::Relaxed) {
            match ctx.read(|tx| feed::after(tx, &OWNER, "my-crm", since, 1_000)) {
                Ok(feed) => {
                    feed.entries.iter().for_each(|entry| numbers.hear(entry.seq, &entry.label));
                    since = Some(feed.last);
                }
                Err(Error::Gone(_)) => {
                    begun_anew += 1;
                    since = None;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        (numbers, begun_anew)
    };
    let (acknowledged, (mut numbers, begun_anew)) = std::thread::scope(|threads| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| threads.spawn(move || write(writer))).collect();
        let follower = threads.spawn(follow);
        for _ in 0..RESTORES {
            backups::restore(ctx, &OWNER, &name, &unwatched()).unwrap();
            // Something is written, and read, between two restores.
            let (_, before) = ctx.read(carryall::store::tables::changes::bounds).unwrap();
            while ctx.read(carryall::store::tables::changes::bounds).unwrap().1 < before + 50 {
                std::thread::yield_now();
            }
        }
        is_over.store(true, Ordering::Relaxed);
        let acknowledged: Vec<(String, i64)> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        (acknowledged, follower.join().unwrap())
    });
    assert!(begun_anew > 0 && acknowledged.len() > RESTORES * 40, "{begun_anew} {}", acknowledged.len());
    let files = files(&harness);
    assert_eq!(files.len(), RESTORES + 1);
    let there = companies(&files);
    let lost: Vec<&String> = acknowledged.iter().map(|(company, _)| company).filter(|company| !there.contains(*company)).collect();
    assert_eq!(lost, Vec::<&String>::new(), "of {}", acknowledged.len());
    let ids: BTreeSet<i64> = acknowledged.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids.len(), acknowledged.len(), "an id was given twice");
    files.iter().for_each(|file| numbers.read(file));
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn who_has_read_all_there_was_before_a_restore_hears_of_it_too() {
    let harness = Harness::crm();
    let name = a_backup(&harness);
    made(&harness.ctx, "later").unwrap();
    let since = harness.ctx.read(|tx| feed::after(tx, &OWNER, "my-crm", None, 10)).unwrap().last;
    backups::restore(&harness.ctx, &OWNER, &name, &unwatched()).unwrap();
    let after = |since| harness.ctx.read(|tx| feed::after(tx, &OWNER, "my-crm", Some(since), 10));
    let Err(Error::Gone(problem)) = after(since) else { panic!("the content changed under a reader that was told nothing") };
    let (oldest, newest) = problem.bounds.unwrap();
    // What is asked with stands before the first that is told.
    assert_eq!(after(oldest - 1).unwrap().last, newest, "{problem:?}");
    assert!(oldest - 1 > since && after(oldest - 2).is_err());
}

#[test]
fn what_was_checked_before_a_restore_is_checked_again_after_it() {
    let harness = Harness::crm();
    let name = a_backup(&harness);
    let draft = json!({"name": "in between"}).as_object().unwrap().clone();
    let checked = records::prepare_create(&harness.ctx.store.catalog(), &OWNER, "my-crm", "companies", &draft).unwrap();
    backups::restore(&harness.ctx, &OWNER, &name, &unwatched()).unwrap();
    let written = harness.ctx.store.write(move |tx| records::create(tx, &OWNER, &checked).map(|written| written.shown.record.id.0));
    assert_eq!(written, Err(Error::Stale));
}

#[test]
fn a_backup_that_is_not_the_one_whose_hash_was_noted_is_not_put_back() {
    let harness = Harness::crm();
    let name = a_backup(&harness);
    let kept = backup::kept(harness.ctx.store.path()).remove(0);
    assert_eq!(kept.sha256, Some(backup::hash_of(&kept.path).unwrap()));
    let conn = rusqlite::Connection::open(&kept.path).unwrap();
    conn.execute("UPDATE app SET name = 'Another'", []).unwrap();
    conn.close().unwrap();
    let refused = backups::restore(&harness.ctx, &OWNER, &name, &unwatched()).unwrap_err();
    assert!(refused.message().contains("by the hash in"), "{refused:?}");
    assert_eq!(backup::kept(harness.ctx.store.path()).len(), 1, "nothing was touched");
    backups::remove(&harness.ctx, &OWNER, &name).unwrap();
    assert_eq!(std::fs::read_dir(kept.path.parent().unwrap()).unwrap().count(), 0, "the note goes with its backup");
}

#[test]
fn no_total_is_remembered_from_before_a_restore() {
    let harness = Harness::crm();
    // Who was signed in is so no longer after a restore: asked without a session.
    let filter = Expr::Compare { field: "name".to_owned(), op: Op::Contains, text: "one".to_owned() };
    let query = Query { filter, window: Window { offset: 0, limit: 1 }, count: Count::Exact, ..Query::default() };
    let limits = &harness.ctx.limits;
    let total = || {
        let listed = harness.ctx.read(|tx| lists::list(tx, &OWNER, ["my-crm", "companies"], &query, limits, &|_| false, &mut |_| Ok(())));
        listed.unwrap().total.unwrap()
    };
    made(&harness.ctx, "one 1").unwrap();
    let (before, name) = (total(), a_backup(&harness));
    made(&harness.ctx, "one 2").unwrap();
    made(&harness.ctx, "one 3").unwrap();
    let later = total();
    backups::restore(&harness.ctx, &OWNER, &name, &unwatched()).unwrap();
    assert_eq!((before, later, total()), (1, 3, 1));
    made(&harness.ctx, "one 4").unwrap();
    assert_eq!(total(), 2);
}
