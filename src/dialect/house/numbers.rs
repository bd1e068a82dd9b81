//! Numbers over many records: a report by one group in the query string, or by a pipeline of stages in a body. Every row is an object of its columns.
//! [house]

use super::asked::{FilterParts, count, sort_keys_of, view_name};
use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::name::{is_field_slug, quoted};
use crate::model::pipeline::{Asked, AskedStage, AskedValue, AskedWhat, Column, How};
use crate::model::query::Sort;
use crate::ops::ctx::Ctx;
use crate::ops::numbers;
use crate::wire::call::Call;
use crate::wire::paper::Paper;
use rouille::Response;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Names of a report in a query string.
const NAMES: [&str; 13] =
    ["group", "count", "sum", "avg", "min", "max", "count_distinct", "having", "sort", "limit", "view", "filter", "filter[field]"];
const STAGES: [&str; 7] = ["match", "group", "project", "sort", "limit", "skip", "lookup"];
const FORM: &str =
    "{\"pipeline\": [{\"match\": \"status = 'won'\"}, {\"group\": {\"by\": [\"owner\"], \"values\": {\"total\": \"sum(amount)\"}}}]}";

type Found<T> = std::result::Result<T, Problem>;

/// `GET …/aggregate?group=status,month(created_at)&sum=amount&having=count > 2&sort=-count`
pub fn by_group(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let asked = by_query(call.query.pairs(), &ctx.limits)?;
    answer(ctx, call, &asked)
}

/// `POST …/aggregate` with `{"pipeline": [stage…]}`.
pub fn by_pipeline(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let asked = by_body(&call.body.object(&ctx.limits)?, &ctx.limits).map_err(Error::invalid)?;
    answer(ctx, call, &asked)
}

/// `{"rows": [{column: value}], "has_more": false}`
fn answer(ctx: &Arc<Ctx>, call: &Call<'_>, asked: &Asked) -> Result<Response> {
    let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
    paper.text().push_str("{\"rows\":[");
    let mut is_first = true;
    let has_more = ctx.read(|tx| {
        numbers::report(tx, &call.caller, [call.param(0), call.param(1)], asked, &ctx.limits, &mut |columns, row| {
            let body = paper.text();
            body.push_str(if std::mem::take(&mut is_first) { "" } else { "," });
            render(body, columns, row);
            paper.settle()
        })
    })?;
    paper.text().push_str(&format!("],\"has_more\":{has_more}}}"));
    paper.json(200)
}

fn render(body: &mut String, columns: &[Column], row: &[Value]) {
    body.push('{');
    for (at, (column, value)) in columns.iter().zip(row).enumerate() {
        body.push_str(if at == 0 { "" } else { "," });
        body.push_str(&Value::from(column.name.as_str()).to_string());
        body.push(':');
        body.push_str(&value.to_string());
    }
    body.push('}');
}

// By a query string --------------------------------------------------------------------------------------------------

