//! Aggregations: a pipeline of stages over the records of a table, each of which goes on with what the one before left. What the original announces only;
//! the stages are ours [spec 8], in the form of its selections.

use super::find::sort_keys;
use super::place;
use super::results::Results;
use super::selection::of_value;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::{Expr, Op};
use crate::model::field::{Field, Kind, described};
use crate::model::json;
use crate::model::limits::Limits;
use crate::model::name::{is_field_slug, quoted};
use crate::model::pipeline::{Asked, AskedStage, AskedValue, AskedWhat, Column};
use crate::model::principal::Action;
use crate::model::schema::Schema;
use crate::ops::ctx::Ctx;
use crate::ops::{joined, numbers};
use crate::wire::call::Call;
use rouille::Response;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

const STAGES: [&str; 6] = ["match", "group", "sort", "limit", "skip", "project"];
const FUNCTIONS: [&str; 5] = ["sum", "avg", "min", "max", "count"];
const OPERATORS: [(&str, Op, &str); 6] =
    [("eq", Op::Eq, "="), ("ne", Op::Ne, "!="), ("gt", Op::Gt, ">"), ("gte", Op::Gte, ">="), ("lt", Op::Lt, "<"), ("lte", Op::Lte, "<=")];
const FORM: &str =
    "{\"pipeline\": [{\"match\": {\"status\": \"pending\"}}, {\"group\": {\"by\": [\"status\"], \"total\": {\"sum\": \"quantity\"}}}]}";

type Found<T> = std::result::Result<T, Problem>;

/// `POST …/aggregation` with `{"pipeline": [stage…]}`, or with the array alone: `{"results": [row…], "count": n}`.
pub fn aggregate(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (app, resource) = place(ctx, call)?;
    let asked = asked(call)?;
    let mut results = Results::new(ctx);
    let has_more = ctx.read(|tx| {
        let joined = joined::open(tx.catalog(), &call.caller, [&app, resource], Action::List)?;
        let asked = of_records(joined.seen(), &asked);
        let done = numbers::report(tx, &call.caller, [&app, resource], &asked, &call.limits, &mut |columns, row| {
            results.row(|body| render(body, columns, row))
        });
        done.map_err(|error| of_column(error, &asked))
    })?;
    if has_more {
        let message = format!("The pipeline leaves more than {} rows, which is the most that an aggregation gives", asked.limit);
        return Err(Error::invalid(Problem::of("pipeline", "too_many", message).hint("Group by less, or add {\"limit\": 100}")));
    }
    results.end(200)
}

/// What is wrong with a value that a later match compares with: of which column, before which it stands in the text that was made of the match.
fn of_column(error: Error, asked: &Asked) -> Error {
    let told = |problem: Problem| {
        let made = asked.stages.iter().find(|stage| Some(&stage.place) == problem.field.as_ref());
        let text = made.and_then(|stage| if let AskedWhat::Match(text) = &stage.what { Some(text) } else { None });
        let before = text.zip(problem.position).and_then(|(text, at)| text.get(..at));
        let column = before.and_then(|before| before.split_ascii_whitespace().rev().nth(1)).map(|word| word.trim_start_matches('('));
        match column {
            Some(column) if !column.is_empty() => Problem { message: format!("{}: {}", quoted(column), problem.message), ..problem },
            _ => problem,
        }
    };
    match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(told).collect()),
        other => other,
    }
}

fn render(body: &mut String, columns: &[Column], row: &[Value]) {
    body.push('{');
    for (at, (column, value)) in columns.iter().zip(row).enumerate() {
        body.push_str(if at == 0 { "" } else { "," });
        body.push_str(&Value::from(column.name.as_str()).to_string());
        body.push(':');
        match value {
            Value::String(id) if column.has_ids => body.push_str(id.trim_start_matches("rec_")),
            value => body.push_str(&value.to_string()),
        }
    }
    body.push('}');
}

/// Where nothing is made of the records before they are sorted or cut, their own columns are meant: what holds one value each.
fn of_records<'a>(schema: &Schema, asked: &'a Asked) -> Cow<'a, Asked> {
    if matches!(asked.stages.first().map(|stage| &stage.what), Some(AskedWhat::Group { .. } | AskedWhat::Project(_))) {
        return Cow::Borrowed(asked);
    }
    let has_one = |field: &&Field| !matches!(field.kind, Kind::Set | Kind::Links | Kind::Lines | Kind::Json);
    let names = schema.fields.iter().filter(has_one).map(|field| field.slug.clone());
    let what = AskedWhat::Project(columns(std::iter::once("id".to_owned()).chain(names).collect()));
    let first = AskedStage { place: "pipeline".to_owned(), what };
    Cow::Owned(Asked { stages: std::iter::once(first).chain(asked.stages.iter().cloned()).collect(), ..asked.clone() })
}

