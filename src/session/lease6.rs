//! The IPv6 side of the lease phase: DHCPv6 messages and what routers advertise.

use std::net::Ipv6Addr;

use phoneboot_parsers::dhcpv6::options::{CABLELABS, CISCO, TimeServer, Value};
use phoneboot_parsers::dhcpv6::{self, MessageType};
use phoneboot_parsers::ndp;

use crate::event::At;

/// How many DHCPv6 messages of one boot are kept.
pub const MAX_MESSAGES: usize = 128;
/// How many different router advertisements of one boot are kept.
pub const MAX_ROUTER_ADVERTISEMENTS: usize = 16;

/// Option 59: where to boot from (RFC 5970).
pub const BOOT_FILE_URL: u16 = 59;
/// Option 17: what a vendor likes.
pub const VENDOR_OPTIONS: u16 = 17;

/// Every DHCPv6 message to and from the phone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lease6 {
    /// The messages in the order of their frames. The same message seen twice (a relay
    /// agent's two sides) stands here twice.
    pub messages: Vec<Lease6Message>,
    /// Messages left out because there were more than are kept.
    pub left_out: u64,
    /// Whether the phone sent IPv4 packets from an address of its own in this boot.
    pub ipv4_in_use: bool,
}

/// One DHCPv6 message of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease6Message {
    /// Which frame, when.
    pub at: At,
    /// Innermost VLAN id of its frame; `None` when untagged.
    pub vlan: Option<u16>,
    /// The IP address of its sender: the server, the phone or a relay agent; `None` on
    /// frames without one.
    pub sender: Option<Ipv6Addr>,
    /// The message.
    pub message: dhcpv6::Message,
}

/// What a router tells everyone on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterAdvertisement {
    /// The first frame that says so.
    pub first: At,
    /// The last frame that says so.
    pub last: At,
    /// Innermost VLAN id of its frame; `None` when untagged.
    pub vlan: Option<u16>,
    /// The router's link-local address.
    pub router: Ipv6Addr,
    /// Addresses are to be had by DHCPv6.
    pub managed: bool,
    /// Other settings are to be had by DHCPv6.
    pub other: bool,
    /// For how long it is a default router, in seconds; 0 when it is none.
    pub lifetime_secs: u16,
    /// The prefixes of the link.
    pub prefixes: Vec<ndp::Prefix>,
    /// Name servers.
    pub name_servers: Vec<Ipv6Addr>,
}

impl RouterAdvertisement {
    /// Whether it says the same as another, whenever that was.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let timeless = |one: &Self| Self {
            first: At::default(),
            last: At::default(),
            ..one.clone()
        };
        timeless(self) == timeless(other)
    }
}

impl Lease6Message {
    /// Which server sent an answer; `None` behind a relay agent, which hides it.
    pub fn server(&self) -> Option<Ipv6Addr> {
        self.sender.filter(|_| self.message.relays.is_empty())
    }

    /// The addresses that a REPLY gives, or an ADVERTISE would.
    pub fn given_addresses(&self) -> Vec<Ipv6Addr> {
        self.message
            .leased_addresses()
            .into_iter()
            .filter(|leased| leased.valid_secs > 0)
            .map(|leased| leased.address)
            .collect()
    }

    /// The status that refuses what the phone asked for, as reports print it; `None` when
    /// none does.
    pub fn refusal(&self) -> Option<String> {
        let statuses = self.message.statuses();
        let failed = statuses.iter().find(|status| status.code != 0)?;
        Some(Value::Status(failed.clone()).to_string())
    }
}

impl Lease6 {
    /// All messages of one kind, in their order.
    pub fn of_kind(&self, kind: MessageType) -> impl DoubleEndedIterator<Item = &Lease6Message> {
        self.messages
            .iter()
            .filter(move |seen| seen.message.kind == kind)
    }

    /// All messages of servers, in their order.
    pub fn answers(&self) -> impl DoubleEndedIterator<Item = &Lease6Message> {
        self.messages
            .iter()
            .filter(|seen| seen.message.kind.is_from_server())
    }

