//! Lists of records: as JSON, window by window; whole as a file, when that is what is asked for; explained. Stored text goes out as it lies.

use super::asked::{Asked, Form};
use super::exports;
use super::records::render_row;
use crate::model::error::Result;
use crate::model::explained::Told;
use crate::model::listed::{Called, Listed};
use crate::model::principal::Action;
use crate::ops::ctx::Ctx;
use crate::ops::lists;
use crate::wire::call::Call;
use crate::wire::paper::Paper;
use crate::wire::reply;
use crate::wire::tags::{self, Known};
use rouille::Response;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

pub fn list(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    if let Some(kind) = call.wanted_file() {
        return exports::whole_list(ctx, call, kind);
    }
    let asked = Asked::parse(call.query.pairs(), &ctx.limits)?;
    asked.make_ready(ctx, call, Action::List)?;
    if asked.explains {
        return explain(ctx, call, &asked);
    }
    let mut paper = Paper::new(ctx.limits.reply_memory_bytes_max);
    paper.text().push_str("{\"records\":[");
    let (mut is_first, known) = (true, Known::of(call.request)?);
    let listed = ctx.read(|tx| {
        let (place, is_known) = ([call.param(0), call.param(1)], |state: &str| known.has(state));
        lists::list(tx, &call.caller, place, &asked.query, &ctx.limits, &is_known, &mut |row| {
            if !std::mem::take(&mut is_first) {
                paper.text().push(',');
            }
            render_row(paper.text(), row);
            paper.settle()
        })
    })?;
    let response = if listed.is_known {
        reply::empty(304)
    } else {
        end(&mut paper, asked.form, &listed)?;
        paper.json(200)?
    };
    let response = listed.state.iter().fold(response, |response, state| response.with_additional_header("ETag", tags::weak(state)));
    Ok(asked.clamped.into_iter().fold(response, |response, clamped| response.with_additional_header("X-Clamped", clamped)))
}

/// What stands behind the records.
fn end(paper: &mut Paper, form: Form, listed: &Listed) -> Result<()> {
    let body = paper.text();
    let number = |number: Option<i64>| number.map_or_else(|| "null".to_owned(), |number| number.to_string());
    let total = number(listed.total);
    // Writing to a String cannot fail.
    let _ = match form {
        Form::Page { page, per_page } => {
            let pages = number(listed.total.filter(|_| !listed.is_capped).map(|total| (total + per_page - 1) / per_page));
            write!(body, "],\"page\":{page},\"per_page\":{per_page},\"total\":{total},\"total_pages\":{pages}")
        }
        Form::Offset { limit, offset } => write!(body, "],\"limit\":{limit},\"offset\":{offset},\"total\":{total}"),
        Form::Cursor { limit } => {
            let next = json!(listed.next_cursor);
            write!(body, "],\"limit\":{limit},\"total\":{total},\"next_cursor\":{next}")
        }
    };
    if listed.is_capped {
        body.push_str(",\"total_is_capped\":true");
    }
    if let Some(called) = &listed.called {
        names(paper, called)?;
    }
    paper.text().push('}');
    Ok(())
}

/// `"names": {"companies": {"rec_1": "Acme"}}`
fn names(paper: &mut Paper, called: &[Called]) -> Result<()> {
    paper.text().push_str(",\"names\":{");
    for (at, called) in called.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        paper.text().push_str(&format!("{comma}\"{}\":{{", called.schema));
        for (at, (id, name)) in called.names.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            paper.text().push_str(&format!("{comma}\"{}\":{name}", id.text()));
            paper.settle()?;
        }
        paper.text().push('}');
    }
    paper.text().push('}');
    Ok(())
}

/// `{"explain": {"statements": [{"sql", "plan": [step], "rows_read", "rows_found", "sorted_apart", "ms"}], "records", "missing_index"}}`
fn explain(ctx: &Arc<Ctx>, call: &Call<'_>, asked: &Asked) -> Result<Response> {
    let explained = ctx.read(|tx| lists::explain(tx, &call.caller, call.param(0), call.param(1), &asked.query, &ctx.limits))?;
    let told = |told: &Told| {
        json!({
            "sql": told.sql, "plan": told.steps, "rows_read": told.rows_read, "rows_found": told.rows_found,
            "sorted_apart": told.is_sorted_apart, "ms": (told.took.as_secs_f64() * 1e6).round() / 1e3,
        })
    };
    let statements: Vec<Value> = explained.statements.iter().map(told).collect();
    let body = json!({"statements": statements, "records": explained.records, "missing_index": explained.missing_index});
    Ok(reply::json(200, &json!({"explain": body})))
}
