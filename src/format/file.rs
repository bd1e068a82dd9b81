//! A file of rows: which format it has, reading it, writing it.

use super::rows::{Row, RowWriter, Take};
use super::{csv, json, ndjson};
use crate::model::error::{Error, Problem, Result};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

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

    /// A writer of rows under these headings.
    pub fn write<'w>(self, out: Box<dyn Write + 'w>, headings: &[String]) -> Result<Box<dyn RowWriter + 'w>> {
        match self {
            Format::Csv => Ok(Box::new(csv::Writer::start(out, headings)?)),
            Format::Json => Ok(Box::new(json::Writer::start(out)?)),
            Format::Ndjson => Ok(Box::new(ndjson::Writer { out })),
        }
    }
}

/// Where rows come from. May be read several times, by one reader at a time.
pub struct Input {
    pub format: Format,
    pub source: Source,
}

pub enum Source {
    Path(PathBuf),
    /// A file without a name.
    Open(Arc<File>),
    Memory(Arc<[u8]>),
}

impl Input {
    /// A file of this machine; its ending tells the format.
    pub fn at(path: &Path) -> Result<Self> {
        Ok(Self { format: Format::of(path)?, source: Source::Path(path.to_owned()) })
    }

    pub fn bytes_total(&self) -> Result<u64> {
        let size = match &self.source {
            Source::Path(path) => std::fs::metadata(path).map(|about| about.len()),
            Source::Open(file) => file.metadata().map(|about| about.len()),
            Source::Memory(bytes) => return Ok(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        };
        size.map_err(|error| self.unread(&error))
    }

    /// Reads all of it row by row. `bytes` tells how far it has come. Gives all headings, in the order in which they were met.
    pub fn read(&self, bytes: &Arc<AtomicU64>, take: &mut Take<'_>) -> Result<Vec<String>> {
        let row_bytes = Arc::new(AtomicUsize::new(0));
        let inner = self.open().map_err(|error| self.unread(&error))?;
        let counted = Counted { inner, bytes: bytes.clone(), row_bytes: row_bytes.clone() };
        let mut rows = 0;
        let take = &mut |headings: &[String], row: Row| {
            row_bytes.store(0, Ordering::Relaxed);
            rows = row.number;
            take(headings, row)
        };
        let read = match self.format {
            Format::Csv => csv::read(counted, take),
            Format::Json => json::read(counted, take),
            Format::Ndjson => ndjson::read(counted, take),
        };
        if row_bytes.load(Ordering::Relaxed) > ROW_BYTES_MAX {
            let message = format!("Row {} is longer than {ROW_BYTES_MAX} bytes, with the headings before it if it is the first", rows + 1);
            return Err(Error::TooLarge(message));
        }
        read
    }

    fn open(&self) -> std::io::Result<Box<dyn Read + '_>> {
        Ok(match &self.source {
            Source::Path(path) => Box::new(File::open(path)?),
            Source::Open(file) => {
                let mut file = &**file;
                file.rewind()?;
                Box::new(file)
            }
            Source::Memory(bytes) => Box::new(&**bytes),
        })
    }

    fn unread(&self, error: &std::io::Error) -> Error {
        match &self.source {
            Source::Path(path) => Error::malformed(format!("{} cannot be read: {error}", path.display())),
            Source::Open(_) | Source::Memory(_) => Error::internal(error),
        }
    }
}

/// What one row may take of a file, or the headings: a row in memory is many times as large as its text, and a file may be one row.
const ROW_BYTES_MAX: usize = 2 * 1024 * 1024;

struct Counted<R> {
    inner: R,
    bytes: Arc<AtomicU64>,
    /// Since the last row was taken.
    row_bytes: Arc<AtomicUsize>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.row_bytes.load(Ordering::Relaxed) > ROW_BYTES_MAX {
            return Err(std::io::Error::other("a row is too long"));
        }
        let read = self.inner.read(buffer)?;
        self.row_bytes.fetch_add(read, Ordering::Relaxed);
        self.bytes.fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
        Ok(read)
    }
}
