//! `data->>'$.field'` as this program finds it out: SQLite reads the whole text for one value, this reads up to the value. It takes the place of SQLite's own
//! operator, so every filter, sort, sum and index has it, and gives what that would give to the last bit: an index that either made serves both. Of the
//! record that was asked last it keeps how far it came: many values of one are read once.
//! Not here: values of a record that was read (`values`).

use memchr::{memchr, memchr2, memchr3};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};
use std::cell::RefCell;
use std::ops::Range;

/// From now on the connection picks values this way.
pub fn begin(conn: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    let last = RefCell::new(Reading::default());
    conn.create_scalar_function("->>", 2, flags, move |call| match (call.get_raw(0), call.get_raw(1)) {
        (ValueRef::Null, _) => Ok(Value::Null),
        (ValueRef::Text(json), ValueRef::Text(path)) => last.borrow_mut().found(json, path),
        // In a damaged file anything may stand there.
        (ValueRef::Integer(_) | ValueRef::Real(_), _) => Ok(Value::Null),
        _ => Err(malformed()),
    })
}

/// A text, as far as it was read.
#[derive(Default)]
struct Reading {
    text: Vec<u8>,
    /// Where names and values stand that were passed.
    passed: Vec<(Range<usize>, Range<usize>)>,
    /// Where the next name is looked for.
    next: usize,
}

/// A longer text is not kept.
const KEPT_BYTES_MAX: usize = 1024 * 1024;

impl Reading {
    /// The paths of this program: `$`, or `$.` and a name that needs no quotes.
    fn found(&mut self, json: &[u8], path: &[u8]) -> Result<Value> {
        let value = match path {
            b"$" => {
                let value = trimmed(json);
                value.get(..length(value)?)
            }
            [b'$', b'.', key @ ..] if memchr3(b'.', b'"', b'[', key).is_none() => self.member(json, key)?,
            _ => return Err(failed("the path is none of this program's")),
        };
        value.map_or(Ok(Value::Null), typed)
    }

    /// The value of a key; `None` when the object has no such key, or when it is none.
    fn member<'j>(&mut self, json: &'j [u8], key: &[u8]) -> Result<Option<&'j [u8]>> {
        if self.text != json || json.is_empty() {
            self.passed.clear();
            self.next = 0;
            self.text.clear();
            if json.len() <= KEPT_BYTES_MAX {
                self.text.extend_from_slice(json);
            }
        }
        let of = |place: &Range<usize>| json.get(place.clone()).unwrap_or_default();
        for (name, value) in &self.passed {
            if is_called(of(name), key)? {
                return Ok(Some(of(value)));
            }
        }
        if self.next == 0 {
            let [b'{', inner @ ..] = trimmed(json) else { return Ok(None) };
            self.next = json.len() - inner.len();
        }
        while let Some((name, value)) = self.pass(json)? {
            if is_called(of(&name), key)? {
                return Ok(Some(of(&value)));
            }
        }
        Ok(None)
    }

    /// The next name with its value, which are passed by that; `None` at the end.
    fn pass(&mut self, json: &[u8]) -> Result<Option<(Range<usize>, Range<usize>)>> {
        let rest = trimmed(json.get(self.next..).unwrap_or_default());
        let [b'"', text @ ..] = rest else {
            return if rest.first() == Some(&b'}') { Ok(None) } else { Err(malformed()) };
        };
        let end = end_of_text(text)?;
        let begin = json.len() - text.len();
        let [b':', value @ ..] = trimmed(text.get(end + 1..).unwrap_or_default()) else { return Err(malformed()) };
        let value = trimmed(value);
        let (from, long) = (json.len() - value.len(), length(value)?);
        let after = trimmed(value.get(long..).unwrap_or_default());
        self.next = json.len() - after.strip_prefix(b",").unwrap_or(after).len();
        let passed = (begin..begin + end, from..from + long);
        if !self.text.is_empty() {
            self.passed.push(passed.clone());
        }
        Ok(Some(passed))
    }
}

fn is_called(name: &[u8], key: &[u8]) -> Result<bool> {
    Ok(name == key || memchr(b'\\', name).is_some() && unescaped(name)?.as_bytes() == key)
}

/// A value as SQL knows it: true is 1, a list or an object is its JSON.
fn typed(value: &[u8]) -> Result<Value> {
    match value {
        [b'"', inner @ .., b'"'] => unescaped(inner).map(Value::Text),
        [b'{' | b'[', ..] => text(compact(value)?).map(Value::Text),
        b"true" => Ok(Value::Integer(1)),
        b"false" => Ok(Value::Integer(0)),
        b"null" => Ok(Value::Null),
        _ => number(std::str::from_utf8(value).map_err(|_| malformed())?),
    }
}

fn number(digits: &str) -> Result<Value> {
    match digits.parse() {
        Ok(whole) if !digits.starts_with('+') => Ok(Value::Integer(whole)),
        // More than 64 bits hold, or with a point.
        _ if digits.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            digits.parse().map(Value::Real).map_err(|_| malformed())
        }
        _ => Err(malformed()),
    }
}

