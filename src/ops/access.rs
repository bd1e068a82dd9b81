//! Who may do what: the one place where rights are asked, before the first read of every operation. The answer is a scope: the rows that exist for the
//! caller, and the schema with the fields that do. Everything here looks at the caller and the catalog of one snapshot, at nothing else.
//!
//! What somebody may not know of is answered like what is not there. A guest is told to sign in instead, whatever it is.

use crate::model::app::{App, AppId};
use crate::model::catalog::{Catalog, missing};
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::plan::Cond;
use crate::model::principal::{Action, AppPart, Caller, Principal, Role, SchemaPart, Scope, User};
use crate::model::role::{Allowed, AppRole, BUILT_IN, EDITOR, GUEST, OWNER, Rights, Sight, VIEWER};
use crate::model::schema::{Schema, SchemaId};
use std::sync::Arc;

/// What somebody is in an app.
#[derive(Clone, Copy)]
pub enum Standing<'c> {
    /// Everything, with the app itself.
    Owner,
    Editor,
    Viewer,
    Own(&'c AppRole),
    Nobody,
}

/// A schema as somebody sees it.
pub struct Seen {
    pub schema: Arc<Schema>,
    pub read_only: Vec<String>,
    /// Which actions may be done, on some records at least.
    pub can: Vec<(Action, bool)>,
}

/// Asks for what concerns the workspace: to read what everybody who is signed in may, or to manage it.
pub fn may(who: &Caller, action: Action) -> Result<()> {
    if who.principal == Principal::Guest {
        return Err(Error::NotSignedIn);
    }
    let is_allowed = action != Action::Manage || is_admin_at_the_door(&who.principal);
    if !is_allowed {
        return Err(not_admin());
    }
    // A part of somebody's apps is no part of the workspace.
    let is_let_through = lets(who, action) && (action != Action::Manage || parts(who).is_none());
    if is_let_through { Ok(()) } else { Err(too_narrow(who)) }
}

/// The same in a transaction, long after somebody came in perhaps: what they are now counts.
pub fn may_now(catalog: &Catalog, who: &Caller, action: Action) -> Result<()> {
    may(who, action)?;
    if action != Action::Manage || is_admin(catalog, &who.principal) { Ok(()) } else { Err(not_admin()) }
}

/// Asks the same of somebody who comes with all that they may: a copy of everything, and what other people may, is more than any part of it.
pub fn may_as_whole(who: &Caller, action: Action) -> Result<()> {
    may(who, action)?;
    as_whole(who)
}

/// Asks that somebody comes with all that they may, by no token that lets a part of it through.
pub fn as_whole(who: &Caller) -> Result<()> {
    if who.token.as_ref().is_none_or(|token| token.narrowing.is_open()) {
        return Ok(());
    }
    let message =
        "This token lets a part through of what its owner may: sign in, or use one that is not narrowed, for what concerns people";
    Err(Error::Forbidden(format!("{message}, their roles, and backups")))
}

/// Asks that the caller's token lets this through, too: whoever changes an app sees or makes records by that only if it may.
pub fn may_also(who: &Caller, action: Action) -> Result<()> {
    if lets(who, action) { Ok(()) } else { Err(too_narrow(who)) }
}

/// Whether somebody is an owner or admin of the workspace, or the owner of the data file.
pub fn is_admin(catalog: &Catalog, principal: &Principal) -> bool {
    match principal {
        Principal::User(user) => matches!(catalog.person(user.id), Some(Role::Owner | Role::Admin)),
        other => is_admin_at_the_door(other),
    }
}

fn is_admin_at_the_door(principal: &Principal) -> bool {
    match principal {
        Principal::Guest => false,
        Principal::User(user) => matches!(user.role, Role::Owner | Role::Admin),
        Principal::Control => true,
    }
}

fn not_admin() -> Error {
    Error::Forbidden("Only owners and admins of the workspace may do this".to_owned())
}

/// What a principal is in an app, tokens apart. Whoever has no role there is what its guests are.
pub fn standing<'c>(catalog: &'c Catalog, principal: &Principal, app: AppId) -> Standing<'c> {
    if is_admin(catalog, principal) {
        return Standing::Owner;
    }
    // Who was removed or suspended meanwhile is not even a guest.
    if principal.user_id().is_some_and(|user| catalog.person(user).is_none()) {
        return Standing::Nobody;
    }
    let own = |slug: &str| catalog.role(app, slug).map_or(Standing::Nobody, |role| Standing::Own(role));
    match principal.user_id().and_then(|user| catalog.granted(user, app)) {
        Some(OWNER) => Standing::Owner,
        Some(EDITOR) => Standing::Editor,
        Some(VIEWER) => Standing::Viewer,
        Some(slug) => own(slug),
        None => match catalog.role(app, GUEST).filter(|role| role.rights.values().any(Rights::is_any)) {
            Some(role) => Standing::Own(role),
            None => Standing::Nobody,
        },
    }
}

