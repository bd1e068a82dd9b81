//! The table `app`.

use crate::model::app::{App, AppId};
use crate::model::error::Result;
use crate::store::sqlite::OrFailed;
use crate::store::tables::tokens;
use crate::store::tx::{ReadTx, WriteTx};
use serde_json::json;

/// Stores a new app; its id and time come from the transaction.
pub fn insert(tx: &mut WriteTx<'_>, uuid: &str, slug: &str, name: &str, description: &str) -> Result<AppId> {
    // The change log knows apps by their ids: that of one that is gone is never given again.
    let sql = "INSERT INTO app (id, uuid, slug, name, description, created_at, next_choice_id)
               VALUES (1 + max(coalesce((SELECT max(id) FROM app), 0), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'app_last'), 0)),
                   ?1, ?2, ?3, ?4, ?5, 1) RETURNING id";
    tx.conn().query_row(sql, (uuid, slug, name, description, &tx.now().text), |row| row.get(0).map(AppId)).or_failed()
}

pub fn update(tx: &mut WriteTx<'_>, app: &App) -> Result<()> {
    tx.conn()
        .execute(
            "UPDATE app SET slug = ?2, name = ?3, description = ?4, aliases = ?5 WHERE id = ?1",
            (app.id.0, &app.slug, &app.name, &app.description, json!(app.aliases).to_string()),
        )
        .or_failed()
        .map(drop)
}

/// Takes an app away; its schemas are gone by then.
pub fn remove(tx: &mut WriteTx<'_>, app: AppId) -> Result<()> {
    tokens::forget_app(tx, app)?;
    let last =
        "INSERT INTO meta (key, value) VALUES ('app_last', ?1) ON CONFLICT (key) DO UPDATE SET value = max(CAST(value AS INTEGER), ?1)";
    tx.conn().execute(last, [app.0]).or_failed()?;
    tx.conn().execute("DELETE FROM app WHERE id = ?1", [app.0]).or_failed().map(drop)
}

/// Stores an app that was taken away again, under its own id.
pub fn put_back(tx: &mut WriteTx<'_>, app: &App, next_choice_id: i64) -> Result<()> {
    let sql =
        "INSERT INTO app (id, uuid, slug, name, description, created_at, next_choice_id, aliases) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let aliases = json!(app.aliases).to_string();
    let values = (app.id.0, &app.uuid, &app.slug, &app.name, &app.description, &app.created_at, next_choice_id, aliases);
    tx.conn().execute(sql, values).or_failed().map(drop)
}

/// Has an app give option ids on from where another is.
pub fn copy_next_choice_id(tx: &mut WriteTx<'_>, from: AppId, to: AppId) -> Result<()> {
    let sql = "UPDATE app SET next_choice_id = (SELECT next_choice_id FROM app WHERE id = ?1) WHERE id = ?2";
    tx.conn().execute(sql, (from.0, to.0)).or_failed().map(drop)
}

/// The id that the next option gets.
pub fn next_choice_id(tx: &ReadTx<'_>, app: AppId) -> Result<i64> {
    tx.conn().query_row("SELECT next_choice_id FROM app WHERE id = ?1", [app.0], |row| row.get(0)).or_failed()
}

/// Reserves ids for options; gives the first.
pub fn take_choice_ids(tx: &mut WriteTx<'_>, app: AppId, count: i64) -> Result<i64> {
    let sql = "UPDATE app SET next_choice_id = next_choice_id + ?2 WHERE id = ?1 RETURNING next_choice_id - ?2";
    tx.conn().query_row(sql, (app.0, count), |row| row.get(0)).or_failed()
}

/// Keeps ids that an app file brought along from being given again.
pub fn reserve_choice_id(tx: &mut WriteTx<'_>, app: AppId, id: i64) -> Result<()> {
    tx.conn().execute("UPDATE app SET next_choice_id = max(next_choice_id, ?2 + 1) WHERE id = ?1", (app.0, id)).or_failed().map(drop)
}
