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
    /// What a page keeps with it. A key or a text that is the slug of a field means that field.
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

    /// With another name of a field wherever its options mean it.
    pub fn rename_in_options(&mut self, was: &str, now: &str) {
        let options = Value::Object(std::mem::take(&mut self.options));
        if let Value::Object(options) = renamed(options, was, now) {
            self.options = options;
        }
    }

    /// Without what its options say of these fields.
    pub fn forget_in_options(&mut self, hidden: &[&str]) {
        let options = Value::Object(std::mem::take(&mut self.options));
        if let Some(Value::Object(options)) = without(options, hidden) {
            self.options = options;
        }
    }
}

fn renamed(value: Value, was: &str, now: &str) -> Value {
    match value {
        Value::String(text) if text == was => Value::from(now),
        Value::Array(values) => values.into_iter().map(|value| renamed(value, was, now)).collect(),
        Value::Object(map) => {
            let one = |(key, value): (String, Value)| (if key == was { now.to_owned() } else { key }, renamed(value, was, now));
            Value::Object(map.into_iter().map(one).collect())
        }
        other => other,
    }
}

fn without(value: Value, hidden: &[&str]) -> Option<Value> {
    match value {
        Value::String(text) if hidden.contains(&text.as_str()) => None,
        Value::Array(values) => Some(values.into_iter().filter_map(|value| without(value, hidden)).collect()),
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !hidden.contains(&key.as_str()));
            Some(Value::Object(kept.filter_map(|(key, value)| Some((key, without(value, hidden)?))).collect()))
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
        view.rename_in_options("age", "years");
        let options = json!({"widths": {"years": 90, "name": 200}, "card": ["name", "years", {"title_field": "years"}], "wide": true});
        assert_eq!(Value::Object(view.options.clone()), options);
        view.forget_in_options(&["years"]);
        assert_eq!(Value::Object(view.options), json!({"widths": {"name": 200}, "card": ["name", {}], "wide": true}));
    }
}
