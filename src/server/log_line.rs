//! The access log: one line for each answer on the target `access`. Queries are left out, for they may hold people's data.

use std::time::Duration;

pub fn access(method: &str, target: &str, status: u16, took: Duration) {
    let path = target.split('?').next().unwrap_or_default();
    let path: String = path.chars().take(200).flat_map(char::escape_default).collect();
    log::info!(target: "access", "{method} {path} {status} {:.1} ms", took.as_secs_f64() * 1_000.0);
}
