//! Pipelines as SQL: each stage is a question over the one before it. Values of records are written as filters write them, so that an index on a field
//! serves a group by it; sums are exact.

use super::computed::asked;
use super::formula::{self, exact_avg, exact_sum};
use super::sql::{Statement, table};
use super::sqlite::OrFailed;
use super::tx::ReadTx;
use crate::model::error::Result;
use crate::model::field::Kind;
use crate::model::formula::Computation;
use crate::model::pipeline::{Column, Gathered, How, Made, Pipeline, SortKey, Stage};
use rusqlite::params_from_iter;
use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

/// Every row of the answer goes to `visit`, its values in the order of the columns. Whether there would have been more.
pub fn each(tx: &ReadTx<'_>, pipeline: &Pipeline, visit: &mut dyn FnMut(&[Value]) -> Result<()>) -> Result<bool> {
    let sql = statement(pipeline);
    let mut statement = tx.conn().prepare(&sql.text).or_failed()?;
    let mut rows = statement.query(params_from_iter(&sql.cells)).or_failed()?;
    let mut count = 0;
    while let Some(row) = asked(&pipeline.schema, rows.next())? {
        if count == pipeline.limit {
            return Ok(true);
        }
        count += 1;
        let values = pipeline.columns.iter().enumerate().map(|(at, column)| row.get_ref(at).map(|cell| value(column, cell)).or_failed());
        visit(&values.collect::<Result<Vec<_>>>()?)?;
    }
    Ok(false)
}

fn value(column: &Column, cell: ValueRef<'_>) -> Value {
    match (column.kind, cell) {
        (Kind::Boolean, ValueRef::Integer(number)) => Value::Bool(number != 0),
        (_, ValueRef::Integer(number)) => Value::from(number),
        (_, ValueRef::Real(number)) => spelled(number),
        (_, ValueRef::Text(text)) => Value::from(String::from_utf8_lossy(text).into_owned()),
        (_, ValueRef::Null | ValueRef::Blob(_)) => Value::Null,
    }
}

