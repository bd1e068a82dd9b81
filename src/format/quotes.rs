//! Watches the quotes of a CSV file while it is read. The parser is lenient: a quote that never closes swallows the rest of the file as one
//! cell, and text behind a closing quote is glued on. Both lose data, so both end the reading with a reason.

use std::io::{Error, ErrorKind, Read};

pub struct Quotes<R> {
    inner: R,
    separator: u8,
    state: State,
    line: u64,
    /// Where the open quote stands.
    opened: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// Behind a quote inside quotes: the end of the cell, or the first half of a doubled quote.
    QuoteInQuotes,
}

impl<R> Quotes<R> {
    pub fn new(inner: R, separator: u8) -> Self {
        Self { inner, separator, state: State::CellStart, line: 1, opened: 0 }
    }

    fn see(&mut self, byte: u8) -> Result<(), Error> {
        let ends_line = matches!(byte, b'\n' | b'\r');
        self.state = match (self.state, byte) {
            (State::CellStart, b'"') => {
                self.opened = self.line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::QuoteInQuotes,
            (State::Quoted, _) => State::Quoted,
            (State::QuoteInQuotes, b'"') => State::Quoted,
            (_, byte) if ends_line || byte == self.separator => State::CellStart,
            (State::QuoteInQuotes, _) => {
                let why = format!("Line {} has text behind a closing quote; double the quotes inside a cell", self.line);
                return Err(Error::new(ErrorKind::InvalidData, why));
            }
            _ => State::Plain,
        };
        self.line += u64::from(byte == b'\n');
        Ok(())
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let count = self.inner.read(buffer)?;
        for byte in buffer.iter().take(count) {
            self.see(*byte)?;
        }
        if count == 0 && !buffer.is_empty() && self.state == State::Quoted {
            let why = format!("The quote that opens on line {} is never closed", self.opened);
            return Err(Error::new(ErrorKind::InvalidData, why));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_that_would_swallow_or_glue_end_the_reading() {
        let read = |text: &str| Quotes::new(text.as_bytes(), b',').read_to_end(&mut Vec::new()).map_err(|error| error.to_string());
        for good in ["", "a,b\n1,2", "\"a,\"\"b\"\"\nc\",d\r\n\"\",5\" pipe\n", "a\n\"x\"\n", "\"x\""] {
            assert_eq!(read(good), Ok(good.len()), "{good}");
        }
        assert_eq!(read("a,b\n1,\"x\n2,y\n"), Err("The quote that opens on line 2 is never closed".to_owned()));
        assert_eq!(read("a\n\"abc\"def\n"), Err("Line 2 has text behind a closing quote; double the quotes inside a cell".to_owned()));
    }
}
