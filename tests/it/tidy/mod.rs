//! The house rules as tests: corridors, siblings, doors, words, headers, routes. Plain reading of files, so a broken rule
//! fails with its path and line. How source is read
//! is in `scan.rs`, routes in `routes.rs`, proofs that the rules can fail in `self_test.rs`; what the program does is tested elsewhere.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may fall")]

mod routes;
mod scan;
mod self_test;

use scan::{Kind, Token, bound_here, closing, module_of, paths, tokens};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Which room may name which. `lib.rs` is free; `main.rs` uses the library as `carryall::`.
const CORRIDORS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("field", &["model"]),
    ("expr", &["model"]),
    ("format", &["model"]),
    ("wire", &["model"]),
    ("config", &["model"]),
    ("store", &["model", "expr"]),
    ("auth", &["model", "store"]),
    ("ops", &["model", "field", "expr", "format", "store", "auth"]),
    ("flow", &["model", "expr", "store", "ops"]),
    ("dialect", &["model", "format", "wire", "ops"]),
    ("dialect/appmixer", &["model", "format", "wire", "ops", "flow"]),
    ("server", &["model", "wire", "dialect", "ops"]),
    ("cli", &["config", "model", "format", "ops", "store", "server"]),
    ("main", &["config", "cli"]),
];

/// Rooms whose files stand side by side without doors, and the files that all of them may use.
const SIDE_BY_SIDE: &[(&str, &[&str])] = &[
    ("field", &[]),
    ("auth", &[]),
    ("dialect", &["contract"]),
    ("cli", &["host", "job", "lan", "listen", "logging", "outcome", "progress"]),
];

/// Where a foreign crate may be named: a folder or a file of src.
const DOORS: &[(&[&str], &[&str])] = &[
    (&["hyper", "hyper_util", "http_body_util", "httpdate", "mime_guess", "tokio", "tokio_rustls", "rustls", "multer"], &["server/"]),
    (&["if_addrs", "qrcode"], &["cli/lan.rs"]),
    (&["rustix"], &["cli/lan.rs", "server/public.rs", "server/system.rs", "store/place.rs"]),
    (&["include_dir"], &["server/assets.rs"]),
    (&["rusqlite", "r2d2", "r2d2_sqlite"], &["store/"]),
    (&["bcrypt"], &["auth/password.rs"]),
    (&["rouille"], &["wire/", "dialect/", "server/"]),
    (&["csv", "calamine", "rust_xlsxwriter", "zip"], &["format/"]),
    (&["flate2"], &["server/"]),
    (&["clap", "indicatif", "env_logger"], &["cli/"]),
    (&["jiff"], &["field/", "format/", "ops/ctx.rs"]),
    (&["email_address", "rust_decimal"], &["field/"]),
    (&["deunicode"], &["ops/naming.rs"]),
    (&["getrandom"], &["auth/", "ops/ctx.rs"]),
    (&["base64"], &["auth/", "wire/inward.rs"]),
    (&["sha2"], &["auth/", "store/backup.rs"]),
];

/// Parts of rouille that are unsafe or wrong (D1): under `rouille::`, and by name wherever they stand.
const ROUILLE_PATHS: &[&str] = &["Server", "input", "session", "websocket", "content_encoding"];
const ROUILLE_NAMES: &[&str] = &["match_assets", "get_param", "remove_prefix", "start_server"];

const FORBIDDEN_MODULES: &[&str] = &["util", "utils", "helpers", "common", "misc", "core", "manager", "service", "base", "types"];
const VENDOR_WORDS: &[&str] = &["appmixer", "robostack", "fullfinity", "concord", "appbuilder"];
const SQL_WORDS: &[&str] = &["SELECT ", "INSERT ", "DELETE FROM", "CREATE TABLE", "CREATE INDEX", "PRAGMA"];
const SERDE_ROOMS: &[&str] = &["dialect/", "format/", "config.rs"];
const STATUS_ROOMS: &[&str] = &["dialect/", "server/", "wire/"];

