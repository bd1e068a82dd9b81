//! The house rules must be able to fail: small sources that break each of them, and some that only look so.

use super::*;

fn check(rule: impl Fn(&Source) -> Vec<String>, file: &str, source: &str, broken: usize) {
    let found = rule(&Source::new(file, source));
    assert_eq!(found.len(), broken, "{file}: {source}\n{found:#?}");
}

#[test]
fn walls_stop_what_runs_up_or_sideways() {
    check(walls, "auth/token.rs", "use crate::{model::Error, store::{self, tables}};", 0);
    check(walls, "auth/token.rs", "use crate::{model::Error, ops::{ctx, access}};", 2);
    check(walls, "store/sql.rs", "fn f() { crate::field::text(); super::super::wire::x() }", 2);
    check(walls, "model/plan.rs", "use crate::NAME; use super::field; use crate::expr::parse;", 1);
    check(walls, "dialect/appmixer/mod.rs", "use crate::flow::run;", 0);
    check(walls, "dialect/house/mod.rs", "use crate::flow::run;", 1);
    check(walls, "main.rs", "use carryall::{cli, config::Config, store};", 1);
    check(walls, "server/pools.rs", "// crate::store\nlet s = \"crate::store::x\"; use crate::*;", 1);
    check(walls, "attic/mod.rs", "", 1);
    check(walls, "lib.rs", "pub use crate::store::x;", 0);
}

#[test]
fn siblings_are_told_from_the_room_s_face() {
    let all = [
        Source::new("field/mod.rs", "use self::text::Text;"),
        Source::new("field/text.rs", "use super::FieldType; use super::url::Url; mod tests { use super::*; }"),
        Source::new("field/url.rs", "fn f() { crate::field::text::g() }"),
        Source::new("cli/serve.rs", "use super::job::hand_over; use super::progress; use super::import;"),
        Source::new("cli/import.rs", ""),
        Source::new("cli/job.rs", ""),
        Source::new("dialect/house/records.rs", "use super::errors; use super::super::contract; use crate::dialect::robostack;"),
        Source::new("dialect/house/errors.rs", ""),
        Source::new("dialect/robostack.rs", ""),
    ];
    let found = siblings(&all);
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[test]
fn doors_know_the_crate_from_a_module_of_its_name() {
    let known = ["rouille", "csv", "log"].map(str::to_string).into();
    let rule = |s: &Source| doors(s, &known);
    check(rule, "ops/transfer.rs", "use crate::format::csv; fn f() { csv::rows() }", 0);
    check(rule, "ops/transfer.rs", "fn f() { csv::Reader::new() }", 1);
    check(rule, "format/csv.rs", "use csv::ReaderBuilder;", 0);
    check(rule, "auth/password.rs", "use bcrypt::hash; #[cfg(test)] mod t { use rusqlite::Connection; }", 0);
    check(rule, "auth/session.rs", "use bcrypt::hash;", 1);
    check(rule, "wire/call.rs", "use rouille::{Request, input::{self, json}}; fn f() { r.get_param(\"a\") }", 3);
    check(rule, "model/app.rs", "use log::info; use std::fmt; use serde_json::Value;", 1);
}

#[test]
fn words_are_found_where_they_do_not_belong() {
    check(in_place, "ops/apps.rs", "f(\"SELECT id FROM x\"); g(\"select a file\"); h(\"UPDATE x SET y\")", 2);
    check(in_place, "store/apps.rs", "f(\"SELECT id FROM x\")", 0);
    check(in_place, "model/app.rs", "#[derive(Debug, serde::Serialize)] struct A;", 1);
    check(in_place, "model/app.rs", "#[derive(Debug, Clone)] struct Serialize;", 0);
    check(in_place, "ops/apps.rs", "r.with_status_code(404); r.with_status_code(code); StatusCode::OK", 2);
    check(in_place, "ops/apps.rs", "#[cfg(test)] mod t { f(\"PRAGMA x\") }", 0);
}

#[test]
fn building_is_told_from_taking_apart() {
    check(trusted, "ops/plan.rs", "Plan { a }", 0);
    check(trusted, "store/sql.rs", "fn f() -> Plan { todo() } impl X for Plan { } let Plan { a, .. } = p; struct Plan { }", 0);
    check(trusted, "store/sql.rs", "fn f() -> &Plan { x } match p { plan::Plan { a } => 1 } if let Plan { a } = &p {}", 0);
    check(trusted, "store/sql.rs", "let p = Plan { a: 1 }; f(&plan::Plan { a }); Ok(Plan { a })", 3);
    check(trusted, "ops/records.rs", "Clean::new(a); Clean { b }; let c: Clean = d;", 2);
}

#[test]
fn what_may_panic_is_found() {
    check(panics, "ops/a.rs", "a.unwrap(); b.expect(\"x\"); panic!(\"y\"); unsafe { }", 4);
    check(panics, "ops/a.rs", "a.unwrap_or(1); self.expect(Token::Comma)?; fn unwrap() {} // panic!", 0);
    check(panics, "ops/a.rs", "#[cfg(test)] mod tests { fn f() { a.unwrap() } }", 0);
}

#[test]
fn functions_are_measured() {
    let source = Source::new("a.rs", "fn a(x: [u8; 3]) -> u8 {\n\n 1 }\ntrait T { fn b(); }\nfn c() {}");
    assert_eq!(functions(&source), [("a".into(), 1, 3), ("c".into(), 5, 1)]);
}

#[test]
fn machine_paths_are_told_from_addresses() {
    let [work, root, home] = [MACHINE_PATHS[0], MACHINE_PATHS[1], MACHINE_PATHS[2]];
    assert!(machine_path(&format!("cd {work}main")).is_some());
    assert!(machine_path(&format!("\"{root}.cargo\"")).is_some());
    assert!(machine_path(&format!("{home}ann/x")).is_some());
    assert!(machine_path(&format!("example.com{work}a ..{root}b {home}{{user}}")).is_none());
}

#[test]
fn a_crate_has_one_line_in_the_table_of_doors() {
    let all: Vec<&str> = DOORS.iter().flat_map(|(crates, _)| crates.iter().copied()).collect();
    let once: BTreeSet<&str> = all.iter().copied().collect();
    assert_eq!(all.len(), once.len());
}
