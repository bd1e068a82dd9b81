//! Who asks, and how they come: by a cookie, by tokens of every kind and width, by what is no credential any more.

use super::give;
use super::world::{Canary, world};
use crate::harness::{Harness, NOW_S};
use crate::transcript::{Ask, Reply};
use carryall::model::principal::{UserId, Visitor};
use carryall::store::tables::sessions;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const W: &str = "/api/workspaces/default";
/// Of everybody in the world of the tests.
const PASSWORD: &str = "your_password";

pub struct Principal {
    pub name: &'static str,
    /// Whose rights they are: a name of `world`.
    pub person: &'static str,
    pub way: Way,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Way {
    /// A session, or none.
    Cookie,
    Jwt,
    Token(Part),
    /// By what lets nobody in.
    Refused,
}

/// What a token leaves.
#[derive(Clone, Copy, PartialEq)]
pub struct Part {
    pub only_reads: bool,
    /// `None`: all.
    pub app: Option<&'static str>,
    pub schemas: Option<&'static [&'static str]>,
    pub fields: Option<&'static [&'static str]>,
}

const ALL: Part = Part { only_reads: false, app: None, schemas: None, fields: None };
const READS: Part = Part { only_reads: true, ..ALL };
const OF_ONE: Part = Part { app: Some("one"), ..ALL };
const OF_TWO: Part = Part { app: Some("two"), ..ALL };
const OF_SCHEMAS: Part = Part { schemas: Some(&["deals", "notes"]), ..OF_ONE };
const OF_FIELDS: Part = Part { schemas: Some(&["deals"]), fields: Some(&["title", "amount"]), ..OF_ONE };

pub const PRINCIPALS: [Principal; 31] = [
    Principal { name: "guest", person: "guest", way: Way::Cookie },
    Principal { name: "nobody", person: "nobody", way: Way::Cookie },
    Principal { name: "gone", person: "guest", way: Way::Cookie },
    Principal { name: "seller", person: "seller", way: Way::Cookie },
    Principal { name: "viewer", person: "viewer", way: Way::Cookie },
    Principal { name: "editor", person: "editor", way: Way::Cookie },
    Principal { name: "boss", person: "boss", way: Way::Cookie },
    Principal { name: "other", person: "other", way: Way::Cookie },
    Principal { name: "owner", person: "owner", way: Way::Cookie },
    Principal { name: "session that has expired", person: "guest", way: Way::Cookie },
    Principal { name: "session that was ended", person: "guest", way: Way::Cookie },
    Principal { name: "invited, by the link's token as a cookie", person: "guest", way: Way::Cookie },
    Principal { name: "jwt", person: "seller", way: Way::Jwt },
    Principal { name: "long jwt", person: "editor", way: Way::Jwt },
    Principal { name: "token", person: "boss", way: Way::Token(ALL) },
    Principal { name: "token of a seller", person: "seller", way: Way::Token(ALL) },
    Principal { name: "token that reads", person: "boss", way: Way::Token(READS) },
    Principal { name: "token of an admin for one app", person: "owner", way: Way::Token(OF_ONE) },
    Principal { name: "pair", person: "boss", way: Way::Token(OF_ONE) },
    Principal { name: "pair for another app", person: "owner", way: Way::Token(OF_TWO) },
    Principal { name: "pair for some tables", person: "boss", way: Way::Token(OF_SCHEMAS) },
    Principal { name: "pair for some fields", person: "boss", way: Way::Token(OF_FIELDS) },
    Principal { name: "pair with a wrong secret", person: "boss", way: Way::Refused },
    Principal { name: "token with a wrong secret", person: "boss", way: Way::Refused },
    Principal { name: "token that has expired", person: "boss", way: Way::Refused },
    Principal { name: "token that was ended", person: "boss", way: Way::Refused },
    Principal { name: "token of somebody suspended", person: "left", way: Way::Refused },
    Principal { name: "token of somebody without API access", person: "mute", way: Way::Refused },
    Principal { name: "refresh token", person: "seller", way: Way::Refused },
    Principal { name: "invited, by the link's token", person: "invited", way: Way::Refused },
    Principal { name: "bad token", person: "guest", way: Way::Refused },
];

