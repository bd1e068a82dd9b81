//! Records on their way to trust: `Draft` (as sent), `Clean` (checked, canonical), `Record` (stored); and which state of one a caller knows. Checking
//! is in `ops/validate`.

use super::error::{Error, Result};
use super::schema::{Schema, SchemaId};
use serde_json::{Map, Value};

/// Number of a record inside its schema; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub i64);

impl RecordId {
    /// The text form in which references lie in the data: `rec_5`.
    pub fn text(self) -> String {
        format!("rec_{}", self.0)
    }

    /// Reads `rec_5` and `5`; nothing else, no sign, no leading zero.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("rec_").unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
        plain.then(|| digits.parse().ok()).flatten().map(Self)
    }
}

/// The object as it was sent: names and values nobody has looked at yet.
pub type Draft = Map<String, Value>;

/// Checked values in canonical form. Made by `ops/validate` only.
#[derive(Debug, Clone)]
pub struct Clean {
    pub schema: SchemaId,
    /// Version of the schema that the values were checked against.
    pub schema_version: i64,
    /// By field slug. A create holds every field in the schema's order; an update holds only what was sent.
    pub values: Map<String, Value>,
}

/// A stored row. `data` is the JSON text exactly as it lies in the table: field slugs only, in the schema's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: RecordId,
    pub data: String,
    pub created_at: String,
    pub updated_at: String,
    pub version: i64,
}

/// One state of a record as it is answered: its own version, and that of its schema, by whose change it is answered otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    pub record: i64,
    pub schema: i64,
}

impl Revision {
    /// `7-3`.
    pub fn text(self) -> String {
        format!("{}-{}", self.record, self.schema)
    }
}

/// Which states of a record a caller has in mind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    /// It may have any, and what is said of none is as good.
    #[default]
    Any,
    /// One of these; `Revision::text`, or what nobody here ever wrote.
    OneOf(Vec<String>),
}

impl Expected {
    /// Refuses a record that is no longer what the caller knows.
    pub fn check(&self, schema: &Schema, record: &Record) -> Result<()> {
        let now = record.revision(schema);
        match self {
            Expected::Any => Ok(()),
            Expected::OneOf(known) if known.contains(&now.text()) => Ok(()),
            Expected::OneOf(_) => Err(Error::Changed { record: Box::new(record.clone()), revision: now }),
        }
    }
}

/// A stored row while it is being read: nothing is copied for a list that goes out as it lies.
#[derive(Debug, Clone, Copy)]
pub struct RecordRef<'r> {
    pub id: RecordId,
    pub data: &'r str,
    pub created_at: &'r str,
    pub updated_at: &'r str,
    pub version: i64,
}

impl Record {
    pub fn revision(&self, schema: &Schema) -> Revision {
        Revision { record: self.version, schema: schema.version }
    }

    pub fn as_ref(&self) -> RecordRef<'_> {
        RecordRef { id: self.id, data: &self.data, created_at: &self.created_at, updated_at: &self.updated_at, version: self.version }
    }
}

impl RecordRef<'_> {
    pub fn to_record(self) -> Record {
        let (created_at, updated_at) = (self.created_at.to_owned(), self.updated_at.to_owned());
        Record { id: self.id, data: self.data.to_owned(), created_at, updated_at, version: self.version }
    }
}

/// Many stored rows, kept close together: thousands of small texts would be spread all over the memory, and most of it never be given back.
#[derive(Debug, Default)]
pub struct Records {
    text: String,
    /// Id, version, and where data and stamps end.
    rows: Vec<(RecordId, i64, [usize; 3])>,
}

impl Records {
    pub fn push(&mut self, record: &Record) {
        let ends = [&record.data, &record.created_at, &record.updated_at].map(|text| {
            self.text.push_str(text);
            self.text.len()
        });
        self.rows.push((record.id, record.version, ends));
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = RecordRef<'_>> {
        let mut begin = 0;
        self.rows.iter().map(move |(id, version, [data, created, updated])| {
            let text = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
            let (data, created_at, updated_at) = (text(begin, *data), text(*data, *created), text(*created, *updated));
            begin = *updated;
            RecordRef { id: *id, data, created_at, updated_at, version: *version }
        })
    }
}

/// Called for every row of a list, in order.
pub type Visit<'v> = dyn FnMut(RecordRef<'_>) -> super::error::Result<()> + 'v;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_in_both_forms_and_in_no_other() {
        for (text, id) in [("rec_5", Some(5)), ("5", Some(5)), ("9223372036854775807", Some(i64::MAX))] {
            assert_eq!(RecordId::parse(text).map(|id| id.0), id, "{text}");
        }
        for bad in ["", "rec_", "0", "-1", "+1", "05", "rec_05", "rec_rec_1", "1.0", " 1", "9223372036854775808", "rec_1x"] {
            assert_eq!(RecordId::parse(bad), None, "{bad}");
        }
    }
}
