//! Strict JSON: no key twice, no number that would be rounded, no depth without end. What passes here lost nothing on the way in.

use super::error::{Error, Problem, Result};
use serde_json::value::RawValue;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Why a text is not taken, and the byte at which that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A number that JSON readers would not give back.
    Rounded(usize),
    Twice {
        key: String,
        position: usize,
    },
    TooDeep(usize),
    NoJson {
        why: String,
        position: usize,
    },
}

/// Reads a whole body. The refusal tells the byte.
pub fn parse(body: &[u8], depth_max: usize) -> Result<Value> {
    let text = std::str::from_utf8(body).map_err(|error| not_text(error.valid_up_to()))?;
    read(text, depth_max).map_err(|fault| refused(text, fault))
}

/// The elements of a JSON array, each read when it is asked for: as values, a long array would take many times its length in memory.
pub struct Elements {
    text: String,
    places: Vec<Range<usize>>,
}

impl Elements {
    /// Looks at the whole text as `parse` does; it must be an array.
    pub fn parse(body: Vec<u8>, depth_max: usize) -> Result<Self> {
        let text = String::from_utf8(body).map_err(|error| not_text(error.utf8_error().valid_up_to()))?;
        scan(&text, depth_max).map_err(|fault| refused(&text, fault))?;
        let raw: Vec<&RawValue> = serde_json::from_str(&text).map_err(|error| refused(&text, no_json(&text, &error)))?;
        let begin = text.as_ptr().addr();
        let place = |raw: &&RawValue| {
            let at = raw.get().as_ptr().addr() - begin;
            at..at + raw.get().len()
        };
        let places = raw.iter().map(place).collect();
        Ok(Self { text, places })
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The length of each element's text.
    pub fn lengths(&self) -> impl Iterator<Item = usize> {
        self.places.iter().map(Range::len)
    }

    /// The elements in order.
    pub fn values(&self) -> impl Iterator<Item = Result<Value>> {
        self.places.iter().map(|place| {
            let element = self.text.get(place.clone()).unwrap_or_default();
            // What no look at the whole has seen, such as half a character, is told at its place in the whole.
            serde_json::from_str(element).map_err(|error| match no_json(element, &error) {
                Fault::NoJson { why, position } => refused(&self.text, Fault::NoJson { why, position: place.start + position }),
                fault => refused(&self.text, fault),
            })
        })
    }
}

/// An object whose members are read when they are asked for, as the elements of a long array are.
pub struct Parts {
    text: String,
    places: HashMap<String, Range<usize>>,
}

impl Parts {
    /// Looks at the whole text as `parse` does; it must be an object.
    pub fn parse(body: Vec<u8>, depth_max: usize) -> Result<Self> {
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let value = parse(&body, depth_max)?;
            let message = format!("The body must be a JSON object, not {}", super::field::described(&value));
            return Err(Error::Malformed(Problem::new("malformed", message)));
        }
        let text = String::from_utf8(body).map_err(|error| not_text(error.utf8_error().valid_up_to()))?;
        scan(&text, depth_max).map_err(|fault| refused(&text, fault))?;
        let raw: HashMap<String, &RawValue> = serde_json::from_str(&text).map_err(|error| refused(&text, no_json(&text, &error)))?;
        let begin = text.as_ptr().addr();
        let place = |(key, raw): (String, &RawValue)| {
            let at = raw.get().as_ptr().addr() - begin;
            (key, at..at + raw.get().len())
        };
        let places = raw.into_iter().map(place).collect();
        Ok(Self { text, places })
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// The text of a member's value.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.places.get(key).and_then(|place| self.text.get(place.clone()))
    }

    /// A member's value.
    pub fn value(&self, key: &str) -> Result<Option<Value>> {
        let read = |text| serde_json::from_str(text).map_err(|error| refused(text, no_json(text, &error)));
        self.text(key).map(read).transpose()
    }
}

/// The members of an object as it is stored, each with its value as it is spelled: nothing is copied. Good JSON without blanks, whose keys have no escapes.
pub fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = object.strip_prefix('{').unwrap_or_default();
    std::iter::from_fn(move || {
        let (key, behind) = rest.strip_prefix('"')?.split_once("\":")?;
        let value = behind.get(..value_length(behind))?;
        rest = behind.get(value.len() + 1..).unwrap_or_default();
        Some((key, value))
    })
}

