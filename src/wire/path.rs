//! Addresses: the raw path is split before it is decoded, so an encoded slash never changes the route.

use crate::model::error::{Error, Result};

/// The raw segments of a request target: without the query, without one trailing slash, `/v1` read as `/api`.
pub fn segments(target: &str) -> Vec<&str> {
    let path = target.split('?').next().unwrap_or_default();
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments: Vec<&str> = path.split('/').collect();
    if let Some(first) = segments.first_mut().filter(|first| **first == "v1") {
        *first = "api";
    }
    segments
}

/// Percent-decodes one segment; `+` stays `+`.
pub fn decode(segment: &str) -> Result<String> {
    decoded(segment.as_bytes())
        .ok_or_else(|| Error::malformed("The address holds a % that is followed by no two hexadecimal digits, or text that is not UTF-8"))
}

/// Percent-decodes; `None` when an escape is not whole or the result is not UTF-8.
pub fn decoded(text: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_slash_stays_inside_its_segment() {
        assert_eq!(segments("/v1/apps/a%2Fb/?x=/y"), ["api", "apps", "a%2Fb"]);
        assert_eq!(segments("/"), [""]);
        assert_eq!(segments("/api//apps"), ["api", "", "apps"]);
        assert_eq!(decode("a%2Fb+c"), Ok("a/b+c".into()));
        for bad in ["%", "%4", "%zz", "%ff", "%+1"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
    }
}
