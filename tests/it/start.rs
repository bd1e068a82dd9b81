//! The first minutes of a data file: the link that makes the first admin, the samples, and dates of app files that count from today.

use crate::harness::{Harness, NOW_S, fixture};
use crate::transcript::{Ask, Reply};
use carryall::model::limits::Limits;
use carryall::model::time::Moment;
use carryall::ops::{ctx, samples};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A guest's request with a JSON body.
fn send(harness: &Harness, url: &str, body: &Value) -> Reply {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    harness.answer(&Ask { method: "POST".to_owned(), url: url.to_owned(), headers, body: body.to_string().into_bytes() })
}

fn start(harness: &Harness, token: &str, password: &str) -> Reply {
    send(harness, "/auth/start/", &json!({"token": token, "email": "ann@example.com", "password": password}))
}

fn look(harness: &Harness, token: &str) -> u16 {
    send(harness, "/auth/link/", &json!({"token": token})).status
}

#[test]
fn a_start_link_makes_the_first_admin_and_nobody_else() {
    let (harness, token) = Harness::unclaimed();
    let other = harness.link();
    assert_eq!(look(&harness, &token), 200);
    assert_eq!(start(&harness, &token, &"x".repeat(1_025)).status, 400);
    assert_eq!(look(&harness, &token), 200, "what is refused does not use the link up");
    assert_eq!(start(&harness, &token.to_uppercase(), "correct horse").status, 401);

    let made = start(&harness, &token, "correct horse");
    assert_eq!(made.status, 201);
    assert!(made.headers.iter().any(|(name, value)| name == "Set-Cookie" && value.starts_with("sessionid=")), "{:?}", made.headers);
    for used in [&token, &other] {
        assert_eq!(look(&harness, used), 401, "there is one first admin, whichever link made them");
        assert_eq!(start(&harness, used, "correct horse").status, 401);
    }
    let known = send(&harness, "/auth/login/", &json!({"username": "ann@example.com", "password": "correct horse"}));
    assert_eq!(known.status, 200);
}

#[test]
fn with_an_admin_a_link_signs_in() {
    let (harness, token) = Harness::unclaimed();
    assert_eq!(start(&harness, &token, "correct horse").status, 201);
    let reply = send(&harness, "/auth/link/", &json!({"token": harness.link()}));
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((reply.status, &answer["user"]["email"]), (200, &json!("ann@example.com")));
}

#[test]
fn an_admin_who_was_made_elsewhere_ends_the_start_links() {
    let (harness, token) = Harness::unclaimed();
    let harness = harness.filled();
    assert_eq!(look(&harness, &token), 401);
    assert_eq!(start(&harness, &token, "correct horse").status, 401);
}

#[test]
fn a_start_link_ends_with_its_half_hour() {
    let seconds = Arc::new(AtomicI64::new(NOW_S));
    let read = seconds.clone();
    let clock = Arc::new(move || -> Moment { ctx::moment_at(read.load(Ordering::Relaxed)) });
    let harness = Harness::with_clock(Limits::default(), clock);
    let token = harness.link();
    seconds.store(NOW_S + Limits::default().link_seconds - 1, Ordering::Relaxed);
    assert_eq!(look(&harness, &token), 200);
    seconds.store(NOW_S + Limits::default().link_seconds, Ordering::Relaxed);
    assert_eq!(look(&harness, &token), 401);
    assert_eq!(start(&harness, &token, "correct horse").status, 401);
    let fresh = harness.link();
    assert_eq!(look(&harness, &fresh), 200);
}

/// Every record of a table.
fn records(harness: &Harness, app: &str, schema: &str) -> Vec<Value> {
    let (status, page) = harness.ask("GET", &format!("/api/apps/{app}/schemas/{schema}/records?per_page=100"), "");
    assert_eq!(status, 200, "{page}");
    page["records"].as_array().unwrap().clone()
}

