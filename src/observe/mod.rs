//! Messages into events: what a message means in a phone's boot, and whose boot
//! it belongs to.
//!
//! The match over [`Message`] is exhaustive on purpose: a new protocol does not
//! compile until somebody says here what it means.

mod link;
mod reach;
mod register;

use phoneboot_parsers::{IssueKind, Message, Protocol, http, tftp};

use crate::dissect::{Dissected, Item};
use crate::event::{Endpoint, Event, EventKind, Subject};

/// Gives the events of one dissected item to `emit`: what its message means, then
/// one [`EventKind::Malformed`] for each thing in it that breaks its specification.
pub fn observe(dissected: &Dissected<'_>, emit: &mut dyn FnMut(&Event<'_>)) {
    let Some((subject, kind)) = meaning(dissected) else {
        return;
    };
    emit(&event(dissected, subject, kind));
    let (protocol, issues) = match dissected.item {
        Item::Message(message, issues) => (message.protocol(), issues),
        Item::Tftp { issues, .. } => (Protocol::Tftp, issues),
        _ => return,
    };
    for issue in issues
        .iter()
        .filter(|issue| issue.kind == IssueKind::Malformed)
    {
        let kind = EventKind::Malformed {
            protocol,
            field: &issue.field,
            detail: &issue.detail,
        };
        emit(&event(dissected, subject, kind));
    }
}

fn event<'a>(dissected: &Dissected<'a>, subject: Subject, kind: EventKind<'a>) -> Event<'a> {
    Event {
        at: dissected.at,
        source: dissected.source,
        destination: dissected.destination,
        vlans: dissected.vlans,
        subject,
        kind,
    }
}

/// What an item means; `None` when it means nothing to any boot.
fn meaning<'a>(dissected: &Dissected<'a>) -> Option<(Subject, EventKind<'a>)> {
    match dissected.item {
        Item::Message(message, _) => message_meaning(dissected, message),
        Item::Tftp {
            message,
            from_client,
            ..
        } => Some(tftp_meaning(dissected, message, from_client)),
        Item::Undecodable(protocol, error) => Some((
            Subject::Either,
            if error.kind == IssueKind::Malformed {
                EventKind::Malformed {
                    protocol,
                    field: &error.field,
                    detail: &error.detail,
                }
            } else {
                EventKind::Heard
            },
        )),
        Item::Tcp(notice) => Some(reach::tcp(dissected, notice)),
        Item::Other => Some((Subject::Either, EventKind::Heard)),
    }
}

fn message_meaning<'a>(
    dissected: &Dissected<'a>,
    message: &'a Message<'a>,
) -> Option<(Subject, EventKind<'a>)> {
    match message {
        Message::Arp(message) => reach::arp(dissected, message),
        Message::Cdp(message) => link::cdp(dissected, message),
        Message::Dhcp(message) => {
            let mac = message.client_mac()?;
            Some((Subject::Mac(mac), EventKind::Dhcp(message)))
        }
        // Who is the phone, the session knows.
        Message::H323(message) => Some((Subject::Either, EventKind::H323(message))),
        Message::Http(piece) => Some(http_meaning(dissected, piece)),
        Message::Icmp(message) => reach::icmp(message),
        Message::Lldp(message) => link::lldp(dissected, message),
        Message::Mgcp(message) => Some((Subject::Either, EventKind::Mgcp(message))),
        Message::Sccp(message) => Some(register::sccp(dissected, message)),
        Message::Sip(message) => register::sip(dissected, message),
        Message::Tftp(message) => Some(tftp_meaning(dissected, message, true)),
    }
}

fn tftp_meaning<'a>(
    dissected: &Dissected<'a>,
    message: &'a tftp::Message<'a>,
    from_client: bool,
) -> (Subject, EventKind<'a>) {
    let subject = one_side(dissected, from_client, true);
    let kind = match message {
        tftp::Message::Request(request) => EventKind::TftpRequest(request),
        message => EventKind::Tftp {
            message,
            from_client,
        },
    };
    (subject, kind)
}

fn http_meaning<'a>(
    dissected: &Dissected<'a>,
    piece: &'a http::Piece<'a>,
) -> (Subject, EventKind<'a>) {
    match piece {
        http::Piece::Head(head) => {
            if matches!(head.start, http::StartLine::Request { .. }) {
                (
                    one_side(dissected, true, true),
                    EventKind::HttpRequest(head),
                )
            } else {
                (
                    one_side(dissected, false, false),
                    EventKind::HttpResponse(head),
                )
            }
        }
        http::Piece::Body(bytes) => (Subject::Either, EventKind::HttpBody(bytes)),
        http::Piece::End(end) => {
            let from_client = matches!(end.head.start, http::StartLine::Request { .. });
            (
                one_side(dissected, from_client, false),
                EventKind::HttpEnd { end, from_client },
            )
        }
    }
}

/// The sender of a frame when `sent` by the subject, else its receiver.
fn one_side(dissected: &Dissected<'_>, sent: bool, telling: bool) -> Subject {
    let (endpoint, hop_limit): (Endpoint, _) = if sent {
        (dissected.source, dissected.hop_limit)
    } else {
        (dissected.destination, None)
    };
    Subject::Host {
        endpoint,
        hop_limit,
        telling,
    }
}
