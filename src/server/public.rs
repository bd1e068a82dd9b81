//! `--public DIR`: the user's own front end, after everything that the server itself answers. Files with ranges and validators (RFC 9110 13, 14); an
//! address without a file that a browser opens gets `index.html`, so that a front end may have addresses of its own.

use crate::wire::path::decoded;
use crate::wire::reply;
use rouille::{Response, ResponseBody};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub struct Public {
    /// Without symbolic links: what lies behind one must lie below this, too.
    root: PathBuf,
}

/// What matters of a request for a file.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub path: String,
    pub query: Option<String>,
    pub accepts_html: bool,
    pub range: Option<String>,
    pub if_range: Option<String>,
    pub if_none_match: Option<String>,
    pub if_modified_since: Option<String>,
}

/// First segments whose unknown addresses are an API's, never a page's.
const APIS: [&str; 4] = ["api", "v1", "_", "external"];

impl Public {
    /// # Errors
    /// When there is no such folder.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        if root.is_dir() { Ok(Self { root }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Whether a file lies in the folder, so that everybody could have it.
    pub fn holds(&self, file: &Path) -> bool {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let lies_in = |path: std::io::Result<PathBuf>| path.is_ok_and(|path| path.starts_with(&self.root));
        lies_in(folder.canonicalize()) || lies_in(file.canonicalize())
    }

    /// The answer from the folder; `None` when it has none. Reads the disk.
    pub fn answer(&self, wish: &Wish) -> Option<Response> {
        let segments = segments(&wish.path)?;
        if segments.first().is_some_and(|first| APIS.contains(&first.as_str())) {
            return None;
        }
        match self.locate(&segments) {
            Some(found) if found.is_dir() && !wish.path.ends_with('/') => Some(moved(wish)),
            Some(found) if found.is_dir() => self.file(&found.join("index.html"), wish).or_else(|| self.fallback(&segments, wish)),
            Some(found) if !wish.path.ends_with('/') => self.file(&found, wish),
            _ => self.fallback(&segments, wish),
        }
    }

    /// The file or folder at these segments, nowhere but below the root.
    fn locate(&self, segments: &[String]) -> Option<PathBuf> {
        let found = self.root.join(segments.iter().collect::<PathBuf>()).canonicalize().ok()?;
        found.starts_with(&self.root).then_some(found)
    }

    /// A front end's own address: no file's, and asked for by a browser's address bar.
    fn fallback(&self, segments: &[String], wish: &Wish) -> Option<Response> {
        let is_page = wish.accepts_html && segments.last().is_none_or(|last| !last.contains('.'));
        is_page.then(|| self.file(&self.root.join("index.html"), wish)).flatten()
    }

    fn file(&self, path: &Path, wish: &Wish) -> Option<Response> {
        let path = path.canonicalize().ok().filter(|path| path.starts_with(&self.root) && path.is_file())?;
        let mut file = self.open_file(&path)?;
        let about = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let changed = about.modified().unwrap_or(UNIX_EPOCH);
        let age = changed.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (size, tag) = (about.len(), format!("\"{:x}-{:x}\"", about.len(), age.as_nanos()));
        if is_unchanged(wish, &tag, changed) {
            return Some(described(reply::empty(304), &path, &tag, changed));
        }
        let range = wish.range.as_deref().filter(|_| still_same(wish, &tag, changed)).and_then(|range| asked_range(range, size));
        let (status, from, length) = match range {
            None => (200, 0, size),
            Some(Some((from, to))) => (206, from, to - from + 1),
            Some(None) => {
                return Some(reply::empty(416).with_additional_header("Content-Range", format!("bytes */{size}")));
            }
        };
        file.seek(SeekFrom::Start(from)).ok()?;
        let part = file.take(length);
        let body = match usize::try_from(length) {
            Ok(length) => ResponseBody::from_reader_and_size(part, length),
            Err(_) => ResponseBody::from_reader(part),
        };
        let mut response = described(Response { data: body, ..reply::empty(status) }, &path, &tag, changed);
        if status == 206 {
            response = response.with_additional_header("Content-Range", format!("bytes {from}-{}/{size}", from + length - 1));
        }
        Some(response)
    }
}

impl Public {
    /// Opens what was found, unless it was exchanged in the meantime: not through a link, not waiting for a pipe's writer, and only when it lies in
    /// the folder still.
    #[cfg(unix)]
    fn open_file(&self, path: &Path) -> Option<File> {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(open(path, flags, Mode::empty()).ok()?);
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let lies_at = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
            if !lies_at.starts_with(&self.root) {
                return None;
            }
        }
        Some(file)
    }

    #[cfg(not(unix))]
    fn open_file(&self, path: &Path) -> Option<File> {
        File::open(path).ok()
    }
}

/// The decoded segments of a path; `None` when one of them could mean another place: empty, hidden, a device, or with a separator in it.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    let plain = |segment: &String| {
        let is_hidden = segment.starts_with('.') && segment != ".well-known";
        !segment.is_empty() && !is_hidden && !segment.chars().any(|c| matches!(c, '/' | '\\' | ':') || c.is_control())
    };
    path.split('/').map(|raw| decoded(raw.as_bytes()).filter(plain)).collect()
}

