//! Any acts in any order, on records, fields, tables, views, roles and the app, through several doors, taking back among them: taken back from the last
//! to the first, everything is what it was before each of them, and done again what it was after. Single cases are in `undo`.

use crate::harness::Harness;
use crate::transcript::Ask;
use crate::undo::{APP, SCHEMAS, acts, is_well, newest, post, state, work};
use carryall::model::field::Field;
use carryall::model::schema::Schema;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::sync::Arc;

/// Chance that is the same again when a case is made smaller: from one number any many.
struct Dice(Cell<u64>);

impl Dice {
    fn new(seed: u32) -> Self {
        Self(Cell::new(u64::from(seed)))
    }

    fn below(&self, most: usize) -> usize {
        let next = self.0.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0.set(next);
        usize::try_from(next >> 33).unwrap() % most.max(1)
    }

    fn of<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn is_so(&self) -> bool {
        self.below(2) == 0
    }
}

/// What is done to the app, whether it is possible at this moment or not.
struct Doing<'h> {
    harness: &'h Harness,
    dice: Dice,
    begun: i64,
    checkpoint: i64,
}

impl Doing<'_> {
    fn send(&self, method: &str, target: &str, body: &Value) -> u16 {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.harness.ask(method, target, &body).0
    }

    fn through(&self, method: &str, target: &str, body: &Value) -> u16 {
        let headers = [("As", "owner"), ("Content-Type", "application/json"), ("Accept", "application/json"), ("X-Carryall-App", "work")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        self.harness.answer(&Ask { method: method.to_owned(), url: target.to_owned(), headers, body: body.to_string().into_bytes() }).status
    }

    fn tables(&self) -> Vec<Arc<Schema>> {
        let catalog = self.harness.ctx.store.catalog();
        let app = catalog.app("work").unwrap();
        catalog.schemas(app.id).cloned().collect()
    }

    fn table(&self) -> Arc<Schema> {
        let all = self.tables();
        self.dice.of(&all).clone()
    }

    fn field(&self, table: &Schema) -> Field {
        match table.fields.as_slice() {
            [] => Field::plain("none", carryall::field::find("text").unwrap()),
            fields => self.dice.of(fields).clone(),
        }
    }

    fn id(&self) -> String {
        format!("rec_{}", self.dice.below(6) + 1)
    }

    fn value(&self, field: &Field) -> Value {
        let number = self.dice.below(12);
        let choices: Vec<&str> = field.rules.choices.iter().map(|choice| choice.value.as_str()).collect();
        match field.type_name.as_str() {
            _ if number == 11 => Value::Null,
            "integer" | "number" | "decimal" | "money" => json!(number),
            "boolean" => json!(number > 5),
            "json" => json!({"n": number}),
            "date" => json!(format!("2025-01-{:02}", number + 1)),
            "reference" => json!(self.id()),
            "references" => json!([self.id()]),
            "select" | "radio" if !choices.is_empty() => json!(self.dice.of(&choices)),
            "multiselect" | "checklist" if !choices.is_empty() => json!([self.dice.of(&choices)]),
            _ => json!(format!("n{number}")),
        }
    }

    fn draft(&self, table: &Schema, is_new: bool) -> Value {
        let fields: Vec<Field> = table.stored().filter(|field| !field.is_given()).cloned().collect();
        let mut draft = Map::new();
        for field in fields {
            if (is_new && field.required) || self.dice.below(3) == 0 {
                draft.insert(field.slug.clone(), self.value(&field));
            }
        }
        Value::Object(draft)
    }

    fn new_field(&self) -> Value {
        let slug = *self.dice.of(&["extra", "more", "note", "age", "state"]);
        let tables = self.tables();
        let target = self.dice.of(&tables).slug.clone();
        let link = if self.dice.is_so() { "set_null" } else { "cascade" };
        match self.dice.below(10) {
            0 => json!({"slug": slug, "type": "text", "default": "fresh"}),
            1 => json!({"slug": slug, "type": "integer", "required": true, "default": 3}),
            2 => json!({"slug": slug, "type": "select", "options": ["one", "two", "three"], "default": "one"}),
            3 => json!({"slug": slug, "type": "multiselect", "options": ["a", "b"]}),
            4 => json!({"slug": slug, "type": "reference", "target": target, "on_delete": link}),
            5 => json!({"slug": slug, "type": "references", "target": target}),
            6 => json!({"slug": slug, "type": "sequence"}),
            7 => json!({"slug": slug, "type": "computed", "formula": "name"}),
            8 => json!({"slug": slug, "type": "text", "index": true}),
            _ => json!({"slug": slug, "type": "json"}),
        }
    }

    fn view(&self, table: &Schema) -> Value {
        let (one, other) = (self.field(table).slug, self.field(table).slug);
        match self.dice.below(5) {
            0 => json!({"filter": format!("{one} != null"), "sort": [format!("-{other}")]}),
            1 => json!({"fields": [one], "options": {"widths": {one.as_str(): 90}}}),
            2 => json!({"fields": if one == other { json!([one]) } else { json!([one, other]) }, "sort": [one]}),
            3 => json!({"group": [one], "kind": "board"}),
            _ => json!({"name": format!("View {}", self.dice.below(5))}),
        }
    }

    /// Writes records.
    fn on_records(&self, what: u8) -> u16 {
        let table = self.table();
        let records = format!("{SCHEMAS}/{}/records", table.slug);
        let (id, draft) = (self.id(), self.draft(&table, true));
        match what {
            0 => self.send("POST", &records, &draft),
            1 | 2 => {
                let draft = self.draft(&table, false);
                self.send("PATCH", &format!("{records}/{id}"), &draft)
            }
            3 => self.send("DELETE", &format!("{records}/{id}"), &Value::Null),
            4 => {
                let other = self.draft(&table, true);
                self.send("POST", &records, &json!([draft, other]))
            }
            5 => self.send("DELETE", &format!("{records}?filter[id][gte]={id}"), &Value::Null),
            6 => {
                let draft = self.draft(&table, false);
                self.send("PATCH", &format!("{records}?filter[id][gte]={id}"), &draft)
            }
            7 => {
                let heading = table.stored().find(|field| field.kind.name() == "text").map_or("name", |field| field.slug.as_str());
                let key = if self.dice.is_so() { format!("?key={heading}") } else { String::new() };
                let rows = format!("{heading}\nimported\nn{}\n", self.dice.below(11));
                self.harness.send("POST", &format!("{SCHEMAS}/{}/import{key}", table.slug), "text/csv", &rows).status
            }
            8 => {
                let other = self.table();
                let (changes, late) = (self.draft(&table, false), self.draft(&other, true));
                let requests = json!({"requests": [
                    {"method": "POST", "url": records, "body": draft},
                    {"method": "PATCH", "url": format!("{records}/{id}"), "body": changes},
                    {"method": "POST", "url": format!("{SCHEMAS}/{}/records", other.slug), "body": late}]});
                self.send("POST", "/api/batch", &requests)
            }
            9 => {
                let uuid = self.harness.ctx.store.catalog().app("work").unwrap().uuid.clone();
                let target = format!("/external/api/{uuid}/{}", table.slug);
                match self.dice.below(3) {
                    0 => self.through("PUT", &target, &json!({"data": [draft]})),
                    1 => self.through("PATCH", &target, &json!({"data": {"id": 1}, "q": [{"id": 1}]})),
                    _ => self.through("DELETE", &target, &json!({"id": self.dice.below(5)})),
                }
            }
            10 => {
                let after = if self.dice.is_so() { json!(self.id()) } else { Value::Null };
                self.send("POST", &format!("{SCHEMAS}/{}/resequence", table.slug), &json!({"record": id, "after": after}))
            }
            _ => {
                let target = format!("/api/{}", table.slug);
                match self.dice.below(3) {
                    0 => self.through("POST", &target, &draft),
                    1 => self.through("PUT", &format!("{target}/{}", self.dice.below(5) + 1), &draft),
                    _ => self.through("DELETE", &format!("{target}/{}", self.dice.below(5) + 1), &Value::Null),
                }
            }
        }
    }

    /// Changes fields.
    fn on_fields(&self, what: u8) -> u16 {
        let table = self.table();
        let field = self.field(&table);
        let fields = format!("{SCHEMAS}/{}/fields", table.slug);
        let own = format!("{fields}/{}", field.slug);
        match what {
            0 | 1 => {
                let new = self.new_field();
                self.send("POST", &fields, &new)
            }
            2 => self.send("DELETE", &own, &Value::Null),
            3 => {
                let slug = *self.dice.of(&["other", "extra", "age", "name", "title"]);
                self.send("PATCH", &own, &json!({"slug": slug}))
            }
            4 => {
                let kinds =
                    ["text", "integer", "json", "select", "multiselect", "textarea", "reference", "references", "boolean", "decimal"];
                let kind = *self.dice.of(&kinds);
                self.send("PATCH", &own, &json!({"type": kind}))
            }
            5 => {
                let said = self
                    .dice
                    .of(&[
                        json!({"required": true}),
                        json!({"required": false}),
                        json!({"unique": true}),
                        json!({"unique": false}),
                        json!({"index": true}),
                        json!({"name": "Another"}),
                        json!({"default": null}),
                        json!({"max_length": 3}),
                        json!({"target": self.table().slug}),
                        json!({"on_delete": "cascade"}),
                    ])
                    .clone();
                self.send("PATCH", &own, &said)
            }
            _ => {
                let with_options: Vec<Field> = table.fields.iter().filter(|field| !field.rules.choices.is_empty()).cloned().collect();
                if with_options.is_empty() {
                    return 0;
                }
                let field = self.dice.of(&with_options).clone();
                let options = format!("{fields}/{}/options", field.slug);
                let choices: Vec<String> = field.rules.choices.iter().map(|choice| choice.value.clone()).collect();
                let (one, other) = (self.dice.of(&choices).clone(), self.dice.of(&choices).clone());
                match self.dice.below(5) {
                    0 => self.send("POST", &options, &json!({"value": format!("o{}", self.dice.below(4))})),
                    1 => {
                        let value = *self.dice.of(&["red", "crimson", "done", "o1"]);
                        self.send("PATCH", &format!("{options}/{one}"), &json!({"value": value}))
                    }
                    2 => self.send("DELETE", &format!("{options}/{one}?replace={other}"), &Value::Null),
                    3 => self.send("DELETE", &format!("{options}/{one}?replace="), &Value::Null),
                    _ => self.send("PATCH", &format!("{options}/{one}"), &json!({"label": "Called so", "position": 0})),
                }
            }
        }
    }

    /// Changes tables, the app, its views and roles.
    fn on_tables(&self, what: u8) -> u16 {
        let table = self.table();
        let own = format!("{SCHEMAS}/{}", table.slug);
        let (one, other) = (self.field(&table).slug, self.field(&table).slug);
        match what {
            0 => {
                let slug = *self.dice.of(&["notes", "folk", "tasks"]);
                let (first, second) = (self.new_field(), self.new_field());
                let fields = [json!({"slug": "name", "type": "text"}), first, second];
                let views = if self.dice.is_so() { json!([{"slug": "all", "sort": ["-name"]}]) } else { json!([]) };
                self.send("POST", SCHEMAS, &json!({"slug": slug, "fields": fields, "views": views}))
            }
            1 => self.send("DELETE", &own, &Value::Null),
            2 => {
                let slug = *self.dice.of(&["folk", "plans", "todo", "people", "projects", "tasks"]);
                self.send("PATCH", &own, &json!({"slug": slug}))
            }
            3 => {
                let mut order: Vec<&str> = table.fields.iter().map(|field| field.slug.as_str()).collect();
                order.reverse();
                let said = self
                    .dice
                    .of(&[
                        json!({"display_field": one}),
                        json!({"unique": [[one, other]]}),
                        json!({"unique": []}),
                        json!({"indexes": [[one, other]]}),
                        json!({"order": order}),
                        json!({"name": "Another", "model": "Another"}),
                        json!({"search": [one]}),
                        json!({"search": false}),
                    ])
                    .clone();
                self.send("PATCH", &own, &said)
            }
            4 => {
                let with_records = self.dice.is_so();
                self.send("POST", &format!("{own}/duplicate"), &json!({"records": with_records}))
            }
            5 | 6 => {
                let mut view = self.view(&table);
                view["slug"] = json!(format!("v{}", self.dice.below(3)));
                view["shared"] = json!(self.dice.below(3) > 0);
                self.send("POST", &format!("{own}/views"), &view)
            }
            7 => {
                let mut view = self.view(&table);
                if self.dice.below(4) == 0 {
                    view["shared"] = json!(self.dice.is_so());
                }
                self.send("PATCH", &format!("{own}/views/v{}", self.dice.below(3)), &view)
            }
            8 => self.send("DELETE", &format!("{own}/views/v{}", self.dice.below(3)), &Value::Null),
            9 => {
                let rights = match self.dice.below(3) {
                    0 => json!({"read": true, "list": true, "fields": {one.as_str(): {"readable": false}}}),
                    1 => json!({"read": format!("{one} != null"), "update": true}),
                    _ => json!({"read": true, "fields": {one.as_str(): {"writable": false}}}),
                };
                let slug = *self.dice.of(&["keeper", "guest"]);
                let schemas = json!({table.slug.as_str(): rights});
                match self.dice.below(3) {
                    0 => self.send("POST", &format!("{APP}/roles"), &json!({"slug": slug, "name": "Keeper", "schemas": schemas})),
                    1 => self.send("PATCH", &format!("{APP}/roles/{slug}"), &json!({"schemas": schemas})),
                    _ => self.send("DELETE", &format!("{APP}/roles/{slug}"), &Value::Null),
                }
            }
            10 => {
                let role = *self.dice.of(&["keeper", "viewer", "editor"]);
                let grants = "/api/workspaces/default/grants";
                match self.dice.below(3) {
                    0 => self.send("DELETE", &format!("{grants}?user=ann@example.com&app=work"), &Value::Null),
                    _ => self.send("POST", grants, &json!({"user": "ann@example.com", "app": "work", "role": role})),
                }
            }
            11 => {
                let said =
                    self.dice.of(&[json!({"name": "Toil"}), json!({"description": "Much of it"}), json!({"slug": "labour"})]).clone();
                self.send("PATCH", APP, &said)
            }
            _ => {
                let mut file = self.harness.ask("GET", &format!("{APP}/app-file"), "").1;
                let schemas = file["schemas"].as_array_mut().unwrap();
                let at = self.dice.below(schemas.len());
                match self.dice.below(3) {
                    0 => drop(schemas.remove(at)),
                    1 => schemas[at]["fields"].as_array_mut().unwrap().push(json!({"slug": "filed", "type": "text"})),
                    _ => drop(schemas[at]["fields"].as_array_mut().unwrap().pop()),
                }
                file.as_object_mut().unwrap().remove("records");
                self.send("PUT", &format!("{APP}/app-file?prune=true"), &file)
            }
        }
    }

    /// Takes something back, or does it again.
    fn on_acts(&self) -> u16 {
        let all = acts(self.harness, self.begun);
        let way = *self.dice.of(&["refuse", "skip", "overwrite"]);
        let body = json!({"on_conflict": way});
        if self.dice.below(8) == 0 {
            return self.send("POST", &format!("{APP}/checkpoints/{}/return", self.checkpoint), &body);
        }
        let Some(last) = all.first() else { return 0 };
        let change = if self.dice.is_so() { *last } else { *self.dice.of(&all) };
        let what = if self.dice.below(3) == 0 { "redo" } else { "undo" };
        self.send("POST", &format!("{APP}/changes/{change}/{what}"), &body)
    }

    fn act(&self, what: u8) -> u16 {
        match what {
            _ if self.tables().is_empty() => self.on_acts(),
            0..=11 => self.on_records(what),
            12..=18 => self.on_fields(what - 12),
            19..=31 => self.on_tables(what - 19),
            _ => self.on_acts(),
        }
    }
}

