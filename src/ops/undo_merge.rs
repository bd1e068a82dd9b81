//! What a table is to be when one of its definitions is taken back, and others came since: each thing that the definition changed goes back, if it
//! still is what that left. Pure: values of `model` and nothing else.

use super::undo::{Conflict, Work};
use crate::model::field::Field;
use crate::model::schema::Schema;
use serde_json::{Value, json};

/// Whether two schemas say the same; what is computed from that, and by which number they go, does not matter.
pub fn same(one: &Schema, other: &Schema) -> bool {
    let rest = |schema: &Schema| {
        let Schema { slug, name, model, display_field, unique, indexes, aliases, .. } = schema.clone();
        (slug, name, model, display_field, unique, indexes, aliases, schema.search.wanted.to_json())
    };
    rest(one) == rest(other)
        && one.fields.len() == other.fields.len()
        && one.fields.iter().zip(&other.fields).all(|(one, other)| one.to_json() == other.to_json())
}

/// Takes back, in `now`, what made `after` of `before`; all three call their fields the same.
pub fn merge(work: &mut Work<'_>, now: &mut Schema, before: &Schema, after: &Schema) {
    let table = now.slug.clone();
    let mut put = |what: &str, was: Value, left: Value, stands: Value| -> bool {
        if was == left || stands == was {
            return false;
        }
        stands == left || {
            let message = format!("'{what}' of the table '{table}' was changed again since");
            work.meet(Conflict::new("changed", &table, message).field(what).between(was, stands))
        }
    };
    if put("name", json!(before.name), json!(after.name), json!(now.name)) {
        now.name.clone_from(&before.name);
    }
    if put("model", json!(before.model), json!(after.model), json!(now.model)) {
        now.model.clone_from(&before.model);
    }
    if put("display_field", json!(before.display_field), json!(after.display_field), json!(now.display_field)) {
        now.display_field.clone_from(&before.display_field);
    }
    if put("unique", json!(before.unique), json!(after.unique), json!(now.unique)) {
        now.unique.clone_from(&before.unique);
    }
    if put("indexes", json!(before.indexes), json!(after.indexes), json!(now.indexes)) {
        now.indexes.clone_from(&before.indexes);
    }
    // Under which other names it is found is nobody's loss.
    if before.aliases != after.aliases {
        now.aliases.clone_from(&before.aliases);
    }
    let wanted = |schema: &Schema| schema.search.wanted.to_json();
    if put("search", wanted(before), wanted(after), wanted(now)) {
        now.search.wanted = before.search.wanted.clone();
    }
    fields(work, now, before, after);
}

fn fields(work: &mut Work<'_>, now: &mut Schema, before: &Schema, after: &Schema) {
    for left in &after.fields {
        match before.field(&left.slug) {
            None => take_out(work, now, left),
            Some(was) if was.to_json() != left.to_json() => put_field(work, now, was, left),
            Some(_) => {}
        }
    }
    for (at, was) in before.fields.iter().enumerate().filter(|(_, was)| after.field(&was.slug).is_none()) {
        if now.fields.iter().any(|field| field.slug.eq_ignore_ascii_case(&was.slug)) {
            let message = format!("Table '{}' has another field '{}' now", now.slug, was.slug);
            work.meet(Conflict::new("unique", &now.slug, message).field(&was.slug));
            continue;
        }
        // Behind the one that it stood behind: so the records are what they were to the letter.
        let place = |other: &Field| now.fields.iter().position(|field| field.slug == other.slug);
        let stood_behind = before.fields.iter().take(at).rev().find_map(place);
        now.fields.insert(stood_behind.map_or(0, |place| place + 1), was.clone());
    }
}

/// A field that was added goes.
fn take_out(work: &mut Work<'_>, now: &mut Schema, left: &Field) {
    let slug = left.slug.as_str();
    let Some(at) = now.fields.iter().position(|field| field.slug == slug) else { return };
    let stands = now.fields.get(at).map(Field::to_json).unwrap_or_default();
    let left = Field { rank: stands.get("rank").and_then(Value::as_i64).unwrap_or(left.rank), ..left.clone() };
    if stands != left.to_json() {
        let message = format!("The field '{slug}' of table '{}' was changed since", now.slug);
        if !work.meet(Conflict::new("changed", &now.slug, message).field(slug).between(Value::Null, stands)) {
            return;
        }
    }
    now.fields.remove(at);
}

/// A field that was changed is what it was, in all that was changed.
fn put_field(work: &mut Work<'_>, now: &mut Schema, was: &Field, left: &Field) {
    let table = now.slug.clone();
    let Some(field) = now.fields.iter_mut().find(|field| field.slug == was.slug) else {
        let message = format!("The field '{}' of table '{table}' is gone", was.slug);
        work.meet(Conflict::new("gone", &table, message).field(&was.slug));
        return;
    };
    let mut put = |what: &str, was_value: Value, left: Value, stands: Value| -> bool {
        if was_value == left || stands == was_value {
            return false;
        }
        stands == left || {
            let message = format!("'{what}' of the field '{}' of table '{table}' was changed again since", was.slug);
            work.meet(Conflict::new("changed", &table, message).field(&was.slug).between(was_value, stands))
        }
    };
    if put("name", json!(was.name), json!(left.name), json!(field.name)) {
        field.name.clone_from(&was.name);
    }
    if put("header", json!(was.header), json!(left.header), json!(field.header)) {
        field.header.clone_from(&was.header);
    }
    if put("required", json!(was.required), json!(left.required), json!(field.required)) {
        field.required = was.required;
    }
    if put("unique", json!(was.unique), json!(left.unique), json!(field.unique)) {
        field.unique = was.unique;
    }
    if put("index", json!(was.indexed), json!(left.indexed), json!(field.indexed)) {
        field.indexed = was.indexed;
    }
    if put("default", was.default.clone(), left.default.clone(), field.default.clone()) {
        field.default = was.default.clone();
    }
    // In which order people see fields: the last word counts, and the others move up.
    if was.rank != left.rank && field.rank == left.rank {
        field.rank = was.rank;
    }
    let nature = |field: &Field| json!({"type": field.type_name, "rules": field.rules.to_json()});
    if put("type", nature(was), nature(left), nature(field)) {
        (field.type_name, field.kind, field.rules, field.formula) = (was.type_name.clone(), was.kind, was.rules.clone(), None);
    }
}
