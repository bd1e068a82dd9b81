//! A file of rows: which format it has, reading it, writing it.

use super::rows::{OutColumn, Row, RowWriter, Take};
use super::{csv, json, ndjson, xlsx};
use crate::model::error::{Error, Problem, Result};
use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma, semicolon, tab or bar between cells: found out from the first line.
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// A workbook; one of its sheets.
    Xlsx,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Csv, Format::Json, Format::Ndjson, Format::Xlsx];
    pub const NAMES: [&'static str; 4] = ["csv", "json", "ndjson", "xlsx"];

    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Xlsx => "xlsx",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// By the ending of a file's name.
    pub fn of(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let unknown = |hint: &str| {
            let message = format!("A file that ends in '.{ending}' cannot be read; it must be .csv, .tsv, .xlsx, .json, .ndjson or .jsonl");
            let problem = Problem::new("format", message);
            Err(Error::invalid(if hint.is_empty() { problem } else { problem.hint(hint) }))
        };
        match ending.as_str() {
            "csv" | "tsv" | "txt" => Ok(Format::Csv),
            "json" => Ok(Format::Json),
            "ndjson" | "jsonl" => Ok(Format::Ndjson),
            "xlsx" | "xlsm" => Ok(Format::Xlsx),
            "xls" | "xlsb" | "ods" | "numbers" => unknown("Save the sheet as .xlsx or as CSV, and import that file"),
            _ => unknown(""),
        }
    }

    /// The media type, for answers and requests.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Json => "application/json",
            Format::Ndjson => "application/x-ndjson",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// True when cells are texts that a field's type has to read.
    pub fn is_textual(self) -> bool {
        self == Format::Csv
    }

    /// What a writer wants of every row.
    pub fn wants_texts(self) -> bool {
        matches!(self, Format::Csv | Format::Xlsx)
    }

    pub fn wants_values(self) -> bool {
        self != Format::Csv
    }

    /// A writer of rows under these headings.
    pub fn write<'w>(self, out: Box<dyn Write + 'w>, columns: &[OutColumn]) -> Result<Box<dyn RowWriter + 'w>> {
        match self {
            Format::Csv => Ok(Box::new(csv::Writer::start(out, columns)?)),
            Format::Json => Ok(Box::new(json::Writer::start(out, columns)?)),
            Format::Ndjson => Ok(Box::new(ndjson::Writer { out, columns: columns.to_vec() })),
            Format::Xlsx => Ok(Box::new(xlsx::write::Writer::start(out, columns)?)),
        }
    }
}

/// Where rows come from. May be read several times, by one reader at a time.
pub struct Input {
    pub format: Format,
    source: Source,
    /// Which sheet of a workbook; the first one when nobody said.
    sheet: Option<String>,
    book: OnceLock<xlsx::Book>,
}

pub enum Source {
    Path(PathBuf),
    /// A file without a name.
    Open(Arc<File>),
    Memory(Arc<[u8]>),
}

/// What a file was found to have when it had been read.
pub struct Found {
    /// In the order in which they were met.
    pub headings: Vec<String>,
    /// Sentences for the person.
    pub notes: Vec<String>,
}

impl Input {
    pub fn new(format: Format, source: Source, sheet: Option<&str>) -> Result<Self> {
        if sheet.is_some() && format != Format::Xlsx {
            let message = format!("Only a workbook (.xlsx) has sheets to choose from, and this is {}", format.name());
            return Err(Error::invalid(Problem::of("sheet", "format", message)));
        }
        Ok(Self { format, source, sheet: sheet.map(str::to_owned), book: OnceLock::new() })
    }

    /// A file of this machine; its ending tells the format.
    pub fn at(path: &Path, sheet: Option<&str>) -> Result<Self> {
        Self::new(Format::of(path)?, Source::Path(path.to_owned()), sheet)
    }

    pub fn bytes_total(&self) -> Result<u64> {
        let size = match &self.source {
            Source::Path(path) => std::fs::metadata(path).map(|about| about.len()),
            Source::Open(file) => file.metadata().map(|about| about.len()),
            Source::Memory(bytes) => return Ok(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
        };
        size.map_err(|error| self.unread(&error))
    }

    /// Reads all of it row by row. `bytes` tells how far it has come.
    pub fn read(&self, bytes: &Arc<AtomicU64>, take: &mut Take<'_>) -> Result<Found> {
        if self.format == Format::Xlsx {
            let book = self.book()?;
            let (headings, more) = xlsx::read(book, bytes, self.bytes_total()?, take)?;
            return Ok(Found { headings, notes: book.notes.iter().cloned().chain(more).collect() });
        }
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
            Format::Json => json::read(counted, take),
            Format::Ndjson => ndjson::read(counted, take),
            Format::Csv | Format::Xlsx => csv::read(counted, take),
        };
        if row_bytes.load(Ordering::Relaxed) > ROW_BYTES_MAX {
            let message = format!("Row {} is longer than {ROW_BYTES_MAX} bytes, with the headings before it if it is the first", rows + 1);
            return Err(Error::TooLarge(message));
        }
        read.map(|headings| Found { headings, notes: Vec::new() })
    }

    /// The sheets to choose from; only a workbook has any.
    pub fn sheets(&self) -> Result<&[String]> {
        if self.format == Format::Xlsx { Ok(&self.book()?.sheets) } else { Ok(&[]) }
    }

    /// The workbook, unpacked when it is first asked for.
    fn book(&self) -> Result<&xlsx::Book> {
        if let Some(book) = self.book.get() {
            return Ok(book);
        }
        let sheet = self.sheet.as_deref();
        let book = match &self.source {
            Source::Path(path) => xlsx::open(File::open(path).map_err(|error| self.unread(&error))?, sheet),
            Source::Open(file) => xlsx::open(&**file, sheet),
            Source::Memory(bytes) => xlsx::open(Cursor::new(&**bytes), sheet),
        };
        let book = book?;
        Ok(self.book.get_or_init(move || book))
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
