//! The table `saved_view`: saved views, shared ones and those of one person.

use crate::model::app::AppId;
use crate::model::error::Result;
use crate::model::principal::UserId;
use crate::model::schema::SchemaId;
use crate::model::view::SavedView;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{Params, Row};
use serde_json::{Map, Value};

const COLUMNS: &str = "v.id, v.schema, v.owner, v.slug, v.name, v.definition";

/// Of a schema those that are shared and those of one person, in the order of their making.
pub fn of_schema(tx: &ReadTx<'_>, schema: SchemaId, owner: Option<UserId>) -> Result<Vec<SavedView>> {
    let sql = format!("SELECT {COLUMNS} FROM saved_view v WHERE v.schema = ?1 AND (v.owner IS NULL OR v.owner = ?2) ORDER BY v.id");
    found(tx, &sql, (schema.0, owner.map(|owner| owner.0)))
}

/// All of an app, whoever's they are.
pub fn of_app(tx: &ReadTx<'_>, app: AppId) -> Result<Vec<SavedView>> {
    let sql = format!("SELECT {COLUMNS} FROM schema s JOIN saved_view v ON v.schema = s.id WHERE s.app = ?1 ORDER BY v.schema, v.id");
    found(tx, &sql, [app.0])
}

/// All of a schema, whoever's they are.
pub fn all_of_schema(tx: &ReadTx<'_>, schema: SchemaId) -> Result<Vec<SavedView>> {
    found(tx, &format!("SELECT {COLUMNS} FROM saved_view v WHERE v.schema = ?1 ORDER BY v.id"), [schema.0])
}

/// The one with this number.
pub fn find(tx: &ReadTx<'_>, id: i64) -> Result<Option<SavedView>> {
    Ok(found(tx, &format!("SELECT {COLUMNS} FROM saved_view v WHERE v.id = ?1"), [id])?.pop())
}

fn found(tx: &ReadTx<'_>, sql: &str, values: impl Params) -> Result<Vec<SavedView>> {
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    statement.query_map(values, view).or_failed()?.collect::<rusqlite::Result<_>>().or_failed()
}

fn view(row: &Row<'_>) -> rusqlite::Result<SavedView> {
    let definition: Map<String, Value> = serde_json::from_str(&row.get::<_, String>(5)?).unwrap_or_default();
    let owner = row.get::<_, Option<i64>>(2)?.map(UserId);
    Ok(SavedView::bare(row.get(0)?, SchemaId(row.get(1)?), owner, row.get(3)?, row.get(4)?).with_definition(&definition))
}

/// Stores a new view; its id is not looked at. Gives the one that it has.
pub fn insert(tx: &mut WriteTx<'_>, view: &SavedView) -> Result<i64> {
    let sql = "INSERT INTO saved_view (schema, owner, slug, name, definition) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id";
    let mut statement = tx.conn().prepare_cached(sql).or_failed()?;
    let owner = view.owner.map(|owner| owner.0);
    statement.query_row((view.schema.0, owner, &view.slug, &view.name, written(view)), |row| row.get(0)).or_failed()
}

/// Stores a view that was taken away again, under its own number if that is free.
pub fn put_back(tx: &mut WriteTx<'_>, view: &SavedView) -> Result<()> {
    if view.id == 0 || find(tx, view.id)?.is_some() {
        return insert(tx, view).map(drop);
    }
    let sql = "INSERT INTO saved_view (id, schema, owner, slug, name, definition) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let owner = view.owner.map(|owner| owner.0);
    tx.conn().execute(sql, (view.id, view.schema.0, owner, &view.slug, &view.name, written(view))).or_failed().map(drop)
}

pub fn update(tx: &mut WriteTx<'_>, view: &SavedView) -> Result<()> {
    let sql = "UPDATE saved_view SET owner = ?2, slug = ?3, name = ?4, definition = ?5 WHERE id = ?1";
    let owner = view.owner.map(|owner| owner.0);
    tx.conn().execute(sql, (view.id, owner, &view.slug, &view.name, written(view))).or_failed().map(drop)
}

pub fn remove(tx: &mut WriteTx<'_>, id: i64) -> Result<()> {
    tx.conn().execute("DELETE FROM saved_view WHERE id = ?1", [id]).or_failed().map(drop)
}

fn written(view: &SavedView) -> String {
    Value::Object(view.definition()).to_string()
}
