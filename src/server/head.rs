//! The head of an HTTP/1 request, read strictly before hyper sees it: every form that two readers could take for two things is refused.
//! Pure, from bytes. RFC 9112 (message syntax) and RFC 9110 (targets, hosts) by section.

use crate::model::error::{Error, Problem, Refusal, Result};
use crate::model::limits::Limits;
use crate::model::site::split_authority;
use hyper::HeaderMap;

const GLIMPSE_BYTES: usize = 200;
/// Every method of HTTP is shorter.
const METHOD_BYTES: usize = 16;
const NAME_BYTES_MAX: usize = 256;
/// Longer than any body can be, and still a number to every reader.
const LENGTH_MAX: u64 = u64::MAX >> 1;

/// How the body of a request ends (RFC 9112 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
}

/// What HTTP/2 clients begin with (RFC 9113 3.4), and its part that looks like a head.
pub const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub const HTTP2_PREFACE_HEAD: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// Checks a whole head, its empty line included.
pub fn check(head: &[u8], limits: &Limits) -> Result<Framing> {
    let mut lines = Lines(head);
    let is_11 = request_line(lines.next().unwrap_or_default(), limits)?;
    let mut seen = Seen::default();
    for (count, line) in lines.enumerate() {
        if count >= limits.headers_max {
            return Err(too_many(limits));
        }
        seen.field(line)?;
    }
    if is_11 && seen.host.is_none() {
        return Err(bad("A request of HTTP/1.1 must say in a Host header which server it is for (RFC 9112 3.2)"));
    }
    seen.framing(is_11)
}

/// Takes the name off an `Upgrade` header (RFC 9110 7.8 lets a server ignore it): hyper would end the connection for it without sending all of the
/// answer.
pub fn decline_upgrade(head: &mut [u8]) {
    const NAME: &[u8] = b"upgrade:";
    let mut line = 0;
    while let Some(rest) = head.get_mut(line..) {
        if rest.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
            && let Some(first) = rest.first_mut()
        {
            *first = b'x';
        }
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => line += end + 1,
            None => return,
        }
    }
}

/// Method and target of a head that was refused, as far as they can be read: for the log.
pub fn glimpse(head: &[u8]) -> (String, String) {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).find(|line| !line.is_empty()).unwrap_or_default();
    let line = String::from_utf8_lossy(line.get(..line.len().min(GLIMPSE_BYTES)).unwrap_or_default());
    let mut words = line.split(' ');
    // A line that is no request line may be anything: a cookie, a password.
    let method =
        words.next().filter(|word| !word.is_empty() && word.len() <= METHOD_BYTES && word.bytes().all(|byte| byte.is_ascii_uppercase()));
    let target = words.next().and_then(|word| word.split(['?', '#']).next()).filter(|path| path.starts_with('/') && path.is_ascii());
    match (method, target) {
        (Some(method), Some(target)) => (method.to_owned(), target.to_owned()),
        (Some(method), None) => (method.to_owned(), "-".to_owned()),
        (None, _) => ("-".to_owned(), "-".to_owned()),
    }
}

/// Method and version are short.
pub fn first_line_bytes_max(limits: &Limits) -> usize {
    limits.target_bytes_max + 64
}

/// A head that grows beyond its limits: whether the address or the headers are to blame.
pub fn too_large(head: &[u8], limits: &Limits) -> Error {
    if head.contains(&b'\n') { too_long(limits) } else { address_too_long(limits) }
}

/// Whether the headers of an HTTP/2 request, which no screen reads, are as few and short as HTTP/1's must be.
pub fn bounded(headers: &HeaderMap, limits: &Limits) -> Result<()> {
    if headers.len() > limits.headers_max {
        return Err(too_many(limits));
    }
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > limits.head_bytes_max { Err(too_long(limits)) } else { Ok(()) }
}

fn too_long(limits: &Limits) -> Error {
    Error::Refused(Refusal::HeadTooLarge, format!("The head of the request is longer than {} bytes", limits.head_bytes_max))
}

pub fn too_many(limits: &Limits) -> Error {
    Error::Refused(Refusal::HeadTooLarge, format!("The request has more than {} headers", limits.headers_max))
}

fn address_too_long(limits: &Limits) -> Error {
    Error::Refused(Refusal::AddressTooLong, format!("The address is longer than {} bytes", limits.target_bytes_max))
}

/// Lines that end in CR LF, without it, up to the empty one.
struct Lines<'h>(&'h [u8]);

