//! Where a chunked body ends, byte by byte (RFC 9112 7.1), more strictly than hyper reads it: what passes here, both read alike. Pure.

use crate::model::error::{Error, Problem, Result};

/// A size of 15 hexadecimal digits is far beyond every limit and within 64 bits.
const SIZE_DIGITS_MAX: u8 = 15;
const EXTENSION_BYTES_MAX: u32 = 4 * 1024;
const TRAILER_BYTES_MAX: u32 = 8 * 1024;

/// What the next byte is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// So many digits so far.
    Size(u8, u64),
    Extension(u64),
    SizeEnd(u64),
    Data(u64),
    DataReturn,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
    Done,
}

#[derive(Debug)]
pub struct Chunks {
    at: At,
    extension_bytes: u32,
    trailer_bytes: u32,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { at: At::Size(0, 0), extension_bytes: 0, trailer_bytes: 0 }
    }
}

impl Chunks {
    /// Follows these bytes; how many of them belong to the body.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut rest = bytes;
        while !self.is_done() && !rest.is_empty() {
            if let At::Data(left) = self.at {
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                rest = rest.get(taken..).unwrap_or_default();
                let left = left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX));
                self.at = if left == 0 { At::DataReturn } else { At::Data(left) };
            } else if let Some((byte, after)) = rest.split_first() {
                self.at = self.step(*byte).ok_or_else(broken)?;
                rest = after;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// `None`: the byte may not stand here.
    fn step(&mut self, byte: u8) -> Option<At> {
        Some(match (self.at, byte) {
            (At::Size(digits, size), _) if byte.is_ascii_hexdigit() => {
                let digit = u64::from(char::from(byte).to_digit(16)?);
                (digits < SIZE_DIGITS_MAX).then_some(At::Size(digits + 1, size * 16 + digit))?
            }
            (At::Size(1.., size), b';') => At::Extension(size),
            (At::Size(1.., size) | At::Extension(size), b'\r') => At::SizeEnd(size),
            (At::Extension(size), b'\t' | 0x20..=0x7e | 0x80..) => {
                self.extension_bytes += 1;
                (self.extension_bytes <= EXTENSION_BYTES_MAX).then_some(At::Extension(size))?
            }
            (At::SizeEnd(0), b'\n') => At::TrailerStart,
            (At::SizeEnd(size), b'\n') => At::Data(size),
            (At::DataReturn, b'\r') => At::DataEnd,
            (At::DataEnd, b'\n') => At::Size(0, 0),
            (At::TrailerStart, b'\r') => At::LastEnd,
            (At::TrailerStart, b' ' | b'\t') => return None,
            (At::TrailerStart | At::Trailer, b'\t' | 0x20..=0x7e | 0x80..) => {
                self.trailer_bytes += 1;
                (self.trailer_bytes <= TRAILER_BYTES_MAX).then_some(At::Trailer)?
            }
            (At::Trailer, b'\r') => At::TrailerEnd,
            (At::TrailerEnd, b'\n') => At::TrailerStart,
            (At::LastEnd, b'\n') => At::Done,
            _ => return None,
        })
    }
}

fn broken() -> Error {
    Error::Malformed(Problem::new("malformed", "The chunks of the body are not formed as RFC 9112 7.1 says; nothing was changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_ends_where_its_last_chunk_ends_however_it_is_cut() {
        let body = b"3\r\nabc\r\nA;name=\"v\"\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n";
        let sent = [body.as_slice(), b"GET /next"].concat();
        for cut in 0..=sent.len() {
            let (mut chunks, (first, second)) = (Chunks::default(), sent.split_at(cut));
            let taken = chunks.follow(first).expect("good") + chunks.follow(second).expect("good");
            assert_eq!((taken, chunks.is_done()), (body.len(), true), "cut at {cut}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("1;{}", "x".repeat(5_000));
        for bad in [
            "+3\r\n",
            "-1\r\n",
            "0x3\r\n",
            "\r\n",
            " 3\r\n",
            "3 \r\n",
            "3\n",
            "3\rabc",
            "g\r\n",
            "1000000000000000\r\n",
            "3\r\nabcX",
            "3\r\nabc\n",
            "3;a\nb",
            "3;a\0",
            ";x\r\n",
            "0\r\n \r\n",
            "0\r\nX\n",
            "0\r\n\n",
            &long,
        ] {
            assert!(Chunks::default().follow(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
