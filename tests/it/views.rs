//! Saved views: whose they are, what they do to a list, what of them is seen by whom, how they follow their fields and travel with their app.

use crate::harness::Harness;
use crate::transcript::Ask;
use serde_json::{Value, json};

const VIEWS: &str = "/api/apps/one/schemas/deals/views";
const RECORDS: &str = "/api/apps/one/schemas/deals/records";

/// An app with somebody who does not see one of its fields.
fn world() -> Harness {
    let harness = Harness::crm().with_people(&["ann", "ben", "boss", "none"]);
    let file = json!({"carryall": 1, "app": {"slug": "one"}, "schemas": [
        {"slug": "firms", "fields": [{"slug": "name", "type": "text"}]},
        {"slug": "deals", "fields": [
            {"slug": "title", "type": "text"}, {"slug": "amount", "type": "integer"}, {"slug": "salary", "type": "integer"},
            {"slug": "state", "type": "select", "options": ["open", "won"]}, {"slug": "owner", "type": "user"},
            {"slug": "firm", "type": "reference", "target": "firms"}, {"slug": "tags", "type": "multiselect", "options": ["a", "b"]}]}],
        "roles": [{"slug": "clerk", "schemas": {"deals": {"list": true, "read": true, "update": true, "export": true, "fields": {"salary": {"readable": false}}}}}],
        "records": {"deals": [
            {"title": "one", "amount": 1, "salary": 9, "state": "open"}, {"title": "two", "amount": 2, "salary": 8, "state": "won"},
            {"title": "three", "amount": 3, "salary": 7, "state": "open"}]}});
    harness.apply(&file.to_string(), false, false).unwrap();
    for (user, role) in [("ann", "clerk"), ("ben", "clerk"), ("boss", "owner")] {
        let grant = json!({"user": format!("{user}@example.com"), "app": "one", "role": role}).to_string();
        assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", &grant).0, 200);
    }
    harness
}

fn said(harness: &Harness, who: &str, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let headers = if who == "guest" { Vec::new() } else { vec![("As".to_owned(), who.to_owned())] };
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let reply = harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body });
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

fn get(harness: &Harness, who: &str, url: &str) -> (u16, Value) {
    said(harness, who, "GET", url, &Value::Null)
}

fn slugs(harness: &Harness, who: &str) -> Vec<String> {
    let (_, answer) = get(harness, who, VIEWS);
    answer["views"].as_array().unwrap().iter().map(|view| view["slug"].as_str().unwrap().to_owned()).collect()
}

