//! Answers in gzip: the same text, for those who ask for it, with states that hold; never with a secret in it.

use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use carryall::model::limits::Limits;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::Read;

const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts";

fn ask(harness: &Harness, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let all = [("As", "owner"), ("Content-Type", "application/json")].iter().chain(headers);
    let headers = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

fn header<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    reply.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn unpacked(reply: &Reply) -> String {
    assert_eq!(header(reply, "Content-Encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap();
    text
}

/// Short ones are packed whole, long ones while they are sent.
#[test]
fn a_text_is_the_same_in_gzip() {
    for reply_memory_bytes_max in [Limits::default().reply_memory_bytes_max, 2_000] {
        let harness = Harness::crm_with(Limits { reply_memory_bytes_max, ..Limits::default() });
        for (url, accept) in [
            (format!("{CONTACTS}/records"), "*/*"),
            (format!("{CONTACTS}/records?limit=1000&offset=0"), "*/*"),
            (format!("{CONTACTS}/records"), "text/csv"),
            (format!("{CONTACTS}/records"), "application/x-ndjson"),
            (format!("{CONTACTS}/export?format=json"), "*/*"),
            ("/api/apps/my-crm/app-file?records=true".to_owned(), "*/*"),
            ("/api/openapi.json".to_owned(), "*/*"),
        ] {
            let plain = ask(&harness, "GET", &url, &[("Accept", accept)], "");
            let packed = ask(&harness, "GET", &url, &[("Accept", accept), ("Accept-Encoding", "br, gzip")], "");
            assert_eq!((plain.status, packed.status), (200, 200), "{url}");
            assert_eq!(unpacked(&packed), String::from_utf8(plain.body.clone()).unwrap(), "{url}");
            assert!(packed.body.len() * 2 < plain.body.len(), "{url}: {} of {}", packed.body.len(), plain.body.len());
            assert_eq!((header(&plain, "Vary"), header(&packed, "Vary")), (Some("Accept-Encoding"), Some("Accept-Encoding")), "{url}");
            assert_eq!(header(&plain, "Content-Type"), header(&packed, "Content-Type"), "{url}");
        }
    }
}

#[test]
fn what_is_short_or_packed_already_or_not_asked_for_stays_as_it_is() {
    let harness = Harness::crm();
    for (url, encodings) in [
        (format!("{CONTACTS}/records/1"), "gzip"),
        (format!("{CONTACTS}/export?format=xlsx"), "gzip"),
        (format!("{CONTACTS}/records"), "gzip;q=0"),
        (format!("{CONTACTS}/records"), "identity"),
        (format!("{CONTACTS}/records"), "br"),
    ] {
        let reply = ask(&harness, "GET", &url, &[("Accept-Encoding", encodings)], "");
        assert_eq!((reply.status, header(&reply, "Content-Encoding")), (200, None), "{url} {encodings}");
    }
    // Whoever takes nothing else gets it, however short it is.
    let reply = ask(&harness, "GET", &format!("{CONTACTS}/records/1"), &[("Accept-Encoding", "gzip, identity;q=0")], "");
    assert!(unpacked(&reply).contains("Ada Berg"));
}

/// A strong tag is that of the bytes; both are good for what is asked by them.
#[test]
fn a_state_that_came_in_gzip_is_that_of_the_record() {
    let harness = Harness::crm();
    let one = format!("{CONTACTS}/records/1");
    let long = json!({"notes": {"text": "word ".repeat(500)}}).to_string();
    assert_eq!(ask(&harness, "PATCH", &one, &[], &long).status, 200);
    let plain = ask(&harness, "GET", &one, &[], "");
    let packed = ask(&harness, "GET", &one, &[("Accept-Encoding", "gzip")], "");
    let (plain, packed) = (header(&plain, "ETag").unwrap().to_owned(), header(&packed, "ETag").unwrap().to_owned());
    assert_eq!(packed, plain.trim_end_matches('"').to_owned() + "-gzip\"");
    for tag in [&plain, &packed] {
        let reply = ask(&harness, "GET", &one, &[("Accept-Encoding", "gzip"), ("If-None-Match", tag)], "");
        assert_eq!((reply.status, header(&reply, "ETag"), reply.body.len()), (304, Some(tag.as_str()), 0));
    }
    let changed = ask(&harness, "PATCH", &one, &[("If-Match", &packed), ("Accept-Encoding", "gzip")], r#"{"age": 30}"#);
    assert_eq!(changed.status, 200, "{:?}", String::from_utf8_lossy(&changed.body));
    let now = header(&changed, "ETag").unwrap().to_owned();
    assert!(now.ends_with("-gzip\"") && unpacked(&changed).contains("\"age\":30"));
    assert_eq!(ask(&harness, "PATCH", &one, &[("If-Match", &packed)], r#"{"age": 31}"#).status, 412);
    assert_eq!(ask(&harness, "PATCH", &one, &[("If-Match", &now)], r#"{"age": 31}"#).status, 200);
    // The tag of a list is weak: that of its text in whatever form.
    let list = ask(&harness, "GET", &format!("{CONTACTS}/records"), &[("Accept-Encoding", "gzip")], "");
    let tag = header(&list, "ETag").unwrap().to_owned();
    assert!(tag.starts_with("W/") && !tag.contains("gzip"), "{tag}");
    assert_eq!(ask(&harness, "GET", &format!("{CONTACTS}/records"), &[("If-None-Match", &tag)], "").status, 304);
}

#[test]
fn what_was_just_made_and_must_stay_secret_is_never_packed() {
    let harness = Harness::crm();
    let gzip = [("Accept-Encoding", "gzip, identity;q=0")];
    let name = "n".repeat(60);
    let token = json!({"name": name, "kind": "personal"}).to_string();
    let pair = json!({"name": name, "kind": "key-secret", "apps": ["my-crm"]}).to_string();
    let user = json!({"email": "new@example.com", "name": name}).to_string();
    let workspace = "/api/workspaces/default";
    let sign_in = r#"{"username": "your@email.com", "password": "your_password"}"#;
    let by_email = r#"{"email": "your@email.com", "password": "your_password"}"#;
    for (url, body, word) in [
        (format!("{workspace}/tokens"), token.as_str(), "\"token\""),
        (format!("{workspace}/tokens"), &pair, "\"secret\""),
        (format!("{workspace}/users"), &user, "\"url\""),
        (format!("{workspace}/users/2/reset"), "", "\"url\""),
        ("/auth/login/".to_owned(), sign_in, "\"user\""),
        ("/auth/authenticate".to_owned(), by_email, "\"access_token\""),
        ("/user/auth".to_owned(), by_email, "\"token\""),
    ] {
        let reply = ask(&harness, "POST", &url, &[gzip[0], ("Accept", "application/json")], body);
        let text = match header(&reply, "Content-Encoding") {
            Some(_) => unpacked(&reply),
            None => String::from_utf8_lossy(&reply.body).into_owned(),
        };
        assert!(matches!(reply.status, 200 | 201), "{url}: {text}");
        assert!(text.contains(word), "{url}: {text}");
        assert_eq!((header(&reply, "Content-Encoding"), header(&reply, "Cache-Control")), (None, Some("no-store")), "{url}");
    }
    let caches: Vec<Value> = ask(&harness, "GET", CONTACTS, &[], "")
        .headers
        .iter()
        .filter(|(name, _)| name == "Cache-Control")
        .map(|(_, value)| json!(value))
        .collect();
    assert_eq!(caches, ["no-store"]);
}
