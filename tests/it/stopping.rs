//! Jobs: what is told of them while they run, and how they end when the server is asked to stop.

use crate::harness::{Harness, OWNER, OWNER_COOKIE};
use carryall::model::error::Error;
use carryall::model::job::{Job, Progress, Report};
use carryall::ops::ctx::SELF;
use carryall::ops::job_board::State;
use carryall::ops::jobs;
use carryall::server::answer::{self, Attempt, Head};
use carryall::server::router::{self, Place};
use carryall::wire::body::Body;
use carryall::wire::call::Patience;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";

#[test]
fn a_stop_ends_what_has_changed_nothing_and_waits_a_while_for_what_is_writing() {
    let harness = Harness::crm();
    let (begun, begins) = channel();
    let (look, write) = (begun.clone(), begun);
    let (release, released) = channel::<()>();
    // One that looks at everything for hours, and one that is in its last step.
    let looking = jobs::start_as(&harness.ctx, &SELF, "check", move |report| {
        look.send(()).unwrap();
        loop {
            report(Progress { stage: "checking", ..Progress::default() })?;
            std::thread::yield_now();
        }
    });
    let writing = jobs::start_as(&harness.ctx, &SELF, "import", move |_| {
        write.send(()).unwrap();
        let _ = released.recv();
        Ok(json!({}))
    });
    begins.iter().take(2).for_each(drop);
    let (looking, writing) = (looking.unwrap(), writing.unwrap());
    let at = Instant::now();
    assert!(harness.ctx.jobs.end_all(Duration::from_millis(200)));
    assert!(at.elapsed() >= Duration::from_millis(200) && at.elapsed() < Duration::from_secs(5));
    assert!(matches!(harness.ctx.jobs.get(looking).unwrap().state, State::Cancelled));
    assert!(matches!(harness.ctx.jobs.get(writing).unwrap().state, State::Running));
    assert!(jobs::start(&harness.ctx, &OWNER, Job::Check).is_err(), "no new one begins");
    drop(release);
    harness.ctx.jobs.end_all(Duration::from_secs(60));
    assert!(matches!(harness.ctx.jobs.get(writing).unwrap().state, State::Done(_)));
}

#[test]
fn while_jobs_end_nobody_else_writes() {
    let harness = Harness::crm();
    harness.ctx.store.begin_to_stop();
    let (status, refused) = harness.ask("POST", CONTACTS, r#"{"name": "Late", "email": "late@example.com"}"#);
    assert!(status == 503 && refused["error"]["message"].as_str().unwrap().contains("is stopping"), "{refused}");
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 200);
    harness.ctx.store.write_alone(|_| Ok(())).unwrap();
}

#[test]
fn a_write_without_end_is_taken_back_when_the_store_stops() {
    let limits = carryall::model::limits::Limits { stop_timeout_ms: 100, ..Default::default() };
    let harness = Harness::crm_with(limits);
    let (begun, begins) = channel();
    let answered = std::thread::scope(|threads| {
        let writing = threads.spawn(|| {
            harness.ctx.store.write_alone(move |tx| {
                begun.send(()).unwrap();
                // Looks through a log that has no end.
                loop {
                    carryall::store::tables::changes::bounds(tx)?;
                }
            })
        });
        begins.recv().unwrap();
        harness.ctx.store.stop();
        writing.join().unwrap() as Result<(), Error>
    });
    assert!(matches!(answered, Err(Error::Busy { .. })), "{answered:?}");
}

#[test]
fn a_read_without_end_ends_when_the_store_stops_and_one_file_is_left() {
    let harness = Harness::crm();
    let (begun, begins) = channel();
    let (read, unmoved) = std::thread::scope(|threads| {
        let reading = threads.spawn(|| {
            harness.ctx.store.read_long(move |tx| {
                begun.send(()).unwrap();
                loop {
                    carryall::store::tables::changes::bounds(tx)?;
                }
            })
        });
        begins.recv().unwrap();
        let unmoved = harness.ctx.store.stop();
        (reading.join().unwrap() as Result<(), Error>, unmoved)
    });
    assert!(matches!(read, Err(Error::Busy { .. })) && unmoved.is_none(), "{read:?}");
    let left = std::fs::metadata(harness.ctx.store.path().with_extension("db-wal"));
    assert!(left.is_err() || left.is_ok_and(|log| log.len() == 0));
}

