//! Fields of a schema that is there: adding, changing, renaming, deleting them. What becomes of values when a field gets another type is in `convert`;
//! options are in `options`.

use super::access;
use super::alter::{alter, objections, settle};
use super::changes::one_batch;
use super::convert;
use super::ctx::{Ctx, Way};
use super::define;
use super::schemas::with_choices;
use crate::expr::rename::{Renamed, renamed};
use crate::format::parts::{self, FieldPart, SchemaPart};
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Kind};
use crate::model::job::Report;
use crate::model::name::quoted;
use crate::model::principal::Caller;
use crate::model::schema::Schema;
use crate::model::search::Wanted;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::schemas;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A field after a change, and what became of the values when it got another type.
#[derive(Clone)]
pub struct Changed {
    pub field: Field,
    pub converted: Option<convert::Tally>,
}

/// The fields of a schema as parts: what they would be declared as. Their options are known by their values.
pub fn parts(schema: &Schema) -> Result<Vec<FieldPart>> {
    let read = |field: &Field| parts::read(&parts::field_json(field), "The field", parts::field).map_err(Error::Invalid);
    let mut parts = schema.fields.iter().map(read).collect::<Result<Vec<FieldPart>>>()?;
    forget_ids(&mut parts);
    Ok(parts)
}

fn forget_ids(parts: &mut [FieldPart]) {
    for part in parts {
        part.options.iter_mut().flatten().for_each(|option| option.id = None);
        part.items.iter_mut().for_each(|items| forget_ids(items));
    }
}

/// A schema as a part, with these fields.
pub fn part(schema: &Schema, fields: Vec<FieldPart>) -> SchemaPart {
    let (unique, indexes) = (Some(schema.unique.clone()), Some(schema.indexes.clone()));
    SchemaPart { slug: schema.slug.clone(), fields, unique, indexes, ..SchemaPart::default() }
}

/// Adds a field; every record gets its default.
pub fn add(tx: &mut WriteTx<'_>, who: &Caller, app: &str, schema: &str, new: &FieldPart) -> Result<Field> {
    let old = find(tx, who, app, schema)?;
    if old.field(&new.slug).is_some() {
        return Err(Error::Conflict(Problem::of(&new.slug, "unique", format!("Table '{}' has a field '{}' already", old.slug, new.slug))));
    }
    let all = part(&old, parts(&old)?.into_iter().chain([new.clone()]).collect());
    let now = with_choices(tx, old.app, &all, define::schema(old.app, &all, Some(&old)).map_err(Error::Invalid)?)?;
    become_other(tx, who, &old, &now, &[], format!("added the field {}.{}", old.slug, new.slug))?;
    field_now(tx, &old, &new.slug)
}

/// Changes what is said of a field: what `body` holds, in the form in which fields are declared; a key that is `null` says nothing any more.
pub fn change(ctx: &Ctx, who: &Caller, way: Way, path: [&str; 3], body: &Map<String, Value>, report: &Report) -> Result<Changed> {
    let [app, schema, slug] = path.map(str::to_owned);
    let old = ctx.read(|tx| find(tx, who, &app, &schema))?;
    let was = known(&old, &slug)?;
    match body.get("type").and_then(Value::as_str) {
        Some(wanted) if wanted != was.type_name => convert::convert(ctx, who, way, [&app, &schema, &slug], body, report),
        _ => {
            let (who, body) = (who.clone(), body.clone());
            let field = ctx.write_by(way, || Ok(()), move |tx, ()| say(tx, &who, [&app, &schema, &slug], &body))?;
            Ok(Changed { field, converted: None })
        }
    }
}

