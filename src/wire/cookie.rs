//! Cookies: reading the header, writing one.

/// The value of a cookie; the first one under this name counts.
pub fn find<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"'))
}

/// A `Set-Cookie` value for the whole origin, never sent by other sites' forms. `max_age_s` of 0 takes it away.
pub fn set(name: &str, value: &str, max_age_s: i64, script_may_read: bool) -> String {
    let http_only = if script_may_read { "" } else { "; HttpOnly" };
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; SameSite=Lax{http_only}")
}
