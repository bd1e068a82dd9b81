//! What lets in, and what ends it: every kind of credential beside every event, at the next request after the answer.

use crate::harness::{Harness, NOW_S, OWNER, OWNER_COOKIE};
use crate::transcript::{Ask, Reply};
use carryall::model::error::Error;
use carryall::model::job::{Job, unwatched};
use carryall::model::limits::Limits;
use carryall::model::principal::Visitor;
use carryall::ops::{credentials, ctx, jobs, sessions as sign_in, upkeep};
use carryall::store::tables::{sessions, tokens};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

const BEN: &str = "ben@example.com";
const PASSWORD: &str = "correct horse";
const W: &str = "/api/workspaces/default";

/// Headers by which somebody comes.
type Coming = Vec<(String, String)>;

fn headers(pairs: &[(&str, &str)]) -> Coming {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn cookie(session: &str) -> Coming {
    headers(&[("Cookie", &format!("sessionid={session}"))])
}

fn bearer(token: &str) -> Coming {
    headers(&[("Authorization", &format!("Bearer {token}"))])
}

fn send(harness: &Harness, coming: &Coming, method: &str, url: &str, body: &Value) -> Reply {
    let mut headers = coming.clone();
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body })
}

fn answer(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

fn asked(harness: &Harness, coming: &Coming, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let reply = send(harness, coming, method, url, body);
    (reply.status, answer(&reply))
}

fn owner() -> Coming {
    cookie(OWNER_COOKIE)
}

/// Who they are, or the status that refuses them.
fn is_in(harness: &Harness, coming: &Coming) -> Result<String, u16> {
    let (status, who) = asked(harness, coming, "GET", &format!("{W}/me"), &Value::Null);
    if status == 200 { Ok(who["user"]["email"].as_str().unwrap().to_owned()) } else { Err(status) }
}

fn session_of(reply: &Reply) -> String {
    let cookies = reply.headers.iter().filter(|(name, _)| name == "Set-Cookie");
    let keys = cookies.filter_map(|(_, value)| value.strip_prefix("sessionid=")?.split(';').next());
    keys.map(str::to_owned).next().unwrap_or_else(|| panic!("{reply:?}"))
}

fn signed_in(harness: &Harness, email: &str, password: &str) -> String {
    session_of(&send(harness, &Vec::new(), "POST", "/auth/login/", &json!({"username": email, "password": password})))
}

/// A member with every kind of credential; the two sessions last.
struct Ben {
    id: i64,
    /// What comes in, by its kind.
    all: BTreeMap<&'static str, Coming>,
    refresh: String,
}

impl Ben {
    fn make(harness: &Harness) -> Self {
        let made = asked(harness, &owner(), "POST", &format!("{W}/users"), &json!({"email": BEN, "role": "admin", "password": PASSWORD}));
        assert_eq!(made.0, 201, "{}", made.1);
        let session = cookie(&signed_in(harness, BEN, PASSWORD));
        let personal = asked(harness, &session, "POST", &format!("{W}/tokens"), &json!({"kind": "personal", "name": "p"})).1;
        let pair = json!({"kind": "key-secret", "name": "k", "apps": ["my-crm"]});
        let pair = asked(harness, &session, "POST", &format!("{W}/tokens"), &pair).1;
        let jwts = asked(harness, &Vec::new(), "POST", "/auth/authenticate", &json!({"email": BEN, "password": PASSWORD})).1;
        let long = asked(harness, &Vec::new(), "POST", "/user/auth", &json!({"username": BEN, "password": PASSWORD})).1;
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
        let all = BTreeMap::from([
            ("other session", cookie(&signed_in(harness, BEN, PASSWORD))),
            ("session", session),
            ("personal", bearer(&text(&personal, "token"))),
            ("pair", headers(&[("x-api-key", &text(&pair, "key")), ("x-api-secret", &text(&pair, "secret"))])),
            ("jwt", bearer(&text(&jwts, "access_token"))),
            ("long jwt", bearer(&text(&long, "token"))),
        ]);
        let ben = Self { id: made.1["user"]["id"].as_i64().unwrap(), all, refresh: text(&jwts, "refresh_token") };
        assert_eq!(ben.good(harness), KINDS, "all let in before anything happens");
        ben
    }

    /// The kinds that let in.
    fn good(&self, harness: &Harness) -> Vec<&'static str> {
        let mut good: Vec<&str> = self.all.iter().filter(|(_, coming)| is_in(harness, coming).is_ok()).map(|(kind, _)| *kind).collect();
        if asked(harness, &Vec::new(), "POST", "/auth/refresh", &json!({"refresh_token": self.refresh})).0 == 200 {
            good.push("refresh");
        }
        good.sort_unstable();
        good
    }
}

