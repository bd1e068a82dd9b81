//! Ids of options: unique in their app, given once, never changed. An app file may bring its own.

use crate::format::parts::{OptionPart, SchemaPart};
use crate::model::app::AppId;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Choice, EXACT_INTEGER_MAX, Field, Rules};
use crate::model::name::quoted;
use crate::store::engine::WriteTx;
use crate::store::tables::apps;
use std::collections::HashMap;

/// How far above the next one a file may give an id: ids are not used up at once.
const ID_AHEAD_MAX: i64 = 1_000_000;

/// Which option has an id: table, field, value.
type Holder = (String, String, String);

/// Every id that a file gives must be free, or belong to that very option already; and an option that has one keeps it.
pub fn check(catalog: &Catalog, parts: &[SchemaPart], app: AppId, next_id: i64) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut holders = known(catalog, app);
    let ids: HashMap<Holder, i64> = holders.iter().map(|(id, holder)| (holder.clone(), *id)).collect();
    for (id, holder) in given(parts) {
        let (table, field, value) = &holder;
        let mut refuse = |why: String| problems.push(Problem::of(field, "options", format!("Table '{table}': field '{field}' {why}")));
        if !(1..=EXACT_INTEGER_MAX).contains(&id) {
            refuse(format!("gives the option {} the id {id}; ids lie between 1 and {EXACT_INTEGER_MAX}", quoted(value)));
        } else if let Some(has) = ids.get(&holder).filter(|has| **has != id) {
            refuse(format!("gives the option {} the id {id}, but it has the id {has} for good", quoted(value)));
        } else if let Some((table, field, other)) = holders.get(&id).filter(|known| **known != holder) {
            refuse(format!("gives the option {} the id {id}, which {} of {table}.{field} has", quoted(value), quoted(other)));
        }
        // Far above it, ids would soon be used up.
        else if id > next_id.saturating_add(ID_AHEAD_MAX) && !ids.contains_key(&holder) {
            let most = next_id.saturating_add(ID_AHEAD_MAX);
            refuse(format!("gives the option {} the id {id}, far above the next one; take one from {next_id} to {most}", quoted(value)));
        }
        // A number below the next one was given before, to an option that is gone.
        else if id < next_id && !ids.contains_key(&holder) {
            refuse(format!("gives the option {} the id {id}, which an option had that is gone; take one from {next_id}", quoted(value)));
        }
        holders.insert(id, holder);
    }
    problems
}

/// Keeps the ids of a file from being given to other options.
pub fn reserve(tx: &mut WriteTx<'_>, parts: &[SchemaPart], app: AppId) -> Result<()> {
    given(parts).map(|(id, _)| id).max().map_or(Ok(()), |highest| apps::reserve_choice_id(tx, app, highest))
}

/// Gives ids to options that have none.
pub fn number(tx: &mut WriteTx<'_>, app: AppId, mut fields: Vec<Field>) -> Result<Vec<Field>> {
    for field in &mut fields {
        let Rules { choices, items, .. } = &mut field.rules;
        let all = choices.iter_mut().chain(items.iter_mut().flat_map(|item| item.rules.choices.iter_mut()));
        for choice in all.filter(|choice| choice.id == 0) {
            choice.id = take(tx, app)?;
        }
    }
    Ok(fields)
}

fn take(tx: &mut WriteTx<'_>, app: AppId) -> Result<i64> {
    let id = apps::take_choice_ids(tx, app, 1)?;
    if id > EXACT_INTEGER_MAX {
        let message = format!("No option can be added any more: the ids of this app are used up, for one has the id {EXACT_INTEGER_MAX}");
        return Err(Error::Conflict(Problem::new("too_many", message).hint("Duplicate the app without that option")));
    }
    Ok(id)
}

fn known(catalog: &Catalog, app: AppId) -> HashMap<i64, Holder> {
    let mut known = HashMap::new();
    for schema in catalog.schemas(app) {
        for field in &schema.fields {
            let mut put = |name: String, choices: &[Choice]| {
                known.extend(choices.iter().map(|choice| (choice.id, (schema.slug.clone(), name.clone(), choice.value.clone()))));
            };
            put(field.slug.clone(), &field.rules.choices);
            field.rules.items.iter().for_each(|item| put(within(&field.slug, &item.slug), &item.rules.choices));
        }
    }
    // Options that were made before those inside json had ids.
    known.remove(&0);
    known
}

fn given(parts: &[SchemaPart]) -> impl Iterator<Item = (i64, Holder)> {
    let mut given = Vec::new();
    for schema in parts {
        for field in &schema.fields {
            let mut put = |name: String, options: &Option<Vec<OptionPart>>| {
                let with_id = options.iter().flatten().filter_map(|option| Some((option.id?, option.value.clone())));
                given.extend(with_id.map(|(id, value)| (id, (schema.slug.clone(), name.clone(), value))));
            };
            put(field.slug.clone(), &field.options);
            field.items.iter().flatten().for_each(|item| put(within(&field.slug, &item.slug), &item.options));
        }
    }
    given.into_iter()
}

/// A key of the objects in a field, as refusals name it.
fn within(field: &str, item: &str) -> String {
    format!("{field}.{item}")
}
