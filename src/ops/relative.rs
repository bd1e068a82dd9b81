//! Dates of an app file that count from today, so that its records never look old: `{"$day": -3}` in a date field is the day three days ago,
//! `{"$at": "-3T14:30"}` in a datetime field that day at half past two, UTC. What they become is checked like any other value.

use super::ctx::moment_at;
use crate::model::error::Problem;
use crate::model::field::Kind;
use crate::model::name::quoted;
use crate::model::schema::Schema;
use crate::model::time::Moment;
use serde_json::{Map, Value};

const DAY_SECONDS: i64 = 24 * 3_600;
/// A hundred years either way: more is a slip of the hand.
const DAYS_MAX: i64 = 36_525;
/// How long `YYYY-MM-DD` is.
const DAY_CHARS: usize = 10;

/// Puts dates in the place of what counts from `now`.
pub fn resolve(now: &Moment, schema: &Schema, draft: &mut Map<String, Value>) -> Result<(), Problem> {
    let today = now.epoch_seconds.div_euclid(DAY_SECONDS);
    for field in schema.fields.iter().filter(|field| matches!(field.kind, Kind::Date | Kind::Datetime)) {
        let Some(value) = draft.get_mut(&field.slug) else { continue };
        let wrong = |message: String| Problem::of(&field.slug, "type", format!("Field '{}': {message}", field.slug));
        let text = match (marked(value), &field.kind) {
            (None, _) => continue,
            (Some(("$day", days)), Kind::Date) => {
                let days = days.as_i64().and_then(whole_days).ok_or_else(|| wrong(format!("{DAY_FORM}, not {days}")))?;
                moment_at((today + days) * DAY_SECONDS).text.chars().take(DAY_CHARS).collect()
            }
            (Some(("$at", at)), Kind::Datetime) => {
                let form = || wrong(format!("{AT_FORM}, not {}", at.as_str().map_or_else(|| at.to_string(), quoted)));
                let (days, seconds) = at.as_str().and_then(parse).ok_or_else(form)?;
                moment_at((today + days) * DAY_SECONDS + seconds).text
            }
            (Some((_, _)), Kind::Date) => return Err(wrong(format!("it is a date, and {DAY_FORM}"))),
            (Some((_, _)), _) => return Err(wrong(format!("it is a date and time, and {AT_FORM}"))),
        };
        *value = Value::from(text);
    }
    Ok(())
}

const DAY_FORM: &str = "$day takes whole days from today, at most a hundred years, such as {\"$day\": -3}";
const AT_FORM: &str = "$at takes days from today and a time of the day (UTC), such as {\"$at\": \"-3T14:30\"}";

/// The mark and what it says. Any other key beside it leaves the value what it is: no date, and refused as such.
fn marked(value: &Value) -> Option<(&'static str, &Value)> {
    let (key, said) = value.as_object().filter(|object| object.len() == 1)?.iter().next()?;
    ["$day", "$at"].into_iter().find(|mark| mark == key).map(|mark| (mark, said))
}

fn whole_days(days: i64) -> Option<i64> {
    (-DAYS_MAX..=DAYS_MAX).contains(&days).then_some(days)
}

/// `-3T14:30`: days, and seconds since that day began.
fn parse(text: &str) -> Option<(i64, i64)> {
    let (days, time) = text.split_once('T')?;
    let (hours, minutes) = time.split_once(':')?;
    let two_digits = |text: &str, most: i64| {
        let number = text.parse().ok().filter(|number| (0..=most).contains(number));
        number.filter(|_| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    Some((days.parse().ok().and_then(whole_days)?, two_digits(hours, 23)? * 3_600 + two_digits(minutes, 59)? * 60))
}