const KINDS: [&str; 7] = ["jwt", "long jwt", "other session", "pair", "personal", "refresh", "session"];

/// What happens, and the kinds that still let in at the next request.
type Event = (&'static str, fn(&Harness, &Ben), &'static [&'static str]);

const EVENTS: [Event; 11] = [
    ("suspended", |harness, ben| patch(harness, ben, json!({"suspended": true})), &[]),
    (
        "suspended, and back",
        |harness, ben| {
            patch(harness, ben, json!({"suspended": true}));
            patch(harness, ben, json!({"suspended": false}));
        },
        &["pair", "personal"],
    ),
    ("API access off", |harness, ben| patch(harness, ben, json!({"api_access": false})), &["other session", "session"]),
    (
        "API access off, and back on",
        |harness, ben| {
            patch(harness, ben, json!({"api_access": false}));
            patch(harness, ben, json!({"api_access": true}));
        },
        &["other session", "pair", "personal", "session"],
    ),
    ("another role", |harness, ben| patch(harness, ben, json!({"role": "member"})), &["other session", "pair", "personal", "session"]),
    ("another name", |harness, ben| patch(harness, ben, json!({"name": "B"})), &KINDS),
    (
        "another password",
        |harness, ben| {
            let change = json!({"current": PASSWORD, "new": "battery staple"});
            assert_eq!(asked(harness, &ben.all["session"], "POST", &format!("{W}/me/password"), &change).0, 204);
        },
        &["pair", "personal", "session"],
    ),
    (
        "a reset",
        |harness, ben| {
            let link = asked(harness, &owner(), "POST", &format!("{W}/users/{}/reset", ben.id), &Value::Null).1;
            let token = link["reset"]["url"].as_str().unwrap().split("#t=").nth(1).unwrap().to_owned();
            let chosen = json!({"token": token, "password": "battery staple"});
            assert_eq!(asked(harness, &Vec::new(), "POST", &format!("{W}/resets/accept"), &chosen).0, 200);
        },
        &[],
    ),
    (
        "the other sessions ended",
        |harness, ben| {
            let ended = asked(harness, &ben.all["session"], "DELETE", &format!("{W}/sessions"), &Value::Null);
            assert_eq!(ended, (200, json!({"ended": 1})));
        },
        &["jwt", "long jwt", "pair", "personal", "refresh", "session"],
    ),
    (
        "the tokens ended",
        |harness, ben| {
            for id in [1, 2] {
                assert_eq!(asked(harness, &ben.all["session"], "DELETE", &format!("{W}/tokens/{id}"), &Value::Null).0, 204);
            }
        },
        &["jwt", "long jwt", "other session", "refresh", "session"],
    ),
    ("deleted", |harness, ben| assert_eq!(asked(harness, &owner(), "DELETE", &format!("{W}/users/{}", ben.id), &Value::Null).0, 204), &[]),
];

fn patch(harness: &Harness, ben: &Ben, body: Value) {
    let (status, said) = asked(harness, &owner(), "PATCH", &format!("{W}/users/{}", ben.id), &body);
    assert_eq!(status, 200, "{said}");
}

#[test]
fn every_event_ends_what_it_must_at_the_next_request_and_nothing_else() {
    for (event, happens, good) in EVENTS {
        let harness = Harness::crm();
        let ben = Ben::make(&harness);
        happens(&harness, &ben);
        assert_eq!(ben.good(&harness), good, "{event}");
        // What does not let in any more is refused as unknown, never as somebody else.
        let refused = ben.all.values().filter_map(|coming| is_in(&harness, coming).err());
        assert!(refused.clone().all(|status| status == 401), "{event}: {:?}", refused.collect::<Vec<_>>());
        assert_eq!(is_in(&harness, &owner()), Ok("your@email.com".to_owned()), "{event}");
    }
}

#[test]
fn another_role_holds_from_the_next_request_on() {
    let harness = Harness::crm();
    let ben = Ben::make(&harness);
    let people = |kind: &str| asked(&harness, &ben.all[kind], "GET", &format!("{W}/users"), &Value::Null).0;
    for kind in ["session", "personal"] {
        assert_eq!(people(kind), 200);
    }
    patch(&harness, &ben, json!({"role": "member"}));
    for kind in ["session", "personal"] {
        assert_eq!(people(kind), 403, "{kind}");
    }
}

#[test]
fn whoever_is_suspended_or_without_api_access_gets_nothing_new() {
    let harness = Harness::crm();
    let ben = Ben::make(&harness);
    let sign_in = |harness: &Harness| {
        let (email, password) = (BEN, PASSWORD);
        [
            asked(harness, &Vec::new(), "POST", "/auth/login/", &json!({"username": email, "password": password})).0,
            asked(harness, &Vec::new(), "POST", "/auth/authenticate", &json!({"email": email, "password": password})).0,
            asked(harness, &Vec::new(), "POST", "/user/auth", &json!({"username": email, "password": password})).0,
        ]
    };
    // The chance of the tests comes round again: another place of it, so that no two are the same.
    harness.ctx.random::<1>();
    assert_eq!(sign_in(&harness), [200, 200, 200]);
    patch(&harness, &ben, json!({"api_access": false}));
    assert_eq!(sign_in(&harness), [200, 401, 403]);
    patch(&harness, &ben, json!({"suspended": true, "api_access": true}));
    assert_eq!(sign_in(&harness), [401, 401, 403]);
}

#[test]
fn a_link_from_the_terminal_is_for_who_may_come_in() {
    let harness = Harness::crm();
    let ben = Ben::make(&harness);
    let link = |user: Option<&str>| {
        let job = Job::Link { user: user.map(str::to_owned) };
        jobs::run(&harness.ctx, &OWNER, &job, &unwatched()).map(|made| made["token"].as_str().unwrap().to_owned())
    };
    let open = |token: &str| asked(&harness, &Vec::new(), "POST", "/auth/link/", &json!({"token": token})).0;
    let before = link(Some(BEN)).unwrap();
    patch(&harness, &ben, json!({"suspended": true}));
    assert_eq!(open(&before), 401, "a link from before has ended, too");
    assert_eq!(link(Some(BEN)).unwrap_err().message(), "ben@example.com is suspended: nothing lets them in");
    assert_eq!(open(&link(None).unwrap()), 200);
}

#[test]
fn a_link_that_was_given_to_a_member_is_no_link_to_an_owner() {
    let new = json!({"email": BEN, "role": "member", "password": PASSWORD});
    let invited = json!({"email": BEN, "role": "member"});
    let changes = [json!({"role": "owner"}), json!({"email": "ceo@example.com"}), json!({"name": "Ben"})];
    for (new, way, purpose) in [(&new, "resets", "reset"), (&invited, "invitations", "invitation")] {
        for change in &changes {
            let harness = Harness::crm();
            let made = asked(&harness, &owner(), "POST", &format!("{W}/users"), new);
            assert_eq!(made.0, 201, "{}", made.1);
            let user = format!("{W}/users/{}", made.1["user"]["id"]);
            let token = || {
                // The chance of the tests comes round again: another place of it.
                harness.ctx.random::<5>();
                let given = asked(&harness, &owner(), "POST", &format!("{user}/reset"), &Value::Null).1;
                let url = given[purpose]["url"].as_str().unwrap_or_else(|| panic!("{given}"));
                url.split("#t=").nth(1).unwrap().to_owned()
            };
            let job = Job::Link { user: Some(BEN.to_owned()) };
            let sign_in = jobs::run(&harness.ctx, &OWNER, &job, &unwatched()).unwrap()["token"].as_str().unwrap().to_owned();
            let before = token();
            assert_eq!(asked(&harness, &owner(), "PATCH", &user, change).0, 200);
            let accept = |token: &str| {
                let chosen = json!({"token": token, "password": "battery staple"});
                asked(&harness, &Vec::new(), "POST", &format!("{W}/{way}/accept"), &chosen).0
            };
            let open = asked(&harness, &Vec::new(), "POST", "/auth/link/", &json!({"token": sign_in})).0;
            let expected = if change.get("name").is_some() { 200 } else { 401 };
            assert_eq!((open, accept(&before)), (expected, expected), "{purpose} {change}");
            if expected == 401 {
                assert_eq!(accept(&token()), 200, "one that is given afterwards is good: {purpose} {change}");
            }
        }
    }
}

#[test]
fn of_two_headers_neither_counts() {
    let harness = Harness::crm();
    let ben = Ben::make(&harness);
    let (personal, jwt, pair) = (&ben.all["personal"], &ben.all["jwt"], &ben.all["pair"]);
    let both = |first: &Coming, second: &Coming| [first.clone(), second.clone()].concat();
    let lower = |coming: &Coming| coming.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect::<Coming>();
    let key = vec![pair[0].clone()];
    for twice in [
        both(personal, jwt),
        both(jwt, &lower(personal)),
        both(personal, &bearer("x")),
        both(pair, &key),
        both(pair, &headers(&[("x-api-secret", "x")])),
    ] {
        let (status, said) = asked(&harness, &twice, "GET", &format!("{W}/me"), &Value::Null);
        assert_eq!(status, 400, "{said}");
        assert!(said["error"]["message"].as_str().unwrap().starts_with("There are two "), "{said}");
    }
}

#[test]
#[cfg(unix)]
fn what_is_no_regular_file_is_no_key_and_waits_for_nobody() {
    let harness = Harness::crm();
    let path = std::path::PathBuf::from(format!("{}.key", harness.ctx.store.path().display()));
    let sign_in = || {
        harness.ctx.random::<1>();
        asked(&harness, &Vec::new(), "POST", "/auth/authenticate", &json!({"email": "your@email.com", "password": "your_password"})).0
    };
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(sign_in(), 500);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert_eq!(sign_in(), 500);
    std::fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
    assert_eq!(sign_in(), 500);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(sign_in(), 200);
}

#[test]
fn a_credential_ends_with_its_time() {
    let seconds = Arc::new(AtomicI64::new(NOW_S));
    let read = seconds.clone();
    let clock = Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)));
    let limits = Limits::default();
    let harness = Harness::with_clock(limits.clone(), clock).filled();
    let ben = Ben::make(&harness);
    let short = json!({"kind": "personal", "name": "short", "expires": "10m"});
    let short = asked(&harness, &ben.all["session"], "POST", &format!("{W}/tokens"), &short).1;
    let short = bearer(short["token"].as_str().unwrap());
    let at = |later: i64| seconds.store(NOW_S + later, Ordering::Relaxed);
    at(599);
    assert!(is_in(&harness, &short).is_ok());
    at(600);
    assert_eq!(is_in(&harness, &short), Err(401));
    at(limits.jwt_access_seconds - 1);
    assert_eq!(ben.good(&harness), KINDS);
    at(limits.jwt_access_seconds);
    assert_eq!(ben.good(&harness), ["long jwt", "other session", "pair", "personal", "refresh", "session"]);
    at(limits.jwt_refresh_seconds);
    assert_eq!(ben.good(&harness), ["long jwt", "other session", "pair", "personal", "session"]);
    at(limits.session_seconds);
    assert_eq!(ben.good(&harness), ["long jwt", "pair", "personal"]);
    at(limits.jwt_long_seconds);
    assert_eq!(ben.good(&harness), ["pair", "personal"]);
}

