//! Fields that do not exist for somebody, rules as conditions, rights that change while requests fly, tokens that let less through.

use super::give;
use super::world::{ask, whole, world};
use crate::harness::Harness;
use carryall::model::error::{Error, Result};
use carryall::model::expr::{Expr, Op};
use carryall::model::limits::Limits;
use carryall::model::principal::{Action, AppPart, Caller, Narrowing, Principal, Role, SchemaPart, Token, User, UserId};
use carryall::model::query::{Query, Window};
use carryall::model::record::Expected;
use carryall::ops::bulk::{self, Batch};
use carryall::ops::filter::Asking;
use carryall::ops::plan::plan;
use carryall::ops::{access, export, first_write, lists, records, roles};
use carryall::store::explain::explain;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const DEALS: &str = "/api/apps/one/schemas/deals";

fn json_of(world: &Harness, who: &str, method: &str, url: &str, body: &str) -> (u16, Value) {
    let reply = ask(world, who, method, url, "application/json", body);
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// Wherever a field's name can be said, one that is hidden is as unknown as one that nobody ever made.
#[test]
fn a_hidden_field_is_answered_like_a_made_up_one() {
    let world = world();
    let records = format!("{DEALS}/records");
    let probes = |name: &str| {
        vec![
            ("GET", format!("{records}?filter[{name}]=zq-deals-1-secretzq"), String::new()),
            ("GET", format!("{records}?filter[{name}][contains]=zq"), String::new()),
            ("GET", format!("{records}?filter[{name}][gt]=a"), String::new()),
            ("GET", format!("{records}?filter[{name}]="), String::new()),
            ("GET", format!("{records}?sort=-{name}"), String::new()),
            ("GET", format!("{DEALS}/export?filter[{name}]=x"), String::new()),
            ("GET", format!("{DEALS}/export?sort={name}&format=json"), String::new()),
            ("PUT", format!("{records}?key={name}"), format!("{{\"{name}\": \"zq-deals-1-secretzq\"}}")),
            ("POST", records.clone(), format!("{{\"title\": \"x\", \"owner\": 2, \"{name}\": \"x\"}}")),
            ("POST", records.clone(), format!("[{{\"title\": \"x\", \"owner\": 2, \"{name}\": \"x\"}}]")),
            ("PATCH", format!("{records}/1"), format!("{{\"{name}\": \"x\"}}")),
            ("PATCH", records.clone(), format!("[{{\"id\": 1, \"{name}\": \"x\"}}]")),
            ("PATCH", format!("{records}/1"), format!("{{\"{name}+\": 1}}")),
            ("PATCH", format!("{records}?filter[{name}]=x"), "{\"title\": \"x\"}".to_owned()),
            ("DELETE", format!("{records}?filter[{name}]=x"), String::new()),
            ("PATCH", format!("{DEALS}/fields/{name}"), "{\"name\": \"x\"}".to_owned()),
        ]
    };
    for hidden in ["secretzq", "leakzq", "teamnamezq", "flaggedzq"] {
        // As far from every name as the hidden one, so that neither is taken for a slip of it.
        for ((method, url, body), (_, other_url, other_body)) in probes(hidden).into_iter().zip(probes("madeupqzq")) {
            let one = ask(&world, "seller", method, &url, "application/json", &body);
            let other = ask(&world, "seller", method, &other_url, "application/json", &other_body);
            assert!(one.status >= 400, "{method} {url}");
            assert_eq!(
                (one.status, whole(&one).replace(hidden, "IT")),
                (other.status, whole(&other).replace("madeupqzq", "IT")),
                "{method} {url}"
            );
        }
    }
    for heading in ["secretzq", "madeupqzq"] {
        let reply = ask(&world, "seller", "POST", &format!("{DEALS}/import"), "text/csv", &format!("title,owner,{heading}\nx,2,y\n"));
        assert_eq!(reply.status, 400);
        assert!(whole(&reply).contains(&format!("has no field for the column '{heading}'")), "{}", whole(&reply));
    }
}

/// A name that stands for an expression hides what it says wherever that stands.
#[test]
fn what_is_computed_of_a_hidden_computed_field_is_hidden_too() {
    let world = world();
    let add = |slug: &str, formula: &str| {
        let body = json!({"slug": slug, "type": "computed", "formula": formula}).to_string();
        assert_eq!(world.ask("POST", &format!("{DEALS}/fields"), &body).0, 201, "{slug}");
    };
    add("inner", "amount * 7919");
    add("outer", "inner + 1");
    add("beyond", "round(outer)");
    add("talk", "count(remarks)");
    add("plain", "amount + 1");
    let role = world.ask("GET", "/api/apps/one/roles/seller", "").1;
    let mut rights = role["schemas"]["deals"].clone();
    rights["fields"]["inner"] = json!({"readable": false});
    rights["fields"]["remarks"] = json!({"readable": false});
    assert_eq!(world.ask("PATCH", "/api/apps/one/roles/seller", &json!({"schemas": {"deals": rights}}).to_string()).0, 200);
    let (_, record) = json_of(&world, "seller", "GET", &format!("{DEALS}/records/1"), "");
    let table = whole(&ask(&world, "seller", "GET", DEALS, "", ""));
    for slug in ["inner", "outer", "beyond", "remarks", "talk"] {
        assert_eq!((record.get(slug), table.contains(&format!("\"{slug}\""))), (None, false), "{slug}");
        assert_eq!(json_of(&world, "seller", "GET", &format!("{DEALS}/records?sort={slug}"), "").0, 400, "{slug}");
    }
    assert_eq!(record["plain"], 7_100_002);
    assert!(!table.contains("7919"), "{table}");
}

#[test]
fn what_is_written_is_answered_without_what_the_writer_may_not_see() {
    let world = world();
    let records = format!("{DEALS}/records");
    let (status, made) = json_of(&world, "seller", "POST", &records, r#"{"title": "mine", "owner": 2, "amount": 4}"#);
    assert_eq!((status, &made["twice"], made.get("secretzq"), made.get("leakzq")), (201, &json!(8), None, None), "{made}");
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "title", "stage", "owner", "code", "amount", "team", "place", "twice", "remarks", "created_at", "updated_at"]);
    // What she sends back whole changes what she changed.
    let mut back = made.clone();
    back["title"] = json!("still mine");
    let reply = ask(&world, "seller", "PUT", &format!("{records}/5"), "application/json", &back.to_string());
    assert_eq!(reply.status, 200, "{}", whole(&reply));
    let ignored = reply.headers.iter().find(|(name, _)| name == "X-Ignored").map(|(_, value)| value.as_str());
    assert_eq!(ignored, Some("id, place, twice, remarks, created_at, updated_at"));
    // The owner sees that the hidden values are what they were.
    let (_, first) = json_of(&world, "owner", "GET", &format!("{records}/1"), "");
    let (status, _) = json_of(&world, "seller", "PATCH", &format!("{records}/1"), r#"{"title": "renamed"}"#);
    let (_, after) = json_of(&world, "owner", "GET", &format!("{records}/1"), "");
    assert_eq!((status, &after["secretzq"], &after["title"]), (200, &first["secretzq"], &json!("renamed")));
    // 412 shows the record as it is, to her.
    let headers = [("As", "seller"), ("If-Match", "\"9-9\"")].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let outdated = world.answer(&crate::transcript::Ask {
        method: "PATCH".to_owned(),
        url: format!("{records}/1"),
        headers,
        body: b"{\"title\": \"y\"}".to_vec(),
    });
    assert_eq!(outdated.status, 412);
    assert!(whole(&outdated).contains("renamed") && !whole(&outdated).contains("secretzq"), "{}", whole(&outdated));
    // A guest may put something in and not look at it.
    let (status, made) =
        json_of(&world, "guest", "POST", "/api/apps/open/schemas/posts/records", r#"{"title": "letter", "public": false}"#);
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!((status, keys.iter().map(|key| key.as_str()).collect::<Vec<_>>()), (201, vec!["id", "created_at", "updated_at"]), "{made}");
    let (status, _) = json_of(&world, "guest", "POST", "/api/apps/open/schemas/posts/records", r#"{"title": "letter", "public": true}"#);
    // Not such a one: that would not change by signing in.
    assert_eq!(status, 403);
}

#[test]
fn a_reference_leads_only_to_what_its_writer_may_read() {
    let world = world();
    let records = format!("{DEALS}/records");
    for (team, expected) in [("rec_1", 200), ("rec_2", 400), ("rec_99", 400)] {
        let (status, answer) = json_of(&world, "seller", "PATCH", &format!("{records}/4?dry_run=true"), &json!({"team": team}).to_string());
        assert_eq!(status, expected, "{team}: {answer}");
        if expected == 400 {
            assert_eq!(answer["error"]["message"], format!("Field 'team' points to {team}, which is not in table 'teams'"));
        }
    }
    // One that is there already may stay.
    world.ask("PATCH", &format!("{records}/4"), r#"{"team": "rec_2"}"#);
    let (status, answer) = json_of(&world, "seller", "PATCH", &format!("{records}/4"), r#"{"team": "rec_2", "title": "same"}"#);
    assert_eq!(status, 200, "{answer}");
    let imported = ask(&world, "seller", "POST", &format!("{DEALS}/import"), "text/csv", "title,owner,team\nx,2,rec_2\n");
    assert_eq!(imported.status, 400, "{}", whole(&imported));
    let imported = ask(&world, "seller", "POST", &format!("{DEALS}/import"), "text/csv", "title,owner,team\nx,2,rec_1\ny,2,\n");
    assert_eq!((imported.status, whole(&imported).contains("\"created\":2")), (201, true), "{}", whole(&imported));
    let foreign = ask(&world, "seller", "POST", &format!("{DEALS}/import"), "text/csv", "title,owner\nx,2\ny,3\n");
    assert_eq!(foreign.status, 403, "{}", whole(&foreign));
    // By a key: what others have is not met, what she has is.
    let keyed = |csv: &str| ask(&world, "seller", "POST", &format!("{DEALS}/import?key=title&dry_run=true"), "text/csv", csv);
    let mine = keyed("title,stage\nzq-deals-1-title,open\n");
    assert!(whole(&mine).contains("\"created\":0,\"updated\":1"), "{}", whole(&mine));
    let hidden = keyed("title,stage,owner\nzq-deals-3-title,open,2\n");
    assert!(whole(&hidden).contains("\"created\":1,\"updated\":0"), "{}", whole(&hidden));
    for (id, status) in [("rec_1", 200), ("rec_2", 403), ("rec_3", 400), ("rec_99", 400)] {
        let url = format!("{DEALS}/import?key=id&dry_run=true");
        let reply = ask(&world, "seller", "POST", &url, "text/csv", &format!("id,title\n{id},x\n"));
        assert_eq!(reply.status, status, "{}", whole(&reply));
        assert!(status != 400 || whole(&reply).contains(&format!("There is no record '{id}' in table 'deals'")), "{}", whole(&reply));
    }
    let others = keyed("title,amount\nzq-deals-2-title,1\n");
    assert_eq!(others.status, 403, "{}", whole(&others));
}

#[test]
fn a_value_that_must_be_unique_says_nothing_of_records_that_are_hidden() {
    let world = world();
    world.ask("PATCH", &format!("{DEALS}/fields/title"), r#"{"unique": true}"#);
    let clash = |row: i64| {
        json_of(
            &world,
            "seller",
            "POST",
            &format!("{DEALS}/records"),
            &json!({"title": format!("zq-deals-{row}-title"), "owner": 2}).to_string(),
        )
        .1
    };
    assert_eq!(clash(2)["error"]["message"], "Field 'title' must be unique: rec_2 has this value already");
    assert_eq!(clash(3)["error"]["message"], "Field 'title' must be unique: another record has this value already");
}

/// Whether a value is taken is not told to who may not give it.
#[test]
fn a_field_that_one_may_not_write_is_refused_alike_whatever_others_have_in_it() {
    let world = world();
    let told = |method: &str, path: &str, body: Value| {
        let (status, answer) = json_of(&world, "seller", method, &format!("{DEALS}/{path}"), &body.to_string());
        (status, answer["error"]["message"].clone())
    };
    for (method, path, index, body) in [
        ("PATCH", "records/1", "", json!({"code": "CODE"})),
        ("PATCH", "records", "At index 0: ", json!([{"id": 1, "code": "CODE"}])),
        ("PUT", "records?key=title", "", json!({"title": "zq-deals-1-title", "code": "CODE"})),
        ("PUT", "records?key=title", "At index 0: ", json!([{"title": "zq-deals-1-title", "code": "CODE"}])),
        ("PUT", "records?key=title", "", json!({"title": "new", "owner": 2, "code": "CODE"})),
        ("POST", "records", "", json!({"title": "new", "owner": 2, "code": "CODE"})),
        ("POST", "records", "At index 0: ", json!([{"title": "new", "owner": 2, "code": "CODE"}])),
    ] {
        for code in ["zq-deals-3-code", "nobody has this"] {
            let body: Value = serde_json::from_str(&body.to_string().replace("CODE", code)).unwrap();
            let wanted = format!("{index}Your role does not let you write the field 'code'; leave it out, or as it is");
            assert_eq!(told(method, path, body.clone()), (403, json!(wanted)), "{method} {path} {body}");
        }
    }
    // As it is it may be sent.
    assert_eq!(told("PATCH", "records/1", json!({"code": "zq-deals-1-code", "title": "x"})).0, 200);
}

/// Whoever loses a role loses it with the answer, however many requests are on their way.
#[test]
fn a_role_that_is_taken_away_is_gone_with_the_answer() {
    let world = Arc::new(world());
    let body = r#"{"title": "flood"}"#;
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let world = world.clone();
            std::thread::spawn(move || {
                let mut made = 0;
                for _ in 0..500 {
                    match ask(&world, "editor", "POST", &format!("{DEALS}/records"), "application/json", body).status {
                        201 => made += 1,
                        404 => return made,
                        other => panic!("{other}"),
                    }
                }
                panic!("the role was never taken away");
            })
        })
        .collect();
    while json_of(&world, "owner", "GET", &format!("{DEALS}/records"), "").1["total"].as_i64() < Some(50) {}
    let gone = ask(&world, "owner", "DELETE", "/api/workspaces/default/grants?app=one&user=editor@example.com", "", "");
    assert_eq!(gone.status, 204);
    let total = json_of(&world, "owner", "GET", &format!("{DEALS}/records"), "").1["total"].as_i64().unwrap();
    let made: i64 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
    assert_eq!(json_of(&world, "owner", "GET", &format!("{DEALS}/records"), "").1["total"].as_i64(), Some(total));
    assert_eq!(total, made + 4);
}

/// Of all roles that can be made of six rights, one with fewer never lets more through.
#[test]
fn a_right_that_is_taken_away_lets_nothing_new_through() {
    let world = world();
    let flags = |bits: u8| -> Vec<&'static str> {
        let all = Action::OF_RECORDS.map(Action::name);
        all.into_iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0).map(|(_, name)| name).collect()
    };
    let mut allowed: Vec<(u8, Vec<bool>)> = Vec::new();
    for bits in 0..64_u8 {
        let rights: serde_json::Map<String, Value> = flags(bits).into_iter().map(|name| (name.to_owned(), json!(true))).collect();
        let (status, _) = world.ask("PATCH", "/api/apps/one/roles/seller", &json!({"schemas": {"deals": rights}}).to_string());
        let needs_read = flags(bits).iter().any(|name| !["read", "create"].contains(name));
        assert_eq!(status, if needs_read && !flags(bits).contains(&"read") { 400 } else { 200 });
        if status != 200 {
            continue;
        }
        let requests = [
            ("GET", "records", ""),
            ("GET", "records/3", ""),
            ("POST", "records?dry_run=true", r#"{"title": "x"}"#),
            ("PATCH", "records/3?dry_run=true", r#"{"title": "x"}"#),
            ("DELETE", "records/4?dry_run=true", ""),
            ("GET", "export", ""),
        ];
        let through = requests.map(|(method, path, body)| json_of(&world, "seller", method, &format!("{DEALS}/{path}"), body).0 < 300);
        for (at, action) in Action::OF_RECORDS.into_iter().enumerate() {
            assert_eq!(through[at], flags(bits).contains(&action.name()), "{:?} {}", flags(bits), action.name());
        }
        allowed.push((bits, through.to_vec()));
    }
    for (less, few) in &allowed {
        for (more, many) in allowed.iter().filter(|(more, _)| less & more == *less) {
            assert!(few.iter().zip(many).all(|(few, many)| !few || *many), "{less:b} {more:b}");
        }
    }
}

#[test]
fn roles_travel_with_the_app_and_grants_do_not() {
    let world = world();
    let (status, file) = world.ask("GET", "/api/apps/one/app-file", "");
    assert_eq!((status, file["roles"][0]["slug"].as_str()), (200, Some("seller")));
    assert_eq!(world.apply(&file.to_string(), false, false).unwrap()["changes"], json!([]));
    let (status, copy) = world.ask("POST", "/api/apps/one/duplicate", r#"{"slug": "copy", "records": true}"#);
    assert_eq!(status, 201, "{copy}");
    let rights = |app: &str| world.ask("GET", &format!("/api/apps/{app}/roles/seller"), "").1;
    assert_eq!(rights("copy"), rights("one"));
    assert_eq!(json_of(&world, "seller", "GET", "/api/apps/copy", "").0, 404);
    give(&world, "seller", "copy", "seller");
    let (_, list) = json_of(&world, "seller", "GET", "/api/apps/copy/schemas/deals/records", "");
    assert_eq!(list["total"], 3);
    let mut changed = file.clone();
    changed["roles"] = json!([{"slug": "seller", "schemas": {"notes": {"read": true}}}, {"slug": "fresh"}]);
    let told = |prune| world.apply(&changed.to_string(), true, prune).unwrap()["changes"].clone();
    assert_eq!(told(false), json!(["change role seller", "create role fresh"]));
    changed["roles"] = json!([]);
    let told = |prune| world.apply(&changed.to_string(), true, prune).unwrap()["changes"].clone();
    assert_eq!(told(true), json!(["keep role seller, which somebody has"]));
    assert_eq!(told(false), json!(["keep role seller, which is not in the file (--prune deletes it)"]));
    // An editor gets the file without them.
    let (status, file) = json_of(&world, "editor", "GET", "/api/apps/one/app-file?records=true", "");
    assert_eq!((status, file.get("roles"), file["records"]["deals"].as_array().map(Vec::len)), (200, None, Some(4)));
    // With its app a role goes, and who had it.
    assert_eq!(world.ask("DELETE", "/api/apps/copy", "").0, 200);
    let grants = world.ask("GET", "/api/workspaces/default/grants?user=seller@example.com", "").1;
    assert_eq!(grants["grants"].as_array().map(Vec::len), Some(1), "{grants}");
}

#[test]
fn a_field_that_comes_back_is_not_masked_by_what_was_said_of_another() {
    let world = world();
    world.ask("PATCH", DEALS, r#"{"indexes": []}"#);
    assert_eq!(world.ask("DELETE", &format!("{DEALS}/fields/leakzq"), "").0, 200);
    assert_eq!(world.ask("DELETE", &format!("{DEALS}/fields/secretzq"), "").0, 200);
    assert_eq!(world.ask("POST", &format!("{DEALS}/fields"), r#"{"slug": "secretzq", "type": "text"}"#).0, 201);
    let (_, role) = world.ask("GET", "/api/apps/one/roles/seller", "");
    assert_eq!(role["schemas"]["deals"]["fields"], json!({"flagzq": {"readable": false}, "code": {"writable": false}}));
    assert_eq!(json_of(&world, "seller", "GET", &format!("{DEALS}/records/1"), "").1["secretzq"], Value::Null);
    // What a rule needs is neither deleted nor made another type; a table goes with what is said of it.
    for (method, path, body) in [("DELETE", "fields/owner", ""), ("PATCH", "fields/stage", r#"{"type": "boolean"}"#)] {
        let (status, answer) = world.ask(method, &format!("{DEALS}/{path}"), body);
        assert_eq!(status, 400, "{answer}");
        assert!(
            answer["error"]["message"].as_str().unwrap().starts_with("A rule of the role 'seller' would mean nothing any more"),
            "{answer}"
        );
    }
    assert_eq!(world.ask("DELETE", "/api/apps/one/schemas/vaultzq", "").0, 200);
}

/// What is known of a record is not what another role is shown of it.
#[test]
fn a_changed_mask_is_a_changed_state() {
    let world = world();
    let tag = |who: &str| {
        let reply = ask(&world, who, "GET", &format!("{DEALS}/records/1"), "", "");
        reply.headers.iter().find(|(name, _)| name == "ETag").map(|(_, tag)| tag.clone()).unwrap()
    };
    let known = tag("seller");
    world.ask("PATCH", "/api/apps/one/roles/seller", r#"{"schemas": {"deals": {"read": true, "list": true}}}"#);
    assert_ne!(tag("seller"), known);
    let headers = [("As", "seller"), ("If-None-Match", known.as_str())].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let reply =
        world.answer(&crate::transcript::Ask { method: "GET".to_owned(), url: format!("{DEALS}/records/1"), headers, body: Vec::new() });
    assert_eq!((reply.status, whole(&reply).contains("secretzq")), (200, true));
}

/// Whoever sees the records of their own only finds them by an index, as if they had asked for them.
#[test]
fn what_a_rule_says_of_one_field_is_found_by_its_index() {
    let world = world();
    assert_eq!(world.ask("PATCH", &format!("{DEALS}/fields/owner"), r#"{"index": true}"#).0, 200);
    world.ask("PATCH", "/api/apps/one/roles/seller", r#"{"schemas": {"deals": {"list": true, "read": "owner = @me && amount > 0"}}}"#);
    let user = User { id: UserId(2), email: "seller@example.com".to_owned(), role: Role::Member };
    let seller = Caller { principal: Principal::User(user), door: "test", token: None, tab: None };
    let told = world.ctx.read(|tx| {
        let scope = access::scope(tx.catalog(), &seller, "one", "deals", Action::List)?;
        let plan = plan(&Asking::of(tx, &seller), &scope, &everything(), &Limits::default())?;
        explain(tx, &plan, std::slice::from_ref(&plan), true)
    });
    for statement in told.unwrap().statements {
        assert!(statement.steps[0].starts_with("SEARCH") && statement.rows_read == 2, "{:?} {}", statement.steps, statement.rows_read);
    }
}

/// What a rule cannot say, with the byte at which it goes wrong.
#[test]
fn a_rule_that_makes_no_sense_is_refused_at_its_byte() {
    let world = world();
    let many = format!("amount = 1{}", " || amount = 1".repeat(100));
    for (rule, position, message) in [
        ("amount", Some(0), "a rule that is true or false is wanted here, and this is a number"),
        ("owner", Some(0), "a rule that is true or false is wanted here, and this is a user"),
        ("@me", Some(0), "a rule that is true or false is wanted here, and this is a user"),
        ("owner = 2", Some(8), "a user is wanted here, and this is a number"),
        ("title = @me", Some(8), "a text is wanted here, and this is a user"),
        ("owner > 'a'", Some(8), "a user is wanted here, and this is a text"),
        ("concat(owner, 'x') = 'y' && amont = 1", Some(28), "Table 'deals' has no field 'amont'"),
        ("team = 'rec_1'", Some(0), "'team' leads to a record: say which field of it is meant"),
        ("team.members.user = @me", Some(5), "'members' leads to several records: say that any of them will do"),
        ("remarks.text = 'x'", Some(0), "'remarks' leads to several records: say that any of them will do"),
        ("team.name ?= 'x'", Some(0), "'team.name' leads to one value, not to several"),
        ("@me ?= team.members.user", Some(0), "?= wants a path through a list on its left"),
        ("count(remarks.text ?= 'x') = 1", Some(6), "count must go over the records that point to this one"),
        ("team.members.nick ?= 5", Some(21), "a text is wanted here, and this is a number"),
        ("owner = @you", Some(8), "There is no '@you'"),
        ("owner ? @me", Some(6), "'?' has no meaning here"),
        ("owner = @me ?= owner", Some(12), "Comparisons cannot be chained"),
        (&many, None, "The expression has more than 300 parts"),
        ("", Some(0), "The expression ends where a value is wanted"),
    ] {
        let (status, answer) = world.ask("PATCH", "/api/apps/one/roles/seller", &json!({"schemas": {"deals": {"read": rule}}}).to_string());
        assert_eq!((status, &answer["error"]["field"]), (400, &json!("read")), "{rule}: {answer}");
        assert_eq!(answer["error"]["message"], format!("Table 'deals', read: {message}"), "{rule}");
        if let Some(position) = position {
            assert_eq!(answer["error"]["details"][0]["position"], position, "{rule}: {answer}");
        }
    }
    // Nor makes it texts without end of one record, of the table itself or of others.
    let joined = format!("concat(concat({}), title)", vec!["title"; 20].join(", "));
    for rule in [format!("length({joined}) > 5"), format!("remarks.text ?= {joined}"), format!("owner = @me && !({joined} = 'x')")] {
        let (status, answer) = world.ask("PATCH", "/api/apps/one/roles/seller", &json!({"schemas": {"deals": {"read": rule}}}).to_string());
        let message =
            "Table 'deals', read: The texts that it joins of one record may come to 2100000 characters; at most 2000000 are possible";
        assert_eq!((status, &answer["error"]["message"]), (400, &json!(message)), "{rule}");
    }
    // What is computed for everybody cannot ask who asks.
    for formula in ["owner = @me", "team.members.nick ?= 'x'", "created_by = null"] {
        let body = json!({"slug": "mine", "type": "computed", "formula": formula}).to_string();
        let (status, answer) = world.ask("POST", &format!("{DEALS}/fields"), &body);
        assert_eq!(status, 400, "{formula}: {answer}");
    }
    // No field takes the place of who asks, or of who made a record.
    assert_eq!(world.ask("POST", &format!("{DEALS}/fields"), r#"{"slug": "created_by", "type": "text"}"#).0, 400);
}

#[test]
fn what_is_done_to_roles_and_grants_stands_in_the_log() {
    let world = world();
    let (_, before) = world.ask("GET", "/api/apps/one/changes", "");
    for (method, url, body) in [
        ("POST", "/api/apps/one/roles", r#"{"slug": "fresh"}"#),
        ("PATCH", "/api/apps/one/roles/fresh", r#"{"schemas": {"notes": {"read": true}}}"#),
        ("POST", "/api/workspaces/default/grants", r#"{"user": 7, "app": "one", "role": "fresh"}"#),
        ("POST", "/api/workspaces/default/grants", r#"{"user": 7, "app": "one", "role": "fresh"}"#),
        ("DELETE", "/api/workspaces/default/grants?app=one&user=7", ""),
        ("DELETE", "/api/apps/one/roles/fresh", ""),
    ] {
        let (status, answer) = json_of(&world, "boss", method, url, body);
        assert!(status < 300, "{method} {url}: {answer}");
    }
    let (_, feed) = world.ask("GET", &format!("/api/apps/one/changes?since={}", before["last"]), "");
    let told: Vec<(&str, &str)> = feed["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["by"].as_str().unwrap(), change["label"].as_str().unwrap()))
        .collect();
    let boss = "boss@example.com";
    assert_eq!(
        told,
        [
            (boss, "made the role fresh of one"),
            (boss, "changed the role fresh of one"),
            (boss, "gave nobody@example.com the role fresh in one"),
            (boss, "took the role of nobody@example.com in one away"),
            (boss, "deleted the role fresh of one"),
        ]
    );
    assert_eq!(feed["changes"][1]["data"]["after"]["schemas"], json!({"notes": {"read": true}}));
}

/// Rights are asked again inside the transaction: what was let through before somebody took the role away is not done after it.
#[test]
fn what_was_prepared_before_a_role_was_taken_away_is_not_done_after_it() {
    prepared_before(|world| {
        assert_eq!(ask(world, "owner", "DELETE", "/api/workspaces/default/grants?app=one&user=4", "", "").status, 204);
    });
}

#[test]
fn what_was_prepared_before_a_role_became_less_is_not_done_after_it() {
    prepared_before(|world| {
        let rule = "title = 'nothing has this'";
        let deals = json!({"list": true, "read": true, "create": rule, "update": rule, "delete": rule});
        let role = json!({"slug": "held", "name": "Held", "schemas": {"deals": deals}}).to_string();
        assert_eq!(world.ask("POST", "/api/apps/one/roles", &role).0, 201);
        give(world, "editor", "one", "held");
    });
}

fn prepared_before(happens: impl Fn(&Harness)) {
    let world = world();
    let (catalog, limits) = (world.ctx.store.catalog(), Limits::default());
    let user = User { id: UserId(4), email: "editor@example.com".to_owned(), role: Role::Member };
    let editor = Caller { principal: Principal::User(user), door: "test", token: None, tab: None };
    let draft = json!({"title": "x"}).as_object().unwrap().clone();
    let made = records::prepare_create(&catalog, &editor, "one", "deals", &draft).unwrap();
    let changed = records::prepare_update(&catalog, &editor, "one", "deals", &draft).unwrap();
    let gone = records::prepare_delete(&catalog, &editor, "one", "deals", "4", &Expected::Any, &limits).unwrap();
    let many = bulk::prepare_delete(&catalog, &editor, "one", "deals", &[json!("rec_4")], &limits).unwrap();
    let upserted = bulk::prepare_upsert(&catalog, &editor, "one", "deals", "title", Batch::One(&draft), &limits).unwrap();
    happens(&world);
    let done = world.ctx.store.write(move |tx| {
        Ok([
            records::create(tx, &editor, &made).map(drop),
            records::update(tx, &editor, "1", &Expected::Any, &changed).map(drop),
            records::delete(tx, &editor, &gone).map(drop),
            bulk::delete(tx, &editor, &many).map(drop),
            bulk::store(tx, &editor, &upserted).map(drop),
        ])
    });
    assert_eq!(done.unwrap(), [const { Err(Error::Stale) }; 5]);
}

/// So is the right to make a table by writing to it.
#[test]
fn a_table_is_not_made_by_who_has_lost_the_app_since() {
    let world = world();
    let user = User { id: UserId(5), email: "boss@example.com".to_owned(), role: Role::Member };
    let boss = Caller { principal: Principal::User(user), door: "test", token: None, tab: None };
    let draft = json!({"word": "x"}).as_object().unwrap().clone();
    let drawn = first_write::prepare(&world.ctx, &boss, true, "one", "fresh", Batch::One(&draft)).unwrap();
    assert_eq!(ask(&world, "owner", "DELETE", "/api/workspaces/default/grants?app=one&user=5", "", "").status, 204);
    let made = world.ctx.store.write(move |tx| first_write::store(tx, &boss, &drawn).map(drop));
    assert!(matches!(made, Err(Error::Forbidden(_))), "{made:?}");
    assert_eq!(world.ask("GET", "/api/apps/one/schemas/fresh", "").0, 404);
}

/// A rule goes on to mean what it meant: it compares with the value of an option.
#[test]
fn an_option_that_a_rule_or_a_formula_compares_with_keeps_its_value() {
    let world = world();
    let options = format!("{DEALS}/fields/stage/options");
    let told = |method: &str, path: &str, body: &str| {
        let (status, answer) = world.ask(method, &format!("{options}/{path}"), body);
        (status, answer["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    let by_rule = "The option 'won' of 'deals.stage' must stay: a rule of the role 'seller' (table 'deals', read) compares with it";
    assert_eq!(told("PATCH", "won", r#"{"value": "closed"}"#), (409, by_rule.to_owned()));
    assert_eq!(told("DELETE", "won?replace=open", ""), (409, by_rule.to_owned()));
    assert_eq!(told("DELETE", "won?replace=", ""), (409, by_rule.to_owned()));
    // What people read may be another, and so may an option that nobody asks for.
    assert_eq!(told("PATCH", "won", r#"{"label": "Closed", "color": "green"}"#).0, 200);
    assert_eq!(told("PATCH", "open", r#"{"value": "new"}"#).0, 200);
    // Another table's rule, by way of a computed field that says nothing of the option itself.
    let stage = r#"{"slug": "lead", "type": "computed", "formula": "upper(stage)"}"#;
    assert_eq!(world.ask("POST", &format!("{DEALS}/fields"), stage).0, 201);
    let rule = r#"{"schemas": {"deals": null, "notes": {"read": "deal.lead != 'NEW'"}}}"#;
    assert_eq!(world.ask("PATCH", "/api/apps/one/roles/seller", rule).0, 200);
    let by_other = "The option 'new' of 'deals.stage' must stay: a rule of the role 'seller' (table 'notes', read) compares with it";
    assert_eq!(told("PATCH", "new", r#"{"value": "open"}"#), (409, by_other.to_owned()));
    let score = r#"{"slug": "score", "type": "computed", "formula": "if(stage = 'won', 1, 0)"}"#;
    assert_eq!(world.ask("POST", &format!("{DEALS}/fields"), score).0, 201);
    let by_formula = "The option 'won' of 'deals.stage' must stay: the formula of 'deals.score' compares with it";
    assert_eq!(told("PATCH", "won", r#"{"value": "closed"}"#), (409, by_formula.to_owned()));
    assert_eq!(world.ask("DELETE", &format!("{DEALS}/fields/score"), "").0, 200);
    assert_eq!(told("PATCH", "won", r#"{"value": "closed"}"#).0, 200);
}

/// Which addresses have accounts is for those who look after an app.
#[test]
fn a_member_does_not_learn_who_is_there() {
    let world = world();
    let grants = |who: &str, user: &str| json_of(&world, who, "GET", &format!("/api/workspaces/default/grants?user={user}"), "");
    for user in ["boss@example.com", "nothere@example.com", "5", "99"] {
        assert_eq!(grants("seller", user), (200, json!({"grants": []})), "{user}");
    }
    let (_, own) = grants("seller", "seller@example.com");
    assert_eq!(own["grants"][0]["role"], "seller");
    assert_eq!((grants("boss", "nothere@example.com").0, grants("boss", "seller@example.com").0), (400, 200));
}

#[test]
fn what_is_for_those_who_look_after_a_table_is_for_nobody_else() {
    let world = world();
    for (who, status) in [("guest", 401), ("nobody", 403), ("seller", 403), ("editor", 403), ("other", 403)] {
        for app in ["one", "nowhere"] {
            let url = format!("/api/apps/{app}/schemas/fresh/records?create=schema&dry_run=true");
            assert_eq!(json_of(&world, who, "POST", &url, r#"{"a": 1}"#).0, status, "{who} {app}");
        }
    }
    assert_eq!(json_of(&world, "boss", "POST", "/api/apps/one/schemas/fresh/records?create=schema&dry_run=true", r#"{"a": 1}"#).0, 200);
    for (who, status) in [("guest", 401), ("nobody", 404), ("seller", 403), ("viewer", 403), ("editor", 403), ("boss", 200)] {
        assert_eq!(json_of(&world, who, "GET", &format!("{DEALS}/records?explain=1"), "").0, status, "{who}");
    }
}

#[test]
fn a_delete_that_somebody_unseen_forbids_names_nobody() {
    let world = world();
    assert_eq!(world.ask("PATCH", "/api/apps/one/schemas/vaultzq/fields/deal", r#"{"on_delete": "restrict"}"#).0, 200);
    assert_eq!(world.ask("PATCH", "/api/apps/one/schemas/vaultzq/records/1", r#"{"deal": "rec_4"}"#).0, 200);
    let told = |who: &str| json_of(&world, who, "DELETE", &format!("{DEALS}/records/4"), "").1["error"]["message"].clone();
    assert_eq!(told("seller"), "rec_4 cannot go: a record that you cannot see refers to it");
    assert_eq!(told("editor"), "rec_4 cannot go: zq-vaultzq-1-word in vaultzq refers to it (field 'deal')");
    // The table is there for her, and this record of it is not; then it is.
    for (rule, why) in [
        ("word = 'x'", "rec_4 cannot go: a record that you cannot see refers to it"),
        ("word != 'x'", "rec_4 cannot go: zq-vaultzq-1-word in vaultzq refers to it (field 'deal')"),
    ] {
        let role = json!({"schemas": {"vaultzq": {"list": true, "read": rule}}}).to_string();
        assert_eq!(world.ask("PATCH", "/api/apps/one/roles/seller", &role).0, 200);
        assert_eq!(told("seller"), why, "{rule}");
    }
}

// Tokens -------------------------------------------------------------------------------------------------------------

fn narrowed(user: i64, role: Role, narrowing: Narrowing) -> Caller {
    let principal = Principal::User(User { id: UserId(user), email: "x@example.com".to_owned(), role });
    Caller { principal, door: "test", token: Some(Arc::new(Token { id: 1, name: "ci".to_owned(), narrowing })), tab: None }
}

fn everything() -> Query {
    Query { window: Window { offset: 0, limit: 100 }, ..Query::default() }
}

fn list(world: &Harness, who: &Caller, app: &str, schema: &str, query: &Query) -> Result<Vec<Value>> {
    world.ctx.read(|tx| {
        let mut found = Vec::new();
        lists::list(tx, who, [app, schema], query, &Limits::default(), &|_| false, &mut |row| {
            found.push(serde_json::from_str(row.record.data).map_err(Error::internal)?);
            Ok(())
        })?;
        Ok(found)
    })
}

#[test]
fn a_token_lets_less_through_than_its_owner_may_and_never_more() {
    let world = world();
    let catalog = world.ctx.store.catalog();
    let app = catalog.app("one").unwrap();
    let deals = catalog.schema(&app, "deals").unwrap().id;
    let part = |schemas| Some(vec![AppPart { app: app.id, schemas }]);
    let of =
        |fields: &[&str]| Some(vec![SchemaPart { schema: deals, fields: Some(fields.iter().map(|slug| (*slug).to_owned()).collect()) }]);
    let scope = |who: &Caller, app: &str, schema: &str, action| {
        access::scope(&catalog, who, app, schema, action).map(|scope| scope.seen.fields.len())
    };

    // Reading, and nothing else.
    let reads = narrowed(1, Role::Admin, Narrowing { actions: Some(vec![Action::Read]), apps: None });
    for action in [Action::List, Action::Read, Action::Export] {
        assert!(scope(&reads, "one", "deals", action).is_ok(), "{action:?}");
    }
    for action in [Action::Create, Action::Update, Action::Delete] {
        assert!(matches!(scope(&reads, "one", "deals", action), Err(Error::Forbidden(why)) if why.contains("'ci'")), "{action:?}");
    }
    assert!(matches!(access::managed(&catalog, &reads, "one"), Err(Error::Forbidden(_))));
    assert!(matches!(access::may(&reads, Action::Manage), Err(Error::Forbidden(_))));

    // One app: the others are refused by name to who may know them.
    let one = narrowed(1, Role::Admin, Narrowing { actions: None, apps: part(None) });
    assert!(access::managed(&catalog, &one, "one").is_ok());
    assert!(matches!(access::app(&catalog, &one, "two"), Err(Error::Forbidden(_))));
    assert!(matches!(access::app(&catalog, &one, "nowhere"), Err(Error::NotFound(_))));
    assert!(matches!(access::may(&one, Action::Manage), Err(Error::Forbidden(_))));
    let stranger = narrowed(7, Role::Member, Narrowing { actions: None, apps: part(None) });
    assert!(matches!(access::app(&catalog, &stranger, "one"), Err(Error::NotFound(_))), "what its owner may not, a token cannot");

    // One table and some of its fields; what is computed of others is not there.
    let some = narrowed(1, Role::Admin, Narrowing { actions: None, apps: part(of(&["title", "amount", "twice", "leakzq"])) });
    let found = list(&world, &some, "one", "deals", &everything()).unwrap();
    assert_eq!((found.len(), &found[0]), (4, &json!({"title": "zq-deals-1-title", "amount": 7_100_001, "twice": 14_200_002})));
    let asked = Query { filter: Expr::Compare { field: "code".to_owned(), op: Op::Eq, text: "x".to_owned() }, ..everything() };
    assert!(matches!(list(&world, &some, "one", "deals", &asked), Err(Error::Invalid(problems)) if problems[0].code == "unknown_field"));
    assert!(matches!(list(&world, &some, "one", "notes", &everything()), Err(Error::NotFound(_))));
    assert!(matches!(access::managed(&catalog, &some, "one"), Err(Error::Forbidden(_))));
    let draft = json!({"title": "x", "code": "y"}).as_object().unwrap().clone();
    assert!(matches!(records::prepare_create(&catalog, &some, "one", "deals", &draft), Err(Error::Invalid(_))));

    // The seller's: her rule and her mask stay, whatever it names.
    let hers = narrowed(2, Role::Member, Narrowing { actions: None, apps: part(of(&["title", "secretzq", "owner"])) });
    let found = list(&world, &hers, "one", "deals", &everything()).unwrap();
    assert_eq!((found.len(), &found[0]), (3, &json!({"title": "zq-deals-1-title", "owner": 2})));
    let mut out = Vec::new();
    let asked = export::Export { app: "one", schema: "deals", format: carryall::format::file::Format::Csv, query: None, has_ids: true };
    let count = world.ctx.read(|tx| export::export(tx, &hers, &asked, &Limits::default(), Box::new(&mut out), &|_| Ok(()))).unwrap();
    assert_eq!((count, String::from_utf8(out).unwrap()), (1, "id,title,owner\nrec_2,zq-deals-2-title,3\n".to_owned()));
    assert!(matches!(world.ctx.read(|tx| roles::list(tx, &hers, "one")), Err(Error::Forbidden(_))));
}

// Rules --------------------------------------------------------------------------------------------------------------

#[derive(Debug, Clone)]
struct Row {
    owner: Option<i64>,
    stage: Option<&'static str>,
    amount: Option<i64>,
    tags: Vec<&'static str>,
    /// Of which team, and of which others.
    team: Option<usize>,
    teams: Vec<usize>,
}

/// A rule, and what it means.
type Meant = (&'static str, fn(&Row, &[Vec<i64>], Option<i64>) -> bool);

/// What nobody has made, or a guest asks for, is nobody's: a missing value equals no guest.
const RULES: [Meant; 16] = [
    ("owner = @me", |row, _, me| me.is_some() && row.owner == me),
    ("owner != @me", |row, _, me| row.owner != me),
    ("owner = null || owner = @me", |row, _, me| row.owner.is_none() || row.owner == me),
    ("@me = owner || created_by = @me", |row, _, me| me.is_some() && row.owner == me),
    ("!(owner = @me)", |row, _, me| me.is_none() || row.owner != me),
    ("@me = null", |_, _, me| me.is_none()),
    ("@me != null && amount > 2", |row, _, me| me.is_some() && row.amount > Some(2)),
    ("!(stage = 'won') && amount > 5", |row, _, _| row.stage != Some("won") && row.amount > Some(5)),
    ("stage = 'won' && owner = @me", |row, _, me| row.stage == Some("won") && me.is_some() && row.owner == me),
    ("tags ?= 'vip'", |row, _, _| row.tags.contains(&"vip")),
    ("tags ?!= 'vip'", |row, _, _| row.tags.iter().any(|tag| *tag != "vip")),
    ("team.members.user ?= @me", |row, members, me| me.is_some_and(|me| row.team.is_some_and(|team| members[team].contains(&me)))),
    ("teams.members.user ?= owner", |row, members, _| {
        row.owner.is_some_and(|owner| row.teams.iter().any(|team| members[*team].contains(&owner)))
    }),
    ("teams.size ?>= amount", |row, members, _| {
        row.amount.is_some_and(|amount| row.teams.iter().any(|team| size(members, *team) >= amount))
    }),
    ("teams.size ?< 1 || team.size > 1", |row, members, _| {
        row.teams.iter().any(|team| size(members, *team) < 1) || row.team.is_some_and(|team| size(members, team) > 1)
    }),
    ("created_by = @me || length(coalesce(stage, '')) = 3", |row, _, _| row.stage == Some("won")),
];

fn size(members: &[Vec<i64>], team: usize) -> i64 {
    i64::try_from(members[team].len()).unwrap()
}

fn row() -> impl Strategy<Value = Row> {
    let tags = prop::sample::subsequence(vec!["vip", "old", "it's?"], 0..=3);
    let stage = prop::sample::select(vec![None, Some("open"), Some("won")]);
    (
        prop::option::of(2..4_i64),
        stage,
        prop::option::of(0..9_i64),
        tags,
        prop::option::of(0..3_usize),
        prop::sample::subsequence(vec![0, 1, 2], 0..=3),
    )
        .prop_map(|(owner, stage, amount, tags, team, teams)| Row { owner, stage, amount, tags, team, teams })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]
    #[test]
    fn a_rule_lets_exactly_those_records_through_that_it_means(rows in prop::collection::vec(row(), 1..12), members in prop::collection::vec(prop::sample::subsequence(vec![2_i64, 3], 0..=2), 3)) {
        rules_hold(&rows, &members);
    }
}

fn rules_hold(rows: &[Row], members: &[Vec<i64>]) {
    let world = Harness::crm().with_people(&["ann", "ben"]);
    let link = |prefix: &str, at: usize| json!({"$ref": format!("{prefix}{at}")});
    let mut people: Vec<Value> = [2, 3].map(|user| json!({"$ref": format!("p{user}"), "user": user})).to_vec();
    // Who is nobody is a member of every team.
    people.push(json!({"$ref": "p0", "user": null}));
    let teams = members.iter().enumerate().map(|(at, members)| {
        let size = members.len();
        let members: Vec<Value> = members.iter().chain(&[0]).map(|user| json!({"$ref": format!("p{user}")})).collect();
        json!({"$ref": format!("t{at}"), "size": size, "members": members})
    });
    let deals = rows.iter().map(|row| {
        let teams: Vec<Value> = row.teams.iter().map(|team| link("t", *team)).collect();
        json!({"owner": row.owner, "stage": row.stage, "amount": row.amount, "tags": row.tags, "team": row.team.map(|team| link("t", team)), "teams": teams})
    });
    let file = json!({"carryall": 1, "app": {"slug": "app"}, "schemas": [
        {"slug": "people", "fields": [{"slug": "user", "type": "user"}]},
        {"slug": "teams", "fields": [{"slug": "size", "type": "integer"}, {"slug": "members", "type": "references", "target": "people"}]},
        {"slug": "deals", "fields": [{"slug": "owner", "type": "user"}, {"slug": "stage", "type": "text"}, {"slug": "amount", "type": "integer"},
            {"slug": "tags", "type": "multiselect", "options": ["vip", "old", "it's?"]}, {"slug": "team", "type": "reference", "target": "teams"},
            {"slug": "teams", "type": "references", "target": "teams"}]}],
        "roles": [{"slug": "ruled"}, {"slug": "guest"}],
        "records": {"people": people, "teams": teams.collect::<Vec<_>>(), "deals": deals.collect::<Vec<_>>()}});
    world.apply(&file.to_string(), false, false).unwrap();
    give(&world, "ann", "app", "ruled");
    for (rule, means) in RULES {
        for (who, role, me) in [("ann", "ruled", Some(2)), ("guest", "guest", None)] {
            let body = json!({"schemas": {"deals": {"list": true, "read": rule}}}).to_string();
            let (status, answer) = world.ask("PATCH", &format!("/api/apps/app/roles/{role}"), &body);
            assert_eq!(status, 200, "{rule}: {answer}");
            let is_meant = |at: usize| means(&rows[at], members, me);
            let wanted: Vec<String> = (0..rows.len()).filter(|at| is_meant(*at)).map(|at| format!("rec_{}", at + 1)).collect();
            lets_through(&world, who, rule, rows.len(), &wanted);
        }
    }
}

#[test]
fn a_rule_is_told_to_whoever_sees_all_that_it_is_made_of() {
    let harness = Harness::crm().with_people(&["ann"]);
    let said = |who: &str, method: &str, url: &str, body: &Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, said) = json_of(&harness, who, method, url, &body);
        assert!(status < 300, "{method} {url}: {said}");
        said
    };
    let contacts = json!({
        "list": true, "read": "age > 30", "create": "company.name = 'Acme'", "update": "status = 'lead' && created_by = @me",
        "fields": {"age": {"readable": false}},
    });
    said("owner", "POST", "/api/apps/my-crm/roles", &json!({"slug": "caller", "schemas": {"contacts": contacts}}));
    let grant = json!({"user": "ann@example.com", "app": "my-crm", "role": "caller"});
    said("owner", "POST", "/api/workspaces/default/grants", &grant);
    let explain = |who: &str, action: &str| {
        let url = format!("/api/workspaces/default/explain?user=ann@example.com&app=my-crm&schema=contacts&action={action}");
        let told = said(who, "GET", &url, &Value::Null);
        (told["rule"].as_str().map(str::to_owned), told["why"].as_str().unwrap().to_owned())
    };
    for (action, rule, hidden) in
        [("read", "age > 30", "age"), ("create", "company.name = 'Acme'", "company"), ("update", "status = 'lead' && created_by = @me", "")]
    {
        assert_eq!(explain("owner", action).0.as_deref(), Some(rule));
        let (told, why) = explain("ann", action);
        if hidden.is_empty() {
            assert_eq!(told.as_deref(), Some(rule), "{why}");
        } else {
            assert!(told.is_none() && !why.contains(hidden) && why.contains("a rule"), "{action}: {told:?} {why}");
        }
    }
}

/// Whoever asks finds these records and no others, in the list and one by one.
fn lets_through(world: &Harness, who: &str, rule: &str, count: usize, wanted: &[String]) {
    let records = "/api/apps/app/schemas/deals/records";
    let (_, list) = json_of(world, who, "GET", &format!("{records}?sort=id"), "");
    let found: Vec<&str> = list["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap()).collect();
    assert_eq!(
        (found, list["total"].as_u64()),
        (wanted.iter().map(String::as_str).collect(), u64::try_from(wanted.len()).ok()),
        "{who}: {rule}"
    );
    for at in 1..=count {
        let (status, _) = json_of(world, who, "GET", &format!("{records}/{at}"), "");
        assert_eq!(status == 200, wanted.contains(&format!("rec_{at}")), "{who}: {rule}: {at}");
    }
}

#[test]
fn what_has_no_owner_is_not_a_guest_s() {
    let world = Harness::crm();
    let rule = "created_by = @me || owner = @me || watchers.user ?= @me";
    let file = json!({"carryall": 1, "app": {"slug": "app"}, "schemas": [
        {"slug": "people", "fields": [{"slug": "user", "type": "user"}]},
        {"slug": "deals", "fields": [{"slug": "owner", "type": "user"}, {"slug": "watchers", "type": "references", "target": "people"}]}],
        "roles": [{"slug": "guest", "schemas": {"deals": {"list": true, "create": true, "read": rule, "update": "owner = @me", "delete": "owner = @me"}}}],
        "records": {"people": [{"$ref": "p", "user": null}], "deals": [{"watchers": [{"$ref": "p"}]}, {}]}});
    world.apply(&file.to_string(), false, false).unwrap();
    let records = "/api/apps/app/schemas/deals/records";
    assert_eq!(json_of(&world, "guest", "GET", records, "").1["total"], 0);
    for (method, body) in [("GET", ""), ("PATCH", r#"{"owner": 1}"#), ("DELETE", "")] {
        assert!(json_of(&world, "guest", method, &format!("{records}/1"), body).0 >= 400, "{method}");
    }
    // Not even what a guest has made.
    assert_eq!(json_of(&world, "guest", "POST", records, "{}").0, 201);
    assert_eq!(json_of(&world, "guest", "GET", records, "").1["total"], 0);
    assert_eq!(world.ask("GET", records, "").1["total"], 3);
}
