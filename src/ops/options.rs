//! Options of a field that is there: adding, changing, renaming, deleting them. Renaming one rewrites the records that hold it.

use super::alter::settle;
use super::changes::{log_all_replaced, log_definition, one_batch};
use super::choices;
use super::fields::{field_now, find, known};
use super::roles;
use super::shared_views;
use crate::format::parts::{FieldPart, OptionPart, SchemaPart};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Choice, Field};
use crate::model::formula::Computation;
use crate::model::name::{label_from, quoted};
use crate::model::principal::Caller;
use crate::model::schema::Schema;
use crate::model::several::check_choices;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::tables::{apps, schemas};
use serde_json::{Value, json};

/// Adds an option at the end.
pub fn add(tx: &mut WriteTx<'_>, who: &Caller, path: [&str; 3], part: &OptionPart) -> Result<Field> {
    let (old, mut field) = opened(tx, who, path)?;
    let label = part.label.clone().unwrap_or_else(|| label_from(&part.value));
    field.rules.choices.push(Choice { id: part.id.unwrap_or(0), value: part.value.clone(), label, color: part.color.clone() });
    let words = format!("added the option {} to {}.{}", part.value, old.slug, field.slug);
    if part.id.is_some() {
        let field = FieldPart { slug: field.slug.clone(), options: Some(vec![part.clone()]), ..FieldPart::default() };
        is_free(tx, &old, field)?;
    }
    close(tx, who, &old, field, words, None)
}

/// Refuses an id that an option of the app has or had.
fn is_free(tx: &mut WriteTx<'_>, schema: &Schema, field: FieldPart) -> Result<()> {
    let parts = [SchemaPart { slug: schema.slug.clone(), fields: vec![field], ..SchemaPart::default() }];
    let problems = choices::check(tx.catalog(), &parts, schema.app, apps::next_choice_id(tx, schema.app)?);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    choices::reserve(tx, &parts, schema.app)
}

/// What is to be another about an option; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub value: Option<String>,
    pub label: Option<String>,
    pub color: Option<String>,
    /// Its place among the options, from 0.
    pub position: Option<usize>,
}

/// Changes an option, which is named by its value or its id. The records that hold it hold the new value; what compares with the old one forbids that.
pub fn change(tx: &mut WriteTx<'_>, who: &Caller, path: [&str; 3], option: &str, changes: &Changes) -> Result<Field> {
    let (old, mut field) = opened(tx, who, path)?;
    let at = place(&field, option)?;
    let mut choice = field.rules.choices.remove(at);
    let was = choice.value.clone();
    choice.value = changes.value.clone().unwrap_or(choice.value);
    choice.label = changes.label.clone().unwrap_or(choice.label);
    choice.color = changes.color.clone().or(choice.color);
    let now = choice.value.clone();
    if now != was {
        is_compared_nowhere(tx, &old, &field, &was)?;
    }
    field.default = swapped(field.default, &was, Some(&now));
    field.rules.choices.insert(changes.position.unwrap_or(at).min(field.rules.choices.len()), choice);
    let words = format!("changed the option {was} of {}.{}", old.slug, field.slug);
    close(tx, who, &old, field, words, Some((was, Some(now))))
}

/// Deletes an option. Records that hold it forbid that, unless `replacement` says what stands in its place: another option, or none.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, path: [&str; 3], option: &str, replacement: Option<Option<String>>) -> Result<Field> {
    let (old, mut field) = opened(tx, who, path)?;
    let at = place(&field, option)?;
    let was = field.rules.choices.remove(at).value;
    is_compared_nowhere(tx, &old, &field, &was)?;
    let (count, first) = rows::option_holders(tx, &old, &field, &was)?;
    let now = match replacement {
        Some(Some(value)) if !field.rules.choices.iter().any(|choice| choice.value == value) => {
            let problem = Problem::of("replace", "option", format!("Field '{}' has no other option {}", field.slug, quoted(&value)));
            let known = field.rules.choices.iter().map(|choice| choice.value.as_str());
            return Err(Error::invalid(problem.did_you_mean(&value, known)));
        }
        Some(value) => value,
        None if count == 0 => None,
        None => {
            let ids: Vec<String> = first.iter().map(|id| id.text()).collect();
            let message = format!("{count} records hold the option {}: {}", quoted(&was), ids.join(", "));
            let problem = Problem::of(&field.slug, "referenced", message);
            return Err(Error::Conflict(problem.hint("replace=OTHER puts another option in its place, replace= none")));
        }
    };
    if field.required && now.is_none() && count > 0 {
        let problem =
            Problem::of(&field.slug, "required", format!("Field '{}' is required: another option must stand in its place", field.slug));
        return Err(Error::invalid(problem.hint("replace=OTHER")));
    }
    field.default = swapped(field.default, &was, now.as_deref());
    let words = format!("deleted the option {was} of {}.{}", old.slug, field.slug);
    close(tx, who, &old, field, words, Some((was, now)))
}

