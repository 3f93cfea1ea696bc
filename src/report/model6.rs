//! The IPv6 part of a lease, as reports have it.

use phoneboot_parsers::http;
use phoneboot_parsers::{Protocol, WireText};
use schemars::JsonSchema;
use serde::Serialize;

use crate::session::lease6::{self, Lease6Message, RouterAdvertisement};
use crate::session::{Boot, Phase};

/// What IPv6 gave the phone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Lease6 {
    /// Addresses that DHCPv6 gave, then those that the phone made for itself.
    pub addresses: Vec<String>,
    /// The DHCPv6 server; null when none answered, or when a relay agent hides it.
    pub server: Option<String>,
    /// Name servers, by DHCPv6 and by router advertisements.
    pub name_servers: Vec<String>,
    /// Time servers, by DHCPv6 (options 31 and 56).
    pub time_servers: Vec<String>,
    /// What names a provisioning server.
    pub provisioning: Vec<Provisioning6>,
    /// The router that announces itself; null when none is heard.
    pub router: Option<String>,
    /// Whether it says that addresses are to be had by DHCPv6; null when none is heard.
    pub managed: Option<bool>,
    /// Whether it says that other settings are to be had by DHCPv6; null when none is heard.
    pub other: Option<bool>,
    /// How long the first address that DHCPv6 gave is valid, in seconds; null when it gave
    /// none.
    pub valid_secs: Option<u32>,
    /// The relay agent's address on the phone's link; null when the exchange shows none.
    pub relay: Option<String>,
    /// Option codes that the phone asks for, in its order.
    pub wanted_options: Vec<u16>,
}

/// One source of a provisioning server by DHCPv6.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Provisioning6 {
    /// Option code.
    pub option: u16,
    /// The value.
    pub value: String,
    /// The frame that gave it.
    pub frame: u64,
}

/// What a boot shows of IPv6; `None` when the phone does not speak it.
pub(super) fn lease6(boot: &Boot) -> Option<Lease6> {
    let asks_routers = boot
        .timeline
        .iter()
        .any(|step| step.phase == Phase::Lease && step.protocol == Protocol::Icmp);
    if boot.lease6.messages.is_empty() && !asks_routers {
        return None;
    }
    let data = boot.lease6.boot_data();
    let granted = boot.lease6.granted();
    let leased = granted.map_or(Vec::new(), Lease6Message::given_addresses);
    let made = boot
        .neighbors
        .iter()
        .filter(|neighbor| neighbor.probe && neighbor.answer.is_none())
        .map(|neighbor| neighbor.address)
        .filter(|address| !address.is_unicast_link_local() && !leased.contains(address));
    let router = router(boot);
    let mut name_servers: Vec<_> = data
        .and_then(|data| data.message.addresses(23))
        .unwrap_or_default();
    for server in router.into_iter().flat_map(|said| &said.name_servers) {
        if !name_servers.contains(server) {
            name_servers.push(*server);
        }
    }
    Some(Lease6 {
        addresses: texts(leased.iter().copied().chain(made)),
        server: granted
            .or(data)
            .and_then(Lease6Message::server)
            .map(|server| server.to_string()),
        name_servers: texts(name_servers),
        time_servers: data.map_or(Vec::new(), |data| lease6::time_servers(&data.message)),
        provisioning: data.map_or(Vec::new(), provisioning),
        router: router.map(|said| said.router.to_string()),
        managed: router.map(|said| said.managed),
        other: router.map(|said| said.other),
        valid_secs: granted
            .and_then(|granted| granted.message.leased_addresses().first().cloned())
            .map(|leased| leased.valid_secs),
        relay: boot
            .lease6
            .messages
            .iter()
            .filter_map(|seen| seen.message.relays.last())
            .map(|relay| relay.link_address.to_string())
            .next(),
        wanted_options: boot.lease6.wanted_options(),
    })
}

/// The router of the VLAN that the phone asks in: the last one heard, one that leases
/// addresses first.
fn router(boot: &Boot) -> Option<&RouterAdvertisement> {
    let vlan = boot.lease6.messages.last().map(|seen| seen.vlan);
    let mut heard = boot
        .router_advertisements
        .iter()
        .filter(|said| vlan.is_none_or(|vlan| said.vlan == vlan))
        .rev();
    let last = heard.next()?;
    Some(
        heard
            .find(|said| said.managed)
            .filter(|_| !last.managed)
            .unwrap_or(last),
    )
}

fn provisioning(data: &Lease6Message) -> Vec<Provisioning6> {
    lease6::provisioning(&data.message)
        .into_iter()
        .map(|(option, value)| Provisioning6 {
            option,
            value: http::masked_target(&WireText::from(value.as_str())).to_json(),
            frame: data.at.frame.0,
        })
        .collect()
}

fn texts(items: impl IntoIterator<Item = std::net::Ipv6Addr>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}