/// How many bytes of it are the value that it begins with.
fn length(value: &[u8]) -> Result<usize> {
    match value.first() {
        Some(b'"') => Ok(end_of_text(value.get(1..).unwrap_or_default())? + 2),
        Some(b'{' | b'[') => {
            let (mut depth, mut at) = (0_usize, 0);
            loop {
                match value.get(at) {
                    Some(b'{' | b'[') => depth += 1,
                    Some(b'}' | b']') => depth -= 1,
                    Some(b'"') => at += end_of_text(value.get(at + 1..).unwrap_or_default())? + 1,
                    Some(_) => {}
                    None => return Err(malformed()),
                }
                at += 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
        }
        _ => Ok(value.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(value.len())),
    }
}

/// Where the quote stands that ends a text; it begins behind the one that opened it.
fn end_of_text(text: &[u8]) -> Result<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr2(b'"', b'\\', text.get(from..).unwrap_or_default()).ok_or_else(malformed)?;
        if text.get(at) == Some(&b'"') {
            return Ok(at);
        }
        from = at + 2;
    }
}

/// Without what stands between its parts.
fn compact(json: &[u8]) -> Result<Vec<u8>> {
    let (mut out, mut rest) = (Vec::with_capacity(json.len()), json);
    while let Some((first, after)) = rest.split_first() {
        let long = if *first == b'"' { end_of_text(after)? + 2 } else { 1 };
        if !first.is_ascii_whitespace() {
            out.extend_from_slice(rest.get(..long).unwrap_or_default());
        }
        rest = rest.get(long..).unwrap_or_default();
    }
    Ok(out)
}

/// What stands between two quotes.
fn unescaped(inner: &[u8]) -> Result<String> {
    if memchr(b'\\', inner).is_none() {
        return text(inner.to_vec());
    }
    serde_json::from_slice(&[b"\"", inner, b"\""].concat()).map_err(|_| malformed())
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| malformed())
}

fn trimmed(json: &[u8]) -> &[u8] {
    json.trim_ascii_start()
}

fn malformed() -> Error {
    failed("malformed JSON")
}

fn failed(why: &str) -> Error {
    Error::UserFunctionError(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value as Json};

    fn json() -> impl Strategy<Value = Json> {
        let number = prop_oneof![
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            (any::<i32>(), 0..9_i32).prop_map(|(n, scale)| Json::from(f64::from(n) / 10_f64.powi(scale))),
        ];
        let text = prop_oneof!["\\PC{0,12}", "[a-c\"\\\\{}\\[\\],: \n\u{1}é😀]{0,9}"].prop_map(Json::from);
        let leaf = prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), number, text];
        leaf.prop_recursive(3, 20, 5, |inner| {
            let list = prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from);
            let object = prop::collection::vec(("[a-c\"\\\\é]{1,2}", inner), 0..5);
            prop_oneof![list, object.prop_map(|entries| Json::Object(entries.into_iter().collect()))]
        })
    }

    fn asked(conn: &Connection, json: &str, path: &str) -> Option<String> {
        let mut statement = conn.prepare_cached("SELECT ?1->>?2").unwrap();
        statement.query_row([json, path], |row| row.get::<_, Value>(0)).ok().map(|value| match value {
            Value::Real(number) => format!("{:x}", number.to_bits()),
            other => format!("{other:?}"),
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn it_gives_what_sqlite_gives(values in prop::collection::vec(("[a-d\"\\\\é]{1,2}", json()), 0..6), is_wide: bool) {
            let (theirs, ours) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
            begin(&ours).unwrap();
            let record: Map<String, Json> = values.into_iter().collect();
            let text = if is_wide { serde_json::to_string_pretty(&record) } else { serde_json::to_string(&record) }.unwrap();
            let simple = record.keys().filter(|key| !key.contains(['"', '\\'])).map(|key| format!("$.{key}"));
            for path in simple.chain(["$".to_owned(), "$.a".to_owned(), "$.b".to_owned()]) {
                prop_assert_eq!(asked(&ours, &text, &path), asked(&theirs, &text, &path), "{} of {}", path, text);
            }
        }

        #[test]
        fn no_text_makes_it_fall(text in "\\PC{0,20}|[{}\\[\\]\",:a0-9\\\\ tn]{0,30}") {
            for path in ["$", "$.a"] {
                let _ = Reading::default().found(text.as_bytes(), path.as_bytes());
            }
        }
    }

    #[test]
    fn an_index_serves_it() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE r(id INTEGER PRIMARY KEY, data TEXT); CREATE INDEX i ON r(data->>'$.a'); PRAGMA trusted_schema = OFF",
        )
        .unwrap();
        conn.execute_batch(r#"INSERT INTO r(data) VALUES ('{"a":1.5}'), ('{"a":"x"}')"#).unwrap();
        begin(&conn).unwrap();
        conn.execute_batch(r#"INSERT INTO r(data) VALUES ('{"b":[],"a":"x"}'), ('{"b":{"a":1}}')"#).unwrap();
        let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(one("SELECT group_concat(id) FROM r WHERE data->>'$.a' = 'x'"), "2,3");
        let plan = conn
            .prepare("EXPLAIN QUERY PLAN SELECT id FROM r WHERE data->>'$.a' = 'x'")
            .unwrap()
            .query_row([], |row| row.get::<_, String>(3));
        assert_eq!(plan.unwrap(), "SEARCH r USING COVERING INDEX i (<expr>=?)");
        assert_eq!(one("PRAGMA integrity_check"), "ok");
        let broken = conn.query_row(r#"SELECT '{"a"'->>'$.a'"#, [], |_| Ok(())).unwrap_err();
        assert_eq!(broken.to_string(), "malformed JSON");
    }
}
