//! The records of a schema as a file: all of them, or those that a list with the same filters would show, in its order. [house]

use super::asked::{Asked, WINDOW};
use crate::format::file::Format;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::principal::Action;
use crate::model::query::{Query, Window};
use crate::ops::ctx::Ctx;
use crate::ops::export::{self, Export};
use crate::wire::call::Call;
use crate::wire::paper::Sheets;
use rouille::Response;
use std::sync::Arc;

/// `GET …/export?format=csv|xlsx|json|ndjson&ids=1&fields=&sort=&filter[field]=`; without a format by `Accept`, else CSV.
pub fn rows(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    let (mine, asked): (Vec<_>, Vec<_>) = call.query.pairs().iter().cloned().partition(|(name, _)| name == "format" || name == "ids");
    let named = mine.iter().rev().find(|(name, _)| name == "format").map(|(_, format)| format.as_str());
    let (format, has_ids) = (format(call, named)?, has_ids(call)?);
    file(ctx, call, &asked, format, has_ids)
}

/// A list that is asked for as a file: all of its records, whatever would be on a page.
pub fn whole_list(ctx: &Arc<Ctx>, call: &Call<'_>, kind: &str) -> Result<Response> {
    file(ctx, call, call.query.pairs(), of(kind).unwrap_or(Format::Csv), false)
}

fn file(ctx: &Arc<Ctx>, call: &Call<'_>, asked: &[(String, String)], format: Format, has_ids: bool) -> Result<Response> {
    let is_no_part = |name: &str| WINDOW.contains(&name) || matches!(name, "explain" | "expand" | "names");
    if let Some((name, _)) = asked.iter().find(|(name, _)| is_no_part(name)) {
        let problem =
            Problem::of(name, "unknown_parameter", format!("An export has no '{name}': it holds all records that the filters leave"));
        return Err(Error::invalid(problem));
    }
    let asked = Asked::parse(asked, &call.limits)?;
    asked.make_ready(ctx, call, Action::Export)?;
    let query = Query { window: Window::default(), ..asked.query };
    let (app, schema) = (call.param(0), call.param(1));
    let export = Export { app, schema, format, query: Some(&query), has_ids };
    let mut sheets = Sheets::new(ctx.limits.reply_memory_bytes_max);
    let written = ctx.store.read_long(|tx| export::export(tx, &call.caller, &export, &ctx.limits, Box::new(&mut sheets), &|_| Ok(())));
    sheets.response(written, format.media_type(), &format!("{schema}.{}", format.name()))
}

/// Whether the ids come first.
fn has_ids(call: &Call<'_>) -> Result<bool> {
    if call.query.once("ids")? == Some("1") { Ok(true) } else { call.query.flag("ids") }
}

fn format(call: &Call<'_>, named: Option<&str>) -> Result<Format> {
    if let Some(name) = named {
        return Format::from_name(name).ok_or_else(|| {
            let problem = Problem::of("format", "format", format!("There is no format {}", quoted(name)));
            Error::invalid(problem.hint(Format::NAMES.join(", ")))
        });
    }
    let accept = call.request.header("Accept").unwrap_or_default().to_lowercase();
    let kinds = accept.split(',').filter_map(|kind| kind.split(';').next()).map(str::trim);
    Ok(kinds.filter_map(of).next().unwrap_or(Format::Csv))
}

/// The format of a media type.
fn of(kind: &str) -> Option<Format> {
    Format::ALL.into_iter().find(|format| format.media_type().split(';').next() == Some(kind))
}
