//! Query to plan: names become columns, texts become typed cells, the caller's scope is added. The only maker of a `Plan`.

use super::filter::{self, Asking};
use super::search_words;
use crate::field;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{Expr, Op, Operator};
use crate::model::field::{Field, FieldType, Kind, Refusal, Rules, described};
use crate::model::formula::{Computation, Formula, Function};
use crate::model::json;
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::model::plan::{Cell, Column, Cond, Order, Plan};
use crate::model::principal::Scope;
use crate::model::query::{Query, Sort, Window};
use crate::model::record::RecordId;
use crate::model::schema::Schema;
use serde_json::Value;
use std::sync::Arc;

/// Resolves a question against a schema as the caller sees it.
pub fn plan(asking: &Asking<'_>, scope: &Scope, query: &Query, limits: &Limits) -> Result<Plan> {
    check_window(&query.window, limits)?;
    let schema = &scope.seen;
    let filter = narrowed(asking, scope, &query.filter, limits)?;
    Ok(Plan { schema: schema.clone(), filter, order: order(schema, &query.sort, limits)?, window: query.window, shown: None })
}

fn check_window(window: &Window, limits: &Limits) -> Result<()> {
    if window.offset <= limits.page_offset_max {
        return Ok(());
    }
    let message = format!("A page can begin after at most {} records", limits.page_offset_max);
    let hint = "Go on from page to page instead: cursor= begins, and next_cursor of each answer leads to the next";
    Err(Error::invalid(Problem::of("page", "range", message).hint(hint)))
}

/// Every record of the scope in the order of ids: what an export walks.
pub fn everything(schema: &Arc<Schema>, rows: &Cond) -> Plan {
    let order = vec![Order { column: Column::Id, descending: false }];
    Plan { schema: schema.clone(), filter: rows.clone(), order, window: Window::default(), shown: None }
}

/// The fields of these names, of which some may be the record's id and stamps: what is to be shown.
pub fn chosen(schema: &Schema, names: &[String]) -> Result<Vec<String>> {
    let mut slugs = Vec::new();
    for name in names {
        match (schema.field(name), name.as_str()) {
            (Some(field), _) => slugs.push(field.slug.clone()),
            (None, "id" | "created_at" | "updated_at") => {}
            (None, _) => return Err(unknown_field(schema, name, "fields")),
        }
    }
    Ok(slugs)
}

/// The cell by which a stored value is found again; `None` for no value.
pub fn cell(kind: Kind, value: &Value) -> Option<Cell> {
    match (kind, value) {
        (_, Value::Null) => None,
        (Kind::Boolean, Value::Bool(bool)) => Some(Cell::Integer(i64::from(*bool))),
        (Kind::Integer | Kind::Decimal | Kind::User | Kind::Sequence, Value::Number(number)) => {
            number.as_i64().map(Cell::Integer).or_else(|| number.as_f64().map(Cell::Real))
        }
        (Kind::Datetime, Value::String(text)) => Some(Cell::Text(text.trim_end_matches('Z').to_owned())),
        (Kind::Links, value) => value.as_str().and_then(RecordId::parse).map(|id| Cell::Integer(id.0)),
        (Kind::Json, value) => Some(Cell::Text(value.to_string().trim_end_matches('"').to_owned())),
        (_, Value::String(text)) => Some(Cell::Text(text.clone())),
        (_, other) => Some(Cell::Text(other.to_string())),
    }
}

/// The column of a field.
pub fn column(field: &Field) -> Column {
    Column::of(field)
}

/// What a filter leaves of the rows that exist for the caller.
pub fn narrowed(asking: &Asking<'_>, scope: &Scope, asked: &Expr, limits: &Limits) -> Result<Cond> {
    let asked = cond(&scope.seen, asked, limits, &|text| filter::read(asking, scope, text))?;
    Ok(scope.rows.clone().and(asked))
}

