//! A field has its old type again, or leads to its old table, while what it held went on: what led to records that are gone leads nowhere in no way of
//! taking it back, and nothing is half done.

use crate::harness::Harness;
use crate::undo::{APP, SCHEMAS, acts, is_well, newest, post, state, work};
use serde_json::{Value, json};

const PILOT: &str = "/api/apps/work/schemas/projects/records/rec_1";

fn changed(harness: &Harness, method: &str, target: &str, body: &Value) -> i64 {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (status, told) = harness.ask(method, target, &body);
    assert!(status < 300, "{method} {target}: {told}");
    acts(harness, 0)[0]
}

fn field(harness: &Harness, path: &str, said: &Value) -> i64 {
    let (table, field) = path.split_once('.').unwrap();
    changed(harness, "PATCH", &format!("{SCHEMAS}/{table}/fields/{field}"), said)
}

fn gone(harness: &Harness, path: &str) -> i64 {
    changed(harness, "DELETE", &format!("{SCHEMAS}/{path}"), &Value::Null)
}

fn value(harness: &Harness, target: &str, field: &str) -> Value {
    harness.ask("GET", target, "").1[field].clone()
}

/// The first conflict for which an act is not taken back, and that nothing of it is.
fn refused(harness: &Harness, change: i64, way: &str) -> Value {
    let (before, last) = (state(harness), newest(harness));
    let (status, told) = harness.ask("POST", &format!("{APP}/changes/{change}/undo"), &json!({"on_conflict": way}).to_string());
    assert_eq!(status, 409, "{told}");
    assert_eq!((state(harness), newest(harness)), (before, last));
    is_well(harness);
    told["error"]["conflicts"][0].clone()
}

#[test]
fn a_reference_is_one_again_but_not_to_a_record_that_is_gone() {
    for (way, kind) in [("skip", "text"), ("overwrite", "text"), ("skip", "json"), ("overwrite", "json")] {
        let harness = work();
        let first = state(&harness);
        let change = field(&harness, "projects.lead", &json!({"type": kind}));
        let went = gone(&harness, "people/records/rec_1");
        let told = refused(&harness, change, "refuse");
        assert_eq!((&told["code"], &told["record"], &told["field"]), (&json!("reference"), &json!("rec_1"), &json!("lead")), "{told}");
        assert_eq!((&told["mine"], &told["theirs"]), (&json!("rec_1"), &Value::Null), "{told}");
        let text = state(&harness);
        let told = post(&harness, &format!("{APP}/changes/{change}/undo"), &json!({"on_conflict": way}).to_string());
        assert_eq!(told["conflicts_total"], 1, "{told}");
        assert_eq!(value(&harness, PILOT, "lead"), Value::Null);
        assert_eq!(value(&harness, &format!("{SCHEMAS}/projects/records/rec_2"), "lead"), "rec_2");
        is_well(&harness);
        // Taken back itself, all is as it was found; and with the record there first, as it was before.
        post(&harness, &format!("{APP}/changes/{}/undo", told["change"]), "");
        assert_eq!(state(&harness), text);
        post(&harness, &format!("{APP}/changes/{went}/undo"), "");
        post(&harness, &format!("{APP}/changes/{change}/undo"), "");
        assert_eq!(state(&harness), first);
        is_well(&harness);
    }
}

#[test]
fn a_list_of_references_is_one_again_without_those_that_are_gone() {
    for kind in ["text", "json", "reference"] {
        for way in ["skip", "overwrite"] {
            let harness = work();
            changed(&harness, "PATCH", &format!("{SCHEMAS}/projects/records/rec_2"), &json!({"team": ["rec_2"]}));
            changed(&harness, "PATCH", PILOT, &json!({"team": ["rec_1", "rec_3"]}));
            let change = field(&harness, "projects.team", &json!({"type": kind}));
            gone(&harness, "people/records/rec_1");
            assert_eq!(refused(&harness, change, "refuse")["code"], "reference");
            post(&harness, &format!("{APP}/changes/{change}/undo"), &json!({"on_conflict": way}).to_string());
            assert_eq!(value(&harness, &format!("{SCHEMAS}/projects/records/rec_2"), "team"), json!(["rec_2"]), "{kind} {way}");
            is_well(&harness);
        }
    }
}

