//! CSV in and out: quoting by RFC 4180, the separator found out, a byte-order mark skipped. Cells keep every character; which of them have a guard
//! against being calculated is known where fields are (`guard`), headings always have.

use super::guard::{guarded, unguarded};
use super::quotes::Quotes;
use super::rows::{OutColumn, OutRow, Row, RowWriter, Take, unwritten};
use crate::model::error::{Error, Problem, Result};
use serde_json::Value;
use std::io::{BufReader, Cursor, Read, Write};

const PEEK_BYTES: usize = 64 * 1024;

pub fn read(mut source: impl Read, take: &mut Take<'_>) -> Result<Vec<String>> {
    let mut head = Vec::new();
    source
        .by_ref()
        .take(PEEK_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(|error| Error::malformed(format!("The file cannot be read: {error}")))?;
    let start = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let separator = separator(head.get(start..).unwrap_or_default());
    let mut rest = Cursor::new(head);
    rest.set_position(start as u64);
    let watched = Quotes::new(rest.chain(source), separator);
    let empty_line = watched.empty_line();
    let mut reader = ::csv::ReaderBuilder::new().delimiter(separator).from_reader(BufReader::new(watched));
    let headings: Vec<String> =
        reader.headers().map_err(|error| unreadable(&error))?.iter().map(|heading| unguarded(heading).to_owned()).collect();
    if headings.is_empty() {
        return Err(Error::malformed("The file is empty: its first line must hold the headings"));
    }
    let mut number = 0;
    let mut record = ::csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| unreadable(&error))? {
        number += 1;
        let cells = record
            .iter()
            .enumerate()
            .map(|(at, text)| (at, if text.is_empty() { Value::Null } else { Value::String(text.to_owned()) }))
            .collect();
        take(&headings, Row { number, line: record.position().map(::csv::Position::line), cells, ..Row::default() })?;
    }
    // Of several columns an empty line is nothing; of one it may be an empty cell.
    match empty_line.get().filter(|_| headings.len() == 1) {
        Some(line) => Err(Error::Malformed(
            Problem::new("empty_line", format!("Line {line} is empty: in a file of one column that may be an empty cell or nothing"))
                .hint("Write \"\" for an empty cell, or take the line out"),
        )),
        None => Ok(headings),
    }
}

/// The mark that stands most often in the first line, quotes apart.
fn separator(head: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in head {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(mark, _)| mark == byte).for_each(|(_, count)| *count += 1),
        }
    }
    // The first of equals wins: a comma when there is none at all.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(mark, _)| *mark)
}

fn unreadable(error: &::csv::Error) -> Error {
    let line = error.position().map(::csv::Position::line).unwrap_or_default();
    let problem = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Problem::new("ragged", format!("Line {line} has {len} cells, the headings have {expected_len}"))
                .hint("Check the quotes and separators of this line")
        }
        ::csv::ErrorKind::Utf8 { .. } => Problem::new("encoding", format!("Line {line} is not UTF-8 text")).hint("Save the file as UTF-8"),
        // Only `quotes` gives this kind, with the sentence for the person.
        ::csv::ErrorKind::Io(why) if why.kind() == std::io::ErrorKind::InvalidData => Problem::new("quotes", why.to_string()),
        _ => Problem::new("malformed", format!("The file cannot be read near line {line}")),
    };
    Error::Malformed(problem)
}

pub struct Writer<'w> {
    out: ::csv::Writer<Box<dyn Write + 'w>>,
}

impl<'w> Writer<'w> {
    pub fn start(out: Box<dyn Write + 'w>, columns: &[OutColumn]) -> Result<Self> {
        let mut out = ::csv::Writer::from_writer(out);
        out.write_record(columns.iter().map(|column| guarded(&column.heading).into_owned())).map_err(unwritten)?;
        Ok(Self { out })
    }
}

impl RowWriter for Writer<'_> {
    fn row(&mut self, row: &OutRow) -> Result<()> {
        self.out.write_record(&row.texts).map_err(unwritten)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.out.flush().map_err(unwritten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_most_frequent_mark_of_the_first_line() {
        for (line, mark) in
            [("a,b,c", b','), ("a;b;c,d", b';'), ("a\tb", b'\t'), ("a|b", b'|'), ("alone", b','), ("\"a,b,c\";d", b';'), ("a\nb;c;d", b',')]
        {
            assert_eq!(separator(line.as_bytes()), mark, "{line}");
        }
    }
}
