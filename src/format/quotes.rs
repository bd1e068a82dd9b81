//! Watches the quotes of a CSV file while it is read. The parser is lenient: a quote that never closes swallows the rest of the file as one
//! cell, and text behind a closing quote is glued on. Both lose data, so both end the reading with a reason.

use std::cell::Cell;
use std::io::{Error, ErrorKind, Read};
use std::rc::Rc;

pub struct Quotes<R> {
    inner: R,
    separator: u8,
    state: State,
    line: u64,
    /// Where the open quote stands.
    opened: u64,
    /// The byte before, to know an empty line.
    last: u8,
    /// The first empty line, and whether anything came after it.
    empty: Option<(u64, bool)>,
    empty_told: Rc<Cell<Option<u64>>>,
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
        Self { inner, separator, state: State::CellStart, line: 1, opened: 0, last: b'\n', empty: None, empty_told: Rc::default() }
    }

    /// The number of the first empty line that stands between others; the parser passes over it.
    pub fn empty_line(&self) -> Rc<Cell<Option<u64>>> {
        self.empty_told.clone()
    }

    fn watch_lines(&mut self, byte: u8) {
        let at_start = self.state == State::CellStart && self.last == b'\n';
        match byte {
            b'\r' => return,
            b'\n' if at_start && self.line > 1 => self.empty = self.empty.or(Some((self.line, false))),
            b'\n' => {}
            _ => {
                if let Some((line, false)) = self.empty {
                    self.empty = Some((line, true));
                    self.empty_told.set(Some(line));
                }
            }
        }
        self.last = byte;
    }

    fn see(&mut self, byte: u8) -> Result<(), Error> {
        self.watch_lines(byte);
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
    fn an_empty_line_between_others_is_seen_and_one_at_the_end_is_not() {
        for (text, line) in [
            ("a\nx\n\ny\n", Some(3)),
            ("a\r\nx\r\n\r\ny", Some(3)),
            ("a\nx\n\n\n", None),
            ("a\n\"x\n\ny\"\nz", None),
            ("a\n\n\nx\n\ny", Some(2)),
        ] {
            let mut quotes = Quotes::new(text.as_bytes(), b',');
            let told = quotes.empty_line();
            quotes.read_to_end(&mut Vec::new()).expect("good");
            assert_eq!(told.get(), line, "{text:?}");
        }
    }

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
