//! Roles of an app and who has them: listing, making, changing, taking away; how they travel in app files and follow renames. What they let through is
//! asked in `access`.

use super::access::{self, manages};
use super::changes::log_definition;
use crate::expr::rename::{Renamed, renamed};
use crate::expr::resolve::rule;
use crate::format::role_part::{AllowedPart, FieldPart, RightsPart, RolePart};
use crate::model::app::{App, AppId};
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::formula::Computation;
use crate::model::name::{is_slug, label_from, quoted, slug_from};
use crate::model::principal::{Account, Action, Caller, User, UserId};
use crate::model::role::{Allowed, AppRole, BUILT_IN, Rights, Rule};
use crate::model::schema::Schema;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::{roles, users};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Roles of one app.
const ROLES_MAX: usize = 100;

/// A role as it is listed: one that comes with every app, or one that people made.
pub struct Listed {
    pub slug: String,
    pub name: String,
    pub is_built_in: bool,
    /// What it says of each schema, by its slug.
    pub schemas: Map<String, Value>,
}

/// Who has which role where.
pub struct Grant {
    pub user: User,
    pub app: String,
    pub role: String,
}

/// The roles of an app, those first that every app has.
pub fn list(tx: &ReadTx<'_>, who: &Caller, app: &str) -> Result<Vec<Listed>> {
    let app = access::managed(tx.catalog(), who, app)?;
    let built_in = BUILT_IN.iter().map(|(slug, name)| built_in(slug, name));
    Ok(built_in.chain(tx.catalog().roles(app.id).map(|role| listed(tx.catalog(), role))).collect())
}

pub fn read(tx: &ReadTx<'_>, who: &Caller, app: &str, slug: &str) -> Result<Listed> {
    let app = access::managed(tx.catalog(), who, app)?;
    if let Some((slug, name)) = BUILT_IN.iter().find(|(known, _)| *known == slug) {
        return Ok(built_in(slug, name));
    }
    Ok(listed(tx.catalog(), &*known(tx.catalog(), &app, slug)?))
}

fn built_in(slug: &str, name: &str) -> Listed {
    Listed { slug: slug.to_owned(), name: name.to_owned(), is_built_in: true, schemas: Map::new() }
}

fn listed(catalog: &Catalog, role: &AppRole) -> Listed {
    Listed { slug: role.slug.clone(), name: role.name.clone(), is_built_in: false, schemas: by_slug(catalog, role) }
}

fn by_slug(catalog: &Catalog, role: &AppRole) -> Map<String, Value> {
    let named = |schema: &Arc<Schema>| Some((schema.slug.clone(), role.rights.get(&schema.id)?.to_json()));
    catalog.schemas(role.app).filter_map(named).collect()
}

fn known(catalog: &Catalog, app: &App, slug: &str) -> Result<Arc<AppRole>> {
    catalog.role(app.id, slug).cloned().ok_or_else(|| {
        let all = BUILT_IN.iter().map(|(slug, _)| *slug).chain(catalog.roles(app.id).map(|role| role.slug.as_str()));
        let problem = Problem::new("not_found", format!("The app '{}' has no role {}", app.slug, quoted(slug)));
        Error::NotFound(problem.did_you_mean(slug, all))
    })
}

/// Makes a role.
pub fn create(tx: &mut WriteTx<'_>, who: &Caller, app: &str, part: &RolePart) -> Result<Listed> {
    let app = access::managed(tx.catalog(), who, app)?;
    access::as_whole(who)?;
    let new = make(tx, who, &app, part)?;
    tx.catalog_changed()?;
    Ok(listed(tx.catalog(), &*known(tx.catalog(), &app, &new.slug)?))
}

fn make(tx: &mut WriteTx<'_>, who: &Caller, app: &App, part: &RolePart) -> Result<AppRole> {
    let slug = &part.slug;
    if !is_slug(slug) {
        let problem = Problem::of("slug", "slug", format!("The role slug {} must be lower-case words joined by - or _", quoted(slug)));
        return Err(Error::invalid(slug_from(slug).map_or(problem.clone(), |near| problem.hint(format!("Did you mean '{near}'?")))));
    }
    if access::is_built_in(slug) {
        return Err(Error::Conflict(Problem::of("slug", "reserved", format!("Every app has a role '{slug}', which stays what it is"))));
    }
    if tx.catalog().role(app.id, slug).is_some() {
        return Err(Error::Conflict(Problem::of("slug", "unique", format!("The app '{}' has a role '{slug}' already", app.slug))));
    }
    if tx.catalog().roles(app.id).count() >= ROLES_MAX {
        return Err(Error::Conflict(Problem::new("too_many", format!("An app has at most {ROLES_MAX} roles of its own"))));
    }
    let name = label_from(slug);
    let new = defined(tx.catalog(), AppRole { id: 0, app: app.id, slug: slug.clone(), name, rights: BTreeMap::new() }, part)?;
    roles::insert(tx, &new)?;
    let body = json!({"after": said(tx.catalog(), &new)});
    log_definition(tx, who, app.id, None, format!("made the role {slug} of {}", app.slug), Some(body))?;
    Ok(new)
}

