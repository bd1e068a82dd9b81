//! Which dialect and which route a request belongs to: pure, from method and raw target, below a microsecond.

use crate::dialect::DIALECTS;
use crate::dialect::contract::{Dialect, Gate, Pool, Route};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::ops::define::RESERVED;
use crate::wire::path;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A route that fits, with the decoded values of its named segments.
#[derive(Clone)]
pub struct Routed {
    pub dialect: &'static Dialect,
    pub route: &'static Route,
    pub params: Vec<String>,
}

/// Where a request goes.
pub enum Place {
    Route(Routed),
    /// An OPTIONS request to a known path: the methods that it takes.
    Options(String),
}

/// Finds the route. HEAD goes where GET goes; the transport leaves the body away.
pub fn find(method: &str, target: &str) -> Result<Place> {
    let segments = path::segments(target);
    let wanted = if method == "HEAD" { "GET" } else { method };
    let fitting = fitting(&segments);
    // A word that stands in a pattern is not taken for a name: `invitations/accept` is nobody's invitation.
    let names = fitting.iter().map(|leaf| leaf.names).min().unwrap_or_default();
    let (mut allow, mut heads): (Vec<&str>, bool) = (Vec::new(), false);
    for &Leaf { dialect, route, .. } in fitting.iter().filter(|leaf| leaf.names == names) {
        // A HEAD only looks: a GET that writes (signing out by a link) has none.
        let has_head = route.method == "GET" && route.pool != Pool::Writes;
        if route.method == wanted && (method != "HEAD" || has_head) {
            let named = words(route.pattern).zip(&segments).filter(|(word, _)| is_name(word));
            let params = named.map(|(_, raw)| path::decode(raw)).collect::<Result<_>>()?;
            return Ok(Place::Route(Routed { dialect, route, params }));
        }
        allow.push(route.method);
        heads |= has_head;
    }
    if allow.is_empty() {
        return Err(nothing_at(target));
    }
    if heads {
        allow.push("HEAD");
    }
    allow.push("OPTIONS");
    only(method, &allow.join(", "))
}

/// A path that takes these methods, asked by another one.
pub fn only(method: &str, allow: &str) -> Result<Place> {
    match method {
        "OPTIONS" => Ok(Place::Options(allow.to_owned())),
        _ => Err(Error::MethodNotAllowed { method: method.to_owned(), allow: allow.to_owned() }),
    }
}

/// That an address is nobody's.
pub fn nothing_at(target: &str) -> Error {
    let problem = Problem::new("not_found", format!("There is nothing at {}", quoted(target.split('?').next().unwrap_or_default())));
    let is_api = path::segments(target).first() == Some(&"api");
    Error::NotFound(if is_api { problem.hint("The API begins at /api/apps") } else { problem })
}

/// The dialect whose face a refusal has that no route made: the first that has this path, or its first word, or that whoever asks is known to speak.
/// One that has paths of any name is asked whether it is spoken, before it tells of its methods.
pub fn face(target: &str, error: &Error, is_spoken: impl Fn(&Gate) -> bool) -> &'static Dialect {
    let segments = path::segments(target);
    let is_spoken = |dialect: &&&'static Dialect| dialect.gate.as_ref().is_some_and(&is_spoken);
    let is_kept =
        |dialect: &&&'static Dialect| dialect.gate.is_none() || !matches!(error, Error::MethodNotAllowed { .. }) || is_spoken(dialect);
    if let Some(found) = fitting(&segments).iter().map(|leaf| &leaf.dialect).find(is_kept) {
        return found;
    }
    let claiming = DIALECTS.iter().find(|dialect| segments.first() == Some(&API) && is_spoken(dialect));
    claiming.copied().unwrap_or_else(|| unclaimed(target))
}

/// The dialect whose path it is, whatever is asked there.
pub fn owner(target: &str) -> &'static Dialect {
    fitting(&path::segments(target)).first().map_or_else(|| unclaimed(target), |leaf| leaf.dialect)
}

/// The dialect whose face a refusal has at a path that is nobody's.
pub fn unclaimed(target: &str) -> &'static Dialect {
    let segments = path::segments(target);
    let has_root = |dialect: &&&'static Dialect| segments.first().is_some_and(|first| dialect.roots.contains(first));
    DIALECTS.iter().find(has_root).copied().unwrap_or(&crate::dialect::house::HOUSE)
}

/// The end of a pattern.
struct Leaf {
    /// Among all routes: dialects, and the routes of one, have an order.
    place: usize,
    /// How many of its segments are names.
    names: usize,
    dialect: &'static Dialect,
    route: &'static Route,
}

