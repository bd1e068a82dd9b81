//! Brings a data file to the version of this program, or says why it cannot be used.

use super::backup;
use super::engine::Opening;
use super::place;
use super::sqlite::{open_untouched, prepare_writer};
use crate::model::backup::Reason;
use crate::model::fault::Fault;
use rusqlite::Connection;
use std::path::Path;

/// Marks a file as ours: "CRRY".
const APPLICATION_ID: i64 = 0x4352_5259;
/// Counts up with every change of `schema.sql`.
const VERSION: i64 = 8;
const SCHEMA: &str = include_str!("../../schema.sql");
/// What makes version 2 of version 1, and so on.
const STEPS: [&str; 7] = [
    TABLE_OF_AUTOMATIC_INDEXES,
    ALIASES_AND_RANKS,
    PEOPLE_AND_RIGHTS,
    TABLE_OF_SEARCHES,
    ANSWERS_UNDER_KEYS,
    SAVED_VIEWS,
    UNDO_AND_CHECKPOINTS,
];
const TABLE_OF_AUTOMATIC_INDEXES: &str = "CREATE TABLE auto_index (
  schema INTEGER NOT NULL REFERENCES schema (id) ON DELETE CASCADE, field TEXT NOT NULL, made_at TEXT NOT NULL, why TEXT NOT NULL,
  stall_ms INTEGER NOT NULL, used_at TEXT NOT NULL, PRIMARY KEY (schema, field)
) STRICT, WITHOUT ROWID;";
const ALIASES_AND_RANKS: &str = "ALTER TABLE app ADD COLUMN aliases TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE schema ADD COLUMN aliases TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE field ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
  UPDATE field SET rank = position;";
