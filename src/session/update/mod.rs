//! What each sort of event changes in a boot; one file a sort.

pub(super) mod clock;
mod contents;
pub(super) mod ftp;
pub(super) mod http;
pub(super) mod lease;
pub(super) mod lease6;
pub(super) mod link;
pub(super) mod lookup;
pub(super) mod neighbors;
pub(super) mod port;
pub(super) mod reach;
pub(super) mod register;
pub(super) mod register_sccp;
pub(super) mod register_sip;
pub(super) mod signaling;
pub(super) mod tags;
pub(super) mod tftp;
pub(super) mod tls;

use phoneboot_parsers::Protocol;

use crate::event::{Event, EventKind, Seen};

use super::hosts::Host;
use super::phone::Clue;
use super::{Malformed, Phase, Step};

/// How many steps a timeline holds; beyond, only their number is kept.
pub(super) const MAX_STEPS: usize = 2000;
/// How many steps are kept of a host that shows no sign of being a phone: every PC
/// of an office is watched until it shows what it is.
const MAX_STEPS_OF_STRANGERS: usize = 64;
/// How many malformed messages of one boot are kept.
const MAX_MALFORMED: usize = 64;

/// Transfers that go on, so that a packet finds the one it belongs to.
#[derive(Debug, Default)]
pub(super) struct Flows {
    pub(super) ftp: Vec<ftp::Flow>,
    pub(super) tftp: Vec<tftp::Flow>,
    pub(super) http: Vec<http::Flow>,
    pub(super) sip: Vec<register_sip::Transaction>,
}

/// What an event brought beside the change of the boot.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// What the host said about itself.
    pub(super) clues: Vec<Clue>,
}

/// Lets one event change its host's boot.
pub(super) fn apply(host: &mut Host, event: &Event<'_>) -> Change {
    match event.kind {
        EventKind::Cdp(message) => link::phone_cdp(host, event, message),
        EventKind::Lldp(message) => link::phone_lldp(host, event, message),
        EventKind::Eapol(message) => port::eapol(host, event, message),
        EventKind::Dhcp(message) => lease::message(host, event, message),
        EventKind::Dhcpv6(message) => lease6::message(host, event, message),
        EventKind::RouterSolicited => neighbors::router_solicited(host, event),
        EventKind::NeighborAsked { target, probe } => neighbors::asked(host, event, target, probe),
        EventKind::NeighborAnswered { address, mac } => {
            neighbors::answered(host, event, address, mac)
        }
        EventKind::ArpAsked { target, probe } => reach::arp_asked(host, event, target, probe),
        EventKind::ArpAnswered { address, mac } => reach::arp_answered(host, event, address, mac),
        EventKind::Tcp(notice) => {
            ftp::connection(host, event, notice);
            http::connection(host, event, notice);
            tls::connection(host, event, notice);
            reach::tcp(host, event, notice)
        }
        EventKind::TftpRequest(request) => tftp::request(host, event, request),
        EventKind::Tftp {
            message,
            from_client,
        } => tftp::message(host, event, message, from_client),
        EventKind::FtpCommand(command) => ftp::command(host, event, command),
        EventKind::FtpReply(reply) => ftp::reply(host, event, reply),
        EventKind::FtpData { control, what } => ftp::data(host, event, control, what),
        EventKind::HttpRequest(head) => http::request(host, event, head),
        EventKind::HttpResponse(head) => {
            tls::clear_text(host, event);
            http::response(host, event, head)
        }
        EventKind::HttpBody(bytes) => http::body(host, event, bytes),
        EventKind::HttpEnd { end, from_client } => http::end(host, event, end, from_client),
        EventKind::Contents(manifest) => contents::names(host, event, manifest),
        EventKind::Sip {
            message,
            from_client,
        } => register::sip(host, event, message, from_client),
        EventKind::Sccp {
            message,
            from_client,
        } => register_sccp::sccp(host, event, message, from_client),
        EventKind::Mgcp(message) => signaling::mgcp(host, event, message),
        EventKind::H323(message) => signaling::h323(host, event, *message),
        EventKind::Tls(message) => tls::message(host, event, message),
        EventKind::Dns {
            message,
            from_client,
        } => lookup::message(host, event, message, from_client),
        EventKind::Ntp {
            message,
            from_client,
        } => clock::message(host, event, message, from_client),
        EventKind::CutShort(protocol) => {
            host.boot.cut_short.insert(protocol);
            Change::default()
        }
        EventKind::Malformed {
            protocol,
            field,
            detail,
        } => malformed(host, event, protocol, field, detail),
        // Errors are joined by the datagram that they quote, in the tracker, where copies
        // change tags alone; what bridges and routers tell is everyone's.
        EventKind::Unreachable { .. }
        | EventKind::Bpdu(..)
        | EventKind::RouterAdvertised(_)
        | EventKind::TaggedCopy { .. } => Change::default(),
    }
}

/// Adds a line to the boot's timeline.
pub(super) fn step(
    host: &mut Host,
    event: &Event<'_>,
    phase: Phase,
    protocol: Protocol,
    name: &'static str,
    summary: impl Into<String>,
) {
    let limit = if host.is_phone {
        MAX_STEPS
    } else {
        MAX_STEPS_OF_STRANGERS
    };
    let from_phone = match event.kind {
        EventKind::Dhcp(message) => message.op == 1,
        EventKind::Dhcpv6(message) => message.kind.is_from_client(),
        // Whoever claims the phone's address speaks from it.
        EventKind::NeighborAnswered { .. } if host.mac.is_some() => host.mac == event.source.mac,
        _ => host.sent(event),
    };
    let boot = &mut host.boot;
    // A registered phone has booted; what it renews or announces later is its life.
    let is_over = boot.is_registered() && phase <= Phase::Reach;
    if event.at > boot.ended && !is_over {
        boot.ended = event.at;
    }
    if boot.timeline.len() >= limit {
        boot.steps_left_out = boot.steps_left_out.saturating_add(1);
        return;
    }
    boot.timeline.push(Step {
        at: event.at,
        phase,
        protocol,
        event: name,
        from_phone,
        source: event.source,
        destination: event.destination,
        vlan: event.vlans.last().copied(),
        summary: summary.into(),
    });
}

fn malformed(
    host: &mut Host,
    event: &Event<'_>,
    protocol: Protocol,
    field: &str,
    detail: &str,
) -> Change {
    let from_phone = host.sent(event);
    if host.boot.malformed.len() < MAX_MALFORMED {
        let value = Malformed {
            protocol,
            from_phone,
            field: field.to_owned(),
            detail: detail.to_owned(),
        };
        host.boot.malformed.push(Seen::new(value, event.at));
    }
    Change::default()
}
