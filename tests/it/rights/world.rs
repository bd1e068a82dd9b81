//! Three apps with people of every standing, every row and field with a canary of its own; and what each of them may see, said without the product.

use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use carryall::model::limits::Limits;
use serde_json::json;

/// Everybody, with the number that they have as users.
pub const PEOPLE: [&str; 7] = ["seller", "viewer", "editor", "boss", "other", "nobody", "gone"];

/// Of the deals: 1 is the seller's and has a note, 2 is won, 3 is neither, 4 is the seller's.
const ONE: &str = r#"{"carryall": 1, "app": {"slug": "one", "uuid": "11111111-1111-4111-8111-111111111111"}, "schemas": [
  {"slug": "people", "fields": [{"slug": "nick", "type": "text"}, {"slug": "user", "type": "user"}]},
  {"slug": "teams", "fields": [{"slug": "name", "type": "text"}, {"slug": "members", "type": "references", "target": "people"}, {"slug": "place", "type": "sequence"}]},
  {"slug": "deals", "display_field": "title", "fields": [
    {"slug": "title", "type": "text", "required": true},
    {"slug": "stage", "type": "select", "options": ["open", "won"], "default": "open"},
    {"slug": "owner", "type": "user"},
    {"slug": "secretzq", "type": "text", "unique": true},
    {"slug": "code", "type": "text", "unique": true},
    {"slug": "amount", "type": "integer"},
    {"slug": "team", "type": "reference", "target": "teams"},
    {"slug": "twice", "type": "computed", "formula": "amount * 2"},
    {"slug": "leakzq", "type": "computed", "formula": "concat(secretzq, '!')"},
    {"slug": "flagzq", "type": "boolean", "default": true},
    {"slug": "flaggedzq", "type": "computed", "formula": "concat(flagzq, '!')"},
    {"slug": "teamnamezq", "type": "computed", "formula": "team.name"},
    {"slug": "remarks", "type": "lines", "target": "notes", "via": "deal"},
    {"slug": "place", "type": "sequence"}],
   "indexes": [["secretzq", "stage"]],
   "views": [{"slug": "wide", "sort": ["secretzq", "title"], "fields": ["title", "secretzq"], "group": ["leakzq", "stage"], "options": {"secretzq": 9}},
             {"slug": "hidden", "filter": "flagzq = true", "sort": ["secretzq"]}]},
  {"slug": "notes", "fields": [{"slug": "text", "type": "text"}, {"slug": "deal", "type": "reference", "target": "deals", "on_delete": "cascade"}, {"slug": "place", "type": "sequence"}]},
  {"slug": "vaultzq", "fields": [{"slug": "word", "type": "text"}, {"slug": "deal", "type": "reference", "target": "deals"}, {"slug": "place", "type": "sequence"}]}],
 "roles": [{"slug": "seller", "name": "Seller", "schemas": {
   "deals": {"list": true, "read": "owner = @me || stage = 'won'", "create": "owner = @me", "update": "owner = @me",
             "delete": "owner = @me && stage != 'won'", "export": "stage = 'won'",
             "fields": {"secretzq": {"readable": false}, "flagzq": {"readable": false}, "code": {"writable": false}}},
   "teams": {"list": true, "read": "members.user ?= @me"},
   "notes": {"list": true, "read": true, "create": true}}}],
 "records": {
  "people": [{"$ref": "p1", "nick": "zq-people-1-nick", "user": 2}, {"$ref": "p2", "nick": "zq-people-2-nick", "user": 3}],
  "teams": [{"$ref": "t1", "name": "zq-teams-1-name", "members": [{"$ref": "p1"}, {"$ref": "p2"}]}, {"$ref": "t2", "name": "zq-teams-2-name", "members": [{"$ref": "p2"}]}],
  "deals": [
   {"$ref": "d1", "title": "zq-deals-1-title", "owner": 2, "secretzq": "zq-deals-1-secretzq", "code": "zq-deals-1-code", "amount": 7100001, "team": {"$ref": "t1"}},
   {"title": "zq-deals-2-title", "stage": "won", "owner": 3, "secretzq": "zq-deals-2-secretzq", "code": "zq-deals-2-code", "amount": 7100002, "team": {"$ref": "t2"}},
   {"title": "zq-deals-3-title", "owner": 3, "secretzq": "zq-deals-3-secretzq", "code": "zq-deals-3-code", "amount": 7100003, "team": {"$ref": "t2"}},
   {"title": "zq-deals-4-title", "owner": 2, "secretzq": "zq-deals-4-secretzq", "code": "zq-deals-4-code", "amount": 7100004}],
  "notes": [{"text": "zq-notes-1-text", "deal": {"$ref": "d1"}}],
  "vaultzq": [{"word": "zq-vaultzq-1-word"}]}}"#;
const TWO: &str = r#"{"carryall": 1, "app": {"slug": "two", "uuid": "22222222-2222-4222-8222-222222222222"}, "schemas": [{"slug": "things", "fields": [{"slug": "word", "type": "text"}, {"slug": "place", "type": "sequence"}]}],
 "records": {"things": [{"word": "zq-things-1-word"}]}}"#;
const OPEN: &str = r#"{"carryall": 1, "app": {"slug": "open", "uuid": "33333333-3333-4333-8333-333333333333"}, "schemas": [
  {"slug": "posts", "fields": [{"slug": "title", "type": "text"}, {"slug": "public", "type": "boolean", "default": false}, {"slug": "draftzq", "type": "text"}, {"slug": "place", "type": "sequence"}]},
  {"slug": "inner", "fields": [{"slug": "word", "type": "text"}, {"slug": "place", "type": "sequence"}]}],
 "roles": [{"slug": "guest", "schemas": {"posts": {"list": true, "read": "public = true", "create": "public = false", "fields": {"draftzq": {"readable": false}}}}}],
 "records": {"posts": [{"title": "zq-posts-1-title", "public": true, "draftzq": "zq-posts-1-draftzq"}, {"title": "zq-posts-2-title", "draftzq": "zq-posts-2-draftzq"}],
             "inner": [{"word": "zq-inner-1-word"}]}}"#;

