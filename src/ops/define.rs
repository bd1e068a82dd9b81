//! Definitions on their way to trust: parts of an app file to fields and schemas, with every problem found at once. Storing them is in `apply` and `transfer`.

use super::validate;
use crate::field;
use crate::format::app_file::{FieldPart, FullOption, OptionPart, SchemaPart};
use crate::model::app::AppId;
use crate::model::error::Problem;
use crate::model::field::{Choice, Field, FieldType, Kind, OnDelete, Refusal, Rules};
use crate::model::name::{is_field_slug, is_slug, label_from, model_from, quoted};
use crate::model::schema::{SYSTEM_KEYS, Schema, SchemaId};
use serde_json::Value;
use std::collections::HashSet;

/// First words after `/api/` that belong to a dialect: a table of that name could not be reached.
pub const RESERVED: [&str; 22] = [
    "apps",
    "workspaces",
    "docs",
    "openapi.json",
    "batch",
    "query",
    "fetch",
    "create",
    "update",
    "delete",
    "bulk-create",
    "bulk-update",
    "bulk-delete",
    "execute",
    "name_search",
    "ui-effect",
    "get_registry",
    "action-meta",
    "export",
    "import",
    "clone",
    "resequence",
];

/// Words of the admin page's own addresses, `/_/apps`.
const PAGE_WORDS: [&str; 12] = ["a", "api", "apps", "f", "files", "people", "requests", "roles", "settings", "sign-in", "start", "tokens"];

/// Whether an app of this slug could not be reached.
pub fn is_reserved_app(slug: &str) -> bool {
    RESERVED.contains(&slug) || PAGE_WORDS.contains(&slug)
}

/// Most fields one schema may have.
pub const FIELDS_MAX: usize = 500;

/// A schema as it should be, beside the one that is there. Options without an id get 0: the store's counter gives them one.
pub fn schema(app: AppId, part: &SchemaPart, old: Option<&Schema>) -> Result<Schema, Vec<Problem>> {
    let mut problems = Vec::new();
    let slug = &part.slug;
    if !is_slug(slug) {
        problems.push(Problem::new("slug", format!("The table slug {} must be lower-case words joined by - or _", quoted(slug))));
    } else if RESERVED.contains(&slug.as_str()) {
        problems.push(Problem::new("reserved", format!("The table slug '{slug}' is an address of the API; choose another")));
    }
    if part.fields.len() > FIELDS_MAX {
        problems
            .push(Problem::new("too_many", format!("Table '{slug}' has {} fields; at most {FIELDS_MAX} are possible", part.fields.len())));
    }
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    for part in &part.fields {
        if !seen.insert(part.slug.to_lowercase()) {
            problems.push(Problem::of(&part.slug, "twice", format!("Table '{slug}' has two fields '{}' (case does not count)", part.slug)));
        }
        let other_case = |known: &&Field| known.slug != part.slug && known.slug.eq_ignore_ascii_case(&part.slug);
        if let Some(known) = old.and_then(|old| old.fields.iter().find(other_case)) {
            let message =
                format!("Table '{slug}' has the field '{}' already, in other case: '{}' cannot stand beside it", known.slug, part.slug);
            problems.push(Problem::of(&part.slug, "twice", message));
        }
        match field(part, old.and_then(|old| old.field(&part.slug))) {
            Ok(field) => fields.push(field),
            Err(found) => problems
                .extend(found.into_iter().map(|problem| Problem { message: format!("Table '{slug}': {}", problem.message), ..problem })),
        }
    }
    // Fields that are there keep their place: it is the key order of the stored JSON.
    if let Some(old) = old {
        fields.sort_by_key(|field: &Field| old.fields.iter().position(|known| known.slug == field.slug).unwrap_or(usize::MAX));
    }
    if part.unique.iter().chain(&part.indexes).any(Vec::is_empty) {
        problems.push(Problem::new("empty", format!("Table '{slug}' has an empty group of fields; name at least one")));
    }
    let json = |name: &&String| fields.iter().any(|field| field.slug == **name && field.kind == Kind::Json);
    if let Some(name) = part.unique.iter().flatten().find(json) {
        problems.push(Problem::of(name, "unique", format!("Table '{slug}': field '{name}' is json, which cannot be unique")));
    }
    let named = |name: &String| fields.iter().any(|field| field.slug == *name);
    let groups = part.unique.iter().chain(&part.indexes).flatten().chain(part.display_field.iter());
    let unknown: Vec<&String> = groups.filter(|name| !named(name)).collect();
    problems.extend(unknown.into_iter().map(|name| no_field(slug, name, &fields)));
    if !problems.is_empty() {
        return Err(problems);
    }
    let kept = |value: &Option<String>, old: Option<&String>| value.clone().or_else(|| old.cloned());
    let display_field = kept(&part.display_field, old.and_then(|old| old.display_field.as_ref()));
    let display_field = display_field
        .filter(|slug| fields.iter().any(|field| field.slug == *slug))
        .or_else(|| fields.iter().find(|field| field.kind == Kind::Text).map(|field| field.slug.clone()));
    Ok(Schema {
        id: old.map_or(SchemaId(0), |old| old.id),
        app,
        slug: slug.clone(),
        name: kept(&part.name, old.map(|old| &old.name)).unwrap_or_else(|| label_from(slug)),
        model: kept(&part.model, old.map(|old| &old.model)).unwrap_or_else(|| model_from(slug)),
        display_field,
        version: old.map_or(1, |old| old.version),
        fields,
        unique: part.unique.clone(),
        indexes: part.indexes.clone(),
        automatic: old.map(|old| old.automatic.clone()).unwrap_or_default(),
    })
}