#[test]
fn a_session_that_nobody_uses_ends_where_that_is_set() {
    let seconds = Arc::new(AtomicI64::new(NOW_S));
    let read = seconds.clone();
    let harness = Harness::with_clock(Limits::default(), Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)))).filled();
    let at = |later: i64| seconds.store(NOW_S + later, Ordering::Relaxed);
    let ben = Ben::make(&harness);
    let set = |minutes: Value| {
        let set =
            asked(&harness, &bearer_of(&ben, "personal"), "PATCH", &format!("{W}/settings"), &json!({"session_idle_minutes": minutes}));
        assert_eq!(set.0, 200, "{}", set.1);
    };
    set(json!(10));
    for minute in 0..30 {
        at(minute * 60);
        assert!(is_in(&harness, &ben.all["session"]).is_ok(), "whoever uses it goes on: minute {minute}");
        if minute % 7 == 0 {
            credentials::note_used(&harness.ctx).unwrap();
        }
    }
    assert_eq!(is_in(&harness, &ben.all["other session"]), Err(401), "and whoever does not is out");
    upkeep::tend(&harness.ctx);
    set(Value::Null);
    assert_eq!(is_in(&harness, &ben.all["other session"]), Err(401));
    assert!(is_in(&harness, &ben.all["session"]).is_ok());
}