/// All that an app is, with what is said of it beside its tables.
fn whole(harness: &Harness) -> Value {
    let mut whole = json!({"tables": state(harness)});
    for table in whole["tables"].as_array_mut().unwrap() {
        let (status, views) = harness.ask("GET", &format!("{SCHEMAS}/{}/views", table["slug"].as_str().unwrap()), "");
        assert_eq!(status, 200, "{views}");
        table["saved"] = views["views"].clone();
        // Whether there is an index to search by is nobody's doing.
        table["search"] = table["search"]["wanted"].take();
    }
    let app = harness.ask("GET", APP, "").1;
    whole["app"] = json!([app["slug"], app["name"], app["description"]]);
    whole["roles"] = harness.ask("GET", &format!("{APP}/roles"), "").1["roles"].take();
    whole["roles"].as_array_mut().unwrap().sort_by_key(|role| role["slug"].as_str().map(str::to_owned));
    whole["grants"] = harness.ask("GET", "/api/workspaces/default/grants?app=work", "").1["grants"].clone();
    whole
}

/// That every value is one of its field, in the form in which that holds it, and is there where it must be.
fn is_held(harness: &Harness) {
    is_well(harness);
    let app = harness.ctx.store.catalog().app("work").unwrap().id;
    for table in harness.ctx.store.catalog().schemas(app) {
        let list = harness.ask("GET", &format!("{SCHEMAS}/{}/records?per_page=100", table.slug), "").1;
        for record in list["records"].as_array().unwrap() {
            for field in table.stored().filter(|field| !field.is_given()) {
                let value = &record[&field.slug];
                assert!(!field.required || !value.is_null(), "{}.{} of {record}", table.slug, field.slug);
                let is_blank = value.is_null() || value == "";
                assert!(
                    is_blank || carryall::field::clean(field, value).ok().as_ref() == Some(value),
                    "{}.{} of {record}",
                    table.slug,
                    field.slug
                );
            }
        }
    }
}