/// Refuses to take an option from those who compare with it: a rule such as `stage != 'secret'` would let through what it held back.
fn is_compared_nowhere(tx: &ReadTx<'_>, schema: &Schema, field: &Field, was: &str) -> Result<()> {
    let all: Vec<_> = tx.catalog().schemas(schema.app).collect();
    let compares = |computation: &Computation| computation.may_compare(schema.id, &field.slug, was);
    let computed = |other: &Schema| {
        let found = other.fields.iter().find(|known| known.formula.as_deref().is_some_and(compares))?;
        Some(format!("the formula of '{}.{}'", other.slug, found.slug))
    };
    let found = roles::rule_with(tx.catalog(), schema.app, &compares).or_else(|| all.iter().find_map(|other| computed(other)));
    let found = match found {
        None => shared_views::filter_with(tx, schema.app, &compares)?,
        found => found,
    };
    let Some(place) = found else { return Ok(()) };
    let message = format!("The option {} of '{}.{}' must stay: {place} compares with it", quoted(was), schema.slug, field.slug);
    Err(Error::Conflict(Problem::of(&field.slug, "referenced", message).hint("Change that first. A label can be changed at any time")))
}

/// A default with another option in the place of one, or none.
fn swapped(default: Value, was: &str, now: Option<&str>) -> Value {
    match default {
        Value::String(value) if value == was => now.map_or(Value::Null, Value::from),
        Value::Array(values) => {
            let kept = values.into_iter().filter_map(|value| if value == was { now.map(Value::from) } else { Some(value) });
            kept.fold(Value::Array(Vec::new()), |mut all, value| {
                if let Some(all) = all.as_array_mut().filter(|all| !all.contains(&value)) {
                    all.push(value);
                }
                all
            })
        }
        other => other,
    }
}

fn opened(tx: &WriteTx<'_>, who: &Caller, [app, schema, slug]: [&str; 3]) -> Result<(std::sync::Arc<Schema>, Field)> {
    let schema = find(tx, who, app, schema)?;
    let field = known(&schema, slug)?.clone();
    if field.rules.choices.is_empty() {
        let message = format!("Field '{slug}' is of the type {}, which has no options", field.type_name);
        return Err(Error::invalid(Problem::of(slug, "type", message).hint("select, radio, multiselect and checklist have some")));
    }
    Ok((schema, field))
}

/// Where the option stands: by its value, else by its id.
fn place(field: &Field, option: &str) -> Result<usize> {
    let choices = &field.rules.choices;
    let by_value = choices.iter().position(|choice| choice.value == option);
    let found = by_value.or_else(|| choices.iter().position(|choice| choice.id.to_string() == option));
    found.ok_or_else(|| {
        let problem = Problem::new("not_found", format!("Field '{}' has no option {}", field.slug, quoted(option)));
        Error::NotFound(problem.did_you_mean(option, choices.iter().map(|choice| choice.value.as_str())))
    })
}

/// Checks and stores the field; `swap` is an option that records hold, and what stands in its place.
fn close(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    old: &Schema,
    field: Field,
    words: String,
    swap: Option<(String, Option<String>)>,
) -> Result<Field> {
    check_choices(&field.rules).map_err(|refusal| Error::invalid(refusal.of(&field.slug)))?;
    let slug = field.slug.clone();
    let fields = old.fields.iter().map(|known| if known.slug == slug { field.clone() } else { known.clone() }).collect();
    let new = Schema { fields, ..old.clone() };
    let new = Schema { fields: choices::number(tx, old.app, new.fields)?, ..new };
    one_batch(tx, |tx| replace(tx, who, (old, &new), &slug, words, swap))?;
    field_now(tx, old, &slug)
}

fn replace(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    (old, new): (&Schema, &Schema),
    slug: &str,
    words: String,
    swap: Option<(String, Option<String>)>,
) -> Result<()> {
    let field = known(new, slug)?;
    let body = json!({"before": schemas::described(old), "after": schemas::described(new)});
    let batch = log_definition(tx, who, old.app, Some(old.id), words, Some(body))?;
    if let Some((was, now)) = swap.filter(|(was, now)| now.as_deref() != Some(was)) {
        let is_kept = now
            .as_ref()
            .is_some_and(|now| !old.field(slug).is_some_and(|field| field.rules.choices.iter().any(|choice| choice.value == *now)));
        // A new name can be taken back by the definition alone; what was put together cannot.
        if !is_kept {
            log_all_replaced(tx, who, old, field, (&was, now.as_deref()), batch)?;
        }
        rows::replace_option(tx, old, field, &was, now.as_deref())?;
    }
    schemas::describe(tx, old, new)?;
    settle(tx, who, old.app)
}
