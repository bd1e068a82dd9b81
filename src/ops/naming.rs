//! Slugs of what people write in their own letters: `Größe` becomes `groesse`, `Über uns` becomes `ueber-uns`, `日本` becomes `ri_ben`. What a slug is, and
//! how one is made of plain letters, is in `model/name`.

use crate::model::name;
use deunicode::deunicode_char;

/// The nearest slug of an app or a table; `None` when nothing is left.
pub fn slug_from(text: &str) -> Option<String> {
    name::slug_from(&plain(text))
}

/// A field slug from a heading; `field` when nothing is left.
pub fn field_slug_from(heading: &str) -> String {
    name::field_slug_from(&plain(heading))
}

/// In plain letters, umlauts as Germans write them without: a mark that stands behind its letter, as in names of files on some systems, counts as well.
fn plain(text: &str) -> String {
    const DOTS: char = '\u{308}';
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_dotted = letters.next_if(|next| *next == DOTS && matches!(letter, 'a' | 'o' | 'u' | 'A' | 'O' | 'U')).is_some();
        match letter {
            'ä' | 'Ä' => plain.push_str("ae"),
            'ö' | 'Ö' => plain.push_str("oe"),
            'ü' | 'Ü' => plain.push_str("ue"),
            ascii if ascii.is_ascii() => plain.push(ascii),
            other => plain.push_str(deunicode_char(other).unwrap_or(" ")),
        }
        if is_dotted {
            plain.push('e');
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::{is_field_slug, is_slug};
    use proptest::prelude::*;

    #[test]
    fn letters_of_other_alphabets_become_plain_ones() {
        for (heading, slug) in [
            ("Größe (cm)", "groesse_cm"),
            ("Gro\u{308}\u{df}e", "groesse"),
            ("Straße", "strasse"),
            ("Prénom", "prenom"),
            ("ÄÖÜ", "aeoeue"),
            ("naïve", "naive"),
            ("日本", "ri_ben"),
            ("Имя", "imia"),
            ("…", "field"),
            ("IMDB Rating", "imdb_rating"),
        ] {
            assert_eq!(field_slug_from(heading), slug, "{heading}");
        }
        assert_eq!(slug_from("Über uns").as_deref(), Some("ueber-uns"));
        assert_eq!(slug_from("  "), None);
    }

    proptest! {
        #[test]
        fn whatever_is_written_a_slug_is_one(text in "\\PC{0,90}") {
            prop_assert!(slug_from(&text).is_none_or(|slug| is_slug(&slug)));
            prop_assert!(is_field_slug(&field_slug_from(&text)));
        }
    }
}