/// A value, or a name, that not everybody may see.
pub struct Canary {
    pub text: String,
    pub app: &'static str,
    pub schema: &'static str,
    row: i64,
    pub field: &'static str,
}

/// The apps with their people and grants.
pub fn world() -> Harness {
    // A dialect that counts requests would soon have enough of them.
    let limits = Limits { requests_per_minute_max: u32::MAX, ..Limits::default() };
    let world = Harness::crm_with(limits).with_people(&PEOPLE);
    for file in [ONE, TWO, OPEN] {
        world.apply(file, false, false).unwrap();
    }
    let grants = [("seller", "one", "seller"), ("viewer", "one", "viewer"), ("editor", "one", "editor"), ("boss", "one", "owner")];
    for (user, app, role) in grants.into_iter().chain([("other", "two", "owner"), ("gone", "one", "owner")]) {
        let body = json!({"user": format!("{user}@example.com"), "app": app, "role": role}).to_string();
        let (status, answer) = world.ask("POST", "/api/workspaces/default/grants", &body);
        assert_eq!(status, 200, "{answer}");
    }
    // Suspended since; what is granted to somebody else makes the catalog anew.
    let beside = rusqlite::Connection::open(world.ctx.store.path()).unwrap();
    beside.execute("UPDATE user SET suspended = 1 WHERE email = 'gone@example.com'", []).unwrap();
    for role in ["editor", "viewer"] {
        let body = json!({"user": "viewer@example.com", "app": "one", "role": role}).to_string();
        assert_eq!(world.ask("POST", "/api/workspaces/default/grants", &body).0, 200);
    }
    // Whoever searches first has the tables made ready for it, which changes the file.
    for app in ["one", "two", "open", "my-crm"] {
        assert_eq!(world.ask("GET", &format!("/api/apps/{app}/search?q=zq"), "").0, 200);
    }
    world
}

pub fn ask(world: &Harness, who: &str, method: &str, url: &str, kind: &str, body: &str) -> Reply {
    let mut headers = vec![("Content-Type".to_owned(), kind.to_owned())];
    if who != "guest" {
        headers.push(("As".to_owned(), who.to_owned()));
    }
    world.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

/// Everything in an answer, as one text. A workbook or a file would hide what it holds: none is asked for.
pub fn whole(reply: &Reply) -> String {
    // Who asks twice is counted twice.
    let own = |name: &str| name == "X-Request-Id" || name == "X-RateLimit-Remaining";
    let headers: Vec<String> =
        reply.headers.iter().filter(|(name, _)| !own(name)).map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("{}{}", headers.concat(), String::from_utf8_lossy(&reply.body))
}

pub fn canaries() -> Vec<Canary> {
    let mut all = Vec::new();
    let mut put = |app, schema, rows: i64, fields: &[&'static str]| {
        for row in 1..=rows {
            all.extend(fields.iter().map(|field| Canary { text: format!("zq-{schema}-{row}-{field}"), app, schema, row, field }));
        }
    };
    put("one", "people", 2, &["nick"]);
    put("one", "teams", 2, &["name"]);
    put("one", "deals", 4, &["title", "secretzq", "code"]);
    put("one", "notes", 1, &["text"]);
    put("one", "vaultzq", 1, &["word"]);
    put("two", "things", 1, &["word"]);
    put("open", "posts", 2, &["title", "draftzq"]);
    put("open", "inner", 1, &["word"]);
    for row in 1..=4 {
        for amount in [7_100_000 + row, 2 * (7_100_000 + row)] {
            all.push(Canary { text: amount.to_string(), app: "one", schema: "deals", row, field: "amount" });
        }
    }
    // Names that say by themselves that there is something.
    let mut name = |text: &str, app, schema, field| all.push(Canary { text: text.to_owned(), app, schema, row: 0, field });
    name("\"secretzq\"", "one", "deals", "secretzq");
    name("\"leakzq\"", "one", "deals", "leakzq");
    name("\"teamnamezq\"", "one", "deals", "teamnamezq");
    name("\"flagzq\"", "one", "deals", "flagzq");
    name("\"flaggedzq\"", "one", "deals", "flaggedzq");
    name("\"vaultzq\"", "one", "vaultzq", "word");
    name("\"draftzq\"", "open", "posts", "draftzq");
    name("\"things\"", "two", "things", "word");
    name("\"slug\":\"one\"", "one", "deals", "title");
    name("\"slug\":\"two\"", "two", "things", "word");
    name("\"slug\":\"my-crm\"", "my-crm", "contacts", "name");
    all
}

impl Canary {
    /// Whether somebody may see it: the rules of the apps above, said once more in words of the test's own.
    pub fn is_seen_by(&self, who: &str) -> bool {
        let as_guest = self.app == "open" && self.schema == "posts" && self.field != "draftzq" && (self.row == 1 || self.row == 0);
        match who {
            "owner" => true,
            "boss" | "editor" | "viewer" => self.app == "one" || as_guest,
            "other" => self.app == "two" || as_guest,
            "seller" => {
                let one = match self.schema {
                    "deals" => !["secretzq", "leakzq", "teamnamezq", "flagzq", "flaggedzq"].contains(&self.field) && self.row != 3,
                    "teams" => self.row == 1,
                    "notes" => true,
                    _ => false,
                };
                self.app == "one" && one || as_guest
            }
            _ => as_guest,
        }
    }
}
