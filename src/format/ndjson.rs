//! NDJSON in and out: one JSON object a line.

use super::json::{Object, unreadable};
use super::rows::{Headings, OutColumn, OutRow, Row, RowWriter, Take, unwritten, write_object};
use crate::model::error::{Error, Problem, Result};
use std::io::{BufRead, BufReader, Read, Write};

/// In bytes; a longer line is refused before it is held in memory.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

pub fn read(source: impl Read, take: &mut Take<'_>) -> Result<Vec<String>> {
    let mut source = BufReader::with_capacity(256 * 1024, source);
    let mut headings = Headings::default();
    let (mut line, mut number) = (0, 0);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = (&mut source).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut text);
        if read.map_err(|error| Error::malformed(format!("The file cannot be read: {error}")))? == 0 {
            return Ok(headings.names);
        }
        line += 1;
        if text.len() == LINE_BYTES_MAX {
            return Err(Error::TooLarge(format!("Line {line} is longer than {LINE_BYTES_MAX} bytes")));
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").filter(|_| line == 1).unwrap_or(&text);
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        number += 1;
        let row = object(text, line, number, &mut headings)?;
        take(&headings.names, row)?;
    }
}

fn object(text: &[u8], line: u64, number: u64, headings: &mut Headings) -> Result<Row> {
    let object: Object =
        serde_json::from_slice(text).map_err(|error| match unreadable(&error, "Every line must hold one object: {\"name\": \"Ann\"}") {
            Error::Malformed(problem) => {
                let message = format!("Line {line} is no good JSON at column {}", error.column());
                Error::Malformed(Problem { message, ..problem })
            }
            other => other,
        })?;
    Ok(Row { line: Some(line), ..object.into_row(number, headings)? })
}

pub struct Writer<'w> {
    pub out: Box<dyn Write + 'w>,
    pub columns: Vec<OutColumn>,
}

impl RowWriter for Writer<'_> {
    fn row(&mut self, row: &OutRow) -> Result<()> {
        write_object(&mut self.out, &self.columns, &row.values)?;
        self.out.write_all(b"\n").map_err(unwritten)
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.out.flush().map_err(unwritten)
    }
}
