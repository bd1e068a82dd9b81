//! Many rows in one body: a CSV, NDJSON, JSON or XLSX file into a schema, all or nothing. [house]

use super::once;
use crate::format::file::{Format, Input, Source};
use crate::model::error::{Error, Problem, Result};
use crate::model::job::Import;
use crate::ops::ctx::Ctx;
use crate::ops::jobs;
use crate::wire::body::{Body, content_type};
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// `POST …/import?key=&dry_run=&skip=&blank_errors=&sheet=`: 201 `{"created", "updated", "errors": [], "notes"?}`, with `dry_run` 200 and what would happen. A row that breaks a rule
/// refuses the whole file: 400, and `details` name each row by its `index`.
pub fn rows(ctx: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    once::refuse(call)?;
    let dry_run = call.query.flag("dry_run")?;
    let format = format(call)?;
    let source = source(&call.body, format)?;
    let import = Import {
        app: call.param(0).to_owned(),
        schema: call.param(1).to_owned(),
        schema_given: true,
        must_exist: true,
        key: call.query.once("key")?.map(str::to_owned),
        skip: call.query.pairs().iter().filter(|(name, _)| name == "skip").map(|(_, heading)| heading.clone()).collect(),
        blank_errors: call.query.flag("blank_errors")?,
        sheet: call.query.once("sheet")?.map(str::to_owned),
        dry_run,
        ..Import::default()
    };
    let input = Input::new(format, source, import.sheet.as_deref())?;
    let outcome = jobs::take_in(ctx, &call.caller, &import, &input)?;
    let number = |key: &str| outcome.get(key).and_then(Value::as_u64).unwrap_or_default();
    let mut body = json!({"created": number("created"), "updated": number("updated"), "errors": [], "dry_run": dry_run});
    let notes = outcome.get("notes").filter(|notes| notes.as_array().is_some_and(|notes| !notes.is_empty()));
    if let (Some(notes), Some(body)) = (notes, body.as_object_mut()) {
        body.insert("notes".to_owned(), notes.clone());
    }
    Ok(reply::json(if dry_run { 200 } else { 201 }, &body))
}

/// The file that was sent.
pub fn source(body: &Body, format: Format) -> Result<Source> {
    match body {
        // No line is no row: what an export of an empty table holds.
        Body::Empty if format == Format::Ndjson => Ok(Source::Memory(Vec::new().into())),
        Body::Empty => {
            Err(Error::malformed("The body is empty; send the file: curl --data-binary @people.csv -H 'Content-Type: text/csv' …"))
        }
        Body::Memory(bytes) => Ok(Source::Memory(bytes.clone().into())),
        Body::Spool(spool) => Ok(Source::Open(spool.file())),
    }
}

/// Of which format a file says that it is.
pub fn format(call: &Call<'_>) -> Result<Format> {
    let kind = content_type(call.request).unwrap_or_default();
    match kind.as_str() {
        "text/csv" | "text/tab-separated-values" | "text/plain" => Ok(Format::Csv),
        "application/json" => Ok(Format::Json),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/x-jsonlines" => Ok(Format::Ndjson),
        kind if Format::Xlsx.media_type() == kind => Ok(Format::Xlsx),
        other => {
            let other: String = other.chars().take(100).collect();
            let message = format!(
                "Rows of the Content-Type '{other}' cannot be read; send text/csv, application/json, application/x-ndjson, or for .xlsx {}",
                Format::Xlsx.media_type()
            );
            Err(Error::Malformed(
                Problem::new("content_type", message).hint("curl --data-binary @people.csv -H 'Content-Type: text/csv' …"),
            ))
        }
    }
}
