//! Which dialect and which route a request belongs to: pure, from method and raw target, microseconds.

use crate::dialect::DIALECTS;
use crate::dialect::contract::{Dialect, Pool, Route};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::wire::path;

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
    let fitting = || {
        let routes = DIALECTS.iter().flat_map(|dialect| dialect.routes.iter().map(move |route| (*dialect, route)));
        routes.filter_map(|(dialect, route)| Some((dialect, route, fits(route.pattern, &segments)?)))
    };
    // A word that stands in a pattern is not taken for a name: `invitations/accept` is nobody's invitation.
    let names = fitting().map(|(_, _, raw)| raw.len()).min().unwrap_or_default();
    let (mut allow, mut heads): (Vec<&str>, bool) = (Vec::new(), false);
    for (dialect, route, raw) in fitting().filter(|(_, _, raw)| raw.len() == names) {
        // A HEAD only looks: a GET that writes (signing out by a link) has none.
        let has_head = route.method == "GET" && route.pool != Pool::Writes;
        if route.method == wanted && (method != "HEAD" || has_head) {
            let params = raw.into_iter().map(path::decode).collect::<Result<_>>()?;
            return Ok(Place::Route(Routed { dialect, route, params }));
        }
        allow.push(route.method);
        heads |= has_head;
    }
    if allow.is_empty() {
        let problem = Problem::new("not_found", format!("There is nothing at {}", quoted(target.split('?').next().unwrap_or_default())));
        return Err(Error::NotFound(if segments.first() == Some(&"api") { problem.hint("The API begins at /api/apps") } else { problem }));
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

/// The dialect whose face a refusal has that no route made: the first that has this path, or its first word.
pub fn face(target: &str) -> &'static Dialect {
    let segments = path::segments(target);
    let has_path = |dialect: &&&'static Dialect| dialect.routes.iter().any(|route| fits(route.pattern, &segments).is_some());
    let has_root = |dialect: &&&'static Dialect| segments.first().is_some_and(|first| dialect.roots.contains(first));
    let found = DIALECTS.iter().find(has_path).or_else(|| DIALECTS.iter().find(has_root));
    found.copied().unwrap_or(&crate::dialect::house::HOUSE)
}

/// The raw values of a pattern's named segments when the path fits it.
fn fits<'p>(pattern: &str, segments: &[&'p str]) -> Option<Vec<&'p str>> {
    let mut params = Vec::new();
    let mut path = segments.iter();
    for expected in pattern.trim_start_matches('/').split('/') {
        let segment = path.next()?;
        if expected.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            params.push(*segment);
        } else if expected != *segment {
            return None;
        }
    }
    path.next().is_none().then_some(params)
}

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
        assert_eq!(route("GET", "/api/nothing"), "There is nothing at '/api/nothing'");
        assert_eq!(
            route("DELETE", "/api/workspaces/default/invitations/7"),
            "/api/workspaces/{workspace}/invitations/{person} [\"default\", \"7\"]"
        );
        assert_eq!(route("OPTIONS", "/api/workspaces/default/invitations/accept"), "POST, OPTIONS");
        let has_face = |target: &str, pattern: &str| face(target).routes.iter().any(|route| route.pattern == pattern);
        assert!(has_face("/auth/authenticate/?x", "/auth/authenticate") && has_face("/user/nothing", "/user/auth"));
        for target in ["/auth/login", "/users", "/api/nothing", "*", "-", ""] {
            assert!(has_face(target, "/api/apps"), "{target}");
        }
        assert_eq!(route("GET", "/api/apps//schemas"), "There is nothing at '/api/apps//schemas'");
    }
}