/// `change` without another type.
fn say(tx: &mut WriteTx<'_>, who: &Caller, path: [&str; 3], body: &Map<String, Value>) -> Result<Field> {
    let [app, schema, slug] = path;
    let old = find(tx, who, app, schema)?;
    let was = known(&old, slug)?.clone();
    let said = overlaid(&was, body)?;
    let is_renamed = said.slug != was.slug;
    if is_renamed && old.fields.iter().any(|field| field.slug != was.slug && field.slug.eq_ignore_ascii_case(&said.slug)) {
        return Err(Error::Conflict(Problem::of("slug", "unique", format!("Table '{}' has a field '{}' already", old.slug, said.slug))));
    }
    let renames = if is_renamed { vec![(was.slug.clone(), said.slug.clone())] } else { Vec::new() };
    // The field is known by its new name from here on, so that its options and its place stay what they are.
    let moved = with_name(&old, &was.slug, &said.slug);
    let fields = parts(&moved)?.into_iter().map(|part| if part.slug == said.slug { said.clone() } else { part }).collect();
    let all = part(&moved, fields);
    let mut now = with_choices(tx, old.app, &all, define::schema(old.app, &all, Some(&moved)).map_err(Error::Invalid)?)?;
    now.aliases.clone_from(&old.aliases);
    if is_renamed {
        follow(tx, &old, &was.slug, &said.slug, &mut now)?;
    }
    let label = if is_renamed {
        format!("renamed the field {}.{} to {}", old.slug, was.slug, said.slug)
    } else {
        format!("changed the field {}.{}", old.slug, was.slug)
    };
    become_other(tx, who, &old, &now, &renames, label)?;
    field_now(tx, &old, &said.slug)
}

/// What is said of a field once a body was laid over it.
pub fn overlaid(was: &Field, body: &Map<String, Value>) -> Result<FieldPart> {
    if body.is_empty() {
        return Err(Error::invalid(
            Problem::new("empty", "The body says nothing that could change").hint("{\"name\": \"E-mail\", \"required\": true}"),
        ));
    }
    let mut map = parts::field_json(was);
    // Options are known by their values; ids that the body gives are its own.
    map.get_mut("options").into_iter().for_each(forget_option_ids);
    for item in map.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        item.get_mut("options").into_iter().for_each(forget_option_ids);
    }
    for (key, value) in body {
        map.insert(key.clone(), value.clone());
    }
    parts::read(&map, "The field", parts::field).map_err(Error::Invalid)
}

fn forget_option_ids(options: &mut Value) {
    let options = options.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
    options.for_each(|option| drop(option.shift_remove("id")));
}

/// Deletes a field with its values; the log keeps them.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, app: &str, schema: &str, slug: &str) -> Result<()> {
    let old = find(tx, who, app, schema)?;
    known(&old, slug)?;
    if let Some(user) = used_by(tx, &old, slug) {
        let message = format!("Field '{}.{slug}' cannot go: the formula of '{user}' uses it", old.slug);
        return Err(Error::Conflict(Problem::of(slug, "referenced", message).hint("Change that formula first")));
    }
    if let Some(group) = old.unique.iter().find(|group| group.iter().any(|name| name == slug)) {
        let message = format!("Table '{}' says that {} are unique together: change that first", old.slug, group.join(" and "));
        return Err(Error::Conflict(Problem::of(slug, "unique", message)));
    }
    let now = without(&old, slug);
    become_other(tx, who, &old, &now, &[], format!("deleted the field {}.{slug}", old.slug))
}

/// The schema without a field, and without what it says of it.
pub fn without(schema: &Schema, slug: &str) -> Schema {
    let mut now = schema.clone();
    now.fields.retain(|field| field.slug != slug);
    for groups in [&mut now.unique, &mut now.indexes] {
        groups.retain(|group| !group.iter().any(|name| name == slug));
    }
    if let Wanted::Fields(slugs) = &mut now.search.wanted {
        slugs.retain(|name| name != slug);
    }
    if now.display_field.as_deref() == Some(slug) {
        now.display_field = now.fields.iter().find(|field| field.kind == Kind::Text).map(|field| field.slug.clone());
    }
    now
}

/// The computed field whose formula names a field of `schema`.
fn used_by(tx: &ReadTx<'_>, schema: &Schema, slug: &str) -> Option<String> {
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(schema.app).cloned().collect();
    // Whoever would have to follow a rename uses it.
    let change = Renamed { schema: schema.id, was: slug, now: "another_name" };
    let uses =
        |other: &Schema, field: &Field| field.rules.formula.as_deref().is_some_and(|text| renamed(text, other, &all, &change).is_some());
    let fields = all.iter().flat_map(|other| other.fields.iter().map(move |field| (other, field)));
    let mut using = fields.filter(|(other, field)| !(other.id == schema.id && field.slug == slug) && uses(other, field));
    using.next().map(|(other, field)| format!("{}.{}", other.slug, field.slug))
}

