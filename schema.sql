-- The system tables of a Carryall data file, version 8. store/migrate.rs applies this to an empty file.
-- Records are not here: each schema has a table r<id> of its own, made by store/tables/schemas.rs.
-- Times are RFC 3339 text in UTC; JSON is text. Any SQLite tool can read and check the file.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,            -- catalog_version: counts up with every change of an app or schema
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
  id             INTEGER PRIMARY KEY,
  uuid           TEXT NOT NULL UNIQUE,
  slug           TEXT NOT NULL UNIQUE,
  name           TEXT NOT NULL,
  description    TEXT NOT NULL,
  created_at     TEXT NOT NULL,
  next_choice_id INTEGER NOT NULL,     -- option ids are unique in their app and never reused
  aliases        TEXT NOT NULL DEFAULT '[]'  -- slugs that it had before
) STRICT;

CREATE TABLE schema (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- names the record table: never reused
  app           INTEGER NOT NULL REFERENCES app (id),
  slug          TEXT NOT NULL,
  name          TEXT NOT NULL,
  model         TEXT NOT NULL,
  display_field TEXT,
  version       INTEGER NOT NULL,
  unique_groups TEXT NOT NULL,         -- [["email","company"]]
  index_groups  TEXT NOT NULL,
  next_id       INTEGER NOT NULL,      -- the next record's id
  records       INTEGER NOT NULL,      -- how many there are: lists never count
  aliases       TEXT NOT NULL DEFAULT '[]',  -- slugs that it had before
  UNIQUE (app, slug)
) STRICT;

CREATE TABLE field (
  schema        INTEGER NOT NULL REFERENCES schema (id),
  position      INTEGER NOT NULL,      -- order of creation = key order of the stored JSON
  slug          TEXT NOT NULL COLLATE NOCASE,
  name          TEXT NOT NULL,
  header        TEXT,                  -- heading in the file that it was imported from
  type          TEXT NOT NULL,
  kind          TEXT NOT NULL,
  required      INTEGER NOT NULL,
  is_unique     INTEGER NOT NULL,
  is_indexed    INTEGER NOT NULL,
  default_value TEXT NOT NULL,         -- JSON
  rules         TEXT NOT NULL,         -- JSON object
  rank          INTEGER NOT NULL DEFAULT 0,  -- place among the fields as people see them
  PRIMARY KEY (schema, position),
  UNIQUE (schema, slug)
) STRICT, WITHOUT ROWID;

