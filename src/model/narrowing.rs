//! What a token lets through, as the data file keeps it: apps and schemas by their numbers, so that a rename does not break it; fields by their slugs,
//! which follow renames. What cannot be read lets nothing through. The type is in `principal`.

use super::app::AppId;
use super::principal::{Action, AppPart, Narrowing, SchemaPart};
use super::schema::SchemaId;
use serde_json::{Map, Value, json};

impl Narrowing {
    /// Lets nothing through.
    pub fn closed() -> Self {
        Self { actions: Some(Vec::new()), apps: Some(Vec::new()) }
    }

    /// Lets all through that its owner may.
    pub fn is_open(&self) -> bool {
        self.actions.is_none() && self.apps.is_none()
    }

    /// `{"actions": ["read"], "apps": [{"app": 1, "schemas": [{"schema": 3, "fields": ["title"]}]}]}`; what is not narrowed is left out.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        if let Some(actions) = &self.actions {
            map.insert("actions".to_owned(), actions.iter().map(|action| Value::from(action.name())).collect());
        }
        if let Some(apps) = &self.apps {
            map.insert("apps".to_owned(), apps.iter().map(app_json).collect());
        }
        Value::Object(map)
    }

    /// Reads what `to_json` made.
    pub fn from_text(text: &str) -> Self {
        let read = || -> Option<Self> {
            let value: Value = serde_json::from_str(text).ok()?;
            let map = value.as_object()?;
            let actions = map.get("actions").map(|list| each(list, |word| Action::from_name(word.as_str()?)));
            let apps = map.get("apps").map(|list| each(list, app));
            let is_whole = actions != Some(None) && apps != Some(None);
            is_whole.then(|| Self { actions: actions.flatten(), apps: apps.flatten() })
        };
        read().unwrap_or_else(Self::closed)
    }

    /// Without an app that is gone.
    pub fn forget_app(&mut self, gone: AppId) {
        self.apps.iter_mut().for_each(|apps| apps.retain(|part| part.app != gone));
    }

    /// Without a schema that is gone.
    pub fn forget_schema(&mut self, gone: SchemaId) {
        let parts = self.apps.iter_mut().flatten().filter_map(|part| part.schemas.as_mut());
        parts.for_each(|schemas| schemas.retain(|part| part.schema != gone));
    }

    /// With the fields of a schema under the names that they have now; `now` gives none for a field that is gone.
    pub fn rename_fields(&mut self, schema: SchemaId, now: impl Fn(&str) -> Option<String>) {
        let parts = self.apps.iter_mut().flatten().filter_map(|part| part.schemas.as_mut()).flatten();
        for fields in parts.filter(|part| part.schema == schema).filter_map(|part| part.fields.as_mut()) {
            *fields = fields.iter().filter_map(|field| now(field)).collect();
        }
    }
}

fn app_json(part: &AppPart) -> Value {
    match &part.schemas {
        None => json!({"app": part.app.0}),
        Some(schemas) => json!({"app": part.app.0, "schemas": schemas.iter().map(schema_json).collect::<Vec<_>>()}),
    }
}

fn schema_json(part: &SchemaPart) -> Value {
    match &part.fields {
        None => json!({"schema": part.schema.0}),
        Some(fields) => json!({"schema": part.schema.0, "fields": fields}),
    }
}

/// All elements, or nothing when one cannot be read.
fn each<T>(list: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    list.as_array()?.iter().map(read).collect()
}

fn app(value: &Value) -> Option<AppPart> {
    let schemas = value.get("schemas").map(|list| each(list, schema));
    match schemas {
        Some(None) => None,
        schemas => Some(AppPart { app: AppId(value.get("app")?.as_i64()?), schemas: schemas.flatten() }),
    }
}

fn schema(value: &Value) -> Option<SchemaPart> {
    let fields = value.get("fields").map(|list| each(list, |field| field.as_str().map(str::to_owned)));
    match fields {
        Some(None) => None,
        fields => Some(SchemaPart { schema: SchemaId(value.get("schema")?.as_i64()?), fields: fields.flatten() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Narrowing {
        let fields = Some(vec!["title".to_owned(), "stage".to_owned()]);
        let schemas = vec![SchemaPart { schema: SchemaId(3), fields }, SchemaPart { schema: SchemaId(4), fields: None }];
        Narrowing {
            actions: Some(vec![Action::List, Action::Read]),
            apps: Some(vec![AppPart { app: AppId(1), schemas: Some(schemas) }, AppPart { app: AppId(2), schemas: None }]),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_what_cannot_be_read_lets_nothing_through() {
        for narrowing in [sample(), Narrowing::default(), Narrowing::closed()] {
            assert_eq!(Narrowing::from_text(&narrowing.to_json().to_string()), narrowing);
        }
        let odd = [
            "",
            "null",
            "[]",
            "{\"actions\": [\"fly\"]}",
            "{\"actions\": null}",
            "{\"apps\": [{}]}",
            "{\"apps\": [{\"app\": 1, \"schemas\": 7}]}",
        ];
        for text in odd.into_iter().chain(["{\"apps\": [{\"app\": 1, \"schemas\": [{\"schema\": 1, \"fields\": [1]}]}]}", "{\"apps\": {}}"])
        {
            assert_eq!(Narrowing::from_text(text), Narrowing::closed(), "{text}");
        }
    }

    #[test]
    fn what_goes_takes_its_part_along_and_never_makes_the_rest_wider() {
        let mut narrowing = sample();
        narrowing.rename_fields(SchemaId(3), |field| (field == "title").then(|| "name".to_owned()));
        narrowing.forget_schema(SchemaId(4));
        narrowing.forget_app(AppId(2));
        let part = SchemaPart { schema: SchemaId(3), fields: Some(vec!["name".to_owned()]) };
        assert_eq!(narrowing.apps, Some(vec![AppPart { app: AppId(1), schemas: Some(vec![part]) }]));
        narrowing.rename_fields(SchemaId(3), |_| None);
        assert_eq!(narrowing.apps.as_ref().unwrap()[0].schemas.as_ref().unwrap()[0].fields, Some(Vec::new()));
        narrowing.forget_schema(SchemaId(3));
        assert_eq!(narrowing.apps, Some(vec![AppPart { app: AppId(1), schemas: Some(Vec::new()) }]));
        narrowing.forget_app(AppId(1));
        assert_eq!(narrowing.apps, Some(Vec::new()));
    }
}
