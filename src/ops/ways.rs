//! How the cells of a column are written, where a person has said so: `date:dmy`, `datetime:mdy`, `decimal:comma`. Which column that is of is in `columns`.

use super::columns::Column;
use crate::field;
use crate::format::comma;
use crate::format::day::DayOrder;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind, Refusal};
use crate::model::name::quoted;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In which order the parts of a day stand.
    Day(DayOrder),
    /// The mark of decimals is a comma.
    Comma,
}

/// Takes `date:dmy` apart: the type, and how its cells are written.
pub fn apart(type_name: &str) -> Result<(&str, Option<Way>)> {
    let Some((plain, way)) = type_name.split_once(':') else { return Ok((type_name, None)) };
    let order = || DayOrder::from_name(way).map(Way::Day);
    let (what, found, known) = match plain {
        "date" => ("a date", order(), "date:dmy (31/12/2024), date:mdy (12/31/2024) or date:ymd (2024/12/31)"),
        "datetime" => {
            ("a datetime", order(), "datetime:dmy (31/12/2024 18:30), datetime:mdy (12/31/2024 18:30) or datetime:ymd (2024/12/31 18:30)")
        }
        "integer" | "decimal" | "number" | "money" => {
            let comma = (way == "comma").then_some(Way::Comma);
            let problem = Problem::new("type", format!("There is no way {} of writing the type {plain}", quoted(way)));
            return comma.map(|way| (plain, Some(way))).ok_or_else(|| Error::invalid(problem.hint(format!("{plain}:comma (1.234,50)"))));
        }
        _ => {
            let problem = Problem::new("type", format!("There is no field type {}", quoted(type_name)));
            let known = "With a way of writing: date:dmy, date:mdy, date:ymd, the same of datetime, decimal:comma, number:comma, money:comma, integer:comma";
            return Err(Error::invalid(problem.hint(known)));
        }
    };
    let problem = Problem::new("type", format!("There is no order {} of the parts of {what}", quoted(way)));
    found.map(|way| (plain, Some(way))).ok_or_else(|| Error::invalid(problem.hint(known)))
}

impl Way {
    /// Why it says nothing of such a field.
    pub fn misses(self, field: &Field) -> Option<Problem> {
        let (what, wanted, fits) = match self {
            Way::Day(_) => ("the order of a date", "date", matches!(field.kind, Kind::Date | Kind::Datetime)),
            Way::Comma => ("a decimal comma", "a number", matches!(field.kind, Kind::Integer | Kind::Decimal)),
        };
        let message = || format!("Field '{}' is {}, not {wanted}: {what} says nothing of it", field.slug, field.type_name);
        (!fits).then(|| Problem::of(&field.slug, "type", message()))
    }

    pub fn read(self, field: &Field, text: &str) -> std::result::Result<Value, Refusal> {
        let refused = |what: String| Refusal::new("type", format!("must be {what}, not {}", quoted(text)));
        match self {
            Way::Day(order) if field.kind == Kind::Datetime => {
                let moment = order.read_moment(text).ok_or_else(|| refused(format!("a day, {}, and a time", order.words())))?;
                field::read_cell(field, &moment)
            }
            Way::Day(order) => {
                let day = order.read(text).ok_or_else(|| refused(format!("a day, {}", order.words())))?;
                Ok(Value::String(day))
            }
            Way::Comma => {
                let number = comma::read(text).ok_or_else(|| refused("a number with a decimal comma, such as 12,50".to_owned()))?;
                field::read_cell(field, &number)
            }
        }
    }

    fn note(self, column: &Column) -> String {
        let heading = quoted(&column.heading);
        match self {
            Way::Day(order) if column.field.kind == Kind::Datetime => {
                format!("{heading} was read as moments, {}, in UTC; exports write them as 2024-12-31T18:30:00Z", order.words())
            }
            Way::Day(order) => format!("{heading} was read as dates, {}; exports write them as 2024-12-31", order.words()),
            Way::Comma => format!("{heading} was read as numbers with a decimal comma; exports write them as 12.50"),
        }
    }
}

/// What is said of columns that were read in a way that a person gave.
pub fn notes(columns: &[Column]) -> Vec<String> {
    columns.iter().filter_map(|column| Some(column.way?.note(column))).collect()
}

/// Says how a cell can be read that is not written as the API writes such values.
pub fn hinted(refusal: Refusal, column: &Column, text: &str) -> Refusal {
    let Column { heading, field, .. } = column;
    let flag = |way: &str| format!("--type \"{heading}={}:{way}\"", field.type_name);
    let order = DayOrder::ALL.into_iter().find(|order| match field.kind {
        Kind::Date => order.read(text).is_some(),
        Kind::Datetime => order.read_moment(text).is_some(),
        _ => false,
    });
    match order {
        Some(order) => refusal.hint(format!("The command line says in which order its parts stand: {}", flag(order.name()))),
        None if field.kind == Kind::Decimal && text.contains(',') && comma::read(text).is_some() => {
            refusal.hint(format!("The command line says that the comma is the decimal mark: {}", flag("comma")))
        }
        None => refusal,
    }
}