fn titles(harness: &Harness, who: &str, query: &str) -> Vec<String> {
    let (status, answer) = get(harness, who, &format!("{RECORDS}?{query}"));
    assert_eq!(status, 200, "{query}: {answer}");
    answer["records"].as_array().unwrap().iter().map(|record| record["title"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn a_view_of_ones_own_is_nobody_elses_and_a_shared_one_is_the_owners_of_the_app() {
    let world = world();
    let own = json!({"slug": "own", "filter": "owner = @me || amount > 1", "sort": ["-amount"]});
    assert_eq!(said(&world, "ann", "POST", VIEWS, &own).0, 201);
    // The same name is free for everybody else.
    assert_eq!(said(&world, "ben", "POST", VIEWS, &json!({"slug": "own", "filter": "amount = 1"})).0, 201);
    assert_eq!(
        (titles(&world, "ann", "view=own"), titles(&world, "ben", "view=own")),
        (vec!["three".to_owned(), "two".to_owned()], vec!["one".to_owned()])
    );
    for (who, method, url, body, wanted) in [
        ("boss", "GET", format!("{VIEWS}/own"), Value::Null, 404),
        ("boss", "GET", format!("{VIEWS}/1"), Value::Null, 404),
        ("owner", "DELETE", format!("{VIEWS}/1"), Value::Null, 404),
        ("ben", "PATCH", format!("{VIEWS}/1"), json!({"name": "Mine"}), 404),
        ("boss", "GET", format!("{RECORDS}?view=own"), Value::Null, 400),
        ("ann", "POST", VIEWS.to_owned(), json!({"slug": "all", "shared": true}), 403),
        ("ann", "PATCH", format!("{VIEWS}/own"), json!({"shared": true}), 403),
        ("none", "GET", VIEWS.to_owned(), Value::Null, 404),
        ("none", "POST", VIEWS.to_owned(), json!({"slug": "x"}), 404),
        ("guest", "GET", VIEWS.to_owned(), Value::Null, 401),
        ("guest", "POST", VIEWS.to_owned(), json!({"slug": "x"}), 401),
        ("boss", "POST", VIEWS.to_owned(), json!({"slug": "all", "shared": true, "filter": "state = 'open'"}), 201),
        ("ann", "GET", format!("{VIEWS}/all"), Value::Null, 200),
        ("ann", "PATCH", format!("{VIEWS}/all"), json!({"name": "Mine"}), 403),
        ("ann", "DELETE", format!("{VIEWS}/all"), Value::Null, 403),
        ("ann", "POST", VIEWS.to_owned(), json!({"slug": "all"}), 409),
        ("boss", "PATCH", format!("{VIEWS}/all"), json!({"shared": false}), 200),
        ("ann", "GET", format!("{VIEWS}/all"), Value::Null, 404),
        ("boss", "PATCH", format!("{VIEWS}/all"), json!({"shared": true}), 200),
        ("ann", "DELETE", format!("{VIEWS}/own"), Value::Null, 204),
    ] {
        let (status, answer) = said(&world, who, method, &url, &body);
        assert_eq!(status, wanted, "{who} {method} {url} {body}: {answer}");
    }
    assert_eq!(
        (slugs(&world, "ann"), slugs(&world, "ben"), slugs(&world, "boss")),
        (vec!["all".to_owned()], vec!["own".to_owned(), "all".to_owned()], vec!["all".to_owned()])
    );
    // What somebody keeps for themselves is not told to who reads the log.
    let (_, log) = get(&world, "boss", "/api/apps/one/changes?since=0&limit=1000");
    assert!(log.to_string().contains("made the view all of the table deals"), "{log}");
    assert!(log.to_string().contains("made a view of their own of the table deals") && !log.to_string().contains("amount = 1"), "{log}");
}

#[test]
fn a_view_tells_nobody_of_a_field_that_they_do_not_see() {
    let world = world();
    for view in [
        json!({"slug": "mixed", "shared": true, "sort": ["salary", "-title"], "fields": ["title", "salary"], "group": ["salary", "state"],
            "options": {"widths": {"salary": 90, "title": 10}, "card": ["salary", "title"], "title_field": "salary"}}),
        json!({"slug": "rich", "shared": true, "filter": "salary > 7"}),
        json!({"slug": "by-firm", "shared": true, "filter": "firm.name = null", "group": ["firm.name"]}),
        json!({"slug": "plain", "shared": true, "filter": "amount > 1"}),
    ] {
        assert_eq!(said(&world, "boss", "POST", VIEWS, &view).0, 201, "{view}");
    }
    assert_eq!(slugs(&world, "boss"), ["mixed", "rich", "by-firm", "plain"]);
    assert_eq!(slugs(&world, "ann"), ["mixed", "plain"]);
    let (_, mixed) = get(&world, "ann", &format!("{VIEWS}/mixed"));
    assert!(!mixed.to_string().contains("salary"), "{mixed}");
    assert_eq!((&mixed["sort"], &mixed["fields"], &mixed["group"]), (&json!(["-title"]), &json!(["title"]), &json!(["state"])));
    assert_eq!(mixed["options"], json!({"widths": {"title": 10}, "card": ["title"]}));
    assert_eq!(titles(&world, "ann", "view=mixed"), ["two", "three", "one"]);
    assert_eq!(titles(&world, "boss", "view=mixed"), ["three", "two", "one"]);
    // What is hidden is answered as what never was, by its number too.
    for url in [format!("{RECORDS}?view="), format!("{VIEWS}/")] {
        let told = ["rich", "2", "nothing"].map(|named| {
            let (status, answer) = get(&world, "ann", &format!("{url}{named}"));
            assert!(matches!(status, 400 | 404), "{answer}");
            answer.to_string().replace(&format!("'{named}'"), "IT")
        });
        assert_eq!((&told[0], &told[1]), (&told[2], &told[2]));
    }
    // Nobody learns by a view of their own either.
    let (status, answer) = said(&world, "ann", "POST", VIEWS, &json!({"slug": "guess", "filter": "salary > 7", "sort": ["salary"]}));
    assert_eq!((status, answer["error"]["details"][0]["message"].as_str()), (400, Some("Table 'deals' has no field 'salary'")));
}

#[test]
fn what_is_said_wrongly_is_told_where_it_stands() {
    let world = world();
    let long = "x".repeat(20_000);
    for (view, field, word) in [
        (json!({}), "name", "A view needs a name or a slug"),
        (json!({"slug": "Über uns"}), "slug", "Did you mean 'ueber-uns'?"),
        (json!({"slug": "12"}), "slug", "is a number"),
        (json!({"name": " "}), "name", ""),
        (json!({"slug": "a", "name": long}), "name", "200 characters"),
        (json!({"slug": "a", "kind": "bord"}), "kind", "Did you mean 'board'?"),
        (json!({"slug": "a", "kind": 3}), "kind", "must be a text"),
        (json!({"slug": "a", "filtr": "amount > 1"}), "filtr", "Did you mean 'filter'?"),
        (json!({"slug": "a", "filter": "amount > 1 && statee = 'open'"}), "filter", "Did you mean 'state'?"),
        (json!({"slug": "a", "filter": "amount >"}), "filter", ""),
        (json!({"slug": "a", "filter": "state = 'lost'"}), "filter", ""),
        (json!({"slug": "a", "filter": long}), "filter", "2000"),
        (json!({"slug": "a", "filter": ["amount > 1"]}), "filter", "must be a text"),
        (json!({"slug": "a", "sort": "amount"}), "sort", "must be an array of texts"),
        (json!({"slug": "a", "sort": ["amunt"]}), "sort", "Did you mean 'amount'?"),
        (json!({"slug": "a", "sort": ["tags"]}), "sort", "several values"),
        (json!({"slug": "a", "sort": ["amount", "-amount"]}), "sort", "twice"),
        (
            json!({"slug": "a", "sort": ["title", "amount", "salary", "state", "owner", "firm", "id", "created_at", "updated_at"]}),
            "sort",
            "at most 8",
        ),
        (json!({"slug": "a", "fields": ["titel"]}), "fields", "Did you mean 'title'?"),
        (json!({"slug": "a", "fields": ["title", "title"]}), "fields", "twice"),
        (json!({"slug": "a", "group": ["month(created_att)"]}), "group", "created_at"),
        (json!({"slug": "a", "group": ["sta te"]}), "group", ""),
        (json!({"slug": "a", "options": {"note": long}}), "options", "16384"),
        (json!({"slug": "a", "options": [1]}), "options", "must be an object"),
        (json!({"slug": "a", "shared": "yes"}), "shared", "true or false"),
    ] {
        let (status, answer) = said(&world, "boss", "POST", VIEWS, &view);
        let told: String = answer.to_string().chars().take(1_500).collect();
        assert_eq!((status, answer["error"]["field"].as_str()), (400, Some(field)), "{told}");
        assert!(told.contains(word), "{word}: {told}");
    }
    assert_eq!(slugs(&world, "boss"), Vec::<String>::new());
    let (status, answer) = said(&world, "boss", "PATCH", &format!("{RECORDS}?view=x"), &json!({"amount": 1}));
    assert_eq!((status, answer["error"]["field"].as_str()), (400, Some("view")), "{answer}");
}

#[test]
fn views_follow_their_fields() {
    let world = world();
    let view = json!({"slug": "all", "shared": true, "filter": "amount > 1 && state = 'open'", "sort": ["amount"], "fields": ["amount"],
        "group": ["amount % 2"], "options": {"amount": {"title_field": "amount"}}});
    assert_eq!(said(&world, "boss", "POST", VIEWS, &view).0, 201);
    assert_eq!(said(&world, "ann", "POST", VIEWS, &json!({"slug": "own", "filter": "amount > 2", "sort": ["firm", "title"]})).0, 201);
    let fields = "/api/apps/one/schemas/deals/fields";
    assert_eq!(said(&world, "boss", "PATCH", &format!("{fields}/amount"), &json!({"slug": "sum_total"})).0, 200);
    let (_, shared) = get(&world, "boss", &format!("{VIEWS}/all"));
    assert_eq!(shared["filter"], "sum_total > 1 && state = 'open'");
    assert_eq!(
        (&shared["sort"], &shared["fields"], &shared["group"]),
        (&json!(["sum_total"]), &json!(["sum_total"]), &json!(["sum_total % 2"]))
    );
    assert_eq!(shared["options"], json!({"sum_total": {"title_field": "sum_total"}}));
    assert_eq!(titles(&world, "ann", "view=own"), ["three"]);
    // What a shared filter needs stays, what it compares with too; all else goes with its field.
    for (method, path, body, wanted) in [
        ("DELETE", format!("{fields}/sum_total"), Value::Null, 400),
        ("PATCH", format!("{fields}/state/options/open"), json!({"value": "new"}), 409),
        ("DELETE", format!("{fields}/state/options/open?replace=won"), Value::Null, 409),
        ("PATCH", format!("{fields}/state/options/open"), json!({"label": "New"}), 200),
        ("DELETE", format!("{fields}/firm"), Value::Null, 200),
        ("PATCH", "/api/apps/one/schemas/deals".to_owned(), json!({"slug": "sales"}), 200),
    ] {
        let (status, answer) = said(&world, "boss", method, &path, &body);
        assert_eq!(status, wanted, "{path}: {answer}");
        if wanted >= 400 {
            assert!(answer.to_string().contains("view 'all'"), "{answer}");
        }
    }
    let (_, own) = get(&world, "ann", "/api/apps/one/schemas/sales/views/own");
    assert_eq!((&own["sort"], own.get("problem")), (&json!(["title"]), None));
    // Nobody is kept from a change by a view that somebody has for themselves: who has it is told.
    assert_eq!(said(&world, "boss", "DELETE", "/api/apps/one/schemas/sales/views/all", &Value::Null).0, 204);
    assert_eq!(said(&world, "boss", "DELETE", "/api/apps/one/schemas/sales/fields/sum_total", &Value::Null).0, 200);
    let (_, own) = get(&world, "ann", "/api/apps/one/schemas/sales/views/own");
    assert!(own["problem"].as_str().is_some_and(|problem| problem.contains("no field 'sum_total'")), "{own}");
    let (status, answer) = get(&world, "ann", "/api/apps/one/schemas/sales/records?view=own");
    assert_eq!((status, answer["error"]["field"].as_str()), (400, Some("view")), "{answer}");
    assert_eq!(said(&world, "ann", "PATCH", "/api/apps/one/schemas/sales/views/own", &json!({"filter": null})).0, 200);
    assert_eq!(get(&world, "ann", "/api/apps/one/schemas/sales/records?view=own").0, 200);
}

#[test]
fn shared_views_travel_with_the_app_and_those_of_one_person_do_not() {
    let world = world();
    let view =
        json!({"slug": "all", "name": "All", "kind": "chart", "shared": true, "filter": "due = null || amount > 1", "group": ["state"]});
    assert_eq!(said(&world, "boss", "POST", VIEWS, &view).0, 400);
    let view =
        json!({"slug": "all", "name": "All", "kind": "chart", "shared": true, "filter": "created_at < @tomorrow", "group": ["state"]});
    assert_eq!(said(&world, "boss", "POST", VIEWS, &view).0, 201);
    assert_eq!(said(&world, "boss", "POST", VIEWS, &json!({"slug": "own"})).0, 201);
    let (_, file) = get(&world, "boss", "/api/apps/one/app-file");
    let wanted = json!([{"slug": "all", "name": "All", "kind": "chart", "filter": "created_at < @tomorrow", "group": ["state"]}]);
    assert_eq!(file["schemas"][1]["views"], wanted);
    let apply = |file: &Value, prune: bool| world.apply(&file.to_string(), false, prune).unwrap()["changes"].clone();
    assert_eq!(apply(&file, false), json!([]));
    // What differs is told; what is not there stays, unless it is to go.
    let mut changed = file.clone();
    changed["schemas"][1]["views"] = json!([{"slug": "all", "filter": "amount > 1"}, {"name": "New one"}]);
    assert_eq!(apply(&changed, false), json!(["change view deals/all", "create view deals/new-one"]));
    changed["schemas"][1]["views"] = json!([]);
    let kept = "keep view deals/all, which is not in the file (--prune deletes it)";
    assert_eq!(apply(&changed, false)[0], kept);
    changed["schemas"][1].as_object_mut().unwrap().remove("views");
    assert_eq!(apply(&changed, true), json!([]));
    // A file that makes no sense changes nothing.
    changed["schemas"][1]["views"] = json!([{"slug": "all", "sort": ["amunt"]}]);
    let told = world.apply(&changed.to_string(), false, false).unwrap_err().sentences();
    assert_eq!(told, ["Table 'deals', view 'all': Table 'deals' has no field 'amunt'. Did you mean 'amount'?"]);
    // Copies of the app and of the table have them.
    assert_eq!(said(&world, "owner", "POST", "/api/apps/one/duplicate", &json!({"slug": "two"})).0, 201);
    let (_, copy) = get(&world, "owner", "/api/apps/two/schemas/deals/views");
    assert_eq!(copy["views"].as_array().unwrap().iter().map(|view| &view["slug"]).collect::<Vec<_>>(), ["all", "new-one"]);
    assert_eq!(said(&world, "boss", "POST", "/api/apps/one/schemas/deals/duplicate", &json!({"slug": "again"})).0, 201);
    let (_, copy) = get(&world, "boss", "/api/apps/one/schemas/again/views");
    assert_eq!(copy["views"][0]["filter"], "amount > 1");
    changed["schemas"][1]["views"] = json!([]);
    assert_eq!(apply(&changed, true), json!(["delete table again with its records", "delete view deals/all", "delete view deals/new-one"]));
    assert_eq!(slugs(&world, "boss"), ["own"]);
    // A table takes its views along, whoever's they are.
    assert_eq!(said(&world, "boss", "DELETE", "/api/apps/one/schemas/deals", &Value::Null).0, 200);
    assert_eq!(world.ctx.store.check(&carryall::model::job::unwatched()).unwrap().problems, Vec::<String>::new());
    let beside = rusqlite::Connection::open(world.ctx.store.path()).unwrap();
    let left: i64 = beside
        .query_row("SELECT count(*) FROM saved_view v JOIN schema s ON s.id = v.schema WHERE s.slug = 'deals'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 2);
}

/// The words of a search, windows and states are those of the list that a view makes.
#[test]
fn a_list_by_a_view_is_a_list() {
    let world = world();
    let view = json!({"slug": "all", "shared": true, "filter": "amount > 0", "sort": ["-amount"]});
    assert_eq!(said(&world, "boss", "POST", VIEWS, &view).0, 201);
    let (_, first) = get(&world, "ann", &format!("{RECORDS}?view=all&limit=2&cursor="));
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(titles(&world, "ann", &format!("view=all&limit=2&cursor={next}")), ["one"]);
    assert_eq!(titles(&world, "ann", "view=all&q=t"), ["three", "two"]);
    // Whoever searches in a view that has an order keeps it, though another record would fit better; without one the best comes first.
    for (title, amount) in [("fit and much else beside it", 9), ("fit", 8), ("a fit of many other words", 10)] {
        assert_eq!(said(&world, "boss", "POST", RECORDS, &json!({"title": title, "amount": amount})).0, 201);
    }
    let by_amount = ["a fit of many other words", "fit and much else beside it", "fit"];
    assert_eq!(titles(&world, "boss", "view=all&q=fit"), by_amount);
    assert_eq!(titles(&world, "boss", "view=all&q=fit&sort=amount"), ["fit", "fit and much else beside it", "a fit of many other words"]);
    assert_eq!(said(&world, "boss", "POST", VIEWS, &json!({"slug": "loose", "filter": "amount > 0"})).0, 201);
    assert_eq!(titles(&world, "boss", "view=loose&q=fit")[0], "fit");
    assert_eq!(said(&world, "boss", "DELETE", &format!("{RECORDS}?filter[amount][gte]=8"), &Value::Null).0, 200);
    assert_eq!(titles(&world, "ann", "view=all&filter=state+%3D+'won'"), ["two"]);
    // The state of an answer is that of the view, too.
    let ask = |tag: &str| {
        let headers = vec![("As".to_owned(), "ann".to_owned()), ("If-None-Match".to_owned(), tag.to_owned())];
        world.answer(&Ask { method: "GET".to_owned(), url: format!("{RECORDS}?view=all"), headers, body: Vec::new() })
    };
    let first = ask("\"other\"");
    let tag = first.headers.iter().find(|(name, _)| name == "ETag").unwrap().1.clone();
    assert_eq!(ask(&tag).status, 304);
    assert_eq!(said(&world, "boss", "PATCH", &format!("{VIEWS}/all"), &json!({"filter": "amount > 1"})).0, 200);
    assert_eq!(ask(&tag).status, 200);
}

#[test]
fn expressions_in_options_follow_their_fields_and_tell_nobody_of_one_that_is_hidden() {
    let world = world();
    let options = json!({
        "value": "sum(amount)", "bar": {"amount * 2 > salary": "red"}, "sort": ["-amount", "firm.name"], "near": "salary / 12", "any": "tags ?= 'amount'",
        "title": "The amount of it", "said": "'amount'", "broken": "amount >", "other": "amounts + 1", "number": 12, "on": null});
    let view = json!({"slug": "all", "shared": true, "options": options});
    assert_eq!(said(&world, "boss", "POST", VIEWS, &view).0, 201);
    let rename = |table: &str, field: &str, slug: &str| {
        let url = format!("/api/apps/one/schemas/{table}/fields/{field}");
        assert_eq!(said(&world, "boss", "PATCH", &url, &json!({"slug": slug})).0, 200, "{url}");
    };
    // A view of the deals follows what the firms call their fields, too; a table's own name stands in no expression.
    rename("deals", "amount", "sum_total");
    rename("firms", "name", "label");
    rename("deals", "firm", "customer");
    let (_, told) = get(&world, "boss", &format!("{VIEWS}/all"));
    let wanted = json!({
        "value": "sum(sum_total)", "bar": {"sum_total * 2 > salary": "red"}, "sort": ["-sum_total", "customer.label"], "near": "salary / 12",
        "any": "tags ?= 'amount'", "title": "The amount of it", "said": "'amount'", "broken": "amount >", "other": "amounts + 1", "number": 12, "on": null});
    assert_eq!(told["options"], wanted);
    let (_, told) = get(&world, "ann", &format!("{VIEWS}/all"));
    let wanted = json!({
        "value": "sum(sum_total)", "bar": {}, "sort": ["-sum_total"], "any": "tags ?= 'amount'", "title": "The amount of it", "said": "'amount'",
        "broken": "amount >", "other": "amounts + 1", "number": 12, "on": null});
    assert_eq!(told["options"], wanted, "neither of the salary nor of the firms' names");
    // It can be named anew as often as one likes, and a table, too.
    assert_eq!(said(&world, "boss", "PATCH", "/api/apps/one/schemas/firms", &json!({"slug": "houses"})).0, 200);
    rename("deals", "sum_total", "amount");
    let (_, told) = get(&world, "boss", &format!("{VIEWS}/all"));
    assert_eq!((&told["options"]["value"], &told["options"]["sort"][1]), (&json!("sum(amount)"), &json!("customer.label")));
}

#[test]
fn a_view_is_rehearsed_as_all_else() {
    let world = world();
    let view = json!({"slug": "all", "filter": "amount > 1", "sort": ["amount"]});
    let dry = |method: &str, url: &str, body: &Value| {
        let headers = vec![("As".to_owned(), "ann".to_owned())];
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let reply = world.answer(&Ask { method: method.to_owned(), url: format!("{url}?dry_run=true"), headers, body });
        let header = |wanted: &str| reply.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let (is_dry, place) = (header("X-Dry-Run").is_some(), header("Location"));
        (reply.status, is_dry, place, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let (status, is_dry, place, told) = dry("POST", VIEWS, &view);
    assert_eq!((status, is_dry, place, &told["filter"]), (200, true, None, &json!("amount > 1")));
    assert_eq!(slugs(&world, "ann"), Vec::<String>::new());
    let (status, _, _, told) = dry("POST", VIEWS, &json!({"slug": "all", "sort": ["amunt"]}));
    assert_eq!((status, &told["error"]["details"][0]["hint"]), (400, &json!("Did you mean 'amount'?")));
    assert_eq!(dry("POST", VIEWS, &json!({"slug": "all", "shared": true})).0, 403);
    assert_eq!(said(&world, "ann", "POST", VIEWS, &view).0, 201);
    let one = format!("{VIEWS}/all");
    let (status, is_dry, _, told) = dry("PATCH", &one, &json!({"filter": "amount > 2"}));
    assert_eq!((status, is_dry, &told["filter"]), (200, true, &json!("amount > 2")));
    let (status, is_dry, _, told) = dry("DELETE", &one, &Value::Null);
    assert_eq!((status, is_dry, told), (200, true, json!({"success": true, "slug": "all"})));
    assert_eq!(dry("DELETE", &format!("{VIEWS}/other"), &Value::Null).0, 404);
    assert_eq!(titles(&world, "ann", "view=all"), ["two", "three"]);
    let (status, told) = said(&world, "ann", "DELETE", &format!("{one}?dry_run=maybe"), &Value::Null);
    assert_eq!((status, &told["error"]["field"]), (400, &json!("dry_run")));
}
