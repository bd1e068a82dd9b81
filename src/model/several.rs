//! What types share that have choices or hold several values: lists of choices, one choice, sets and their text.

use super::field::{Field, Refusal, Rules, Step, described};
use super::name::{quoted, quoted_whole};
use super::nearest::nearest;
use serde_json::Value;
use std::collections::HashSet;

const CHOICES_MAX: usize = 1_000;
/// Of an option's value, and of its label.
const WORDS_CHARS_MAX: usize = 200;
const ELEMENTS_MAX: usize = 1_000;
/// Between the elements of a set in a cell of a spreadsheet.
const SEPARATOR: char = ';';

/// Whether the choices of a field make sense together.
pub fn check_choices(rules: &Rules) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    if let Some(twice) = rules.choices.iter().find(|choice| !seen.insert(choice.value.as_str())) {
        return Err(Refusal::new("options", format!("has the option {} twice", quoted(&twice.value))));
    }
    if rules.choices.iter().any(|choice| choice.value.is_empty()) {
        return Err(Refusal::new("options", "has an empty option; leave the value out instead (null)"));
    }
    for choice in &rules.choices {
        check_words("value", &choice.value)?;
        check_words("label", &choice.label)?;
        if let Some(color) = choice.color.as_deref().filter(|color| !is_color(color)) {
            let message = format!("has the option {} with the colour {}", quoted(&choice.value), quoted(color));
            return Err(Refusal::new("options", message).hint("A colour is a name of letters, or #rrggbb: green, #00aa44"));
        }
    }
    match rules.choices.len() {
        0 => Err(Refusal::new("options", "has no options").hint("\"options\": [\"lead\", \"customer\"]")),
        1..=CHOICES_MAX => Ok(()),
        more => Err(Refusal::new("options", format!("has {more} options; at most {CHOICES_MAX} are possible"))),
    }
}

fn check_words(what: &str, text: &str) -> Result<(), Refusal> {
    let refused = |why: String| Err(Refusal::new("options", format!("has an option whose {what} {} {why}", quoted(text))));
    match text {
        _ if text.trim().is_empty() => refused("is blank".to_owned()),
        _ if text.chars().count() > WORDS_CHARS_MAX => refused(format!("is longer than {WORDS_CHARS_MAX} characters")),
        _ if text.chars().any(char::is_control) => refused("holds a control character".to_owned()),
        _ => Ok(()),
    }
}

/// `green`, `#00aa44`.
fn is_color(text: &str) -> bool {
    let is_name = !text.is_empty() && text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let is_code = |code: &str| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name || text.strip_prefix('#').is_some_and(is_code)
}

/// One of the field's choices.
pub fn choice(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let values = || field.rules.choices.iter().map(|choice| choice.value.as_str());
    let Value::String(text) = value else {
        return Err(Refusal::new("option", format!("must be one of its options, not {}", described(value))));
    };
    if values().any(|known| known == text) {
        return Ok(value.clone());
    }
    // What could be taken for something else stands in quotes.
    let is_plain = |value: &str| !value.contains(['\'', ',']) && !value.contains("rec_");
    let shown: Vec<String> = values().take(10).map(|value| if is_plain(value) { value.to_owned() } else { quoted_whole(value) }).collect();
    let more = if field.rules.choices.len() > shown.len() { ", …" } else { "" };
    let refusal = Refusal::new("option", format!("has no option {}; options are: {}{more}", quoted(text), shown.join(", ")));
    Err(match nearest(text, values()) {
        Some(near) => refusal.hint(format!("Did you mean {}?", quoted_whole(near))),
        None => refusal,
    })
}

/// A set: every element read by `one`, each kept once.
pub fn elements(value: &Value, one: impl Fn(&Value) -> Result<Value, Refusal>) -> Result<Value, Refusal> {
    let sent = match value {
        Value::Array(sent) => sent.as_slice(),
        alone => std::slice::from_ref(alone),
    };
    if sent.len() > ELEMENTS_MAX {
        return Err(Refusal::new("count", format!("has {} elements; at most {ELEMENTS_MAX} are possible", sent.len())));
    }
    let mut seen = HashSet::new();
    let mut kept = Vec::with_capacity(sent.len());
    for element in sent {
        let element = one(element)?;
        if seen.insert(element.to_string()) {
            kept.push(element);
        }
    }
    Ok(Value::Array(kept))
}

/// A set with the elements of another, or without them; those that stay keep their order.
pub fn stepped(now: &Value, step: Step, amount: &Value) -> Value {
    let [now, amount] = [now, amount].map(|set| set.as_array().map_or(&[][..], Vec::as_slice));
    Value::Array(match step {
        Step::Add => now.iter().chain(amount.iter().filter(|element| !now.contains(element))).cloned().collect(),
        Step::Remove => now.iter().filter(|element| !amount.contains(element)).cloned().collect(),
    })
}

/// `red; blue` or `["red", "blue"]` as an array of texts.
pub fn split(text: &str) -> Value {
    let as_json = text.trim_start().starts_with('[').then(|| serde_json::from_str(text).ok()).flatten();
    as_json.unwrap_or_else(|| {
        let parts = text.split(SEPARATOR).map(str::trim).filter(|part| !part.is_empty());
        Value::Array(parts.map(Value::from).collect())
    })
}

/// The text that `split` reads back.
pub fn joined(value: &Value) -> String {
    let Value::Array(elements) = value else { return String::new() };
    let texts: Vec<&str> = elements.iter().filter_map(Value::as_str).collect();
    let is_plain = |text: &&str| !text.contains(SEPARATOR) && text.trim() == *text && !text.starts_with('[');
    if texts.iter().all(is_plain) { texts.join(";") } else { value.to_string() }
}
