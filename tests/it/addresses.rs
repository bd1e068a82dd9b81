//! Slugs that apps and tables had before: to whom they lead, and who may have them.

use crate::harness::Harness;
use crate::transcript::Ask;
use serde_json::{Value, json};

fn ask(harness: &Harness, who: &str, method: &str, url: &str, body: &Value) -> (u16, Value) {
    let headers = [("As", who), ("Content-Type", "application/json")].map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let reply = harness.answer(&Ask { method: method.to_owned(), url: url.to_owned(), headers, body });
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// The slug of what an address leads to.
fn leads_to(harness: &Harness, url: &str) -> Value {
    ask(harness, "owner", "GET", url, &Value::Null).1["slug"].clone()
}

/// The app `staff`, which was `hr` before, and ann's app `shop`.
fn two_apps() -> Harness {
    let harness = Harness::crm().with_people(&["ann"]);
    let grant = json!({"user": "ann@example.com", "app": "shop", "role": "owner"});
    for (method, url, body, status) in [
        ("POST", "/api/apps", json!({"slug": "hr"}), 201),
        ("PATCH", "/api/apps/hr", json!({"slug": "staff"}), 200),
        ("POST", "/api/apps", json!({"slug": "shop"}), 201),
        ("POST", "/api/workspaces/default/grants", grant, 201),
    ] {
        let (found, said) = ask(&harness, "owner", method, url, &body);
        assert!(found == status || found == 200, "{method} {url}: {said}");
    }
    harness
}

#[test]
fn an_address_of_another_app_is_not_for_whoever_does_not_manage_it() {
    let harness = two_apps();
    for slug in ["hr", "staff"] {
        let renamed = ask(&harness, "ann", "PATCH", "/api/apps/shop", &json!({"slug": slug}));
        assert_eq!((renamed.0, &renamed.1["error"]["field"]), (409, &json!("slug")), "{}", renamed.1);
        let file = json!({"carryall": 1, "app": {"slug": "shop", "aliases": [slug]}, "schemas": []});
        let applied = ask(&harness, "ann", "PUT", "/api/apps/shop/app-file", &file);
        assert_eq!((applied.0, &applied.1["error"]["field"]), (409, &json!("aliases")), "{}", applied.1);
        assert_eq!(leads_to(&harness, &format!("/api/apps/{slug}")), "staff");
    }
    let file = json!({"carryall": 1, "app": {"slug": "shop", "aliases": ["store"]}, "schemas": []});
    assert_eq!(ask(&harness, "ann", "PUT", "/api/apps/shop/app-file", &file).0, 200);
    assert_eq!(leads_to(&harness, "/api/apps/store"), "shop");
}

#[test]
fn an_admin_takes_an_address_over_and_it_stays_where_it_went() {
    let take_by_slug: fn(&Harness) = |harness| {
        assert_eq!(ask(harness, "owner", "PATCH", "/api/apps/shop", &json!({"slug": "hr"})).0, 200);
        assert_eq!(ask(harness, "owner", "PATCH", "/api/apps/hr", &json!({"slug": "shop"})).0, 200);
    };
    let take_by_file: fn(&Harness) = |harness| {
        let file = json!({"carryall": 1, "app": {"slug": "shop", "aliases": ["hr"]}, "schemas": []});
        assert_eq!(ask(harness, "owner", "PUT", "/api/apps/shop/app-file", &file).0, 200);
    };
    for take in [take_by_slug, take_by_file] {
        let harness = two_apps();
        take(&harness);
        assert_eq!(leads_to(&harness, "/api/apps/hr"), "shop");
        let log = ask(&harness, "owner", "GET", "/api/apps/staff/changes?since=0", &Value::Null).1;
        assert!(log.to_string().contains("the app staff is no longer found by hr"), "{log}");
        // Neither name nor age brings it back.
        assert_eq!(ask(&harness, "owner", "PATCH", "/api/apps/staff", &json!({"name": "A"})).0, 200);
        assert_eq!(leads_to(&harness, "/api/apps/hr"), "shop");
        assert_eq!(ask(&harness, "owner", "DELETE", "/api/apps/shop", &Value::Null).0, 200);
        assert_eq!(ask(&harness, "owner", "GET", "/api/apps/hr", &Value::Null).0, 404);
    }
    let harness = two_apps();
    let made = ask(&harness, "owner", "POST", "/api/apps", &json!({"name": "HR"}));
    assert_eq!((made.0, leads_to(&harness, "/api/apps/hr")), (201, json!("staff")), "a name takes no address: {}", made.1);
}

#[test]
fn an_address_of_a_table_leads_to_the_one_that_had_it_last() {
    let harness = Harness::crm();
    let tables = "/api/apps/my-crm/schemas";
    let change = |method: &str, url: String, slug: &str| {
        let (status, said) = ask(&harness, "owner", method, &url, &json!({"slug": slug}));
        assert!(status < 300, "{method} {url}: {said}");
    };
    change("POST", tables.to_owned(), "a");
    change("PATCH", format!("{tables}/a"), "first");
    change("POST", tables.to_owned(), "a");
    assert_eq!(leads_to(&harness, &format!("{tables}/a")), "a");
    change("PATCH", format!("{tables}/a"), "second");
    assert_eq!(leads_to(&harness, &format!("{tables}/a")), "second");
    change("PATCH", format!("{tables}/first"), "a");
    change("PATCH", format!("{tables}/a"), "first");
    assert_eq!(leads_to(&harness, &format!("{tables}/a")), "first");
}
