//! A field's definition on its way to trust: a part of an app file or of a body to a `Field`, with every problem found at once. Schemas are in `define`.

use super::validate;
use crate::field;
use crate::format::parts::{FieldPart, OptionPart};
use crate::model::error::Problem;
use crate::model::expr::VALUES;
use crate::model::field::{Choice, Field, FieldType, Kind, OnDelete, Refusal, Rules};
use crate::model::name::{is_field_slug, label_from, quoted};
use crate::model::schema::SYSTEM_KEYS;
use serde_json::Value;

/// A field as it should be, beside the one that is there. Its options have the id 0 where they have none yet.
pub fn field(part: &FieldPart, old: Option<&Field>) -> Result<Field, Vec<Problem>> {
    let slug = &part.slug;
    let refused = |refusal: Refusal| refusal.of(slug);
    let mut problems = Vec::new();
    if !is_field_slug(slug) {
        problems.push(refused(Refusal::new("slug", "needs another slug: a letter, then letters, digits and _, at most 64")));
    }
    if SYSTEM_KEYS.contains(&slug.to_lowercase().as_str()) {
        problems.push(refused(Refusal::new("reserved", "has the name of a key that every record has; choose another")));
    }
    if VALUES.contains(&slug.to_lowercase().as_str()) {
        problems.push(refused(Refusal::new("reserved", "has the name of a value in expressions; choose another")));
    }
    let Some(type_) = field::find(&part.type_name) else {
        problems.push(refused(
            Refusal::new("type", format!("has the unknown type {}", quoted(&part.type_name))).hint(field::suggestion(&part.type_name)),
        ));
        return Err(problems);
    };
    problems.extend(foreign_rules(part, type_).into_iter().map(&refused));
    let on_delete = part.on_delete.as_deref().unwrap_or("set_null");
    if OnDelete::from_name(on_delete).is_none() {
        problems.push(refused(
            Refusal::new("on_delete", format!("has the unknown on_delete {}", quoted(on_delete))).hint("set_null, restrict or cascade"),
        ));
    }
    let mut items = Vec::new();
    for item in part.items.iter().flatten() {
        if items.iter().any(|known: &Field| known.slug == item.slug) {
            problems.push(refused(Refusal::new("items", format!("has the item '{}' twice", item.slug))));
        }
        match self::field(item, old.and_then(|old| old.rules.items.iter().find(|known| known.slug == item.slug))) {
            Ok(item) => items.push(item),
            Err(found) => problems
                .extend(found.into_iter().map(|problem| refused(Refusal::new("items", format!("has the item: {}", problem.message))))),
        }
    }
    let mut rules = Rules {
        max_length: part.max_length,
        min: part.min.clone(),
        max: part.max.clone(),
        precision: part.precision,
        scale: part.scale,
        choices: choices(part.options.as_deref().unwrap_or_default(), old),
        target: part.target.clone(),
        inverse: part.inverse.clone(),
        on_delete: OnDelete::from_name(on_delete).unwrap_or_default(),
        via: part.via.clone(),
        pattern: part.pattern.clone(),
        currency: part.currency.clone(),
        formula: part.formula.clone(),
        items,
    };
    type_.settle_rules(&mut rules);
    let checked = type_.check_rules(&rules).and_then(|()| rules.pattern.as_deref().map_or(Ok(()), field::check_pattern));
    problems.extend(checked.err().map(&refused));
    let mut field = Field {
        name: part.name.clone().or_else(|| old.map(|old| old.name.clone())).unwrap_or_else(|| label_from(slug)),
        header: old.and_then(|old| old.header.clone()),
        required: part.required,
        unique: part.unique,
        indexed: part.index,
        rules,
        rank: old.map_or(0, |old| old.rank),
        ..Field::plain(slug, type_)
    };
    if field.is_given() {
        problems.extend(said_of_given(part).map(&refused));
    }
    if field.unique && field.kind == Kind::Json {
        problems.push(refused(Refusal::new("unique", "is json, which cannot be unique")));
    }
    if (field.unique || field.indexed) && field.kind.is_set() {
        let why = "holds several values: it cannot be unique, and is found by each of them without an index";
        problems.push(refused(Refusal::new("unique", why).hint("Leave 'unique' and 'index' out")));
    }
    if matches!(field.kind, Kind::Reference | Kind::Links | Kind::User) && !part.default.is_null() {
        problems.push(refused(Refusal::new("default", "is a reference: it takes no default")));
    }
    if field.required && part.default.as_str() == Some("") {
        problems.push(refused(Refusal::new("default", "is required, so the empty text is no default")));
    }
    match field_default(&field, &part.default) {
        Ok(default) => field.default = default,
        Err(problem) => problems.push(Problem { message: format!("{} (its default)", problem.message), ..problem }),
    }
    if problems.is_empty() { Ok(field) } else { Err(problems) }
}

/// A computed field's default is its value.
fn field_default(field: &Field, default: &Value) -> Result<Value, Problem> {
    if field.is_given() { Ok(Value::Null) } else { validate::clean(field, default) }
}

/// What cannot be said of a field whose value comes from the program.
fn said_of_given(part: &FieldPart) -> Option<Refusal> {
    let said = [("required", part.required), ("unique", part.unique), ("index", part.index), ("default", !part.default.is_null())];
    let (name, _) = said.into_iter().find(|(_, said)| *said)?;
    Some(Refusal::new("rule", format!("gets its value by itself: it takes no '{name}'")).hint(format!("Leave '{name}' out")))
}

/// Rules that were given and that the type does not take.
fn foreign_rules(part: &FieldPart, type_: &dyn FieldType) -> Vec<Refusal> {
    let given = [
        ("max_length", part.max_length.is_some()),
        ("min", part.min.is_some()),
        ("max", part.max.is_some()),
        ("precision", part.precision.is_some()),
        ("scale", part.scale.is_some()),
        ("options", part.options.is_some()),
        ("target", part.target.is_some()),
        ("inverse", part.inverse.is_some()),
        ("on_delete", part.on_delete.is_some()),
        ("via", part.via.is_some()),
        ("pattern", part.pattern.is_some()),
        ("currency", part.currency.is_some()),
        ("formula", part.formula.is_some()),
        ("items", part.items.is_some()),
    ];
    let foreign = given.into_iter().filter(|(name, given)| *given && !type_.rules().contains(name));
    foreign
        .map(|(name, _)| {
            let takes = if type_.rules().is_empty() { "none".to_owned() } else { type_.rules().join(", ") };
            Refusal::new("rule", format!("has the type {}, which takes no '{name}'", type_.name())).hint(format!("It takes: {takes}"))
        })
        .collect()
}

/// Options keep the id, and unless it is said otherwise the label and colour, that they had under the same value.
fn choices(parts: &[OptionPart], old: Option<&Field>) -> Vec<Choice> {
    let known = |value: &str| old.and_then(|old| old.rules.choices.iter().find(|choice| choice.value == value));
    let choice = |part: &OptionPart| {
        let was = known(&part.value);
        Choice {
            id: part.id.or_else(|| was.map(|choice| choice.id)).unwrap_or(0),
            value: part.value.clone(),
            label: part.label.clone().or_else(|| was.map(|choice| choice.label.clone())).unwrap_or_else(|| label_from(&part.value)),
            color: part.color.clone().or_else(|| was.and_then(|choice| choice.color.clone())),
        }
    };
    parts.iter().map(choice).collect()
}
