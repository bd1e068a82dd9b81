//! Several writes in one request: in one transaction, each sees what those before it wrote and names what they gave; rights are asked of each.

use crate::harness::Harness;
use crate::transcript::Ask;
use carryall::model::job::unwatched;
use serde_json::{Value, json};

const APP: &str = "/api/apps/my-crm/schemas";

fn batch(harness: &Harness, requests: &Value) -> (u16, Value) {
    harness.ask("POST", "/api/batch", &json!({"requests": requests}).to_string())
}

fn at(schema: &str) -> String {
    format!("{APP}/{schema}/records")
}

fn everything(harness: &Harness) -> Vec<Value> {
    ["companies", "contacts", "visits", "contracts"].map(|schema| harness.ask("GET", &at(schema), "").1).to_vec()
}

#[test]
fn each_sees_what_those_before_it_wrote_and_names_what_they_gave() {
    let harness = Harness::crm();
    let since = harness.ask("GET", "/api/apps/my-crm/changes", "").1["last"].as_u64().unwrap();
    let (status, done) = batch(
        &harness,
        &json!([
            {"method": "POST", "url": at("companies"), "body": {"name": "Berg"}},
            {"method": "POST", "url": at("contacts"), "body": [
                {"name": "Una", "email": "una@example.com", "company": "$0.id"},
                {"name": "$0.name", "email": "vic@example.com", "company": "$0.id", "age": 30}]},
            {"method": "PATCH", "url": format!("{}/$1.records.1.id", at("contacts")), "body": {"age+": 1, "id": 9, "notes": ["$$0.id", "$5.00", {"of": "$1.records.0.email"}]}},
            {"method": "PUT", "url": format!("{}?key=name", at("companies")), "body": {"name": "Berg", "founded": "2001-02-03"}},
            {"method": "POST", "url": at("visits"), "body": {"contact": "$1.records.0.id", "day": "$3.founded"}},
            {"method": "PATCH", "url": at("contacts"), "body": [{"id": "$1.records.0.id", "status": "customer"}]},
            {"method": "DELETE", "url": format!("{}/$4.id", at("visits"))},
            {"method": "DELETE", "url": at("contacts"), "body": {"ids": ["$1.records.0.id"]}},
        ]),
    );
    assert_eq!(status, 200, "{done}");
    let results = done["results"].as_array().unwrap();
    let statuses: Vec<u64> = results.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 201, 200, 200, 201, 200, 200, 200]);
    let company = &results[0]["body"]["id"];
    assert_eq!(results[1]["body"]["records"][1]["company"], *company);
    assert_eq!(
        (&results[2]["body"]["age"], &results[2]["body"]["name"], &results[2]["ignored"]),
        (&json!(31), &json!("Berg"), &json!(["id"]))
    );
    assert_eq!(results[2]["body"]["notes"], json!(["$0.id", "$5.00", {"of": "una@example.com"}]));
    assert_eq!((&results[3]["body"]["id"], &results[4]["body"]["day"]), (company, &json!("2001-02-03")));
    assert_eq!(results[7]["body"], json!({"success": true, "ids": [results[1]["body"]["records"][0]["id"]]}));
    let told = harness.ask("GET", &format!("/api/apps/my-crm/changes?since={since}"), "").1;
    let told = told["changes"].as_array().unwrap();
    assert_eq!(told.len(), 9, "{told:?}");
    assert!(told[0]["batch"].is_null() && told[1..].iter().all(|entry| entry["batch"] == told[0]["seq"]), "{told:?}");
    // The batch has ended: what comes then is no part of it.
    assert_eq!(harness.ask("POST", &at("companies"), r#"{"name": "Costa"}"#).0, 201);
    let after = harness.ask("GET", &format!("/api/apps/my-crm/changes?since={}", told[8]["seq"]), "").1;
    assert!(after["changes"][0]["batch"].is_null(), "{after}");
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn one_failure_takes_all_back_and_says_where() {
    let harness = Harness::crm();
    let before = everything(&harness);
    let good = json!({"method": "POST", "url": at("companies"), "body": {"name": "Berg"}});
    for (bad, status, word) in [
        (json!({"method": "POST", "url": at("companies"), "body": {"name": "Berg"}}), 400, "must be unique"),
        (
            json!({"method": "POST", "url": at("companies"), "body": [{"name": "Costa"}, {"nmae": "Dahl"}]}),
            400,
            "At index 1: Table 'companies' has no field",
        ),
        (json!({"method": "POST", "url": at("companies")}), 400, "JSON object"),
        (json!({"method": "POST", "url": at("companies"), "body": [5]}), 400, "array of JSON objects"),
        (json!({"method": "PATCH", "url": format!("{}/rec_99", at("companies")), "body": {"name": "x"}}), 404, "no record 'rec_99'"),
        (json!({"method": "DELETE", "url": format!("{}/rec_3", at("companies"))}), 409, "cannot go"),
        (json!({"method": "DELETE", "url": format!("{}/rec_3", at("companies")), "body": {}}), 400, "takes no body"),
        (json!({"method": "DELETE", "url": at("companies"), "body": {"ids": [1], "all": true}}), 400, "which records go"),
        (json!({"method": "POST", "url": "/api/apps/my-crm/schemas/nothing/records", "body": {}}), 404, "nothing"),
        (json!({"method": "POST", "url": at("companies"), "body": {"name": "$1.id"}}), 400, "request 1 does not stand before this one"),
        (json!({"method": "POST", "url": at("companies"), "body": {"name": "$0.nmae"}}), 400, "there is no 'nmae' in what request 0 gave"),
        (json!({"method": "PATCH", "url": format!("{}/$7.id", at("companies")), "body": {}}), 400, "request 7 does not stand"),
        (json!({"method": "PATCH", "url": format!("{}/$0.founded", at("companies")), "body": {}}), 400, "cannot stand in an address"),
        (json!({"method": "GET", "url": at("companies")}), 400, "cannot be part of a batch"),
        (json!({"method": "POST", "url": "/api/batch"}), 400, "cannot be part of a batch"),
        (json!({"method": "DELETE", "url": "/api/apps/my-crm"}), 400, "cannot be part of a batch"),
        (json!({"method": "PUT", "url": at("companies"), "body": {}}), 400, "cannot be part of a batch"),
        (json!({"method": "DELETE", "url": format!("{}?filter[name]=Acme", at("companies"))}), 400, "no parameter 'filter[name]'"),
        (json!({"method": "POST", "url": format!("{}?dry_run=true", at("companies")), "body": {}}), 400, "no parameter 'dry_run'"),
        (json!({"method": "POST", "url": "/api/apps/%zz/schemas/a/records"}), 400, "hexadecimal"),
        (json!({"method": "POST", "url": at("companies"), "bdy": {}}), 400, "no key 'bdy'"),
        (json!({"url": at("companies")}), 400, "'method' is required"),
        (json!({"method": "POST", "url": 5}), 400, "'url' must be text"),
        (json!("POST"), 400, "must be a JSON object"),
    ] {
        let (got, answer) = batch(&harness, &json!([good, bad]));
        assert_eq!(got, status, "{bad}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("In request 1: ") && message.contains(word), "{bad}: {answer}");
        assert_eq!(answer["error"]["details"][0]["index"], 1, "{bad}: {answer}");
        assert_eq!(everything(&harness), before, "{bad}");
    }
    for (body, status) in [
        (json!({}), 400),
        (json!({"requests": []}), 400),
        (json!({"requests": {}}), 400),
        (json!({"requests": [good], "all": 1}), 400),
        (json!({"requests": vec![good.clone(); 101]}), 400),
    ] {
        assert_eq!(harness.ask("POST", "/api/batch", &body.to_string()).0, status, "{body}");
    }
    let (status, told) = harness.ask("POST", "/api/batch?dry_run=true", &json!({"requests": [good]}).to_string());
    assert_eq!((status, &told["results"][0]["body"]["name"]), (200, &json!("Berg")), "{told}");
    assert_eq!(everything(&harness), before);
}

#[test]
fn rights_are_asked_of_each_request_and_nothing_is_told_by_a_reference() {
    let harness = Harness::crm().with_people(&["ann", "ben"]);
    let role = json!({"slug": "clerk", "schemas": {
        "contacts": {"list": true, "read": true, "create": true, "fields": {"email": {"readable": false, "writable": false}}},
        "companies": {"list": true, "read": true, "create": true, "update": true}}});
    assert_eq!(harness.ask("POST", "/api/apps/my-crm/roles", &role.to_string()).0, 201);
    let grant = json!({"user": "ann@example.com", "app": "my-crm", "role": "clerk"});
    assert_eq!(harness.ask("POST", "/api/workspaces/default/grants", &grant.to_string()).0, 200);
    let by = |who: Option<&str>, requests: Value| {
        let headers = who.map(|who| ("As".to_owned(), who.to_owned())).into_iter().collect();
        let body = json!({"requests": requests}).to_string().into_bytes();
        let reply = harness.answer(&Ask { method: "POST".into(), url: "/api/batch".into(), headers, body });
        (reply.status, String::from_utf8(reply.body).unwrap())
    };
    let before = everything(&harness);
    let company = json!({"method": "POST", "url": at("companies"), "body": {"name": "Berg"}});
    let (status, said) = by(Some("ann"), json!([company, {"method": "DELETE", "url": format!("{}/rec_2", at("companies"))}]));
    assert!(status == 403 && said.contains("In request 1"), "{said}");
    let (status, said) =
        by(Some("ann"), json!([company, {"method": "PATCH", "url": format!("{}/$0.id", at("contacts")), "body": {"name": "x"}}]));
    assert!(status == 403 && said.contains("In request 1"), "{said}");
    assert_eq!((by(Some("ben"), json!([company])).0, by(None, json!([company])).0), (404, 401));
    assert_eq!(everything(&harness), before);
    let (status, said) =
        by(Some("ann"), json!([company, {"method": "PATCH", "url": format!("{}/$0.id", at("companies")), "body": {"active": false}}]));
    assert!(status == 200 && said.contains("\"active\":false"), "{said}");
}

#[test]
fn what_is_computed_is_answered_as_it_is_after_all_of_them() {
    let harness = Harness::empty();
    let app = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "items", "fields": [
        {"slug": "price", "type": "decimal"}, {"slug": "gross", "type": "computed", "formula": "price * 2"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled();
    let items = "/api/apps/shop/schemas/items/records";
    let requests = json!({"requests": [
        {"method": "POST", "url": items, "body": {"price": 3}},
        {"method": "POST", "url": items, "body": [{"price": 4}]},
        {"method": "PATCH", "url": format!("{items}/$0.id"), "body": {"price+": "$1.records.0.price"}}]});
    for query in ["?dry_run=true", ""] {
        let (status, done) = harness.ask("POST", &format!("/api/batch{query}"), &requests.to_string());
        assert_eq!((status, &done["results"][2]["body"]["gross"]), (200, &json!(14)), "{done}");
        assert_eq!(done["results"][1]["body"]["records"][0]["gross"], 8, "{done}");
    }
}