/// All patterns as one tree, segment by segment: a path costs its length, however many routes there are.
#[derive(Default)]
struct Branch {
    words: HashMap<&'static str, Branch>,
    name: Option<Box<Branch>>,
    leaves: Vec<Leaf>,
}

static PATTERNS: LazyLock<Branch> = LazyLock::new(|| {
    let mut root = Branch::default();
    let routes = DIALECTS.iter().flat_map(|dialect| dialect.routes.iter().map(move |route| (*dialect, route)));
    for (place, (dialect, route)) in routes.enumerate() {
        let branch = words(route.pattern).fold(&mut root, |branch, word| match is_name(&word) {
            true => branch.name.get_or_insert_default(),
            false => branch.words.entry(word).or_default(),
        });
        let names = words(route.pattern).filter(is_name).count();
        branch.leaves.push(Leaf { place, names, dialect, route });
    }
    root
});

fn words(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pattern.trim_start_matches('/').split('/')
}

fn is_name(word: &&str) -> bool {
    word.starts_with('{')
}

/// The routes whose pattern a path fits, in their order. A word under `/api` that belongs to a dialect is nobody's name.
fn fitting(segments: &[&str]) -> Vec<&'static Leaf> {
    let mut found = Vec::new();
    follow(&PATTERNS, "", segments, &mut found);
    found.sort_unstable_by_key(|leaf| leaf.place);
    found
}

fn follow(branch: &'static Branch, before: &str, segments: &[&str], found: &mut Vec<&'static Leaf>) {
    let Some((segment, rest)) = segments.split_first() else { return found.extend(&branch.leaves) };
    if let Some(next) = branch.words.get(*segment) {
        follow(next, segment, rest, found);
    }
    if let Some(next) = branch.name.as_deref().filter(|_| !(segment.is_empty() || before == API && RESERVED.contains(segment))) {
        follow(next, "", rest, found);
    }
}

const API: &str = "api";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_finds_its_route_in_every_form() {
        let route = |method: &str, target: &str| match find(method, target) {
            Ok(Place::Route(routed)) => format!("{} {:?}", routed.route.pattern, routed.params),
            Ok(Place::Options(allow)) => allow,
            Err(error) => error.message(),
        };
        assert_eq!(route("GET", "/v1/apps/?x=1"), "/api/apps []");
        assert_eq!(route("HEAD", "/api/apps/my%2Fcrm"), "/api/apps/{app} [\"my/crm\"]");
        assert_eq!(route("OPTIONS", "/api/workspaces"), "GET, HEAD, OPTIONS");
        assert_eq!(route("POST", "/api/workspaces"), "POST is not possible here; this address takes GET, HEAD, OPTIONS");
        assert_eq!(route("GET", "/api/contacts/search"), "/api/{resource}/search [\"contacts\"]");
        assert_eq!(route("OPTIONS", "/api/contacts"), "GET, POST, HEAD, OPTIONS");
        for nobodys in ["/api/query/contacts", "/api/workspaces/default/nothing/1/2", "/api/contacts/1/2", "/api/docs/x"] {
            assert_eq!(route("GET", nobodys), format!("There is nothing at '{nobodys}'"));
        }
        assert_eq!(
            route("DELETE", "/api/workspaces/default/invitations/7"),
            "/api/workspaces/{workspace}/invitations/{person} [\"default\", \"7\"]"
        );
        assert_eq!(route("OPTIONS", "/api/workspaces/default/invitations/accept"), "POST, OPTIONS");
        let has_face =
            |target: &str, pattern: &str| face(target, &Error::NotSignedIn, |_| false).routes.iter().any(|route| route.pattern == pattern);
        assert!(has_face("/auth/authenticate/?x", "/auth/authenticate") && has_face("/user/nothing", "/user/auth"));
        for target in ["/auth/login", "/users", "/api/docs/nothing", "*", "-", ""] {
            assert!(has_face(target, "/api/apps"), "{target}");
        }
        let of = |target: &str, is_spoken: bool| {
            let no_method = Error::MethodNotAllowed { method: "PUT".to_owned(), allow: String::new() };
            [Error::not_found(""), no_method].map(|error| face(target, &error, |_| is_spoken).id == "house")
        };
        assert_eq!([of("/api/docs/nothing", true), of("/api/docs/nothing", false)], [[false; 2], [true; 2]]);
        assert_eq!([of("/api/contacts", true), of("/api/contacts", false)], [[false; 2], [false, true]]);
        assert_eq!([of("/api/apps", true), of("/nothing", true)], [[true; 2], [true; 2]]);
        assert_eq!(route("GET", "/api/apps//schemas"), "There is nothing at '/api/apps//schemas'");
    }
}
