//! Programs that sign in, with the built executable: `carryall token create`, a data file that is copied, secrets that stand nowhere.

use crate::smoke::{Place, Server, carryall, run_on};
use serde_json::{Value, json};
use std::path::Path;

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct-horse-battery";
const W: &str = "/api/workspaces/default";

/// A data file with an app and an owner.
fn place() -> Place {
    let place = Place::new();
    let app = json!({"carryall": 1, "app": {"slug": "crm", "name": "CRM"}, "schemas": [{"slug": "deals", "fields": [{"slug": "title", "type": "text"}]}]});
    assert_eq!(place.run(&["apply", &place.file("app.json", app.to_string())]).code, Some(0));
    let made = place.run_with(&["admin", "create", "--email", EMAIL, "--password-stdin"], PASSWORD);
    assert_eq!(made.code, Some(0), "{made:?}");
    place
}

fn created(db: &Path, args: &[&str]) -> Value {
    let ran = run_on(db, &[&["token", "create", "--user", EMAIL, "--json"], args].concat(), "");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("{key}: {value}")).to_owned()
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

fn status(server: &Server, headers: &[&str]) -> u16 {
    server.ask("GET", "/api/apps/crm/schemas/deals/records", headers, "").status
}

/// Every secret of a run, by what it is.
fn secrets(server: &Server, personal: &Value, pair: &Value) -> Vec<(&'static str, String)> {
    let json = ["Content-Type: application/json"];
    let cookie = server.sign_in(EMAIL, PASSWORD);
    let session = [format!("Cookie: {cookie}"), json[0].to_owned()];
    let session: Vec<&str> = session.iter().map(String::as_str).collect();
    let jwts = server.ask("POST", "/auth/authenticate", &json, &json!({"email": EMAIL, "password": PASSWORD}).to_string()).json();
    let long = server.ask("POST", "/user/auth", &json, &json!({"username": EMAIL, "password": PASSWORD}).to_string()).json();
    let invited = server.ask("POST", &format!("{W}/users"), &session, &json!({"email": "ben@example.com"}).to_string()).json();
    let link = text(&invited["invitation"], "url").split("#t=").nth(1).unwrap().to_owned();
    let accept = json!({"token": link, "password": "battery-staple-horse"}).to_string();
    assert_eq!(server.ask("POST", &format!("{W}/invitations/accept"), &json, &accept).status, 200);
    let reset = server.ask("POST", &format!("{W}/users/2/reset"), &session, "").json();
    let wrong = json!({"username": EMAIL, "password": "a-wrong-password"}).to_string();
    assert_eq!(server.ask("POST", "/auth/login/", &json, &wrong).status, 401);
    assert_eq!(server.ask("GET", &format!("/api/apps?token={}", text(personal, "token").replace('|', "%7C")), &[], "").status, 400);
    let part = |jwt: &str| jwt.rsplit('.').next().unwrap().to_owned();
    vec![
        ("session", cookie.strip_prefix("sessionid=").unwrap().to_owned()),
        ("personal", text(personal, "token").split('|').nth(1).unwrap().to_owned()),
        ("secret", text(pair, "secret")),
        ("access", part(&text(&jwts, "access_token"))),
        ("refresh", part(&text(&jwts, "refresh_token"))),
        ("long", part(&text(&long, "token"))),
        ("invitation", link),
        ("reset", text(&reset["reset"], "url").split("#t=").nth(1).unwrap().to_owned()),
        ("password", PASSWORD.to_owned()),
        ("chosen", "battery-staple-horse".to_owned()),
        ("wrong", "a-wrong-password".to_owned()),
    ]
}

