//! Computations as SQL. Own fields are read from `data`, other records by subqueries that an index serves. Comparisons are two-valued: one with a
//! missing value is false, but for `!=`.

use super::sql::{column, links, table};
use crate::model::expr::Operator;
use crate::model::field::Kind;
use crate::model::formula::{Computation, Digits, Formula, Function, Inverse, Rollup};
use crate::model::plan::Column;

/// Ids that a list of lines shows.
const LINES_MAX: usize = 1_000;

/// Where the columns of a record stand.
#[derive(Clone)]
struct Place {
    /// Before a column's name: empty or `t1.`.
    alias: String,
    /// The same where a subquery has columns of the same names.
    outer: String,
    depth: usize,
}

/// The value of a computation for the row of `alias`: a datetime with its `Z`, a truth as 1 or 0, a decimal rounded.
pub fn value(computation: &Computation, alias: &str) -> String {
    let outer = if alias.is_empty() { format!("{}.", table(computation.schema)) } else { alias.to_owned() };
    let place = Place { alias: alias.to_owned(), outer, depth: 0 };
    let sql = written(&computation.formula, &place);
    match computation.kind {
        Kind::Decimal => format!("round({sql},{})", computation.scale),
        _ => format!("({sql})"),
    }
}

/// The same as an argument of json_set: what stands in the answer.
pub fn as_json(computation: &Computation, alias: &str) -> String {
    let sql = value(computation, alias);
    match computation.kind {
        Kind::Decimal => format!("(SELECT iif(v = CAST(v AS INTEGER), CAST(v AS INTEGER), v) FROM (SELECT {sql} AS v))"),
        Kind::Boolean => format!("json(CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"),
        Kind::Lines => format!("json({sql})"),
        _ => sql,
    }
}

fn written(formula: &Formula, place: &Place) -> String {
    match formula {
        Formula::Null => "NULL".to_owned(),
        Formula::Bool(bool) => u8::from(*bool).to_string(),
        Formula::Number(digits) => digits.clone(),
        Formula::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Formula::Field { slug } => format!("{}data->>'$.{slug}'", place.alias),
        Formula::CreatedAt => format!("{}created_at", place.alias),
        Formula::UpdatedAt => format!("{}updated_at", place.alias),
        Formula::Not(inner) => format!("(NOT coalesce({},0))", written(inner, place)),
        Formula::Negate(inner) => format!("(-{})", written(inner, place)),
        Formula::Binary(operator, left, right) => binary(*operator, &written(left, place), &written(right, place)),
        Formula::Call(function, parts) => {
            let parts: Vec<String> = parts.iter().map(|part| written(part, place)).collect();
            call(*function, &parts)
        }
        Formula::Lookup { reference, schema, of } => {
            let inner = inside(place);
            let (of, there) = (written(of, &inner), &inner.alias);
            let id = format!("CAST(substr({}data->>'$.{reference}',5) AS INTEGER)", place.outer);
            format!("(SELECT {of} FROM {} {} WHERE {there}id = {id})", table(*schema), there.trim_end_matches('.'))
        }
        Formula::Rollup { how, from, of, digits } => {
            let inner = inside(place);
            let gathered = gathered(*how, *digits, &written(of, &inner));
            format!("(SELECT {gathered} FROM {})", pointing(from, place, &inner))
        }
        Formula::Lines(from) => {
            let inner = inside(place);
            let ids = format!("SELECT {0}id AS id FROM {1} ORDER BY {0}id LIMIT {LINES_MAX}", inner.alias, pointing(from, place, &inner));
            format!("(SELECT json_group_array('rec_' || id) FROM ({ids}))")
        }
    }
}

fn inside(place: &Place) -> Place {
    let alias = format!("t{}.", place.depth + 1);
    Place { alias: alias.clone(), outer: alias, depth: place.depth + 1 }
}

/// The rows that point to the one outside: a table with its condition.
fn pointing(from: &Inverse, outside: &Place, inner: &Place) -> String {
    let (table, name, outer) = (table(from.schema), inner.alias.trim_end_matches('.'), &outside.outer);
    if from.is_set {
        let rows = format!("SELECT record FROM {} WHERE field = '{}' AND target = {outer}id", links(from.schema), from.via);
        return format!("{table} {name} WHERE {}id IN ({rows})", inner.alias);
    }
    let via = column(&Column::Field { slug: from.via.clone(), kind: Kind::Reference }, &inner.alias);
    format!("{table} {name} WHERE {via} = 'rec_' || {outer}id")
}

/// Sums of decimals are made of whole numbers, so that no digit is lost.
fn gathered(how: Rollup, digits: Digits, of: &str) -> String {
    match (how, digits) {
        (Rollup::Count, _) => "count(*)".to_owned(),
        (Rollup::Sum, Digits::Fixed(scale)) => format!("coalesce(sum(CAST(round(({of})*1e{scale}) AS INTEGER)),0)/1e{scale}"),
        (Rollup::Sum, Digits::Whole | Digits::Loose) => format!("coalesce(sum({of}),0)"),
        (Rollup::Avg, _) => format!("avg({of})"),
        (Rollup::Min, _) => format!("min({of})"),
        (Rollup::Max, _) => format!("max({of})"),
    }
}

fn binary(operator: Operator, left: &str, right: &str) -> String {
    match operator {
        Operator::Or => format!("(coalesce({left},0) OR coalesce({right},0))"),
        Operator::And => format!("(coalesce({left},0) AND coalesce({right},0))"),
        Operator::Eq if left == "NULL" || right == "NULL" => format!("({left} IS {right})"),
        Operator::Ne => format!("({left} IS NOT {right})"),
        Operator::Eq | Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte => {
            format!("coalesce({left} {} {right},0)", operator.symbol())
        }
        // Of whole numbers, too, a part.
        Operator::Divide => format!("(CAST({left} AS REAL) / {right})"),
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Remainder => format!("({left} {} {right})", operator.symbol()),
    }
}

fn call(function: Function, parts: &[String]) -> String {
    let part = |place: usize| parts.get(place).map_or("NULL", String::as_str);
    match function {
        Function::Abs => format!("abs({})", part(0)),
        Function::Coalesce => format!("coalesce({})", parts.join(",")),
        Function::Concat => {
            let texts: Vec<String> = parts.iter().map(|part| format!("coalesce({part},'')")).collect();
            format!("({})", texts.join(" || "))
        }
        Function::If => format!("(CASE WHEN coalesce({},0) THEN {} ELSE {} END)", part(0), part(1), part(2)),
        Function::Length => format!("length({})", part(0)),
        Function::Lower => format!("lower({})", part(0)),
        Function::Upper => format!("upper({})", part(0)),
        Function::Year => format!("CAST(substr({},1,4) AS INTEGER)", part(0)),
        Function::Month => format!("CAST(substr({},6,2) AS INTEGER)", part(0)),
        Function::Day => format!("CAST(substr({},9,2) AS INTEGER)", part(0)),
        Function::Round => match parts.get(1) {
            Some(places) => format!("round({},{places})", part(0)),
            None => format!("round({})", part(0)),
        },
    }
}
