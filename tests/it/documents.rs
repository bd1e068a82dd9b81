//! The API's own description: an entry for every route, names that resolve, an app's records with their fields; and the list of whose work is
//! compiled in. That the documents are valid OpenAPI and that the server keeps to them is proven in `tests/contract`.

use crate::harness::{Harness, root};
use crate::transcript::Ask;
use carryall::dialect::DIALECTS;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_carryall");

fn server() -> Value {
    Harness::crm().ask("GET", "/api/openapi.json", "").1
}

fn crm() -> Value {
    Harness::crm().ask("GET", "/api/apps/my-crm/openapi.json", "").1
}

/// Every operation: method, path, what is said of it.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    found
}

fn each(piece: &Value, see: &mut dyn FnMut(&Value)) {
    see(piece);
    match piece {
        Value::Object(map) => map.values().for_each(|piece| each(piece, see)),
        Value::Array(pieces) => pieces.iter().for_each(|piece| each(piece, see)),
        _ => {}
    }
}

#[test]
fn every_route_has_an_entry_and_every_entry_a_route() {
    let document = server();
    let told: BTreeSet<String> = operations(&document).iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let house = DIALECTS.iter().find(|dialect| dialect.id == "house").unwrap();
    let routes: BTreeSet<String> = house.routes.iter().map(|route| format!("{} {}", route.method, route.pattern)).collect();
    let cure = "src/dialect/house/docs/entries says how an entry is made";
    assert_eq!(routes.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "routes without an entry; {cure}");
    assert_eq!(told.difference(&routes).collect::<Vec<_>>(), Vec::<&String>::new(), "entries without a route; {cure}");
}

#[test]
fn an_entry_names_the_query_that_its_route_takes() {
    let document = server();
    for route in DIALECTS.iter().flat_map(|dialect| dialect.routes) {
        let Some(names) = route.query else { continue };
        let operation = &document["paths"][route.pattern][route.method.to_lowercase()];
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let whole = |parameter: &Value| document.pointer(&parameter["$ref"].as_str().unwrap()[1..]).cloned().unwrap();
        let told: BTreeSet<String> = parameters
            .iter()
            .map(whole)
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(told, names.iter().map(|name| (*name).to_owned()).collect(), "{} {}", route.method, route.pattern);
    }
}

#[test]
fn every_name_in_a_document_is_there_and_every_operation_has_its_own() {
    for document in [server(), crm()] {
        each(&document, &mut |piece| {
            if let Some(name) = piece.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(&name[1..]).is_some(), "{name} is not there");
            }
        });
        let all = operations(&document);
        let ids: BTreeSet<&str> = all.iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), all.len());
        let groups: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        for (method, path, operation) in &all {
            assert!(groups.contains(&&operation["tags"][0]), "{method} {path}: {}", operation["tags"]);
            assert!(operation["summary"].as_str().unwrap().len() > 3);
        }
    }
}

#[test]
fn the_document_of_an_app_knows_its_fields() {
    let document = crm();
    let contact = &document["components"]["schemas"]["Contact"];
    assert_eq!(contact["properties"]["status"]["enum"], json!(["lead", "customer", null]));
    assert_eq!(
        contact["properties"]["id"],
        json!({"type": "string", "pattern": "^rec_[1-9][0-9]*$", "readOnly": true, "examples": ["rec_7"]})
    );
    assert_eq!(contact["properties"]["age"]["type"], json!(["integer", "null"]));
    assert_eq!((&contact["properties"]["age"]["minimum"], &contact["properties"]["age"]["maximum"]), (&json!(0), &json!(150)));
    assert_eq!(contact["properties"]["created_at"]["format"], "date-time");
    let new = &document["components"]["schemas"]["ContactNew"];
    assert_eq!(new["required"], json!(["name", "email"]));
    assert_eq!(new["properties"]["name"]["maxLength"], 60);
    assert_eq!(new["properties"]["status"]["default"], "lead");
    assert_eq!(new["additionalProperties"], false);
    assert_eq!(document["components"]["schemas"]["ContactChange"].get("required"), None);
    let list = &document["paths"]["/api/apps/my-crm/schemas/contacts/records"]["get"];
    assert_eq!(list["responses"]["200"]["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/ContactList");
    let names: Vec<&str> = list["parameters"].as_array().unwrap().iter().filter_map(|parameter| parameter["name"].as_str()).collect();
    assert!(names.contains(&"filter[last_seen]") && names.contains(&"sort"), "{names:?}");
    assert_eq!(document["components"]["parameters"]["schema"]["schema"]["enum"], json!(["companies", "contacts", "visits", "contracts"]));
}

#[test]
fn a_record_has_the_keys_that_its_document_promises() {
    let harness = Harness::crm();
    let document = harness.ask("GET", "/api/apps/my-crm/openapi.json", "").1;
    for (slug, model) in [("companies", "Company"), ("contacts", "Contact"), ("contracts", "Contract")] {
        let record = &harness.ask("GET", &format!("/api/apps/my-crm/schemas/{slug}/records"), "").1["records"][0];
        let keys: BTreeSet<&str> = record.as_object().unwrap().keys().map(String::as_str).collect();
        let promised = document["components"]["schemas"][model]["required"].as_array().unwrap();
        assert_eq!(keys, promised.iter().map(|key| key.as_str().unwrap()).collect());
    }
}

#[test]
fn tables_whose_names_are_taken_get_names_of_their_own() {
    let harness = Harness::empty();
    let app = json!({"carryall": 1, "app": {"slug": "odd", "name": "Odd"}, "schemas": [
        {"slug": "errors", "name": "Records", "model": "Error", "fields": [{"slug": "code", "type": "text"}]},
        {"slug": "contacts", "fields": [{"slug": "name", "type": "text"}]},
        {"slug": "contact-lists", "model": "ContactList", "fields": [{"slug": "filter", "type": "text"}]},
        {"slug": "a-b", "fields": [{"slug": "x", "type": "text"}]},
        {"slug": "a_b", "fields": [{"slug": "x", "type": "text"}]},
        {"slug": "none", "fields": []}]});
    harness.apply(&app.to_string(), false, false).unwrap();
    let harness = harness.filled();
    let (status, document) = harness.ask("GET", "/api/apps/odd/openapi.json", "");
    assert_eq!(status, 200, "{document}");
    let shapes = document["components"]["schemas"].as_object().unwrap();
    assert!(shapes["Error"]["properties"]["error"].is_object(), "the face of errors is still there");
    assert!(shapes["Error2"]["properties"]["code"].is_object());
    assert!(shapes["ContactList"]["properties"]["records"].is_object());
    assert!(shapes["ContactList2"]["properties"]["filter"].is_object());
    let ids: BTreeSet<&str> = operations(&document).iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations(&document).len(), "each operation has an id of its own");
    let groups: BTreeSet<&str> = document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert!(groups.contains("Records (errors)"), "{groups:?}");
}