fn no_field(schema: &str, name: &str, fields: &[Field]) -> Problem {
    let problem = Problem::of(name, "unknown_field", format!("Table '{schema}' has no field {}", quoted(name)));
    problem.did_you_mean(name, fields.iter().map(|field| field.slug.as_str()))
}

fn field(part: &FieldPart, old: Option<&Field>) -> Result<Field, Vec<Problem>> {
    let slug = &part.slug;
    let refused = |refusal: Refusal| refusal.of(slug);
    let mut problems = Vec::new();
    if !is_field_slug(slug) {
        problems.push(refused(Refusal::new("slug", "needs another slug: a letter, then letters, digits and _, at most 64")));
    }
    if SYSTEM_KEYS.contains(&slug.to_lowercase().as_str()) {
        problems.push(refused(Refusal::new("reserved", "has the name of a key that every record has; choose another")));
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
    let rules = Rules {
        max_length: part.max_length,
        min: part.min.clone(),
        max: part.max.clone(),
        precision: part.precision,
        scale: part.scale,
        choices: choices(part.options.as_deref().unwrap_or_default(), old),
        target: part.target.clone(),
        inverse: part.inverse.clone(),
        on_delete: OnDelete::from_name(on_delete).unwrap_or_default(),
    };
    if let Err(refusal) = type_.check_rules(&rules) {
        problems.push(refused(refusal));
    }
    let mut field = Field {
        name: part.name.clone().or_else(|| old.map(|old| old.name.clone())).unwrap_or_else(|| label_from(slug)),
        header: old.and_then(|old| old.header.clone()),
        required: part.required,
        unique: part.unique,
        indexed: part.index,
        rules,
        ..Field::plain(slug, type_)
    };
    if field.unique && field.kind == Kind::Json {
        problems.push(refused(Refusal::new("unique", "is json, which cannot be unique")));
    }
    if (field.unique || field.indexed) && field.kind.is_set() {
        let why = "holds several values: it cannot be unique, and is found by each of them without an index";
        problems.push(refused(Refusal::new("unique", why).hint("Leave 'unique' and 'index' out")));
    }
    if matches!(field.kind, Kind::Reference | Kind::Links) && !part.default.is_null() {
        problems.push(refused(Refusal::new("default", "is a reference, which takes no default")));
    }
    if field.required && part.default.as_str() == Some("") {
        problems.push(refused(Refusal::new("default", "is required, so the empty text is no default")));
    }
    match validate::clean(&field, &part.default) {
        Ok(default) => field.default = default,
        Err(problem) => problems.push(Problem { message: format!("{} (its default)", problem.message), ..problem }),
    }
    if problems.is_empty() { Ok(field) } else { Err(problems) }
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
    ];
    let foreign = given.into_iter().filter(|(name, given)| *given && !type_.rules().contains(name));
    foreign
        .map(|(name, _)| {
            let takes = if type_.rules().is_empty() { "none".to_owned() } else { type_.rules().join(", ") };
            Refusal::new("rule", format!("has the type {}, which takes no '{name}'", type_.name())).hint(format!("It takes: {takes}"))
        })
        .collect()
}

