//! A schema (table, resource, model): an ordered list of fields and what holds for all of them.

use super::app::AppId;
use super::field::Field;
use super::search::Search;

/// Number of a schema inside this data file; its rows lie in the table `r<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub i64);

#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub id: SchemaId,
    pub app: AppId,
    pub slug: String,
    pub name: String,
    /// Singular name in capitals, `Contact`.
    pub model: String,
    /// Slug of the field that names a record to people.
    pub display_field: Option<String>,
    /// Counts up with every change of the schema.
    pub version: i64,
    /// In the order of their creation, which is the key order of the stored JSON.
    pub fields: Vec<Field>,
    /// Groups of field slugs whose values together are unique.
    pub unique: Vec<Vec<String>>,
    /// Groups of field slugs that have an index together.
    pub indexes: Vec<Vec<String>>,
    /// Indexes that nobody declared.
    pub automatic: Vec<AutoIndex>,
    /// Slugs that it had before, under which it is still found.
    pub aliases: Vec<String>,
    /// Slugs of fields whose values lie in the records and are not shown: of a schema as somebody sees it who may not see them. They are not among
    /// `fields`.
    pub hidden: Vec<String>,
    pub search: Search,
}

/// An index on one field that was made because lists kept asking by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoIndex {
    pub field: String,
    /// RFC 3339.
    pub made_at: String,
    /// A sentence for people.
    pub why: String,
    /// How long writers waited for it.
    pub stall_ms: i64,
    /// The day on which a list last used it.
    pub used_at: String,
}

/// Keys of every record that are no fields; a field may not take their names.
pub const SYSTEM_KEYS: [&str; 6] = ["id", "created_at", "updated_at", "created_by", "updated_by", "display_name"];

impl Schema {
    pub fn field(&self, slug: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.slug == slug)
    }

    /// Fields whose values lie in the records, in the order in which they lie there.
    pub fn stored(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.is_stored())
    }

    /// Fields in the order in which people see them.
    pub fn shown(&self) -> Vec<&Field> {
        let mut shown: Vec<&Field> = self.fields.iter().collect();
        shown.sort_by_key(|field| field.rank);
        shown
    }
}