fn by_query(pairs: &[(String, String)], limits: &Limits) -> Result<Asked> {
    let (mut filter, mut problems) = (FilterParts::default(), Vec::new());
    let (mut keys, mut having, mut sort, mut limit) = (Vec::new(), None, Vec::new(), limits.report_rows_default);
    let mut view = None;
    // There is always a count: it costs nothing more.
    let mut values = vec![asked_value("count()", "count")];
    for (name, value) in pairs {
        let given = (!value.trim().is_empty()).then_some(value.as_str());
        let read = match (name.as_str(), given) {
            ("limit", _) => count(name, value, 1).map(|rows| limit = rows.min(limits.report_rows_max)),
            ("count", None | Some("true")) => Ok(()),
            ("count", Some(_)) => {
                Err(Problem::of("count", "range", "'count' takes no value: rows are always counted").hint("count_distinct=email"))
            }
            // What is left empty asks nothing.
            ("group" | "having" | "sort" | "filter", None) => Ok(()),
            ("group", Some(text)) => {
                listed(name, text).map(|terms| keys = terms.into_iter().map(|(term, at)| (term.clone(), placed(&term, at))).collect())
            }
            ("having", Some(text)) => {
                having = Some(text.to_owned());
                Ok(())
            }
            ("view", _) => view_name(value).map(|named| view = Some(named)),
            ("sort", Some(text)) => sort_keys_of(text).map(|keys| sort = keys),
            (name, given) if name != "count" && How::ALL.iter().any(|(known, _)| *known == name) => listed(name, given.unwrap_or_default())
                .map(|terms| {
                    let of = |(term, at): (String, usize)| {
                        let text = format!("{name}({term})");
                        let further = isize::try_from(at).unwrap_or_default() - isize::try_from(name.len() + 1).unwrap_or_default();
                        AskedValue { asked_by: Some((name.to_owned(), further)), ..asked_value(&text, &text) }
                    };
                    values.extend(terms.into_iter().map(of));
                }),
            ("_", _) => Ok(()),
            _ if name.starts_with("utm_") => Ok(()),
            _ if name.starts_with("filter") => filter.take(name, value),
            _ => {
                let problem = Problem::of(name, "unknown_parameter", format!("There is no parameter {}", quoted(name)));
                let near = problem.clone().did_you_mean(name, NAMES.into_iter());
                Err(if near.hint.is_some() { near } else { problem.hint(format!("A report takes: {}", NAMES.join(", "))) })
            }
        };
        problems.extend(read.err());
    }
    let twice = NAMES.iter().filter(|name| pairs.iter().filter(|(known, _)| known == *name).count() > 1);
    problems.extend(twice.map(|name| Problem::of(name, "twice", format!("'{name}' stands twice; send it once, with commas"))));
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let stage = |place: &str, what| AskedStage { place: place.to_owned(), what };
    let mut stages = vec![stage("group", AskedWhat::Group { keys, values })];
    stages.extend(having.map(|text| stage("having", AskedWhat::Match(text))));
    if !sort.is_empty() {
        stages.push(stage("sort", AskedWhat::Sort(sort)));
    }
    Ok(Asked { filter: filter.into_filter(), view, stages, limit })
}

fn asked_value(text: &str, name: &str) -> AskedValue {
    AskedValue { name: name.to_owned(), text: text.to_owned(), asked_by: None }
}

/// An expression at its byte, so that what is wrong with it is told at the right one.
fn placed(term: &str, at: usize) -> String {
    format!("{}{term}", " ".repeat(at))
}

/// `status,month(created_at)`, each as it is written in an answer.
fn listed(name: &str, text: &str) -> Found<Vec<(String, usize)>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    numbers::listed(text).map_err(|problem| Problem { code: "expression", field: Some(name.to_owned()), ..problem })
}

// By a body ----------------------------------------------------------------------------------------------------------

fn by_body(body: &Map<String, Value>, limits: &Limits) -> Found<Asked> {
    if let Some(key) = body.keys().find(|key| *key != "pipeline") {
        let problem = Problem::of(key, "unknown_field", format!("There is no key {} here", quoted(key)));
        return Err(problem.did_you_mean(key, std::iter::once("pipeline")).hint(FORM));
    }
    let Some(Value::Array(stages)) = body.get("pipeline") else {
        return Err(Problem::of("pipeline", "required", "Key 'pipeline' must be an array of stages").hint(FORM));
    };
    let stages = stages.iter().enumerate().map(|(at, value)| {
        let place = format!("pipeline.{at}");
        let what = stage(value).map_err(|problem| Problem { field: Some(place.clone()), ..problem })?;
        Ok(AskedStage { place, what })
    });
    let stages = stages.collect::<Found<_>>()?;
    Ok(Asked { filter: crate::model::expr::Expr::True, view: None, stages, limit: limits.report_rows_max })
}

