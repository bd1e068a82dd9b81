//! What is wrong with the rows of a file: all of it counted, the first ones told, each with its row, its line or cell, and its column's heading.

use super::columns::Column;
use crate::format::rows::Row;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;

pub struct Problems<'c> {
    columns: &'c [Column],
    shown: Vec<Problem>,
    count: usize,
    pub shown_max: usize,
}

impl<'c> Problems<'c> {
    pub fn new(columns: &'c [Column], shown_max: usize) -> Self {
        Self { columns, shown: Vec::new(), count: 0, shown_max }
    }

    /// Problems of the row of this number; `origin` is the row itself, where it is at hand.
    pub fn add(&mut self, row: i64, origin: Option<&Row>, problems: Vec<Problem>) {
        for problem in problems {
            self.count += 1;
            if self.shown.len() < self.shown_max {
                let (place, index) = (self.place(row, origin, &problem), usize::try_from(row - 1).ok());
                self.shown.push(Problem { message: format!("{place}: {}", problem.message), index, ..problem });
            }
        }
    }

    pub fn refuse(mut self) -> Result<()> {
        let more = self.count - self.shown.len();
        if more > 0 {
            self.shown.push(Problem::new("more", format!("… and {more} more problems")));
        }
        if self.shown.is_empty() { Ok(()) } else { Err(Error::Invalid(self.shown)) }
    }

    /// `Row 6 (line 7, column 'IMDB Rating')`, in a sheet `Row 6 (cell C7, …)`. A heading that is the field's slug stands in the sentence already.
    fn place(&self, row: i64, origin: Option<&Row>, problem: &Problem) -> String {
        let at = problem.field.as_deref().and_then(|slug| self.columns.iter().position(|column| column.field.slug == slug));
        let cell = at.zip(origin).and_then(|(at, origin)| origin.cell_name(at)).map(|name| format!("cell {name}"));
        let word = if origin.is_some_and(|origin| origin.column.is_some()) { "sheet row" } else { "line" };
        let line = origin.and_then(|origin| origin.line).map(|line| format!("{word} {line}"));
        let heading = at.and_then(|at| self.columns.get(at)).filter(|column| column.heading != column.field.slug);
        let heading = heading.map(|column| format!("column {}", quoted(&column.heading)));
        let known: Vec<String> = [cell.or(line), heading].into_iter().flatten().collect();
        if known.is_empty() { format!("Row {row}") } else { format!("Row {row} ({})", known.join(", ")) }
    }
}
