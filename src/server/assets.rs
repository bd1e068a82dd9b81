//! The admin page and the sample apps, embedded in the executable. Files live under `/_/a/<hash>/` for ever; `index.html` answers every other address of the page.

use include_dir::{Dir, include_dir};
use std::borrow::Cow;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/static");

/// Only scripts and styles of this origin, no inline code, one Trusted Types policy: an injected text stays a text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
                      worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types app";

/// An answer from memory.
pub struct Asset {
    pub status: u16,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Cow<'static, [u8]>,
}

/// Whether the server is up: touches no disk, says nothing else, and answers under every name.
pub fn health(path: &str) -> Option<Asset> {
    (path == "/healthz" || path == "/healthz/").then(|| Asset {
        status: 200,
        headers: vec![
            ("Content-Type", "application/json".into()),
            ("Cache-Control", "no-store".into()),
            ("X-Content-Type-Options", "nosniff".into()),
        ],
        body: Cow::Borrowed(b"{\"status\":\"ok\"}"),
    })
}

/// The asset or page for a raw path; `None` when the path is not the page's. `app` is the one that the listener or the host name stands for.
pub fn find(path: &str, accept: &str, app: Option<&str>) -> Option<Asset> {
    if path == "/" {
        return Some(root(accept, app));
    }
    if path == "/_" {
        return Some(moved(None));
    }
    let rest = path.strip_prefix("/_/")?;
    match rest.strip_prefix("a/") {
        Some(versioned) => versioned.split_once('/').and_then(|(_, name)| file(name)),
        None => Some(page()),
    }
}

/// The text of a sample app file.
pub fn sample(name: &str) -> Option<&'static str> {
    FILES.get_file(format!("samples/{name}.json"))?.contents_utf8()
}

/// Changes with every change of any file; from `build.rs`.
const BUILD: &str = env!("CARRYALL_BUILD");

/// Browsers go to the page, programs learn whom they talk to.
fn root(accept: &str, app: Option<&str>) -> Asset {
    if accept.contains("text/html") {
        return moved(app);
    }
    let app = app.map_or_else(String::new, |app| format!(",\"app\":\"{app}\""));
    let body = format!("{{\"name\":\"carryall\",\"version\":\"{}\"{app}}}", env!("CARGO_PKG_VERSION"));
    Asset { status: 200, headers: vec![("Content-Type", "application/json".into())], body: Cow::Owned(body.into_bytes()) }
}

fn moved(app: Option<&str>) -> Asset {
    let to = app.map_or_else(|| "/_/".to_owned(), |app| format!("/_/{app}"));
    Asset { status: 302, headers: vec![("Location", to.into())], body: Cow::Borrowed(&[]) }
}

fn page() -> Asset {
    let html = FILES.get_file("index.html").and_then(|file| file.contents_utf8()).unwrap_or_default().replace("{{build}}", BUILD);
    Asset { status: 200, headers: headers("text/html; charset=utf-8", "no-cache"), body: Cow::Owned(html.into_bytes()) }
}

fn file(name: &str) -> Option<Asset> {
    let file = FILES.get_file(name).filter(|file| !file.path().starts_with("samples"))?;
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    Some(Asset { status: 200, headers: headers(kind, "public, max-age=31536000, immutable"), body: Cow::Borrowed(file.contents()) })
}

fn headers(kind: &'static str, cache: &'static str) -> Vec<(&'static str, Cow<'static, str>)> {
    vec![
        ("Content-Type", kind.into()),
        ("Cache-Control", cache.into()),
        ("Content-Security-Policy", POLICY.into()),
        ("X-Content-Type-Options", "nosniff".into()),
        ("Referrer-Policy", "no-referrer".into()),
        ("Cross-Origin-Opener-Policy", "same-origin".into()),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()".into()),
    ]
}
