//! `json`: any JSON document, kept as it is. With `items` it is an array of objects, whose keys are named and typed like fields. Imports use it for
//! columns that no other type can keep without loss.

use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, described};
use crate::model::json::{self, Fault};
use crate::model::name::quoted;
use crate::model::nearest::nearest;
use serde_json::{Map, Value};

pub struct Json;

const ITEMS_MAX: usize = 1_000;
/// Levels of a value: with the record around it as deep as the body of a request may be.
const DEPTH_MAX: usize = 63;

impl FieldType for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn kind(&self) -> Kind {
        Kind::Json
    }

    fn rules(&self) -> &'static [&'static str] {
        &["items"]
    }

    fn check_rules(&self, rules: &Rules) -> Result<(), Refusal> {
        let simple = |field: &&Field| {
            matches!(field.kind, Kind::Text | Kind::Integer | Kind::Decimal | Kind::Boolean | Kind::Date | Kind::Datetime | Kind::Set)
                && field.rules.formula.is_none()
        };
        match rules.items.iter().find(|field| !simple(field)) {
            Some(field) => {
                Err(Refusal::new("items", format!("has the item '{}' of type {}, which cannot stand in json", field.slug, field.type_name)))
            }
            None => Ok(()),
        }
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        if field.rules.items.is_empty() {
            return Ok(value.clone());
        }
        let Value::Array(sent) = value else {
            return Err(Refusal::new("type", format!("must be an array of objects, not {}", described(value))));
        };
        if sent.len() > ITEMS_MAX {
            return Err(Refusal::new("count", format!("has {} items; at most {ITEMS_MAX} are possible", sent.len())));
        }
        let cleaned = sent.iter().enumerate().map(|(at, item)| clean_item(&field.rules.items, at, item));
        cleaned.collect::<Result<_, _>>().map(Value::Array)
    }

    /// Filters compare with the text form of the stored value, so the text itself is the value. Items are read as JSON.
    fn read_text(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        let as_json = if field.rules.items.is_empty() { None } else { serde_json::from_str(text).ok() };
        self.clean(field, &as_json.unwrap_or_else(|| Value::from(text)))
    }

    /// What is good JSON is read as such: `0`, `true`, `{"theme": "dark"}`, `"0"`. All else is a text, as is a number that would be rounded.
    fn read_cell(&self, field: &Field, text: &str) -> Result<Value, Refusal> {
        let refused = |why: String| Refusal::new("type", why).hint("To have it as a text, write it in JSON's quotes");
        match json::read(text, DEPTH_MAX) {
            Ok(Value::Null) => Ok(Value::Null),
            Ok(read) => self.clean(field, &read),
            Err(Fault::NoJson { .. } | Fault::Rounded(_)) => self.clean(field, &Value::from(text)),
            Err(Fault::Twice { key, .. }) => Err(refused(format!("holds JSON with the key {} twice", quoted(&key)))),
            Err(Fault::TooDeep(_)) => Err(refused("holds JSON that is nested too deep".to_owned())),
        }
    }

    /// A text that would be read as something else stands in JSON's quotes.
    fn write_cell(&self, _field: &Field, value: &Value) -> String {
        match value {
            Value::String(text)
                if !text.is_empty() && matches!(json::read(text, DEPTH_MAX), Err(Fault::NoJson { .. } | Fault::Rounded(_))) =>
            {
                text.clone()
            }
            Value::Null => String::new(),
            other => other.to_string(),
        }
    }
}

/// One object: every named key in order, `null` where nothing was sent.
fn clean_item(items: &[Field], at: usize, item: &Value) -> Result<Value, Refusal> {
    let in_item =
        |refusal: Refusal, slug: &str| Refusal { message: format!("has an item {at} whose '{slug}' {}", refusal.message), ..refusal };
    let Value::Object(sent) = item else {
        return Err(Refusal::new("type", format!("has an item {at} that must be an object, not {}", described(item))));
    };
    if let Some(unknown) = sent.keys().find(|key| !items.iter().any(|field| field.slug == **key)) {
        let refusal = Refusal::new("unknown_field", format!("has an item {at} with the unknown key {}", quoted(unknown)));
        let near = nearest(unknown, items.iter().map(|field| field.slug.as_str()));
        return Err(near.into_iter().fold(refusal, |refusal, near| refusal.hint(format!("Did you mean '{near}'?"))));
    }
    let mut cleaned = Map::new();
    for field in items {
        let value = sent.get(&field.slug).unwrap_or(&field.default);
        if field.required && (value.is_null() || value.as_str() == Some("")) {
            return Err(in_item(Refusal::new("required", "is required"), &field.slug));
        }
        let value =
            if value.is_null() { Value::Null } else { super::clean(field, value).map_err(|refusal| in_item(refusal, &field.slug))? };
        cleaned.insert(field.slug.clone(), value);
    }
    Ok(Value::Object(cleaned))
}
