//! Settings of a run: command line before environment before default. The limits, each with its name and default, are `model::limits`.

use crate::model::fault::Fault;
use crate::model::limits::Limits;
use crate::model::site::Origin;
use std::path::PathBuf;

/// Where everything lies unless it is said otherwise.
pub const DATA_FILE: &str = "carryall.db";
/// Without `--listen`, the first free one of these is taken.
pub const PORTS: std::ops::RangeInclusive<u16> = 8090..=8099;

/// What a server needs to know.
pub struct Config {
    pub data_file: PathBuf,
    /// `127.0.0.1:8090` or `127.0.0.1:8090=my-crm`, each; none takes the first free port of `PORTS`.
    pub listen: Vec<String>,
    /// Other machines of the network are let in.
    pub is_lan: bool,
    pub public_url: Option<Origin>,
    /// Host name and the app that it stands for.
    pub app_hosts: Vec<(String, String)>,
    /// The folder of the user's own front end.
    pub public: Option<PathBuf>,
    pub origins: Vec<Origin>,
    pub is_dev: bool,
    /// Certificate chain and key, both PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Answers before the disk has it.
    pub is_relaxed: bool,
    pub is_quiet: bool,
    /// The data file is there for this run only.
    pub is_thrown_away: bool,
    pub opens_browser: bool,
    /// `CARRYALL_FAULT`: tests only.
    pub fault: Option<Fault>,
    pub limits: Limits,
}

/// The first admin's e-mail and password, from `CARRYALL_ADMIN_EMAIL` and `CARRYALL_ADMIN_PASSWORD`.
pub fn first_admin() -> Option<(String, String)> {
    Some((variable("CARRYALL_ADMIN_EMAIL")?, variable("CARRYALL_ADMIN_PASSWORD")?))
}

/// An environment variable that is set to something.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
