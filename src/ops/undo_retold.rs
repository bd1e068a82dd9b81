//! What an entry of the change log says of a table, and of what hangs on it, in the names that its fields have by now.

use super::fields::with_name;
use crate::expr::rename::{Renamed, renamed};
use crate::model::principal::Action;
use crate::model::role::{Allowed, Rights};
use crate::model::schema::Schema;
use crate::model::view::SavedView;
use crate::store::engine::ReadTx;
use std::sync::Arc;

/// A table as it was told of, and the names that are others now: old, new.
pub struct Retold {
    then: Schema,
    pairs: Vec<(String, String)>,
    all: Vec<Arc<Schema>>,
}

impl Retold {
    /// Names that stay the same may be among them.
    pub fn of(tx: &ReadTx<'_>, then: &Schema, pairs: Vec<(String, String)>) -> Self {
        let pairs: Vec<(String, String)> = pairs.into_iter().filter(|(was, now)| was != now).collect();
        let all = if pairs.is_empty() { Vec::new() } else { tx.catalog().schemas(then.app).cloned().collect() };
        Self { then: then.clone(), pairs, all }
    }

    /// Of a table that is there, with its fields by the names that they had.
    pub fn from_now(tx: &ReadTx<'_>, now: &Schema, pairs: Vec<(String, String)>) -> Self {
        let then = pairs.iter().filter(|(was, now)| was != now).fold(now.clone(), |then, (was, now)| with_name(&then, now, was));
        Self::of(tx, &then, pairs)
    }

    /// The table itself.
    pub fn schema(&self) -> Schema {
        let mut schema = self.then.clone();
        for field in &mut schema.fields {
            if let Some(formula) = &field.rules.formula {
                field.rules.formula = Some(self.text(formula));
            }
        }
        // By names that no field has: two may have changed theirs with each other.
        let between = |at: usize| format!("\u{1}{at}");
        let steps = self.pairs.iter().enumerate();
        let away = steps.clone().fold(schema, |schema, (at, (was, _))| with_name(&schema, was, &between(at)));
        steps.fold(away, |schema, (at, (_, now))| with_name(&schema, &between(at), now))
    }

    /// An expression over its records.
    pub fn text(&self, text: &str) -> String {
        let (mut text, mut then) = (text.to_owned(), self.then.clone());
        for (was, now) in &self.pairs {
            let known = Arc::new(then.clone());
            let mut all: Vec<Arc<Schema>> = self.all.iter().filter(|schema| schema.id != then.id).cloned().collect();
            all.push(known.clone());
            if let Some(other) = renamed(&text, &known, &all, &Renamed { schema: then.id, was, now }) {
                text = other;
            }
            then = with_name(&then, was, now);
        }
        text
    }

    fn slug(&self, slug: &mut String) {
        if let Some((_, now)) = self.pairs.iter().find(|(was, _)| was == slug) {
            slug.clone_from(now);
        }
    }

    pub fn view(&self, mut view: SavedView) -> SavedView {
        view.filter.iter_mut().chain(&mut view.group).for_each(|text| *text = self.text(text));
        view.sort.iter_mut().for_each(|key| self.slug(&mut key.field));
        view.fields.iter_mut().flatten().for_each(|slug| self.slug(slug));
        view.reword_options(&|word| {
            let field = self.pairs.iter().find(|(was, _)| was == word).map(|(_, now)| now.clone());
            field.or_else(|| Some(self.text(word)).filter(|text| text != word))
        });
        view
    }

    pub fn rights(&self, mut rights: Rights) -> Rights {
        rights.hidden.iter_mut().chain(&mut rights.read_only).for_each(|slug| self.slug(slug));
        for action in Action::OF_RECORDS {
            if let Some(Allowed::Where(rule)) = rights.of_mut(action) {
                rule.text = self.text(&rule.text);
            }
        }
        rights
    }
}
