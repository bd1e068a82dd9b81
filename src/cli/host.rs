//! Being the server: opens the data file, listens, tells the addresses, serves until it is asked to stop. What `serve` and `demo` share.

use super::job::{OWNER, open};
use super::logging;
use super::outcome::{Ended, Failure, say, tell, unopened};
use crate::config::{Config, PORTS, first_admin, variable};
use crate::model::job::Job;
use crate::model::limits::Limits;
use crate::ops::ctx::{self, Ctx};
use crate::ops::{jobs, sessions, users};
use crate::server::transport;
use crate::store::engine::Durability;
use clap::{Arg, ArgAction, ArgMatches};
use std::io::{self, IsTerminal};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// Reading connections besides those of the read threads: writers look a session up, too.
const SPARE_READERS: usize = 2;

/// The arguments that every serving command takes.
pub fn args() -> [Arg; 3] {
    let listen = Arg::new("listen").long("listen").value_name("ADDR").action(ArgAction::Append);
    [
        listen.help("Address and port, such as 127.0.0.1:8090; may be repeated [default: the first free port of 8090 to 8099]"),
        Arg::new("no-open").long("no-open").action(ArgAction::SetTrue).help("Do not open the browser"),
        Arg::new("quiet").long("quiet").action(ArgAction::SetTrue).help("Log trouble only, no requests"),
    ]
}

/// Settings from the arguments and the environment.
pub fn config(matches: &ArgMatches, data_file: PathBuf, is_relaxed: bool) -> Config {
    let given: Vec<String> = matches.get_many::<String>("listen").into_iter().flatten().cloned().collect();
    let listen = if given.is_empty() { variable("CARRYALL_LISTEN").into_iter().collect() } else { given };
    Config {
        data_file,
        listen,
        is_relaxed,
        is_quiet: matches.get_flag("quiet"),
        opens_browser: !matches.get_flag("no-open"),
        limits: Limits::default(),
    }
}

/// Serves. `prepare` runs before the first request; `greet` gets the first address when requests are answered, and gives the address for the browser.
pub fn host(config: &Config, prepare: impl FnOnce(&Ctx) -> Ended, greet: impl FnOnce(&Ctx, &str) -> Result<String, Failure>) -> Ended {
    logging::start(config.is_quiet);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = cores * 2;
    let durability = if config.is_relaxed { Durability::Relaxed } else { Durability::Full };
    let store = open(&config.data_file, durability, u32::try_from(readers + SPARE_READERS).unwrap_or(2), &config.limits)
        .map_err(|error| unopened(&config.data_file, error))?;
    let random = ctx::random();
    let (secret, control) = sessions::issue_control(&random);
    let ctx = Arc::new(Ctx::new(store, random, config.limits.clone(), control));
    if let Some((email, password)) = first_admin() {
        first_admin_once(&ctx, email, password)?;
    }
    prepare(&ctx)?;
    let listeners = listen(&config.listen)?;
    let addresses = listeners
        .iter()
        .map(TcpListener::local_addr)
        .collect::<io::Result<Vec<_>>>()
        .map_err(|error| Failure::new(1, error.to_string()))?;
    let first = addresses.first().copied().ok_or_else(|| Failure::new(1, "there is no address to listen on"))?;
    ctx.store.announce(&reachable(first).to_string(), &secret)?;
    let browser = greet(&ctx, &format!("http://{}", reachable(first)))?;
    let ready = || {
        addresses.iter().for_each(|address| tell(&format!("listening on http://{address}")));
        if config.opens_browser && io::stdout().is_terminal() {
            open_browser(&browser);
        }
    };
    let served = transport::run(ctx.clone(), listeners, readers, ready);
    ctx.jobs.finish();
    ctx.store.stop();
    served.map_err(|error| Failure::new(1, format!("the server stopped: {error}")))
}

/// Makes the first admin if there is none.
pub fn first_admin_once(ctx: &Ctx, email: String, password: String) -> Ended {
    if !users::has_admin(ctx)? {
        jobs::run(ctx, &OWNER, &Job::AdminCreate { email, password }, &|_| {})?;
    }
    Ok(())
}

fn listen(wanted: &[String]) -> Result<Vec<TcpListener>, Failure> {
    if wanted.is_empty() {
        let free = PORTS.clone().find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
        let none = || {
            Failure::new(
                1,
                format!(
                    "Ports {} to {} are all taken. Choose another: --listen 127.0.0.1:0 takes any free one",
                    PORTS.start(),
                    PORTS.end()
                ),
            )
        };
        return Ok(vec![free.ok_or_else(none)?]);
    }
    let bind = |address: &String| {
        // A bare port means this machine only.
        let bare = address.strip_prefix(':').unwrap_or(address);
        let whole = if bare.parse::<u16>().is_ok() { format!("127.0.0.1:{bare}") } else { address.clone() };
        TcpListener::bind(&whole).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                Failure::new(1, format!("{address} is taken by another program. Try --listen 127.0.0.1:0 for any free port"))
            }
            io::ErrorKind::InvalidInput => Failure::new(2, format!("'{address}' is no address; write it as 127.0.0.1:8090")),
            _ => Failure::new(1, format!("Cannot listen on {address}: {error}")),
        })
    };
    wanted.iter().map(bind).collect()
}

/// Where a program on this machine finds a server that listens everywhere.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        _ => address,
    }
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
