//! Those who may very little: nobody any more, whoever only puts something in, a token beside others of its owner.

use super::give;
use super::world::{ask, whole, world};
use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use carryall::model::error::Error;
use carryall::model::principal::{Action, Caller, Principal, Role, User, UserId};
use carryall::ops::{access, records};
use serde_json::{Value, json};

const W: &str = "/api/workspaces/default";
const DEALS: &str = "/api/apps/one/schemas/deals/records";

/// The boss's token, narrowed; what she is told of it.
fn token(world: &Harness, more: &Value) -> Value {
    // The chance of the tests comes round again: another place of it.
    world.ctx.random::<1>();
    let mut body = json!({"kind": "personal", "name": "little"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = ask(world, "boss", "POST", &format!("{W}/tokens"), "application/json", &body.to_string());
    assert_eq!(made.status, 201, "{}", whole(&made));
    serde_json::from_slice(&made.body).unwrap()
}

fn by(world: &Harness, token: &Value, method: &str, url: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    world.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body: body.as_bytes().to_vec() })
}

/// They came in before.
#[test]
fn whoever_was_suspended_meanwhile_is_not_even_a_guest() {
    let world = world();
    let catalog = world.ctx.store.catalog();
    let caller = |id: i64, name: &str| {
        let user = User { id: UserId(id), email: format!("{name}@example.com"), role: Role::Member };
        Caller { principal: Principal::User(user), door: "house", token: None, tab: None }
    };
    let (nobody, gone, deleted) = (caller(7, "nobody"), caller(8, "gone"), caller(99, "deleted"));
    let draft = json!({"title": "x", "public": false}).as_object().unwrap().clone();
    assert!(access::scope(&catalog, &nobody, "open", "posts", Action::List).is_ok(), "who has no role is a guest");
    assert!(records::prepare_create(&catalog, &nobody, "open", "posts", &draft).is_ok());
    for who in [&gone, &deleted] {
        for app in ["open", "one"] {
            assert!(matches!(access::app(&catalog, who, app), Err(Error::NotFound(_))), "{who:?} {app}");
        }
        assert!(matches!(records::prepare_create(&catalog, who, "open", "posts", &draft), Err(Error::NotFound(_))), "{who:?}");
    }
}

/// Neither of what they have made, nor of what others have.
#[test]
fn whoever_may_only_create_sees_no_record() {
    let world = world();
    let role = json!({"slug": "letterbox", "name": "Letter box", "schemas": {"deals": {"create": true}}}).to_string();
    assert_eq!(world.ask("POST", "/api/apps/one/roles", &role).0, 201);
    give(&world, "nobody", "one", "letterbox");
    let creates = token(&world, &json!({"abilities": ["create"]}));
    let body = r#"{"title": "letter", "code": "new-1"}"#;
    let taken = r#"{"title": "letter", "code": "zq-deals-1-code"}"#;
    let ways: [&dyn Fn(&str) -> Reply; 2] = [&|body| ask(&world, "nobody", "POST", DEALS, "application/json", body), &|body| {
        by(&world, &creates, "POST", DEALS, &body.replace("new-1", "new-2"))
    }];
    for way in ways {
        let made = way(body);
        let keys: Value = serde_json::from_slice(&made.body).unwrap();
        let keys: Vec<&String> = keys.as_object().unwrap().keys().collect();
        assert_eq!(
            (made.status, keys),
            (201, vec![&"id".to_owned(), &"created_at".to_owned(), &"updated_at".to_owned()]),
            "{}",
            whole(&made)
        );
        let clash = way(taken);
        assert!(clash.status == 400 && whole(&clash).contains("another record has this value already"), "{}", whole(&clash));
    }
    assert_eq!(ask(&world, "nobody", "GET", DEALS, "", "").status, 403);
    assert_eq!(by(&world, &creates, "GET", &format!("{DEALS}/1"), "").status, 403);
}

#[test]
fn a_token_that_is_narrowed_ends_no_other() {
    let world = world();
    let (whole_one, little) = (token(&world, &json!({})), token(&world, &json!({"apps": ["one"]})));
    let all = ask(&world, "boss", "GET", &format!("{W}/tokens"), "", "");
    let all: Value = serde_json::from_slice(&all.body).unwrap();
    let ids: Vec<i64> = all["tokens"].as_array().unwrap().iter().map(|token| token["id"].as_i64().unwrap()).collect();
    for id in &ids {
        assert_eq!(by(&world, &little, "DELETE", &format!("{W}/tokens/{id}"), "").status, 403, "{id}");
    }
    assert_eq!(by(&world, &whole_one, "GET", &format!("{W}/me"), "").status, 200);
    // One that is as good as its owner may.
    assert_eq!(by(&world, &whole_one, "DELETE", &format!("{W}/tokens/{}", ids.iter().max().unwrap()), "").status, 204);
    assert_eq!(by(&world, &little, "GET", &format!("{W}/me"), "").status, 401);
}

