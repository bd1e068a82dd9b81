//! What the document says of each route: one entry a route, and `tests/it/documents` demands it. How entries become a document is in `compose`.
//!
//! A new route takes one entry: its method and pattern as in ROUTES, an id for programs (verb and noun, unique), the group it stands in, a
//! sentence, and what it answers. What else there is stands before `..entry(…)`: `query` (names of `components.json` parameters; those of the
//! path come from the pattern), `body`, `more` (further good answers), `problems` (statuses beside those that every such route may answer:
//! 400, 401, 403, 404 with something in the path, 413 with a body, 503). A shape that is not there yet is added to `components.json`. In the
//! document of an app what stands in the group Records is said anew for every table, with its fields in every shape whose name begins with `Record`.

/// A body, or an answer's.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    Nothing,
    /// A component's name.
    Json(&'static str),
    /// JSON, or a form with the same names.
    Form(&'static str),
    /// Media types, and components' names.
    Media(&'static [(&'static str, &'static str)]),
}

pub struct Entry {
    pub route: &'static str,
    pub id: &'static str,
    pub group: &'static str,
    pub summary: &'static str,
    /// More about it, when there is more.
    pub about: &'static str,
    pub query: &'static [&'static str],
    pub body: Content,
    /// The body may be left out.
    pub may_lack_body: bool,
    pub answer: (u16, Content),
    pub more: &'static [(u16, Content)],
    pub headers: &'static [&'static str],
    pub problems: &'static [u16],
    /// Nobody needs to be signed in.
    pub is_open: bool,
}

/// The groups, in their order.
pub const GROUPS: [(&str, &str); 8] = [
    ("Session", "Signing in and out"),
    ("Apps", "What there is"),
    ("Tables", "A table (schema) and its fields"),
    ("Records", "The rows of a table"),
    ("Changes", "What happened, as it happens"),
    ("Roles", "Who may do what"),
    ("Workspace", "What belongs to the whole data file"),
    ("Document", "This document"),
];

const PAGE: Content = Content::Media(&[("text/html", "Text")]);
const ROWS: Content =
    Content::Media(&[("text/csv", "Text"), ("application/x-ndjson", "Text"), ("application/json", "Rows"), (WORKBOOK, "Text")]);
const EXPORTED: Content =
    Content::Media(&[("text/csv", "Text"), ("application/x-ndjson", "Text"), ("application/json", "Rows"), (WORKBOOK, "Text")]);
const LISTED: Content = Content::Media(&[("application/json", "RecordList"), ("text/csv", "Text"), ("application/x-ndjson", "Text")]);
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const FILE: Content = Content::Media(&[("application/vnd.sqlite3", "Text")]);

