//! Signing in and out, in Django's form: a form post that answers with a redirect and the `sessionid` cookie; JSON for those who ask for it.

use crate::dialect::contract::{SESSION_COOKIE, own_session, visitor};
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::User;
use crate::ops::ctx::Ctx;
use crate::ops::sessions::{self, Opened};
use crate::ops::{invitations, start, users};
use crate::wire::call::Call;
use crate::wire::{cookie, reply};
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

const CSRF_COOKIE: &str = "csrftoken";
/// Django's: a year.
const CSRF_SECONDS: i64 = 31_449_600;

/// `GET /auth/login/`: a form that posts to itself, for people without the admin page and scripts that look for Django's fields.
pub fn form(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    Ok(page(ctx, call.query.get("next"), ""))
}

/// `POST /auth/login/` [seed]. No CSRF token is asked for: the seed's script sends none.
pub fn login(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let form = call.body.form(call.request, &call.limits)?;
    let next = form.get("next").or_else(|| call.query.get("next"));
    let field = |name: &str, alias: &str| form.get(name).or_else(|| form.get(alias)).filter(|text| !text.is_empty());
    let opened = match (field("username", "email"), field("password", "password")) {
        (Some(username), Some(password)) => ctx.write(|| sessions::verify(ctx, username, password, &visitor(call.request)), sessions::open),
        (username, password) => {
            let problems = [username.is_none().then(|| missing("username")), password.is_none().then(|| missing("password"))];
            Err(Error::Invalid(problems.into_iter().flatten().collect()))
        }
    };
    match opened {
        Ok(opened) if call.wants_json() => Ok(signed_in(ctx, reply::json(200, &json!({"user": user(&opened.user)})), &opened)),
        Ok(opened) => Ok(signed_in(ctx, reply::redirect(same_site(next)), &opened)),
        // A browser's form comes again with the reason, as Django does it: status 200 and no cookie.
        Err(error @ (Error::Unauthenticated(_) | Error::Invalid(_))) if !call.wants_json() => Ok(page(ctx, next, &error.message())),
        Err(error) => Err(error),
    }
}

/// `POST /auth/link/` with `{"token": …}`. A start link, an invitation and a reset sign nobody in: the answer says what they are for, and they are not
/// used up.
pub fn link(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let form = call.body.form(call.request, &call.limits)?;
    let token = form.get("token").ok_or_else(|| Error::invalid(missing("token")))?;
    if let Some(apps) = start::look(ctx, token)? {
        return Ok(reply::json(200, &json!({"user": null, "needs": "first_admin", "apps": apps})));
    }
    if let Some(look) = invitations::look(ctx, token)? {
        let whose = json!({"email": look.account.user.email, "name": look.account.name});
        return Ok(reply::json(200, &json!({"user": null, "needs": "password", "purpose": look.purpose, "for": whose})));
    }
    let opened = ctx.write(|| sessions::verify_link(ctx, token, &visitor(call.request)), sessions::open)?;
    Ok(signed_in(ctx, reply::json(200, &json!({"user": user(&opened.user)})), &opened))
}

/// `POST /auth/start/` with `{"token": …, "email": …, "password": …}`.
pub fn start(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let form = call.body.form(call.request, &call.limits)?;
    let [token, email, password] = ["token", "email", "password"].map(|name| form.get(name).filter(|text| !text.is_empty()).ok_or(name));
    let (Ok(token), Ok(email), Ok(password)) = (token, email, password) else {
        return Err(Error::Invalid([token, email, password].into_iter().filter_map(|part| part.err().map(missing)).collect()));
    };
    let opened =
        ctx.write(|| start::prepare_admin(ctx, &call.caller, token, email, password, &visitor(call.request)), start::make_admin)?;
    Ok(signed_in(ctx, warned(ctx, reply::json(201, &json!({"user": user(&opened.user)})), password), &opened))
}

pub fn logout(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    // A GET passes the check of origins; a foreign page's link must not sign people out.
    if call.request.header("Sec-Fetch-Site").is_some_and(|site| site.eq_ignore_ascii_case("cross-site")) {
        return Err(Error::CrossOrigin("The request comes from a page of another site: sign out on this one".to_owned()));
    }
    // A cookie of nobody's costs no transaction.
    if let Some(key) = own_session(call.request).filter(|_| call.caller.user_id().is_some()) {
        ctx.write(|| Ok(key.to_owned()), |tx, key| sessions::close(tx, key))?;
    }
    let response = if call.wants_json() { reply::empty(204) } else { reply::redirect("/auth/login/") };
    Ok(response.with_additional_header("Set-Cookie", cookie::set(SESSION_COOKIE, "", 0, false)))
}

/// A person as answers show them.
pub fn user(user: &User) -> Value {
    json!({"id": user.id.0, "username": user.email, "email": user.email, "role": user.role.name()})
}

/// The answer to whoever set a password, with what is to be said of it.
pub fn warned(ctx: &Ctx, response: Response, password: &str) -> Response {
    match users::weakness(ctx, password) {
        Some(warning) => response.with_additional_header("X-Warning", warning),
        None => response,
    }
}

pub fn missing(name: &str) -> Problem {
    Problem::of(name, "required", format!("Field '{name}' is required"))
}

pub fn signed_in(ctx: &Ctx, response: Response, opened: &Opened) -> Response {
    response
        .with_additional_header("Set-Cookie", cookie::set(SESSION_COOKIE, &opened.key, ctx.limits.session_seconds, false))
        .with_additional_header("Set-Cookie", cookie::set(CSRF_COOKIE, &csrf_token(ctx), CSRF_SECONDS, true))
}

/// Handed out and ignored when it comes back: the origin is what is checked.
fn csrf_token(ctx: &Ctx) -> String {
    ctx.random::<16>().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Only a path of this site: a whole address, or `//host`, would send people elsewhere.
fn same_site(next: Option<&str>) -> &str {
    let path =
        next.filter(|path| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.chars().any(char::is_control));
    path.unwrap_or("/")
}

fn page(ctx: &Ctx, next: Option<&str>, problem: &str) -> Response {
    let token = csrf_token(ctx);
    let next =
        next.map_or_else(String::new, |next| format!("<input type=\"hidden\" name=\"next\" value=\"{}\">", escaped(same_site(Some(next)))));
    let problem = if problem.is_empty() { String::new() } else { format!("<p role=\"alert\">{}</p>", escaped(problem)) };
    let form = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Sign in</title></head>\
         <body><h1>Sign in</h1>{problem}<form method=\"post\" action=\"/auth/login/\"><input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"{token}\">{next}\
         <p><label>E-mail <input name=\"username\" type=\"email\" autocomplete=\"username\" required></label></p>\
         <p><label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label></p>\
         <p><button>Sign in</button></p></form><p><a href=\"/_/sign-in\">To the admin page</a></p></body></html>"
    );
    reply::html(200, form).with_additional_header("Set-Cookie", cookie::set(CSRF_COOKIE, &token, CSRF_SECONDS, true))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