// Written in pieces so that this file does not name what it forbids.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
const REGISTRY_HOSTS: &[&str] = &[
    concat!("registry.npm", "js.org"),
    concat!("registry.yarn", "pkg.com"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("deb.deb", "ian.org"),
];
const CARGO_INDEX: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

const LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 60;

/// One file of src, read once.
struct Source {
    file: String,
    text: String,
    tokens: Vec<Token>,
    module: Vec<String>,
}

impl Source {
    fn new(file: &str, text: &str) -> Source {
        Source { file: file.into(), text: text.into(), tokens: tokens(text), module: module_of(file) }
    }

    /// The room a file lives in: its folder, or its own name at the top.
    fn room(&self) -> &str {
        match (self.file.as_str(), self.file.split_once('/')) {
            (file, _) if file == "dialect/appmixer.rs" || file.starts_with("dialect/appmixer/") => "dialect/appmixer",
            (_, Some((folder, _))) => folder,
            (file, None) => file.trim_end_matches(".rs"),
        }
    }

    fn within(&self, places: &[&str]) -> bool {
        places.iter().any(|p| if p.ends_with('/') { self.file.starts_with(p) } else { self.file == *p })
    }

    fn at(&self, line: usize, sentence: String) -> String {
        format!("src/{}:{line}: {sentence}", self.file)
    }

    /// Tokens of the program itself, test code left out.
    fn program(&self) -> impl Iterator<Item = (usize, &Token)> {
        self.tokens.iter().enumerate().filter(|(_, t)| !t.test)
    }

    fn next_is(&self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(i, w)| self.tokens.get(at + 1 + i).is_some_and(|t| t.is(w)))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Text files under a folder of the project, or the file itself, as (path from the root, text), in order.
fn files(under: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(under)];
    while let Some(path) = open.pop() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !["node_modules", "target", "__pycache__"].contains(&name.as_str()) {
                open.extend(fs::read_dir(&path).expect("a folder of the project").flatten().map(|e| e.path()));
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            let short = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push((short, text));
        }
    }
    found.sort();
    found
}

/// All of src; a file declared by `#[cfg(test)] mod name;` is test code as a whole.
fn sources() -> Vec<Source> {
    let mut all: Vec<Source> = files("src")
        .iter()
        .filter_map(|(file, text)| Some(Source::new(file.strip_prefix("src/").filter(|f| f.ends_with(".rs"))?, text)))
        .collect();
    assert!(all.len() > 5, "src holds {} Rust files: the rules would prove nothing", all.len());
    let mut tests = BTreeSet::new();
    for source in &all {
        for (at, _) in source.tokens.iter().enumerate().filter(|(_, t)| t.test && t.is("mod")) {
            if let (Some(name), true) = (source.tokens.get(at + 1), source.next_is(at + 1, &[";"])) {
                tests.insert([source.module.as_slice(), std::slice::from_ref(&name.text)].concat());
            }
        }
    }
    for source in all.iter_mut().filter(|s| tests.contains(&s.module)) {
        source.tokens.iter_mut().for_each(|t| t.test = true);
    }
    all
}

fn dependencies() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let lines = text.lines().skip_while(|l| *l != "[dependencies]").skip(1).take_while(|l| !l.starts_with('['));
    lines.filter_map(|l| l.split_once('=')).map(|(name, _)| name.trim().replace('-', "_")).collect()
}

fn none(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}\n  {}\n", broken.join("\n  "));
}

fn every(check: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources().iter().flat_map(check).collect()
}

// --- imports ---------------------------------------------------------------------------------------------------------

#[test]
fn imports_run_down_the_corridors() {
    none("Imports run down the plan, never up or sideways.", every(walls));
}

fn walls(source: &Source) -> Vec<String> {
    let room = source.room();
    if room == "lib" {
        return Vec::new();
    }
    let Some((_, allowed)) = CORRIDORS.iter().find(|(name, _)| *name == room) else {
        return vec![source.at(1, format!("the room '{room}' is not on the plan"))];
    };
    let own = room.split('/').next().unwrap_or(room);
    let mut broken = Vec::new();
    for path in paths(&source.tokens, &source.module) {
        let target = match (path.inside, path.segments.first().map(String::as_str)) {
            (true, Some(first)) => first,
            (false, Some("carryall")) => path.segments.get(1).map_or("", String::as_str),
            _ => continue,
        };
        // Items of lib.rs itself (a constant, the crate's name) start with a capital.
        let of_the_map = target.starts_with(|c: char| c.is_ascii_uppercase());
        let known = CORRIDORS.iter().any(|(name, _)| *name == target);
        if target.is_empty() || target == own || of_the_map || allowed.contains(&target) {
            continue;
        }
        broken.push(source.at(
            path.line,
            match known {
                true => format!("{room} may not import {target} (its corridors: {})", allowed.join(", ")),
                false => format!("'{target}' is no room of the plan"),
            },
        ));
    }
    broken
}