const TABLE_OF_SEARCHES: &str = "CREATE TABLE search (
  schema INTEGER PRIMARY KEY REFERENCES schema (id) ON DELETE CASCADE, wanted TEXT NOT NULL, definition TEXT, upto INTEGER,
  is_failed INTEGER NOT NULL DEFAULT 0
) STRICT;";
const PEOPLE_AND_RIGHTS: &str = "ALTER TABLE user ADD COLUMN name TEXT NOT NULL DEFAULT '';
  ALTER TABLE user ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE user ADD COLUMN api_access INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE user ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
  UPDATE user SET role = 'owner' WHERE id = (SELECT min(id) FROM user);
  ALTER TABLE session ADD COLUMN used_s INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';
  ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
  CREATE INDEX session_user ON session (user);
  ALTER TABLE link ADD COLUMN purpose TEXT NOT NULL DEFAULT 'sign_in';
  CREATE TABLE token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    user       INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    key        TEXT UNIQUE,
    hash       BLOB NOT NULL,
    narrowing  TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_s  INTEGER,
    used_s     INTEGER
  ) STRICT;
  CREATE INDEX token_user ON token (user);
  CREATE TABLE refresh (
    jti       BLOB PRIMARY KEY,
    user      INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    family    BLOB NOT NULL,
    expires_s INTEGER NOT NULL,
    is_spent  INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX refresh_user ON refresh (user);
  CREATE INDEX refresh_expires ON refresh (expires_s);
  CREATE TABLE role (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    app    INTEGER NOT NULL REFERENCES app (id) ON DELETE CASCADE,
    slug   TEXT NOT NULL,
    name   TEXT NOT NULL,
    rights TEXT NOT NULL,
    UNIQUE (app, slug)
  ) STRICT;
  CREATE TABLE app_grant (
    user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    app  INTEGER NOT NULL REFERENCES app (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user, app)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX app_grant_app ON app_grant (app);
  CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;";
const ANSWERS_UNDER_KEYS: &str = "CREATE TABLE idempotency (
  user      INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  key       TEXT NOT NULL,
  request   BLOB NOT NULL,
  answer    TEXT NOT NULL,
  expires_s INTEGER NOT NULL,
  PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency (expires_s);";
const SAVED_VIEWS: &str = "CREATE TABLE saved_view (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  schema     INTEGER NOT NULL REFERENCES schema (id) ON DELETE CASCADE,
  owner      INTEGER REFERENCES user (id) ON DELETE CASCADE,
  slug       TEXT NOT NULL,
  name       TEXT NOT NULL,
  definition TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX saved_view_slug ON saved_view (schema, coalesce(owner, 0), slug);
CREATE INDEX saved_view_owner ON saved_view (owner);";
const UNDO_AND_CHECKPOINTS: &str = "ALTER TABLE change ADD COLUMN undoes INTEGER;
ALTER TABLE change ADD COLUMN tab TEXT;
CREATE INDEX change_undoes ON change (undoes, seq) WHERE undoes IS NOT NULL AND batch IS NULL;
CREATE INDEX change_define ON change (schema, seq) WHERE kind = 'define';
CREATE TABLE checkpoint (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  app       INTEGER NOT NULL REFERENCES app (id) ON DELETE CASCADE,
  name      TEXT NOT NULL,
  seq       INTEGER NOT NULL,
  at        TEXT NOT NULL,
  principal TEXT NOT NULL
) STRICT;
CREATE INDEX checkpoint_app ON checkpoint (app);
INSERT OR REPLACE INTO meta (key, value) SELECT 'app_last', max(id) FROM
  (SELECT max(app) AS id FROM change UNION ALL SELECT max(id) FROM app UNION ALL SELECT 0);";

/// Makes the file if it is missing: its lock is found by the file itself, wherever a link to it stands.
pub fn create(path: &Path, fault: Option<Fault>) -> std::io::Result<()> {
    let is_new = !path.exists();
    create_private(path)?;
    if is_new { place::sync_folder(path, fault) } else { Ok(()) }
}

/// Opens the writing connection of a data file and brings it up to this program's version. The error is a sentence for the person.
pub fn open(path: &Path, how: &Opening) -> Result<Connection, String> {
    if has_other_names(path) {
        return Err("it has a second name (a hard link), and SQLite's log belongs to one name: two servers would not see each other. Copy it instead".to_owned());
    }
    let conn = open_untouched(path).map_err(sentence)?;
    // Looked at before anything is set: a file of another program stays as it is.
    let version = look(&conn)?;
    if let Some(older) = version.filter(|version| *version < VERSION) {
        let copy = backup::name_for(path, Reason::BeforeMigration, &(how.clock)()).and_then(|name| backup::copy_aside(path, &name, how));
        copy.map_err(|error| format!("it is of version {older} and is copied before it is changed, but: {}", error.message()))?;
    }
    prepare_writer(&conn, how.durability, how.fault).map_err(sentence)?;
    match version {
        None => {
            let make =
                format!("BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;");
            conn.execute_batch(&make).map_err(sentence)?;
        }
        Some(older) => bring_up(&conn, older).map_err(sentence)?,
    }
    Ok(conn)
}

/// Brings a copy that nobody else has open up to this program's version. It stays one file.
pub fn bring_up_copy(path: &Path) -> Result<Connection, String> {
    let conn = open_untouched(path).map_err(sentence)?;
    let older = look(&conn)?.ok_or("it is empty")?;
    bring_up(&conn, older).map_err(sentence)?;
    Ok(conn)
}

/// All steps or none.
fn bring_up(conn: &Connection, older: i64) -> rusqlite::Result<()> {
    let steps: String = (1..).zip(STEPS).filter(|(from, _)| *from >= older).map(|(_, step)| step).collect();
    if steps.is_empty() {
        return Ok(());
    }
    conn.execute_batch(&format!("BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;"))
}

/// The version of a file of ours that this program knows, `None` of an empty file; else why it cannot be used.
fn look(conn: &Connection) -> Result<Option<i64>, String> {
    let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(sentence);
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    match (number("PRAGMA application_id")?, number("PRAGMA user_version")?) {
        (0, 0) if tables == 0 => Ok(None),
        (APPLICATION_ID, version @ 1..=VERSION) => Ok(Some(version)),
        (APPLICATION_ID, newer) if newer > VERSION => {
            Err(format!("it was made by a newer Carryall (file version {newer}, this program knows {VERSION}). Use the newer program"))
        }
        _ => Err("it is a SQLite file of another program. Choose another file with --db".to_owned()),
    }
}

/// Says why a file cannot be read, if it cannot.
pub fn check_readable(path: &Path) -> Result<(), String> {
    let conn = open_untouched(path).map_err(sentence)?;
    match look(&conn)? {
        None => Err("it is empty".to_owned()),
        Some(VERSION) => Ok(()),
        Some(_) => Err("it was made by an older Carryall. Serve it once, which brings it up to date and keeps a copy".to_owned()),
    }
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

#[cfg(unix)]
fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|data| data.nlink() > 1)
}

#[cfg(not(unix))]
fn has_other_names(_: &Path) -> bool {
    false
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