#[test]
fn a_session_that_was_used_within_the_minute_is_not_swept_as_idle() {
    let seconds = Arc::new(AtomicI64::new(NOW_S));
    let read = seconds.clone();
    let harness = Harness::with_clock(Limits::default(), Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)))).filled();
    let at = |later: i64| seconds.store(NOW_S + later, Ordering::Relaxed);
    let ben = Ben::make(&harness);
    assert_eq!(asked(&harness, &ben.all["session"], "PATCH", &format!("{W}/settings"), &json!({"session_idle_minutes": 1})).0, 200);
    // When it was used is known to the minute: this use is not noted.
    at(59);
    assert!(is_in(&harness, &ben.all["session"]).is_ok());
    at(61);
    upkeep::tend(&harness.ctx);
    assert!(is_in(&harness, &ben.all["session"]).is_ok(), "used two seconds ago");
    at(61 + 121);
    upkeep::tend(&harness.ctx);
    assert_eq!(is_in(&harness, &ben.all["session"]), Err(401));
}

fn bearer_of(ben: &Ben, kind: &str) -> Coming {
    ben.all[kind].clone()
}

#[test]
fn when_a_credential_was_used_last_is_told_at_once_and_written_down_later() {
    let seconds = Arc::new(AtomicI64::new(NOW_S));
    let read = seconds.clone();
    let harness = Harness::with_clock(Limits::default(), Arc::new(move || ctx::moment_at(read.load(Ordering::Relaxed)))).filled();
    let ben = Ben::make(&harness);
    credentials::note_used(&harness.ctx).unwrap();
    seconds.store(NOW_S + 150, Ordering::Relaxed);
    is_in(&harness, &ben.all["personal"]).unwrap();
    let told = || {
        let tokens = asked(&harness, &ben.all["session"], "GET", &format!("{W}/tokens"), &Value::Null).1;
        let sessions = asked(&harness, &ben.all["session"], "GET", &format!("{W}/sessions"), &Value::Null).1;
        let current = sessions["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true).unwrap().clone();
        (tokens["tokens"][1]["used_at"].clone(), current["used_at"].clone())
    };
    let now = json!("2025-01-15T10:32:30Z");
    assert_eq!(told(), (now.clone(), now.clone()));
    let stored = || harness.ctx.read(|tx| Ok(tokens::find(tx, 1)?.unwrap().used_s)).unwrap();
    assert_eq!(stored(), Some(NOW_S), "a request writes nothing");
    credentials::note_used(&harness.ctx).unwrap();
    assert_eq!(stored(), Some(NOW_S + 150));
    let hash = carryall::auth::session::digest(ben.all["session"][0].1.strip_prefix("sessionid=").unwrap());
    let used_s = harness.ctx.read(|tx| Ok(sessions::find(tx, &hash)?.unwrap().2)).unwrap();
    assert_eq!((used_s, told()), (NOW_S + 150, (now.clone(), now)));
}

#[test]
fn nobody_is_in_after_the_answer_that_ends_a_token_however_many_ask() {
    let harness = Harness::crm();
    let made = asked(&harness, &owner(), "POST", &format!("{W}/tokens"), &json!({"kind": "personal", "name": "busy"})).1;
    let token = bearer(made["token"].as_str().unwrap());
    let (ended, late, before) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let was_ended = ended.load(Ordering::SeqCst);
                    let status = is_in(&harness, &token);
                    match (was_ended, status) {
                        (false, Ok(_)) => drop(before.fetch_add(1, Ordering::SeqCst)),
                        (true, Ok(_)) => drop(late.fetch_add(1, Ordering::SeqCst)),
                        (true, Err(_)) => return,
                        (false, Err(status)) => assert_eq!(status, 401),
                    }
                }
            });
        }
        while before.load(Ordering::SeqCst) < 40 {
            std::thread::yield_now();
        }
        assert_eq!(asked(&harness, &owner(), "DELETE", &format!("{W}/tokens/1"), &Value::Null).0, 204);
        ended.store(true, Ordering::SeqCst);
    });
    assert_eq!(late.load(Ordering::SeqCst), 0);
}

