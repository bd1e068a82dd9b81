//! What the body of a find, an update or a delete holds: an object of which a few keys mean something and the others nothing. Long arrays in it are read
//! element by element.

use crate::model::error::{Error, Problem, Result};
use crate::model::field::described;
use crate::model::json::{Elements, Parts};
use crate::model::limits::Limits;
use crate::model::name::quoted;
use crate::wire::call::Call;
use serde_json::{Map, Value};

/// An object, or an array of them.
pub enum Given {
    One(Map<String, Value>),
    Many(Elements),
}

/// The keys of a body.
pub struct Keys(Option<Parts>);

impl Keys {
    pub fn read(call: &Call<'_>) -> Result<Self> {
        call.body.parts(&call.limits).map(Self)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Parts::keys)
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Result<Option<Value>> {
        self.0.as_ref().map_or(Ok(None), |parts| parts.value(key))
    }

    /// An object or an array of objects.
    pub fn given(&self, key: &str, limits: &Limits) -> Result<Option<Given>> {
        let Some(text) = self.0.as_ref().and_then(|parts| parts.text(key)) else { return Ok(None) };
        if text.starts_with('[') {
            let all = Elements::parse(text.as_bytes().to_vec(), limits.json_depth_max)?;
            if all.len() > limits.records_sent_max {
                let message = format!("'{key}' holds {} objects; at most {} are taken at once", all.len(), limits.records_sent_max);
                return Err(Error::TooLarge(message));
            }
            if let Some(index) = all.lengths().position(|length| length > limits.body_bytes_max) {
                let message = format!("The object at index {index} of '{key}' is longer than {} bytes", limits.body_bytes_max);
                return Err(Error::TooLarge(message));
            }
            return Ok(Some(Given::Many(all)));
        }
        if text.len() > limits.body_bytes_max {
            return Err(Error::TooLarge(format!("'{key}' is longer than {} bytes", limits.body_bytes_max)));
        }
        match self.value(key)? {
            Some(Value::Object(object)) => Ok(Some(Given::One(object))),
            Some(other) => Err(no_object(key, &other)),
            None => Ok(None),
        }
    }

    /// That a key is missing, with the one that may have been meant.
    pub fn missing(&self, key: &str, form: &str) -> Error {
        let near = self.names().find(|known| is_near(key, known));
        let problem = Problem::of(key, "required", format!("Key '{key}' is required"));
        Error::invalid(match near {
            Some(near) => problem.hint(format!("There is {}: is '{key}' meant?", quoted(near))),
            None => problem.hint(form),
        })
    }
}

/// The elements of an array, each of which must be an object.
pub fn objects(key: &str, all: &Elements) -> impl Iterator<Item = Result<Map<String, Value>>> {
    all.values().map(move |value| match value? {
        Value::Object(object) => Ok(object),
        other => Err(no_object(key, &other)),
    })
}

fn no_object(key: &str, value: &Value) -> Error {
    let message = format!("'{key}' must be an object or an array of objects, not {}", described(value));
    Error::invalid(Problem::of(key, "type", message).hint(format!("{{\"{key}\": {{\"status\": \"pending\"}}}}")))
}

fn is_near(key: &str, other: &str) -> bool {
    crate::model::nearest::nearest(other, std::iter::once(key)).is_some()
}