/// Options keep the id, and unless the file says otherwise the label and colour, that they had under the same value.
fn choices(parts: &[OptionPart], old: Option<&Field>) -> Vec<Choice> {
    let known = |value: &str| old.and_then(|old| old.rules.choices.iter().find(|choice| choice.value == value));
    let full = |part: &OptionPart| match part {
        OptionPart::Full(full) => full.clone(),
        OptionPart::Value(value) => FullOption { value: value.clone(), label: None, color: None, id: None },
    };
    parts
        .iter()
        .map(full)
        .map(|part| Choice {
            id: part.id.or_else(|| known(&part.value).map(|choice| choice.id)).unwrap_or(0),
            label: part.label.or_else(|| known(&part.value).map(|choice| choice.label.clone())).unwrap_or_else(|| label_from(&part.value)),
            color: part.color.or_else(|| known(&part.value).and_then(|choice| choice.color.clone())),
            value: part.value,
        })
        .collect()
}

/// Whether a stored value of the old field is also a value of the new one as it lies: what may change without touching records.
pub fn is_compatible(old: &Field, new: &Field) -> Result<(), String> {
    if old.type_name != new.type_name {
        return Err(format!(
            "field '{}' is {} and cannot become {} here: export the table and import it under the new type",
            old.slug, old.type_name, new.type_name
        ));
    }
    let gone = old.rules.choices.iter().find(|choice| !new.rules.choices.iter().any(|known| known.value == choice.value));
    if let Some(choice) = gone {
        return Err(format!("field '{}' would lose the option '{}', which records may hold", old.slug, choice.value));
    }
    if holds_less(&old.rules, &new.rules) {
        return Err(format!("field '{}' would hold less than before; records may be longer", old.slug));
    }
    if old.rules.target != new.rules.target {
        return Err(format!("field '{}' points to another table", old.slug));
    }
    let above = |low: &Value, high: &Value| match (low.as_i64().zip(high.as_i64()), low.as_f64().zip(high.as_f64())) {
        (Some((low, high)), _) => low > high,
        (None, Some((low, high))) => low > high,
        // Days are texts of one form.
        _ => low.as_str() > high.as_str(),
    };
    let raised = new.rules.min.as_ref().is_some_and(|new| old.rules.min.as_ref().is_none_or(|old| above(new, old)));
    let lowered = new.rules.max.as_ref().is_some_and(|new| old.rules.max.as_ref().is_none_or(|old| above(old, new)));
    if raised || lowered {
        return Err(format!("field '{}' would get narrower bounds; records may lie outside", old.slug));
    }
    Ok(())
}

/// Whether a text or a number could fit the old rules and not the new ones. What is not said is the type's own limit.
fn holds_less(old: &Rules, new: &Rules) -> bool {
    let length = |rules: &Rules| rules.max_length.unwrap_or(field::TEXT_CHARS_MAX);
    let precision = |rules: &Rules| rules.precision.unwrap_or(field::DECIMAL_DIGITS_MAX);
    let scale = |rules: &Rules| rules.scale.unwrap_or(field::DECIMAL_DIGITS_MAX);
    // With a scale, the digits before the point have what the precision leaves.
    let whole = |rules: &Rules| precision(rules) - rules.scale.unwrap_or(0).min(precision(rules));
    length(new) < length(old) || precision(new) < precision(old) || scale(new) < scale(old) || whole(new) < whole(old)
}
