//! A schema (table, resource, model): an ordered list of fields and what holds for all of them.

use super::app::AppId;
use super::field::Field;

/// Number of a schema inside this data file; its rows lie in the table `r<number>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub i64);

#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub id: SchemaId,
    pub app: AppId,
    pub slug: String,
    pub name: String,
    /// Singular name in capitals, `Contact`.
    pub model: String,
    /// Slug of the field that names a record to people.
    pub display_field: Option<String>,
    /// Counts up with every change of the schema.
    pub version: i64,
    /// In the order of their creation, which is the key order of the stored JSON.
    pub fields: Vec<Field>,
    /// Groups of field slugs whose values together are unique.
    pub unique: Vec<Vec<String>>,
    /// Groups of field slugs that have an index together.
    pub indexes: Vec<Vec<String>>,
}

/// Keys of every record that are no fields; a field may not take their names.
pub const SYSTEM_KEYS: [&str; 6] = ["id", "created_at", "updated_at", "created_by", "updated_by", "display_name"];

impl Schema {
    pub fn field(&self, slug: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.slug == slug)
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

/// A label from a slug: `first_name` gives `First name`.
pub fn label_from(slug: &str) -> String {
    let words = slug.replace(['-', '_'], " ");
    let mut letters = words.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
