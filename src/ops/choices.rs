//! Ids of options: unique in their app, given once, never changed. An app file may bring its own.

use crate::format::parts::SchemaPart;
use crate::model::app::AppId;
use crate::model::catalog::Catalog;
use crate::model::error::{Problem, Result};
use crate::model::field::Field;
use crate::model::name::quoted;
use crate::store::engine::WriteTx;
use crate::store::tables::apps;
use std::collections::HashMap;

/// What every JSON reader keeps.
const ID_MAX: i64 = 9_007_199_254_740_991;

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
        if !(1..=ID_MAX).contains(&id) {
            refuse(format!("gives the option {} the id {id}; ids lie between 1 and {ID_MAX}", quoted(value)));
        } else if let Some(has) = ids.get(&holder).filter(|has| **has != id) {
            refuse(format!("gives the option {} the id {id}, but it has the id {has} for good", quoted(value)));
        } else if let Some((table, field, other)) = holders.get(&id).filter(|known| **known != holder) {
            refuse(format!("gives the option {} the id {id}, which {} of {table}.{field} has", quoted(value), quoted(other)));
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
    for choice in fields.iter_mut().flat_map(|field| field.rules.choices.iter_mut()).filter(|choice| choice.id == 0) {
        choice.id = apps::take_choice_ids(tx, app, 1)?;
    }
    Ok(fields)
}

fn known(catalog: &Catalog, app: AppId) -> HashMap<i64, Holder> {
    let fields = catalog.schemas(app).flat_map(|schema| schema.fields.iter().map(move |field| (schema, field)));
    let choices = fields.flat_map(|(schema, field)| field.rules.choices.iter().map(move |choice| (schema, field, choice)));
    choices.map(|(schema, field, choice)| (choice.id, (schema.slug.clone(), field.slug.clone(), choice.value.clone()))).collect()
}

fn given(parts: &[SchemaPart]) -> impl Iterator<Item = (i64, Holder)> + '_ {
    let fields = parts.iter().flat_map(|schema| schema.fields.iter().map(move |field| (schema, field)));
    let options = fields.flat_map(|(schema, field)| field.options.iter().flatten().map(move |option| (schema, field, option)));
    options.filter_map(|(schema, field, option)| Some((option.id?, (schema.slug.clone(), field.slug.clone(), option.value.clone()))))
}
