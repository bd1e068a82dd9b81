//! `--lan`: where other machines of this network find the server, as addresses and as a QR code for phones.

use if_addrs::get_if_addrs;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use std::net::IpAddr;

/// This machine's addresses in its networks, those that people can type first.
pub fn addresses() -> Vec<IpAddr> {
    let all = get_if_addrs().unwrap_or_default().into_iter().map(|interface| interface.ip());
    let is_link_local = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let mut addresses: Vec<IpAddr> = all.filter(|address| !address.is_loopback() && !is_link_local(address)).collect();
    addresses.sort_by_key(|address| (address.is_ipv6(), *address));
    addresses
}

/// The names under which other machines may know this one.
pub fn names() -> Vec<String> {
    let name = own_name().to_ascii_lowercase();
    let short = name.split('.').next().unwrap_or_default().to_owned();
    if short.is_empty() { Vec::new() } else { vec![format!("{short}.local"), short, name] }
}

#[cfg(unix)]
fn own_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn own_name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// A code for a dark terminal.
pub fn qr(url: &str) -> Option<String> {
    let code = QrCode::new(url).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).quiet_zone(true).build())
}
