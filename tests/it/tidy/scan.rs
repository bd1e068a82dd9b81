//! Reads Rust source for the house rules: tokens (comments gone, strings kept whole), which of them are test code, and
//! every path a file names, resolved to the crate's root. It does not know the rules (`mod.rs`), and it is no compiler:
//! macros are read as written, globs are taken at their word.

use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Word,
    Text,
    Number,
    Char,
    Lifetime,
    Mark,
}

#[derive(Clone, Debug)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    pub line: usize,
    pub test: bool,
}

impl Token {
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Mark) && self.text == text
    }
}

/// A path as the file names it. `inside` paths start at the crate's root, others at a foreign crate or a local name.
#[derive(Debug)]
pub struct Path {
    pub segments: Vec<String>,
    pub inside: bool,
    pub line: usize,
    pub test: bool,
}

/// Marks that must stay in one piece, longest first.
const MARKS: &[&str] = &["..=", "...", "::", "->", "=>", "==", "!=", "<=", ">=", "..", "&&", "||"];

pub fn tokens(source: &str) -> Vec<Token> {
    let bytes: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&c) = bytes.get(at) {
        let start = at;
        let kind = if c.is_whitespace() {
            at += 1;
            None
        } else if ahead(&bytes, at, "//") {
            at = (at..bytes.len()).find(|&i| bytes[i] == '\n').unwrap_or(bytes.len());
            None
        } else if ahead(&bytes, at, "/*") {
            at = after_block_comment(&bytes, at);
            None
        } else if let Some((body, end)) = string(&bytes, at) {
            at = end;
            found.push(Token { kind: Kind::Text, text: body, line, test: false });
            None
        } else if c == '\'' || (c == 'b' && bytes.get(at + 1) == Some(&'\'')) {
            let quote = if c == 'b' { at + 1 } else { at };
            let (kind, end) = char_or_lifetime(&bytes, quote);
            at = end;
            Some(kind)
        } else if c.is_alphabetic() || c == '_' {
            at = word_end(&bytes, at);
            Some(Kind::Word)
        } else if c.is_ascii_digit() {
            at = number_end(&bytes, at);
            Some(Kind::Number)
        } else {
            at += MARKS.iter().find(|m| ahead(&bytes, at, m)).map_or(1, |m| m.len());
            Some(Kind::Mark)
        };
        if let Some(kind) = kind {
            let text = bytes[start..at].iter().collect();
            found.push(Token { kind, text, line, test: false });
        }
        line += bytes[start..at].iter().filter(|c| **c == '\n').count();
    }
    mark_tests(&mut found);
    found
}

fn ahead(bytes: &[char], at: usize, text: &str) -> bool {
    text.chars().enumerate().all(|(i, c)| bytes.get(at + i) == Some(&c))
}