/// Changes a role: its name, and what it says of the schemas that the part names.
pub fn change(tx: &mut WriteTx<'_>, who: &Caller, app: &str, slug: &str, part: &RolePart) -> Result<Listed> {
    let app = access::managed(tx.catalog(), who, app)?;
    access::as_whole(who)?;
    if access::is_built_in(slug) {
        return Err(Error::Conflict(Problem::new("reserved", format!("Every app has the role '{slug}', which stays what it is"))));
    }
    let old = known(tx.catalog(), &app, slug)?;
    let new = defined(tx.catalog(), AppRole::clone(&old), part)?;
    put(tx, who, &app, &old, &new)?;
    tx.catalog_changed()?;
    Ok(listed(tx.catalog(), &*known(tx.catalog(), &app, slug)?))
}

fn put(tx: &mut WriteTx<'_>, who: &Caller, app: &App, old: &AppRole, new: &AppRole) -> Result<()> {
    roles::update(tx, old, new)?;
    let body = json!({"before": said(tx.catalog(), old), "after": said(tx.catalog(), new)});
    log_definition(tx, who, app.id, None, format!("changed the role {} of {}", old.slug, app.slug), Some(body)).map(drop)
}

/// Takes a role away that nobody has.
pub fn remove(tx: &mut WriteTx<'_>, who: &Caller, app: &str, slug: &str) -> Result<()> {
    let app = access::managed(tx.catalog(), who, app)?;
    access::as_whole(who)?;
    if access::is_built_in(slug) {
        return Err(Error::Conflict(Problem::new("reserved", format!("Every app has the role '{slug}', which stays what it is"))));
    }
    let old = known(tx.catalog(), &app, slug)?;
    let holders = roles::holders(tx, app.id, slug)?;
    if holders > 0 {
        let people = if holders == 1 { "1 person has it".to_owned() } else { format!("{holders} people have it") };
        let problem = Problem::new("referenced", format!("The role '{slug}' cannot go: {people}"));
        return Err(Error::Conflict(problem.hint("Give them another role first")));
    }
    drop_role(tx, who, &app, &old)?;
    tx.catalog_changed()
}

fn drop_role(tx: &mut WriteTx<'_>, who: &Caller, app: &App, old: &AppRole) -> Result<()> {
    roles::remove(tx, old)?;
    let body = json!({"before": said(tx.catalog(), old)});
    log_definition(tx, who, app.id, None, format!("deleted the role {} of {}", old.slug, app.slug), Some(body)).map(drop)
}

/// A role as people write it.
fn said(catalog: &Catalog, role: &AppRole) -> Value {
    json!({"slug": role.slug, "name": role.name, "schemas": by_slug(catalog, role)})
}

// What a role says ---------------------------------------------------------------------------------------------------