#[test]
fn a_failed_sign_in_tells_nothing_of_who_is_there() {
    let harness = Harness::crm();
    let invited = asked(&harness, &owner(), "POST", &format!("{W}/users"), &json!({"email": "invited@example.com"}));
    assert_eq!(invited.0, 201);
    let suspended = json!({"email": "suspended@example.com", "password": PASSWORD});
    assert_eq!(asked(&harness, &owner(), "POST", &format!("{W}/users"), &suspended).0, 201);
    assert_eq!(asked(&harness, &owner(), "PATCH", &format!("{W}/users/3"), &json!({"suspended": true})).0, 200);
    let whom = ["your@email.com", "nobody@email.com", "invited@example.com", "suspended@example.com"];
    let doors: [(&str, &str); 3] = [("/auth/login/", "username"), ("/auth/authenticate", "email"), ("/user/auth", "username")];
    for (door, (url, name)) in doors.into_iter().enumerate() {
        // Each from an address of its own: the tenth failure from one address would be told to wait.
        let courses: Vec<_> = whom
            .iter()
            .enumerate()
            .map(|(number, email)| {
                let from = headers(&[("From", &format!("10.0.{door}.{number}"))]);
                let mut course = Vec::new();
                for try_ in 0..7 {
                    let spelled = if try_ % 2 == 0 { (*email).to_owned() } else { email.to_uppercase() };
                    let hashed = harness.ctx.credentials.passwords.done();
                    let reply = send(&harness, &from, "POST", url, &json!({name: spelled, "password": PASSWORD.to_uppercase()}));
                    let mut kept = reply.headers.clone();
                    kept.retain(|(name, _)| name != "X-Request-Id");
                    course.push((reply.status, kept, reply.body, harness.ctx.credentials.passwords.done() - hashed));
                }
                course
            })
            .collect();
        for course in &courses {
            assert_eq!(course, &courses[0], "{url}");
            assert!(course.iter().all(|(.., hashed)| *hashed == 1), "one password is compared, whoever it is");
        }
        let statuses: Vec<u16> = courses[0].iter().map(|(status, ..)| *status).collect();
        let wrong = if url == "/user/auth" { 403 } else { 401 };
        // The account's failures go on from door to door.
        let expected = if door == 0 { [wrong, wrong, wrong, wrong, wrong, 429, 429] } else { [429; 7] };
        assert_eq!(statuses, expected, "{url}");
        let retry = courses[0].last().unwrap().1.iter().find(|(name, _)| name == "Retry-After").cloned();
        assert!(retry.is_some_and(|(_, seconds)| (60..=900).contains(&seconds.parse().unwrap())), "{url}");
    }
    for (url, name) in doors {
        let right = asked(&harness, &Vec::new(), "POST", url, &json!({name: "your@email.com", "password": "your_password"}));
        assert_eq!(right.0, 200, "the right password is never refused: {url} {}", right.1);
    }
    let wrong = asked(&harness, &Vec::new(), "POST", "/auth/login/", &json!({"username": "your@email.com", "password": "x"}));
    assert_eq!(wrong.0, 401, "and whoever has given it begins anew");
}

