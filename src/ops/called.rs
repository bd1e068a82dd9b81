//! What the records are called that others refer to: the value of their display field, or of their first text where the caller may not read that one. One
//! question for each table, however many records there are. The records themselves are in `expand`.

use super::access;
use super::expand::{ids, leads};
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::listed::Called;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{RecordId, RecordRef};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;
use std::collections::BTreeSet;

/// What a name takes beside its text.
const ENTRY_BYTES: usize = 64;

/// A table that is referred to, with the field by which its records are called, and those that are.
struct Target {
    scope: Scope,
    display: String,
    ids: BTreeSet<RecordId>,
}

pub struct Calling {
    /// How many records of one value.
    most: usize,
    fields: Vec<String>,
    /// The place of a field's target among `targets`.
    places: Vec<usize>,
    targets: Vec<Target>,
    bytes_left: usize,
}

impl Calling {
    /// Of the fields of a schema that are shown and refer to what the caller may read.
    pub fn new(tx: &ReadTx<'_>, who: &Caller, schema: &Schema, shown: Option<&[String]>, most: usize, limits: &Limits) -> Self {
        let mut calling = Self { most, fields: Vec::new(), places: Vec::new(), targets: Vec::new(), bytes_left: limits.names_bytes_max };
        let is_shown = |slug: &String| shown.is_none_or(|shown| shown.contains(slug));
        for field in schema.fields.iter().filter(|field| leads(field.kind) && is_shown(&field.slug)) {
            let target = tx.catalog().target(schema, field);
            let Some(scope) = target.and_then(|target| access::scope_of(tx.catalog(), who, &target, Action::Read)) else { continue };
            let Some(display) = display(&scope.seen) else { continue };
            let known = calling.targets.iter().position(|target| target.scope.whole.id == scope.whole.id);
            calling.places.push(known.unwrap_or(calling.targets.len()));
            if known.is_none() {
                calling.targets.push(Target { scope, display, ids: BTreeSet::new() });
            }
            calling.fields.push(field.slug.clone());
        }
        calling
    }

    /// One more record that refers to others.
    pub fn take(&mut self, record: RecordRef<'_>) -> Result<()> {
        if self.fields.is_empty() {
            return Ok(());
        }
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let values = rows::some_values_of(record.data, &fields)?;
        for (field, place) in self.fields.iter().zip(&self.places) {
            if let Some(target) = self.targets.get_mut(*place) {
                target.ids.extend(ids(values.get(field)).into_iter().take(self.most));
            }
        }
        Ok(())
    }

    pub fn called(mut self, tx: &ReadTx<'_>) -> Result<Vec<Called>> {
        let mut all = Vec::with_capacity(self.targets.len());
        for target in std::mem::take(&mut self.targets) {
            let (seen, shown) = (&target.scope.seen, [target.display.clone()]);
            let ids: Vec<RecordId> = target.ids.into_iter().collect();
            let mut names = Vec::with_capacity(ids.len());
            rows::by_ids(tx, seen, Some(&shown), &target.scope.rows, &ids, &mut |record| {
                let mut values = rows::some_values_of(record.data, &[&target.display])?;
                let name = values.remove(&target.display).unwrap_or_default().to_string();
                self.bytes_left = self.bytes_left.checked_sub(ENTRY_BYTES + name.len()).ok_or_else(too_large)?;
                names.push((record.id, name));
                Ok(())
            })?;
            all.push(Called { schema: seen.slug.clone(), names });
        }
        Ok(all)
    }
}

/// The field that records are called by, as far as a table is seen.
fn display(seen: &Schema) -> Option<String> {
    let declared = seen.display_field.as_deref().and_then(|slug| seen.field(slug));
    declared.or_else(|| seen.shown().into_iter().find(|field| field.type_name == "text")).map(|field| field.slug.clone())
}

fn too_large() -> Error {
    let problem = Problem::of("names", "too_large", "The names of what is referred to are too much for one answer");
    Error::invalid(problem.hint("Ask for fewer records, or for fewer names of each value"))
}
