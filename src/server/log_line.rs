//! The access log: one JSON line for each answer on the target `access`. Queries are left out, for they may hold people's data;
//! JSON escapes what could break a line.

use crate::ops::ctx;
use serde_json::json;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const PATH_CHARS_MAX: usize = 200;

/// Told to the client as `X-Request-Id` and written to the log: what a person quotes when something went wrong.
pub fn request_id() -> String {
    static RUN: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let run = RUN.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    format!("{:08x}-{}", run & 0xffff_ffff, COUNT.fetch_add(1, Ordering::Relaxed) + 1)
}

/// JSON escapes what ends a line; a terminal obeys more than that.
fn visible(c: char) -> char {
    if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { char::REPLACEMENT_CHARACTER } else { c }
}

/// A request that came from within this process, by a person who tries an address, is marked: `"inward": true`.
pub fn access(id: &str, method: &str, target: &str, status: u16, took: Duration, is_inward: bool) {
    if !log::log_enabled!(target: "access", log::Level::Info) {
        return;
    }
    let path: String = target.split('?').next().unwrap_or_default().chars().take(PATH_CHARS_MAX).map(visible).collect();
    let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
    let mut line = json!({"at": ctx::now().text, "id": id, "method": method, "path": path, "status": status, "ms": ms});
    if let Some(line) = line.as_object_mut().filter(|_| is_inward) {
        line.insert("inward".to_owned(), true.into());
    }
    log::info!(target: "access", "{line}");
}
