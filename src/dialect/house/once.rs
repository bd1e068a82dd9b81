//! `Idempotency-Key`: a write that is sent again gets the answer that it got, and is not done again (draft-ietf-httpapi-idempotency-key-header). [house]

use crate::model::error::{Error, Result};
use crate::ops::idempotency::Key;
use crate::wire::call::Call;
use crate::wire::{reply, tags};
use rouille::Response;
use serde_json::{Value, json};
use std::io::Read;

const HEADER: &str = "Idempotency-Key";
/// Of an answer that is given again.
const REPLAYED: &str = "Idempotency-Replayed";

/// The key of a request that has one.
pub fn key(call: &Call<'_>) -> Result<Option<Key>> {
    let Some(key) = call.request.header(HEADER) else { return Ok(None) };
    // What one token was answered is not for another, which may be let through less.
    let token = call.caller.token.as_ref().map_or(0, |token| token.id);
    let mut request = format!("{token} {} {}\n", call.request.method(), call.request.raw_url()).into_bytes();
    request.extend_from_slice(&call.body.bytes(&call.limits)?);
    Key::new(&call.caller, key.trim(), &request).map(Some)
}

/// Refuses a key where nothing is kept under it: whoever sends one relies on it.
pub fn refuse(call: &Call<'_>) -> Result<()> {
    match call.request.header(HEADER) {
        None => Ok(()),
        Some(_) => Err(tags::meaningless(HEADER, "creating records, changing them by their ids and batches take it")),
    }
}

/// An answer as it is kept.
pub fn told(response: Response) -> Result<String> {
    let headers: Vec<Value> = response.headers.iter().map(|(name, value)| json!([name, value])).collect();
    let mut body = String::new();
    response.data.into_reader_and_size().0.read_to_string(&mut body).map_err(Error::internal)?;
    Ok(json!({"status": response.status_code, "headers": headers, "body": body}).to_string())
}

/// The same, given again.
pub fn given(answer: &str, is_repeated: bool) -> Result<Response> {
    let kept: Value = serde_json::from_str(answer).map_err(Error::internal)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let part = |name: &str| kept.get(name).cloned().unwrap_or_default();
    let status = part("status")
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| Error::internal("an answer lost its status"))?;
    let mut response = reply::raw_json(status, text(&part("body")));
    for header in part("headers").as_array().into_iter().flatten() {
        let [name, value] = [0, 1].map(|at| header.get(at).map(text).unwrap_or_default());
        if !name.eq_ignore_ascii_case("Content-Type") {
            response = response.with_additional_header(name, value);
        }
    }
    Ok(if is_repeated { response.with_additional_header(REPLAYED, "true") } else { response })
}
