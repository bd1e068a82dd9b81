//! Every route has a transcript and stands in its dialect's header: route tables and request lines, read as text.

use super::scan::{Kind, closing};
use super::{Source, files, none, sources};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq)]
struct Row {
    method: String,
    pattern: String,
    line: usize,
}

#[test]
fn every_route_has_a_transcript_and_stands_in_its_header() {
    let faces: Vec<Source> = sources().into_iter().filter(|s| s.file.starts_with("dialect/")).collect();
    let tables: Vec<(&Source, Vec<Row>)> = faces.iter().map(|s| (s, rows(s))).filter(|(_, r)| !r.is_empty()).collect();
    assert!(tables.iter().any(|(s, _)| s.file == "dialect/house/mod.rs"), "no routes were found in src/dialect/house/mod.rs");
    let asked: Vec<(String, String)> = files("tests/http").iter().flat_map(|(_, text)| requests(text)).collect();
    let mut broken = Vec::new();
    for (source, table) in &tables {
        let proven = proven(table, &asked);
        let header: String = source.text.lines().take_while(|l| l.starts_with("//!")).collect();
        for row in table {
            let name = format!("{} {}", row.method, row.pattern);
            if !proven.contains(&(row.method.clone(), row.pattern.clone())) {
                broken.push(source.at(row.line, format!("{name} has no transcript under tests/http")));
            }
            if !names(&header, &row.pattern) {
                broken.push(source.at(row.line, format!("{name} is not in the header of this file")));
            }
        }
    }
    none("Every route has a transcript and stands in its dialect's header.", broken);
}

/// The header names a pattern where it stands as a whole, not as the beginning of a longer one.
fn names(header: &str, pattern: &str) -> bool {
    header.match_indices(pattern).any(|(at, _)| {
        let after = header[at + pattern.len()..].chars().next();
        !after.is_some_and(|c| c.is_alphanumeric() || "/_-{".contains(c)) || after == Some('/') && pattern.ends_with('/')
    })
}

/// Rows of a route table: `get("/x", ..)` and its fellows, or `Route { method: "GET", pattern: "/x", .. }`.
fn rows(source: &Source) -> Vec<Row> {
    let text = |at: usize| source.tokens.get(at).filter(|t| t.kind == Kind::Text);
    let mut found = Vec::new();
    for (at, token) in source.program().filter(|(_, t)| t.kind == Kind::Word) {
        let verb = ["get", "post", "put", "patch", "delete", "head"].contains(&token.text.as_str());
        let call = verb && source.next_is(at, &["("]) && !(at > 0 && source.tokens[at - 1].is("."));
        if let Some(pattern) = text(at + 2).filter(|t| call && t.text.starts_with('/')) {
            found.push(Row { method: token.text.to_uppercase(), pattern: pattern.text.clone(), line: pattern.line });
        }
        if token.is("Route") && source.next_is(at, &["{"]) {
            let end = closing(&source.tokens, at + 1);
            let value = |key: &str| {
                let at = (at..end).find(|&i| source.tokens[i].is(key) && source.next_is(i, &[":"]))?;
                text(at + 2)
            };
            if let (Some(method), Some(pattern)) = (value("method"), value("pattern")) {
                found.push(Row { method: method.text.clone(), pattern: pattern.text.clone(), line: pattern.line });
            }
        }
    }
    found
}

/// The request lines of a transcript: the first line after each `###` that is neither empty nor a comment.
fn requests(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while lines.any(|l| l.starts_with("###")) {
        let line = lines.by_ref().find(|l| !l.trim().is_empty() && !l.starts_with("# ")).unwrap_or_default();
        if let Some((method, url)) = line.split_once(' ') {
            found.push((method.to_string(), url.trim().to_string()));
        }
    }
    found
}

/// The routes that the requests reach: for each request the most literal row that matches, as the router would choose.
fn proven(table: &[Row], asked: &[(String, String)]) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (method, url) in asked {
        let matching = table.iter().filter(|r| r.method == *method);
        let best = matching.filter_map(|r| Some((fit(&r.pattern, url)?, r))).max_by(|a, b| a.0.cmp(&b.0));
        found.extend(best.map(|(_, r)| (r.method.clone(), r.pattern.clone())));
    }
    found
}

/// How a path fits a pattern, segment by segment: true for a literal, so that the greatest is the most literal.
fn fit(pattern: &str, url: &str) -> Option<Vec<bool>> {
    let split = |path: &str| -> Vec<String> {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut parts: Vec<String> = path.split('/').skip(1).map(str::to_string).collect();
        if parts.first().is_some_and(|p| p == "v1") {
            parts[0] = "api".into();
        }
        parts
    };
    let (wanted, given) = (split(pattern), split(url));
    let rest = wanted.last().is_some_and(|w| w.ends_with("*}") || w.ends_with("..}"));
    if wanted.len() != given.len() && !(rest && given.len() >= wanted.len()) {
        return None;
    }
    wanted
        .iter()
        .zip(&given)
        .map(|(w, g)| if w.starts_with('{') { (!g.is_empty()).then_some(false) } else { (w == g).then_some(true) })
        .collect()
}

#[test]
fn a_route_is_proven_by_the_request_that_reaches_it() {
    let source = Source::new(
        "dialect/house/mod.rs",
        "const R: &[Route] = &[get(\"/api/apps/{app}\", Pool::Reads, f), Route { method: \"GET\", pattern: \"/api/apps/new\" }, post(\"/api/apps\", g)]; map.get(\"x\")",
    );
    let table = rows(&source);
    assert_eq!(table.len(), 3);
    let asked = requests("# a\n### one\nGET /v1/apps/new/?a=/b\nAs: owner\n\n200\n\n### two\n\nPOST /api/apps/x\n");
    assert_eq!(asked.len(), 2);
    assert_eq!(proven(&table, &asked), [("GET".to_string(), "/api/apps/new".to_string())].into());
    assert_eq!(fit("/_/a/{rest*}", "/_/a/b/c"), Some(vec![true, true, false]));
    assert!(fit("/api/apps/{app}", "/api/apps/").is_none());
    assert!(names("GET /api/apps, POST", "/api/apps") && !names("/api/apps/{app}", "/api/apps"));
}
