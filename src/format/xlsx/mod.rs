//! XLSX in: one sheet of a workbook, its first row that is not empty as headings, every cell as the sheet has it. Out is in `write`, the container in
//! `unpack`, dates in `serial`.
//!
//! A number comes in as a number, and 5.0 is 5: a spreadsheet has one kind of number, a double. Days and moments come in by their ISO form, times and
//! durations as `12:30:00`. An empty text is an empty cell. A cell that has no value which could be taken in (`#N/A`, a formula that was never
//! calculated) is told by its name.

mod serial;
mod unpack;
pub mod write;

use super::rows::{Row, Take, cell_name};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader, XlsxError};
use serde_json::{Number, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
pub use unpack::Source;
use unpack::{Allowance, Meter, Unpacked};

/// What is read of the parts that are held in memory: texts, formats, names.
const HELD_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What one cell may take, with all that stands between it and the one before.
const CELL_BYTES_MAX: u64 = 2 * 1024 * 1024;
const CELLS_MAX: u64 = 50_000_000;
/// Of the format.
const COLUMNS_MAX: u32 = 16_384;
const ROWS_MAX: u32 = 1_048_576;
/// The first whole number past those of 64 bits.
const WHOLE_END: f64 = 9_223_372_036_854_775_808.0;

/// A workbook that was unpacked, and the sheet that was chosen of it. May be read several times, by one reader at a time.
pub struct Book {
    unpacked: Unpacked,
    sheet: String,
    /// The names of all of its sheets of cells.
    pub sheets: Vec<String>,
    pub notes: Vec<String>,
}

type Workbook = Xlsx<Allowance>;

/// Unpacks a workbook and finds the sheet: the one that is named, else the first that can be seen.
pub fn open(source: impl Source, sheet: Option<&str>) -> Result<Book> {
    let unpacked = unpack::unpack(source)?;
    let (mut workbook, meter) = workbook(&unpacked)?;
    let (sheet, mut notes) = choose(&workbook, sheet)?;
    if unpacked.has_formulas {
        calculated(&mut workbook, &sheet, &meter)?;
    }
    if unpacked.has_merged_cells && may_have_merged_cells(&mut workbook, &sheet, &meter) {
        notes.push("The workbook has merged cells: their value stands in the first of them, the others are empty".to_owned());
    }
    let sheets = workbook.sheets_metadata().iter().filter(|about| about.typ == SheetType::WorkSheet).map(|about| about.name.clone());
    let sheets = sheets.collect();
    Ok(Book { unpacked, sheet, sheets, notes })
}

/// Reads the sheet row by row. `bytes` tells how far it has come, of `bytes_total`. Gives the headings, and notes.
pub fn read(book: &Book, bytes: &AtomicU64, bytes_total: u64, take: &mut Take<'_>) -> Result<(Vec<String>, Vec<String>)> {
    let (mut workbook, meter) = workbook(&book.unpacked)?;
    let before = meter.read.get();
    meter.left.set(CELL_BYTES_MAX);
    let mut cells = guarded(|| workbook.worksheet_cells_reader(&book.sheet))?;
    let formats: Vec<serial::Format> = cells.styles().iter().map(|style| serial::Format::of(style.number_format.as_ref())).collect();
    let mut rows = Rows { take, headings: None, first: 0, row: 0, cells: Vec::new(), number: 0, passed_over: 0 };
    let mut seen = 0;
    while let Some((row, column, came)) = next(&mut cells, &formats, &meter)? {
        seen += 1;
        if seen > CELLS_MAX {
            return Err(Error::TooLarge(format!("The sheet has more than {CELLS_MAX} cells; save it as CSV")));
        }
        if seen % 1_000 == 0 {
            let part = (meter.read.get() - before) as f64 / book.unpacked.bytes.max(1) as f64;
            bytes.store((bytes_total as f64 * part.min(1.0)) as u64, Ordering::Relaxed);
        }
        if !matches!(came, Came::Value(Value::Null)) {
            rows.cell(row, column, came)?;
        }
    }
    bytes.store(bytes_total, Ordering::Relaxed);
    rows.end()
}

fn workbook(unpacked: &Unpacked) -> Result<(Workbook, Meter)> {
    let meter = Meter::default();
    meter.left.set(HELD_BYTES_MAX);
    let allowance = Allowance::new(unpacked, &meter).map_err(Error::internal)?;
    let opened = guarded(|| Xlsx::new(allowance));
    if meter.left.get() == 0 {
        return Err(Error::TooLarge(format!("The texts of the workbook have more than {HELD_BYTES_MAX} bytes; save the sheet as CSV")));
    }
    Ok((opened?, meter))
}

/// The library's answer as ours. It falls where a hostile file makes it count below nought: that is a damaged file, too.
fn guarded<T>(ask: impl FnOnce() -> std::result::Result<T, XlsxError>) -> Result<T> {
    let damaged = |why: &str| {
        let problem = Problem::new("malformed", format!("The workbook cannot be read: {why}"));
        Error::Malformed(problem.hint("Open it in a spreadsheet program, save it again as .xlsx, and import that file"))
    };
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(damaged(&error.to_string())),
        Err(_) => Err(damaged("its parts contradict each other")),
    }
}

