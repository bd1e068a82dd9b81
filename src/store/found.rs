//! What the index of words is asked: a condition of a list, the order of what fits best, passages that show why a record was found. What the index is, and
//! how it is kept up, is in `search`.

use super::search::{END, TOKENIZER, columns, index, words, words_of};
use super::sql::{Statement, table};
use super::sqlite::{OrFailed, TOO_MANY_WORDS};
use super::tx::ReadTx;
use crate::model::error::Result;
use crate::model::field::Field;
use crate::model::plan::{Cell, Cond, Plan};
use crate::model::query::Window;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::{Found, Manner, Word};
use rusqlite::{Connection, params_from_iter};
use std::collections::HashMap;

/// Words of the index that one word may stand within: each of them is looked up.
pub const WITHIN_MAX: usize = 1_000;
/// How much more a word counts in the field that names records.
const FIRST_WEIGHT: f64 = 5.0;
/// Words of a passage.
const PASSAGE_WORDS: usize = 12;
/// What begins and ends a found word: no text has them, for they are taken out before.
const MARKS: [char; 2] = ['\u{1}', '\u{2}'];

impl Statement {
    /// The records that have all these words.
    pub(super) fn push_found(&mut self, schema: SchemaId, found: &Found) {
        let index = index(schema);
        self.text.push_str(&format!("id IN (SELECT rowid FROM {index} WHERE {index} MATCH "));
        self.push_words(schema, found);
        self.text.push(')');
    }

    /// The question in FTS5's language. Every word stands in quotes there, so that nothing in it means anything but itself.
    fn push_words(&mut self, schema: SchemaId, found: &Found) {
        let mut plain = String::new();
        if found.columns.len() < found.columns_all {
            let names: Vec<String> = found.columns.iter().map(|at| format!("c{at}")).collect();
            plain.push_str(&format!("{{{}}} : ", names.join(" ")));
        }
        plain.push('(');
        for (at, word) in found.words.iter().enumerate() {
            plain.push_str(if at == 0 { "" } else { " AND " });
            if matches!(word.manner, Manner::Within | Manner::WithinSome) {
                self.text.push_str("? || ");
                self.cells.push(Cell::Text(std::mem::take(&mut plain)));
                self.push_within(schema, found, word);
                self.text.push_str(" || ");
            } else {
                plain.push_str(&in_quotes(word));
            }
        }
        plain.push(')');
        self.text.push('?');
        self.cells.push(Cell::Text(plain));
    }

    /// Every word of the index that has this one in it. Where there are too many a column is named that no index has, which `sqlite` tells from other slips.
    fn push_within(&mut self, schema: SchemaId, found: &Found, word: &Word) {
        let names: Vec<String> = found.columns.iter().map(|at| format!("'c{at}'")).collect();
        self.text.push_str(&format!(
            "coalesce((SELECT CASE WHEN count(*) > {WITHIN_MAX} THEN '{TOO_MANY_WORDS} : x' ELSE '(' || group_concat('\"' || term || '\"', ' OR ') || ')' END FROM
             (SELECT DISTINCT term FROM {} WHERE instr(term, ?) AND col IN ({}) LIMIT {})), '\"\"')",
            words(schema),
            names.join(", "),
            WITHIN_MAX + usize::from(word.manner == Manner::Within)
        ));
        self.cells.push(Cell::Text(word.text.clone()));
    }
}

fn in_quotes(word: &Word) -> String {
    let text = word.text.replace('"', "\"\"");
    match word.manner {
        Manner::Beginning | Manner::Within | Manner::WithinSome => format!("\"{text}\"*"),
        Manner::Phrase => format!("\"{text}\""),
        Manner::First => format!("^\"{text}\"*"),
        Manner::All => format!("^\"{text} {END}\""),
    }
}

/// How many records have these words.
pub(super) fn count(schema: SchemaId, found: &Found) -> Statement {
    let index = index(schema);
    let mut sql = Statement::new(format!("SELECT count(*) FROM {index} WHERE {index} MATCH "), Vec::new());
    sql.push_words(schema, found);
    sql
}

/// The words of a text as the index spells them: small letters, without accents.
pub fn spelled(text: &str) -> Result<Vec<String>> {
    let conn = Connection::open_in_memory().or_failed()?;
    conn.execute_batch(&format!(
        "CREATE VIRTUAL TABLE t USING fts5(c0, content = '', tokenize = '{TOKENIZER}'); CREATE VIRTUAL TABLE v USING fts5vocab('t', 'row');"
    ))
    .or_failed()?;
    conn.execute("INSERT INTO t (rowid, c0) VALUES (1, ?1)", [text]).or_failed()?;
    let mut statement = conn.prepare("SELECT term FROM v").or_failed()?;
    statement.query_map([], |row| row.get(0)).or_failed()?.collect::<rusqlite::Result<_>>().or_failed()
}

/// A record that was found, and how well it fits: the lower the better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    pub id: RecordId,
    pub rank: f64,
}

/// One window of the records of a plan that have these words, those that fit best first. All of them are looked at.
pub fn ranked(tx: &ReadTx<'_>, plan: &Plan, found: &Found, rest: &Cond, window: Window) -> Result<Vec<Hit>> {
    let weight = |at| if found.first == Some(at) { FIRST_WEIGHT } else { 1.0 };
    let weights: Vec<String> = (0..found.columns_all).map(|at| format!("{:.1}", weight(at))).collect();
    let index = index(plan.schema.id);
    let mut sql = matching(plan, found, rest, &format!("{index}.rowid, rank"));
    sql.text.push_str(&format!(" AND rank MATCH 'bm25({})' ORDER BY rank, {index}.rowid LIMIT ? + 0 OFFSET ? + 0", weights.join(", ")));
    sql.cells.extend([Cell::Integer(window.limit), Cell::Integer(window.offset)]);
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    let rows = statement.query_map(params_from_iter(&sql.cells), |row| Ok(Hit { id: RecordId(row.get(0)?), rank: row.get(1)? }));
    rows.or_failed()?.collect::<rusqlite::Result<_>>().or_failed()
}