/// The role with what a part says of it; everything that makes no sense is told.
fn defined(catalog: &Catalog, mut role: AppRole, part: &RolePart) -> Result<AppRole> {
    role.name = part.name.clone().unwrap_or(role.name);
    let schemas: Vec<Arc<Schema>> = catalog.schemas(role.app).cloned().collect();
    let mut problems = Vec::new();
    if role.name.trim().is_empty() {
        problems.push(Problem::of("name", "required", "'name' is blank; leave it out, or say one"));
    }
    for (slug, said) in &part.schemas {
        let Some(schema) = schemas.iter().find(|schema| schema.slug == *slug) else {
            let problem = Problem::of("schemas", "unknown_table", format!("There is no table {}", quoted(slug)));
            problems.push(problem.did_you_mean(slug, schemas.iter().map(|schema| schema.slug.as_str())));
            continue;
        };
        match said {
            None => drop(role.rights.remove(&schema.id)),
            Some(said) => match rights(said, schema, &schemas) {
                Ok(rights) => drop(role.rights.insert(schema.id, rights)),
                Err(found) => problems.extend(found),
            },
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    roles::settle(&mut role, &schemas);
    Ok(role)
}

fn rights(part: &RightsPart, schema: &Schema, schemas: &[Arc<Schema>]) -> std::result::Result<Rights, Vec<Problem>> {
    let (mut rights, mut problems) = (Rights::default(), Vec::new());
    for (action, said) in &part.actions {
        let allowed = match said {
            AllowedPart::Flag(false) => Allowed::None,
            AllowedPart::Flag(true) => Allowed::All,
            AllowedPart::Rule(text) => {
                problems.extend(rule(text, schema, schemas).err().map(|problem| placed(problem, schema, *action)));
                Allowed::Where(Rule { text: text.clone(), meaning: None })
            }
        };
        if let Some(place) = rights.of_mut(*action) {
            *place = allowed;
        }
    }
    for action in [Action::List, Action::Update, Action::Delete, Action::Export] {
        if *rights.of(action) != Allowed::None && rights.read == Allowed::None {
            let name = action.name();
            let problem = Problem::of(name, "needs_read", format!("Table '{}': '{name}' says nothing without 'read'", schema.slug));
            problems.push(problem.hint("A role lists, changes, deletes and exports what it may read: \"read\": true, or a rule"));
        }
    }
    for field in &part.fields {
        problems.extend(mask(field, schema, &mut rights).err());
    }
    if problems.is_empty() { Ok(rights) } else { Err(problems) }
}

fn mask(part: &FieldPart, schema: &Schema, rights: &mut Rights) -> std::result::Result<(), Problem> {
    let slug = &part.slug;
    if schema.field(slug).is_none() {
        let problem = Problem::of(slug, "unknown_field", format!("Table '{}' has no field {}", schema.slug, quoted(slug)));
        return Err(problem.did_you_mean(slug, schema.fields.iter().map(|field| field.slug.as_str())));
    }
    match (part.readable, part.writable) {
        (Some(false), Some(true)) => {
            let message = format!("Table '{}': field '{slug}' cannot be written where it cannot be read", schema.slug);
            return Err(Problem::of(slug, "writable", message));
        }
        (Some(false), _) => rights.hidden.push(slug.clone()),
        (_, Some(false)) => rights.read_only.push(slug.clone()),
        _ => {}
    }
    Ok(())
}

fn placed(problem: Problem, schema: &Schema, action: Action) -> Problem {
    let message = format!("Table '{}', {}: {}", schema.slug, action.name(), problem.message);
    Problem { message, field: Some(action.name().to_owned()), ..problem }
}

/// Rules of an app's roles that mean nothing among these schemas: whatever made them so must not be.
pub fn without_meaning(tx: &ReadTx<'_>, app: AppId, schemas: &[Arc<Schema>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for role in tx.catalog().roles(app) {
        for schema in schemas {
            let rules = role.rights.get(&schema.id).into_iter().flat_map(Rights::rules);
            problems.extend(rules.filter_map(|(action, said)| {
                let problem = placed(rule(&said.text, schema, schemas).err()?, schema, action);
                let message = format!("A rule of the role '{}' would mean nothing any more. {}", role.slug, problem.message);
                Some(Problem { message, position: None, ..problem }.hint("Change that rule first"))
            }));
        }
    }
    problems
}

/// Where a rule of an app's roles has a meaning of which this holds: a role, a table and what is done there.
pub fn rule_with(catalog: &Catalog, app: AppId, holds: &dyn Fn(&Computation) -> bool) -> Option<String> {
    catalog.roles(app).find_map(|role| {
        let rules = role.rights.iter().flat_map(|(schema, rights)| rights.rules().map(move |(action, rule)| (schema, action, rule)));
        let mut found = rules.filter(|(_, _, rule)| rule.meaning.as_deref().is_some_and(holds));
        let (schema, action, _) = found.next()?;
        let table = catalog.schema_by_id(*schema).map(|schema| schema.slug.clone()).unwrap_or_default();
        Some(format!("a rule of the role '{}' (table '{table}', {})", role.slug, action.name()))
    })
}

/// Has the roles of an app name a field anew. `all` are its schemas before that.
pub fn follow(tx: &mut WriteTx<'_>, all: &[Arc<Schema>], change: &Renamed<'_>) -> Result<()> {
    let Some(app) = all.first().map(|schema| schema.app) else { return Ok(()) };
    let known: Vec<Arc<AppRole>> = tx.catalog().roles(app).cloned().collect();
    for old in known {
        let mut new = AppRole::clone(&old);
        for schema in all {
            let Some(rights) = new.rights.get_mut(&schema.id) else { continue };
            if schema.id == change.schema {
                let names = rights.hidden.iter_mut().chain(&mut rights.read_only);
                names.filter(|slug| *slug == change.was).for_each(|slug| change.now.clone_into(slug));
            }
            for action in Action::OF_RECORDS {
                if let Some(Allowed::Where(rule)) = rights.of_mut(action)
                    && let Some(text) = renamed(&rule.text, schema, all, change)
                {
                    rule.text = text;
                }
            }
        }
        if new != *old {
            roles::update(tx, &old, &new)?;
        }
    }
    Ok(())
}

// App files and copies -----------------------------------------------------------------------------------------------

/// The roles that people of an app have made, as app files describe them.
pub fn described(catalog: &Catalog, app: AppId) -> Vec<Value> {
    catalog.roles(app).map(|role| said(catalog, role)).collect()
}

/// Makes and changes the roles that a file describes. Those of which it says nothing stay, unless `prune` takes them away; `None` says nothing at all.
pub fn apply(
    tx: &mut WriteTx<'_>,
    who: &Caller,
    app: AppId,
    parts: Option<&[RolePart]>,
    prune: bool,
    told: &mut Vec<String>,
) -> Result<()> {
    let Some(parts) = parts else { return Ok(()) };
    let app = by_id(tx, app)?;
    let all: Vec<Arc<Schema>> = tx.catalog().schemas(app.id).cloned().collect();
    for part in parts {
        let Some(old) = tx.catalog().role(app.id, &part.slug).cloned() else {
            told.push(format!("create role {}", part.slug));
            access::as_whole(who)?;
            make(tx, who, &app, part)?;
            tx.catalog_changed()?;
            continue;
        };
        // A file says all of a role: what it leaves out the role has no more.
        let mut bare = AppRole { rights: BTreeMap::new(), ..AppRole::clone(&old) };
        roles::settle(&mut bare, &all);
        let new = defined(tx.catalog(), bare, part)?;
        if said(tx.catalog(), &new) != said(tx.catalog(), &old) {
            told.push(format!("change role {}", part.slug));
            access::as_whole(who)?;
            put(tx, who, &app, &old, &new)?;
            tx.catalog_changed()?;
        }
    }
    let extra: Vec<Arc<AppRole>> =
        tx.catalog().roles(app.id).filter(|role| !parts.iter().any(|part| part.slug == role.slug)).cloned().collect();
    for role in extra {
        match prune {
            true if roles::holders(tx, app.id, &role.slug)? == 0 => {
                told.push(format!("delete role {}", role.slug));
                access::as_whole(who)?;
                drop_role(tx, who, &app, &role)?;
            }
            true => told.push(format!("keep role {}, which somebody has", role.slug)),
            false => told.push(format!("keep role {}, which is not in the file (--prune deletes it)", role.slug)),
        }
    }
    Ok(())
}

/// Gives a copy of an app, whose schemas have the same slugs, the roles of the original.
pub fn copy(tx: &mut WriteTx<'_>, who: &Caller, from: AppId, to: AppId) -> Result<()> {
    let app = by_id(tx, to)?;
    let all: Vec<Arc<AppRole>> = tx.catalog().roles(from).cloned().collect();
    for role in all {
        let there = |slug: &str| tx.catalog().schemas(to).find(|schema| schema.slug == slug).map(|schema| schema.id);
        let rights = tx.catalog().schemas(from).filter_map(|schema| Some((there(&schema.slug)?, role.rights.get(&schema.id)?.clone())));
        let new = AppRole { id: 0, app: to, rights: rights.collect(), ..AppRole::clone(&role) };
        roles::insert(tx, &new)?;
        let body = json!({"after": said(tx.catalog(), &new)});
        log_definition(tx, who, to, None, format!("made the role {} of {}", role.slug, app.slug), Some(body))?;
    }
    Ok(())
}

/// Somebody by their number or e-mail address.
pub fn find_user(tx: &ReadTx<'_>, named: &str) -> Result<Account> {
    let found = match named.parse() {
        Ok(id) => users::find(tx, UserId(id))?,
        Err(_) => users::by_email(tx, named)?.map(|stored| stored.account),
    };
    found.ok_or_else(|| Error::invalid(Problem::of("user", "unknown_user", format!("There is no user {}", quoted(named)))))
}

fn by_id(tx: &ReadTx<'_>, app: AppId) -> Result<Arc<App>> {
    tx.catalog().apps().iter().find(|known| known.id == app).cloned().ok_or_else(|| Error::internal("an app is missing"))
}

/// What somebody may: manage the workspace, and their role in every app that is there for them.
pub struct Can {
    pub manages: bool,
    /// Slugs of app and role.
    pub apps: Vec<(String, String)>,
}

pub fn of_caller(catalog: &Catalog, who: &Caller) -> Result<Can> {
    let role = |app: &Arc<App>| Some((app.slug.clone(), access::standing(catalog, &who.principal, app.id).slug()?.to_owned()));
    let apps = access::apps(catalog, who)?.iter().filter_map(role).collect();
    Ok(Can { manages: access::may(who, Action::Manage).is_ok(), apps })
}

// Who has them -------------------------------------------------------------------------------------------------------

/// Who has which role: in the apps that the caller may change, and what it has itself. Narrowed to an app or a user if they are named.
pub fn grants(tx: &ReadTx<'_>, who: &Caller, app: Option<&str>, user: Option<&str>) -> Result<Vec<Grant>> {
    access::may(who, Action::Read)?;
    let only = app.map(|app| access::app(tx.catalog(), who, app)).transpose()?;
    let apps = access::apps(tx.catalog(), who)?;
    let user = match user {
        // Whoever looks after no app learns of nobody else whether they are there.
        Some(named) if !apps.iter().any(|app| manages(tx.catalog(), who, app.id)) => {
            let own = find_user(tx, named).ok().filter(|account| who.user_id() == Some(account.user.id));
            if own.is_none() {
                return Ok(Vec::new());
            }
            who.user_id()
        }
        Some(named) => Some(find_user(tx, named)?.user.id),
        None => None,
    };
    let mut found = Vec::new();
    for app in apps.iter().filter(|app| only.as_ref().is_none_or(|only| only.id == app.id)) {
        let is_managed = manages(tx.catalog(), who, app.id);
        for (holder, role) in tx.catalog().grants(app.id) {
            if (is_managed || who.user_id() == Some(holder))
                && user.is_none_or(|user| user == holder)
                && let Some(account) = users::find(tx, holder)?
            {
                found.push(Grant { user: account.user, app: app.slug.clone(), role: role.to_owned() });
            }
        }
    }
    Ok(found)
}

/// Gives somebody a role in an app, in place of the one that they have there.
pub fn grant(tx: &mut WriteTx<'_>, who: &Caller, user: &str, app: &str, role: &str) -> Result<Grant> {
    let app = access::managed(tx.catalog(), who, app)?;
    access::as_whole(who)?;
    let Account { user, is_suspended, .. } = find_user(tx, user)?;
    if !access::is_built_in(role) {
        known(tx.catalog(), &app, role).map_err(|error| match error {
            Error::NotFound(problem) => Error::invalid(Problem { field: Some("role".to_owned()), code: "unknown_role", ..problem }),
            other => other,
        })?;
    }
    if is_suspended {
        return Err(Error::Conflict(Problem::of("user", "suspended", format!("{} is suspended: nobody gives them a role", user.email))));
    }
    let before = tx.catalog().granted(user.id, app.id).map(str::to_owned);
    if before.as_deref() != Some(role) {
        roles::grant(tx, user.id, app.id, role)?;
        let body = json!({"user": user.id.0, "before": before, "after": role});
        log_definition(tx, who, app.id, None, format!("gave {} the role {role} in {}", user.email, app.slug), Some(body))?;
        tx.catalog_changed()?;
    }
    Ok(Grant { user, app: app.slug.clone(), role: role.to_owned() })
}

/// Takes somebody's role in an app away.
pub fn revoke(tx: &mut WriteTx<'_>, who: &Caller, user: &str, app: &str) -> Result<()> {
    let app = access::managed(tx.catalog(), who, app)?;
    access::as_whole(who)?;
    let user = find_user(tx, user)?.user;
    let before = tx.catalog().granted(user.id, app.id).map(str::to_owned);
    if !roles::revoke(tx, user.id, app.id)? {
        return Err(Error::not_found(format!("{} has no role in the app '{}'", user.email, app.slug)));
    }
    let body = json!({"user": user.id.0, "before": before, "after": null});
    log_definition(tx, who, app.id, None, format!("took the role of {} in {} away", user.email, app.slug), Some(body))?;
    tx.catalog_changed()
}
