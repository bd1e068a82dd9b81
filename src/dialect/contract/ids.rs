//! Ids of records in sentences: where they stand. How they are written is each dialect's own.

/// A text in which `rec_5` is written as `form` has it, which is told what stands before: only whole words of that form, as they stand, are ids.
pub fn rewritten(text: &str, form: impl Fn(&str) -> &'static str) -> String {
    let mut pieces = text.split("rec_");
    let mut whole = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_own = is_number(piece) && !whole.ends_with(is_word);
        let word = if is_own { form(&whole) } else { "rec_" };
        whole.push_str(word);
        whole.push_str(piece);
    }
    whole
}

/// Whether a text begins with a number that is a word's end.
fn is_number(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && !rest.starts_with(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
