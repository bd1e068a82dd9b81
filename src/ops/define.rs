//! Definitions on their way to trust: parts of an app file to fields and schemas, with every problem found at once. Storing them is in `apply` and `transfer`.

pub use super::define_field::field as define_field;
use super::define_field::field;
use super::naming::slug_from;
use crate::field as types;
use crate::format::parts::SchemaPart;
use crate::model::app::AppId;
use crate::model::error::{Error, Problem, Result as OrError};
use crate::model::field::{Field, Kind, Rules};
use crate::model::name::{is_slug, label_from, model_from, numbered, quoted};
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::{Search, Wanted, can_be_searched};
use serde_json::Value;
use std::collections::HashSet;

/// First words after `/api/` that belong to a dialect: a table of that name could not be reached.
pub const RESERVED: [&str; 25] = [
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
    "associations",
    "custom-fields",
    "personal-access-tokens",
];

/// Fields that every record has beside those of its table, and that an index can be on.
const STAMPS: [&str; 2] = ["created_at", "updated_at"];

/// Words of the admin page's own addresses, `/_/apps`.
const PAGE_WORDS: [&str; 14] =
    ["a", "api", "apps", "f", "files", "invitation", "people", "requests", "reset", "roles", "settings", "sign-in", "start", "tokens"];

/// Whether an app of this slug could not be reached.
pub fn is_reserved_app(slug: &str) -> bool {
    RESERVED.contains(&slug) || PAGE_WORDS.contains(&slug)
}

/// Most fields one schema may have.
pub const FIELDS_MAX: usize = 500;

/// Most tables one app may have.
pub const SCHEMAS_MAX: usize = 1_000;
/// Most indexes one table may have that were asked for: each of them is work for every write.
pub const INDEXES_MAX: usize = 64;

/// Why an app cannot have so many tables.
pub fn too_many_schemas(count: usize) -> Problem {
    let message = format!("The app would have {count} tables; at most {SCHEMAS_MAX} are possible");
    Problem::new("too_many", message).hint("Make a second app, or one table with a field that tells the kinds apart")
}

/// A schema as it should be, beside the one that is there. Options without an id get 0: the store's counter gives them one.
pub fn schema(app: AppId, part: &SchemaPart, old: Option<&Schema>) -> Result<Schema, Vec<Problem>> {
    let slug = &part.slug;
    let mut problems: Vec<Problem> = check_slug("table", slug, RESERVED.contains(&slug.as_str())).into_iter().collect();
    problems.extend(part.aliases.iter().filter_map(|alias| check_slug("table", alias, false)));
    problems.extend(check_names(part.name.as_deref(), part.model.as_deref()).err());
    if part.fields.len() > FIELDS_MAX {
        problems
            .push(Problem::new("too_many", format!("Table '{slug}' has {} fields; at most {FIELDS_MAX} are possible", part.fields.len())));
    }
    let indexes = part.fields.iter().filter(|field| field.index || field.unique).count()
        + [&part.unique, &part.indexes].into_iter().flatten().map(Vec::len).sum::<usize>();
    if indexes > INDEXES_MAX {
        problems.push(Problem::new("too_many", format!("Table '{slug}' has {indexes} indexes; at most {INDEXES_MAX} are possible")));
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
    rank(&mut fields, &part.order, old);
    check_groups(part, &fields, &mut problems);
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
        unique: part.unique.clone().or_else(|| old.map(|old| old.unique.clone())).unwrap_or_default(),
        indexes: part.indexes.clone().or_else(|| old.map(|old| old.indexes.clone())).unwrap_or_default(),
        automatic: old.map(|old| old.automatic.clone()).unwrap_or_default(),
        aliases: aliases(slug, &part.aliases, old),
        hidden: Vec::new(),
        search: Search {
            wanted: part.search.clone().or_else(|| old.map(|old| old.search.wanted.clone())).unwrap_or_default(),
            index: old.and_then(|old| old.search.index.clone()),
        },
    })
}