#[test]
fn every_sample_becomes_an_app_that_is_linked_and_of_this_time() {
    let harness = Harness::crm();
    for name in samples::NAMES {
        let (status, app) = harness.ask("POST", &format!("/api/workspaces/default/samples/{name}"), "");
        assert_eq!((status, &app["slug"]), (201, &json!(name)), "{app}");
        let (_, tables) = harness.ask("GET", &format!("/api/apps/{name}/schemas"), "");
        let tables = tables["schemas"].as_array().unwrap().clone();
        assert!((3..=5).contains(&tables.len()), "{name} has {} tables", tables.len());
        let (mut references, mut late, mut coming) = (0, 0, 0);
        for table in &tables {
            let rows = records(&harness, name, table["slug"].as_str().unwrap());
            assert!(rows.len() >= 4, "{name}/{}: {} rows", table["slug"], rows.len());
            let of_type = |kind: &str| {
                let fields = table["fields"].as_array().unwrap().iter().filter(|field| field["type"] == kind);
                fields.map(|field| field["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            references += of_type("reference").len() + of_type("references").len();
            let days = of_type("date").into_iter().chain(of_type("datetime"));
            for day in days.flat_map(|slug| rows.iter().filter_map(move |row| row[&slug].as_str()).collect::<Vec<_>>()) {
                if day < "2025-01-15" {
                    late += 1
                } else {
                    coming += 1
                }
                assert!(("2022"..="2025-12").contains(&day), "{name}/{}: {day}", table["slug"]);
            }
        }
        assert!(
            references >= 3 && late > 0 && coming > 0,
            "{name}: {references} references, {late} days before today, {coming} from today on"
        );
    }
}

#[test]
fn a_sample_does_not_touch_an_app_of_its_name() {
    let harness = Harness::crm();
    let make = || harness.ask("POST", "/api/workspaces/default/samples/my-app", "");
    assert_eq!(make().0, 201);
    let url = "/api/apps/my-app/schemas/table-1/records";
    assert_eq!(harness.ask("POST", url, "{\"name\": \"mine\"}").0, 201);
    let (status, refused) = make();
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("conflict")), "{refused}");
    assert_eq!(records(&harness, "my-app", "table-1").len(), 1);
}

/// The fixture with one date field and one datetime field more, and a record that has these values.
fn dated(day: Value, at: Value) -> carryall::model::error::Result<Value> {
    let mut file: Value = serde_json::from_str(&fixture("my-crm.json")).unwrap();
    file["schemas"] = json!([{"slug": "days", "fields": [
        {"slug": "day", "type": "date", "min": "2024-12-31"}, {"slug": "at", "type": "datetime"}, {"slug": "any", "type": "json"}]}]);
    file["records"] = json!({"days": [{"day": day, "at": at, "any": {"$day": -1}}]});
    let harness = Harness::with_limits(Limits::default());
    harness.apply(&file.to_string(), false, false)?;
    let row = harness
        .ctx
        .read(|tx| carryall::store::records::ever_had_any(tx, tx.catalog().schemas(tx.catalog().app("my-crm")?.id).next().unwrap()))?;
    assert!(row);
    // Read back as the owner, who has to be there first.
    let token = harness.link();
    let made = start(&harness, &token, "correct horse");
    let cookie = made.headers.iter().find(|(name, value)| name == "Set-Cookie" && value.starts_with("sessionid=")).unwrap().1.clone();
    let headers = vec![("Cookie".to_owned(), cookie.split(';').next().unwrap().to_owned())];
    let url = "/api/apps/my-crm/schemas/days/records".to_owned();
    let reply = harness.answer(&Ask { method: "GET".to_owned(), url, headers, body: Vec::new() });
    let page: Value = serde_json::from_slice(&reply.body).unwrap();
    Ok(page["records"][0].clone())
}

#[test]
fn dates_of_an_app_file_may_count_from_today() {
    // The clock stands at 2025-01-15T10:30:00Z.
    for (day, at, is_day, is_at) in [
        (json!({"$day": 0}), json!({"$at": "0T00:00"}), "2025-01-15", "2025-01-15T00:00:00Z"),
        (json!({"$day": -15}), json!({"$at": "-3T14:30"}), "2024-12-31", "2025-01-12T14:30:00Z"),
        (json!({"$day": 410}), json!({"$at": "+17T23:59"}), "2026-03-01", "2025-02-01T23:59:00Z"),
        (json!("2025-02-03"), json!("2025-02-03T04:05:06Z"), "2025-02-03", "2025-02-03T04:05:06Z"),
    ] {
        let row = dated(day, at).unwrap();
        assert_eq!((row["day"].as_str(), row["at"].as_str()), (Some(is_day), Some(is_at)), "{row}");
        assert_eq!(row["any"], json!({"$day": -1}), "what is JSON stays as it is");
    }
}

#[test]
fn a_date_that_counts_from_today_in_no_known_form_is_refused_in_words() {
    let day_form = "$day takes whole days from today, at most a hundred years, such as {\"$day\": -3}";
    let at_form = "$at takes days from today and a time of the day (UTC), such as {\"$at\": \"-3T14:30\"}";
    let fine = || (json!(null), json!(null));
    let days = [json!("3"), json!(1.5), json!(null), json!(40_000), json!(i64::MIN), json!([1])];
    let days = days.map(|said| (json!({"$day": said}), fine().1, format!("Field 'day': {day_form}, not {said}")));
    let times = [
        "",
        "T14:30",
        "3",
        "3T",
        "3T9:30",
        "3T24:00",
        "3T14:60",
        "3T+1:30",
        "3T14:30:00",
        "3T14:30Z",
        "1e3T14:30",
        " 3T14:30",
        "40000T10:00",
    ];
    let times = times.map(|said| (fine().0, json!({"$at": said}), format!("Field 'at': {at_form}, not '{said}'")));
    let others = [
        (fine().0, json!({"$at": 3}), format!("Field 'at': {at_form}, not 3")),
        (json!({"$at": "3T10:00"}), fine().1, format!("Field 'day': it is a date, and {day_form}")),
        (fine().0, json!({"$day": 3}), format!("Field 'at': it is a date and time, and {at_form}")),
        // What it becomes is checked like any other value.
        (json!({"$day": -16}), fine().1, "Field 'day' must not be before 2024-12-31, but is 2024-12-30".to_owned()),
    ];
    for (day, at, words) in days.into_iter().chain(times).chain(others) {
        let refused = dated(day.clone(), at.clone()).unwrap_err();
        assert_eq!(refused.sentences(), [format!("records.days[0]: {words}")], "{day} {at}");
    }
    let both = dated(json!({"$day": 1, "$at": "1T10:00"}), json!(null)).unwrap_err();
    assert_eq!(both.sentences().len(), 1, "{both:?}");
}
