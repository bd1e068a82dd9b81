//! Names that people write and names that programs use: slugs, labels, and a caller's text inside a sentence.

use super::expr::VALUES;

const SLUG_BYTES_MAX: usize = 64;

/// Slugs of apps and schemas: lower-case words joined by single `-` or `_`, at most 64 bytes.
pub fn is_slug(text: &str) -> bool {
    text.len() <= SLUG_BYTES_MAX
        && text.split(['-', '_']).all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// The nearest slug to a text of plain letters: `Airports 2024.v2` becomes `airports-2024-v2`. `None` when nothing is left. Of other letters
/// `ops/naming` makes plain ones.
pub fn slug_from(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.chars() {
        let word = c.is_ascii_alphanumeric();
        if word && slug.len() < 64 {
            slug.push(c.to_ascii_lowercase());
        } else if !word && !slug.is_empty() && !slug.ends_with(['-', '_']) && slug.len() < 63 {
            slug.push(if c == '_' { '_' } else { '-' });
        }
    }
    let slug = slug.trim_end_matches(['-', '_']);
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// Slugs of fields: a letter, then letters, digits and `_`; at most 64 bytes. Case is kept.
pub fn is_field_slug(text: &str) -> bool {
    text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A field slug from a heading of plain letters: `IMDB Rating` gives `imdb_rating`, `2nd` gives `f_2nd`, `null` gives `field_null`, `…` gives `field`.
pub fn field_slug_from(heading: &str) -> String {
    let mut slug = String::new();
    for c in heading.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.truncate(60);
    let slug = slug.trim_end_matches('_');
    match slug.chars().next() {
        None => "field".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("f_{slug}"),
        Some(_) if VALUES.contains(&slug) => format!("field_{slug}"),
        Some(_) => slug.to_owned(),
    }
}

/// Singular in capitals from a plural slug, by plain English rules: `companies` gives `Company`, `deal-lines` gives `DealLine`.
pub fn model_from(slug: &str) -> String {
    let words: Vec<&str> = slug.split(['-', '_']).filter(|word| !word.is_empty()).collect();
    let last = words.len().saturating_sub(1);
    let mut model = String::new();
    for (at, word) in words.iter().enumerate() {
        let singular = match word {
            _ if at != last => (*word).to_owned(),
            _ if word.len() > 3 && word.ends_with("ies") => format!("{}y", word.trim_end_matches("ies")),
            _ if word.ends_with("sses") || word.ends_with("xes") || word.ends_with("ches") || word.ends_with("shes") => {
                word.trim_end_matches("es").to_owned()
            }
            _ if word.len() > 2 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") => {
                word.trim_end_matches('s').to_owned()
            }
            _ => (*word).to_owned(),
        };
        model.push_str(&label_from(&singular));
    }
    model
}

/// A slug, and with numbers behind it should it be taken.
pub fn numbered(slug: &str) -> impl Iterator<Item = String> {
    let short = shortened(slug, SLUG_BYTES_MAX - 6).to_owned();
    std::iter::once(slug.to_owned()).chain((2_u64..1_000).map(move |number| format!("{short}-{number}")))
}

/// The slug of a copy.
pub fn copy_of(slug: &str) -> String {
    format!("{}-copy", shortened(slug, SLUG_BYTES_MAX - 11))
}

fn shortened(slug: &str, bytes_max: usize) -> &str {
    slug.get(..slug.len().min(bytes_max)).unwrap_or(slug).trim_end_matches(['-', '_'])
}

/// A label from a slug: `first_name` gives `First name`.
pub fn label_from(slug: &str) -> String {
    let words = slug.replace(['-', '_'], " ");
    if words.trim().is_empty() {
        return slug.to_owned();
    }
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A value of the caller's inside a sentence: quoted, control characters escaped, cut after 40 characters.
pub fn quoted(text: &str) -> String {
    let short: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().count() > 40 { format!("'{short}…'") } else { format!("'{short}'") }
}

/// A name in a sentence: quoted whole, with a backslash before a quote in it.
pub fn quoted_whole(text: &str) -> String {
    format!("'{}'", text.chars().flat_map(char::escape_debug).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_slug_is_lower_case_words_joined_by_single_marks() {
        for good in ["a", "my-crm", "my_crm-2", "2024"] {
            assert!(is_slug(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(!is_slug(bad), "{bad}");
        }
    }

    #[test]
    fn a_slug_made_from_words_is_a_slug() {
        assert_eq!(slug_from("Airports 2024.v2").as_deref(), Some("airports-2024-v2"));
        assert_eq!(slug_from("  seattle-weather "), Some("seattle-weather".into()));
        assert_eq!(slug_from("__x__"), Some("x".into()));
        assert_eq!(slug_from("…"), None);
        let long = "ab ".repeat(60);
        assert!(slug_from(&long).is_some_and(|slug| is_slug(&slug)));
    }

    #[test]
    fn a_model_is_the_singular_in_capitals() {
        for (slug, model) in [
            ("companies", "Company"),
            ("contacts", "Contact"),
            ("deal-lines", "DealLine"),
            ("boxes", "Box"),
            ("status", "Status"),
            ("classes", "Class"),
            ("news", "New"),
            ("people", "People"),
        ] {
            assert_eq!(model_from(slug), model);
        }
    }

    #[test]
    fn a_heading_gives_a_field_slug() {
        for (heading, slug) in
            [("IMDB Rating", "imdb_rating"), ("iata", "iata"), ("2nd", "f_2nd"), ("…", "field"), ("__a__", "a"), ("True", "field_true")]
        {
            assert_eq!(field_slug_from(heading), slug);
            assert!(is_field_slug(slug));
        }
    }
}
