//! A schema becomes another one inside a transaction: what its records forbid is found out, the records follow, the log knows. What the new schema
//! should be is said in `define`; `apply`, `schemas`, `fields` and `options` decide it.

use super::changes::{log_all_cleared, log_definition};
use super::define::{self, is_narrower};
use super::roles;
use super::shared_views;
use super::undo_apps;
use crate::expr::resolve::resolve;
use crate::expr::{TABLE_CHARS_MAX, TABLE_PARTS_MAX};
use crate::field;
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::name::quoted;
use crate::model::principal::Caller;
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use crate::store::computed::is_askable;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::records as rows;
use crate::store::tables::roles as role_rows;
use crate::store::tables::schemas::{self, Renames};
use serde_json::{Value, json};
use std::sync::Arc;

/// Problems of one kind that are told.
const TOLD_MAX: usize = 5;

/// What the records of a schema have against its becoming another. Fields of another type are not looked at: `convert` does.
pub fn objections(tx: &ReadTx<'_>, old: &Schema, new: &Schema, renames: &Renames) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    if rows::counter(tx, old)? == 0 {
        return Ok(problems);
    }
    for field in new.stored() {
        let was = before(old, field, renames);
        match was {
            None if field.required && field.default.is_null() => problems.push(Problem::of(
                &field.slug,
                "required",
                format!("Table '{}' has records: the new field '{}' cannot be required without a default", old.slug, field.slug),
            )),
            Some(was) if was.type_name == field.type_name => problems.extend(unfit(tx, old, was, field)?),
            _ => {}
        }
    }
    let had = |group: &Vec<String>| {
        old.unique.contains(group) || matches!(group.as_slice(), [one] if old.field(one).is_some_and(|field| field.unique))
    };
    for group in super::records::unique_groups(new).iter().filter(|group| !had(group)) {
        let named = |slug: &String| renames.iter().find(|(_, now)| now == slug).map_or(slug, |(was, _)| was).clone();
        let there: Vec<String> = group.iter().map(named).filter(|slug| old.field(slug).is_some_and(Field::is_stored)).collect();
        // A new field is the same in all records.
        if there.len() == group.len() {
            problems.extend(twins(tx, old, &there)?);
        }
    }
    Ok(problems)
}

/// Records whose value of a field does not fit what is said of it now.
fn unfit(tx: &ReadTx<'_>, schema: &Schema, was: &Field, now: &Field) -> Result<Option<Problem>> {
    if now.required
        && !was.required
        && let Some(id) = rows::first_blank(tx, schema, was)?
    {
        let message = format!("Table '{}': {} has no {}; fill it in before it can be required", schema.slug, id.text(), was.slug);
        return Ok(Some(Problem::of(&now.slug, "required", message)));
    }
    if was.rules.target != now.rules.target && was.is_stored() {
        let mut holder = None;
        rows::each_value(tx, schema, was, &mut |id, text| {
            holder = holder.or(Some(id).filter(|_| text != "[]"));
            Ok(())
        })?;
        return Ok(holder.map(|id| {
            let message =
                format!("Table '{}': {} holds a link by '{}', so it cannot lead to another table", schema.slug, id.text(), was.slug);
            Problem::of(&now.slug, "target", message).hint("Make a new field, or empty this one first")
        }));
    }
    if !is_narrower(was, now) {
        return Ok(None);
    }
    let (mut count, mut first, mut why) = (0_u64, Vec::new(), None);
    rows::each_value(tx, schema, was, &mut |id, text| {
        let value: Value = serde_json::from_str(text).map_err(Error::internal)?;
        if let Err(refusal) = field::clean(now, &value) {
            count += 1;
            if first.len() < TOLD_MAX {
                first.push(id);
                why.get_or_insert(refusal);
            }
        }
        Ok(())
    })?;
    Ok(why.map(|refusal| {
        let message = format!("Table '{}': {} would not fit: '{}' {}", schema.slug, listed(&first, count), now.slug, refusal.message);
        Problem::of(&now.slug, "change", message).hint("Change these records first")
    }))
}

/// Records that have the same values where they would have to differ.
pub fn twins(tx: &ReadTx<'_>, schema: &Schema, group: &[String]) -> Result<Option<Problem>> {
    Ok(same(schema, group, &rows::same_values(tx, schema, group, TOLD_MAX)?))
}

/// The same of records that were found: the first ids of each group, and how many there are in it.
pub fn same(schema: &Schema, group: &[String], found: &[(Vec<RecordId>, i64)]) -> Option<Problem> {
    let told: Vec<String> = found.iter().map(|(ids, count)| listed(ids, u64::try_from(*count).unwrap_or_default())).collect();
    let names = group.join(" and ");
    (!told.is_empty()).then(|| {
        let message = format!("Table '{}' holds records with the same {names}: {}", schema.slug, told.join("; "));
        Problem::of(group.first().map_or("", String::as_str), "unique", message).hint("Make them differ first")
    })
}

