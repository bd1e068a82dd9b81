//! The tables `schema` and `field`, and the record table that each schema has.

use crate::model::error::{Error, Result};
use crate::model::field::Field;
use crate::model::record::RecordId;
use crate::model::schema::{Schema, SchemaId};
use crate::store::sql::{links, table};
use crate::store::sqlite::OrFailed;
use crate::store::tables::auto_indexes;
use crate::store::tx::WriteTx;
use crate::store::{indexes, link_rows};
use serde_json::{Value, json};

/// Stores a new schema with its fields, its empty table and its indexes; `schema.id` is not looked at.
pub fn insert(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<SchemaId> {
    let sql = "INSERT INTO schema (app, slug, name, model, display_field, version, unique_groups, index_groups, next_id, records)
               VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, 1, 0) RETURNING id";
    let id = tx
        .conn()
        .query_row(
            sql,
            (
                schema.app.0,
                &schema.slug,
                &schema.name,
                &schema.model,
                &schema.display_field,
                json!(schema.unique).to_string(),
                json!(schema.indexes).to_string(),
            ),
            |row| row.get(0).map(SchemaId),
        )
        .or_failed()?;
    for (position, field) in schema.fields.iter().enumerate() {
        put_field(tx, id, position, field)?;
    }
    let create = format!(
        "CREATE TABLE {} (id INTEGER PRIMARY KEY, data TEXT NOT NULL, created_at TEXT NOT NULL, created_by INTEGER, updated_at TEXT NOT NULL, updated_by INTEGER, version INTEGER NOT NULL) STRICT",
        table(id)
    );
    tx.conn().execute_batch(&create).or_failed()?;
    let schema = Schema { id, ..schema.clone() };
    link_rows::settle(tx, &schema)?;
    indexes::settle(tx, &schema)?;
    Ok(id)
}

/// Replaces a schema's description and fields. New fields stand at the end and are filled into every record with their default;
/// fields that are gone are taken out of every record.
pub fn replace(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema) -> Result<()> {
    let sql = "UPDATE schema SET name = ?2, model = ?3, display_field = ?4, version = version + 1, unique_groups = ?5, index_groups = ?6 WHERE id = ?1";
    tx.conn()
        .execute(sql, (old.id.0, &new.name, &new.model, &new.display_field, json!(new.unique).to_string(), json!(new.indexes).to_string()))
        .or_failed()?;
    tx.conn().execute("DELETE FROM field WHERE schema = ?1", [old.id.0]).or_failed()?;
    for (position, field) in new.fields.iter().enumerate() {
        put_field(tx, old.id, position, field)?;
    }
    let gone: Vec<&Field> = old.fields.iter().filter(|field| new.field(&field.slug).is_none()).collect();
    let added: Vec<&Field> = new.fields.iter().filter(|field| old.field(&field.slug).is_none()).collect();
    // Without the indexes of fields that go, which would be kept up for nothing; the others stay as they are.
    let stays = |slug: &String| new.field(slug).is_some();
    let groups = |groups: &[Vec<String>]| groups.iter().filter(|group| group.iter().all(stays)).cloned().collect();
    let kept = Schema {
        fields: old.fields.iter().filter(|field| stays(&field.slug)).cloned().collect(),
        unique: groups(&old.unique),
        indexes: groups(&old.indexes),
        automatic: old.automatic.iter().filter(|index| stays(&index.field)).cloned().collect(),
        ..old.clone()
    };
    indexes::settle(tx, &kept)?;
    link_rows::settle(tx, &Schema { id: old.id, ..new.clone() })?;
    for field in gone {
        let path = format!("$.{}", field.slug);
        tx.conn().execute(&format!("UPDATE {} SET data = json_remove(data, ?1)", table(old.id)), [path]).or_failed()?;
        if field.kind.is_set() && new.fields.iter().any(|field| field.kind.is_set()) {
            link_rows::forget(tx, old, &field.slug)?;
        }
    }
    for field in added {
        let path = format!("$.{}", field.slug);
        tx.conn()
            .execute(&format!("UPDATE {} SET data = json_set(data, ?1, json(?2))", table(old.id)), (path, field.default.to_string()))
            .or_failed()?;
        if field.kind.is_set() {
            link_rows::write_field(tx, old, field, RecordId(1))?;
        }
    }
    auto_indexes::keep(tx, old.id, &kept.automatic)?;
    indexes::settle(tx, &Schema { id: old.id, automatic: kept.automatic, ..new.clone() })
}

/// Takes a schema, its fields and all its records away.
pub fn remove(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    let drop_both = format!("DROP TABLE {}; DROP TABLE IF EXISTS {}", table(schema.id), links(schema.id));
    tx.conn().execute_batch(&drop_both).or_failed()?;
    auto_indexes::keep(tx, schema.id, &[])?;
    tx.conn().execute("DELETE FROM field WHERE schema = ?1", [schema.id.0]).or_failed()?;
    tx.conn().execute("DELETE FROM schema WHERE id = ?1", [schema.id.0]).or_failed().map(drop)
}

/// A schema as the change log keeps it: enough to make it again.
pub fn described(schema: &Schema) -> Value {
    let fields: Vec<Value> = schema
        .fields
        .iter()
        .map(|field| {
            json!({
                "slug": field.slug, "name": field.name, "header": field.header, "type": field.type_name, "required": field.required,
                "unique": field.unique, "index": field.indexed, "default": field.default, "rules": field.rules.to_json(),
            })
        })
        .collect();
    json!({
        "slug": schema.slug, "name": schema.name, "model": schema.model, "display_field": schema.display_field,
        "unique": schema.unique, "indexes": schema.indexes, "fields": fields,
    })
}

fn put_field(tx: &mut WriteTx<'_>, schema: SchemaId, position: usize, field: &Field) -> Result<()> {
    let position = i64::try_from(position).map_err(Error::internal)?;
    let sql = "INSERT INTO field (schema, position, slug, name, header, type, kind, required, is_unique, is_indexed, default_value, rules)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    let rules = Value::Object(field.rules.to_json()).to_string();
    let values = rusqlite::params![
        schema.0,
        position,
        field.slug,
        field.name,
        field.header,
        field.type_name,
        field.kind.name(),
        field.required,
        field.unique,
        field.indexed,
        field.default.to_string(),
        rules
    ];
    tx.conn().execute(sql, values).or_failed().map(drop)
}