/// Where two states differ, for whoever reads of a failure.
fn difference(place: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(ones), Value::Object(others)) => {
            let keys = ones.keys().chain(others.keys());
            keys.filter_map(|key| difference(&format!("{place}.{key}"), &one[key], &other[key])).next().or_else(|| {
                // The order of keys is a part of what a record is.
                let is_same = ones.keys().eq(others.keys());
                (!is_same && place.contains(".all[")).then(|| format!("{place}: keys {:?} and {:?}", ones.keys(), others.keys()))
            })
        }
        (Value::Array(ones), Value::Array(others)) if ones.len() == others.len() => {
            let pairs = ones.iter().zip(others).enumerate();
            pairs.filter_map(|(at, (one, other))| difference(&format!("{place}[{at}]"), one, other)).next()
        }
        _ => (one != other).then(|| format!("{place}: {one} is not {other}")),
    }
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("CARRYALL_UNDO_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() }
}

fn any_acts(most: usize) -> impl Strategy<Value = Vec<(u8, u32)>> {
    proptest::collection::vec((0..=34_u8, any::<u32>()), 1..most)
}

/// The acts, each with its number and what is told of it where it fails; and what the app was before and after each.
type Done = (Vec<(i64, String)>, Vec<Value>);

/// Does one thing after the other.
fn done(harness: &Harness, all: &[(u8, u32)]) -> std::result::Result<Done, TestCaseError> {
    let begun = newest(harness);
    let (status, point) = harness.ask("POST", &format!("{APP}/checkpoints"), r#"{"name": "begun"}"#);
    assert_eq!(status, 201, "{point}");
    let (mut numbers, mut states) = (Vec::new(), vec![whole(harness)]);
    for (what, seed) in all {
        let before = newest(harness);
        let status = Doing { harness, dice: Dice::new(*seed), begun, checkpoint: point["id"].as_i64().unwrap() }.act(*what);
        prop_assert!(status < 500, "{} {} is answered by {}", what, seed, status);
        let new = acts(harness, before);
        prop_assert!(
            new.len() < 2,
            "{} {} is {} acts: {}",
            what,
            seed,
            new.len(),
            harness.ask("GET", &format!("{APP}/changes?order=newest&after={before}"), "").1
        );
        if let Some(number) = new.first() {
            let entry = harness.ask("GET", &format!("{APP}/changes/{number}"), "").1;
            numbers.push((*number, format!("{what} {seed} {number} {}", entry["label"])));
            states.push(whole(harness));
        }
    }
    Ok((numbers, states))
}

fn told(numbers: &[(i64, String)]) -> String {
    numbers.iter().map(|(_, label)| label.as_str()).collect::<Vec<_>>().join("\n  ")
}

#[test]
fn any_acts_are_taken_back_one_by_one_and_done_again() {
    let result = TestRunner::new(cases(24)).run(&any_acts(16), |all| {
        let harness = work().with_people(&["ann"]);
        let (numbers, states) = done(&harness, &all)?;
        let step = |at: usize, what: &str, wanted: &Value| {
            let (number, label) = &numbers[at];
            let (status, answer) = harness.ask("POST", &format!("{APP}/changes/{number}/{what}"), "");
            prop_assert!(status == 200, "{} of {}: {} {}\n  {}", what, label, status, answer, told(&numbers));
            let now = whole(&harness);
            if let Some(where_) = difference("", &now, wanted) {
                return Err(TestCaseError::fail(format!("{what} of {label}: {where_}\n  {}", told(&numbers))));
            }
            Ok(())
        };
        for at in (0..numbers.len()).rev() {
            step(at, "undo", &states[at])?;
        }
        is_held(&harness);
        for at in 0..numbers.len() {
            step(at, "redo", &states[at + 1])?;
        }
        is_held(&harness);
        let last = whole(&harness);
        let (status, back) = harness.ask("POST", &format!("{APP}/checkpoints/1/return"), "");
        // Roles stay what they are, and one of them may name what would go.
        if back["error"]["message"].as_str().is_some_and(|text| text.starts_with("A rule of the role")) {
            prop_assert!(status == 409 && difference("", &whole(&harness), &last).is_none(), "{}", back);
            return Ok(());
        }
        prop_assert!(status == 200, "returned: {} {}\n  {}", status, back, told(&numbers));
        let without_rights = |mut state: Value| {
            ["roles", "grants"].iter().for_each(|key| drop(state.as_object_mut().unwrap().remove(*key)));
            for table in state["tables"].as_array_mut().unwrap() {
                table["saved"].as_array_mut().unwrap().retain(|view| view["shared"] == true);
            }
            state
        };
        if let Some(where_) = difference("", &without_rights(whole(&harness)), &without_rights(states[0].clone())) {
            return Err(TestCaseError::fail(format!("returned: {where_}\n  {}", told(&numbers))));
        }
        is_held(&harness);
        if let Some(change) = back["change"].as_i64() {
            post(&harness, &format!("{APP}/changes/{change}/undo"), "");
        }
        if let Some(where_) = difference("", &whole(&harness), &last) {
            return Err(TestCaseError::fail(format!("the return taken back: {where_}\n  {}", told(&numbers))));
        }
        is_held(&harness);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn an_act_amid_others_is_taken_back_or_refused_with_what_stands_in_the_way() {
    let strategy = (any_acts(12), any::<u32>());
    let result = TestRunner::new(cases(24)).run(&strategy, |(all, seed)| {
        let harness = work().with_people(&["ann"]);
        let (numbers, _) = done(&harness, &all)?;
        let dice = Dice::new(seed);
        for _ in 0..numbers.len().min(5) {
            let (number, label) = dice.of(&numbers);
            let (before, last) = (whole(&harness), newest(&harness));
            let way = *dice.of(&["refuse", "skip", "overwrite"]);
            let (status, answer) = harness.ask("POST", &format!("{APP}/changes/{number}/undo"), &json!({"on_conflict": way}).to_string());
            prop_assert!(status == 200 || status == 409, "{} of {}: {} {}\n  {}", way, label, status, answer, told(&numbers));
            is_held(&harness);
            if status == 409 {
                prop_assert_eq!(newest(&harness), last);
                prop_assert!(answer["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{}", answer);
                continue;
            }
            let Some(change) = answer["change"].as_i64() else { continue };
            let (status, answer) = harness.ask("POST", &format!("{APP}/changes/{change}/undo"), "");
            prop_assert!(status == 200, "{} of {}, taken back: {} {}\n  {}", way, label, status, answer, told(&numbers));
            if let Some(where_) = difference("", &whole(&harness), &before) {
                return Err(TestCaseError::fail(format!("{way} of {label}, taken back: {where_}\n  {}", told(&numbers))));
            }
            is_held(&harness);
        }
        Ok(())
    });
    result.unwrap();
}