/// `rec_1, rec_7 and 3 more`.
fn listed(ids: &[RecordId], count: u64) -> String {
    let named: Vec<String> = ids.iter().map(|id| id.text()).collect();
    let more = count.saturating_sub(u64::try_from(ids.len()).unwrap_or_default());
    if more == 0 { named.join(", ") } else { format!("{} and {more} more", named.join(", ")) }
}

fn before<'o>(old: &'o Schema, field: &Field, renames: &Renames) -> Option<&'o Field> {
    let was = renames.iter().find(|(_, now)| *now == field.slug).map_or(field.slug.as_str(), |(was, _)| was);
    old.field(was).filter(|field| field.is_stored())
}

/// Puts a schema in the place of the one that is there, and logs it with what its records lose. The catalog is the caller's to load again.
pub fn alter(tx: &mut WriteTx<'_>, who: &Caller, old: &Schema, new: &Schema, renames: &Renames, label: String) -> Result<()> {
    let is_renamed = |slug: &str| renames.iter().any(|(was, _)| was == slug);
    let gone = old.fields.iter().filter(|field| new.field(&field.slug).is_none() && !is_renamed(&field.slug));
    let masks = undo_apps::masks(tx, old, &gone.map(|field| field.slug.clone()).collect());
    let body = json!({"before": schemas::described(old), "after": schemas::described(new), "renamed": renames, "masks": masks});
    let batch = log_definition(tx, who, old.app, Some(old.id), label, Some(body))?;
    let goes = |field: &&Field| new.field(&field.slug).is_none() && !renames.iter().any(|(was, _)| *was == field.slug);
    for gone in old.stored().filter(goes) {
        log_all_cleared(tx, who, old, &gone.slug, batch)?;
    }
    schemas::replace(tx, old, new, renames)
}

/// What leads nowhere in an app once its catalog is loaded again: references, lines, expressions. And what could not be read.
fn dangling(tx: &ReadTx<'_>, app: AppId) -> Vec<Problem> {
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(app).cloned().collect();
    if all.len() > define::SCHEMAS_MAX {
        return vec![define::too_many_schemas(all.len())];
    }
    let mut problems = leading_nowhere(&all);
    problems.extend(roles::without_meaning(tx, app, &all));
    if problems.is_empty() { all.iter().filter_map(|schema| unaskable(tx, schema)).collect() } else { problems }
}

/// What leads nowhere among all schemas of an app.
pub fn leading_nowhere(all: &[Arc<Schema>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for schema in all {
        for field in &schema.fields {
            let placed = |problem: Problem| Problem {
                message: format!("Table '{}': {}", schema.slug, problem.message),
                field: Some(field.slug.clone()),
                ..problem
            };
            if !field.is_stored() {
                problems.extend(resolve(field, schema, all).err().map(placed));
            } else if let Some(target) = field.rules.target.as_deref().filter(|_| matches!(field.kind, Kind::Reference | Kind::Links)) {
                let known = || all.iter().map(|schema| schema.slug.as_str());
                if !known().any(|slug| slug == target) {
                    let message = format!("field '{}' points to the table {}, which is not there", field.slug, quoted(target));
                    problems.push(placed(Problem::new("target", message).did_you_mean(target, known())));
                }
            }
        }
    }
    problems
}

/// Why a table with these computed fields could not be read.
fn unaskable(tx: &ReadTx<'_>, schema: &Schema) -> Option<Problem> {
    let computations = || schema.fields.iter().filter_map(|field| field.formula.as_ref());
    let parts: usize = computations().map(|computation| computation.parts).sum();
    let chars = computations().map(|computation| computation.chars_max).fold(0, u64::saturating_add);
    if chars > TABLE_CHARS_MAX {
        let message = format!(
            "Table '{}': the texts that it computes of one record may come to {chars} characters; at most {TABLE_CHARS_MAX} are possible",
            schema.slug
        );
        return Some(Problem::new("formula", message).hint("Give the texts that they are made of a max_length: without one it is 100000"));
    }
    let message = match is_askable(tx, schema) {
        _ if parts > TABLE_PARTS_MAX => {
            format!("have {parts} parts together, with those of the fields in them; at most {TABLE_PARTS_MAX} are possible")
        }
        Ok(true) => return None,
        Ok(false) => "are more together than one question can hold".to_owned(),
        Err(error) => format!("cannot be asked: {}", error.message()),
    };
    let problem = Problem::new("formula", format!("Table '{}': its computed fields {message}", schema.slug));
    Some(problem.hint("Make them shorter, or fewer"))
}

/// Loads the catalog again and refuses the whole change if something in the app leads nowhere now, or could not be read.
pub fn settle(tx: &mut WriteTx<'_>, who: &Caller, app: AppId) -> Result<()> {
    tx.catalog_changed()?;
    let problems = dangling(tx, app);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    role_rows::tidy(tx, app)?;
    shared_views::settle(tx, who, app)
}
