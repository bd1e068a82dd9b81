//! What the document says of saved views. What an entry is, is said in the file above.

use super::{Content, Entry, entry};

pub const ENTRIES: [Entry; 5] = [
    Entry {
        about: "Those that are shared, and one's own. What a view says of fields that one may not read is left out; a shared one whose filter asks by \
                such a field is not there.",
        ..entry(
            "GET /api/apps/{app}/schemas/{schema}/views",
            "list_views",
            "Tables",
            "Saved views of a table",
            (200, Content::Json("ViewList")),
        )
    },
    Entry {
        about: "One's own, unless it says shared: those are made and changed by owners of the app, and travel in app files. What it says is checked now; a \
                field that is renamed is followed, also in options: a key there, or a text, that is the slug of a field or an expression means that.",
        query: &["dry_run"],
        body: Content::Json("ViewNew"),
        more: &[(200, Content::Json("View"))],
        headers: &["Location", "X-Dry-Run"],
        problems: &[409],
        ..entry("POST /api/apps/{app}/schemas/{schema}/views", "create_view", "Tables", "Save a view", (201, Content::Json("View")))
    },
    entry("GET /api/apps/{app}/schemas/{schema}/views/{view}", "read_view", "Tables", "One saved view", (200, Content::Json("View"))),
    Entry {
        about: "What is null is said no more. shared: true gives it to all, false makes it one's own.",
        query: &["dry_run"],
        headers: &["X-Dry-Run"],
        body: Content::Json("ViewChange"),
        problems: &[409],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}/views/{view}",
            "update_view",
            "Tables",
            "Change a saved view",
            (200, Content::Json("View")),
        )
    },
    Entry {
        query: &["dry_run"],
        more: &[(200, Content::Json("DeletedField"))],
        headers: &["X-Dry-Run"],
        ..entry(
            "DELETE /api/apps/{app}/schemas/{schema}/views/{view}",
            "delete_view",
            "Tables",
            "Delete a saved view",
            (204, Content::Nothing),
        )
    },
];