#[test]
fn a_token_is_made_on_a_file_and_in_a_running_server_alike() {
    let place = place();
    let by_file = created(&place.db(), &["--kind", "personal", "--name", "by file"]);
    let server = place.serve();
    let by_server = created(&place.db(), &["--kind", "personal", "--name", "by server", "--expires", "30d"]);
    let pair = created(&place.db(), &["--kind", "key-secret", "--name", "pair", "--app", "crm"]);
    assert_eq!(by_file.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "kind", "name", "token"]);
    assert_eq!(pair.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "kind", "name", "key", "secret", "apps"]);
    assert_eq!(pair["apps"][0]["slug"], "crm");
    for token in [&by_file, &by_server] {
        assert_eq!(status(&server, &[&bearer(&text(token, "token"))]), 200);
    }
    let (key, secret) = (format!("x-api-key: {}", text(&pair, "key")), format!("X-Api-Secret: {}", text(&pair, "secret")));
    assert_eq!(status(&server, &[&key, &secret]), 200);
    assert_eq!(status(&server, &[&key]), 401);

    // The job board shows no secret: the server was told its hash only.
    let jobs = server.ask("GET", &format!("{W}/jobs"), &[&bearer(&text(&by_file, "token"))], "");
    assert!(jobs.text().contains("token_create") && !jobs.text().contains(&text(&pair, "secret")), "{}", jobs.text());
    assert_eq!(place.run(&["link"]).code, Some(0));
    let jobs = server.ask("GET", &format!("{W}/jobs"), &[&bearer(&text(&by_file, "token"))], "").json();
    assert_eq!((&jobs["jobs"][0]["kind"], &jobs["jobs"][0]["outcome"]), (&json!("link"), &json!({})), "a link is for who asked for it");

    let plain = place.run(&["token", "create", "--user", EMAIL, "--kind", "personal", "--name", "plain"]);
    assert_eq!((plain.code, status(&server, &[&bearer(plain.out.trim())])), (Some(0), 200), "{plain:?}");
    for (args, code, words) in [
        (vec!["--user", "nobody@example.com", "--kind", "personal", "--name", "x"], 1, "There is no user 'nobody@example.com'"),
        (vec!["--user", EMAIL, "--kind", "key-secret", "--name", "x"], 1, "name at least one in 'apps'"),
        (vec!["--user", EMAIL, "--kind", "key-secret", "--name", "x", "--app", "cmr"], 1, "Did you mean 'crm'?"),
        (vec!["--user", EMAIL, "--kind", "personal", "--name", "x", "--expires", "soon"], 1, "'expires' cannot be 'soon'"),
        (vec!["--user", EMAIL, "--kind", "bearer", "--name", "x"], 2, "key-secret"),
        (vec!["--user", EMAIL, "--kind", "personal"], 2, "--name"),
    ] {
        let ran = place.run(&[&["token", "create"], args.as_slice()].concat());
        assert!(ran.code == Some(code) && ran.err.contains(words), "{args:?}: {ran:?}");
    }
    assert_eq!(
        run_on(&place.data.path().join("other.db"), &["token", "create", "--user", EMAIL, "--kind", "personal", "--name", "x"], "").code,
        Some(3)
    );
}

