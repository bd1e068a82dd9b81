//! Ids of records in sentences: where they stand. How they are written is each dialect's own. What stands in single quotes is somebody's own text, and
//! stays as it is: `model/name` quotes it, with a backslash before a quote in it.

/// A text in which `rec_5` is written as `form` has it, which is told what stands before: only whole words of that form, as they stand, are ids.
pub fn rewritten(text: &str, form: impl Fn(&str) -> &'static str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_new = !whole.ends_with(is_word);
        let taken = match (c, rest.strip_prefix("rec_")) {
            // Behind a letter it is an apostrophe.
            ('\'', _) if is_new => quoted_bytes(rest),
            (_, Some(number)) if is_new && is_number(number) => {
                whole.push_str(form(&whole));
                rest = number;
                continue;
            }
            (c, _) => c.len_utf8(),
        };
        let (piece, left) = rest.split_at(taken);
        whole.push_str(piece);
        rest = left;
    }
    whole
}

/// The bytes of what a text begins with in quotes, both quotes included; of one without an end the first quote alone.
fn quoted_bytes(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' => return at + 1,
            _ => {}
        }
    }
    1
}

/// Whether a text begins with a number that is a word's end.
fn is_number(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < text.len() && !rest.starts_with(is_word)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::quoted;

    fn plain(text: &str) -> String {
        rewritten(text, |_| "")
    }

    #[test]
    fn ids_are_whole_words_outside_of_quotes() {
        for (text, wanted) in [
            ("rec_5 cannot go: rec_12 refers to it", "5 cannot go: 12 refers to it"),
            ("such as [\"rec_5\"], not the text 'rec_5'", "such as [\"5\"], not the text 'rec_5'"),
            ("a record's id is rec_5, and the records' ids are rec_6", "a record's id is 5, and the records' ids are 6"),
            ("'it\\'s rec_5' in rec_5", "'it\\'s rec_5' in 5"),
            ("'ends in \\\\' rec_5", "'ends in \\\\' 5"),
            ("'without an end rec_5", "'without an end 5"),
            ("rec_5th, direc_5, rec_5_b, rec_, rec_x, rec_5", "rec_5th, direc_5, rec_5_b, rec_, rec_x, 5"),
            ("Übung: rec_5ü, rec_5, ", "Übung: rec_5ü, 5, "),
            ("", ""),
        ] {
            assert_eq!(plain(text), wanted);
        }
    }

    #[test]
    fn no_text_that_is_quoted_is_rewritten() {
        for text in ["rec_5", "a' rec_5 'b", "\\' rec_5", "'rec_5'", "rec_5\\", "\"rec_5\"", "x\n rec_5", &"rec_5 ".repeat(20)] {
            assert_eq!(
                plain(&format!("rec_1 has {}, and rec_2 too", quoted(text))),
                format!("1 has {}, and 2 too", quoted(text)),
                "{text}"
            );
        }
    }
}
