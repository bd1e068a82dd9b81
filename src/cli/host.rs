//! Being the server: opens the data file, listens, tells the addresses, serves until it is asked to stop. What `serve` and `demo` share.

use super::job::OWNER;
use super::lan;
use super::listen::{self, reachable};
use super::logging;
use super::outcome::{Ended, Failure, say, tell, unopened};
use crate::config::{Config, first_admin};
use crate::model::job::{Job, unwatched};
use crate::ops::ctx::{self, Ctx};
use crate::ops::{feed, jobs, sessions, users};
use crate::server::assets;
use crate::server::transport::{self, Listener, Setup};
use crate::store::engine::{Durability, Opening, Store, Unmoved};
use crate::store::place;
use serde_json::Value;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Reading connections besides those of the read threads: writers look a session up, too.
const SPARE_READERS: usize = 2;
/// After a power cut or a kill SQLite puts the file in order by itself; whether the disk kept everything is looked at before anybody writes, for as
/// long as one waits for a start. A large file is looked at on, in the background.
const CHECK_AT_START: Duration = Duration::from_secs(5);

/// Serves. `prepare` runs before the first request; `greet` gets what links begin with when requests are answered, and gives the address for the browser.
/// Gives the number of the last change that somebody made.
pub fn host(
    config: &Config,
    prepare: impl FnOnce(&Ctx) -> Ended,
    greet: impl FnOnce(&Ctx, &str) -> Result<String, Failure>,
) -> Result<i64, Failure> {
    logging::start(config.is_quiet);
    let (tls, public) = listen::load(config)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = cores * 2;
    let store = Store::open(&config.data_file, &opening(config, readers)).map_err(|error| unopened(&config.data_file, error))?;
    let is_looked_through = !store.was_torn_off() || store.look_through(CHECK_AT_START)?;
    let listeners = listen::bind(config)?;
    let random = ctx::random();
    let (secret, control) = sessions::issue_control(&random);
    let site = listen::site(config, &listeners);
    let ctx = Arc::new(Ctx {
        site,
        fault: config.fault,
        backs_up: !config.is_thrown_away,
        samples: assets::sample,
        ..Ctx::new(store, random, config.limits.clone(), control)
    });
    if let Some((email, password)) = first_admin() {
        first_admin_once(&ctx, email, password)?;
    }
    prepare(&ctx)?;
    known_apps(&ctx, config, &listeners)?;
    if !is_looked_through {
        say("The last run of this file ended without stopping. It is being looked through in the background.");
        jobs::start(&ctx, &OWNER, Job::Check)?;
    }
    let addresses = listeners
        .iter()
        .map(|listener| listener.socket.local_addr())
        .collect::<io::Result<Vec<_>>>()
        .map_err(|error| Failure::new(1, error.to_string()))?;
    let first = addresses.first().copied().ok_or_else(|| Failure::new(1, "there is no address to listen on"))?;
    let url = format!("{}://{}", listen::scheme(config), reachable(first));
    ctx.store.announce(&url, &secret).map_err(|error| unopened(&config.data_file, error))?;
    let browser = greet(&ctx, &ctx.site.base_url)?;
    warn(config, &addresses);
    let ready = || {
        addresses.iter().for_each(|address| tell(&format!("listening on {}://{address}", listen::scheme(config))));
        if config.opens_browser && io::stdout().is_terminal() {
            open_browser(&browser);
        }
    };
    let setup = Setup { listeners, read_threads: readers, hash_threads: (cores / 2).max(1), tls, public };
    let served = transport::run(ctx.clone(), setup, ready);
    ctx.jobs.end_all(Duration::ZERO);
    // A log that cannot be read any more counts as changed.
    let last = ctx.read(|tx| feed::last_of_somebody(tx, &OWNER)).unwrap_or(i64::MAX);
    tell_rest(&config.data_file, ctx.store.stop());
    served.map_err(|error| Failure::new(1, format!("the server stopped: {error}")))?;
    Ok(last)
}

/// How a server opens its data file.
fn opening(config: &Config, readers: usize) -> Opening {
    Opening {
        durability: if config.is_relaxed { Durability::Relaxed } else { Durability::Full },
        readers: u32::try_from(readers + SPARE_READERS).unwrap_or(2),
        limits: config.limits.clone(),
        clock: ctx::clock(),
        fault: config.fault,
    }
}