fn after_block_comment(bytes: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if ahead(bytes, at, "/*") {
            depth += 1;
            at += 2;
        } else if ahead(bytes, at, "*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The content and the end of a string that begins here: plain, raw, byte or C.
fn string(bytes: &[char], at: usize) -> Option<(String, usize)> {
    let prefix = ["br", "cr", "b", "c", "r", ""].iter().find(|p| {
        let next = bytes.get(at + p.len());
        ahead(bytes, at, p) && (next == Some(&'"') || (p.ends_with('r') && next == Some(&'#')))
    })?;
    let mut open = at + prefix.len();
    let raw = prefix.ends_with('r');
    let hashes = if raw { bytes[open..].iter().take_while(|c| **c == '#').count() } else { 0 };
    open += hashes;
    if bytes.get(open) != Some(&'"') {
        return None; // a raw identifier, r#type
    }
    let close: String = std::iter::once('"').chain("#".repeat(hashes).chars()).collect();
    let mut end = open + 1;
    while end < bytes.len() && !ahead(bytes, end, &close) {
        end += if !raw && bytes[end] == '\\' { 2 } else { 1 };
    }
    let body = bytes[open + 1..end.min(bytes.len())].iter().collect();
    Some((body, (end + close.len()).min(bytes.len())))
}

fn char_or_lifetime(bytes: &[char], quote: usize) -> (Kind, usize) {
    if bytes.get(quote + 1) == Some(&'\\') {
        let end = (quote + 3..bytes.len()).find(|&i| bytes[i] == '\'').unwrap_or(bytes.len() - 1);
        (Kind::Char, end + 1)
    } else if bytes.get(quote + 2) == Some(&'\'') {
        (Kind::Char, quote + 3)
    } else {
        (Kind::Lifetime, word_end(bytes, quote + 1))
    }
}

fn word_end(bytes: &[char], at: usize) -> usize {
    (at..bytes.len()).find(|&i| !(bytes[i].is_alphanumeric() || bytes[i] == '_')).unwrap_or(bytes.len())
}

fn number_end(bytes: &[char], at: usize) -> usize {
    let mut end = word_end(bytes, at);
    if bytes.get(end) == Some(&'.') && bytes.get(end + 1).is_some_and(char::is_ascii_digit) {
        end = word_end(bytes, end + 1);
    }
    end
}

/// What follows `#[cfg(test)]` or `#[test]`, to the end of that item, is test code.
fn mark_tests(tokens: &mut [Token]) {
    let starts = |at: usize, words: &[&str]| words.iter().enumerate().all(|(i, w)| tokens.get(at + i).is_some_and(|t| t.is(w)));
    let mut ranges = Vec::new();
    for at in 0..tokens.len() {
        if starts(at, &["#", "[", "cfg", "(", "test", ")", "]"]) || starts(at, &["#", "[", "test", "]"]) {
            ranges.push(at..item_end(tokens, at));
        }
    }
    for range in ranges {
        tokens[range].iter_mut().for_each(|t| t.test = true);
    }
}

/// The end of the item that begins here: its `;` or its outermost closing brace.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            _ if token.kind != Kind::Mark => {}
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// The index of the brace, bracket or parenthesis that closes the one at `open`.
pub fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.kind == Kind::Mark {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len().saturating_sub(1)
}

/// `store/tables/apps.rs` is the module `[store, tables, apps]`, `store/mod.rs` is `[store]`, `lib.rs` is `[]`.
pub fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    let mut module: Vec<String> = stem.split('/').map(str::to_string).collect();
    if module.last().is_some_and(|m| m == "mod" || m == "lib" || m == "main") {
        module.pop();
    }
    module
}

/// Every path named in the file: each leaf of its `use` trees and each inline `a::b`.
pub fn paths(tokens: &[Token], module: &[String]) -> Vec<Path> {
    let mut found = Vec::new();
    let mut inner: Vec<(String, usize)> = Vec::new();
    let (mut at, mut depth) = (0, 0);
    while let Some(token) = tokens.get(at) {
        let here = || module.iter().cloned().chain(inner.iter().map(|(name, _)| name.clone())).collect::<Vec<_>>();
        if token.is("{") {
            depth += 1;
            if at >= 2 && tokens[at - 2].is("mod") {
                inner.push((tokens[at - 1].text.clone(), depth));
            }
        } else if token.is("}") {
            if inner.last().is_some_and(|(_, d)| *d == depth) {
                inner.pop();
            }
            depth -= 1;
        } else if token.is("use") && !tokens.get(at + 1).is_some_and(|t| t.is("<")) {
            let mut leaves = Vec::new();
            at = use_tree(tokens, at + 1, &[], &mut leaves);
            found.extend(leaves.into_iter().map(|(segments, at)| resolve(segments, &tokens[at], &here())));
            continue;
        } else if token.kind == Kind::Word && !(at > 0 && tokens[at - 1].is("::")) {
            let mut segments = vec![token.text.clone()];
            let mut next = at + 1;
            while next + 1 < tokens.len() && tokens[next].is("::") && tokens[next + 1].kind == Kind::Word {
                segments.push(tokens[next + 1].text.clone());
                next += 2;
            }
            if segments.len() > 1 {
                found.push(resolve(segments, token, &here()));
                at = next;
                continue;
            }
        }
        at += 1;
    }
    found
}

/// Names that `use` or `mod` bind to something of this crate, so that `csv::rows` may be ours and not the crate `csv`.
pub fn bound_here(tokens: &[Token], module: &[String]) -> BTreeSet<String> {
    let ours = paths(tokens, module).into_iter().filter(|p| p.inside).filter_map(|p| p.segments.last().cloned());
    let declared = tokens.windows(2).filter(|w| w[0].is("mod")).map(|w| w[1].text.clone());
    ours.chain(declared).collect()
}

/// Walks one use tree from `at`, adds its leaves (with the index of their last token), returns where it ends.
fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], leaves: &mut Vec<(Vec<String>, usize)>) -> usize {
    let mut path = prefix.to_vec();
    while let Some(token) = tokens.get(at) {
        if token.is("{") {
            let end = closing(tokens, at);
            at += 1;
            while at < end {
                let next = use_tree(tokens, at, &path, leaves);
                let stuck = next == at || tokens.get(next).is_some_and(|t| t.is(","));
                at = next + usize::from(stuck);
            }
            return end + 1;
        } else if token.is(",") || token.is(";") || token.is("}") {
            break;
        } else if token.is("as") {
            at += 1; // the new name is no part of the path
        } else if token.kind == Kind::Word || token.is("*") {
            path.push(token.text.clone());
        }
        at += 1;
    }
    if path.len() > prefix.len() {
        leaves.push((path, at.saturating_sub(1)));
    }
    at
}

