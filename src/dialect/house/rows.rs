//! `POST /api/workspaces/{workspace}/rows`: a file of rows as data, so that a page can show what is in it before anything is taken in. Nothing is
//! kept. Taking rows in is `imports`. [house]

use super::imports;
use super::once;
use crate::format::file::Input;
use crate::format::rows::Row;
use crate::model::error::{Error, Result};
use crate::ops::ctx::Ctx;
use crate::ops::workspace;
use crate::wire::call::Call;
use crate::wire::reply;
use rouille::Response;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// With the Content-Type of an import: 200 `{"headings", "rows": [[value]], "sheets": [name], "notes": [sentence]}`; `sheet` chooses of a workbook. A cell that
/// an import would refuse is null here, and a note says so.
pub fn read(_: &Arc<Ctx>, call: &Call<'_>) -> Result<Response> {
    once::refuse(call)?;
    workspace::read(&call.caller, call.param(0))?;
    let format = imports::format(call)?;
    let input = Input::new(format, imports::source(&call.body, format)?, call.query.once("sheet")?)?;
    let most = call.limits.records_sent_max;
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    let found = input.read(&Arc::new(AtomicU64::new(0)), &mut |headings: &[String], row: Row| {
        if rows.len() >= most {
            let message = format!("The file has more than {most} rows; a command takes it in: carryall import FILE --app APP");
            return Err(Error::TooLarge(message));
        }
        let unread = row.refused.iter().chain(&row.errors);
        notes.extend(unread.map(|(at, why)| format!("Row {}, {}: {why}", row.number, headings.get(*at).map_or("", String::as_str))));
        rows.push(cells(headings.len(), row));
        Ok(())
    })?;
    notes.truncate(NOTES_MAX);
    notes.splice(0..0, found.notes);
    Ok(reply::json(200, &json!({"headings": found.headings, "rows": rows, "sheets": input.sheets()?, "notes": notes})))
}

/// Cells that cannot be taken are told of up to this number.
const NOTES_MAX: usize = 20;

/// One value under each heading that is known by then.
fn cells(columns: usize, row: Row) -> Value {
    let mut cells = vec![Value::Null; columns];
    for (at, value) in row.cells {
        if let Some(cell) = cells.get_mut(at) {
            *cell = value;
        }
    }
    Value::Array(cells)
}
