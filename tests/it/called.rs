//! What records are called that a list refers to: one name for each, by the field that says so as the caller sees it, and no more than is wanted.

use crate::harness::Harness;
use crate::transcript::Ask;
use carryall::model::limits::Limits;
use serde_json::{Value, json};

const ORDERS: &str = "/api/apps/shop/schemas/orders/records";

/// Orders of firms and of things. A firm is called by its name, else by its city; a thing by what is worked out; a day by nothing that one could read.
fn shop(limits: Limits) -> Harness {
    let harness = Harness::crm_with(limits);
    let words = ["tea", "cup", "jug", "pot", "urn"].map(|word| json!({"word": word}));
    let app = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [
        {"slug": "firms", "display_field": "name", "order": ["city", "code"], "fields": [
            {"slug": "mail", "type": "email"}, {"slug": "code", "type": "text"}, {"slug": "city", "type": "text"}, {"slug": "name", "type": "text"},
            {"slug": "open", "type": "boolean"}, {"slug": "orders", "type": "lines", "target": "orders", "via": "firm"}]},
        {"slug": "things", "display_field": "title", "fields": [
            {"slug": "word", "type": "text"}, {"slug": "title", "type": "computed", "formula": "upper(word)"}]},
        {"slug": "days", "fields": [{"slug": "day", "type": "date"}]},
        {"slug": "orders", "display_field": "number", "fields": [
            {"slug": "number", "type": "integer"}, {"slug": "firm", "type": "reference", "target": "firms"}, {"slug": "payer", "type": "reference", "target": "firms"},
            {"slug": "things", "type": "references", "target": "things"}, {"slug": "day", "type": "reference", "target": "days"}]},
    ], "records": {
        "firms": [{"name": "Ada & Co", "city": "Ulm", "open": true}, {"name": null, "city": "Bonn"}, {"name": "Cy", "city": "Köln"}],
        "things": words,
        "days": [{"day": "2026-01-01"}],
        "orders": [
            {"number": 7, "firm": 1, "payer": 3, "things": [5, 4, 3, 2, 1], "day": 1}, {"number": 8, "firm": 2, "payer": 1, "things": [1]}, {"number": 9}],
    }});
    harness.apply(&app.to_string(), false, false).unwrap();
    harness
}

fn names(harness: &Harness, who: &str, target: &str) -> Value {
    let headers = vec![("As".to_owned(), who.to_owned())];
    let reply = harness.answer(&Ask { method: "GET".to_owned(), url: target.to_owned(), headers, body: Vec::new() });
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply.status, 200, "{answer}");
    answer["names"].clone()
}

#[test]
fn each_record_is_called_once_and_of_each_value_as_many_as_are_wanted() {
    let harness = shop(Limits::default());
    let firms = json!({"rec_1": "Ada & Co", "rec_2": null, "rec_3": "Cy"});
    let things = json!({"rec_1": "TEA", "rec_4": "POT", "rec_5": "URN"});
    assert_eq!(names(&harness, "owner", &format!("{ORDERS}?names=2")), json!({"firms": firms, "things": things}));
    assert_eq!(names(&harness, "owner", &format!("{ORDERS}?names=9"))["things"].as_object().unwrap().len(), 5);
    assert_eq!(
        names(&harness, "owner", &format!("{ORDERS}?names=1&fields=payer,number")),
        json!({"firms": {"rec_1": "Ada & Co", "rec_3": "Cy"}})
    );
    assert_eq!(names(&harness, "owner", &format!("{ORDERS}?names=1&filter[number]=9")), json!({"firms": {}, "things": {}}));
    // Lines are found the other way round, and have a number for a name.
    assert_eq!(names(&harness, "owner", "/api/apps/shop/schemas/firms/records?names=3"), json!({"orders": {"rec_1": 7, "rec_2": 8}}));
    // Beside records that are expanded, and by a saved view.
    let view = r#"{"name": "Few", "fields": ["number", "payer"], "shared": true}"#;
    assert_eq!(harness.ask("POST", "/api/apps/shop/schemas/orders/views", view).0, 201);
    assert_eq!(
        names(&harness, "owner", &format!("{ORDERS}?names=1&view=few&expand=payer&limit=1&cursor=")),
        json!({"firms": {"rec_3": "Cy"}})
    );
    // A list without names is known by its tag; with them it is told again, for they change without it.
    let has_tag = |target: &str| harness.send("GET", target, "text/plain", "").headers.iter().any(|(name, _)| name == "ETag");
    assert!(has_tag(ORDERS) && !has_tag(&format!("{ORDERS}?names=1")));
}

#[test]
fn nobody_learns_a_name_that_they_may_not_read() {
    let harness = shop(Limits::default()).with_people(&["ann"]);
    let rights = |firms: Value| {
        let role = json!({"slug": "clerk", "schemas": {"orders": {"list": true, "read": true}, "firms": firms}});
        let (status, told) = harness.ask("PATCH", "/api/apps/shop/roles/clerk", &json!({"schemas": role["schemas"]}).to_string());
        let (status, told) = if status == 404 { harness.ask("POST", "/api/apps/shop/roles", &role.to_string()) } else { (status, told) };
        assert!(status < 300, "{told}");
        let grant = r#"{"user": "ann@example.com", "app": "shop", "role": "clerk"}"#;
        assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", grant).0, 200);
        names(&harness, "ann", &format!("{ORDERS}?names=3"))
    };
    assert_eq!(rights(json!({"create": true})), json!({}));
    assert_eq!(rights(json!({"read": "open = true"})), json!({"firms": {"rec_1": "Ada & Co"}}));
    // Without the name a firm is called by the first text as fields are shown, which is what the page does, too.
    let hidden = |slugs: &[&str]| {
        let fields: serde_json::Map<String, Value> = slugs.iter().map(|slug| ((*slug).to_owned(), json!({"readable": false}))).collect();
        rights(json!({"read": true, "fields": fields}))
    };
    assert_eq!(hidden(&["name"]), json!({"firms": {"rec_1": "Ulm", "rec_2": "Bonn", "rec_3": "Köln"}}));
    assert_eq!(hidden(&["name", "city", "code"]), json!({}));
}

#[test]
fn names_have_a_limit_and_the_rest_of_a_record_does_not_count() {
    let harness = shop(Limits { names_bytes_max: 3_000, ..Limits::default() });
    let firm = |name: &str, code: &str| {
        let body = json!({"name": name, "code": code}).to_string();
        assert_eq!(harness.ask("PATCH", "/api/apps/shop/schemas/firms/records/rec_1", &body).0, 200);
        harness.ask("GET", &format!("{ORDERS}?names=3"), "")
    };
    assert_eq!(firm("Ada", &"x".repeat(5_000)).0, 200);
    // What takes six letters in the answer counts six.
    assert_eq!(firm(&"x".repeat(500), "").0, 200);
    let (status, refused) = firm(&"\u{1}".repeat(500), "");
    assert_eq!(
        (status, &refused["error"]["field"], &refused["error"]["details"][0]["code"]),
        (400, &json!("names"), &json!("too_large")),
        "{refused}"
    );
}
