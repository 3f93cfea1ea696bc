//! ARP, ICMP errors and TCP connections of a host.

use std::net::{IpAddr, Ipv4Addr};

use phoneboot_parsers::{MacAddress, Protocol, icmp};

use crate::dissect::TcpNotice;
use crate::event::{Event, Seen, Unreachable};
use crate::session::hosts::Host;
use crate::session::lease::LeaseMessage;
use crate::session::reach::{
    ArpTarget, Connection, MAX_ARP_TARGETS, MAX_CLAIMS, MAX_CONNECTIONS, MAX_UNREACHABLES,
    Undelivered,
};
use crate::session::transfer::{Status, Transfer, TransferError};
use crate::session::{Phase, transfer};

use super::{Change, step};

/// A phone that waited for so long for the next block, in seconds, gives up for want of it.
const GAVE_UP_SECS: f64 = 3.0;

pub(super) fn arp_asked(
    host: &mut Host,
    event: &Event<'_>,
    target: Ipv4Addr,
    probe: bool,
) -> Change {
    if let Some(known) = host
        .boot
        .reach
        .arp
        .iter_mut()
        .find(|known| known.address == target && known.probe == probe)
    {
        known.last = event.at;
        known.asked = known.asked.saturating_add(1);
        if known.answer.is_none() && known.asked <= 3 {
            let summary = format!("asks again who has {target}");
            step(
                host,
                event,
                Phase::Reach,
                Protocol::Arp,
                "arp-request",
                summary,
            );
        }
        return Change::default();
    }
    if host.boot.reach.arp.len() >= MAX_ARP_TARGETS {
        return Change::default();
    }
    host.boot.reach.arp.push(ArpTarget {
        address: target,
        probe,
        first: event.at,
        last: event.at,
        asked: 1,
        answer: None,
    });
    let (phase, summary) = if probe {
        (Phase::Lease, format!("checks that nobody uses {target}"))
    } else {
        (Phase::Reach, format!("asks who has {target}"))
    };
    step(host, event, phase, Protocol::Arp, "arp-request", summary);
    Change::default()
}

pub(super) fn arp_answered(
    host: &mut Host,
    event: &Event<'_>,
    address: Ipv4Addr,
    mac: MacAddress,
) -> Change {
    if host.mac == Some(mac) {
        return Change::default();
    }
    let given =
        |lease: &LeaseMessage| lease.message.op == 2 && lease.message.your_address == address;
    if host.boot.lease.messages.iter().any(given) {
        claim(host, event, Protocol::Arp, address.into(), mac);
    }
    let Some(question) = host
        .boot
        .reach
        .arp
        .iter_mut()
        .filter(|question| question.answer.is_none())
        .rfind(|question| question.address == address)
    else {
        return Change::default();
    };
    question.answer = Some(Seen::new(mac, event.at));
    let phase = if question.probe {
        Phase::Lease
    } else {
        Phase::Reach
    };
    let summary = format!("{address} is at {mac}");
    step(host, event, phase, Protocol::Arp, "arp-reply", summary);
    Change::default()
}

/// Somebody else says that it has an address that is given to the phone.
pub(super) fn claim(
    host: &mut Host,
    event: &Event<'_>,
    protocol: Protocol,
    address: IpAddr,
    mac: MacAddress,
) {
    let claims = &mut host.boot.reach.claims;
    let is_known = claims.iter().any(|seen| seen.value == (address, mac));
    if host.mac.is_none() || is_known || claims.len() >= MAX_CLAIMS {
        return;
    }
    claims.push(Seen::new((address, mac), event.at));
    let name = if protocol == Protocol::Arp {
        "arp-claim"
    } else {
        "neighbor-claim"
    };
    let summary = format!("{mac} says that it has {address}");
    step(host, event, Phase::Lease, protocol, name, summary);
}

/// A datagram was sent back: one of the phone, or one to it that it refuses.
pub(in crate::session) fn unreachable(
    host: &mut Host,
    event: &Event<'_>,
    why: Unreachable,
    quoted: icmp::Quoted,
    refused_by_phone: bool,
) -> Change {
    let request = if refused_by_phone {
        None
    } else {
        host.boot.request_in(&quoted)
    };
    let of_what = request
        .as_ref()
        .map_or(String::new(), |request| format!(" ({request})"));
    let is_lost = why != Unreachable::Redirected;
    if is_lost && host.boot.reach.unreachables.len() < MAX_UNREACHABLES {
        let value = Undelivered {
            why,
            from: event.source.ip,
            refused_by_phone,
            quoted,
            request,
        };
        host.boot
            .reach
            .unreachables
            .push(Seen::new(value, event.at));
    }
    let what = match why {
        Unreachable::Port => "port closed",
        Unreachable::Host => "host unreachable",
        Unreachable::Network => "network unreachable",
        Unreachable::Prohibited => "forbidden by a filter",
        Unreachable::TooBig => "datagram too big",
        Unreachable::HopsExceeded => "too many routers on the way",
        Unreachable::NotReassembled => "fragments are missing",
        Unreachable::Redirected => "a router knows a shorter way",
        Unreachable::Other => "unreachable",
    };
    let port = quoted
        .ports
        .map_or(String::new(), |(_, port)| format!(" port {port}"));
    let summary = if refused_by_phone {
        format!("refuses a datagram from {}: {what}", quoted.source)
    } else {
        format!("{}{port}: {what}{of_what}", quoted.destination)
    };
    let name = match why {
        Unreachable::HopsExceeded | Unreachable::NotReassembled => "icmp-time-exceeded",
        Unreachable::Redirected => "icmp-redirect",
        _ => "icmp-unreachable",
    };
    step(host, event, Phase::Reach, Protocol::Icmp, name, summary);
    if refused_by_phone && why == Unreachable::Port {
        abort_transfer(host, event, quoted);
    }
    Change::default()
}