fn cond(schema: &Schema, expr: &Expr, limits: &Limits, written: &dyn Fn(&str) -> Result<Cond>) -> Result<Cond> {
    let all = |exprs: &[Expr]| exprs.iter().map(|expr| cond(schema, expr, limits, written)).collect::<Result<Vec<_>>>();
    Ok(match expr {
        Expr::True => Cond::True,
        Expr::All(exprs) => Cond::All(all(exprs)?),
        Expr::Any(exprs) => any(all(exprs)?),
        Expr::Written { text } => written(text)?,
        Expr::Equal { field, value } => equal(schema, field, value)?,
        Expr::Blank { field } => Cond::Blank { column: resolve(schema, field, field)?.0 },
        Expr::Words { text } => search_words::cond(schema, text, "q", limits)?,
        Expr::Present { field } => Cond::Present { column: resolve(schema, field, field)?.0 },
        Expr::Compare { field, op, text } => {
            let (column, found) = resolve(schema, field, field)?;
            let is_set = column.kind().is_some_and(Kind::is_set);
            if *op == Op::Contains && !is_set {
                return contains(column, field, text);
            }
            if is_set && !matches!(op, Op::Eq | Op::Ne | Op::Contains) {
                let problem =
                    Problem::of(field, "operator", format!("Field '{field}' holds several values, which have no order to compare by"));
                return Err(Error::invalid(problem.hint("Use eq (has it) or ne (has it not)")));
            }
            let op = if is_set && *op == Op::Contains { &Op::Eq } else { op };
            if matches!((&column, op), (Column::Field { kind: Kind::Json, .. }, Op::Gt | Op::Gte | Op::Lt | Op::Lte)) {
                let problem = Problem::of(field, "operator", format!("Field '{field}' holds json, which has no order to compare by"));
                return Err(Error::invalid(problem.hint("Use eq, ne or contains")));
            }
            let cells = read(&column, found, text).map_err(|refusal| Error::invalid(refusal.of(field)))?;
            if let (Some(Kind::Reference), Some(operator)) = (column.kind(), ordering(*op)) {
                return Ok(ordered_ids(schema, field, operator, &cells));
            }
            let mut conds: Vec<Cond> = cells.into_iter().map(|cell| Cond::Compare { column: column.clone(), op: *op, cell }).collect();
            match (conds.len(), op) {
                (1, _) => conds.pop().unwrap_or(Cond::True),
                (_, Op::Ne) => Cond::All(conds),
                _ => Cond::Any(conds),
            }
        }
    })
}

fn ordering(op: Op) -> Option<Operator> {
    match op {
        Op::Gt => Some(Operator::Gt),
        Op::Gte => Some(Operator::Gte),
        Op::Lt => Some(Operator::Lt),
        Op::Lte => Some(Operator::Lte),
        Op::Eq | Op::Ne | Op::Contains => None,
    }
}

/// References by the numbers in them: as texts `rec_10` would stand before `rec_9`.
fn ordered_ids(schema: &Schema, slug: &str, operator: Operator, cells: &[Cell]) -> Cond {
    let id = cells.iter().find_map(|cell| match cell {
        Cell::Text(text) => RecordId::parse(text),
        _ => None,
    });
    let Some(RecordId(id)) = id else { return Cond::NEVER };
    let number = Formula::Call(Function::NumberOf, vec![Formula::Field { slug: slug.to_owned() }]);
    let formula = Formula::Binary(operator, Box::new(number), Box::new(Formula::Number(id.to_string())));
    let rule = Computation {
        schema: schema.id,
        formula,
        kind: Kind::Boolean,
        scale: 0,
        reads_others: false,
        parts: 3,
        chars_max: 0,
        through: Vec::new(),
    };
    Cond::Rule { rule: Arc::new(rule), me: None }
}

/// Any of many conditions. Those on one column stay together, for an index finds them at once; of others no more than so many stand side by side, for a
/// statement must not be nested as deep as it is long.
fn any(mut conds: Vec<Cond>) -> Cond {
    const TOGETHER: usize = 100;
    conds.retain(|cond| *cond != Cond::NEVER);
    let first = conds.first().and_then(column_of);
    let are_on_one = first.is_some() && conds.iter().all(|cond| column_of(cond) == first);
    match conds.len() {
        1 => conds.pop().unwrap_or(Cond::NEVER),
        many if many <= TOGETHER || are_on_one => Cond::Any(conds),
        _ => Cond::Any(conds.chunks(TOGETHER).map(|chunk| Cond::Any(chunk.to_vec())).collect()),
    }
}

