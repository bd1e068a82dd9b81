//! What reading tables with computed fields takes besides: that they can be read at all, that nobody waits for it too long. What is computed, and how, is
//! in `formula`.

use super::records::show;
use super::sql;
use super::sqlite::{OrFailed, is_too_big};
use super::tx::{ReadTx, WriteTx};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::plan::Cond;
use crate::model::record::{Record, RecordId};
use crate::model::schema::Schema;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Steps of SQLite between two looks at the clock.
const SHOW_STEPS: i32 = 5_000;

/// Whether the records of a schema can be asked for, with all that is computed of them.
pub fn is_askable(tx: &ReadTx<'_>, schema: &Schema) -> Result<bool> {
    if schema.fields.iter().all(Field::is_stored) {
        return Ok(true);
    }
    match tx.conn().prepare(&sql::select_rows(schema)).or_failed() {
        Ok(_) => Ok(sql::is_askable(schema)),
        Err(Error::Internal(_) | Error::Invalid(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A value that is too long was never stored where values are computed; elsewhere it is damage.
pub(super) fn asked<T>(schema: &Schema, result: rusqlite::Result<T>) -> Result<T> {
    match result {
        Err(error) if is_too_big(&error) && !schema.fields.iter().all(Field::is_stored) => {
            let message = format!("Table '{}': what is computed of a record is too long to be read", schema.slug);
            Err(Error::invalid(Problem::new("too_long", message).hint("Make the texts that it is made of shorter")))
        }
        other => other.or_failed(),
    }
}

/// How long a rule may look at other records where it is asked for one after the other and nobody waits.
const RULE: Duration = Duration::from_millis(500);

/// Asks by rules that look at other records: up to a moment where everybody waits for it, in a transaction that writes. There the moment is one for all
/// that a job asks by rules.
pub(super) fn for_a_moment<T>(tx: &ReadTx<'_>, rows: &Cond, ask: impl FnOnce() -> Result<T>) -> Result<T> {
    if tx.memory().is_some() || !rows.reads_others() {
        return ask();
    }
    let (begun, most) = (Instant::now(), tx.rules_left().map_or(RULE, Cell::get));
    if most.is_zero() {
        return Err(too_dear());
    }
    tx.conn().progress_handler(SHOW_STEPS, Some(move || begun.elapsed() > most)).or_failed()?;
    let asked = ask();
    tx.conn().progress_handler(0, None::<fn() -> bool>).or_failed()?;
    let taken = begun.elapsed();
    if let Some(left) = tx.rules_left() {
        left.set(most.saturating_sub(taken));
    }
    asked.map_err(|error| match error {
        Error::Busy { .. } if taken > most => too_dear(),
        other => other,
    })
}

fn too_dear() -> Error {
    let message = "The rules that let you change these records look at many others, and that took too long: nothing was changed. \
                   Send fewer records at once, or have the rules made simpler";
    Error::Busy { message: message.to_owned(), retry_after_s: 1 }
}

/// `show` of a transaction that writes, where everybody waits for it: up to a moment.
pub fn show_until(tx: &WriteTx<'_>, schema: &Schema, rows: &Cond, id: RecordId, until: Instant) -> Result<Option<Record>> {
    tx.conn().progress_handler(SHOW_STEPS, Some(move || Instant::now() > until)).or_failed()?;
    let shown = show(tx, schema, rows, id);
    tx.conn().progress_handler(0, None::<fn() -> bool>).or_failed()?;
    shown
}