/// A number without a point where nothing would stand behind it.
fn spelled(number: f64) -> Value {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT_MAX {
        // In the range of whole numbers that a double holds.
        let digits = format!("{number:.0}");
        return digits.parse::<i64>().map_or(Value::Null, Value::from);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn statement(pipeline: &Pipeline) -> Statement {
    let mut records = Statement::seeking(format!("FROM {}", table(pipeline.schema.id)), Vec::new());
    records.push_where(pipeline.schema.id, &pipeline.filter);
    let mut asking = Asking { from: records.text, is_flat: false, order: String::new(), limit: None, skip: 0 };
    for stage in &pipeline.stages {
        asking.push(stage);
    }
    asking.settle();
    let columns = list(pipeline.columns.iter().map(|column| column.ident.clone()));
    // Always the same order, whoever asks.
    let by = list(pipeline.columns.iter().map(|column| sorted_by(&column.ident, column.has_ids)));
    let order = if asking.is_ordered() { String::new() } else { format!(" ORDER BY {by}") };
    let text = format!("SELECT {columns} {}{order} LIMIT {}", asking.from, pipeline.limit.saturating_add(1));
    Statement::new(text, records.cells)
}

/// What has been asked so far: `FROM …`. What is sorted, left out and let through is one question together.
struct Asking {
    from: String,
    is_flat: bool,
    order: String,
    limit: Option<i64>,
    skip: i64,
}

impl Asking {
    fn push(&mut self, stage: &Stage) {
        match stage {
            Stage::Sort(keys) => {
                self.settle();
                let way = |key: &SortKey| if key.descending { " DESC" } else { "" };
                let key = |key: &SortKey| format!("{}{}", sorted_by(&key.ident, key.has_ids), way(key));
                self.order = format!(" ORDER BY {}", list(keys.iter().map(key)));
            }
            Stage::Skip(rows) => match self.limit {
                None => self.skip += rows,
                Some(limit) => (self.skip, self.limit) = (self.skip + rows, Some((limit - rows).max(0))),
            },
            Stage::Limit(rows) => self.limit = Some(self.limit.map_or(*rows, |limit| limit.min(*rows))),
            _ => {
                self.settle();
                self.order.clear();
                self.select(stage);
            }
        }
    }

    /// A question over what there is, which becomes what there is.
    fn select(&mut self, stage: &Stage) {
        let from = &self.from;
        let text = match stage {
            Stage::Match(condition) => format!("SELECT * {from} WHERE {}", formula::flat_holds(condition)),
            Stage::Project(columns) => format!("SELECT {} {from}", list(columns.iter().map(|made| self.made(made)))),
            Stage::Lookup { from: there, key, columns } => {
                let more = list(columns.iter().map(|made| format!("{} AS {}", formula::plain(&made.value, "j."), made.ident)));
                format!("SELECT q.*, {more} {from} q LEFT JOIN {} j ON j.id = CAST(substr(q.{key},5) AS INTEGER)", table(*there))
            }
            Stage::Group { keys, values } => {
                let of = |value: &Gathered| value.of.as_ref().map(|of| format!("{} AS {}", self.value(of), value.ident));
                let mut inner: Vec<String> = keys.iter().map(|made| self.made(made)).chain(values.iter().filter_map(of)).collect();
                if inner.is_empty() {
                    inner.push("1 AS one".to_owned());
                }
                let idents = list(keys.iter().map(|made| made.ident.clone()));
                let outer = list(keys.iter().map(|made| made.ident.clone()).chain(values.iter().map(gathered)));
                // What is gathered is taken from its row once, however often it is named; a count alone may be made by an index.
                let once = if values.iter().any(|value| value.of.is_some()) { " LIMIT -1" } else { "" };
                let by = if keys.is_empty() { String::new() } else { format!(" GROUP BY {idents}") };
                format!("SELECT {outer} FROM (SELECT {} {from}{once}){by}", inner.join(", "))
            }
            Stage::Sort(_) | Stage::Skip(_) | Stage::Limit(_) => return,
        };
        self.from = format!("FROM ({text})");
        self.is_flat = true;
    }

    /// Sorts and cuts.
    fn settle(&mut self) {
        if self.limit.is_none() && self.skip == 0 {
            return;
        }
        let limit = self.limit.take().map_or(-1, |limit| limit);
        self.from = format!("FROM (SELECT * {}{} LIMIT {limit} OFFSET {})", self.from, self.order, self.skip);
        self.skip = 0;
    }

    fn is_ordered(&mut self) -> bool {
        let is_ordered = !self.order.is_empty();
        self.from.push_str(&self.order);
        is_ordered
    }

    fn made(&self, made: &Made) -> String {
        format!("{} AS {}", self.value(&made.value), made.ident)
    }

    fn value(&self, value: &Computation) -> String {
        if self.is_flat { formula::flat_value(value) } else { formula::plain(value, "") }
    }
}

fn gathered(value: &Gathered) -> String {
    let v = value.ident.as_str();
    let is_instant = value.of.as_ref().is_some_and(|of| of.kind == Kind::Datetime);
    let ends = |how: &str| match (is_instant, value.has_ids) {
        (true, _) => format!("({how}(rtrim({v},'Z')) || 'Z')"),
        (_, true) => format!("('rec_' || {how}({}))", number_of(v)),
        _ => format!("{how}({v})"),
    };
    let sql = match value.how {
        How::Count => "count(*)".to_owned(),
        How::CountDistinct => format!("count(DISTINCT {v})"),
        How::Min => ends("min"),
        How::Max => ends("max"),
        How::Sum => exact_sum(v, value.digits),
        How::Avg => exact_avg(v, value.digits),
    };
    format!("{sql} AS {v}")
}

fn sorted_by(ident: &str, has_ids: bool) -> String {
    if has_ids { number_of(ident) } else { ident.to_owned() }
}

/// The number of an id: as texts `rec_10` would stand before `rec_9`.
fn number_of(ident: &str) -> String {
    format!("CAST(substr({ident},5) AS INTEGER)")
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
