//! The workspace: a data file has one, `default`. Server-wide things stand under it.

use crate::model::error::{Error, Result};
use crate::model::name::quoted;
use crate::model::principal::{Caller, Principal};

pub const SLUG: &str = "default";

/// The workspace of this name, which is the only one. Whoever is signed in is in it.
pub fn read(who: &Caller, slug: &str) -> Result<&'static str> {
    if who.principal == Principal::Guest {
        return Err(Error::NotSignedIn);
    }
    is_called(slug)
}

/// The same for whoever is not signed in yet.
pub fn is_called(slug: &str) -> Result<&'static str> {
    match slug {
        SLUG => Ok(SLUG),
        other => Err(Error::not_found(format!("There is no workspace {}; a data file has one, 'default'", quoted(other)))),
    }
}
