//! What SQLite does for a list: each statement with its steps, what it read and how long it took.

use super::asked::{comes_in_order, lacking};
use super::records::counter;
use super::sql::{self, Statement};
use super::sqlite::OrFailed;
use super::tx::ReadTx;
use crate::model::error::Result;
use crate::model::explained::{Explained, Told};
use crate::model::plan::{Cond, Plan};
use rusqlite::functions::FunctionFlags;
use rusqlite::params_from_iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Asks what a list asks, and tells how it went. Its total is counted anew: nothing is taken from memory.
pub fn explain(tx: &ReadTx<'_>, plan: &Plan, parts: &[Plan], is_counted: bool) -> Result<Explained> {
    let mut statements = Vec::new();
    if is_counted && plan.filter != Cond::True {
        statements.push(told(tx, &sql::count(plan), &sql::count_counting(plan), true, false)?);
    }
    // Where ids are sorted, the page that they make is put in order once more, which is no work.
    for part in parts {
        statements.push(told(tx, &sql::select(part), &sql::select_counting(part), false, !comes_in_order(part))?);
    }
    Ok(Explained { statements, missing_index: lacking(plan), records: counter(tx, &plan.schema)? })
}

/// `counting` asks the same, and says of each row that it was looked at.
fn told(tx: &ReadTx<'_>, asked: &Statement, counting: &Statement, is_count: bool, sorts_within: bool) -> Result<Told> {
    let mut explain = tx.conn().prepare(&format!("EXPLAIN QUERY PLAN {}", asked.text)).or_failed()?;
    let steps = explain.query_map(params_from_iter(&asked.cells), |row| Ok((row.get::<_, i64>(1)? != 0, row.get(3)?))).or_failed()?;
    let steps: Vec<(bool, String)> = steps.collect::<rusqlite::Result<_>>().or_failed()?;
    let mut statement = tx.conn().prepare(&asked.text).or_failed()?;
    let begun = Instant::now();
    let mut rows_found = 0;
    let mut rows = statement.query(params_from_iter(&asked.cells)).or_failed()?;
    while let Some(row) = rows.next().or_failed()? {
        rows_found = if is_count { row.get(0).or_failed()? } else { rows_found + 1 };
    }
    drop(rows);
    let took = begun.elapsed();
    let rows_read = rows_read(tx, counting)?;
    let is_sorted_apart = steps.iter().any(|(is_within, step)| *is_within == sorts_within && step.contains("USE TEMP B-TREE"));
    let steps = steps.into_iter().map(|(_, step)| step).collect();
    Ok(Told { sql: asked.text.clone(), steps, rows_read, rows_found, is_sorted_apart, took })
}

/// Rows of the table that a question looks at, found by an index or one after the other. Asked apart, so that the time told is not that of counting.
fn rows_read(tx: &ReadTx<'_>, counting: &Statement) -> Result<i64> {
    let read = Arc::new(AtomicI64::new(0));
    let seen = read.clone();
    let count = move |_: &rusqlite::functions::Context<'_>| {
        seen.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    };
    tx.conn().create_scalar_function(sql::ROW_READ, 0, FunctionFlags::SQLITE_UTF8, count).or_failed()?;
    let mut statement = tx.conn().prepare(&counting.text).or_failed()?;
    let mut rows = statement.query(params_from_iter(&counting.cells)).or_failed()?;
    while rows.next().or_failed()?.is_some() {}
    Ok(read.load(Ordering::Relaxed))
}
