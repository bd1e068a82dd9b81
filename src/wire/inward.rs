//! A request that a handler sends within this process, as if it had come from outside, and its answer as a value. Who may send one, and what, is the
//! handler's to say; what becomes of it the server's.

use crate::model::error::{Error, Result};
use crate::model::principal::{Principal, Token};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rouille::Response;
use serde_json::{Map, Value, json};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

pub struct Inward {
    /// The dialect that it is meant in; any when it is not said.
    pub dialect: Option<String>,
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Instead of a credential.
    pub who: (Principal, Option<Arc<Token>>),
}

/// Answers it. What cannot be sent so is refused; what the address itself refuses is an answer.
pub type Relay<'r> = dyn Fn(Inward) -> Result<Response> + 'r;

/// `{"status", "headers": [[name, value]], "body", "ms"}`; a body that is no text is `body_base64`. A longer one than `bytes_max` is refused.
pub fn told(response: Response, took: Duration, bytes_max: usize) -> Result<Value> {
    let headers: Vec<Value> = response.headers.iter().map(|(name, value)| json!([name, value])).collect();
    let mut bytes = Vec::new();
    let (reader, _) = response.data.into_reader_and_size();
    reader.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(Error::internal)?;
    if bytes.len() > bytes_max {
        return Err(Error::malformed(format!("The answer is longer than {bytes_max} bytes; ask at the address itself, or for less")));
    }
    let mut map = Map::new();
    map.insert("status".to_owned(), response.status_code.into());
    map.insert("headers".to_owned(), headers.into());
    match String::from_utf8(bytes) {
        Ok(text) => map.insert("body".to_owned(), text.into()),
        Err(error) => map.insert("body_base64".to_owned(), STANDARD.encode(error.as_bytes()).into()),
    };
    map.insert("ms".to_owned(), ((took.as_secs_f64() * 10_000.0).round() / 10.0).into());
    Ok(Value::Object(map))
}
