//! An app: the unit that people make, share and carry. Its schemas are in `model/schema`.

/// Number of an app inside this data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub i64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: AppId,
    pub uuid: String,
    pub slug: String,
    pub name: String,
    /// Empty when there is none.
    pub description: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Slugs that it had before, under which it is still found.
    pub aliases: Vec<String>,
}
