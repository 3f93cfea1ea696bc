//! DHCP messages to and from a host.

use std::net::IpAddr;

use phoneboot_parsers::Protocol;
use phoneboot_parsers::dhcp::{self, MessageType};

use crate::event::Event;
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::lease::{LeaseMessage, MAX_MESSAGES};
use crate::session::phone::{Clue, ClueSource};

use super::{Change, step};

/// Options that name a provisioning server, in the order to show them.
const SERVER_OPTIONS: &[u8] = &[150, 66, 160, 159, 161, 156, 43, 67, 176, 242, 114];

pub(super) fn message(host: &mut Host, event: &Event<'_>, message: &dhcp::Message) -> Change {
    let kind = message.message_type();
    let (name, summary) = describe(kind, message, event);
    step(host, event, Phase::Lease, Protocol::Dhcp, name, summary);
    let lease = &mut host.boot.lease;
    if lease.messages.len() >= MAX_MESSAGES {
        lease.left_out = lease.left_out.saturating_add(1);
        // The latest messages tell how it ended, the first how it began.
        lease.messages.remove(MAX_MESSAGES / 2);
    }
    lease.messages.push(LeaseMessage {
        at: event.at,
        vlan: event.vlans.last().copied(),
        sender: match event.source.ip {
            Some(IpAddr::V4(address)) if !address.is_unspecified() => Some(address),
            _ => None,
        },
        kind,
        message: message.clone(),
    });
    if message.op == 1 {
        clues(message)
    } else {
        Change::default()
    }
}

fn clues(message: &dhcp::Message) -> Change {
    let bytes = |source, code| {
        message.option(code).map(|bytes| Clue {
            source,
            value: bytes.as_slice().into(),
        })
    };
    let text = |source, code| message.text(code).map(|value| Clue { source, value });
    let wanted: Vec<String> = message
        .wanted_options()
        .iter()
        .map(ToString::to_string)
        .collect();
    Change {
        clues: [
            bytes(ClueSource::DhcpVendorClass, 60),
            text(ClueSource::DhcpUserClass, 77),
            text(ClueSource::DhcpHostName, 12),
            (!wanted.is_empty()).then(|| Clue {
                source: ClueSource::DhcpParameterList,
                value: wanted.join(",").as_str().into(),
            }),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// The step's name and words.
fn describe(
    kind: Option<MessageType>,
    message: &dhcp::Message,
    event: &Event<'_>,
) -> (&'static str, String) {
    let server = message
        .server_identifier()
        .map(IpAddr::V4)
        .or(event.source.ip)
        .map_or_else(
            || "server".to_owned(),
            |address| format!("server {address}"),
        );
    match kind {
        Some(MessageType::Discover) => ("dhcp-discover", "looks for a DHCP server".to_owned()),
        Some(MessageType::Offer) => (
            "dhcp-offer",
            format!("{server} offers {}{}", message.your_address, given(message)),
        ),
        Some(MessageType::Request) => ("dhcp-request", describe_request(message)),
        Some(MessageType::Ack) if message.your_address.is_unspecified() => (
            "dhcp-ack",
            format!("{server} answers the INFORM{}", given(message)),
        ),
        Some(MessageType::Ack) => (
            "dhcp-ack",
            format!("{server} gives {}{}", message.your_address, given(message)),
        ),
        Some(MessageType::Nak) => {
            let why = message
                .text(56)
                .map_or_else(String::new, |text| format!(": \"{text}\""));
            ("dhcp-nak", format!("{server} refuses{why}"))
        }
        Some(MessageType::Decline) => (
            "dhcp-decline",
            message.requested_address().map_or_else(
                || "declines the address".to_owned(),
                |address| format!("declines {address}: someone else uses it"),
            ),
        ),
        Some(MessageType::Release) => (
            "dhcp-release",
            format!("gives {} back", message.client_address),
        ),
        Some(MessageType::Inform) => ("dhcp-inform", "asks for boot options only".to_owned()),
        Some(other) => (
            "dhcp-other",
            other.name().map_or_else(
                || "DHCP message of an unknown type".to_owned(),
                str::to_owned,
            ),
        ),
        None if message.op == 2 => (
            "bootp-reply",
            format!("{server} gives {} (BOOTP)", message.your_address),
        ),
        None => ("bootp-request", "asks for an address (BOOTP)".to_owned()),
    }
}

fn describe_request(message: &dhcp::Message) -> String {
    if !message.client_address.is_unspecified() {
        return format!("renews {}", message.client_address);
    }
    match (message.requested_address(), message.server_identifier()) {
        (Some(address), Some(server)) => format!("takes {address} from {server}"),
        (Some(address), None) => format!("asks for its former address {address}"),
        (None, _) => "requests an address".to_owned(),
    }
}

/// The boot data of an offer or acknowledgement, as a tail of its line.
fn given(message: &dhcp::Message) -> String {
    let mut parts: Vec<String> = SERVER_OPTIONS
        .iter()
        .filter_map(|&code| {
            let bytes = message.option(code)?;
            let (value, _) = dhcp::options::value(code, &bytes);
            Some(format!("option {code} {value}"))
        })
        .collect();
    if !message.server_address.is_unspecified() {
        parts.push(format!("next server {}", message.server_address));
    }
    if !message.server_name.is_empty() {
        parts.push(format!("server name {}", message.server_name));
    }
    if !message.boot_file.is_empty() {
        parts.push(format!("boot file {}", message.boot_file));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!("; {}", parts.join(", "))
    }
}
