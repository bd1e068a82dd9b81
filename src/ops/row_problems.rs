//! What is wrong with the rows of a file: all of it counted, the first ones told, each with its row, its line or cell, and its column's heading.

use super::columns::Column;
use crate::format::rows::cell_name;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::store::stage::{First, Met};
use serde_json::{Map, Value};

/// Problems of which the first ones are told and the others counted.
pub struct Tally {
    shown: Vec<Problem>,
    count: usize,
    pub shown_max: usize,
}

impl Tally {
    pub fn new(shown_max: usize) -> Self {
        Self { shown: Vec::new(), count: 0, shown_max }
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn add(&mut self, problem: Problem) {
        self.count += 1;
        if self.shown.len() < self.shown_max {
            self.shown.push(problem);
        }
    }

    /// The first ones of these, and how many more there are.
    pub fn of(problems: Vec<Problem>, shown_max: usize) -> Self {
        let mut tally = Self::new(shown_max);
        problems.into_iter().for_each(|problem| tally.add(problem));
        tally
    }

    /// In the order of the rows; `last` comes behind all of them.
    pub fn refuse(mut self, last: Option<Problem>) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        self.shown.sort_by_key(|problem| problem.index);
        let more = self.count - self.shown.len();
        let more = (more > 0).then(|| Problem::new("more", format!("… and {more} more problems")));
        self.shown.extend(more.into_iter().chain(last));
        Err(Error::Invalid(self.shown))
    }
}

pub struct Problems<'c> {
    columns: &'c [Column],
    /// In a sheet, the column of the first heading.
    pub sheet_column: Option<u32>,
    pub tally: Tally,
}

impl<'c> Problems<'c> {
    pub fn new(columns: &'c [Column], sheet_column: Option<u32>, shown_max: usize) -> Self {
        Self { columns, sheet_column, tally: Tally::new(shown_max) }
    }

    /// How many are told.
    pub fn shown_max(&self) -> usize {
        self.tally.shown_max
    }

    /// Problems of the row of this number, which stands in this line.
    pub fn add(&mut self, row: i64, line: Option<u64>, problems: Vec<Problem>) {
        for problem in problems {
            let (place, index) = (self.place(row, line, &problem), usize::try_from(row - 1).ok());
            self.tally.add(Problem { message: format!("{place}: {}", problem.message), index, ..problem });
        }
    }

    /// What a question to the stage has found; `problems` gives what is told of a row that met something.
    pub fn add_met<T>(&mut self, found: First<T>, problems: impl Fn(&Met<T>, &Sent) -> Result<Vec<Problem>>) -> Result<()> {
        self.tally.count += found.total - found.rows.len().min(found.total);
        for met in &found.rows {
            let sent = Sent(serde_json::from_str(&met.sent).map_err(Error::internal)?);
            self.add(met.row, met.line.and_then(|line| u64::try_from(line).ok()), problems(met, &sent)?);
        }
        Ok(())
    }

    pub fn refuse(self) -> Result<()> {
        self.tally.refuse(None)
    }

    /// `Row 6 (line 7, column 'IMDB Rating')`, in a sheet `Row 6 (cell C7, …)`. A heading that is the field's slug stands in the sentence already.
    fn place(&self, row: i64, line: Option<u64>, problem: &Problem) -> String {
        let at = problem.field.as_deref().and_then(|slug| self.columns.iter().position(|column| column.field.slug == slug));
        let cell = at.and_then(|at| Some(format!("cell {}", cell_name(self.sheet_column? + u32::try_from(at).ok()?, line?))));
        let word = if self.sheet_column.is_some() { "sheet row" } else { "line" };
        let line = line.map(|line| format!("{word} {line}"));
        let heading = at.and_then(|at| self.columns.get(at)).filter(|column| column.heading != column.field.slug);
        let heading = heading.map(|column| format!("column {}", quoted(&column.heading)));
        let known: Vec<String> = [cell.or(line), heading].into_iter().flatten().collect();
        if known.is_empty() { format!("Row {row}") } else { format!("Row {row} ({})", known.join(", ")) }
    }
}

/// What a row sends, by field.
pub struct Sent(pub Map<String, Value>);

impl Sent {
    /// The values of these fields in brackets, `('bo@x.com', 5)`, with a space before them; nothing where there is none.
    pub fn told(&self, group: &[String]) -> String {
        let value = |slug: &String| match self.0.get(slug)? {
            Value::Null => None,
            Value::String(text) => Some(quoted(text)),
            other => Some(other.to_string()),
        };
        let values: Vec<String> = group.iter().filter_map(value).collect();
        if values.is_empty() { String::new() } else { format!(" ({})", values.join(", ")) }
    }
}
