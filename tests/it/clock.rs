//! Clocks that are set: back a little, back by years, ahead, while a server runs.

use crate::harness::{Harness, NOW_S};
use carryall::model::limits::Limits;
use carryall::ops::{backups, ctx, upkeep};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";

fn harness() -> (Harness, Arc<AtomicI64>) {
    let time = Arc::new(AtomicI64::new(NOW_S));
    let read = time.clone();
    let clock = Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)));
    (Harness::with_clock(Limits::default(), clock).filled(), time)
}

/// Makes a record; when it was made by its own word, and its id.
fn made(harness: &Harness, name: &str) -> (String, i64) {
    let (status, record) = harness.ask("POST", CONTACTS, &format!(r#"{{"name": "{name}", "email": "{name}@example.com"}}"#));
    assert_eq!(status, 201, "{record}");
    (record["created_at"].as_str().unwrap().to_owned(), record["id"].as_str().unwrap()[4..].parse().unwrap())
}

#[test]
fn stamps_keep_their_order_when_the_clock_is_set_back_a_little_and_ids_always() {
    let (harness, time) = harness();
    let first = made(&harness, "first");
    time.store(NOW_S - 3_000, Ordering::Relaxed);
    let second = made(&harness, "second");
    assert_eq!(first.0, second.0);
    time.store(NOW_S + 5, Ordering::Relaxed);
    let third = made(&harness, "third");
    assert!(third.0 > second.0);
    // A clock that was wrong by years is believed once it is right: its stamps would else stand still for years.
    time.store(NOW_S - 10 * 365 * 86_400, Ordering::Relaxed);
    let fourth = made(&harness, "fourth");
    assert!(fourth.0.starts_with("2015-"), "{}", fourth.0);
    time.store(i64::from(i32::MAX) + 60, Ordering::Relaxed);
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 401, "the session ended in between");
    assert!(first.1 < second.1 && second.1 < third.1 && third.1 < fourth.1);
}

#[test]
fn a_session_that_has_ended_does_not_come_back_with_the_clock() {
    let (harness, time) = harness();
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 200);
    time.store(NOW_S + 2_000, Ordering::Relaxed);
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 401);
    upkeep::tend(&harness.ctx);
    harness.ctx.jobs.finish();
    time.store(NOW_S - 86_400, Ordering::Relaxed);
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 401);
}

#[test]
fn neither_the_log_nor_the_backups_are_thrown_away_by_a_clock_that_jumps() {
    let (harness, time) = harness();
    made(&harness, "first");
    let (_, before) = harness.ctx.read(carryall::store::tables::changes::bounds).unwrap();
    time.store(NOW_S - 40 * 365 * 86_400, Ordering::Relaxed);
    upkeep::tend(&harness.ctx);
    harness.ctx.jobs.finish();
    let (oldest, newest) = harness.ctx.read(carryall::store::tables::changes::bounds).unwrap();
    assert!(oldest == 1 && newest >= before, "{oldest} {newest}");
    assert!(!backups::is_due(&harness.ctx), "one was made just now, whatever it is called");
}
