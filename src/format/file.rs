//! A file of rows: which format it has, reading it, writing it.

use super::rows::{RowWriter, Take};
use super::{csv, json, ndjson};
use crate::model::error::{Error, Problem, Result};
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
