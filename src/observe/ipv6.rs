//! What DHCPv6 and neighbor discovery mean, and whose they are.

use std::net::{IpAddr, Ipv6Addr};

use phoneboot_parsers::ndp::{self, Body};
use phoneboot_parsers::{MacAddress, dhcpv6};

use crate::dissect::Dissected;
use crate::event::{Endpoint, EventKind, Subject};

/// The hop limit of neighbor discovery; with any other the message came from beyond the
/// link and is to be ignored (RFC 4861 §6.1, §7.1).
const ON_LINK: u8 = 255;

pub(super) fn dhcpv6<'a>(
    dissected: &Dissected<'a>,
    message: &'a dhcpv6::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let from_client = message.kind.is_from_client();
    if !from_client && !message.kind.is_from_server() {
        return None;
    }
    let client = if from_client {
        dissected.source
    } else {
        dissected.destination
    };
    let subject = client_mac(client, message).map_or_else(
        || Subject::Host {
            endpoint: client_endpoint(client, message),
            hop_limit: dissected.hop_limit.filter(|_| from_client),
            telling: true,
        },
        Subject::Mac,
    );
    Some((subject, EventKind::Dhcpv6(message)))
}

/// The client's MAC address: that of its frame on its own link, else what the relay agent
/// saw, else what its link-local address was made from, else what its DUID holds, which may
/// be another interface's. `None` when none of these tells, or when the frame's addresses
/// tell more.
fn client_mac(client: Endpoint, message: &dhcpv6::Message) -> Option<MacAddress> {
    let own = match client.ip {
        Some(IpAddr::V6(address)) => Some(address),
        _ => None,
    };
    let is_relayed = !message.relays.is_empty();
    let on_its_link = !is_relayed && own.is_some_and(is_link_local);
    let of_frame = client
        .mac
        .filter(|mac| on_its_link && !mac.is_group() && !mac.is_zero());
    // A client that asks from its global address may stand behind a router; the address is
    // known by then.
    if !is_relayed && !on_its_link && own.is_some() {
        return None;
    }
    let local = message.relayed_client_address().or(own);
    of_frame
        .or_else(|| message.relayed_client_mac())
        .or_else(|| local.and_then(dhcpv6::mac_of_link_local))
        .or_else(|| message.client_id()?.mac())
}

/// The client's end when only its addresses are known.
fn client_endpoint(client: Endpoint, message: &dhcpv6::Message) -> Endpoint {
    match message.relayed_client_address() {
        Some(address) => Endpoint {
            mac: None,
            ip: Some(address.into()),
            port: None,
        },
        None => client,
    }
}

fn is_link_local(address: Ipv6Addr) -> bool {
    address
        .segments()
        .first()
        .is_some_and(|first| first & 0xffc0 == 0xfe80)
}

pub(super) fn neighbor<'a>(
    dissected: &Dissected<'a>,
    message: &'a ndp::Message,
) -> Option<(Subject, EventKind<'a>)> {
    if dissected.hop_limit != Some(ON_LINK) {
        return None;
    }
    match &message.body {
        Body::RouterSolicitation => Some((host(dissected.source), EventKind::RouterSolicited)),
        Body::RouterAdvertisement(_) => {
            Some((Subject::Segment, EventKind::RouterAdvertised(message)))
        }
        Body::NeighborSolicitation { target } => {
            let probe = dissected.source.ip.is_some_and(|ip| ip.is_unspecified());
            let kind = EventKind::NeighborAsked {
                target: *target,
                probe,
            };
            Some((host(dissected.source), kind))
        }
        Body::NeighborAdvertisement(answer) => {
            let kind = EventKind::NeighborAnswered {
                address: answer.target,
                mac: message.target_mac().or(dissected.source.mac),
            };
            // An answer to everyone may settle anyone's question.
            let to_all = dissected.destination.ip.is_none_or(|ip| ip.is_multicast());
            let subject = if to_all {
                Subject::Segment
            } else {
                host(dissected.destination)
            };
            Some((subject, kind))
        }
        Body::Redirect { .. } => None,
    }
}

/// The host at this end; an unspecified address names nobody.
fn host(endpoint: Endpoint) -> Subject {
    Subject::Host {
        endpoint: Endpoint {
            ip: endpoint.ip.filter(|ip| !ip.is_unspecified()),
            port: None,
            ..endpoint
        },
        hop_limit: Some(ON_LINK),
        telling: false,
    }
}
