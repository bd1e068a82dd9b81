//! A table's own words in the document of its app: names of its shapes, its fields as parameters. What the shapes say is `ops/describe`'s.

use super::compose::{COMPONENTS, reference};
use super::entries::GROUPS;
use crate::ops::describe::Shapes;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// Components that depend on the table begin with this word, which its model takes the place of: RecordList is ContactList.
const GENERIC: &str = "Record";

pub struct Table<'s> {
    pub shapes: &'s Shapes,
    /// Under which its addresses stand: its name, with its slug when the name is taken.
    pub group: String,
    /// What the ids of its operations end in.
    pub suffix: String,
    model: String,
}

/// What is taken already: components, groups, ends of ids.
pub struct Taken {
    components: HashSet<String>,
    groups: HashSet<String>,
    suffixes: HashSet<String>,
}

impl Taken {
    pub fn by_others() -> Self {
        let groups = GROUPS.iter().map(|(group, _)| (*group).to_owned()).collect();
        Self { components: schemas().map(|(name, _)| name.to_owned()).collect(), groups, suffixes: HashSet::new() }
    }
}

impl<'s> Table<'s> {
    /// With names that nobody before it has.
    pub fn new(shapes: &'s Shapes, taken: &mut Taken) -> Self {
        let schema = &shapes.schema;
        let letters: String = schema.model.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let components = |model: &str| generic().map(|(name, _)| name.replacen(GENERIC, model, 1)).collect::<Vec<_>>();
        let model = free(if letters.is_empty() { "Table" } else { &letters }, |model| {
            components(model).iter().all(|name| !taken.components.contains(name))
        });
        taken.components.extend(components(&model));
        let is_taken = !taken.groups.insert(schema.name.clone());
        let group = if is_taken { format!("{} ({})", schema.name, schema.slug) } else { schema.name.clone() };
        let suffix = free(&schema.slug.replace('-', "_"), |suffix| !taken.suffixes.contains(suffix));
        taken.suffixes.insert(suffix.clone());
        Self { shapes, group, suffix, model }
    }

    /// The table's own name of a shape that depends on it.
    pub fn named(&self, name: &str) -> Option<String> {
        name.starts_with(GENERIC).then(|| name.replacen(GENERIC, &self.model, 1))
    }

    /// Its components: four that say its fields, the others as they are with its names in them.
    pub fn components(&self) -> Map<String, Value> {
        let shape = |name: &str, open: &Value| match name {
            "Record" => self.shapes.record.clone(),
            "RecordNew" => self.shapes.create.clone(),
            "RecordChange" => self.shapes.change.clone(),
            "RecordPart" => self.part(open),
            _ => self.renamed(open),
        };
        generic().filter_map(|(name, open)| Some((self.named(name)?, shape(name, open)))).collect()
    }

    pub fn sort(&self) -> Value {
        let names = self.shapes.sortable.join("|");
        let shape = json!({"type": "string", "pattern": format!("^-?({names})(,-?({names})){{0,7}}$")});
        let what = "Fields with commas between them, - before those that descend";
        json!({"name": "sort", "in": "query", "description": what, "schema": shape, "example": "-created_at"})
    }

    /// One parameter a field, and one for all of them.
    pub fn filters(&self) -> Vec<Value> {
        let parameter = |(slug, shape): &(String, Value)| {
            let what = format!(
                "Records with this value; filter[{slug}]= finds those without one. An operator stands behind it: filter[{slug}][ne]"
            );
            json!({"name": format!("filter[{slug}]"), "in": "query", "description": what, "schema": shape})
        };
        let what = "A condition in the expression language: fields and paths, &&, ||, !, comparisons, in (…), between, ~, functions";
        let written = json!({"name": "filter", "in": "query", "description": what, "schema": {"type": "string"}, "example": "id != null"});
        self.shapes.asked.iter().map(parameter).chain([written]).collect()
    }

    /// The fields of a record, of which none has to be there.
    fn part(&self, open: &Value) -> Value {
        let mut part = open.clone();
        let fields = self.shapes.record.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(properties) = part.get_mut("properties").and_then(Value::as_object_mut) {
            properties.extend(fields);
        }
        part
    }

    fn renamed(&self, piece: &Value) -> Value {
        match piece {
            Value::Object(map) => {
                let name = map.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/components/schemas/"));
                if let Some(own) = name.and_then(|name| self.named(name)) {
                    return reference("schemas", &own);
                }
                Value::Object(map.iter().map(|(key, piece)| (key.clone(), self.renamed(piece))).collect())
            }
            Value::Array(pieces) => Value::Array(pieces.iter().map(|piece| self.renamed(piece)).collect()),
            other => other.clone(),
        }
    }
}

/// The name, with a number when it is taken.
fn free(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| is_free(name)).unwrap_or_default()
}

/// Components that depend on the table.
fn generic() -> impl Iterator<Item = (&'static str, &'static Value)> {
    schemas().filter(|(name, _)| name.starts_with(GENERIC))
}

fn schemas() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let all = COMPONENTS.get("schemas").and_then(Value::as_object);
    all.into_iter().flat_map(|all| all.iter().map(|(name, shape)| (name.as_str(), shape)))
}
