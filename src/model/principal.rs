//! Who asks: the credential as found in a request, and the principal it turned out to be.

use super::app::AppId;
use super::plan::Cond;
use super::schema::SchemaId;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(pub i64);

/// What a request carried; recognised by shape, not by dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    None,
    /// The `sessionid` cookie.
    Session(String),
    /// `Authorization: Bearer 12|secret`: a personal token.
    Personal(i64, String),
    /// `x-api-key` and `x-api-secret`.
    Pair {
        key: String,
        secret: String,
    },
    /// `Authorization: Bearer eyJ….….…`.
    Jwt(String),
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

/// What somebody is in the workspace. What a member may in an app is said there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An admin whom no admin can remove.
    Owner,
    Admin,
    Member,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Owner, Role::Admin, Role::Member];

    pub fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::Member => "member",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Somebody with what an admin sees of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub user: User,
    pub name: String,
    /// Nothing lets them in.
    pub is_suspended: bool,
    /// Whether their tokens are good, and what programs sign in with.
    pub has_api_access: bool,
    /// They have a password: an invitation was taken up.
    pub is_active: bool,
    pub created_at: String,
    /// Raised by what ends their JWTs: each carries the number that it was made under.
    pub generation: i64,
}

/// Where somebody signs in from, as lists of sessions show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visitor {
    /// What the browser calls itself.
    pub agent: String,
    pub address: String,
}

impl Visitor {
    /// A command that signs somebody in.
    pub fn command() -> Self {
        Self { agent: "carryall".to_owned(), address: String::new() }
    }
}

/// The two kinds of tokens that people make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// One text, `12|secret`.
    Personal,
    /// A key and its secret, for apps that are named.
    KeySecret,
}

impl TokenKind {
    pub const ALL: [TokenKind; 2] = [TokenKind::Personal, TokenKind::KeySecret];

    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Personal => "personal",
            TokenKind::KeySecret => "key-secret",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        TokenKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A token by which somebody comes, and what it lets through of what they may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: i64,
    /// As its maker called it.
    pub name: String,
    pub narrowing: Narrowing,
}

/// A part of what its owner may, never more: what is `None` is not narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    pub actions: Option<Vec<Action>>,
    pub apps: Option<Vec<AppPart>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPart {
    pub app: AppId,
    pub schemas: Option<Vec<SchemaPart>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaPart {
    pub schema: SchemaId,
    /// Slugs of the fields that exist for it.
    pub fields: Option<Vec<String>>,
}

/// Who asks, and through which door: what every operation is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub principal: Principal,
    /// A dialect's id, or `cli`.
    pub door: &'static str,
    /// The token that they came by, when its owner narrowed it or it has a name for the change log.
    pub token: Option<Arc<Token>>,
}

/// What somebody wants to do with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    List,
    Read,
    Create,
    Update,
    Delete,
    Export,
    /// Change apps, schemas, users.
    Manage,
}

impl Action {
    pub const ALL: [Action; 7] =
        [Action::List, Action::Read, Action::Create, Action::Update, Action::Delete, Action::Export, Action::Manage];

    /// As the abilities of a token name it.
    pub fn name(self) -> &'static str {
        match self {
            Action::List => "list",
            Action::Read => "read",
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Export => "export",
            Action::Manage => "manage",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Action::ALL.into_iter().find(|action| action.name() == name)
    }
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
