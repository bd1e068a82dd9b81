//! What the row formats have in common: a row in, a row out, the headings. Which format a file has is in `file`.

use crate::model::error::{Error, Result};
use crate::model::field::Kind;
use serde::Serializer;
use serde_json::Value;
use std::io::Write;

/// One row as it stands in the file.
#[derive(Default)]
pub struct Row {
    /// Counts from 1, headings apart.
    pub number: u64,
    /// Where it begins in a file of lines, or its row of a sheet, counted from 1.
    pub line: Option<u64>,
    /// In a sheet, the column of the first heading, counted from 0.
    pub column: Option<u32>,
    /// Index into the headings, value. Cells of a CSV file are texts, an empty one is null.
    pub cells: Vec<(usize, Value)>,
    /// Columns of this row with a number that JSON readers would round: the cell is the exact JSON text, as a text.
    pub rounded: Vec<usize>,
    /// Columns of this row with a day of a sheet, where a moment at midnight is the same number.
    pub days: Vec<usize>,
    /// Columns of this row whose cell has no value that could be taken, and why: reads on from the cell's name.
    pub refused: Vec<(usize, String)>,
    /// Columns of this row whose cell is an error of a calculation, such as `#N/A`.
    pub errors: Vec<(usize, String)>,
}

/// Letters of a column (counted from 0) and the number of a row (from 1): `C7`.
pub fn cell_name(column: u32, row: u64) -> String {
    let mut letters = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.insert(0, char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default()));
        rest = (rest - 1) / 26;
    }
    format!("{letters}{row}")
}

/// Called for every row with the headings known so far.
pub type Take<'a> = dyn FnMut(&[String], Row) -> Result<()> + 'a;

/// One column of an export.
#[derive(Debug, Clone)]
pub struct OutColumn {
    pub heading: String,
    pub kind: Kind,
}

/// One exported row: the stored values, and the texts for formats that have texts. A format that has no use for one gets none.
pub struct OutRow {
    pub values: Vec<Value>,
    pub texts: Vec<String>,
}

/// Writes the values as an object, under their columns' headings.
pub fn write_object(out: impl Write, columns: &[OutColumn], values: &[Value]) -> Result<()> {
    let pairs = columns.iter().map(|column| &column.heading).zip(values);
    serde_json::Serializer::new(out).collect_map(pairs).map_err(unwritten)
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
