//! Under which names this server is reached, and which pages may use it: pure questions about a `Host` and an `Origin`. Where requests come from is `server`.

use std::net::IpAddr;

/// What the command line said about names. Every name in lower case, without a port.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// What links begin with: `--public-url`, else where a browser of this machine finds the server. Empty when none runs.
    pub base_url: String,
    /// `--public-url`: what links, cookies and redirects name.
    pub public: Option<Origin>,
    /// Names besides the loopback ones: of `--app-host`, of the addresses listened on, with `--lan` this machine's own.
    pub hosts: Vec<String>,
    /// `--lan`: requests to the very address that they came in by are good, too; a laptop's addresses change with its network.
    pub is_lan: bool,
    /// `--app-host NAME=APP`.
    pub app_hosts: Vec<(String, String)>,
    /// `--allow-origin`: pages elsewhere that may call the API.
    pub origins: Vec<Origin>,
    /// `--dev`: pages on any port of this machine may, too.
    pub is_dev: bool,
    /// Other machines can reach this server: by an address that it listens on, or by a proxy that has its public name.
    pub is_open: bool,
}

/// Scheme, host and port as browsers compare them; the scheme's own port is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub is_https: bool,
    pub host: String,
    pub port: Option<u16>,
}

impl Origin {
    /// `https://crm.example` or `http://10.0.0.7:8090`; with a path, a query or a person in it there is no origin.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let is_https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let (host, port) = split_authority(authority.strip_suffix('/').unwrap_or(authority))?;
        let own = if is_https { 443 } else { 80 };
        Some(Self { is_https, host, port: port.filter(|port| *port != own) })
    }

    pub fn is_this_machine(&self) -> bool {
        is_loopback(&self.host)
    }

    /// `https://crm.example`.
    pub fn text(&self) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        match self.port {
            Some(port) => format!("{scheme}://{}:{port}", self.host),
            None => format!("{scheme}://{}", self.host),
        }
    }
}

impl Site {
    /// Whether a request with this `Host` is meant for this server. A page elsewhere can make a browser send any name that leads here, so
    /// only names that somebody gave are good.
    pub fn is_own(&self, host_header: &str) -> bool {
        let Some((host, _)) = split_authority(host_header) else { return false };
        is_loopback(&host)
            || self.hosts.contains(&host)
            || self.app_hosts.iter().any(|(name, _)| *name == host)
            || self.public.as_ref().is_some_and(|public| public.host == host)
    }

    /// `is_own`, or with `--lan` the address of this machine that the request came in by.
    pub fn is_own_at(&self, host_header: &str, local: IpAddr) -> bool {
        let is_local = |(host, _): (String, Option<u16>)| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical() == local.to_canonical())
        };
        self.is_own(host_header) || (self.is_lan && split_authority(host_header).is_some_and(is_local))
    }

    /// Whether pages of this origin may call the API although they lie elsewhere.
    pub fn lets_in(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| Origin::parse(origin).as_ref() == Some(known)) || (self.is_dev && is_this_machines(origin))
    }

    /// Whether an `Origin` or `Referer` names this server itself: scheme and name by which the request came, or the public ones.
    pub fn is_same(&self, page: &str, host_header: &str, is_secure: bool) -> bool {
        let Some((scheme, rest)) = page.split_once("://") else { return false };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let Some(origin) = Origin::parse(&format!("{scheme}://{authority}")) else { return false };
        let own = Origin::parse(&format!("{}://{host_header}", if is_secure { "https" } else { "http" }));
        Some(&origin) == own.as_ref() || Some(&origin) == self.public.as_ref()
    }

    /// The app that a host name stands for.
    pub fn app_of(&self, host_header: &str) -> Option<&str> {
        let (host, _) = split_authority(host_header)?;
        self.app_hosts.iter().find(|(name, _)| *name == host).map(|(_, app)| app.as_str())
    }

    /// The public origin when the request came by its name: then cookies and redirects are made for it.
    pub fn public_for(&self, host_header: &str) -> Option<&Origin> {
        let (host, _) = split_authority(host_header)?;
        self.public.as_ref().filter(|public| public.host == host)
    }
}

/// Host in lower case (an IPv6 address keeps its brackets) and port of `host:port`; `None` when it is neither a name nor an address.
pub fn split_authority(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (text.get(..address.len() + 2)?, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || !(host.starts_with('[') || host.bytes().all(is_name)) {
        return None;
    }
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
    };
    Some((host.trim_end_matches('.').to_ascii_lowercase(), port)).filter(|(host, _)| !host.is_empty())
}

/// Whether a page of this origin lies on this machine: `--dev` lets those in.
pub fn is_this_machines(origin: &str) -> bool {
    Origin::parse(origin).is_some_and(|origin| is_loopback(&origin.host))
}

/// This machine under a name that no other machine can have.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_somebody_gave_are_own() {
        let site = Site {
            public: Origin::parse("https://crm.example"),
            hosts: vec!["192.168.1.5".into()],
            app_hosts: vec![("shop.example".into(), "shop".into())],
            ..Site::default()
        };
        let own = ["localhost", "LOCALHOST:1", "localhost.", "a.localhost", "127.0.0.1:8090", "127.1.2.3", "[::1]:80", "192.168.1.5:8090"];
        for host in own.into_iter().chain(["crm.example", "CRM.example:443", "shop.example"]) {
            assert!(site.is_own(host), "{host}");
        }
        let foreign =
            ["evil.example", "localhost.evil.example", "192.168.1.6", "[::2]", "notlocalhost", "0.0.0.0", "127.0.0.1.evil.example"];
        for host in
            foreign.into_iter().chain(["", ":80", "a b", "user@localhost", "localhost/x", "localhost:x", "localhost,evil", "[::1", "."])
        {
            assert!(!site.is_own(host), "{host}");
        }
        assert_eq!(site.app_of("Shop.Example:8090"), Some("shop"));
    }

    #[test]
    fn an_origin_is_compared_whole() {
        let site = Site { origins: vec![Origin::parse("https://app.example:443/").expect("good")], ..Site::default() };
        assert!(site.lets_in("https://app.example"));
        for origin in ["http://app.example", "https://app.example:8443", "https://app.example.evil", "null", "", "http://localhost:5173"] {
            assert!(!site.lets_in(origin), "{origin}");
        }
        let dev = Site { is_dev: true, ..Site::default() };
        assert!(dev.lets_in("http://localhost:5173") && dev.lets_in("http://127.0.0.1:3000") && !dev.lets_in("http://evil.example"));
        for bad in ["crm.example", "ftp://a", "https://", "https://a/b", "https://u@a", "https://a?x"] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_page_behind_the_public_name_is_the_same_site() {
        let site = Site { public: Origin::parse("https://crm.example"), ..Site::default() };
        assert!(site.is_same("https://crm.example/_/x", "127.0.0.1:8090", false));
        assert!(site.is_same("http://127.0.0.1:8090", "127.0.0.1:8090", false));
        assert!(site.is_same("https://crm.example", "crm.example", true));
        for page in [
            "http://crm.example",
            "https://crm.example.evil",
            "null",
            "https://evil.example",
            "https://127.0.0.1:8090",
            "x://127.0.0.1:8090",
        ] {
            assert!(!site.is_same(page, "127.0.0.1:8090", false), "{page}");
        }
        assert!(!site.is_same("http://crm.example", "crm.example", true));
    }
}