impl<'c> Standing<'c> {
    /// On which records of a schema an action may be done.
    pub fn allowed(self, schema: SchemaId, action: Action) -> &'c Allowed {
        let all = |is_all: bool| if is_all { &Allowed::All } else { &Allowed::None };
        match self {
            Standing::Owner => &Allowed::All,
            Standing::Editor => all(action != Action::Manage),
            Standing::Viewer => all(matches!(action, Action::List | Action::Read | Action::Export)),
            Standing::Own(role) => role.rights.get(&schema).map_or(&Allowed::None, |rights| rights.of(action)),
            Standing::Nobody => &Allowed::None,
        }
    }

    fn rights(self, schema: SchemaId) -> Option<&'c Rights> {
        match self {
            Standing::Own(role) => role.rights.get(&schema),
            _ => None,
        }
    }

    /// Whether a schema is there for somebody of this standing.
    fn knows(self, schema: SchemaId) -> bool {
        Action::OF_RECORDS.into_iter().any(|action| *self.allowed(schema, action) != Allowed::None)
    }

    fn is_nobody(self) -> bool {
        matches!(self, Standing::Nobody)
    }

    /// The slug of the role.
    pub fn slug(self) -> Option<&'c str> {
        match self {
            Standing::Owner => Some(OWNER),
            Standing::Editor => Some(EDITOR),
            Standing::Viewer => Some(VIEWER),
            Standing::Own(role) => Some(&role.slug),
            Standing::Nobody => None,
        }
    }
}

/// All apps that are there for the caller.
pub fn apps(catalog: &Catalog, who: &Caller) -> Result<Vec<Arc<App>>> {
    let known: Vec<Arc<App>> = catalog.apps().iter().filter(|app| knows_app(catalog, who, app)).cloned().collect();
    if known.is_empty() && who.principal == Principal::Guest { Err(Error::NotSignedIn) } else { Ok(known) }
}

/// The app of this slug, if it is there for the caller.
pub fn app(catalog: &Catalog, who: &Caller, slug: &str) -> Result<Arc<App>> {
    let known = || catalog.apps().iter().filter(|app| knows_app(catalog, who, app));
    there(catalog, who, catalog.app(slug).ok(), || missing("app", slug, known().map(|app| app.slug.as_str())))
}

/// The app of this uuid, if it is there for the caller.
pub fn app_of_uuid(catalog: &Catalog, who: &Caller, uuid: &str) -> Result<Arc<App>> {
    let known = || catalog.apps().iter().filter(|app| knows_app(catalog, who, app));
    let found = catalog.apps().iter().find(|app| app.uuid.eq_ignore_ascii_case(uuid)).cloned();
    there(catalog, who, found, || match known().find(|app| app.slug == uuid) {
        Some(app) => Error::NotFound(
            Problem::new("not_found", format!("There is no app of the uuid {}", quoted(uuid)))
                .hint(format!("The app '{}' has the uuid {}", app.slug, app.uuid)),
        ),
        None => missing("app of the uuid", uuid, known().map(|app| app.uuid.as_str())),
    })
}

/// An app that was found, or not, if it is there for the caller.
fn there(catalog: &Catalog, who: &Caller, found: Option<Arc<App>>, missing: impl FnOnce() -> Error) -> Result<Arc<App>> {
    if let Some(app) = found.as_ref().filter(|app| knows_app(catalog, who, app)) {
        return Ok(app.clone());
    }
    // The owner of a token may be told why it does not lead there.
    if found.is_some_and(|app| !standing(catalog, &who.principal, app.id).is_nobody() && part(who, app.id).is_none()) {
        return Err(too_narrow(who));
    }
    Err(hidden(who, missing))
}

fn knows_app(catalog: &Catalog, who: &Caller, app: &App) -> bool {
    !standing(catalog, &who.principal, app.id).is_nobody() && part(who, app.id).is_some()
}

/// The schemas of an app that are there for the caller, in the order of their creation.
pub fn schemas(catalog: &Catalog, who: &Caller, app: AppId) -> Vec<Arc<Schema>> {
    catalog.schemas(app).filter(|schema| knows(catalog, who, schema)).cloned().collect()
}

/// Whether a schema is there for the caller.
pub fn knows(catalog: &Catalog, who: &Caller, schema: &Schema) -> bool {
    standing(catalog, &who.principal, schema.app).knows(schema.id) && schema_part(who, schema).is_some()
}

