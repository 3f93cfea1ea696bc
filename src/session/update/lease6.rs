//! DHCPv6 messages to and from a host.

use std::net::{IpAddr, Ipv6Addr};

use phoneboot_parsers::dhcpv6::options::Value;
use phoneboot_parsers::dhcpv6::{self, MessageType};
use phoneboot_parsers::{Protocol, WireText};

use crate::event::Event;
use crate::session::Phase;
use crate::session::hosts::Host;
use crate::session::lease6::{Lease6Message, MAX_MESSAGES, provisioning};
use crate::session::phone::{Clue, ClueSource};

use super::{Change, step};

pub(super) fn message(host: &mut Host, event: &Event<'_>, message: &dhcpv6::Message) -> Change {
    let seen = Lease6Message {
        at: event.at,
        vlan: event.vlans.last().copied(),
        sender: match event.source.ip {
            Some(IpAddr::V6(address)) if !address.is_unspecified() => Some(address),
            _ => None,
        },
        message: message.clone(),
    };
    let (name, summary) = describe(&seen);
    step(host, event, Phase::Lease, Protocol::Dhcpv6, name, summary);
    let lease = &mut host.boot.lease6;
    if lease.messages.len() >= MAX_MESSAGES {
        lease.left_out = lease.left_out.saturating_add(1);
        // The latest messages tell how it ended, the first how it began.
        lease.messages.remove(MAX_MESSAGES / 2);
    }
    lease.messages.push(seen);
    if message.kind.is_from_client() {
        clues(message)
    } else {
        Change::default()
    }
}

fn clues(message: &dhcpv6::Message) -> Change {
    let clue = |source| move |value: WireText| Clue { source, value };
    let users = match message.value(15) {
        Some(Value::Texts(texts)) => texts,
        _ => Vec::new(),
    };
    let name = match message.value(39) {
        Some(Value::ClientName { name, .. }) if !name.is_empty() => Some(name),
        _ => None,
    };
    Change {
        clues: message
            .vendor_classes()
            .into_iter()
            .map(clue(ClueSource::DhcpVendorClass))
            .chain(users.into_iter().map(clue(ClueSource::DhcpUserClass)))
            .chain(name.map(clue(ClueSource::DhcpHostName)))
            .collect(),
    }
}

/// The addresses that are the phone's once the message was sent.
pub(in crate::session) fn addresses_of_phone(
    event: &Event<'_>,
    message: &dhcpv6::Message,
) -> Vec<Ipv6Addr> {
    let own = if message.kind.is_from_client() {
        event.source.ip
    } else {
        event.destination.ip
    };
    let own = match own {
        Some(IpAddr::V6(address)) if message.relays.is_empty() => Some(address),
        _ => message.relayed_client_address(),
    };
    let held = matches!(
        message.kind,
        MessageType::Reply | MessageType::Renew | MessageType::Rebind | MessageType::Confirm
    );
    let leased = if held {
        message.leased_addresses()
    } else {
        Vec::new()
    };
    let holds = message.kind != MessageType::Reply;
    own.filter(|address| !address.is_multicast())
        .into_iter()
        .chain(
            leased
                .into_iter()
                .filter(|leased| holds || leased.valid_secs > 0)
                .map(|leased| leased.address),
        )
        .collect()
}

/// The step's name and words.
fn describe(seen: &Lease6Message) -> (&'static str, String) {
    let message = &seen.message;
    let server = seen.server().map_or("DHCPv6 server".to_owned(), |address| {
        format!("DHCPv6 server {address}")
    });
    let addresses = listed(
        &message
            .leased_addresses()
            .iter()
            .map(|leased| leased.address)
            .collect::<Vec<_>>(),
    );
    let whom = if addresses.is_empty() {
        "an IPv6 address".to_owned()
    } else {
        addresses.clone()
    };
    match message.kind {
        MessageType::Solicit => ("dhcpv6-solicit", "looks for a DHCPv6 server".to_owned()),
        MessageType::Advertise => (
            "dhcpv6-advertise",
            answer(seen, &server, "offers", "answers without an address"),
        ),
        MessageType::Request => ("dhcpv6-request", format!("takes {whom}")),
        MessageType::Confirm => (
            "dhcpv6-confirm",
            format!("asks whether {whom} still fits here"),
        ),
        MessageType::Renew => ("dhcpv6-renew", format!("renews {whom}")),
        MessageType::Rebind => (
            "dhcpv6-rebind",
            format!("renews {whom} with any DHCPv6 server"),
        ),
        MessageType::Reply => ("dhcpv6-reply", answer(seen, &server, "gives", "answers")),
        MessageType::Release => ("dhcpv6-release", format!("gives {whom} back")),
        MessageType::Decline => (
            "dhcpv6-decline",
            format!("declines {whom}: someone else uses it"),
        ),
        MessageType::Reconfigure => (
            "dhcpv6-reconfigure",
            format!("{server} wants the phone to ask again"),
        ),
        MessageType::InformationRequest => (
            "dhcpv6-information-request",
            "asks for boot options only, by DHCPv6".to_owned(),
        ),
        other => (
            "dhcpv6-other",
            other.name().map_or_else(
                || "DHCPv6 message of an unknown type".to_owned(),
                str::to_owned,
            ),
        ),
    }
}

fn answer(seen: &Lease6Message, server: &str, verb: &str, otherwise: &str) -> String {
    if let Some(refusal) = seen.refusal() {
        return format!("{server} refuses: {refusal}");
    }
    let addresses = seen.given_addresses();
    let said = if addresses.is_empty() {
        otherwise.to_owned()
    } else {
        format!("{verb} {}", listed(&addresses))
    };
    let data: Vec<String> = provisioning(&seen.message)
        .into_iter()
        .map(|(option, value)| format!("option {option} {value}"))
        .collect();
    if data.is_empty() {
        format!("{server} {said}")
    } else {
        format!("{server} {said}; {}", data.join(", "))
    }
}

fn listed(addresses: &[Ipv6Addr]) -> String {
    let words: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    words.join(", ")
}