fn moved(wish: &Wish) -> Response {
    let query = wish.query.as_deref().map_or_else(String::new, |query| format!("?{query}"));
    reply::empty(301).with_additional_header("Location", format!("{}/{query}", wish.path))
}

fn described(response: Response, path: &Path, tag: &str, changed: SystemTime) -> Response {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = kind.type_() == "text" || matches!(kind.subtype().as_str(), "javascript" | "json");
    let kind = if is_text { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    response
        .with_additional_header("Content-Type", kind)
        .with_additional_header("ETag", tag.to_owned())
        .with_additional_header("Last-Modified", httpdate::fmt_http_date(changed))
        .with_additional_header("Accept-Ranges", "bytes")
        .with_additional_header("Cache-Control", "no-cache")
}

/// RFC 9110 13.2.2: the tag has the first word; a date only when no tag came.
fn is_unchanged(wish: &Wish, tag: &str, changed: SystemTime) -> bool {
    match (&wish.if_none_match, &wish.if_modified_since) {
        (Some(tags), _) => tags.split(',').map(|known| known.trim().trim_start_matches("W/")).any(|known| known == tag || known == "*"),
        (None, Some(date)) => httpdate::parse_http_date(date).is_ok_and(|date| whole_second(changed) <= date),
        (None, None) => false,
    }
}

/// Whether the part that is asked for is of the file that the client has the rest of (RFC 9110 13.1.5).
fn still_same(wish: &Wish, tag: &str, changed: SystemTime) -> bool {
    wish.if_range
        .as_deref()
        .is_none_or(|known| known == tag || httpdate::parse_http_date(known).is_ok_and(|date| date == whole_second(changed)))
}

fn whole_second(at: SystemTime) -> SystemTime {
    let age = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + std::time::Duration::from_secs(age.as_secs())
}

/// First and last byte of the one range that is asked for (RFC 9110 14.1.2). `None`: none, or a form that may be ignored; `Some(None)`: beyond the end.
fn asked_range(header: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (first, last) = header.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    let range = match (first, last) {
        ("", last) => {
            let length = number(last)?.min(size);
            (length > 0).then(|| (size - length, size - 1))
        }
        (first, "") => Some((number(first)?, size.saturating_sub(1))),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            Some((first, last.min(size.saturating_sub(1))))
        }
    };
    Some(range.filter(|(first, _)| *first < size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_one_part_of_the_file_or_none_of_it() {
        assert_eq!(asked_range("bytes=0-0", 10), Some(Some((0, 0))));
        assert_eq!(asked_range("bytes=5-", 10), Some(Some((5, 9))));
        assert_eq!(asked_range("bytes=-3", 10), Some(Some((7, 9))));
        assert_eq!(asked_range("bytes=-30", 10), Some(Some((0, 9))));
        assert_eq!(asked_range("bytes=2-99", 10), Some(Some((2, 9))));
        for beyond in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(asked_range(beyond, 10), Some(None), "{beyond}");
        }
        for ignored in ["bytes=5-2", "bytes=0-1,3-4", "bytes=a-b", "bytes=-", "bytes=+1-2", "rows=0-1", "bytes=99999999999999999999-"] {
            assert_eq!(asked_range(ignored, 10), None, "{ignored}");
        }
        assert_eq!(asked_range("bytes=0-", 0), Some(None));
    }

    #[test]
    fn no_address_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("site");
        std::fs::create_dir_all(inside.join("docs")).expect("made");
        std::fs::write(folder.path().join("secret.txt"), "secret").expect("written");
        for (name, text) in [("index.html", "home"), ("docs/index.html", "docs"), (".env", "secret"), ("a.txt", "a")] {
            std::fs::write(inside.join(name), text).expect("written");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret.txt"), inside.join("link.txt")).expect("linked");
        let public = Public::open(&inside).expect("opened");
        let body = |path: &str| {
            let response = public.answer(&Wish { path: path.to_owned(), ..Wish::default() })?;
            let mut text = String::new();
            response.data.into_reader_and_size().0.read_to_string(&mut text).ok()?;
            Some((response.status_code, text))
        };
        assert_eq!(body("/"), Some((200, "home".into())));
        assert_eq!(body("/a.txt"), Some((200, "a".into())));
        assert_eq!(body("/docs/"), Some((200, "docs".into())));
        assert_eq!(body("/docs"), Some((301, String::new())));
        for path in [
            "/../secret.txt",
            "/%2e%2e/secret.txt",
            "/docs/../../secret.txt",
            "/..%2fsecret.txt",
            "/docs/..%5c..%5csecret.txt",
            "/.env",
            "/%2eenv",
            "/link.txt",
            "//etc/passwd",
            "/a.txt%00.html",
            "/a.txt/",
            "/C:/x",
            "/nothing.txt",
            "/docs//index.html",
            "/%zz",
            "/api/x",
            "x",
        ] {
            assert_eq!(body(path), None, "{path}");
        }
    }
}
