//! Who asks: the credential as found in a request, and the principal it turned out to be.

use super::plan::Cond;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(pub i64);

/// What a request carried; recognised by shape, not by dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    None,
    /// The `sessionid` cookie.
    Session(String),
    /// The control secret of the running server, from `FILE.lock`: a command of the same user on the same machine.
    Control(String),
    /// An `Authorization` header of no form we know: 401, never the cookie instead.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody is signed in.
    Guest,
    User(User),
    /// A command of the owner of the data file.
    Control,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Admin,
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        (name == "admin").then_some(Role::Admin)
    }
}

/// Who asks, and through which door: what every operation is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    /// A dialect's id, or `cli`.
    pub door: &'static str,
}

/// What somebody wants to do with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
    /// Change apps, schemas, users.
    Manage,
}

/// What the answer of `ops/access` leaves of a schema: the rows that exist for the caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    pub rows: Cond,
}

impl Caller {
    pub fn user_id(&self) -> Option<UserId> {
        self.principal.user_id()
    }
}

impl Principal {
    /// The name that goes into the change log.
    pub fn label(&self) -> String {
        match self {
            Principal::Guest => "guest".to_owned(),
            Principal::User(user) => user.email.clone(),
            Principal::Control => "command line".to_owned(),
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Principal::User(user) => Some(user.id),
            Principal::Guest | Principal::Control => None,
        }
    }
}
