//! Entity tags (RFC 9110 8.8.3, 13.1): the conditions of a request, as values. When they are asked is for the operations.

use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::record::{Expected, Revision};
use rouille::Request;

/// The tag of one state of a record: `"7-3"`.
pub fn tag(revision: Revision) -> String {
    format!("\"{}\"", revision.text())
}

/// `If-Match`: which states the caller is content with. A weak tag says nothing about that.
pub fn if_match(request: &Request) -> Result<Expected> {
    Ok(match condition(request, "If-Match")? {
        None | Some(Condition::Exists) => Expected::Any,
        Some(Condition::Tags(tags)) => Expected::OneOf(tags.into_iter().filter(|tag| !tag.is_weak).map(|tag| tag.opaque).collect()),
    })
}

/// The tag of an answer that says the same as another one with it, in whatever words.
pub fn weak(state: &str) -> String {
    format!("W/\"{state}\"")
}

/// `If-None-Match` of a read: which states the caller has already.
#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    Any,
    These(Vec<String>),
}

impl Known {
    pub fn of(request: &Request) -> Result<Self> {
        Ok(match condition(request, "If-None-Match")? {
            None => Known::These(Vec::new()),
            Some(Condition::Exists) => Known::Any,
            Some(Condition::Tags(tags)) => Known::These(tags.into_iter().map(|tag| tag.opaque).collect()),
        })
    }

    pub fn has(&self, state: &str) -> bool {
        match self {
            Known::Any => true,
            Known::These(states) => states.iter().any(|known| known == state),
        }
    }
}

/// Refuses a condition where none can be met: whoever sends one relies on it.
pub fn refuse(request: &Request, name: &str, why: &str) -> Result<()> {
    match condition(request, name)? {
        None => Ok(()),
        Some(_) => Err(meaningless(name, why)),
    }
}

/// Why a header cannot be heeded.
pub fn meaningless(name: &str, why: &str) -> Error {
    Error::Malformed(Problem::new("header", format!("The header {name} has no meaning here: {why}")))
}

enum Condition {
    /// `*`
    Exists,
    Tags(Vec<Tag>),
}

struct Tag {
    opaque: String,
    is_weak: bool,
}

/// The header's value, which may come in several lines.
fn condition(request: &Request, name: &str) -> Result<Option<Condition>> {
    let lines: Vec<&str> = request.headers().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let text = lines.join(", ");
    let condition = if text == "*" { Some(Condition::Exists) } else { tags(&text).map(Condition::Tags) };
    condition.map(Some).ok_or_else(|| {
        let message = format!("The header {name} must be * or tags in double quotes, not {}", quoted(&text));
        Error::Malformed(Problem::new("header", message).hint(format!("{name}: \"7-3\", as the answer's ETag has it")))
    })
}

/// `"a", W/"b"`; `None` when it is no such list.
fn tags(text: &str) -> Option<Vec<Tag>> {
    let (mut rest, mut tags) = (text, Vec::new());
    loop {
        // Empty places in a list are passed over (RFC 9110 5.6.1).
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return (!tags.is_empty()).then_some(tags);
        }
        let (is_weak, quoted) = rest.strip_prefix("W/").map_or((false, rest), |rest| (true, rest));
        let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
        if !opaque.chars().all(|c| c == '!' || (c >= '#' && c != '\u{7f}')) {
            return None;
        }
        // The same state, sent in gzip: `server/gzip` says so.
        let opaque = opaque.strip_suffix("-gzip").unwrap_or(opaque);
        tags.push(Tag { opaque: opaque.to_owned(), is_weak });
        rest = after.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(values: &[&str]) -> Request {
        let headers = values.iter().map(|value| ("if-match".to_owned(), (*value).to_owned())).collect();
        Request::fake_http("PUT", "/", headers, Vec::new())
    }

    #[test]
    fn a_list_of_tags_is_read_whole_or_refused() {
        for (lines, known) in [
            (&["\"7-3\""][..], &["7-3"][..]),
            (&["\"7-3\",\"8-3\" , W/\"9-3\"", "\"a,b\""], &["7-3", "8-3", "a,b"]),
            (&[", \"x\" ,, \"\""], &["x", ""]),
            (&["\"7-3-gzip\""], &["7-3"]),
            (&["W/\"7-3\""], &[]),
        ] {
            let known = known.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(if_match(&asked(lines)), Ok(Expected::OneOf(known)), "{lines:?}");
        }
        assert_eq!(if_match(&asked(&["*"])), Ok(Expected::Any));
        assert_eq!(if_match(&asked(&[])), Ok(Expected::Any));
        for bad in ["", "7-3", "\"7-3", "7-3\"", "w/\"1\"", "\"a\" \"b\"", "*, \"a\"", "\"a b\"", ",", "'7-3'", "\"a\"b"] {
            assert!(if_match(&asked(&[bad])).is_err(), "{bad}");
        }
    }
}
