//! The tables `role` and `app_grant`: what roles of an app let through, and who has which.

use super::users::{known, user};
use crate::expr::resolve::rule;
use crate::model::app::AppId;
use crate::model::error::Result;
use crate::model::principal::{Action, User, UserId};
use crate::model::role::{Allowed, AppRole, Rights, Sight};
use crate::model::schema::{Schema, SchemaId};
use crate::store::sqlite::OrFailed;
use crate::store::tx::{ReadTx, WriteTx};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// All roles, with what their rules mean and how each sees the schemas of its app.
pub(super) fn all(conn: &Connection, schemas: &[Arc<Schema>]) -> Result<Vec<Arc<AppRole>>> {
    let mut statement = conn.prepare_cached("SELECT id, app, slug, name, rights FROM role ORDER BY app, id").or_failed()?;
    let mut rows = statement.query([]).or_failed()?;
    let mut roles = Vec::new();
    while let Some(row) = rows.next().or_failed()? {
        let (id, app) = (row.get(0).or_failed()?, AppId(row.get(1).or_failed()?));
        let (slug, name, rights) = (row.get(2).or_failed()?, row.get(3).or_failed()?, row.get::<_, String>(4).or_failed()?);
        let known: Vec<Arc<Schema>> = schemas.iter().filter(|schema| schema.app == app).cloned().collect();
        let mut role = AppRole { id, app, slug, name, rights: read(&rights) };
        settle(&mut role, &known);
        roles.push(Arc::new(role));
    }
    Ok(roles)
}

/// Roles of people who may come in: somebody suspended has none.
pub(super) fn grants(conn: &Connection) -> Result<HashMap<(UserId, AppId), String>> {
    let sql = "SELECT g.user, g.app, g.role FROM app_grant g JOIN user u ON u.id = g.user WHERE NOT u.suspended";
    let mut statement = conn.prepare_cached(sql).or_failed()?;
    let rows = statement.query_map([], |row| Ok(((UserId(row.get(0)?), AppId(row.get(1)?)), row.get(2)?))).or_failed()?;
    rows.collect::<rusqlite::Result<_>>().or_failed()
}

/// Rights by the number of the schema.
fn read(text: &str) -> BTreeMap<SchemaId, Rights> {
    let map: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    map.iter().filter_map(|(id, rights)| Some((SchemaId(id.parse().ok()?), Rights::from_json(rights)))).collect()
}

fn written(role: &AppRole) -> String {
    let map: Map<String, Value> = role.rights.iter().map(|(id, rights)| (id.0.to_string(), rights.to_json())).collect();
    Value::Object(map).to_string()
}

/// Finds out what the rules of a role mean and how it sees the schemas of its app. What is said of schemas and fields that are gone is dropped.
pub fn settle(role: &mut AppRole, schemas: &[Arc<Schema>]) {
    role.rights.retain(|id, _| schemas.iter().any(|schema| schema.id == *id));
    for schema in schemas {
        let Some(rights) = role.rights.get_mut(&schema.id) else { continue };
        rights.hidden.retain(|slug| schema.field(slug).is_some());
        rights.read_only.retain(|slug| schema.field(slug).is_some());
        for action in Action::OF_RECORDS {
            if let Some(Allowed::Where(said)) = rights.of_mut(action) {
                said.meaning = rule(&said.text, schema, schemas).ok().map(Arc::new);
            }
        }
    }
    let rights = role.rights.clone();
    let sight = Sight {
        schemas,
        sees_field: &|schema, slug| rights.get(&schema).is_some_and(|rights| !rights.hidden.iter().any(|hidden| hidden == slug)),
        sees_all: &|schema| rights.get(&schema).is_some_and(|rights| rights.read == Allowed::All),
        knows: &|schema| rights.get(&schema).is_some_and(Rights::is_any),
    };
    for schema in schemas {
        if let Some(rights) = role.rights.get_mut(&schema.id) {
            rights.seen = Some(sight.of(schema));
        }
    }
}

