//! Brings a data file to the version of this program, or says why it cannot be used.

use super::sqlite::{Durability, open_writer};
use rusqlite::Connection;
use std::path::Path;

/// Marks a file as ours: "CRRY".
const APPLICATION_ID: i64 = 0x4352_5259;
/// Counts up with every change of `schema.sql`.
const VERSION: i64 = 1;
const SCHEMA: &str = include_str!("../../schema.sql");

/// Opens the writing connection of a data file that has this program's tables. The error is a sentence for the person.
pub fn open(path: &Path, durability: Durability) -> Result<Connection, String> {
    create_private(path).map_err(|error| format!("the data file cannot be created: {error}"))?;
    let conn = open_writer(path, durability).map_err(sentence)?;
    let number = |pragma: &str| conn.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0)).map_err(sentence);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sentence)?;
    match (application, version) {
        (0, 0) if tables == 0 => conn
            .execute_batch(&format!(
                "BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
            ))
            .map_err(sentence)?,
        (APPLICATION_ID, VERSION) => {}
        (APPLICATION_ID, newer) if newer > VERSION => {
            return Err(format!(
                "it was made by a newer Carryall (file version {newer}, this program knows {VERSION}). Use the newer program"
            ));
        }
        _ => return Err("it is a SQLite file of another program. Choose another file with --db".to_owned()),
    }
    Ok(conn)
}

fn sentence(error: rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => "it is not a Carryall data file. Choose another file with --db".to_owned(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => "it is damaged. Restore a backup".to_owned(),
        Some(rusqlite::ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen | rusqlite::ErrorCode::PermissionDenied) => {
            "it cannot be written here; check the folder's permissions".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A new data file belongs to its owner alone.
#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path).map(drop)
}