#[test]
fn neighbours_do_not_import_each_other() {
    let all = sources();
    none("Field types, dialects, auth schemes, commands never import a sibling.", siblings(&all));
}

fn siblings(all: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in all {
        let Some((_, shared)) = SIDE_BY_SIDE.iter().find(|(room, _)| source.file.starts_with(&format!("{room}/"))) else {
            continue;
        };
        let Some(own) = source.module.get(1).filter(|own| !shared.contains(&own.as_str())) else {
            continue; // the room's face, or what all of them may use
        };
        for path in paths(&source.tokens, &source.module).iter().filter(|p| p.inside && !p.test) {
            let [room, other, ..] = path.segments.as_slice() else {
                continue;
            };
            let is_file = all.iter().any(|s| s.module.len() > 1 && s.module[0] == *room && s.module[1] == *other);
            if *room == source.module[0] && other != own && is_file && !shared.contains(&other.as_str()) {
                broken.push(source.at(path.line, format!("{room}/{own} may not know its sibling {room}/{other}")));
            }
        }
    }
    broken
}

#[test]
fn a_foreign_crate_has_one_door() {
    let known = dependencies();
    assert!(known.contains("rouille"), "the list of dependencies was not read: {known:?}");
    none("Each foreign crate is named behind its one door.", every(|s| doors(s, &known)));
}

fn doors(source: &Source, known: &BTreeSet<String>) -> Vec<String> {
    let ours = bound_here(&source.tokens, &source.module);
    let mut broken = Vec::new();
    for path in paths(&source.tokens, &source.module).iter().filter(|p| !p.inside && !p.test) {
        let name = path.segments[0].as_str();
        if ours.contains(name) {
            continue;
        }
        if let Some((_, places)) = DOORS.iter().find(|(crates, _)| crates.contains(&name))
            && !source.within(places)
        {
            broken.push(source.at(path.line, format!("the crate {name} is used in {} only", places.join(", "))));
        }
        if source.room() == "model" && known.contains(name) && name != "serde_json" {
            broken.push(source.at(path.line, format!("model knows std and serde_json, not {name}")));
        }
        if name == "rouille" && path.segments.get(1).is_some_and(|s| ROUILLE_PATHS.contains(&s.as_str())) {
            broken.push(source.at(path.line, format!("{} is not used: see D1 in lib.rs", path.segments.join("::"))));
        }
    }
    for (_, word) in source.program().filter(|(_, t)| t.kind == Kind::Word && ROUILLE_NAMES.contains(&t.text.as_str())) {
        broken.push(source.at(word.line, format!("rouille's {} is not used: see D1 in lib.rs", word.text)));
    }
    broken
}

// --- what stands where -----------------------------------------------------------------------------------------------

#[test]
fn derives_sql_and_status_codes_stay_in_their_rooms() {
    none("Serde derives, SQL and status codes stay in their rooms.", every(in_place));
}

fn in_place(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for (at, token) in source.program() {
        if token.is("derive") && source.next_is(at, &["("]) && !source.within(SERDE_ROOMS) {
            let derived = &source.tokens[at..closing(&source.tokens, at + 1)];
            if derived.iter().any(|t| t.is("Serialize") || t.is("Deserialize")) {
                broken.push(source.at(token.line, format!("serde derives live in {} only", SERDE_ROOMS.join(", "))));
            }
        }
        if token.kind == Kind::Text && !source.file.starts_with("store/") && is_sql(&token.text) {
            broken.push(source.at(token.line, "only store/ and schema.sql know SQL".into()));
        }
        let code = |after: usize| source.tokens.get(at + after).is_some_and(is_three_digits);
        let status = match token.text.as_str() {
            "StatusCode" => source.next_is(at, &["::"]),
            "with_status_code" => source.next_is(at, &["("]) && code(2),
            "status_code" => (source.next_is(at, &[":"]) || source.next_is(at, &["="])) && code(2),
            _ => false,
        };
        if status && token.kind == Kind::Word && !source.within(STATUS_ROOMS) {
            broken.push(source.at(token.line, format!("status codes live in {} only", STATUS_ROOMS.join(", "))));
        }
    }
    broken
}

fn is_sql(text: &str) -> bool {
    SQL_WORDS.iter().any(|w| text.contains(w)) || text.split_once("UPDATE ").is_some_and(|(_, rest)| rest.contains(" SET"))
}