#[test]
fn failures_are_counted_by_the_connection_and_never_by_a_header() {
    let harness = Harness::crm();
    let statuses: Vec<u16> = (0..12)
        .map(|number| {
            let from = headers(&[("From", "10.0.0.7"), ("X-Forwarded-For", &format!("10.1.1.{number}")), ("Forwarded", "for=1.2.3.4")]);
            send(&harness, &from, "POST", "/auth/login/", &json!({"username": format!("n{number}@b.c"), "password": "x"})).status
        })
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 429, 429]);
    let other = headers(&[("From", "10.0.0.8"), ("X-Forwarded-For", "10.0.0.7")]);
    assert_eq!(send(&harness, &other, "POST", "/auth/login/", &json!({"username": "x@b.c", "password": "x"})).status, 401);
}

#[test]
fn two_passwords_are_two_to_their_last_byte() {
    let harness = Harness::crm();
    let base = "x".repeat(72);
    let made = json!({"email": BEN, "password": format!("{base}a")});
    assert_eq!(asked(&harness, &owner(), "POST", &format!("{W}/users"), &made).0, 201);
    let login = |password: String| asked(&harness, &Vec::new(), "POST", "/auth/login/", &json!({"username": BEN, "password": password})).0;
    assert_eq!((login(format!("{base}b")), login(base.clone()), login(format!("{base}a"))), (401, 401, 200));
    let with_nul = json!({"email": "nul@example.com", "password": "passw\u{0}ord"});
    assert_eq!(asked(&harness, &owner(), "POST", &format!("{W}/users"), &with_nul).0, 201);
    let login = |password: &str| {
        asked(&harness, &Vec::new(), "POST", "/auth/login/", &json!({"username": "nul@example.com", "password": password})).0
    };
    assert_eq!((login("passw"), login("passw\u{0}"), login("passw\u{0}ord")), (401, 401, 200));
}