#[test]
fn a_check_is_cancelled_within_its_longest_look() {
    let harness = Harness::crm();
    let reports = Arc::new(AtomicUsize::new(0));
    let heard = reports.clone();
    let stop: Report = Arc::new(move |_| match heard.fetch_add(1, Ordering::Relaxed) {
        0 => Ok(()),
        _ => Err(Error::malformed("enough")),
    });
    let many = harness.ctx.store.write_alone(|tx| {
        let change = carryall::ops::changes::of_mending(&OWNER, &["x".repeat(100)]);
        (0..20_000).try_for_each(|_| carryall::store::tables::changes::insert(tx, &change).map(drop))
    });
    many.unwrap();
    let ended = harness.ctx.store.check(&stop);
    assert!(matches!(&ended, Err(Error::Malformed(problem)) if problem.message == "enough"), "{ended:?}");
    assert_eq!(reports.load(Ordering::Relaxed), 2);
    harness.ctx.store.write(|_| Ok(())).unwrap();
    assert_eq!(harness.ask("GET", CONTACTS, "").0, 200, "the connection is good for the next one");
}

#[test]
fn applying_and_indexing_can_be_cancelled_before_they_write_and_tell_that_they_do() {
    let harness = Harness::crm();
    let text = crate::harness::fixture("my-crm.json").replace("\"name\": \"My CRM\"", "\"name\": \"Another\"");
    let index = Job::Index { app: "my-crm".to_owned(), schema: "contacts".to_owned(), fields: vec!["name".to_owned()] };
    for job in [Job::Apply { text, dry_run: false, prune: false }, index] {
        let is_told = Arc::new(AtomicBool::new(false));
        let heard = is_told.clone();
        let stop: Report = Arc::new(move |progress| {
            heard.store(progress.stage == "writing", Ordering::Relaxed);
            Err(Error::malformed("enough"))
        });
        let before = harness.ctx.store.catalog().version;
        let ended = jobs::run(&harness.ctx, &OWNER, &job, &stop);
        assert!(matches!(&ended, Err(Error::Malformed(problem)) if problem.message == "enough"), "{ended:?}");
        assert!(is_told.load(Ordering::Relaxed));
        assert_eq!(harness.ctx.store.catalog().version, before);
    }
}

#[test]
fn the_time_that_is_left_is_that_of_the_stage() {
    let harness = Harness::crm();
    let board = &harness.ctx.jobs;
    let id = board.add("import", &SELF, "", 8).unwrap();
    let tell = |stage, done| {
        board.report(id, Progress { stage, done, total: Some(100), unit: "bytes", rows: 0 }).unwrap();
        board.get(id).unwrap().left_s()
    };
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1_100) {
        std::hint::spin_loop();
    }
    // A second went by before the first byte: by the first one alone a hundred of them would be left.
    assert_eq!(tell("reading", 1), Some(0));
    assert_eq!(tell("writing", 100), None, "what is being written now takes as long as it takes");
}

/// What comes of a request for news that has been told `seen` before.
fn attempted(harness: &Harness, since: i64, seen: Option<i64>) -> Attempt {
    let target = format!("/api/apps/my-crm/changes?since={since}&wait=25");
    let headers = vec![("Host".to_owned(), "127.0.0.1:8090".to_owned()), ("Cookie".to_owned(), format!("sessionid={OWNER_COOKIE}"))];
    let head = Head {
        peer: "127.0.0.1:50000".parse().unwrap(),
        is_secure: false,
        method: "GET".to_owned(),
        target: target.clone(),
        headers,
        app: None,
        who: None,
    };
    let Ok(Place::Route(routed)) = router::find("GET", &target) else { panic!("no route") };
    answer::attempt(&harness.ctx, head, routed, Body::Empty, Patience { may_wait: true, seen })
}

#[test]
fn who_waits_for_news_is_asked_for_from_where_there_was_none() {
    let harness = Harness::crm();
    let (_, since) = harness.ctx.read(carryall::store::tables::changes::bounds).unwrap();
    // Another app is busy, and its entries are already taken out of the log again.
    let text = r#"{"carryall": 1, "app": {"slug": "busy", "name": "Busy"}, "schemas": []}"#;
    harness.apply(text, false, false).unwrap();
    let Attempt::NotYet { seen, .. } = attempted(&harness, since, None) else { panic!("there is no news in this app") };
    assert!(seen > since, "{seen} {since}");
    let conn = rusqlite::Connection::open(harness.ctx.store.path()).unwrap();
    conn.execute("DELETE FROM change", []).unwrap();
    harness.apply(&text.replace("busy", "busier"), false, false).unwrap();
    assert!(matches!(attempted(&harness, since, Some(seen)), Attempt::NotYet { .. }), "nothing of this app was missed");
    assert!(matches!(attempted(&harness, since, None), Attempt::Done(response) if response.status_code == 410));
}
