//! The Appmixer dialect.

use super::oracle::{Class, Need, Place};
use super::{Sent, Tongue, nowhere, plain};
use crate::transcript::Reply;
use serde_json::Value;

pub const APPMIXER: Tongue =
    Tongue { id: "appmixer", needs: NEEDS, places: nowhere, request, refuses, changes: |_| false, goes_on: |_| false };

const NEEDS: &[(&str, Need)] = &[("POST /user/auth", Need::Open), ("GET /user", Need::SignedIn)];

fn request(route: &str, _place: Place) -> Sent {
    plain(route, "{}")
}

fn refuses(class: Class, reply: &Reply) -> bool {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let is_told = body["statusCode"] == reply.status;
    is_told
        && match class {
            Class::Allow => false,
            Class::Hidden => reply.status == 404,
            Class::Denied => reply.status == 403,
            Class::SignIn => reply.status == 401,
            Class::HiddenAmongMany => matches!(reply.status, 400 | 404),
        }
}
