//! What the Robostack dialect says of itself: its operations on records, for those who compare dialects and for collections.

use crate::dialect::contract::about::{About, Auth, Filter, Manner, Many, Operation, Order, as_it_is, operation};

const RECORDS: &str = "/external/api/{uuid}/{schema}/";
const AGGREGATION: &str = "/external/api/{uuid}/{schema}/aggregation";

pub const ABOUT: About = About {
    name: "Robostack",
    base: RECORDS,
    auth: Auth::Pair,
    operations: &[
        Operation {
            source: "Create records",
            body: Some("$record"),
            id_at: Some("results.0.id"),
            many: Some(Many { method: "PUT", path: RECORDS, body: "$records" }),
            ..operation("create", "Create", "PUT", RECORDS, 201)
        },
        Operation {
            source: "Find records",
            body: Some("{\"selection\": {\"id\": $id}}"),
            ..operation("read", "Find", "POST", RECORDS, 200)
        },
        Operation { source: "Find records", body: Some("{}"), ..operation("list", "Find all", "POST", RECORDS, 200) },
        Operation {
            source: "Update records",
            body: Some("{\"selection\": {\"id\": $id}, \"updation\": $change}"),
            many: Some(Many { method: "PATCH", path: RECORDS, body: "{\"selection\": $selections, \"updation\": $changes}" }),
            ..operation("update", "Update", "PATCH", RECORDS, 200)
        },
        Operation {
            source: "Native",
            body: Some("{\"pipeline\": [{\"group\": {\"n\": {\"count\": true}}}]}"),
            ..operation("aggregate", "Count", "POST", AGGREGATION, 200)
        },
        Operation {
            source: "Delete records",
            body: Some("{\"selection\": {\"id\": $id}}"),
            many: Some(Many { method: "DELETE", path: RECORDS, body: "{\"selection\": {\"id\": $ids}}" }),
            ..operation("delete", "Delete", "DELETE", RECORDS, 200)
        },
    ],
    types: &[],
    lacks: &[
        "Tables and their fields are not described in it, nor made or changed.",
        "A selection knows equal values only; more and less are for the match of an aggregation.",
        "Options have no labels, records no stamps unless they are asked for by name.",
    ],
    value: as_it_is,
    manner: Some(Manner {
        has_numbers: true,
        has_option_ids: false,
        size: "limit",
        sort: Order { name: "sort", down: "-{field}", between: None },
        words: None,
        filter: Filter::Equal { name: "selection" },
    }),
};
