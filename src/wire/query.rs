//! The query string: every pair in its order, nothing dropped, nothing guessed.

use super::path::decoded;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;

/// Names and values, decoded; a name may stand several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands behind the first `?` of a request target. Also the form of `application/x-www-form-urlencoded` bodies.
    pub fn parse(text: &str) -> Result<Self> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        pairs.collect::<Result<_>>().map(Self)
    }

    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Refuses every name but these, `_` and `utm_*`, which caches and campaigns add.
    pub fn only(&self, names: &[&str]) -> Result<()> {
        let known = |name: &str| names.contains(&name) || name == "_" || name.starts_with("utm_");
        let unknown = self.0.iter().map(|(name, _)| name.as_str()).filter(|name| !known(name));
        let problem = |name: &str| {
            let message = format!("There is no parameter {} here", quoted(name));
            Problem::of(name, "unknown_parameter", message).did_you_mean(name, names.iter().copied())
        };
        let problems: Vec<Problem> = unknown.map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// A parameter that is `true` or `false`, and may be left out for the latter.
    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.once(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::invalid(Problem::of(name, "boolean", format!("Parameter '{name}' must be true or false")))),
        }
    }

    /// The value under a name that may stand there once.
    pub fn once(&self, name: &str) -> Result<Option<&str>> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Error::invalid(Problem::of(name, "twice", format!("'{name}' stands twice; send it once")))),
            (value, None) => Ok(value),
        }
    }

    /// The last value under this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The parts of a bracket key: `filter[name][gt]` is `filter`, `name`, `gt`. `None` when the brackets do not pair.
pub fn brackets(key: &str) -> Option<Vec<&str>> {
    let Some((head, rest)) = key.split_once('[') else { return (!key.contains(']')).then(|| vec![key]) };
    let inner = rest.strip_suffix(']')?;
    let parts: Vec<&str> = std::iter::once(head).chain(inner.split("][")).collect();
    parts.iter().all(|part| !part.contains(['[', ']'])).then_some(parts)
}

fn decode(text: &str) -> Result<String> {
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    decoded(&spaced)
        .ok_or_else(|| Error::malformed("The query holds a % that is followed by no two hexadecimal digits, or text that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_everything_behind_the_first_equals_sign() {
        let query = Query::parse("a=b=c&filter%5Bx%5D=1+2%2B&filter[x]=&flag&&a=2").expect("good");
        let pairs: Vec<(&str, &str)> = query.pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "b=c"), ("filter[x]", "1 2+"), ("filter[x]", ""), ("flag", ""), ("a", "2")]);
        assert_eq!(query.get("a"), Some("2"));
        assert!(Query::parse("a=%zz").is_err());
    }

    #[test]
    fn bracket_keys_come_apart() {
        assert_eq!(brackets("filter[name][gt]"), Some(vec!["filter", "name", "gt"]));
        assert_eq!(brackets("page"), Some(vec!["page"]));
        assert_eq!(brackets("filter[]"), Some(vec!["filter", ""]));
        for bad in ["filter[", "filter]", "filter[a", "filter[a]]", "filter[[a]]", "filter[a]b"] {
            assert_eq!(brackets(bad), None, "{bad}");
        }
    }
}
