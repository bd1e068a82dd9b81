//! Computations as SQL. Own fields are read from `data`, other records by subqueries that an index serves. Comparisons are two-valued: one with a
//! missing value is false, but for `!=`.

use super::sql::{column, links, table};
use crate::model::expr::Operator;
use crate::model::field::Kind;
use crate::model::formula::{Computation, Digits, Formula, Function, Inverse, Rollup, Step};
use crate::model::plan::Column;

/// Ids that a list of lines shows.
const LINES_MAX: usize = 1_000;
/// Digits after the point up to which decimals are added as whole numbers.
const EXACT_SCALE_MAX: u64 = 6;
/// Digits of an average.
const AVG_SCALE: u64 = 6;
/// What is larger is no number for JSON.
const NUMBER_MAX: &str = "1.7976931348623157e308";

/// Where the columns of a record stand.
#[derive(Clone)]
struct Place {
    /// Before a column's name: empty or `t1.`.
    alias: String,
    /// The same where a subquery has columns of the same names.
    outer: String,
    depth: usize,
    /// The number of who asks.
    me: &'static str,
    /// Columns have names of their own, and are no keys of `data`.
    is_flat: bool,
}

/// The parameter that is bound to the number of who asks.
pub const ME: &str = ":me";
/// The number of a guest: none. It is somebody whom nothing equals, not the `null` of the language, which an empty field equals.
const NOBODY: &str = "nullif(0,0)";

/// The value of a computation for the row of `alias`: a datetime with its `Z`, a truth as 1 or 0, a decimal rounded; infinity is no value.
pub fn value(computation: &Computation, alias: &str) -> String {
    let place = outermost(computation, alias, NOBODY);
    let sql = written(&computation.formula, &place);
    match computation.kind {
        Kind::Decimal => finite(&rounded(&sql, computation.scale)),
        Kind::Integer => finite(&sql),
        _ => format!("({sql})"),
    }
}

/// Whether a rule holds for the row of `alias`, for a guest or for whoever is bound to `ME`.
pub fn holds(rule: &Computation, alias: &str, is_guest: bool) -> String {
    let sql = written(&rule.formula, &outermost(rule, alias, if is_guest { NOBODY } else { ME }));
    format!("coalesce({sql},0)")
}

/// The same, where the rows are looked for by it: what references lead to is found first, then the rows by an index on the reference. `None` when the rule
/// is no comparison of a value that references lead to with one that is the same for all rows.
pub fn found_by(rule: &Computation, alias: &str, is_guest: bool) -> Option<String> {
    led(&rule.formula, &outermost(rule, alias, if is_guest { NOBODY } else { ME }))
}

/// Whether `found_by` finds rows.
pub fn is_led(rule: &Computation) -> bool {
    matches!(&rule.formula, Formula::Binary(operator, left, right)
        if matches!(**left, Formula::Lookup { .. }) && is_positive(*operator) && is_constant(right))
}

fn led(formula: &Formula, place: &Place) -> Option<String> {
    let Formula::Binary(operator, left, right) = formula else { return None };
    let Formula::Lookup { reference, schema, of } = &**left else { return None };
    if !is_positive(*operator) || !is_constant(right) {
        return None;
    }
    let there = inside(place);
    let further = Formula::Binary(*operator, of.clone(), right.clone());
    let cond = led(&further, &there).unwrap_or_else(|| binary(*operator, false, &written(of, &there), &written(right, &there)));
    let (to, rows) = (&there.alias, table(*schema));
    let ids = format!("SELECT 'rec_' || {to}id FROM {rows} {} WHERE {cond}", to.trim_end_matches('.'));
    let via = column(&Column::Field { slug: reference.clone(), kind: Kind::Reference }, &place.outer);
    Some(format!("{via} IN ({ids})"))
}

/// What never holds for a missing value, so that a reference to nothing is not looked for.
fn is_positive(operator: Operator) -> bool {
    matches!(operator, Operator::Eq | Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte | Operator::Match)
}

fn is_constant(formula: &Formula) -> bool {
    matches!(formula, Formula::Bool(_) | Formula::Number(_) | Formula::Text(_) | Formula::Me)
}

fn outermost(computation: &Computation, alias: &str, me: &'static str) -> Place {
    let outer = if alias.is_empty() { format!("{}.", table(computation.schema)) } else { alias.to_owned() };
    Place { alias: alias.to_owned(), outer, depth: 0, me, is_flat: false }
}

/// A value, that of a field as it lies there: so an index on the field gives it.
pub fn plain(computation: &Computation, alias: &str) -> String {
    match &computation.formula {
        Formula::Field { .. } => written(&computation.formula, &outermost(computation, alias, "NULL")),
        _ => value(computation, alias),
    }
}

