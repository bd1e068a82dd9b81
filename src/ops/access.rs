//! Who may do what: the one place where rights are asked, before the first read of every operation. The answer is a scope: the rows that exist for the caller.

use crate::model::error::{Error, Result};
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Principal, Role, Scope};

/// Asks for an action on records, apps and schemas. A guest may nothing; an admin and the owner's command line may everything.
pub fn may(who: &Caller, _action: Action) -> Result<Scope> {
    match &who.principal {
        Principal::Guest => Err(Error::NotSignedIn),
        Principal::User(user) => match user.role {
            Role::Admin => Ok(Scope { rows: Cond::True }),
        },
        Principal::Control => Ok(Scope { rows: Cond::True }),
    }
}

/// Asks for what only a command on the same machine may: work on files by their path.
pub fn may_control(who: &Caller) -> Result<()> {
    match &who.principal {
        Principal::Control => Ok(()),
        Principal::Guest => may(who, Action::Manage).map(drop),
        Principal::User(_) => Err(Error::Forbidden("Jobs are handed over by the carryall command on the same machine".to_owned())),
    }
}