/// Looks at the records, puts one schema in the place of the other, and sees that nothing leads nowhere.
fn become_other(tx: &mut WriteTx<'_>, who: &Caller, old: &Schema, now: &Schema, renames: &schemas::Renames, label: String) -> Result<()> {
    let problems = objections(tx, old, now, renames)?;
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    one_batch(tx, |tx| {
        alter(tx, who, old, now, renames, label)?;
        settle(tx, who, old.app)
    })
}

/// Has a field go by another name, which is free, and everything that names it follow; the catalog is loaded again.
pub fn rename(tx: &mut WriteTx<'_>, who: &Caller, old: &Schema, was: &str, now: &str) -> Result<()> {
    let mut new = with_name(old, was, now);
    follow(tx, old, was, now, &mut new)?;
    let label = format!("renamed the field {}.{was} to {now}", old.slug);
    alter(tx, who, old, &new, &[(was.to_owned(), now.to_owned())], label)?;
    tx.catalog_changed()
}

/// The schema with a field under another name, wherever it names it.
pub fn with_name(schema: &Schema, was: &str, now: &str) -> Schema {
    let swap = |slug: &mut String| {
        if slug == was {
            now.clone_into(slug);
        }
    };
    let mut schema = schema.clone();
    schema.fields.iter_mut().for_each(|field| swap(&mut field.slug));
    schema.unique.iter_mut().flatten().for_each(swap);
    schema.indexes.iter_mut().flatten().for_each(swap);
    schema.display_field.iter_mut().for_each(swap);
    if let Wanted::Fields(slugs) = &mut schema.search.wanted {
        slugs.iter_mut().for_each(swap);
    }
    schema
}

/// Has everything that names a field of `old` name it anew: expressions, and lines that come by it.
fn follow(tx: &mut WriteTx<'_>, old: &Schema, was: &str, now: &str, changed: &mut Schema) -> Result<()> {
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(old.app).cloned().collect();
    let change = Renamed { schema: old.id, was, now };
    let followed = |schema: &Schema, before: &Schema| {
        let mut schema = schema.clone();
        for field in &mut schema.fields {
            if let Some(text) = field.rules.formula.as_deref().and_then(|text| renamed(text, before, &all, &change)) {
                field.rules.formula = Some(text);
            }
            if field.kind == Kind::Lines && field.rules.target.as_deref() == Some(&old.slug) && field.rules.via.as_deref() == Some(was) {
                field.rules.via = Some(now.to_owned());
            }
        }
        schema
    };
    super::roles::follow(tx, &all, &change)?;
    super::shared_views::follow(tx, &all, &change)?;
    *changed = followed(changed, old);
    for schema in all.iter().filter(|schema| schema.id != old.id) {
        let new = followed(schema, schema);
        if new != **schema {
            schemas::describe(tx, schema, &new)?;
        }
    }
    Ok(())
}

/// A schema that the caller may change.
pub fn find(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str) -> Result<Arc<Schema>> {
    let app = access::managed(tx.catalog(), who, app)?;
    tx.catalog().schema(&app, schema)
}

/// The field of this slug, or a refusal that names the nearest.
pub fn known<'s>(schema: &'s Schema, slug: &str) -> Result<&'s Field> {
    schema.field(slug).ok_or_else(|| {
        let problem = Problem::new("not_found", format!("Table '{}' has no field {}", schema.slug, quoted(slug)));
        Error::NotFound(problem.did_you_mean(slug, schema.fields.iter().map(|field| field.slug.as_str())))
    })
}

/// A field as the catalog of this transaction has it.
pub fn field_now(tx: &ReadTx<'_>, schema: &Schema, slug: &str) -> Result<Field> {
    let now = tx.catalog().schema_by_id(schema.id);
    now.and_then(|now| now.field(slug).cloned()).ok_or_else(|| Error::internal("a field is missing"))
}
