//! Reads and runs transcripts, `tests/http/**/*.http`: plain conversations of requests and the answers that must come.
//! It knows nothing of the server: the caller hands in a function that answers. `UPDATE=1` writes what came into the file.
//!
//! ```text
//! # what this file proves (comments stand at the top, or between a sentence and its request)
//! ### a record is made and read back
//! POST /api/apps/crm/schemas/people/records
//! As: owner
//!
//! {"name": "Ann"}
//!
//! 201 includes
//! Location: {{place=*}}
//! !Set-Cookie
//!
//! {"id": "{{id=*}}", "name": "Ann"}
//! ```
//!
//! The request's body ends at the first line that is three digits, alone or with ` includes`. Without `includes` the body
//! must be equal as JSON (an `ordered` line before it: equal in order and spelling too) or as text; with it, objects may
//! hold more. `{{*}}` matches anything, `{{name=*}}` keeps it, `{{name}}` stands for what was kept; in a header both stop
//! at `;`. A header's `*` means present, `!Name` absent. No body expected means no body may come.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test may fall")]

mod self_test;
mod show;

use serde_json::Value;
use show::{aligned, difference, indented, pretty, rewritten};
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Runs every exchange of the file in order; panics with all that differ.
pub fn run(path: &Path, answer: &mut dyn FnMut(&Ask) -> Reply) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display().to_string();
    let (failures, written) = play(&name, &text, answer);
    if failures.is_empty() {
        return;
    }
    if std::env::var_os("UPDATE").is_some_and(|v| v == "1") {
        std::fs::write(path, written).unwrap_or_else(|e| panic!("{name}: {e}"));
        eprintln!("{name}: {} expectation(s) rewritten, read them before you keep them", failures.len());
        return;
    }
    panic!("\n{}\n{} exchange(s) of {name} went otherwise (UPDATE=1 writes what came)", failures.join("\n"), failures.len());
}

/// One exchange; `status` and `end` are indexes of lines.
struct Exchange<'t> {
    sentence: &'t str,
    ask: Ask,
    status: usize,
    status_line: &'t str,
    includes: bool,
    headers: Vec<&'t str>,
    body: Vec<&'t str>,
    /// Whether an empty line stands before the expected body.
    apart: bool,
    end: usize,
}

type Kept = BTreeMap<String, Value>;

/// What went otherwise, a text for each, and the file as `UPDATE=1` would write it.
fn play(name: &str, text: &str, answer: &mut dyn FnMut(&Ask) -> Reply) -> (Vec<String>, String) {
    let lines: Vec<&str> = text.lines().collect();
    let mut kept = Kept::new();
    let (mut failures, mut written, mut copied) = (Vec::new(), Vec::new(), 0);
    for exchange in parse(name, &lines) {
        let ask = exchange.ask.filled(&kept);
        let reply = answer(&ask);
        let problems = compare(&exchange, &reply, &mut kept);
        if problems.is_empty() {
            continue;
        }
        let place = format!("{name}:{}: {}", exchange.status + 1, exchange.sentence);
        failures.push(format!("{place}\n  {} {}\n{}", ask.method, ask.url, indented(&problems.join("\n"))));
        written.extend(lines[copied..exchange.status].iter().map(|l| l.to_string()));
        written.extend(rewritten(&exchange, &reply, &kept));
        copied = exchange.end;
    }
    written.extend(lines[copied..].iter().map(|l| l.to_string()));
    (failures, written.join("\n") + "\n")
}

// --- reading ---------------------------------------------------------------------------------------------------------

fn parse<'t>(name: &str, lines: &[&'t str]) -> Vec<Exchange<'t>> {
    let starts: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].starts_with("###")).collect();
    let first = starts.first().copied().unwrap_or(lines.len());
    if let Some(at) = (0..first).find(|&i| !lines[i].trim().is_empty() && !lines[i].starts_with('#')) {
        panic!("{name}:{}: before the first ### only comments may stand", at + 1);
    }
    assert!(!starts.is_empty(), "{name}: holds no exchange (### sentence)");
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).map(|(&start, end)| exchange(name, lines, start, end)).collect()
}

