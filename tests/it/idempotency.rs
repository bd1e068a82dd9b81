//! Writes that are sent again under the same key: done once, answered alike, whatever happens in between.

use crate::harness::{Harness, NOW_S};
use crate::transcript::{Ask, Reply};
use carryall::model::limits::Limits;
use carryall::ops::ctx;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const COMPANIES: &str = "/api/apps/my-crm/schemas/companies/records";
const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";

fn send(harness: &Harness, who: &str, key: &str, method: &str, url: &str, body: &str) -> Reply {
    let headers = [("As", who), ("Idempotency-Key", key)].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

fn total(harness: &Harness) -> u64 {
    harness.ask("GET", COMPANIES, "").1["total"].as_u64().unwrap()
}

#[test]
fn what_is_sent_again_is_answered_alike_and_done_once() {
    let harness = Harness::crm();
    let batch = json!({"requests": [{"method": "POST", "url": COMPANIES, "body": {"name": "Evans"}}]}).to_string();
    for (at, (method, url, body)) in [
        ("POST", COMPANIES.to_owned(), r#"{"name": "Berg", "id": 7}"#.to_owned()),
        ("POST", COMPANIES.to_owned(), r#"[{"name": "Costa"}, {"name": "Dahl"}]"#.to_owned()),
        ("POST", "/api/batch".to_owned(), batch),
        ("PATCH", format!("{CONTACTS}/2"), r#"{"age+": 1}"#.to_owned()),
        ("PATCH", CONTACTS.to_owned(), r#"[{"id": 2, "age+": 1}]"#.to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{at}");
        let first = send(&harness, "owner", &key, method, &url, &body);
        assert!(first.status < 300 && header(&first, "Idempotency-Replayed").is_none(), "{url}: {}", text(&first));
        let changes = harness.ask("GET", "/api/apps/my-crm/changes", "").1["last"].clone();
        let again = send(&harness, "owner", &format!("\"{key}\""), method, &url, &body);
        assert_eq!((again.status, text(&again)), (first.status, text(&first)));
        for name in ["Location", "ETag", "X-Ignored", "Content-Type"] {
            assert_eq!(header(&again, name), header(&first, name), "{url}: {name}");
        }
        assert_eq!(header(&again, "Idempotency-Replayed"), Some("true"));
        assert_eq!(harness.ask("GET", "/api/apps/my-crm/changes", "").1["last"], changes, "{url}");
    }
    assert_eq!(harness.ask("GET", &format!("{CONTACTS}/2"), "").1["age"], 23);
}

#[test]
fn a_server_that_was_killed_before_it_answered_does_it_no_second_time() {
    let harness = Harness::crm();
    let first = send(&harness, "owner", "k", "POST", COMPANIES, r#"{"name": "Berg"}"#);
    let next = harness.torn();
    let again = send(&next, "owner", "k", "POST", COMPANIES, r#"{"name": "Berg"}"#);
    assert_eq!((again.status, text(&again), header(&again, "Location")), (201, text(&first), header(&first, "Location")));
    assert_eq!(total(&next), 4);
}

#[test]
fn a_key_is_one_persons_and_for_one_request_and_only_for_what_was_done() {
    let harness = Harness::crm().with_people(&["ann"]);
    assert_eq!(
        harness.ask("POST", "/api/workspaces/default/grants", r#"{"user": "ann@example.com", "app": "my-crm", "role": "editor"}"#).0,
        200
    );
    let by = |who: &str, url: &str, body: &str| send(&harness, who, "k", "POST", url, body);
    // What failed was not done, and is tried again.
    assert_eq!(by("owner", COMPANIES, r#"{"name": "Acme"}"#).status, 400);
    assert_eq!(by("owner", &format!("{COMPANIES}?dry_run=true"), r#"{"name": "Berg"}"#).status, 200);
    assert_eq!(by("owner", COMPANIES, r#"{"name": "Berg"}"#).status, 201);
    for (url, body) in [(COMPANIES, r#"{"name": "Costa"}"#), (CONTACTS, r#"{"name": "Berg", "email": "b@example.com"}"#)] {
        let other = by("owner", url, body);
        assert!(other.status == 409 && text(&other).contains("another request"), "{}", text(&other));
    }
    // Of another person it is another key.
    assert_eq!(by("ann", COMPANIES, r#"{"name": "Costa"}"#).status, 201);
    assert_eq!(total(&harness), 5);
    for bad in ["", " ", "two words", "\"\"", "é"] {
        assert_eq!(send(&harness, "owner", bad, "POST", COMPANIES, r#"{"name": "Dahl"}"#).status, 400, "{bad}");
    }
    for (method, url) in [
        ("PUT", format!("{COMPANIES}?key=name")),
        ("PATCH", format!("{COMPANIES}?filter[name]=Berg")),
        ("DELETE", format!("{COMPANIES}?filter[name]=Berg")),
        ("DELETE", COMPANIES.to_owned()),
        ("DELETE", format!("{COMPANIES}/rec_1")),
        ("POST", COMPANIES.replace("/records", "/import")),
    ] {
        let refused = send(&harness, "owner", "new", method, &url, r#"{"name": "Dahl"}"#);
        assert!(refused.status == 400 && text(&refused).contains("Idempotency-Key has no meaning here"), "{}", text(&refused));
    }
    assert_eq!(total(&harness), 5);
}

#[test]
fn how_much_of_a_kept_answer_is_wanted_is_said_anew() {
    let harness = Harness::crm();
    let batch = json!({"requests": [{"method": "POST", "url": COMPANIES, "body": {"name": "Many"}}]}).to_string();
    for (at, (method, url, body)) in [
        ("POST", COMPANIES, r#"{"name": "Berg"}"#),
        ("POST", COMPANIES, r#"[{"name": "Costa"}]"#),
        ("PATCH", COMPANIES, r#"[{"id": "rec_1", "name": "Dahl"}]"#),
        ("PATCH", "/api/apps/my-crm/schemas/companies/records/rec_1", r#"{"name": "Ekman"}"#),
        ("POST", "/api/batch", &batch),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{at}");
        let ask = |is_short: bool| {
            let short = is_short.then_some(("Prefer", "return=minimal"));
            let headers = [("As", "owner"), ("Idempotency-Key", &key)].into_iter().chain(short);
            let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
        };
        let first = ask(true);
        assert_eq!((first.status, first.body.len()), (204, 0), "{method} {url}");
        let (full, short) = (ask(false), ask(true));
        assert!(full.status < 202 && full.body.len() > 10, "{method} {url}: {}", text(&full));
        assert_eq!((short.status, short.body.len()), (204, 0));
        for reply in [&full, &short] {
            assert_eq!(header(reply, "Idempotency-Replayed"), Some("true"));
            assert_eq!(header(reply, "Location"), header(&first, "Location"));
        }
        assert_eq!(header(&short, "Preference-Applied"), Some("return=minimal"));
    }
    assert_eq!(total(&harness), 6);
}

#[test]
fn a_key_lasts_a_day_and_there_is_an_end_of_them() {
    let now = Arc::new(AtomicI64::new(NOW_S));
    let read = now.clone();
    let limits =
        Limits { idempotency_keys_per_user_max: 2, idempotency_answer_bytes_max: 1_000, idempotency_seconds: 100, ..Limits::default() };
    let harness = Harness::with_clock(limits, Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)))).filled();
    let post = |key: &str, name: &str| send(&harness, "owner", key, "POST", COMPANIES, &json!({"name": name}).to_string()).status;
    assert_eq!((post("a", "A"), post("b", "B"), post("c", "C"), post("a", "A")), (201, 201, 429, 201));
    assert_eq!(total(&harness), 5);
    now.fetch_add(100, Ordering::Relaxed);
    assert_eq!((post("c", "C"), post("a", "D")), (201, 201));
    // An answer that is too long to be kept is no write.
    now.fetch_add(100, Ordering::Relaxed);
    let many: Vec<_> = (0..20).map(|n| json!({"name": format!("N{n}")})).collect();
    assert_eq!(send(&harness, "owner", "long", "POST", COMPANIES, &json!(many).to_string()).status, 413);
    assert_eq!(total(&harness), 7);
}

#[test]
fn eight_who_send_the_same_at_once_make_one_record() {
    let harness = Harness::crm();
    let answers: Vec<(u16, String)> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let reply = send(&harness, "owner", "same", "POST", COMPANIES, r#"{"name": "Berg"}"#);
                        if reply.status != 503 {
                            return (reply.status, text(&reply));
                        }
                    }
                })
            })
            .collect();
        sent.into_iter().map(|sent| sent.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 201), "{answers:?}");
    assert_eq!(total(&harness), 4);
}
