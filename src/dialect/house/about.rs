//! What the house says of itself: its operations on records, in the words of `docs/entries`, for those who compare dialects.

use crate::dialect::contract::about::{About, Auth, Filter, Manner, Many, Operation, Order, as_it_is, operation};

const RECORDS: &str = "/api/apps/{app}/schemas/{schema}/records";
const RECORD: &str = "/api/apps/{app}/schemas/{schema}/records/{id}";
const SEED: &str = "API Reference";
const NATIVE: &str = "Native";

pub const ABOUT: About = About {
    name: "AppBuilder",
    base: RECORDS,
    auth: Auth::Bearer,
    operations: &[
        Operation {
            source: SEED,
            body: Some("$record"),
            id_at: Some("id"),
            many: Some(Many { method: "POST", path: RECORDS, body: "$records" }),
            ..operation("create", "Create", "POST", RECORDS, 201)
        },
        Operation { source: SEED, ..operation("list", "List", "GET", RECORDS, 200) },
        Operation { source: SEED, ..operation("read", "Read", "GET", RECORD, 200) },
        Operation {
            source: SEED,
            body: Some("$change"),
            many: Some(Many { method: "PATCH", path: RECORDS, body: "$changed" }),
            ..operation("update", "Update", "PATCH", RECORD, 200)
        },
        Operation { source: NATIVE, ..operation("aggregate", "Count", "GET", "/api/apps/{app}/schemas/{schema}/aggregate?count=", 200) },
        Operation {
            source: SEED,
            many: Some(Many { method: "DELETE", path: RECORDS, body: "{\"ids\": $ids}" }),
            ..operation("delete", "Delete", "DELETE", RECORD, 200)
        },
    ],
    types: &[],
    lacks: &[],
    value: as_it_is,
    manner: Some(Manner {
        has_numbers: false,
        has_option_ids: false,
        size: "per_page",
        sort: Order { name: "sort", down: "-{field}", between: Some(",") },
        words: Some("q"),
        filter: Filter::Expression { name: "filter" },
    }),
};