/// The first of them in the order of their ids; no more are looked at than are given.
pub fn first(tx: &ReadTx<'_>, plan: &Plan, found: &Found, rest: &Cond, limit: i64) -> Result<Vec<RecordId>> {
    let mut sql = matching(plan, found, rest, &format!("{}.rowid", index(plan.schema.id)));
    sql.text.push_str(" LIMIT ? + 0");
    sql.cells.push(Cell::Integer(limit));
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    let rows = statement.query_map(params_from_iter(&sql.cells), |row| row.get(0).map(RecordId)).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

/// `SELECT … WHERE`: the index, and beside each row its record when more is asked of that.
fn matching(plan: &Plan, found: &Found, rest: &Cond, what: &str) -> Statement {
    let (index, table) = (index(plan.schema.id), table(plan.schema.id));
    let mut sql = Statement::new(format!("SELECT {what} FROM {index}"), Vec::new());
    if *rest != Cond::True {
        sql.text.push_str(&format!(" CROSS JOIN {table} ON {table}.id = {index}.rowid"));
    }
    sql.text.push_str(&format!(" WHERE {index} MATCH "));
    sql.push_words(plan.schema.id, found);
    if *rest != Cond::True {
        sql.text.push_str(" AND ");
        sql.push_cond(plan.schema.id, rest);
    }
    sql
}

/// Where a record has what was looked for: pieces of a field's text, the second, fourth and so on of which were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    pub field: String,
    pub pieces: Vec<String>,
}

/// A passage of each record that has one. They are cut by FTS5 itself, in memory, out of the fields that were asked and no others.
pub fn passages(tx: &ReadTx<'_>, schema: &Schema, found: &Found, hits: &[RecordId]) -> Result<HashMap<RecordId, Passage>> {
    let all: Vec<&Field> = schema.searched().collect();
    let fields: Vec<&Field> = found.columns.iter().filter_map(|at| asked(schema, *at)).filter(|field| all.contains(field)).collect();
    if fields.is_empty() || hits.is_empty() {
        return Ok(HashMap::new());
    }
    let scratch = Connection::open_in_memory().or_failed()?;
    let names = columns(fields.len());
    scratch
        .execute_batch(&format!(
            "CREATE VIRTUAL TABLE f{0} USING fts5({names}, tokenize = '{TOKENIZER}'); CREATE VIRTUAL TABLE v{0} USING fts5vocab('f{0}', 'col')",
            schema.id.0
        ))
        .or_failed()?;
    let texts: Vec<String> = fields.iter().map(|field| words_of(field)).collect();
    let mut read = tx.conn().prepare_cached(&format!("SELECT {} FROM {} WHERE id = ?1", texts.join(", "), table(schema.id))).or_failed()?;
    let marks = vec!["?"; fields.len() + 1].join(", ");
    let mut put = scratch.prepare(&format!("INSERT INTO f{} (rowid, {names}) VALUES ({marks})", schema.id.0)).or_failed()?;
    for id in hits {
        let texts = read
            .query_row([id.0], |row| (0..fields.len()).map(|at| row.get::<_, Option<String>>(at)).collect::<rusqlite::Result<Vec<_>>>());
        let texts = texts.or_failed()?.into_iter().map(|text| Cell::Text(plain(&text.unwrap_or_default())));
        put.execute(params_from_iter(std::iter::once(Cell::Integer(id.0)).chain(texts))).or_failed()?;
    }
    cut(&scratch, schema.id, &fields, found)
}

/// The field of a column, if the schema has it.
fn asked(schema: &Schema, column: usize) -> Option<&Field> {
    schema.search.index.as_ref().and_then(|index| index.fields.get(column)).and_then(|slug| schema.field(slug))
}

/// A text on one line, and none of the marks in it.
fn plain(text: &str) -> String {
    text.split(|letter: char| letter.is_whitespace() || letter.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn cut(scratch: &Connection, schema: SchemaId, fields: &[&Field], found: &Found) -> Result<HashMap<RecordId, Passage>> {
    let [begin, end] = MARKS.map(u32::from);
    let cuts: Vec<String> =
        (0..fields.len()).map(|at| format!("snippet(f{}, {at}, char({begin}), char({end}), '…', {PASSAGE_WORDS})", schema.0)).collect();
    let here = Found { columns: (0..fields.len()).collect(), columns_all: fields.len(), first: None, words: found.words.clone() };
    let mut sql = Statement::new(format!("SELECT rowid, {} FROM f{1} WHERE f{1} MATCH ", cuts.join(", "), schema.0), Vec::new());
    sql.push_words(schema, &here);
    let mut statement = scratch.prepare(&sql.text).or_failed()?;
    let mut rows = statement.query(params_from_iter(&sql.cells)).or_failed()?;
    let mut passages = HashMap::new();
    while let Some(row) = rows.next().or_failed()? {
        let id = RecordId(row.get(0).or_failed()?);
        for (at, field) in fields.iter().enumerate() {
            let text: String = row.get(at + 1).or_failed()?;
            if text.contains(MARKS[0]) {
                let pieces = text.split(MARKS).map(str::to_owned).collect();
                passages.insert(id, Passage { field: field.slug.clone(), pieces });
                break;
            }
        }
    }
    Ok(passages)
}