/// Groups of fields, the order of fields, the field that names a record: every field is there, and can stand where it stands.
fn check_groups(part: &SchemaPart, fields: &[Field], problems: &mut Vec<Problem>) {
    let slug = &part.slug;
    let (unique, indexes) = (part.unique.as_deref().unwrap_or_default(), part.indexes.as_deref().unwrap_or_default());
    for (key, groups) in [("unique", unique), ("indexes", indexes)] {
        for (at, group) in groups.iter().enumerate() {
            if group.is_empty() {
                problems.push(Problem::new("empty", format!("Table '{slug}' has an empty group of fields; name at least one")));
            } else if let Some(name) = first_twice(group) {
                let message = format!("Table '{slug}': a group in '{key}' names the field {} twice", quoted(name));
                problems.push(Problem::of(key, "twice", message));
            } else if groups.iter().take(at).any(|before| before == group) {
                problems.push(Problem::of(key, "twice", format!("Table '{slug}' has the group {} in '{key}' twice", group.join(" and "))));
            }
        }
    }
    if let Some(name) = first_twice(&part.order) {
        problems.push(Problem::of("order", "twice", format!("Table '{slug}': 'order' names the field {} twice", quoted(name))));
    }
    let field_of = |name: &String| fields.iter().find(|field| field.slug == *name);
    for field in unique.iter().flatten().filter_map(field_of).filter(|field| field.kind == Kind::Json) {
        let message = format!("Table '{slug}': field '{}' is json, which cannot be unique", field.slug);
        problems.push(Problem::of(&field.slug, "unique", message));
    }
    for field in unique.iter().chain(indexes).flatten().filter_map(field_of).filter(|field| field.kind.is_set() || !field.is_stored()) {
        let message = format!("Table '{slug}': field '{}' holds several values or is computed: it cannot be in a group", field.slug);
        problems.push(Problem::of(&field.slug, "group", message));
    }
    if let Some(Wanted::Fields(slugs)) = &part.search {
        problems.extend(slugs.iter().filter(|name| field_of(name).is_none()).map(|name| no_field(slug, name, fields)));
        for field in slugs.iter().filter_map(field_of).filter(|field| !can_be_searched(field)) {
            let message = format!("Table '{slug}': field '{}' is {}: it holds no words to search for", field.slug, field.type_name);
            problems.push(Problem::of("search", "type", message).hint("Name fields that hold text or numbers"));
        }
    }
    let names_nothing = |field: &&Field| field.kind.is_set() || matches!(field.kind, Kind::Json | Kind::Lines);
    if let Some(field) = part.display_field.as_ref().and_then(field_of).filter(names_nothing) {
        let message = format!("Table '{slug}': field '{}' is {}: it cannot name a record", field.slug, field.type_name);
        problems.push(Problem::of("display_field", "type", message).hint("Choose a field that holds one value"));
    }
    let groups = unique.iter().flatten().chain(part.display_field.iter()).chain(&part.order);
    let indexed = indexes.iter().flatten().filter(|name| !STAMPS.contains(&name.as_str()));
    problems.extend(indexed.chain(groups).filter(|name| field_of(name).is_none()).map(|name| no_field(slug, name, fields)));
}

/// The first name that stands twice.
fn first_twice(names: &[String]) -> Option<&String> {
    names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|before| before == *name)).map(|(_, name)| name)
}

/// Names for people say something.
pub fn check_names(name: Option<&str>, model: Option<&str>) -> Result<(), Problem> {
    let blank = [("name", name), ("model", model)].into_iter().find(|(_, said)| said.is_some_and(|said| said.trim().is_empty()));
    blank.map_or(Ok(()), |(key, _)| Err(Problem::of(key, "required", format!("'{key}' is blank; leave it out, or say one"))))
}

/// The slug of a new app or table: the one that was given, or one from the name. `check` says whether it is one, and free.
pub fn free_slug(what: &str, given: &str, name: Option<&str>, check: impl Fn(&str) -> OrError<()>) -> OrError<String> {
    if !given.is_empty() {
        return check(given).map(|()| given.to_owned());
    }
    let (article, example, slug) = if what == "app" { ("An", "My CRM", "my-crm") } else { ("A", "Contacts", "contacts") };
    let name = name.map(str::trim).filter(|name| !name.is_empty()).ok_or_else(|| {
        let problem = Problem::of("name", "required", format!("{article} {what} needs a name or a slug"));
        Error::invalid(problem.hint(format!("{{\"name\": \"{example}\"}}")))
    })?;
    let base = slug_from(name).ok_or_else(|| {
        let problem = Problem::of("slug", "required", format!("No slug can be made of {}; give one", quoted(name)));
        Error::invalid(problem.hint(format!("\"slug\": \"{slug}\"")))
    })?;
    let mut refused = None;
    let found = numbered(&base).find(|slug| match check(slug) {
        Ok(()) => true,
        Err(error) => {
            refused.get_or_insert(error);
            false
        }
    });
    found.ok_or_else(|| refused.unwrap_or_else(|| Error::internal("no slug was tried")))
}