impl<'h> Iterator for Lines<'h> {
    type Item = &'h [u8];

    fn next(&mut self) -> Option<&'h [u8]> {
        let end = self.0.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.0.split_at_checked(end + 1)?;
        self.0 = rest;
        // A line that ends otherwise keeps its LF, which nothing lets pass.
        Some(line.strip_suffix(b"\r\n").unwrap_or(line)).filter(|line| !line.is_empty())
    }
}

/// `method SP target SP version` (RFC 9112 3); whether the version is 1.1.
fn request_line(line: &[u8], limits: &Limits) -> Result<bool> {
    if line.len() > first_line_bytes_max(limits) {
        return Err(address_too_long(limits));
    }
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(bad("The first line must be METHOD ADDRESS HTTP/1.1, with one space between each"));
    };
    if method.is_empty() || !method.iter().all(|byte| is_token(*byte)) {
        return Err(bad("The method is not a word of HTTP"));
    }
    let is_11 = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            return Err(Error::Refused(Refusal::Version, "This server speaks HTTP/1.0, HTTP/1.1 and HTTP/2".to_owned()));
        }
        _ => return Err(bad("The first line does not end in a version such as HTTP/1.1")),
    };
    if target.len() > limits.target_bytes_max {
        return Err(address_too_long(limits));
    }
    address(method, target)?;
    Ok(is_11)
}

/// The four forms of a target (RFC 9112 3.2). An authority alone is CONNECT's, and there is no tunnel here.
fn address(method: &[u8], target: &[u8]) -> Result<()> {
    if !target.iter().all(|byte| matches!(byte, 0x21..=0x7e)) {
        return Err(bad("The address holds a character that must be percent-encoded"));
    }
    if target.contains(&b'#') {
        return Err(bad("The address holds a #, which browsers keep to themselves; percent-encode it as %23"));
    }
    let is_absolute = |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let uri = hyper::Uri::try_from(target).map_err(|_| bad("The address holds a character that must be percent-encoded"))?;
    match target {
        [b'/', ..] => Ok(()),
        b"*" if method == b"OPTIONS" => Ok(()),
        _ if is_absolute(b"http://") || is_absolute(b"https://") => {
            match uri.authority().map(|authority| split_authority(authority.as_str())) {
                Some(Some(_)) => Ok(()),
                _ => Err(bad("The address names no server that could be understood")),
            }
        }
        _ => Err(bad("The address must begin with a slash")),
    }
}

/// The headers that decide what is a request: each may stand once.
#[derive(Default)]
struct Seen {
    host: Option<()>,
    length: Option<u64>,
    coding: Option<Coding>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Chunked,
    Other,
}

impl Seen {
    /// `name ":" OWS value OWS` (RFC 9112 5): no folding, no space before the colon, no control characters (RFC 9110 5.5).
    fn field(&mut self, line: &[u8]) -> Result<()> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(bad("A header goes on in a second line; write it in one (RFC 9112 5.2)"));
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let Some((name, value)) = colon.and_then(|colon| Some((line.get(..colon)?, line.get(colon + 1..)?))) else {
            return Err(bad("A header line has no colon"));
        };
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return Err(bad("A header's name holds a character that no name may hold; there is no space before the colon"));
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(Error::Refused(Refusal::HeadTooLarge, format!("A header's name is longer than {NAME_BYTES_MAX} bytes")));
        }
        if !value.iter().all(|byte| is_value(*byte)) {
            return Err(bad("A header's value holds a control character"));
        }
        let tabbed = value.contains(&b'\t');
        let value = value.trim_ascii();
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => self.host(value),
            6 if name.eq_ignore_ascii_case(b"expect") => expectation(value),
            // A tab around them hides them from some proxies.
            14 | 17 if tabbed && (name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")) => {
                Err(bad("The length of the body is told with a tab"))
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => self.length(value),
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => self.coding(value),
            _ => Ok(()),
        }
    }

    fn host(&mut self, value: &[u8]) -> Result<()> {
        if self.host.replace(()).is_some() {
            return Err(bad("There are two Host headers"));
        }
        match std::str::from_utf8(value).ok().and_then(split_authority) {
            Some(_) => Ok(()),
            None => Err(bad("The Host header is no name or address, such as localhost:8090")),
        }
    }

    /// Digits only, once: a list or a second one is how requests are smuggled (RFC 9112 6.3).
    fn length(&mut self, value: &[u8]) -> Result<()> {
        let digits = std::str::from_utf8(value).ok().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(length) = digits.and_then(|digits| digits.parse().ok()) else {
            return Err(bad("The Content-Length is not a number of bytes"));
        };
        match self.length.replace(length) {
            None if length > LENGTH_MAX => Err(Error::TooLarge("The Content-Length is beyond every limit".to_owned())),
            None => Ok(()),
            Some(_) => Err(bad("There are two Content-Length headers")),
        }
    }

    fn coding(&mut self, value: &[u8]) -> Result<()> {
        let coding = if value.eq_ignore_ascii_case(b"chunked") { Coding::Chunked } else { Coding::Other };
        match self.coding.replace(coding) {
            None => Ok(()),
            Some(_) => Err(bad("There are two Transfer-Encoding headers")),
        }
    }

    fn framing(&self, is_11: bool) -> Result<Framing> {
        match (self.coding, self.length) {
            (None, length) => Ok(Framing::Length(length.unwrap_or_default())),
            (Some(_), Some(_)) => Err(bad("A request has either a Content-Length or a Transfer-Encoding, never both (RFC 9112 6.1)")),
            (Some(_), None) if !is_11 => Err(bad("HTTP/1.0 has no Transfer-Encoding")),
            (Some(Coding::Chunked), None) => Ok(Framing::Chunked),
            (Some(Coding::Other), None) => {
                Err(Error::Refused(Refusal::Coding, "The only Transfer-Encoding that is read here is chunked, alone".to_owned()))
            }
        }
    }
}

