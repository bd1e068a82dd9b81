//! What belongs to the whole data file, but for people. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

const FILE: Content = Content::Media(&[("application/vnd.sqlite3", "Text")]);

pub const ENTRIES: [Entry; 15] = [
    entry("GET /api/workspaces/{workspace}/dialects", "list_dialects", "Workspace", "The dialects", (200, Content::Json("DialectList"))),
    Entry {
        about: "Answered in this process, by the rights of 'as': the caller, a guest, or a token of one's own; whatever it answers is data. What \
                compares a password is not tried so, nor another try.",
        body: Content::Json("TryNew"),
        ..entry(
            "POST /api/workspaces/{workspace}/try",
            "try_request",
            "Workspace",
            "Try a request of any dialect",
            (200, Content::Json("Tried")),
        )
    },
    Entry {
        about: "Form 2.1, with the app's tables and values that their fields take. Its variables hold the address and the credential.",
        ..entry(
            "GET /api/apps/{app}/postman/{dialect}",
            "download_collection",
            "Apps",
            "An app in a dialect, as a collection for Postman",
            (200, Content::Json("PostmanCollection")),
        )
    },
    entry("GET /api/workspaces", "list_workspaces", "Workspace", "The one workspace", (200, Content::Json("WorkspaceList"))),
    entry("GET /api/workspaces/{workspace}", "read_workspace", "Workspace", "A workspace", (200, Content::Json("Workspace"))),
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
    Entry {
        about: "All of them for admins, for others those that they began.",
        ..entry("GET /api/workspaces/{workspace}/jobs", "list_jobs", "Workspace", "Jobs, newest first", (200, Content::Json("JobList")))
    },
    Entry {
        about: "For admins, and for whoever began it.",
        ..entry("GET /api/workspaces/{workspace}/jobs/{job}", "read_job", "Workspace", "How far a job is", (200, Content::Json("Job")))
    },
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
        about: "What is there is backed up first; everybody signs in again, and nobody gets back what was taken from them since: people in the outcome.",
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
];
