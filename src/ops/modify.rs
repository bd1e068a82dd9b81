//! Modifiers: `amount+`, `amount-`, `tags+`, `tags-` change a stored value by what is sent, inside the transaction that writes, so that nobody's change
//! is lost. Which types take them, and how, is the types' own; what may be stored is asked of the result in `validate`.

use super::validate::{self, Checked};
use crate::field;
use crate::model::error::{Error, Problem, Result};
use crate::model::field::{Field, Step, described};
use crate::model::record::{Clean, Draft};
use crate::model::schema::Schema;
use serde_json::{Map, Value};

/// The field that a key of a draft modifies, and how; `None` of every other key. No field's slug ends so.
pub fn modified<'s>(schema: &'s Schema, key: &str) -> Option<(&'s Field, Step)> {
    let (slug, step) = match key.strip_suffix('+') {
        Some(slug) => (slug, Step::Add),
        None => (key.strip_suffix('-')?, Step::Remove),
    };
    schema.field(slug).map(|field| (field, step))
}

/// The modifiers of a draft by their keys, each with what it adds or takes away in stored form, and what is wrong with them.
pub fn read(schema: &Schema, draft: &Draft) -> (Map<String, Value>, Vec<Problem>) {
    let (mut modifiers, mut problems) = (Map::new(), Vec::new());
    for (key, sent) in draft {
        let Some((field, _)) = modified(schema, key) else { continue };
        let read = if is_named_twice(draft, field, key) {
            let message = format!("Field '{}' cannot be set and modified at once", field.slug);
            Err(Problem::of(key, "twice", message).hint(format!("Send '{}' or '{key}'", field.slug)))
        } else {
            amount(field, key, sent)
        };
        match read {
            Ok(amount) => drop(modifiers.insert(key.clone(), amount)),
            Err(problem) => problems.push(problem),
        }
    }
    (modifiers, problems)
}

/// Whether the field is set by its own slug, too. That both of its modifiers stand there is no contradiction: what is added first is taken away then.
fn is_named_twice(draft: &Draft, field: &Field, key: &str) -> bool {
    key != field.slug && draft.contains_key(&field.slug)
}

fn amount(field: &Field, key: &str, sent: &Value) -> std::result::Result<Value, Problem> {
    if !field.kind.takes_steps() {
        let message = format!("Field '{}' is of the type {}, which has no '{key}'", field.slug, field.type_name);
        return Err(Problem::of(key, "modifier", message).hint("Numbers and lists take + and -: amount+, tags-"));
    }
    if sent.is_null() {
        return Err(Problem::of(key, "type", format!("Key '{key}' must say by what '{}' changes, not null", field.slug)));
    }
    field::clean_amount(field, sent).map_err(|refusal| Problem { field: Some(key.to_owned()), ..refusal.of(&field.slug) })
}

/// Values with what the modifiers make of those that are stored; a missing one counts as 0, or as an empty list.
pub fn settled(schema: &Schema, stored: &Map<String, Value>, new: &Checked) -> Result<Clean> {
    let mut clean = new.clean.clone();
    let mut problems = Vec::new();
    for (key, amount) in &new.modifiers {
        let Some((field, step)) = modified(schema, key) else { continue };
        let now = clean.values.get(&field.slug).or_else(|| stored.get(&field.slug)).unwrap_or(&Value::Null);
        match result(field, now, step, amount) {
            Ok(value) => drop(clean.values.insert(field.slug.clone(), value)),
            Err(problem) => problems.push(Problem { field: Some(key.clone()), ..problem }),
        }
    }
    if problems.is_empty() { Ok(clean) } else { Err(Error::Invalid(problems)) }
}

fn result(field: &Field, now: &Value, step: Step, amount: &Value) -> std::result::Result<Value, Problem> {
    let stepped = field::step(field, now, step, amount).map_err(|refusal| refusal.of(&field.slug))?;
    validate::whole(field, &stepped).map_err(|problem| {
        let was = if now.is_null() { "nothing".to_owned() } else { described(now) };
        Problem { message: format!("{} (it was {was} before)", problem.message), ..problem }
    })
}
