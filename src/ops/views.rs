//! Saved views of a schema: listing, reading, making, changing, taking away, and asking by one. Whoever lists a schema sees those that are shared and
//! its own. What a view says must make sense (`view_sense`); shared ones belong to the app, so its owners make and change them (`shared_views`).

use super::access;
use super::changes::log_definition;
use super::define;
use super::filter::Asking;
use super::me;
use super::view_sense::{self, Shown};
use crate::format::view_part::{self, ViewPart};
use crate::model::catalog::missing;
use crate::model::change::Logged;
use crate::model::error::{Error, Problem, Result};
use crate::model::expr::Expr;
use crate::model::limits::Limits;
use crate::model::name::label_from;
use crate::model::principal::{Action, Caller, Scope, UserId};
use crate::model::query::Query;
use crate::model::schema::{Schema, SchemaId};
use crate::model::view::SavedView;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::views;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Shared views of one schema, and views of one person there.
pub const VIEWS_MAX: usize = 100;

/// Those that are there for the caller, in the order of their making.
pub fn list(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str) -> Result<Vec<Shown>> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    visible(tx, &Asking::of(tx, who), &scope)
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, schema: &str, named: &str) -> Result<Shown> {
    find(list(tx, who, app, schema)?, named)
}

/// Makes a view; without a slug it gets one from its name.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, app: &str, schema: &str, part: &ViewPart) -> Result<Shown> {
    if part.shared {
        access::managed(tx.catalog(), who, app)?;
    }
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    let owner = holder(tx, who, app, part.shared)?;
    let known = views::of_schema(tx, scope.whole.id, who.user_id())?;
    has_room(&known, owner)?;
    let slug =
        define::free_slug("view", part.slug.as_deref().unwrap_or_default(), part.name.as_deref(), |slug| check_slug(&known, None, slug))?;
    let new = made(0, &scope.whole, owner, slug, part);
    check(tx, who, &scope, &new)?;
    let id = views::insert(tx, &new)?;
    log(tx, who, &scope.whole, "made", Sides { after: Some(&SavedView { id, ..new }), ..Sides::default() })?;
    shown(tx, who, &scope, id)
}

/// Changes what a body says of a view; `shared` gives it to all, or takes it back.
pub fn change(tx: &mut WriteTx<'_>, who: &Caller, path: [&str; 3], body: &Map<String, Value>) -> Result<Shown> {
    let [app, _, _] = path;
    let (scope, old) = own(tx, who, path)?;
    if body.is_empty() {
        let problem = Problem::new("empty", "The body says nothing that could change");
        return Err(Error::invalid(problem.hint("{\"filter\": \"status = 'lead'\", \"sort\": [\"-created_at\"]}")));
    }
    let part = view_part::overlaid(&old, body).map_err(Error::Invalid)?;
    let owner = if part.shared == old.owner.is_none() { old.owner } else { holder(tx, who, app, part.shared)? };
    let known = views::of_schema(tx, scope.whole.id, who.user_id())?;
    let slug = part.slug.clone().unwrap_or_else(|| old.slug.clone());
    if slug != old.slug {
        check_slug(&known, Some(old.id), &slug)?;
    }
    if owner != old.owner {
        has_room(&known, owner)?;
    }
    let new = made(old.id, &scope.whole, owner, slug, &part);
    check(tx, who, &scope, &new)?;
    if new != old {
        views::update(tx, &new)?;
        log(tx, who, &scope.whole, "changed", Sides { before: Some(&old), after: Some(&new), ..Sides::default() })?;
    }
    shown(tx, who, &scope, old.id)
}

pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, path: [&str; 3]) -> Result<()> {
    let (scope, old) = own(tx, who, path)?;
    views::remove(tx, old.id)?;
    log(tx, who, &scope.whole, "deleted", Sides { before: Some(&old), ..Sides::default() })
}

/// A question with what its view says where it says nothing itself. What the view finds is narrowed by the question's own filter.
pub fn applied<'q>(tx: &ReadTx<'_>, who: &Caller, scope: &Scope, query: &'q Query, limits: &Limits) -> Result<Cow<'q, Query>> {
    let Some(named) = &query.view else { return Ok(Cow::Borrowed(query)) };
    let view = usable(tx, who, scope, named)?;
    let mut query = query.clone();
    if query.sort.is_empty() {
        query.sort = view.sort.into_iter().take(limits.sort_keys_max).collect();
    }
    query.fields = query.fields.or(view.fields);
    query.filter = narrowed(view.filter, query.filter);
    Ok(Cow::Owned(query))
}