/// A value made of columns that a question before has made, and whether a condition over them holds.
pub fn flat_value(computation: &Computation) -> String {
    let sql = written(&computation.formula, &flat());
    match (&computation.formula, computation.kind) {
        (Formula::Field { .. }, _) => sql,
        (_, Kind::Decimal) => finite(&rounded(&sql, computation.scale)),
        (_, Kind::Integer) => finite(&sql),
        _ => format!("({sql})"),
    }
}

pub fn flat_holds(condition: &Computation) -> String {
    format!("coalesce({},0)", written(&condition.formula, &flat()))
}

fn flat() -> Place {
    Place { alias: String::new(), outer: String::new(), depth: 0, me: "NULL", is_flat: true }
}

/// The same as an argument of json_set: what stands in the answer.
pub fn as_json(computation: &Computation, alias: &str) -> String {
    let sql = value(computation, alias);
    match computation.kind {
        Kind::Decimal | Kind::Integer => spelled(&sql),
        Kind::Boolean => format!("json(CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"),
        Kind::Lines => format!("json({sql})"),
        _ => sql,
    }
}

/// A table without rows to read from is never taken apart by SQLite, so what stands in it is found out once.
fn finite(sql: &str) -> String {
    format!("(SELECT iif(abs(v * 1.0) <= {NUMBER_MAX}, v, NULL) FROM (SELECT {sql} AS v))")
}

/// A number with so many digits after the point at most, halves away from zero as people round: SQLite's own `round` sees that the double 0.595 is a
/// little less. Of the 15 digits that are exact none is touched by the nudge; where fewer than the wanted ones are left, it is 15 digits.
fn rounded(sql: &str, scale: u64) -> String {
    format!(
        "(SELECT CASE WHEN typeof(v) <> 'real' THEN v \
         WHEN abs(v)*1e{scale} < 1e15 THEN CAST(v*1e{scale}*1.00000000000000044 + iif(v<0,-0.5,0.5) AS INTEGER)/1e{scale} \
         WHEN abs(v) < 1e300 THEN CAST(printf('%.15g',v) AS REAL) ELSE v END FROM (SELECT {sql} AS v))"
    )
}

/// A number without a point where nothing would stand behind it.
fn spelled(sql: &str) -> String {
    format!("(SELECT iif(v = CAST(v AS INTEGER), CAST(v AS INTEGER), v) FROM (SELECT {sql} AS v))")
}

