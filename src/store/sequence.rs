//! Where records stand in the order of a field of the type sequence: by its number, then by id, those without a number first, as lists sort them. Who
//! moves where is in `ops/resequence`.

use super::computed::{asked, for_a_moment};
use super::sql::{Statement, column, table};
use super::sqlite::OrFailed;
use super::tx::ReadTx;
use crate::model::error::Result;
use crate::model::field::Field;
use crate::model::plan::{Cell, Column, Cond};
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use rusqlite::params_from_iter;

/// A place in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stand {
    pub number: Option<i64>,
    pub id: RecordId,
}

/// Of the rows that a condition leaves those behind a place (all, if there is none) up to another one, in order; at most `most`. The field's index leads
/// from the first to the last of them.
pub fn between(
    tx: &ReadTx<'_>,
    schema: &Schema,
    field: &Field,
    rows: &Cond,
    after: Option<Stand>,
    until: Stand,
    most: usize,
) -> Result<Vec<Stand>> {
    let mut found = Vec::new();
    for mut sql in statements(schema, field, rows, after, until) {
        let left = most - found.len();
        if left == 0 {
            break;
        }
        sql.cells.push(Cell::Integer(i64::try_from(left).unwrap_or(i64::MAX)));
        for_a_moment(tx, rows, || collect(tx, schema, &sql, until, &mut found))?;
    }
    Ok(found)
}

/// The questions for such a stretch, one after the other; each wants its limit as the last value.
fn statements(schema: &Schema, field: &Field, rows: &Cond, after: Option<Stand>, until: Stand) -> Vec<Statement> {
    let place = column(&Column::of(field), "");
    let all = stretches(&place, after, until).into_iter().map(|(cond, cells, order)| {
        let mut sql = Statement::new(format!("SELECT id, {place} FROM {} WHERE {cond}", table(schema.id)), cells);
        if *rows != Cond::True {
            sql.text.push_str(" AND ");
            sql.push_cond(schema.id, rows);
        }
        sql.text.push_str(&format!(" ORDER BY {order} LIMIT ? + 0"));
        sql
    });
    all.collect()
}

fn collect(tx: &ReadTx<'_>, schema: &Schema, sql: &Statement, until: Stand, found: &mut Vec<Stand>) -> Result<()> {
    let mut statement = tx.conn().prepare_cached(&sql.text).or_failed()?;
    let mut rows = statement.query(params_from_iter(&sql.cells)).or_failed()?;
    while let Some(row) = asked(schema, rows.next())? {
        let stand = Stand { number: row.get(1).or_failed()?, id: RecordId(row.get(0).or_failed()?) };
        if stand > until {
            break;
        }
        found.push(stand);
    }
    Ok(())
}

/// The conditions of such a stretch, each with its order, one after the other: what has the number (or none) of its beginning, then what has a higher one.
/// As one condition no index would serve both.
fn stretches(place: &str, after: Option<Stand>, until: Stand) -> Vec<(String, Vec<Cell>, String)> {
    let mut all = Vec::new();
    let (first, from) = after.map_or((None, 0), |after| (after.number, after.id.0));
    if first <= until.number {
        let mut cells: Vec<Cell> = first.map(Cell::Integer).into_iter().collect();
        let same = if first.is_some() { format!("{place} = ?") } else { format!("{place} IS NULL") };
        let end = if first == until.number { until.id.0 } else { i64::MAX };
        cells.extend([Cell::Integer(from), Cell::Integer(end)]);
        all.push((format!("{same} AND id > ? AND id <= ?"), cells, "id".to_owned()));
    }
    let higher = match (first, until.number) {
        (Some(first), Some(last)) if first < last => {
            Some((format!("{place} > ? AND {place} <= ?"), vec![Cell::Integer(first), Cell::Integer(last)]))
        }
        (None, Some(last)) => Some((format!("{place} <= ?"), vec![Cell::Integer(last)])),
        _ => None,
    };
    all.extend(higher.map(|(cond, cells)| (cond, cells, format!("{place}, id"))));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::expr::Op;
    use crate::model::field::Kind;
    use crate::store::indexes::tests::{steps, store};

    #[test]
    fn the_index_leads_from_the_first_to_the_last() {
        let (_folder, store, schema) = store();
        let field = schema.field("sequence").unwrap();
        let other = Column::Field { slug: "boolean".to_owned(), kind: Kind::Boolean };
        let hidden = Cond::Not(Box::new(Cond::Compare { column: other, op: Op::Eq, cell: Cell::Integer(1) }));
        let at = |number: Option<i64>| Stand { number, id: RecordId(5) };
        for (after, until) in
            [(None, None), (None, Some(7)), (Some(None), None), (Some(None), Some(7)), (Some(Some(3)), Some(3)), (Some(Some(3)), Some(7))]
        {
            for rows in [&Cond::True, &hidden] {
                for mut sql in statements(&schema, field, rows, after.map(at), at(until)) {
                    sql.cells.push(Cell::Integer(50));
                    let asked = steps(&store, &sql);
                    let is_led = asked.starts_with("SEARCH") && asked.contains(&format!("i{}.sequence", schema.id.0));
                    assert!(is_led && !asked.contains("TEMP B-TREE"), "{after:?} to {until:?}: {asked}");
                }
            }
        }
    }
}