/// Says so when the data file alone is not all of the data, and why.
fn tell_rest(data_file: &Path, unmoved: Option<Unmoved>) {
    if !std::fs::metadata(place::with_ending(data_file, "-wal")).is_ok_and(|log| log.len() > 0) {
        return;
    }
    let file = data_file.display();
    let kept = format!("part of the data is still in {file}-wal; keep both. The next start puts it in order");
    say(&match unmoved {
        Some(Unmoved::DiskFull) => format!("The disk is full: {kept}"),
        Some(Unmoved::Failed(error)) => format!("The disk failed ({error}): {kept}"),
        Some(Unmoved::Read) | None => {
            format!("Another program still reads {file}: part of the data is in {file}-wal, and one without the other is not whole")
        }
    });
}

/// A fresh one-time link behind an address: it signs the first admin in, or makes one.
pub fn link(ctx: &Ctx, url: &str) -> Result<String, Failure> {
    let issued = jobs::run(ctx, &OWNER, &Job::Link { user: None }, &unwatched())?;
    Ok(format!("{url}/_/start#t={}", issued.get("token").and_then(Value::as_str).unwrap_or_default()))
}

/// Makes the first admin if there is none.
pub fn first_admin_once(ctx: &Ctx, email: String, password: String) -> Ended {
    if !users::has_admin(ctx)? {
        let made = jobs::run(ctx, &OWNER, &Job::AdminCreate { email, password }, &unwatched())?;
        if let Some(warning) = made.get("warning").and_then(Value::as_str) {
            say(warning);
        }
    }
    Ok(())
}

/// Easy to type: three groups of four letters and digits that look unlike each other.
pub fn password(ctx: &Ctx) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).map_or('a', |letter| char::from(*letter));
    let letters: Vec<char> = ctx.random::<12>().iter().map(letter).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Apps that addresses and names stand for must be there: a typing error would otherwise show at the first request of somebody else.
fn known_apps(ctx: &Ctx, config: &Config, listeners: &[Listener]) -> Ended {
    let catalog = ctx.store.catalog();
    let named = listeners.iter().filter_map(|listener| listener.app.as_deref()).chain(config.app_hosts.iter().map(|(_, app)| app.as_str()));
    for app in named {
        if let Err(error) = catalog.app(app) {
            return Err(Failure { code: 2, lines: error.sentences() });
        }
    }
    Ok(())
}

/// What whoever starts the server should know of who can reach it.
fn warn(config: &Config, addresses: &[SocketAddr]) {
    if config.fault.is_some() {
        say("CARRYALL_FAULT is set: this server does wrong on purpose.");
    }
    if let Some(doubt) = place::doubt(&config.data_file) {
        say(&format!("{doubt}."));
    }
    let open: Vec<&SocketAddr> = addresses.iter().filter(|address| !address.ip().is_loopback()).collect();
    if open.is_empty() {
        if config.is_lan {
            say("--lan lets nobody in at a loopback address: leave --listen out, or name one of this machine's other addresses");
        }
        return;
    }
    let everywhere = |address: &&&SocketAddr| address.ip().is_unspecified();
    if !config.is_lan && config.public_url.is_none() && config.app_hosts.is_empty() && open.iter().any(|address| everywhere(&address)) {
        say("It listens everywhere, but answers to loopback names only: --lan, --public-url or --app-host say what else it is called.");
    }
    let scheme = listen::scheme(config);
    if config.is_lan {
        let found: Vec<String> = open.iter().flat_map(|listening| found_at(**listening)).map(|at| format!("{scheme}://{at}/_/")).collect();
        say("\nOther machines of this network find it at");
        found.iter().for_each(|url| say(&format!("  {url}")));
        if found.is_empty() {
            say("  (this machine is in no network at the moment)");
        }
        let code = found.first().and_then(|url| lan::qr(url));
        if let Some(code) = code.filter(|_| io::stderr().is_terminal()) {
            say(&code);
        }
    }
    if config.tls.is_none() {
        say("Passwords and data travel unencrypted on this network: --tls-cert and --tls-key, or a proxy with --public-url, mend that.");
    }
}

/// Where others find who listens there.
fn found_at(listening: SocketAddr) -> Vec<SocketAddr> {
    if !listening.ip().is_unspecified() {
        return vec![listening];
    }
    let reached = lan::addresses().into_iter().filter(|address| listening.is_ipv6() || address.is_ipv4());
    reached.map(|address| SocketAddr::new(address, listening.port())).collect()
}

/// Best effort: the address stands in the terminal as well.
fn open_browser(url: &str) {
    let (program, args): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/c", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    let quiet = std::process::Stdio::null;
    let started = std::process::Command::new(program).args(args).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    if started.is_err() {
        say("(no browser could be opened)");
    }
}
