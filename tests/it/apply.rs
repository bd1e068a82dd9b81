//! App files: applied, applied again, changed, refused whole.

use crate::harness::{Harness, fixture};
use carryall::model::error::{Error, Result};
use serde_json::{Value, json};

const CONTACTS: &str = "/api/apps/my-crm/schemas/contacts/records";

/// Applies a file to the harness' data file.
fn apply(harness: &Harness, file: &Value) -> Result<Value> {
    harness.apply(&file.to_string(), false, false)
}

/// The sentences of what was done, in order.
fn told(outcome: Result<Value>) -> Vec<String> {
    let outcome = outcome.unwrap_or_else(|error| panic!("{}", error.sentences().join("\n")));
    outcome["changes"].as_array().unwrap().iter().map(|change| change.as_str().unwrap().to_owned()).collect()
}

/// The fixture with its records, as JSON that a test may change.
fn crm() -> Value {
    serde_json::from_str(&fixture("my-crm.json")).unwrap()
}

/// The table of a file with this slug.
fn table<'f>(file: &'f mut Value, slug: &str) -> &'f mut Value {
    file["schemas"].as_array_mut().unwrap().iter_mut().find(|table| table["slug"] == slug).unwrap()
}

/// The field of a table of a file with this slug.
fn field<'f>(file: &'f mut Value, of: &str, slug: &str) -> &'f mut Value {
    table(file, of)["fields"].as_array_mut().unwrap().iter_mut().find(|field| field["slug"] == slug).unwrap()
}

fn add_field(file: &mut Value, to: &str, field: Value) {
    table(file, to)["fields"].as_array_mut().unwrap().push(field);
}

fn drop_field(file: &mut Value, of: &str, slug: &str) {
    table(file, of)["fields"].as_array_mut().unwrap().retain(|field| field["slug"] != slug);
}