fn stage(value: &Value) -> Found<AskedWhat> {
    let refused = |message: String, hint: &str| Err(Problem::new("stage", message).hint(hint));
    let Some((name, what)) = value.as_object().filter(|stage| stage.len() == 1).and_then(|stage| stage.iter().next()) else {
        return refused("A stage is an object with one key".to_owned(), "{\"limit\": 10}");
    };
    match (name.as_str(), what) {
        ("match", Value::String(text)) => Ok(AskedWhat::Match(text.clone())),
        ("match", _) => refused("'match' takes a condition as a text".to_owned(), "{\"match\": \"status = 'won'\"}"),
        ("group", Value::Object(group)) => {
            if let Some(key) = group.keys().find(|key| !matches!(key.as_str(), "by" | "values")) {
                return Err(Problem::new("unknown_field", format!("A group has no key {}", quoted(key)))
                    .did_you_mean(key, ["by", "values"].into_iter()));
            }
            let keys = group.get("by").map(columns).transpose()?.unwrap_or_default();
            let values = group.get("values").map(columns).transpose()?.unwrap_or_default();
            let values = values.into_iter().map(|(name, text)| asked_value(&text, &name)).collect();
            Ok(AskedWhat::Group { keys, values })
        }
        ("group", _) => {
            refused("'group' takes an object".to_owned(), "{\"group\": {\"by\": [\"status\"], \"values\": {\"n\": \"count()\"}}}")
        }
        ("project", what) => columns(what).map(AskedWhat::Project),
        ("sort", what) => sorted(what).map(AskedWhat::Sort),
        ("limit" | "skip", what) => {
            let rows = what.as_i64().filter(|rows| (0..=1_000_000_000).contains(rows));
            let Some(rows) = rows else { return refused(format!("'{name}' takes a whole number from 0"), "{\"limit\": 10}") };
            Ok(if name == "limit" { AskedWhat::Limit(rows) } else { AskedWhat::Skip(rows) })
        }
        ("lookup", Value::Object(lookup)) => {
            const FORM: &str = "{\"lookup\": {\"from\": \"companies\", \"key\": \"company\", \"take\": {\"name\": \"name\"}}}";
            let text = |key: &str| lookup.get(key).and_then(Value::as_str);
            let (Some(from), Some(key), Some(take), 3) = (text("from"), text("key"), lookup.get("take"), lookup.len()) else {
                return refused("'lookup' takes from, key and take".to_owned(), FORM);
            };
            Ok(AskedWhat::Lookup { from: from.to_owned(), key: key.to_owned(), columns: columns(take)? })
        }
        ("lookup", _) => refused("'lookup' takes an object".to_owned(), "{\"lookup\": {\"from\": …, \"key\": …, \"take\": …}}"),
        _ => {
            let problem = Problem::new("stage", format!("There is no stage {}", quoted(name)));
            let near = problem.clone().did_you_mean(name, STAGES.into_iter());
            Err(if near.hint.is_some() { near } else { problem.hint(format!("Stages are: {}", STAGES.join(", "))) })
        }
    }
}

/// `{"month": "month(created_at)"}`; or `["status", "month(created_at)"]`, where each is called as it is written.
fn columns(value: &Value) -> Found<Vec<(String, String)>> {
    let form = || Problem::new("stage", "Columns are an object of names and expressions, or an array of expressions");
    match value {
        Value::Object(columns) => {
            let column = |(name, text): (&String, &Value)| {
                if !is_field_slug(name) {
                    let problem = Problem::new("name", format!("{} cannot be the name of a column", quoted(name)));
                    return Err(problem.hint("Letters, digits and _ only, a letter first"));
                }
                Ok((name.clone(), text.as_str().ok_or_else(form)?.to_owned()))
            };
            columns.iter().map(column).collect()
        }
        Value::Array(texts) => {
            let mut all = Vec::new();
            for text in texts {
                let terms = numbers::listed(text.as_str().ok_or_else(form)?)?;
                all.extend(terms.into_iter().map(|(term, at)| (term.clone(), placed(&term, at))));
            }
            Ok(all)
        }
        _ => Err(form().hint("{\"month\": \"month(created_at)\"}")),
    }
}

/// `["-total", "name"]`, `"-total"`
fn sorted(value: &Value) -> Found<Vec<Sort>> {
    let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut keys = Vec::new();
    for text in texts {
        let text = text
            .as_str()
            .ok_or_else(|| Problem::new("stage", "'sort' takes names of columns").hint("{\"sort\": [\"-total\", \"name\"]}"))?;
        keys.extend(sort_keys_of(text)?);
    }
    if keys.is_empty() { Err(Problem::new("stage", "'sort' names no column")) } else { Ok(keys) }
}
