//! What ARP, ICMP and the opening of TCP connections mean: whether a phone can
//! reach the server that it was told of.

use phoneboot_parsers::{MacAddress, arp, icmp};

use crate::dissect::{Dissected, TcpNotice};
use crate::event::{Endpoint, EventKind, Subject, Unreachable};

pub(super) fn arp<'a>(
    dissected: &Dissected<'a>,
    message: &arp::Message,
) -> Option<(Subject, EventKind<'a>)> {
    let announces = message.sender_address == message.target_address;
    if message.operation == 1 && !announces {
        let endpoint = Endpoint {
            mac: Some(message.sender_mac),
            ip: Some(message.sender_address.into())
                .filter(|_| !message.sender_address.is_unspecified()),
            port: None,
        };
        let kind = EventKind::ArpAsked {
            target: message.target_address,
            probe: message.sender_address.is_unspecified(),
        };
        return Some((host(endpoint), kind));
    }
    if message.sender_address.is_unspecified() {
        return None;
    }
    let kind = EventKind::ArpAnswered {
        address: message.sender_address,
        mac: message.sender_mac,
    };
    // An announcement, or an answer to everyone, may settle anyone's question.
    if announces || dissected.destination.mac.is_none_or(MacAddress::is_group) {
        return Some((Subject::Segment, kind));
    }
    let endpoint = Endpoint {
        mac: Some(message.target_mac),
        ip: Some(message.target_address.into())
            .filter(|_| !message.target_address.is_unspecified()),
        port: None,
    };
    Some((host(endpoint), kind))
}

pub(super) fn icmp<'a>(message: &icmp::Message) -> Option<(Subject, EventKind<'a>)> {
    let quoted = message.quoted?;
    let why = unreachable(message)?;
    // The session joins it by the datagram that is quoted: its sender, or a host that
    // refuses what was sent to it.
    Some((Subject::Either, EventKind::Unreachable { why, quoted }))
}

/// Why, by type and code (RFC 792; RFC 1812 §5.2.7.1; RFC 4443 §3.1 to §3.3).
fn unreachable(message: &icmp::Message) -> Option<Unreachable> {
    Some(match (message.ip_version, message.kind, message.code) {
        (4, 3, 3) | (6, 1, 4) => Unreachable::Port,
        (4, 3, 0 | 6 | 11) | (6, 1, 0) => Unreachable::Network,
        (4, 3, 1 | 7 | 8 | 12) | (6, 1, 3) => Unreachable::Host,
        (4, 3, 9 | 10 | 13..=15) | (6, 1, 1 | 5) => Unreachable::Prohibited,
        (4, 3, 4) | (6, 2, _) => Unreachable::TooBig,
        (4, 3, _) | (6, 1, _) => Unreachable::Other,
        (4, 11, 0) | (6, 3, 0) => Unreachable::HopsExceeded,
        (4, 11, 1) | (6, 3, 1) => Unreachable::NotReassembled,
        (4, 5, _) => Unreachable::Redirected,
        _ => return None,
    })
}

pub(super) fn tcp<'a>(dissected: &Dissected<'a>, notice: TcpNotice) -> (Subject, EventKind<'a>) {
    let kind = EventKind::Tcp(notice);
    let subject = match notice {
        TcpNotice::Open { .. } => Subject::Host {
            endpoint: dissected.source,
            hop_limit: dissected.hop_limit,
            telling: false,
        },
        TcpNotice::Accept | TcpNotice::Refuse => host(dissected.destination),
        TcpNotice::Reset | TcpNotice::Finish | TcpNotice::Gap { .. } => Subject::Either,
    };
    (subject, kind)
}

fn host(endpoint: Endpoint) -> Subject {
    Subject::Host {
        endpoint,
        hop_limit: None,
        telling: false,
    }
}