fn is_three_digits(token: &Token) -> bool {
    token.kind == Kind::Number && token.text.len() == 3 && token.text.bytes().all(|b| b.is_ascii_digit())
}

#[test]
fn only_plan_and_validate_make_what_the_store_trusts() {
    none("Plan is made in ops/plan.rs and Clean in ops/validate.rs only.", every(trusted));
}

fn trusted(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for (name, maker) in [("Plan", "ops/plan.rs"), ("Clean", "ops/validate.rs")] {
        if source.file == maker || source.room() == "model" {
            continue;
        }
        for (at, token) in source.program().filter(|(_, t)| t.is(name)) {
            let called = name == "Clean" && source.next_is(at, &["::", "new"]);
            if called || (source.next_is(at, &["{"]) && is_literal(&source.tokens, at)) {
                broken.push(source.at(token.line, format!("a {name} is made in {maker} only")));
            }
        }
    }
    broken
}

/// Whether `Name {` builds a value: not a declaration, an impl, a return type before a body, or a pattern.
fn is_literal(tokens: &[Token], name: usize) -> bool {
    let one_of = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|t| words.iter().any(|w| t.is(w)));
    let mut start = name;
    while start >= 2 && tokens[start - 1].is("::") {
        start -= 2;
    }
    let pattern = one_of(closing(tokens, name + 1) + 1, &["=", "=>", "|", "if", "in", "else"]);
    let plain = start.saturating_sub(1);
    let declared = one_of(plain, &["struct", "enum", "union", "trait", "impl", "for", "mod", "->"]);
    let lent = one_of(plain, &["&", "mut"]) || tokens[plain].kind == Kind::Lifetime;
    // `-> &'a mut Plan {` is a return type, `&Plan {` builds one.
    let returned = lent && (start.saturating_sub(4)..start).any(|at| one_of(at, &["->"]));
    start == 0 || !(pattern || declared || returned)
}

#[test]
fn vendor_words_stay_in_their_dialect() {
    let mut broken = Vec::new();
    for (file, text) in [files("src"), files("schema.sql"), files("Cargo.toml")].concat() {
        if file.starts_with("src/dialect/") || file == "src/lib.rs" {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for word in VENDOR_WORDS.iter().filter(|w| line.to_lowercase().contains(**w)) {
                broken.push(format!("{file}:{}: '{word}' belongs to its dialect", number + 1));
            }
        }
    }
    none("Vendor words stay in their dialect.", broken);
}

// --- form ------------------------------------------------------------------------------------------------------------

#[test]
fn every_file_opens_with_what_lives_there() {
    let mut broken = Vec::new();
    for (file, text) in [files("src"), files("tests/it"), files("static")].concat() {
        let first = text.lines().next().unwrap_or_default();
        let opened = match file.rsplit_once('.').map(|(_, end)| end) {
            Some("rs") => first.starts_with("//!"),
            Some("js") => first.starts_with("//") || first.starts_with("/*"),
            _ => true,
        };
        if !opened {
            broken.push(format!("{file}:1: opens with a comment that says what lives here and what does not"));
        }
    }
    none("Every file opens with what lives there.", broken);
}

#[test]
fn modules_have_telling_names() {
    let unnamed = |source: &Source| {
        let declared = source.tokens.windows(2).filter(|w| w[0].is("mod")).map(|w| (w[1].text.as_str(), w[1].line));
        let own = source.module.iter().map(|m| (m.as_str(), 1));
        let bad = own.chain(declared).filter(|(name, _)| FORBIDDEN_MODULES.contains(name));
        bad.map(|(name, line)| source.at(line, format!("'{name}' names nothing: say what lives there"))).collect()
    };
    none("A module's name says what lives there.", every(unnamed));
}

#[test]
fn nothing_in_src_may_panic() {
    none("No unwrap, expect, panic or unsafe outside tests and main.", every(panics));
}

fn panics(source: &Source) -> Vec<String> {
    if source.file == "main.rs" {
        return Vec::new();
    }
    let mut broken = Vec::new();
    for (at, token) in source.program().filter(|(_, t)| t.kind == Kind::Word) {
        let method = at > 0 && source.tokens[at - 1].is(".");
        let first_is_text = source.tokens.get(at + 2).is_some_and(|t| t.kind == Kind::Text);
        let bad = match token.text.as_str() {
            "unwrap" => method && source.next_is(at, &["(", ")"]),
            "expect" => method && source.next_is(at, &["("]) && first_is_text, // a parser's own expect(Token) is none
            "panic" | "todo" | "unimplemented" => source.next_is(at, &["!"]),
            "unsafe" => true,
            _ => false,
        };
        if bad {
            broken.push(source.at(token.line, format!("{} does not stand outside tests and main.rs", token.text)));
        }
    }
    broken
}

