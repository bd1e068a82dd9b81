//! Makes anew what counts, finds and numbers the records, from the records themselves: what `check` finds and nobody could put in order by hand. The
//! records are not touched.

use super::check::{COUNTED_ON, Counted, counted, lacking_links, missing_indexes, numbered, tables};
use super::sql::{links, table};
use super::sqlite::OrFailed;
use super::tables::changes;
use super::tx::WriteTx;
use super::{indexes, link_rows, search, search_check};
use crate::model::change::Change;
use crate::model::error::Result;
use crate::model::record::RecordId;
use crate::model::schema::Schema;

/// Mends what it can: a sentence for each thing. `entry` makes the entry of the change log of them, if there are any.
pub fn mend(tx: &mut WriteTx<'_>, entry: &dyn Fn(&[String]) -> Change) -> Result<Vec<String>> {
    let (catalog, present) = (tx.catalog().clone(), tables(tx.conn())?);
    let (mut mended, mut touched) = (Vec::new(), Vec::new());
    let schemas = catalog.apps().iter().flat_map(|app| catalog.schemas(app.id));
    // A table that is not there at all can be had from a backup only.
    for schema in schemas.filter(|schema| present.contains(&table(schema.id))) {
        let before = mended.len();
        counters(tx, schema, &mut mended)?;
        let lacking = lacking_links(tx.conn(), schema, &present)?;
        found_by(tx, schema, lacking, &mut mended)?;
        if search_check::fault(tx, schema)?.is_some() {
            search::remake(tx, schema)?;
            mended.push(format!("The words of table '{}' are found by a new index", schema.slug));
        }
        let missing = missing_indexes(tx.conn(), schema)?;
        if !missing.is_empty() {
            indexes::settle(tx, schema)?;
            mended.push(format!("Table '{}' has its index on {} again", schema.slug, missing.join(", on ")));
        }
        if mended.len() > before {
            touched.push(schema.id);
        }
    }
    for (table, column) in COUNTED_ON {
        let (given, last) = numbered(tx.conn(), table, column)?;
        if given < last {
            tx.conn().execute("DELETE FROM sqlite_sequence WHERE name = ?1", [table]).or_failed()?;
            tx.conn().execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", (table, last)).or_failed()?;
            mended.push(format!("The numbers of the table '{table}' go on after {last}"));
        }
    }
    if !mended.is_empty() {
        // An index of words may be good again.
        tx.catalog_changed()?;
        let seq = changes::insert(tx, &entry(&mended))?;
        // What was counted of them before may be wrong.
        touched.into_iter().for_each(|schema| tx.logged(Some(schema), seq));
    }
    Ok(mended)
}

fn counters(tx: &mut WriteTx<'_>, schema: &Schema, mended: &mut Vec<String>) -> Result<()> {
    let Counted { told, found, next, last } = counted(tx.conn(), schema)?;
    if told != found {
        tx.conn().execute("UPDATE schema SET records = ?2 WHERE id = ?1", (schema.id.0, found)).or_failed()?;
        mended.push(format!("Table '{}' counts {found} records", schema.slug));
    }
    if last >= next {
        tx.conn().execute("UPDATE schema SET next_id = ?2 WHERE id = ?1", (schema.id.0, last + 1)).or_failed()?;
        mended.push(format!("Table '{}' goes on with the id {}", schema.slug, last + 1));
    }
    Ok(())
}

fn found_by(tx: &mut WriteTx<'_>, schema: &Schema, lacking: Option<String>, mended: &mut Vec<String>) -> Result<()> {
    if let Some(what) = lacking {
        link_rows::settle(tx, schema)?;
        mended.push(format!("Table '{}' has {what} again", schema.slug));
    }
    for field in schema.fields.iter().filter(|field| field.kind.is_set()) {
        if !link_rows::differing(tx, schema, field, 1)?.is_empty() {
            let forget = format!("DELETE FROM {} WHERE field = ?1", links(schema.id));
            tx.conn().execute(&forget, [&field.slug]).or_failed()?;
            link_rows::write_field(tx, schema, field, RecordId(1))?;
            mended.push(format!("What the lists '{}' of table '{}' are found by is what they hold", field.slug, schema.slug));
        }
    }
    Ok(())
}