/// The filter of a view and another one, both of which must hold.
pub fn filtered(tx: &ReadTx<'_>, who: &Caller, scope: &Scope, view: Option<&str>, filter: &Expr) -> Result<Expr> {
    let Some(named) = view else { return Ok(filter.clone()) };
    Ok(narrowed(usable(tx, who, scope, named)?.filter, filter.clone()))
}

fn narrowed(written: Option<String>, filter: Expr) -> Expr {
    match (written.map(|text| Expr::Written { text }), filter) {
        (None, filter) => filter,
        (Some(written), Expr::True) => written,
        (Some(written), filter) => Expr::All(vec![written, filter]),
    }
}

/// The view that a question names, if it can be asked by.
fn usable(tx: &ReadTx<'_>, who: &Caller, scope: &Scope, named: &str) -> Result<SavedView> {
    let found = find(visible(tx, &Asking::of(tx, who), scope)?, named).map_err(|error| match error {
        Error::NotFound(problem) => {
            let message = problem.message.replace("There is no", &format!("Table '{}' has no", scope.seen.slug));
            Error::invalid(Problem { field: Some("view".to_owned()), code: "unknown_view", message, ..problem })
        }
        other => other,
    })?;
    match found.problem {
        None => Ok(found.view),
        Some(problem) => {
            let message = format!("The filter of the view '{}' means nothing any more: {problem}", found.view.slug);
            Err(Error::invalid(Problem::of("view", "view", message).hint("Change the view first")))
        }
    }
}

fn visible(tx: &ReadTx<'_>, asking: &Asking<'_>, scope: &Scope) -> Result<Vec<Shown>> {
    let known = views::of_schema(tx, scope.whole.id, asking.who.user_id())?;
    Ok(view_sense::seen(asking, scope, known))
}

/// One by its slug, a person's own before a shared one, or by its number.
fn find(mut all: Vec<Shown>, named: &str) -> Result<Shown> {
    let by_slug = |shown: &Shown, is_own: bool| shown.view.slug == named && shown.view.owner.is_some() == is_own;
    let own = all.iter().position(|shown| by_slug(shown, true)).or_else(|| all.iter().position(|shown| by_slug(shown, false)));
    let at = own.or_else(|| all.iter().position(|shown| shown.view.id.to_string() == named));
    match at {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(missing("view", named, all.iter().map(|shown| shown.view.slug.as_str()))),
    }
}

/// A view that the caller may change, as it is stored.
fn own(tx: &WriteTx<'_>, who: &Caller, [app, schema, named]: [&str; 3]) -> Result<(Scope, SavedView)> {
    let scope = access::scope(tx.catalog(), who, app, schema, Action::List)?;
    let shown = find(visible(tx, &asking(tx, who), &scope)?, named)?;
    holder(tx, who, app, shown.view.owner.is_none())?;
    let stored = views::of_schema(tx, scope.whole.id, who.user_id())?.into_iter().find(|view| view.id == shown.view.id);
    Ok((scope, stored.ok_or_else(|| Error::internal("a view is missing"))?))
}

/// Whose a view is that the caller makes, or changes: nobody's alone if it is shared.
fn holder(tx: &ReadTx<'_>, who: &Caller, app: &str, is_shared: bool) -> Result<Option<UserId>> {
    if is_shared {
        return access::managed(tx.catalog(), who, app).map(|_| None);
    }
    let user = me::user(who)?;
    // A token that changes nothing else does not change views.
    access::may_also(who, Action::Update)?;
    Ok(Some(user.id))
}

fn has_room(known: &[SavedView], owner: Option<UserId>) -> Result<()> {
    if known.iter().filter(|view| view.owner == owner).count() < VIEWS_MAX {
        return Ok(());
    }
    let whose = if owner.is_some() { "of one person" } else { "that are shared" };
    Err(Error::Conflict(Problem::new("too_many", format!("A table has at most {VIEWS_MAX} views {whose}; take one away first"))))
}

fn check_slug(known: &[SavedView], own: Option<i64>, slug: &str) -> Result<()> {
    view_sense::check_slug(slug).map_or(Ok(()), |problem| Err(Error::invalid(problem)))?;
    if known.iter().any(|view| view.slug == slug && Some(view.id) != own) {
        return Err(Error::Conflict(Problem::of("slug", "unique", format!("There is a view '{slug}' already"))));
    }
    Ok(())
}

