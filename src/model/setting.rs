//! What admins set for the whole data file. Their table is `store/tables/settings`, their rules are in `ops/settings`.

use super::app::AppId;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// For programs whose addresses name no app. `None`: the app that was made first.
    pub default_app: Option<AppId>,
    /// A refresh token is spent by its use, and another one is given for it.
    pub has_refresh_rotation: bool,
    /// A session that nobody uses ends after so long; `None`: only with its last day.
    pub session_idle_minutes: Option<i64>,
}
