//! An app: the unit that people make, share and carry. Its schemas are in `model/schema`.

/// Number of an app inside this data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub i64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub id: AppId,
    pub uuid: String,
    pub slug: String,
    pub name: String,
    /// Empty when there is none.
    pub description: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// Slugs of apps and schemas: lower-case words joined by single `-` or `_`, at most 64 bytes.
pub fn is_slug(text: &str) -> bool {
    text.len() <= 64
        && text.split(['-', '_']).all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

/// The nearest slug to a text that people wrote: `Airports 2024.v2` becomes `airports-2024-v2`. `None` when nothing is left.
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
}
