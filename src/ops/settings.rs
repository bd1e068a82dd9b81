//! What admins set for the whole data file.

use super::apps;
use super::changes::log_account;
use super::credentials::still_lets_in;
use super::tokens::in_field;
use super::users::may_look_after;
use crate::model::app::App;
use crate::model::catalog::Catalog;
use crate::model::error::{Error, Problem, Result};
use crate::model::principal::Caller;
use crate::model::setting::Settings;
use crate::store::engine::{ReadTx, WriteTx};
use crate::store::tables::settings;
use std::sync::Arc;

/// A month: sessions end by then anyway.
const IDLE_MINUTES_MAX: i64 = 30 * 24 * 60;

/// What is to be set; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// A slug; `Some(None)`: the app that was made first.
    pub default_app: Option<Option<String>>,
    pub has_refresh_rotation: Option<bool>,
    pub session_idle_minutes: Option<Option<i64>>,
}

/// The settings, and the app that is the default one.
pub fn read(tx: &ReadTx<'_>, who: &Caller) -> Result<(Settings, Option<Arc<App>>)> {
    may_look_after(tx.catalog(), who)?;
    let settings = settings::read(tx)?;
    let app = default_app(tx.catalog(), &settings);
    Ok((settings, app))
}

pub fn change(tx: &mut WriteTx<'_>, who: &Caller, changes: &Changes) -> Result<(Settings, Option<Arc<App>>)> {
    still_lets_in(tx, who)?;
    let (old, _) = read(tx, who)?;
    let mut new = old.clone();
    if let Some(slug) = &changes.default_app {
        let new_app = slug.as_deref().map(|slug| apps::read(tx, who, slug)).transpose();
        new.default_app = new_app.map_err(|error| in_field("default_app", error))?.map(|app| app.id);
    }
    new.has_refresh_rotation = changes.has_refresh_rotation.unwrap_or(old.has_refresh_rotation);
    if let Some(minutes) = changes.session_idle_minutes {
        if minutes.is_some_and(|minutes| !(1..=IDLE_MINUTES_MAX).contains(&minutes)) {
            let message =
                format!("session_idle_minutes must be between 1 and {IDLE_MINUTES_MAX}, or null: sessions end by their last day only");
            return Err(Error::invalid(Problem::of("session_idle_minutes", "range", message)));
        }
        new.session_idle_minutes = minutes;
    }
    if new != old {
        settings::write(tx, &new)?;
        log_account(tx, who, told(&old, &new))?;
    }
    read(tx, who)
}

/// The app of programs whose addresses name none: the one that was set, else the first that was made.
pub fn default_app(catalog: &Catalog, settings: &Settings) -> Option<Arc<App>> {
    let set = catalog.apps().iter().find(|app| Some(app.id) == settings.default_app);
    set.or_else(|| catalog.apps().iter().min_by_key(|app| app.id.0)).cloned()
}

fn told(old: &Settings, new: &Settings) -> String {
    let mut parts = Vec::new();
    if old.default_app != new.default_app {
        parts.push("default_app".to_owned());
    }
    if old.has_refresh_rotation != new.has_refresh_rotation {
        parts.push(format!("refresh_rotation {}", new.has_refresh_rotation));
    }
    if old.session_idle_minutes != new.session_idle_minutes {
        let minutes = new.session_idle_minutes.map_or_else(|| "off".to_owned(), |minutes| minutes.to_string());
        parts.push(format!("session_idle_minutes {minutes}"));
    }
    format!("set {}", parts.join(", "))
}
