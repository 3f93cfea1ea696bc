//! The scripted phone: what each family does on the wire from power to registration.
//!
//! The lab starts itself again in the phone's namespace with `--phone`; what to play
//! comes as JSON on standard input. The link, DHCP and nothing else are raw frames, made
//! by the forge; from the lease on the phone uses ordinary sockets, and the kernel under
//! it does ARP and TCP as the Linux inside most phones does.
//!
//! Pauses are shortened where a real phone would wait for minutes; order, names, options
//! and words are those of real ones.

use std::io::Read as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::scenario::Kind;

mod aastra;
mod cisco_79x1;
mod cisco_8800;
mod cisco_spa;
mod dns;
mod ftp;
mod grandstream;
mod handset;
mod http;
mod polycom;
mod sip;
mod snom;
mod tftp;
mod web;
mod yealink;

use handset::Handset;

/// A phone and the network in which it comes up.
pub(crate) struct Script {
    /// What scenarios call it.
    pub(crate) name: &'static str,
    pub(crate) mac: [u8; 6],
    pub(crate) needs: &'static [Kind],
    /// Whether the servers are in the voice VLAN, and the switch says so.
    pub(crate) voice_vlan: bool,
    /// What the switch grants by CDP; `None` on one that speaks none.
    pub(crate) cdp_mw: Option<u32>,
    /// DHCP options in dnsmasq's words.
    pub(crate) options: &'static [(u8, &'static str)],
    /// What the name server knows.
    pub(crate) names: &'static [(&'static str, [u8; 4])],
    /// What lies on the file servers.
    pub(crate) files: fn() -> Vec<(String, Vec<u8>)>,
    pub(crate) boots: fn(&mut Handset) -> Result<()>,
}

/// Every phone that can be played.
const SCRIPTS: &[&[Script]] = &[
    aastra::SCRIPTS,
    cisco_79x1::SCRIPTS,
    cisco_8800::SCRIPTS,
    cisco_spa::SCRIPTS,
    grandstream::SCRIPTS,
    polycom::SCRIPTS,
    snom::SCRIPTS,
    yealink::SCRIPTS,
];

/// What the lab tells its phone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) script: String,
    /// The user's, at the call server.
    pub(crate) password: String,
    /// The largest file that the phone takes.
    pub(crate) flash_bytes: Option<usize>,
    /// The address that the phone had when it last ran.
    pub(crate) remembered: Option<Ipv4Addr>,
    /// The scenario's folder, for the few things that are not on the wire.
    pub(crate) folder: PathBuf,
}

impl Script {
    /// A phone without VLAN, on a switch without CDP; whoever uses it says the rest.
    const PLAIN: Self = Self {
        name: "",
        mac: [0; 6],
        needs: &[],
        voice_vlan: false,
        cdp_mw: None,
        options: &[],
        names: &[],
        files: Vec::new,
        boots: |_| Ok(()),
    };

    /// `00:1a:a1:7b:e6:38`.
    pub(crate) fn mac_colons(&self) -> String {
        self.mac.map(|octet| format!("{octet:02x}")).join(":")
    }
}

/// The script of this name.
pub(crate) fn script(name: &str) -> Option<&'static Script> {
    SCRIPTS
        .iter()
        .copied()
        .flatten()
        .find(|script| script.name == name)
}

/// Plays what standard input orders.
pub(crate) fn boot() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let orders: Orders = serde_json::from_str(&text)?;
    let script = script(&orders.script).ok_or("no such script")?;
    let mut handset = Handset::new(script, orders)?;
    (script.boots)(&mut handset)
}