fn resolve(mut segments: Vec<String>, token: &Token, here: &[String]) -> Path {
    if segments.len() > 1 && segments.last().is_some_and(|s| s == "self") {
        segments.pop();
    }
    let first = segments.first().cloned().unwrap_or_default();
    let inside = matches!(first.as_str(), "crate" | "self" | "super");
    if inside {
        let mut base = if first == "crate" { Vec::new() } else { here.to_vec() };
        let mut rest = segments.into_iter().skip(usize::from(first != "super")).peekable();
        while rest.next_if(|s| s == "super").is_some() {
            base.pop();
        }
        segments = base.into_iter().chain(rest).collect();
    }
    Path { segments, inside, line: token.line, test: token.test }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths of a file as `a::b`, with `/` before those that start at the crate's root.
    fn named(file: &str, source: &str) -> Vec<String> {
        let tokens = tokens(source);
        paths(&tokens, &module_of(file)).iter().map(|p| format!("{}{}", if p.inside { "/" } else { "" }, p.segments.join("::"))).collect()
    }

    #[test]
    fn a_use_tree_is_read_to_its_leaves() {
        let source = "use crate::{model::{self, error::Error as E, plan::*}, store};\nuse rouille::{Request, input::{json}};";
        let want = ["/model", "/model::error::Error", "/model::plan::*", "/store", "rouille::Request", "rouille::input::json"];
        assert_eq!(named("ops/apps.rs", source), want);
    }

    #[test]
    fn super_and_self_are_resolved_through_inner_modules() {
        let source = "use super::text; mod tests { use super::*; use super::super::url; fn f() { self::g(); } } fn h() { super::x::y() }";
        let want = ["/field::text", "/field::email::*", "/field::url", "/field::email::tests::g", "/field::x::y"];
        assert_eq!(named("field/email.rs", source), want);
        assert_eq!(named("field/mod.rs", "use self::text::Text;"), ["/field::text::Text"]);
    }

    #[test]
    fn inline_paths_are_found_and_comments_and_strings_are_not() {
        let source = r##"
            // crate::store::a
            /* crate::store /* nested */ ::b */
            fn f<'a>(x: &'a str) -> crate::model::Error { let c = '"'; let d = '\''; m!("crate::store::c", r#"crate::"store"#); <crate::wire::B>::new(); $crate::expr::p() }
        "##;
        assert_eq!(named("ops/x.rs", source), ["/model::Error", "/wire::B", "/expr::p"]);
    }

    #[test]
    fn numbers_ranges_and_raw_words_do_not_confuse_it() {
        let found: Vec<String> = tokens("1..2 1.5e3 0xff_u8 r#type b'x' x.0.y 'a' 'life").into_iter().map(|t| t.text).collect();
        assert_eq!(found, ["1", "..", "2", "1.5e3", "0xff_u8", "r", "#", "type", "b'x'", "x", ".", "0", ".", "y", "'a'", "'life"]);
    }

    #[test]
    fn test_code_is_told_from_the_rest() {
        let source = "fn a() {} #[cfg(test)] mod tests { fn b() {} } fn c() {} #[cfg(test)] use x::d; fn e() {}";
        let plain: Vec<String> =
            tokens(source).into_iter().filter(|t| !t.test && t.kind == Kind::Word && t.text.len() == 1).map(|t| t.text).collect();
        assert_eq!(plain, ["a", "c", "e"]);
    }

    #[test]
    fn lines_are_counted_through_strings_and_comments() {
        let found = tokens("\"a\nb\" /*\n*/ x");
        assert_eq!(found.last().map(|t| t.line), Some(3));
    }

    #[test]
    fn a_local_name_is_not_the_crate_of_that_name() {
        let bound = bound_here(&tokens("use crate::format::csv; mod jiff;"), &module_of("ops/transfer.rs"));
        assert!(bound.contains("csv") && bound.contains("jiff") && !bound.contains("clap"));
    }
}