#[test]
fn nothing_is_left_unfinished() {
    let mut broken = Vec::new();
    for (file, text) in [files("src"), files("static"), files("tests")].concat() {
        if ["json", "csv", "http"].iter().any(|end| file.ends_with(end)) {
            continue; // data may hold any word
        }
        for (number, line) in text.lines().enumerate() {
            let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            for word in words.filter(|w| UNFINISHED.contains(w)) {
                broken.push(format!("{file}:{}: {word}: finish it, or file it", number + 1));
            }
        }
    }
    none("Nothing is left unfinished.", broken);
}

#[test]
fn tests_neither_sleep_nor_skip() {
    let mut broken = Vec::new();
    for (file, text) in files("tests/it") {
        let source = Source::new(&file, &text);
        for (at, token) in source.tokens.iter().enumerate() {
            if token.is("#") && source.next_is(at, &["[", "ignore"]) {
                broken.push(format!("{file}:{}: a test is never skipped", token.line));
            }
            if token.is("sleep") && source.next_is(at, &["("]) {
                broken.push(format!("{file}:{}: a test waits for its condition, it does not sleep", token.line));
            }
        }
    }
    none("Tests neither sleep nor skip.", broken);
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    let places = ["src", "tests", "static", ".ci", "README.md", "Cargo.toml", "Cargo.lock", "schema.sql", "build.rs"];
    let all: Vec<(String, String)> = places.iter().filter(|p| root().join(p).exists()).flat_map(|p| files(p)).collect();
    let mut broken = Vec::new();
    for (file, text) in all {
        for (number, line) in text.lines().enumerate() {
            let at = format!("{file}:{}", number + 1);
            if let Some(path) = machine_path(line) {
                broken.push(format!("{at}: names a machine's path ({path})"));
            }
            if let Some(host) = REGISTRY_HOSTS.iter().find(|h| line.contains(**h)) {
                broken.push(format!("{at}: names a registry's host ({host})"));
            }
            if file == "Cargo.lock" && line.starts_with("source =") && !line.contains(CARGO_INDEX) {
                broken.push(format!("{at}: the lock names a source of its own: {line}"));
            }
            if file.ends_with("package-lock.json") && line.contains("\"resolved\": \"http") {
                let cure = "npm install --omit-lockfile-registry-resolved";
                broken.push(format!("{at}: the lock names a registry; make it with {cure}"));
            }
        }
    }
    none("No committed file names a machine's path or a registry's host.", broken);
}

/// A path of somebody's machine in a line; `../work/x` and addresses such as `example.com/home/a` are none.
fn machine_path(line: &str) -> Option<&str> {
    MACHINE_PATHS.iter().copied().find(|path| {
        line.match_indices(path).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let joined = before.is_some_and(|c| c.is_alphanumeric() || "._-}/$>".contains(c));
            let person = line[at + path.len()..].starts_with(|c: char| c.is_ascii_lowercase());
            !joined && (person || !path.starts_with(MACHINE_PATHS[2]))
        })
    })
}

/// Long files and functions want to become two; this list is read, it fails nothing.
#[test]
fn long_files_and_functions_are_listed() {
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            eprintln!("long: src/{}: {lines} lines", source.file);
        }
        for (name, line, length) in functions(&source).into_iter().filter(|f| f.2 > FUNCTION_LINES_MAX) {
            eprintln!("long: src/{}:{line}: fn {name}, {length} lines", source.file);
        }
    }
}

fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (at, word) in source.program().filter(|(_, t)| t.is("fn")) {
        let Some(name) = source.tokens.get(at + 1).filter(|t| t.kind == Kind::Word) else {
            continue;
        };
        let mut depth = 0;
        let body = source.tokens.iter().enumerate().skip(at).find(|(_, t)| {
            depth += i32::from(t.is("(") || t.is("[")) - i32::from(t.is(")") || t.is("]"));
            t.is("{") || (t.is(";") && depth == 0)
        });
        if let Some((open, _)) = body.filter(|(_, t)| t.is("{")) {
            let end = source.tokens[closing(&source.tokens, open)].line;
            found.push((name.text.clone(), word.line, end - word.line + 1));
        }
    }
    found
}
