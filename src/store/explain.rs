//! What SQLite does for a list: each statement with its steps, what it read and how long it took.

use super::asked::lacking;
use super::records::counter;
use super::sql::{self, Statement};
use super::sqlite::OrFailed;
use super::tx::ReadTx;
use crate::model::error::Result;
use crate::model::explained::{Explained, Told};
use crate::model::plan::{Cond, Plan};
use rusqlite::{StatementStatus, params_from_iter};
use std::time::Instant;

/// Asks what a list asks, and tells how it went. Its total is counted anew: nothing is taken from memory.
pub fn explain(tx: &ReadTx<'_>, plan: &Plan) -> Result<Explained> {
    let mut statements = Vec::new();
    if plan.filter != Cond::True {
        statements.push(told(tx, &sql::count(plan), true)?);
    }
    statements.push(told(tx, &sql::select(plan), false)?);
    Ok(Explained { statements, missing_index: lacking(plan), records: counter(tx, &plan.schema)? })
}

fn told(tx: &ReadTx<'_>, asked: &Statement, is_count: bool) -> Result<Told> {
    let mut explain = tx.conn().prepare(&format!("EXPLAIN QUERY PLAN {}", asked.text)).or_failed()?;
    let steps = explain.query_map(params_from_iter(&asked.cells), |row| row.get(3)).or_failed()?;
    let steps: Vec<String> = steps.collect::<rusqlite::Result<_>>().or_failed()?;
    let mut statement = tx.conn().prepare(&asked.text).or_failed()?;
    let begun = Instant::now();
    let mut rows_found = 0;
    let mut rows = statement.query(params_from_iter(&asked.cells)).or_failed()?;
    while let Some(row) = rows.next().or_failed()? {
        rows_found = if is_count { row.get(0).or_failed()? } else { rows_found + 1 };
    }
    drop(rows);
    let took = begun.elapsed();
    let rows_scanned = i64::from(statement.get_status(StatementStatus::FullscanStep));
    let is_sorted_apart = steps.iter().any(|step| step.contains("USE TEMP B-TREE"));
    Ok(Told { sql: asked.text.clone(), steps, rows_scanned, rows_found, is_sorted_apart, took })
}