fn choose(workbook: &Workbook, wanted: Option<&str>) -> Result<(String, Vec<String>)> {
    let sheets = || workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let names: Vec<&str> = sheets().map(|sheet| sheet.name.as_str()).collect();
    if let Some(wanted) = wanted {
        let found =
            names.iter().find(|name| **name == wanted).or_else(|| names.iter().find(|name| name.to_lowercase() == wanted.to_lowercase()));
        let missing = || {
            let problem = Problem::of("sheet", "not_found", format!("The workbook has no sheet {}", quoted(wanted)));
            let shown: Vec<String> = names.iter().take(10).map(|name| quoted(name)).collect();
            Error::invalid(problem.hint(format!("Its sheets are: {}", shown.join(", "))))
        };
        return Ok(((*found.ok_or_else(missing)?).to_owned(), Vec::new()));
    }
    let first = sheets().find(|sheet| sheet.visible == SheetVisible::Visible).or_else(|| sheets().next());
    let first = first.ok_or_else(|| Error::malformed("The workbook has no sheet of cells"))?.name.clone();
    let others: Vec<String> = names.iter().filter(|name| **name != first).take(10).map(|name| quoted(name)).collect();
    let note =
        format!("The sheet {} was read; the workbook also has {} (--sheet, over HTTP sheet=, chooses)", quoted(&first), others.join(", "));
    Ok((first, if others.is_empty() { Vec::new() } else { vec![note] }))
}

/// Refuses a sheet with formulas whose values nobody has calculated: they would come in as empty cells.
fn calculated(workbook: &mut Workbook, sheet: &str, meter: &Meter) -> Result<()> {
    meter.left.set(CELL_BYTES_MAX);
    let mut cells = guarded(|| workbook.worksheet_cells_reader(sheet))?;
    let mut open = Vec::new();
    loop {
        meter.left.set(CELL_BYTES_MAX);
        let Some(record) = guarded(|| cells.next_cell_with_formula_metadata())? else { break };
        if record.formula.is_some() && record.value == DataRef::Empty {
            open.push(cell_name(record.pos.1, u64::from(record.pos.0) + 1));
        }
    }
    let Some(first) = open.first() else { return Ok(()) };
    let more = if open.len() > 1 { format!(", and {} more cells do", open.len() - 1) } else { String::new() };
    let problem = Problem::new("formula", format!("Cell {first} holds a formula without its value{more}"));
    Err(Error::invalid(problem.hint("Open the file in a spreadsheet program and save it: that writes the values of formulas")))
}

/// Whether those of the workbook are of this sheet. Of one that is too large to ask, or damaged, nobody knows.
fn may_have_merged_cells(workbook: &mut Workbook, sheet: &str, meter: &Meter) -> bool {
    meter.left.set(HELD_BYTES_MAX);
    guarded(|| workbook.merge_cells_by_sheet_name(sheet)).map_or(true, |merged| !merged.is_empty())
}

/// What a cell is.
enum Came {
    Value(Value),
    /// A day without a time, by its ISO form.
    Day(Value),
    /// Why it cannot be taken.
    Refused(String),
    /// What a calculation came to, such as `#N/A`.
    Error(String),
}

fn next(cells: &mut XlsxCellReader<'_, Allowance>, formats: &[serial::Format], meter: &Meter) -> Result<Option<(u32, u32, Came)>> {
    meter.left.set(CELL_BYTES_MAX);
    let came = guarded(|| cells.next_cell_with_style_id());
    if meter.left.get() == 0 {
        return Err(Error::TooLarge(format!("A cell of the sheet is longer than {CELL_BYTES_MAX} bytes")));
    }
    let Some((cell, style)) = came? else { return Ok(None) };
    let (row, column) = cell.get_position();
    if row >= ROWS_MAX || column >= COLUMNS_MAX {
        let place = cell_name(column, u64::from(row) + 1);
        return Err(Error::malformed(format!(
            "The sheet has a cell {place}, beyond the {ROWS_MAX} rows and {COLUMNS_MAX} columns of a sheet"
        )));
    }
    Ok(Some((row, column, value(cell.get_value(), formats.get(style).copied().unwrap_or_default()))))
}

