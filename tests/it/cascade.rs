//! Deletes that take others along: what goes, what is cleared, and how much of it one delete may do.

use crate::harness::Harness;
use carryall::model::job::unwatched;
use carryall::model::limits::Limits;
use serde_json::{Value, json};

const APP: &str = "/api/apps/tree/schemas";

/// One trunk with three twigs that go with it, and three birds that each sit on all twigs and on a fourth one, which stays.
fn tree(limits: Limits, on_delete: &str) -> Harness {
    let twigs = ["a", "b", "c", "d"].map(|twig| json!({"$ref": twig}));
    let birds = ["tit", "jay", "owl"].map(|bird| json!({"name": bird, "twigs": &twigs[..]}));
    let harness = Harness::crm_with(limits);
    let name = json!({"slug": "name", "type": "text"});
    let app = json!({"carryall": 1, "app": {"slug": "tree", "name": "Tree"}, "schemas": [
        {"slug": "trunks", "name": "Trunks", "fields": [name]},
        {"slug": "twigs", "name": "Twigs", "fields": [name, {"slug": "trunk", "type": "reference", "target": "trunks", "on_delete": "cascade"}]},
        {"slug": "birds", "name": "Birds", "display_field": "name",
            "fields": [name, {"slug": "twigs", "type": "references", "target": "twigs", "on_delete": on_delete}]},
    ], "records": {
        "trunks": [{"$ref": "trunk", "name": "oak"}],
        "twigs": [{"$ref": "a", "trunk": {"$ref": "trunk"}}, {"$ref": "b", "trunk": {"$ref": "trunk"}}, {"$ref": "c", "trunk": {"$ref": "trunk"}}, {"$ref": "d"}],
        "birds": birds,
    }});
    harness.apply(&app.to_string(), false, false).unwrap();
    harness
}

fn counted(harness: &Harness, table: &str) -> Value {
    harness.ask("GET", &format!("{APP}/{table}/records"), "").1["total"].clone()
}

#[test]
fn what_hangs_on_a_record_goes_with_it_and_lists_keep_the_rest() {
    let harness = tree(Limits::default(), "set_null");
    let since = harness.ask("GET", "/api/apps/tree/changes", "").1["last"].clone();
    assert_eq!(harness.ask("DELETE", &format!("{APP}/trunks/records/rec_1"), "").0, 200);
    assert_eq!((counted(&harness, "trunks"), counted(&harness, "twigs"), counted(&harness, "birds")), (json!(0), json!(1), json!(3)));
    let (_, birds) = harness.ask("GET", &format!("{APP}/birds/records"), "");
    assert!(birds["records"].as_array().unwrap().iter().all(|bird| bird["twigs"] == json!(["rec_4"])), "{birds}");
    // One entry for each record, however many of its references are gone, and all in one batch.
    let (_, log) = harness.ask("GET", &format!("/api/apps/tree/changes?since={since}"), "");
    let entries = log["changes"].as_array().unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["delete", "delete", "delete", "delete", "update", "update", "update"]);
    assert!(entries[1..].iter().all(|entry| entry["batch"] == entries[0]["seq"]), "{log}");
    assert_eq!(harness.ctx.store.check(&unwatched()).unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_delete_that_would_follow_too_many_references_is_refused_whole() {
    // Three twigs lead to the trunk, three birds to each of the three twigs.
    let bounded = |links| Limits { cascade_links_max: links, ..Limits::default() };
    let harness = tree(bounded(11), "set_null");
    let (status, told) = harness.ask("DELETE", &format!("{APP}/trunks/records/rec_1"), "");
    let words = "More than 11 references lead to the records that would go with this one; delete some of them first";
    assert_eq!((status, told["error"]["message"].as_str()), (413, Some(words)));
    assert_eq!((counted(&harness, "trunks"), counted(&harness, "twigs")), (json!(1), json!(4)));
    let (status, told) = harness.ask("DELETE", &format!("{APP}/twigs/records"), r#"{"ids": [1, 2, 3, 4]}"#);
    let words = "More than 11 references lead to the records that would go; delete fewer of them at once";
    assert_eq!((status, told["error"]["message"].as_str(), counted(&harness, "twigs")), (413, Some(words), json!(4)));
    let enough = tree(bounded(12), "set_null");
    assert_eq!(enough.ask("DELETE", &format!("{APP}/trunks/records/rec_1"), "").0, 200);
}

#[test]
fn who_forbids_it_counts_too_and_is_named() {
    let harness = tree(Limits { cascade_links_max: 11, ..Limits::default() }, "restrict");
    assert_eq!(harness.ask("DELETE", &format!("{APP}/trunks/records/rec_1"), "").0, 413);
    let harness = tree(Limits::default(), "restrict");
    let (status, told) = harness.ask("DELETE", &format!("{APP}/trunks/records/rec_1"), "");
    let words = told["error"]["message"].as_str().unwrap();
    assert!(status == 409 && words.ends_with("cannot go: tit in birds refers to it (field 'twigs')"), "{told}");
    assert_eq!(counted(&harness, "twigs"), json!(4));
}