/// Rules that cannot be read any more, and so let nothing through; `ops/roles` keeps that from happening.
pub(super) fn without_meaning(role: &AppRole) -> Vec<String> {
    let rules = role.rights.iter().flat_map(|(schema, rights)| rights.rules().map(move |(action, rule)| (schema, action, rule)));
    let lost = rules.filter(|(_, _, rule)| rule.meaning.is_none());
    lost.map(|(schema, action, rule)| format!("role {}, table {}, {}: '{}' means nothing", role.slug, schema.0, action.name(), rule.text))
        .collect()
}

/// Stores a new role; its id is not looked at.
pub fn insert(tx: &mut WriteTx<'_>, role: &AppRole) -> Result<()> {
    let sql = "INSERT INTO role (app, slug, name, rights) VALUES (?1, ?2, ?3, ?4)";
    tx.conn().execute(sql, (role.app.0, &role.slug, &role.name, written(role))).or_failed()?;
    touch(tx, role)
}

pub fn update(tx: &mut WriteTx<'_>, old: &AppRole, new: &AppRole) -> Result<()> {
    tx.conn().execute("UPDATE role SET name = ?2, rights = ?3 WHERE id = ?1", (old.id, &new.name, written(new))).or_failed()?;
    touch(tx, old)?;
    touch(tx, new)
}

/// Takes a role away; nobody has it by then.
pub fn remove(tx: &mut WriteTx<'_>, role: &AppRole) -> Result<()> {
    tx.conn().execute("DELETE FROM role WHERE id = ?1", [role.id]).or_failed()?;
    touch(tx, role)
}

/// Records of these schemas are answered otherwise from here on: whoever knows a state of one must ask again.
fn touch(tx: &mut WriteTx<'_>, role: &AppRole) -> Result<()> {
    let mut raise = tx.conn().prepare_cached("UPDATE schema SET version = version + 1 WHERE id = ?1").or_failed()?;
    role.rights.keys().try_for_each(|schema| raise.execute([schema.0]).or_failed().map(drop))
}

/// Stores what is left of the roles of an app once it has other schemas or fields.
pub fn tidy(tx: &mut WriteTx<'_>, app: AppId) -> Result<()> {
    let roles: Vec<Arc<AppRole>> = tx.catalog().roles(app).cloned().collect();
    for role in roles {
        let sql = "UPDATE role SET rights = ?2 WHERE id = ?1 AND rights <> ?2";
        tx.conn().prepare_cached(sql).or_failed()?.execute((role.id, written(&role))).or_failed()?;
    }
    Ok(())
}

/// How many people have a role.
pub fn holders(tx: &ReadTx<'_>, app: AppId, slug: &str) -> Result<i64> {
    let mut statement = tx.conn().prepare_cached("SELECT count(*) FROM app_grant WHERE app = ?1 AND role = ?2").or_failed()?;
    statement.query_row((app.0, slug), |row| row.get(0)).or_failed()
}

/// Somebody who may have a role, and whether they are suspended.
pub fn holder(tx: &ReadTx<'_>, id: UserId) -> Result<Option<(User, bool)>> {
    let mut statement = tx.conn().prepare_cached("SELECT id, email, role, suspended FROM user WHERE id = ?1").or_failed()?;
    let found = statement.query_row([id.0], |row| Ok((user(row)?, row.get(3)?))).optional().or_failed()?;
    found.map(|(user, is_suspended)| Ok((known(user)?, is_suspended))).transpose()
}

/// Gives somebody a role in an app, in place of the one that they have there.
pub fn grant(tx: &mut WriteTx<'_>, user: UserId, app: AppId, role: &str) -> Result<()> {
    let sql = "INSERT INTO app_grant (user, app, role) VALUES (?1, ?2, ?3) ON CONFLICT (user, app) DO UPDATE SET role = ?3";
    tx.conn().execute(sql, (user.0, app.0, role)).or_failed().map(drop)
}

/// Takes somebody's role in an app away; whether they had one.
pub fn revoke(tx: &mut WriteTx<'_>, user: UserId, app: AppId) -> Result<bool> {
    tx.conn().execute("DELETE FROM app_grant WHERE user = ?1 AND app = ?2", (user.0, app.0)).or_failed().map(|gone| gone > 0)
}
