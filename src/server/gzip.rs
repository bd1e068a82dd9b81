//! Answers in gzip, for those who ask for it and where it pays: texts from a kilobyte on. A short answer is packed whole, a long one while it is sent, so
//! that it needs no memory and begins at once. Never an answer that holds a secret which was just made: how long it is when packed would tell of it
//! whoever can put a text of their own beside it (BREACH). Files of the admin page are packed once, in `assets`.

use super::answer::Head;
use flate2::Compression;
use flate2::read::GzEncoder;
use rouille::{Response, ResponseBody};
use std::io::{self, Read};

/// What is shorter gains nothing.
pub const BYTES_MIN: usize = 1_024;
/// Most of what can be gained, at a fraction of the work.
const LEVEL: u32 = 3;
/// What an entity tag says of a text in gzip, which is not the same bytes (RFC 9110 8.8.3.3); `wire/tags` reads it as the tag of the text.
const SUFFIX: &str = "-gzip";

/// How somebody takes an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    takes_gzip: bool,
    /// A text as it is will not do.
    only_packed: bool,
    /// `If-None-Match`
    known: String,
}

impl Wish {
    pub fn of(head: &Head) -> Self {
        let lines = |name: &str| {
            let all = head.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str());
            all.collect::<Vec<_>>().join(",")
        };
        let (takes_gzip, only_packed) = taken(&lines("Accept-Encoding"));
        Self { takes_gzip, only_packed, known: lines("If-None-Match") }
    }
}

/// Whether gzip is taken by whoever sends this `Accept-Encoding`, and whether nothing else is (RFC 9110 12.5.3).
pub fn taken(accepted: &str) -> (bool, bool) {
    let (mut gzip, mut identity, mut other) = (None, None, None);
    for part in accepted.split(',') {
        let mut words = part.split(';').map(str::trim);
        let coding = words.next().unwrap_or_default().to_ascii_lowercase();
        let weight = words.find_map(|word| word.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("q")));
        let Some(weight) = weight.map_or(Some(1.0), |(_, weight)| weight.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)))
        else {
            continue;
        };
        match coding.as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => other = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(other).unwrap_or(0.0);
    // What is not named is taken as it is, but nobody asked for that.
    (gzip > 0.0 && identity.is_none_or(|identity| gzip >= identity), gzip > 0.0 && identity.or(other) == Some(0.0))
}

/// An answer as somebody wishes it, before it gets what every answer carries.
pub fn packed(wish: &Wish, response: Response, memory_bytes_max: usize) -> Response {
    if response.status_code == 304 {
        return tagged(response, |tag| wish.known.contains(&suffixed(tag)));
    }
    let has = |name: &str| response.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    let is_text = header(&response, "Content-Type").is_some_and(|kind| pays(&kind));
    // The two by which a handler says that an answer is for one reader, once.
    let is_secret = has("Set-Cookie") || has("Cache-Control");
    if !is_text || is_secret || has("Content-Encoding") || has("Content-Range") {
        return response;
    }
    let (reader, size) = response.data.into_reader_and_size();
    let as_it_is = |reader| match size {
        Some(size) => ResponseBody::from_reader_and_size(reader, size),
        None => ResponseBody::from_reader(reader),
    };
    let head = Response { data: ResponseBody::empty(), ..response };
    if size == Some(0) || (size.is_some_and(|size| size < BYTES_MIN) && !wish.only_packed) {
        return Response { data: as_it_is(reader), ..head };
    }
    let head = head.with_additional_header("Vary", "Accept-Encoding");
    if !wish.takes_gzip {
        return Response { data: as_it_is(reader), ..head };
    }
    let mut text = Whole { reader, left: size };
    let data = match size.filter(|size| *size <= memory_bytes_max) {
        Some(size) => {
            let mut bytes = Vec::with_capacity(size / 4);
            match GzEncoder::new(&mut text, Compression::new(LEVEL)).read_to_end(&mut bytes) {
                Ok(_) => ResponseBody::from_data(bytes),
                // Told again when the answer is sent.
                Err(_) => ResponseBody::from_reader(text),
            }
        }
        None => ResponseBody::from_reader(GzEncoder::new(text, Compression::new(LEVEL))),
    };
    let head = tagged(head, |_| true).with_additional_header("Content-Encoding", "gzip");
    Response { data, ..head }
}

/// Whether texts of this media type become much shorter.
pub fn pays(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || matches!(kind, "application/json" | "application/x-ndjson" | "image/svg+xml")
}

/// A text that is sent often.
pub fn whole(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 3);
    GzEncoder::new(text, Compression::best()).read_to_end(&mut bytes).ok().map(|_| bytes)
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_string())
}

/// With the entity tag of the text in gzip where `is_packed` says so of the one that is there. A weak one is that of the text in whatever form.
fn tagged(mut response: Response, is_packed: impl Fn(&str) -> bool) -> Response {
    for (name, value) in &mut response.headers {
        if name.eq_ignore_ascii_case("ETag") && !value.starts_with("W/") && is_packed(value) {
            *value = suffixed(value).into();
        }
    }
    response
}

/// `"7-3"` becomes `"7-3-gzip"`.
fn suffixed(tag: &str) -> String {
    tag.strip_suffix('"').map_or_else(|| tag.to_owned(), |tag| format!("{tag}{SUFFIX}\""))
}

/// A text of a length that is known: what ends early is no answer, and nobody would see that in gzip.
struct Whole {
    reader: Box<dyn Read + Send>,
    left: Option<usize>,
}

impl Read for Whole {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        if read == 0 && !into.is_empty() && self.left.is_some_and(|left| left > 0) {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended early"));
        }
        self.left = self.left.map(|left| left.saturating_sub(read));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_ask_for_it() {
        for (accepted, wanted) in [
            ("", (false, false)),
            ("gzip", (true, false)),
            ("GZIP", (true, false)),
            ("x-gzip", (true, false)),
            ("deflate, gzip;q=1.0, *;q=0.5", (true, false)),
            ("br", (false, false)),
            ("*", (true, false)),
            ("identity", (false, false)),
            ("gzip;q=0", (false, false)),
            ("gzip; q=0.0, *", (false, false)),
            ("gzip;q=0.5, identity", (false, false)),
            ("gzip, identity;q=0.5", (true, false)),
            ("gzip, identity;q=0", (true, true)),
            ("gzip, *;q=0", (true, true)),
            ("identity;q=0", (false, false)),
            ("gzip;q=high", (false, false)),
            ("gzip;q=2", (false, false)),
            ("gzip;x=1;q=0.3", (true, false)),
        ] {
            assert_eq!(taken(accepted), wanted, "{accepted}");
        }
    }

    #[test]
    fn a_text_that_ends_early_is_told() {
        let response =
            |size| Response { data: ResponseBody::from_reader_and_size(io::Cursor::new(vec![b'a'; 5_000]), size), ..Response::text("") };
        let wish = Wish { takes_gzip: true, ..Wish::default() };
        for memory_bytes_max in [0, 100_000] {
            for (size, is_whole) in [(5_000, true), (5_001, false)] {
                let (mut reader, _) = packed(&wish, response(size), memory_bytes_max).data.into_reader_and_size();
                assert_eq!(reader.read_to_end(&mut Vec::new()).is_ok(), is_whole, "{memory_bytes_max} {size}");
            }
        }
    }
}
