//! `timezone`: the name of a zone in the IANA database, such as `Europe/Berlin`, in its own spelling. The database is the executable's own, so that
//! every machine knows the same names.

use crate::model::field::{Field, FieldType, Kind, Refusal};
use crate::model::nearest::nearest;
use crate::model::texts::{not_a, text};
use jiff::tz::{TimeZoneDatabase, db};
use serde_json::Value;

pub struct Timezone;

impl FieldType for Timezone {
    fn name(&self) -> &'static str {
        "timezone"
    }

    fn kind(&self) -> Kind {
        Kind::Text
    }

    fn clean(&self, field: &Field, value: &Value) -> Result<Value, Refusal> {
        let name = text(field, value, "the name of a time zone", u64::MAX)?;
        let known: &TimeZoneDatabase = db();
        // The look-up takes any case; what is stored has the one spelling that all programs know.
        let found = known.get(name).ok().and_then(|zone| zone.iana_name().map(str::to_owned));
        if let Some(found) = found.filter(|found| found.eq_ignore_ascii_case(name)) {
            return Ok(Value::String(found));
        }
        let refusal = not_a("the name of a time zone such as Europe/Berlin", name);
        let names: Vec<String> = known.available().map(|name| name.to_string()).collect();
        Err(match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => refusal.hint(format!("Did you mean '{near}'?")),
            None => refusal,
        })
    }
}