/// Bytes of the value that begins here.
fn value_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut open) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += text_length(bytes.get(at..).unwrap_or_default());
                continue;
            }
            b'{' | b'[' => open += 1,
            b',' | b'}' | b']' if open == 0 => break,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

fn malformed(message: &str, position: usize) -> Error {
    Error::Malformed(Problem::new("malformed", message).at(position))
}

fn not_text(position: usize) -> Error {
    malformed("The body is not UTF-8 text", position)
}

fn refused(text: &str, fault: Fault) -> Error {
    match fault {
        Fault::Rounded(position) => {
            malformed("A number in the body has more digits than JSON readers keep; a text field takes it as a text, in quotes", position)
        }
        Fault::Twice { key, position } => malformed(&format!("The body is no good JSON: the key '{key}' stands twice"), position),
        Fault::TooDeep(position) => malformed("The body is no good JSON: it is nested too deep", position),
        Fault::NoJson { why, position } => Error::Malformed(taught(text, &why, position)),
    }
}

/// What is wrong with a body that is no JSON, and what is commonly meant by such a one.
fn taught(text: &str, why: &str, position: usize) -> Problem {
    let rest = text.get(position..).unwrap_or_default();
    let word: String = text.trim_start().chars().take_while(|letter| !letter.is_whitespace()).take(30).collect();
    let begins_like_json = word.starts_with(['{', '[', '"', '-', '\'']) || word.starts_with(|first: char| first.is_ascii_digit());
    let is_literal = ["true", "false", "null"].iter().any(|literal| word.starts_with(literal));
    if text.starts_with('\u{feff}') {
        let message = "The body is no good JSON: it begins with a byte order mark";
        return Problem::new("malformed", message).at(0).hint("Save it as UTF-8 without a mark");
    }
    if !begins_like_json && !is_literal && !word.is_empty() {
        let what = if word.contains('=') { ", as forms do" } else { "" };
        let message = format!("The body must be JSON, but begins with {}{what}", super::name::quoted(&word));
        return Problem::new("malformed", message).at(0).hint("JSON begins with { or [: {\"name\": \"Ann\"}");
    }
    let (why, hint) = lesson(why, rest);
    let problem = Problem::new("malformed", format!("The body is no good JSON: {why}")).at(position);
    if hint.is_empty() { problem } else { problem.hint(hint) }
}

/// The parser's words in plain ones, and how to mend it; `rest` is what stands where it stopped.
fn lesson<'w>(why: &'w str, rest: &str) -> (&'w str, &'static str) {
    let is_name = rest.starts_with(|first: char| first.is_alphabetic() || first == '_');
    match why {
        _ if why.starts_with("EOF") => ("it ends too early", "A quote or a bracket is still open"),
        _ if rest.starts_with('\'') => (why, "JSON puts names and texts in double quotes"),
        "key must be a string" if is_name => (why, "Put the name in double quotes: {\"name\": \"Ann\"}"),
        "trailing comma" => ("a comma too many", "Take away the comma before the closing bracket"),
        "trailing characters" => ("something follows the value", "Several records go into one array: [{…}, {…}]"),
        "invalid number" => {
            ("a number is written otherwise", "Numbers are written 5, -5, 0.5 or 5e3; what else is made of digits is a text, in quotes")
        }
        "expected `:`" => (why, "Between a name and its value stands a colon: {\"name\": \"Ann\"}"),
        "expected value" | "expected ident" => {
            ("a value is expected", "A value is a text in double quotes, a number, true, false, null, [ ] or { }")
        }
        _ if why.starts_with("expected `,`") => (why, "Between two members stands a comma; a quote inside a text is written \\\""),
        "invalid escape" => (why, "A backslash inside a text is written \\\\"),
        _ if why.contains("hex escape") => ("half a character", "Characters beyond \\uffff are written as they are, or as two escapes"),
        _ if why.starts_with("control character") => ("a control character stands inside a text", "A line break is written \\n, a tab \\t"),
        _ => (why, ""),
    }
}

