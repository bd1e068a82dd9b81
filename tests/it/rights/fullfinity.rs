//! The Fullfinity dialect.

use super::oracle::{Class, Need, Place};
use super::{Sent, Tongue, nowhere, plain};
use crate::transcript::Reply;
use serde_json::Value;

pub const FULLFINITY: Tongue =
    Tongue { id: "fullfinity", needs: NEEDS, places: nowhere, request, refuses, changes: |_| false, goes_on: |_| false };

const NEEDS: &[(&str, Need)] = &[("POST /auth/authenticate", Need::Open), ("POST /auth/refresh", Need::Open)];

fn request(route: &str, _place: Place) -> Sent {
    plain(route, "{}")
}

fn refuses(class: Class, reply: &Reply) -> bool {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let told = (reply.status, body["error"].as_str().unwrap_or_default());
    match class {
        Class::Allow => false,
        Class::Hidden => told == (404, "MissingError"),
        Class::Denied => told == (403, "AccessError"),
        Class::SignIn => told == (401, "AuthenticationError"),
        Class::HiddenAmongMany => matches!(told.0, 400 | 404),
    }
}
