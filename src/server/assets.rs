//! The admin page, the page that shows the API's document, and the sample apps, embedded in the executable. Files live under `/_/a/<hash>/` for ever;
//! `index.html` answers every other address of the admin page, `docs/index.html` is at `/api/docs`.

use super::gzip;
use super::outflow::{self, Outflow, Reply};
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{CONTENT_ENCODING, HeaderName, HeaderValue, VARY};
use include_dir::{Dir, include_dir};
use std::collections::HashMap;
use std::sync::LazyLock;

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/static");
/// The same files in gzip, by `build.rs`.
static PACKED: Dir<'_> = include_dir!("$OUT_DIR/packed");

/// The files of the page as they are sent; looked up at every request.
static FILES: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    let mut files = HashMap::new();
    collect(&FOLDER, &mut files);
    for (name, kind, packed) in SWAGGER_UI {
        let mut asset = Asset::new(200, &page_headers(kind, FOREVER, POLICY), packed);
        asset.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        files.insert(name, asset);
    }
    files
});
static PAGE: LazyLock<Asset> = LazyLock::new(|| page("index.html", POLICY));
static DOCS: LazyLock<Asset> = LazyLock::new(|| page("docs/index.html", DOCS_POLICY));
static HEALTH: LazyLock<Asset> = LazyLock::new(|| {
    let headers = [("content-type", "application/json"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")];
    Asset::new(200, &headers, "{\"status\":\"ok\"}")
});

/// Only scripts and styles of this origin, no inline code, one Trusted Types policy: an injected text stays a text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
                      worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types app";

/// The same for Swagger UI, which writes markup of its own from the document.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Swagger UI as its makers pack it, each file in gzip: `build.rs` takes them out of the crate that carries them. Every browser reads gzip.
const SWAGGER_UI: [(&str, &str, &[u8]); 2] = [
    ("docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz"))),
    ("docs/swagger-ui.css", "text/css; charset=utf-8", include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz"))),
];

/// Changes with every change of any file; from `build.rs`.
const BUILD: &str = env!("CARRYALL_BUILD");

/// An answer from memory.
#[derive(Debug, Clone)]
pub struct Asset {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    /// The same in gzip, where that is shorter by much.
    packed: Option<Bytes>,
}

impl Asset {
    fn new(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Self {
        let pairs = headers.iter().filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::try_from(*value).ok()?)));
        Self { status, headers: pairs.collect(), body: body.into(), packed: None }
    }

    /// To be sent in gzip to who takes it.
    fn packed(mut self, packed: impl FnOnce(&[u8]) -> Option<Bytes>) -> Self {
        if self.body.len() >= gzip::BYTES_MIN {
            self.packed = packed(&self.body);
            self.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        self
    }

    pub fn reply(self, takes_gzip: bool) -> Reply {
        let packed = self.packed.filter(|_| takes_gzip);
        let is_packed = packed.is_some();
        let mut reply = hyper::Response::new(Outflow::whole(packed.unwrap_or(self.body)));
        *reply.headers_mut() = self.headers;
        if is_packed {
            reply.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        outflow::status(self.status, reply)
    }
}

/// Whether the server is up: touches no disk, says nothing else, and answers under every name.
pub fn health(path: &str) -> Option<Asset> {
    (path == "/healthz" || path == "/healthz/").then(|| HEALTH.clone())
}

/// The asset or page for a raw path; `None` when the path is not the page's. `app` is the one that the listener or the host name stands for.
pub fn find(path: &str, accept: &str, app: Option<&str>) -> Option<Asset> {
    if path == "/" {
        return Some(root(accept, app));
    }
    if path == "/_" {
        return Some(moved(None));
    }
    if matches!(path.strip_suffix('/').unwrap_or(path), "/api/docs" | "/v1/docs") {
        return Some(DOCS.clone());
    }
    let rest = path.strip_prefix("/_/")?;
    match rest.strip_prefix("a/") {
        Some(versioned) => versioned.split_once('/').and_then(|(_, name)| FILES.get(name)).cloned(),
        None => Some(PAGE.clone()),
    }
}

/// The text of a sample app file.
pub fn sample(name: &str) -> Option<&'static str> {
    FOLDER.get_file(format!("samples/{name}.json"))?.contents_utf8()
}

/// Browsers go to the page, programs learn whom they talk to.
fn root(accept: &str, app: Option<&str>) -> Asset {
    if accept.contains("text/html") {
        return moved(app);
    }
    let app = app.map_or_else(String::new, |app| format!(",\"app\":\"{app}\""));
    let body = format!("{{\"name\":\"carryall\",\"version\":\"{}\"{app}}}", env!("CARGO_PKG_VERSION"));
    Asset::new(200, &[("content-type", "application/json"), ("x-content-type-options", "nosniff")], body)
}

fn moved(app: Option<&str>) -> Asset {
    let to = app.map_or_else(|| "/_/".to_owned(), |app| format!("/_/{app}"));
    Asset::new(302, &[("location", &to), ("cache-control", "no-store")], Bytes::new())
}

fn page(name: &str, policy: &'static str) -> Asset {
    let html = FOLDER.get_file(name).and_then(|file| file.contents_utf8()).unwrap_or_default().replace("{{build}}", BUILD);
    Asset::new(200, &page_headers("text/html; charset=utf-8", "no-cache", policy), html).packed(|html| gzip::whole(html).map(Bytes::from))
}

fn collect(folder: &'static Dir<'_>, files: &mut HashMap<&'static str, Asset>) {
    for file in folder.files().filter(|file| !file.path().starts_with("samples")) {
        let Some(name) = file.path().to_str() else { continue };
        let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("html") => "text/html; charset=utf-8",
            Some("json") => "application/json",
            _ => "application/octet-stream",
        };
        let asset = Asset::new(200, &page_headers(kind, FOREVER, POLICY), file.contents());
        let packed = || PACKED.get_file(name).map(|file| Bytes::from_static(file.contents()));
        files.insert(name, if gzip::pays(kind) { asset.packed(|_| packed()) } else { asset });
    }
    folder.dirs().for_each(|folder| collect(folder, files));
}

fn page_headers(kind: &'static str, cache: &'static str, policy: &'static str) -> [(&'static str, &'static str); 7] {
    [
        ("content-type", kind),
        ("cache-control", cache),
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ]
}