fn value(cell: &DataRef<'_>, format: serial::Format) -> Came {
    let text = |text: &str| Came::Value(if text.is_empty() { Value::Null } else { Value::from(text) });
    match cell {
        DataRef::Empty => Came::Value(Value::Null),
        DataRef::Int(number) => Came::Value(Value::from(*number)),
        DataRef::Float(number) if number.fract() == 0.0 && (-WHOLE_END..WHOLE_END).contains(number) => {
            Came::Value(Value::from(*number as i64))
        }
        DataRef::Float(number) => match Number::from_f64(*number) {
            Some(number) => Came::Value(Value::Number(number)),
            None => Came::Refused("holds a number that is too large".to_owned()),
        },
        DataRef::String(held) => text(held),
        DataRef::SharedString(held) => text(held),
        DataRef::Bool(truth) => Came::Value(Value::Bool(*truth)),
        DataRef::DateTime(at) => match serial::read(at, format) {
            Some(serial::Read::Day(day)) => Came::Day(Value::String(day)),
            Some(serial::Read::Text(text)) => Came::Value(Value::String(text)),
            None => Came::Refused(format!("holds the number {} as a date, which is none", at.as_f64())),
        },
        DataRef::DateTimeIso(iso) => match serial::read_iso(iso) {
            serial::Read::Day(day) => Came::Day(Value::String(day)),
            serial::Read::Text(text) => Came::Value(Value::String(text)),
        },
        DataRef::DurationIso(iso) => text(iso),
        DataRef::Error(error) => Came::Error(error.to_string()),
    }
}

/// Cells to rows: the first row with a value has the headings.
struct Rows<'r, 't> {
    take: &'r mut Take<'t>,
    headings: Option<Vec<String>>,
    /// Column of the first heading.
    first: u32,
    row: u32,
    cells: Vec<(u32, Came)>,
    number: u64,
    passed_over: u64,
}

impl Rows<'_, '_> {
    fn cell(&mut self, row: u32, column: u32, came: Came) -> Result<()> {
        if row < self.row || (row == self.row && self.cells.last().is_some_and(|(last, _)| *last >= column)) {
            let place = cell_name(column, u64::from(row) + 1);
            return Err(Error::malformed(format!("The workbook is damaged: cell {place} stands twice, or behind one that comes after it")));
        }
        if row != self.row {
            self.finish_row()?;
            if self.headings.is_some() {
                self.passed_over += u64::from(row - self.row - 1);
            }
            self.row = row;
        }
        self.cells.push((column, came));
        Ok(())
    }

    fn finish_row(&mut self) -> Result<()> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return Ok(());
        }
        match self.headings.take() {
            None => self.headings = Some(self.begin(cells)?),
            Some(headings) => {
                self.number += 1;
                let row = self.filled(&headings, cells)?;
                (self.take)(&headings, row)?;
                self.headings = Some(headings);
            }
        }
        Ok(())
    }

    /// The headings: every column from the first one with a heading to the last.
    fn begin(&mut self, cells: Vec<(u32, Came)>) -> Result<Vec<String>> {
        let (first, last) = (cells.first().map_or(0, |(at, _)| *at), cells.last().map_or(0, |(at, _)| *at));
        self.first = first;
        let mut headings = vec![String::new(); usize::try_from(last - first + 1).unwrap_or_default()];
        for (column, came) in cells {
            let text = match came {
                Came::Value(Value::String(text)) | Came::Day(Value::String(text)) => text,
                Came::Value(other) | Came::Day(other) => other.to_string(),
                Came::Refused(why) => return Err(self.no_heading(column, &why)),
                Came::Error(error) => return Err(self.no_heading(column, &format!("holds the error {error}"))),
            };
            if let Some(heading) = headings.get_mut(usize::try_from(column - first).unwrap_or_default()) {
                *heading = text;
            }
        }
        Ok(headings)
    }

    fn no_heading(&self, column: u32, why: &str) -> Error {
        let place = cell_name(column, u64::from(self.row) + 1);
        Error::invalid(Problem::new("heading", format!("Cell {place} should be a heading and {why}")))
    }

    fn filled(&self, headings: &[String], cells: Vec<(u32, Came)>) -> Result<Row> {
        let mut row = Row { number: self.number, line: Some(u64::from(self.row) + 1), column: Some(self.first), ..Row::default() };
        row.cells = (0..headings.len()).map(|at| (at, Value::Null)).collect();
        for (column, came) in cells {
            let at = column.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
            let Some((at, (_, slot))) = at.and_then(|at| Some((at, row.cells.get_mut(at)?))) else {
                let place = cell_name(column, u64::from(self.row) + 1);
                let problem = Problem::new("ragged", format!("Cell {place} has a value, and its column has no heading"));
                return Err(Error::invalid(problem.hint("Write a heading over it, or empty the cell")));
            };
            match came {
                Came::Value(value) => *slot = value,
                Came::Day(value) => {
                    *slot = value;
                    row.days.push(at);
                }
                Came::Refused(why) => row.refused.push((at, why)),
                Came::Error(error) => row.errors.push((at, error)),
            }
        }
        Ok(row)
    }

    fn end(mut self) -> Result<(Vec<String>, Vec<String>)> {
        self.finish_row()?;
        let headings = self.headings.ok_or_else(|| Error::malformed("The sheet is empty: its first row must hold the headings"))?;
        let note = format!("{} empty rows between others were passed over", self.passed_over);
        Ok((headings, if self.passed_over > 0 { vec![note] } else { Vec::new() }))
    }
}
