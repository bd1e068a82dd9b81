//! What somebody types to find records: words, `"a phrase"`, `*within` a word. Nothing else means anything, so that everything can be typed. How words are
//! looked up is `store/found`, who may is `search`.
//!
//! - Every word must be there, in any of the fields that the caller sees; case and accents do not count. A word finds those that begin with it.
//! - `"some words"` finds them as they stand: whole words, one behind the other, in one field.
//! - `*berg` finds words that have `berg` anywhere in them.
//! - Signs part words (`tea-time` finds `tea time`); alone they are left out.

use crate::model::error::{Error, Problem, Result};
use crate::model::limits::Limits;
use crate::model::plan::Cond;
use crate::model::schema::Schema;
use crate::model::search::{Found, Manner, State, Word};
use crate::store::found::spelled;
use std::sync::Arc;

/// Of what stands within a word; less would be in every word.
const WITHIN_CHARS_MIN: usize = 2;

/// Refuses what is too long to be looked for.
pub fn check_length(text: &str, place: &str, limits: &Limits) -> Result<()> {
    if text.chars().count() <= limits.search_chars_max {
        return Ok(());
    }
    let message = format!("'{place}' can be at most {} characters long", limits.search_chars_max);
    Err(Error::invalid(Problem::of(place, "too_long", message)))
}

/// Reads words; a refusal blames `place`, the parameter's name.
pub fn words(text: &str, place: &str, limits: &Limits) -> Result<Vec<Word>> {
    let refused = |code, message: String| Err(Error::invalid(Problem::of(place, code, message)));
    check_length(text, place, limits)?;
    let mut words = Vec::new();
    // What stands between two quotes is a phrase, also when the second one is missing.
    for (at, piece) in text.split('"').enumerate() {
        if at % 2 == 1 {
            words.extend(word(piece, Manner::Phrase));
            continue;
        }
        for piece in piece.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
            match piece.strip_prefix('*') {
                Some(within) => words.extend(parts_within(within, place)?),
                None => words.extend(word(piece, Manner::Beginning)),
            }
        }
    }
    if words.len() > limits.search_words_max {
        return refused("too_many", format!("'{place}' can hold at most {} words", limits.search_words_max));
    }
    if words.is_empty() {
        let problem = Problem::of(place, "empty", format!("'{place}' holds no word to look for"));
        return Err(Error::invalid(
            problem.hint(format!("{place}=ann finds words that begin with ann, {place}=*ann those that have it in them")),
        ));
    }
    Ok(words)
}

fn word(text: &str, manner: Manner) -> Option<Word> {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = text.trim().to_owned();
    text.chars().any(char::is_alphanumeric).then_some(Word { text, manner })
}

/// What `*` stands before, as the index spells it.
fn parts_within(text: &str, place: &str) -> Result<Vec<Word>> {
    let parts = spelled(text)?;
    if let Some(short) = parts.iter().find(|part| part.chars().count() < WITHIN_CHARS_MIN) {
        let message =
            format!("'{place}': *{short} would be in nearly every word: at least {WITHIN_CHARS_MIN} characters must stand behind *");
        return Err(Error::invalid(Problem::of(place, "too_short", message)));
    }
    Ok(parts.into_iter().map(|text| Word { text, manner: Manner::Within }).collect())
}

/// The condition that these words are in the fields of a schema as somebody sees it; `place` as in `words`.
pub fn cond(schema: &Schema, text: &str, place: &str, limits: &Limits) -> Result<Cond> {
    let words = words(text, place, limits)?;
    found(schema, words).map(|found| found.map_or(Cond::NEVER, |found| Cond::Found(Arc::new(found))))
}

/// Where in the index of a schema these words are looked for; `None` where nothing can be found, for there is no field to look into.
///
/// # Errors
/// When the index is not ready.
pub fn found(schema: &Schema, words: Vec<Word>) -> Result<Option<Found>> {
    let Some(index) = &schema.search.index else {
        return if schema.searched().next().is_none() { Ok(None) } else { Err(not_ready(&schema.slug)) };
    };
    if index.state != State::Ready {
        return Err(not_ready(&schema.slug));
    }
    let columns: Vec<usize> = (0..).zip(&index.fields).filter(|(_, slug)| schema.field(slug).is_some()).map(|(at, _)| at).collect();
    let first = index.fields.iter().position(|slug| schema.display_field.as_ref() == Some(slug));
    Ok((!columns.is_empty()).then_some(Found { words, columns, columns_all: index.fields.len(), first }))
}

pub fn not_ready(slug: &str) -> Error {
    Error::Busy { message: format!("Table '{slug}' is being made ready to be searched: try again in a moment"), retry_after_s: 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(String, Manner)> {
        words(text, "q", &Limits::default()).unwrap().into_iter().map(|word| (word.text, word.manner)).collect()
    }

    #[test]
    fn words_phrases_and_what_stands_within() {
        let word = |text: &str, manner| (text.to_owned(), manner);
        let cases = [
            ("ann berg", vec![word("ann", Manner::Beginning), word("berg", Manner::Beginning)]),
            ("\"ann berg\" tea", vec![word("ann berg", Manner::Phrase), word("tea", Manner::Beginning)]),
            ("tea \"ann", vec![word("tea", Manner::Beginning), word("ann", Manner::Phrase)]),
            ("*Schön tea*", vec![word("schon", Manner::Within), word("tea*", Manner::Beginning)]),
            (
                "NEAR(a b) OR -c:d",
                vec![
                    word("NEAR(a", Manner::Beginning),
                    word("b)", Manner::Beginning),
                    word("OR", Manner::Beginning),
                    word("-c:d", Manner::Beginning),
                ],
            ),
            ("ann\0berg \u{1}", vec![word("ann", Manner::Beginning), word("berg", Manner::Beginning)]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_holds_no_word_is_refused_in_words() {
        for (text, code) in [
            ("", "empty"),
            ("  ", "empty"),
            ("\"\"", "empty"),
            ("- * ( ^", "empty"),
            ("*a", "too_short"),
            (&"x".repeat(1_000), "too_long"),
            (&"x ".repeat(90), "too_many"),
        ] {
            let Err(Error::Invalid(problems)) = words(text, "q", &Limits::default()) else { panic!("{text} was read") };
            assert_eq!(problems[0].code, code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_can_be_typed(text in "\\PC{0,60}") {
            if let Ok(words) = words(&text, "q", &Limits::default()) {
                prop_assert!(!words.is_empty() && words.iter().all(|word| !word.text.contains('\0')));
            }
        }
    }
}
