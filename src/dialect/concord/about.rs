//! What the dialect says of itself, for those who compare dialects and for collections.

use super::definitions::TYPES;
use crate::dialect::contract::about::{About, Auth, Filter, Manner, Operation, Order, operation};
use crate::model::field::{Field, Kind};
use crate::model::record::RecordId;
use serde_json::Value;

const RESOURCE: &str = "/api/{schema}";
const RECORD: &str = "/api/{schema}/{id}";
const SEED: &str = "Introduction";
const DOCS: &str = "Contacts";

pub const ABOUT: About = About {
    name: "Concord CRM",
    base: RESOURCE,
    auth: Auth::Bearer,
    operations: &[
        Operation { source: SEED, body: Some("$record"), id_at: Some("id"), ..operation("create", "Create", "POST", RESOURCE, 201) },
        Operation { source: SEED, ..operation("list", "List", "GET", "/api/{schema}?per_page=15&order=created_at%7Cdesc", 200) },
        Operation { source: DOCS, ..operation("search", "Search", "GET", "/api/{schema}/search?q=a", 200) },
        Operation { source: SEED, ..operation("read", "Read", "GET", RECORD, 200) },
        Operation { source: SEED, body: Some("$change"), ..operation("update", "Update", "PUT", RECORD, 200) },
        Operation { source: SEED, ..operation("delete", "Delete", "DELETE", RECORD, 204) },
    ],
    types: &TYPES,
    lacks: &[
        "It names no app: the header X-Carryall-App does, or the listener, the host, the token, the default app.",
        "Sixty requests in a minute of one user.",
        "Many records at once: it knows single ones only.",
        "Lists are narrowed down by q and search_fields, without a comparison by less or more.",
        "Files, and fields that are computed, can be read and not declared.",
    ],
    value,
    manner: Some(Manner {
        has_numbers: true,
        has_option_ids: true,
        size: "per_page",
        sort: Order { name: "order", down: "{field}|desc", between: Some(";") },
        words: Some("q"),
        filter: Filter::Pairs { fields: "search_fields", values: "q", all: "search_match" },
    }),
};

/// Options by their ids, records by their numbers.
fn value(field: &Field, value: Value) -> Value {
    let option = |value: &Value| {
        let found = field.rules.choices.iter().find(|choice| Some(choice.value.as_str()) == value.as_str());
        found.map_or_else(|| value.clone(), |choice| Value::from(choice.id))
    };
    let record = |value: &Value| value.as_str().and_then(RecordId::parse).map_or_else(|| value.clone(), |id| Value::from(id.0));
    match (field.kind, &value) {
        (Kind::Text, _) if !field.rules.choices.is_empty() => option(&value),
        (Kind::Set, Value::Array(all)) => all.iter().map(option).collect(),
        (Kind::Reference, _) => record(&value),
        (Kind::Links, Value::Array(all)) => all.iter().map(record).collect(),
        _ => value,
    }
}
