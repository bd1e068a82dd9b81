//! What only rows can tell of rights, inside the transaction that writes: whether a record is one on which the caller may act, what it may see of one that
//! was written, and refusals that tell nothing of what it may not see. What its scope is was asked in `access` before.

use super::access;
use super::records::taken as taken_by;
use super::validate::Checked;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::Field;
use crate::model::principal::{Action, Caller, Scope};
use crate::model::record::{Record, RecordId};
use crate::model::schema::Schema;
use crate::store::engine::ReadTx;
use crate::store::records as rows;

/// Refuses a record, as it is in this transaction, on which the caller may not act.
pub fn must_act(tx: &ReadTx<'_>, scope: &Scope, id: RecordId) -> Result<()> {
    if rows::is_among_all(tx, &scope.whole, &scope.acts, id)? {
        return Ok(());
    }
    let (name, what) = (&scope.whole.slug, scope.action.name());
    Err(Error::Forbidden(match scope.action {
        Action::Create => format!("Your role does not let you create such a record in the table '{name}'"),
        Action::Update => format!("Your role does not let you change {} of the table '{name}', or not so", id.text()),
        _ => format!("Your role does not let you {what} {} of the table '{name}'", id.text()),
    }))
}

/// Refuses a new record that gives another value than the default to a field that the caller may not write.
pub fn sets_only_writable(scope: &Scope, new: &Checked) -> Result<()> {
    let sets = |slug: &&String| {
        let default = scope.whole.field(slug).map(|field| &field.default);
        new.clean.values.get(*slug).is_some_and(|value| default.is_some_and(|default| default != value))
    };
    changes_only_writable(scope, scope.read_only.iter().filter(sets))
}

/// Refuses changes of fields that the caller may not write.
pub fn changes_only_writable<'k>(scope: &Scope, mut changed: impl Iterator<Item = &'k String>) -> Result<()> {
    match changed.find(|slug| scope.read_only.contains(slug)) {
        Some(slug) => Err(not_writable(slug)),
        None => Ok(()),
    }
}

pub fn not_writable(slug: &str) -> Error {
    Error::Forbidden(format!("Your role does not let you write the field '{slug}'; leave it out, or as it is"))
}

/// A record as the caller may see it: without fields that are not there for it, without any if the record itself is not.
pub fn as_seen(tx: &ReadTx<'_>, scope: &Scope, record: Record) -> Result<Record> {
    if !rows::is_among_all(tx, &scope.whole, &scope.rows, record.id)? {
        return Ok(Record { data: "{}".to_owned(), ..record });
    }
    masked(&scope.seen, record)
}

/// Without the fields that a schema hides.
pub fn masked(seen: &Schema, record: Record) -> Result<Record> {
    if seen.hidden.is_empty() {
        return Ok(record);
    }
    let mut values = rows::values_of(&record.data)?;
    values.retain(|slug, _| !seen.hidden.contains(slug));
    Ok(Record { data: rows::text_of(&values)?, ..record })
}

/// Why values cannot be given twice; who has them only if the caller may know, and which only as far as it sees the fields.
pub fn taken(tx: &ReadTx<'_>, scope: &Scope, group: &[String], holder: RecordId) -> Result<Problem> {
    let seen: Vec<String> = group.iter().filter(|slug| scope.seen.field(slug).is_some()).cloned().collect();
    if seen.len() == group.len() && rows::is_among_all(tx, &scope.whole, &scope.rows, holder)? {
        return Ok(taken_by(group, holder));
    }
    Ok(match seen.as_slice() {
        [] => Problem::new("unique", "The record would have a value that must be unique and that another has already"),
        [one] if group.len() == 1 => {
            Problem::of(one, "unique", format!("Field '{one}' must be unique: another record has this value already"))
        }
        [first, ..] => {
            let message = format!("Another record has the same {} already, where they must be unique", seen.join(" and "));
            Problem::of(first, "unique", message)
        }
    })
}

/// Why a reference leads to nothing that is there for the caller.
pub fn dangling(tx: &ReadTx<'_>, who: &Caller, schema: &Schema, field: &Field, id: RecordId) -> Problem {
    let target = tx.catalog().target(schema, field);
    let known = target.filter(|target| access::knows(tx.catalog(), who, target));
    let place = match (&known, field.rules.target.as_deref()) {
        (Some(target), _) => format!("in table '{}'", target.slug),
        (None, Some(target)) if access::is_admin(tx.catalog(), &who.principal) => format!("in table '{target}'"),
        _ => "there".to_owned(),
    };
    Problem::of(&field.slug, "reference", format!("Field '{}' points to {}, which is not {place}", field.slug, id.text()))
}