fn exchange<'t>(name: &str, lines: &[&'t str], start: usize, end: usize) -> Exchange<'t> {
    let at = (start + 1..end).find(|&i| !lines[i].trim().is_empty() && !lines[i].starts_with("# "));
    let at = at.unwrap_or_else(|| panic!("{name}:{}: no request follows", start + 1));
    let (method, url) = lines[at].split_once(' ').unwrap_or_else(|| panic!("{name}:{}: not 'METHOD /path'", at + 1));
    let status = (at + 1..end).find(|&i| is_status(lines[i]));
    let status = status.unwrap_or_else(|| panic!("{name}:{}: no status line follows", start + 1));
    let blank = (at + 1..status).find(|&i| lines[i].trim().is_empty()).unwrap_or(status);
    let headers = lines[at + 1..blank].iter().map(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        (name.trim().to_string(), value.trim().to_string())
    });
    let ask = Ask {
        method: method.to_string(),
        url: url.trim().to_string(),
        headers: headers.collect(),
        body: trimmed(&lines[blank..status]).join("\n").into_bytes(),
    };
    let wanted: Vec<&str> = lines[status + 1..end].iter().copied().take_while(|l| is_header(l)).collect();
    let body_at = status + 1 + wanted.len();
    Exchange {
        sentence: lines[start].trim_start_matches('#').trim(),
        ask,
        status,
        status_line: lines[status],
        includes: lines[status].ends_with("includes"),
        headers: wanted,
        body: trimmed(&lines[body_at..end]).to_vec(),
        apart: lines.get(body_at).is_some_and(|l| l.trim().is_empty()),
        end,
    }
}

fn is_status(line: &str) -> bool {
    let digits = line.strip_suffix(" includes").unwrap_or(line);
    digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_header(line: &str) -> bool {
    let token = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match line.strip_prefix('!') {
        Some(name) => token(name),
        None => line.split_once(": ").is_some_and(|(name, _)| token(name)),
    }
}

/// Without the empty lines at both ends.
fn trimmed<'a, 't>(mut lines: &'a [&'t str]) -> &'a [&'t str] {
    while let [first, rest @ ..] = lines
        && first.trim().is_empty()
    {
        lines = rest;
    }
    while let [rest @ .., last] = lines
        && last.trim().is_empty()
    {
        lines = rest;
    }
    lines
}

impl Ask {
    fn filled(&self, kept: &Kept) -> Ask {
        Ask {
            method: self.method.clone(),
            url: filled(&self.url, kept),
            headers: self.headers.iter().map(|(name, value)| (name.clone(), filled(value, kept))).collect(),
            body: filled(&String::from_utf8_lossy(&self.body), kept).into_bytes(),
        }
    }
}

/// The text with every `{{name}}` that was kept put in.
fn filled(text: &str, kept: &Kept) -> String {
    kept.iter().fold(text.to_string(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), &plain(value)))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

// --- comparing -------------------------------------------------------------------------------------------------------

fn compare(exchange: &Exchange, reply: &Reply, kept: &mut Kept) -> Vec<String> {
    let mut problems = Vec::new();
    let status = exchange.code();
    if status != reply.status {
        problems.push(format!("- status {status}\n+ status {}", reply.status));
    }
    for line in &exchange.headers {
        problems.extend(header(line, reply, kept));
    }
    if let Some(difference) = body(exchange, reply, kept) {
        problems.push(difference);
    }
    problems
}

impl Exchange<'_> {
    fn code(&self) -> u16 {
        let digits = self.status_line.get(..3).unwrap_or_default();
        digits.parse().unwrap_or_default()
    }

    /// The expected body, and whether its order and spelling count.
    fn wanted(&self) -> (bool, String) {
        match self.body.split_first() {
            Some((&"ordered", rest)) => (true, rest.join("\n")),
            _ => (false, self.body.join("\n")),
        }
    }
}

fn values<'r>(reply: &'r Reply, name: &str) -> Vec<&'r str> {
    reply.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
}

fn header(line: &str, reply: &Reply, kept: &mut Kept) -> Option<String> {
    if let Some(name) = line.strip_prefix('!') {
        return values(reply, name).first().map(|v| format!("- no header {name}\n+ {name}: {v}"));
    }
    let (name, wanted) = line.split_once(':').map(|(n, v)| (n, v.trim()))?;
    let came = values(reply, name);
    let fits = |v: &&str| wanted == "*" || matches(&filled(wanted, kept), v, Some(';'), &mut Kept::new());
    if let Some(value) = came.iter().find(|v| fits(v)) {
        matches(&filled(wanted, kept), value, Some(';'), kept);
        return None;
    }
    let shown = if came.is_empty() { "(absent)".to_string() } else { came.join(&format!("\n+ {name}: ")) };
    Some(format!("- {name}: {wanted}\n+ {name}: {shown}"))
}

