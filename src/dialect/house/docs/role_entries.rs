//! What the document says of the routes about roles and grants. What an entry is, is said in `entries`.

use super::entries::{Content, Entry, entry};

pub const ROLE_ENTRIES: [Entry; 10] = [
    entry("GET /api/apps/{app}/roles", "list_roles", "Roles", "The roles of an app", (200, Content::Json("RoleList"))),
    Entry {
        about: "For each table and action: true, false, or a rule over the record such as owner = @me. A table that is not named gives nothing. \
                The role guest is what whoever has no role may do, signed in or not.",
        body: Content::Json("RoleNew"),
        headers: &["Location"],
        problems: &[409],
        ..entry("POST /api/apps/{app}/roles", "create_role", "Roles", "Make a role", (201, Content::Json("Role")))
    },
    entry("GET /api/apps/{app}/roles/{role}", "read_role", "Roles", "One role", (200, Content::Json("Role"))),
    Entry {
        about: "What is said of a table stands in the place of what was said of it; null takes it away.",
        body: Content::Json("RoleChange"),
        problems: &[409],
        ..entry("PATCH /api/apps/{app}/roles/{role}", "update_role", "Roles", "Change a role", (200, Content::Json("Role")))
    },
    Entry {
        about: "One that nobody has.",
        problems: &[409],
        ..entry("DELETE /api/apps/{app}/roles/{role}", "delete_role", "Roles", "Delete a role", (204, Content::Nothing))
    },
    Entry {
        query: &["of_app"],
        ..entry(
            "GET /api/workspaces/{workspace}/roles",
            "list_workspace_roles",
            "Roles",
            "The roles of an app",
            (200, Content::Json("RoleList")),
        )
    },
    Entry {
        about: "In the apps that one owns, and one's own.",
        query: &["of_app", "of_user"],
        ..entry("GET /api/workspaces/{workspace}/grants", "list_grants", "Roles", "Who has which role", (200, Content::Json("GrantList")))
    },
    Entry {
        about: "In place of the role that they have in the app.",
        body: Content::Json("GrantNew"),
        problems: &[409],
        ..entry("POST /api/workspaces/{workspace}/grants", "grant_role", "Roles", "Give somebody a role", (200, Content::Json("Grant")))
    },
    Entry {
        query: &["of_app", "of_user"],
        ..entry("DELETE /api/workspaces/{workspace}/grants", "revoke_role", "Roles", "Take somebody's role away", (204, Content::Nothing))
    },
    Entry {
        about: "For admins; without a user, or with oneself, for everybody.",
        query: &["of_app", "of_schema", "action", "of_user", "record"],
        ..entry(
            "GET /api/workspaces/{workspace}/explain",
            "explain_rights",
            "Roles",
            "Why somebody may do something",
            (200, Content::Json("Reason")),
        )
    },
];