fn asked(call: &Call<'_>) -> Result<Asked> {
    let bytes = call.body.bytes(&call.limits)?;
    let value = if bytes.is_empty() { Value::Null } else { json::parse(&bytes, call.limits.json_depth_max)? };
    let stages = match &value {
        Value::Array(stages) => Some(stages),
        Value::Object(body) => body.get("pipeline").and_then(Value::as_array),
        _ => None,
    };
    let stages = stages
        .ok_or_else(|| Error::invalid(Problem::of("pipeline", "required", "Key 'pipeline' must be an array of stages").hint(FORM)))?;
    pipeline(stages, &call.limits).map_err(Error::invalid)
}

fn pipeline(stages: &[Value], limits: &Limits) -> Found<Asked> {
    if stages.len() > limits.report_stages_max {
        let message = format!("A pipeline has at most {} stages, not {}", limits.report_stages_max, stages.len());
        return Err(Problem::of("pipeline", "too_many", message).hint("Several 'match' stages in a row can be one"));
    }
    let (mut filter, mut made, mut are_records, mut values) = (Vec::new(), Vec::new(), true, 0);
    for (at, value) in stages.iter().enumerate() {
        let place = format!("pipeline.{at}");
        let placed = |problem: Problem| Problem { field: Some(place.clone()), ..problem };
        let (name, what) = named(value).map_err(placed)?;
        // What comes before anything is made of the records is a selection.
        if name == "match" && are_records {
            values += asked_values(what);
            if values > limits.filter_values_max {
                let message = format!("The match stages of a pipeline name at most {} values", limits.filter_values_max);
                return Err(placed(Problem::new("too_many", message)));
            }
            filter.push(selected(what).map_err(placed)?);
            continue;
        }
        are_records = false;
        made.push(AskedStage { place: place.clone(), what: stage(name, what).map_err(placed)? });
    }
    Ok(Asked { filter: Expr::All(filter), view: None, stages: made, limit: limits.report_rows_max })
}

/// The only key of a stage, without the sign that it may have, and its value.
fn named(stage: &Value) -> Found<(&str, &Value)> {
    let only = stage.as_object().filter(|stage| stage.len() == 1).and_then(|stage| stage.iter().next());
    let Some((key, what)) = only else {
        let came = stage.as_object().map_or_else(|| described(stage), |stage| format!("one with {}", stage.len()));
        return Err(Problem::new("stage", format!("A stage is an object with one key, not {came}")).hint("{\"limit\": 10}"));
    };
    let name = plain(key);
    if STAGES.contains(&name) {
        return Ok((name, what));
    }
    let problem = Problem::new("stage", format!("There is no stage {}", quoted(key)));
    let near = problem.clone().did_you_mean(name, STAGES.into_iter());
    Err(if near.hint.is_some() { near } else { problem.hint(format!("Stages are: {}", STAGES.join(", "))) })
}

/// A name without the sign that other products have before it.
fn plain(key: &str) -> &str {
    key.strip_prefix('$').unwrap_or(key)
}

// Records -------------------------------------------------------------------------------------------------------------

/// `{"status": "won", "quantity": {"gte": 5}}`, or an array of such alternatives.
fn selected(what: &Value) -> Found<Expr> {
    let all = what.as_array().map_or(std::slice::from_ref(what), Vec::as_slice);
    let any = all.iter().map(|object| {
        let object = object.as_object().ok_or_else(|| no_match(object))?;
        let all = object.iter().map(|(field, value)| match operators(value)? {
            None => Ok(of_value(field, value)),
            Some(compared) => Ok(Expr::All(compared.into_iter().map(|(op, value)| compare(field, op, value)).collect())),
        });
        Ok(Expr::All(all.collect::<Found<Vec<_>>>()?))
    });
    Ok(Expr::Any(any.collect::<Found<Vec<_>>>()?))
}

/// How many values a match names, with those of its operators; an object that names none counts, too.
fn asked_values(what: &Value) -> usize {
    match what {
        Value::Array(all) => all.iter().map(asked_values).sum::<usize>().max(1),
        Value::Object(object) => object.values().map(asked_values).sum::<usize>().max(1),
        _ => 1,
    }
}