/// The app and the schema of these slugs, if they are there for the caller.
pub fn schema(catalog: &Catalog, who: &Caller, app_slug: &str, slug: &str) -> Result<Arc<Schema>> {
    let app = app(catalog, who, app_slug)?;
    if let Some(schema) = catalog.schema(&app, slug).ok().filter(|schema| knows(catalog, who, schema)) {
        return Ok(schema);
    }
    let known = schemas(catalog, who, app.id);
    Err(hidden(who, || missing("table", slug, known.iter().map(|schema| schema.slug.as_str()))))
}

/// What the caller may do with the records of a schema by this action; a refusal if nothing.
pub fn scope(catalog: &Catalog, who: &Caller, app: &str, slug: &str, action: Action) -> Result<Scope> {
    let schema = schema(catalog, who, app, slug)?;
    scope_of(catalog, who, &schema, action).ok_or_else(|| {
        hidden(who, || match lets(who, action) && (action == Action::Create || lets(who, Action::Read)) {
            false => too_narrow(who),
            true => {
                let role = standing(catalog, &who.principal, schema.app).slug().unwrap_or(GUEST);
                let what = sentence(action);
                Error::Forbidden(format!("The role '{role}' does not let you {what} of the table '{}'", schema.slug))
            }
        })
    })
}

/// The same of a schema that was found; `None` if nothing.
pub fn scope_of(catalog: &Catalog, who: &Caller, schema: &Arc<Schema>, action: Action) -> Option<Scope> {
    let standing = standing(catalog, &who.principal, schema.app);
    let part = schema_part(who, schema).filter(|_| lets(who, action))?;
    let me = who.user_id();
    let acts = standing.allowed(schema.id, action).rows(me)?;
    let reads = standing.allowed(schema.id, Action::Read).rows(me).filter(|_| lets(who, Action::Read));
    let (rows, acts) = match action {
        Action::Create => (reads.unwrap_or(Cond::NEVER), acts),
        Action::Update | Action::Delete | Action::Manage => (reads?, acts),
        Action::Read => (acts, Cond::True),
        Action::List | Action::Export => (reads?.and(acts), Cond::True),
    };
    let rights = standing.rights(schema.id);
    let seen = match part {
        None => rights.and_then(|rights| rights.seen.clone()).unwrap_or_else(|| schema.clone()),
        Some(_) => narrowed(catalog, who, standing, schema),
    };
    let read_only = rights.map(|rights| rights.read_only.clone()).unwrap_or_default();
    Some(Scope { action, rows, acts, seen, whole: schema.clone(), read_only })
}

/// How the caller sees a schema that is there for it, whatever it may do with its records.
pub fn sight(catalog: &Catalog, who: &Caller, schema: &Arc<Schema>) -> Seen {
    let standing = standing(catalog, &who.principal, schema.app);
    let rights = standing.rights(schema.id);
    let seen = match schema_part(who, schema) {
        Some(None) => rights.and_then(|rights| rights.seen.clone()).unwrap_or_else(|| schema.clone()),
        _ => narrowed(catalog, who, standing, schema),
    };
    let can = Action::ALL.map(|action| match action {
        Action::Manage => (action, manages(catalog, who, schema.app)),
        action => (action, scope_of(catalog, who, schema, action).is_some()),
    });
    Seen { schema: seen, read_only: rights.map(|rights| rights.read_only.clone()).unwrap_or_default(), can: can.to_vec() }
}

/// The scope as it is in this transaction.
///
/// # Errors
/// `Stale` when it is no longer the one that was asked for before.
pub fn renew(catalog: &Catalog, who: &Caller, before: &Scope) -> Result<()> {
    let schema = catalog.schema_by_id(before.whole.id).ok_or(Error::Stale)?;
    scope_of(catalog, who, &schema, before.action).filter(|now| now.is_same(before)).map(drop).ok_or(Error::Stale)
}

/// The app, if the caller may change it, its schemas, its roles and who has them.
pub fn managed(catalog: &Catalog, who: &Caller, slug: &str) -> Result<Arc<App>> {
    let app = app(catalog, who, slug)?;
    if manages(catalog, who, app.id) {
        return Ok(app);
    }
    Err(hidden(who, || match standing(catalog, &who.principal, app.id) {
        Standing::Owner => too_narrow(who),
        _ => Error::Forbidden(format!("Only owners of the app '{}' and admins may do this", app.slug)),
    }))
}

/// Whether the caller may change an app.
pub fn manages(catalog: &Catalog, who: &Caller, app: AppId) -> bool {
    let is_owner = matches!(standing(catalog, &who.principal, app), Standing::Owner);
    is_owner && lets(who, Action::Manage) && matches!(part(who, app), Some(None))
}

/// Asks for an app to be made, or changed if it is there, by what somebody sends.
pub fn may_make(catalog: &Catalog, who: &Caller, slug: &str) -> Result<()> {
    match catalog.app(slug) {
        Ok(known) if !is_admin(catalog, &who.principal) && knows_app(catalog, who, &known) => managed(catalog, who, slug).map(drop),
        _ => may_now(catalog, who, Action::Manage),
    }
}

