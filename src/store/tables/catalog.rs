//! Loads all apps and schemas, and the number that says whether they changed.

use super::{auto_indexes, roles, searches};
use crate::expr::resolve::resolve;
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::Result;
use crate::model::field::{Field, Kind, Rules};
use crate::model::schema::{Schema, SchemaId};
use crate::model::search::{Search, State};
use crate::store::search;
use crate::store::sqlite::{OrFailed, damaged};
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

pub fn version(conn: &Connection) -> Result<i64> {
    let mut statement = conn.prepare_cached("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'catalog_version'").or_failed()?;
    statement.query_row([], |row| row.get(0)).or_failed()
}

pub fn raise_version(conn: &Connection) -> Result<()> {
    conn.execute("UPDATE meta SET value = value + 1 WHERE key = 'catalog_version'", []).or_failed().map(drop)
}

pub fn load(conn: &Connection) -> Result<Catalog> {
    Ok(read(conn)?.0)
}

/// The same of a file that was just opened: what cannot be computed in it is logged. Later it is a slip in a change that will be refused.
pub fn load_first(conn: &Connection) -> Result<Catalog> {
    let (catalog, problems) = read(conn)?;
    problems.iter().for_each(|problem| log::error!("{problem}"));
    Ok(catalog)
}

fn read(conn: &Connection) -> Result<(Catalog, Vec<String>)> {
    let mut statement = conn.prepare("SELECT id, uuid, slug, name, description, created_at, aliases FROM app").or_failed()?;
    let apps = statement.query_map([], app).or_failed()?.map(|app| app.map(Arc::new)).collect::<rusqlite::Result<Vec<_>>>().or_failed()?;
    let mut fields = fields(conn)?;
    let mut automatic = auto_indexes::all(conn)?;
    let mut searches = searches::all(conn)?;
    let mut statement = conn
        .prepare("SELECT id, app, slug, name, model, display_field, version, unique_groups, index_groups, aliases FROM schema")
        .or_failed()?;
    let mut rows = statement.query([]).or_failed()?;
    let mut schemas = Vec::new();
    while let Some(row) = rows.next().or_failed()? {
        let mut schema = schema(row).or_failed()?;
        schema.fields = fields.remove(&schema.id).unwrap_or_default();
        schema.automatic = automatic.remove(&schema.id).unwrap_or_default();
        if let Some(said) = searches.remove(&schema.id) {
            schema.search = said.search;
            // Made by a program, or for a schema, that is another one now.
            let is_same = said.definition == search::definition(&schema);
            if let Some(index) = schema.search.index.as_mut().filter(|_| !is_same) {
                index.state = State::Failed;
            }
        }
        schemas.push(Arc::new(schema));
    }
    let mut problems = compute(&mut schemas);
    let (roles, grants) = (roles::all(conn, &schemas)?, roles::grants(conn)?);
    problems.extend(roles.iter().flat_map(|role| roles::without_meaning(role)));
    Ok((Catalog::new(version(conn)?, apps, schemas).with_rights(roles, grants), problems))
}

/// Reads what computed fields and lines compute. One that cannot be read any more has no value; `ops/alter` keeps that from
/// happening.
fn compute(schemas: &mut [Arc<Schema>]) -> Vec<String> {
    let (known, mut problems) = (schemas.to_vec(), Vec::new());
    for schema in schemas.iter_mut().filter(|schema| !schema.fields.iter().all(Field::is_stored)) {
        let app: Vec<Arc<Schema>> = known.iter().filter(|other| other.app == schema.app).cloned().collect();
        let mut found = Schema::clone(schema);
        for (field, declared) in found.fields.iter_mut().zip(&schema.fields).filter(|(_, declared)| !declared.is_stored()) {
            match resolve(declared, schema, &app) {
                Ok(computation) => {
                    field.kind = computation.kind;
                    field.formula = Some(Arc::new(computation));
                }
                Err(problem) => problems.push(format!("{}.{}: {}", schema.slug, declared.slug, problem.message)),
            }
        }
        *schema = Arc::new(found);
    }
    problems
}

fn app(row: &Row<'_>) -> rusqlite::Result<App> {
    Ok(App {
        id: AppId(row.get(0)?),
        uuid: row.get(1)?,
        slug: row.get(2)?,
        name: row.get(3)?,
        description: row.get(4)?,
        created_at: row.get(5)?,
        aliases: texts(&row.get::<_, String>(6)?),
    })
}

fn schema(row: &Row<'_>) -> rusqlite::Result<Schema> {
    Ok(Schema {
        id: SchemaId(row.get(0)?),
        app: AppId(row.get(1)?),
        slug: row.get(2)?,
        name: row.get(3)?,
        model: row.get(4)?,
        display_field: row.get(5)?,
        version: row.get(6)?,
        fields: Vec::new(),
        unique: groups(&row.get::<_, String>(7)?),
        indexes: groups(&row.get::<_, String>(8)?),
        automatic: Vec::new(),
        aliases: texts(&row.get::<_, String>(9)?),
        hidden: Vec::new(),
        search: Search::default(),
    })
}

fn fields(conn: &Connection) -> Result<HashMap<SchemaId, Vec<Field>>> {
    let mut statement = conn
        .prepare("SELECT schema, slug, name, header, type, kind, required, is_unique, is_indexed, default_value, rules, rank FROM field ORDER BY schema, position")
        .or_failed()?;
    let mut rows = statement.query([]).or_failed()?;
    let mut fields: HashMap<SchemaId, Vec<Field>> = HashMap::new();
    while let Some(row) = rows.next().or_failed()? {
        let schema = SchemaId(row.get(0).or_failed()?);
        fields.entry(schema).or_default().push(field(row)?);
    }
    Ok(fields)
}

fn field(row: &Row<'_>) -> Result<Field> {
    let text = |at: usize| row.get::<_, String>(at).or_failed();
    let flag = |at: usize| row.get::<_, bool>(at).or_failed();
    let kind = text(5)?;
    let default: Value = serde_json::from_str(&text(9)?).map_err(damaged)?;
    let rules: Map<String, Value> = serde_json::from_str(&text(10)?).map_err(damaged)?;
    Ok(Field {
        slug: text(1)?,
        name: text(2)?,
        header: row.get(3).or_failed()?,
        type_name: text(4)?,
        kind: Kind::from_name(&kind).ok_or_else(|| damaged(format!("unknown kind {kind}")))?,
        required: flag(6)?,
        unique: flag(7)?,
        indexed: flag(8)?,
        default,
        rules: Rules::from_json(&rules),
        rank: row.get(11).or_failed()?,
        formula: None,
    })
}

fn texts(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

fn groups(text: &str) -> Vec<Vec<String>> {
    serde_json::from_str(text).unwrap_or_default()
}
