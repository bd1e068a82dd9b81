//! The table `app`.

use crate::model::app::{App, AppId};
use crate::model::error::Result;
use crate::store::sqlite::OrFailed;
use crate::store::tx::WriteTx;

/// Stores a new app; its id and time come from the transaction.
pub fn insert(tx: &mut WriteTx<'_>, uuid: &str, slug: &str, name: &str, description: &str) -> Result<AppId> {
    let sql = "INSERT INTO app (uuid, slug, name, description, created_at, next_choice_id) VALUES (?1, ?2, ?3, ?4, ?5, 1) RETURNING id";
    tx.conn().query_row(sql, (uuid, slug, name, description, &tx.now().text), |row| row.get(0).map(AppId)).or_failed()
}

pub fn update(tx: &mut WriteTx<'_>, app: &App) -> Result<()> {
    tx.conn()
        .execute("UPDATE app SET name = ?2, description = ?3 WHERE id = ?1", (app.id.0, &app.name, &app.description))
        .or_failed()
        .map(drop)
}

/// The id that the next option gets.
pub fn next_choice_id(tx: &WriteTx<'_>, app: AppId) -> Result<i64> {
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
