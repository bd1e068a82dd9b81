//! A saved view as people and programs write it, in app files and in bodies of the API. Whether it makes sense is decided in `ops/views`.

use super::reader::Reader;
use crate::model::error::Problem;
use crate::model::query::Sort;
use crate::model::view::{SavedView, ViewKind};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Default)]
pub struct ViewPart {
    pub slug: Option<String>,
    pub name: Option<String>,
    pub kind: ViewKind,
    pub filter: Option<String>,
    pub sort: Vec<Sort>,
    pub fields: Option<Vec<String>>,
    pub group: Vec<String>,
    pub options: Map<String, Value>,
    /// Whether all who list the table share it. In an app file all are shared.
    pub shared: bool,
}

const KEYS: [&str; 8] = ["slug", "name", "kind", "filter", "sort", "fields", "group", "options"];
const KEYS_OF_BODIES: [&str; 9] = ["slug", "name", "kind", "filter", "sort", "fields", "group", "options", "shared"];

/// A view of an app file.
pub fn view(reader: &mut Reader<'_>) -> ViewPart {
    let part = ViewPart { shared: true, ..said(reader) };
    reader.only(&KEYS);
    part
}

/// A view that is to be made.
pub fn new_view(reader: &mut Reader<'_>) -> ViewPart {
    let part = ViewPart { shared: reader.flag("shared"), ..said(reader) };
    reader.only(&KEYS_OF_BODIES);
    part
}

/// A view that is there, with what a body says of it; a key that is `null` says nothing any more.
pub fn overlaid(old: &SavedView, body: &Map<String, Value>) -> Result<ViewPart, Vec<Problem>> {
    let mut map = old.to_json();
    map.insert("shared".to_owned(), Value::Bool(old.owner.is_none()));
    for (key, value) in body {
        map.insert(key.clone(), value.clone());
    }
    super::parts::read(&map, "The view", new_view)
}

/// A view as an app file describes it; what says nothing is left out.
pub fn view_json(view: &SavedView) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    // That no field is shown says something.
    view.to_json().into_iter().filter(|(key, value)| says(value) || (key == "fields" && !value.is_null())).collect()
}

fn said(reader: &mut Reader<'_>) -> ViewPart {
    let kind = reader.text("kind").map(|name| {
        ViewKind::from_name(&name).unwrap_or_else(|| {
            let known: Vec<&str> = ViewKind::ALL.iter().map(|(name, _)| *name).collect();
            let problem = Problem::of("kind", "kind", format!("There is no kind of view {}", crate::model::name::quoted(&name)));
            let near = problem.clone().did_you_mean(&name, known.iter().copied());
            reader.tell(if near.hint.is_some() { near } else { problem.hint(known.join(", ")) });
            ViewKind::default()
        })
    });
    ViewPart {
        slug: reader.text("slug"),
        name: reader.text("name"),
        kind: kind.unwrap_or_default(),
        filter: reader.text("filter").filter(|text| !text.trim().is_empty()),
        sort: reader.texts("sort").iter().map(|text| Sort::from_text(text)).collect(),
        fields: reader.has("fields").then(|| reader.texts("fields")),
        group: reader.texts("group"),
        options: reader.object("options").unwrap_or_default(),
        shared: false,
    }
}
