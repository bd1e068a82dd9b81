//! Which app somebody means whose address names none: what they name goes first, then what the door stands for that they came by, then their token, then
//! the setting. Another app never changes what a program reaches that works.

use super::access;
use super::settings::default_app;
use crate::model::app::App;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::name::quoted;
use crate::model::principal::{Caller, Principal};
use crate::model::setting::Settings;
use crate::store::engine::ReadTx;
use crate::store::tables::settings;
use std::sync::Arc;

/// The slugs by which a request names an app, in the order in which they count.
#[derive(Debug, Clone, Copy, Default)]
pub struct Named<'n> {
    /// By the program itself.
    pub header: Option<&'n str>,
    /// By the listener that it came in by.
    pub listener: Option<&'n str>,
    /// By the host's name.
    pub host: Option<&'n str>,
}

/// The app that is meant. The settings are looked at only when nothing else says it.
pub fn find(tx: &ReadTx<'_>, who: &Caller, named: &Named<'_>) -> Result<Arc<App>> {
    choose(tx.catalog(), who, named, || settings::read(tx))
}

fn choose(catalog: &Catalog, who: &Caller, named: &Named<'_>, settings: impl FnOnce() -> Result<Settings>) -> Result<Arc<App>> {
    if let Some(slug) = named.header.or(named.listener).or(named.host) {
        return access::app(catalog, who, slug);
    }
    if let Some(app) = only_one(catalog, who) {
        return access::app(catalog, who, &app.slug);
    }
    let known = access::apps(catalog, who)?;
    let default = default_app(catalog, &settings()?);
    match default.filter(|default| known.iter().any(|app| app.id == default.id)) {
        Some(app) => Ok(app),
        None if who.principal == Principal::Guest => Err(Error::NotSignedIn),
        None => Err(ambiguous(&known)),
    }
}

/// The app of a token that is good for one.
fn only_one(catalog: &Catalog, who: &Caller) -> Option<Arc<App>> {
    let apps = who.token.as_ref()?.narrowing.apps.as_deref()?;
    let [part] = apps else { return None };
    catalog.apps().iter().find(|app| app.id == part.app).cloned()
}

fn ambiguous(known: &[Arc<App>]) -> Error {
    let slugs: Vec<String> = known.iter().take(20).map(|app| quoted(&app.slug)).collect();
    let problem = match known.first() {
        None => Problem::new("which_app", "There is no app for you here").hint("Ask whoever looks after the server to let you into one"),
        Some(first) => Problem::new("which_app", format!("This address names no app; there are {} for you", slugs.join(", ")))
            .hint(format!("Send the header X-Carryall-App: {}", first.slug)),
    };
    Error::Malformed(problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::app::AppId;
    use crate::model::principal::{AppPart, Narrowing, Role, Token, User, UserId};
    use std::collections::HashMap;

    fn app(id: i64, slug: &str) -> Arc<App> {
        let (uuid, description, created_at) = (String::new(), String::new(), String::new());
        Arc::new(App {
            id: AppId(id),
            uuid,
            slug: slug.into(),
            name: slug.into(),
            description,
            created_at,
            aliases: vec![format!("old-{slug}")],
        })
    }

    /// Made in the order b, a, c; `ann` is an admin, `ben` an editor of a and c.
    fn catalog(more: &[Arc<App>]) -> Catalog {
        let apps = [app(1, "b"), app(2, "a"), app(3, "c")].into_iter().chain(more.iter().cloned()).collect();
        let grants = [2, 3].map(|app| ((UserId(2), AppId(app)), "editor".to_owned()));
        let people = HashMap::from([(UserId(1), Role::Admin), (UserId(2), Role::Member), (UserId(3), Role::Member)]);
        Catalog::new(1, apps, Vec::new()).with_rights(Vec::new(), HashMap::from(grants), people)
    }

    fn caller(id: i64, role: Role, apps: Option<&[i64]>) -> Caller {
        let part = |id: &i64| AppPart { app: AppId(*id), schemas: None };
        let narrowing = Narrowing { actions: None, apps: apps.map(|apps| apps.iter().map(part).collect()) };
        let token = apps.map(|_| Arc::new(Token { id: 1, name: "t".into(), narrowing }));
        Caller { principal: Principal::User(User { id: UserId(id), email: "x@y".into(), role }), door: "test", token, tab: None }
    }

    type Case<'c> = (&'c Caller, [Option<&'c str>; 3], Option<i64>, &'c str);

    #[test]
    fn what_is_named_goes_first_and_what_is_set_last() {
        let (ann, ben, cy) = (caller(1, Role::Admin, None), caller(2, Role::Member, None), caller(3, Role::Member, None));
        let bound = |apps| caller(1, Role::Admin, Some(apps));
        let (one, two, with_first) = (bound(&[3]), bound(&[2, 3]), bound(&[1, 2]));
        let guest = Caller { principal: Principal::Guest, door: "test", token: None, tab: None };
        let none = [None; 3];
        let table: [Case<'_>; 21] = [
            (&ann, [Some("a"), Some("b"), Some("c")], None, "a"),
            (&ann, [Some("old-a"), None, None], None, "a"),
            (&ann, [None, Some("b"), Some("c")], Some(2), "b"),
            (&ann, [None, None, Some("c")], Some(2), "c"),
            (&ann, none, Some(2), "a"),
            (&ann, none, None, "b"),
            (&ann, none, Some(99), "b"),
            (&ann, [Some("x"), Some("a"), None], None, "There is no app 'x'"),
            (&ann, [None, None, Some("x")], None, "There is no app 'x'"),
            (&one, none, None, "c"),
            (&one, none, Some(2), "c"),
            (&one, [None, Some("c"), None], None, "c"),
            (&one, [Some("a"), None, None], None, "forbidden"),
            (&one, [None, None, Some("a")], None, "forbidden"),
            (&two, none, None, "This address names no app; there are 'a', 'c' for you"),
            (&two, none, Some(3), "c"),
            (&with_first, none, None, "b"),
            (&ben, none, None, "This address names no app; there are 'a', 'c' for you"),
            (&ben, [Some("b"), None, None], None, "There is no app 'b'"),
            (&cy, none, None, "There is no app for you here"),
            (&guest, none, None, "You are not signed in"),
        ];
        for more in [Vec::new(), vec![app(4, "0-first-by-name")]] {
            for (who, [header, listener, host], default_app, wanted) in &table {
                let named = Named { header: *header, listener: *listener, host: *host };
                let settings = Settings { default_app: default_app.map(AppId), ..Settings::default() };
                let found = match choose(&catalog(&more), who, &named, || Ok(settings)) {
                    Ok(app) => app.slug.clone(),
                    Err(Error::Forbidden(_)) => "forbidden".to_owned(),
                    Err(error) => error.message(),
                };
                assert_eq!(found, *wanted, "{named:?} {default_app:?}");
            }
        }
    }
}
