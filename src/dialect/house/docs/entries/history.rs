//! The change log looked back at, and taking back what stands in it. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

const UNDONE: (u16, Content) = (200, Content::Json("Undone"));

pub const ENTRIES: [Entry; 11] = [
    Entry {
        about: "Under act stand all entries of its act, up to a hundred.",
        problems: &[410],
        ..entry("GET /api/apps/{app}/changes/{change}", "read_change", "Changes", "One change", (200, Content::Json("ChangeWhole")))
    },
    Entry {
        about: "As new writes, one act, which can be taken back itself. Where something was changed since, 409 names both values, and nothing is written; \
                on_conflict: skip leaves it, overwrite puts back what was there.",
        query: &["dry_run"],
        body: Content::Json("UndoWanted"),
        may_lack_body: true,
        headers: &["X-Dry-Run"],
        problems: &[409, 410],
        ..entry("POST /api/apps/{app}/changes/{change}/undo", "undo_change", "Changes", "Take a change back", UNDONE)
    },
    Entry {
        about: "Takes back what took it back.",
        query: &["dry_run"],
        body: Content::Json("UndoWanted"),
        may_lack_body: true,
        headers: &["X-Dry-Run"],
        problems: &[409, 410],
        ..entry("POST /api/apps/{app}/changes/{change}/redo", "redo_change", "Changes", "Do a change again", UNDONE)
    },
    Entry {
        about: "Newest first; the undo of its change brings a record back.",
        query: &["of_table", "changes_before", "limit"],
        headers: &["X-Clamped"],
        ..entry("GET /api/apps/{app}/deleted", "list_deleted", "Changes", "Records that were deleted", (200, Content::Json("History")))
    },
    entry("GET /api/apps/{app}/checkpoints", "list_checkpoints", "Changes", "Moments with a name", (200, Content::Json("CheckpointList"))),
    Entry {
        body: Content::Json("CheckpointNew"),
        problems: &[409],
        ..entry("POST /api/apps/{app}/checkpoints", "create_checkpoint", "Changes", "Name this moment", (201, Content::Json("Checkpoint")))
    },
    entry(
        "DELETE /api/apps/{app}/checkpoints/{checkpoint}",
        "delete_checkpoint",
        "Changes",
        "Forget a moment; nothing else changes",
        (200, Content::Json("CheckpointGone")),
    ),
    Entry {
        about: "Tables, fields and records as they were then, as one act, which can be taken back. Roles and who has them stay what they are.",
        query: &["dry_run"],
        body: Content::Json("ReturnWanted"),
        may_lack_body: true,
        headers: &["X-Dry-Run"],
        problems: &[409, 410],
        ..entry(
            "POST /api/apps/{app}/checkpoints/{checkpoint}/return",
            "return_to_checkpoint",
            "Changes",
            "Put the app back to a moment",
            UNDONE,
        )
    },
    Entry {
        about: "Newest first, also of a record that is gone.",
        query: &["changes_before", "limit"],
        headers: &["X-Clamped"],
        ..entry(
            "GET /api/apps/{app}/schemas/{schema}/records/{id}/history",
            "read_record_history",
            "Changes",
            "What happened to a record",
            (200, Content::Json("History")),
        )
    },
    entry(
        "GET /api/workspaces/{workspace}/deleted",
        "list_deleted_apps",
        "Workspace",
        "Apps that were deleted",
        (200, Content::Json("DeletedApps")),
    ),
    Entry {
        about: "With its tables, their records, its roles, and who had them and is still there.",
        query: &["dry_run"],
        body: Content::Json("ReturnWanted"),
        may_lack_body: true,
        headers: &["X-Dry-Run"],
        problems: &[409],
        ..entry("POST /api/workspaces/{workspace}/deleted/{change}/restore", "restore_app", "Workspace", "Bring back a deleted app", UNDONE)
    },
];