/// Why a slug cannot be one of an app (`what` is `app`) or a table.
pub fn check_slug(what: &str, slug: &str, is_reserved: bool) -> Option<Problem> {
    if !is_slug(slug) {
        let problem = Problem::of(
            "slug",
            "slug",
            format!("The {what} slug {} must be lower-case words joined by - or _, of 64 characters at most", quoted(slug)),
        );
        return Some(match slug_from(slug) {
            Some(near) => problem.hint(format!("Did you mean '{near}'?")),
            None => problem,
        });
    }
    let address = if what == "app" { "an address of the API or of the admin page" } else { "an address of the API" };
    is_reserved.then(|| Problem::of("slug", "reserved", format!("The {what} slug '{slug}' is {address}; choose another")))
}

/// All slugs that a schema had before, but for the one that it has now.
fn aliases(slug: &str, said: &[String], old: Option<&Schema>) -> Vec<String> {
    let mut aliases: Vec<String> = old.map(|old| old.aliases.clone()).unwrap_or_default();
    aliases.extend(old.map(|old| old.slug.clone()));
    aliases.extend(said.iter().cloned());
    let mut seen = HashSet::from([slug.to_owned()]);
    aliases.retain(|alias| seen.insert(alias.clone()));
    aliases
}

/// The places in which people see the fields: those that are named first, in their order; of the others the old ones as they were, then the new.
/// Places stay what they are as long as the order does.
fn rank(fields: &mut [Field], order: &[String], old: Option<&Schema>) {
    let known = |field: &Field| old.and_then(|old| old.field(&field.slug)).map(|known| known.rank);
    let place = |field: &Field| (order.iter().position(|slug| *slug == field.slug).unwrap_or(usize::MAX), known(field).unwrap_or(i64::MAX));
    let mut wanted: Vec<usize> = (0..fields.len()).collect();
    wanted.sort_by_key(|at| fields.get(*at).map(place));
    let mut next = None;
    let is_as_before = wanted.iter().filter_map(|at| fields.get(*at)).all(|field| {
        let rank = known(field).unwrap_or_else(|| next.map_or(0, |last| last + 1));
        let is_after = next.is_none_or(|last| rank > last);
        next = Some(rank);
        is_after
    });
    let mut next = 0;
    for at in wanted {
        if let Some(field) = fields.get_mut(at) {
            field.rank = known(field).filter(|_| is_as_before).unwrap_or(next);
            next = field.rank + 1;
        }
    }
}

/// Whether a value that the old field held could be none of the new one, which is of the same type.
pub fn is_narrower(old: &Field, new: &Field) -> bool {
    let gone = |field: &Field| old.rules.choices.iter().any(|choice| !field.rules.choices.iter().any(|known| known.value == choice.value));
    let above = |low: &Value, high: &Value| match (low.as_i64().zip(high.as_i64()), low.as_f64().zip(high.as_f64())) {
        (Some((low, high)), _) => low > high,
        (None, Some((low, high))) => low > high,
        // Days are texts of one form.
        _ => low.as_str() > high.as_str(),
    };
    let raised = new.rules.min.as_ref().is_some_and(|new| old.rules.min.as_ref().is_none_or(|old| above(new, old)));
    let lowered = new.rules.max.as_ref().is_some_and(|new| old.rules.max.as_ref().is_none_or(|old| above(old, new)));
    let patterned = new.rules.pattern.is_some() && new.rules.pattern != old.rules.pattern;
    let itemed = new.rules.items != old.rules.items && !new.rules.items.is_empty();
    gone(new) || raised || lowered || patterned || itemed || holds_less(&old.rules, &new.rules)
}

/// Whether a text or a number could fit the old rules and not the new ones. What is not said is the type's own limit.
fn holds_less(old: &Rules, new: &Rules) -> bool {
    let length = |rules: &Rules| rules.max_length.unwrap_or(types::TEXT_CHARS_MAX);
    let precision = |rules: &Rules| rules.precision.unwrap_or(types::DECIMAL_DIGITS_MAX);
    let scale = |rules: &Rules| rules.scale.unwrap_or(types::DECIMAL_DIGITS_MAX);
    // With a scale, the digits before the point have what the precision leaves.
    let whole = |rules: &Rules| precision(rules) - rules.scale.unwrap_or(0).min(precision(rules));
    length(new) < length(old) || precision(new) < precision(old) || scale(new) < scale(old) || whole(new) < whole(old)
}

fn no_field(schema: &str, name: &str, fields: &[Field]) -> Problem {
    let problem = Problem::of(name, "unknown_field", format!("Table '{schema}' has no field {}", quoted(name)));
    problem.did_you_mean(name, fields.iter().map(|field| field.slug.as_str()))
}
