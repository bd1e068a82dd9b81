//! Reads the keys of a JSON object one by one, and tells everything that is not as it should be: a key that is missing, of another type, or unknown.

use crate::model::error::Problem;
use crate::model::field::described;
use crate::model::name::quoted;
use serde_json::{Map, Value};

pub struct Reader<'m> {
    map: &'m Map<String, Value>,
    /// What is read, in words that begin a sentence: `The field`, `schemas[0].fields[2]`.
    what: String,
    problems: &'m mut Vec<Problem>,
}

impl<'m> Reader<'m> {
    pub fn new(map: &'m Map<String, Value>, what: String, problems: &'m mut Vec<Problem>) -> Self {
        Self { map, what, problems }
    }

    /// The value of a key; `null` is none.
    pub fn value(&self, key: &str) -> Option<Value> {
        self.map.get(key).filter(|value| !value.is_null()).cloned()
    }

    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    pub fn refuse(&mut self, key: &str, message: String) {
        self.problems.push(Problem::of(key, "type", format!("{}: {message}", self.what)));
    }

    /// Tells a problem that only what is read knows of.
    pub fn tell(&mut self, problem: Problem) {
        self.problems.push(Problem { message: format!("{}: {}", self.what, problem.message), ..problem });
    }

    fn typed<T>(&mut self, key: &str, wanted: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.value(key)?;
        let found = read(&value);
        if found.is_none() {
            self.refuse(key, format!("'{key}' must be {wanted}, not {}", described(&value)));
        }
        found
    }

    pub fn text(&mut self, key: &str) -> Option<String> {
        self.typed(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// Tells when a key is missing.
    pub fn wants(&mut self, key: &str) {
        if !self.has(key) {
            self.problems.push(Problem::of(key, "required", format!("{} has no '{key}'", self.what)));
        }
    }

    /// A text without which nothing can be made of the object.
    pub fn needed(&mut self, key: &str) -> String {
        self.wants(key);
        self.text(key).unwrap_or_default()
    }

    pub fn flag(&mut self, key: &str) -> bool {
        self.typed(key, "true or false", Value::as_bool).unwrap_or_default()
    }

    /// A flag of which nothing may be said.
    pub fn switch(&mut self, key: &str) -> Option<bool> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub fn number(&mut self, key: &str) -> Option<i64> {
        self.typed(key, "a whole number", Value::as_i64)
    }

    pub fn count(&mut self, key: &str) -> Option<u64> {
        self.typed(key, "a whole number from 0", Value::as_u64)
    }

    pub fn list(&mut self, key: &str) -> Option<Vec<Value>> {
        self.typed(key, "an array", |value| value.as_array().cloned())
    }

    pub fn object(&mut self, key: &str) -> Option<Map<String, Value>> {
        self.typed(key, "an object", |value| value.as_object().cloned())
    }

    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let all = |value: &Value| value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect();
        self.typed(key, "an array of texts", all).unwrap_or_default()
    }

    /// Groups of names: `[["email", "company"]]`.
    pub fn groups(&mut self, key: &str) -> Vec<Vec<String>> {
        let group = |value: &Value| value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect();
        let all = |value: &Value| value.as_array()?.iter().map(group).collect();
        self.typed(key, "an array of arrays of field names", all).unwrap_or_default()
    }

    /// Every object of an array.
    pub fn each<T>(&mut self, key: &str, part: impl Fn(&mut Reader<'_>) -> T) -> Vec<T> {
        let list = self.list(key).unwrap_or_default();
        let mut read = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            match value {
                Value::Object(map) => read.extend(self.within(map, &format!("{key}[{at}]"), &part)),
                other => self.refuse(key, format!("{key}[{at}] must be an object, not {}", described(other))),
            }
        }
        read
    }

    /// An object inside this one, at `place`.
    pub fn within<T>(&mut self, map: &Map<String, Value>, place: &str, part: impl FnOnce(&mut Reader<'_>) -> T) -> Option<T> {
        let what = if self.what.starts_with("The ") { place.to_owned() } else { format!("{}.{place}", self.what) };
        let before = self.problems.len();
        let read = part(&mut Reader { map, what, problems: self.problems });
        (self.problems.len() == before).then_some(read)
    }

    /// A key that this version does not know what to do with may stand there empty.
    pub fn not_yet(&mut self, key: &str) {
        let is_empty = match self.value(key) {
            None => true,
            Some(Value::Array(list)) => list.is_empty(),
            Some(Value::Object(map)) => map.is_empty(),
            Some(_) => false,
        };
        if !is_empty {
            let message = format!("{} has {key}, which this version does not know yet; take them out", self.what);
            self.problems.push(Problem::of(key, "not_yet", message));
        }
    }

    /// Tells every key that is none of these.
    pub fn only(&mut self, known: &[&str]) {
        for key in self.map.keys().filter(|key| !known.contains(&key.as_str())) {
            let problem = Problem::of(key, "unknown_key", format!("{} has the unknown key {}", self.what, quoted(key)));
            let told = problem.clone().did_you_mean(key, known.iter().copied());
            self.problems.push(if told.hint.is_some() { told } else { problem.hint(format!("It takes: {}", known.join(", "))) });
        }
    }
}
