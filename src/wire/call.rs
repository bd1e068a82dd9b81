//! What a handler gets: one request, taken apart.

use super::body::Body;
use super::inward::Relay;
use super::query::Query;
use crate::model::limits::Limits;
use crate::model::principal::Caller;
use std::sync::Arc;

pub struct Call<'r> {
    /// Method, headers and address; its body is empty, because the transport has read it already.
    pub request: &'r rouille::Request,
    /// The values of the route's `{…}` segments, decoded, in order.
    pub params: Vec<String>,
    pub query: Query,
    pub body: Body,
    pub caller: Caller,
    pub patience: Patience,
    /// The app that the listener stands for, by which the request came in.
    pub listener_app: Option<Arc<str>>,
    /// Those of the dialect that is spoken.
    pub limits: Limits,
    /// Answers another request in this process.
    pub relay: &'r Relay<'r>,
}

/// Of a request for news: whether it may wait, and what it has waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Patience {
    /// The operation may say `NothingYet`; else it answers with what there is.
    pub may_wait: bool,
    /// Up to this number there was nothing, when it was tried before.
    pub seen: Option<i64>,
}

impl Call<'_> {
    /// The value of the route's `{…}` number `at`, counted from 0; empty when the route has fewer.
    pub fn param(&self, at: usize) -> &str {
        self.params.get(at).map(String::as_str).unwrap_or_default()
    }

    /// Whether the request comes from this machine itself, and was not passed on by a proxy here.
    pub fn is_local(&self) -> bool {
        let passed_on = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"].iter().any(|name| self.request.header(name).is_some());
        !passed_on && self.request.remote_addr().ip().to_canonical().is_loopback()
    }

    /// The media type of the file that the caller wants in place of JSON.
    pub fn wanted_file(&self) -> Option<&'static str> {
        wanted_file(self.request.header("Accept")?)
    }

    /// Whether the caller wants JSON rather than a page: it sends JSON, or asks for it and not for HTML.
    pub fn wants_json(&self) -> bool {
        let accept = self.request.header("Accept").unwrap_or_default();
        self.body.is_json(self.request) || (accept.contains("application/json") && !accept.contains("text/html"))
    }
}

/// Media types of files of records.
const FILES: [&str; 2] = ["text/csv", "application/x-ndjson"];

/// The file that an `Accept` header asks for; none when it would rather have JSON, or anything.
pub fn wanted_file(accept: &str) -> Option<&'static str> {
    let known = |kind: &str| FILES.into_iter().find(|known| kind.eq_ignore_ascii_case(known));
    let mut kinds = accept.split(',').filter_map(|kind| kind.split(';').next()).map(str::trim);
    kinds.find(|kind| known(kind).is_some() || kind.eq_ignore_ascii_case("application/json") || *kind == "*/*").and_then(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_wanted_by_its_name_when_nothing_stands_before_it() {
        for (accept, file) in [
            ("text/csv", Some("text/csv")),
            ("Application/X-NDJSON;q=0.9, */*", Some("application/x-ndjson")),
            ("text/html, text/csv", Some("text/csv")),
            ("application/json, text/csv", None),
            ("text/html,application/xhtml+xml,*/*;q=0.8", None),
            ("", None),
        ] {
            assert_eq!(wanted_file(accept), file, "{accept}");
        }
    }
}
