//! Words: what finds what, for whom, and that the index is what the records make it whatever happens.

use crate::harness::{Harness, OWNER};
use crate::transcript::Ask;
use carryall::model::job::unwatched;
use carryall::model::limits::Limits;
use carryall::ops::{search, upkeep};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

const APP: &str = "/api/apps/my-crm";
const NOTES: &str = "/api/apps/my-crm/schemas/notes";

/// A table of notes of several types, with these records.
fn notes(limits: Limits, records: &Value) -> Harness {
    let harness = Harness::crm_with(limits);
    let app = json!({"carryall": 1, "app": {"slug": "my-crm", "name": "My CRM"}, "schemas": [{"slug": "notes", "name": "Notes", "display_field": "title",
    "fields": [
        {"slug": "title", "type": "text"}, {"slug": "body", "type": "textarea"},
        {"slug": "state", "type": "select", "options": [{"value": "op", "label": "Wide open"}, "shut"]},
        {"slug": "tags", "type": "multiselect", "options": ["red", {"value": "bl", "label": "Navy"}]},
        {"slug": "more", "type": "json"}, {"slug": "size", "type": "integer"}, {"slug": "secret", "type": "text"},
    ]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    if records.as_array().is_some_and(|records| !records.is_empty()) {
        let (status, made) = harness.ask("POST", &format!("{NOTES}/records"), &records.to_string());
        assert_eq!(status, 201, "{made}");
    }
    harness
}

fn some() -> Harness {
    notes(
        Limits::default(),
        &json!([
            {"title": "Ann Schönberg", "body": "likes tea-time in Århus", "state": "op", "tags": ["red", "bl"], "more": {"key": "deep words", "n": [1, "list"]}},
            {"title": "Bob Berg", "body": "a friend of Ann's, says: ann ann ann", "state": "shut", "size": 1042},
            {"title": "Annika", "body": "nothing", "secret": "hidden treasure"},
            {"title": "Zoë", "body": "time for tea \u{1}<b>bold</b>"},
        ]),
    )
}

/// The ids that a list finds, without their `rec_`.
fn ids(harness: &Harness, query: &str) -> Vec<u64> {
    let (status, found) = harness.ask("GET", &format!("{NOTES}/records?{query}"), "");
    assert_eq!(status, 200, "{query}: {found}");
    let ids = |record: &Value| record["id"].as_str().unwrap()[4..].parse().unwrap();
    let ids: Vec<u64> = found["records"].as_array().unwrap().iter().map(ids).collect();
    assert_eq!(found["total"], json!(ids.len()), "{query}");
    ids
}

fn sound(harness: &Harness) {
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

fn state(harness: &Harness) -> Value {
    harness.ask("GET", NOTES, "").1["search"].clone()
}

#[test]
fn words_find_what_begins_with_them_wherever_it_stands() {
    let harness = some();
    for (query, expected) in [
        ("q=ann&sort=id", &[1, 2, 3][..]),
        ("q=ANN&sort=-id", &[3, 2, 1]),
        ("q=ann+berg", &[2]),
        ("q=schonb", &[1]),
        ("q=sch%C3%B6nberg", &[1]),
        ("q=arhus", &[1]),
        ("q=zoe", &[4]),
        ("q=tea&sort=id", &[1, 4]),
        ("q=tea-time", &[1]),
        ("q=%22time+for%22", &[4]),
        ("q=%22tea+time%22", &[1]),
        ("q=%22tea+ti%22", &[]),
        ("q=%22for+time", &[]),
        ("q=*berg&sort=id", &[1, 2]),
        ("q=*%C3%B6nb", &[1]),
        ("q=ann+*ber&sort=id", &[1, 2]),
        ("q=*nothingofthekind", &[]),
        ("q=wide", &[1]),
        ("q=op", &[1]),
        ("q=navy", &[1]),
        ("q=red+bl", &[1]),
        ("q=deep", &[1]),
        ("q=list", &[1]),
        ("q=key", &[]),
        ("q=1042", &[]),
        ("q=ann&filter[state]=shut", &[2]),
        ("q=ann&filter[title]=Annika", &[3]),
        // What is a sign to a program is none here.
        ("q=ann+OR+nothing", &[]),
        ("q=ann%00+berg", &[2]),
        ("q=NEAR(ann)", &[]),
        ("q=title:ann", &[]),
        ("q=-ann&sort=id", &[1, 2, 3]),
        ("q=ann*&sort=id", &[1, 2, 3]),
        ("q=%5Eann&sort=id", &[1, 2, 3]),
        ("q=%27+ann&sort=id", &[1, 2, 3]),
    ] {
        assert_eq!(ids(&harness, query), expected, "{query}");
    }
    assert_eq!(harness.ask("GET", &format!("{NOTES}/records?q=ann&per_page=2&page=2"), "").1["records"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        state(&harness),
        json!({"wanted": null, "index": {"fields": ["title", "body", "state", "tags", "more", "secret"], "state": "ready"}})
    );
    sound(&harness);
}

#[test]
fn what_fits_best_comes_first_unless_another_order_is_asked_for() {
    let records = json!([{"body": "plums and apples"}, {"title": "Plums", "body": "x"}, {"body": "plums plums"}, {"body": "pears"}]);
    let harness = notes(Limits::default(), &records);
    // The name counts more than what is said elsewhere.
    assert_eq!(ids(&harness, "q=plums"), [2, 3, 1]);
    assert_eq!(ids(&harness, "q=plums&sort=-id"), [3, 2, 1]);
    assert_eq!(ids(&harness, "q=plums&filter[id][ne]=rec_2"), [3, 1]);
    let (_, page) = harness.ask("GET", &format!("{NOTES}/records?q=plums&per_page=1&page=2"), "");
    assert_eq!((&page["records"][0]["id"], &page["total"]), (&json!("rec_3"), &json!(3)));
    // With all else that a list takes.
    let (_, page) = harness.ask("GET", &format!("{NOTES}/records?q=plums&limit=2&offset=1&fields=title&count=none"), "");
    assert_eq!(
        page,
        json!({"records": [{"id": "rec_3", "title": null}, {"id": "rec_1", "title": null}], "limit": 2, "offset": 1, "total": null})
    );
    let (_, page) = harness.ask("GET", &format!("{NOTES}/records?q=plums&filter=body+~+%27apple%27&count=auto"), "");
    assert_eq!((&page["records"][0]["id"], &page["total"]), (&json!("rec_1"), &json!(1)));
    // Windows that follow each other have an order that writes do not disturb.
    let (_, page) = harness.ask("GET", &format!("{NOTES}/records?q=plums&cursor=&limit=2"), "");
    assert_eq!((&page["records"][0]["id"], &page["records"][1]["id"]), (&json!("rec_1"), &json!("rec_2")));
    let next = page["next_cursor"].as_str().unwrap();
    let (_, page) = harness.ask("GET", &format!("{NOTES}/records?q=plums&cursor={next}&limit=2"), "");
    assert_eq!((&page["records"][0]["id"], &page["next_cursor"]), (&json!("rec_3"), &Value::Null));
    // Of very many, the order is that of their ids.
    let harness = notes(Limits { search_ranked_max: 2, ..Limits::default() }, &records);
    assert_eq!(ids(&harness, "q=plums"), [1, 2, 3]);
    // As a file, the same records.
    let reply = harness.send("GET", &format!("{NOTES}/export?format=csv&q=plums"), "text/plain", "");
    assert_eq!((reply.status, String::from_utf8_lossy(&reply.body).lines().count()), (200, 4));
    let explained = harness.ask("GET", &format!("{NOTES}/records?q=plums&explain=1"), "").1;
    assert!(explained["explain"]["statements"][0]["sql"].as_str().unwrap().contains("MATCH"), "{explained}");
}

#[test]
fn what_cannot_be_searched_for_is_refused_in_words() {
    let harness = some();
    for (query, code) in [("q=", "empty"), ("q=-+*", "empty"), ("q=%22%22", "empty"), ("q=*a", "too_short"), ("q=a&q=b", "twice")] {
        let (status, told) = harness.ask("GET", &format!("{NOTES}/records?{query}"), "");
        assert_eq!((status, told["error"]["details"][0]["code"].as_str().unwrap_or(code)), (400, code), "{query}: {told}");
    }
    let (status, told) = harness.ask("GET", &format!("{NOTES}/records?q={}", "x".repeat(600)), "");
    assert_eq!((status, told["error"]["message"].as_str()), (400, Some("'q' can be at most 500 characters long")));
    // Anything else is answered, whatever stands in it.
    for byte in (1..=127_u8).filter(|byte| !byte.is_ascii_alphanumeric()) {
        for text in [
            format!("a%{byte:02x}b"),
            format!("%{byte:02x}ab"),
            format!("a%{byte:02x}"),
            format!("%22%{byte:02x}a"),
            format!("*%{byte:02x}ab+c"),
        ] {
            let (status, told) = harness.ask("GET", &format!("{NOTES}/records?q={text}"), "");
            assert_eq!(status, 200, "{text}: {told}");
            assert_eq!(harness.ask("GET", &format!("{NOTES}/lookup?q={text}"), "").0, 200, "{text}");
        }
    }
    assert_eq!(harness.ask("PATCH", NOTES, r#"{"search": false}"#).0, 200);
    let (status, told) = harness.ask("GET", &format!("{NOTES}/records?q=ann"), "");
    assert_eq!(
        (status, told["error"]["message"].as_str()),
        (400, Some("Table 'notes' is not searched: its schema says \"search\": false"))
    );
    assert_eq!(state(&harness), json!({"wanted": false, "index": null}));
    for (body, hint) in
        [(r#"{"search": ["titel"]}"#, "Did you mean 'title'?"), (r#"{"search": 3}"#, ""), (r#"{"search": ["nothing"]}"#, "")]
    {
        let (status, told) = harness.ask("PATCH", NOTES, body);
        assert_eq!((status, told["error"]["details"][0]["hint"].as_str().unwrap_or_default()), (400, hint), "{told}");
    }
    sound(&harness);
}

#[test]
fn an_index_follows_its_table() {
    let harness = some();
    assert_eq!(ids(&harness, "q=ann&sort=id"), [1, 2, 3]);
    let fields = |harness: &Harness| state(harness)["index"]["fields"].clone();
    let ask = |method: &str, path: &str, body: &str| assert!(harness.ask(method, &format!("{NOTES}{path}"), body).0 < 300, "{path} {body}");
    ask("PATCH", "/fields/body", r#"{"slug": "text"}"#);
    assert_eq!((ids(&harness, "q=friend"), fields(&harness)), (vec![2], json!(["title", "text", "state", "tags", "more", "secret"])));
    ask("POST", "/fields", r#"{"slug": "extra", "type": "text", "default": "every one"}"#);
    assert_eq!(ids(&harness, "q=every&sort=id"), [1, 2, 3, 4]);
    ask("DELETE", "/fields/extra", "");
    assert_eq!(ids(&harness, "q=every"), Vec::<u64>::new());
    ask("PATCH", "/fields/size", r#"{"type": "text"}"#);
    assert_eq!(ids(&harness, "q=1042"), [2]);
    ask("PATCH", "/fields/state/options/op", r#"{"label": "Ajar"}"#);
    assert_eq!((ids(&harness, "q=ajar"), ids(&harness, "q=wide")), (vec![1], vec![]));
    ask("PATCH", "/fields/state/options/op", r#"{"value": "gaping"}"#);
    assert_eq!((ids(&harness, "q=gaping"), ids(&harness, "q=op")), (vec![1], vec![]));
    ask("DELETE", "/fields/tags/options/bl?replace=red", "");
    assert_eq!(ids(&harness, "q=navy"), Vec::<u64>::new());
    ask("PATCH", "", r#"{"search": ["text", "size"]}"#);
    assert_eq!(
        (ids(&harness, "q=1042"), ids(&harness, "q=treasure"), fields(&harness)),
        (vec![2], vec![], json!(["title", "text", "size"]))
    );
    ask("PATCH", "/fields/text", r#"{"slug": "body"}"#);
    assert_eq!(state(&harness)["wanted"], json!(["body", "size"]));
    ask("DELETE", "/fields/size", "");
    assert_eq!((state(&harness)["wanted"].clone(), ids(&harness, "q=1042")), (json!(["body"]), vec![]));
    // In the file, in a copy of the table, and gone with it.
    let (_, file) = harness.ask("GET", &format!("{APP}/app-file"), "");
    let notes = file["schemas"].as_array().unwrap().iter().find(|schema| schema["slug"] == "notes").unwrap();
    assert_eq!(notes["search"], json!(["body"]));
    let (_, told) = harness.ask("PUT", &format!("{APP}/app-file?dry_run=true"), &file.to_string());
    assert_eq!(told["changes"], json!([]));
    ask("POST", "/duplicate", r#"{"slug": "copy", "records": true}"#);
    let (_, found) = harness.ask("GET", "/api/apps/my-crm/schemas/copy/records?q=friend", "");
    assert_eq!(found["total"], json!(1));
    sound(&harness);
    ask("DELETE", "", "");
    sound(&harness);
    let left =
        harness.ctx.store.read(|tx| Ok(search::apart(&carryall::model::plan::Cond::True).is_none() && tx.catalog().apps().len() == 1));
    assert_eq!(left, Ok(true));
}

#[test]
fn a_long_table_is_made_ready_by_a_job_and_nothing_is_answered_before() {
    let mut rows = String::from("title,body\n");
    (1..=7_000).for_each(|at| writeln!(rows, "thing {at},{}", if at % 700 == 0 { "rare" } else { "often" }).unwrap());
    let harness = notes(Limits { search_records_at_once_max: 100, ..Limits::default() }, &json!([]));
    assert_eq!(harness.send("POST", &format!("{NOTES}/import"), "text/csv", &rows).status, 201);
    let search_job = |harness: &Harness| harness.ctx.jobs.all().into_iter().find(|entry| entry.kind == "search").unwrap().id;
    let (status, told) = harness.ask("GET", &format!("{NOTES}/records?q=rare"), "");
    assert_eq!(
        (status, told["error"]["message"].as_str()),
        (503, Some("Table 'notes' is being made ready to be searched: try again in a moment"))
    );
    assert_eq!(harness.outcome(search_job(&harness)), json!({"tables": ["notes"]}));
    assert_eq!(ids(&harness, "q=rare").len(), 10);
    sound(&harness);
    // More than the transaction takes in itself: what is not in it is not answered from.
    assert_eq!(harness.send("POST", &format!("{NOTES}/import"), "text/csv", &rows).status, 201);
    assert_eq!(state(&harness)["index"]["state"], "making");
    assert_eq!(harness.ask("GET", &format!("{APP}/search?q=rare&schemas=notes"), "").1, json!({"results": [], "preparing": ["notes"]}));
    upkeep::serve_lists(&harness.ctx);
    harness.outcome(search_job(&harness));
    assert_eq!(ids(&harness, "q=rare").len(), 20);
    sound(&harness);
    // The power goes in the middle: the next server goes on.
    assert_eq!(harness.send("POST", &format!("{NOTES}/import"), "text/csv", &rows).status, 201);
    let next = harness.torn();
    assert_eq!(state(&next)["index"]["state"], "making");
    upkeep::serve_lists(&next.ctx);
    next.outcome(search_job(&next));
    assert_eq!(ids(&next, "q=rare").len(), 30);
    sound(&next);
}

#[test]
fn an_index_that_fails_loses_no_write_and_answers_nobody() {
    let harness = some();
    assert_eq!(ids(&harness, "q=berg"), [2]);
    break_index(&harness);
    let (status, told) = harness.ask("POST", &format!("{NOTES}/records"), r#"{"title": "Carl Berg"}"#);
    assert_eq!(status, 201, "{told}");
    assert_eq!(state(&harness)["index"]["state"], "failed");
    let problems = harness.ctx.store.check(&unwatched()).unwrap();
    let sentence = "Table 'notes' cannot be searched, for its index could not be kept up: 'carryall check --mend' puts that in order";
    assert_eq!((problems.problems, problems.is_damaged), (vec![sentence.to_owned()], false));
    // Whoever searches has it made anew.
    assert_eq!(ids(&harness, "q=berg&sort=id"), [2, 5]);
    sound(&harness);
    // What another program changes is found by a check, and mended.
    let path = harness.ctx.store.path().to_owned();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch(&format!("UPDATE {} SET data = replace(data, 'Carl', 'Karl') WHERE id = 5", records_table(&harness))).unwrap();
    drop(other);
    let problems = harness.ctx.store.check(&unwatched()).unwrap().problems;
    let sentence = "Table 'notes' is searched by an index that is not what its records hold: 'carryall check --mend' puts that in order";
    assert_eq!(problems, [sentence]);
    let mended = harness.ctx.store.mend(|mended| carryall::ops::changes::of_mending(&OWNER, mended)).unwrap();
    assert_eq!(mended, ["The words of table 'notes' are found by a new index"]);
    assert_eq!((ids(&harness, "q=karl"), ids(&harness, "q=carl")), (vec![5], vec![]));
    sound(&harness);
}

fn records_table(harness: &Harness) -> String {
    let catalog = harness.ctx.store.catalog();
    let app = catalog.app("my-crm").unwrap();
    format!("r{}", catalog.schema(&app, "notes").unwrap().id.0)
}

/// Takes away what FTS5 keeps of the index, as no program of ours would.
fn break_index(harness: &Harness) {
    let index = records_table(harness).replace('r', "f");
    let other = rusqlite::Connection::open(harness.ctx.store.path()).unwrap();
    other.execute_batch(&format!("UPDATE {index}_data SET block = x'00' WHERE id = 10")).unwrap();
}

#[test]
fn a_whole_app_is_searched_and_shows_where() {
    let harness = some();
    let (status, found) = harness.ask("GET", &format!("{APP}/search?q=berg&limit=3"), "");
    assert_eq!((status, found["results"].as_array().map(Vec::len)), (200, Some(3)), "{found}");
    let (_, found) = harness.ask("GET", &format!("{APP}/search?q=bold"), "");
    let hit = json!({"schema": "notes", "id": "rec_4", "display": "Zoë", "rank": 1,
        "snippet": {"field": "body", "pieces": ["time for tea <b>", "bold", "</b>"]}});
    assert_eq!(found, json!({"results": [hit]}));
    let (_, found) = harness.ask("GET", &format!("{APP}/search?q=*chonb+tea&schemas=notes"), "");
    assert_eq!(found["results"][0]["snippet"], json!({"field": "title", "pieces": ["Ann ", "Schönberg", ""]}));
    let (status, told) = harness.ask("GET", &format!("{APP}/search?q=ann&schemas=notess"), "");
    assert_eq!((status, told["error"]["details"][0]["hint"].as_str()), (404, Some("Did you mean 'notes'?")), "{told}");
    for query in ["", "q=", "q=ann&limit=0", "q=ann&limit=x", "q=a&q=b", "q=a&word=b"] {
        assert_eq!(harness.ask("GET", &format!("{APP}/search?{query}"), "").0, 400, "{query}");
    }
}

#[test]
fn a_look_up_offers_the_very_name_first() {
    let names = ["Berg", "Bergmann", "Anna Berg", "Schönberg", "berg", "Bérg Ann"];
    let records: Vec<Value> = names.iter().map(|name| json!({"title": name, "body": "berg"})).collect();
    let harness = notes(Limits::default(), &Value::Array(records));
    let offers = |query: &str| -> Vec<(String, String)> {
        let (status, found) = harness.ask("GET", &format!("{NOTES}/lookup?{query}"), "");
        assert_eq!(status, 200, "{found}");
        let one = |offer: &Value| (offer["display"].as_str().unwrap().to_owned(), offer["fits"].as_str().unwrap_or_default().to_owned());
        found["results"].as_array().unwrap().iter().map(one).collect()
    };
    let pair = |(name, fits): (&str, &str)| (name.to_owned(), fits.to_owned());
    let expected = [
        ("Berg", "exact"),
        ("berg", "exact"),
        ("Bergmann", "beginning"),
        ("Bérg Ann", "beginning"),
        ("Anna Berg", "word"),
        ("Schönberg", "within"),
    ];
    assert_eq!(offers("q=berg"), expected.map(pair));
    assert_eq!(offers("q=BERG&limit=3"), expected.map(pair)[..3]);
    assert_eq!(offers("q=anna+b"), [pair(("Anna Berg", "beginning"))]);
    assert_eq!(offers("q=berg+anna"), [pair(("Anna Berg", "word"))]);
    assert_eq!(offers("q=rec_4"), [pair(("Schönberg", "exact"))]);
    assert_eq!(offers("limit=2"), [pair(("Berg", "")), pair(("Bergmann", ""))]);
    assert_eq!(offers("q=nobody"), []);
    // A table whose records have no name offers ids.
    let (_, found) = harness.ask("GET", "/api/apps/my-crm/schemas/visits/lookup", "");
    assert_eq!(found, json!({"results": []}));
}

#[test]
fn nobody_finds_what_they_may_not_read() {
    let harness = some();
    let harness = harness.with_people(&["ann"]);
    let role = json!({"slug": "clerk", "name": "Clerk", "schemas": {"notes": {"list": true, "read": "state != 'shut'", "fields": {"secret": {"readable": false}}}}});
    assert_eq!(harness.ask("POST", &format!("{APP}/roles"), &role.to_string()).0, 201);
    let grant = json!({"user": "ann@example.com", "app": "my-crm", "role": "clerk"});
    assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", &grant.to_string()).0, 200);
    let as_ann = |path: &str| {
        let headers = vec![("As".to_owned(), "ann".to_owned())];
        let reply = harness.answer(&Ask { method: "GET".to_owned(), url: path.to_owned(), headers, body: Vec::new() });
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap_or_default())
    };
    assert_eq!(ids(&harness, "q=treasure"), [3]);
    for query in ["q=treasure", "q=*reasur", "q=%22hidden+treasure%22"] {
        assert_eq!(as_ann(&format!("{NOTES}/records?{query}")).1["total"], json!(0), "{query}");
        assert_eq!(as_ann(&format!("{APP}/search?{query}")), (200, json!({"results": []})), "{query}");
    }
    // Bob's record is shut.
    assert_eq!(as_ann(&format!("{NOTES}/records?q=ann")).1["total"], json!(2));
    assert_eq!(as_ann(&format!("{NOTES}/lookup?q=bob")).1, json!({"results": []}));
    assert_eq!(as_ann(&format!("{NOTES}/lookup?q=rec_2")).1, json!({"results": []}));
    let found = as_ann(&format!("{APP}/search?q=berg")).1;
    assert_eq!(found, json!({"results": []}), "contacts are none of hers");
    assert_eq!(as_ann(&format!("{APP}/search?q=ann&schemas=contacts")).0, 404);
    assert!(!as_ann(NOTES).1.to_string().contains("secret"));
}

/// The same chance every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn words(&mut self) -> String {
        const WORDS: [&str; 12] = ["ann", "Berg", "schön", "tea", "*", "\"", "naïve", "x", "zoë", "time", "a\\b", "Ann-Berg"];
        (0..self.below(6)).map(|_| WORDS[usize::try_from(self.below(12)).unwrap()]).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn the_index_is_what_the_records_make_it_whatever_succeeds_or_fails() {
    let harness = some();
    assert_eq!(ids(&harness, "q=berg"), [2]);
    let done = AtomicU64::new(0);
    for round in 0..6 {
        // Several at once, so that jobs share a transaction with others that fail.
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (harness, done) = (&harness, &done);
                scope.spawn(move || {
                    let mut chance = Chance(round * 97 + thread * 13 + 1);
                    for _ in 0..25 {
                        let status = something(harness, &mut chance);
                        assert!(matches!(status, 200 | 201 | 400 | 404), "{status}");
                        done.fetch_add(u64::from(status < 300), Ordering::Relaxed);
                    }
                });
            }
        });
        sound(&harness);
        sound(&harness.torn());
    }
    assert!(done.load(Ordering::Relaxed) > 200, "hardly anything was done");
}

/// One write; many of them fail, some after they have written.
fn something(harness: &Harness, chance: &mut Chance) -> u16 {
    let id = chance.below(60) + 1;
    let note = json!({"title": chance.words(), "body": chance.words(), "tags": ["red"]});
    let bad = json!({"title": "never", "size": "no number"});
    let ask = |method: &str, path: &str, body: &Value| harness.ask(method, &format!("{NOTES}/records{path}"), &body.to_string()).0;
    let about = |way: &str, body: &str| harness.ask("PATCH", &format!("{NOTES}{way}"), body).0;
    match chance.below(12) {
        9 => about("?dry_run=true", r#"{"search": ["body"]}"#),
        10 => about("", if chance.below(2) == 0 { r#"{"search": true}"# } else { r#"{"search": ["title", "secret"]}"# }),
        // Refused when all is done: nothing may lead nowhere.
        11 => harness.ask("POST", &format!("{NOTES}/fields"), r#"{"slug": "more_of_it", "type": "computed", "formula": "nothing + 1"}"#).0,
        0 | 1 => ask("POST", "", &note),
        2 => ask("POST", "", &json!([note, note, note])),
        3 => ask("POST", "", &json!([note, bad])),
        4 => ask("POST", "?dry_run=true", &note),
        5 if id.is_multiple_of(3) => ask("PUT", &format!("/rec_{id}"), &json!({"size": id})),
        5 => ask("PUT", &format!("/rec_{id}"), &note),
        // The second one may not be there: then the first is taken back.
        6 => ask("PATCH", "", &json!([{"id": "rec_1", "title": chance.words()}, {"id": format!("rec_{id}"), "body": chance.words()}])),
        7 => ask("DELETE", &format!("/rec_{}", id + 3), &Value::Null),
        _ => ask("DELETE", "?dry_run=true", &json!({"ids": [format!("rec_{id}")]})),
    }
}

/// Nothing is left out unsaid: what stands in too many words is refused, and offered all the same to who is still typing.
#[test]
fn what_stands_within_too_many_words_is_refused_and_still_offered() {
    let words = |count: usize| (0..count).map(|at| format!("w{at}zqv")).collect::<Vec<_>>().join(" ");
    let records = json!([{"title": words(500), "body": "tea"}, {"title": "late", "body": words(1_000)}]);
    let harness = notes(Limits::default(), &records);
    let asked = |path: &str| harness.ask("GET", &format!("{NOTES}/{path}"), "");
    let (status, found) = asked("records?q=*zqv");
    assert_eq!((status, found["total"].as_u64()), (200, Some(2)), "{found}");
    let one_more = json!({"body": "onezqvmore"}).to_string();
    assert_eq!(harness.ask("PATCH", &format!("{NOTES}/records/1"), &one_more).0, 200);
    for path in ["records?q=*zqv", "records?q=tea+*zqv&sort=title", "records?q=*zqv&count=none", "export?q=*zqv", "../../search?q=*zqv"] {
        let url = if path.starts_with("..") { format!("{APP}/{}", path.trim_start_matches("../")) } else { format!("{NOTES}/{path}") };
        let (status, told) = harness.ask("GET", &url, "");
        assert_eq!((status, told["error"]["field"].as_str()), (400, Some("q")), "{path}: {told}");
        assert!(told.to_string().contains("more than 1000 different words") && told.to_string().contains("more letters"), "{told}");
    }
    // One letter more, and it is found.
    assert_eq!(asked("records?q=*zqvm").1["total"], 1);
    let (status, offered) = asked("lookup?q=zqv");
    assert_eq!((status, &offered["results"][0]["fits"]), (200, &json!("within")), "{offered}");
    assert_eq!(asked("lookup?q=*zqv").0, 200);
}