/// The column that a condition asks for one value.
fn column_of(cond: &Cond) -> Option<&Column> {
    match cond {
        Cond::Compare { column, op: Op::Eq, .. } if !column.kind().is_some_and(Kind::is_set) => Some(column),
        _ => None,
    }
}

/// A value as JSON has it: read by the field's type as one that is to be stored is, but for its bounds, which do not bind questions.
fn equal(schema: &Schema, slug: &str, value: &Value) -> Result<Cond> {
    let (column, found) = resolve(schema, slug, slug)?;
    if value.is_null() {
        return Ok(Cond::Absent { column });
    }
    let is_id = column == Column::Id || matches!(column.kind(), Some(Kind::Reference | Kind::Links | Kind::User));
    if is_id && value.as_i64().is_some_and(|number| number <= 0) {
        return Ok(Cond::NEVER);
    }
    let cells = match (&column, value, found) {
        (Column::Id, Value::Number(number), _) => read(&column, None, &number.to_string()),
        (Column::Field { kind: Kind::Json, .. }, _, _) => Ok(cell(Kind::Json, value).into_iter().collect()),
        // A text says what it is by the field it is meant for.
        (_, Value::String(text), _) => read(&column, found, text),
        (Column::Id | Column::CreatedAt | Column::UpdatedAt, ..) | (_, _, None) => {
            Err(Refusal::new("type", format!("must be a text, not {}", described(value))))
        }
        (_, _, Some(field)) => by_type(&column, field, value),
    };
    let cells = cells.map_err(|refusal| Error::invalid(refusal.of(slug)))?;
    let mut conds: Vec<Cond> = cells.into_iter().map(|cell| Cond::Compare { column: column.clone(), op: Op::Eq, cell }).collect();
    Ok(if conds.len() == 1 { conds.pop().unwrap_or(Cond::True) } else { Cond::Any(conds) })
}

/// A value that is no text as the cells of a field's column.
fn by_type(column: &Column, field: &Field, value: &Value) -> std::result::Result<Vec<Cell>, Refusal> {
    let kind = column.kind().unwrap_or(field.kind);
    let name = if field.formula.is_some() { kind.name() } else { field.type_name.as_str() };
    let type_ = field::find(name).ok_or_else(|| Refusal::new("type", "has a type that this program does not know"))?;
    let open = Field { rules: Rules { choices: field.rules.choices.clone(), ..Default::default() }, ..field.clone() };
    let value = type_.clean(&open, value)?;
    let elements = value.as_array().filter(|_| kind.is_set()).map_or(std::slice::from_ref(&value), Vec::as_slice);
    Ok(elements.iter().filter_map(|value| cell(kind, value)).collect())
}

/// Part of a text: any text may be looked for, whatever the field's type lets in.
fn contains(column: Column, field: &str, text: &str) -> Result<Cond> {
    if !matches!(column.kind(), Some(Kind::Text | Kind::Json)) {
        let problem = Problem::of(field, "operator", format!("Field '{field}' holds no text: 'contains' cannot look into it"));
        return Err(Error::invalid(problem.hint("Use eq, ne, gt, gte, lt or lte")));
    }
    Ok(Cond::Compare { column, op: Op::Contains, cell: Cell::Text(text.to_owned()) })
}

