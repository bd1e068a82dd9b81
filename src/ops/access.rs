//! Who may do what: the one place where rights are asked, before the first read of every operation. The answer is a scope: the rows that exist for the caller.

use crate::model::error::{Error, Result};
use crate::model::plan::Cond;
use crate::model::principal::{Action, Caller, Principal, Role, Scope};

/// Asks for an action on records, apps and schemas. A guest may nothing; an admin and the owner's command line may everything.
pub fn may(who: &Caller, _action: Action) -> Result<Scope> {
    match &who.principal {
        Principal::Guest => Err(Error::NotSignedIn),
        Principal::User(user) => match user.role {
            Role::Owner | Role::Admin => Ok(Scope { rows: Cond::True }),
            Role::Member => Err(Error::Forbidden("Members have no role in an app yet".to_owned())),
        },
        Principal::Control => Ok(Scope { rows: Cond::True }),
    }
}

/// Asks to have a table made by the first record that is sent to it: for somebody who tries things out at this machine. A program that runs elsewhere
/// and mistakes an address would make tables without end.
pub fn may_make_by_writing(who: &Caller, is_local: bool) -> Result<Scope> {
    let scope = may(who, Action::Manage)?;
    match is_local {
        true => Ok(scope),
        false => {
            let message = "A table is made by its first record (create=schema) only when the request comes from the server's own machine. \
                           Make it there, or with an import or an app file";
            Err(Error::Forbidden(message.to_owned()))
        }
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