/// Only `100-continue` exists (RFC 9110 10.1.1).
fn expectation(value: &[u8]) -> Result<()> {
    if value.eq_ignore_ascii_case(b"100-continue") {
        return Ok(());
    }
    Err(Error::Refused(Refusal::Expectation, "The only expectation that can be met here is 100-continue".to_owned()))
}

/// RFC 9110 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// Visible, space, tab, or beyond ASCII (RFC 9110 5.5).
fn is_value(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..)
}

fn bad(message: &str) -> Error {
    Error::Malformed(Problem::new("malformed", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(head: &str) -> Result<Framing> {
        check(head.as_bytes(), &Limits::default())
    }

    #[test]
    fn a_good_head_tells_its_framing() {
        assert_eq!(checked("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Ok(Framing::Length(0)));
        assert_eq!(checked("GET http://localhost/x HTTP/1.0\r\n\r\n"), Ok(Framing::Length(0)));
        assert_eq!(checked("OPTIONS * HTTP/1.1\r\nhost:a:1\r\nX-\u{e9}\r\n\r\n"), Err(bad("A header line has no colon")));
        assert_eq!(checked("POST / HTTP/1.1\r\nHost: a\r\nX: caf\u{e9} \t\r\ncontent-LENGTH:  5 \r\n\r\n"), Ok(Framing::Length(5)));
        assert_eq!(checked("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"), Ok(Framing::Chunked));
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        for field in [
            "Content-Length: +5",
            "Content-Length: -5",
            "Content-Length: 5, 5",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 0x5",
            "Content-Length:",
            "Content-Length: 5 5",
            "Content-Length: 18446744073709551616",
            "Content-Length : 5",
            "Content-Length: 5\r\n 5",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding:",
            "X: a\rb",
            "X: a\0b",
            ": x",
            "X y: z",
            "Host: b",
            "Expect: more",
            "X\u{e9}: y",
        ] {
            assert!(checked(&format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n")).is_err(), "{field}");
        }
        for line in [
            "GET /",
            "GET  / HTTP/1.1",
            "GET / HTTP/1.1 ",
            " GET / HTTP/1.1",
            "GET\t/ HTTP/1.1",
            "GET / http/1.1",
            "GET / HTTP/1.10",
            "GET / HTTP/2.0",
            "GET /a#b HTTP/1.1",
            "GET a HTTP/1.1",
            "GET * HTTP/1.1",
            "CONNECT a:443 HTTP/1.1",
            "GET http:// HTTP/1.1",
            "GET http://u@a/ HTTP/1.1",
            "GET /\u{e9} HTTP/1.1",
            "G(T / HTTP/1.1",
            " / HTTP/1.1",
            "",
        ] {
            assert!(checked(&format!("{line}\r\nHost: a\r\n\r\n")).is_err(), "{line}");
        }
        assert!(checked("GET / HTTP/1.1\r\n\r\n").is_err());
    }
}
