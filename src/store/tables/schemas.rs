//! The tables `schema` and `field`, and the record table that each schema has.

use crate::model::app::AppId;
use crate::model::error::{Error, Result};
use crate::model::field::{Field, Kind};
use crate::model::plan::Column;
use crate::model::record::RecordId;
use crate::model::schema::{AutoIndex, Schema, SchemaId};
use crate::model::search::{Search, Wanted};
use crate::store::sql::{index_column, links, table};
use crate::store::sqlite::OrFailed;
use crate::store::tables::{auto_indexes, tokens};
use crate::store::tx::{ReadTx, WriteTx};
use crate::store::{indexes, link_rows, search};
use rusqlite::params_from_iter;
use serde_json::{Value, json};

/// Stores a new schema with its fields, its empty table and its indexes; `schema.id` is not looked at.
pub fn insert(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<SchemaId> {
    let sql = "INSERT INTO schema (app, slug, name, model, display_field, version, unique_groups, index_groups, aliases, next_id, records)
               VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, 1, 0) RETURNING id";
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
                json!(schema.aliases).to_string(),
            ),
            |row| row.get(0).map(SchemaId),
        )
        .or_failed()?;
    furnish(tx, id, schema)?;
    Ok(id)
}

/// Stores a schema that was taken away again, empty, under its own id; its records get ids from `next_id` on.
pub fn put_back(tx: &mut WriteTx<'_>, schema: &Schema, next_id: i64) -> Result<()> {
    let sql =
        "INSERT INTO schema (id, app, slug, name, model, display_field, version, unique_groups, index_groups, aliases, next_id, records)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)";
    let groups = |groups: &[Vec<String>]| json!(groups).to_string();
    let Schema { id, app, slug, name, model, display_field, version, unique, indexes, aliases, .. } = schema;
    let (unique, indexes, aliases) = (groups(unique), groups(indexes), json!(aliases).to_string());
    let values = rusqlite::params![id.0, app.0, slug, name, model, display_field, version, unique, indexes, aliases, next_id];
    tx.conn().execute(sql, values).or_failed()?;
    furnish(tx, *id, schema)
}

/// The fields, the table and the indexes of a schema that was just stored.
fn furnish(tx: &mut WriteTx<'_>, id: SchemaId, schema: &Schema) -> Result<()> {
    take_over(tx, id, schema)?;
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
    search::settle(tx, &schema, None)
}

/// What fields of a schema become others: old slug, new slug.
pub type Renames = [(String, String)];

/// Replaces a schema's description and fields, and with them every record: new fields hold their default, fields that are gone are taken out,
/// renamed ones go on under their new name.
pub fn replace(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema, renames: &Renames) -> Result<()> {
    reshape(tx, old, new, renames, None)
}

/// The same, with the values of a field that is of another type now, staged by `conversion::stage_value`.
pub fn replace_converted(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema, converted: &str) -> Result<()> {
    reshape(tx, old, new, &[], Some(converted))
}

fn reshape(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema, renames: &Renames, converted: Option<&str>) -> Result<()> {
    note(tx, old, new)?;
    tokens::follow_fields(tx, old, new, renames)?;
    let before = |slug: &str| {
        let was = renames.iter().find(|(_, now)| now == slug).map_or(slug, |(was, _)| was);
        old.stored().find(|field| field.slug == was)
    };
    // Without the indexes of fields that go or change, which would be kept up for nothing; the others stay as they are.
    let stays = |slug: &String| {
        let same =
            new.field(slug).zip(old.field(slug)).is_some_and(|(now, was)| now.kind == was.kind && now.is_stored() == was.is_stored());
        let is_stamp = matches!(index_column(new, slug), Some(Column::CreatedAt | Column::UpdatedAt));
        (same || is_stamp) && Some(slug.as_str()) != converted && !renames.iter().any(|(was, now)| was == slug || now == slug)
    };
    let groups = |groups: &[Vec<String>]| groups.iter().filter(|group| group.iter().all(stays)).cloned().collect();
    let automatic: Vec<AutoIndex> = old.automatic.iter().filter(|index| stays(&index.field)).cloned().collect();
    let kept = Schema {
        fields: old.fields.iter().filter(|field| stays(&field.slug)).cloned().collect(),
        unique: groups(&old.unique),
        indexes: groups(&old.indexes),
        automatic: automatic.clone(),
        ..old.clone()
    };
    indexes::settle(tx, &kept)?;
    let touched = tx.touched().of(old.id);
    let is_same = old.stored().map(|field| field.slug.as_str()).eq(new.stored().map(|field| field.slug.as_str()));
    if !is_same || converted.is_some() {
        rewrite(tx, old, new, converted, before)?;
    }
    let new = Schema { id: old.id, automatic: automatic.clone(), ..new.clone() };
    link_rows::settle(tx, &new)?;
    for field in old.stored().filter(|field| field.kind.is_set()).filter(|_| new.fields.iter().any(|field| field.kind.is_set())) {
        match renames.iter().find(|(was, _)| *was == field.slug) {
            Some((was, now)) => link_rows::rename(tx, old, was, now)?,
            None if !stays(&field.slug) => link_rows::forget(tx, old, &field.slug)?,
            None => {}
        }
    }
    for field in new.stored().filter(|field| field.kind.is_set()) {
        if before(&field.slug).is_none() || converted == Some(field.slug.as_str()) {
            link_rows::write_field(tx, &new, field, RecordId(1))?;
        }
    }
    auto_indexes::keep(tx, old.id, &automatic)?;
    indexes::settle(tx, &new)?;
    // Fields that stay hold what they held.
    search::settle(tx, &new, converted.is_none().then_some(touched))
}