/// A phone that closes its port in the middle of a TFTP transfer has given it up. One that
/// waited for long does so because nothing came any more: that transfer has stalled.
fn abort_transfer(host: &mut Host, event: &Event<'_>, quoted: icmp::Quoted) {
    let Some((_, client_port)) = quoted.ports else {
        return;
    };
    let running = host.boot.transfers.iter_mut().rev().find(|transfer| {
        transfer.protocol == Protocol::Tftp
            && transfer.client_port == client_port
            && transfer.status == Status::Running
    });
    let waited_secs = |transfer: &Transfer| event.at.time.secs_since(transfer.progressed.time);
    if let Some(transfer) = running
        && waited_secs(transfer) < GAVE_UP_SECS
    {
        transfer.status = transfer::Status::AbortedByPhone;
        transfer.last = event.at;
        transfer.error = Some(TransferError {
            code: 0,
            message: "the phone closed its port".into(),
            from_phone: true,
            at: event.at,
        });
    }
}

pub(super) fn tcp(host: &mut Host, event: &Event<'_>, notice: TcpNotice) -> Change {
    let sent = event
        .source
        .ip
        .is_some_and(|ip| host.addresses.contains(&ip));
    let (client, server) = if sent {
        (event.source, event.destination)
    } else {
        (event.destination, event.source)
    };
    let (Some(server_ip), Some(server_port), Some(client_port)) =
        (server.ip, server.port, client.port)
    else {
        return Change::default();
    };
    match notice {
        TcpNotice::Open { .. } => open(host, event, server_ip, server_port, client_port),
        _ => change(host, event, notice, server_ip, server_port, client_port),
    }
    Change::default()
}

fn open(host: &mut Host, event: &Event<'_>, server: IpAddr, server_port: u16, client_port: u16) {
    let list = &mut host.boot.reach.connections;
    let waiting = list.iter_mut().rev().find(|c| {
        c.server == server
            && c.server_port == server_port
            && c.accepted.is_none()
            && (c.refused.is_none() || c.client_port != client_port)
    });
    let is_new = if let Some(known) = waiting {
        known.opens = known.opens.saturating_add(1);
        known.last = event.at;
        known.client_port = client_port;
        false
    } else {
        if list.len() >= MAX_CONNECTIONS {
            list.remove(0);
        }
        let place = (server, server_port);
        list.push(Connection::new(place, client_port, event.at));
        true
    };
    let again = if is_new { "" } else { " again" };
    let what = if host.boot.ftp.is_data_port(server, server_port) {
        " for FTP data"
    } else {
        ""
    };
    let server = host.boot.called(server);
    let summary = format!("calls {server} port {server_port}{what}{again}");
    step(
        host,
        event,
        Phase::Reach,
        Protocol::Tcp,
        "tcp-open",
        summary,
    );
}

fn change(
    host: &mut Host,
    event: &Event<'_>,
    notice: TcpNotice,
    server: IpAddr,
    server_port: u16,
    client_port: u16,
) {
    let Some(connection) = host.boot.reach.connections.iter_mut().rev().find(|c| {
        c.server == server && c.server_port == server_port && c.client_port == client_port
    }) else {
        return;
    };
    match notice {
        TcpNotice::Accept => connection.accepted = connection.accepted.or(Some(event.at)),
        TcpNotice::Refuse => {
            connection.refused = connection.refused.or(Some(event.at));
            connection.refusals = connection.refusals.saturating_add(1);
            let summary = format!("{server} port {server_port} refuses the connection");
            step(
                host,
                event,
                Phase::Reach,
                Protocol::Tcp,
                "tcp-refuse",
                summary,
            );
        }
        TcpNotice::Reset => connection.reset = connection.reset.or(Some(event.at)),
        TcpNotice::Finish => connection.finished = connection.finished.or(Some(event.at)),
        TcpNotice::Gap { missing_bytes } => {
            connection.missing_bytes = connection.missing_bytes.saturating_add(missing_bytes);
            let sender = if event.source.ip == Some(server) {
                "the server"
            } else {
                "the phone"
            };
            let summary = format!("the capture lacks {missing_bytes} bytes of {sender} here");
            step(host, event, Phase::Reach, Protocol::Tcp, "tcp-gap", summary);
        }
        TcpNotice::Open { .. } => {}
    }
}