fn compare(field: &str, op: Op, value: &Value) -> Expr {
    let field = field.to_owned();
    match (op, value) {
        (Op::Eq, value) => of_value(&field, value),
        (Op::Ne, Value::Null) => Expr::Present { field },
        (Op::Ne, Value::String(text)) if text.is_empty() => Expr::Present { field },
        (op, Value::String(text)) => Expr::Compare { field, op, text: text.clone() },
        (op, value) => Expr::Compare { field, op, text: value.to_string() },
    }
}

/// `{"gte": 5, "lt": 10}`; `None` of a value that is no object.
fn operators<'v>(value: &'v Value) -> Found<Option<Vec<(Op, &'v Value)>>> {
    let Some(object) = value.as_object() else { return Ok(None) };
    if object.is_empty() {
        let problem = Problem::new("operator", "A value that is an object compares by operators; this one is empty");
        return Err(problem.hint(known_operators()));
    }
    let one = |name: &str, value: &'v Value| match (operator(name)?.0, value) {
        (op @ (Op::Gt | Op::Gte | Op::Lt | Op::Lte), Value::Null)
        | (op @ (Op::Ne | Op::Gt | Op::Gte | Op::Lt | Op::Lte), Value::Array(_)) => {
            let message = format!("{} takes one value, not {}", quoted(name), described(value));
            Err(Problem::new("operator", message).hint(if op == Op::Ne { "{\"ne\": 5}" } else { "{\"gte\": 5}" }))
        }
        (op, value) => Ok((op, value)),
    };
    object.iter().map(|(name, value)| one(name, value)).collect::<Found<Vec<_>>>().map(Some)
}

fn operator(name: &str) -> Found<(Op, &'static str)> {
    let found = OPERATORS.into_iter().find(|(known, ..)| *known == plain(name)).map(|(_, op, symbol)| (op, symbol));
    found.ok_or_else(|| {
        let problem = Problem::new("operator", format!("There is no operator {}", quoted(name)));
        problem.hint(known_operators())
    })
}

fn known_operators() -> String {
    format!("Operators are: {}", OPERATORS.map(|(name, ..)| name).join(", "))
}

fn no_match(value: &Value) -> Problem {
    let message = format!("'match' takes a selection, an object or an array of objects, not {}", described(value));
    Problem::new("stage", message).hint("{\"match\": {\"status\": \"pending\", \"quantity\": {\"gte\": 5}}}")
}

// Rows ----------------------------------------------------------------------------------------------------------------

fn stage(name: &str, what: &Value) -> Found<AskedWhat> {
    match name {
        "match" => condition(what).map(AskedWhat::Match),
        "group" => group(what),
        "project" => names(name, what).map(|names| AskedWhat::Project(columns(names))),
        "sort" => match sort_keys(what)? {
            keys if keys.is_empty() => Err(Problem::new("stage", "'sort' names no column").hint("{\"sort\": {\"total\": \"desc\"}}")),
            keys => Ok(AskedWhat::Sort(keys)),
        },
        _ => {
            let rows = what.as_i64().filter(|rows| (0..=1_000_000_000).contains(rows)).ok_or_else(|| {
                Problem::new("stage", format!("'{name}' takes a whole number from 0, not {}", described(what))).hint("{\"limit\": 10}")
            })?;
            Ok(if name == "limit" { AskedWhat::Limit(rows) } else { AskedWhat::Skip(rows) })
        }
    }
}

/// `{"by": ["status"], "total": {"sum": "quantity"}, "n": {"count": true}}`
fn group(what: &Value) -> Found<AskedWhat> {
    const FORM: &str = "{\"group\": {\"by\": [\"status\"], \"total\": {\"sum\": \"quantity\"}, \"n\": {\"count\": true}}}";
    let group =
        what.as_object().ok_or_else(|| Problem::new("stage", format!("'group' takes an object, not {}", described(what))).hint(FORM))?;
    let keys = group.get("by").map(|by| names("by", by)).transpose()?.unwrap_or_default();
    let values = group.iter().filter(|(name, _)| *name != "by").map(|(name, how)| {
        if !is_field_slug(name) {
            let problem = Problem::new("name", format!("{} cannot be the name of a column", quoted(name)));
            return Err(problem.hint("Letters, digits and _ only, a letter first"));
        }
        let only = how.as_object().filter(|how| how.len() == 1).and_then(|how| how.iter().next());
        let Some((function, of)) = only else {
            let message = format!("{} must say what is made of the rows, not {}", quoted(name), described(how));
            return Err(Problem::new("stage", message).hint(FORM));
        };
        Ok(AskedValue { name: name.clone(), text: gathered(plain(function), of)?, asked_by: None })
    });
    Ok(AskedWhat::Group { keys: columns(keys), values: values.collect::<Found<_>>()? })
}