#[test]
fn a_token_follows_what_it_is_narrowed_to() {
    let harness = Harness::crm();
    let schemas = json!({"my-crm": ["companies", {"schema": "contacts", "fields": ["name", "age"]}]});
    let made = json!({"kind": "personal", "name": "narrow", "schemas": schemas});
    assert_eq!(asked(&harness, &owner(), "POST", &format!("{W}/tokens"), &made).0, 201);
    let change = |method: &str, url: &str, body: Value| {
        let (status, said) = asked(&harness, &owner(), method, url, &body);
        assert!(status < 300, "{method} {url}: {said}");
    };
    let shown = || {
        let all = asked(&harness, &owner(), "GET", &format!("{W}/tokens"), &Value::Null).1;
        (all["tokens"][0]["apps"].clone(), all["tokens"][0]["schemas"].clone())
    };
    change("PATCH", "/api/apps/my-crm/schemas/contacts/fields/name", json!({"slug": "full_name"}));
    change("PATCH", "/api/apps/my-crm/schemas/contacts", json!({"slug": "people"}));
    change("PATCH", "/api/apps/my-crm", json!({"slug": "crm"}));
    assert_eq!(shown().1, json!({"crm": ["companies", {"schema": "people", "fields": ["full_name", "age"]}]}));
    change("DELETE", "/api/apps/crm/schemas/people/fields/age?dry_run=true", Value::Null);
    assert_eq!(shown().1["crm"][1]["fields"], json!(["full_name", "age"]), "what is rehearsed takes nothing away");
    change("DELETE", "/api/apps/crm/schemas/people/fields/age", Value::Null);
    assert_eq!(shown().1["crm"][1]["fields"], json!(["full_name"]));
    let narrowing = || harness.ctx.read(|tx| Ok(tokens::find(tx, 1)?.unwrap().narrowing)).unwrap();
    change("DELETE", "/api/apps/crm", Value::Null);
    assert_eq!(shown(), (json!([]), json!({})));
    assert_eq!(narrowing().apps, Some(Vec::new()), "narrowed to nothing, and not to everything");
}

#[test]
fn whatever_a_token_does_bears_its_name_in_the_change_log() {
    let harness = Harness::crm();
    let made = json!({"kind": "personal", "name": "Night job"});
    let token = asked(&harness, &owner(), "POST", &format!("{W}/tokens"), &made).1;
    let token = bearer(token["token"].as_str().unwrap());
    let url = "/api/apps/my-crm/schemas/companies/records";
    assert_eq!(asked(&harness, &token, "POST", url, &json!({"name": "By night"})).0, 201);
    let all = json!([{"name": "One"}, {"name": "Two"}]);
    assert_eq!(asked(&harness, &token, "POST", url, &all).0, 201);
    assert_eq!(asked(&harness, &token, "DELETE", "/api/apps/my-crm/schemas/visits", &Value::Null).0, 200);
    assert_eq!(asked(&harness, &token, "PATCH", &format!("{W}/me"), &json!({"name": "Owner"})).0, 200);
    let path = harness.ctx.store.path().to_owned();
    let conn = rusqlite::Connection::open(path).unwrap();
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let after = count("SELECT min(seq) FROM change WHERE label LIKE '%By night%'");
    assert!(count(&format!("SELECT count(*) FROM change WHERE seq >= {after}")) > 4);
    assert_eq!(count(&format!("SELECT count(*) FROM change WHERE seq >= {after} AND token IS NOT 'Night job'")), 0);
    assert_eq!(count(&format!("SELECT count(*) FROM change WHERE seq < {after} AND token IS NOT NULL")), 0);
    let words: String = conn.query_row("SELECT group_concat(label) FROM change WHERE kind = 'account'", [], |row| row.get(0)).unwrap();
    assert!(words.contains("made the personal token 'Night job' of your@email.com"), "{words}");
}

#[test]
fn a_password_that_was_right_before_it_changed_lets_nobody_in_and_one_that_still_is_does() {
    let harness = Harness::crm();
    let ben = Ben::make(&harness);
    let visitor = Visitor::default();
    let verified = |password: &str| sign_in::verify(&harness.ctx, BEN, password, &visitor);
    let open = |beginning: sign_in::Beginning| harness.ctx.store.write(move |tx| sign_in::open(tx, &beginning)).map(|opened| opened.key);
    // Between the comparison and the transaction.
    let beginning = verified(PASSWORD).unwrap();
    patch(&harness, &ben, json!({"role": "member"}));
    assert_eq!(open(beginning).unwrap_err(), Error::Stale, "it is compared again");
    assert!(open(verified(PASSWORD).unwrap()).is_ok());
    let beginning = verified(PASSWORD).unwrap();
    patch(&harness, &ben, json!({"suspended": true}));
    assert_eq!(open(beginning).unwrap_err(), Error::Stale);
    assert!(verified(PASSWORD).is_err());
}