#[test]
fn a_copied_file_keeps_passwords_and_tokens_and_ends_jwts() {
    let place = place();
    let personal = created(&place.db(), &["--kind", "personal", "--name", "p"]);
    let pair = created(&place.db(), &["--kind", "key-secret", "--name", "k", "--app", "crm"]);
    let server = place.serve();
    let cookie = server.sign_in(EMAIL, PASSWORD);
    let json = ["Content-Type: application/json"];
    let jwts = server.ask("POST", "/auth/authenticate", &json, &json!({"email": EMAIL, "password": PASSWORD}).to_string()).json();
    let access = bearer(&text(&jwts, "access_token"));
    assert_eq!(status(&server, &[&access]), 200);
    assert_eq!(server.stop().0, Some(0));
    let beside = std::fs::read_dir(place.data.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut beside: Vec<String> = beside.collect();
    beside.sort();
    assert_eq!(beside, ["data.db", "data.db.key"], "a JWT was signed, and its key is the only thing beside the file");

    // The same machine goes on as before.
    let again = place.serve();
    assert_eq!(status(&again, &[&access]), 200);
    assert_eq!(again.stop().0, Some(0));

    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("copy.db");
    std::fs::copy(place.db(), &copy).unwrap();
    let mut command = carryall();
    command.args(["serve", "--db", copy.to_str().unwrap(), "--listen", "127.0.0.1:0", "--no-open", "--quiet"]);
    let server = Server::start(&mut command, &other.path().join("log"));
    assert_eq!(status(&server, &[&bearer(&text(&personal, "token"))]), 200);
    let (key, secret) = (format!("x-api-key: {}", text(&pair, "key")), format!("x-api-secret: {}", text(&pair, "secret")));
    assert_eq!(status(&server, &[&key, &secret]), 200);
    assert_eq!(status(&server, &[&format!("Cookie: {cookie}")]), 200);
    server.sign_in(EMAIL, PASSWORD);
    assert_eq!(status(&server, &[&access]), 401);
    let refresh = json!({"refresh_token": text(&jwts, "refresh_token")}).to_string();
    assert_eq!(server.ask("POST", "/auth/refresh", &json, &refresh).status, 401);
}

#[test]
fn no_secret_stands_in_the_file_nor_in_any_log() {
    let place = place();
    let personal = created(&place.db(), &["--kind", "personal", "--name", "p"]);
    let pair = created(&place.db(), &["--kind", "key-secret", "--name", "k", "--app", "crm"]);
    let log = place.scratch.path().join("log");
    let mut command = carryall();
    command.args(["serve", "--db", place.db().to_str().unwrap(), "--listen", "127.0.0.1:0", "--no-open"]).env("CARRYALL_LOG", "debug");
    let server = Server::start(&mut command, &log);
    let secrets = secrets(&server, &personal, &pair);
    for token in ["1|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &text(&personal, "token")] {
        server.ask("GET", "/api/apps", &[&bearer(token)], "");
    }
    // While it runs, its journal is a file of its own.
    let names: Vec<_> = std::fs::read_dir(place.data.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.iter().any(|path| path.ends_with("data.db-wal")), "{names:?}");
    let mut places: Vec<(String, Vec<u8>)> = names.iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
    places.push(("the log".to_owned(), server.said().into_bytes()));
    assert!(server.said().contains("/auth/authenticate"), "the log tells requests: {}", server.said());
    assert_eq!(server.stop().0, Some(0));
    places.push(("the file at rest".to_owned(), std::fs::read(place.db()).unwrap()));
    for (what, secret) in &secrets {
        for (place, bytes) in &places {
            let stands = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!stands, "the {what} stands in {place}");
        }
    }
}

#[test]
fn a_refusal_of_the_door_has_the_form_of_the_dialect_that_was_asked() {
    let place = place();
    let server = place.serve();
    let long = "x".repeat(20_000);
    let json = ["Content-Type: application/json"];
    for (method, url, body, status, key) in [
        ("POST", "/auth/authenticate", long.as_str(), 413, "detail"),
        ("POST", "/auth/refresh/", long.as_str(), 413, "detail"),
        ("PUT", "/auth/authenticate", "", 405, "detail"),
        ("POST", "/user/auth", long.as_str(), 413, "statusCode"),
        ("DELETE", "/user", "", 405, "statusCode"),
        ("GET", "/user/nothing", "", 404, "statusCode"),
        ("POST", "/auth/login/", long.as_str(), 413, "error"),
        ("GET", "/auth/nothing", "", 404, "error"),
    ] {
        let answer = server.ask(method, url, &json, body);
        assert_eq!(answer.status, status, "{method} {url}: {}", answer.text());
        let said = answer.json();
        assert!(said.get(key).is_some() && (key != "error" || said["error"]["code"].is_string()), "{method} {url}: {said}");
    }
}

#[test]
fn a_restore_ends_jwts_and_brings_no_token_back_that_was_ended() {
    let place = place();
    let [kept, ended] = ["kept", "ended"].map(|name| text(&created(&place.db(), &["--kind", "personal", "--name", name]), "token"));
    let backup = place.scratch.path().join("backup.db");
    assert_eq!(place.run(&["backup", "-o", backup.to_str().unwrap()]).code, Some(0));
    let json = ["Content-Type: application/json"];
    let server = place.serve();
    let jwt = server.ask("POST", "/user/auth", &json, &json!({"username": EMAIL, "password": PASSWORD}).to_string()).json();
    let jwt = bearer(&text(&jwt, "token"));
    assert_eq!([status(&server, &[&jwt]), status(&server, &[&bearer(&ended)])], [200, 200]);
    assert_eq!(server.ask("DELETE", &format!("{W}/tokens/2"), &[&bearer(&kept)], "").status, 204);
    assert_eq!(server.stop().0, Some(0));
    let restored = place.run(&["restore", backup.to_str().unwrap()]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    let server = place.serve();
    assert_eq!([status(&server, &[&bearer(&kept)]), status(&server, &[&bearer(&ended)]), status(&server, &[&jwt])], [200, 401, 401]);
}