/// `{"sum": "quantity"}`, `{"count": true}`
fn gathered(function: &str, of: &Value) -> Found<String> {
    match (function, of) {
        ("count", Value::Bool(true)) => Ok("count()".to_owned()),
        ("count", _) => {
            Err(Problem::new("stage", format!("'count' counts rows, so it takes true, not {}", described(of))).hint("{\"count\": true}"))
        }
        ("sum" | "avg" | "min" | "max", Value::String(field)) => Ok(format!("{function}({})", plain(field))),
        ("sum" | "avg" | "min" | "max", _) => {
            let message = format!("'{function}' takes the name of a field, not {}", described(of));
            Err(Problem::new("stage", message).hint("{\"sum\": \"quantity\"}"))
        }
        _ => {
            let problem = Problem::new("stage", format!("There is no function {}", quoted(function)));
            let near = problem.clone().did_you_mean(function, FUNCTIONS.into_iter());
            Err(if near.hint.is_some() { near } else { problem.hint(format!("Functions are: {}", FUNCTIONS.join(", "))) })
        }
    }
}

/// `["status", "company.name"]`, `"status"`
fn names(key: &str, value: &Value) -> Found<Vec<String>> {
    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let is_path = |name: &str| name.split('.').all(is_field_slug);
    let name = |value: &Value| value.as_str().map(plain).filter(|name| is_path(name)).map(str::to_owned);
    all.iter()
        .map(|value| {
            let message = || format!("'{key}' takes names of fields, not {}", described(value));
            name(value).ok_or_else(|| Problem::new("stage", message()).hint(format!("{{\"{key}\": [\"status\"]}}")))
        })
        .collect()
}

/// Each under its own name.
fn columns(names: Vec<String>) -> Vec<(String, String)> {
    names.into_iter().map(|name| (name.clone(), name)).collect()
}

/// A match after columns were made, in the expression language.
fn condition(what: &Value) -> Found<String> {
    let all = what.as_array().map_or(std::slice::from_ref(what), Vec::as_slice);
    let any = all.iter().map(|object| {
        let object = object.as_object().filter(|object| !object.is_empty()).ok_or_else(|| no_match(object))?;
        let mut terms = Vec::new();
        for (column, value) in object {
            if !column.split('.').all(is_field_slug) {
                return Err(Problem::new("stage", format!("There is no column {} here", quoted(column))));
            }
            match (operators(value)?, value) {
                (Some(all), _) => {
                    for (op, value) in all {
                        terms.push(compared(column, op, value)?);
                    }
                }
                (None, Value::Array(values)) if values.is_empty() => terms.push("false".to_owned()),
                (None, Value::Array(values)) => {
                    let values = values.iter().map(|value| compared(column, Op::Eq, value));
                    terms.push(format!("({})", values.collect::<Found<Vec<_>>>()?.join(" || ")));
                }
                (None, value) => terms.push(compared(column, Op::Eq, value)?),
            }
        }
        Ok(format!("({})", terms.join(" && ")))
    });
    Ok(any.collect::<Found<Vec<_>>>()?.join(" || "))
}

/// One comparison of a column. As in a selection the empty text stands for no value, too, of whatever kind the column is: joined, both are the empty text.
fn compared(column: &str, op: Op, value: &Value) -> Found<String> {
    let symbol = OPERATORS.into_iter().find(|(_, known, _)| *known == op).map_or("=", |(.., symbol)| symbol);
    match (op, value) {
        (Op::Eq | Op::Ne, Value::Null) => Ok(format!("{column} {symbol} null")),
        (Op::Eq, Value::Array(values)) => {
            let any = values.iter().map(|value| compared(column, Op::Eq, value)).collect::<Found<Vec<_>>>()?;
            Ok(if any.is_empty() { "false".to_owned() } else { format!("({})", any.join(" || ")) })
        }
        (Op::Eq | Op::Ne, Value::String(text)) if text.is_empty() => Ok(format!("concat({column}) {symbol} ''")),
        (_, value) => Ok(format!("{column} {symbol} {}", literal(value)?)),
    }
}

/// A value in the expression language.
fn literal(value: &Value) -> Found<String> {
    match value {
        Value::String(text) => Ok(format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))),
        Value::Array(_) | Value::Object(_) => {
            Err(Problem::new("stage", format!("Columns are compared with single values, not with {}", described(value))))
        }
        // The language has no exponents.
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            Ok(number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()))
        }
        other => Ok(other.to_string()),
    }
}