/// Every record anew, in one statement, its keys in the order of the fields.
fn rewrite<'o>(
    tx: &mut WriteTx<'_>,
    old: &Schema,
    new: &Schema,
    converted: Option<&str>,
    before: impl Fn(&str) -> Option<&'o Field>,
) -> Result<()> {
    let mut parts = Vec::new();
    let mut defaults = Vec::new();
    for field in new.stored() {
        let value = match before(&field.slug) {
            _ if converted == Some(field.slug.as_str()) => "json(s.data)".to_owned(),
            Some(was) => format!("r.data->'$.{}'", was.slug),
            // Records that are there get their numbers in the order of their ids.
            None if field.kind == Kind::Sequence => "counted.number".to_owned(),
            None => {
                defaults.push(field.default.to_string());
                format!("json(?{})", defaults.len())
            }
        };
        parts.push(format!("'{}',{value}", field.slug));
    }
    let is_counted = parts.iter().any(|part| part.ends_with(",counted.number"));
    let from = match (converted, is_counted) {
        // Records without a value of a converted field stay as they are.
        (Some(_), _) => " FROM staged.row s WHERE s.n = r.id".to_owned(),
        (None, true) => {
            let numbers = format!("SELECT id, row_number() OVER (ORDER BY id) AS number FROM main.{}", table(old.id));
            format!(" FROM ({numbers}) counted WHERE counted.id = r.id")
        }
        (None, false) => String::new(),
    };
    let sql = format!("UPDATE main.{} AS r SET data = json_object({}){from}", table(old.id), parts.join(","));
    tx.conn().execute(&sql, params_from_iter(&defaults)).or_failed().map(drop)
}

/// Writes what is said of a schema and its fields; of the records, only what they are searched by may be another.
pub fn describe(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema) -> Result<()> {
    note(tx, old, new)?;
    search::settle(tx, &Schema { id: old.id, ..new.clone() }, None)
}

fn note(tx: &mut WriteTx<'_>, old: &Schema, new: &Schema) -> Result<()> {
    let sql = "UPDATE schema SET slug = ?2, name = ?3, model = ?4, display_field = ?5, version = version + 1, unique_groups = ?6, index_groups = ?7, aliases = ?8
               WHERE id = ?1";
    let groups = (json!(new.unique).to_string(), json!(new.indexes).to_string(), json!(new.aliases).to_string());
    tx.conn().execute(sql, (old.id.0, &new.slug, &new.name, &new.model, &new.display_field, groups.0, groups.1, groups.2)).or_failed()?;
    take_over(tx, old.id, new)?;
    tx.conn().execute("DELETE FROM field WHERE schema = ?1", [old.id.0]).or_failed()?;
    for (position, field) in new.fields.iter().enumerate() {
        put_field(tx, old.id, position, field)?;
    }
    Ok(())
}

/// A slug leads to one schema of an app: whatever this one is called, or was, no other was.
fn take_over(tx: &mut WriteTx<'_>, id: SchemaId, schema: &Schema) -> Result<()> {
    let sql = "UPDATE schema SET aliases = (SELECT json_group_array(value) FROM json_each(aliases) WHERE value NOT IN (SELECT value FROM json_each(?3)))
               WHERE app = ?1 AND id <> ?2 AND EXISTS (SELECT 1 FROM json_each(aliases) WHERE value IN (SELECT value FROM json_each(?3)))";
    let slugs: Vec<&String> = schema.aliases.iter().chain([&schema.slug]).collect();
    tx.conn().execute(sql, (schema.app.0, id.0, json!(slugs).to_string())).or_failed().map(drop)
}