fn written(formula: &Formula, place: &Place) -> String {
    match formula {
        Formula::Null => "NULL".to_owned(),
        Formula::Bool(bool) => u8::from(*bool).to_string(),
        Formula::Number(digits) => digits.clone(),
        Formula::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Formula::Field { slug } if place.is_flat => slug.clone(),
        Formula::Field { slug } => format!("{}data->>'$.{slug}'", place.alias),
        Formula::CreatedAt => format!("{}created_at", place.alias),
        Formula::UpdatedAt => format!("{}updated_at", place.alias),
        Formula::CreatedBy => format!("{}created_by", place.alias),
        Formula::Id => format!("('rec_' || {}id)", place.alias),
        Formula::Element => format!("{}target", place.alias),
        // Whatever else may lie there is no JSON to look into.
        Formula::Item { key } => format!("(CASE {0}type WHEN 'object' THEN {0}value->>'$.{key}' END)", place.alias),
        Formula::Me => place.me.to_owned(),
        Formula::Any { operator, steps, of, other } => any(*operator, steps, of, other, place),
        Formula::Not(inner) => format!("(NOT coalesce({},0))", written(inner, place)),
        // A sign holds more than `->>` does.
        Formula::Negate(inner) => format!("(-({}))", written(inner, place)),
        Formula::Bare(inner) => format!("rtrim({},'Z')", written(inner, place)),
        Formula::Stamped(inner) => format!("({} || 'Z')", written(inner, place)),
        Formula::Midnight(inner) => format!("({} || 'T00:00:00')", written(inner, place)),
        Formula::Spelled(inner, scale) => spelled(&finite(&rounded(&written(inner, place), *scale))),
        Formula::Worded(inner) => format!("(CASE {} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)", written(inner, place)),
        Formula::Binary(operator, left, right) => {
            let is_null = is_null(left) || is_null(right);
            binary(*operator, is_null, &written(left, place), &written(right, place))
        }
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
            let rows = pointing(from, place, &inner);
            // With a limit the inner question stays one, so that its value is found out once.
            let values = |of: &str| format!("(SELECT {of} AS v FROM {rows} LIMIT -1)");
            match how {
                Rollup::Count => format!("(SELECT count(*) FROM {rows})"),
                _ => format!("(SELECT {} FROM {})", gathered(*how, *digits), values(&written(of, &inner))),
            }
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
    Place { alias: alias.clone(), outer: alias, depth: place.depth + 1, me: place.me, is_flat: false }
}

/// Whether a comparison holds for one of the values that the steps lead to; each step is found by an index.
fn any(operator: Operator, steps: &[Step], of: &Formula, other: &Formula, place: &Place) -> String {
    let (mut tables, mut conds, mut here) = (Vec::new(), Vec::new(), place.clone());
    for step in steps {
        let there = inside(&here);
        let (from, to) = (&here.outer, &there.alias);
        let name = to.trim_end_matches('.');
        let (rows, cond) = match step {
            Step::Reference { slug, schema } => (table(*schema), format!("{to}id = CAST(substr({from}data->>'$.{slug}',5) AS INTEGER)")),
            Step::Links { slug, from: schema, schema: target } => {
                let linked = format!("SELECT target FROM {} WHERE record = {from}id AND field = '{slug}'", links(*schema));
                (table(*target), format!("{to}id IN ({linked})"))
            }
            Step::Lines(inverse) if inverse.is_set => {
                let linking = format!("SELECT record FROM {} WHERE field = '{}' AND target = {from}id", links(inverse.schema), inverse.via);
                (table(inverse.schema), format!("{to}id IN ({linking})"))
            }
            Step::Lines(inverse) => {
                let via = column(&Column::Field { slug: inverse.via.clone(), kind: Kind::Reference }, to);
                (table(inverse.schema), format!("{via} = 'rec_' || {from}id"))
            }
            Step::Elements { slug, of } => (links(*of), format!("{to}record = {from}id AND {to}field = '{slug}'")),
            Step::Items { slug, .. } => (format!("json_each({from}data->'$.{slug}')"), format!("{to}type = 'object'")),
        };
        tables.push(format!("{rows} {name}"));
        conds.push(cond);
        here = there;
    }
    let values = format!("SELECT {} AS v FROM {} WHERE {}", written(of, &here), tables.join(" CROSS JOIN "), conds.join(" AND "));
    let outside = Place { alias: place.outer.clone(), ..place.clone() };
    format!("EXISTS (SELECT 1 FROM ({values}) WHERE {})", binary(operator, is_null(other), "v", &written(other, &outside)))
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

/// What is made of the values `v`.
fn gathered(how: Rollup, digits: Digits) -> String {
    match (how, digits) {
        (Rollup::Sum, digits) => exact_sum("v", digits),
        (Rollup::Avg, _) => "avg(v)".to_owned(),
        (Rollup::Min, _) => "min(v)".to_owned(),
        (Rollup::Max, _) => "max(v)".to_owned(),
        (Rollup::Count, _) => "count(*)".to_owned(),
    }
}

/// A sum to the last digit, made of whole numbers in two halves: SQLite's `sum` refuses the whole question when whole numbers become too large.
pub fn exact_sum(v: &str, digits: Digits) -> String {
    const HALF: &str = "1000000000";
    let (whole, over, scale) = match digits {
        Digits::Whole => (format!("CAST({v} AS INTEGER)"), String::new(), 0),
        Digits::Fixed(scale) if scale <= EXACT_SCALE_MAX => {
            (format!("CAST(round({v}*1e{scale}) AS INTEGER)"), format!("/1e{scale}"), scale)
        }
        Digits::Fixed(_) | Digits::Loose => return format!("total({v})"),
    };
    format!(
        "CASE WHEN coalesce(max(abs({v}*1.0)),0) < 9e18/1e{scale} \
         THEN (coalesce(sum({whole}/{HALF}),0)*{HALF}+coalesce(sum({whole}%{HALF}),0)){over} ELSE total({v}) END"
    )
}

/// An average made of that sum, with as many digits as what is divided has.
pub fn exact_avg(v: &str, digits: Digits) -> String {
    finite(&rounded(&format!("({}) * 1.0 / nullif(count({v}),0)", exact_sum(v, digits)), AVG_SCALE))
}

fn is_null(formula: &Formula) -> bool {
    matches!(formula, Formula::Null)
}

/// `is_null`: whether one side is the word `null`, which what is missing equals.
fn binary(operator: Operator, is_null: bool, left: &str, right: &str) -> String {
    match operator {
        Operator::Or => format!("(coalesce({left},0) OR coalesce({right},0))"),
        Operator::And => format!("(coalesce({left},0) AND coalesce({right},0))"),
        Operator::Eq if is_null => format!("({left} IS {right})"),
        Operator::Ne => format!("({left} IS NOT {right})"),
        Operator::Match => matches(left, right),
        Operator::NoMatch => format!("(NOT {})", matches(left, right)),
        Operator::Eq | Operator::Gt | Operator::Gte | Operator::Lt | Operator::Lte => {
            format!("coalesce({left} {} {right},0)", operator.symbol())
        }
        // Of whole numbers, too, a part.
        Operator::Divide => format!("(CAST({left} AS REAL) / {right})"),
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Remainder => format!("({left} {} {right})", operator.symbol()),
    }
}

/// A part of a text, whatever the case of its letters from A to Z. A text that is written out is a pattern if a `%` stands in it.
fn matches(left: &str, right: &str) -> String {
    match right.strip_prefix('\'').filter(|text| text.contains('%')) {
        Some(_) => format!("coalesce({left} LIKE {right} ESCAPE '\\',0)"),
        None => format!("coalesce(instr(lower({left}),lower({right})) > 0,0)"),
    }
}

/// A time moved by so many units. The day stays within its month: a month after the last of January is the last of February.
fn moved(parts: &[String]) -> String {
    let part = |place: usize| parts.get(place).map_or("NULL", String::as_str);
    let (times, unit, floor) = match part(2).trim_matches('\'') {
        "week" => (7, "days", ""),
        "month" => (1, "months", ",'floor'"),
        "year" => (1, "years", ",'floor'"),
        "second" => (1, "seconds", ""),
        "minute" => (1, "minutes", ""),
        "hour" => (1, "hours", ""),
        _ => (1, "days", ""),
    };
    let by = format!("({} * {times}) || ' {unit}'", part(1));
    match part(3) {
        "1" => format!("strftime('%Y-%m-%dT%H:%M:%S',{},{by}{floor})", part(0)),
        _ => format!("date({},{by}{floor})", part(0)),
    }
}

/// How many whole units lie between two times; less than 0 when the first is the earlier one.
fn apart(parts: &[String]) -> String {
    let part = |place: usize| parts.get(place).map_or("NULL", String::as_str);
    let seconds = match part(2).trim_matches('\'') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "week" => 7 * 86_400,
        "month" | "year" => {
            let month = |text: &str| format!("(substr({text},1,4) * 12 + substr({text},6,2))");
            let rest = |text: &str| format!("substr(rtrim({text},'Z'),9)");
            let years = if part(2) == "'year'" { "/ 12" } else { "" };
            return format!(
                "(SELECT (m - (m > 0 AND a < b) + (m < 0 AND a > b)) {years} FROM (SELECT {} - {} AS m, {} AS a, {} AS b))",
                month(part(0)),
                month(part(1)),
                rest(part(0)),
                rest(part(1)),
            );
        }
        _ => 86_400,
    };
    format!("((unixepoch({}) - unixepoch({})) / {seconds})", part(0), part(1))
}

fn call(function: Function, parts: &[String]) -> String {
    let part = |place: usize| parts.get(place).map_or("NULL", String::as_str);
    match function {
        // Of the lowest whole number there is none, and SQLite would refuse the whole question.
        Function::Abs => format!("abs(nullif({},-9223372036854775808))", part(0)),
        Function::Coalesce => format!("coalesce({})", parts.join(",")),
        Function::Concat => {
            let texts: Vec<String> = parts.iter().map(|part| format!("coalesce({part},'')")).collect();
            format!("({})", texts.join(" || "))
        }
        Function::Contains => format!("coalesce(instr({},{}) > 0,0)", part(0), part(1)),
        Function::StartsWith => format!("coalesce(substr({},1,length({1})) = {1},0)", part(0), part(1)),
        Function::DateAdd => moved(parts),
        Function::DateDiff => apart(parts),
        Function::If => format!("(CASE WHEN coalesce({},0) THEN {} ELSE {} END)", part(0), part(1), part(2)),
        Function::Length => format!("length({})", part(0)),
        Function::Lower => format!("lower({})", part(0)),
        Function::Upper => format!("upper({})", part(0)),
        Function::NumberOf => format!("CAST(substr({},5) AS INTEGER)", part(0)),
        Function::Year => format!("CAST(substr({},1,4) AS INTEGER)", part(0)),
        Function::Month => format!("CAST(substr({},6,2) AS INTEGER)", part(0)),
        Function::Day => format!("CAST(substr({},9,2) AS INTEGER)", part(0)),
        Function::Round => match parts.get(1) {
            // The type of the expression has looked: a number from 0 to 12.
            Some(places) => rounded(part(0), places.parse().unwrap_or_default()),
            None => rounded(part(0), 0),
        },
    }
}
