//! Query to plan: names become columns, texts become typed cells, the caller's scope is added. The only maker of a `Plan`.

use crate::field;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{Expr, Op};
use crate::model::field::{Field, FieldType, Kind, Refusal, Rules};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::{Cell, Column, Cond, Order, Plan};
use crate::model::principal::Scope;
use crate::model::query::{Query, Sort, Window};
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use serde_json::Value;
use std::sync::Arc;

/// Resolves a question against a schema.
pub fn plan(schema: &Arc<Schema>, scope: &Scope, query: &Query, limits: &Limits) -> Result<Plan> {
    let asked = cond(schema, &query.filter)?;
    let filter = match (&scope.rows, asked) {
        (Cond::True, asked) => asked,
        (rows, Cond::True) => rows.clone(),
        (rows, asked) => Cond::All(vec![rows.clone(), asked]),
    };
    Ok(Plan { schema: schema.clone(), filter, order: order(schema, &query.sort, limits)?, window: query.window })
}

/// Every record of the scope in the order of ids: what an export walks.
pub fn everything(schema: &Arc<Schema>, scope: &Scope) -> Plan {
    let order = vec![Order { column: Column::Id, descending: false }];
    Plan { schema: schema.clone(), filter: scope.rows.clone(), order, window: Window { offset: 0, limit: i64::MAX } }
}

/// The cell by which a stored value is found again; `None` for no value.
pub fn cell(kind: Kind, value: &Value) -> Option<Cell> {
    match (kind, value) {
        (_, Value::Null) => None,
        (Kind::Boolean, Value::Bool(bool)) => Some(Cell::Integer(i64::from(*bool))),
        (Kind::Integer | Kind::Decimal, Value::Number(number)) => {
            number.as_i64().map(Cell::Integer).or_else(|| number.as_f64().map(Cell::Real))
        }
        (Kind::Datetime, Value::String(text)) => Some(Cell::Text(text.trim_end_matches('Z').to_owned())),
        (_, Value::String(text)) => Some(Cell::Text(text.clone())),
        (_, other) => Some(Cell::Text(other.to_string())),
    }
}

/// The column of a field.
pub fn column(field: &Field) -> Column {
    Column::Field { slug: field.slug.clone(), kind: field.kind }
}

fn cond(schema: &Schema, expr: &Expr) -> Result<Cond> {
    let all = |exprs: &[Expr]| exprs.iter().map(|expr| cond(schema, expr)).collect::<Result<Vec<_>>>();
    Ok(match expr {
        Expr::True => Cond::True,
        Expr::All(exprs) => Cond::All(all(exprs)?),
        Expr::Any(exprs) => Cond::Any(all(exprs)?),
        Expr::Blank { field } => Cond::Blank { column: resolve(schema, field, field)?.0 },
        Expr::Compare { field, op, text } => {
            let (column, found) = resolve(schema, field, field)?;
            if *op == Op::Contains && !is_text(&column) {
                return Err(Error::invalid(
                    Problem::of(field, "operator", format!("Field '{field}' holds no text: 'contains' cannot look into it"))
                        .hint("Use eq, ne, gt, gte, lt or lte"),
                ));
            }
            let cell = read(&column, found, text).map_err(|refusal| Error::invalid(refusal.of(field)))?;
            Cond::Compare { column, op: *op, cell }
        }
    })
}

/// A text as the cell of a column.
fn read(column: &Column, field: Option<&Field>, text: &str) -> std::result::Result<Cell, Refusal> {
    match (column, field) {
        (Column::Id, _) => {
            RecordId::parse(text).map(|id| Cell::Integer(id.0)).ok_or_else(|| Refusal::new("type", "must be a record's id such as rec_5"))
        }
        (Column::CreatedAt | Column::UpdatedAt, _) | (_, None) => {
            let probe = Field::plain("stamp", datetime());
            let value = datetime().read_text(&probe, text)?;
            Ok(Cell::Text(value.as_str().unwrap_or_default().to_owned()))
        }
        (Column::Field { kind, .. }, Some(field)) => {
            let type_ = field::find(&field.type_name).ok_or_else(|| Refusal::new("type", "has a type that this program does not know"))?;
            // A question may name what a record may not hold: only the form must be right.
            let open = Field { rules: Rules { choices: field.rules.choices.clone(), ..Default::default() }, ..field.clone() };
            let value = type_.read_text(&open, text)?;
            cell(*kind, &value).ok_or_else(|| Refusal::new("type", "has no value to compare with"))
        }
    }
}

fn datetime() -> &'static dyn FieldType {
    field::find("datetime").unwrap_or(field::FIELD_TYPES[0])
}

fn is_text(column: &Column) -> bool {
    matches!(column, Column::Field { kind: Kind::Text | Kind::Json, .. })
}

fn order(schema: &Schema, sort: &[Sort], limits: &Limits) -> Result<Vec<Order>> {
    if sort.len() > limits.sort_keys_max {
        return Err(Error::invalid(Problem::of("sort", "too_many", format!("At most {} sort keys are possible", limits.sort_keys_max))));
    }
    let mut order = Vec::with_capacity(sort.len() + 1);
    for key in sort {
        let (column, _) = resolve(schema, &key.field, "sort")?;
        order.push(Order { column, descending: key.descending });
    }
    // Ties go by id, in the direction of the last key, so that pages are stable and an index serves both.
    let descending = order.last().is_some_and(|key| key.descending);
    if !order.iter().any(|key| key.column == Column::Id) {
        order.push(Order { column: Column::Id, descending });
    }
    Ok(order)
}

/// A name to its column, or a refusal that blames `place` and names the nearest field.
fn resolve<'s>(schema: &'s Schema, name: &str, place: &str) -> Result<(Column, Option<&'s Field>)> {
    match name {
        "id" => return Ok((Column::Id, None)),
        "created_at" => return Ok((Column::CreatedAt, None)),
        "updated_at" => return Ok((Column::UpdatedAt, None)),
        _ => {}
    }
    if let Some(field) = schema.field(name) {
        return Ok((column(field), Some(field)));
    }
    let known = schema.fields.iter().map(|field| field.slug.as_str()).chain(["id", "created_at", "updated_at"]);
    let problem = Problem::of(place, "unknown_field", format!("Table '{}' has no field {}", schema.slug, quoted(name)));
    Err(Error::invalid(problem.did_you_mean(name, known)))
}
