//! One entry of the change log, the spine of undo, history, live feeds and audit. Its table is `store/tables/changes`.

use super::app::AppId;
use super::record::RecordId;
use super::schema::SchemaId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// `body` is empty: the row is there.
    Create,
    /// `body` is `{"before": {…}, "after": {…}}` with the changed keys.
    Update,
    /// `body` is `{"before": {…}}` with the whole row, its stamps, who made it and its version.
    Delete,
    /// `body` is `{"first": 1, "last": 500, "created": 500, "updated": 0}`: ids from first to last are new.
    Import,
    /// An app or a schema was made or changed; `body` says how.
    Define,
    /// Everything was replaced by what a backup held.
    Restore,
    /// A person was made or changed; never a secret.
    Account,
}

impl ChangeKind {
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Create => "create",
            ChangeKind::Update => "update",
            ChangeKind::Delete => "delete",
            ChangeKind::Import => "import",
            ChangeKind::Define => "define",
            ChangeKind::Restore => "restore",
            ChangeKind::Account => "account",
        }
    }
}

/// What is written; sequence number and time come from the transaction.
#[derive(Debug, Clone)]
pub struct Change {
    pub kind: ChangeKind,
    /// Who did it, as text that stays true when the user is gone.
    pub principal: String,
    /// Which door it came through: a dialect's id or `cli`.
    pub dialect: &'static str,
    /// The name of the token that they came by.
    pub token: Option<String>,
    pub app: Option<AppId>,
    pub schema: Option<SchemaId>,
    pub record: Option<RecordId>,
    /// The same number on all changes of one act; `None` when it stands alone.
    pub batch: Option<i64>,
    /// A few words for people: `deleted Acme`.
    pub label: String,
    /// JSON text, by kind.
    pub body: Option<String>,
    /// The tab of the page that it was done in.
    pub tab: Option<String>,
}

/// An entry as it stands in the log.
#[derive(Debug, Clone)]
pub struct Logged {
    pub seq: i64,
    /// RFC 3339.
    pub at: String,
    pub principal: String,
    pub dialect: String,
    pub token: Option<String>,
    pub app: Option<AppId>,
    pub kind: String,
    pub schema: Option<SchemaId>,
    pub record: Option<RecordId>,
    pub batch: Option<i64>,
    pub label: String,
    /// JSON text.
    pub body: Option<String>,
    /// The entry, or the batch, that this one takes back.
    pub undoes: Option<i64>,
    pub tab: Option<String>,
}

impl Logged {
    /// The number by which the whole act is known: that of its first entry.
    pub fn act(&self) -> i64 {
        self.batch.unwrap_or(self.seq)
    }
}

/// Where a piece of the log ends: at an entry, or at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edge {
    Number(i64),
    /// RFC 3339, in UTC.
    Time(String),
}

/// Which entries somebody looks for; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    pub before: Option<Edge>,
    pub after: Option<Edge>,
    pub schema: Option<SchemaId>,
    pub record: Option<RecordId>,
    pub who: Option<String>,
    /// A dialect, or the name of a token.
    pub via: Option<String>,
    pub kind: Option<String>,
    pub tab: Option<String>,
    /// Of an act only its first entry.
    pub is_by_act: bool,
}

/// A moment of an app that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub id: i64,
    pub name: String,
    /// The newest entry of the change log then.
    pub seq: i64,
    pub at: String,
    pub by: String,
}
