//! People, invitations, sessions, tokens, settings. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

pub const ENTRIES: [Entry; 22] = [
    Entry {
        about: "One answer of one moment: who is signed in and what they may, the workspace, the apps; of an app that is named its tables, and of a table its \
                views, too.",
        query: &["of_app", "of_schema"],
        ..entry(
            "GET /api/workspaces/{workspace}/overview",
            "read_overview",
            "Workspace",
            "What a client asks for when it begins",
            (200, Content::Json("Overview")),
        )
    },
    entry("GET /api/workspaces/{workspace}/me", "read_me", "People", "Who is signed in", (200, Content::Json("Me"))),
    Entry {
        body: Content::Json("MeChange"),
        ..entry("PATCH /api/workspaces/{workspace}/me", "update_me", "People", "Change one's name", (200, Content::Json("Me")))
    },
    Entry {
        about: "Other sessions, JWTs and refresh tokens end; tokens that were made go on.",
        body: Content::Json("PasswordChange"),
        headers: &["X-Warning"],
        problems: &[429],
        ..entry("POST /api/workspaces/{workspace}/me/password", "change_password", "People", "Another password", (204, Content::Nothing))
    },
    entry("GET /api/workspaces/{workspace}/users", "list_users", "People", "Everybody, by e-mail", (200, Content::Json("UserList"))),
    Entry {
        about: "Without a password they are invited: the answer holds a link by which they choose one.",
        body: Content::Json("UserNew"),
        headers: &["Location", "X-Warning"],
        problems: &[409, 429],
        ..entry(
            "POST /api/workspaces/{workspace}/users",
            "create_user",
            "People",
            "Make somebody, or invite them",
            (201, Content::Json("UserMade")),
        )
    },
    entry("GET /api/workspaces/{workspace}/users/{person}", "read_user", "People", "One person", (200, Content::Json("UserAnswer"))),
    Entry {
        about: "Whoever is suspended is out at the next request, and without API access so are their tokens. Links that they were given end with \
                another role or address. The last owner stays one.",
        body: Content::Json("UserChange"),
        problems: &[409],
        ..entry(
            "PATCH /api/workspaces/{workspace}/users/{person}",
            "update_user",
            "People",
            "Change, suspend or promote somebody",
            (200, Content::Json("UserAnswer")),
        )
    },
    Entry {
        about: "With their sessions and tokens; what they made stays.",
        problems: &[409],
        ..entry("DELETE /api/workspaces/{workspace}/users/{person}", "delete_user", "People", "Take somebody away", (204, Content::Nothing))
    },
    Entry {
        about: "The password that they have is good until then; their sessions, JWTs and tokens end when another is chosen. Who never had one gets an invitation.",
        ..entry(
            "POST /api/workspaces/{workspace}/users/{person}/reset",
            "reset_user",
            "People",
            "A link to choose another password",
            (201, Content::Json("ResetMade")),
        )
    },
    entry(
        "GET /api/workspaces/{workspace}/invitations",
        "list_invitations",
        "People",
        "Invitations that nobody has taken up",
        (200, Content::Json("InvitationList")),
    ),
    entry(
        "DELETE /api/workspaces/{workspace}/invitations/{person}",
        "revoke_invitation",
        "People",
        "Take an invitation back",
        (204, Content::Nothing),
    ),
    Entry {
        body: Content::Form("PasswordChoice"),
        headers: &["Set-Cookie", "X-Warning"],
        problems: &[401, 403, 429],
        is_open: true,
        ..entry(
            "POST /api/workspaces/{workspace}/invitations/accept",
            "accept_invitation",
            "People",
            "Choose a password, and sign in",
            (200, Content::Json("SignedIn")),
        )
    },
    Entry {
        about: "Whatever they were let in by before ends: sessions, JWTs, personal tokens and pairs.",
        body: Content::Form("PasswordChoice"),
        headers: &["Set-Cookie", "X-Warning"],
        problems: &[401, 403, 429],
        is_open: true,
        ..entry(
            "POST /api/workspaces/{workspace}/resets/accept",
            "accept_reset",
            "People",
            "Choose another password, and sign in",
            (200, Content::Json("SignedIn")),
        )
    },
    Entry {
        query: &["user"],
        ..entry(
            "GET /api/workspaces/{workspace}/sessions",
            "list_sessions",
            "People",
            "Where one is signed in",
            (200, Content::Json("SessionList")),
        )
    },
    Entry {
        query: &["user"],
        ..entry(
            "DELETE /api/workspaces/{workspace}/sessions",
            "end_sessions",
            "People",
            "Sign out everywhere else",
            (200, Content::Json("Ended")),
        )
    },
    Entry {
        query: &["user"],
        ..entry(
            "DELETE /api/workspaces/{workspace}/sessions/{session}",
            "end_session",
            "People",
            "End one session",
            (204, Content::Nothing),
        )
    },
    Entry {
        query: &["user"],
        ..entry(
            "GET /api/workspaces/{workspace}/tokens",
            "list_tokens",
            "People",
            "One's tokens, without their secrets",
            (200, Content::Json("TokenList")),
        )
    },
    Entry {
        about: "A token is a part of what its owner may. The secret is told this once. Whoever comes by a token makes none.",
        body: Content::Json("TokenNew"),
        headers: &["Location"],
        problems: &[409],
        ..entry(
            "POST /api/workspaces/{workspace}/tokens",
            "create_token",
            "People",
            "Make a token for a program",
            (201, Content::Json("TokenMade")),
        )
    },
    entry("DELETE /api/workspaces/{workspace}/tokens/{token}", "delete_token", "People", "End a token", (204, Content::Nothing)),
    entry(
        "GET /api/workspaces/{workspace}/settings",
        "read_settings",
        "People",
        "The settings of the data file",
        (200, Content::Json("Settings")),
    ),
    Entry {
        body: Content::Json("SettingsChange"),
        ..entry(
            "PATCH /api/workspaces/{workspace}/settings",
            "update_settings",
            "People",
            "Change settings",
            (200, Content::Json("Settings")),
        )
    },
];