#[test]
fn whoever_uses_a_spent_refresh_token_ends_what_was_given_for_it_at_once_and_nothing_else() {
    let harness = Harness::crm();
    let ben = Ben::make(&harness);
    assert_eq!(asked(&harness, &owner(), "PATCH", &format!("{W}/settings"), &json!({"refresh_rotation": true})).0, 200);
    let renewed = |refresh: &Value| {
        // The chance of the tests comes round again: another place of it.
        harness.ctx.random::<1>();
        asked(&harness, &Vec::new(), "POST", "/auth/refresh", &json!({"refresh_token": refresh}))
    };
    let other = asked(&harness, &Vec::new(), "POST", "/auth/authenticate", &json!({"email": BEN, "password": PASSWORD})).1;
    let (status, second) = renewed(&json!(ben.refresh));
    assert_eq!(status, 200, "{second}");
    let access = |pair: &Value| bearer(pair["access_token"].as_str().unwrap());
    for coming in [&ben.all["jwt"], &access(&second), &access(&other)] {
        assert!(is_in(&harness, coming).is_ok());
    }
    assert_eq!(renewed(&json!(ben.refresh)).0, 401, "spent");
    for coming in [&ben.all["jwt"], &access(&second)] {
        assert_eq!(is_in(&harness, coming), Err(401), "one of the two who have the sign-in has stolen it");
    }
    for coming in [&access(&other), &ben.all["long jwt"], &ben.all["session"], &ben.all["personal"]] {
        assert!(is_in(&harness, coming).is_ok(), "of other sign-ins");
    }
    assert_eq!(renewed(&second["refresh_token"]).0, 401);
    assert_eq!(renewed(&other["refresh_token"]).0, 200);
}

/// Where nobody else can try it a short password is taken, with a word of warning.
#[test]
fn a_short_password_is_refused_where_other_machines_come_in_and_warned_of_elsewhere() {
    for is_open in [false, true] {
        let mut harness = Harness::crm().with_people(&["ann", "bob"]);
        let Some(ctx) = Arc::get_mut(&mut harness.ctx) else { panic!("the server is shared already") };
        ctx.site.is_open = is_open;
        let warned =
            |reply: &Reply| reply.headers.iter().any(|(name, text)| name == "X-Warning" && text.contains("fewer than 8 characters"));
        let sent = |who: &Coming, url: &str, body: Value| send(&harness, who, "POST", &format!("{W}/{url}"), &body);
        let ann = headers(&[("As", "ann")]);
        let invited = answer(&sent(&owner(), "users", json!({"email": "invited@example.com"})));
        let link = invited["invitation"]["url"].as_str().unwrap().split("#t=").nth(1).unwrap().to_owned();
        let reset = answer(&sent(&owner(), "users/3/reset", Value::Null));
        let other = reset["reset"]["url"].as_str().unwrap().split("#t=").nth(1).unwrap().to_owned();
        let all = |password: &str| {
            [
                sent(&owner(), "users", json!({"email": format!("{}@example.com", password.len()), "password": password})),
                sent(&Vec::new(), "invitations/accept", json!({"token": link, "password": password})),
                sent(&ann, "me/password", json!({"current": "your_password", "new": password})),
                sent(&Vec::new(), "resets/accept", json!({"token": other, "password": password})),
            ]
        };
        for reply in all("short") {
            match is_open {
                true => assert!(reply.status == 400 && answer(&reply).to_string().contains("at least 8 characters"), "{reply:?}"),
                false if reply.status == 401 => panic!("{reply:?}"),
                false => assert!(reply.status < 300 && warned(&reply), "{reply:?}"),
            }
        }
        if is_open {
            for reply in all("long enough") {
                assert!(!warned(&reply) && reply.status < 300, "{reply:?}");
            }
        }
        let made =
            jobs::run(&harness.ctx, &OWNER, &Job::AdminCreate { email: "b@c.de".to_owned(), password: "short".to_owned() }, &unwatched());
        assert_eq!(
            made.map(|made| made["warning"].is_string()).map_err(|error| matches!(error, Error::Invalid(_))),
            if is_open { Err(true) } else { Ok(true) }
        );
    }
}