/// The same, of an app or table that is made with records in it.
pub fn may_make_with_records(catalog: &Catalog, who: &Caller, slug: &str) -> Result<()> {
    may_make(catalog, who, slug)?;
    may_also(who, Action::Create)
}

/// Asks to have a table made by the first record that is sent to it: for somebody who tries things out at this machine. A program that runs elsewhere
/// and mistakes an address would make tables without end.
pub fn may_make_by_writing(catalog: &Catalog, who: &Caller, app: &str, is_local: bool) -> Result<()> {
    may_make_with_records(catalog, who, app)?;
    match is_local {
        true => Ok(()),
        false => {
            let message = "A table is made by its first record (create=schema) only when the request comes from the server's own machine. \
                           Make it there, or with an import or an app file";
            Err(Error::Forbidden(message.to_owned()))
        }
    }
}

/// Asks for what only a command on the same machine may: work on files by their path.
pub fn may_control(who: &Caller) -> Result<()> {
    match &who.principal {
        Principal::Control => Ok(()),
        Principal::Guest => may(who, Action::Manage),
        Principal::User(_) => Err(Error::Forbidden("Jobs are handed over by the carryall command on the same machine".to_owned())),
    }
}

/// Whether a role of this slug comes with every app.
pub fn is_built_in(slug: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == slug)
}

/// Whose rights are asked about, as a caller without a token.
pub fn as_user(user: &User) -> Caller {
    Caller { principal: Principal::User(user.clone()), door: "explain", token: None, tab: None }
}

/// A guest may sign in and be somebody who knows it.
fn hidden(who: &Caller, error: impl FnOnce() -> Error) -> Error {
    if who.principal == Principal::Guest { Error::NotSignedIn } else { error() }
}

/// `create records`, to be followed by `of the table …`.
fn sentence(action: Action) -> String {
    match action {
        Action::Manage => "change anything".to_owned(),
        other => format!("{} records", other.name()),
    }
}

// What a token lets through ------------------------------------------------------------------------------------------

fn lets(who: &Caller, action: Action) -> bool {
    let actions = who.token.as_ref().and_then(|token| token.narrowing.actions.as_ref());
    // Who may read with it may read in every way.
    let is_reading = matches!(action, Action::List | Action::Export);
    actions.is_none_or(|actions| actions.contains(&action) || is_reading && actions.contains(&Action::Read))
}

fn parts(who: &Caller) -> Option<&[AppPart]> {
    who.token.as_ref().and_then(|token| token.narrowing.apps.as_deref())
}

/// Which schemas of an app: `None` for nothing of it, `Some(None)` for all.
fn part(who: &Caller, app: AppId) -> Option<Option<&[SchemaPart]>> {
    match parts(who) {
        None => Some(None),
        Some(apps) => apps.iter().find(|part| part.app == app).map(|part| part.schemas.as_deref()),
    }
}

/// Which fields of a schema, in the same way.
fn schema_part<'w>(who: &'w Caller, schema: &Schema) -> Option<Option<Option<&'w [String]>>> {
    match part(who, schema.app)? {
        None => Some(None),
        Some(schemas) => schemas.iter().find(|part| part.schema == schema.id).map(|part| Some(part.fields.as_deref())),
    }
}

/// A schema as somebody sees it through a token that shows a part of the app.
fn narrowed(catalog: &Catalog, who: &Caller, standing: Standing<'_>, schema: &Arc<Schema>) -> Arc<Schema> {
    let all: Vec<Arc<Schema>> = catalog.schemas(schema.app).cloned().collect();
    let by_id = |id: SchemaId| all.iter().find(|schema| schema.id == id);
    let sight = Sight {
        schemas: &all,
        sees_field: &|id, slug| {
            let by_role = standing.rights(id).is_none_or(|rights| !rights.hidden.iter().any(|hidden| hidden == slug));
            let by_token = match by_id(id).and_then(|schema| schema_part(who, schema)) {
                None => false,
                Some(None | Some(None)) => true,
                Some(Some(Some(fields))) => fields.iter().any(|field| field == slug),
            };
            by_role && by_token
        },
        sees_all: &|id| {
            let is_let_through = by_id(id).is_some_and(|schema| schema_part(who, schema).is_some());
            is_let_through && *standing.allowed(id, Action::Read) == Allowed::All
        },
        knows: &|id| by_id(id).is_some_and(|schema| knows(catalog, who, schema)),
    };
    sight.of(schema)
}

fn too_narrow(who: &Caller) -> Error {
    let name = who.token.as_ref().map(|token| token.name.as_str()).unwrap_or_default();
    Error::Forbidden(format!("The token '{name}' does not let this through: it is good for less than you are"))
}
