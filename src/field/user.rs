//! `user`: somebody who may sign in here, stored as that person's number. That the person exists is checked where rows are read.

use crate::model::field::{Field, FieldType, Kind, Refusal, described};
use serde_json::Value;

pub struct User;

impl FieldType for User {
    fn name(&self) -> &'static str {
        "user"
    }

    fn kind(&self) -> Kind {
        Kind::User
    }

    /// Accepts `3` and `"3"`.
    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        let id = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') => text.parse().ok(),
            _ => None,
        };
        match id.filter(|id| *id > 0) {
            Some(id) => Ok(Value::from(id)),
            None => Err(Refusal::new("type", format!("must be a user's number such as 3, not {}", described(value)))),
        }
    }
}
