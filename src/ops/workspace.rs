//! The workspace: a data file has one, `default`. Server-wide things stand under it.

use super::access::may;
use crate::model::error::{Error, Result};
use crate::model::name::quoted;
use crate::model::principal::{Action, Caller, Principal, User};

pub const SLUG: &str = "default";

/// The workspace of this name, which is the only one.
pub fn read(who: &Caller, slug: &str) -> Result<&'static str> {
    may(who, Action::Read)?;
    match slug {
        SLUG => Ok(SLUG),
        other => Err(Error::not_found(format!("There is no workspace {}; a data file has one, 'default'", quoted(other)))),
    }
}

/// The person who is signed in; none for a command.
pub fn me<'w>(who: &'w Caller, slug: &str) -> Result<Option<&'w User>> {
    read(who, slug)?;
    Ok(match &who.principal {
        Principal::User(user) => Some(user),
        Principal::Guest | Principal::Control => None,
    })
}