pub const ENTRIES: [Entry; 56] = [
    Entry { query: &["next"], is_open: true, ..entry("GET /auth/login", "sign_in_page", "Session", "A page to sign in with", (200, PAGE)) },
    Entry {
        about: "A form is answered with a redirect, JSON with JSON; both set the session's cookie.",
        query: &["next"],
        body: Content::Form("SignIn"),
        more: &[(302, Content::Nothing)],
        headers: &["Set-Cookie"],
        problems: &[401, 403, 429],
        is_open: true,
        ..entry(
            "POST /auth/login",
            "sign_in",
            "Session",
            "Sign in",
            (200, Content::Media(&[("application/json", "SignedIn"), ("text/html", "Text")])),
        )
    },
    Entry {
        more: &[(302, Content::Nothing)],
        problems: &[403],
        is_open: true,
        ..entry("GET /auth/logout", "sign_out_by_link", "Session", "Sign out by a link", (204, Content::Nothing))
    },
    Entry {
        more: &[(302, Content::Nothing)],
        problems: &[403],
        is_open: true,
        ..entry("POST /auth/logout", "sign_out", "Session", "Sign out", (204, Content::Nothing))
    },
    Entry {
        body: Content::Form("SignInLink"),
        headers: &["Set-Cookie"],
        problems: &[401, 403],
        is_open: true,
        ..entry("POST /auth/link", "sign_in_by_link", "Session", "Sign in by a one-time token", (200, Content::Json("SignedIn")))
    },
    Entry {
        about: "By the token of the link that a server without an admin prints.",
        body: Content::Form("FirstAdmin"),
        headers: &["Set-Cookie"],
        problems: &[401, 403, 409, 429],
        is_open: true,
        ..entry("POST /auth/start", "make_first_admin", "Session", "Make the first admin", (201, Content::Json("SignedIn")))
    },
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
        about: "Oldest first. Ask again with since=last; with wait the answer comes with the next change.",
        query: &["since", "limit", "wait"],
        headers: &["X-Clamped"],
        problems: &[410],
        ..entry(
            "GET /api/apps/{app}/changes",
            "list_changes",
            "Changes",
            "What happened after a number",
            (200, Content::Json("ChangeList")),
        )
    },
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
        about: "Records that hold it hold the new value.",
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
        about: "Records that hold it forbid that, unless replace says what stands in its place.",
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
    Entry {
        about: "Page by page, or window by window with limit and offset or cursor. With Accept: text/csv or application/x-ndjson the whole list is a file, \
                without pages. With If-None-Match, 304 when nothing of it has changed. With explain=1 admins learn how the list is found (statements, plan, \
                rows, time, the index that is missing) instead of its records.",
        query: &["page", "per_page", "window_limit", "offset", "cursor", "count", "sort", "words", "shown_fields", "expand", "filter"],
        headers: &["X-Clamped", "ETag"],
        more: &[(304, Content::Nothing)],
        ..entry(
            "GET /api/apps/{app}/schemas/{schema}/records",
            "list_records",
            "Records",
            "Find records, sort them, page by page",
            (200, LISTED),
        )
    },
    Entry {
        about: "An object makes one record, an array all of them or none. With create=schema, from this machine, a table that is not there is made.",
        query: &["dry_run", "create", "Prefer"],
        body: Content::Json("RecordsNew"),
        more: &[(204, Content::Nothing), (200, Content::Json("RecordOrRecords"))],
        headers: &["Location", "X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied"],
        problems: &[409],
        ..entry(
            "POST /api/apps/{app}/schemas/{schema}/records",
            "create_record",
            "Records",
            "Create a record, or many",
            (201, Content::Json("RecordOrRecords")),
        )
    },
    Entry {
        about: "The record that has the same value in the key's field is changed, or made if nobody has; of an array each.",
        query: &["dry_run", "key", "Prefer"],
        body: Content::Json("RecordsNew"),
        more: &[(204, Content::Nothing), (201, Content::Json("Record"))],
        headers: &["Location", "X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied"],
        problems: &[409],
        ..entry(
            "PUT /api/apps/{app}/schemas/{schema}/records",
            "upsert_records",
            "Records",
            "Create or change by a key",
            (200, Content::Json("RecordOrRecords")),
        )
    },
    Entry {
        about: "Each is named by its id, and only what is sent changes; all or none.",
        query: &["dry_run", "Prefer"],
        body: Content::Json("RecordsChange"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Ignored", "X-Dry-Run", "Preference-Applied"],
        problems: &[409],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}/records",
            "patch_records",
            "Records",
            "Change many records",
            (200, Content::Json("RecordsMade")),
        )
    },
    Entry {
        about: "All or none, with what hangs on them.",
        query: &["dry_run", "Prefer"],
        body: Content::Json("Ids"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Dry-Run", "Preference-Applied"],
        problems: &[409],
        ..entry(
            "DELETE /api/apps/{app}/schemas/{schema}/records",
            "delete_records",
            "Records",
            "Delete many records",
            (200, Content::Json("DeletedMany")),
        )
    },
    Entry {
        about: "All records that the filters leave, in the order that is asked for.",
        query: &["format", "ids", "shown_fields", "sort", "words", "filter"],
        headers: &["Content-Disposition"],
        ..entry("GET /api/apps/{app}/schemas/{schema}/export", "export_records", "Records", "The records as a file", (200, EXPORTED))
    },
    Entry {
        about: "All or nothing: 400 names every row that breaks a rule by its index.",
        query: &["key", "dry_run", "skip", "blank_errors", "sheet"],
        body: ROWS,
        more: &[(200, Content::Json("Imported"))],
        ..entry(
            "POST /api/apps/{app}/schemas/{schema}/import",
            "import_rows",
            "Records",
            "Take in many rows",
            (201, Content::Json("Imported")),
        )
    },
    Entry {
        about: "With If-None-Match, 304 when it is still as it was.",
        query: &["shown_fields", "expand"],
        headers: &["ETag"],
        more: &[(304, Content::Nothing)],
        problems: &[412],
        ..entry(
            "GET /api/apps/{app}/schemas/{schema}/records/{id}",
            "read_record",
            "Records",
            "Read a record",
            (200, Content::Json("RecordOrPart")),
        )
    },
    Entry {
        about: "Only what is sent changes. With If-Match, only if the record is still as it was: else 412 with what it is.",
        query: &["dry_run", "Prefer"],
        body: Content::Json("RecordChange"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied"],
        problems: &[409, 412],
        ..entry(
            "PUT /api/apps/{app}/schemas/{schema}/records/{id}",
            "update_record",
            "Records",
            "Change a record",
            (200, Content::Json("Record")),
        )
    },
    Entry {
        about: "The same as PUT.",
        query: &["dry_run", "Prefer"],
        body: Content::Json("RecordChange"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied"],
        problems: &[409, 412],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}/records/{id}",
            "patch_record",
            "Records",
            "Change a record",
            (200, Content::Json("Record")),
        )
    },
    Entry {
        query: &["dry_run", "Prefer"],
        more: &[(204, Content::Nothing)],
        headers: &["X-Dry-Run", "Preference-Applied"],
        problems: &[409, 412],
        ..entry(
            "DELETE /api/apps/{app}/schemas/{schema}/records/{id}",
            "delete_record",
            "Records",
            "Delete a record",
            (200, Content::Json("Deleted")),
        )
    },
    entry("GET /api/workspaces", "list_workspaces", "Workspace", "The one workspace", (200, Content::Json("WorkspaceList"))),
    entry("GET /api/workspaces/{workspace}", "read_workspace", "Workspace", "A workspace", (200, Content::Json("Workspace"))),
    entry("GET /api/workspaces/{workspace}/apps", "list_workspace_apps", "Apps", "The same as /api/apps", (200, Content::Json("AppList"))),
    entry("GET /api/workspaces/{workspace}/me", "read_me", "Session", "Who is signed in", (200, Content::Json("Me"))),
    Entry {
        body: Content::Json("JobNew"),
        problems: &[409],
        ..entry(
            "POST /api/workspaces/{workspace}/jobs",
            "start_job",
            "Workspace",
            "Begin a long piece of work",
            (201, Content::Json("Started")),
        )
    },
    entry("GET /api/workspaces/{workspace}/jobs", "list_jobs", "Workspace", "Jobs, newest first", (200, Content::Json("JobList"))),
    entry("GET /api/workspaces/{workspace}/jobs/{job}", "read_job", "Workspace", "How far a job is", (200, Content::Json("Job"))),
    Entry {
        problems: &[409],
        ..entry("DELETE /api/workspaces/{workspace}/jobs/{job}", "cancel_job", "Workspace", "Ask a job to end", (202, Content::Json("Job")))
    },
    entry(
        "GET /api/workspaces/{workspace}/backups",
        "list_backups",
        "Workspace",
        "Backups, newest first",
        (200, Content::Json("BackupList")),
    ),
    Entry {
        problems: &[409],
        ..entry("POST /api/workspaces/{workspace}/backups", "create_backup", "Workspace", "Make a backup", (201, Content::Json("Started")))
    },
    entry("GET /api/workspaces/{workspace}/backups/{backup}", "download_backup", "Workspace", "A backup's file", (200, FILE)),
    entry(
        "DELETE /api/workspaces/{workspace}/backups/{backup}",
        "delete_backup",
        "Workspace",
        "Take a backup away",
        (204, Content::Nothing),
    ),
    Entry {
        about: "What is there is backed up first; everybody signs in again.",
        problems: &[409],
        ..entry(
            "POST /api/workspaces/{workspace}/backups/{backup}/restore",
            "restore_backup",
            "Workspace",
            "Put a backup back",
            (201, Content::Json("Started")),
        )
    },
    Entry {
        problems: &[409],
        ..entry(
            "POST /api/workspaces/{workspace}/samples/{sample}",
            "make_sample",
            "Workspace",
            "Make an app that comes with the program",
            (201, Content::Json("App")),
        )
    },
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

pub(super) const fn entry(
    route: &'static str,
    id: &'static str,
    group: &'static str,
    summary: &'static str,
    answer: (u16, Content),
) -> Entry {
    Entry {
        route,
        id,
        group,
        summary,
        about: "",
        query: &[],
        body: Content::Nothing,
        may_lack_body: false,
        answer,
        more: &[],
        headers: &[],
        problems: &[],
        is_open: false,
    }
}