/// A text as cells of a column: one, but for json, where `5` may be a number or a text.
pub(super) fn read(column: &Column, field: Option<&Field>, text: &str) -> std::result::Result<Vec<Cell>, Refusal> {
    match (column, field) {
        (Column::Id, _) => {
            let id = RecordId::parse(text).ok_or_else(|| Refusal::new("type", "must be a record's id such as rec_5"))?;
            Ok(vec![Cell::Integer(id.0)])
        }
        (Column::CreatedAt | Column::UpdatedAt, _) | (_, None) => {
            let probe = Field::plain("stamp", datetime());
            let value = datetime().read_text(&probe, text)?;
            Ok(cell(Kind::Datetime, &value).into_iter().collect())
        }
        (Column::Field { kind: Kind::Json, .. }, _) => {
            let literal = json::parse(text.as_bytes(), 1).ok().filter(|value| !value.is_string() && !value.is_null());
            Ok([Some(Value::from(text)), literal].iter().flatten().filter_map(|value| cell(Kind::Json, value)).collect())
        }
        (Column::Computed { computation, .. }, _) => {
            // What a field computes is asked by as what it is.
            let type_ = field::find(computation.kind.name()).unwrap_or(field::FIELD_TYPES[0]);
            let value = type_.read_text(&Field::plain("value", type_), text)?;
            Ok(cell(computation.kind, &value).into_iter().collect())
        }
        (Column::Field { kind, .. }, Some(field)) => {
            let type_ = field::find(&field.type_name).ok_or_else(|| Refusal::new("type", "has a type that this program does not know"))?;
            // Bounds do not bind questions: what no record may hold is simply not found.
            let open = Field { rules: Rules { choices: field.rules.choices.clone(), ..Default::default() }, ..field.clone() };
            let value = type_.read_text(&open, text)?;
            // Several elements: records that hold any of them.
            let elements = value.as_array().filter(|_| kind.is_set()).map_or(std::slice::from_ref(&value), Vec::as_slice);
            Ok(elements.iter().filter_map(|value| cell(*kind, value)).collect())
        }
    }
}

fn datetime() -> &'static dyn FieldType {
    field::find("datetime").unwrap_or(field::FIELD_TYPES[0])
}

fn order(schema: &Schema, sort: &[Sort], limits: &Limits) -> Result<Vec<Order>> {
    if sort.len() > limits.sort_keys_max {
        return Err(Error::invalid(Problem::of("sort", "too_many", format!("At most {} sort keys are possible", limits.sort_keys_max))));
    }
    let mut order = Vec::with_capacity(sort.len() + 1);
    for key in sort {
        order.push(Order { column: sortable(schema, &key.field, "sort")?, descending: key.descending });
    }
    // Ties go by id, in the direction of the last key, so that pages are stable and an index serves both.
    let descending = order.last().is_some_and(|key| key.descending);
    if !order.iter().any(|key| key.column == Column::Id) {
        order.push(Order { column: Column::Id, descending });
    }
    Ok(order)
}

/// The column of a field that records can be put in order by.
pub fn sortable(schema: &Schema, name: &str, place: &str) -> Result<Column> {
    let (column, found) = resolve(schema, name, place)?;
    if found.is_some_and(|field| field.kind.is_set()) {
        let message = format!("Field '{name}' holds several values: there is no order by it");
        return Err(Error::invalid(Problem::of(place, "operator", message)));
    }
    Ok(column)
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
        if field.kind == Kind::Lines || (!field.is_stored() && field.formula.is_none()) {
            let message = format!("Field '{name}' lists records of another table: it cannot be asked by");
            let hint = field
                .rules
                .target
                .as_deref()
                .zip(field.rules.via.as_deref())
                .map(|(target, via)| format!("Ask '{target}' by filter[{via}]=rec_5"));
            let problem = Problem::of(place, "operator", message);
            return Err(Error::invalid(hint.into_iter().fold(problem, Problem::hint)));
        }
        return Ok((column(field), Some(field)));
    }
    Err(unknown_field(schema, name, place))
}

fn unknown_field(schema: &Schema, name: &str, place: &str) -> Error {
    let known = schema.fields.iter().map(|field| field.slug.as_str()).chain(["id", "created_at", "updated_at"]);
    let problem = Problem::of(place, "unknown_field", format!("Table '{}' has no field {}", schema.slug, quoted(name)));
    Error::invalid(problem.did_you_mean(name, known))
}
