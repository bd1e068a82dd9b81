//! Tables and their fields, options and indexes. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

pub const ENTRIES: [Entry; 14] = [
    entry("GET /api/apps/{app}/schemas", "list_schemas", "Tables", "Tables with their fields", (200, Content::Json("SchemaList"))),
    Entry {
        query: &["dry_run"],
        body: Content::Json("SchemaNew"),
        more: &[(200, Content::Json("Schema"))],
        headers: &["Location", "X-Dry-Run"],
        problems: &[409],
        ..entry("POST /api/apps/{app}/schemas", "create_schema", "Tables", "Make a table", (201, Content::Json("Schema")))
    },
    entry("GET /api/apps/{app}/schemas/{schema}", "read_schema", "Tables", "One table with its fields", (200, Content::Json("Schema"))),
    Entry {
        about: "Under its old slug it is still found, and references go on to lead to it.",
        query: &["dry_run"],
        body: Content::Json("SchemaChange"),
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}",
            "update_schema",
            "Tables",
            "Change or rename a table",
            (200, Content::Json("Schema")),
        )
    },
    Entry {
        about: "With its records, which the change log keeps. A table to which others lead stays.",
        query: &["dry_run"],
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry("DELETE /api/apps/{app}/schemas/{schema}", "delete_schema", "Tables", "Delete a table", (200, Content::Json("DeletedAll")))
    },
    Entry {
        query: &["dry_run"],
        body: Content::Json("SchemaCopy"),
        may_lack_body: true,
        more: &[(200, Content::Json("Schema"))],
        headers: &["Location", "X-Dry-Run"],
        problems: &[409],
        ..entry(
            "POST /api/apps/{app}/schemas/{schema}/duplicate",
            "duplicate_schema",
            "Tables",
            "Copy a table",
            (201, Content::Json("Schema")),
        )
    },
    Entry {
        about: "Every record gets its default.",
        query: &["dry_run"],
        body: Content::Json("FieldNew"),
        more: &[(200, Content::Json("Field"))],
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry("POST /api/apps/{app}/schemas/{schema}/fields", "create_field", "Tables", "Add a field", (201, Content::Json("Field")))
    },
    Entry {
        about: "Only what is sent changes, and null takes a rule away. With another type every value is read as one of it; dry_run says before which would be lost.",
        query: &["dry_run"],
        body: Content::Json("FieldChange"),
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}/fields/{field}",
            "update_field",
            "Tables",
            "Change, rename or convert a field",
            (200, Content::Json("FieldChanged")),
        )
    },
    Entry {
        about: "With its values, which the change log keeps.",
        query: &["dry_run"],
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry(
            "DELETE /api/apps/{app}/schemas/{schema}/fields/{field}",
            "delete_field",
            "Tables",
            "Delete a field",
            (200, Content::Json("DeletedField")),
        )
    },
    Entry {
        query: &["dry_run"],
        body: Content::Json("OptionNew"),
        more: &[(200, Content::Json("Field"))],
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry(
            "POST /api/apps/{app}/schemas/{schema}/fields/{field}/options",
            "create_option",
            "Tables",
            "Add an option",
            (201, Content::Json("Field")),
        )
    },
    Entry {
        about: "Records that hold it hold the new value. An option that a rule or a formula compares with keeps its value.",
        query: &["dry_run"],
        body: Content::Json("OptionChange"),
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}/fields/{field}/options/{option}",
            "update_option",
            "Tables",
            "Change or rename an option",
            (200, Content::Json("Field")),
        )
    },
    Entry {
        about: "Records that hold it forbid that, unless replace says what stands in its place; a rule or a formula that compares with it does anyway.",
        query: &["dry_run", "replace"],
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry(
            "DELETE /api/apps/{app}/schemas/{schema}/fields/{field}/options/{option}",
            "delete_option",
            "Tables",
            "Delete an option",
            (200, Content::Json("Field")),
        )
    },
    Entry {
        about: "Begins a job. For admins.",
        body: Content::Json("IndexNew"),
        problems: &[409],
        ..entry("POST /api/apps/{app}/schemas/{schema}/indexes", "create_index", "Tables", "Make an index", (201, Content::Json("Started")))
    },
    entry(
        "DELETE /api/apps/{app}/schemas/{schema}/indexes/{fields}",
        "delete_index",
        "Tables",
        "Take an index away",
        (204, Content::Nothing),
    ),
];
