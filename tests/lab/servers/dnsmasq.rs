//! dnsmasq: DHCP and DNS for the office, at the router's address.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::Result;
use crate::net::Role;
use crate::servers::{Listens, Place, Server};

/// What it gives and knows.
#[derive(Debug, Clone)]
pub(crate) struct Office {
    /// Code and value, in dnsmasq's words; an empty value keeps back what dnsmasq would
    /// give of its own accord.
    pub(crate) options: Vec<(u8, String)>,
    pub(crate) names: Vec<(String, Ipv4Addr)>,
    /// The address that this phone gets.
    pub(crate) lease: (String, Ipv4Addr),
}

/// Starts it. DNS alone is possible, as when the DHCP server is what failed.
pub(crate) fn start(place: &Place<'_>, office: &Office, with_dhcp: bool) -> Result<Server> {
    let mut text = String::from(
        "no-resolv\nno-hosts\nno-daemon\nlog-queries\nuser=root\nbind-interfaces\ninterface=eth0\n\
         no-ping\nlocal=/example.com/\nlocal=/example.net/\n",
    );
    for (name, address) in &office.names {
        writeln!(text, "host-record={name},{address}")?;
    }
    if with_dhcp {
        let leases = place.folder.join("leases");
        let (mac, address) = &office.lease;
        write!(
            text,
            "dhcp-range=192.0.2.50,192.0.2.99,255.255.255.0,12h\ndhcp-authoritative\nlog-dhcp\n\
             dhcp-leasefile={}\ndhcp-host={mac},{address}\n",
            leases.display()
        )?;
        for (code, value) in &office.options {
            let comma = if value.is_empty() { "" } else { "," };
            writeln!(text, "dhcp-option-force={code}{comma}{value}")?;
        }
    }
    let path = place.writes("dnsmasq.conf", &text)?;
    let mut command = place.command(Role::Router, "dnsmasq");
    command.arg(format!("--conf-file={}", path.display()));
    let listens = if with_dhcp {
        Listens::Udp(67)
    } else {
        Listens::Udp(53)
    };
    place.starts("dnsmasq", &mut command, listens)
}
