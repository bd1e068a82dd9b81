//! The table `setting`: a row for each setting that is not what it is by itself.

use crate::model::app::AppId;
use crate::model::error::Result;
use crate::model::setting::Settings;
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::OptionalExtension;
use serde_json::Value;

const DEFAULT_APP: &str = "default_app";
const REFRESH_ROTATION: &str = "refresh_rotation";
const SESSION_IDLE_MINUTES: &str = "session_idle_minutes";

pub fn read(tx: &ReadTx<'_>) -> Result<Settings> {
    let value = |key: &str| -> Result<Option<Value>> {
        let mut statement = tx.conn().prepare_cached("SELECT value FROM setting WHERE key = ?1").or_failed()?;
        let text: Option<String> = statement.query_row([key], |row| row.get(0)).optional().or_failed()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    };
    Ok(Settings {
        default_app: value(DEFAULT_APP)?.and_then(|value| value.as_i64()).map(AppId),
        has_refresh_rotation: value(REFRESH_ROTATION)? == Some(Value::Bool(true)),
        session_idle_minutes: value(SESSION_IDLE_MINUTES)?.and_then(|value| value.as_i64()),
    })
}

pub fn write(tx: &mut WriteTx<'_>, settings: &Settings) -> Result<()> {
    let all = [
        (DEFAULT_APP, settings.default_app.map(|app| Value::from(app.0))),
        (REFRESH_ROTATION, settings.has_refresh_rotation.then_some(Value::Bool(true))),
        (SESSION_IDLE_MINUTES, settings.session_idle_minutes.map(Value::from)),
    ];
    for (key, value) in all {
        match value {
            Some(value) => {
                tx.conn().execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)", (key, value.to_string())).or_failed()?
            }
            None => tx.conn().execute("DELETE FROM setting WHERE key = ?1", [key]).or_failed()?,
        };
    }
    // Sessions are judged by them.
    tx.credentials_changed();
    Ok(())
}
