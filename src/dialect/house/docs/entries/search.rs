//! What the document says of searching by words. What an entry is, is said in the file above.

use super::{Content, Entry, entry};

pub const ENTRIES: [Entry; 2] = [
    Entry {
        about: "Those that fit best first, of all tables that one may list, or of those that are named. A snippet's pieces are the field's text, and \
                the second, fourth and so on were found. What stands in 'preparing' is being made ready: nothing of it is among the results yet.",
        query: &["words_needed", "of_schemas", "results"],
        headers: &["X-Clamped"],
        ..entry("GET /api/apps/{app}/search", "search_app", "Apps", "Find words in all tables", (200, Content::Json("SearchResults")))
    },
    Entry {
        about: "For pickers, by the field that names records: first those that are called just so, then those that begin so, those with such a word, \
                those with it within a word. Without words the first ones; rec_7 finds that record.",
        query: &["words", "results"],
        headers: &["X-Clamped"],
        ..entry(
            "GET /api/apps/{app}/schemas/{schema}/lookup",
            "look_up_records",
            "Records",
            "Find records by their name",
            (200, Content::Json("LookupResults")),
        )
    },
];