/// Takes a schema, its fields and all its records away.
pub fn remove(tx: &mut WriteTx<'_>, schema: &Schema) -> Result<()> {
    let drop_both = format!("DROP TABLE {}; DROP TABLE IF EXISTS {}", table(schema.id), links(schema.id));
    tx.conn().execute_batch(&drop_both).or_failed()?;
    search::remove(tx, schema.id)?;
    auto_indexes::keep(tx, schema.id, &[])?;
    tokens::forget_schema(tx, schema.id)?;
    tx.conn().execute("DELETE FROM field WHERE schema = ?1", [schema.id.0]).or_failed()?;
    tx.conn().execute("DELETE FROM schema WHERE id = ?1", [schema.id.0]).or_failed().map(drop)
}

/// Fills a new, empty schema with the records of another that has the same fields, under the same ids.
pub fn copy_records(tx: &mut WriteTx<'_>, from: &Schema, to: &Schema) -> Result<()> {
    let (source, target) = (table(from.id), table(to.id));
    tx.conn().execute_batch(&format!("INSERT INTO {target} SELECT * FROM {source}")).or_failed()?;
    if from.fields.iter().any(|field| field.kind.is_set()) {
        tx.conn().execute_batch(&format!("INSERT INTO {} SELECT * FROM {}", links(to.id), links(from.id))).or_failed()?;
    }
    let sql = "UPDATE schema SET (next_id, records) = (SELECT next_id, records FROM schema WHERE id = ?1) WHERE id = ?2";
    tx.conn().execute(sql, (from.id.0, to.id.0)).or_failed().map(drop)
}

/// A schema as the change log keeps it: enough to make it again.
pub fn described(schema: &Schema) -> Value {
    let fields: Vec<Value> = schema.fields.iter().map(Field::to_json).collect();
    let mut described = json!({
        "slug": schema.slug, "name": schema.name, "model": schema.model, "display_field": schema.display_field,
        "unique": schema.unique, "indexes": schema.indexes, "aliases": schema.aliases, "fields": fields,
    });
    let wanted = schema.search.wanted.to_json();
    if let Some(described) = described.as_object_mut().filter(|_| !wanted.is_null()) {
        described.insert("search".to_owned(), wanted);
    }
    described
}

/// The same of one that goes, so that it can be put back where it was.
pub fn kept(tx: &ReadTx<'_>, schema: &Schema) -> Result<Value> {
    let sql = "SELECT next_id FROM schema WHERE id = ?1";
    let next_id: i64 = tx.conn().query_row(sql, [schema.id.0], |row| row.get(0)).or_failed()?;
    let mut kept = described(schema);
    if let Some(kept) = kept.as_object_mut() {
        kept.insert("id".to_owned(), json!(schema.id.0));
        kept.insert("version".to_owned(), json!(schema.version));
        kept.insert("next_id".to_owned(), json!(next_id));
    }
    Ok(kept)
}

/// Reads what `described` wrote.
pub fn read_described(id: SchemaId, app: AppId, told: &Value) -> Option<Schema> {
    let text = |key: &str| told.get(key).and_then(Value::as_str).map(str::to_owned);
    let texts =
        |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect() };
    let groups = |key: &str| told.get(key).and_then(Value::as_array).into_iter().flatten().map(texts).collect();
    let wanted = Wanted::from_json(told.get("search").unwrap_or(&Value::Null))?;
    Some(Schema {
        id,
        app,
        slug: text("slug")?,
        name: text("name")?,
        model: text("model")?,
        display_field: text("display_field"),
        version: told.get("version").and_then(Value::as_i64).unwrap_or(1),
        fields: told.get("fields")?.as_array()?.iter().map(Field::from_json).collect::<Option<_>>()?,
        unique: groups("unique"),
        indexes: groups("indexes"),
        automatic: Vec::new(),
        aliases: told.get("aliases").map(texts).unwrap_or_default(),
        hidden: Vec::new(),
        search: Search { wanted, ..Search::default() },
    })
}

fn put_field(tx: &mut WriteTx<'_>, schema: SchemaId, position: usize, field: &Field) -> Result<()> {
    let position = i64::try_from(position).map_err(Error::internal)?;
    let sql =
        "INSERT INTO field (schema, position, slug, name, header, type, kind, required, is_unique, is_indexed, default_value, rules, rank)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
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
        rules,
        field.rank
    ];
    tx.conn().execute(sql, values).or_failed().map(drop)
}
