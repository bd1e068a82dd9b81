//! The server's door on the command line: addresses, names, TLS, the user's own front end. What it is called is told to `model::site`, what it serves
//! to `server::transport`.

use super::lan;
use super::outcome::{Failure, say};
use crate::config::{Config, PORTS, variable};
use crate::model::name::quoted;
use crate::model::site::{Origin, Site, split_authority};
use crate::server::public::Public;
use crate::server::tls::Tls;
use crate::server::transport::Listener;
use clap::{Arg, ArgAction, ArgMatches};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;

/// The arguments of every serving command that concern its door.
pub fn args() -> Vec<Arg> {
    let named = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    let many = |name: &'static str, value: &'static str| named(name, value).action(ArgAction::Append);
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    vec![
        many("listen", "ADDR[=APP]").help(
            "Address and port, such as 127.0.0.1:8090; may be repeated. With =APP it stands for that app [default: the first free port of 8090 to 8099]",
        ),
        flag("lan").help("Let other machines of this network in, and show where they find it"),
        named("public-url", "URL").help("The address by which people reach it, such as https://crm.example: for links, cookies and proxies"),
        many("app-host", "NAME=APP").help("A host name that stands for an app; may be repeated"),
        named("public", "DIR").help("Serve your own front end from this folder, at every address that is not Carryall's"),
        many("allow-origin", "URL").help("Let pages of this origin call the API, such as https://app.example; may be repeated"),
        flag("dev").help("Let pages of any port of this machine call the API; only on loopback"),
        named("tls-cert", "PEM").requires("tls-key").help("Speak https with this certificate chain"),
        named("tls-key", "PEM").requires("tls-cert").help("The private key of --tls-cert"),
        flag("no-open").help("Do not open the browser"),
        flag("quiet").help("Log trouble only, no requests"),
    ]
}

/// Settings from the arguments and the environment.
pub fn config(matches: &ArgMatches, data_file: PathBuf, is_relaxed: bool) -> Result<Config, Failure> {
    let all = |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<String>>();
    let path = |name: &str| matches.get_one::<String>(name).map(PathBuf::from);
    let given = all("listen");
    let fault = super::job::fault()?;
    Ok(Config {
        data_file,
        listen: if given.is_empty() { variable("CARRYALL_LISTEN").into_iter().collect() } else { given },
        is_lan: matches.get_flag("lan"),
        public_url: matches.get_one::<String>("public-url").map(|url| origin("--public-url", url)).transpose()?,
        app_hosts: all("app-host").iter().map(|text| app_host(text)).collect::<Result<_, _>>()?,
        public: path("public"),
        origins: all("allow-origin").iter().map(|url| origin("--allow-origin", url)).collect::<Result<_, _>>()?,
        is_dev: matches.get_flag("dev"),
        tls: path("tls-cert").zip(path("tls-key")),
        is_relaxed,
        is_thrown_away: false,
        is_quiet: matches.get_flag("quiet"),
        opens_browser: !matches.get_flag("no-open"),
        fault,
        limits: crate::model::limits::Limits::default(),
    })
}

fn origin(flag: &str, url: &str) -> Result<Origin, Failure> {
    let wrong = || Failure::new(2, format!("{flag} {}: write scheme and host, such as https://crm.example, without a path", quoted(url)));
    Origin::parse(url).ok_or_else(wrong)
}

fn app_host(text: &str) -> Result<(String, String), Failure> {
    let parts =
        text.split_once('=').and_then(|(name, app)| Some((split_authority(name)?.0, app.to_owned()))).filter(|(_, app)| !app.is_empty());
    parts.ok_or_else(|| Failure::new(2, format!("--app-host {}: write it as crm.example=my-crm", quoted(text))))
}

/// Certificate and folder, read before the data file is touched.
pub fn load(config: &Config) -> Result<(Option<Tls>, Option<Public>), Failure> {
    let tls = config
        .tls
        .as_ref()
        .map(|(certificate, key)| Tls::load(certificate, key))
        .transpose()
        .map_err(|sentence| Failure::new(2, sentence))?;
    let folder = |path: &PathBuf| {
        Public::open(path).map_err(|error| Failure::new(2, format!("--public {}: the folder cannot be read: {error}", path.display())))
    };
    let public = config.public.as_ref().map(folder).transpose()?;
    let secrets = [Some(&config.data_file), config.tls.as_ref().map(|(_, key)| key)];
    if let (Some(public), Some(path)) = (&public, &config.public)
        && let Some(secret) = secrets.into_iter().flatten().find(|secret| public.holds(secret))
    {
        let (path, secret) = (path.display(), secret.display());
        return Err(Failure::new(
            2,
            format!("--public {path} would give {secret} to everybody: put your front end into a folder of its own"),
        ));
    }
    if config.tls.is_some() && config.public_url.as_ref().is_some_and(|url| !url.is_https) {
        return Err(Failure::new(2, "--public-url says http, and with --tls-cert the server speaks https: write https:// there"));
    }
    Ok((tls, public))
}

