//! Who asks: the credential as found in a request, and the principal it turned out to be.

use super::app::AppId;
use super::plan::Cond;
use super::schema::{Schema, SchemaId};
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
    /// What the page calls the tab that it is in: an undo there takes back what was done there.
    pub tab: Option<String>,
}

/// What somebody wants to do with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    List,
    Read,
    Create,
    Update,
    Delete,
    /// Take records away as a file.
    Export,
    /// Change apps, schemas, users.
    Manage,
}

impl Action {
    pub const ALL: [Action; 7] =
        [Action::List, Action::Read, Action::Create, Action::Update, Action::Delete, Action::Export, Action::Manage];

    /// What a role says of the records of a schema.
    pub const OF_RECORDS: [Action; 6] = [Action::List, Action::Read, Action::Create, Action::Update, Action::Delete, Action::Export];

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

/// What the answer of `ops/access` leaves of a schema for one caller and one action: rows and fields.
#[derive(Debug, Clone)]
pub struct Scope {
    pub action: Action,
    /// The rows that exist for the caller: of all others nothing is known.
    pub rows: Cond,
    /// Those on which the action may be done. What is created or changed must be among them afterwards.
    pub acts: Cond,
    /// The schema as the caller sees it: fields that are not readable are not there.
    pub seen: Arc<Schema>,
    /// As it is.
    pub whole: Arc<Schema>,
    /// Slugs of fields that the caller sees and may not change.
    pub read_only: Vec<String>,
}

impl Scope {
    /// Everything of a schema.
    pub fn all(schema: Arc<Schema>, action: Action) -> Self {
        Self { action, rows: Cond::True, acts: Cond::True, seen: schema.clone(), whole: schema, read_only: Vec::new() }
    }

    /// Whether some field is not there for the caller.
    pub fn is_masked(&self) -> bool {
        !Arc::ptr_eq(&self.seen, &self.whole)
    }

    /// Whether nothing is held back.
    pub fn is_all(&self) -> bool {
        self.rows == Cond::True && self.acts == Cond::True && !self.is_masked() && self.read_only.is_empty()
    }

    /// Whether another one, asked for later, leaves the same.
    pub fn is_same(&self, other: &Scope) -> bool {
        let same = |one: &Arc<Schema>, other: &Arc<Schema>| Arc::ptr_eq(one, other) || one == other;
        self.rows == other.rows
            && self.acts == other.acts
            && self.read_only == other.read_only
            && same(&self.whole, &other.whole)
            && same(&self.seen, &other.seen)
    }
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