/// Reads one JSON value of at most so many levels.
pub fn read(text: &str, depth_max: usize) -> std::result::Result<Value, Fault> {
    // Before the parser, which would round, drop a key, or go down as deep as it is led.
    scan(text, depth_max)?;
    serde_json::from_str(text).map_err(|error| no_json(text, &error))
}

fn no_json(text: &str, error: &serde_json::Error) -> Fault {
    let why = error.to_string();
    let why = why.split(" at line ").next().unwrap_or_default().to_owned();
    Fault::NoJson { why, position: offset(text, error.line(), error.column()) }
}

/// Line and column (both from 1) as a byte offset.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

/// The keys of an object that is still open.
#[derive(Default)]
struct Members<'t> {
    known: HashSet<Cow<'t, str>>,
    /// Of the member that is being read; until it is there, the next text is a key.
    key: Option<Cow<'t, str>>,
}

impl Members<'_> {
    /// The end of a member.
    fn close(&mut self, position: usize) -> std::result::Result<(), Fault> {
        match self.key.take() {
            Some(key) if self.known.contains(&key) => Err(Fault::Twice { key: key.into_owned(), position }),
            Some(key) => {
                self.known.insert(key);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Looks for what the parser would pass over. Says nothing certain about a text that is no JSON: that is for the parser to tell.
fn scan(text: &str, depth_max: usize) -> std::result::Result<(), Fault> {
    let bytes = text.as_bytes();
    let mut open: Vec<Option<Members<'_>>> = Vec::new();
    let (mut at, mut rounded) = (0, None);
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let mut length = 1;
        match byte {
            b'"' => {
                length = text_length(rest);
                if let Some(Some(members)) = open.last_mut().filter(|members| members.as_ref().is_some_and(|members| members.key.is_none()))
                {
                    members.key = Some(content(text.get(at..at + length).unwrap_or_default()));
                }
            }
            b'{' | b'[' if open.len() == depth_max => return Err(Fault::TooDeep(at)),
            b'{' => open.push(Some(Members::default())),
            b'[' => open.push(None),
            b',' => open.last_mut().and_then(Option::as_mut).map_or(Ok(()), |members| members.close(at))?,
            b'}' | b']' => open.pop().flatten().map_or(Ok(()), |mut members| members.close(at))?,
            b'-' | b'0'..=b'9' => {
                length = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
                if rounded.is_none() && is_rounded(text.get(at..at + length).unwrap_or_default()) {
                    rounded = Some(at);
                }
            }
            _ => {}
        }
        at += length;
    }
    // Last, so that a key which is lost is told even where a number would be kept as a text.
    rounded.map_or(Ok(()), |at| Err(Fault::Rounded(at)))
}

/// Bytes of the text that begins here, its quotes included.
fn text_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A text without its quotes and escapes, so that `"a"` and `"\u0061"` are one key.
fn content(quoted: &str) -> Cow<'_, str> {
    let unescaped = if quoted.contains('\\') { serde_json::from_str(quoted).ok() } else { None };
    unescaped.map_or_else(|| Cow::Borrowed(quoted.trim_matches('"')), Cow::Owned)
}

/// True when the number that is read no longer has the digits that were written; a trace that becomes zero has none left.
pub fn is_rounded(number: &str) -> bool {
    let digits = |text: &str| {
        let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
        mantissa.trim_start_matches('-').replace('.', "").trim_matches('0').to_owned()
    };
    // Few digits near the point always survive; more, or far away, are compared with what would be written again.
    let small = number.len() <= 15 && !number.contains(['e', 'E']);
    if small || number.parse::<i64>().is_ok() {
        return false;
    }
    let Ok(read) = number.parse::<f64>() else { return false };
    Number::from_f64(read).is_none_or(|read| digits(&read.to_string()) != digits(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_would_lose_something_is_refused_at_its_byte() {
        let position = |text: &str| match parse(text.as_bytes(), 4) {
            Err(Error::Malformed(problem)) => problem.position,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            parse(br#"{"a": [1, -2.5, "x\"9999999999999999999999", true, null]}"#, 4),
            Ok(json!({"a": [1, -2.5, "x\"9999999999999999999999", true, null]}))
        );
        assert_eq!(parse(b"9007199254740993", 4), Ok(json!(9_007_199_254_740_993_i64)));
        assert_eq!(position(r#"{"a": 12345678901234567890123}"#), Some(6));
        assert_eq!(position("0.12345678901234567890"), Some(0));
        assert_eq!(position("[1, 1e-400]"), Some(4));
        assert_eq!(position("[[[[[1]]]]]"), Some(4));
        for bad in ["", "{", "{\"a\":1,\"a\":2}", "[1] 2", "1e999", "NaN", "'a'", "{\"a\":1,}", "\"a", "\"a\\", "[\"a\": 1]"] {
            assert!(position(bad).is_some(), "{bad}");
        }
        assert!(parse(b"\"\xff\"", 4).is_err());
    }

    #[test]
    fn elements_are_what_the_whole_would_be_and_are_refused_where_it_would_be() {
        for text in ["[]", " [ ] ", r#"[1, {"a": [2, "\u00e9,]"]} ,null,"x"]"#, "[[[1]], [2]]\n"] {
            let elements = Elements::parse(text.into(), 4).expect("good");
            let values: Result<Vec<Value>> = elements.values().collect();
            assert_eq!(values.map(Value::Array), parse(text.as_bytes(), 4), "{text}");
        }
        for text in ["[1,]", "[1 2]", "[1", r#"[1, {"a": 1, "a": 2}]"#, "[1, 1e999]", "[[[[[1]]]]]", "[1] 2", r#"["a", "\ud800"]"#] {
            let read = Elements::parse(text.into(), 4).and_then(|elements| elements.values().collect::<Result<Vec<Value>>>());
            assert_eq!(read.map(Value::Array), parse(text.as_bytes(), 4), "{text}");
        }
        for text in [&b"[\"\xff\"]"[..], b"[\"\t\"]", b"{}", b""] {
            assert!(Elements::parse(text.to_vec(), 4).is_err());
        }
    }

    #[test]
    fn a_key_stands_twice_only_within_one_object() {
        let twice = |text: &str| match read(text, 9) {
            Err(Fault::Twice { key, .. }) => Some(key),
            Ok(_) => None,
            other => panic!("{text}: {other:?}"),
        };
        for good in [
            r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}], "c": "a", "A": "b", "": ""}"#,
            r#"[["a", "a"], {}, {"x": ["x", "x"], "y": "\"x\": "}]"#,
            r#"{"a\\": 1, "a\"": 2, "a": 3}"#,
        ] {
            assert_eq!(twice(good), None, "{good}");
        }
        for (bad, key) in [
            (r#"{"a": 1, "b": 2, "a": 3}"#, "a"),
            (r#"[{"x": [{"é": {}, "\u00e9": []}]}]"#, "é"),
            (r#"{"a": {"b": 1, "c": {"d": 1}, "b": 2}}"#, "b"),
            // The key is told before the number.
            (r#"{"a": 1e-400, "a": 2}"#, "a"),
        ] {
            assert_eq!(twice(bad).as_deref(), Some(key), "{bad}");
        }
    }

    #[test]
    fn the_members_of_a_stored_object_are_found_as_they_are_spelled() {
        let text = r#"{"a":"x\"},{","b":[1,{"c":"]"}],"d":{"e":[]},"f":-1.50,"g":null,"h":""}"#;
        let found: Vec<_> = members(text).collect();
        let wanted = [("a", r#""x\"},{""#), ("b", r#"[1,{"c":"]"}]"#), ("d", r#"{"e":[]}"#), ("f", "-1.50"), ("g", "null"), ("h", "\"\"")];
        assert_eq!(found, wanted);
        assert_eq!(members("{}").count() + members("").count() + members(r#"{"a"#).count(), 0);
    }

    #[test]
    fn a_number_is_rounded_when_its_digits_do_not_come_back() {
        for kept in [
            "0",
            "-0",
            "-0.0",
            "0e9",
            "0.0000e-999",
            "1e2",
            "1.5e300",
            "0.1000000000000000",
            "5e-324",
            "9223372036854775807",
            "0.30000000000000004",
        ] {
            assert!(!is_rounded(kept), "{kept}");
        }
        for rounded in ["1e-400", "-1e-400", "1e999", "12345678901234567890123", "1.23456789012345678", "3e-324", "0.1000000000000000055"] {
            assert!(is_rounded(rounded), "{rounded}");
        }
    }
}
