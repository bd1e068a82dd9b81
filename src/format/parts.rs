//! The parts of an app as people and programs write them, in app files and in bodies of the API: an app, a schema, a field, an option. Here is their
//! form; whether they make sense is decided in `ops/define`. Every key that is not one is told, with the nearest that is.

use super::reader::Reader;
use super::view_part::{self, ViewPart};
use crate::model::app::App;
use crate::model::error::Problem;
use crate::model::field::{Choice, Field, Rules, described};
use crate::model::schema::Schema;
use crate::model::search::Wanted;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Default)]
pub struct AppPart {
    pub slug: String,
    pub uuid: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub aliases: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct SchemaPart {
    pub slug: String,
    pub name: Option<String>,
    pub model: Option<String>,
    pub display_field: Option<String>,
    pub fields: Vec<FieldPart>,
    /// Field slugs in the order in which people see them; empty when they are seen as they stand.
    pub order: Vec<String>,
    /// `None` when nothing is said of groups: those that are there stay.
    pub unique: Option<Vec<Vec<String>>>,
    pub indexes: Option<Vec<Vec<String>>>,
    /// `None` when nothing is said of searching.
    pub search: Option<Wanted>,
    pub aliases: Vec<String>,
    /// `None` when nothing is said of saved views: those that are there stay.
    pub views: Option<Vec<ViewPart>>,
}

#[derive(Debug, Clone, Default)]
pub struct FieldPart {
    pub slug: String,
    pub name: Option<String>,
    pub type_name: String,
    pub required: bool,
    pub unique: bool,
    pub index: bool,
    pub default: Value,
    /// `None` when the field says nothing of options.
    pub options: Option<Vec<OptionPart>>,
    pub max_length: Option<u64>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    pub precision: Option<u64>,
    pub scale: Option<u64>,
    pub target: Option<String>,
    pub inverse: Option<String>,
    pub on_delete: Option<String>,
    pub via: Option<String>,
    pub pattern: Option<String>,
    pub currency: Option<String>,
    pub formula: Option<String>,
    pub items: Option<Vec<FieldPart>>,
}

/// `"lead"`, or `{"value": "lead", "label": "Lead", "color": "green", "id": 10}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionPart {
    pub value: String,
    pub label: Option<String>,
    pub color: Option<String>,
    pub id: Option<i64>,
}

/// Keys that a schema takes.
pub const SCHEMA_KEYS: [&str; 14] = [
    "slug",
    "name",
    "model",
    "display_field",
    "fields",
    "order",
    "unique",
    "indexes",
    "search",
    "aliases",
    "rules",
    "methods",
    "effects",
    "views",
];