#[test]
fn the_server_is_described_to_everybody_and_an_app_to_who_is_signed_in() {
    let harness = Harness::crm();
    let guest = |url: &str| {
        let ask = Ask { method: "GET".into(), url: url.into(), headers: Vec::new(), body: Vec::new() };
        let reply = harness.answer(&ask);
        (reply.status, String::from_utf8(reply.body).unwrap())
    };
    let (status, body) = guest("/api/openapi.json");
    assert_eq!(status, 200);
    assert!(!body.contains("my-crm") && !body.contains("visits"), "nothing that somebody made is told to guests");
    assert_eq!(guest("/api/apps/my-crm/openapi.json").0, 401);
    assert_eq!(guest("/api/apps/nothing/openapi.json").0, 401);
    assert_eq!(harness.ask("GET", "/api/apps/nothing/openapi.json", "").0, 404);
}

#[test]
fn a_command_writes_the_document() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let ran = Command::new(PROGRAM).args(args).current_dir(folder.path()).output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap())
    };
    std::fs::write(folder.path().join("films.csv"), "title,year\nMetropolis,1927\n").unwrap();
    assert_eq!(run(&["openapi", "--app", "cinema"]).0, Some(3), "there is no data file");
    assert_eq!(run(&["import", "films.csv", "--app", "cinema"]).0, Some(0));
    let (code, out, _) = run(&["openapi", "--app", "cinema"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &document["components"]["schemas"]["Film"]["properties"]["year"]["type"]), (Some(0), &json!(["integer", "null"])));
    let (code, out, said) = run(&["openapi", "--app", "cinema", "-o", "cinema.json"]);
    assert_eq!((code, out.as_str(), said.as_str()), (Some(0), "", "cinema.json is the document of cinema\n"));
    assert_eq!(serde_json::from_str::<Value>(&std::fs::read_to_string(folder.path().join("cinema.json")).unwrap()).unwrap(), document);
    let (code, _, said) = run(&["openapi", "--app", "cinma"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("There is no app 'cinma'") && said.contains("cinema"), "{said}");
}

#[test]
fn the_list_of_licences_is_that_of_the_lock() {
    let ran = Command::new(PROGRAM).arg("licenses").output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let (compiled, rest) = text.split_once("Needed to build or to test only").unwrap();
    let rest = rest.split_once("-----").unwrap().0;
    let version = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let mut listed: BTreeSet<String> = compiled
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, _)| name.to_owned())
        .filter(|name| version(name.rsplit(' ').next().unwrap()))
        .collect();
    let words: Vec<&str> = rest.split_whitespace().map(|word| word.trim_end_matches(',')).collect();
    listed.extend(words.windows(2).filter(|pair| version(pair[1]) && !version(pair[0])).map(|pair| pair.join(" ")));
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let value = |line: &str, key: &str| line.strip_prefix(key).map(|value| value.trim_matches('"').to_owned());
    let lines: Vec<&str> = lock.lines().collect();
    let locked = lines.windows(2).filter_map(|pair| Some(format!("{} {}", value(pair[0], "name = ")?, value(pair[1], "version = ")?)));
    let locked: BTreeSet<String> = locked.filter(|name| !name.starts_with("carryall ")).collect();
    let missing: Vec<_> = locked.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&locked).collect();
    assert!(locked.len() > 100 && missing.is_empty() && gone.is_empty(), "run .ci/licenses: missing {missing:?}, gone {gone:?}");
    for word in ["SmartBear", "Apache License", "hyper 1", "Sean McArthur"] {
        assert!(text.contains(word), "{word}");
    }
}