impl Principal {
    pub fn part(&self) -> Part {
        if let Way::Token(part) = self.way { part } else { ALL }
    }

    /// Canaries in an answer that they may not see, but for those that stood in the question.
    pub fn leaks(&self, canaries: &[Canary], question: &str, answer: &str) -> Vec<String> {
        let is_seen = |canary: &Canary| {
            let part = self.part();
            let has_field = part.fields.is_none_or(|fields| fields.contains(&canary.field));
            self.way != Way::Refused && canary.is_seen_by(self.person) && part.has_schema(canary.app, canary.schema) && has_field
        };
        let leaked = canaries.iter().filter(|canary| answer.contains(&canary.text) && !is_seen(canary));
        leaked.map(|canary| canary.text.clone()).filter(|text| !question.contains(text.trim_matches('"'))).collect()
    }
}

impl Part {
    /// Nothing is left out.
    pub fn is_open(&self) -> bool {
        *self == ALL
    }

    pub fn has_app(&self, app: &str) -> bool {
        self.app.is_none_or(|only| only == app)
    }

    pub fn has_schema(&self, app: &str, schema: &str) -> bool {
        self.has_app(app) && self.schemas.is_none_or(|only| only.contains(&schema))
    }
}

/// The world with everybody in it.
pub struct Crowd {
    pub world: Harness,
    coming: BTreeMap<&'static str, Vec<(String, String)>>,
}

impl Crowd {
    pub fn new() -> Self {
        let world = world().with_people(&["left", "mute"]);
        give(&world, "left", "one", "owner");
        give(&world, "mute", "one", "owner");
        let mut crowd = Self { world, coming: BTreeMap::new() };
        for who in PRINCIPALS.iter().filter(|who| who.way == Way::Cookie) {
            crowd.coming.insert(who.name, if who.name == "guest" { Vec::new() } else { as_(who.name) });
        }
        crowd.add_tokens();
        crowd.add_pairs();
        crowd.add_jwts();
        crowd.add_ended();
        crowd
    }

    pub fn ask(&self, who: &Principal, method: &str, url: &str, kind: &str, body: &str) -> Reply {
        let mut headers = self.coming[who.name].clone();
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
        self.world.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
    }

    fn add_tokens(&mut self) {
        for (name, person, more) in [
            ("token", "boss", json!({})),
            ("token of a seller", "seller", json!({})),
            ("token that reads", "boss", json!({"abilities": ["read"]})),
            ("token of an admin for one app", "owner", json!({"apps": ["one"]})),
            ("token that has expired", "boss", json!({"expires": "1m"})),
            ("token that was ended", "boss", json!({})),
            ("token of somebody suspended", "left", json!({})),
            ("token of somebody without API access", "mute", json!({})),
        ] {
            let made = self.made(person, "personal", name, more);
            self.coming.insert(name, bearer(&text(&made["token"])));
        }
        let (own, other) = (self.coming["token"][0].1.clone(), self.coming["token of a seller"][0].1.clone());
        let (id, secret) = (own.split('|').next().unwrap(), other.split('|').nth(1).unwrap());
        self.coming.insert("token with a wrong secret", vec![("Authorization".to_owned(), format!("{id}|{secret}"))]);
    }

    fn add_pairs(&mut self) {
        for (name, person, more) in [
            ("pair", "boss", json!({"apps": ["one"]})),
            ("pair for another app", "owner", json!({"apps": ["two"]})),
            ("pair for some tables", "boss", json!({"schemas": {"one": ["deals", "notes"]}})),
            ("pair for some fields", "boss", json!({"schemas": {"one": [{"schema": "deals", "fields": ["title", "amount"]}]}})),
        ] {
            let made = self.made(person, "key-secret", name, more);
            self.coming.insert(name, pair(&text(&made["key"]), &text(&made["secret"])));
        }
        let key = self.coming["pair"][0].1.clone();
        let other = self.coming["pair for some tables"][1].1.clone();
        self.coming.insert("pair with a wrong secret", pair(&key, &other));
    }