/// What a filter finds and somebody may not change refuses the whole of it.
#[test]
fn what_a_filter_finds_is_asked_about_one_by_one() {
    let world = world();
    for (method, body) in [("DELETE", ""), ("PATCH", r#"{"amount": 1}"#), ("PATCH", r#"{"owner": 2}"#)] {
        for filter in ["filter[stage]=won", "filter[id][gte]=rec_2"] {
            let reply = ask(&world, "seller", method, &format!("{DEALS}?{filter}"), "application/json", body);
            assert_eq!(reply.status, 403, "{method} {filter} {body}: {}", whole(&reply));
        }
    }
    let (_, list) = world.ask("GET", &format!("{DEALS}?fields=owner,amount"), "");
    let (owners, amounts): (Vec<&Value>, Vec<&Value>) =
        list["records"].as_array().unwrap().iter().map(|record| (&record["owner"], &record["amount"])).unzip();
    assert_eq!((json!(owners), json!(amounts)), (json!([2, 3, 3, 2]), json!([7_100_001, 7_100_002, 7_100_003, 7_100_004])));
    // Of what she may not see nothing is found, and nothing refuses.
    let reply = ask(&world, "seller", "DELETE", &format!("{DEALS}?filter[id]=rec_4"), "", "");
    assert_eq!(reply.status, 200, "{}", whole(&reply));
    let reply = ask(&world, "seller", "DELETE", &format!("{DEALS}?filter[id]=rec_3"), "", "");
    assert_eq!((reply.status, world.ask("GET", &format!("{DEALS}/3"), "").0), (200, 200), "{}", whole(&reply));
}

/// A field that is hidden has no name in an expression either, and what is expanded is what may be read.
#[test]
fn expressions_and_expanded_records_keep_to_what_is_seen() {
    let world = world();
    let asked = |filter: &str| {
        let reply = ask(&world, "seller", "GET", &format!("{DEALS}?filter={filter}"), "", "");
        (reply.status, whole(&reply))
    };
    for filter in ["NAME%20=%20'zq-deals-1-secretzq'", "NAME%20~%20'zq'", "title%20!=%20''%20%26%26%20NAME%20!=%20null"] {
        let [hidden, made_up] = ["secretzq", "madeupzq"].map(|name| (asked(&filter.replace("NAME", name)), name));
        assert_eq!(hidden.0.0, 400, "{}", hidden.0.1);
        assert_eq!(hidden.0.1.replace(hidden.1, "IT"), made_up.0.1.replace(made_up.1, "IT"), "{filter}");
    }
    let reply = ask(&world, "seller", "GET", &format!("{DEALS}?expand=team"), "", "");
    let text = whole(&reply);
    assert_eq!((reply.status, text.contains("zq-teams-1-name"), text.contains("zq-teams-2-name")), (200, true, false), "{text}");
}

/// What fits best comes first, and how long a record's texts are has a part in that: whoever does not see all of them has the order of the table.
#[test]
fn the_order_of_what_fits_best_tells_nothing_of_texts_that_are_hidden() {
    let world = world();
    let long = "word ".repeat(60);
    let app = json!({"carryall": 1, "app": {"slug": "books", "name": "Books"},
        "schemas": [{"slug": "books", "search": true, "fields": [{"slug": "title", "type": "text"}, {"slug": "remark", "type": "textarea"}]}],
        "roles": [{"slug": "buyer", "schemas": {"books": {"list": true, "read": true, "fields": {"remark": {"readable": false}}}}}],
        "records": {"books": [{"title": "Tea", "remark": long}, {"title": "Tea", "remark": "short"}]}});
    let (status, answer) = world.ask("PUT", "/api/apps/books/app-file", &app.to_string());
    assert_eq!(status, 200, "{answer}");
    give(&world, "nobody", "books", "buyer");
    const ASKED: &str = "/api/apps/books/schemas/books/records?q=tea";
    let ids = |list: &Value| {
        list["records"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(|record| record["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&world.ask("GET", ASKED, "").1), ["rec_2", "rec_1"]);
    let reply = ask(&world, "nobody", "GET", ASKED, "", "");
    assert_eq!(ids(&serde_json::from_slice(&reply.body).unwrap()), ["rec_1", "rec_2"]);
}