/// The sockets of all addresses.
pub fn bind(config: &Config) -> Result<Vec<Listener>, Failure> {
    if config.is_dev && config.is_lan {
        return Err(dev_is_for_loopback());
    }
    if config.listen.is_empty() {
        let host = if config.is_lan { "0.0.0.0" } else { "127.0.0.1" };
        let free = PORTS.clone().find_map(|port| TcpListener::bind((host, port)).ok());
        let none = || {
            let (first, last) = (PORTS.start(), PORTS.end());
            Failure::new(1, format!("Ports {first} to {last} are all taken. Choose another: --listen {host}:0 takes any free one"))
        };
        let socket = free.ok_or_else(none)?;
        tell_other_port(&socket);
        return Ok(vec![Listener { socket, app: None }]);
    }
    let listeners = config.listen.iter().map(|wanted| {
        let (address, app) = parts(wanted);
        Ok(Listener { socket: bind_one(&address)?, app })
    });
    let listeners = listeners.collect::<Result<Vec<_>, Failure>>()?;
    if config.is_dev && listeners.iter().any(is_reachable) {
        return Err(dev_is_for_loopback());
    }
    Ok(listeners)
}

/// Who knows the usual address should hear why it is another one.
fn tell_other_port(socket: &TcpListener) {
    if let Some(port) = socket.local_addr().ok().map(|address| address.port()).filter(|port| port != PORTS.start()) {
        say(&format!("Port {} is taken, so this is port {port}.", PORTS.start()));
    }
}

fn dev_is_for_loopback() -> Failure {
    Failure::new(2, "--dev lets every page of this machine in, so it is for loopback only; name the pages with --allow-origin")
}

/// `127.0.0.1:8090=my-crm`; a bare port means this machine only.
fn parts(wanted: &str) -> (String, Option<String>) {
    let (address, app) = wanted.rsplit_once('=').map_or((wanted, None), |(address, app)| (address, Some(app.to_owned())));
    let bare = address.strip_prefix(':').unwrap_or(address);
    (if bare.parse::<u16>().is_ok() { format!("127.0.0.1:{bare}") } else { address.to_owned() }, app)
}

fn bind_one(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            Failure::new(1, format!("{address} is taken by another program. Try --listen 127.0.0.1:0 for any free port"))
        }
        io::ErrorKind::InvalidInput => Failure::new(2, format!("'{address}' is no address; write it as 127.0.0.1:8090")),
        _ => Failure::new(1, format!("Cannot listen on {address}: {error}")),
    })
}

/// The names of this server: those of its addresses, and those that the command line gave.
pub fn site(config: &Config, listeners: &[Listener]) -> Site {
    let own = |address: SocketAddr| match address.ip() {
        ip if ip.is_unspecified() => None,
        IpAddr::V4(ip) => Some(ip.to_string()),
        IpAddr::V6(ip) => Some(format!("[{ip}]")),
    };
    let bound = listeners.iter().filter_map(|listener| listener.socket.local_addr().ok()).filter_map(own);
    let named = config
        .listen
        .iter()
        .filter_map(|wanted| split_authority(&parts(wanted).0))
        .map(|(host, _)| host)
        .filter(|host| !matches!(host.as_str(), "0.0.0.0" | "[::]"));
    let lan = if config.is_lan { lan::names() } else { Vec::new() };
    Site {
        base_url: base_url(config, listeners),
        public: config.public_url.clone(),
        hosts: bound.chain(named).chain(lan).collect(),
        is_lan: config.is_lan,
        app_hosts: config.app_hosts.clone(),
        origins: config.origins.clone(),
        is_dev: config.is_dev,
        is_open: listeners.iter().any(is_reachable) || config.public_url.as_ref().is_some_and(|public| !public.is_this_machine()),
    }
}

/// Whether other machines get through to it.
fn is_reachable(listener: &Listener) -> bool {
    listener.socket.local_addr().is_ok_and(|address| !address.ip().is_loopback())
}

/// What links begin with: the public address, else where a browser of this machine finds the first listener.
fn base_url(config: &Config, listeners: &[Listener]) -> String {
    let first = listeners.first().and_then(|listener| listener.socket.local_addr().ok());
    match (&config.public_url, first) {
        (Some(public), _) => public.text(),
        (None, first) => first.map_or_else(String::new, |address| format!("{}://{}", scheme(config), reachable(address))),
    }
}

pub fn scheme(config: &Config) -> &'static str {
    if config.tls.is_some() { "https" } else { "http" }
}

/// Where a program on this machine finds a server that listens everywhere.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_name_its_app() {
        assert_eq!(parts("127.0.0.1:8091=my-crm"), ("127.0.0.1:8091".into(), Some("my-crm".into())));
        assert_eq!(parts(":0"), ("127.0.0.1:0".into(), None));
        assert_eq!(parts("8090=a"), ("127.0.0.1:8090".into(), Some("a".into())));
        assert_eq!(parts("[::1]:8090"), ("[::1]:8090".into(), None));
    }
}
