//! Who speaks this dialect, and Sanctum's rule about pages of the server's own. [seed: "CSRF token mismatch"; convention: how it comes about]

use crate::dialect::contract::has_personal_token;
use crate::model::error::{Error, Result};
use crate::model::site::Origin;
use crate::ops::ctx::Ctx;
use crate::wire::cookie;
use crate::wire::path::decoded;
use rouille::Request;

const HEADERS: [&str; 2] = ["X-CSRF-TOKEN", "X-XSRF-TOKEN"];
/// What a page of the server's own may have set, to send it back in a header: no page elsewhere can read it.
const COOKIE: &str = "XSRF-TOKEN";

/// A personal token is what this dialect signs in with.
pub fn claims(request: &Request) -> bool {
    has_personal_token(request)
}

/// A request that says it comes from a page of this very server is taken for that page's, whatever token it carries, and needs a CSRF token to change
/// anything. Pages of other origins are not meant, and programs send neither header.
pub fn guard(ctx: &Ctx, request: &Request) -> Result<()> {
    let is_safe = matches!(request.method(), "GET" | "HEAD" | "OPTIONS");
    let page = request.header("Origin").or_else(|| request.header("Referer"));
    match page {
        Some(page) if !is_safe && is_own(ctx, request, page) && !has_csrf_token(request) => {
            let message = "The Origin or Referer header names this server itself, as its own pages do: leave it out, or send X-XSRF-TOKEN with \
                           the value of the cookie XSRF-TOKEN";
            Err(Error::CrossOrigin(message.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Host and port of a page, whatever its scheme.
fn is_own(ctx: &Ctx, request: &Request, page: &str) -> bool {
    let authority = page.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let host = request.header("Host").unwrap_or_default();
    let of = |authority: &str, scheme: &str| Origin::parse(&format!("{scheme}://{authority}"));
    authority.is_some_and(|authority| {
        ["http", "https"].into_iter().any(|scheme| of(authority, scheme).is_some_and(|own| Some(own) == of(host, scheme)))
            || ctx.site.public.as_ref().is_some_and(|public| of(authority, "http").is_some_and(|own| own.host == public.host))
    })
}

fn has_csrf_token(request: &Request) -> bool {
    let kept = request.header("Cookie").and_then(|header| cookie::find(header, COOKIE)).filter(|token| !token.is_empty());
    let is_kept = |sent: &str| kept.is_some_and(|kept| kept == sent || decoded(kept.as_bytes()).is_some_and(|kept| kept == sent));
    HEADERS.iter().any(|name| request.header(name).is_some_and(is_kept))
}