/// Reads one part of a body. `what` names it in refusals: `The field`.
pub fn read<T>(map: &Map<String, Value>, what: &str, part: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, Vec<Problem>> {
    let mut problems = Vec::new();
    let read = part(&mut Reader::new(map, what.to_owned(), &mut problems));
    if problems.is_empty() { Ok(read) } else { Err(problems) }
}

pub fn app(reader: &mut Reader<'_>) -> AppPart {
    let part = AppPart {
        slug: reader.needed("slug"),
        uuid: reader.text("uuid"),
        name: reader.text("name"),
        description: reader.text("description"),
        aliases: reader.texts("aliases"),
    };
    reader.only(&["slug", "uuid", "name", "description", "aliases"]);
    part
}

/// An app that is to be made: its slug may be found from its name.
pub fn new_app(reader: &mut Reader<'_>) -> AppPart {
    let part = AppPart {
        slug: reader.text("slug").unwrap_or_default(),
        uuid: reader.text("uuid"),
        name: reader.text("name"),
        description: reader.text("description"),
        aliases: Vec::new(),
    };
    reader.only(&["slug", "uuid", "name", "description"]);
    part
}

pub fn schema(reader: &mut Reader<'_>) -> SchemaPart {
    reader.wants("slug");
    new_schema(reader)
}

/// A schema that is to be made: its slug may be found from its name.
pub fn new_schema(reader: &mut Reader<'_>) -> SchemaPart {
    let part = SchemaPart {
        slug: reader.text("slug").unwrap_or_default(),
        name: reader.text("name"),
        model: reader.text("model"),
        display_field: reader.text("display_field"),
        fields: reader.each("fields", field),
        order: reader.texts("order"),
        unique: reader.has("unique").then(|| reader.groups("unique")),
        indexes: reader.has("indexes").then(|| reader.groups("indexes")),
        search: search(reader),
        aliases: reader.texts("aliases"),
        views: reader.has("views").then(|| reader.each("views", view_part::view)),
    };
    for name in ["rules", "methods", "effects"] {
        reader.not_yet(name);
    }
    reader.only(&SCHEMA_KEYS);
    part
}

/// `"search": true`, `false`, or the fields to be searched.
pub fn search(reader: &mut Reader<'_>) -> Option<Wanted> {
    let value = reader.value("search")?;
    let wanted = Wanted::from_json(&value);
    if wanted.is_none() {
        reader.refuse("search", format!("'search' must be true, false or an array of field names, not {}", described(&value)));
    }
    wanted
}

pub fn field(reader: &mut Reader<'_>) -> FieldPart {
    let part = FieldPart {
        slug: reader.needed("slug"),
        name: reader.text("name"),
        type_name: reader.needed("type"),
        required: reader.flag("required"),
        unique: reader.flag("unique"),
        index: reader.flag("index"),
        default: reader.value("default").unwrap_or_default(),
        options: reader.list("options").map(|list| reader.options(&list)),
        max_length: reader.count("max_length"),
        min: reader.value("min"),
        max: reader.value("max"),
        precision: reader.count("precision"),
        scale: reader.count("scale"),
        target: reader.text("target"),
        inverse: reader.text("inverse"),
        on_delete: reader.text("on_delete"),
        via: reader.text("via"),
        pattern: reader.text("pattern"),
        currency: reader.text("currency"),
        formula: reader.text("formula"),
        items: reader.has("items").then(|| reader.each("items", field)),
    };
    reader.only(&[
        "slug",
        "name",
        "type",
        "required",
        "unique",
        "index",
        "default",
        "options",
        "max_length",
        "min",
        "max",
        "precision",
        "scale",
        "target",
        "inverse",
        "on_delete",
        "via",
        "pattern",
        "currency",
        "formula",
        "items",
    ]);
    part
}

pub fn option(reader: &mut Reader<'_>) -> OptionPart {
    let part =
        OptionPart { value: reader.needed("value"), label: reader.text("label"), color: reader.text("color"), id: reader.number("id") };
    reader.only(&["value", "label", "color", "id"]);
    part
}

impl Reader<'_> {
    fn options(&mut self, list: &[Value]) -> Vec<OptionPart> {
        let mut options = Vec::with_capacity(list.len());
        for (at, value) in list.iter().enumerate() {
            match value {
                Value::String(value) => options.push(OptionPart { value: value.clone(), ..OptionPart::default() }),
                Value::Object(map) => options.extend(self.within(map, &format!("options[{at}]"), option)),
                other => self.refuse(
                    "options",
                    format!(
                        "options[{at}] must be a text, or an object such as {{\"value\": \"lead\", \"label\": \"Lead\"}}, not {}",
                        described(other)
                    ),
                ),
            }
        }
        options
    }
}

/// An app as an app file describes it, without its schemas.
pub fn app_json(app: &App) -> Map<String, Value> {
    let mut map = object(json!({"slug": app.slug, "uuid": app.uuid, "name": app.name, "description": app.description}));
    if !app.aliases.is_empty() {
        map.insert("aliases".to_owned(), json!(app.aliases));
    }
    map
}

/// A schema as an app file describes it. Its fields stand in the order of their creation, and `order` says how people see them if that differs.
pub fn schema_json(schema: &Schema) -> Map<String, Value> {
    let mut map = object(json!({"slug": schema.slug, "name": schema.name, "model": schema.model}));
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    if let Some(display_field) = &schema.display_field {
        put("display_field", Value::from(display_field.as_str()));
    }
    put("fields", schema.fields.iter().map(|field| Value::Object(field_json(field))).collect());
    let shown: Vec<&str> = schema.shown().iter().map(|field| field.slug.as_str()).collect();
    if !schema.fields.iter().map(|field| field.slug.as_str()).eq(shown.iter().copied()) {
        put("order", json!(shown));
    }
    for (key, groups) in [("unique", &schema.unique), ("indexes", &schema.indexes)] {
        if !groups.is_empty() {
            put(key, json!(groups));
        }
    }
    if schema.search.wanted != Wanted::Unsaid {
        put("search", schema.search.wanted.to_json());
    }
    if !schema.aliases.is_empty() {
        put("aliases", json!(schema.aliases));
    }
    map
}

/// A field as an app file describes it; what says nothing is left out.
pub fn field_json(field: &Field) -> Map<String, Value> {
    let mut map = object(json!({"slug": field.slug, "name": field.name, "type": field.type_name}));
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    for (key, flag) in [("required", field.required), ("unique", field.unique), ("index", field.indexed)] {
        if flag {
            put(key, Value::Bool(true));
        }
    }
    if !field.default.is_null() {
        put("default", field.default.clone());
    }
    for (key, value) in rules_json(&field.rules) {
        put(&key, value);
    }
    map
}

fn rules_json(rules: &Rules) -> Map<String, Value> {
    let mut map = rules.to_json();
    if map.shift_remove("choices").is_some() {
        map.insert("options".to_owned(), rules.choices.iter().map(Choice::to_json).collect());
    }
    if map.contains_key("items") {
        map.insert("items".to_owned(), rules.items.iter().map(|item| Value::Object(field_json(item))).collect());
    }
    map
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
