//! What a new record is made at: `via_resource` and `via_resource_id` of a note, a call. A table that has fields of these names keeps them as well, also of
//! what it is not linked with; where only one of the two is sent it keeps that. Changes do not know them. [docs: notes]

use super::drafts::trimmed;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use crate::ops::made_at::Asked;
use serde_json::{Map, Value};

const RESOURCE: &str = "via_resource";
const ID: &str = "via_resource_id";

/// What a body names.
pub fn read(schema: &Schema, body: &Map<String, Value>) -> Result<Option<Asked>> {
    let [resource, id] = [RESOURCE, ID].map(|key| body.get(key).map(trimmed).unwrap_or_default());
    let may_be_apart = schema.field(RESOURCE).is_some() && schema.field(ID).is_some();
    if resource.is_null() && id.is_null() || may_be_apart && (resource.is_null() || id.is_null()) {
        return Ok(None);
    }
    match (table(&resource), record(&id)) {
        (Ok(table), Ok(id)) => Ok(Some(Asked { table, id, keys: [RESOURCE, ID], may_be_apart })),
        (table, id) => Err(Error::Invalid(table.err().into_iter().chain(id.err()).collect())),
    }
}

fn table(sent: &Value) -> std::result::Result<String, Problem> {
    match sent {
        Value::String(table) => Ok(table.clone()),
        Value::Null => Err(required(RESOURCE, ID)),
        other => Err(wrong(RESOURCE, format!("must be the name of a table, not {}", described(other)))),
    }
}

fn record(sent: &Value) -> std::result::Result<RecordId, Problem> {
    let found = match sent {
        Value::Null => return Err(required(ID, RESOURCE)),
        Value::Number(number) => RecordId::parse(&number.to_string()),
        Value::String(text) => RecordId::parse(text),
        _ => None,
    };
    found.ok_or_else(|| wrong(ID, format!("must be a record's id such as 5, not {}", described(sent))))
}

fn required(key: &str, other: &str) -> Problem {
    Problem::of(key, "required", format!("Field '{key}' is required when {other} is sent"))
}

fn wrong(key: &str, rest: String) -> Problem {
    Problem::of(key, "type", format!("Field '{key}' {rest}"))
}
