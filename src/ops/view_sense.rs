//! Whether what a saved view says makes sense, and how much of it somebody sees: names that do not exist for them are left out, and a view whose filter
//! asks by such a name does not exist for them either.

use super::access;
use super::define;
use super::filter::{self, Asking, Reader, of_parameter};
use super::plan::{chosen, sortable};
use crate::expr::parse;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem};
use crate::model::principal::{Action, Caller, Principal, Scope};
use crate::model::schema::Schema;
use crate::model::view::SavedView;
use serde_json::Value;
use std::sync::Arc;

const NAME_CHARS_MAX: usize = 200;
const SORT_KEYS_MAX: usize = 8;
const GROUPS_MAX: usize = 8;
const OPTIONS_BYTES_MAX: usize = 16 * 1024;

/// Whoever sees everything: what means nothing to them means nothing at all.
pub static ANYBODY: Caller = Caller { principal: Principal::Control, door: "views", token: None, tab: None };

/// A view as somebody sees it.
pub struct Shown {
    pub view: SavedView,
    /// Why it cannot be asked by any more; told to those who may change it.
    pub problem: Option<String>,
}

/// Why this cannot be the slug of a view.
pub fn check_slug(slug: &str) -> Option<Problem> {
    let is_number = !slug.is_empty() && slug.bytes().all(|byte| byte.is_ascii_digit());
    let number = || Problem::of("slug", "slug", format!("The view slug '{slug}' is a number: a view is found by that, too"));
    define::check_slug("view", slug, false).or_else(|| is_number.then(|| number().hint(format!("Did you mean 'view-{slug}'?"))))
}

/// Everything that makes no sense to who asks.
pub fn problems(asking: &Asking<'_>, scope: &Scope, view: &SavedView) -> Vec<Problem> {
    let schema = &scope.seen;
    let mut problems = Vec::new();
    if view.name.trim().is_empty() {
        problems.push(Problem::of("name", "required", "'name' is blank; leave it out, or say one"));
    }
    if view.name.chars().count() > NAME_CHARS_MAX {
        problems.push(Problem::of("name", "max_length", format!("'name' may have {NAME_CHARS_MAX} characters")));
    }
    if let Some(text) = &view.filter {
        problems.extend(filter::read(asking, scope, text).err().into_iter().flat_map(told));
    }
    let keys = view.sort.iter().map(|key| key.field.as_str());
    problems.extend(count("sort", view.sort.len(), SORT_KEYS_MAX));
    problems.extend(twice("sort", keys.clone()));
    problems.extend(keys.filter_map(|key| sortable(schema, key, "sort").err()).flat_map(told));
    let fields = view.fields.iter().flatten();
    problems.extend(twice("fields", fields.clone().map(String::as_str)));
    problems.extend(fields.filter_map(|slug| chosen(schema, std::slice::from_ref(slug)).err()).flat_map(told));
    problems.extend(count("group", view.group.len(), GROUPS_MAX));
    let reader = Reader::new(asking, scope);
    problems.extend(view.group.iter().filter_map(|text| grouped(&reader, text).err()).flat_map(told));
    let bytes = Value::Object(view.options.clone()).to_string().len();
    if bytes > OPTIONS_BYTES_MAX {
        let message = format!("'options' has {bytes} bytes; a view keeps {OPTIONS_BYTES_MAX}");
        problems.push(Problem::of("options", "too_long", message).hint("Keep in it what a page needs to show the view, no data"));
    }
    problems
}

/// Views as far as they exist for who asks.
pub fn seen(asking: &Asking<'_>, scope: &Scope, views: Vec<SavedView>) -> Vec<Shown> {
    if views.is_empty() {
        return Vec::new();
    }
    let reader = Reader::new(asking, scope);
    let manages = access::manages(asking.catalog, asking.who, scope.whole.app);
    let hidden: Vec<&str> = slugs(&scope.whole).filter(|slug| scope.seen.field(slug).is_none()).collect();
    let all = Asking { catalog: asking.catalog, who: &ANYBODY, now: asking.now.clone() };
    let whole = everything(asking.catalog, &scope.whole);
    let knowing = whole.as_ref().map(|whole| Reader::new(&all, whole));
    let means = |reader: &Reader<'_>, text: &str| parse(text).and_then(|term| reader.reported(&term)).is_ok();
    // What means something, and nothing to who asks, tells of what is hidden from them.
    let tells = |text: &str| !means(&reader, text) && knowing.as_ref().is_some_and(|knowing| means(knowing, text));
    let is_hidden = |word: &str| hidden.contains(&word) || tells(word);
    let one = |mut view: SavedView| {
        let refused = view.filter.as_deref().and_then(|text| filter::read(asking, scope, text).err());
        if refused.is_some() && view.owner.is_none() && !manages {
            return None;
        }
        tidy(&reader, &mut view);
        view.forget_in_options(&is_hidden);
        Some(Shown { view, problem: refused.map(|error| error.message()) })
    };
    views.into_iter().filter_map(one).collect()
}

/// Without what is said of fields that are not there, or cannot be asked so.
pub fn tidy(reader: &Reader<'_>, view: &mut SavedView) {
    let schema = reader.schema;
    view.sort.retain(|key| sortable(schema, &key.field, "sort").is_ok());
    if let Some(fields) = &mut view.fields {
        fields.retain(|slug| chosen(schema, std::slice::from_ref(slug)).is_ok());
    }
    view.group.retain(|text| grouped(reader, text).is_ok());
}

fn grouped(reader: &Reader<'_>, text: &str) -> Result<(), Error> {
    of_parameter("group", parse(text).and_then(|term| reader.reported(&term).map(drop)))
}

/// A table as whoever sees everything sees it.
pub fn everything(catalog: &Catalog, schema: &Arc<Schema>) -> Option<Scope> {
    access::scope_of(catalog, &ANYBODY, schema, Action::List)
}

fn slugs(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields.iter().map(|field| field.slug.as_str())
}

fn count(name: &str, found: usize, most: usize) -> Option<Problem> {
    (found > most).then(|| Problem::of(name, "too_many", format!("'{name}' has {found} entries; at most {most} are possible")))
}

fn twice<'n>(name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<Problem> {
    let mut before = std::collections::HashSet::new();
    let again = names.clone().find(|name| !before.insert(*name))?;
    Some(Problem::of(name, "twice", format!("'{name}' names {} twice", crate::model::name::quoted(again))))
}

fn told(error: Error) -> Vec<Problem> {
    match error {
        Error::Invalid(problems) => problems,
        other => vec![Problem::new("view", other.message())],
    }
}
