//! `email`: one address without a display name; its domain has a dot or is `localhost`.

use crate::model::field::{Field, FieldType, Kind, Refusal, described};
use crate::model::name::quoted;
use email_address::{EmailAddress, Options};
use serde_json::Value;

pub struct Email;

const BYTES_MAX: usize = 254;

impl FieldType for Email {
    fn name(&self) -> &'static str {
        "email"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn rules(&self) -> &'static [&'static str] {
        &["pattern"]
    }

    fn clean(&self, _field: &Field, value: &Value) -> Result<Value, Refusal> {
        let Value::String(text) = value else {
            return Err(Refusal::new("type", format!("must be an e-mail address, not {}", described(value))));
        };
        if is_address(text) {
            Ok(value.clone())
        } else {
            Err(Refusal::new("type", format!("must be an e-mail address such as ann@example.com, not {}", quoted(text))))
        }
    }
}

fn is_address(text: &str) -> bool {
    let options = Options::default().without_display_text().without_domain_literal();
    let Ok(address) = EmailAddress::parse_with_options(text, options) else { return false };
    let domain = address.domain();
    text.len() <= BYTES_MAX && (domain == "localhost" || domain.contains('.'))
}
