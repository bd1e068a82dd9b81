//! XLSX out: one sheet, written to a temporary file row by row, so that the memory stays small. Numbers, ticks, days and moments as such, all else as
//! text; the same rows give the same bytes.

use crate::format::rows::{OutColumn, OutRow, RowWriter, unwritten};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Kind;
use crate::model::name::quoted;
use jiff::civil;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use serde_json::Value;
use std::io::{Seek, Write};

/// Of the format: rows with the headings, UTF-16 units of a cell.
const ROWS_MAX: u32 = 1_048_576;
const CELL_UNITS_MAX: usize = 32_767;
/// Whole numbers up to here are exact in a double, the one kind of number of a spreadsheet.
const EXACT_MAX: u64 = 9_007_199_254_740_992;

pub struct Writer<'w> {
    out: Box<dyn Write + 'w>,
    workbook: Workbook,
    columns: Vec<OutColumn>,
    forms: Forms,
    row: u32,
}

struct Forms {
    day: Format,
    moment: Format,
    exact_moment: Format,
}

impl<'w> Writer<'w> {
    pub fn start(out: Box<dyn Write + 'w>, columns: &[OutColumn]) -> Result<Self> {
        let mut workbook = Workbook::new();
        // The day of the file is no news, and two exports of the same rows would differ by it.
        let day = ExcelDateTime::from_ymd(2000, 1, 1).map_err(unwritten)?;
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&day));
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory().map_err(unwritten)?;
        sheet.set_freeze_panes(1, 0).map_err(unwritten)?;
        for (at, column) in columns.iter().enumerate() {
            let place = u16::try_from(at).map_err(|_| Error::malformed("A sheet has no room for so many columns"))?;
            fits(&column.heading, &column.heading, "The heading")?;
            sheet.write_string_with_format(0, place, &column.heading, &bold).map_err(unwritten)?;
        }
        let forms = Forms {
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            exact_moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000"),
        };
        Ok(Self { out, workbook, columns: columns.to_vec(), forms, row: 0 })
    }
}

impl RowWriter for Writer<'_> {
    fn row(&mut self, row: &OutRow) -> Result<()> {
        self.row += 1;
        if self.row >= ROWS_MAX {
            let problem = Problem::new("too_many", format!("A sheet has room for {} records, and there are more", ROWS_MAX - 1));
            return Err(Error::invalid(problem.hint("Export them as CSV, or fewer of them")));
        }
        let at = self.row;
        let sheet = self.workbook.worksheet_from_index(0).map_err(unwritten)?;
        for (place, (column, (value, text))) in (0..).zip(self.columns.iter().zip(row.values.iter().zip(&row.texts))) {
            if !cell(sheet, (at, place), column.kind, value, &self.forms).map_err(unwritten)? {
                fits(text, &column.heading, &format!("Record {at}"))?;
                sheet.write_string(at, place, text).map_err(unwritten)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        let mut file = tempfile::tempfile().map_err(unwritten)?;
        let whole = file.try_clone().map_err(unwritten)?;
        self.workbook.save_to_writer(whole).map_err(unwritten)?;
        file.rewind().and_then(|()| std::io::copy(&mut file, &mut self.out)).and_then(|_| self.out.flush()).map_err(unwritten)
    }
}

/// Writes what a sheet has a type for; false for what has to be a text.
fn cell(sheet: &mut Worksheet, (row, place): (u32, u16), kind: Kind, value: &Value, forms: &Forms) -> std::result::Result<bool, XlsxError> {
    match (kind, value) {
        (_, Value::Null) => return Ok(true),
        // One kind of number has no room for the difference between 5 and 5.0, and json makes one.
        (Kind::Json, Value::Number(number)) if number.is_f64() && number.as_f64().is_none_or(|number| number.fract() == 0.0) => {
            return Ok(false);
        }
        (_, Value::Bool(truth)) => drop(sheet.write_boolean(row, place, *truth)?),
        (_, Value::Number(number)) => {
            match number.as_f64().filter(|_| number.as_i64().is_none_or(|whole| whole.unsigned_abs() <= EXACT_MAX)) {
                Some(number) => drop(sheet.write_number(row, place, number)?),
                None => return Ok(false),
            }
        }
        (Kind::Date, Value::String(text)) => match text.parse().ok().and_then(day) {
            Some(day) => drop(sheet.write_datetime_with_format(row, place, &day, &forms.day)?),
            None => return Ok(false),
        },
        (Kind::Datetime, Value::String(text)) => match moment(text) {
            Some((at, true)) => drop(sheet.write_datetime_with_format(row, place, &at, &forms.exact_moment)?),
            Some((at, false)) => drop(sheet.write_datetime_with_format(row, place, &at, &forms.moment)?),
            None => return Ok(false),
        },
        _ => return Ok(false),
    }
    Ok(true)
}

/// Sheets count from 1900 on; an earlier day stays its text.
fn day(date: civil::Date) -> Option<ExcelDateTime> {
    let (year, month, day) = (u16::try_from(date.year()).ok()?, u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    ExcelDateTime::from_ymd(year, month, day).ok().filter(|_| year >= 1900)
}

/// With whether it has milliseconds; what is finer, or earlier, stays its text.
fn moment(text: &str) -> Option<(ExcelDateTime, bool)> {
    let at: civil::DateTime = text.strip_suffix('Z')?.parse().ok()?;
    let nanos = at.subsec_nanosecond();
    let milli = u16::try_from(nanos / 1_000_000).ok().filter(|_| nanos % 1_000_000 == 0)?;
    let (hour, minute, second) = (u16::try_from(at.hour()).ok()?, u8::try_from(at.minute()).ok()?, u8::try_from(at.second()).ok()?);
    let whole = day(at.date())?.and_hms_milli(hour, minute, second, milli).ok()?;
    Some((whole, milli != 0))
}

/// A text is written whole or not at all.
fn fits(text: &str, heading: &str, place: &str) -> Result<()> {
    let units = text.encode_utf16().count();
    if units <= CELL_UNITS_MAX {
        return Ok(());
    }
    let message = format!("{place}: {} has {units} characters, and a cell of a sheet holds {CELL_UNITS_MAX}", quoted(heading));
    Err(Error::invalid(Problem::new("too_long", message).hint("Export the table as CSV or JSON, which hold any text")))
}
