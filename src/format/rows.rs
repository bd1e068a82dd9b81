//! What the row formats have in common: a row, a reader's callback, finding the format of a file.

use super::{csv, json, ndjson};
use crate::model::error::{Error, Problem, Result};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma, semicolon, tab or bar between cells: found out from the first line.
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
}

/// One row as it stands in the file.
pub struct Row {
    /// Counts from 1, headings apart.
    pub number: u64,
    /// Where it begins in a file of lines, counted from 1.
    pub line: Option<u64>,
    /// Index into the headings, value. Cells of a CSV file are texts, an empty one is null.
    pub cells: Vec<(usize, Value)>,
    /// Columns of this row whose number has more digits than JSON readers keep: its cell holds the digits as a text.
    pub long_numbers: Vec<usize>,
}

/// Called for every row with the headings known so far.
pub type Take<'a> = dyn FnMut(&[String], Row) -> Result<()> + 'a;

impl Format {
    pub const NAMES: [&'static str; 3] = ["csv", "json", "ndjson"];

    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "ndjson" => Some(Format::Ndjson),
            _ => None,
        }
    }

    /// By the ending of a file's name.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        match ending.as_str() {
            "csv" | "tsv" | "txt" => Ok(Format::Csv),
            "json" => Ok(Format::Json),
            "ndjson" | "jsonl" => Ok(Format::Ndjson),
            other => Err(Error::invalid(Problem::new(
                "format",
                format!("A file that ends in '.{other}' cannot be read; it must be .csv, .tsv, .json, .ndjson or .jsonl"),
            ))),
        }
    }

    /// True when cells are texts that a field's type has to read.
    pub fn is_textual(self) -> bool {
        self == Format::Csv
    }

    /// Reads a whole file row by row. `bytes` tells how far it has come. Gives all headings, in the order in which they were met.
    pub fn read(self, path: &Path, bytes: &Arc<AtomicU64>, take: &mut Take<'_>) -> Result<Vec<String>> {
        let file = File::open(path).map_err(|error| Error::malformed(format!("{} cannot be read: {error}", path.display())))?;
        let counted = Counted { inner: file, bytes: bytes.clone() };
        match self {
            Format::Csv => csv::read(counted, take),
            Format::Json => json::read(counted, take),
            Format::Ndjson => ndjson::read(counted, take),
        }
    }

    /// A writer of rows under these headings.
    pub fn write<'w>(self, out: Box<dyn Write + 'w>, headings: &[String]) -> Result<Box<dyn RowWriter + 'w>> {
        match self {
            Format::Csv => Ok(Box::new(csv::Writer::start(out, headings)?)),
            Format::Json => Ok(Box::new(json::Writer::start(out)?)),
            Format::Ndjson => Ok(Box::new(ndjson::Writer { out })),
        }
    }
}

/// One exported row: by heading the stored value and the text for formats that have only text.
pub struct OutRow {
    pub values: Map<String, Value>,
    pub texts: Vec<String>,
}

pub trait RowWriter {
    fn row(&mut self, row: &OutRow) -> Result<()>;
    /// Must be called once after the last row.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Why an export stopped: the reader went away, or the disk is full.
pub fn unwritten(error: impl std::fmt::Display) -> Error {
    Error::malformed(format!("The export could not be written: {error}"))
}

/// Headings to their place, in the order in which they are met.
#[derive(Default)]
pub struct Headings {
    pub names: Vec<String>,
    places: std::collections::HashMap<String, usize>,
}

impl Headings {
    pub fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }
}

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
        Ok(read)
    }
}