CREATE TABLE auto_index (               -- indexes that nobody declared: made because lists kept asking by a field
  schema   INTEGER NOT NULL REFERENCES schema (id) ON DELETE CASCADE,
  field    TEXT NOT NULL,
  made_at  TEXT NOT NULL,
  why      TEXT NOT NULL,
  stall_ms INTEGER NOT NULL,            -- how long writers waited for it
  used_at  TEXT NOT NULL,               -- to the day
  PRIMARY KEY (schema, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE search (                   -- of searching a schema: what is said, and how far its index, the table f<schema>, is
  schema     INTEGER PRIMARY KEY REFERENCES schema (id) ON DELETE CASCADE,
  wanted     TEXT NOT NULL,            -- JSON: null, true, false, ["name"]
  definition TEXT,                     -- JSON: [["name", "its SQL"]], column by column; without an index NULL
  upto       INTEGER,                  -- records up to this id are in it; NULL: all
  is_failed  INTEGER NOT NULL DEFAULT 0  -- it could not be kept up
) STRICT;

CREATE TABLE user (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  email         TEXT NOT NULL UNIQUE COLLATE NOCASE,
  password_hash TEXT NOT NULL,         -- bcrypt; empty until an invitation is taken up
  role          TEXT NOT NULL,         -- in the workspace: owner, admin, member
  created_at    TEXT NOT NULL,
  name          TEXT NOT NULL DEFAULT '',
  suspended     INTEGER NOT NULL DEFAULT 0,
  api_access    INTEGER NOT NULL DEFAULT 1,  -- whether tokens of theirs are good
  generation    INTEGER NOT NULL DEFAULT 1   -- raised by what ends their JWTs: each carries the number it was made under
) STRICT;

CREATE TABLE session (
  hash       BLOB PRIMARY KEY,         -- SHA-256 of the cookie; the cookie itself is nowhere
  user       INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  created_at TEXT NOT NULL,
  expires_s  INTEGER NOT NULL,
  used_s     INTEGER NOT NULL DEFAULT 0,     -- to the minute
  agent      TEXT NOT NULL DEFAULT '',       -- what the browser calls itself
  address    TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires_s);
CREATE INDEX session_user ON session (user);

CREATE TABLE link (
  hash      BLOB PRIMARY KEY,          -- SHA-256 of a one-time token
  user      INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  expires_s INTEGER NOT NULL,
  purpose   TEXT NOT NULL DEFAULT 'sign_in'  -- sign_in, invitation, reset
) STRICT, WITHOUT ROWID;

CREATE TABLE token (                    -- personal tokens, and pairs of key and secret
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  kind       TEXT NOT NULL,            -- personal, key-secret
  user       INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  key        TEXT UNIQUE,              -- of a pair: not secret
  hash       BLOB NOT NULL,            -- SHA-256 of the secret; the secret itself is nowhere
  narrowing  TEXT NOT NULL,            -- JSON: what it lets through of what its owner may
  created_at TEXT NOT NULL,
  expires_s  INTEGER,
  used_s     INTEGER                   -- to the minute
) STRICT;
CREATE INDEX token_user ON token (user);

CREATE TABLE refresh (                  -- refresh tokens that were given out and are still good
  jti       BLOB PRIMARY KEY,          -- SHA-256 of the token's id
  user      INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  family    BLOB NOT NULL,             -- the sign-in that they go back to
  expires_s INTEGER NOT NULL,
  is_spent  INTEGER NOT NULL DEFAULT 0 -- another one was given for it
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_user ON refresh (user);
CREATE INDEX refresh_expires ON refresh (expires_s);

CREATE TABLE role (                     -- roles of one app beside owner, editor, viewer; `guest` is whoever is not signed in
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  app    INTEGER NOT NULL REFERENCES app (id) ON DELETE CASCADE,
  slug   TEXT NOT NULL,
  name   TEXT NOT NULL,
  rights TEXT NOT NULL,                -- JSON, by number of the schema
  UNIQUE (app, slug)
) STRICT;

CREATE TABLE app_grant (                -- who has which role in which app
  user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  app  INTEGER NOT NULL REFERENCES app (id) ON DELETE CASCADE,
  role TEXT NOT NULL,                  -- owner, editor, viewer, or the slug of a role
  PRIMARY KEY (user, app)
) STRICT, WITHOUT ROWID;
CREATE INDEX app_grant_app ON app_grant (app);

CREATE TABLE saved_view (               -- saved views of a schema
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  schema     INTEGER NOT NULL REFERENCES schema (id) ON DELETE CASCADE,
  owner      INTEGER REFERENCES user (id) ON DELETE CASCADE,  -- NULL: all who list the schema share it
  slug       TEXT NOT NULL,
  name       TEXT NOT NULL,
  definition TEXT NOT NULL             -- JSON: kind, filter, sort, fields, group, options
) STRICT;
CREATE UNIQUE INDEX saved_view_slug ON saved_view (schema, coalesce(owner, 0), slug);
CREATE INDEX saved_view_owner ON saved_view (owner);

CREATE TABLE setting (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL                  -- JSON
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (              -- answers that are given again to who asks again under the same key
  user      INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
  key       TEXT NOT NULL,
  request   BLOB NOT NULL,             -- SHA-256 of method, address and body
  answer    TEXT NOT NULL,             -- JSON: status, headers, body
  expires_s INTEGER NOT NULL,
  PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency (expires_s);

CREATE TABLE change (
  seq       INTEGER PRIMARY KEY AUTOINCREMENT,  -- a cursor of readers: never used again, even when the log was emptied
  at        TEXT NOT NULL,
  principal TEXT NOT NULL,
  dialect   TEXT NOT NULL,
  token     TEXT,                       -- which credential, when it has a name
  app       INTEGER,
  schema    INTEGER,
  record    INTEGER,
  kind      TEXT NOT NULL,
  batch     INTEGER,
  label     TEXT NOT NULL,
  body      TEXT,
  undoes    INTEGER,                    -- the entry or batch that this one takes back
  tab       TEXT                        -- of the page, where it was done in one
) STRICT;
CREATE INDEX change_record ON change (schema, record, seq) WHERE record IS NOT NULL;
CREATE INDEX change_undoes ON change (undoes, seq) WHERE undoes IS NOT NULL AND batch IS NULL;
CREATE INDEX change_define ON change (schema, seq) WHERE kind = 'define';

CREATE TABLE checkpoint (               -- moments of an app that it can be put back to
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  app       INTEGER NOT NULL REFERENCES app (id) ON DELETE CASCADE,
  name      TEXT NOT NULL,
  seq       INTEGER NOT NULL,           -- the newest entry of the change log then
  at        TEXT NOT NULL,
  principal TEXT NOT NULL
) STRICT;
CREATE INDEX checkpoint_app ON checkpoint (app);

INSERT INTO meta (key, value) VALUES ('catalog_version', '1');
