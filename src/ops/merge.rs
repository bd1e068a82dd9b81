//! An import over records that are there: found by their key and merged with what was sent in a snapshot, while others write; the transaction has only to
//! look what they wrote meanwhile. Reading the file is in `transfer`.

use super::changes::{log_merged, name_of};
use super::columns::ID;
use super::records::{no_user, unique_groups};
use super::row_problems::Problems;
use super::transfer::{points_nowhere, problems_of, same_as};
use super::validate;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::merge::{self, Noted};
use crate::store::records as rows;
use crate::store::tables::changes;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const PIECE_ROWS: usize = 1_000;

/// Finds the record of every staged row and notes on the stage what it holds afterwards. What cannot be is refused. `tell` hears how many rows are done.
pub fn prepare(tx: &ReadTx<'_>, schema: &Schema, key: &Field, found: &mut Problems<'_>, tell: &dyn Fn(u64) -> Result<()>) -> Result<()> {
    rows::match_staged(tx, schema, &key.slug)?;
    merge::forget_unmatched(tx)?;
    check_matches(tx, schema, key, found)?;
    let (mut after, mut done) = (0, 0);
    loop {
        let piece = merge::unmerged(tx, schema, after, PIECE_ROWS)?;
        let Some(last) = piece.last() else { return Ok(()) };
        (after, done) = (last.row, done + u64::try_from(piece.len()).unwrap_or_default());
        for unmerged in &piece {
            let sent: Map<String, Value> = serde_json::from_str(&unmerged.sent).map_err(Error::internal)?;
            let rows::Merged { values, before, after: changed } = rows::merged(&unmerged.old, &sent)?;
            let new = if changed.is_empty() {
                None
            } else {
                let label = format!("changed {}", name_of(schema, &values, unmerged.old.id));
                Some(Noted { data: rows::text_of(&values)?, label, body: json!({"before": before, "after": changed}).to_string() })
            };
            merge::put(tx, unmerged.row, &unmerged.old, new.as_ref())?;
        }
        tell(done)?;
    }
}

/// What only the table's rows can tell of changed records: values that must be unique, records that must be there.
pub fn check(tx: &ReadTx<'_>, schema: &Schema, found: &mut Problems<'_>) -> Result<()> {
    for group in unique_groups(schema) {
        let taken = merge::taken(tx, schema, &group, found.shown_max())?;
        found.add_met(taken, |met, sent| {
            let problem = super::records::taken(&group, RecordId(met.other));
            Ok(vec![Problem { message: format!("{}{}", problem.message, sent.told(&group)), ..problem }])
        })?;
        let twins = merge::twins(tx, schema, &group, found.shown_max())?;
        found.add_met(twins, |met, sent| Ok(vec![same_as(met.other, &group, sent)]))?;
    }
    for field in schema.fields.iter().filter(|field| matches!(field.kind, Kind::Reference | Kind::Links)) {
        let Some(pointed) = tx.catalog().target(schema, field) else { continue };
        let dangling = merge::dangling(tx, field, &pointed, found.shown_max())?;
        found.add_met(dangling, |met, _| Ok(vec![points_nowhere(field, &met.other, &pointed)]))?;
    }
    for field in schema.fields.iter().filter(|field| field.kind == Kind::User) {
        let unknown = merge::unknown_users(tx, field, found.shown_max())?;
        found.add_met(unknown, |met, _| Ok(vec![no_user(field, met.other)]))?;
    }
    Ok(())
}

/// Whether somebody has written since number `since` of the log to the table or to one that it refers to.
pub fn is_touched(tx: &ReadTx<'_>, schema: &Schema, since: i64) -> Result<bool> {
    let Some(touched) = changes::schemas_since(tx, since)? else { return Ok(true) };
    let targets = schema.fields.iter().filter_map(|field| tx.catalog().target(schema, field)).map(|target| target.id);
    let concerned: BTreeSet<SchemaId> = targets.chain([schema.id]).collect();
    Ok(!touched.is_disjoint(&concerned))
}

/// Writes the changed records and their entries in the log.
pub fn finish(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, batch: Option<i64>) -> Result<()> {
    merge::apply(tx, schema, &unique_groups(schema), who.user_id())?;
    log_merged(tx, who, schema, batch)
}

/// Rows that have no record of their own to update, or more than one.
fn check_matches(tx: &ReadTx<'_>, schema: &Schema, key: &Field, found: &mut Problems<'_>) -> Result<()> {
    if key.slug == ID {
        let unknown = rows::staged_unknown(tx, found.shown_max())?;
        return found.add_met(unknown, |met, _| {
            let message = format!("There is no record {} in table '{}'", RecordId(met.other).text(), schema.slug);
            Ok(vec![Problem::of(ID, "not_found", message).hint("Rows of new records go into a file without ids")])
        });
    }
    let group = std::slice::from_ref(&key.slug);
    let ambiguous = rows::staged_ambiguous(tx, found.shown_max())?;
    found.add_met(ambiguous, |met, sent| {
        let message = format!("{} records have this {}{}: which of them is meant is not clear", met.other, key.slug, sent.told(group));
        Ok(vec![Problem::of(&key.slug, "ambiguous", message).hint("Use a key whose values differ, or their ids")])
    })?;
    let incomplete = rows::staged_incomplete(tx, found.shown_max())?;
    found.add_met(incomplete, |_, sent| {
        let Err(error) = validate::create(schema, &sent.0) else { return Ok(Vec::new()) };
        let because = format!("(no record has this {}{}, so this would be a new one)", key.slug, sent.told(group));
        let told = |problem: Problem| Problem { message: format!("{} {because}", problem.message), ..problem };
        Ok(problems_of(error).into_iter().map(told).collect())
    })
}