#[test]
fn what_leads_nowhere_is_not_done_again() {
    let harness = work();
    let change = field(&harness, "projects.lead", &json!({"type": "references"}));
    post(&harness, &format!("{APP}/changes/{change}/undo"), "");
    let text = field(&harness, "projects.lead", &json!({"type": "text"}));
    post(&harness, &format!("{APP}/changes/{text}/undo"), "");
    gone(&harness, "people/records/rec_1");
    for _ in 0..2 {
        post(&harness, &format!("{APP}/changes/{text}/redo"), "");
        is_well(&harness);
        post(&harness, &format!("{APP}/changes/{text}/undo"), "");
        is_well(&harness);
    }
    post(&harness, &format!("{APP}/changes/{change}/redo"), r#"{"on_conflict": "overwrite"}"#);
    is_well(&harness);
}

#[test]
fn a_reference_that_is_required_is_none_again_without_its_record() {
    let harness = work();
    changed(&harness, "PATCH", &format!("{SCHEMAS}/tasks/records/rec_3"), &json!({"project": "rec_1"}));
    field(&harness, "tasks.project", &json!({"required": true}));
    let change = field(&harness, "tasks.project", &json!({"type": "text"}));
    gone(&harness, "projects/records/rec_1");
    for way in ["refuse", "skip", "overwrite"] {
        refused(&harness, change, way);
    }
}

#[test]
fn what_was_demanded_since_holds_when_a_type_is_taken_back() {
    let harness = work();
    // Values that are lost by the conversion, and filled in so that they differ and are there.
    let change = field(&harness, "people.age", &json!({"type": "text"}));
    changed(&harness, "PATCH", &format!("{SCHEMAS}/people/records/rec_2"), &json!({"age": "50 "}));
    field(&harness, "people.age", &json!({"required": true, "unique": true}));
    for way in ["refuse", "skip", "overwrite"] {
        refused(&harness, change, way);
    }
    assert_eq!(value(&harness, &format!("{SCHEMAS}/people/records/rec_2"), "age"), "50 ");
}

#[test]
fn what_was_written_as_a_text_is_what_the_type_holds() {
    let harness = work();
    changed(&harness, "POST", &format!("{SCHEMAS}/people/fields"), &json!({"slug": "here", "type": "boolean"}));
    let change = field(&harness, "people.here", &json!({"type": "text"}));
    changed(&harness, "POST", &format!("{SCHEMAS}/people/records"), &json!({"name": "Di", "here": "true"}));
    post(&harness, &format!("{APP}/changes/{change}/undo"), "");
    assert_eq!(value(&harness, &format!("{SCHEMAS}/people/records/rec_4"), "here"), true);
    is_well(&harness);
}

#[test]
fn a_reference_leads_to_its_old_table_again_but_no_record_of_the_other_is_taken_for_one() {
    for (slug, some, none) in [("lead", json!("rec_1"), Value::Null), ("team", json!(["rec_1"]), json!([]))] {
        let harness = work();
        changed(&harness, "PATCH", &format!("{SCHEMAS}/projects/records?filter[id][gte]=rec_1"), &json!({slug: none}));
        let change = field(&harness, &format!("projects.{slug}"), &json!({"target": "tasks"}));
        changed(&harness, "PATCH", PILOT, &json!({slug: some}));
        let told = refused(&harness, change, "refuse");
        assert_eq!((&told["code"], &told["theirs"]), (&json!("reference"), &some), "{told}");
        refused(&harness, change, "skip");
        post(&harness, &format!("{APP}/changes/{change}/undo"), r#"{"on_conflict": "overwrite"}"#);
        assert_eq!(value(&harness, PILOT, slug), none);
        is_well(&harness);
    }
}

#[test]
fn what_came_back_does_not_lead_to_a_table_or_a_record_that_is_gone() {
    // The field went, then what it led to.
    let harness = work();
    let (lead, team) = (gone(&harness, "projects/fields/lead"), gone(&harness, "projects/fields/team"));
    let table = gone(&harness, "people");
    for change in [lead, team] {
        for way in ["refuse", "skip", "overwrite"] {
            refused(&harness, change, way);
        }
    }
    post(&harness, &format!("{APP}/changes/{table}/undo"), "");
    gone(&harness, "people/records/rec_1");
    for change in [lead, team] {
        assert_eq!(refused(&harness, change, "refuse")["code"], "reference");
        post(&harness, &format!("{APP}/changes/{change}/undo"), r#"{"on_conflict": "overwrite"}"#);
        is_well(&harness);
    }
    // The table went, then what its records led to.
    for way in ["skip", "overwrite"] {
        let harness = work();
        let tasks = gone(&harness, "tasks");
        gone(&harness, "projects/records/rec_1");
        assert_eq!(refused(&harness, tasks, "refuse")["code"], "reference");
        post(&harness, &format!("{APP}/changes/{tasks}/undo"), &json!({"on_conflict": way}).to_string());
        assert_eq!(value(&harness, &format!("{SCHEMAS}/tasks/records/rec_1"), "project"), Value::Null);
        is_well(&harness);
    }
    // The field is of another type, and the table to which it led is gone.
    let harness = work();
    gone(&harness, "projects/fields/team");
    let change = field(&harness, "projects.lead", &json!({"type": "text"}));
    gone(&harness, "people");
    for way in ["refuse", "skip", "overwrite"] {
        refused(&harness, change, way);
    }
}

#[test]
fn a_reference_does_not_lead_to_another_table_of_the_same_name() {
    let harness = work();
    let team = gone(&harness, "projects/fields/team");
    let lead = field(&harness, "projects.lead", &json!({"type": "text"}));
    let people = gone(&harness, "people");
    changed(&harness, "POST", SCHEMAS, &json!({"slug": "people", "fields": [{"slug": "name", "type": "text"}]}));
    for name in ["Di", "Ed"] {
        changed(&harness, "POST", &format!("{SCHEMAS}/people/records"), &json!({"name": name}));
    }
    for way in ["refuse", "skip", "overwrite"] {
        refused(&harness, lead, way);
        refused(&harness, team, way);
    }
    changed(&harness, "PATCH", &format!("{SCHEMAS}/people"), &json!({"slug": "folk"}));
    for change in [people, lead, team] {
        post(&harness, &format!("{APP}/changes/{change}/undo"), "");
    }
    let told = harness.ask("GET", &format!("{PILOT}?expand=lead"), "").1;
    assert_eq!((&told["expand"]["lead"]["name"], &told["team"]), (&json!("Ann"), &json!(["rec_1", "rec_2"])), "{told}");
    is_well(&harness);
}
