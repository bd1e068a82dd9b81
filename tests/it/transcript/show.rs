//! What a mismatch looks like: the difference in lines for a person, the mended expectation for `UPDATE=1`.
//! Whether something matches is decided in `mod.rs`.

use super::{Exchange, Kept, Reply, agrees, body, filled, header, json, values};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// Longer JSON is written over several lines by `UPDATE=1`.
const COLUMNS_MAX: usize = 100;
/// Lines that stand the same around a difference.
const CONTEXT: usize = 3;

/// Both values in one order, equal wherever they agree, so that only what differs shows.
pub fn aligned(wanted: &Value, got: &Value, includes: bool, kept: &mut Kept) -> (Value, Value) {
    if agrees(wanted, got, includes, kept) {
        let shown = if includes { only(wanted, got) } else { got.clone() };
        return (shown.clone(), shown);
    }
    match (wanted, got) {
        (Value::Object(w), Value::Object(g)) => {
            let (mut left, mut right) = (Map::new(), Map::new());
            let more = g.keys().filter(|k| !includes && !w.contains_key(*k));
            for key in w.keys().chain(more) {
                match (w.get(key), g.get(key)) {
                    (Some(w), Some(g)) => {
                        let (w, g) = aligned(w, g, includes, kept);
                        left.insert(key.clone(), w);
                        right.insert(key.clone(), g);
                    }
                    (w, g) => {
                        left.extend(w.map(|w| (key.clone(), w.clone())));
                        right.extend(g.map(|g| (key.clone(), g.clone())));
                    }
                }
            }
            (Value::Object(left), Value::Object(right))
        }
        (Value::Array(w), Value::Array(g)) => {
            let both = w.iter().zip(g).map(|(w, g)| aligned(w, g, includes, kept));
            let (mut left, mut right): (Vec<Value>, Vec<Value>) = both.unzip();
            left.extend(w.iter().skip(g.len()).cloned());
            right.extend(g.iter().skip(w.len()).cloned());
            (Value::Array(left), Value::Array(right))
        }
        (Value::String(text), got) => (Value::String(filled(text, kept)), got.clone()),
        _ => (wanted.clone(), got.clone()),
    }
}

/// Of what came, the part that was asked about.
fn only(wanted: &Value, got: &Value) -> Value {
    match (wanted, got) {
        (Value::Object(w), Value::Object(g)) => {
            w.iter().filter_map(|(k, w)| Some((k.clone(), only(w, g.get(k)?)))).collect::<Map<_, _>>().into()
        }
        (Value::Array(w), Value::Array(g)) => w.iter().zip(g).map(|(w, g)| only(w, g)).collect::<Vec<_>>().into(),
        _ => got.clone(),
    }
}

/// The expectation as it should have been: placeholders that fit stay, the rest is what came.
fn mended(wanted: &Value, got: &Value, includes: bool, kept: &Kept) -> Value {
    match (wanted, got) {
        (Value::Object(w), Value::Object(g)) if includes => {
            w.iter().filter_map(|(k, w)| Some((k.clone(), mended(w, g.get(k)?, true, kept)))).collect::<Map<_, _>>().into()
        }
        (Value::Object(w), Value::Object(g)) => {
            let value = |k: &String, g: &Value| w.get(k).map_or_else(|| g.clone(), |w| mended(w, g, false, kept));
            g.iter().map(|(k, g)| (k.clone(), value(k, g))).collect::<Map<_, _>>().into()
        }
        (Value::Array(w), Value::Array(g)) => {
            let value = |(i, g): (usize, &Value)| w.get(i).map_or_else(|| g.clone(), |w| mended(w, g, includes, kept));
            g.iter().enumerate().map(value).collect::<Vec<_>>().into()
        }
        _ if agrees(wanted, got, includes, &mut kept.clone()) => wanted.clone(),
        _ => got.clone(),
    }
}

/// The lines of an exchange from its status on, as they should have been.
pub fn rewritten(exchange: &Exchange, reply: &Reply, kept: &Kept) -> Vec<String> {
    let mut lines = vec![format!("{}{}", reply.status, if exchange.includes { " includes" } else { "" })];
    for line in &exchange.headers {
        let name = line.trim_start_matches('!').split(':').next().unwrap_or_default();
        match (header(line, reply, &mut kept.clone()), values(reply, name).first()) {
            (None, _) => lines.push(line.to_string()),
            (Some(_), Some(value)) => lines.push(format!("{name}: {value}")),
            (Some(_), None) => lines.push(format!("!{name}")),
        }
    }
    let (ordered, wanted) = exchange.wanted();
    let came = String::from_utf8_lossy(&reply.body).replace("\r\n", "\n");
    if body(exchange, reply, &mut kept.clone()).is_none() {
        lines.extend((exchange.apart && !exchange.body.is_empty()).then(String::new));
        lines.extend(exchange.body.iter().map(|l| l.to_string()));
    } else if !came.trim().is_empty() {
        lines.push(String::new());
        lines.extend(ordered.then(|| "ordered".to_string()));
        let got = serde_json::from_str::<Value>(&came).ok().filter(|v| !ordered && (v.is_object() || v.is_array()));
        lines.push(match (json(&wanted, kept), got) {
            (Some(wanted), Some(got)) => written(&mended(&wanted, &got, exchange.includes, kept)),
            (None, Some(got)) => written(&got),
            (_, None) => came.trim_end().to_string(),
        });
    }
    lines.push(String::new());
    lines
}

/// JSON on one line where it fits, otherwise over several.
fn written(value: &Value) -> String {
    let line = one_line(value);
    if line.chars().count() > COLUMNS_MAX { pretty(value) } else { line }
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| format!("{}: {}", Value::String(k.clone()), one_line(v)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

pub fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut out, line| {
        let _ = writeln!(out, "  {line}");
        out
    })
}

/// A difference line by line, `-` expected and `+` got, with a few equal lines around.
pub fn difference(wanted: &str, got: &str) -> String {
    let (left, right): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), got.lines().collect());
    let common = common_lengths(&left, &right);
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            out.push((' ', left[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < left.len() && (j == right.len() || common[i + 1][j] >= common[i][j + 1]) {
            out.push(('-', left[i]));
            i += 1;
        } else {
            out.push(('+', right[j]));
            j += 1;
        }
    }
    let changed = |at: usize| out[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(out.len())].iter().any(|(m, _)| *m != ' ');
    let shown: Vec<usize> = (0..out.len()).filter(|at| changed(*at)).collect();
    let mut text = String::new();
    for (n, at) in shown.iter().enumerate() {
        if *at > 0 && (n == 0 || shown[n - 1] + 1 != *at) {
            text.push_str("  ...\n");
        }
        let _ = writeln!(text, "{} {}", out[*at].0, out[*at].1);
    }
    text.trim_end().to_string()
}

/// `[i][j]` is how many lines the rests from i and j have in common at most.
fn common_lengths(left: &[&str], right: &[&str]) -> Vec<Vec<usize>> {
    let mut common = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            common[i][j] = if left[i] == right[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    common
}
