//! All apps and schemas, roles and who has them at one moment: an immutable value that readers share. Loading it is in `store/tables`.

use super::app::{App, AppId};
use super::error::{Error, Problem, Result};
use super::field::Field;
use super::principal::UserId;
use super::role::AppRole;
use super::schema::{Schema, SchemaId};
use std::collections::HashMap;
use std::sync::Arc;

/// A few hundred entries at most: plain vectors in name order, searched by bisection or from end to end.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Counts up with every change of any app or schema.
    pub version: i64,
    apps: Vec<Arc<App>>,
    schemas: Vec<Arc<Schema>>,
    roles: Vec<Arc<AppRole>>,
    /// The slug of the role that somebody has in an app.
    grants: HashMap<(UserId, AppId), String>,
}

impl Catalog {
    /// Apps are kept by name, then slug; schemas in the order of their creation.
    pub fn new(version: i64, mut apps: Vec<Arc<App>>, mut schemas: Vec<Arc<Schema>>) -> Self {
        apps.sort_by(|a, b| (a.name.to_lowercase(), &a.slug).cmp(&(b.name.to_lowercase(), &b.slug)));
        schemas.sort_by_key(|schema| schema.id);
        Self { version, apps, schemas, ..Self::default() }
    }

    /// With who may do what.
    pub fn with_rights(self, roles: Vec<Arc<AppRole>>, grants: HashMap<(UserId, AppId), String>) -> Self {
        Self { roles, grants, ..self }
    }

    /// The roles that people of an app have made.
    pub fn roles(&self, app: AppId) -> impl Iterator<Item = &Arc<AppRole>> {
        self.roles.iter().filter(move |role| role.app == app)
    }

    pub fn role(&self, app: AppId, slug: &str) -> Option<&Arc<AppRole>> {
        self.roles(app).find(|role| role.slug == slug)
    }

    /// The slug of the role that was given to somebody in an app.
    pub fn granted(&self, user: UserId, app: AppId) -> Option<&str> {
        self.grants.get(&(user, app)).map(String::as_str)
    }

    /// Who has which role in an app, in the order of users.
    pub fn grants(&self, app: AppId) -> Vec<(UserId, &str)> {
        let mut found: Vec<(UserId, &str)> =
            self.grants.iter().filter(|((_, of), _)| *of == app).map(|((user, _), role)| (*user, role.as_str())).collect();
        found.sort_by_key(|(user, _)| user.0);
        found
    }

    pub fn apps(&self) -> &[Arc<App>] {
        &self.apps
    }

    /// The app with this slug, or that had it before, or a refusal that names the nearest one.
    pub fn app(&self, slug: &str) -> Result<Arc<App>> {
        let found = self.apps.iter().find(|app| app.slug == slug);
        // A slug of before leads to one app only; in a file from before that was so, to the one that was made first.
        let had = || self.apps.iter().filter(|app| app.aliases.iter().any(|alias| alias == slug)).min_by_key(|app| app.id);
        let found = found.or_else(had).cloned();
        found.ok_or_else(|| missing("app", slug, self.apps.iter().map(|app| app.slug.as_str())))
    }

    pub fn schemas(&self, app: AppId) -> impl Iterator<Item = &Arc<Schema>> {
        self.schemas.iter().filter(move |schema| schema.app == app)
    }

    /// The schema with this slug, or that had it before, or a refusal that names the nearest one.
    pub fn schema(&self, app: &App, slug: &str) -> Result<Arc<Schema>> {
        let found = self.schemas(app.id).find(|schema| schema.slug == slug);
        let found = found.or_else(|| self.schemas(app.id).find(|schema| schema.aliases.iter().any(|alias| alias == slug))).cloned();
        found.ok_or_else(|| missing("table", slug, self.schemas(app.id).map(|schema| schema.slug.as_str())))
    }

    pub fn schema_by_id(&self, id: SchemaId) -> Option<Arc<Schema>> {
        let at = self.schemas.binary_search_by_key(&id, |schema| schema.id).ok()?;
        self.schemas.get(at).cloned()
    }

    /// The schema a reference points to.
    pub fn target(&self, schema: &Schema, field: &Field) -> Option<Arc<Schema>> {
        let slug = field.rules.target.as_deref()?;
        self.schemas(schema.app).find(|schema| schema.slug == slug).cloned()
    }

    /// Every reference field that points to this schema, with the schema it stands in.
    pub fn referrers(&self, target: &Schema) -> Vec<(Arc<Schema>, Field)> {
        let mut found = Vec::new();
        for schema in self.schemas(target.app) {
            let pointing = schema.stored().filter(|field| field.rules.target.as_deref() == Some(&target.slug));
            found.extend(pointing.map(|field| (schema.clone(), field.clone())));
        }
        found
    }
}

/// That there is no such thing, with the nearest of those that are known.
pub fn missing<'a>(what: &str, slug: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let problem = Problem::new("not_found", format!("There is no {what} {}", super::name::quoted(slug)));
    Error::NotFound(problem.did_you_mean(slug, known))
}
