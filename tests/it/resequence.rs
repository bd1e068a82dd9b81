//! Records that are put into an order of one's own: one act that costs its distance, within what the caller sees and may change, whatever numbers there are.

use crate::harness::Harness;
use crate::transcript::{Ask, Reply};
use carryall::model::job::unwatched;
use carryall::model::limits::Limits;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

const STEPS: &str = "/api/apps/work/schemas/steps/records";
const MOVE: &str = "/api/apps/work/schemas/steps/resequence";

/// Six steps, `A` to `F`, numbered from 1 on; ann is the owner of all but `D`.
fn work_with(limits: Limits, steps: usize) -> Harness {
    let harness = Harness::with_limits(limits);
    let app = json!({"carryall": 1, "app": {"slug": "work"}, "schemas": [
        {"slug": "steps", "display_field": "title", "fields": [
            {"slug": "title", "type": "text"},
            {"slug": "owner", "type": "text"},
            {"slug": "place", "type": "sequence"},
            {"slug": "double", "type": "computed", "formula": "place * 2"}]},
        {"slug": "plain", "fields": [{"slug": "title", "type": "text"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled().with_people(&["ann"]);
    let owner = |at: usize| if at == 3 { "ben" } else { "ann" };
    let all: Vec<Value> = (0..steps).map(|at| json!({"title": title(at), "owner": owner(at)})).collect();
    assert_eq!(harness.ask("POST", STEPS, &json!(all).to_string()).0, 201);
    harness
}

fn work() -> Harness {
    work_with(Limits::default(), 6)
}

fn title(at: usize) -> String {
    char::from(b'A' + u8::try_from(at).unwrap()).to_string()
}

fn by(harness: &Harness, who: &str, url: &str, body: &Value) -> (u16, Value) {
    let reply: Reply = harness.answer(&Ask {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: vec![("As".to_owned(), who.to_owned())],
        body: body.to_string().into_bytes(),
    });
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

fn moved(harness: &Harness, record: i64, after: Option<i64>) -> Value {
    let (status, answer) = by(harness, "owner", MOVE, &json!({"record": record, "after": after}));
    assert_eq!(status, 200, "{answer}");
    answer
}

fn role(harness: &Harness, rights: &Value) {
    let role = json!({"slug": "worker", "schemas": {"steps": rights}});
    assert_eq!(harness.ask("POST", "/api/apps/work/roles", &role.to_string()).0, 201);
    let grant = json!({"user": "ann@example.com", "app": "work", "role": "worker"});
    assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", &grant.to_string()).0, 200);
}

/// Titles and numbers, as the list has them.
fn order(harness: &Harness) -> (String, Vec<Value>) {
    let list = harness.ask("GET", &format!("{STEPS}?sort=place&per_page=100"), "").1;
    let all = list["records"].as_array().unwrap();
    (all.iter().map(|step| step["title"].as_str().unwrap()).collect(), all.iter().map(|step| step["place"].clone()).collect())
}

fn titles(harness: &Harness) -> String {
    order(harness).0
}

/// Writes numbers as older data may hold them, beside the program.
fn numbered(harness: &Harness, numbers: &[Option<i64>]) {
    let beside = rusqlite::Connection::open(harness.ctx.store.path()).unwrap();
    let table: i64 = beside.query_row("SELECT id FROM schema WHERE slug = 'steps'", [], |row| row.get(0)).unwrap();
    for (at, number) in numbers.iter().enumerate() {
        let sql = format!("UPDATE r{table} SET data = json_set(data, '$.place', ?2) WHERE id = ?1");
        beside.execute(&sql, (i64::try_from(at).unwrap() + 1, number)).unwrap();
    }
}

fn entries(harness: &Harness, since: u64) -> Vec<Value> {
    harness.ask("GET", &format!("/api/apps/work/changes?since={since}"), "").1["changes"].as_array().unwrap().clone()
}

fn newest(harness: &Harness) -> u64 {
    harness.ask("GET", "/api/apps/work/changes", "").1["last"].as_u64().unwrap()
}

#[test]
fn a_record_stands_behind_another_and_those_between_pass_their_numbers_on() {
    let harness = work();
    let done = moved(&harness, 5, Some(2));
    let told: Vec<[&Value; 3]> =
        done["records"].as_array().unwrap().iter().map(|step| [&step["id"], &step["place"], &step["double"]]).collect();
    let wanted = [("rec_5", 3), ("rec_3", 4), ("rec_4", 5)].map(|(id, place)| [json!(id), json!(place), json!(place * 2)]);
    assert_eq!(told, wanted.iter().map(|row| row.each_ref()).collect::<Vec<_>>());
    assert_eq!(order(&harness), ("ABECDF".to_owned(), (1..=6).map(Value::from).collect()));
    // Down, to the end, to the front; each costs its way.
    for (record, after, wanted, changed) in [
        (1, Some(3), "BECADF", 4),
        (2, Some(6), "ECADFB", 6),
        (2, None, "BECADF", 6),
        (1, Some(3), "BECADF", 0),
        (2, None, "BECADF", 0),
        (6, Some(1), "BECAFD", 2),
    ] {
        let done = moved(&harness, record, after);
        assert_eq!((titles(&harness).as_str(), done["records"].as_array().unwrap().len()), (wanted, changed), "{record} {after:?}");
    }
    assert_eq!(order(&harness).1, (1..=6).map(Value::from).collect::<Vec<_>>());
    // New ones go on counting.
    assert_eq!(harness.ask("POST", STEPS, r#"{"title": "G"}"#).1["place"], 7);
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_move_is_one_act_that_is_taken_back_and_done_again() {
    let harness = work();
    let since = newest(&harness);
    let tag = |id: &str| {
        let ask = Ask {
            method: "GET".to_owned(),
            url: format!("{STEPS}/{id}"),
            headers: vec![("As".to_owned(), "owner".to_owned())],
            ..Ask::default()
        };
        harness.answer(&ask).headers.into_iter().find(|(name, _)| name == "ETag").unwrap().1
    };
    let before = [tag("rec_2"), tag("rec_3"), tag("rec_5")];
    moved(&harness, 4, Some(1));
    let after = [tag("rec_2"), tag("rec_3"), tag("rec_5")];
    assert!(before[0] != after[0] && before[1] != after[1] && before[2] == after[2], "{before:?} {after:?}");
    let told = entries(&harness, since);
    let labels: Vec<&str> = told.iter().map(|entry| entry["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["moved D in steps", "changed B in steps", "changed C in steps"]);
    assert!(told[0]["batch"].is_null() && told[1..].iter().all(|entry| entry["batch"] == told[0]["seq"]), "{told:?}");
    let act = told[0]["seq"].as_u64().unwrap();
    let said = harness.ask("GET", "/api/apps/work/changes?order=newest&limit=1", "").1;
    assert_eq!(said["changes"][0]["sentence"], "moved D in steps, and 2 more");
    // What changes nothing is not told.
    moved(&harness, 4, Some(1));
    assert_eq!(newest(&harness), told[2]["seq"].as_u64().unwrap());
    for (what, wanted) in [("undo", "ABCDEF"), ("redo", "ADBCEF")] {
        let (status, answer) = harness.ask("POST", &format!("/api/apps/work/changes/{act}/{what}"), "");
        assert_eq!((status, &answer["updated"], titles(&harness).as_str()), (200, &json!(3), wanted), "{answer}");
    }
    // A rehearsal and a body that is wrong leave everything as it is.
    let last = newest(&harness);
    let (status, done) = by(&harness, "owner", &format!("{MOVE}?dry_run=true"), &json!({"record": 6, "after": 1}));
    assert_eq!((status, done["records"].as_array().unwrap().len()), (200, 5));
    assert_eq!((titles(&harness).as_str(), newest(&harness)), ("ADBCEF", last));
}

#[test]
fn who_does_not_see_a_record_moves_nothing_of_it_and_who_may_not_change_one_does_not_pass_it() {
    let harness = work();
    role(&harness, &json!({"list": true, "read": "owner = 'ann'", "update": true}));
    // Hidden from ann, `D` keeps its number: what she sees turns around it.
    let (status, done) = by(&harness, "ann", MOVE, &json!({"record": "rec_6", "after": "rec_2"}));
    assert_eq!(status, 200, "{done}");
    assert!(!done.to_string().contains("rec_4"), "{done}");
    assert_eq!(order(&harness), ("ABFDCE".to_owned(), (1..=6).map(Value::from).collect()));
    for body in [json!({"record": 4, "after": null}), json!({"record": 1, "after": 4})] {
        let (status, answer) = by(&harness, "ann", MOVE, &body);
        assert_eq!((status, answer["error"]["message"].as_str()), (400, Some("There is no record 'rec_4' in table 'steps'")));
    }
    let change = |rights: &Value| {
        let body = json!({"schemas": {"steps": rights}}).to_string();
        assert_eq!(harness.ask("PATCH", "/api/apps/work/roles/worker", &body).0, 200);
    };
    change(&json!({"list": true, "read": true, "update": "owner = 'ann'"}));
    let before = order(&harness);
    for (body, status, word) in [
        (json!({"record": 5, "after": 2}), 403, "does not let you change rec_4"),
        (json!({"record": 4, "after": 2}), 403, "does not let you change rec_4"),
        // It stands there already.
        (json!({"record": 4, "after": 6}), 403, "does not let you change rec_4"),
        (json!({"record": 2, "after": null}), 200, ""),
        (json!({"record": 1, "after": null}), 200, ""),
    ] {
        let (got, answer) = by(&harness, "ann", MOVE, &body);
        assert_eq!(got, status, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap_or_default().contains(word), "{answer}");
    }
    assert_eq!(order(&harness), before);
    change(&json!({"list": true, "read": true, "update": true, "fields": {"place": {"writable": false}}}));
    let (status, answer) = by(&harness, "ann", MOVE, &json!({"record": 1, "after": 2}));
    assert_eq!((status, answer["error"]["code"].as_str()), (403, Some("forbidden")), "{answer}");
    change(&json!({"list": true, "read": true, "update": true, "fields": {"place": {"readable": false}}}));
    for field in [json!(null), json!("place")] {
        let (status, answer) = by(&harness, "ann", MOVE, &json!({"record": 1, "after": 2, "field": field}));
        assert_eq!(status, 400, "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("no field of the type sequence"), "{answer}");
    }
    change(&json!({"list": true, "read": true}));
    assert_eq!(by(&harness, "ann", MOVE, &json!({"record": 1, "after": 2})).0, 403);
    assert_eq!(order(&harness), before);
}

#[test]
fn where_numbers_are_missing_or_stand_twice_the_order_comes_out_all_the_same() {
    for (numbers, record, after, wanted, places) in [
        // All alike: those behind are pushed on as far as they must.
        (vec![Some(0), Some(0), Some(0), Some(0), Some(9), Some(10)], 3, None, "CABDEF", json!([0, 1, 2, 3, 9, 10])),
        (vec![Some(1), Some(1), Some(2), Some(2), Some(3), Some(9)], 1, Some(2), "BACDEF", json!([1, 2, 2, 2, 3, 9])),
        // Without a number: in front of all others, whose numbers stay.
        (vec![None, None, None, Some(1), Some(2), Some(3)], 2, None, "BACDEF", json!([-2, -1, 0, 1, 2, 3])),
        (vec![None, None, None, Some(7), Some(8), Some(9)], 3, Some(4), "ABDCEF", json!([null, null, 1, 7, 8, 9])),
        (vec![None; 6], 6, Some(1), "AFBCDE", json!([null, 1, 2, 3, 4, 5])),
        (vec![None, Some(5), Some(5), Some(5), None, Some(5)], 6, Some(5), "AEFBCD", json!([null, null, 5, 6, 7, 8])),
        // Beside the same number of a higher id, which stays before it.
        (vec![Some(5), Some(2), Some(4), Some(4), Some(9), Some(10)], 4, Some(1), "BCADEF", json!([2, 4, 5, 6, 9, 10])),
        (vec![Some(9), Some(10), Some(11), Some(1), Some(5), Some(5)], 1, Some(5), "DEAFBC", json!([1, 5, 6, 9, 10, 11])),
        (vec![Some(9), Some(7), Some(6), Some(5), Some(5), Some(5)], 1, Some(6), "DEFACB", json!([5, 5, 5, 6, 7, 9])),
        (vec![Some(5), Some(4), Some(5), Some(7), Some(8), Some(5)], 3, Some(4), "BAFDCE", json!([4, 5, 5, 6, 7, 8])),
    ] {
        let harness = work();
        numbered(&harness, &numbers);
        moved(&harness, record, after);
        let (titles, found) = order(&harness);
        assert_eq!((titles.as_str(), &json!(found)), (wanted, &places), "{numbers:?}: {record} {after:?}");
    }
}

#[test]
fn no_more_are_passed_than_may_be_changed_at_once() {
    let harness = work_with(Limits { affected_records_max: 4, ..Limits::default() }, 9);
    let before = order(&harness);
    for body in [json!({"record": 5, "after": null}), json!({"record": 1, "after": 5})] {
        let (status, answer) = by(&harness, "owner", MOVE, &body);
        assert_eq!(status, 409, "{answer}");
        assert_eq!(answer["error"]["details"][0]["hint"], "Move it in steps of less than 4 places", "{answer}");
        assert_eq!(order(&harness), before);
    }
    moved(&harness, 4, None);
    assert_eq!(titles(&harness), "DABCEFGHI");
    numbered(&harness, &[Some(3); 9]);
    let (status, answer) = by(&harness, "owner", MOVE, &json!({"record": 2, "after": null}));
    assert_eq!(status, 409, "{answer}");
    assert_eq!(titles(&harness), "ABCDEFGHI");
}

#[test]
fn where_numbers_are_unique_beside_another_field_they_turn_all_the_same() {
    let harness = work();
    let body = json!({"unique": [["owner", "place"]]}).to_string();
    assert_eq!(harness.ask("PATCH", "/api/apps/work/schemas/steps", &body).0, 200);
    let act = newest(&harness) + 1;
    moved(&harness, 6, Some(1));
    assert_eq!(titles(&harness), "AFBCDE");
    assert_eq!(harness.ask("POST", &format!("/api/apps/work/changes/{act}/undo"), "").0, 200);
    assert_eq!(titles(&harness), "ABCDEF");
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

/// Numbers as older data may have them, who owns each, and moves: which record, and behind which of the others.
type Game = (Vec<(Option<i64>, bool)>, Vec<(prop::sample::Index, Option<prop::sample::Index>)>);

fn games() -> impl Strategy<Value = Game> {
    let number = prop::option::weighted(0.8, -2_i64..6);
    let moves = (any::<prop::sample::Index>(), prop::option::weighted(0.8, any::<prop::sample::Index>()));
    (prop::collection::vec((number, prop::bool::weighted(0.8)), 2..9), prop::collection::vec(moves, 1..7))
}

#[test]
fn any_moves_come_out_as_in_a_list() {
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&games(), |(steps, moves)| {
        let harness = work_with(Limits::default(), steps.len());
        role(&harness, &json!({"list": true, "read": "owner = 'ann'", "update": true}));
        for (at, (_, is_seen)) in steps.iter().enumerate() {
            let owner = json!({"owner": if *is_seen { "ann" } else { "ben" }}).to_string();
            prop_assert_eq!(harness.ask("PATCH", &format!("{STEPS}/{}", at + 1), &owner).0, 200);
        }
        numbered(&harness, &steps.iter().map(|(number, _)| *number).collect::<Vec<_>>());
        let all = || {
            let list = harness.ask("GET", &format!("{STEPS}?sort=place"), "").1;
            let row = |step: &Value| (step["id"].as_str().unwrap().to_owned(), step["place"].clone(), step["owner"] == "ann");
            list["records"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()
        };
        let split = |is_seen: bool| all().into_iter().filter(|row| row.2 == is_seen).map(|row| (row.0, row.1)).collect::<Vec<_>>();
        let hidden = split(false);
        let mut model: Vec<String> = split(true).into_iter().map(|row| row.0).collect();
        for (record, after) in &moves {
            if model.len() < 2 {
                break;
            }
            let (before, since) = (split(true), newest(&harness));
            let record = model.remove(record.index(model.len()));
            let at = after.map_or(0, |after| after.index(model.len()) + 1);
            let after = at.checked_sub(1).map(|at| model[at].clone());
            model.insert(at, record.clone());
            let (status, answer) = by(&harness, "ann", MOVE, &json!({"record": record, "after": after}));
            prop_assert_eq!(status, 200, "{}", answer);
            let now = split(true);
            prop_assert_eq!(&now.iter().map(|row| row.0.clone()).collect::<Vec<_>>(), &model, "{} {:?} of {:?}", record, after, before);
            prop_assert_eq!(split(false), hidden.clone());
            // What is answered is what has changed, and what the log tells.
            let mut changed: Vec<_> = now.iter().filter(|row| !before.contains(row)).map(|row| json!(row.0)).collect();
            let mut told: Vec<_> = answer["records"].as_array().unwrap().iter().map(|step| step["id"].clone()).collect();
            changed.sort_by_key(Value::to_string);
            told.sort_by_key(Value::to_string);
            prop_assert_eq!(&told, &changed);
            prop_assert_eq!(entries(&harness, since).len(), changed.len());
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}
