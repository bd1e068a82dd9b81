//! Modifiers: stored values changed by what is sent, without a lost update, within the bounds and the rights of their fields.

use crate::harness::Harness;
use serde_json::{Value, json};

const ITEMS: &str = "/api/apps/shop/schemas/items/records";

fn shop() -> Harness {
    let harness = Harness::empty();
    let app = json!({"carryall": 1, "app": {"slug": "shop"}, "schemas": [{"slug": "items", "fields": [
        {"slug": "name", "type": "text", "required": true},
        {"slug": "stock", "type": "integer", "min": 0},
        {"slug": "number", "type": "integer", "unique": true},
        {"slug": "price", "type": "decimal", "scale": 2},
        {"slug": "weight", "type": "number"},
        {"slug": "tags", "type": "multiselect", "options": ["new", "old", "rare"]},
        {"slug": "marks", "type": "multiselect", "options": ["a", "b"], "required": true, "default": ["a"]},
        {"slug": "parts", "type": "references", "target": "items"}]}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    harness.filled()
}

fn change(harness: &Harness, body: &Value) -> (u16, Value) {
    harness.ask("PATCH", &format!("{ITEMS}/1"), &body.to_string())
}

#[test]
fn each_type_changes_in_its_own_way_and_a_missing_value_is_nothing() {
    let harness = shop();
    assert_eq!(harness.ask("POST", ITEMS, r#"{"name": "Lamp"}"#).0, 201);
    for (sent, slug, now) in [
        (json!({"stock+": 5}), "stock", json!(5)),
        (json!({"stock-": 2}), "stock", json!(3)),
        (json!({"stock-": -2}), "stock", json!(5)),
        (json!({"price+": 0.1}), "price", json!(0.1)),
        (json!({"price+": 0.2}), "price", json!(0.3)),
        (json!({"price+": "1.70"}), "price", json!(2)),
        (json!({"weight+": 1}), "weight", json!(1)),
        (json!({"weight-": 0.5}), "weight", json!(0.5)),
        (json!({"tags+": ["old"]}), "tags", json!(["old"])),
        (json!({"tags+": ["new", "old"]}), "tags", json!(["old", "new"])),
        (json!({"tags-": "old"}), "tags", json!(["new"])),
        (json!({"tags+": ["rare"], "tags-": ["new"]}), "tags", json!(["rare"])),
        (json!({"parts+": 1}), "parts", json!(["rec_1"])),
        (json!({"parts-": ["rec_1"]}), "parts", json!([])),
    ] {
        let (status, record) = change(&harness, &sent);
        assert_eq!((status, &record[slug]), (200, &now), "{sent}: {record}");
    }
    assert_eq!(harness.ctx.store.check(&carryall::model::job::unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn what_makes_no_sense_is_refused_and_what_comes_of_it_is_checked() {
    let harness = shop();
    assert_eq!(harness.ask("POST", ITEMS, r#"[{"name": "Lamp", "stock": 1, "number": 7}, {"name": "Chair", "number": 8}]"#).0, 201);
    for (sent, code, word) in [
        (json!({"stock-": 2}), "min", "stock-"),
        (json!({"stock+": 1, "stock": 3}), "twice", "stock+"),
        (json!({"stock+": null}), "type", "stock+"),
        (json!({"stock+": "many"}), "type", "stock+"),
        (json!({"stock+": i64::MAX}), "range", "stock+"),
        (json!({"price+": 0.001}), "scale", "price+"),
        (json!({"price+": 9_999_999_999_999.99, "price-": -0.01}), "precision", "price-"),
        (json!({"name+": "x"}), "modifier", "name+"),
        (json!({"tags+": ["strange"]}), "option", "tags+"),
        (json!({"marks-": ["a", "b"]}), "required", "marks-"),
        (json!({"parts+": ["rec_9"]}), "reference", "parts"),
        (json!({"nothing+": 1}), "unknown_field", "nothing+"),
        (json!({"number+": 1}), "unique", "number"),
    ] {
        let before = harness.ask("GET", ITEMS, "").1;
        let (status, answer) = change(&harness, &sent);
        assert_eq!((status, answer["error"]["field"].as_str()), (400, Some(word)), "{sent}: {answer}");
        let told = answer["error"]["details"][0]["code"].as_str().map(str::to_owned);
        assert!(told.is_none_or(|told| told == code), "{sent}: {answer}");
        assert_eq!(harness.ask("GET", ITEMS, "").1, before, "{sent}");
    }
    // A value that is stored is changed: a new record has none.
    for (method, url) in [("POST", ITEMS.to_owned()), ("PUT", format!("{ITEMS}?key=number"))] {
        let (status, answer) = harness.ask(method, &url, r#"{"name": "Desk", "number": 9, "stock+": 1}"#);
        assert_eq!((status, answer["error"]["field"].as_str()), (400, Some("stock+")), "{answer}");
        assert!(answer["error"]["details"][0]["hint"].as_str().unwrap().contains("PATCH"), "{answer}");
    }
}

#[test]
fn many_change_by_modifiers_too_and_the_log_tells_values() {
    let harness = shop();
    assert_eq!(harness.ask("POST", ITEMS, r#"[{"name": "Lamp", "stock": 1}, {"name": "Chair"}]"#).0, 201);
    let (status, many) = harness.ask("PATCH", ITEMS, r#"[{"id": 1, "stock+": 2}, {"id": 2, "stock+": 4, "tags+": ["new"]}]"#);
    assert_eq!((status, &many["records"][0]["stock"], &many["records"][1]["stock"]), (200, &json!(3), &json!(4)), "{many}");
    let (status, bad) = harness.ask("PATCH", ITEMS, r#"[{"id": 1, "stock+": 1}, {"id": 2, "stock-": 5}]"#);
    assert_eq!((status, &bad["error"]["details"][0]["index"]), (400, &json!(1)), "{bad}");
    assert_eq!(harness.ask("GET", &format!("{ITEMS}/1"), "").1["stock"], 3);
    let feed = harness.ask("GET", "/api/apps/shop/changes?since=0", "").1;
    let last = feed["changes"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["data"], json!({"before": {"stock": null, "tags": null}, "after": {"stock": 4, "tags": ["new"]}}), "{last}");
}

#[test]
fn no_update_is_lost_among_eight_who_count() {
    const EACH: i64 = 40;
    let harness = shop();
    assert_eq!(harness.ask("POST", ITEMS, r#"{"name": "Lamp", "price": 0.1}"#).0, 201);
    std::thread::scope(|scope| {
        for counter in 0..8 {
            let harness = &harness;
            scope.spawn(move || {
                for _ in 0..EACH {
                    let sent = if counter % 2 == 0 { json!({"stock+": 3, "price+": 0.1}) } else { json!({"stock+": 1, "price-": 0.05}) };
                    // A full queue is told, and asked again.
                    while change(harness, &sent).0 != 200 {}
                }
            });
        }
    });
    let record = harness.ask("GET", &format!("{ITEMS}/1"), "").1;
    assert_eq!((&record["stock"], &record["price"]), (&json!(4 * EACH * 3 + 4 * EACH), &json!(8.1)), "{record}");
}
