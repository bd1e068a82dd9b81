//! What the row formats have in common: a row in, a row out, the headings. Which format a file has is in `file`.

use crate::model::error::{Error, Result};
use serde_json::{Map, Value};

/// One row as it stands in the file.
pub struct Row {
    /// Counts from 1, headings apart.
    pub number: u64,
    /// Where it begins in a file of lines, counted from 1.
    pub line: Option<u64>,
    /// Index into the headings, value. Cells of a CSV file are texts, an empty one is null.
    pub cells: Vec<(usize, Value)>,
    /// Columns of this row with a number that JSON readers would round: the cell is the exact JSON text, as a text.
    pub rounded: Vec<usize>,
}

/// Called for every row with the headings known so far.
pub type Take<'a> = dyn FnMut(&[String], Row) -> Result<()> + 'a;

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