/// A view of what is said of it.
pub fn made(id: i64, schema: &Schema, owner: Option<UserId>, slug: String, part: &ViewPart) -> SavedView {
    SavedView {
        id,
        schema: schema.id,
        owner,
        name: part.name.clone().unwrap_or_else(|| label_from(&slug)),
        slug,
        kind: part.kind,
        filter: part.filter.clone(),
        sort: part.sort.clone(),
        fields: part.fields.clone(),
        group: part.group.clone(),
        options: part.options.clone(),
    }
}

fn check(tx: &WriteTx<'_>, who: &Caller, scope: &Scope, view: &SavedView) -> Result<()> {
    let problems = view_sense::problems(&asking(tx, who), scope, view);
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn asking<'a>(tx: &'a WriteTx<'_>, who: &'a Caller) -> Asking<'a> {
    Asking { catalog: tx.catalog(), who, now: Some(tx.now().clone()) }
}

/// A view that was just written, as the caller sees it.
fn shown(tx: &WriteTx<'_>, who: &Caller, scope: &Scope, id: i64) -> Result<Shown> {
    let all = visible(tx, &asking(tx, who), scope)?;
    all.into_iter().find(|shown| shown.view.id == id).ok_or_else(|| Error::internal("a view is missing"))
}

/// What a view was and is, for the change log.
#[derive(Clone, Copy, Default)]
pub struct Sides<'v> {
    pub before: Option<&'v SavedView>,
    pub after: Option<&'v SavedView>,
    /// It was changed because a field that it named went.
    pub is_settled: bool,
}

/// An entry of the change log. What a view says that is somebody's own is nobody else's business: `without_own` takes it out of what others are told.
pub fn log(tx: &mut WriteTx<'_>, who: &Caller, schema: &Schema, did: &str, sides: Sides<'_>) -> Result<()> {
    let Sides { before, after, is_settled } = sides;
    let shared = [before, after].into_iter().flatten().find(|view| view.owner.is_none());
    let label = match shared {
        None => format!("{did} a view of their own of the table {}", schema.slug),
        Some(view) => format!("{did} the view {} of the table {}", view.slug, schema.slug),
    };
    let body = json!({"view": before.or(after).map(|view| view.id), "before": before.map(said), "after": after.map(said), "settled": is_settled.then_some(true)});
    let mut body = body.as_object().cloned().unwrap_or_default();
    body.retain(|key, value| key != "settled" || !value.is_null());
    log_definition(tx, who, schema.app, Some(schema.id), label, Some(Value::Object(body))).map(drop)
}

/// What a view says, and whose it is if it is somebody's own; `said_of` reads it back.
pub fn said(view: &SavedView) -> Map<String, Value> {
    let mut said = view.to_json();
    if let Some(owner) = view.owner {
        said.insert("owner".to_owned(), json!(owner.0));
    }
    said
}

/// A view as the change log tells of it, without its number; `None` when it tells of something else.
pub fn said_of(schema: SchemaId, said: &Map<String, Value>) -> Option<SavedView> {
    if said.contains_key("model") {
        return None;
    }
    let text = |key: &str| said.get(key).and_then(Value::as_str).map(str::to_owned);
    text("kind")?;
    let owner = said.get("owner").and_then(Value::as_i64).map(UserId);
    Some(SavedView::bare(0, schema, owner, text("slug")?, text("name")?).with_definition(said))
}

/// An entry without what it says of views that somebody keeps for themselves, unless that is who asks.
pub fn without_own(who: &Caller, entry: Logged) -> Logged {
    let is_such = |text: &String| entry.kind == "define" && (text.contains("\"owner\"") || text.contains("\"own_views\""));
    let Some(mut body) = entry.body.as_ref().filter(|text| is_such(text)).and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return entry;
    };
    let me = who.user_id().map(|user| user.0);
    let mut gone = Vec::new();
    for side in ["before", "after"] {
        let Some(said) = body.get_mut(side).and_then(Value::as_object_mut) else { continue };
        said.shift_remove("own_views");
        let tables = said.get_mut("schemas").and_then(Value::as_array_mut).into_iter().flatten();
        tables.filter_map(Value::as_object_mut).for_each(|table| drop(table.shift_remove("own_views")));
        if said.contains_key("kind") && said.get("owner").and_then(Value::as_i64).is_some_and(|owner| Some(owner) != me) {
            gone.push(side);
        }
    }
    for side in gone {
        body.as_object_mut().into_iter().for_each(|body| drop(body.insert(side.to_owned(), Value::Null)));
    }
    let says_nothing = ["before", "after"].iter().all(|side| body.get(side).is_none_or(Value::is_null));
    Logged { body: (!says_nothing).then(|| body.to_string()), ..entry }
}