/// Every answer of the house about everything in it: all apps, their tables, their records page by page.
fn everything(harness: &Harness) -> Vec<String> {
    let mut answers = Vec::new();
    let mut ask = |url: &str| {
        let (status, body) = harness.ask("GET", url, "");
        assert_eq!(status, 200, "{url}: {body}");
        answers.push(format!("{url}: {body}"));
        body
    };
    let slugs = |list: &Value| list.as_array().unwrap().iter().map(|entry| entry["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    for app in slugs(&ask("/api/apps")["apps"]) {
        ask(&format!("/api/apps/{app}"));
        for schema in slugs(&ask(&format!("/api/apps/{app}/schemas"))["schemas"]) {
            let page = |number: i64| format!("/api/apps/{app}/schemas/{schema}/records?per_page=100&page={number}");
            let pages = ask(&page(1))["total_pages"].as_i64().unwrap();
            (2..=pages).for_each(|number| drop(ask(&page(number))));
        }
    }
    answers
}

/// The sentences with which a file is refused; what is wrong when it is not, or not wholly.
fn refusal(harness: &Harness, file: &str, prune: bool) -> std::result::Result<Vec<String>, String> {
    let (before, version) = (everything(harness), harness.ctx.store.catalog().version);
    let short: String = file.chars().take(200).collect();
    match harness.apply(file, false, prune) {
        Ok(outcome) => Err(format!("was applied: {}\n{short}", outcome["changes"])),
        Err(Error::Internal(cause)) => Err(format!("is told as a fault of ours: {cause}\n{short}")),
        Err(error) if everything(harness) != before => Err(format!("left something behind: {error:?}\n{short}")),
        Err(_) if harness.ctx.store.catalog().version != version => Err(format!("left another catalog\n{short}")),
        Err(error) => Ok(error.sentences()),
    }
}

/// Fails unless the file is refused and leaves everything as it was; gives the sentences.
fn refused(harness: &Harness, file: &str, prune: bool) -> Vec<String> {
    refusal(harness, file, prune).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Fails unless all these files are refused; all are tried.
fn assert_all_refused(files: &[String]) {
    let wrong: Vec<String> = files.iter().filter_map(|file| refusal(&Harness::crm(), file, false).err()).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

// --- applied, and applied again --------------------------------------------------------------------------------------

#[test]
fn a_file_is_applied_and_what_was_done_is_told() {
    let harness = Harness::empty();
    let mut file = crm();
    file["records"].as_object_mut().unwrap().shift_remove("visits");
    let outcome = apply(&harness, &file);
    let rest = outcome.as_ref().map(|outcome| (&outcome["app"], &outcome["dry_run"], &outcome["records"]));
    assert_eq!(rest, Ok((&json!("my-crm"), &json!(false), &json!(127))));
    assert_eq!(
        told(outcome),
        [
            "create app my-crm",
            "create table companies (3 fields)",
            "create table contacts (8 fields)",
            "create table visits (2 fields)",
            "create table contracts (2 fields)",
            "add 3 records to companies",
            "add 1 record to contracts",
            "add 123 records to contacts",
        ]
    );
}

#[test]
fn a_file_applied_again_changes_nothing() {
    let harness = Harness::crm();
    let before = everything(&harness);
    let mut file = crm();
    file["records"].as_object_mut().unwrap().shift_remove("visits");
    assert_eq!(
        told(apply(&harness, &file)),
        [
            "leave the records of companies alone: it has or had some",
            "leave the records of contracts alone: it has or had some",
            "leave the records of contacts alone: it has or had some",
        ]
    );
    assert_eq!(everything(&harness), before);
    // Without records there is nothing to say at all.
    file.as_object_mut().unwrap().shift_remove("records");
    assert_eq!(told(apply(&harness, &file)), [""; 0]);
    assert_eq!(everything(&harness), before);
}

#[test]
fn an_empty_list_of_records_is_no_change() {
    let changes = told(apply(&Harness::crm(), &crm()));
    assert!(!changes.iter().any(|change| change.contains("visits")), "{changes:?}");
}

#[test]
fn a_file_applies_again_after_people_emptied_a_table() {
    let harness = Harness::crm();
    let (status, _) = harness.ask("DELETE", "/api/apps/my-crm/schemas/contracts/records/rec_1", "");
    assert_eq!(status, 200);
    // The contract of the file points by $ref to a company that was left alone, because it is there already.
    let mut file = crm();
    file["app"]["description"] = json!("Changed");
    let changes = told(apply(&harness, &file));
    assert!(changes.contains(&"change app my-crm".to_owned()), "{changes:?}");
}

#[test]
fn references_inside_a_file_may_point_forward_and_to_the_same_table() {
    let harness = Harness::crm();
    let file = json!({
        "carryall": 1,
        "app": {"slug": "staff"},
        "schemas": [
            {"slug": "people", "fields": [
                {"slug": "name", "type": "text"},
                {"slug": "boss", "type": "reference", "target": "people"},
                {"slug": "team", "type": "reference", "target": "teams"}]},
            {"slug": "teams", "fields": [{"slug": "name", "type": "text"}]}],
        "records": {
            "people": [
                {"name": "Ann", "boss": {"$ref": "bo"}, "team": {"$ref": "blue"}},
                {"$ref": "bo", "name": "Bo", "boss": {"$ref": "cleo"}},
                {"$ref": "cleo", "name": "Cleo", "boss": null}],
            "teams": [{"name": "Red"}, {"$ref": "blue", "name": "Blue"}]},
    });
    assert_eq!(apply(&harness, &file).map(|outcome| outcome["records"].clone()), Ok(json!(5)));
    let (_, people) = harness.ask("GET", "/api/apps/staff/schemas/people/records", "");
    let by_name = |name: &str| people["records"].as_array().unwrap().iter().find(|person| person["name"] == name).unwrap().clone();
    let [ann, bo, cleo] = ["Ann", "Bo", "Cleo"].map(by_name);
    assert_eq!((&ann["boss"], &bo["boss"], &cleo["boss"]), (&bo["id"], &cleo["id"], &Value::Null));
    let (_, team) = harness.ask("GET", &format!("/api/apps/staff/schemas/teams/records/{}", ann["team"].as_str().unwrap()), "");
    assert_eq!(team["name"], "Blue");
    assert!(ann.get("$ref").is_none() && bo.get("$ref").is_none(), "a $ref is no value: {people}");
}

#[test]
fn records_that_point_to_each_other_come_back_as_they_were() {
    let harness = Harness::crm();
    let file = json!({
        "carryall": 1,
        "app": {"slug": "staff", "aliases": ["crew"]},
        "schemas": [{"slug": "people", "unique": [["name", "boss"]], "fields": [
            {"slug": "name", "type": "text"},
            {"slug": "boss", "type": "reference", "target": "people", "required": true},
            {"slug": "friends", "type": "references", "target": "people"},
            {"slug": "place", "type": "sequence"}]}],
        "records": {"people": [
            {"$ref": "people-1", "name": "Ann", "boss": {"$ref": "people-1"}, "place": 7},
            {"$ref": "people-2", "name": "Bo", "boss": {"$ref": "people-3"}, "friends": [{"$ref": "people-3"}, {"$ref": "people-1"}], "place": 3},
            {"$ref": "people-3", "name": "Cleo", "boss": {"$ref": "people-2"}, "place": 12}]},
    });
    assert_eq!(apply(&harness, &file).map(|outcome| outcome["records"].clone()), Ok(json!(3)));
    let exported = harness.send("GET", "/api/apps/staff/app-file?records=true", "", "");
    let exported: Value = serde_json::from_slice(&exported.body).unwrap();
    let people = exported["records"]["people"].as_array().unwrap();
    assert_eq!(people[1]["friends"], json!([{"$ref": "people-3"}, {"$ref": "people-1"}]));
    assert_eq!(people.iter().map(|person| person["place"].as_i64().unwrap()).collect::<Vec<_>>(), [7, 3, 12]);
    assert_eq!(harness.ask("GET", "/api/apps/crew/schemas/people/records?filter[friends]=rec_3", "").1["total"], 1);

    let mut copy = exported.clone();
    copy["app"] = json!({"slug": "copy"});
    apply(&harness, &copy).unwrap();
    let again: Value = serde_json::from_slice(&harness.send("GET", "/api/apps/copy/app-file?records=true", "", "").body).unwrap();
    assert_eq!((&again["schemas"], &again["records"]), (&exported["schemas"], &exported["records"]));
    let (_, next) = harness.ask("POST", "/api/apps/copy/schemas/people/records", r#"{"name": "Di", "boss": "rec_1"}"#);
    assert_eq!(next["place"], 13);
    assert_eq!(harness.ctx.store.check(&carryall::model::job::unwatched()).unwrap().problems, Vec::<String>::new());

    // What must be unique must be so beside references into the file, too.
    copy["app"] = json!({"slug": "third"});
    copy["records"]["people"][2] = json!({"name": "Ann", "boss": {"$ref": "people-1"}});
    copy["records"]["people"][1] = json!({"name": "Bo", "boss": {"$ref": "people-1"}});
    let told = refused(&harness, &copy.to_string(), false);
    assert_eq!(told, ["records.people[2]: Fields name, boss must be unique together: rec_1 has these values already"]);
}

// --- changed ---------------------------------------------------------------------------------------------------------

#[test]
fn a_new_field_stands_at_the_end_of_every_record_with_its_default() {
    let harness = Harness::crm();
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    let new = [
        json!({"slug": "source", "type": "select", "options": ["web", "fair"], "default": "web", "index": true}),
        json!({"slug": "discount", "type": "decimal", "scale": 2, "default": "12.50"}),
        json!({"slug": "since", "type": "datetime", "default": "2024-12-31T18:30:00+02:00"}),
        json!({"slug": "vip", "type": "boolean", "required": true, "default": false}),
        json!({"slug": "tags", "type": "json", "default": {"b": [1, "ä"], "a": null}}),
        json!({"slug": "phone", "type": "text"}),
    ];
    // First in the file: the order of the file is no reason to write every record anew in another order.
    for field in new.iter().rev() {
        table(&mut file, "contacts")["fields"].as_array_mut().unwrap().insert(0, field.clone());
    }
    assert_eq!(
        told(apply(&harness, &file)),
        [
            "add field contacts.source (select)",
            "add field contacts.discount (decimal)",
            "add field contacts.since (datetime)",
            "add field contacts.vip (boolean)",
            "add field contacts.tags (json)",
            "add field contacts.phone (text)",
        ]
    );
    let keys = [
        "id",
        "name",
        "email",
        "status",
        "age",
        "budget",
        "last_seen",
        "company",
        "notes",
        "source",
        "discount",
        "since",
        "vip",
        "tags",
        "phone",
        "created_at",
        "updated_at",
    ];
    for page in 1..=2 {
        let (_, answer) = harness.ask("GET", &format!("{CONTACTS}?per_page=100&page={page}&filter[source]=web"), "");
        assert_eq!(answer["total"], 123);
        for record in answer["records"].as_array().unwrap() {
            assert_eq!(record.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
            let values: Vec<String> = new.iter().map(|field| record[field["slug"].as_str().unwrap()].to_string()).collect();
            assert_eq!(values, [r#""web""#, "12.5", r#""2024-12-31T16:30:00Z""#, "false", r#"{"b":[1,"ä"],"a":null}"#, "null"]);
        }
    }
    let (_, schema) = harness.ask("GET", "/api/apps/my-crm/schemas/contacts", "");
    let slugs: Vec<&str> = schema["fields"].as_array().unwrap().iter().map(|field| field["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, keys[1..15]);
    assert_eq!(told(apply(&harness, &file)), [""; 0], "the second time there is nothing left to do");
}

#[test]
fn a_new_option_gets_an_id_of_its_own_and_the_old_ones_keep_theirs() {
    let harness = Harness::crm();
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    field(&mut file, "contacts", "status")["options"] =
        json!(["lost", {"value": "customer", "label": "Customer", "color": "green"}, {"value": "lead", "label": "Prospect"}]);
    add_field(&mut file, "contracts", json!({"slug": "state", "type": "select", "options": ["open"]}));
    assert_eq!(told(apply(&harness, &file)), ["change field contacts.status", "add field contracts.state (select)"]);
    let (_, schema) = harness.ask("GET", "/api/apps/my-crm/schemas/contacts", "");
    let status = schema["fields"].as_array().unwrap().iter().find(|field| field["slug"] == "status").unwrap().clone();
    assert_eq!(
        status["choices"],
        json!([
            {"id": 12, "value": "lost", "label": "Lost", "color": null},
            {"id": 10, "value": "customer", "label": "Customer", "color": "green"},
            {"id": 11, "value": "lead", "label": "Prospect", "color": null}])
    );
    let (_, schema) = harness.ask("GET", "/api/apps/my-crm/schemas/contracts", "");
    assert_eq!(schema["fields"][2]["choices"][0]["id"], 13, "ids count on through the whole app: {schema}");
    assert_eq!(harness.ask("GET", &format!("{CONTACTS}?filter[status]=lead"), "").1["total"], 82);
}

#[test]
fn labels_and_names_change_and_records_do_not() {
    let harness = Harness::crm();
    let records = |harness: &Harness| harness.ask("GET", &format!("{CONTACTS}?per_page=100"), "").1;
    let before = records(&harness);
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    file["app"]["name"] = json!("Our CRM");
    table(&mut file, "visits")["name"] = json!("Calls");
    field(&mut file, "contacts", "email")["name"] = json!("E-mail");
    field(&mut file, "contacts", "name")["max_length"] = json!(61);
    assert_eq!(
        told(apply(&harness, &file)),
        ["change app my-crm", "change field contacts.name", "change field contacts.email", "change table visits"]
    );
    let answer = |url: &str| harness.ask("GET", url, "").1;
    assert_eq!(answer("/api/apps/my-crm")["name"], "Our CRM");
    assert_eq!(answer("/api/apps/my-crm/schemas/visits")["name"], "Calls");
    let contacts = answer("/api/apps/my-crm/schemas/contacts");
    assert_eq!((&contacts["fields"][1]["name"], &contacts["fields"][0]["max_length"]), (&json!("E-mail"), &json!(61)));
    assert_eq!(records(&harness), before);
    // What the file does not say stays as it is.
    file["app"] = json!({"slug": "my-crm"});
    assert_eq!(told(apply(&harness, &file)), [""; 0]);
    assert_eq!(answer("/api/apps/my-crm")["description"], "Customer relationship management");
}

#[test]
fn what_is_not_in_the_file_is_kept_until_it_is_pruned() {
    let harness = Harness::crm();
    let before = everything(&harness);
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    file["schemas"].as_array_mut().unwrap().retain(|table| table["slug"] != "visits");
    drop_field(&mut file, "contacts", "age");
    drop_field(&mut file, "contacts", "company");
    assert_eq!(
        told(apply(&harness, &file)),
        [
            "keep field contacts.age, which is not in the file (--prune deletes it)",
            "keep field contacts.company, which is not in the file (--prune deletes it)",
            "keep table visits, which is not in the file (--prune deletes it)",
        ]
    );
    assert_eq!(everything(&harness), before);

    let pruned = harness.apply(&file.to_string(), false, true);
    assert_eq!(
        told(pruned),
        [
            "delete field contacts.age with its values",
            "delete field contacts.company with its values",
            "delete table visits with its records"
        ]
    );
    assert_eq!(harness.ask("GET", "/api/apps/my-crm/schemas/visits/records", "").0, 404);
    let (_, answer) = harness.ask("GET", &format!("{CONTACTS}?per_page=100"), "");
    assert_eq!(answer["total"], 123);
    for record in answer["records"].as_array().unwrap() {
        let keys: Vec<&String> = record.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "name", "email", "status", "budget", "last_seen", "notes", "created_at", "updated_at"]);
    }
    // Nothing refers to the company any more: it may go, and the field may come back empty.
    assert_eq!(harness.ask("DELETE", "/api/apps/my-crm/schemas/companies/records/rec_1", "").0, 200);
    let file = {
        let mut file = crm();
        file.as_object_mut().unwrap().shift_remove("records");
        file
    };
    told(apply(&harness, &file));
    let (_, record) = harness.ask("GET", &format!("{CONTACTS}/rec_2"), "");
    assert_eq!((&record["age"], &record["company"]), (&Value::Null, &Value::Null), "old values came back: {record}");
}

#[test]
fn a_dry_run_tells_everything_and_changes_nothing() {
    let harness = Harness::crm();
    let mut file = crm();
    file["app"]["name"] = json!("Our CRM");
    file["schemas"].as_array_mut().unwrap().retain(|table| table["slug"] != "visits");
    file["records"] = json!({"projects": [{"title": "One"}]});
    drop_field(&mut file, "contacts", "age");
    add_field(&mut file, "contacts", json!({"slug": "vip", "type": "boolean", "default": true}));
    field(&mut file, "contacts", "status")["options"].as_array_mut().unwrap().push(json!("lost"));
    file["schemas"].as_array_mut().unwrap().push(json!({"slug": "projects", "fields": [{"slug": "title", "type": "text"}]}));
    let (before, version) = (everything(&harness), harness.ctx.store.catalog().version);

    let rehearsed = harness.apply(&file.to_string(), true, true);
    assert_eq!(rehearsed.as_ref().map(|outcome| (&outcome["dry_run"], &outcome["records"])), Ok((&json!(true), &json!(1))));
    assert_eq!((everything(&harness), harness.ctx.store.catalog().version), (before, version));

    let done = told(harness.apply(&file.to_string(), false, true));
    assert_eq!(told(rehearsed), done);
    assert_eq!(
        done,
        [
            "change app my-crm",
            "delete field contacts.age with its values",
            "change field contacts.status",
            "add field contacts.vip (boolean)",
            "create table projects (1 field)",
            "delete table visits with its records",
            "add 1 record to projects",
        ]
    );
}

// --- refused ---------------------------------------------------------------------------------------------------------

#[test]
fn incompatible_changes_are_refused_whole_with_all_problems() {
    let harness = Harness::crm();
    let mut file = crm();
    // Two harmless changes that must not stay either.
    file["app"]["name"] = json!("Our CRM");
    file["schemas"].as_array_mut().unwrap().insert(0, json!({"slug": "projects"}));
    field(&mut file, "companies", "founded")["type"] = json!("datetime");
    field(&mut file, "contacts", "name")["max_length"] = json!(10);
    field(&mut file, "contacts", "status")["options"] = json!(["lead", "lost"]);
    field(&mut file, "contacts", "age")["max"] = json!(60);
    field(&mut file, "contacts", "budget")["precision"] = json!(6);
    field(&mut file, "contacts", "company")["target"] = json!("contracts");
    add_field(&mut file, "contacts", json!({"slug": "phone", "type": "text", "required": true}));
    assert_eq!(
        refused(&harness, &file.to_string(), false),
        [
            "Table 'companies': field 'founded' is date and cannot become datetime here. PATCH …/fields/NAME changes the type, and with dry_run=true says before what becomes of the values",
            "Table 'contacts': rec_53, rec_55, rec_56, rec_57, rec_58 and 15 more would not fit: 'name' has 11 characters; at most 10 fit. Change these records first",
            "Table 'contacts': rec_1, rec_4, rec_7, rec_10, rec_13 and 36 more would not fit: 'status' has no option 'customer'; options are: lead, lost. Change these records first",
            "Table 'contacts': rec_42, rec_43, rec_44, rec_46, rec_47 and 9 more would not fit: 'age' must be at most 60, not 61. Change these records first",
            "Table 'contacts': rec_2 holds a link by 'company', so it cannot lead to another table. Make a new field, or empty this one first",
            "Table 'contacts' has records: the new field 'phone' cannot be required without a default",
        ]
    );
    // A table without records may get such a field.
    let mut file = crm();
    add_field(&mut file, "visits", json!({"slug": "phone", "type": "text", "required": true}));
    assert!(told(apply(&harness, &file)).contains(&"add field visits.phone (text)".to_owned()));
}

#[test]
fn a_rule_of_uniqueness_that_records_break_is_refused_whole() {
    let harness = Harness::crm();
    let mut file = crm();
    field(&mut file, "contacts", "age")["unique"] = json!(true);
    let told = refused(&harness, &file.to_string(), false);
    assert_eq!(
        told,
        [
            "Table 'contacts' holds records with the same age: rec_2, rec_52, rec_102; rec_3, rec_103; rec_4, rec_54, rec_104; rec_6, rec_56, rec_106; rec_7, rec_107. Make them differ first"
        ]
    );
    let mut file = crm();
    table(&mut file, "contacts")["unique"] = json!([["status", "age"]]);
    let told = refused(&harness, &file.to_string(), false);
    assert_eq!(
        told,
        [
            "Table 'contacts' holds records with the same status and age: rec_2, rec_102; rec_6, rec_56; rec_8, rec_108; rec_11, rec_111; rec_12, rec_62. Make them differ first"
        ]
    );
    let mut file = crm();
    add_field(&mut file, "contacts", json!({"slug": "code", "type": "text", "default": "none", "unique": true}));
    let told = refused(&harness, &file.to_string(), false);
    assert_eq!(told, ["Table 'contacts' holds records with the same code: make them differ before code can be unique"]);
}

#[test]
fn a_table_that_others_point_to_is_not_pruned() {
    let harness = Harness::crm();
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    file["schemas"].as_array_mut().unwrap().retain(|table| table["slug"] != "companies");
    assert_eq!(
        refused(&harness, &file.to_string(), true),
        [
            "Table 'contacts': field 'company' points to the table 'companies', which is not there",
            "Table 'contracts': field 'company' points to the table 'companies', which is not there",
        ]
    );
}

/// Fails unless each file is refused with exactly this sentence; all are tried, so that one run tells everything.
fn assert_refused<F: AsRef<str>>(cases: &[(F, &str)]) {
    let harness = Harness::crm();
    let came = |file: &str| refusal(&harness, file, false).map_or_else(|wrong| wrong, |told| told.join("\n"));
    let cases = cases.iter().map(|(file, message)| (file.as_ref(), *message, came(file.as_ref())));
    let wrong: Vec<String> =
        cases.filter(|(_, message, came)| came != message).map(|(file, message, came)| format!("{file}\n- {message}\n+ {came}")).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// An app file that is good but for what it says about the one table `t`: its fields, and what else there is.
fn with(fields: &str, more: &str) -> String {
    format!(r#"{{"carryall": 1, "app": {{"slug": "x"}}, "schemas": [{{"slug": "t", "fields": [{fields}]}}]{more}}}"#)
}

/// An app file whose table `t` has the text field `name`, the reference `boss` to `t`, and these records.
fn with_records(records: &str) -> String {
    let fields = r#"{"slug": "name", "type": "text", "max_length": 3}, {"slug": "boss", "type": "reference", "target": "t"}"#;
    with(fields, &format!(r#", "records": {{"t": [{records}]}}"#))
}

#[test]
fn a_bad_form_is_refused_with_its_place() {
    assert_refused(&[
        ("", "The app file is no good JSON: it ends too early (line 1). A quote or a bracket is still open"),
        (r#"{"app": {"slug": "x"}}"#, "The app file does not begin with its form. \"carryall\": 1"),
        (r#"{"carryall": 1}"#, "The app file has no 'app'"),
        (
            "{\"carryall\": 1,\n \"app\": {\"slug\": \"x\"},\n \"tables\": []}",
            "The app file has the unknown key 'tables'. It takes: carryall, app, schemas, roles, records",
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x", "icon": "y"}}"#,
            "app has the unknown key 'icon'. It takes: slug, uuid, name, description, aliases",
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "t", "feilds": []}]}"#,
            "schemas[0] has the unknown key 'feilds'. Did you mean 'fields'?",
        ),
        (
            &with(r#"{"slug": "a", "type": "text", "requierd": true}"#, ""),
            "schemas[0].fields[0] has the unknown key 'requierd'. Did you mean 'required'?",
        ),
        (&with(r#"{"slug": "a"}"#, ""), "schemas[0].fields[0] has no 'type'"),
        (
            &with(r#"{"slug": "a", "type": "text", "type": "email"}"#, ""),
            "The app file is no good JSON: the key 'type' stands twice (line 1)",
        ),
        (
            &with(r#"{"slug": "a", "type": "text", "max_length": -1}"#, ""),
            "schemas[0].fields[0]: 'max_length' must be a whole number from 0, not the number -1",
        ),
        (r#"{"carryall": 2, "app": {"slug": "x"}}"#, "The app file has the form 2; this program knows form 1. \"carryall\": 1"),
    ]);
}

#[test]
fn tables_and_indexes_have_a_limit() {
    let harness = Harness::empty();
    let many = |tables: usize, indexes: usize| {
        let fields: Vec<Value> = (0..indexes).map(|at| json!({"slug": format!("f{at}"), "type": "text", "index": true})).collect();
        let schemas: Vec<Value> = (0..tables).map(|at| json!({"slug": format!("t{at}"), "fields": fields})).collect();
        json!({"carryall": 1, "app": {"slug": "many"}, "schemas": schemas}).to_string()
    };
    let told = harness.apply(&many(1_001, 0), false, false).unwrap_err().sentences();
    assert!(told[0].starts_with("The app would have 1001 tables; at most 1000 are possible"), "{told:?}");
    let told = harness.apply(&many(1, 65), false, false).unwrap_err().sentences();
    assert_eq!(told, ["Table 't0' has 65 indexes; at most 64 are possible"]);
    harness.apply(&many(1, 64), false, false).unwrap();
}

#[test]
fn a_bad_definition_is_refused_with_its_name() {
    assert_refused(&[
        (
            r#"{"carryall": 1, "app": {"slug": "My CRM"}}"#.to_owned(),
            "The app slug 'My CRM' must be lower-case words joined by - or _, of 64 characters at most. Did you mean 'my-crm'?",
        ),
        (r#"{"carryall": 1, "app": {"slug": "x", "uuid": "0b5f3c1e"}}"#.to_owned(), "'0b5f3c1e' is no UUID"),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "Deals"}]}"#.to_owned(),
            "The table slug 'Deals' must be lower-case words joined by - or _, of 64 characters at most. Did you mean 'deals'?",
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "batch"}]}"#.to_owned(),
            "The table slug 'batch' is an address of the API; choose another",
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "t"}, {"slug": "t"}]}"#.to_owned(),
            "The table 't' stands twice in the file",
        ),
        (
            with(r#"{"slug": "first name", "type": "text"}"#, ""),
            "Table 't': Field 'first name' needs another slug: a letter, then letters, digits and _, at most 64",
        ),
        (
            with(r#"{"slug": "_name", "type": "text"}"#, ""),
            "Table 't': Field '_name' needs another slug: a letter, then letters, digits and _, at most 64",
        ),
        (
            with(r#"{"slug": "ID", "type": "text"}"#, ""),
            "Table 't': Field 'ID' has the name of a key that every record has; choose another",
        ),
        (
            with(r#"{"slug": "name", "type": "text"}, {"slug": "Name", "type": "text"}"#, ""),
            "Table 't' has two fields 'Name' (case does not count)",
        ),
        (with(r#"{"slug": "a", "type": "txet"}"#, ""), "Table 't': Field 'a' has the unknown type 'txet'. Did you mean 'text'?"),
        (
            with(r#"{"slug": "a", "type": "varchar"}"#, ""),
            "Table 't': Field 'a' has the unknown type 'varchar'. Types are: text, textarea, email, phone, url, color, timezone, integer, number, decimal, money, boolean, date, datetime, select, radio, multiselect, checklist, reference, references, lines, user, json, file, sequence, computed",
        ),
        (
            with(r#"{"slug": "a", "type": "integer", "max_length": 5}"#, ""),
            "Table 't': Field 'a' has the type integer, which takes no 'max_length'. It takes: min, max",
        ),
        (
            with(r#"{"slug": "a", "type": "json", "options": ["x"]}"#, ""),
            "Table 't': Field 'a' has the type json, which takes no 'options'. It takes: items",
        ),
        (with(r#"{"slug": "a", "type": "text", "max_length": 0}"#, ""), "Table 't': Field 'a' has a max_length of 0: nothing would fit"),
        (with(r#"{"slug": "a", "type": "integer", "min": 5, "max": 4}"#, ""), "Table 't': Field 'a' has a min of 5 above its max of 4"),
        (
            with(r#"{"slug": "a", "type": "integer", "min": 0.5}"#, ""),
            "Table 't': Field 'a' has a min that is no whole number: the number 0.5",
        ),
        (
            with(r#"{"slug": "a", "type": "decimal", "precision": 16}"#, ""),
            "Table 't': Field 'a' has a precision of 16; 1 to 15 digits are possible",
        ),
        (
            with(r#"{"slug": "a", "type": "decimal", "precision": 3, "scale": 4}"#, ""),
            "Table 't': Field 'a' has a scale above its precision of 3",
        ),
        (
            with(r#"{"slug": "a", "type": "date", "max": "31.12.2024"}"#, ""),
            "Table 't': Field 'a' has a max that is no day: the text '31.12.2024'. Write it as 2024-12-31",
        ),
        (with(r#"{"slug": "a", "type": "select"}"#, ""), r#"Table 't': Field 'a' has no options. "options": ["lead", "customer"]"#),
        (with(r#"{"slug": "a", "type": "select", "options": ["x", "y", "x"]}"#, ""), "Table 't': Field 'a' has the option 'x' twice"),
        (
            with(r#"{"slug": "a", "type": "select", "options": ["x", ""]}"#, ""),
            "Table 't': Field 'a' has an empty option; leave the value out instead (null)",
        ),
        (
            with(r#"{"slug": "a", "type": "reference"}"#, ""),
            r#"Table 't': Field 'a' has no target. "target": "companies", the slug of a table"#,
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "teams"}, {"slug": "t", "fields": [{"slug": "a", "type": "reference", "target": "taems"}]}]}"#
                .to_owned(),
            "Table 't': field 'a' points to the table 'taems', which is not there. Did you mean 'teams'?",
        ),
        (
            with(r#"{"slug": "a", "type": "reference", "target": "t", "on_delete": "explode"}"#, ""),
            "Table 't': Field 'a' has the unknown on_delete 'explode'. set_null, restrict or cascade",
        ),
        (
            with(r#"{"slug": "a", "type": "text", "max_length": 3, "default": "four"}"#, ""),
            "Table 't': Field 'a' has 4 characters; at most 3 fit (its default)",
        ),
        (
            with(r#"{"slug": "a", "type": "select", "options": ["lead"], "default": "laed"}"#, ""),
            "Table 't': Field 'a' has no option 'laed'; options are: lead (its default). Did you mean 'lead'?",
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "t", "fields": [{"slug": "day", "type": "date"}], "unique": [["dya"]]}]}"#
                .to_owned(),
            "Table 't' has no field 'dya'. Did you mean 'day'?",
        ),
        (
            r#"{"carryall": 1, "app": {"slug": "x"}, "schemas": [{"slug": "t", "display_field": "title"}]}"#.to_owned(),
            "Table 't' has no field 'title'",
        ),
    ]);
}

#[test]
fn bad_records_are_refused_with_their_place() {
    assert_refused(&[
        (with("", r#", "records": {"tt": []}"#), "The file has records for 'tt', which it does not describe"),
        (with("", r#", "records": {"t": {}}"#), "records.t must be an array"),
        (with("", r#", "records": {"t": [5]}"#), "records.t[0] must be an object"),
        (with_records(r#"{"name": "Ann"}, {"nmae": "Bo"}"#), "records.t[1]: Table 't' has no field 'nmae'. Did you mean 'name'?"),
        (with_records(r#"{"name": "Anna"}"#), "records.t[0]: Field 'name' has 4 characters; at most 3 fit"),
        (with_records(r#"{"boss": "rec_9"}"#), "records.t[0]: Field 'boss' points to rec_9, which is not in table 't'"),
        (with_records(r#"{"$ref": "a"}, {"$ref": "a"}"#), "The $ref 'a' stands twice in the file"),
        (with_records(r#"{"$ref": 1}"#), "records.t[0].$ref must be a text"),
        (
            with_records(r#"{"name": "Ann"}, {"boss": {"$ref": "nobody"}}"#),
            "records.t[1] points by $ref to 'nobody', which is not in the file",
        ),
        (with_records(r#"{"boss": {"$ref": 5}}"#), r#"records.t[0]: Field 'boss' must be a record's id such as "rec_5", not an object"#),
    ]);
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let fields = r#"{"slug": "id", "type": "text", "min": 1}, {"slug": "b", "type": "select"}, {"slug": "c", "type": "nothing"}"#;
    assert_eq!(refused(&Harness::crm(), &with(fields, ""), false).len(), 4);
}

// --- renamed ---------------------------------------------------------------------------------------------------------

/// The fixture without records, its contacts called people.
fn renamed() -> Value {
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    *table(&mut file, "contacts") = json!({"slug": "people", "aliases": ["contacts"], "fields": table(&mut file, "contacts")["fields"]});
    field(&mut file, "visits", "contact")["target"] = json!("people");
    file
}

#[test]
fn a_table_that_a_file_renames_is_kept_by_prune_with_its_records_and_the_links_to_it() {
    let harness = Harness::crm();
    let contacts = "/api/apps/my-crm/schemas/visits/records";
    let (status, visit) = harness.ask("POST", contacts, r#"{"contact": "rec_5", "day": "2025-01-01"}"#);
    assert_eq!(status, 201, "{visit}");
    let changes = told(harness.apply(&renamed().to_string(), true, true));
    assert_eq!(changes, ["rename table contacts to people"]);
    assert_eq!(told(harness.apply(&renamed().to_string(), false, true)), changes);
    assert_eq!(harness.ask("GET", "/api/apps/my-crm/schemas/people/records", "").1["total"], 123);
    assert_eq!(harness.ask("GET", CONTACTS, "").1["total"], 123, "its old slug still finds it");
    let (_, visits) = harness.ask("GET", "/api/apps/my-crm/schemas/visits", "");
    assert_eq!(visits["fields"][0]["target"], "people");
    assert_eq!(harness.ask("GET", &format!("{contacts}?filter[contact]=rec_5"), "").1["total"], 1);
    assert_eq!(told(harness.apply(&renamed().to_string(), false, true)), [""; 0]);
    let (_, log) = harness.ask("GET", "/api/apps/my-crm/changes?since=0&limit=1000", "");
    assert!(log["changes"].as_array().unwrap().iter().any(|entry| entry["label"] == "renamed the table contacts to people"), "{log}");
}

#[test]
fn two_tables_of_a_file_are_not_one_table() {
    let harness = Harness::crm();
    let mut file = renamed();
    file["schemas"].as_array_mut().unwrap().push(json!({"slug": "contacts", "fields": [{"slug": "name", "type": "text"}]}));
    let told = refused(&harness, &file.to_string(), true);
    assert_eq!(
        told,
        ["The table 'people' has the alias 'contacts', which is another table of the file: which of the two it is cannot be told. \
             Take the alias out, or the other table"]
    );
    let mut file = renamed();
    file["schemas"].as_array_mut().unwrap().push(json!({"slug": "folk", "aliases": ["contacts"], "fields": []}));
    refused(&harness, &file.to_string(), true);
}

#[test]
fn groups_of_which_a_file_says_nothing_stay_and_empty_ones_go() {
    let harness = Harness::crm();
    let groups = |slug: &str, key: &str| harness.ask("GET", &format!("/api/apps/my-crm/schemas/{slug}"), "").1[key].clone();
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    table(&mut file, "visits").as_object_mut().unwrap().shift_remove("unique");
    table(&mut file, "contacts").as_object_mut().unwrap().shift_remove("indexes");
    assert_eq!(told(harness.apply(&file.to_string(), false, true)), [""; 0]);
    assert_eq!((groups("visits", "unique"), groups("contacts", "indexes")), (json!([["contact", "day"]]), json!([["status", "name"]])));
    // A field that goes takes its groups along.
    drop_field(&mut file, "visits", "day");
    told(harness.apply(&file.to_string(), false, true));
    assert_eq!(groups("visits", "unique"), json!([]));
    table(&mut file, "contacts")["indexes"] = json!([]);
    assert_eq!(told(apply(&harness, &file)), ["change table contacts"]);
    assert_eq!(groups("contacts", "indexes"), json!([]));
}

#[test]
fn a_computed_field_that_is_not_in_the_file_is_no_change_every_time() {
    let harness = Harness::crm();
    let body = json!({"slug": "twice", "type": "computed", "formula": "age * 2"}).to_string();
    let (status, made) = harness.ask("POST", "/api/apps/my-crm/schemas/contacts/fields", &body);
    assert_eq!(status, 201, "{made}");
    let mut file = crm();
    file.as_object_mut().unwrap().shift_remove("records");
    let version =
        harness.ctx.store.catalog().app("my-crm").map(|app| harness.ctx.store.catalog().schema(&app, "contacts").unwrap().version);
    apply(&harness, &file).unwrap();
    let now = harness.ctx.store.catalog().app("my-crm").map(|app| harness.ctx.store.catalog().schema(&app, "contacts").unwrap().version);
    assert_eq!(now, version);
}

#[test]
fn a_file_that_names_an_app_by_an_old_slug_is_answered_with_the_one_it_has() {
    let harness = Harness::crm();
    assert_eq!(harness.ask("PATCH", "/api/apps/my-crm", r#"{"slug": "our-crm"}"#).0, 200);
    assert_eq!(apply(&harness, &crm()).unwrap()["app"], "our-crm");
}

// --- what a file must not be able to do ------------------------------------------------------------------------------

/// Every option's id of every table of an app, in no order.
fn choice_ids(harness: &Harness, app: &str) -> Vec<i64> {
    let (_, schemas) = harness.ask("GET", &format!("/api/apps/{app}/schemas"), "");
    let fields = schemas["schemas"].as_array().unwrap().iter().flat_map(|schema| schema["fields"].as_array().unwrap());
    let choices = fields.filter_map(|field| field["choices"].as_array()).flatten();
    choices.map(|choice| choice["id"].as_i64().unwrap()).collect()
}

#[test]
fn an_id_that_a_file_gives_to_an_option_is_given_to_no_other() {
    let harness = Harness::crm();
    let file = with(r#"{"slug": "a", "type": "select", "options": ["one", {"value": "two", "id": 1}, "three"]}"#, "");
    harness.apply(&file, false, false).unwrap();
    let mut ids = choice_ids(&harness, "x");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "ids of options are unique in their app: {:?}", choice_ids(&harness, "x"));
}

#[test]
fn a_file_that_gives_two_options_one_id_is_refused() {
    let twice = r#"{"slug": "a", "type": "select", "options": [{"value": "one", "id": 5}, {"value": "two", "id": 5}]}"#;
    // The id of an option of another table is taken as well.
    let mut taken = crm();
    add_field(&mut taken, "contracts", json!({"slug": "state", "type": "select", "options": [{"value": "open", "id": 10}]}));
    assert_all_refused(&[with(twice, ""), taken.to_string()]);
}

#[test]
fn an_option_never_gets_another_id() {
    let harness = Harness::crm();
    let mut file = crm();
    field(&mut file, "contacts", "status")["options"] = json!([{"value": "lead", "id": 77}, {"value": "customer", "id": 10}]);
    refused(&harness, &file.to_string(), false);
}

#[test]
fn a_ref_to_a_record_of_another_table_than_the_target_is_refused() {
    let file = json!({
        "carryall": 1,
        "app": {"slug": "x"},
        "schemas": [
            {"slug": "people", "fields": [{"slug": "name", "type": "text"}]},
            {"slug": "cars", "fields": [{"slug": "name", "type": "text"}]},
            {"slug": "trips", "fields": [{"slug": "driver", "type": "reference", "target": "people"}]}],
        "records": {
            "people": [{"name": "Ann"}],
            "cars": [{"$ref": "beetle", "name": "Beetle"}],
            // Both are number 1 of their table, so without a check Ann becomes the driver.
            "trips": [{"driver": {"$ref": "beetle"}}]},
    });
    refused(&Harness::crm(), &file.to_string(), false);
}

#[test]
fn an_app_may_not_take_an_address_of_the_api_either() {
    let told = refused(&Harness::crm(), r#"{"carryall": 1, "app": {"slug": "workspaces"}}"#, false);
    assert_eq!(told, ["The app slug 'workspaces' is an address of the API or of the admin page; choose another"]);
}

#[test]
fn an_empty_group_of_fields_is_refused() {
    let groups = [r#""unique": [[]]"#, r#""indexes": [[]]"#];
    let file = |group| format!(r#"{{"carryall": 1, "app": {{"slug": "x"}}, "schemas": [{{"slug": "t", "fields": [], {group}}}]}}"#);
    assert_all_refused(&groups.map(file));
}

#[test]
fn a_decimal_keeps_room_for_the_digits_before_its_point() {
    let harness = Harness::crm();
    let (status, record) = harness.ask("PATCH", &format!("{CONTACTS}/rec_1"), r#"{"budget": 123456789012}"#);
    assert_eq!(status, 200, "{record}");
    // 15 digits, 3 of them after the point, leave 12 before it; 6 after it would leave 9.
    let mut file = crm();
    field(&mut file, "contacts", "budget")["scale"] = json!(6);
    refused(&harness, &file.to_string(), false);
}

#[test]
fn a_field_that_records_leave_empty_does_not_become_required() {
    let harness = Harness::crm();
    let mut file = crm();
    field(&mut file, "contacts", "age")["required"] = json!(true);
    refused(&harness, &file.to_string(), false);
}

#[test]
fn a_default_that_no_record_could_have_is_refused() {
    let empty = with(r#"{"slug": "a", "type": "text", "required": true, "default": ""}"#, "");
    // In form it is a reference; 123 records would point to nothing.
    let mut nowhere = crm();
    add_field(&mut nowhere, "contacts", json!({"slug": "rival", "type": "reference", "target": "companies", "default": "rec_99"}));
    assert_all_refused(&[empty, nowhere.to_string()]);
}

#[test]
fn a_field_that_changes_the_case_of_its_slug_is_refused_by_name() {
    let mut file = crm();
    field(&mut file, "companies", "founded")["slug"] = json!("Founded");
    let told = refused(&Harness::crm(), &file.to_string(), false);
    assert!(told[0].contains("'Founded'"), "which field? {told:?}");
}

#[test]
fn nothing_in_the_records_of_a_file_is_lost_silently() {
    let digits = r#", "records": {"t": [{"a": 12345678901234567890123}]}"#;
    assert_all_refused(&[
        // A key that stands twice, in a record and in the list of tables; a number with more digits than are kept.
        with_records(r#"{"name": "Ann", "name": "Bo"}"#),
        with("", r#", "records": {"t": [{}], "t": []}"#),
        with(r#"{"slug": "a", "type": "json"}"#, digits),
    ]);
}

#[test]
fn a_newer_form_is_told_before_what_is_unknown_in_it() {
    let told = refused(&Harness::crm(), r#"{"carryall": 2, "app": {"slug": "x"}, "views": []}"#, false);
    assert_eq!(told, ["The app file has the form 2; this program knows form 1. \"carryall\": 1"]);
}

#[test]
fn a_refusal_speaks_of_the_file_and_not_of_the_program() {
    let option = r#"{"slug": "a", "type": "select", "options": [{"value": "lead", "colour": "green"}]}"#;
    let told = refused(&Harness::crm(), &with(option, ""), false);
    assert!(told[0].contains("colour") && !told[0].contains("enum"), "{told:?}");
}

#[test]
fn an_app_file_is_an_object_and_not_a_list() {
    let files = [r#"[1, {"slug": "x"}, [], {}]"#, r#"{"carryall": 1, "app": ["x", null, null, null]}"#];
    assert_all_refused(&files.map(str::to_owned));
}

#[test]
fn the_records_of_a_file_are_one_entry_of_the_log_for_each_table() {
    let harness = Harness::crm();
    let (_, log) = harness.ask("GET", "/api/apps/my-crm/changes?since=0", "");
    let entries = log["changes"].as_array().unwrap();
    let made: Vec<&Value> = entries.iter().filter(|entry| entry["kind"] == "import").collect();
    assert!(made.len() > 1 && entries.iter().all(|entry| entry["kind"] != "create"), "{log}");
    for entry in made {
        let table = entry["schema"].as_str().unwrap();
        let count = harness.ask("GET", &format!("/api/apps/my-crm/schemas/{table}/records"), "").1["total"].clone();
        assert_eq!(entry["data"], json!({"first": 1, "last": count, "created": count, "updated": 0}));
    }
}
