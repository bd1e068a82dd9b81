//! A table's own words in the document of its app: names of its shapes, its fields as parameters. What the shapes say is `ops/describe`'s.

use super::compose::{COMPONENTS, reference};
use super::entries::GROUPS;
use crate::ops::describe::Shapes;
use serde_json::{Map, Value, json};

/// Components that depend on the table begin with this word, which its model takes the place of: RecordList is ContactList.
const GENERIC: &str = "Record";

pub struct Table<'s> {
    pub shapes: &'s Shapes,
    /// Under which its addresses stand: its name, with its slug when the name is taken.
    pub group: String,
    model: String,
}

impl<'s> Table<'s> {
    /// With a name that neither a component nor a table before has.
    pub fn new(shapes: &'s Shapes, before: &[Table<'_>]) -> Self {
        let letters: String = shapes.schema.model.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let model = if letters.is_empty() { format!("Table{}", before.len() + 1) } else { letters };
        let names = |model: &str| generic().map(|(name, _)| name.replacen(GENERIC, model, 1)).collect::<Vec<_>>();
        let others: Vec<String> = before.iter().flat_map(|table| names(&table.model)).chain(fixed()).collect();
        let is_free = |model: &String| names(model).iter().all(|name| !others.contains(name));
        let numbered = (2..).map(|number| format!("{model}{number}"));
        let free = std::iter::once(model.clone()).chain(numbered).find(is_free);
        let schema = &shapes.schema;
        let is_taken = GROUPS.iter().any(|(group, _)| *group == schema.name) || before.iter().any(|table| table.group == schema.name);
        let group = if is_taken { format!("{} ({})", schema.name, schema.slug) } else { schema.name.clone() };
        Self { shapes, group, model: free.unwrap_or(model) }
    }

    /// The table's own name of a shape that depends on it.
    pub fn named(&self, name: &str) -> Option<String> {
        name.starts_with(GENERIC).then(|| name.replacen(GENERIC, &self.model, 1))
    }

    /// Its components: three that say its fields, the others as they are with its names in them.
    pub fn components(&self) -> Map<String, Value> {
        let shape = |name: &str, open: &Value| match name {
            "Record" => self.shapes.record.clone(),
            "RecordNew" => self.shapes.create.clone(),
            "RecordChange" => self.shapes.change.clone(),
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

    /// One parameter a field.
    pub fn filters(&self) -> Vec<Value> {
        let parameter = |(slug, shape): &(String, Value)| {
            let what = format!(
                "Records with this value; filter[{slug}]= finds those without one. An operator stands behind it: filter[{slug}][ne]"
            );
            json!({"name": format!("filter[{slug}]"), "in": "query", "description": what, "schema": shape})
        };
        self.shapes.asked.iter().map(parameter).collect()
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

/// Components that depend on the table.
fn generic() -> impl Iterator<Item = (&'static str, &'static Value)> {
    schemas().filter(|(name, _)| name.starts_with(GENERIC))
}

fn fixed() -> impl Iterator<Item = String> {
    schemas().map(|(name, _)| name.to_owned())
}

fn schemas() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let all = COMPONENTS.get("schemas").and_then(Value::as_object);
    all.into_iter().flat_map(|all| all.iter().map(|(name, shape)| (name.as_str(), shape)))
}