    /// The last REPLY that gives an address: the one that holds.
    pub fn granted(&self) -> Option<&Lease6Message> {
        self.of_kind(MessageType::Reply)
            .rfind(|reply| !reply.given_addresses().is_empty())
    }

    /// Whether a server gave this address, or offered it.
    pub fn gives(&self, address: Ipv6Addr) -> bool {
        self.answers()
            .any(|answer| answer.given_addresses().contains(&address))
    }

    /// The message to read boot data from: the last REPLY that brings any, else the one
    /// that gives an address, else the last ADVERTISE.
    pub fn boot_data(&self) -> Option<&Lease6Message> {
        self.of_kind(MessageType::Reply)
            .rfind(|reply| !provisioning(&reply.message).is_empty())
            .or_else(|| self.granted())
            .or_else(|| self.of_kind(MessageType::Reply).next_back())
            .or_else(|| self.of_kind(MessageType::Advertise).next_back())
    }

    /// The phone's last list of options that it asks for.
    pub fn wanted_options(&self) -> Vec<u16> {
        self.messages
            .iter()
            .rev()
            .filter(|seen| seen.message.kind.is_from_client())
            .map(|seen| seen.message.wanted_options())
            .find(|list| !list.is_empty())
            .unwrap_or_default()
    }

    /// Whether a server answered with something that names a provisioning server.
    pub fn names_a_server(&self) -> bool {
        self.of_kind(MessageType::Reply)
            .any(|reply| !provisioning(&reply.message).is_empty())
    }
}

/// What in a message names a provisioning server: option and words.
pub fn provisioning(message: &dhcpv6::Message) -> Vec<(u16, String)> {
    let url = message
        .text(BOOT_FILE_URL)
        .map(|url| (BOOT_FILE_URL, url.to_string()));
    let vendors = message
        .vendor_options()
        .into_iter()
        .filter(|vendor| !vendor.options.is_empty())
        .map(|vendor| (VENDOR_OPTIONS, Value::VendorOptions(vendor).to_string()));
    url.into_iter().chain(vendors).collect()
}

/// The addresses of provisioning servers in a message: vendors' TFTP servers, and the
/// host of the URL when that is an address.
pub fn provisioning_servers(message: &dhcpv6::Message) -> Vec<Ipv6Addr> {
    let of_vendors = message
        .vendor_options()
        .into_iter()
        .flat_map(|vendor| {
            let code = match vendor.enterprise {
                CISCO => 1,
                CABLELABS => 32,
                _ => 0,
            };
            vendor
                .options
                .into_iter()
                .filter(move |option| option.code == code)
        })
        .filter_map(|option| match option.value {
            Value::Addresses(addresses) => Some(addresses),
            _ => None,
        })
        .flatten();
    let of_url = message
        .text(BOOT_FILE_URL)
        .and_then(|url| address_in_url(&url.to_string()));
    of_vendors.chain(of_url).collect()
}

/// The address within the brackets of a URL (RFC 3986 §3.2.2).
fn address_in_url(url: &str) -> Option<Ipv6Addr> {
    let (_, behind) = url.split_once("://")?;
    let authority = behind.split(['/', '?', '#']).next()?;
    let (_, behind) = authority.split_once('[')?;
    let (address, _) = behind.split_once(']')?;
    address.parse().ok()
}

/// The time servers in a message: options 31 and 56.
pub fn time_servers(message: &dhcpv6::Message) -> Vec<String> {
    let simple = message.addresses(31).unwrap_or_default();
    let others = match message.value(56) {
        Some(Value::TimeServers(servers)) => servers,
        _ => Vec::new(),
    };
    simple
        .iter()
        .map(ToString::to_string)
        .chain(others.iter().map(TimeServer::to_string))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_in_a_url() {
        let address = |url: &str| address_in_url(url).map(|address| address.to_string());
        let some = Some("2001:db8::10".to_owned());
        assert_eq!(address("http://[2001:db8::10]:8080/a?b=[::1]"), some);
        assert_eq!(address("tftp://u:p@[2001:db8::10]"), some);
        assert_eq!(address("http://host.example/[::1]"), None);
        assert_eq!(address("[2001:db8::10]"), None);
        assert_eq!(address("http://[no]/"), None);
    }
}
