//! Searching a table by words: what its schema says of that, the index that it is done by, and what was asked. How words are read is in
//! `ops/search_words`, what the index is in `store/search`.

use super::field::{Field, Kind};
use super::schema::Schema;
use serde_json::{Value, json};

/// What holds for searching one schema.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Search {
    pub wanted: Wanted,
    pub index: Option<Index>,
}

/// What the schema says.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Wanted {
    /// Nothing: the index is made when somebody first searches.
    #[default]
    Unsaid,
    /// It is not searched.
    No,
    /// An index of all that holds text.
    All,
    /// An index of these fields.
    Fields(Vec<String>),
}

/// An index that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// Slugs of the fields, column by column.
    pub fields: Vec<String>,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Some records are not in it yet.
    Making,
    Ready,
    /// It could not be kept up, and is to be made anew.
    Failed,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Making => "making",
            State::Ready => "ready",
            State::Failed => "failed",
        }
    }
}

/// One word of a question, or several that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Some word begins so.
    Beginning,
    /// The words stand so, one behind the other.
    Phrase,
    /// Some word has it in it; the text is as the index spells words.
    Within,
    /// The same, of words enough to offer something: not all that have it need to be looked at.
    WithinSome,
    /// The whole text begins so.
    First,
    /// The name is these words and no others.
    All,
}

/// Words that a record must have, all of them, somewhere in these columns of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub words: Vec<Word>,
    pub columns: Vec<usize>,
    /// How many columns the index has.
    pub columns_all: usize,
    /// The column that counts more than the others.
    pub first: Option<usize>,
}

impl Wanted {
    /// As app files and the data file say it; `null` when nothing is said.
    pub fn to_json(&self) -> Value {
        match self {
            Wanted::Unsaid => Value::Null,
            Wanted::No => Value::Bool(false),
            Wanted::All => Value::Bool(true),
            Wanted::Fields(slugs) => json!(slugs),
        }
    }

    /// `None` for what is no such thing.
    pub fn from_json(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Wanted::Unsaid,
            Value::Bool(false) => Wanted::No,
            Value::Bool(true) => Wanted::All,
            Value::Array(slugs) => Wanted::Fields(slugs.iter().map(|slug| slug.as_str().map(str::to_owned)).collect::<Option<_>>()?),
            _ => return None,
        })
    }
}

impl Schema {
    /// The fields that its index has: those that were chosen, else all that hold text; and the one that names records, which look-ups need.
    pub fn searched(&self) -> impl Iterator<Item = &Field> {
        let holds_text = |field: &Field| matches!(field.kind, Kind::Text | Kind::Set | Kind::Json);
        self.stored().filter(move |field| {
            let is_chosen = match &self.search.wanted {
                Wanted::Fields(slugs) => slugs.contains(&field.slug),
                _ => holds_text(field),
            };
            can_be_searched(field) && (is_chosen || self.display_field.as_ref() == Some(&field.slug))
        })
    }
}

/// Whether a field holds something that people would type.
pub fn can_be_searched(field: &Field) -> bool {
    field.is_stored() && !matches!(field.kind, Kind::Boolean | Kind::Reference | Kind::Links | Kind::User | Kind::Lines)
}