    fn add_jwts(&mut self) {
        let short = self.asked(&[], "POST", "/auth/authenticate", &json!({"email": "seller@example.com", "password": PASSWORD}));
        self.coming.insert("jwt", bearer(&text(&short["access_token"])));
        self.coming.insert("refresh token", bearer(&text(&short["refresh_token"])));
        let long = self.asked(&[], "POST", "/user/auth", &json!({"username": "editor@example.com", "password": PASSWORD}));
        self.coming.insert("long jwt", bearer(&text(&long["token"])));
        self.coming.insert("bad token", bearer("no token at all"));
    }

    /// What was good once.
    fn add_ended(&mut self) {
        let people = self.asked(&as_("owner"), "GET", &format!("{W}/users"), &Value::Null)["users"].clone();
        let id = |name: &str| {
            let found = people.as_array().unwrap().iter().find(|person| person["email"] == format!("{name}@example.com"));
            found.unwrap_or_else(|| panic!("{people}"))["id"].as_i64().unwrap()
        };
        self.asked(&as_("owner"), "PATCH", &format!("{W}/users/{}", id("left")), &json!({"suspended": true}));
        self.asked(&as_("owner"), "PATCH", &format!("{W}/users/{}", id("mute")), &json!({"api_access": false}));
        let tokens = self.asked(&as_("boss"), "GET", &format!("{W}/tokens"), &Value::Null)["tokens"].clone();
        let ended = tokens.as_array().unwrap().iter().find(|token| token["name"] == "token that was ended").unwrap()["id"].clone();
        self.asked(&as_("boss"), "DELETE", &format!("{W}/tokens/{ended}"), &Value::Null);
        let boss = UserId(id("boss"));
        let made = self.world.ctx.store.write(move |tx| {
            for (name, expires_s) in [("session that has expired", NOW_S - 1), ("session that was ended", NOW_S + 1_000)] {
                sessions::insert(tx, &carryall::auth::session::digest(name), boss, expires_s, &Visitor::default())?;
            }
            Ok(())
        });
        made.unwrap();
        let expired = cookie("session that has expired");
        self.coming.insert("session that has expired", expired);
        let signed_out = cookie("session that was ended");
        self.asked(&signed_out, "GET", &format!("{W}/me"), &Value::Null);
        self.world.answer(&Ask {
            method: "POST".to_owned(),
            url: "/auth/logout/".to_owned(),
            headers: signed_out.clone(),
            body: Vec::new(),
        });
        self.coming.insert("session that was ended", signed_out);
        let invited = self.asked(&as_("owner"), "POST", &format!("{W}/users"), &json!({"email": "invited@example.com", "role": "admin"}));
        give(&self.world, "invited", "one", "owner");
        let url = text(&invited["invitation"]["url"]);
        let token = url.split("#t=").nth(1).unwrap();
        self.coming.insert("invited, by the link's token", bearer(token));
        self.coming.insert("invited, by the link's token as a cookie", cookie(token));
        // A minute later, by the token's own clock.
        let beside = rusqlite::Connection::open(self.world.ctx.store.path()).unwrap();
        let late = format!("UPDATE token SET expires_s = {NOW_S} WHERE name = 'token that has expired'");
        assert_eq!(beside.execute(&late, []).unwrap(), 1);
    }

    fn made(&self, person: &str, kind: &str, name: &str, more: Value) -> Value {
        // The chance of the tests comes round again: another place of it.
        self.world.ctx.random::<1>();
        let mut body = json!({"kind": kind, "name": name});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.asked(&as_(person), "POST", &format!("{W}/tokens"), &body)
    }

    fn asked(&self, coming: &[(String, String)], method: &str, url: &str, body: &Value) -> Value {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let reply = self.world.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers: coming.to_vec(), body });
        assert!(reply.status < 300, "{method} {url}: {reply:?}");
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }
}

fn as_(person: &str) -> Vec<(String, String)> {
    vec![("As".to_owned(), person.to_owned())]
}

fn bearer(token: &str) -> Vec<(String, String)> {
    vec![("Authorization".to_owned(), format!("Bearer {token}"))]
}

fn pair(key: &str, secret: &str) -> Vec<(String, String)> {
    vec![("x-api-key".to_owned(), key.to_owned()), ("x-api-secret".to_owned(), secret.to_owned())]
}

fn cookie(session: &str) -> Vec<(String, String)> {
    vec![("Cookie".to_owned(), format!("sessionid={session}"))]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}
