//! Apps, what happens in them, and the documents. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

pub const ENTRIES: [Entry; 12] = [
    entry("GET /api/apps", "list_apps", "Apps", "All apps, by name", (200, Content::Json("AppList"))),
    Entry {
        query: &["dry_run"],
        body: Content::Json("AppNew"),
        more: &[(200, Content::Json("App"))],
        headers: &["Location", "X-Dry-Run"],
        problems: &[409],
        ..entry("POST /api/apps", "create_app", "Apps", "Make an app", (201, Content::Json("App")))
    },
    entry("GET /api/apps/{app}", "read_app", "Apps", "One app", (200, Content::Json("App"))),
    Entry {
        about: "Under its old slug it is still found.",
        query: &["dry_run"],
        body: Content::Json("AppChange"),
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry("PATCH /api/apps/{app}", "update_app", "Apps", "Change or rename an app", (200, Content::Json("App")))
    },
    Entry {
        about: "With its tables and their records, which the change log keeps.",
        query: &["dry_run"],
        headers: &["X-Dry-Run"],
        ..entry("DELETE /api/apps/{app}", "delete_app", "Apps", "Delete an app", (200, Content::Json("DeletedAll")))
    },
    Entry {
        about: "Without a body: the tables alone, under another slug.",
        query: &["dry_run"],
        body: Content::Json("AppCopy"),
        may_lack_body: true,
        more: &[(200, Content::Json("App"))],
        headers: &["Location", "X-Dry-Run"],
        problems: &[409],
        ..entry("POST /api/apps/{app}/duplicate", "duplicate_app", "Apps", "Copy an app", (201, Content::Json("App")))
    },
    Entry {
        query: &["records"],
        headers: &["Content-Disposition"],
        ..entry("GET /api/apps/{app}/app-file", "read_app_file", "Apps", "The app as a file", (200, Content::Json("AppFile")))
    },
    Entry {
        about: "Tables and fields are matched by slug; what differs is told.",
        query: &["dry_run", "prune"],
        body: Content::Json("AppFile"),
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry("PUT /api/apps/{app}/app-file", "apply_app_file", "Apps", "Make an app match a file", (200, Content::Json("Applied")))
    },
    Entry {
        about: "With since, or nothing: oldest first. Ask again with since=last; with wait the answer comes with the next change. With any of the others: newest \
                first, each the first entry of its act. Ask again with before; who=me are one's own.",
        query: &[
            "since",
            "limit",
            "wait",
            "changes_before",
            "changes_after",
            "of_table",
            "of_record",
            "who",
            "via",
            "kind",
            "tab",
            "order",
        ],
        headers: &["X-Clamped"],
        problems: &[410],
        ..entry(
            "GET /api/apps/{app}/changes",
            "list_changes",
            "Changes",
            "What happened after a number, or before",
            (200, Content::Json("ChangeList")),
        )
    },
    entry("GET /api/workspaces/{workspace}/apps", "list_workspace_apps", "Apps", "The same as /api/apps", (200, Content::Json("AppList"))),
    Entry {
        is_open: true,
        ..entry("GET /api/openapi.json", "read_document", "Document", "This document", (200, Content::Json("Document")))
    },
    entry(
        "GET /api/apps/{app}/openapi.json",
        "read_app_document",
        "Document",
        "The document of an app, with its tables' fields",
        (200, Content::Json("Document")),
    ),
];
