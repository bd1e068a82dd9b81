//! Records, one and many, and files of them. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

const ROWS: Content =
    Content::Media(&[("text/csv", "Text"), ("application/x-ndjson", "Text"), ("application/json", "Rows"), (WORKBOOK, "Text")]);
/// Any text is a file of rows, if of headings alone.
const ANY_ROWS: Content =
    Content::Media(&[("text/csv", "AnyText"), ("application/x-ndjson", "Text"), ("application/json", "Rows"), (WORKBOOK, "Text")]);
const EXPORTED: Content =
    Content::Media(&[("text/csv", "Text"), ("application/x-ndjson", "Text"), ("application/json", "Rows"), (WORKBOOK, "Text")]);
const LISTED: Content = Content::Media(&[("application/json", "RecordList"), ("text/csv", "Text"), ("application/x-ndjson", "Text")]);
const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub const ENTRIES: [Entry; 14] = [
    Entry {
        about: "Page by page, or window by window with limit and offset or cursor. With Accept: text/csv or application/x-ndjson the whole list is a file, \
                without pages. With If-None-Match, 304 when nothing of it has changed. With explain=1 admins learn how the list is found (statements, plan, \
                rows, time, the index that is missing) instead of its records.",
        query: &[
            "page",
            "per_page",
            "window_limit",
            "offset",
            "cursor",
            "count",
            "sort",
            "words",
            "shown_fields",
            "expand",
            "names",
            "view_of",
            "filter",
        ],
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
        about: "An object makes one record, an array all of them or none. With create=schema, from this machine, a table that is not there is made. With \
                the header Idempotency-Key it is done once however often it is sent.",
        query: &["dry_run", "create", "Prefer"],
        body: Content::Json("RecordsNew"),
        more: &[(204, Content::Nothing), (200, Content::Json("RecordOrRecords"))],
        headers: &["Location", "X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied", "Idempotency-Replayed"],
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
        about: "An array names each by its id, and only what is sent changes; with a filter an object says what all records get that it finds. All or none.",
        query: &["dry_run", "max_affected", "filter", "Prefer"],
        body: Content::Json("RecordsChange"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Ignored", "X-Dry-Run", "Preference-Applied", "Idempotency-Replayed"],
        problems: &[409],
        ..entry(
            "PATCH /api/apps/{app}/schemas/{schema}/records",
            "patch_records",
            "Records",
            "Change many records",
            (200, Content::Json("RecordsChanged")),
        )
    },
    Entry {
        about: "By their ids, or with a filter and no body all that it finds. All or none, with what hangs on them.",
        query: &["dry_run", "max_affected", "filter", "Prefer"],
        body: Content::Json("Ids"),
        may_lack_body: true,
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
        query: &["format", "ids", "shown_fields", "sort", "words", "view_of", "filter"],
        headers: &["Content-Disposition"],
        ..entry("GET /api/apps/{app}/schemas/{schema}/export", "export_records", "Records", "The records as a file", (200, EXPORTED))
    },
    Entry {
        about: "What an import of the file would read, before it is one; nothing is kept.",
        query: &["sheet"],
        body: ANY_ROWS,
        ..entry(
            "POST /api/workspaces/{workspace}/rows",
            "read_file",
            "Records",
            "What is in a file of rows",
            (200, Content::Json("FileRows")),
        )
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
        about: "By a field of the type sequence, which may be left out where there is one: the record then stands right behind the other, or first of \
                all with null. The records between its old place and the new one pass their numbers on; they are the answer, the one that was moved \
                first. With the header Idempotency-Key it is done once however often it is sent.",
        query: &["dry_run", "Prefer"],
        body: Content::Json("Resequence"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Dry-Run", "Preference-Applied", "Idempotency-Replayed"],
        problems: &[409],
        ..entry(
            "POST /api/apps/{app}/schemas/{schema}/resequence",
            "resequence_record",
            "Records",
            "Put a record behind another",
            (200, Content::Json("RecordsMade")),
        )
    },
    Entry {
        about: "Writes of records in their order, each with the method, url and body that it has by itself; all or none, one batch of the change log. A text such as $0.id, in a url or a body, stands for a value of an earlier answer; $$0.id is the text itself. With the header Idempotency-Key it is done once however often it is sent.",
        query: &["dry_run", "Prefer"],
        body: Content::Json("Batch"),
        more: &[(204, Content::Nothing)],
        headers: &["X-Dry-Run", "Preference-Applied", "Idempotency-Replayed"],
        problems: &[404, 409],
        ..entry("POST /api/batch", "batch", "Records", "Several writes as one", (200, Content::Json("BatchDone")))
    },
    Entry {
        about: "With If-None-Match, 304 when it is still as it was. With at, what it held at a change or a time, without what is computed.",
        query: &["shown_fields", "expand", "at"],
        headers: &["ETag"],
        more: &[(304, Content::Nothing)],
        problems: &[410, 412],
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
        headers: &["X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied", "Idempotency-Replayed"],
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
        headers: &["X-Ignored", "ETag", "X-Dry-Run", "Preference-Applied", "Idempotency-Replayed"],
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
];
