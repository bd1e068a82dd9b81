//! Saved views of a schema: which of its records, in which order, with which fields, and how a page shows them. What they may say is checked in
//! `ops/views`.

use super::principal::UserId;
use super::query::Sort;
use super::schema::SchemaId;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, PartialEq)]
pub struct SavedView {
    pub id: i64,
    pub schema: SchemaId,
    /// Whose it is; `None` when all who list the schema share it.
    pub owner: Option<UserId>,
    pub slug: String,
    pub name: String,
    pub kind: ViewKind,
    /// A condition in the expression language.
    pub filter: Option<String>,
    pub sort: Vec<Sort>,
    /// Slugs of the fields that are shown; `None` for all.
    pub fields: Option<Vec<String>>,
    /// Expressions by which records stand together.
    pub group: Vec<String>,
    /// What a page keeps with it. A key or a text that is the slug of a field means that field, and one that reads as an expression what that means.
    pub options: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ViewKind {
    #[default]
    Grid,
    Board,
    Calendar,
    Gallery,
    Chart,
    Form,
}

impl ViewKind {
    pub const ALL: [(&'static str, Self); 6] = [
        ("grid", Self::Grid),
        ("board", Self::Board),
        ("calendar", Self::Calendar),
        ("gallery", Self::Gallery),
        ("chart", Self::Chart),
        ("form", Self::Form),
    ];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("grid", |(name, _)| name)
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

impl SavedView {
    /// What it says, as people write it.
    pub fn to_json(&self) -> Map<String, Value> {
        let head = json!({"slug": self.slug, "name": self.name});
        let mut map = head.as_object().cloned().unwrap_or_default();
        map.extend(self.definition());
        map
    }

    /// The same without its name, as it is stored; `with_definition` reads it back.
    pub fn definition(&self) -> Map<String, Value> {
        let sort: Vec<String> = self.sort.iter().map(Sort::text).collect();
        let said = json!({
            "kind": self.kind.name(), "filter": self.filter, "sort": sort, "fields": self.fields, "group": self.group, "options": self.options,
        });
        said.as_object().cloned().unwrap_or_default()
    }

    /// A view of this name that says nothing yet.
    pub fn bare(id: i64, schema: SchemaId, owner: Option<UserId>, slug: String, name: String) -> Self {
        Self {
            id,
            schema,
            owner,
            slug,
            name,
            kind: ViewKind::default(),
            filter: None,
            sort: Vec::new(),
            fields: None,
            group: Vec::new(),
            options: Map::new(),
        }
    }

    pub fn with_definition(self, said: &Map<String, Value>) -> Self {
        let texts = |key: &str| {
            let all = said.get(key)?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
            Some(all.collect::<Vec<String>>())
        };
        let text = |key: &str| said.get(key).and_then(Value::as_str);
        Self {
            kind: text("kind").and_then(ViewKind::from_name).unwrap_or_default(),
            filter: text("filter").map(str::to_owned),
            sort: texts("sort").unwrap_or_default().iter().map(|text| Sort::from_text(text)).collect(),
            fields: texts("fields"),
            group: texts("group").unwrap_or_default(),
            options: said.get("options").and_then(Value::as_object).cloned().unwrap_or_default(),
            ..self
        }
    }

    /// With other words in its options, keys and texts, wherever `now` gives one for what stands there.
    pub fn reword_options(&mut self, now: &dyn Fn(&str) -> Option<String>) {
        let options = Value::Object(std::mem::take(&mut self.options));
        if let Value::Object(options) = reworded(options, now) {
            self.options = options;
        }
    }

    /// Without the keys and texts of its options that are hidden.
    pub fn forget_in_options(&mut self, is_hidden: &dyn Fn(&str) -> bool) {
        let options = Value::Object(std::mem::take(&mut self.options));
        if let Some(Value::Object(options)) = without(options, is_hidden) {
            self.options = options;
        }
    }
}

fn reworded(value: Value, now: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => Value::from(now(&text).unwrap_or(text)),
        Value::Array(values) => values.into_iter().map(|value| reworded(value, now)).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (now(&key).unwrap_or(key), reworded(value, now))).collect()),
        other => other,
    }
}

fn without(value: Value, is_hidden: &dyn Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::String(text) if is_hidden(&text) => None,
        Value::Array(values) => Some(values.into_iter().filter_map(|value| without(value, is_hidden)).collect()),
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !is_hidden(key));
            Some(Value::Object(kept.filter_map(|(key, value)| Some((key, without(value, is_hidden)?))).collect()))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_view_says_comes_back_and_its_options_follow_their_fields() {
        let said = json!({"kind": "board", "filter": "age > 3", "sort": ["-age", "name"], "fields": ["name"], "group": ["state"],
            "options": {"widths": {"age": 90, "name": 200}, "card": ["name", "age", {"title_field": "age"}], "wide": true}});
        let bare = SavedView {
            id: 1,
            schema: SchemaId(1),
            owner: None,
            slug: "a".to_owned(),
            name: "A".to_owned(),
            kind: ViewKind::Grid,
            filter: None,
            sort: Vec::new(),
            fields: None,
            group: Vec::new(),
            options: Map::new(),
        };
        let mut view = bare.with_definition(said.as_object().unwrap());
        assert_eq!(Value::Object(view.definition()), said);
        view.reword_options(&|word| (word == "age").then(|| "years".to_owned()));
        let options = json!({"widths": {"years": 90, "name": 200}, "card": ["name", "years", {"title_field": "years"}], "wide": true});
        assert_eq!(Value::Object(view.options.clone()), options);
        view.forget_in_options(&|word| word == "years");
        assert_eq!(Value::Object(view.options), json!({"widths": {"name": 200}, "card": ["name", {}], "wide": true}));
    }
}