fn body(exchange: &Exchange, reply: &Reply, kept: &mut Kept) -> Option<String> {
    let (ordered, wanted) = exchange.wanted();
    let came = String::from_utf8_lossy(&reply.body).replace("\r\n", "\n");
    if wanted.is_empty() && (exchange.includes || came.trim().is_empty()) {
        return None;
    }
    if ordered {
        let (wanted, came) = (compact(&filled(&wanted, kept)), compact(&came));
        return (!matches(&wanted, &came, None, kept)).then(|| format!("- {wanted}\n+ {came}"));
    }
    if let (Some(wanted), Ok(got)) = (json(&wanted, kept), serde_json::from_str::<Value>(&came)) {
        if agrees(&wanted, &got, exchange.includes, kept) {
            return None;
        }
        let (wanted, got) = aligned(&wanted, &got, exchange.includes, kept);
        return Some(difference(&pretty(&wanted), &pretty(&got)));
    }
    let wanted = filled(&wanted, kept);
    let came = came.trim_end();
    let fits = matches(&wanted, came, None, kept) || (exchange.includes && came.contains(&wanted));
    (!fits).then(|| difference(&wanted, came))
}

/// The expected body as JSON: as it stands, or once `{{name}}` outside strings is put in.
fn json(text: &str, kept: &Kept) -> Option<Value> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&filled(text, kept))).ok()
}

/// Whether the value that came is the one expected; keeps what it is told to keep, also of a value that differs elsewhere.
fn agrees(wanted: &Value, got: &Value, includes: bool, kept: &mut Kept) -> bool {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            let mut same = includes || wanted.len() == got.len();
            for (key, value) in wanted {
                same &= got.get(key).is_some_and(|got| agrees(value, got, includes, kept));
            }
            same
        }
        (Value::Array(wanted), Value::Array(got)) => {
            let mut same = wanted.len() == got.len();
            for (wanted, got) in wanted.iter().zip(got) {
                same &= agrees(wanted, got, includes, kept);
            }
            same
        }
        (Value::String(text), got) => match placeholder(text) {
            Some("*") => true,
            Some(name) if name.ends_with("=*") => {
                kept.insert(name.trim_end_matches("=*").to_string(), got.clone());
                true
            }
            Some(name) if kept.contains_key(name) => kept.get(name) == Some(got),
            _ => got.as_str().is_some_and(|got| matches(&filled(text, kept), got, None, kept)),
        },
        _ => wanted == got,
    }
}

/// The inside of a text that is one `{{..}}` and nothing else.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("{{")?.strip_suffix("}}").filter(|inside| !inside.contains("{{"))
}

/// Whether the text fits a pattern with `{{*}}` and `{{name=*}}` in it; neither runs over `stop`.
fn matches(pattern: &str, text: &str, stop: Option<char>, kept: &mut Kept) -> bool {
    let hole = pattern.match_indices("{{").find_map(|(open, _)| {
        let close = open + pattern[open..].find("}}")?;
        let inside = &pattern[open + 2..close];
        inside.ends_with('*').then_some((open, close + 2, inside))
    });
    let Some((open, close, inside)) = hole else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(&pattern[..open]) else {
        return false;
    };
    let limit = stop.and_then(|c| rest.find(c)).unwrap_or(rest.len());
    let ends = rest.char_indices().map(|(i, _)| i).chain([rest.len()]).filter(|i| *i <= limit);
    for end in ends {
        if matches(&pattern[close..], &rest[end..], stop, kept) {
            if let Some(name) = inside.strip_suffix("=*") {
                kept.insert(name.to_string(), Value::String(rest[..end].to_string()));
            }
            return true;
        }
    }
    false
}

/// JSON text without the blanks between its parts; unlike parsing, this keeps how a number is spelled.
fn compact(text: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |c: &char| {
        let kept = inside || !c.is_ascii_whitespace();
        inside ^= *c == '"' && !escaped;
        escaped = inside && *c == '\\' && !escaped;
        kept
    };
    text.chars().filter(keep).collect()
}
