//! Signing in and out. How an entry is made is said in `super`.

use super::{Content, Entry, entry};

const PAGE: Content = Content::Media(&[("text/html", "Text")]);

pub const ENTRIES: [Entry; 6] = [
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
        about: "A start link, an invitation and a reset sign nobody in: the answer says what they need, and they are not used up.",
        body: Content::Form("SignInLink"),
        headers: &["Set-Cookie"],
        problems: &[401, 403],
        is_open: true,
        ..entry("POST /auth/link", "sign_in_by_link", "Session", "Sign in by a one-time token", (200, Content::Json("LinkAnswer")))
    },
    Entry {
        about: "By the token of the link that a server without an admin prints.",
        body: Content::Form("FirstAdmin"),
        headers: &["Set-Cookie", "X-Warning"],
        problems: &[401, 403, 409, 429],
        is_open: true,
        ..entry("POST /auth/start", "make_first_admin", "Session", "Make the first admin", (201, Content::Json("SignedIn")))
    },
];
